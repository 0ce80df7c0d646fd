//! Many links looked at at once, host by host, as many as may ask.

use futures::stream::FuturesUnordered;
use futures::{FutureExt as _, StreamExt as _};
use tokio::time::Instant;

use crate::fetch::{Fetcher, Lineup};

/// Looks begun, in times of those that may ask at once: many may be resting between their requests.
const BEGUN: usize = 4;

/// Links waiting for their turn, and looks under way: futures that hand the link back with what was seen.
pub struct Looks<'f, U, F> {
    fetcher: &'f Fetcher,
    lineup: Lineup<U>,
    under_way: FuturesUnordered<F>,
}

impl<'f, U: AsRef<str>, T, F: Future<Output = (U, T)>> Looks<'f, U, F> {
    /// As politely as `fetcher` asks.
    pub fn new(fetcher: &'f Fetcher) -> Self {
        Self { fetcher, lineup: fetcher.lineup(), under_way: FuturesUnordered::new() }
    }

    /// How many links wait.
    pub const fn waiting(&self) -> usize {
        self.lineup.waiting()
    }

    /// Adds a link behind those of its host.
    pub fn push(&mut self, link: U) {
        self.lineup.push(link);
    }

    /// What the next look to end saw; `None` when nothing waits, nor is under way.
    ///
    /// `begin` makes the look at a link whose turn it is, and is told when nothing more of its host waits, and how
    /// much waits of others. Nothing is lost when this is dropped before it ends.
    pub async fn next(&mut self, mut begin: impl FnMut(U, bool, usize) -> F) -> Option<(U, T)> {
        let at_once = self.fetcher.at_once();
        loop {
            let now = Instant::now();
            // Why no more of those that ask: each host begun keeps a connection open until its last link.
            while self.under_way.len() < at_once.saturating_mul(BEGUN)
                && self.under_way.len().saturating_sub(self.fetcher.resting()) < at_once
            {
                let Some(next) = self.lineup.next(now) else { break };
                self.under_way.push(begin(next.url, next.last, self.lineup.waiting()));
            }
            let wakes = self.lineup.next_at().filter(|_| self.under_way.len() < at_once);
            tokio::select! {
                biased;
                Some(ended) = self.under_way.next() => return Some(self.ended(ended)),
                () = tokio::time::sleep_until(wakes.unwrap_or(now)), if wakes.is_some() => {}
                else => return None,
            }
        }
    }

    /// What a look saw that has ended meanwhile.
    pub fn ready(&mut self) -> Option<(U, T)> {
        let ended = self.under_way.next().now_or_never().flatten()?;
        Some(self.ended(ended))
    }

    fn ended(&mut self, (link, seen): (U, T)) -> (U, T) {
        self.lineup.done(link.as_ref());
        (link, seen)
    }
}
