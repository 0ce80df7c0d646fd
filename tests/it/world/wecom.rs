//! A strict WeCom on loopback: the far end of a bot's long connection.
//!
//! It takes what WeCom's documents and the notes in `chat::wecom` say, answers with WeCom's
//! codes, and writes down everything it would have refused as a violation.

mod chats;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures::{SinkExt, StreamExt};
use md5::{Digest as _, Md5};
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tokio_tungstenite::accept_async;
use tokio_tungstenite::tungstenite::Message as Ws;

const BOT_ID: &str = "aib-yunxi-test";
const SECRET: &str = "not-a-real-secret";

/// What a chat shows.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Shown {
    /// `stream`, `markdown`, `template_card`, `text`.
    pub(crate) kind: String,
    /// Words, or a card's title and subtitle.
    pub(crate) text: String,
    /// The buttons of a card: what they say, and their keys.
    pub(crate) buttons: Vec<(String, String)>,
    task: String,
}

/// What goes wrong with the next message to a chat.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Fault {
    /// Refused with this code.
    Code(i64),
    /// Taken, and the connection lost before the answer.
    HangUpAfter,
    /// The connection lost before it is taken.
    HangUpBefore,
}

struct Callback {
    chat: String,
    kind: &'static str,
    at: Instant,
    task: String,
    used: bool,
}

#[derive(Default)]
struct State {
    /// The connection that is subscribed, by number.
    current: Option<(u64, UnboundedSender<Ws>)>,
    connections: u64,
    subscribed: usize,
    /// Chats where somebody spoke, and whether each is a group.
    spoken: BTreeMap<String, bool>,
    callbacks: BTreeMap<String, (u64, Callback)>,
    shown: BTreeMap<String, Vec<Shown>>,
    sent: BTreeMap<String, Vec<Instant>>,
    tasks: BTreeSet<String>,
    req_ids: BTreeSet<String>,
    faults: BTreeMap<String, Vec<Fault>>,
    violations: Vec<String>,
    deaf_to_pings: bool,
    pings: usize,
    /// Files on their way: name, size, md5 of what was announced, pieces, and what came.
    uploads: BTreeMap<String, (Value, Vec<u8>)>,
    down: bool,
    messages: u64,
    /// The minute of which a chat takes thirty messages, where it is another.
    minute: Option<Duration>,
}

/// The server; gone with the test.
#[derive(Clone)]
pub(crate) struct FakeWecom {
    state: Arc<Mutex<State>>,
    address: std::net::SocketAddr,
}

