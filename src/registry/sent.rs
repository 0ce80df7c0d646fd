//! A table that somebody sent without a word: which kind it is, told by its headings.

use std::path::Path;

use super::accounts::AccountColumn;
use super::columns::headings_of;
use super::reviews::ReviewColumn;
use super::table::{FileError, Limits};
use super::worksheet::WorksheetColumn;

/// What a table turned out to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SentKind {
    /// Review records.
    Reviews,
    /// A worksheet that comes back.
    Worksheet,
    /// A registry file.
    Accounts,
    /// None of them.
    Other,
}

/// Which kind of file a table is: the one of which it has the most headings, and at least three.
///
/// A worksheet repeats headings of the registry, and has its own beside them.
pub fn recognise(path: &Path) -> Result<SentKind, FileError> {
    let limits = Limits::SENT;
    let kinds = [
        (SentKind::Reviews, headings_of::<ReviewColumn>(path, limits)?),
        (SentKind::Accounts, headings_of::<AccountColumn>(path, limits)?),
        (SentKind::Worksheet, headings_of::<WorksheetColumn>(path, limits)?),
    ];
    let best = kinds.into_iter().rev().max_by_key(|(_, count)| *count);
    Ok(best.filter(|(_, count)| *count >= 3).map_or(SentKind::Other, |(kind, _)| kind))
}
