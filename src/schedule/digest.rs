//! The supervisors' morning digest: what is new, what waits, what did not arrive. No rankings.

use chrono::TimeDelta;

use crate::domain::health::SourceState;
use crate::domain::issue::IssueStatus;
use crate::domain::notice::{BlindLine, IssueLine, NoticeBody, UndeliveredLine};
use crate::issues::{approval, line};
use crate::notify::{self, Draft, Reader};
use crate::office::Office;
use crate::store::{IssueQuery, StoreError, Tx};

/// Overdue issues listed in one digest.
const LISTED: usize = 30;
/// Sources that cannot be read, listed in one digest.
const BLIND_LISTED: usize = 5;
/// A notice that was written longer ago than this and reached nobody is listed.
const UNDELIVERED_AFTER: TimeDelta = TimeDelta::hours(12);

/// Writes the day's digest on a working day, when somebody supervises. Gives a word for the log.
pub async fn write(office: &Office) -> Result<String, StoreError> {
    let now = office.now();
    let on = office.date(now);
    if !office.calendar.is_workday(on) {
        return Ok("not a working day".to_owned());
    }
    let mut tx = office.store.write().await?;
    if tx.chats_of_supervisors().await?.is_empty() {
        return Ok("no supervisor is bound".to_owned());
    }
    // A Monday's digest tells of the weekend too.
    let since = tx.last_digest_at().await?.unwrap_or(now - TimeDelta::days(1));
    let late = late(&mut tx, office).await?;
    let requests = approval::review(&mut tx, office).await?;
    let held = approval::held(&mut tx).await?;
    let appealed = IssueQuery { status: Some(IssueStatus::Appealed), ..Default::default() };
    let (appeals, _) = lines(&mut tx, office, appealed).await?;
    let extensions = tx.issues_wanting_time(office.zone()).await?.iter().map(line).collect();
    let live = tx.issue_counts().await?.iter().filter(|(status, _)| !status.is_final()).map(|(_, count)| count).sum();
    let undelivered = tx
        .undelivered(now - UNDELIVERED_AFTER)
        .await?
        .into_iter()
        .map(|row| UndeliveredLine { number: row.number, unit: row.unit, why: row.last_error })
        .collect();
    let counts = tx.source_counts().await?;
    let blind_count = counts.iter().filter(|(state, _)| *state != SourceState::Working).map(|(_, count)| count).sum();
    let blind = tx
        .troubled_sources(BLIND_LISTED, office.zone())
        .await?
        .into_iter()
        .map(|source| BlindLine {
            account: source.account,
            platform: source.platform,
            state: source.state,
            since: source.since,
            why: source.sentence,
        })
        .collect();
    let body = NoticeBody::Digest {
        on,
        opened: tx.issues_opened_since(since).await?,
        live,
        overdue: late.proposed,
        escalated: late.escalated,
        held_off: late.held_off,
        requests,
        held,
        overdue_count: late.count,
        doubtful: tx.doubtful_count().await?,
        appeals,
        extensions,
        undelivered,
        blind_count,
        blind,
    };
    let dedup_key = format!("digest:{on}");
    let draft = Draft {
        reader: Reader::Supervisors,
        round_id: None,
        body: &body,
        issues: &[],
        urgent: false,
        dedup_key: &dedup_key,
    };
    notify::write(&mut tx, office, draft, now).await?;
    tx.commit().await?;
    Ok("written".to_owned())
}

/// What is overdue.
#[derive(Default)]
struct Late {
    proposed: Vec<IssueLine>,
    escalated: i64,
    held_off: i64,
    count: i64,
}

/// The overdue issues; proposed for escalation are those that were neither escalated nor held off.
async fn late(tx: &mut Tx, office: &Office) -> Result<Late, StoreError> {
    let query = IssueQuery { overdue: true, ..IssueQuery::default() };
    let (mut late, mut after) = (Late::default(), 0);
    loop {
        let page = tx.issues_page(&query, after, 200, office.zone()).await?;
        let Some(last) = page.last() else { return Ok(late) };
        after = last.issue.id;
        for found in &page {
            late.count += 1;
            match found.issue.status {
                IssueStatus::Escalated => late.escalated += 1,
                _ if found.issue.is_held_off() => late.held_off += 1,
                _ if late.proposed.len() < LISTED => late.proposed.push(line(found)),
                _ => {}
            }
        }
    }
}

/// The first lines of a listing, and how many there are in all.
async fn lines(tx: &mut Tx, office: &Office, query: IssueQuery) -> Result<(Vec<IssueLine>, i64), StoreError> {
    let (mut listed, mut count, mut after) = (Vec::new(), 0, 0);
    loop {
        let page = tx.issues_page(&query, after, 200, office.zone()).await?;
        let Some(last) = page.last() else { return Ok((listed, count)) };
        after = last.issue.id;
        count += page.len() as i64;
        listed.extend(page.iter().take(LISTED.saturating_sub(listed.len())).map(line));
    }
}
