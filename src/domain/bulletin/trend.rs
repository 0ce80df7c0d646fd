//! What earlier rounds came to (趋势), counted as they stand when the dataset is made.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::refusal::{Word, agree};
use super::{AccountResult, Figure, Imbalance, MemberFacts, overturn};
use crate::domain::account::AccountId;
use crate::domain::issue::{Issue, IssueStatus};
use crate::domain::round::RoundName;
use crate::domain::sample::Reason;
use crate::domain::time::LocalTime;

/// An earlier round of the same kind in a few numbers; its rows are in its own dataset.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EarlierRound {
    /// Its name.
    pub name: RoundName,
    /// Its monitoring time.
    pub as_of: LocalTime,
    /// Members.
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
    /// `(qualified + problem) ÷ (qualified + problem + failed)`.
    pub pass_rate: Figure,
    /// The same of the random sample alone.
    pub random_pass_rate: Figure,
    /// Problems found or found again in it that stand: neither revoked nor dismissed, advice apart.
    pub standing: usize,
    /// Those of them that are closed by now.
    pub closed: usize,
}

impl EarlierRound {
    /// Counts an earlier round by the same rules as [`super::Dataset::build`].
    #[must_use]
    pub fn of(
        name: RoundName,
        as_of: LocalTime,
        members: impl IntoIterator<Item = (AccountId, MemberFacts)>,
        issues: &[Issue],
    ) -> Self {
        let mut of_account = BTreeMap::<&AccountId, Vec<&Issue>>::new();
        for issue in issues {
            of_account.entry(&issue.account_id).or_default().push(issue);
        }
        let mut count = BTreeMap::<AccountResult, (usize, usize)>::new();
        for (account, mut member) in members {
            overturn(&mut member, of_account.get(&account).map_or(&[][..], Vec::as_slice));
            let (all, random) = count.entry(AccountResult::of(&member)).or_default();
            *all += 1;
            *random += usize::from(member.reason == Reason::Random);
        }
        let of = |result| count.get(&result).copied().unwrap_or_default();
        let (qualified, problem, failed) =
            (of(AccountResult::Qualified), of(AccountResult::Problem), of(AccountResult::Failed));
        let rate = |good: usize, bad: usize| Figure::rate(good, good + bad);
        let problems = || issues.iter().filter(|issue| super::is_problem(issue));
        Self {
            name,
            as_of,
            drawn: count.values().map(|(all, _)| all).sum(),
            qualified: qualified.0,
            problem: problem.0,
            failed: failed.0,
            unjudged: of(AccountResult::Unjudged).0,
            pending: of(AccountResult::Pending).0,
            pass_rate: rate(qualified.0 + problem.0, failed.0),
            random_pass_rate: rate(qualified.1 + problem.1, failed.1),
            standing: problems().count(),
            closed: problems().filter(|issue| issue.status == IssueStatus::Closed).count(),
        }
    }

    /// What holds within its numbers; the rows stand elsewhere.
    pub(super) fn check(&self) -> Result<(), Imbalance> {
        let cell = |column: &str| format!("earlier[{}].{column}", self.name);
        let judged = self.qualified + self.problem + self.failed;
        agree(&cell("drawn"), &(judged + self.unjudged + self.pending), &self.drawn, Vec::new)?;
        let rate = Figure::rate(self.qualified + self.problem, judged);
        agree(&cell("pass_rate"), &rate, &self.pass_rate, Vec::new)?;
        let random = Figure::rate(self.random_pass_rate.numerator, self.random_pass_rate.denominator.unwrap_or(0));
        agree(&cell("random_pass_rate"), &random, &self.random_pass_rate, Vec::new)?;
        let (judged, passed) = (rate.denominator.unwrap_or(0), rate.numerator);
        let (of, good) = (random.denominator.unwrap_or(0), random.numerator);
        let fits = good <= passed && of <= judged && good <= of && of - good <= self.failed;
        agree(&cell("random_pass_rate"), &Word::YES, &Word::holds(fits), Vec::new)?;
        agree(&cell("closed"), &self.closed.min(self.standing), &self.closed, Vec::new)
    }
}
