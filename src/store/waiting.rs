//! Notices that have reached nobody yet: for whom they wait, and those taken back before anybody read them.
//!
//! That a notice was withdrawn is an event of its own; nothing else tells it.

use super::engine::sql;
use super::{StoreError, Tx, json};
use crate::domain::notice::NoticeBody;

impl Tx {
    /// An event on a notice: it was withdrawn before anybody had it.
    pub const WITHDRAWN: &str = "withdrawn";
    /// An event on a notice: what had ended was left out before anybody had it.
    pub const NARROWED: &str = "narrowed";

    /// Notices nobody has received yet and which no chat is about to receive, for a unit or the supervisors.
    pub async fn waiting_notices(&mut self, unit: Option<&str>) -> Result<Vec<(i64, bool)>, StoreError> {
        Ok(sql!(
            self,
            all (i64, bool),
            "SELECT n.id, n.urgent FROM notice n
             WHERE n.delivered_at IS NULL AND COALESCE(n.unit, '') = COALESCE($1, '') AND n.kind <> 'farewell'
                 AND NOT EXISTS (SELECT 1 FROM delivery d WHERE d.notice_id = n.id AND d.status IN ('queued', 'sending'))
                 AND NOT EXISTS (SELECT 1 FROM event e WHERE e.subject_kind = 'notice' AND e.subject_id = n.number
                                 AND e.kind = 'withdrawn')
             ORDER BY n.id",
            unit
        )?)
    }

    /// Notices nobody has received yet and which no chat is about to receive, with the chats in which
    /// their readers are bound.
    pub async fn stranded_notices(&mut self) -> Result<Vec<(i64, bool, i64)>, StoreError> {
        Ok(sql!(
            self,
            all (i64, bool, i64),
            "SELECT DISTINCT n.id, n.urgent, p.chat_id FROM person p JOIN chat c ON c.id = p.chat_id
                 JOIN notice n ON COALESCE(n.unit, '') = CASE p.role WHEN 'unit_admin' THEN p.unit ELSE '' END
             WHERE p.revoked_at IS NULL AND c.retired_at IS NULL AND p.role IN ('unit_admin', 'supervisor')
                 AND n.delivered_at IS NULL AND n.kind <> 'farewell'
                 AND NOT EXISTS (SELECT 1 FROM delivery d WHERE d.notice_id = n.id AND d.status IN ('queued', 'sending'))
                 AND NOT EXISTS (SELECT 1 FROM event e WHERE e.subject_kind = 'notice' AND e.subject_id = n.number
                                 AND e.kind = 'withdrawn')
             ORDER BY n.id, p.chat_id"
        )?)
    }

    /// Whether somebody may have read a notice, or is about to: it was accepted, is queued, or nobody knows
    /// what became of a try.
    pub async fn may_have_arrived(&mut self, notice: i64) -> Result<bool, StoreError> {
        Ok(sql!(
            self,
            scalar i64,
            "SELECT (SELECT COUNT(*) FROM notice WHERE id = $1 AND delivered_at IS NOT NULL)
                 + (SELECT COUNT(*) FROM delivery WHERE notice_id = $1 AND status IN ('queued', 'sending'))
                 + (SELECT COUNT(*) FROM attempt a JOIN delivery d ON d.id = a.delivery_id WHERE d.notice_id = $1
                    AND (a.outcome IS NULL OR a.outcome IN ('sent', 'part', 'unknown', 'cut_off')))",
            notice
        )? > 0)
    }

    /// The rectification notices that tell of an issue, oldest first.
    pub async fn rectifications_of(&mut self, issue: i64) -> Result<Vec<i64>, StoreError> {
        Ok(sql!(
            self,
            scalars i64,
            "SELECT n.id FROM notice n JOIN notice_issue ni ON ni.notice_id = n.id
             WHERE ni.issue_id = $1 AND n.kind = 'rectification' ORDER BY n.id",
            issue
        )?)
    }

    /// Writes a notice that nobody has read anew, without what it no longer tells of.
    pub async fn narrow_notice(&mut self, id: i64, body: &NoticeBody, gone: &[i64]) -> Result<(), StoreError> {
        sql!(self, execute, "UPDATE notice SET body_json = $2 WHERE id = $1", id, json(body)?)?;
        for issue in gone {
            sql!(self, execute, "DELETE FROM notice_issue WHERE notice_id = $1 AND issue_id = $2", id, *issue)?;
        }
        Ok(())
    }
}
