//! A notice in parts that a robot takes: cut between items, else between lines, never inside one.
//!
//! Lines come short enough for the narrowest channel; each part carries the notice's number and,
//! where there is one, the link. The same sheet always gives the same parts.

use super::markup;
use super::{dingtalk, feishu, wecom};
use crate::chat::texts::{self, Line, Sheet};
use crate::config::ChannelKind;
use crate::domain::Lang;

/// One message as a robot gets it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Part {
    /// What it is, its number, and which part.
    pub(super) title: String,
    /// Marked up; an empty one is a gap.
    pub(super) lines: Vec<String>,
    /// Label and address of the link below.
    pub(super) link: Option<(&'static str, String)>,
    /// The language as Feishu calls it.
    pub(super) locale: &'static str,
}

/// Bytes for the marks around title and link.
const FRAME: usize = 60;
/// Bytes for the part's mark.
const MARK: usize = 20;

pub(super) fn split(kind: ChannelKind, sheet: &Sheet, link: Option<&str>, lang: Lang) -> Vec<Part> {
    let title = match kind {
        ChannelKind::Feishu => sheet.title.plain(),
        ChannelKind::Wecom | ChannelKind::Dingtalk => super::harmless(&sheet.title.plain()),
    };
    let link = link.map(|url| (texts::link_label(lang), url.to_owned()));
    let most = match kind {
        ChannelKind::Wecom => wecom::MOST,
        ChannelKind::Dingtalk => dingtalk::MOST,
        ChannelKind::Feishu => feishu::MOST,
    };
    // DingTalk repeats the title outside the text.
    let frame = FRAME + MARK + title.len() + link.as_ref().map_or(0, |(label, url)| label.len() + url.len());
    let room = most.saturating_sub(frame);
    let mut pages: Vec<Page> = vec![Page::default()];
    for block in blocks(kind, sheet) {
        let bytes: usize = block.iter().map(|line| cost(kind, line)).sum();
        if !fits(&pages, bytes, room) && bytes <= room {
            pages.push(Page::default());
        }
        for line in block {
            let bytes = cost(kind, &line);
            if !fits(&pages, bytes, room) {
                pages.push(Page::default());
            }
            if let Some(page) = pages.last_mut() {
                page.bytes += bytes;
                page.lines.push(line);
            }
        }
    }
    let of = pages.len();
    let locale = match lang {
        Lang::Zh => "zh_cn",
        Lang::En => "en_us",
    };
    pages
        .into_iter()
        .enumerate()
        .map(|(n, page)| {
            let mark = if of > 1 { texts::part_mark(n + 1, of, lang) } else { String::new() };
            let gap = |line: &String| line.is_empty();
            let first = page.lines.iter().position(|line| !gap(line)).unwrap_or(0);
            let lines = page.lines.into_iter().skip(first).collect();
            Part { title: format!("{title}{mark}"), lines, link: link.clone(), locale }
        })
        .collect()
}

/// Everything the parts say, to tell whether they are the same again.
pub(super) fn all_of(parts: &[Part]) -> String {
    parts.iter().fold(String::new(), |all, part| {
        let link = part.link.as_ref().map(|(_, url)| url.as_str()).unwrap_or_default();
        all + &part.title + "\n" + &part.lines.join("\n") + "\n" + link + "\u{0}"
    })
}

#[derive(Default)]
struct Page {
    lines: Vec<String>,
    bytes: usize,
}

fn fits(pages: &[Page], bytes: usize, room: usize) -> bool {
    pages.last().is_none_or(|page| page.lines.is_empty() || page.bytes + bytes <= room)
}

/// What is kept together if it can be: the head, each item, the tail; a gap leads where one is wanted.
fn blocks(kind: ChannelKind, sheet: &Sheet) -> Vec<Vec<String>> {
    let marked = |lines: &[Line]| lines.iter().map(|line| markup(kind, line)).collect::<Vec<_>>();
    let with_gap = |lines: Vec<String>| std::iter::once(String::new()).chain(lines).collect::<Vec<_>>();
    let mut blocks = vec![marked(&sheet.head)];
    for (n, item) in sheet.items.iter().enumerate() {
        blocks.push(if sheet.loose || n == 0 { with_gap(marked(item)) } else { marked(item) });
    }
    blocks.push(with_gap(marked(&sheet.tail)));
    blocks.retain(|block| block.iter().any(|line| !line.is_empty()));
    blocks
}

/// Bytes a line takes of the message.
fn cost(kind: ChannelKind, line: &str) -> usize {
    match kind {
        ChannelKind::Wecom => line.len() + 1,
        ChannelKind::Dingtalk => line.len() + 3,
        ChannelKind::Feishu => feishu::paragraph(line).to_string().len() + 1,
    }
}
