//! The worksheet of a round (人工核查表): what a person must look at out, what the person saw in.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Timelike as _, Utc};
use chrono_tz::Tz;
use rust_xlsxwriter::{
    Color, DataValidation, Format, FormatAlign, FormatBorder, ProtectionOptions, Url, Workbook, Worksheet, XlsxError,
};

use super::columns::{Cells, Column, read_sheet};
use super::export::ExportError;
use super::problem::{ProblemKind, Sheet};
use super::sent::SentKind;
use super::table::{self, FileError, Limits};
use super::values;
use crate::disk::Unfinished;
use crate::domain::Lang;
use crate::domain::account::AccountId;
use crate::domain::by_hand::{FilledRow, HandItem, HandLook, HandOrigin, HandTask};
use crate::domain::finding::Outcome;
use crate::domain::keyed::keyed_enum;
use crate::domain::privacy::mask;
use crate::domain::round::RoundName;

const LONGEST_NAME: usize = 200;
const LONGEST_NOTE: usize = 1_000;
const LONGEST_URL: usize = 2_000;
/// Excel's own limits, kept with room to spare.
const MOST_LINKS: usize = 60_000;
const MOST_TASKS: usize = 1_000_000;
/// The widest column that comes filled in, in characters.
const WHY_WIDTH: f64 = 44.0;
/// What fits on an upright A4 page.
const INSTRUCTIONS_WIDTH: f64 = 78.0;
/// The row of the headings, from 0; a title stands above them.
const HEADINGS: u32 = 1;

keyed_enum! {
    /// A column of the worksheet; the first eight come filled in.
    WorksheetColumn {
        Round = "round", "批次", "Round";
        AccountId = "account_id", "账号编号", "Account id";
        Name = "name", "账号名称", "Account";
        Platform = "platform", "平台", "Platform";
        Unit = "unit", "主办单位", "Unit";
        Address = "address", "账号地址", "Address";
        Item = "item", "查看事项", "Look at";
        Why = "why", "查看要求", "What to see";
        AsOf = "as_of", "监测时间点", "Monitoring time";
        NewestAt = "newest_at", "最新发布时间", "Newest post at";
        ContentUrl = "content_url", "最新内容链接", "Newest post link";
        Verdict = "verdict", "结论", "Verdict";
        Note = "note", "说明", "Note";
        CheckedBy = "checked_by", "检查人", "Checked by";
        CheckedAt = "checked_at", "检查时间", "Checked at";
    }
}

impl Column for WorksheetColumn {
    const KIND: SentKind = SentKind::Worksheet;
    const COLUMNS: &'static [Self] = Self::ALL;

    fn parse(heading: &str) -> Option<Self> {
        let english = || Self::ALL.iter().copied().find(|column| column.en().eq_ignore_ascii_case(heading));
        Self::parse(heading).or_else(english)
    }

    fn key(self) -> &'static str {
        self.key()
    }

    fn heading(self) -> &'static str {
        self.zh()
    }

    fn is_personal(self) -> bool {
        matches!(self, Self::CheckedBy)
    }

    fn is_free_text(self) -> bool {
        matches!(self, Self::Name | Self::Note | Self::Why)
    }
}

impl WorksheetColumn {
    const fn width(self) -> f64 {
        match self {
            Self::Round | Self::Platform | Self::Item | Self::Verdict | Self::CheckedBy => 11.0,
            Self::AccountId => 14.0,
            Self::Name | Self::Unit => 22.0,
            Self::Address | Self::ContentUrl | Self::Note => 32.0,
            Self::Why => WHY_WIDTH,
            Self::AsOf | Self::NewestAt | Self::CheckedAt => 18.0,
        }
    }

    const fn is_filled_in_by_hand(self) -> bool {
        use WorksheetColumn as C;
        matches!(self, C::NewestAt | C::ContentUrl | C::Verdict | C::Note | C::CheckedBy | C::CheckedAt)
    }
}

/// What the worksheet is for.
#[derive(Debug, Clone, Copy)]
pub struct WorksheetHead {
    /// The round.
    pub round: RoundName,
    /// 监测时间点.
    pub as_of: DateTime<Utc>,
    /// The office's zone.
    pub zone: Tz,
    /// The language of headings and instructions.
    pub lang: Lang,
}

