//! Invitations and bindings: who may act for whom.

use chrono::TimeDelta;
use rand::RngExt as _;
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::domain::Lang;
use crate::domain::person::Role;
use crate::domain::sample::hex;
use crate::domain::time::LocalTime;
use crate::notify::{self, Reader};
use crate::office::Office;
use crate::store::{NewEvent, Person, StoreError, Tx};

/// A one-time code, shown once.
#[derive(Debug, Clone, Serialize)]
pub struct Invite {
    /// What is typed behind `/bind`.
    pub code: String,
    /// What it grants.
    pub role: Role,
    /// For which unit.
    pub unit: Option<String>,
    /// Until when.
    pub expires_at: LocalTime,
}

/// Why a code binds nobody.
#[derive(Debug, thiserror::Error)]
pub enum BindError {
    /// No such code.
    #[error("the code is unknown")]
    Unknown,
    /// Its time is over.
    #[error("the code has expired")]
    Expired,
    /// It was used.
    #[error("the code was used before")]
    Used,
    /// This user guessed too often.
    #[error("too many wrong codes; try again in an hour")]
    TooManyTries,
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why nobody was invited.
#[derive(Debug, thiserror::Error)]
pub enum InviteError {
    /// A unit administrator belongs to a unit.
    #[error("a unit administrator needs --unit UNIT")]
    UnitMissing,
    /// Nobody but a unit administrator does.
    #[error("--unit goes with --role unit_admin only")]
    UnitSurplus,
    /// No account of that unit is registered.
    #[error("no account of the unit `{0}` is registered; `xuncha accounts list` shows the units")]
    UnknownUnit(String),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

const DAYS_VALID: i64 = 7;
const WRONG_CODES_AN_HOUR: usize = 5;
/// Letters and digits nobody confuses on paper.
const ALPHABET: &[u8] = b"23456789ABCDEFGHJKLMNPQRSTUVWXYZ";

/// Makes a one-time code for a role; only its hash is kept.
pub async fn invite(office: &Office, role: Role, unit: Option<&str>) -> Result<Invite, InviteError> {
    let now = office.now();
    let mut tx = office.store.write().await?;
    match (role, unit) {
        (Role::UnitAdmin, None) => return Err(InviteError::UnitMissing),
        (Role::UnitAdmin, Some(unit)) if !tx.unit_exists(unit).await? => {
            return Err(InviteError::UnknownUnit(unit.to_owned()));
        }
        (Role::Supervisor | Role::Auditor, Some(_)) => return Err(InviteError::UnitSurplus),
        _ => {}
    }
    let code = random_code();
    let expires_at = now + TimeDelta::days(DAYS_VALID);
    tx.insert_invite(&digest(&code), role, unit, now, expires_at).await?;
    let note = unit.unwrap_or_default();
    tx.append_event(NewEvent {
        at: now,
        actor: "",
        subject_kind: "person",
        subject_id: "",
        kind: "invited",
        note,
        data: role.key(),
    })
    .await?;
    tx.commit().await?;
    Ok(Invite { code, role, unit: unit.map(str::to_owned), expires_at: office.local(expires_at) })
}

fn random_code() -> String {
    let mut rng = rand::rng();
    (0..10).filter_map(|_| ALPHABET.get(rng.random_range(0..ALPHABET.len()))).map(|b| char::from(*b)).collect()
}

/// Uses a code: from now on the user acts in its role, and what waited for them goes out.
///
/// `user_key` is the channel's own identifier of the user; `name` is what history shows.
#[expect(clippy::too_many_arguments, reason = "a code and who sent it from where")]
pub async fn bind(
    office: &Office,
    code: &str,
    user_key: &str,
    name: &str,
    channel: &str,
    address: &str,
    is_group: bool,
    lang: Lang,
) -> Result<Person, BindError> {
    let now = office.now();
    let mut tx = office.store.write().await?;
    let wrong = tx.recent_events("person", user_key, "wrong_code", now - TimeDelta::hours(1)).await?;
    if wrong >= WRONG_CODES_AN_HOUR {
        return Err(BindError::TooManyTries);
    }
    let digest = digest(&code.trim().to_ascii_uppercase());
    let refused = match tx.invite(&digest).await? {
        None => Some(BindError::Unknown),
        Some(invite) if invite.used => Some(BindError::Used),
        Some(invite) if invite.expires_at < now => Some(BindError::Expired),
        Some(invite) => {
            let chat = tx.put_chat(channel, address, is_group, lang).await?;
            let unit = invite.unit.as_deref();
            let id = tx.insert_person(invite.role, unit, name, user_key, chat.id, now).await?;
            if !tx.use_invite(&digest, id, now).await? {
                return Err(BindError::Used);
            }
            record(&mut tx, office, user_key, "bound", name).await?;
            let reader = match (invite.role, unit) {
                (Role::UnitAdmin, Some(unit)) => Some(Reader::Unit(unit)),
                (Role::Supervisor, _) => Some(Reader::Supervisors),
                _ => None,
            };
            if let Some(reader) = reader {
                notify::release_waiting(&mut tx, office, reader, chat.id, now).await?;
            }
            tx.commit().await?;
            return Ok(Person {
                id,
                role: invite.role,
                unit: invite.unit,
                name: name.to_owned(),
                user_key: user_key.to_owned(),
                chat_id: chat.id,
                bound_at: now,
                revoked_at: None,
            });
        }
    };
    record(&mut tx, office, user_key, "wrong_code", "").await?;
    tx.commit().await?;
    Err(refused.unwrap_or(BindError::Unknown))
}

/// Takes a binding back; `false` when there is none in force.
pub async fn revoke(office: &Office, id: i64, actor: &str) -> Result<bool, StoreError> {
    let mut tx = office.store.write().await?;
    let done = tx.revoke_person(id, office.now()).await?;
    if done {
        tx.withdraw_deliveries_of(id, "the binding was revoked").await?;
        record(&mut tx, office, &id.to_string(), "revoked", actor).await?;
    }
    tx.commit().await?;
    Ok(done)
}

/// The bindings of a channel's user that are in force.
pub async fn known(office: &Office, user_key: &str) -> Result<Vec<Person>, StoreError> {
    office.store.read().await?.people_of_user(user_key).await
}

async fn record(tx: &mut Tx, office: &Office, subject_id: &str, kind: &str, note: &str) -> Result<(), StoreError> {
    tx.append_event(NewEvent { at: office.now(), actor: "", subject_kind: "person", subject_id, kind, note, data: "" })
        .await
}

fn digest(code: &str) -> String {
    hex(&Sha256::digest(code))
}
