//! Visits to websites (网站访问监测).

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::engine::sql;
use super::{StoreError, Tx, instant, millis, word};
use crate::domain::account::AccountId;
use crate::domain::site::{VisitOutcome, visited_at};

/// A registered, running website that is to be visited.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SiteToVisit {
    /// 账号编号.
    pub account_id: AccountId,
    /// 账号名称.
    pub name: String,
    /// 主办单位.
    pub unit: String,
    /// Where visits go.
    pub url: String,
}

/// One visit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Visit {
    /// The website.
    pub account_id: AccountId,
    /// When.
    pub at: DateTime<Utc>,
    /// What was asked.
    pub url: String,
    /// What it came to.
    pub outcome: VisitOutcome,
    /// Why, a stable key.
    pub reason: String,
    /// Status of the answer, where one came.
    pub status: Option<u16>,
    /// Network time until the whole page was here.
    pub elapsed_ms: u64,
}

/// The visits to one website added up.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct VisitSums {
    /// Visits that count.
    pub counted: i64,
    /// Those of them that failed.
    pub failed: i64,
    /// Visits beside them that cannot be told apart.
    pub unclear: i64,
    /// Visits that do not count.
    pub not_counted: i64,
    /// When the last one was.
    pub last_at: Option<DateTime<Utc>>,
}

#[derive(sqlx::FromRow)]
struct Row {
    account_id: String,
    at: i64,
    url: String,
    outcome: String,
    reason: String,
    status: Option<i64>,
    elapsed_ms: i64,
}

impl TryFrom<Row> for Visit {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        Ok(Self {
            account_id: AccountId::new(row.account_id),
            at: instant(row.at),
            url: row.url,
            outcome: word(&row.outcome)?,
            reason: row.reason,
            status: row.status.and_then(|status| u16::try_from(status).ok()),
            elapsed_ms: u64::try_from(row.elapsed_ms).unwrap_or_default(),
        })
    }
}

impl Tx {
    /// Every running website with an address to visit: `domain::site::visited_url` of each.
    pub async fn sites_to_visit(&mut self) -> Result<Vec<SiteToVisit>, StoreError> {
        let rows = sql!(
            self,
            all(String, String, String, String, String, String),
            "SELECT account_id, name, unit, platform, source, source_url FROM account
             WHERE status = 'running' AND (source = 'site' OR (platform = 'website' AND source = 'html'))
                 AND source_url IS NOT NULL
             ORDER BY account_id"
        )?;
        let mut sites = Vec::with_capacity(rows.len());
        for (id, name, unit, platform, source, url) in rows {
            if let Some(url) = visited_at(word(&platform)?, word(&source)?, &url) {
                sites.push(SiteToVisit { account_id: AccountId::new(id), name, unit, url });
            }
        }
        Ok(sites)
    }

    /// Records a visit; the same one twice is one.
    pub async fn insert_visit(&mut self, visit: &Visit) -> Result<(), StoreError> {
        sql!(
            self,
            execute,
            "INSERT INTO visit (account_id, at, url, outcome, reason, status, elapsed_ms)
             VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (account_id, at) DO NOTHING",
            visit.account_id.as_str(),
            millis(visit.at),
            visit.url.as_str(),
            visit.outcome.key(),
            visit.reason.as_str(),
            visit.status.map(i64::from),
            i64::try_from(visit.elapsed_ms).unwrap_or(i64::MAX)
        )?;
        Ok(())
    }

    /// The visits to a website at `url` after `from`, up to `to`, in order.
    ///
    /// Those to another address, such as the one registered before, say nothing of this one.
    pub async fn visits_between(
        &mut self,
        account: &AccountId,
        url: &str,
        from: DateTime<Utc>,
        to: DateTime<Utc>,
    ) -> Result<Vec<Visit>, StoreError> {
        sql!(
            self,
            all Row,
            "SELECT account_id, at, url, outcome, reason, status, elapsed_ms FROM visit
             WHERE account_id = $1 AND at > $2 AND at <= $3 AND url = $4 ORDER BY at",
            account.as_str(),
            millis(from),
            millis(to),
            url
        )?
        .into_iter()
        .map(Visit::try_from)
        .collect()
    }

    /// The visits to a website at `url` after `from`, added up.
    pub async fn visit_sums(
        &mut self,
        account: &AccountId,
        url: &str,
        from: DateTime<Utc>,
    ) -> Result<VisitSums, StoreError> {
        let (counted, failed, unclear, not_counted, last_at) = sql!(
            self,
            one(i64, i64, i64, i64, Option<i64>),
            "SELECT COUNT(CASE WHEN outcome IN ('opened', 'failed') THEN 1 END),
                 COUNT(CASE WHEN outcome = 'failed' THEN 1 END), COUNT(CASE WHEN outcome = 'unclear' THEN 1 END),
                 COUNT(CASE WHEN outcome = 'not_counted' THEN 1 END), MAX(at)
             FROM visit WHERE account_id = $1 AND at > $2 AND url = $3",
            account.as_str(),
            millis(from),
            url
        )?;
        Ok(VisitSums { counted, failed, unclear, not_counted, last_at: last_at.map(instant) })
    }

    /// Forgets visits from before `until`. Gives how many.
    pub async fn prune_visits(&mut self, until: DateTime<Utc>) -> Result<u64, StoreError> {
        Ok(sql!(self, execute, "DELETE FROM visit WHERE at < $1", millis(until))?)
    }
}
