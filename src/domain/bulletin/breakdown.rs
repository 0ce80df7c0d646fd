//! The tables: filled from the figures, and proved to sum.

use super::measure::{Keys, keys, tier_key};
use super::refusal::{Word, agree};
use super::{Breakdowns, Dataset, Figure, Imbalance, IndicatorTally, IssueTally, Tally};
use crate::domain::account::UnitTier;
use crate::domain::issue::IssueStatus;
use crate::domain::rule::{Class, Indicator};

/// A column of a [`Tally`] by its figure's name.
type Column = (&'static str, fn(&Tally) -> usize);

const COLUMNS: [Column; 8] = [
    ("frame", |t| t.frame),
    ("drawn", |t| t.drawn),
    ("judged", |t| t.judged),
    ("qualified", |t| t.qualified),
    ("problem", |t| t.problem),
    ("failed", |t| t.failed),
    ("unjudged", |t| t.unjudged),
    ("pending", |t| t.pending),
];

impl Tally {
    /// The line of the figures whose names begin with `prefix`.
    #[must_use]
    pub fn of(d: &Dataset, prefix: &str, key: &str, label: &str) -> Self {
        let count = |column: &str| d.count(&format!("{prefix}.{column}"));
        Self {
            key: key.to_owned(),
            label: label.to_owned(),
            frame: count("frame"),
            drawn: count("drawn"),
            judged: count("judged"),
            qualified: count("qualified"),
            problem: count("problem"),
            failed: count("failed"),
            unjudged: count("unjudged"),
            pending: count("pending"),
            pass_rate: d.figure(&format!("{prefix}.pass_rate")),
        }
    }

    /// What holds within one line: the results make up the judged, the judged and the rest the drawn.
    fn check(&self, name: &str) -> Result<(), Imbalance> {
        let cell = |column: &str| format!("breakdowns.{name}.{column}");
        agree(&cell("judged"), &(self.qualified + self.problem + self.failed), &self.judged, Vec::new)?;
        agree(&cell("drawn"), &(self.judged + self.unjudged + self.pending), &self.drawn, Vec::new)?;
        let rate = Figure::rate(self.qualified + self.problem, self.judged);
        agree(&cell("pass_rate"), &rate, &self.pass_rate, Vec::new)
    }
}

impl IssueTally {
    fn all<T: Copy + std::fmt::Display>(
        d: &Dataset,
        by: &str,
        values: &[T],
        label: impl Fn(T) -> &'static str,
    ) -> Vec<Self> {
        let line = |value: &T| Self {
            key: value.to_string(),
            label: label(*value).to_owned(),
            issues: d.count(&format!("issues.{by}.{value}")),
        };
        values.iter().map(line).collect()
    }
}

impl Breakdowns {
    /// The tables of a dataset whose figures are counted already.
    pub(super) fn of(d: &Dataset) -> Self {
        let Keys { platform, unit_tier, reason } = keys(&d.accounts);
        let findings = |i: Indicator, what: &str| d.count(&format!("findings.{i}.{what}"));
        let tier = |t: Option<UnitTier>| {
            let key = tier_key(t);
            Tally::of(d, &format!("unit_tier.{key}"), key, t.map_or("层级未登记", UnitTier::zh))
        };
        Self {
            total: Tally::of(d, "total", "total", "合计"),
            platform: platform.into_iter().map(|p| Tally::of(d, &format!("platform.{p}"), p.key(), p.zh())).collect(),
            unit_tier: unit_tier.into_iter().map(tier).collect(),
            reason: reason.into_iter().map(|r| Tally::of(d, &format!("reason.{r}"), r.key(), r.zh())).collect(),
            indicators: Indicator::ALL
                .iter()
                .map(|&indicator| IndicatorTally {
                    indicator,
                    total: findings(indicator, "total"),
                    pass: findings(indicator, "pass"),
                    fail: findings(indicator, "fail"),
                    suspected: findings(indicator, "suspected"),
                    unverified: findings(indicator, "unverified"),
                })
                .collect(),
            classes: IssueTally::all(d, "class", Class::ALL, Class::zh),
            issue_indicators: IssueTally::all(d, "indicator", Indicator::ALL, Indicator::zh),
            statuses: IssueTally::all(d, "status", IssueStatus::ALL, IssueStatus::zh),
        }
    }

    /// Every breakdown sums to its total, from the stated numbers alone.
    pub(super) fn check_sums(&self) -> Result<(), Imbalance> {
        self.total.check("total")?;
        for (by, lines) in [("platform", &self.platform), ("unit_tier", &self.unit_tier), ("reason", &self.reason)] {
            for line in lines {
                line.check(&format!("{by}.{}", line.key))?;
            }
            // Why: by reason there are members only, so the frame is not broken down.
            for (column, value) in COLUMNS.iter().filter(|(column, _)| by != "reason" || *column != "frame") {
                let sum: usize = lines.iter().map(value).sum();
                agree(&format!("breakdowns.{by}[].{column}"), &value(&self.total), &sum, Vec::new)?;
            }
        }
        for line in &self.indicators {
            let parts = line.pass + line.fail + line.suspected + line.unverified;
            agree(&format!("breakdowns.indicators.{}.total", line.indicator), &parts, &line.total, Vec::new)?;
        }
        let sum = |lines: &[IssueTally]| lines.iter().map(|line| line.issues).sum::<usize>();
        agree("breakdowns.statuses[].issues", &sum(&self.classes), &sum(&self.statuses), Vec::new)?;
        agree("breakdowns.issue_indicators[].issues", &sum(&self.classes), &sum(&self.issue_indicators), Vec::new)
    }

    /// Every cell is the figure of the same name.
    pub(super) fn check_figures(&self, d: &Dataset) -> Result<(), Imbalance> {
        let fresh = Self::of(d);
        let sides = [
            ("total", std::slice::from_ref(&fresh.total), std::slice::from_ref(&self.total)),
            ("platform", &fresh.platform[..], &self.platform[..]),
            ("unit_tier", &fresh.unit_tier, &self.unit_tier),
            ("reason", &fresh.reason, &self.reason),
        ];
        for (by, want, have) in sides {
            agree(&format!("breakdowns.{by} (lines)"), &want.len(), &have.len(), Vec::new)?;
            for (want, have) in want.iter().zip(have) {
                let prefix = if by == "total" { by.to_owned() } else { format!("{by}.{}", want.key) };
                let name = format!("breakdowns.{prefix}");
                agree(&format!("{name}.key"), want.key.as_str(), &have.key, Vec::new)?;
                agree(&format!("{name}.label"), want.label.as_str(), &have.label, Vec::new)?;
                for (column, value) in COLUMNS {
                    let rows = || d.some_rows(&format!("{prefix}.{column}"));
                    agree(&format!("{name}.{column}"), &value(want), &value(have), rows)?;
                }
                let rows = || d.some_rows(&format!("{prefix}.pass_rate"));
                agree(&format!("{name}.pass_rate"), &want.pass_rate, &have.pass_rate, rows)?;
            }
        }
        self.check_indicators(&fresh, d)?;
        let sides = [
            ("classes", "class", &fresh.classes, &self.classes),
            ("issue_indicators", "indicator", &fresh.issue_indicators, &self.issue_indicators),
            ("statuses", "status", &fresh.statuses, &self.statuses),
        ];
        for (table, by, want, have) in sides {
            agree(&format!("breakdowns.{table} (lines)"), &want.len(), &have.len(), Vec::new)?;
            for (want, have) in want.iter().zip(have) {
                let name = format!("breakdowns.{table}.{}", want.key);
                agree(&format!("{name}.key"), want.key.as_str(), &have.key, Vec::new)?;
                agree(&format!("{name}.label"), want.label.as_str(), &have.label, Vec::new)?;
                let rows = || d.some_rows(&format!("issues.{by}.{}", want.key));
                agree(&format!("{name}.issues"), &want.issues, &have.issues, rows)?;
            }
        }
        Ok(())
    }

    fn check_indicators(&self, fresh: &Self, d: &Dataset) -> Result<(), Imbalance> {
        agree("breakdowns.indicators (lines)", &fresh.indicators.len(), &self.indicators.len(), Vec::new)?;
        for (want, have) in fresh.indicators.iter().zip(&self.indicators) {
            let indicator = want.indicator;
            let word = |indicator: Indicator| Word(indicator.zh(), indicator.key());
            let name = format!("breakdowns.indicators.{indicator}");
            agree(&format!("{name}.indicator"), &word(indicator), &word(have.indicator), Vec::new)?;
            let cells = [
                ("total", want.total, have.total),
                ("pass", want.pass, have.pass),
                ("fail", want.fail, have.fail),
                ("suspected", want.suspected, have.suspected),
                ("unverified", want.unverified, have.unverified),
            ];
            for (column, want, have) in cells {
                let rows = || d.some_rows(&format!("findings.{indicator}.{column}"));
                agree(&format!("{name}.{column}"), &want, &have, rows)?;
            }
        }
        Ok(())
    }
}
