//! How to fetch, and settings no client can be built from.

use std::time::Duration;

use crate::domain::allow::AllowedHosts;

/// How to fetch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Requests under way at once, all hosts together.
    pub concurrency: usize,
    /// Requests under way at once at one host.
    pub per_host_concurrency: usize,
    /// Least time between the starts of two requests to one host; loopback under
    /// `allow_private` is exempt.
    pub per_host_interval: Duration,
    /// Network time one attempt may take, redirects and body included; waiting for a turn
    /// does not count.
    pub timeout: Duration,
    /// Time to resolve the name and connect.
    pub connect_timeout: Duration,
    /// Bytes of body read, after decompression; the rest is cut.
    pub max_body: usize,
    /// Redirects followed in one attempt.
    pub max_redirects: usize,
    /// Further attempts after a transient failure or a 5xx.
    pub retries: u32,
    /// Pause before the first further attempt; doubles each time, with jitter.
    pub retry_wait: Duration,
    /// Lets private and loopback addresses through: for tests, the demo and intranets.
    pub allow_private: bool,
    /// What is let through besides, without `allow_private`.
    pub allow_hosts: AllowedHosts,
    /// `http://`, `https://` or `socks5://` proxy; it then resolves the names, and the guard
    /// judges literal addresses alone.
    pub proxy: Option<String>,
    /// The `User-Agent` header.
    pub user_agent: String,
    /// Asked when looks fail, to know whether we are online ourselves; not guarded.
    pub control_urls: Vec<String>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            concurrency: 64,
            per_host_concurrency: 2,
            per_host_interval: Duration::from_millis(200),
            timeout: Duration::from_secs(15),
            connect_timeout: Duration::from_secs(5),
            max_body: 4 * 1024 * 1024,
            max_redirects: 10,
            retries: 2,
            retry_wait: Duration::from_millis(500),
            allow_private: false,
            allow_hosts: AllowedHosts::default(),
            proxy: None,
            user_agent: concat!("Mozilla/5.0 (compatible; xuncha/", env!("CARGO_PKG_VERSION"), ")").to_owned(),
            control_urls: Vec::new(),
        }
    }
}

/// Settings no client can be built from.
#[derive(Debug, thiserror::Error)]
pub enum FetcherError {
    /// `http.proxy` is not a proxy URL.
    #[error("http.proxy is not a usable proxy URL")]
    Proxy(#[source] reqwest::Error),
    /// `http.user_agent` holds characters a header cannot carry.
    #[error("http.user_agent must be plain ASCII text")]
    UserAgent,
    /// The judge of certificates could not be set up, for example without root certificates.
    #[error("the judge of certificates could not be set up")]
    Tls(#[source] rustls::Error),
    /// The client itself could not be set up.
    #[error("the HTTP client could not be set up")]
    Client(#[source] reqwest::Error),
}
