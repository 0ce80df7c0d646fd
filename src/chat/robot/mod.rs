//! Group robots (群机器人) of WeCom, DingTalk and Feishu: channels that speak and never hear.
//!
//! - [`bind`] robots of the configuration become chats, and cease to be
//! - `split` a notice becomes parts that a robot takes
//! - `wecom`, `dingtalk`, `feishu`: markup, signature, and what an answer's code wants next
//!
//! Decisions that bind this module:
//! - One call sends one part. A part that was accepted is written down before the next is sent, and
//!   the pause between two is a hold on the chat like any other: nothing sleeps here.
//! - HTTP 200 says nothing: the code in the body does. A code nobody knows means later, never lost.
//! - Where the office can mend the cause (keyword, signature, IP list) the message waits and the
//!   supervisors are told, once a day.
//! - Robots are told apart by a hash of their address; two readers of one robot share its pace.
//! - No text can become markup or call a member by name: what has a meaning there is written with
//!   its full-width twin, and the lists of members to be called stay empty.

pub mod bind;
mod dingtalk;
mod feishu;
mod split;
mod wecom;

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, TimeDelta, Utc};
use hmac::{Hmac, KeyInit as _, Mac as _};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use sha2::{Digest, Sha256};

use self::split::Part;
use super::telegram::SendError;
use super::texts::{self, Line, Style};
use crate::config::{ChannelConfig, ChannelKind, ChannelReader, Concealed, SecretError};
use crate::domain::notice::{Alert, Bilingual};
use crate::domain::sample::hex;
use crate::fetch::{Failure, FailureKind, HookAnswer, Hooks};
use crate::issues::clock::deadline;
use crate::notify;
use crate::office::Office;
use crate::passes;
use crate::store::{Chat, Claimed, NoticeRow, StoreError};

/// What the addresses of robots begin with; the rest is a hash.
const PREFIX: &str = "robot:";
/// How long a robot rests after an answer that names no time.
const REST: Duration = Duration::from_mins(1);
/// Characters of a channel's own words that are kept.
const SAID: usize = 160;

/// What came of one call.
pub(super) enum Step {
    /// A part was accepted and written down; there are more.
    Part,
    /// The whole message was, or its last part; with the channel's number of it.
    Whole(String),
}

/// Why a robot did not take a part.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Fault {
    /// As with every channel.
    Send(SendError),
    /// The robot's settings and the office's do not agree.
    Settings(String),
}

/// Whether a chat is a robot's.
pub(super) fn is_robot(chat: &Chat) -> bool {
    chat.address.starts_with(PREFIX)
}

/// How long a robot rests after a message: 20 a minute for WeCom and `DingTalk`, which shuts a robot that
/// is faster up for ten minutes; 100 a minute and 5 a second for Feishu.
pub(super) fn pause(chat: &Chat) -> TimeDelta {
    match ChannelKind::parse(&chat.channel) {
        Some(ChannelKind::Feishu) => TimeDelta::milliseconds(1_000),
        Some(ChannelKind::Wecom) => TimeDelta::milliseconds(3_200),
        _ => TimeDelta::milliseconds(4_000),
    }
}

/// Sends the next part of a notice.
pub(super) async fn send(
    office: &Office,
    hooks: &Hooks,
    claimed: &Claimed,
    notice: &NoticeRow,
) -> Result<Step, SendError> {
    let broken = |error: StoreError| SendError::Later(error.to_string());
    let Some((channel, webhook)) = channel_of(office, &claimed.chat) else {
        return Err(SendError::Later("the robot's address is not among those of the configuration".into()));
    };
    let link = passes::address(office, notice, claimed.chat.id).await;
    let link = link.map_err(|error| SendError::Later(error.to_string()))?;
    let parts = render(office, channel.kind, claimed, notice, link.as_deref());
    let sha256 = hex(&Sha256::digest(split::all_of(&parts)));
    let (known, of) = parts_sent(office, claimed.id).await.map_err(broken)?;
    // Why: parts of another text (a date that has moved, a new version) do not go with those accepted.
    let at = if of.as_deref() == Some(&sha256) { known.max(0) as usize } else { 0 };
    let Some(part) = parts.get(at) else { return Ok(Step::Whole(String::new())) };
    match post(hooks, channel, &webhook, part, office.now()).await {
        Ok(()) if at + 1 >= parts.len() => Ok(Step::Whole(String::new())),
        Ok(()) => {
            let noted = note_part(office, claimed, at as i64 + 1, &sha256).await;
            noted.map(|()| Step::Part).map_err(|error| SendError::Unknown(error.to_string()))
        }
        Err(Fault::Send(error)) => Err(error),
        Err(Fault::Settings(why)) => {
            tell(office, channel, claimed, &why).await.map_err(broken)?;
            Err(SendError::Later(why))
        }
    }
}

async fn parts_sent(office: &Office, delivery: i64) -> Result<(i64, Option<String>), StoreError> {
    office.store.read().await?.parts_sent(delivery).await
}

