//! CSV, with commas, semicolons or tabs.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

use csv::{ByteRecord, ReaderBuilder};
use encoding_rs::Encoding;

use super::{CellFault, Each, FileErrorKind, MOST_COLUMNS, Row, decode};
use crate::registry::values;

/// Where the separator is looked for.
const FIRST_LINE: u64 = 16 * 1024;

pub(super) fn read(path: &Path, each: Each<'_>) -> Result<(), FileErrorKind> {
    let mut file = File::open(path).map_err(FileErrorKind::Io)?;
    let encoding = decode::detect(&mut file)?;
    let delimiter = find_delimiter(&mut file, encoding)?;
    let mut stream = decode::Utf8Stream::new(&mut file, encoding)?;
    stream.begin_row(0);
    let mut reader = ReaderBuilder::new().has_headers(false).flexible(true).delimiter(delimiter).from_reader(stream);
    let mut record = ByteRecord::new();
    let mut last = (0, false);
    loop {
        let from = reader.position().byte();
        reader.get_mut().begin_row(from);
        match reader.read_byte_record(&mut record) {
            Ok(true) => {}
            Ok(false) => break,
            Err(_) if reader.get_ref().row_is_too_long => {
                return Err(FileErrorKind::RowTooLong(reader.get_mut().line_at(from)));
            }
            Err(error) => return Err(FileErrorKind::Io(io::Error::other(error))),
        }
        let start = record.position().map_or(0, csv::Position::byte);
        let line = reader.get_mut().line_at(start);
        if record.len() > MOST_COLUMNS {
            return Err(FileErrorKind::TooManyColumns(line));
        }
        let mut row = Row { line, ..Row::default() };
        for (column, cell) in record.iter().enumerate() {
            let text = String::from_utf8_lossy(cell);
            // What a spreadsheet program would compute is refused here as it is in a workbook; a
            // text that begins with the sign is written '=.
            if text.trim_start().starts_with('=') {
                let address = format!("{}{line}", values::column_letters(column));
                row.faults.push((column, CellFault::Formula(address)));
            }
            row.put(column, values::unprotect(&text));
        }
        last = (line, record.iter().any(|cell| cell.contains(&b'\n')));
        each(row)?;
    }
    // Why: an unclosed quotation mark swallows every row after it into one cell, without an error.
    let (line, spans_lines) = last;
    if spans_lines && reader.get_ref().quotes % 2 == 1 {
        return Err(FileErrorKind::UnclosedQuote(line));
    }
    Ok(())
}

/// The separator that the first line has most of; a comma when it has none.
fn find_delimiter(file: &mut File, encoding: &'static Encoding) -> Result<u8, FileErrorKind> {
    let stream = decode::Utf8Stream::new(file, encoding)?;
    let mut line = Vec::new();
    BufReader::new(stream.take(FIRST_LINE)).read_until(b'\n', &mut line).map_err(FileErrorKind::Io)?;
    let count = |byte: u8| line.iter().map(|b| usize::from(*b == byte)).sum::<usize>();
    Ok([b';', b'\t', b','].into_iter().max_by_key(|byte| count(*byte)).unwrap_or(b','))
}
