//! The one thread on which the links of a run wait for their answers.
//!
//! Why one: an answer that comes in on one thread and is waited for on another costs a call to the
//! system and a switch of threads, and a link waits a dozen times. Why apart: links are ten to one of
//! all that is asked, and judging, the database and the writing of documents go on beside them. Nothing here may
//! ask the database: a connection of its pool that was opened here would die with this thread.

use std::future;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use tokio::runtime::{Builder, Handle};
use tokio::sync::oneshot;

use super::link::LinkLook;
use super::link_book::LinkBook;
use crate::fetch::Fetcher;

/// Tasks run before the system is asked for events: more than there are connections at once.
///
/// Why: a connection whose answer was read is idle, and used again, once its own task has run.
pub(crate) const BEFORE_EVENTS: u32 = 1024;

/// A runtime on a thread of its own; it ends, with whatever still waits on it, when this is dropped.
pub(super) struct Wire {
    handle: Handle,
    /// Its connections live and die with this runtime.
    fetcher: Fetcher,
    _held: oneshot::Sender<()>,
}

impl Wire {
    /// Starts the thread, to ask as politely as `fetcher` does.
    pub(super) fn start(fetcher: &Fetcher) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        let runtime = Builder::new_current_thread().enable_all().event_interval(BEFORE_EVENTS).build()?;
        let (handle, fetcher) = (runtime.handle().clone(), fetcher.apart()?);
        let (held, dropped) = oneshot::channel();
        std::thread::Builder::new().name("links".to_owned()).spawn(move || {
            // An error is what it waits for: the sender is gone.
            let _: Result<(), _> = runtime.block_on(dropped);
        })?;
        Ok(Self { handle, fetcher, _held: held })
    }

    /// [`LinkBook::look_at_all`], on the thread.
    pub(super) async fn look(&self, book: &Arc<LinkBook>, urls: Vec<String>, now: DateTime<Utc>) -> Vec<LinkLook> {
        let (book, fetcher) = (Arc::clone(book), self.fetcher.clone());
        let looks = self.handle.spawn(async move { book.look_at_all(&fetcher, &urls, now).await });
        match looks.await {
            Ok(looks) => looks,
            Err(broken) => match broken.try_into_panic() {
                Ok(fault) => std::panic::resume_unwind(fault),
                // The thread has ended, and with it the run that would have stored this.
                Err(_) => future::pending().await,
            },
        }
    }
}
