//! Doubtful findings: the queue, and what a supervisor makes of one.

use super::Desk;
use crate::chat::texts::{MOST_ROWS, Message, Reply};
use crate::checks::decide::{DecideError, decide_finding};
use crate::domain::finding::{Finding, Outcome};
use crate::domain::rule::{Class, Indicator};
use crate::issues::IssueError;
use crate::store::{FindingQuery, StoreError};

/// Findings read at once while looking for those that wait for a person.
const PAGE: usize = 200;

/// The first findings that wait for a person: personal data, then wording grave enough for a veto.
pub(super) async fn queue(desk: &Desk<'_>) -> Result<Message, StoreError> {
    let mut tx = desk.office.store.read().await?;
    let total = tx.doubtful_count().await?;
    let mut waiting: Vec<Finding> = Vec::new();
    for (rank, indicator) in [Some(Indicator::Privacy), Some(Indicator::Expression), None].into_iter().enumerate() {
        let query = FindingQuery { outcome: Some(Outcome::Suspected), indicator, ..FindingQuery::default() };
        let mut after = 0;
        while waiting.len() < MOST_ROWS {
            let page = tx.findings_page(&query, after, PAGE, desk.office.zone()).await?;
            let Some(last) = page.last() else { break };
            after = last.finding.id;
            let waits = page.into_iter().filter(|stored| stored.next_look_at.is_none()).map(|stored| stored.finding);
            waiting.extend(waits.filter(|finding| urgency(finding) == rank));
        }
    }
    waiting.truncate(MOST_ROWS);
    Ok(desk.say(&Reply::Queue { findings: &waiting, total }))
}

/// What cannot wait comes first.
fn urgency(finding: &Finding) -> usize {
    match (finding.indicator, finding.class) {
        (Indicator::Privacy, _) => 0,
        (Indicator::Expression, Class::Veto) => 1,
        _ => 2,
    }
}

/// Confirms a finding, or dismisses it for a reason.
pub(super) async fn decide(desk: &Desk<'_>, id: i64, confirm: bool, why: &str) -> Result<Message, StoreError> {
    match decide_finding(desk.office, id, confirm, why, desk.actor()).await {
        Ok(stored) => Ok(desk.say(&Reply::Decided(&stored.finding))),
        Err(DecideError::ReasonMissing) => Ok(desk.say(&Reply::AskWhy(id))),
        Err(DecideError::Store(StoreError::Missing { .. })) => Ok(desk.say(&Reply::NoFinding(id))),
        Err(DecideError::Store(error) | DecideError::Issue(IssueError::Store(error))) => Err(error),
        Err(
            DecideError::NotSuspected { .. }
            | DecideError::NothingToDismiss { .. }
            | DecideError::Changed(_)
            | DecideError::Issue(_),
        ) => Ok(desk.say(&Reply::NoFinding(id))),
    }
}