/// The height of a row in points: as many lines as the longest text wraps to.
///
/// Why: not every program fits the height of wrapped text when it opens a file.
fn height(text: &str, width: f64) -> f64 {
    let wide: usize = text.chars().map(|c| if c.is_ascii() { 1 } else { 2 }).sum();
    let lines = wide.div_ceil(width as usize - 3).clamp(2, 6);
    14.0 * lines as f64 + 4.0
}

/// The verdicts a person may give.
const VERDICTS: [Outcome; 3] = [Outcome::Pass, Outcome::Fail, Outcome::Unverified];

/// Writes the worksheet; an existing file is replaced only when the new one is complete.
pub fn write_worksheet(path: &Path, head: WorksheetHead, tasks: &[HandTask]) -> Result<(), ExportError> {
    if !path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("xlsx")) {
        return Err(ExportError::NoWorkbook(path.to_owned()));
    }
    if tasks.len() > MOST_TASKS {
        return Err(ExportError::TooMuchForASheet(path.to_owned()));
    }
    let io = |source| ExportError::Io { path: path.to_owned(), source };
    let file = Unfinished::new(path).map_err(io)?;
    let write = || -> Result<(), XlsxError> {
        let mut book = Workbook::new();
        write_tasks(book.add_worksheet_with_constant_memory()?, head, tasks)?;
        write_instructions(book.add_worksheet_with_constant_memory()?, head.lang)?;
        book.save(file.part())
    };
    write().map_err(|source| ExportError::Workbook { path: path.to_owned(), source })?;
    file.finish().map(|_| ()).map_err(io)
}

struct Formats {
    title: Format,
    heading: Format,
    heading_to_fill: Format,
    given: Format,
    link: Format,
    to_fill: Format,
    time_to_fill: Format,
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
                .set_text_wrap()
        };
        let heading = || base().set_bold().set_align(FormatAlign::Center);
        let to_fill = || base().set_unlocked().set_background_color(Color::RGB(0x00FF_FBE6));
        Self {
            title: Format::new().set_font_name("黑体").set_font_size(14).set_align(FormatAlign::VerticalCenter),
            heading: heading().set_background_color(Color::RGB(0x00DD_E6F0)),
            heading_to_fill: heading().set_background_color(Color::RGB(0x00FF_E699)),
            given: base(),
            link: base().set_font_color(Color::RGB(0x0005_4FB9)),
            to_fill: to_fill().set_num_format("@"),
            time_to_fill: to_fill().set_num_format("yyyy-mm-dd hh:mm"),
        }
    }
}

fn write_tasks(sheet: &mut Worksheet, head: WorksheetHead, tasks: &[HandTask]) -> Result<(), XlsxError> {
    use WorksheetColumn as C;
    let formats = Formats::new();
    let (name, title) = match head.lang {
        Lang::Zh => ("人工核查表", format!("{}人工核查表（填写黄色各栏，说明见第二张表）", head.round.zh())),
        Lang::En => ("Worksheet", format!("Worksheet of round {} (fill in the yellow columns)", head.round)),
    };
    sheet.set_name(name)?.set_landscape().set_freeze_panes(HEADINGS + 1, 3)?.set_repeat_rows(HEADINGS, HEADINGS)?;
    sheet.set_paper_size(8).set_print_fit_to_pages(1, 0).set_footer("&C— &P —");
    sheet.set_row_height(0, 26)?.set_row_height(HEADINGS, 30)?;
    for (place, column) in (0_u16..).zip(C::ALL) {
        sheet.set_column_width(place, column.width())?;
    }
    sheet.write_string_with_format(0, 0, title, &formats.title)?;
    for (place, column) in (0_u16..).zip(C::ALL) {
        let format = if column.is_filled_in_by_hand() { &formats.heading_to_fill } else { &formats.heading };
        sheet.write_string_with_format(HEADINGS, place, column.name(head.lang), format)?;
    }
    let local = |at: DateTime<Utc>| at.with_timezone(&head.zone).format("%Y-%m-%d %H:%M").to_string();
    let as_of = local(head.as_of);
    let mut links = 0;
    for (row, task) in (HEADINGS + 1..).zip(tasks) {
        sheet.set_row_height(row, height(&task.why, WHY_WIDTH))?;
        for (place, column) in (0_u16..).zip(C::ALL) {
            let text = given(task, *column, head, &as_of).or_else(|| answered(task, *column, head));
            let format = match column {
                C::NewestAt | C::CheckedAt => &formats.time_to_fill,
                _ if column.is_filled_in_by_hand() => &formats.to_fill,
                C::Address => &formats.link,
                _ => &formats.given,
            };
            match text.filter(|text| !text.is_empty()) {
                Some(url) if *column == C::Address && is_web(&url) && links < MOST_LINKS => {
                    links += 1;
                    sheet.write_url_with_options(row, place, Url::new(&url), &url, "", Some(format))?;
                }
                // Text, whatever it begins with: no cell is ever a formula.
                Some(text) => drop(sheet.write_string_with_format(row, place, text, format)?),
                None => drop(sheet.write_blank(row, place, format)?),
            }
        }
    }
    let last = HEADINGS + u32::try_from(tasks.len()).unwrap_or_default();
    if let Some(place) = C::ALL.iter().position(|column| *column == C::Verdict).filter(|_| !tasks.is_empty()) {
        let words = VERDICTS.map(|verdict| verdict.name(head.lang));
        let (title, text) = match head.lang {
            Lang::Zh => ("结论", "请从列表中选择：合规、违规、无法判定"),
            Lang::En => ("Verdict", "Choose one of the list"),
        };
        let list = DataValidation::new().allow_list_strings(&words)?.set_error_title(title)?.set_error_message(text)?;
        sheet.add_data_validation(HEADINGS + 1, place as u16, last, place as u16, &list)?;
    }
    sheet.autofilter(HEADINGS, 0, last, C::ALL.len() as u16 - 1)?;
    let free = ProtectionOptions {
        format_columns: true,
        format_rows: true,
        use_autofilter: true,
        sort: true,
        insert_links: true,
        ..ProtectionOptions::default()
    };
    sheet.protect_with_options(&free);
    Ok(())
}

