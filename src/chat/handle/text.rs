//! A message: a command, the answer to a question, or words that mean nothing to the bot.

use super::findings::{self, Decided};
use super::{Desk, Outcome, issues, lists, report};
use crate::chat::attachment::Attachments;
use crate::chat::commands::{Read, Typed, Verb, read, take_date};
use crate::chat::texts::{self, BindRefusal, List, Message, Press, Progress, Reply};
use crate::domain::Lang;
use crate::domain::person::Role;
use crate::domain::round::RoundName;
use crate::notify;
use crate::people::{self, BindError, InviteError, Refused};
use crate::store::StoreError;

/// More issues than this are not acknowledged by one command.
const MOST_AT_ONCE: usize = 30;

/// A message as it came.
pub(super) struct Words<'a> {
    /// Text or caption.
    pub(super) text: &'a str,
    /// The bot's message it replies to.
    pub(super) reply_to: Option<&'a str>,
    /// The photos and files that came with it.
    pub(super) attachments: &'a Attachments,
    /// Somebody else wrote it.
    pub(super) forwarded: bool,
}

/// What to answer to a message; nothing where it was not for the bot.
pub(super) async fn text(desk: &Desk<'_>, bot: &str, words: &Words<'_>) -> Result<Outcome, StoreError> {
    let say = |reply: &Reply<'_>| Ok(desk.say(reply).into());
    let typed = match (words.reply_to.and_then(texts::asked), read(words.text, bot)) {
        (_, Read::NotForUs) => return Ok(Outcome::default()),
        (Some(press), Read::Words) => match press {
            Press::DismissWords(id) => return settle(desk, id, false, words).await,
            Press::ConfirmWords(id) => return settle(desk, id, true, words).await,
            Press::Do(verb, id) => {
                let said = words.text.trim();
                // The date stands in the question that asked for the reason.
                let date = words.reply_to.and_then(texts::asked_date).filter(|_| take_date(said).is_none());
                let rest = date.map_or_else(|| said.to_owned(), |date| format!("{date} {said}"));
                Typed { verb, id: Some(id), rest, others: Vec::new() }
            }
            _ => return Ok(Outcome::default()),
        },
        (_, Read::Command(typed)) => typed,
        (_, Read::Unknown | Read::Words) if desk.incoming.is_group => return Ok(Outcome::default()),
        (_, Read::Unknown | Read::Words) if desk.people.is_empty() => return say(&desk.welcome()),
        (_, Read::Unknown | Read::Words) => return say(&Reply::Unknown),
    };
    if let Some(refusal) = unfit(desk, words) {
        return say(&refusal);
    }
    command(desk, typed, words.attachments).await
}

/// Why words are not acted upon, whoever they come from.
pub(super) fn unfit(desk: &Desk<'_>, words: &Words<'_>) -> Option<Reply<'static>> {
    if desk.incoming.sender.anonymous {
        desk.refuse(Refused::Anonymous, "");
        return Some(Reply::Anonymous);
    }
    if words.forwarded {
        desk.refuse(Refused::Forwarded, "");
        return Some(Reply::Forwarded);
    }
    None
}

