//! Accounts to CSV or XLSX, review records to CSV; what is written reads back as the same.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use chrono_tz::Tz;
use rust_xlsxwriter::{Format, Workbook, XlsxError};

use super::accounts::AccountColumn;
use super::template::{BYTE_ORDER_MARK, reviews_csv};
use super::values::protect;
use crate::disk::Unfinished;
use crate::domain::Lang;
use crate::domain::account::{Account, Personal};
use crate::domain::review::ReviewRecord;

/// What a sheet can hold: rows under the heading, and characters in a cell.
const MOST_SHEET_ROWS: usize = 1_048_575;
const LONGEST_SHEET_CELL: usize = 32_767;

/// Why accounts could not be written.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The file's name ends neither in `.csv` nor in `.xlsx`.
    #[error("{}: the name must end in .csv or .xlsx", .0.display())]
    UnknownEnding(PathBuf),
    /// The name of a worksheet for inspectors does not end in `.xlsx`.
    #[error("{}: the worksheet must be an .xlsx file", .0.display())]
    NoWorkbook(PathBuf),
    /// More than a sheet can hold.
    #[error("{}: more than an XLSX sheet can hold; export to .csv", .0.display())]
    TooMuchForASheet(PathBuf),
    /// The system said no.
    #[error("{}: cannot be written ({source})", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// The workbook could not be built.
    #[error("{}: cannot be written ({source})", path.display())]
    Workbook {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: XlsxError,
    },
}

impl ExportError {
    /// One sentence in the reader's language.
    #[must_use]
    pub fn text(&self, lang: Lang) -> String {
        match (lang, self) {
            (Lang::En, _) => self.to_string(),
            (Lang::Zh, Self::UnknownEnding(path)) => format!("{}: 文件名须以 .csv 或 .xlsx 结尾", path.display()),
            (Lang::Zh, Self::NoWorkbook(path)) => format!("{}: 人工核查表须为 .xlsx 文件", path.display()),
            (Lang::Zh, Self::TooMuchForASheet(path)) => {
                format!("{}: 超出 XLSX 工作表的容量，请导出为 .csv", path.display())
            }
            (Lang::Zh, Self::Io { path, source }) => {
                format!("{}: 无法写入（{source}），请检查路径与权限", path.display())
            }
            (Lang::Zh, Self::Workbook { path, source }) => {
                format!("{}: 无法写入（{source}），请检查路径与权限", path.display())
            }
        }
    }
}

/// Writes the accounts with every column of the registry and every extra column, by the ending of
/// the file's name; an existing file is replaced only when the new one is complete.
pub fn write_accounts(path: &Path, accounts: &[Account]) -> Result<(), ExportError> {
    let ending = path.extension().map(|ending| ending.to_string_lossy().to_lowercase());
    let extra: BTreeSet<&str> = accounts.iter().flat_map(|account| account.extra.keys().map(String::as_str)).collect();
    let extra: Vec<&str> = extra.into_iter().collect();
    let io = |source| ExportError::Io { path: path.to_owned(), source };
    let file = Unfinished::new(path).map_err(io)?;
    match ending.as_deref() {
        Some("csv") => write_csv(file.part(), accounts, &extra).map_err(io)?,
        Some("xlsx") => write_xlsx(path, file.part(), accounts, &extra)?,
        _ => return Err(ExportError::UnknownEnding(path.to_owned())),
    }
    file.finish().map(|_| ()).map_err(io)
}

fn write_csv(path: &Path, accounts: &[Account], extra: &[&str]) -> io::Result<()> {
    let mut file = BufWriter::new(File::create(path)?);
    file.write_all(BYTE_ORDER_MARK.as_bytes())?;
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(file);
    writer.write_record(headings(extra).map(protect))?;
    for account in accounts {
        writer.write_record(cells(account, extra).map(|cell| protect(&cell)))?;
    }
    writer.into_inner().map_err(|error| io::Error::other(error.to_string()))?.into_inner()?.sync_all()
}

