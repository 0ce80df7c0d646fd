//! Notices: what is said to whom; written with the change that caused them.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};

use super::engine::{ROWS_AT_ONCE, insert_rows, sql};
use super::{StoreError, Tx, from_json, instant, json, millis, word};
use crate::domain::notice::{NoticeBody, NoticeKind};

/// A notice about to be written.
#[derive(Debug, Clone)]
pub struct NewNotice<'a> {
    /// The year of the number that readers see.
    pub year: i32,
    /// The unit it goes to; `None`: the supervisors.
    pub unit: Option<&'a str>,
    /// The round it belongs to.
    pub round_id: Option<i64>,
    /// What it says.
    pub body: &'a NoticeBody,
    /// Quiet hours do not hold it back.
    pub urgent: bool,
    /// A second notice with the same key is not written.
    pub dedup_key: String,
    /// The issues it tells of.
    pub issues: &'a [i64],
    /// The chats it goes to; without one it waits, and goes out when one is bound.
    pub chats: &'a [i64],
    /// When it may go out.
    pub due_at: DateTime<Utc>,
}

/// A notice as listed.
#[derive(Debug, Clone, PartialEq)]
pub struct NoticeRow {
    /// Row.
    pub id: i64,
    /// Number.
    pub number: String,
    /// Kind.
    pub kind: NoticeKind,
    /// The unit it goes to; `None`: the supervisors.
    pub unit: Option<String>,
    /// What it says.
    pub body: NoticeBody,
    /// Quiet hours do not hold it back.
    pub urgent: bool,
    /// When it was written.
    pub created_at: DateTime<Utc>,
    /// When a channel first accepted it.
    pub delivered_at: Option<DateTime<Utc>>,
    /// State of its deliveries: `waiting` where there is no chat yet, `withdrawn` where what it told of ended first.
    pub status: String,
    /// Tries over all chats.
    pub attempts: i64,
    /// The last refusal.
    pub last_error: Option<String>,
}

/// Which notices a listing wants; `None` means any.
#[derive(Debug, Clone, Default)]
pub struct NoticeQuery {
    /// In this state.
    pub status: Option<String>,
}

#[derive(sqlx::FromRow)]
struct Row {
    id: i64,
    number: String,
    kind: String,
    unit: Option<String>,
    body_json: String,
    urgent: bool,
    created_at: i64,
    delivered_at: Option<i64>,
    status: String,
    attempts: i64,
    last_error: Option<String>,
}

impl TryFrom<Row> for NoticeRow {
    type Error = StoreError;
    fn try_from(row: Row) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.id,
            number: row.number,
            kind: word(&row.kind)?,
            unit: row.unit,
            body: from_json(&row.body_json)?,
            urgent: row.urgent,
            created_at: instant(row.created_at),
            delivered_at: row.delivered_at.map(instant),
            status: row.status,
            attempts: row.attempts,
            last_error: row.last_error,
        })
    }
}

const SELECT: &str = "SELECT * FROM (
     SELECT n.id, n.number, n.kind, n.unit, n.body_json, n.urgent, n.created_at, n.delivered_at,
         CASE WHEN n.delivered_at IS NOT NULL THEN 'sent'
              WHEN EXISTS (SELECT 1 FROM event e WHERE e.subject_kind = 'notice' AND e.subject_id = n.number
                           AND e.kind = 'withdrawn') THEN 'withdrawn'
              ELSE COALESCE((SELECT MIN(d.status) FROM delivery d WHERE d.notice_id = n.id AND d.status IN ('queued', 'sending')),
                            (SELECT MAX(d.status) FROM delivery d WHERE d.notice_id = n.id), 'waiting') END AS status,
         CAST(COALESCE((SELECT SUM(d.attempts) FROM delivery d WHERE d.notice_id = n.id), 0) AS BIGINT) AS attempts,
         (SELECT MAX(d.last_error) FROM delivery d WHERE d.notice_id = n.id) AS last_error
     FROM notice n) listed ";

