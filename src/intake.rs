//! Files into the registry: all of a command's files in one transaction, or nothing of them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};

use crate::domain::Lang;
use crate::domain::account::{Account, AccountId};
use crate::domain::review::ReviewRecord;
use crate::office::Office;
use crate::registry::{
    Change, FileError, Limits, Sheet, compare, heading_warnings, keep_unsaid, misfit, opening, read_all_accounts,
    read_reviews, read_reviews_within,
};
use crate::store::{NewEvent, StoreError, Tx};

/// How an import treats what it is given.
#[derive(Debug, Clone, Copy, Default)]
pub struct Wishes {
    /// Write nothing, only say what would be written.
    pub dry_run: bool,
    /// Leave bad rows out instead of refusing the file.
    pub skip_bad: bool,
}

/// What an import did, or would do.
#[derive(Debug, Clone, Default, serde::Serialize)]
pub struct Imported {
    /// Rows read from all files.
    pub rows: usize,
    /// Accounts or records that were not there before.
    pub added: usize,
    /// Accounts or records that differ from before.
    pub changed: usize,
    /// Rows that say what is known already.
    pub unchanged: usize,
    /// Bad rows left out.
    pub skipped: usize,
    /// What is wrong with them, a sentence each.
    pub problems: Vec<String>,
    /// The columns of each file against those that its kind knows.
    pub files: Vec<FileColumns>,
    /// What a person has to know though the file was taken, a sentence each.
    pub warnings: Vec<String>,
    /// Lifecycle events recorded (accounts only).
    pub events: usize,
    /// Units that go by another name now, old and new, whose bindings were carried over.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub renamed_units: Vec<(String, String)>,
    /// Nothing was written.
    pub dry_run: bool,
}

/// What the heading row of an imported file lacks, and what it has beside.
#[derive(Debug, Clone, serde::Serialize)]
pub struct FileColumns {
    /// The file.
    pub file: PathBuf,
    /// Columns that it does not have, by key; of a registry these fields stay as they are known.
    pub absent_columns: Vec<&'static str>,
    /// Headings that the program does not know; a registry keeps what stands under them as extra fields.
    pub unknown_columns: Vec<String>,
}

