//! Telegram's HTML dialect: which tags it knows, and what is left when they are taken away.

use serde_json::{Value, json};

/// Formatted text as Telegram keeps it: plain text, and entities in UTF-16 units.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Rich {
    pub(super) text: String,
    pub(super) entities: Vec<Value>,
}

impl Rich {
    /// Text sent without a parse mode.
    pub(super) fn plain(text: &str) -> Self {
        Self { text: text.trim().to_owned(), entities: Vec::new() }
    }
}

/// Length as Telegram counts it.
pub(super) fn utf16_len(text: &str) -> usize {
    text.encode_utf16().count()
}

struct Open {
    tag: String,
    start: usize,
    entity: Value,
}

/// Parses `source`; the error is the rest of Telegram's `can't parse entities: …`.
///
/// Stricter than Telegram in one respect: a bare `&` or `>` is an error here. Telegram lets
/// them pass, but its manual forbids them, and they betray text that was not escaped.
pub(super) fn parse(source: &str) -> Result<Rich, String> {
    let mut rich = Rich::default();
    let mut open: Vec<Open> = Vec::new();
    let mut rest = source;
    while let Some(at) = rest.find(['<', '>', '&']) {
        let offset = source.len() - rest.len() + at;
        let (before, from) = rest.split_at(at);
        rich.text.push_str(before);
        if let Some(after) = from.strip_prefix('&') {
            let (name, tail) =
                after.split_once(';').ok_or_else(|| format!("unescaped \"&\" at byte offset {offset}"))?;
            rich.text.push(entity(name).ok_or_else(|| format!("unescaped \"&\" at byte offset {offset}"))?);
            rest = tail;
        } else if let Some(after) = from.strip_prefix("</") {
            let (name, tail) =
                after.split_once('>').ok_or_else(|| format!("Unclosed end tag at byte offset {offset}"))?;
            let name = name.trim().to_ascii_lowercase();
            let Some(opened) = open.pop() else {
                return Err(format!("Unexpected end tag at byte offset {offset}"));
            };
            if opened.tag != name {
                return Err(format!(
                    "Unmatched end tag at byte offset {offset}, expected \"</{}>\", found \"</{name}>\"",
                    opened.tag
                ));
            }
            close(&mut rich, opened);
            rest = tail;
        } else if let Some(after) = from.strip_prefix('<') {
            let (inside, tail) =
                after.split_once('>').ok_or_else(|| format!("Unclosed start tag at byte offset {offset}"))?;
            let (tag, attributes) = inside.split_once(char::is_whitespace).unwrap_or((inside, ""));
            let tag = tag.to_ascii_lowercase();
            let entity = start_tag(&tag, attributes.trim())
                .ok_or_else(|| format!("Unsupported start tag \"{tag}\" at byte offset {offset}"))?;
            open.push(Open { tag, start: utf16_len(&rich.text), entity });
            rest = tail;
        } else {
            return Err(format!("unescaped \">\" at byte offset {offset}"));
        }
    }
    rich.text.push_str(rest);
    if let Some(left) = open.last() {
        return Err(format!("Can't find end tag corresponding to start tag \"{}\"", left.tag));
    }
    trim(&mut rich);
    Ok(rich)
}

fn entity(name: &str) -> Option<char> {
    match name {
        "lt" => Some('<'),
        "gt" => Some('>'),
        "amp" => Some('&'),
        "quot" => Some('"'),
        _ => {
            let number = name.strip_prefix('#')?;
            let code = match number.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16).ok()?,
                None => number.parse().ok()?,
            };
            char::from_u32(code)
        }
    }
}

