//! Chats, the people bound to them, and the codes that bind.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};

use super::engine::sql;
use super::{StoreError, Tx, instant, json, millis, word};
use crate::domain::Lang;
use crate::domain::account::AccountId;
use crate::domain::person::Role;

/// Where messages go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chat {
    /// Row.
    pub id: i64,
    /// `telegram`, `wecom`, …
    pub channel: String,
    /// The channel's own address of the chat.
    pub address: String,
    /// More than one reader.
    pub is_group: bool,
    /// The language its readers chose.
    pub lang: Lang,
    /// Why the channel refuses it for good, if it does.
    pub retired_why: Option<String>,
}

/// A person (or a bound group) with a role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// Row.
    pub id: i64,
    /// What they may do.
    pub role: Role,
    /// The unit a unit administrator acts for.
    pub unit: Option<String>,
    /// Display name, kept after a handover.
    pub name: String,
    /// The channel's identifier of the user, `telegram:123`.
    pub user_key: String,
    /// Where they are reached.
    pub chat_id: i64,
    /// When they bound.
    pub bound_at: DateTime<Utc>,
    /// When their role was taken back.
    pub revoked_at: Option<DateTime<Utc>>,
}

/// A one-time code as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InviteRow {
    /// What it grants.
    pub role: Role,
    /// For which unit.
    pub unit: Option<String>,
    /// Until when.
    pub expires_at: DateTime<Utc>,
    /// It was used.
    pub used: bool,
}

#[derive(sqlx::FromRow)]
struct ChatRecord {
    id: i64,
    channel: String,
    address: String,
    is_group: bool,
    lang: String,
    retired_why: Option<String>,
}

impl TryFrom<ChatRecord> for Chat {
    type Error = StoreError;
    fn try_from(row: ChatRecord) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.id,
            channel: row.channel,
            address: row.address,
            is_group: row.is_group,
            lang: word(&row.lang)?,
            retired_why: row.retired_why,
        })
    }
}

#[derive(sqlx::FromRow)]
struct PersonRecord {
    id: i64,
    role: String,
    unit: Option<String>,
    name: String,
    user_key: String,
    chat_id: i64,
    bound_at: i64,
    revoked_at: Option<i64>,
}

impl TryFrom<PersonRecord> for Person {
    type Error = StoreError;
    fn try_from(row: PersonRecord) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.id,
            role: word(&row.role)?,
            unit: row.unit,
            name: row.name,
            user_key: row.user_key,
            chat_id: row.chat_id,
            bound_at: instant(row.bound_at),
            revoked_at: row.revoked_at.map(instant),
        })
    }
}

impl Tx {
    /// The chat at an address, made on first sight; binding again revives a retired one.
    pub async fn put_chat(
        &mut self,
        channel: &str,
        address: &str,
        is_group: bool,
        lang: Lang,
    ) -> Result<Chat, StoreError> {
        sql!(
            self,
            one ChatRecord,
            "INSERT INTO chat (channel, address, is_group, lang, next_send_at) VALUES ($1, $2, $3, $4, 0)
             ON CONFLICT (channel, address) DO UPDATE SET is_group = excluded.is_group, retired_at = NULL, retired_why = NULL
             RETURNING id, channel, address, is_group, lang, retired_why",
            channel,
            address,
            is_group,
            lang.key()
        )?
        .try_into()
    }

    /// The chat at an address, if the bot has met it.
    pub async fn chat_at(&mut self, channel: &str, address: &str) -> Result<Option<Chat>, StoreError> {
        sql!(
            self,
            opt ChatRecord,
            "SELECT id, channel, address, is_group, lang, retired_why FROM chat WHERE channel = $1 AND address = $2",
            channel,
            address
        )?
        .map(Chat::try_from)
        .transpose()
    }

    /// One chat.
    pub async fn chat(&mut self, id: i64) -> Result<Chat, StoreError> {
        sql!(
            self,
            one ChatRecord,
            "SELECT id, channel, address, is_group, lang, retired_why FROM chat WHERE id = $1",
            id
        )?
        .try_into()
    }

