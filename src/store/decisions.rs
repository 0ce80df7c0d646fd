//! What people decided of doubtful findings.

use std::collections::HashMap;

use chrono::{DateTime, Utc};

use super::engine::sql;
use super::{StoreError, Tx, from_json, millis, word};
use crate::domain::account::AccountId;
use crate::domain::finding::{Evidence, Finding, Outcome};
use crate::domain::rule::Indicator;

/// What a person decided of a finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decided {
    /// `fail` confirmed, `pass` dismissed.
    pub outcome: Outcome,
    /// What the finding said.
    pub summary: String,
    /// The personal numbers that it rested on.
    pub numbers: Vec<String>,
}

impl Tx {
    /// The verdict of a person; `false` when the finding no longer has the verdict `from`.
    pub async fn decide_finding(
        &mut self,
        id: i64,
        from: Outcome,
        to: Outcome,
        by: &str,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let done = sql!(
            self,
            execute,
            "UPDATE finding SET outcome = $3, decided_by = $4, decided_at = $5, next_look_at = NULL
             WHERE id = $1 AND outcome = $2",
            id,
            from.key(),
            to.key(),
            by,
            millis(now)
        )?;
        Ok(done == 1)
    }

    /// Gives the same verdict to doubtful findings on the same defect in other rounds; their numbers.
    ///
    /// Only to those that say the same: one account may be charged with several things in turn, under one
    /// indicator. The subject of wrong wording names post and word, which is all there is to decide.
    pub async fn decide_siblings(
        &mut self,
        finding: &Finding,
        to: Outcome,
        by: &str,
        now: DateTime<Utc>,
    ) -> Result<Vec<i64>, StoreError> {
        Ok(sql!(
            self,
            scalars i64,
            "UPDATE finding SET outcome = $5, decided_by = $6, decided_at = $7, next_look_at = NULL
             WHERE account_id = $1 AND indicator = $2 AND subject = $3 AND id <> $4 AND outcome = 'suspected'
                 AND (indicator = 'expression' OR summary = $8)
             RETURNING id",
            finding.account_id.as_str(),
            finding.indicator.key(),
            &finding.subject,
            finding.id,
            to.key(),
            by,
            millis(now),
            &finding.summary
        )?)
    }

    /// The last decision of a person on each doubt that would be raised again as it was, by account.
    ///
    /// A confirmed one whose issue was taken back afterwards (撤销, 排除) counts as dismissed.
    pub async fn decided_by_people(
        &mut self,
    ) -> Result<HashMap<AccountId, HashMap<(Indicator, String), Decided>>, StoreError> {
        let rows = sql!(
            self,
            all(String, String, String, String, String, String),
            "SELECT f.account_id, f.indicator, f.subject,
                 CASE WHEN i.id IS NULL THEN f.outcome ELSE 'pass' END, f.summary,
                 CASE WHEN f.indicator = 'privacy' THEN f.evidence_json ELSE '' END
             FROM finding f LEFT JOIN issue i ON i.account_id = f.account_id AND i.family = f.indicator
                 AND i.subject = f.subject AND i.status IN ('revoked', 'dismissed') AND i.closed_at >= f.decided_at
             WHERE f.decided_at IS NOT NULL AND f.indicator IN
                 ('expression', 'privacy', 'duplicate', 'identity', 'footer', 'tls', 'ipv6')
             ORDER BY f.decided_at, f.id"
        )?;
        let mut decided = HashMap::<AccountId, HashMap<_, _>>::new();
        for (account, indicator, subject, outcome, summary, evidence) in rows {
            let numbers = if evidence.is_empty() { Vec::new() } else { from_json::<Evidence>(&evidence)?.numbers };
            let decision = Decided { outcome: word(&outcome)?, summary, numbers };
            decided.entry(AccountId::new(account)).or_default().insert((word(&indicator)?, subject), decision);
        }
        Ok(decided)
    }
}
