//! What a browser never tells: a site's certificate as it is, and whether the site answers over IPv6.
//!
//! These looks connect by themselves, so they bring their own way through the address guard:
//! names are resolved and judged by the same resolver, and the very addresses that were judged
//! are connected to. Behind a proxy nothing can be seen of either.

use std::net::{IpAddr, Ipv6Addr, SocketAddr, UdpSocket};
use std::time::Duration;

use reqwest::dns::Resolve as _;
use serde::{Deserialize, Serialize};
use url::{Host, Url};

use super::guard::{self, NameError, Names};
use super::settings::Settings;
use crate::domain::keyed::keyed_enum;

keyed_enum! {
    /// Whether a site answers over IPv6 (支持情况).
    Ipv6 {
        Reachable = "reachable", "可通过IPv6访问", "reachable over IPv6";
        NoRecord = "no_aaaa", "域名没有IPv6（AAAA）解析记录", "the name has no AAAA record";
        Unreachable = "ipv6_unreachable", "有IPv6解析记录，但通过IPv6打不开", "there is an AAAA record, but nothing answers over IPv6";
        WeHaveNone = "no_ipv6_here", "有IPv6解析记录；本机没有IPv6网络，无法核实能否访问", "there is an AAAA record; this machine has no IPv6, so reaching it could not be tried";
        NotResolved = "dns_temporary", "域名解析暂时失败", "the name could not be resolved just now";
        NoSuchName = "dns", "域名不存在", "the name does not exist";
        Literal = "literal_address", "登记的是IP地址，没有域名可查", "an address is registered, there is no name to ask for";
        Guarded = "forbidden_address", "解析到内部地址，按安全规则不予访问", "the name resolves into a private network, which the guard refuses";
        Proxied = "proxied", "经代理访问，无法核实", "behind a proxy it cannot be told";
    }
}

/// One look at a site over IPv6.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ipv6Look {
    /// The name asked for.
    pub host: String,
    /// What came of it.
    pub answer: Ipv6,
    /// The addresses its AAAA records name.
    pub addresses: Vec<Ipv6Addr>,
    /// Where it has none: our name servers gave the AAAA record of a control address.
    ///
    /// Some name servers withhold such records; then no name has one.
    #[serde(default)]
    pub others_have: bool,
}

/// Addresses of one kind tried.
const TRIED: usize = 3;
/// Well known and anycast; nothing is sent there, the system only says whether it had a way.
const FAR_AWAY: SocketAddr = SocketAddr::new(IpAddr::V6(Ipv6Addr::new(0x2400, 0x3200, 0, 0, 0, 0, 0, 1)), 53);

/// Looks beneath HTTP.
pub struct Probe {
    pub(super) names: Names,
    pub(super) settings: Settings,
    pub(super) guarded: bool,
    /// Roots trusted beside those of the system.
    pub(super) extra_roots: Vec<rustls::pki_types::CertificateDer<'static>>,
}

impl std::fmt::Debug for Probe {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Probe").field("guarded", &self.guarded).finish_non_exhaustive()
    }
}

impl Probe {
    /// A prober with the client's settings.
    #[must_use]
    pub fn new(settings: &Settings) -> Self {
        super::install_tls();
        let guarded = !settings.allow_private;
        let allowed = guarded.then(|| settings.allow_hosts.clone());
        let names = Names::new(allowed, settings.connect_timeout.mul_f32(0.8));
        Self { names, settings: settings.clone(), guarded, extra_roots: Vec::new() }
    }

    /// The same, trusting further roots (DER), such as those of an intranet.
    #[must_use]
    pub fn trusting(mut self, roots: impl IntoIterator<Item = Vec<u8>>) -> Self {
        self.extra_roots.extend(roots.into_iter().map(Into::into));
        self
    }

    pub(super) fn is_proxied(&self) -> bool {
        self.settings.proxy.is_some()
    }

