//! WeCom (企业微信) 群机器人: Markdown of at most 4,096 bytes, 20 messages a minute, no signature.

use std::time::Duration;

use serde_json::{Value, json};

use super::split::Part;
use super::{Fault, REST};
use crate::chat::telegram::SendError;

/// Bytes of `markdown.content`.
pub(super) const MOST: usize = 4_096;

pub(super) fn body(part: &Part) -> Value {
    let mut text = format!("**{}**\n{}", part.title, part.lines.join("\n"));
    if let Some((label, url)) = &part.link {
        text.extend(["\n\n[", label, "](", url, ")"]);
    }
    json!({ "msgtype": "markdown", "markdown": { "content": text } })
}

pub(super) fn sort(code: i64, words: String) -> Fault {
    Fault::Send(match code {
        // Too many calls a minute; the block lasts a minute.
        45009 | 45033 => SendError::Wait(REST),
        // The address is not valid, or the robot was taken out of the group or stopped.
        93000 | 93004 => SendError::Gone(words),
        // The caller's address is not on the list.
        60020 | 93008 => return Fault::Settings(words),
        // Too long, empty, or of an unknown type: the same again would be refused again.
        40008 | 40035 | 40058 | 44004 | 45002 => SendError::Refused(words),
        -1 => SendError::Wait(Duration::from_secs(30)),
        _ => SendError::Later(words),
    })
}
