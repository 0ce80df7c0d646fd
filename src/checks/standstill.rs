//! Sources that stand still (采集渠道停更): a bridge that stopped would convict everybody behind it.
//!
//! Such a bridge answers as before, and where no canary is configured nothing else tells it from silence. Seen from
//! one account it is silence; seen from all accounts behind it it is not, so this step is made once, before issues open.
//!
//! Decisions:
//! - A host through which ten accounts are read is its own canary: where none of them shows anything from the last 36
//!   hours, nobody behind it is judged silent. What the last rounds saw of accounts that were not drawn counts too.
//! - Where most of them are silent and end within one day, it may have stopped on that day, whatever the others show.
//! - Silence counts up to the last post that was seen to pass: what ran out only after it may have been averted
//!   behind a bridge that stopped just then.
//! - What is left: an account whose violation had begun while the bridge moved, and that came back to life behind one
//!   that stopped since, in the last 36 hours. It is told what was true then, and its recheck asks more (`bridge`).

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use url::{Position, Url};

use super::judge::{Bench, NOT_FORETOLD, latest};
use super::run::bench;
use super::seen::is_day_alone;
use super::words::Words;
use crate::domain::account::{AccountId, Platform};
use crate::domain::finding::Outcome;
use crate::domain::round::RoundKind;
use crate::domain::rule::Indicator;
use crate::domain::time::LocalTime;
use crate::fetch::is_loopback;
use crate::office::Office;
use crate::store::{FindingQuery, NewEvent, NewFinding, ReadThrough, Round, StoreError, StoredFinding, Tx};

/// Stands on verdicts that were taken back because the source itself may have stopped.
pub(super) const STANDS_STILL: &str = "source_stands_still";

/// From so many accounts on, read through one host, their silence says something of the host.
pub(super) const GUARD_FROM: usize = 10;
/// Within so many hours the newest posts of most of them end.
const SPAN: TimeDelta = TimeDelta::hours(24);
/// So long a host may show nothing new, as a canary may by default.
pub(super) const QUIET: TimeDelta = TimeDelta::hours(36);
/// Rounds whose looks are remembered: the last full one is mostly among them.
const ROUNDS: usize = 10;
const PAGE: usize = 500;
/// Addresses of the registry that are read at once.
const ADDRESSES: usize = 5_000;
/// The event by which a round's history tells of it.
const EVENT: &str = "source_stands_still";

/// What is said of a host by the accounts that are read through it.
#[derive(Debug, PartialEq, Eq)]
struct Host {
    /// Accounts that were read through it, by this round or one of the last.
    read: usize,
    /// The newest post of all of them.
    until: DateTime<Utc>,
    /// Why nobody behind it is judged silent.
    stands: Option<Standstill>,
}

/// Why a host stands still.
#[derive(Debug, PartialEq, Eq)]
enum Standstill {
    /// So many of so many accounts of this round are silent and end within the day before.
    Ended(usize, usize, DateTime<Utc>),
    /// Nobody shows anything from the last hours.
    Quiet,
}

