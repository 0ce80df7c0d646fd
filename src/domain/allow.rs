//! What may be fetched although it lies in a private network (例外名单): addresses, networks, host names.
//!
//! A listed address or network may be reached by literal and by any name that resolves to it.
//! A listed name may resolve to the private addresses of an intranet, but never to those a
//! machine talks to itself or its cloud by: link-local (with it the metadata services),
//! multicast and unspecified addresses have to be listed themselves.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use url::Host;

/// What may be fetched although it is private; empty by default.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AllowedHosts {
    networks: Vec<(IpAddr, u8)>,
    names: Vec<String>,
}

/// What is wrong with an entry.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AllowProblem {
    /// Neither an address, a network nor a host name.
    #[error("is no IP address, network or host name; leave scheme, port and path away")]
    NotAHost,
    /// An address in a short, octal, hexadecimal or decimal notation.
    #[error("means {0}; write the address in full")]
    OddNotation(IpAddr),
    /// The part behind the slash is no length of a prefix.
    #[error("needs a prefix length from 1 to {0} behind the slash; to allow everything use allow_private")]
    BadPrefix(u8),
    /// Bits are set behind the prefix.
    #[error("has bits set behind its prefix; the network is {0}/{1}")]
    HostBits(IpAddr, u8),
}

impl AllowProblem {
    /// The same in Chinese.
    #[must_use]
    pub fn zh(&self) -> String {
        match self {
            Self::NotAHost => "不是 IP 地址、网段或主机名，请勿包含协议、端口和路径".to_owned(),
            Self::OddNotation(ip) => format!("即 {ip}，请写完整的地址"),
            Self::BadPrefix(most) => {
                format!("斜杠后应为 1 到 {most} 的前缀长度；如须全部放行，请用 allow_private")
            }
            Self::HostBits(ip, prefix) => format!("前缀之后仍有非零位，网段应写作 {ip}/{prefix}"),
        }
    }
}

impl AllowedHosts {
    /// Adds an entry as written: `10.1.2.3`, `10.1.2.0/24`, `fd00:1::/32`, `intranet.example`.
    pub fn add(&mut self, entry: &str) -> Result<(), AllowProblem> {
        let entry = entry.trim();
        let (address, prefix) = match entry.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (entry, None),
        };
        if let Ok(ip) = IpAddr::from_str(address) {
            let network = network(ip, prefix)?;
            self.networks.push(network);
            return Ok(());
        }
        // `Host::parse` would undo percent signs and the like, which nobody writes into a configuration.
        let is_name = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.');
        if prefix.is_some() || !entry.chars().all(is_name) {
            return Err(AllowProblem::NotAHost);
        }
        match Host::parse(entry) {
            Ok(Host::Domain(name)) => self.names.push(name.trim_end_matches('.').to_owned()),
            Ok(Host::Ipv4(ip)) => return Err(AllowProblem::OddNotation(ip.into())),
            Ok(Host::Ipv6(_)) | Err(_) => return Err(AllowProblem::NotAHost),
        }
        Ok(())
    }

    /// Nothing is listed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.networks.is_empty() && self.names.is_empty()
    }

    /// Whether an address is listed, itself or by its network.
    #[must_use]
    pub fn has_address(&self, ip: IpAddr) -> bool {
        self.networks.iter().any(|(network, prefix)| masked(ip, *prefix) == Some(*network))
    }

    /// Whether a name is listed; letter case and a dot at the end are nothing.
    #[must_use]
    pub fn has_name(&self, name: &str) -> bool {
        let name = name.trim_end_matches('.');
        self.names.iter().any(|listed| listed.eq_ignore_ascii_case(name))
    }

    /// Whether `name` may be reached at `ip`, which is not public.
    #[must_use]
    pub fn permits(&self, name: &str, ip: IpAddr) -> bool {
        self.has_address(ip) || (self.has_name(name) && is_intranet(ip))
    }
}

/// The addresses that a listed name may have: private networks, carrier-grade NAT, loopback.
const fn is_intranet(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => {
            let [a, b, c, d] = ip.octets();
            // One cloud's metadata service lies in the range of carrier-grade NAT.
            let is_shared = a == 100 && b >= 64 && b < 128 && !matches!([b, c, d], [100, 100, 200]);
            ip.is_private() || ip.is_loopback() || is_shared
        }
        IpAddr::V6(ip) => {
            // Another's lies among the unique local addresses.
            let is_metadata = matches!(ip.segments(), [0xfd00, 0x0ec2, ..]);
            ip.is_loopback() || (ip.is_unique_local() && !is_metadata)
        }
    }
}

fn network(ip: IpAddr, prefix: Option<&str>) -> Result<(IpAddr, u8), AllowProblem> {
    let most = if ip.is_ipv4() { 32 } else { 128 };
    let prefix = match prefix {
        None => most,
        Some(digits) => {
            let plain = digits.len() <= 3 && !digits.starts_with('0') && digits.bytes().all(|b| b.is_ascii_digit());
            let length = digits.parse::<u8>().ok().filter(|length| plain && *length <= most);
            length.ok_or(AllowProblem::BadPrefix(most))?
        }
    };
    match masked(ip, prefix) {
        Some(network) if network == ip => Ok((ip, prefix)),
        Some(network) => Err(AllowProblem::HostBits(network, prefix)),
        None => Err(AllowProblem::BadPrefix(most)),
    }
}

