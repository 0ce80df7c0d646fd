//! WeCom's bot over a long connection (企业微信智能机器人长连接): two-way, and no address of ours.
//!
//! ```text
//! handle, deliver ─► Bot ─► session ─► wss://openws.work.weixin.qq.com
//! session ─► handle ─► use case ─► texts ─► render ─► session
//! ```
//!
//! - [`Bot`] sends: to whoever holds it the connection is one channel like another
//! - `session` the connection: subscribe, heartbeat, answers by `req_id`, back-off
//! - `protocol` frames to values and back
//! - `render` markdown, cards, limits of length
//! - `desk` what came in, handled in order and answered
//! - `upload` a file in pieces
//! - `limits` how often one chat may be written to
//!
//! # What this rests on
//!
//! Documented by WeCom (developer.work.weixin.qq.com, path 101463): the address; `aibot_subscribe`
//! with `bot_id` and `secret`; callbacks `aibot_msg_callback` and `aibot_event_callback` with
//! `msgid` against duplicates; replies `aibot_respond_msg` (a stream that is finished at once),
//! `aibot_respond_welcome_msg` and `aibot_respond_update_msg` (5 s) under the callback's
//! `req_id`; `aibot_send_msg` with `chat_type`; one connection a bot, the newer evicting the older
//! with `disconnected_event`; 30 messages a minute and 1,000 an hour a chat, replies and pushes
//! together; a push reaches only a chat where somebody spoke to the bot; 20,480 bytes of markdown;
//! cards of six buttons, keys of 1,024 bytes.
//!
//! From notes and programs of others: answers carry no `cmd`, only `req_id` and `errcode`; a
//! `ping` every 30 s and two unanswered mean a dead connection; the numbers 846605 (the `req_id`
//! is past its time), 846607 (too often), 846609 (not subscribed), 93006 (no such chat), 40008 (no
//! such kind of message), 40201 (the words were refused); buttons of ten characters; the event of
//! a card lies under `event.template_card_event`; a pressed card takes an update and nothing else;
//! files go up by `aibot_upload_media_init`, `_chunk` (512 KiB) and `_finish`.
//!
//! It was tried against a server built from these notes alone, never against WeCom.
//!
//! # Decisions
//!
//! - After an eviction nothing reconnects: two services would throw each other out for ever. It is
//!   logged as an error again and again, and `/readyz` says so. A restart takes the place back.
//! - What was written and not answered is of unknown outcome and repeated under its number; what
//!   was not written is put off.
//! - A code nobody knows puts a notice off: a notice that waits can be seen, a lost one cannot.
//! - Buttons come on a card behind the words, for the words of a notice do not fit a card. A
//!   card that is refused loses nothing: every button has a command.
//! - Questions cannot force a reply here: the command is named, and a quoted question does too.

mod desk;
mod limits;
mod protocol;
mod render;
mod session;
mod upload;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use secrecy::SecretString;
use serde_json::{Value, json};
use tokio::sync::{mpsc, oneshot, watch};
use url::Url;

pub use session::{Session, run};

use self::limits::{Limits, Purpose};
use super::telegram::SendError;
use super::texts::Message;
use crate::domain::Lang;

/// The channel's name in the database; `wecom` is the group robot.
pub const CHANNEL: &str = "wecom_bot";

/// Frames that may wait for the connection.
const QUEUE: usize = 64;

/// What the connection is made with.
#[derive(Clone)]
pub struct Settings {
    /// The bot, as the management page names it.
    pub bot_id: String,
    /// Its secret for the long connection.
    pub secret: SecretString,
    /// Where WeCom listens, `wss://`; `ws://` on this machine alone.
    pub url: Url,
    /// Pause between two heartbeats.
    pub heartbeat: Duration,
    /// How long an answer is waited for, and a connection.
    pub patience: Duration,
    /// The pause after the first lost connection; it doubles up to a minute.
    pub first_pause: Duration,
    /// The minute of which a chat takes thirty messages.
    pub minute: Duration,
}

impl Settings {
    /// The settings WeCom asks for.
    #[must_use]
    pub fn new(bot_id: String, secret: SecretString, url: Url) -> Self {
        Self {
            bot_id,
            secret,
            url,
            heartbeat: Duration::from_secs(30),
            patience: Duration::from_secs(10),
            first_pause: Duration::from_secs(1),
            minute: Duration::from_mins(1),
        }
    }
}