impl FakeWecom {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let fake = Self { address: listener.local_addr().unwrap(), state: Arc::default() };
        let serving = fake.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let fake = serving.clone();
                tokio::spawn(async move { fake.connection(stream).await });
            }
        });
        fake
    }

    pub(crate) fn url(&self) -> String {
        format!("ws://{}/", self.address)
    }

    pub(crate) fn bot_id() -> &'static str {
        BOT_ID
    }

    pub(crate) fn secret() -> &'static str {
        SECRET
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// What would have been refused, so far.
    pub(crate) fn violations(&self) -> Vec<String> {
        self.state().violations.clone()
    }

    /// Counts messages to a chat by a minute that is as long as this.
    pub(crate) fn count_by(&self, minute: Duration) {
        self.state().minute = Some(minute);
    }

    /// How often a bot subscribed.
    pub(crate) fn subscribed(&self) -> usize {
        self.state().subscribed
    }

    pub(crate) fn pings(&self) -> usize {
        self.state().pings
    }

    pub(crate) fn is_connected(&self) -> bool {
        self.state().current.is_some()
    }

    /// What a chat shows, oldest first.
    pub(crate) fn shown(&self, chat: &str) -> Vec<Shown> {
        self.state().shown.get(chat).cloned().unwrap_or_default()
    }

    /// Heartbeats are heard and not answered.
    pub(crate) fn ignore_pings(&self, ignore: bool) {
        self.state().deaf_to_pings = ignore;
    }

    /// Nobody may connect, and who is connected is thrown out.
    pub(crate) fn go_down(&self, down: bool) {
        let mut state = self.state();
        state.down = down;
        if down && let Some((_, out)) = state.current.take() {
            let _ = out.send(Ws::Close(None));
        }
    }

    /// Another program connects with the same bot.
    pub(crate) fn evict(&self) {
        let mut state = self.state();
        let (_, out) = state.current.take().unwrap();
        let event = json!({ "msgid": "evicted", "aibotid": BOT_ID, "msgtype": "event",
                            "event": { "eventtype": "disconnected_event" } });
        let frame = json!({ "cmd": "aibot_event_callback", "headers": { "req_id": "evicted" }, "body": event });
        let _ = out.send(Ws::text(frame.to_string()));
        let _ = out.send(Ws::Close(None));
    }

    pub(crate) fn fail_next(&self, chat: &str, fault: Fault) {
        self.state().faults.entry(chat.to_owned()).or_default().push(fault);
    }

    /// Sends a callback; gives the frame, to be sent again by [`Self::again`].
    fn call(&self, cmd: &str, chat: &str, kind: &'static str, task: &str, mut body: Value) -> String {
        let mut state = self.state();
        state.messages += 1;
        let (req_id, msgid) = (format!("cb-{}", state.messages), format!("msg-{}", state.messages));
        body["msgid"] = msgid.into();
        body["aibotid"] = BOT_ID.into();
        let frame = json!({ "cmd": cmd, "headers": { "req_id": req_id }, "body": body }).to_string();
        let (number, out) = state.current.clone().unwrap();
        let callback = Callback { chat: chat.to_owned(), kind, at: Instant::now(), task: task.to_owned(), used: false };
        state.callbacks.insert(req_id, (number, callback));
        out.send(Ws::text(frame.clone())).unwrap();
        frame
    }

    /// Delivers a callback once more, as WeCom does when it is in doubt.
    pub(crate) fn again(&self, frame: &str) {
        let (_, out) = self.state().current.clone().unwrap();
        out.send(Ws::text(frame.to_owned())).unwrap();
    }

    /// A person writes to the bot.
    pub(crate) fn say(&self, user: &str, text: &str) -> String {
        self.say_quoting(user, text, None)
    }

    /// A person quotes a message and writes.
    pub(crate) fn say_quoting(&self, user: &str, text: &str, quoted: Option<&str>) -> String {
        self.state().spoken.insert(user.to_owned(), false);
        let mut body = json!({ "chattype": "single", "from": { "userid": user }, "msgtype": "text",
                               "text": { "content": text } });
        if let Some(quoted) = quoted {
            body["quote"] = json!({ "msgtype": "text", "text": { "content": quoted } });
        }
        self.call("aibot_msg_callback", user, "message", "", body)
    }

    /// A member mentions the bot in a group.
    pub(crate) fn say_in(&self, group: &str, user: &str, text: &str) -> String {
        self.state().spoken.insert(group.to_owned(), true);
        let body = json!({ "chattype": "group", "chatid": group, "from": { "userid": user }, "msgtype": "text",
                           "text": { "content": format!("@巡查\u{2005}{text}") } });
        self.call("aibot_msg_callback", group, "message", "", body)
    }

    /// A person opens the chat for the first time today.
    pub(crate) fn enter(&self, user: &str) -> String {
        let body = json!({ "from": { "userid": user }, "msgtype": "event", "event": { "eventtype": "enter_chat" } });
        self.call("aibot_event_callback", user, "entry", "", body)
    }

    /// A person presses the newest button of that name in their chat.
    pub(crate) fn press(&self, user: &str, label: &str) -> String {
        let shown = self.shown(user);
        let found = shown
            .iter()
            .rev()
            .find_map(|card| Some((card.buttons.iter().find(|(text, _)| text == label)?.1.clone(), card.task.clone())));
        let (key, task) = found.unwrap_or_else(|| panic!("no button {label} in {shown:#?}"));
        let event = json!({ "card_type": "button_interaction", "event_key": key, "task_id": task });
        let body = json!({ "chattype": "single", "from": { "userid": user }, "msgtype": "event",
                           "event": { "eventtype": "template_card_event", "template_card_event": event } });
        self.call("aibot_event_callback", user, "press", &task, body)
    }

    async fn connection(&self, stream: TcpStream) {
        if self.state().down {
            return;
        }
        let Ok(socket) = accept_async(stream).await else { return };
        let (mut write, mut read) = socket.split();
        let (out, mut queue) = unbounded_channel::<Ws>();
        let number = {
            let mut state = self.state();
            state.connections += 1;
            state.connections
        };
        loop {
            tokio::select! {
                frame = read.next() => match frame {
                    Some(Ok(Ws::Text(text))) => match self.frame(number, &text, &out) {
                        Some(Some(answer)) => drop(out.send(Ws::text(answer))),
                        Some(None) => {}
                        None => break,
                    },
                    Some(Ok(Ws::Close(_)) | Err(_)) | None => break,
                    Some(Ok(_)) => {}
                },
                Some(frame) = queue.recv() => {
                    let close = matches!(frame, Ws::Close(_));
                    if write.send(frame).await.is_err() || close {
                        break;
                    }
                }
            }
        }
        let mut state = self.state();
        if state.current.as_ref().is_some_and(|(current, _)| *current == number) {
            state.current = None;
        }
    }

    /// Answers a frame: `None` hangs up, `Some(None)` says nothing.
    #[expect(clippy::option_option, reason = "an answer, silence, or the end of the connection")]
    fn frame(&self, number: u64, text: &str, out: &UnboundedSender<Ws>) -> Option<Option<String>> {
        let mut state = self.state();
        let Ok(frame) = serde_json::from_str::<Value>(text) else {
            state.violations.push(format!("not JSON: {text}"));
            return None;
        };
        state.only(&frame, "frame", &["cmd", "headers", "body"]);
        state.only(&frame["headers"], "headers", &["req_id"]);
        let (cmd, req_id) = (frame["cmd"].as_str().unwrap_or_default(), frame["headers"]["req_id"].as_str());
        let Some(req_id) = req_id.filter(|id| !id.is_empty()) else {
            state.violations.push(format!("no req_id: {text}"));
            return None;
        };
        let body = &frame["body"];
        let said = |code: i64, words: &str| {
            Some(Some(json!({ "headers": { "req_id": req_id }, "errcode": code, "errmsg": words }).to_string()))
        };
        let is_current = state.current.as_ref().is_some_and(|(current, _)| *current == number);
        if matches!(cmd, "aibot_subscribe" | "aibot_send_msg" | "ping" | "aibot_upload_media_chunk")
            && !state.req_ids.insert(req_id.to_owned())
        {
            state.violations.push(format!("req_id used twice: {req_id}"));
        }
        if cmd != "aibot_subscribe" && !is_current {
            return said(846_609, "aibot websocket not subscribed");
        }
        match cmd {
            "aibot_subscribe" => {
                state.only(body, "subscribe", &["bot_id", "secret"]);
                if body["bot_id"] != BOT_ID || body["secret"] != SECRET {
                    return said(853_000, "invalid bot_id or secret");
                }
                state.subscribed += 1;
                state.current = Some((number, out.clone()));
                said(0, "ok")
            }
            "ping" => {
                state.pings += 1;
                if state.deaf_to_pings { Some(None) } else { said(0, "ok") }
            }
            "aibot_upload_media_init" => {
                state.only(body, "init", &["type", "filename", "total_size", "total_chunks", "md5"]);
                let id = format!("upload-{}", state.uploads.len());
                state.uploads.insert(id.clone(), (body.clone(), Vec::new()));
                Some(Some(answered(req_id, &json!({ "upload_id": id }))))
            }
            "aibot_upload_media_chunk" => {
                state.only(body, "chunk", &["upload_id", "chunk_index", "base64_data"]);
                let piece = STANDARD.decode(body["base64_data"].as_str().unwrap_or_default()).unwrap();
                let id = body["upload_id"].as_str().unwrap_or_default();
                let (_, content) = state.uploads.get_mut(id).unwrap();
                let in_order = content.len() == 524_288 * body["chunk_index"].as_u64().unwrap() as usize;
                content.extend(&piece);
                if piece.len() > 524_288 || !in_order {
                    state.violations.push(format!("a piece of {} bytes, in order: {in_order}", piece.len()));
                }
                Some(Some(answered(req_id, &json!({}))))
            }
            "aibot_upload_media_finish" => {
                state.only(body, "finish", &["upload_id"]);
                let id = body["upload_id"].as_str().unwrap_or_default();
                let (told, content) = state.uploads.get(id).unwrap().clone();
                let md5 = Md5::digest(&content).iter().fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"));
                if told["md5"] != md5 || told["total_size"] != content.len() {
                    state.violations.push(format!("another file than was announced: {told}"));
                }
                Some(Some(answered(req_id, &json!({ "media_id": id, "type": "file" }))))
            }
            "aibot_send_msg" => {
                state.only(body, "send", &["chatid", "chat_type", "msgtype", body["msgtype"].as_str().unwrap_or("-")]);
                let chat = body["chatid"].as_str().unwrap_or_default().to_owned();
                let faults = state.faults.entry(chat.clone()).or_default();
                let fault = if faults.is_empty() { None } else { Some(faults.remove(0)) };
                match fault {
                    Some(Fault::HangUpBefore) => return None,
                    Some(Fault::Code(code)) => return said(code, "as asked, hint: [1], from ip: 127.0.0.1"),
                    _ => {}
                }
                let Some(is_group) = state.spoken.get(&chat).copied() else {
                    state.violations.push(format!("nobody spoke in {chat}"));
                    return said(93_006, "invalid chatid");
                };
                if body["chat_type"] != json!(if is_group { 2 } else { 1 }) {
                    state.violations.push(format!("chat_type: {text}"));
                }
                let (code, words) = state.show(&chat, body, &["markdown", "template_card", "file"]);
                if fault == Some(Fault::HangUpAfter) {
                    return None;
                }
                said(code, words)
            }
            "aibot_respond_msg" | "aibot_respond_welcome_msg" | "aibot_respond_update_msg" => {
                let (kind, patience, kinds): (_, _, &[&str]) = match cmd {
                    "aibot_respond_msg" => ("message", Duration::from_mins(10), &["stream", "template_card"]),
                    "aibot_respond_welcome_msg" => ("entry", Duration::from_secs(5), &["text", "template_card"]),
                    _ => ("press", Duration::from_secs(5), &["template_card"]),
                };
                let Some((of, callback)) = state.callbacks.get_mut(req_id) else {
                    state.violations.push(format!("a reply to nothing: {text}"));
                    return said(846_605, "invalid req_id");
                };
                let is_late = callback.at.elapsed() > patience || *of != number;
                if callback.used || callback.kind != kind {
                    let what = format!("{cmd} for {}, used {}", callback.kind, callback.used);
                    state.violations.push(what);
                    return said(846_605, "invalid req_id");
                }
                if is_late {
                    return said(846_605, "invalid req_id");
                }
                callback.used = true;
                let (chat, task) = (callback.chat.clone(), callback.task.clone());
                if cmd == "aibot_respond_update_msg" {
                    state.only(body, "update", &["response_type", "template_card"]);
                    if body["response_type"] != "update_template_card" || body["template_card"]["task_id"] != task {
                        state.violations.push(format!("an update of another card: {text}"));
                    }
                    let Some(card) = state.card(&body["template_card"]) else { return said(40_058, "invalid card") };
                    let cards = state.shown.entry(chat).or_default();
                    *cards.iter_mut().find(|shown| shown.task == task).unwrap() = card;
                    return said(0, "ok");
                }
                state.only(body, "respond", &["msgtype", body["msgtype"].as_str().unwrap_or("-")]);
                let (code, words) = state.show(&chat, body, kinds);
                said(code, words)
            }
            _ => {
                state.violations.push(format!("unknown cmd: {text}"));
                said(600_041, "invalid command")
            }
        }
    }
}

/// An answer with something in it.
fn answered(req_id: &str, body: &Value) -> String {
    json!({ "headers": { "req_id": req_id }, "errcode": 0, "errmsg": "ok", "body": body }).to_string()
}
