//! What comes as a photo or a file, and what goes out as one: whether it is wanted, and what becomes of it.
//!
//! Either everything of a message is taken, or nothing of it and the sender learns why.

use super::text::{self, Words};
use super::{Desk, Document, Incoming, Outcome, What, issues, self_report, tables};
use crate::chat::attachment::{Attachments, Content, MOST};
use crate::chat::commands::{Read, Typed, Verb, read};
use crate::chat::texts::{self, FileReply, Press, Reply};
use crate::domain::Lang;
use crate::domain::issue::Action;
use crate::domain::material::{Material, MaterialFault};
use crate::issues::evidence::{self, EvidenceError, Handed};
use crate::issues::{IssueError, Scope};
use crate::office::Office;
use crate::people;
use crate::store::StoreError;

/// Whether the content of what came with an update is wanted, so that it is worth fetching.
///
/// Nothing is fetched for strangers, for forwarded and anonymous messages, for what was handled
/// before, and for words that no file belongs to.
pub async fn wants(office: &Office, bot: &str, incoming: &Incoming) -> Result<bool, StoreError> {
    let What::Text { text, reply_to, attachments, forwarded } = &incoming.what else { return Ok(false) };
    if attachments.is_empty() || attachments.files.len() > MOST || *forwarded || incoming.sender.anonymous {
        return Ok(false);
    }
    let asked = reply_to.as_deref().and_then(texts::asked);
    let for_us = match (asked, read(text, bot)) {
        (_, Read::NotForUs | Read::Unknown) => false,
        (Some(Press::Do(verb, _)), Read::Words) => takes_files(verb),
        (_, Read::Command(typed)) => takes_files(typed.verb),
        (_, Read::Words) => !incoming.is_group || attachments.album.is_some(),
    };
    if !for_us || people::known(office, &incoming.sender.key).await?.is_empty() {
        return Ok(false);
    }
    // Looks, and lets the mark go with the transaction.
    office.store.write_rows().await?.see_update(incoming.update_id, office.now()).await
}

/// Whether a photo or file may come with a command.
const fn takes_files(verb: Verb) -> bool {
    matches!(verb, Verb::Fix | Verb::Appeal | Verb::Selfreport)
}

/// Acts on a message that is about files; `None` for every other.
pub(super) async fn take(desk: &Desk<'_>, bot: &str, words: &Words<'_>) -> Result<Option<Outcome>, StoreError> {
    let came = !words.attachments.is_empty();
    let typed = match (words.reply_to.and_then(texts::asked), read(words.text, bot)) {
        (Some(Press::Do(verb @ (Verb::Fix | Verb::Appeal), id)), Read::Words) if came => {
            Typed { verb, id: Some(id), rest: words.text.trim().to_owned(), others: Vec::new() }
        }
        (Some(_), Read::Words) => return Ok(None),
        (_, Read::Command(typed)) if is_about_files(typed.verb) || (came && takes_files(typed.verb)) => typed,
        (_, Read::Words) if came && !desk.people.is_empty() => return loose(desk, words).await,
        _ => return Ok(None),
    };
    if let Some(refusal) = text::unfit(desk, words) {
        return Ok(Some(desk.say(&refusal).into()));
    }
    if let Some(refusal) = desk.refusal(typed.verb) {
        return Ok(Some(desk.say(&refusal).into()));
    }
    let Typed { verb, id, rest, others } = typed;
    let outcome = match (verb, id) {
        (_, Some(_)) if !others.is_empty() => desk.say(&Reply::OneNumber(verb)).into(),
        (Verb::Template, _) => tables::template(desk).await?,
        (Verb::Worksheet, _) => tables::worksheet(desk, &rest).await?,
        (Verb::Evidence, Some(id)) => send(desk, id).await?,
        (Verb::Selfreport, _) => self_report::take(desk, &rest, words.attachments).await?,
        (Verb::Fix, Some(id)) => report(desk, verb, Action::Fix, id, &rest, words.attachments).await?,
        (Verb::Appeal, Some(id)) => report(desk, verb, Action::Appeal, id, &rest, words.attachments).await?,
        _ => desk.say(&Reply::Usage(verb)).into(),
    };
    Ok(Some(outcome))
}

/// Whether a command is answered here, with files or without.
const fn is_about_files(verb: Verb) -> bool {
    matches!(verb, Verb::Template | Verb::Worksheet | Verb::Evidence | Verb::Selfreport)
}

