//! From a heading row to columns, and from a row to its values with their problems.

use std::collections::{BTreeMap, HashSet};
use std::path::Path;

use super::problem::{Headings, Problem, ProblemKind, Sheet};
use super::sent::{self, SentKind};
use super::table::{self, FileError, Limits, Row};
use super::values;
use crate::domain::privacy::mask;

/// A title may stand above the heading row, as official tables have it; this many rows are looked at.
const ROWS_BEFORE_HEADINGS: usize = 5;
/// A value is shown with at most this many characters.
const SHOWN: usize = 60;
/// Longest value of a column that the program does not know.
const LONGEST_EXTRA: usize = 4_000;

/// A heading is shown with at most this many characters, and at most so many of them.
const HEADING_SHOWN: usize = 20;
const HEADINGS_SHOWN: usize = 30;
/// A cell with so many digits in the heading row is somebody's data.
const DIGITS_OF_DATA: usize = 5;

/// A column that a kind of file knows.
pub(super) trait Column: Copy + PartialEq + 'static {
    /// The kind of file.
    const KIND: SentKind;
    /// Every column of it.
    const COLUMNS: &'static [Self];
    /// The column under this heading.
    fn parse(heading: &str) -> Option<Self>;
    /// The column that an unknown heading was probably meant to be.
    fn resembling(_heading: &str) -> Option<Self> {
        None
    }
    /// The stable key.
    fn key(self) -> &'static str;
    /// The heading to write.
    fn heading(self) -> &'static str;
    /// Whether its values are personal data.
    fn is_personal(self) -> bool;
    /// Whether a value may run over several lines and hold invisible characters, as copied text does.
    fn is_free_text(self) -> bool;
}

/// Which column stands where.
struct Layout<C> {
    headings: Vec<String>,
    known: Vec<(C, usize)>,
    extra: Vec<(String, usize)>,
}