fn is_web(url: &str) -> bool {
    (url.starts_with("http://") || url.starts_with("https://")) && url.chars().count() < LONGEST_URL
}

fn given(task: &HandTask, column: WorksheetColumn, head: WorksheetHead, as_of: &str) -> Option<String> {
    use WorksheetColumn as C;
    Some(match column {
        C::Round => head.round.to_string(),
        C::AccountId => task.account_id.to_string(),
        C::Name => task.name.clone(),
        C::Platform => task.platform.name(head.lang).to_owned(),
        C::Unit => task.unit.clone(),
        C::Address => task.address.clone().unwrap_or_default(),
        C::Item => task.item.name(head.lang).to_owned(),
        C::Why => task.why.clone(),
        C::AsOf => as_of.to_owned(),
        _ => return None,
    })
}

/// What was recorded before, so that a worksheet written again keeps it.
fn answered(task: &HandTask, column: WorksheetColumn, head: WorksheetHead) -> Option<String> {
    use WorksheetColumn as C;
    let answer = task.answer.as_ref()?;
    let second = |at: DateTime<Utc>| at.with_timezone(&head.zone).format("%Y-%m-%d %H:%M:%S").to_string();
    match column {
        C::NewestAt => answer.newest_at.map(|at| {
            let text = second(at.to_utc());
            if answer.day_only { text.chars().take(10).collect() } else { text }
        }),
        C::ContentUrl => answer.content_url.clone(),
        C::Verdict => answer.verdict.map(|verdict| verdict.name(head.lang).to_owned()),
        C::Note => Some(answer.note.clone()),
        C::CheckedBy => Some(answer.checked_by.clone()),
        C::CheckedAt => Some(second(answer.checked_at)),
        _ => None,
    }
}

