//! What a round would have come to under another rule set: judged again from what was seen, nothing changed.
//!
//! Decisions that bind this module:
//! - The same pure [`judge()`] as in a run, on the latest observation of each account, with the
//!   registry and the review records as they are now: a difference may come from them too.
//! - A link that was looked at again on later days is judged by its last look, which stands in the
//!   finding; the observation knows the first alone.
//! - What a person decided stands, whatever the machine would say; it is shown as kept.
//! - What a rule set picks before it looks (how many links of an account, from how many mobile
//!   numbers on, which words of the lexicon) cannot be picked anew; [`Rejudge::not_judged_anew`] names it.
//! - A finding that observations cannot repeat (a worksheet's, a record since taken back) is no
//!   difference between rules; it is counted apart.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::{DateTime, Utc};

use super::by_hand;
use super::judge::{self, Bench, judge};
use super::known::{Records, load};
use super::link::{LinkLook, LinkOutcome, LinkReason};
use super::run::bench;
use super::seen::Observed;
use super::standstill::STANDS_STILL;
use super::texts::HitKind;
use crate::domain::account::AccountId;
use crate::domain::by_hand::HandLook;
use crate::domain::finding::Outcome;
use crate::domain::keyed::keyed_enum;
use crate::domain::round::{RoundKind, RoundName};
use crate::domain::rule::{Class, Indicator, RuleSet};
use crate::domain::time::LocalTime;
use crate::office::Office;
use crate::store::{NewFinding, Round, StoreError, StoredFinding, StoredObservation};

keyed_enum! {
    /// How a verdict under the other rules differs.
    Change {
        Changed = "changed", "改判", "Judged otherwise";
        Added = "added", "新增", "New";
        Dropped = "dropped", "不再检查", "No longer checked";
        Kept = "kept", "人工认定，不变", "Decided by a person, kept";
    }
}

/// One side of a difference.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Side {
    /// The indicator: `stale` and `zombie` take each other's place.
    pub indicator: Indicator,
    /// The verdict.
    pub outcome: Outcome,
    /// The class.
    pub class: Class,
    /// Why, a stable key.
    pub reason: String,
    /// Version of the rules.
    pub version: String,
}

/// One verdict that differs.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Difference {
    /// The account.
    pub account_id: AccountId,
    /// Its name.
    pub account: String,
    /// The indicator.
    pub indicator: Indicator,
    /// A URL for `link`, else empty.
    pub subject: String,
    /// How it differs.
    pub change: Change,
    /// Number of the stored finding.
    pub finding: Option<i64>,
    /// The verdict as it is stored.
    pub before: Option<Side>,
    /// The verdict under the other rules; of what a person decided, what the machine would say.
    pub after: Option<Side>,
}

/// What it came to, so far.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct Totals {
    /// Accounts judged again.
    pub accounts: u64,
    /// Accounts looked at whose observation is not kept any more.
    pub without_observation: u64,
    /// Observations that this version cannot read.
    pub unreadable: u64,
    /// Verdicts that are the same.
    pub unchanged: u64,
    /// Verdicts that differ.
    pub differences: u64,
    /// Verdicts of persons that the machine would not share; they stand.
    pub kept: u64,
    /// Findings that observations cannot repeat.
    pub not_repeatable: u64,
    /// Verdicts that are new and find nothing wrong; counted, not listed.
    pub newly_passed: u64,
    /// The differences by what they change.
    pub changes: Vec<Counted>,
}

/// Differences of one kind.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Counted {
    /// The indicator.
    pub indicator: Indicator,
    /// The stored verdict.
    pub before: Option<Outcome>,
    /// The verdict under the other rules.
    pub after: Option<Outcome>,
    /// How many.
    pub count: u64,
}

