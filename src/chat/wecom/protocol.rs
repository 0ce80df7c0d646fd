//! Frames as WeCom sends and takes them: pure functions from text to values and back.

use std::sync::Arc;

use serde::Deserialize;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::CHANNEL;
use super::render::Key;
use crate::chat::attachment::{Attachment, AttachmentKind, Attachments, Content, MOST};
use crate::chat::handle::{Incoming, Sender, What};
use crate::chat::telegram::SendError;
use crate::chat::texts::Press;

/// Characters of a reader's text that are looked at.
const LONGEST_TEXT: usize = 8_000;
/// Longest identifier of a person or a chat that is believed.
const LONGEST_ID: usize = 256;
/// How long a chat rests after it was written to too often.
const REST: std::time::Duration = std::time::Duration::from_mins(1);

/// A frame that came in.
#[derive(Debug, PartialEq)]
pub(super) enum Frame {
    /// WeCom's word on a frame of ours.
    Answer { req_id: String, code: i64, words: String, body: Value },
    /// Somebody wrote, pressed or came in.
    Arrival(Box<Arrival>),
    /// Another connection of the same bot took this one's place.
    Evicted,
    /// Nothing that concerns the office.
    Other,
}

/// What a reader did, and how it is answered.
#[derive(Debug, PartialEq)]
pub(super) struct Arrival {
    /// Under which the answer goes.
    pub(super) req_id: String,
    /// How.
    pub(super) way: Way,
    /// What it means to the office.
    pub(super) incoming: Incoming,
}

/// How something is answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Way {
    /// By a reply to the message.
    Reply,
    /// By the greeting of one who opened the chat.
    Greeting,
    /// By drawing the pressed card anew.
    Card { task: String, key: Key },
    /// By new messages alone.
    Send,
}

#[derive(Deserialize)]
struct Raw {
    #[serde(default)]
    cmd: String,
    #[serde(default)]
    headers: Headers,
    #[serde(default)]
    body: Value,
    errcode: Option<i64>,
    #[serde(default)]
    errmsg: String,
}

#[derive(Deserialize, Default)]
struct Headers {
    #[serde(default)]
    req_id: String,
}

/// Reads a frame; what is none of WeCom's is [`Frame::Other`].
pub(super) fn read(text: &str) -> Frame {
    let Ok(raw) = serde_json::from_str::<Raw>(text) else { return Frame::Other };
    match (raw.cmd.as_str(), raw.errcode) {
        ("", Some(code)) => Frame::Answer { req_id: raw.headers.req_id, code, words: raw.errmsg, body: raw.body },
        ("aibot_msg_callback", _) => arrival(message(&raw.headers.req_id, &raw.body)),
        ("aibot_event_callback", _) => match text_at(&raw.body, "/event/eventtype") {
            "disconnected_event" => Frame::Evicted,
            "enter_chat" => arrival(entry(&raw.headers.req_id, &raw.body)),
            "template_card_event" => arrival(press(&raw.headers.req_id, &raw.body)),
            _ => Frame::Other,
        },
        _ => Frame::Other,
    }
}

fn arrival(arrival: Option<Arrival>) -> Frame {
    arrival.map_or(Frame::Other, |arrival| Frame::Arrival(Box::new(arrival)))
}

/// A frame of ours.
pub(super) fn frame(cmd: &str, req_id: &str, body: &Value) -> String {
    json!({ "cmd": cmd, "headers": { "req_id": req_id }, "body": body }).to_string()
}

fn text_at<'v>(value: &'v Value, path: &str) -> &'v str {
    value.pointer(path).and_then(Value::as_str).unwrap_or_default()
}

fn message(req_id: &str, body: &Value) -> Option<Arrival> {
    let is_group = text_at(body, "/chattype") == "group";
    let (words, attachments) = content(body);
    let words: String = words.chars().take(LONGEST_TEXT).collect();
    let words = if is_group { without_mention(&words) } else { words.trim() };
    // A quoted question may come with the marks it was sent with.
    let unmarked =
        |text: String| text.chars().filter(|c| !matches!(c, '*' | '`')).take(LONGEST_TEXT).collect::<String>();
    let quoted = body.get("quote").map(|quote| unmarked(content(quote).0));
    let what = match spoken(words) {
        Some(Press::Confirm(id)) => press_of(req_id, Press::Confirm(id), Vec::new()),
        Some(Press::Dismiss(id)) => {
            let why = words.trim_start_matches("排除").trim_start_matches(|c: char| !c.is_numeric());
            let why = why.trim_start_matches(char::is_numeric).trim();
            if why.is_empty() {
                press_of(req_id, Press::Dismiss(id), Vec::new())
            } else {
                said(why, Some(format!("〔排除 {id}〕")), attachments)
            }
        }
        _ => said(words, quoted.filter(|quoted| !quoted.is_empty()), attachments),
    };
    Some(Arrival { req_id: req_id.to_owned(), way: Way::Reply, incoming: incoming(req_id, body, is_group, what)? })
}

fn said(text: &str, reply_to: Option<String>, attachments: Attachments) -> What {
    // WeCom does not say whether a message was forwarded.
    What::Text { text: text.to_owned(), reply_to, attachments, forwarded: false }
}

