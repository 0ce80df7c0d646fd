//! The proof that rows, figures and tables of a dataset agree; what does not is named with its rows.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::measure::{ADDED, counted};
use super::{AccountResult, Dataset, Figure, RowId, understands};
use crate::domain::account::AccountId;
use crate::domain::issue::IssueStatus;
use crate::domain::round::RoundState;
use crate::domain::rule::Class;
use crate::domain::sample::Reason;

/// Rows an imbalance names at most.
const NAMED: usize = 20;

/// Numbers that do not agree; nothing is written while there is one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{figure}` does not agree: {expected} by the rows, {found} stated{}", named(.rows))]
pub struct Imbalance {
    /// The figure, table cell or row.
    pub figure: String,
    /// What the rows give.
    pub expected: String,
    /// What is stated.
    pub found: String,
    /// The rows that disagree or were counted, twenty at most.
    pub rows: Vec<RowId>,
}

impl Imbalance {
    /// The sentence in Chinese.
    #[must_use]
    pub fn zh(&self) -> String {
        let rows: Vec<_> = self.rows.iter().map(RowId::zh).collect();
        let rows = if rows.is_empty() { String::new() } else { format!("（{}）", rows.join("、")) };
        format!("“{}”前后不一致：按记录应为 {}，表中为 {}{rows}", self.figure, self.expected, self.found)
    }
}

