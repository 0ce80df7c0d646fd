//! The link verifier: does a URL still lead to what was promised?
//!
//! One look, one verdict with its evidence. What a host does wrong is a value, never an
//! error; what we cannot know is said to be unknown and charged to nobody.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::link_judge::{judge_failure, judge_page, onward};
use super::link_site::Sites;
use crate::domain::keyed::keyed_enum;
use crate::domain::page_copy::PageCopy;
use crate::fetch::{Ask, Connectivity, Failure, Fetcher, Hop, Page};
use crate::sources::skim::skim;

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
        SameAsMissing = "same_as_missing", "页面能打开，但与该网站对不存在网址的应答相同", "answers with success, but just as its site answers an address that does not exist";
        Withheld = "withheld", "页面能打开，但提示网站未备案、停止访问", "answers with success, but says that the site has no filing (ICP) and is not served";
        Placeholder = "placeholder", "页面能打开，但显示的是服务器默认页、出错信息或域名出售信息", "answers with success, but shows the server's own first page, its error, or an offer of the name";
        RedirectedHome = "redirected_home", "打开后转到网站首页，原页面可能已不存在", "leads to the site's home page; the page itself may be gone";
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
        WechatOnly = "wechat_only", "页面只能在微信中打开", "the page opens in WeChat alone";
        IntoApp = "leads_into_app", "跳转到手机应用内打开，没有可核实的网页", "it leads into an app on a telephone, to no page that could be looked at";
        RateLimited = "rate_limited", "对方限制访问频率（429）", "rate limited (429)";
        HostResting = "host_resting", "该主机多次拒绝连接，本次不再访问", "the host refused repeatedly and is left alone for this run";
        GuardRefused = "guard_refused", "网址指向内部网络，按安全规则不予访问", "the URL points into a private network and was not asked";
        OurLimit = "our_limit", "本机同时打开的连接过多，未能访问", "this machine had no connection left to ask with";
        WeAreOffline = "we_are_offline", "本机网络中断，无法判断", "our own connection is down";
    }
}

impl LinkReason {
    /// A doubt that lies in what the page or its server answered, to robots and people alike.
    pub(super) const fn is_of_the_page(self) -> bool {
        matches!(
            self,
            Self::SoftNotFound
                | Self::SameAsMissing
                | Self::Withheld
                | Self::Placeholder
                | Self::RedirectedHome
                | Self::ServerError
        )
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
    /// The URL that answered, after redirects; as it is stored, only where it is another than `url`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub final_url: Option<String>,
    /// Requests made, redirects aside.
    pub attempts: u32,
    /// Network time of the last attempt, in milliseconds.
    pub elapsed_ms: u64,
    /// Redirects followed, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub chain: Vec<Hop>,
    /// Title and first words of the page, or the cause of the failure; at most 200 characters. Empty where it works.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub snippet: String,
    /// SHA-256 of the body as far as it was read, in hex; none where it works.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
    /// When.
    pub fetched_at: DateTime<Utc>,
    /// The page behind a look that is to be answered for; kept apart from the look.
    #[serde(skip)]
    pub copy: Option<Arc<PageCopy>>,
}

impl LinkLook {
    /// It charges somebody, by a failure or an answer that a gateway of our own would give as well.
    pub(super) const fn may_be_ours(&self) -> bool {
        matches!(self.outcome, LinkOutcome::Broken | LinkOutcome::Suspected)
            && !matches!(self.reason, LinkReason::BadUrl)
    }
}

/// Bytes of a page read: enough for words and title.
const MAX_BODY: usize = 1024 * 1024;

/// Bytes read of what is no text: that it comes is all that is asked.
const MAX_BINARY: usize = 16 * 1024;

/// Visible characters skimmed.
const SKIMMED: usize = 1600;

/// Longest snippet, in characters.
const SNIPPET: usize = 200;

/// What a look is to bring back besides the verdict.
#[derive(Debug, Clone, Copy)]
struct Wish<'s> {
    evidence: bool,
    last: bool,
    sites: Option<&'s Sites>,
}

/// Looks at `url` and says what it found, with its evidence.
pub async fn verify(fetcher: &Fetcher, url: &str, now: DateTime<Utc>) -> LinkLook {
    look(fetcher, url, now, Wish { evidence: true, last: false, sites: None }).await
}

/// Looks at `url` for the verdict alone: no snippet, no hash; the `last` look at a host lets go of it.
pub async fn verdict(fetcher: &Fetcher, url: &str, now: DateTime<Utc>, last: bool) -> LinkLook {
    look(fetcher, url, now, Wish { evidence: false, last, sites: None }).await
}

/// [`verify`], knowing what the site of `url` answers to an address that does not exist; with a copy of a page that is to be answered for.
pub(super) async fn verify_at(fetcher: &Fetcher, sites: &Sites, url: &str, now: DateTime<Utc>) -> LinkLook {
    look(fetcher, url, now, Wish { evidence: true, last: false, sites: Some(sites) }).await
}