fn press_of(req_id: &str, press: Press, buttons: Vec<Vec<Press>>) -> What {
    What::Press { id: req_id.to_owned(), data: press.encode(), message: None, buttons }
}

/// The two buttons that have no command of their own, as words: 属实 12, 排除 12 理由.
fn spoken(text: &str) -> Option<Press> {
    let confirm = text.strip_prefix("属实");
    let rest =
        confirm.or_else(|| text.strip_prefix("排除"))?.trim_start_matches(|c: char| c.is_whitespace() || c == '#');
    let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    let (digits, _) = rest.split_at(end);
    let id = digits.parse::<i64>().ok()?;
    Some(if confirm.is_some() { Press::Confirm(id) } else { Press::Dismiss(id) })
}

fn entry(req_id: &str, body: &Value) -> Option<Arrival> {
    let incoming = incoming(req_id, body, false, said("/start", None, Attachments::default()))?;
    Some(Arrival { req_id: req_id.to_owned(), way: Way::Greeting, incoming })
}

fn press(req_id: &str, body: &Value) -> Option<Arrival> {
    // The event lies one level deeper than its name; some clients have seen it flat.
    let event = body.pointer("/event/template_card_event").or_else(|| body.get("event"))?;
    let (data, task) = (text_at(event, "/event_key"), text_at(event, "/task_id").to_owned());
    let is_group = match text_at(body, "/chattype") {
        "" => !text_at(body, "/chatid").is_empty(),
        kind => kind == "group",
    };
    let (what, way) = if let Some(key) = Key::parse(data) {
        (press_of(req_id, key.press, key.rows.clone()), Way::Card { task, key })
    } else {
        let data = data.chars().take(LONGEST_ID).collect();
        (What::Press { id: req_id.to_owned(), data, message: None, buttons: Vec::new() }, Way::Send)
    };
    Some(Arrival { req_id: req_id.to_owned(), way, incoming: incoming(req_id, body, is_group, what)? })
}

fn incoming(req_id: &str, body: &Value, is_group: bool, what: What) -> Option<Incoming> {
    let user = id_at(body, "/from/userid")?;
    let address = if is_group { id_at(body, "/chatid")? } else { user };
    let sender = Sender { key: format!("wecom:{user}"), name: user.to_owned(), lang: None, anonymous: false };
    let msgid = Some(text_at(body, "/msgid")).filter(|id| !id.is_empty()).unwrap_or(req_id);
    let (update_id, address) = (number(msgid), address.to_owned());
    Some(Incoming { channel: CHANNEL, update_id, address, is_group, sender, what, gathered: Vec::new() })
}

fn id_at<'v>(body: &'v Value, path: &str) -> Option<&'v str> {
    let id = text_at(body, path);
    let is_sound = !id.is_empty() && id.len() <= LONGEST_ID && !id.chars().any(char::is_control);
    is_sound.then_some(id)
}

/// A number for WeCom's textual id of a message: below zero, where none of Telegram's lies.
fn number(msgid: &str) -> i64 {
    let digest = Sha256::digest(format!("{CHANNEL}:{msgid}"));
    let high = digest.iter().take(8).fold(0_u64, |sum, byte| (sum << 8) | u64::from(*byte));
    i64::MIN | i64::try_from(high >> 1).unwrap_or_default()
}

/// The words of a message, and what came with it.
///
/// Files are named, not fetched: WeCom hands them out by an address and a key of their own.
fn content(body: &Value) -> (String, Attachments) {
    let file = |kind| Attachment {
        kind,
        file_id: Arc::from(""),
        name: None,
        mime: None,
        size: None,
        content: Content::default(),
    };
    let one = |kind| (String::new(), Attachments { album: None, files: vec![file(kind)] });
    let words = |path| (text_at(body, path).to_owned(), Attachments::default());
    match text_at(body, "/msgtype") {
        "markdown" => words("/markdown/content"),
        // WeCom has written down what was spoken.
        "voice" => words("/voice/content"),
        "image" => one(AttachmentKind::Photo),
        "file" => one(AttachmentKind::Document),
        "video" => one(AttachmentKind::Video),
        "mixed" => {
            let items =
                body.pointer("/mixed/msg_item").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
            let words = items.iter().map(|item| text_at(item, "/text/content")).filter(|text| !text.is_empty());
            let photos = items.iter().filter(|item| text_at(item, "/msgtype") == "image").take(MOST);
            let files = photos.map(|_| file(AttachmentKind::Photo)).collect();
            (words.collect::<Vec<_>>().join(" "), Attachments { album: None, files })
        }
        _ => words("/text/content"),
    }
}

/// A group's message without the @ that brought it here, in front or behind.
fn without_mention(text: &str) -> &str {
    let mut text = text.trim();
    while let Some(rest) = text.strip_prefix('@') {
        text = rest.find(char::is_whitespace).map_or("", |at| rest.split_at(at).1).trim_start();
    }
    match text.rsplit_once(char::is_whitespace) {
        Some((words, last)) if last.starts_with('@') => words.trim_end(),
        _ => text,
    }
}