/// Acts on a button that is about files; `None` for every other.
pub(super) async fn pressed(desk: &Desk<'_>, data: &str) -> Result<Option<Outcome>, StoreError> {
    let Some(Press::Do(Verb::Evidence, id)) = Press::parse(data) else { return Ok(None) };
    let toast = |reply: &Reply<'_>| Outcome { toast: Some(desk.say(reply).plain), ..Outcome::default() };
    if let Some(refusal) = desk.refusal(Verb::Evidence) {
        return Ok(Some(toast(&refusal)));
    }
    if desk.incoming.is_group {
        return Ok(Some(toast(&Reply::PrivateOnly)));
    }
    send(desk, id).await.map(Some)
}

/// Adds to an answer that shows an issue how many files it has, and the button that sends them.
pub(super) async fn mention(desk: &Desk<'_>, bot: &str, outcome: &mut Outcome) -> Result<(), StoreError> {
    let id = match &desk.incoming.what {
        What::Text { text, .. } => match read(text, bot) {
            Read::Command(Typed { verb: Verb::Issue, id: Some(id), .. }) => id,
            _ => return Ok(()),
        },
        What::Press { data, .. } => match Press::parse(data) {
            Some(Press::Do(Verb::Issue, id)) => id,
            _ => return Ok(()),
        },
    };
    let Some(message) = outcome.messages.first_mut() else { return Ok(()) };
    let Some(files) = list(desk, id).await?.filter(|files| !files.is_empty()) else { return Ok(()) };
    *message = texts::with_files(std::mem::take(message), id, files.len(), desk.lang);
    Ok(())
}

/// Everything that came, as files that may be kept; else what to say.
pub(super) fn materials(attachments: &Attachments, lang: Lang) -> Result<Vec<Material>, Box<texts::Message>> {
    let refuse = |reply: &FileReply<'_>| Box::new(texts::file_reply(reply, lang));
    if attachments.files.len() > MOST {
        return Err(refuse(&FileReply::TooMany));
    }
    let (mut taken, mut faults) = (Vec::new(), Vec::new());
    for (place, file) in (1..).zip(&attachments.files) {
        let name = || match (&file.name, lang) {
            (Some(name), _) => name.clone(),
            (None, Lang::Zh) => format!("第 {place} 份"),
            (None, Lang::En) => format!("file {place}"),
        };
        match &file.content {
            Content::Whole(content) => match Material::take(file.name.as_deref(), content.clone()) {
                Ok(material) => taken.push(material),
                Err(fault) => faults.push((name(), fault)),
            },
            Content::TooLarge => faults.push((name(), MaterialFault::TooLarge)),
            // Nothing of this channel is ever fetched.
            Content::Unasked => return Err(refuse(&FileReply::NotHere)),
            Content::Failed => return Err(refuse(&FileReply::NotFetched)),
        }
    }
    if faults.is_empty() { Ok(taken) } else { Err(refuse(&FileReply::NotTaken(&faults))) }
}

async fn report(
    desk: &Desk<'_>,
    verb: Verb,
    action: Action,
    id: i64,
    note: &str,
    attachments: &Attachments,
) -> Result<Outcome, StoreError> {
    let none = || Ok(desk.say(&issues::unknown(desk, verb, id)).into());
    // Why first: what is wrong with a file would betray that another unit's issue exists.
    if list(desk, id).await?.is_none() {
        return none();
    }
    let files = match materials(attachments, desk.lang) {
        Ok(files) => files,
        Err(message) => return Ok((*message).into()),
    };
    if let Some(found) = issues::find(desk, verb, id).await?
        && issues::is_untold(desk, &found).await?
    {
        return Ok(desk.say(&Reply::NotTold(id)).into());
    }
    let album = album_key(desk, attachments);
    for scope in desk.scopes(verb) {
        let handed = Handed { files: &files, album: album.as_deref() };
        match evidence::report(desk.office, id, action.clone(), note, handed, desk.actor(), &scope).await {
            Err(EvidenceError::Issue(IssueError::NotFound(_) | IssueError::AwaitsSecond { .. })) => {}
            Err(EvidenceError::Issue(IssueError::Store(error))) => return Err(error),
            Err(EvidenceError::Issue(IssueError::Refused { refusal, .. })) => {
                return issues::refused(desk, id, &refusal).await.map(Outcome::from);
            }
            Err(EvidenceError::Full(id)) => return Ok(texts::file_reply(&FileReply::Full(id), desk.lang).into()),
            Ok(fixed) => {
                let done = Reply::Done { verb, changed: fixed.changed, issue: &fixed.issue };
                return Ok(texts::with_files(desk.say(&done), id, fixed.files, desk.lang).into());
            }
        }
    }
    none()
}

