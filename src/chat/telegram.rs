//! The only user of the bot library: messages out, updates in, refusals sorted by what to do next.
//!
//! The library's throttle is not used: it freezes every chat while one is refused, and it
//! repeats by itself what the outbox repeats too. Its error variants lag behind Telegram's
//! wording, so refusals are told apart by the beginning of the text.
//!
//! Nothing here derives `Debug`: the library's bot prints its token.

use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use teloxide::net::default_reqwest_settings;
use teloxide::payloads::{
    AnswerCallbackQuerySetters, EditMessageReplyMarkupSetters, GetUpdatesSetters, SendDocumentSetters,
    SendMessageSetters, SetMyCommandsSetters,
};
use teloxide::requests::Requester;
use teloxide::types::{
    AllowedUpdate, BotCommand, CallbackQueryId, ChatId, ForceReply, InlineKeyboardButton, InlineKeyboardMarkup,
    InputFile, LinkPreviewOptions, MaybeInaccessibleMessage, MessageId, ParseMode, ReplyMarkup, Update, UpdateKind,
};
use teloxide::{ApiError, Bot, RequestError};

use super::commands::Verb;
use super::handle::{Incoming, Sender, What};
use super::texts::{self, Button, Message, Press};
use crate::domain::Lang;
use crate::fetch::Hooks;

/// Seconds of one long poll; the client gives up on a request after 17.
const POLL_SECONDS: u32 = 10;
/// How long a chat rests after a 429 that names no time.
const REST: Duration = Duration::from_secs(30);
/// The user as which anonymous group administrators appear.
const ANONYMOUS: u64 = 1_087_968_824;
/// Longest notification of a pressed button, in characters.
const LONGEST_TOAST: usize = 190;

/// Sends and receives for one bot; cheap to clone.
#[derive(Clone)]
pub struct Messenger {
    bot: Bot,
    hooks: Hooks,
}

/// Why there is no messenger.
#[derive(Debug, thiserror::Error)]
pub enum MessengerError {
    /// Not an address.
    #[error("telegram.api_url is not an address")]
    ApiUrl,
    /// Not an address of a proxy.
    #[error("telegram.proxy is not the address of a proxy")]
    Proxy,
    /// The HTTP client could not be made.
    #[error("the HTTP client for Telegram could not be made")]
    Client,
}

/// What a failed send wants next.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// Too fast for this chat.
    #[error("too many messages; again in {} s", .0.as_secs())]
    Wait(Duration),
    /// The chat lives at another address now.
    #[error("the group has become a supergroup")]
    Moved(String),
    /// The chat refuses for good.
    #[error("{0}")]
    Gone(String),
    /// Telegram refuses this message for good.
    #[error("{0}")]
    Refused(String),
    /// Nothing was sent; later may be better.
    #[error("{0}")]
    Later(String),
    /// Nobody knows whether it was sent.
    #[error("{0}")]
    Unknown(String),
}

impl SendError {
    /// The error for a Chinese reader; what Telegram itself said stays as it said it.
    #[must_use]
    pub fn zh(&self) -> String {
        match self {
            Self::Wait(pause) => format!("Telegram 要求{}秒后再试", pause.as_secs()),
            Self::Moved(_) => "群组已升级为超级群组".into(),
            Self::Gone(words) | Self::Refused(words) => format!("Telegram 拒绝了请求（{words}）"),
            Self::Later(words) => format!("暂时无法使用 Telegram（{words}）"),
            Self::Unknown(words) => format!("未收到 Telegram 的完整答复（{words}）"),
        }
    }
}

/// Who the bot is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Me {
    /// Its user name, without `@`.
    pub username: String,
}

impl Messenger {
    /// A messenger for a token; nothing is asked yet.
    pub fn new(token: &SecretString, api_url: &str, proxy: Option<&str>) -> Result<Self, MessengerError> {
        let api_url = url::Url::parse(api_url)
            .ok()
            .filter(|url| matches!(url.scheme(), "http" | "https") && !url.cannot_be_a_base())
            .ok_or(MessengerError::ApiUrl)?;
        let builder = default_reqwest_settings();
        let builder = match proxy {
            Some(proxy) => builder.proxy(reqwest_of_teloxide::Proxy::all(proxy).map_err(|_| MessengerError::Proxy)?),
            // Why: the proxy of the checks, often set in the environment, is not the bot's.
            None => builder.no_proxy(),
        };
        let client = builder.build().map_err(|_| MessengerError::Client)?;
        Ok(Self { bot: Bot::with_client(token.expose_secret(), client).set_api_url(api_url), hooks: Hooks::default() })
    }

    /// The client for the group robots of other products.
    pub(super) fn hooks(&self) -> &Hooks {
        &self.hooks
    }

    /// Asks Telegram who the bot is.
    pub async fn check(&self) -> Result<Me, SendError> {
        let me = self.bot.get_me().await.map_err(|error| sort(&error))?;
        Ok(Me { username: me.username().to_owned() })
    }

