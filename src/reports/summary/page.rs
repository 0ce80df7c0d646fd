//! The sheet 汇总 as paper: tables on the left, charts on the right, and page breaks between them.
//!
//! Decision: rows have a height of their own and the scale is set, not fitted. A program that prints leaves page
//! breaks out where it fits a sheet to pages, and a chart that stands across two sheets of paper is none.

use rust_xlsxwriter::{
    Chart, ChartDataLabel, ChartFont, ChartFormat, ChartLegendPosition, ChartLine, ChartLineDashType, ChartPatternFill,
    ChartPatternFillType, ChartSolidFill, ChartType, Color, Format, FormatAlign, Workbook, Worksheet, XlsxError,
};

use super::super::sheet::{A3, Formats, numbers, print_setup};
use super::super::subject::Subject;
use super::super::tongue::capital;
use super::super::wording::{clean, width_of};
use super::super::words::{Tone, Words};
use super::COLUMNS;
use crate::domain::bulletin::{Dataset, Figure, Tally};

/// A line of a table, in pixels of 1/96 inch; a heading takes two.
const LINE: u32 = 21;
/// A chart and the gap below it, in lines.
const CHART_LINES: u32 = 16;
const CHART: (u32, u32) = (600, 15 * LINE);
/// A3 landscape within its margins is 1511 by 969 such pixels.
///
/// Why so much narrower: a column is as wide as so many digits of the workbook's own font, and a machine without that
/// font takes one of a third more.
const PAPER: (u32, u32) = (1120, 930);
/// The largest scale, in hundredths.
const SCALE: u32 = 88;

/// A sheet that tables are added to, one beneath the other, each chart to the right of what it shows.
pub(super) struct Page<'b> {
    sheet: &'b mut Worksheet,
    name: &'static str,
    formats: Formats,
    rate: Format,
    /// The next row.
    row: u32,
    /// The first row of the present page.
    top: u32,
    /// Lines of the present page that tables take.
    used: u32,
    /// Lines of the present page that charts take.
    drawn: u32,
    /// Lines of a page.
    room: u32,
    breaks: Vec<u32>,
    /// Where charts begin: right of the tables.
    charts_at: u16,
}

/// Where the lines of a table stand.
pub(super) struct Block {
    first: u32,
    last: u32,
    /// The largest number of a line.
    most: usize,
}

impl<'b> Page<'b> {
    /// An empty sheet whose tables have so many columns, each so many characters wide after the first.
    pub(super) fn new(
        book: &'b mut Workbook,
        dataset: &Dataset,
        words: Words,
        widths: &[f64],
    ) -> Result<Self, XlsxError> {
        let name = words.pick("汇总", "Summary");
        let sheet = book.add_worksheet();
        sheet.set_name(name)?.set_landscape();
        let subject = Subject::of(dataset).name(words.0);
        let title = words.title(dataset, &format!("{subject}检查汇总"), &capital(&format!("{subject}: summary")));
        print_setup(sheet, &title, words, A3);
        let pixels = |width: f64| (width * 7.0) as u32 + 5;
        let all = [FIRST].into_iter().chain(widths.iter().copied()).chain([GAP]);
        let mut across = CHART.0;
        for (place, width) in all.enumerate() {
            sheet.set_column_width(place as u16, width)?;
            across += pixels(width);
        }
        let scale = (PAPER.0 * 100 / across).min(SCALE);
        sheet.set_print_scale(scale as u16);
        let formats = Formats::new();
        let rate = formats.number.clone().set_num_format("0.00%").set_align(FormatAlign::Center);
        Ok(Self {
            sheet,
            name,
            formats,
            rate,
            row: 0,
            top: 0,
            used: 0,
            drawn: 0,
            room: PAPER.1 * 100 / scale / LINE,
            breaks: Vec::new(),
            charts_at: widths.len() as u16 + 2,
        })
    }

    /// Gives the rows below the tables their height and the pages their breaks.
    pub(super) fn finish(mut self) -> Result<(), XlsxError> {
        self.level()?;
        self.sheet.set_page_breaks(&self.breaks)?;
        Ok(())
    }

    fn next(&mut self, lines: u32) -> Result<(), XlsxError> {
        self.sheet.set_row_height_pixels(self.row, lines * LINE)?;
        self.row += 1;
        self.used += lines;
        Ok(())
    }

    /// Empty rows beside charts that reach further down than the tables.
    fn level(&mut self) -> Result<(), XlsxError> {
        while self.used < self.drawn {
            self.next(1)?;
        }
        Ok(())
    }

