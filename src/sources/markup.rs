//! HTML fragments to plain text and links.

use std::collections::HashSet;

use ego_tree::iter::Edge;
use scraper::{Html, Node};
use url::Url;

use super::skim::skim;
use super::tidy;

/// Links kept of one body; a link farm is not a post.
const MOST_LINKS: usize = 500;

/// Characters kept of a body that is too tangled to be read as a tree.
const MOST_TEXT: usize = 100_000;

/// Elements whose text is not part of what a reader reads.
const SILENT: &[&str] = &["script", "style", "template", "noscript", "head", "title"];

/// Elements that begin a new line.
const BLOCKS: &[&str] = &[
    "p",
    "div",
    "br",
    "li",
    "ul",
    "ol",
    "tr",
    "table",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "section",
    "article",
    "blockquote",
    "pre",
    "dl",
    "dt",
    "dd",
    "hr",
    "figure",
    "td",
];

/// Steps a tree builder may take for one page, about a second's worth.
const TREE_STEPS: usize = 100_000_000;

/// Nodes a tree builder may make beyond the tags that were written.
const COPIED_NODES: usize = 2_000_000;

/// Whether building a tree of `html` could take minutes or gigabytes.
///
/// The standard makes every tag look through the elements still open, and copies every
/// formatting element left open into each new block: a small page can ask for both.
pub(super) fn is_hostile(html: &str) -> bool {
    const FORMATTING: &[&str] =
        &["a", "b", "big", "code", "em", "font", "i", "nobr", "s", "small", "strike", "strong", "tt", "u"];
    const VOID: &[&str] = &["area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "wbr"];
    let (mut tags, mut open, mut deepest, mut formatting, mut most_formatting) = (0usize, 0usize, 0, 0usize, 0);
    for tag in html.split('<').skip(1) {
        let (closing, named) = tag.strip_prefix('/').map_or((false, tag), |named| (true, named));
        let name = named.split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or_default();
        if name.is_empty() || VOID.iter().any(|void| name.eq_ignore_ascii_case(void)) {
            continue;
        }
        tags += 1;
        let is_formatting = FORMATTING.iter().any(|known| name.eq_ignore_ascii_case(known));
        if closing {
            open = open.saturating_sub(1);
            formatting = formatting.saturating_sub(usize::from(is_formatting));
        } else {
            open += 1;
            formatting += usize::from(is_formatting);
        }
        deepest = deepest.max(open);
        most_formatting = most_formatting.max(formatting);
    }
    deepest.saturating_mul(tags) > TREE_STEPS || most_formatting.saturating_mul(tags) > COPIED_NODES
}

/// The plain text of a fragment, a line per block, and its absolute http(s) links without repeats.
pub(super) fn read(fragment: &str, base: Option<&Url>) -> (String, Vec<String>) {
    if !fragment.contains(['<', '&']) {
        return (fold_lines(fragment), Vec::new());
    }
    if let Some(read) = read_tidy(fragment, base) {
        return read;
    }
    if is_hostile(fragment) {
        return (skim(fragment, MOST_TEXT).visible, Vec::new());
    }
    from_tree(fragment, base)
}

/// [`read`] where no tree is needed for it.
pub(super) fn read_tidy(fragment: &str, base: Option<&Url>) -> Option<(String, Vec<String>)> {
    let (text, hrefs) = tidy::read(fragment)?;
    let mut links = Links::new(base);
    for href in &hrefs {
        links.add(href);
    }
    Some((fold_lines(&text), links.found))
}

/// [`read`] as the standard has it.
pub(super) fn from_tree(fragment: &str, base: Option<&Url>) -> (String, Vec<String>) {
    let document = Html::parse_fragment(fragment);
    let mut text = String::new();
    let mut links = Links::new(base);
    let mut silent = 0usize;
    for edge in document.tree.root().traverse() {
        let (node, opens) = match edge {
            Edge::Open(node) => (node, true),
            Edge::Close(node) => (node, false),
        };
        match node.value() {
            Node::Text(piece) if opens && silent == 0 => text.push_str(piece),
            Node::Element(element) => {
                let name = element.name();
                if SILENT.contains(&name) {
                    silent = if opens { silent + 1 } else { silent.saturating_sub(1) };
                } else if BLOCKS.contains(&name) {
                    text.push('\n');
                }
                if opens
                    && name == "a"
                    && let Some(href) = element.attr("href")
                {
                    links.add(href);
                }
            }
            _ => {}
        }
    }
    (fold_lines(&text), links.found)
}

/// Links of a fragment, as they are found.
struct Links<'b> {
    base: Option<&'b Url>,
    found: Vec<String>,
    seen: HashSet<String>,
}

impl<'b> Links<'b> {
    fn new(base: Option<&'b Url>) -> Self {
        Self { base, found: Vec::new(), seen: HashSet::new() }
    }

    fn add(&mut self, href: &str) {
        if self.found.len() < MOST_LINKS
            && let Some(link) = absolute(href, self.base)
            && self.seen.insert(link.clone())
        {
            self.found.push(link);
        }
    }
}

/// An absolute http(s) URL, or `None` for anchors, scripts, mail addresses and the like.
pub(super) fn absolute(href: &str, base: Option<&Url>) -> Option<String> {
    let href = href.trim();
    if href.is_empty() || href.starts_with('#') {
        return None;
    }
    let url = match base {
        Some(base) => base.join(href).ok()?,
        None => Url::parse(href).ok()?,
    };
    (matches!(url.scheme(), "http" | "https") && url.has_host()).then(|| url.into())
}

/// One line, white space folded, control characters dropped.
pub(super) fn fold(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for word in text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty()) {
        if !out.is_empty() {
            out.push(' ');
        }
        out.push_str(word);
    }
    out
}

fn fold_lines(text: &str) -> String {
    let lines: Vec<String> = text.lines().map(fold).filter(|line| !line.is_empty()).collect();
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tangled_markup_is_refused_before_a_tree_is_built() {
        assert!(is_hostile(&"<div>".repeat(200_000)));
        let fonts: String = "<font color=1>".repeat(200);
        assert!(is_hostile(&format!("{fonts}{}", "<p>".repeat(100_000))));
        assert!(!is_hostile(&"<div class=a><p><b>x</b><br><img src=y></p></div>".repeat(20_000)));
        assert!(!is_hostile(&"<li>x".repeat(5_000)));
    }

    #[test]
    fn text_and_links_of_a_body() {
        let base = Url::parse("http://a.example/x/y.html").unwrap();
        let body = "<p>第一 段<a href='/z'>链接</a></p><script>no</script><p>第二段&nbsp;完</p>\
                    <a href='/z'>again</a><a href='#top'>x</a><a href='mailto:a@b.cn'>m</a><a href='https://b.example'>b</a>";
        let (text, links) = read(body, Some(&base));
        assert_eq!(text, "第一 段链接\n第二段 完\nagainxmb");
        assert_eq!(links, ["http://a.example/z", "https://b.example/"]);
        assert_eq!(read("没有标记\n\n两行", None).0, "没有标记\n两行");
    }
}
