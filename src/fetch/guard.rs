//! The address guard: nothing an account links to may make us knock inside our own network.
//!
//! Names are judged where they are resolved, and the client connects to the very addresses
//! that were judged, so a name cannot change its mind in between. Literals never reach the
//! resolver and are judged by URL, before every hop.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use hickory_resolver::net::{DnsError, NetError};
use hickory_resolver::proto::op::{Query, ResponseCode};
use hickory_resolver::proto::rr::{Name as DnsName, RecordType};
use hickory_resolver::{Hosts, TokioResolver};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use url::{Host, Url};

use crate::domain::allow::AllowedHosts;

/// Why a name gave no address.
#[derive(Debug, thiserror::Error)]
pub(super) enum NameError {
    #[error("{0} does not exist")]
    NotFound(String),
    #[error("{0}")]
    Temporary(String),
    #[error("{0} resolves to private addresses only")]
    Guarded(String),
}

/// Whether an address belongs to the public internet.
#[must_use]
pub fn is_public(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(v4) => is_public_v4(v4),
        IpAddr::V6(v6) => is_public_v6(v6),
    }
}

fn is_public_v4(ip: Ipv4Addr) -> bool {
    let [a, b, c, _] = ip.octets();
    !(a == 0
        || a == 10
        || a == 127
        || (a == 100 && (64..128).contains(&b)) // carrier-grade NAT, and one cloud's metadata
        || (a == 169 && b == 254) // link-local, and most clouds' metadata
        || (a == 172 && (16..32).contains(&b))
        || (a == 192 && b == 168)
        || (a == 192 && b == 0 && (c == 0 || c == 2)) // protocol assignments, documentation
        || (a == 192 && b == 88 && c == 99) // relays of the tunnels that 2002::/16 belongs to
        || (a == 198 && (b == 18 || b == 19)) // benchmarking
        || (a == 198 && b == 51 && c == 100)
        || (a == 203 && b == 0 && c == 113)
        || a >= 224 // multicast, reserved, broadcast
        || ip == Ipv4Addr::new(168, 63, 129, 16)) // one cloud's host agent
}

fn is_public_v6(ip: Ipv6Addr) -> bool {
    let tail = |hi: u16, lo: u16| Ipv4Addr::from_bits((u32::from(hi) << 16) | u32::from(lo));
    match ip.segments() {
        // Networks without IPv4 reach it by these: as public as the address inside.
        [0x0064, 0xff9b, 0, 0, 0, 0, hi, lo] => is_public_v4(tail(hi, lo)),
        // 6to4, withdrawn in 2015: what lies behind is whatever a relay makes of it.
        [0x2002, ..] => false,
        // Teredo, benchmarking, ORCHID; documentation.
        [0x2001, second, ..] => second >= 0x0200 && second != 0x0db8,
        [0x3fff, second, ..] => second >= 0x1000,
        // Everything else in global unicast; v4-mapped, loopback, ULA, link-local, multicast are outside it.
        [first, ..] => (0x2000..0x4000).contains(&first),
    }
}

/// Whether the URL names this machine itself.
#[must_use]
pub fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        Some(Host::Domain(name)) => is_localhost(name),
        None => false,
    }
}

/// Whether the guard lets a URL through as far as the URL alone can tell; a name is judged
/// again by what it resolves to.
///
/// The `url` crate has already turned decimal, hexadecimal, octal and full-width
/// notations into addresses.
#[must_use]
pub fn allows(url: &Url, listed: &AllowedHosts) -> bool {
    match url.host() {
        Some(Host::Ipv4(ip)) => is_public_v4(ip) || listed.has_address(ip.into()),
        Some(Host::Ipv6(ip)) => is_public_v6(ip) || listed.has_address(ip.into()),
        Some(Host::Domain(name)) => !is_localhost(name) || listed.has_name(name),
        None => false,
    }
}

fn is_localhost(name: &str) -> bool {
    let name = name.trim_end_matches('.');
    name.eq_ignore_ascii_case("localhost") || name.to_ascii_lowercase().ends_with(".localhost")
}

/// Resolves names: the hosts file first, then DNS, then the guard.
#[derive(Clone)]
pub(super) struct Names(Arc<Inner>);

struct Inner {
    /// What may be reached although it is private; `None`: everything.
    guard: Option<AllowedHosts>,
    patience: Duration,
    hosts: Hosts,
    // Why lazy: the resolver wants a running runtime, and a `Fetcher` may be built outside one.
    dns: OnceLock<Option<TokioResolver>>,
}

impl Names {
    /// `guard` lists what may be reached although it is private; without it nothing is refused.
    pub(super) fn new(guard: Option<AllowedHosts>, patience: Duration) -> Self {
        let hosts = Hosts::from_system().unwrap_or_default();
        Self(Arc::new(Inner { guard, patience, hosts, dns: OnceLock::new() }))
    }

    /// The addresses the AAAA records of a name give, guarded or not; empty where it has none.
    pub(super) async fn ipv6_of(&self, name: &str) -> Result<Vec<Ipv6Addr>, NameError> {
        self.0.look_up_ipv6(name).await
    }

    /// Whether the name servers give an AAAA record of a name; what this machine knows by itself does not count.
    pub(super) async fn gives_ipv6_of(&self, name: &str) -> bool {
        let by_itself = is_localhost(name)
            || DnsName::from_ascii(name).map_or(true, |mut full| {
                full.set_fqdn(true);
                !self.0.in_hosts_file(&full).is_empty()
            });
        !by_itself && self.ipv6_of(name).await.is_ok_and(|found| !found.is_empty())
    }

