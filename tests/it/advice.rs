//! Advice: the machine proposes, a person decides; and a registry is not charged with columns it does not keep.

use serde_json::json;
use xuncha::checks::decide::decide_finding;
use xuncha::checks::recheck::{self as look_again, recheck, recheck_due};
use xuncha::domain::account::{Account, AccountStatus, SourceKind};
use xuncha::domain::finding::Outcome;
use xuncha::domain::issue::{Action, IssueStatus};
use xuncha::domain::notice::{Alert, NoticeBody};
use xuncha::domain::person::Role;
use xuncha::domain::rule::Class;
use xuncha::issues::{self as workflow, Scope};
use xuncha::office::Office;

use crate::world::both::on_both;
use crate::world::site::Site;
use crate::world::{Chat, account, at, fed, fetcher, findings, inspect, issues, notices, office, register};

const UNIT: &str = "云溪区水务局";

/// A Weibo account whose platform shows this name and certification.
fn weibo(site: &Site, id: &str, name: &str, certified: &str) -> Account {
    let user = json!({"id": 7, "screen_name": name, "verified": true, "verified_type": 1, "verified_reason": certified,
        "followers_count": 10});
    let post = json!({"card_type": 9, "mblog": {"id": "1", "created_at": "Fri Nov 20 10:00:00 +0800 2026", "text": "通知", "user": user}});
    let body = json!({"ok": 1, "data": {"cards": [post]}}).to_string();
    Account {
        source: Some(SourceKind::Weibo),
        platform: xuncha::domain::account::Platform::Weibo,
        name: format!("云溪{id}"),
        source_url: Some(site.data(&format!("/weibo/{id}"), &body)),
        ..account(id, &format!("云溪区{id}局"))
    }
}

/// Who speaks in each alert on a rectification or a recheck, and what the machine saw.
async fn alerts(office: &Office) -> Vec<(String, Option<bool>)> {
    let told = notices(office).await.into_iter().filter_map(|notice| match notice.body {
        NoticeBody::Alert(Alert::Rectified { .. }) => Some(("reported".to_owned(), None)),
        NoticeBody::Alert(Alert::Rechecked { passed, asked_by, .. }) => Some((asked_by, passed)),
        _ => None,
    });
    told.collect()
}

