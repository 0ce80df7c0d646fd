//! Feishu (飞书) 自定义机器人: a post of structured paragraphs, bodies of 20 KB, 100 messages a minute and 5 a second.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::split::Part;
use super::{Fault, REST, signature};
use crate::chat::telegram::SendError;

/// Bytes of all paragraphs as JSON; a body of 20 KB is taken.
pub(super) const MOST: usize = 18_000;

/// One paragraph: text is text there, so nothing has to be escaped.
pub(super) fn paragraph(line: &str) -> Value {
    json!([{ "tag": "text", "text": line }])
}

/// A post, signed where there is a secret: seconds, and the time with the secret as the key.
pub(super) fn body(part: &Part, secret: Option<&str>, now: DateTime<Utc>) -> Value {
    let mut content: Vec<Value> = part.lines.iter().map(|line| paragraph(line)).collect();
    if let Some((label, url)) = &part.link {
        content.push(json!([{ "tag": "a", "text": label, "href": url }]));
    }
    let post = json!({ part.locale: { "title": part.title, "content": content } });
    let mut body = json!({ "msg_type": "post", "content": { "post": post } });
    if let (Some(secret), Some(fields)) = (secret, body.as_object_mut()) {
        let timestamp = now.timestamp().to_string();
        let sign = signature(&format!("{timestamp}\n{secret}"), "");
        fields.insert("timestamp".into(), timestamp.into());
        fields.insert("sign".into(), sign.into());
    }
    body
}

pub(super) fn sort(code: i64, words: String) -> Fault {
    Fault::Send(match code {
        11232 | 11233 | 99_991_400 => SendError::Wait(REST),
        9499 if words.to_lowercase().contains("too many") => SendError::Wait(REST),
        9499 | 19002 | 230_025 => SendError::Refused(words),
        19001 | 19003 | 19036 => SendError::Gone(words),
        // Signature or time, IP list, keyword.
        19021 | 19022 | 19024 => return Fault::Settings(words),
        _ => SendError::Later(words),
    })
}
