//! Members as work: claimed under a lease, finished once.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::engine::sql;
use super::{StoreError, Tx, instant, json, millis};
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

const RENEW_SQLITE: &str =
    "UPDATE member SET lease_until = $3 WHERE round_id = $1 AND owner = $2 AND looked_at IS NULL";

/// Why skipped: what is just being finished needs no lease, and two that take the same rows in another order would
/// wait for each other for ever.
const RENEW_POSTGRES: &str = "WITH held AS (
     SELECT id FROM member WHERE round_id = $1 AND owner = $2 AND looked_at IS NULL FOR UPDATE SKIP LOCKED)
 UPDATE member SET lease_until = $3 WHERE id IN (SELECT id FROM held)";

/// A look at a member that has come to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EndedLook {
    /// Row of the member.
    pub member: i64,
    /// When it was looked at.
    pub at: DateTime<Utc>,
    /// The newest post seen.
    pub newest_at: Option<DateTime<Utc>>,
}

/// One look as it travels: a whole batch is one parameter.
#[derive(Serialize)]
struct Sent {
    m: i64,
    at: i64,
    newest: Option<i64>,
}

const FINISH_SQLITE: &str = "UPDATE member SET looked_at = x.at, newest_at = x.newest, lease_until = NULL
 FROM (SELECT value ->> '$.m' AS m, value ->> '$.at' AS at, value ->> '$.newest' AS newest FROM json_each($1)) AS x
 WHERE member.id = x.m AND member.owner = $2 AND member.looked_at IS NULL RETURNING id";

const FINISH_POSTGRES: &str = "UPDATE member SET looked_at = x.at, newest_at = x.newest, lease_until = NULL
 FROM jsonb_to_recordset($1::jsonb) AS x (m BIGINT, at BIGINT, newest BIGINT)
 WHERE member.id = x.m AND member.owner = $2 AND member.looked_at IS NULL RETURNING id";

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
        let text = if self.locks_rows() { RENEW_POSTGRES } else { RENEW_SQLITE };
        sql!(self, execute, text, round, owner, millis(lease_until))?;
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

    /// Marks claimed members as looked at; gives those whose claim was not lost to somebody else.
    pub async fn finish_members(&mut self, owner: &str, looks: &[EndedLook]) -> Result<HashSet<i64>, StoreError> {
        let text = if self.locks_rows() { FINISH_POSTGRES } else { FINISH_SQLITE };
        let rows: Vec<Sent> = looks
            .iter()
            .map(|look| Sent { m: look.member, at: millis(look.at), newest: look.newest_at.map(millis) })
            .collect();
        Ok(sql!(self, scalars i64, text, json(&rows)?, owner)?.into_iter().collect())
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
