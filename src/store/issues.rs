//! Issues: the present state in a row, the history in the events.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use chrono_tz::Tz;

use super::engine::sql;
use super::events::EventRow;
use super::{StoreError, Tx, from_json, instant, json, millis, word};
use crate::domain::account::{AccountId, Platform};
use crate::domain::finding::{Evidence, Finding};
use crate::domain::issue::{Event, EventKind, Issue, IssueState, IssueStatus};
use crate::domain::round::RoundName;
use crate::domain::rule::{Class, Indicator, RuleRef};
use crate::domain::time::LocalTime;

/// An issue about to be opened.
#[derive(Debug, Clone)]
pub struct NewIssue<'a> {
    /// The round that found it.
    pub round_id: i64,
    /// 主办单位.
    pub unit: &'a str,
    /// The finding it rests on.
    pub finding: &'a Finding,
    /// When.
    pub opened_at: DateTime<Utc>,
}

/// Which issues a listing wants; `None` means any.
#[derive(Debug, Clone, Default)]
pub struct IssueQuery {
    /// Found, or found again, in this round.
    pub round: Option<RoundName>,
    /// Of this unit.
    pub unit: Option<String>,
    /// Of this account.
    pub account: Option<AccountId>,
    /// In this state.
    pub status: Option<IssueStatus>,
    /// Of this class.
    pub class: Option<Class>,
    /// Not ended.
    pub live: bool,
    /// Overdue or escalated.
    pub overdue: bool,
}

/// An issue with what only the program needs.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredIssue {
    /// What every output shows; `events` are loaded by listings and [`Tx::issue`].
    pub issue: Issue,
    /// What decisions look at.
    pub state: IssueState,
    /// Row of the round that found it first.
    pub round_id: i64,
    /// When its notice was delivered.
    pub notified_at: Option<DateTime<Utc>>,
    /// When it is to be rechecked next.
    pub recheck_at: Option<DateTime<Utc>>,
}

#[derive(sqlx::FromRow)]
pub(super) struct Row {
    id: i64,
    round_id: i64,
    round: String,
    account_id: String,
    account: String,
    platform: String,
    unit: String,
    indicator: String,
    subject: String,
    class: String,
    status: String,
    summary: String,
    as_of: i64,
    rule_json: String,
    evidence_json: String,
    opened_at: i64,
    notified_at: Option<i64>,
    due_at: Option<i64>,
    due_provisional: bool,
    before_appeal: Option<String>,
    stopped_at: Option<i64>,
    requested_until: Option<i64>,
    acknowledged_at: Option<i64>,
    rectified_at: Option<i64>,
    closed_at: Option<i64>,
    recheck_at: Option<i64>,
}

