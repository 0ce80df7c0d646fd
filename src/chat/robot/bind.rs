//! Robots of the configuration become chats of their readers, and cease to be when they leave it.
//!
//! A robot is bound like a person who never speaks: its unit's notices, or the supervisors', go there
//! as well as to everybody else who is bound. What waited for a reader goes out with the binding.

use super::{address_of, is_robot};
use crate::config::{ChannelConfig, ChannelKind, ChannelReader};
use crate::domain::person::Role;
use crate::notify::{self, Reader};
use crate::office::Office;
use crate::store::{NewEvent, Person, StoreError, Tx};

/// Why a chat was retired here, and not by its channel.
const REMOVED: &str = "removed from the configuration";

/// What the configuration changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Synced {
    /// Robots bound, or bound again.
    pub bound: usize,
    /// Robots that are no longer in the configuration.
    pub removed: usize,
    /// Robots whose address cannot be read; they stay as they are.
    pub unreadable: usize,
}

/// One robot and one of its readers.
struct Wanted<'c> {
    kind: ChannelKind,
    address: String,
    role: Role,
    unit: Option<&'c str>,
}

/// Makes the robots' chats agree with the configuration; `revive` tries those again that refused for good.
pub async fn sync(office: &Office, revive: bool) -> Result<Synced, StoreError> {
    let mut tx = office.store.write().await?;
    let synced = sync_in(&mut tx, office, revive).await?;
    tx.commit().await?;
    Ok(synced)
}

/// [`sync`] in a transaction that the caller commits, or drops to see what would come of it.
pub async fn sync_in(tx: &mut Tx, office: &Office, revive: bool) -> Result<Synced, StoreError> {
    let mut synced = Synced::default();
    let (mut wanted, mut unreadable) = (Vec::new(), Vec::new());
    for channel in &office.config.channels {
        let (role, unit) = reader(channel);
        match channel.webhook.read() {
            Ok(webhook) => {
                wanted.push(Wanted { kind: channel.kind, address: address_of(&webhook), role, unit });
            }
            Err(error) => {
                tracing::error!(%error, channel = channel.kind.key(), "a robot's address cannot be read");
                synced.unreadable += 1;
                unreadable.push((channel.kind, role, unit));
            }
        }
    }
    let bound: Vec<Person> = robots(tx).await?;
    for person in &bound {
        let is_wanted = wanted.iter().any(|w| is_of(w, person));
        let may_be = unreadable.iter().any(|(kind, role, unit)| {
            is_kind(person, *kind) && person.role == *role && person.unit.as_deref() == *unit
        });
        if !is_wanted && !may_be {
            remove(tx, office, person).await?;
            synced.removed += 1;
        }
    }
    for robot in &wanted {
        if put(tx, office, robot, bound.iter().any(|person| is_of(robot, person)), revive).await? {
            synced.bound += 1;
        }
    }
    Ok(synced)
}

fn reader(channel: &ChannelConfig) -> (Role, Option<&str>) {
    match &channel.reader {
        ChannelReader::Supervisors => (Role::Supervisor, None),
        ChannelReader::Unit(unit) => (Role::UnitAdmin, Some(unit)),
    }
}

/// The bindings of robots that are in force.
async fn robots(tx: &mut Tx) -> Result<Vec<Person>, StoreError> {
    let people = tx.people().await?;
    Ok(people.into_iter().filter(|person| person.revoked_at.is_none() && person.user_key.contains(":robot:")).collect())
}

/// `wecom:robot:…`: as every user's, the channel's name and its own.
fn user_key(kind: ChannelKind, address: &str) -> String {
    format!("{}:{address}", kind.key())
}

fn is_of(robot: &Wanted<'_>, person: &Person) -> bool {
    person.user_key == user_key(robot.kind, &robot.address)
        && person.role == robot.role
        && person.unit.as_deref() == robot.unit
}

fn is_kind(person: &Person, kind: ChannelKind) -> bool {
    person.user_key.split(':').next() == Some(kind.key())
}

/// Binds a robot; `false` where it was bound and stays as it is.
async fn put(
    tx: &mut Tx,
    office: &Office,
    robot: &Wanted<'_>,
    is_bound: bool,
    revive: bool,
) -> Result<bool, StoreError> {
    let now = office.now();
    let known = tx.chat_at(robot.kind.key(), &robot.address).await?;
    let retired = known.as_ref().and_then(|chat| chat.retired_why.as_deref());
    let refused_before = retired.is_some_and(|why| why != REMOVED);
    if (is_bound && retired.is_none()) || (refused_before && !revive) {
        return Ok(false);
    }
    let chat = tx.put_chat(robot.kind.key(), &robot.address, true, office.lang()).await?;
    if !is_bound {
        let name = format!("{}群机器人", robot.kind.zh());
        let key = user_key(robot.kind, &robot.address);
        tx.insert_person(robot.role, robot.unit, &name, &key, chat.id, now).await?;
        record(tx, office, &key, "bound", &name).await?;
    }
    let reader = robot.unit.map_or(Reader::Supervisors, Reader::Unit);
    notify::release_waiting(tx, office, reader, chat.id, now).await?;
    Ok(true)
}

/// Takes a binding back and ends the links that its unit was sent there; with its last reader the chat goes.
async fn remove(tx: &mut Tx, office: &Office, person: &Person) -> Result<(), StoreError> {
    let now = office.now();
    // Why first: who is bound may still read what waits in the chat.
    tx.revoke_person(person.id, now).await?;
    tx.withdraw_deliveries_of(person.id, REMOVED).await?;
    record(tx, office, &person.user_key, "revoked", REMOVED).await?;
    let is_left = robots(tx).await?.iter().any(|other| other.chat_id == person.chat_id);
    let chat = tx.chat(person.chat_id).await?;
    if !is_left && is_robot(&chat) {
        tx.retire_chat(chat.id, REMOVED, now).await?;
        tx.fail_deliveries_to(chat.id, REMOVED).await?;
    }
    if let Some(unit) = &person.unit {
        tx.end_passes_of(chat.id, unit, now).await?;
    }
    notify::release_stranded(tx, office, now).await
}

async fn record(tx: &mut Tx, office: &Office, subject_id: &str, kind: &str, note: &str) -> Result<(), StoreError> {
    let at = office.now();
    tx.append_event(NewEvent { at, actor: crate::ACTOR, subject_kind: "person", subject_id, kind, note, data: "" })
        .await
}
