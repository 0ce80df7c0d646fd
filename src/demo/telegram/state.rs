//! What the pretended Telegram knows: chats, messages, updates, faults, limits.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use chrono::{DateTime, Duration, Utc};
use serde_json::{Value, json};

use super::html::{Rich, utf16_len};
use super::{Fault, Line, Refusal, SentFile, Shown};

/// The bot's own user id.
pub(super) const BOT_ID: i64 = 6_000_001;
/// The bot's display name, as transcripts show it.
pub(super) const BOT_NAME: &str = "巡查";
/// The bot's user name.
pub(super) const BOT_USERNAME: &str = "xuncha_demo_bot";

/// A message as it stands now.
#[derive(Debug, Clone)]
pub(super) struct Message {
    pub(super) id: i64,
    pub(super) from: i64,
    pub(super) at: DateTime<Utc>,
    pub(super) edited_at: Option<DateTime<Utc>>,
    pub(super) body: Rich,
    pub(super) markup: Option<Value>,
    pub(super) file: Option<Attached>,
}

/// A file that hangs on a message.
#[derive(Debug, Clone)]
pub(super) struct Attached {
    pub(super) file_id: String,
    pub(super) photo: bool,
    pub(super) sent: SentFile,
}

/// A file the bot may fetch.
#[derive(Debug, Clone)]
pub(super) struct StoredFile {
    pub(super) path: String,
    pub(super) bytes: Arc<[u8]>,
}

#[derive(Debug)]
pub(super) struct Chat {
    pub(super) id: i64,
    pub(super) title: String,
    pub(super) kind: &'static str,
    pub(super) members: BTreeSet<i64>,
    /// Private chats: the person has spoken to the bot.
    pub(super) started: bool,
    pub(super) refusal: Option<Refusal>,
    pub(super) migrated_to: Option<i64>,
    pub(super) messages: BTreeMap<i64, Message>,
    pub(super) unread: Vec<Shown>,
    pub(super) faults: VecDeque<Fault>,
    /// Calls of the bot that named this chat, answered well or not.
    pub(super) activity: u64,
}

impl Chat {
    fn json(&self) -> Value {
        let name = if self.kind == "private" { "first_name" } else { "title" };
        json!({ "id": self.id, "type": self.kind, name: self.title })
    }
}

/// A pressed button that waits for its answer.
#[derive(Debug)]
pub(super) struct Query {
    pub(super) chat: i64,
    pub(super) button: String,
    pub(super) answered: bool,
}

/// How a poll brings its updates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Order {
    /// As they happened.
    #[default]
    Kept,
    /// The last first, and each of them twice.
    Lost,
}

#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) chats: BTreeMap<i64, Chat>,
    pub(super) names: BTreeMap<i64, String>,
    pub(super) updates: VecDeque<(i64, Value)>,
    pub(super) last_update: i64,
    /// Every update below this id has been acknowledged.
    pub(super) acknowledged: i64,
    pub(super) allowed: Vec<String>,
    pub(super) polls: u64,
    pub(super) queries: BTreeMap<String, Query>,
    pub(super) files: BTreeMap<String, StoredFile>,
    pub(super) commands: BTreeMap<String, Value>,
    pub(super) transcript: Vec<Line>,
    pub(super) violations: Vec<String>,
    pub(super) enforce_limits: bool,
    /// The people's apps are in English; Chinese otherwise.
    pub(super) in_english: bool,
    /// Files are not handed out.
    pub(super) withholds_files: bool,
    /// Nothing is answered.
    pub(super) down: bool,
    /// How updates come.
    pub(super) order: Order,
    pub(super) sends: VecDeque<(DateTime<Utc>, i64)>,
}

impl State {
    pub(super) fn user_json(&self, id: i64) -> Value {
        if id == BOT_ID {
            return json!({ "id": BOT_ID, "is_bot": true, "first_name": BOT_NAME, "username": BOT_USERNAME });
        }
        let name = self.names.get(&id).cloned().unwrap_or_default();
        let language = if self.in_english { "en" } else { "zh-hans" };
        json!({ "id": id, "is_bot": false, "first_name": name, "language_code": language })
    }

    fn name_of(&self, user: i64) -> String {
        if user == BOT_ID { BOT_NAME.to_owned() } else { self.names.get(&user).cloned().unwrap_or_default() }
    }

