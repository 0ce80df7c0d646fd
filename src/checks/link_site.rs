//! What only the site itself can tell: how it answers when there is nothing to answer with.
//!
//! Many sites answer any address with success and a friendly page, or send the reader home. Such a
//! site is asked once a run for an address that cannot exist; a link that gets the same answer
//! leads nowhere. Only ever a suspicion: three looks on two days, then a person.
//!
//! Decisions:
//! - A shell that a script fills (nearly no words of its own) is the same for every address, good
//!   or bad: nothing is concluded from it.
//! - The home page, and what looks like one, is never suspected: a site may serve it everywhere.
//! - A link that is sent home is suspected in a round only where the site sends an impossible
//!   address home too: a page that was closed and forwarded on purpose is no broken link. A look
//!   that knows nothing of the site says that it saw the home page, and a person looks.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex, PoisonError};

use rand::RngExt as _;
use sha2::{Digest, Sha256};
use tokio::sync::OnceCell;
use url::{Position, Url};

use super::link::LinkReason;
use super::page_copy::Copies;
use super::soft404;
use crate::fetch::{Ask, Fetcher, Page};
use crate::sources::blocked;
use crate::sources::skim::skim;

/// Sites remembered in a run; beyond that none is asked.
const MOST_SITES: usize = 100_000;

/// Bytes of a page that are compared; a longer one is not.
const MAX_BODY: usize = 1024 * 1024;

/// A page with fewer letters of its own is a shell or a message, not a page to compare.
const FEWEST_LETTERS: usize = 40;

/// With a script on the page its own letters have to be more than a "please enable JavaScript".
const FEWEST_BESIDE_SCRIPT: usize = 120;

/// How a site answers an address that does not exist.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Missing {
    /// It says so, or nothing can be told.
    Told,
    /// It sends the reader to its home page.
    Home,
    /// With success and this page.
    Page(Print),
}

/// A page known by its title and words, numbers and its own address aside.
type Print = [u8; 16];

/// How the sites of a run answer; each is asked once.
#[derive(Debug)]
pub(super) struct Sites {
    /// Hard to collide with, and plainly ours in a site's log.
    path: String,
    known: Mutex<HashMap<Box<str>, Arc<OnceCell<Missing>>>>,
    /// Of the pages that links to them led to.
    pub(super) copies: Copies,
}

impl Default for Sites {
    fn default() -> Self {
        let path = format!("/xuncha-link-check-{:032x}.html", rand::rng().random::<u128>());
        Self { path, known: Mutex::default(), copies: Copies::default() }
    }
}

impl Sites {
    /// Whether the site of `url` is known to say so where there is nothing.
    fn tells(&self, url: &str) -> bool {
        let path = url.find("://").and_then(|at| url.get(at + 3..)?.find('/').map(|length| at + 3 + length));
        let Some(site) = path.and_then(|at| url.get(..at)) else { return false };
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(site).and_then(|cell| cell.get()) == Some(&Missing::Told)
    }

    async fn missing(&self, fetcher: &Fetcher, url: &Url) -> Missing {
        let site = &url[..Position::BeforePath];
        let cell = {
            let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
            if known.len() >= MOST_SITES && !known.contains_key(site) {
                return Missing::Told;
            }
            Arc::clone(known.entry(site.into()).or_default())
        };
        *cell.get_or_init(|| self.ask(fetcher, site)).await
    }

    async fn ask(&self, fetcher: &Fetcher, site: &str) -> Missing {
        let address = format!("{site}{}", self.path);
        let ask = Ask { onward: Some(super::link_judge::onward), ..Ask::once(MAX_BODY) };
        let Ok(page) = fetcher.get_with(&address, ask).await else { return Missing::Told };
        if !page.is_success() || !page.is_text() {
            return Missing::Told;
        }
        if is_sent_home(&address, &page) {
            return Missing::Home;
        }
        let text = page.text_cow();
        let seen = skim(&text, 600);
        if soft404::says_not_found(&seen) || blocked::recognise_skimmed(page.status, &text, &seen).is_some() {
            return Missing::Told;
        }
        print_of(&page, &text).map_or(Missing::Told, Missing::Page)
    }
}

