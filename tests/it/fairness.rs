//! Nobody is accused by what is old, foreign, unreadable, or has been taken back by a person.

use chrono::TimeDelta;
use xuncha::checks::decide::decide_finding;
use xuncha::checks::recheck::{bounded, recheck, recheck_due};
use xuncha::checks::run;
use xuncha::checks::second_look::look_again;
use xuncha::domain::account::{Account, AccountId, Personal};
use xuncha::domain::finding::Outcome;
use xuncha::domain::issue::{Action, IssueStatus};
use xuncha::domain::notice::{Alert, NoticeBody, NoticeKind};
use xuncha::domain::review::{ReviewRecord, ReviewStage};
use xuncha::issues::{self as workflow, Scope};
use xuncha::sampling::{self, Wishes};
use xuncha::store::NoticeRow;

use crate::world::both::on_both;
use crate::world::site::Site;
use crate::world::{
    account, at, fed, fetcher, findings, hand_in, history, inspect, issues, notices, office, register, round, unfiled,
};

const UNIT: &str = "云溪区水务局";

/// An account with one service link.
fn linking(id: &str, link: String) -> Account {
    Account { service_links: vec![link], ..account(id, UNIT) }
}

on_both! {
    /// A look takes its time; what a person decides meanwhile stands.
    async fn a_finding_dismissed_while_it_is_looked_at_again_opens_no_issue(db) {
        let site = Site::start().await;
        let office = office(db, "2026-11-23 10:00").await;
        let fetcher = fetcher();
        register(&office, &[linking("A1", site.page("/service", 503))]).await;
        inspect(&office, &fetcher, "2026H2").await;
        let doubtful = findings(&office, "2026H2", Some(Outcome::Suspected)).await;
        assert_eq!(doubtful.len(), 1);
        site.slow_page("/service", 404, std::time::Duration::from_millis(600));
        office.clock.advance(TimeDelta::hours(7));
        let decide = async {
            tokio::time::sleep(std::time::Duration::from_millis(200)).await;
            decide_finding(&office, doubtful[0].id, false, "改版中，入口已撤下", "监管员").await.unwrap();
        };
        let (looked, ()) = tokio::join!(look_again(&office, &fetcher), decide);
        assert_eq!(looked.unwrap().failed, 0);
        assert!(issues(&office).await.is_empty());
        assert!(findings(&office, "2026H2", Some(Outcome::Fail)).await.is_empty());
    }

    /// 撤销, 排除: the daily patrol sees the same gap again and lets it rest; another gap is another fact.
    async fn what_a_person_took_back_is_not_charged_again_by_the_next_round(db) {
        let office = office(db, "2026-11-23 10:00").await;
        let fetcher = fetcher();
        register(&office, &[unfiled("A1", UNIT), unfiled("A2", UNIT)]).await;
        inspect(&office, &fetcher, "2026-11-23").await;
        let failed = findings(&office, "2026-11-23", Some(Outcome::Fail)).await;
        decide_finding(&office, failed[0].id, false, "备案在省级平台", "监管员").await.unwrap();
        let second = issues(&office).await[1].id;
        workflow::act(&office, second, Action::Appeal, "省级备案", "管理员", &Scope::All).await.unwrap();
        workflow::act(&office, second, Action::Revoke, "属实", "监管员", &Scope::All).await.unwrap();
        let written = notices(&office).await.iter().filter(|n| n.kind == NoticeKind::Rectification).count();
        office.clock.advance_to(at("2026-11-24 10:00"));
        let opened = inspect(&office, &fetcher, "2026-11-24").await.opened.unwrap();
        assert_eq!((opened.reopened, opened.notices), (0, 0));
        assert!(issues(&office).await.iter().all(|issue| issue.status.is_final()));
        assert_eq!(notices(&office).await.iter().filter(|n| n.kind == NoticeKind::Rectification).count(), written);
        // Now the administrator is missing too.
        register(&office, &[Account { admin: None, ..unfiled("A1", UNIT) }]).await;
        office.clock.advance_to(at("2026-11-25 10:00"));
        assert_eq!(inspect(&office, &fetcher, "2026-11-25").await.opened.unwrap().reopened, 1);
    }

    /// A round is judged days after its monitoring time; by then the unit has done what it was told.
    async fn what_was_seen_before_the_repair_does_not_open_the_issue_anew(db) {
        let site = Site::start().await;
        let office = office(db, "2026-11-23 10:00").await;
        let fetcher = fetcher();
        let silent = [at("2026-11-01 08:00")];
        register(&office, &[fed("A1", UNIT, site.feed("/a1", &silent)), fed("A2", UNIT, site.feed("/a2", &silent))]).await;
        inspect(&office, &fetcher, "2026-11-23").await;
        sampling::open(&office, round("2026H2"), &Wishes::default()).await.unwrap();
        office.clock.advance_to(at("2026-11-24 10:00"));
        let repaired = [at("2026-11-01 08:00"), at("2026-11-24 09:00")];
        site.feed("/a1", &repaired);
        site.feed("/a2", &repaired);
        let ids: Vec<i64> = issues(&office).await.iter().map(|issue| issue.id).collect();
        recheck(&office, &fetcher, ids[0], "xuncha", &Scope::All).await.unwrap();
        workflow::act(&office, ids[1], Action::Fix, "已恢复更新", "管理员", &Scope::All).await.unwrap();
        office.clock.advance_to(at("2026-11-25 10:00"));
        let ran = run::run(&office, &fetcher, round("2026H2"), run::Wishes::default(), |_| {}).await.unwrap();
        assert_eq!(ran.opened.unwrap().reopened, 0);
        let after: Vec<_> = issues(&office).await.iter().map(|issue| issue.status).collect();
        assert_eq!(after, [IssueStatus::Closed, IssueStatus::Rectified]);
        assert_eq!(history(&office, ids[0]).await, ["opened", "closed"]);
    }

    /// The account has changed hands since: who runs it today is told, not who ran it then.
    async fn an_issue_opened_anew_is_the_present_unit_s(db) {
        let office = office(db, "2026-11-23 10:00").await;
        let fetcher = fetcher();
        register(&office, &[unfiled("A1", UNIT)]).await;
        inspect(&office, &fetcher, "2026-11-23").await;
        let id = issues(&office).await[0].id;
        register(&office, &[account("A1", UNIT)]).await;
        recheck(&office, &fetcher, id, "xuncha", &Scope::All).await.unwrap();
        register(&office, &[unfiled("A1", "云溪区档案馆")]).await;
        office.clock.advance_to(at("2026-11-24 10:00"));
        assert_eq!(inspect(&office, &fetcher, "2026-11-24").await.opened.unwrap().reopened, 1);
        assert_eq!(issues(&office).await[0].unit, "云溪区档案馆");
        let told: Vec<_> = notices(&office).await.into_iter().filter(|n| n.kind == NoticeKind::Rectification).collect();
        assert_eq!(told.last().unwrap().unit.as_deref(), Some("云溪区档案馆"));
    }

    /// A link that was repaired, and a network that is down when we look: nobody's claim is rejected.
    async fn an_outage_of_ours_rejects_no_rectification_and_a_person_is_asked_at_last(db) {
        let site = Site::start().await;
        let office = office(db, "2026-11-23 10:00").await;
        let fetcher = fetcher();
        register(&office, &[linking("A1", site.page("/service", 404))]).await;
        inspect(&office, &fetcher, "2026H2").await;
        let id = issues(&office).await[0].id;
        workflow::act(&office, id, Action::Fix, "已修复", "管理员", &Scope::All).await.unwrap();
        site.page("/service", 503);
        for hours in [0, 6, 6, 6, 6, 6] {
            office.clock.advance(TimeDelta::hours(hours));
            recheck_due(&office, &fetcher).await.unwrap();
            assert_eq!(issues(&office).await[0].status, IssueStatus::Rectified);
        }
        assert_eq!(history(&office, id).await.iter().filter(|kind| *kind == "rechecked").count(), 4);
        let asked = |n: &NoticeRow| matches!(n.body, NoticeBody::Alert(Alert::Rechecked { passed: None, .. }));
        assert_eq!(notices(&office).await.iter().filter(|n| asked(n)).count(), 1);
    }

    /// A page that makes the program stumble at every look: it is not tried for ever, a person goes on.
    async fn a_recheck_that_always_stumbles_is_put_to_a_person(db) {
        let office = office(db, "2026-11-23 10:00").await;
        register(&office, &[unfiled("A1", UNIT)]).await;
        inspect(&office, &fetcher(), "2026H2").await;
        let id = issues(&office).await[0].id;
        workflow::act(&office, id, Action::Fix, "已补办", "管理员", &Scope::All).await.unwrap();
        let planned = async || {
            let mut tx = office.store.read().await.unwrap();
            tx.issue(id, office.zone()).await.unwrap().recheck_at
        };
        let mut looks = 0;
        while let Some(at) = planned().await.filter(|at| *at <= office.now()) {
            assert!(looks < 4, "the fourth is the last, and {at} is another");
            let stumbles = async { if office.now() >= at { panic!("a planted stumble") } else { Ok(()) } };
            assert!(bounded(&office, id, stumbles).await.unwrap().is_none());
            looks += 1;
            office.clock.advance(TimeDelta::hours(6));
        }
        let kinds = history(&office, id).await;
        assert_eq!((looks, kinds.iter().filter(|kind| *kind == "rechecked").count()), (4, 4), "{kinds:?}");
        let asked = |n: &NoticeRow| matches!(n.body, NoticeBody::Alert(Alert::Rechecked { passed: None, .. }));
        assert_eq!(notices(&office).await.iter().filter(|n| asked(n)).count(), 1);
        assert_eq!(issues(&office).await[0].status, IssueStatus::Rectified);
    }

    /// A person confirmed a server error; what turns robots away afterwards does not reject the repair.
    async fn a_refusal_to_robots_rejects_no_rectification_and_the_same_defect_does(db) {
        let site = Site::start().await;
        let office = office(db, "2026-11-23 10:00").await;
        let fetcher = fetcher();
        register(&office, &[linking("A1", site.page("/service", 500))]).await;
        inspect(&office, &fetcher, "2026H2").await;
        let doubtful = findings(&office, "2026H2", Some(Outcome::Suspected)).await;
        decide_finding(&office, doubtful[0].id, true, "", "监管员").await.unwrap();
        let id = issues(&office).await[0].id;
        workflow::act(&office, id, Action::Fix, "已修复", "管理员", &Scope::All).await.unwrap();
        for status in [403, 401, 412, 429] {
            site.page("/service", status);
            let (_, measured) = recheck(&office, &fetcher, id, "xuncha", &Scope::All).await.unwrap();
            assert_eq!(measured.passed, None, "{status}");
            assert_eq!(issues(&office).await[0].status, IssueStatus::Rectified);
        }
        site.page("/service", 500);
        let (_, measured) = recheck(&office, &fetcher, id, "xuncha", &Scope::All).await.unwrap();
        assert_eq!(measured.passed, Some(false));
        assert_ne!(issues(&office).await[0].status, IssueStatus::Rectified);
    }

    /// The site is repaired and reported while a look from before the repair is still under way.
    async fn a_recheck_that_began_before_the_repair_does_not_reject_it(db) {
        let site = Site::start().await;
        let office = office(db, "2026-11-23 10:00").await;
        let fetcher = fetcher();
        register(&office, &[linking("A1", site.page("/service", 404))]).await;
        inspect(&office, &fetcher, "2026H2").await;
        let id = issues(&office).await[0].id;
        site.slow_page("/service", 404, std::time::Duration::from_millis(300));
        let repair = async {
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
            office.clock.advance(TimeDelta::seconds(1));
            workflow::act(&office, id, Action::Fix, "已修复", "管理员", &Scope::All).await.unwrap();
        };
        let (looked, ()) = tokio::join!(recheck(&office, &fetcher, id, "xuncha", &Scope::All), repair);
        assert!(!looked.unwrap().0.changed);
        assert_eq!(issues(&office).await[0].status, IssueStatus::Rectified);
        site.page("/service", 200);
        assert_eq!(recheck_due(&office, &fetcher).await.unwrap(), (1, 1), "the recheck it asked for is still to come");
    }

    /// Reported, appealed, upheld: the recheck that the appeal put off is made.
    async fn an_upheld_appeal_does_not_lose_the_recheck(db) {
        let office = office(db, "2026-11-23 10:00").await;
        let fetcher = fetcher();
        register(&office, &[unfiled("A1", UNIT)]).await;
        inspect(&office, &fetcher, "2026H2").await;
        let id = issues(&office).await[0].id;
        workflow::act(&office, id, Action::Fix, "已备案", "管理员", &Scope::All).await.unwrap();
        workflow::act(&office, id, Action::Appeal, "本已备案", "管理员", &Scope::All).await.unwrap();
        recheck_due(&office, &fetcher).await.unwrap();
        register(&office, &[account("A1", UNIT)]).await;
        workflow::act(&office, id, Action::Uphold, "", "监管员", &Scope::All).await.unwrap();
        assert_eq!(recheck_due(&office, &fetcher).await.unwrap(), (1, 1));
    }

    /// 一周要闻: one title every week, each with its record in time.
    async fn a_column_of_one_title_has_a_record_for_each_issue(db) {
        let site = Site::start().await;
        let office = office(db, "2026-11-23 10:00").await;
        let weeks = [at("2026-11-06 16:00"), at("2026-11-13 16:00"), at("2026-11-20 16:00")];
        register(&office, &[fed("A1", UNIT, site.titled_feed("/a1", "一周要闻", &weeks))]).await;
        let stage = |name: &str, at| ReviewStage { reviewer: Some(Personal::new(name)), at: Some(at) };
        let record = |published| {
            let at = published - TimeDelta::hours(1);
            ReviewRecord {
                account_id: AccountId::new("A1"),
                post_url: None,
                title: Some("一周要闻".to_owned()),
                first: stage("甲", at),
                second: stage("乙", at),
                last: stage("丙", at),
            }
        };
        hand_in(&office, &[], &weeks.map(record)).await;
        inspect(&office, &fetcher(), "2026Q4").await;
        assert!(findings(&office, "2026Q4", Some(Outcome::Fail)).await.is_empty());
        assert_eq!(db.number("SELECT COUNT(*) FROM review").await, 3);
    }

    /// A feed made from a list of days dates everything at midnight; the rest of the day is the account's.
    async fn a_feed_that_knows_the_day_alone_gives_the_account_its_day(db) {
        let site = Site::start().await;
        let office = office(db, "2026-11-23 10:00").await;
        register(&office, &[fed("A1", UNIT, site.feed("/a1", &[at("2026-11-09 00:00")]))]).await;
        register(&office, &[fed("A2", UNIT, site.feed("/a2", &[at("2026-11-08 00:00")]))]).await;
        inspect(&office, &fetcher(), "2026-11-23").await;
        let failed = findings(&office, "2026-11-23", Some(Outcome::Fail)).await;
        assert_eq!(failed.iter().map(|f| f.account_id.as_str()).collect::<Vec<_>>(), ["A2"]);
    }

    /// Seen from next month every account is silent; nobody looks from there.
    async fn a_round_is_not_judged_from_the_future(db) {
        let site = Site::start().await;
        let office = office(db, "2026-11-23 10:00").await;
        register(&office, &[fed("A1", UNIT, site.feed("/a1", &[at("2026-11-22 08:00")]))]).await;
        let wishes = Wishes { as_of: Some(at("2026-12-23 10:00")), ..Wishes::default() };
        let opened = sampling::open(&office, round("2026H2"), &wishes).await;
        assert!(opened.unwrap_err().to_string().contains("has not come yet"));
        // What was announced beforehand is drawn, and run when its time has come.
        sampling::freeze(&office, round("2026H2"), &wishes).await.unwrap();
        sampling::open(&office, round("2026H2"), &wishes).await.unwrap();
        let ran = run::run(&office, &fetcher(), round("2026H2"), run::Wishes::default(), |_| {}).await;
        assert!(ran.unwrap_err().to_string().contains("has not come yet"));
        assert!(findings(&office, "2026H2", None).await.is_empty());
    }

    /// A rule set judges from its first day on.
    async fn a_rule_set_judges_nobody_before_its_first_day(db) {
        let mut office = office(db, "2026-11-23 10:00").await;
        register(&office, &[account("A1", UNIT)]).await;
        sampling::open(&office, round("2026-11-23"), &Wishes::default()).await.unwrap();
        let mut rules = xuncha::domain::rule::RuleSet::clone(&office.rules);
        rules.valid_from = "2026-11-24".parse().unwrap();
        office.rules = std::sync::Arc::new(rules);
        let ran = run::run(&office, &fetcher(), round("2026-11-23"), run::Wishes::default(), |_| {}).await;
        assert!(ran.unwrap_err().to_string().contains("may be used from 2026-11-24 on"));
        assert!(sampling::open(&office, round("2026H2"), &Wishes::default()).await.is_err());
        assert!(findings(&office, "2026-11-23", None).await.is_empty());
        office.clock.advance_to(at("2026-11-24 10:00"));
        inspect(&office, &fetcher(), "2026H2").await;
        assert!(!findings(&office, "2026H2", None).await.is_empty());
    }

    /// An address with somebody's number is asked as it is, and shown masked.
    async fn an_identity_number_in_a_service_link_is_masked(db) {
        const ID: &str = "510107199001019995";
        let site = Site::start().await;
        let office = office(db, "2026-11-23 10:00").await;
        let link = format!("{}?idcard={ID}", site.page("/service", 404));
        register(&office, &[linking("A1", link.clone())]).await;
        inspect(&office, &fetcher(), "2026H2").await;
        let broken = findings(&office, "2026H2", Some(Outcome::Fail)).await.remove(0);
        assert_eq!(broken.subject, link, "it is asked for again");
        assert!(broken.summary.contains("510***********9995"), "{}", broken.summary);
        let shown = serde_json::to_string(&broken.shown()).unwrap();
        assert!(!shown.contains(ID), "{shown}");
        let shown = serde_json::to_string(&issues(&office).await.remove(0).shown()).unwrap();
        assert!(!shown.contains(ID), "{shown}");
        let told: Vec<_> = notices(&office).await.iter().map(|notice| serde_json::to_string(&notice.body).unwrap()).collect();
        assert!(!told.is_empty() && told.iter().all(|body| !body.contains(ID)), "{told:?}");
    }

    /// What stays for good, the history and the evidence of later looks, holds nobody's number.
    async fn a_later_look_and_the_history_keep_nobody_s_number(db) {
        const ID: &str = "510107199001019995";
        const MOBILE: &str = "13800001234";
        let site = Site::start().await;
        let office = office(db, "2026-11-23 10:00").await;
        let gone = site.page(&format!("/people/{MOBILE}"), 404);
        site.html("/service", &format!("<title>提示</title><p>抱歉，您访问的页面不存在。经办人{ID}</p>"));
        let soft = format!("{}?idcard={ID}", site.url("/service"));
        register(&office, &[Account { service_links: vec![gone.clone(), soft.clone()], ..account("A1", UNIT) }]).await;
        inspect(&office, &fetcher(), "2026H2").await;
        office.clock.advance(TimeDelta::hours(7));
        assert_eq!(look_again(&office, &fetcher()).await.unwrap().looked_at, 1);
        let all = findings(&office, "2026H2", None).await;
        let doubtful = all.iter().find(|found| found.subject == soft).unwrap();
        assert!(doubtful.evidence.snippet.as_ref().unwrap().contains("510***********9995"), "{doubtful:#?}");
        let issue = issues(&office).await.remove(0);
        assert_eq!(issue.subject, gone);
        workflow::act(&office, issue.id, Action::Appeal, &format!("本人{ID}，并无此页"), "管理员", &Scope::All).await.unwrap();
        for raw in [ID, MOBILE] {
            let rows = format!("SELECT COUNT(*) FROM event WHERE note LIKE '%{raw}%' OR data_json LIKE '%{raw}%'");
            assert_eq!(db.number(&rows).await, 0, "{raw}");
            assert_eq!(db.number(&format!("SELECT COUNT(*) FROM page_copy WHERE url LIKE '%{raw}%'")).await, 0, "{raw}");
        }
        assert_eq!(db.number(&format!("SELECT COUNT(*) FROM finding WHERE evidence_json LIKE '%{ID}%'")).await, 0);
        assert!(db.number("SELECT COUNT(*) FROM page_copy").await >= 2);
    }
}
