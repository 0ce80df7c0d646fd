//! Files that posts link to, as lines of text: XLSX, DOCX, CSV, and what can be told of old XLS.
//!
//! Nothing is calculated and nothing is shown: the text alone is wanted, to be looked through for
//! personal data. Bounded everywhere: what a file may unpack to, its rows, its cells. An old
//! binary workbook is not opened at all; the strings in it are read as they lie there.

use std::io::{Cursor, Read as _};

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};
use url::Url;

use super::skim::skim;
use crate::fetch::Page;

/// Endings of the files that are read.
const ENDINGS: &[&str] = &[".xlsx", ".xls", ".csv", ".docx"];
/// Endings of tables that are not.
const OTHER_TABLES: &[&str] = &[".et", ".ods"];
/// Endings of documents and archives that are not.
const DOCUMENTS: &[&str] = &[".pdf", ".doc", ".wps", ".ofd", ".odt", ".zip", ".rar", ".7z"];
/// What one part of a file may unpack to, in bytes.
const LARGEST_PART: u64 = 16 * 1024 * 1024;
/// Characters that are kept of a file.
const MOST_TEXT: usize = 8 * 1024 * 1024;
/// Lines that are kept of a file.
const MOST_LINES: usize = 200_000;
/// Sheets that are read of a workbook.
const MOST_SHEETS: usize = 10;
/// Rows at the top of a table in which its headings are looked for.
const HEADING_ROWS: usize = 5;
/// Headings whose columns hold nothing but numbers of one kind; told with every cell.
const TELLING: &[&str] = &["身份证", "证件号", "公民身份", "银行卡", "卡号", "开户", "账号", "帐号"];

/// What a link says of the file it leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileKind {
    /// A file that is read.
    Readable,
    /// A table of a kind that is not.
    OtherTable,
    /// A document or an archive, which is not.
    Document,
}

/// The kind of file that a link leads to; `None` for a page.
#[must_use]
pub fn kind_of(url: &str) -> Option<FileKind> {
    // Why first: most links name no file, and taking a URL apart costs more than looking for an ending.
    let begins = |rest: &[u8], ending: &str| {
        rest.get(..ending.len()).is_some_and(|start| start.eq_ignore_ascii_case(ending.as_bytes()))
    };
    let is_named = |at: usize| {
        let rest = url.as_bytes().get(at..).unwrap_or_default();
        [ENDINGS, OTHER_TABLES, DOCUMENTS].into_iter().flatten().any(|ending| begins(rest, ending))
    };
    if !memchr::memchr_iter(b'.', url.as_bytes()).any(is_named) {
        return None;
    }
    let url = Url::parse(url).ok()?;
    let path = url.path().to_lowercase();
    // Download pages name the file in the query.
    let query = url.query().unwrap_or_default().to_lowercase();
    let ends = |endings: &[&str]| endings.iter().any(|ending| path.ends_with(ending) || query.ends_with(ending));
    [(ENDINGS, FileKind::Readable), (OTHER_TABLES, FileKind::OtherTable), (DOCUMENTS, FileKind::Document)]
        .into_iter()
        .find_map(|(endings, kind)| ends(endings).then_some(kind))
}

/// The lines of a file: a row of a table is one, its cells separated by tabs.
///
/// `None`: it is no file that can be read.
#[must_use]
pub fn lines(page: &Page) -> Option<Vec<String>> {
    if !page.is_success() || page.body.is_empty() {
        return None;
    }
    let lines = if page.body.starts_with(b"PK") {
        // A file that is cut cannot be unpacked.
        if page.truncated { None } else { unpack(&page.body) }
    } else if page.body.starts_with(&[0xD0, 0xCF, 0x11, 0xE0]) {
        Some([strings(&page.body), cell_numbers(&page.body)].concat())
    } else if page.body.contains(&0) {
        None
    } else {
        let text = page.text();
        if text.trim_start().starts_with('<') {
            // A workbook is often a page with a table in it; a page without one is a login or an error.
            let holds_table = text.contains("<t") || text.contains("<T");
            let rows = || text.as_bytes().windows(3).any(|tag| tag.eq_ignore_ascii_case(b"<tr"));
            (holds_table && rows()).then_some(())?;
            Some(skim(&text, MOST_TEXT).visible.lines().map(str::to_owned).collect())
        } else {
            Some(text.lines().map(|line| line.replace(',', "\t")).collect())
        }
    };
    lines.map(bounded)
}

fn bounded(lines: Vec<String>) -> Vec<String> {
    let mut left = MOST_TEXT;
    let mut kept = Vec::new();
    for line in lines.into_iter().take(MOST_LINES) {
        let length = line.len();
        if length > left {
            break;
        }
        left -= length;
        kept.push(line);
    }
    kept
}

