//! Rounds from freeze to closed: the frame, the draw, top-ups, the exported draw.
//!
//! The decisions are in [`crate::domain::sample`]; here they meet registry and database.

use std::collections::HashSet;

use chrono::{DateTime, TimeDelta, Utc};
use rand::TryRng as _;

use crate::config::StratumField;
use crate::domain::account::{Account, AccountId, SourceKind, UnitTier};
use crate::domain::ratio::Ratio;
use crate::domain::round::{RoundKind, RoundName, RoundState};
use crate::domain::sample::{
    self, Always, Draw, FORMAT, FrameRow, Reason, Rotation, TopUp, allocate, allocate_top_up, frame_sha256,
    note_top_up, sort_frame,
};
use crate::office::Office;
use crate::store::{NewEvent, Round, StoreError, Tx};

/// What an operator asks of a freeze or an opening; `None`: the usual.
#[derive(Debug, Clone, Default)]
pub struct Wishes {
    /// 监测时间点; now by default.
    pub as_of: Option<DateTime<Utc>>,
    /// 抽查比例; the office's by default, and everything for half years and patrols.
    pub ratio: Option<Ratio>,
    /// The seed; drawn by the operating system by default.
    pub seed: Option<String>,
    /// Rotation; the office's by default.
    pub rotation: Option<Rotation>,
    /// Write notices even in a rehearsal.
    pub notify: bool,
}

/// Why a round was not frozen, drawn or exported.
#[derive(Debug, thiserror::Error)]
pub enum RoundError {
    /// A wish contradicts what was frozen.
    #[error("round {round} was frozen with {what} {frozen}; it cannot become {wanted}")]
    DiffersFromFreeze {
        /// Which round.
        round: RoundName,
        /// `--as-of` or `--ratio`.
        what: &'static str,
        /// As frozen.
        frozen: String,
        /// As wished.
        wanted: String,
    },
    /// What has not come yet cannot be judged.
    #[error("the monitoring time {0} has not come yet; run the round after it, or name an earlier --as-of")]
    FutureAsOf(crate::domain::time::LocalTime),
    /// The window would be empty, or begin long before it ends.
    #[error(
        "round {round}: the monitoring time {} lies outside {first} to {latest}, within which the round can be looked at; name another --as-of, or the round of that time", .as_of.minute()
    )]
    OutsidePeriod {
        /// Which round.
        round: RoundName,
        /// The monitoring time wished for.
        as_of: crate::domain::time::LocalTime,
        /// The first day of its window.
        first: chrono::NaiveDate,
        /// The last day that still says something of its period.
        latest: chrono::NaiveDate,
    },
    /// Nobody is judged by rules that are not in force yet.
    #[error(
        "rule set {version} may be used from {from} on, and the monitoring time is {}; name another set by [rules] file, or a later --as-of", .as_of.minute()
    )]
    RulesNotYetValid {
        /// The rule set.
        version: String,
        /// Its first day.
        from: chrono::NaiveDate,
        /// The monitoring time wished for.
        as_of: crate::domain::time::LocalTime,
    },
    /// Half years and patrols look at everything.
    #[error("round {0} looks at every account; --ratio has no meaning there")]
    RatioHasNoMeaning(RoundName),
    /// A seed is one line of text.
    #[error("--seed: a seed is one line of text and not empty")]
    BadSeed,
    /// Nothing to look at.
    #[error("no running account is registered on {0}; import a registry first: xuncha accounts import FILE")]
    EmptyFrame(chrono::NaiveDate),
    /// It has not been drawn.
    #[error("round {0} is frozen but not drawn; open it first: xuncha round open {0}")]
    NotDrawn(RoundName),
    /// Looking or judging is not finished.
    #[error("round {0} is not judged yet; run it to the end first: xuncha round run {0}")]
    NotJudged(RoundName),
    /// The operating system gave no random bytes.
    #[error("the operating system gave no random bytes: {0}")]
    Entropy(rand::rngs::SysError),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl RoundError {
    /// Whether the command was given wrongly (exit code 2) rather than impossible (1).
    #[must_use]
    pub const fn is_usage(&self) -> bool {
        matches!(
            self,
            Self::DiffersFromFreeze { .. }
                | Self::FutureAsOf(_)
                | Self::OutsidePeriod { .. }
                | Self::RulesNotYetValid { .. }
                | Self::RatioHasNoMeaning(_)
                | Self::BadSeed
        )
    }
}

