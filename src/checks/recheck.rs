//! Rechecks (复查): the machine measures an issue again at this moment's monitoring time.

use std::panic::AssertUnwindSafe;

use chrono::{DateTime, TimeDelta, Utc};
use futures::FutureExt as _;

pub use super::measure::Measured;
use super::measure::{Shared, measure};
use super::recheck_told;
use super::words::Words;
use crate::domain::issue::{Action, EventKind, IssueStatus};
use crate::domain::page_copy;
use crate::fetch::Fetcher;
use crate::issues::{self, Acted, IssueError, Said, Scope};
use crate::office::Office;
use crate::store::{NewEvent, StoreError, StoredIssue, Tx};

/// What an event carries when a recheck has seen that the problem is gone: what a person closes afterwards has been seen.
const PASSED: &str = r#"{"passed":true}"#;
/// Hours until a recheck that saw nothing is tried again.
const AGAIN_AFTER_HOURS: i64 = 6;
/// Minutes until one that failed by itself is made again.
const MINUTES_AFTER_TROUBLE: i64 = 10;
/// After so many rechecks that saw nothing a person is asked instead.
const LOOKS_IN_VAIN: usize = 4;

/// Rechecks every issue that is due. Gives how many were closed, and how many looked at.
pub async fn recheck_due(office: &Office, fetcher: &Fetcher) -> Result<(usize, usize), IssueError> {
    let due = office.store.read().await?.issues_to_recheck(office.now()).await?;
    let mut closed = 0;
    let mut shared = Shared::default();
    for id in &due {
        let look = recheck_with(office, fetcher, *id, crate::ACTOR, &Scope::All, &mut shared);
        if let Some((acted, _)) = bounded(office, *id, look).await? {
            closed += usize::from(acted.changed && acted.issue.state.status == IssueStatus::Closed);
        }
    }
    Ok((closed, due.len()))
}

/// Makes a look at an issue that must not keep all the others from theirs: one that fails is made again
/// soon; one that made the program stumble has seen nothing, and counts as such.
pub async fn bounded<T>(
    office: &Office,
    id: i64,
    look: impl Future<Output = Result<T, IssueError>>,
) -> Result<Option<T>, IssueError> {
    match AssertUnwindSafe(look).catch_unwind().await {
        Ok(Ok(looked)) => return Ok(Some(looked)),
        Ok(Err(error)) => tracing::error!(issue = id, %error, "a recheck failed and is made later"),
        Err(_) => match stumbled(office, id).await {
            Ok(()) => {
                tracing::error!(issue = id, "a recheck stumbled");
                return Ok(None);
            }
            Err(error) => tracing::error!(issue = id, %error, "a recheck stumbled and is made later"),
        },
    }
    let mut tx = office.store.write_rows().await?;
    tx.plan_recheck(id, Some(office.now() + TimeDelta::minutes(MINUTES_AFTER_TROUBLE))).await?;
    tx.commit().await?;
    Ok(None)
}

async fn stumbled(office: &Office, id: i64) -> Result<(), StoreError> {
    let now = office.now();
    let words = Words(office.lang());
    let measured = Measured { passed: None, sentence: words.unjudged(&words.stumbled()) };
    let mut tx = office.store.write().await?;
    let found = tx.issue(id, office.zone()).await?;
    tx.plan_recheck(id, None).await?;
    if !found.state.status.is_final() {
        let by_person = tx.person_judged(id).await?;
        let (after, for_a_person) =
            note(&mut tx, office, &found, &measured, "", (crate::ACTOR, by_person), now).await?;
        let asked = recheck_told::asked(&found.issue);
        let seen = recheck_told::Seen { measured: &measured, for_a_person, asked };
        recheck_told::tell(&mut tx, office, &after, &seen, now).await?;
    }
    tx.commit().await
}

/// Asks the scheduler to recheck an issue at its next turn; `actor` hears what it saw.
pub async fn ask(office: &Office, id: i64, scope: &Scope, actor: &str) -> Result<StoredIssue, IssueError> {
    let found = issues::find(office, id, scope).await?;
    if !found.state.status.is_final() {
        let now = office.now();
        let mut tx = office.store.write().await?;
        tx.plan_recheck(id, Some(now)).await?;
        if !recheck_told::asked(&found.issue).iter().any(|event| event.actor == actor) {
            // A unit asks in its own name: it is the one that is answered.
            let note = if let Scope::Unit(unit) = scope { unit } else { "" };
            issues::append(&mut tx, id, now, actor, EventKind::RecheckRequested, note).await?;
        }
        tx.commit().await?;
    }
    Ok(found)
}