    /// The addresses of a URL's host that the guard lets through.
    pub(super) async fn addresses(&self, url: &Url) -> Result<Vec<IpAddr>, NameError> {
        let refused = |host: &str| NameError::Guarded(host.to_owned());
        let name = match url.host() {
            None => return Err(NameError::NotFound(String::new())),
            Some(_) if self.guarded && !guard::allows(url, &self.settings.allow_hosts) => {
                return Err(refused(url.host_str().unwrap_or_default()));
            }
            Some(Host::Ipv4(ip)) => return Ok(vec![ip.into()]),
            Some(Host::Ipv6(ip)) => return Ok(vec![ip.into()]),
            Some(Host::Domain(name)) => name,
        };
        let parsed = name.parse().map_err(|_| NameError::NotFound(name.to_owned()))?;
        match self.names.resolve(parsed).await {
            Ok(found) => Ok(found.map(|address| address.ip()).collect()),
            Err(error) => Err(match error.downcast::<NameError>() {
                Ok(known) => *known,
                Err(other) => NameError::Temporary(other.to_string()),
            }),
        }
    }

    /// Whether the site at `url` answers over IPv6.
    pub async fn ipv6(&self, url: &str) -> Ipv6Look {
        let parsed = Url::parse(url.trim()).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
        let host = parsed.as_ref().and_then(Url::host_str).unwrap_or_default().to_owned();
        let mut look = Ipv6Look { host, answer: Ipv6::NoSuchName, addresses: Vec::new(), others_have: false };
        let Some(url) = parsed else { return look };
        look.answer = self.answer_over_ipv6(&url, &mut look.addresses).await;
        if look.answer == Ipv6::NoRecord {
            look.others_have = self.sees_ipv6_of_others(&look.host).await;
        }
        look
    }

    /// Whether our name servers give the AAAA record of any other name we may ask for.
    async fn sees_ipv6_of_others(&self, host: &str) -> bool {
        for control in &self.settings.control_urls {
            let Ok(control) = Url::parse(control) else { continue };
            if let Some(Host::Domain(name)) = control.host()
                && !name.eq_ignore_ascii_case(host)
                && self.names.gives_ipv6_of(name).await
            {
                return true;
            }
        }
        false
    }

    async fn answer_over_ipv6(&self, url: &Url, found: &mut Vec<Ipv6Addr>) -> Ipv6 {
        if self.is_proxied() {
            return Ipv6::Proxied;
        }
        let records = match url.host() {
            None | Some(Host::Ipv4(_)) => return Ipv6::Literal,
            Some(Host::Ipv6(ip)) => Ok(vec![ip]),
            Some(Host::Domain(name)) => self.names.ipv6_of(name).await,
        };
        let records = match records {
            Ok(records) => records,
            Err(NameError::NotFound(_)) => return Ipv6::NoSuchName,
            Err(NameError::Temporary(_)) => return Ipv6::NotResolved,
            Err(NameError::Guarded(_)) => return Ipv6::Guarded,
        };
        found.extend(records.iter().copied().take(TRIED));
        if found.is_empty() {
            return Ipv6::NoRecord;
        }
        found.retain(|ip| self.lets_through(url, (*ip).into()));
        if found.is_empty() {
            return Ipv6::Guarded;
        }
        if !found.iter().all(Ipv6Addr::is_loopback) && !has_ipv6() {
            return Ipv6::WeHaveNone;
        }
        for ip in found.iter() {
            if self.answers_at(url, *ip).await {
                return Ipv6::Reachable;
            }
        }
        Ipv6::Unreachable
    }

    fn lets_through(&self, url: &Url, ip: IpAddr) -> bool {
        match url.host() {
            Some(Host::Domain(name)) => self.names.lets_through(name, ip),
            _ => !self.guarded || guard::allows(url, &self.settings.allow_hosts),
        }
    }

    /// Whether anything speaks HTTP at this address under the site's name.
    async fn answers_at(&self, url: &Url, ip: Ipv6Addr) -> bool {
        let (Some(host), Some(port)) = (url.host_str(), url.port_or_known_default()) else { return false };
        let client = reqwest::Client::builder()
            .user_agent(&self.settings.user_agent)
            .redirect(reqwest::redirect::Policy::none())
            // Why: whether the certificate is sound is another indicator's question.
            .tls_danger_accept_invalid_certs(true)
            .resolve(host.trim_start_matches('[').trim_end_matches(']'), SocketAddr::new(ip.into(), port))
            .connect_timeout(self.settings.connect_timeout)
            .timeout(self.settings.timeout.max(Duration::from_secs(1)))
            .no_proxy()
            .build();
        let Ok(client) = client else { return false };
        for _ in 0..2 {
            if client.get(url.clone()).send().await.is_ok_and(|answer| answer.status().as_u16() < 500) {
                return true;
            }
        }
        false
    }
}

