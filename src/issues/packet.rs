//! The evidence packet of an issue (证据包): everything that speaks for it in one file that a stranger can open.
//!
//! It holds what supervisors and auditors see of the issue, and no contact data. What each file is, and how to
//! compare it, stands in a page of its own, in the office's language (`words`).

mod words;

use std::collections::BTreeSet;
use std::io::{Seek, Write};

use serde::Serialize;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::looks::{self, LOOKED, Look};
use super::{IssueError, Scope, load};
use crate::domain::Lang;
use crate::domain::finding::Finding;
use crate::domain::issue::{EventKind, Issue};
use crate::domain::material::KeptMaterial;
use crate::domain::page_copy::{self, PageCopy};
use crate::domain::time::LocalTime;
use crate::office::Office;
use crate::store::{EventQuery, StoreError, StoredCopy, StoredEvent, StoredFinding};

/// Events read at once.
const PAGE: usize = 1000;

/// An issue as `issues show` prints it: the fields of the contract, the looks behind it where there were several, and
/// the files kept with it.
#[derive(Debug, Serialize)]
pub struct IssueAndAll<'a> {
    /// The issue.
    #[serde(flatten)]
    pub issue: &'a Issue,
    /// What was seen before it was believed.
    pub looks: &'a [Look],
    /// What was handed in with it.
    pub attachments: &'a [KeptMaterial],
}

/// What a packet holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Packed {
    /// Copies of pages.
    pub copies: usize,
    /// Files handed in by the unit.
    pub files: usize,
    /// Events of the issue and its findings.
    pub events: usize,
    /// Pages that evidence names and of which no copy is kept.
    pub not_kept: usize,
}

