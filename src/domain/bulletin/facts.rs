//! What the store hands over about one round: rows only, no sums.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::domain::account::{AccountId, Personal, Platform, UnitTier};
use crate::domain::finding::Outcome;
use crate::domain::issue::{Issue, IssueStatus};
use crate::domain::notice::Bilingual;
use crate::domain::ratio::Ratio;
use crate::domain::round::{RoundKind, RoundName, RoundState};
use crate::domain::rule::{Class, Indicator};
use crate::domain::sample::{Always, Reason, Rotation, Stratum};
use crate::domain::time::LocalTime;

/// Everything known of one round.
#[derive(Debug, Clone, PartialEq)]
pub struct Facts {
    /// The supervising office (主管单位) in whose name the documents are drafted.
    pub office: String,
    /// The round.
    pub round: RoundFacts,
    /// Every account of the frame and of its top-ups; order does not matter.
    pub accounts: Vec<AccountFacts>,
    /// Issues found, or found again, in this round.
    pub issues: Vec<Issue>,
    /// What became of the issues of the round before; `None` where there was no such round.
    pub previous: Option<PreviousRound>,
    /// What the rounds before this one came to, the latest first; three at most.
    pub earlier: Vec<super::EarlierRound>,
    /// Reminders sent to units before a violation (更新提醒).
    pub warnings_sent: usize,
    /// Rectification notices of this round.
    pub notices: NoticeFacts,
    /// What documents say beside rows and figures.
    pub context: Context,
}

/// The round and its draw.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RoundFacts {
    /// Its name.
    pub name: RoundName,
    /// Its kind.
    pub kind: RoundKind,
    /// How far it has come.
    pub state: RoundState,
    /// The monitoring time (监测时间点).
    pub as_of: LocalTime,
    /// First instant of the window.
    pub window_from: LocalTime,
    /// When it was drawn; `None` while it is frozen only.
    pub opened_at: Option<LocalTime>,
    /// When the dataset was made; also the creation date inside every document.
    pub generated_at: LocalTime,
    /// The seed; `None` while it is frozen only.
    pub seed: Option<String>,
    /// The ratio.
    pub ratio: Ratio,
    /// The rotation.
    pub rotation: Rotation,
    /// Accounts in the frozen frame, newcomers not among them.
    pub frame_size: usize,
    /// SHA-256 of the frame's canonical text, hex.
    pub frame_sha256: String,
    /// Strata of the frozen frame with their quotas.
    pub strata: Vec<Stratum>,
    /// The monitoring time lay far back when the round was opened (演练).
    pub rehearsal: bool,
    /// Version of the rule set.
    pub rule_version: String,
    /// The documents the rule set rests on, titles with numbers, in the order to be cited.
    pub rule_documents: Vec<String>,
}

/// One account of the frame, without personal data.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AccountFacts {
    /// 账号编号.
    pub account_id: AccountId,
    /// 账号名称.
    pub name: String,
    /// 平台.
    pub platform: Platform,
    /// 主办单位.
    pub unit: String,
    /// 单位层级.
    pub unit_tier: Option<UnitTier>,
    /// 主管单位.
    pub supervising_unit: Option<String>,
    /// 备案编号.
    pub filing_no: Option<String>,
    /// 代表主体.
    pub represents_government: bool,
    /// 认证主体.
    pub certified_subject: Option<String>,
    /// 粉丝数.
    pub followers: Option<u64>,
    /// Columns the registry had beside the known ones; the dataset keeps those in
    /// [`KEPT_EXTRAS`] and drops the rest, which may be personal.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub extra: BTreeMap<String, String>,
    /// The stratum it lies in.
    pub stratum: String,
    /// Why it is looked at whatever the draw says.
    pub always: Option<Always>,
    /// An earlier quarterly round of the same year had drawn it; `None` in a file of an earlier version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drawn_this_year: Option<bool>,
    /// It was registered after the frame was frozen and came in by a top-up.
    pub newcomer: bool,
    /// Which top-up of the round that was, from 1; `None` for an account of the frozen frame and in a
    /// file of an earlier version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub top_up: Option<u32>,
    /// Its part in the round; `None` where it was not drawn.
    pub member: Option<MemberFacts>,
}

