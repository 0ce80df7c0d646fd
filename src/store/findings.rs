//! Observations and findings.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;

use super::engine::{ROWS_AT_ONCE, insert_rows, sql};
use super::{StoreError, Tx, from_json, instant, json, millis, word};
use crate::domain::account::AccountId;
use crate::domain::finding::{Evidence, Finding, Outcome};
use crate::domain::round::RoundName;
use crate::domain::rule::{Class, Indicator, RuleRef};
use crate::domain::time::LocalTime;

/// A verdict about to be stored.
#[derive(Debug, Clone, PartialEq)]
pub struct NewFinding {
    /// The indicator.
    pub indicator: Indicator,
    /// A URL for `link`, else empty.
    pub subject: String,
    /// The class.
    pub class: Class,
    /// The verdict.
    pub outcome: Outcome,
    /// A stable key for why.
    pub reason: String,
    /// One sentence.
    pub summary: String,
    /// 监测时间点.
    pub as_of: DateTime<Utc>,
    /// When it was looked at.
    pub observed_at: DateTime<Utc>,
    /// The newest post seen.
    pub newest_at: Option<DateTime<Utc>>,
    /// The rule.
    pub rule: RuleRef,
    /// What was seen.
    pub evidence: Evidence,
    /// How many looks stand behind it.
    pub looks: u32,
    /// When to look again, for a doubtful one.
    pub next_look_at: Option<DateTime<Utc>>,
}

/// A stored finding with what only the program needs.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredFinding {
    /// What every output shows.
    pub finding: Finding,
    /// Row of its round.
    pub round_id: i64,
    /// How many looks stand behind it.
    pub looks: u32,
    /// When to look again.
    pub next_look_at: Option<DateTime<Utc>>,
    /// When a person decided it.
    pub decided_at: Option<DateTime<Utc>>,
}

impl StoredFinding {
    /// The verdict as it would be written anew.
    #[must_use]
    pub fn as_new(&self) -> NewFinding {
        let finding = &self.finding;
        NewFinding {
            indicator: finding.indicator,
            subject: finding.subject.clone(),
            class: finding.class,
            outcome: finding.outcome,
            reason: finding.reason.clone(),
            summary: finding.summary.clone(),
            as_of: finding.as_of.utc(),
            observed_at: finding.observed_at.utc(),
            newest_at: finding.newest_at.map(LocalTime::utc),
            rule: finding.rule.clone(),
            evidence: finding.evidence.clone(),
            looks: self.looks,
            next_look_at: self.next_look_at,
        }
    }
}

/// Which findings a listing wants; `None` means any.
#[derive(Debug, Clone, Default)]
pub struct FindingQuery {
    /// Of this round.
    pub round: Option<RoundName>,
    /// Of this account.
    pub account: Option<AccountId>,
    /// With this verdict.
    pub outcome: Option<Outcome>,
    /// Of this indicator.
    pub indicator: Option<Indicator>,
}

#[derive(sqlx::FromRow)]
pub(super) struct Row {
    id: i64,
    round_id: i64,
    round: String,
    account_id: String,
    account: String,
    indicator: String,
    subject: String,
    class: String,
    outcome: String,
    reason: String,
    summary: String,
    as_of: i64,
    observed_at: i64,
    newest_at: Option<i64>,
    rule_json: String,
    evidence_json: String,
    looks: i64,
    next_look_at: Option<i64>,
    decided_at: Option<i64>,
}

impl Row {
    pub(super) fn into_stored(self, zone: Tz) -> Result<StoredFinding, StoreError> {
        let local = |at: i64| LocalTime::new(instant(at), zone);
        Ok(StoredFinding {
            round_id: self.round_id,
            looks: self.looks as u32,
            next_look_at: self.next_look_at.map(instant),
            decided_at: self.decided_at.map(instant),
            finding: Finding {
                id: self.id,
                round: self.round.parse().map_err(|_| StoreError::Missing { kind: "round", id: self.round.clone() })?,
                account_id: AccountId::new(self.account_id),
                account: self.account,
                indicator: word::<Indicator>(&self.indicator)?,
                class: word::<Class>(&self.class)?,
                outcome: word::<Outcome>(&self.outcome)?,
                subject: self.subject,
                summary: self.summary,
                as_of: local(self.as_of),
                observed_at: local(self.observed_at),
                newest_at: self.newest_at.map(local),
                reason: self.reason,
                rule: from_json(&self.rule_json)?,
                evidence: from_json(&self.evidence_json)?,
            },
        })
    }
}

const SELECT: &str =
    "SELECT f.id, f.round_id, r.name AS round, f.account_id, a.name AS account, f.indicator, f.subject, f.class,
     f.outcome, f.reason, f.summary, f.as_of, f.observed_at, f.newest_at, f.rule_json, f.evidence_json, f.looks,
     f.next_look_at, f.decided_at
 FROM finding f JOIN round r ON r.id = f.round_id JOIN account a ON a.account_id = f.account_id ";

