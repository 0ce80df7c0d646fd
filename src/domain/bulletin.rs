//! The dataset of a round (统计数据集): rows, the figures counted from them, and the proof that they agree.
//!
//! Every number of every document is taken from one [`Dataset`]. [`Dataset::build`] counts,
//! [`Dataset::check`] counts again and refuses what does not agree, [`Dataset::behind`] names
//! the rows behind a figure.
//!
//! Decisions that bind this module:
//! - Accounts pass or fail on vetoes alone (国办秘函〔2019〕19号, 指标说明): there is no score.
//! - An account is in exactly one [`AccountResult`]. What could not be judged never counts as
//!   passed: it leaves numerator and denominator of the pass rate alike.
//! - The pass rate of the random sample stands apart from that of the accounts that are
//!   always looked at; only the former speaks for the whole frame.
//! - A finding whose issue was revoked on appeal or dismissed has fallen and is counted as
//!   compliant; `overturned` on the row says so.
//! - Nothing personal: contacts never reach a dataset, numbers in what people and pages say
//!   are masked, what is found of personal data is told by post, kind and count alone, and of a person who acted the family name alone is kept.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::account::AccountId;
use super::finding::Outcome;
use super::issue::{Issue, IssueStatus};
use super::keyed::keyed_enum;
use super::rule::{Class, Indicator};

mod breakdown;
mod check;
mod drawn;
mod facts;
mod figure;
mod form;
mod measure;
mod naming;
mod outward;
mod refusal;
mod row_id;
#[cfg(test)]
pub(crate) mod settle;
#[cfg(test)]
mod tamper_tests;
#[cfg(test)]
pub(crate) mod tests;
mod told;
mod trend;
mod units;

pub use facts::{
    AccountFacts, Contact, Contacts, Context, Facts, KEPT_EXTRAS, MemberFacts, NoticeFacts, PreviousIssue,
    PreviousRound, Remedy, RoundFacts, SentNotice, Verdict,
};
pub use figure::{Amount, Figure, Unit, quantifier};
pub use form::Form;
pub use measure::Age;
use measure::{Place, behind, counted};
pub use naming::describe;
pub(in crate::domain) use naming::near;
pub use outward::said_of_a_leak;
pub use refusal::Imbalance;
pub(in crate::domain) use refusal::{Word, agree};
pub use row_id::{Behind, RowId};
pub use trend::EarlierRound;
pub use units::UnitTally;

/// Whether an issue is a problem that stands: neither advice, nor revoked, nor dismissed.
#[must_use]
pub fn is_problem(issue: &Issue) -> bool {
    issue.class != Class::Advice && !has_fallen(issue.status)
}

/// Whether an issue fell: revoked on appeal, or dismissed on review.
#[must_use]
pub const fn has_fallen(status: IssueStatus) -> bool {
    matches!(status, IssueStatus::Revoked | IssueStatus::Dismissed)
}

/// The format name of a dataset.
pub const FORMAT: &str = "xuncha-dataset/1";

