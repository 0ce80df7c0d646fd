//! The copy of a page that stands behind a finding (证据副本): its text, masked and compressed; pure.
//!
//! Decisions:
//! - Kept is the text in UTF-8 and not the bytes: personal numbers in it are masked, so its own hash
//!   is another than that of the body, which stays in the evidence.
//! - A number that tags cut in two is seen by a reader and not by a search of the markup. A page that has
//!   one is kept as its words alone.
//! - What was cut off may have cut a number in two: figures at a cut are left out.
//! - Of a file that is a table (表格) its text as it was read is kept, row by row: nothing can be masked in the
//!   bytes of a workbook, and the rows are what a verdict counts.

use std::borrow::Cow;
use std::io::{Read as _, Write as _};
use std::sync::LazyLock;

use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use regex::Regex;
use serde::Deserialize;

use super::keyed::keyed_enum;
use super::privacy::{mask, mask_address};

/// Text kept of one page, in bytes.
pub const LARGEST: usize = 1024 * 1024;

/// Text beyond that is still looked at, so that a number at the cut is known for one.
const BEYOND: usize = 256;

/// Characters looked at to tell what a text is.
const BEGINNING: usize = 1024;

keyed_enum! {
    /// What a copy is; the key is the usual ending.
    CopyKind {
        Html = "html", "网页", "web page";
        Xml = "xml", "XML 数据", "XML data";
        Json = "json", "JSON 数据", "JSON data";
        Text = "txt", "纯文本", "plain text";
        Rows = "rows.txt", "附件提取文字", "text taken out of a file";
    }
}

impl CopyKind {
    /// What a text is, told by how it begins: servers name anything anything.
    #[must_use]
    pub fn of(text: &str) -> Self {
        let text = text.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
        let start: String = text.chars().take(BEGINNING).collect::<String>().to_ascii_lowercase();
        let is_xml = ["<?xml", "<rss", "<feed", "<rdf"].iter().any(|sign| start.starts_with(sign));
        match start.chars().next() {
            Some('<') if is_xml && !start.contains("<html") => Self::Xml,
            Some('<') => Self::Html,
            Some('{' | '[') => Self::Json,
            _ if start.contains("<html") || start.contains("<body") => Self::Html,
            _ => Self::Text,
        }
    }
}

/// A page's text as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageCopy {
    /// SHA-256 of the body as fetched, hex: what the evidence names.
    pub sha256: String,
    /// The address that gave it.
    pub url: String,
    /// What it is.
    pub kind: CopyKind,
    /// Bytes of the body as fetched.
    pub size: u64,
    /// There was more of it than is kept.
    pub is_cut: bool,
    /// The masked text, compressed.
    pub gzip: Vec<u8>,
}

impl PageCopy {
    /// Masks and compresses the `text` of a body; `is_cut`: the body was not read to its end.
    #[must_use]
    pub fn of(url: &str, sha256: String, size: u64, text: &str, is_cut: bool) -> Self {
        let read = clip(text, LARGEST + BEYOND);
        let is_cut = is_cut || read.len() < text.len();
        let (kind, masked) = concealed(CopyKind::of(read), read);
        Self::kept(url, sha256, size, (kind, &masked), is_cut)
    }

    /// Masks and compresses the rows that were read of a file.
    #[must_use]
    pub fn of_rows(url: &str, sha256: String, size: u64, rows: &str, is_cut: bool) -> Self {
        let read = clip(rows, LARGEST + BEYOND);
        let is_cut = is_cut || read.len() < rows.len();
        Self::kept(url, sha256, size, (CopyKind::Rows, &mask(read)), is_cut)
    }

    fn kept(url: &str, sha256: String, size: u64, (kind, masked): (CopyKind, &str), is_cut: bool) -> Self {
        let kept = clip(masked, LARGEST);
        let is_cut = is_cut || kept.len() < masked.len();
        let kept = if is_cut { kept.trim_end_matches(is_of_a_number) } else { kept };
        Self { sha256, url: mask_address(url).into_owned(), kind, size, is_cut, gzip: compress(kept) }
    }

