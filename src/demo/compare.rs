//! Planted against found: nothing missed, nothing invented, the unverifiable kept apart.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::world::{Expected, FaultKind, Planted};
use crate::domain::finding::{Outcome, TITLES_ONLY};
use crate::domain::rule::Indicator;
use crate::office::Office;
use crate::store::{FindingQuery, Round, StoreError};

/// What one indicator said of one subject at one moment.
pub type Verdicts = BTreeMap<(String, Indicator, String), Outcome>;

/// One kind of fault, planted and found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Row {
    /// What was planted, in Chinese.
    pub note_zh: &'static str,
    /// The same in English.
    pub note_en: &'static str,
    /// The indicator that must show it.
    pub indicator: &'static str,
    /// What it must show, a stable key.
    pub expected: &'static str,
    /// How many were planted.
    pub planted: usize,
    /// How many were found as planted.
    pub found: usize,
}

/// The whole comparison.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Comparison {
    /// A row for each kind of fault.
    pub rows: Vec<Row>,
    /// Planted and not found as planted: account, indicator, what was found.
    pub missed: Vec<String>,
    /// Found and never planted: account, indicator, subject.
    pub invented: Vec<String>,
}

impl Comparison {
    /// Found is exactly what was planted.
    #[must_use]
    pub fn agrees(&self) -> bool {
        self.missed.is_empty() && self.invented.is_empty()
    }
}

/// The verdicts of a round as they stand now.
pub async fn verdicts(office: &Office, round: &Round) -> Result<Verdicts, StoreError> {
    let query = FindingQuery { round: Some(round.name), ..FindingQuery::default() };
    let (mut verdicts, mut after) = (Verdicts::new(), 0);
    loop {
        let page = office.store.read().await?.findings_page(&query, after, 1000, office.zone()).await?;
        let Some(last) = page.last() else { return Ok(verdicts) };
        after = last.finding.id;
        // That a source shows titles alone is said of its reach: it is no verdict on anybody.
        for f in page.into_iter().map(|found| found.finding).filter(|f| f.reason != TITLES_ONLY) {
            verdicts.insert((f.account_id.to_string(), f.indicator, f.subject), f.outcome);
        }
    }
}

/// Compares what was planted with the verdicts right after the round (`first`) and after the
/// looks on later days (`last`), before any person decided anything.
#[must_use]
pub fn compare(planted: &[Planted], first: &Verdicts, last: &Verdicts) -> Comparison {
    let mut rows = BTreeMap::<FaultKind, Row>::new();
    let mut comparison = Comparison::default();
    let mut explained = BTreeSet::<(String, Indicator)>::new();
    for plant in planted {
        let Some(indicator) = Indicator::parse(plant.indicator) else { continue };
        let account = plant.account_id.to_string();
        let found = as_planted(plant, indicator, first, last);
        let row = rows.entry(plant.kind).or_insert(Row {
            note_zh: plant.note_zh,
            note_en: plant.note_en,
            indicator: plant.indicator,
            expected: key(plant.outcome),
            planted: 0,
            found: 0,
        });
        row.planted += 1;
        row.found += usize::from(found);
        if !found {
            let seen = outcome(last, &account, indicator, plant);
            comparison.missed.push(format!("{account} {indicator} {} ({seen:?})", plant.note_zh));
        }
        explained.insert((account.clone(), indicator));
        for other in follows(plant) {
            explained.insert((account.clone(), *other));
        }
    }
    for ((account, indicator, subject), outcome) in last {
        if *outcome != Outcome::Pass && !explained.contains(&(account.clone(), *indicator)) {
            comparison.invented.push(format!("{account} {indicator} {outcome} {subject}").trim_end().to_owned());
        }
    }
    comparison.rows = rows.into_values().collect();
    comparison
}

/// What else could not be judged where this is planted.
fn follows(plant: &Planted) -> &'static [Indicator] {
    match plant.kind {
        // No machine sees what was published there, whatever a person saw.
        FaultKind::ByHand => &[Indicator::Review, Indicator::Expression, Indicator::Privacy],
        FaultKind::ByHandSeen | FaultKind::ByHandSilent => &[Indicator::Review],
        // An address without a name has no AAAA record to look up.
        FaultKind::FooterMissing => &[Indicator::Ipv6],
        // What cannot be read cannot be matched against review records or looked through either.
        _ if plant.indicator == Indicator::Stale.key() && plant.outcome == Expected::Unverified => {
            &[Indicator::Review, Indicator::Expression, Indicator::Privacy]
        }
        _ => &[],
    }
}

fn as_planted(plant: &Planted, indicator: Indicator, first: &Verdicts, last: &Verdicts) -> bool {
    let account = plant.account_id.as_str();
    let (first, last) = (outcome(first, account, indicator, plant), outcome(last, account, indicator, plant));
    match plant.outcome {
        Expected::Fail => last == Some(Outcome::Fail),
        Expected::Suspected => last == Some(Outcome::Suspected),
        Expected::Unverified => last == Some(Outcome::Unverified),
        Expected::Recovers => first == Some(Outcome::Suspected) && last == Some(Outcome::Pass),
        // A sound link leaves no line of its own beside the account's.
        Expected::Pass => matches!(last, Some(Outcome::Pass) | None),
    }
}

fn outcome(verdicts: &Verdicts, account: &str, indicator: Indicator, plant: &Planted) -> Option<Outcome> {
    let subject = match (indicator, &plant.subject) {
        (Indicator::Link | Indicator::Expression | Indicator::Privacy, Some(subject)) => subject.clone(),
        _ => String::new(),
    };
    verdicts.get(&(account.to_owned(), indicator, subject)).copied()
}

/// The stable key of what must be found.
#[must_use]
pub fn key(expected: Expected) -> &'static str {
    match expected {
        Expected::Fail => "fail",
        Expected::Suspected => "suspected",
        Expected::Unverified => "unverified",
        Expected::Recovers => "recovers",
        Expected::Pass => "pass",
    }
}
