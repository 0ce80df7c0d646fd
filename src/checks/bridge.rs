//! Whether the way to a source still moves (采集渠道是否停更): asked before a recheck rejects anybody.
//!
//! A round asks it of all accounts behind a host at once (`standstill`); a recheck looks at one account, through
//! a bridge that may have stopped since: what the unit published afterwards would not be shown, and its rectification
//! be rejected for that.
//!
//! Decisions:
//! - From as many accounts on as in a round, read through one host, one of them has to show a post from after the
//!   report of rectification: then the bridge has moved since the unit says that it acted. A post of the same day is
//!   not enough. Who was told to publish does so just before the report, and a bridge that stopped in those hours
//!   shows the others' posts of the morning and not theirs.
//! - Where nothing was reported nobody says that they acted, and nothing is rejected: what holds for a round suffices.
//! - What was seen in the last rounds counts; where that does not tell, those that posted last are looked at now.
//! - Otherwise the recheck says that it cannot tell, and is made again: a doubt is the unit's.

use std::collections::{HashMap, VecDeque};

use chrono::{DateTime, TimeDelta, Utc};

use super::observe::{Aids, Scope, observe};
use super::standstill::{GUARD_FROM, QUIET, host_of, remembered};
use super::words::Words;
use crate::domain::account::{Account, AccountId};
use crate::fetch::Fetcher;
use crate::office::Office;
use crate::store::StoreError;

/// Accounts that are looked at now.
const LOOKED_AT: usize = 5;

/// What was learnt of bridges while rechecks followed one another.
#[derive(Debug, Default)]
pub(super) struct Bridges {
    known: HashMap<String, Bridge>,
}

#[derive(Debug)]
struct Bridge {
    /// Accounts read through it.
    read: usize,
    /// The newest post of all of them.
    until: Option<DateTime<Utc>>,
    /// Those that may still be looked at, who posted last first.
    left: VecDeque<AccountId>,
}

impl Bridges {
    /// Why nothing is concluded from what the source of an account does not show, in the office's language; `None`:
    /// nothing speaks against it. `since`: when rectification was reported.
    pub(super) async fn stands_still(
        &mut self,
        office: &Office,
        fetcher: &Fetcher,
        account: &Account,
        since: Option<DateTime<Utc>>,
        now: DateTime<Utc>,
    ) -> Result<Option<String>, StoreError> {
        let Some(host) = account.source_url.as_deref().and_then(|url| host_of(office, url)) else { return Ok(None) };
        let bridge = match self.known.remove(&host) {
            Some(bridge) => bridge,
            None => Bridge::remembered(office, &host).await?,
        };
        let bridge = self.known.entry(host.clone()).or_insert(bridge);
        let from = since.unwrap_or(now - QUIET);
        if bridge.read < GUARD_FROM || bridge.has_moved_since(office, fetcher, from, now).await? {
            return Ok(None);
        }
        let until = bridge.until.map(|until| office.local(until));
        tracing::warn!(host, read = bridge.read, "a source may have stopped; a recheck says nothing");
        Ok(until.map(|until| Words(office.lang()).nothing_newer(None, bridge.read, until)))
    }
}

impl Bridge {
    async fn remembered(office: &Office, host: &str) -> Result<Self, StoreError> {
        let seen = remembered(&mut office.store.read().await?, office, host).await?;
        let (read, until) = (seen.len(), seen.first().map(|one| one.newest_at));
        let left = seen.into_iter().take(LOOKED_AT).map(|one| one.account_id).collect();
        Ok(Self { read, until, left })
    }

    /// Whether it has shown a post from `from` or after; those that posted last are looked at until one has.
    async fn has_moved_since(
        &mut self,
        office: &Office,
        fetcher: &Fetcher,
        from: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let scope = Scope { as_of: now, window_from: now - TimeDelta::days(1), links: false, site: false };
        while self.until.is_none_or(|until| until < from) {
            let Some(next) = self.left.pop_front() else { return Ok(false) };
            let Some(account) = office.store.read().await?.account(&next).await? else { continue };
            let seen = observe(office, fetcher, &Aids::for_one(office), &account, scope).await;
            // Dates that run ahead of the clock say nothing of when.
            let newest = seen.source.ok().filter(|newest| !newest.ahead).and_then(|newest| newest.at);
            self.until = self.until.max(newest.map(|at| at.to_utc()));
        }
        Ok(true)
    }
}