/// Reads every row under the headings by `build`; rows that it notes a problem for are left out.
///
/// Of each group in `required` one column has to be there.
pub(super) fn read_sheet<C: Column, T>(
    path: &Path,
    limits: Limits,
    required: &[&[C]],
    mut build: impl FnMut(&mut Cells<'_, C>) -> Option<T>,
) -> Result<Sheet<T>, FileError> {
    let mut sheet = Sheet::new();
    let mut layout: Option<Layout<C>> = None;
    let mut usable = true;
    let mut above: Vec<Row> = Vec::new();
    table::read_while(path, limits, |row| {
        let Some(layout) = &layout else {
            if known_headings::<C>(&row) >= 2 {
                (layout, usable) = read_headings(path, &row, required, &mut sheet);
            } else if above.len() < ROWS_BEFORE_HEADINGS {
                above.push(row);
            }
            return true;
        };
        if usable {
            let mut cells = Cells { path, layout, row: &row, problems: Vec::new() };
            cells.check_unknown_columns();
            let value = build(&mut cells);
            let problems = cells.problems;
            match value {
                Some(value) if problems.is_empty() => sheet.rows.push((row.line, value)),
                _ => problems.into_iter().for_each(|problem| sheet.note(problem)),
            }
        }
        true
    })?;
    if layout.is_none() {
        // The row most like a heading row: a title above it has one cell and no known heading.
        let likeness = |row: &Row| (known_headings::<C>(row), row.cells.iter().filter(|cell| !cell.is_empty()).count());
        let row = above.into_iter().rev().max_by_key(likeness).unwrap_or_default();
        read_headings(path, &row, required, &mut sheet);
    }
    Ok(sheet)
}

fn known_headings<C: Column>(row: &Row) -> usize {
    row.cells.iter().filter(|cell| C::parse(&plain_heading(cell)).is_some()).count()
}

/// The layout, and whether rows can be read by it.
fn read_headings<C: Column, T>(
    path: &Path,
    row: &Row,
    required: &[&[C]],
    sheet: &mut Sheet<T>,
) -> (Option<Layout<C>>, bool) {
    let mut layout = Layout { headings: Vec::new(), known: Vec::new(), extra: Vec::new() };
    let mut seen = HashSet::new();
    let problem =
        |column: String, kind| Problem { file: path.to_owned(), line: row.line, column, value: String::new(), kind };
    for (position, fault) in &row.faults {
        sheet.note(problem(values::column_letters(*position), fault.clone().into()));
    }
    for (position, cell) in row.cells.iter().enumerate() {
        let heading = plain_heading(cell);
        let known = C::parse(&heading);
        let name = known.map_or_else(|| heading.clone(), |column| column.heading().to_owned());
        if !name.is_empty() && !seen.insert(name.clone()) {
            sheet.note(problem(cell.clone(), ProblemKind::DuplicateHeading));
        }
        match known {
            Some(column) => layout.known.push((column, position)),
            None if !name.is_empty() => layout.extra.push((name, position)),
            None => {}
        }
        layout.headings.push(heading);
    }
    let is_there = |column: &C| layout.known.iter().any(|(known, _)| known == column);
    for (name, _) in &layout.extra {
        if let Some(meant) = C::resembling(name).filter(|meant| !is_there(meant)) {
            sheet.note(problem(shown_heading(name), ProblemKind::MisnamedHeading(meant.heading())));
        }
    }
    let missing: Vec<Vec<&str>> = required
        .iter()
        .filter(|group| !group.iter().any(is_there))
        .map(|group| group.iter().map(|column| column.heading()).collect())
        .collect();
    if !missing.is_empty() {
        let found = layout.headings.iter().filter(|heading| !heading.is_empty());
        let found = found.take(HEADINGS_SHOWN).map(|heading| shown_heading(heading)).collect();
        let looks_like = sent::recognise(path).ok().filter(|kind| *kind != C::KIND);
        sheet.note(problem(String::new(), ProblemKind::MissingHeadings { missing, found, looks_like }));
    }
    sheet.headings = Headings {
        absent: C::COLUMNS.iter().filter(|column| !is_there(column)).map(|column| column.key()).collect(),
        unknown: layout.extra.iter().map(|(name, _)| name.clone()).collect(),
    };
    let usable = sheet.is_clean();
    (Some(layout), usable)
}

/// A heading as a message shows it. Why not as it is: where a file has no heading row, this is its first row of data.
pub(super) fn shown_heading(heading: &str) -> String {
    if heading.chars().filter(char::is_ascii_digit).count() >= DIGITS_OF_DATA {
        return "…".to_owned();
    }
    let masked = mask(heading);
    masked.chars().filter(|c| !values::is_invisible(*c)).take(HEADING_SHOWN).collect()
}

/// How many headings of a kind of file the heading row of a table holds; 0 where there is none.
pub(super) fn headings_of<C: Column>(path: &Path, limits: Limits) -> Result<usize, FileError> {
    let (mut most, mut looked) = (0, 0);
    table::read_while(path, limits, |row| {
        most = most.max(known_headings::<C>(&row));
        looked += 1;
        looked <= ROWS_BEFORE_HEADINGS
    })?;
    Ok(most)
}

/// A heading without white space and without the asterisk that marks required columns.
fn plain_heading(cell: &str) -> String {
    let heading: String = cell.split_whitespace().collect::<Vec<_>>().join(" ");
    let heading = heading.trim_matches(|c| matches!(c, '*' | '\u{ff0a}' | ' '));
    // Chinese headings are padded with blanks to look even: “平  台”.
    if heading.is_ascii() { heading.to_owned() } else { heading.replace(' ', "") }
}

/// One row, read column by column; collects its problems.
pub(super) struct Cells<'a, C> {
    path: &'a Path,
    layout: &'a Layout<C>,
    row: &'a Row,
    problems: Vec<Problem>,
}