/// A round being judged again, page by page.
pub struct Rejudge<'o> {
    office: &'o Office,
    rules: &'o RuleSet,
    round: Round,
    records: Records,
    looked_at: u64,
    after: Option<AccountId>,
    done: bool,
    counts: BTreeMap<(Indicator, Option<Outcome>, Option<Outcome>), u64>,
    totals: Totals,
    versions: BTreeSet<String>,
    same_version_differs: bool,
    /// Texts were looked through with another lexicon than the office's present one.
    other_lexicon: bool,
    /// What people recorded from the worksheet is judged again too.
    by_hand: HashMap<AccountId, Vec<HandLook>>,
}

/// Accounts judged at a time.
const PAGE: usize = 200;

impl<'o> Rejudge<'o> {
    /// Begins with a round, which has to exist.
    pub async fn begin(office: &'o Office, name: RoundName, rules: &'o RuleSet) -> Result<Self, StoreError> {
        let mut tx = office.store.read().await?;
        let round = tx.require_round(name).await?;
        let looked_at = tx.member_counts(round.id).await?.looked_at.unsigned_abs();
        drop(tx);
        let records = Records::read(office, round.kind != RoundKind::Patrol).await?;
        let by_hand = by_hand::looks(office, round.id).await?;
        Ok(Self {
            office,
            rules,
            round,
            records,
            by_hand,
            looked_at,
            after: None,
            done: false,
            counts: BTreeMap::new(),
            totals: Totals::default(),
            versions: BTreeSet::new(),
            other_lexicon: false,
            same_version_differs: rules.version == office.rules.version && *rules != *office.rules,
        })
    }

    /// Members that were looked at: how far there is to go.
    #[must_use]
    pub const fn looked_at(&self) -> u64 {
        self.looked_at
    }

    /// What it came to so far.
    #[must_use]
    pub fn totals(&self) -> Totals {
        let read = self.totals.accounts + self.totals.unreadable;
        let counted = |(key, count): (&(Indicator, Option<Outcome>, Option<Outcome>), &u64)| Counted {
            indicator: key.0,
            before: key.1,
            after: key.2,
            count: *count,
        };
        Totals {
            without_observation: self.looked_at.saturating_sub(read),
            changes: self.counts.iter().map(counted).collect(),
            ..self.totals.clone()
        }
    }

    /// The versions of the rules that the stored findings were judged by, as far as read.
    #[must_use]
    pub fn versions(&self) -> Vec<&str> {
        self.versions.iter().map(String::as_str).collect()
    }

    /// The other set bears the version of one in use, and says something else.
    #[must_use]
    pub const fn same_version_differs(&self) -> bool {
        self.same_version_differs
    }

