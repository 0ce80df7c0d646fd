//! What a judged round opens, many rows a statement: its issues, and what their notices have to know.

use std::collections::{HashMap, HashSet};

use chrono_tz::Tz;

use super::engine::{ROWS_AT_ONCE, insert_rows, sql};
use super::issues::{NewIssue, Row, StoredIssue, select};
use super::{StoreError, Tx, json, millis};
use crate::domain::account::AccountId;

impl Tx {
    /// Opens issues in their order; gives their numbers.
    pub async fn insert_issues(&mut self, new: &[NewIssue<'_>]) -> Result<Vec<i64>, StoreError> {
        let head = "INSERT INTO issue (round_id, account_id, unit, family, indicator, subject, class, status, summary,
                 as_of, rule_json, evidence_json, opened_at, due_provisional) ";
        let mut rows = Vec::with_capacity(new.len());
        for issue in new {
            rows.push((issue, json(&issue.finding.rule)?, json(&issue.finding.evidence)?));
        }
        for rows in rows.chunks(ROWS_AT_ONCE) {
            insert_rows!(self, head, rows, "", |values, (new, rule, evidence)| {
                let finding = new.finding;
                values
                    .push_bind(new.round_id)
                    .push_bind(finding.account_id.as_str())
                    .push_bind(new.unit)
                    .push_bind(finding.indicator.family())
                    .push_bind(finding.indicator.key())
                    .push_bind(finding.subject.as_str())
                    .push_bind(finding.class.key())
                    .push_bind("open")
                    .push_bind(finding.summary.as_str())
                    .push_bind(millis(finding.as_of.utc()))
                    .push_bind(rule.as_str())
                    .push_bind(evidence.as_str())
                    .push_bind(millis(new.opened_at))
                    .push_bind(false);
            })?;
        }
        let accounts: Vec<&AccountId> = new.iter().map(|new| &new.finding.account_id).collect();
        let text =
            format!("SELECT account_id, family, subject, id FROM issue WHERE {}", self.is_listed("account_id", "$1"));
        let rows = sql!(self, all(String, String, String, i64), sqlx::AssertSqlSafe(text.as_str()), json(&accounts)?)?;
        let ids: HashMap<_, i64> =
            rows.into_iter().map(|(account, family, subject, id)| ((account, family, subject), id)).collect();
        let numbered = new.iter().map(|new| {
            let finding = new.finding;
            let key = (finding.account_id.to_string(), finding.indicator.family().to_owned(), finding.subject.clone());
            let missing = || StoreError::Missing { kind: "issue", id: finding.account_id.to_string() };
            ids.get(&key).copied().ok_or_else(missing)
        });
        numbered.collect()
    }

    /// Notes which findings of a round the issues rest on: issue, round, finding.
    pub async fn link_issues(&mut self, found: &[(i64, i64, i64)]) -> Result<(), StoreError> {
        let head = "INSERT INTO issue_round (issue_id, round_id, finding_id) ";
        for rows in found.chunks(ROWS_AT_ONCE) {
            insert_rows!(self, head, rows, " ON CONFLICT DO NOTHING", |values, (issue, round, finding)| {
                values.push_bind(*issue).push_bind(*round).push_bind(*finding);
            })?;
        }
        Ok(())
    }

    /// Every issue these accounts ever had, without events.
    pub async fn issues_of_accounts(
        &mut self,
        accounts: &[&AccountId],
        zone: Tz,
    ) -> Result<Vec<StoredIssue>, StoreError> {
        let text = select(&format!("WHERE {} ORDER BY i.id", self.is_listed("i.account_id", "$1")));
        sql!(self, all Row, text, json(&accounts)?)?.into_iter().map(|row| row.into_stored(zone, Vec::new())).collect()
    }

    /// The issues of these units and of a round that no notice has told of yet, by number, without events.
    pub async fn issues_to_tell(
        &mut self,
        round: i64,
        units: &[&str],
        zone: Tz,
    ) -> Result<Vec<StoredIssue>, StoreError> {
        let text = select(&format!(
            "JOIN issue_round x ON x.issue_id = i.id
             WHERE x.round_id = $1 AND {}
                 AND (i.status = 'open' OR (i.notified_at IS NULL AND i.closed_at IS NULL))
                 AND NOT EXISTS (SELECT 1 FROM notice_issue ni JOIN notice n ON n.id = ni.notice_id
                                 WHERE ni.issue_id = i.id AND n.kind = 'rectification' AND n.created_at >= i.opened_at)
             ORDER BY i.id",
            self.is_listed("i.unit", "$2")
        ));
        sql!(self, all Row, text, round, json(&units)?)?
            .into_iter()
            .map(|row| row.into_stored(zone, Vec::new()))
            .collect()
    }

    /// Those of these issues that rest on a finding a person confirmed.
    pub async fn judged_by_people(&mut self, issues: &[i64]) -> Result<HashSet<i64>, StoreError> {
        let rows = if self.locks_rows() { "jsonb_array_elements_text($1::jsonb)" } else { "json_each($1)" };
        let text = format!(
            "SELECT DISTINCT x.issue_id FROM issue_round x JOIN finding f ON f.id = x.finding_id
             WHERE f.decided_at IS NOT NULL AND f.outcome = 'fail'
                 AND x.issue_id IN (SELECT CAST(value AS BIGINT) FROM {rows})"
        );
        let found = sql!(self, scalars i64, sqlx::AssertSqlSafe(text.as_str()), json(&issues)?)?;
        Ok(found.into_iter().collect())
    }

    /// The units a round has written rectification notices to.
    pub async fn units_told(&mut self, round: i64) -> Result<HashSet<String>, StoreError> {
        let text =
            "SELECT DISTINCT unit FROM notice WHERE round_id = $1 AND kind = 'rectification' AND unit IS NOT NULL
             AND NOT EXISTS (SELECT 1 FROM event e WHERE e.subject_kind = 'notice' AND e.subject_id = notice.number
                             AND e.kind = 'withdrawn')";
        Ok(sql!(self, scalars String, text, round)?.into_iter().collect())
    }
}
