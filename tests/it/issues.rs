//! An issue from opening to its end: every step, its event, and the clock that delivery starts.

use chrono::{DateTime, TimeDelta, Utc};
use xuncha::checks::decide::decide_finding;
use xuncha::checks::recheck::{recheck, recheck_due};
use xuncha::domain::finding::Outcome;
use xuncha::domain::issue::{Action, Issue, IssueStatus, Refusal};
use xuncha::domain::person::Role;
use xuncha::fetch::Fetcher;
use xuncha::issues::clock::{pass_deadlines, remind};
use xuncha::issues::{self as workflow, IssueError, Scope};
use xuncha::office::Office;

use crate::world::both::on_both;
use crate::world::db::Database;
use crate::world::site::Site;
use crate::world::{
    Chat, account, at, fed, fetcher, findings, history, inspect, issues, notices, office, register, unfiled,
};

const UNIT: &str = "云溪区水务局";

/// One account without a filing, found and notified at `now`.
async fn notified(db: &Database, now: &str) -> (Office, Chat, Fetcher, Issue) {
    let office = office(db, now).await;
    let fetcher = fetcher();
    let chat = Chat::start(&office).await;
    register(&office, &[unfiled("A1", UNIT), account("B1", "云溪区档案馆")]).await;
    chat.bind(&office, "水务局管理员", Role::UnitAdmin, Some(UNIT)).await;
    inspect(&office, &fetcher, "2026H2").await;
    assert_eq!(chat.deliver(&office).await.sent, 1);
    let issue = only(&office).await;
    (office, chat, fetcher, issue)
}

async fn only(office: &Office) -> Issue {
    let mut all = issues(office).await;
    assert_eq!(all.len(), 1);
    all.remove(0)
}

async fn act(office: &Office, id: i64, action: Action, note: &str) -> Result<bool, IssueError> {
    let acted = workflow::act(office, id, action, note, "水务局管理员", &Scope::Unit(UNIT.to_owned())).await?;
    Ok(acted.changed)
}

/// Does what has to change something.
async fn done(office: &Office, id: i64, action: Action, note: &str) -> Issue {
    assert!(act(office, id, action.clone(), note).await.unwrap(), "{action:?}");
    only(office).await
}

fn due(issue: &Issue) -> DateTime<Utc> {
    issue.due_at.unwrap().utc()
}

/// The last second of a day by the office's clocks.
fn end_of(day: &str) -> DateTime<Utc> {
    at(&format!("{day} 23:59")) + TimeDelta::seconds(59)
}

