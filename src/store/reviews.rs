//! Review records, keyed by account and normalised URL or title.

use std::collections::HashSet;

use chrono::{DateTime, Utc};

use super::engine::sql;
use super::{StoreError, Tx, instant, json, millis};
use crate::domain::account::{AccountId, Personal};
use crate::domain::normal::{normalise_title, normalise_url};
use crate::domain::review::{ReviewRecord, ReviewStage};

#[derive(sqlx::FromRow)]
struct Row {
    account_id: String,
    match_key: String,
    post_url: Option<String>,
    title: Option<String>,
    first_reviewer: Option<String>,
    first_at: Option<i64>,
    second_reviewer: Option<String>,
    second_at: Option<i64>,
    final_reviewer: Option<String>,
    final_at: Option<i64>,
}

impl From<Row> for ReviewRecord {
    fn from(row: Row) -> Self {
        let stage = |reviewer: Option<String>, at: Option<i64>| ReviewStage {
            reviewer: reviewer.map(Personal::new),
            at: at.map(instant),
        };
        Self {
            account_id: AccountId::new(row.account_id),
            post_url: row.post_url,
            title: row.title,
            first: stage(row.first_reviewer, row.first_at),
            second: stage(row.second_reviewer, row.second_at),
            last: stage(row.final_reviewer, row.final_at),
        }
    }
}

/// What a record is found by: the key of its row, then normalised URL and title.
///
/// A record without a URL is the title's and the day's of its last stage: a column runs under one
/// title week after week, and the record of one issue must not replace that of another.
fn keys(record: &ReviewRecord) -> (String, Option<String>, Option<String>) {
    let url_key = record.post_url.as_deref().and_then(normalise_url);
    let title_key = record.title.as_deref().map(normalise_title).filter(|key| !key.is_empty());
    let stages = [&record.last, &record.second, &record.first];
    let day = stages.iter().find_map(|stage| stage.at).map(|at| at.date_naive().to_string()).unwrap_or_default();
    let by_title = title_key.as_ref().map(|title| format!("title:{day}:{title}"));
    let match_key = url_key.clone().or(by_title).unwrap_or_default();
    (match_key, url_key, title_key)
}

impl Tx {
    /// Writes a review record; one on the same post replaces the earlier.
    pub async fn put_review(&mut self, record: &ReviewRecord, now: DateTime<Utc>) -> Result<(), StoreError> {
        let (match_key, url_key, title_key) = keys(record);
        let reviewer = |stage: &ReviewStage| stage.reviewer.as_ref().map(|r| r.reveal().to_owned());
        sql!(
            self,
            execute,
            "INSERT INTO review (account_id, match_key, url_key, title_key, post_url, title, first_reviewer, first_at,
                 second_reviewer, second_at, final_reviewer, final_at, imported_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
             ON CONFLICT (account_id, match_key) DO UPDATE SET
                 url_key = excluded.url_key, title_key = excluded.title_key, post_url = excluded.post_url,
                 title = excluded.title, first_reviewer = excluded.first_reviewer, first_at = excluded.first_at,
                 second_reviewer = excluded.second_reviewer, second_at = excluded.second_at,
                 final_reviewer = excluded.final_reviewer, final_at = excluded.final_at,
                 imported_at = excluded.imported_at",
            record.account_id.as_str(),
            match_key,
            url_key,
            title_key,
            record.post_url.as_deref(),
            record.title.as_deref(),
            reviewer(&record.first),
            record.first.at.map(millis),
            reviewer(&record.second),
            record.second.at.map(millis),
            reviewer(&record.last),
            record.last.at.map(millis),
            millis(now)
        )?;
        Ok(())
    }

    /// The record already handed in on the same post.
    pub async fn review_of_same_post(&mut self, record: &ReviewRecord) -> Result<Option<ReviewRecord>, StoreError> {
        Ok(sql!(
            self,
            opt Row,
            "SELECT account_id, match_key, post_url, title, first_reviewer, first_at, second_reviewer, second_at,
                 final_reviewer, final_at
             FROM review WHERE account_id = $1 AND match_key = $2",
            record.account_id.as_str(),
            keys(record).0
        )?
        .map(ReviewRecord::from))
    }

    /// Every review record of these accounts, by account.
    pub async fn reviews_of(&mut self, accounts: &[&AccountId]) -> Result<Vec<ReviewRecord>, StoreError> {
        let text = format!(
            "SELECT account_id, match_key, post_url, title, first_reviewer, first_at, second_reviewer, second_at,
                 final_reviewer, final_at
             FROM review WHERE {} ORDER BY account_id, match_key",
            self.is_listed("account_id", "$1")
        );
        let rows = sql!(self, all Row, sqlx::AssertSqlSafe(text.as_str()), json(&accounts)?)?;
        Ok(rows.into_iter().map(ReviewRecord::from).collect())
    }

    /// The next `limit` review records after `after`, with the cursor of the last one.
    pub async fn reviews_page(
        &mut self,
        after: Option<&(String, String)>,
        limit: usize,
    ) -> Result<(Vec<ReviewRecord>, Option<(String, String)>), StoreError> {
        let (account, key) = after.map_or(("", ""), |(account, key)| (account.as_str(), key.as_str()));
        let rows = sql!(
            self,
            all Row,
            "SELECT account_id, match_key, post_url, title, first_reviewer, first_at, second_reviewer, second_at,
                 final_reviewer, final_at
             FROM review WHERE account_id > $1 OR (account_id = $1 AND match_key > $2)
             ORDER BY account_id, match_key LIMIT $3",
            account,
            key,
            limit as i64
        )?;
        let cursor = rows.last().map(|row| (row.account_id.clone(), row.match_key.clone()));
        Ok((rows.into_iter().map(ReviewRecord::from).collect(), cursor))
    }

    /// Those of these units that ever handed in review records, for any of their accounts.
    pub async fn units_with_reviews(&mut self, units: &[&str]) -> Result<HashSet<String>, StoreError> {
        let text = format!(
            "SELECT DISTINCT a.unit FROM account a WHERE {}
                 AND EXISTS (SELECT 1 FROM review r WHERE r.account_id = a.account_id)",
            self.is_listed("a.unit", "$1")
        );
        let found = sql!(self, scalars String, sqlx::AssertSqlSafe(text.as_str()), json(&units)?)?;
        Ok(found.into_iter().collect())
    }
}
