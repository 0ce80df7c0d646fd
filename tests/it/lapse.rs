//! What was asked, planned, written or sent for a state that is no more: it lapses, and is not lost in silence.

use chrono::TimeDelta;
use xuncha::checks::decide::decide_finding;
use xuncha::checks::recheck::{self, recheck_due};
use xuncha::checks::run;
use xuncha::domain::finding::Outcome as Verdict;
use xuncha::domain::issue::{Action, IssueStatus};
use xuncha::domain::notice::{Alert, NoticeBody};
use xuncha::domain::person::Role;
use xuncha::domain::rule::{Class, Indicator};
use xuncha::issues::approval::{self, Answered};
use xuncha::issues::{self as workflow, Scope};
use xuncha::office::Office;
use xuncha::sampling;
use xuncha::store::StoredIssue;

use crate::desk::{doubt, doubts, tell};
use crate::world::both::on_both;
use crate::world::site::Site;
use crate::world::{
    Chat, account, at, config, fed, fetcher, findings, history, inspect, issues, notices, office, office_with,
    register, round, unfiled,
};

const WATER: &str = "云溪区水务局";
const ARCHIVE: &str = "云溪区档案馆";

async fn act(office: &Office, id: i64, action: Action, note: &str) {
    assert!(workflow::act(office, id, action, note, "水务局管理员", &Scope::All).await.unwrap().changed);
}

async fn stored(office: &Office, id: i64) -> StoredIssue {
    office.store.read().await.unwrap().issue(id, office.zone()).await.unwrap()
}

/// Everything that is due, and what follows from it within a minute.
async fn deliver(office: &Office, chat: &Chat) {
    for _ in 0..12 {
        chat.deliver(office).await;
        office.clock.advance(TimeDelta::seconds(5));
    }
}

/// What a chat was told since it was last looked at.
fn told(chat: &Chat, id: i64) -> Vec<String> {
    chat.telegram.inbox(id).into_iter().map(|shown| shown.text).collect()
}

