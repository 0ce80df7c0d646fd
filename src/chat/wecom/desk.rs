//! What came in, handled once and answered: the messages of one chat one after another, of several side by side.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::panic::AssertUnwindSafe;
use std::time::{Duration, Instant};

use futures::FutureExt;
use serde_json::json;
use tokio::sync::{Mutex, Semaphore, mpsc};

use super::limits::Purpose;
use super::protocol::{Arrival, Way};
use super::{Bot, CHANNEL, Link, new_id, render};
use crate::chat::handle::{Document, Incoming, Outcome, What, handle, trouble};
use crate::chat::telegram::SendError;
use crate::chat::texts::{self, Message};
use crate::domain::Lang;
use crate::office::Office;

/// Messages handled side by side.
const ABREAST: usize = 8;
/// Lanes, each of some chats: many, so that a chat which rests holds up hardly another.
const LANES: usize = 64;
/// Messages that may wait in each of these lanes; more are left.
const WAITING: usize = 128;
/// An update that takes longer is left; what it did is kept, and its sender is told to try again later.
const PATIENCE: Duration = Duration::from_secs(90);
/// An answer that takes longer is lost, the rests of its chat included.
const ANSWERING: Duration = Duration::from_mins(5);
/// A chat that has to rest longer is not waited for.
const LONGEST_REST: Duration = Duration::from_secs(65);
/// A pressed card may be drawn anew this long.
const CARD_TIME: Duration = Duration::from_secs(5);
/// How often an answer is sent again, and how long a lost connection is waited for.
const TRIES: u32 = 3;
const RECONNECTING: Duration = Duration::from_secs(20);

/// The lanes in which messages wait to be handled.
pub(super) struct Desk {
    office: Office,
    bot: Bot,
    lanes: Vec<Lane>,
    turns: Semaphore,
}

struct Lane {
    put: mpsc::Sender<(Arrival, Instant)>,
    take: Mutex<mpsc::Receiver<(Arrival, Instant)>>,
}

impl Desk {
    pub(super) fn new(office: Office, bot: Bot) -> Self {
        let lane = || {
            let (put, take) = mpsc::channel(WAITING);
            Lane { put, take: Mutex::new(take) }
        };
        Self { office, bot, lanes: (0..LANES).map(|_| lane()).collect(), turns: Semaphore::new(ABREAST) }
    }

    /// Puts a message into the lane of its chat.
    pub(super) fn put(&self, arrival: Arrival) {
        let mut hasher = DefaultHasher::new();
        arrival.incoming.address.hash(&mut hasher);
        let at = usize::try_from(hasher.finish() % self.lanes.len() as u64).unwrap_or_default();
        let Some(lane) = self.lanes.get(at) else { return };
        if lane.put.try_send((arrival, Instant::now())).is_err() {
            tracing::error!("more messages from WeCom than can be answered; one was left");
        }
    }

    /// Handles what comes, for ever.
    pub(super) async fn work(&self) {
        futures::future::join_all(self.lanes.iter().map(|lane| self.lane(lane))).await;
    }

    async fn lane(&self, lane: &Lane) {
        let mut take = lane.take.lock().await;
        while let Some((arrival, at)) = take.recv().await {
            let number = arrival.incoming.update_id;
            let work = AssertUnwindSafe(self.one(arrival, at)).catch_unwind();
            if work.await.is_err() {
                tracing::error!(number, "a message made the bot stumble; the next one is handled");
            }
        }
    }

    async fn one(&self, arrival: Arrival, at: Instant) {
        let Arrival { req_id, way, incoming } = arrival;
        if let What::Press { data, .. } = &incoming.what
            && render::is_done(data)
        {
            return;
        }
        let outcome = {
            let _turn = self.turns.acquire().await;
            tokio::time::timeout(PATIENCE, handle(&self.office, "", &incoming)).await
        };
        let outcome = outcome.unwrap_or_else(|_| {
            tracing::error!(incoming.update_id, "a message took too long and was left");
            trouble(&self.office, &incoming)
        });
        let lang = self.lang(&incoming).await;
        let answer = Answer { bot: &self.bot, incoming: &incoming, req_id: &req_id, lang };
        let said = async {
            match way {
                Way::Reply => answer.reply(outcome).await,
                Way::Greeting => answer.greet(&outcome).await,
                Way::Card { task, key } => {
                    let in_time = at.elapsed() < CARD_TIME;
                    answer.redraw(outcome, &task, &key, in_time).await
                }
                Way::Send => answer.send(outcome).await,
            }
        };
        match tokio::time::timeout(ANSWERING, said).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(%error, incoming.update_id, "an answer could not be sent"),
            Err(_) => tracing::warn!(incoming.update_id, "an answer took too long and was left"),
        }
    }

    /// The language of the chat, after the command: it may just have been changed.
    async fn lang(&self, incoming: &Incoming) -> Lang {
        let chat = async { self.office.store.read().await?.chat_at(CHANNEL, &incoming.address).await };
        chat.await.ok().flatten().map_or_else(|| self.office.lang(), |chat| chat.lang)
    }
}

/// An answer on its way.
struct Answer<'a> {
    bot: &'a Bot,
    incoming: &'a Incoming,
    req_id: &'a str,
    lang: Lang,
}

