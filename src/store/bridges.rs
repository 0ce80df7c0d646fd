//! What the accounts that are read through one host showed last.

use chrono::{DateTime, Utc};

use super::engine::sql;
use super::{StoreError, Tx, instant};
use crate::domain::account::AccountId;

/// An account that is read by machine, and its newest post that was seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadThrough {
    /// The account.
    pub account_id: AccountId,
    /// Where it is read.
    pub source_url: String,
    /// When its newest post was published.
    pub newest_at: DateTime<Utc>,
}

impl Tx {
    /// The running accounts in whose source's address `host` stands, somewhere, as far as a machine saw a post of
    /// theirs in the last `rounds` rounds that looked at any; those that were only frozen or opened saw nobody.
    pub async fn read_through(&mut self, host: &str, rounds: usize) -> Result<Vec<ReadThrough>, StoreError> {
        // Why not by name: an address may be written in Chinese letters, and `host` never is.
        let named = if host.contains("xn--") { "%".to_owned() } else { format!("%{host}%") };
        // Why the hash: what a person saw by hand says nothing of the way there.
        Ok(sql!(
            self,
            all(String, String, i64),
            "SELECT f.account_id, a.source_url, MAX(f.newest_at)
             FROM finding f JOIN account a ON a.account_id = f.account_id
             WHERE f.round_id IN (
                 SELECT id FROM round
                 WHERE EXISTS (
                     SELECT 1 FROM finding seen
                     WHERE seen.round_id = round.id AND seen.indicator IN ('stale', 'zombie')
                         AND seen.newest_at IS NOT NULL
                 )
                 ORDER BY id DESC LIMIT $2
             )
                 AND f.indicator IN ('stale', 'zombie') AND f.newest_at IS NOT NULL
                 AND f.evidence_json LIKE '%\"sha256\":\"%'
                 AND a.status = 'running' AND LOWER(a.source_url) LIKE $1
             GROUP BY f.account_id, a.source_url",
            named,
            rounds as i64
        )?
        .into_iter()
        .map(|(account_id, source_url, newest_at)| ReadThrough {
            account_id: AccountId::new(account_id),
            source_url,
            newest_at: instant(newest_at),
        })
        .collect())
    }

    /// Accounts and where they are read, whatever their state, behind `after` in the order of their ids.
    pub async fn sources_after(&mut self, after: &str, limit: usize) -> Result<Vec<(String, String)>, StoreError> {
        Ok(sql!(
            self,
            all(String, String),
            "SELECT account_id, source_url FROM account
             WHERE account_id > $1 AND source_url IS NOT NULL
             ORDER BY account_id LIMIT $2",
            after,
            limit as i64
        )?)
    }
}
