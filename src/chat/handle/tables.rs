//! Tables by chat: review records and worksheets in, templates and worksheets out.
//!
//! A table lies on the disk only while it is read. Which kind it is, its headings say.

use std::path::PathBuf;

use tokio::sync::Semaphore;

use super::{Desk, Document, Outcome};
use crate::chat::attachment::{AttachmentKind, Attachments, Content};
use crate::chat::commands::Verb;
use crate::chat::texts::{self, FileReply, Reply};
use crate::checks::by_hand::{self, RecordError};
use crate::checks::self_report;
use crate::domain::Lang;
use crate::domain::material::MaterialFault;
use crate::domain::person::Role;
use crate::domain::round::{RoundName, RoundState};
use crate::intake::{self, HandIn, IntakeError};
use crate::issues::{IssueError, Scope};
use crate::registry::{
    FileError, Limits, SentKind, WorksheetHead, read_worksheet_within, recognise, template as templates,
    write_worksheet,
};
use crate::store::{AccountQuery, StoreError};

/// Tables taken at the same time.
static TAKING: Semaphore = Semaphore::const_new(2);
/// Accounts listed in a template.
const MOST_ACCOUNTS: usize = 5_000;
/// Screenshots sent with a worksheet.
const MOST_SHOTS: usize = 10;
/// Longest name of a file on the disk, in characters.
const LONGEST_NAME: usize = 60;

/// A file that somebody sent, on the disk until this is dropped.
struct Sent {
    _folder: tempfile::TempDir,
    path: PathBuf,
    prefix: String,
}

impl Sent {
    fn write(name: &str, content: &[u8]) -> std::io::Result<Self> {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join(name);
        std::fs::write(&path, content)?;
        let prefix = format!("{}{}", folder.path().display(), std::path::MAIN_SEPARATOR);
        Ok(Self { _folder: folder, path, prefix })
    }

    /// A sentence about the file, under the name its sender knows.
    fn plain(&self, sentence: &str) -> String {
        sentence.replace(&self.prefix, "")
    }
}

/// A name that is safe on the disk and ends as the content wants.
fn name_of(name: Option<&str>, content: &[u8]) -> String {
    let name = name.unwrap_or("表格");
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    let stem: String =
        stem.chars().filter(|c| c.is_alphanumeric() || "-_（）() ".contains(*c)).take(LONGEST_NAME).collect();
    let ending = if content.starts_with(b"PK\x03\x04") { "xlsx" } else { "csv" };
    format!("{}.{ending}", if stem.trim().is_empty() { "表格" } else { stem.trim() })
}

/// Takes a table that came without a word.
pub(super) async fn take(desk: &Desk<'_>, attachments: &Attachments) -> Result<Outcome, StoreError> {
    let say = |reply: &FileReply<'_>| Ok(texts::file_reply(reply, desk.lang).into());
    let role = desk.role();
    let [file] = attachments.files.as_slice() else { return say(&FileReply::WhatFor(role)) };
    let ending = file.name.as_deref().and_then(|name| name.rsplit_once('.')).map(|(_, ending)| ending.to_lowercase());
    let is_table = matches!(ending.as_deref(), Some("xlsx" | "xlsm" | "xls" | "csv" | "tsv" | "txt"));
    if file.kind != AttachmentKind::Document || !is_table {
        return say(&FileReply::WhatFor(role));
    }
    if role == Role::Auditor {
        return Ok(desk.say(&Reply::NotYours).into());
    }
    let content = match &file.content {
        Content::Whole(content) => content,
        Content::Unasked => return say(&FileReply::NotHere),
        Content::Failed => return say(&FileReply::NotFetched),
        Content::TooLarge => return Ok(not_taken(desk, file.name.as_deref(), MaterialFault::TooLarge)),
    };
    if content.is_empty() {
        return Ok(not_taken(desk, file.name.as_deref(), MaterialFault::Empty));
    }
    let _turn = TAKING.acquire().await;
    let Ok(sent) = Sent::write(&name_of(file.name.as_deref(), content), content) else {
        tracing::error!("a table could not be written to the folder for temporary files");
        return Ok(desk.say(&Reply::Trouble).into());
    };
    let path = sent.path.clone();
    let kind = match tokio::task::spawn_blocking(move || recognise(&path)).await {
        Ok(Ok(kind)) => kind,
        Ok(Err(error)) => return Ok(wrong(desk, &sent, &[error.text(desk.lang)])),
        Err(_) => return Ok(desk.say(&Reply::Trouble).into()),
    };
    match (kind, role) {
        (SentKind::Reviews, _) => reviews(desk, &sent).await,
        (SentKind::Worksheet, Role::Supervisor) => record(desk, &sent).await,
        (SentKind::Worksheet, _) => Ok(desk.say(&Reply::NotYours).into()),
        (SentKind::Accounts, _) => say(&FileReply::NotTheRegistry),
        (SentKind::Other, role) => say(&FileReply::NoSuchTable(role)),
    }
}

