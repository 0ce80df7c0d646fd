//! Writing notices: the number, the readers, the hour — always inside the caller's transaction.
//!
//! Nothing is sent here; the outbox is emptied by `chat::deliver`.

mod waiting;

use std::collections::BTreeSet;

use chrono::{DateTime, Datelike, Utc};
use sha2::{Digest, Sha256};

use crate::domain::notice::{Alert, NoticeBody};
use crate::domain::sample::hex;
use crate::office::Office;
use crate::store::{NewNotice, StoreError, Tx};

/// Who a notice is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reader<'a> {
    /// The administrators of a unit.
    Unit(&'a str),
    /// Everybody who supervises.
    Supervisors,
}

/// A notice in the words of its cause.
#[derive(Debug, Clone, Copy)]
pub struct Draft<'a> {
    /// Who it is for.
    pub reader: Reader<'a>,
    /// The round it belongs to.
    pub round_id: Option<i64>,
    /// What it says.
    pub body: &'a NoticeBody,
    /// The issues it tells of.
    pub issues: &'a [i64],
    /// Quiet hours do not hold it back.
    pub urgent: bool,
    /// Written once, however often the cause is repeated.
    pub dedup_key: &'a str,
}

/// Writes a notice and its outbox rows; `None` when it was written before.
///
/// A reader nobody has bound yet gets it at `/bind`.
pub async fn write(
    tx: &mut Tx,
    office: &Office,
    draft: Draft<'_>,
    now: DateTime<Utc>,
) -> Result<Option<i64>, StoreError> {
    write_held(tx, office, draft, now, now).await
}

/// [`write()`], but nothing is sent before `not_before`.
pub async fn write_held(
    tx: &mut Tx,
    office: &Office,
    draft: Draft<'_>,
    not_before: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<Option<i64>, StoreError> {
    let chats = match draft.reader {
        Reader::Unit(unit) => tx.chats_of_unit(unit).await?,
        Reader::Supervisors => tx.chats_of_supervisors().await?,
    };
    put(tx, office, draft, &chats, not_before, now).await
}

/// Writes a notice for chats the caller knows already; nothing is sent before `not_before`.
async fn put(
    tx: &mut Tx,
    office: &Office,
    draft: Draft<'_>,
    chats: &[i64],
    not_before: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<Option<i64>, StoreError> {
    Ok(put_all(tx, office, &[Addressed { draft, chats, not_before }], now).await?.pop().flatten())
}

/// A draft with the chats that the caller knows already; nothing is sent before `not_before`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Addressed<'a> {
    pub(crate) draft: Draft<'a>,
    pub(crate) chats: &'a [i64],
    pub(crate) not_before: DateTime<Utc>,
}

/// Writes notices in their order; gives their rows, `None` where one was written before.
pub(crate) async fn put_all(
    tx: &mut Tx,
    office: &Office,
    drafts: &[Addressed<'_>],
    now: DateTime<Utc>,
) -> Result<Vec<Option<i64>>, StoreError> {
    let year = office.date(now).year();
    let new = drafts.iter().map(|Addressed { draft, chats, not_before }| NewNotice {
        year,
        unit: match draft.reader {
            Reader::Unit(unit) => Some(unit),
            Reader::Supervisors => None,
        },
        round_id: draft.round_id,
        body: draft.body,
        urgent: draft.urgent,
        dedup_key: draft.dedup_key.to_owned(),
        issues: draft.issues,
        chats,
        due_at: office.next_allowed(*not_before, draft.urgent),
    });
    tx.insert_notices(&new.collect::<Vec<_>>(), now).await
}

/// Tells the supervisors at once, as far as quiet hours allow.
pub async fn alert(
    tx: &mut Tx,
    office: &Office,
    alert: Alert,
    dedup_key: &str,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let chats = tx.chats_of_supervisors().await?;
    alert_in(tx, office, alert, &chats, dedup_key, now).await
}

/// Tells one supervisor, wherever they are bound; all of them where `key` is nobody's who still is.
pub async fn alert_one(
    tx: &mut Tx,
    office: &Office,
    alert: Alert,
    key: &str,
    dedup_key: &str,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let all = tx.chats_of_supervisors().await?;
    let own: Vec<i64> = tx.people_of_user(key).await?.into_iter().map(|person| person.chat_id).collect();
    let own: Vec<i64> = all.iter().copied().filter(|chat| own.contains(chat)).collect();
    alert_in(tx, office, alert, if own.is_empty() { &all } else { &own }, dedup_key, now).await
}

async fn alert_in(
    tx: &mut Tx,
    office: &Office,
    alert: Alert,
    chats: &[i64],
    dedup_key: &str,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let body = NoticeBody::Alert(alert);
    let draft =
        Draft { reader: Reader::Supervisors, round_id: None, body: &body, issues: &[], urgent: false, dedup_key };
    put(tx, office, draft, chats, now, now).await?;
    Ok(())
}

/// Puts what waited for a reader into the outbox of a chat that has just been bound, as far as it is still so.
pub async fn release_waiting(
    tx: &mut Tx,
    office: &Office,
    reader: Reader<'_>,
    chat: i64,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let unit = match reader {
        Reader::Unit(unit) => Some(unit),
        Reader::Supervisors => None,
    };
    for (notice, urgent) in tx.waiting_notices(unit).await? {
        if !waiting::still_says(tx, office, notice, now).await? {
            continue;
        }
        tx.queue_delivery(notice, chat, office.next_allowed(now, urgent)).await?;
    }
    Ok(())
}

/// Puts what nobody has received, and no chat is about to, into the outbox of whoever is bound for it:
/// a chat that was to receive it is gone.
pub async fn release_stranded(tx: &mut Tx, office: &Office, now: DateTime<Utc>) -> Result<(), StoreError> {
    let mut withdrawn = BTreeSet::new();
    for (notice, urgent, chat) in tx.stranded_notices().await? {
        if withdrawn.contains(&notice) {
            continue;
        }
        if !waiting::still_says(tx, office, notice, now).await? {
            withdrawn.insert(notice);
            continue;
        }
        tx.queue_delivery(notice, chat, office.next_allowed(now, urgent)).await?;
    }
    Ok(())
}

/// Passes a reader's words on to the supervisors.
pub async fn feedback(office: &Office, unit: Option<&str>, text: &str, by: &str) -> Result<(), StoreError> {
    let now = office.now();
    let mut tx = office.store.write().await?;
    let words = Alert::Feedback { unit: unit.map(str::to_owned), text: text.to_owned(), by: by.to_owned() };
    // Why the words: two messages of one instant are two.
    let key = format!("feedback:{by}:{}:{}", now.timestamp_millis(), hex(&Sha256::digest(text)));
    alert(&mut tx, office, words, &key, now).await?;
    tx.commit().await
}