on_both! {
    /// 双人复核: reported as rectified, taken back by a decision, or not answered in time: the request lapses, which
    /// is an event, and the one who asked hears of it; nobody agrees to it any more.
    async fn a_request_lapses_when_its_issue_moves_and_who_asked_is_told(db) {
        let mut config = config();
        config.approval.close_without_recheck = true;
        let office = office_with(db, "2026-11-23 10:00", config).await;
        let chat = Chat::start(&office).await;
        register(&office, &[unfiled("A1", WATER), unfiled("A2", WATER), unfiled("A3", WATER)]).await;
        let chief = chat.bind(&office, "陈监管", Role::Supervisor, None).await;
        let second = chat.bind(&office, "李监管", Role::Supervisor, None).await;
        inspect(&office, &fetcher(), "2026H2").await;
        let all = issues(&office).await;
        let (one, two, three) = (all[0].id, all[1].id, all[2].id);
        for (n, words) in [format!("/close {one}"), format!("/revoke {two} 登记有误"), format!("/close {three}")].iter().enumerate() {
            assert!(tell(&office, n as i64, &chief, words).await.contains("须另一名监管人员同意"), "{words}");
        }
        deliver(&office, &chat).await;
        let _ = (told(&chat, chief.chat_id), told(&chat, second.chat_id));

        // A receipt changes nothing of what was asked; a report of rectification does.
        act(&office, one, Action::Acknowledge, "").await;
        assert!(office.store.read().await.unwrap().approval(1).await.unwrap().unwrap().answered_at.is_none());
        act(&office, one, Action::Fix, "已补报").await;
        assert_eq!(history(&office, one).await, ["opened", "close_requested", "acknowledged", "rectified", "close_lapsed"]);
        let failed = findings(&office, "2026H2", Some(Verdict::Fail)).await;
        let of_two = failed.iter().find(|finding| finding.account_id == all[1].account_id).unwrap().id;
        decide_finding(&office, of_two, false, "备案在省级平台", "王监管").await.unwrap();
        assert_eq!(history(&office, two).await, ["opened", "revoke_requested", "dismissed", "revoke_lapsed"]);
        for request in [1, 2] {
            assert_eq!(approval::answer(&office, request, true, "李监管", "telegram:li").await.unwrap(), Answered::Lapsed);
        }
        assert!(tell(&office, 10, &second, "/approve 1").await.contains("已失效"));
        assert_eq!(stored(&office, one).await.state.status, IssueStatus::Rectified);
        assert_eq!(stored(&office, two).await.state.status, IssueStatus::Dismissed);
        deliver(&office, &chat).await;
        let (asker, other) = (told(&chat, chief.chat_id), told(&chat, second.chat_id));
        let lapsed: Vec<_> = asker.iter().filter(|text| text.contains("已失效，未予办理")).collect();
        assert_eq!(lapsed.len(), 2, "{asker:?}");
        assert!(lapsed[0].contains("申请 1") && lapsed[0].contains("整改反馈") && lapsed[1].contains("排除"), "{lapsed:?}");
        assert!(!other.iter().any(|text| text.contains("已失效，未予办理")), "{other:?}");
        assert!(lapsed[0].contains("请重新提出") && !lapsed[1].contains("请重新提出"), "what has ended is not to be asked for anew: {lapsed:?}");

        // Time alone.
        office.clock.advance(TimeDelta::days(7));
        approval::review_lapsed(&office).await.unwrap();
        approval::review_lapsed(&office).await.unwrap();
        assert_eq!(history(&office, three).await, ["opened", "close_requested", "close_lapsed"]);
        deliver(&office, &chat).await;
        let asker = told(&chat, chief.chat_id);
        assert_eq!(asker.iter().filter(|text| text.contains("未获所需的同意")).count(), 1, "{asker:?}");
        // What is still wanted is asked anew, and answered.
        assert!(tell(&office, 20, &chief, &format!("/close {one}")).await.contains("申请 4"));
        assert!(tell(&office, 21, &second, "/approve 4").await.contains("已同意并办理"));
        assert_eq!(stored(&office, one).await.state.status, IssueStatus::Closed);
    }

    /// What was asked for comes about otherwise: the request is over, and nobody is told that it was not done.
    async fn a_request_that_was_fulfilled_otherwise_is_told_to_nobody(db) {
        let mut config = config();
        config.approval.close_without_recheck = true;
        let office = office_with(db, "2026-11-23 10:00", config).await;
        let chat = Chat::start(&office).await;
        register(&office, &[unfiled("A1", WATER), unfiled("A2", WATER)]).await;
        let chief = chat.bind(&office, "陈监管", Role::Supervisor, None).await;
        chat.bind(&office, "李监管", Role::Supervisor, None).await;
        inspect(&office, &fetcher(), "2026H2").await;
        let all = issues(&office).await;
        let id = |account: &str| all.iter().find(|issue| issue.account_id.as_str() == account).unwrap().id;
        let (one, two) = (id("A1"), id("A2"));
        for (n, words) in [format!("/close {one}"), format!("/revoke {two} 登记有误")].iter().enumerate() {
            assert!(tell(&office, n as i64, &chief, words).await.contains("须另一名监管人员同意"), "{words}");
        }
        deliver(&office, &chat).await;
        let _ = told(&chat, chief.chat_id);
        register(&office, &[account("A1", WATER)]).await;
        recheck::recheck(&office, &fetcher(), one, "xuncha", &Scope::All).await.unwrap();
        assert_eq!(history(&office, one).await, ["opened", "close_requested", "closed", "close_lapsed"]);
        let mut tx = office.store.write().await.unwrap();
        workflow::act_in(&mut tx, &office, two, Action::Revoke, "登记有误", "李监管", &Scope::All).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(history(&office, two).await, ["opened", "revoke_requested", "revoked", "revoke_lapsed"]);
        deliver(&office, &chat).await;
        let asker = told(&chat, chief.chat_id);
        assert!(!asker.iter().any(|text| text.contains("未予办理")), "{asker:?}");
        // Who comes too late learns who acted, not that a request lapsed.
        let late = tell(&office, 10, &chief, &format!("/escalate {one}")).await;
        assert!(late.contains("最近办理") && late.contains("销号") && !late.contains("申请失效"), "{late}");
        assert!(office.store.read().await.unwrap().open_approvals().await.unwrap().is_empty());
    }

    /// A supervisor asks for a look in between that cannot see anything: the look before the deadline is still made.
    async fn a_recheck_that_sees_nothing_takes_nothing_from_the_planned_one(db) {
        let office = office(db, "2026-11-23 10:00").await;
        let chat = Chat::start(&office).await;
        register(&office, &[account("A1", WATER)]).await;
        chat.bind(&office, "水务局管理员", Role::UnitAdmin, Some(WATER)).await;
        inspect(&office, &fetcher(), "2026H2").await;
        let new = [doubt(&office, Indicator::Link, Class::Ordinary, "http://nowhere.invalid/1")];
        let ids = doubts(&office, "2026H2", "A1", 900, &new).await;
        decide_finding(&office, ids[0], true, "", "监管员").await.unwrap();
        office.clock.advance(TimeDelta::minutes(10));
        deliver(&office, &chat).await;
        let id = issues(&office).await[0].id;
        let planned = stored(&office, id).await.recheck_at;
        assert_eq!(planned, Some(at("2026-11-29 00:00")), "the day before the deadline of Monday");
        recheck::ask(&office, id, &Scope::All, "陈监管").await.unwrap();
        assert_eq!(recheck_due(&office, &fetcher()).await.unwrap(), (0, 1));
        assert_eq!(history(&office, id).await, ["opened", "notified", "recheck_requested", "rechecked"]);
        assert_eq!(stored(&office, id).await.recheck_at, planned);
    }

    /// A later round sees what was reported as rectified: rejected, and looked at again before the deadline.
    async fn what_a_later_round_rejects_is_looked_at_again_before_its_deadline(db) {
        let office = office(db, "2026-11-23 10:00").await;
        let chat = Chat::start(&office).await;
        register(&office, &[unfiled("A1", WATER)]).await;
        chat.bind(&office, "水务局管理员", Role::UnitAdmin, Some(WATER)).await;
        inspect(&office, &fetcher(), "2026H2").await;
        chat.deliver(&office).await;
        let id = issues(&office).await[0].id;
        assert_eq!(stored(&office, id).await.recheck_at, Some(at("2026-11-25 00:00")));
        act(&office, id, Action::Fix, "已补报").await;
        office.clock.advance(TimeDelta::hours(1));
        inspect(&office, &fetcher(), "2026-11-23").await;
        let found = stored(&office, id).await;
        assert_eq!(found.state.status, IssueStatus::Acknowledged);
        assert_eq!(found.recheck_at, Some(at("2026-11-25 00:00")));
        office.clock.advance_to(at("2026-11-25 09:00"));
        assert_eq!(recheck_due(&office, &fetcher()).await.unwrap(), (0, 1));
    }

    /// Nobody was bound; two of three problems ended meanwhile: /bind brings the third alone, and of a unit whose
    /// problems have all ended nothing, not even what was decided on them.
    async fn what_waited_for_a_reader_names_only_what_is_still_open(db) {
        let office = office(db, "2026-11-23 10:00").await;
        let chat = Chat::start(&office).await;
        register(&office, &[unfiled("A1", WATER), unfiled("A2", WATER), unfiled("B1", ARCHIVE)]).await;
        inspect(&office, &fetcher(), "2026H2").await;
        let all = issues(&office).await;
        let id = |account: &str| all.iter().find(|issue| issue.account_id.as_str() == account).unwrap().id;
        act(&office, id("A1"), Action::Revoke, "登记有误").await;
        act(&office, id("B1"), Action::Close, "").await;
        office.clock.advance_to(at("2026-12-07 10:00"));
        let water = chat.bind(&office, "水务局管理员", Role::UnitAdmin, Some(WATER)).await;
        let archive = chat.bind(&office, "档案馆管理员", Role::UnitAdmin, Some(ARCHIVE)).await;
        deliver(&office, &chat).await;
        let texts = told(&chat, water.chat_id);
        assert!(texts.len() == 1 && texts[0].contains("整改通知") && texts[0].contains("发布A2"), "{texts:?}");
        assert!(!texts[0].contains("发布A1"), "{texts:?}");
        assert!(told(&chat, archive.chat_id).is_empty());
        assert_eq!(history(&office, id("A2")).await, ["opened", "notified"]);
        assert_eq!(stored(&office, id("A1")).await.notified_at, None);

        let units: Vec<_> = notices(&office).await.into_iter().filter(|notice| notice.unit.is_some()).collect();
        let states: Vec<_> = units.iter().map(|notice| notice.status.as_str()).collect();
        assert_eq!(states, ["withdrawn", "sent", "withdrawn", "withdrawn"]);
        let mut tx = office.store.read().await.unwrap();
        let mut events = Vec::new();
        for notice in &units {
            for event in tx.events_of("notice", &notice.number).await.unwrap() {
                events.push((event.kind, event.note));
            }
        }
        let event = |kind: &str, account| (kind.to_owned(), id(account).to_string());
        assert_eq!(events, [event("withdrawn", "B1"), event("narrowed", "A1"), event("withdrawn", "A1"), event("withdrawn", "B1")]);
        let undelivered = tx.undelivered(office.now() + TimeDelta::days(1)).await.unwrap();
        assert!(undelivered.iter().all(|line| line.unit.is_none()), "{undelivered:?}");
        let row = tx.require_round(round("2026H2")).await.unwrap().id;
        assert_eq!(tx.notice_totals(row).await.unwrap(), (1, 1, 0), "one written, one delivered");
        drop(tx);

        // What is found later does not go into what was withdrawn, which nobody would ever send.
        let new = [doubt(&office, Indicator::Link, Class::Ordinary, "http://b.example/1")];
        let ids = doubts(&office, "2026H2", "B1", 900, &new).await;
        decide_finding(&office, ids[0], true, "", "监管员").await.unwrap();
        office.clock.advance(TimeDelta::minutes(10));
        deliver(&office, &chat).await;
        let texts: Vec<_> = told(&chat, archive.chat_id).into_iter().filter(|text| text.contains("整改通知")).collect();
        assert!(texts.len() == 1 && texts[0].contains("http://b.example/1"), "{texts:?}");
        assert!(texts[0].contains("以下 1 项问题"), "the new one alone: {texts:?}");
        let later = issues(&office).await.into_iter().find(|issue| issue.subject == "http://b.example/1").unwrap();
        assert_eq!(history(&office, later.id).await, ["opened", "notified"]);
    }

    /// The alert names what stands: not what a person had taken back and the round merely saw again.
    async fn an_alert_names_no_veto_that_was_taken_back(db) {
        let site = Site::start().await;
        let office = office(db, "2026-11-23 10:00").await;
        let old = [at("2026-08-01 08:00")];
        register(&office, &[fed("A1", WATER, site.feed("/a1", &old))]).await;
        inspect(&office, &fetcher(), "2026-11-23").await;
        let first = issues(&office).await[0].id;
        act(&office, first, Action::Revoke, "停电属实").await;
        office.clock.advance_to(at("2026-11-24 10:00"));
        register(&office, &[fed("B1", ARCHIVE, site.feed("/b1", &old))]).await;
        inspect(&office, &fetcher(), "2026-11-24").await;
        assert_eq!(stored(&office, first).await.state.status, IssueStatus::Revoked, "the same fact opens nothing anew");
        let judged: Vec<_> = notices(&office)
            .await
            .into_iter()
            .filter_map(|notice| match notice.body {
                NoticeBody::Alert(Alert::RoundJudged { vetoes, veto_count, .. }) => {
                    Some((vetoes.into_iter().map(|line| line.unit).collect::<Vec<_>>(), veto_count))
                }
                _ => None,
            })
            .collect();
        assert_eq!(judged, [(vec![WATER.to_owned()], 1), (vec![ARCHIVE.to_owned()], 1)]);
    }

    /// Confirmed in two rounds, then revoked, then the second round is judged: the old word opens nothing anew.
    async fn a_decision_from_before_the_end_reopens_nothing(db) {
        let office = office(db, "2026-11-23 10:00").await;
        register(&office, &[account("A1", WATER)]).await;
        inspect(&office, &fetcher(), "2026-11-23").await;
        sampling::open(&office, round("2026H2"), &sampling::Wishes::default()).await.unwrap();
        let new = [doubt(&office, Indicator::Link, Class::Ordinary, "http://a.example/1")];
        let ids = doubts(&office, "2026-11-23", "A1", 900, &new).await;
        doubts(&office, "2026H2", "A1", 901, &new).await;
        decide_finding(&office, ids[0], true, "", "监管员").await.unwrap();
        let id = issues(&office).await[0].id;
        office.clock.advance(TimeDelta::hours(1));
        act(&office, id, Action::Revoke, "线路故障").await;
        office.clock.advance(TimeDelta::hours(1));
        let ran = run::run(&office, &fetcher(), round("2026H2"), run::Wishes::default(), |_| {}).await.unwrap();
        assert_eq!(ran.opened.unwrap().reopened, 0);
        assert_eq!(history(&office, id).await, ["opened", "revoked"]);
        // A person who looks again and says so opens it.
        let again = doubts(&office, "2026H2", "A1", 902, &[doubt(&office, Indicator::Link, Class::Ordinary, "http://a.example/2")]).await;
        decide_finding(&office, again[0], true, "", "监管员").await.unwrap();
        assert_eq!(issues(&office).await.len(), 2);
    }
}
