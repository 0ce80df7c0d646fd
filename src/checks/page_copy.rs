//! The copies of the pages that findings rest on (证据副本): made of violations and suspicions alone.
//!
//! While an account is looked at, its pages are held by a handle and nothing is done with them; once the
//! verdicts are there, those that convict or accuse get their copy, and the rest are let go.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use sha2::{Digest as _, Sha256};

use super::link::{LinkLook, LinkOutcome};
use super::seen::Observed;
use crate::domain::finding::Outcome;
use crate::domain::page_copy::{CopyKind, PageCopy};
use crate::domain::sample::hex;
use crate::fetch::Page;
use crate::sources::attachment;
use crate::store::NewFinding;

/// Longer pages are masked and compressed beside the other looks.
const AT_ONCE: usize = 64 * 1024;

/// The copy of a page; `None` where it is no text.
fn copy_of(page: &Page, sha256: String) -> Option<PageCopy> {
    if page.body.is_empty() || page.body.iter().take(512).filter(|byte| **byte == 0).count() > 256 {
        return None;
    }
    let is_text = page.is_text();
    let text = page.text_cow();
    // Why: a feed is often served as a file to be downloaded.
    let is_file = !is_text && (CopyKind::of(&text) == CopyKind::Text || text.contains('\0'));
    (!is_file).then(|| PageCopy::of(&page.url, sha256, page.body.len() as u64, &text, page.truncated))
}

async fn make(page: Page, sha256: String) -> Option<PageCopy> {
    if page.body.len() > AT_ONCE {
        tokio::task::spawn_blocking(move || copy_of(&page, sha256)).await.ok()?
    } else {
        copy_of(&page, sha256)
    }
}

/// The copies a run has made behind links, as long as somebody holds them: many dead links end on one page.
#[derive(Debug, Default)]
pub(super) struct Copies(Mutex<HashMap<Box<str>, Weak<PageCopy>>>);

impl Copies {
    /// The copy behind a look at a link, where the look is one to be answered for.
    pub(super) async fn of_link(
        &self,
        outcome: LinkOutcome,
        page: &Page,
        sha256: Option<&str>,
    ) -> Option<Arc<PageCopy>> {
        let sha256 = sha256.filter(|_| matches!(outcome, LinkOutcome::Broken | LinkOutcome::Suspected))?;
        let known = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(copy) = known().get(sha256).and_then(Weak::upgrade) {
            return Some(copy);
        }
        let copy = make(page.clone(), sha256.to_owned()).await.map(Arc::new)?;
        known().insert(sha256.into(), Arc::downgrade(&copy));
        Some(copy)
    }
}

/// The copy of a page that was asked for by itself.
pub(super) fn of_page(page: &Page) -> Option<PageCopy> {
    copy_of(page, hex(&Sha256::digest(&page.body)))
}

/// The copy of what was read as a page or a file: of a file its `rows`.
pub(super) fn of_read(page: &Page, rows: &str) -> Option<PageCopy> {
    if attachment::kind_of(&page.url).is_none() && page.is_text() {
        return of_page(page);
    }
    Some(of_table(page, hex(&Sha256::digest(&page.body)), rows))
}

/// The copy of the page with this hash, where the look holds it.
pub(super) async fn held(seen: &Observed, sha256: Option<&str>) -> Option<PageCopy> {
    let sha256 = sha256?;
    let page = seen.pages.iter().find(|page| hex(&Sha256::digest(&page.body)) == sha256)?;
    make(page.clone(), sha256.to_owned()).await
}

/// The copy of a linked file in whose `rows` something was found.
pub(super) fn of_table(page: &Page, sha256: String, rows: &str) -> PageCopy {
    PageCopy::of_rows(&page.url, sha256, page.body.len() as u64, rows, page.truncated)
}

/// The copies that `findings` rest on, each once; whatever else was held of the look is let go.
pub(super) async fn behind(seen: &mut Observed, findings: &[NewFinding]) -> Vec<Arc<PageCopy>> {
    let pages = std::mem::take(&mut seen.pages);
    let links = seen.links.iter_mut().filter_map(|look| look.copy.take());
    let made: Vec<Arc<PageCopy>> = links.chain(std::mem::take(&mut seen.copies)).collect();
    let is_wanted = |sha256: &str| findings.iter().any(|finding| rests_on(finding, sha256));
    let mut copies: Vec<Arc<PageCopy>> = Vec::new();
    for copy in made {
        if is_wanted(&copy.sha256) && copies.iter().all(|kept| kept.sha256 != copy.sha256) {
            copies.push(copy);
        }
    }
    // Why: hashing is not free either, and nearly every account is sound.
    if !findings.iter().any(|finding| is_answered_for(finding) && finding.evidence.sha256.is_some()) {
        return copies;
    }
    for page in pages {
        let sha256 = hex(&Sha256::digest(&page.body));
        if is_wanted(&sha256) && copies.iter().all(|kept| kept.sha256 != sha256) {
            copies.extend(make(page, sha256).await.map(Arc::new));
        }
    }
    copies
}

/// The copy behind another look at a link.
pub(super) fn behind_link(look: &LinkLook, finding: &NewFinding) -> Option<Arc<PageCopy>> {
    look.copy.clone().filter(|copy| rests_on(finding, &copy.sha256))
}

/// Whether a finding is one that somebody has to answer for, and rests on the body with this hash.
pub(super) fn rests_on(finding: &NewFinding, sha256: &str) -> bool {
    is_answered_for(finding) && finding.evidence.sha256.as_deref() == Some(sha256)
}

pub(super) fn is_answered_for(finding: &NewFinding) -> bool {
    matches!(finding.outcome, Outcome::Fail | Outcome::Suspected)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(kind: Option<&str>, body: impl Into<bytes::Bytes>) -> Option<CopyKind> {
        copy_of(&Page::from_bytes("https://a.example.cn/", kind, body), "00".to_owned()).map(|copy| copy.kind)
    }

    #[test]
    fn text_is_kept_and_a_file_is_not() {
        assert_eq!(page(Some("text/html"), "<p>页面不存在</p>"), Some(CopyKind::Html));
        assert_eq!(page(Some("application/octet-stream"), "<?xml version='1.0'?><rss/>"), Some(CopyKind::Xml));
        assert_eq!(page(Some("text/plain"), "not found"), Some(CopyKind::Text));
        assert_eq!(page(Some("application/pdf"), "%PDF-1.7"), None);
        assert_eq!(page(None, vec![0_u8; 600]), None);
        assert_eq!(page(Some("text/html"), ""), None);
    }
}