fn write_instructions(sheet: &mut Worksheet, lang: Lang) -> Result<(), XlsxError> {
    let (name, lines): (&str, &[&str]) = match lang {
        Lang::Zh => (
            "填写说明",
            &[
                "一、本表列出须由人工查看的事项，一行一项；只填写黄色各栏，其余各栏请勿更改。",
                "二、“内容更新”：请填写监测时间点以前（含）最新一条内容的发布时间，如 2026-11-20 09:30；只能看到日期的，填写 2026-11-20。是否超期由系统按规则计算，“结论”可不填。",
                "三、“内容更新”没有发布时间可填的（如账号无任何内容、已注销），“结论”选“违规”并在“说明”中写明看到的情况；确实看不到的选“无法判定”。",
                "四、“互动回应”“下载使用”：请实际试用后选择“结论”；选“违规”“无法判定”的，须在“说明”中写明看到的情况。",
                "五、“表述错误”“个人信息”：未见的选“合规”，发现的选“违规”，在“最新内容链接”中填写所在内容的链接，在“说明”中写明看到的情况；不要抄录证件号、银行卡号等号码。",
                "六、填写了任何一项的行，须填写检查人和检查时间；检查时间不得早于最新发布时间。",
                "七、没有查看的行留空即可，以后可以再次导入；更正后再次导入，以后一次为准。",
                "八、填写后执行 xuncha round record 批次 本文件 导入；有任何一处错误时，整个文件都不导入。",
            ],
        ),
        Lang::En => (
            "Instructions",
            &[
                "1. Each row is one thing a person must look at. Fill in the yellow columns alone.",
                "2. Updates: write when the newest post not after the monitoring time was published, like 2026-11-20 09:30; where only the day is shown, 2026-11-20. Whether that is too old is worked out by the rules; the verdict may stay empty.",
                "3. Updates with no time to write (no post at all, account gone): choose Violation and say in the note what was seen; what could not be seen is Could not be judged.",
                "4. Interaction, Download and use: try it and choose a verdict; Violation and Could not be judged need a note on what was seen.",
                "5. Wrong wording, Personal data: Compliant where none was seen, Violation where there is; then give the link of the post in the link column and say in the note what was seen. Do not copy identity or card numbers.",
                "6. A row with any answer needs who checked and when; not before the newest post.",
                "7. Rows not looked at stay empty and may be filled in later; a corrected row may be imported again, the last import counts.",
                "8. Import by: xuncha round record ROUND FILE; a file with an error is not imported at all.",
            ],
        ),
    };
    sheet.set_name(name)?.set_column_width(0, INSTRUCTIONS_WIDTH)?.set_paper_size(9).set_print_fit_to_pages(1, 0);
    let format = Format::new().set_font_name("宋体").set_font_size(11).set_text_wrap().set_align(FormatAlign::Top);
    for (row, line) in (0_u32..).zip(lines) {
        sheet.set_row_height(row, height(line, INSTRUCTIONS_WIDTH) * 1.2)?;
        sheet.write_string_with_format(row, 0, *line, &format)?;
    }
    Ok(())
}

/// What came of reading a worksheet.
#[derive(Debug, Clone, PartialEq)]
pub struct Worksheets {
    /// Rows a person filled in, each with its line, and every problem.
    pub sheet: Sheet<FilledRow>,
    /// The file and sheet, as messages name them.
    pub place: String,
    /// Rows that are not filled in yet.
    pub blank: usize,
}

/// Reads a worksheet that came back, with every problem it has; blank rows are counted, not read.
pub fn read_worksheet(path: &Path, zone: Tz) -> Result<Worksheets, FileError> {
    read_worksheet_within(path, zone, Limits::OFFICE)
}

/// [`read_worksheet`] of a file that holds no more than `limits`.
pub fn read_worksheet_within(path: &Path, zone: Tz, limits: Limits) -> Result<Worksheets, FileError> {
    use WorksheetColumn as C;
    let mut blank = 0;
    let mut first = HashMap::<(AccountId, HandItem), usize>::new();
    // Why all of them: what a person wrote under a heading that was lost or misspelt must not vanish.
    let yellow = C::ALL.iter().copied().filter(|column| column.is_filled_in_by_hand());
    let required: Vec<[C; 1]> = [C::AccountId, C::Item].into_iter().chain(yellow).map(|column| [column]).collect();
    let required: Vec<&[C]> = required.iter().map(<[C; 1]>::as_slice).collect();
    let mut sheet = read_sheet(path, limits, &required, |cells| {
        let answers = [C::NewestAt, C::ContentUrl, C::Verdict, C::Note];
        // Who and when may be filled down over rows that nobody has looked at yet.
        if answers.iter().all(|column| cells.raw(*column).is_empty()) && !cells.has_fault() {
            blank += 1;
            return None;
        }
        let row = read_row(cells, zone)?;
        match first.insert((row.look.account_id.clone(), row.look.item), cells.line()) {
            None => Some(row),
            Some(first) => {
                cells.note(C::AccountId, ProblemKind::DuplicateId { first, file: None });
                None
            }
        }
    })?;
    let place = match table::first_sheet(path) {
        Some(name) => format!("{} [{name}]", path.display()),
        None => path.display().to_string(),
    };
    for problem in &mut sheet.problems {
        problem.file = PathBuf::from(&place);
    }
    Ok(Worksheets { sheet, place, blank })
}