    /// The masked text; `None` where the copy is damaged.
    #[must_use]
    pub fn text(&self) -> Option<String> {
        let mut text = String::new();
        // Why a limit: what lies in a database may have been changed from outside.
        GzDecoder::new(self.gzip.as_slice()).take(LARGEST as u64 * 2).read_to_string(&mut text).ok()?;
        Some(text)
    }
}

/// The copies that an event names, as the data it carries: `{"copies":[…]}`, nothing where there are none.
#[must_use]
pub fn named(copies: &[impl AsRef<PageCopy>]) -> String {
    let hashes: Vec<&str> = copies.iter().map(|copy| copy.as_ref().sha256.as_str()).collect();
    if hashes.is_empty() { String::new() } else { serde_json::json!({ "copies": hashes }).to_string() }
}

/// The hashes of the copies that the data of an event names.
#[must_use]
pub fn named_in(data: &str) -> Vec<String> {
    #[derive(Deserialize)]
    struct Named {
        #[serde(default)]
        copies: Vec<String>,
    }
    serde_json::from_str::<Named>(data).map(|named| named.copies).unwrap_or_default()
}

fn compress(text: &str) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    // Why no error is handed on: writing into memory has none.
    let _ = encoder.write_all(text.as_bytes());
    encoder.finish().unwrap_or_default()
}

/// The first bytes of a text, to the last whole character.
fn clip(text: &str, most: usize) -> &str {
    text.get(..text.floor_char_boundary(most)).unwrap_or(text)
}

fn is_of_a_number(c: char) -> bool {
    c.is_numeric() || c.is_whitespace() || matches!(c, 'x' | 'X' | '-' | '－' | '*')
}

/// The text with every personal number masked, whatever stands between its figures.
fn concealed(kind: CopyKind, text: &str) -> (CopyKind, Cow<'_, str>) {
    let masked = mask(text);
    if matches!(kind, CopyKind::Html | CopyKind::Xml) {
        let words = words(&masked);
        if let Cow::Owned(words) = mask(&words) {
            // Masking leaves what is masked already: this was hidden from the first pass.
            return (CopyKind::Text, Cow::Owned(words));
        }
    }
    (kind, masked)
}

static BREAKS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?i)(?:<|&lt;)/?(?:p|div|li|tr|td|th|h[1-6]|br|ul|ol|table|title|item|entry|section)\b").ok()
});
static TAG: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"(?s)<!--.*?-->|<!\[CDATA\[|\]\]>|<[^<>]*>|&lt;[^<>]{0,400}?&gt;").ok());
static ENTITY: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"&(?:amp;)?#([xX]?)([0-9a-fA-F]{1,6});").ok());