/// Whether this program reads a dataset of that format: the same name and major version;
/// a minor version (`xuncha-dataset/1.4`) only adds.
#[must_use]
pub fn understands(format: &str) -> bool {
    format.strip_prefix(FORMAT).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

keyed_enum! {
    /// What a round says of one member (检查结果).
    AccountResult {
        /// No veto, nothing else found.
        Qualified = "qualified", "合格", "Qualified";
        /// No veto, but other violations: passed, with work to do.
        Problem = "problem", "存在问题", "Problems found";
        /// At least one veto.
        Failed = "failed", "不合格", "Failed";
        /// No veto found, but whether there is one could not be judged.
        Unjudged = "unjudged", "无法判定", "Could not be judged";
        /// Not looked at yet.
        Pending = "pending", "尚未检查", "Not looked at yet";
    }
}

impl AccountResult {
    /// Whether the account counts in the denominator of the pass rate.
    #[must_use]
    pub const fn is_judged(self) -> bool {
        matches!(self, Self::Qualified | Self::Problem | Self::Failed)
    }

    /// Whether the account counts in the numerator of the pass rate.
    #[must_use]
    pub const fn is_passed(self) -> bool {
        matches!(self, Self::Qualified | Self::Problem)
    }

    /// Judges a member by its verdicts.
    ///
    /// Whether it was updated in time has to be known (`stale` or `zombie` decided), and no
    /// veto-class verdict may be open; else the account is [`Self::Unjudged`], whatever lesser
    /// violations it has (those are issues all the same).
    #[must_use]
    pub fn of(member: &MemberFacts) -> Self {
        let is_update = |v: &Verdict| v.indicator.is_update();
        let is_open = |v: &Verdict| matches!(v.outcome, Outcome::Suspected | Outcome::Unverified);
        let verdicts = &member.verdicts;
        let failed = |class: fn(Class) -> bool| verdicts.iter().any(|v| v.outcome == Outcome::Fail && class(v.class));
        if failed(|class| class == Class::Veto) {
            Self::Failed
        } else if member.looked_at.is_none() && !verdicts.iter().any(is_update) {
            Self::Pending
        } else if verdicts.iter().any(|v| is_open(v) && (is_update(v) || v.class == Class::Veto))
            || !verdicts.iter().any(is_update)
        {
            Self::Unjudged
        } else if failed(|class| !matches!(class, Class::Veto | Class::Advice)) {
            Self::Problem
        } else {
            Self::Qualified
        }
    }
}

/// One account of the frame with its result.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AccountRow {
    /// What the store said of it.
    #[serde(flatten)]
    pub facts: AccountFacts,
    /// Its result; `None` where it was not drawn.
    pub result: Option<AccountResult>,
    /// Findings that fell with a revoked or dismissed issue.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub overturned: Vec<i64>,
    /// Numbers of its issues of this round.
    pub issues: Vec<i64>,
    /// Units other than the one registered now in whose name its issues or notices still stand.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub former_units: Vec<String>,
}

impl AccountRow {
    /// The name as bulletins print it: 账号名(平台).
    #[must_use]
    pub fn label(&self) -> String {
        format!("{}（{}）", self.facts.name, self.facts.platform.zh())
    }

    /// Whether the account is, or was when its issues were found, run by that unit.
    #[must_use]
    pub fn has_unit(&self, unit: &str) -> bool {
        self.facts.unit == unit || self.former_units.iter().any(|former| former == unit)
    }

    /// Whether the unit handed in no review records, so that nothing proves that it reviews before it publishes.
    #[must_use]
    pub fn lacks_records(&self) -> bool {
        self.verdicts(Outcome::Unverified).any(|v| v.reason == "never_handed_in")
    }

    /// The verdicts of one outcome.
    pub fn verdicts(&self, outcome: Outcome) -> impl Iterator<Item = &Verdict> {
        self.facts.member.iter().flat_map(|m| &m.verdicts).filter(move |v| v.outcome == outcome)
    }
}

/// One line of a breakdown of accounts.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Tally {
    /// `total`, or the key of the platform, tier or reason (`-`: not registered).
    pub key: String,
    /// Its Chinese name.
    pub label: String,
    /// Accounts of the frame, newcomers included. By reason: the members.
    pub frame: usize,
    /// Members of the round.
    pub drawn: usize,
    /// `qualified + problem + failed`.
    pub judged: usize,
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
    /// `(qualified + problem) ÷ judged`.
    pub pass_rate: Figure,
}

/// How the findings of one indicator came out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IndicatorTally {
    /// The indicator.
    pub indicator: Indicator,
    /// All findings.
    pub total: usize,
    /// 合规.
    pub pass: usize,
    /// 违规.
    pub fail: usize,
    /// 疑似.
    pub suspected: usize,
    /// 无法判定.
    pub unverified: usize,
}

/// One line of a breakdown of issues.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IssueTally {
    /// The key of the class, indicator or status.
    pub key: String,
    /// Its Chinese name.
    pub label: String,
    /// How many issues.
    pub issues: usize,
}

