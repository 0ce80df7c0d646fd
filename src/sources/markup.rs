//! HTML fragments to plain text and links.

use std::collections::HashSet;

use ego_tree::iter::Edge;
use scraper::{Html, Node};
use url::Url;

/// Links kept of one body; a link farm is not a post.
const MOST_LINKS: usize = 500;

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

/// The plain text of a fragment, a line per block, and its absolute http(s) links without repeats.
pub(super) fn read(fragment: &str, base: Option<&Url>) -> (String, Vec<String>) {
    if !fragment.contains(['<', '&']) {
        return (fold_lines(fragment), Vec::new());
    }
    let document = Html::parse_fragment(fragment);
    let mut text = String::new();
    let mut links = Vec::new();
    let mut seen = HashSet::new();
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
                    && links.len() < MOST_LINKS
                    && let Some(link) = element.attr("href").and_then(|href| absolute(href, base))
                    && seen.insert(link.clone())
                {
                    links.push(link);
                }
            }
            _ => {}
        }
    }
    (fold_lines(&text), links)
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
