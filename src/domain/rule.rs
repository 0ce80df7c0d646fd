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
        Link = "link", "服务链接失效", "Broken service link";
        Review = "review", "有发布无审核", "Published without review";
        Registration = "registration", "有账号无监管", "Unsupervised account";
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
    /// What the unit has to do, one sentence, Chinese.
    pub remedy_zh: String,
    /// The same in English.
    pub remedy_en: String,
    /// How the office will check again, one sentence, Chinese.
    pub recheck_zh: String,
    /// The same in English.
    pub recheck_en: String,
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
    /// The rule of each indicator.
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

    /// How grave a violation of `indicator` is under this set.
    #[must_use]
    pub fn class(&self, indicator: Indicator) -> Class {
        self.indicators.get(&indicator).map_or(Class::Ordinary, |r| r.class)
    }

    /// What keeps the set from being used, in one sentence; `None` when it is complete.
    #[must_use]
    pub fn flaw(&self) -> Option<String> {
        if let Some(missing) = Indicator::ALL.iter().find(|i| !self.indicators.contains_key(i)) {
            return Some(format!("`indicators.{missing}` is missing"));
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
