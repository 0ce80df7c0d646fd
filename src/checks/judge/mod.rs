//! From what was seen to verdicts: pure, so that they can be computed again under other rules.

mod links;
mod registration;
mod review;
mod silence;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;

use super::seen::Observed;
use super::words::Words;
use crate::config::ReviewRequired;
use crate::domain::Lang;
use crate::domain::account::Account;
use crate::domain::finding::{Evidence, Outcome};
use crate::domain::rule::{Indicator, RuleSet};
use crate::domain::time::LocalTime;
use crate::store::NewFinding;

pub use review::{ReviewFault, Reviews};

pub(super) use links::link;
pub(super) use registration::registration;
pub(super) use review::{review, review_faults};
pub(super) use silence::silence;

/// What verdicts are made against.
#[derive(Debug, Clone, Copy)]
pub struct Bench<'a> {
    /// The rules.
    pub rules: &'a RuleSet,
    /// The language findings are worded in.
    pub lang: Lang,
    /// The office's zone.
    pub zone: Tz,
    /// 监测时间点.
    pub as_of: DateTime<Utc>,
    /// Links and reviews are judged too (a patrol does not).
    pub full: bool,
    /// Posts before this instant need no review record.
    pub review_since: DateTime<Utc>,
    /// What a unit that never handed in records is charged with.
    pub review_required: ReviewRequired,
}

/// What the office knows of an account besides what a look sees.
#[derive(Debug, Clone, Default)]
pub struct Known {
    /// What its unit handed in.
    pub reviews: Reviews,
}

/// Judges everything seen of an account, by the indicators that the rule set checks.
#[must_use]
pub fn judge(bench: &Bench<'_>, account: &Account, seen: &Observed, known: &Known) -> Vec<NewFinding> {
    let mut findings = vec![silence(bench, account, seen), registration(bench, account, seen.at)];
    if bench.full {
        findings.extend(links::links(bench, seen));
        findings.extend(review(bench, account, seen, &known.reviews));
    }
    findings.retain(|finding| bench.rules.checks(finding.indicator));
    findings
}

impl Bench<'_> {
    fn words(&self) -> Words {
        Words(self.lang)
    }

    fn local(&self, at: DateTime<Utc>) -> LocalTime {
        LocalTime::new(at, self.zone)
    }

    fn verdict(
        &self,
        indicator: Indicator,
        outcome: Outcome,
        reason: &str,
        summary: String,
        seen_at: DateTime<Utc>,
    ) -> NewFinding {
        NewFinding {
            indicator,
            subject: String::new(),
            class: self.rules.class(indicator),
            outcome,
            reason: reason.to_owned(),
            summary,
            as_of: self.as_of,
            observed_at: seen_at,
            newest_at: None,
            rule: self.rules.reference(indicator),
            evidence: Evidence::default(),
            looks: 1,
            next_look_at: None,
        }
    }
}
