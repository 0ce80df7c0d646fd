//! The long poll: asks for updates, has each handled once, answers.
//!
//! Written over the library's `getUpdates` rather than its dispatcher. The dispatcher panics
//! when Telegram cannot be reached at the start and when a handler once panicked, and confirms
//! updates that still wait in its queues. Here an update is confirmed when it and those before it
//! were handled: the updates of one chat one after another, of several chats side by side.
//!
//! Nothing that Telegram or a reader sends ends this loop; only `shutdown` does.

mod turns;

use std::collections::VecDeque;
use std::panic::AssertUnwindSafe;
use std::time::{Duration, Instant};

use futures::FutureExt as _;
use tokio::sync::{Semaphore, watch};

use super::handle::{Document, Incoming, Outcome, What, handle, trouble, wants};
use super::telegram::{Me, Messenger, SendError};
use super::texts::Message;
use crate::office::Office;
use turns::Turns;

/// The pause after a failed poll doubles up to this.
const LONGEST_PAUSE: Duration = Duration::from_mins(1);
/// An update that takes longer is left; what it did is kept, and its sender is told to try again later.
const PATIENCE: Duration = Duration::from_secs(45);
/// Messages whose files are fetched at the same time.
static FETCHING: Semaphore = Semaphore::const_new(2);
/// How often an answer that has not gone out is tried again: for two minutes, unless asked to wait longer.
const ANSWER_TRIES: u32 = 6;
/// The rest before the first of them doubles up to [`LONGEST_PAUSE`].
const ANSWER_PAUSE: Duration = Duration::from_secs(2);
/// The rest after a stumble, between polls that bring nothing at once, and while a chat keeps us waiting.
const BREATH: Duration = Duration::from_secs(1);

/// Runs the bot until `shutdown` becomes true; `ready` tells whether Telegram answers.
pub async fn run(
    office: Office,
    messenger: Messenger,
    mut shutdown: watch::Receiver<bool>,
    ready: watch::Sender<bool>,
) {
    let stopped = async move {
        // An error means that nobody is left who could say stop.
        let _ = shutdown.wait_for(|stop| *stop).await;
    };
    let serving = async {
        while AssertUnwindSafe(serve(&office, &messenger, &ready)).catch_unwind().await.is_err() {
            tracing::error!("the bot stumbled and starts anew");
            ready.send_replace(false);
            tokio::time::sleep(BREATH).await;
        }
    };
    tokio::select! {
        () = stopped => {}
        () = serving => {}
    }
    ready.send_replace(false);
}

async fn serve(office: &Office, messenger: &Messenger, ready: &watch::Sender<bool>) {
    let me = introduce(messenger).await;
    ready.send_replace(true);
    tracing::info!(bot.username = %me.username, "the bot is listening");
    let mut pause = Pause::default();
    let mut turns = Turns::new(|updates| Box::pin(handle_in_turn(office, messenger, &me, updates)));
    loop {
        let asked = Instant::now();
        let poll = messenger.updates(turns.offset(), &me);
        match turns.meanwhile(poll).await {
            Ok((next, updates)) => {
                ready.send_replace(true);
                pause = Pause::default();
                let fresh = turns.take(next, updates);
                if fresh == 0 && turns.is_idle() && asked.elapsed() < BREATH {
                    // Why: a server that answers an empty poll at once would have us spin.
                    tokio::time::sleep(BREATH).await;
                } else {
                    // Why no longer: a chat that hangs would keep all others from being heard.
                    turns.settle(BREATH).await;
                }
            }
            Err(error) => {
                let wait = pause.next(&error);
                if pause.failures == 3 {
                    ready.send_replace(false);
                }
                tracing::warn!(%error, pause_s = wait.as_secs(), "Telegram gave no updates");
                turns.meanwhile(tokio::time::sleep(wait)).await;
            }
        }
    }
}

