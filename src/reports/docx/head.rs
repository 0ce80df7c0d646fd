//! 版头: the red head of a circular (发文机关标志) and of a brief (简报报头), with the blanks that a person fills in.

use docx_rs::{
    AlignmentType, BorderType, LineSpacing, LineSpacingType, Paragraph, ParagraphBorder, ParagraphBorderPosition,
    ParagraphBorders, Run, Tab, TabValueType,
};

use super::super::wording::{clip, width_of};
use super::{CHARACTER, FANGSONG, KAI, Paper, RED, SIZE_BODY, SONG, TEXT_WIDTH, exact, millimetres, raw, run};

/// The largest and the smallest type of a name in red, in points.
const LARGEST: usize = 54;
const SMALLEST: usize = 24;

/// The largest type in which a name fits the line, in points.
fn fitting(name: &str) -> usize {
    (TEXT_WIDTH * 98 / 100 / 10 / width_of(name).max(1)).clamp(SMALLEST, LARGEST)
}

/// A name in red, its top edge `above` mm below that of 版心.
fn mark(name: &str, above: i32) -> Paragraph {
    let points = fitting(name);
    let spacing = LineSpacing::new()
        .before(u32::try_from(millimetres(above)).unwrap_or_default())
        .line_rule(LineSpacingType::Exact)
        .line(points as i32 * 26);
    Paragraph::new()
        .align(AlignmentType::Center)
        .line_spacing(spacing)
        .keep_next(true)
        .add_run(raw(name, SONG, points * 2).color(RED))
}

/// The red rule over the width of 版心, 4 mm below the line above it.
fn rule() -> Paragraph {
    let border = ParagraphBorder::new(ParagraphBorderPosition::Bottom).val(BorderType::Single).size(12).space(0);
    Paragraph::new()
        .line_spacing(exact(millimetres(4)))
        .keep_next(true)
        .set_borders(ParagraphBorders::with_empty().set(border.color(RED)))
}

/// A line with something on the left, in the middle and on the right, each one character in.
fn spread(left: Run, middle: Option<Run>, right: Run) -> Paragraph {
    let stop = |kind, pos| Tab::new().val(kind).pos(pos);
    let mut paragraph = Paragraph::new().line_spacing(exact(super::LINE)).keep_next(true).indent(
        Some(CHARACTER),
        None,
        Some(CHARACTER),
        None,
    );
    paragraph = paragraph.add_run(left);
    if let Some(middle) = middle {
        paragraph =
            paragraph.add_tab(stop(TabValueType::Center, TEXT_WIDTH / 2)).add_run(Run::new().add_tab()).add_run(middle);
    }
    paragraph
        .add_tab(stop(TabValueType::Right, TEXT_WIDTH - CHARACTER as usize))
        .add_run(Run::new().add_tab())
        .add_run(right)
}

impl Paper {
    /// 发文机关标志, 发文字号, 签发 and the red rule of a circular.
    pub(in crate::reports) fn red_head(&mut self, office: &str, number: &str, signed: &str) {
        self.add(mark(&clip(office, 40), 35));
        self.blank();
        self.blank();
        let body = |text, font| run(text, font, SIZE_BODY);
        self.add(spread(body(number, FANGSONG), None, body(signed, KAI)));
        self.add(rule());
    }

    /// 简报名, 期号, 签发, 编印单位, 日期 and the red rule of a brief.
    pub(in crate::reports) fn brief_head(&mut self, name: &str, issue: &str, signed: &str, office: &str, date: &str) {
        self.add(mark(&clip(name, 40), 12));
        self.blank();
        let body = |text, font| run(text, font, SIZE_BODY);
        self.add(spread(Run::new(), Some(body(issue, FANGSONG)), body(signed, KAI)));
        let small = |text| run(text, FANGSONG, super::SIZE_PAGE);
        self.add(spread(small(office), None, small(date)));
        self.add(rule());
    }
}
