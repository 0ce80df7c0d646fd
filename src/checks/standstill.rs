//! Sources that stand still (采集渠道停更): a bridge that stopped would convict everybody behind it.
//!
//! Such a bridge answers as before, with posts that all end on one day, and where no canary is
//! configured nothing else tells it from silence. Seen from one account it is silence; seen from the
//! round it is not, so this step is made once, before issues open.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, TimeDelta, Utc};
use url::{Position, Url};

use super::judge::NOT_FORETOLD;
use super::run::bench;
use super::words::Words;
use crate::domain::account::AccountId;
use crate::domain::finding::Outcome;
use crate::domain::round::RoundKind;
use crate::domain::rule::Indicator;
use crate::domain::time::LocalTime;
use crate::fetch::is_loopback;
use crate::office::Office;
use crate::store::{FindingQuery, NewEvent, NewFinding, Round, StoreError, StoredFinding, Tx};

/// Stands on verdicts that were taken back because the source itself may have stopped.
pub(super) const STANDS_STILL: &str = "source_stands_still";

/// From so many accounts on, read through one host, their silence says something of the host.
pub(super) const GUARD_FROM: usize = 10;
/// Within so many hours the newest posts of most of them end.
pub(super) const SPAN: TimeDelta = TimeDelta::hours(24);
const PAGE: usize = 500;
/// The event by which a round that is topped up remembers it.
const EVENT: &str = "source_stands_still";

/// A host whose accounts all end together.
#[derive(Debug, PartialEq, Eq)]
struct Standstill {
    /// Accounts that were read through it.
    read: usize,
    /// Those that end together.
    ended: usize,
    /// When the last of them ended.
    until: DateTime<Utc>,
}

/// Takes back verdicts of silence that a host which stands still would explain; gives their number.
pub(super) async fn excuse(
    tx: &mut Tx,
    office: &Office,
    round: &Round,
    now: DateTime<Utc>,
) -> Result<usize, StoreError> {
    let mut silent = Vec::new();
    for indicator in [Indicator::Stale, Indicator::Zombie] {
        silent.extend(read_by_machine(tx, office, round, indicator, Some(Outcome::Fail)).await?);
    }
    let name = round.name.to_string();
    let known = tx.recent_events("round", &name, EVENT, DateTime::UNIX_EPOCH).await? > 0;
    let mut by_host = HashMap::<String, Vec<StoredFinding>>::new();
    for (host, found) in on_hosts(tx, office, silent).await? {
        by_host.entry(host).or_default().push(found);
    }
    // Why: most rounds end here, without reading the verdicts on everybody else.
    by_host.retain(|_, silent| known || silent.len() * 2 > GUARD_FROM);
    if by_host.is_empty() {
        return Ok(0);
    }
    let others = read_by_machine(tx, office, round, Indicator::Stale, None).await?;
    let others = others.into_iter().filter(|found| found.finding.outcome != Outcome::Fail).collect();
    for (host, found) in on_hosts(tx, office, others).await? {
        if let Some(all) = by_host.get_mut(&host) {
            all.push(found);
        }
    }
    let mut taken_back = 0;
    for (host, all) in by_host {
        let Some(still) = stands_still(&all) else { continue };
        tracing::warn!(host, read = still.read, ended = still.ended, until = %still.until, "a source may have stopped");
        let mut new = Vec::new();
        for found in &all {
            new.extend(instead(office, round, &host, &still, found).map(|new| (found, new)));
        }
        taken_back += new.iter().filter(|(_, new)| new.outcome == Outcome::Unverified).count();
        put(tx, round, &new).await?;
        tx.append_event(NewEvent {
            at: now,
            actor: "",
            subject_kind: "round",
            subject_id: &name,
            kind: EVENT,
            note: &host,
            data: "",
        })
        .await?;
    }
    Ok(taken_back)
}

/// The verdicts of a round on updates that rest on what a machine read, and on nobody's decision.
async fn read_by_machine(
    tx: &mut Tx,
    office: &Office,
    round: &Round,
    indicator: Indicator,
    outcome: Option<Outcome>,
) -> Result<Vec<StoredFinding>, StoreError> {
    let query =
        FindingQuery { round: Some(round.name), indicator: Some(indicator), outcome, ..FindingQuery::default() };
    let (mut all, mut after) = (Vec::new(), 0);
    loop {
        let page = tx.findings_page(&query, after, PAGE, office.zone()).await?;
        let Some(last) = page.last() else { return Ok(all) };
        after = last.finding.id;
        all.extend(page.into_iter().filter(|found| {
            let finding = &found.finding;
            finding.newest_at.is_some() && finding.evidence.sha256.is_some() && found.decided_at.is_none()
        }));
    }
}