impl<C: Column> Cells<'_, C> {
    pub(super) fn line(&self) -> usize {
        self.row.line
    }

    /// Whether a cell of this row is not to be trusted.
    pub(super) fn has_fault(&self) -> bool {
        !self.row.faults.is_empty()
    }

    /// Problems of this row so far.
    pub(super) fn problem_count(&self) -> usize {
        self.problems.len()
    }

    /// Notes a problem with `column`'s value.
    pub(super) fn note(&mut self, column: C, kind: ProblemKind) {
        let value = self.raw(column);
        let value = if column.is_personal() && !value.is_empty() { "***".to_owned() } else { shown(value) };
        let heading = self.position(column).and_then(|at| self.layout.headings.get(at)).cloned();
        self.push(heading.unwrap_or_else(|| column.heading().to_owned()), value, kind);
    }

    fn push(&mut self, column: String, value: String, kind: ProblemKind) {
        self.problems.push(Problem { file: self.path.to_owned(), line: self.row.line, column, value, kind });
    }

    fn position(&self, column: C) -> Option<usize> {
        self.layout.known.iter().find(|(known, _)| *known == column).map(|(_, position)| *position)
    }

    /// A column's text, trusted or not.
    pub(super) fn raw(&self, column: C) -> &str {
        self.position(column).and_then(|at| self.row.cells.get(at)).map_or("", String::as_str)
    }

    /// The text of a column of at most `limit` characters; `None` where it is empty or not to be
    /// trusted (then noted).
    pub(super) fn text(&mut self, column: C, limit: usize) -> Option<String> {
        let position = self.position(column)?;
        if let Some((_, fault)) = self.row.faults.iter().find(|(at, _)| *at == position) {
            self.note(column, fault.clone().into());
            return None;
        }
        let text = self.raw(column).to_owned();
        let kind = find_bad_text(&text, limit, column.is_free_text());
        match kind {
            Some(kind) => {
                self.note(column, kind);
                None
            }
            None => Some(text).filter(|text| !text.is_empty()),
        }
    }

    /// Text that must be there.
    pub(super) fn required(&mut self, column: C, limit: usize) -> Option<String> {
        let before = self.problems.len();
        let text = self.text(column, limit);
        if text.is_none() && self.problems.len() == before {
            self.note(column, ProblemKind::Missing);
        }
        text
    }

    /// A value read by `read` where there is one.
    pub(super) fn parsed<T>(
        &mut self,
        column: C,
        limit: usize,
        read: impl Fn(&str) -> Result<T, ProblemKind>,
    ) -> Option<T> {
        let text = self.text(column, limit)?;
        read(&text).map_err(|kind| self.note(column, kind)).ok()
    }

    /// The values of the columns that the program does not know, without the empty ones.
    pub(super) fn extra(&self) -> BTreeMap<String, String> {
        let value = |position: &usize| self.row.cells.get(*position).filter(|cell| !cell.is_empty()).cloned();
        self.layout.extra.iter().filter_map(|(name, at)| Some((name.clone(), value(at)?))).collect()
    }

    /// Notes what is wrong in columns that the program does not know, or that have no heading.
    fn check_unknown_columns(&mut self) {
        let (layout, row) = (self.layout, self.row);
        for (name, position) in &layout.extra {
            if let Some((_, fault)) = row.faults.iter().find(|(at, _)| at == position) {
                self.push(name.clone(), String::new(), fault.clone().into());
            } else if let Some(kind) =
                row.cells.get(*position).and_then(|text| find_bad_text(text, LONGEST_EXTRA, true))
            {
                self.push(name.clone(), String::new(), kind);
            }
        }
        for (position, cell) in row.cells.iter().enumerate() {
            let headless = layout.headings.get(position).is_none_or(String::is_empty);
            if headless && !cell.is_empty() {
                let value = shown(cell);
                self.push(values::column_letters(position), value, ProblemKind::NoHeading);
            }
        }
    }
}

/// A value as a message shows it.
fn shown(value: &str) -> String {
    value.chars().filter(|c| !values::is_invisible(*c)).take(SHOWN).collect()
}

fn find_bad_text(text: &str, limit: usize, free: bool) -> Option<ProblemKind> {
    let bad = |c: char| match c {
        '\n' | '\r' | '\t' => !free,
        _ if free => c.is_control(),
        _ => values::is_invisible(c),
    };
    if text.chars().any(bad) {
        Some(ProblemKind::Control)
    } else {
        (text.chars().count() > limit).then_some(ProblemKind::TooLong(limit))
    }
}