/// What is left without tags, its numeric entities written out: figures that a reader sees together stand together.
fn words(text: &str) -> String {
    let (Some(breaks), Some(tag), Some(entity)) = (BREAKS.as_ref(), TAG.as_ref(), ENTITY.as_ref()) else {
        return text.to_owned();
    };
    let text = breaks.replace_all(text, "\n$0");
    let text = tag.replace_all(&text, "");
    let character = |found: &regex::Captures<'_>| {
        let radix = if found.get(1).is_some_and(|x| !x.is_empty()) { 16 } else { 10 };
        let code = found.get(2).and_then(|digits| u32::from_str_radix(digits.as_str(), radix).ok());
        code.and_then(char::from_u32).map(String::from).unwrap_or_default()
    };
    entity.replace_all(&text, character).replace("&nbsp;", " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Made up: it only checks.
    const ID: &str = "510107199001019995";

    fn copy(text: &str) -> PageCopy {
        PageCopy::of("https://a.example.cn/", "00".to_owned(), text.len() as u64, text, false)
    }

    #[test]
    fn a_copy_is_the_masked_text_and_comes_back() {
        let copy = copy(&format!("<html><body><p>张虚构，{ID}，13800001234</p></body></html>"));
        assert_eq!((copy.kind, copy.is_cut), (CopyKind::Html, false));
        let text = copy.text().unwrap();
        assert_eq!(text, "<html><body><p>张虚构，510***********9995，138****1234</p></body></html>");
    }

    #[test]
    fn a_number_hidden_in_markup_is_not_kept() {
        for hidden in [
            "<p>510107<b>19900101</b>9995</p>",
            "<p>51010719900101<!-- x -->9995</p>",
            "<p>&#53;10107199001019995</p>",
            "<rss><description>&lt;b&gt;510107199001&lt;/b&gt;019995</description></rss>",
            "<rss><description><![CDATA[<b>510107199001</b>019995]]></description></rss>",
        ] {
            let copy = copy(&format!("{hidden}<p>第二段</p>"));
            let text = copy.text().unwrap();
            assert_eq!(copy.kind, CopyKind::Text, "{hidden}");
            assert!(text.contains("510***********9995") && text.contains("第二段"), "{hidden}: {text}");
        }
        // Figures of two cells are no number.
        let table = "<table><tr><td>510107199001</td><td>019995</td></tr></table>";
        assert_eq!(copy(table).text().unwrap(), table);
    }

    #[test]
    fn of_a_file_its_rows_are_kept_masked() {
        let rows = format!("姓名\t身份证号\n张虚构\t{ID}\n<b>13800001234</b>");
        let copy = PageCopy::of_rows("https://a.example.cn/名单.xlsx", "00".to_owned(), 9000, &rows, false);
        assert_eq!((copy.kind, copy.size, copy.is_cut), (CopyKind::Rows, 9000, false));
        let text = copy.text().unwrap();
        assert_eq!(text, "姓名\t身份证号\n张虚构\t510***********9995\n<b>138****1234</b>");
        let long = PageCopy::of_rows("", String::new(), 9, &format!("{}{ID}", "字".repeat(LARGEST / 3 - 4)), false);
        assert!(long.is_cut && long.text().unwrap().ends_with('字'));
    }

    #[test]
    fn an_event_names_its_copies() {
        let copies = [std::sync::Arc::new(PageCopy { sha256: "ab".to_owned(), ..copy("甲") })];
        assert_eq!(named(&copies), r#"{"copies":["ab"]}"#);
        assert_eq!((named_in(&named(&copies)), named(&copies[..0])), (vec!["ab".to_owned()], String::new()));
        for other in ["", r#"{"passed":true}"#, "veto", r#"{"copies":3}"#] {
            assert!(named_in(other).is_empty(), "{other}");
        }
    }

    #[test]
    fn a_long_page_is_cut_and_no_number_with_it() {
        let long = format!("{}{ID}{}", "字".repeat(LARGEST / 3 - 4), "字".repeat(900));
        let cut = copy(&long);
        assert!(cut.is_cut);
        let text = cut.text().unwrap();
        assert!(text.len() <= LARGEST && text.ends_with('字'), "{:?}", text.chars().rev().take(9).collect::<String>());
        let broken_off = PageCopy::of("", String::new(), 30, "名单：510107199001019", true);
        assert_eq!(broken_off.text().unwrap(), "名单：");
    }

    #[test]
    fn a_text_is_what_it_begins_like() {
        for (text, kind) in [
            ("<!DOCTYPE html><p>", CopyKind::Html),
            ("\u{feff} <?xml version='1.0'?><rss>", CopyKind::Xml),
            ("<?xml version='1.0'?><!DOCTYPE html><html>", CopyKind::Html),
            ("<feed xmlns='x'>", CopyKind::Xml),
            (" [1]", CopyKind::Json),
            ("页面不存在", CopyKind::Text),
            ("", CopyKind::Text),
        ] {
            assert_eq!(CopyKind::of(text), kind, "{text}");
        }
    }
}
