//! The guard against every notation, every range, and names that change their mind.

use std::collections::VecDeque;
use std::sync::Mutex;

use hickory_resolver::config::{NameServerConfig, ResolverConfig};
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use proptest::prelude::*;
use tokio::net::UdpSocket;

use super::*;
use crate::fetch::{build_client, failure, install_tls, trust, world};

fn listed(entries: &[&str]) -> AllowedHosts {
    let mut hosts = AllowedHosts::default();
    for entry in entries {
        hosts.add(entry).unwrap();
    }
    hosts
}

/// Whether the guard lets this text through; what is no URL is not asked for at all.
fn passes(text: &str) -> bool {
    Url::parse(text).is_ok_and(|url| allows(&url, &AllowedHosts::default()))
}

/// First and last address of every range that is not the public internet, by its registry.
const REFUSED: &[(&str, &str)] = &[
    ("0.0.0.0", "0.255.255.255"),
    ("10.0.0.0", "10.255.255.255"),
    ("100.64.0.0", "100.127.255.255"),
    ("127.0.0.0", "127.255.255.255"),
    ("168.63.129.16", "168.63.129.16"),
    ("169.254.0.0", "169.254.255.255"),
    ("172.16.0.0", "172.31.255.255"),
    ("192.0.0.0", "192.0.0.255"),
    ("192.0.2.0", "192.0.2.255"),
    ("192.88.99.0", "192.88.99.255"),
    ("192.168.0.0", "192.168.255.255"),
    ("198.18.0.0", "198.19.255.255"),
    ("198.51.100.0", "198.51.100.255"),
    ("203.0.113.0", "203.0.113.255"),
    ("224.0.0.0", "255.255.255.255"),
    ("::", "1fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"), // but for 64:ff9b::/96, tested on its own
    ("2001::", "2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff"),
    ("2001:db8::", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff"),
    ("2002::", "2002:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
    ("3fff::", "3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff"),
    ("4000::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
];

fn bits(ip: IpAddr) -> u128 {
    match ip {
        IpAddr::V4(ip) => u128::from(ip.to_bits()),
        IpAddr::V6(ip) => ip.to_bits(),
    }
}

fn within(ip: IpAddr, first: &str, last: &str) -> bool {
    let (first, last): (IpAddr, IpAddr) = (first.parse().unwrap(), last.parse().unwrap());
    first.is_ipv4() == ip.is_ipv4() && (bits(first)..=bits(last)).contains(&bits(ip))
}

/// Judged by the table alone.
fn is_refused(ip: IpAddr) -> bool {
    if let IpAddr::V6(v6) = ip
        && let [0x64, 0xff9b, 0, 0, 0, 0, hi, lo] = v6.segments()
    {
        return is_refused(Ipv4Addr::from_bits((u32::from(hi) << 16) | u32::from(lo)).into());
    }
    REFUSED.iter().any(|(first, last)| within(ip, first, last))
}

#[test]
fn every_range_is_refused_from_its_first_address_to_its_last() {
    for (first, last) in REFUSED {
        for text in [first, last] {
            assert!(!is_public(text.parse().unwrap()), "{text}");
        }
    }
    for text in [
        "::1",
        "::7f00:1",
        "::ffff:8.8.8.8",
        "::ffff:127.0.0.1",
        "::ffff:0:7f00:1",
        "100::1",
        "64:ff9b::7f00:1",
        "64:ff9b::a9fe:a9fe",
        "64:ff9b:1::808:808",
        "2002:808:808::1",
        "fc00::1",
        "fd00:ec2::254",
        "fe80::1",
        "fec0::1",
        "ff02::1",
        "5f00::1",
    ] {
        assert!(!is_public(text.parse().unwrap()), "{text}");
    }
}

#[test]
fn the_neighbours_of_every_range_pass() {
    for text in [
        "1.0.0.0",
        "9.255.255.255",
        "11.0.0.0",
        "100.63.255.255",
        "100.128.0.0",
        "126.255.255.255",
        "128.0.0.0",
        "168.63.129.15",
        "169.253.255.255",
        "172.15.255.255",
        "172.32.0.0",
        "192.0.1.0",
        "192.167.255.255",
        "198.20.0.0",
        "223.255.255.255",
        "2001:200::1",
        "2001:db9::1",
        "2003::1",
        "2400:3200::1",
        "3fff:1000::1",
        "64:ff9b::808:808",
    ] {
        assert!(is_public(text.parse().unwrap()), "{text}");
    }
}

#[test]
fn a_literal_is_recognised_in_every_notation() {
    for text in [
        "http://127.0.0.1/",
        "http://127.0.0.1./",
        "http://127.1/",
        "http://127.0.1/",
        "http://2130706433/",
        "http://0x7f000001/",
        "http://0x7f.1/",
        "http://0X7F.0.0.0x1/",
        "http://0177.0.0.1/",
        "http://017700000001/",
        "http://00000177.0.0.01/",
        "http://127。0。0。1/",
        "http://127．0．0．1/",
        "http://127｡0｡0｡1/",
        "http://１２７.０.０.１/",
        "http://①②⑦.⓪.⓪.①/",
        "http://𝟏𝟐𝟕.0.0.1/",
        "http://127.0.0.\u{AD}1/",
        "http://127.0.0.\u{200B}1/",
        "http://%31%32%37.0.0.1/",
        "http://127.0.0.1\u{9}/",
        "http:\\\\127.0.0.1\\",
        "http:127.0.0.1/",
        "http:///127.0.0.1/",
        "http://www.example.cn@127.0.0.1/",
        "http://www.example.cn:80@127.0.0.1:80/",
        "http://[::1]/",
        "http://[0:0:0:0:0:0:0:1]/",
        "http://[::127.0.0.1]/",
        "http://[::ffff:127.0.0.1]/",
        "http://[::FFFF:7F00:1]/",
        "http://[fe80::1%25eth0]/",
        "http://[fe80::1%eth0]/",
        "http://[64:ff9b::127.0.0.1]/",
        "http://[2002:7f00:1::]/",
        "http://localhost/",
        "http://LOCALHOST./",
        "http://ｌｏｃａｌｈｏｓｔ/",
        "http://ⓛocalhost/",
        "http://a.localhost/",
        "http://0/",
        "http://0.0.0.0:80/",
        "http://169.254.169.254/latest/meta-data/",
        "http://2852039166/",
        "http://0xA9.0xFE.0xA9.0xFE/",
        "http://100.100.100.200/",
        "http://[fd00:ec2::254]/",
        "http://255.255.255.255/",
        "http://4294967295/",
    ] {
        assert!(!passes(text), "{text}");
    }
    for text in ["http://www.example.cn/", "http://8.8.8.8/", "http://[2400:3200::1]/", "http://134744072/"] {
        assert!(passes(text), "{text}");
    }
}

/// A number as a part of an address: decimal, octal, hexadecimal, with or without zeros before it.
fn part(value: u32, style: u8) -> String {
    match style % 5 {
        0 => value.to_string(),
        1 => format!("0{value:o}"),
        2 => format!("0x{value:x}"),
        3 => format!("0X{value:010X}"),
        _ => format!("0000{value:o}"),
    }
}

/// An IPv4 address in the notations that some resolver has understood at some time.
fn notation(ip: u32, parts: u8, styles: [u8; 4], disguise: u8, end: u8) -> String {
    let [a, b, c, d] = ip.to_be_bytes().map(u32::from);
    let numbers = match parts % 4 {
        0 => vec![a, b, c, d],
        1 => vec![a, b, (c << 8) | d],
        2 => vec![a, ip & 0x00ff_ffff],
        _ => vec![ip],
    };
    let wide = disguise / 5 % 3 == 1;
    let widen = |c: char| c.to_digit(10).filter(|_| wide).and_then(|n| char::from_u32(0xFF10 + n)).unwrap_or(c);
    let texts: Vec<String> =
        numbers.iter().zip(styles).map(|(number, style)| part(*number, style).chars().map(widen).collect()).collect();
    let host = texts.join([".", "。", "．", "｡", "%2E"][usize::from(disguise % 5)]);
    host + ["", ".", "。"][usize::from(end % 3)]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn no_notation_hides_an_address(
        ip: u32, private in prop::sample::select(REFUSED.iter().take(15).copied().collect::<Vec<_>>()), offset: u32,
        parts: u8, styles: [u8; 4], disguise: u8, end: u8,
    ) {
        let (first, last): (Ipv4Addr, Ipv4Addr) = (private.0.parse().unwrap(), private.1.parse().unwrap());
        let span = u64::from(last.to_bits() - first.to_bits()) + 1;
        let inside = first.to_bits() + (u64::from(offset) % span) as u32;
        for ip in [ip, inside] {
            let text = format!("http://{}/", notation(ip, parts, styles, disguise, end));
            let wanted = !is_refused(Ipv4Addr::from_bits(ip).into());
            prop_assert_eq!(passes(&text), wanted, "{} is {}", text, Ipv4Addr::from_bits(ip));
        }
    }

    #[test]
    fn the_guard_agrees_with_the_table_of_ranges(v4: u32, v6: u128, near in prop::sample::select(REFUSED.to_vec()), step in 0_u128..3) {
        let (first, last): (IpAddr, IpAddr) = (near.0.parse().unwrap(), near.1.parse().unwrap());
        let around = |ip: IpAddr| match ip {
            IpAddr::V4(ip) => Ipv4Addr::from_bits(ip.to_bits().wrapping_add(step as u32).wrapping_sub(1)).into(),
            IpAddr::V6(ip) => IpAddr::from(Ipv6Addr::from_bits(ip.to_bits().wrapping_add(step).wrapping_sub(1))),
        };
        let nat64 = Ipv6Addr::from_bits((0x0064_ff9b_u128 << 96) | u128::from(v4));
        let all = [Ipv4Addr::from_bits(v4).into(), Ipv6Addr::from_bits(v6).into(), around(first), around(last), nat64.into()];
        for ip in all {
            prop_assert_eq!(is_public(ip), !is_refused(ip), "{}", ip);
        }
    }

    #[test]
    fn no_url_passes_that_names_a_private_literal(text in "http://[\\PC&&[^/]]{1,24}/") {
        if let Ok(url) = Url::parse(&text) && allows(&url, &AllowedHosts::default()) {
            match url.host() {
                Some(Host::Ipv4(ip)) => prop_assert!(!is_refused(ip.into())),
                Some(Host::Ipv6(ip)) => prop_assert!(!is_refused(ip.into())),
                Some(Host::Domain(name)) => prop_assert!(name.parse::<IpAddr>().is_err() && !is_localhost(name)),
                None => prop_assert!(false),
            }
        }
    }
}

#[test]
fn what_is_listed_passes_and_nothing_beside_it() {
    let hosts = listed(&["10.1.2.0/24", "localhost", "fd00:7::/32"]);
    let passes = |text: &str| allows(&Url::parse(text).unwrap(), &hosts);
    for text in ["http://10.1.2.3/", "http://0xa.1.515/", "http://localhost:8080/", "http://[fd00:7::1]/"] {
        assert!(passes(text), "{text}");
    }
    for text in
        ["http://10.1.3.3/", "http://127.0.0.1/", "http://a.localhost/", "http://[::ffff:10.1.2.3]/", "http://[::1]/"]
    {
        assert!(!passes(text), "{text}");
    }
}

#[tokio::test]
async fn a_name_for_this_machine_is_refused_where_it_is_resolved() {
    let second = Duration::from_secs(1);
    let resolve = async |guard| Names::new(guard, second).resolve("localhost".parse().unwrap()).await;
    let error = resolve(Some(AllowedHosts::default())).await.err().unwrap();
    assert!(matches!(error.downcast_ref::<NameError>(), Some(NameError::Guarded(_))));
    assert!(resolve(None).await.is_ok());
    assert!(resolve(Some(listed(&["localhost"]))).await.is_ok());
    assert_eq!(resolve(Some(listed(&["127.0.0.0/8"]))).await.unwrap().count(), 1, "of two addresses the listed one");
}

/// A name server that gives one answer after the other to questions for an IPv4 address, and
/// remembers how many were asked.
async fn name_server(answers: Vec<Vec<Ipv4Addr>>) -> (TokioResolver, Arc<Mutex<usize>>) {
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let mut server = NameServerConfig::udp([127, 0, 0, 1].into());
    server.connections[0].port = socket.local_addr().unwrap().port();
    let asked = Arc::new(Mutex::new(0));
    let count = Arc::clone(&asked);
    tokio::spawn(async move {
        let mut answers = VecDeque::from(answers);
        let mut question = [0; 512];
        while let Ok((length, from)) = socket.recv_from(&mut question).await {
            let question = &question[..length];
            // Behind the header of twelve bytes: labels, a zero, kind and class.
            let name = question[12..].iter().position(|byte| *byte == 0).unwrap();
            let asked = &question[12..12 + name + 5];
            let is_v4 = asked[name + 1..name + 3] == [0, 1];
            let found = if is_v4 { answers.pop_front().unwrap_or_default() } else { Vec::new() };
            *count.lock().unwrap() += usize::from(is_v4);
            let mut reply = question[..2].to_vec();
            reply.extend([0x81, 0x80, 0, 1, 0, found.len() as u8, 0, 0, 0, 0]);
            reply.extend(asked);
            for ip in found {
                // The name of the question, an address, of the internet, for no time at all.
                reply.extend([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4]);
                reply.extend(ip.octets());
            }
            socket.send_to(&reply, from).await.unwrap();
        }
    });
    let config = ResolverConfig::from_parts(None, Vec::new(), vec![server]);
    (TokioResolver::builder_with_config(config, TokioRuntimeProvider::default()).build().unwrap(), asked)
}

/// Rebinding: the name is harmless when it is judged and an inner address when it is asked again.
#[tokio::test]
async fn a_name_that_changes_its_mind_reaches_only_what_was_judged() {
    install_tls();
    let (harmless, inner) = (Ipv4Addr::new(127, 0, 0, 2), Ipv4Addr::LOCALHOST);
    let (dns, asked) = name_server(vec![vec![harmless], vec![inner], vec![inner, harmless], vec![]]).await;
    let answered = async |ip: Ipv4Addr, port: u16, words: &'static str| {
        let listener = tokio::net::TcpListener::bind((ip, port)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let router = axum::Router::new().fallback(move || async move { words });
        tokio::spawn(async move { axum::serve(listener, router).await });
        port
    };
    let port = answered(harmless, 0, "outside").await;
    answered(inner, port, "inside").await;
    let names = Names::new(Some(listed(&["127.0.0.2"])), Duration::from_secs(2));
    assert!(names.0.dns.set(Some(dns)).is_ok());
    let client = build_client(&world::settings(), &trust().unwrap(), &names, 0).unwrap();
    let url = format!("http://rebind.example:{port}/");
    let ask = async || match client.get(&url).send().await {
        Ok(response) => response.text().await.unwrap(),
        Err(error) => failure::classify(&error).0.key().to_owned(),
    };
    assert_eq!(ask().await, "outside");
    assert_eq!(ask().await, "forbidden_address", "the second answer is the inner address");
    assert_eq!(ask().await, "outside", "of a mixed answer the judged part alone is connected to");
    assert_eq!(ask().await, "dns");
    assert_eq!(*asked.lock().unwrap(), 4, "a name is asked for once a connection");
}
