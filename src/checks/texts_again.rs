//! Whether a wrong word or personal data is still where it was found.

use super::articles::{self, lists_titles};
use super::judge::{still_there_in, subject_of};
use super::page_copy;
use super::seen::Observed;
use super::texts::{Part, TextHit, look_through};
use crate::domain::account::Account;
use crate::domain::issue::Issue;
use crate::domain::normal::normalise_url;
use crate::domain::page_copy::PageCopy;
use crate::fetch::Fetcher;
use crate::office::Office;
use crate::sources::{attachment, blocked};

/// Whether it is still there, and what says so.
pub(super) struct Again {
    pub(super) there: bool,
    /// The account's source shows it, which may lag behind.
    pub(super) is_in_source: bool,
    /// The page that shows it still.
    pub(super) copy: Option<PageCopy>,
}

impl Again {
    const GONE: Self = Self { there: false, is_in_source: false, copy: None };
}

/// Looks whether it is; `None`: that cannot be said.
///
/// What the source no longer lists, and what a list shows by its title alone, is read at its own address. A post
/// that is gone is as good as corrected.
pub(super) async fn still_there(
    office: &Office,
    fetcher: &Fetcher,
    account: &Account,
    issue: &Issue,
    seen: &Observed,
) -> Option<Again> {
    if let Some(hit) = still_there_in(seen, issue.indicator, &issue.subject) {
        let (_, sha256) = seen.page_of(hit);
        return Some(Again { there: true, is_in_source: true, copy: page_copy::held(seen, sha256).await });
    }
    let url = issue.evidence.url.as_deref().filter(|url| issue.subject.starts_with(url));
    let own = url.and_then(normalise_url);
    let listed = seen.posts.iter().any(|post| match (&own, &post.url) {
        (Some(own), Some(url)) => normalise_url(url).as_ref() == Some(own),
        _ => {
            url.is_none()
                && issue.subject.starts_with(&format!("《{}", post.title.chars().take(60).collect::<String>()))
        }
    });
    // Why not a list of titles: that no text was seen says nothing of the text.
    if seen.source.is_ok() && listed && !lists_titles(account) {
        return Some(Again::GONE);
    }
    let page = fetcher.get(url?).await.ok()?;
    if matches!(page.status, 404 | 410) {
        return Some(Again::GONE);
    }
    let text = page.text();
    if !page.is_success() || blocked::recognise(page.status, &text).is_some() {
        return None;
    }
    let (rules, indicator) = (std::sync::Arc::clone(&office.rules), issue.indicator);
    let is_article = lists_titles(account);
    let hits = tokio::task::spawn_blocking(move || {
        let article = if is_article { articles::words(&page) } else { None };
        let (text, copy) = if let Some((text, _)) = article {
            (text, page_copy::of_page(&page))
        } else {
            let rows = attachment::lines(&page)?.join("\n");
            let copy = page_copy::of_read(&page, &rows);
            (rows, copy)
        };
        Some((look_through(&rules, &text, Part::Text), copy))
    });
    let (hits, copy) = hits.await.ok()??;
    let at_url = |hit: TextHit| TextHit { url: url.map(str::to_owned), ..hit };
    let there = hits.into_iter().map(at_url).any(|hit| hit.indicator == indicator && subject_of(&hit) == issue.subject);
    Some(Again { there, is_in_source: false, copy: copy.filter(|_| there) })
}
