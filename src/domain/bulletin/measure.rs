//! Every figure with the rows it is counted from. Building, checking and explaining all use this.

use std::collections::{BTreeMap, BTreeSet};

use super::{AccountResult, AccountRow, Dataset, Figure, Unit};
use crate::domain::account::{Platform, UnitTier};
use crate::domain::finding::Outcome;
use crate::domain::issue::IssueStatus;
use crate::domain::rule::{Class, Indicator};
use crate::domain::sample::Reason;

/// A row of the dataset, by its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Account(usize),
    Verdict(usize, usize),
    Issue(usize),
    Previous(usize),
    Quarter(usize, usize),
}

/// The rows behind one figure.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Measure {
    pub(super) numerator: Vec<Place>,
    pub(super) denominator: Option<Vec<Place>>,
    pub(super) figure: Figure,
}

impl Measure {
    fn count(rows: Vec<Place>, unit: Unit) -> Self {
        Self { figure: Figure::count(rows.len(), unit), numerator: rows, denominator: None }
    }

    fn rate(numerator: Vec<Place>, denominator: Vec<Place>) -> Self {
        Self { figure: Figure::rate(numerator.len(), denominator.len()), numerator, denominator: Some(denominator) }
    }

    /// A number the store counted itself; no rows of the dataset stand behind it.
    fn stated(number: usize, unit: Unit) -> Self {
        Self { numerator: Vec::new(), denominator: None, figure: Figure::count(number, unit) }
    }
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

pub(super) fn measures(d: &Dataset) -> BTreeMap<String, Measure> {
    let mut all = BTreeMap::new();
    let keys = keys(&d.accounts);
    groups(&mut all, d, "total", |_| true);
    for platform in keys.platform {
        groups(&mut all, d, &format!("platform.{platform}"), |a| a.facts.platform == platform);
    }
    for tier in keys.unit_tier {
        groups(&mut all, d, &format!("unit_tier.{}", tier_key(tier)), |a| a.facts.unit_tier == tier);
    }
    for reason in keys.reason {
        groups(&mut all, d, &format!("reason.{reason}"), |a| {
            a.facts.member.as_ref().is_some_and(|m| m.reason == reason)
        });
    }
    findings(&mut all, d);
    issues(&mut all, d);
    previous(&mut all, d);
    all.insert("notices.delivered".into(), Measure::stated(d.notices.delivered, Unit::Messages));
    all.insert("notices.undelivered".into(), Measure::stated(d.notices.undelivered, Unit::Messages));
    all.insert("warnings.sent".into(), Measure::stated(d.warnings_sent, Unit::Messages));
    all
}

fn groups(all: &mut BTreeMap<String, Measure>, d: &Dataset, prefix: &str, of: impl Fn(&AccountRow) -> bool) {
    let pick = |wanted: &dyn Fn(&AccountRow) -> bool| -> Vec<Place> {
        let rows = d.accounts.iter().enumerate();
        rows.filter(|(_, a)| of(a) && wanted(a)).map(|(n, _)| Place::Account(n)).collect()
    };
    let result = |result: AccountResult| pick(&move |a| a.result == Some(result));
    let mut put = |column: &str, measure| all.insert(format!("{prefix}.{column}"), measure);
    let count = |rows| Measure::count(rows, Unit::Accounts);
    put("frame", count(pick(&|_| true)));
    put("drawn", count(pick(&|a| a.result.is_some())));
    put("judged", count(pick(&|a| a.result.is_some_and(AccountResult::is_judged))));
    for value in AccountResult::ALL {
        put(value.key(), count(result(*value)));
    }
    put(
        "pass_rate",
        Measure::rate(
            pick(&|a| a.result.is_some_and(AccountResult::is_passed)),
            pick(&|a| a.result.is_some_and(AccountResult::is_judged)),
        ),
    );
    put("coverage", Measure::rate(pick(&|a| a.result.is_some()), pick(&|_| true)));
}

fn findings(all: &mut BTreeMap<String, Measure>, d: &Dataset) {
    let pick = |wanted: &dyn Fn(Indicator, Outcome) -> bool| -> Vec<Place> {
        let rows = d.accounts.iter().enumerate().filter_map(|(n, a)| Some((n, a.facts.member.as_ref()?)));
        rows.flat_map(|(n, m)| m.verdicts.iter().enumerate().map(move |(k, v)| (n, k, v)))
            .filter(|(_, _, v)| wanted(v.indicator, v.outcome))
            .map(|(n, k, _)| Place::Verdict(n, k))
            .collect()
    };
    all.insert("findings.total".into(), Measure::count(pick(&|_, _| true), Unit::Findings));
    for indicator in Indicator::ALL {
        let total = pick(&|i, _| i == *indicator);
        all.insert(format!("findings.{indicator}.total"), Measure::count(total, Unit::Findings));
        for outcome in Outcome::ALL {
            let rows = pick(&|i, o| i == *indicator && o == *outcome);
            all.insert(format!("findings.{indicator}.{outcome}"), Measure::count(rows, Unit::Findings));
        }
    }
}

fn issues(all: &mut BTreeMap<String, Measure>, d: &Dataset) {
    let pick = |wanted: &dyn Fn(&crate::domain::issue::Issue) -> bool| -> Vec<Place> {
        d.issues.iter().enumerate().filter(|(_, i)| wanted(i)).map(|(n, _)| Place::Issue(n)).collect()
    };
    let mut put = |name: String, rows| all.insert(name, Measure::count(rows, Unit::Issues));
    put("issues.total".into(), pick(&|_| true));
    put("issues.standing".into(), pick(&|i| !matches!(i.status, IssueStatus::Revoked | IssueStatus::Dismissed)));
    put("issues.live".into(), pick(&|i| !i.status.is_final()));
    // Why apart: advice is no problem, and is never counted as one.
    put("issues.problems".into(), pick(&super::is_problem));
    put("issues.problems_closed".into(), pick(&|i| super::is_problem(i) && i.status == IssueStatus::Closed));
    put("issues.problems_live".into(), pick(&|i| super::is_problem(i) && !i.status.is_final()));
    put("issues.fallen".into(), pick(&|i| matches!(i.status, IssueStatus::Revoked | IssueStatus::Dismissed)));
    put(
        "issues.advice".into(),
        pick(&|i| i.class == Class::Advice && !matches!(i.status, IssueStatus::Revoked | IssueStatus::Dismissed)),
    );
    for class in Class::ALL {
        put(format!("issues.class.{class}"), pick(&|i| i.class == *class));
    }
    for indicator in Indicator::ALL {
        put(format!("issues.indicator.{indicator}"), pick(&|i| i.indicator == *indicator));
    }
    for status in IssueStatus::ALL {
        put(format!("issues.status.{status}"), pick(&|i| i.status == *status));
    }
    let closed = pick(&|i| i.status == IssueStatus::Closed);
    let standing = pick(&|i| !matches!(i.status, IssueStatus::Revoked | IssueStatus::Dismissed));
    all.insert("issues.closed_rate".into(), Measure::rate(closed, standing));
}

fn previous(all: &mut BTreeMap<String, Measure>, d: &Dataset) {
    rechecks(all, "previous", d.previous.as_ref().map_or(&[][..], |p| &p.issues), Place::Previous);
    for (k, quarter) in d.context.quarters.iter().enumerate() {
        rechecks(all, &format!("quarter.{}", quarter.name), &quarter.issues, |n| Place::Quarter(k, n));
    }
}

/// What became of the issues of an earlier round.
fn rechecks(
    all: &mut BTreeMap<String, Measure>,
    prefix: &str,
    rows: &[super::PreviousIssue],
    place: impl Fn(usize) -> Place,
) {
    let pick = |wanted: &dyn Fn(&super::PreviousIssue) -> bool| -> Vec<Place> {
        rows.iter().enumerate().filter(|(_, i)| wanted(i)).map(|(n, _)| place(n)).collect()
    };
    let mut put = |name: &str, rows| all.insert(format!("{prefix}.{name}"), Measure::count(rows, Unit::Issues));
    let fallen = |s: IssueStatus| matches!(s, IssueStatus::Revoked | IssueStatus::Dismissed);
    let late = |s: IssueStatus| matches!(s, IssueStatus::Overdue | IssueStatus::Escalated);
    put("total", pick(&|_| true));
    put("closed", pick(&|i| i.status == IssueStatus::Closed));
    put("fallen", pick(&|i| fallen(i.status)));
    put("live", pick(&|i| !i.status.is_final()));
    put("overdue", pick(&|i| late(i.status)));
    // Why: what fell was found nowhere, the second time as little as the first.
    put("found_again", pick(&|i| i.found_again && !fallen(i.status)));
    let closed = pick(&|i| i.status == IssueStatus::Closed);
    all.insert(format!("{prefix}.closed_rate"), Measure::rate(closed, pick(&|i| !fallen(i.status))));
}
