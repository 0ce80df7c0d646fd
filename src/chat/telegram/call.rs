//! One request to Telegram: sent, its answer read within bounds, a failure sorted by what to do next.
//!
//! Why not as the library sends: it rests ten seconds on every gateway's error, with a delivery in its
//! hands; it reads an answer of any length; it stumbles over a bot without a user name; and it does not
//! tell an answer that was lost from one that says no.

use std::time::Duration;

use reqwest_of_teloxide as http;
use serde::Serialize;
use serde_json::Value;
use teloxide::RequestError;
use teloxide::requests::{HasPayload, JsonRequest, Payload};
use teloxide::types::Update;

use super::{Incoming, Me, Messenger, REST, SendError, incoming};

/// Longest answer that is read; a hundred updates of the longest texts stay under it.
const LONGEST: usize = 8 * 1024 * 1024;

/// What this program says by itself of a failed request, in English and Chinese.
const OWN_WORDS: &[(&str, &str)] = &[
    (UNREACHABLE, "无法连接到 Telegram"),
    (LOST, "连接在收到答复前中断"),
    (UNREADABLE, "答复无法读取"),
    (GATEWAY, "答复来自中间网关而非 Telegram"),
    (GATEWAY_LATE, "中间网关未等到 Telegram 的答复"),
    (NO_RESULT, "答复中没有结果，该地址可能不是 Telegram 服务器"),
    (NO_TOKEN, "令牌未被接受，或该地址不是 Telegram 服务器"),
    (NO_BOT, "getMe 的答复缺少 is_bot 或 username，该地址不是 Telegram 服务器"),
    (NO_LIST, "getUpdates 的答复不是消息列表，该地址不是 Telegram 服务器"),
    (NO_WORDS, "答复中未说明原因"),
];

const UNREACHABLE: &str = "Telegram cannot be reached";
pub(super) const LOST: &str = "the connection was lost before the answer came";
const UNREADABLE: &str = "the answer could not be read";
pub(super) const GATEWAY: &str = "a gateway answered instead of Telegram";
const GATEWAY_LATE: &str = "a gateway gave up waiting for Telegram";
const NO_RESULT: &str = "the answer carries no result; the address may not lead to Telegram";
pub(super) const NO_TOKEN: &str = "the token is refused, or the address does not lead to Telegram";
const NO_BOT: &str = "the answer to getMe lacks is_bot or username; the address does not lead to Telegram";
const NO_LIST: &str = "the answer to getUpdates is no list; the address does not lead to Telegram";
const NO_WORDS: &str = "the answer does not say why";

/// The Chinese of what this program said by itself; Telegram's own words stay as they are.
pub(super) fn in_chinese(words: &str) -> &str {
    OWN_WORDS.iter().find(|(en, _)| *en == words).map_or(words, |(_, zh)| zh)
}

impl Messenger {
    /// Asks Telegram who the bot is.
    pub async fn check(&self) -> Result<Me, SendError> {
        let me = self.call(&teloxide::requests::Requester::get_me(&self.bot)).await?;
        match (me["id"].as_u64(), me["username"].as_str()) {
            (Some(id), Some(username)) if me["is_bot"] == true && !username.is_empty() => {
                Ok(Me { id, username: username.to_owned() })
            }
            _ => Err(SendError::Later(NO_BOT.into())),
        }
    }

    /// Whether another service has updates sent to its own address: then none can be fetched.
    pub async fn has_webhook(&self) -> Result<bool, SendError> {
        let known = self.call(&teloxide::requests::Requester::get_webhook_info(&self.bot)).await?;
        match known["url"].as_str() {
            Some(url) => Ok(!url.is_empty()),
            None => Err(SendError::Later(NO_RESULT.into())),
        }
    }

