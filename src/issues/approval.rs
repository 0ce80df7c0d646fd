//! What takes two supervisors (双人复核): asked by one, answered by another, in chat alone.
//!
//! Decisions that bind this module:
//! - A request is a row; its question to the others is written in the same transaction, and so is
//!   what follows from the answer.
//! - Nobody agrees to their own request, whatever channel they use: a user and a name are one person.
//!   The command line may ask; since nobody can tell who sits before it, what it asks for takes two
//!   others, as what the machine wants does.
//! - What the machine wants to do takes two people: the first who agrees makes the request theirs.

use chrono::{DateTime, Utc};

use super::open::release_notices;
use super::{IssueError, Scope, act_in, append, line};
use crate::domain::issue::{Action, Decision, EventKind, decide as decide_action};
use crate::domain::notice::{Alert, SecondFor, Undone};
use crate::domain::time::LocalTime;
use crate::domain::workday::due_at;
use crate::notify;
use crate::office::Office;
use crate::store::{Approval, ApprovalKind, NewApproval, NewEvent, Round, StoreError, StoredIssue, Tx};

/// Key of the command line, before which anybody may sit: it asks, and its word never counts as one of the two.
const CLI: &str = "cli";
/// Working days in which a request may be answered.
const WORKING_DAYS: u32 = 2;

/// What became of a word on a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answered {
    /// Agreed, and done.
    Approved,
    /// Not agreed; nothing was done.
    Declined,
    /// The first of two words; another supervisor's is still wanted.
    Noted,
    /// Nobody agrees to their own request.
    Own,
    /// Its time is over, or what it was about has changed.
    Lapsed,
    /// Somebody answered before: who, when, and whether they agreed.
    Before(String, LocalTime, bool),
    /// No such request.
    Unknown,
}

/// Whether closing an issue may go on.
pub(super) enum Word {
    /// Somebody else has asked for it: this is the second word.
    Second,
    /// Another supervisor has to agree first.
    Wanted {
        /// Number of the request.
        request: i64,
        /// Whether anybody else could.
        others: bool,
    },
}

/// The word of `key` on closing an issue that no recheck has passed, or revoking one nobody appeals.
pub(super) async fn word_on_closing(
    tx: &mut Tx,
    office: &Office,
    kind: ApprovalKind,
    found: &StoredIssue,
    note: &str,
    actor: &str,
    key: &str,
) -> Result<Word, StoreError> {
    let (now, id) = (office.now(), found.issue.id);
    let by_cli = key == CLI;
    let mut colleagues: Vec<String> = tx
        .supervisor_keys()
        .await?
        .into_iter()
        .filter(|(other, name)| other != key && name != actor)
        .map(|(_, name)| name)
        .collect();
    colleagues.sort();
    colleagues.dedup();
    // Who sits at the command line may be one of them, so that two others have to agree.
    let others = colleagues.len() > usize::from(by_cli);
    match tx.open_approval(kind, id).await? {
        Some(open) if open.expires_at <= now => lapse(tx, office, &open, None, actor).await?,
        Some(open) if by_cli || open.is_by(actor, key) => return Ok(Word::Wanted { request: open.id, others }),
        Some(open) if open.key == crate::ACTOR => {
            adopt(tx, &open, note, actor, key, now).await?;
            return Ok(Word::Wanted { request: open.id, others });
        }
        Some(open) => {
            tx.answer_approval(open.id, true, actor, now).await?;
            return Ok(Word::Second);
        }
        None => {}
    }
    let (event, what) = match kind {
        ApprovalKind::Revoke => (EventKind::RevokeRequested, SecondFor::Revoke { line: line(found) }),
        _ => (EventKind::CloseRequested, SecondFor::Close { line: line(found) }),
    };
    append(tx, id, now, actor, event, note).await?;
    let key = if by_cli { crate::ACTOR } else { key };
    let request = ask(tx, office, kind, id, note, actor, key, what).await?;
    Ok(Word::Wanted { request, others })
}

/// Asks for the words on sending a round's notices to many units, unless that is being asked.
pub(super) async fn ask_to_send(
    tx: &mut Tx,
    office: &Office,
    round: &Round,
    units: &[String],
) -> Result<(), StoreError> {
    let now = office.now();
    match tx.open_approval(ApprovalKind::Notices, round.id).await? {
        Some(open) if open.expires_at > now => return Ok(()),
        Some(open) => lapse(tx, office, &open, None, crate::ACTOR).await?,
        None => {}
    }
    let named: Vec<&str> = units.iter().map(String::as_str).collect();
    let issues = tx.issues_to_tell(round.id, &named, office.zone()).await?.len() as i64;
    let what = SecondFor::Notices { round: round.name, units: units.len() as i64, issues };
    ask(tx, office, ApprovalKind::Notices, round.id, "", crate::ACTOR, crate::ACTOR, what).await?;
    Ok(())
}