/// Greets Telegram as often as it takes.
async fn introduce(messenger: &Messenger) -> Me {
    let mut pause = Pause::default();
    let me = loop {
        match messenger.check().await {
            Ok(me) => break me,
            Err(error) => {
                let wait = pause.next(&error);
                tracing::warn!(%error, pause_s = wait.as_secs(), "Telegram does not answer yet");
                tokio::time::sleep(wait).await;
            }
        }
    };
    if let Err(error) = messenger.publish_commands().await {
        tracing::warn!(%error, "the command menu could not be published");
    }
    me
}

/// Back-off between failed polls: 1 s, 2 s, 4 s … or as long as Telegram asks.
#[derive(Default)]
struct Pause {
    failures: u32,
}

impl Pause {
    fn next(&mut self, error: &SendError) -> Duration {
        let own = Duration::from_secs(1 << self.failures.min(6)).min(LONGEST_PAUSE);
        self.failures += 1;
        match error {
            SendError::Wait(asked) => own.max(*asked).min(LONGEST_PAUSE * 10),
            _ => own,
        }
    }
}

/// Handles the updates of one chat.
async fn handle_in_turn(office: &Office, messenger: &Messenger, me: &Me, updates: Vec<Incoming>) {
    for mut update in gather_albums(not_handled(office, updates).await) {
        let id = update.update_id;
        unless_it_stumbles(id, async {
            fetch(office, messenger, me, &mut update).await;
            handle_one(office, messenger, me, &update).await;
        })
        .await;
    }
}

/// Leaves out what was handled before and came again: gathered with the rest of its album, it would hide the rest.
async fn not_handled(office: &Office, mut updates: Vec<Incoming>) -> Vec<Incoming> {
    let numbers: Vec<i64> = updates.iter().map(|update| update.update_id).collect();
    let seen = async { office.store.read().await?.seen_updates(&numbers).await };
    match seen.await {
        Ok(seen) => updates.retain(|update| !seen.contains(&update.update_id)),
        // The handler asks again, and says so to the sender where it cannot tell either.
        Err(error) => tracing::error!(%error, "nobody knows which updates were handled before"),
    }
    updates
}

/// Whatever a panic costs, it is one update: those behind it are handled.
async fn unless_it_stumbles(update_id: i64, work: impl Future<Output = ()>) {
    if Box::pin(AssertUnwindSafe(work).catch_unwind()).await.is_err() {
        tracing::error!(update_id, "an update made the bot stumble; the next one is handled");
    }
}

/// The messages of an album as one: the files of all under the words of the one that has any.
fn gather_albums(updates: Vec<Incoming>) -> Vec<Incoming> {
    let mut gathered: Vec<Incoming> = Vec::new();
    for update in updates {
        let first = gathered.iter_mut().find(|earlier| is_same_album(earlier, &update));
        match (first.map(|first| (&mut first.what, &mut first.gathered)), update.what) {
            (
                Some((What::Text { text, attachments, .. }, gathered)),
                What::Text { text: more, attachments: rest, .. },
            ) => {
                if text.trim().is_empty() {
                    *text = more;
                }
                attachments.files.extend(rest.files);
                gathered.push(update.update_id);
            }
            (_, what) => gathered.push(Incoming { what, ..update }),
        }
    }
    gathered
}

fn is_same_album(one: &Incoming, other: &Incoming) -> bool {
    let album = |update: &Incoming| match &update.what {
        What::Text { attachments, .. } => attachments.album.clone(),
        What::Press { .. } => None,
    };
    album(one).is_some() && album(one) == album(other) && one.sender.key == other.sender.key
}

/// Fetches what came with an update, where the handler wants it.
async fn fetch(office: &Office, messenger: &Messenger, me: &Me, update: &mut Incoming) {
    let wanted = match wants(office, &me.username, update).await {
        Ok(wanted) => wanted,
        Err(error) => {
            tracing::error!(%error, update.update_id, "nobody knows whether a file is wanted");
            false
        }
    };
    if let What::Text { attachments, .. } = &mut update.what
        && wanted
    {
        // Why in turn: what many people send at once would fill the memory together. What is not fetched the
        // handler asks for again.
        if !in_turn(&FETCHING, PATIENCE, messenger.fetch(attachments)).await {
            tracing::warn!(update.update_id, "files took too long and were left");
        }
    }
}