impl Row {
    pub(super) fn into_stored(self, zone: Tz, events: Vec<EventRow>) -> Result<StoredIssue, StoreError> {
        let local = |at: i64| LocalTime::new(instant(at), zone);
        let events = events
            .into_iter()
            .map(|row| {
                Ok(Event {
                    at: LocalTime::new(row.at(), zone),
                    actor: row.actor,
                    kind: word::<EventKind>(&row.kind)?,
                    note: row.note,
                    passed: row.data_json.contains(r#""passed":true"#),
                })
            })
            .collect::<Result<_, StoreError>>()?;
        let status = word::<IssueStatus>(&self.status)?;
        Ok(StoredIssue {
            round_id: self.round_id,
            notified_at: self.notified_at.map(instant),
            recheck_at: self.recheck_at.map(instant),
            state: IssueState {
                status,
                due_at: self.due_at.map(instant),
                before_appeal: self.before_appeal.as_deref().map(word).transpose()?,
                stopped_at: self.stopped_at.map(instant),
                requested_until: self.requested_until.map(instant),
                acknowledged_at: self.acknowledged_at.map(instant),
                rectified_at: self.rectified_at.map(instant),
                closed_at: self.closed_at.map(instant),
            },
            issue: Issue {
                id: self.id,
                round: self.round.parse().map_err(|_| StoreError::Missing { kind: "round", id: self.round.clone() })?,
                account_id: AccountId::new(self.account_id),
                account: self.account,
                platform: word::<Platform>(&self.platform)?,
                unit: self.unit,
                indicator: word::<Indicator>(&self.indicator)?,
                class: word::<Class>(&self.class)?,
                status,
                subject: self.subject,
                summary: self.summary,
                opened_at: local(self.opened_at),
                as_of: local(self.as_of),
                due_at: self.due_at.map(local),
                due_provisional: self.due_provisional,
                acknowledged_at: self.acknowledged_at.map(local),
                rectified_at: self.rectified_at.map(local),
                closed_at: self.closed_at.map(local),
                rule: from_json::<RuleRef>(&self.rule_json)?,
                evidence: from_json::<Evidence>(&self.evidence_json)?,
                events,
            },
        })
    }
}

const SELECT: &str =
    "SELECT i.id, i.round_id, r.name AS round, i.account_id, a.name AS account, a.platform, i.unit, i.indicator,
     i.subject, i.class, i.status, i.summary, i.as_of, i.rule_json, i.evidence_json, i.opened_at, i.notified_at,
     i.due_at, i.due_provisional, i.before_appeal, i.stopped_at, i.requested_until, i.acknowledged_at,
     i.rectified_at, i.closed_at, i.recheck_at
 FROM issue i JOIN round r ON r.id = i.round_id JOIN account a ON a.account_id = i.account_id ";

pub(super) fn select(rest: &str) -> sqlx::AssertSqlSafe<String> {
    sqlx::AssertSqlSafe(format!("{SELECT}{rest}"))
}

impl Tx {
    /// The issue on the same defect as a finding, if there ever was one.
    pub async fn issue_on(&mut self, finding: &Finding, zone: Tz) -> Result<Option<StoredIssue>, StoreError> {
        sql!(
            self,
            opt Row,
            select("WHERE i.account_id = $1 AND i.family = $2 AND i.subject = $3"),
            finding.account_id.as_str(),
            finding.indicator.family(),
            &finding.subject
        )?
        .map(|row| row.into_stored(zone, Vec::new()))
        .transpose()
    }

    /// Writes what a new look says of a known defect: its present indicator, words and evidence.
    ///
    /// With `reopen`, an ended issue starts again from the beginning of its workflow, with the
    /// unit that runs the account today.
    pub async fn renew_issue(
        &mut self,
        id: i64,
        finding: &Finding,
        reopen: Option<DateTime<Utc>>,
    ) -> Result<(), StoreError> {
        sql!(
            self,
            execute,
            "UPDATE issue SET indicator = $2, class = $3, summary = $4, as_of = $5, rule_json = $6, evidence_json = $7
             WHERE id = $1",
            id,
            finding.indicator.key(),
            finding.class.key(),
            &finding.summary,
            millis(finding.as_of.utc()),
            json(&finding.rule)?,
            json(&finding.evidence)?
        )?;
        if let Some(at) = reopen {
            sql!(
                self,
                execute,
                "UPDATE issue SET status = 'open', opened_at = $2, notified_at = NULL,
                     unit = (SELECT a.unit FROM account a WHERE a.account_id = issue.account_id), due_at = NULL,
                     due_provisional = $3, before_appeal = NULL, stopped_at = NULL, requested_until = NULL,
                     acknowledged_at = NULL, rectified_at = NULL, closed_at = NULL, recheck_at = NULL, remind_at = NULL
                 WHERE id = $1",
                id,
                millis(at),
                false
            )?;
        }
        Ok(())
    }

    /// Notes that a round found the issue; `false` when that was noted already.
    pub async fn link_issue(&mut self, issue: i64, round: i64, finding: i64) -> Result<bool, StoreError> {
        let linked = sql!(
            self,
            execute,
            "INSERT INTO issue_round (issue_id, round_id, finding_id) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
            issue,
            round,
            finding
        )?;
        Ok(linked == 1)
    }

    /// One issue with its events, which has to exist.
    pub async fn issue(&mut self, id: i64, zone: Tz) -> Result<StoredIssue, StoreError> {
        let row = sql!(self, opt Row, select("WHERE i.id = $1"), id)?
            .ok_or_else(|| StoreError::Missing { kind: "issue", id: id.to_string() })?;
        let events = self.events_of("issue", &id.to_string()).await?;
        row.into_stored(zone, events)
    }

