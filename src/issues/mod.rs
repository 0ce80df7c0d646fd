//! The issue workflow: load, decide, write — the change, its event and its notices in one transaction.
//!
//! The command line, the bot and the scheduler all come through [`act`]; what may be done
//! is decided in [`crate::domain::issue::decide`].

pub mod approval;
pub mod clock;
pub mod evidence;
mod item;
pub mod looks;
pub mod open;
pub mod packet;

use chrono::{DateTime, Utc};

use crate::domain::bulletin::said_of_a_leak;
use crate::domain::issue::{Action, Decision, EventKind, IssueStatus, Refusal, decide};
use crate::domain::notice::{Alert, IssueLine, NoticeBody, NoticeItem};
use crate::domain::privacy::mask;
use crate::domain::rule::Indicator;
use crate::notify::{self, Draft, Reader};
use crate::office::Office;
use crate::store::{ApprovalKind, IssueQuery, NewEvent, StoreError, StoredIssue, Tx};

/// What somebody may touch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    /// Everything.
    All,
    /// The issues of one unit.
    Unit(String),
}

/// What came of an action.
#[derive(Debug, Clone)]
pub struct Acted {
    /// The issue as it stands now.
    pub issue: StoredIssue,
    /// `false`: it stood so already.
    pub changed: bool,
}

/// Why an action did not happen.
#[derive(Debug, thiserror::Error)]
pub enum IssueError {
    /// There is none, or none this reader may know of.
    #[error("there is no issue {0}")]
    NotFound(i64),
    /// It does not fit where the issue stands.
    #[error("issue {id}: {refusal}")]
    Refused {
        /// Which one.
        id: i64,
        /// Why.
        refusal: Refusal,
    },
    /// Another supervisor has to agree first; the others have been asked.
    #[error(
        "issue {id}: closing it without a passed recheck, or revoking it without an appeal, takes a second supervisor (request {request})"
    )]
    AwaitsSecond {
        /// Which one.
        id: i64,
        /// Number of the request.
        request: i64,
        /// Whether there is anybody who could agree.
        others: bool,
    },
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// One issue, if `scope` may see it.
pub async fn find(office: &Office, id: i64, scope: &Scope) -> Result<StoredIssue, IssueError> {
    let mut tx = office.store.read().await?;
    load(&mut tx, office, id, scope).await
}

/// An issue as a notice tells it: what to do, and how it will be looked at again.
pub async fn item(office: &Office, found: &StoredIssue) -> Result<NoticeItem, StoreError> {
    let mut tx = office.store.read().await?;
    let missing = || StoreError::Missing { kind: "issue", id: found.issue.id.to_string() };
    item::all(&mut tx, office, std::slice::from_ref(found)).await?.pop().ok_or_else(missing)
}

/// Whether the unit may not act on an issue yet: it is open, and no notice to the unit was written.
pub async fn is_untold(office: &Office, found: &StoredIssue) -> Result<bool, StoreError> {
    if found.state.status != IssueStatus::Open {
        return Ok(false);
    }
    Ok(!office.store.read().await?.is_told(found.issue.id).await?)
}

/// The next `limit` issues after `after` that `scope` may see.
pub async fn list(
    office: &Office,
    query: &IssueQuery,
    scope: &Scope,
    after: i64,
    limit: usize,
) -> Result<Vec<StoredIssue>, StoreError> {
    let mut query = query.clone();
    if let Scope::Unit(unit) = scope {
        if query.unit.as_ref().is_some_and(|wanted| wanted != unit) {
            return Ok(Vec::new());
        }
        query.unit = Some(unit.clone());
    }
    office.store.read().await?.issues_page(&query, after, limit, office.zone()).await
}

async fn load(tx: &mut Tx, office: &Office, id: i64, scope: &Scope) -> Result<StoredIssue, IssueError> {
    let found = match tx.issue(id, office.zone()).await {
        Err(StoreError::Missing { kind: "issue", .. }) => return Err(IssueError::NotFound(id)),
        other => other?,
    };
    match scope {
        Scope::Unit(unit) if *unit != found.issue.unit => Err(IssueError::NotFound(id)),
        _ => Ok(found),
    }
}

/// Does `action` on an issue in the name of `actor`, if `scope` allows.
pub async fn act(
    office: &Office,
    id: i64,
    action: Action,
    note: &str,
    actor: &str,
    scope: &Scope,
) -> Result<Acted, IssueError> {
    act_as(office, id, action, note, actor, actor, scope).await
}