/// The tables documents print.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Breakdowns {
    /// All accounts.
    pub total: Tally,
    /// By platform.
    pub platform: Vec<Tally>,
    /// By the unit's tier.
    pub unit_tier: Vec<Tally>,
    /// By why an account is a member: the random sample apart from what was added.
    pub reason: Vec<Tally>,
    /// Findings by indicator and outcome.
    pub indicators: Vec<IndicatorTally>,
    /// Issues by class.
    pub classes: Vec<IssueTally>,
    /// Issues by indicator.
    pub issue_indicators: Vec<IssueTally>,
    /// Issues by where they stand.
    pub statuses: Vec<IssueTally>,
}

/// One round's rows with everything counted from them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Dataset {
    /// [`FORMAT`].
    pub format: String,
    /// The supervising office.
    pub office: String,
    /// The round and its draw.
    pub round: RoundFacts,
    /// Every figure by name, such as `total.pass_rate` or `platform.weibo.failed`.
    pub figures: BTreeMap<String, Figure>,
    /// The same numbers as tables.
    pub breakdowns: Breakdowns,
    /// The whole frame, ordered by `account_id`.
    pub accounts: Vec<AccountRow>,
    /// Issues found or found again, ordered by number.
    pub issues: Vec<Issue>,
    /// The round before.
    pub previous: Option<PreviousRound>,
    /// What the rounds before this one came to, the latest first; three at most.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub earlier: Vec<EarlierRound>,
    /// Reminders sent before a violation.
    pub warnings_sent: usize,
    /// Notices of this round.
    pub notices: NoticeFacts,
    /// What documents say beside rows and figures.
    #[serde(default)]
    pub context: Context,
}

impl Dataset {
    /// Counts the facts.
    ///
    /// Errors: the facts contradict themselves (an account twice, an issue of an unknown
    /// account, a frame of another size than stated, a stratum short of its quota).
    pub fn build(facts: Facts) -> Result<Self, Imbalance> {
        let Facts { office, round, accounts, mut issues, mut previous, earlier, warnings_sent, notices, mut context } =
            facts;
        issues.sort_by_key(|issue| issue.id);
        for earlier in previous.iter_mut().chain(&mut context.quarters) {
            earlier.issues.sort_by_key(|issue| issue.id);
        }
        context.sent.sort_by(|a, b| (&a.unit, &a.number).cmp(&(&b.unit, &b.number)));
        let mut of_account = BTreeMap::<AccountId, Vec<&Issue>>::new();
        for issue in &issues {
            of_account.entry(issue.account_id.clone()).or_default().push(issue);
        }
        let mut told = BTreeMap::<i64, Vec<&str>>::new();
        for notice in &context.sent {
            notice.issues.iter().for_each(|issue| told.entry(*issue).or_default().push(&notice.unit));
        }
        let mut rows: Vec<AccountRow> = accounts
            .into_iter()
            .map(|account| {
                let issues = of_account.get(&account.account_id).map_or(&[][..], Vec::as_slice);
                row(account, issues, &told)
            })
            .collect();
        // Why only now: a verdict and its issue are told to be one by what stands in both.
        issues.iter_mut().for_each(outward::without_persons);
        rows.sort_by(|a, b| a.facts.account_id.cmp(&b.facts.account_id));
        let mut dataset = Self {
            format: FORMAT.to_owned(),
            office,
            round,
            figures: BTreeMap::new(),
            breakdowns: Breakdowns::default(),
            accounts: rows,
            issues,
            previous,
            earlier,
            warnings_sent,
            notices,
            context,
        };
        dataset.figures = counted(&dataset);
        dataset.breakdowns = Breakdowns::of(&dataset);
        dataset.check()?;
        Ok(dataset)
    }

    /// A figure by name; zero rows for a name that does not occur, such as a platform without accounts.
    #[must_use]
    pub fn figure(&self, name: &str) -> Figure {
        self.figures.get(name).cloned().unwrap_or_else(|| {
            if name.ends_with("_rate") || name.ends_with(".coverage") {
                Figure::rate(0, 0)
            } else {
                Figure::count(0, Unit::Accounts)
            }
        })
    }

