//! A pressed button: done at once, or the words asked for; then the message drawn anew from the state.

use super::findings::{self, Decided};
use super::{Desk, Outcome, issues, lists};
use crate::chat::commands::Verb;
use crate::chat::texts::{self, List, Press, Reply};
use crate::domain::issue::IssueStatus;
use crate::domain::person::Role;
use crate::domain::rule::Class;
use crate::store::StoreError;

/// Acts on a press; `buttons` are those that stand under the message.
pub(super) async fn press(desk: &Desk<'_>, data: &str, buttons: &[Vec<Press>]) -> Result<Outcome, StoreError> {
    let Some(press) = Press::parse(data) else { return Ok(toast(desk, &Reply::Unknown)) };
    if let Some(refusal) = desk.refusal(verb_of(press)) {
        return Ok(toast(desk, &refusal));
    }
    match press {
        Press::Do(Verb::Issue, id) => match issues::find(desk, Verb::Issue, id).await? {
            Some(issue) => Ok(issues::shown(desk, &issue).await?.into()),
            None => Ok(toast(desk, &issues::unknown(desk, Verb::Issue, id))),
        },
        Press::Do(verb @ (Verb::Approve | Verb::Decline), id) => {
            let answer = issues::answer_request(desk, id, verb == Verb::Approve).await?;
            let reply = Reply::Request(id, &answer);
            let mut outcome = toast(desk, &reply);
            if !matches!(answer, texts::RequestAnswer::Own) {
                outcome.messages.push(desk.say(&reply));
                outcome.redraw = Some(Vec::new());
            }
            Ok(outcome)
        }
        Press::Do(verb, id) if wants_words(verb) => match issues::find(desk, verb, id).await? {
            Some(issue) => match issues::refused_now(desk, verb, &issue) {
                // An old button: what happened meanwhile is said before anybody types.
                Some(refusal) => {
                    let reply = Reply::Refused(id, &refusal, Some(&issue));
                    Ok(Outcome { redraw: redrawn(desk, buttons).await?, ..toast(desk, &reply) })
                }
                None if issues::is_untold(desk, &issue).await? => Ok(toast(desk, &Reply::NotTold(id))),
                None => Ok(message(desk, &Reply::Ask(verb, id))),
            },
            None => Ok(toast(desk, &issues::unknown(desk, verb, id))),
        },
        Press::Do(verb, id) => {
            let done = issues::act(desk, verb, id, "").await?;
            let reply = issues::answer(desk, verb, id, &done);
            let mut outcome = toast(desk, &reply);
            // Why: a receipt is the unit's own business; what changes an issue's fate stays in the chat.
            if verb != Verb::Ack && matches!(done, issues::Done::Acted { .. } | issues::Done::AwaitsSecond { .. }) {
                outcome.messages.push(desk.say(&reply));
            }
            outcome.redraw = redrawn(desk, buttons).await?;
            Ok(outcome)
        }
        Press::AckAll(first, last) => {
            let count = issues::acknowledge_all(desk, first, last).await?;
            // The button stays for the unit whose notice it is, whoever else in the group pressed it.
            let redraw = issues::is_own(desk, first).await?.then(Vec::new);
            Ok(Outcome { redraw, ..toast(desk, &Reply::AckedAll(count)) })
        }
        Press::Open(list) => lists::open(desk, list).await,
        Press::Back(list, from) | Press::Next(list, from) => {
            Ok(Outcome { rewrite: Some(lists::turn(desk, list, from).await?), ..Outcome::default() })
        }
        Press::Dismiss(id) => ask(desk, id, buttons, &Reply::AskWhy(id)).await,
        Press::DismissWords(id) => ask(desk, id, buttons, &Reply::AskWhyWords(id)).await,
        Press::ConfirmWords(id) => ask(desk, id, buttons, &Reply::AskNote(id)).await,
        Press::Confirm(id) => decide(desk, id, true, "", buttons).await,
        Press::DismissFor(id, why) => decide(desk, id, false, why.name(desk.office.lang()), buttons).await,
    }
}

/// The command a button stands for, by which its reader's right is judged.
fn verb_of(press: Press) -> Verb {
    match press {
        Press::Do(verb, _) => verb,
        Press::AckAll(..) => Verb::Ack,
        Press::Open(list) | Press::Back(list, _) | Press::Next(list, _) => lists::verb(list),
        Press::Confirm(_)
        | Press::ConfirmWords(_)
        | Press::Dismiss(_)
        | Press::DismissWords(_)
        | Press::DismissFor(..) => Verb::Queue,
    }
}

