//! The order in which many URLs are asked: host by host, so that few connections serve all.
//!
//! A list of links names its hosts in any order. Asked in that order, every host keeps a
//! connection open all the time, or opens one for each of its links. Asked host by host, its links
//! follow one another over one connection, which is closed with the last of them.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use tokio::time::Instant;

/// URLs asked of one host before another has its turn.
const AT_A_STRETCH: usize = 64;

/// URLs waiting to be asked.
#[derive(Debug)]
pub struct Lineup {
    per_host: usize,
    interval: Duration,
    hosts: HashMap<Box<str>, Waiting>,
    /// Hosts not asked yet, or behind the others for having been asked much.
    fresh: VecDeque<Box<str>>,
    /// Hosts asked before, with the time from which on they may be asked again, the earliest first.
    begun: VecDeque<(Instant, Box<str>)>,
    waiting: usize,
}

/// What waits for one host.
#[derive(Debug, Default)]
struct Waiting {
    urls: VecDeque<String>,
    under_way: usize,
    stretch: usize,
    next: Option<Instant>,
}

/// A URL whose turn it is.
#[derive(Debug, PartialEq, Eq)]
pub struct Next {
    /// What to ask.
    pub url: String,
    /// Nothing more of its host waits.
    pub last: bool,
}

impl Lineup {
    /// For so many requests at once at one host, begun so far apart.
    #[must_use]
    pub fn new(per_host: usize, interval: Duration) -> Self {
        Self {
            per_host: per_host.max(1),
            interval,
            hosts: HashMap::new(),
            fresh: VecDeque::new(),
            begun: VecDeque::new(),
            waiting: 0,
        }
    }

    /// How many URLs wait.
    #[must_use]
    pub const fn waiting(&self) -> usize {
        self.waiting
    }

    /// Adds a URL behind those of its host.
    pub fn push(&mut self, url: String) {
        let key = host_of(&url);
        self.waiting += 1;
        if let Some(host) = self.hosts.get_mut(key) {
            host.urls.push_back(url);
        } else {
            let key: Box<str> = key.into();
            self.fresh.push_back(key.clone());
            self.hosts.insert(key, Waiting { urls: VecDeque::from([url]), ..Waiting::default() });
        }
    }

    /// The URL whose turn it is, if there is any at `now`.
    pub fn next(&mut self, now: Instant) -> Option<Next> {
        let due = self.begun.front().is_some_and(|(at, _)| *at <= now);
        if due && let Some((_, key)) = self.begun.pop_front() {
            return self.take(&key, now);
        }
        if let Some(key) = self.fresh.pop_front() {
            return self.take(&key, now);
        }
        // Why last: one connection a host does, while there are hosts enough; then few are left to be searched.
        let second = self.hosts.iter().find(|(_, host)| {
            let is_free = (1..self.per_host).contains(&host.under_way) && !host.urls.is_empty();
            is_free && host.next.is_none_or(|at| at <= now)
        });
        let key = second.map(|(key, _)| key.clone())?;
        self.take(&key, now)
    }

    /// When to ask for [`next`](Self::next) again, where it had none and nothing is under way.
    #[must_use]
    pub fn next_at(&self) -> Option<Instant> {
        self.begun.front().map(|(at, _)| *at)
    }

    /// `url`, which had its turn, has been asked.
    pub fn done(&mut self, url: &str) {
        let key = host_of(url);
        let Some(host) = self.hosts.get_mut(key) else { return };
        host.under_way = host.under_way.saturating_sub(1);
        if host.under_way > 0 {
            // What waits of it comes when no other host is left, or when this one is done with.
        } else if host.urls.is_empty() {
            self.hosts.remove(key);
        } else if host.stretch >= AT_A_STRETCH {
            host.stretch = 0;
            self.fresh.push_back(key.into());
        } else if let Some(next) = host.next {
            self.begun.push_back((next, key.into()));
        }
    }

