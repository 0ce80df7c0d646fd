//! Empties the outbox: claim, send, settle — each claim committed before the call, each outcome after it.
//!
//! Decisions that bind this module:
//! - At least once. A send whose outcome nobody knows is repeated, word for word, under the
//!   same number.
//! - A chat that has to wait is held in the database; nothing sleeps here, so no chat waits
//!   for another. It holds back what comes behind it too: a message never overtakes one of
//!   its chat that is being tried again.
//! - Limits and back-off are measured on the office's clock, so that a demo runs in seconds.
//! - Neither texts nor addresses are logged.

mod pace;
mod service;

use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use futures::FutureExt as _;

use super::robot::{self, Step};
use super::telegram::{Messenger, SendError};
use super::{texts, wecom};
use crate::domain::notice::Alert;
use crate::fetch::Hooks;
use crate::issues::clock::{deadline, delivered};
use crate::notify;
use crate::office::Office;
use crate::store::{Chat, Claimed, NoticeRow, StoreError};
pub(super) use pace::{PER_SECOND, Pace};
pub use service::run;

/// The channel's name in the database.
const TELEGRAM: &str = "telegram";
/// Messages in flight at once.
const LANES: usize = 8;
/// The client gives up on a request after 17 s.
const LEASE: TimeDelta = TimeDelta::seconds(90);
/// A private chat takes one message a second.
const PAUSE: TimeDelta = TimeDelta::seconds(1);
/// A group takes twenty messages a minute.
const GROUP_PAUSE: TimeDelta = TimeDelta::seconds(3);
/// A WeCom chat takes thirty frames a minute; a notice is its words and their card.
const WECOM_PAUSE: TimeDelta = TimeDelta::seconds(6);
/// However long a chat asks to wait.
const LONGEST_REST: TimeDelta = TimeDelta::hours(24);
/// When a send of unknown outcome is repeated, at the earliest.
const UNKNOWN_AGAIN: TimeDelta = TimeDelta::seconds(60);

/// What a run did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Delivered {
    /// Accepted by the channel.
    pub sent: usize,
    /// To be tried again.
    pub later: usize,
    /// Refused for good.
    pub failed: usize,
    /// Sent or not, nobody knows; to be repeated.
    pub unknown: usize,
}

/// What deliveries go through; those of what is missing are left to whoever has it.
#[derive(Clone, Copy, Default)]
pub struct Channels<'a> {
    /// The Telegram bot.
    pub telegram: Option<&'a Messenger>,
    /// The WeCom bot, whose connection belongs to the running service.
    pub wecom: Option<&'a wecom::Bot>,
    /// The client for group robots; one is made for every message where none is handed in.
    pub hooks: Option<&'a Hooks>,
}

impl Channels<'_> {
    /// The channels that are not served here; robots need nothing but a client.
    fn absent(&self) -> [&'static str; 2] {
        let absent = |is_here: bool, channel| if is_here { "" } else { channel };
        [absent(self.telegram.is_some(), TELEGRAM), absent(self.wecom.is_some(), wecom::CHANNEL)]
    }

    /// Whether a complaint of this kind is due: an outage of Telegram fills no log.
    fn may_complain(&self, kind: &'static str) -> bool {
        self.telegram.is_none_or(|bot| bot.pace().may_complain(kind))
    }
}

impl<'a> From<&'a Messenger> for Channels<'a> {
    fn from(bot: &'a Messenger) -> Self {
        Self { telegram: Some(bot), ..Self::default() }
    }
}

/// Makes the deliveries that are due, at most `limit` tries.
pub async fn deliver_due(
    office: &Office,
    channels: impl Into<Channels<'_>>,
    limit: usize,
) -> Result<Delivered, StoreError> {
    deliver_until(office, channels.into(), limit, &|| true).await
}

/// The same, with nothing new begun once `go_on` says no.
async fn deliver_until(
    office: &Office,
    channels: Channels<'_>,
    limit: usize,
    go_on: &(dyn Fn() -> bool + Sync),
) -> Result<Delivered, StoreError> {
    // Why: looking costs a reader nothing; claiming takes the one writer of a SQLite file.
    if next_due_by(office, channels).await?.is_none_or(|due| due > office.now()) {
        return Ok(Delivered::default());
    }
    let budget = AtomicUsize::new(limit);
    let lanes = (0..LANES.min(limit)).map(|_| lane(office, channels, &budget, go_on));
    let lanes = futures::future::join_all(lanes).await;
    lanes.into_iter().try_fold(Delivered::default(), |sum, lane| {
        let lane = lane?;
        Ok(Delivered {
            sent: sum.sent + lane.sent,
            later: sum.later + lane.later,
            failed: sum.failed + lane.failed,
            unknown: sum.unknown + lane.unknown,
        })
    })
}

/// When [`deliver_due`] will next have something to do, with every channel there is; `None`: nothing is queued.
pub async fn next_due(office: &Office) -> Result<Option<DateTime<Utc>>, StoreError> {
    next_due_without(office, ["", ""]).await
}

