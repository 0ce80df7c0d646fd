//! `html` 网页列表: a column page of dated links.
//!
//! With the option `item` the page is read by CSS selectors (`item`, and within it `title`,
//! `link`, `date`, `date_attr`). Without it the list is found: every date on the page is
//! tied to the link it stands beside, dates of the same make are one list, and the list
//! with the most to read wins. Only when no date is shown are the dates in paths believed:
//! a content system dates its files when they are made, not when they are published. Where a
//! newer dated link stands outside that list, articles without any date stand together outside
//! it, or a frame shows another page of the site, the list may be the wrong one: its silence proves nothing. Rows of the list without a date that can be read are posts all the same.

mod beside;
mod lists;
mod rows;

use std::collections::{HashMap, HashSet};

use scraper::{ElementRef, Html, Node, Selector};
use serde_json::{Map, Value};
use url::Url;

use chrono::{DateTime, FixedOffset};

use super::{OptionProblem, ReadContext, Unreadable, article, dates, markup};
use crate::domain::oddity::Oddity;
use crate::domain::post::{Coverage, Post, Profile, Reading};

use rows::Found;

pub(super) use lists::lists;

/// A list has at least this many dated links.
const SHORTEST_LIST: usize = 2;

/// Dates in paths prove less, so more of them are asked for.
const SHORTEST_PATH_LIST: usize = 3;

/// Nodes in an element that is a date and nothing else.
const DATE_NODES: usize = 16;

/// Characters read of one item.
const ITEM_TEXT: usize = 600;

/// Longest text of an element that is a date and nothing else.
const DATE_TEXT: usize = 40;

/// An item is looked for this far above its date.
const ITEM_ABOVE: usize = 6;

/// Items read of one page.
const MOST_ITEMS: usize = 2000;

/// Dates looked at on one page.
const MOST_DATES: usize = 4000;

/// Nodes looked through for the link beside a date.
const BESIDE: usize = 2000;

/// Titles longer than this say no more about how much there is to read.
const TITLE_WEIGHT: usize = 30;

type Instant = DateTime<FixedOffset>;

pub(super) fn read(
    url: &str,
    text: &str,
    options: &Map<String, Value>,
    context: &ReadContext,
) -> Result<Reading, Unreadable> {
    if markup::is_hostile(text) {
        return Err(Unreadable::Malformed("the page is nested too deeply".to_owned()));
    }
    let document = Html::parse_document(text);
    let base = base_of(&document, url);
    let page = Page { document: &document, base: base.as_ref(), context };
    let mut warnings = Vec::new();
    let (posts, coverage) = if let Some(selectors) = Selectors::read(options)? {
        let posts = page.select(&selectors)?;
        let doubt = (posts.len() >= MOST_ITEMS).then_some(Oddity::TooMany);
        warnings.extend(doubt);
        (posts, if doubt.is_some() { Coverage::Part } else { Coverage::Whole })
    } else {
        let list = page.detect();
        let titles = list.iter().flat_map(|(posts, _)| posts).map(|post| post.title.as_str());
        match article::recognise(&document, url, base.as_ref(), titles, context) {
            article::Kind::Article(post) => (vec![*post], Coverage::Part),
            article::Kind::Undated => return Err(Unreadable::NoDates),
            article::Kind::List => {
                let (posts, doubt) = list?;
                warnings.extend(doubt);
                (posts, if doubt.is_some() { Coverage::Part } else { Coverage::Whole })
            }
        }
    };
    let undated = posts.iter().filter(|post| post.published_at.is_none()).count();
    if undated == posts.len() {
        return Err(Unreadable::NoDates);
    }
    if undated > 0 {
        warnings.push(Oddity::Undated(undated, posts.len()));
    }
    let name = document.tree.nodes().filter_map(ElementRef::wrap).find(|element| element.value().name() == "title");
    let profile = name.map(|title| Profile { name: Some(text_of(title)), ..Profile::default() });
    Ok(Reading { profile, posts, coverage, warnings, ..Reading::default() })
}

pub(super) fn base_of(document: &Html, url: &str) -> Option<Url> {
    let own = Url::parse(url).ok();
    let stated = document.tree.nodes().filter_map(ElementRef::wrap).find(|element| element.value().name() == "base");
    match stated.and_then(|element| element.attr("href")) {
        Some(href) => own.as_ref().and_then(|own| own.join(href.trim()).ok()).or(own),
        None => own,
    }
}

/// The selectors of a source.
struct Selectors {
    item_text: String,
    item: Selector,
    title: Option<Selector>,
    link: Option<Selector>,
    date: Option<Selector>,
    date_attr: Option<String>,
}