/// Why nothing was imported.
#[derive(Debug, thiserror::Error)]
pub enum IntakeError {
    /// A file cannot be read at all.
    #[error("{}", .0.text(Lang::En))]
    File(FileError),
    /// Rows are wrong; nothing was written.
    #[error("{} rows are wrong; nothing was imported", .0.len())]
    Rows(Vec<String>),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Imports registry files.
pub async fn import_accounts(office: &Office, files: &[PathBuf], wishes: Wishes) -> Result<Imported, IntakeError> {
    let lang = office.lang();
    let mut imported = Imported { dry_run: wishes.dry_run, ..Imported::default() };
    let sheets = read_all_accounts(files).map_err(IntakeError::File)?;
    for (file, sheet) in files.iter().zip(&sheets) {
        note_problems(sheet, lang, &mut imported);
        note_columns(file, sheet, &mut imported);
    }
    refuse_bad(&mut imported, wishes)?;
    let now = office.now();
    let mut tx = office.store.write().await?;
    // Why: what an empty registry is filled with was opened long ago; that is no event of today.
    let first = tx.account_count().await? == 0;
    let mut moves = Moves::new();
    for (file, sheet) in files.iter().zip(sheets) {
        for (line, account) in sheet.rows {
            let known = tx.account(&account.account_id).await?;
            let account = match &known {
                Some(known) => keep_unsaid(account, known, &sheet.headings),
                None => account,
            };
            if let Some(problem) = misfit(&account, file, line) {
                imported.problems.push(problem.text(lang));
                continue;
            }
            imported.rows += 1;
            put_account(&mut tx, known, &account, first, now, &mut imported, &mut moves).await?;
        }
    }
    refuse_bad(&mut imported, wishes)?;
    imported.renamed_units = follow_renames(&mut tx, &moves, now).await?;
    if !wishes.dry_run {
        tx.commit().await?;
    }
    Ok(imported)
}

async fn put_account(
    tx: &mut Tx,
    known: Option<Account>,
    account: &Account,
    first: bool,
    now: DateTime<Utc>,
    imported: &mut Imported,
    moves: &mut Moves,
) -> Result<(), StoreError> {
    let changes = match known {
        None => {
            imported.added += 1;
            if first { Vec::new() } else { vec![opening(account)] }
        }
        Some(known) if known == *account => {
            imported.unchanged += 1;
            return Ok(());
        }
        Some(known) => {
            imported.changed += 1;
            if known.unit != account.unit {
                moves.entry(known.unit.clone()).or_default().push((account.unit.clone(), account.account_id.clone()));
            }
            compare(&known, account)
        }
    };
    tx.put_account(account, now).await?;
    for change in &changes {
        record(tx, &account.account_id, change, now).await?;
        imported.events += 1;
    }
    Ok(())
}

/// Accounts that went from one unit to another in one import: from which, to which.
type Moves = BTreeMap<String, Vec<(String, AccountId)>>;

/// A unit whose accounts went, all of them and at once, to one name that no other account bears has
/// been renamed: who is bound to it stays bound, and its live issues go along. Gives old and new names.
///
/// Everything else may be a merger or a split, where carrying a binding over would show one unit's
/// business to another: `users list` and `doctor` name those bindings, and a person invites anew.
async fn follow_renames(tx: &mut Tx, moves: &Moves, now: DateTime<Utc>) -> Result<Vec<(String, String)>, StoreError> {
    let mut renamed = Vec::<(String, String)>::new();
    // Why again: where A became B and B became C, the name B is free once C is written.
    let mut waiting: Vec<_> = moves.iter().collect();
    loop {
        let before = renamed.len();
        let mut blocked = Vec::new();
        for (from, to) in waiting {
            let names: BTreeSet<&String> = to.iter().map(|(name, _)| name).collect();
            let (Some(name), 1) = (names.first(), names.len()) else { continue };
            let moved: BTreeSet<&AccountId> = to.iter().map(|(_, account)| account).collect();
            let bearers = tx.accounts_of_unit(name).await?;
            let is_new = bearers.iter().all(|bearer| moved.contains(bearer));
            let went_before = tx.unit_was_left(from, name).await?;
            let is_free = !tx.unit_is_in_use(name).await?;
            let arrived =
                |account: &AccountId| moves.values().flatten().any(|(unit, moved)| unit == from && moved == account);
            let is_left = tx.accounts_of_unit(from).await?.iter().all(arrived);
            // Who came to this name a moment ago does not go on to the next.
            let is_taken = renamed.iter().any(|(_, to)| to == from);
            if !is_new || went_before || !is_left || is_taken {
                continue;
            }
            if !is_free {
                blocked.push((from, to));
                continue;
            }
            tx.rename_unit(from, name).await?;
            tx.append_event(NewEvent {
                at: now,
                actor: "cli",
                subject_kind: "unit",
                subject_id: from,
                kind: "renamed",
                note: name,
                data: "",
            })
            .await?;
            renamed.push((from.clone(), (*name).clone()));
        }
        if renamed.len() == before || blocked.is_empty() {
            break;
        }
        waiting = blocked;
    }
    Ok(renamed)
}

async fn record(tx: &mut Tx, account: &AccountId, change: &Change, now: DateTime<Utc>) -> Result<(), StoreError> {
    let data = serde_json::to_string(change).map_err(StoreError::Json)?;
    tx.append_event(NewEvent {
        at: now,
        actor: "cli",
        subject_kind: "account",
        subject_id: account.as_str(),
        kind: change.kind.key(),
        note: &change.text(Lang::Zh),
        data: &data,
    })
    .await
}

/// Who hands in a file, and what is theirs.
#[derive(Debug, Clone, Copy)]
pub struct HandIn<'a> {
    /// The units whose accounts the file may speak of; `None`: all.
    pub units: Option<&'a [String]>,
    /// What history shows as the actor.
    pub actor: &'a str,
}

/// Imports review records; every record has to belong to a registered account.
pub async fn import_reviews(office: &Office, files: &[PathBuf], wishes: Wishes) -> Result<Imported, IntakeError> {
    let mut sheets = Vec::new();
    for file in files {
        sheets.push((file.clone(), read_reviews(file, office.zone()).map_err(IntakeError::File)?));
    }
    put_reviews(office, &sheets, wishes, None).await
}

/// Imports the review records that somebody sent: none of another unit's, and nothing of a file with an error.
pub async fn hand_in_reviews(office: &Office, file: &Path, by: HandIn<'_>) -> Result<Imported, IntakeError> {
    let (source, zone) = (file.to_owned(), office.zone());
    let read = tokio::task::spawn_blocking(move || read_reviews_within(&source, zone, Limits::SENT));
    let sheet = read.await.map_err(|_| StoreError::Missing { kind: "file", id: file.display().to_string() })?;
    let sheets = [(file.to_owned(), sheet.map_err(IntakeError::File)?)];
    put_reviews(office, &sheets, Wishes::default(), Some(by)).await
}

