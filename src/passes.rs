//! Links by which a unit answers a notice without a bot (办理链接): made, opened, used.
//!
//! A token is a random number and its signature, so that one nobody made is refused without asking
//! the database. It is kept by its hash; the number beside it lets a message that has to be repeated
//! say the same address again, to whoever holds the key.
//!
//! Decisions that bind this module:
//! - A link belongs to one notice in one chat, and acts in the name of that notice's unit alone, for as
//!   long as the unit is bound there.
//! - Looking is free: servers of chat products open links to preview them. Each act is done once an
//!   issue and link; what has to be done again comes with a notice, and so with a link, of its own.
//! - What may be done is decided by [`crate::issues`], as for every other way in.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, TimeDelta, Utc};
use hmac::{Hmac, KeyInit as _, Mac as _};
use rand::RngExt as _;
use secrecy::ExposeSecret as _;
use sha2::{Digest, Sha256};

use crate::config::SecretError;
use crate::domain::issue::Action;
use crate::domain::keyed::keyed_enum;
use crate::domain::sample::hex;
use crate::domain::workday::{Deadline, due_at};
use crate::issues::clock::deadline;
use crate::issues::{Acted, IssueError, Scope, act_in};
use crate::office::Office;
use crate::store::{NoticeRow, PassAct, PassRow, StoreError, StoredIssue, Tx};

keyed_enum! {
    /// What a link lets its holder do.
    Act {
        Acknowledge = "ack", "签收", "Acknowledge";
        Fix = "fix", "整改反馈", "Report rectification";
        Appeal = "appeal", "申诉", "Appeal";
    }
}

impl Act {
    /// The same as the workflow calls it.
    #[must_use]
    pub const fn action(self) -> Action {
        match self {
            Self::Acknowledge => Action::Acknowledge,
            Self::Fix => Action::Fix,
            Self::Appeal => Action::Appeal,
        }
    }
}

