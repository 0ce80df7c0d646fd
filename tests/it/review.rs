//! 有发布无审核: records, sign-offs at an article's end, and names that are never kept.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;
use xuncha::checks::recheck::recheck;
use xuncha::domain::account::{Account, AccountId, Personal};
use xuncha::domain::finding::Outcome;
use xuncha::domain::issue::{Action, IssueStatus};
use xuncha::domain::review::{ReviewRecord, ReviewStage};
use xuncha::issues::{self as workflow, Scope};

use crate::world::both::on_both;
use crate::world::site::Site;
use crate::world::{at, config, fed, fetcher, findings, hand_in, inspect, issues, office, office_with, register};

const UNIT: &str = "云溪区水务局";

/// A feed of articles with their text: title, text, published.
fn articles(site: &Site, path: &str, articles: &[(&str, &str, &str)]) -> String {
    let items: Vec<_> = articles
        .iter()
        .map(|(title, text, published)| {
            let url = site.url(&format!("{path}/{title}"));
            json!({"id": url, "url": url, "title": title, "content_text": text, "date_published": at(published).to_rfc3339()})
        })
        .collect();
    site.data(
        path,
        &json!({"version": "https://jsonfeed.org/version/1.1", "title": "虚构", "items": items}).to_string(),
    )
}

fn record(id: &str, title: &str, stages: [(&str, DateTime<Utc>); 3]) -> ReviewRecord {
    let [first, second, last] =
        stages.map(|(name, at)| ReviewStage { reviewer: Some(Personal::new(name)), at: Some(at) });
    ReviewRecord { account_id: AccountId::new(id), post_url: None, title: Some(title.to_owned()), first, second, last }
}

on_both! {
    /// 编辑、审核、签发 at the end: counts where it is switched on; no name reaches the database.
    async fn a_sign_off_stands_in_for_a_record_where_the_office_switched_it_on(db) {
        let site = Site::start().await;
        let signed = [
            ("停水通知", "明日检修。\n编辑：赵甲乙 审核：钱丙丁 签发：孙戊己", "2026-11-20 10:00"),
            ("防汛提示", "注意安全。\n初审：赵甲乙　复审：钱丙丁　终审：孙戊己", "2026-11-21 10:00"),
        ];
        let twice = [("停水通知", "明日检修。\n初审：赵甲乙 复审：赵 甲乙 终审：孙戊己", "2026-11-20 10:00")];
        let bare = [("停水通知", "明日检修。", "2026-11-20 10:00")];
        let cut = [("停水通知", "明日检修。\n初审：赵甲乙 复审：钱丙丁 终…", "2026-11-20 10:00")];
        let accounts: Vec<Account> = [("A1", &signed[..]), ("A2", &twice[..]), ("A3", &bare[..]), ("A4", &cut[..])]
            .into_iter()
            .map(|(id, posts)| fed(id, &format!("{UNIT}{id}"), articles(&site, &format!("/{id}.json"), posts)))
            .collect();
        let mut settings = config();
        settings.review.sign_off = true;
        let office = office_with(db, "2026-11-23 09:00", settings).await;
        register(&office, &accounts).await;
        inspect(&office, &fetcher(), "2026H2").await;
        let all = findings(&office, "2026H2", None).await;
        let of = |id: &str| {
            let found = all.iter().find(|f| f.account_id.as_str() == id && f.indicator.key() == "review").unwrap();
            (found.outcome, found.reason.as_str())
        };
        assert_eq!(of("A1"), (Outcome::Pass, "signed_off"));
        assert_eq!(of("A2"), (Outcome::Fail, "same_person"));
        assert_eq!(of("A3"), (Outcome::Unverified, "never_handed_in"));
        assert_eq!(of("A4"), (Outcome::Unverified, "never_handed_in"));
        for table in ["observation", "finding", "issue", "event"] {
            let column = match table {
                "observation" => "data_json",
                "event" => "note",
                _ => "summary || evidence_json",
            };
            let leaked = format!("SELECT COUNT(*) FROM {table} WHERE {column} LIKE '%赵%' OR {column} LIKE '%孙戊己%'");
            assert_eq!(db.number(&leaked).await, 0, "{table}");
        }
    }

    /// Off by default: the same article is what it was.
    async fn a_sign_off_says_nothing_where_it_is_not_switched_on(db) {
        let site = Site::start().await;
        let office = office(db, "2026-11-23 09:00").await;
        let posts = [("停水通知", "初审：赵甲乙 复审：钱丙丁 终审：孙戊己", "2026-11-20 10:00")];
        register(&office, &[fed("A1", UNIT, articles(&site, "/a1.json", &posts))]).await;
        inspect(&office, &fetcher(), "2026H2").await;
        let all = findings(&office, "2026H2", Some(Outcome::Unverified)).await;
        assert_eq!(all.iter().map(|f| f.reason.as_str()).collect::<Vec<_>>(), ["never_handed_in"]);
    }

    /// A stage before an earlier one is a fault of its own; it cannot be undone, and the record need not be rewritten.
    async fn stages_out_of_order_are_found_and_end_with_the_rectification(db) {
        let site = Site::start().await;
        let office = office(db, "2026-11-23 09:00").await;
        let fetcher = fetcher();
        let posts = [("📢停水通知！", "明日检修。", "2026-11-20 10:00")];
        register(&office, &[fed("A1", UNIT, articles(&site, "/a1.json", &posts))]).await;
        let hour = |n: i64| at("2026-11-20 06:00") + TimeDelta::hours(n);
        let stages = [("甲", hour(2)), ("乙", hour(1)), ("丙", hour(3))];
        hand_in(&office, &[], &[record("A1", "停水通知", stages)]).await;
        inspect(&office, &fetcher, "2026H2").await;
        let failed = findings(&office, "2026H2", Some(Outcome::Fail)).await;
        assert_eq!(failed.iter().map(|f| f.reason.as_str()).collect::<Vec<_>>(), ["disordered"]);
        assert!(failed[0].summary.contains("后一环节早于前一环节"), "{}", failed[0].summary);
        let id = issues(&office).await[0].id;
        workflow::act(&office, id, Action::Fix, "已规范流程", "管理员", &Scope::All).await.unwrap();
        let (_, measured) = recheck(&office, &fetcher, id, "xuncha", &Scope::All).await.unwrap();
        assert_eq!(measured.passed, Some(true));
        assert_eq!(issues(&office).await[0].status, IssueStatus::Closed);
    }
}
