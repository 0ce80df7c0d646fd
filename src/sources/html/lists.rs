//! Every list of a page at once, for pages that hold many, and what stands beside the lists.

use std::collections::{HashMap, HashSet};

use ego_tree::NodeId;
use scraper::{ElementRef, Html, Node};
use url::Url;

use super::super::{ReadContext, Unreadable, markup};
use super::beside::is_listing;
use super::{
    DATE_TEXT, Found, MOST_DATES, MOST_ITEMS, Page, SHORTEST_LIST, base_of, is_silent, links_in, make_of, text_of,
    title_of,
};
use crate::domain::oddity::Oddity;
use crate::domain::post::Post;

/// A page that holds many lists, such as the home page of a site.
pub(in crate::sources) struct Lists {
    /// Every dated link of the page, of whatever list.
    pub(in crate::sources) posts: Vec<Post>,
    /// How many of them show their date; the others carry it in their path.
    pub(in crate::sources) shown: usize,
    /// Articles by their links that no link of the page dates; each counts once.
    pub(in crate::sources) undated: usize,
    /// Why the newest of the page may not be among its links.
    pub(in crate::sources) unread_part: Option<Oddity>,
    /// Short links, such as a navigation has: what they say, and where they lead.
    pub(in crate::sources) short: Vec<(String, String)>,
    /// The page's title.
    pub(in crate::sources) title: Option<String>,
}

/// A link with so many characters reads like an article.
const ARTICLE: usize = 10;
/// A date that belongs to one link alone counts only beside a title of this length.
const LONE_TITLE: usize = 8;
/// Longest name of a column.
const COLUMN_NAME: usize = 12;

/// Reads every list of a page at once.
pub(in crate::sources) fn lists(url: &str, text: &str, context: &ReadContext) -> Result<Lists, Unreadable> {
    if markup::is_hostile(text) {
        return Err(Unreadable::Malformed("the page is nested too deeply".to_owned()));
    }
    let document = Html::parse_document(text);
    let base = base_of(&document, url);
    let page = Page { document: &document, base: base.as_ref(), context };
    let root = document.root_element();
    let mut found = page.dated_links(root, |element| !is_clock(element));
    keep_credible(&mut found);
    let elsewhere = page.lone_elsewhere(&mut found);
    let shown = found.len();
    let taken: HashSet<NodeId> = found.iter().map(|hit| hit.link.id()).collect();
    found.extend(page.dated_paths(root).into_iter().filter(|hit| !taken.contains(&hit.link.id())));
    let dated: HashSet<NodeId> = found.iter().map(|hit| hit.link.id()).collect();
    let address = |link: ElementRef| link.attr("href").and_then(|href| markup::absolute(href, page.base));
    let whole = |to: &str| to.split_once('#').map_or(to, |(page, _)| page).to_owned();
    let known: HashSet<String> = found.iter().filter_map(|hit| Some(whole(&address(hit.link)?))).collect();
    let (mut undated, mut short) = (HashSet::new(), Vec::new());
    for link in links_in(root).filter(|link| !dated.contains(&link.id())).take(MOST_DATES) {
        let title = title_of(link);
        let length = title.chars().count();
        let is_picture =
            length < 2 && link.descendants().filter_map(ElementRef::wrap).any(|e| e.value().name() == "img");
        if length < 2 && !is_picture {
            continue;
        }
        let Some(to) = address(link) else { continue };
        if (length >= ARTICLE || is_picture) && !known.contains(&whole(&to)) && is_article(&to, page.base) {
            undated.insert(whole(&to));
        }
        if !is_picture && length <= COLUMN_NAME && short.len() < MOST_ITEMS {
            short.push((title, to));
        }
    }
    let title = document.tree.nodes().filter_map(ElementRef::wrap).find(|element| element.value().name() == "title");
    let newest = found.iter().map(|hit| hit.at).filter(|at| *at <= context.as_of).max();
    let unread_part = page.unread_part(root, newest);
    let unread_part = unread_part.or((elsewhere > newest).then_some(Oddity::NewerBeside));
    let posts = found
        .into_iter()
        .take(MOST_ITEMS)
        .map(|hit| page.post(hit.title, hit.link.attr("href"), Some(hit.at), hit.item))
        .collect();
    let undated = undated.len();
    Ok(Lists { posts, shown, undated, unread_part, short, title: title.map(text_of) })
}