    /// A new page where so many lines do not fit the present one; what fits no page begins where it is.
    fn make_room(&mut self, used: u32, lines: u32) -> Result<(), XlsxError> {
        if used > 0 && used + lines > self.room && lines <= self.room {
            self.level()?;
            self.breaks.push(self.row);
            (self.top, self.used, self.drawn) = (self.row, 0, 0);
        }
        Ok(())
    }

    fn heading(&mut self, cells: &[&str]) -> Result<(), XlsxError> {
        for (place, text) in cells.iter().enumerate() {
            self.sheet.write_string_with_format(self.row, place as u16, *text, &self.formats.heading)?;
        }
        self.next(2)
    }

    /// A line of a table.
    pub(super) fn row(&mut self, name: &str, numbers: &[usize]) -> Result<(), XlsxError> {
        self.sheet.write_string_with_format(self.row, 0, clean(name), &self.formats.text)?;
        for (place, number) in numbers.iter().enumerate() {
            let number = *number as f64;
            self.sheet.write_number_with_format(self.row, place as u16 + 1, number, &self.formats.number)?;
        }
        self.next(if width_of(name) > FIRST_HOLDS { 2 } else { 1 })
    }

    /// A gap below a table.
    pub(super) fn gap(&mut self) -> Result<(), XlsxError> {
        self.next(1)
    }

    /// Heading and lines of a table that stands on one page, and `more` lines below it.
    pub(super) fn table(
        &mut self,
        heading: &[&str],
        rows: &[(String, Vec<usize>)],
        more: u32,
    ) -> Result<Block, XlsxError> {
        self.make_room(self.used, rows.len() as u32 + 2 + more)?;
        self.heading(heading)?;
        let first = self.row;
        for (name, numbers) in rows {
            self.row(name, numbers)?;
        }
        let most = rows.iter().flat_map(|(_, numbers)| numbers).copied().max().unwrap_or_default();
        Ok(Block { first, last: self.row.saturating_sub(1), most })
    }

    /// A breakdown of accounts with its pass rates; a gap follows.
    pub(super) fn tallies(
        &mut self,
        words: Words,
        by: &str,
        first: &str,
        tallies: &[Tally],
    ) -> Result<Block, XlsxError> {
        let mut heading = vec![first];
        heading.extend(COLUMNS.map(|(zh, en)| words.pick(zh, en)));
        self.make_room(self.used, tallies.len() as u32 + 2)?;
        self.heading(&heading)?;
        let from = self.row;
        for tally in tallies {
            let rate = tally.pass_rate.with_parts(words.0);
            self.sheet.write_string_with_format(self.row, 9, rate, &self.formats.number)?;
            self.row(&words.tally(by, tally), &numbers(tally))?;
        }
        let last = self.row.saturating_sub(1);
        self.gap()?;
        let most = tallies.iter().map(|tally| tally.drawn).max().unwrap_or_default();
        Ok(Block { first: from, last, most })
    }

    /// A table whose lines end with a rate, as a number.
    pub(super) fn rated(
        &mut self,
        heading: &[&str],
        lines: &[(String, [usize; 5], &Figure)],
    ) -> Result<Block, XlsxError> {
        self.make_room(self.used, lines.len() as u32 + 2)?;
        self.heading(heading)?;
        let first = self.row;
        for (name, numbers, rate) in lines {
            let place = numbers.len() as u16 + 1;
            match rate.value {
                Some(value) => {
                    let share = value.hundredths() as f64 / 10_000.0;
                    self.sheet.write_number_with_format(self.row, place, share, &self.rate)?
                }
                None => self.sheet.write_string_with_format(self.row, place, rate.text(), &self.formats.number)?,
            };
            self.row(name, numbers)?;
        }
        Ok(Block { first, last: self.row.saturating_sub(1), most: usize::MAX })
    }

