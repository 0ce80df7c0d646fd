//! A round by unit (主办单位): counted from the same rows, and proved to sum to the same totals.

use std::collections::BTreeMap;

use super::refusal::agree;
use super::{AccountResult, Dataset, Imbalance};
use crate::domain::account::UnitTier;
use crate::domain::finding::Outcome;

/// A column by name: what the round states, and what a unit has.
type Column = (&'static str, usize, fn(&UnitTally) -> usize);

/// One unit's accounts in a round.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct UnitTally {
    /// 主办单位.
    pub unit: String,
    /// Its tier, as its first account has it.
    pub tier: Option<UnitTier>,
    /// Its accounts in the frame.
    pub frame: usize,
    /// Those that were drawn.
    pub drawn: usize,
    /// 合格.
    pub qualified: usize,
    /// 存在问题.
    pub problem: usize,
    /// 不合格.
    pub failed: usize,
    /// 无法判定.
    pub unjudged: usize,
    /// 尚未检查.
    pub pending: usize,
    /// Accounts of which something is still open: suspected, or not proved for want of review records.
    pub unproved: usize,
    /// Problems that stand, advice not among them.
    pub problems: usize,
}

impl UnitTally {
    /// Every account that was looked at qualified, no problem stands, and none may still come of what is open.
    #[must_use]
    pub const fn is_clean(&self) -> bool {
        self.drawn > 0 && self.qualified == self.drawn && self.problems == 0 && self.unproved == 0
    }
}

impl Dataset {
    /// The round by unit, in the order of their names.
    #[must_use]
    pub fn units(&self) -> Vec<UnitTally> {
        let mut units = BTreeMap::<&str, UnitTally>::new();
        for row in &self.accounts {
            let unit = units.entry(&row.facts.unit).or_insert_with(|| UnitTally {
                unit: row.facts.unit.clone(),
                tier: row.facts.unit_tier,
                ..UnitTally::default()
            });
            unit.frame += 1;
            let Some(result) = row.result else { continue };
            unit.drawn += 1;
            unit.unproved += usize::from(row.verdicts(Outcome::Suspected).next().is_some() || row.lacks_records());
            *match result {
                AccountResult::Qualified => &mut unit.qualified,
                AccountResult::Problem => &mut unit.problem,
                AccountResult::Failed => &mut unit.failed,
                AccountResult::Unjudged => &mut unit.unjudged,
                AccountResult::Pending => &mut unit.pending,
            } += 1;
        }
        let unit_of: BTreeMap<_, _> =
            self.accounts.iter().map(|row| (&row.facts.account_id, row.facts.unit.as_str())).collect();
        for issue in self.issues.iter().filter(|issue| super::is_problem(issue)) {
            if let Some(unit) = unit_of.get(&issue.account_id).and_then(|unit| units.get_mut(unit)) {
                unit.problems += 1;
            }
        }
        units.into_values().collect()
    }

    /// Proves that the units sum to the totals of the round.
    ///
    /// Errors: the first column that does not.
    pub fn check_units(&self) -> Result<(), Imbalance> {
        let units = self.units();
        let total = &self.breakdowns.total;
        let columns: [Column; 8] = [
            ("frame", total.frame, |u| u.frame),
            ("drawn", total.drawn, |u| u.drawn),
            ("qualified", total.qualified, |u| u.qualified),
            ("problem", total.problem, |u| u.problem),
            ("failed", total.failed, |u| u.failed),
            ("unjudged", total.unjudged, |u| u.unjudged),
            ("pending", total.pending, |u| u.pending),
            ("problems", self.count("issues.problems"), |u| u.problems),
        ];
        for (column, stated, value) in columns {
            let sum = units.iter().map(value).sum::<usize>();
            let figure = if column == "problems" { "issues.problems".to_owned() } else { format!("total.{column}") };
            agree(&figure, &sum, &stated, || self.some_rows(&figure))?;
        }
        Ok(())
    }
}
