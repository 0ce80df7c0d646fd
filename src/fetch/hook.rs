//! Posting to a robot's address (webhook): one try, no redirects, a short answer, the address never named.
//!
//! An address of this kind is a secret and is given by the office itself, so nothing here asks the
//! address guard, and nothing here repeats the address: a [`Failure`] says its kind alone. No proxy
//! but the one that is handed in: what the environment names is not meant for it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use reqwest::Client;
use reqwest::header::RETRY_AFTER;
use url::Url;

use super::failure::{Failure, FailureKind, classify};
use super::hop::read_body;
use super::install_tls;

/// For one request, from connecting to the last byte.
const TIMEOUT: Duration = Duration::from_secs(20);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(8);
/// Bytes of an answer that are read; a robot's own has under a hundred.
const LONGEST_ANSWER: usize = 64 * 1024;

/// What a robot's server answered.
#[derive(Debug, Clone)]
pub struct HookAnswer {
    /// HTTP status.
    pub status: u16,
    /// `Retry-After` in seconds, where it is a number.
    pub retry_after: Option<Duration>,
    /// The body.
    pub body: Bytes,
}

/// The HTTP client for robots; clones share its connections.
#[derive(Clone, Default)]
pub struct Hooks {
    by_proxy: Arc<Mutex<HashMap<Option<String>, Client>>>,
}

impl Hooks {
    /// Posts JSON once.
    pub async fn post(&self, url: &str, proxy: Option<&str>, body: &serde_json::Value) -> Result<HookAnswer, Failure> {
        let (client, url) = (self.client(proxy)?, address(url)?);
        exchange(client.post(url).json(body)).await
    }

    /// Asks the server of an address for its root, which tells whether it can be reached; the rest of the
    /// address stays here.
    pub async fn reach(&self, url: &str, proxy: Option<&str>) -> Result<u16, Failure> {
        let (client, mut url) = (self.client(proxy)?, address(url)?);
        url.set_path("/");
        url.set_query(None);
        exchange(client.get(url)).await.map(|answer| answer.status)
    }

    fn client(&self, proxy: Option<&str>) -> Result<Client, Failure> {
        let mut known = self.by_proxy.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(client) = known.get(&proxy.map(str::to_owned)) {
            return Ok(client.clone());
        }
        install_tls();
        let mut builder = Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .referer(false)
            .timeout(TIMEOUT)
            .connect_timeout(CONNECT_TIMEOUT)
            .no_proxy();
        if let Some(proxy) = proxy {
            let proxy = proxy.replacen("socks5://", "socks5h://", 1);
            let proxy = reqwest::Proxy::all(proxy).map_err(|_| at_once(FailureKind::BadUrl))?;
            builder = builder.proxy(proxy);
        }
        let client = builder.build().map_err(|_| at_once(FailureKind::Tls))?;
        known.insert(proxy.map(str::to_owned), client.clone());
        Ok(client)
    }
}

async fn exchange(request: reqwest::RequestBuilder) -> Result<HookAnswer, Failure> {
    let failed = |error: reqwest::Error| {
        let is_connect = error.is_connect();
        let (kind, _) = classify(&error.without_url());
        // Why: a connection that took too long to open carried nothing; an answer that did may have.
        at_once(if is_connect && kind == FailureKind::Timeout { FailureKind::Unreachable } else { kind })
    };
    let response = request.send().await.map_err(failed)?;
    let status = response.status().as_u16();
    let seconds = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.trim().parse().ok());
    let (body, _) = read_body(response, LONGEST_ANSWER).await.map_err(failed)?;
    Ok(HookAnswer { status, retry_after: seconds.map(Duration::from_secs), body })
}

fn address(url: &str) -> Result<Url, Failure> {
    super::parse(url).map_err(|_| at_once(FailureKind::BadUrl))
}

fn at_once(kind: FailureKind) -> Failure {
    Failure::at_once(kind, kind.en())
}
