//! A strict official interface of WeChat on loopback: anything it does not expect is remembered as a fault.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method, Uri};
use chrono::{DateTime, Utc};
use serde_json::{Value, json};

pub(crate) const APP_ID: &str = "wx00000000000000a1";
pub(crate) const SECRET: &str = "0123456789abcdef0123456789abcdef";

#[derive(Default)]
struct Interface {
    faults: Vec<String>,
    tokens: usize,
    current: Option<String>,
    batches: usize,
    /// Articles, newest first: when each was put down, and when it was published.
    articles: Vec<(DateTime<Utc>, DateTime<Utc>)>,
    /// Answers instead of tokens, or of articles.
    token_error: Option<i64>,
    batch_error: Option<i64>,
    menus: usize,
    /// The menu as it is answered, whatever it is; without one there is none.
    menu: Option<String>,
    menu_error: Option<i64>,
    expires_in: i64,
}

/// The interface, and what was asked of it.
#[derive(Clone)]
pub(crate) struct FakeWechat {
    pub(crate) base: String,
    state: Arc<Mutex<Interface>>,
}

impl FakeWechat {
    pub(crate) async fn start(articles: Vec<DateTime<Utc>>) -> Self {
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let articles = articles.into_iter().map(|at| (at, at)).collect();
        let state = Arc::new(Mutex::new(Interface { articles, expires_in: 7200, ..Interface::default() }));
        let router = Router::new().fallback(answer).with_state(Arc::clone(&state));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { base, state }
    }

    /// Tokens given out, pages of articles asked for.
    pub(crate) fn asked(&self) -> (usize, usize) {
        let state = self.state.lock().unwrap();
        (state.tokens, state.batches)
    }

    /// The token in force is no longer good, though it has not ended.
    pub(crate) fn forget_token(&self) {
        self.state.lock().unwrap().current = None;
    }

    pub(crate) fn refuse_tokens(&self, code: Option<i64>) {
        self.state.lock().unwrap().token_error = code;
    }

    pub(crate) fn refuse_articles(&self, code: Option<i64>) {
        self.state.lock().unwrap().batch_error = code;
    }

    /// A further article, the newest.
    pub(crate) fn publish(&self, at: DateTime<Utc>) {
        self.publish_draft(at, at);
    }

    /// A further article, the newest, which was a draft since `drafted_at`.
    pub(crate) fn publish_draft(&self, drafted_at: DateTime<Utc>, at: DateTime<Utc>) {
        self.state.lock().unwrap().articles.insert(0, (drafted_at, at));
    }

    /// How often the menu was asked for.
    pub(crate) fn menus(&self) -> usize {
        self.state.lock().unwrap().menus
    }

    /// The menu is this from now on.
    pub(crate) fn menu(&self, answer: &impl ToString) {
        self.state.lock().unwrap().menu = Some(answer.to_string());
    }

    pub(crate) fn refuse_menu(&self, code: Option<i64>) {
        self.state.lock().unwrap().menu_error = code;
    }

    /// What was asked that the interface does not know; the token in force.
    pub(crate) fn faults(&self) -> Vec<String> {
        self.state.lock().unwrap().faults.clone()
    }
}

async fn answer(
    State(state): State<Arc<Mutex<Interface>>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> String {
    let mut state = state.lock().unwrap();
    let asked: Value = serde_json::from_slice(&body).unwrap_or_default();
    let is_menu = uri.path() == "/cgi-bin/get_current_selfmenu_info";
    if is_menu && (method != Method::GET || !body.is_empty() || headers.contains_key("content-type")) {
        state.faults.push(format!("{method} {} with {body:?}", uri.path()));
    }
    let json_sent = headers.get("content-type").is_some_and(|kind| kind.as_bytes().starts_with(b"application/json"));
    if !is_menu && (method != Method::POST || !json_sent) {
        state.faults.push(format!("{method} {} without JSON", uri.path()));
    }
    let keys = |value: &Value| value.as_object().map(|o| o.keys().cloned().collect::<Vec<_>>()).unwrap_or_default();
    let error = |code: i64| json!({"errcode": code, "errmsg": format!("refused for {SECRET} rid: 1")}).to_string();
    match uri.path() {
        "/cgi-bin/stable_token" => {
            if keys(&asked) != ["appid", "force_refresh", "grant_type", "secret"] || uri.query().is_some() {
                state.faults.push(format!("stable_token: {asked} {:?}", uri.query()));
            }
            if let Some(code) = state.token_error {
                return error(code);
            }
            if asked["appid"] != APP_ID {
                return error(40013);
            }
            if asked["secret"] != SECRET {
                return error(40125);
            }
            if state.current.is_none() || asked["force_refresh"] == true {
                state.current = Some(format!("9{}_Tok-en", state.tokens));
            }
            state.tokens += 1;
            json!({"access_token": state.current, "expires_in": state.expires_in}).to_string()
        }
        "/cgi-bin/get_current_selfmenu_info" => {
            state.menus += 1;
            let token = uri.query().and_then(|query| query.strip_prefix("access_token="));
            if token.is_none() || token != state.current.as_deref() {
                return error(40001);
            }
            match (state.menu_error, &state.menu) {
                (Some(code), _) => error(code),
                (None, Some(menu)) => menu.clone(),
                (None, None) => error(46003),
            }
        }
        "/cgi-bin/freepublish/batchget" => {
            if keys(&asked) != ["count", "no_content", "offset"] {
                state.faults.push(format!("batchget: {asked}"));
            }
            state.batches += 1;
            let token = uri.query().and_then(|query| query.strip_prefix("access_token="));
            if token.is_none() || token != state.current.as_deref() {
                return error(40001);
            }
            if let Some(code) = state.batch_error {
                return error(code);
            }
            let (offset, count) =
                (asked["offset"].as_u64().unwrap() as usize, asked["count"].as_u64().unwrap() as usize);
            let item: Vec<Value> = state
                .articles
                .iter()
                .enumerate()
                .skip(offset)
                .take(count.min(20))
                .map(|(n, (drafted_at, at))| {
                    json!({"article_id": format!("a{n}"), "update_time": at.timestamp(), "content": {"news_item": [
                        {"title": format!("虚构通知{n}"), "url": format!("https://mp.weixin.qq.com/s/{n}"), "content": "<p>虚构</p>", "is_deleted": false}
                    ], "create_time": drafted_at.timestamp(), "update_time": at.timestamp()}})
                })
                .collect();
            json!({"total_count": state.articles.len(), "item_count": item.len(), "item": item}).to_string()
        }
        other => {
            state.faults.push(format!("{method} {other}"));
            "{}".to_owned()
        }
    }
}
