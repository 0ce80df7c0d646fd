//! The Bot API methods, each checked as strictly as Telegram does or more so.

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::params::{No, Outcome, Params, bad, excusable, fields_of, keyboard, rich, upload};
use super::state::{BOT_ID, BOT_NAME, BOT_USERNAME, State};
use super::{Fault, Refusal};

/// What becomes of a call.
#[derive(Debug)]
pub(super) enum Answer {
    /// `ok: true` with this result.
    Result(Value),
    /// `ok: false`.
    Error { code: u16, description: String, parameters: Option<Value> },
    /// A gateway's page instead of an answer.
    Gateway(u16),
    /// The connection closes without an answer.
    HangUp,
    /// The answer breaks off.
    Torn,
    /// The answer comes after this long.
    Slow(Duration, Box<Answer>),
}

/// Refuses a method nobody knows and a field the method does not have.
pub(super) fn check_shape(state: &mut State, method: &str, params: &Params) -> Result<(), Answer> {
    let Some(known) = fields_of(method) else {
        state.violations.push(format!("unknown method {method}"));
        return Err(Answer::Error { code: 404, description: "Not Found".to_owned(), parameters: None });
    };
    let uploads: Vec<&str> = params.files.iter().map(|(field, _, _)| field.as_str()).collect();
    let attached = |name: &str| params.fields.values().any(|v| v.as_str() == Some(&format!("attach://{name}")));
    let unknown = params.fields.keys().map(String::as_str).find(|k| !known.contains(k) && !uploads.contains(k));
    let unknown = unknown.or_else(|| uploads.iter().copied().find(|u| !known.contains(u) && !attached(u)));
    match unknown {
        None => Ok(()),
        Some(field) => Err(refuse(state, method, bad(format!("unknown field \"{field}\"")))),
    }
}

fn refuse(state: &mut State, method: &str, no: No) -> Answer {
    if no.violation {
        state.violations.push(format!("{method}: {} ({})", no.description, no.code));
    }
    Answer::Error { code: no.code, description: no.description, parameters: None }
}

/// Answers every method but getUpdates, which waits.
pub(super) fn answer(state: &mut State, method: &str, params: &Params, now: DateTime<Utc>) -> Answer {
    let answered = match method {
        "getme" => Ok(Answer::Result(json!({
            "id": BOT_ID, "is_bot": true, "first_name": BOT_NAME, "username": BOT_USERNAME,
            "can_join_groups": true, "can_read_all_group_messages": false, "supports_inline_queries": false,
            "can_connect_to_business": false, "has_main_web_app": false,
        }))),
        "getwebhookinfo" => Ok(Answer::Result(
            json!({ "url": "", "has_custom_certificate": false, "pending_update_count": state.updates.len() }),
        )),
        "deletewebhook" => {
            if params.text("drop_pending_updates").as_deref() == Some("true") {
                state.acknowledge(state.last_update + 1);
            }
            Ok(Answer::Result(true.into()))
        }
        "setmycommands" => set_commands(state, params),
        "getmycommands" => Ok(Answer::Result(state.commands.get(&command_key(params)).cloned().unwrap_or(json!([])))),
        "sendmessage" | "senddocument" | "sendphoto" => send(state, method, params, now),
        "editmessagetext" | "editmessagereplymarkup" => edit(state, method, params, now),
        "answercallbackquery" => answer_callback(state, params, now),
        "getfile" => file(state, params),
        "sendchataction" => chat_action(state, params),
        _ => Err(No { code: 404, description: "Not Found".to_owned(), violation: true }),
    };
    answered.unwrap_or_else(|no| refuse(state, method, no))
}

fn command_key(params: &Params) -> String {
    let part = |key| params.object(key).ok().flatten().map(|v| v.to_string()).or_else(|| params.text(key));
    format!("{}/{}", part("scope").unwrap_or_default(), params.text("language_code").unwrap_or_default())
}

fn set_commands(state: &mut State, params: &Params) -> Outcome<Answer> {
    let commands = params.object("commands")?.ok_or_else(|| bad("commands are not specified"))?;
    let list = commands.as_array().ok_or_else(|| bad("commands must be an array"))?;
    if list.len() > 100 {
        return Err(bad("BOT_COMMANDS_TOO_MUCH"));
    }
    for item in list {
        let (name, about) =
            (item["command"].as_str().unwrap_or_default(), item["description"].as_str().unwrap_or_default());
        let fits = (1..=32).contains(&name.len())
            && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
        if !fits {
            return Err(bad(format!("BOT_COMMAND_INVALID: \"{name}\"")));
        }
        if !(1..=256).contains(&about.chars().count()) {
            return Err(bad(format!("BOT_COMMAND_DESCRIPTION_INVALID: \"{name}\"")));
        }
    }
    state.commands.insert(command_key(params), commands);
    Ok(Answer::Result(true.into()))
}