/// The first address of the network of this length that holds `ip`.
fn masked(ip: IpAddr, prefix: u8) -> Option<IpAddr> {
    let prefix = u32::from(prefix);
    Some(match ip {
        IpAddr::V4(ip) => {
            let mask = u32::MAX.checked_shl(32_u32.checked_sub(prefix)?)?;
            Ipv4Addr::from_bits(ip.to_bits() & mask).into()
        }
        IpAddr::V6(ip) => {
            let mask = u128::MAX.checked_shl(128_u32.checked_sub(prefix)?)?;
            Ipv6Addr::from_bits(ip.to_bits() & mask).into()
        }
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn listed(entries: &[&str]) -> AllowedHosts {
        let mut hosts = AllowedHosts::default();
        for entry in entries {
            hosts.add(entry).unwrap();
        }
        hosts
    }

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn addresses_networks_and_names_are_listed() {
        let hosts = listed(&["10.1.2.0/24", "192.168.7.9", "fd12:3::/32", "Intranet.Example.", "内网.example"]);
        for inside in ["10.1.2.0", "10.1.2.255", "192.168.7.9", "fd12:3::1", "fd12:3:ffff::9"] {
            assert!(hosts.has_address(ip(inside)), "{inside}");
        }
        for outside in ["10.1.3.0", "10.1.1.255", "192.168.7.8", "fd12:4::1", "::ffff:10.1.2.3", "127.0.0.1"] {
            assert!(!hosts.has_address(ip(outside)), "{outside}");
        }
        assert!(hosts.has_name("intranet.example") && hosts.has_name("INTRANET.example."));
        let international = url::Url::parse("http://内网.example/").unwrap();
        assert!(hosts.has_name(international.host_str().unwrap()));
        assert!(!hosts.has_name("a.intranet.example") && !hosts.has_name("example"));
        assert!(listed(&[]).is_empty() && !hosts.is_empty());
    }

    #[test]
    fn a_listed_name_reaches_an_intranet_and_no_metadata() {
        let hosts = listed(&["intranet.example", "169.254.9.9"]);
        for there in ["10.0.0.1", "172.16.3.4", "192.168.1.1", "100.64.0.1", "127.0.0.1", "fd00::1", "::1"] {
            assert!(hosts.permits("intranet.example", ip(there)), "{there}");
            assert!(!hosts.permits("other.example", ip(there)), "{there}");
        }
        for never in
            ["169.254.169.254", "100.100.100.200", "fd00:ec2::254", "0.0.0.0", "224.0.0.1", "fe80::1", "::", "ff02::1"]
        {
            assert!(!hosts.permits("intranet.example", ip(never)), "{never}");
        }
        assert!(hosts.permits("other.example", ip("169.254.9.9")), "listed itself");
    }

    #[test]
    fn what_is_not_meant_exactly_is_refused() {
        let problem = |entry: &str| AllowedHosts::default().add(entry).unwrap_err();
        for entry in [
            "",
            "http://a.example",
            "a.example:80",
            "a.example/x",
            "*.a.example",
            "[fd00::1]",
            "a b",
            "fe80::1%eth0",
            "user@a.example",
            "%31.example",
            "-/24",
        ] {
            assert_eq!(problem(entry), AllowProblem::NotAHost, "{entry}");
        }
        for entry in ["10.1", "0x7f.1", "0177.0.0.1", "2130706433", "10.1.2.3."] {
            assert!(matches!(problem(entry), AllowProblem::OddNotation(_)), "{entry}");
        }
        for entry in ["10.0.0.0/0", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/08", "10.0.0.0/+8", "10.0.0.0/8/8"] {
            assert_eq!(problem(entry), AllowProblem::BadPrefix(32), "{entry}");
        }
        assert_eq!(problem("fd00::/129"), AllowProblem::BadPrefix(128));
        assert_eq!(problem("10.1.2.3/24"), AllowProblem::HostBits(ip("10.1.2.0"), 24));
        for problem in [problem(""), problem("10.1"), problem("10.0.0.0/0"), problem("10.1.2.3/24")] {
            assert!(problem.to_string().is_ascii() && !problem.zh().is_ascii());
        }
    }

    proptest! {
        #[test]
        fn a_network_holds_its_own_addresses_and_no_others(bits: u32, other: u32, prefix in 1_u32..=32) {
            let mask = u32::MAX << (32 - prefix);
            let hosts = listed(&[&format!("{}/{prefix}", Ipv4Addr::from_bits(bits & mask))]);
            prop_assert!(hosts.has_address(Ipv4Addr::from_bits(bits).into()));
            prop_assert_eq!(hosts.has_address(Ipv4Addr::from_bits(other).into()), bits & mask == other & mask);
        }

        #[test]
        fn no_entry_makes_it_panic(entry in "\\PC{0,30}", near in "[0-9a-f.:/x]{0,20}") {
            let _ = (AllowedHosts::default().add(&entry), AllowedHosts::default().add(&near));
        }
    }
}
