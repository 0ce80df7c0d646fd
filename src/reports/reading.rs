//! Back from the files: the dataset of a round, the figures of a year. What they say is checked before it is used.

use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::ReportError;
use crate::domain::annual::{self, Year};
use crate::domain::bulletin::{self, Dataset};

/// What a file of figures is about.
#[derive(Debug)]
pub enum Figures {
    /// A round: `dataset.json`.
    Round(Box<Dataset>),
    /// A year: `annual.json`.
    Year(Box<Year>),
}

/// The names of the two formats without their versions.
const ROUND: &str = "xuncha-dataset/";
const YEAR: &str = "xuncha-annual/";

/// Reads a file of either kind and checks it.
///
/// Errors: besides what cannot be read, a version this program does not know, and numbers
/// that do not agree.
pub fn read_figures(path: &Path) -> Result<Figures, ReportError> {
    let source = match read::<Dataset>(path)? {
        Ok(dataset) => {
            known(path, &dataset.format, bulletin::understands, bulletin::FORMAT)?;
            dataset.check()?;
            return Ok(Figures::Round(Box::new(dataset)));
        }
        Err(source) => source,
    };
    // Why asked only now: most files are of this kind and version, and a format tells more than a missing field.
    let format = read::<Head>(path)?.map_or_else(|_| String::new(), |head| head.format);
    if format.starts_with(ROUND) {
        known(path, &format, bulletin::understands, bulletin::FORMAT)?;
    }
    if !format.starts_with(YEAR) {
        return Err(ReportError::NotADataset { path: path.to_owned(), source });
    }
    known(path, &format, annual::understands, annual::FORMAT)?;
    let year = read::<Year>(path)?.map_err(|source| ReportError::NotADataset { path: path.to_owned(), source })?;
    year.check()?;
    Ok(Figures::Year(Box::new(year)))
}

/// Reads the dataset of a round back and checks it.
///
/// Errors: as [`read_figures`], and a file that is about a year.
pub fn read_dataset(path: &Path) -> Result<Dataset, ReportError> {
    match read_figures(path)? {
        Figures::Round(dataset) => Ok(*dataset),
        Figures::Year(year) => {
            Err(ReportError::Version { path: path.to_owned(), format: year.format, reads: bulletin::FORMAT })
        }
    }
}

/// The one field that every version of every format has.
#[derive(Deserialize)]
struct Head {
    format: String,
}

/// The outer error is the file's, the inner one its content's.
fn read<T: DeserializeOwned>(path: &Path) -> Result<Result<T, serde_json::Error>, ReportError> {
    let failed = |source| ReportError::File { path: path.to_owned(), source };
    let file = BufReader::with_capacity(1 << 16, File::open(path).map_err(failed)?);
    match serde_json::from_reader(file) {
        Err(source) if source.is_io() => Err(failed(source.into())),
        read => Ok(read),
    }
}

fn known(path: &Path, format: &str, understands: fn(&str) -> bool, reads: &'static str) -> Result<(), ReportError> {
    if understands(format) {
        return Ok(());
    }
    Err(ReportError::Version { path: path.to_owned(), format: format.to_owned(), reads })
}