/// Does something when its turn comes; `false` where waiting and work together would take too long.
async fn in_turn(turns: &Semaphore, patience: Duration, work: impl Future<Output = ()>) -> bool {
    let work = async {
        let _turn = turns.acquire().await;
        work.await;
    };
    tokio::time::timeout(patience, work).await.is_ok()
}

async fn handle_one(office: &Office, messenger: &Messenger, me: &Me, update: &Incoming) {
    let patient = tokio::time::timeout(PATIENCE, handle(office, &me.username, update));
    let outcome = patient.await.unwrap_or_else(|_| {
        tracing::error!(update.update_id, "an update took too long and was left");
        trouble(office, update)
    });
    answer(office, messenger, update, outcome).await;
}

/// Says what there is to say; what cannot be said after some tries is logged and gone: the change is in the
/// database.
async fn answer(office: &Office, messenger: &Messenger, update: &Incoming, outcome: Outcome) {
    if let What::Press { id, message, .. } = &update.what {
        if let Err(error) = messenger.answer_press(id, outcome.toast.as_deref()).await {
            tracing::debug!(%error, "a pressed button could not be answered");
        }
        let drawn = match (message, &outcome.rewrite, &outcome.redraw) {
            (Some(message), Some(anew), _) => messenger.rewrite(&update.address, *message, anew).await,
            (Some(message), None, Some(buttons)) => messenger.redraw(&update.address, *message, buttons).await,
            _ => Ok(()),
        };
        if let Err(error) = drawn {
            tracing::debug!(%error, "a message could not be drawn anew");
        }
    }
    if let Some((verbs, lang)) = &outcome.menu
        && let Err(error) = messenger.set_menu(&update.address, verbs, *lang).await
    {
        tracing::debug!(%error, "the command menu of a chat could not be set");
    }
    let messages = outcome.messages.into_iter().map(Piece::Words);
    let mut pieces: VecDeque<Piece> = messages.chain(outcome.documents.into_iter().map(Piece::File)).collect();
    let mut talk = Talk {
        office: office.clone(),
        messenger: messenger.clone(),
        address: update.address.clone(),
        is_group: update.is_group,
    };
    while let Some(piece) = pieces.pop_front() {
        if let Err(error) = talk.say(&piece).await
            && let Some(rest) = again(&error, 0)
        {
            pieces.push_front(piece);
            // Why: waiting here would hold up what the chat says next.
            tokio::spawn(talk.say_later(pieces, rest));
            return;
        }
    }
}

/// How long to wait before an answer is tried again; `None`: not at all.
///
/// An answer that may have arrived is not repeated: it bears no number by which a reader could tell.
fn again(error: &SendError, tries: u32) -> Option<Duration> {
    match error {
        _ if tries >= ANSWER_TRIES => None,
        SendError::Wait(rest) => Some((*rest).min(LONGEST_PAUSE)),
        SendError::Later(_) => Some((ANSWER_PAUSE * (1 << tries.min(8))).min(LONGEST_PAUSE)),
        SendError::Moved(_) | SendError::Gone(_) | SendError::Refused(_) | SendError::Unknown(_) => None,
    }
}

/// One side of a conversation.
struct Talk {
    office: Office,
    messenger: Messenger,
    address: String,
    is_group: bool,
}

impl Talk {
    /// Says one thing, within the limits that the outbox keeps too.
    async fn say(&mut self, piece: &Piece) -> Result<(), SendError> {
        let (pace, now) = (self.messenger.pace(), self.office.now());
        let rest = if self.is_group { pace.rest_of_group(&self.address, now) } else { Duration::ZERO };
        if !rest.is_zero() {
            return Err(SendError::Wait(rest));
        }
        // A second at most, and only when thirty messages went out in the last.
        tokio::time::sleep(pace.rest_of_all(now)).await;
        pace.count(&self.address, true, now);
        let mut said = piece.send(&self.messenger, &self.address).await;
        if let Err(SendError::Moved(to)) = said {
            self.address = to;
            said = piece.send(&self.messenger, &self.address).await;
        }
        if let Err(error) = &said {
            tracing::warn!(%error, "an answer could not be sent");
        }
        said.map(|_| ())
    }

