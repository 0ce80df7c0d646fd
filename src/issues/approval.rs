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
use crate::domain::issue::{Action, EventKind};
use crate::domain::notice::{Alert, SecondFor};
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

/// The word of `key` on closing an issue that no recheck has passed.
pub(super) async fn word_on_closing(
    tx: &mut Tx,
    office: &Office,
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
    match tx.open_approval(ApprovalKind::Close, id).await? {
        Some(open) if open.expires_at <= now => {
            tx.answer_approval(open.id, false, "", now).await?;
        }
        Some(open) if by_cli || open.is_by(actor, key) => return Ok(Word::Wanted { request: open.id, others }),
        Some(open) if open.key == crate::ACTOR => {
            tx.adopt_approval(open.id, actor, key).await?;
            return Ok(Word::Wanted { request: open.id, others });
        }
        Some(open) => {
            tx.answer_approval(open.id, true, actor, now).await?;
            return Ok(Word::Second);
        }
        None => {}
    }
    append(tx, id, now, actor, EventKind::CloseRequested, note).await?;
    let what = SecondFor::Close { line: line(found) };
    let key = if by_cli { crate::ACTOR } else { key };
    let request = ask(tx, office, ApprovalKind::Close, id, note, actor, key, what).await?;
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
        Some(open) => {
            tx.answer_approval(open.id, false, "", now).await?;
        }
        None => {}
    }
    let mut issues = 0;
    for unit in units {
        issues += tx.issues_to_notify(round.id, unit).await?.len() as i64;
    }
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
            tx.answer_approval(id, false, "", now).await?;
            Answered::Lapsed
        }
        None if agree && (key == CLI || request.is_by(actor, key)) => Answered::Own,
        None if agree && request.key == crate::ACTOR => {
            tx.adopt_approval(id, actor, key).await?;
            if request.kind == ApprovalKind::Notices {
                note(&mut tx, &request, "first_word", actor, now).await?;
            }
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
        tx.answer_approval(request.id, false, "", now).await?;
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
    tx.answer_approval(request.id, agree, actor, now).await?;
    match (request.kind, agree) {
        (ApprovalKind::Close, true) => {
            match act_in(tx, office, request.subject, Action::Close, &request.note, actor, &Scope::All).await {
                Ok(_) => Ok(Answered::Approved),
                // Meanwhile it was revoked or dismissed.
                Err(IssueError::Refused { .. }) => Ok(Answered::Lapsed),
                Err(error) => Err(error),
            }
        }
        (ApprovalKind::Close, false) => {
            append(tx, request.subject, now, actor, EventKind::CloseDeclined, "").await?;
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
            tx.adopt_approval(open.id, actor, key).await?;
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
