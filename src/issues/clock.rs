//! Deadlines: started by delivery, moved by decisions, followed by reminders and rechecks.
//!
//! N working days, counted from the day after a channel accepted the notice. One reminder
//! at half time, one on the last working day; a recheck on the day before the deadline.

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};

use crate::domain::issue::{Action, EventKind};
use crate::domain::notice::{NoticeBody, NoticeKind};
use crate::domain::rule::Class;
use crate::domain::time::in_zone;
use crate::domain::workday::{Deadline, due_at};
use crate::notify::{self, Draft, Reader};
use crate::office::Office;
use crate::store::{StoreError, StoredIssue, Tx};

use super::{IssueError, Scope, act_in, append, line};

/// The deadline of a class of problem whose notice a channel accepts at `accepted_at`.
#[must_use]
pub fn deadline(office: &Office, class: Class, accepted_at: DateTime<Utc>) -> Deadline {
    office.calendar.deadline(office.date(accepted_at), office.working_days(class))
}

/// The end of the day of `due`, or of the next working day where that is a day off: a unit is told
/// a date, and has the whole of it.
#[must_use]
pub fn end_of_working_day(office: &Office, due: DateTime<Utc>) -> DateTime<Utc> {
    let day = office.date(due);
    let on = if office.calendar.is_workday(day) { day } else { office.calendar.next_workday(day) };
    due_at(Deadline { on, provisional: false }, office.zone())
}

/// A channel accepted a notice for the first time: the clocks of its issues start.
pub async fn delivered(tx: &mut Tx, office: &Office, notice_id: i64, now: DateTime<Utc>) -> Result<(), StoreError> {
    let notice = tx.notice(notice_id).await?;
    if notice.kind != NoticeKind::Rectification {
        return Ok(());
    }
    for id in tx.issues_of_notice(notice_id).await? {
        let found = tx.issue(id, office.zone()).await?;
        // Advice is advice: no clock runs against it.
        let deadline = (found.issue.class != Class::Advice).then(|| deadline(office, found.issue.class, now));
        let due = deadline.map(|deadline| due_at(deadline, office.zone()));
        if tx.start_clock(id, now, due, deadline.is_some_and(|deadline| deadline.provisional)).await? {
            plan(tx, office, id, due, now).await?;
            append(tx, id, now, crate::ACTOR, EventKind::Notified, &notice.number).await?;
        }
    }
    Ok(())
}

/// Plans reminders and the recheck before a deadline that has just been set or moved.
pub async fn plan(
    tx: &mut Tx,
    office: &Office,
    id: i64,
    due: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let Some(due) = due else { return Ok(()) };
    plan_recheck(tx, office, id, due, now).await?;
    tx.plan_reminder(id, next_reminder(office, office.date(now), office.date(due), now)).await
}

/// Plans both for an issue whose rectification was not accepted: half time counts from the notice still.
pub async fn plan_again(
    tx: &mut Tx,
    office: &Office,
    found: &StoredIssue,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let Some(due) = found.state.due_at else { return Ok(()) };
    plan_recheck(tx, office, found.issue.id, due, now).await?;
    let from = office.date(found.notified_at.unwrap_or(now));
    tx.plan_reminder(found.issue.id, next_reminder(office, from, office.date(due), now)).await
}

/// Plans the recheck on the day before a deadline, unless that day has begun.
pub async fn plan_recheck(
    tx: &mut Tx,
    office: &Office,
    id: i64,
    due: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let day_before = office.date(due).pred_opt().map(|day| morning(office, day)).filter(|at| *at > now);
    tx.plan_recheck(id, day_before).await
}

/// The next of the two reminders: half time, then the last working day.
fn next_reminder(office: &Office, from: NaiveDate, last: NaiveDate, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let last_day = if office.calendar.is_workday(last) { last } else { office.calendar.previous_workday(last) };
    [office.calendar.half_way(from, last), last_day].into_iter().map(|day| morning(office, day)).find(|at| *at > now)
}

/// When the working day of a date begins for messages: midnight, so that the morning's run takes it.
fn morning(office: &Office, day: NaiveDate) -> DateTime<Utc> {
    in_zone(day.and_time(NaiveTime::MIN), office.zone()).unwrap_or_default()
}

/// Reminds every unit whose issues are due for it; one message a unit. Gives the number of messages.
pub async fn remind(office: &Office) -> Result<usize, StoreError> {
    let now = office.now();
    let mut tx = office.store.write().await?;
    let mut by_unit = std::collections::BTreeMap::<String, Vec<StoredIssue>>::new();
    for id in tx.issues_to_remind(now).await? {
        let found = tx.issue(id, office.zone()).await?;
        by_unit.entry(found.issue.unit.clone()).or_default().push(found);
    }
    let mut written = 0;
    let today = office.date(now);
    for (unit, issues) in &by_unit {
        let last_day = issues.iter().any(|i| i.state.due_at.is_some_and(|due| office.date(due) <= today));
        let ids: Vec<i64> = issues.iter().map(|i| i.issue.id).collect();
        let body = NoticeBody::Reminder { lines: issues.iter().map(line).collect(), last_day };
        let dedup_key = format!("reminder:{unit}:{today}:{ids:?}");
        let draft = Draft {
            reader: Reader::Unit(unit),
            round_id: None,
            body: &body,
            issues: &ids,
            urgent: false,
            dedup_key: &dedup_key,
        };
        if notify::write(&mut tx, office, draft, now).await?.is_some() {
            written += 1;
        }
        for found in issues {
            let last = found.state.due_at.map_or(today, |due| office.date(due));
            let next = next_reminder(office, last, last, now).filter(|at| office.date(*at) > today);
            tx.plan_reminder(found.issue.id, next).await?;
            append(&mut tx, found.issue.id, now, crate::ACTOR, EventKind::Reminded, "").await?;
        }
    }
    tx.commit().await?;
    Ok(written)
}

/// Marks what has passed its deadline. Gives the number of issues.
pub async fn pass_deadlines(office: &Office) -> Result<usize, IssueError> {
    let mut tx = office.store.write().await?;
    let late = tx.issues_past_deadline(office.now()).await?;
    for id in &late {
        act_in(&mut tx, office, *id, Action::PassDeadline, "", crate::ACTOR, &Scope::All).await?;
    }
    tx.commit().await?;
    Ok(late.len())
}
