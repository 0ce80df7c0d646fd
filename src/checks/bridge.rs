//! Whether the way to a source still moves (采集渠道是否停更): asked before a recheck rejects anybody.
//!
//! A round sees it from the many accounts that end together (`standstill`); a recheck looks at one account, through
//! a bridge that may have stopped since: what the unit published afterwards would not be shown, and its rectification
//! be rejected for that.
//!
//! Decisions:
//! - From as many accounts on as in a round, read through one host, one of them has to show a post of the last day,
//!   or one from after the report of rectification: then the bridge has moved while the unit says that it acted.
//! - What was seen in the last rounds counts; where that does not tell, those that posted last are looked at now.
//! - Otherwise the recheck says that it cannot tell, and is made again: a doubt is the unit's.

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};

use super::observe::{Aids, Scope, observe};
use super::standstill::{GUARD_FROM, SPAN, host_of};
use super::words::Words;
use crate::domain::account::{Account, AccountId};
use crate::fetch::Fetcher;
use crate::office::Office;
use crate::store::StoreError;

/// Rounds whose looks are remembered: the last full one is mostly among them.
const ROUNDS: usize = 10;
/// Accounts that are looked at now.
const LOOKED_AT: usize = 5;

/// What was learnt of bridges while rechecks followed one another.
#[derive(Debug, Default)]
pub(super) struct Bridges {
    known: HashMap<String, Bridge>,
}

#[derive(Debug)]
struct Bridge {
    /// Accounts read through it, those that posted last first.
    read: Vec<AccountId>,
    /// The newest post of all of them.
    until: Option<DateTime<Utc>>,
    /// They were looked at by now.
    is_looked_at: bool,
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
        if bridge.read.len() < GUARD_FROM || bridge.moved(since, now) {
            return Ok(None);
        }
        if !bridge.is_looked_at {
            bridge.look(office, fetcher, now).await?;
            if bridge.moved(since, now) {
                return Ok(None);
            }
        }
        let until = bridge.until.map(|until| office.local(until));
        tracing::warn!(host, read = bridge.read.len(), "a source may have stopped; a recheck says nothing");
        Ok(until.map(|until| Words(office.lang()).nothing_newer(bridge.read.len(), until)))
    }
}

impl Bridge {
    async fn remembered(office: &Office, host: &str) -> Result<Self, StoreError> {
        let mut read = office.store.read().await?.read_through(host, ROUNDS).await?;
        read.retain(|one| host_of(office, &one.source_url).as_deref() == Some(host));
        read.sort_by_key(|one| std::cmp::Reverse(one.newest_at));
        let until = read.first().map(|one| one.newest_at);
        Ok(Self { read: read.into_iter().map(|one| one.account_id).collect(), until, is_looked_at: false })
    }

    fn moved(&self, since: Option<DateTime<Utc>>, now: DateTime<Utc>) -> bool {
        self.until.is_some_and(|until| until >= now - SPAN || since.is_some_and(|since| until >= since))
    }

    /// Looks at those that posted last, until one has something of the last day.
    async fn look(&mut self, office: &Office, fetcher: &Fetcher, now: DateTime<Utc>) -> Result<(), StoreError> {
        self.is_looked_at = true;
        let last: Vec<&AccountId> = self.read.iter().take(LOOKED_AT).collect();
        let accounts = office.store.read().await?.accounts_of(&last).await?;
        let scope = Scope { as_of: now, window_from: now - TimeDelta::days(1), links: false, site: false };
        for account in accounts {
            let seen = observe(office, fetcher, &Aids::for_one(office), &account, scope).await;
            let newest = seen.source.ok().and_then(|newest| newest.at).map(|at| at.to_utc());
            self.until = self.until.max(newest);
            if self.moved(None, now) {
                break;
            }
        }
        Ok(())
    }
}
