//! Looks on later days at what was doubtful: three looks on two days before a person is asked.

use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use chrono::{DateTime, Days, NaiveTime, TimeDelta, Utc};
use futures::FutureExt as _;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::judge::{self, Bench};
use super::link::{LinkLook, LinkOutcome, LinkReason};
use super::link_book::LinkBook;
use super::observe::{Aids, Scope, observe};
use super::outage::Hosts;
use super::page_copy::{self, is_answered_for};
use super::run::bench;
use super::seen::Observed;
use crate::domain::account::Account;
use crate::domain::finding::Outcome;
use crate::domain::page_copy::PageCopy;
use crate::domain::round::{RoundKind, RoundState};
use crate::domain::rule::Indicator;
use crate::domain::time::in_zone;
use crate::fetch::{FailureKind, Fetcher};
use crate::issues::IssueError;
use crate::issues::looks::{LOOKED, LookResult};
use crate::issues::open::{open_late, write_notices};
use crate::office::Office;
use crate::store::{NewEvent, NewFinding, Round, StoreError, StoredFinding, Tx};

/// What came of the looks that were due.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Looked {
    /// Findings looked at.
    pub looked_at: usize,
    /// Sound after all.
    pub recovered: usize,
    /// Certain now.
    pub failed: usize,
    /// Looked at often enough: a person decides.
    pub for_a_person: usize,
}

const AT_ONCE: usize = 500;
/// Not in the small hours, when sites are under maintenance.
const DAY_BEGINS: NaiveTime = match NaiveTime::from_hms_opt(9, 0, 0) {
    Some(nine) => nine,
    None => NaiveTime::MIN,
};

/// Looks again at every doubtful finding that is due.
pub async fn look_again(office: &Office, fetcher: &Fetcher) -> Result<Looked, IssueError> {
    let now = office.now();
    let due = office.store.read().await?.findings_to_look_at(now, AT_ONCE, office.zone()).await?;
    if due.is_empty() {
        return Ok(Looked::default());
    }
    let fetcher = fetcher.for_run();
    let mut running = JoinSet::new();
    let gate = Arc::new(Semaphore::new(fetcher.settings().concurrency.max(1)));
    let book = Arc::new(LinkBook::default());
    for found in due {
        let (office, fetcher) = (office.clone(), fetcher.clone());
        let (gate, book) = (Arc::clone(&gate), Arc::clone(&book));
        running.spawn(async move {
            let _permit = gate.acquire().await;
            let look = AssertUnwindSafe(look_at(&office, &fetcher, &book, &found, now)).catch_unwind().await;
            // Why: one page that makes the program stumble must cost no other finding its look.
            let look = look.unwrap_or_else(|_| {
                tracing::error!(finding = found.finding.id, "a look stumbled; a person decides");
                Ok(Look::Nothing)
            });
            match look {
                Ok(look) => Some((found, look)),
                Err(error) => {
                    tracing::error!(finding = found.finding.id, %error, "a look failed and is made later");
                    None
                }
            }
        });
    }
    let mut looks: Vec<(StoredFinding, Look)> = running.join_all().await.into_iter().flatten().collect();
    looks.sort_by_key(|(found, _)| found.finding.id);
    doubt_what_fails_alike(&fetcher, &mut looks);
    let mut came = Looked::default();
    let mut tx = office.store.write().await?;
    let mut rounds = BTreeMap::<i64, Round>::new();
    for (found, mut look) in looks {
        let round = match rounds.get(&found.round_id) {
            Some(round) => round.clone(),
            None => tx.round_by_id(found.round_id).await?,
        };
        let bench = bench(office, found.finding.as_of.utc(), round.name.window_from(office.zone()), true);
        let seen = look.judged(&bench, &found);
        // What can no longer be looked at is not tried for ever: a person decides.
        let next = match &seen {
            Some(seen) => next_finding(office, &found, &look, seen, now),
            None => NewFinding { next_look_at: None, ..found.as_new() },
        };
        if !tx.renew_finding(found.finding.id, &next).await? {
            continue;
        }
        if let Some(seen) = &seen {
            tell(&mut tx, &found, seen, now).await?;
        }
        let copies = look.copies(&next).await;
        tx.keep_copies(copies.iter().map(AsRef::as_ref), round.kind != RoundKind::Patrol, now).await?;
        came.looked_at += 1;
        came.recovered += usize::from(next.outcome == Outcome::Pass);
        came.failed += usize::from(next.outcome == Outcome::Fail);
        came.for_a_person += usize::from(next.outcome == Outcome::Suspected && next.next_look_at.is_none());
        let fails = next.outcome == Outcome::Fail;
        if fails && round.state != RoundState::Open {
            let found = tx.finding(found.finding.id, office.zone()).await?;
            open_late(&mut tx, office, &round, &found, now).await?;
        }
        rounds.insert(round.id, round);
    }
    for round in rounds.values().filter(|round| round.notify && round.state != RoundState::Open) {
        write_notices(&mut tx, office, round, now).await?;
    }
    tx.commit().await?;
    Ok(came)
}

