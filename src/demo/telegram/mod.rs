//! A strict Telegram Bot API on loopback.
//!
//! The outside world as state, driven by verbs: people and groups exist, say things, press
//! buttons; what the bot sends lands in inboxes and in one transcript. Whatever the real
//! Telegram would refuse is refused here in the same words and kept as a violation, so that a
//! story fails on it even where the bot shrugs it off.
//!
//! Start with [`FakeTelegram::start`]; hand [`FakeTelegram::api_url`] and
//! [`FakeTelegram::token`] to the bot. The verbs wait until the bot has settled: it has
//! acknowledged the update, answered at least once, and then been quiet for a moment.

mod files;
mod html;
mod kinds;
mod methods;
mod params;
mod server;
mod state;

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::json;
use tokio::task::AbortHandle;

use crate::clock::Clock;
use html::Rich;
pub use kinds::{Fault, Line, Person, Refusal, SentFile, Shown, TelegramError};
use server::Shared;
use state::{Order, Query, State};

/// How long the bot must be quiet to count as settled.
const QUIET: Duration = Duration::from_millis(40);
/// A one-pixel PNG, the photo of every person who has no other.
const PIXEL: &[u8] =
    b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x00\x00\x00\x00:~\x9bU\x00\x00\
\x00\nIDATx\x9cc\xf8\x0f\x00\x01\x01\x01\x00\x1b\xb6\xeeV\x00\x00\x00\x00IEND\xaeB`\x82";

/// The running fake; clones are handles to the same one, the server ends with the last.
#[derive(Clone)]
pub struct FakeTelegram {
    shared: Arc<Shared>,
    server: Arc<Server>,
    patience: Duration,
}

struct Server {
    url: String,
    task: AbortHandle,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

// Why: stories sit in structs that derive Debug; the state behind this is long and holds the token.
impl fmt::Debug for FakeTelegram {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FakeTelegram").field("url", &self.server.url).finish_non_exhaustive()
    }
}

impl FakeTelegram {
    /// Starts the server on a free loopback port; message times are `clock`'s.
    pub async fn start(clock: Clock) -> Result<Self, TelegramError> {
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await?;
        let url = format!("http://{}", listener.local_addr()?);
        let shared = Arc::new(Shared::new(clock, format!("{}:plainly-fictitious-token", state::BOT_ID)));
        let router = server::router(shared.clone());
        let task = tokio::spawn(async move {
            if let Err(error) = axum::serve(listener, router).await {
                tracing::error!(%error, "the pretended Telegram stopped");
            }
        });
        let server = Arc::new(Server { url, task: task.abort_handle() });
        Ok(Self { shared, server, patience: Duration::from_secs(20) })
    }

    /// The same fake, waiting at most this long for the bot (20 s unless told).
    #[must_use]
    pub fn with_patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// For `telegram.api_url`.
    #[must_use]
    pub fn api_url(&self) -> String {
        self.server.url.clone()
    }

    /// The only token it takes.
    #[must_use]
    pub fn token(&self) -> String {
        self.shared.token.clone()
    }

    /// A person who has started the bot.
    #[must_use]
    pub fn person(&self, name: &str) -> Person {
        self.meet(name, true)
    }

    /// A person who has never written to the bot; whatever they [`say`](Self::say) starts it.
    #[must_use]
    pub fn stranger(&self, name: &str) -> Person {
        self.meet(name, false)
    }

    fn meet(&self, name: &str, started: bool) -> Person {
        let mut state = self.shared.lock();
        let id = 7_000_001 + i64::try_from(state.names.len()).unwrap_or_default();
        state.names.insert(id, name.to_owned());
        state.add_chat(id, name, "private", BTreeSet::from([id]));
        if let Some(chat) = state.chats.get_mut(&id) {
            chat.started = started;
        }
        Person { user_id: id, chat_id: id, name: name.to_owned() }
    }

    /// A group with the bot in it; its chat id.
    #[must_use]
    pub fn group(&self, title: &str, members: &[Person]) -> i64 {
        let mut state = self.shared.lock();
        let id = -5_000_001 - i64::try_from(state.chats.len()).unwrap_or_default();
        state.add_chat(id, title, "group", members.iter().map(|p| p.user_id).collect());
        id
    }

    /// The person writes `text`; returns when the bot has settled.
    ///
    /// In a group the bot is in privacy mode as by default: what is no command does not reach
    /// it, and this returns at once.
    pub async fn say(&self, chat: i64, person: &Person, text: &str) -> Result<(), TelegramError> {
        let waiting = {
            let mut state = self.shared.lock();
            let heard = speak(&mut state, chat, person)? || text.starts_with('/');
            let body = Rich { text: text.to_owned(), entities: Vec::new() };
            let message = state.post(chat, person.user_id, self.shared.clock.now(), body, None, None);
            Waiting::of(
                &mut state,
                chat,
                heard.then_some(("message", message)),
                &format!("“{text}” of {}", person.name),
            )?
        };
        self.settle(waiting).await
    }

    /// The person sends a photo with a caption.
    pub async fn send_photo(&self, chat: i64, person: &Person, caption: &str) -> Result<(), TelegramError> {
        self.send_attachment(chat, person, "photo.png", PIXEL, caption, true).await
    }

    /// The person sends a file with a caption.
    pub async fn send_file(
        &self,
        chat: i64,
        person: &Person,
        name: &str,
        content: &[u8],
        caption: &str,
    ) -> Result<(), TelegramError> {
        self.send_attachment(chat, person, name, content, caption, false).await
    }

    async fn send_attachment(
        &self,
        chat: i64,
        person: &Person,
        name: &str,
        content: &[u8],
        caption: &str,
        photo: bool,
    ) -> Result<(), TelegramError> {
        let waiting = {
            let mut state = self.shared.lock();
            let heard = speak(&mut state, chat, person)? || caption.starts_with('/');
            let file = state.keep_file(name, Arc::from(content), photo);
            let body = Rich { text: caption.to_owned(), entities: Vec::new() };
            let message = state.post(chat, person.user_id, self.shared.clock.now(), body, None, Some(file));
            Waiting::of(&mut state, chat, heard.then_some(("message", message)), &format!("{name} of {}", person.name))?
        };
        self.settle(waiting).await
    }

    /// The person presses the button with this text on a message of the bot.
    pub async fn press(&self, chat: i64, person: &Person, message_id: i64, button: &str) -> Result<(), TelegramError> {
        let waiting = {
            let mut state = self.shared.lock();
            speak(&mut state, chat, person)?;
            let found = state.chats.get(&chat).and_then(|c| c.messages.get(&message_id));
            let buttons = state::buttons(found.and_then(|m| m.markup.as_ref()));
            let data = buttons.iter().find(|(text, _)| text == button).and_then(|(_, b)| b["callback_data"].as_str());
            let Some(data) = data.map(str::to_owned) else {
                return Err(TelegramError::NoButton {
                    message_id,
                    wanted: button.to_owned(),
                    present: buttons.into_iter().map(|(text, _)| text).collect(),
                });
            };
            let id = format!("{}", 900_001 + state.queries.len());
            let payload = json!({
                "id": id, "from": state.user_json(person.user_id), "message": state.message_json(chat, message_id),
                "chat_instance": format!("{}", chat.unsigned_abs()), "data": data,
            });
            state.queries.insert(id, Query { chat, button: button.to_owned(), answered: false });
            let title = state.chats.get(&chat).map(|c| c.title.clone()).unwrap_or_default();
            state.transcript.push(Line {
                at: self.shared.clock.now(),
                chat_title: title,
                who: person.name.clone(),
                text: format!("【{button}】"),
                buttons: vec![],
                edited: false,
                file: None,
                toast: false,
            });
            let what = format!("the button “{button}” pressed by {}", person.name);
            Waiting::of(&mut state, chat, Some(("callback_query", Some(payload))), &what)?
        };
        self.settle(waiting).await
    }

    async fn settle(&self, waiting: Option<Waiting>) -> Result<(), TelegramError> {
        self.shared.wake();
        let Some(waiting) = waiting else { return Ok(()) };
        let mut changed = self.shared.watch();
        let until = Instant::now() + self.patience;
        loop {
            let (fetched, answered) = {
                let state = self.shared.lock();
                let activity = state.chats.get(&waiting.chat).map_or(0, |c| c.activity);
                (state.acknowledged > waiting.update, activity > waiting.activity)
            };
            if fetched && answered {
                break;
            }
            if tokio::time::timeout_at(until.into(), changed.changed()).await.is_err() {
                let (what, seconds) = (waiting.what, self.patience.as_secs());
                return Err(if fetched {
                    TelegramError::NotAnswered { what, seconds }
                } else {
                    TelegramError::NotFetched { what, seconds }
                });
            }
        }
        while tokio::time::timeout(QUIET, changed.changed()).await.is_ok() && Instant::now() < until {}
        Ok(())
    }

    /// Waits for a message of the bot that contains `wanted` and takes everything up to it out of
    /// the inbox: for what comes unasked (notices, digests).
    pub async fn await_message(&self, chat: i64, wanted: &str) -> Result<Shown, TelegramError> {
        let until = Instant::now() + self.patience;
        let mut changed = self.shared.watch();
        loop {
            let title = {
                let mut state = self.shared.lock();
                let chat = state.chats.get_mut(&chat).ok_or(TelegramError::NoChat(chat))?;
                if let Some(at) = chat.unread.iter().position(|m| m.text.contains(wanted)) {
                    let mut read: Vec<Shown> = chat.unread.drain(..=at).collect();
                    if let Some(message) = read.pop() {
                        return Ok(message);
                    }
                }
                chat.title.clone()
            };
            if tokio::time::timeout_at(until.into(), changed.changed()).await.is_err() {
                let (wanted, seconds) = (wanted.to_owned(), self.patience.as_secs());
                return Err(TelegramError::NotCome { wanted, chat: title, seconds });
            }
        }
    }

    /// Takes the bot's unread messages, edits and toasts out of the chat's inbox.
    #[must_use]
    pub fn inbox(&self, chat: i64) -> Vec<Shown> {
        self.shared.lock().chats.get_mut(&chat).map(|c| std::mem::take(&mut c.unread)).unwrap_or_default()
    }

    /// A message as it stands now, read or not.
    #[must_use]
    pub fn message(&self, chat: i64, message_id: i64) -> Option<Shown> {
        self.shared.lock().shown(chat, message_id)
    }

    /// An error that lists every message no [`inbox`](Self::inbox) has taken.
    pub fn assert_all_read(&self) -> Result<(), TelegramError> {
        let state = self.shared.lock();
        let unread: Vec<String> = state
            .chats
            .values()
            .flat_map(|c| {
                c.unread.iter().map(|m| format!("{}: {}", c.title, m.text.lines().next().unwrap_or_default()))
            })
            .collect();
        if unread.is_empty() { Ok(()) } else { Err(TelegramError::Unread(unread.join("; "))) }
    }

    /// Everything said so far, in order.
    #[must_use]
    pub fn transcript(&self) -> Vec<Line> {
        self.shared.lock().transcript.clone()
    }

    /// What the bot did that Telegram forbids, and presses it left unanswered.
    #[must_use]
    pub fn violations(&self) -> Vec<String> {
        let state = self.shared.lock();
        let unanswered = state
            .queries
            .values()
            .filter(|q| !q.answered)
            .map(|q| format!("the press of “{}” was never answered with answerCallbackQuery", q.button));
        state.violations.iter().cloned().chain(unanswered).collect()
    }

    /// Spoils the next message or edit in the chat; several wait in line.
    pub fn fail_next(&self, chat: i64, fault: Fault) {
        if let Some(chat) = self.shared.lock().chats.get_mut(&chat) {
            chat.faults.push_back(fault);
        }
    }

    /// From now on the chat refuses the bot, until the person writes again or [`accept`](Self::accept).
    pub fn refuse(&self, chat: i64, refusal: Refusal) {
        if let Some(chat) = self.shared.lock().chats.get_mut(&chat) {
            chat.refusal = Some(refusal);
        }
    }

    /// The chat takes messages again.
    pub fn accept(&self, chat: i64) {
        if let Some(chat) = self.shared.lock().chats.get_mut(&chat) {
            chat.refusal = None;
        }
    }

    /// Whether the people's apps are in English rather than Chinese.
    pub fn speak_english(&self, on: bool) {
        self.shared.lock().in_english = on;
    }

    /// Answers 429 from now on when the bot exceeds Telegram's limits, measured by the clock.
    pub fn enforce_limits(&self, on: bool) {
        self.shared.lock().enforce_limits = on;
    }

    /// Telegram is gone: every connection closes unanswered, polls under way too, until called with `false`.
    pub fn go_down(&self, down: bool) {
        self.shared.lock().down = down;
        self.shared.wake();
    }

    /// Every poll brings its updates last first, and each of them twice.
    pub fn be_disorderly(&self, on: bool) {
        self.shared.lock().order = if on { Order::Lost } else { Order::Kept };
    }

    /// What the person wrote while the bot was away, all at once; returns without waiting.
    pub fn say_together(&self, chat: i64, person: &Person, texts: &[&str]) -> Result<(), TelegramError> {
        let mut state = self.shared.lock();
        speak(&mut state, chat, person)?;
        for text in texts {
            let body = Rich { text: (*text).to_owned(), entities: Vec::new() };
            let message = state.post(chat, person.user_id, self.shared.clock.now(), body, None, None);
            state.queue("message", &message.unwrap_or_default()).ok_or(TelegramError::NotAsked("message"))?;
        }
        drop(state);
        self.shared.wake();
        Ok(())
    }

    /// The commands the bot has published, for every scope and language: name and description.
    #[must_use]
    pub fn commands(&self) -> Vec<(String, String)> {
        let state = self.shared.lock();
        let text = |v: &serde_json::Value| v.as_str().unwrap_or_default().to_owned();
        state
            .commands
            .values()
            .filter_map(serde_json::Value::as_array)
            .flatten()
            .map(|c| (text(&c["command"]), text(&c["description"])))
            .collect()
    }
}

/// Checks that the person may act in the chat; true when the bot hears everything there.
fn speak(state: &mut State, chat: i64, person: &Person) -> Result<bool, TelegramError> {
    let chat = state.chats.get_mut(&chat).ok_or(TelegramError::NoChat(chat))?;
    if !chat.members.contains(&person.user_id) {
        return Err(TelegramError::NotMember { person: person.name.clone(), chat: chat.title.clone() });
    }
    let private = chat.kind == "private";
    if private {
        chat.started = true;
        chat.refusal = None;
    }
    Ok(private)
}

/// What a verb waits for.
struct Waiting {
    chat: i64,
    update: i64,
    activity: u64,
    what: String,
}

impl Waiting {
    /// Queues the update; `None` when the bot does not hear it, an error when it does not want it.
    fn of(
        state: &mut State,
        chat: i64,
        update: Option<(&'static str, Option<serde_json::Value>)>,
        what: &str,
    ) -> Result<Option<Self>, TelegramError> {
        let Some((kind, payload)) = update else { return Ok(None) };
        let activity = state.chats.get(&chat).map_or(0, |c| c.activity);
        let update = state.queue(kind, &payload.unwrap_or_default()).ok_or(TelegramError::NotAsked(kind))?;
        Ok(Some(Self { chat, update, activity, what: what.to_owned() }))
    }
}

#[cfg(test)]
mod tests;
