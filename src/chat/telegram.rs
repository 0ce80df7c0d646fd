//! The only user of the bot library: messages out, updates in, refusals sorted by what to do next.
//!
//! The library's throttle is not used: it freezes every chat while one is refused, and it
//! repeats by itself what the outbox repeats too. Its error variants lag behind Telegram's
//! wording, so refusals are told apart by the beginning of the text.
//!
//! Nothing here derives `Debug`: the library's bot prints its token.

mod call;
mod files;

use std::sync::Arc;
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use teloxide::Bot;
use teloxide::net::default_reqwest_settings;
use teloxide::payloads::{
    AnswerCallbackQuerySetters, EditMessageReplyMarkupSetters, EditMessageTextSetters, GetUpdatesSetters,
    SendDocumentSetters, SendMessageSetters, SetMyCommandsSetters,
};
use teloxide::requests::Requester;
use teloxide::types::{
    AllowedUpdate, BotCommand, BotCommandScope, CallbackQueryId, ChatId, ForceReply, InlineKeyboardButton,
    InlineKeyboardMarkup, InputFile, LinkPreviewOptions, MaybeInaccessibleMessage, MessageId, ParseMode, ReplyMarkup,
    Update, UpdateKind,
};

use call::{sort, updates};

use super::commands::Verb;
use super::deliver::Pace;
use super::handle::{Incoming, Sender, What};
use super::texts::{self, Button, Message, Press};
use crate::domain::Lang;
use crate::domain::person::Role;

/// The channel's name in the database.
const CHANNEL: &str = "telegram";
/// Seconds of one long poll; the client gives up on a request after 17.
const POLL_SECONDS: u32 = 10;
/// How long a chat rests after a 429 that names no time.
const REST: Duration = Duration::from_secs(30);
/// The user as which anonymous group administrators appear.
const ANONYMOUS: u64 = 1_087_968_824;
/// Longest notification of a pressed button, in characters.
const LONGEST_TOAST: usize = 190;

/// Addresses in a message are there to be read and opened, not to be fetched for a picture.
const NO_PREVIEW: LinkPreviewOptions = LinkPreviewOptions {
    is_disabled: true,
    url: None,
    prefer_small_media: false,
    prefer_large_media: false,
    show_above_text: false,
};

/// Sends and receives for one bot; cheap to clone.
#[derive(Clone)]
pub struct Messenger {
    bot: Bot,
    pace: Arc<Pace>,
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
            Self::Gone(words) | Self::Refused(words) => format!("Telegram 拒绝了请求（{}）", call::in_chinese(words)),
            Self::Later(words) => format!("暂时无法使用 Telegram（{}）", call::in_chinese(words)),
            Self::Unknown(words) => format!("未收到 Telegram 的完整答复（{}）", call::in_chinese(words)),
        }
    }
}

