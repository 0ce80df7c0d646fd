//! The parameters of a call: read from any encoding, checked field by field.

use std::sync::Arc;

use serde_json::Value;

use super::html::{self, Rich, utf16_len};

/// The parameters of one call, whatever encoding they came in.
#[derive(Debug, Default)]
pub(super) struct Params {
    pub(super) fields: serde_json::Map<String, Value>,
    /// Uploaded parts: field name, file name, content.
    pub(super) files: Vec<(String, String, Arc<[u8]>)>,
}

/// A refused call: Telegram's words, and whether the bot is to blame for it.
#[derive(Debug)]
pub(super) struct No {
    pub(super) code: u16,
    pub(super) description: String,
    pub(super) violation: bool,
}

pub(super) type Outcome<T> = Result<T, No>;

pub(super) fn bad(description: impl Into<String>) -> No {
    No { code: 400, description: format!("Bad Request: {}", description.into()), violation: true }
}

/// Refused, but no fault of the bot: it cannot have known.
pub(super) fn excusable(mut no: No) -> No {
    no.violation = false;
    no
}

impl Params {
    pub(super) fn text(&self, key: &str) -> Option<String> {
        match self.fields.get(key)? {
            Value::String(s) => Some(s.clone()),
            Value::Null => None,
            other => Some(other.to_string()),
        }
    }

    pub(super) fn int(&self, key: &str) -> Outcome<Option<i64>> {
        match self.fields.get(key) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::Number(n)) => n.as_i64().map(Some).ok_or_else(|| bad(format!("{key} is not an integer"))),
            Some(Value::String(s)) => s.trim().parse().map(Some).map_err(|_| bad(format!("{key} is not an integer"))),
            Some(_) => Err(bad(format!("{key} is not an integer"))),
        }
    }

    /// A structured field: JSON as it stands, or as text (multipart).
    pub(super) fn object(&self, key: &str) -> Outcome<Option<Value>> {
        match self.fields.get(key) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(s)) => {
                serde_json::from_str(s).map(Some).map_err(|_| bad(format!("can't parse {key} JSON object")))
            }
            Some(value) => Ok(Some(value.clone())),
        }
    }
}

const SEND: &[&str] = &[
    "business_connection_id",
    "chat_id",
    "message_thread_id",
    "parse_mode",
    "disable_notification",
    "protect_content",
    "allow_paid_broadcast",
    "message_effect_id",
    "reply_parameters",
    "reply_markup",
];

/// The fields of a method; `None` for a method that does not exist here.
pub(super) fn fields_of(method: &str) -> Option<Vec<&'static str>> {
    let with = |own: &[&'static str]| Some([SEND, own].concat());
    match method {
        "getme" | "getwebhookinfo" => Some(vec![]),
        "setmycommands" => Some(vec!["commands", "scope", "language_code"]),
        "getmycommands" => Some(vec!["scope", "language_code"]),
        "deletewebhook" => Some(vec!["drop_pending_updates"]),
        "getupdates" => Some(vec!["offset", "limit", "timeout", "allowed_updates"]),
        "sendmessage" => with(&["text", "entities", "link_preview_options"]),
        "senddocument" => {
            with(&["document", "thumbnail", "caption", "caption_entities", "disable_content_type_detection"])
        }
        "sendphoto" => with(&["photo", "caption", "caption_entities", "show_caption_above_media", "has_spoiler"]),
        "editmessagetext" => Some(vec![
            "business_connection_id",
            "chat_id",
            "message_id",
            "inline_message_id",
            "text",
            "parse_mode",
            "entities",
            "link_preview_options",
            "reply_markup",
        ]),
        "editmessagereplymarkup" => {
            Some(vec!["business_connection_id", "chat_id", "message_id", "inline_message_id", "reply_markup"])
        }
        "answercallbackquery" => Some(vec!["callback_query_id", "text", "show_alert", "url", "cache_time"]),
        "getfile" => Some(vec!["file_id"]),
        "sendchataction" => Some(vec!["business_connection_id", "chat_id", "message_thread_id", "action"]),
        _ => None,
    }
}

