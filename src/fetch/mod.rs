//! The only HTTP client: politeness, guards, retries, evidence.
//!
//! Everything the program asks of other people's servers passes through a [`Fetcher`].
//! It is polite to each host and quick over many, follows redirects itself so that every
//! hop is recorded and passes the address guard, and reads no more than it was told to.
//! A status is never an error here: whoever asked judges the [`Page`]; a [`Failure`] means
//! that no answer came.
//!
//! Start at [`Fetcher::get`]; one hop is `hop::ask_one`.

mod cookies;
mod decode;
mod failure;
mod guard;
mod hook;
mod hop;
mod hosts;
mod interface;
mod limit;
mod lineup;
mod page;
mod probe;
mod settings;
#[cfg(test)]
mod tests;
mod tls;
#[cfg(test)]
pub(crate) mod world;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use reqwest::header::{ACCEPT, ACCEPT_LANGUAGE, HeaderMap, HeaderValue};
use reqwest::{Client, Response, StatusCode};
use rustls::ClientConfig;
use rustls_platform_verifier::ConfigVerifierExt as _;
use tokio::sync::{Mutex, OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;
use url::Url;

use cookies::Cookies;
use hop::{Answer, ask_one};

pub use failure::{Failure, FailureKind};
pub use guard::{allows, is_loopback, is_public};
pub use hook::{HookAnswer, Hooks};
pub use limit::raise_open_files;
pub use lineup::{Lineup, Next};
pub use page::{Hop, Page};
pub use probe::{Ipv6, Ipv6Look, Probe};
pub use settings::{FetcherError, Settings};
pub use tls::{Https, TlsLook};

/// What a page may be, most wanted first.
const WANTED: &str = "text/html,application/xhtml+xml,application/rss+xml,application/atom+xml,\
                      application/feed+json,application/xml;q=0.9,*/*;q=0.8";

/// Schemes that no app is opened by: a redirect there leads nobody anywhere, where `weixin:` or `itms-apps:` leads telephones.
const NO_APPS: &[&str] = &["about", "blob", "data", "file", "ftp", "javascript", "ws", "wss"];

/// How long an answer to "are we online?" holds.
const ONLINE_HOLDS: Duration = Duration::from_secs(30);

/// Installs the TLS provider; must have run before any client is built, and may run again.
pub fn install_tls() {
    // An error only says that a provider is installed already, which is what we want.
    let _ = rustls::crypto::ring::default_provider().install_default();
}

/// Whether we can reach the outside ourselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Connectivity {
    /// A control URL answered with success, or led elsewhere.
    Online,
    /// None of them did.
    Offline,
    /// No control URLs are configured.
    Untested,
}

/// One request's own wishes.
#[derive(Debug, Clone, Copy)]
pub struct Ask {
    /// Use a new connection, not one kept open from before.
    pub fresh: bool,
    /// Nothing follows at this host: its connection is closed after the answer.
    pub last: bool,
    /// Further attempts after a transient failure or a 5xx.
    pub retries: u32,
    /// Bytes of body to read.
    pub max_body: usize,
    /// Bytes of body to read of what is no text: a download is not pulled to its end.
    pub max_binary: usize,
    /// Where a page sends its readers by itself, which is followed like a redirect.
    pub onward: Option<fn(&Page) -> Option<Url>>,
    /// Where this brings nothing the same is asked once more, and it is that which counts against the host.
    pub tentative: bool,
}

impl Ask {
    /// A single attempt for `max_body` bytes of whatever comes.
    #[must_use]
    pub const fn once(max_body: usize) -> Self {
        Self { fresh: false, last: false, retries: 0, max_body, max_binary: max_body, onward: None, tentative: false }
    }
}

/// The HTTP client; clones share everything.
#[derive(Clone)]
pub struct Fetcher {
    shared: Arc<Shared>,
    refusals: Arc<hosts::Refusals>,
}

