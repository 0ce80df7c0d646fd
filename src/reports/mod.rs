//! From one dataset to every document: ledger, issue list, bulletin, page, certificate, JSON.
//!
//! One file per document. None of them counts: numbers come from [`Dataset`], which is
//! checked before the first byte is written. The same dataset gives the same bytes; dates
//! inside the files are those of the dataset. Start at [`write_all`].

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::domain::bulletin::{Dataset, Imbalance};

pub use annual::write_year;
pub use drafts::{Wish, write_drafts};
pub use issue_table::issue_table;
pub use pdf::PdfError;

mod annual;
mod annual_book;
mod bulletin;
mod certificate;
mod docx;
mod drafts;
mod issue_list;
mod issue_table;
mod ledger;
mod letters;
mod page;
mod pdf;
mod sheet;
mod tongue;
mod wording;

/// Why documents were not written.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// The numbers do not agree: nothing was written.
    #[error("the report is refused: {0}")]
    Imbalance(#[from] Imbalance),
    /// A file or folder could not be read or written.
    #[error("{path}: {source}")]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file is no dataset.
    #[error("{path} is not a dataset: {source}")]
    NotADataset {
        /// Which.
        path: PathBuf,
        /// Why.
        source: serde_json::Error,
    },
    /// The PDF could not be made; the other documents are written.
    #[error(transparent)]
    Pdf(#[from] PdfError),
    /// A document could not be made.
    #[error("{document} could not be made: {reason}")]
    Document {
        /// Its file name.
        document: &'static str,
        /// Why.
        reason: String,
    },
}

impl ReportError {
    fn document<E: std::fmt::Display>(document: &'static str) -> impl FnOnce(E) -> Self {
        move |error| Self::Document { document, reason: error.to_string() }
    }
}

/// Makes a document's bytes.
type Render = fn(&Dataset) -> Result<Vec<u8>, ReportError>;

/// The documents of a round by file name.
const DOCUMENTS: [(&str, Render); 6] = [
    ("ledger.xlsx", ledger::render),
    ("issues.xlsx", issue_list::render),
    ("bulletin.docx", bulletin::render),
    ("report.html", page::render),
    ("certificate.html", certificate::render),
    ("dataset.json", render_json),
];

/// Checks the dataset and writes every document into `out`, which is created where missing.
///
/// Each file appears whole or not at all; files of an earlier run are replaced. Returns the
/// files in a fixed order. Errors: an imbalance comes before anything is written.
pub fn write_all(dataset: &Dataset, out: &Path) -> Result<Vec<PathBuf>, ReportError> {
    let files = render_all(dataset)?;
    fs::create_dir_all(out).map_err(|source| ReportError::File { path: out.to_owned(), source })?;
    let mut paths = Vec::with_capacity(files.len());
    for (name, bytes) in files {
        let path = out.join(name);
        write_whole(&path, &bytes)?;
        paths.push(path);
    }
    Ok(paths)
}

/// Checks the dataset and makes every document, by file name and in a fixed order; writes nothing.
pub fn render_all(dataset: &Dataset) -> Result<Vec<(&'static str, Vec<u8>)>, ReportError> {
    dataset.check()?;
    DOCUMENTS.iter().map(|(name, render)| Ok((*name, render(dataset)?))).collect()
}

/// Writes a file that appears whole or not at all.
pub fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), ReportError> {
    let mut unfinished = path.as_os_str().to_owned();
    unfinished.push(".part");
    fs::write(&unfinished, bytes)
        .and_then(|()| fs::rename(&unfinished, path))
        .map_err(|source| ReportError::File { path: path.to_owned(), source })
}

/// Reads a dataset back and checks it.
pub fn read_dataset(path: &Path) -> Result<Dataset, ReportError> {
    let bytes = fs::read(path).map_err(|source| ReportError::File { path: path.to_owned(), source })?;
    let dataset: Dataset =
        serde_json::from_slice(&bytes).map_err(|source| ReportError::NotADataset { path: path.to_owned(), source })?;
    dataset.check()?;
    Ok(dataset)
}

fn render_json(dataset: &Dataset) -> Result<Vec<u8>, ReportError> {
    let mut bytes = serde_json::to_vec_pretty(dataset).map_err(ReportError::document("dataset.json"))?;
    bytes.push(b'\n');
    Ok(bytes)
}

#[cfg(test)]
mod drafts_tests;
#[cfg(test)]
mod tests;
