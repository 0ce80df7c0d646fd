//! The outbox: one row a notice and chat, claimed before the call, settled after it.

use chrono::{DateTime, TimeDelta, Utc};

use super::engine::sql;
use super::people::Chat;
use super::{StoreError, Tx, instant, millis};
use crate::domain::keyed::keyed_enum;

keyed_enum! {
    /// Where a delivery stands.
    DeliveryStatus {
        Queued = "queued", "待发送", "Queued";
        Sending = "sending", "发送中", "Sending";
        Sent = "sent", "已送达", "Sent";
        Failed = "failed", "未送达", "Failed";
    }
}

/// A delivery this process may make until its lease runs out.
#[derive(Debug, Clone)]
pub struct Claimed {
    /// Row.
    pub id: i64,
    /// The notice.
    pub notice_id: i64,
    /// The chat.
    pub chat: Chat,
    /// Tries so far, this one included.
    pub attempts: i64,
    /// The attempt row written for this try.
    pub attempt_id: i64,
}

/// A notice that has not reached a reader (未送达清单).
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Undelivered {
    /// Number of the notice.
    pub number: String,
    /// The unit it was for; `None`: the supervisors.
    pub unit: Option<String>,
    /// Why, in the channel's words; `None`: no chat is bound.
    pub last_error: Option<String>,
}

#[derive(sqlx::FromRow)]
struct Due {
    id: i64,
    notice_id: i64,
    chat_id: i64,
    status: String,
    attempts: i64,
}

/// Key of the lock under which deliveries are claimed one after another on PostgreSQL.
const CLAIM_LOCK: i64 = 0x7875_6e63_686f;

/// Deliveries that are due by a channel that runs here, oldest first in each chat: nothing overtakes an
/// earlier message of the same chat that is due; one that is being tried again holds its chat until then;
/// what quiet hours hold back lets an urgent one pass; and two never go to one chat at once.
const DUE: &str = "SELECT d.id, d.notice_id, d.chat_id, d.status, d.attempts
 FROM delivery d JOIN chat c ON c.id = d.chat_id
 WHERE d.status IN ('queued', 'sending')
     AND ((d.status = 'queued' AND d.due_at <= $1) OR (d.status = 'sending' AND d.lease_until <= $1))
     AND c.retired_at IS NULL AND c.next_send_at <= $1 AND c.channel NOT IN ($2, $3)
     AND NOT EXISTS (SELECT 1 FROM delivery e
         WHERE e.chat_id = d.chat_id AND e.status IN ('queued', 'sending') AND e.id <> d.id
             AND ((e.id < d.id AND (e.status = 'sending' OR e.due_at <= $1))
                  OR (e.status = 'sending' AND e.lease_until > $1)))
 ORDER BY d.due_at, d.id LIMIT 1";

impl Tx {
    /// Takes the lock under which deliveries are claimed; held until this transaction ends.
    async fn lock_claims(&mut self) -> Result<(), StoreError> {
        if self.locks_rows() {
            sql!(self, execute, "SELECT pg_advisory_xact_lock($1)", CLAIM_LOCK)?;
        }
        Ok(())
    }

    /// Puts off what is due, or was cut off, to the end of quiet hours; what is urgent stays due.
    pub async fn hold_quiet(&mut self, now: DateTime<Utc>, until: DateTime<Utc>) -> Result<(), StoreError> {
        // Why before any row: whoever claims holds this lock and wants the rows that are put off here.
        self.lock_claims().await?;
        sql!(
            self,
            execute,
            "UPDATE delivery SET status = 'queued', lease_until = NULL, due_at = $2
             WHERE ((status = 'queued' AND due_at <= $1) OR (status = 'sending' AND lease_until <= $1))
                 AND EXISTS (SELECT 1 FROM notice n WHERE n.id = delivery.notice_id AND n.urgent = $3)",
            millis(now),
            millis(until),
            false
        )?;
        Ok(())
    }