on_both! {
    /// Two accounts of a unit on a platform: one doubt, on the later one; confirmed it is an issue of class 工作建议.
    async fn a_second_account_is_put_to_a_person_and_becomes_advice(db) {
        let office = office(db, "2026-11-23 09:00").await;
        let fetcher = fetcher();
        let chat = Chat::start(&office).await;
        register(&office, &[
            account("A1", UNIT),
            Account { unit: format!(" {UNIT}"), ..account("A2", UNIT) },
            account("A3", "云溪区教育局"),
        ])
        .await;
        let clerk = chat.bind(&office, "管理员", Role::UnitAdmin, Some(UNIT)).await;
        // The daily patrol gives no advice.
        inspect(&office, &fetcher, "2026-11-23").await;
        assert!(findings(&office, "2026-11-23", Some(Outcome::Suspected)).await.is_empty());
        inspect(&office, &fetcher, "2026H2").await;
        let doubts = findings(&office, "2026H2", Some(Outcome::Suspected)).await;
        assert_eq!(doubts.iter().map(|f| (f.account_id.as_str(), f.indicator.key())).collect::<Vec<_>>(), [("A2", "duplicate")]);
        assert!(doubts[0].summary.contains("云溪区水务局发布A1(A1)"), "{}", doubts[0].summary);
        assert!(issues(&office).await.is_empty(), "the machine only proposes");
        // The unit of A2 is written with a blank: its notices go by the registry's own spelling.
        register(&office, &[account("A2", UNIT)]).await;
        decide_finding(&office, doubts[0].id, true, "两号内容重复", "监管员").await.unwrap();
        let issue = issues(&office).await.remove(0);
        assert_eq!((issue.class, issue.indicator.key()), (Class::Advice, "duplicate"));
        // What a person confirms waits a few minutes for the next.
        assert_eq!(chat.deliver(&office).await.sent, 0);
        office.clock.advance(chrono::TimeDelta::minutes(6));
        chat.deliver(&office).await;
        let told = chat.telegram.inbox(clerk.chat_id).pop().unwrap().text;
        for words in ["同平台重复开设", "工作提示", "请研究同平台账号的整合", "不设整改时限", "国办发〔2018〕123号"] {
            assert!(told.contains(words), "{words}: {told}");
        }
        assert!(!told.contains("工作日"), "{told}");
        let told = issues(&office).await.remove(0);
        assert_eq!((told.status, told.due_at), (IssueStatus::Notified, None), "no clock runs against advice");
        // Both still stand in the registry: that says nothing against the unit, and closes nothing.
        workflow::act(&office, issue.id, Action::Fix, "已申请注销", "管理员", &Scope::All).await.unwrap();
        let (_, measured) = recheck(&office, &fetcher, issue.id, "xuncha", &Scope::All).await.unwrap();
        assert_eq!(measured.passed, None);
        register(&office, &[Account { status: AccountStatus::Closed, ..account("A1", UNIT) }]).await;
        let (_, measured) = recheck(&office, &fetcher, issue.id, "xuncha", &Scope::All).await.unwrap();
        assert_eq!(measured.passed, Some(true));
        assert_eq!(issues(&office).await[0].status, IssueStatus::Rectified, "a person closes what a person judged");
        // The unit's report is told once, as the unit's; the machine's look once, as the machine's.
        recheck(&office, &fetcher, issue.id, "xuncha", &Scope::All).await.unwrap();
        assert_eq!(alerts(&office).await, [("reported".to_owned(), None), (String::new(), Some(true))]);
        // Whoever asks hears what was seen.
        look_again::ask(&office, issue.id, &Scope::All, "李监管").await.unwrap();
        recheck_due(&office, &fetcher).await.unwrap();
        assert_eq!(alerts(&office).await.pop(), Some(("李监管".to_owned(), Some(true))));
        recheck(&office, &fetcher, issue.id, "xuncha", &Scope::All).await.unwrap();
        assert_eq!(alerts(&office).await.len(), 3);
        // Advice is no problem.
        assert_eq!(office.store.read().await.unwrap().live_problems().await.unwrap(), 0);
        assert_eq!(office.store.read().await.unwrap().issues_opened_since(at("2026-11-01 00:00")).await.unwrap(), 0);
    }

    /// Another name or certification on the platform than in the registry.
    async fn a_name_or_certification_that_differs_is_put_to_a_person(db) {
        let site = Site::start().await;
        let office = office(db, "2026-11-23 09:00").await;
        register(&office, &[
            weibo(&site, "B1", "云溪B1", "江州市云溪区B1局"),
            weibo(&site, "B2", "云溪河长", "云溪区B2局"),
            weibo(&site, "B3", "云溪B3", "云溪文化传媒有限公司"),
        ])
        .await;
        inspect(&office, &fetcher(), "2026H2").await;
        let all = findings(&office, "2026H2", None).await;
        let of = |id: &str| {
            let found = all.iter().find(|f| f.account_id.as_str() == id && f.indicator.key() == "identity").unwrap();
            (found.outcome, found.reason.as_str())
        };
        assert_eq!(of("B1"), (Outcome::Pass, "agrees"));
        assert_eq!(of("B2"), (Outcome::Suspected, "renamed"));
        assert_eq!(of("B3"), (Outcome::Suspected, "subject_differs"));
        assert!(issues(&office).await.is_empty());
    }

    /// A person decides what they read: another charge under the same indicator is another doubt.
    async fn a_decision_covers_the_charge_it_was_made_on_and_no_other(db) {
        let site = Site::start().await;
        let office = office(db, "2026-11-23 09:00").await;
        register(&office, &[weibo(&site, "B1", "云溪河长", "江州市云溪区B1局")]).await;
        inspect(&office, &fetcher(), "2026Q4").await;
        weibo(&site, "B1", "云溪B1", "云溪文化传媒有限公司");
        inspect(&office, &fetcher(), "2026H2").await;
        let doubt = async |round: &str| {
            let all = findings(&office, round, None).await;
            all.into_iter().find(|f| f.indicator.key() == "identity").unwrap()
        };
        let (renamed, differs) = (doubt("2026Q4").await, doubt("2026H2").await);
        assert_eq!((renamed.reason.as_str(), differs.reason.as_str()), ("renamed", "subject_differs"));
        decide_finding(&office, renamed.id, true, "确已更名", "监管员").await.unwrap();
        assert_eq!((doubt("2026Q4").await.outcome, doubt("2026H2").await.outcome), (Outcome::Fail, Outcome::Suspected));
        let issue = issues(&office).await.remove(0);
        assert_eq!(issue.summary, renamed.summary);
    }

    /// Little output is said only of what the source shows from before the window on.
    async fn little_output_is_advice_where_the_whole_window_was_seen(db) {
        let site = Site::start().await;
        let office = office(db, "2026-11-23 09:00").await;
        let (new, old) = (at("2026-11-20 10:00"), at("2026-06-20 10:00"));
        register(&office, &[
            fed("A1", "云溪区甲局", site.feed("/a1", &[new, old])),
            fed("A2", "云溪区乙局", site.feed("/a2", &[new])),
            Account { followers: Some(50_000), ..fed("A3", "云溪区丙局", site.feed("/a3", &[new, old])) },
        ])
        .await;
        inspect(&office, &fetcher(), "2026H2").await;
        let all = findings(&office, "2026H2", None).await;
        let mut found: Vec<_> = all
            .iter()
            .filter(|f| f.indicator.key() == "low_use")
            .map(|f| (f.account_id.as_str(), f.outcome, f.class))
            .collect();
        found.sort_unstable();
        assert_eq!(found, [("A1", Outcome::Suspected, Class::Advice), ("A3", Outcome::Pass, Class::Advice)]);
    }

    /// Nobody's filing number stands in the registry: that is said, and nobody is charged.
    async fn a_column_nobody_fills_is_unverified_and_opens_no_issue(db) {
        let office = office(db, "2026-11-23 09:00").await;
        let bare = |id: &str| Account { filing_no: None, ..account(id, UNIT) };
        let mut tx = office.store.write().await.unwrap();
        tx.put_account(&bare("A1"), office.now()).await.unwrap();
        tx.put_account(&Account { admin: None, ..bare("A2") }, office.now()).await.unwrap();
        tx.commit().await.unwrap();
        inspect(&office, &fetcher(), "2026-11-23").await;
        let all = findings(&office, "2026-11-23", None).await;
        let mut found: Vec<_> = all
            .iter()
            .filter(|f| f.indicator.key() == "registration")
            .map(|f| (f.account_id.as_str(), f.outcome, f.reason.as_str()))
            .collect();
        found.sort_unstable();
        assert_eq!(found, [("A1", Outcome::Unverified, "column_not_kept"), ("A2", Outcome::Fail, "incomplete")]);
        let said = &all.iter().find(|f| f.account_id.as_str() == "A1" && f.indicator.key() == "registration").unwrap().summary;
        assert!(said.contains("基本信息库未登记该栏（备案编号）"), "{said}");
        assert_eq!(issues(&office).await.len(), 1);
    }
}