/// A part was accepted, and the rest has to wait its turn.
async fn note_part(office: &Office, claimed: &Claimed, parts: i64, sha256: &str) -> Result<(), StoreError> {
    let now = office.now();
    let mut tx = office.store.write_rows().await?;
    tx.settle_part(claimed, parts, sha256, now).await?;
    tx.hold_chat(claimed.chat.id, now + pause(&claimed.chat)).await?;
    tx.commit().await
}

/// The robot of a chat, with its address.
fn channel_of<'o>(office: &'o Office, chat: &Chat) -> Option<(&'o ChannelConfig, SecretString)> {
    office.config.channels.iter().filter(|channel| channel.kind.key() == chat.channel).find_map(|channel| {
        let webhook = channel.webhook.read().ok()?;
        (address_of(&webhook) == chat.address).then_some((channel, webhook))
    })
}

/// What the database knows of a robot's address.
fn address_of(webhook: &SecretString) -> String {
    let digest = hex(&Sha256::digest(webhook.expose_secret()));
    format!("{PREFIX}{}", digest.chars().take(32).collect::<String>())
}

fn render(office: &Office, kind: ChannelKind, claimed: &Claimed, notice: &NoticeRow, link: Option<&str>) -> Vec<Part> {
    let accepted_at = notice.delivered_at.unwrap_or_else(|| office.now());
    let due = |class| {
        let deadline = deadline(office, class, accepted_at);
        (deadline.on, deadline.provisional)
    };
    let (lang, unit) = (claimed.chat.lang, notice.unit.as_deref());
    let sheet = texts::sheet(&notice.body, &notice.number, unit, lang, &due, link.is_some());
    split::split(kind, &sheet, link, lang)
}

/// The markup of one line.
fn markup(kind: ChannelKind, line: &Line) -> String {
    match kind {
        ChannelKind::Feishu => line.plain(),
        ChannelKind::Wecom | ChannelKind::Dingtalk => {
            line.pieces().fold(String::new(), |text, (style, words)| match style {
                Style::Plain | Style::Code => text + &harmless(words),
                Style::Bold => text + "**" + harmless(words).trim() + "**",
            })
        }
    }
}

/// Text without anything that Markdown, WeCom's or `DingTalk`'s, would read as more than text.
fn harmless(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        out.push(match c {
            '<' => '＜',
            '>' => '＞',
            '[' => '［',
            ']' => '］',
            '*' => '＊',
            '`' => '｀',
            '\\' => '＼',
            '|' => '｜',
            '#' if out.is_empty() => '＃',
            // `&lt;` would come back as `<`.
            '&' if is_entity(rest.clone()) => '＆',
            c => c,
        });
    }
    out
}

/// Whether what stands behind a `&` makes an entity of it: `lt;`, `#60;`.
fn is_entity(mut rest: std::str::Chars<'_>) -> bool {
    let first = rest.next();
    first == Some('#')
        || (first.is_some_and(|c| c.is_ascii_alphanumeric())
            && rest.take(9).find(|c| !c.is_ascii_alphanumeric()) == Some(';'))
}

async fn post(
    hooks: &Hooks,
    channel: &ChannelConfig,
    webhook: &SecretString,
    part: &Part,
    now: DateTime<Utc>,
) -> Result<(), Fault> {
    let secret = match channel.secret.as_ref().map(crate::config::SecretSource::read).transpose() {
        Ok(secret) => secret,
        Err(error) => return Err(Fault::Settings(error.to_string())),
    };
    let secret = secret.as_ref().map(ExposeSecret::expose_secret);
    let webhook = webhook.expose_secret();
    let (url, body) = match channel.kind {
        ChannelKind::Wecom => (webhook.to_owned(), wecom::body(part)),
        ChannelKind::Dingtalk => (dingtalk::signed(webhook, secret, now), dingtalk::body(part)),
        ChannelKind::Feishu => (webhook.to_owned(), feishu::body(part, secret, now)),
    };
    let proxy = channel.proxy.as_ref().map(Concealed::reveal);
    let answer = hooks.post(&url, proxy, &body).await.map_err(|failure| Fault::Send(unanswered(&failure)))?;
    judge(channel.kind, &answer)
}

/// No answer came: whether anything was sent.
fn unanswered(failure: &Failure) -> SendError {
    use FailureKind as K;
    let why = format!("the robot's server: {}", failure.kind.en());
    match failure.kind {
        K::Timeout | K::Reset | K::Protocol => SendError::Unknown(why),
        _ => SendError::Later(why),
    }
}

