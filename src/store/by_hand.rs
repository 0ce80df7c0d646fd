//! What people recorded from a worksheet, the last answer on each item.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;

use super::engine::sql;
use super::findings::{Row as FindingRow, StoredFinding, select};
use super::{StoreError, Tx, instant, json, millis, word};
use crate::domain::account::AccountId;
use crate::domain::by_hand::{HandItem, HandLook, HandOrigin};
use crate::domain::finding::Outcome;
use crate::domain::rule::Indicator;

/// The advisory lock of a round's recorded looks is this and the round's row.
const HAND_LOCK: i64 = 0x6861_6e64_0000_0000;

#[derive(sqlx::FromRow)]
struct Row {
    account_id: String,
    item: String,
    newest_at: Option<String>,
    day_only: bool,
    content_url: Option<String>,
    verdict: Option<String>,
    note: String,
    checked_by: String,
    checked_at: i64,
    origin: String,
}

impl TryFrom<Row> for HandLook {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        Ok(Self {
            account_id: AccountId::new(row.account_id),
            item: word::<HandItem>(&row.item)?,
            newest_at: row.newest_at.and_then(|at| DateTime::parse_from_rfc3339(&at).ok()),
            day_only: row.day_only,
            content_url: row.content_url,
            verdict: row.verdict.as_deref().map(word::<Outcome>).transpose()?,
            note: row.note,
            checked_by: row.checked_by,
            checked_at: instant(row.checked_at),
            origin: word::<HandOrigin>(&row.origin)?,
        })
    }
}

/// The looks of a round, with further conditions on inspectors' looks and on units' statements.
fn looks(of_looks: &str, of_reports: &str) -> String {
    format!(
        "SELECT account_id, item, newest_at, day_only, content_url, verdict, note, checked_by, checked_at,
             'inspector' AS origin
         FROM hand_look WHERE round_id = $1 {of_looks}
         UNION ALL
         SELECT s.account_id, 'update', s.newest_at, s.day_only, s.content_url, NULL, '', s.said_by, s.said_at,
             'self_report'
         FROM self_report s
         WHERE s.round_id = $1 {of_reports} AND NOT EXISTS (
             SELECT 1 FROM hand_look h
             WHERE h.round_id = s.round_id AND h.account_id = s.account_id AND h.item = 'update')
         ORDER BY 1, 2"
    )
}

impl Tx {
    /// What a person saw, over what was recorded on the same item before.
    pub async fn put_hand_look(&mut self, round: i64, look: &HandLook, now: DateTime<Utc>) -> Result<(), StoreError> {
        sql!(
            self,
            execute,
            "INSERT INTO hand_look (round_id, account_id, item, newest_at, day_only, content_url, verdict, note,
                 checked_by, checked_at, recorded_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
             ON CONFLICT (round_id, account_id, item) DO UPDATE SET
                 newest_at = excluded.newest_at, day_only = excluded.day_only, content_url = excluded.content_url,
                 verdict = excluded.verdict, note = excluded.note, checked_by = excluded.checked_by,
                 checked_at = excluded.checked_at, recorded_at = excluded.recorded_at",
            round,
            look.account_id.as_str(),
            look.item.key(),
            look.newest_at.map(|at| at.to_rfc3339()),
            look.day_only,
            look.content_url.as_deref(),
            look.verdict.map(Outcome::key),
            &look.note,
            &look.checked_by,
            millis(look.checked_at),
            millis(now)
        )?;
        Ok(())
    }

    /// Everything recorded for a round; a unit's own statement where no inspector has looked.
    pub async fn hand_looks(&mut self, round: i64) -> Result<Vec<HandLook>, StoreError> {
        sql!(
            self,
            all Row,
            sqlx::AssertSqlSafe(looks("", "").as_str()),
            round
        )?
        .into_iter()
        .map(HandLook::try_from)
        .collect()
    }

    /// What was recorded on these accounts.
    pub async fn hand_looks_of(&mut self, round: i64, accounts: &[&AccountId]) -> Result<Vec<HandLook>, StoreError> {
        let (of_looks, of_reports) = (self.is_listed("account_id", "$2"), self.is_listed("s.account_id", "$2"));
        let text = looks(&format!("AND {of_looks}"), &format!("AND {of_reports}"));
        sql!(self, all Row, sqlx::AssertSqlSafe(text.as_str()), round, json(&accounts)?)?
            .into_iter()
            .map(HandLook::try_from)
            .collect()
    }