/// The host through which a source is read; `None` for loopback that we may fetch, which is exempt.
pub(super) fn host_of(office: &Office, source_url: &str) -> Option<String> {
    let url = Url::parse(source_url).ok()?;
    let is_exempt = office.config.http.allow_private && is_loopback(&url);
    (!is_exempt).then(|| url[Position::BeforeHost..Position::AfterPort].to_owned())
}

/// The host through which each account is read.
async fn on_hosts(
    tx: &mut Tx,
    office: &Office,
    found: Vec<StoredFinding>,
) -> Result<Vec<(String, StoredFinding)>, StoreError> {
    let mut hosts = HashMap::<AccountId, String>::new();
    for page in found.chunks(PAGE) {
        let ids: Vec<&AccountId> = page.iter().map(|found| &found.finding.account_id).collect();
        for account in tx.accounts_of(&ids).await? {
            let host = account.source_url.and_then(|url| host_of(office, &url));
            hosts.extend(host.map(|host| (account.account_id, host)));
        }
    }
    let at_host = |found: StoredFinding| Some((hosts.get(&found.finding.account_id)?.clone(), found));
    Ok(found.into_iter().filter_map(at_host).collect())
}

/// Whether most of ten or more accounts are silent and end within the same day.
fn stands_still(all: &[StoredFinding]) -> Option<Standstill> {
    let is_silent =
        |found: &&StoredFinding| found.finding.outcome == Outcome::Fail || found.finding.reason == STANDS_STILL;
    let mut ends: Vec<DateTime<Utc>> =
        all.iter().filter(is_silent).filter_map(|found| found.finding.newest_at).map(LocalTime::utc).collect();
    ends.sort_unstable();
    let together = |until: &DateTime<Utc>| ends.iter().filter(|at| (*until - SPAN..=*until).contains(at)).count();
    let (ended, until) = ends.iter().map(|until| (together(until), *until)).max()?;
    let read = all.len();
    (read >= GUARD_FROM && ended * 2 > read).then_some(Standstill { read, ended, until })
}

/// What is said of an account behind such a host; `None`: what was said stands.
///
/// Whoever was silent before may have posted since: all silence is unjudged. What was seen to be
/// updated is; nobody is warned of silence to come.
fn instead(
    office: &Office,
    round: &Round,
    host: &str,
    still: &Standstill,
    found: &StoredFinding,
) -> Option<NewFinding> {
    let bench = bench(office, round.as_of, round.as_of, round.kind != RoundKind::Patrol);
    let old = found.as_new();
    match old.outcome {
        Outcome::Fail => {
            let words = Words(office.lang());
            let sentence = words.stands_still(host, still.read, still.ended, office.local(still.until));
            Some(NewFinding {
                indicator: Indicator::Stale,
                class: bench.rules.class(Indicator::Stale),
                rule: bench.rules.reference(Indicator::Stale),
                outcome: Outcome::Unverified,
                reason: STANDS_STILL.to_owned(),
                summary: words.unjudged(&sentence),
                ..old
            })
        }
        Outcome::Pass if old.newest_at.is_some_and(|at| at <= still.until) => {
            Some(NewFinding { reason: NOT_FORETOLD.to_owned(), ..old })
        }
        _ => None,
    }
}

async fn put(tx: &mut Tx, round: &Round, new: &[(&StoredFinding, NewFinding)]) -> Result<(), StoreError> {
    for page in new.chunks(PAGE) {
        let ids: HashSet<&AccountId> = page.iter().map(|(found, _)| &found.finding.account_id).collect();
        let members: HashMap<AccountId, i64> =
            tx.members_of(round.id, &ids.into_iter().collect::<Vec<_>>()).await?.into_iter().collect();
        for (found, new) in page {
            let account = &found.finding.account_id;
            let Some(member) = members.get(account) else { continue };
            tx.free_finding(round.id, account, found.finding.indicator, new.indicator).await?;
            tx.put_findings(round.id, *member, account, std::slice::from_ref(new)).await?;
        }
    }
    Ok(())
}