async fn command(desk: &Desk<'_>, typed: Typed, attachments: &Attachments) -> Result<Outcome, StoreError> {
    let Typed { verb, id, rest, others } = typed;
    match verb {
        Verb::Bind | Verb::Start if !rest.is_empty() => return bind(desk, &rest).await,
        Verb::Bind => return Ok(desk.say(&Reply::Usage(Verb::Bind)).into()),
        Verb::Start if desk.people.is_empty() => return Ok(desk.say(&desk.welcome()).into()),
        Verb::Start | Verb::Help => {
            let roles = desk.roles();
            let menu = (!desk.incoming.is_group).then(|| (texts::commands_of(&roles), desk.lang));
            return Ok(Outcome { menu, ..desk.say(&Reply::Help(&roles)).into() });
        }
        _ => {}
    }
    if let Some(refusal) = desk.refusal(verb) {
        return Ok(desk.say(&refusal).into());
    }
    let message = match verb {
        Verb::Issues => return lists::open(desk, List::Issues).await,
        Verb::Overdue => return lists::open(desk, List::Overdue).await,
        Verb::Queue => return lists::open(desk, List::Queue).await,
        Verb::Report => return report::send(desk, &rest).await,
        Verb::Lang => return set_lang(desk, &rest).await,
        Verb::Status => status(desk, &rest).await?,
        Verb::Invite => invite(desk, &rest).await?,
        Verb::Feedback => feedback(desk, &rest).await?,
        _ => match id {
            Some(id) if verb == Verb::Ack && (1..MOST_AT_ONCE).contains(&others.len()) => {
                acknowledge(desk, id, &others).await?
            }
            Some(_) if !others.is_empty() => desk.say(&Reply::OneNumber(verb)),
            Some(id) if matches!(verb, Verb::Approve | Verb::Decline) => {
                let answer = issues::answer_request(desk, id, verb == Verb::Approve).await?;
                desk.say(&Reply::Request(id, &answer))
            }
            Some(id) => on_issue(desk, verb, id, rest).await?,
            None => desk.say(&Reply::Usage(verb)),
        },
    };
    if attachments.is_empty() {
        return Ok(message.into());
    }
    Ok(texts::without_files(message, desk.incoming.channel != "wecom", desk.lang).into())
}

/// Acknowledges several issues: a line on each.
async fn acknowledge(desk: &Desk<'_>, first: i64, others: &[i64]) -> Result<Message, StoreError> {
    let mut all = on_issue(desk, Verb::Ack, first, String::new()).await?;
    for id in others {
        let next = on_issue(desk, Verb::Ack, *id, String::new()).await?;
        for (text, more) in [(&mut all.html, next.html), (&mut all.plain, next.plain)] {
            text.push('\n');
            text.push_str(&more);
        }
    }
    Ok(all)
}

async fn on_issue(desk: &Desk<'_>, verb: Verb, id: i64, words: String) -> Result<Message, StoreError> {
    if verb == Verb::Issue {
        return Ok(match issues::find(desk, verb, id).await? {
            Some(issue) => issues::shown(desk, &issue).await?,
            None => desk.say(&issues::unknown(desk, verb, id)),
        });
    }
    let done = issues::act(desk, verb, id, &words).await?;
    // Why: asking for words about an issue that does not exist would betray that others do.
    if matches!(done, issues::Done::WordsMissing) {
        let Some(found) = issues::find(desk, verb, id).await? else {
            return Ok(desk.say(&issues::unknown(desk, verb, id)));
        };
        // What cannot be done anyway is said before anybody types.
        if let Some(refusal) = issues::refused_now(desk, verb, &found) {
            return Ok(desk.say(&Reply::Refused(id, &refusal, Some(&found))));
        }
        if verb == Verb::Extend && !words.is_empty() {
            return Ok(desk.say(&Reply::AskDate(id, take_date(&words).map(|(date, _)| date))));
        }
    }
    Ok(desk.say(&issues::answer(desk, verb, id, &done)))
}

/// The reply to a question about a finding: the reason for dismissing it, or the note that confirms it.
async fn settle(desk: &Desk<'_>, id: i64, confirm: bool, words: &Words<'_>) -> Result<Outcome, StoreError> {
    if let Some(refusal) = unfit(desk, words).or_else(|| desk.refusal(Verb::Queue)) {
        return Ok(desk.say(&refusal).into());
    }
    let message = match findings::decide(desk, id, confirm, words.text.trim()).await? {
        Decided::Now(finding) => desk.say(&Reply::Decided(&finding)),
        Decided::Not(message) => message,
    };
    Ok(message.into())
}

