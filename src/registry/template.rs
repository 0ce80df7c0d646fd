//! The empty files that `init` writes: headings alone, so that nothing fictitious is ever imported.

use super::accounts::AccountColumn;
use super::reviews::ReviewColumn;

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

fn heading_row(headings: impl Iterator<Item = &'static str>) -> String {
    format!("{BYTE_ORDER_MARK}{}\r\n", headings.collect::<Vec<_>>().join(","))
}