/// What WeCom's answer means for what was sent.
pub(super) fn sort(code: i64, words: &str) -> Result<(), SendError> {
    // What follows the words names our own address and is of use to WeCom alone.
    let words = words.split(", hint").next().unwrap_or_default();
    let said = format!("WeCom {code} {}", words.chars().take(160).collect::<String>()).trim_end().to_owned();
    match code {
        0 => Ok(()),
        45_009 | 45_033 | 846_607 => Err(SendError::Wait(REST)),
        // No such chat, no such member: nobody is reached there any more.
        93_006 | 60_111 | 40_003 => Err(SendError::Gone(said)),
        // The message itself: its kind, a parameter, its length, its words.
        40_008 | 40_058 | 45_002 | 44_004 | 40_201 => Err(SendError::Refused(said)),
        // Anything else may pass, and a notice that waits is better than a notice that is lost.
        _ => Err(SendError::Later(said)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn incoming_of(frame: Frame) -> (Incoming, Way) {
        match frame {
            Frame::Arrival(arrival) => (arrival.incoming, arrival.way),
            other => panic!("{other:?}"),
        }
    }

    fn said_in(body: &Value) -> What {
        let frame = frame("aibot_msg_callback", "r1", body);
        incoming_of(read(&frame)).0.what
    }

    fn group(content: &str) -> Value {
        json!({ "msgid": "m1", "chattype": "group", "chatid": "g1", "from": { "userid": "zhang" },
                "msgtype": "text", "text": { "content": content } })
    }

    #[test]
    fn a_message_becomes_what_the_office_knows() {
        let body = json!({ "msgid": "m1", "chattype": "single", "from": { "userid": "zhang" }, "msgtype": "mixed",
            "mixed": { "msg_item": [{ "msgtype": "text", "text": { "content": "整改 3 已修复" } }, { "msgtype": "image" }] },
            "quote": { "msgtype": "text", "text": { "content": "〔整改 3〕请回复" } } });
        let (incoming, way) = incoming_of(read(&frame("aibot_msg_callback", "r1", &body)));
        assert_eq!((incoming.address.as_str(), incoming.sender.key.as_str()), ("zhang", "wecom:zhang"));
        assert!(!incoming.is_group && way == Way::Reply);
        let What::Text { text, reply_to, attachments, forwarded: false } = incoming.what else { panic!("no text") };
        assert_eq!((text.as_str(), reply_to.as_deref()), ("整改 3 已修复", Some("〔整改 3〕请回复")));
        assert_eq!(attachments.files.len(), 1);
        assert!(incoming.update_id < 0 && incoming.update_id == number("m1") && number("m1") != number("m2"));
    }

    #[test]
    fn the_mention_that_brings_a_groups_message_is_not_part_of_it() {
        for said in ["@巡查 签收 12", "@巡查\u{2005}签收 12", "签收 12 @巡查", " @巡查  签收 12\n"] {
            assert_eq!(said_in(&group(said)), super::said("签收 12", None, Attachments::default()), "{said}");
        }
        assert_eq!(said_in(&group("@巡查")), super::said("", None, Attachments::default()));
    }

    #[test]
    fn the_buttons_without_a_command_may_be_spoken() {
        assert_eq!(said_in(&group("@巡查 属实 7")), press_of("r1", Press::Confirm(7), Vec::new()));
        assert_eq!(said_in(&group("@巡查 排除 7")), press_of("r1", Press::Dismiss(7), Vec::new()));
        let said = said_in(&group("@巡查 排除 7 页面正常"));
        assert_eq!(said, super::said("页面正常", Some("〔排除 7〕".into()), Attachments::default()));
        assert_eq!(said_in(&group("@巡查 属实的")), super::said("属实的", None, Attachments::default()));
    }

    #[test]
    fn refusals_are_sorted_by_their_code() {
        assert_eq!(sort(0, "ok"), Ok(()));
        assert_eq!(sort(45_009, "x"), Err(SendError::Wait(REST)));
        let gone = sort(93_006, "invalid chatid, hint: [1], from ip: 10.0.0.1");
        assert_eq!(gone, Err(SendError::Gone("WeCom 93006 invalid chatid".into())));
        assert!(matches!(sort(40_008, "invalid message type"), Err(SendError::Refused(_))));
        assert!(matches!(sort(846_609, "aibot websocket not subscribed"), Err(SendError::Later(_))));
        assert!(matches!(sort(999_999, ""), Err(SendError::Later(_))));
    }

    #[test]
    fn what_makes_no_sense_is_left_alone() {
        let no_sender = json!({ "msgid": "m", "msgtype": "text", "text": { "content": "签收 1" } });
        let long = json!({ "msgid": "m", "from": { "userid": "x".repeat(300) }, "msgtype": "text" });
        for text in [
            "",
            "[]",
            "{}",
            "{\"cmd\":7}",
            "{\"cmd\":\"aibot_event_callback\",\"body\":null}",
            &frame("aibot_msg_callback", "r", &no_sender),
            &frame("aibot_msg_callback", "r", &long),
        ] {
            assert_eq!(read(text), Frame::Other, "{text}");
        }
    }
}