/// The same, with these channels alone.
pub async fn next_due_by(office: &Office, channels: Channels<'_>) -> Result<Option<DateTime<Utc>>, StoreError> {
    next_due_without(office, channels.absent()).await
}

async fn next_due_without(office: &Office, absent: [&str; 2]) -> Result<Option<DateTime<Utc>>, StoreError> {
    let now = office.now();
    let mut tx = office.store.read().await?;
    let Some(next) = tx.next_delivery_at(absent).await? else { return Ok(None) };
    let recent = tx.recent_attempts(now, now - PAUSE).await?;
    let blocking = recent.len().checked_sub(PER_SECOND).and_then(|first| recent.get(first).copied());
    // One that is still under way counts a second from now at least.
    Ok(Some(blocking.map_or(next, |ended| next.max(ended.unwrap_or(now) + PAUSE))))
}

async fn lane(
    office: &Office,
    channels: Channels<'_>,
    budget: &AtomicUsize,
    go_on: &(dyn Fn() -> bool + Sync),
) -> Result<Delivered, StoreError> {
    let mut sum = Delivered::default();
    while go_on() && budget.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_ok() {
        let Some((claimed, notice)) = claim(office, channels).await? else { break };
        // Why: one notice that makes the program stumble must not keep all the others.
        let sending = AssertUnwindSafe(step(office, channels, &claimed, &notice)).catch_unwind();
        let step = sending.await.unwrap_or_else(|_| {
            tracing::error!(notice = %notice.number, "a notice made the delivery stumble; the others go on");
            Err(SendError::Later("the program stumbled over this notice".into()))
        });
        let outcome = match step {
            // Written down already, with the rest due again.
            Ok(Step::Part) => continue,
            Ok(Step::Whole(message_id)) => Ok(message_id),
            Err(error) => Err(error),
        };
        let settled = match settle(office, channels, &claimed, &notice, &outcome).await {
            Ok(settled) => settled,
            // Why once more: a message that went out and is not written down goes out again.
            Err(error) => {
                tracing::warn!(%error, "what became of a delivery could not be written down; once more");
                settle(office, channels, &claimed, &notice, &outcome).await?
            }
        };
        match settled {
            Settled::Sent => sum.sent += 1,
            Settled::Later => sum.later += 1,
            Settled::Failed => sum.failed += 1,
            Settled::Unknown => sum.unknown += 1,
        }
    }
    Ok(sum)
}

async fn claim(office: &Office, channels: Channels<'_>) -> Result<Option<(Claimed, NoticeRow)>, StoreError> {
    let now = office.now();
    let answers = channels.telegram.map_or(0, |bot| bot.pace().answers(now));
    let mut tx = office.store.write_rows().await?;
    // Why here too: what was due at noon while nothing ran, or is tried again, would come at night.
    let allowed = office.next_allowed(now, false);
    if allowed > now {
        tx.hold_quiet(now, allowed).await?;
    }
    let Some(claimed) = tx.claim_delivery(now, now + LEASE, channels.absent()).await? else {
        tx.commit().await?;
        return Ok(None);
    };
    // Counted behind the lock under which one claims: this try is among them.
    if tx.recent_attempts(now, now - PAUSE).await?.len() + answers > PER_SECOND {
        return Ok(None);
    }
    let notice = tx.notice(claimed.notice_id).await?;
    tx.commit().await?;
    Ok(Some((claimed, notice)))
}

async fn step(
    office: &Office,
    channels: Channels<'_>,
    claimed: &Claimed,
    notice: &NoticeRow,
) -> Result<Step, SendError> {
    if !robot::is_robot(&claimed.chat) {
        return send(office, channels, claimed, notice).await.map(Step::Whole);
    }
    match channels.hooks {
        Some(hooks) => robot::send(office, hooks, claimed, notice).await,
        None => robot::send(office, &Hooks::default(), claimed, notice).await,
    }
}

async fn send(
    office: &Office,
    channels: Channels<'_>,
    claimed: &Claimed,
    notice: &NoticeRow,
) -> Result<String, SendError> {
    let (chat, now) = (&claimed.chat, office.now());
    // The first acceptance starts the clock; a later reader is told the same date.
    let accepted_at = notice.delivered_at.unwrap_or(now);
    let due = |class| {
        let deadline = deadline(office, class, accepted_at);
        (deadline.on, deadline.provisional)
    };
    let message = texts::render(&notice.body, &notice.number, notice.unit.as_deref(), chat.lang, &due);
    let absent = || SendError::Later(format!("the channel {} is not running here", chat.channel));
    match chat.channel.as_str() {
        TELEGRAM => {
            let bot = channels.telegram.ok_or_else(absent)?;
            let rest = if chat.is_group { bot.pace().rest_of_group(&chat.address, now) } else { Duration::ZERO };
            if !rest.is_zero() {
                // The group has been answered a lot just now.
                return Err(SendError::Wait(rest));
            }
            bot.pace().count(&chat.address, false, now);
            bot.send(&chat.address, &message).await
        }
        wecom::CHANNEL => {
            let bot = channels.wecom.ok_or_else(absent)?;
            bot.send(&chat.address, chat.is_group, &message, chat.lang).await
        }
        other => Err(SendError::Refused(format!("there is no channel {other}"))),
    }
}