/// [`act`] by a person whom `key` tells from others of the same name, for what takes two people.
pub async fn act_as(
    office: &Office,
    id: i64,
    action: Action,
    note: &str,
    actor: &str,
    key: &str,
    scope: &Scope,
) -> Result<Acted, IssueError> {
    let mut tx = office.store.write().await?;
    let two = match action {
        Action::Close => Some(ApprovalKind::Close),
        Action::Revoke => Some(ApprovalKind::Revoke),
        _ => None,
    };
    if let Some(kind) = two.filter(|_| office.config.approval.close_without_recheck) {
        let found = load(&mut tx, office, id, scope).await?;
        let changes = matches!(decide(&found.state, &action, note, office.now()), Ok(Decision::Change(..)));
        // One supervisor grants an appeal; what nobody appeals is not undone by one alone.
        let alone = match kind {
            ApprovalKind::Revoke => {
                found.state.status == IssueStatus::Appealed && is_appealed_by_another(&found, actor)
            }
            _ => tx.recheck_passed(id).await?,
        };
        if changes
            && !alone
            && let approval::Word::Wanted { request, others } =
                approval::word_on_closing(&mut tx, office, kind, &found, note, actor, key).await?
        {
            tx.commit().await?;
            return Err(IssueError::AwaitsSecond { id, request, others });
        }
    }
    let acted = act_in(&mut tx, office, id, action, note, actor, scope).await?;
    tx.commit().await?;
    Ok(acted)
}

/// Whether somebody else than `actor` appealed: who appeals for a unit does not grant it too. Commands of
/// one machine may all be one person's.
fn is_appealed_by_another(found: &StoredIssue, actor: &str) -> bool {
    let appealed = found.issue.events.iter().rev().find(|event| event.kind == EventKind::Appealed);
    appealed.is_some_and(|event| event.actor != actor && event.actor != "cli")
}

/// What an event is to tell of an action.
#[derive(Debug, Clone, Copy)]
pub struct Said<'a> {
    /// In words.
    pub note: &'a str,
    /// What a program wants back, JSON text or empty.
    pub data: &'a str,
}

impl<'a> From<&'a str> for Said<'a> {
    fn from(note: &'a str) -> Self {
        Self { note, data: "" }
    }
}

impl<'a> From<&'a String> for Said<'a> {
    fn from(note: &'a String) -> Self {
        Self::from(note.as_str())
    }
}

/// [`act`] inside the caller's transaction.
pub async fn act_in<'a>(
    tx: &mut Tx,
    office: &Office,
    id: i64,
    action: Action,
    said: impl Into<Said<'a>>,
    actor: &str,
    scope: &Scope,
) -> Result<Acted, IssueError> {
    let said = said.into();
    let note = said.note;
    let now = office.now();
    let found = load(tx, office, id, scope).await?;
    let (mut next, kind) = match decide(&found.state, &action, note, now) {
        Err(refusal) => return Err(IssueError::Refused { id, refusal }),
        Ok(Decision::Already) => return Ok(Acted { issue: found, changed: false }),
        Ok(Decision::Change(next, kind)) => (next, kind),
    };
    if action == Action::Uphold {
        next.due_at = next.due_at.map(|due| clock::end_of_working_day(office, due));
    }
    tx.save_issue(id, &found.state, &next).await?;
    append_said(tx, id, now, actor, kind, said).await?;
    let after = tx.issue(id, office.zone()).await?;
    follow_up(tx, office, &after, &action, kind, note, actor, now).await?;
    approval::lapse_on(tx, office, id, kind, actor).await?;
    Ok(Acted { issue: after, changed: true })
}

/// Appends an event to an issue's history.
pub async fn append(
    tx: &mut Tx,
    id: i64,
    at: DateTime<Utc>,
    actor: &str,
    kind: EventKind,
    note: &str,
) -> Result<(), StoreError> {
    append_said(tx, id, at, actor, kind, note.into()).await
}

async fn append_said(
    tx: &mut Tx,
    id: i64,
    at: DateTime<Utc>,
    actor: &str,
    kind: EventKind,
    said: Said<'_>,
) -> Result<(), StoreError> {
    let subject_id = id.to_string();
    tx.append_event(NewEvent {
        at,
        actor,
        subject_kind: "issue",
        subject_id: &subject_id,
        kind: kind.key(),
        // Why: an event is there for good, and is told masked anyway.
        note: &mask(said.note),
        data: said.data,
    })
    .await
}

