//! The event history: appended, chained by hash, never changed.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use sha2::{Digest, Sha256};

use super::engine::{ROWS_AT_ONCE, insert_rows, sql};
use super::{StoreError, Tx, instant, millis};
use crate::domain::sample::hex;

/// An event about to be appended.
#[derive(Debug, Clone, Copy)]
pub struct NewEvent<'a> {
    /// When.
    pub at: DateTime<Utc>,
    /// Who.
    pub actor: &'a str,
    /// `issue`, `account`, `round`, `finding`, `person` or `notice`.
    pub subject_kind: &'a str,
    /// Which one.
    pub subject_id: &'a str,
    /// What happened, a stable key.
    pub kind: &'a str,
    /// In words; never contact data.
    pub note: &'a str,
    /// Anything a program wants back, JSON text or empty.
    pub data: &'a str,
}

/// An event as stored.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct EventRow {
    /// When, milliseconds.
    at: i64,
    /// Who.
    pub actor: String,
    /// Which subject.
    pub subject_id: String,
    /// What happened.
    pub kind: String,
    /// In words.
    pub note: String,
    /// JSON text or empty.
    pub data_json: String,
}

impl EventRow {
    /// When it happened.
    #[must_use]
    pub fn at(&self) -> DateTime<Utc> {
        instant(self.at)
    }
}

/// Which events are wanted.
#[derive(Debug, Clone, Default)]
pub struct EventQuery {
    /// About this kind of subject.
    pub subject_kind: Option<String>,
    /// About this one.
    pub subject_id: Option<String>,
    /// From this instant on.
    pub since: Option<DateTime<Utc>>,
}

/// An event with its place in the chain.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct StoredEvent {
    /// Number.
    pub id: i64,
    /// When, milliseconds.
    at: i64,
    /// Who.
    pub actor: String,
    /// Kind of subject.
    pub subject_kind: String,
    /// Which subject.
    pub subject_id: String,
    /// What happened.
    pub kind: String,
    /// In words.
    pub note: String,
    /// JSON text or empty.
    data_json: String,
    /// Hash of the event before.
    pub prev_hash: String,
    /// Its own.
    pub hash: String,
}

impl StoredEvent {
    /// When it happened.
    #[must_use]
    pub fn at(&self) -> DateTime<Utc> {
        instant(self.at)
    }

    /// Anything a program wants back, JSON text or empty.
    #[must_use]
    pub fn data(&self) -> &str {
        &self.data_json
    }

    /// Whether its hash was made of what it says.
    #[must_use]
    pub fn is_genuine(&self) -> bool {
        let told = NewEvent {
            at: self.at(),
            actor: &self.actor,
            subject_kind: &self.subject_kind,
            subject_id: &self.subject_id,
            kind: &self.kind,
            note: &self.note,
            data: &self.data_json,
        };
        chain(&self.prev_hash, &told) == self.hash
    }
}

const INSERT: &str = "INSERT INTO event (at, actor, subject_kind, subject_id, kind, note, data_json, prev_hash, hash) ";

/// Key of the lock that serialises appending on PostgreSQL.
const CHAIN_LOCK: i64 = 0x7875_6e63_6861;

impl Tx {
    /// Lets nobody else append events or number notices until this transaction ends.
    pub(super) async fn lock_chain(&mut self) -> Result<(), StoreError> {
        if self.locks_rows() {
            sql!(self, execute, "SELECT pg_advisory_xact_lock($1)", CHAIN_LOCK)?;
        }
        Ok(())
    }

    /// How many events of a kind a subject has had since an instant.
    pub async fn recent_events(
        &mut self,
        subject_kind: &str,
        subject_id: &str,
        kind: &str,
        since: DateTime<Utc>,
    ) -> Result<usize, StoreError> {
        let count = sql!(
            self,
            scalar i64,
            "SELECT COUNT(*) FROM event WHERE subject_kind = $1 AND subject_id = $2 AND kind = $3 AND at >= $4",
            subject_kind,
            subject_id,
            kind,
            millis(since)
        )?;
        Ok(count as usize)
    }

    /// How many of the last events are refusals since an instant; the last thousand are looked at.
    pub async fn recent_refusals(&mut self, since: DateTime<Utc>) -> Result<i64, StoreError> {
        Ok(sql!(
            self,
            scalar i64,
            "SELECT COUNT(*) FROM (SELECT kind, at FROM event ORDER BY id DESC LIMIT 1000) last
             WHERE kind LIKE 'refused_%' AND at >= $1",
            millis(since)
        )?)
    }

    /// Whether a subject has an event of a kind with exactly this note.
    pub async fn has_event(
        &mut self,
        subject_kind: &str,
        subject_id: &str,
        kind: &str,
        note: &str,
    ) -> Result<bool, StoreError> {
        let found = sql!(
            self,
            scalar_opt i64,
            "SELECT id FROM event WHERE subject_kind = $1 AND subject_id = $2 AND kind = $3 AND note = $4 LIMIT 1",
            subject_kind,
            subject_id,
            kind,
            note
        )?;
        Ok(found.is_some())
    }