    /// Makes a request; the value is the answer's result, never null.
    pub(super) async fn call<P: Payload + Serialize>(&self, request: &JsonRequest<P>) -> Result<Value, SendError> {
        let mut url = self.bot.api_url();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().push(&format!("bot{}", self.bot.token())).push(&method(P::NAME));
        }
        let body = serde_json::to_vec(request.payload_ref()).map_err(|error| SendError::Refused(error.to_string()))?;
        let request = self.bot.client().post(url).header(http::header::CONTENT_TYPE, "application/json").body(body);
        let mut answer = request.send().await.map_err(|error| failed(&error))?;
        let status = answer.status().as_u16();
        let rest = answer.headers().get(http::header::RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse().ok());
        let mut body = Vec::new();
        while let Some(piece) = answer.chunk().await.transpose() {
            match piece {
                Ok(piece) if body.len() + piece.len() <= LONGEST => body.extend_from_slice(&piece),
                // What an error page says beside its status is not needed.
                _ if status >= 400 => break,
                Ok(_) => return Err(SendError::Unknown(UNREADABLE.into())),
                Err(_) => return Err(SendError::Unknown(LOST.into())),
            }
        }
        judge(status, rest, &body)
    }
}

/// `SendMessage` as Telegram writes it: `sendMessage`.
fn method(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map(|first| first.to_ascii_lowercase()).into_iter().chain(letters).collect()
}

/// A request that found no answer.
pub(super) fn failed(error: &http::Error) -> SendError {
    if error.is_connect() || error.is_builder() {
        SendError::Later(UNREACHABLE.into())
    } else {
        SendError::Unknown(LOST.into())
    }
}

/// What an answer comes to. `rest`: seconds that its header asks for.
fn judge(status: u16, rest: Option<u64>, body: &[u8]) -> Result<Value, SendError> {
    let Ok(mut answer @ Value::Object(_)) = serde_json::from_slice::<Value>(body) else {
        return Err(match status {
            429 => SendError::Wait(rest.map_or(REST, Duration::from_secs)),
            504 => SendError::Unknown(GATEWAY_LATE.into()),
            200..300 if body.trim_ascii_start().starts_with(b"{") => SendError::Unknown(UNREADABLE.into()),
            _ => SendError::Later(GATEWAY.into()),
        });
    };
    if answer["ok"] == true {
        return match answer["result"].take() {
            Value::Null => Err(SendError::Unknown(NO_RESULT.into())),
            result => Ok(result),
        };
    }
    let words = answer["description"].as_str().unwrap_or_default();
    let code = answer["error_code"].as_u64().unwrap_or_else(|| u64::from(status));
    if words.is_empty() && (200..300).contains(&code) {
        return Err(SendError::Unknown(NO_RESULT.into()));
    }
    let parameters = &answer["parameters"];
    if let Some(to) = parameters["migrate_to_chat_id"].as_i64() {
        return Err(SendError::Moved(to.to_string()));
    }
    if code == 429 || words.starts_with(TOO_MANY) {
        let said = || words.rsplit(' ').next().and_then(|last| last.parse().ok());
        let seconds = parameters["retry_after"].as_u64().or(rest).or_else(said);
        return Err(SendError::Wait(seconds.map_or(REST, Duration::from_secs)));
    }
    Err(match code {
        401 | 404 => SendError::Later(NO_TOKEN.into()),
        _ => sort_words(if words.is_empty() { NO_WORDS } else { words }),
    })
}

const TOO_MANY: &str = "Too Many Requests";

/// Refusals are told apart by how they begin: the rest of the wording changes.
pub(super) fn sort_words(words: &str) -> SendError {
    const GONE: &[&str] = &[
        "Forbidden:",
        "Bad Request: chat not found",
        "Bad Request: user not found",
        "Bad Request: PEER_ID_INVALID",
        "Bad Request: group is deactivated",
        "Bad Request: group chat was deactivated",
        "Bad Request: group chat was deleted",
        "Bad Request: the group chat was deleted",
        "Bad Request: CHAT_WRITE_FORBIDDEN",
        "Bad Request: CHAT_RESTRICTED",
        "Bad Request: have no rights to send a message",
        "Bad Request: not enough rights",
        "Bad Request: need administrator rights in the channel chat",
    ];
    let begins = |beginning: &&str| words.starts_with(*beginning);
    if words.starts_with(TOO_MANY) {
        SendError::Wait(REST)
    } else if GONE.iter().any(begins) {
        SendError::Gone(words.to_owned())
    } else if begins(&"Bad Request") || begins(&"Request Entity Too Large") {
        SendError::Refused(words.to_owned())
    } else {
        SendError::Later(words.to_owned())
    }
}

