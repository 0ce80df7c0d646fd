//! The proof that rows, figures and tables of a dataset agree; what does not is named with its rows.
//!
//! Rows against themselves here, the draw in `drawn`, what is told twice in `told`, tables in
//! `breakdown`; how a disagreement reads in `refusal`.

use std::collections::BTreeSet;

use super::measure::{ADDED, counted};
use super::refusal::{NAMED, Word, agree};
use super::{AccountResult, Dataset, Figure, Imbalance, RowId, understands};
use crate::domain::issue::IssueStatus;
use crate::domain::rule::Class;

impl Dataset {
    /// Proves that every table sums to its total, that every figure is what the rows give, and that rows
    /// which speak of the same thing say the same.
    ///
    /// Errors: the first disagreement, with the rows that disagree or were counted.
    pub fn check(&self) -> Result<(), Imbalance> {
        agree("format", &Word::YES, &Word::holds(understands(&self.format)), Vec::new)?;
        self.check_rows()?;
        self.check_draw()?;
        self.check_issues()?;
        self.check_notices()?;
        self.check_before()?;
        self.check_figures()?;
        self.breakdowns.check_figures(self)?;
        self.breakdowns.check_sums()?;
        self.check_units()?;
        self.check_crossed()
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
        let wrong = |(name, figure): &(&String, &Figure)| {
            self.figures.get(*name).map_or(!unknown_then(name), |stated| stated != *figure)
        };
        let wrong: Vec<_> = counted.iter().filter(wrong).collect();
        if let Some((name, figure)) = wrong.first() {
            // Why the smallest: a row that moved is missing from one figure and alone in another.
            let least = wrong.iter().filter(|(_, f)| f.numerator > 0).min_by_key(|(_, f)| f.numerator);
            let rows = || least.map_or_else(Vec::new, |(least, _)| self.some_rows(least));
            match self.figures.get(*name) {
                Some(stated) => agree(name, *figure, stated, rows)?,
                None => agree(name, &Word::THERE, &Word::NOTHING, rows)?,
            }
        }
        match self.figures.keys().find(|name| !counted.contains_key(*name)) {
            Some(name) => agree(name, &Word::NOTHING, &Word::THERE, Vec::new),
            None => Ok(()),
        }
    }

    /// The figures that no table prints make up those that tables do.
    fn check_crossed(&self) -> Result<(), Imbalance> {
        let sum = |names: Vec<String>| -> usize { names.iter().map(|name| self.count(name)).sum() };
        let has = |group: &str| self.figures.keys().any(|name| name.starts_with(group));
        let check = |name: &str, parts| agree(name, &sum(parts), &self.count(name), || self.some_rows(name));
        if has("kind.") {
            for column in ["frame", "drawn", "judged", "qualified", "problem", "failed", "unjudged", "pending"] {
                let parts = ["media", "website"].map(|kind| format!("kind.{kind}.{column}")).to_vec();
                check(&format!("total.{column}"), parts)?;
            }
        }
        if has("silence.") {
            check("total.drawn", super::Age::ALL.iter().map(|age| format!("silence.{age}")).collect())?;
        }
        if has("issues.class_status.") {
            for class in Class::ALL {
                let parts = IssueStatus::ALL.iter().map(|s| format!("issues.class_status.{class}.{s}"));
                check(&format!("issues.class.{class}"), parts.collect())?;
            }
            for status in IssueStatus::ALL {
                let parts = Class::ALL.iter().map(|c| format!("issues.class_status.{c}.{status}"));
                check(&format!("issues.status.{status}"), parts.collect())?;
            }
        }
        Ok(())
    }

    /// Each row once and in its place, each result what its verdicts give.
    fn check_rows(&self) -> Result<(), Imbalance> {
        let mut findings = BTreeSet::new();
        let mut before = None;
        for row in &self.accounts {
            let id = &row.facts.account_id;
            let itself = || vec![RowId::Account(id.clone())];
            agree(&format!("accounts[{id}]"), &Word::ONCE, &Word::times(before != Some(id)), itself)?;
            agree("accounts (order)", &Word::YES, &Word::holds(before < Some(id)), itself)?;
            before = Some(id);
            let result = row.facts.member.as_ref().map(AccountResult::of);
            agree(&format!("accounts[{id}].result"), &Word::result(result), &Word::result(row.result), itself)?;
            for verdict in row.facts.member.iter().flat_map(|m| &m.verdicts) {
                let number = verdict.finding_id;
                let rows = || vec![RowId::Finding(number), RowId::Account(id.clone())];
                agree(&format!("findings[{number}]"), &Word::ONCE, &Word::times(findings.insert(number)), rows)?;
            }
        }
        Ok(())
    }
}
