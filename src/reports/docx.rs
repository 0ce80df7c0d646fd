//! The layout of official papers, GB/T 9704-2012, as paragraphs and tables of a .docx file.
//!
//! 方正小标宋, `仿宋_GB2312` and `楷体_GB2312` are named and not embedded: offices have them, and
//! a machine without them falls back to its own.

use std::io::Cursor;

use docx_rs::{
    AlignmentType, BreakType, Docx, Footer, HeightRule, LineSpacing, LineSpacingType, PageMargin, PageNum, Paragraph,
    Run, RunFonts, RunProperty, SpecialIndentType, Table, TableAlignmentType, TableCell, TableCellMargins,
    TableLayoutType, TableRow, VAlignType, WidthType,
};

use super::wording::{clean, clip, width_of};
use crate::domain::time::LocalTime;

/// Twips in a millimetre, times 100.
const TWIPS_PER_100_MM: i32 = 5669;
/// 版心 156 mm wide.
pub(super) const TEXT_WIDTH: usize = 8844;
/// 三号, 16 pt, in half points.
const SIZE_BODY: usize = 32;
/// 二号, 22 pt.
const SIZE_TITLE: usize = 44;
/// 四号, 14 pt: page numbers.
const SIZE_PAGE: usize = 28;
/// 五号, 10.5 pt: tables.
const SIZE_TABLE: usize = 21;
/// 22 lines on 225 mm, in twips; a hair less than 225/22 mm, or the last line would not fit.
const LINE: i32 = 579;
/// 28 characters on 156 mm: each a quarter point closer than its size, in twips.
const SQUEEZE: i32 = -5;
/// One 三号 character, in twips.
const CHARACTER: i32 = 320;

const SONG: &str = "方正小标宋简体";
const HEI: &str = "黑体";
const KAI: &str = "楷体_GB2312";
const FANGSONG: &str = "仿宋_GB2312";

const fn millimetres(mm: i32) -> i32 {
    mm * TWIPS_PER_100_MM / 100
}

fn fonts(east_asia: &str) -> RunFonts {
    RunFonts::new().east_asia(east_asia).ascii("Times New Roman").hi_ansi("Times New Roman")
}

fn run(text: &str, font: &str, size: usize) -> Run {
    Run::new().add_text(clean(text)).fonts(fonts(font)).size(size)
}

fn exact(line: i32) -> LineSpacing {
    LineSpacing::new().line_rule(LineSpacingType::Exact).line(line)
}

fn indented() -> Paragraph {
    // Why: docx-rs drops first_line_chars, so the indent is given in twips.
    Paragraph::new().line_spacing(exact(LINE)).indent(
        None,
        Some(SpecialIndentType::FirstLine(2 * CHARACTER)),
        None,
        None,
    )
}

/// A document under way.
pub(super) struct Paper {
    docx: Docx,
}

impl Paper {
    /// An empty A4 page with 版心 156 × 225 mm and page numbers outside, created at `at`.
    pub(super) fn new(at: LocalTime) -> Self {
        let page = |align: AlignmentType, inner: i32, outer: i32| {
            let property = RunProperty::new().size(SIZE_PAGE).fonts(fonts("宋体"));
            Footer::new().add_paragraph(
                Paragraph::new()
                    .align(align)
                    .indent(Some(inner), None, Some(outer), None)
                    .add_run(run("— ", "宋体", SIZE_PAGE))
                    .add_page_num(PageNum::new())
                    .add_run(run(" —", "宋体", SIZE_PAGE))
                    .run_property(property),
            )
        };
        let date = at.fixed().to_rfc3339();
        let docx = Docx::new()
            .created_at(&date)
            .updated_at(&date)
            .default_fonts(fonts(FANGSONG))
            .default_size(SIZE_BODY)
            .page_size(11906, 16838)
            .page_margin(
                PageMargin::new()
                    .top(millimetres(37))
                    .left(millimetres(28))
                    .right(millimetres(26))
                    .bottom(millimetres(35))
                    .header(millimetres(15))
                    .footer(millimetres(23))
                    .gutter(0),
            )
            .footer(page(AlignmentType::Right, 0, 280))
            .even_footer(page(AlignmentType::Left, 280, 0));
        Self { docx }
    }

    fn add(&mut self, paragraph: Paragraph) {
        self.docx = std::mem::take(&mut self.docx).add_paragraph(paragraph);
    }

    /// An empty line of 版心.
    pub(super) fn blank(&mut self) {
        self.add(Paragraph::new().line_spacing(exact(LINE)));
    }

    /// A centred line of body type: 发文字号.
    pub(super) fn centred(&mut self, text: &str) {
        let paragraph = Paragraph::new().align(AlignmentType::Center).line_spacing(exact(LINE));
        self.add(paragraph.add_run(run(text, FANGSONG, SIZE_BODY)));
    }

    /// The title, broken by sense.
    pub(super) fn title(&mut self, lines: &[&str]) {
        let mut paragraph =
            Paragraph::new().align(AlignmentType::Center).line_spacing(exact(660)).keep_lines(true).outline_lvl(0);
        for (n, line) in lines.iter().enumerate() {
            if n > 0 {
                paragraph = paragraph.add_run(Run::new().add_break(BreakType::TextWrapping).size(SIZE_TITLE));
            }
            paragraph = paragraph.add_run(run(line, SONG, SIZE_TITLE));
        }
        self.add(paragraph);
    }

    /// 主送机关, flush left.
    pub(super) fn addressee(&mut self, text: &str) {
        let paragraph = Paragraph::new().line_spacing(exact(LINE));
        self.add(paragraph.add_run(run(text, FANGSONG, SIZE_BODY)));
    }

