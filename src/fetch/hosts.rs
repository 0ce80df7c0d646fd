//! Politeness: how many requests a host gets at once, how close together, and when it is
//! left alone.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;
use url::{Position, Url};

/// Beyond this many hosts the idle ones are forgotten.
const REMEMBERED_HOSTS: usize = 16 * 1024;

/// A host that refused this often, without an answer in between, rests for the run.
const REFUSALS_UNTIL_REST: u8 = 5;

/// Requests at once that a host is trusted with when nothing is known of it.
const USUAL: usize = 2;

/// So long whoever waits for a host alone does not ask whether the crowd is gone.
const CROWD_LASTS: Duration = Duration::from_secs(1);

/// So long the client keeps an idle connection.
pub(super) const IDLE_FOR: Duration = Duration::from_secs(5);

/// After so long an idle connection is surely closed.
const KEPT_FOR: Duration = Duration::from_secs(11);

/// Where every connection is spoken for, idle ones are looked for so often.
const SWEPT_EVERY: Duration = Duration::from_secs(1);

/// What politeness counts as one host: the name, and the port where it is not the usual one.
pub(super) fn key_of(url: &Url) -> &str {
    &url[Position::BeforeHost..Position::AfterPort]
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Why: nothing panics while holding these; if it did, the counts are still usable.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Turns at hosts, shared by every run of the process.
pub(super) struct Hosts {
    per_host: usize,
    interval: Duration,
    most_kept: usize,
    /// The second client is at work.
    shared_out: AtomicBool,
    /// Connections of each client that may be open for a next request.
    kept: [Arc<AtomicUsize>; CLIENTS],
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    hosts: HashMap<Box<str>, Arc<Host>>,
    swept: Option<Instant>,
}

struct Host {
    turns: Arc<Semaphore>,
    next: Mutex<Instant>,
    /// Of each client.
    kept: [Mutex<Kept>; CLIENTS],
}

/// Clients that share their turns at hosts, each with connections of its own.
const CLIENTS: usize = 2;

/// The connections of one client to one host.
#[derive(Clone, Copy)]
struct Kept {
    /// So many may be kept open.
    open: usize,
    /// So many are asked over just now.
    busy: usize,
    last_used: Instant,
}

/// A look that rests, for as long as it does.
pub(super) struct Resting<'c>(&'c AtomicUsize);

impl<'c> Resting<'c> {
    pub(super) fn new(count: &'c AtomicUsize) -> Self {
        count.fetch_add(1, Ordering::Relaxed);
        Self(count)
    }
}

impl Drop for Resting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A turn at a host; ends when it is dropped.
pub(super) struct Turn {
    host: Arc<Host>,
    /// Which client asks.
    client: usize,
    asks: bool,
    /// Its connection is among those that are counted and is closed at the end, which makes room for another.
    closes: Option<Arc<AtomicUsize>>,
    _permit: Option<OwnedSemaphorePermit>,
}

impl Drop for Turn {
    fn drop(&mut self) {
        if self.asks {
            let mut kept = locked(self.host.kept_by(self.client));
            kept.busy = kept.busy.saturating_sub(1);
            if let Some(all) = self.closes.take()
                && kept.open > 0
            {
                kept.open -= 1;
                all.fetch_sub(1, Ordering::Relaxed);
            }
        }
    }
}

impl Hosts {
    pub(super) fn new(per_host: usize, interval: Duration, most_kept: usize) -> Self {
        let per_host = per_host.max(1);
        let (shared_out, kept, known) = (AtomicBool::new(false), Default::default(), Mutex::default());
        Self { per_host, interval, most_kept, shared_out, kept, known }
    }

    /// From now on a second client asks too.
    pub(super) fn share_out(&self) {
        self.shared_out.store(true, Ordering::Relaxed);
    }

    /// How many connections each client may keep.
    fn most_kept_each(&self) -> usize {
        if self.shared_out.load(Ordering::Relaxed) { self.most_kept / CLIENTS } else { self.most_kept }
    }

    fn kept_by(&self, client: usize) -> &Arc<AtomicUsize> {
        let [first, second] = &self.kept;
        if client == 0 { first } else { second }
    }

