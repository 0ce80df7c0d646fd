//! `check-text`: wrong wording and personal data in a text, before it is published. Needs no database.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use super::output::Column;
use super::{CheckFailed, Context};
use crate::app;
use crate::checks::texts::{Part, TextHit, look_through};
use crate::domain::rule::Indicator;
use crate::fetch::Page;
use crate::sources::attachment;
use crate::sources::skim::skim;

/// Bytes of a text that are read.
const LARGEST: u64 = 64 * 1024 * 1024;

pub(super) fn run(context: &mut Context, file: &Path, each_line: bool) -> anyhow::Result<()> {
    let config = context.config()?;
    let rules = app::rules_of(&config)?;
    let bytes = read(file).map_err(|error| CheckFailed {
        zh: format!("{}：无法读取（{error}）", file.display()),
        en: format!("{}: cannot be read ({error})", file.display()),
    })?;
    if bytes.len() as u64 > LARGEST {
        let (zh, en) = ("超过 64 MiB，请拆分后再查", "is over 64 MiB; split it");
        let name = file.display();
        return Err(CheckFailed { zh: format!("{name}：{zh}"), en: format!("{name}: {en}") }.into());
    }
    let page = Page::from_bytes("", None, bytes);
    let packed = page.body.starts_with(b"PK") || page.body.starts_with(&[0xD0, 0xCF, 0x11, 0xE0]);
    let (text, part) = if packed {
        let lines = attachment::lines(&page).ok_or_else(|| CheckFailed {
            zh: format!("{}：不是可以读取的 XLSX 或 DOCX 文件，请重新另存", file.display()),
            en: format!("{}: is no XLSX or DOCX file that can be read; save it again", file.display()),
        })?;
        (lines.join("\n"), Part::Table)
    } else {
        let text = page.text();
        if let Some((zh, en)) = unreadable(&page.body, &text) {
            let name = file.display();
            return Err(CheckFailed {
                zh: format!("{name}：不是可以核对的文本（{zh}），请另存为 DOCX 或 TXT 后再查"),
                en: format!("{name}: no text that can be looked through ({en}); save it as DOCX or TXT"),
            }
            .into());
        }
        (if is_html(file, &text) { visible(&text) } else { text }, Part::Text)
    };
    let mut hits = Vec::new();
    if each_line {
        for (at, line) in text.lines().enumerate() {
            hits.extend(look_through(&rules, line, part).into_iter().map(|hit| TextHit { line: at + 1, ..hit }));
        }
    } else {
        hits = look_through(&rules, &text, part);
    }
    let columns = [
        Column::<TextHit>("指标", "indicator", |hit, lang| hit.indicator.name(lang).to_owned()),
        Column("类别", "kind", |hit, lang| hit.kind.name(lang).to_owned()),
        Column("行", "line", |hit, _| hit.line.to_string()),
        Column("字", "position", |hit, _| hit.position.to_string()),
        Column("内容", "word", |hit, _| hit.word.clone()),
        Column("规范写法", "suggestion", |hit, _| hit.suggestion.clone()),
        Column("处数", "count", |hit, _| hit.count.to_string()),
        Column("原文", "sentence", |hit, _| hit.sentence.clone()),
    ];
    let mut list = context.out.list(&columns)?;
    for hit in &hits {
        context.out.row(&mut list, hit)?;
    }
    context.out.end(list)?;
    let count = |indicator| hits.iter().filter(|hit| hit.indicator == indicator).map(|hit| hit.count).sum::<usize>();
    let (wrong, personal) = (count(Indicator::Expression), count(Indicator::Privacy));
    context.out.note(
        &format!("疑似错误表述{wrong}处，疑似个人信息{personal}个（词库 {}）", rules.lexicon.version()),
        &format!(
            "{wrong} suspected wordings, {personal} suspected personal numbers (lexicon {})",
            rules.lexicon.version()
        ),
    );
    Ok(())
}

