//! From certain findings to issues: opened, found again or opened anew; and one notice a unit.
//!
//! Decisions that bind this module:
//! - What was measured before an issue ended, or before its rectification was reported, says
//!   nothing against it: a round may finish days after its monitoring time.
//! - What a person revoked or dismissed is not opened anew by a machine that sees the same fact;
//!   a new fact, or a person, opens it.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, TimeDelta, Utc};

use crate::domain::account::AccountId;
use crate::domain::finding::{Finding, Outcome};
use crate::domain::issue::{Action, EventKind, IssueStatus};
use crate::domain::notice::{Alert, NoticeBody, NoticeItem};
use crate::domain::rule::{Class, Indicator};
use crate::notify::{self, Addressed, Draft, Reader};
use crate::office::Office;
use crate::store::{
    FindingQuery, IssueQuery, NewEvent, NewIssue, Round, StoreError, StoredFinding, StoredIssue, Tx, defect,
};

use super::{IssueError, Scope, act_in, append, approval, item, line};

/// What became of a round's certain findings.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Opened {
    /// Issues opened for the first time.
    pub opened: usize,
    /// Ended issues opened anew.
    pub reopened: usize,
    /// Live issues found again.
    pub found_again: usize,
    /// Notices written.
    pub notices: usize,
}

const PAGE: usize = 500;

/// Opens an issue for every `fail` of a round and writes one notice a unit, in the caller's transaction.
pub async fn open_round(tx: &mut Tx, office: &Office, round: &Round, now: DateTime<Utc>) -> Result<Opened, IssueError> {
    let query = FindingQuery { round: Some(round.name), outcome: Some(Outcome::Fail), ..FindingQuery::default() };
    let mut opened = Opened::default();
    let mut after = 0;
    loop {
        let page = tx.findings_page(&query, after, PAGE, office.zone()).await?;
        let Some(last) = page.last() else { break };
        after = last.finding.id;
        open(tx, office, round, &page, now, &mut opened).await?;
    }
    if round.notify {
        opened.notices = write_notices(tx, office, round, now).await?;
        tell_supervisors(tx, office, round, opened, now).await?;
    }
    Ok(opened)
}

/// Opens the issue of one finding that became certain after its round was judged; the caller writes the notices.
pub async fn open_late(
    tx: &mut Tx,
    office: &Office,
    round: &Round,
    found: &StoredFinding,
    now: DateTime<Utc>,
) -> Result<(), IssueError> {
    open(tx, office, round, std::slice::from_ref(found), now, &mut Opened::default()).await
}

/// Opens issues for a page of findings: first ones together, as a round may bring thousands.
async fn open(
    tx: &mut Tx,
    office: &Office,
    round: &Round,
    page: &[StoredFinding],
    now: DateTime<Utc>,
    opened: &mut Opened,
) -> Result<(), IssueError> {
    let ids: Vec<&AccountId> = page.iter().map(|found| &found.finding.account_id).collect();
    let units: HashMap<AccountId, String> =
        tx.accounts_of(&ids).await?.into_iter().map(|account| (account.account_id, account.unit)).collect();
    let known = tx.defects_of(&ids).await?;
    let mut begun = HashSet::new();
    let mut fresh = Vec::new();
    for found in page {
        let finding = &found.finding;
        let defect = defect(finding);
        if !known.contains_key(&defect) && begun.insert(defect) {
            let missing = || StoreError::Missing { kind: "account", id: finding.account_id.to_string() };
            let unit = units.get(&finding.account_id).ok_or_else(missing)?;
            fresh.push(NewIssue { round_id: round.id, unit, finding, opened_at: now });
            continue;
        }
        open_first(tx, &std::mem::take(&mut fresh), now).await?;
        find_again(tx, office, round, found, now, opened).await?;
    }
    open_first(tx, &fresh, now).await?;
    opened.opened += begun.len();
    Ok(())
}

