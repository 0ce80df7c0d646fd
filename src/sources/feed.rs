//! `feed` 订阅源: RSS 0.9x–2.0 and 1.1, RDF, Atom, JSON Feed.
//!
//! Read event by event and forgiving about everything but structure: unknown versions,
//! foreign prefixes, bare ampersands, HTML entities and unlikely dates are taken as meant.
//! A document that breaks off or does not nest is refused whole, because what is missing
//! from it may be the newest post.
//!
//! Why not a feed library: the raw text of a date is needed when it states no offset, and a
//! document that breaks off must be told from a short one.

use chrono::{DateTime, FixedOffset};
use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};
use serde_json::Value;
use url::Url;

use super::{ReadContext, Unreadable, dates, markup};
use crate::domain::oddity::Oddity;
use crate::domain::post::{Coverage, Post, Profile, Reading};

/// Elements nested deeper than this are an attack, not a feed.
const DEEPEST: usize = 256;

/// Prefixes of vocabularies that reuse the names we read for something else.
const FOREIGN: &[&str] =
    &["media", "itunes", "podcast", "geo", "georss", "slash", "wfw", "thr", "yt", "image", "g", "xhtml"];

/// What an element of an item or of the channel is to us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Field {
    Id,
    Link,
    Title,
    Published,
    Updated,
    Content,
    Summary,
    ChannelTitle,
    ChannelDescription,
}

/// One item as written.
#[derive(Debug, Default)]
struct Item {
    id: Option<String>,
    link: Option<String>,
    title: Option<String>,
    published: Vec<String>,
    updated: Vec<String>,
    content: Option<String>,
    summary: Option<String>,
}

/// A document as written.
#[derive(Debug, Default)]
struct Document {
    title: Option<String>,
    description: Option<String>,
    items: Vec<Item>,
}

pub(super) fn read(url: &str, text: &str, context: &ReadContext) -> Result<Reading, Unreadable> {
    let text = text.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{FEFF}' || c.is_control());
    let document = match text.chars().next() {
        Some('<') => read_xml(text)?,
        Some('{') => read_json(text)?,
        _ => return Err(Unreadable::NotAFeed),
    };
    interpret(document, url, context)
}

fn read_xml(text: &str) -> Result<Document, Unreadable> {
    let mut reader = Reader::from_str(text);
    let config = reader.config_mut();
    config.allow_dangling_amp = true;
    config.trim_markup_names_in_closing_tags = true;
    let mut walk = Walk::default();
    loop {
        let event = match reader.read_event() {
            Ok(event) => event,
            Err(_) if !walk.rooted && !text.starts_with("<?xml") => return Err(Unreadable::NotAFeed),
            Err(error) => return Err(malformed(text, reader.error_position(), &error.to_string())),
        };
        match event {
            Event::Start(start) => walk.open(&start, false)?,
            Event::Empty(start) => {
                walk.open(&start, true)?;
                walk.close("");
            }
            Event::End(end) => walk.close(end.name().as_ref()),
            Event::Text(piece) => walk.add(&piece),
            Event::CData(piece) => walk.add(&piece),
            Event::GeneralRef(reference) => walk.add_reference(&reference),
            Event::Eof if !walk.rooted => return Err(Unreadable::NotAFeed),
            Event::Eof => return Err(malformed(text, text.len() as u64, "the document breaks off")),
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::DocType(_) => {}
        }
        // What follows the document, such as a script put in by a carrier, is not part of it.
        if walk.rooted && walk.depth == 0 {
            let end = usize::try_from(reader.buffer_position()).unwrap_or(text.len());
            return match text.bytes().take(end).position(is_forbidden) {
                Some(at) => Err(malformed(text, at as u64, "a control character that XML forbids")),
                None => Ok(walk.document),
            };
        }
    }
}

/// Control characters outside XML: where one is, the writer did not escape, and more may be broken.
const fn is_forbidden(byte: u8) -> bool {
    byte < 0x20 && !matches!(byte, b'\t' | b'\n' | b'\r')
}

fn malformed(text: &str, position: u64, what: &str) -> Unreadable {
    let position = usize::try_from(position).unwrap_or(usize::MAX).min(text.len());
    let line = text.bytes().take(position).filter(|byte| *byte == b'\n').count() + 1;
    let what: String = what.chars().take(160).collect();
    Unreadable::Malformed(format!("line {line}: {what}"))
}

/// Where in the document we are, and what was found so far.
#[derive(Default)]
struct Walk {
    depth: usize,
    rooted: bool,
    channel_depth: Option<usize>,
    item: Option<(Item, usize)>,
    field: Option<(Field, usize)>,
    buffer: String,
    document: Document,
}