    /// Publishes the command menu in each language; Chinese is the default.
    pub async fn publish_commands(&self) -> Result<(), SendError> {
        let menu = |lang| -> Vec<BotCommand> {
            Verb::ALL
                .iter()
                .filter(|verb| **verb != Verb::Start)
                .map(|verb| {
                    let (arguments, about) = texts::about(*verb, lang);
                    let gap = if arguments.is_empty() { "" } else { ": " };
                    BotCommand::new(verb.key(), format!("{about}{gap}{arguments}"))
                })
                .collect()
        };
        self.bot.set_my_commands(menu(Lang::Zh)).await.map_err(|error| sort(&error))?;
        self.bot.set_my_commands(menu(Lang::En)).language_code("en").await.map_err(|error| sort(&error))?;
        Ok(())
    }

    /// Sends a message; gives its number in the chat.
    pub async fn send(&self, address: &str, message: &Message) -> Result<String, SendError> {
        let mut request =
            self.bot.send_message(chat_id(address)?, &message.html).parse_mode(ParseMode::Html).link_preview_options(
                LinkPreviewOptions {
                    is_disabled: true,
                    url: None,
                    prefer_small_media: false,
                    prefer_large_media: false,
                    show_above_text: false,
                },
            );
        if message.ask {
            request = request.reply_markup(ReplyMarkup::ForceReply(ForceReply::new()));
        } else if !message.buttons.is_empty() {
            request = request.reply_markup(keyboard(&message.buttons));
        }
        let sent = request.await.map_err(|error| sort(&error))?;
        Ok(sent.id.0.to_string())
    }

    /// Sends a file with a short text; gives its number in the chat.
    pub async fn send_document(
        &self,
        address: &str,
        name: &str,
        content: Vec<u8>,
        caption: &str,
    ) -> Result<String, SendError> {
        let file = InputFile::memory(content).file_name(name.to_owned());
        let request = self.bot.send_document(chat_id(address)?, file).caption(caption.to_owned());
        let sent = request.await.map_err(|error| sort(&error))?;
        Ok(sent.id.0.to_string())
    }

    /// Replaces the buttons under a message; that they stand so already is no error.
    pub async fn redraw(&self, address: &str, message: i32, buttons: &[Vec<Button>]) -> Result<(), SendError> {
        let request =
            self.bot.edit_message_reply_markup(chat_id(address)?, MessageId(message)).reply_markup(keyboard(buttons));
        match request.await {
            Ok(_) | Err(RequestError::Api(ApiError::MessageNotModified)) => Ok(()),
            Err(error) => Err(sort(&error)),
        }
    }

    /// Ends the waiting of a pressed button, with a short notification or none.
    pub async fn answer_press(&self, press: &str, toast: Option<&str>) -> Result<(), SendError> {
        let mut request = self.bot.answer_callback_query(CallbackQueryId(press.to_owned()));
        if let Some(toast) = toast {
            request = request.text(toast.chars().take(LONGEST_TOAST).collect::<String>());
        }
        request.await.map(|_| ()).map_err(|error| sort(&error))
    }

    /// The next updates from `offset` on, after at most ten seconds; what concerns nobody is left out.
    pub(super) async fn updates(&self, offset: i32) -> Result<(i32, Vec<Incoming>), SendError> {
        let updates = self
            .bot
            .get_updates()
            .offset(offset)
            .timeout(POLL_SECONDS)
            .allowed_updates([AllowedUpdate::Message, AllowedUpdate::CallbackQuery])
            .await
            .map_err(|error| sort(&error))?;
        let next = updates.iter().map(|update| update.id.as_offset()).max().unwrap_or(offset);
        Ok((next, updates.into_iter().filter_map(incoming).collect()))
    }
}

fn chat_id(address: &str) -> Result<ChatId, SendError> {
    let id = address.parse().map_err(|_| SendError::Gone("the address is no Telegram chat".into()))?;
    Ok(ChatId(id))
}

fn keyboard(buttons: &[Vec<Button>]) -> InlineKeyboardMarkup {
    InlineKeyboardMarkup::new(buttons.iter().map(|row| {
        row.iter().map(|button| InlineKeyboardButton::callback(button.label.clone(), button.press.encode()))
    }))
}

/// What to do next about a failed request.
fn sort(error: &RequestError) -> SendError {
    match error {
        RequestError::RetryAfter(seconds) => SendError::Wait(seconds.duration()),
        RequestError::MigrateToChatId(to) => SendError::Moved(to.0.to_string()),
        RequestError::Api(error) => {
            let words = match error {
                ApiError::Unknown(words) => words.clone(),
                known => known.to_string(),
            };
            sort_words(words, matches!(error, ApiError::InvalidToken))
        }
        RequestError::Network(error) if error.is_connect() || error.is_builder() => {
            SendError::Later("Telegram cannot be reached".into())
        }
        RequestError::Network(_) => SendError::Unknown("the connection was lost before the answer came".into()),
        // Why: the raw answer may quote the message, so it is looked at and never repeated.
        RequestError::InvalidJson { raw, .. } if raw.trim_start().starts_with('{') => {
            SendError::Unknown("the answer could not be read".into())
        }
        RequestError::InvalidJson { .. } => SendError::Later("a gateway answered instead of Telegram".into()),
        RequestError::Io(_) => SendError::Later("a file could not be read".into()),
    }
}

