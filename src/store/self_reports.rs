//! What units state about accounts that no machine may read (自查报告), the last of each in a round.

use chrono::{DateTime, FixedOffset, Utc};

use super::engine::sql;
use super::{StoreError, Tx, instant, millis};
use crate::domain::account::AccountId;
use crate::domain::round::RoundName;

/// A unit's own statement that an account was updated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SelfReport {
    /// The account.
    pub account_id: AccountId,
    /// When the newest post appeared.
    pub newest_at: DateTime<FixedOffset>,
    /// Only the day was stated.
    pub day_only: bool,
    /// The post.
    pub content_url: String,
    /// The screenshot, by its hash.
    pub sha256: Option<String>,
    /// Who stated it.
    pub said_by: String,
    /// When.
    pub said_at: DateTime<Utc>,
}

#[derive(sqlx::FromRow)]
struct Row {
    account_id: String,
    newest_at: String,
    day_only: bool,
    content_url: String,
    sha256: Option<String>,
    said_by: String,
    said_at: i64,
}

impl Tx {
    /// Writes a statement over the one made before on the same account.
    pub async fn put_self_report(&mut self, round: i64, report: &SelfReport) -> Result<(), StoreError> {
        sql!(
            self,
            execute,
            "INSERT INTO self_report (round_id, account_id, newest_at, day_only, content_url, sha256, said_by, said_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
             ON CONFLICT (round_id, account_id) DO UPDATE SET
                 newest_at = excluded.newest_at, day_only = excluded.day_only, content_url = excluded.content_url,
                 sha256 = excluded.sha256, said_by = excluded.said_by, said_at = excluded.said_at",
            round,
            report.account_id.as_str(),
            report.newest_at.to_rfc3339(),
            report.day_only,
            &report.content_url,
            report.sha256.as_deref(),
            &report.said_by,
            millis(report.said_at)
        )?;
        Ok(())
    }

    /// The screenshot of the statement made last on an account, by its hash.
    pub async fn self_report_file(&mut self, round: i64, account: &AccountId) -> Result<Option<String>, StoreError> {
        let kept = sql!(
            self,
            scalar_opt String,
            "SELECT COALESCE(sha256, '') FROM self_report WHERE round_id = $1 AND account_id = $2",
            round,
            account.as_str()
        )?;
        Ok(kept.filter(|sha256| !sha256.is_empty()))
    }

    /// How often an account was stated in a round, by its history.
    pub async fn times_self_reported(&mut self, round: RoundName, account: &AccountId) -> Result<i64, StoreError> {
        Ok(sql!(
            self,
            scalar i64,
            "SELECT COUNT(*) FROM event WHERE subject_kind = 'account' AND subject_id = $1
                 AND kind = 'self_reported' AND data_json LIKE $2",
            account.as_str(),
            &format!("%\"round\":\"{round}\"%")
        )?)
    }

    /// Every statement of a round, those among them that an inspector has looked into since.
    pub async fn self_reports(&mut self, round: i64) -> Result<Vec<SelfReport>, StoreError> {
        let rows = sql!(
            self,
            all Row,
            "SELECT account_id, newest_at, day_only, content_url, sha256, said_by, said_at
             FROM self_report WHERE round_id = $1 ORDER BY account_id",
            round
        )?;
        // A time this program did not write is left out, as in the recorded looks.
        let report = |row: Row| {
            Some(SelfReport {
                account_id: AccountId::new(row.account_id),
                newest_at: DateTime::parse_from_rfc3339(&row.newest_at).ok()?,
                day_only: row.day_only,
                content_url: row.content_url,
                sha256: row.sha256,
                said_by: row.said_by,
                said_at: instant(row.said_at),
            })
        };
        Ok(rows.into_iter().filter_map(report).collect())
    }
}