    /// The next `limit` issues after `after`, by number, with their events.
    pub async fn issues_page(
        &mut self,
        query: &IssueQuery,
        after: i64,
        limit: usize,
        zone: Tz,
    ) -> Result<Vec<StoredIssue>, StoreError> {
        let rows = sql!(
            self,
            all Row,
            select(
                "WHERE i.id > $1 AND ($2 IS NULL OR i.unit = $2) AND ($3 IS NULL OR i.status = $3)
                     AND ($4 IS NULL OR i.account_id = $4) AND (NOT $5 OR i.closed_at IS NULL)
                     AND (NOT $6 OR i.status IN ('overdue', 'escalated'))
                     AND ($7 IS NULL OR EXISTS (SELECT 1 FROM issue_round x JOIN round q ON q.id = x.round_id
                                                WHERE x.issue_id = i.id AND q.name = $7))
                     AND ($8 IS NULL OR i.class = $8)
                 ORDER BY i.id LIMIT $9"
            ),
            after,
            query.unit.as_deref(),
            query.status.map(IssueStatus::key),
            query.account.as_ref().map(AccountId::as_str),
            query.live,
            query.overdue,
            query.round.map(|name| name.to_string()),
            query.class.map(Class::key),
            limit as i64
        )?;
        let mut events = match (rows.first(), rows.last()) {
            (Some(first), Some(last)) => self.events_of_issues(first.id, last.id).await?,
            _ => HashMap::new(),
        };
        rows.into_iter()
            .map(|row| {
                let events = events.remove(&row.id).unwrap_or_default();
                row.into_stored(zone, events)
            })
            .collect()
    }

    /// Writes a decided state over the one it was decided on.
    pub async fn save_issue(&mut self, id: i64, from: &IssueState, to: &IssueState) -> Result<(), StoreError> {
        let done = sql!(
            self,
            execute,
            "UPDATE issue SET status = $4, due_at = $5, before_appeal = $6, stopped_at = $7, requested_until = $8,
                 acknowledged_at = $9, rectified_at = $10, closed_at = $11
             WHERE id = $1 AND status = $2 AND COALESCE(due_at, 0) = $3",
            id,
            from.status.key(),
            from.due_at.map_or(0, millis),
            to.status.key(),
            to.due_at.map(millis),
            to.before_appeal.map(IssueStatus::key),
            to.stopped_at.map(millis),
            to.requested_until.map(millis),
            to.acknowledged_at.map(millis),
            to.rectified_at.map(millis),
            to.closed_at.map(millis)
        )?;
        if done == 1 { Ok(()) } else { Err(StoreError::Changed { kind: "issue", id: id.to_string() }) }
    }

    /// Sets when the machine looks at an issue again (`None`: not).
    pub async fn plan_recheck(&mut self, id: i64, at: Option<DateTime<Utc>>) -> Result<(), StoreError> {
        sql!(self, execute, "UPDATE issue SET recheck_at = $2 WHERE id = $1", id, at.map(millis))?;
        Ok(())
    }

    /// Sets when the unit is reminded next (`None`: not).
    pub async fn plan_reminder(&mut self, id: i64, at: Option<DateTime<Utc>>) -> Result<(), StoreError> {
        sql!(self, execute, "UPDATE issue SET remind_at = $2 WHERE id = $1", id, at.map(millis))?;
        Ok(())
    }

    /// The first delivery of a notice starts the clock of an issue that waited for it.
    ///
    /// Advice has no deadline (`due_at` is `None`). Under appeal it starts and stands: what an appeal stops is counted from here.
    pub async fn start_clock(
        &mut self,
        id: i64,
        notified_at: DateTime<Utc>,
        due_at: Option<DateTime<Utc>>,
        provisional: bool,
    ) -> Result<bool, StoreError> {
        let done = sql!(
            self,
            execute,
            "UPDATE issue SET status = CASE WHEN status = 'open' THEN 'notified' ELSE status END, notified_at = $2,
                 due_at = $3, due_provisional = $4,
                 before_appeal = CASE WHEN before_appeal = 'open' THEN 'notified' ELSE before_appeal END,
                 stopped_at = CASE WHEN stopped_at IS NULL THEN NULL ELSE $2 END
             WHERE id = $1 AND notified_at IS NULL AND closed_at IS NULL",
            id,
            millis(notified_at),
            due_at.map(millis),
            provisional
        )?;
        Ok(done == 1)
    }