    /// Waits for a turn at `url`'s host: for one alone, as long as the client is `crowded`.
    ///
    /// Why alone: while other hosts are asked anyway, a second request at a host gains nothing, and
    /// costs a second connection. Whoever allows a host more than the usual two means it.
    pub(super) async fn turn(&self, url: &Url, spaced: bool, crowded: impl Fn() -> bool) -> Turn {
        let host = self.host(key_of(url));
        let permit = loop {
            let alone = self.per_host == USUAL && crowded();
            let turns = if alone { USUAL as u32 } else { 1 };
            if let Ok(permit) = Arc::clone(&host.turns).try_acquire_many_owned(turns) {
                break Some(permit);
            }
            let wait = Arc::clone(&host.turns).acquire_many_owned(turns);
            // The semaphore is never closed, so this is always `Some`.
            if !alone {
                break wait.await.ok();
            }
            if let Ok(permit) = tokio::time::timeout(CROWD_LASTS, wait).await {
                break permit.ok();
            }
        };
        if spaced && !self.interval.is_zero() {
            let now = Instant::now();
            let at = {
                let mut next = locked(&host.next);
                let at = (*next).max(now);
                *next = at + self.interval;
                at
            };
            if at > now {
                tokio::time::sleep_until(at).await;
            }
        }
        Turn { host, client: 0, asks: false, closes: None, _permit: permit }
    }

    /// Begins to ask by this `client`, and says whether the connection may stay open: a process may hold so many
    /// and no more, and a host keeps no more than were busy at once. After the `last` request the
    /// connection is closed.
    pub(super) fn begin(&self, turn: &mut Turn, client: usize, now: Instant, last: bool) -> bool {
        turn.client = client;
        turn.closes = None;
        let (all_kept, most_kept) = (self.kept_by(client), self.most_kept_each());
        let closes = last.then(|| Arc::clone(all_kept));
        let host = &turn.host;
        let mut kept = locked(host.kept_by(client));
        kept.last_used = now;
        kept.busy += usize::from(!turn.asks);
        turn.asks = true;
        let busy = kept.busy;
        if busy <= kept.open {
            turn.closes = closes;
            return true;
        }
        drop(kept);
        let mut known = locked(&self.known);
        if all_kept.load(Ordering::Relaxed) >= most_kept && known.swept.is_none_or(|at| now > at + SWEPT_EVERY) {
            known.swept = Some(now);
            let mut closed = 0;
            for idle in known.hosts.values() {
                let mut kept = locked(idle.kept_by(client));
                if kept.busy == 0 && now > kept.last_used + KEPT_FOR {
                    closed += std::mem::take(&mut kept.open);
                }
            }
            all_kept.fetch_sub(closed, Ordering::Relaxed);
        }
        // A host's second connection is worth less than another host's first.
        let most = if busy > 1 { most_kept / 2 } else { most_kept };
        if all_kept.load(Ordering::Relaxed) >= most {
            return false;
        }
        all_kept.fetch_add(1, Ordering::Relaxed);
        locked(host.kept_by(client)).open += 1;
        turn.closes = closes;
        true
    }

    /// The connection of this turn did not come about, or broke: it takes up no room.
    pub(super) fn broke(&self, turn: &mut Turn) {
        turn.closes = Some(Arc::clone(self.kept_by(turn.client)));
    }

    fn host(&self, key: &str) -> Arc<Host> {
        let mut known = locked(&self.known);
        if let Some(host) = known.hosts.get(key) {
            return Arc::clone(host);
        }
        let now = Instant::now();
        if known.hosts.len() >= REMEMBERED_HOSTS {
            known.hosts.retain(|_, host| {
                let idle = Arc::strong_count(host) == 1 && *locked(&host.next) <= now;
                let kept = host.kept.each_ref().map(|kept| *locked(kept));
                let closes = |kept: &Kept| kept.open == 0 || now > kept.last_used + KEPT_FOR;
                let forgotten = idle && kept.iter().all(closes);
                if forgotten {
                    for (all, kept) in self.kept.iter().zip(kept) {
                        all.fetch_sub(kept.open, Ordering::Relaxed);
                    }
                }
                !forgotten
            });
        }
        let host = Arc::new(Host {
            turns: Arc::new(Semaphore::new(self.per_host)),
            next: Mutex::new(now),
            kept: [(); CLIENTS].map(|()| Mutex::new(Kept { open: 0, busy: 0, last_used: now })),
        });
        known.hosts.insert(key.into(), Arc::clone(&host));
        host
    }
}

