//! The registry's table.

use chrono::{DateTime, NaiveDate, Utc};

use super::engine::sql;
use super::{StoreError, Tx, from_json, json, millis, word};
use crate::domain::account::{Account, AccountId, AccountStatus, Personal, Platform, SourceKind, UnitTier};
use crate::domain::naming::Named;

/// Which accounts a listing wants; `None` means any.
#[derive(Debug, Clone, Default)]
pub struct AccountQuery {
    /// Of this unit.
    pub unit: Option<String>,
    /// On this platform.
    pub platform: Option<Platform>,
    /// In this state.
    pub status: Option<AccountStatus>,
}

#[derive(sqlx::FromRow)]
struct Row {
    account_id: String,
    name: String,
    platform: String,
    unit: String,
    unit_tier: Option<String>,
    supervising_unit: Option<String>,
    represents_government: bool,
    status: String,
    filing_no: Option<String>,
    opened_on: Option<String>,
    followers: Option<i64>,
    certified_subject: Option<String>,
    admin: Option<String>,
    admin_contact: Option<String>,
    source: Option<String>,
    source_url: Option<String>,
    source_options_json: String,
    service_links_json: String,
    extra_json: String,
}

impl TryFrom<Row> for Account {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        Ok(Self {
            account_id: AccountId::new(row.account_id),
            name: row.name,
            platform: word::<Platform>(&row.platform)?,
            unit: row.unit,
            unit_tier: row.unit_tier.as_deref().map(word::<UnitTier>).transpose()?,
            supervising_unit: row.supervising_unit,
            represents_government: row.represents_government,
            status: word::<AccountStatus>(&row.status)?,
            filing_no: row.filing_no,
            opened_on: row.opened_on.and_then(|day| day.parse().ok()),
            followers: row.followers.and_then(|n| u64::try_from(n).ok()),
            certified_subject: row.certified_subject,
            admin: row.admin.map(Personal::new),
            admin_contact: row.admin_contact.map(Personal::new),
            source: row.source.as_deref().map(word::<SourceKind>).transpose()?,
            source_url: row.source_url,
            source_options: from_json(&row.source_options_json)?,
            service_links: from_json(&row.service_links_json)?,
            extra: from_json(&row.extra_json)?,
        })
    }
}