fn named(rows: &[RowId]) -> String {
    if rows.is_empty() {
        return String::new();
    }
    format!(" ({})", rows.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "))
}

impl Dataset {
    /// Proves that every table sums to its total and that every figure is what the rows give.
    ///
    /// Errors: the first disagreement, with the rows that disagree or were counted.
    pub fn check(&self) -> Result<(), Imbalance> {
        agree("format", &true, &understands(&self.format), Vec::new)?;
        self.check_rows()?;
        self.check_draw()?;
        self.check_figures()?;
        self.breakdowns.check_figures(self)?;
        self.breakdowns.check_sums()?;
        self.check_crossed()?;
        self.earlier.iter().try_for_each(super::EarlierRound::check)
    }

    /// The rows behind a figure, as many as an imbalance names.
    pub(super) fn some_rows(&self, name: &str) -> Vec<RowId> {
        let rows = self.behind(name).map(|behind| behind.numerator).unwrap_or_default();
        rows.into_iter().take(NAMED).collect()
    }

    fn check_figures(&self) -> Result<(), Imbalance> {
        let counted = counted(self);
        // Why: a file of an earlier version lacks what was added since, and says nothing wrong by it.
        let unknown_then = |name: &str| {
            ADDED.iter().any(|group| name.starts_with(group) && !self.figures.keys().any(|k| k.starts_with(group)))
        };
        let stated = |name: &str| self.figures.get(name).map_or("nothing".to_owned(), Figure::parts);
        let wrong = |(name, figure): &(&String, &Figure)| {
            figure.parts() != stated(name) && (self.figures.contains_key(*name) || !unknown_then(name))
        };
        let wrong: Vec<_> = counted.iter().filter(wrong).collect();
        if let Some((name, figure)) = wrong.first() {
            // Why the smallest: a row that moved is missing from one figure and alone in another.
            let least = wrong.iter().filter(|(_, f)| f.numerator > 0).min_by_key(|(_, f)| f.numerator);
            let rows = || least.map_or_else(Vec::new, |(least, _)| self.some_rows(least));
            agree(name, &figure.parts(), &stated(name), rows)?;
        }
        match self.figures.iter().find(|(name, _)| !counted.contains_key(*name)) {
            Some((name, figure)) => agree(name, &"nothing".to_owned(), &figure.parts(), Vec::new),
            None => Ok(()),
        }
    }

    /// The figures that no table prints make up those that tables do.
    fn check_crossed(&self) -> Result<(), Imbalance> {
        let sum = |names: Vec<String>| -> usize { names.iter().map(|name| self.count(name)).sum() };
        let has = |group: &str| self.figures.keys().any(|name| name.starts_with(group));
        if has("kind.") {
            for column in ["frame", "drawn", "judged", "qualified", "problem", "failed", "unjudged", "pending"] {
                let total = format!("total.{column}");
                let parts = ["media", "website"].map(|kind| format!("kind.{kind}.{column}")).to_vec();
                agree(&format!("kind: sum of {column}"), &self.count(&total), &sum(parts), || self.some_rows(&total))?;
            }
        }
        if has("silence.") {
            let ages = super::Age::ALL.iter().map(|age| format!("silence.{age}")).collect();
            agree("silence: sum", &self.count("total.drawn"), &sum(ages), || self.some_rows("total.drawn"))?;
        }
        if has("issues.class_status.") {
            for class in Class::ALL {
                let name = format!("issues.class.{class}");
                let parts = IssueStatus::ALL.iter().map(|s| format!("issues.class_status.{class}.{s}")).collect();
                agree(&format!("{name}: sum"), &self.count(&name), &sum(parts), || self.some_rows(&name))?;
            }
            for status in IssueStatus::ALL {
                let name = format!("issues.status.{status}");
                let parts = Class::ALL.iter().map(|c| format!("issues.class_status.{c}.{status}")).collect();
                agree(&format!("{name}: sum"), &self.count(&name), &sum(parts), || self.some_rows(&name))?;
            }
        }
        Ok(())
    }

    fn check_rows(&self) -> Result<(), Imbalance> {
        let mut known = BTreeSet::new();
        let mut findings = BTreeSet::new();
        let times = |is_new| if is_new { "once" } else { "twice" };
        for row in &self.accounts {
            let id = &row.facts.account_id;
            let itself = || vec![RowId::Account(id.clone())];
            agree(&format!("accounts[{id}]"), &"once", &times(known.insert(id)), itself)?;
            let result = row.facts.member.as_ref().map(AccountResult::of);
            let text = |r: Option<AccountResult>| r.map_or("not drawn", AccountResult::key);
            agree(&format!("accounts[{id}].result"), &text(result), &text(row.result), itself)?;
            for verdict in row.facts.member.iter().flat_map(|m| &m.verdicts) {
                let number = verdict.finding_id;
                let rows = || vec![RowId::Finding(number), RowId::Account(id.clone())];
                agree(&format!("findings[{number}]"), &"once", &times(findings.insert(number)), rows)?;
            }
        }
        let mut of_account = BTreeMap::<&AccountId, Vec<i64>>::new();
        let mut numbers = BTreeSet::new();
        for issue in &self.issues {
            let itself = || vec![RowId::Issue(issue.id), RowId::Account(issue.account_id.clone())];
            let name = format!("issues[{}]", issue.id);
            agree(&name, &"once", &times(numbers.insert(issue.id)), itself)?;
            let place =
                if known.contains(&issue.account_id) { "an account of the frame" } else { "an unknown account" };
            agree(&format!("{name}.account_id"), &"an account of the frame", &place, itself)?;
            of_account.entry(&issue.account_id).or_default().push(issue.id);
        }
        for row in &self.accounts {
            let id = &row.facts.account_id;
            let theirs = of_account.get(id).map_or(&[][..], Vec::as_slice);
            agree(&format!("accounts[{id}].issues"), &list(theirs), &list(&row.issues), || {
                vec![RowId::Account(id.clone())]
            })?;
        }
        Ok(())
    }

    fn check_draw(&self) -> Result<(), Imbalance> {
        let frozen = self.accounts.iter().filter(|row| !row.facts.newcomer);
        let mut sizes = BTreeMap::<&str, (usize, usize)>::new();
        for row in frozen.clone() {
            let (size, random) = sizes.entry(&row.facts.stratum).or_default();
            *size += 1;
            *random += usize::from(row.facts.member.as_ref().is_some_and(|m| m.reason == Reason::Random));
        }
        let is_drawn = self.round.state != RoundState::Frozen;
        for stratum in &self.round.strata {
            let (size, random) = sizes.remove(stratum.key.as_str()).unwrap_or_default();
            let itself = || self.stratum_rows(&stratum.key);
            agree(&format!("round.strata[{}].size", stratum.key), &size, &stratum.size, itself)?;
            if is_drawn {
                agree(&format!("round.strata[{}].quota", stratum.key), &random, &stratum.quota, itself)?;
            }
        }
        if let Some((key, (size, _))) = sizes.into_iter().next() {
            agree(&format!("round.strata[{key}].size"), &size, &0, || self.stratum_rows(key))?;
        }
        agree("round.frame_size", &frozen.count(), &self.round.frame_size, Vec::new)
    }

    /// A stratum and the accounts that say they lie in it.
    fn stratum_rows(&self, key: &str) -> Vec<RowId> {
        let of_it = self.accounts.iter().filter(|row| row.facts.stratum == key && !row.facts.newcomer);
        let accounts = of_it.map(|row| RowId::Account(row.facts.account_id.clone()));
        std::iter::once(RowId::Stratum(key.to_owned())).chain(accounts).take(NAMED).collect()
    }
}

fn list(numbers: &[i64]) -> String {
    numbers.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
}

/// Refuses two values that should be one, naming the rows behind them.
pub(in crate::domain) fn agree<T: PartialEq + fmt::Display + ?Sized>(
    figure: &str,
    expected: &T,
    found: &T,
    rows: impl FnOnce() -> Vec<RowId>,
) -> Result<(), Imbalance> {
    if expected == found {
        return Ok(());
    }
    Err(Imbalance { figure: figure.to_owned(), expected: expected.to_string(), found: found.to_string(), rows: rows() })
}
