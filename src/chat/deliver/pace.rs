//! What this process said lately, so that answers and notices together keep Telegram's limits.
//!
//! Deliveries are counted in the database, over all processes. Answers are not worth a row each: they
//! are counted here, and the bot that gives them is one process, because Telegram allows one poll.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};

/// Telegram takes about 30 messages a second in all.
pub(in crate::chat) const PER_SECOND: usize = 30;
/// A group takes twenty messages a minute.
const PER_MINUTE: usize = 20;
/// How long a message counts.
const KEPT: Duration = Duration::from_mins(1);
/// More than can be said in that time; a set clock can be faster.
const MOST: usize = 4_000;

struct Said {
    real: Instant,
    at: DateTime<Utc>,
    address: String,
    answer: bool,
}

/// The messages of the last minute, and which complaints were logged.
#[derive(Default)]
pub(in crate::chat) struct Pace {
    said: Mutex<VecDeque<Said>>,
    complaints: Mutex<Vec<(&'static str, Instant)>>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Pace {
    /// Counts a message to a chat.
    pub(in crate::chat) fn count(&self, address: &str, answer: bool, now: DateTime<Utc>) {
        let mut said = lock(&self.said);
        while said.len() >= MOST || said.front().is_some_and(|first| first.real.elapsed() > KEPT) {
            said.pop_front();
        }
        said.push_back(Said { real: Instant::now(), at: now, address: address.to_owned(), answer });
    }

    /// What was said within the last `span`, by the office's clock and by the machine's: the office's
    /// may be set and run fast, the machine's is the one that Telegram knows.
    fn within(&self, span: Duration, now: DateTime<Utc>, which: impl Fn(&Said) -> bool) -> Vec<Duration> {
        let since = now - TimeDelta::from_std(span).unwrap_or_default();
        let said = lock(&self.said);
        let recent = said.iter().map(|said| (said, said.real.elapsed()));
        recent.filter(|(said, ago)| *ago < span && said.at > since && which(said)).map(|(_, ago)| ago).collect()
    }

    /// How many answers were given within the last second.
    pub(in crate::chat) fn answers(&self, now: DateTime<Utc>) -> usize {
        self.within(Duration::from_secs(1), now, |said| said.answer).len()
    }

    /// How long a group has to wait for its next message; zero: it need not.
    pub(in crate::chat) fn rest_of_group(&self, address: &str, now: DateTime<Utc>) -> Duration {
        rest(&self.within(KEPT, now, |said| said.address == address), PER_MINUTE, KEPT)
    }

    /// How long everybody has to wait for the next answer; zero: nobody need.
    pub(in crate::chat) fn rest_of_all(&self, now: DateTime<Utc>) -> Duration {
        let second = Duration::from_secs(1);
        rest(&self.within(second, now, |_| true), PER_SECOND, second)
    }

    /// Whether a complaint of this kind is due: once a minute, so that an outage fills no log.
    pub(in crate::chat) fn may_complain(&self, kind: &'static str) -> bool {
        let mut complaints = lock(&self.complaints);
        complaints.retain(|(_, at)| at.elapsed() < KEPT);
        let due = complaints.iter().all(|(known, _)| *known != kind);
        if due {
            complaints.push((kind, Instant::now()));
        }
        due
    }
}

/// Until fewer than `most` of these lie within `span`; they are in order, the longest ago first.
fn rest(ago: &[Duration], most: usize, span: Duration) -> Duration {
    let blocking = ago.len().checked_sub(most).and_then(|first| ago.get(first).copied());
    blocking.map_or(Duration::ZERO, |ago| span.saturating_sub(ago))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_rests_after_twenty_messages_and_everybody_after_thirty() {
        let (pace, now) = (Pace::default(), DateTime::<Utc>::UNIX_EPOCH);
        for n in 0..PER_MINUTE {
            assert_eq!(pace.rest_of_group("g", now), Duration::ZERO, "{n}");
            pace.count("g", n % 2 == 0, now);
        }
        assert!(pace.rest_of_group("g", now) > Duration::from_secs(50));
        assert_eq!(pace.rest_of_group("other", now), Duration::ZERO);
        assert_eq!(pace.rest_of_group("g", now + TimeDelta::minutes(1)), Duration::ZERO, "the office's minute is over");
        assert_eq!((pace.answers(now), pace.rest_of_all(now)), (10, Duration::ZERO));
        for _ in PER_MINUTE..PER_SECOND {
            pace.count("p", true, now);
        }
        assert!(pace.rest_of_all(now) > Duration::ZERO);
    }

    #[test]
    fn a_complaint_is_logged_once_a_minute() {
        let pace = Pace::default();
        assert_eq!([pace.may_complain("a"), pace.may_complain("a"), pace.may_complain("b")], [true, false, true]);
    }
}