impl Tx {
    /// Writes an account, new or changed.
    pub async fn put_account(&mut self, account: &Account, now: DateTime<Utc>) -> Result<(), StoreError> {
        sql!(
            self,
            execute,
            "INSERT INTO account (account_id, name, platform, unit, unit_tier, supervising_unit,
                 represents_government, status, filing_no, opened_on, followers, certified_subject, admin,
                 admin_contact, source, source_url, source_options_json, service_links_json, extra_json,
                 registered_at, updated_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $20)
             ON CONFLICT (account_id) DO UPDATE SET
                 name = excluded.name, platform = excluded.platform, unit = excluded.unit,
                 unit_tier = excluded.unit_tier, supervising_unit = excluded.supervising_unit,
                 represents_government = excluded.represents_government, status = excluded.status,
                 filing_no = excluded.filing_no, opened_on = excluded.opened_on, followers = excluded.followers,
                 certified_subject = excluded.certified_subject, admin = excluded.admin,
                 admin_contact = excluded.admin_contact, source = excluded.source, source_url = excluded.source_url,
                 source_options_json = excluded.source_options_json,
                 service_links_json = excluded.service_links_json, extra_json = excluded.extra_json,
                 updated_at = excluded.updated_at",
            account.account_id.as_str(),
            &account.name,
            account.platform.key(),
            &account.unit,
            account.unit_tier.map(UnitTier::key),
            account.supervising_unit.as_deref(),
            account.represents_government,
            account.status.key(),
            account.filing_no.as_deref(),
            account.opened_on.map(|day| day.to_string()),
            account.followers.and_then(|n| i64::try_from(n).ok()),
            account.certified_subject.as_deref(),
            account.admin.as_ref().map(Personal::reveal),
            account.admin_contact.as_ref().map(Personal::reveal),
            account.source.map(SourceKind::key),
            account.source_url.as_deref(),
            json(&account.source_options)?,
            json(&account.service_links)?,
            json(&account.extra)?,
            millis(now)
        )?;
        Ok(())
    }

    /// One account.
    pub async fn account(&mut self, id: &AccountId) -> Result<Option<Account>, StoreError> {
        sql!(self, opt Row, "SELECT * FROM account WHERE account_id = $1", id.as_str())?
            .map(Account::try_from)
            .transpose()
    }

    /// These accounts, as far as they exist.
    pub async fn accounts_of(&mut self, accounts: &[&AccountId]) -> Result<Vec<Account>, StoreError> {
        let text = format!("SELECT * FROM account WHERE {}", self.is_listed("account_id", "$1"));
        sql!(self, all Row, sqlx::AssertSqlSafe(text.as_str()), json(&accounts)?)?
            .into_iter()
            .map(Account::try_from)
            .collect()
    }

    /// The next `limit` accounts after `after`, by `account_id`.
    pub async fn accounts_page(
        &mut self,
        query: &AccountQuery,
        after: Option<&AccountId>,
        limit: usize,
    ) -> Result<Vec<Account>, StoreError> {
        sql!(
            self,
            all Row,
            "SELECT * FROM account
             WHERE account_id > $1 AND ($2 IS NULL OR unit = $2) AND ($3 IS NULL OR platform = $3)
                 AND ($4 IS NULL OR status = $4)
             ORDER BY account_id LIMIT $5",
            after.map_or("", AccountId::as_str),
            query.unit.as_deref(),
            query.platform.map(Platform::key),
            query.status.map(AccountStatus::key),
            limit as i64
        )?
        .into_iter()
        .map(Account::try_from)
        .collect()
    }

    /// The next `limit` accounts of the frame of a day: running, and opened by then.
    ///
    /// With `not_in_round`, only those the round's frame does not hold yet.
    pub async fn running_accounts_page(
        &mut self,
        on: NaiveDate,
        not_in_round: Option<i64>,
        after: Option<&AccountId>,
        limit: usize,
    ) -> Result<Vec<Account>, StoreError> {
        sql!(
            self,
            all Row,
            "SELECT * FROM account a
             WHERE a.account_id > $1 AND a.status = 'running' AND (a.opened_on IS NULL OR a.opened_on <= $2)
                 AND NOT EXISTS (SELECT 1 FROM frame f WHERE f.round_id = $3 AND f.account_id = a.account_id)
             ORDER BY a.account_id LIMIT $4",
            after.map_or("", AccountId::as_str),
            on.to_string(),
            not_in_round.unwrap_or(-1),
            limit as i64
        )?
        .into_iter()
        .map(Account::try_from)
        .collect()
    }

    /// The next `limit` accounts after `after` of a round's frame and its top-ups, in whatever state they are now.
    pub async fn frame_accounts_page(
        &mut self,
        round: i64,
        after: Option<&AccountId>,
        limit: usize,
    ) -> Result<Vec<Account>, StoreError> {
        sql!(
            self,
            all Row,
            "SELECT a.* FROM frame f JOIN account a ON a.account_id = f.account_id
             WHERE f.round_id = $1 AND f.account_id > $2 ORDER BY f.account_id LIMIT $3",
            round,
            after.map_or("", AccountId::as_str),
            limit as i64
        )?
        .into_iter()
        .map(Account::try_from)
        .collect()
    }

    /// The next `limit` accounts after `after` that are not closed, as far as they are compared with each other.
    pub async fn named_accounts_page(
        &mut self,
        after: Option<&AccountId>,
        limit: usize,
    ) -> Result<Vec<Named>, StoreError> {
        sql!(
            self,
            all(String, String, String, String, Option<String>),
            "SELECT account_id, name, platform, unit, opened_on FROM account
             WHERE account_id > $1 AND status <> 'closed' ORDER BY account_id LIMIT $2",
            after.map_or("", AccountId::as_str),
            limit as i64
        )?
        .into_iter()
        .map(|(account_id, name, platform, unit, opened_on)| {
            Ok(Named {
                account_id: AccountId::new(account_id),
                name,
                platform: word(&platform)?,
                unit,
                opened_on: opened_on.and_then(|day| day.parse().ok()),
            })
        })
        .collect()
    }

    /// Whether any account has a supervising unit, an administrator, a filing number.
    pub async fn kept_columns(&mut self) -> Result<[bool; 3], StoreError> {
        let (supervising, admin, filing) = sql!(
            self,
            one(i64, i64, i64),
            "SELECT CASE WHEN EXISTS (SELECT 1 FROM account WHERE supervising_unit IS NOT NULL)
                 THEN CAST(1 AS BIGINT) ELSE 0 END,
             CASE WHEN EXISTS (SELECT 1 FROM account WHERE admin IS NOT NULL) THEN CAST(1 AS BIGINT) ELSE 0 END,
             CASE WHEN EXISTS (SELECT 1 FROM account WHERE filing_no IS NOT NULL) THEN CAST(1 AS BIGINT) ELSE 0 END"
        )?;
        Ok([supervising > 0, admin > 0, filing > 0])
    }

    /// How many accounts are registered, in any state.
    pub async fn account_count(&mut self) -> Result<i64, StoreError> {
        Ok(sql!(self, scalar i64, "SELECT COUNT(*) FROM account")?)
    }

    /// Whether a unit runs any account.
    pub async fn unit_exists(&mut self, unit: &str) -> Result<bool, StoreError> {
        Ok(sql!(self, scalar i64, "SELECT COUNT(*) FROM account WHERE unit = $1", unit)? > 0)
    }
}
