//! What goes into the fake and what comes out: people, messages, faults, errors.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};

/// A person with a private chat.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// Telegram's id of the user.
    pub user_id: i64,
    /// The private chat with the bot; the same number, as in Telegram.
    pub chat_id: i64,
    /// Display name.
    pub name: String,
}

/// A file that was sent.
#[derive(Clone, PartialEq, Eq)]
pub struct SentFile {
    /// File name.
    pub name: String,
    /// Content.
    pub bytes: Arc<[u8]>,
}

impl fmt::Debug for SentFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({} bytes)", self.name, self.bytes.len())
    }
}

/// What a chat shows of one message of the bot.
#[derive(Debug, Clone, PartialEq)]
pub struct Shown {
    /// The message; 0 for a toast.
    pub message_id: i64,
    /// When it was sent, or edited last.
    pub at: DateTime<Utc>,
    /// Plain text or caption, tags removed.
    pub text: String,
    /// Texts of the inline buttons in reading order.
    pub buttons: Vec<String>,
    /// The file on it.
    pub file: Option<SentFile>,
    /// It is the edited form of an earlier message.
    pub edited: bool,
    /// It is the notification of a callback answer, not a message.
    pub toast: bool,
}

/// One line of the transcript.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    /// When, by the injected clock.
    pub at: DateTime<Utc>,
    /// The chat: a person's name or a group's title.
    pub chat_title: String,
    /// Who spoke.
    pub who: String,
    /// Plain text, tags removed; a pressed button in 【】.
    pub text: String,
    /// Inline buttons under it.
    pub buttons: Vec<String>,
    /// It replaced an earlier message.
    pub edited: bool,
    /// Name of the file that came with it.
    pub file: Option<String>,
    /// A callback's notification.
    pub toast: bool,
}

/// Why a chat does not take messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// The user blocked the bot.
    BlockedByUser,
    /// The group removed the bot.
    Kicked,
    /// The user's account is gone.
    Deactivated,
    /// The user never wrote to the bot.
    CantInitiate,
    /// The bot is not, or no longer, in the group.
    NotMember,
    /// The group is gone.
    Deleted,
    /// The user is a bot.
    ToBot,
    /// A wording of the day after tomorrow: whatever stands here behind `Forbidden: `.
    Other(&'static str),
}

impl Refusal {
    /// Every wording, and one that nobody knows.
    pub const ALL: [Self; 8] = [
        Self::BlockedByUser,
        Self::Kicked,
        Self::Deactivated,
        Self::CantInitiate,
        Self::NotMember,
        Self::Deleted,
        Self::ToBot,
        Self::Other("bot is not welcome in this chat anymore"),
    ];
}

/// What goes wrong with the next message or edit in a chat.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// 429, with or without a number of seconds.
    TooManyRequests {
        /// Seconds; `None` leaves the parameter out.
        retry_after: Option<u32>,
    },
    /// 403 in the wording of the reason, once. [`refuse`](super::FakeTelegram::refuse) lasts.
    Forbidden(Refusal),
    /// The group became a supergroup with this id; lasts.
    Migrate {
        /// The new chat id.
        to: i64,
    },
    /// A gateway's page with this status (5xx).
    ServerError(u16),
    /// Telegram's own 500, as JSON.
    InternalError,
    /// The connection closes and nothing was sent.
    HangUpBefore,
    /// Nothing is sent; the connection stays open this long, then closes.
    Stall(Duration),
    /// The message was sent; the answer comes this much later.
    Slow(Duration),
    /// The message was sent, the answer breaks off in the middle of its JSON.
    Torn,
    /// The message was sent, then the connection closes.
    HangUpAfter,
    /// The message was sent, the answer says `result: null`.
    NullResult,
}

/// A verb that could not be carried out.
#[derive(Debug, thiserror::Error)]
pub enum TelegramError {
    /// The loopback port could not be had.
    #[error("the pretended Telegram could not listen: {0}")]
    Listen(#[from] std::io::Error),
    /// The bot did not fetch the update in time.
    #[error("the bot did not fetch {what} within {seconds} s")]
    NotFetched {
        /// What was done.
        what: String,
        /// The time limit.
        seconds: u64,
    },
    /// The bot fetched the update and said nothing.
    #[error("the bot did not answer {what} within {seconds} s")]
    NotAnswered {
        /// What was done.
        what: String,
        /// The time limit.
        seconds: u64,
    },
    /// The bot has told Telegram that it does not want this kind of update.
    #[error("the bot has not asked for {0} updates")]
    NotAsked(&'static str),
    /// No such chat.
    #[error("there is no chat {0}")]
    NoChat(i64),
    /// The person is not in the chat.
    #[error("{person} is not in the chat {chat}")]
    NotMember {
        /// Who.
        person: String,
        /// Where.
        chat: String,
    },
    /// No such button on the message.
    #[error("message {message_id} has no button `{wanted}`, only {present:?}")]
    NoButton {
        /// The message.
        message_id: i64,
        /// What was looked for.
        wanted: String,
        /// What there is.
        present: Vec<String>,
    },
    /// The awaited text did not come.
    #[error("no message with `{wanted}` came to {chat} within {seconds} s")]
    NotCome {
        /// What was awaited.
        wanted: String,
        /// Where.
        chat: String,
        /// The time limit.
        seconds: u64,
    },
    /// Messages nobody looked at.
    #[error("unread: {0}")]
    Unread(String),
}