const INSERT: &str =
    "INSERT INTO finding (id, round_id, account_id, indicator, subject, class, outcome, reason, summary,
     as_of, observed_at, newest_at, rule_json, evidence_json, looks, next_look_at) ";

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
     newest_at = excluded.newest_at, rule_json = excluded.rule_json,
     evidence_json = excluded.evidence_json, looks = excluded.looks,
     next_look_at = excluded.next_look_at
 WHERE finding.decided_at IS NULL";

pub(super) fn select(rest: &str) -> sqlx::AssertSqlSafe<String> {
    sqlx::AssertSqlSafe(format!("{SELECT}{rest}"))
}

impl Tx {
    /// Stores what was seen of accounts: whose, when, and JSON text.
    pub async fn insert_observations(
        &mut self,
        round: i64,
        seen: &[(&AccountId, DateTime<Utc>, String)],
    ) -> Result<(), StoreError> {
        let insert = "INSERT INTO observation (round_id, account_id, at, data_json) ";
        for rows in seen.chunks(ROWS_AT_ONCE) {
            insert_rows!(self, insert, rows, "", |values, (account, at, data)| {
                values.push_bind(round).push_bind(account.as_str()).push_bind(millis(*at)).push_bind(data.as_str());
            })?;
        }
        Ok(())
    }

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
        // The rules of a batch are few: each is written down once.
        let mut rules: Vec<(&RuleRef, Arc<str>)> = Vec::new();
        for (member, account, findings) in of {
            // A statement may touch a row once: of two verdicts on one subject the later one counts.
            let same = |a: &NewFinding, b: &NewFinding| a.indicator == b.indicator && a.subject == b.subject;
            let is_last = |at: usize, new: &NewFinding| !findings.iter().skip(at + 1).any(|later| same(new, later));
            let first = last.get(member).copied().unwrap_or(member * 1000) + 1;
            let findings = findings.iter().enumerate().filter(|(at, new)| is_last(*at, new)).map(|(_, new)| new);
            for (new, id) in findings.zip(first..) {
                let rule = if let Some((_, rule)) = rules.iter().find(|(rule, _)| **rule == new.rule) {
                    Arc::clone(rule)
                } else {
                    let rule: Arc<str> = json(&new.rule)?.into();
                    rules.push((&new.rule, Arc::clone(&rule)));
                    rule
                };
                rows.push((id, account.as_str(), new, rule, json(&new.evidence)?));
            }
        }
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
                    .push_bind(&**rule)
                    .push_bind(evidence.as_str())
                    .push_bind(i64::from(new.looks))
                    .push_bind(new.next_look_at.map(millis));
            })?;
        }
        Ok(())
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

    /// One finding, which has to exist.
    pub async fn finding(&mut self, id: i64, zone: Tz) -> Result<StoredFinding, StoreError> {
        sql!(self, opt Row, select("WHERE f.id = $1"), id)?
            .ok_or_else(|| StoreError::Missing { kind: "finding", id: id.to_string() })?
            .into_stored(zone)
    }

    /// The finding an issue rests on: the last one seen.
    pub async fn latest_finding_of(&mut self, issue: i64, zone: Tz) -> Result<Option<StoredFinding>, StoreError> {
        sql!(
            self,
            opt Row,
            select(
                "JOIN issue_round x ON x.finding_id = f.id
                 WHERE x.issue_id = $1 ORDER BY f.observed_at DESC, f.id DESC LIMIT 1"
            ),
            issue
        )?
        .map(|row| row.into_stored(zone))
        .transpose()
    }

    /// The next `limit` findings after `after`, by number.
    pub async fn findings_page(
        &mut self,
        query: &FindingQuery,
        after: i64,
        limit: usize,
        zone: Tz,
    ) -> Result<Vec<StoredFinding>, StoreError> {
        // Why: a round is a sliver of years of patrols; without its row the whole table is read.
        let of_round = match query.round {
            Some(_) => "f.round_id = (SELECT id FROM round WHERE name = $2)",
            None => "$2 IS NULL",
        };
        sql!(
            self,
            all Row,
            select(&format!(
                "WHERE f.id > $1 AND {of_round} AND ($3 IS NULL OR f.account_id = $3)
                     AND ($4 IS NULL OR f.outcome = $4) AND ($5 IS NULL OR f.indicator = $5)
                 ORDER BY f.id LIMIT $6"
            )),
            after,
            query.round.map(|name| name.to_string()),
            query.account.as_ref().map(AccountId::as_str),
            query.outcome.map(Outcome::key),
            query.indicator.map(Indicator::key),
            limit as i64
        )?
        .into_iter()
        .map(|row| row.into_stored(zone))
        .collect()
    }

    /// The findings of a round on the accounts from `from` to `to`, both included.
    pub async fn findings_between(
        &mut self,
        round: i64,
        from: &AccountId,
        to: &AccountId,
        zone: Tz,
    ) -> Result<Vec<StoredFinding>, StoreError> {
        sql!(
            self,
            all Row,
            select("WHERE f.round_id = $1 AND f.account_id >= $2 AND f.account_id <= $3 ORDER BY f.account_id, f.id"),
            round,
            from.as_str(),
            to.as_str()
        )?
        .into_iter()
        .map(|row| row.into_stored(zone))
        .collect()
    }

    /// Doubtful findings that are due for another look.
    pub async fn findings_to_look_at(
        &mut self,
        now: DateTime<Utc>,
        limit: usize,
        zone: Tz,
    ) -> Result<Vec<StoredFinding>, StoreError> {
        sql!(
            self,
            all Row,
            select("WHERE f.next_look_at IS NOT NULL AND f.next_look_at <= $1 ORDER BY f.next_look_at, f.id LIMIT $2"),
            millis(now),
            limit as i64
        )?
        .into_iter()
        .map(|row| row.into_stored(zone))
        .collect()
    }

    /// When the next doubtful finding is due for another look.
    pub async fn next_look_at(&mut self) -> Result<Option<DateTime<Utc>>, StoreError> {
        Ok(sql!(self, scalar Option<i64>, "SELECT MIN(next_look_at) FROM finding")?.map(instant))
    }

    /// Suspicions about texts that a round is the first judged one to raise, personal data first.
    pub async fn new_text_suspicions(&mut self, round: i64, zone: Tz) -> Result<Vec<StoredFinding>, StoreError> {
        sql!(
            self,
            all Row,
            select(
                "WHERE f.round_id = $1 AND f.outcome = 'suspected' AND f.indicator IN ('expression', 'privacy')
                     AND NOT EXISTS (
                         SELECT 1 FROM finding o JOIN round p ON p.id = o.round_id
                         WHERE o.account_id = f.account_id AND o.indicator = f.indicator AND o.subject = f.subject
                             AND o.round_id <> f.round_id AND o.outcome = 'suspected'
                             AND p.notify AND p.state IN ('judged', 'closed'))
                 ORDER BY f.indicator DESC, f.id"
            ),
            round
        )?
        .into_iter()
        .map(|row| row.into_stored(zone))
        .collect()
    }

    /// How many findings a round has, by indicator and verdict.
    pub async fn finding_counts(&mut self, round: i64) -> Result<Vec<(Indicator, Outcome, i64)>, StoreError> {
        sql!(
            self,
            all(String, String, i64),
            "SELECT indicator, outcome, COUNT(*) FROM finding WHERE round_id = $1
             GROUP BY indicator, outcome ORDER BY indicator, outcome",
            round
        )?
        .into_iter()
        .map(|(indicator, outcome, count)| Ok((word(&indicator)?, word(&outcome)?, count)))
        .collect()
    }

    /// Accounts of a round whose updating could not be judged.
    pub async fn unverified_accounts(&mut self, round: i64) -> Result<i64, StoreError> {
        Ok(sql!(
            self,
            scalar i64,
            "SELECT COUNT(DISTINCT f.account_id) FROM finding f
             WHERE f.round_id = $1 AND f.outcome = 'unverified' AND f.indicator IN ('stale', 'zombie', 'home_stale')",
            round
        )?)
    }

    /// The defect at `place` of those that wait for a person: personal data, then wording grave enough for a
    /// veto, then the rest in the order in which they were found.
    pub async fn doubtful_at(&mut self, place: i64, zone: Tz) -> Result<Option<StoredFinding>, StoreError> {
        let id = sql!(
            self,
            scalar_opt i64,
            "SELECT id FROM (SELECT MAX(id) AS id, MIN(id) AS first, account_id, indicator, subject,
                     MIN(CASE WHEN indicator = 'privacy' THEN 0
                              WHEN indicator = 'expression' AND class = 'veto' THEN 1 ELSE 2 END) AS rank
                 FROM finding WHERE outcome = 'suspected' AND next_look_at IS NULL
                 GROUP BY account_id, indicator, subject) doubtful
             ORDER BY rank, first LIMIT 1 OFFSET $1",
            place
        )?;
        match id {
            Some(id) => self.finding(id, zone).await.map(Some),
            None => Ok(None),
        }
    }

    /// Who decided a finding, and when.
    pub async fn decision_on(&mut self, id: i64) -> Result<Option<(String, DateTime<Utc>)>, StoreError> {
        let decided = sql!(
            self,
            opt(Option<String>, Option<i64>),
            "SELECT decided_by, decided_at FROM finding WHERE id = $1",
            id
        )?;
        Ok(decided.and_then(|(by, at)| Some((by.unwrap_or_default(), instant(at?)))))
    }

    /// How many defects wait for a person: suspected, and looked at often enough; each counted once over all rounds.
    pub async fn doubtful_count(&mut self) -> Result<i64, StoreError> {
        Ok(sql!(
            self,
            scalar i64,
            "SELECT COUNT(*) FROM (SELECT DISTINCT account_id, indicator, subject FROM finding
                 WHERE outcome = 'suspected' AND next_look_at IS NULL) doubtful"
        )?)
    }
}