/// An issue as the short line that messages print.
#[must_use]
pub fn line(found: &StoredIssue) -> IssueLine {
    let issue = &found.issue;
    IssueLine {
        issue: issue.id,
        account: issue.account.clone(),
        platform: issue.platform,
        unit: issue.unit.clone(),
        // Why: what leaked is shown where it has to be found, and not again with every reminder.
        summary: match issue.indicator {
            Indicator::Privacy => said_of_a_leak(&issue.summary),
            _ => issue.summary.clone(),
        },
        due_at: issue.due_at,
        due_provisional: issue.due_provisional,
        unacknowledged: issue.acknowledged_at.is_none() && !issue.status.is_final(),
    }
}

/// What a change sets going: a recheck, a new timetable, a word to the unit or to the supervisors.
#[expect(clippy::too_many_arguments, reason = "the change and its circumstances, passed once")]
async fn follow_up(
    tx: &mut Tx,
    office: &Office,
    after: &StoredIssue,
    action: &Action,
    kind: EventKind,
    note: &str,
    actor: &str,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let id = after.issue.id;
    let key = format!("issue:{id}:{}:{}", kind.key(), after.issue.events.len());
    let by_person = tx.person_judged(id).await?;
    match action {
        Action::Fix => {
            tx.plan_recheck(id, Some(now)).await?;
            if by_person {
                let files = tx.evidence_count(id).await?;
                let alert = Alert::Rectified { line: line(after), what: note.to_owned(), by: actor.to_owned(), files };
                notify::alert(tx, office, alert, &key, now).await?;
            }
        }
        Action::Appeal => {
            let files = tx.evidence_count(id).await?;
            let alert = Alert::Appealed { line: line(after), why: note.to_owned(), by: actor.to_owned(), files };
            notify::alert(tx, office, alert, &key, now).await?;
        }
        Action::RequestExtension(until) => {
            let until = office.local(*until);
            let alert =
                Alert::ExtensionRequested { line: line(after), until, why: note.to_owned(), by: actor.to_owned() };
            notify::alert(tx, office, alert, &key, now).await?;
        }
        Action::Uphold | Action::Extend(_) => {
            clock::plan(tx, office, id, after.state.due_at, now).await?;
            if after.state.status == IssueStatus::Rectified {
                // Rechecks leave an appeal alone, so the one that was due is still to come.
                tx.plan_recheck(id, Some(now)).await?;
            }
            tell_unit(tx, office, after, kind, note, &key, now).await?;
        }
        Action::Recheck { passed } => {
            if after.state.status.is_final() {
                tx.plan_recheck(id, None).await?;
            }
            if kind == EventKind::Rejected {
                clock::plan_again(tx, office, after, now).await?;
            }
            if *passed || kind == EventKind::Rejected {
                tell_unit(tx, office, after, kind, note, &key, now).await?;
            }
        }
        Action::Reject => {
            clock::plan_again(tx, office, after, now).await?;
            tell_unit(tx, office, after, kind, note, &key, now).await?;
        }
        Action::Revoke | Action::RefuseExtension | Action::Close | Action::Escalate => {
            tell_unit(tx, office, after, kind, note, &key, now).await?;
        }
        // Also while the notice still waits: it will go out as it was written, and this behind it.
        Action::Dismiss => tell_unit(tx, office, after, kind, note, &key, now).await?,
        Action::Acknowledge | Action::PassDeadline | Action::HoldOff => {}
    }
    Ok(())
}

/// Tells a unit what was decided, or seen, on one of its issues.
pub(crate) async fn tell_unit(
    tx: &mut Tx,
    office: &Office,
    after: &StoredIssue,
    what: EventKind,
    note: &str,
    key: &str,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let id = after.issue.id;
    // Why: who never heard of a problem, as in a rehearsal, is not told what became of it.
    if !tx.is_told(id).await? {
        return Ok(());
    }
    let body = NoticeBody::Decision { line: line(after), what, note: note.to_owned() };
    let draft = Draft {
        reader: Reader::Unit(&after.issue.unit),
        round_id: None,
        body: &body,
        issues: &[id],
        urgent: false,
        dedup_key: key,
    };
    // Why: what was confirmed a moment ago may still be gathered; a decision on it must not arrive first.
    let not_before = tx.rectification_due(id).await?.map_or(now, |due| due.max(now));
    notify::write_held(tx, office, draft, not_before, now).await?;
    Ok(())
}
