//! The socket side: routes, body encodings, the long poll.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use axum::extract::{DefaultBodyLimit, FromRequest, Multipart, Request, State as AxumState};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use tokio::sync::watch;

use super::methods::{self, Answer};
use super::params::Params;
use super::state::{Order, State};
use crate::clock::Clock;

/// Uploads of 50 MB, and what surrounds them.
const MAX_BODY: usize = 64 * 1024 * 1024;

/// What the server and the verbs share.
pub(super) struct Shared {
    pub(super) clock: Clock,
    pub(super) token: String,
    state: Mutex<State>,
    changed: watch::Sender<u64>,
}

impl Shared {
    pub(super) fn new(clock: Clock, token: String) -> Self {
        Self { clock, token, state: Mutex::new(State::default()), changed: watch::channel(0).0 }
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Wakes whoever waits for something to happen.
    pub(super) fn wake(&self) {
        self.changed.send_modify(|n| *n = n.wrapping_add(1));
    }

    pub(super) fn watch(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }
}

pub(super) fn router(shared: Arc<Shared>) -> Router {
    Router::new().fallback(handle).layer(DefaultBodyLimit::max(MAX_BODY)).with_state(shared)
}

async fn handle(AxumState(shared): AxumState<Arc<Shared>>, request: Request) -> Response {
    if shared.lock().down {
        return respond(Answer::HangUp);
    }
    let path = decoded(request.uri().path());
    if let Some(rest) = path.strip_prefix("/file/bot") {
        return download(&shared, rest);
    }
    let Some((token, method)) = path.strip_prefix("/bot").and_then(|rest| rest.split_once('/')) else {
        shared.lock().violations.push(format!("a request to {path}, which is no Bot API address"));
        return respond(Answer::Error { code: 404, description: "Not Found".to_owned(), parameters: None });
    };
    if token != shared.token {
        shared.lock().violations.push("a request with a wrong token".to_owned());
        return respond(Answer::Error { code: 401, description: "Unauthorized".to_owned(), parameters: None });
    }
    let method = method.to_ascii_lowercase();
    let params = match read_params(request).await {
        Ok(params) => params,
        Err(why) => {
            shared.lock().violations.push(format!("{method}: unreadable body: {why}"));
            return respond(Answer::Error { code: 400, description: format!("Bad Request: {why}"), parameters: None });
        }
    };
    if let Err(answer) = methods::check_shape(&mut shared.lock(), &method, &params) {
        shared.wake();
        return respond(answer);
    }
    if method == "getupdates" {
        return respond(poll(&shared, &params).await);
    }
    let answer = methods::answer(&mut shared.lock(), &method, &params, shared.clock.now());
    shared.wake();
    match answer {
        Answer::Slow(time, answer) => {
            tokio::time::sleep(time).await;
            respond(*answer)
        }
        answer => respond(answer),
    }
}

/// The long poll: real seconds, because the bot's own timeouts are real.
async fn poll(shared: &Shared, params: &Params) -> Answer {
    let number = |key: &str, default: i64| params.int(key).ok().flatten().unwrap_or(default);
    let (offset, limit) = (number("offset", 0), number("limit", 100).clamp(1, 100));
    let until = Instant::now() + Duration::from_secs(number("timeout", 0).clamp(0, 50).unsigned_abs());
    let mut changed = shared.watch();
    let mine = {
        let mut state = shared.lock();
        if let Some(Value::Array(kinds)) = params.fields.get("allowed_updates") {
            state.allowed = kinds.iter().filter_map(|k| k.as_str().map(str::to_owned)).collect();
        }
        state.acknowledge(offset);
        state.polls += 1;
        state.polls
    };
    shared.wake();
    loop {
        {
            let state = shared.lock();
            if state.down {
                return Answer::HangUp;
            }
            if state.polls != mine {
                return Answer::Error {
                    code: 409,
                    description: "Conflict: terminated by other getUpdates request; make sure that only one bot \
                                  instance is running"
                        .to_owned(),
                    parameters: None,
                };
            }
            let mut ready: Vec<Value> =
                state.updates.iter().take(limit.unsigned_abs() as usize).map(|(_, update)| update.clone()).collect();
            if state.order == Order::Lost {
                // The last first, then all of them once more.
                ready.reverse();
                ready.extend(ready.clone());
            }
            if !ready.is_empty() || Instant::now() >= until {
                return Answer::Result(ready.into());
            }
        }
        // A time-out here means the poll ends empty, which the next turn finds out.
        let _ = tokio::time::timeout_at(until.into(), changed.changed()).await;
    }
}

fn download(shared: &Shared, rest: &str) -> Response {
    let state = shared.lock();
    let found = rest
        .split_once('/')
        .filter(|(token, _)| *token == shared.token)
        .and_then(|(_, path)| state.files.values().find(|f| f.path == path));
    match found {
        Some(file) => file.bytes.to_vec().into_response(),
        None => respond(Answer::Error { code: 404, description: "Not Found".to_owned(), parameters: None }),
    }
}

fn respond(answer: Answer) -> Response {
    match answer {
        Answer::Result(result) => axum::Json(json!({ "ok": true, "result": result })).into_response(),
        Answer::Error { code, description, parameters } => {
            let mut body = json!({ "ok": false, "error_code": code, "description": description });
            if let Some(parameters) = parameters {
                body["parameters"] = parameters;
            }
            let status = StatusCode::from_u16(code).unwrap_or(StatusCode::BAD_REQUEST);
            (status, axum::Json(body)).into_response()
        }
        Answer::Gateway(code) => {
            let status = StatusCode::from_u16(code).unwrap_or(StatusCode::BAD_GATEWAY);
            let page = format!(
                "<html><head><title>{status}</title></head><body><center><h1>{status}</h1></center></body></html>"
            );
            (status, [(header::CONTENT_TYPE, "text/html")], page).into_response()
        }
        Answer::Torn => {
            let body = r#"{"ok":true,"result":{"message_id":1,"da"#;
            ([(header::CONTENT_TYPE, "application/json")], body).into_response()
        }
        // Whoever waits has waited already.
        Answer::Slow(_, answer) => respond(*answer),
        // Why: a body that fails before its first byte makes hyper drop the connection with nothing written.
        Answer::HangUp => {
            let broken = futures::stream::once(async { Err::<bytes::Bytes, _>(std::io::Error::other("hang up")) });
            Response::new(Body::from_stream(broken))
        }
    }
}

async fn read_params(request: Request) -> Result<Params, String> {
    let mut params = Params::default();
    let mut put = |key: String, value: Value| {
        if !value.is_null() {
            params.fields.insert(key, value);
        }
    };
    for (key, value) in url::form_urlencoded::parse(request.uri().query().unwrap_or_default().as_bytes()) {
        put(key.into_owned(), value.into_owned().into());
    }
    let kind = request.headers().get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default().to_owned();
    if kind.starts_with("multipart/form-data") {
        let mut form = Multipart::from_request(request, &()).await.map_err(|e| e.to_string())?;
        while let Some(field) = form.next_field().await.map_err(|e| e.to_string())? {
            let name = field.name().unwrap_or_default().to_owned();
            let file = field.file_name().map(str::to_owned);
            let bytes = field.bytes().await.map_err(|e| e.to_string())?;
            if let Some(file) = file {
                params.files.push((name, file, Arc::from(bytes.as_ref())));
            } else {
                let text = String::from_utf8(bytes.to_vec()).map_err(|_| format!("field {name} is not UTF-8"))?;
                params.fields.insert(name, text.into());
            }
        }
        return Ok(params);
    }
    let body = axum::body::to_bytes(request.into_body(), MAX_BODY).await.map_err(|e| e.to_string())?;
    if kind.starts_with("application/json") && !body.is_empty() {
        let object: serde_json::Map<String, Value> =
            serde_json::from_slice(&body).map_err(|e| format!("can't parse JSON object: {e}"))?;
        object.into_iter().for_each(|(key, value)| put(key, value));
    } else if kind.starts_with("application/x-www-form-urlencoded") {
        for (key, value) in url::form_urlencoded::parse(&body) {
            put(key.into_owned(), value.into_owned().into());
        }
    }
    Ok(params)
}

/// Percent-decoding of a path: the bot library encodes the slash inside a file's path.
fn decoded(path: &str) -> String {
    let mut bytes = Vec::with_capacity(path.len());
    let mut rest = path.bytes();
    while let Some(byte) = rest.next() {
        let mut ahead = rest.clone();
        let hex = (byte == b'%').then(|| Some((hex_digit(ahead.next()?)? << 4) | hex_digit(ahead.next()?)?)).flatten();
        if hex.is_some() {
            rest = ahead;
        }
        bytes.push(hex.unwrap_or(byte));
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn hex_digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).map(|d| d as u8)
}
