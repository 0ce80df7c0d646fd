//! Every count of a year with the rows it is counted from. Building, checking and explaining all use this.

use std::collections::BTreeMap;

use super::{Proposal, UNIT_COLUMNS, UnitYear, Why, Year, YearAccount, YearIssue, YearLook};
use crate::domain::account::AccountStatus;
use crate::domain::bulletin::{AccountResult, Figure, Unit};
use crate::domain::issue::IssueStatus;
use crate::domain::rule::Class;

/// A row of the year, by its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum YearRow {
    /// An account.
    Account(usize),
    /// A look of a round at an account.
    Look(usize, usize),
    /// An issue.
    Issue(usize),
}

/// A figure of the year with its rows.
#[derive(Debug, Clone, PartialEq)]
pub struct YearBehind {
    /// The figure.
    pub figure: Figure,
    /// The rows counted; of a proposal the accounts it names.
    pub rows: Vec<YearRow>,
}

/// Which rows a column counts.
#[derive(Clone, Copy)]
enum Measure {
    Accounts(fn(&YearAccount) -> bool),
    Looks(fn(&YearLook) -> bool),
    Issues(fn(&YearIssue) -> bool),
}

use Measure::{Accounts, Issues, Looks};

/// What a column counts, and where its count stands.
type Counted = (&'static str, Measure, fn(&mut UnitYear) -> &mut usize);

const COUNTED: [Counted; UNIT_COLUMNS.len()] = [
    ("accounts", Accounts(|a| !matches!(a.status, AccountStatus::Closed)), |u| &mut u.accounts),
    ("looks", Looks(|_| true), |u| &mut u.looks),
    ("qualified", Looks(|l| matches!(l.result, AccountResult::Qualified)), |u| &mut u.qualified),
    ("problem", Looks(|l| matches!(l.result, AccountResult::Problem)), |u| &mut u.problem),
    ("failed", Looks(|l| matches!(l.result, AccountResult::Failed)), |u| &mut u.failed),
    ("unjudged", Looks(|l| matches!(l.result, AccountResult::Unjudged)), |u| &mut u.unjudged),
    ("pending", Looks(|l| matches!(l.result, AccountResult::Pending)), |u| &mut u.pending),
    ("problems", Issues(YearIssue::is_problem), |u| &mut u.problems),
    ("veto", Issues(|i| i.is_problem() && i.class == Class::Veto), |u| &mut u.veto),
    ("prominent", Issues(|i| i.is_problem() && i.class == Class::Prominent), |u| &mut u.prominent),
    ("ordinary", Issues(|i| i.is_problem() && i.class == Class::Ordinary), |u| &mut u.ordinary),
    ("closed", Issues(YearIssue::is_closed), |u| &mut u.closed),
    ("closed_in_time", Issues(|i| i.is_closed() && !i.overdue), |u| &mut u.closed_in_time),
    ("live", Issues(|i| i.is_problem() && !i.is_closed()), |u| &mut u.live),
    ("overdue", Issues(|i| i.is_problem() && i.overdue), |u| &mut u.overdue),
    ("escalated", Issues(|i| i.is_problem() && i.escalated), |u| &mut u.escalated),
    ("rejected", Issues(|i| i.is_problem() && i.rejected), |u| &mut u.rejected),
    ("extended", Issues(|i| i.is_problem() && i.extended), |u| &mut u.extended),
    ("appealed", Issues(|i| i.appealed), |u| &mut u.appealed),
    ("fallen", Issues(YearIssue::fell), |u| &mut u.fallen),
    ("advice", Issues(|i| i.class == Class::Advice && !i.fell()), |u| &mut u.advice),
];

impl YearIssue {
    fn is_closed(&self) -> bool {
        self.is_problem() && self.status == IssueStatus::Closed
    }
}

impl UnitYear {
    fn add_account(&mut self, account: &YearAccount) {
        for (_, measure, cell) in COUNTED {
            *cell(self) += match measure {
                Accounts(wanted) => usize::from(wanted(account)),
                Looks(wanted) => account.looks.iter().filter(|look| wanted(look)).count(),
                Issues(_) => 0,
            };
        }
    }

    fn add_issue(&mut self, issue: &YearIssue) {
        for (_, measure, cell) in COUNTED {
            if let Issues(wanted) = measure {
                *cell(self) += usize::from(wanted(issue));
            }
        }
    }
}

impl Year {
    /// All rows together, without regard to units.
    pub(super) fn whole(&self) -> UnitYear {
        let mut all = UnitYear::default();
        self.accounts.iter().for_each(|account| all.add_account(account));
        self.issues.iter().for_each(|issue| all.add_issue(issue));
        all
    }

    pub(super) fn by_unit(&self) -> Vec<UnitYear> {
        let mut units = BTreeMap::<&str, UnitYear>::new();
        for account in &self.accounts {
            let unit = units.entry(&account.unit).or_default();
            unit.unit_tier = unit.unit_tier.or(account.unit_tier);
            unit.add_account(account);
        }
        for issue in &self.issues {
            units.entry(&issue.unit).or_default().add_issue(issue);
        }
        let named = |(name, unit): (&str, UnitYear)| UnitYear { unit: name.to_owned(), ..unit };
        units.into_iter().map(named).collect()
    }

    /// Every figure by name: `total.failed`, `unit.云溪县教育局.closed`, `round.2026Q4.drawn`, `close.silent`.
    #[must_use]
    pub fn figures(&self) -> BTreeMap<String, Figure> {
        let mut figures = BTreeMap::new();
        for (unit, name) in self.lines() {
            for ((key, _, _, value), (_, measure, _)) in UNIT_COLUMNS.iter().zip(COUNTED) {
                figures.insert(format!("{name}.{key}"), Figure::count(value(unit), measure.unit()));
            }
        }
        for round in &self.rounds {
            let name = |what: &str| format!("round.{}.{what}", round.name);
            figures.insert(name("frame"), Figure::count(round.frame, Unit::Accounts));
            figures.insert(name("drawn"), Figure::count(round.drawn, Unit::Accounts));
        }
        for why in Why::ALL {
            let (name, proposals) = self.proposed(*why);
            let of_it = proposals.iter().filter(|proposal| proposal.why == *why);
            figures.insert(name, Figure::count(of_it.count(), Unit::Proposals));
        }
        figures
    }

    /// The rows behind a figure; `None` for a name the year does not have.
    #[must_use]
    pub fn behind(&self, name: &str) -> Option<YearBehind> {
        let figure = self.figures().remove(name)?;
        let rows = match name.split_once('.')? {
            ("total", key) => self.rows(None, key),
            ("unit", rest) => {
                let (unit, key) = rest.rsplit_once('.')?;
                self.rows(Some(unit), key)
            }
            ("round", rest) => {
                let (round, key) = rest.split_once('.')?;
                let is_of = |look: &YearLook| key == "drawn" && look.round.to_string() == round;
                self.looks(None, is_of)
            }
            (_, why) => self.evidence(Why::parse(why)?),
        };
        Some(YearBehind { figure, rows })
    }

    /// Names of figures that a mistyped name may have meant, nearest first, eight at most.
    #[must_use]
    pub fn near(&self, name: &str) -> Vec<String> {
        let figures = self.figures();
        let near = crate::domain::bulletin::near(figures.keys().map(String::as_str), name);
        near.into_iter().map(str::to_owned).collect()
    }

    /// The total and the units, each with the beginning of its figures' names.
    fn lines(&self) -> impl Iterator<Item = (&UnitYear, String)> {
        let units = self.units.iter().map(|unit| (unit, format!("unit.{}", unit.unit)));
        std::iter::once((&self.total, "total".to_owned())).chain(units)
    }

    fn proposed(&self, why: Why) -> (String, &[Proposal]) {
        if why.is_closing() { (format!("close.{why}"), &self.close) } else { (format!("merge.{why}"), &self.merge) }
    }

    /// The rows that a column counts, of one unit or of all.
    pub(super) fn rows(&self, unit: Option<&str>, key: &str) -> Vec<YearRow> {
        let Some((_, measure, _)) = COUNTED.iter().find(|(name, ..)| *name == key) else { return Vec::new() };
        let is_of = |of: &str| unit.is_none_or(|unit| unit == of);
        match measure {
            Accounts(wanted) => {
                let rows = self.accounts.iter().enumerate().filter(|(_, a)| is_of(&a.unit) && wanted(a));
                rows.map(|(n, _)| YearRow::Account(n)).collect()
            }
            Looks(wanted) => self.looks(unit, wanted),
            Issues(wanted) => {
                let rows = self.issues.iter().enumerate().filter(|(_, i)| is_of(&i.unit) && wanted(i));
                rows.map(|(n, _)| YearRow::Issue(n)).collect()
            }
        }
    }

    pub(super) fn looks(&self, unit: Option<&str>, wanted: impl Fn(&YearLook) -> bool) -> Vec<YearRow> {
        let accounts = self.accounts.iter().enumerate().filter(|(_, a)| unit.is_none_or(|unit| unit == a.unit));
        let looks = accounts.flat_map(|(n, a)| a.looks.iter().enumerate().map(move |(k, look)| (n, k, look)));
        looks.filter(|(.., look)| wanted(look)).map(|(n, k, _)| YearRow::Look(n, k)).collect()
    }

    /// The accounts that proposals of one kind name, with the issue where one speaks for it.
    fn evidence(&self, why: Why) -> Vec<YearRow> {
        let (_, proposals) = self.proposed(why);
        let rows = proposals.iter().filter(|proposal| proposal.why == why).flat_map(|proposal| &proposal.evidence);
        rows.filter_map(|row| {
            let n = self.accounts.binary_search_by(|account| account.account_id.cmp(&row.account_id)).ok()?;
            let look = |round| self.accounts.get(n)?.looks.iter().position(|look| look.round == round);
            Some(row.round.and_then(look).map_or(YearRow::Account(n), |k| YearRow::Look(n, k)))
        })
        .collect()
    }
}

impl Measure {
    const fn unit(self) -> Unit {
        match self {
            Accounts(_) => Unit::Accounts,
            Looks(_) => Unit::Looks,
            Issues(_) => Unit::Issues,
        }
    }
}