/// Whether an action is nothing without words, so that a button can only ask for them.
fn wants_words(verb: Verb) -> bool {
    matches!(verb, Verb::Fix | Verb::Appeal | Verb::Extend | Verb::Reject | Verb::Revoke | Verb::Refuse)
}

/// Asks for words about a finding, unless it waits no more: then the reader learns who decided it.
async fn ask(desk: &Desk<'_>, id: i64, buttons: &[Vec<Press>], question: &Reply<'_>) -> Result<Outcome, StoreError> {
    match findings::settled(desk, id).await? {
        Some(said) => Ok(Outcome { toast: Some(said.plain), ..drawn_anew(desk, id, buttons, None).await? }),
        None => Ok(message(desk, question)),
    }
}

async fn decide(
    desk: &Desk<'_>,
    id: i64,
    confirm: bool,
    why: &str,
    buttons: &[Vec<Press>],
) -> Result<Outcome, StoreError> {
    match findings::decide(desk, id, confirm, why).await? {
        Decided::Now(finding) => {
            let said = desk.say(&Reply::Decided(&finding));
            let mut outcome = drawn_anew(desk, id, buttons, Some(*finding)).await?;
            outcome.toast = Some(said.plain.clone());
            // The list says itself what was decided; elsewhere it is said.
            if outcome.rewrite.is_none() {
                outcome.messages.push(said);
            }
            Ok(outcome)
        }
        Decided::Not(said) => Ok(Outcome { toast: Some(said.plain), ..drawn_anew(desk, id, buttons, None).await? }),
    }
}

/// The list under which the button stood, at the same place; of another message the buttons on this finding go.
async fn drawn_anew(
    desk: &Desk<'_>,
    id: i64,
    buttons: &[Vec<Press>],
    before: Option<crate::domain::finding::Finding>,
) -> Result<Outcome, StoreError> {
    let all = || buttons.iter().flatten().copied();
    if all().any(|press| press == Press::Confirm(id)) {
        let place = all().find_map(|press| match press {
            Press::Back(List::Queue, from) => Some(from + 1),
            Press::Next(List::Queue, from) => Some(from - 1),
            _ => None,
        });
        let page = findings::page(desk, place.unwrap_or_default(), before).await?;
        return Ok(Outcome { rewrite: Some(page), ..Outcome::default() });
    }
    let about = |press: &Press| matches!(press, Press::Dismiss(x) | Press::DismissFor(x, _) | Press::DismissWords(x) | Press::ConfirmWords(x) if *x == id);
    let rest: Vec<Vec<Press>> = buttons.iter().filter(|row| !row.iter().any(about)).cloned().collect();
    Ok(Outcome { redraw: (!buttons.is_empty()).then(|| texts::buttons(&rest, desk.lang)), ..Outcome::default() })
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
        if offered.iter().all(|verb| matches!(verb, Verb::Issue | Verb::Evidence)) {
            rows.push(row.clone());
            continue;
        }
        // Why: to whom the presser is nobody, the message stays as it is for those it was written to.
        let Some(issue) = issues::find(desk, Verb::Issue, id).await? else { return Ok(None) };
        // A message to a unit keeps offering what a unit does, whoever pressed.
        let role =
            if offered.iter().any(|verb| verb.is_for(Role::UnitAdmin) && !matches!(verb, Verb::Issue | Verb::Evidence))
            {
                Role::UnitAdmin
            } else {
                Role::Supervisor
            };
        let mut next: Vec<Press> = if offered.contains(&Verb::Hold) && issue.issue.is_held_off() {
            vec![Press::Do(Verb::Escalate, id)]
        } else if issue.issue.class == Class::Advice && role == Role::UnitAdmin {
            let waits = issue.state.acknowledged_at.is_none() && !issue.state.status.is_final();
            waits.then_some(Press::Do(Verb::Ack, id)).into_iter().collect()
        } else {
            let steps = texts::steps(role, &issue.state).into_iter();
            // Closing out of turn is offered where the issue is read, not under every old message.
            let calm = matches!(issue.state.status, IssueStatus::Notified | IssueStatus::Acknowledged);
            let fits = |verb: &Verb| !calm || role == Role::UnitAdmin || offered.contains(verb);
            steps
                .filter(|verb| fits(verb) || *verb == Verb::Grant || *verb == Verb::Refuse)
                .map(|verb| Press::Do(verb, id))
                .collect()
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
    desk.say(reply).into()
}
