//! The only SQL of the crate: one file per family of tables, the same text on both engines.
//!
//! Every function takes a [`Tx`], so that a caller joins a change, its event and its notices
//! in one transaction. A `Tx` that is dropped is rolled back. Text, numbers, booleans and the
//! bytes of files are the only column types; instants are milliseconds since 1970 UTC.
//!
//! Decisions that bind this module:
//! - On SQLite one connection writes (`BEGIN IMMEDIATE`, so that a transaction which reads
//!   before it writes never meets a busy database half-way); readers have their own pool.
//! - Opening and migrating a SQLite file happens under a file lock: the migrator has none.
//! - No HTTP call inside a transaction.

mod accounts;
mod approvals;
mod audit;
mod bridges;
mod by_hand;
mod copy;
mod decisions;
mod delivery;
mod engine;
mod events;
mod evidence;
mod findings;
mod health;
mod issues;
mod members;
mod notices;
mod observations;
mod opening;
mod page_copies;
mod passes;
mod people;
mod reviews;
mod rounds;
mod self_reports;
mod slots;
mod verdicts;
mod visits;
mod waiting;

pub use accounts::AccountQuery;
pub use audit::{Audited, Fault};

pub use approvals::{Approval, ApprovalKind, NewApproval};
pub use bridges::ReadThrough;
pub use copy::{Copied, CopyError};
pub use decisions::Decided;
pub use delivery::{Claimed, DeliveryStatus, Undelivered};
pub use engine::{Store, StoreError, Tx};
pub use events::{EventQuery, EventRow, NewEvent, StoredEvent};
pub use findings::{FindingQuery, NewFinding, StoredFinding};
pub use issues::{IssueQuery, NewIssue, StoredIssue};
pub use members::{ClaimedMember, EndedLook};
pub use notices::{NewNotice, NoticeQuery, NoticeRow};
pub use observations::StoredObservation;
pub use opening::{Defect, defect};
pub use page_copies::StoredCopy;
pub use passes::{PassAct, PassRow};
pub use people::{Chat, InviteRow, Person};
pub use rounds::{MemberCounts, Round};
pub use self_reports::SelfReport;
pub use visits::{SiteToVisit, Visit, VisitSums};

use chrono::{DateTime, Utc};

/// An instant as the database keeps it.
fn millis(at: DateTime<Utc>) -> i64 {
    at.timestamp_millis()
}

/// An instant as the database kept it.
fn instant(millis: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(millis).unwrap_or_default()
}

/// JSON text of a value that always serialises.
fn json<T: serde::Serialize>(value: &T) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(StoreError::Json)
}

/// A value back from JSON text this program wrote.
fn from_json<T: serde::de::DeserializeOwned>(text: &str) -> Result<T, StoreError> {
    serde_json::from_str(text).map_err(StoreError::Json)
}

/// A word of a closed vocabulary back from the database.
fn word<T: std::str::FromStr<Err = crate::domain::UnknownKey>>(text: &str) -> Result<T, StoreError> {
    text.parse().map_err(StoreError::Word)
}
