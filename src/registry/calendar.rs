//! The working-day calendar: the built-in years and the office's own file.

use std::path::Path;

use super::table::{self, FileError};
use crate::domain::workday::Calendar;

/// The built-in years, and the rows of `file` (CSV or XLSX: date, kind, name) on top of them.
pub fn read_calendar(file: Option<&Path>) -> Result<Calendar, FileError> {
    let mut calendar = Calendar::built_in();
    let Some(path) = file else { return Ok(calendar) };
    // Rows are put back on their own lines, so that a problem names the line of the file.
    let mut text = String::new();
    let mut lines = 1;
    table::read_rows(path, |row| {
        while lines < row.line {
            text.push('\n');
            lines += 1;
        }
        let cells: Vec<String> = row.cells.iter().map(|cell| cell.replace(['\r', '\n', ','], " ")).collect();
        text.push_str(&cells.join(","));
    })?;
    calendar.add(&text).map_err(|problems| FileError::calendar(path, problems))?;
    Ok(calendar)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Lang;

    #[test]
    fn a_calendar_file_adds_to_the_built_in_years() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("2027.csv");
        std::fs::write(&path, "日期,类型,名称\n2027-01-01,休,元旦\n\n2027-02-30,班,春节\n").unwrap();
        let error = read_calendar(Some(&path)).unwrap_err();
        assert!(error.text(Lang::Zh).contains("第 4 行"), "{}", error.text(Lang::Zh));
        std::fs::write(&path, "日期,类型,名称\n2027-01-01,休,元旦\n").unwrap();
        let calendar = read_calendar(Some(&path)).unwrap();
        assert!(!calendar.is_workday("2027-01-01".parse().unwrap()));
        assert_eq!(read_calendar(None).unwrap(), Calendar::built_in());
    }
}