/// Writes review records as the CSV that the import reads, times in the office's zone.
pub fn write_reviews(path: &Path, records: &[ReviewRecord], zone: Tz) -> Result<(), ExportError> {
    let write = || -> io::Result<()> {
        let mut file = BufWriter::new(File::create(path)?);
        file.write_all(reviews_csv().as_bytes())?;
        let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(file);
        for record in records {
            let mut cells = vec![record.account_id.to_string()];
            cells.push(record.post_url.clone().unwrap_or_default());
            cells.push(record.title.clone().unwrap_or_default());
            for stage in [&record.first, &record.second, &record.last] {
                cells.push(stage.reviewer.as_ref().map(|name| name.reveal().to_owned()).unwrap_or_default());
                let at = stage.at.map(|at| at.with_timezone(&zone).format("%Y-%m-%d %H:%M:%S").to_string());
                cells.push(at.unwrap_or_default());
            }
            writer.write_record(cells.iter().map(|cell| protect(cell)))?;
        }
        writer.into_inner().map_err(|error| io::Error::other(error.to_string()))?.flush()
    };
    write().map_err(|source| ExportError::Io { path: path.to_owned(), source })
}

fn write_xlsx(path: &Path, part: &Path, accounts: &[Account], extra: &[&str]) -> Result<(), ExportError> {
    let too_long = |cell: String| cell.chars().count() > LONGEST_SHEET_CELL;
    if accounts.len() > MOST_SHEET_ROWS || accounts.iter().any(|account| cells(account, extra).any(too_long)) {
        return Err(ExportError::TooMuchForASheet(path.to_owned()));
    }
    let write = || -> Result<(), XlsxError> {
        let mut workbook = Workbook::new();
        let sheet = workbook.add_worksheet_with_constant_memory()?;
        sheet.set_name("基本信息库")?;
        sheet.set_freeze_panes(1, 0)?;
        let bold = Format::new().set_bold();
        let mut last = 0;
        for (column, heading) in (0_u16..).zip(headings(extra)) {
            sheet.set_column_width(column, 16)?;
            sheet.write_string_with_format(0, column, heading, &bold)?;
            last = column;
        }
        for (row, account) in (1_u32..).zip(accounts) {
            // Text even where it looks like a number or a formula: nothing is reinterpreted.
            for (column, cell) in (0_u16..).zip(cells(account, extra)).filter(|(_, cell)| !cell.is_empty()) {
                sheet.write_string(row, column, cell)?;
            }
        }
        sheet.autofilter(0, 0, u32::try_from(accounts.len()).unwrap_or_default(), last)?;
        workbook.save(part)
    };
    write().map_err(|source| ExportError::Workbook { path: path.to_owned(), source })
}

fn headings<'a>(extra: &'a [&'a str]) -> impl Iterator<Item = &'a str> {
    AccountColumn::ALL.iter().map(|column| column.zh()).chain(extra.iter().copied())
}

fn cells<'a>(account: &'a Account, extra: &'a [&'a str]) -> impl Iterator<Item = String> + 'a {
    let more = extra.iter().map(|name| account.extra.get(*name).cloned().unwrap_or_default());
    AccountColumn::ALL.iter().map(|column| cell(account, *column)).chain(more)
}

fn cell(account: &Account, column: AccountColumn) -> String {
    use AccountColumn as C;
    let personal = |person: &Option<Personal>| person.as_ref().map_or_else(String::new, |p| p.reveal().to_owned());
    match column {
        C::AccountId => account.account_id.to_string(),
        C::Name => account.name.clone(),
        C::Platform => account.platform.zh().to_owned(),
        C::Unit => account.unit.clone(),
        C::UnitTier => account.unit_tier.map_or("", |tier| tier.zh()).to_owned(),
        C::SupervisingUnit => account.supervising_unit.clone().unwrap_or_default(),
        C::RepresentsGovernment => if account.represents_government { "是" } else { "否" }.to_owned(),
        C::Status => account.status.zh().to_owned(),
        C::FilingNo => account.filing_no.clone().unwrap_or_default(),
        C::OpenedOn => account.opened_on.map_or_else(String::new, |on| on.to_string()),
        C::Followers => account.followers.map_or_else(String::new, |count| count.to_string()),
        C::CertifiedSubject => account.certified_subject.clone().unwrap_or_default(),
        C::Admin => personal(&account.admin),
        C::AdminContact => personal(&account.admin_contact),
        C::Source => account.source.map_or("", |source| source.zh()).to_owned(),
        C::SourceUrl => account.source_url.clone().unwrap_or_default(),
        C::SourceOptions if account.source_options.is_empty() => String::new(),
        C::SourceOptions => serde_json::Value::Object(account.source_options.clone()).to_string(),
        C::ServiceLinks => account.service_links.join(" "),
    }
}