/// Whether this machine has a way to the IPv6 internet from an address of its own there.
fn has_ipv6() -> bool {
    let socket = UdpSocket::bind((Ipv6Addr::UNSPECIFIED, 0));
    let from = socket.and_then(|socket| socket.connect(FAR_AWAY).and_then(|()| socket.local_addr()));
    from.is_ok_and(|from| guard::is_public(from.ip()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::allow::AllowedHosts;
    use crate::fetch::world::{closed_port, settings};

    async fn serve(address: &str) -> u16 {
        let listener = tokio::net::TcpListener::bind(address).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let router = axum::Router::new().route("/", axum::routing::get(|| async { "ok" }));
        tokio::spawn(async move { axum::serve(listener, router).await });
        port
    }

    #[tokio::test]
    async fn a_site_that_answers_over_ipv6_is_told_from_one_that_does_not() {
        let probe = Probe::new(&settings());
        let (six, four) = (serve("[::1]:0").await, serve("127.0.0.1:0").await);
        let look = probe.ipv6(&format!("http://localhost:{six}/")).await;
        assert_eq!((look.answer, look.addresses), (Ipv6::Reachable, vec![Ipv6Addr::LOCALHOST]));
        assert_eq!(probe.ipv6(&format!("http://[::1]:{six}/")).await.answer, Ipv6::Reachable);
        assert_eq!(probe.ipv6(&format!("http://localhost:{four}/")).await.answer, Ipv6::Unreachable);
        assert_eq!(probe.ipv6(&format!("http://127.0.0.1:{four}/")).await.answer, Ipv6::Literal);
        assert_eq!(probe.ipv6("mailto:x@example.cn").await.answer, Ipv6::NoSuchName);
        let port = closed_port().await.port();
        assert_eq!(probe.ipv6(&format!("http://localhost:{port}/")).await.answer, Ipv6::Unreachable);
    }

    #[tokio::test]
    async fn what_the_settings_let_through_is_asked_over_ipv6_too() {
        let six = serve("[::1]:0").await;
        let guarded = |hosts: &[&str]| {
            let mut allow_hosts = AllowedHosts::default();
            for host in hosts {
                allow_hosts.add(host).unwrap();
            }
            Probe::new(&Settings { allow_private: false, allow_hosts, ..settings() })
        };
        let url = format!("http://[::1]:{six}/");
        assert_eq!(guarded(&[]).ipv6(&url).await.answer, Ipv6::Guarded);
        assert_eq!(guarded(&["::1"]).ipv6(&url).await.answer, Ipv6::Reachable);
        assert_eq!(guarded(&["::1"]).ipv6(&format!("http://localhost:{six}/")).await.answer, Ipv6::Reachable);
    }

    #[tokio::test]
    async fn a_name_that_no_server_was_asked_for_says_nothing_of_the_servers() {
        let control_urls = vec!["http://localhost/".to_owned(), "http://127.0.0.1/".to_owned(), "x".to_owned()];
        let probe = Probe::new(&Settings { control_urls, ..settings() });
        assert!(!probe.sees_ipv6_of_others("www.yunxi.example").await);
    }

    #[tokio::test]
    async fn the_guard_and_a_proxy_stand_before_the_look() {
        let guarded = Probe::new(&Settings { allow_private: false, ..settings() });
        assert_eq!(guarded.ipv6("http://localhost/").await.answer, Ipv6::Guarded);
        assert_eq!(guarded.ipv6("http://[fd00::2]/").await.answer, Ipv6::Guarded);
        let refused = guarded.addresses(&Url::parse("https://127.0.0.1/").unwrap()).await;
        assert!(matches!(refused, Err(NameError::Guarded(_))));
        let proxied = Probe::new(&Settings { proxy: Some("http://127.0.0.1:1".to_owned()), ..settings() });
        assert_eq!(proxied.ipv6("http://localhost/").await.answer, Ipv6::Proxied);
    }
}