/// Sends by the connection, if it stands; cheap to clone.
#[derive(Clone)]
pub struct Bot {
    link: watch::Receiver<Link>,
    limits: Arc<Mutex<Limits>>,
    patience: Duration,
}

/// The connection as those who send see it.
#[derive(Clone)]
enum Link {
    Down,
    Up(mpsc::Sender<Order>),
    Evicted,
}

/// WeCom's word on a frame, with what it had to say.
type Answered = Result<Value, SendError>;

/// A frame to be written, and who waits for WeCom's word on it.
struct Order {
    req_id: String,
    frame: String,
    done: oneshot::Sender<Answered>,
}

/// A bot and the session that keeps its connection; nothing is connected yet.
#[must_use]
pub fn open(settings: Settings) -> (Bot, Session) {
    let (up, link) = watch::channel(Link::Down);
    let limits = Arc::new(Mutex::new(Limits::new(settings.minute)));
    let bot = Bot { link, limits, patience: settings.patience };
    (bot.clone(), Session::new(settings, up, bot))
}

/// Whether WeCom is reached: name, TCP, TLS and the opening of a connection.
///
/// It does not subscribe: that would throw a running service out.
pub async fn check(settings: &Settings) -> Result<(), SendError> {
    session::connect(settings).await.map(|_| ()).map_err(|trouble| SendError::Later(trouble.to_string()))
}

impl Bot {
    /// Sends a notice to a chat; gives the number of its last part.
    pub async fn send(
        &self,
        address: &str,
        is_group: bool,
        message: &Message,
        lang: Lang,
    ) -> Result<String, SendError> {
        let parts = render::parts(message, is_group, lang);
        self.send_parts(address, is_group, &parts, message, lang, Purpose::Notice).await
    }

    /// Sends parts and then the card of their message.
    async fn send_parts(
        &self,
        address: &str,
        is_group: bool,
        parts: &[String],
        message: &Message,
        lang: Lang,
        purpose: Purpose,
    ) -> Result<String, SendError> {
        let card = render::card(message, &new_id("xuncha"), lang);
        self.take(address, parts.len() + usize::from(card.is_some()), purpose)?;
        let chat = |kind: &str, content: Value| {
            let chat_type = if is_group { 2 } else { 1 };
            json!({ "chatid": address, "chat_type": chat_type, "msgtype": kind, kind: content })
        };
        let mut number = String::new();
        for part in parts {
            number = new_id("aibot_send_msg");
            self.ask("aibot_send_msg", &number, &chat("markdown", json!({ "content": part }))).await?;
        }
        if let Some(card) = card {
            let sent = self.ask("aibot_send_msg", &new_id("aibot_send_msg"), &chat("template_card", card)).await;
            if let Err(error) = sent {
                tracing::warn!(%error, "the buttons of a message could not be sent; its words were");
            }
        }
        Ok(number)
    }

    /// Takes room for messages to a chat, or says when there will be some.
    fn take(&self, address: &str, messages: usize, purpose: Purpose) -> Result<(), SendError> {
        let mut limits = self.limits.lock().unwrap_or_else(PoisonError::into_inner);
        limits.take(address, messages, purpose, std::time::Instant::now()).map_err(SendError::Wait)
    }

    /// Writes a frame and waits for WeCom's word on it.
    async fn ask(&self, cmd: &str, req_id: &str, body: &Value) -> Answered {
        let link = self.link.borrow().clone();
        let orders = match link {
            Link::Up(orders) => orders,
            Link::Down => return Err(SendError::Later("WeCom is not connected".into())),
            Link::Evicted => {
                return Err(SendError::Later("another connection has taken this WeCom bot over".into()));
            }
        };
        let (done, answer) = oneshot::channel();
        let order = Order { req_id: req_id.to_owned(), frame: protocol::frame(cmd, req_id, body), done };
        let unwritten = || SendError::Later("the connection to WeCom was lost".into());
        orders.try_send(order).map_err(|_| unwritten())?;
        match tokio::time::timeout(self.patience, answer).await {
            Ok(Ok(answer)) => answer,
            // The session answers for everything it wrote.
            Ok(Err(_)) => Err(unwritten()),
            Err(_) => Err(SendError::Unknown("WeCom did not answer in time".into())),
        }
    }
}

/// An identifier that was not used before.
fn new_id(prefix: &str) -> String {
    format!("{prefix}-{:016x}{:08x}", rand::random::<u64>(), rand::random::<u32>())
}
