//! Bytes to text: the charset a page is written in, which is not always the one it declares.

use std::borrow::Cow;
use std::sync::LazyLock;

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE};
use regex::bytes::Regex;

/// A declaration is looked for this far into the page, as browsers do.
const DECLARATION_WINDOW: usize = 1024;

/// The detector is fed this much: more does not change its mind.
const DETECTION_WINDOW: usize = 64 * 1024;

static DECLARED: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r#"(?i-u)(?:charset|encoding)\s*=\s*["']?\s*([a-z0-9_:.\-]+)"#).ok());

/// Decodes `body`; never fails, and what cannot be read becomes U+FFFD.
pub(super) fn decode<'b>(body: &'b [u8], content_type: Option<&str>) -> Cow<'b, str> {
    if let Some((encoding, bom)) = Encoding::for_bom(body) {
        let rest = body.get(bom..).unwrap_or_default();
        return encoding.decode_without_bom_handling(rest).0;
    }
    if let Some(encoding) = wide_of(body) {
        return decode_as(encoding, body);
    }
    let of_header = |header| said_plainly(header).or_else(|| declared_in(header.as_bytes()));
    let declared = content_type.and_then(of_header).or_else(|| {
        declared_in(body.get(..DECLARATION_WINDOW.min(body.len())).unwrap_or_default())
            // Why: a page that can be searched for an ASCII declaration is not UTF-16, whatever it says.
            .map(|found| if found == UTF_16BE || found == UTF_16LE { UTF_8 } else { found })
    });
    match (utf8_of(body), declared) {
        // Pure ASCII may still be a stateful encoding such as ISO-2022-JP or HZ.
        (Some(_), Some(encoding)) if body.is_ascii() && encoding != UTF_8 => decode_as(encoding, body),
        (Some(text), declared) if declared.is_none_or(|d| d != UTF_16BE && d != UTF_16LE) => text.into(),
        (_, Some(encoding)) if encoding != UTF_8 => decode_as(encoding, body),
        (_, Some(_)) => decode_damaged_utf8(body),
        (_, None) => decode_as(guess(body), body),
    }
}

/// UTF-16 without a mark, told by a first `<` or `{` that takes two bytes.
fn wide_of(body: &[u8]) -> Option<&'static Encoding> {
    match body.get(..4)? {
        [b'<' | b'{', 0, next, 0] if *next != 0 => Some(UTF_16LE),
        [0, b'<' | b'{', 0, next] if *next != 0 => Some(UTF_16BE),
        _ => None,
    }
}

/// The whole body as UTF-8, allowing for a last character cut by the size limit.
fn utf8_of(body: &[u8]) -> Option<&str> {
    // Why not the standard library first: this one looks at many bytes at once.
    if let Some(Cow::Borrowed(text)) = UTF_8.decode_without_bom_handling_and_without_replacement(body) {
        return Some(text);
    }
    match std::str::from_utf8(body) {
        Ok(text) => Some(text),
        Err(error) if error.error_len().is_none() => {
            std::str::from_utf8(body.get(..error.valid_up_to()).unwrap_or_default()).ok()
        }
        Err(_) => None,
    }
}

/// What a header says, as nearly all of them say it.
fn said_plainly(header: &str) -> Option<&'static Encoding> {
    Encoding::for_label(header.split_once("charset=")?.1.as_bytes())
}

fn declared_in(head: &[u8]) -> Option<&'static Encoding> {
    let found = DECLARED.as_ref()?.captures(head)?.get(1)?;
    Encoding::for_label(found.as_bytes())
}

fn decode_as<'b>(encoding: &'static Encoding, body: &'b [u8]) -> Cow<'b, str> {
    encoding.decode_without_bom_handling(body).0
}

/// Declared UTF-8, but not valid: a few broken bytes are forgiven, another charset is not UTF-8.
fn decode_damaged_utf8(body: &[u8]) -> Cow<'_, str> {
    let text = decode_as(UTF_8, body);
    let broken = text.matches('\u{FFFD}').count();
    let wide = text.chars().filter(|c| !c.is_ascii()).count();
    if broken * 4 <= wide { text } else { decode_as(guess(body), body) }
}

fn guess(body: &[u8]) -> &'static Encoding {
    let sample = body.get(..DETECTION_WINDOW.min(body.len())).unwrap_or_default();
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
    detector.feed(sample, sample.len() == body.len());
    detector.guess(Some(b"cn"), Utf8Detection::Allow)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SENTENCE: &str = "关于开展政务新媒体季度抽查的通知,请各单位按时整改并反馈。";

    fn gbk(text: &str) -> Vec<u8> {
        encoding_rs::GBK.encode(text).0.into_owned()
    }

    #[test]
    fn the_header_decides() {
        assert_eq!(decode(&gbk(SENTENCE), Some("text/html; charset=GBK")), SENTENCE);
    }

    #[test]
    fn a_declaration_in_the_page_decides_when_the_header_is_silent() {
        for declaration in
            ["<meta charset=gb2312>", "<META http-equiv=Content-Type content='text/html; charset=gb2312'>"]
        {
            let page = format!("<html><head>{declaration}</head><body>{SENTENCE}</body>");
            assert_eq!(decode(&gbk(&page), Some("text/html")), page);
        }
        let feed = format!("<?xml version='1.0' encoding='GB18030'?><rss><title>{SENTENCE}</title></rss>");
        assert_eq!(decode(&gbk(&feed), None), feed);
    }

    #[test]
    fn nothing_declared_is_guessed() {
        let page = SENTENCE.repeat(5);
        assert_eq!(decode(&gbk(&page), None), page);
        assert_eq!(decode(page.as_bytes(), None), page);
    }

    #[test]
    fn a_page_that_declares_gb2312_and_holds_utf8_is_utf8() {
        let page = format!("<meta charset=\"gb2312\">{SENTENCE}");
        assert_eq!(decode(page.as_bytes(), Some("text/html; charset=gb2312")), page);
    }

    #[test]
    fn a_page_that_declares_utf8_and_holds_gbk_is_gbk() {
        let page = format!("<meta charset=utf-8>{}", SENTENCE.repeat(4));
        assert_eq!(decode(&gbk(&page), Some("text/html; charset=utf-8")), page);
    }

    #[test]
    fn a_byte_order_mark_beats_everything() {
        let mut page = vec![0xEF, 0xBB, 0xBF];
        page.extend_from_slice(SENTENCE.as_bytes());
        assert_eq!(decode(&page, Some("text/html; charset=gbk")), SENTENCE);
        let mut wide = vec![0xFF, 0xFE];
        wide.extend(SENTENCE.encode_utf16().flat_map(u16::to_le_bytes));
        assert_eq!(decode(&wide, None), SENTENCE);
        let unmarked: Vec<u8> = "<?xml?>通知".encode_utf16().flat_map(u16::to_be_bytes).collect();
        assert_eq!(decode(&unmarked, None), "<?xml?>通知");
    }

    #[test]
    fn a_character_cut_by_the_limit_does_not_change_the_charset() {
        let bytes = SENTENCE.as_bytes();
        let text = decode(&bytes[..bytes.len() - 1], Some("text/html; charset=gb2312"));
        assert!(SENTENCE.starts_with(&*text), "{text}");
    }
}
