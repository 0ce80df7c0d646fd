//! What a look at a government website saw beside its posts, as it is stored.

use chrono::{DateTime, FixedOffset, Utc};
use serde::{Deserialize, Serialize};

use super::seen::PageSeen;
use crate::domain::site::ColumnKind;
use crate::fetch::{Ipv6Look, TlsLook};
use crate::sources::site::Front;

/// What was seen of a website; what was not looked at is `None`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct SiteSeen {
    /// The visits of the days before the monitoring time.
    pub visits: Option<VisitsSeen>,
    /// Marks and make of the home page; `None` where it could not be read.
    pub front: Option<Front>,
    /// The columns; `None`: not looked at.
    pub columns: Option<ColumnsSeen>,
    /// Whether it answers over IPv6.
    pub ipv6: Option<Ipv6Look>,
    /// Its certificate.
    pub tls: Option<TlsLook>,
    /// The office says that the home page only leads to columns.
    #[serde(default)]
    pub declared_navigation: bool,
}

/// Visits, added up by days of 24 h counted back from the monitoring time.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct VisitsSeen {
    /// The day before the monitoring time first.
    pub days: Vec<VisitedDay>,
    /// The failed ones and those that cannot be told apart, as far as evidence needs them.
    pub failures: Vec<FailedVisit>,
    /// Counted visits since the unit reported rectification, and how many of them failed; for rechecks.
    #[serde(default)]
    pub since_fix: Option<VisitedDay>,
}

/// The visits of one day.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct VisitedDay {
    /// Visits that count.
    pub counted: usize,
    /// Those of them that failed.
    pub failed: usize,
    /// Visits beside them that brought an answer which a browser may or may not show.
    #[serde(default)]
    pub unclear: usize,
    /// Visits that do not count: our own outage, or a robot turned away.
    pub not_counted: usize,
}

/// A visit that failed, or cannot be told apart.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FailedVisit {
    /// When.
    pub at: DateTime<Utc>,
    /// Why, a stable key.
    pub reason: String,
}

impl VisitedDay {
    /// Visits that were made and are part of the measure.
    #[must_use]
    pub const fn made(self) -> usize {
        self.counted + self.unclear
    }
}

impl VisitsSeen {
    /// The visits of all days.
    #[must_use]
    pub fn sums(&self) -> VisitedDay {
        self.days.iter().fold(VisitedDay::default(), |sum, day| VisitedDay {
            counted: sum.counted + day.counted,
            failed: sum.failed + day.failed,
            unclear: sum.unclear + day.unclear,
            not_counted: sum.not_counted + day.not_counted,
        })
    }
}

/// The columns that were looked at.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ColumnsSeen {
    /// One look each.
    pub looks: Vec<ColumnLook>,
    /// Columns beyond the number that is looked at.
    pub left_out: usize,
    /// The registry's list of columns cannot be used, and why, in the office's language.
    pub bad_list: Option<String>,
}

/// One look at a column.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ColumnLook {
    /// Its name.
    pub name: String,
    /// Its page.
    pub url: String,
    /// What kind.
    pub kind: ColumnKind,
    /// Days within which the office wants it updated, where that is not the rule's number.
    pub days: Option<i64>,
    /// The registry lists it; else it was found by its name.
    pub listed: bool,
    /// What its page showed.
    pub state: ColumnState,
    /// Its page as it was fetched, where it answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub page: Option<PageSeen>,
}

/// What the page of a column showed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ColumnState {
    /// Dated items.
    Dated {
        /// The newest one not after the monitoring time.
        newest: Option<DateTime<FixedOffset>>,
        /// The date names a day alone.
        day_only: bool,
        /// Dates are shown, and of all there is; else they prove no age.
        shown: bool,
    },
    /// The page says itself that it holds nothing.
    Blank,
    /// It could not be read: a stable key.
    Unread(String),
}