    /// Sets a chat's language.
    pub async fn set_chat_lang(&mut self, id: i64, lang: Lang) -> Result<(), StoreError> {
        sql!(self, execute, "UPDATE chat SET lang = $2 WHERE id = $1", id, lang.key())?;
        Ok(())
    }

    /// The channel refuses a chat for good.
    pub async fn retire_chat(&mut self, id: i64, why: &str, now: DateTime<Utc>) -> Result<(), StoreError> {
        sql!(self, execute, "UPDATE chat SET retired_at = $2, retired_why = $3 WHERE id = $1", id, millis(now), why)?;
        Ok(())
    }

    /// A group became another chat (supergroup migration).
    pub async fn move_chat(&mut self, id: i64, address: &str) -> Result<(), StoreError> {
        sql!(self, execute, "UPDATE chat SET address = $2 WHERE id = $1", id, address)?;
        Ok(())
    }

    /// Stores a binding; gives its number.
    pub async fn insert_person(
        &mut self,
        role: Role,
        unit: Option<&str>,
        name: &str,
        user_key: &str,
        chat: i64,
        now: DateTime<Utc>,
    ) -> Result<i64, StoreError> {
        Ok(sql!(
            self,
            scalar i64,
            "INSERT INTO person (role, unit, name, user_key, chat_id, bound_at) VALUES ($1, $2, $3, $4, $5, $6) RETURNING id",
            role.key(),
            unit,
            name,
            user_key,
            chat,
            millis(now)
        )?)
    }

    /// The bindings of a channel's user that are in force.
    pub async fn people_of_user(&mut self, user_key: &str) -> Result<Vec<Person>, StoreError> {
        sql!(
            self,
            all PersonRecord,
            "SELECT * FROM person WHERE user_key = $1 AND revoked_at IS NULL ORDER BY id",
            user_key
        )?
        .into_iter()
        .map(Person::try_from)
        .collect()
    }

    /// Whether a channel's user was bound once.
    pub async fn was_bound(&mut self, user_key: &str) -> Result<bool, StoreError> {
        Ok(sql!(self, scalar i64, "SELECT COUNT(*) FROM person WHERE user_key = $1", user_key)? > 0)
    }

    /// Who reads a chat by a binding in force.
    pub async fn people_in_chat(&mut self, chat: i64) -> Result<Vec<Person>, StoreError> {
        sql!(
            self,
            all PersonRecord,
            "SELECT * FROM person WHERE chat_id = $1 AND revoked_at IS NULL ORDER BY id",
            chat
        )?
        .into_iter()
        .map(Person::try_from)
        .collect()
    }

    /// One binding, in force or not.
    pub async fn person(&mut self, id: i64) -> Result<Option<Person>, StoreError> {
        sql!(self, opt PersonRecord, "SELECT * FROM person WHERE id = $1", id)?.map(Person::try_from).transpose()
    }

    /// Supervisors in force, key and name, each key counted once; a group robot answers nothing and is none.
    pub async fn supervisor_keys(&mut self) -> Result<Vec<(String, String)>, StoreError> {
        Ok(sql!(
            self,
            all(String, String),
            "SELECT user_key, MIN(name) FROM person WHERE role = 'supervisor' AND revoked_at IS NULL
                 AND user_key NOT LIKE '%:robot:%' GROUP BY user_key ORDER BY user_key"
        )?)
    }

    /// Bindings in force for a unit that no account names any more.
    pub async fn people_of_no_unit(&mut self) -> Result<Vec<Person>, StoreError> {
        sql!(
            self,
            all PersonRecord,
            "SELECT p.* FROM person p WHERE p.role = 'unit_admin' AND p.revoked_at IS NULL
                 AND NOT EXISTS (SELECT 1 FROM account a WHERE a.unit = p.unit) ORDER BY p.id"
        )?
        .into_iter()
        .map(Person::try_from)
        .collect()
    }

    /// The accounts a unit runs, or has closed.
    pub async fn accounts_of_unit(&mut self, unit: &str) -> Result<Vec<AccountId>, StoreError> {
        let ids =
            sql!(self, scalars String, "SELECT account_id FROM account WHERE unit = $1 ORDER BY account_id", unit)?;
        Ok(ids.into_iter().map(AccountId::new).collect())
    }

