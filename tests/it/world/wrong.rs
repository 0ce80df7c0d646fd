//! A server that knows some of Telegram's words and none of their meaning.
//!
//! getMe leaves fields out, results are null, an unknown method is an error page, a poll does not wait
//! and knows no offset.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::Request;
use axum::http::StatusCode;
use secrecy::SecretString;
use xuncha::chat::telegram::Messenger;
use xuncha::fetch::install_tls;

/// The running server; it ends with the test.
pub(crate) struct WrongServer {
    pub(crate) url: String,
    asked: Arc<Mutex<BTreeMap<String, usize>>>,
    named: Arc<AtomicBool>,
}

const STALE: &str = r#"{"ok":true,"result":[{"message":null},{"update_id":7,"message":{"message_id":1,"date":0,
    "text":"/help","chat":{"id":5,"type":"private","first_name":"x"},
    "from":{"id":5,"is_bot":false,"first_name":"x"}}},{"update_id":3}]}"#;

impl WrongServer {
    pub(crate) async fn start() -> Self {
        install_tls();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (asked, named) = (Arc::new(Mutex::new(BTreeMap::new())), Arc::new(AtomicBool::new(false)));
        let (counts, knows) = (asked.clone(), named.clone());
        let app = Router::new().fallback(move |request: Request| {
            let method = request.uri().path().rsplit('/').next().unwrap_or_default().to_ascii_lowercase();
            *counts.lock().unwrap().entry(method.clone()).or_insert(0_usize) += 1;
            let (status, body) = match method.as_str() {
                "getme" if knows.load(Ordering::SeqCst) => {
                    (200, r#"{"ok":true,"result":{"id":1,"is_bot":true,"username":"x"}}"#)
                }
                "getme" => (200, r#"{"ok":true,"result":{"id":1,"first_name":"x"}}"#),
                "getupdates" => (200, STALE),
                "sendmessage" => (200, r#"{"ok":true,"result":null}"#),
                _ => (500, "<html>Error: Route not found</html>"),
            };
            std::future::ready((StatusCode::from_u16(status).unwrap(), body))
        });
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self { url, asked, named }
    }

    /// From now on getMe answers as it should.
    pub(crate) fn name_a_bot(&self) {
        self.named.store(true, Ordering::SeqCst);
    }

    /// How often a method was asked for.
    pub(crate) fn asked(&self, method: &str) -> usize {
        self.asked.lock().unwrap().get(method).copied().unwrap_or_default()
    }

    pub(crate) fn messenger(&self) -> Messenger {
        Messenger::new(&SecretString::from("1:x".to_owned()), &self.url, None).unwrap()
    }
}
