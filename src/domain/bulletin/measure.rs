//! Every figure with the rows it is counted from. Building, checking and explaining all use this.
//!
//! Counting keeps no rows; explaining keeps those of the one figure asked for.

use std::collections::{BTreeMap, BTreeSet};

use chrono::TimeDelta;

use super::{AccountResult, AccountRow, Dataset, Figure, MemberFacts, Unit, Verdict};
use crate::domain::account::{Platform, UnitTier};
use crate::domain::finding::Outcome;
use crate::domain::issue::{Issue, IssueStatus};
use crate::domain::keyed::keyed_enum;
use crate::domain::rule::{Class, Indicator};
use crate::domain::sample::Reason;
use crate::domain::time::LocalTime;

/// Groups of figures that came after the first version of the format.
pub(super) const ADDED: [&str; 9] = [
    "kind.",
    "silence.",
    "issues.class_status.",
    "issues.class_standing.",
    "issues.indicator_problems.",
    "issues.problems",
    "issues.fallen",
    "issues.advice",
    "quarter.",
];

keyed_enum! {
    /// How long before the monitoring time an account published last (沉默天数), in days of 24 hours.
    Age {
        Within3 = "within_3", "3天以内", "within 3 days";
        Within7 = "within_7", "3至7天", "3 to 7 days";
        Within14 = "within_14", "7至14天", "7 to 14 days";
        Within30 = "within_30", "14至30天", "14 to 30 days";
        Within90 = "within_90", "30至90天", "30 to 90 days";
        Over90 = "over_90", "超过90天", "over 90 days";
        Unknown = "unknown", "未取得", "not known";
    }
}

impl Age {
    /// The age of a member's newest post at the monitoring time.
    #[must_use]
    pub fn of(member: &MemberFacts, as_of: LocalTime) -> Self {
        let Some(newest) = member.newest_at else { return Self::Unknown };
        let age = as_of.utc() - newest.utc();
        let borders =
            [(3, Self::Within3), (7, Self::Within7), (14, Self::Within14), (30, Self::Within30), (90, Self::Within90)];
        let within = borders.into_iter().find(|(days, _)| age <= TimeDelta::days(*days));
        within.map_or(Self::Over90, |(_, age)| age)
    }
}

/// A row of the dataset, by its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Account(usize),
    Verdict(usize, usize),
    Issue(usize),
    Previous(usize),
    Quarter(usize, usize),
    Notice(usize),
}

/// The rows behind one figure.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Measure {
    pub(super) numerator: Vec<Place>,
    pub(super) denominator: Option<Vec<Place>>,
    pub(super) figure: Figure,
}

/// Every figure of the dataset.
pub(super) fn counted(d: &Dataset) -> BTreeMap<String, Figure> {
    let mut book = Book { only: None, figures: BTreeMap::new(), found: None };
    book.fill(d);
    book.figures
}

/// One figure with its rows; `None` for a name the dataset does not have.
pub(super) fn behind(d: &Dataset, name: &str) -> Option<Measure> {
    let mut book = Book { only: Some(name), figures: BTreeMap::new(), found: None };
    book.fill(d);
    book.found
}

/// Takes figures as they are counted.
struct Book<'n> {
    only: Option<&'n str>,
    figures: BTreeMap<String, Figure>,
    found: Option<Measure>,
}

/// The keys of a breakdown that occur, in the order of their vocabulary.
pub(super) struct Keys {
    pub(super) platform: Vec<Platform>,
    pub(super) unit_tier: Vec<Option<UnitTier>>,
    pub(super) reason: Vec<Reason>,
}

pub(super) fn keys(accounts: &[AccountRow]) -> Keys {
    let platforms: BTreeSet<_> = accounts.iter().map(|a| a.facts.platform).collect();
    let tiers: BTreeSet<_> = accounts.iter().map(|a| a.facts.unit_tier).collect();
    let reasons: BTreeSet<_> = accounts.iter().filter_map(|a| a.facts.member.as_ref()).map(|m| m.reason).collect();
    let mut unit_tier: Vec<_> = tiers.iter().flatten().copied().map(Some).collect();
    unit_tier.extend(tiers.contains(&None).then_some(None));
    Keys { platform: platforms.into_iter().collect(), unit_tier, reason: reasons.into_iter().collect() }
}

/// The key of a unit tier in figures; `-` where none is registered.
pub(super) fn tier_key(tier: Option<UnitTier>) -> &'static str {
    tier.map_or("-", UnitTier::key)
}

