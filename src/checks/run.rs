//! Running a round: claim, look, judge, store; and when the last look is in, the issues.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use rand::RngExt as _;
use tokio::task::{JoinError, JoinSet};
use tokio::time::Instant;

use super::by_hand;
use super::health::health;
use super::judge::{Bench, Known, judge};
use super::known::{Records, load_all};
use super::observe::{Aids, Scope, observe};
use super::outage::{Tally, hold_back};
use super::seen::Observed;
use super::wire::Wire;
use super::{page_copy, standstill, suspicions, warn};
use crate::domain::account::{Account, AccountId};
use crate::domain::by_hand::HandLook;
use crate::domain::health::Health;
use crate::domain::page_copy::PageCopy;
use crate::domain::round::{RoundKind, RoundName, RoundState};
use crate::domain::time::in_zone;
use crate::fetch::Fetcher;
use crate::issues::IssueError;
use crate::issues::open::{Opened, open_round};
use crate::office::Office;
use crate::sampling::{self, RoundError};
use crate::store::{ClaimedMember, EndedLook, MemberCounts, NewEvent, NewFinding, Round, StoreError, Tx};

/// What an operator asks of a run.
#[derive(Debug, Clone, Copy, Default)]
pub struct Wishes {
    /// 监测时间点 of the looks; the round's by default.
    pub as_of: Option<DateTime<Utc>>,
    /// Look at so many members at most, and leave the batch open.
    pub limit: Option<usize>,
}

/// What a run came to.
#[derive(Debug, Clone)]
pub struct Ran {
    /// The round as it stands.
    pub round: Round,
    /// Members looked at by this run.
    pub looked_at: usize,
    /// All members, and those looked at by now.
    pub counts: MemberCounts,
    /// Issues and notices, when this run finished the round.
    pub opened: Option<Opened>,
    /// Why the round was held back: looks that failed alike were handed back, to be made again.
    pub held: Option<Held>,
}

/// The "is it us?" guard said yes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// How most looks failed, a stable key.
    pub reason: String,
    /// Members to be looked at again.
    pub members: usize,
}

