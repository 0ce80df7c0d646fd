//! What every use case needs to know of the office it works for.

use std::sync::Arc;

use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;

use crate::clock::Clock;
use crate::config::Config;
use crate::domain::Lang;
use crate::domain::rule::{Class, RuleSet};
use crate::domain::time::LocalTime;
use crate::domain::workday::Calendar;
use crate::store::Store;

/// One office: its database, its clock, its rules; cheap to clone.
#[derive(Debug, Clone)]
pub struct Office {
    /// Its database.
    pub store: Store,
    /// Its clock.
    pub clock: Clock,
    /// Its settings.
    pub config: Arc<Config>,
    /// Its working days.
    pub calendar: Arc<Calendar>,
    /// The rule set in force.
    pub rules: Arc<RuleSet>,
}

impl Office {
    /// Now.
    #[must_use]
    pub fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    /// The office's zone.
    #[must_use]
    pub fn zone(&self) -> Tz {
        self.config.office.timezone
    }

    /// The office's language, in which findings are worded.
    #[must_use]
    pub fn lang(&self) -> Lang {
        self.config.office.locale
    }

    /// An instant as the office's clocks show it.
    #[must_use]
    pub fn local(&self, at: DateTime<Utc>) -> LocalTime {
        LocalTime::new(at, self.zone())
    }

    /// The civil date of an instant.
    #[must_use]
    pub fn date(&self, at: DateTime<Utc>) -> NaiveDate {
        at.with_timezone(&self.zone()).date_naive()
    }

    /// Working days a unit has to rectify a problem of a class.
    #[must_use]
    pub fn working_days(&self, class: Class) -> u32 {
        let deadlines = &self.config.deadlines;
        match class {
            Class::Veto => deadlines.veto,
            Class::Prominent => deadlines.prominent,
            Class::Ordinary | Class::Advice => deadlines.ordinary,
        }
    }

    /// The first instant from `from` at which a message may go out.
    #[must_use]
    pub fn next_allowed(&self, from: DateTime<Utc>, urgent: bool) -> DateTime<Utc> {
        match &self.config.quiet.hours {
            Some(quiet) => quiet.next_allowed(from, self.zone(), &self.calendar, urgent),
            None => from,
        }
    }
}