impl Selectors {
    /// `None` when the list is to be found automatically.
    fn read(options: &Map<String, Value>) -> Result<Option<Self>, Unreadable> {
        let bad = |option, problem| Unreadable::BadOption { option, problem };
        let word = |option: &'static str| match options.get(option) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) if text.trim().is_empty() => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.trim().to_owned())),
            Some(_) => Err(bad(option, OptionProblem::NoText)),
        };
        let selector = |option: &'static str| {
            word(option)?
                .map(|text| Selector::parse(&text).map_err(|_| bad(option, OptionProblem::NoSelector(text.clone()))))
                .transpose()
        };
        let (title, link, date) = (selector("title")?, selector("link")?, selector("date")?);
        let date_attr = word("date_attr")?;
        let Some(item_text) = word("item")? else {
            return if title.is_some() || link.is_some() || date.is_some() {
                Err(bad("item", OptionProblem::Needed))
            } else {
                Ok(None)
            };
        };
        let item =
            Selector::parse(&item_text).map_err(|_| bad("item", OptionProblem::NoSelector(item_text.clone())))?;
        Ok(Some(Self { item_text, item, title, link, date, date_attr }))
    }
}

/// A page being read.
struct Page<'p> {
    document: &'p Html,
    base: Option<&'p Url>,
    context: &'p ReadContext,
}

impl<'p> Page<'p> {
    fn select(&self, selectors: &Selectors) -> Result<Vec<Post>, Unreadable> {
        let mut posts = Vec::new();
        for item in self.document.select(&selectors.item).take(MOST_ITEMS) {
            let link = match &selectors.link {
                Some(selector) => item.select(selector).next(),
                None => links_in(item).max_by_key(|link| title_of(*link).chars().count().min(TITLE_WEIGHT)),
            };
            let title = match &selectors.title {
                Some(selector) => item.select(selector).next().map(title_of),
                None => link.map(title_of),
            };
            let chosen = selectors.date.as_ref().map(|selector| item.select(selector).next());
            let at = match (chosen, &selectors.date_attr) {
                (Some(None), _) => None,
                (chosen, Some(name)) => {
                    let stated = chosen.flatten().unwrap_or(item).attr(name);
                    stated.and_then(|text| dates::parse_feed(text, self.context))
                }
                (Some(Some(element)), None) => self.date_within(element),
                (None, None) => self.date_of_row(item),
            };
            let title = title.unwrap_or_default();
            // The head of a table or a line between rows has neither words to follow nor a date.
            if title.is_empty() && at.is_none() && link.is_none() {
                continue;
            }
            let href = link.and_then(|link| link.attr("href").or_else(|| links_in(link).next()?.attr("href")));
            posts.push(self.post(title, href, at, item));
        }
        if posts.is_empty() { Err(Unreadable::NothingSelected(selectors.item_text.clone())) } else { Ok(posts) }
    }