    /// The condition that a column is one of the texts in a JSON list.
    pub(super) fn is_listed(&self, column: &str, list: &str) -> String {
        let rows = if self.locks_rows() { "jsonb_array_elements_text" } else { "json_each" };
        let list = if self.locks_rows() { format!("{list}::jsonb") } else { list.to_owned() };
        format!("{column} IN (SELECT value FROM {rows}({list}))")
    }

    /// Waits until nobody stores what looks of the round saw, and keeps everybody from it until the end.
    ///
    /// Why: whoever stores a look has to see what people recorded before, and the other way round.
    pub async fn lock_hand_looks(&mut self, round: i64) -> Result<(), StoreError> {
        if self.locks_rows() {
            sql!(self, execute, "SELECT pg_advisory_xact_lock($1)", HAND_LOCK.wrapping_add(round))?;
        }
        Ok(())
    }

    /// Waits until nobody records for the round, and keeps everybody from it until the end; beside others that store.
    pub async fn share_hand_looks(&mut self, round: i64) -> Result<(), StoreError> {
        if self.locks_rows() {
            sql!(self, execute, "SELECT pg_advisory_xact_lock_shared($1)", HAND_LOCK.wrapping_add(round))?;
        }
        Ok(())
    }

    /// The rows of those of these accounts that are members.
    pub async fn members_of(
        &mut self,
        round: i64,
        accounts: &[&AccountId],
    ) -> Result<Vec<(AccountId, i64)>, StoreError> {
        let text =
            format!("SELECT account_id, id FROM member WHERE round_id = $1 AND {}", self.is_listed("account_id", "$2"));
        let rows = sql!(self, all(String, i64), sqlx::AssertSqlSafe(text.as_str()), round, json(&accounts)?)?;
        Ok(rows.into_iter().map(|(account, id)| (AccountId::new(account), id)).collect())
    }

    /// The findings of a round that speak of these accounts as a whole.
    pub async fn whole_findings_of(
        &mut self,
        round: i64,
        accounts: &[&AccountId],
        zone: Tz,
    ) -> Result<Vec<StoredFinding>, StoreError> {
        let listed = self.is_listed("f.account_id", "$2");
        sql!(
            self,
            all FindingRow,
            select(&format!("WHERE f.round_id = $1 AND f.subject = '' AND {listed} ORDER BY f.id")),
            round,
            json(&accounts)?
        )?
        .into_iter()
        .map(|row| row.into_stored(zone))
        .collect()
    }

    /// The finding of a round that speaks of an account as a whole.
    pub async fn whole_finding(
        &mut self,
        round: i64,
        account: &AccountId,
        indicator: Indicator,
        zone: Tz,
    ) -> Result<Option<StoredFinding>, StoreError> {
        sql!(
            self,
            opt FindingRow,
            select("WHERE f.round_id = $1 AND f.account_id = $2 AND f.indicator = $3 AND f.subject = ''"),
            round,
            account.as_str(),
            indicator.key()
        )?
        .map(|row| row.into_stored(zone))
        .transpose()
    }

    /// Makes the verdict on an account ready to be written anew under `to`: nobody's decision, same number.
    pub async fn free_finding(
        &mut self,
        round: i64,
        account: &AccountId,
        from: Indicator,
        to: Indicator,
    ) -> Result<(), StoreError> {
        sql!(
            self,
            execute,
            "UPDATE finding SET indicator = $4, decided_at = NULL, decided_by = NULL
             WHERE round_id = $1 AND account_id = $2 AND indicator = $3 AND subject = ''",
            round,
            account.as_str(),
            from.key(),
            to.key()
        )?;
        Ok(())
    }

    /// Notes whose verdict a finding is.
    pub async fn mark_decided(&mut self, id: i64, by: &str, at: DateTime<Utc>) -> Result<(), StoreError> {
        sql!(
            self,
            execute,
            "UPDATE finding SET decided_by = $2, decided_at = $3, next_look_at = NULL WHERE id = $1",
            id,
            by,
            millis(at)
        )?;
        Ok(())
    }
}
