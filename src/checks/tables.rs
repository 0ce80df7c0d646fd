//! Tables that posts link to: fetched and read, a few an account; one that many accounts link to, once a run.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex};

use tokio::sync::OnceCell;

use super::texts::Texts;
use crate::domain::normal::normalise_url;
use crate::domain::post::Post;
use crate::domain::rule::{Indicator, RuleSet};
use crate::fetch::{Ask, Fetcher};
use crate::sources::attachment;

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
    async fn read(&self, rules: &Arc<RuleSet>, fetcher: &Fetcher, linked: &Linked) -> Option<Texts> {
        let key = normalise_url(&linked.url).unwrap_or_else(|| linked.url.clone());
        let cell = match self.tables.lock() {
            Ok(mut tables) if tables.len() < MOST_TABLES || tables.contains_key(&key) => {
                Arc::clone(tables.entry(key).or_default())
            }
            _ => Arc::default(),
        };
        let mut found = cell.get_or_init(|| read_one(rules, fetcher, linked.url.clone())).await.clone()?;
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

/// The tables to read: linked files first, then as many other pages as the rule set allows.
pub(super) fn pick<'p>(rules: &RuleSet, posts: &(impl Iterator<Item = &'p Post> + Clone)) -> Vec<Linked> {
    if !rules.checks(Indicator::Privacy) {
        return Vec::new();
    }
    let mut seen = HashSet::new();
    let mut choose = |wanted: fn(&str) -> bool, most: usize| -> Vec<Linked> {
        let links = posts.clone().flat_map(|post| post.links.iter().map(move |url| (url, post)));
        links
            .filter(|(url, _)| url.len() <= MOST_URL && wanted(url))
            .filter(|(url, _)| seen.insert(normalise_url(url).unwrap_or_else(|| (*url).clone())))
            .take(most)
            .map(|(url, post)| Linked { url: url.clone(), title: post.title.clone() })
            .collect()
    };
    let mut picked = choose(attachment::is_attachment, rules.privacy.attachments);
    picked.extend(choose(|url| !attachment::is_attachment(url), rules.privacy.pages));
    picked
}

/// Reads the tables; one that does not answer or cannot be read is counted, and accuses nobody.
pub(super) async fn read(
    rules: &Arc<RuleSet>,
    fetcher: &Fetcher,
    book: &TableBook,
    linked: &[Linked],
    mut texts: Texts,
) -> Texts {
    for linked in linked {
        match book.read(rules, fetcher, linked).await {
            Some(one) => texts.join(one),
            None => texts.read.tables_unread += 1,
        }
    }
    texts
}

async fn read_one(rules: &Arc<RuleSet>, fetcher: &Fetcher, url: String) -> Option<Texts> {
    let max_body = LARGEST.max(fetcher.settings().max_body);
    let page = fetcher.get_with(&url, Ask::once(max_body)).await.ok()?;
    let rules = Arc::clone(rules);
    // Why: unpacking takes its time, and would hold up every other look.
    let read = tokio::task::spawn_blocking(move || {
        let mut one = Texts::default();
        let lines = attachment::lines(&page)?;
        one.add_table(&rules, &url, "", &lines);
        Some(one)
    });
    read.await.ok()?
}