    /// Numbers of live issues whose `column` (one of the planned instants) has come.
    async fn issues_due(&mut self, text: &'static str, now: DateTime<Utc>) -> Result<Vec<i64>, StoreError> {
        Ok(sql!(self, scalars i64, text, millis(now))?)
    }

    /// Issues to recheck now.
    pub async fn issues_to_recheck(&mut self, now: DateTime<Utc>) -> Result<Vec<i64>, StoreError> {
        self.issues_due(
            "SELECT id FROM issue WHERE recheck_at <= $1 AND closed_at IS NULL ORDER BY recheck_at, id LIMIT 50",
            now,
        )
        .await
    }

    /// Issues whose unit is to be reminded now.
    pub async fn issues_to_remind(&mut self, now: DateTime<Utc>) -> Result<Vec<i64>, StoreError> {
        self.issues_due(
            "SELECT id FROM issue WHERE remind_at <= $1 AND closed_at IS NULL
                 AND status IN ('notified', 'acknowledged') ORDER BY unit, id",
            now,
        )
        .await
    }

    /// Issues whose deadline has passed and which are not overdue yet.
    pub async fn issues_past_deadline(&mut self, now: DateTime<Utc>) -> Result<Vec<i64>, StoreError> {
        self.issues_due(
            "SELECT id FROM issue WHERE due_at < $1 AND status IN ('notified', 'acknowledged') ORDER BY id",
            now,
        )
        .await
    }

    /// Whether a person's judgement stands behind an issue.
    pub async fn person_judged(&mut self, id: i64) -> Result<bool, StoreError> {
        Ok(sql!(
            self,
            scalar i64,
            "SELECT COUNT(*) FROM issue_round x JOIN finding f ON f.id = x.finding_id
             WHERE x.issue_id = $1 AND f.decided_at IS NOT NULL AND f.outcome = 'fail'",
            id
        )? > 0)
    }

    /// Whether a rectification notice, delivered or still waiting, tells of an issue as it was last opened.
    pub async fn is_told(&mut self, id: i64) -> Result<bool, StoreError> {
        Ok(sql!(
            self,
            scalar i64,
            "SELECT COUNT(*) FROM notice_issue ni JOIN notice n ON n.id = ni.notice_id JOIN issue i ON i.id = ni.issue_id
             WHERE i.id = $1 AND n.kind = 'rectification' AND n.created_at >= i.opened_at",
            id
        )? > 0)
    }

    /// The issues that a round other than a rehearsal found.
    pub async fn issues_in_earnest(&mut self) -> Result<HashSet<i64>, StoreError> {
        let found = sql!(
            self,
            scalars i64,
            "SELECT DISTINCT x.issue_id FROM issue_round x JOIN round q ON q.id = x.round_id WHERE NOT q.rehearsal"
        )?;
        Ok(found.into_iter().collect())
    }

    /// Issues whose unit asked for more time and waits for the answer.
    pub async fn issues_wanting_time(&mut self, zone: Tz) -> Result<Vec<StoredIssue>, StoreError> {
        sql!(self, all Row, select("WHERE i.requested_until IS NOT NULL AND i.closed_at IS NULL ORDER BY i.id"))?
            .into_iter()
            .map(|row| row.into_stored(zone, Vec::new()))
            .collect()
    }

    /// How many issues were opened, or opened anew, since an instant.
    pub async fn issues_opened_since(&mut self, since: DateTime<Utc>) -> Result<i64, StoreError> {
        Ok(
            sql!(self, scalar i64, "SELECT COUNT(*) FROM issue WHERE opened_at >= $1 AND class <> 'advice'", millis(since))?,
        )
    }

    /// How many problems are live; advice is none.
    pub async fn live_problems(&mut self) -> Result<i64, StoreError> {
        Ok(sql!(self, scalar i64, "SELECT COUNT(*) FROM issue WHERE closed_at IS NULL AND class <> 'advice'")?)
    }

    /// How many issues stand where.
    pub async fn issue_counts(&mut self) -> Result<Vec<(IssueStatus, i64)>, StoreError> {
        sql!(self, all(String, i64), "SELECT status, COUNT(*) FROM issue GROUP BY status ORDER BY status")?
            .into_iter()
            .map(|(status, count)| Ok((word(&status)?, count)))
            .collect()
    }
}