on_both! {
    /// 2026-09-29 + 3 working days is 2026-10-09: the national day week is not counted.
    async fn the_deadline_counts_working_days_from_the_day_after_delivery(db) {
        let (office, _chat, _, issue) = notified(db, "2026-09-29 10:00").await;
        assert_eq!(issue.status, IssueStatus::Notified);
        assert_eq!(due(&issue), end_of("2026-10-09"));
        assert!(!issue.due_provisional);
        assert_eq!(history(&office, issue.id).await, ["opened", "notified"]);
    }

    /// The table of 2027 is not announced: the date is an estimate and says so.
    async fn a_deadline_into_a_year_without_a_table_is_provisional(db) {
        let (_office, _chat, _, issue) = notified(db, "2026-12-30 10:00").await;
        assert_eq!(due(&issue), end_of("2027-01-05"));
        assert!(issue.due_provisional);
    }

    /// 签收, 整改, 退回, 整改, 复查, 销号: acknowledged is not rectified, and the machine measures again.
    async fn a_claim_that_is_none_is_rejected_and_a_real_repair_closes_the_issue(db) {
        let (office, chat, fetcher, issue) = notified(db, "2026-11-23 10:00").await;
        let id = issue.id;
        office.clock.advance(TimeDelta::hours(1));
        let issue = done(&office, id, Action::Acknowledge, "").await;
        assert_eq!(issue.status, IssueStatus::Acknowledged);
        assert_eq!(issue.acknowledged_at.unwrap().utc(), office.now());
        assert!(!act(&office, id, Action::Acknowledge, "").await.unwrap(), "twice is once");
        assert!(matches!(
            act(&office, id, Action::Fix, " ").await,
            Err(IssueError::Refused { refusal: Refusal::NoteMissing, .. })
        ));

        office.clock.advance(TimeDelta::hours(1));
        let issue = done(&office, id, Action::Fix, "已补办备案").await;
        assert_eq!(issue.status, IssueStatus::Rectified);
        // The recheck follows at once, at that moment's monitoring time, and sees that nothing was done.
        assert_eq!(recheck_due(&office, &fetcher).await.unwrap(), (0, 1));
        let issue = only(&office).await;
        assert_eq!((issue.status, issue.rectified_at), (IssueStatus::Acknowledged, None));

        register(&office, &[account("A1", UNIT)]).await;
        office.clock.advance(TimeDelta::hours(1));
        done(&office, id, Action::Fix, "备案号已登记").await;
        assert_eq!(recheck_due(&office, &fetcher).await.unwrap(), (1, 1));
        let issue = only(&office).await;
        assert_eq!(issue.status, IssueStatus::Closed);
        assert_eq!(issue.closed_at.unwrap().utc(), office.now());
        assert_eq!(
            history(&office, id).await,
            ["opened", "notified", "acknowledged", "rectified", "rejected", "rectified", "closed"]
        );
        assert!(matches!(
            act(&office, id, Action::Fix, "再次整改").await,
            Err(IssueError::Refused { refusal: Refusal::WrongStatus { .. }, .. })
        ));
        // The unit hears of both: rejected, closed.
        office.clock.advance(TimeDelta::seconds(5));
        let mut told = 0;
        for _ in 0..3 {
            told += chat.deliver(&office).await.sent;
            office.clock.advance(TimeDelta::seconds(5));
        }
        assert_eq!(told, 2);
    }

    /// 申诉: the time it takes to decide is given back.
    async fn an_appeal_stops_the_clock_and_upholding_gives_the_time_back(db) {
        let (office, _chat, fetcher, issue) = notified(db, "2026-11-23 10:00").await;
        let (id, before) = (issue.id, due(&issue));
        done(&office, id, Action::Acknowledge, "").await;
        office.clock.advance_to(at("2026-11-24 10:00"));
        let issue = done(&office, id, Action::Appeal, "系统停电").await;
        assert_eq!(issue.status, IssueStatus::Appealed);
        assert!(!act(&office, id, Action::Appeal, "系统停电").await.unwrap());
        // Far behind the deadline nothing is late, and a recheck changes nothing.
        office.clock.advance_to(at("2026-12-04 10:00"));
        assert_eq!(pass_deadlines(&office).await.unwrap(), 0);
        assert_eq!(remind(&office).await.unwrap(), 0);
        recheck(&office, &fetcher, id, "xuncha", &Scope::All).await.unwrap();
        assert_eq!(only(&office).await.status, IssueStatus::Appealed);
        office.clock.advance(TimeDelta::seconds(16));
        let issue = done(&office, id, Action::Uphold, "").await;
        assert_eq!(issue.status, IssueStatus::Acknowledged);
        // Ten days and some seconds given back end on Monday just after midnight; the unit has all of Monday.
        let after = before + TimeDelta::days(11);
        assert_eq!(due(&issue), after);
        assert_eq!(pass_deadlines(&office).await.unwrap(), 0);
        office.clock.advance_to(after + TimeDelta::seconds(1));
        assert_eq!(pass_deadlines(&office).await.unwrap(), 1);
        assert_eq!(only(&office).await.status, IssueStatus::Overdue);
    }

    /// An appeal that is granted ends the issue; so does a dismissed finding.
    async fn a_revoked_finding_ends_the_issue(db) {
        let (office, _chat, _, issue) = notified(db, "2026-11-23 10:00").await;
        done(&office, issue.id, Action::Appeal, "系统停电").await;
        assert!(matches!(
            act(&office, issue.id, Action::Revoke, "").await,
            Err(IssueError::Refused { refusal: Refusal::NoteMissing, .. })
        ));
        let issue = done(&office, issue.id, Action::Revoke, "停电属实").await;
        assert_eq!(issue.status, IssueStatus::Revoked);
        assert!(issue.closed_at.is_some());
        assert_eq!(history(&office, issue.id).await, ["opened", "notified", "appealed", "revoked"]);
    }

    /// Late, escalated, and still to be rectified.
    async fn what_passes_its_deadline_is_overdue_and_may_be_escalated(db) {
        let (office, _chat, _, issue) = notified(db, "2026-11-23 10:00").await;
        let id = issue.id;
        assert!(matches!(act(&office, id, Action::Escalate, "").await, Err(IssueError::Refused { .. })));
        office.clock.advance_to(due(&issue));
        assert_eq!(pass_deadlines(&office).await.unwrap(), 0, "the last second still counts");
        office.clock.advance(TimeDelta::seconds(1));
        assert_eq!(pass_deadlines(&office).await.unwrap(), 1);
        assert_eq!(pass_deadlines(&office).await.unwrap(), 0);
        assert_eq!(only(&office).await.status, IssueStatus::Overdue);
        assert_eq!(done(&office, id, Action::Acknowledge, "").await.status, IssueStatus::Overdue);
        assert_eq!(done(&office, id, Action::Escalate, "").await.status, IssueStatus::Escalated);
        assert_eq!(done(&office, id, Action::Fix, "已整改").await.status, IssueStatus::Rectified);
        assert_eq!(done(&office, id, Action::Reject, "未见备案").await.status, IssueStatus::Overdue);
        assert_eq!(
            history(&office, id).await,
            ["opened", "notified", "overdue", "acknowledged", "escalated", "rectified", "rejected"]
        );
    }

    /// 延期: asked for, refused, asked for again, granted.
    async fn more_time_is_asked_for_and_a_supervisor_decides(db) {
        let (office, _chat, _, issue) = notified(db, "2026-11-23 10:00").await;
        let (id, before) = (issue.id, due(&issue));
        for too_early in [before, before - TimeDelta::days(1)] {
            let asked = act(&office, id, Action::RequestExtension(too_early), "人手不足").await;
            assert!(matches!(asked, Err(IssueError::Refused { refusal: Refusal::NotLater, .. })));
        }
        let granted = act(&office, id, Action::Extend(None), "").await;
        assert!(matches!(granted, Err(IssueError::Refused { refusal: Refusal::NothingRequested, .. })));
        let until = end_of("2026-12-04");
        let issue = done(&office, id, Action::RequestExtension(until), "人手不足").await;
        assert_eq!(due(&issue), before, "asking changes nothing");
        done(&office, id, Action::RefuseExtension, "已给足时间").await;
        assert_eq!(due(&only(&office).await), before);
        done(&office, id, Action::RequestExtension(until), "设备到货延迟").await;
        assert_eq!(due(&done(&office, id, Action::Extend(None), "").await), until);
        assert!(!act(&office, id, Action::Extend(Some(until)), "").await.unwrap(), "granting twice is granting once");
        assert_eq!(
            history(&office, id).await,
            ["opened", "notified", "extension_requested", "extension_refused", "extension_requested", "extended"]
        );
        office.clock.advance_to(before + TimeDelta::seconds(1));
        assert_eq!(pass_deadlines(&office).await.unwrap(), 0);
    }

    /// 排除: what the finding said was wrong, so the issue was.
    async fn a_dismissed_finding_takes_its_issue_with_it(db) {
        let (office, _chat, _, issue) = notified(db, "2026-11-23 10:00").await;
        let failed = findings(&office, "2026H2", Some(Outcome::Fail)).await;
        assert!(decide_finding(&office, failed[0].id, false, " ", "监管员").await.is_err());
        let decided = decide_finding(&office, failed[0].id, false, "备案在省级平台", "监管员").await.unwrap();
        assert_eq!(decided.finding.outcome, Outcome::Pass);
        let after = only(&office).await;
        assert_eq!((after.id, after.status), (issue.id, IssueStatus::Dismissed));
        let before = history(&office, issue.id).await;
        decide_finding(&office, failed[0].id, false, "备案在省级平台", "监管员").await.unwrap();
        assert_eq!(history(&office, issue.id).await, before, "a second decision changes nothing");
    }

    /// 僵尸账号 replaces 内容不更新: one defect, one issue; found again it is not told again.
    async fn the_same_defect_found_again_is_the_same_issue(db) {
        let site = Site::start().await;
        let office = office(db, "2026-11-23 10:00").await;
        let fetcher = fetcher();
        register(&office, &[fed("A1", UNIT, site.feed("/a1", &[at("2026-11-01 08:00")]))]).await;
        inspect(&office, &fetcher, "2026-11-23").await;
        let first = only(&office).await;
        assert_eq!(first.indicator.key(), "stale");
        let written = notices(&office).await.iter().filter(|n| n.unit.is_some()).count();
        office.clock.advance_to(at("2027-02-10 10:00"));
        let ran = inspect(&office, &fetcher, "2027-02-10").await;
        assert_eq!(ran.opened.unwrap().found_again, 1);
        let second = only(&office).await;
        assert_eq!((second.id, second.indicator.key()), (first.id, "zombie"));
        assert_eq!(second.round, first.round, "the round that found it first");
        assert_eq!(history(&office, first.id).await, ["opened", "found_again"]);
        assert_eq!(notices(&office).await.iter().filter(|n| n.unit.is_some()).count(), written);

        // Repaired, closed, and silent again later: opened anew, and told anew.
        site.feed("/a1", &[office.now() - TimeDelta::hours(1)]);
        recheck(&office, &fetcher, first.id, "监管员", &Scope::All).await.unwrap();
        assert_eq!(only(&office).await.status, IssueStatus::Closed);
        office.clock.advance_to(at("2027-03-10 10:00"));
        assert_eq!(inspect(&office, &fetcher, "2027-03-10").await.opened.unwrap().reopened, 1);
        let third = only(&office).await;
        assert_eq!((third.id, third.status, third.indicator.key()), (first.id, IssueStatus::Open, "stale"));
        assert_eq!(third.due_at, None, "the old deadline is not the new one's");
        assert_eq!(history(&office, first.id).await, ["opened", "found_again", "closed", "reopened"]);
    }

    /// What belongs to another unit is answered like what does not exist.
    async fn a_unit_touches_its_own_issues_alone(db) {
        let (office, _chat, _, issue) = notified(db, "2026-11-23 10:00").await;
        let stranger = Scope::Unit("云溪区档案馆".to_owned());
        for id in [issue.id, 999] {
            let refused = workflow::act(&office, id, Action::Acknowledge, "", "档案馆", &stranger).await;
            assert!(matches!(refused, Err(IssueError::NotFound(n)) if n == id), "{refused:?}");
            assert!(matches!(workflow::find(&office, id, &stranger).await, Err(IssueError::NotFound(_))));
        }
        let all = xuncha::store::IssueQuery::default();
        assert!(workflow::list(&office, &all, &stranger, 0, 10).await.unwrap().is_empty());
        assert_eq!(history(&office, issue.id).await, ["opened", "notified"]);
    }

    /// The history cannot be rewritten, not even behind the program's back.
    async fn the_database_refuses_to_change_or_remove_an_event(db) {
        let (office, _chat, _, issue) = notified(db, "2026-11-23 10:00").await;
        let events = db.number("SELECT COUNT(*) FROM event").await;
        assert!(events > 2);
        for text in ["UPDATE event SET actor = 'nobody'", "DELETE FROM event", "DELETE FROM event WHERE id = 1"] {
            let error = db.sql(text).await.expect_err(text).to_string();
            assert!(error.contains("events are never"), "{text}: {error}");
        }
        assert_eq!(db.number("SELECT COUNT(*) FROM event").await, events);
        assert_eq!(history(&office, issue.id).await, ["opened", "notified"]);
        // Each row holds the hash of the one before it.
        let broken = "SELECT COUNT(*) FROM event e WHERE e.id > (SELECT MIN(id) FROM event)
            AND e.prev_hash NOT IN (SELECT hash FROM event)";
        assert_eq!(db.number(broken).await, 0);
    }

    /// An appeal against what has not been delivered yet: when it is upheld the clock still starts.
    async fn an_appeal_before_delivery_does_not_lose_the_deadline(db) {
        let office = office(db, "2026-11-23 10:00").await;
        let chat = Chat::start(&office).await;
        register(&office, &[unfiled("A1", UNIT)]).await;
        inspect(&office, &fetcher(), "2026H2").await;
        let issue = only(&office).await;
        assert_eq!(issue.status, IssueStatus::Open);
        done(&office, issue.id, Action::Appeal, "系统停电").await;
        chat.bind(&office, "水务局管理员", Role::UnitAdmin, Some(UNIT)).await;
        assert_eq!(chat.deliver(&office).await.sent, 1);
        office.clock.advance_to(at("2026-11-24 10:00"));
        let issue = done(&office, issue.id, Action::Uphold, "").await;
        assert_eq!(issue.status, IssueStatus::Notified);
        assert!(due(&issue) > office.now());
        office.clock.advance_to(due(&issue) + TimeDelta::seconds(1));
        assert_eq!(pass_deadlines(&office).await.unwrap(), 1);
    }
}