async fn bind(desk: &Desk<'_>, code: &str) -> Result<Outcome, StoreError> {
    let incoming = desk.incoming;
    let sender = &incoming.sender;
    let bound = people::bind(
        desk.office,
        code,
        &sender.key,
        &sender.name,
        incoming.channel,
        &incoming.address,
        incoming.is_group,
        desk.lang,
    )
    .await;
    let refusal = match bound {
        Ok(person) => {
            let mut roles = desk.roles();
            roles.push(person.role);
            let menu = (!incoming.is_group).then(|| (texts::commands_of(&roles), desk.lang));
            let waits = desk.office.store.read().await?.deliveries_waiting(person.chat_id).await? > 0;
            return Ok(Outcome { menu, ..desk.say(&Reply::Bound(&person, waits)).into() });
        }
        Err(BindError::Unknown) => BindRefusal::Unknown,
        Err(BindError::Expired) => BindRefusal::Expired,
        Err(BindError::Used) => BindRefusal::Used,
        Err(BindError::TooManyTries) => BindRefusal::TooManyTries,
        Err(BindError::Store(error)) => return Err(error),
    };
    Ok(desk.say(&Reply::NotBound(refusal)).into())
}

async fn invite(desk: &Desk<'_>, unit: &str) -> Result<Message, StoreError> {
    if desk.incoming.is_group {
        return Ok(desk.say(&Reply::PrivateOnly));
    }
    if unit.is_empty() {
        return Ok(desk.say(&Reply::Usage(Verb::Invite)));
    }
    match people::invite(desk.office, Role::UnitAdmin, Some(unit)).await {
        Ok(invite) => Ok(desk.say(&Reply::Invite { code: &invite.code, unit, expires_at: invite.expires_at })),
        Err(InviteError::Store(error)) => Err(error),
        Err(InviteError::UnknownUnit(_) | InviteError::UnitMissing | InviteError::UnitSurplus) => {
            Ok(desk.say(&Reply::NoUnit(unit)))
        }
    }
}

async fn set_lang(desk: &Desk<'_>, wanted: &str) -> Result<Outcome, StoreError> {
    let wanted = wanted.to_lowercase();
    let Some(lang) = Lang::ALL
        .iter()
        .copied()
        .find(|lang| wanted == lang.key() || wanted == lang.zh() || wanted == lang.en().to_lowercase())
    else {
        return Ok(desk.say(&Reply::Usage(Verb::Lang)).into());
    };
    let incoming = desk.incoming;
    let mut tx = desk.office.store.write().await?;
    let chat = match tx.chat_at(incoming.channel, &incoming.address).await? {
        Some(chat) => chat,
        None => tx.put_chat(incoming.channel, &incoming.address, incoming.is_group, lang).await?,
    };
    tx.set_chat_lang(chat.id, lang).await?;
    tx.commit().await?;
    let menu = (!incoming.is_group).then(|| (texts::commands_of(&desk.roles()), lang));
    Ok(Outcome { menu, ..texts::reply(&Reply::LangSet, lang).into() })
}

async fn feedback(desk: &Desk<'_>, text: &str) -> Result<Message, StoreError> {
    if text.is_empty() {
        return Ok(desk.say(&Reply::Usage(Verb::Feedback)));
    }
    let unit = desk.people.iter().find_map(|person| person.unit.as_deref());
    notify::feedback(desk.office, unit, text, desk.actor()).await?;
    Ok(desk.say(&Reply::Thanks))
}

async fn status(desk: &Desk<'_>, wanted: &str) -> Result<Message, StoreError> {
    let mut tx = desk.office.store.read().await?;
    let round = if wanted.is_empty() {
        tx.rounds().await?.pop()
    } else {
        match wanted.parse::<RoundName>() {
            Ok(name) => tx.round(name).await?,
            Err(_) => None,
        }
    };
    let Some(round) = round else { return Ok(desk.say(&Reply::NoRound)) };
    let counts = tx.member_counts(round.id).await?;
    let progress = Progress {
        round: round.name,
        state: round.state,
        as_of: desk.office.local(round.as_of),
        members: counts.members,
        looked_at: counts.looked_at,
        findings: tx.finding_counts(round.id).await?,
        doubtful: tx.doubtful_count().await?,
        issues: tx.issue_counts().await?,
    };
    Ok(desk.say(&Reply::Status(&progress)))
}
