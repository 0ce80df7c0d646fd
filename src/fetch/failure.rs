//! Why a look got no answer: a closed list, told apart by type and never by text.

use std::error::Error as StdError;
use std::io;
use std::time::Duration;

use rustix::io::Errno;

use super::guard::NameError;
use super::page::Hop;
use crate::domain::keyed::keyed_enum;

keyed_enum! {
    /// What kept an answer from us (访问失败原因).
    FailureKind {
        Dns = "dns", "域名不存在", "the domain name does not exist";
        DnsTemporary = "dns_temporary", "域名解析暂时失败", "the domain name could not be resolved just now";
        Refused = "refused", "服务器拒绝连接", "the server refused the connection";
        Unreachable = "unreachable", "网络不可达", "the network or host cannot be reached";
        Reset = "reset", "连接被中断", "the connection was cut";
        CutShort = "cut_short", "应答未传完即中断", "the answer broke off before its end";
        Timeout = "timeout", "访问超时", "no complete answer in time";
        Tls = "tls", "安全连接失败（证书或加密协商）", "the secure connection failed (certificate or handshake)";
        RedirectLoop = "redirect_loop", "跳转循环", "the redirects run in a circle";
        TooManyRedirects = "too_many_redirects", "跳转次数过多", "too many redirects";
        BadUrl = "bad_url", "网址格式错误", "the URL is not valid";
        IntoApp = "leads_into_app", "跳转到手机应用内打开，没有可访问的网页", "it leads into an app on a telephone, to no page of the web";
        Forbidden = "forbidden_address", "网址指向内部网络，按安全规则不予访问", "the URL points into a private network, which the guard refuses";
        Protocol = "protocol", "服务器应答不符合协议", "the server's answer breaks the protocol";
        OurLimit = "our_limit", "本机同时打开的连接过多", "this machine had no connection left to ask with";
        HostResting = "host_resting", "该主机已多次拒绝连接，本次检查不再访问", "the host refused repeatedly and is left alone for this run";
    }
}

impl FailureKind {
    /// Another attempt at once may succeed.
    #[must_use]
    pub const fn is_transient(self) -> bool {
        matches!(
            self,
            Self::DnsTemporary
                | Self::Refused
                | Self::Unreachable
                | Self::Reset
                | Self::CutShort
                | Self::Timeout
                | Self::OurLimit
        )
    }

    /// The same failure would be seen if our own network were down.
    #[must_use]
    pub const fn may_be_ours(self) -> bool {
        self.is_transient() || matches!(self, Self::Dns | Self::Tls)
    }
}

/// A look that got no answer.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{}: {detail}", kind.en())]
pub struct Failure {
    /// What kind of failure.
    pub kind: FailureKind,
    /// The chain of causes as the network stack tells it, in English, for logs and evidence.
    pub detail: String,
    /// The redirects followed before it failed.
    pub chain: Vec<Hop>,
    /// How many attempts were made, the last one included.
    pub attempts: u32,
    /// Time spent on the network in the last attempt.
    pub elapsed: Duration,
}

impl Failure {
    /// A failure that cost no network time.
    pub(crate) fn at_once(kind: FailureKind, detail: impl Into<String>) -> Self {
        Self { kind, detail: detail.into(), chain: Vec::new(), attempts: 1, elapsed: Duration::ZERO }
    }
}

/// Reads the kind from an error of the HTTP client.
pub(super) fn classify(error: &reqwest::Error) -> (FailureKind, String) {
    let detail = describe(error);
    let mut kind = None;
    let mut cause: Option<&(dyn StdError + 'static)> = error.source();
    while let Some(inner) = cause {
        if let Some(found) = classify_cause(inner) {
            // The innermost cause knows best: an outer "incomplete message" wraps the reset inside.
            kind = Some(found);
        }
        cause = inner.source();
    }
    let kind = kind.unwrap_or_else(|| {
        if error.is_timeout() {
            FailureKind::Timeout
        } else if error.is_connect() {
            FailureKind::Unreachable
        } else if error.is_builder() {
            FailureKind::BadUrl
        } else {
            FailureKind::Protocol
        }
    });
    (kind, detail)
}

/// [`classify`] of an error while the body came: what has come of it a browser shows.
pub(super) fn classify_body(error: &reqwest::Error) -> (FailureKind, String) {
    match classify(error) {
        (FailureKind::Reset, detail) => (FailureKind::CutShort, detail),
        other => other,
    }
}

fn classify_cause(cause: &(dyn StdError + 'static)) -> Option<FailureKind> {
    if let Some(name) = cause.downcast_ref::<NameError>() {
        return Some(match name {
            NameError::NotFound(_) => FailureKind::Dns,
            NameError::Temporary(_) => FailureKind::DnsTemporary,
            NameError::Guarded(_) => FailureKind::Forbidden,
        });
    }
    if cause.is::<rustls::Error>() {
        return Some(FailureKind::Tls);
    }
    if let Some(http) = cause.downcast_ref::<hyper::Error>() {
        return match () {
            () if http.is_parse() => Some(FailureKind::Protocol),
            () if http.is_incomplete_message() || http.is_closed() || http.is_canceled() => Some(FailureKind::Reset),
            () if http.is_timeout() => Some(FailureKind::Timeout),
            () => None,
        };
    }
    let io = cause.downcast_ref::<io::Error>()?;
    // Why: `io::Error::source` skips the error it wraps, so it is asked for here.
    if let Some(inner) = io.get_ref()
        && let Some(kind) = classify_cause(inner)
    {
        return Some(kind);
    }
    // No file handle left, in this process or on this machine: nobody's fault but ours.
    if matches!(io.raw_os_error().map(Errno::from_raw_os_error), Some(Errno::MFILE | Errno::NFILE)) {
        return Some(FailureKind::OurLimit);
    }
    match io.kind() {
        io::ErrorKind::ConnectionRefused => Some(FailureKind::Refused),
        io::ErrorKind::ConnectionReset
        | io::ErrorKind::ConnectionAborted
        | io::ErrorKind::BrokenPipe
        | io::ErrorKind::UnexpectedEof
        | io::ErrorKind::NotConnected => Some(FailureKind::Reset),
        io::ErrorKind::TimedOut => Some(FailureKind::Timeout),
        io::ErrorKind::HostUnreachable
        | io::ErrorKind::NetworkUnreachable
        | io::ErrorKind::NetworkDown
        | io::ErrorKind::AddrNotAvailable => Some(FailureKind::Unreachable),
        _ => None,
    }
}

/// The chain of causes on one line, without the URL and without repeats.
fn describe(error: &reqwest::Error) -> String {
    let mut parts: Vec<String> = Vec::new();
    let mut cause: Option<&(dyn StdError + 'static)> = error.source();
    while let Some(inner) = cause {
        let text = inner.to_string();
        if !parts.iter().any(|known| known.contains(&text)) {
            parts.push(text);
        }
        cause = inner.source();
    }
    if parts.is_empty() { "no further detail".to_owned() } else { parts.join(": ") }
}