/// Measures one issue again and does what follows: closed, rejected, or neither.
pub async fn recheck(
    office: &Office,
    fetcher: &Fetcher,
    id: i64,
    actor: &str,
    scope: &Scope,
) -> Result<(Acted, Measured), IssueError> {
    recheck_with(office, fetcher, id, actor, scope, &mut Shared::default()).await
}

async fn recheck_with(
    office: &Office,
    fetcher: &Fetcher,
    id: i64,
    actor: &str,
    scope: &Scope,
    shared: &mut Shared,
) -> Result<(Acted, Measured), IssueError> {
    let found = issues::find(office, id, scope).await?;
    if found.state.status.is_final() {
        let sentence = found.issue.status.name(office.lang()).to_owned();
        let mut tx = office.store.write().await?;
        tx.plan_recheck(id, None).await?;
        tx.commit().await?;
        return Ok((Acted { issue: found, changed: false }, Measured { passed: None, sentence }));
    }
    let began = office.now();
    let by_person = office.store.read().await?.person_judged(id).await?;
    let proof = Box::pin(measure(office, &fetcher.for_run(), &found, by_person, shared)).await?;
    let (measured, copies) = (proof.measured, proof.copies);
    let now = office.now();
    let mut tx = office.store.write().await?;
    // The look took its time: what was done meanwhile is measured by the recheck it planned itself.
    let found = tx.issue(id, office.zone()).await?;
    let newer = found.state.rectified_at.is_some_and(|at| at > began);
    if found.state.status.is_final() || newer {
        return Ok((Acted { issue: found, changed: false }, measured));
    }
    // For good: what an issue's history names has to be there with it.
    tx.keep_copies(copies.iter().map(AsRef::as_ref), true, now).await?;
    let data = page_copy::named(&copies);
    // The look that was planned has been made; what follows may plan another.
    tx.plan_recheck(id, None).await?;
    let action = match measured.passed {
        Some(passed) if !by_person || !passed => Some(Action::Recheck { passed }),
        _ => None,
    };
    let mut for_a_person = false;
    let acted = if let (Some(action), true) = (action, found.state.status != IssueStatus::Appealed) {
        let said = Said { note: &measured.sentence, data: &data };
        let acted = issues::act_in(&mut tx, office, id, action, said, actor, scope).await?;
        // A rejection has planned both anew; else the deadline has not moved, and the reminders stand.
        if let Some(due) = acted.issue.state.due_at
            && measured.passed == Some(false)
            && found.state.status != IssueStatus::Rectified
        {
            issues::clock::plan_recheck(&mut tx, office, id, due, now).await?;
        }
        acted
    } else {
        let (issue, person) = note(&mut tx, office, &found, &measured, &data, (actor, by_person), now).await?;
        for_a_person = person;
        Acted { issue, changed: true }
    };
    let outcome = recheck_told::Seen { measured: &measured, for_a_person, asked: recheck_told::asked(&found.issue) };
    recheck_told::tell(&mut tx, office, &acted.issue, &outcome, now).await?;
    tx.commit().await?;
    Ok((acted, measured))
}

/// Writes down a look that ends nothing, and plans the next; gives the issue, and whether a person has to go on.
async fn note(
    tx: &mut Tx,
    office: &Office,
    found: &StoredIssue,
    measured: &Measured,
    data: &str,
    (actor, by_person): (&str, bool),
    now: DateTime<Utc>,
) -> Result<(StoredIssue, bool), StoreError> {
    let id = found.issue.id;
    let subject_id = id.to_string();
    let event = NewEvent {
        at: now,
        actor,
        subject_kind: "issue",
        subject_id: &subject_id,
        kind: EventKind::Rechecked.key(),
        note: &measured.sentence,
        data: if measured.passed == Some(true) { PASSED } else { data },
    };
    tx.append_event(event).await?;
    let blind = measured.passed.is_none() && found.state.status == IssueStatus::Rectified;
    let after = tx.issue(id, office.zone()).await?;
    let looks = after
        .issue
        .events
        .iter()
        .rev()
        .filter(|event| event.kind != EventKind::RecheckRequested)
        .take_while(|event| event.kind == EventKind::Rechecked)
        .count();
    if blind && looks < LOOKS_IN_VAIN {
        tx.plan_recheck(id, Some(now + TimeDelta::hours(AGAIN_AFTER_HOURS))).await?;
    } else if let Some(due) = after.state.due_at {
        // What somebody asked for in between takes nothing from the look before the deadline.
        issues::clock::plan_recheck(tx, office, id, due, now).await?;
    }
    // What the machine may not close, or cannot see, is put to a person, who has heard of their own cases before.
    let for_a_person = if by_person { measured.passed == Some(true) } else { blind && looks == LOOKS_IN_VAIN };
    Ok((after, for_a_person))
}