#[expect(clippy::too_many_arguments, reason = "a request and who asks, passed once")]
async fn ask(
    tx: &mut Tx,
    office: &Office,
    kind: ApprovalKind,
    subject: i64,
    note: &str,
    by: &str,
    key: &str,
    what: SecondFor,
) -> Result<i64, StoreError> {
    let now = office.now();
    let expires_at = due_at(office.calendar.deadline(office.date(now), WORKING_DAYS), office.zone());
    let new = NewApproval { kind, subject, note, by, key, at: now, expires_at };
    let Some(request) = tx.insert_approval(new).await? else {
        return Err(StoreError::Changed { kind: "request", id: subject.to_string() });
    };
    let by = if by == crate::ACTOR { String::new() } else { by.to_owned() };
    let until = office.local(expires_at);
    let alert = Alert::SecondWanted { request, what, note: note.to_owned(), by, until };
    notify::alert(tx, office, alert, &format!("second:{request}"), now).await?;
    Ok(request)
}

/// Answers a request in the name of a supervisor, and does what it asked for where they agree.
pub async fn answer(office: &Office, id: i64, agree: bool, actor: &str, key: &str) -> Result<Answered, IssueError> {
    let now = office.now();
    let mut tx = office.store.write().await?;
    let Some(request) = tx.approval(id).await? else { return Ok(Answered::Unknown) };
    let answered = match &request.answered_at {
        // What nobody answered in time, or somebody declined, may be wanted after all.
        Some(_) if agree && request.kind == ApprovalKind::Notices && request.approved != Some(true) => {
            ask_again(&mut tx, office, &request, actor, key).await?
        }
        Some(at) => match request.answered_by.as_deref() {
            Some(by) if !by.is_empty() => {
                Answered::Before(by.to_owned(), office.local(*at), request.approved == Some(true))
            }
            _ => Answered::Lapsed,
        },
        None if request.expires_at <= now => {
            lapse(&mut tx, office, &request, None, actor).await?;
            Answered::Lapsed
        }
        None if agree && (key == CLI || request.is_by(actor, key)) => Answered::Own,
        None if agree && request.key == crate::ACTOR => {
            adopt(&mut tx, &request, &request.note, actor, key, now).await?;
            Answered::Noted
        }
        None => decide(&mut tx, office, &request, agree, actor, now).await?,
    };
    tx.commit().await?;
    Ok(answered)
}

/// Requests nobody answered in time lapse; what the machine still wants to send is asked for anew.
/// Gives the numbers of those that are open.
pub async fn review(tx: &mut Tx, office: &Office) -> Result<Vec<i64>, StoreError> {
    let now = office.now();
    for request in tx.open_approvals().await? {
        if request.expires_at > now {
            continue;
        }
        lapse(tx, office, &request, None, crate::ACTOR).await?;
        if request.kind == ApprovalKind::Notices {
            let round = tx.round_by_id(request.subject).await?;
            let units = tx.units_to_notify(round.id).await?;
            if !units.is_empty() {
                ask_to_send(tx, office, &round, &units).await?;
            }
        }
    }
    Ok(tx.open_approvals().await?.into_iter().map(|request| request.id).collect())
}

/// [`review`] where a request's time is over.
pub async fn review_lapsed(office: &Office) -> Result<(), StoreError> {
    let now = office.now();
    if office.store.read().await?.open_approvals().await?.iter().all(|request| request.expires_at > now) {
        return Ok(());
    }
    let mut tx = office.store.write().await?;
    review(&mut tx, office).await?;
    tx.commit().await
}

/// Requests that were declined or lapsed while the notices they were about are still held: agreeing asks anew.
pub async fn held(tx: &mut Tx) -> Result<Vec<i64>, StoreError> {
    let mut held = Vec::new();
    for (round, request) in tx.unsent_requests().await? {
        if !tx.units_to_notify(round).await?.is_empty() {
            held.push(request);
        }
    }
    Ok(held)
}

async fn decide(
    tx: &mut Tx,
    office: &Office,
    request: &Approval,
    agree: bool,
    actor: &str,
    now: DateTime<Utc>,
) -> Result<Answered, IssueError> {
    let action = match (request.kind, agree) {
        (ApprovalKind::Close, true) => Some(Action::Close),
        (ApprovalKind::Revoke, true) => Some(Action::Revoke),
        _ => None,
    };
    if let Some(action) = &action {
        let found = tx.issue(request.subject, office.zone()).await?;
        // Why looked at first: nobody is written down as having agreed to what cannot be done any more.
        if !matches!(decide_action(&found.state, action, &request.note, now), Ok(Decision::Change(..))) {
            let last = found.issue.events.iter().rev().find(|event| moves(event.kind)).map(|event| event.kind);
            lapse(tx, office, request, last, actor).await?;
            return Ok(Answered::Lapsed);
        }
    }
    tx.answer_approval(request.id, agree, actor, now).await?;
    if let Some(action) = action {
        act_in(tx, office, request.subject, action, &request.note, actor, &Scope::All).await?;
        return Ok(Answered::Approved);
    }
    match (request.kind, agree) {
        (ApprovalKind::Close | ApprovalKind::Revoke, true) => Ok(Answered::Approved),
        (ApprovalKind::Close, false) => {
            append(tx, request.subject, now, actor, EventKind::CloseDeclined, "").await?;
            Ok(Answered::Declined)
        }
        (ApprovalKind::Revoke, false) => {
            append(tx, request.subject, now, actor, EventKind::RevokeDeclined, "").await?;
            Ok(Answered::Declined)
        }
        (ApprovalKind::Notices, true) => {
            note(tx, request, "notices_approved", actor, now).await?;
            let round = tx.round_by_id(request.subject).await?;
            release_notices(tx, office, &round, now).await?;
            Ok(Answered::Approved)
        }
        (ApprovalKind::Notices, false) => {
            note(tx, request, "notices_declined", actor, now).await?;
            Ok(Answered::Declined)
        }
    }
}

