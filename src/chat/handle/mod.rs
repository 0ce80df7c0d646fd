//! One incoming update: who, what, which use case, what to answer.
//!
//! Values in, values out; the bot library is not known here. Decisions that bind this module:
//!
//! - An update is marked as handled after it was acted upon, and answered after that. A crash
//!   in between acts twice, which the use cases turn into "already"; the other order would lose it.
//! - A person acts by their own bindings, whatever chat they speak in. What belongs to another
//!   unit is answered like what does not exist.
//! - Questions keep no state: a reply is recognised by the mark in the question it answers.

mod files;
mod findings;
mod issues;
mod lists;
mod press;
mod report;
mod self_report;
mod tables;
mod text;

use std::collections::BTreeSet;
use std::sync::OnceLock;

use crate::domain::Lang;
use crate::domain::person::Role;
use crate::issues::Scope;
use crate::office::Office;
use crate::people::{self, Refused};
use crate::store::{Person, StoreError};

use super::attachment::Attachments;
use super::commands::Verb;
use super::texts::{self, Button, Message, Press, Reply};

pub use files::wants;

/// Who sent an update.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sender {
    /// `telegram:` or `wecom:`, and the user's id there.
    pub key: String,
    /// Display name.
    pub name: String,
    /// The language their app speaks, where it is one of ours.
    pub lang: Option<Lang>,
    /// They speak as the group, so nobody knows who they are.
    pub anonymous: bool,
}

/// What was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// A message.
    Text {
        /// Text or caption; may be empty.
        text: String,
        /// The text of the bot's message it replies to.
        reply_to: Option<String>,
        /// The photos and files that came with it.
        attachments: Attachments,
        /// It is somebody else's message.
        forwarded: bool,
    },
    /// A button was pressed.
    Press {
        /// The press, to be answered.
        id: String,
        /// The button's data.
        data: String,
        /// The message under which it stands.
        message: Option<i32>,
        /// All buttons under that message.
        buttons: Vec<Vec<Press>>,
    },
}

/// One update that may concern the office.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Incoming {
    /// The channel's name in the database.
    pub channel: &'static str,
    /// Telegram's number of the update; below zero where a channel's own numbers are text.
    pub update_id: i64,
    /// The chat it came from.
    pub address: String,
    /// More than one reader there.
    pub is_group: bool,
    /// Who.
    pub sender: Sender,
    /// What.
    pub what: What,
    /// Numbers of the updates whose files were gathered into this one.
    pub gathered: Vec<i64>,
}

/// A file that goes with an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// File name, with its ending.
    pub name: String,
    /// The bytes.
    pub content: Vec<u8>,
    /// A short text under it; may be empty.
    pub caption: String,
}

/// What the bot does in return.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Outcome {
    /// The notification of a pressed button.
    pub toast: Option<String>,
    /// New buttons for the message under which one was pressed.
    pub redraw: Option<Vec<Vec<Button>>>,
    /// The message under which a button was pressed, written anew with its buttons.
    pub rewrite: Option<Message>,
    /// Messages to the chat.
    pub messages: Vec<Message>,
    /// Files to the chat, after the messages.
    pub documents: Vec<Document>,
    /// The commands that stand in the chat's menu from now on, and their language.
    pub menu: Option<(Vec<Verb>, Lang)>,
}

impl From<Message> for Outcome {
    fn from(message: Message) -> Self {
        Self { messages: vec![message], ..Self::default() }
    }
}

/// Acts on an update once; `bot` is this bot's user name.
pub async fn handle(office: &Office, bot: &str, incoming: &Incoming) -> Outcome {
    match try_handle(office, bot, incoming).await {
        Ok(outcome) => outcome,
        Err(error) => {
            tracing::error!(incoming.update_id, %error, "an update could not be handled");
            trouble(office, incoming)
        }
    }
}

/// What is said where an update could not be handled, or not in time.
pub(super) fn trouble(office: &Office, incoming: &Incoming) -> Outcome {
    let lang = incoming.sender.lang.unwrap_or_else(|| office.lang());
    let trouble = texts::reply(&Reply::Trouble, lang);
    match incoming.what {
        What::Text { .. } => trouble.into(),
        What::Press { .. } => Outcome { toast: Some(trouble.plain), ..Outcome::default() },
    }
}

async fn try_handle(office: &Office, bot: &str, incoming: &Incoming) -> Result<Outcome, StoreError> {
    // Looks, and lets the mark go with the transaction: it is set for good below.
    if !office.store.write_rows().await?.see_update(incoming.update_id, office.now()).await? {
        return Ok(Outcome::default());
    }
    let desk = Desk::of(office, incoming).await?;
    let mut outcome = match &incoming.what {
        What::Text { text, reply_to, attachments, forwarded } => {
            let words = text::Words { text, reply_to: reply_to.as_deref(), attachments, forwarded: *forwarded };
            match files::take(&desk, bot, &words).await? {
                Some(outcome) => outcome,
                None => text::text(&desk, bot, &words).await?,
            }
        }
        What::Press { data, buttons, .. } => match files::pressed(&desk, data).await? {
            Some(outcome) => outcome,
            None => press::press(&desk, data, buttons).await?,
        },
    };
    files::mention(&desk, bot, &mut outcome).await?;
    if let Some((why, note)) = desk.refused.get() {
        people::note_refusal(office, &incoming.sender.key, *why, note).await?;
    }
    let mut tx = office.store.write_rows().await?;
    for number in std::iter::once(incoming.update_id).chain(incoming.gathered.iter().copied()) {
        tx.see_update(number, office.now()).await?;
    }
    tx.commit().await?;
    Ok(outcome)
}