    /// Whether an account went from a unit to another one than `to`.
    pub async fn unit_was_left(&mut self, from: &str, to: &str) -> Result<bool, StoreError> {
        let left = sql!(
            self,
            scalars String,
            "SELECT data_json FROM event WHERE subject_kind = 'account' AND data_json LIKE '%\"field\":\"unit\"%'"
        )?;
        Ok(left
            .iter()
            .filter_map(|data| serde_json::from_str::<serde_json::Value>(data).ok())
            .any(|change| change["field"] == "unit" && change["from"] == from && change["to"] != to))
    }

    /// A unit goes by another name: its bindings, unused codes, live issues and unread notices follow.
    pub async fn rename_unit(&mut self, from: &str, to: &str) -> Result<(), StoreError> {
        sql!(self, execute, "UPDATE person SET unit = $2 WHERE unit = $1 AND revoked_at IS NULL", from, to)?;
        sql!(self, execute, "UPDATE invite SET unit = $2 WHERE unit = $1 AND used_at IS NULL", from, to)?;
        sql!(self, execute, "UPDATE issue SET unit = $2 WHERE unit = $1 AND closed_at IS NULL", from, to)?;
        sql!(self, execute, "UPDATE notice SET unit = $2 WHERE unit = $1 AND delivered_at IS NULL", from, to)?;
        sql!(self, execute, "UPDATE pass SET unit = $2 WHERE unit = $1", from, to)?;
        Ok(())
    }

    /// Whether anybody, a code, a live issue or an unread notice goes by the name of a unit.
    pub async fn unit_is_in_use(&mut self, unit: &str) -> Result<bool, StoreError> {
        Ok(sql!(
            self,
            scalar i64,
            "SELECT (SELECT COUNT(*) FROM person WHERE unit = $1 AND revoked_at IS NULL)
                 + (SELECT COUNT(*) FROM invite WHERE unit = $1 AND used_at IS NULL)
                 + (SELECT COUNT(*) FROM issue WHERE unit = $1 AND closed_at IS NULL)
                 + (SELECT COUNT(*) FROM notice n WHERE n.unit = $1 AND n.delivered_at IS NULL
                    AND NOT EXISTS (SELECT 1 FROM event e WHERE e.subject_kind = 'notice' AND e.subject_id = n.number
                                    AND e.kind = 'withdrawn'))",
            unit
        )? > 0)
    }

    /// Everybody, those whose role was taken back included.
    pub async fn people(&mut self) -> Result<Vec<Person>, StoreError> {
        sql!(self, all PersonRecord, "SELECT * FROM person ORDER BY id")?.into_iter().map(Person::try_from).collect()
    }

    /// Takes a role back; `false` when there is no such binding in force.
    pub async fn revoke_person(&mut self, id: i64, now: DateTime<Utc>) -> Result<bool, StoreError> {
        let done = sql!(
            self,
            execute,
            "UPDATE person SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL",
            id,
            millis(now)
        )?;
        Ok(done == 1)
    }

    /// The chats of a unit's administrators that are in force and not retired.
    pub async fn chats_of_unit(&mut self, unit: &str) -> Result<Vec<i64>, StoreError> {
        Ok(sql!(
            self,
            scalars i64,
            "SELECT DISTINCT p.chat_id FROM person p JOIN chat c ON c.id = p.chat_id
             WHERE p.role = 'unit_admin' AND p.unit = $1 AND p.revoked_at IS NULL AND c.retired_at IS NULL
             ORDER BY p.chat_id",
            unit
        )?)
    }

    /// [`chats_of_unit`](Self::chats_of_unit) of many units.
    pub async fn chats_of_units(&mut self, units: &[&str]) -> Result<HashMap<String, Vec<i64>>, StoreError> {
        let text = format!(
            "SELECT DISTINCT p.unit, p.chat_id FROM person p JOIN chat c ON c.id = p.chat_id
             WHERE p.role = 'unit_admin' AND {} AND p.revoked_at IS NULL AND c.retired_at IS NULL
             ORDER BY p.unit, p.chat_id",
            self.is_listed("p.unit", "$1")
        );
        let mut chats = HashMap::<String, Vec<i64>>::new();
        for (unit, chat) in sql!(self, all(String, i64), sqlx::AssertSqlSafe(text.as_str()), json(&units)?)? {
            chats.entry(unit).or_default().push(chat);
        }
        Ok(chats)
    }