/// Opens issues on defects that never had one.
async fn open_first(tx: &mut Tx, new: &[NewIssue<'_>], now: DateTime<Utc>) -> Result<(), StoreError> {
    if new.is_empty() {
        return Ok(());
    }
    let ids = tx.insert_issues(new).await?;
    let found: Vec<_> = new.iter().zip(&ids).map(|(new, id)| (*id, new.round_id, new.finding.id)).collect();
    tx.link_issues(&found).await?;
    let ids: Vec<String> = ids.iter().map(i64::to_string).collect();
    let events = new.iter().zip(&ids).map(|(new, id)| NewEvent {
        at: now,
        actor: crate::ACTOR,
        subject_kind: "issue",
        subject_id: id,
        kind: EventKind::Opened.key(),
        note: &new.finding.summary,
        data: "",
    });
    tx.append_events(&events.collect::<Vec<_>>()).await
}

/// What a finding says of a defect that had an issue before: found again, or opened anew.
async fn find_again(
    tx: &mut Tx,
    office: &Office,
    round: &Round,
    found: &StoredFinding,
    now: DateTime<Utc>,
    opened: &mut Opened,
) -> Result<(), IssueError> {
    let actor = crate::ACTOR;
    let finding = &found.finding;
    let missing = || StoreError::Missing { kind: "issue on", id: format!("{:?}", defect(finding)) };
    let known = tx.issue_on(finding, office.zone()).await?.ok_or_else(missing)?;
    let id = known.issue.id;
    let before = tx.latest_finding_of(id, office.zone()).await?;
    if !tx.link_issue(id, round.id, finding.id).await? {
        return Ok(());
    }
    let measured = measured_at(office, finding);
    if known.state.status.is_final() {
        // A decision from before the end knew nothing of it.
        let by_person = found.decided_at.is_some_and(|at| known.state.closed_at.is_none_or(|end| at > end));
        let is_old = known.state.closed_at.is_some_and(|closed| measured <= closed);
        let was_taken_back = matches!(known.state.status, IssueStatus::Revoked | IssueStatus::Dismissed);
        if !by_person
            && (is_old || (was_taken_back && before.is_some_and(|before| same_fact(&before.finding, finding))))
        {
            return Ok(());
        }
        tx.renew_issue(id, finding, Some(now)).await?;
        append(tx, id, now, actor, EventKind::Reopened, &finding.summary).await?;
        approval::lapse_on(tx, office, id, EventKind::Reopened, actor).await?;
        opened.reopened += 1;
        return Ok(());
    }
    if finding.as_of >= known.issue.as_of {
        tx.renew_issue(id, finding, None).await?;
    }
    append(tx, id, now, actor, EventKind::FoundAgain, &finding.summary).await?;
    if known.state.status == IssueStatus::Rectified && known.state.rectified_at.is_none_or(|at| measured > at) {
        act_in(tx, office, id, Action::Recheck { passed: false }, &finding.summary, actor, &Scope::All).await?;
    }
    opened.found_again += 1;
    Ok(())
}

/// The moment a finding speaks of: silence is measured at the monitoring time, everything else as it is seen.
fn measured_at(office: &Office, finding: &Finding) -> DateTime<Utc> {
    match finding.indicator {
        // Why: a week of visits holds failures from before a repair until the whole week lies behind it.
        Indicator::SiteUnreachable => finding.as_of.utc() - TimeDelta::days(office.rules.site.days as i64),
        Indicator::Stale | Indicator::Zombie | Indicator::HomeStale | Indicator::ColumnsStale => finding.as_of.utc(),
        _ => finding.observed_at.utc(),
    }
}

/// Whether a machine sees exactly what a person has already judged not to count.
fn same_fact(before: &Finding, now: &Finding) -> bool {
    match now.indicator {
        Indicator::Stale | Indicator::Zombie | Indicator::HomeStale => before.newest_at == now.newest_at,
        Indicator::Link => before.reason == now.reason,
        // The subject names post and word; where in the text it stands, and how often, is no other fact.
        Indicator::Expression => true,
        Indicator::Privacy => before.evidence.numbers == now.evidence.numbers,
        _ => before.summary == now.summary,
    }
}

/// One notice a unit, over its issues of the round that no notice has told of yet. Gives their number.
///
/// To more units than the office lets the machine write to by itself only what is urgent goes out;
/// the rest waits for two supervisors.
pub async fn write_notices(
    tx: &mut Tx,
    office: &Office,
    round: &Round,
    now: DateTime<Utc>,
) -> Result<usize, StoreError> {
    write_guarded(tx, office, round, TimeDelta::zero(), now).await
}

/// [`write_notices`] for what a person confirms one after another: what is not urgent waits a few minutes
/// for the next, and joins the unit's notice of the round where that has not left yet.
pub async fn write_gathered(
    tx: &mut Tx,
    office: &Office,
    round: &Round,
    now: DateTime<Utc>,
) -> Result<usize, StoreError> {
    let gather = TimeDelta::from_std(office.config.quiet.gather).unwrap_or_default();
    write_guarded(tx, office, round, gather, now).await
}

/// What two supervisors have agreed to.
pub(super) async fn release_notices(
    tx: &mut Tx,
    office: &Office,
    round: &Round,
    now: DateTime<Utc>,
) -> Result<usize, StoreError> {
    let units = tx.units_to_notify(round.id).await?;
    write_to(tx, office, round, &units, Batch { only_urgent: false, gather: TimeDelta::zero() }, now).await
}

async fn write_guarded(
    tx: &mut Tx,
    office: &Office,
    round: &Round,
    gather: TimeDelta,
    now: DateTime<Utc>,
) -> Result<usize, StoreError> {
    let units = tx.units_to_notify(round.id).await?;
    let most = office.config.approval.notices_over;
    let only_urgent = most > 0 && units.len() > most;
    let written = write_to(tx, office, round, &units, Batch { only_urgent, gather }, now).await?;
    if only_urgent {
        let waiting = tx.units_to_notify(round.id).await?;
        approval::ask_to_send(tx, office, round, &waiting).await?;
    }
    Ok(written)
}

/// How notices of a round are written.
#[derive(Clone, Copy)]
struct Batch {
    only_urgent: bool,
    gather: TimeDelta,
}

/// Units whose issues are read together.
const UNITS_AT_ONCE: usize = 200;

async fn write_to(
    tx: &mut Tx,
    office: &Office,
    round: &Round,
    units: &[String],
    batch: Batch,
    now: DateTime<Utc>,
) -> Result<usize, StoreError> {
    let mut written = 0;
    let told = tx.units_told(round.id).await?;
    for units in units.chunks(UNITS_AT_ONCE) {
        let units: Vec<&str> = units.iter().map(String::as_str).collect();
        let found = tx.issues_to_tell(round.id, &units, office.zone()).await?;
        let mut items: HashMap<i64, NoticeItem> =
            item::all(tx, office, &found).await?.into_iter().map(|item| (item.issue, item)).collect();
        let chats = tx.chats_of_units(&units).await?;
        let mut of_unit = HashMap::<&str, Vec<&StoredIssue>>::new();
        for found in &found {
            of_unit.entry(&found.issue.unit).or_default().push(found);
        }
        let mut new = Vec::new();
        for unit in units {
            let found = of_unit.remove(unit).unwrap_or_default();
            for (urgent, found) in batches(office, batch, found, now) {
                let ids: Vec<i64> = found.iter().map(|found| found.issue.id).collect();
                let missing = |id: &i64| StoreError::Missing { kind: "issue", id: id.to_string() };
                let items = ids.iter().map(|id| items.remove(id).ok_or_else(|| missing(id)));
                let items = items.collect::<Result<Vec<NoticeItem>, _>>()?;
                if !urgent && told.contains(unit) && join(tx, round, unit, &items, &ids, now).await? {
                    continue;
                }
                let body = NoticeBody::Rectification { round: round.name, as_of: office.local(round.as_of), items };
                // What was revoked and opened anew is told anew.
                let opened = found.iter().map(|found| found.issue.opened_at.utc().timestamp_millis()).max();
                let dedup_key = format!("round:{}:{unit}:{ids:?}:{}", round.id, opened.unwrap_or_default());
                new.push((unit, urgent, ids, body, dedup_key));
            }
        }
        let drafts = new.iter().map(|(unit, urgent, issues, body, dedup_key)| Addressed {
            draft: Draft {
                reader: Reader::Unit(unit),
                round_id: Some(round.id),
                body,
                issues,
                urgent: *urgent,
                dedup_key,
            },
            chats: chats.get(*unit).map_or(&[], Vec::as_slice),
            not_before: if *urgent { now } else { now + batch.gather },
        });
        let rows = notify::put_all(tx, office, &drafts.collect::<Vec<_>>(), now).await?;
        written += rows.iter().flatten().count();
    }
    Ok(written)
}

/// A unit's issues as its notices tell them, the urgent ones first: one message where the hour allows.
fn batches<'f>(
    office: &Office,
    batch: Batch,
    found: Vec<&'f StoredIssue>,
    now: DateTime<Utc>,
) -> Vec<(bool, Vec<&'f StoredIssue>)> {
    let (urgent, others): (Vec<_>, Vec<_>) = found.into_iter().partition(|found| is_urgent(&found.issue));
    let others = if batch.only_urgent { Vec::new() } else { others };
    // At a quiet hour only what is urgent may go out.
    let quiet = office.next_allowed(now, false) > now;
    let mut batches = if quiet || urgent.is_empty() || others.is_empty() {
        vec![(true, urgent), (false, others)]
    } else {
        vec![(true, [urgent, others].concat())]
    };
    batches.retain(|(_, found)| !found.is_empty());
    batches
}