/// Headings of a registry file that ledgers carry on: none of them holds personal data.
pub const KEPT_EXTRAS: [&str; 4] = ["认证状态", "备案日期", "运维方式", "运维单位"];

/// A member of the round and what was found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MemberFacts {
    /// Why it is a member.
    pub reason: Reason,
    /// Its ticket, hex.
    pub ticket: String,
    /// When it was looked at; `None` where that is still to come.
    pub looked_at: Option<LocalTime>,
    /// Publication time of its newest post (最后更新时间).
    pub newest_at: Option<LocalTime>,
    /// The verdicts, one a finding, after people have decided what was theirs to decide.
    pub verdicts: Vec<Verdict>,
}

/// The part of a finding that documents need.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Verdict {
    /// Number of the finding.
    pub finding_id: i64,
    /// The indicator.
    pub indicator: Indicator,
    /// Its class under the rule that judged it.
    pub class: Class,
    /// The verdict.
    pub outcome: Outcome,
    /// A URL for `link`, else empty.
    pub subject: String,
    /// One plain sentence.
    pub summary: String,
    /// A stable key for why.
    pub reason: String,
    /// A person decided what the machine doubted.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub decided: bool,
}

/// The round before and its issues as they stand now.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PreviousRound {
    /// Its name.
    pub name: RoundName,
    /// Its issues.
    pub issues: Vec<PreviousIssue>,
}

/// One issue of the round before.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PreviousIssue {
    /// Number.
    pub id: i64,
    /// The account's name.
    pub account: String,
    /// The platform.
    pub platform: Platform,
    /// 主办单位.
    pub unit: String,
    /// The indicator.
    pub indicator: Indicator,
    /// How grave.
    pub class: Class,
    /// Where it stands now.
    pub status: IssueStatus,
    /// This round found the same defect again.
    pub found_again: bool,
}

/// How many notices of this round arrived.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct NoticeFacts {
    /// Accepted by a channel.
    pub delivered: usize,
    /// Not yet, or not at all.
    pub undelivered: usize,
}

/// What documents say beside the rows of the round; all of it empty in a dataset made before there was any.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Context {
    /// For a half-year round: the issues of its quarters that were judged, as they stand now.
    pub quarters: Vec<PreviousRound>,
    /// What a unit has to do about an indicator, and how it is checked again.
    pub remedies: BTreeMap<Indicator, Remedy>,
    /// Working days allowed for a class of problems, counted from the day after delivery.
    pub working_days: BTreeMap<Class, u32>,
    /// Indicators that fail an account by themselves under the rules of the office.
    pub vetoes: Vec<Indicator>,
    /// The rectification notices of this round, by unit and number.
    pub sent: Vec<SentNotice>,
}

/// What a unit has to do about an indicator.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Remedy {
    /// What to do.
    pub remedy: Bilingual,
    /// How it will be checked again.
    pub recheck: Bilingual,
}

/// One rectification notice of this round.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SentNotice {
    /// Its number, `2026-0007`.
    pub number: String,
    /// 主办单位.
    pub unit: String,
    /// When it was written.
    pub written_at: LocalTime,
    /// When a channel accepted it.
    pub delivered_at: Option<LocalTime>,
    /// The issues it tells of.
    pub issues: Vec<i64>,
}

/// The people behind an account, for the version that stays in the office; never part of a dataset.
#[derive(Debug, Clone, Default)]
pub struct Contact {
    /// 管理员.
    pub admin: Option<Personal>,
    /// 联系方式.
    pub contact: Option<Personal>,
}

/// Contacts by account.
pub type Contacts = BTreeMap<AccountId, Contact>;