    /// The list with the most to read, and why its silence may not be that of the page.
    fn detect(&self) -> Result<(Vec<Post>, Option<Oddity>), Unreadable> {
        let root = self.document.root_element();
        let found = self.dated_links(root, |_| true);
        let paths = self.dated_paths(root);
        let known_dates = found.len();
        let mut all = found.clone();
        all.retain(|hit| !hit.clock);
        lists::keep_credible(&mut all);
        let newest = |hits: &[Found<'_>]| hits.iter().map(|hit| hit.at).filter(|at| *at <= self.context.as_of).max();
        let newest_of_page = newest(&all).max(newest(&paths));
        let dated: HashSet<_> = found.iter().chain(&paths).map(|hit| hit.link.id()).collect();
        let best = best_list(found, SHORTEST_LIST).or_else(|| best_list(paths, SHORTEST_PATH_LIST));
        let list = best.ok_or(Unreadable::NoDates)?;
        let undated = Page::undated_rows(&list);
        let known = dated.into_iter().chain(undated.iter().map(|row| row.link.id())).collect();
        let doubt = if newest_of_page > newest(&list) {
            Some(Oddity::NewerBeside)
        } else if list.len() + undated.len() > MOST_ITEMS || known_dates >= MOST_DATES {
            Some(Oddity::TooMany)
        } else if self.has_undated_list(root, &list, &known) {
            Some(Oddity::UndatedBeside)
        } else {
            self.unread_part(root, newest(&list))
        };
        let undated =
            undated.into_iter().map(|row| (row.place, self.post(row.title, row.link.attr("href"), None, row.item)));
        let dated =
            |hit: Found<'_>| (hit.link.id(), self.post(hit.title, hit.link.attr("href"), Some(hit.at), hit.item));
        let mut rows: Vec<_> = list.into_iter().map(dated).chain(undated).collect();
        rows.sort_by_key(|(place, _)| *place);
        let posts = rows.into_iter().take(MOST_ITEMS).map(|(_, post)| post).collect();
        Ok((posts, doubt))
    }

    /// Links whose paths carry dates, for pages that show none.
    fn dated_paths(&self, root: ElementRef<'p>) -> Vec<Found<'p>> {
        links_in(root)
            .filter_map(|link| {
                let at = dates::in_href(link.attr("href")?, self.context)?;
                let title = title_of(link);
                let item = link.ancestors().filter_map(ElementRef::wrap).find(|e| is_item(*e)).unwrap_or(link);
                let hit = Found { at, clock: false, published: false, link, item, behind: None, title };
                (hit.title.chars().count() >= 4).then_some(hit)
            })
            .collect()
    }

    fn post(&self, title: String, href: Option<&str>, at: Option<Instant>, item: ElementRef) -> Post {
        let url = href.and_then(|href| markup::absolute(href, self.base));
        let id = url.clone().unwrap_or_else(|| title.clone());
        let pinned = text_of(item).contains("置顶") || title.starts_with("[顶]") || title.starts_with("【顶】");
        Post { id, url, title, published_at: at, pinned, text: String::new(), links: Vec::new() }
    }
}

/// Groups by make and keeps the group with the most to read, in the order of the page.
fn best_list(found: Vec<Found<'_>>, shortest: usize) -> Option<Vec<Found<'_>>> {
    let mut groups: HashMap<String, Vec<Found<'_>>> = HashMap::new();
    let mut order: Vec<String> = Vec::new();
    for hit in found {
        let make = make_of(hit.item);
        if !groups.contains_key(&make) {
            order.push(make.clone());
        }
        groups.entry(make).or_default().push(hit);
    }
    let weight =
        |list: &Vec<Found<'_>>| -> usize { list.iter().map(|hit| hit.title.chars().count().min(TITLE_WEIGHT)).sum() };
    let best = order
        .into_iter()
        .filter(|make| groups.get(make).is_some_and(|list| list.len() >= shortest))
        // The first of equals: `max_by_key` would keep the last.
        .rev()
        .max_by_key(|make| groups.get(make).map_or(0, weight))?;
    groups.remove(&best)
}

/// Names and classes of an item and what holds it: the same for every item of a list.
fn make_of(item: ElementRef) -> String {
    let mut make = String::new();
    let above = item.ancestors().filter_map(ElementRef::wrap).take(3);
    for element in std::iter::once(item).chain(above) {
        make.push_str(element.value().name());
        // Classes that tell rows apart (odd, even, first, last, cur) are left out by taking none on the item itself.
        if element.id() != item.id()
            && let Some(class) = element.attr("class")
        {
            make.push('.');
            make.push_str(class);
        }
        make.push('<');
    }
    make
}

fn is_item(element: ElementRef) -> bool {
    matches!(element.value().name(), "li" | "tr" | "dl" | "dd" | "dt" | "div" | "article" | "p" | "section")
}

fn is_silent(name: &str) -> bool {
    matches!(name, "script" | "style" | "template" | "noscript" | "select" | "option" | "head")
}

fn is_link(element: ElementRef) -> bool {
    element.value().name() == "a"
        && element.attr("href").is_some_and(|href| {
            let href = href.trim_start();
            !href.is_empty() && !href.starts_with('#') && !href.to_ascii_lowercase().starts_with("javascript:")
        })
}

fn links_in(element: ElementRef<'_>) -> impl Iterator<Item = ElementRef<'_>> {
    element.descendants().filter_map(ElementRef::wrap).filter(|inner| is_link(*inner))
}

/// The words of an element, as far as a list item has words.
fn text_of(element: ElementRef) -> String {
    words_of(element, " ")
}

fn words_of(element: ElementRef, between: &str) -> String {
    let mut text = String::new();
    for node in element.descendants().take(BESIDE) {
        let Node::Text(piece) = node.value() else { continue };
        text.extend(piece.chars().take(ITEM_TEXT));
        text.push_str(between);
        if text.len() > ITEM_TEXT * 3 {
            break;
        }
    }
    markup::fold(&text)
}

/// The text of an element, if it is short enough to be a date.
fn short_text(element: ElementRef) -> Option<String> {
    let mut text = String::new();
    for (count, piece) in element.descendants().take(DATE_NODES + 1).enumerate() {
        if count == DATE_NODES {
            return None;
        }
        let Node::Text(piece) = piece.value() else { continue };
        text.push_str(piece.trim());
        text.push(' ');
        if text.len() > DATE_TEXT * 3 {
            return None;
        }
    }
    Some(text).filter(|text| text.chars().any(|c| c.is_numeric() || c == '刚' || c == '天'))
}

/// What a link is called: its `title` where the shown text is cut short.
fn title_of(link: ElementRef) -> String {
    let shown = words_of(link, "");
    let full = link.attr("title").map(markup::fold).unwrap_or_default();
    let cut = shown.is_empty() || shown.ends_with("...") || shown.ends_with('…');
    if cut && full.chars().count() >= 2 { full } else { shown }
}

#[cfg(test)]
#[path = "html_tests.rs"]
mod tests;
