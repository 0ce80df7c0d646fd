//! Whose turn it is: updates that were fetched and are not handled yet, in order in each chat.
//!
//! Chats go side by side: one that hangs keeps its own updates waiting and, for long, nobody else's.
//! Telegram is asked from the first update on that is not handled, so that a crash loses none; what
//! comes again for that reason is known by its number. From there on it gives a hundred at most:
//! while the first is under way, what lies beyond those is not heard.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use futures::StreamExt as _;
use futures::future::BoxFuture;
use futures::stream::FuturesUnordered;

use crate::chat::handle::Incoming;

/// Chats answered side by side.
const ABREAST: usize = 16;

/// Handles the updates of one chat, one after another.
type Work<'w> = Box<dyn Fn(Vec<Incoming>) -> BoxFuture<'w, ()> + Send + Sync + 'w>;

/// The updates under way.
pub(super) struct Turns<'w> {
    work: Work<'w>,
    at_work: FuturesUnordered<BoxFuture<'w, (String, Vec<i64>)>>,
    /// Chats at work.
    busy: BTreeSet<String>,
    /// What has come for each chat since its last turn began.
    waiting: BTreeMap<String, Vec<Incoming>>,
    /// Numbers of what is not handled.
    open: BTreeSet<i64>,
    /// Everything below was fetched.
    next: i32,
}

impl<'w> Turns<'w> {
    pub(super) fn new(work: impl Fn(Vec<Incoming>) -> BoxFuture<'w, ()> + Send + Sync + 'w) -> Self {
        Self {
            work: Box::new(work),
            at_work: FuturesUnordered::new(),
            busy: BTreeSet::new(),
            waiting: BTreeMap::new(),
            open: BTreeSet::new(),
            next: 0,
        }
    }

    /// From where on Telegram is asked: everything below was handled.
    pub(super) fn offset(&self) -> i32 {
        self.open.first().map_or(self.next, |first| i32::try_from(*first).unwrap_or(self.next))
    }

    /// Whether everything that was fetched was handled.
    pub(super) fn is_idle(&self) -> bool {
        self.open.is_empty()
    }

    /// Takes what a poll brought, up to `next`; gives how much of it is new.
    pub(super) fn take(&mut self, next: i32, updates: Vec<Incoming>) -> usize {
        let known = i64::from(self.next);
        let mut fresh = 0;
        for update in updates {
            if update.update_id >= known && self.open.insert(update.update_id) {
                self.waiting.entry(update.address.clone()).or_default().push(update);
                fresh += 1;
            }
        }
        self.next = self.next.max(next);
        self.begin();
        fresh
    }

    fn begin(&mut self) {
        while self.busy.len() < ABREAST {
            let idle = self.waiting.iter().filter(|(chat, _)| !self.busy.contains(*chat));
            // Why the one that has waited longest: Telegram gives nothing beyond a hundred updates from there.
            let first = idle.min_by_key(|(_, updates)| updates.first().map(|update| update.update_id));
            let Some(chat) = first.map(|(chat, _)| chat.clone()) else { return };
            let Some(updates) = self.waiting.remove(&chat) else { return };
            let numbers = updates.iter().map(|update| update.update_id).collect();
            let work = (self.work)(updates);
            self.busy.insert(chat.clone());
            self.at_work.push(Box::pin(async move {
                work.await;
                (chat, numbers)
            }));
        }
    }

    /// Waits until a chat's turn is over; for ever where there is none.
    async fn turn(&mut self) {
        match self.at_work.next().await {
            Some((chat, numbers)) => {
                for number in numbers {
                    self.open.remove(&number);
                }
                self.busy.remove(&chat);
                self.begin();
            }
            None => std::future::pending().await,
        }
    }

    /// Does something else meanwhile.
    pub(super) async fn meanwhile<T>(&mut self, other: impl Future<Output = T>) -> T {
        let mut other = std::pin::pin!(other);
        loop {
            tokio::select! {
                done = &mut other => return done,
                () = self.turn() => {}
            }
        }
    }

    /// Works on until everything is handled, but no longer than `patience`.
    pub(super) async fn settle(&mut self, patience: Duration) {
        let all = async {
            while !self.is_idle() {
                self.turn().await;
            }
        };
        // What is left goes on with the next poll.
        let _ = tokio::time::timeout(patience, all).await;
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;
    use crate::chat::attachment::Attachments;
    use crate::chat::bot::unless_it_stumbles;
    use crate::chat::handle::{Sender, What};

    fn update(update_id: i64, chat: &str) -> Incoming {
        let sender = Sender { key: format!("telegram:{chat}"), name: "虚构".into(), lang: None, anonymous: false };
        let attachments = Attachments::default();
        let what = What::Text { text: String::new(), reply_to: None, attachments, forwarded: false };
        Incoming {
            channel: "telegram",
            update_id,
            address: chat.into(),
            is_group: false,
            sender,
            what,
            gathered: Vec::new(),
        }
    }

    #[tokio::test]
    async fn a_handler_that_panics_costs_its_own_update_alone() {
        let handled = Mutex::new(Vec::new());
        let mut turns = Turns::new(|updates| {
            let handled = &handled;
            Box::pin(async move {
                for update in updates {
                    let id = update.update_id;
                    unless_it_stumbles(id, async {
                        assert_ne!(id, 2, "a planted stumble");
                        handled.lock().unwrap().push(id);
                    })
                    .await;
                }
            })
        });
        assert_eq!(turns.take(4, vec![update(1, "a"), update(2, "a"), update(3, "a")]), 3);
        turns.settle(Duration::from_secs(10)).await;
        assert!(turns.is_idle());
        assert_eq!((turns.offset(), turns.take(4, vec![update(3, "a")])), (4, 0), "it is not asked for again");
        turns.take(5, vec![update(4, "a")]);
        turns.settle(Duration::from_secs(10)).await;
        drop(turns);
        assert_eq!(handled.into_inner().unwrap(), [1, 3, 4]);
    }

    #[tokio::test]
    async fn what_hangs_is_asked_for_again_and_holds_up_its_own_chat_alone() {
        let handled = Mutex::new(Vec::new());
        let hanging = tokio::sync::Notify::new();
        let mut turns = Turns::new(|updates| {
            let (handled, hanging) = (&handled, &hanging);
            Box::pin(async move {
                for update in updates {
                    if update.update_id == 1 {
                        hanging.notified().await;
                    }
                    handled.lock().unwrap().push(update.update_id);
                }
            })
        });
        let short = Duration::from_millis(30);
        turns.take(3, vec![update(1, "a"), update(2, "b")]);
        turns.settle(short).await;
        assert_eq!((turns.offset(), handled.lock().unwrap().clone()), (1, vec![2]));
        assert_eq!(turns.take(5, vec![update(1, "a"), update(2, "b"), update(3, "a"), update(4, "b")]), 2);
        turns.settle(short).await;
        assert_eq!((turns.offset(), handled.lock().unwrap().clone()), (1, vec![2, 4]));
        hanging.notify_one();
        turns.settle(Duration::from_secs(10)).await;
        assert_eq!(turns.offset(), 5);
        drop(turns);
        assert_eq!(handled.into_inner().unwrap(), [2, 4, 1, 3], "in order in their chat");
    }
}
