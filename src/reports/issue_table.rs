//! A list of issues as a sheet of its own, for a chat in which it does not fit.

use rust_xlsxwriter::{Format, FormatAlign, FormatBorder, Workbook, XlsxError};

use super::ReportError;
use super::wording::{clean, clip};
use crate::domain::Lang;
use crate::domain::issue::Issue;

const ZH: [&str; 10] = ["编号", "单位", "账号", "平台", "指标", "性质", "情况", "对象", "状态", "整改时限"];
const EN: [&str; 10] =
    ["No.", "Unit", "Account", "Platform", "Indicator", "Class", "Found", "Subject", "Status", "Due"];
const WIDTHS: [f64; 10] = [7.0, 22.0, 22.0, 12.0, 18.0, 11.0, 48.0, 30.0, 14.0, 14.0];

/// The issues as an `.xlsx`, headed by `title`; text stays text, whatever it begins with.
pub fn issue_table(title: &str, issues: &[Issue], lang: Lang) -> Result<Vec<u8>, ReportError> {
    write(title, issues, lang).map_err(ReportError::document("issues.xlsx"))
}

fn write(title: &str, issues: &[Issue], lang: Lang) -> Result<Vec<u8>, XlsxError> {
    let base = || Format::new().set_font_name("宋体").set_font_size(10).set_border(FormatBorder::Thin);
    let heading = base().set_bold().set_align(FormatAlign::Center);
    let text = base().set_text_wrap().set_align(FormatAlign::VerticalCenter);
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    sheet.set_landscape().set_print_fit_to_pages(1, 0).set_repeat_rows(1, 1)?.set_freeze_panes(2, 0)?;
    sheet.write_string_with_format(0, 0, clip(title, 200), &Format::new().set_bold().set_font_size(14))?;
    let columns = if lang == Lang::Zh { ZH } else { EN };
    for (column, (name, width)) in (0_u16..).zip(columns.iter().zip(WIDTHS)) {
        sheet.set_column_width(column, width)?.write_string_with_format(1, column, *name, &heading)?;
    }
    for (row, issue) in (2_u32..).zip(issues) {
        let due = issue.due_at.map_or_else(String::new, |at| at.date().to_string());
        let cells = [
            issue.id.to_string(),
            issue.unit.clone(),
            issue.account.clone(),
            issue.platform.name(lang).to_owned(),
            issue.indicator.name(lang).to_owned(),
            issue.class.name(lang).to_owned(),
            issue.summary.clone(),
            issue.subject.clone(),
            issue.status.name(lang).to_owned(),
            due,
        ];
        for (column, cell) in (0_u16..).zip(cells) {
            sheet.write_string_with_format(row, column, clip(&clean(&cell), 2_000), &text)?;
        }
    }
    book.save_to_buffer()
}
