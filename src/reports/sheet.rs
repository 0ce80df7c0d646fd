//! Worksheets for print: frozen bold heading, filter, A3 landscape one page wide, page numbers;
//! colours that a sign repeats, and choices on the columns that people fill in.

use rust_xlsxwriter::{
    Color, ConditionalFormatCell, ConditionalFormatCellRule, DataValidation, DataValidationErrorStyle,
    DataValidationRule, DocProperties, ExcelDateTime, Format, FormatAlign, FormatBorder, Url, Workbook, Worksheet,
    XlsxError,
};

use super::wording::{clean, clip, width_of};
use super::words::{Tone, Words};
use crate::domain::bulletin::{Dataset, Tally};
use crate::domain::time::LocalTime;

/// Excel's own limits, kept with room to spare.
const MOST_LINKS: usize = 60_000;
const LONGEST_LINK: usize = 2000;
pub(super) const A3: u8 = 8;
pub(super) const A4: u8 = 9;

/// One cell. Text stays text, whatever it begins with.
pub(super) enum Cell {
    Text(String),
    /// A word of a closed vocabulary.
    Word(&'static str),
    Number(u64),
    Time(Option<LocalTime>),
    /// The day alone is shown; the cell holds the time as well.
    Day(Option<LocalTime>),
    /// A hash: one line, however long.
    Code(String),
    /// A hyperlink where Excel can hold one, else text; shown as the word given, else as the address.
    Link(Option<String>, Option<&'static str>),
}

impl Cell {
    pub(super) fn text(text: impl AsRef<str>) -> Self {
        Self::Text(clean(text.as_ref()))
    }

    pub(super) fn maybe(text: Option<&str>) -> Self {
        Self::text(text.unwrap_or_default())
    }
}

/// What may be put into a cell by hand.
#[derive(Clone, Copy)]
enum Entry {
    /// Nothing is said about it.
    Open,
    /// Text, with a word that it is the office's to fill in.
    Text,
    /// One of these.
    Choice(fn(Words) -> Vec<&'static str>),
    /// A date.
    Day,
}

/// Words of a column with what they mean.
type Tones = fn(Words) -> Vec<(&'static str, Tone)>;

/// A column: heading in both languages, width in characters, and what its cells mean.
#[derive(Clone, Copy)]
pub(super) struct Column {
    zh: &'static str,
    en: &'static str,
    width: f64,
    is_folded: bool,
    entry: Entry,
    tones: Option<Tones>,
}

/// A plain column.
pub(super) const fn column(zh: &'static str, en: &'static str, width: f64) -> Column {
    Column { zh, en, width, is_folded: false, entry: Entry::Open, tones: None }
}

impl Column {
    /// Folded away until the reader opens it: not printed.
    pub(super) const fn folded(mut self) -> Self {
        self.is_folded = true;
        self
    }

    /// The office fills it in.
    pub(super) const fn filled(mut self) -> Self {
        self.entry = Entry::Text;
        self
    }

    /// The office fills it in with one of these.
    pub(super) const fn choice(mut self, words: fn(Words) -> Vec<&'static str>) -> Self {
        self.entry = Entry::Choice(words);
        self
    }

    /// The office fills in a date.
    pub(super) const fn dated(mut self) -> Self {
        self.entry = Entry::Day;
        self
    }

    /// Words that are coloured and signed.
    pub(super) const fn toned(mut self, tones: Tones) -> Self {
        self.tones = Some(tones);
        self
    }
}

/// The formats every sheet uses.
pub(super) struct Formats {
    pub(super) heading: Format,
    pub(super) text: Format,
    pub(super) number: Format,
    pub(super) time: Format,
    pub(super) day: Format,
    pub(super) link: Format,
    pub(super) code: Format,
}

impl Formats {
    pub(super) fn new() -> Self {
        let base = || {
            Format::new()
                .set_font_name("宋体")
                .set_font_size(9)
                .set_align(FormatAlign::VerticalCenter)
                .set_border(FormatBorder::Thin)
                .set_border_color(Color::RGB(0x00BF_BFBF))
        };
        Self {
            heading: base()
                .set_bold()
                .set_text_wrap()
                .set_align(FormatAlign::Center)
                .set_background_color(Color::RGB(0x00DD_E6F0)),
            text: base().set_text_wrap(),
            number: base().set_align(FormatAlign::Center),
            time: base().set_num_format("yyyy-mm-dd hh:mm").set_align(FormatAlign::Center),
            day: base().set_num_format("yyyy-mm-dd").set_align(FormatAlign::Center),
            code: base().set_font_size(8),
            link: base()
                .set_text_wrap()
                .set_underline(rust_xlsxwriter::FormatUnderline::Single)
                .set_font_color(Color::RGB(0x0005_4FB9)),
        }
    }

    /// Those of a line that sums the others.
    fn bold(&self) -> Self {
        let bold = |format: &Format| format.clone().set_bold();
        Self {
            heading: self.heading.clone(),
            text: bold(&self.text),
            number: bold(&self.number),
            time: bold(&self.time),
            day: bold(&self.day),
            link: bold(&self.link),
            code: bold(&self.code),
        }
    }
}

/// Names with what they hold, and sentences below them, on a sheet of its own.
pub(super) fn add_notes(
    book: &mut Workbook,
    words: Words,
    facts: &[(&str, String)],
    sentences: &[String],
) -> Result<(), XlsxError> {
    let sheet = book.add_worksheet();
    let title = words.pick("说明", "Notes");
    sheet.set_name(title)?.set_portrait();
    print_setup(sheet, title, words, A4);
    sheet.set_column_width(0, 24)?.set_column_width(1, 84)?;
    let plain = Format::new().set_font_name("宋体").set_font_size(10).set_text_wrap();
    let plain = plain.set_align(FormatAlign::VerticalCenter);
    let bold = plain.clone().set_bold();
    let lines = facts.iter().map(|(name, value)| (*name, value.as_str()));
    let height = |text: &str, columns: usize| {
        let wrapped: usize = text.lines().map(|part| width_of(part).div_ceil(columns).max(1)).sum();
        14.0 * wrapped.max(1) as f64 + 4.0
    };
    let mut line = 0;
    for (name, text) in lines {
        sheet.set_row_height(line, height(text, 86))?;
        sheet.write_string_with_format(line, 0, name, &bold)?;
        sheet.write_string_with_format(line, 1, clean(text), &plain)?;
        line += 1;
    }
    for (number, text) in (1..).zip(sentences) {
        line += 1;
        let text = clean(&format!("{number}.{}{text}", words.pick("", " ")));
        sheet.set_row_height(line, height(&text, 110))?;
        sheet.merge_range(line, 0, line, 1, &text, &plain)?;
    }
    Ok(())
}

/// The colours of a tone: paper and ink. Blue, amber, red and grey stay apart for every eye, and differ in lightness.
pub(super) const fn colours(tone: Tone) -> (u32, u32) {
    match tone {
        Tone::Good => (0x00DC_EAF7, 0x001B_4F7F),
        Tone::Watch => (0x00FD_F0CC, 0x0066_4A00),
        Tone::Bad => (0x00F6_CFC6, 0x007A_1D0C),
        Tone::Unknown => (0x00EC_EEF1, 0x0044_4B55),
    }
}

/// A workbook whose creation date is the dataset's.
pub(super) fn workbook(dataset: &Dataset, title: &str) -> Workbook {
    workbook_of(&dataset.office, dataset.round.generated_at, title)
}

/// A workbook of an office, made at a time.
pub(super) fn workbook_of(office: &str, at: LocalTime, title: &str) -> Workbook {
    let mut book = Workbook::new();
    let mut properties =
        DocProperties::new().set_title(clip(title, 200)).set_author(clip(office, 100)).set_company(clip(office, 100));
    if let Ok(created) = excel_time(at) {
        properties = properties.set_creation_datetime(&created);
    }
    book.set_properties(&properties);
    book
}

pub(super) fn excel_time(at: LocalTime) -> Result<ExcelDateTime, XlsxError> {
    use chrono::{Datelike as _, Timelike as _};
    let at = at.fixed();
    let date = ExcelDateTime::from_ymd(at.year() as u16, at.month() as u8, at.day() as u8)?;
    date.and_hms(at.hour() as u16, at.minute() as u8, at.second())
}

pub(super) fn print_setup(sheet: &mut Worksheet, title: &str, words: Words, paper: u8) {
    sheet
        .set_paper_size(paper)
        .set_print_fit_to_pages(1, 0)
        .set_margins(0.4, 0.4, 0.9, 0.7, 0.4, 0.3)
        .set_print_center_horizontally(true)
        .set_header(format!("&C&16&\"黑体\"{}", clip(title, 120).replace('&', "&&")))
        .set_footer(words.pick("&C— &P —&R共 &N 页", "&C&P&R&N pages"));
}

/// Adds a table as a worksheet of its own; rows are written to disk as they come.
pub(super) fn add_table(
    book: &mut Workbook,
    name: &str,
    title: &str,
    words: Words,
    columns: &[Column],
    rows: impl Iterator<Item = Vec<Cell>>,
) -> Result<(), XlsxError> {
    add_summed(book, name, title, words, columns, rows, None)
}

/// [`add_table`] with a last line that neither filter nor sorting moves.
pub(super) fn add_summed(
    book: &mut Workbook,
    name: &str,
    title: &str,
    words: Words,
    columns: &[Column],
    rows: impl Iterator<Item = Vec<Cell>>,
    total: Option<Vec<Cell>>,
) -> Result<(), XlsxError> {
    let formats = Formats::new();
    let sheet = book.add_worksheet_with_constant_memory()?;
    sheet.set_name(name)?.set_landscape().set_freeze_panes(1, 0)?.set_repeat_rows(0, 0)?;
    print_setup(sheet, title, words, A3);
    let last_column = columns.len().saturating_sub(1) as u16;
    sheet.set_row_height(0, 40)?;
    for (place, column) in columns.iter().enumerate() {
        sheet.set_column_width(place as u16, column.width)?;
        let heading = words.pick(column.zh, column.en);
        sheet.write_string_with_format(0, place as u16, heading, &formats.heading)?;
    }
    fold(sheet, columns)?;
    let (mut line, mut links) = (0, 0);
    for row in rows {
        line += 1;
        sheet.set_row_height(line, height(&row, columns))?;
        for (place, cell) in row.into_iter().enumerate() {
            write_cell(sheet, line, place as u16, cell, &formats, &mut links)?;
        }
    }
    if let Some(total) = total {
        sheet.set_row_height(line + 1, height(&total, columns))?;
        let bold = formats.bold();
        for (place, cell) in total.into_iter().enumerate() {
            write_cell(sheet, line + 1, place as u16, cell, &bold, &mut links)?;
        }
    }
    sheet.autofilter(0, 0, line, last_column)?;
    if line > 0 {
        for (place, column) in columns.iter().enumerate() {
            colour(sheet, place as u16, line, column, words)?;
            guide(sheet, place as u16, line, column, words)?;
        }
    }
    Ok(())
}

/// Folds neighbouring columns together.
fn fold(sheet: &mut Worksheet, columns: &[Column]) -> Result<(), XlsxError> {
    let mut first = None;
    for (place, is_folded) in columns.iter().map(|c| c.is_folded).chain([false]).enumerate() {
        match (first, is_folded) {
            (None, true) => first = Some(place),
            (Some(from), false) => {
                sheet.group_columns_collapsed(from as u16, place as u16 - 1)?;
                first = None;
            }
            _ => {}
        }
    }
    Ok(())
}

/// Colours the words of a column; the sign before the word says the same in black and white.
fn colour(sheet: &mut Worksheet, place: u16, last: u32, column: &Column, words: Words) -> Result<(), XlsxError> {
    for (word, tone) in column.tones.map(|tones| tones(words)).unwrap_or_default() {
        let (paper, ink) = colours(tone);
        let mut format = Format::new()
            .set_background_color(Color::RGB(paper))
            .set_font_color(Color::RGB(ink))
            .set_num_format(format!("\"{} \"@", tone.sign()));
        if tone == Tone::Bad {
            format = format.set_bold();
        }
        let rule = ConditionalFormatCellRule::EqualTo(word);
        let rule = ConditionalFormatCell::new().set_rule(rule).set_format(format);
        sheet.add_conditional_format(1, place, last, place, &rule)?;
    }
    Ok(())
}

/// Says what may be filled in, and refuses what may not.
fn guide(sheet: &mut Worksheet, place: u16, last: u32, column: &Column, words: Words) -> Result<(), XlsxError> {
    let heading = words.pick(column.zh, column.en);
    let rule = match column.entry {
        Entry::Open => return Ok(()),
        Entry::Text => {
            DataValidation::new().allow_text_length(DataValidationRule::LessThanOrEqualTo(2000)).set_input_message(
                words.pick("由监管人员填写，2000字以内。", "Filled in by the office, 2000 characters at most."),
            )?
        }
        Entry::Choice(choices) => DataValidation::new()
            .allow_list_strings(&choices(words))?
            .set_error_message(words.pick("请从下拉列表中选择。", "Choose from the list."))?,
        Entry::Day => DataValidation::new()
            .allow_date(DataValidationRule::GreaterThan(ExcelDateTime::from_ymd(2000, 1, 1)?))
            .set_input_message(words.pick("填写日期，如 2026-11-30。", "A date such as 2026-11-30."))?
            .set_error_message(words.pick("请填写日期，如 2026-11-30。", "Write a date such as 2026-11-30."))?,
    };
    let rule = rule.set_error_title(clip(heading, 30))?.set_error_style(DataValidationErrorStyle::Stop);
    sheet.add_data_validation(1, place, last, place, &rule)?;
    Ok(())
}

/// The height of a row in points: as many lines as its fullest cell wraps to, ten at most.
///
/// Why: not every program fits the height of wrapped text when it opens a file.
fn height(row: &[Cell], columns: &[Column]) -> f64 {
    let lines = |cell: &Cell, column: &Column| match cell {
        _ if column.is_folded => 1,
        Cell::Text(text) | Cell::Link(Some(text), None) => {
            // Why more than the width says: it counts digits at 11 points, and the text has 9.
            let width = (column.width * 1.15 - 0.5).max(2.0) as usize;
            text.lines().map(|line| width_of(line).div_ceil(width).max(1)).sum()
        }
        _ => 1_usize,
    };
    let most = row.iter().zip(columns).map(|(cell, column)| lines(cell, column)).max().unwrap_or(1);
    12.0 * most.clamp(1, 10) as f64 + 4.0
}

fn write_cell(
    sheet: &mut Worksheet,
    line: u32,
    place: u16,
    cell: Cell,
    formats: &Formats,
    links: &mut usize,
) -> Result<(), XlsxError> {
    let format = if matches!(cell, Cell::Day(_)) { &formats.day } else { &formats.time };
    match cell {
        Cell::Text(text) => sheet.write_string_with_format(line, place, text, &formats.text)?,
        Cell::Word(text) => sheet.write_string_with_format(line, place, text, &formats.text)?,
        Cell::Code(text) => sheet.write_string_with_format(line, place, text, &formats.code)?,
        Cell::Number(number) => sheet.write_number_with_format(line, place, number as f64, &formats.number)?,
        Cell::Time(Some(at)) | Cell::Day(Some(at)) => match excel_time(at) {
            Ok(time) => sheet.write_datetime_with_format(line, place, &time, format)?,
            Err(_) => sheet.write_string_with_format(line, place, at.minute(), &formats.text)?,
        },
        Cell::Time(None) | Cell::Day(None) | Cell::Link(None, _) => sheet.write_blank(line, place, &formats.text)?,
        Cell::Link(Some(url), shown) => {
            let url = clean(&url);
            let is_web = url.starts_with("http://") || url.starts_with("https://");
            if is_web && *links < MOST_LINKS && url.chars().count() < LONGEST_LINK {
                *links += 1;
                let target = Url::new(&url);
                sheet.write_url_with_options(line, place, target, shown.unwrap_or(&url), "", Some(&formats.link))?
            } else {
                sheet.write_string_with_format(line, place, url, &formats.text)?
            }
        }
    };
    Ok(())
}

/// The counts of a line in the order of every table's columns.
pub(super) fn numbers(tally: &Tally) -> [usize; 8] {
    [
        tally.frame,
        tally.drawn,
        tally.judged,
        tally.qualified,
        tally.problem,
        tally.failed,
        tally.unjudged,
        tally.pending,
    ]
}
