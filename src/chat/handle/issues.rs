//! Issues as the chat touches them: by number, within what the sender may know of.

use std::collections::BTreeSet;

use chrono::TimeDelta;

use super::{Desk, Place, findings};
use crate::chat::commands::{Verb, take_date};
use crate::chat::texts::{self, Message, Reply};
use crate::checks::recheck;
use crate::domain::issue::{Action, Refusal, decide};
use crate::domain::person::Role;
use crate::domain::workday::{Deadline, due_at};
use crate::issues::approval::{self, Answered};
use crate::issues::{self, IssueError, Scope, looks};
use crate::people::Refused;
use crate::store::{IssueQuery, StoreError, StoredIssue};

/// More issues than this are not listed in a chat.
pub(super) const MOST_LISTED: usize = 5_000;
/// Issues read at once.
const PAGE: usize = 500;

/// What came of a command on one issue.
pub(super) enum Done {
    /// It took effect, now or before.
    Acted { issue: Box<StoredIssue>, changed: bool },
    /// No such issue for this sender.
    NotFound,
    /// The workflow refuses; the issue as it stands.
    Refused(Refusal, Box<StoredIssue>),
    /// Another supervisor has to agree first.
    AwaitsSecond {
        /// Number of the request.
        request: i64,
        /// Whether anybody could.
        others: bool,
    },
    /// Words are missing.
    WordsMissing,
    /// The unit has not been told of it yet, so it cannot act on it.
    NotTold,
}

/// Runs a command on one issue; `words` is what followed the number.
pub(super) async fn act(desk: &Desk<'_>, verb: Verb, id: i64, words: &str) -> Result<Done, StoreError> {
    if desk.role() == Role::UnitAdmin
        && let Some(found) = find(desk, verb, id).await?
        && is_untold(desk, &found).await?
    {
        return Ok(Done::NotTold);
    }
    let Some((action, note)) = action(desk, verb, words) else { return Ok(Done::WordsMissing) };
    for scope in desk.scopes(verb) {
        let acted = match &action {
            Some(action) => attempt(desk, id, action, &note, &scope).await,
            None => look_again(desk, id, &scope).await,
        };
        match acted {
            Err(IssueError::NotFound(_)) => {}
            Err(IssueError::Refused { refusal: Refusal::NoteMissing, .. }) => return Ok(Done::WordsMissing),
            Err(IssueError::Refused { refusal, .. }) => {
                let issue = desk.office.store.read().await?.issue(id, desk.office.zone()).await?;
                return Ok(Done::Refused(refusal, Box::new(issue)));
            }
            Err(IssueError::AwaitsSecond { request, others, .. }) => return Ok(Done::AwaitsSecond { request, others }),
            Err(IssueError::Store(error)) => return Err(error),
            Ok((issue, changed)) => return Ok(Done::Acted { issue: Box::new(issue), changed }),
        }
    }
    note_foreign(desk, id).await?;
    Ok(Done::NotFound)
}

/// What the workflow refused, with what happened to the issue meanwhile.
pub(super) async fn refused(desk: &Desk<'_>, id: i64, refusal: &Refusal) -> Result<Message, StoreError> {
    let issue = desk.office.store.read().await?.issue(id, desk.office.zone()).await?;
    Ok(desk.say(&Reply::Refused(id, refusal, Some(&issue))))
}

/// Somebody asked for an issue they may not know of: they are answered as if there were none, and that is an event.
async fn note_foreign(desk: &Desk<'_>, id: i64) -> Result<(), StoreError> {
    match desk.office.store.read().await?.issue(id, desk.office.zone()).await {
        Ok(_) => desk.refuse(Refused::OtherUnit, id.to_string()),
        Err(StoreError::Missing { .. }) => {}
        Err(error) => return Err(error),
    }
    Ok(())
}

