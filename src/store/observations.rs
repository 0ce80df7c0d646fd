//! What was seen: stored, read again page by page, and thrown away in time.
//!
//! What is thrown away: observations of patrols (日常巡查), which come every day for every account
//! and which nobody judges again after a year; and the marks of bot updates already handled, which
//! no platform repeats after a day. What is kept for good: observations of quarterly and half-year
//! rounds, every finding, every event.

use chrono::{DateTime, Utc};

use super::engine::{ROWS_AT_ONCE, insert_rows, sql};
use super::{StoreError, Tx, instant, millis};
use crate::domain::account::AccountId;

/// What was seen of an account when it was last looked at in a round.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredObservation {
    /// The account.
    pub account_id: AccountId,
    /// When.
    pub at: DateTime<Utc>,
    /// JSON text, as the version of the program wrote it that looked.
    pub data_json: String,
}

impl Tx {
    /// Stores what was seen of accounts: whose, when, and JSON text.
    pub async fn insert_observations(
        &mut self,
        round: i64,
        seen: &[(&AccountId, DateTime<Utc>, String)],
    ) -> Result<(), StoreError> {
        let insert = "INSERT INTO observation (round_id, account_id, at, data_json) ";
        for rows in seen.chunks(ROWS_AT_ONCE) {
            insert_rows!(self, insert, rows, "", |values, (account, at, data)| {
                values.push_bind(round).push_bind(account.as_str()).push_bind(millis(*at)).push_bind(data.as_str());
            })?;
        }
        Ok(())
    }

    /// The next `limit` accounts of a round after `after` with their latest observation.
    pub async fn observations_page(
        &mut self,
        round: i64,
        after: Option<&AccountId>,
        limit: usize,
    ) -> Result<Vec<StoredObservation>, StoreError> {
        Ok(sql!(
            self,
            all(String, i64, String),
            "SELECT o.account_id, o.at, o.data_json FROM observation o
             WHERE o.round_id = $1 AND o.account_id > $2 AND NOT EXISTS (
                 SELECT 1 FROM observation n
                 WHERE n.round_id = o.round_id AND n.account_id = o.account_id AND n.id > o.id)
             ORDER BY o.account_id LIMIT $3",
            round,
            after.map_or("", AccountId::as_str),
            limit as i64
        )?
        .into_iter()
        .map(|(account, at, data_json)| StoredObservation {
            account_id: AccountId::new(account),
            at: instant(at),
            data_json,
        })
        .collect())
    }

    /// Throws away up to `limit` observations of patrols that were frozen before an instant; how many there were.
    ///
    /// By the patrols' rows: they find their observations by index, and a round that is kept is not read.
    pub async fn prune_observations(&mut self, before: DateTime<Utc>, limit: usize) -> Result<u64, StoreError> {
        Ok(sql!(
            self,
            execute,
            "DELETE FROM observation WHERE id IN (
                 SELECT o.id FROM round r JOIN observation o ON o.round_id = r.id
                 WHERE r.kind = 'patrol' AND r.frozen_at < $1 AND o.at < $1 LIMIT $2)",
            millis(before),
            limit as i64
        )?)
    }

    /// Throws away the marks of bot updates handled before an instant; how many there were.
    pub async fn prune_updates(&mut self, before: DateTime<Utc>) -> Result<u64, StoreError> {
        Ok(sql!(self, execute, "DELETE FROM seen_update WHERE at < $1", millis(before))?)
    }
}