impl Walk {
    fn open(&mut self, start: &BytesStart, empty: bool) -> Result<(), Unreadable> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(Unreadable::Malformed("elements are nested too deeply".to_owned()));
        }
        let name = start.name();
        let (prefix, local) = match name.as_ref().split_once(':') {
            Some((prefix, local)) => (prefix, local),
            None => ("", name.as_ref()),
        };
        if !self.rooted {
            if !matches!(local, "rss" | "RDF" | "rdf" | "feed" | "entry" | "channel" | "Channel") {
                return Err(Unreadable::NotAFeed);
            }
            self.rooted = true;
        }
        if self.field.is_some() {
            // Markup inside a field is part of its text.
            self.buffer.push('<');
            self.buffer.push_str(start);
            self.buffer.push_str(if empty { "/>" } else { ">" });
        } else if self.item.is_none() && matches!(local, "item" | "entry") {
            self.item = Some((Item::default(), self.depth));
        } else if let Some((item, depth)) = &mut self.item {
            if self.depth == *depth + 1 {
                if local == "link" {
                    item.take_link(start);
                }
                self.field = item_field(prefix, local).map(|field| (field, self.depth));
            }
        } else if matches!(local, "channel" | "Channel" | "feed") {
            self.channel_depth = Some(self.depth);
        } else if self.channel_depth.is_some_and(|depth| self.depth == depth + 1) && !FOREIGN.contains(&prefix) {
            self.field = match local {
                "title" => Some((Field::ChannelTitle, self.depth)),
                "description" | "subtitle" | "tagline" => Some((Field::ChannelDescription, self.depth)),
                _ => None,
            };
        }
        Ok(())
    }

    fn close(&mut self, name: &str) {
        match self.field {
            Some((field, depth)) if depth == self.depth => {
                let text = std::mem::take(&mut self.buffer);
                self.field = None;
                self.put(field, text);
            }
            Some(_) if !name.is_empty() => {
                self.buffer.push_str("</");
                self.buffer.push_str(name);
                self.buffer.push('>');
            }
            _ => {}
        }
        if self.item.as_ref().is_some_and(|(_, depth)| *depth == self.depth)
            && let Some((item, _)) = self.item.take()
        {
            self.document.items.push(item);
        }
        self.depth = self.depth.saturating_sub(1);
    }

    fn add(&mut self, piece: &str) {
        if self.field.is_some() {
            self.buffer.push_str(piece);
        }
    }

    fn add_reference(&mut self, name: &str) {
        if self.field.is_none() {
            return;
        }
        let number = name.strip_prefix('#').and_then(|n| match n.strip_prefix(['x', 'X']) {
            Some(hex) => u32::from_str_radix(hex, 16).ok(),
            None => n.parse().ok(),
        });
        match (name, number.and_then(char::from_u32)) {
            ("lt", _) => self.buffer.push('<'),
            ("gt", _) => self.buffer.push('>'),
            ("amp", _) => self.buffer.push('&'),
            ("quot", _) => self.buffer.push('"'),
            ("apos", _) => self.buffer.push('\''),
            (_, Some(c)) => self.buffer.push(c),
            // An HTML entity: the fragment parser knows it.
            _ => {
                self.buffer.push('&');
                self.buffer.push_str(name);
                self.buffer.push(';');
            }
        }
    }

    fn put(&mut self, field: Field, text: String) {
        if text.trim().is_empty() {
            return;
        }
        let first = |slot: &mut Option<String>, text: String| {
            slot.get_or_insert(text);
        };
        match (field, &mut self.item) {
            (Field::ChannelTitle, _) => first(&mut self.document.title, text),
            (Field::ChannelDescription, _) => first(&mut self.document.description, text),
            (Field::Id, Some((item, _))) => first(&mut item.id, text),
            (Field::Link, Some((item, _))) => first(&mut item.link, text),
            (Field::Title, Some((item, _))) => first(&mut item.title, text),
            (Field::Published, Some((item, _))) => item.published.push(text),
            (Field::Updated, Some((item, _))) => item.updated.push(text),
            (Field::Content, Some((item, _))) => first(&mut item.content, text),
            (Field::Summary, Some((item, _))) => first(&mut item.summary, text),
            (_, None) => {}
        }
    }
}

