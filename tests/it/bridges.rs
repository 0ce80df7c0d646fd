//! Bridges that stop answer as before: nobody is accused by what they no longer show.

use chrono::TimeDelta;
use xuncha::checks::recheck::{recheck, recheck_due};
use xuncha::domain::account::Account;
use xuncha::domain::finding::Outcome;
use xuncha::domain::issue::{Action, IssueStatus};
use xuncha::issues::{self as workflow, Scope};
use xuncha::office::Office;
use xuncha::sampling::{self, Wishes};

use crate::world::both::on_both;
use crate::world::db::Database;
use crate::world::site::Site;
use crate::world::{at, fed, fetcher, findings, history, inspect, issues, notices, office, register, round};

const UNIT: &str = "云溪区水务局";

/// An office to which loopback is a host like others: it is exempt where it may be asked by right; here the client alone may.
async fn behind_no_loopback(db: &Database, now: &str) -> Office {
    let mut office = office(db, now).await;
    let mut config = xuncha::config::Config::clone(&office.config);
    config.http.allow_private = false;
    office.config = std::sync::Arc::new(config);
    office
}

on_both! {
    /// A bridge that stopped answers as before: most accounts behind it end on one day, and nobody is convicted by it.
    async fn a_source_that_stands_still_convicts_nobody(db) {
        let (bridge, other) = (Site::start().await, Site::start().await);
        let office = behind_no_loopback(db, "2026-11-23 10:00").await;
        let stopped = |n: i64| at("2026-11-02 09:00") + TimeDelta::minutes(70 * n);
        let mut accounts: Vec<Account> = (0..8)
            .map(|n| fed(&format!("B{n}"), UNIT, bridge.feed(&format!("/b{n}"), &[stopped(n)])))
            .collect();
        // Silent long before, and so for all we know since; and some whose posts came before the bridge stopped.
        accounts.push(fed("B8", UNIT, bridge.feed("/b8", &[at("2026-07-01 09:00")])));
        accounts.extend((0..3).map(|n| fed(&format!("C{n}"), UNIT, bridge.feed(&format!("/c{n}"), &[at("2026-11-22 09:00")]))));
        accounts.push(fed("D0", UNIT, other.feed("/d0", &[stopped(0)])));
        register(&office, &accounts).await;
        inspect(&office, &fetcher(), "2026-11-23").await;
        let of = async |id: &str| {
            let all = findings(&office, "2026-11-23", None).await;
            let update: Vec<_> =
                all.into_iter().filter(|f| f.account_id.as_str() == id && f.indicator.is_update()).collect();
            assert_eq!(update.len(), 1, "{update:#?}");
            (update[0].indicator.key(), update[0].outcome, update[0].reason.clone(), update[0].summary.clone())
        };
        for id in ["B0", "B7", "B8"] {
            let (indicator, outcome, reason, summary) = of(id).await;
            assert_eq!((indicator, outcome, reason.as_str()), ("stale", Outcome::Unverified, "source_stands_still"), "{id}");
            assert!(summary.contains("12个账号中有8个"), "{summary}");
        }
        assert_eq!(of("C0").await.1, Outcome::Pass);
        assert_eq!(of("D0").await.1, Outcome::Fail, "another host says nothing of it");
        assert_eq!(issues(&office).await.len(), 1);
        // Half of them may well be silent by themselves.
        for n in 0..3 {
            bridge.feed(&format!("/b{n}"), &[at("2026-11-24 09:00")]);
        }
        office.clock.advance_to(at("2026-11-24 10:00"));
        inspect(&office, &fetcher(), "2026-11-24").await;
        assert_eq!(issues(&office).await.len(), 7);
    }

    /// Half of what a bridge brings is fresh enough when it stops: whoever was quiet for some days then is not silent for it.
    async fn a_source_that_shows_nothing_new_convicts_nobody(db) {
        let bridge = Site::start().await;
        let office = behind_no_loopback(db, "2026-11-23 10:00").await;
        let mut accounts: Vec<Account> = (0..9)
            .map(|n| fed(&format!("B{n}"), UNIT, bridge.feed(&format!("/b{n}"), &[at("2026-11-11 10:00")])))
            .collect();
        accounts.extend((0..4).map(|n| fed(&format!("C{n}"), UNIT, bridge.feed(&format!("/c{n}"), &[at(&format!("2026-11-0{} 10:00", 2 * n + 1))]))));
        register(&office, &accounts).await;
        let fetcher = fetcher();
        let silent = async |round: &str, outcome| {
            let all = findings(&office, round, Some(outcome)).await;
            let mut ids: Vec<_> =
                all.into_iter().filter(|f| f.indicator.is_update()).map(|f| (f.account_id.to_string(), f.summary)).collect();
            ids.sort();
            ids
        };
        inspect(&office, &fetcher, "2026-11-23").await;
        assert_eq!(silent("2026-11-23", Outcome::Fail).await, []);
        let unjudged = silent("2026-11-23", Outcome::Unverified).await;
        assert_eq!(unjudged.iter().map(|(id, _)| id.as_str()).collect::<Vec<_>>(), ["C0", "C1", "C2", "C3"]);
        assert!(unjudged[0].1.contains("13个账号均未见2026-11-11 10:00以后"), "{}", unjudged[0].1);
        assert_eq!(notices(&office).await, [], "nobody is warned by what stands still either");
        // It moves: one account suffices, and nobody was silent so long before it did but the others.
        bridge.feed("/b0", &[at("2026-11-24 08:00")]);
        office.clock.advance_to(at("2026-11-24 10:00"));
        inspect(&office, &fetcher, "2026-11-24").await;
        let failed = silent("2026-11-24", Outcome::Fail).await;
        assert_eq!(failed.iter().map(|(id, _)| id.as_str()).collect::<Vec<_>>(), ["C0", "C1", "C2", "C3"]);
    }

    /// Nobody is silent yet behind a bridge that stopped, and nobody is told that they soon will be.
    async fn a_source_that_shows_nothing_new_warns_nobody(db) {
        let bridge = Site::start().await;
        let office = behind_no_loopback(db, "2026-11-22 10:00").await;
        let accounts: Vec<Account> = (0..12)
            .map(|n| fed(&format!("B{n:02}"), UNIT, bridge.feed(&format!("/b{n}"), &[at("2026-11-11 10:00")])))
            .collect();
        register(&office, &accounts).await;
        let fetcher = fetcher();
        inspect(&office, &fetcher, "2026-11-22").await;
        assert_eq!(notices(&office).await, []);
        bridge.feed("/b0", &[at("2026-11-23 08:00")]);
        office.clock.advance_to(at("2026-11-23 10:00"));
        inspect(&office, &fetcher, "2026-11-23").await;
        assert_eq!(notices(&office).await.len(), 1, "it moves: the others are warned");
    }

    /// A few were drawn of the many behind a bridge: the others of the last rounds tell of it as well.
    async fn what_the_last_rounds_saw_tells_of_a_bridge_in_a_small_sample(db) {
        let bridge = Site::start().await;
        let office = behind_no_loopback(db, "2026-11-13 10:00").await;
        let accounts: Vec<Account> = (0..14)
            .map(|n| fed(&format!("B{n:02}"), UNIT, bridge.feed(&format!("/b{n}"), &[at("2026-11-06 09:00")])))
            .collect();
        register(&office, &accounts).await;
        let fetcher = fetcher();
        inspect(&office, &fetcher, "2026-11-13").await;
        office.clock.advance_to(at("2026-11-23 10:00"));
        inspect(&office, &fetcher, "2026Q4").await;
        let stale: Vec<_> = findings(&office, "2026Q4", None).await.into_iter().filter(|f| f.indicator.is_update()).collect();
        assert!((1..10).contains(&stale.len()), "{}", stale.len());
        assert!(stale.iter().all(|found| found.reason == "source_stands_still"), "{stale:#?}");
        assert!(issues(&office).await.is_empty());
    }

    /// Two weeks ran out in the night, and nothing came through the bridge since the evening: who can tell?
    async fn a_limit_that_ran_out_unseen_convicts_nobody(db) {
        let bridge = Site::start().await;
        let office = behind_no_loopback(db, "2026-11-23 09:00").await;
        let last = |n: i64| if n < 10 { at("2026-11-22 18:00") } else { at("2026-11-08 18:30") + TimeDelta::days(n - 10) };
        let mut accounts: Vec<Account> =
            (0..12).map(|n| fed(&format!("B{n:02}"), UNIT, bridge.feed(&format!("/b{n}"), &[last(n)]))).collect();
        accounts.push(fed("C1", UNIT, bridge.feed("/c1", &[at("2026-11-08 17:30")])));
        register(&office, &accounts).await;
        let fetcher = fetcher();
        inspect(&office, &fetcher, "2026-11-23").await;
        let of = async |round: &str, id: &str| {
            let all = findings(&office, round, None).await;
            all.into_iter().find(|f| f.account_id.as_str() == id && f.indicator.is_update()).unwrap()
        };
        let doubtful = of("2026-11-23", "B10").await;
        assert_eq!((doubtful.outcome, doubtful.reason.as_str()), (Outcome::Unverified, "source_stands_still"));
        assert!(doubtful.summary.contains("最近一次出现新内容是2026-11-22 18:00，当时该账号未更新尚未超过14天"), "{}", doubtful.summary);
        assert_eq!(of("2026-11-23", "C1").await.outcome, Outcome::Fail, "it had run out while the bridge moved");
        assert_eq!(of("2026-11-23", "B11").await.outcome, Outcome::Pass);
        // The bridge was seen to move since, and shows nothing of the account.
        bridge.feed("/b0", &[at("2026-11-23 20:00")]);
        office.clock.advance_to(at("2026-11-24 09:00"));
        inspect(&office, &fetcher, "2026-11-24").await;
        assert_eq!(of("2026-11-24", "B10").await.outcome, Outcome::Fail);
    }

    /// A bridge that stopped after the round would show nothing of what a unit publishes since: its claim stands.
    async fn a_bridge_that_stands_still_rejects_no_rectification(db) {
        let (bridge, other) = (Site::start().await, Site::start().await);
        let office = behind_no_loopback(db, "2026-11-23 10:00").await;
        let fetcher = fetcher();
        let (last, silent) = ([at("2026-11-22 09:00")], [at("2026-11-01 09:00")]);
        let mut accounts: Vec<Account> =
            (0..10).map(|n| fed(&format!("B{n}"), UNIT, bridge.feed(&format!("/b{n}"), &last))).collect();
        accounts.push(fed("A1", UNIT, bridge.feed("/a1", &silent)));
        accounts.push(fed("D1", UNIT, other.feed("/d1", &silent)));
        register(&office, &accounts).await;
        inspect(&office, &fetcher, "2026-11-23").await;
        let mut opened = issues(&office).await;
        opened.sort_by(|a, b| a.account_id.cmp(&b.account_id));
        let ids: Vec<i64> = opened.iter().map(|issue| issue.id).collect();
        assert_eq!(ids.len(), 2);
        let status = async |id: i64| issues(&office).await.into_iter().find(|issue| issue.id == id).unwrap().status;
        // Rounds that saw nobody yet make nobody forget what the others saw.
        for day in 1..=10 {
            let wishes = Wishes { as_of: Some(at(&format!("2026-12-{day:02} 09:00"))), ..Wishes::default() };
            sampling::freeze(&office, round(&format!("2026-12-{day:02}")), &wishes).await.unwrap();
        }
        office.clock.advance_to(at("2026-11-26 10:00"));
        for id in &ids {
            workflow::act(&office, *id, Action::Fix, "已恢复更新", "管理员", &Scope::All).await.unwrap();
        }
        let (_, measured) = recheck(&office, &fetcher, ids[0], "xuncha", &Scope::All).await.unwrap();
        assert_eq!(measured.passed, None, "{measured:?}");
        assert!(measured.sentence.contains("11个账号均未见2026-11-22 09:00以后"), "{}", measured.sentence);
        let host = bridge.url("/").split('/').nth(2).unwrap().to_owned();
        assert!(!measured.sentence.contains(&host), "a unit reads it: {}", measured.sentence);
        assert_eq!(status(ids[0]).await, IssueStatus::Rectified);
        // Where few are read through a host nothing can be told of it.
        let (_, measured) = recheck(&office, &fetcher, ids[1], "xuncha", &Scope::All).await.unwrap();
        assert_eq!(measured.passed, Some(false), "{measured:?}");
        // What it shows of the morning does not tell whether it stopped before the unit published, just before it said so.
        let show = |last: &str| {
            for n in 0..10 {
                bridge.feed(&format!("/b{n}"), &[at(last)]);
            }
            office.clock.advance(TimeDelta::hours(6));
        };
        show("2026-11-26 09:30");
        recheck_due(&office, &fetcher).await.unwrap();
        assert_eq!(status(ids[0]).await, IssueStatus::Rectified);
        // It moves again, and the account is still silent.
        show("2026-11-26 10:30");
        recheck_due(&office, &fetcher).await.unwrap();
        assert_ne!(status(ids[0]).await, IssueStatus::Rectified);
        assert_eq!(history(&office, ids[0]).await.last().map(String::as_str), Some("rejected"));
    }
}