impl Tx {
    /// Writes notices under the next numbers (`2026-0001`), with their outbox rows; gives their rows in the order
    /// of `new`, `None` where a key was written before.
    ///
    /// Nobody else gets these numbers while this transaction lasts.
    pub async fn insert_notices(
        &mut self,
        new: &[NewNotice<'_>],
        now: DateTime<Utc>,
    ) -> Result<Vec<Option<i64>>, StoreError> {
        let first = if let Some(next) = self.next_notice {
            next
        } else {
            self.lock_chain().await?;
            sql!(self, scalar i64, "SELECT COALESCE(MAX(id), 0) + 1 FROM notice")?
        };
        let keys: Vec<&str> = new.iter().map(|new| new.dedup_key.as_str()).collect();
        let mut known: HashSet<String> = self.notices_with(&keys, 0).await?.into_keys().collect();
        let mut rows = Vec::with_capacity(new.len());
        for new in new {
            if known.insert(new.dedup_key.clone()) {
                rows.push((new, json(new.body)?));
            }
        }
        let rows: Vec<_> = rows.iter().zip(first..).map(|((new, body), number)| (new, body, number)).collect();
        for rows in rows.chunks(ROWS_AT_ONCE) {
            let head = "INSERT INTO notice (number, kind, unit, round_id, body_json, urgent, dedup_key, created_at) ";
            insert_rows!(self, head, rows, "", |values, (new, body, number)| {
                values
                    .push_bind(format!("{}-{number:04}", new.year))
                    .push_bind(new.body.kind().key())
                    .push_bind(new.unit)
                    .push_bind(new.round_id)
                    .push_bind(body.as_str())
                    .push_bind(new.urgent)
                    .push_bind(new.dedup_key.as_str())
                    .push_bind(millis(now));
            })?;
        }
        let mut ids = self.notices_with(&keys, first).await?;
        self.next_notice = Some(ids.values().max().map_or(first, |last| last + 1));
        let written: Vec<Option<i64>> = new.iter().map(|new| ids.remove(&new.dedup_key)).collect();
        let both = || new.iter().zip(&written).filter_map(|(new, id)| Some((new, (*id)?)));
        let links: Vec<_> = both().flat_map(|(new, id)| new.issues.iter().map(move |issue| (id, *issue))).collect();
        self.link_notices(&links).await?;
        let queued = both().flat_map(|(new, id)| new.chats.iter().map(move |chat| (id, *chat, new.due_at)));
        self.queue_deliveries(&queued.collect::<Vec<_>>()).await?;
        Ok(written)
    }

    /// The notices with one of these keys, from row `from` on: key, row.
    async fn notices_with(&mut self, keys: &[&str], from: i64) -> Result<HashMap<String, i64>, StoreError> {
        let text = format!("SELECT dedup_key, id FROM notice WHERE {} AND id >= $2", self.is_listed("dedup_key", "$1"));
        let found = sql!(self, all(String, i64), sqlx::AssertSqlSafe(text.as_str()), json(&keys)?, from)?;
        Ok(found.into_iter().collect())
    }

    /// Puts a notice in a chat's outbox once; one that failed there is tried again.
    pub async fn queue_delivery(&mut self, notice: i64, chat: i64, due_at: DateTime<Utc>) -> Result<(), StoreError> {
        self.queue_deliveries(&[(notice, chat, due_at)]).await
    }

    /// [`queue_delivery`](Self::queue_delivery) of many: notice, chat, when it may go out.
    async fn queue_deliveries(&mut self, queued: &[(i64, i64, DateTime<Utc>)]) -> Result<(), StoreError> {
        let head = "INSERT INTO delivery (notice_id, chat_id, status, due_at, attempts) ";
        let tail = " ON CONFLICT (notice_id, chat_id) DO UPDATE SET status = 'queued', due_at = excluded.due_at
                 WHERE delivery.status = 'failed'";
        for queued in queued.chunks(ROWS_AT_ONCE) {
            insert_rows!(self, head, queued, tail, |values, (notice, chat, due_at)| {
                values
                    .push_bind(*notice)
                    .push_bind(*chat)
                    .push_bind("queued")
                    .push_bind(millis(*due_at))
                    .push_bind(0_i64);
            })?;
        }
        Ok(())
    }

    /// How many notices are about to go to a chat.
    pub async fn deliveries_waiting(&mut self, chat: i64) -> Result<i64, StoreError> {
        Ok(sql!(self, scalar i64, "SELECT COUNT(*) FROM delivery WHERE chat_id = $1 AND status = 'queued'", chat)?)
    }

    /// The rectification notice of a unit and round that has not left yet and no channel was ever asked to take;
    /// it is held where it stands until this transaction ends.
    pub async fn notice_not_left(
        &mut self,
        round: i64,
        unit: &str,
        since: DateTime<Utc>,
    ) -> Result<Option<NoticeRow>, StoreError> {
        let id = sql!(
            self,
            scalar_opt i64,
            "SELECT n.id FROM notice n WHERE n.round_id = $1 AND n.unit = $2 AND n.kind = 'rectification'
                 AND n.urgent = $4 AND n.delivered_at IS NULL
                 AND NOT EXISTS (SELECT 1 FROM event e WHERE e.subject_kind = 'notice' AND e.subject_id = n.number
                                 AND e.kind = 'withdrawn')
                 AND NOT EXISTS (SELECT 1 FROM delivery d WHERE d.notice_id = n.id
                                 AND (d.status <> 'queued' OR d.attempts > 0 OR d.due_at <= $3))
             ORDER BY n.id DESC LIMIT 1",
            round,
            unit,
            millis(since),
            false
        )?;
        let Some(id) = id else { return Ok(None) };
        // Why: who claims one of these rows waits for us, and finds the notice as we leave it.
        let all = sql!(self, scalar i64, "SELECT COUNT(*) FROM delivery WHERE notice_id = $1", id)?;
        let held = sql!(
            self,
            execute,
            "UPDATE delivery SET due_at = due_at WHERE notice_id = $1 AND status = 'queued' AND attempts = 0",
            id
        )?;
        if held as i64 == all { self.notice(id).await.map(Some) } else { Ok(None) }
    }

    /// Writes a notice that has not left yet anew, with further issues.
    pub async fn extend_notice(
        &mut self,
        id: i64,
        body: &NoticeBody,
        issues: &[i64],
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let text = json(body)?;
        sql!(self, execute, "UPDATE notice SET body_json = $2, created_at = $3 WHERE id = $1", id, text, millis(now))?;
        self.link_notice(id, issues).await
    }

    async fn link_notice(&mut self, id: i64, issues: &[i64]) -> Result<(), StoreError> {
        let links: Vec<(i64, i64)> = issues.iter().map(|issue| (id, *issue)).collect();
        self.link_notices(&links).await
    }

    /// Says of which issues notices tell: notice, issue.
    async fn link_notices(&mut self, links: &[(i64, i64)]) -> Result<(), StoreError> {
        for links in links.chunks(ROWS_AT_ONCE) {
            let head = "INSERT INTO notice_issue (notice_id, issue_id) ";
            insert_rows!(self, head, links, " ON CONFLICT DO NOTHING", |values, (notice, issue)| {
                values.push_bind(*notice).push_bind(*issue);
            })?;
        }
        Ok(())
    }

    /// The issues a notice tells of.
    pub async fn issues_of_notice(&mut self, notice: i64) -> Result<Vec<i64>, StoreError> {
        Ok(sql!(self, scalars i64, "SELECT issue_id FROM notice_issue WHERE notice_id = $1 ORDER BY issue_id", notice)?)
    }

    /// One notice, which has to exist.
    pub async fn notice(&mut self, id: i64) -> Result<NoticeRow, StoreError> {
        sql!(self, opt Row, sqlx::AssertSqlSafe(format!("{SELECT} WHERE id = $1")), id)?
            .ok_or_else(|| StoreError::Missing { kind: "notice", id: id.to_string() })?
            .try_into()
    }

    /// The next `limit` notices after `after`, by number of row.
    pub async fn notices_page(
        &mut self,
        query: &NoticeQuery,
        after: i64,
        limit: usize,
    ) -> Result<Vec<NoticeRow>, StoreError> {
        sql!(
            self,
            all Row,
            sqlx::AssertSqlSafe(format!("{SELECT} WHERE id > $1 AND ($2 IS NULL OR status = $2) ORDER BY id LIMIT $3")),
            after,
            query.status.as_deref(),
            limit as i64
        )?
        .into_iter()
        .map(NoticeRow::try_from)
        .collect()
    }

    /// When the last digest was written.
    pub async fn last_digest_at(&mut self) -> Result<Option<DateTime<Utc>>, StoreError> {
        Ok(sql!(self, scalar Option<i64>, "SELECT MAX(created_at) FROM notice WHERE kind = 'digest'")?.map(instant))
    }

    /// Whether a notice with a key was written.
    pub async fn notice_exists(&mut self, dedup_key: &str) -> Result<bool, StoreError> {
        Ok(sql!(self, scalar i64, "SELECT COUNT(*) FROM notice WHERE dedup_key = $1", dedup_key)? > 0)
    }

    /// The rectification notices of a round that were not withdrawn, by row: number, unit, when written and when delivered.
    pub async fn rectification_notices(
        &mut self,
        round: i64,
    ) -> Result<Vec<(i64, String, String, DateTime<Utc>, Option<DateTime<Utc>>)>, StoreError> {
        Ok(sql!(
            self,
            all(i64, String, String, i64, Option<i64>),
            "SELECT id, number, COALESCE(unit, ''), created_at, delivered_at FROM notice
             WHERE round_id = $1 AND kind = 'rectification'
                 AND NOT EXISTS (SELECT 1 FROM event e WHERE e.subject_kind = 'notice' AND e.subject_id = notice.number
                                 AND e.kind = 'withdrawn')
             ORDER BY id",
            round
        )?
        .into_iter()
        .map(|(id, number, unit, written, delivered)| (id, number, unit, instant(written), delivered.map(instant)))
        .collect())
    }

    /// Rectification notices of a round written and delivered, and warnings written.
    pub async fn notice_totals(&mut self, round: i64) -> Result<(i64, i64, i64), StoreError> {
        Ok(sql!(
            self,
            one(i64, i64, i64),
            "SELECT CAST(COALESCE(SUM(CASE WHEN kind = 'rectification' THEN 1 ELSE 0 END), 0) AS BIGINT),
                 CAST(COALESCE(SUM(CASE WHEN kind = 'rectification' AND delivered_at IS NOT NULL THEN 1 ELSE 0 END), 0) AS BIGINT),
                 CAST(COALESCE(SUM(CASE WHEN kind = 'warning' THEN 1 ELSE 0 END), 0) AS BIGINT)
             FROM notice WHERE round_id = $1
                 AND NOT EXISTS (SELECT 1 FROM event e WHERE e.subject_kind = 'notice' AND e.subject_id = notice.number
                                 AND e.kind = 'withdrawn')",
            round
        )?)
    }
}