/// Where most hosts fail alike it may be us: nobody is convicted by such a look.
fn doubt_what_fails_alike(fetcher: &Fetcher, looks: &mut [(StoredFinding, Look)]) {
    let mut hosts = Hosts::default();
    for (found, look) in &*looks {
        if let Look::Link(look) = look {
            hosts.note(fetcher, &found.finding.account_id, look);
        }
    }
    let Some((reason, _)) = hosts.failed_alike() else { return };
    for (_, look) in looks {
        if let Look::Link(look) = look
            && (look.outcome, look.reason) == (LinkOutcome::Broken, reason)
        {
            look.outcome = LinkOutcome::Suspected;
        }
    }
}

/// Another look at what is in doubt.
enum Look {
    Link(LinkLook),
    Source(Box<(Account, Observed)>),
    /// The account is gone from the registry, or the look came to no end.
    Nothing,
}

impl Look {
    /// What it says by itself of what was found before. `None`: nothing could be looked at.
    fn judged(&self, bench: &Bench<'_>, found: &StoredFinding) -> Option<NewFinding> {
        let looks = found.looks + 1;
        match self {
            Self::Link(look) => Some(judge::link(bench, look, looks, found.finding.evidence.in_menu)),
            Self::Source(seen) => judge::app(bench, &seen.0, &seen.1, looks),
            Self::Nothing => None,
        }
    }

    /// It came to nothing for a reason of our own: nobody was really looked at.
    fn is_in_vain(&self) -> bool {
        match self {
            Self::Link(look) => matches!(look.reason, LinkReason::WeAreOffline | LinkReason::OurLimit),
            Self::Source(seen) => {
                let limit = FailureKind::OurLimit.key();
                seen.1.offline || seen.1.source.as_ref().is_err_and(|unread| unread.reason == limit)
            }
            Self::Nothing => false,
        }
    }

    /// The pages that the verdict on it rests on.
    async fn copies(&mut self, next: &NewFinding) -> Vec<Arc<PageCopy>> {
        match self {
            Self::Link(look) => page_copy::behind_link(look, next).into_iter().collect(),
            Self::Source(seen) => page_copy::behind(&mut seen.1, std::slice::from_ref(next)).await,
            Self::Nothing => Vec::new(),
        }
    }
}

async fn look_at(
    office: &Office,
    fetcher: &Fetcher,
    book: &LinkBook,
    found: &StoredFinding,
    now: DateTime<Utc>,
) -> Result<Look, StoreError> {
    if found.finding.indicator != Indicator::AppUnavailable {
        return Ok(Look::Link(book.look(fetcher, &found.finding.subject, now).await));
    }
    let Some(account) = account_of(office, found).await? else { return Ok(Look::Nothing) };
    let scope = Scope { as_of: now, window_from: now, links: false, site: false };
    let seen = observe(office, fetcher, &Aids::for_one(office), &account, scope).await;
    Ok(Look::Source(Box::new((account, seen))))
}

async fn account_of(office: &Office, found: &StoredFinding) -> Result<Option<Account>, StoreError> {
    office.store.read().await?.account(&found.finding.account_id).await
}

/// The verdict after another look, which by itself says `seen`.
fn next_finding(
    office: &Office,
    found: &StoredFinding,
    look: &Look,
    seen: &NewFinding,
    now: DateTime<Utc>,
) -> NewFinding {
    let rule = &office.rules.link;
    let mut next = seen.clone();
    if next.outcome == Outcome::Unverified {
        // A look that saw nothing takes nothing back: the doubt stays as it was. It counts, unless
        // it is ours that nothing was seen.
        let looks = if look.is_in_vain() { found.looks } else { seen.looks };
        let next_look_at = (looks < rule.looks).then(|| now + TimeDelta::hours(rule.hours_between));
        next = NewFinding { looks, next_look_at, ..found.as_new() };
    }
    if let Some(at) = next.next_look_at
        && next.looks + 1 >= rule.looks
    {
        // The last look falls on another day than the first, when people are at work again.
        let another_day = office.date(found.finding.observed_at.utc()) + Days::new(1);
        if let Some(morning) = in_zone(another_day.and_time(DAY_BEGINS), office.zone()) {
            next.next_look_at = Some(at.max(morning));
        }
    }
    next
}

/// Writes down what a look saw, and the first one before it: the finding itself shows the last alone.
async fn tell(tx: &mut Tx, found: &StoredFinding, seen: &NewFinding, now: DateTime<Utc>) -> Result<(), StoreError> {
    let first = found.as_new();
    let id = found.finding.id.to_string();
    let had_one = tx.recent_events("finding", &id, LOOKED, DateTime::UNIX_EPOCH).await? > 0;
    let first = (!had_one).then_some((&first, first.observed_at));
    for (look, at) in first.into_iter().chain([(seen, now)]) {
        // The page of an earlier look is kept too, where there is one.
        let copies = look.evidence.sha256.iter().filter(|_| is_answered_for(look)).cloned().collect();
        let outcome = Some(look.outcome);
        let result = LookResult { outcome, reason: look.reason.clone(), status: look.evidence.status, copies };
        let data = serde_json::to_string(&result).map_err(StoreError::Json)?;
        tx.append_event(NewEvent {
            at,
            actor: "",
            subject_kind: "finding",
            subject_id: &id,
            kind: LOOKED,
            note: &look.summary,
            data: &data,
        })
        .await?;
    }
    Ok(())
}
