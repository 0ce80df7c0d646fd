//! Findings, as they are read; they are written in [`verdicts`](super::verdicts).

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;

use super::engine::sql;
use super::{StoreError, Tx, from_json, instant, millis, word};
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
    /// Whose newest post lies at least so long before the monitoring time.
    pub silent_for: Option<TimeDelta>,
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
     f.outcome, f.reason, f.summary, f.as_of, f.observed_at, f.newest_at, c.rule_json, f.evidence_json, f.looks,
     f.next_look_at, f.decided_at
 FROM finding f JOIN round r ON r.id = f.round_id JOIN account a ON a.account_id = f.account_id
     JOIN cited_rule c ON c.id = f.rule_id ";

pub(super) fn select(rest: &str) -> sqlx::AssertSqlSafe<String> {
    sqlx::AssertSqlSafe(format!("{SELECT}{rest}"))
}

impl Tx {
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
        // Why only what is asked: an `OR` that lets everything pass keeps the engine from its indexes.
        let if_asked = |asked: bool, is_so: &str, bound: &str| {
            if asked { is_so.to_owned() } else { format!("{bound} IS NULL") }
        };
        let of_round = if_asked(query.round.is_some(), "f.round_id = (SELECT id FROM round WHERE name = $2)", "$2");
        // Why beneath: with the numbers in reach the engine would walk through each round whole.
        let of_account = if_asked(
            query.account.is_some(),
            "f.id IN (SELECT o.id FROM finding o
                      WHERE o.account_id = $3 AND o.round_id IN (SELECT id FROM round))",
            "$3",
        );
        let judged_so = match query.outcome {
            // The index of these few is found by its very words.
            Some(outcome) if outcome != Outcome::Pass => "f.outcome = $4 AND f.outcome <> 'pass'".to_owned(),
            outcome => if_asked(outcome.is_some(), "f.outcome = $4", "$4"),
        };
        let by = if_asked(query.indicator.is_some(), "f.indicator = $5", "$5");
        let is_silent = if_asked(query.silent_for.is_some(), "f.newest_at <= f.as_of - $6", "$6");
        sql!(
            self,
            all Row,
            select(&format!(
                "WHERE f.id > $1 AND {of_round} AND {of_account} AND {judged_so} AND {by} AND {is_silent}
                 ORDER BY f.id LIMIT $7"
            )),
            after,
            query.round.map(|name| name.to_string()),
            query.account.as_ref().map(AccountId::as_str),
            query.outcome.map(Outcome::key),
            query.indicator.map(Indicator::key),
            query.silent_for.map(|silence| silence.num_milliseconds()),
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
                "WHERE f.round_id = $1 AND f.outcome = 'suspected' AND f.outcome <> 'pass'
                     AND f.indicator IN ('expression', 'privacy')
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
        // Why joined to nothing: by the accounts as they are the engine would walk through the whole round.
        Ok(sql!(
            self,
            scalar i64,
            "SELECT COUNT(DISTINCT f.account_id || '') FROM finding f
             WHERE f.round_id = $1 AND f.outcome = 'unverified' AND f.outcome <> 'pass'
                 AND f.indicator IN ('stale', 'zombie', 'home_stale')",
            round
        )?)
    }

    /// How many findings of a round are suspicions.
    pub async fn suspected_count(&mut self, round: i64) -> Result<i64, StoreError> {
        Ok(sql!(
            self,
            scalar i64,
            "SELECT COUNT(*) FROM finding WHERE round_id = $1 AND outcome = 'suspected' AND outcome <> 'pass'",
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
