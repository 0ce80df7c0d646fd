//! A year by unit (年度汇总): facts and counts for the performance assessment, and proposals a person decides.
//!
//! Decisions that bind this module:
//! - No score and no ranking: accounts are judged by vetoes alone, and units stand in the order
//!   of their names (国办函〔2026〕12号; 国办秘函〔2019〕19号).
//! - What could not be judged counts neither for nor against a unit.
//! - A proposal (整合, 关停) is a list of rows; it decides nothing.
//! - [`Year::check`] counts everything again from the rows, and the units against the whole.

use serde::{Deserialize, Serialize};

use super::account::{AccountId, AccountStatus, Platform, UnitTier};
use super::bulletin::{AccountResult, Imbalance};
use super::issue::IssueStatus;
use super::keyed::keyed_enum;
use super::round::RoundName;
use super::rule::{Class, Indicator};
use super::time::LocalTime;

mod check;
mod count;
mod naming;
mod proposals;

pub use count::{YearBehind, YearRow};
pub use naming::describe;

/// The format name of a year.
pub const FORMAT: &str = "xuncha-annual/1";

/// Whether this program reads a year of that format: as with a dataset, a minor version only adds.
#[must_use]
pub fn understands(format: &str) -> bool {
    format.strip_prefix(FORMAT).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

/// From so many rounds on, silence is no accident (无力维护).
const SILENT_ROUNDS: usize = 2;
/// Looks so many days apart are two, whatever they saw.
const SILENT_DAYS: i64 = 14;

/// What the store hands over about a year: rows only.
#[derive(Debug, Clone, PartialEq)]
pub struct YearFacts {
    /// The supervising office.
    pub office: String,
    /// The year.
    pub year: i32,
    /// When it was put together.
    pub generated_at: LocalTime,
    /// Its quarterly and half-year rounds that were judged, rehearsals not among them.
    pub rounds: Vec<YearRound>,
    /// Every registered account with what its rounds said.
    pub accounts: Vec<YearAccount>,
    /// Issues opened, re-opened or found again in the year.
    pub issues: Vec<YearIssue>,
    /// An account with fewer followers has little attention, where their number is known.
    pub few_followers: u64,
}

/// A round of the year.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct YearRound {
    /// Its name.
    pub name: RoundName,
    /// 监测时间点.
    pub as_of: LocalTime,
    /// Accounts of its frame.
    pub frame: usize,
    /// Members.
    pub drawn: usize,
}

/// An account and its year.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct YearAccount {
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
    /// 状态.
    pub status: AccountStatus,
    /// 粉丝数.
    pub followers: Option<u64>,
    /// What each round said of it that drew it.
    pub looks: Vec<YearLook>,
}

/// What one round said of an account.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct YearLook {
    /// The round.
    pub round: RoundName,
    /// Its result.
    pub result: AccountResult,
    /// 最后更新时间.
    pub newest_at: Option<LocalTime>,
    /// The finding that says it was silent, and stands.
    pub silent: Option<Silent>,
}

/// A standing finding of silence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Silent {
    /// `stale`, `zombie` or `home_stale`.
    pub indicator: Indicator,
    /// Number of the finding.
    pub finding_id: i64,
}

/// An issue of the year.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own that a column counts")]
pub struct YearIssue {
    /// Number.
    pub id: i64,
    /// The account.
    pub account_id: AccountId,
    /// The account's name.
    pub account: String,
    /// The platform.
    pub platform: Platform,
    /// 主办单位 at the time it was found.
    pub unit: String,
    /// The indicator.
    pub indicator: Indicator,
    /// How grave.
    pub class: Class,
    /// Where it stands.
    pub status: IssueStatus,
    /// When it was opened.
    pub opened_at: LocalTime,
    /// Its deadline.
    pub due_at: Option<LocalTime>,
    /// Its end.
    pub closed_at: Option<LocalTime>,
    /// It became overdue in the year.
    pub overdue: bool,
    /// It was escalated in the year.
    pub escalated: bool,
    /// An appeal was made in the year.
    pub appealed: bool,
    /// More time was granted in the year.
    pub extended: bool,
    /// A rectification was rejected in the year.
    pub rejected: bool,
}

impl YearIssue {
    const fn fell(&self) -> bool {
        matches!(self.status, IssueStatus::Revoked | IssueStatus::Dismissed)
    }

    fn is_problem(&self) -> bool {
        self.class != Class::Advice && !self.fell()
    }
}

/// One unit's year in counts.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct UnitYear {
    /// 主办单位; empty in the total.
    pub unit: String,
    /// 单位层级, as its first account has it.
    pub unit_tier: Option<UnitTier>,
    /// Registered accounts that are not closed.
    pub accounts: usize,
    /// Looks of quarterly and half-year rounds at its accounts.
    pub looks: usize,
    /// 合格.
    pub qualified: usize,
    /// 存在问题.
    pub problem: usize,
    /// 不合格.
    pub failed: usize,
    /// 无法判定.
    pub unjudged: usize,
    /// 尚未检查.
    pub pending: usize,
    /// Problems that stand.
    pub problems: usize,
    /// Of these 单项否决.
    pub veto: usize,
    /// Of these 突出问题.
    pub prominent: usize,
    /// Of these 一般问题.
    pub ordinary: usize,
    /// Problems that are closed.
    pub closed: usize,
    /// Of these never overdue.
    pub closed_in_time: usize,
    /// Problems still open.
    pub live: usize,
    /// Problems that were overdue at some time.
    pub overdue: usize,
    /// Problems that were escalated.
    pub escalated: usize,
    /// Problems of which a rectification was rejected.
    pub rejected: usize,
    /// Problems with more time granted.
    pub extended: usize,
    /// Issues appealed, whatever came of it.
    pub appealed: usize,
    /// Issues that fell.
    pub fallen: usize,
    /// Advice that stands.
    pub advice: usize,
}

