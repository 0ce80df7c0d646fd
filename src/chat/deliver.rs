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

use std::sync::atomic::{AtomicUsize, Ordering};

use chrono::{DateTime, TimeDelta, Utc};

use super::robot::{self, Step};
use super::telegram::{Messenger, SendError};
use super::texts;
use crate::domain::notice::Alert;
use crate::issues::clock::{deadline, delivered};
use crate::notify;
use crate::office::Office;
use crate::store::{Chat, Claimed, NoticeRow, StoreError};

/// Telegram takes about 30 messages a second in all.
const PER_SECOND: usize = 30;
/// Messages in flight at once; they count against the limit before they are written down.
const LANES: usize = 6;
/// The bot library waits 10 s on a gateway's error and gives up after 17 s.
const LEASE: TimeDelta = TimeDelta::seconds(90);
/// A private chat takes one message a second.
const PAUSE: TimeDelta = TimeDelta::seconds(1);
/// A group takes twenty messages a minute.
const GROUP_PAUSE: TimeDelta = TimeDelta::seconds(3);
/// When a send of unknown outcome is repeated.
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

/// Makes the deliveries that are due, at most `limit` tries.
pub async fn deliver_due(office: &Office, bot: &Messenger, limit: usize) -> Result<Delivered, StoreError> {
    // Why: looking costs a reader nothing; claiming takes the one writer of a SQLite file.
    if next_due(office).await?.is_none_or(|due| due > office.now()) {
        return Ok(Delivered::default());
    }
    let budget = AtomicUsize::new(limit);
    let lanes = futures::future::join_all((0..LANES.min(limit)).map(|_| lane(office, bot, &budget))).await;
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

/// When [`deliver_due`] will next have something to do; `None`: nothing is queued.
pub async fn next_due(office: &Office) -> Result<Option<DateTime<Utc>>, StoreError> {
    let now = office.now();
    let mut tx = office.store.read().await?;
    let Some(next) = tx.next_delivery_at().await? else { return Ok(None) };
    let recent = tx.sent_since(None, now - PAUSE).await?;
    let free = if recent.len() + LANES > PER_SECOND { recent.first().map(|at| *at + PAUSE) } else { None };
    Ok(Some(free.map_or(next, |free| next.max(free))))
}

async fn lane(office: &Office, bot: &Messenger, budget: &AtomicUsize) -> Result<Delivered, StoreError> {
    let mut sum = Delivered::default();
    while budget.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_ok() {
        let Some((claimed, notice)) = claim(office).await? else { break };
        let outcome = if claimed.chat.channel == "telegram" {
            send(office, bot, &claimed, &notice).await
        } else if robot::is_robot(&claimed.chat) {
            match robot::send(office, bot.hooks(), &claimed, &notice).await? {
                // Written down already, with the rest due again.
                Ok(Step::Part) => continue,
                Ok(Step::Last) => Ok(String::new()),
                Err(error) => Err(error),
            }
        } else {
            Err(SendError::Refused(format!("there is no channel {}", claimed.chat.channel)))
        };
        match settle(office, &claimed, &notice, outcome).await? {
            Settled::Sent => sum.sent += 1,
            Settled::Later => sum.later += 1,
            Settled::Failed => sum.failed += 1,
            Settled::Unknown => sum.unknown += 1,
        }
    }
    Ok(sum)
}

async fn claim(office: &Office) -> Result<Option<(Claimed, NoticeRow)>, StoreError> {
    let now = office.now();
    let mut tx = office.store.write_rows().await?;
    if tx.sent_since(None, now - PAUSE).await?.len() + LANES > PER_SECOND {
        return Ok(None);
    }
    let Some(claimed) = tx.claim_delivery(now, now + LEASE).await? else { return Ok(None) };
    let notice = tx.notice(claimed.notice_id).await?;
    tx.commit().await?;
    Ok(Some((claimed, notice)))
}

async fn send(office: &Office, bot: &Messenger, claimed: &Claimed, notice: &NoticeRow) -> Result<String, SendError> {
    // The first acceptance starts the clock; a later reader is told the same date.
    let accepted_at = notice.delivered_at.unwrap_or_else(|| office.now());
    let due = |class| {
        let deadline = deadline(office, class, accepted_at);
        (deadline.on, deadline.provisional)
    };
    let message = texts::render(&notice.body, &notice.number, notice.unit.as_deref(), claimed.chat.lang, &due);
    bot.send(&claimed.chat.address, &message).await
}

enum Settled {
    Sent,
    Later,
    Failed,
    Unknown,
}

async fn settle(
    office: &Office,
    claimed: &Claimed,
    notice: &NoticeRow,
    outcome: Result<String, SendError>,
) -> Result<Settled, StoreError> {
    let now = office.now();
    let mut tx = office.store.write().await?;
    let chat = &claimed.chat;
    let settled = match outcome {
        Ok(message_id) => {
            if tx.settle_sent(claimed, &message_id, now).await? {
                delivered(&mut tx, office, claimed.notice_id, now).await?;
            }
            tx.hold_chat(chat.id, now + pause(chat)).await?;
            Settled::Sent
        }
        Err(SendError::Wait(rest)) => {
            let again = now + TimeDelta::from_std(rest).unwrap_or(TimeDelta::hours(1)).min(TimeDelta::hours(24));
            tx.hold_chat(chat.id, again).await?;
            tx.settle_later(claimed, "throttled", "too many messages", again, now).await?;
            Settled::Later
        }
        Err(SendError::Moved(address)) => {
            // Two groups never become one, but an address the office knows already may not be taken twice.
            if tx.chat_at(&chat.channel, &address).await?.is_none() {
                tx.move_chat(chat.id, &address).await?;
                tx.settle_later(claimed, "moved", "the group has become a supergroup", now, now).await?;
                Settled::Later
            } else {
                give_up(&mut tx, office, claimed, notice, "the group is bound at its new address already", now).await?;
                Settled::Failed
            }
        }
        Err(SendError::Gone(why)) => {
            tracing::warn!(chat.id, notice = %notice.number, %why, "a chat refuses messages for good");
            give_up(&mut tx, office, claimed, notice, &why, now).await?;
            Settled::Failed
        }
        Err(SendError::Refused(why)) => {
            tracing::error!(notice = %notice.number, %why, "the channel refuses a message; it will not be sent");
            tx.settle_failed(claimed, &why, now).await?;
            Settled::Failed
        }
        Err(SendError::Later(why)) => {
            let again = now + back_off(claimed.id, claimed.attempts);
            tracing::info!(notice = %notice.number, claimed.attempts, %why, "a delivery is put off");
            tx.hold_chat(chat.id, again).await?;
            tx.settle_later(claimed, "failed", &why, again, now).await?;
            Settled::Later
        }
        Err(SendError::Unknown(why)) => {
            tracing::warn!(notice = %notice.number, %why, "nobody knows whether a notice went out; it will be repeated");
            tx.hold_chat(chat.id, now + UNKNOWN_AGAIN).await?;
            tx.settle_later(claimed, "unknown", &why, now + UNKNOWN_AGAIN, now).await?;
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
    let alert = Alert::Undeliverable { unit: notice.unit.clone(), number: notice.number.clone(), why: why.to_owned() };
    notify::alert(tx, office, alert, &format!("undeliverable:{}:{}", claimed.chat.id, notice.number), now).await
}

fn pause(chat: &Chat) -> TimeDelta {
    match chat {
        chat if robot::is_robot(chat) => robot::pause(chat),
        chat if chat.is_group => GROUP_PAUSE,
        _ => PAUSE,
    }
}

/// 5 s · 2^tries, at most an hour, and up to half as much again by the delivery's own number.
fn back_off(delivery: i64, attempts: i64) -> TimeDelta {
    let base = 5_000_i64.saturating_mul(1 << attempts.clamp(1, 12).saturating_sub(1)).min(3_600_000);
    let spread = delivery.wrapping_mul(2_654_435_761).wrapping_add(attempts.wrapping_mul(40_503)).rem_euclid(1_000);
    TimeDelta::milliseconds(base + base * spread / 2_000)
}

#[cfg(test)]
mod tests;