    /// A chart over columns of a block, on the page of the block where it can be, and whole in any case;
    /// nothing where the block has no lines.
    pub(super) fn chart(
        &mut self,
        kind: ChartType,
        title: &str,
        of: &Block,
        series: &[(&str, u16, Paint)],
    ) -> Result<(), XlsxError> {
        if of.last < of.first || series.is_empty() {
            return Ok(());
        }
        let mut chart = Chart::new(kind);
        let small = |size: u8| {
            let mut font = ChartFont::new();
            font.set_name("宋体").set_size(size);
            font
        };
        chart.title().set_name(title).set_font(small(12).set_bold());
        chart.set_width(CHART.0).set_height(CHART.1).set_alt_text(title);
        for (place, (name, column, paint)) in series.iter().enumerate() {
            let line = chart.add_series();
            line.set_name(*name)
                .set_categories((self.name, of.first, 0, of.last, 0))
                .set_values((self.name, of.first, *column, of.last, *column));
            if kind == ChartType::Line {
                line.set_format(&mut paint.line(place));
            } else {
                line.set_format(&mut paint.area());
                line.set_gap(50);
                // Why the format: a bar of no length carries no number.
                let format = if paint.is_rate { "0.00%" } else { "0;;" };
                line.set_data_label(ChartDataLabel::new().show_value().set_num_format(format).set_font(&small(8)));
            }
            if kind == ChartType::BarStacked {
                line.set_overlap(100);
            }
        }
        let mut faint = ChartLine::new();
        faint.set_color(Color::RGB(0x00E1_E5EA)).set_width(0.75);
        let lies = matches!(kind, ChartType::BarStacked | ChartType::Bar);
        if lies {
            chart.y_axis().set_reverse();
        }
        let values = if lies { chart.x_axis() } else { chart.y_axis() };
        values.set_major_gridlines_line(&faint);
        // Why: there is no half of an account.
        if of.most < 9 {
            values.set_major_unit(1.0);
        }
        chart.x_axis().set_font(&small(9));
        chart.y_axis().set_font(&small(9));
        if series.iter().any(|(.., paint)| paint.is_rate) {
            chart.y_axis().set_min(0).set_max(1).set_num_format("0%");
        }
        if series.len() > 1 {
            chart.legend().set_position(ChartLegendPosition::Bottom).set_font(&small(9));
        } else {
            chart.legend().set_hidden();
        }
        self.make_room(self.drawn, CHART_LINES - 1)?;
        self.sheet.insert_chart_with_offset(self.top, self.charts_at, &chart, 0, self.drawn * LINE)?;
        self.drawn += CHART_LINES;
        Ok(())
    }
}

/// The width of the first column and of the gap before the charts, in characters.
const FIRST: f64 = 23.0;
const GAP: f64 = 2.0;
/// What a line of the first column holds, in half-width characters of its type.
const FIRST_HOLDS: usize = 26;

/// What tells a series apart where colour does not.
#[derive(Clone, Copy)]
enum Weave {
    Plain,
    Stripes,
    Dots,
}

/// How a series is painted: a colour, what tells it apart on grey paper, and whether its numbers are rates.
#[derive(Clone, Copy)]
pub(super) struct Paint {
    colour: u32,
    weave: Weave,
    is_rate: bool,
}

pub(super) const OK: Paint = Paint::plain(0x002F_78B7);
pub(super) const WATCH: Paint = Paint::plain(0x00F0_C24B);
pub(super) const BAD: Paint = Paint { weave: Weave::Stripes, ..Paint::plain(0x00B3_361E) };
pub(super) const NONE: Paint = Paint { weave: Weave::Dots, ..Paint::plain(0x0086_8F9A) };
/// A rate between none and all.
pub(super) const RATE: Paint = Paint { is_rate: true, ..OK };

/// Lines that cross are told apart by their strokes as well.
const STROKES: [ChartLineDashType; 3] =
    [ChartLineDashType::Solid, ChartLineDashType::Dash, ChartLineDashType::RoundDot];

impl Paint {
    pub(super) const fn plain(colour: u32) -> Self {
        Self { colour, weave: Weave::Plain, is_rate: false }
    }

    fn line(self, place: usize) -> ChartFormat {
        let mut line = ChartLine::new();
        line.set_color(Color::RGB(self.colour)).set_width(2.5);
        if let Some(stroke) = STROKES.get(place) {
            line.set_dash_type(*stroke);
        }
        let mut format = ChartFormat::new();
        format.set_line(&line);
        format
    }

    fn area(self) -> ChartFormat {
        let mut format = ChartFormat::new();
        let colour = Color::RGB(self.colour);
        let mut woven = |pattern, paper| {
            let mut fill = ChartPatternFill::new();
            fill.set_pattern(pattern).set_foreground_color(colour).set_background_color(Color::RGB(paper));
            format.set_pattern_fill(&fill);
        };
        match self.weave {
            Weave::Stripes => woven(ChartPatternFillType::DiagonalStripesWideUpwards, 0x00F0_B5A8),
            Weave::Dots => woven(ChartPatternFillType::Dotted20Percent, 0x00F2_F3F5),
            Weave::Plain => {
                format.set_solid_fill(ChartSolidFill::new().set_color(colour));
            }
        }
        format
    }

    pub(super) const fn of(tone: Tone) -> Self {
        match tone {
            Tone::Good => OK,
            Tone::Watch => WATCH,
            Tone::Bad => BAD,
            Tone::Unknown => NONE,
        }
    }
}
