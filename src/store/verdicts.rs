//! Verdicts, as they are written: of one look or of many, and what another look or an outage makes of them.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::engine::{ROWS_AT_ONCE, insert_rows, sql};
use super::findings::NewFinding;
use super::{StoreError, Tx, json, millis};
use crate::domain::account::AccountId;
use crate::domain::finding::Evidence;
use crate::domain::rule::RuleRef;

const INSERT: &str =
    "INSERT INTO finding (id, round_id, account_id, indicator, subject, class, outcome, reason, summary,
     as_of, observed_at, newest_at, rule_id, evidence_json, looks, next_look_at) ";

/// The highest number of a finding of each member that has one.
///
/// By the range of its numbers: a search by round would walk through the whole round.
const LAST_SQLITE: &str = "SELECT m.value, MAX(f.id) FROM json_each($1) m
 JOIN finding f ON f.id BETWEEN m.value * 1000 AND m.value * 1000 + 999 GROUP BY m.value";

const LAST_POSTGRES: &str = "SELECT m.id, MAX(f.id) FROM
     (SELECT CAST(value AS BIGINT) AS id FROM jsonb_array_elements_text($1::jsonb)) m
 JOIN finding f ON f.id BETWEEN m.id * 1000 AND m.id * 1000 + 999 GROUP BY m.id";

const KEEPS_DECIDED: &str = " ON CONFLICT (round_id, account_id, indicator, subject) DO UPDATE SET
     class = excluded.class, outcome = excluded.outcome, reason = excluded.reason,
     summary = excluded.summary, as_of = excluded.as_of, observed_at = excluded.observed_at,
     newest_at = excluded.newest_at, rule_id = excluded.rule_id,
     evidence_json = excluded.evidence_json, looks = excluded.looks,
     next_look_at = excluded.next_look_at
 WHERE finding.decided_at IS NULL";

impl Tx {
    /// Writes the verdicts on a member, each replacing the one on the same subject unless a person decided that.
    pub async fn put_findings(
        &mut self,
        round: i64,
        member: i64,
        account: &AccountId,
        findings: &[NewFinding],
    ) -> Result<(), StoreError> {
        self.put_findings_of(round, &[(member, account, findings)]).await
    }

    /// [`put_findings`](Self::put_findings) of many members, each named once.
    ///
    /// A finding's number is the member's times a thousand and a running number, so that it does
    /// not depend on which look happened to end first.
    pub async fn put_findings_of(
        &mut self,
        round: i64,
        of: &[(i64, &AccountId, &[NewFinding])],
    ) -> Result<(), StoreError> {
        let members: Vec<i64> = of.iter().map(|(member, ..)| *member).collect();
        let text = if self.locks_rows() { LAST_POSTGRES } else { LAST_SQLITE };
        let last: HashMap<i64, i64> = sql!(self, all(i64, i64), text, json(&members)?)?.into_iter().collect();
        let mut rows = Vec::new();
        // The rules of a batch are few, and an account's verdicts rest on the same evidence: each is written down once.
        let mut rules: Vec<&RuleRef> = Vec::new();
        for (member, account, findings) in of {
            // A statement may touch a row once: of two verdicts on one subject the later one counts.
            let same = |a: &NewFinding, b: &NewFinding| a.indicator == b.indicator && a.subject == b.subject;
            let is_last = |at: usize, new: &NewFinding| !findings.iter().skip(at + 1).any(|later| same(new, later));
            let first = last.get(member).copied().unwrap_or(member * 1000) + 1;
            let findings = findings.iter().enumerate().filter(|(at, new)| is_last(*at, new)).map(|(_, new)| new);
            let mut evidence: Option<(&Evidence, Arc<str>)> = None;
            for (new, id) in findings.zip(first..) {
                let text = match evidence.take() {
                    Some((before, text)) if *before == new.evidence => text,
                    _ => json(&new.evidence)?.into(),
                };
                evidence = Some((&new.evidence, Arc::clone(&text)));
                let known = rules.iter().position(|rule| **rule == new.rule);
                let rule = known.unwrap_or_else(|| {
                    rules.push(&new.rule);
                    rules.len() - 1
                });
                rows.push((id, account.as_str(), new, rule, text));
            }
        }
        let cited = self.cite(&rules).await?;
        // Why many rows a statement: handing a statement to the database costs more than a row.
        for rows in rows.chunks(ROWS_AT_ONCE) {
            insert_rows!(self, INSERT, rows, KEEPS_DECIDED, |values, (id, account, new, rule, evidence)| {
                values
                    .push_bind(*id)
                    .push_bind(round)
                    .push_bind(*account)
                    .push_bind(new.indicator.key())
                    .push_bind(new.subject.as_str())
                    .push_bind(new.class.key())
                    .push_bind(new.outcome.key())
                    .push_bind(new.reason.as_str())
                    .push_bind(new.summary.as_str())
                    .push_bind(millis(new.as_of))
                    .push_bind(millis(new.observed_at))
                    .push_bind(new.newest_at.map(millis))
                    .push_bind(cited.get(*rule).copied())
                    .push_bind(&**evidence)
                    .push_bind(i64::from(new.looks))
                    .push_bind(new.next_look_at.map(millis));
            })?;
        }
        Ok(())
    }

