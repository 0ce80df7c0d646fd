//! A page that is one article and no list: what it says of itself, or what a reader sees.
//!
//! An office may name an article where a list was meant. Its links to other articles are no
//! list of the account's posts, so the article alone is read: it proves activity, never silence.

use std::collections::HashMap;
use std::sync::LazyLock;

use ego_tree::NodeId;
use ego_tree::iter::Edge;
use regex::Regex;
use scraper::{ElementRef, Html, Node};
use url::Url;

use chrono::{DateTime, FixedOffset};

use super::{ReadContext, dates, json, markup};
use crate::domain::post::Post;

type Instant = DateTime<FixedOffset>;

/// Names under which pages state when they were published, in lower case, the surest first.
const STATED: &[&str] = &[
    "article:published_time",
    "og:published_time",
    "og:article:published_time",
    "bytedance:published_time",
    "weibo:article:create_at",
    "weibo: article:create_at",
    "datepublished",
    "pubdate",
    "publishdate",
    "publish_date",
    "publishtime",
    "publish_time",
    "publisheddate",
    "published_time",
    "parsely-pub-date",
    "sailthru.date",
    "originalpublicationdate",
    "article_date_original",
    "article.published",
    "cxenseparse:recs:publishtime",
    "citation_publication_date",
    "rnews:datepublished",
    "dc.date.issued",
    "dcterms.issued",
    "dcterms.created",
    "apub:time",
    "_pubtime",
    "ptime",
];

/// Names that articles and other pages bear: believed where there is an article to read.
const STATED_BY_MANY: &[&str] = &["date", "dc.date", "dcterms.date", "dc.date.created", "article:create_time"];

/// A body of fewer characters is no article.
const SHORTEST_BODY: usize = 150;

/// A body of this many characters is read for itself: a few links beside it are no list.
const LONG_BODY: usize = 250;

/// Links that may stand beside an article.
const FEW: usize = 5;

/// Characters behind the heading among which the date stands.
const HEADER: usize = 300;

/// How a page calls the date of its publication.
const LABELS: &[&str] = &["发布时间", "发布日期", "发表时间", "发稿时间", "發布時間", "發佈時間", "發表時間"];

/// Characters in which a label and its date stand.
const LABELLED: usize = 40;

static PUBLISHED: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r#""(?:datePublished|pubDate)"\s*:\s*"([^"\\]{8,40})""#).ok());

/// What the page turned out to be.
pub(super) enum Kind {
    /// One article.
    Article(Box<Post>),
    /// An article without a date that can be read, and a few links beside it.
    Undated,
    /// No article: what was found is the list.
    List,
}

/// What the page is; `titles` are the titles of the list that was found on it.
pub(super) fn recognise<'t>(
    document: &Html,
    url: &str,
    base: Option<&Url>,
    titles: impl Iterator<Item = &'t str>,
    context: &ReadContext,
) -> Kind {
    let (items, list_chars) = titles.fold((0, 0), |(items, chars), title| (items + 1, chars + title.chars().count()));
    let Some((body, chars)) = body(document).filter(|(_, chars)| *chars >= SHORTEST_BODY) else { return Kind::List };
    let title = title(document);
    let rest = || {
        let many = stated(document, STATED_BY_MANY, context);
        many.or_else(|| labelled(document, context)).or_else(|| shown(document, &title, context))
    };
    let sure = stated(document, STATED, context).or_else(|| linked_data(document, context));
    let Some(at) = sure.or_else(|| if chars >= list_chars { rest() } else { None }) else {
        let is_beside = items <= FEW && chars >= LONG_BODY.max(list_chars * 4);
        return if is_beside { Kind::Undated } else { Kind::List };
    };
    let (text, links) = json::body(&body.inner_html(), base);
    let title = if title.is_empty() { json::headline(&text) } else { title };
    let (id, url) = (url.to_owned(), Some(url.to_owned()));
    Kind::Article(Box::new(Post { id, url, title, published_at: Some(at), pinned: false, text, links }))
}

fn elements(document: &Html) -> impl Iterator<Item = ElementRef<'_>> {
    document.tree.nodes().filter_map(ElementRef::wrap)
}

/// What `og:title` or `<title>` says.
fn title(document: &Html) -> String {
    let meta = elements(document)
        .filter(|element| element.value().name() == "meta")
        .find(|element| element.attr("property").is_some_and(|name| name == "og:title"))
        .and_then(|element| element.attr("content"));
    let plain = || elements(document).find(|element| element.value().name() == "title").map(|e| e.text().collect());
    markup::fold(&meta.map(str::to_owned).or_else(plain).unwrap_or_default())
}

