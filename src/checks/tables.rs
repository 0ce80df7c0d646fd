//! Tables that posts link to: fetched and read, a few an account.

use std::collections::HashSet;
use std::sync::Arc;

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
pub(super) async fn read(rules: &Arc<RuleSet>, fetcher: &Fetcher, linked: Vec<Linked>, mut texts: Texts) -> Texts {
    let max_body = LARGEST.max(fetcher.settings().max_body);
    for Linked { url, title } in linked {
        let Ok(page) = fetcher.get_with(&url, Ask::once(max_body)).await else {
            texts.read.tables_unread += 1;
            continue;
        };
        let rules = Arc::clone(rules);
        // Why: unpacking takes its time, and would hold up every other look.
        let read = tokio::task::spawn_blocking(move || {
            let mut one = Texts::default();
            let lines = attachment::lines(&page)?;
            one.add_table(&rules, &url, &title, &lines);
            Some(one)
        });
        match read.await {
            Ok(Some(one)) => texts.join(one),
            _ => texts.read.tables_unread += 1,
        }
    }
    texts
}
