//! Tables as people keep them: CSV in UTF-8, UTF-16 or GB18030, and XLSX; row by row.
//!
//! Bounded everywhere: rows, columns, cell length, and what a workbook unpacks to.

mod decode;
mod delimited;
mod workbook;

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use crate::domain::Lang;

/// More rows than this are refused.
pub const MOST_ROWS: usize = 2_000_000;
/// A cell longer than this, in bytes, is refused.
pub const LONGEST_CELL: usize = 64 * 1024;
/// More columns than this are refused.
const MOST_COLUMNS: usize = 1_000;
/// A file larger than this, in bytes, is refused.
const LARGEST_FILE: u64 = 512 * 1024 * 1024;

/// What a table may hold at most.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Rows, the heading row aside.
    pub rows: usize,
    /// What the sheets of a workbook may unpack to, together, in bytes; they are streamed.
    pub sheets: u64,
    /// What everything else in a workbook may unpack to, in bytes; shared strings are held in memory.
    pub rest: u64,
}

impl Limits {
    /// For files that the office itself imports.
    pub const OFFICE: Self = Self { rows: MOST_ROWS, sheets: 1024 * 1024 * 1024, rest: 128 * 1024 * 1024 };
    /// For files that anybody may send.
    pub const SENT: Self = Self { rows: 50_000, sheets: 128 * 1024 * 1024, rest: 24 * 1024 * 1024 };
}

/// A file that cannot be read as a table at all.
#[derive(Debug, thiserror::Error)]
#[error("{}: {}", path.display(), kind.text(Lang::En))]
pub struct FileError {
    /// The file.
    pub path: PathBuf,
    /// What keeps it from being read.
    pub kind: FileErrorKind,
}

/// What keeps a file from being read.
#[derive(Debug)]
pub enum FileErrorKind {
    /// The system said no.
    Io(std::io::Error),
    /// Larger than 512 MiB, or not a plain file.
    TooLarge,
    /// Neither UTF-8, UTF-16 nor GB18030.
    NotText {
        /// The first byte that fits neither, from 0.
        offset: u64,
        /// The line it stands in, from 1.
        line: usize,
    },
    /// Named `.xlsx` but no such workbook, or a damaged one.
    NotWorkbook(String),
    /// An old binary Excel file.
    OldExcel,
    /// A workbook under the name of a text file.
    WorkbookByOtherName,
    /// A workbook that unpacks to more than is reasonable.
    Bomb,
    /// More rows than this.
    TooManyRows(usize),
    /// More than a thousand columns in this line.
    TooManyColumns(usize),
    /// More than sixteen mebibytes in the row that begins in this line.
    RowTooLong(usize),
    /// A quotation mark that is opened in this line and never closed.
    UnclosedQuote(usize),
    /// No row at all.
    Empty,
    /// Rows of a lexicon that cannot be used.
    Lexicon(Vec<crate::domain::lexicon::LexiconProblem>),
    /// Rows of a calendar that cannot be read.
    Calendar(Vec<crate::domain::workday::CalendarProblem>),
}

impl FileErrorKind {
    fn text(&self, lang: Lang) -> String {
        let (zh, en) = match self {
            Self::Io(error) => (
                format!("无法读取（{error}），请检查路径与权限"),
                format!("cannot be read ({error}); check its path and permissions"),
            ),
            Self::TooLarge => (
                "不是 512 MiB 以内的普通文件，请拆分后再导入".to_owned(),
                "is not a plain file of at most 512 MiB; split it".to_owned(),
            ),
            Self::NotText { offset, line } => (
                format!("第 {line} 行（第 {offset} 字节）既不是 UTF-8 也不是 GB18030 编码，请另存为“CSV UTF-8”"),
                format!("line {line} (byte {offset}) is neither UTF-8 nor GB18030; save it as CSV UTF-8"),
            ),
            Self::NotWorkbook(reason) => (
                format!("不是有效的 XLSX 工作簿（{reason}），请用 Excel 或 WPS 重新另存为 .xlsx"),
                format!("is not a valid XLSX workbook ({reason}); save it again as .xlsx"),
            ),
            Self::OldExcel => (
                "是旧版 Excel(.xls)文件，请另存为 .xlsx 或 CSV".to_owned(),
                "is an old Excel file (.xls); save it as .xlsx or CSV".to_owned(),
            ),
            Self::WorkbookByOtherName => (
                "内容是 XLSX 工作簿，请把文件名改为以 .xlsx 结尾".to_owned(),
                "holds an XLSX workbook; give it a name ending in .xlsx".to_owned(),
            ),
            Self::Bomb => (
                "解压后过大，请删除无关工作表和格式后另存".to_owned(),
                "unpacks to more than is reasonable; remove unrelated sheets and save it again".to_owned(),
            ),
            Self::TooManyRows(most) => {
                (format!("超过 {most} 行，请拆分后再导入"), format!("has more than {most} rows; split it"))
            }
            Self::TooManyColumns(line) => (
                format!("第 {line} 行超过 {MOST_COLUMNS} 列，请删除多余的列"),
                format!("line {line} has more than {MOST_COLUMNS} columns; remove what is not needed"),
            ),
            Self::RowTooLong(line) => (
                format!("第 {line} 行开始的一行超过 16 MiB，请检查是否缺少换行，或引号没有闭合"),
                format!(
                    "the row that begins in line {line} is longer than 16 MiB; check for a missing line end or an unclosed quotation mark"
                ),
            ),
            Self::UnclosedQuote(line) => (
                format!("第 {line} 行的引号没有闭合，请补上引号"),
                format!("a quotation mark in line {line} is never closed; close it"),
            ),
            Self::Empty => {
                ("没有内容，至少要有一行表头".to_owned(), "is empty; it needs at least a heading row".to_owned())
            }
            Self::Lexicon(problems) => {
                let list = |lang| problems.iter().take(20).map(|p| p.text(lang)).collect::<Vec<_>>().join("; ");
                (list(Lang::Zh), list(Lang::En))
            }
            Self::Calendar(problems) => {
                let list = |lang| problems.iter().take(20).map(|p| p.text(lang)).collect::<Vec<_>>().join("; ");
                (list(Lang::Zh), list(Lang::En))
            }
        };
        if lang == Lang::Zh { zh } else { en }
    }
}