    /// Whether an issue that an earlier round found was found again by this one, which looked later; an issue
    /// of a round of the same monitoring time is the same problem, counted twice.
    #[must_use]
    pub fn is_found_again(&self, issue: &Issue) -> bool {
        if has_fallen(issue.status) || issue.round == self.round.name {
            return false;
        }
        let earlier = self.previous.iter().chain(&self.context.quarters).flat_map(|earlier| &earlier.issues);
        let known = earlier.filter(|row| row.id == issue.id).map(|row| row.found_again).next();
        known.unwrap_or_else(|| {
            let found = issue.events.first().map_or(issue.opened_at, |event| event.at);
            found.utc() < self.round.as_of.utc()
        })
    }

    /// The count behind a figure.
    #[must_use]
    pub fn count(&self, name: &str) -> usize {
        self.figures.get(name).map_or(0, |figure| figure.numerator)
    }

    /// The rows behind a figure; `None` for a name the dataset does not have.
    #[must_use]
    pub fn behind(&self, name: &str) -> Option<Behind> {
        let measure = behind(self, name)?;
        let names = |places: &[Place]| places.iter().filter_map(|place| self.name(*place)).collect();
        Some(Behind {
            figure: measure.figure,
            numerator: names(&measure.numerator),
            denominator: measure.denominator.as_deref().map(names),
        })
    }

    fn name(&self, place: Place) -> Option<RowId> {
        Some(match place {
            Place::Account(n) => RowId::Account(self.accounts.get(n)?.facts.account_id.clone()),
            Place::Verdict(n, k) => {
                RowId::Finding(self.accounts.get(n)?.facts.member.as_ref()?.verdicts.get(k)?.finding_id)
            }
            Place::Issue(n) => RowId::Issue(self.issues.get(n)?.id),
            Place::Previous(n) => RowId::Issue(self.previous.as_ref()?.issues.get(n)?.id),
            Place::Quarter(k, n) => RowId::Issue(self.context.quarters.get(k)?.issues.get(n)?.id),
            Place::Notice(n) => RowId::Notice(self.context.sent.get(n)?.number.clone()),
        })
    }
}

fn row(mut facts: AccountFacts, issues: &[&Issue], told: &BTreeMap<i64, Vec<&str>>) -> AccountRow {
    facts.extra.retain(|heading, _| KEPT_EXTRAS.contains(&heading.as_str()));
    let overturned = facts.member.as_mut().map(|member| overturn(member, issues)).unwrap_or_default();
    facts.member.iter_mut().for_each(|member| outward::member_without_persons(member, &overturned));
    let result = facts.member.as_ref().map(AccountResult::of);
    let notices = issues.iter().filter_map(|issue| told.get(&issue.id)).flatten().copied();
    let units = issues.iter().map(|issue| issue.unit.as_str()).chain(notices);
    let former: BTreeSet<&str> = units.filter(|unit| *unit != facts.unit).collect();
    let former_units = former.into_iter().map(str::to_owned).collect();
    AccountRow { facts, result, overturned, issues: issues.iter().map(|issue| issue.id).collect(), former_units }
}

/// Takes back what fell with a revoked or dismissed issue; the findings it takes back.
fn overturn(member: &mut MemberFacts, issues: &[&Issue]) -> Vec<i64> {
    let mut overturned = Vec::new();
    for verdict in &mut member.verdicts {
        let same = |issue: &&&Issue| {
            issue.indicator.family() == verdict.indicator.family() && issue.subject == verdict.subject
        };
        let fell = issues
            .iter()
            .find(same)
            .is_some_and(|issue| matches!(issue.status, IssueStatus::Revoked | IssueStatus::Dismissed));
        if verdict.outcome == Outcome::Fail && fell {
            verdict.outcome = Outcome::Pass;
            overturned.push(verdict.finding_id);
        }
    }
    overturned
}
