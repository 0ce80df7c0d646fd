//! Copies of pages behind findings (证据副本): each body once, under its hash.
//!
//! Written in the transaction of the findings that rest on them. Thrown away are those that patrols
//! alone have seen and no issue rests on, when the patrols' observations go.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;

use super::engine::{insert_rows, sql};
use super::findings::{Row as FindingRow, select};
use super::{StoreError, StoredFinding, Tx, instant, millis, word};
use crate::domain::page_copy::PageCopy;
use crate::domain::time::LocalTime;

/// Copies written with one statement: a few megabytes at the most.
const AT_ONCE: usize = 20;

#[derive(sqlx::FromRow)]
struct Row {
    sha256: String,
    url: String,
    media: String,
    size: i64,
    is_cut: bool,
    gzip: Vec<u8>,
    kept_at: i64,
}

/// A copy with when it was last seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredCopy {
    /// The copy.
    pub copy: PageCopy,
    /// When the body was last fetched and kept.
    pub kept_at: LocalTime,
}

impl Tx {
    /// Keeps copies; a body that is kept already stays as it is. `for_good`: not of a patrol.
    pub async fn keep_copies<'c>(
        &mut self,
        copies: impl IntoIterator<Item = &'c PageCopy>,
        for_good: bool,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        // Why in order: two that write the same copies at once would else wait for each other for ever.
        let copies: BTreeMap<&str, &PageCopy> = copies.into_iter().map(|copy| (copy.sha256.as_str(), copy)).collect();
        let copies: Vec<&PageCopy> = copies.into_values().collect();
        let insert = "INSERT INTO page_copy (sha256, url, media, size, is_cut, gzip, for_good, kept_at) ";
        let seen_again = " ON CONFLICT (sha256) DO UPDATE SET for_good = page_copy.for_good OR excluded.for_good,
             kept_at = excluded.kept_at";
        for rows in copies.chunks(AT_ONCE) {
            insert_rows!(self, insert, rows, seen_again, |values, copy| {
                values
                    .push_bind(copy.sha256.as_str())
                    .push_bind(copy.url.as_str())
                    .push_bind(copy.kind.key())
                    .push_bind(i64::try_from(copy.size).unwrap_or(i64::MAX))
                    .push_bind(copy.is_cut)
                    .push_bind(copy.gzip.as_slice())
                    .push_bind(for_good)
                    .push_bind(millis(now));
            })?;
        }
        Ok(())
    }

    /// The copy of a body; `None` where none was kept.
    pub async fn page_copy(&mut self, sha256: &str, zone: Tz) -> Result<Option<StoredCopy>, StoreError> {
        let row = sql!(
            self,
            opt Row,
            "SELECT sha256, url, media, size, is_cut, gzip, kept_at FROM page_copy WHERE sha256 = $1",
            sha256
        )?;
        row.map(|row| {
            Ok(StoredCopy {
                kept_at: LocalTime::new(instant(row.kept_at), zone),
                copy: PageCopy {
                    kind: word(&row.media)?,
                    sha256: row.sha256,
                    url: row.url,
                    size: row.size.unsigned_abs(),
                    is_cut: row.is_cut,
                    gzip: row.gzip,
                },
            })
        })
        .transpose()
    }

    /// The findings that an issue rests on, one a round, the oldest first.
    pub async fn findings_of_issue(&mut self, issue: i64, zone: Tz) -> Result<Vec<StoredFinding>, StoreError> {
        sql!(
            self,
            all FindingRow,
            select("JOIN issue_round x ON x.finding_id = f.id WHERE x.issue_id = $1 ORDER BY f.observed_at, f.id"),
            issue
        )?
        .into_iter()
        .map(|row| row.into_stored(zone))
        .collect()
    }

    /// Throws away up to `limit` copies that patrols alone have seen, last before an instant, and on which
    /// no issue rests; how many there were.
    pub async fn prune_copies(&mut self, before: DateTime<Utc>, limit: usize) -> Result<u64, StoreError> {
        // Why all hashes in one list: a search of the issues for each copy would read them as often as there are copies.
        let hash = if self.locks_rows() {
            ("CAST(f.evidence_json AS JSONB) ->> 'sha256'", "CAST(i.evidence_json AS JSONB) ->> 'sha256'")
        } else {
            ("f.evidence_json ->> '$.sha256'", "i.evidence_json ->> '$.sha256'")
        };
        let text = format!(
            "DELETE FROM page_copy WHERE sha256 IN (
                 SELECT c.sha256 FROM page_copy c
                 WHERE NOT c.for_good AND c.kept_at < $1 AND c.sha256 NOT IN (
                     SELECT COALESCE({}, '') FROM issue_round x JOIN finding f ON f.id = x.finding_id
                     UNION SELECT COALESCE({}, '') FROM issue i)
                 LIMIT $2)",
            hash.0, hash.1
        );
        Ok(sql!(self, execute, sqlx::AssertSqlSafe(text.as_str()), millis(before), limit as i64)?)
    }
}
