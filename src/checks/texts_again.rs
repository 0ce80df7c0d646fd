//! Whether a wrong word or personal data is still where it was found.

use super::articles::{self, lists_titles};
use super::judge::{is_still_there, subject_of};
use super::seen::Observed;
use super::texts::{Part, TextHit, look_through};
use crate::domain::account::Account;
use crate::domain::issue::Issue;
use crate::domain::normal::normalise_url;
use crate::fetch::Fetcher;
use crate::office::Office;
use crate::sources::{attachment, blocked};

/// `Some(true)`: it is; `Some(false)`: the post was read and it is not; `None`: that cannot be said.
///
/// What the source no longer lists, and what a list shows by its title alone, is read at its own address. A post
/// that is gone is as good as corrected.
pub(super) async fn still_there(
    office: &Office,
    fetcher: &Fetcher,
    account: &Account,
    issue: &Issue,
    seen: &Observed,
) -> Option<bool> {
    if is_still_there(seen, issue.indicator, &issue.subject) {
        return Some(true);
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
        return Some(false);
    }
    let page = fetcher.get(url?).await.ok()?;
    if matches!(page.status, 404 | 410) {
        return Some(false);
    }
    let text = page.text();
    if !page.is_success() || blocked::recognise(page.status, &text).is_some() {
        return None;
    }
    let (rules, indicator) = (std::sync::Arc::clone(&office.rules), issue.indicator);
    let is_article = lists_titles(account);
    let hits = tokio::task::spawn_blocking(move || {
        let article = if is_article { articles::words(&page) } else { None };
        let text = article.map(|(text, _)| text).or_else(|| Some(attachment::lines(&page)?.join("\n")))?;
        Some(look_through(&rules, &text, Part::Text))
    });
    let hits = hits.await.ok()??;
    let at_url = |hit: TextHit| TextHit { url: url.map(str::to_owned), ..hit };
    Some(hits.into_iter().map(at_url).any(|hit| hit.indicator == indicator && subject_of(&hit) == issue.subject))
}
