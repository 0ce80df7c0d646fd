//! What waited for a reader goes out as far as it is still so: nobody is told to put right what has ended.

use chrono::{DateTime, Utc};

use crate::domain::issue::IssueStatus;
use crate::domain::notice::NoticeBody;
use crate::office::Office;
use crate::store::{NewEvent, NoticeRow, StoreError, StoredIssue, Tx};

/// Looks at a notice that nobody has received, before it is put into an outbox; `false`: there is nothing
/// left to say, and it was withdrawn.
///
/// What may have arrived all the same stays word for word as it is: it is repeated under its number.
pub(super) async fn still_says(tx: &mut Tx, office: &Office, id: i64, now: DateTime<Utc>) -> Result<bool, StoreError> {
    let notice = tx.notice(id).await?;
    if notice.unit.is_none() || tx.may_have_arrived(id).await? {
        return Ok(true);
    }
    let mut told = Vec::new();
    for issue in tx.issues_of_notice(id).await? {
        told.push(tx.issue(issue, office.zone()).await?);
    }
    let holds = |issue: i64| told.iter().any(|found| found.issue.id == issue && holds(&notice, found));
    let (left, all, body) = match &notice.body {
        NoticeBody::Rectification { round, as_of, items } => {
            let left: Vec<_> = items.iter().filter(|item| holds(item.issue)).cloned().collect();
            (left.len(), items.len(), NoticeBody::Rectification { round: *round, as_of: *as_of, items: left })
        }
        NoticeBody::Reminder { lines, .. } => {
            let left: Vec<_> = lines.iter().filter(|line| holds(line.issue)).cloned().collect();
            let written_on = office.date(notice.created_at);
            let last_day = left.iter().any(|line| line.due_at.is_some_and(|due| office.date(due.utc()) <= written_on));
            (left.len(), lines.len(), NoticeBody::Reminder { lines: left, last_day })
        }
        NoticeBody::Warning { accounts } => {
            let left: Vec<_> = accounts.iter().filter(|soon| soon.violation_at.utc() > now).cloned().collect();
            (left.len(), accounts.len(), NoticeBody::Warning { accounts: left })
        }
        NoticeBody::Decision { line, .. } if !holds(line.issue) && !was_heard_of(tx, line.issue).await? => {
            (0, 1, notice.body.clone())
        }
        _ => return Ok(true),
    };
    if left == all {
        return Ok(true);
    }
    let gone: Vec<i64> = told.iter().map(|found| found.issue.id).filter(|issue| !holds(*issue)).collect();
    // What was withdrawn keeps its words for whoever looks it up.
    tx.narrow_notice(id, if left == 0 { &notice.body } else { &body }, &gone).await?;
    let note = gone.iter().map(i64::to_string).collect::<Vec<_>>().join("、");
    let kind = if left == 0 { Tx::WITHDRAWN } else { Tx::NARROWED };
    let event = NewEvent {
        at: now,
        actor: crate::ACTOR,
        subject_kind: "notice",
        subject_id: &notice.number,
        kind,
        note: &note,
        data: "",
    };
    tx.append_event(event).await?;
    Ok(left > 0)
}

/// Whether what a notice says of an issue is so today.
fn holds(notice: &NoticeRow, found: &StoredIssue) -> bool {
    // Opened anew since, it has a notice of its own.
    let same = notice.created_at >= found.issue.opened_at.utc();
    let status = found.state.status;
    same && match notice.body {
        NoticeBody::Reminder { .. } => matches!(status, IssueStatus::Notified | IssueStatus::Acknowledged),
        _ => !status.is_final(),
    }
}

/// Whether a unit has been told of an issue, or is about to be: then it is told what became of it too.
async fn was_heard_of(tx: &mut Tx, issue: i64) -> Result<bool, StoreError> {
    for notice in tx.rectifications_of(issue).await? {
        if tx.may_have_arrived(notice).await? {
            return Ok(true);
        }
    }
    Ok(false)
}