/// Takes back verdicts of silence that a host which stands still would explain, and foretells none by it; gives their
/// number.
pub(super) async fn excuse(
    tx: &mut Tx,
    office: &Office,
    round: &Round,
    now: DateTime<Utc>,
) -> Result<usize, StoreError> {
    let mut silent = Vec::new();
    for indicator in [Indicator::Stale, Indicator::Zombie] {
        silent.extend(read_by_machine(tx, office, round, (indicator, Some(Outcome::Fail), None)).await?);
    }
    let mut by_host = HashMap::<String, Vec<Read>>::new();
    for (host, read) in on_hosts(tx, office, silent).await? {
        by_host.entry(host).or_default().push(read);
    }
    if let Some(first) = office.rules.silence.remind_days.iter().min() {
        let warned = (Indicator::Stale, Some(Outcome::Pass), Some(TimeDelta::days(*first)));
        let warned = read_by_machine(tx, office, round, warned).await?;
        for (host, _) in on_hosts(tx, office, warned).await? {
            by_host.entry(host).or_default();
        }
    }
    let shared = shared_hosts(tx, office, &by_host).await?;
    by_host.retain(|host, _| shared.contains(host));
    // Why: the verdicts on everybody else are many.
    if by_host.is_empty() {
        return Ok(0);
    }
    let others = read_by_machine(tx, office, round, (Indicator::Stale, None, None)).await?;
    let others = others.into_iter().filter(|found| found.finding.outcome != Outcome::Fail).collect();
    for (host, read) in on_hosts(tx, office, others).await? {
        if let Some(all) = by_host.get_mut(&host) {
            all.push(read);
        }
    }
    let bench = bench(office, round.as_of, round.as_of, round.kind != RoundKind::Patrol);
    let mut taken_back = 0;
    for (name, all) in by_host {
        let host = match Host::of(&all, &[]) {
            Some(host) if host.stands != Some(Standstill::Quiet) => Some(host),
            // What the round does not tell the rounds before it may.
            _ => Host::of(&all, &remembered(tx, office, &name).await?),
        };
        let Some(host) = host else { continue };
        let new: Vec<_> =
            all.iter().filter_map(|read| Some((&read.found, host.instead(office, &bench, &name, read)?))).collect();
        taken_back += new.iter().filter(|(_, new)| new.outcome == Outcome::Unverified).count();
        put(tx, round, &new).await?;
        let Some(stands) = &host.stands else { continue };
        tracing::warn!(host = name, read = host.read, until = %host.until, ?stands, "a source may have stopped");
        tx.append_event(NewEvent {
            at: now,
            actor: "",
            subject_kind: "round",
            subject_id: &round.name.to_string(),
            kind: EVENT,
            note: &name,
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
    (indicator, outcome, silent_for): (Indicator, Option<Outcome>, Option<TimeDelta>),
) -> Result<Vec<StoredFinding>, StoreError> {
    let query = FindingQuery {
        round: Some(round.name),
        indicator: Some(indicator),
        outcome,
        silent_for,
        ..FindingQuery::default()
    };
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

/// A verdict on updates, and whose it is.
struct Read {
    found: StoredFinding,
    platform: Platform,
}

/// The host through which each account is read.
async fn on_hosts(tx: &mut Tx, office: &Office, found: Vec<StoredFinding>) -> Result<Vec<(String, Read)>, StoreError> {
    let mut hosts = HashMap::<AccountId, (String, Platform)>::new();
    for page in found.chunks(PAGE) {
        let ids: Vec<&AccountId> = page.iter().map(|found| &found.finding.account_id).collect();
        for account in tx.accounts_of(&ids).await? {
            let host = account.source_url.and_then(|url| host_of(office, &url));
            hosts.extend(host.map(|host| (account.account_id, (host, account.platform))));
        }
    }
    let at_host = |found: StoredFinding| {
        let (host, platform) = hosts.get(&found.finding.account_id)?.clone();
        Some((host, Read { found, platform }))
    };
    Ok(found.into_iter().filter_map(at_host).collect())
}

/// Those of the hosts through which so many accounts of the registry are read that their silence says something.
async fn shared_hosts(
    tx: &mut Tx,
    office: &Office,
    wanted: &HashMap<String, Vec<Read>>,
) -> Result<HashSet<String>, StoreError> {
    let mut counts = HashMap::<String, usize>::new();
    let mut after = String::new();
    while !wanted.is_empty() {
        let page = tx.sources_after(&after, ADDRESSES).await?;
        let Some((last, _)) = page.last() else { break };
        after.clone_from(last);
        for host in page.iter().filter_map(|(_, url)| host_of(office, url)).filter(|host| wanted.contains_key(host)) {
            *counts.entry(host).or_default() += 1;
        }
    }
    Ok(counts.into_iter().filter(|(_, count)| *count >= GUARD_FROM).map(|(host, _)| host).collect())
}

/// What the last rounds saw of the accounts that are read through a host, those that posted last first.
pub(super) async fn remembered(tx: &mut Tx, office: &Office, host: &str) -> Result<Vec<ReadThrough>, StoreError> {
    let mut read = tx.read_through(host, ROUNDS).await?;
    read.retain(|one| host_of(office, &one.source_url).as_deref() == Some(host));
    read.sort_by_key(|one| std::cmp::Reverse(one.newest_at));
    Ok(read)
}

/// Whether most of ten or more accounts are silent and end within the same day.
fn ends_together(all: &[Read]) -> Option<Standstill> {
    let is_silent =
        |found: &&StoredFinding| found.finding.outcome == Outcome::Fail || found.finding.reason == STANDS_STILL;
    let found = all.iter().map(|read| &read.found);
    let mut ends: Vec<DateTime<Utc>> =
        found.filter(is_silent).filter_map(|found| found.finding.newest_at).map(LocalTime::utc).collect();
    ends.sort_unstable();
    let together = |until: &DateTime<Utc>| ends.iter().filter(|at| (*until - SPAN..=*until).contains(at)).count();
    let (ended, until) = ends.iter().map(|until| (together(until), *until)).max()?;
    let read = all.len();
    (read >= GUARD_FROM && ended * 2 > read).then_some(Standstill::Ended(ended, read, until))
}

impl Host {
    /// `None` where few are read through it: nothing can be told of it.
    fn of(all: &[Read], remembered: &[ReadThrough]) -> Option<Self> {
        let accounts: HashSet<&AccountId> = all
            .iter()
            .map(|read| &read.found.finding.account_id)
            .chain(remembered.iter().map(|one| &one.account_id))
            .collect();
        let findings = || all.iter().map(|read| &read.found.finding);
        let seen = findings().filter_map(|finding| finding.newest_at).map(LocalTime::utc);
        let until = seen.chain(remembered.iter().map(|one| one.newest_at)).max()?;
        let as_of = findings().map(|finding| finding.as_of.utc()).max()?;
        let quiet = || (as_of - until > QUIET).then_some(Standstill::Quiet);
        let stands = ends_together(all).or_else(quiet);
        (accounts.len() >= GUARD_FROM).then_some(Self { read: accounts.len(), until, stands })
    }

    /// What is said of an account behind it; `None`: what was said stands.
    ///
    /// Whoever was silent before may have posted since: behind a host that stands still all silence is unjudged. What
    /// was seen to be updated is; nobody is warned of silence to come.
    fn instead(&self, office: &Office, bench: &Bench<'_>, host: &str, read: &Read) -> Option<NewFinding> {
        let words = Words(office.lang());
        let until = office.local(self.until);
        let old = read.found.as_new();
        match (old.outcome, &self.stands) {
            (Outcome::Fail, stands) => {
                let sentence = match stands {
                    Some(Standstill::Ended(ended, read, until)) => {
                        words.stands_still(host, *read, *ended, office.local(*until))
                    }
                    Some(Standstill::Quiet) => words.nothing_newer(Some(host), self.read, until),
                    None => words.ran_out_later(until, self.ran_out_later(bench, read, office.zone())?),
                };
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
            (Outcome::Pass, Some(stands)) => {
                let until = if let Standstill::Ended(_, _, until) = stands { *until } else { self.until };
                let may_be_newer = old.newest_at.is_some_and(|at| at <= until);
                may_be_newer.then(|| NewFinding { reason: NOT_FORETOLD.to_owned(), ..old })
            }
            _ => None,
        }
    }

    /// The limit of an account in days, where it had not run out when anything new was seen last.
    fn ran_out_later(&self, bench: &Bench<'_>, read: &Read, zone: Tz) -> Option<i64> {
        let finding = &read.found.finding;
        let silence = &bench.rules.silence;
        let limit = match finding.indicator {
            Indicator::Zombie => silence.zombie_days,
            _ => silence.stale_days_for(read.platform),
        };
        let newest = finding.newest_at?.fixed();
        let silent_since = latest(newest, is_day_alone(newest, zone));
        (self.until - silent_since <= TimeDelta::days(limit)).then_some(limit)
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