fn item_field(prefix: &str, local: &str) -> Option<Field> {
    if FOREIGN.contains(&prefix) {
        return None;
    }
    Some(match local {
        "guid" | "id" => Field::Id,
        "link" => Field::Link,
        "title" => Field::Title,
        "pubDate" | "pubdate" | "pubDATE" | "published" | "issued" | "date" | "created" => Field::Published,
        "updated" | "modified" | "lastBuildDate" => Field::Updated,
        "encoded" | "content" | "body" => Field::Content,
        "description" | "summary" => Field::Summary,
        _ => return None,
    })
}

impl Item {
    /// Atom puts the address into attributes, and may name several.
    fn take_link(&mut self, start: &BytesStart) {
        let mut href = None;
        let mut alternate = true;
        for attribute in start.attributes().with_checks(false).flatten() {
            let value = attribute.value.replace("&amp;", "&");
            match attribute.key.as_ref() {
                "href" => href = Some(value),
                "rel" => alternate = value == "alternate",
                _ => {}
            }
        }
        if let Some(href) = href.filter(|_| alternate) {
            self.link.get_or_insert(href);
        }
    }
}

fn read_json(text: &str) -> Result<Document, Unreadable> {
    let value: Value = match serde_json::from_str(text) {
        Ok(value) => value,
        Err(error) if text.contains("jsonfeed.org/version") => return Err(Unreadable::Malformed(error.to_string())),
        Err(_) => return Err(Unreadable::NotAFeed),
    };
    let is_feed = value["version"].as_str().is_some_and(|version| version.contains("jsonfeed.org/version"));
    let Some(items) = value["items"].as_array().filter(|_| is_feed) else { return Err(Unreadable::NotAFeed) };
    let word = |value: &Value| match value {
        Value::String(text) if !text.trim().is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    };
    let items = items.iter().map(|item| Item {
        id: word(&item["id"]),
        link: word(&item["url"]).or_else(|| word(&item["external_url"])),
        title: word(&item["title"]),
        published: word(&item["date_published"]).into_iter().collect(),
        updated: word(&item["date_modified"]).into_iter().collect(),
        content: word(&item["content_html"]).or_else(|| word(&item["content_text"])),
        summary: word(&item["summary"]),
    });
    Ok(Document { title: word(&value["title"]), description: word(&value["description"]), items: items.collect() })
}

fn interpret(document: Document, url: &str, context: &ReadContext) -> Result<Reading, Unreadable> {
    let base = Url::parse(url).ok();
    let plain =
        |text: Option<String>| text.map(|text| markup::fold(&markup::read(&text, None).0)).filter(|t| !t.is_empty());
    let posts: Vec<Post> =
        document.items.into_iter().map(|item| interpret_item(item, base.as_ref(), context)).collect();
    let undated = posts.iter().filter(|post| post.published_at.is_none()).count();
    if undated > 0 && undated == posts.len() {
        return Err(Unreadable::NoDates);
    }
    let mut warnings = Vec::new();
    if undated > 0 {
        warnings.push(Oddity::Undated(undated, posts.len()));
    }
    let profile =
        Profile { name: plain(document.title), description: plain(document.description), ..Profile::default() };
    // A bridge that was told to filter leaves out what does not fit.
    let is_filtered = base.as_ref().is_some_and(|url| url.query_pairs().any(|(name, _)| name.starts_with("filter")));
    let coverage = if is_filtered { Coverage::Part } else { Coverage::Whole };
    Ok(Reading { profile: Some(profile), posts, coverage, warnings, ..Reading::default() })
}

fn interpret_item(item: Item, base: Option<&Url>, context: &ReadContext) -> Post {
    let first_date = |texts: &[String]| -> Option<DateTime<FixedOffset>> {
        texts.iter().find_map(|text| dates::parse_feed(text, context))
    };
    let published_at = first_date(&item.published).or_else(|| first_date(&item.updated));
    let id = item.id.map(|id| id.trim().to_owned());
    let url = item
        .link
        .and_then(|link| markup::absolute(&link, base))
        .or_else(|| id.as_deref().and_then(|id| markup::absolute(id, None)));
    let body = item.content.filter(|content| !content.trim().is_empty()).or(item.summary).unwrap_or_default();
    let own = url.as_deref().and_then(|url| Url::parse(url).ok());
    let (text, links) = markup::read(&body, own.as_ref().or(base));
    let title = item.title.map(|title| markup::fold(&markup::read(&title, None).0)).unwrap_or_default();
    let id = id.or_else(|| url.clone()).unwrap_or_else(|| title.clone());
    Post { id, url, title, published_at, pinned: false, text, links }
}

#[cfg(test)]
#[path = "feed_tests.rs"]
mod tests;