/// Reads formatted text out of `key`, at most `limit` UTF-16 units after entities.
pub(super) fn rich(params: &Params, key: &str, entities_key: &str, limit: usize, too_long: &str) -> Outcome<Rich> {
    let text = params.text(key).unwrap_or_default();
    let mut rich = match params.text("parse_mode").as_deref() {
        None | Some("") => Rich::plain(&text),
        Some(mode) if mode.eq_ignore_ascii_case("html") => {
            html::parse(&text).map_err(|why| bad(format!("can't parse entities: {why}")))?
        }
        Some(mode) => return Err(bad(format!("unsupported parse_mode \"{mode}\": this fake reads HTML alone"))),
    };
    if let Some(Value::Array(given)) = params.object(entities_key)? {
        rich.entities = given;
    }
    if utf16_len(&rich.text) > limit {
        return Err(bad(too_long));
    }
    Ok(rich)
}

pub(super) fn keyboard(params: &Params, inline_only: bool) -> Outcome<Option<Value>> {
    let Some(markup) = params.object("reply_markup")? else { return Ok(None) };
    let Some(rows) = markup.get("inline_keyboard") else {
        let other = ["keyboard", "remove_keyboard", "force_reply"].iter().any(|k| markup.get(k).is_some());
        return if other && !inline_only { Ok(Some(markup)) } else { Err(bad("object expected as reply markup")) };
    };
    let rows = rows.as_array().ok_or_else(|| bad("field \"inline_keyboard\" must be of type Array"))?;
    let mut count = 0;
    for row in rows {
        let row = row.as_array().ok_or_else(|| bad("inline keyboard row must be an Array"))?;
        count += row.len();
        if row.len() > 8 || count > 100 {
            return Err(bad("reply markup is too long"));
        }
        for button in row {
            check_button(button)?;
        }
    }
    Ok((count > 0).then_some(markup))
}

fn check_button(button: &Value) -> Outcome<()> {
    let object = button.as_object().ok_or_else(|| bad("inline keyboard button must be an Object"))?;
    if object.get("text").and_then(Value::as_str).is_none_or(|t| t.trim().is_empty()) {
        return Err(bad("can't parse inline keyboard button: text is empty"));
    }
    let actions: Vec<_> = object.iter().filter(|(key, _)| *key != "text").collect();
    let [(key, value)] = actions.as_slice() else {
        return Err(bad("can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard"));
    };
    let text = value.as_str().unwrap_or_default();
    match key.as_str() {
        "callback_data" if (1..=64).contains(&text.len()) => Ok(()),
        "callback_data" => Err(bad("BUTTON_DATA_INVALID")),
        "url" if ["http://", "https://", "tg://"].iter().any(|s| text.starts_with(s)) => Ok(()),
        "url" => Err(bad("BUTTON_URL_INVALID")),
        "switch_inline_query" | "switch_inline_query_current_chat" | "copy_text" | "web_app" | "login_url" => Ok(()),
        other => Err(bad(format!("unknown field \"{other}\" in an inline keyboard button"))),
    }
}

/// The uploaded file of `field`: the part itself, or the part that `attach://` names.
pub(super) fn upload(params: &Params, field: &str, photo: bool) -> Outcome<(String, Arc<[u8]>)> {
    let named = params.text(field).and_then(|v| v.strip_prefix("attach://").map(str::to_owned));
    let part = named.as_deref().unwrap_or(field);
    let (_, name, bytes) = params
        .files
        .iter()
        .find(|(f, _, _)| f == part)
        .ok_or_else(|| bad("wrong file identifier/HTTP URL specified: this fake takes uploads alone"))?;
    if bytes.is_empty() {
        return Err(bad("file must be non-empty"));
    }
    let most = if photo { 10 } else { 50 } * 1024 * 1024;
    if bytes.len() > most {
        return Err(No { code: 413, description: "Request Entity Too Large".to_owned(), violation: true });
    }
    let image = bytes.starts_with(b"\x89PNG") || bytes.starts_with(b"\xff\xd8\xff");
    if photo && !image {
        return Err(bad("IMAGE_PROCESS_FAILED"));
    }
    Ok((name.clone(), bytes.clone()))
}
