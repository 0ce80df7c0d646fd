//! How often one chat may be written to: WeCom counts replies and pushes together.

use std::collections::{HashMap, VecDeque};
use std::time::{Duration, Instant};

const A_MINUTE: usize = 30;
const HOUR: (Duration, usize) = (Duration::from_hours(1), 1_000);
/// Messages a minute that notices leave to answers, so that nobody's command goes unheard.
const FOR_ANSWERS: usize = 10;
/// Chats that are remembered before those long silent are forgotten.
const MANY: usize = 4_096;

/// Why a chat is written to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    /// Somebody asked.
    Answer,
    /// It is due.
    Notice,
}

/// When each chat was written to within the last hour.
pub(super) struct Limits {
    minute: Duration,
    chats: HashMap<String, VecDeque<Instant>>,
}

impl Limits {
    pub(super) fn new(minute: Duration) -> Self {
        Self { minute, chats: HashMap::new() }
    }

    /// Counts `messages` to a chat now; where they would be too many, how long to wait.
    pub(super) fn take(&mut self, chat: &str, messages: usize, purpose: Purpose, now: Instant) -> Result<(), Duration> {
        let old = |at: &Instant| now.saturating_duration_since(*at) >= HOUR.0;
        if self.chats.len() >= MANY {
            self.chats.retain(|_, sent| sent.back().is_some_and(|at| !old(at)));
        }
        let sent = self.chats.entry(chat.to_owned()).or_default();
        while sent.front().is_some_and(old) {
            sent.pop_front();
        }
        let kept = if purpose == Purpose::Notice { FOR_ANSWERS } else { 0 };
        for (span, most) in [(self.minute, A_MINUTE - kept), HOUR] {
            // The message that has to be forgotten before these fit; more than fit at all go on a fresh minute.
            let room = most.saturating_sub(messages);
            let Some(last) = sent.len().checked_sub(room + 1).and_then(|at| sent.get(at)) else { continue };
            let age = now.saturating_duration_since(*last);
            if let Some(wait) = span.checked_sub(age).filter(|wait| !wait.is_zero()) {
                return Err(wait);
            }
        }
        sent.extend(std::iter::repeat_n(now, messages));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thirty_a_minute_and_a_thousand_an_hour_of_which_answers_have_their_share() {
        let (mut limits, start) = (Limits::new(Duration::from_mins(1)), Instant::now());
        for _ in 0..20 {
            limits.take("a", 1, Purpose::Notice, start).unwrap();
        }
        assert_eq!(limits.take("a", 1, Purpose::Notice, start), Err(Duration::from_mins(1)));
        limits.take("b", 2, Purpose::Notice, start).unwrap();
        for _ in 0..10 {
            limits.take("a", 1, Purpose::Answer, start).unwrap();
        }
        assert!(limits.take("a", 1, Purpose::Answer, start).is_err());
        let (mut now, mut sent) = (start, 30);
        loop {
            match limits.take("a", 1, Purpose::Answer, now) {
                Ok(()) => sent += 1,
                Err(wait) if sent == 1_000 => {
                    assert!(wait > Duration::from_mins(20), "{wait:?}");
                    break;
                }
                Err(wait) => now += wait,
            }
        }
        assert!(now - start < Duration::from_mins(34), "{:?}", now - start);
    }
}