/// Whether an address lies on the same site and looks like a page of its own, not a column or another office.
fn is_article(to: &str, base: Option<&Url>) -> bool {
    let Ok(to) = Url::parse(to) else { return false };
    let bare = |url: &Url| url.host_str().map(|host| host.trim_start_matches("www.").to_owned());
    let name = to.path().rsplit('/').next().unwrap_or_default().to_ascii_lowercase();
    if is_listing(&name) && to.query().is_none() {
        return false;
    }
    let is_page = name.contains("htm");
    let digits = to.path().chars().chain(to.query().unwrap_or_default().chars()).filter(char::is_ascii_digit).count();
    base.and_then(bare) == bare(&to) && (is_page || digits >= 3)
}

/// Words that name what is empty on purpose, or filled with other things than articles.
const ORNAMENTS: &[&str] = &[
    "ad",
    "arrow",
    "back",
    "banner",
    "bg",
    "blank",
    "border",
    "bottom",
    "box",
    "btn",
    "button",
    "cb",
    "cl",
    "clear",
    "clearfix",
    "close",
    "code",
    "date",
    "dot",
    "fenye",
    "fix",
    "fl",
    "foot",
    "footer",
    "fr",
    "gap",
    "go",
    "gotop",
    "h",
    "hr",
    "icon",
    "l",
    "left",
    "line",
    "logo",
    "mask",
    "mt",
    "nav",
    "next",
    "page",
    "pager",
    "pages",
    "pagination",
    "prev",
    "qr",
    "qrcode",
    "r",
    "right",
    "scrollbar",
    "search",
    "shade",
    "shadow",
    "share",
    "space",
    "swiper",
    "time",
    "top",
    "tq",
    "weather",
];

/// Whether a place for a list stands empty on a page that loads a script.
///
/// Any page has empty elements: only those that could hold a list, carry a name for a script to
/// find them by, and are named for more than their looks are taken for such a place.
pub(super) fn awaits_script(document: &Html) -> bool {
    let elements = || document.tree.nodes().filter_map(ElementRef::wrap);
    if !elements().any(|e| e.value().name() == "script" && e.attr("src").is_some_and(|src| !src.trim().is_empty())) {
        return false;
    }
    let mut full = HashSet::<NodeId>::new();
    for node in document.tree.nodes() {
        let is_content = match node.value() {
            Node::Text(text) => {
                let silent = node.parent().and_then(ElementRef::wrap).is_some_and(|e| is_silent(e.value().name()));
                !silent && !is_placeholder(text)
            }
            Node::Element(element) => matches!(
                element.name(),
                "a" | "img"
                    | "svg"
                    | "video"
                    | "audio"
                    | "canvas"
                    | "object"
                    | "embed"
                    | "iframe"
                    | "input"
                    | "button"
                    | "select"
                    | "textarea"
            ),
            _ => false,
        };
        if is_content {
            for above in std::iter::once(node).chain(node.ancestors()) {
                if !full.insert(above.id()) {
                    break;
                }
            }
        }
    }
    elements().any(|element| {
        matches!(
            element.value().name(),
            "div" | "ul" | "ol" | "dl" | "tbody" | "table" | "section" | "article" | "main"
        ) && !full.contains(&element.id())
            && [element.attr("id"), element.attr("class")].into_iter().flatten().any(names_a_place)
    })
}

/// Whether a name or class says more than how an element looks.
fn names_a_place(name: &str) -> bool {
    let mut words = name.split(|c: char| !c.is_alphabetic()).filter(|word| !word.is_empty());
    words.any(|word| !ORNAMENTS.contains(&word.to_ascii_lowercase().as_str()))
}

/// Whether words only stand for those that a script will put there.
fn is_placeholder(text: &str) -> bool {
    const MARKS: &[&str] = &["加载中", "正在加载", "载入中", "请稍候", "loading", "Loading", "{{"];
    let text = text.trim();
    text.is_empty() || (text.chars().count() <= DATE_TEXT && MARKS.iter().any(|mark| text.contains(mark)))
}

/// Keeps what reads like an article, or stands in a list.
pub(super) fn keep_credible(found: &mut Vec<Found<'_>>) {
    let mut makes = HashMap::<String, usize>::new();
    for hit in found.iter() {
        *makes.entry(make_of(hit.item)).or_default() += 1;
    }
    found.retain(|hit| {
        hit.title.chars().count() >= LONE_TITLE || makes.get(&make_of(hit.item)).is_some_and(|n| *n >= SHORTEST_LIST)
    });
}

/// Whether a date is the day of the visit, as headers of sites show it.
pub(super) fn is_clock(element: ElementRef) -> bool {
    const MARKS: &[&str] = &["星期", "今天是", "今日是", "农历", "当前时间", "现在时间", "现在是"];
    let says = |element: ElementRef| {
        let text = text_of(element);
        text.chars().count() <= DATE_TEXT && MARKS.iter().any(|mark| text.contains(mark))
    };
    says(element) || element.parent().and_then(ElementRef::wrap).is_some_and(says)
}