impl Book<'_> {
    fn count(&mut self, name: String, unit: Unit, rows: impl Iterator<Item = Place>) {
        match self.only {
            None => drop(self.figures.insert(name, Figure::count(rows.count(), unit))),
            Some(only) if only == name => {
                let numerator: Vec<_> = rows.collect();
                let figure = Figure::count(numerator.len(), unit);
                self.found = Some(Measure { numerator, denominator: None, figure });
            }
            Some(_) => {}
        }
    }

    fn rate(&mut self, name: String, numerator: impl Iterator<Item = Place>, denominator: impl Iterator<Item = Place>) {
        match self.only {
            None => drop(self.figures.insert(name, Figure::rate(numerator.count(), denominator.count()))),
            Some(only) if only == name => {
                let (numerator, denominator): (Vec<_>, Vec<_>) = (numerator.collect(), denominator.collect());
                let figure = Figure::rate(numerator.len(), denominator.len());
                self.found = Some(Measure { numerator, denominator: Some(denominator), figure });
            }
            Some(_) => {}
        }
    }

    /// A number the store counted itself; no rows of the dataset stand behind it.
    fn stated(&mut self, name: &str, number: usize) {
        let figure = Figure::count(number, Unit::Messages);
        match self.only {
            None => drop(self.figures.insert(name.to_owned(), figure)),
            Some(only) if only == name => {
                self.found = Some(Measure { numerator: Vec::new(), denominator: None, figure });
            }
            Some(_) => {}
        }
    }

    fn fill(&mut self, d: &Dataset) {
        let keys = keys(&d.accounts);
        self.groups(d, "total", |_| true);
        for platform in keys.platform {
            self.groups(d, &format!("platform.{platform}"), |a| a.facts.platform == platform);
        }
        // Why apart: the indicators of websites are others, and a circular counts the two apart.
        for (kind, is_site) in [("media", false), ("website", true)] {
            let of = |a: &AccountRow| (a.facts.platform == Platform::Website) == is_site;
            if d.accounts.iter().any(of) {
                self.groups(d, &format!("kind.{kind}"), of);
            }
        }
        for tier in keys.unit_tier {
            self.groups(d, &format!("unit_tier.{}", tier_key(tier)), |a| a.facts.unit_tier == tier);
        }
        for reason in keys.reason {
            self.groups(d, &format!("reason.{reason}"), |a| {
                a.facts.member.as_ref().is_some_and(|m| m.reason == reason)
            });
        }
        for age in Age::ALL {
            let is_of = |a: &AccountRow| a.facts.member.as_ref().is_some_and(|m| Age::of(m, d.round.as_of) == *age);
            self.count(format!("silence.{age}"), Unit::Accounts, accounts(d, is_of));
        }
        self.findings(d);
        self.issues(d);
        self.previous(d);
        self.notices(d);
        self.stated("warnings.sent", d.warnings_sent);
    }

    fn groups(&mut self, d: &Dataset, prefix: &str, of: impl Fn(&AccountRow) -> bool) {
        let result = |wanted: fn(AccountResult) -> bool| {
            let of = &of;
            accounts(d, move |a| of(a) && a.result.is_some_and(wanted))
        };
        let name = |column: &str| format!("{prefix}.{column}");
        self.count(name("frame"), Unit::Accounts, accounts(d, &of));
        self.count(name("drawn"), Unit::Accounts, result(|_| true));
        self.count(name("judged"), Unit::Accounts, result(AccountResult::is_judged));
        for value in AccountResult::ALL {
            let rows = accounts(d, |a| of(a) && a.result == Some(*value));
            self.count(name(value.key()), Unit::Accounts, rows);
        }
        self.rate(name("pass_rate"), result(AccountResult::is_passed), result(AccountResult::is_judged));
        self.rate(name("coverage"), result(|_| true), accounts(d, &of));
    }

    fn findings(&mut self, d: &Dataset) {
        self.count("findings.total".into(), Unit::Findings, verdicts(d, |_| true));
        for indicator in Indicator::ALL {
            let rows = verdicts(d, |v| v.indicator == *indicator);
            self.count(format!("findings.{indicator}.total"), Unit::Findings, rows);
            for outcome in Outcome::ALL {
                let rows = verdicts(d, |v| v.indicator == *indicator && v.outcome == *outcome);
                self.count(format!("findings.{indicator}.{outcome}"), Unit::Findings, rows);
            }
        }
    }

    fn issues(&mut self, d: &Dataset) {
        let mut put = |name: String, wanted: &dyn Fn(&Issue) -> bool| {
            self.count(name, Unit::Issues, issues(d, wanted));
        };
        let stands = |i: &Issue| !super::has_fallen(i.status);
        put("issues.total".into(), &|_| true);
        put("issues.standing".into(), &stands);
        put("issues.live".into(), &|i| !i.status.is_final());
        // Why apart: advice is no problem, and is never counted as one.
        put("issues.problems".into(), &super::is_problem);
        put("issues.problems_closed".into(), &|i| super::is_problem(i) && i.status == IssueStatus::Closed);
        put("issues.problems_live".into(), &|i| super::is_problem(i) && !i.status.is_final());
        put("issues.fallen".into(), &|i| !stands(i));
        put("issues.advice".into(), &|i| i.class == Class::Advice && stands(i));
        for class in Class::ALL {
            put(format!("issues.class.{class}"), &|i| i.class == *class);
            put(format!("issues.class_standing.{class}"), &|i| i.class == *class && stands(i));
            for status in IssueStatus::ALL {
                let name = format!("issues.class_status.{class}.{status}");
                put(name, &|i| i.class == *class && i.status == *status);
            }
        }
        for indicator in Indicator::ALL {
            put(format!("issues.indicator.{indicator}"), &|i| i.indicator == *indicator);
            let name = format!("issues.indicator_problems.{indicator}");
            put(name, &|i| i.indicator == *indicator && super::is_problem(i));
        }
        for status in IssueStatus::ALL {
            put(format!("issues.status.{status}"), &|i| i.status == *status);
        }
        let closed = issues(d, |i| super::is_problem(i) && i.status == IssueStatus::Closed);
        self.rate("issues.closed_rate".into(), closed, issues(d, super::is_problem));
    }

    fn notices(&mut self, d: &Dataset) {
        let stated =
            [("notices.delivered", true, d.notices.delivered), ("notices.undelivered", false, d.notices.undelivered)];
        for (name, is_delivered, number) in stated {
            if d.context.is_told() {
                let rows = d.context.sent.iter().enumerate();
                let rows = rows.filter(|(_, notice)| notice.delivered_at.is_some() == is_delivered);
                self.count(name.to_owned(), Unit::Messages, rows.map(|(n, _)| Place::Notice(n)));
            } else {
                self.stated(name, number);
            }
        }
    }

    fn previous(&mut self, d: &Dataset) {
        self.rechecks("previous", d.previous.as_ref().map_or(&[][..], |p| &p.issues), &Place::Previous);
        for (k, quarter) in d.context.quarters.iter().enumerate() {
            self.rechecks(&format!("quarter.{}", quarter.name), &quarter.issues, &|n| Place::Quarter(k, n));
        }
    }

    /// What became of the issues of an earlier round.
    fn rechecks(&mut self, prefix: &str, rows: &[super::PreviousIssue], place: &dyn Fn(usize) -> Place) {
        // Why: advice is no problem of this round, and so none of an earlier one.
        let pick = |wanted: fn(&super::PreviousIssue) -> bool| {
            let wanted = move |i: &super::PreviousIssue| i.class != Class::Advice && wanted(i);
            rows.iter().enumerate().filter(move |(_, i)| wanted(i)).map(|(n, _)| place(n))
        };
        let mut put = |name: &str, wanted| self.count(format!("{prefix}.{name}"), Unit::Issues, pick(wanted));
        put("total", |_| true);
        put("closed", |i| i.status == IssueStatus::Closed);
        put("fallen", |i| super::has_fallen(i.status));
        put("live", |i| !i.status.is_final());
        put("overdue", |i| matches!(i.status, IssueStatus::Overdue | IssueStatus::Escalated));
        // Why: what fell was found nowhere, the second time as little as the first.
        put("found_again", |i| i.found_again && !super::has_fallen(i.status));
        let closed = pick(|i| i.status == IssueStatus::Closed);
        let stand = pick(|i| !super::has_fallen(i.status));
        self.rate(format!("{prefix}.closed_rate"), closed, stand);
    }
}

fn accounts<'d>(d: &'d Dataset, wanted: impl Fn(&AccountRow) -> bool + 'd) -> impl Iterator<Item = Place> + 'd {
    d.accounts.iter().enumerate().filter(move |(_, a)| wanted(a)).map(|(n, _)| Place::Account(n))
}

fn verdicts<'d>(d: &'d Dataset, wanted: impl Fn(&Verdict) -> bool + 'd) -> impl Iterator<Item = Place> + 'd {
    let rows = d.accounts.iter().enumerate().filter_map(|(n, a)| Some((n, a.facts.member.as_ref()?)));
    rows.flat_map(|(n, m)| m.verdicts.iter().enumerate().map(move |(k, v)| (n, k, v)))
        .filter(move |(_, _, v)| wanted(v))
        .map(|(n, k, _)| Place::Verdict(n, k))
}

fn issues<'d>(d: &'d Dataset, wanted: impl Fn(&Issue) -> bool + 'd) -> impl Iterator<Item = Place> + 'd {
    d.issues.iter().enumerate().filter(move |(_, i)| wanted(i)).map(|(n, _)| Place::Issue(n))
}
