//! The words of workbooks and page in the reader's language; the Chinese sentences are those of [`super::wording`].

use super::wording::{self, clip};
use crate::domain::Lang;
use crate::domain::account::{Platform, UnitTier};
use crate::domain::bulletin::{AccountResult, AccountRow, Dataset, Tally};
use crate::domain::finding::Outcome;
use crate::domain::issue::{Issue, IssueStatus};
use crate::domain::round::RoundName;
use crate::domain::rule::Class;
use crate::domain::sample::Reason;
use crate::domain::time::LocalTime;

/// A language to write in.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Words(pub(super) Lang);

/// How grave something is: a colour, and a sign that stands without it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Tone {
    Good,
    Watch,
    Bad,
    Unknown,
}

impl Tone {
    /// A sign every Chinese font has.
    pub(super) const fn sign(self) -> &'static str {
        match self {
            Self::Good => "√",
            Self::Watch => "△",
            Self::Bad => "×",
            Self::Unknown => "○",
        }
    }

    /// The tone of what an account came to.
    pub(super) const fn of_result(result: AccountResult) -> Self {
        match result {
            AccountResult::Qualified => Self::Good,
            AccountResult::Problem => Self::Watch,
            AccountResult::Failed => Self::Bad,
            AccountResult::Unjudged | AccountResult::Pending => Self::Unknown,
        }
    }

    /// The tone of where an issue stands.
    pub(super) const fn of_status(status: IssueStatus) -> Self {
        match status {
            IssueStatus::Closed => Self::Good,
            IssueStatus::Overdue | IssueStatus::Escalated => Self::Bad,
            IssueStatus::Rectified | IssueStatus::Acknowledged | IssueStatus::Notified => Self::Watch,
            IssueStatus::Open | IssueStatus::Appealed | IssueStatus::Revoked | IssueStatus::Dismissed => Self::Unknown,
        }
    }
}

impl Words {
    pub(super) fn pick<'t>(self, zh: &'t str, en: &'t str) -> &'t str {
        match self.0 {
            Lang::Zh => zh,
            Lang::En => en,
        }
    }

    /// `2026年第四季度`, `2026, fourth quarter`.
    pub(super) fn round(self, name: RoundName) -> String {
        let ordinal = |n: u32| ["first", "second", "third", "fourth"].get(n as usize - 1).copied().unwrap_or_default();
        match (self.0, name) {
            (Lang::Zh, name) => name.zh(),
            (Lang::En, RoundName::Quarter(year, quarter)) => format!("{year}, {} quarter", ordinal(quarter)),
            (Lang::En, RoundName::Half(year, half)) => format!("{year}, {} half", ordinal(half)),
            (Lang::En, RoundName::Day(day)) => day.to_string(),
        }
    }

    /// A document's title: `2026年第四季度政务新媒体监管台账（演练）`.
    pub(super) fn title(self, dataset: &Dataset, zh: &str, en: &str) -> String {
        let round = self.round(dataset.round.name);
        match (self.0, dataset.round.rehearsal) {
            (Lang::Zh, _) => format!("{round}{zh}{}", wording::rehearsal(dataset)),
            (Lang::En, false) => format!("{en}: {round}"),
            (Lang::En, true) => format!("{en}: {round} (rehearsal)"),
        }
    }

    pub(super) fn minute(self, at: LocalTime) -> String {
        match self.0 {
            Lang::Zh => wording::minute(at),
            Lang::En => at.minute(),
        }
    }

    pub(super) fn yes(self, value: bool) -> &'static str {
        if value { self.pick("是", "Yes") } else { self.pick("否", "No") }
    }

    /// Several things in one line: `甲；乙`.
    pub(super) fn list(self, parts: &[String]) -> String {
        parts.join(self.pick("；", "; "))
    }

    /// 账号名（平台）.
    pub(super) fn label(self, name: &str, platform: Platform) -> String {
        match self.0 {
            Lang::Zh => clip(&format!("{name}（{}）", platform.zh()), 120),
            Lang::En => clip(&format!("{name} ({})", platform.en()), 120),
        }
    }

    pub(super) fn tier(self, tier: Option<UnitTier>) -> &'static str {
        tier.map_or(self.pick("层级未登记", "Tier not registered"), |tier| tier.name(self.0))
    }

    /// The name of a line of a breakdown.
    pub(super) fn tally(self, by: &str, tally: &Tally) -> String {
        let key = tally.key.as_str();
        let word = match by {
            "platform" => Platform::parse(key).map(|p| p.name(self.0)),
            "unit_tier" => Some(self.tier(UnitTier::parse(key))),
            "reason" => Reason::parse(key).map(|r| r.name(self.0)),
            _ => Some(self.pick("合计", "Total")),
        };
        word.map_or_else(|| clip(&tally.label, 60), str::to_owned)
    }

    pub(super) fn stratum(self, key: &str) -> String {
        if self.0 == Lang::Zh {
            return wording::stratum(key);
        }
        let word = |part: &str| match part {
            "-" => "not registered".to_owned(),
            part => Platform::parse(part)
                .map(Platform::en)
                .or_else(|| UnitTier::parse(part).map(UnitTier::en))
                .map_or_else(|| clip(part, 60), str::to_owned),
        };
        key.split('/').map(word).collect::<Vec<_>>().join(" / ")
    }

    /// What was found on an account; empty where nothing was.
    pub(super) fn problems(self, row: &AccountRow) -> String {
        if self.0 == Lang::Zh {
            return wording::problems(row);
        }
        let mut parts: Vec<String> = Vec::new();
        for verdict in row.verdicts(Outcome::Fail).filter(|verdict| verdict.class != Class::Advice) {
            let part = format!("{}: {}", verdict.indicator.en(), clip(&verdict.summary, 200));
            if !parts.contains(&part) {
                parts.push(part);
            }
        }
        parts.join("; ")
    }

    /// Why an account could not be judged, and how much waits for a person.
    pub(super) fn doubts(self, row: &AccountRow) -> String {
        if self.0 == Lang::Zh {
            return wording::doubts(row);
        }
        let mut parts: Vec<String> = Vec::new();
        for verdict in row.verdicts(Outcome::Unverified) {
            parts.push(format!("{}: {}", verdict.indicator.en(), wording::reason(&verdict.reason).1));
        }
        match row.verdicts(Outcome::Suspected).count() {
            0 => {}
            suspected => parts.push(format!("{suspected} suspected, to be decided by a person")),
        }
        parts.join("; ")
    }

    /// How an account's issues stand.
    pub(super) fn rectification(self, dataset: &Dataset, row: &AccountRow) -> String {
        if self.0 == Lang::Zh {
            return wording::rectification(dataset, row);
        }
        let status = |id: &i64| {
            let place = dataset.issues.binary_search_by_key(id, |issue| issue.id).ok()?;
            let issue: &Issue = dataset.issues.get(place).filter(|issue| issue.class != Class::Advice)?;
            Some(issue.status)
        };
        let all: Vec<IssueStatus> = row.issues.iter().filter_map(status).collect();
        let live = all.iter().filter(|s| !s.is_final()).count();
        let late = all.iter().filter(|s| matches!(s, IssueStatus::Overdue | IssueStatus::Escalated)).count();
        match (all.len(), live, late) {
            (0, ..) => String::new(),
            (_, 0, _) if all.contains(&IssueStatus::Closed) => "All closed".to_owned(),
            (_, 0, _) => "Revoked or dismissed".to_owned(),
            (_, live, 0) => format!("{live} open"),
            (_, live, late) => format!("{live} open ({late} overdue)"),
        }
    }
}