/// The date that a `<meta>`, or an element marked as the date of publication, states.
fn stated(document: &Html, names: &[&str], context: &ReadContext) -> Option<Instant> {
    let mut best: Option<(usize, Instant)> = None;
    for element in elements(document) {
        let is_meta = element.value().name() == "meta";
        let Some(name) = ["property", "name", "itemprop"].iter().find_map(|key| element.attr(key)) else { continue };
        let name = name.trim().to_ascii_lowercase();
        let Some(rank) = names.iter().position(|known| *known == name) else { continue };
        // Elsewhere the name of a form's field may read the same.
        if !is_meta && element.attr("itemprop").is_none() {
            continue;
        }
        let value = element.attr("content").or_else(|| element.attr("datetime")).map(str::to_owned);
        let value = value.unwrap_or_else(|| element.text().take(4).collect());
        let Some(at) = date_of(&value, context) else { continue };
        if best.is_none_or(|(known, _)| rank < known) {
            best = Some((rank, at));
        }
    }
    best.map(|(_, at)| at)
}

fn date_of(text: &str, context: &ReadContext) -> Option<Instant> {
    let text = text.trim();
    if text.chars().count() > 60 {
        return None;
    }
    dates::parse_feed(text, context).or_else(|| dates::find_full(text, context))
}

/// What `application/ld+json` states, where it describes one article and no list of them.
fn linked_data(document: &Html, context: &ReadContext) -> Option<Instant> {
    let pattern = PUBLISHED.as_ref()?;
    let mut found: Vec<Instant> = Vec::new();
    for script in elements(document).filter(|element| element.value().name() == "script") {
        if script.attr("type").is_none_or(|kind| !kind.trim().eq_ignore_ascii_case("application/ld+json")) {
            continue;
        }
        let text: String = script.text().collect();
        for date in pattern.captures_iter(&text).take(50).filter_map(|found| found.get(1)) {
            found.extend(date_of(date.as_str(), context).filter(|at| !found.contains(at)));
        }
    }
    // Parts of a page may state the same date to the second and to the day.
    let first = found.first().copied()?;
    found.iter().all(|at| (*at - first).num_hours().abs() <= 24).then_some(first)
}

/// The one date that the page calls that of its publication.
fn labelled(document: &Html, context: &ReadContext) -> Option<Instant> {
    let text: String = visible(document).map(|(piece, _)| piece + " ").collect();
    let mut found: Vec<Instant> = Vec::new();
    for label in LABELS {
        for (at, _) in text.match_indices(label) {
            let behind: String = text.get(at..).unwrap_or_default().chars().take(LABELLED).collect();
            found.extend(dates::find_full(&behind, context).filter(|at| !found.contains(at)));
        }
    }
    if found.len() == 1 { found.pop() } else { None }
}

/// The date that stands right behind the heading.
fn shown(document: &Html, title: &str, context: &ReadContext) -> Option<Instant> {
    let is_titled = |piece: &str, _: &ElementRef| piece.chars().count() >= 6 && title.starts_with(piece);
    let is_heading = |piece: &str, parent: &ElementRef| {
        let near = std::iter::once(*parent).chain(parent.ancestors().filter_map(ElementRef::wrap)).take(3);
        piece.chars().count() >= 6 && near.into_iter().any(|element| matches!(element.value().name(), "h1" | "h2"))
    };
    behind(document, is_titled, context).or_else(|| behind(document, is_heading, context))
}

/// The first full date among the words behind the first text that `is_heading` takes for one.
fn behind(document: &Html, is_heading: impl Fn(&str, &ElementRef) -> bool, context: &ReadContext) -> Option<Instant> {
    let mut header = String::new();
    for (piece, _) in visible(document).skip_while(|(piece, parent)| !is_heading(piece, parent)).skip(1) {
        header.push_str(&piece);
        header.push(' ');
        if header.len() > HEADER * 3 {
            break;
        }
    }
    let header: String = header.chars().take(HEADER).collect();
    dates::find_full(&header, context)
}