    /// Claims the next delivery that is due and writes its attempt, before any call is made; none of an
    /// `absent` channel.
    pub async fn claim_delivery(
        &mut self,
        now: DateTime<Utc>,
        lease_until: DateTime<Utc>,
        absent: [&str; 2],
    ) -> Result<Option<Claimed>, StoreError> {
        // Why: two claims side by side would both see nothing being sent to a chat, and its messages
        // would overtake one another.
        self.lock_claims().await?;
        let Some(due) = sql!(self, opt Due, DUE, millis(now), absent[0], absent[1])? else { return Ok(None) };
        // Why guarded: a process whose lease ran out may just be writing down that it went out after all.
        let claimed = sql!(
            self,
            scalar_opt i64,
            "UPDATE delivery SET status = 'sending', lease_until = $2, attempts = attempts + 1
             WHERE id = $1 AND status = $3 AND attempts = $4 RETURNING attempts",
            due.id,
            millis(lease_until),
            due.status.as_str(),
            due.attempts
        )?;
        let Some(attempts) = claimed else { return Ok(None) };
        sql!(
            self,
            execute,
            "UPDATE attempt SET ended_at = $2, outcome = 'cut_off' WHERE delivery_id = $1 AND ended_at IS NULL",
            due.id,
            millis(now)
        )?;
        let attempt_id = sql!(
            self,
            scalar i64,
            "INSERT INTO attempt (delivery_id, started_at) VALUES ($1, $2) RETURNING id",
            due.id,
            millis(now)
        )?;
        let chat = self.chat(due.chat_id).await?;
        Ok(Some(Claimed { id: due.id, notice_id: due.notice_id, chat, attempts, attempt_id }))
    }

    /// A channel accepted a message; `true` when it is the notice's first acceptance.
    pub async fn settle_sent(
        &mut self,
        claimed: &Claimed,
        message_id: &str,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        self.end_attempt(claimed, "sent", None, now).await?;
        sql!(
            self,
            execute,
            "UPDATE delivery SET status = 'sent', lease_until = NULL, message_id = $2, sent_at = $3, last_error = NULL
             WHERE id = $1",
            claimed.id,
            message_id,
            millis(now)
        )?;
        let first = sql!(
            self,
            execute,
            "UPDATE notice SET delivered_at = $2 WHERE id = $1 AND delivered_at IS NULL",
            claimed.notice_id,
            millis(now)
        )?;
        Ok(first == 1)
    }

    /// A try failed and is repeated at `again_at`.
    pub async fn settle_later(
        &mut self,
        claimed: &Claimed,
        outcome: &str,
        error: &str,
        again_at: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        self.end_attempt(claimed, outcome, Some(error), now).await?;
        sql!(
            self,
            execute,
            "UPDATE delivery SET status = 'queued', lease_until = NULL, due_at = $2, last_error = $3
             WHERE id = $1 AND status = 'sending' AND attempts = $4",
            claimed.id,
            millis(again_at),
            error,
            claimed.attempts
        )?;
        Ok(())
    }

    /// How many parts of a delivery its channel has, and what they were cut from.
    pub async fn parts_sent(&mut self, delivery: i64) -> Result<(i64, Option<String>), StoreError> {
        Ok(sql!(
            self,
            one(i64, Option<String>),
            "SELECT parts_sent, parts_sha256 FROM delivery WHERE id = $1",
            delivery
        )?)
    }

    /// A channel accepted one part of a message, with more to come: the delivery is due again at once.
    pub async fn settle_part(
        &mut self,
        claimed: &Claimed,
        parts: i64,
        sha256: &str,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        self.end_attempt(claimed, "part", None, now).await?;
        sql!(
            self,
            execute,
            "UPDATE delivery SET status = 'queued', lease_until = NULL, due_at = $2, parts_sent = $3, parts_sha256 = $4,
                 last_error = NULL
             WHERE id = $1 AND status = 'sending' AND attempts = $5",
            claimed.id,
            millis(now),
            parts,
            sha256,
            claimed.attempts
        )?;
        Ok(())
    }

    /// A try failed for good.
    pub async fn settle_failed(
        &mut self,
        claimed: &Claimed,
        error: &str,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        self.end_attempt(claimed, "refused", Some(error), now).await?;
        sql!(
            self,
            execute,
            "UPDATE delivery SET status = 'failed', lease_until = NULL, last_error = $2
             WHERE id = $1 AND status = 'sending' AND attempts = $3",
            claimed.id,
            error,
            claimed.attempts
        )?;
        Ok(())
    }

    async fn end_attempt(
        &mut self,
        claimed: &Claimed,
        outcome: &str,
        error: Option<&str>,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        sql!(
            self,
            execute,
            "UPDATE attempt SET ended_at = $2, outcome = $3, error = $4 WHERE id = $1",
            claimed.attempt_id,
            millis(now),
            outcome,
            error
        )?;
        Ok(())
    }

    /// No message goes to a chat before `at`.
    pub async fn hold_chat(&mut self, chat: i64, at: DateTime<Utc>) -> Result<(), StoreError> {
        sql!(self, execute, "UPDATE chat SET next_send_at = $2 WHERE id = $1 AND next_send_at < $2", chat, millis(at))?;
        Ok(())
    }

