//! From one dataset to every document: ledger, issue list, bulletin, page, certificate, JSON.
//!
//! One file per document. None of them counts: numbers come from [`Dataset`], which is
//! checked before the first byte is written. The same dataset gives the same bytes; dates
//! inside the files are those of the dataset. Start at [`write_all`].
//!
//! What grows with the number of accounts (workbooks, page, JSON) is written straight to disk,
//! one document after another, and takes its name only when all of them are whole.

use std::fs::{self, File};
use std::io::{self, BufWriter, Seek, Write};
use std::path::{Path, PathBuf};

use crate::disk::{self, Unfinished};
use crate::domain::Lang;
use crate::domain::bulletin::{Dataset, Imbalance};

use spoken::spoken;

pub use annual::write_year;
pub use drafts::{Wish, write_drafts};
pub use issue_table::issue_table;
pub use pdf::PdfError;
pub use reading::{Figures, read_dataset, read_figures};

mod annual;
mod annual_book;
mod bulletin;
mod certificate;
mod chart;
mod docx;
mod docx_parts;
mod drafts;
mod issue_list;
mod issue_table;
mod ledger;
mod letters;
mod page;
mod page_figures;
mod page_rows;
mod pdf;
mod prose;
mod reading;
mod sheet;
mod spoken;
mod subject;
mod summary;
mod tongue;
mod wording;
mod words;

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
    /// A file is a dataset of a version that this program does not know.
    #[error(
        "{path} is of the format `{format}`; here xuncha reads `{reads}`: use the version that wrote it, or a newer one"
    )]
    Version {
        /// Which.
        path: PathBuf,
        /// What it says it is.
        format: String,
        /// What this program reads in its place.
        reads: &'static str,
    },
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

/// Where a document is written to.
trait Sink: Write + Seek + Send {}

impl<T: Write + Seek + Send> Sink for T {}

/// Makes a document.
#[derive(Clone, Copy)]
enum Render {
    /// Its bytes; for documents that stay small.
    Whole(fn(&Dataset, Lang) -> Result<Vec<u8>, ReportError>),
    /// Written as it is made, in the reader's language.
    Stream(fn(&Dataset, Lang, &mut dyn Sink) -> Result<(), ReportError>),
}

/// The documents of a round by file name.
const DOCUMENTS: [(&str, Render); 6] = [
    ("ledger.xlsx", Render::Stream(ledger::render)),
    ("issues.xlsx", Render::Stream(issue_list::render)),
    ("bulletin.docx", Render::Whole(bulletin::render_in)),
    ("report.html", Render::Stream(page::render)),
    ("certificate.html", Render::Whole(certificate::render_in)),
    ("dataset.json", Render::Stream(render_json)),
];

/// [`write_in`] Chinese.
pub fn write_all(dataset: &Dataset, out: &Path) -> Result<Vec<PathBuf>, ReportError> {
    write_in(dataset, out, Lang::Zh)
}

/// Checks the dataset and writes every document into `out`, which is created where missing;
/// all of them in `lang`.
///
/// Each file appears whole or not at all, and none before all are made; files of an earlier
/// run are replaced. Returns the files in a fixed order. Errors: an imbalance comes before
/// anything is written.
pub fn write_in(dataset: &Dataset, out: &Path, lang: Lang) -> Result<Vec<PathBuf>, ReportError> {
    dataset.check()?;
    fs::create_dir_all(out).map_err(|source| ReportError::File { path: out.to_owned(), source })?;
    let said = spoken(dataset, lang);
    let mut unfinished = Vec::with_capacity(DOCUMENTS.len());
    for (name, render) in DOCUMENTS {
        let path = out.join(name);
        let file = Unfinished::new(&path).map_err(|source| ReportError::File { path: path.clone(), source })?;
        // Why: the dataset itself keeps every sentence as it was said.
        write_part(file.part(), render, if name == "dataset.json" { dataset } else { said.as_ref() }, lang)?;
        unfinished.push((path, file));
    }
    let finish =
        |(path, file): (PathBuf, Unfinished)| file.finish().map_err(|source| ReportError::File { path, source });
    unfinished.into_iter().map(finish).collect()
}

fn write_part(part: &Path, render: Render, dataset: &Dataset, lang: Lang) -> Result<(), ReportError> {
    let failed = |source| ReportError::File { path: part.to_owned(), source };
    match render {
        Render::Whole(render) => fs::write(part, render(dataset, lang)?).map_err(failed),
        Render::Stream(render) => {
            let mut file = BufWriter::with_capacity(1 << 16, File::create(part).map_err(failed)?);
            render(dataset, lang, &mut file)?;
            file.flush().map_err(failed)
        }
    }
}

/// Checks the dataset and makes every document, by file name and in a fixed order; writes nothing.
pub fn render_all(dataset: &Dataset, lang: Lang) -> Result<Vec<(&'static str, Vec<u8>)>, ReportError> {
    dataset.check()?;
    let said = spoken(dataset, lang);
    let of = |name: &str| if name == "dataset.json" { dataset } else { said.as_ref() };
    DOCUMENTS
        .iter()
        .map(|(name, render)| match render {
            Render::Whole(render) => Ok((*name, render(of(name), lang)?)),
            Render::Stream(render) => {
                let mut bytes = io::Cursor::new(Vec::new());
                render(of(name), lang, &mut bytes)?;
                Ok((*name, bytes.into_inner()))
            }
        })
        .collect()
}

/// Writes a file that appears whole or not at all.
pub fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), ReportError> {
    disk::write_whole(path, bytes).map_err(|source| ReportError::File { path: path.to_owned(), source })
}

fn render_json(dataset: &Dataset, _: Lang, out: &mut dyn Sink) -> Result<(), ReportError> {
    let failed = ReportError::document("dataset.json");
    serde_json::to_writer_pretty(&mut *out, dataset)
        .map_err(io::Error::from)
        .and_then(|()| out.write_all(b"\n"))
        .map_err(failed)
}

#[cfg(test)]
mod drafts_tests;
#[cfg(test)]
mod letters_tests;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod trend_tests;
#[cfg(test)]
mod wording_tests;
