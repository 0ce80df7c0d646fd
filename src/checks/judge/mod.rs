//! From what was seen to verdicts: pure, so that they can be computed again under other rules.

mod app;
mod by_hand;
mod duplicate;
mod identity;
mod links;
mod low_use;
mod registration;
mod review;
mod silence;
mod site;
#[cfg(test)]
pub(super) mod testing;
mod texts;

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;

use super::seen::{Observed, PageSeen};
use super::words::Words;
use crate::config::ReviewRequired;
use crate::domain::Lang;
use crate::domain::account::Account;
use crate::domain::by_hand::{HandItem, HandLook};
use crate::domain::finding::{Evidence, FetchedPage, Outcome};
use crate::domain::naming::{Twins, listed};
use crate::domain::rule::{Indicator, RuleSet};
use crate::domain::site::is_site;
use crate::domain::time::LocalTime;
use crate::store::{Decided, NewFinding};

pub use by_hand::is_a_verdict;
pub use review::{ReviewFault, Reviews};

pub(super) use app::app;
use by_hand::seen_through;
pub(super) use by_hand::{SELF_REPORT, by_hand, newer_sight};
pub(super) use duplicate::duplicate;
pub(super) use identity::identity;
pub(super) use links::link;
pub(super) use registration::registration;
pub(super) use review::{review, review_faults};
pub(super) use silence::{NOT_FORETOLD, latest, silence};
pub(super) use site::{home, reached_since_fix};
pub(super) use texts::{still_there_in, subject_of};

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
    /// Where the round's window begins.
    pub window_from: DateTime<Utc>,
    /// Links, reviews and advice are judged too (a patrol does not).
    pub full: bool,
    /// Posts before this instant need no review record.
    pub review_since: DateTime<Utc>,
    /// What a unit that never handed in records is charged with.
    pub review_required: ReviewRequired,
    /// A sign-off line at an article's end stands in for a record (文末署名).
    pub sign_off: bool,
}

/// What people decided of an account's findings: the last decision on each indicator and subject.
pub type Decisions = HashMap<(Indicator, String), Decided>;

/// What the office knows of an account besides what a look sees.
#[derive(Debug, Clone, Default)]
pub struct Known {
    /// What its unit handed in.
    pub reviews: Reviews,
    /// What the registry as a whole says of it.
    pub registry: RegistryKnown,
    /// What people recorded of it from the round's worksheet.
    pub by_hand: Vec<HandLook>,
    /// What a person decided of an indicator and subject before: it is not asked twice.
    pub decided: Decisions,
}

/// What the registry as a whole says of an account.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RegistryKnown {
    /// Whether any account has a supervising unit, an administrator, a filing number.
    pub kept: [bool; 3],
    /// The other accounts of its unit on its platform, by name.
    pub others: Option<String>,
    /// It is the one its unit had first there.
    pub is_first: bool,
}

impl RegistryKnown {
    /// Picks what concerns one account.
    #[must_use]
    pub fn of(twins: &Twins, kept: [bool; 3], account: &Account) -> Self {
        Self { kept, others: listed(&twins.others(account)), is_first: twins.is_first(account) }
    }
}

/// Judges everything seen of an account, by the indicators that the rule set checks.
#[must_use]
pub fn judge(bench: &Bench<'_>, account: &Account, seen: &Observed, known: &Known) -> Vec<NewFinding> {
    // A website is updated by its home page; what it links to is reviewed where it is published.
    let whole_site = is_site(account);
    let mut update = if whole_site { home(bench, seen) } else { silence(bench, account, seen) };
    if let Some(look) = known.hand_look(HandItem::Update) {
        update = newer_sight(update, by_hand(bench, account, look), is_a_verdict(look));
    }
    let mut findings = vec![update, registration(bench, account, known, seen.at)];
    findings.extend(known.hand_look(HandItem::Interaction).map(|look| by_hand(bench, account, look)));
    match known.hand_look(HandItem::App) {
        Some(look) => findings.push(by_hand(bench, account, look)),
        None if bench.full => findings.extend(app(bench, account, seen, 1)),
        None => {}
    }
    if bench.full {
        findings.extend(links::links(bench, seen));
        if !whole_site {
            findings.extend(review(bench, account, seen, &known.reviews));
        }
        // Advice is the rounds' business: a patrol that repeated it daily would bury what matters.
        findings.extend(duplicate(bench, account, known, seen.at));
        findings.extend(identity(bench, account, seen));
        findings.extend(low_use::low_use(bench, account, seen));
    }
    let mut published = texts::texts(bench, seen, known);
    for look in HandItem::TEXTS.iter().filter_map(|item| known.hand_look(*item)) {
        seen_through(&mut published, by_hand(bench, account, look));
    }
    findings.extend(published);
    findings.extend(site::site(bench, seen));
    findings.retain(|finding| bench.rules.checks(finding.indicator));
    for finding in &mut findings {
        keep_decision(finding, known);
    }
    findings
}

/// What a person decided of the very same doubt stands: nobody is asked twice.
///
/// Another fact, and so another sentence, is another doubt. (Texts keep their decisions by the word.)
fn keep_decision(finding: &mut NewFinding, known: &Known) {
    let by_the_word = matches!(finding.indicator, Indicator::Expression | Indicator::Privacy);
    if finding.outcome != Outcome::Suspected || by_the_word {
        return;
    }
    let before = known.decided.get(&(finding.indicator, finding.subject.clone()));
    if let Some(before) = before.filter(|before| before.summary == finding.summary) {
        finding.outcome = before.outcome;
        finding.next_look_at = None;
    }
}

impl Bench<'_> {
    fn words(&self) -> Words {
        Words(self.lang)
    }

    fn local(&self, at: DateTime<Utc>) -> LocalTime {
        LocalTime::new(at, self.zone)
    }

    /// A page as evidence names it.
    fn fetched(&self, url: &str, page: &PageSeen) -> FetchedPage {
        FetchedPage {
            url: url.to_owned(),
            status: Some(page.status),
            chain: page.chain.clone(),
            sha256: Some(page.sha256.clone()),
            fetched_at: Some(self.local(page.at)),
        }
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