    /// The tries that may have reached the channel since `since`: when each ended, in order; those that
    /// are under way (`None`) last.
    pub async fn recent_attempts(
        &mut self,
        now: DateTime<Utc>,
        since: DateTime<Utc>,
    ) -> Result<Vec<Option<DateTime<Utc>>>, StoreError> {
        // A try that has not ended after twice the longest call belongs to a process that is gone.
        let mut ended = sql!(
            self,
            scalars Option<i64>,
            "SELECT ended_at FROM attempt WHERE started_at > $1 AND (ended_at IS NULL OR ended_at > $2)",
            millis(now - TimeDelta::seconds(40)),
            millis(since)
        )?;
        ended.sort_by_key(|at| at.unwrap_or(i64::MAX));
        Ok(ended.into_iter().map(|at| at.map(instant)).collect())
    }

    /// When the next delivery can be made, as far as the database knows, by channels that are not `absent`.
    pub async fn next_delivery_at(&mut self, absent: [&str; 2]) -> Result<Option<DateTime<Utc>>, StoreError> {
        Ok(sql!(
            self,
            scalar Option<i64>,
            "SELECT MIN(CASE WHEN d.status = 'sending' AND d.lease_until > c.next_send_at THEN d.lease_until
                             WHEN d.status = 'sending' THEN c.next_send_at
                             WHEN EXISTS (SELECT 1 FROM delivery e
                                          WHERE e.chat_id = d.chat_id AND e.status IN ('queued', 'sending') AND e.id <> d.id
                                          AND e.status = 'sending') THEN NULL
                             WHEN d.due_at > c.next_send_at THEN d.due_at ELSE c.next_send_at END)
             FROM delivery d JOIN chat c ON c.id = d.chat_id
             WHERE d.status IN ('queued', 'sending') AND c.retired_at IS NULL AND c.channel NOT IN ($1, $2)",
            absent[0],
            absent[1]
        )?
        .map(instant))
    }

    /// How many outbox rows stand where.
    pub async fn delivery_counts(&mut self) -> Result<Vec<(DeliveryStatus, i64)>, StoreError> {
        sql!(self, all(String, i64), "SELECT status, COUNT(*) FROM delivery GROUP BY status ORDER BY status")?
            .into_iter()
            .map(|(status, count)| Ok((super::word(&status)?, count)))
            .collect()
    }

    /// How many deliveries are due at `now`, for `notices send --dry-run` and metrics.
    pub async fn due_deliveries(&mut self, now: DateTime<Utc>) -> Result<Vec<(i64, i64)>, StoreError> {
        Ok(sql!(
            self,
            all(i64, i64),
            "SELECT d.notice_id, d.chat_id FROM delivery d JOIN chat c ON c.id = d.chat_id
             WHERE d.status = 'queued' AND d.due_at <= $1 AND c.retired_at IS NULL ORDER BY d.id",
            millis(now)
        )?)
    }

    /// Fails every open delivery to a chat that refuses for good.
    pub async fn fail_deliveries_to(&mut self, chat: i64, error: &str) -> Result<(), StoreError> {
        sql!(
            self,
            execute,
            "UPDATE delivery SET status = 'failed', lease_until = NULL, last_error = $2
             WHERE chat_id = $1 AND status = 'queued'",
            chat,
            error
        )?;
        Ok(())
    }

    /// A chat turns out to be one that the office knows by another number: its readers and what waits
    /// for them go over, and it is retired.
    pub async fn join_chats(&mut self, old: i64, new: i64, now: DateTime<Utc>) -> Result<(), StoreError> {
        // What failed at the new address and waits at the old one is tried again, where it stands.
        sql!(
            self,
            execute,
            "UPDATE delivery SET status = 'queued', lease_until = NULL, due_at =
                 (SELECT MIN(o.due_at) FROM delivery o WHERE o.chat_id = $1 AND o.notice_id = delivery.notice_id)
             WHERE chat_id = $2 AND status = 'failed'
                 AND EXISTS (SELECT 1 FROM delivery o WHERE o.chat_id = $1 AND o.notice_id = delivery.notice_id
                             AND o.status IN ('queued', 'sending'))",
            old,
            new
        )?;
        sql!(
            self,
            execute,
            "UPDATE delivery SET chat_id = $2 WHERE chat_id = $1 AND status IN ('queued', 'sending')
                 AND NOT EXISTS (SELECT 1 FROM delivery e WHERE e.chat_id = $2 AND e.notice_id = delivery.notice_id)",
            old,
            new
        )?;
        let why = "the group is known at its new address";
        self.fail_deliveries_to(old, why).await?;
        sql!(self, execute, "UPDATE person SET chat_id = $2 WHERE chat_id = $1", old, new)?;
        sql!(self, execute, "UPDATE chat SET retired_at = NULL, retired_why = NULL WHERE id = $1", new)?;
        self.retire_chat(old, why, now).await
    }

    /// How the tries of all time came out; those under way or cut off without a successor are `open`.
    pub async fn attempt_counts(&mut self) -> Result<Vec<(String, i64)>, StoreError> {
        Ok(sql!(
            self,
            all(String, i64),
            "SELECT COALESCE(outcome, 'open') AS came, COUNT(*) FROM attempt GROUP BY came ORDER BY came"
        )?)
    }

    /// When the oldest notice was written that should have gone out by `now` and has not.
    pub async fn oldest_unsent(&mut self, now: DateTime<Utc>) -> Result<Option<DateTime<Utc>>, StoreError> {
        Ok(sql!(
            self,
            scalar Option<i64>,
            "SELECT MIN(n.created_at) FROM delivery d JOIN chat c ON c.id = d.chat_id JOIN notice n ON n.id = d.notice_id
             WHERE d.status IN ('queued', 'sending') AND c.retired_at IS NULL AND (d.due_at <= $1 OR d.attempts > 0)",
            millis(now)
        )?
        .map(instant))
    }

    /// Takes back what waits for the chat of a binding that was revoked and which no other binding there
    /// may read; what nobody has received by then waits for the next who is bound.
    pub async fn withdraw_deliveries_of(&mut self, person: i64, why: &str) -> Result<(), StoreError> {
        sql!(
            self,
            execute,
            "UPDATE delivery SET status = 'failed', lease_until = NULL, last_error = $2
             WHERE status IN ('queued', 'sending') AND chat_id = (SELECT p.chat_id FROM person p WHERE p.id = $1)
                 AND NOT EXISTS (SELECT 1 FROM notice n WHERE n.id = delivery.notice_id AND n.kind = 'farewell')
                 AND NOT EXISTS (SELECT 1 FROM person q JOIN notice n ON n.id = delivery.notice_id
                     WHERE q.chat_id = delivery.chat_id AND q.revoked_at IS NULL
                         AND ((n.unit IS NULL AND q.role = 'supervisor')
                              OR (q.role = 'unit_admin' AND q.unit = n.unit)))",
            person,
            why
        )?;
        Ok(())
    }

    /// Takes back the last words to a channel's user who is bound again before they went out.
    pub async fn withdraw_farewells_of(&mut self, user_key: &str, why: &str) -> Result<(), StoreError> {
        sql!(
            self,
            execute,
            "UPDATE delivery SET status = 'failed', lease_until = NULL, last_error = $2
             WHERE status IN ('queued', 'sending')
                 AND notice_id IN (SELECT n.id FROM notice n JOIN person p ON n.dedup_key = 'farewell:' || p.id
                                   WHERE n.kind = 'farewell' AND p.user_key = $1)",
            user_key,
            why
        )?;
        Ok(())
    }

    /// When the last rectification notice on an issue that still waits for its hour is due.
    pub async fn rectification_due(&mut self, issue: i64) -> Result<Option<DateTime<Utc>>, StoreError> {
        Ok(sql!(
            self,
            scalar Option<i64>,
            "SELECT MAX(d.due_at) FROM delivery d JOIN notice n ON n.id = d.notice_id
                 JOIN notice_issue ni ON ni.notice_id = n.id
             WHERE ni.issue_id = $1 AND n.kind = 'rectification' AND d.status = 'queued'",
            issue
        )?
        .map(instant))
    }

    /// Notices older than `before` that reached nobody.
    pub async fn undelivered(&mut self, before: DateTime<Utc>) -> Result<Vec<Undelivered>, StoreError> {
        Ok(sql!(
            self,
            all Undelivered,
            "SELECT n.number, n.unit,
                 COALESCE((SELECT MAX(d.last_error) FROM delivery d WHERE d.notice_id = n.id),
                          (SELECT 'waits for the channel ' || MIN(c.channel) FROM delivery d JOIN chat c ON c.id = d.chat_id
                           WHERE d.notice_id = n.id AND d.status = 'queued')) AS last_error
             FROM notice n WHERE n.delivered_at IS NULL AND n.created_at < $1 AND n.kind NOT IN ('digest', 'farewell')
                 AND NOT EXISTS (SELECT 1 FROM delivery d WHERE d.notice_id = n.id
                                 AND d.status = 'queued' AND d.attempts = 0 AND d.due_at >= $1)
                 AND NOT EXISTS (SELECT 1 FROM event e WHERE e.subject_kind = 'notice' AND e.subject_id = n.number
                                 AND e.kind = 'withdrawn')
             ORDER BY n.id",
            millis(before)
        )?)
    }
}
