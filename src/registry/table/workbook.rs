//! XLSX: the first visible sheet, cell by cell.

use std::fs::File;
use std::io::{self, BufReader, Read, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use calamine::{DataRef, ExcelDateTime, Reader, SheetType, SheetVisible, Xlsx};
use chrono::{Duration, NaiveDate, NaiveTime};

use crate::registry::values;

use super::{CellFault, Each, FileErrorKind, LONGEST_CELL, Limits, MOST_COLUMNS, MOST_ROWS, Row};

/// The longest stretch between two tags; the XML reader holds one in memory.
const LONGEST_TEXT: u64 = 1024 * 1024;
/// Whole numbers beyond this many digits have been rounded by the workbook.
const EXACT_BELOW: f64 = 1e15;

pub(super) fn read(path: &Path, limits: Limits, each: Each<'_>) -> Result<(), FileErrorKind> {
    weigh(path, limits)?;
    // Why: the workbook reader is not ours, and a damaged file must end in an error, not a crash.
    catch_unwind(AssertUnwindSafe(|| read_first_sheet(path, each)))
        .unwrap_or_else(|_| Err(FileErrorKind::NotWorkbook("damaged".to_owned())))
}

/// Unpacks everything once, counting, before anything is built in memory.
fn weigh(path: &Path, limits: Limits) -> Result<(), FileErrorKind> {
    let file = File::open(path).map_err(FileErrorKind::Io)?;
    let mut archive = zip::ZipArchive::new(BufReader::new(file)).map_err(not_workbook)?;
    let (mut sheets, mut rest) = (0, 0);
    for index in 0..archive.len() {
        let entry = archive.by_index(index).map_err(not_workbook)?;
        let name = entry.name().map_err(not_workbook)?.to_lowercase();
        let (sum, limit) = match name.strip_prefix("xl/worksheets/") {
            Some(_) => (&mut sheets, limits.sheets),
            None => (&mut rest, limits.rest),
        };
        let mut scale = Scale::default();
        io::copy(&mut entry.take(limit - *sum + 1), &mut scale).map_err(not_workbook)?;
        *sum += scale.bytes;
        let picture = name.starts_with("xl/media/");
        if *sum > limit || (scale.longest > LONGEST_TEXT && !picture) {
            return Err(FileErrorKind::Bomb);
        }
    }
    Ok(())
}

/// Counts bytes, and the longest stretch without a tag.
#[derive(Default)]
struct Scale {
    bytes: u64,
    stretch: u64,
    longest: u64,
}

impl Write for Scale {
    fn write(&mut self, chunk: &[u8]) -> io::Result<usize> {
        self.bytes += chunk.len() as u64;
        let mut pieces = chunk.split(|byte| *byte == b'<').map(|piece| piece.len() as u64);
        self.stretch += pieces.next().unwrap_or_default();
        self.longest = self.longest.max(self.stretch);
        for piece in pieces {
            self.stretch = piece;
            self.longest = self.longest.max(piece);
        }
        Ok(chunk.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The name of the sheet that is read; the file has been weighed before.
pub(super) fn first_sheet(path: &Path) -> Option<String> {
    let name = || first_visible(&Xlsx::new(BufReader::new(File::open(path).ok()?)).ok()?);
    catch_unwind(AssertUnwindSafe(name)).ok().flatten()
}

fn first_visible(workbook: &Xlsx<BufReader<File>>) -> Option<String> {
    let shown = |sheet: &&calamine::Sheet| sheet.typ == SheetType::WorkSheet && sheet.visible == SheetVisible::Visible;
    workbook.sheets_metadata().iter().find(shown).map(|sheet| sheet.name.clone())
}

fn read_first_sheet(path: &Path, each: Each<'_>) -> Result<(), FileErrorKind> {
    let file = File::open(path).map_err(FileErrorKind::Io)?;
    let mut workbook = Xlsx::new(BufReader::new(file)).map_err(not_workbook)?;
    let sheet = first_visible(&workbook).ok_or_else(|| not_workbook("no visible sheet"))?;
    let mut cells = workbook.worksheet_cells_reader(&sheet).map_err(not_workbook)?;
    let mut row = Row::default();
    while let Some(cell) = cells.next_cell_with_formula_metadata().map_err(not_workbook)? {
        let (line, column) = (cell.pos.0 as usize + 1, cell.pos.1 as usize);
        if line < row.line {
            return Err(not_workbook("rows out of order"));
        }
        if line > row.line {
            each(std::mem::replace(&mut row, Row { line, ..Row::default() }))?;
        }
        if cell.formula.is_none() && cell.value == DataRef::Empty {
            continue; // a cell that is only painted
        }
        if line > MOST_ROWS + 1 {
            return Err(FileErrorKind::TooManyRows(MOST_ROWS));
        }
        if column >= MOST_COLUMNS {
            return Err(FileErrorKind::TooManyColumns(line));
        }
        let address = || format!("{}{line}", values::column_letters(column));
        if cell.formula.is_some() {
            row.put(column, "");
            row.faults.push((column, CellFault::Formula(address())));
            continue;
        }
        match visible_text(&cell.value) {
            Seen::Text(text) => row.put(column, &text),
            Seen::ErrorValue => row.faults.push((column, CellFault::ErrorValue(address()))),
            Seen::LostDigits => row.faults.push((column, CellFault::LostDigits(address()))),
        }
    }
    each(row)
}

/// A cell as a person sees it, or why that cannot be known.
enum Seen {
    Text(String),
    ErrorValue,
    LostDigits,
}

fn visible_text(value: &DataRef<'_>) -> Seen {
    Seen::Text(match value {
        DataRef::Empty => String::new(),
        DataRef::Int(number) => number.to_string(),
        DataRef::Float(number) if number.abs() >= EXACT_BELOW => return Seen::LostDigits,
        // Rust writes 3.0 as `3` and never as an exponent.
        DataRef::Float(number) => number.to_string(),
        // One byte more than allowed is enough to be refused.
        DataRef::String(text) => text.chars().take(LONGEST_CELL + 1).collect(),
        DataRef::SharedString(text) => (*text).to_owned(),
        DataRef::Bool(flag) => flag.to_string(),
        DataRef::DateTime(at) => date_text(at),
        DataRef::DateTimeIso(text) => text.strip_suffix("T00:00:00").unwrap_or(text).to_owned(),
        DataRef::DurationIso(text) => text.clone(),
        DataRef::Error(_) => return Seen::ErrorValue,
    })
}

/// `2026-11-20`, or `2026-11-20 09:30:00` when the cell holds a time of day as well.
fn date_text(at: &ExcelDateTime) -> String {
    let (year, month, day, hour, minute, second, milli) = at.to_ymd_hms_milli();
    let at_second = NaiveDate::from_ymd_opt(i32::from(year), u32::from(month), u32::from(day))
        .and_then(|date| date.and_hms_milli_opt(hour.into(), minute.into(), second.into(), milli.into()))
        // Days are fractions there: 09:30 may come out a millisecond short.
        .and_then(|exact| exact.checked_add_signed(Duration::milliseconds(500)));
    match at_second {
        Some(at) if at.time() < NaiveTime::from_hms_opt(0, 0, 1).unwrap_or_default() => at.format("%F").to_string(),
        Some(at) => at.format("%F %T").to_string(),
        None => at.as_f64().to_string(),
    }
}

#[expect(clippy::needless_pass_by_value, reason = "handed to `map_err`")]
fn not_workbook(reason: impl ToString) -> FileErrorKind {
    FileErrorKind::NotWorkbook(reason.to_string())
}
