//! Strict group robots of WeCom, DingTalk and Feishu on loopback: signature, fields, sizes and rates as documented;
//! every error is an HTTP 200 with a code, and everything unexpected is remembered as a fault.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse as _, Response};
use base64::Engine as _;
use chrono::{DateTime, TimeDelta, Utc};
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Value, json};
use sha2::Sha256;
use xuncha::clock::Clock;
use xuncha::config::{ChannelConfig, ChannelKind, ChannelReader, SecretSource};

const TOKEN: &str = "0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9";
const SECRET: &str = "SEC0123456789abcdef";

/// What a robot does instead of taking the next message.
pub(crate) enum Instead {
    /// Answers 200 with this code.
    Code(i64),
    /// Takes the message, and the answer is lost at a gateway.
    Lost,
}

struct Robot {
    kind: ChannelKind,
    clock: Clock,
    instead: VecDeque<Instead>,
    taken: Vec<(DateTime<Utc>, String)>,
    blocked_until: Option<DateTime<Utc>>,
    faults: Vec<String>,
    signed: bool,
}

/// A robot, and what its group has read.
#[derive(Clone)]
pub(crate) struct FakeRobot {
    base: String,
    kind: ChannelKind,
    state: Arc<Mutex<Robot>>,
}

impl FakeRobot {
    pub(crate) async fn start(kind: ChannelKind, clock: Clock) -> Self {
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let robot = Robot {
            kind,
            clock,
            instead: VecDeque::new(),
            taken: Vec::new(),
            blocked_until: None,
            faults: Vec::new(),
            signed: kind != ChannelKind::Wecom,
        };
        let state = Arc::new(Mutex::new(robot));
        let router = Router::new().fallback(answer).with_state(Arc::clone(&state));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { base, kind, state }
    }

    /// The robot as the configuration has it, its secrets in files of `folder`.
    pub(crate) fn channel(&self, folder: &std::path::Path, reader: ChannelReader) -> ChannelConfig {
        let path = match self.kind {
            ChannelKind::Wecom => format!("/cgi-bin/webhook/send?key={TOKEN}"),
            ChannelKind::Dingtalk => format!("/robot/send?access_token={TOKEN}"),
            ChannelKind::Feishu => format!("/open-apis/bot/v2/hook/{TOKEN}"),
        };
        let file = |name: String, text: &str| {
            let path = folder.join(name);
            std::fs::write(&path, text).unwrap();
            SecretSource::File(path)
        };
        ChannelConfig {
            kind: self.kind,
            webhook: file(format!("{}.url", self.kind), &format!("{}{path}\n", self.base)),
            secret: (self.kind != ChannelKind::Wecom).then(|| file(format!("{}.secret", self.kind), SECRET)),
            reader,
            proxy: None,
        }
    }

    /// What the robot does with the next message.
    pub(crate) fn next(&self, instead: Instead) {
        self.state.lock().unwrap().instead.push_back(instead);
    }

    /// What the group has read, oldest first.
    pub(crate) fn texts(&self) -> Vec<String> {
        self.state.lock().unwrap().taken.iter().map(|(_, text)| text.clone()).collect()
    }

    /// What should not have come.
    pub(crate) fn faults(&self) -> Vec<String> {
        self.state.lock().unwrap().faults.clone()
    }
}

/// The address of a link in a message.
pub(crate) fn link_in(text: &str) -> String {
    let (_, rest) = text.split_once("/a/").unwrap_or_else(|| panic!("no link in: {text}"));
    format!("/a/{}", rest.chars().take_while(|c| c.is_ascii_alphanumeric() || "-_".contains(*c)).collect::<String>())
}

async fn answer(
    State(state): State<Arc<Mutex<Robot>>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let mut robot = state.lock().unwrap();
    let now = robot.clock.now();
    if method != Method::POST {
        robot.faults.push(format!("{method} {}", uri.path()));
    }
    if headers.get("content-type").and_then(|v| v.to_str().ok()) != Some("application/json") {
        robot.faults.push("no JSON".to_owned());
    }
    let value: Value = serde_json::from_slice(&body).unwrap_or_default();
    let (code, text) = match robot.kind {
        ChannelKind::Wecom => robot.wecom(&uri, &value),
        ChannelKind::Dingtalk => robot.dingtalk(&uri, &value, body.len(), now),
        ChannelKind::Feishu => robot.feishu(&uri, &value, body.len(), now),
    };
    if code != 0 {
        robot.faults.push(format!("refused with {code}"));
        return coded(robot.kind, code);
    }
    match robot.instead.pop_front() {
        Some(Instead::Code(code)) => return coded(robot.kind, code),
        Some(Instead::Lost) => {
            robot.taken.push((now, text));
            return StatusCode::BAD_GATEWAY.into_response();
        }
        None => {}
    }
    if let Some(code) = robot.too_fast(now) {
        robot.faults.push("too fast".to_owned());
        return coded(robot.kind, code);
    }
    robot.taken.push((now, text));
    coded(robot.kind, 0)
}

fn coded(kind: ChannelKind, code: i64) -> Response {
    let said = if code == 0 { "ok" } else { "as documented" };
    let body = match kind {
        ChannelKind::Feishu => json!({ "code": code, "msg": said, "data": {} }),
        _ => json!({ "errcode": code, "errmsg": said }),
    };
    axum::Json(body).into_response()
}