/// [`verify_at`] of a page that is wanted up to `most` bytes besides: one request brings both, and the page comes
/// with the look where an answer came.
///
/// The verdict is made of as much of the page as a look by itself reads. Where such a look would ask on (a server
/// error, a page that sends its reader elsewhere, no answer, which may have been cut off behind that much), it is made.
pub(super) async fn verify_whole(
    fetcher: &Fetcher,
    sites: &Sites,
    url: &str,
    now: DateTime<Utc>,
    most: usize,
) -> (LinkLook, Option<Page>) {
    let wish = Wish { evidence: true, last: false, sites: Some(sites) };
    let Ok(page) = fetcher.get_with(url, Ask { tentative: true, ..Ask::once(most) }).await else {
        return (look(fetcher, url, now, wish).await, None);
    };
    let ask = ask_of(fetcher, wish);
    let read = page.cut(ask.max_body, ask.max_binary);
    let look = if read.status >= 500 || onward(&read).is_some() {
        look(fetcher, url, now, wish).await
    } else {
        settle(fetcher, url, now, Ok(read), wish).await
    };
    (look, Some(page))
}

/// What an answer says by itself, as every look judges its last one.
#[must_use]
pub fn judge_answer(page: &Page) -> (LinkOutcome, LinkReason) {
    let text = page.is_text().then(|| page.text_cow());
    let seen = text.as_deref().map(|text| skim(text, SKIMMED));
    judge_page(page, text.as_deref().unwrap_or_default(), seen.as_ref())
}

fn ask_of(fetcher: &Fetcher, wish: Wish<'_>) -> Ask {
    let settings = fetcher.settings();
    let max_body = settings.max_body.min(MAX_BODY);
    Ask {
        last: wish.last,
        retries: settings.retries,
        max_binary: MAX_BINARY,
        onward: Some(onward),
        ..Ask::once(max_body)
    }
}

async fn look(fetcher: &Fetcher, url: &str, now: DateTime<Utc>, wish: Wish<'_>) -> LinkLook {
    let first = fetcher.get_with(url, ask_of(fetcher, wish)).await;
    settle(fetcher, url, now, first, wish).await
}

/// The verdict on the first answer, or on a second one where the first says that the page is gone.
async fn settle(
    fetcher: &Fetcher,
    url: &str,
    now: DateTime<Utc>,
    first: Result<Page, Failure>,
    wish: Wish<'_>,
) -> LinkLook {
    let Ok(page) = &first else { return judge(fetcher, url, now, first, 0, wish).await };
    if !is_gone(page) {
        return judge(fetcher, url, now, first, 0, wish).await;
    }
    // Why: one 404 may come from a half-deployed server behind a balancer, or a stale connection.
    let before = page.attempts;
    let ask = Ask { fresh: true, retries: 0, ..ask_of(fetcher, wish) };
    let second = fetcher.get_with(url, ask).await;
    let mut look = judge(fetcher, url, now, second, before, wish).await;
    if look.reason == LinkReason::Answered {
        look.reason = LinkReason::Recovered;
    }
    look
}

pub(super) const fn is_gone(page: &Page) -> bool {
    matches!(page.status, 404 | 410)
}

/// The verdict on one answer; a 404 here has been asked twice.
async fn judge(
    fetcher: &Fetcher,
    url: &str,
    now: DateTime<Utc>,
    answer: Result<Page, Failure>,
    attempts_before: u32,
    wish: Wish<'_>,
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
        copy: None,
    };
    match answer {
        Ok(page) => {
            let text = page.is_text().then(|| page.text_cow());
            let seen = text.as_deref().map(|text| skim(text, SKIMMED));
            (look.outcome, look.reason) = judge_page(&page, text.as_deref().unwrap_or_default(), seen.as_ref());
            if look.outcome == LinkOutcome::Ok
                && let Some(reason) = super::link_site::doubt(fetcher, wish.sites, url, &page, text.as_deref()).await
            {
                (look.outcome, look.reason) = (LinkOutcome::Suspected, reason);
            }
            // Why not of a link that works: it accuses nobody.
            if wish.evidence && look.outcome != LinkOutcome::Ok {
                look.snippet = seen.map(|seen| seen.snippet(SNIPPET)).unwrap_or_default();
                look.sha256 = (!page.body.is_empty()).then(|| hex(&Sha256::digest(&page.body)));
            }
            if let Some(sites) = wish.sites {
                look.copy = sites.copies.of_link(look.outcome, &page, look.sha256.as_deref()).await;
            }
            look.status = Some(page.status);
            look.attempts += page.attempts;
            look.elapsed_ms = page.elapsed.as_millis() as u64;
            look.chain = page.chain;
            look.final_url = Some(page.url);
        }
        Err(failure) => {
            (look.outcome, look.reason) = judge_failure(failure.kind);
            look.snippet = failure.detail.chars().take(SNIPPET).collect();
            look.attempts += failure.attempts;
            look.elapsed_ms = failure.elapsed.as_millis() as u64;
            look.chain = failure.chain;
        }
    }
    if look.may_be_ours() && !fetcher.is_exempt_loopback(url) && fetcher.online().await == Connectivity::Offline {
        (look.outcome, look.reason) = (LinkOutcome::Unverified, LinkReason::WeAreOffline);
    }
    look
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
