//! Members as work: claimed under a lease, finished once.

use chrono::{DateTime, Utc};

use super::engine::sql;
use super::{StoreError, Tx, instant, millis};
use crate::domain::account::AccountId;
use crate::domain::round::RoundName;

/// A member that this process may look at until its lease runs out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimedMember {
    /// Row.
    pub id: i64,
    /// The account to look at.
    pub account_id: AccountId,
}

const CLAIM_SQLITE: &str = "WITH free AS (
     SELECT id FROM member
     WHERE round_id = $1 AND looked_at IS NULL AND (lease_until IS NULL OR lease_until < $2) ORDER BY id LIMIT $3)
 UPDATE member SET owner = $4, lease_until = $5 WHERE id IN (SELECT id FROM free) RETURNING id, account_id";

const CLAIM_POSTGRES: &str = "WITH free AS (
     SELECT id FROM member
     WHERE round_id = $1 AND looked_at IS NULL AND (lease_until IS NULL OR lease_until < $2) ORDER BY id LIMIT $3
     FOR UPDATE SKIP LOCKED)
 UPDATE member SET owner = $4, lease_until = $5 WHERE id IN (SELECT id FROM free) RETURNING id, account_id";

impl Tx {
    /// Claims up to `limit` members nobody is looking at.
    pub async fn claim_members(
        &mut self,
        round: i64,
        owner: &str,
        now: DateTime<Utc>,
        lease_until: DateTime<Utc>,
        limit: usize,
    ) -> Result<Vec<ClaimedMember>, StoreError> {
        let text = if self.locks_rows() { CLAIM_POSTGRES } else { CLAIM_SQLITE };
        let mut claimed: Vec<ClaimedMember> =
            sql!(self, all(i64, String), text, round, millis(now), limit as i64, owner, millis(lease_until))?
                .into_iter()
                .map(|(id, account)| ClaimedMember { id, account_id: AccountId::new(account) })
                .collect();
        claimed.sort_by_key(|member| member.id);
        Ok(claimed)
    }

    /// Open rounds of which members are claimed at `now` by owners whose names begin with `owners`.
    pub async fn rounds_claimed_by(&mut self, owners: &str, now: DateTime<Utc>) -> Result<Vec<RoundName>, StoreError> {
        let names = sql!(
            self,
            scalars String,
            "SELECT DISTINCT r.name FROM member m JOIN round r ON r.id = m.round_id
             WHERE m.looked_at IS NULL AND m.lease_until >= $1 AND m.owner LIKE $2 AND r.state = 'open' ORDER BY r.name",
            millis(now),
            format!("{owners}%")
        )?;
        Ok(names.iter().filter_map(|name| name.parse().ok()).collect())
    }

    /// Keeps the claims of `owner` alive.
    pub async fn renew_claims(
        &mut self,
        round: i64,
        owner: &str,
        lease_until: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        sql!(
            self,
            execute,
            "UPDATE member SET lease_until = $3 WHERE round_id = $1 AND owner = $2 AND looked_at IS NULL",
            round,
            owner,
            millis(lease_until)
        )?;
        Ok(())
    }

    /// Gives back what `owner` claimed and did not finish.
    pub async fn release_claims(&mut self, round: i64, owner: &str) -> Result<(), StoreError> {
        sql!(
            self,
            execute,
            "UPDATE member SET owner = NULL, lease_until = NULL
             WHERE round_id = $1 AND owner = $2 AND looked_at IS NULL",
            round,
            owner
        )?;
        Ok(())
    }

    /// Marks a claimed member as looked at; `false` when the claim was lost to somebody else.
    pub async fn finish_member(
        &mut self,
        id: i64,
        owner: &str,
        looked_at: DateTime<Utc>,
        newest_at: Option<DateTime<Utc>>,
    ) -> Result<bool, StoreError> {
        let done = sql!(
            self,
            execute,
            "UPDATE member SET looked_at = $3, newest_at = $4, lease_until = NULL
             WHERE id = $1 AND owner = $2 AND looked_at IS NULL",
            id,
            owner,
            millis(looked_at),
            newest_at.map(millis)
        )?;
        Ok(done == 1)
    }

    /// When a member was looked at, and the newest post seen, by account.
    pub async fn looks(
        &mut self,
        round: i64,
    ) -> Result<Vec<(AccountId, Option<DateTime<Utc>>, Option<DateTime<Utc>>)>, StoreError> {
        Ok(sql!(
            self,
            all(String, Option<i64>, Option<i64>),
            "SELECT account_id, looked_at, newest_at FROM member WHERE round_id = $1 ORDER BY id",
            round
        )?
        .into_iter()
        .map(|(account, looked, newest)| (AccountId::new(account), looked.map(instant), newest.map(instant)))
        .collect())
    }

    /// Hands members back to be looked at again: our own outage is nobody's finding.
    pub async fn reopen_members(&mut self, round: i64, accounts: &[AccountId]) -> Result<(), StoreError> {
        for account in accounts {
            sql!(
                self,
                execute,
                "UPDATE member SET looked_at = NULL, owner = NULL, lease_until = NULL
                 WHERE round_id = $1 AND account_id = $2",
                round,
                account.as_str()
            )?;
        }
        Ok(())
    }
}
