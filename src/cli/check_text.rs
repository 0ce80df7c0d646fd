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
        (page.text(), Part::Text)
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