/// The pieces of text that a reader sees, each with the element it stands in.
fn visible(document: &Html) -> impl Iterator<Item = (String, ElementRef<'_>)> {
    let mut silent: Option<NodeId> = None;
    document.tree.root().traverse().filter_map(move |edge| {
        let node = match edge {
            Edge::Open(node) => node,
            Edge::Close(node) => {
                silent = silent.filter(|id| *id != node.id());
                return None;
            }
        };
        match node.value() {
            _ if silent.is_some() => None,
            Node::Element(element) if is_silent(element.name()) => {
                silent = Some(node.id());
                None
            }
            Node::Text(piece) => {
                let piece = markup::fold(piece);
                if piece.is_empty() { None } else { Some((piece, node.parent().and_then(ElementRef::wrap)?)) }
            }
            _ => None,
        }
    })
}

fn is_silent(name: &str) -> bool {
    matches!(name, "script" | "style" | "template" | "noscript" | "select" | "option" | "head" | "textarea")
}

/// Fewer characters than this are no words of an article: a picture, or a page that a script fills.
const SHORTEST_TEXT: usize = 20;

/// Elements by which content systems hold the body of an article, by class or id in lower case.
const BODIES: &[&str] = &[
    "trs_editor",
    "trs_ueditor",
    "ucap-content",
    "zoom",
    "zoomcon",
    "js_content",
    "pages_content",
    "article-content",
    "article_content",
    "articlecontent",
    "news_content",
    "newscontent",
    "contentregion",
    "ivs_content",
    "xxgk_content",
];

/// The words and outbound links of a page that a list calls an article; `None` where it has hardly any words.
///
/// What stands around the body (navigation, foot) is left out: it is no part of what was published.
pub(super) fn words(url: &str, text: &str) -> Option<(String, Vec<String>)> {
    if markup::is_hostile(text) {
        return None;
    }
    let document = Html::parse_document(text);
    let base = super::html::base_of(&document, url);
    let body = named_body(&document).or_else(|| widest_body(&document))?;
    let (text, links) = json::body(&body.inner_html(), base.as_ref());
    (text.chars().filter(|c| c.is_alphanumeric()).count() >= SHORTEST_TEXT).then_some((text, links))
}

/// The body that the page's content system names, where there is enough to read in it.
fn named_body(document: &Html) -> Option<ElementRef<'_>> {
    let named = |element: &ElementRef<'_>| {
        let words = ["class", "id"].iter().filter_map(|key| element.attr(key)).flat_map(str::split_whitespace);
        let is_named = words.map(str::to_ascii_lowercase).any(|word| BODIES.contains(&word.as_str()));
        is_named || element.attr("itemprop").is_some_and(|name| name.eq_ignore_ascii_case("articleBody"))
    };
    let has_words = |element: &ElementRef<'_>| {
        element.text().flat_map(str::chars).filter(|c| c.is_alphanumeric()).take(SHORTEST_TEXT).count() >= SHORTEST_TEXT
    };
    elements(document).filter(named).find(has_words)
}

/// The element with the most to read, a table taken for a part of what holds it where it is most of the page.
fn widest_body(document: &Html) -> Option<ElementRef<'_>> {
    let (narrow, in_narrow) = body(document)?;
    let is_wide = |name: &str| matches!(name, "div" | "article" | "section" | "main" | "body");
    match fullest(document, is_wide) {
        // Why: the names of a list stand each in a cell of its own, and the foot of the page in one piece.
        Some((wide, in_wide)) if in_wide >= in_narrow * 2 => Some(wide),
        _ => Some(narrow),
    }
}

/// The element with the most to read outside of links, and how many characters that is.
fn body(document: &Html) -> Option<(ElementRef<'_>, usize)> {
    fullest(document, is_holder)
}

fn fullest(document: &Html, is_holder: impl Fn(&str) -> bool) -> Option<(ElementRef<'_>, usize)> {
    let mut chars: HashMap<NodeId, usize> = HashMap::new();
    for (piece, parent) in visible(document) {
        let above = std::iter::once(parent).chain(parent.ancestors().filter_map(ElementRef::wrap)).take(12);
        let mut above = above.take_while(|element| element.value().name() != "a");
        if let Some(holder) = above.find(|element| is_holder(element.value().name())) {
            *chars.entry(holder.id()).or_default() += piece.chars().count();
        }
    }
    // The first of equals, so that two looks at a page read the same.
    let (id, most) = chars.into_iter().max_by_key(|(id, count)| (*count, std::cmp::Reverse(*id)))?;
    Some((ElementRef::wrap(document.tree.get(id)?)?, most))
}

/// What holds the paragraphs of an article, or one item of a list.
fn is_holder(name: &str) -> bool {
    matches!(name, "div" | "td" | "article" | "section" | "main" | "body" | "li" | "dd" | "tr" | "form")
}