/// Days between monitoring time and opening beyond which a round is a rehearsal.
const REHEARSAL_DAYS: i64 = 7;
/// Clocks of the machines that share a database may differ by this.
pub(crate) const CLOCKS_DIFFER: TimeDelta = TimeDelta::minutes(1);
const PAGE: usize = 1000;

/// Freezes the frame and the quotas of a round before any seed is known.
///
/// Repeating it changes nothing; the `bool` tells whether it was done now. The monitoring time may lie
/// ahead: a public draw is announced before it is held.
pub async fn freeze(office: &Office, name: RoundName, wishes: &Wishes) -> Result<(Round, bool), RoundError> {
    let mut tx = office.store.write().await?;
    let frozen = freeze_in(&mut tx, office, name, wishes).await?;
    tx.commit().await?;
    Ok(frozen)
}

async fn freeze_in(
    tx: &mut Tx,
    office: &Office,
    name: RoundName,
    wishes: &Wishes,
) -> Result<(Round, bool), RoundError> {
    let everything = name.kind() != RoundKind::Quarterly;
    if everything && wishes.ratio.is_some_and(|ratio| ratio != Ratio::ALL) {
        return Err(RoundError::RatioHasNoMeaning(name));
    }
    if let Some(round) = tx.round(name).await? {
        agree_with_freeze(office, &round, wishes)?;
        return Ok((round, false));
    }
    let now = office.now();
    let as_of = wishes.as_of.unwrap_or(now);
    let (first, latest) = (name.window_start(), name.latest_day());
    if !(first..=latest).contains(&office.date(as_of)) {
        return Err(RoundError::OutsidePeriod { round: name, as_of: office.local(as_of), first, latest });
    }
    let ratio = if everything { Ratio::ALL } else { wishes.ratio.unwrap_or(office.config.sampling.ratio) };
    let frame = frame(tx, office, name, as_of, None).await?;
    if frame.is_empty() {
        return Err(RoundError::EmptyFrame(office.date(as_of)));
    }
    let mut round = Round {
        id: 0,
        name,
        kind: name.kind(),
        state: RoundState::Frozen,
        as_of,
        ratio,
        rotation: None,
        seed: None,
        strata: allocate(&frame, ratio),
        frame_size: frame.len(),
        frame_sha256: frame_sha256(&frame),
        rehearsal: false,
        notify: false,
        frozen_at: now,
        opened_at: None,
        judged_at: None,
        closed_at: None,
    };
    round.id = tx.insert_round(&round, &frame).await?;
    record(tx, now, name, "frozen", &round.frame_sha256).await?;
    Ok((round, true))
}

fn agree_with_freeze(office: &Office, round: &Round, wishes: &Wishes) -> Result<(), RoundError> {
    let differs = |what, frozen, wanted| RoundError::DiffersFromFreeze { round: round.name, what, frozen, wanted };
    if let Some(as_of) = wishes.as_of.filter(|as_of| *as_of != round.as_of) {
        return Err(differs("--as-of", office.local(round.as_of).to_string(), office.local(as_of).to_string()));
    }
    match wishes.ratio.filter(|ratio| *ratio != round.ratio) {
        Some(ratio) => Err(differs("--ratio", round.ratio.to_string(), ratio.to_string())),
        None => Ok(()),
    }
}

