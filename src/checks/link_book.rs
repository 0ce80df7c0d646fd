//! Links already looked at in a run: a URL that many accounts share is fetched once.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use chrono::{DateTime, Utc};
use sha2::{Digest, Sha256};
use tokio::sync::OnceCell;

use super::link::{self, LinkLook, LinkOutcome, LinkReason};
use super::link_site::Sites;
use crate::domain::normal::normalise_url;
use crate::domain::page_copy::PageCopy;
use crate::fetch::{Fetcher, Hop};

/// Links already looked at in this run: a URL that many accounts share is fetched once.
#[derive(Debug, Default)]
pub struct LinkBook {
    links: Mutex<HashMap<[u8; 16], Arc<OnceCell<Kept>>>>,
    sites: Sites,
    /// Bytes of the copies held.
    copied: AtomicUsize,
}

/// Copies of pages held for accounts that share a broken link, in bytes; beyond that the account that
/// looked stores its own, and the others name its hash.
const MOST_COPIED: usize = 64 * 1024 * 1024;

/// A look as it is kept: small, as there may be a hundred thousand of them.
#[derive(Debug)]
struct Kept {
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
        let key = normalise_url(url).unwrap_or_else(|| url.to_owned());
        let digest = Sha256::digest(key.as_bytes());
        let mut short = [0; 16];
        short.copy_from_slice(digest.get(..16).unwrap_or(&[0; 16]));
        let cell = match self.links.lock() {
            Ok(mut links) => Arc::clone(links.entry(short).or_default()),
            Err(_) => Arc::default(),
        };
        let mut own = None;
        let look = async {
            let mut look = link::verify_at(fetcher, &self.sites, url, now).await;
            own.clone_from(&look.copy);
            look.copy = look.copy.filter(|copy| self.has_room_for(copy));
            Kept::from(look)
        };
        let look = cell.get_or_init(|| look).await.look_of(url);
        LinkLook { copy: own.or(look.copy), ..look }
    }

    fn has_room_for(&self, copy: &PageCopy) -> bool {
        self.copied.fetch_add(copy.gzip.len(), Ordering::Relaxed) < MOST_COPIED
    }
}

impl From<LinkLook> for Kept {
    fn from(look: LinkLook) -> Self {
        Self {
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
}

impl Kept {
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
