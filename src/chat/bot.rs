//! The long poll: asks for updates, has each handled once, answers.
//!
//! Written over the library's `getUpdates` rather than its dispatcher. The dispatcher panics
//! when Telegram cannot be reached at the start and when a handler once panicked, and confirms
//! updates that still wait in its queues. Here a batch is confirmed when it was handled: the
//! updates of one chat one after another, of several chats side by side.
//!
//! Nothing that Telegram or a reader sends ends this loop; only `shutdown` does.

use std::collections::{BTreeMap, VecDeque};
use std::panic::AssertUnwindSafe;
use std::time::{Duration, Instant};

use futures::{FutureExt, StreamExt};
use tokio::sync::{Semaphore, watch};

use super::handle::{Document, Incoming, Outcome, What, handle, wants};
use super::telegram::{Me, Messenger, SendError};
use super::texts::Message;
use crate::office::Office;

/// Chats answered side by side.
const ABREAST: usize = 16;
/// The pause after a failed poll doubles up to this.
const LONGEST_PAUSE: Duration = Duration::from_mins(1);
/// An update that takes longer is left; what it did is kept, what it had to say is lost.
const PATIENCE: Duration = Duration::from_secs(45);
/// Messages whose files are fetched at the same time.
static FETCHING: Semaphore = Semaphore::const_new(2);
/// How often an answer is tried again when the chat is throttled.
const ANSWER_TRIES: u32 = 3;

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
    tokio::select! {
        () = stopped => {}
        () = serve(&office, &messenger, &ready) => {}
    }
    ready.send_replace(false);
}

async fn serve(office: &Office, messenger: &Messenger, ready: &watch::Sender<bool>) {
    let me = introduce(messenger).await;
    ready.send_replace(true);
    tracing::info!(bot.username = %me.username, "the bot is listening");
    let mut offset = 0;
    let mut pause = Pause::default();
    loop {
        let asked = Instant::now();
        match messenger.updates(offset).await {
            Ok((next, updates)) => {
                ready.send_replace(true);
                pause = Pause::default();
                // Why: a server that answers an empty poll at once would have us spin.
                if next == offset && asked.elapsed() < Duration::from_secs(1) {
                    tokio::time::sleep(Duration::from_secs(1)).await;
                }
                handle_batch(office, messenger, &me, updates).await;
                offset = next;
            }
            Err(error) => {
                let wait = pause.next(&error);
                if pause.failures == 3 {
                    ready.send_replace(false);
                }
                tracing::warn!(%error, pause_s = wait.as_secs(), "Telegram gave no updates");
                tokio::time::sleep(wait).await;
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

async fn handle_batch(office: &Office, messenger: &Messenger, me: &Me, updates: Vec<Incoming>) {
    let mut chats = BTreeMap::<String, Vec<Incoming>>::new();
    for update in updates {
        chats.entry(update.address.clone()).or_default().push(update);
    }
    futures::stream::iter(chats.into_values())
        .for_each_concurrent(ABREAST, |updates| async move {
            for mut update in gather_albums(updates) {
                fetch(office, messenger, me, &mut update).await;
                handle_one(office, messenger, me, &update).await;
            }
        })
        .await;
}

/// The messages of an album as one: the files of all under the words of the one that has any.
fn gather_albums(updates: Vec<Incoming>) -> Vec<Incoming> {
    let mut gathered: Vec<Incoming> = Vec::new();
    for update in updates {
        let first = gathered.iter_mut().find(|earlier| is_same_album(earlier, &update));
        match (first.map(|first| &mut first.what), update.what) {
            (Some(What::Text { text, attachments, .. }), What::Text { text: more, attachments: rest, .. }) => {
                if text.trim().is_empty() {
                    *text = more;
                }
                attachments.files.extend(rest.files);
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
        // Why: what many people send at once would fill the memory together.
        let Ok(_turn) = FETCHING.acquire().await else { return };
        if tokio::time::timeout(PATIENCE, messenger.fetch(attachments)).await.is_err() {
            tracing::warn!(update.update_id, "files took too long and were left");
        }
    }
}

async fn handle_one(office: &Office, messenger: &Messenger, me: &Me, update: &Incoming) {
    let work = async {
        let outcome = handle(office, &me.username, update).await;
        answer(messenger, update, outcome).await;
    };
    match tokio::time::timeout(PATIENCE, AssertUnwindSafe(work).catch_unwind()).await {
        Ok(Ok(())) => {}
        Ok(Err(_)) => tracing::error!(update.update_id, "an update made the bot stumble; the next one is handled"),
        Err(_) => tracing::error!(update.update_id, "an update took too long and was left"),
    }
}

/// Says what there is to say; what cannot be said is logged and gone: the change is in the database.
async fn answer(messenger: &Messenger, update: &Incoming, outcome: Outcome) {
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
    let messages = outcome.messages.into_iter().map(Piece::Words);
    let mut pieces: VecDeque<Piece> = messages.chain(outcome.documents.into_iter().map(Piece::File)).collect();
    while let Some(piece) = pieces.pop_front() {
        match piece.send(messenger, &update.address).await {
            Ok(_) => {}
            // Why: waiting here would hold up every other chat of the batch.
            Err(SendError::Wait(rest)) => {
                pieces.push_front(piece);
                tokio::spawn(send_later(messenger.clone(), update.address.clone(), pieces, rest));
                return;
            }
            Err(error) => tracing::warn!(%error, update.update_id, "an answer could not be sent"),
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

/// Sends the rest of an answer in its order when the chat takes messages again.
async fn send_later(messenger: Messenger, address: String, mut pieces: VecDeque<Piece>, mut rest: Duration) {
    let mut tries = 0;
    while let Some(piece) = pieces.front() {
        tokio::time::sleep(rest.min(LONGEST_PAUSE)).await;
        match piece.send(&messenger, &address).await {
            Err(SendError::Wait(again)) if tries < ANSWER_TRIES => {
                tries += 1;
                rest = again;
                continue;
            }
            Ok(_) => {}
            Err(error) => tracing::warn!(%error, "an answer could not be sent"),
        }
        pieces.pop_front();
        (tries, rest) = (0, Duration::ZERO);
    }
}
