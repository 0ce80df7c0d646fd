//! Indicators (检查指标), their class, and the rule set that judges them.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::account::Platform;
use super::keyed::keyed_enum;
use super::lexicon::Lexicon;
use super::privacy::NumberKind;
use super::site::SiteRule;

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

/// From when on an account is little used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LowUse {
    /// Fewer posts than this in a quarter; a shorter or longer window in proportion.
    pub posts_per_quarter: u32,
    /// An account with so many followers is in use all the same, where their number is known.
    #[serde(default)]
    pub followers_below: Option<u64>,
}

/// What keeps a rule set from being used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flaw {
    /// The table of the file it lies in.
    pub table: &'static str,
    /// One sentence, Chinese.
    pub zh: &'static str,
    /// The same in English.
    pub en: &'static str,
}

/// What a person is asked to look at beside what no machine could see.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ByHandRule {
    /// Platforms whose members are tried for `interaction`; all where none is named.
    #[serde(default)]
    pub interaction_platforms: Vec<Platform>,
    /// Only members that were drawn at random, not those that are always looked at.
    #[serde(default)]
    pub interaction_drawn_only: bool,
}

/// How texts are looked through for wrong wording.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ExpressionRule {
    /// At most so many findings of an account in one round; the last one says how many there are beyond.
    pub per_account: usize,
}

impl Default for ExpressionRule {
    fn default() -> Self {
        Self { per_account: 30 }
    }
}

/// How texts and linked tables are looked through for personal data.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PrivacyRule {
    /// At most so many findings of an account in one round; the last one says how many there are beyond.
    pub per_account: usize,
    /// The kinds of numbers that are suspected.
    pub kinds: Vec<NumberKind>,
    /// So many different mobile numbers in one text, not named as contacts, are a list of people.
    pub mobiles_from: usize,
    /// At most so many linked files (XLSX, XLS, CSV, DOCX) of an account are read in one round.
    pub attachments: usize,
    /// At most so many other linked pages are read for the tables in them.
    pub pages: usize,
}

impl Default for PrivacyRule {
    fn default() -> Self {
        Self { per_account: 30, kinds: NumberKind::ALL.to_vec(), mobiles_from: 3, attachments: 3, pages: 0 }
    }
}

/// A versioned rule set: data, not code.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RuleSet {
    /// Version, stored with every finding.
    pub version: String,
    /// First day on which the set may be used.
    #[serde(deserialize_with = "day")]
    pub valid_from: chrono::NaiveDate,
    /// Day counts of the update rule.
    pub silence: Silence,
    /// Limits of the link check.
    pub link: LinkRule,
    /// When an account is little used; a set without it does not check that.
    #[serde(default)]
    pub low_use: Option<LowUse>,
    /// What a person is asked to look at.
    #[serde(default)]
    pub by_hand: ByHandRule,
    /// How wrong wording is looked for.
    #[serde(default)]
    pub expression: ExpressionRule,
    /// How personal data is looked for.
    #[serde(default)]
    pub privacy: PrivacyRule,
    /// Wrong forms and their right ones; a file of its own.
    #[serde(skip, default = "Lexicon::built_in")]
    pub lexicon: Arc<Lexicon>,
    /// Knobs of the website rules.
    #[serde(default)]
    pub site: SiteRule,
    /// The rule of each indicator; one that is left out is not checked.
    pub indicators: BTreeMap<Indicator, Rule>,
}

/// What is said of a `valid_from` that is no day.
pub(crate) const NO_DAY: &str = "must be a date like 2026-01-01";

