//! Scheduled runs: a row with a unique slot.

use chrono::{DateTime, Utc};

use super::engine::sql;
use super::{StoreError, Tx, instant, millis};

impl Tx {
    /// Takes a slot; `false` when it ran, or runs under a lease that still holds.
    pub async fn take_slot(
        &mut self,
        job: &str,
        slot_at: DateTime<Utc>,
        now: DateTime<Utc>,
        lease_until: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let taken = sql!(
            self,
            execute,
            "INSERT INTO slot (job, slot_at, started_at, lease_until, note) VALUES ($1, $2, $3, $4, '')
             ON CONFLICT (job, slot_at) DO UPDATE SET started_at = excluded.started_at, lease_until = excluded.lease_until
             WHERE slot.done_at IS NULL AND slot.lease_until < $3",
            job,
            millis(slot_at),
            millis(now),
            millis(lease_until)
        )?;
        Ok(taken == 1)
    }

    /// Marks a slot as done, with what came of it.
    pub async fn finish_slot(
        &mut self,
        job: &str,
        slot_at: DateTime<Utc>,
        note: &str,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        sql!(
            self,
            execute,
            "UPDATE slot SET done_at = $3, lease_until = NULL, note = $4 WHERE job = $1 AND slot_at = $2",
            job,
            millis(slot_at),
            millis(now),
            note
        )?;
        Ok(())
    }

    /// Keeps a slot that is not done for whoever runs it, or from being tried again, until `until`.
    pub async fn hold_slot(
        &mut self,
        job: &str,
        slot_at: DateTime<Utc>,
        until: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        sql!(
            self,
            execute,
            "UPDATE slot SET lease_until = $3 WHERE job = $1 AND slot_at = $2 AND done_at IS NULL",
            job,
            millis(slot_at),
            millis(until)
        )?;
        Ok(())
    }

    /// The latest slot of a job that was taken.
    pub async fn last_slot(&mut self, job: &str) -> Result<Option<(DateTime<Utc>, bool)>, StoreError> {
        Ok(sql!(
            self,
            opt(i64, Option<i64>),
            "SELECT slot_at, done_at FROM slot WHERE job = $1 ORDER BY slot_at DESC LIMIT 1",
            job
        )?
        .map(|(slot, done)| (instant(slot), done.is_some())))
    }
}
