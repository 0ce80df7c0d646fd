//! The demo's district: every planted fault is found, nothing is invented, what cannot be seen is said apart.

use std::collections::{BTreeMap, BTreeSet};

use chrono::TimeDelta;
use xuncha::checks::second_look::look_again;
use xuncha::demo::world::{Expected, FaultKind};
use xuncha::domain::account::SourceKind;
use xuncha::domain::finding::{Outcome, TITLES_ONLY};
use xuncha::domain::rule::Indicator;

use crate::world::both::on_both;
use crate::world::site::Site;
use crate::world::{at, district, fed, fetcher, findings, inspect, issues, office, register, round};

on_both! {
    /// Planted against found, account by account, indicator by indicator.
    async fn every_planted_fault_is_found_and_nothing_else(db) {
        let office = office(db, "2026-11-23 09:00").await;
        let world = district(&office).await;
        let ran = inspect(&office, &fetcher(), "2026H2").await;
        assert_eq!(ran.held, None);
        assert_eq!(ran.counts.looked_at, 72);
        let mut wanted = BTreeSet::new();
        let mut kinds = BTreeSet::new();
        for planted in world.planted() {
            kinds.insert(planted.kind);
            let outcome = match planted.outcome {
                // Nobody fills in the worksheet here.
                _ if matches!(planted.kind, FaultKind::ByHandSeen | FaultKind::ByHandSilent) => Outcome::Unverified,
                Expected::Fail => Outcome::Fail,
                Expected::Suspected | Expected::Recovers => Outcome::Suspected,
                Expected::Unverified => Outcome::Unverified,
                Expected::Pass => Outcome::Pass,
            };
            wanted.insert((planted.account_id.to_string(), planted.indicator, outcome.key()));
        }
        assert!(kinds.len() >= 25, "every kind of fault is planted: {kinds:?}");
        let all = findings(&office, "2026H2", None).await;
        let found: BTreeSet<_> =
            all.iter().filter(|f| f.reason != TITLES_ONLY).map(|f| (f.account_id.to_string(), f.indicator.key(), f.outcome.key())).collect();
        let missed: Vec<_> = wanted.difference(&found).collect();
        assert!(missed.is_empty(), "missed: {missed:?}");
        // What could not be read of an account leaves its review and its texts unjudged too, and an
        // address without a name has no IPv6 to look for: that is said, not invented.
        let unread: BTreeSet<_> =
            wanted.iter().filter(|w| w.1 == "stale" && w.2 == "unverified").map(|w| &w.0).collect();
        let follows = |f: &&(String, &str, &str)| {
            f.2 == "unverified"
                && (f.1 == "ipv6" || (unread.contains(&f.0) && ["review", "expression", "privacy"].contains(&f.1)))
        };
        let invented: Vec<_> = found.difference(&wanted).filter(|f| f.2 != "pass" && !follows(f)).collect();
        assert!(invented.is_empty(), "invented: {invented:?}");
        let certain = wanted.iter().filter(|w| w.2 == "fail").count();
        assert_eq!(issues(&office).await.len(), certain);
        for finding in &all {
            assert!(!finding.summary.is_empty() && !finding.rule.document.is_empty(), "{finding:?}");
            assert_eq!(finding.as_of.utc(), at("2026-11-23 09:00"));
        }
    }

    /// Three looks on two days: what has recovered passes, what has not is put to a person.
    async fn a_doubtful_link_is_looked_at_three_times_on_two_days(db) {
        let office = office(db, "2026-11-23 09:00").await;
        let world = district(&office).await;
        let fetcher = fetcher();
        inspect(&office, &fetcher, "2026H2").await;
        let (mut recovered, mut for_a_person) = (0, 0);
        for _ in 0..12 {
            office.clock.advance(TimeDelta::hours(6));
            let came = look_again(&office, &fetcher).await.unwrap();
            assert_eq!(came.failed, 0);
            recovered += came.recovered;
            for_a_person += came.for_a_person;
        }
        let planted = |kind| world.planted().iter().filter(|p| p.kind == kind).count();
        assert_eq!(recovered, planted(FaultKind::LinkRecovers));
        assert_eq!(for_a_person, planted(FaultKind::LinkDown) + planted(FaultKind::LinkSoft404));
        let still = findings(&office, "2026H2", Some(Outcome::Suspected)).await;
        assert_eq!(still.iter().filter(|f| f.indicator == Indicator::Link).count(), for_a_person);
        // Whoever opens the packet of what a person confirmed reads how often it was looked at.
        let link = still.iter().find(|f| f.indicator == Indicator::Link).unwrap();
        xuncha::checks::decide::decide_finding(&office, link.id, true, "", "cli").await.unwrap();
        let issue = issues(&office).await.into_iter().find(|issue| issue.subject == link.subject).unwrap();
        let mut packet = std::io::Cursor::new(Vec::new());
        xuncha::issues::packet::write(&office, issue.id, &xuncha::issues::Scope::All, &mut packet).await.unwrap();
        let mut packet = zip::ZipArchive::new(packet).unwrap();
        let mut text = |name: &str| std::io::read_to_string(packet.by_name(name).unwrap()).unwrap();
        let read_me = text("说明.txt");
        assert!(read_me.contains("认定前查看：3\r\n    2026-11-23 "), "{read_me}");
        assert_eq!(text("history.txt").matches("  复看  ").count(), 3);
    }

    /// The edge of the rule: 14 × 24 h pass, a second more does not; 90 days likewise.
    async fn exactly_fourteen_days_pass_and_a_second_more_does_not(db) {
        let site = Site::start().await;
        let office = office(db, "2026-11-23 09:00").await;
        let now = office.now();
        let (second, fortnight, ninety) = (TimeDelta::seconds(1), TimeDelta::days(14), TimeDelta::days(90));
        let cases = [
            ("A1", now - fortnight, "stale", Outcome::Pass),
            ("A2", now - fortnight - second, "stale", Outcome::Fail),
            ("A3", now - ninety, "stale", Outcome::Fail),
            ("A4", now - ninety - second, "zombie", Outcome::Fail),
            ("A5", now, "stale", Outcome::Pass),
        ];
        let accounts: Vec<_> = cases
            .iter()
            .map(|(id, newest, _, _)| fed(id, "云溪区水务局", site.feed(&format!("/{id}"), &[*newest])))
            .collect();
        register(&office, &accounts).await;
        inspect(&office, &fetcher(), "2026H2").await;
        let found: BTreeMap<_, _> = findings(&office, "2026H2", None)
            .await
            .into_iter()
            .filter(|f| matches!(f.indicator.key(), "stale" | "zombie"))
            .map(|f| (f.account_id.to_string(), (f.indicator.key(), f.outcome)))
            .collect();
        for (id, _, indicator, outcome) in cases {
            assert_eq!(found[id], (indicator, outcome), "{id}");
        }
    }

    /// Who dates a post into tomorrow or next month may have dated the others wrongly too: nobody is convicted.
    async fn a_post_dated_after_the_look_leaves_silence_unjudged(db) {
        let site = Site::start().await;
        let office = office(db, "2026-11-23 09:00").await;
        let (old, tomorrow, next_month) = (at("2026-10-20 08:00"), at("2026-11-24 08:00"), at("2026-12-31 08:00"));
        register(&office, &[
            fed("A1", "云溪区水务局", site.feed("/a1", &[tomorrow, old])),
            fed("A2", "云溪区水务局", site.feed("/a2", &[tomorrow])),
            fed("A3", "云溪区水务局", site.feed("/a3", &[])),
            fed("A4", "云溪区水务局", site.feed("/a4", &[next_month, old])),
            fed("A5", "云溪区水务局", site.feed("/a5", &[next_month, at("2026-11-20 08:00")])),
        ])
        .await;
        inspect(&office, &fetcher(), "2026H2").await;
        let all = findings(&office, "2026H2", None).await;
        let of = |id: &str| {
            let found = all.iter().find(|f| f.account_id.as_str() == id && f.indicator.key() == "stale").unwrap();
            (found.outcome, found.reason.as_str())
        };
        assert_eq!(of("A1"), (Outcome::Unverified, "dated_ahead"));
        assert_eq!(of("A2"), (Outcome::Unverified, "only_later_posts"));
        assert_eq!(of("A3"), (Outcome::Unverified, "no_posts"));
        assert_eq!(of("A4"), (Outcome::Unverified, "dated_ahead"));
        assert_eq!(of("A5"), (Outcome::Pass, "updated"));
    }

    /// Rows that say `11-23`, seen the day after, are of this year, whatever the monitoring time.
    async fn a_look_after_the_monitoring_time_reads_the_year_of_the_look(db) {
        let site = Site::start().await;
        let office = office(db, "2026-11-20 09:00").await;
        let list = |dates: &[&str]| -> String {
            let row = |(n, date): (usize, &&str)| {
                format!("<li><a href='/a/{n}.html'>云溪区今日工作动态第{n}期发布</a><span>{date}</span></li>")
            };
            format!("<html><title>动态</title><ul>{}</ul></html>", dates.iter().enumerate().map(row).collect::<String>())
        };
        let html = |id: &str, dates: &[&str]| {
            let mut account = fed(id, "云溪区水务局", site.data(&format!("/{id}"), &list(dates)));
            account.source = Some(SourceKind::Html);
            account
        };
        register(&office, &[
            html("A1", &["11-23", "11-23", "11-22", "11-21"]),
            html("A2", &["11-23", "11-22", "11-19"]),
            html("A3", &["11-23", "11-22", "03-19", "03-01"]),
            html("A4", &["1小时前", "昨天", "11-22", "11-21"]),
            html("A5", &["2024-01-01", "11-23", "11-22", "11-21"]),
        ])
        .await;
        let name = round("2026-11-20");
        xuncha::sampling::open(&office, name, &xuncha::sampling::Wishes::default()).await.unwrap();
        office.clock.advance(TimeDelta::days(4));
        inspect(&office, &fetcher(), "2026-11-20").await;
        let all = findings(&office, "2026-11-20", None).await;
        let of = |id: &str| {
            let found = all.iter().find(|f| f.account_id.as_str() == id && matches!(f.indicator.key(), "stale" | "zombie"));
            let found = found.unwrap();
            assert_eq!(found.as_of.utc(), at("2026-11-20 09:00"));
            (found.indicator.key(), found.outcome, found.reason.as_str())
        };
        assert_eq!(of("A1"), ("stale", Outcome::Unverified, "only_later_posts"));
        assert_eq!(of("A2"), ("stale", Outcome::Pass, "updated"));
        assert_eq!(of("A3"), ("zombie", Outcome::Fail, "silent"));
        assert_eq!(of("A4"), ("stale", Outcome::Unverified, "only_later_posts"));
        assert_eq!(of("A5"), ("stale", Outcome::Unverified, "ends_later"));
    }

    /// What shows only some posts, or posts of several accounts, convicts nobody; a recent post still passes.
    async fn part_of_the_posts_proves_activity_and_never_silence(db) {
        let site = Site::start().await;
        let office = office(db, "2026-11-23 09:00").await;
        let official = |at: &str| {
            let second = self::at(at).timestamp();
            format!(r#"{{"total_count":1,"item":[{{"article_id":"a","update_time":{second},"content":{{"news_item":[{{"title":"通知"}}]}}}}]}}"#)
        };
        let mixed = r#"{"result":1,"feeds":[{"photoId":"1","userId":1,"caption":"一","timestamp":1795363200000},
            {"photoId":"2","userId":2,"caption":"二","timestamp":1795363200000}]}"#;
        let source = |id: &str, kind, body: &str| {
            let mut account = fed(id, "云溪区水务局", site.data(&format!("/{id}"), body));
            account.source = Some(kind);
            account
        };
        register(&office, &[
            source("A1", SourceKind::Wechat, &official("2026-11-20 08:00")),
            source("A2", SourceKind::Wechat, &official("2026-01-20 08:00")),
            source("A3", SourceKind::Wechat, r#"{"item":[],"total_count":0,"item_count":0}"#),
            source("A4", SourceKind::Kuaishou, mixed),
            source("A5", SourceKind::Weibo, r#"{"ok":0,"msg":"这里还没有内容"}"#),
        ])
        .await;
        inspect(&office, &fetcher(), "2026H2").await;
        let all = findings(&office, "2026H2", None).await;
        let of = |id: &str| {
            let found = all.iter().find(|f| f.account_id.as_str() == id && f.indicator.key() == "stale").unwrap();
            (found.outcome, found.reason.as_str())
        };
        assert_eq!(of("A1"), (Outcome::Pass, "updated"));
        assert_eq!(of("A2"), (Outcome::Unverified, "partial_source"));
        assert_eq!(of("A3"), (Outcome::Unverified, "mass_sent_unseen"));
        assert_eq!(of("A4"), (Outcome::Unverified, "mixed_source"));
        assert_eq!(of("A5"), (Outcome::Unverified, "platform_refused"));
    }

    /// A link that many accounts name is asked for once a run; a dead one twice, on the spot.
    async fn a_link_many_accounts_share_is_asked_for_once(db) {
        let site = Site::start().await;
        let office = office(db, "2026-11-23 09:00").await;
        let (good, dead) = (site.page("/service", 200), site.page("/dead", 404));
        let accounts: Vec<_> = (0..9)
            .map(|n| {
                let mut account = fed(&format!("A{n}"), "云溪区水务局", site.feed(&format!("/{n}"), &[at("2026-11-22 08:00")]));
                account.service_links = vec![good.clone(), dead.clone()];
                account
            })
            .collect();
        register(&office, &accounts).await;
        inspect(&office, &fetcher(), "2026H2").await;
        assert_eq!((site.asked("/service"), site.asked("/dead")), (1, 2));
        let failed = findings(&office, "2026H2", Some(Outcome::Fail)).await;
        assert_eq!(failed.len(), 9);
        assert!(failed.iter().all(|f| f.subject == dead && f.evidence.status == Some(404)));
        // A patrol asks for no link at all.
        let before = (site.asked("/service"), site.asked("/dead"));
        inspect(&office, &fetcher(), "2026-11-23").await;
        assert_eq!((site.asked("/service"), site.asked("/dead")), before);
        assert!(site.asked_in_all() > 18);
    }

    /// What is too much for one look is counted and named.
    async fn what_was_left_out_is_said(db) {
        let site = Site::start().await;
        let office = office(db, "2026-11-23 09:00").await;
        let long = format!("{}?q={}", site.url("/long"), "a".repeat(2_100));
        let service_links = vec![site.page("/service", 200), long];
        let account = fed("A1", "云溪区水务局", site.feed("/a1", &[at("2026-11-22 09:00")]));
        register(&office, &[xuncha::domain::account::Account { service_links, ..account }]).await;
        inspect(&office, &fetcher(), "2026H2").await;
        let all = findings(&office, "2026H2", None).await;
        let of = |indicator| all.iter().find(|f| f.indicator == indicator).map(|f| f.summary.as_str()).unwrap();
        assert!(of(Indicator::Link).contains("另有1个链接"), "{}", of(Indicator::Link));
        assert_eq!(site.asked("/long"), 0);
    }
}