fn sort_words(words: String, bad_token: bool) -> SendError {
    const GONE: &[&str] = &[
        "Forbidden:",
        "Bad Request: chat not found",
        "Bad Request: user not found",
        "Bad Request: PEER_ID_INVALID",
        "Bad Request: group is deactivated",
        "Bad Request: group chat was deactivated",
        "Bad Request: CHAT_WRITE_FORBIDDEN",
        "Bad Request: have no rights to send a message",
        "Bad Request: not enough rights to send text messages",
        "Bad Request: need administrator rights in the channel chat",
    ];
    if bad_token {
        return SendError::Later("Telegram refuses the token".into());
    }
    if words.starts_with("Too Many Requests") {
        return SendError::Wait(REST);
    }
    if GONE.iter().any(|beginning| words.starts_with(beginning)) {
        return SendError::Gone(words);
    }
    if words.starts_with("Bad Request") || words.starts_with("Request Entity Too Large") {
        return SendError::Refused(words);
    }
    SendError::Later(words)
}

/// What the office needs to know of an update; `None` for what concerns nobody.
fn incoming(update: Update) -> Option<Incoming> {
    let update_id = i64::from(update.id.0);
    match update.kind {
        UpdateKind::Message(message) => {
            let from = message.from.as_ref()?;
            if from.is_bot && from.id.0 != ANONYMOUS {
                return None;
            }
            let text = message.text().or(message.caption()).unwrap_or_default().to_owned();
            let attachment = message.photo().is_some() || message.document().is_some() || message.video().is_some();
            let reply_to = message
                .reply_to_message()
                .filter(|to| to.from.as_ref().is_some_and(|from| from.is_bot))
                .and_then(|to| to.text().map(str::to_owned));
            Some(Incoming {
                update_id,
                address: message.chat.id.0.to_string(),
                is_group: !message.chat.is_private(),
                sender: sender(from, message.sender_chat.is_some()),
                what: What::Text { text, reply_to, attachment, forwarded: message.forward_origin().is_some() },
            })
        }
        UpdateKind::CallbackQuery(query) => {
            let chat = query.message.as_ref()?.chat();
            let (address, is_group) = (chat.id.0.to_string(), !chat.is_private());
            let buttons = query.message.as_ref().and_then(MaybeInaccessibleMessage::regular_message).map(presses);
            Some(Incoming {
                update_id,
                address,
                is_group,
                sender: sender(&query.from, false),
                what: What::Press {
                    id: query.id.0,
                    data: query.data.unwrap_or_default(),
                    message: query.message.as_ref().map(|message| message.id().0),
                    buttons: buttons.unwrap_or_default(),
                },
            })
        }
        _ => None,
    }
}

fn sender(user: &teloxide::types::User, for_a_chat: bool) -> Sender {
    Sender {
        key: format!("telegram:{}", user.id.0),
        name: user.full_name(),
        lang: user.language_code.as_deref().and_then(|code| match code {
            "en" => Some(Lang::En),
            code if code.starts_with("en-") => Some(Lang::En),
            code if code.starts_with("zh") => Some(Lang::Zh),
            _ => None,
        }),
        anonymous: for_a_chat || user.id.0 == ANONYMOUS,
    }
}

/// The buttons that stand under a message, as far as this program wrote them.
fn presses(message: &teloxide::types::Message) -> Vec<Vec<Press>> {
    use teloxide::types::InlineKeyboardButtonKind::CallbackData;
    let rows = message.reply_markup().map(|markup| markup.inline_keyboard.as_slice()).unwrap_or_default();
    rows.iter()
        .map(|row| {
            row.iter()
                .filter_map(|button| match &button.kind {
                    CallbackData(data) => Press::parse(data),
                    _ => None,
                })
                .collect()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_are_sorted_by_how_they_begin() {
        for words in
            ["Forbidden: bot was kicked from the group chat", "Forbidden: something new", "Bad Request: chat not found"]
        {
            assert_eq!(sort_words(words.into(), false), SendError::Gone(words.into()));
        }
        assert_eq!(sort_words("Too Many Requests".into(), false), SendError::Wait(REST));
        assert!(matches!(sort_words("Bad Request: can't parse entities: x".into(), false), SendError::Refused(_)));
        assert!(matches!(sort_words("Internal Server Error".into(), false), SendError::Later(_)));
        assert!(matches!(sort_words("Unauthorized".into(), true), SendError::Later(_)));
    }

    #[test]
    fn a_wrong_address_or_proxy_is_named_without_the_token() {
        let token = SecretString::from("1:abc".to_owned());
        assert!(matches!(Messenger::new(&token, "mailto:a@b", None), Err(MessengerError::ApiUrl)));
        assert!(matches!(Messenger::new(&token, "https://api.telegram.org", Some("::")), Err(MessengerError::Proxy)));
        assert!(Messenger::new(&token, "https://api.telegram.org", Some("socks5://127.0.0.1:1080")).is_ok());
    }
}