    /// 一、 in 黑体.
    pub(super) fn heading(&mut self, text: &str) {
        self.add(indented().keep_next(true).outline_lvl(0).add_run(run(text, HEI, SIZE_BODY)));
    }

    /// (一) in 楷体.
    pub(super) fn subheading(&mut self, text: &str) {
        self.add(indented().keep_next(true).outline_lvl(1).add_run(run(text, KAI, SIZE_BODY)));
    }

    /// A paragraph of the body.
    pub(super) fn body(&mut self, text: &str) {
        self.add(
            indented().align(AlignmentType::Both).add_run(run(text, FANGSONG, SIZE_BODY).character_spacing(SQUEEZE)),
        );
    }

    /// 附件说明: the first line after `附件：`, the others under it.
    pub(super) fn enclosures(&mut self, names: &[&str]) {
        for (n, name) in names.iter().enumerate() {
            let text = if n == 0 { format!("附件：{}.{name}", n + 1) } else { format!("{}.{name}", n + 1) };
            let left = if n == 0 { 2 } else { 5 } * CHARACTER;
            let paragraph =
                Paragraph::new().line_spacing(exact(LINE)).keep_next(true).indent(Some(left), None, None, None);
            self.add(paragraph.add_run(run(&text, FANGSONG, SIZE_BODY)));
        }
    }

    /// 署名 or 成文日期, four characters in from the right.
    pub(super) fn signature(&mut self, text: &str) {
        let paragraph = Paragraph::new().align(AlignmentType::Right).line_spacing(exact(LINE)).keep_lines(true).indent(
            None,
            None,
            Some(4 * CHARACTER),
            None,
        );
        self.add(paragraph.add_run(run(text, FANGSONG, SIZE_BODY)));
    }

    /// An annex on a page of its own: `附件1` and its title.
    pub(super) fn annex(&mut self, number: usize, title: &str) {
        let paragraph = Paragraph::new().page_break_before(true).line_spacing(exact(LINE));
        self.add(paragraph.add_run(run(&format!("附件{number}"), HEI, SIZE_BODY)));
        self.blank();
        self.title(&[title]);
        self.blank();
    }

    /// The caption above a table.
    pub(super) fn caption(&mut self, text: &str) {
        let paragraph = Paragraph::new().align(AlignmentType::Center).keep_next(true).line_spacing(exact(LINE));
        self.add(paragraph.add_run(run(text, HEI, 24)));
    }

    /// A table over the whole width; `columns` are headings with their share of it in thousandths.
    ///
    /// The heading row repeats on every page, and no row is split.
    pub(super) fn table(&mut self, columns: &[(&str, usize)], rows: &[Vec<String>]) {
        let widths: Vec<usize> = columns.iter().map(|(_, share)| TEXT_WIDTH * share / 1000).collect();
        // Why: a short table stays in one piece, its last line is never alone on a page.
        let together = |row: usize| rows.len() <= 15 && row < rows.len();
        let cell = |text: &str, width: usize, font: &str, centred: bool, row: usize| {
            let align = if centred { AlignmentType::Center } else { AlignmentType::Left };
            let paragraph = Paragraph::new().align(align).line_spacing(exact(320)).keep_next(together(row));
            TableCell::new()
                .width(width, WidthType::Dxa)
                .vertical_align(VAlignType::Center)
                .add_paragraph(paragraph.add_run(run(&clip(text, 300), font, SIZE_TABLE)))
        };
        let line = |cells: Vec<TableCell>| {
            TableRow::new(cells).row_height(440.0).height_rule(HeightRule::AtLeast).cant_split()
        };
        let heading = columns.iter().zip(&widths).map(|((text, _), width)| cell(text, *width, HEI, true, 0)).collect();
        let mut lines = vec![line(heading)];
        for (place, row) in rows.iter().enumerate() {
            let cells = row.iter().zip(&widths).map(|(text, width)| {
                let short = !text.contains('\n') && width_of(text) * 105 + 130 <= *width;
                cell(text, *width, FANGSONG, short, place + 1)
            });
            lines.push(line(cells.collect()));
        }
        let table = Table::new(lines)
            .set_grid(widths)
            .width(TEXT_WIDTH, WidthType::Dxa)
            .layout(TableLayoutType::Fixed)
            .align(TableAlignmentType::Center)
            .margins(TableCellMargins::new().margin_left(60, WidthType::Dxa).margin_right(60, WidthType::Dxa));
        self.docx = std::mem::take(&mut self.docx).add_table(table);
    }

    /// The file.
    pub(super) fn pack(self) -> Result<Vec<u8>, String> {
        let mut parts = self.docx.build();
        let document = String::from_utf8(parts.document).map_err(|error| error.to_string())?;
        parts.document = repeat_headings(&document).into_bytes();
        let mut file = Cursor::new(Vec::new());
        parts.pack(&mut file).map_err(|error| error.to_string())?;
        compress(file).map_err(|error| error.to_string())
    }
}

/// The same parts, deflated.
///
/// Why: docx-rs stores them as they are, and a bulletin over thousands of accounts would be too large to mail.
fn compress(stored: Cursor<Vec<u8>>) -> zip::result::ZipResult<Vec<u8>> {
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

/// Marks the first row of every table as its heading.
///
/// Why: docx-rs knows no `w:tblHeader`. Text cannot be mistaken for a tag: it is escaped.
fn repeat_headings(document: &str) -> String {
    let mut tables = document.split("<w:tbl>");
    let mut out = tables.next().unwrap_or_default().to_owned();
    for table in tables {
        out.push_str("<w:tbl>");
        out.push_str(&table.replacen("<w:trPr>", "<w:trPr><w:tblHeader />", 1));
    }
    out
}