/// Why there is no packet.
#[derive(Debug, thiserror::Error)]
pub enum PacketError {
    /// The issue, or the database.
    #[error(transparent)]
    Issue(#[from] IssueError),
    /// The file.
    #[error("the packet could not be written: {0}")]
    File(#[from] zip::result::ZipError),
    /// The file.
    #[error("the packet could not be written: {0}")]
    Write(#[from] std::io::Error),
}

impl From<StoreError> for PacketError {
    fn from(error: StoreError) -> Self {
        Self::Issue(error.into())
    }
}

impl From<serde_json::Error> for PacketError {
    fn from(error: serde_json::Error) -> Self {
        Self::Write(error.into())
    }
}

/// An event as a packet tells it: whatever its hash is made of.
#[derive(Debug, Serialize)]
struct Told<'a> {
    id: i64,
    at: LocalTime,
    at_ms: i64,
    actor: &'a str,
    subject_kind: &'a str,
    subject_id: &'a str,
    kind: &'a str,
    note: &'a str,
    data: &'a str,
    prev_hash: &'a str,
    hash: &'a str,
}

/// Everything of a packet but the contents of the unit's files.
struct Packet {
    issue: Issue,
    looks: Vec<Look>,
    files: Vec<KeptMaterial>,
    findings: Vec<Finding>,
    events: Vec<StoredEvent>,
    /// Hash of the last event there is.
    head: String,
    copies: Vec<StoredCopy>,
    not_kept: Vec<String>,
    made_at: LocalTime,
}

/// Writes the packet of an issue that `scope` may see, as a ZIP file.
pub async fn write(
    office: &Office,
    id: i64,
    scope: &Scope,
    into: impl Write + Seek + Send,
) -> Result<Packed, PacketError> {
    let packet = collect(office, id, scope).await?;
    let lang = office.lang();
    let mut zip = ZipWriter::new(into);
    let shown = IssueAndAll { issue: &packet.issue, looks: &packet.looks, attachments: &packet.files };
    put(&mut zip, "issue.json", &serde_json::to_vec_pretty(&shown)?)?;
    put(&mut zip, "findings.json", &serde_json::to_vec_pretty(&packet.findings)?)?;
    let told: Vec<Told<'_>> = packet.events.iter().map(|event| told(office, event)).collect();
    put(&mut zip, "events.json", &serde_json::to_vec_pretty(&told)?)?;
    put(&mut zip, "history.txt", history(&packet, office, lang).as_bytes())?;
    for stored in &packet.copies {
        let text = stored.copy.text().unwrap_or_default();
        put(&mut zip, &name_of(&stored.copy), text.as_bytes())?;
    }
    for file in &packet.files {
        // One at a time: together they may weigh 60 MB.
        let content = office.store.read().await?.file_content(&file.sha256).await?;
        put(&mut zip, &name_of_file(file), &content)?;
    }
    let read_me = match lang {
        Lang::Zh => "说明.txt",
        Lang::En => "README.txt",
    };
    put(&mut zip, read_me, words::read_me(&packet, lang).as_bytes())?;
    zip.finish()?.flush()?;
    Ok(Packed {
        copies: packet.copies.len(),
        files: packet.files.len(),
        events: packet.events.len(),
        not_kept: packet.not_kept.len(),
    })
}

/// All of one moment: what is done meanwhile belongs to the next packet.
async fn collect(office: &Office, id: i64, scope: &Scope) -> Result<Packet, PacketError> {
    let zone = office.zone();
    let mut tx = office.store.read().await?;
    let issue = load(&mut tx, office, id, scope).await?.issue.shown();
    let looks = looks::behind(&mut tx, office, id).await?;
    let files = tx.evidence_of(id, zone).await?;
    let stored = tx.findings_of_issue(id, zone).await?;
    let mut events = Vec::new();
    let findings = stored.iter().map(|found| ("finding", found.finding.id));
    for (kind, number) in std::iter::once(("issue", id)).chain(findings) {
        let query =
            EventQuery { subject_kind: Some(kind.to_owned()), subject_id: Some(number.to_string()), since: None };
        let mut after = 0;
        loop {
            let page = tx.events_page(&query, after, PAGE).await?;
            let Some(last) = page.last() else { break };
            after = last.id;
            events.extend(page);
        }
    }
    events.sort_by_key(|event| event.id);
    let head = tx.last_event_hash().await?;
    let findings: Vec<Finding> = stored.into_iter().map(|StoredFinding { finding, .. }| finding.shown()).collect();
    let evidence = findings.iter().map(|finding| &finding.evidence).chain([&issue.evidence]);
    let mut hashes: BTreeSet<String> = evidence.filter_map(|evidence| evidence.sha256.clone()).collect();
    hashes.extend(events.iter().flat_map(|event| page_copy::named_in(event.data())));
    let (mut copies, mut not_kept) = (Vec::new(), Vec::new());
    for sha256 in hashes {
        match tx.page_copy(&sha256, zone).await? {
            Some(copy) => copies.push(copy),
            None => not_kept.push(sha256),
        }
    }
    let made_at = office.local(office.now());
    Ok(Packet { issue, looks, files, findings, events, head, copies, not_kept, made_at })
}

fn put(zip: &mut ZipWriter<impl Write + Seek>, name: &str, content: &[u8]) -> Result<(), PacketError> {
    zip.start_file(name, SimpleFileOptions::default())?;
    zip.write_all(content)?;
    Ok(())
}

fn told<'e>(office: &Office, event: &'e StoredEvent) -> Told<'e> {
    Told {
        id: event.id,
        at: office.local(event.at()),
        at_ms: event.at().timestamp_millis(),
        actor: &event.actor,
        subject_kind: &event.subject_kind,
        subject_id: &event.subject_id,
        kind: &event.kind,
        note: &event.note,
        data: event.data(),
        prev_hash: &event.prev_hash,
        hash: &event.hash,
    }
}

/// The events for a reader, one a line, each with the beginning of its hash.
fn history(packet: &Packet, office: &Office, lang: Lang) -> String {
    let line = |event: &StoredEvent| {
        let kind = match (event.subject_kind.as_str(), event.kind.as_str(), lang) {
            ("finding", "confirmed", Lang::Zh) => "人工认定",
            ("finding", "dismissed", Lang::Zh) => "人工排除",
            ("finding", LOOKED, Lang::Zh) => "复看",
            ("finding", LOOKED, Lang::En) => "looked at",
            (_, kind, _) => EventKind::parse(kind).map_or(kind, |kind| kind.name(lang)),
        };
        let hash: String = event.hash.chars().take(12).collect();
        let at = office.local(event.at()).minute();
        format!("{at}  {kind}  {}  {}  [{} {hash}]\r\n", event.actor, event.note, event.id)
    };
    packet.events.iter().map(line).collect()
}

fn name_of(copy: &PageCopy) -> String {
    format!("copies/{}.{}", copy.sha256, copy.kind.key())
}

fn name_of_file(file: &KeptMaterial) -> String {
    let start: String = file.sha256.chars().take(8).collect();
    format!("files/{start}-{}", file.name)
}