    /// Whether the guard lets an address of a name through.
    pub(super) fn lets_through(&self, name: &str, ip: IpAddr) -> bool {
        self.0.lets_through(name, ip)
    }
}

impl Resolve for Names {
    fn resolve(&self, name: Name) -> Resolving {
        let inner = Arc::clone(&self.0);
        Box::pin(async move {
            let found = inner.look_up(name.as_str()).await?;
            let addresses: Vec<SocketAddr> = found
                .into_iter()
                .filter(|ip| inner.lets_through(name.as_str(), *ip))
                .map(|ip| SocketAddr::new(ip, 0))
                .collect();
            if addresses.is_empty() {
                return Err(NameError::Guarded(name.as_str().to_owned()).into());
            }
            Ok(Box::new(addresses.into_iter()) as Addrs)
        })
    }
}

impl Inner {
    fn lets_through(&self, name: &str, ip: IpAddr) -> bool {
        self.guard.as_ref().is_none_or(|listed| is_public(ip) || listed.permits(name, ip))
    }

    /// At least one address, or why not.
    async fn look_up(&self, name: &str) -> Result<Vec<IpAddr>, NameError> {
        if is_localhost(name) {
            return Ok(vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()]);
        }
        let not_found = || NameError::NotFound(name.to_owned());
        let mut full = DnsName::from_ascii(name).map_err(|_| not_found())?;
        full.set_fqdn(true); // the search list of this machine is nobody's domain
        let fixed = self.in_hosts_file(&full);
        if !fixed.is_empty() {
            return Ok(fixed);
        }
        let Some(dns) = self.dns.get_or_init(|| build_resolver(self.patience)) else {
            return system_look_up(name).await;
        };
        match tokio::time::timeout(self.patience, dns.lookup_ip(full)).await {
            Ok(Ok(answer)) => {
                let addresses: Vec<IpAddr> = answer.iter().collect();
                if addresses.is_empty() { Err(not_found()) } else { Ok(addresses) }
            }
            Ok(Err(error)) if says_it_does_not_exist(&error) => Err(not_found()),
            Ok(Err(error)) => Err(NameError::Temporary(error.to_string())),
            Err(_) => Err(NameError::Temporary(format!("no name server answered for {name} in time"))),
        }
    }

    async fn look_up_ipv6(&self, name: &str) -> Result<Vec<Ipv6Addr>, NameError> {
        let six = |ip: IpAddr| match ip {
            IpAddr::V6(ip) => Some(ip),
            IpAddr::V4(_) => None,
        };
        let not_found = || NameError::NotFound(name.to_owned());
        let mut full = DnsName::from_ascii(name).map_err(|_| not_found())?;
        full.set_fqdn(true);
        let fixed = self.in_hosts_file(&full);
        if is_localhost(name) || !fixed.is_empty() {
            return Ok(self.look_up(name).await?.into_iter().filter_map(six).collect());
        }
        let Some(dns) = self.dns.get_or_init(|| build_resolver(self.patience)) else {
            return Ok(system_look_up(name).await?.into_iter().filter_map(six).collect());
        };
        match tokio::time::timeout(self.patience, dns.lookup(full, RecordType::AAAA)).await {
            Ok(Ok(answer)) => {
                Ok(answer.answers().iter().filter_map(|record| record.data.ip_addr()).filter_map(six).collect())
            }
            // Why a second question: a name without AAAA and a name without anything are answered alike here.
            Ok(Err(error)) if says_it_does_not_exist(&error) => self.look_up(name).await.map(|_| Vec::new()),
            Ok(Err(error)) => Err(NameError::Temporary(error.to_string())),
            Err(_) => Err(NameError::Temporary(format!("no name server answered for {name} in time"))),
        }
    }

    fn in_hosts_file(&self, name: &DnsName) -> Vec<IpAddr> {
        [RecordType::A, RecordType::AAAA]
            .into_iter()
            .filter_map(|kind| self.hosts.lookup_static_host(&Query::query(name.clone(), kind)))
            .flat_map(|found| found.answers().iter().filter_map(|record| record.data.ip_addr()).collect::<Vec<_>>())
            .collect()
    }
}

fn build_resolver(patience: Duration) -> Option<TokioResolver> {
    let mut builder = TokioResolver::builder_tokio().ok()?;
    let options = builder.options_mut();
    options.timeout = patience / 2;
    options.attempts = 2;
    builder.build().ok()
}

/// Without a readable resolver configuration the operating system is asked.
async fn system_look_up(name: &str) -> Result<Vec<IpAddr>, NameError> {
    let found = tokio::net::lookup_host((name, 0)).await.map_err(|e| NameError::Temporary(e.to_string()))?;
    Ok(found.map(|address| address.ip()).collect())
}

/// The name servers say so themselves: no such name, or a name without any address.
fn says_it_does_not_exist(error: &NetError) -> bool {
    match error {
        NetError::Dns(DnsError::NoRecordsFound(none)) => {
            matches!(none.response_code, ResponseCode::NXDomain | ResponseCode::NoError)
        }
        _ => false,
    }
}

#[cfg(test)]
#[path = "guard_tests.rs"]
mod tests;