/// A failure as the library reports it, of the requests that it sends itself.
pub(super) fn sort(error: &RequestError) -> SendError {
    use teloxide::ApiError;
    match error {
        RequestError::RetryAfter(seconds) => SendError::Wait(seconds.duration()),
        RequestError::MigrateToChatId(to) => SendError::Moved(to.0.to_string()),
        RequestError::Api(ApiError::InvalidToken) => SendError::Later(NO_TOKEN.into()),
        RequestError::Api(ApiError::Unknown(words)) => sort_words(words),
        RequestError::Api(known) => sort_words(&known.to_string()),
        RequestError::Network(error) => failed(error),
        // Why: the raw answer may quote the message, so it is looked at and never repeated.
        RequestError::InvalidJson { raw, .. } if raw.trim_start().starts_with('{') => {
            SendError::Unknown(UNREADABLE.into())
        }
        RequestError::InvalidJson { .. } => SendError::Later(GATEWAY.into()),
        RequestError::Io(_) => SendError::Later("a file could not be read".into()),
    }
}

/// The updates in the answer to a poll from `offset` on, and where the next poll begins.
///
/// One that cannot be read, or was confirmed before, is left out; it never holds up the others.
pub(super) fn updates(answer: Value, offset: i32, own: u64) -> Result<(i32, Vec<Incoming>), SendError> {
    let Value::Array(list) = answer else { return Err(SendError::Later(NO_LIST.into())) };
    let (mut next, mut unreadable, mut updates) = (offset, 0_usize, Vec::new());
    for update in list {
        let after = update["update_id"].as_i64().and_then(|id| i32::try_from(id.checked_add(1)?).ok());
        // Why from text: the library reads borrowed keys, which a value has not.
        match (after, serde_json::from_str::<Update>(&update.to_string())) {
            (Some(after), _) if after <= offset => {}
            (Some(after), read) => {
                next = next.max(after);
                match read {
                    Ok(update) => updates.extend(incoming(update, own)),
                    Err(_) => unreadable += 1,
                }
            }
            (None, _) => unreadable += 1,
        }
    }
    if unreadable > 0 {
        tracing::warn!(unreadable, "updates that cannot be read are left out");
    }
    Ok((next, updates))
}

#[cfg(test)]
mod tests {
    use super::super::What;
    use super::*;

    fn judged(status: u16, body: &str) -> Result<Value, SendError> {
        judge(status, None, body.as_bytes())
    }

