//! The only source of now.
//!
//! Everything that asks for the time is handed a [`Clock`]; nothing else in the crate
//! calls `Utc::now`. A set clock moves only when told to, so that weeks of deadlines and
//! quiet hours pass in seconds in the demo and in tests.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use chrono::{DateTime, Duration, Utc};

/// The time as the program sees it; cheap to clone, clones of a set clock move together.
#[derive(Debug, Clone, Default)]
pub struct Clock(Option<Arc<AtomicI64>>);

impl Clock {
    /// The machine's clock.
    #[must_use]
    pub fn system() -> Self {
        Self(None)
    }

    /// A clock that stands at `at` until moved.
    #[must_use]
    pub fn set_at(at: DateTime<Utc>) -> Self {
        Self(Some(Arc::new(AtomicI64::new(at.timestamp_millis()))))
    }

    /// Now, to the millisecond (what the database keeps).
    #[must_use]
    pub fn now(&self) -> DateTime<Utc> {
        let millis = match &self.0 {
            Some(set) => set.load(Ordering::SeqCst),
            None => Utc::now().timestamp_millis(),
        };
        DateTime::from_timestamp_millis(millis).unwrap_or_default()
    }

    /// Moves a set clock forward to `at`; never backward, and never the machine's clock.
    pub fn advance_to(&self, at: DateTime<Utc>) {
        if let Some(set) = &self.0 {
            set.fetch_max(at.timestamp_millis(), Ordering::SeqCst);
        }
    }

    /// Moves a set clock forward by `by`.
    pub fn advance(&self, by: Duration) {
        self.advance_to(self.now() + by);
    }
}
