//! `annual.xlsx`: the year by unit, proposals with their evidence, and the rows behind the counts.

use rust_xlsxwriter::{DocProperties, ExcelDateTime, Format, FormatAlign, FormatBorder, Workbook, XlsxError};

use super::ReportError;
use super::annual::fact;
use super::tongue::Tongue;
use super::wording::clean;
use crate::domain::Lang;
use crate::domain::annual::{Proposal, UNIT_COLUMNS, UnitYear, Year};
use crate::domain::time::LocalTime;

/// A cell: text stays text, whatever it begins with.
enum Cell {
    Text(String),
    Number(usize),
}

pub(super) fn render(year: &Year, lang: Lang) -> Result<Vec<u8>, ReportError> {
    book(year, Tongue(lang)).map_err(ReportError::document("annual.xlsx"))
}

fn book(year: &Year, t: Tongue) -> Result<Vec<u8>, XlsxError> {
    use chrono::{Datelike as _, Timelike as _};
    let mut book = Workbook::new();
    let at = year.generated_at.fixed();
    let created = ExcelDateTime::from_ymd(at.year() as u16, at.month() as u8, at.day() as u8)?;
    let created = created.and_hms(at.hour() as u16, at.minute() as u8, at.second())?;
    book.set_properties(&DocProperties::new().set_creation_datetime(&created));
    units(&mut book, year, t)?;
    proposals(&mut book, t.pick("整合建议", "Merging"), &year.merge, t)?;
    proposals(&mut book, t.pick("关停建议", "Closing"), &year.close, t)?;
    looks(&mut book, year, t)?;
    issues(&mut book, year, t)?;
    book.save_to_buffer()
}

fn text(value: impl AsRef<str>) -> Cell {
    Cell::Text(clean(value.as_ref()))
}

fn sheet(
    book: &mut Workbook,
    name: &str,
    heads: &[(&str, f64)],
    rows: impl Iterator<Item = Vec<Cell>>,
) -> Result<(), XlsxError> {
    let base = || Format::new().set_font_name("宋体").set_font_size(10).set_border(FormatBorder::Thin);
    let (head, plain) = (base().set_bold().set_text_wrap().set_align(FormatAlign::Center), base().set_text_wrap());
    let number = base().set_align(FormatAlign::Center);
    let sheet = book.add_worksheet_with_constant_memory()?;
    sheet.set_name(name)?.set_landscape().set_paper_size(8).set_freeze_panes(1, 1)?.set_repeat_rows(0, 0)?;
    sheet.set_print_fit_to_pages(1, 0).set_footer("&C— &P —");
    for (place, (heading, width)) in heads.iter().enumerate() {
        sheet.set_column_width(place as u16, *width)?;
        sheet.write_string_with_format(0, place as u16, *heading, &head)?;
    }
    let mut line = 0;
    for row in rows {
        line += 1;
        for (place, cell) in row.into_iter().enumerate() {
            match cell {
                Cell::Text(text) => sheet.write_string_with_format(line, place as u16, text, &plain)?,
                Cell::Number(n) => sheet.write_number_with_format(line, place as u16, n as f64, &number)?,
            };
        }
    }
    sheet.autofilter(0, 0, line, heads.len().saturating_sub(1) as u16)?;
    Ok(())
}

fn units(book: &mut Workbook, year: &Year, t: Tongue) -> Result<(), XlsxError> {
    let mut heads = vec![(t.pick("单位", "Unit"), 32.0), (t.pick("单位层级", "Tier"), 12.0)];
    heads.extend(UNIT_COLUMNS.iter().map(|(_, zh, en, _)| (t.of(*zh, *en), 9.0)));
    let row = |unit: &UnitYear, name: &str| {
        let tier = unit.unit_tier.map_or("", |tier| tier.name(t.0));
        let mut cells = vec![text(name), text(tier)];
        cells.extend(UNIT_COLUMNS.iter().map(|(.., value)| Cell::Number(value(unit))));
        cells
    };
    let total = row(&year.total, t.pick("合计", "Total"));
    let rows = year.units.iter().map(|unit| row(unit, &unit.unit)).chain([total]);
    sheet(book, t.pick("各单位年度情况", "By unit"), &heads, rows)
}