fn not_taken(desk: &Desk<'_>, name: Option<&str>, fault: MaterialFault) -> Outcome {
    let files = [(name.unwrap_or_default().to_owned(), fault)];
    texts::file_reply(&FileReply::NotTaken(&files), desk.lang).into()
}

/// Every error by line; those that do not fit in a message go as a file.
fn wrong(desk: &Desk<'_>, sent: &Sent, problems: &[String]) -> Outcome {
    let problems: Vec<String> = problems.iter().map(|problem| sent.plain(problem)).collect();
    let message = texts::file_reply(&FileReply::Wrong(&problems, problems.len()), desk.lang);
    let mut outcome = Outcome { messages: vec![message], ..Outcome::default() };
    if problems.len() > texts::MOST_PROBLEMS {
        let (name, text) = texts::problem_list(&problems, desk.lang);
        outcome.documents.push(Document { name, content: text.into_bytes(), caption: String::new() });
    }
    outcome
}

async fn reviews(desk: &Desk<'_>, sent: &Sent) -> Result<Outcome, StoreError> {
    let units = units(desk);
    let by = HandIn { units: units.as_deref(), actor: desk.actor() };
    match intake::hand_in_reviews(desk.office, &sent.path, by).await {
        Ok(mut imported) => {
            imported.warnings.iter_mut().for_each(|warning| *warning = sent.plain(warning));
            Ok(texts::file_reply(&FileReply::Imported(&imported), desk.lang).into())
        }
        Err(IntakeError::Rows(problems)) => Ok(wrong(desk, sent, &problems)),
        Err(IntakeError::File(error)) => Ok(wrong(desk, sent, &[error.text(desk.lang)])),
        Err(IntakeError::Store(error)) => Err(error),
    }
}

/// The units whose records the sender may hand in; `None`: all.
pub(super) fn units(desk: &Desk<'_>) -> Option<Vec<String>> {
    let mut units = Vec::new();
    for scope in desk.scopes(Verb::Template) {
        match scope {
            Scope::All => return None,
            Scope::Unit(unit) => units.push(unit),
        }
    }
    Some(units)
}

/// The template for review records, with the sender's accounts beside it.
pub(super) async fn template(desk: &Desk<'_>) -> Result<Outcome, StoreError> {
    let mut accounts = Vec::new();
    let mut tx = desk.office.store.read().await?;
    for unit in units(desk).unwrap_or_default() {
        let query = AccountQuery { unit: Some(unit), ..AccountQuery::default() };
        let page = tx.accounts_page(&query, None, MOST_ACCOUNTS).await?;
        accounts.extend(page.into_iter().map(|account| (account.account_id.to_string(), account.name)));
    }
    let Ok(content) = templates::reviews_xlsx(desk.lang, &accounts) else {
        tracing::error!("the template could not be written");
        return Ok(desk.say(&Reply::Trouble).into());
    };
    let name = if desk.lang == Lang::Zh { "审核记录模板.xlsx" } else { "reviews-template.xlsx" };
    Ok(Outcome {
        messages: vec![texts::file_reply(&FileReply::Template, desk.lang)],
        documents: vec![Document { name: name.to_owned(), content, caption: String::new() }],
        ..Outcome::default()
    })
}