    /// Says the rest of an answer in its order when the chat takes messages again.
    async fn say_later(mut self, mut pieces: VecDeque<Piece>, mut rest: Duration) {
        let mut tries = 0;
        while let Some(piece) = pieces.front() {
            tokio::time::sleep(rest).await;
            tries += 1;
            let said = self.say(piece).await;
            if let Err(error) = &said
                && let Some(wait) = again(error, tries)
            {
                rest = wait;
                continue;
            }
            pieces.pop_front();
            (tries, rest) = (0, Duration::ZERO);
        }
    }
}

/// One thing an answer sends.
enum Piece {
    Words(Message),
    File(Document),
}

impl Piece {
    async fn send(&self, messenger: &Messenger, address: &str) -> Result<String, SendError> {
        match self {
            Self::Words(message) => messenger.send(address, message).await,
            Self::File(file) => messenger.send_document(address, &file.name, file.content.clone(), &file.caption).await,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chat::deliver::deliver_due;
    use crate::chat::testing::{HEALTH, World};
    use crate::domain::person::Role;

    /// The first photo was handled alone, and the others while the mark of an older update was still open: Telegram
    /// brings all of them again.
    #[tokio::test]
    async fn the_rest_of_an_album_is_kept_where_its_beginning_comes_again() {
        let world = World::new().await;
        world.account("A1", HEALTH).await;
        let lin = world.bound("林测试", Role::UnitAdmin, Some(HEALTH)).await;
        world.judge(&["A1"], &[]).await;
        deliver_due(&world.office, &world.messenger, 100).await.unwrap();
        let me = world.messenger.check().await.unwrap();
        let photos: [&[u8]; 3] = [b"\xFF\xD8\xFF\xE0one", b"\xFF\xD8\xFF\xE0two", b"\xFF\xD8\xFF\xE0three"];
        let fetched = async {
            loop {
                let (_, updates) = world.messenger.updates(0, &me).await.unwrap();
                if updates.len() == photos.len() {
                    return updates;
                }
            }
        };
        let sent = world.telegram.send_album(lin.chat_id, &lin, &photos, "/fix 1 已修复");
        let updates = tokio::select! {
            updates = fetched => updates,
            sent = sent => panic!("nobody has answered yet: {sent:?}"),
        };
        let kept = async || world.office.store.read().await.unwrap().evidence_count(1).await.unwrap();
        handle_in_turn(&world.office, &world.messenger, &me, updates[..1].to_vec()).await;
        assert_eq!(kept().await, 1);
        handle_in_turn(&world.office, &world.messenger, &me, updates.clone()).await;
        assert_eq!(kept().await, 3);
        let numbers: Vec<i64> = updates.iter().map(|update| update.update_id).collect();
        let seen = world.office.store.read().await.unwrap().seen_updates(&numbers).await.unwrap();
        assert_eq!(seen.len(), 3, "every one of them is marked");
        let _ = world.telegram.inbox(lin.chat_id);
        handle_in_turn(&world.office, &world.messenger, &me, updates).await;
        assert!(world.telegram.inbox(lin.chat_id).is_empty(), "nothing is handled twice");
    }

    #[tokio::test]
    async fn who_waits_for_a_turn_too_long_is_let_go() {
        let turns = Semaphore::new(1);
        let (short, long) = (Duration::from_millis(20), Duration::from_secs(10));
        let taken = turns.acquire().await.unwrap();
        assert!(!in_turn(&turns, short, async {}).await, "waiting counts");
        drop(taken);
        assert!(!in_turn(&turns, short, std::future::pending()).await, "work counts");
        assert!(in_turn(&turns, long, async {}).await, "a turn that was left is free again");
    }
}