struct Shared {
    settings: Settings,
    client: Client,
    fresh: Client,
    control: OnceLock<Option<Client>>,
    /// Kept to build clients from: reading this machine's root certificates takes longer than all the rest.
    tls: ClientConfig,
    at_once: usize,
    gate: Arc<Semaphore>,
    /// What the gate of the client it was set apart from has lent.
    _lent: Option<OwnedSemaphorePermit>,
    /// Which of the clients that share `hosts` it is.
    number: usize,
    resting: AtomicUsize,
    hosts: Arc<hosts::Hosts>,
    // Held while the control URLs are asked, so that a thousand failing looks ask them once.
    online: Mutex<Option<(Instant, Connectivity)>>,
}

impl Shared {
    fn build(
        settings: Settings,
        tls: ClientConfig,
        at_once: usize,
        hosts: Arc<hosts::Hosts>,
        gate: Arc<Semaphore>,
        number: usize,
    ) -> Result<Self, FetcherError> {
        let guarded = !settings.allow_private && settings.proxy.is_none();
        let names =
            guard::Names::new(guarded.then(|| settings.allow_hosts.clone()), settings.connect_timeout.mul_f32(0.8));
        Ok(Self {
            client: build_client(&settings, &tls, &names, settings.per_host_concurrency.max(1))?,
            fresh: build_client(&settings, &tls, &names, 0)?,
            control: OnceLock::new(),
            tls,
            at_once,
            gate,
            _lent: None,
            number,
            resting: AtomicUsize::new(0),
            hosts,
            online: Mutex::const_new(None),
            settings,
        })
    }
}

/// A failed attempt and where it failed.
struct Missed {
    failure: Failure,
    at: Url,
}

/// A hop that was made: what was asked, with which cookies.
type Been = (Url, Vec<(String, String)>);

impl Fetcher {
    /// Builds the client.
    pub fn new(settings: Settings) -> Result<Self, FetcherError> {
        install_tls();
        HeaderValue::from_str(&settings.user_agent).map_err(|_| FetcherError::UserAgent)?;
        let (at_once, kept) = limit::share(limit::open_files(), settings.concurrency);
        let per_host = settings.per_host_concurrency.max(1);
        let hosts = Arc::new(hosts::Hosts::new(per_host, settings.per_host_interval, kept));
        let gate = Arc::new(Semaphore::new(at_once));
        let shared = Shared::build(settings, trust()?, at_once, hosts, gate, 0)?;
        Ok(Self { shared: Arc::new(shared), refusals: Arc::default() })
    }

    /// The same run with the same settings and the same politeness, with connections and names of its own.
    ///
    /// Why: what a client keeps open lives and dies with the runtime it was opened on.
    pub fn apart(&self) -> Result<Self, FetcherError> {
        let shared = &self.shared;
        let hosts = Arc::clone(&shared.hosts);
        // Why a gate of its own: who waits at one that another thread opens is woken across threads each time.
        let most = shared.at_once - shared.at_once / 8;
        let lent = (most < shared.at_once).then(|| Arc::clone(&shared.gate).try_acquire_many_owned(most as u32));
        let (gate, lent) = match lent {
            Some(Ok(lent)) => (Arc::new(Semaphore::new(most)), Some(lent)),
            Some(Err(_)) | None => (Arc::clone(&shared.gate), None),
        };
        hosts.share_out();
        let apart = Shared::build(shared.settings.clone(), shared.tls.clone(), shared.at_once, hosts, gate, 1)?;
        let apart = Shared { _lent: lent, ..apart };
        Ok(Self { shared: Arc::new(apart), refusals: Arc::clone(&self.refusals) })
    }

    /// The same client with nothing held against any host: one per run.
    #[must_use]
    pub fn for_run(&self) -> Self {
        Self { shared: Arc::clone(&self.shared), refusals: Arc::default() }
    }