/// Why a round could not be run.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// It is not in a state to be run.
    #[error(transparent)]
    Round(#[from] RoundError),
    /// Issues could not be opened.
    #[error(transparent)]
    Issue(#[from] IssueError),
    /// The thread for the looks, or their client, could not be set up.
    #[error("the looks could not be started: {0}")]
    Start(Box<dyn std::error::Error + Send + Sync>),
    /// A look, or its writing, broke off: a fault of ours, and its member is claimed again.
    #[error("a look broke off: {0}")]
    Look(JoinError),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Leases outlive a look; a run that was killed frees its claims after this.
const LEASE: TimeDelta = TimeDelta::seconds(20);
/// How the name of an owner begins that runs the round whole, at its own monitoring time.
const SHARED: &str = "all-";
const RENEW_EVERY: std::time::Duration = std::time::Duration::from_secs(5);
/// Results written in one transaction.
const WRITTEN_TOGETHER: usize = 512;
/// So long a result waits for others to be written with: few transactions write each page of the database but once.
const WAITED_FOR_MORE: std::time::Duration = std::time::Duration::from_millis(500);
/// Accounts begun, in times of the requests at once: many wait for their turn at a host that is just being asked.
const BEGUN: usize = 2;

/// One look and its verdicts, ready to be stored.
struct Looked {
    member: ClaimedMember,
    account: Account,
    known: Known,
    seen: Observed,
    health: Option<Health>,
    findings: Vec<NewFinding>,
    copies: Vec<Arc<PageCopy>>,
}

/// Looks at every member not yet looked at; finishes the round when none is left.
///
/// `progress` hears the counts as they grow. Safe to repeat and to run beside others:
/// members are claimed, and a killed run is resumed where it stopped.
pub async fn run(
    office: &Office,
    fetcher: &Fetcher,
    name: RoundName,
    wishes: Wishes,
    progress: impl Fn(MemberCounts),
) -> Result<Ran, RunError> {
    let mut round = office.store.read().await?.require_round(name).await?;
    if round.state == RoundState::Frozen {
        return Err(RoundError::NotDrawn(name).into());
    }
    if round.state != RoundState::Closed {
        sampling::top_up(office, name).await?;
        round = office.store.read().await?.require_round(name).await?;
    }
    let mut counts = office.store.read().await?.member_counts(round.id).await?;
    progress(counts);
    if round.state != RoundState::Open {
        return Ok(Ran { round, looked_at: 0, counts, opened: None, held: None });
    }
    // Why: seen from the future every account is older than it is.
    let as_of = wishes.as_of.unwrap_or(round.as_of);
    if as_of > office.now() + sampling::CLOCKS_DIFFER {
        return Err(RoundError::FutureAsOf(office.local(as_of)).into());
    }
    sampling::in_force(office, as_of)?;
    let shared = if wishes.as_of.is_none() && wishes.limit.is_none() { SHARED } else { "" };
    let owner = format!("{shared}{}-{:08x}", std::process::id(), rand::rng().random::<u32>());
    let keeper = keep_leases(office.clone(), round.id, owner.clone());
    let looked = look_at_members(office, fetcher, &round, wishes, &owner, &mut counts, &progress).await;
    keeper.abort();
    let mut tx = office.store.write_rows().await?;
    tx.release_claims(round.id, &owner).await?;
    tx.commit().await?;
    let (looked_at, mut tally) = looked?;
    counts = office.store.read().await?.member_counts(round.id).await?;
    if counts.looked_at == counts.members && (looked_at as i64) < counts.members {
        // Others looked too, or this is the rest of a run: what failed alike shows in the whole.
        tally = Tally::of_round(office, fetcher, &round).await?;
    }
    let held = hold_back(office, &round, &tally).await?;
    if held.is_some() {
        counts = office.store.read().await?.member_counts(round.id).await?;
    }
    let mut opened = None;
    if held.is_none() && wishes.limit.is_none() && counts.looked_at == counts.members {
        opened = finish(office, &round).await?;
    }
    let round = office.store.read().await?.require_round(name).await?;
    Ok(Ran { round, looked_at, counts, opened, held })
}

/// Rounds that somebody is running whole at this moment, so that others may share in them.
pub async fn under_way(office: &Office) -> Result<Vec<RoundName>, StoreError> {
    office.store.read().await?.rounds_claimed_by(SHARED, office.now()).await
}

fn keep_leases(office: Office, round: i64, owner: String) -> tokio::task::JoinHandle<()> {
    tokio::spawn(async move {
        loop {
            tokio::time::sleep(RENEW_EVERY).await;
            let renewed = async {
                let mut tx = office.store.write_rows().await?;
                tx.renew_claims(round, &owner, office.now() + LEASE).await?;
                tx.commit().await
            };
            if let Err(error) = renewed.await {
                tracing::warn!(%error, "leases could not be renewed");
            }
        }
    })
}

async fn look_at_members(
    office: &Office,
    fetcher: &Fetcher,
    round: &Round,
    wishes: Wishes,
    owner: &str,
    counts: &mut MemberCounts,
    progress: &impl Fn(MemberCounts),
) -> Result<(usize, Tally), RunError> {
    let concurrency = fetcher.settings().concurrency.max(1);
    let at_once = concurrency.saturating_mul(BEGUN);
    let full = round.kind != RoundKind::Patrol;
    let wire = Wire::start(fetcher).map_err(RunError::Start)?;
    let aids = Aids::for_run(office, fetcher, wire).await;
    let by_hand = by_hand::looks(office, round.id).await?;
    let looker = Arc::new(Looker {
        records: Records::read(office, full).await?,
        office: office.clone(),
        fetcher: fetcher.clone(),
        aids,
        by_hand,
        as_of: wishes.as_of.unwrap_or(round.as_of),
        window_from: round.name.window_from(office.zone()),
        full,
    });
    let (mut looked_at, mut tally) = (0, Tally::default());
    let mut left = wishes.limit.unwrap_or(usize::MAX);
    let mut queue = VecDeque::new();
    let mut claiming = JoinSet::new();
    let mut looks = JoinSet::new();
    let mut ready = Vec::new();
    let mut write_at = Instant::now();
    let mut writing = JoinSet::new();
    let (mut none_free, mut waiting) = (false, false);
    loop {
        // Why beforehand: a claim waits until what was seen is written, and nobody would be asked meanwhile.
        if claiming.is_empty() && queue.len() < at_once && left > 0 && !none_free {
            claiming.spawn(claim(Arc::clone(&looker), round.id, owner.to_owned(), left.min(at_once)));
        }
        while looks.len() < at_once && ready.len() < 2 * WRITTEN_TOGETHER {
            let Some((member, account, known)) = queue.pop_front() else { break };
            let looker = Arc::clone(&looker);
            looks.spawn(async move { looker.look(member, account, known).await });
        }
        let nothing_comes = looks.is_empty() && claiming.is_empty();
        let is_full = ready.len() >= WRITTEN_TOGETHER || nothing_comes || Instant::now() >= write_at;
        if writing.is_empty() && is_full && !ready.is_empty() {
            let chunk = std::mem::take(&mut ready);
            writing.spawn(store(Arc::clone(&looker), round.clone(), owner.to_owned(), chunk));
        }
        tokio::select! {
            Some(claimed) = claiming.join_next() => {
                let claimed = claimed.map_err(RunError::Look)??;
                none_free = claimed.is_empty();
                left -= claimed.len();
                queue.extend(claimed);
                continue;
            }
            Some(look) = looks.join_next() => {
                if ready.is_empty() {
                    write_at = Instant::now() + WAITED_FOR_MORE;
                }
                ready.push(look.map_err(RunError::Look)?);
                while let Some(look) = looks.try_join_next() {
                    ready.push(look.map_err(RunError::Look)?);
                }
                continue;
            }
            Some(written) = writing.join_next() => {
                let (looked, stored) = written.map_err(RunError::Look)??;
                looked_at += stored;
                for Looked { member, seen, .. } in &looked {
                    tally.note(&looker.fetcher, &member.account_id, seen);
                }
                counts.looked_at += stored as i64;
                progress(*counts);
                continue;
            }
            () = tokio::time::sleep_until(write_at), if !ready.is_empty() && writing.is_empty() => continue,
            else => {}
        }
        *counts = office.store.read().await?.member_counts(round.id).await?;
        progress(*counts);
        if left == 0 || counts.looked_at >= counts.members {
            // Why beside: a hundred thousand looks take their time to be forgotten.
            tokio::task::spawn_blocking(move || drop(looker));
            return Ok((looked_at, tally));
        }
        // Somebody else holds the rest; they finish it, or their leases run out.
        if !waiting {
            waiting = true;
            tracing::warn!(
                left = counts.members - counts.looked_at,
                "another run holds the rest; one that was killed lets go within 20 s"
            );
        }
        tokio::time::sleep(std::time::Duration::from_secs(1)).await;
        none_free = false;
    }
}

/// An account that is this run's to look at, with what is known of it.
type Claimed = (ClaimedMember, Account, Known);

/// Claims up to `limit` members that are free; none: somebody else holds the rest.
async fn claim(looker: Arc<Looker>, round: i64, owner: String, limit: usize) -> Result<Vec<Claimed>, StoreError> {
    let mut tx = looker.office.store.write_rows().await?;
    // Why only now: whoever waited for the writer would claim under a lease that is over.
    let now = looker.office.now();
    let claimed = tx.claim_members(round, &owner, now, now + LEASE, limit).await?;
    tx.commit().await?;
    looker.load(claimed).await
}

/// What every look of a run shares.
struct Looker {
    office: Office,
    fetcher: Fetcher,
    aids: Aids,
    by_hand: HashMap<AccountId, Vec<HandLook>>,
    as_of: DateTime<Utc>,
    window_from: DateTime<Utc>,
    full: bool,
    records: Records,
}

impl Looker {
    /// The accounts of `members` with what is known of them.
    async fn load(&self, members: Vec<ClaimedMember>) -> Result<Vec<Claimed>, StoreError> {
        let ids: Vec<&AccountId> = members.iter().map(|member| &member.account_id).collect();
        let found = load_all(&self.office, &self.records, &ids, self.full).await?;
        let mut found: HashMap<AccountId, (Account, Known)> =
            found.into_iter().map(|(account, known)| (account.account_id.clone(), (account, known))).collect();
        let loaded = members.into_iter().map(|member| {
            let missing = || StoreError::Missing { kind: "account", id: member.account_id.to_string() };
            let (account, known) = found.remove(&member.account_id).ok_or_else(missing)?;
            Ok((member, account, known))
        });
        loaded.collect()
    }

    async fn look(&self, member: ClaimedMember, account: Account, mut known: Known) -> Looked {
        known.by_hand = self.by_hand.get(&member.account_id).cloned().unwrap_or_default();
        let scope = Scope { as_of: self.as_of, window_from: self.window_from, links: self.full, site: self.full };
        let mut seen = observe(&self.office, &self.fetcher, &self.aids, &account, scope).await;
        let findings = self.judge(&account, &seen, &known);
        let copies = page_copy::behind(&mut seen, &findings).await;
        let health = health(&account, &seen);
        Looked { member, account, known, seen, health, findings, copies }
    }

    fn judge(&self, account: &Account, seen: &Observed, known: &Known) -> Vec<NewFinding> {
        judge(&bench(&self.office, self.as_of, self.window_from, self.full), account, seen, known)
    }

    /// Judges again what people recorded on since the run began: what a person saw is not forgotten.
    async fn judge_again(&self, tx: &mut Tx, round: i64, chunk: &mut [Looked]) -> Result<(), StoreError> {
        tx.share_hand_looks(round).await?;
        let accounts: Vec<&AccountId> = chunk.iter().map(|looked| &looked.member.account_id).collect();
        let mut looks = HashMap::<AccountId, Vec<HandLook>>::new();
        for look in tx.hand_looks_of(round, &accounts).await? {
            looks.entry(look.account_id.clone()).or_default().push(look);
        }
        for looked in chunk {
            let by_hand = looks.remove(&looked.member.account_id).unwrap_or_default();
            if by_hand != looked.known.by_hand {
                looked.known.by_hand = by_hand;
                looked.findings = self.judge(&looked.account, &looked.seen, &looked.known);
            }
        }
        Ok(())
    }
}

/// What verdicts of `office` are made against.
pub(super) fn bench(office: &Office, as_of: DateTime<Utc>, window_from: DateTime<Utc>, full: bool) -> Bench<'_> {
    let since = office.config.review.since;
    let since = since.and_then(|day| day.and_hms_opt(0, 0, 0)).and_then(|naive| in_zone(naive, office.zone()));
    Bench {
        rules: &office.rules,
        lang: office.lang(),
        zone: office.zone(),
        as_of,
        window_from,
        full,
        review_since: since.unwrap_or(window_from),
        review_required: office.config.review.required,
        sign_off: office.config.review.sign_off,
    }
}

/// Stores these looks as far as their claims were not lost, and says how many that were.
async fn store(
    looker: Arc<Looker>,
    round: Round,
    owner: String,
    mut chunk: Vec<Looked>,
) -> Result<(Vec<Looked>, usize), StoreError> {
    let mut tx = looker.office.store.write_rows().await?;
    looker.judge_again(&mut tx, round.id, &mut chunk).await?;
    let ended: Vec<EndedLook> = chunk
        .iter()
        .map(|Looked { member, seen, findings, .. }| {
            let newest_at = findings.iter().find_map(|finding| finding.newest_at);
            EndedLook { member: member.id, at: seen.at, newest_at }
        })
        .collect();
    let ours = tx.finish_members(&owner, &ended).await?;
    let ours: Vec<&Looked> = chunk.iter().filter(|looked| ours.contains(&looked.member.id)).collect();
    let accounts: Vec<&AccountId> = ours.iter().map(|looked| &looked.member.account_id).collect();
    tx.clear_findings(round.id, &accounts).await?;
    let findings: Vec<_> =
        ours.iter().map(|looked| (looked.member.id, &looked.member.account_id, looked.findings.as_slice())).collect();
    tx.put_findings_of(round.id, &findings).await?;
    let copies = ours.iter().flat_map(|looked| looked.copies.iter().map(AsRef::as_ref));
    tx.keep_copies(copies, round.kind != RoundKind::Patrol, looker.office.now()).await?;
    let mut stored = Vec::new();
    let mut sources = Vec::new();
    for Looked { member, seen, health, .. } in ours {
        let data = serde_json::to_string(seen).map_err(StoreError::Json)?;
        sources.extend(health.clone().map(|health| (member.account_id.clone(), seen.at, health)));
        stored.push((&member.account_id, seen.at, data));
    }
    tx.insert_observations(round.id, &stored).await?;
    tx.put_health(&sources).await?;
    tx.commit().await?;
    let stored = stored.len();
    Ok((chunk, stored))
}

/// The last look is in: issues, notices and early warnings, in one transaction.
///
/// `None` when somebody else finished the round first.
async fn finish(office: &Office, round: &Round) -> Result<Option<Opened>, RunError> {
    let now = office.now();
    let mut tx = office.store.write().await?;
    if !tx.move_round(round.id, RoundState::Open, RoundState::Judged, now).await? {
        return Ok(None);
    }
    let counts = tx.member_counts(round.id).await?;
    if counts.looked_at < counts.members {
        // Somebody topped the round up, or handed looks back, since we counted.
        return Ok(None);
    }
    standstill::excuse(&mut tx, office, round, now).await?;
    let opened = open_round(&mut tx, office, round, now).await?;
    if round.notify {
        warn::write(&mut tx, office, round, now).await?;
        suspicions::tell(&mut tx, office, round, now).await?;
    }
    let name = round.name.to_string();
    let note = format!("{} + {} + {}", opened.opened, opened.reopened, opened.found_again);
    tx.append_event(NewEvent {
        at: now,
        actor: "",
        subject_kind: "round",
        subject_id: &name,
        kind: "judged",
        note: &note,
        data: "",
    })
    .await?;
    tx.commit().await?;
    Ok(Some(opened))
}