/// The action behind a verb (`None` inside: a recheck) and its note; `None` when words are missing.
fn action(desk: &Desk<'_>, verb: Verb, words: &str) -> Option<(Option<Action>, String)> {
    let until = |on| due_at(Deadline { on, provisional: false }, desk.office.zone());
    let plain = |action| Some((Some(action), words.to_owned()));
    match verb {
        Verb::Ack => plain(Action::Acknowledge),
        Verb::Fix => plain(Action::Fix),
        Verb::Appeal => plain(Action::Appeal),
        Verb::Extend => {
            let (on, why) = take_date(words)?;
            Some((Some(Action::RequestExtension(until(on))), why))
        }
        Verb::Close => plain(Action::Close),
        Verb::Reject => plain(Action::Reject),
        Verb::Uphold => plain(Action::Uphold),
        Verb::Revoke => plain(Action::Revoke),
        Verb::Escalate => plain(Action::Escalate),
        Verb::Hold => plain(Action::HoldOff),
        Verb::Grant => match take_date(words) {
            Some((on, note)) => Some((Some(Action::Extend(Some(until(on)))), note)),
            None => plain(Action::Extend(None)),
        },
        Verb::Refuse => plain(Action::RefuseExtension),
        Verb::Recheck => Some((None, String::new())),
        _ => None,
    }
}

async fn attempt(
    desk: &Desk<'_>,
    id: i64,
    action: &Action,
    note: &str,
    scope: &Scope,
) -> Result<(StoredIssue, bool), IssueError> {
    let once = || issues::act_as(desk.office, id, action.clone(), note, desk.actor(), &desk.incoming.sender.key, scope);
    let acted = match once().await {
        // Somebody was quicker; on what they left the decision may be another.
        Err(IssueError::Store(StoreError::Changed { .. })) => once().await?,
        other => other?,
    };
    Ok((acted.issue, acted.changed))
}

/// Why the workflow refuses a command whose words are still to be typed; `None`: it does not.
pub(super) fn refused_now(desk: &Desk<'_>, verb: Verb, found: &StoredIssue) -> Option<Refusal> {
    let action = match verb {
        Verb::Fix => Action::Fix,
        Verb::Appeal => Action::Appeal,
        Verb::Revoke => Action::Revoke,
        Verb::Reject => Action::Reject,
        Verb::Refuse => Action::RefuseExtension,
        // The date is not known yet; one far away stands for it.
        Verb::Extend => {
            Action::RequestExtension(found.state.due_at.unwrap_or_default().max(desk.office.now()) + TimeDelta::days(1))
        }
        _ => return None,
    };
    decide(&found.state, &action, "?", desk.office.now()).err()
}

/// Answers a colleague's request.
pub(super) async fn answer_request(desk: &Desk<'_>, id: i64, agree: bool) -> Result<Answered, StoreError> {
    match approval::answer(desk.office, id, agree, desk.actor(), &desk.incoming.sender.key).await {
        Ok(answered) => Ok(answered),
        Err(IssueError::Store(error)) => Err(error),
        Err(IssueError::NotFound(_) | IssueError::Refused { .. } | IssueError::AwaitsSecond { .. }) => {
            Ok(Answered::Lapsed)
        }
    }
}

/// The machine looks again at its next turn.
async fn look_again(desk: &Desk<'_>, id: i64, scope: &Scope) -> Result<(StoredIssue, bool), IssueError> {
    let found = recheck::ask(desk.office, id, scope, desk.actor()).await?;
    let live = !found.state.status.is_final();
    Ok((found, live))
}

/// One issue, if the sender may know of it.
pub(super) async fn find(desk: &Desk<'_>, verb: Verb, id: i64) -> Result<Option<StoredIssue>, StoreError> {
    for scope in desk.scopes(verb) {
        match issues::find(desk.office, id, &scope).await {
            Ok(found) => return Ok(Some(found)),
            Err(IssueError::NotFound(_) | IssueError::Refused { .. } | IssueError::AwaitsSecond { .. }) => {}
            Err(IssueError::Store(error)) => return Err(error),
        }
    }
    note_foreign(desk, id).await?;
    Ok(None)
}

/// The live or the overdue issues of the sender.
pub(super) async fn list(desk: &Desk<'_>, verb: Verb) -> Result<Vec<StoredIssue>, StoreError> {
    let query = IssueQuery { live: true, overdue: verb == Verb::Overdue, ..IssueQuery::default() };
    let mut found = Vec::new();
    for scope in desk.scopes(verb) {
        let mut after = 0;
        while found.len() < MOST_LISTED {
            let mut page = issues::list(desk.office, &query, &scope, after, PAGE).await?;
            let Some(last) = page.last() else { break };
            after = last.issue.id;
            found.append(&mut page);
        }
    }
    found.sort_by_key(|stored| stored.issue.id);
    found.dedup_by_key(|stored| stored.issue.id);
    Ok(found)
}

