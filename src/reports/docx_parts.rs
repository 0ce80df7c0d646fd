//! What docx-rs does not write: fonts with their stand-ins, headings that repeat, parts deflated.

use std::fmt::Write as _;
use std::io::Cursor;

use super::docx::{FANGSONG, HEI, KAI, SONG};

/// The fonts by name, each with the families that stand in for it.
pub(super) fn font_table() -> String {
    const FONTS: [(&str, &str, &str); 6] = [
        (SONG, "FZXiaoBiaoSong-B05S,方正小标宋_GBK,Noto Serif CJK SC,Source Han Serif SC,宋体", "roman"),
        (FANGSONG, "仿宋,FangSong,FandolFang,Noto Serif CJK SC,Source Han Serif SC", "modern"),
        (KAI, "楷体,KaiTi,FandolKai,LXGW WenKai,AR PL UKai CN,Noto Serif CJK SC", "modern"),
        (HEI, "SimHei,Noto Sans CJK SC,Source Han Sans SC,WenQuanYi Zen Hei", "swiss"),
        ("宋体", "SimSun,Noto Serif CJK SC,Source Han Serif SC", "roman"),
        ("Times New Roman", "Liberation Serif", "roman"),
    ];
    let mut xml = String::from(
        r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?><w:fonts xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main">"#,
    );
    for (name, instead, family) in FONTS {
        let _ = write!(
            xml,
            r#"<w:font w:name="{name}"><w:altName w:val="{instead}" /><w:family w:val="{family}" /><w:pitch w:val="variable" /></w:font>"#
        );
    }
    xml.push_str("</w:fonts>");
    xml
}

/// The same parts, deflated.
///
/// Why: docx-rs stores them as they are, and a bulletin over thousands of accounts would be too large to mail.
pub(super) fn compress(stored: Cursor<Vec<u8>>) -> zip::result::ZipResult<Vec<u8>> {
    let mut parts = zip::ZipArchive::new(stored)?;
    let mut file = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Deflated);
    for index in 0..parts.len() {
        let mut part = parts.by_index(index)?;
        if part.is_file() {
            file.start_file(part.name()?.into_owned(), options)?;
            std::io::copy(&mut part, &mut file)?;
        }
    }
    Ok(file.finish()?.into_inner())
}

/// Says that Han characters are those of the mainland.
///
/// Why: without it a reader takes the Japanese face of a pan-Asian family. docx-rs knows no `w:lang`.
pub(super) fn in_chinese(styles: &str) -> String {
    const LANG: &str = r#"<w:lang w:val="en-US" w:eastAsia="zh-CN" />"#;
    styles.replacen("<w:rPrDefault><w:rPr />", "<w:rPrDefault><w:rPr></w:rPr>", 1).replacen(
        "</w:rPr></w:rPrDefault>",
        &format!("{LANG}</w:rPr></w:rPrDefault>"),
        1,
    )
}

/// Marks the first row of every table as its heading.
///
/// Why: docx-rs knows no `w:tblHeader`. Text cannot be mistaken for a tag: it is escaped.
pub(super) fn repeat_headings(document: &str) -> String {
    let mut tables = document.split("<w:tbl>");
    let mut out = tables.next().unwrap_or_default().to_owned();
    for table in tables {
        out.push_str("<w:tbl>");
        out.push_str(&table.replacen("<w:trPr>", "<w:trPr><w:tblHeader />", 1));
    }
    out
}
