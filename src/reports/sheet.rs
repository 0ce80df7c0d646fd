//! Worksheets for print: frozen bold heading, filter, A3 landscape one page wide, page numbers.

use rust_xlsxwriter::{
    Color, DocProperties, ExcelDateTime, Format, FormatAlign, FormatBorder, Url, Workbook, Worksheet, XlsxError,
};

use super::wording::{clean, clip, minute, rehearsal, width_of};
use crate::domain::bulletin::{Dataset, Tally};
use crate::domain::time::LocalTime;

/// Excel's own limits, kept with room to spare.
const MOST_LINKS: usize = 60_000;
const LONGEST_LINK: usize = 2000;
const A3: u8 = 8;
const A4: u8 = 9;

/// One cell. Text stays text, whatever it begins with.
pub(super) enum Cell {
    Text(String),
    Number(u64),
    Time(Option<LocalTime>),
    /// The day alone is shown; the cell holds the time as well.
    Day(Option<LocalTime>),
    /// A hash: one line, however long.
    Code(String),
    /// A hyperlink where Excel can hold one, else text.
    Link(Option<String>),
}

impl Cell {
    pub(super) fn text(text: impl AsRef<str>) -> Self {
        Self::Text(clean(text.as_ref()))
    }

    pub(super) fn maybe(text: Option<&str>) -> Self {
        Self::text(text.unwrap_or_default())
    }
}

/// A column: heading and width in characters.
pub(super) type Column = (&'static str, f64);

struct Formats {
    heading: Format,
    text: Format,
    number: Format,
    time: Format,
    day: Format,
    link: Format,
    code: Format,
}

impl Formats {
    fn new() -> Self {
        let base = || {
            Format::new()
                .set_font_name("宋体")
                .set_font_size(10)
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
            link: base().set_text_wrap().set_font_color(Color::RGB(0x0005_4FB9)),
        }
    }
}

/// A workbook whose creation date is the dataset's.
pub(super) fn workbook(dataset: &Dataset, title: &str) -> Workbook {
    let mut book = Workbook::new();
    let mut properties = DocProperties::new()
        .set_title(format!("{}{title}{}", dataset.round.name.zh(), rehearsal(dataset)))
        .set_author(clip(&dataset.office, 100))
        .set_company(clip(&dataset.office, 100));
    if let Ok(created) = excel_time(dataset.round.generated_at) {
        properties = properties.set_creation_datetime(&created);
    }
    book.set_properties(&properties);
    book
}

fn excel_time(at: LocalTime) -> Result<ExcelDateTime, XlsxError> {
    use chrono::{Datelike as _, Timelike as _};
    let at = at.fixed();
    let date = ExcelDateTime::from_ymd(at.year() as u16, at.month() as u8, at.day() as u8)?;
    date.and_hms(at.hour() as u16, at.minute() as u8, at.second())
}

fn print_setup(sheet: &mut Worksheet, title: &str, paper: u8) {
    sheet
        .set_paper_size(paper)
        .set_print_fit_to_pages(1, 0)
        .set_margins(0.5, 0.5, 0.9, 0.7, 0.4, 0.3)
        .set_header(format!("&C&16&\"黑体\"{}", title.replace('&', "&&")))
        .set_footer("&C— &P —&R共 &N 页");
}

/// Adds a table as a worksheet of its own; rows are written as they come.
pub(super) fn add_table(
    book: &mut Workbook,
    name: &str,
    title: &str,
    columns: &[Column],
    rows: impl Iterator<Item = Vec<Cell>>,
) -> Result<(), XlsxError> {
    let formats = Formats::new();
    let sheet = book.add_worksheet_with_constant_memory()?;
    sheet.set_name(name)?.set_landscape().set_freeze_panes(1, 0)?.set_repeat_rows(0, 0)?;
    print_setup(sheet, title, A3);
    let last_column = columns.len().saturating_sub(1) as u16;
    sheet.set_row_height(0, 44)?;
    for (place, (heading, width)) in columns.iter().enumerate() {
        sheet.set_column_width(place as u16, *width)?;
        sheet.write_string_with_format(0, place as u16, *heading, &formats.heading)?;
    }
    let (mut line, mut links) = (0, 0);
    for row in rows {
        line += 1;
        sheet.set_row_height(line, height(&row, columns))?;
        for (place, cell) in row.into_iter().enumerate() {
            write_cell(sheet, line, place as u16, cell, &formats, &mut links)?;
        }
    }
    sheet.autofilter(0, 0, line, last_column)?;
    Ok(())
}

/// The height of a row in points: as many lines as its fullest cell wraps to, ten at most.
///
/// Why: not every program fits the height of wrapped text when it opens a file.
fn height(row: &[Cell], columns: &[Column]) -> f64 {
    let lines = |cell: &Cell, width: f64| match cell {
        Cell::Text(text) | Cell::Link(Some(text)) => {
            let width = (width as usize).saturating_sub(1).max(2);
            text.lines().map(|line| width_of(line).div_ceil(width).max(1)).sum()
        }
        _ => 1_usize,
    };
    let most = row.iter().zip(columns).map(|(cell, (_, width))| lines(cell, *width)).max().unwrap_or(1);
    14.5 * most.clamp(1, 10) as f64 + 3.0
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
        Cell::Code(text) => sheet.write_string_with_format(line, place, text, &formats.code)?,
        Cell::Number(number) => sheet.write_number_with_format(line, place, number as f64, &formats.number)?,
        Cell::Time(Some(at)) | Cell::Day(Some(at)) => match excel_time(at) {
            Ok(time) => sheet.write_datetime_with_format(line, place, &time, format)?,
            Err(_) => sheet.write_string_with_format(line, place, at.minute(), &formats.text)?,
        },
        Cell::Time(None) | Cell::Day(None) | Cell::Link(None) => sheet.write_blank(line, place, &formats.text)?,
        Cell::Link(Some(url)) => {
            let url = clean(&url);
            let is_web = url.starts_with("http://") || url.starts_with("https://");
            if is_web && *links < MOST_LINKS && url.chars().count() < LONGEST_LINK {
                *links += 1;
                let target = Url::new(&url);
                sheet.write_url_with_options(line, place, target, &url, "", Some(&formats.link))?
            } else {
                sheet.write_string_with_format(line, place, url, &formats.text)?
            }
        }
    };
    Ok(())
}

