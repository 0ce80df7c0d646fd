//! The cookies of one look.

use reqwest::header::{HeaderMap, HeaderValue, SET_COOKIE};
use url::Url;

use super::hosts;

/// Cookies kept on the way through one chain of redirects.
const COOKIES_PER_LOOK: usize = 32;

/// Cookies set on the way: sites that answer "take this cookie and come back" would loop otherwise.
///
/// Each is kept under a host or, with a dot before it, a domain; then its name.
#[derive(Default)]
pub(super) struct Cookies(Vec<(String, String)>);

impl Cookies {
    /// Remembers what `headers` set for `url`'s host, or for the domain it names.
    pub(super) fn take(&mut self, url: &Url, headers: &HeaderMap) {
        for value in headers.get_all(SET_COOKIE) {
            let Ok(text) = value.to_str() else { continue };
            let mut parts = text.split(';');
            let Some((name, value)) = parts.next().and_then(|pair| pair.split_once('=')) else { continue };
            let domain = parts.filter_map(|part| part.split_once('=')).rfind(|(key, _)| is_domain(key));
            // Why the host otherwise: one cookie too many accuses nobody, one too few is a circle.
            let whose = domain.and_then(|(_, domain)| parent(url, domain));
            let whose = whose.unwrap_or_else(|| hosts::key_of(url).to_owned());
            let key = format!("{whose}\t{}", name.trim());
            let room = self.0.len() < COOKIES_PER_LOOK;
            match self.0.iter_mut().find(|(known, _)| *known == key) {
                Some((_, old)) => value.trim().clone_into(old),
                None if room => self.0.push((key, value.trim().to_owned())),
                None => {}
            }
        }
    }

    pub(super) fn header_for(&self, url: &Url) -> Option<HeaderValue> {
        if self.0.is_empty() {
            return None;
        }
        let pairs: Vec<String> = self
            .0
            .iter()
            .filter_map(|(key, value)| {
                let (whose, name) = key.split_once('\t')?;
                let is_sent = match whose.strip_prefix('.') {
                    Some(domain) => url.domain().is_some_and(|host| host == domain || host.ends_with(whose)),
                    None => whose == hosts::key_of(url),
                };
                is_sent.then(|| format!("{name}={value}"))
            })
            .collect();
        if pairs.is_empty() { None } else { HeaderValue::from_str(&pairs.join("; ")).ok() }
    }

    /// What was known when a URL was asked: the same URL with the same cookies is a loop.
    pub(super) fn state(&self) -> Vec<(String, String)> {
        self.0.clone()
    }
}

fn is_domain(key: &str) -> bool {
    key.trim().eq_ignore_ascii_case("domain")
}

/// The domain that a cookie of `url` may be for, with a dot before it: the host's own or one above
/// it, and none under which anybody may register a name.
fn parent(url: &Url, domain: &str) -> Option<String> {
    let host = url.domain()?;
    let dotted = format!(".{}", domain.trim().trim_start_matches('.').to_ascii_lowercase());
    let holds =
        host.strip_suffix(dotted.as_str()).is_some_and(|rest| !rest.is_empty()) || dotted.get(1..) == Some(host);
    (holds && !is_public_suffix(dotted.trim_start_matches('.'))).then_some(dotted)
}

/// Kinds of bodies under which countries register names: `gov.cn`, `com.hk`, `co.jp`.
const KINDS: &[&str] = &["ac", "co", "com", "edu", "go", "gov", "idv", "mil", "ne", "net", "or", "org"];
/// Provinces, under which `.cn` registers names as well.
const PROVINCES: &[&str] = &[
    "ah", "bj", "cq", "fj", "gd", "gs", "gx", "gz", "ha", "hb", "he", "hi", "hk", "hl", "hn", "jl", "js", "jx", "ln",
    "mo", "nm", "nx", "qh", "sc", "sd", "sh", "sn", "sx", "tj", "tw", "xj", "xz", "yn", "zj",
];

/// Whether anybody may register names under `domain`.
///
/// Exact for `.cn`. Why no list of all: a cookie lives for one look, and the sites are government's.
fn is_public_suffix(domain: &str) -> bool {
    let Some((above, top)) = domain.rsplit_once('.') else { return true };
    top.len() == 2 && (KINDS.contains(&above) || (top == "cn" && PROVINCES.contains(&above)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether a cookie that `from` sets with these attributes is sent to `to`.
    fn is_sent(from: &str, attributes: &str, to: &str) -> bool {
        let mut cookies = Cookies::default();
        let mut headers = HeaderMap::new();
        headers.append(SET_COOKIE, HeaderValue::from_str(&format!("sid=7{attributes}")).unwrap());
        cookies.take(&Url::parse(from).unwrap(), &headers);
        let header = cookies.header_for(&Url::parse(to).unwrap());
        header.inspect(|header| assert_eq!(header, "sid=7")).is_some()
    }

    #[test]
    fn a_domain_s_cookie_goes_to_its_other_hosts_and_no_further() {
        let auth = "https://auth.yunxi.gov.cn/login";
        let sso = "https://sso.yunxi.gov.cn/";
        assert!(is_sent(auth, "; Path=/; Domain=yunxi.gov.cn; Secure", sso));
        assert!(is_sent(auth, "; domain=.YUNXI.gov.cn", sso));
        assert!(is_sent(auth, "; Domain=yunxi.gov.cn", "https://yunxi.gov.cn/"));
        assert!(!is_sent(auth, "", sso));
        assert!(!is_sent(auth, "; Domain=yunxi.gov.cn", "https://eyunxi.gov.cn/"));
        // Anybody's suffix, and somebody else's domain: the host's own cookie, as without a domain.
        for domain in ["gov.cn", "cn", "", "sh.cn", "com.hk", "other.gov.cn"] {
            let attribute = format!("; Domain={domain}");
            assert!(!is_sent(auth, &attribute, sso) && is_sent(auth, &attribute, auth), "{domain}");
        }
        assert!(!is_sent("http://127.0.0.1:81/", "; Domain=0.0.1", "http://127.0.0.1:82/"));
    }
}