/// Acknowledges what was notified to the sender's own units between two numbers; how many.
pub(super) async fn acknowledge_all(desk: &Desk<'_>, first: i64, last: i64) -> Result<usize, StoreError> {
    let query = IssueQuery { live: true, ..IssueQuery::default() };
    let mut count = 0;
    let units: BTreeSet<String> = desk.people.iter().filter_map(|person| person.unit.clone()).collect();
    for scope in units.into_iter().filter(|unit| desk.place.may_read(unit)).map(Scope::Unit) {
        let waiting = issues::list(desk.office, &query, &scope, first.saturating_sub(1), MOST_LISTED).await?;
        for stored in waiting.iter().take_while(|stored| stored.issue.id <= last) {
            if stored.notified_at.is_none() || stored.state.acknowledged_at.is_some() {
                continue;
            }
            match attempt(desk, stored.issue.id, &Action::Acknowledge, "", &scope).await {
                Ok((_, changed)) => count += usize::from(changed),
                Err(IssueError::NotFound(_) | IssueError::Refused { .. } | IssueError::AwaitsSecond { .. }) => {}
                Err(IssueError::Store(error)) => return Err(error),
            }
        }
    }
    Ok(count)
}

/// Whether the sender, a unit's administrator, may not act on an issue yet.
pub(super) async fn is_untold(desk: &Desk<'_>, found: &StoredIssue) -> Result<bool, StoreError> {
    Ok(desk.role() == Role::UnitAdmin && issues::is_untold(desk.office, found).await?)
}

/// Whether an issue is one of a unit the sender administers.
pub(super) async fn is_own(desk: &Desk<'_>, id: i64) -> Result<bool, StoreError> {
    let found = match desk.office.store.read().await?.issue(id, desk.office.zone()).await {
        Err(StoreError::Missing { .. }) => return Ok(false),
        other => other?,
    };
    Ok(desk.people.iter().any(|person| person.unit.as_deref() == Some(found.issue.unit.as_str())))
}

/// One issue in full, with what the reader may do next.
pub(super) async fn shown(desk: &Desk<'_>, found: &StoredIssue) -> Result<Message, StoreError> {
    let item = issues::item(desk.office, found).await?;
    let until = found.state.requested_until.map(|at| desk.office.local(at));
    let steps = texts::steps(desk.role(), &found.state);
    let untold = is_untold(desk, found).await?;
    // How often the machine hesitated is the office's business.
    let looks = if desk.role() == Role::UnitAdmin {
        Vec::new()
    } else {
        let mut tx = desk.office.store.read().await?;
        findings::told(looks::behind(&mut tx, desk.office, found.issue.id).await?, desk.lang)
    };
    Ok(desk.say(&Reply::Issue { issue: found, steps: &steps, item: &item, until, untold, looks: &looks }))
}

/// The answer on a number behind which there is nothing for the sender here.
pub(super) fn unknown(desk: &Desk<'_>, verb: Verb, id: i64) -> Reply<'static> {
    // A supervisor may know of everything, but not everybody who reads along.
    if desk.place != Place::Open && desk.own_scopes(verb).contains(&Scope::All) {
        return Reply::PrivateOnly;
    }
    Reply::NoIssue(id)
}

/// The answer to a command on one issue.
pub(super) fn answer<'a>(desk: &Desk<'_>, verb: Verb, id: i64, done: &'a Done) -> Reply<'a> {
    match done {
        Done::Acted { issue, changed } => Reply::Done { verb, changed: *changed, issue },
        Done::NotFound => unknown(desk, verb, id),
        Done::NotTold => Reply::NotTold(id),
        Done::Refused(refusal, issue) => Reply::Refused(id, refusal, Some(issue)),
        Done::AwaitsSecond { request, others } => Reply::AwaitsSecond { issue: id, request: *request, others: *others },
        Done::WordsMissing => Reply::Ask(verb, id),
    }
}