/// Why a page that answered with success may yet not be what was linked to.
pub(super) async fn doubt(
    fetcher: &Fetcher,
    sites: Option<&Sites>,
    asked: &str,
    page: &Page,
    text: Option<&str>,
) -> Option<LinkReason> {
    if is_sent_home(asked, page) {
        // Why: one look knows no more than that a success stands at the end; a round asks the site.
        let confirmed = sites?.missing(fetcher, &Url::parse(asked).ok()?).await == Missing::Home;
        return confirmed.then_some(LinkReason::RedirectedHome);
    }
    let (sites, text) = (sites?, text?);
    if sites.tells(&page.url) {
        return None;
    }
    let url = Url::parse(&page.url).ok()?;
    if !is_deep(&url) {
        return None;
    }
    match sites.missing(fetcher, &url).await {
        Missing::Page(print) => (print_of(page, text)? == print).then_some(LinkReason::SameAsMissing),
        Missing::Told | Missing::Home => None,
    }
}

/// Asked for a page below, and came out on the home page of the same host.
fn is_sent_home(asked: &str, page: &Page) -> bool {
    if page.chain.is_empty() {
        return false;
    }
    let (Ok(asked), Ok(got)) = (Url::parse(asked.trim()), Url::parse(&page.url)) else { return false };
    let same = |url: &Url| url.host_str().map(|host| host.strip_prefix("www.").unwrap_or(host).to_owned());
    same(&asked) == same(&got) && is_home(&got) && is_deep(&asked)
}

/// Names of files that are a folder's front page.
const FRONT: &[&str] = &["index", "default", "home", "main"];

fn is_front(segment: &str) -> bool {
    let stem = segment.split('.').next().unwrap_or_default();
    FRONT.iter().any(|front| stem.eq_ignore_ascii_case(front))
}

/// The front page of a site.
fn is_home(url: &Url) -> bool {
    let mut segments = url.path_segments().into_iter().flatten().filter(|segment| !segment.is_empty());
    url.query().is_none_or(str::is_empty) && segments.next().is_none_or(is_front) && segments.next().is_none()
}

/// A page of its own: below a folder, or a file, and no front page of a first folder.
fn is_deep(url: &Url) -> bool {
    let segments: Vec<&str> = url.path_segments().into_iter().flatten().filter(|segment| !segment.is_empty()).collect();
    match segments.as_slice() {
        [] => false,
        [only] => !is_front(only) && only.contains('.'),
        [_, front] if is_front(front) => false,
        _ => true,
    }
}

/// What a page is known by; `None` where too little of it is its own, or it was not read whole.
fn print_of(page: &Page, text: &str) -> Option<Print> {
    if page.truncated {
        return None;
    }
    let seen = skim(text, usize::MAX);
    let url = Url::parse(&page.url).ok()?;
    let own = url.path_segments()?.next_back().unwrap_or_default();
    let mut words = seen.title;
    let _ = write!(words, "\n{}", seen.visible);
    // Such a page may name what was asked for.
    let words = words.replace(url.path(), "");
    let words = if own.is_empty() { words } else { words.replace(own, "") };
    let letters: String = words.chars().filter(|c| c.is_alphabetic()).collect();
    let has_script = text.contains("<script") || text.contains("<SCRIPT");
    let fewest = if has_script { FEWEST_BESIDE_SCRIPT } else { FEWEST_LETTERS };
    if letters.chars().count() < fewest {
        return None;
    }
    Sha256::digest(letters.as_bytes()).get(..16)?.try_into().ok()
}

#[cfg(test)]
#[path = "link_site_tests.rs"]
mod tests;