    pub(super) fn add_chat(&mut self, id: i64, title: &str, kind: &'static str, members: BTreeSet<i64>) {
        let chat = Chat {
            id,
            title: title.to_owned(),
            kind,
            members,
            started: kind != "private",
            refusal: None,
            migrated_to: None,
            messages: BTreeMap::new(),
            unread: Vec::new(),
            faults: VecDeque::new(),
            activity: 0,
        };
        self.chats.insert(id, chat);
    }

    /// The group moves to a new id; from now on the old one only says where to.
    pub(super) fn migrate(&mut self, from: i64, to: i64) {
        let Some(old) = self.chats.get_mut(&from) else { return };
        old.migrated_to = Some(to);
        let (title, members) = (old.title.clone(), old.members.clone());
        if !self.chats.contains_key(&to) {
            self.add_chat(to, &title, "supergroup", members);
        }
    }

    /// Adds a message; what the bot sends waits in the inbox, what people send does not.
    pub(super) fn post(
        &mut self,
        chat_id: i64,
        from: i64,
        at: DateTime<Utc>,
        body: Rich,
        markup: Option<Value>,
        file: Option<Attached>,
    ) -> Option<Value> {
        let chat = self.chats.get_mut(&chat_id)?;
        let id = chat.messages.keys().next_back().map_or(1, |last| last + 1);
        let message = Message { id, from, at, edited_at: None, body, markup, file };
        chat.messages.insert(id, message);
        self.note(chat_id, id);
        self.message_json(chat_id, id)
    }

    /// Writes the message as it stands into the transcript, and into the inbox if it is the bot's.
    pub(super) fn note(&mut self, chat_id: i64, message_id: i64) {
        let Some(shown) = self.shown(chat_id, message_id) else { return };
        let Some(chat) = self.chats.get(&chat_id) else { return };
        let from = chat.messages.get(&message_id).map_or(BOT_ID, |m| m.from);
        self.transcript.push(Line {
            at: shown.at,
            chat_title: chat.title.clone(),
            who: self.name_of(from),
            text: shown.text.clone(),
            buttons: shown.buttons.clone(),
            edited: shown.edited,
            file: shown.file.as_ref().map(|f| f.name.clone()),
            toast: false,
        });
        if from == BOT_ID
            && let Some(chat) = self.chats.get_mut(&chat_id)
        {
            chat.unread.push(shown);
        }
    }

    /// A callback answer that carries text: a notification over the chat.
    pub(super) fn toast(&mut self, chat_id: i64, at: DateTime<Utc>, text: &str) {
        let Some(chat) = self.chats.get_mut(&chat_id) else { return };
        let shown =
            Shown { message_id: 0, at, text: text.to_owned(), buttons: vec![], file: None, edited: false, toast: true };
        chat.unread.push(shown);
        self.transcript.push(Line {
            at,
            chat_title: chat.title.clone(),
            who: BOT_NAME.to_owned(),
            text: text.to_owned(),
            buttons: vec![],
            edited: false,
            file: None,
            toast: true,
        });
    }

    pub(super) fn shown(&self, chat_id: i64, message_id: i64) -> Option<Shown> {
        let message = self.chats.get(&chat_id)?.messages.get(&message_id)?;
        Some(Shown {
            message_id,
            at: message.edited_at.unwrap_or(message.at),
            text: message.body.text.clone(),
            buttons: buttons(message.markup.as_ref()).into_iter().map(|(text, _)| text).collect(),
            file: message.file.as_ref().map(|f| f.sent.clone()),
            edited: message.edited_at.is_some(),
            toast: false,
        })
    }