fn unpack(body: &[u8]) -> Option<Vec<String>> {
    let mut archive = zip::ZipArchive::new(Cursor::new(body)).ok()?;
    let mut part = |name: &str| -> Option<String> {
        let entry = archive.by_name(name).ok()?;
        let mut bytes = Vec::new();
        entry.take(LARGEST_PART + 1).read_to_end(&mut bytes).ok()?;
        (bytes.len() as u64 <= LARGEST_PART).then(|| String::from_utf8_lossy(&bytes).into_owned())
    };
    if let Some(document) = part("word/document.xml") {
        return Some(paragraphs(&document));
    }
    let shared = part("xl/sharedStrings.xml").map(|xml| shared_strings(&xml)).unwrap_or_default();
    let mut lines = Vec::new();
    let mut sheets = 0;
    for number in 1..=MOST_SHEETS {
        let Some(sheet) = part(&format!("xl/worksheets/sheet{number}.xml")) else { continue };
        sheets += 1;
        lines.extend(table(rows(&sheet, &shared)));
        if lines.len() >= MOST_LINES {
            break;
        }
    }
    (sheets > 0).then_some(lines)
}

/// Hands every event of a document to `each` until it ends, breaks, or `each` has enough.
fn walk(xml: &str, mut each: impl FnMut(Event<'_>) -> bool) {
    let mut reader = Reader::from_str(xml);
    reader.config_mut().check_end_names = false;
    while let Ok(event) = reader.read_event() {
        if matches!(event, Event::Eof) || !each(event) {
            return;
        }
    }
}

/// Puts the text of an event behind what is there.
fn add(event: &Event<'_>, text: &mut String) {
    match event {
        Event::Text(piece) => text.push_str(piece),
        Event::CData(piece) => text.push_str(piece),
        Event::GeneralRef(reference) => text.push(match &**reference {
            "lt" => '<',
            "gt" => '>',
            "amp" => '&',
            _ => reference.resolve_char_ref().ok().flatten().unwrap_or(' '),
        }),
        _ => {}
    }
}

fn local<'s>(start: &'s BytesStart<'_>) -> &'s str {
    let name: &str = start.name().into_inner();
    name.rsplit(':').next().unwrap_or(name)
}

/// The paragraphs of a text document; cells of a table separated by tabs.
fn paragraphs(xml: &str) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    let (mut in_text, mut in_cell) = (false, 0_usize);
    walk(xml, |event| {
        match &event {
            Event::Start(start) => match local(start) {
                "t" => in_text = true,
                "tc" => in_cell += 1,
                _ => {}
            },
            Event::Empty(start) if matches!(local(start), "tab" | "br") => line.push(' '),
            Event::End(end) => match end.local_name().into_inner() {
                "t" => in_text = false,
                "tc" => {
                    in_cell = in_cell.saturating_sub(1);
                    line.push('\t');
                }
                "p" if in_cell == 0 => lines.push(std::mem::take(&mut line)),
                "tr" => lines.push(std::mem::take(&mut line)),
                _ => {}
            },
            _ if in_text => add(&event, &mut line),
            _ => {}
        }
        lines.len() < MOST_LINES
    });
    lines.push(line);
    lines
}

fn shared_strings(xml: &str) -> Vec<String> {
    let mut strings = Vec::new();
    let mut text = String::new();
    let mut in_text = false;
    walk(xml, |event| {
        match &event {
            Event::Start(start) => match local(start) {
                "t" => in_text = true,
                "si" => text.clear(),
                _ => {}
            },
            Event::End(end) => match end.local_name().into_inner() {
                "t" => in_text = false,
                "si" => strings.push(std::mem::take(&mut text)),
                _ => {}
            },
            _ if in_text => add(&event, &mut text),
            _ => {}
        }
        true
    });
    strings
}

/// The rows of a sheet: number of the row, and column with text of each cell.
fn rows(xml: &str, shared: &[String]) -> Vec<Vec<(usize, String)>> {
    let mut rows: Vec<Vec<(usize, String)>> = Vec::new();
    let (mut value, mut kind, mut column, mut in_value, mut length) = (String::new(), String::new(), 0, false, 0);
    walk(xml, |event| {
        match &event {
            Event::Start(start) => match local(start) {
                "row" => {
                    rows.push(Vec::new());
                    column = 0;
                }
                "c" => {
                    let attribute = |name: &str| {
                        let found = start.attributes().with_checks(false).flatten().find(|a| a.key.as_ref() == name);
                        found.map(|a| a.value.to_string()).unwrap_or_default()
                    };
                    kind = attribute("t");
                    column = column_of(&attribute("r")).unwrap_or(column + 1);
                    value.clear();
                }
                "v" | "t" => in_value = true,
                _ => {}
            },
            Event::End(end) => match end.local_name().into_inner() {
                "v" | "t" => in_value = false,
                "c" => {
                    let text = match kind.as_str() {
                        "s" => value.trim().parse::<usize>().ok().and_then(|at| shared.get(at)).cloned(),
                        "" | "n" => Some(plain_number(value.trim())),
                        _ => Some(value.clone()),
                    };
                    // Shared strings are written once and shown many times.
                    let text = text.unwrap_or_default();
                    length += text.len();
                    if let (Some(row), false) = (rows.last_mut(), text.is_empty()) {
                        row.push((column, text));
                    }
                }
                _ => {}
            },
            _ if in_value => add(&event, &mut value),
            _ => {}
        }
        rows.len() < MOST_LINES && length < MOST_TEXT
    });
    rows
}