    #[test]
    fn an_answer_is_sorted_by_what_to_do_next() {
        let wait = |seconds| Err(SendError::Wait(Duration::from_secs(seconds)));
        let later = |words: &str| Err(SendError::Later(words.into()));
        let unknown = |words: &str| Err(SendError::Unknown(words.into()));
        let told = |code: u16, words: &str| {
            judged(code, &format!(r#"{{"ok":false,"error_code":{code},"description":"{words}"}}"#))
        };
        let with = |parameters: &str| {
            judged(429, &format!(r#"{{"ok":false,"description":"Too Many Requests","parameters":{parameters}}}"#))
        };
        assert_eq!(judged(200, r#"{"ok":true,"result":true}"#), Ok(true.into()));
        assert_eq!(judged(200, r#"{"ok":true,"result":null}"#), unknown(NO_RESULT));
        assert_eq!(judged(200, r#"{"ok":true}"#), unknown(NO_RESULT));
        assert_eq!(judged(200, "{}"), unknown(NO_RESULT));
        assert_eq!(judged(200, r#"{"ok":tr"#), unknown(UNREADABLE));
        assert_eq!(judged(200, "<html>sign in</html>"), later(GATEWAY));
        assert_eq!(judged(502, "<html>Bad Gateway</html>"), later(GATEWAY));
        assert_eq!(judged(504, ""), unknown(GATEWAY_LATE));
        assert_eq!(judged(403, "<html>firewall</html>"), later(GATEWAY));
        assert_eq!(with(r#"{"retry_after":7}"#), wait(7));
        assert_eq!(with("{}"), wait(30));
        assert_eq!(told(429, "Too Many Requests: retry after 11"), wait(11));
        assert_eq!(judge(429, Some(9), b"<html>slow down</html>"), wait(9));
        assert_eq!(judged(429, ""), wait(30));
        assert_eq!(told(500, "Internal Server Error"), later("Internal Server Error"));
        assert_eq!(judged(500, "{}"), later(NO_WORDS));
        assert_eq!(told(401, "Unauthorized"), later(NO_TOKEN));
        assert_eq!(told(404, "Not Found"), later(NO_TOKEN));
        let moved = r#"{"ok":false,"error_code":400,"description":"x","parameters":{"migrate_to_chat_id":-100}}"#;
        assert_eq!(judged(400, moved), Err(SendError::Moved("-100".into())));
        for words in ["Forbidden: bot was kicked from the group chat", "Forbidden: 🙃", "Bad Request: chat not found"]
        {
            assert_eq!(told(403, words), Err(SendError::Gone(words.into())));
        }
        assert!(matches!(told(400, "Bad Request: can't parse entities: x"), Err(SendError::Refused(_))));
    }

    #[test]
    fn an_update_nobody_can_read_holds_up_no_other() {
        let message = |id: i64, text: &str| {
            serde_json::json!({ "update_id": id, "message": { "message_id": id, "date": 0, "text": text,
                "chat": { "id": 5, "type": "private", "first_name": "x" },
                "from": { "id": 5, "is_bot": false, "first_name": "x" } } })
        };
        let odd = serde_json::json!({ "update_id": 8, "message": { "message_id": "?" } });
        let list = [
            message(7, "a"),
            odd,
            serde_json::json!({ "message": null }),
            5.into(),
            message(6, "old"),
            message(9, "b"),
        ];
        let (next, read) = updates(Value::from(list.to_vec()), 7, 1).unwrap();
        assert_eq!((next, read.iter().map(|update| update.update_id).collect::<Vec<_>>()), (10, vec![7, 9]));
        assert_eq!(updates(Value::from(vec![message(3, "old")]), 7, 1).unwrap(), (7, vec![]));
        assert!(updates(true.into(), 7, 1).is_err());
        assert!(updates(Value::from(vec![message(i64::MAX, "x")]), 7, 1).unwrap().1.is_empty());
    }

    #[test]
    fn what_another_bot_asked_is_not_answered_to_this_one() {
        let asked_by = |bot: u64| {
            let reply = serde_json::json!({ "update_id": 7, "message": { "message_id": 2, "date": 0, "text": "已更新",
                "chat": { "id": -5, "type": "group", "title": "x" },
                "from": { "id": 5, "is_bot": false, "first_name": "x" },
                "reply_to_message": { "message_id": 1, "date": 0, "text": "【整改反馈 12】",
                    "chat": { "id": -5, "type": "group", "title": "x" },
                    "from": { "id": bot, "is_bot": true, "first_name": "y" } } } });
            let What::Text { reply_to, .. } = updates(Value::from(vec![reply]), 0, 42).unwrap().1.remove(0).what else {
                panic!()
            };
            reply_to
        };
        assert_eq!(asked_by(42).as_deref(), Some("【整改反馈 12】"));
        assert_eq!(asked_by(43), None);
    }

    #[test]
    fn every_sentence_of_its_own_has_its_chinese() {
        for (en, zh) in OWN_WORDS {
            assert_eq!(in_chinese(en), *zh);
            assert!(!zh.is_ascii());
        }
        assert_eq!(in_chinese("Forbidden: x"), "Forbidden: x");
    }
}
