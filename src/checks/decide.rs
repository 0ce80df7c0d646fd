//! What the machine only suspects, a person decides.

use crate::domain::finding::Outcome;
use crate::domain::issue::Action;
use crate::domain::notice::Alert;
use crate::domain::privacy::mask;
use crate::domain::round::RoundState;
use crate::domain::rule::Class;
use crate::issues::open::{open_late, write_gathered};
use crate::issues::{self, IssueError, Scope};
use crate::notify;
use crate::office::Office;
use crate::store::{NewEvent, StoreError, StoredFinding, Tx};

/// Why a decision was not taken.
#[derive(Debug, thiserror::Error)]
pub enum DecideError {
    /// There is nothing to decide.
    #[error("finding {id} is `{outcome}`; only a suspected one can be confirmed")]
    NotSuspected {
        /// Which one.
        id: i64,
        /// Its verdict.
        outcome: Outcome,
    },
    /// Dismissing what is neither suspected nor a violation.
    #[error("finding {id} is `{outcome}`; only a suspected one or a violation can be dismissed")]
    NothingToDismiss {
        /// Which one.
        id: i64,
        /// Its verdict.
        outcome: Outcome,
    },
    /// Dismissing wants a reason.
    #[error("say why the finding is dismissed (--why TEXT)")]
    ReasonMissing,
    /// Somebody else was quicker.
    #[error("finding {0} was decided by somebody else meanwhile")]
    Changed(i64),
    /// The issue behind it.
    #[error(transparent)]
    Issue(#[from] IssueError),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Confirms or dismisses a finding in the name of `actor`; repeating a decision changes nothing.
///
/// A confirmed one becomes an issue with its notice at once when its round is judged, else
/// with the round. A dismissed violation takes its issue with it.
pub async fn decide_finding(
    office: &Office,
    id: i64,
    confirm: bool,
    why: &str,
    actor: &str,
) -> Result<StoredFinding, DecideError> {
    let now = office.now();
    let mut tx = office.store.write().await?;
    let found = tx.finding(id, office.zone()).await?;
    let outcome = found.finding.outcome;
    if found.decided_at.is_some() && (outcome == Outcome::Fail) == confirm {
        return Ok(found);
    }
    let to = match (confirm, outcome) {
        (true, Outcome::Suspected) => Outcome::Fail,
        (true, _) => return Err(DecideError::NotSuspected { id, outcome }),
        (false, _) if why.trim().is_empty() => return Err(DecideError::ReasonMissing),
        (false, Outcome::Suspected | Outcome::Fail) => Outcome::Pass,
        (false, _) => return Err(DecideError::NothingToDismiss { id, outcome }),
    };
    if !tx.decide_finding(id, outcome, to, actor, now).await? {
        return Err(DecideError::Changed(id));
    }
    let kind = if confirm { "confirmed" } else { "dismissed" };
    let subject_id = id.to_string();
    tx.append_event(NewEvent {
        at: now,
        actor,
        subject_kind: "finding",
        subject_id: &subject_id,
        kind,
        note: &mask(why),
        data: "",
    })
    .await?;
    let decided = tx.finding(id, office.zone()).await?;
    // The very same doubt of several rounds is put to a person once.
    let mut ids = vec![id];
    ids.extend(tx.decide_siblings(&decided.finding, to, actor, now).await?);
    if confirm {
        for id in ids {
            open_confirmed(&mut tx, office, id, actor).await?;
        }
    } else if outcome == Outcome::Fail
        && let Some(issue) = tx.issue_on(&decided.finding, office.zone()).await?
        && !issue.state.status.is_final()
    {
        issues::act_in(&mut tx, office, issue.issue.id, Action::Dismiss, why, actor, &Scope::All).await?;
    }
    tx.commit().await?;
    Ok(decided)
}

/// Opens the issue of a confirmed finding, with its notice, unless its round still does that itself.
async fn open_confirmed(tx: &mut Tx, office: &Office, id: i64, actor: &str) -> Result<(), IssueError> {
    let found = tx.finding(id, office.zone()).await?;
    let round = tx.round_by_id(found.round_id).await?;
    if !matches!(round.state, RoundState::Judged | RoundState::Closed) {
        return Ok(());
    }
    let now = office.now();
    open_late(tx, office, &round, &found, now).await?;
    if round.notify {
        write_gathered(tx, office, &round, now).await?;
        if found.finding.class == Class::Veto
            && let Some(issue) = tx.issue_on(&found.finding, office.zone()).await?
        {
            let alert = Alert::Veto { line: issues::line(&issue), by: actor.to_owned() };
            notify::alert(tx, office, alert, &format!("veto:{id}"), now).await?;
        }
    }
    Ok(())
}