/// A day, as text or as TOML's own kind of value.
fn day<'de, D: serde::Deserializer<'de>>(d: D) -> Result<chrono::NaiveDate, D::Error> {
    let text = match toml::Value::deserialize(d)? {
        toml::Value::String(text) => text,
        toml::Value::Datetime(day) => day.to_string(),
        _ => return Err(serde::de::Error::custom(NO_DAY)),
    };
    text.parse().map_err(|_| serde::de::Error::custom(NO_DAY))
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

    /// The indicators that the set does not check.
    #[must_use]
    pub fn unchecked(&self) -> Vec<Indicator> {
        Indicator::ALL.iter().copied().filter(|indicator| !self.checks(*indicator)).collect()
    }

    /// The indicators that rest on a clause which was not read in the document itself.
    #[must_use]
    pub fn unconfirmed(&self) -> Vec<Indicator> {
        self.indicators.iter().filter(|(_, rule)| !rule.confirmed).map(|(indicator, _)| *indicator).collect()
    }

    /// What keeps the set from being used; `None` when it is complete.
    #[must_use]
    pub fn flaw(&self) -> Option<Flaw> {
        let flaw = |table, zh, en| Some(Flaw { table, zh, en });
        if self.version.trim().is_empty() {
            return flaw("version", "version 不能为空", "`version` is empty");
        }
        // Stale and zombie are one verdict: it cannot be half switched off.
        if self.checks(Indicator::Stale) != self.checks(Indicator::Zombie) {
            return flaw(
                "indicators",
                "indicators.stale 与 indicators.zombie 须同时保留或同时去掉",
                "`indicators.stale` and `indicators.zombie` stand or fall together",
            );
        }
        let s = &self.silence;
        if s.stale_days < 1 || s.zombie_days <= s.stale_days || s.zombie_days > MOST_DAYS {
            return flaw(
                "silence",
                "silence 须满足 1 ≤ stale_days < zombie_days ≤ 3650",
                "`silence` needs 1 <= stale_days < zombie_days <= 3650",
            );
        }
        if s.platforms.values().any(|days| *days < 1 || *days >= s.zombie_days) {
            return flaw(
                "silence.platforms",
                "silence.platforms 的天数须在 1 到 zombie_days 之间",
                "every number of `silence.platforms` lies between 1 and zombie_days",
            );
        }
        if s.remind_days.iter().any(|d| *d < 1 || *d >= s.stale_days) {
            return flaw(
                "silence",
                "silence.remind_days 须在 1 到 stale_days 之间",
                "every `silence.remind_days` lies between 1 and stale_days",
            );
        }
        if self.link.looks < 1 || self.link.per_account < 1 || !(0..=24 * MOST_DAYS).contains(&self.link.hours_between)
        {
            return flaw(
                "link",
                "link.looks 与 link.per_account 至少为 1，hours_between 不能为负",
                "`link.looks` and `link.per_account` are at least 1, `link.hours_between` is not negative",
            );
        }
        let is_too_long = |rule: &Rule| self.version.len() + rule.document.len() + rule.clause.len() > LONGEST_BASIS;
        if self.indicators.values().any(is_too_long) {
            return flaw(
                "indicators",
                "indicators 中的 document 与 clause 过长，二者与 version 合计不超过 600 字",
                "`document` and `clause` of an indicator are too long: with `version` at most 1800 bytes",
            );
        }
        self.site.flaw()
    }
}

/// Bytes of what a finding cites.
///
/// Why: PostgreSQL finds it by an index whose rows hold less than 2704.
const LONGEST_BASIS: usize = 1800;

/// No rule counts further back than ten years.
const MOST_DAYS: i64 = 3650;

#[cfg(test)]
mod tests {
    use super::*;

    const BUILT_IN: &str = include_str!("../../accounts/rules/2019-19.toml");

    #[test]
    fn the_built_in_set_checks_everything_and_has_no_flaw() {
        let rules: RuleSet = toml::from_str(BUILT_IN).unwrap();
        assert_eq!(rules.flaw(), None);
        assert_eq!(rules.unchecked(), []);
        assert!(rules.unconfirmed().contains(&Indicator::Footer) && !rules.unconfirmed().contains(&Indicator::Stale));
    }

    #[test]
    fn a_set_that_cannot_be_meant_is_refused_with_its_place() {
        for (from, to, table) in [
            ("stale_days = 14", "stale_days = 90", "silence"),
            ("stale_days = 14", "stale_days = 11", "silence"),
            ("zombie_days = 90", "zombie_days = 9000000000000", "silence"),
            ("looks = 3", "looks = 0", "link"),
            ("hours_between = 6", "hours_between = -6", "link"),
            ("[indicators.zombie]", "[indicators.zombie]\n[silence.platforms]\nwechat = 400\n[indicators.tls2]", ""),
            ("version = \"2019-19/2\"", "version = \" \"", "version"),
        ] {
            let text = BUILT_IN.replacen(from, to, 1);
            assert_ne!(text, BUILT_IN, "{from}");
            let found = toml::from_str::<RuleSet>(&text).ok().map(|rules| rules.flaw().map(|flaw| flaw.table));
            assert_eq!(found, if table.is_empty() { None } else { Some(Some(table)) }, "{to}");
        }
        let clause =
            |length: usize| BUILT_IN.replacen("clause = \"", &format!("clause = \"{}", "条".repeat(length)), 1);
        let flaw = |text: &str| toml::from_str::<RuleSet>(text).unwrap().flaw().map(|flaw| flaw.table);
        assert_eq!((flaw(&clause(400)), flaw(&clause(700))), (None, Some("indicators")));
    }

    #[test]
    fn a_set_of_the_first_form_still_loads() {
        let text = r#"
version = "2019-19/1"
valid_from = "2019-04-18"
[silence]
stale_days = 14
zombie_days = 90
remind_days = [10, 12]
[link]
per_account = 20
looks = 3
hours_between = 6
[indicators.registration]
class = "prominent"
document = "某文件"
clause = "某条"
remedy_zh = "请补齐。"
remedy_en = "Complete it."
recheck_zh = "核对。"
recheck_en = "Compared."
"#;
        let rules: RuleSet = toml::from_str(text).unwrap();
        assert_eq!((rules.flaw(), rules.low_use), (None, None));
        assert!(rules.indicators[&Indicator::Registration].confirmed);
        assert_eq!(rules.unchecked().len(), Indicator::ALL.len() - 1);
    }
}