    /// The keys in which the other set differs and that count only while a look is made: the verdicts
    /// shown here are those of the look.
    #[must_use]
    pub fn not_judged_anew(&self) -> Vec<&'static str> {
        let (now, then) = (self.rules, &*self.office.rules);
        let (personal, before) = (&now.privacy, &then.privacy);
        let differs = [
            ("lexicon", self.other_lexicon),
            ("privacy.kinds", personal.kinds.iter().any(|kind| !before.kinds.contains(kind))),
            ("privacy.mobiles_from", personal.mobiles_from != before.mobiles_from),
            ("privacy.attachments", personal.attachments != before.attachments),
            ("privacy.pages", personal.pages != before.pages),
            ("link.per_account", now.link.per_account != then.link.per_account),
            ("site.most_columns", now.site.most_columns != then.site.most_columns),
        ];
        differs.into_iter().filter(|(_, differs)| *differs).map(|(key, _)| key).collect()
    }

    /// The differences of the next accounts; `None` after the last.
    pub async fn next_page(&mut self) -> Result<Option<Vec<Difference>>, StoreError> {
        if self.done {
            return Ok(None);
        }
        let mut tx = self.office.store.read().await?;
        let page = tx.observations_page(self.round.id, self.after.as_ref(), PAGE).await?;
        let (Some(first), Some(last)) = (page.first(), page.last()) else {
            self.done = true;
            return Ok(None);
        };
        let (from, to) = (first.account_id.clone(), last.account_id.clone());
        let mut stored = HashMap::<AccountId, Vec<StoredFinding>>::new();
        for found in tx.findings_between(self.round.id, &from, &to, self.office.zone()).await? {
            stored.entry(found.finding.account_id.clone()).or_default().push(found);
        }
        drop(tx);
        self.after = Some(to);
        let mut differences = Vec::new();
        for observation in page {
            let before = stored.remove(&observation.account_id).unwrap_or_default();
            differences.extend(self.account(&observation, &before).await?);
        }
        Ok(Some(differences))
    }

    async fn account(
        &mut self,
        observation: &StoredObservation,
        before: &[StoredFinding],
    ) -> Result<Vec<Difference>, StoreError> {
        let Ok(seen) = serde_json::from_str::<Observed>(&observation.data_json) else {
            self.totals.unreadable += 1;
            return Ok(Vec::new());
        };
        self.totals.accounts += 1;
        let office = self.office;
        let lexicon = office.rules.lexicon.version();
        self.other_lexicon |= seen.texts.as_ref().is_some_and(|read| read.lexicon != lexicon);
        let full = self.round.kind != RoundKind::Patrol;
        let (account, mut known) = load(office, &self.records, &observation.account_id, full).await?;
        known.by_hand = self.by_hand.get(&observation.account_id).cloned().unwrap_or_default();
        // A run may have looked from another monitoring time than the round's own.
        let as_of = before.iter().find(|found| found.decided_at.is_none()).or(before.first());
        let as_of = as_of.map_or(self.round.as_of, |found| found.finding.as_of.utc());
        let window_from = self.round.name.window_from(office.zone());
        let bench = Bench { rules: self.rules, ..bench(office, as_of, window_from, full) };
        let after = judged(&bench, judge(&bench, &account, &seen, &known), before);
        Ok(self.compare(&observation.account_id, &account.name, before, after))
    }

    /// Whether a finding rests on a kind of personal number that the other set does not ask for.
    fn drops_kind(&self, reason: &str) -> bool {
        let kind = HitKind::parse(reason).and_then(HitKind::number);
        kind.is_some_and(|kind| !self.rules.privacy.kinds.contains(&kind))
    }

    fn compare(
        &mut self,
        account_id: &AccountId,
        account: &str,
        before: &[StoredFinding],
        mut after: BTreeMap<Key, NewFinding>,
    ) -> Vec<Difference> {
        let mut differences = Vec::new();
        for found in before {
            let finding = &found.finding;
            self.versions.insert(finding.rule.version.clone());
            let reference = self.rules.reference(finding.indicator);
            self.same_version_differs |= finding.rule.version == reference.version
                && self.rules.checks(finding.indicator)
                && finding.rule != reference;
            let again = after.remove(&(finding.indicator.family(), finding.subject.clone()));
            let before = side_of(found);
            let after = again.as_ref().map(side);
            let decided = found.decided_at.is_some();
            let change = match &after {
                Some(after) if same(&before, after) => {
                    self.totals.unchanged += 1;
                    continue;
                }
                Some(_) if decided => Change::Kept,
                Some(_) => Change::Changed,
                None if self.rules.checks(finding.indicator) && !self.drops_kind(&finding.reason) => {
                    self.totals.not_repeatable += 1;
                    continue;
                }
                None if decided => Change::Kept,
                None => Change::Dropped,
            };
            differences.push(Difference {
                account_id: account_id.clone(),
                account: account.to_owned(),
                indicator: finding.indicator,
                subject: finding.subject.clone(),
                change,
                finding: Some(finding.id),
                before: Some(before),
                after,
            });
        }
        for new in after.into_values() {
            if new.outcome == Outcome::Pass {
                self.totals.newly_passed += 1;
                continue;
            }
            differences.push(Difference {
                account_id: account_id.clone(),
                account: account.to_owned(),
                indicator: new.indicator,
                subject: new.subject.clone(),
                change: Change::Added,
                finding: None,
                before: None,
                after: Some(side(&new)),
            });
        }
        for difference in &differences {
            if difference.change == Change::Kept {
                self.totals.kept += 1;
                continue;
            }
            self.totals.differences += 1;
            let outcome = |side: &Option<Side>| side.as_ref().map(|side| side.outcome);
            let key = (difference.indicator, outcome(&difference.before), outcome(&difference.after));
            *self.counts.entry(key).or_default() += 1;
        }
        differences
    }
}