/// Adds the sheet 说明: which round, which frame, which counts.
pub(super) fn add_notes(book: &mut Workbook, dataset: &Dataset, remarks: &[&str]) -> Result<(), XlsxError> {
    let formats = Formats::new();
    let sheet = book.add_worksheet_with_constant_memory()?;
    sheet.set_name("说明")?.set_portrait();
    print_setup(sheet, "说明", A4);
    let widths = [30.0, 12.0, 12.0, 12.0, 12.0, 12.0, 12.0, 12.0, 12.0, 22.0];
    for (place, width) in widths.into_iter().enumerate() {
        sheet.set_column_width(place as u16, width)?;
    }
    let round = &dataset.round;
    let plain = Format::new().set_font_name("宋体").set_font_size(10);
    let bold = plain.clone().set_bold();
    let mut line = 0;
    let pairs = [
        ("单位", dataset.office.clone()),
        ("批次", format!("{} {}{}", round.name, round.name.zh(), rehearsal(dataset))),
        ("类型", round.kind.zh().to_owned()),
        ("批次状态", round.state.zh().to_owned()),
        ("监测时间点", minute(round.as_of)),
        ("检查窗口", format!("{}至{}", minute(round.window_from), minute(round.as_of))),
        ("生成时间", minute(round.generated_at)),
        ("抽样框账号数", round.frame_size.to_string()),
        ("抽样框SHA-256", round.frame_sha256.clone()),
        ("抽查比例", round.ratio.to_string()),
        ("抽取种子", round.seed.clone().unwrap_or_else(|| "尚未抽取".to_owned())),
        ("规则版本", round.rule_version.clone()),
        ("依据", round.rule_documents.join("；")),
        ("合格率", dataset.figure("total.pass_rate").with_parts()),
        ("随机抽取部分合格率", dataset.figure("reason.random.pass_rate").with_parts()),
        ("认定问题数", dataset.count("issues.standing").to_string()),
        ("未办结问题数", dataset.count("issues.live").to_string()),
    ];
    for (name, value) in pairs {
        sheet.write_string_with_format(line, 0, name, &bold)?;
        sheet.write_string_with_format(line, 1, clean(&value), &plain)?;
        line += 1;
    }
    line += 1;
    let headings = ["分组", "抽样框", "抽取", "已判定", "合格", "存在问题", "不合格", "无法判定", "尚未检查", "合格率"];
    for (place, heading) in headings.into_iter().enumerate() {
        sheet.write_string_with_format(line, place as u16, heading, &formats.heading)?;
    }
    line += 1;
    let tables = &dataset.breakdowns;
    let groups = [
        ("", std::slice::from_ref(&tables.total)),
        ("平台：", &tables.platform[..]),
        ("单位层级：", &tables.unit_tier),
        ("入选原因：", &tables.reason),
    ];
    for (group, tally) in groups.into_iter().flat_map(|(group, lines)| lines.iter().map(move |t| (group, t))) {
        sheet.write_string_with_format(line, 0, format!("{group}{}", tally.label), &formats.text)?;
        for (place, count) in numbers(tally).into_iter().enumerate() {
            sheet.write_number_with_format(line, place as u16 + 1, count as f64, &formats.number)?;
        }
        sheet.write_string_with_format(line, 9, tally.pass_rate.with_parts(), &formats.number)?;
        line += 1;
    }
    line += 1;
    let standing = [
        "合格率＝（合格＋存在问题）÷已判定；无法判定、尚未检查的账号不计入分子和分母。",
        "账号仅按单项否决指标判定合格与否，不计分；存在问题指未触发单项否决但发现其他问题。",
        "申诉后撤销或核实后排除的问题不作为判定依据。",
    ];
    for remark in standing.iter().chain(remarks) {
        sheet.write_string_with_format(line, 0, *remark, &plain)?;
        line += 1;
    }
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
