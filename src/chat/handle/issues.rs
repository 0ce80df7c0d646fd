//! Issues as the chat touches them: by number, within what the sender may know of.

use super::Desk;
use crate::chat::commands::{Verb, take_date};
use crate::chat::texts::Reply;
use crate::checks::recheck;
use crate::domain::issue::{Action, Refusal};
use crate::domain::workday::{Deadline, due_at};
use crate::issues::{self, IssueError, Scope};
use crate::store::{IssueQuery, StoreError, StoredIssue};

/// More issues than this are not listed in a chat.
pub(super) const MOST_LISTED: usize = 200;

/// What came of a command on one issue.
pub(super) enum Done {
    /// It took effect, now or before.
    Acted { issue: Box<StoredIssue>, changed: bool },
    /// No such issue for this sender.
    NotFound,
    /// The workflow refuses.
    Refused(Refusal),
    /// Words are missing.
    WordsMissing,
}

/// Runs a command on one issue; `words` is what followed the number.
pub(super) async fn act(desk: &Desk<'_>, verb: Verb, id: i64, words: &str) -> Result<Done, StoreError> {
    let Some((action, note)) = action(desk, verb, words) else { return Ok(Done::WordsMissing) };
    for scope in desk.scopes(verb) {
        let acted = match &action {
            Some(action) => attempt(desk, id, action, &note, &scope).await,
            None => look_again(desk, id, &scope).await,
        };
        match acted {
            Err(IssueError::NotFound(_)) => {}
            Err(IssueError::Refused { refusal: Refusal::NoteMissing, .. }) => return Ok(Done::WordsMissing),
            Err(IssueError::Refused { refusal, .. }) => return Ok(Done::Refused(refusal)),
            Err(IssueError::Store(error)) => return Err(error),
            Ok((issue, changed)) => return Ok(Done::Acted { issue: Box::new(issue), changed }),
        }
    }
    Ok(Done::NotFound)
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
    let once = || issues::act(desk.office, id, action.clone(), note, desk.actor(), scope);
    let acted = match once().await {
        // Somebody was quicker; on what they left the decision may be another.
        Err(IssueError::Store(StoreError::Changed { .. })) => once().await?,
        other => other?,
    };
    Ok((acted.issue, acted.changed))
}

/// The machine looks again at its next turn.
async fn look_again(desk: &Desk<'_>, id: i64, scope: &Scope) -> Result<(StoredIssue, bool), IssueError> {
    let found = recheck::ask(desk.office, id, scope).await?;
    let live = !found.state.status.is_final();
    Ok((found, live))
}

/// One issue, if the sender may know of it.
pub(super) async fn find(desk: &Desk<'_>, verb: Verb, id: i64) -> Result<Option<StoredIssue>, StoreError> {
    for scope in desk.scopes(verb) {
        match issues::find(desk.office, id, &scope).await {
            Ok(found) => return Ok(Some(found)),
            Err(IssueError::NotFound(_) | IssueError::Refused { .. }) => {}
            Err(IssueError::Store(error)) => return Err(error),
        }
    }
    Ok(None)
}

/// The live or the overdue issues of the sender.
pub(super) async fn list(desk: &Desk<'_>, verb: Verb) -> Result<Vec<StoredIssue>, StoreError> {
    let query = IssueQuery { live: true, overdue: verb == Verb::Overdue, ..IssueQuery::default() };
    let mut found = Vec::new();
    for scope in desk.scopes(verb) {
        found.append(&mut issues::list(desk.office, &query, &scope, 0, MOST_LISTED).await?);
    }
    found.sort_by_key(|stored| stored.issue.id);
    found.dedup_by_key(|stored| stored.issue.id);
    Ok(found)
}

/// Acknowledges what was notified to the sender's own units between two numbers; how many.
pub(super) async fn acknowledge_all(desk: &Desk<'_>, first: i64, last: i64) -> Result<usize, StoreError> {
    let query = IssueQuery { live: true, ..IssueQuery::default() };
    let units = desk.people.iter().filter_map(|person| person.unit.clone());
    let mut count = 0;
    for scope in units.map(Scope::Unit) {
        let waiting = issues::list(desk.office, &query, &scope, first.saturating_sub(1), MOST_LISTED).await?;
        for stored in waiting.iter().take_while(|stored| stored.issue.id <= last) {
            if stored.notified_at.is_none() || stored.state.acknowledged_at.is_some() {
                continue;
            }
            match attempt(desk, stored.issue.id, &Action::Acknowledge, "", &scope).await {
                Ok((_, changed)) => count += usize::from(changed),
                Err(IssueError::NotFound(_) | IssueError::Refused { .. }) => {}
                Err(IssueError::Store(error)) => return Err(error),
            }
        }
    }
    Ok(count)
}

/// The answer to a command on one issue.
pub(super) fn answer(verb: Verb, id: i64, done: &Done) -> Reply<'_> {
    match done {
        Done::Acted { issue, changed } => Reply::Done { verb, changed: *changed, issue },
        Done::NotFound => Reply::NoIssue(id),
        Done::Refused(refusal) => Reply::Refused(id, refusal),
        Done::WordsMissing => Reply::Ask(verb, id),
    }
}
