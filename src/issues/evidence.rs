//! Files with a rectification or an appeal (佐证材料): kept with the change they belong to, or not at all.
//!
//! They lie in the database, so that a backup holds them and workers share them. They are for the
//! supervisors and the unit itself; no report quotes them.

use crate::domain::Lang;
use crate::domain::issue::{Action, EventKind, IssueStatus, Refusal};
use crate::domain::material::{KeptMaterial, MOST_BYTES_PER_ISSUE, MOST_PER_ISSUE, Material};
use crate::office::Office;
use crate::store::{StoreError, StoredIssue, Tx};

use super::{IssueError, Scope, act_in, append, load};

/// Why files were not kept; nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum EvidenceError {
    /// More files, or more bytes, than one issue holds.
    #[error("issue {0} holds as many files as it may (20 files, 60 MB)")]
    Full(i64),
    /// The workflow, or the database.
    #[error(transparent)]
    Issue(#[from] IssueError),
}

impl From<StoreError> for EvidenceError {
    fn from(error: StoreError) -> Self {
        Self::Issue(error.into())
    }
}

/// What came of a report with files.
#[derive(Debug, Clone)]
pub struct Fixed {
    /// The issue as it stands now.
    pub issue: StoredIssue,
    /// It was reported just now; else before.
    pub changed: bool,
    /// Files kept just now.
    pub added: usize,
    /// Files kept with the issue in all.
    pub files: usize,
}

/// Reports a rectification with files, in one transaction; with one that was reported before and
/// not yet decided, the files are added to it.
///
/// `album` is the channel's name for an album whose other pictures may follow.
pub async fn fix(
    office: &Office,
    id: i64,
    note: &str,
    files: &[Material],
    album: Option<&str>,
    actor: &str,
    scope: &Scope,
) -> Result<Fixed, EvidenceError> {
    report(office, id, Action::Fix, note, Handed { files, album }, actor, scope).await
}

/// What was handed in with a report.
#[derive(Debug, Clone, Copy)]
pub struct Handed<'a> {
    /// The files.
    pub files: &'a [Material],
    /// The channel's name for an album whose other pictures may follow.
    pub album: Option<&'a str>,
}

/// [`fix`] for any action of a unit that files may support: a rectification, or an appeal.
pub async fn report(
    office: &Office,
    id: i64,
    action: Action,
    note: &str,
    handed: Handed<'_>,
    actor: &str,
    scope: &Scope,
) -> Result<Fixed, EvidenceError> {
    let Handed { files, album } = handed;
    let lang = office.lang();
    let mut tx = office.store.write().await?;
    let note = match (note.trim(), files.len(), lang) {
        (note, 0, _) => note.to_owned(),
        ("", count, Lang::Zh) => format!("见所附材料（{count} 份）"),
        ("", count, Lang::En) => format!("see the files attached ({count})"),
        (note, count, Lang::Zh) => format!("{note}（附材料 {count} 份）"),
        (note, count, Lang::En) => format!("{note} (files attached: {count})"),
    };
    load(&mut tx, office, id, scope).await?;
    // Why before the act: what the act tells the supervisors counts the files.
    let added = keep(&mut tx, office, id, files, album, actor).await?;
    let acted = act_in(&mut tx, office, id, action, &note, actor, scope).await?;
    if !acted.changed && added > 0 {
        tell_added(&mut tx, office, id, added, actor).await?;
    }
    let files = tx.evidence_of(id, office.zone()).await?.len();
    tx.commit().await?;
    Ok(Fixed { issue: acted.issue, changed: acted.changed, added, files })
}

/// Adds the rest of an album to the issue its beginning went to; `None` where there is none.
pub async fn add_to_album(
    office: &Office,
    album: &str,
    files: &[Material],
    actor: &str,
    scopes: &[Scope],
) -> Result<Option<(i64, usize)>, EvidenceError> {
    let mut tx = office.store.write().await?;
    let Some(id) = tx.issue_of_album(album).await? else { return Ok(None) };
    for scope in scopes {
        let found = match load(&mut tx, office, id, scope).await {
            Err(IssueError::NotFound(_)) => continue,
            other => other?,
        };
        let status = found.state.status;
        if !matches!(status, IssueStatus::Rectified | IssueStatus::Appealed) {
            let refusal = Refusal::WrongStatus { status, what: "given further files", what_zh: "补充材料" };
            return Err(IssueError::Refused { id, refusal }.into());
        }
        let added = keep(&mut tx, office, id, files, Some(album), actor).await?;
        if added > 0 {
            tell_added(&mut tx, office, id, added, actor).await?;
        }
        let files = tx.evidence_of(id, office.zone()).await?.len();
        tx.commit().await?;
        return Ok(Some((id, files)));
    }
    Ok(None)
}

/// What is kept with an issue, if `scope` may see it.
pub async fn list(office: &Office, id: i64, scope: &Scope) -> Result<Vec<KeptMaterial>, IssueError> {
    let mut tx = office.store.read().await?;
    load(&mut tx, office, id, scope).await?;
    Ok(tx.evidence_of(id, office.zone()).await?)
}

/// The bytes of a file that [`list`] named.
pub async fn content(office: &Office, file: &KeptMaterial) -> Result<Vec<u8>, StoreError> {
    office.store.read().await?.file_content(&file.sha256).await
}

async fn keep(
    tx: &mut Tx,
    office: &Office,
    id: i64,
    files: &[Material],
    album: Option<&str>,
    actor: &str,
) -> Result<usize, EvidenceError> {
    let mut added = 0;
    for file in files {
        added += usize::from(tx.put_evidence(id, file, actor, album, office.now()).await?);
    }
    let kept = tx.evidence_of(id, office.zone()).await?;
    let bytes: i64 = kept.iter().map(|file| file.size).sum();
    if added > 0 && (kept.len() > MOST_PER_ISSUE || bytes > MOST_BYTES_PER_ISSUE) {
        return Err(EvidenceError::Full(id));
    }
    Ok(added)
}

async fn tell_added(tx: &mut Tx, office: &Office, id: i64, count: usize, actor: &str) -> Result<(), StoreError> {
    let note = match office.lang() {
        Lang::Zh => format!("补充材料 {count} 份"),
        Lang::En => format!("files added: {count}"),
    };
    append(tx, id, office.now(), actor, EventKind::FilesAdded, &note).await
}
