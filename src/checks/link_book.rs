//! Links already looked at in a run: a URL that many accounts share is fetched once.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use chrono::{DateTime, Utc};
use sha2::{Digest, Sha256};
use tokio::sync::OnceCell;

use super::link::{self, LinkLook};
use crate::domain::normal::normalise_url;
use crate::fetch::Fetcher;

/// Links already looked at in this run: a URL that many accounts share is fetched once.
#[derive(Debug, Default)]
pub struct LinkBook(Mutex<HashMap<[u8; 16], Arc<OnceCell<LinkLook>>>>);

impl LinkBook {
    pub(super) async fn look(&self, fetcher: &Fetcher, url: &str, now: DateTime<Utc>) -> LinkLook {
        let key = normalise_url(url).unwrap_or_else(|| url.to_owned());
        let digest = Sha256::digest(key.as_bytes());
        let mut short = [0; 16];
        short.copy_from_slice(digest.get(..16).unwrap_or(&[0; 16]));
        let cell = match self.0.lock() {
            Ok(mut book) => Arc::clone(book.entry(short).or_default()),
            Err(_) => Arc::default(),
        };
        let look = cell.get_or_init(|| link::verify(fetcher, url, now)).await.clone();
        LinkLook { url: url.to_owned(), ..look }
    }
}