impl Host {
    fn kept_by(&self, client: usize) -> &Mutex<Kept> {
        let [first, second] = &self.kept;
        if client == 0 { first } else { second }
    }
}

/// Who refused in this run.
#[derive(Default)]
pub(super) struct Refusals {
    any: AtomicUsize,
    by_host: Mutex<HashMap<Box<str>, u8>>,
}

impl Refusals {
    /// The host is not asked again in this run.
    pub(super) fn rests(&self, url: &Url) -> bool {
        // Why: with nothing refused so far, which is the rule, no lock is taken.
        self.any.load(Ordering::Relaxed) > 0
            && locked(&self.by_host).get(key_of(url)).is_some_and(|count| *count >= REFUSALS_UNTIL_REST)
    }

    pub(super) fn refused(&self, url: &Url) {
        let mut by_host = locked(&self.by_host);
        if by_host.len() < REMEMBERED_HOSTS || by_host.contains_key(key_of(url)) {
            let count = by_host.entry(key_of(url).into()).or_insert(0);
            *count = count.saturating_add(1);
            self.any.store(by_host.len(), Ordering::Relaxed);
        }
    }

    /// An answer clears what was held against the host, unless it rests already.
    pub(super) fn answered(&self, url: &Url) {
        if self.any.load(Ordering::Relaxed) > 0 {
            let mut by_host = locked(&self.by_host);
            if by_host.get(key_of(url)).is_some_and(|count| *count < REFUSALS_UNTIL_REST) {
                by_host.remove(key_of(url));
            }
            self.any.store(by_host.len(), Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    #[test]
    fn the_key_is_host_and_unusual_port() {
        assert_eq!(key_of(&url("https://user:pw@Example.CN:443/a?b")), "example.cn");
        assert_eq!(key_of(&url("http://127.0.0.1:8080/a")), "127.0.0.1:8080");
    }

    #[test]
    fn a_host_rests_after_five_refusals_and_an_answer_clears_fewer() {
        let refusals = Refusals::default();
        let (there, elsewhere) = (url("http://a.example/x"), url("http://b.example/x"));
        for _ in 0..4 {
            refusals.refused(&there);
        }
        refusals.answered(&there);
        for _ in 0..4 {
            refusals.refused(&there);
            assert!(!refusals.rests(&there));
        }
        refusals.refused(&there);
        assert!(refusals.rests(&there));
        assert!(!refusals.rests(&elsewhere));
    }

    #[tokio::test]
    async fn requests_to_one_host_keep_their_distance() {
        let hosts = Hosts::new(2, Duration::from_millis(20), 0);
        let start = Instant::now();
        for _ in 0..4 {
            drop(hosts.turn(&url("http://a.example/"), true, || false).await);
        }
        assert!(start.elapsed() >= Duration::from_millis(60));
        let elsewhere = url("http://b.example/");
        let turn = tokio::time::timeout(Duration::ZERO, hosts.turn(&elsewhere, true, || false)).await;
        assert!(turn.is_ok(), "another host does not wait");
    }

    #[tokio::test]
    async fn in_a_crowd_a_host_is_asked_by_one_alone_until_the_crowd_is_gone() {
        let hosts = Hosts::new(2, Duration::ZERO, 0);
        let (there, elsewhere) = (url("http://a.example/"), url("http://b.example/"));
        let crowd = std::sync::atomic::AtomicBool::new(true);
        let crowded = || crowd.load(Ordering::Relaxed);
        let waits =
            async || tokio::time::timeout(Duration::from_millis(5), hosts.turn(&there, false, crowded)).await.is_err();
        let alone = hosts.turn(&there, false, crowded).await;
        assert!(waits().await);
        drop(hosts.turn(&elsewhere, false, crowded).await);
        drop(alone);
        assert!(!waits().await, "who gave up waiting holds nothing");
        crowd.store(false, Ordering::Relaxed);
        let first = hosts.turn(&there, false, crowded).await;
        assert!(!waits().await, "with room for both, two ask at once");
        crowd.store(true, Ordering::Relaxed);
        assert!(waits().await, "whoever comes in a crowd waits for the host to be free");
        let waiting = hosts.turn(&there, false, crowded);
        tokio::pin!(waiting);
        assert!(tokio::time::timeout(CROWD_LASTS / 2, waiting.as_mut()).await.is_err());
        crowd.store(false, Ordering::Relaxed);
        let second = tokio::time::timeout(CROWD_LASTS, waiting).await;
        assert!(second.is_ok(), "the crowd is gone, so there is room beside the first");
        drop(first);
    }

    #[tokio::test]
    async fn who_allows_a_host_more_than_two_gets_them_in_a_crowd_too() {
        let hosts = Hosts::new(3, Duration::ZERO, 0);
        let there = url("http://a.example/");
        let _held = [hosts.turn(&there, false, || true).await, hosts.turn(&there, false, || true).await];
        let third = tokio::time::timeout(Duration::from_millis(5), hosts.turn(&there, false, || true)).await;
        assert!(third.is_ok());
    }

    #[test]
    fn idle_hosts_are_forgotten() {
        let hosts = Hosts::new(1, Duration::ZERO, 0);
        for n in 0..REMEMBERED_HOSTS + 10 {
            drop(hosts.host(&format!("h{n}.example")));
        }
        assert!(locked(&hosts.known).hosts.len() <= REMEMBERED_HOSTS);
    }

    #[tokio::test]
    async fn no_more_connections_stay_open_than_the_process_may_hold() {
        let hosts = Hosts::new(2, Duration::ZERO, 4);
        let now = Instant::now();
        let begin = async |name: &str, now: Instant| {
            let mut turn = hosts.turn(&url(&format!("http://{name}.example/")), false, || false).await;
            (hosts.begin(&mut turn, 0, now, false), turn)
        };
        let (first, second) = (begin("a", now).await, begin("a", now).await);
        assert!(first.0 && second.0 && begin("b", now).await.0);
        let third = begin("b", now).await;
        assert!(third.0 && !begin("b", now).await.0, "second connections have half of the room");
        drop(third);
        assert!(begin("c", now).await.0 && !begin("d", now).await.0, "four are spoken for");
        drop((first, second));
        assert!(begin("a", now).await.0 && begin("b", now).await.0, "theirs are open already");
        let later = now + KEPT_FOR + SWEPT_EVERY * 2;
        assert!(begin("d", later).await.0, "what was idle is closed by now");
    }

    #[tokio::test]
    async fn two_clients_have_half_of_the_room_each_and_none_uses_the_other_s_connections() {
        let hosts = Hosts::new(2, Duration::ZERO, 4);
        hosts.share_out();
        let now = Instant::now();
        for (client, name, keeps) in
            [(0, "a", true), (0, "b", true), (0, "c", false), (1, "a", true), (1, "c", true), (1, "b", false)]
        {
            let mut turn = hosts.turn(&url(&format!("http://{name}.example/")), false, || false).await;
            assert_eq!(hosts.begin(&mut turn, client, now, false), keeps, "{name} by {client}");
        }
    }

    #[tokio::test]
    async fn a_turn_that_was_not_counted_closes_nobody_elses_connection() {
        let hosts = Hosts::new(2, Duration::ZERO, 1);
        let (now, there) = (Instant::now(), url("http://a.example/"));
        let mut kept = hosts.turn(&there, false, || false).await;
        assert!(hosts.begin(&mut kept, 0, now, false));
        let mut uncounted = hosts.turn(&there, false, || false).await;
        assert!(!hosts.begin(&mut uncounted, 0, now, true), "there is room for one");
        drop(uncounted);
        assert_eq!((hosts.kept_by(0).load(Ordering::Relaxed), locked(kept.host.kept_by(0)).open), (1, 1));
        assert!(hosts.begin(&mut kept, 0, now, true));
        drop(kept);
        assert_eq!(hosts.kept_by(0).load(Ordering::Relaxed), 0, "its own it does");
    }
}
