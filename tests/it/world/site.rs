//! A small web on loopback whose pages the test writes, and which counts who asked for what.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, Uri, header};
use axum::response::{IntoResponse as _, Response};
use chrono::{DateTime, Utc};
use chrono_tz::Asia::Shanghai;

#[derive(Clone)]
struct Answer {
    status: u16,
    kind: &'static str,
    body: String,
    delay: Duration,
}

#[derive(Default)]
struct Pages {
    answers: BTreeMap<String, Answer>,
    asked: BTreeMap<String, usize>,
}

/// A web site of the test's own.
#[derive(Clone)]
pub(crate) struct Site {
    base: String,
    state: Arc<Mutex<Pages>>,
}

impl Site {
    pub(crate) async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let state = Arc::<Mutex<Pages>>::default();
        let router = Router::new().fallback(answer).with_state(Arc::clone(&state));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { base, state }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    fn set(&self, path: &str, answer: Answer) -> String {
        self.state.lock().unwrap().answers.insert(path.to_owned(), answer);
        self.url(path)
    }

    /// A page with this status from now on; its URL.
    pub(crate) fn page(&self, path: &str, status: u16) -> String {
        self.slow_page(path, status, Duration::ZERO)
    }

    /// A page that takes its time.
    pub(crate) fn slow_page(&self, path: &str, status: u16, delay: Duration) -> String {
        let body = format!("<html><head><title>服务</title></head><body><p>办事服务 {status}</p></body></html>");
        self.set(path, Answer { status, kind: "text/html; charset=utf-8", body, delay })
    }

    /// A page with this markup from now on; its URL.
    pub(crate) fn html(&self, path: &str, body: &str) -> String {
        self.set(
            path,
            Answer { status: 200, kind: "text/html; charset=utf-8", body: body.to_owned(), delay: Duration::ZERO },
        )
    }

    /// An interface that answers with this; its URL.
    pub(crate) fn data(&self, path: &str, body: &str) -> String {
        let kind = "application/json; charset=utf-8";
        self.set(path, Answer { status: 200, kind, body: body.to_owned(), delay: Duration::ZERO })
    }

    /// A feed whose posts were published at these instants; its URL.
    pub(crate) fn feed(&self, path: &str, published: &[DateTime<Utc>]) -> String {
        self.slow_feed(path, published, Duration::ZERO)
    }

    /// A feed that takes its time.
    pub(crate) fn slow_feed(&self, path: &str, published: &[DateTime<Utc>], delay: Duration) -> String {
        self.write_feed(path, |key| format!("工作动态{key}"), published, delay)
    }

    /// A feed whose posts all have one title.
    pub(crate) fn titled_feed(&self, path: &str, title: &str, published: &[DateTime<Utc>]) -> String {
        self.write_feed(path, |_| title.to_owned(), published, Duration::ZERO)
    }

    fn write_feed(
        &self,
        path: &str,
        title: impl Fn(i64) -> String,
        published: &[DateTime<Utc>],
        delay: Duration,
    ) -> String {
        let items: String = published
            .iter()
            .map(|at| {
                let (key, date) = (at.timestamp(), at.with_timezone(&Shanghai).to_rfc2822());
                let (title, url) = (title(key), self.url(&format!("{path}/{key}")));
                format!(
                    "<item><title>{title}</title><link>{url}</link><guid>{url}</guid><pubDate>{date}</pubDate></item>"
                )
            })
            .collect();
        let body = format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?><rss version=\"2.0\"><channel><title>虚构账号</title>{items}</channel></rss>"
        );
        self.set(path, Answer { status: 200, kind: "application/rss+xml; charset=utf-8", body, delay })
    }

    /// How often a path was asked for.
    pub(crate) fn asked(&self, path: &str) -> usize {
        self.state.lock().unwrap().asked.get(path).copied().unwrap_or(0)
    }

    /// How often anything was asked for.
    pub(crate) fn asked_in_all(&self) -> usize {
        self.state.lock().unwrap().asked.values().sum()
    }
}

async fn answer(State(state): State<Arc<Mutex<Pages>>>, uri: Uri) -> Response {
    let found = {
        let mut state = state.lock().unwrap();
        *state.asked.entry(uri.path().to_owned()).or_default() += 1;
        state.answers.get(uri.path()).cloned()
    };
    match found {
        None => (StatusCode::NOT_FOUND, [(header::CONTENT_TYPE, "text/html")], "<p>404</p>").into_response(),
        Some(answer) => {
            tokio::time::sleep(answer.delay).await;
            let status = StatusCode::from_u16(answer.status).unwrap();
            (status, [(header::CONTENT_TYPE, answer.kind)], answer.body).into_response()
        }
    }
}
