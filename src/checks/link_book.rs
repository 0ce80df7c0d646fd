//! Links already looked at in a run: a URL that many accounts share is fetched once.
//!
//! URLs of one normal form share the look that opened. Any other verdict is that of the very URL
//! it was given on: a parameter that mostly says how a reader came may name the page after all.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use chrono::{DateTime, Utc};
use sha2::{Digest, Sha256};
use tokio::sync::OnceCell;

use super::link::{self, LinkLook, LinkOutcome, LinkReason};
use super::link_site::Sites;
use super::tables::TableReader;
use crate::domain::normal::normalise_url;
use crate::domain::page_copy::PageCopy;
use crate::fetch::{Fetcher, Hop};

/// Links already looked at in this run: a URL that many accounts share is fetched once.
#[derive(Debug, Default)]
pub(super) struct LinkBook {
    links: Mutex<HashMap<Key, Arc<OnceCell<Kept>>>>,
    sites: Sites,
    /// Bytes of the copies held.
    copied: AtomicUsize,
}

/// A URL in short.
type Key = [u8; 16];

/// Copies of pages held for accounts that share a broken link, in bytes; beyond that the account that
/// looked stores its own, and the others name its hash.
const MOST_COPIED: usize = 64 * 1024 * 1024;

/// A look as it is kept: small, as there may be a hundred thousand of them.
#[derive(Debug)]
struct Kept {
    /// What was asked, as given.
    asked: Key,
    outcome: LinkOutcome,
    reason: LinkReason,
    status: Option<u16>,
    attempts: u32,
    elapsed_ms: u32,
    /// Where it led, when not to itself.
    elsewhere: Option<Box<str>>,
    answered: bool,
    chain: Box<[Hop]>,
    snippet: Box<str>,
    sha256: Option<Box<str>>,
    fetched_at: DateTime<Utc>,
    /// Of a broken or suspected link alone.
    copy: Option<Arc<PageCopy>>,
}

impl LinkBook {
    pub(super) async fn look(&self, fetcher: &Fetcher, url: &str, now: DateTime<Utc>) -> LinkLook {
        self.look_by(fetcher, url, now, None).await
    }

    /// Looks at links, one after another.
    pub(super) async fn look_at_all(&self, fetcher: &Fetcher, urls: &[String], now: DateTime<Utc>) -> Vec<LinkLook> {
        let mut looks = Vec::with_capacity(urls.len());
        for url in urls {
            looks.push(self.look(fetcher, url, now).await);
        }
        looks
    }

    /// [`look`](Self::look) at what is read as a table besides, by the `reader`: asked for once.
    pub(super) async fn look_and_read(
        &self,
        fetcher: &Fetcher,
        url: &str,
        now: DateTime<Utc>,
        reader: &TableReader<'_>,
    ) -> LinkLook {
        self.look_by(fetcher, url, now, Some(reader)).await
    }

    async fn look_by(
        &self,
        fetcher: &Fetcher,
        url: &str,
        now: DateTime<Utc>,
        reader: Option<&TableReader<'_>>,
    ) -> LinkLook {
        let own = key("given", url.split_once('#').map_or(url, |(url, _)| url));
        let normal = normalise_url(url).map_or(own, |url| key("normal", &url));
        // What this very look copied, also where the book has no room for it.
        let copy = Mutex::new(None);
        let look = async || {
            let mut look = match reader {
                // Why boxed: few links are tables, and every look that waits has room for this one.
                Some(reader) => Box::pin(reader.look(&self.sites, url, now)).await,
                None => link::verify_at(fetcher, &self.sites, url, now).await,
            };
            if let Ok(mut copy) = copy.lock() {
                copy.clone_from(&look.copy);
            }
            look.copy = look.copy.filter(|copy| self.has_room_for(copy));
            Kept::of(own, look)
        };
        let shared = self.cell(normal);
        let kept = shared.get_or_init(&look).await;
        let told = if kept.outcome == LinkOutcome::Ok || kept.asked == own {
            kept.look_of(url)
        } else {
            self.cell(own).get_or_init(&look).await.look_of(url)
        };
        LinkLook { copy: copy.into_inner().ok().flatten().or(told.copy), ..told }
    }

    fn cell(&self, key: Key) -> Arc<OnceCell<Kept>> {
        match self.links.lock() {
            Ok(mut links) => Arc::clone(links.entry(key).or_default()),
            Err(_) => Arc::default(),
        }
    }

    fn has_room_for(&self, copy: &PageCopy) -> bool {
        self.copied.fetch_add(copy.gzip.len(), Ordering::Relaxed) < MOST_COPIED
    }
}

/// A URL in short, apart by the form it is in.
fn key(form: &str, url: &str) -> Key {
    let digest = Sha256::new().chain_update(form).chain_update(" ").chain_update(url).finalize();
    let mut key = [0; 16];
    key.copy_from_slice(digest.get(..16).unwrap_or(&[0; 16]));
    key
}

impl Kept {
    fn of(asked: Key, look: LinkLook) -> Self {
        Self {
            asked,
            outcome: look.outcome,
            reason: look.reason,
            status: look.status,
            attempts: look.attempts,
            elapsed_ms: u32::try_from(look.elapsed_ms).unwrap_or(u32::MAX),
            answered: look.final_url.is_some(),
            elsewhere: look.final_url.filter(|at| *at != look.url).map(String::into_boxed_str),
            chain: look.chain.into_boxed_slice(),
            snippet: look.snippet.into_boxed_str(),
            sha256: look.sha256.map(String::into_boxed_str),
            fetched_at: look.fetched_at,
            copy: look.copy,
        }
    }

    fn look_of(&self, url: &str) -> LinkLook {
        let there = || self.elsewhere.as_deref().unwrap_or(url).to_owned();
        LinkLook {
            url: url.to_owned(),
            outcome: self.outcome,
            status: self.status,
            reason: self.reason,
            final_url: self.answered.then(there),
            attempts: self.attempts,
            elapsed_ms: u64::from(self.elapsed_ms),
            chain: self.chain.to_vec(),
            snippet: self.snippet.clone().into_string(),
            sha256: self.sha256.clone().map(str::into_string),
            fetched_at: self.fetched_at,
            copy: self.copy.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fetch::world::{fetcher, settings, start};

    /// `once404` is missing at first: whoever asks later for another address finds it, and is not charged with that.
    #[tokio::test]
    async fn only_what_opens_is_shared_by_urls_that_differ() {
        let base = start().await;
        let (book, fetcher, now) = (LinkBook::default(), fetcher(settings()), DateTime::UNIX_EPOCH);
        let look = async |path: &str| book.look(&fetcher, &format!("{base}{path}"), now).await;
        for (path, wanted) in [
            ("/picky?utm_source=1", LinkOutcome::Broken),
            ("/picky?utm_source=2", LinkOutcome::Ok),
            ("/picky?utm_source=1#top", LinkOutcome::Broken),
            ("/picky", LinkOutcome::Broken),
        ] {
            assert_eq!(look(path).await.outcome, wanted, "{path}");
        }
        assert_eq!(look("/once404?utm_source=1").await.reason, LinkReason::Recovered);
        assert_eq!(look("/once404?utm_source=2").await.reason, LinkReason::Recovered, "one look for both");
    }
}