/// `C` of `C12`, from 1.
fn column_of(address: &str) -> Option<usize> {
    let letters = address.bytes().take_while(u8::is_ascii_uppercase).take(3);
    let column = letters.fold(0_usize, |column, letter| column * 26 + usize::from(letter - b'A') + 1);
    (column > 0).then_some(column)
}

/// A number as a reader sees it: workbooks keep large ones with an exponent.
fn plain_number(text: &str) -> String {
    match text.parse::<f64>() {
        Ok(number) if text.contains(['E', 'e']) && number.is_finite() && number.abs() < 1e15 => format!("{number}"),
        _ => text.to_owned(),
    }
}

/// Rows as lines; a cell below a telling heading is told with it.
fn table(rows: Vec<Vec<(usize, String)>>) -> Vec<String> {
    let mut told = std::collections::BTreeMap::<usize, &str>::new();
    let mut lines = Vec::new();
    for (number, row) in rows.into_iter().enumerate() {
        let mut line = String::new();
        for (column, text) in &row {
            if let (Some(heading), true) = (told.get(column), text.chars().any(|c| c.is_ascii_digit())) {
                line.push_str(heading);
                line.push('：');
            }
            line.push_str(text);
            line.push('\t');
        }
        if number < HEADING_ROWS {
            for (column, text) in &row {
                if let Some(heading) = TELLING.iter().find(|word| text.contains(**word)) {
                    told.insert(*column, heading);
                }
            }
        }
        lines.push(line);
    }
    lines
}

/// The strings of an old binary workbook, in one byte a character or in two.
fn strings(body: &[u8]) -> Vec<String> {
    const SHORTEST: usize = 6;
    let mut lines = Vec::new();
    let mut keep = |line: &mut String| {
        if line.chars().count() >= SHORTEST && lines.len() < MOST_LINES {
            lines.push(std::mem::take(line));
        } else {
            line.clear();
        }
    };
    let mut line = String::new();
    for byte in body {
        if matches!(byte, 0x20..=0x7e) { line.push(char::from(*byte)) } else { keep(&mut line) }
    }
    keep(&mut line);
    for shift in [0, 1] {
        for pair in body.get(shift..).unwrap_or_default().chunks_exact(2) {
            let unit = pair.iter().rev().fold(0_u32, |unit, byte| unit << 8 | u32::from(*byte));
            match char::from_u32(unit) {
                Some(c @ (' '..='~' | '\u{3000}'..='\u{303f}' | '\u{4e00}'..='\u{9fff}' | '\u{ff00}'..='\u{ff5e}')) => {
                    line.push(c);
                }
                _ => keep(&mut line),
            }
        }
        keep(&mut line);
    }
    lines
}