fn sign(key: &str, message: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(key.as_bytes()).unwrap();
    mac.update(message.as_bytes());
    base64::engine::general_purpose::STANDARD.encode(mac.finalize().into_bytes())
}

impl Robot {
    fn wecom(&mut self, uri: &Uri, body: &Value) -> (i64, String) {
        if uri.path() != "/cgi-bin/webhook/send" || uri.query() != Some(&format!("key={TOKEN}")) {
            return (93000, String::new());
        }
        self.only(body, &["msgtype", "markdown"]);
        self.only(&body["markdown"], &["content"]);
        let text = body["markdown"]["content"].as_str().unwrap_or_default();
        match body["msgtype"].as_str() {
            Some("markdown") if text.is_empty() => (44004, String::new()),
            Some("markdown") if text.len() > 4_096 => (40058, String::new()),
            Some("markdown") => (0, text.to_owned()),
            _ => (40008, String::new()),
        }
    }

    fn dingtalk(&mut self, uri: &Uri, body: &Value, bytes: usize, now: DateTime<Utc>) -> (i64, String) {
        let query: Vec<(String, String)> =
            url::form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes()).into_owned().collect();
        let get = |key: &str| query.iter().find(|(k, _)| k == key).map(|(_, v)| v.clone()).unwrap_or_default();
        if uri.path() != "/robot/send" || get("access_token") != TOKEN {
            return (300_001, String::new());
        }
        let timestamp = get("timestamp");
        let at = timestamp.parse::<i64>().ok().and_then(DateTime::from_timestamp_millis).unwrap_or_default();
        if self.signed
            && ((now - at).abs() > TimeDelta::hours(1)
                || get("sign") != sign(SECRET, &format!("{timestamp}\n{SECRET}")))
        {
            return (310_000, String::new());
        }
        self.only(body, &["msgtype", "markdown", "at"]);
        self.only(&body["markdown"], &["title", "text"]);
        if body["at"]["isAtAll"] == true || bytes > 20_000 {
            return (40_035, String::new());
        }
        match (body["msgtype"].as_str(), body["markdown"]["title"].as_str(), body["markdown"]["text"].as_str()) {
            (Some("markdown"), Some(title), Some(text)) if !title.is_empty() => (0, text.to_owned()),
            _ => (400_105, String::new()),
        }
    }

    fn feishu(&mut self, uri: &Uri, body: &Value, bytes: usize, now: DateTime<Utc>) -> (i64, String) {
        if uri.path() != format!("/open-apis/bot/v2/hook/{TOKEN}") {
            return (19001, String::new());
        }
        let timestamp = body["timestamp"].as_str().unwrap_or_default();
        let at = timestamp.parse::<i64>().ok().and_then(|s| DateTime::from_timestamp(s, 0)).unwrap_or_default();
        if self.signed
            && ((now - at).abs() > TimeDelta::hours(1) || body["sign"] != sign(&format!("{timestamp}\n{SECRET}"), ""))
        {
            return (19021, String::new());
        }
        self.only(body, &["timestamp", "sign", "msg_type", "content"]);
        let post = &body["content"]["post"]["zh_cn"];
        self.only(post, &["title", "content"]);
        let paragraphs = post["content"].as_array().cloned().unwrap_or_default();
        if body["msg_type"] != "post" || bytes > 20_480 || paragraphs.is_empty() {
            return (9499, String::new());
        }
        let mut text = post["title"].as_str().unwrap_or_default().to_owned();
        for piece in paragraphs.iter().flat_map(|p| p.as_array().cloned().unwrap_or_default()) {
            match piece["tag"].as_str() {
                Some("text") => self.only(&piece, &["tag", "text"]),
                Some("a") => self.only(&piece, &["tag", "text", "href"]),
                _ => self.faults.push(format!("a piece that is none: {piece}")),
            }
            let of = |key: &str| piece[key].as_str().unwrap_or_default().to_owned();
            text.extend(["\n".to_owned(), of("text"), of("href")]);
        }
        (0, text)
    }

    fn only(&mut self, value: &Value, allowed: &[&str]) {
        for key in value.as_object().into_iter().flatten().map(|(key, _)| key) {
            if !allowed.contains(&key.as_str()) {
                self.faults.push(format!("the field {key} is not known"));
            }
        }
    }

    /// The code of a robot that is asked too often.
    fn too_fast(&mut self, now: DateTime<Utc>) -> Option<i64> {
        let within = |span: TimeDelta| self.taken.iter().filter(|(at, _)| now - *at < span).count();
        let (minute, second) = (within(TimeDelta::minutes(1)), within(TimeDelta::seconds(1)));
        match self.kind {
            ChannelKind::Wecom => (minute >= 20).then_some(45009),
            ChannelKind::Dingtalk => {
                if minute >= 20 {
                    self.blocked_until = Some(now + TimeDelta::minutes(10));
                }
                self.blocked_until.is_some_and(|until| now < until).then_some(130_101)
            }
            ChannelKind::Feishu => (minute >= 100 || second >= 5).then_some(11232),
        }
    }
}
