//! Throwing away what is no longer needed (清理): what grows with every day and is read by nobody.
//!
//! | thrown away | after | why it may go |
//! | --- | --- | --- |
//! | observations of patrols | `[database] keep_patrols` days (400) | they come daily for every account; what was made of them, the findings, stays |
//! | copies of pages that patrols alone have seen, and no issue rests on | the same | so do the hashes in the findings |
//! | marks of bot updates already handled | 7 days | Telegram repeats none after a day |
//!
//! Everything else is kept for good: observations of quarterly and half-year rounds (they can be
//! judged again under other rules), findings, issues, events, notices.

use std::fmt;

use chrono::TimeDelta;

use crate::office::Office;
use crate::store::StoreError;

/// How long the mark of a handled update is kept.
const KEEP_UPDATES: TimeDelta = TimeDelta::days(7);
/// Rows thrown away in one transaction: nobody who wants to write waits for long.
const AT_ONCE: usize = 2000;

/// What was thrown away.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Pruned {
    /// Observations of patrols.
    pub observations: u64,
    /// Copies of pages behind findings of patrols.
    pub copies: u64,
    /// Marks of bot updates.
    pub updates: u64,
}

impl fmt::Display for Pruned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} observations, {} page copies, {} update marks", self.observations, self.copies, self.updates)
    }
}

/// Throws away what is old enough; safe to repeat, to break off, and to run beside others.
pub async fn prune(office: &Office) -> Result<Pruned, StoreError> {
    let now = office.now();
    let before = now - TimeDelta::days(i64::from(office.config.database.keep_patrols));
    let mut pruned = Pruned::default();
    loop {
        let mut tx = office.store.write_rows().await?;
        let gone = tx.prune_observations(before, AT_ONCE).await?;
        tx.commit().await?;
        pruned.observations += gone;
        if gone < AT_ONCE as u64 {
            break;
        }
    }
    loop {
        let mut tx = office.store.write_rows().await?;
        let gone = tx.prune_copies(before, AT_ONCE).await?;
        tx.commit().await?;
        pruned.copies += gone;
        if gone < AT_ONCE as u64 {
            break;
        }
    }
    let mut tx = office.store.write_rows().await?;
    pruned.updates = tx.prune_updates(now - KEEP_UPDATES).await?;
    tx.commit().await?;
    Ok(pruned)
}