/// A file whose words say nothing: the rest of an album, a table, or something unclear.
async fn loose(desk: &Desk<'_>, words: &Words<'_>) -> Result<Option<Outcome>, StoreError> {
    if let Some(refusal) = text::unfit(desk, words) {
        return Ok((!desk.incoming.is_group).then(|| desk.say(&refusal).into()));
    }
    let scopes = desk.scopes(Verb::Fix);
    if let Some(album) = album_key(desk, words.attachments)
        && !scopes.is_empty()
        && let Some(outcome) = rest_of_album(desk, &album, words.attachments, &scopes).await?
    {
        return Ok(Some(outcome));
    }
    if desk.incoming.is_group {
        return Ok(None);
    }
    tables::take(desk, words.attachments).await.map(Some)
}

async fn rest_of_album(
    desk: &Desk<'_>,
    album: &str,
    attachments: &Attachments,
    scopes: &[Scope],
) -> Result<Option<Outcome>, StoreError> {
    if desk.office.store.read().await?.issue_of_album(album).await?.is_none() {
        return Ok(None);
    }
    let files = match materials(attachments, desk.lang) {
        Ok(files) => files,
        Err(message) => return Ok(Some((*message).into())),
    };
    let say = |reply: &FileReply<'_>| Some(texts::file_reply(reply, desk.lang).into());
    Ok(match evidence::add_to_album(desk.office, album, &files, desk.actor(), scopes).await {
        Ok(added) => added.and_then(|(id, files)| say(&FileReply::Added(id, files))),
        Err(EvidenceError::Full(id)) => say(&FileReply::Full(id)),
        Err(EvidenceError::Issue(IssueError::Refused { id, refusal })) => {
            Some(issues::refused(desk, id, &refusal).await?.into())
        }
        Err(EvidenceError::Issue(IssueError::NotFound(_) | IssueError::AwaitsSecond { .. })) => None,
        Err(EvidenceError::Issue(IssueError::Store(error))) => return Err(error),
    })
}

/// An album as the database knows it: nobody else's album, in no other chat.
fn album_key(desk: &Desk<'_>, attachments: &Attachments) -> Option<String> {
    let album = attachments.album.as_deref()?;
    Some(format!("{}:{}:{album}", desk.incoming.sender.key, desk.incoming.address))
}

/// What is kept with an issue; `None` where the sender may not read it.
async fn list(desk: &Desk<'_>, id: i64) -> Result<Option<Vec<crate::domain::material::KeptMaterial>>, StoreError> {
    for scope in desk.scopes(Verb::Evidence) {
        match evidence::list(desk.office, id, &scope).await {
            Ok(files) => return Ok(Some(files)),
            Err(IssueError::NotFound(_) | IssueError::Refused { .. } | IssueError::AwaitsSecond { .. }) => {}
            Err(IssueError::Store(error)) => return Err(error),
        }
    }
    Ok(None)
}

/// The files of an issue, to somebody alone with the bot: they may show people.
async fn send(desk: &Desk<'_>, id: i64) -> Result<Outcome, StoreError> {
    if desk.incoming.is_group {
        return Ok(desk.say(&Reply::PrivateOnly).into());
    }
    let Some(files) = list(desk, id).await? else {
        return Ok(desk.say(&issues::unknown(desk, Verb::Evidence, id)).into());
    };
    if files.is_empty() {
        return Ok(texts::file_reply(&FileReply::NoFiles(id), desk.lang).into());
    }
    let mut documents = Vec::new();
    for file in &files {
        let content = evidence::content(desk.office, file).await?;
        let caption = format!("{id}　{}　{}", texts::who(&file.by, desk.lang), file.at.minute());
        documents.push(Document { name: file.name.clone(), content, caption });
    }
    let message = texts::file_reply(&FileReply::Following(id, files.len()), desk.lang);
    Ok(Outcome { messages: vec![message], documents, ..Outcome::default() })
}
