//! Is it us? What an outage or a gateway of our own would explain is charged to nobody.
//!
//! Decisions:
//! - While the control addresses fail the answer is certain, and looks are handed back as often as
//!   that is so. Otherwise, when most of a round failed alike, they are made again once.
//! - Sources are counted by account, links by host: a gateway that refuses everything fails many
//!   hosts alike, a dead link that many accounts share is one host's own. A host of which anything
//!   opens is sound.
//! - A failed source accuses nobody as it is. Links that fail alike a second time convict nobody
//!   either, whatever they answer: they stay in doubt, are looked at again on later days like every
//!   doubtful link, and then a person decides.
//! - What counts is the round as a whole, whoever looked at its members and in however many runs.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::{DateTime, TimeDelta};
use url::Url;

use super::link::{LinkLook, LinkOutcome, LinkReason};
use super::run::Held;
use super::seen::{Observed, Try};
use crate::domain::account::AccountId;
use crate::domain::round::RoundState;
use crate::fetch::Fetcher;
use crate::office::Office;
use crate::store::{NewEvent, Round, StoreError};

/// Sources are asked about from so many on, and when over half of them failed alike.
const FEWEST_SOURCES: usize = 10;
/// Links are asked about when so many hosts, and over half of all, failed alike.
const FEWEST_HOSTS: usize = 5;
/// Observations read at a time.
const PAGE: usize = 200;
/// Why looks were handed back while the control addresses failed.
const OFFLINE: &str = "offline";

/// How a round's looks went.
#[derive(Debug, Default)]
pub(super) struct Tally {
    offline: BTreeSet<AccountId>,
    sources: Sources,
    hosts: Hosts,
}

impl Tally {
    /// Counts what was seen of an account.
    pub(super) fn note(&mut self, fetcher: &Fetcher, account: &AccountId, seen: &Observed) {
        self.sources.note(seen.source_try.as_ref(), account);
        for look in &seen.links {
            self.hosts.note(fetcher, account, look);
        }
        if seen.offline {
            self.offline.insert(account.clone());
        }
    }

    /// What the last look at each member of a round saw.
    pub(super) async fn of_round(office: &Office, fetcher: &Fetcher, round: &Round) -> Result<Self, StoreError> {
        let mut tally = Self::default();
        let mut after = None;
        loop {
            let page = office.store.read().await?.observations_page(round.id, after.as_ref(), PAGE).await?;
            let Some(last) = page.last() else { return Ok(tally) };
            after = Some(last.account_id.clone());
            for observation in &page {
                if let Ok(seen) = serde_json::from_str::<Observed>(&observation.data_json) {
                    tally.note(fetcher, &observation.account_id, &seen);
                }
            }
        }
    }
}

/// How asking the sources went.
#[derive(Debug, Default)]
struct Sources {
    asked: usize,
    /// The accounts of every reason that our own outage would explain.
    maybe_ours: BTreeMap<String, BTreeSet<AccountId>>,
}

impl Sources {
    fn note(&mut self, tried: Option<&Try>, account: &AccountId) {
        let Some(tried) = tried else { return };
        self.asked += 1;
        if let Some(reason) = &tried.maybe_ours {
            self.maybe_ours.entry(reason.clone()).or_default().insert(account.clone());
        }
    }

    fn failed_alike(&self) -> Option<(&str, &BTreeSet<AccountId>)> {
        let (reason, accounts) = self.maybe_ours.iter().max_by_key(|(_, accounts)| accounts.len())?;
        (self.asked >= FEWEST_SOURCES && accounts.len() * 2 > self.asked).then_some((reason, accounts))
    }
}

/// How asking the hosts of links went.
#[derive(Debug, Default)]
pub(super) struct Hosts(HashMap<Box<str>, Host>);

#[derive(Debug, Default)]
struct Host {
    opened: bool,
    failed: BTreeMap<LinkReason, BTreeSet<AccountId>>,
}

impl Hosts {
    /// Counts a look at a link; loopback that we may fetch is exempt.
    pub(super) fn note(&mut self, fetcher: &Fetcher, account: &AccountId, look: &LinkLook) {
        use LinkReason as R;
        // Nobody was asked, or nobody can be heard.
        if matches!(look.reason, R::BadUrl | R::GuardRefused | R::HostResting | R::OurLimit | R::WeAreOffline) {
            return;
        }
        let Some(url) = Url::parse(&look.url).ok().filter(|url| !fetcher.exempts(url)) else { return };
        let Some(name) = url.host_str().map(Box::from) else { return };
        let host = self.0.entry(name).or_default();
        host.opened |= look.outcome == LinkOutcome::Ok;
        if look.may_be_ours() {
            host.failed.entry(look.reason).or_default().insert(account.clone());
        }
    }

    /// The reason for which most hosts failed alike, with the accounts it concerns.
    pub(super) fn failed_alike(&self) -> Option<(LinkReason, BTreeSet<AccountId>)> {
        let mut hosts = BTreeMap::<LinkReason, usize>::new();
        let silent = || self.0.values().filter(|host| !host.opened);
        for reason in silent().flat_map(|host| host.failed.keys()) {
            *hosts.entry(*reason).or_default() += 1;
        }
        let (reason, count) = hosts.into_iter().max_by_key(|(_, count)| *count)?;
        if count < FEWEST_HOSTS || count * 2 <= self.0.len() {
            return None;
        }
        let accounts = silent().filter_map(|host| host.failed.get(&reason)).flatten().cloned().collect();
        Some((reason, accounts))
    }
}

/// Hands looks back that our own outage would explain; what failed alike once more is left in doubt.
pub(super) async fn hold_back(office: &Office, round: &Round, tally: &Tally) -> Result<Option<Held>, StoreError> {
    let (sources, links) = (tally.sources.failed_alike(), tally.hosts.failed_alike());
    let reason = match (&sources, &links) {
        _ if !tally.offline.is_empty() => OFFLINE,
        (Some((reason, _)), _) => reason,
        (None, Some((reason, _))) => reason.key(),
        (None, None) => return Ok(None),
    };
    let now = office.now();
    let name = round.name.to_string();
    let mut tx = office.store.write().await?;
    // Whoever ran beside us may have finished the round, having asked the same.
    if tx.round_by_id(round.id).await?.state != RoundState::Open {
        return Ok(None);
    }
    let event =
        |kind, note| NewEvent { at: now, actor: "", subject_kind: "round", subject_id: &name, kind, note, data: "" };
    let before = tx.recent_events("round", &name, "held_back", DateTime::UNIX_EPOCH).await?;
    if before > 0 && reason != OFFLINE {
        if let Some((reason, accounts)) = links {
            let accounts: Vec<&AccountId> = accounts.iter().collect();
            let again = now + TimeDelta::hours(office.rules.link.hours_between);
            if tx.doubt_links(round.id, reason.key(), &accounts, again).await? > 0 {
                tx.append_event(event("left_in_doubt", reason.key())).await?;
                tx.commit().await?;
                tracing::warn!(round = %round.name, %reason, "most hosts fail alike a second time; nobody is convicted by that");
            }
        }
        return Ok(None);
    }
    let mut accounts = tally.offline.clone();
    accounts.extend(sources.into_iter().flat_map(|(_, accounts)| accounts).cloned());
    accounts.extend(links.iter().flat_map(|(_, accounts)| accounts).cloned());
    let accounts: Vec<AccountId> = accounts.into_iter().collect();
    tx.reopen_members(round.id, &accounts).await?;
    tx.append_event(event("held_back", reason)).await?;
    tx.commit().await?;
    Ok(Some(Held { reason: reason.to_owned(), members: accounts.len() }))
}
