//! Files that a unit hands in (佐证材料): which are taken, told by their content and never by their name.

use std::fmt::Write as _;
use std::io::Cursor;

use serde::Serialize;
use sha2::{Digest as _, Sha256};

use super::Lang;
use super::keyed::keyed_enum;
use super::time::LocalTime;

/// A larger file is refused, in bytes.
pub const LARGEST: usize = 10 * 1024 * 1024;
/// More files than this are not kept with one issue.
pub const MOST_PER_ISSUE: usize = 20;
/// What the files of one issue may weigh together, in bytes.
pub const MOST_BYTES_PER_ISSUE: i64 = 60 * 1024 * 1024;
/// Entries of a document that are looked at; real ones have a few dozen.
const MOST_ENTRIES: usize = 5_000;
/// Longest name kept, in characters.
const LONGEST_NAME: usize = 100;

keyed_enum! {
    /// A kind of file that is taken; its key is the usual ending.
    MaterialKind {
        Jpeg = "jpg", "JPEG 图片", "JPEG image";
        Png = "png", "PNG 图片", "PNG image";
        Webp = "webp", "WebP 图片", "WebP image";
        Heic = "heic", "HEIC 图片", "HEIC image";
        Pdf = "pdf", "PDF 文档", "PDF document";
        Docx = "docx", "Word 文档", "Word document";
        Xlsx = "xlsx", "Excel 工作簿", "Excel workbook";
        Text = "txt", "文本文件", "Text file";
    }
}

impl MaterialKind {
    /// Whether it is a picture.
    #[must_use]
    pub const fn is_picture(self) -> bool {
        matches!(self, Self::Jpeg | Self::Png | Self::Webp | Self::Heic)
    }
}

/// Why a file is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MaterialFault {
    /// No byte in it.
    #[error("the file is empty")]
    Empty,
    /// More than [`LARGEST`].
    #[error("the file is larger than 10 MB")]
    TooLarge,
    /// None of the kinds that are taken.
    #[error("files of this kind are not taken; send a picture (JPEG, PNG, WebP, HEIC), PDF, Word, Excel or text")]
    Kind,
    /// A document or workbook that cannot be opened, or is encrypted.
    #[error("the document is damaged or protected by a password")]
    Broken,
    /// A document or workbook with macros.
    #[error("the document holds macros; save it without them")]
    Macros,
}

impl MaterialFault {
    /// The reason in a language.
    #[must_use]
    pub fn text(self, lang: Lang) -> String {
        let zh = match self {
            Self::Empty => "文件是空的",
            Self::TooLarge => "文件超过 10 MB",
            Self::Kind => "不接受这类文件；可提交图片（JPEG、PNG、WebP、HEIC）、PDF、Word、Excel 或文本文件",
            Self::Broken => "文档已损坏或设有密码",
            Self::Macros => "文档含有宏，请另存为不含宏的格式",
        };
        if lang == Lang::Zh { zh.to_owned() } else { self.to_string() }
    }
}

/// A file that may be kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Material {
    /// Lower-case hex.
    pub sha256: String,
    /// What it is.
    pub kind: MaterialKind,
    /// The name under which it was handed in, without folders; it ends as its kind does.
    pub name: String,
    /// The bytes.
    pub content: bytes::Bytes,
}

impl Material {
    /// Takes a file, or says why not.
    pub fn take(name: Option<&str>, content: bytes::Bytes) -> Result<Self, MaterialFault> {
        let kind = kind_of(&content)?;
        let mut sha256 = String::with_capacity(64);
        for byte in Sha256::digest(&content) {
            // A string takes everything.
            let _ = write!(sha256, "{byte:02x}");
        }
        Ok(Self { name: tidy_name(name, kind), sha256, kind, content })
    }
}

/// A file that is kept, without its content.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct KeptMaterial {
    /// The name under which it was handed in.
    pub name: String,
    /// `jpg`, `pdf` and so on.
    pub kind: MaterialKind,
    /// Bytes.
    pub size: i64,
    /// Lower-case hex.
    pub sha256: String,
    /// Who handed it in.
    pub by: String,
    /// When.
    pub at: LocalTime,
}

/// What a file is, by its content.
pub fn kind_of(content: &[u8]) -> Result<MaterialKind, MaterialFault> {
    use MaterialKind as K;
    if content.is_empty() {
        return Err(MaterialFault::Empty);
    }
    if content.len() > LARGEST {
        return Err(MaterialFault::TooLarge);
    }
    let at = |from: usize, wanted: &[u8]| content.get(from..).is_some_and(|rest| rest.starts_with(wanted));
    if at(0, b"\xFF\xD8\xFF") {
        return Ok(K::Jpeg);
    }
    if at(0, b"\x89PNG\r\n\x1a\n") {
        return Ok(K::Png);
    }
    if at(0, b"RIFF") && at(8, b"WEBP") {
        return Ok(K::Webp);
    }
    if at(4, b"ftyp") && [b"heic", b"heix", b"heif", b"hevc", b"mif1", b"msf1"].iter().any(|brand| at(8, *brand)) {
        return Ok(K::Heic);
    }
    if at(0, b"%PDF-") {
        return Ok(K::Pdf);
    }
    if at(0, b"PK\x03\x04") {
        return office_kind(content);
    }
    if is_plain_text(content) { Ok(K::Text) } else { Err(MaterialFault::Kind) }
}

