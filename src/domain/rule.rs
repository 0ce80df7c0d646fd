//! Indicators (检查指标), their class, and the rule set that judges them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::account::Platform;
use super::keyed::keyed_enum;

keyed_enum! {
    /// What is checked.
    Indicator {
        Stale = "stale", "内容不更新", "Not updated";
        Zombie = "zombie", "僵尸账号", "Zombie account";
        AppUnavailable = "app_unavailable", "移动客户端无法下载或使用", "App cannot be downloaded or used";
        Interaction = "interaction", "互动回应差", "No working interaction";
        Expression = "expression", "表述错误", "Wrong wording";
        SiteUnreachable = "site_unreachable", "站点无法访问", "Website cannot be reached";
        HomeStale = "home_stale", "首页不更新", "Home page not updated";
        ColumnsStale = "columns_stale", "栏目不更新", "Columns not updated";
        Privacy = "privacy", "个人信息泄露", "Personal data published";
        Link = "link", "服务链接失效", "Broken service link";
        Review = "review", "有发布无审核", "Published without review";
        Registration = "registration", "有账号无监管", "Unsupervised account";
        Footer = "footer", "网站标识不规范", "Footer marks missing";
        Ipv6 = "ipv6", "不支持IPv6", "No IPv6";
        Tls = "tls", "安全证书异常", "Certificate fault";
        Duplicate = "duplicate", "同平台重复开设", "Second account on a platform";
        Identity = "identity", "名称或认证主体不一致", "Name or certified subject differs";
        LowUse = "low_use", "利用率低", "Little used";
    }
}

impl Indicator {
    /// Whether a verdict on it says that the account was updated in time, or was not.
    #[must_use]
    pub const fn is_update(self) -> bool {
        matches!(self, Self::Stale | Self::Zombie | Self::HomeStale)
    }

    /// Indicators that are one defect share a family: a stale account that stays silent becomes a zombie.
    #[must_use]
    pub const fn family(self) -> &'static str {
        match self {
            Self::Stale | Self::Zombie => "silence",
            other => other.key(),
        }
    }
}

keyed_enum! {
    /// How grave a problem is (性质).
    Class {
        Veto = "veto", "单项否决", "Veto";
        Prominent = "prominent", "突出问题", "Prominent";
        Ordinary = "ordinary", "一般问题", "Ordinary";
        Advice = "advice", "工作建议", "Advice";
    }
}

/// The rule a finding was judged by: version of the set, document and clause.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
pub struct RuleRef {
    /// Version of the rule set.
    pub version: String,
    /// Title and number of the document.
    pub document: String,
    /// Where in the document.
    pub clause: String,
}

/// One indicator's rule.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// How grave a violation is.
    pub class: Class,
    /// Title and number of the document it rests on.
    pub document: String,
    /// Where in the document.
    pub clause: String,
    /// The clause was read in the document itself; else it is cited from another.
    #[serde(default = "yes")]
    pub confirmed: bool,
    /// What the unit has to do, one sentence, Chinese.
    pub remedy_zh: String,
    /// The same in English.
    pub remedy_en: String,
    /// How the office will check again, one sentence, Chinese.
    pub recheck_zh: String,
    /// The same in English.
    pub recheck_en: String,
}

const fn yes() -> bool {
    true
}

/// Day counts of the update rule; days are 24 hours, counted back from the monitoring time.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Silence {
    /// Older than this is `stale`.
    pub stale_days: i64,
    /// Older than this is `zombie`.
    pub zombie_days: i64,
    /// Ages at which the unit is warned before the violation.
    pub remind_days: Vec<i64>,
    /// Stricter or looser `stale_days` by platform.
    #[serde(default)]
    pub platforms: BTreeMap<Platform, i64>,
}

impl Silence {
    /// The number of days after which an account of `platform` is stale.
    #[must_use]
    pub fn stale_days_for(&self, platform: Platform) -> i64 {
        self.platforms.get(&platform).copied().unwrap_or(self.stale_days)
    }
}

/// How links are picked and looked at.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LinkRule {
    /// At most so many links of an account in one round.
    pub per_account: usize,
    /// Looks before a person is asked about a suspected link.
    pub looks: u32,
    /// Hours between two looks.
    pub hours_between: i64,
}

/// A versioned rule set: data, not code.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RuleSet {
    /// Version, stored with every finding.
    pub version: String,
    /// First day on which the set may be used.
    pub valid_from: chrono::NaiveDate,
    /// Day counts of the update rule.
    pub silence: Silence,
    /// Limits of the link check.
    pub link: LinkRule,
    /// The rule of each indicator; one that is left out is not checked.
    pub indicators: BTreeMap<Indicator, Rule>,
}

impl RuleSet {
    /// What a finding stores of the rule that judged it.
    #[must_use]
    pub fn reference(&self, indicator: Indicator) -> RuleRef {
        let rule = self.indicators.get(&indicator);
        RuleRef {
            version: self.version.clone(),
            document: rule.map(|r| r.document.clone()).unwrap_or_default(),
            clause: rule.map(|r| r.clause.clone()).unwrap_or_default(),
        }
    }

    /// Whether the set checks `indicator` at all.
    #[must_use]
    pub fn checks(&self, indicator: Indicator) -> bool {
        self.indicators.contains_key(&indicator)
    }

    /// How grave a violation of `indicator` is under this set.
    #[must_use]
    pub fn class(&self, indicator: Indicator) -> Class {
        self.indicators.get(&indicator).map_or(Class::Ordinary, |r| r.class)
    }

    /// What keeps the set from being used, in one sentence; `None` when it is complete.
    #[must_use]
    pub fn flaw(&self) -> Option<String> {
        // Stale and zombie are one verdict: it cannot be half switched off.
        if self.checks(Indicator::Stale) != self.checks(Indicator::Zombie) {
            return Some("`indicators.stale` and `indicators.zombie` stand or fall together".into());
        }
        let s = &self.silence;
        if s.stale_days < 1 || s.zombie_days <= s.stale_days {
            return Some("`silence` needs 1 <= stale_days < zombie_days".into());
        }
        if s.remind_days.iter().any(|d| *d < 1 || *d >= s.stale_days) {
            return Some("every `silence.remind_days` lies between 1 and stale_days".into());
        }
        if self.link.looks < 1 || self.link.per_account < 1 {
            return Some("`link.looks` and `link.per_account` are at least 1".into());
        }
        None
    }
}