/// Freezes the frame unless that was done, then draws. Repeating it changes nothing.
pub async fn open(office: &Office, name: RoundName, wishes: &Wishes) -> Result<(Round, bool), RoundError> {
    if wishes.seed.as_ref().is_some_and(|seed| seed.trim().is_empty() || seed.contains(['\n', '\r'])) {
        return Err(RoundError::BadSeed);
    }
    let mut tx = office.store.write().await?;
    let (round, is_new) = freeze_in(&mut tx, office, name, wishes).await?;
    // Why not where it was frozen before: what was announced is drawn when it was announced for.
    if is_new && round.as_of > office.now() + CLOCKS_DIFFER {
        return Err(RoundError::FutureAsOf(office.local(round.as_of)));
    }
    if round.state != RoundState::Frozen {
        return Ok((round, false));
    }
    in_force(office, round.as_of)?;
    let now = office.now();
    let seed = match &wishes.seed {
        Some(seed) => seed.clone(),
        None => random_seed().map_err(RoundError::Entropy)?,
    };
    let rotation = wishes.rotation.unwrap_or(office.config.sampling.rotation);
    let frame = tx.frame(round.id, None).await?;
    let members = sample::draw(name, &seed, rotation, &frame, &round.strata, Reason::Random);
    let rehearsal = now - round.as_of > TimeDelta::days(REHEARSAL_DAYS);
    let notify = wishes.notify || !rehearsal;
    tx.open_round(round.id, &seed, rotation, rehearsal, notify, &members, now).await?;
    record(&mut tx, now, name, "opened", &seed).await?;
    let round = tx.require_round(name).await?;
    tx.commit().await?;
    Ok((round, true))
}

/// Refuses to judge at `as_of` by a rule set that begins later.
pub fn in_force(office: &Office, as_of: DateTime<Utc>) -> Result<(), RoundError> {
    let from = office.rules.valid_from;
    if office.date(as_of) >= from {
        return Ok(());
    }
    Err(RoundError::RulesNotYetValid { version: office.rules.version.clone(), from, as_of: office.local(as_of) })
}

/// Draws from the accounts that came after the frame was frozen, so that the ratio still holds.
///
/// Only quarterly rounds that are open, and within their quarter: what comes later is the next
/// round's. Gives the number of members added.
pub async fn top_up(office: &Office, name: RoundName) -> Result<usize, RoundError> {
    let now = office.now();
    let mut tx = office.store.write().await?;
    let round = tx.require_round(name).await?;
    let (Some(seed), Some(rotation)) = (&round.seed, round.rotation) else { return Err(RoundError::NotDrawn(name)) };
    let over = name != RoundName::quarter_of(office.date(now));
    if round.kind != RoundKind::Quarterly || round.state == RoundState::Closed || round.rehearsal || over {
        return Ok(0);
    }
    let newcomers = frame(&mut tx, office, name, now, Some(round.id)).await?;
    if newcomers.is_empty() {
        return Ok(0);
    }
    let mut drawn: Vec<_> = round.strata.iter().map(|s| (s.key.clone(), s.size, s.quota)).collect();
    for (_, _, strata) in tx.top_ups(round.id).await? {
        note_top_up(&mut drawn, &strata);
    }
    let strata = allocate_top_up(&drawn, &newcomers, round.ratio);
    let members = sample::draw(name, seed, rotation, &newcomers, &strata, Reason::TopUp);
    tx.insert_top_up(round.id, now, &newcomers, &strata, &members).await?;
    if !members.is_empty() && round.state == RoundState::Judged {
        tx.move_round(round.id, RoundState::Judged, RoundState::Open, now).await?;
    }
    record(&mut tx, now, name, "topped_up", &format!("{} + {}", newcomers.len(), members.len())).await?;
    tx.commit().await?;
    Ok(members.len())
}

