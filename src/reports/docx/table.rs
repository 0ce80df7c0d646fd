//! Tables over the width of 版心.
//!
//! Decision: the shares that a document asks for are where the layout begins. A column that would tear a word, a
//! date, a rate or a short heading is widened at the cost of those that have room to spare.

use docx_rs::{
    AlignmentType, HeightRule, Paragraph, Run, Table, TableAlignmentType, TableCell, TableCellMargins, TableLayoutType,
    TableRow, VAlignType, WidthType,
};

use super::super::wording::{clip, short_links, width_of};
use super::{FANGSONG, HEI, Paper, SIZE_TABLE, TEXT_WIDTH, exact, raw, run};

/// One column of a half-width character in a table, in twips.
const TABLE_COLUMN: usize = 105;
/// What a cell leaves free at its sides, in twips.
const TABLE_SIDES: usize = 130;
/// The longest text of a cell, in characters.
const LONGEST_CELL: usize = 300;
/// Lines of a table that still fit a page with what stands above it.
const TOGETHER: usize = 24;
/// Rows that are measured: those after them are like them.
const MEASURED: usize = 400;
/// A cell up to so wide stays on one line, in columns: `网站标识不规范`.
const SHORT: usize = 14;
/// A word longer than this may be torn: an address, a hash.
const LONGEST_WORD: usize = 20;

/// A column of a table: its heading and its share of the width in thousandths.
pub(in crate::reports) type Share<'t> = (&'t str, usize);

