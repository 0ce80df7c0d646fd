//! Every step of the workflow, allowed and refused.

use super::*;
use chrono::Duration;

fn at(hours: i64) -> DateTime<Utc> {
    "2026-11-23T01:00:00Z".parse::<DateTime<Utc>>().unwrap() + Duration::hours(hours)
}

fn state(status: IssueStatus) -> IssueState {
    IssueState {
        status,
        due_at: Some(at(72)),
        before_appeal: None,
        stopped_at: None,
        requested_until: None,
        acknowledged_at: None,
        rectified_at: None,
        closed_at: None,
    }
}

fn change(state: &IssueState, action: &Action, hours: i64) -> (IssueState, EventKind) {
    match decide(state, action, "因为", at(hours)) {
        Ok(Decision::Change(next, kind)) => (next, kind),
        other => panic!("{action:?} on {:?}: {other:?}", state.status),
    }
}

#[test]
fn the_straight_road_ends_in_closed() {
    let (s, _) = change(&state(IssueStatus::Notified), &Action::Acknowledge, 1);
    let (s, _) = change(&s, &Action::Fix, 2);
    let (s, kind) = change(&s, &Action::Recheck { passed: true }, 3);
    assert_eq!((s.status, kind, s.closed_at), (IssueStatus::Closed, EventKind::Closed, Some(at(3))));
}

#[test]
fn an_appeal_gives_back_the_time_it_took() {
    let (s, _) = change(&state(IssueStatus::Acknowledged), &Action::Appeal, 10);
    assert_eq!(decide(&s, &Action::PassDeadline, "", at(500)), Ok(Decision::Already));
    let (s, _) = change(&s, &Action::Uphold, 58);
    assert_eq!((s.status, s.due_at), (IssueStatus::Acknowledged, Some(at(72 + 48))));
}

#[test]
fn repeating_an_action_changes_nothing() {
    for (status, action) in [
        (IssueStatus::Rectified, Action::Fix),
        (IssueStatus::Appealed, Action::Appeal),
        (IssueStatus::Closed, Action::Close),
        (IssueStatus::Revoked, Action::Revoke),
        (IssueStatus::Escalated, Action::Escalate),
    ] {
        assert_eq!(decide(&state(status), &action, "因为", at(1)), Ok(Decision::Already), "{action:?}");
    }
}

#[test]
fn nothing_moves_an_issue_that_has_ended_but_its_own_repetition() {
    for status in [IssueStatus::Closed, IssueStatus::Revoked, IssueStatus::Dismissed] {
        for action in
            [Action::Acknowledge, Action::Fix, Action::Appeal, Action::Uphold, Action::Reject, Action::Escalate]
        {
            assert!(decide(&state(status), &action, "因为", at(1)).is_err(), "{status} {action:?}");
        }
    }
}

#[test]
fn a_failed_recheck_after_the_deadline_makes_it_overdue() {
    let (s, _) = change(&state(IssueStatus::Acknowledged), &Action::Fix, 1);
    let (s, kind) = change(&s, &Action::Recheck { passed: false }, 100);
    assert_eq!((s.status, kind), (IssueStatus::Overdue, EventKind::Rejected));
}