/// How long a chat rests after a message.
fn pause(chat: &Chat) -> TimeDelta {
    match (chat.channel.as_str(), chat.is_group) {
        _ if robot::is_robot(chat) => robot::pause(chat),
        (wecom::CHANNEL, _) => WECOM_PAUSE,
        (_, true) => GROUP_PAUSE,
        (_, false) => PAUSE,
    }
}

enum Settled {
    Sent,
    Later,
    Failed,
    Unknown,
}

async fn settle(
    office: &Office,
    channels: Channels<'_>,
    claimed: &Claimed,
    notice: &NoticeRow,
    outcome: &Result<String, SendError>,
) -> Result<Settled, StoreError> {
    let now = office.now();
    let mut tx = office.store.write().await?;
    let chat = &claimed.chat;
    let settled = match outcome {
        Ok(message_id) => {
            if tx.settle_sent(claimed, message_id, now).await? {
                delivered(&mut tx, office, claimed.notice_id, now).await?;
            }
            tx.hold_chat(chat.id, now + pause(chat)).await?;
            Settled::Sent
        }
        Err(SendError::Wait(rest)) => {
            let again = now + TimeDelta::from_std(*rest).unwrap_or(LONGEST_REST).min(LONGEST_REST);
            tx.hold_chat(chat.id, again).await?;
            tx.settle_later(claimed, "throttled", "too many messages", again, now).await?;
            Settled::Later
        }
        Err(SendError::Moved(address)) => {
            tx.settle_later(claimed, "moved", "the group has become a supergroup", now, now).await?;
            match tx.chat_at(&chat.channel, address).await? {
                None => tx.move_chat(chat.id, address).await?,
                // It was bound again at its new address before anything was sent to the old one.
                Some(known) if known.id != chat.id => tx.join_chats(chat.id, known.id, now).await?,
                Some(_) => {}
            }
            Settled::Later
        }
        Err(SendError::Gone(why)) => {
            tracing::warn!(chat.id, notice = %notice.number, %why, "a chat refuses messages for good");
            give_up(&mut tx, office, claimed, notice, why, now).await?;
            Settled::Failed
        }
        Err(SendError::Refused(why)) => {
            tracing::error!(notice = %notice.number, %why, "the channel refuses a message; it will not be sent");
            tx.settle_failed(claimed, why, now).await?;
            Settled::Failed
        }
        Err(SendError::Later(why)) => {
            let again = now + back_off(claimed.id, claimed.attempts);
            if channels.may_complain("later") {
                tracing::warn!(notice = %notice.number, claimed.attempts, %why, "deliveries are put off");
            }
            tx.hold_chat(chat.id, again).await?;
            tx.settle_later(claimed, "failed", why, again, now).await?;
            Settled::Later
        }
        Err(SendError::Unknown(why)) => {
            let again = now + UNKNOWN_AGAIN.max(back_off(claimed.id, claimed.attempts));
            if channels.may_complain("unknown") {
                tracing::warn!(notice = %notice.number, claimed.attempts, %why, "nobody knows whether notices went out; they will be repeated");
            }
            tx.hold_chat(chat.id, again).await?;
            tx.settle_later(claimed, "unknown", why, again, now).await?;
            Settled::Unknown
        }
    };
    tx.commit().await?;
    Ok(settled)
}

/// Retires a chat: nothing more is tried there, and the supervisors are told, once.
async fn give_up(
    tx: &mut crate::store::Tx,
    office: &Office,
    claimed: &Claimed,
    notice: &NoticeRow,
    why: &str,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    tx.settle_failed(claimed, why, now).await?;
    tx.retire_chat(claimed.chat.id, why, now).await?;
    tx.fail_deliveries_to(claimed.chat.id, why).await?;
    notify::release_stranded(tx, office, now).await?;
    let alert = Alert::Undeliverable { unit: notice.unit.clone(), number: notice.number.clone(), why: why.to_owned() };
    notify::alert(tx, office, alert, &format!("undeliverable:{}:{}", claimed.chat.id, notice.number), now).await
}

/// 5 s · 2^tries, at most an hour, and up to half as much again by the delivery's own number.
fn back_off(delivery: i64, attempts: i64) -> TimeDelta {
    let base = 5_000_i64.saturating_mul(1 << attempts.clamp(1, 12).saturating_sub(1)).min(3_600_000);
    let spread = delivery.wrapping_mul(2_654_435_761).wrapping_add(attempts.wrapping_mul(40_503)).rem_euclid(1_000);
    TimeDelta::milliseconds(base + base * spread / 2_000)
}

#[cfg(test)]
mod tests;
