//! Invitations and bindings: who may act for whom.

use chrono::{Datelike as _, TimeDelta};
use rand::RngExt as _;
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::domain::Lang;
use crate::domain::keyed::keyed_enum;
use crate::domain::notice::NoticeBody;
use crate::domain::person::Role;
use crate::domain::sample::hex;
use crate::domain::time::LocalTime;
use crate::notify::{self, Reader};
use crate::office::Office;
use crate::store::{NewEvent, NewNotice, Person, StoreError, Tx};

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
    /// This user, or somebody in this chat, guessed too often.
    #[error("too many wrong codes; try again in a quarter of an hour")]
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
/// A user, and a chat, may send so many wrong codes …
const WRONG_CODES: usize = 5;
/// … in so many minutes.
const MINUTES_OF_WRONG_CODES: i64 = 15;
/// A refusal of one kind to one sender is an event at most once in so many minutes …
const MINUTES_BETWEEN_REFUSALS: i64 = 10;
/// … and so many refusals an hour are, over all senders.
const REFUSALS_AN_HOUR: i64 = 200;
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
    let place = format!("{channel}:{address}");
    let since = now - TimeDelta::minutes(MINUTES_OF_WRONG_CODES);
    let mut tx = office.store.read().await?;
    let by_user = tx.recent_events("person", user_key, "wrong_code", since).await?;
    let by_chat = tx.recent_events("chat", &place, "wrong_code", since).await?;
    drop(tx);
    if by_user.max(by_chat) >= WRONG_CODES {
        note_refusal(office, user_key, Refused::Guessing, "").await?;
        return Err(BindError::TooManyTries);
    }
    let mut tx = office.store.write().await?;
    let digest = digest(&code.trim().to_ascii_uppercase());
    let refused = match tx.invite(&digest).await? {
        None => Some(BindError::Unknown),
        Some(invite) if invite.used => match tx.bound_by(&digest, user_key, channel, address).await? {
            // A message that comes again, as after a crash: it has done what it asks for. Elsewhere it would not have.
            Some(person) => return Ok(person),
            None => Some(BindError::Used),
        },
        Some(invite) if invite.expires_at < now => Some(BindError::Expired),
        Some(invite) => {
            let chat = tx.put_chat(channel, address, is_group, lang).await?;
            let unit = invite.unit.as_deref();
            let id = tx.insert_person(invite.role, unit, name, user_key, chat.id, now).await?;
            if !tx.use_invite(&digest, id, now).await? {
                return Err(BindError::Used);
            }
            tx.withdraw_farewells_of(user_key, "bound again").await?;
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
    let refused = refused.unwrap_or(BindError::Unknown);
    let why = match refused {
        BindError::Used => "used",
        BindError::Expired => "expired",
        _ => "unknown",
    };
    for (subject_kind, subject_id) in [("person", user_key), ("chat", place.as_str())] {
        let kind = "wrong_code";
        tx.append_event(NewEvent { at: now, actor: "", subject_kind, subject_id, kind, note: why, data: "" }).await?;
    }
    tx.commit().await?;
    Err(refused)
}

/// Takes a binding back; `false` when there is none in force. The person is told so, as their last word.
pub async fn revoke(office: &Office, id: i64, actor: &str) -> Result<bool, StoreError> {
    let now = office.now();
    let mut tx = office.store.write().await?;
    let done = tx.revoke_person(id, now).await?;
    if done {
        tx.withdraw_deliveries_of(id, "the binding was revoked").await?;
        record(&mut tx, office, &id.to_string(), "revoked", actor).await?;
        if let Some(person) = tx.person(id).await? {
            let body = NoticeBody::Farewell { name: person.name.clone(), role: person.role, unit: person.unit.clone() };
            let notice = NewNotice {
                year: office.date(now).year(),
                unit: person.unit.as_deref(),
                round_id: None,
                body: &body,
                urgent: false,
                dedup_key: format!("farewell:{id}"),
                issues: &[],
                chats: &[person.chat_id],
                due_at: office.next_allowed(now, false),
            };
            tx.insert_notices(&[notice], now).await?;
        }
        notify::release_stranded(&mut tx, office, now).await?;
    }
    tx.commit().await?;
    Ok(done)
}

keyed_enum! {
    /// Why the bot does not do what it was asked to; each is an event (拒绝办理).
    Refused {
        Anonymous = "refused_anonymous", "匿名身份", "Anonymous sender";
        Forwarded = "refused_forwarded", "转发消息", "Forwarded message";
        Stranger = "refused_stranger", "未绑定", "Not bound";
        Revoked = "refused_revoked", "绑定已收回", "Role taken back";
        Role = "refused_role", "无此权限", "Not allowed by role";
        OtherUnit = "refused_other_unit", "非本单位事项", "Another unit's";
        Place = "refused_place", "不宜在群内办理", "Not for this group";
        Guessing = "refused_guessing", "绑定码错误次数过多", "Too many wrong codes";
    }
}

/// Writes down that somebody was refused; gives whether it was.
///
/// Bounded, so that nobody fills the database by asking: once in ten minutes for a sender and reason,
/// and so many an hour in all.
pub async fn note_refusal(office: &Office, user_key: &str, why: Refused, note: &str) -> Result<bool, StoreError> {
    let now = office.now();
    let since = now - TimeDelta::minutes(MINUTES_BETWEEN_REFUSALS);
    let mut tx = office.store.read().await?;
    if tx.recent_events("person", user_key, why.key(), since).await? > 0
        || tx.recent_refusals(now - TimeDelta::hours(1)).await? >= REFUSALS_AN_HOUR
    {
        return Ok(false);
    }
    drop(tx);
    let mut tx = office.store.write().await?;
    record(&mut tx, office, user_key, why.key(), note).await?;
    tx.commit().await?;
    Ok(true)
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