    /// The rows of rules as findings cite them, in the same order, written where they are cited for the first time.
    async fn cite(&mut self, rules: &[&RuleRef]) -> Result<Vec<i64>, StoreError> {
        // Why in order: two that are the first to cite the same rules would else wait for each other for ever.
        let mut texts = BTreeMap::new();
        for (place, rule) in rules.iter().enumerate() {
            texts.insert(json(rule)?, place);
        }
        let mut rows = vec![0; rules.len()];
        for (text, place) in texts {
            if let Some(row) = rows.get_mut(place) {
                *row = self.cited(&text).await?;
            }
        }
        Ok(rows)
    }

    async fn cited(&mut self, rule: &str) -> Result<i64, StoreError> {
        let known = "SELECT id FROM cited_rule WHERE rule_json = $1";
        if let Some(id) = sql!(self, scalar_opt i64, known, rule)? {
            return Ok(id);
        }
        // Somebody else may be the first to cite it.
        sql!(self, execute, "INSERT INTO cited_rule (rule_json) VALUES ($1) ON CONFLICT (rule_json) DO NOTHING", rule)?;
        Ok(sql!(self, scalar i64, known, rule)?)
    }

    /// Writes what another look says over a finding that is still in doubt; `false` when it no
    /// longer is: a person decided it while the look was under way.
    pub async fn renew_finding(&mut self, id: i64, new: &NewFinding) -> Result<bool, StoreError> {
        let done = sql!(
            self,
            execute,
            "UPDATE finding SET outcome = $2, reason = $3, summary = $4, observed_at = $5, evidence_json = $6,
                 looks = $7, next_look_at = $8
             WHERE id = $1 AND decided_at IS NULL AND outcome = 'suspected' AND subject = $9",
            id,
            new.outcome.key(),
            &new.reason,
            &new.summary,
            millis(new.observed_at),
            json(&new.evidence)?,
            i64::from(new.looks),
            new.next_look_at.map(millis),
            &new.subject
        )?;
        Ok(done == 1)
    }

    /// Takes the certainty from verdicts on links that were given for `reason`, until they are looked at again; how many.
    pub async fn doubt_links(
        &mut self,
        round: i64,
        reason: &str,
        accounts: &[&AccountId],
        again: DateTime<Utc>,
    ) -> Result<u64, StoreError> {
        let text = format!(
            "UPDATE finding SET outcome = 'suspected', next_look_at = $4
             WHERE round_id = $1 AND indicator = 'link' AND outcome = 'fail' AND reason = $2 AND {}
                 AND decided_at IS NULL",
            self.is_listed("account_id", "$3")
        );
        let text = sqlx::AssertSqlSafe(text.as_str());
        Ok(sql!(self, execute, text, round, reason, json(&accounts)?, millis(again))?)
    }

    /// Removes the undecided verdicts of an account in a round that no issue rests on, before it is judged anew.
    pub async fn clear_findings(&mut self, round: i64, accounts: &[&AccountId]) -> Result<(), StoreError> {
        let text = format!(
            "DELETE FROM finding WHERE round_id = $1 AND {} AND decided_at IS NULL
                 AND NOT EXISTS (SELECT 1 FROM issue_round x WHERE x.finding_id = finding.id)",
            self.is_listed("account_id", "$2")
        );
        sql!(self, execute, sqlx::AssertSqlSafe(text.as_str()), round, json(&accounts)?)?;
        Ok(())
    }
}
