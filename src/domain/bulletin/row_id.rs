//! A row named for a reader, and the rows behind a figure.

use std::fmt;

use serde::Serialize;

use super::Figure;
use crate::domain::account::AccountId;

/// A row named for a reader.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "row", content = "id", rename_all = "snake_case")]
pub enum RowId {
    /// An account.
    Account(AccountId),
    /// A finding.
    Finding(i64),
    /// An issue.
    Issue(i64),
    /// A stratum.
    Stratum(String),
    /// A rectification notice, by its number.
    Notice(String),
}

impl RowId {
    /// The row in Chinese: `账号A001`.
    #[must_use]
    pub fn zh(&self) -> String {
        match self {
            Self::Account(id) => format!("账号{id}"),
            Self::Finding(id) => format!("发现{id}"),
            Self::Issue(id) => format!("问题{id}"),
            Self::Stratum(key) => format!("抽样层{key}"),
            Self::Notice(number) => format!("通知{number}"),
        }
    }
}

impl fmt::Display for RowId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Account(id) => write!(f, "account {id}"),
            Self::Finding(id) => write!(f, "finding {id}"),
            Self::Issue(id) => write!(f, "issue {id}"),
            Self::Stratum(key) => write!(f, "stratum {key}"),
            Self::Notice(number) => write!(f, "notice {number}"),
        }
    }
}

/// The rows behind a figure.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Behind {
    /// The figure.
    pub figure: Figure,
    /// The rows counted.
    pub numerator: Vec<RowId>,
    /// Out of these, for a rate.
    pub denominator: Option<Vec<RowId>>,
}