/// Finds the chat a call names and counts the call as activity there.
fn chat_of(state: &mut State, params: &Params) -> Outcome<i64> {
    let id = params.int("chat_id").ok().flatten().ok_or_else(|| bad("chat not found"))?;
    let chat = state.chats.get_mut(&id).ok_or_else(|| bad("chat not found"))?;
    chat.activity += 1;
    Ok(id)
}

/// What stands between the bot and a chat, beside what is wrong with the message itself.
fn obstacle(state: &mut State, chat_id: i64) -> Outcome<Option<Answer>> {
    let Some(chat) = state.chats.get(&chat_id) else { return Ok(None) };
    if let Some(to) = chat.migrated_to {
        return Ok(Some(migrated(to)));
    }
    if let Some(refusal) = chat.refusal {
        return Ok(Some(forbidden(refusal, chat.kind)));
    }
    if !chat.started {
        let description = "Forbidden: bot can't initiate conversation with a user".to_owned();
        return Err(No { code: 403, description, violation: true });
    }
    Ok(None)
}

fn migrated(to: i64) -> Answer {
    Answer::Error {
        code: 400,
        description: "Bad Request: group chat was upgraded to a supergroup chat".to_owned(),
        parameters: Some(json!({ "migrate_to_chat_id": to })),
    }
}

fn too_many(retry_after: Option<u32>) -> Answer {
    Answer::Error {
        code: 429,
        description: retry_after
            .map_or_else(|| "Too Many Requests".to_owned(), |s| format!("Too Many Requests: retry after {s}")),
        parameters: retry_after.map(|s| json!({ "retry_after": s })),
    }
}

fn forbidden(refusal: Refusal, kind: &str) -> Answer {
    let words = match refusal {
        Refusal::BlockedByUser => "bot was blocked by the user",
        Refusal::Kicked if kind == "supergroup" => "bot was kicked from the supergroup chat",
        Refusal::Kicked => "bot was kicked from the group chat",
        Refusal::Deactivated => "user is deactivated",
        Refusal::CantInitiate => "bot can't initiate conversation with a user",
        Refusal::NotMember if kind == "supergroup" => "bot is not a member of the supergroup chat",
        Refusal::NotMember => "bot is not a member of the group chat",
        Refusal::Deleted => "the group chat was deleted",
        Refusal::ToBot => "bot can't send messages to bots",
        Refusal::Other(words) => words,
    };
    Answer::Error { code: 403, description: format!("Forbidden: {words}"), parameters: None }
}

/// Takes the fault that waits for the chat. `Err` answers at once; `Ok` spoils the answer after the deed.
fn next_fault(state: &mut State, chat_id: i64) -> Result<Option<Fault>, Answer> {
    let Some(chat) = state.chats.get_mut(&chat_id) else { return Ok(None) };
    let kind = chat.kind;
    match chat.faults.pop_front() {
        None => Ok(None),
        Some(Fault::TooManyRequests { retry_after }) => Err(too_many(retry_after)),
        Some(Fault::Forbidden(refusal)) => Err(forbidden(refusal, kind)),
        Some(Fault::Migrate { to }) => {
            state.migrate(chat_id, to);
            Err(migrated(to))
        }
        Some(Fault::ServerError(code)) => Err(Answer::Gateway(code)),
        Some(Fault::InternalError) => {
            Err(Answer::Error { code: 500, description: "Internal Server Error".to_owned(), parameters: None })
        }
        Some(Fault::HangUpBefore) => Err(Answer::HangUp),
        Some(Fault::Stall(time)) => Err(Answer::Slow(time, Box::new(Answer::HangUp))),
        Some(after @ (Fault::HangUpAfter | Fault::NullResult | Fault::Slow(_) | Fault::Torn)) => Ok(Some(after)),
    }
}

fn spoil(fault: Option<&Fault>, result: Value) -> Answer {
    match fault {
        Some(Fault::HangUpAfter) => Answer::HangUp,
        Some(Fault::NullResult) => Answer::Result(Value::Null),
        Some(Fault::Torn) => Answer::Torn,
        Some(Fault::Slow(time)) => Answer::Slow(*time, Box::new(Answer::Result(result))),
        _ => Answer::Result(result),
    }
}