/// The long whole numbers of an old binary workbook, which it keeps in cells of their own (record NUMBER of BIFF8: row,
/// column and format in two bytes each, then the number in eight): a telephone that was typed as a number.
fn cell_numbers(body: &[u8]) -> Vec<String> {
    const RECORD: &[u8] = &[0x03, 0x02, 0x0E, 0x00];
    /// So long is a telephone, and what is told of larger numbers is rounded.
    const LONG: std::ops::Range<f64> = 1e10..1e15;
    let number = |at: usize| {
        let bytes = body.get(at + RECORD.len() + 6..)?.first_chunk::<8>()?;
        Some(f64::from_le_bytes(*bytes)).filter(|number| LONG.contains(number) && number.fract() == 0.0)
    };
    memchr::memmem::find_iter(body, RECORD).filter_map(number).take(MOST_LINES).map(|n| format!("{n}")).collect()
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use proptest::prelude::*;

    use super::*;

    fn zipped(parts: &[(&str, &str)]) -> Vec<u8> {
        let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
        for (name, text) in parts {
            zip.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
            zip.write_all(text.as_bytes()).unwrap();
        }
        zip.finish().unwrap().into_inner()
    }

    fn read(kind: &str, body: impl Into<bytes::Bytes>) -> Option<Vec<String>> {
        lines(&Page::from_bytes("http://a.example/f", Some(kind), body))
    }

    #[test]
    fn a_workbook_is_read_row_by_row_with_its_telling_headings() {
        let body = zipped(&[
            (
                "xl/sharedStrings.xml",
                "<sst><si><t>姓名</t></si><si><t>身份证号</t></si><si><r><t>章</t></r><r><t>虚构</t></r></si></sst>",
            ),
            (
                "xl/worksheets/sheet1.xml",
                r#"<worksheet><sheetData><row><c r="A1" t="s"><v>0</v></c><c r="B1" t="s"><v>1</v></c><c r="C1" t="inlineStr"><is><t>手机&amp;</t></is></c></row>
                <row><c r="A2" t="s"><v>2</v></c><c r="B2" t="str"><v>510107900101999</v></c><c r="C2"><v>1.3800001234E10</v></c></row></sheetData></worksheet>"#,
            ),
        ]);
        assert_eq!(
            read("", body).unwrap(),
            ["姓名\t身份证号\t手机&\t", "章虚构\t身份证：510107900101999\t13800001234\t"]
        );
    }

    #[test]
    fn a_text_document_is_read_by_paragraphs_and_rows() {
        let body = zipped(&[(
            "word/document.xml",
            "<w:document><w:body><w:p><w:r><w:t>名单</w:t></w:r></w:p><w:tbl><w:tr><w:tc><w:p><w:r><w:t>章虚构</w:t></w:r></w:p></w:tc><w:tc><w:p><w:r><w:t>138</w:t></w:r></w:p></w:tc></w:tr></w:tbl></w:body></w:document>",
        )]);
        assert_eq!(read("", body).unwrap(), ["名单", "章虚构\t138\t", ""]);
    }

    #[test]
    fn other_files_are_read_as_far_as_can_be_told() {
        assert_eq!(read("text/csv", "姓名,号码\n章虚构,138").unwrap(), ["姓名\t号码", "章虚构\t138"]);
        assert_eq!(read("text/html", "<table><tr><td>章虚构</td></tr></table>").unwrap()[0].trim(), "章虚构");
        assert_eq!(read("text/html", "<html><title>登录</title><form>请先登录</form></html>"), None);
        let mut old = vec![0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0];
        old.extend(b"510107199001019990\0");
        old.extend("章虚构的号码清单".encode_utf16().flat_map(u16::to_le_bytes));
        let lines = read("", old).unwrap();
        assert!(lines.iter().any(|line| line.contains("510107199001019990")), "{lines:?}");
        assert!(lines.iter().any(|line| line.contains("号码清单")), "{lines:?}");
        let cell = |number: f64| [&[3, 2, 14, 0, 7, 0, 1, 0, 15, 0][..], &number.to_le_bytes()].concat();
        let typed = [vec![0xD0, 0xCF, 0x11, 0xE0], cell(13_800_001_234.0), cell(46_346.375), cell(f64::NAN)].concat();
        assert_eq!(read("", typed).unwrap(), ["13800001234"]);
        for body in [&b"PK\x03\x04"[..], b"", b"\x89PNG\0\0"] {
            assert_eq!(read("", body.to_vec()), None);
        }
    }

    #[test]
    fn a_bomb_is_left_alone() {
        let body = zipped(&[("word/document.xml", &"0".repeat(20 * 1024 * 1024))]);
        assert!(body.len() < 100_000);
        assert_eq!(read("", body), None);
    }

    #[test]
    fn links_to_files_are_told_by_their_ending() {
        for url in ["http://a.example/名单.XLSX", "http://a.example/d?file=a.xls", "http://a.example/a.docx?x=1"] {
            assert_eq!(kind_of(url), Some(FileKind::Readable), "{url}");
        }
        for (url, kind) in [
            ("http://a.example/a.pdf", Some(FileKind::Document)),
            ("http://a.example/down?f=%E9%99%84%E4%BB%B6.DOC", Some(FileKind::Document)),
            ("http://a.example/a.et", Some(FileKind::OtherTable)),
            ("http://a.example/a.html", None),
            ("xlsx", None),
        ] {
            assert_eq!(kind_of(url), kind, "{url}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_panic(mut body in proptest::collection::vec(any::<u8>(), 0..400), head in 0_usize..4) {
            let head: &[u8] = [&b""[..], b"PK\x03\x04", &[0xD0, 0xCF, 0x11, 0xE0], b"<sst><si><t>"][head];
            body.splice(0..0, head.iter().copied());
            let _ = read("", body);
        }

        #[test]
        fn no_markup_panics(xml in "(<(row|c r=\"[A-Z]{0,4}[0-9]{0,3}\" t=\"(s|n|str)?\"|v|t|si|/c|/v|/row|w:tc|/w:tr)>|[0-9.eE+]{0,6}|&[a-z#0-9]{0,4};){0,40}") {
            let _ = table(rows(&xml, &shared_strings(&xml)));
            let _ = paragraphs(&xml);
        }
    }
}
