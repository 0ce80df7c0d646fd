//! How a source is doing (采集状态): news about the source, never about the account.

use serde::Serialize;

use super::account::{AccountId, Platform, SourceKind};
use super::keyed::keyed_enum;
use super::time::LocalTime;

keyed_enum! {
    /// Whether an account's source can be read.
    SourceState {
        Working = "working", "正常", "Working";
        Blind = "blind", "失灵", "Blind";
        Blocked = "blocked", "受限", "Blocked";
        WantsAuthorisation = "wants_authorisation", "待授权", "Wants authorisation";
    }
}

/// How the last look at an account's source went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Health {
    /// In one word.
    pub state: SourceState,
    /// A stable key for why; empty where it works.
    pub reason: String,
    /// One sentence in the office's language; empty where it works.
    pub sentence: String,
}

/// An account's source and how it is doing.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SourceHealth {
    /// The account.
    pub account_id: AccountId,
    /// Its name.
    pub account: String,
    /// Its platform.
    pub platform: Platform,
    /// 主办单位.
    pub unit: String,
    /// The adapter.
    pub source: SourceKind,
    /// Its address.
    pub source_url: Option<String>,
    /// How it is doing.
    pub state: SourceState,
    /// Since when it is so.
    pub since: LocalTime,
    /// The last look.
    pub looked_at: LocalTime,
    /// A stable key for why; empty where it works.
    pub reason: String,
    /// One sentence; empty where it works.
    pub sentence: String,
}
