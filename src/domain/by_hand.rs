//! What a person looked at where no machine may or can (人工核查), as the worksheet asks for it.

use chrono::{DateTime, FixedOffset, Utc};

use super::account::{Account, AccountId, Platform};
use super::finding::Outcome;
use super::keyed::keyed_enum;
use super::round::RoundName;
use super::rule::Indicator;
use super::site::is_site;

keyed_enum! {
    /// What a person looks at on an account (查看事项).
    HandItem {
        Update = "update", "内容更新", "Updates";
        Interaction = "interaction", "互动回应", "Interaction";
        App = "app", "下载使用", "Download and use";
        Expression = "expression", "表述错误", "Wrong wording";
        Privacy = "privacy", "个人信息", "Personal data";
    }
}

impl HandItem {
    /// What is looked for in texts that no machine reads.
    pub const TEXTS: [Self; 2] = [Self::Expression, Self::Privacy];

    /// The indicator a verdict on it is given on; `zombie` stands in for `stale` where it applies.
    ///
    /// A website is updated by its home page.
    #[must_use]
    pub fn indicator(self, account: &Account) -> Indicator {
        match self {
            Self::Update if is_site(account) => Indicator::HomeStale,
            Self::Update => Indicator::Stale,
            Self::Interaction => Indicator::Interaction,
            Self::App => Indicator::AppUnavailable,
            Self::Expression => Indicator::Expression,
            Self::Privacy => Indicator::Privacy,
        }
    }
}

keyed_enum! {
    /// Whose word a look is (来源).
    HandOrigin {
        Inspector = "inspector", "人工核查", "Inspector";
        SelfReport = "self_report", "单位自查", "Self-report of the unit";
    }
}

/// What one person saw.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HandLook {
    /// The account.
    pub account_id: AccountId,
    /// What was looked at.
    pub item: HandItem,
    /// 最新发布时间: the newest post not after the monitoring time, for [`HandItem::Update`].
    pub newest_at: Option<DateTime<FixedOffset>>,
    /// Only the day was written down.
    pub day_only: bool,
    /// 最新内容链接.
    pub content_url: Option<String>,
    /// 结论, where the person gave one; never `suspected`.
    pub verdict: Option<Outcome>,
    /// 说明.
    pub note: String,
    /// 检查人.
    pub checked_by: String,
    /// 检查时间.
    pub checked_at: DateTime<Utc>,
    /// An inspector's look, or the unit's own statement.
    pub origin: HandOrigin,
}

/// A row of the worksheet: an account and one thing to look at.
#[derive(Debug, Clone, PartialEq)]
pub struct HandTask {
    /// The account.
    pub account_id: AccountId,
    /// Its name.
    pub name: String,
    /// Its platform.
    pub platform: Platform,
    /// 主办单位.
    pub unit: String,
    /// Where to look, where the registry knows.
    pub address: Option<String>,
    /// What to look at.
    pub item: HandItem,
    /// Why a person has to, in the office's language.
    pub why: String,
    /// What was recorded before.
    pub answer: Option<HandLook>,
}

/// A row of a worksheet that came back filled in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FilledRow {
    /// The round the worksheet was written for; `None` where the column was removed.
    pub round: Option<RoundName>,
    /// What the person saw.
    pub look: HandLook,
}
