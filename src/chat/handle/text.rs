//! A message: a command, the answer to a question, or words that mean nothing to the bot.

use super::{Desk, findings, issues};
use crate::chat::attachment::Attachments;
use crate::chat::commands::{Read, Typed, Verb, read};
use crate::chat::texts::{self, BindRefusal, Message, Press, Progress, Reply};
use crate::domain::Lang;
use crate::domain::person::Role;
use crate::domain::round::RoundName;
use crate::notify;
use crate::people::{self, BindError, InviteError};
use crate::store::StoreError;

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
pub(super) async fn text(desk: &Desk<'_>, bot: &str, words: &Words<'_>) -> Result<Vec<Message>, StoreError> {
    let say = |reply: &Reply<'_>| Ok(vec![desk.say(reply)]);
    let typed = match (words.reply_to.and_then(texts::asked), read(words.text, bot)) {
        (_, Read::NotForUs) => return Ok(Vec::new()),
        (Some(press), Read::Words) => match press {
            Press::Dismiss(id) => return dismiss(desk, id, words).await,
            Press::Do(verb, id) => Typed { verb, id: Some(id), rest: words.text.trim().to_owned() },
            _ => return Ok(Vec::new()),
        },
        (_, Read::Command(typed)) => typed,
        (_, Read::Unknown | Read::Words) if desk.incoming.is_group => return Ok(Vec::new()),
        (_, Read::Unknown | Read::Words) if desk.people.is_empty() => return say(&Reply::Welcome),
        (_, Read::Unknown | Read::Words) => return say(&Reply::Unknown),
    };
    if desk.incoming.sender.anonymous {
        return say(&Reply::Anonymous);
    }
    if words.forwarded {
        return say(&Reply::Forwarded);
    }
    command(desk, typed, words.attachments).await.map(|message| vec![message])
}

async fn command(desk: &Desk<'_>, typed: Typed, attachments: &Attachments) -> Result<Message, StoreError> {
    let Typed { verb, id, rest } = typed;
    match verb {
        Verb::Bind | Verb::Start if !rest.is_empty() => return bind(desk, &rest).await,
        Verb::Bind => return Ok(desk.say(&Reply::Usage(Verb::Bind))),
        Verb::Start if desk.people.is_empty() => return Ok(desk.say(&Reply::Welcome)),
        Verb::Start | Verb::Help => return Ok(desk.say(&Reply::Help(&desk.roles()))),
        _ => {}
    }
    if let Some(refusal) = desk.refusal(verb) {
        return Ok(desk.say(&refusal));
    }
    match verb {
        Verb::Issues | Verb::Overdue => {
            let found = issues::list(desk, verb).await?;
            let with_unit = desk.role() != Role::UnitAdmin;
            Ok(desk.say(&Reply::Issues {
                issues: &found,
                capped: found.len() >= issues::MOST_LISTED,
                overdue: verb == Verb::Overdue,
                with_unit,
            }))
        }
        Verb::Status => status(desk, &rest).await,
        Verb::Queue => findings::queue(desk).await,
        Verb::Invite => invite(desk, &rest).await,
        Verb::Lang => set_lang(desk, &rest).await,
        Verb::Feedback => feedback(desk, &rest).await,
        _ => match id {
            Some(id) => on_issue(desk, verb, id, with_attachment(rest, !attachments.is_empty(), desk.lang)).await,
            None => Ok(desk.say(&Reply::Usage(verb))),
        },
    }
}

async fn on_issue(desk: &Desk<'_>, verb: Verb, id: i64, words: String) -> Result<Message, StoreError> {
    if verb == Verb::Issue {
        return Ok(match issues::find(desk, verb, id).await? {
            Some(issue) => desk.say(&Reply::Issue { issue: &issue, steps: &texts::steps(desk.role(), &issue.state) }),
            None => desk.say(&Reply::NoIssue(id)),
        });
    }
    let done = issues::act(desk, verb, id, &words).await?;
    // Why: asking for words about an issue that does not exist would betray that others do.
    if matches!(done, issues::Done::WordsMissing) && issues::find(desk, verb, id).await?.is_none() {
        return Ok(desk.say(&Reply::NoIssue(id)));
    }
    Ok(desk.say(&issues::answer(verb, id, &done)))
}

/// Notes that a photo or file came with the words; it stays in the chat.
fn with_attachment(words: String, attachment: bool, lang: Lang) -> String {
    let mark = match lang {
        Lang::Zh => "（附件见聊天记录）",
        Lang::En => "(attachment in the chat)",
    };
    match (attachment, words.is_empty()) {
        (false, _) => words,
        (true, true) => mark.to_owned(),
        (true, false) => format!("{words} {mark}"),
    }
}

async fn dismiss(desk: &Desk<'_>, id: i64, words: &Words<'_>) -> Result<Vec<Message>, StoreError> {
    let reply = match desk.refusal(Verb::Queue) {
        _ if desk.incoming.sender.anonymous => Reply::Anonymous,
        _ if words.forwarded => Reply::Forwarded,
        Some(refusal) => refusal,
        None => return Ok(vec![findings::decide(desk, id, false, words.text.trim()).await?]),
    };
    Ok(vec![desk.say(&reply)])
}

async fn bind(desk: &Desk<'_>, code: &str) -> Result<Message, StoreError> {
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
        Ok(person) => return Ok(desk.say(&Reply::Bound(&person))),
        Err(BindError::Unknown) => BindRefusal::Unknown,
        Err(BindError::Expired) => BindRefusal::Expired,
        Err(BindError::Used) => BindRefusal::Used,
        Err(BindError::TooManyTries) => BindRefusal::TooManyTries,
        Err(BindError::Store(error)) => return Err(error),
    };
    Ok(desk.say(&Reply::NotBound(refusal)))
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

async fn set_lang(desk: &Desk<'_>, wanted: &str) -> Result<Message, StoreError> {
    let wanted = wanted.to_lowercase();
    let Some(lang) = Lang::ALL
        .iter()
        .copied()
        .find(|lang| wanted == lang.key() || wanted == lang.zh() || wanted == lang.en().to_lowercase())
    else {
        return Ok(desk.say(&Reply::Usage(Verb::Lang)));
    };
    let incoming = desk.incoming;
    let mut tx = desk.office.store.write().await?;
    let chat = match tx.chat_at(incoming.channel, &incoming.address).await? {
        Some(chat) => chat,
        None => tx.put_chat(incoming.channel, &incoming.address, incoming.is_group, lang).await?,
    };
    tx.set_chat_lang(chat.id, lang).await?;
    tx.commit().await?;
    Ok(texts::reply(&Reply::LangSet, lang))
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