impl Paper {
    /// A table over the whole width.
    ///
    /// The heading row repeats on every page; a row stays in one piece, and so does a short table.
    pub(in crate::reports) fn table(&mut self, columns: &[Share<'_>], rows: &[Vec<String>]) {
        self.table_with(columns, rows, usize::MAX);
    }

    /// [`Self::table`] whose columns from `bare` on show personal data as it is.
    pub(in crate::reports) fn table_with(&mut self, columns: &[Share<'_>], rows: &[Vec<String>], bare: usize) {
        let widths = widths(columns, rows);
        let text = |text: &str| clip(&short_links(text), LONGEST_CELL);
        let fits = |text: &str, width: usize| need(text, false) <= width;
        let lines = |row: &Vec<String>| {
            let of = |(text, width): (&String, &usize)| {
                let line = (width.saturating_sub(TABLE_SIDES) / TABLE_COLUMN).max(2);
                width_of(&clip(text, LONGEST_CELL)).div_ceil(line).max(1)
            };
            row.iter().zip(&widths).map(of).max().unwrap_or(1)
        };
        // Why: the last line of a short table is never alone on a page; a long one must break somewhere.
        let whole = rows.len() <= TOGETHER && rows.iter().map(lines).sum::<usize>() <= TOGETHER;
        let cell = |words: Run, width: usize, centred: bool, last: bool| {
            let align = if centred { AlignmentType::Center } else { AlignmentType::Left };
            let paragraph = Paragraph::new().align(align).line_spacing(exact(320)).keep_next(whole && !last);
            TableCell::new()
                .width(width, WidthType::Dxa)
                .vertical_align(VAlignType::Center)
                .add_paragraph(paragraph.add_run(words))
        };
        let line = |cells: Vec<TableCell>| {
            TableRow::new(cells).row_height(440.0).height_rule(HeightRule::AtLeast).cant_split()
        };
        let headings = columns.iter().zip(&widths);
        let mut table =
            vec![line(headings.map(|((h, _), width)| cell(run(h, HEI, SIZE_TABLE), *width, true, false)).collect())];
        for (place, row) in rows.iter().enumerate() {
            let last = place + 1 == rows.len();
            let cells = row.iter().zip(&widths).enumerate().map(|(column, (words, width))| {
                let words = text(words);
                let centred = !words.contains('\n') && fits(&words, *width);
                let make = if column >= bare { raw } else { run };
                cell(make(&words, FANGSONG, SIZE_TABLE), *width, centred, last)
            });
            table.push(line(cells.collect()));
        }
        let table = Table::new(table)
            .set_grid(widths)
            .width(TEXT_WIDTH, WidthType::Dxa)
            .layout(TableLayoutType::Fixed)
            .align(TableAlignmentType::Center)
            .margins(TableCellMargins::new().margin_left(60, WidthType::Dxa).margin_right(60, WidthType::Dxa));
        self.docx = std::mem::take(&mut self.docx).add_table(table);
    }
}

/// How closely a table is set.
#[derive(Clone, Copy)]
struct Setting {
    /// A short cell and a rate with its parts stay on one line.
    whole: bool,
    /// No column is narrower than its text or so many columns.
    floor: usize,
    /// Room for a face wider than Times New Roman, which may stand in for it.
    wide: bool,
}

/// The most room first.
const SETTINGS: [Setting; 4] = [
    Setting { whole: true, floor: SHORT, wide: true },
    Setting { whole: false, floor: 10, wide: true },
    Setting { whole: false, floor: 0, wide: true },
    Setting { whole: false, floor: 0, wide: false },
];

/// The width that a text on one line takes, in twips.
fn need(text: &str, wide: bool) -> usize {
    let latin = if wide { text.chars().filter(char::is_ascii).count() } else { 0 };
    width_of(text) * TABLE_COLUMN + latin * TABLE_COLUMN / 6 + TABLE_SIDES
}

/// The width below which a cell would tear a word, or wrap where it should not.
fn least(text: &str, Setting { whole, floor, wide }: Setting) -> usize {
    let is_rate = |c: char| c.is_ascii_digit() || matches!(c, '.' | '%' | '（' | '）' | '(' | ')' | '/' | '—' | ' ');
    let columns = width_of(text);
    let is_short = columns <= SHORT && !text.contains(' ') || columns <= LONGEST_WORD && text.chars().all(is_rate);
    if whole && is_short {
        return need(text, wide);
    }
    let words = text.split(|c: char| !c.is_ascii() || c.is_ascii_whitespace());
    let word = words.filter(|word| word.len() <= LONGEST_WORD).map(|word| need(word, wide)).max().unwrap_or(0);
    word.max(columns.min(floor) * TABLE_COLUMN + TABLE_SIDES)
}

/// The width of every column in twips; together the whole width.
fn widths(columns: &[Share<'_>], rows: &[Vec<String>]) -> Vec<usize> {
    let asked: Vec<usize> = columns.iter().map(|(_, share)| TEXT_WIDTH * share / 1000).collect();
    for setting in SETTINGS {
        let of = |(place, (heading, _)): (usize, &Share<'_>)| {
            let cells = rows.iter().take(MEASURED).filter_map(|row| row.get(place)).map(|cell| least(cell, setting));
            cells.chain([least(heading, setting)]).max().unwrap_or(0)
        };
        let least: Vec<usize> = columns.iter().enumerate().map(of).collect();
        if let Some(widths) = balanced(&asked, &least) {
            return widths;
        }
    }
    asked
}

/// The widths asked for, none less than its least; the others give in proportion to what they can spare.
/// `None` where there is not room for all.
fn balanced(asked: &[usize], least: &[usize]) -> Option<Vec<usize>> {
    let lacking: usize = asked.iter().zip(least).map(|(asked, least)| least.saturating_sub(*asked)).sum();
    let spare: usize = asked.iter().zip(least).map(|(asked, least)| asked.saturating_sub(*least)).sum();
    if lacking > spare {
        return None;
    }
    let give = |(asked, least): (&usize, &usize)| match asked.checked_sub(*least) {
        Some(free) => asked - (free * lacking).div_ceil(spare.max(1)),
        None => *least,
    };
    Some(asked.iter().zip(least).map(give).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(cells: &[&str]) -> Vec<String> {
        cells.iter().map(|cell| (*cell).to_owned()).collect()
    }

    #[test]
    fn no_column_tears_a_word_a_date_or_a_rate_while_another_has_room() {
        let columns =
            [("No.", 65), ("Name (platform)", 225), ("Problem", 170), ("Class", 100), ("Due", 100), ("率", 340)];
        let rows = [row(&[
            "1",
            "云溪卫生健康 (WeChat)",
            "Unsupervised account",
            "Prominent",
            "2026-11-13",
            "100.00%（15/15）",
        ])];
        let widths = widths(&columns, &rows);
        for (cell, width) in
            ["1", "(platform)", "Unsupervised", "Prominent", "2026-11-13", "100.00%（15/15）"].iter().zip(&widths)
        {
            assert!(need(cell, false) <= *width, "{cell} in {widths:?}");
        }
        assert!(widths.iter().sum::<usize>() <= TEXT_WIDTH, "{widths:?}");
    }

    #[test]
    fn a_table_whose_words_have_room_keeps_the_shares_asked_for() {
        let columns = [("序号", 100), ("主办单位", 500), ("受检数", 400)];
        let rows = [row(&["1", "云溪区人民政府办公室", "6"])];
        assert_eq!(widths(&columns, &rows), columns.map(|(_, share)| TEXT_WIDTH * share / 1000));
    }

    #[test]
    fn what_has_no_room_at_all_is_torn_rather_than_wider_than_the_page() {
        let columns = [("甲", 50); 20];
        let cell = "x".repeat(20);
        let rows = [row(&[cell.as_str(); 20])];
        assert!(widths(&columns, &rows).iter().sum::<usize>() <= TEXT_WIDTH);
    }
}