    /// The settings in force.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.shared.settings
    }

    /// Gets a page: any status is a page; transient failures and 5xx are asked again.
    pub async fn get(&self, url: &str) -> Result<Page, Failure> {
        let settings = &self.shared.settings;
        self.get_with(url, Ask { retries: settings.retries, ..Ask::once(settings.max_body) }).await
    }

    /// Gets a page in a single attempt, on a new connection when `fresh`.
    pub async fn get_once(&self, url: &str, fresh: bool) -> Result<Page, Failure> {
        self.get_with(url, Ask { fresh, ..Ask::once(self.shared.settings.max_body) }).await
    }

    /// Gets a page as `ask` wishes.
    pub async fn get_with(&self, url: &str, ask: Ask) -> Result<Page, Failure> {
        let start = parse(url).map_err(|detail| Failure::at_once(FailureKind::BadUrl, detail))?;
        let mut attempts = 1;
        loop {
            let outcome = self.attempt(&start, ask).await;
            let again = attempts <= ask.retries
                && match &outcome {
                    Ok(page) => page.status >= 500,
                    Err(missed) => missed.failure.kind.is_transient(),
                };
            if again {
                self.rest(tokio::time::sleep(self.pause(&start, attempts))).await;
                attempts += 1;
                continue;
            }
            return match outcome {
                Ok(page) => Ok(Page { attempts, ..page }),
                Err(Missed { failure, at }) => {
                    // Counted per look, so that the retries of one look do not silence a host alone.
                    if failure.kind == FailureKind::Refused && !ask.tentative {
                        self.refusals.refused(&at);
                    }
                    Err(Failure { attempts, ..failure })
                }
            };
        }
    }

    /// An empty line-up that keeps to the politeness of these settings.
    #[must_use]
    pub fn lineup(&self) -> Lineup {
        let settings = &self.shared.settings;
        // Why none under `allow_private`: loopback is exempt, and other hosts are spaced by their turns.
        let interval = if settings.allow_private { Duration::ZERO } else { settings.per_host_interval };
        Lineup::new(settings.per_host_concurrency, interval)
    }

    /// Looks that wait for a host's turn or before they try again, and ask nobody meanwhile.
    #[must_use]
    pub fn resting(&self) -> usize {
        self.shared.resting.load(Ordering::Relaxed)
    }

    /// Requests under way at once.
    #[must_use]
    pub fn at_once(&self) -> usize {
        self.shared.at_once
    }

    async fn rest<T>(&self, wait: impl Future<Output = T>) -> T {
        let _resting = hosts::Resting::new(&self.shared.resting);
        wait.await
    }

    /// Whether a URL is loopback that the settings let us fetch: our own outage does not excuse it.
    #[must_use]
    pub fn is_exempt_loopback(&self, url: &str) -> bool {
        Url::parse(url).is_ok_and(|url| self.exempts(&url))
    }

    /// [`is_exempt_loopback`](Self::is_exempt_loopback) of a URL taken apart.
    #[must_use]
    pub fn exempts(&self, url: &Url) -> bool {
        self.shared.settings.allow_private && guard::is_loopback(url)
    }

    /// Asks the control URLs whether we are online; an answer holds for half a minute.
    pub async fn online(&self) -> Connectivity {
        if self.shared.settings.control_urls.is_empty() {
            return Connectivity::Untested;
        }
        let mut known = self.shared.online.lock().await;
        if let Some((at, answer)) = *known
            && at.elapsed() < ONLINE_HOLDS
        {
            return answer;
        }
        let answer = self.ask_control_urls().await;
        *known = Some((Instant::now(), answer));
        answer
    }

    async fn ask_control_urls(&self) -> Connectivity {
        let settings = &self.shared.settings;
        let client = self.shared.control.get_or_init(|| {
            let names = guard::Names::new(None, settings.connect_timeout.mul_f32(0.8));
            build_client(settings, &self.shared.tls, &names, 0).ok()
        });
        let Some(client) = client else { return Connectivity::Untested };
        let asked = settings.control_urls.iter().map(|url| async move {
            let answer = tokio::time::timeout(settings.timeout, client.get(url).send()).await;
            // Why no other status: a gateway of ours may refuse every request, with an answer of its own.
            let is_sound = |response: &Response| matches!(response.status().as_u16(), 200..=399);
            matches!(answer, Ok(Ok(response)) if is_sound(&response)).then_some(()).ok_or(())
        });
        match futures::future::select_ok(asked.map(Box::pin)).await {
            Ok(_) => Connectivity::Online,
            Err(()) => Connectivity::Offline,
        }
    }

    /// Pause before attempt `attempts` + 1: doubling, between half and one and a half of itself.
    fn pause(&self, url: &Url, attempts: u32) -> Duration {
        let settings = &self.shared.settings;
        let first =
            if self.is_exempt(url) { settings.retry_wait.min(Duration::from_millis(10)) } else { settings.retry_wait };
        let doubled = first.saturating_mul(1 << (attempts - 1).min(6));
        doubled.mul_f64(rand::random_range(0.5..1.5))
    }

    fn is_exempt(&self, url: &Url) -> bool {
        self.shared.settings.allow_private && guard::is_loopback(url)
    }

    /// One attempt: a chain of hops up to a final answer.
    async fn attempt(&self, start: &Url, ask: Ask) -> Result<Page, Missed> {
        let shared = &*self.shared;
        let mut url = start.clone();
        let mut chain: Vec<Hop> = Vec::new();
        let mut cookies = Cookies::default();
        let mut been: Vec<Been> = Vec::new();
        let mut spent = Duration::ZERO;
        loop {
            if let Err((kind, detail)) = self.may_ask(&url) {
                let failure = Failure { chain, elapsed: spent, ..Failure::at_once(kind, detail) };
                return Err(Missed { failure, at: url });
            }
            let crowded = || shared.gate.available_permits() == 0;
            let mut turn = self.rest(shared.hosts.turn(&url, !self.is_exempt(&url), crowded)).await;
            let gate = shared.gate.acquire().await;
            let asked_at = Instant::now();
            let keeps_open = !ask.fresh && shared.hosts.begin(&mut turn, shared.number, asked_at, ask.last);
            let client = if keeps_open { &shared.client } else { &shared.fresh };
            let known = cookies.state();
            // Why boxed: a look that waits for its turn stays small, and thousands may wait.
            let hop = Box::pin(ask_one(client, &url, &mut cookies, &ask));
            let answer = tokio::time::timeout(shared.settings.timeout.saturating_sub(spent), hop).await;
            spent += asked_at.elapsed();
            if keeps_open {
                // Why: the connection comes back a moment after the answer; who asks before opens a second one.
                tokio::task::yield_now().await;
            }
            drop(gate);
            if keeps_open && !matches!(answer, Ok(Ok(_))) {
                shared.hosts.broke(&mut turn);
            }
            drop(turn);
            let answer = answer.unwrap_or_else(|_| {
                let limit = shared.settings.timeout;
                Err((FailureKind::Timeout, format!("no complete answer within {limit:?}")))
            });
            let (kind, detail) = match answer {
                Ok(Answer::Final { status, content_type, body, truncated }) => {
                    if status == StatusCode::TOO_MANY_REQUESTS.as_u16() {
                        self.refusals.refused(&url);
                    } else {
                        self.refusals.answered(&url);
                    }
                    let at = url.to_string();
                    let (chain_now, elapsed, attempts) = (std::mem::take(&mut chain), spent, 1);
                    let mut page =
                        Page { url: at, status, content_type, chain: chain_now, body, truncated, elapsed, attempts };
                    let next = ask.onward.and_then(|onward| onward(&page));
                    let been_now = (url, known);
                    let Some(next) = next.filter(|next| {
                        // Why no failure: a page that comes back to itself is shown all the same.
                        been.len() < shared.settings.max_redirects
                            && !is_known(next, &cookies, been.iter().chain([&been_now]))
                    }) else {
                        return Ok(page);
                    };
                    chain = std::mem::take(&mut page.chain);
                    chain.push(Hop { url: page.url, status });
                    been.push(been_now);
                    url = next;
                    continue;
                }
                Ok(Answer::Elsewhere(status, next)) => {
                    chain.push(Hop { url: url.to_string(), status });
                    been.push((url, known));
                    url = next;
                    if is_known(&url, &cookies, been.iter()) {
                        (FailureKind::RedirectLoop, "redirected to a URL already visited".to_owned())
                    } else if chain.len() > shared.settings.max_redirects {
                        let limit = shared.settings.max_redirects;
                        (FailureKind::TooManyRedirects, format!("more than {limit} redirects"))
                    } else {
                        continue;
                    }
                }
                Err(reason) => reason,
            };
            let failure = Failure { chain, elapsed: spent, ..Failure::at_once(kind, detail) };
            return Err(Missed { failure, at: url });
        }
    }

    fn may_ask(&self, url: &Url) -> Result<(), (FailureKind, String)> {
        let host = url.host_str().unwrap_or_default();
        if !matches!(url.scheme(), "http" | "https") {
            let kind = if NO_APPS.contains(&url.scheme()) { FailureKind::BadUrl } else { FailureKind::IntoApp };
            Err((kind, format!("redirected to a {} URL", url.scheme())))
        } else if !self.shared.settings.allow_private && !guard::allows(url, &self.shared.settings.allow_hosts) {
            Err((FailureKind::Forbidden, format!("{host} is a private address")))
        } else if self.refusals.rests(url) {
            Err((FailureKind::HostResting, format!("{host} refused too often in this run")))
        } else {
            Ok(())
        }
    }
}

