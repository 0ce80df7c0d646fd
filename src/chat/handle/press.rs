//! A pressed button: done at once, or the words asked for; then the buttons drawn anew.

use super::{Desk, Outcome, findings, issues};
use crate::chat::commands::Verb;
use crate::chat::texts::{self, Press, Reply};
use crate::domain::person::Role;
use crate::store::StoreError;

/// Acts on a press; `buttons` are those that stand under the message.
pub(super) async fn press(desk: &Desk<'_>, data: &str, buttons: &[Vec<Press>]) -> Result<Outcome, StoreError> {
    let Some(press) = Press::parse(data) else { return Ok(toast(desk, &Reply::Unknown)) };
    let verb = match press {
        Press::Do(verb, _) => verb,
        Press::AckAll(..) => Verb::Ack,
        Press::Confirm(_) | Press::Dismiss(_) | Press::DismissFor(..) => Verb::Queue,
    };
    if let Some(refusal) = desk.refusal(verb) {
        return Ok(toast(desk, &refusal));
    }
    match press {
        Press::Do(Verb::Issue, id) => match issues::find(desk, Verb::Issue, id).await? {
            Some(issue) => {
                let steps = texts::steps(desk.role(), &issue.state);
                Ok(message(desk, &Reply::Issue { issue: &issue, steps: &steps }))
            }
            None => Ok(toast(desk, &Reply::NoIssue(id))),
        },
        Press::Do(verb, id) if wants_words(verb) => match issues::find(desk, verb, id).await? {
            Some(_) => Ok(message(desk, &Reply::Ask(verb, id))),
            None => Ok(toast(desk, &Reply::NoIssue(id))),
        },
        Press::Do(verb, id) => {
            let done = issues::act(desk, verb, id, "").await?;
            let reply = issues::answer(verb, id, &done);
            let mut outcome = toast(desk, &reply);
            // Why: a receipt is the unit's own business; what changes an issue's fate stays in the chat.
            if verb != Verb::Ack && matches!(done, issues::Done::Acted { .. }) {
                outcome.messages.push(desk.say(&reply));
            }
            outcome.redraw = redrawn(desk, buttons).await?;
            Ok(outcome)
        }
        Press::AckAll(first, last) => {
            let count = issues::acknowledge_all(desk, first, last).await?;
            Ok(Outcome { redraw: Some(Vec::new()), ..toast(desk, &Reply::AckedAll(count)) })
        }
        Press::Dismiss(id) => Ok(message(desk, &Reply::AskWhy(id))),
        Press::Confirm(id) => decide(desk, id, true, "", buttons).await,
        Press::DismissFor(id, why) => decide(desk, id, false, why.name(desk.office.lang()), buttons).await,
    }
}

/// Whether an action is nothing without words, so that a button can only ask for them.
fn wants_words(verb: Verb) -> bool {
    matches!(verb, Verb::Fix | Verb::Appeal | Verb::Extend | Verb::Reject | Verb::Revoke | Verb::Refuse)
}

async fn decide(
    desk: &Desk<'_>,
    id: i64,
    confirm: bool,
    why: &str,
    buttons: &[Vec<Press>],
) -> Result<Outcome, StoreError> {
    let message = findings::decide(desk, id, confirm, why).await?;
    let about =
        |press: &Press| matches!(press, Press::Confirm(x) | Press::Dismiss(x) | Press::DismissFor(x, _) if *x == id);
    let rest: Vec<Vec<Press>> = buttons.iter().filter(|row| !row.iter().any(about)).cloned().collect();
    Ok(Outcome {
        toast: None,
        redraw: (!buttons.is_empty()).then(|| texts::buttons(&rest, desk.lang)),
        messages: vec![message],
        ..Outcome::default()
    })
}

/// The buttons as the issues now allow them; `None` when they stand so already.
async fn redrawn(desk: &Desk<'_>, buttons: &[Vec<Press>]) -> Result<Option<Vec<Vec<texts::Button>>>, StoreError> {
    let mut rows = Vec::new();
    for row in buttons {
        let offered: Vec<Verb> =
            row.iter().filter_map(|press| if let Press::Do(verb, _) = press { Some(*verb) } else { None }).collect();
        let Some(id) = row.first().and_then(|press| press.issue()) else {
            rows.push(row.clone());
            continue;
        };
        if offered.iter().all(|verb| *verb == Verb::Issue) {
            rows.push(row.clone());
            continue;
        }
        // A message to a unit keeps offering what a unit does, whoever pressed.
        let role = if offered.iter().any(|verb| verb.is_for(Role::UnitAdmin) && *verb != Verb::Issue) {
            Role::UnitAdmin
        } else {
            Role::Supervisor
        };
        let mut next: Vec<Press> = match issues::find(desk, Verb::Issue, id).await? {
            Some(issue) => texts::steps(role, &issue.state).into_iter().map(|verb| Press::Do(verb, id)).collect(),
            None => Vec::new(),
        };
        if offered.contains(&Verb::Issue) {
            next.push(Press::Do(Verb::Issue, id));
        }
        if !next.is_empty() {
            rows.push(next);
        }
    }
    Ok((rows != buttons).then(|| texts::buttons(&rows, desk.lang)))
}

fn toast(desk: &Desk<'_>, reply: &Reply<'_>) -> Outcome {
    Outcome { toast: Some(desk.say(reply).plain), ..Outcome::default() }
}

fn message(desk: &Desk<'_>, reply: &Reply<'_>) -> Outcome {
    Outcome { messages: vec![desk.say(reply)], ..Outcome::default() }
}
