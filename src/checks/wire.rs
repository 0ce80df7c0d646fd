//! The one thread on which the links of a run wait for their answers, host by host.
//!
//! Why one: an answer that comes in on one thread and is waited for on another costs a call to the
//! system and a switch of threads, and a link waits a dozen times. Why apart: links are ten to one of
//! all that is asked, and judging, the database and the writing of documents go on beside them. Why host by
//! host: links of many accounts that lie on one host follow one another over one connection. Nothing here may
//! ask the database: a connection of its pool that was opened here would die with this thread.

use std::any::Any;
use std::collections::HashMap;
use std::future;
use std::panic::{AssertUnwindSafe, resume_unwind};
use std::sync::Arc;

use chrono::{DateTime, Utc};
use futures::FutureExt as _;
use tokio::runtime::Builder;
use tokio::sync::{mpsc, oneshot};

use super::link::LinkLook;
use super::link_book::LinkBook;
use super::looks::Looks;
use crate::fetch::Fetcher;

/// Tasks run before the system is asked for events: more than there are connections at once.
///
/// Why: a connection whose answer was read is idle, and used again, once its own task has run.
pub(crate) const BEFORE_EVENTS: u32 = 1024;

/// A thread with a runtime of its own; it ends, with whatever still waits on it, when this is dropped.
pub(super) struct Wire {
    asked: mpsc::UnboundedSender<Asked>,
}

/// The links of one account, and who waits for them.
struct Asked {
    urls: Vec<String>,
    now: DateTime<Utc>,
    told: oneshot::Sender<Told>,
}

/// The looks in the order of the links, or the fault that broke one of them off.
type Told = Result<Vec<LinkLook>, Box<dyn Any + Send>>;

/// A link of an account that was asked about, at its place among the others.
struct Wanted {
    url: String,
    now: DateTime<Utc>,
    account: u64,
    place: usize,
}

impl AsRef<str> for Wanted {
    fn as_ref(&self) -> &str {
        &self.url
    }
}

impl Wire {
    /// Starts the thread, to ask as politely as `fetcher` does, and what is not in the `book`.
    pub(super) fn start(
        fetcher: &Fetcher,
        book: Arc<LinkBook>,
    ) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        let runtime = Builder::new_current_thread().enable_all().event_interval(BEFORE_EVENTS).build()?;
        // Its connections live and die with this runtime.
        let fetcher = fetcher.apart()?;
        let (asked, asking) = mpsc::unbounded_channel();
        let answer = move || runtime.block_on(answer(&fetcher, &book, asking));
        std::thread::Builder::new().name("links".to_owned()).spawn(answer)?;
        Ok(Self { asked })
    }

    /// Looks at the links of an account.
    pub(super) async fn look(&self, urls: Vec<String>, now: DateTime<Utc>) -> Vec<LinkLook> {
        if urls.is_empty() {
            return Vec::new();
        }
        let (told, looks) = oneshot::channel();
        // Whether anybody hears this shows in the answer.
        let _: Result<(), _> = self.asked.send(Asked { urls, now, told });
        match looks.await {
            Ok(Ok(looks)) => looks,
            Ok(Err(fault)) => resume_unwind(fault),
            // The thread has ended, and with it the run that would have stored this.
            Err(_) => future::pending().await,
        }
    }
}

/// The looks at an account's links, as far as they have ended.
struct Account {
    looks: Vec<Option<LinkLook>>,
    left: usize,
    told: oneshot::Sender<Told>,
}

/// Looks at what is asked about until nobody asks any more.
async fn answer(fetcher: &Fetcher, book: &LinkBook, mut asking: mpsc::UnboundedReceiver<Asked>) {
    let mut accounts = HashMap::<u64, Account>::new();
    let mut looks = Looks::new(fetcher);
    let mut number = 0;
    let begin = |wanted: Wanted, _, _| async move {
        let look = AssertUnwindSafe(book.look(fetcher, &wanted.url, wanted.now)).catch_unwind().await;
        (wanted, look)
    };
    loop {
        tokio::select! {
            biased;
            asked = asking.recv() => {
                let Some(Asked { urls, now, told }) = asked else { return };
                number += 1;
                let looks_of = urls.iter().map(|_| None).collect();
                accounts.insert(number, Account { looks: looks_of, left: urls.len(), told });
                for (place, url) in urls.into_iter().enumerate() {
                    looks.push(Wanted { url, now, account: number, place });
                }
            }
            Some((wanted, look)) = looks.next(begin) => {
                // Of an account whose look broke off the others are nobody's any more.
                let Some(account) = accounts.get_mut(&wanted.account) else { continue };
                match look {
                    Ok(look) => {
                        if let Some(seen) = account.looks.get_mut(wanted.place) {
                            *seen = Some(look);
                        }
                        account.left -= 1;
                        if account.left > 0 {
                            continue;
                        }
                        if let Some(whole) = accounts.remove(&wanted.account) {
                            // Nobody waits where the look at the account was given up.
                            let _: Result<(), _> = whole.told.send(Ok(whole.looks.into_iter().flatten().collect()));
                        }
                    }
                    Err(fault) => {
                        if let Some(broken) = accounts.remove(&wanted.account) {
                            let _: Result<(), _> = broken.told.send(Err(fault));
                        }
                    }
                }
            }
        }
    }
}