    pub(super) fn message_json(&self, chat_id: i64, message_id: i64) -> Option<Value> {
        let chat = self.chats.get(&chat_id)?;
        let message = chat.messages.get(&message_id)?;
        let mut json = json!({
            "message_id": message.id,
            "from": self.user_json(message.from),
            "chat": chat.json(),
            "date": message.at.timestamp(),
        });
        if let Some(edited) = message.edited_at {
            json["edit_date"] = edited.timestamp().into();
        }
        let (text_key, entities_key) =
            if message.file.is_some() { ("caption", "caption_entities") } else { ("text", "entities") };
        if message.file.is_none() || !message.body.text.is_empty() {
            json[text_key] = message.body.text.clone().into();
        }
        let mut entities = message.body.entities.clone();
        if message.from != BOT_ID && message.file.is_none() && message.body.text.starts_with('/') {
            let command = message.body.text.split_whitespace().next().unwrap_or_default();
            entities.push(json!({ "type": "bot_command", "offset": 0, "length": utf16_len(command) }));
        }
        if !entities.is_empty() {
            json[entities_key] = entities.into();
        }
        if let Some(markup) = message.markup.as_ref().filter(|m| m.get("inline_keyboard").is_some()) {
            json["reply_markup"] = markup.clone();
        }
        if let Some(file) = &message.file {
            let unique = format!("u{}", file.file_id);
            let size = file.sent.bytes.len();
            if file.photo {
                json["photo"] = json!([{ "file_id": file.file_id, "file_unique_id": unique, "file_size": size, "width": 1280, "height": 960 }]);
            } else {
                json["document"] = json!({ "file_id": file.file_id, "file_unique_id": unique, "file_size": size,
                    "file_name": file.sent.name, "mime_type": "application/octet-stream" });
            }
        }
        Some(json)
    }

    /// Keeps a file under a new id.
    pub(super) fn keep_file(&mut self, name: &str, bytes: Arc<[u8]>, photo: bool) -> Attached {
        let number = self.files.len() + 1;
        let file_id = format!("file-{number}");
        let extension = name.rsplit_once('.').map_or("bin", |(_, e)| e);
        let folder = if photo { "photos" } else { "documents" };
        let path = format!("{folder}/file_{number}.{extension}");
        self.files.insert(file_id.clone(), StoredFile { path, bytes: bytes.clone() });
        Attached { file_id, photo, sent: SentFile { name: name.to_owned(), bytes } }
    }

    /// Queues an update for the bot; `None` when the bot has not asked for its kind.
    pub(super) fn queue(&mut self, kind: &str, payload: &Value) -> Option<i64> {
        if !self.allowed.is_empty() && !self.allowed.iter().any(|k| k == kind) {
            return None;
        }
        self.last_update = self.last_update.max(100_000) + 1;
        let id = self.last_update;
        self.updates.push_back((id, json!({ "update_id": id, kind: payload })));
        Some(id)
    }

    /// Drops everything below `offset`, as a getUpdates with that offset does.
    pub(super) fn acknowledge(&mut self, offset: i64) {
        let offset = if offset < 0 {
            let keep = usize::try_from(offset.unsigned_abs()).unwrap_or(usize::MAX);
            let skip = self.updates.len().saturating_sub(keep);
            self.updates.get(skip).map_or(0, |(id, _)| *id)
        } else {
            offset
        };
        self.updates.retain(|(id, _)| *id >= offset);
        self.acknowledged = self.acknowledged.max(offset);
    }

    /// Seconds to wait before a message to `chat` is within the limits: one a second on average
    /// in a chat with bursts of five, twenty a minute in a group, thirty a second overall.
    pub(super) fn over_limit(&self, chat: i64, group: bool, now: DateTime<Utc>) -> Option<i64> {
        let window = |seconds: i64, most: usize, only: Option<i64>| -> Option<i64> {
            let since = now - Duration::seconds(seconds);
            let mut inside: Vec<_> = self
                .sends
                .iter()
                .filter(|(at, c)| *at > since && only.is_none_or(|o| o == *c))
                .map(|(at, _)| *at)
                .collect();
            inside.sort_unstable();
            let oldest = *inside.iter().rev().nth(most - 1)?;
            Some(((oldest - since).num_milliseconds() + 999) / 1000).map(|s| s.max(1))
        };
        [window(5, 5, Some(chat)), if group { window(60, 20, Some(chat)) } else { None }, window(1, 30, None)]
            .into_iter()
            .flatten()
            .max()
    }

    pub(super) fn count_send(&mut self, chat: i64, now: DateTime<Utc>) {
        self.sends.retain(|(at, _)| *at > now - Duration::seconds(60));
        self.sends.push_back((now, chat));
    }
}

/// The inline buttons of a keyboard in reading order, each with its JSON.
pub(super) fn buttons(markup: Option<&Value>) -> Vec<(String, &Value)> {
    markup
        .and_then(|m| m.get("inline_keyboard"))
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_array)
        .flatten()
        .map(|b| (b["text"].as_str().unwrap_or_default().to_owned(), b))
        .collect()
}
