//! The layout of official papers, GB/T 9704-2012, as paragraphs and tables of a .docx file.
//!
//! 方正小标宋, `仿宋_GB2312` and `楷体_GB2312` are named and not embedded: offices have them. The font
//! table names open families for a machine without them, so that 黑体 still looks like 黑体.

use std::io::Cursor;

use docx_rs::{
    AlignmentType, BorderType, BreakType, Docx, Footer, Header, LineSpacing, LineSpacingType, PageMargin, PageNum,
    Paragraph, ParagraphBorder, ParagraphBorderPosition, ParagraphBorders, Run, RunFonts, RunProperty,
    SpecialIndentType,
};

use order::in_order;
use tail::with_imprint;

use super::docx_parts::{compress, font_table, in_chinese, repeat_headings};
use super::tongue::Tongue;
use super::wording::{clean, clip, width_of};
use crate::domain::Lang;
use crate::domain::privacy::mask;
use crate::domain::time::LocalTime;

mod head;
mod order;
mod table;
mod tail;

pub(super) use table::Share;

/// Twips in a millimetre, times 100.
const TWIPS_PER_100_MM: i32 = 5669;
/// 版心 156 mm wide.
pub(super) const TEXT_WIDTH: usize = 8844;
/// 三号, 16 pt, in half points.
const SIZE_BODY: usize = 32;
/// 二号, 22 pt.
const SIZE_TITLE: usize = 44;
/// Half-width characters of a title that a line holds, with one to spare.
const TITLE_COLUMNS: usize = 38;
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

pub(super) const SONG: &str = "方正小标宋简体";
pub(super) const HEI: &str = "黑体";
pub(super) const KAI: &str = "楷体_GB2312";
pub(super) const FANGSONG: &str = "仿宋_GB2312";
const MONO: &str = "DejaVu Sans Mono";

/// The red of heads and rules.
const RED: &str = "E60012";

const fn millimetres(mm: i32) -> i32 {
    mm * TWIPS_PER_100_MM / 100
}

fn fonts(east_asia: &str) -> RunFonts {
    RunFonts::new().east_asia(east_asia).ascii("Times New Roman").hi_ansi("Times New Roman")
}

/// A run as it stands, personal numbers and all.
fn raw(text: &str, font: &str, size: usize) -> Run {
    let run = Run::new().add_text(clean(text)).fonts(fonts(font)).size(size);
    if size == SIZE_BODY { run.character_spacing(SQUEEZE) } else { run }
}

/// A run with personal numbers masked.
fn run(text: &str, font: &str, size: usize) -> Run {
    raw(&mask(text), font, size)
}

fn exact(line: i32) -> LineSpacing {
    LineSpacing::new().line_rule(LineSpacingType::Exact).line(line)
}

/// Words of the body, whose rates may part from what they were counted from at the end of a line.
///
/// Why: no program breaks a line between `%` and a bracket by itself, and the line before `100.00%（72/72）` would
/// be stretched over the room of ten characters.
fn body_words(text: &str) -> Run {
    run(&text.replace("%（", "%\u{200b}（"), FANGSONG, SIZE_BODY)
}

fn indented() -> Paragraph {
    // Why: docx-rs drops first_line_chars, so the indent is given in twips. A page holds its 22
    // lines whether or not one of them stands alone.
    Paragraph::new().line_spacing(exact(LINE)).widow_control(false).indent(
        None,
        Some(SpecialIndentType::FirstLine(2 * CHARACTER)),
        None,
        None,
    )
}

/// The red double line of a letter, 170 mm: 7 mm beyond 版心 on either side; at the top of the page thick over thin,
/// at its foot thin over thick.
fn red_line(at_top: bool) -> Paragraph {
    // Why a lower border for both: its kinds are named downwards, those of an upper one the other way round.
    let kind = if at_top { BorderType::ThickThinSmallGap } else { BorderType::ThinThickSmallGap };
    let border = ParagraphBorder::new(ParagraphBorderPosition::Bottom).val(kind).size(24).space(1).color(RED);
    Paragraph::new()
        .line_spacing(exact(40))
        .indent(Some(-millimetres(7)), None, Some(-millimetres(7)), None)
        .set_borders(ParagraphBorders::with_empty().set(border))
}

/// How the pages of a document look.
#[derive(Debug, Clone, Copy)]
pub(super) struct Look {
    /// The language.
    pub(super) lang: Lang,
    /// Marked 内部 on every page.
    pub(super) internal: bool,
}

