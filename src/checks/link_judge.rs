//! What one answer says of a link: pure.

use url::Url;

use super::link::{LinkOutcome, LinkReason, is_gone};
use super::soft404::{self, Deletion};
use crate::fetch::{FailureKind, Page};
use crate::sources::blocked::{self, Block};
use crate::sources::skim::{Skim, skim};

/// A page that sends its reader on within so many seconds is a redirect in all but name.
const AT_ONCE: u32 = 5;

/// Visible characters of such a page that are read before it is believed.
const READ_BEFORE: usize = 400;

/// Such a page stands at the beginning of the document.
const HEAD: usize = 16 * 1024;

/// Where a page sends its reader by `<meta http-equiv="refresh">`.
///
/// A page that says it does not exist, and leads home after that, has said what it is.
pub(super) fn onward(page: &Page) -> Option<Url> {
    if !page.is_success() || !page.is_text() {
        return None;
    }
    // Why: nearly no page does this, and looking for the word is a hundredth of reading the page.
    let head = page.body.get(..HEAD.min(page.body.len())).unwrap_or_default();
    memchr::memmem::find(head, b"efresh").or_else(|| memchr::memmem::find(head, b"EFRESH"))?;
    let text = page.text_cow();
    let seen = skim(&text, READ_BEFORE);
    let refresh = seen.refresh.as_ref().filter(|refresh| refresh.after <= AT_ONCE)?;
    if soft404::deletion(&page.url, &text, &seen).is_some()
        || soft404::says_not_found(&seen)
        || soft404::says_withheld(&seen)
        || blocked::recognise_skimmed(page.status, &text, &seen).is_some()
    {
        return None;
    }
    let mut next = Url::parse(&page.url).ok()?.join(&refresh.to).ok()?;
    next.set_fragment(None);
    matches!(next.scheme(), "http" | "https").then_some(next)
}

/// The verdict on a page by itself.
pub(super) fn judge_page(page: &Page, text: &str, seen: Option<&Skim>) -> (LinkOutcome, LinkReason) {
    if let Some(seen) = seen {
        match soft404::deletion(&page.url, text, seen) {
            Some(Deletion::Platform) => return (LinkOutcome::Broken, LinkReason::PlatformDeleted),
            Some(Deletion::Elsewhere) if page.is_success() => {
                return (LinkOutcome::Suspected, LinkReason::SoftNotFound);
            }
            Some(Deletion::Elsewhere) | None => {}
        }
        // Why: a page that asks for a login works, which is all that is asked of a link.
        match block(page, text, seen) {
            Some(Block::Captcha) => return (LinkOutcome::Unverified, LinkReason::Captcha),
            Some(Block::Challenge) => return (LinkOutcome::Unverified, LinkReason::Challenge),
            Some(Block::Firewall) => return (LinkOutcome::Unverified, LinkReason::RobotBlocked),
            // What it opens is seen by its readers alone.
            Some(Block::WechatOnly) => return (LinkOutcome::Unverified, LinkReason::WechatOnly),
            Some(Block::Login) | None => {}
        }
    }
    match page.status {
        200..=299 if seen.is_some_and(soft404::says_not_found) => (LinkOutcome::Suspected, LinkReason::SoftNotFound),
        200..=299
            if seen.is_some_and(|seen| {
                soft404::alerts_not_found(text, seen) || soft404::is_wechat_notice(&page.url, text, seen)
            }) =>
        {
            (LinkOutcome::Suspected, LinkReason::SoftNotFound)
        }
        200..=299 if seen.is_some_and(soft404::says_withheld) => (LinkOutcome::Suspected, LinkReason::Withheld),
        200..=299 if seen.is_some_and(soft404::is_placeholder) => (LinkOutcome::Suspected, LinkReason::Placeholder),
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

/// What stands in front of the page.
///
/// A 404 may be a firewall's as well as the site's, which nobody is judged by; but a page that says
/// itself that there is nothing is no less missing for a script or a badge on it.
fn block(page: &Page, text: &str, seen: &Skim) -> Option<Block> {
    if !is_gone(page) {
        return blocked::recognise_skimmed(page.status, text, seen);
    }
    if blocked::turns_away(page.status, text, seen) {
        return Some(Block::Firewall);
    }
    if blocked::is_bare_script(text, seen) {
        return Some(Block::Challenge);
    }
    blocked::recognise_certain(text, seen).filter(|_| !soft404::mentions_missing(seen))
}

/// The verdict where no answer came.
pub(super) const fn judge_failure(kind: FailureKind) -> (LinkOutcome, LinkReason) {
    match kind {
        FailureKind::Dns => (LinkOutcome::Suspected, LinkReason::Dns),
        FailureKind::DnsTemporary => (LinkOutcome::Suspected, LinkReason::DnsTemporary),
        FailureKind::Refused => (LinkOutcome::Suspected, LinkReason::Refused),
        FailureKind::Unreachable => (LinkOutcome::Suspected, LinkReason::Unreachable),
        FailureKind::Reset | FailureKind::CutShort => (LinkOutcome::Suspected, LinkReason::Reset),
        FailureKind::Timeout => (LinkOutcome::Suspected, LinkReason::Timeout),
        FailureKind::Tls => (LinkOutcome::Suspected, LinkReason::Tls),
        FailureKind::RedirectLoop => (LinkOutcome::Suspected, LinkReason::RedirectLoop),
        FailureKind::TooManyRedirects => (LinkOutcome::Suspected, LinkReason::TooManyRedirects),
        FailureKind::BadUrl => (LinkOutcome::Suspected, LinkReason::BadUrl),
        FailureKind::Protocol => (LinkOutcome::Suspected, LinkReason::Protocol),
        FailureKind::IntoApp => (LinkOutcome::Unverified, LinkReason::IntoApp),
        FailureKind::Forbidden => (LinkOutcome::Unverified, LinkReason::GuardRefused),
        FailureKind::HostResting => (LinkOutcome::Unverified, LinkReason::HostResting),
        FailureKind::OurLimit => (LinkOutcome::Unverified, LinkReason::OurLimit),
    }
}
