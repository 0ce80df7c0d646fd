//! The link verifier: does a URL still lead to what was promised?
//!
//! One look, one verdict with its evidence. What a host does wrong is a value, never an
//! error; what we cannot know is said to be unknown and charged to nobody.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::soft404;
use crate::domain::keyed::keyed_enum;
use crate::fetch::{Ask, Connectivity, Failure, FailureKind, Fetcher, Hop, Page};
use crate::sources::blocked::{self, Block};
use crate::sources::skim::{Skim, skim};

keyed_enum! {
    /// What one look at a link says (链接状态).
    LinkOutcome {
        Ok = "ok", "有效", "working";
        Broken = "broken", "失效", "broken";
        Suspected = "suspected", "疑似失效", "suspected";
        Unverified = "unverified", "未能核实", "not verified";
    }
}

keyed_enum! {
    /// Why a link was judged as it was (判定原因).
    LinkReason {
        Answered = "answered", "可正常访问", "answers normally";
        Recovered = "recovered", "首次访问异常，立即复查已恢复", "failed at first and answered when asked again at once";
        NotFound = "not_found", "页面不存在（404），复查相同", "not found (404), asked twice";
        Gone = "gone", "页面已移除（410），复查相同", "gone (410), asked twice";
        PlatformDeleted = "platform_deleted", "平台提示内容已删除或不可查看", "the platform says the content is deleted or withdrawn";
        SoftNotFound = "soft_not_found", "页面能打开，但提示内容不存在", "answers with success but says that the page does not exist";
        ServerError = "server_error", "服务器出错（5xx）", "server error (5xx)";
        AccessDenied = "access_denied", "拒绝访问（401、403）", "access denied (401, 403)";
        PreconditionFailed = "precondition_failed", "访问条件不满足（412）", "precondition failed (412)";
        OddStatus = "odd_status", "返回异常状态码", "an unexpected status";
        Dns = "dns", "域名不存在", "the domain name does not exist";
        DnsTemporary = "dns_temporary", "域名解析失败", "the domain name could not be resolved";
        Refused = "refused", "服务器拒绝连接", "the server refused the connection";
        Unreachable = "unreachable", "网络不可达", "the network or host cannot be reached";
        Reset = "reset", "连接被中断", "the connection was cut";
        Timeout = "timeout", "访问超时", "no complete answer in time";
        Tls = "tls", "安全证书或加密连接有问题", "certificate or handshake failed";
        RedirectLoop = "redirect_loop", "跳转循环", "the redirects run in a circle";
        TooManyRedirects = "too_many_redirects", "跳转次数过多", "too many redirects";
        BadUrl = "bad_url", "网址格式错误", "the URL is not valid";
        Protocol = "protocol", "服务器应答不符合协议", "the server's answer breaks the protocol";
        Captcha = "captcha", "对方要求验证码", "a captcha stands in front of the page";
        Challenge = "challenge", "对方以脚本验证浏览器", "a script challenge stands in front of the page";
        RobotBlocked = "robot_blocked", "对方防火墙拦截自动访问", "a firewall turned the robot away";
        RateLimited = "rate_limited", "对方限制访问频率（429）", "rate limited (429)";
        HostResting = "host_resting", "该主机多次拒绝连接，本次不再访问", "the host refused repeatedly and is left alone for this run";
        GuardRefused = "guard_refused", "网址指向内部网络，按安全规则不予访问", "the URL points into a private network and was not asked";
        WeAreOffline = "we_are_offline", "本机网络中断，无法判断", "our own connection is down";
    }
}

/// One look at a link, with its evidence.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LinkLook {
    /// What was asked, as given.
    pub url: String,
    /// The verdict.
    pub outcome: LinkOutcome,
    /// Final HTTP status, when an answer came.
    pub status: Option<u16>,
    /// Why.
    pub reason: LinkReason,
    /// The URL that answered, after redirects.
    pub final_url: Option<String>,
    /// Requests made, redirects aside.
    pub attempts: u32,
    /// Network time of the last attempt, in milliseconds.
    pub elapsed_ms: u64,
    /// Redirects followed, in order.
    pub chain: Vec<Hop>,
    /// Title and first words of the page, or the cause of the failure; at most 200 characters.
    pub snippet: String,
    /// SHA-256 of the body as far as it was read, in hex.
    pub sha256: Option<String>,
    /// When.
    pub fetched_at: DateTime<Utc>,
}

/// Bytes of body read: enough for words and title; a download is not pulled to its end.
const MAX_BODY: usize = 1024 * 1024;

/// Visible characters skimmed.
const SKIMMED: usize = 1600;

/// Longest snippet, in characters.
const SNIPPET: usize = 200;

/// Looks at `url` and says what it found.
pub async fn verify(fetcher: &Fetcher, url: &str, now: DateTime<Utc>) -> LinkLook {
    let settings = fetcher.settings();
    let max_body = settings.max_body.min(MAX_BODY);
    let first = fetcher.get_with(url, Ask { fresh: false, retries: settings.retries, max_body }).await;
    let Ok(page) = &first else { return judge(fetcher, url, now, first, 0).await };
    if !is_gone(page) {
        return judge(fetcher, url, now, first, 0).await;
    }
    // Why: one 404 may come from a half-deployed server behind a balancer, or a stale connection.
    let before = page.attempts;
    let second = fetcher.get_with(url, Ask { fresh: true, retries: 0, max_body }).await;
    let mut look = judge(fetcher, url, now, second, before).await;
    if look.reason == LinkReason::Answered {
        look.reason = LinkReason::Recovered;
    }
    look
}