/// Trusts whom browsers of this machine's users trust.
fn trust() -> Result<ClientConfig, FetcherError> {
    let mut tls = ClientConfig::with_platform_verifier().map_err(FetcherError::Tls)?;
    tls.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(tls)
}

fn build_client(
    settings: &Settings,
    tls: &ClientConfig,
    names: &guard::Names,
    idle: usize,
) -> Result<Client, FetcherError> {
    let mut headers = HeaderMap::new();
    headers.insert(ACCEPT, HeaderValue::from_static(WANTED));
    headers.insert(ACCEPT_LANGUAGE, HeaderValue::from_static("zh-CN,zh;q=0.9,en;q=0.5"));
    let mut builder = Client::builder()
        .user_agent(&settings.user_agent)
        .default_headers(headers)
        .redirect(reqwest::redirect::Policy::none())
        .referer(false)
        .retry(reqwest::retry::never())
        .connect_timeout(settings.connect_timeout)
        .pool_max_idle_per_host(idle)
        .pool_idle_timeout(hosts::IDLE_FOR)
        // Why none: a connection lives for seconds, and each of these is a call to the system.
        .tcp_keepalive(None)
        .tcp_keepalive_interval(None)
        .tcp_keepalive_retries(None)
        .tls_backend_preconfigured(tls.clone())
        .dns_resolver(Arc::new(names.clone()))
        .no_proxy();
    if let Some(proxy) = &settings.proxy {
        // Why: `socks5h` leaves resolving to the proxy, as the other kinds do.
        let proxy = proxy.replacen("socks5://", "socks5h://", 1);
        builder = builder.proxy(reqwest::Proxy::all(proxy).map_err(FetcherError::Proxy)?);
    }
    builder.build().map_err(FetcherError::Client)
}

/// An absolute http(s) URL with a host, without its fragment.
fn parse(text: &str) -> Result<Url, String> {
    let mut url = Url::parse(text.trim()).map_err(|error| error.to_string())?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(format!("{} is not fetched", url.scheme()));
    }
    url.set_fragment(None);
    Ok(url)
}

/// Whether a URL was asked before with the same cookies: the answer would be the same.
fn is_known<'b>(url: &Url, cookies: &Cookies, mut been: impl Iterator<Item = &'b Been>) -> bool {
    been.any(|(seen, with)| seen == url && *with == cookies.state())
}