/// What a verdict is on: family of indicators and subject.
type Key = (&'static str, String);

/// The new verdicts by what they are on; a link looked at again is judged by its last look.
fn judged(bench: &Bench<'_>, fresh: Vec<NewFinding>, before: &[StoredFinding]) -> BTreeMap<Key, NewFinding> {
    let mut after: BTreeMap<Key, NewFinding> =
        fresh.into_iter().map(|new| ((new.indicator.family(), new.subject.clone()), new)).collect();
    for found in before.iter().filter(|found| found.finding.indicator == Indicator::Link && found.looks > 1) {
        if bench.rules.checks(Indicator::Link) {
            let again = NewFinding {
                reason: found.finding.reason.clone(),
                ..judge::link(bench, &last_look(found, bench.as_of), found.looks, found.finding.evidence.in_menu)
            };
            after.insert((Indicator::Link.family(), found.finding.subject.clone()), again);
        }
    }
    // What a look at one account cannot show: that the source behind many of them stood still.
    for found in before.iter().filter(|found| found.finding.reason == STANDS_STILL) {
        let key = (found.finding.indicator.family(), found.finding.subject.clone());
        if let Some(again) = after.get_mut(&key).filter(|again| again.outcome == Outcome::Fail) {
            *again = NewFinding { rule: again.rule.clone(), ..found.as_new() };
        }
    }
    // An app that was looked for again stands as its last look left it: no rule counts there.
    for found in before.iter().filter(|found| found.finding.indicator == Indicator::AppUnavailable && found.looks > 1) {
        let key = (Indicator::AppUnavailable.family(), found.finding.subject.clone());
        if let Some(again) = after.get_mut(&key) {
            again.outcome = found.finding.outcome;
            again.reason.clone_from(&found.finding.reason);
            again.summary.clone_from(&found.finding.summary);
        }
    }
    after
}

/// The last look at a link, as far as its finding tells of it.
fn last_look(found: &StoredFinding, fallback: DateTime<Utc>) -> LinkLook {
    let finding = &found.finding;
    LinkLook {
        url: finding.subject.clone(),
        outcome: match finding.outcome {
            Outcome::Pass => LinkOutcome::Ok,
            Outcome::Fail => LinkOutcome::Broken,
            Outcome::Suspected => LinkOutcome::Suspected,
            Outcome::Unverified => LinkOutcome::Unverified,
        },
        status: finding.evidence.status,
        reason: LinkReason::parse(&finding.reason).unwrap_or(LinkReason::OddStatus),
        final_url: finding.evidence.url.clone(),
        attempts: 1,
        elapsed_ms: 0,
        chain: Vec::new(),
        snippet: String::new(),
        sha256: None,
        fetched_at: finding.evidence.fetched_at.map_or(fallback, LocalTime::utc),
        copy: None,
    }
}

fn side_of(found: &StoredFinding) -> Side {
    let finding = &found.finding;
    Side {
        indicator: finding.indicator,
        outcome: finding.outcome,
        class: finding.class,
        reason: finding.reason.clone(),
        version: finding.rule.version.clone(),
    }
}

fn side(new: &NewFinding) -> Side {
    Side {
        indicator: new.indicator,
        outcome: new.outcome,
        class: new.class,
        reason: new.reason.clone(),
        version: new.rule.version.clone(),
    }
}

/// The same verdict, whatever the rules are called.
fn same(before: &Side, after: &Side) -> bool {
    (before.indicator, before.outcome, before.class, &before.reason)
        == (after.indicator, after.outcome, after.class, &after.reason)
}