/// A count of a [`UnitYear`]: key, Chinese and English heading, value.
pub type UnitColumn = (&'static str, &'static str, &'static str, fn(&UnitYear) -> usize);

/// The counts of a unit in the order in which documents print them.
pub const UNIT_COLUMNS: [UnitColumn; 21] = [
    ("accounts", "账号数", "Accounts", |u| u.accounts),
    ("looks", "受检个次", "Looks", |u| u.looks),
    ("qualified", "合格", "Qualified", |u| u.qualified),
    ("problem", "存在问题", "With problems", |u| u.problem),
    ("failed", "不合格", "Failed", |u| u.failed),
    ("unjudged", "无法判定", "Unjudged", |u| u.unjudged),
    ("pending", "尚未检查", "To come", |u| u.pending),
    ("problems", "认定问题", "Problems", |u| u.problems),
    ("veto", "单项否决", "Vetoes", |u| u.veto),
    ("prominent", "突出问题", "Prominent", |u| u.prominent),
    ("ordinary", "一般问题", "Ordinary", |u| u.ordinary),
    ("closed", "已销号", "Closed", |u| u.closed),
    ("closed_in_time", "其中按期", "In time", |u| u.closed_in_time),
    ("live", "未办结", "Open", |u| u.live),
    ("overdue", "曾逾期", "Were overdue", |u| u.overdue),
    ("escalated", "曾督办", "Escalated", |u| u.escalated),
    ("rejected", "曾退回", "Rejected", |u| u.rejected),
    ("extended", "曾延期", "Extended", |u| u.extended),
    ("appealed", "申诉", "Appealed", |u| u.appealed),
    ("fallen", "撤销排除", "Fallen", |u| u.fallen),
    ("advice", "工作建议", "Advice", |u| u.advice),
];

keyed_enum! {
    /// Why something is proposed.
    Why {
        SameUnit = "same_unit", "功能相近：同一单位在同一平台开设多个账号", "Near in function: several accounts of one unit on one platform";
        SimilarName = "similar_name", "功能相近：同一平台账号名称相近", "Near in function: like names on one platform";
        FewFollowers = "few_followers", "关注度低：粉丝数低于设定值", "Little attention: fewer followers than set";
        LowUse = "low_use", "利用率低：经人工认定", "Little used, as a person confirmed";
        Silent = "silent", "无力维护：僵尸账号，或两次以上检查内容不更新", "Not kept up: a zombie, or silent in two rounds or more";
    }
}

impl Why {
    /// Whether it speaks for closing (关停) rather than for merging (整合).
    #[must_use]
    pub const fn is_closing(self) -> bool {
        matches!(self, Self::Silent)
    }
}

/// A proposal with the rows behind it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Proposal {
    /// Why.
    pub why: Why,
    /// What of, a line an account and fact.
    pub evidence: Vec<EvidenceRow>,
}

/// One fact behind a proposal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EvidenceRow {
    /// The account.
    pub account_id: AccountId,
    /// 账号名称.
    pub account: String,
    /// 平台.
    pub platform: Platform,
    /// 主办单位.
    pub unit: String,
    /// The round that saw it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub round: Option<RoundName>,
    /// What that round found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub indicator: Option<Indicator>,
    /// Number of the finding.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finding_id: Option<i64>,
    /// Number of the issue.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issue_id: Option<i64>,
    /// 最后更新时间.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub newest_at: Option<LocalTime>,
    /// 粉丝数.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub followers: Option<u64>,
}

impl EvidenceRow {
    fn of(account: &YearAccount) -> Self {
        Self {
            account_id: account.account_id.clone(),
            account: account.name.clone(),
            platform: account.platform,
            unit: account.unit.clone(),
            round: None,
            indicator: None,
            finding_id: None,
            issue_id: None,
            newest_at: None,
            followers: account.followers,
        }
    }
}

/// A year with everything counted from its rows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Year {
    /// [`FORMAT`].
    pub format: String,
    /// The supervising office.
    pub office: String,
    /// The year.
    pub year: i32,
    /// When it was put together.
    pub generated_at: LocalTime,
    /// The threshold of little attention.
    pub few_followers: u64,
    /// Its rounds.
    pub rounds: Vec<YearRound>,
    /// All units together.
    pub total: UnitYear,
    /// The units, by name.
    pub units: Vec<UnitYear>,
    /// Proposals to merge (整合).
    pub merge: Vec<Proposal>,
    /// Proposals to close (关停).
    pub close: Vec<Proposal>,
    /// Every registered account.
    pub accounts: Vec<YearAccount>,
    /// The issues of the year.
    pub issues: Vec<YearIssue>,
}

impl Year {
    /// Counts the facts.
    ///
    /// Errors: the facts contradict themselves.
    pub fn build(facts: YearFacts) -> Result<Self, Imbalance> {
        let YearFacts { office, year, generated_at, mut rounds, mut accounts, mut issues, few_followers } = facts;
        rounds.sort_by_key(|round| (round.as_of, round.name));
        accounts.sort_by(|a, b| a.account_id.cmp(&b.account_id));
        issues.sort_by_key(|issue| issue.id);
        let mut built = Self {
            format: FORMAT.to_owned(),
            office,
            year,
            generated_at,
            few_followers,
            rounds,
            total: UnitYear::default(),
            units: Vec::new(),
            merge: Vec::new(),
            close: Vec::new(),
            accounts,
            issues,
        };
        built.total = built.whole();
        built.units = built.by_unit();
        (built.merge, built.close) = built.proposals();
        built.check()?;
        Ok(built)
    }
}

#[cfg(test)]
pub(crate) mod tests;