async fn put_reviews(
    office: &Office,
    sheets: &[(PathBuf, Sheet<ReviewRecord>)],
    wishes: Wishes,
    by: Option<HandIn<'_>>,
) -> Result<Imported, IntakeError> {
    let lang = office.lang();
    let mut imported = Imported { dry_run: wishes.dry_run, ..Imported::default() };
    for (file, sheet) in sheets {
        note_problems(sheet, lang, &mut imported);
        note_columns(file, sheet, &mut imported);
        imported.warnings.extend(heading_warnings(&sheet.headings, file, lang));
    }
    let theirs = |account: &Account| by.and_then(|by| by.units).is_none_or(|units| units.contains(&account.unit));
    let now = office.now();
    let mut tx = office.store.write().await?;
    let mut known = std::collections::HashMap::<AccountId, bool>::new();
    let mut good: Vec<&ReviewRecord> = Vec::new();
    for (file, sheet) in sheets {
        for (line, record) in &sheet.rows {
            let registered = match known.get(&record.account_id) {
                Some(registered) => *registered,
                None => tx.account(&record.account_id).await?.is_some_and(|account| theirs(&account)),
            };
            known.insert(record.account_id.clone(), registered);
            if registered {
                good.push(record);
            } else {
                let (file, id) = (file.display(), &record.account_id);
                // Why alike: an account of another unit is answered like one that does not exist.
                imported.problems.push(match lang {
                    Lang::Zh if by.is_some() => {
                        format!("{file}: 第 {line} 行“账号编号”：“{id}”不是本单位登记的账号，请核对编号")
                    }
                    Lang::En if by.is_some() => {
                        format!("{file}: line {line}, account_id: `{id}` is no registered account of your unit; correct the id")
                    }
                    Lang::Zh => format!("{file}: 第 {line} 行“账号编号”：“{id}”不在基本信息库中，请先导入该账号"),
                    Lang::En => {
                        format!("{file}: line {line}, account_id: `{id}` is not registered; import the account first")
                    }
                });
            }
        }
    }
    refuse_bad(&mut imported, wishes)?;
    for record in good {
        imported.rows += 1;
        match tx.review_of_same_post(record).await? {
            Some(known) if known == *record => {
                imported.unchanged += 1;
                continue;
            }
            Some(_) => imported.changed += 1,
            None => imported.added += 1,
        }
        tx.put_review(record, now).await?;
    }
    if let Some(by) = by.filter(|_| imported.added + imported.changed > 0) {
        let (units, count) = (by.units.unwrap_or_default().join("、"), imported.added + imported.changed);
        let note = match lang {
            Lang::Zh => format!("报送审核记录 {count} 条"),
            Lang::En => format!("review records handed in: {count}"),
        };
        tx.append_event(NewEvent {
            at: now,
            actor: by.actor,
            subject_kind: "unit",
            subject_id: &units,
            kind: "reviews_handed_in",
            note: &note,
            data: "",
        })
        .await?;
    }
    if !wishes.dry_run {
        tx.commit().await?;
    }
    Ok(imported)
}

fn note_problems<T>(sheet: &Sheet<T>, lang: Lang, imported: &mut Imported) {
    imported.problems.extend(sheet.problems.iter().map(|problem| problem.text(lang)));
    if sheet.unlisted > 0 {
        imported.problems.push(match lang {
            Lang::Zh => format!("另有{}处问题未列出", sheet.unlisted),
            Lang::En => format!("{} further problems are not listed", sheet.unlisted),
        });
    }
}

fn note_columns<T>(file: &Path, sheet: &Sheet<T>, imported: &mut Imported) {
    let (absent_columns, unknown_columns) = (sheet.headings.absent.clone(), sheet.headings.unknown.clone());
    imported.files.push(FileColumns { file: file.to_owned(), absent_columns, unknown_columns });
}

fn refuse_bad(imported: &mut Imported, wishes: Wishes) -> Result<(), IntakeError> {
    if imported.problems.is_empty() {
        return Ok(());
    }
    if wishes.skip_bad {
        imported.skipped = imported.problems.len();
        return Ok(());
    }
    Err(IntakeError::Rows(std::mem::take(&mut imported.problems)))
}

/// What a unit hands in with a rectification: its completed registry row, its review records.
pub async fn put_hand_in(
    office: &Office,
    account: Option<&Account>,
    reviews: &[ReviewRecord],
) -> Result<(), StoreError> {
    let now = office.now();
    let mut tx = office.store.write().await?;
    if let Some(account) = account {
        let known = tx.account(&account.account_id).await?;
        put_account(&mut tx, known, account, false, now, &mut Imported::default(), &mut Moves::new()).await?;
    }
    for record in reviews {
        tx.put_review(record, now).await?;
    }
    tx.commit().await
}

/// Lifecycle events of the registry that ought to have a filing behind them and have none.
pub async fn unfiled_changes(tx: &mut Tx) -> Result<Vec<(AccountId, Change)>, StoreError> {
    let events = tx.events_about("account").await?;
    Ok(events
        .into_iter()
        .filter_map(|event| {
            let change: Change = serde_json::from_str(&event.data_json).ok()?;
            (!change.filed && change.field.is_of_life()).then(|| (AccountId::new(event.subject_id), change))
        })
        .collect())
}
