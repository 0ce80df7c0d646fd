//! Opening the articles of a list (列表中的文章): where a source shows titles alone, the newest are read for
//! their words and links.
//!
//! Decisions:
//! - Only what lies on the list's own host: what lies elsewhere is somebody else's, and a link at most. An
//!   account's platform is not asked page by page either: it turns robots away, list and all.
//! - The newest of the window, a few; what was not opened, or could not be read, stays a title.
//! - An error page, a captcha, a notice that the content is gone give no words.
//! - A failure that our own outage would explain is one for the guard, once an account.

use std::collections::HashSet;
use std::panic::AssertUnwindSafe;

use sha2::{Digest as _, Sha256};
use url::Url;

use super::link::{LinkOutcome, judge_answer};
use super::observe::{READ_AT_ONCE, Scope, is_platform};
use super::seen::{ArticleSeen, Try};
use crate::domain::account::{Account, SourceKind};
use crate::domain::normal::normalise_url;
use crate::domain::post::{Post, Reading};
use crate::domain::sample::hex;
use crate::fetch::{Ask, Fetcher, Page};
use crate::sources::{self, attachment};

/// Articles opened of one account in one round.
const MOST_OPENED: usize = 10;
/// After so many in a row that did not come, the others are left alone.
const STOPS_AFTER: usize = 2;
/// Bytes read of an article.
const MAX_BODY: usize = 1024 * 1024;
/// Bytes read of what is no text.
const MAX_BINARY: usize = 16 * 1024;
/// Longest address that is asked, in bytes.
const MAX_URL: usize = 2000;

/// Whether an account's source lists titles whose texts stand elsewhere.
pub(super) const fn lists_titles(account: &Account) -> bool {
    matches!(account.source, Some(SourceKind::Html | SourceKind::Site))
}

/// What opening an account's articles came to.
#[derive(Debug, Default)]
pub(super) struct Opened {
    /// Those that were read.
    pub(super) articles: Vec<ArticleSeen>,
    /// Their pages, in the same order.
    pub(super) pages: Vec<Page>,
    /// The first failure that our own outage would explain.
    pub(super) maybe_ours: Option<String>,
}

impl Opened {
    /// Adds the failure, if there was one, to how the source's own asking went.
    pub(super) fn count_in(&mut self, tried: &mut Option<Try>) {
        if let (Some(why), Some(Try { maybe_ours: free @ None })) = (self.maybe_ours.take(), tried.as_mut()) {
            *free = Some(why);
        }
    }
}

/// Opens the newest articles of a list and puts their words and links into the reading.
pub(super) async fn open(
    fetcher: &Fetcher,
    account: &Account,
    list: &str,
    scope: Scope,
    reading: &mut Reading,
) -> Opened {
    let mut opened = Opened::default();
    let mut unanswered = 0;
    let settings = fetcher.settings();
    let ask = Ask { retries: settings.retries, max_binary: MAX_BINARY, ..Ask::once(settings.max_body.min(MAX_BODY)) };
    for at in pick(account, list, scope, &reading.posts) {
        if unanswered >= STOPS_AFTER {
            break;
        }
        let Some(post) = reading.posts.get_mut(at) else { continue };
        let Some(url) = post.url.clone() else { continue };
        let page = match fetcher.get_with(&url, ask).await {
            Ok(page) => page,
            Err(failure) => {
                unanswered += 1;
                if failure.kind.may_be_ours() && !fetcher.is_exempt_loopback(&url) {
                    opened.maybe_ours.get_or_insert_with(|| failure.kind.key().to_owned());
                }
                continue;
            }
        };
        unanswered = 0;
        // Why the host again: a page that was taken down may lead to another site's home page.
        let read = if is_on_host_of(&page.url, list) { read(page.clone()).await } else { None };
        if let Some((text, links)) = read {
            (post.text, post.links) = (text, links);
            let sha256 = hex(&Sha256::digest(&page.body));
            opened.articles.push(ArticleSeen { url, status: page.status, sha256 });
            opened.pages.push(page);
        }
    }
    opened
}

/// Places of the posts to open, the newest first.
fn pick(account: &Account, list: &str, scope: Scope, posts: &[Post]) -> Vec<usize> {
    let mut seen = HashSet::new();
    let mut own: Vec<(usize, &Post)> = posts.iter().enumerate().filter(|(_, post)| scope.covers(post)).collect();
    own.sort_by_key(|(at, post)| (std::cmp::Reverse(post.published_at), *at));
    let is_article = |post: &Post| {
        let Some(url) = post.url.as_deref() else { return false };
        post.text.is_empty()
            && url.len() <= MAX_URL
            && is_on_host_of(url, list)
            && !is_platform(account.platform, url)
            && attachment::kind_of(url).is_none()
            && normalise_url(url) != normalise_url(list)
    };
    own.into_iter()
        .filter(|(_, post)| is_article(post))
        .filter(|(_, post)| seen.insert(post.url.as_deref().and_then(normalise_url)))
        .map(|(at, _)| at)
        .take(MOST_OPENED)
        .collect()
}

fn is_on_host_of(url: &str, list: &str) -> bool {
    let host = |url: &str| {
        let url = Url::parse(url).ok()?;
        let host = url.host_str()?;
        Some((host.strip_prefix("www.").unwrap_or(host).to_owned(), url.port()))
    };
    host(url).is_some_and(|own| Some(own) == host(list))
}

/// The words and links of an article; `None` where the page is none, or cannot be read.
pub(super) fn words(page: &Page) -> Option<(String, Vec<String>)> {
    // Cut off in the middle, an article was not read.
    let is_whole = page.is_success() && page.is_text() && !page.truncated;
    if is_whole && judge_answer(page).0 == LinkOutcome::Ok { sources::read_article(page) } else { None }
}

async fn read(page: Page) -> Option<(String, Vec<String>)> {
    let is_long = page.body.len() > READ_AT_ONCE;
    let read = move || words(&page);
    if is_long {
        tokio::task::spawn_blocking(read).await.ok()?
    } else {
        // Why: one page that makes the program stumble costs its own words, and no other's.
        std::panic::catch_unwind(AssertUnwindSafe(read)).ok()?
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_article_counts_once_and_not_over_the_source_s_own() {
        let failed = |why: &str| Opened { maybe_ours: Some(why.to_owned()), ..Opened::default() };
        let mut tried = Some(Try { maybe_ours: None });
        failed("timeout").count_in(&mut tried);
        failed("reset").count_in(&mut tried);
        assert_eq!(tried, Some(Try { maybe_ours: Some("timeout".to_owned()) }));
        let mut never = None;
        failed("timeout").count_in(&mut never);
        assert_eq!(never, None);
    }

    #[test]
    fn an_article_lies_on_the_host_of_its_list() {
        let list = "https://www.yunxi.example.cn/list/";
        for own in ["https://www.yunxi.example.cn/t/1.html", "http://yunxi.example.cn/t/1.html"] {
            assert!(is_on_host_of(own, list), "{own}");
        }
        for other in [
            "https://news.yunxi.example.cn/1",
            "https://www.example.cn/1",
            "https://www.yunxi.example.cn:8443/1",
            "mailto:x",
        ] {
            assert!(!is_on_host_of(other, list), "{other}");
        }
    }
}
