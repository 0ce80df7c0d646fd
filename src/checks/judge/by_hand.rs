//! What a person saw, made into verdicts: the person's eyes, the rule's arithmetic.

use chrono::Utc;

use super::silence::silence;
use super::site::home;
use super::{Bench, Known};
use crate::checks::seen::{Newest, Observed};
use crate::checks::words_by_hand as words;
use crate::domain::account::Account;
use crate::domain::by_hand::{HandItem, HandLook, HandOrigin};
use crate::domain::finding::{Evidence, Outcome};
use crate::domain::post::Coverage;
use crate::domain::site::is_site;
use crate::store::NewFinding;

/// A person's excerpt, as long as a machine's.
const SNIPPET: usize = 200;

/// Why a verdict stands that rests on a unit's own statement.
pub(in crate::checks) const SELF_REPORT: &str = "self_report";

/// Whether the verdict is the person's own; else the rule's, on what the person saw.
#[must_use]
pub fn is_a_verdict(look: &HandLook) -> bool {
    look.newest_at.is_none() || look.verdict == Some(Outcome::Unverified)
}

/// The verdict on what a person saw.
pub(in crate::checks) fn by_hand(bench: &Bench<'_>, account: &Account, look: &HandLook) -> NewFinding {
    let evidence = Evidence {
        url: look.content_url.clone().or_else(|| account.source_url.clone()),
        snippet: (!look.note.is_empty()).then(|| look.note.chars().take(SNIPPET).collect()),
        fetched_at: Some(bench.local(look.checked_at)),
        ..Evidence::default()
    };
    let checked_at = bench.local(look.checked_at);
    match look.newest_at.filter(|_| !is_a_verdict(look)) {
        None => {
            let outcome = look.verdict.unwrap_or(Outcome::Unverified);
            let summary = words::verdict(bench.lang, look.item, outcome, &look.note, checked_at);
            let finding = bench.verdict(look.item.indicator(account), outcome, "by_hand", summary, look.checked_at);
            NewFinding { evidence, ..finding }
        }
        Some(at) => {
            let newest = Newest {
                at: Some(at),
                day_only: look.day_only,
                listed: 1,
                dated: 1,
                coverage: Coverage::Whole,
                ..Newest::default()
            };
            let seen = Observed::of_source(look.checked_at, Ok(newest), evidence);
            let finding = if is_site(account) { home(bench, &seen) } else { silence(bench, account, &seen) };
            let newest_at = Some(at.with_timezone(&Utc));
            if look.origin == HandOrigin::SelfReport {
                return NewFinding { newest_at, ..stated(bench, account, look, finding) };
            }
            let summary = words::seen(bench.lang, &finding.summary, checked_at);
            NewFinding { summary, newest_at, ..finding }
        }
    }
}

/// The verdict on a unit's own statement: it may say that the account is updated, and nothing else.
fn stated(bench: &Bench<'_>, account: &Account, look: &HandLook, counted: NewFinding) -> NewFinding {
    let at = bench.local(look.checked_at);
    let summary = words::stated(bench.lang, &counted.summary, counted.outcome == Outcome::Pass, at);
    let outcome = if counted.outcome == Outcome::Pass { Outcome::Pass } else { Outcome::Unverified };
    let finding = bench.verdict(look.item.indicator(account), outcome, SELF_REPORT, summary, look.checked_at);
    NewFinding { evidence: counted.evidence, ..finding }
}

/// The verdict from what the machine and a person saw: the newer sight counts.
///
/// A person who could not judge takes nothing back that the machine saw.
pub(in crate::checks) fn newer_sight(machine: NewFinding, person: NewFinding, its_own: bool) -> NewFinding {
    // Why: nobody's own statement outweighs what the machine saw.
    if person.reason == SELF_REPORT {
        return if machine.outcome == Outcome::Unverified { person } else { machine };
    }
    if person.outcome == Outcome::Unverified {
        return if machine.outcome == Outcome::Unverified { person } else { machine };
    }
    let sees = matches!(machine.outcome, Outcome::Pass | Outcome::Fail);
    if sees && !its_own && machine.newest_at >= person.newest_at { machine } else { person }
}

/// Puts what a person found in an account's texts beside what the machine found there: the machine's
/// doubts stand, its line on the texts as a whole gives way to a person who could tell.
pub(super) fn seen_through(findings: &mut Vec<NewFinding>, person: NewFinding) {
    let whole = findings.iter_mut().find(|found| found.indicator == person.indicator && found.subject.is_empty());
    match whole {
        Some(machine) => *machine = newer_sight(machine.clone(), person, true),
        None => findings.push(person),
    }
}

impl Known {
    /// What a person recorded on an item.
    pub(in crate::checks) fn hand_look(&self, item: HandItem) -> Option<&HandLook> {
        self.by_hand.iter().find(|look| look.item == item)
    }
}