/// Who reads what is said in a chat.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Place {
    /// The sender alone, or a group of nobody but supervisors and auditors.
    Open,
    /// A group: the units bound there, if any.
    Group(BTreeSet<String>),
}

/// Everything one update is judged by.
struct Desk<'a> {
    office: &'a Office,
    incoming: &'a Incoming,
    /// The sender's bindings in force.
    people: Vec<Person>,
    /// The sender was bound once, and is no longer.
    was_bound: bool,
    /// Who reads along.
    place: Place,
    /// The language of the chat.
    lang: Lang,
    /// Why the sender was refused, for the history; the first reason counts.
    refused: OnceLock<(Refused, String)>,
}

impl<'a> Desk<'a> {
    async fn of(office: &'a Office, incoming: &'a Incoming) -> Result<Self, StoreError> {
        let people = people::known(office, &incoming.sender.key).await?;
        let mut tx = office.store.read().await?;
        let chat = tx.chat_at(incoming.channel, &incoming.address).await?;
        let was_bound = people.is_empty() && tx.was_bound(&incoming.sender.key).await?;
        let place = match (&chat, incoming.is_group) {
            (_, false) => Place::Open,
            (None, true) => Place::Group(BTreeSet::new()),
            (Some(chat), true) => Place::of_group(&tx.people_in_chat(chat.id).await?),
        };
        let lang = chat.map(|chat| chat.lang).or(incoming.sender.lang).unwrap_or_else(|| office.lang());
        Ok(Self { office, incoming, people, was_bound, place, lang, refused: OnceLock::new() })
    }

    /// Notes for the history that the sender was refused.
    fn refuse(&self, why: Refused, note: impl Into<String>) {
        let _ = self.refused.set((why, note.into()));
    }

    fn say(&self, reply: &Reply<'_>) -> Message {
        texts::reply(reply, self.lang)
    }

    /// The greeting of somebody who is not bound.
    fn welcome(&self) -> Reply<'static> {
        if self.was_bound { Reply::Revoked } else { Reply::Welcome }
    }

    fn roles(&self) -> Vec<Role> {
        self.people.iter().map(|person| person.role).collect()
    }

    /// What history shows as the actor.
    fn actor(&self) -> &str {
        self.people.first().map_or(&self.incoming.sender.name, |person| &person.name)
    }

    /// Why the sender may not use a command; `None` when they may.
    fn refusal(&self, verb: Verb) -> Option<Reply<'static>> {
        let (why, reply) = match () {
            () if self.people.is_empty() && self.was_bound => (Refused::Revoked, Reply::Revoked),
            () if self.people.is_empty() => (Refused::Stranger, Reply::Welcome),
            () if !self.people.iter().any(|person| verb.is_for(person.role)) => (Refused::Role, Reply::NotYours),
            () if verb.is_office_wide() && self.place != Place::Open => (Refused::Place, Reply::PrivateOnly),
            () if (verb.takes_issue() || verb == Verb::Issues) && self.scopes(verb).is_empty() => {
                (Refused::Place, Reply::PrivateOnly)
            }
            () => return None,
        };
        self.refuse(why, verb.key());
        Some(reply)
    }

    /// What the sender may touch with a command here: by those of their bindings that allow it, and as far
    /// as everybody who reads along may know of it.
    fn scopes(&self, verb: Verb) -> Vec<Scope> {
        let scopes = self.own_scopes(verb);
        let Place::Group(units) = &self.place else { return scopes };
        if scopes.contains(&Scope::All) {
            return units.iter().cloned().map(Scope::Unit).collect();
        }
        scopes.into_iter().filter(|scope| matches!(scope, Scope::Unit(unit) if units.contains(unit))).collect()
    }

    fn own_scopes(&self, verb: Verb) -> Vec<Scope> {
        let mut scopes = Vec::new();
        for person in self.people.iter().filter(|person| verb.is_for(person.role)) {
            match (person.role, &person.unit) {
                (Role::Supervisor | Role::Auditor, _) => return vec![Scope::All],
                (Role::UnitAdmin, Some(unit)) => {
                    let scope = Scope::Unit(unit.clone());
                    if !scopes.contains(&scope) {
                        scopes.push(scope);
                    }
                }
                (Role::UnitAdmin, None) => {}
            }
        }
        scopes
    }

    /// The role in which the sender sees an issue: the one that may do most.
    fn role(&self) -> Role {
        let has = |role| self.people.iter().any(|person| person.role == role);
        match () {
            () if has(Role::Supervisor) => Role::Supervisor,
            () if has(Role::UnitAdmin) => Role::UnitAdmin,
            () => Role::Auditor,
        }
    }
}

impl Place {
    /// Whether everybody here may know of a unit's issues.
    fn may_read(&self, unit: &str) -> bool {
        match self {
            Self::Open => true,
            Self::Group(units) => units.contains(unit),
        }
    }

    fn of_group(bound: &[Person]) -> Self {
        let units: BTreeSet<String> = bound.iter().filter_map(|person| person.unit.clone()).collect();
        if units.is_empty() && !bound.is_empty() { Self::Open } else { Self::Group(units) }
    }
}

#[cfg(test)]
mod tests;
