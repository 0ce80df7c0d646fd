//! Requests that wait for a second supervisor's word (双人复核).

use chrono::{DateTime, Utc};

use super::engine::sql;
use super::{StoreError, Tx, instant, millis, word};
use crate::domain::keyed::keyed_enum;

keyed_enum! {
    /// What one supervisor may not do alone.
    ApprovalKind {
        Close = "close", "未经复查销号", "Closing without a passed recheck";
        Notices = "notices", "批量发出通知", "Sending notices to many units";
    }
}

/// A request about to be stored.
#[derive(Debug, Clone, Copy)]
pub struct NewApproval<'a> {
    /// What for.
    pub kind: ApprovalKind,
    /// The issue, or the row of the round.
    pub subject: i64,
    /// What the asker said.
    pub note: &'a str,
    /// Who asks, as history shows it.
    pub by: &'a str,
    /// Who asks, so that nobody answers themselves.
    pub key: &'a str,
    /// When.
    pub at: DateTime<Utc>,
    /// Until when it may be answered.
    pub expires_at: DateTime<Utc>,
}

/// A request as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Approval {
    /// Number.
    pub id: i64,
    /// What for.
    pub kind: ApprovalKind,
    /// The issue, or the row of the round.
    pub subject: i64,
    /// What the asker said.
    pub note: String,
    /// Who asks, as history shows it.
    pub by: String,
    /// Who asks.
    pub key: String,
    /// Until when it may be answered.
    pub expires_at: DateTime<Utc>,
    /// When it was answered or lapsed.
    pub answered_at: Option<DateTime<Utc>>,
    /// Who answered; empty where nobody did in time.
    pub answered_by: Option<String>,
    /// What the answer was.
    pub approved: Option<bool>,
}

impl Approval {
    /// Whether somebody asked for it themselves, on this channel or, going by the name, on another.
    #[must_use]
    pub fn is_by(&self, name: &str, key: &str) -> bool {
        self.key == key || self.by == name
    }
}

#[derive(sqlx::FromRow)]
struct Row {
    id: i64,
    kind: String,
    subject_id: i64,
    note: String,
    asked_by: String,
    asked_key: String,
    expires_at: i64,
    answered_at: Option<i64>,
    answered_by: Option<String>,
    approved: Option<bool>,
}

impl TryFrom<Row> for Approval {
    type Error = StoreError;
    fn try_from(row: Row) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.id,
            kind: word(&row.kind)?,
            subject: row.subject_id,
            note: row.note,
            by: row.asked_by,
            key: row.asked_key,
            expires_at: instant(row.expires_at),
            answered_at: row.answered_at.map(instant),
            answered_by: row.answered_by,
            approved: row.approved,
        })
    }
}

impl Tx {
    /// Stores a request; gives its number, `None` where one for the same thing is open already.
    pub async fn insert_approval(&mut self, new: NewApproval<'_>) -> Result<Option<i64>, StoreError> {
        Ok(sql!(
            self,
            scalar_opt i64,
            "INSERT INTO approval (kind, subject_id, note, asked_by, asked_key, asked_at, expires_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING RETURNING id",
            new.kind.key(),
            new.subject,
            new.note,
            new.by,
            new.key,
            millis(new.at),
            millis(new.expires_at)
        )?)
    }

    /// One request.
    pub async fn approval(&mut self, id: i64) -> Result<Option<Approval>, StoreError> {
        sql!(self, opt Row, "SELECT * FROM approval WHERE id = $1", id)?.map(Approval::try_from).transpose()
    }

    /// The open request for something.
    pub async fn open_approval(&mut self, kind: ApprovalKind, subject: i64) -> Result<Option<Approval>, StoreError> {
        sql!(
            self,
            opt Row,
            "SELECT * FROM approval WHERE kind = $1 AND subject_id = $2 AND answered_at IS NULL",
            kind.key(),
            subject
        )?
        .map(Approval::try_from)
        .transpose()
    }

    /// Requests that are still open, oldest first.
    pub async fn open_approvals(&mut self) -> Result<Vec<Approval>, StoreError> {
        sql!(self, all Row, "SELECT * FROM approval WHERE answered_at IS NULL ORDER BY id")?
            .into_iter()
            .map(Approval::try_from)
            .collect()
    }

    /// Rounds with requests to send notices none of which is open, and the last of them.
    pub async fn unsent_requests(&mut self) -> Result<Vec<(i64, i64)>, StoreError> {
        Ok(sql!(
            self,
            all(i64, i64),
            "SELECT subject_id, MAX(id) FROM approval WHERE kind = 'notices'
             GROUP BY subject_id HAVING COUNT(*) = COUNT(answered_at) ORDER BY subject_id"
        )?)
    }

    /// Answers an open request; `false` when somebody did before. An empty `by`: it lapsed.
    pub async fn answer_approval(
        &mut self,
        id: i64,
        approved: bool,
        by: &str,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let done = sql!(
            self,
            execute,
            "UPDATE approval SET answered_at = $2, answered_by = $3, approved = $4
             WHERE id = $1 AND answered_at IS NULL",
            id,
            millis(now),
            by,
            approved
        )?;
        Ok(done == 1)
    }

    /// Makes a request of the machine's a person's, whose agreement is the first of the two.
    pub async fn adopt_approval(&mut self, id: i64, by: &str, key: &str) -> Result<(), StoreError> {
        sql!(
            self,
            execute,
            "UPDATE approval SET asked_by = $2, asked_key = $3 WHERE id = $1 AND answered_at IS NULL",
            id,
            by,
            key
        )?;
        Ok(())
    }

    /// Whether a recheck has passed since the rectification of an issue was last reported.
    pub async fn recheck_passed(&mut self, issue: i64) -> Result<bool, StoreError> {
        let subject = issue.to_string();
        Ok(sql!(
            self,
            scalar i64,
            "SELECT COUNT(*) FROM event e WHERE e.subject_kind = 'issue' AND e.subject_id = $1 AND e.kind = 'rechecked'
                 AND e.data_json = $2
                 AND e.id > (SELECT COALESCE(MAX(x.id), 0) FROM event x WHERE x.subject_kind = 'issue'
                             AND x.subject_id = $1 AND x.kind IN ('rectified', 'found_again', 'reopened', 'rejected'))",
            &subject,
            r#"{"passed":true}"#
        )? > 0)
    }
}