    /// The chats of the supervisors that are in force and not retired.
    pub async fn chats_of_supervisors(&mut self) -> Result<Vec<i64>, StoreError> {
        Ok(sql!(
            self,
            scalars i64,
            "SELECT DISTINCT p.chat_id FROM person p JOIN chat c ON c.id = p.chat_id
             WHERE p.role = 'supervisor' AND p.revoked_at IS NULL AND c.retired_at IS NULL ORDER BY p.chat_id"
        )?)
    }

    /// Stores a one-time code by its hash.
    pub async fn insert_invite(
        &mut self,
        code_sha256: &str,
        role: Role,
        unit: Option<&str>,
        now: DateTime<Utc>,
        expires_at: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        sql!(
            self,
            execute,
            "INSERT INTO invite (code_sha256, role, unit, created_at, expires_at) VALUES ($1, $2, $3, $4, $5)",
            code_sha256,
            role.key(),
            unit,
            millis(now),
            millis(expires_at)
        )?;
        Ok(())
    }

    /// The code of a hash.
    pub async fn invite(&mut self, code_sha256: &str) -> Result<Option<InviteRow>, StoreError> {
        sql!(
            self,
            opt(String, Option<String>, i64, Option<i64>),
            "SELECT role, unit, expires_at, used_at FROM invite WHERE code_sha256 = $1",
            code_sha256
        )?
        .map(|(role, unit, expires_at, used_at)| {
            Ok(InviteRow { role: word(&role)?, unit, expires_at: instant(expires_at), used: used_at.is_some() })
        })
        .transpose()
    }

    /// The binding in force that a channel's user got by a code in a chat.
    pub async fn bound_by(
        &mut self,
        code_sha256: &str,
        user_key: &str,
        channel: &str,
        address: &str,
    ) -> Result<Option<Person>, StoreError> {
        sql!(
            self,
            opt PersonRecord,
            "SELECT p.* FROM person p JOIN invite i ON i.used_by = p.id JOIN chat c ON c.id = p.chat_id
             WHERE i.code_sha256 = $1 AND p.user_key = $2 AND c.channel = $3 AND c.address = $4
                 AND p.revoked_at IS NULL",
            code_sha256,
            user_key,
            channel,
            address
        )?
        .map(Person::try_from)
        .transpose()
    }

    /// Uses a code up; `false` when somebody else just did.
    pub async fn use_invite(&mut self, code_sha256: &str, by: i64, now: DateTime<Utc>) -> Result<bool, StoreError> {
        let done = sql!(
            self,
            execute,
            "UPDATE invite SET used_at = $2, used_by = $3 WHERE code_sha256 = $1 AND used_at IS NULL",
            code_sha256,
            millis(now),
            by
        )?;
        Ok(done == 1)
    }

    /// Those of some incoming updates that were handled before.
    pub async fn seen_updates(&mut self, updates: &[i64]) -> Result<HashSet<i64>, StoreError> {
        let rows = if self.locks_rows() { "jsonb_array_elements_text($1::jsonb)" } else { "json_each($1)" };
        let text =
            format!("SELECT update_id FROM seen_update WHERE update_id IN (SELECT CAST(value AS BIGINT) FROM {rows})");
        Ok(sql!(self, scalars i64, sqlx::AssertSqlSafe(text.as_str()), json(&updates)?)?.into_iter().collect())
    }

    /// Notes an incoming update; `false` when it was handled before.
    pub async fn see_update(&mut self, update_id: i64, now: DateTime<Utc>) -> Result<bool, StoreError> {
        let done = sql!(
            self,
            execute,
            "INSERT INTO seen_update (update_id, at) VALUES ($1, $2) ON CONFLICT DO NOTHING",
            update_id,
            millis(now)
        )?;
        Ok(done == 1)
    }
}