impl Answer<'_> {
    /// The first part as a reply to the message, the rest behind it.
    async fn reply(&self, outcome: Outcome) -> Result<(), SendError> {
        let mut outcome = outcome;
        if outcome.messages.is_empty() {
            return self.send(outcome).await;
        }
        let first = outcome.messages.remove(0);
        let parts = render::parts(&first, self.incoming.is_group, self.lang);
        let Some((head, rest)) = parts.split_first() else { return self.send(outcome).await };
        self.room().await?;
        let stream = json!({ "id": new_id("stream"), "finish": true, "content": head });
        let body = json!({ "msgtype": "stream", "stream": stream });
        let sent = match self.bot.ask("aibot_respond_msg", self.req_id, &body).await {
            Ok(_) => rest,
            Err(error @ SendError::Refused(_)) => return Err(error),
            // The time for a reply is over, or the connection it belonged to.
            Err(error) => {
                tracing::debug!(%error, "a reply was not taken; it goes out as a message");
                parts.as_slice()
            }
        };
        self.push(sent, &first).await?;
        self.send(outcome).await
    }

    /// Takes room for a message to the chat, once there is some: the command has taken effect.
    async fn room(&self) -> Result<(), SendError> {
        loop {
            match self.bot.take(&self.incoming.address, 1, Purpose::Answer) {
                Err(SendError::Wait(rest)) if rest <= LONGEST_REST => tokio::time::sleep(rest).await,
                taken => return taken,
            }
        }
    }

    async fn greet(&self, outcome: &Outcome) -> Result<(), SendError> {
        let Some(message) = outcome.messages.first() else { return Ok(()) };
        self.bot.take(&self.incoming.address, 1, Purpose::Answer)?;
        let body = json!({ "msgtype": "text", "text": { "content": render::plain(message) } });
        self.bot.ask("aibot_respond_welcome_msg", self.req_id, &body).await.map(|_| ())
    }

    /// The pressed card with what came of it, then what there is to say.
    async fn redraw(
        &self,
        mut outcome: Outcome,
        task: &str,
        key: &render::Key,
        in_time: bool,
    ) -> Result<(), SendError> {
        let toast = outcome.toast.take();
        let words = toast.clone().unwrap_or_default();
        let drawn = outcome.redraw.take();
        let standing = || texts::buttons(&key.rows, self.lang);
        let buttons = outcome.rewrite.as_ref().map_or_else(|| drawn.unwrap_or_else(standing), |m| m.buttons.clone());
        let mut updated = Err(SendError::Later("too late for the card".into()));
        if in_time {
            let card = render::card_anew(&key.title, &words, &buttons, task, self.lang);
            let body = json!({ "response_type": "update_template_card", "template_card": card });
            updated = self.bot.ask("aibot_respond_update_msg", self.req_id, &body).await;
        }
        if let (Err(error), Some(toast)) = (updated, toast) {
            tracing::debug!(%error, "a card was not drawn anew; its news goes out as a message");
            outcome.messages.insert(0, plain(toast));
        }
        self.send(outcome).await
    }

    async fn send(&self, mut outcome: Outcome) -> Result<(), SendError> {
        let toast = outcome.toast.take().map(plain);
        let files = std::mem::take(&mut outcome.documents);
        for message in toast.into_iter().chain(said(outcome)) {
            self.push(&render::parts(&message, self.incoming.is_group, self.lang), &message).await?;
        }
        for file in files {
            self.file(&file).await?;
        }
        Ok(())
    }

    /// Sends a file behind its caption; the reader is told of one that cannot be sent.
    async fn file(&self, file: &Document) -> Result<(), SendError> {
        if !file.caption.is_empty() {
            let caption = plain(file.caption.clone());
            self.push(&render::parts(&caption, self.incoming.is_group, self.lang), &caption).await?;
        }
        let error = loop {
            match self.bot.send_file(&self.incoming.address, self.incoming.is_group, file).await {
                Ok(()) => return Ok(()),
                Err(SendError::Wait(rest)) if rest <= LONGEST_REST => tokio::time::sleep(rest).await,
                Err(error) => break error,
            }
        };
        tracing::warn!(%error, "a file could not be sent");
        let sorry = plain(match self.lang {
            Lang::Zh => format!("文件「{}」未能发送，请稍后重新发送命令。", file.name),
            Lang::En => format!("The file {} could not be sent. Please send the command again later.", file.name),
        });
        self.push(&render::parts(&sorry, self.incoming.is_group, self.lang), &sorry).await
    }

    /// Sends parts as new messages, again after a lost connection or when the chat has to rest.
    async fn push(&self, parts: &[String], message: &Message) -> Result<(), SendError> {
        if parts.is_empty() && message.buttons.is_empty() {
            return Ok(());
        }
        let (address, is_group) = (&self.incoming.address, self.incoming.is_group);
        let mut tries = 0;
        loop {
            let sent = self.bot.send_parts(address, is_group, parts, message, self.lang, Purpose::Answer).await;
            match sent {
                Err(SendError::Wait(rest)) if rest <= LONGEST_REST => tokio::time::sleep(rest).await,
                Err(SendError::Later(_) | SendError::Unknown(_)) if tries < TRIES => {
                    tries += 1;
                    let mut link = self.bot.link.clone();
                    let up = link.wait_for(|link| matches!(link, Link::Up(_)));
                    let _ = tokio::time::timeout(RECONNECTING, up).await;
                }
                sent => return sent.map(|_| ()),
            }
        }
    }
}

/// The messages of an outcome.
fn said(outcome: Outcome) -> Vec<Message> {
    outcome.rewrite.into_iter().chain(outcome.messages).collect()
}

/// Words without any markup as a message.
fn plain(words: String) -> Message {
    let mut html = String::with_capacity(words.len());
    for c in words.chars() {
        match c {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            _ => html.push(c),
        }
    }
    Message { html, plain: words, ..Message::default() }
}
