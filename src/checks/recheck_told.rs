//! Who hears what a recheck saw: whoever asked for it, and a supervisor where a person has to go on.

use chrono::{DateTime, Utc};

use super::recheck::Measured;
use crate::domain::issue::{Event, EventKind, Issue, IssueStatus};
use crate::domain::notice::Alert;
use crate::issues;
use crate::notify;
use crate::office::Office;
use crate::store::{StoreError, StoredIssue, Tx};

/// What a recheck saw, and for whom.
pub(super) struct Seen<'a> {
    pub(super) measured: &'a Measured,
    /// A person has to go on from here.
    pub(super) for_a_person: bool,
    /// Who asked for it.
    pub(super) asked: Vec<&'a Event>,
}

/// The requests for a recheck that no recheck has answered yet.
pub(super) fn asked(issue: &Issue) -> Vec<&Event> {
    let answers =
        |kind| matches!(kind, EventKind::Rechecked | EventKind::Rejected | EventKind::Closed | EventKind::Reopened);
    let since = issue.events.iter().rev().take_while(|event| !answers(event.kind));
    since.filter(|event| event.kind == EventKind::RecheckRequested).collect()
}

/// Writes what is told of a recheck that has just been made.
pub(super) async fn tell(
    tx: &mut Tx,
    office: &Office,
    after: &StoredIssue,
    seen: &Seen<'_>,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let (id, events) = (after.issue.id, &after.issue.events);
    let (own, units): (Vec<&Event>, Vec<&Event>) = seen.asked.iter().copied().partition(|event| event.note.is_empty());
    let told = events.last().is_some_and(|event| matches!(event.kind, EventKind::Rejected | EventKind::Closed));
    if !units.is_empty() && !told {
        let key = format!("rechecked:{id}:{}:unit", events.len());
        issues::tell_unit(tx, office, after, EventKind::Rechecked, &seen.measured.sentence, &key, now).await?;
    }
    if own.is_empty() && !seen.for_a_person {
        return Ok(());
    }
    let mut names: Vec<&str> = own.iter().map(|event| event.actor.as_str()).collect();
    names.reverse();
    // Unasked, one report of a unit gives one word of the machine.
    let report =
        |kind| matches!(kind, EventKind::Rectified | EventKind::Rejected | EventKind::Reopened | EventKind::FoundAgain);
    let key = if names.is_empty() {
        let since = events.iter().rposition(|event| report(event.kind)).unwrap_or_default();
        format!("rechecked:{id}:since:{since}:{:?}", seen.measured.passed)
    } else {
        format!("rechecked:{id}:{}", events.len())
    };
    let alert = Alert::Rechecked {
        line: issues::line(after),
        passed: seen.measured.passed,
        closed: after.state.status == IssueStatus::Closed,
        what: seen.measured.sentence.clone(),
        asked_by: names.join("、"),
        files: tx.evidence_count(id).await?,
    };
    notify::alert(tx, office, alert, &key, now).await
}
