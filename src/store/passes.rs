//! Links by which a unit answers a notice (办理链接): the token by its hash, each act once.

use chrono::{DateTime, Utc};

use super::engine::sql;
use super::{StoreError, Tx, instant, millis};

/// A link as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PassRow {
    /// Row.
    pub id: i64,
    /// The notice it answers.
    pub notice_id: i64,
    /// The chat it was sent to.
    pub chat_id: i64,
    /// The unit in whose name.
    pub unit: String,
    /// What its token is made of, together with the key.
    pub nonce: String,
    /// Until when.
    pub expires_at: DateTime<Utc>,
}

/// What was done through a link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PassAct {
    /// The issue.
    pub issue: i64,
    /// What.
    pub act: String,
    /// When.
    pub at: DateTime<Utc>,
}

#[derive(sqlx::FromRow)]
struct Record {
    id: i64,
    notice_id: i64,
    chat_id: i64,
    unit: String,
    nonce: String,
    expires_at: i64,
}

impl From<Record> for PassRow {
    fn from(row: Record) -> Self {
        Self {
            id: row.id,
            notice_id: row.notice_id,
            chat_id: row.chat_id,
            unit: row.unit,
            nonce: row.nonce,
            expires_at: instant(row.expires_at),
        }
    }
}

impl Tx {
    /// The value kept under a key, put there now if there is none.
    pub async fn keep_meta(&mut self, key: &str, value: &str) -> Result<String, StoreError> {
        let insert = "INSERT INTO meta (key, value) VALUES ($1, $2) ON CONFLICT (key) DO NOTHING";
        sql!(self, execute, insert, key, value)?;
        Ok(sql!(self, scalar String, "SELECT value FROM meta WHERE key = $1", key)?)
    }

    /// The value kept under a key.
    pub async fn meta(&mut self, key: &str) -> Result<Option<String>, StoreError> {
        Ok(sql!(self, scalar_opt String, "SELECT value FROM meta WHERE key = $1", key)?)
    }

    /// The link of a notice in a chat, if one was made.
    pub async fn pass_of(&mut self, notice: i64, chat: i64) -> Result<Option<PassRow>, StoreError> {
        let found = sql!(
            self,
            opt Record,
            "SELECT id, notice_id, chat_id, unit, nonce, expires_at FROM pass WHERE notice_id = $1 AND chat_id = $2",
            notice,
            chat
        )?;
        Ok(found.map(PassRow::from))
    }

    /// Stores a link; one that is there already gets its token and its time anew.
    #[expect(clippy::too_many_arguments, reason = "one row")]
    pub async fn insert_pass(
        &mut self,
        notice: i64,
        chat: i64,
        unit: &str,
        nonce: &str,
        token_sha256: &str,
        now: DateTime<Utc>,
        expires_at: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        sql!(
            self,
            execute,
            "INSERT INTO pass (notice_id, chat_id, unit, nonce, token_sha256, made_at, expires_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (notice_id, chat_id)
             DO UPDATE SET token_sha256 = excluded.token_sha256, expires_at = excluded.expires_at",
            notice,
            chat,
            unit,
            nonce,
            token_sha256,
            millis(now),
            millis(expires_at)
        )?;
        Ok(())
    }

    /// The link of a token.
    pub async fn pass(&mut self, token_sha256: &str) -> Result<Option<PassRow>, StoreError> {
        let found = sql!(
            self,
            opt Record,
            "SELECT id, notice_id, chat_id, unit, nonce, expires_at FROM pass WHERE token_sha256 = $1",
            token_sha256
        )?;
        Ok(found.map(PassRow::from))
    }

    /// Whether somebody who acts for a unit reads a chat, by a binding in force.
    pub async fn chat_reads_unit(&mut self, chat: i64, unit: &str) -> Result<bool, StoreError> {
        Ok(sql!(
            self,
            scalar i64,
            "SELECT COUNT(*) FROM person WHERE chat_id = $1 AND role = 'unit_admin' AND unit = $2 AND revoked_at IS NULL",
            chat,
            unit
        )? > 0)
    }

    /// Ends every link of a unit in a chat.
    pub async fn end_passes_of(&mut self, chat: i64, unit: &str, now: DateTime<Utc>) -> Result<(), StoreError> {
        sql!(
            self,
            execute,
            "UPDATE pass SET expires_at = $3 WHERE chat_id = $1 AND unit = $2 AND expires_at > $3",
            chat,
            unit,
            millis(now)
        )?;
        Ok(())
    }

    /// What was done through a link, oldest first.
    pub async fn acts_of_pass(&mut self, pass: i64) -> Result<Vec<PassAct>, StoreError> {
        let rows = sql!(
            self,
            all(i64, String, i64),
            "SELECT issue_id, act, at FROM pass_act WHERE pass_id = $1 ORDER BY at, issue_id",
            pass
        )?;
        Ok(rows.into_iter().map(|(issue, act, at)| PassAct { issue, act, at: instant(at) }).collect())
    }

    /// Uses an act of a link up; `false` when it was used before.
    pub async fn use_pass(&mut self, pass: i64, issue: i64, act: &str, now: DateTime<Utc>) -> Result<bool, StoreError> {
        let done = sql!(
            self,
            execute,
            "INSERT INTO pass_act (pass_id, issue_id, act, at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
            pass,
            issue,
            act,
            millis(now)
        )?;
        Ok(done == 1)
    }
}