/// The entity a start tag opens; `None` for a tag or an attribute Telegram does not know.
fn start_tag(tag: &str, attributes: &str) -> Option<Value> {
    let attribute = |name: &str| -> Option<String> {
        let quoted = attributes.strip_prefix(name)?.trim_start().strip_prefix('=')?.trim_start();
        let inner = quoted
            .strip_prefix('"')
            .and_then(|q| q.strip_suffix('"'))
            .or_else(|| quoted.strip_prefix('\'').and_then(|q| q.strip_suffix('\'')))?;
        (!inner.contains('"')).then(|| parse_attribute(inner)).flatten()
    };
    let simple = |kind: &str| attributes.is_empty().then(|| json!({ "type": kind }));
    match tag {
        "b" | "strong" => simple("bold"),
        "i" | "em" => simple("italic"),
        "u" | "ins" => simple("underline"),
        "s" | "strike" | "del" => simple("strikethrough"),
        "tg-spoiler" => simple("spoiler"),
        "span" => (attribute("class")? == "tg-spoiler").then(|| json!({ "type": "spoiler" })),
        "a" => Some(json!({ "type": "text_link", "url": attribute("href")? })),
        "tg-emoji" => Some(json!({ "type": "custom_emoji", "custom_emoji_id": attribute("emoji-id")? })),
        "code" if attributes.is_empty() => Some(json!({ "type": "code" })),
        "code" => attribute("class")?.starts_with("language-").then(|| json!({ "type": "code" })),
        "pre" => simple("pre"),
        "blockquote" if attributes == "expandable" => Some(json!({ "type": "expandable_blockquote" })),
        "blockquote" => simple("blockquote"),
        _ => None,
    }
}

fn parse_attribute(raw: &str) -> Option<String> {
    let mut text = String::new();
    let mut rest = raw;
    while let Some((before, after)) = rest.split_once('&') {
        text.push_str(before);
        let (name, tail) = after.split_once(';')?;
        text.push(entity(name)?);
        rest = tail;
    }
    text.push_str(rest);
    Some(text)
}

fn close(rich: &mut Rich, opened: Open) {
    let length = utf16_len(&rich.text).saturating_sub(opened.start);
    let mut entity = opened.entity;
    entity["offset"] = opened.start.into();
    entity["length"] = length.into();
    if length > 0 {
        rich.entities.push(entity);
    }
}

/// Telegram drops white space at both ends; entities move with the text.
fn trim(rich: &mut Rich) {
    let lead = rich.text.len() - rich.text.trim_start().len();
    let lead = utf16_len(rich.text.split_at(lead).0);
    rich.text = rich.text.trim().to_owned();
    let total = utf16_len(&rich.text);
    rich.entities.retain_mut(|entity| {
        let start = entity["offset"].as_u64().unwrap_or(0) as usize;
        let end = start + entity["length"].as_u64().unwrap_or(0) as usize;
        let (start, end) = (start.saturating_sub(lead).min(total), end.saturating_sub(lead).min(total));
        entity["offset"] = start.into();
        entity["length"] = (end - start).into();
        end > start
    });
    rich.entities.sort_by_key(|e| e["offset"].as_u64());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_tags_become_entities_counted_in_utf16() {
        let rich = parse("😀<b>整改通知</b> <a href=\"http://a.cn/?a=1&amp;b=2\">链接</a> &lt;1&gt;").unwrap();
        assert_eq!(rich.text, "😀整改通知 链接 <1>");
        assert_eq!(rich.entities[0], json!({"type": "bold", "offset": 2, "length": 4}));
        assert_eq!(
            rich.entities[1],
            json!({"type": "text_link", "url": "http://a.cn/?a=1&b=2", "offset": 7, "length": 2})
        );
    }

    #[test]
    fn whatever_telegram_does_not_know_is_refused() {
        for bad in [
            "<p>a</p>",
            "<b>a",
            "a</b>",
            "<b><i>a</b></i>",
            "a & b",
            "1 > 0",
            "<br>",
            "<a>a</a>",
            "<b class=\"x\">a</b>",
            "a < b",
            "&nbsp;",
        ] {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn white_space_at_the_ends_goes_and_entities_follow() {
        let rich = parse("\n <b>甲</b>\n").unwrap();
        assert_eq!((rich.text.as_str(), rich.entities[0]["offset"].as_u64()), ("甲", Some(0)));
    }
}