fn read(file: &Path) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    if file == Path::new("-") {
        std::io::stdin().lock().take(LARGEST + 1).read_to_end(&mut bytes)?;
    } else {
        File::open(file)?.take(LARGEST + 1).read_to_end(&mut bytes)?;
    }
    Ok(bytes)
}

/// What a file is that holds no plain text, in both languages.
fn unreadable(bytes: &[u8], text: &str) -> Option<(&'static str, &'static str)> {
    if bytes.starts_with(b"%PDF") {
        return Some(("PDF", "PDF"));
    }
    if bytes.starts_with(b"{\\rtf") {
        return Some(("RTF", "RTF"));
    }
    // Of the text, not of the bytes: UTF-16 is full of zeros.
    if text.contains('\0') {
        return Some(("二进制内容", "binary"));
    }
    // A byte lost here and there leaves a text; one character in twenty does not.
    let strange = |c: &char| *c == char::REPLACEMENT_CHARACTER || (c.is_control() && !c.is_whitespace());
    let (all, bad) = (text.chars().count(), text.chars().filter(strange).count());
    (bad * 20 > all).then_some(("编码无法识别", "of no known encoding"))
}

/// A web page by its name, or by how it begins; a feed is none.
fn is_html(file: &Path, text: &str) -> bool {
    let ending = file.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
    if ["html", "htm", "shtml", "xhtml"].iter().any(|known| ending.eq_ignore_ascii_case(known)) {
        return true;
    }
    let begins: String = text.trim_start_matches('\u{feff}').trim_start().chars().take(1024).collect();
    let begins = begins.to_ascii_lowercase();
    let page = ["<!doctype html", "<html", "<head", "<body", "<meta", "<title", "<div", "<p>", "<p "];
    begins.starts_with('<') && page.iter().any(|tag| begins.contains(tag)) && !begins.contains("<rss")
}

/// What a reader of a web page sees, its title first.
fn visible(html: &str) -> String {
    let seen = skim(html, usize::MAX);
    if seen.title.is_empty() { seen.visible } else { format!("{}\n{}", seen.title, seen.visible) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(bytes: &[u8]) -> Option<&'static str> {
        unreadable(bytes, &Page::from_bytes("", None, bytes.to_vec()).text()).map(|(zh, _)| zh)
    }

    #[test]
    fn a_file_without_plain_text_is_never_called_clean() {
        assert_eq!(refused(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\nstream"), Some("PDF"));
        assert_eq!(refused(b"{\\rtf1\\ansi \\'c1\\'ec}"), Some("RTF"));
        assert_eq!(refused(b"\x7fELF\x02\x01\x01\x00\x00\x00"), Some("二进制内容"));
        let mut state = 7_u32;
        let noise = std::iter::repeat_with(|| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            u8::try_from(state >> 24).unwrap_or(1).max(1)
        });
        assert_eq!(refused(&noise.take(4096).collect::<Vec<_>>()), Some("编码无法识别"));
    }

    #[test]
    fn texts_of_every_encoding_are_read() {
        let (gbk, _, _) = encoding_rs::GBK.encode("云溪县政府通知，请各单位按时办理。");
        let utf_16: Vec<u8> = "\u{feff}云溪县 2026\r\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
        for text in ["".as_bytes(), "云溪县\t通知\r\n".as_bytes(), &gbk, &utf_16] {
            assert_eq!(refused(text), None, "{text:?}");
        }
    }

    #[test]
    fn of_a_web_page_the_text_that_shows_is_looked_through() {
        let html = "<!DOCTYPE html><html><head><title>标题</title><script>var a='领导小姐'</script></head>\
                    <body><!-- 领导小姐 --><p>成立领导<b>小姐</b></p></body></html>";
        assert!(is_html(Path::new("-"), html));
        assert_eq!(visible(html), "标题\n成立领导小姐");
        assert!(is_html(Path::new("稿件.HTM"), "领导<b>小姐</b>"));
        for (name, text) in [("a.txt", "1 < 2，<p>"), ("feed.xml", "<rss><item><p>甲</p></item></rss>")] {
            assert!(!is_html(Path::new(name), text), "{name}");
        }
    }
}