/// Adds issues to the unit's notice of the round where no channel was asked to take it yet.
async fn join(
    tx: &mut Tx,
    round: &Round,
    unit: &str,
    items: &[NoticeItem],
    ids: &[i64],
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    let Some(waiting) = tx.notice_not_left(round.id, unit, now).await? else { return Ok(false) };
    let NoticeBody::Rectification { round, as_of, items: mut all } = waiting.body else { return Ok(false) };
    // An issue that was taken back and opened anew is told once, as it is now.
    all.retain(|item| !ids.contains(&item.issue));
    all.extend_from_slice(items);
    all.sort_by_key(|item| item.issue);
    tx.extend_notice(waiting.id, &NoticeBody::Rectification { round, as_of, items: all }, ids, now).await?;
    Ok(true)
}

/// Personal data, and wording grave enough for a veto, cannot wait for office hours.
fn is_urgent(issue: &crate::domain::issue::Issue) -> bool {
    match issue.indicator {
        Indicator::Privacy => true,
        Indicator::Expression => issue.class == Class::Veto,
        _ => false,
    }
}

/// Tells the supervisors that a round was judged; a patrol only when it found something new.
async fn tell_supervisors(
    tx: &mut Tx,
    office: &Office,
    round: &Round,
    opened: Opened,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let fresh = opened.opened + opened.reopened;
    let again = round.judged_at.is_some();
    if (again || round.kind == crate::domain::round::RoundKind::Patrol) && fresh == 0 {
        return Ok(());
    }
    let query = IssueQuery { round: Some(round.name), class: Some(Class::Veto), live: true, ..IssueQuery::default() };
    let mut vetoes = Vec::new();
    let mut veto_count = 0;
    let mut after = 0;
    loop {
        let page = tx.issues_page(&query, after, PAGE, office.zone()).await?;
        let Some(last) = page.last() else { break };
        after = last.issue.id;
        for found in &page {
            veto_count += 1;
            if vetoes.len() < 20 {
                vetoes.push(line(found));
            }
        }
    }
    let alert = Alert::RoundJudged {
        round: round.name,
        looked_at: tx.member_counts(round.id).await?.looked_at,
        issues: (fresh + opened.found_again) as i64,
        vetoes,
        veto_count,
        doubtful: tx.suspected_count(round.id).await?,
        unverified: tx.unverified_accounts(round.id).await?,
    };
    notify::alert(tx, office, alert, &format!("judged:{}:{}", round.id, now.timestamp_millis()), now).await
}
