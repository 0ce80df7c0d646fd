//! Tables that posts link to: fetched and read, a few an account; one that many accounts link to, once a run.
//!
//! What is looked at as a link too is asked for once: the look at the link hands the table over.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use chrono::{DateTime, Utc};
use tokio::sync::OnceCell;

use super::link::{self, LinkLook, LinkOutcome};
use super::link_site::Sites;
use super::page_copy;
use super::seen::PageSeen;
use super::texts::Texts;
use crate::domain::normal::normalise_url;
use crate::domain::page_copy::PageCopy;
use crate::domain::post::Post;
use crate::domain::rule::{Indicator, RuleSet};
use crate::fetch::{Ask, Fetcher, Page};
use crate::office::Office;
use crate::sources::attachment::{self, FileKind};

/// Bytes of a linked file that are read, where the settings allow as much.
const LARGEST: usize = 8 * 1024 * 1024;
/// Longest address that is asked, in bytes.
const MOST_URL: usize = 2000;

/// Tables remembered in a run; those beyond are read each time.
const MOST_TABLES: usize = 100_000;

/// Copies of tables held in a run, in bytes; beyond that a finding names the hash alone.
const MOST_COPIED: usize = 64 * 1024 * 1024;

/// Tables already read in this run: what was found in each, `None` where it could not be read.
#[derive(Debug, Default)]
pub(super) struct TableBook {
    tables: Mutex<HashMap<String, Arc<OnceCell<Option<Texts>>>>>,
    /// Bytes of the copies held.
    copied: AtomicUsize,
}

impl TableBook {
    fn cell(&self, url: &str) -> Arc<OnceCell<Option<Texts>>> {
        let key = normalise_url(url).unwrap_or_else(|| url.to_owned());
        match self.tables.lock() {
            Ok(mut tables) if tables.len() < MOST_TABLES || tables.contains_key(&key) => {
                Arc::clone(tables.entry(key).or_default())
            }
            _ => Arc::default(),
        }
    }

    fn has_room_for(&self, copy: &PageCopy) -> bool {
        self.copied.fetch_add(copy.gzip.len(), Ordering::Relaxed) < MOST_COPIED
    }
}

/// Who reads tables, for one account.
pub(super) struct TableReader<'r> {
    pub(super) office: &'r Office,
    pub(super) fetcher: &'r Fetcher,
    pub(super) book: &'r TableBook,
}

impl TableReader<'_> {
    /// Looks at a link that is a table to be read, and reads it where nobody has.
    pub(super) async fn look(&self, sites: &Sites, url: &str, now: DateTime<Utc>) -> LinkLook {
        let (fetcher, cell) = (self.fetcher, self.book.cell(url));
        if cell.initialized() {
            return link::verify_at(fetcher, sites, url, now).await;
        }
        let (look, page) = link::verify_whole(fetcher, sites, url, now, most(fetcher)).await;
        // A link that works after a table that did not come: it is asked for once more when the tables are read.
        if page.as_ref().is_some_and(Page::is_success) || look.outcome != LinkOutcome::Ok {
            let read = async || self.read_page(page?).await;
            cell.get_or_init(read).await;
        }
        look
    }

    /// Reads the tables; one that does not answer or cannot be read is counted, and accuses nobody.
    pub(super) async fn read(&self, linked: Linkeds, mut texts: Texts) -> Texts {
        texts.read.tables_left_out = linked.left_out;
        texts.read.documents = linked.documents;
        for linked in &linked.read {
            match self.read_one(linked).await {
                Some(one) => texts.join(one),
                None => texts.read.tables_unread += 1,
            }
        }
        texts
    }

    async fn read_one(&self, linked: &Linked) -> Option<Texts> {
        let fetch = async || {
            let page = self.fetcher.get_with(&linked.url, Ask::once(most(self.fetcher))).await.ok()?;
            self.read_page(page).await
        };
        let mut found = self.book.cell(&linked.url).get_or_init(fetch).await.clone()?;
        // Each account's finding bears its own post's title, and the address as it stands there.
        for hit in &mut found.hits {
            hit.url = Some(linked.url.clone());
            hit.title.clone_from(&linked.title);
        }
        Some(found)
    }

    async fn read_page(&self, page: Page) -> Option<Texts> {
        let (rules, now) = (Arc::clone(&self.office.rules), self.office.now());
        // Why: unpacking takes its time, and would hold up every other look.
        let read = tokio::task::spawn_blocking(move || {
            let mut one = Texts::default();
            let rows = attachment::lines(&page)?.join("\n");
            let seen = PageSeen::of(&page, now);
            if one.add_table(&rules, &seen, &rows) {
                one.copies.push(Arc::new(page_copy::of_table(&page, seen.sha256, &rows)));
            }
            Some(one)
        });
        let mut read = read.await.ok()??;
        read.copies.retain(|copy| self.book.has_room_for(copy));
        Some(read)
    }
}

/// A link to be read: its address, and the title of the post that has it.
pub(super) struct Linked {
    pub(super) url: String,
    pub(super) title: String,
}

/// What the posts of an account link to.
#[derive(Default)]
pub(super) struct Linkeds {
    /// What is to be read: linked files first, then as many other pages as the rule set allows.
    read: Vec<Linked>,
    /// Tables beyond that, and those of a kind that cannot be read.
    left_out: usize,
    /// Documents and archives, which are not read.
    documents: usize,
}

impl Linkeds {
    /// Whether this very address is to be read.
    pub(super) fn holds(&self, url: &str) -> bool {
        self.read.iter().any(|linked| linked.url == url)
    }
}

/// The tables to read, and how many files there are besides.
pub(super) fn pick<'p>(rules: &RuleSet, posts: &(impl Iterator<Item = &'p Post> + Clone)) -> Linkeds {
    if !rules.checks(Indicator::Privacy) {
        return Linkeds::default();
    }
    let (most, mut pages) = (rules.privacy.attachments, rules.privacy.pages);
    let mut seen = HashSet::new();
    let (mut files, mut others, mut linked) = (Vec::new(), Vec::new(), Linkeds::default());
    let links = posts.clone().flat_map(|post| post.links.iter().map(move |url| (url, post)));
    for (url, post) in links {
        let kind = attachment::kind_of(url);
        // Why first: most links are neither, and the normal form of a URL takes its time.
        if (kind.is_none() && pages == 0) || !seen.insert(normalise_url(url).unwrap_or_else(|| url.clone())) {
            continue;
        }
        let one = || Linked { url: url.clone(), title: post.title.clone() };
        let fits = url.len() <= MOST_URL;
        match kind {
            Some(FileKind::Readable) if fits && files.len() < most => files.push(one()),
            Some(FileKind::Readable | FileKind::OtherTable) => linked.left_out += 1,
            Some(FileKind::Document) => linked.documents += 1,
            None if fits && pages > 0 => {
                pages -= 1;
                others.push(one());
            }
            None => {}
        }
    }
    files.extend(others);
    Linkeds { read: files, ..linked }
}

/// Bytes of a table that are read.
fn most(fetcher: &Fetcher) -> usize {
    LARGEST.max(fetcher.settings().max_body)
}