/// What an answer says: the HTTP status first, then the code in its body.
fn judge(kind: ChannelKind, answer: &HookAnswer) -> Result<(), Fault> {
    let send = |error| Err(Fault::Send(error));
    let body: Option<Value> = serde_json::from_slice(&answer.body).ok();
    let code = body.as_ref().and_then(|body| code(kind, body));
    match (answer.status, code) {
        (200..=299, Some(0)) => Ok(()),
        (429, None) => send(SendError::Wait(answer.retry_after.unwrap_or(REST))),
        // A gateway that lost the answer; its own refusals carry a code or come before anything was sent.
        (502 | 504, None) => send(SendError::Unknown(format!("HTTP {}", answer.status))),
        (200..=299, None) if body.is_some() => send(SendError::Unknown("an answer without a code".into())),
        (200..=299, None) => send(SendError::Later("something else answered instead of the robot's server".into())),
        (status, None) => send(SendError::Later(format!("HTTP {status}"))),
        (_, Some(code)) => Err(sort(kind, code, body.as_ref())),
    }
}

/// The code of an answer's body; `None` where it has none.
fn code(kind: ChannelKind, body: &Value) -> Option<i64> {
    match kind {
        ChannelKind::Wecom | ChannelKind::Dingtalk => body.get("errcode")?.as_i64(),
        ChannelKind::Feishu => body.get("code").or_else(|| body.get("StatusCode"))?.as_i64(),
    }
}

fn sort(kind: ChannelKind, code: i64, body: Option<&Value>) -> Fault {
    let said = ["errmsg", "msg", "StatusMessage"].iter().find_map(|key| body?.get(key)?.as_str()).unwrap_or_default();
    let words = format!("{code} {}", said.chars().filter(|c| !c.is_control()).take(SAID).collect::<String>());
    match kind {
        ChannelKind::Wecom => wecom::sort(code, words),
        ChannelKind::Dingtalk => dingtalk::sort(code, words),
        ChannelKind::Feishu => feishu::sort(code, words),
    }
}

/// Tells the supervisors that a robot's settings want mending; once a robot and day.
async fn tell(office: &Office, channel: &ChannelConfig, claimed: &Claimed, why: &str) -> Result<(), StoreError> {
    let now = office.now();
    let unit = match &channel.reader {
        ChannelReader::Supervisors => None,
        ChannelReader::Unit(unit) => Some(unit.clone()),
    };
    tracing::error!(chat.id = claimed.chat.id, channel = channel.kind.key(), why, "a robot's settings refuse messages");
    let robot = Bilingual { zh: channel.kind.zh().to_owned(), en: channel.kind.en().to_owned() };
    let alert = Alert::RobotRefuses { robot, unit, why: why.to_owned() };
    let mut tx = office.store.write().await?;
    notify::alert(&mut tx, office, alert, &format!("robot:{}:{}", claimed.chat.id, office.date(now)), now).await?;
    tx.commit().await
}

/// Base64 of the HMAC-SHA256 of `message` under `key`.
fn signature(key: &str, message: &str) -> String {
    // A key of any length will do, so there is always one.
    Hmac::<Sha256>::new_from_slice(key.as_bytes())
        .map(|mut mac| {
            mac.update(message.as_bytes());
            STANDARD.encode(mac.finalize().into_bytes())
        })
        .unwrap_or_default()
}

/// What is wrong with a robot of the configuration.
#[derive(Debug, thiserror::Error)]
pub enum RobotError {
    /// A file cannot be read.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// The address is not one of that product.
    #[error("the address in webhook_file is not a {} one: it needs {wants}", kind.en())]
    Shape {
        /// Which product.
        kind: ChannelKind,
        /// What an address of it looks like.
        wants: &'static str,
    },
    /// Its server cannot be reached.
    #[error("{host} cannot be reached: {}", failure.en())]
    Away {
        /// The server.
        host: String,
        /// Why.
        failure: FailureKind,
    },
}

/// Looks whether a robot could be reached; sends nothing. Gives its server's name.
pub async fn look(hooks: &Hooks, channel: &ChannelConfig) -> Result<String, RobotError> {
    let webhook = channel.webhook.read()?;
    if let Some(secret) = &channel.secret {
        secret.read()?;
    }
    let kind = channel.kind;
    let url = url::Url::parse(webhook.expose_secret()).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
    let has = |key: &str| url.as_ref().is_some_and(|url| url.query_pairs().any(|(k, v)| k == key && !v.is_empty()));
    let (fits, wants) = match kind {
        ChannelKind::Wecom => (has("key"), "https://…/cgi-bin/webhook/send?key=…"),
        ChannelKind::Dingtalk => (has("access_token"), "https://…/robot/send?access_token=…"),
        ChannelKind::Feishu => {
            (url.as_ref().is_some_and(|url| url.path().contains("/hook/")), "https://…/open-apis/bot/v2/hook/…")
        }
    };
    let host = url.as_ref().and_then(url::Url::host_str).filter(|_| fits).map(str::to_owned);
    let Some(host) = host else { return Err(RobotError::Shape { kind, wants }) };
    let proxy = channel.proxy.as_ref().map(Concealed::reveal);
    match hooks.reach(webhook.expose_secret(), proxy).await {
        Ok(_) => Ok(host),
        Err(failure) => Err(RobotError::Away { host, failure: failure.kind }),
    }
}

#[cfg(test)]
mod tests;