/// A document under way.
pub(super) struct Paper {
    docx: Docx,
    look: Look,
    /// 版记, as XML.
    imprint: Option<String>,
}

impl Paper {
    /// An empty A4 page with 版心 156 × 225 mm and page numbers outside, created at `at`.
    pub(super) fn new(at: LocalTime, look: Look) -> Self {
        Self { docx: pages(at, look, 23), look, imprint: None }
    }

    /// The first page of a letter (信函格式): the sender's name between red lines, no page number on it.
    pub(super) fn letter(at: LocalTime, look: Look, sender: &str) -> Self {
        let mark = raw(&clip(sender, 40), SONG, 52).color(RED);
        let mark = Paragraph::new().align(AlignmentType::Center).line_spacing(exact(700)).add_run(mark);
        let mut first = Header::new().add_paragraph(mark).add_paragraph(red_line(true));
        if look.internal {
            first = first.add_paragraph(internal(look.lang));
        }
        let foot = Footer::new().add_paragraph(red_line(false));
        Self { docx: pages(at, look, 20).first_header(first).first_footer(foot).title_pg(), look, imprint: None }
    }

    /// A page with narrow margins above and below and no page number: a certificate that has to fit on it.
    pub(super) fn narrow(at: LocalTime, look: Look) -> Self {
        let margin = PageMargin::new()
            .top(millimetres(14))
            .left(millimetres(27))
            .right(millimetres(27))
            .bottom(millimetres(12))
            .header(millimetres(6))
            .footer(millimetres(6))
            .gutter(0);
        let date = at.fixed().to_rfc3339();
        let docx = Docx::new()
            .created_at(&date)
            .updated_at(&date)
            .default_fonts(fonts(FANGSONG))
            .default_size(SIZE_TABLE)
            .page_size(11906, 16838)
            .page_margin(margin);
        Self { docx, look, imprint: None }
    }

    /// A line of very small type.
    pub(super) fn note(&mut self, text: &str) {
        let paragraph = Paragraph::new().line_spacing(exact(250));
        self.add(paragraph.add_run(run(text, FANGSONG, 18)));
    }

    fn add(&mut self, paragraph: Paragraph) {
        self.docx = std::mem::take(&mut self.docx).add_paragraph(paragraph);
    }

    /// An empty line of 版心.
    pub(super) fn blank(&mut self) {
        self.add(Paragraph::new().line_spacing(exact(LINE)));
    }

    /// A centred line of body type: what a paper is, below its title.
    pub(super) fn centred(&mut self, text: &str) {
        let paragraph = Paragraph::new().align(AlignmentType::Center).line_spacing(exact(LINE));
        self.add(paragraph.add_run(run(text, FANGSONG, SIZE_BODY)));
    }