impl FileError {
    fn new(path: &Path, kind: FileErrorKind) -> Self {
        Self { path: path.to_owned(), kind }
    }

    pub(super) fn lexicon(path: &Path, problems: Vec<crate::domain::lexicon::LexiconProblem>) -> Self {
        Self::new(path, FileErrorKind::Lexicon(problems))
    }

    pub(super) fn calendar(path: &Path, problems: Vec<crate::domain::workday::CalendarProblem>) -> Self {
        Self::new(path, FileErrorKind::Calendar(problems))
    }

    /// One sentence that names the file, the place and the way out.
    #[must_use]
    pub fn text(&self, lang: Lang) -> String {
        format!("{}: {}", self.path.display(), self.kind.text(lang))
    }
}

/// Why the text of one cell is not to be trusted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CellFault {
    /// A formula, at this address (`C3`).
    Formula(String),
    /// An error value such as `#N/A`, at this address.
    ErrorValue(String),
    /// A number of more than 15 digits, of which the workbook kept only 15.
    LostDigits(String),
    /// Longer than [`LONGEST_CELL`].
    TooLong,
}

/// One row that is not blank.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Row {
    /// The line of the file (CSV) or the row of the sheet (XLSX), from 1.
    pub line: usize,
    /// The cells' text as a person sees it, trimmed.
    pub cells: Vec<String>,
    /// Cells, by position, whose text is not to be trusted.
    pub faults: Vec<(usize, CellFault)>,
}

impl Row {
    fn is_blank(&self) -> bool {
        self.faults.is_empty() && self.cells.iter().all(String::is_empty)
    }

    /// Puts a cell at `column`; one that is too long is left empty and noted.
    fn put(&mut self, column: usize, text: &str) {
        if self.cells.len() <= column {
            self.cells.resize(column + 1, String::new());
        }
        if text.len() > LONGEST_CELL {
            self.faults.push((column, CellFault::TooLong));
        } else if let Some(cell) = self.cells.get_mut(column) {
            text.trim().clone_into(cell);
        }
    }
}

/// Hands every row that is not blank to `each`, the heading row among them.
pub fn read_rows(path: &Path, mut each: impl FnMut(Row)) -> Result<(), FileError> {
    read_while(path, Limits::OFFICE, |row| {
        each(row);
        true
    })
}

/// [`read_rows`] until `each` says that it has seen enough.
pub(super) fn read_while(path: &Path, limits: Limits, mut each: impl FnMut(Row) -> bool) -> Result<(), FileError> {
    let error = |kind| FileError::new(path, kind);
    let io = |cause| error(FileErrorKind::Io(cause));
    let mut file = File::open(path).map_err(io)?;
    let meta = file.metadata().map_err(io)?;
    if !meta.is_file() || meta.len() > LARGEST_FILE {
        return Err(error(FileErrorKind::TooLarge));
    }
    let mut start = Vec::new();
    file.by_ref().take(8).read_to_end(&mut start).map_err(io)?;
    let named_workbook = path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("xlsx"));
    if start.starts_with(&[0xD0, 0xCF, 0x11, 0xE0]) {
        return Err(error(FileErrorKind::OldExcel));
    }
    let (mut rows, mut enough) = (0, false);
    let mut counted = |row: Row| {
        if row.is_blank() {
            return Ok(());
        }
        rows += 1;
        // One more for the heading row.
        if rows > limits.rows + 1 {
            return Err(FileErrorKind::TooManyRows(limits.rows));
        }
        enough = !each(row);
        // Ends the reading; what it says is not looked at.
        if enough { Err(FileErrorKind::Empty) } else { Ok(()) }
    };
    let read = if named_workbook {
        workbook::read(path, limits, &mut counted)
    } else if start.starts_with(b"PK\x03\x04") {
        Err(FileErrorKind::WorkbookByOtherName)
    } else {
        delimited::read(path, &mut counted)
    };
    if enough {
        return Ok(());
    }
    read.map_err(error)?;
    if rows == 0 { Err(error(FileErrorKind::Empty)) } else { Ok(()) }
}

/// The name of the sheet that [`read_rows`] reads, for messages; `None` for a text file.
pub(super) fn first_sheet(path: &Path) -> Option<String> {
    workbook::first_sheet(path)
}

/// What the two readers hand their rows to.
type Each<'a> = &'a mut dyn FnMut(Row) -> Result<(), FileErrorKind>;
