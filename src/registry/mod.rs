//! The basic information registry's files: accounts and review records in, accounts out.
//!
//! Files are read into values and a list of problems, each naming its line and column; nothing
//! here knows the database. Start at [`read_accounts`]. Decisions:
//!
//! - A row with a problem is never handed on; whether the rest is used is the caller's choice.
//! - A formula's cached value is refused: what the office signed for is what a person typed.
//! - A column that a registry file does not have leaves what is known alone; an empty cell empties it.
//! - Of two rows with one id the first is kept, the second is the problem.
//! - Personal data never appears in a problem's text.

pub mod accounts;
pub mod calendar;
pub mod changes;
pub mod export;
pub mod lexicon;
pub mod lint;
pub mod reviews;
pub mod sent;
pub mod table;
pub mod template;
pub mod worksheet;

mod columns;
mod problem;
mod values;

pub use accounts::{AccountColumn, keep_unsaid, misfit, read_accounts, read_all_accounts};
pub use calendar::read_calendar;
pub use changes::{Change, ChangeKind, ChangedField, compare, opening};
pub use export::{ExportError, write_accounts, write_reviews};
pub use lexicon::read_lexicon;
pub use lint::{LintKind, LintLine, lint};
pub use problem::{Headings, Problem, ProblemKind, Sheet};
pub use reviews::{ReviewColumn, heading_warnings, read_reviews, read_reviews_within};
pub use sent::{SentKind, recognise};
pub use table::{FileError, Limits};
pub use worksheet::{WorksheetHead, read_worksheet, read_worksheet_within, write_worksheet};

#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;
