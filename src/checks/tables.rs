//! Tables that posts link to: fetched and read, a few an account; one that many accounts link to, once a run.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex};

use tokio::sync::OnceCell;

use super::seen::PageSeen;
use super::texts::Texts;
use crate::domain::normal::normalise_url;
use crate::domain::post::Post;
use crate::domain::rule::{Indicator, RuleSet};
use crate::fetch::{Ask, Fetcher};
use crate::office::Office;
use crate::sources::attachment::{self, FileKind};

/// Bytes of a linked file that are read, where the settings allow as much.
const LARGEST: usize = 8 * 1024 * 1024;
/// Longest address that is asked, in bytes.
const MOST_URL: usize = 2000;

/// Tables remembered in a run; those beyond are read each time.
const MOST_TABLES: usize = 100_000;

/// Tables already read in this run: what was found in each, `None` where it could not be read.
#[derive(Debug, Default)]
pub(super) struct TableBook {
    tables: Mutex<HashMap<String, Arc<OnceCell<Option<Texts>>>>>,
}

impl TableBook {
    async fn read(&self, office: &Office, fetcher: &Fetcher, linked: &Linked) -> Option<Texts> {
        let key = normalise_url(&linked.url).unwrap_or_else(|| linked.url.clone());
        let cell = match self.tables.lock() {
            Ok(mut tables) if tables.len() < MOST_TABLES || tables.contains_key(&key) => {
                Arc::clone(tables.entry(key).or_default())
            }
            _ => Arc::default(),
        };
        let mut found = cell.get_or_init(|| read_one(office, fetcher, &linked.url)).await.clone()?;
        // Each account's finding bears its own post's title, and the address as it stands there.
        for hit in &mut found.hits {
            hit.url = Some(linked.url.clone());
            hit.title.clone_from(&linked.title);
        }
        Some(found)
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

/// The tables to read, and how many files there are besides.
pub(super) fn pick<'p>(rules: &RuleSet, posts: &(impl Iterator<Item = &'p Post> + Clone)) -> Linkeds {
    if !rules.checks(Indicator::Privacy) {
        return Linkeds::default();
    }
    let (most, mut pages) = (rules.privacy.attachments, rules.privacy.pages);
    let mut seen = HashSet::new();
    let (mut files, mut others, mut linked) = (Vec::new(), Vec::new(), Linkeds::default());
    let links = posts.clone().flat_map(|post| post.links.iter().map(move |url| (url, post)));
    for (url, post) in links.filter(|(url, _)| seen.insert(normalise_url(url).unwrap_or_else(|| (*url).clone()))) {
        let one = || Linked { url: url.clone(), title: post.title.clone() };
        let fits = url.len() <= MOST_URL;
        match attachment::kind_of(url) {
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

/// Reads the tables; one that does not answer or cannot be read is counted, and accuses nobody.
pub(super) async fn read(
    office: &Office,
    fetcher: &Fetcher,
    book: &TableBook,
    linked: Linkeds,
    mut texts: Texts,
) -> Texts {
    texts.read.tables_left_out = linked.left_out;
    texts.read.documents = linked.documents;
    for linked in &linked.read {
        match book.read(office, fetcher, linked).await {
            Some(one) => texts.join(one),
            None => texts.read.tables_unread += 1,
        }
    }
    texts
}

async fn read_one(office: &Office, fetcher: &Fetcher, url: &str) -> Option<Texts> {
    let max_body = LARGEST.max(fetcher.settings().max_body);
    let page = fetcher.get_with(url, Ask::once(max_body)).await.ok()?;
    let (rules, now) = (Arc::clone(&office.rules), office.now());
    // Why: unpacking takes its time, and would hold up every other look.
    let read = tokio::task::spawn_blocking(move || {
        let mut one = Texts::default();
        let lines = attachment::lines(&page)?;
        one.add_table(&rules, &PageSeen::of(&page, now), &lines);
        Some(one)
    });
    read.await.ok()?
}
