//! What an office asks for beside the documents of every round: a form of the bulletin, letters, PDF, the internal version.

use std::fs;
use std::path::{Path, PathBuf};

use super::bulletin::draft;
use super::spoken::spoken;
use super::{ReportError, certificate, letters, pdf, write_whole};
use crate::domain::Lang;
use crate::domain::bulletin::{Contacts, Dataset, Form};

/// The folder of the letters.
const LETTERS: &str = "notices";

/// What is wanted beside the documents of every round.
#[derive(Debug, Clone)]
pub struct Wish {
    /// The language.
    pub lang: Lang,
    /// The form of the bulletin; `None`: what fits the number of accounts.
    pub form: Option<Form>,
    /// 整改通知书, a letter a unit.
    pub letters: bool,
    /// The internal version, with these contacts.
    pub internal: Option<Contacts>,
    /// PDF of bulletin, letters and certificate.
    pub pdf: bool,
}

impl Wish {
    /// The form the bulletin has.
    #[must_use]
    pub fn form_of(&self, dataset: &Dataset) -> Form {
        self.form.unwrap_or_else(|| Form::fitting(dataset.breakdowns.total.frame))
    }
}

/// Checks the dataset and writes what is wished for into `out`, which is created where missing;
/// returns the files beside those of [`super::write_in`], whose bulletin it replaces by one in the
/// form wished for.
///
/// Each file appears whole or not at all; files of an earlier run are replaced. Errors: an
/// imbalance comes before anything is written; a PDF that cannot be made comes after the rest is.
pub fn write_drafts(dataset: &Dataset, out: &Path, wish: &Wish) -> Result<Vec<PathBuf>, ReportError> {
    dataset.check()?;
    dataset.check_units()?;
    let form = wish.form_of(dataset);
    let said = spoken(dataset, wish.lang);
    let dataset = said.as_ref();
    let mut files = Vec::new();
    if wish.internal.is_some() {
        let bytes = draft(dataset, wish.lang, form, wish.internal.as_ref())?;
        files.push((out.join("bulletin-internal.docx"), bytes));
    }
    if wish.letters {
        let folder = out.join(LETTERS);
        files.extend(letters::letters(dataset, wish.lang)?.into_iter().map(|(name, bytes)| (folder.join(name), bytes)));
    }
    let bulletin = out.join("bulletin.docx");
    let bytes = draft(dataset, wish.lang, form, None)?;
    make_folder(out)?;
    write_whole(&bulletin, &bytes)?;
    let mut written = Vec::with_capacity(files.len());
    for (path, bytes) in files {
        make_folder(path.parent().unwrap_or(out))?;
        write_whole(&path, &bytes)?;
        written.push(path);
    }
    if wish.pdf {
        let mut sources = vec![bulletin];
        sources.extend(written.iter().filter(|path| path.parent() != Some(out)).cloned());
        let certificate = out.join("certificate.docx");
        write_whole(&certificate, &certificate::paper(dataset, wish.lang)?)?;
        sources.push(certificate.clone());
        let made = pdf::convert(&sources, out);
        // Why: the certificate is a page of its own kind; its .docx is only the way to the PDF.
        let _ = fs::remove_file(&certificate);
        written.extend(made?);
    }
    Ok(written)
}

fn make_folder(folder: &Path) -> Result<(), ReportError> {
    fs::create_dir_all(folder).map_err(|source| ReportError::File { path: folder.to_owned(), source })
}