/// A Word document or an Excel workbook by what lies in the archive; every other archive is refused.
fn office_kind(content: &[u8]) -> Result<MaterialKind, MaterialFault> {
    let archive = zip::ZipArchive::new(Cursor::new(content)).map_err(|_| MaterialFault::Broken)?;
    if archive.len() > MOST_ENTRIES {
        return Err(MaterialFault::Kind);
    }
    let names: Vec<String> =
        archive.file_names_raw().map(|name| String::from_utf8_lossy(name).to_lowercase()).collect();
    let has = |wanted: &str| names.iter().any(|name| name == wanted);
    if names.iter().any(|name| name.ends_with("vbaproject.bin")) {
        return Err(MaterialFault::Macros);
    }
    match () {
        () if !has("[content_types].xml") => Err(MaterialFault::Kind),
        () if has("word/document.xml") => Ok(MaterialKind::Docx),
        () if has("xl/workbook.xml") => Ok(MaterialKind::Xlsx),
        () => Err(MaterialFault::Kind),
    }
}

/// Text that nothing will run or render: no markup, no script.
fn is_plain_text(content: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(content) else { return false };
    let text = text.trim_start_matches('\u{feff}').trim_start();
    if text.is_empty() || text.starts_with(['<', '{']) || text.starts_with("#!") || text.starts_with("%!") {
        return false;
    }
    let lower = text.to_lowercase();
    let markup = ["<html", "<svg", "<script", "<!doctype", "<?xml", "<iframe", "<?php"];
    !markup.iter().any(|sign| lower.contains(sign))
        && !text.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t' | '\u{c}'))
}

/// A name that is safe to write anywhere: no folders, nothing invisible, and the ending of its kind.
fn tidy_name(name: Option<&str>, kind: MaterialKind) -> String {
    let name = name.and_then(|name| name.rsplit(['/', '\\']).next()).unwrap_or_default();
    let stem = match name.rsplit_once('.') {
        Some((stem, ending)) if ending.len() <= 5 && ending.bytes().all(|byte| byte.is_ascii_alphanumeric()) => stem,
        _ => name,
    };
    // Marks that turn the direction of writing make `exe` look like `jpg`.
    let unsafe_in_names = |c: char| c.is_control() || matches!(c, '"' | '*' | ':' | '<' | '>' | '?' | '|');
    let turning =
        |c: char| matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}');
    let stem: String = stem.chars().filter(|c| !unsafe_in_names(*c) && !turning(*c)).take(LONGEST_NAME).collect();
    let stem = stem.trim_matches(|c: char| c == '.' || c.is_whitespace());
    match (stem.is_empty(), kind) {
        (true, MaterialKind::Jpeg | MaterialKind::Png | MaterialKind::Webp | MaterialKind::Heic) => {
            format!("照片.{kind}")
        }
        (true, _) => format!("材料.{kind}"),
        (false, _) => format!("{stem}.{kind}"),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    fn archive(names: &[&str]) -> Vec<u8> {
        let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
        for name in names {
            zip.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
            zip.write_all(b"x").unwrap();
        }
        zip.finish().unwrap().into_inner()
    }

    #[test]
    fn a_file_is_what_it_holds_and_not_what_it_is_called() {
        use MaterialFault as F;
        use MaterialKind as K;
        let docx = archive(&["[Content_Types].xml", "word/document.xml"]);
        let xlsx = archive(&["[Content_Types].xml", "xl/workbook.xml"]);
        let macros = archive(&["[Content_Types].xml", "xl/workbook.xml", "xl/vbaProject.bin"]);
        let jar = archive(&["META-INF/MANIFEST.MF", "A.class"]);
        let broken = docx.get(..docx.len() / 2).unwrap();
        let large = vec![b'a'; LARGEST + 1];
        for (content, wanted) in [
            (&b"\xFF\xD8\xFF\xE0JFIF"[..], Ok(K::Jpeg)),
            (b"\x89PNG\r\n\x1a\n....", Ok(K::Png)),
            (b"RIFF\x10\x00\x00\x00WEBPVP8 ", Ok(K::Webp)),
            (b"\x00\x00\x00\x18ftypheic", Ok(K::Heic)),
            (b"%PDF-1.7\n", Ok(K::Pdf)),
            (&docx, Ok(K::Docx)),
            (&xlsx, Ok(K::Xlsx)),
            ("\u{feff}已于11月20日更新".as_bytes(), Ok(K::Text)),
            (b"", Err(F::Empty)),
            (&large, Err(F::TooLarge)),
            (&macros, Err(F::Macros)),
            (&jar, Err(F::Kind)),
            (broken, Err(F::Broken)),
            (b"MZ\x90\x00\x03", Err(F::Kind)),
            (b"\x7fELF\x02", Err(F::Kind)),
            (b"#!/bin/sh\nrm", Err(F::Kind)),
            (b"<svg onload=alert(1)>", Err(F::Kind)),
            (b"hello <ScRiPt>alert(1)</script>", Err(F::Kind)),
            (b"RIFF\x10\x00\x00\x00AVI LIST", Err(F::Kind)),
            (b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1", Err(F::Kind)),
        ] {
            let shown = String::from_utf8_lossy(content.get(..12).unwrap_or(content));
            assert_eq!(kind_of(content), wanted, "{shown}");
        }
    }

    #[test]
    fn a_name_is_safe_to_write_and_ends_as_its_kind() {
        for (name, wanted) in [
            (Some("../../etc/整改说明.PDF"), "整改说明.pdf"),
            (Some("C:\\temp\\a.exe"), "a.pdf"),
            (Some("\u{202e}gpj.exe"), "gpj.pdf"),
            (Some("..."), "材料.pdf"),
            (None, "材料.pdf"),
            (Some("2026.11.20 整改"), "2026.11.20 整改.pdf"),
        ] {
            assert_eq!(tidy_name(name, MaterialKind::Pdf), wanted, "{name:?}");
        }
        assert_eq!(tidy_name(None, MaterialKind::Jpeg), "照片.jpg");
    }
}
