//! How many connections this process may hold.

use rustix::process::{Resource, getrlimit, setrlimit};

/// Files other parts of the program hold open at most: database, logs, sockets of the service.
const OTHERS: usize = 128;

/// A request under way may hold two: its connection, and a name query or a second address beside it.
const PER_REQUEST: usize = 2;

/// Connections kept open for the next request, all hosts together; each costs some twenty kilobytes.
const MOST_KEPT: usize = 2048;

/// More is never wanted.
const ENOUGH: u64 = 8192;

/// Raises this process's limit of open files as far as it may by itself.
pub fn raise_open_files() {
    let mut limit = getrlimit(Resource::Nofile);
    let wanted = limit.maximum.map_or(ENOUGH, |maximum| maximum.min(ENOUGH));
    if limit.current.is_some_and(|current| current < wanted) {
        limit.current = Some(wanted);
        // What is refused stays as it was, and fewer connections are kept.
        let _ = setrlimit(Resource::Nofile, limit);
    }
}

/// Files this process may have open.
pub(super) fn open_files() -> usize {
    getrlimit(Resource::Nofile).current.and_then(|limit| usize::try_from(limit).ok()).unwrap_or(usize::MAX)
}

/// Shares `files` out: requests at once, and connections kept open beside them.
pub(super) fn share(files: usize, concurrency: usize) -> (usize, usize) {
    let files = files.saturating_sub(OTHERS);
    let at_once = concurrency.clamp(1, (files / PER_REQUEST).max(1));
    (at_once, files.saturating_sub(at_once * PER_REQUEST).min(MOST_KEPT))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_files_are_shared_between_requests_and_kept_connections() {
        assert_eq!(share(1024, 256), (256, 384));
        assert_eq!(share(800, 256), (256, 160));
        assert_eq!(share(20_000, 256), (256, MOST_KEPT));
        assert_eq!(share(200, 256), (36, 0));
        assert_eq!(share(10, 256), (1, 0));
        assert_eq!(share(usize::MAX, 0), (1, MOST_KEPT));
    }
}