/// Who the bot is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Me {
    /// Telegram's number of it.
    pub id: u64,
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
        Ok(Self { bot: Bot::with_client(token.expose_secret(), client).set_api_url(api_url), pace: Arc::default() })
    }

    /// What was said lately.
    pub(super) fn pace(&self) -> &Pace {
        &self.pace
    }

    /// Publishes the menu of who is not bound to anything more, in each language; Chinese is the default.
    ///
    /// What else a role may do stands in the menu of its chat: see [`Messenger::set_menu`].
    pub async fn publish_commands(&self) -> Result<(), SendError> {
        let mut verbs = texts::commands_of(&[Role::UnitAdmin]);
        if !verbs.contains(&Verb::Bind) {
            verbs.insert(0, Verb::Bind);
        }
        self.call(&self.bot.set_my_commands(menu(&verbs, Lang::Zh))).await?;
        self.call(&self.bot.set_my_commands(menu(&verbs, Lang::En)).language_code("en")).await?;
        Ok(())
    }

    /// Sets the command menu of one chat.
    pub async fn set_menu(&self, address: &str, verbs: &[Verb], lang: Lang) -> Result<(), SendError> {
        let scope = BotCommandScope::Chat { chat_id: chat_id(address)?.into() };
        let request = self.bot.set_my_commands(menu(verbs, lang)).scope(scope);
        request.await.map(|_| ()).map_err(|error| sort(&error))
    }

    /// Sends a message; gives its number in the chat.
    pub async fn send(&self, address: &str, message: &Message) -> Result<String, SendError> {
        let mut request = self
            .bot
            .send_message(chat_id(address)?, &message.html)
            .parse_mode(ParseMode::Html)
            .link_preview_options(NO_PREVIEW);
        if message.ask {
            request = request.reply_markup(ReplyMarkup::ForceReply(ForceReply::new()));
        } else if !message.buttons.is_empty() {
            request = request.reply_markup(keyboard(&message.buttons));
        }
        // Why: an answer without the number was accepted all the same; to repeat it would help nobody.
        Ok(self.call(&request).await?["message_id"].as_i64().unwrap_or_default().to_string())
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
        unless_modified(self.call(&request).await)
    }

    /// Writes a message and its buttons anew; that it says so already is no error.
    pub async fn rewrite(&self, address: &str, message: i32, anew: &Message) -> Result<(), SendError> {
        let request = self
            .bot
            .edit_message_text(chat_id(address)?, MessageId(message), &anew.html)
            .parse_mode(ParseMode::Html)
            .link_preview_options(NO_PREVIEW)
            .reply_markup(keyboard(&anew.buttons));
        unless_modified(self.call(&request).await)
    }

    /// Ends the waiting of a pressed button, with a short notification or none.
    pub async fn answer_press(&self, press: &str, toast: Option<&str>) -> Result<(), SendError> {
        let mut request = self.bot.answer_callback_query(CallbackQueryId(press.to_owned()));
        if let Some(toast) = toast {
            request = request.text(toast.chars().take(LONGEST_TOAST).collect::<String>());
        }
        self.call(&request).await.map(|_| ())
    }

    /// The next updates from `offset` on, after at most ten seconds; what concerns nobody is left out.
    pub(super) async fn updates(&self, offset: i32, me: &Me) -> Result<(i32, Vec<Incoming>), SendError> {
        let request = self
            .bot
            .get_updates()
            .offset(offset)
            .timeout(POLL_SECONDS)
            .allowed_updates([AllowedUpdate::Message, AllowedUpdate::CallbackQuery]);
        updates(self.call(&request).await?, offset, me.id)
    }
}

fn unless_modified(done: Result<serde_json::Value, SendError>) -> Result<(), SendError> {
    match done {
        Err(SendError::Refused(words)) if words.starts_with("Bad Request: message is not modified") => Ok(()),
        done => done.map(|_| ()),
    }
}

fn menu(verbs: &[Verb], lang: Lang) -> Vec<BotCommand> {
    let entry = |verb: &Verb| {
        let (arguments, about) = texts::about(*verb, lang);
        let gap = if arguments.is_empty() { "" } else { ": " };
        BotCommand::new(verb.key(), format!("{about}{gap}{arguments}"))
    };
    verbs.iter().map(entry).collect()
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

/// What the office needs to know of an update to the bot numbered `own`; `None` for what concerns nobody.
fn incoming(update: Update, own: u64) -> Option<Incoming> {
    let update_id = i64::from(update.id.0);
    match update.kind {
        UpdateKind::Message(message) => {
            let from = message.from.as_ref()?;
            if from.is_bot && from.id.0 != ANONYMOUS {
                return None;
            }
            let text = message.text().or(message.caption()).unwrap_or_default().to_owned();
            // Why its own alone: what another bot of the group asks is answered to that one.
            let reply_to = message
                .reply_to_message()
                .filter(|to| to.from.as_ref().is_some_and(|from| from.id.0 == own))
                .and_then(|to| to.text().map(str::to_owned));
            Some(Incoming {
                channel: CHANNEL,
                update_id,
                address: message.chat.id.0.to_string(),
                is_group: !message.chat.is_private(),
                sender: sender(from, message.sender_chat.is_some()),
                what: What::Text {
                    text,
                    reply_to,
                    attachments: files::attachments(&message),
                    forwarded: message.forward_origin().is_some(),
                },
                gathered: Vec::new(),
            })
        }
        UpdateKind::CallbackQuery(query) => {
            let chat = query.message.as_ref()?.chat();
            let (address, is_group) = (chat.id.0.to_string(), !chat.is_private());
            let buttons = query.message.as_ref().and_then(MaybeInaccessibleMessage::regular_message).map(presses);
            Some(Incoming {
                channel: CHANNEL,
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
                gathered: Vec::new(),
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
    fn a_wrong_address_or_proxy_is_named_without_the_token() {
        let token = SecretString::from("1:abc".to_owned());
        assert!(matches!(Messenger::new(&token, "mailto:a@b", None), Err(MessengerError::ApiUrl)));
        assert!(matches!(Messenger::new(&token, "https://api.telegram.org", Some("::")), Err(MessengerError::Proxy)));
        assert!(Messenger::new(&token, "https://api.telegram.org", Some("socks5://127.0.0.1:1080")).is_ok());
    }
}