fn send(state: &mut State, method: &str, params: &Params, now: DateTime<Utc>) -> Outcome<Answer> {
    let chat_id = chat_of(state, params)?;
    let markup = keyboard(params, false)?;
    let (body, upload) = if method == "sendmessage" {
        let body = rich(params, "text", "entities", 4096, "message is too long")?;
        if body.text.is_empty() {
            return Err(bad("message text is empty"));
        }
        (body, None)
    } else {
        let photo = method == "sendphoto";
        let field = if photo { "photo" } else { "document" };
        let body = rich(params, "caption", "caption_entities", 1024, "message caption is too long")?;
        (body, Some((photo, upload(params, field, photo)?)))
    };
    if let Some(answer) = obstacle(state, chat_id)? {
        return Ok(answer);
    }
    let fault = match next_fault(state, chat_id) {
        Ok(fault) => fault,
        Err(answer) => return Ok(answer),
    };
    let group = state.chats.get(&chat_id).is_some_and(|c| c.kind != "private");
    if state.enforce_limits {
        if let Some(seconds) = state.over_limit(chat_id, group, now) {
            return Ok(too_many(u32::try_from(seconds).ok()));
        }
        state.count_send(chat_id, now);
    }
    let file = upload.map(|(photo, (name, bytes))| state.keep_file(&name, bytes, photo));
    let message = state.post(chat_id, BOT_ID, now, body, markup, file).unwrap_or_default();
    Ok(spoil(fault.as_ref(), message))
}

fn edit(state: &mut State, method: &str, params: &Params, now: DateTime<Utc>) -> Outcome<Answer> {
    let chat_id = chat_of(state, params)?;
    let id = params.int("message_id")?.ok_or_else(|| bad("message identifier is not specified"))?;
    let markup = keyboard(params, true)?;
    let body = if method == "editmessagetext" {
        let body = rich(params, "text", "entities", 4096, "MESSAGE_TOO_LONG")?;
        if body.text.is_empty() {
            return Err(bad("message text is empty"));
        }
        Some(body)
    } else {
        None
    };
    if let Some(answer) = obstacle(state, chat_id)? {
        return Ok(answer);
    }
    let fault = match next_fault(state, chat_id) {
        Ok(fault) => fault,
        Err(answer) => return Ok(answer),
    };
    let message = state
        .chats
        .get_mut(&chat_id)
        .and_then(|c| c.messages.get_mut(&id))
        .ok_or_else(|| bad("message to edit not found"))?;
    if message.from != BOT_ID {
        return Err(bad("message can't be edited"));
    }
    if body.is_some() && message.file.is_some() {
        return Err(bad("there is no text in the message to edit"));
    }
    if body.as_ref().is_none_or(|b| *b == message.body) && message.markup == markup {
        return Err(excusable(bad(
            "message is not modified: specified new message content and reply markup are exactly the same as a current \
             content and reply markup of the message",
        )));
    }
    message.markup = markup;
    message.edited_at = Some(now);
    if let Some(body) = body {
        let changed = body != message.body;
        message.body = body;
        if changed {
            state.note(chat_id, id);
        }
    }
    let json = state.message_json(chat_id, id).unwrap_or_default();
    Ok(spoil(fault.as_ref(), json))
}

fn answer_callback(state: &mut State, params: &Params, now: DateTime<Utc>) -> Outcome<Answer> {
    let id = params.text("callback_query_id").unwrap_or_default();
    let text = params.text("text").unwrap_or_default();
    if text.chars().count() > 200 {
        return Err(bad("MESSAGE_TOO_LONG"));
    }
    let gone = || bad("query is too old and response timeout expired or query ID is invalid");
    let query = state.queries.get_mut(&id).ok_or_else(gone)?;
    if std::mem::replace(&mut query.answered, true) {
        return Err(gone());
    }
    let chat = query.chat;
    if let Some(chat) = state.chats.get_mut(&chat) {
        chat.activity += 1;
    }
    if !text.is_empty() {
        state.toast(chat, now, &text);
    }
    Ok(Answer::Result(true.into()))
}

fn file(state: &State, params: &Params) -> Outcome<Answer> {
    let id = params.text("file_id").unwrap_or_default();
    if state.withholds_files {
        return Ok(Answer::Gateway(502));
    }
    let file = state.files.get(&id).ok_or_else(|| bad("invalid file_id"))?;
    if file.bytes.len() > 20 * 1024 * 1024 {
        return Err(excusable(bad("file is too big")));
    }
    Ok(Answer::Result(json!({
        "file_id": id, "file_unique_id": format!("u{id}"), "file_size": file.bytes.len(), "file_path": file.path,
    })))
}

fn chat_action(state: &mut State, params: &Params) -> Outcome<Answer> {
    // Why: "typing" is no answer, so it must not count as activity.
    let id = params.int("chat_id")?.ok_or_else(|| bad("chat not found"))?;
    if !state.chats.contains_key(&id) {
        return Err(bad("chat not found"));
    }
    let action = params.text("action").unwrap_or_default();
    let known = [
        "typing",
        "upload_photo",
        "record_video",
        "upload_video",
        "record_voice",
        "upload_voice",
        "upload_document",
        "choose_sticker",
        "find_location",
        "record_video_note",
        "upload_video_note",
    ];
    if !known.contains(&action.as_str()) {
        return Err(bad("wrong parameter action in request"));
    }
    Ok(obstacle(state, id)?.unwrap_or(Answer::Result(true.into())))
}