fn proposals(book: &mut Workbook, name: &str, all: &[Proposal], t: Tongue) -> Result<(), XlsxError> {
    let heads = [
        (t.pick("项", "No."), 6.0),
        (t.pick("理由", "Why"), 40.0),
        (t.pick("账号编号", "Account id"), 14.0),
        (t.pick("账号名称", "Account"), 26.0),
        (t.pick("平台", "Platform"), 12.0),
        (t.pick("主办单位", "Unit"), 30.0),
        (t.pick("依据", "Evidence"), 50.0),
        (t.pick("研究意见", "Decision"), 20.0),
    ];
    let rows = all.iter().enumerate().flat_map(|(n, p)| p.evidence.iter().map(move |row| (n + 1, p.why, row))).map(
        |(n, why, row)| {
            vec![
                Cell::Number(n),
                text(why.name(t.0)),
                text(row.account_id.as_str()),
                text(&row.account),
                text(row.platform.name(t.0)),
                text(&row.unit),
                text(fact(row, why, t)),
                text(""),
            ]
        },
    );
    sheet(book, name, &heads, rows)
}

fn looks(book: &mut Workbook, year: &Year, t: Tongue) -> Result<(), XlsxError> {
    let heads = [
        (t.pick("账号编号", "Account id"), 14.0),
        (t.pick("账号名称", "Account"), 26.0),
        (t.pick("平台", "Platform"), 12.0),
        (t.pick("主办单位", "Unit"), 30.0),
        (t.pick("批次", "Round"), 10.0),
        (t.pick("结果", "Result"), 12.0),
        (t.pick("最后更新时间", "Newest post"), 18.0),
    ];
    let rows = year.accounts.iter().flat_map(|a| a.looks.iter().map(move |look| (a, look))).map(|(a, look)| {
        vec![
            text(a.account_id.as_str()),
            text(&a.name),
            text(a.platform.name(t.0)),
            text(&a.unit),
            text(look.round.to_string()),
            text(look.result.name(t.0)),
            text(look.newest_at.map(LocalTime::minute).unwrap_or_default()),
        ]
    });
    sheet(book, t.pick("受检明细", "Looks"), &heads, rows)
}

fn issues(book: &mut Workbook, year: &Year, t: Tongue) -> Result<(), XlsxError> {
    let heads = [
        (t.pick("编号", "No."), 8.0),
        (t.pick("账号名称", "Account"), 26.0),
        (t.pick("平台", "Platform"), 12.0),
        (t.pick("主办单位", "Unit"), 30.0),
        (t.pick("问题类别", "Problem"), 22.0),
        (t.pick("性质", "Class"), 12.0),
        (t.pick("状态", "Status"), 14.0),
        (t.pick("立案", "Opened"), 12.0),
        (t.pick("时限", "Due"), 12.0),
        (t.pick("办结", "Ended"), 12.0),
        (t.pick("曾逾期", "Was overdue"), 8.0),
        (t.pick("曾督办", "Escalated"), 8.0),
        (t.pick("申诉", "Appealed"), 8.0),
        (t.pick("曾延期", "Extended"), 8.0),
        (t.pick("曾退回", "Rejected"), 8.0),
    ];
    let yes = |is: bool| text(if is { t.pick("是", "yes") } else { "" });
    let day = |at: Option<LocalTime>| text(at.map(LocalTime::date).unwrap_or_default());
    let rows = year.issues.iter().map(|i| {
        vec![
            Cell::Number(usize::try_from(i.id).unwrap_or_default()),
            text(&i.account),
            text(i.platform.name(t.0)),
            text(&i.unit),
            text(i.indicator.name(t.0)),
            text(i.class.name(t.0)),
            text(i.status.name(t.0)),
            day(Some(i.opened_at)),
            day(i.due_at),
            day(i.closed_at),
            yes(i.overdue),
            yes(i.escalated),
            yes(i.appealed),
            yes(i.extended),
            yes(i.rejected),
        ]
    });
    sheet(book, t.pick("问题明细", "Issues"), &heads, rows)
}
