//! Doubtful findings: one at a time, with what is needed to decide it, and what a supervisor makes of it.

use super::Desk;
use crate::chat::texts::{Doubt, Message, Reply, SeenBefore};
use crate::checks::decide::{DecideError, decide_finding};
use crate::checks::link::LinkReason;
use crate::domain::Lang;
use crate::domain::finding::Finding;
use crate::domain::sentences::in_language;
use crate::issues::IssueError;
use crate::issues::looks::{self, Look};
use crate::store::StoreError;

/// What came of a decision.
pub(super) enum Decided {
    /// It stands now.
    Now(Box<Finding>),
    /// It was not taken; the answer says why.
    Not(Message),
}

/// The defect at `place` of those that wait for a person, or the last one; `before` was decided just now.
pub(super) async fn page(desk: &Desk<'_>, place: i64, before: Option<Finding>) -> Result<Message, StoreError> {
    let mut tx = desk.office.store.read().await?;
    let total = tx.doubtful_count().await?;
    let from = place.clamp(0, (total - 1).max(0));
    let Some(found) = tx.doubtful_at(from, desk.office.zone()).await? else {
        return Ok(desk.say(&Reply::QueueEmpty(before.as_ref())));
    };
    let account = tx
        .account(&found.finding.account_id)
        .await?
        .ok_or_else(|| StoreError::Missing { kind: "account", id: found.finding.account_id.to_string() })?;
    let doubt = Doubt {
        unit: account.unit,
        platform: account.platform,
        looks: found.looks,
        seen: told(looks::of(&mut tx, desk.office, found.finding.id).await?, desk.lang),
        finding: found.finding,
        from,
        total,
        before,
    };
    Ok(desk.say(&Reply::Queue(&doubt)))
}

/// Looks as a reader is told of them: in short, where the reason has words of its own.
pub(super) fn told(looks: Vec<Look>, lang: Lang) -> Vec<SeenBefore> {
    let what = |look: &Look| match LinkReason::parse(&look.result.reason) {
        Some(reason) => reason.name(lang).to_owned(),
        None => in_language(&look.note, lang).unwrap_or_else(|| look.note.clone()),
    };
    looks.into_iter().map(|look| SeenBefore { at: look.at, what: what(&look) }).collect()
}

/// Confirms a finding, or dismisses it for a reason.
pub(super) async fn decide(desk: &Desk<'_>, id: i64, confirm: bool, why: &str) -> Result<Decided, StoreError> {
    // Somebody was quicker: the reader learns who, rather than take it for their own doing.
    if let Some(said) = settled(desk, id).await? {
        return Ok(Decided::Not(said));
    }
    match decide_finding(desk.office, id, confirm, why, desk.actor()).await {
        Ok(stored) => Ok(Decided::Now(Box::new(stored.finding))),
        Err(DecideError::ReasonMissing) => Ok(Decided::Not(desk.say(&Reply::AskWhy(id)))),
        Err(DecideError::Store(StoreError::Missing { .. })) => Ok(Decided::Not(desk.say(&Reply::NoFinding(id)))),
        Err(DecideError::Store(error) | DecideError::Issue(IssueError::Store(error))) => Err(error),
        Err(
            DecideError::NotSuspected { .. }
            | DecideError::NothingToDismiss { .. }
            | DecideError::Changed(_)
            | DecideError::Issue(_),
        ) => Ok(Decided::Not(no_longer(desk, id).await?)),
    }
}

/// What became of a finding that waits no more; `None` while it waits.
pub(super) async fn settled(desk: &Desk<'_>, id: i64) -> Result<Option<Message>, StoreError> {
    let mut tx = desk.office.store.read().await?;
    match tx.finding(id, desk.office.zone()).await {
        Ok(found) if found.finding.outcome == crate::domain::finding::Outcome::Suspected => Ok(None),
        Ok(_) | Err(StoreError::Missing { .. }) => {
            drop(tx);
            no_longer(desk, id).await.map(Some)
        }
        Err(error) => Err(error),
    }
}

/// The answer on a finding that waits no more: who decided it, and when.
async fn no_longer(desk: &Desk<'_>, id: i64) -> Result<Message, StoreError> {
    let mut tx = desk.office.store.read().await?;
    let found = match tx.finding(id, desk.office.zone()).await {
        Err(StoreError::Missing { .. }) => return Ok(desk.say(&Reply::NoFinding(id))),
        other => other?,
    };
    Ok(match tx.decision_on(id).await? {
        Some((by, at)) => {
            let at = desk.office.local(at);
            desk.say(&Reply::DecidedBefore { finding: &found.finding, by: &by, at })
        }
        None => desk.say(&Reply::NoFinding(id)),
    })
}