/// The draw of a round as it is exported.
pub async fn export(office: &Office, name: RoundName) -> Result<Draw, RoundError> {
    let mut tx = office.store.read().await?;
    let round = tx.require_round(name).await?;
    let (Some(seed), Some(rotation)) = (round.seed.clone(), round.rotation) else {
        return Err(RoundError::NotDrawn(name));
    };
    let mut top_ups = Vec::new();
    for (number, at, strata) in tx.top_ups(round.id).await? {
        top_ups.push(TopUp { at: office.local(at), frame: tx.frame(round.id, Some(number)).await?, strata });
    }
    Ok(Draw {
        format: FORMAT.to_owned(),
        round: name,
        kind: round.kind,
        as_of: office.local(round.as_of),
        seed,
        ratio: round.ratio,
        rotation,
        frame_size: round.frame_size,
        frame_sha256: round.frame_sha256.clone(),
        frame: tx.frame(round.id, None).await?,
        strata: round.strata.clone(),
        members: tx.members(round.id).await?,
        top_ups,
    })
}

/// Closes a judged round: its figures stand. Repeating it changes nothing.
pub async fn close(office: &Office, name: RoundName) -> Result<(Round, bool), RoundError> {
    let now = office.now();
    let mut tx = office.store.write().await?;
    let round = tx.require_round(name).await?;
    match round.state {
        RoundState::Closed => return Ok((round, false)),
        RoundState::Judged => {}
        RoundState::Frozen | RoundState::Open => return Err(RoundError::NotJudged(name)),
    }
    tx.move_round(round.id, RoundState::Judged, RoundState::Closed, now).await?;
    record(&mut tx, now, name, "closed", "").await?;
    let round = tx.require_round(name).await?;
    tx.commit().await?;
    Ok((round, true))
}

/// The accounts running on the frame date, with their strata; the canonical order.
async fn frame(
    tx: &mut Tx,
    office: &Office,
    name: RoundName,
    on: DateTime<Utc>,
    not_in_round: Option<i64>,
) -> Result<Vec<FrameRow>, StoreError> {
    let drawn = tx.drawn_in_year(name.year(), name).await?;
    let watched = if name.kind() == RoundKind::Quarterly { tx.watch_list().await? } else { HashSet::new() };
    let mut rows = Vec::new();
    let mut after: Option<AccountId> = None;
    loop {
        let page = tx.running_accounts_page(office.date(on), not_in_round, after.as_ref(), PAGE).await?;
        let Some(last) = page.last() else { break };
        after = Some(last.account_id.clone());
        rows.extend(page.iter().map(|account| FrameRow {
            stratum: stratum(account, &office.config.sampling.strata),
            drawn_this_year: drawn.contains(account.account_id.as_str()),
            always: always(account, &watched),
            account_id: account.account_id.clone(),
        }));
    }
    sort_frame(&mut rows);
    Ok(rows)
}

fn always(account: &Account, watched: &HashSet<String>) -> Option<Always> {
    if account.represents_government {
        return Some(Always::RepresentsGovernment);
    }
    watched.contains(account.account_id.as_str()).then_some(Always::WatchList)
}

/// The stratum of an account: the configured values joined by `/`, a missing one `-`.
fn stratum(account: &Account, fields: &[StratumField]) -> String {
    let values: Vec<&str> = fields
        .iter()
        .map(|field| match field {
            StratumField::Platform => account.platform.key(),
            StratumField::UnitTier => account.unit_tier.map_or("-", UnitTier::key),
            StratumField::SupervisingUnit => account.supervising_unit.as_deref().unwrap_or("-"),
            StratumField::Unit => &account.unit,
            StratumField::Source => account.source.map_or("-", SourceKind::key),
        })
        .collect();
    values.join("/")
}

/// 32 bytes of the operating system's generator as 64 lower-case hex digits.
fn random_seed() -> Result<String, rand::rngs::SysError> {
    let mut bytes = [0; 32];
    rand::rngs::SysRng.try_fill_bytes(&mut bytes)?;
    Ok(sample::hex(&bytes))
}

async fn record(tx: &mut Tx, at: DateTime<Utc>, name: RoundName, kind: &str, note: &str) -> Result<(), StoreError> {
    let subject_id = name.to_string();
    tx.append_event(NewEvent { at, actor: "", subject_kind: "round", subject_id: &subject_id, kind, note, data: "" })
        .await
}