fn is_gone(page: &Page) -> bool {
    matches!(page.status, 404 | 410)
}

/// The verdict on one answer; a 404 here has been asked twice.
async fn judge(
    fetcher: &Fetcher,
    url: &str,
    now: DateTime<Utc>,
    answer: Result<Page, Failure>,
    attempts_before: u32,
) -> LinkLook {
    let mut look = LinkLook {
        url: url.to_owned(),
        outcome: LinkOutcome::Unverified,
        status: None,
        reason: LinkReason::Answered,
        final_url: None,
        attempts: attempts_before,
        elapsed_ms: 0,
        chain: Vec::new(),
        snippet: String::new(),
        sha256: None,
        fetched_at: now,
    };
    match answer {
        Ok(page) => {
            let text = is_text(&page).then(|| page.text());
            let seen = text.as_deref().map(|text| skim(text, SKIMMED));
            (look.outcome, look.reason) = judge_page(&page, text.as_deref().unwrap_or_default(), seen.as_ref());
            look.snippet = seen.map(|seen| seen.snippet(SNIPPET)).unwrap_or_default();
            look.sha256 = (!page.body.is_empty()).then(|| hex(&Sha256::digest(&page.body)));
            look.status = Some(page.status);
            look.attempts += page.attempts;
            look.elapsed_ms = page.elapsed.as_millis() as u64;
            look.chain = page.chain;
            look.final_url = Some(page.url);
        }
        Err(failure) => {
            let ours = failure.kind.may_be_ours()
                && !fetcher.is_exempt_loopback(url)
                && fetcher.online().await == Connectivity::Offline;
            (look.outcome, look.reason) =
                if ours { (LinkOutcome::Unverified, LinkReason::WeAreOffline) } else { judge_failure(failure.kind) };
            look.snippet = failure.detail.chars().take(SNIPPET).collect();
            look.attempts += failure.attempts;
            look.elapsed_ms = failure.elapsed.as_millis() as u64;
            look.chain = failure.chain;
        }
    }
    look
}

fn judge_page(page: &Page, text: &str, seen: Option<&Skim>) -> (LinkOutcome, LinkReason) {
    if let Some(seen) = seen {
        if soft404::is_platform_deletion(seen) {
            return (LinkOutcome::Broken, LinkReason::PlatformDeleted);
        }
        // Why: a page that asks for a login works, which is all that is asked of a link.
        match blocked::recognise_skimmed(page.status, text, seen).filter(|_| !is_gone(page)) {
            Some(Block::Captcha) => return (LinkOutcome::Unverified, LinkReason::Captcha),
            Some(Block::Challenge) => return (LinkOutcome::Unverified, LinkReason::Challenge),
            Some(Block::Firewall) => return (LinkOutcome::Unverified, LinkReason::RobotBlocked),
            Some(Block::Login) | None => {}
        }
    }
    match page.status {
        200..=299 if seen.is_some_and(soft404::says_not_found) => (LinkOutcome::Suspected, LinkReason::SoftNotFound),
        200..=299 => (LinkOutcome::Ok, LinkReason::Answered),
        404 => (LinkOutcome::Broken, LinkReason::NotFound),
        410 => (LinkOutcome::Broken, LinkReason::Gone),
        401 | 403 => (LinkOutcome::Suspected, LinkReason::AccessDenied),
        412 => (LinkOutcome::Suspected, LinkReason::PreconditionFailed),
        429 => (LinkOutcome::Unverified, LinkReason::RateLimited),
        500..=599 => (LinkOutcome::Suspected, LinkReason::ServerError),
        _ => (LinkOutcome::Suspected, LinkReason::OddStatus),
    }
}

const fn judge_failure(kind: FailureKind) -> (LinkOutcome, LinkReason) {
    match kind {
        FailureKind::Dns => (LinkOutcome::Suspected, LinkReason::Dns),
        FailureKind::DnsTemporary => (LinkOutcome::Suspected, LinkReason::DnsTemporary),
        FailureKind::Refused => (LinkOutcome::Suspected, LinkReason::Refused),
        FailureKind::Unreachable => (LinkOutcome::Suspected, LinkReason::Unreachable),
        FailureKind::Reset => (LinkOutcome::Suspected, LinkReason::Reset),
        FailureKind::Timeout => (LinkOutcome::Suspected, LinkReason::Timeout),
        FailureKind::Tls => (LinkOutcome::Suspected, LinkReason::Tls),
        FailureKind::RedirectLoop => (LinkOutcome::Suspected, LinkReason::RedirectLoop),
        FailureKind::TooManyRedirects => (LinkOutcome::Suspected, LinkReason::TooManyRedirects),
        FailureKind::BadUrl => (LinkOutcome::Suspected, LinkReason::BadUrl),
        FailureKind::Protocol => (LinkOutcome::Suspected, LinkReason::Protocol),
        FailureKind::Forbidden => (LinkOutcome::Unverified, LinkReason::GuardRefused),
        FailureKind::HostResting => (LinkOutcome::Unverified, LinkReason::HostResting),
    }
}

/// Whether the body is words to read: a declared text type, or none and no sign of a file.
fn is_text(page: &Page) -> bool {
    match &page.content_type {
        Some(kind) => {
            let kind = kind.to_ascii_lowercase();
            ["text/", "html", "xml", "json"].iter().any(|word| kind.contains(word))
        }
        None => !page.body.iter().take(512).any(|byte| *byte == 0),
    }
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut out, byte| {
        let _ = write!(out, "{byte:02x}");
        out
    })
}

#[cfg(test)]
#[path = "link_tests.rs"]
mod tests;