/// The worksheet of a round; of the newest one where none is named.
pub(super) async fn worksheet(desk: &Desk<'_>, wanted: &str) -> Result<Outcome, StoreError> {
    let office = desk.office;
    if desk.incoming.is_group {
        return Ok(desk.say(&Reply::PrivateOnly).into());
    }
    let round = {
        let mut tx = office.store.read().await?;
        match wanted.parse::<RoundName>() {
            Ok(name) => tx.round(name).await?,
            Err(_) if wanted.is_empty() => tx.rounds().await?.pop(),
            Err(_) => None,
        }
    };
    let Some(round) = round else { return Ok(desk.say(&Reply::NoRound).into()) };
    if round.state == RoundState::Frozen {
        return Ok(texts::file_reply(&FileReply::NotNow(round.name), desk.lang).into());
    }
    let tasks = by_hand::tasks(office, &round).await?;
    let (rows, waiting) = (tasks.len(), tasks.iter().filter(|task| task.answer.is_none()).count());
    let head = WorksheetHead { round: round.name, as_of: round.as_of, zone: office.zone(), lang: desk.lang };
    let name = match desk.lang {
        Lang::Zh => format!("{}人工核查表.xlsx", round.name),
        Lang::En => format!("{}-worksheet.xlsx", round.name),
    };
    let written = tokio::task::spawn_blocking(move || {
        let folder = tempfile::tempdir().ok()?;
        let path = folder.path().join("worksheet.xlsx");
        write_worksheet(&path, head, &tasks).ok()?;
        std::fs::read(&path).ok()
    });
    let Ok(Some(content)) = written.await else {
        tracing::error!("the worksheet could not be written");
        return Ok(desk.say(&Reply::Trouble).into());
    };
    let mut documents = vec![Document { name, content, caption: String::new() }];
    // Whoever looks into a unit's statement sees what the unit showed.
    for (account, sha256) in self_report::screenshots(office, &round).await?.into_iter().take(MOST_SHOTS) {
        let mut tx = office.store.read().await?;
        let kind = tx.file_kind(&sha256).await?;
        documents.push(Document {
            name: format!("{account}.{kind}"),
            content: tx.file_content(&sha256).await?,
            caption: account.to_string(),
        });
    }
    Ok(Outcome {
        messages: vec![texts::file_reply(&FileReply::Worksheet(round.name, rows, waiting), desk.lang)],
        documents,
        ..Outcome::default()
    })
}

/// Records a worksheet that came back: the same code as `round record`.
async fn record(desk: &Desk<'_>, sent: &Sent) -> Result<Outcome, StoreError> {
    let (path, zone) = (sent.path.clone(), desk.office.zone());
    let read = tokio::task::spawn_blocking(move || read_worksheet_within(&path, zone, Limits::SENT)).await;
    let read = match read {
        Ok(Ok(read)) => read,
        Ok(Err(error)) => return Ok(wrong(desk, sent, &[FileError::text(&error, desk.lang)])),
        Err(_) => return Ok(desk.say(&Reply::Trouble).into()),
    };
    if !read.sheet.is_clean() {
        let problems: Vec<String> = read.sheet.problems.iter().map(|problem| problem.text(desk.lang)).collect();
        return Ok(wrong(desk, sent, &problems));
    }
    let say = |reply: &FileReply<'_>| Ok(texts::file_reply(reply, desk.lang).into());
    let mut rounds = read.sheet.rows.iter().map(|(_, row)| row.round);
    let first = rounds.next().flatten();
    let Some(name) = first.filter(|name| rounds.all(|round| round == Some(*name))) else {
        return say(if read.sheet.rows.is_empty() { &FileReply::Blank } else { &FileReply::WhichRound });
    };
    match by_hand::record(desk.office, name, &read.place, &read.sheet.rows, desk.actor(), false).await {
        Ok(mut recorded) => {
            recorded.blank = read.blank;
            say(&FileReply::Recorded(name, &recorded))
        }
        Err(RecordError::Closed(name) | RecordError::NotDrawn(name)) => say(&FileReply::NotNow(name)),
        Err(RecordError::Rows(problems)) => Ok(wrong(desk, sent, &problems)),
        Err(RecordError::Store(error) | RecordError::Issue(IssueError::Store(error))) => Err(error),
        Err(RecordError::Issue(error)) => {
            tracing::error!(%error, "a worksheet could not be recorded");
            Ok(desk.say(&Reply::Trouble).into())
        }
    }
}
