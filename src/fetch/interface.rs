//! Asking an interface that speaks JSON: one address, no redirects, the query never kept.

use std::time::Duration;

use reqwest::header::CONTENT_TYPE;
use tokio::time::Instant;
use url::Url;

use super::failure::{Failure, FailureKind, classify};
use super::hop::read_body;
use super::page::Page;
use super::{Fetcher, parse};

impl Fetcher {
    /// Posts JSON and gives the answer, whatever its status; transient failures are asked again.
    ///
    /// An interface's query carries its token: the page names the address without it.
    pub async fn post_json(&self, url: &str, body: &serde_json::Value) -> Result<Page, Failure> {
        self.ask_interface(url, Some(body)).await
    }

    /// Gets JSON from an interface, as [`post_json`](Self::post_json) does.
    pub async fn get_json(&self, url: &str) -> Result<Page, Failure> {
        self.ask_interface(url, None).await
    }

    async fn ask_interface(&self, url: &str, body: Option<&serde_json::Value>) -> Result<Page, Failure> {
        let url = parse(url).map_err(|detail| Failure::at_once(FailureKind::BadUrl, detail))?;
        let mut attempts = 1;
        loop {
            match self.ask_interface_once(&url, body).await {
                Err(failure) if attempts <= self.settings().retries && failure.kind.is_transient() => {
                    tokio::time::sleep(self.pause(&url, attempts)).await;
                    attempts += 1;
                }
                Err(failure) => return Err(Failure { attempts, ..failure }),
                Ok(page) => return Ok(Page { attempts, ..page }),
            }
        }
    }

    async fn ask_interface_once(&self, url: &Url, body: Option<&serde_json::Value>) -> Result<Page, Failure> {
        self.may_ask(url).map_err(|(kind, detail)| Failure::at_once(kind, detail))?;
        let shared = &*self.shared;
        let _turn = shared.hosts.turn(url, !self.is_exempt(url), || false).await;
        let _gate = shared.gate.acquire().await;
        let asked_at = Instant::now();
        let exchange = async {
            let request = match body {
                Some(body) => shared.client.post(url.clone()).json(body),
                None => shared.client.get(url.clone()),
            };
            let response = request.send().await.map_err(|error| classify(&error))?;
            let status = response.status().as_u16();
            let kind = response.headers().get(CONTENT_TYPE);
            let content_type = kind.map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
            let (body, truncated) =
                read_body(response, shared.settings.max_body).await.map_err(|error| classify(&error))?;
            Ok((status, content_type, body, truncated))
        };
        let limit = shared.settings.timeout;
        let answer = tokio::time::timeout(limit, exchange)
            .await
            .unwrap_or_else(|_| Err((FailureKind::Timeout, format!("no complete answer within {limit:?}"))));
        let elapsed: Duration = asked_at.elapsed();
        match answer {
            Ok((status, content_type, body, truncated)) => {
                let (chain, attempts) = (Vec::new(), 1);
                Ok(Page { url: without_query(url), status, content_type, chain, body, truncated, elapsed, attempts })
            }
            Err((kind, detail)) => Err(Failure { elapsed, ..Failure::at_once(kind, detail) }),
        }
    }
}

fn without_query(url: &Url) -> String {
    let mut plain = url.clone();
    plain.set_query(None);
    plain.into()
}
