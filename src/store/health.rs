//! How sources are doing: written with the looks, many at once.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use serde::Serialize;

use super::engine::sql;
use super::{StoreError, Tx, instant, json, millis, word};
use crate::domain::account::{AccountId, Platform, SourceKind};
use crate::domain::health::{Health, SourceHealth, SourceState};
use crate::domain::time::LocalTime;

/// One row as it travels: a whole batch is one parameter.
#[derive(Serialize)]
struct Sent<'a> {
    a: &'a str,
    s: &'a str,
    r: &'a str,
    t: &'a str,
    at: i64,
}

/// Why two texts: the engines unpack JSON each in its own way. An older look takes nothing back.
const PUT_SQLITE: &str = "INSERT INTO source_health (account_id, state, reason, sentence, since, looked_at)
 SELECT value ->> '$.a', value ->> '$.s', value ->> '$.r', value ->> '$.t', value ->> '$.at', value ->> '$.at'
 FROM json_each($1) WHERE TRUE
 ON CONFLICT (account_id) DO UPDATE SET
     since = CASE WHEN source_health.state = excluded.state THEN source_health.since ELSE excluded.since END,
     state = excluded.state, reason = excluded.reason, sentence = excluded.sentence, looked_at = excluded.looked_at
 WHERE source_health.looked_at <= excluded.looked_at";

const PUT_POSTGRES: &str = "INSERT INTO source_health (account_id, state, reason, sentence, since, looked_at)
 SELECT x.a, x.s, x.r, x.t, x.at, x.at
 FROM jsonb_to_recordset($1::jsonb) AS x (a TEXT, s TEXT, r TEXT, t TEXT, at BIGINT) ORDER BY x.a
 ON CONFLICT (account_id) DO UPDATE SET
     since = CASE WHEN source_health.state = excluded.state THEN source_health.since ELSE excluded.since END,
     state = excluded.state, reason = excluded.reason, sentence = excluded.sentence, looked_at = excluded.looked_at
 WHERE source_health.looked_at <= excluded.looked_at";

#[derive(sqlx::FromRow)]
struct Row {
    account_id: String,
    name: String,
    platform: String,
    unit: String,
    source: String,
    source_url: Option<String>,
    state: String,
    since: i64,
    looked_at: i64,
    reason: String,
    sentence: String,
}

impl Row {
    fn into_health(self, zone: Tz) -> Result<SourceHealth, StoreError> {
        Ok(SourceHealth {
            account_id: AccountId::new(self.account_id),
            account: self.name,
            platform: word::<Platform>(&self.platform)?,
            unit: self.unit,
            source: word::<SourceKind>(&self.source)?,
            source_url: self.source_url,
            state: word::<SourceState>(&self.state)?,
            since: LocalTime::new(instant(self.since), zone),
            looked_at: LocalTime::new(instant(self.looked_at), zone),
            reason: self.reason,
            sentence: self.sentence,
        })
    }
}

const SELECT: &str = "SELECT h.account_id, a.name, a.platform, a.unit, a.source, a.source_url, h.state, h.since,
     h.looked_at, h.reason, h.sentence
 FROM source_health h JOIN account a ON a.account_id = h.account_id
 WHERE a.status = 'running' AND a.source IS NOT NULL AND a.source <> 'manual' ";

fn select(rest: &str) -> sqlx::AssertSqlSafe<String> {
    sqlx::AssertSqlSafe(format!("{SELECT}{rest}"))
}

impl Tx {
    /// How looks at sources went, each account at most once; `since` stays while the state does.
    pub async fn put_health(&mut self, looks: &[(AccountId, DateTime<Utc>, Health)]) -> Result<(), StoreError> {
        if looks.is_empty() {
            return Ok(());
        }
        let rows: Vec<Sent<'_>> = looks
            .iter()
            .map(|(account, at, health)| Sent {
                a: account.as_str(),
                s: health.state.key(),
                r: &health.reason,
                t: &health.sentence,
                at: millis(*at),
            })
            .collect();
        let text = if self.locks_rows() { PUT_POSTGRES } else { PUT_SQLITE };
        sql!(self, execute, text, json(&rows)?)?;
        Ok(())
    }

    /// The next `limit` sources after `after`, by account.
    pub async fn sources_page(
        &mut self,
        state: Option<SourceState>,
        after: Option<&AccountId>,
        limit: usize,
        zone: Tz,
    ) -> Result<Vec<SourceHealth>, StoreError> {
        sql!(
            self,
            all Row,
            select("AND h.account_id > $1 AND ($2 IS NULL OR h.state = $2) ORDER BY h.account_id LIMIT $3"),
            after.map_or("", AccountId::as_str),
            state.map(SourceState::key),
            limit as i64
        )?
        .into_iter()
        .map(|row| row.into_health(zone))
        .collect()
    }

    /// How many sources are in each state.
    pub async fn source_counts(&mut self) -> Result<Vec<(SourceState, i64)>, StoreError> {
        sql!(
            self,
            all(String, i64),
            "SELECT h.state, COUNT(*) FROM source_health h JOIN account a ON a.account_id = h.account_id
             WHERE a.status = 'running' AND a.source IS NOT NULL AND a.source <> 'manual' GROUP BY h.state ORDER BY h.state"
        )?
        .into_iter()
        .map(|(state, count)| Ok((word(&state)?, count)))
        .collect()
    }

    /// Sources that cannot be read, those that have been so longest first.
    pub async fn troubled_sources(&mut self, limit: usize, zone: Tz) -> Result<Vec<SourceHealth>, StoreError> {
        sql!(
            self,
            all Row,
            select("AND h.state <> 'working' ORDER BY h.since, h.account_id LIMIT $1"),
            limit as i64
        )?
        .into_iter()
        .map(|row| row.into_health(zone))
        .collect()
    }
}
