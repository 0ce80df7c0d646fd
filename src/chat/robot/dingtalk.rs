//! DingTalk (钉钉) 自定义机器人: Markdown of about 20 kB, 20 messages a minute, then ten minutes of silence.

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use url::Url;

use super::split::Part;
use super::{Fault, signature};
use crate::chat::telegram::SendError;

/// Bytes of `markdown.text`; a message of 20,000 is taken.
pub(super) const MOST: usize = 18_000;
/// How long a robot that was too fast is shut up.
const BLOCKED: Duration = Duration::from_mins(10);

/// The address with its signature: milliseconds, the secret as the key.
pub(super) fn signed(webhook: &str, secret: Option<&str>, now: DateTime<Utc>) -> String {
    let (Some(secret), Ok(mut url)) = (secret, Url::parse(webhook)) else { return webhook.to_owned() };
    let timestamp = now.timestamp_millis().to_string();
    let sign = signature(secret, &format!("{timestamp}\n{secret}"));
    url.query_pairs_mut().append_pair("timestamp", &timestamp).append_pair("sign", &sign);
    url.into()
}

pub(super) fn body(part: &Part) -> Value {
    // Two blanks before a line break keep the break.
    let mut text = format!("**{}**  \n{}", part.title, part.lines.join("  \n"));
    if let Some((label, url)) = &part.link {
        text.extend(["\n\n[", label, "](", url, ")"]);
    }
    json!({
        "msgtype": "markdown",
        "markdown": { "title": part.title, "text": text },
        "at": { "atMobiles": [], "atUserIds": [], "isAtAll": false },
    })
}

pub(super) fn sort(code: i64, words: String) -> Fault {
    Fault::Send(match code {
        130_101 | 410_100 => SendError::Wait(BLOCKED),
        // No such token, the group is gone, the robot is gone or stopped.
        300_001 | 300_005 | 400_013 | 400_101 | 400_102 | 400_106 => SendError::Gone(words),
        // Keyword, signature or IP list.
        310_000 => return Fault::Settings(words),
        40_035 | 43_004 | 400_105 | 430_101..=430_104 => SendError::Refused(words),
        _ => SendError::Later(words),
    })
}
