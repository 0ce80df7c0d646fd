//! The empty files that `init` writes and the bot sends: headings alone, so that nothing fictitious is ever
//! imported.

use rust_xlsxwriter::{Color, Format, FormatAlign, FormatBorder, Workbook, XlsxError};

use super::accounts::AccountColumn;
use super::reviews::ReviewColumn;
use crate::domain::Lang;

/// Rows of the template that are drawn for writing.
const BLANK_ROWS: u32 = 200;
/// Accounts listed beside the template.
const MOST_ACCOUNTS: usize = 5_000;
/// Makes spreadsheet programs read the file as UTF-8.
pub(super) const BYTE_ORDER_MARK: &str = "\u{feff}";

/// The registry's headings in Chinese, as CSV.
#[must_use]
pub fn accounts_csv() -> String {
    heading_row(AccountColumn::ALL.iter().map(|column| column.zh()))
}

/// The review file's headings in Chinese, as CSV.
#[must_use]
pub fn reviews_csv() -> String {
    heading_row(ReviewColumn::ALL.iter().map(|column| column.zh()))
}

/// The review file's headings as a workbook, with the accounts of the unit on a second sheet.
///
/// Id and name of each; every cell is text, so that ids and times stay as they are typed.
pub fn reviews_xlsx(lang: Lang, accounts: &[(String, String)]) -> Result<Vec<u8>, XlsxError> {
    let base = || {
        Format::new()
            .set_font_name("宋体")
            .set_font_size(10)
            .set_align(FormatAlign::VerticalCenter)
            .set_border(FormatBorder::Thin)
            .set_border_color(Color::RGB(0x00BF_BFBF))
    };
    let heading = base().set_bold().set_align(FormatAlign::Center).set_background_color(Color::RGB(0x00DD_E6F0));
    let text = base().set_num_format("@");
    let (records, own, headings) = match lang {
        Lang::Zh => ("审核记录", "本单位账号", ["账号编号", "账号名称"]),
        Lang::En => ("Review records", "Accounts", ["Account id", "Account"]),
    };
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    sheet.set_name(records)?.set_freeze_panes(1, 1)?.set_row_height(0, 28)?;
    for (place, column) in (0_u16..).zip(ReviewColumn::ALL) {
        let width = match column {
            ReviewColumn::PostUrl | ReviewColumn::Title => 36.0,
            ReviewColumn::FirstAt | ReviewColumn::SecondAt | ReviewColumn::FinalAt => 18.0,
            _ => 12.0,
        };
        sheet.set_column_width(place, width)?;
        sheet.write_string_with_format(0, place, column.zh(), &heading)?;
        for row in 1..=BLANK_ROWS {
            sheet.write_blank(row, place, &text)?;
        }
    }
    let sheet = book.add_worksheet();
    sheet.set_name(own)?.set_column_width(0, 16)?.set_column_width(1, 36)?;
    for (place, name) in (0_u16..).zip(headings) {
        sheet.write_string_with_format(0, place, name, &heading)?;
    }
    for (row, (id, name)) in (1_u32..).zip(accounts.iter().take(MOST_ACCOUNTS)) {
        sheet.write_string_with_format(row, 0, id, &text)?;
        sheet.write_string_with_format(row, 1, name, &text)?;
    }
    book.save_to_buffer()
}

fn heading_row(headings: impl Iterator<Item = &'static str>) -> String {
    format!("{BYTE_ORDER_MARK}{}\r\n", headings.collect::<Vec<_>>().join(","))
}