fn read_row(cells: &mut Cells<'_, WorksheetColumn>, zone: Tz) -> Option<FilledRow> {
    use WorksheetColumn as C;
    let account_id = cells.required(C::AccountId, LONGEST_NAME);
    let round = cells.parsed(C::Round, LONGEST_NAME, |text| {
        text.parse::<RoundName>()
            .map_err(|_| ProblemKind::UnknownWord {
                zh: "批次名称，如 2026Q4".to_owned(), en: "2026Q4".to_owned()
            })
    });
    let item_text = cells.required(C::Item, LONGEST_NAME);
    let item = item_text.and_then(|text| word(cells, C::Item, &text, HandItem::ALL, HandItem::name, HandItem::parse));
    let newest = cells.parsed(C::NewestAt, LONGEST_NAME, |text| {
        values::time(text, zone).map(|at| (at.with_timezone(&zone).fixed_offset(), values::date(text).is_ok()))
    });
    let content_url = cells.parsed(C::ContentUrl, LONGEST_URL, values::address);
    let verdict_text = cells.text(C::Verdict, LONGEST_NAME);
    let verdict_given = verdict_text.is_some();
    let verdict = verdict_text.and_then(|text| {
        let parse = |text: &str| Outcome::parse(text).filter(|verdict| VERDICTS.contains(verdict));
        word(cells, C::Verdict, &text, &VERDICTS, Outcome::name, parse)
    });
    // Why here: the note goes on into findings, notices and reports; personal numbers must not.
    let note = cells.text(C::Note, LONGEST_NOTE).map(|text| mask(&text).into_owned()).unwrap_or_default();
    let checked_by = cells.required(C::CheckedBy, LONGEST_NAME);
    let checked_at = if cells.raw(C::CheckedAt).is_empty() {
        cells.note(C::CheckedAt, ProblemKind::Missing);
        None
    } else {
        cells.parsed(C::CheckedAt, LONGEST_NAME, |text| values::time(text, zone).map(|at| at_end_of_day(text, at)))
    };
    let (account_id, item, checked_by, checked_at) = (account_id?, item?, checked_by?, checked_at?);
    match (item, newest, verdict) {
        (HandItem::Update, None, Some(Outcome::Pass) | None) if !(verdict_given && verdict.is_none()) => {
            cells.note(C::NewestAt, ProblemKind::Missing);
        }
        (HandItem::Update, ..) => {}
        (_, Some(_), _) => cells.note(C::NewestAt, ProblemKind::NotForThisRow),
        (_, None, None) if !verdict_given => cells.note(C::Verdict, ProblemKind::Missing),
        _ => {}
    }
    let says_why = !note.is_empty() || (item == HandItem::Update && newest.is_some());
    if matches!(verdict, Some(Outcome::Fail | Outcome::Unverified)) && !says_why {
        cells.note(C::Note, ProblemKind::NoteMissing);
    }
    if let Some((at, _)) = newest
        && at > checked_at
    {
        cells.note(C::CheckedAt, ProblemKind::CheckedTooEarly);
    }
    let (newest_at, day_only) = newest.map_or((None, false), |(at, day_only)| (Some(at), day_only));
    let look = HandLook {
        account_id: AccountId::new(account_id),
        item,
        newest_at,
        day_only,
        content_url,
        verdict,
        note,
        checked_by,
        checked_at,
        origin: HandOrigin::Inspector,
    };
    Some(FilledRow { round, look })
}

/// A day without a time of day means some minute of it: the last one forgets nothing that was seen.
fn at_end_of_day(text: &str, at: DateTime<Utc>) -> DateTime<Utc> {
    let whole_day = values::date(text).is_ok() && at.nanosecond() == 0;
    if whole_day { at + chrono::TimeDelta::days(1) - chrono::TimeDelta::seconds(1) } else { at }
}

/// A word by its key or its name in either language, else noted.
fn word<T: Copy>(
    cells: &mut Cells<'_, WorksheetColumn>,
    column: WorksheetColumn,
    text: &str,
    all: &[T],
    name: impl Fn(T, Lang) -> &'static str,
    parse: impl Fn(&str) -> Option<T>,
) -> Option<T> {
    let english = || all.iter().copied().find(|value| name(*value, Lang::En).eq_ignore_ascii_case(text));
    let found = parse(text).or_else(english);
    if found.is_none() {
        let list = |lang, between| all.iter().map(|value| name(*value, lang)).collect::<Vec<_>>().join(between);
        cells.note(column, ProblemKind::UnknownWord { zh: list(Lang::Zh, "、"), en: list(Lang::En, ", ") });
    }
    found
}

#[cfg(test)]
#[path = "worksheet_tests.rs"]
mod tests;