    fn take(&mut self, key: &str, now: Instant) -> Option<Next> {
        let host = self.hosts.get_mut(key)?;
        let url = host.urls.pop_front()?;
        self.waiting -= 1;
        host.under_way += 1;
        host.stretch += 1;
        host.next = Some(now + self.interval);
        Some(Next { url, last: host.urls.is_empty() })
    }
}

/// What is taken for the host, which only has to bring together what belongs together.
fn host_of(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    rest.split(['/', '?', '#', '\\']).next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lineup(per_host: usize, interval: u64, urls: &[&str]) -> Lineup {
        let mut lineup = Lineup::new(per_host, Duration::from_millis(interval));
        for url in urls {
            lineup.push((*url).to_owned());
        }
        lineup
    }

    fn path(next: Option<Next>) -> (String, bool) {
        let next = next.unwrap();
        (next.url.trim_start_matches("http://").to_owned(), next.last)
    }

    fn so(url: &str, last: bool) -> (String, bool) {
        (url.to_owned(), last)
    }

    #[test]
    fn links_of_one_host_follow_one_another_and_the_last_is_known() {
        let mut lineup = lineup(2, 0, &["http://a/1", "http://b/1", "http://a/2", "http://b/2"]);
        let now = Instant::now();
        for (url, last) in [("a/1", false), ("a/2", true), ("b/1", false), ("b/2", true)] {
            let next = lineup.next(now);
            assert_eq!(path(next), so(url, last));
            lineup.done(&format!("http://{url}"));
        }
        assert_eq!(lineup.next(now), None);
        assert_eq!((lineup.waiting(), lineup.hosts.len(), lineup.next_at()), (0, 0, None));
    }

    #[test]
    fn a_second_request_at_a_host_waits_until_no_other_host_is_left() {
        let mut lineup = lineup(2, 0, &["http://a/1", "http://a/2", "http://a/3", "http://b/1"]);
        let now = Instant::now();
        assert_eq!(path(lineup.next(now)), so("a/1", false));
        assert_eq!(path(lineup.next(now)), so("b/1", true));
        assert_eq!(path(lineup.next(now)), so("a/2", false));
        assert_eq!(lineup.next(now), None, "two at once are the most");
        lineup.done("http://a/1");
        lineup.push("http://a/4".to_owned());
        assert_eq!(path(lineup.next(now)), so("a/3", false));
        lineup.done("http://a/2");
        lineup.done("http://a/3");
        assert_eq!(path(lineup.next(now)), so("a/4", true));
    }

    #[test]
    fn a_host_that_was_just_asked_lets_others_go_first() {
        let mut lineup = lineup(1, 200, &["http://a/1", "http://a/2", "http://b/1"]);
        let now = Instant::now();
        assert_eq!(path(lineup.next(now)), so("a/1", false));
        lineup.done("http://a/1");
        assert_eq!(path(lineup.next(now)), so("b/1", true));
        assert_eq!(lineup.next(now), None);
        let at = lineup.next_at().unwrap();
        assert_eq!(at, now + Duration::from_millis(200));
        assert_eq!(path(lineup.next(at)), so("a/2", true));
    }

    #[test]
    fn a_host_without_end_does_not_keep_the_others_waiting() {
        let mut lineup = Lineup::new(1, Duration::ZERO);
        for n in 0..2 * AT_A_STRETCH {
            lineup.push(format!("http://a/{n}"));
        }
        lineup.push("http://b/1".to_owned());
        let now = Instant::now();
        for _ in 0..AT_A_STRETCH {
            let next = lineup.next(now).unwrap();
            lineup.done(&next.url);
        }
        assert_eq!(path(lineup.next(now)), so("b/1", true));
    }

    #[test]
    fn what_is_no_url_has_its_turn_too() {
        let mut lineup = lineup(1, 0, &["", "没有", "http://", "mailto:a@b.example"]);
        let now = Instant::now();
        while let Some(next) = lineup.next(now) {
            lineup.done(&next.url);
        }
        assert_eq!(lineup.waiting(), 0);
    }
}