/// Why there is no link, or a link opens nothing.
#[derive(Debug, thiserror::Error)]
pub enum PassError {
    /// Nobody made this token, or the key is another now.
    #[error("the link is not valid")]
    Invalid,
    /// Its time is over.
    #[error("the link has expired")]
    Expired,
    /// The issue is none of the notice's.
    #[error("the notice does not tell of issue {0}")]
    OtherIssue(i64),
    /// The act was done through this link before.
    #[error("this was done through this link before")]
    Used,
    /// The workflow refuses.
    #[error(transparent)]
    Issue(#[from] IssueError),
    /// The key cannot be read.
    #[error(transparent)]
    Key(#[from] SecretError),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What a link shows.
#[derive(Debug, Clone)]
pub struct Opened {
    /// The link.
    pub pass: PassRow,
    /// The notice.
    pub notice: NoticeRow,
    /// Its issues, those of the unit alone.
    pub issues: Vec<StoredIssue>,
    /// What was done through the link.
    pub acts: Vec<PassAct>,
}

/// A link lives at least so long.
const DAYS_VALID: i64 = 30;
/// Working days a link outlives the last deadline of its issues.
const AFTER_DEADLINE: u32 = 10;
const NONCE_BYTES: usize = 16;
const MAC_BYTES: usize = 16;
const KEY: &str = "pass_key";

/// The address of the link for a notice in a chat, made on first sight and the same ever after.
///
/// `None` where the office names no public address, the notice tells a unit of no issue, or the chat is
/// no longer one of the unit's.
pub async fn address(office: &Office, notice: &NoticeRow, chat: i64) -> Result<Option<String>, PassError> {
    let (Some(root), Some(unit)) = (&office.config.web.public_url, &notice.unit) else { return Ok(None) };
    let now = office.now();
    let mut tx = office.store.write().await?;
    let issues = tx.issues_of_notice(notice.id).await?;
    if issues.is_empty() || !tx.chat_reads_unit(chat, unit).await? {
        return Ok(None);
    }
    let key = key(&mut tx, office, true).await?;
    let known = tx.pass_of(notice.id, chat).await?.map(|pass| pass.nonce);
    let nonce = known.unwrap_or_else(random_hex::<NONCE_BYTES>);
    let token = token(&key, &nonce);
    let expires_at = expiry(&mut tx, office, &issues, now).await?;
    tx.insert_pass(notice.id, chat, unit, &nonce, &digest(&token), now, expires_at).await?;
    tx.commit().await?;
    Ok(Some(format!("{root}/a/{token}")))
}

/// What a token opens; changes nothing.
pub async fn open(office: &Office, token: &str) -> Result<Opened, PassError> {
    let mut tx = office.store.read().await?;
    let pass = load(&mut tx, office, token).await?;
    let notice = tx.notice(pass.notice_id).await?;
    let mut issues = Vec::new();
    for id in tx.issues_of_notice(pass.notice_id).await? {
        let found = tx.issue(id, office.zone()).await?;
        if found.issue.unit == pass.unit {
            issues.push(found);
        }
    }
    let acts = tx.acts_of_pass(pass.id).await?;
    Ok(Opened { pass, notice, issues, acts })
}

/// Does `act` on an issue in the name of the link's unit, once.
pub async fn act(office: &Office, token: &str, issue: i64, act: Act, note: &str) -> Result<Acted, PassError> {
    let mut tx = office.store.write().await?;
    let pass = load(&mut tx, office, token).await?;
    if !tx.issues_of_notice(pass.notice_id).await?.contains(&issue) {
        return Err(PassError::OtherIssue(issue));
    }
    let acted = act_once(&mut tx, office, &pass, issue, act, note).await?;
    tx.commit().await?;
    Ok(acted)
}

/// Acknowledges every issue of the notice that can be; gives how many.
pub async fn acknowledge_all(office: &Office, token: &str) -> Result<usize, PassError> {
    let mut tx = office.store.write().await?;
    let pass = load(&mut tx, office, token).await?;
    let mut count = 0;
    for issue in tx.issues_of_notice(pass.notice_id).await? {
        match act_once(&mut tx, office, &pass, issue, Act::Acknowledge, "").await {
            Ok(acted) => count += usize::from(acted.changed),
            // Ended, done before, or another unit's by now: not this link's to acknowledge.
            Err(PassError::Used | PassError::Issue(IssueError::Refused { .. } | IssueError::NotFound(_))) => {}
            Err(error) => return Err(error),
        }
    }
    tx.commit().await?;
    Ok(count)
}

/// The act is marked as used only where the workflow took it.
async fn act_once(
    tx: &mut Tx,
    office: &Office,
    pass: &PassRow,
    issue: i64,
    act: Act,
    note: &str,
) -> Result<Acted, PassError> {
    if tx.acts_of_pass(pass.id).await?.iter().any(|done| done.issue == issue && done.act == act.key()) {
        return Err(PassError::Used);
    }
    let scope = Scope::Unit(pass.unit.clone());
    let actor = format!("{}（网页）", pass.unit);
    let acted = act_in(tx, office, issue, act.action(), note, &actor, &scope).await?;
    tx.use_pass(pass.id, issue, act.key(), office.now()).await?;
    Ok(acted)
}

async fn load(tx: &mut Tx, office: &Office, token: &str) -> Result<PassRow, PassError> {
    let key = key(tx, office, false).await?;
    if !is_signed(&key, token) {
        return Err(PassError::Invalid);
    }
    let pass = tx.pass(&digest(token)).await?.ok_or(PassError::Invalid)?;
    // Why the chat too: whoever is left in it acts for the unit no more.
    if pass.expires_at <= office.now() || !tx.chat_reads_unit(pass.chat_id, &pass.unit).await? {
        return Err(PassError::Expired);
    }
    Ok(pass)
}

/// The key: of the file, or the one kept in the database, made when the first link is.
async fn key(tx: &mut Tx, office: &Office, make: bool) -> Result<Vec<u8>, PassError> {
    if let Some(source) = &office.config.web.link_key {
        return Ok(source.read()?.expose_secret().as_bytes().to_vec());
    }
    let kept = if make {
        let fresh = random_hex::<32>();
        tx.keep_meta(KEY, &fresh).await?
    } else {
        tx.meta(KEY).await?.ok_or(PassError::Invalid)?
    };
    Ok(kept.into_bytes())
}

async fn expiry(tx: &mut Tx, office: &Office, issues: &[i64], now: DateTime<Utc>) -> Result<DateTime<Utc>, StoreError> {
    let mut last = now + TimeDelta::days(DAYS_VALID);
    for id in issues {
        let found = tx.issue(*id, office.zone()).await?;
        let due =
            found.state.due_at.map_or_else(|| deadline(office, found.issue.class, now).on, |due| office.date(due));
        let after = office.calendar.deadline(due, AFTER_DEADLINE).on;
        last = last.max(due_at(Deadline { on: after, provisional: false }, office.zone()));
    }
    Ok(last)
}

fn signer(key: &[u8], nonce: &[u8]) -> Option<Hmac<Sha256>> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).ok()?;
    mac.update(b"xuncha link 1\n");
    mac.update(nonce);
    Some(mac)
}

fn token(key: &[u8], nonce: &str) -> String {
    let mut bytes = unhex(nonce);
    if let Some(mac) = signer(key, &bytes) {
        bytes.extend(mac.finalize().into_bytes().iter().take(MAC_BYTES));
    }
    URL_SAFE_NO_PAD.encode(bytes)
}

fn is_signed(key: &[u8], token: &str) -> bool {
    // Why the length first: nothing long is decoded for a stranger.
    let Some(bytes) = (token.len() < 64).then(|| URL_SAFE_NO_PAD.decode(token).ok()).flatten() else { return false };
    let Some((nonce, mac)) = bytes.split_at_checked(NONCE_BYTES) else { return false };
    mac.len() == MAC_BYTES && signer(key, nonce).is_some_and(|signer| signer.verify_truncated_left(mac).is_ok())
}

fn random_hex<const BYTES: usize>() -> String {
    hex(&rand::rng().random::<[u8; BYTES]>())
}

fn unhex(text: &str) -> Vec<u8> {
    let digit = |byte: &u8| char::from(*byte).to_digit(16).unwrap_or_default() as u8;
    text.as_bytes().chunks_exact(2).map(|pair| pair.iter().fold(0, |sum, byte| sum << 4 | digit(byte))).collect()
}

fn digest(token: &str) -> String {
    hex(&Sha256::digest(token))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_valid_as_it_was_made_and_under_its_own_key_alone() {
        let nonce = "00112233445566778899aabbccddeeff";
        let made = token(b"key", nonce);
        assert_eq!((made.len(), made.clone()), (43, token(b"key", nonce)));
        assert!(is_signed(b"key", &made) && !is_signed(b"other", &made));
        for (at, other) in [(0, 'x'), (20, 'x'), (42, 'x')] {
            let forged: String = made.chars().enumerate().map(|(n, c)| if n == at { other } else { c }).collect();
            assert!(forged == made || !is_signed(b"key", &forged), "{forged}");
        }
        for forged in
            ["", "a", "签收", made.get(..42).unwrap(), &format!("{made}A"), &"A".repeat(43), &"A".repeat(10_000)]
        {
            assert!(!is_signed(b"key", forged), "{forged}");
        }
    }
}