    /// A line flush right: 发文字号 of a letter.
    pub(super) fn right(&mut self, text: &str) {
        let paragraph = Paragraph::new().align(AlignmentType::Right).line_spacing(exact(LINE));
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

    /// A title on one line where it fits there, else broken between its two parts.
    pub(super) fn title_of(&mut self, above: &[&str], head: &str, tail: &str) {
        let whole = format!("{head}{tail}");
        let mut lines = above.to_vec();
        if width_of(&whole) <= TITLE_COLUMNS {
            lines.push(&whole);
        } else {
            lines.extend([head, tail]);
        }
        self.title(&lines);
    }

    /// 主送机关, flush left.
    pub(super) fn addressee(&mut self, text: &str) {
        let paragraph = Paragraph::new().line_spacing(exact(LINE));
        self.add(paragraph.add_run(run(text, FANGSONG, SIZE_BODY)));
    }

    /// 一、 in 黑体.
    pub(super) fn heading(&mut self, text: &str) {
        let mut words = run(text, HEI, SIZE_BODY);
        if self.look.lang == Lang::En {
            words = words.bold();
        }
        self.add(indented().keep_next(true).outline_lvl(0).add_run(words));
    }

    /// (一) in 楷体.
    pub(super) fn subheading(&mut self, text: &str) {
        let mut words = run(text, KAI, SIZE_BODY);
        if self.look.lang == Lang::En {
            words = words.italic();
        }
        self.add(indented().keep_next(true).outline_lvl(1).add_run(words));
    }

    /// A paragraph of the body.
    pub(super) fn body(&mut self, text: &str) {
        // Why: a line before an address that moves to the next one would be stretched over the room it left.
        let align = if text.contains("://") { AlignmentType::Left } else { self.justified() };
        self.add(indented().align(align).add_run(body_words(text)));
    }

    /// A paragraph of the body on the page of the one it introduces.
    pub(super) fn introduction(&mut self, text: &str) {
        self.add(indented().align(self.justified()).keep_next(true).add_run(body_words(text)));
    }

    /// A paragraph of the body whose end is on the page of what follows: a signature never stands alone.
    ///
    /// Why it may part: kept in one piece it would leave a hole on the page before.
    pub(super) fn last(&mut self, lead: &str, text: &str) {
        let paragraph = indented().align(self.justified()).keep_next(true);
        self.add(paragraph.add_run(run(lead, KAI, SIZE_BODY)).add_run(body_words(text)));
        self.kept_blank();
    }

    fn kept_blank(&mut self) {
        self.add(Paragraph::new().line_spacing(exact(LINE)).keep_next(true));
    }

    /// A paragraph that begins with a few words in 楷体.
    pub(super) fn led(&mut self, lead: &str, text: &str) {
        let paragraph = indented().align(self.justified());
        self.add(paragraph.add_run(run(lead, KAI, SIZE_BODY)).add_run(body_words(text)));
    }

    /// Why: a Latin line stretched over 版心 tears its words apart.
    const fn justified(&self) -> AlignmentType {
        match self.look.lang {
            Lang::Zh => AlignmentType::Both,
            Lang::En => AlignmentType::Left,
        }
    }

    /// A line of small type: a remark under a table, a line of a certificate.
    pub(super) fn small(&mut self, text: &str) {
        let paragraph = Paragraph::new().line_spacing(exact(300));
        self.add(paragraph.add_run(run(text, FANGSONG, SIZE_TABLE)));
    }

    /// A line of small type on the page of what follows it.
    pub(super) fn remark(&mut self, text: &str) {
        let paragraph = Paragraph::new().line_spacing(exact(300)).keep_next(true);
        self.add(paragraph.add_run(run(text, FANGSONG, SIZE_TABLE)));
    }

    /// Lines of a program, as they stand.
    pub(super) fn code(&mut self, text: &str) {
        for line in text.lines() {
            let words = Run::new().add_text(line).fonts(RunFonts::new().ascii(MONO).hi_ansi(MONO).east_asia(FANGSONG));
            let paragraph = Paragraph::new().line_spacing(exact(180));
            self.add(paragraph.add_run(words.size(13)));
        }
    }

    /// 附件说明: the first line after `附件：`, the others under it.
    pub(super) fn enclosures(&mut self, names: &[String]) {
        let tongue = Tongue(self.look.lang);
        for (n, name) in names.iter().enumerate() {
            let number = n + 1;
            let text = if n == 0 {
                tongue.say(format!("附件：{number}.{name}"), format!("Annexes: {number}. {name}"))
            } else {
                tongue.say(format!("{number}.{name}"), format!("{number}. {name}"))
            };
            let left = if n == 0 { 2 } else { 5 } * CHARACTER + if n > 0 { tongue.of(0, 160) } else { 0 };
            let paragraph =
                Paragraph::new().line_spacing(exact(LINE)).keep_next(true).indent(Some(left), None, None, None);
            self.add(paragraph.add_run(run(&text, FANGSONG, SIZE_BODY)));
        }
    }

    /// Room for the seal above 署名, on its page.
    pub(super) fn seal(&mut self) {
        self.kept_blank();
        self.kept_blank();
    }

    /// 署名 and 成文日期 on one page, four characters in from the right.
    pub(super) fn signature(&mut self, office: &str, date: &str) {
        for (text, is_last) in [(office, false), (date, true)] {
            let paragraph = Paragraph::new()
                .align(AlignmentType::Right)
                .line_spacing(exact(LINE))
                .keep_lines(true)
                .indent(None, None, Some(4 * CHARACTER), None);
            self.add(paragraph.keep_next(!is_last).add_run(run(text, FANGSONG, SIZE_BODY)));
        }
    }

    /// An annex on a page of its own: `附件1` and its title.
    pub(super) fn annex(&mut self, number: usize, title: &str) {
        let mark = Tongue(self.look.lang).say(format!("附件{number}"), format!("Annex {number}"));
        let paragraph = Paragraph::new().page_break_before(true).line_spacing(exact(LINE));
        self.add(paragraph.add_run(run(&mark, HEI, SIZE_BODY)));
        self.blank();
        self.title(&[title]);
        self.blank();
    }

    /// The caption above a table.
    pub(super) fn caption(&mut self, text: &str) {
        let paragraph = Paragraph::new().align(AlignmentType::Center).keep_next(true).line_spacing(exact(LINE));
        self.add(paragraph.add_run(run(text, HEI, 24)));
    }

    /// The file.
    pub(super) fn pack(self) -> Result<Vec<u8>, String> {
        let mut parts = self.docx.build();
        let document = String::from_utf8(parts.document).map_err(|error| error.to_string())?;
        let mut document = in_order(&repeat_headings(&document));
        if let Some(imprint) = self.imprint {
            document = with_imprint(&document, &imprint);
        }
        parts.document = document.into_bytes();
        parts.font_table = font_table().into_bytes();
        let styles = String::from_utf8(parts.styles).map_err(|error| error.to_string())?;
        parts.styles = in_chinese(&styles).into_bytes();
        let others = parts.headers.iter_mut().chain(&mut parts.footers).chain([&mut parts.styles, &mut parts.settings]);
        for part in others {
            let text = String::from_utf8(std::mem::take(part)).map_err(|error| error.to_string())?;
            *part = in_order(&text).into_bytes();
        }
        let mut file = Cursor::new(Vec::new());
        parts.pack(&mut file).map_err(|error| error.to_string())?;
        compress(file).map_err(|error| error.to_string())
    }
}

/// The pages themselves; the footer's foot stands `foot` mm above the edge.
fn pages(at: LocalTime, look: Look, foot: i32) -> Docx {
    // Why: the page number's line begins 7 mm below 版心, wherever the footer ends.
    let lift = LineSpacing::new().after((millimetres(23 - foot)) as u32);
    let page = |align: AlignmentType, inner: i32, outer: i32| {
        let property = RunProperty::new().size(SIZE_PAGE).fonts(fonts("宋体"));
        Footer::new().add_paragraph(
            Paragraph::new()
                .align(align)
                .line_spacing(lift.clone())
                .indent(Some(inner), None, Some(outer), None)
                .add_run(run("— ", "宋体", SIZE_PAGE))
                .add_page_num(PageNum::new())
                .add_run(run(" —", "宋体", SIZE_PAGE))
                .run_property(property),
        )
    };
    let date = at.fixed().to_rfc3339();
    let margin = PageMargin::new()
        .top(millimetres(37))
        .left(millimetres(28))
        .right(millimetres(26))
        .bottom(millimetres(35))
        .header(millimetres(30 - if look.internal { 12 } else { 0 }))
        .footer(millimetres(foot))
        .gutter(0);
    let docx = Docx::new()
        .created_at(&date)
        .updated_at(&date)
        .default_fonts(fonts(FANGSONG))
        .default_size(SIZE_BODY)
        .page_size(11906, 16838)
        .page_margin(margin)
        .footer(page(AlignmentType::Right, 0, 280))
        .even_footer(page(AlignmentType::Left, 280, 0));
    if !look.internal {
        return docx;
    }
    let mark = || Header::new().add_paragraph(internal(look.lang));
    // The first page of a section that has one of its own: that of 版记.
    docx.header(mark()).even_header(mark()).first_header(mark())
}

/// The mark of a version that stays in the office.
fn internal(lang: Lang) -> Paragraph {
    let text = Tongue(lang).pick("内部资料　注意保管", "INTERNAL — not to leave the office");
    Paragraph::new().line_spacing(exact(400)).add_run(run(text, HEI, SIZE_PAGE))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::bulletin::tests::at;

    #[test]
    fn a_title_that_does_not_fit_is_broken_between_its_parts() {
        let breaks = |head: &str, tail: &str| {
            let mut paper = Paper::new(at("2026-11-23T01:00:00Z"), Look { lang: Lang::Zh, internal: false });
            paper.title_of(&[], head, tail);
            String::from_utf8(paper.docx.build().document).unwrap().matches("<w:br ").count()
        };
        assert_eq!(breaks("2026年度政府网站与政务新媒体", "监管情况汇总"), 1);
        assert_eq!(breaks("2026年度政务新媒体", "监管情况汇总"), 0);
    }
}