/// Makes a request that nobody stands for the one of the first who agrees, which history tells.
async fn adopt(
    tx: &mut Tx,
    request: &Approval,
    why: &str,
    actor: &str,
    key: &str,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    tx.adopt_approval(request.id, actor, key).await?;
    match request.kind {
        ApprovalKind::Notices => note(tx, request, "first_word", actor, now).await,
        ApprovalKind::Close => append(tx, request.subject, now, actor, EventKind::CloseRequested, why).await,
        ApprovalKind::Revoke => append(tx, request.subject, now, actor, EventKind::RevokeRequested, why).await,
    }
}

/// Whether what was asked about an issue is, after such an event, no longer what a colleague would agree to.
const fn moves(kind: EventKind) -> bool {
    use EventKind as E;
    matches!(
        kind,
        E::Rectified
            | E::Rejected
            | E::Appealed
            | E::Upheld
            | E::Escalated
            | E::Closed
            | E::Revoked
            | E::Dismissed
            | E::Reopened
    )
}

/// An issue has moved: the requests about it that wait for a second word lapse, and who asked hears of it.
pub(super) async fn lapse_on(
    tx: &mut Tx,
    office: &Office,
    issue: i64,
    kind: EventKind,
    actor: &str,
) -> Result<(), StoreError> {
    if !moves(kind) {
        return Ok(());
    }
    for about in [ApprovalKind::Close, ApprovalKind::Revoke] {
        if let Some(open) = tx.open_approval(about, issue).await? {
            lapse(tx, office, &open, Some(kind), actor).await?;
        }
    }
    Ok(())
}

/// Ends a request that nobody answered: `since` is what happened to its issue, `None`: its time is over.
async fn lapse(
    tx: &mut Tx,
    office: &Office,
    request: &Approval,
    since: Option<EventKind>,
    actor: &str,
) -> Result<(), StoreError> {
    let now = office.now();
    if !tx.answer_approval(request.id, false, "", now).await? {
        return Ok(());
    }
    let (event, what) = match request.kind {
        // What is still held is asked for anew, and named in every digest.
        ApprovalKind::Notices => return note(tx, request, "notices_lapsed", crate::ACTOR, now).await,
        kind => {
            let line = line(&tx.issue(request.subject, office.zone()).await?);
            match kind {
                ApprovalKind::Revoke => (EventKind::RevokeLapsed, Undone::Revoke { line }),
                _ => (EventKind::CloseLapsed, Undone::Close { line }),
            }
        }
    };
    append(tx, request.subject, now, crate::ACTOR, event, "").await?;
    let is_done = matches!(
        (request.kind, since),
        (ApprovalKind::Close, Some(EventKind::Closed)) | (ApprovalKind::Revoke, Some(EventKind::Revoked))
    );
    // Why: who asked for what has come about otherwise need not hear that it was not done.
    if is_done || actor == request.by {
        return Ok(());
    }
    let alert = Alert::SecondLapsed { request: request.id, what, since };
    notify::alert_one(tx, office, alert, &request.key, &format!("lapsed:{}", request.id), now).await
}

/// Opens a declined or lapsed request for notices again, in the name of the one who now agrees.
async fn ask_again(
    tx: &mut Tx,
    office: &Office,
    request: &Approval,
    actor: &str,
    key: &str,
) -> Result<Answered, StoreError> {
    let round = tx.round_by_id(request.subject).await?;
    let units = tx.units_to_notify(round.id).await?;
    if units.is_empty() {
        return Ok(Answered::Lapsed);
    }
    ask_to_send(tx, office, &round, &units).await?;
    match tx.open_approval(ApprovalKind::Notices, round.id).await? {
        Some(open) if open.key == crate::ACTOR => {
            adopt(tx, &open, "", actor, key, office.now()).await?;
            Ok(Answered::Noted)
        }
        _ => Ok(Answered::Lapsed),
    }
}

async fn note(tx: &mut Tx, request: &Approval, kind: &str, actor: &str, at: DateTime<Utc>) -> Result<(), StoreError> {
    let subject_id = tx.round_by_id(request.subject).await?.name.to_string();
    let event = NewEvent { at, actor, subject_kind: "round", subject_id: &subject_id, kind, note: "", data: "" };
    tx.append_event(event).await
}