#[cfg(test)]
mod tests {
    use crate::domain::account::SourceKind;
    use crate::domain::post::Coverage;
    use crate::sources::Unreadable;
    use crate::sources::tests::read_as;

    fn page(head: &str, header: &str) -> String {
        let words = "为保障供水安全，计划对管网进行检修，请沿线用户提前储水。".repeat(8);
        let beside = "<ul><li><a href=/b>关于停水的另一则通知公告</a><span>2026-08-01</span></li>\
                      <li><a href=/c>关于道路施工的通知公告</a><span>2026-08-02</span></li></ul>";
        format!(
            "<html><head><title>停水通知公告_某某区</title>{head}</head><body><h1>停水通知公告</h1><div>{header}</div>\
             <div id=text><p>{words}</p><p>{words}<a href='https://www.example.cn/a'>附件</a></p></div>{beside}</body></html>"
        )
    }

    #[test]
    fn the_words_of_an_article_are_its_body_and_nothing_around_it() {
        let around = |body: &str| {
            format!(
                "<html><body><div class=nav><a href=/>首页</a></div>{body}\
                 <div class=foot>主办单位：虚构区虚构局 联系电话：13800001234 地址：虚构路1号虚构大厦</div></body></html>"
            )
        };
        let cells = "<tr><td>张某八</td><td>510107199001019995</td></tr>".repeat(8);
        let notice = "为保障供水安全，计划对管网进行检修，请沿线用户提前储水。";
        for (what, body, wanted) in [
            (
                "paragraphs",
                format!("<div><p>{notice}</p><p>{notice}{notice}<a href=/a.html>附件</a></p></div>"),
                notice,
            ),
            (
                "a named body",
                format!("<div class='TRS_Editor x'><p>{notice}<a href=/a.html>附件</a></p></div>"),
                notice,
            ),
            ("a table", format!("<div><table>{cells}</table><a href=/a.html>附件</a></div>"), "张某八"),
        ] {
            let (text, links) = super::words("https://www.example.cn/t/1.html", &around(&body)).unwrap();
            assert!(text.contains(wanted) && !text.contains("13800001234"), "{what}: {text}");
            assert_eq!(links, ["https://www.example.cn/a.html"], "{what}");
        }
        for empty in ["<div id=app></div><script src=/a.js></script>", "<p>图解</p><img src=/a.png>", ""] {
            assert_eq!(super::words("https://www.example.cn/t/1.html", empty), None, "{empty}");
        }
    }

    fn read(html: &str) -> Result<crate::domain::post::Reading, Unreadable> {
        read_as(SourceKind::Html, "https://www.example.cn/t1.html", html)
    }

    #[test]
    fn an_article_is_one_post_by_what_it_states_or_shows() {
        for (head, header) in [
            ("<meta name=PubDate content='2026-07-31 10:00'>", ""),
            ("<meta property='article:published_time' content='2026-07-31T10:00:00+08:00'>", "2026-08-02"),
            ("<script type='application/ld+json'>{\"datePublished\":\"2026-07-31T10:00:00+08:00\"}</script>", ""),
            ("", "发布时间：2026-07-31 10:00 来源：办公室"),
            ("", "<span itemprop=datePublished content='2026-07-31T10:00'>上周五</span>"),
        ] {
            let reading = read(&page(head, header)).unwrap();
            assert_eq!((reading.posts.len(), reading.coverage), (1, Coverage::Part), "{head} {header}");
            let post = &reading.posts[0];
            assert_eq!(post.published_at.unwrap().to_rfc3339(), "2026-07-31T10:00:00+08:00", "{head} {header}");
            assert_eq!(post.links, ["https://www.example.cn/a"]);
            assert!(post.text.starts_with("为保障供水安全"));
        }
    }

    #[test]
    fn an_article_without_a_date_is_not_judged_by_what_stands_beside_it() {
        assert_eq!(read(&page("", "<p>来源：办公室</p>")), Err(Unreadable::NoDates));
    }

    #[test]
    fn a_list_with_an_introduction_is_a_list() {
        let row =
            |n: u32| format!("<li><a href=/{n}>关于开展第{n}次专项检查工作的通知</a><span>2026-07-{n}</span></li>");
        let rows: String = (10..30).map(row).collect();
        let html = format!("<title>通知公告</title><h1>通知公告</h1><p>本栏目发布通知。</p><ul>{rows}</ul>");
        let reading = read(&html).unwrap();
        assert_eq!((reading.posts.len(), reading.coverage), (20, Coverage::Whole));
    }
}