    /// Appends an event to the chain.
    pub async fn append_event(&mut self, event: NewEvent<'_>) -> Result<(), StoreError> {
        self.append_events(&[event]).await
    }

    /// Appends events to the chain, one after another.
    pub async fn append_events(&mut self, events: &[NewEvent<'_>]) -> Result<(), StoreError> {
        if events.is_empty() {
            return Ok(());
        }
        let mut last = if let Some(hash) = self.last_hash.take() {
            hash
        } else {
            self.lock_chain().await?;
            sql!(self, scalar_opt String, "SELECT hash FROM event ORDER BY id DESC LIMIT 1")?.unwrap_or_default()
        };
        let chained = events.iter().map(|event| {
            let hash = chain(&last, event);
            (event, std::mem::replace(&mut last, hash.clone()), hash)
        });
        let chained: Vec<_> = chained.collect();
        for rows in chained.chunks(ROWS_AT_ONCE) {
            insert_rows!(self, INSERT, rows, "", |values, (event, prev, hash)| {
                values
                    .push_bind(millis(event.at))
                    .push_bind(event.actor)
                    .push_bind(event.subject_kind)
                    .push_bind(event.subject_id)
                    .push_bind(event.kind)
                    .push_bind(event.note)
                    .push_bind(event.data)
                    .push_bind(prev.as_str())
                    .push_bind(hash.as_str());
            })?;
        }
        self.last_hash = Some(last);
        Ok(())
    }

    /// How many events there are.
    pub async fn event_count(&mut self) -> Result<i64, StoreError> {
        Ok(sql!(self, scalar i64, "SELECT COUNT(*) FROM event")?)
    }

    /// The hash of the last event; empty where there is none.
    pub async fn last_event_hash(&mut self) -> Result<String, StoreError> {
        let last = sql!(self, scalar_opt String, "SELECT hash FROM event ORDER BY id DESC LIMIT 1")?;
        Ok(last.unwrap_or_default())
    }

    /// Events numbered above `after` that a query asks for, oldest first.
    pub async fn events_page(
        &mut self,
        query: &EventQuery,
        after: i64,
        limit: usize,
    ) -> Result<Vec<StoredEvent>, StoreError> {
        Ok(sql!(
            self,
            all StoredEvent,
            "SELECT id, at, actor, subject_kind, subject_id, kind, note, data_json, prev_hash, hash FROM event
             WHERE id > $1 AND at >= $2 AND subject_kind = COALESCE($3, subject_kind)
               AND subject_id = COALESCE($4, subject_id)
             ORDER BY id LIMIT $5",
            after,
            query.since.map_or(i64::MIN, millis),
            query.subject_kind.as_deref(),
            query.subject_id.as_deref(),
            limit as i64
        )?)
    }

    /// The events of one subject, oldest first.
    pub async fn events_of(&mut self, subject_kind: &str, subject_id: &str) -> Result<Vec<EventRow>, StoreError> {
        Ok(sql!(
            self,
            all EventRow,
            "SELECT at, actor, subject_id, kind, note, data_json FROM event
             WHERE subject_kind = $1 AND subject_id = $2 ORDER BY id",
            subject_kind,
            subject_id
        )?)
    }

    /// The events of the issues numbered `from` to `to`, oldest first, by issue.
    pub(super) async fn events_of_issues(
        &mut self,
        from: i64,
        to: i64,
    ) -> Result<HashMap<i64, Vec<EventRow>>, StoreError> {
        // Why CROSS JOIN: SQLite takes it as the order of its loops; left to itself it reads every event for a page.
        let rows = sql!(
            self,
            all EventRow,
            "SELECT e.at, e.actor, e.subject_id, e.kind, e.note, e.data_json
             FROM issue i CROSS JOIN event e
             WHERE i.id BETWEEN $1 AND $2 AND e.subject_kind = 'issue' AND e.subject_id = CAST(i.id AS TEXT)
             ORDER BY e.id",
            from,
            to
        )?;
        let mut by_issue = HashMap::<i64, Vec<EventRow>>::new();
        for row in rows {
            by_issue.entry(row.subject_id.parse().unwrap_or_default()).or_default().push(row);
        }
        Ok(by_issue)
    }

    /// The events of a kind of subject, oldest first.
    pub async fn events_about(&mut self, subject_kind: &str) -> Result<Vec<EventRow>, StoreError> {
        Ok(sql!(
            self,
            all EventRow,
            "SELECT at, actor, subject_id, kind, note, data_json FROM event WHERE subject_kind = $1 ORDER BY id",
            subject_kind
        )?)
    }
}

/// Hash of an event behind the one hashed `prev`.
fn chain(prev: &str, event: &NewEvent<'_>) -> String {
    let mut hash = Sha256::new();
    let at = millis(event.at).to_string();
    for part in [prev, &at, event.actor, event.subject_kind, event.subject_id, event.kind, event.note, event.data] {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part);
    }
    hex(&hash.finalize())
}
