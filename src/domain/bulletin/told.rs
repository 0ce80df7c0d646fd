//! The proof that what is told twice is told alike: issues and accounts, notices and issues, rounds and rounds.

use std::collections::{BTreeMap, BTreeSet};

use super::refusal::{Word, agree};
use super::{AccountRow, Context, Dataset, Imbalance, PreviousIssue, PreviousRound, RowId, has_fallen};
use crate::domain::account::AccountId;
use crate::domain::finding::Outcome;
use crate::domain::issue::{EventKind, Issue, IssueStatus};
use crate::domain::round::{RoundName, RoundState};
use crate::domain::rule::Class;

/// What an issue and a verdict of one account have in common.
type Defect<'d> = (&'static str, &'d str);

impl Context {
    /// Whether the file tells of notices and rules at all; one of the first version does not.
    pub(super) fn is_told(&self) -> bool {
        *self != Self::default()
    }
}

impl Dataset {
    /// Issues against the rows of their accounts.
    pub(super) fn check_issues(&self) -> Result<(), Imbalance> {
        let mut numbers = BTreeSet::new();
        let mut of_account = BTreeMap::<&AccountId, Vec<&Issue>>::new();
        for issue in &self.issues {
            let itself = || vec![RowId::Issue(issue.id), RowId::Account(issue.account_id.clone())];
            let name = format!("issues[{}]", issue.id);
            agree(&name, &Word::ONCE, &Word::times(numbers.insert(issue.id)), itself)?;
            let is_last = numbers.last() == Some(&issue.id);
            agree("issues (order)", &Word::YES, &Word::holds(is_last), itself)?;
            let place = self.accounts.binary_search_by(|row| row.facts.account_id.cmp(&issue.account_id));
            let row = place.ok().and_then(|place| self.accounts.get(place));
            let known = Word("抽样框内的账号", "an account of the frame");
            let Some(row) = row else {
                return agree(
                    &format!("{name}.account_id"),
                    &known,
                    &Word("抽样框外的账号", "an unknown account"),
                    itself,
                );
            };
            let facts = &row.facts;
            agree(&format!("{name}.account"), facts.name.as_str(), &issue.account, itself)?;
            agree(&format!("{name}.platform"), &facts.platform, &issue.platform, itself)?;
            if !row.has_unit(&issue.unit) {
                agree(&format!("{name}.unit"), facts.unit.as_str(), &issue.unit, itself)?;
            }
            of_account.entry(&issue.account_id).or_default().push(issue);
        }
        self.accounts.iter().try_for_each(|row| {
            let issues = of_account.get(&row.facts.account_id).map_or(&[][..], Vec::as_slice);
            self.check_account(row, issues)
        })
    }

    /// One account's issues, verdicts and what fell, against each other.
    fn check_account(&self, row: &AccountRow, issues: &[&Issue]) -> Result<(), Imbalance> {
        let id = &row.facts.account_id;
        let itself = || vec![RowId::Account(id.clone())];
        let list = |numbers: &[i64]| numbers.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
        let theirs: Vec<i64> = issues.iter().map(|issue| issue.id).collect();
        agree(&format!("accounts[{id}].issues"), list(&theirs).as_str(), &list(&row.issues), || {
            let differ = theirs.iter().filter(|n| !row.issues.contains(n));
            let differ = differ.chain(row.issues.iter().filter(|n| !theirs.contains(n)));
            itself().into_iter().chain(differ.map(|n| RowId::Issue(*n))).collect()
        })?;
        let verdicts = row.facts.member.as_ref().map_or(&[][..], |member| &member.verdicts);
        for issue in issues {
            let rows = || vec![RowId::Issue(issue.id), RowId::Account(id.clone())];
            let mut same = verdicts.iter().filter(|v| (v.indicator.family(), v.subject.as_str()) == defect(issue));
            let name = format!("issues[{}].finding", issue.id);
            agree(&name, &Word::THERE, &Word::there(same.next().is_some()), rows)?;
        }
        let is_judged = matches!(self.round.state, RoundState::Judged | RoundState::Closed);
        for verdict in verdicts {
            let rows = || vec![RowId::Finding(verdict.finding_id), RowId::Account(id.clone())];
            let name = format!("findings[{}]", verdict.finding_id);
            let issue = issues.iter().find(|i| defect(i) == (verdict.indicator.family(), verdict.subject.as_str()));
            let fell = issue.is_some_and(|issue| has_fallen(issue.status));
            if verdict.outcome == Outcome::Fail {
                agree(&format!("{name}.outcome"), &Word::holds(!fell), &Word::YES, rows)?;
                let owed = is_judged && issue.is_none();
                agree(&format!("{name}.issue"), &Word::there(owed), &Word::NOTHING, rows)?;
            }
            let overturned = row.overturned.contains(&verdict.finding_id);
            let may = fell && verdict.outcome == Outcome::Pass;
            agree(
                &format!("accounts[{id}].overturned"),
                &Word::holds(overturned && may),
                &Word::holds(overturned),
                rows,
            )?;
        }
        let known = |number: &&i64| !verdicts.iter().any(|verdict| verdict.finding_id == **number);
        if let Some(number) = row.overturned.iter().find(known) {
            let rows = || vec![RowId::Finding(*number), RowId::Account(id.clone())];
            agree(&format!("accounts[{id}].overturned"), &Word::NOTHING, &Word::THERE, rows)?;
        }
        Ok(())
    }

    /// Notices against their counts, their issues and the issues' histories.
    pub(super) fn check_notices(&self) -> Result<(), Imbalance> {
        if !self.context.is_told() {
            return Ok(());
        }
        let sent = &self.context.sent;
        let delivered = sent.iter().filter(|notice| notice.delivered_at.is_some()).count();
        let rows = |is_delivered: bool| {
            let these = sent.iter().filter(move |notice| notice.delivered_at.is_some() == is_delivered);
            these.map(|notice| RowId::Notice(notice.number.clone())).collect()
        };
        agree("notices.delivered", &delivered, &self.notices.delivered, || rows(true))?;
        agree("notices.undelivered", &(sent.len() - delivered), &self.notices.undelivered, || rows(false))?;
        let mut numbers = BTreeMap::new();
        for notice in sent {
            let itself = || vec![RowId::Notice(notice.number.clone())];
            let name = format!("context.sent[{}]", notice.number);
            let is_new = numbers.insert(notice.number.as_str(), notice).is_none();
            agree(&name, &Word::ONCE, &Word::times(is_new), itself)?;
            let mut told = BTreeSet::new();
            for number in &notice.issues {
                let rows = || vec![RowId::Notice(notice.number.clone()), RowId::Issue(*number)];
                let name = format!("{name}.issues");
                agree(&name, &Word::ONCE, &Word::times(told.insert(number)), rows)?;
                let Some(issue) = self.issue(*number) else {
                    return agree(&name, &Word("本期的问题", "an issue of the round"), &Word::NOTHING, rows);
                };
                let place = self.accounts.binary_search_by(|row| row.facts.account_id.cmp(&issue.account_id));
                let row = place.ok().and_then(|place| self.accounts.get(place));
                if notice.unit != issue.unit && row.is_some_and(|row| !row.has_unit(&notice.unit)) {
                    agree(&format!("context.sent[{}].unit", notice.number), issue.unit.as_str(), &notice.unit, rows)?;
                }
            }
        }
        for issue in &self.issues {
            let told = issue.events.iter().filter(|event| event.kind == EventKind::Notified);
            for notice in told.filter_map(|event| numbers.get(event.note.as_str())) {
                let rows = || vec![RowId::Notice(notice.number.clone()), RowId::Issue(issue.id)];
                let name = format!("context.sent[{}].issues", notice.number);
                agree(&name, &Word::THERE, &Word::there(notice.issues.contains(&issue.id)), rows)?;
                let name = format!("context.sent[{}].delivered_at", notice.number);
                agree(&name, &Word::THERE, &Word::there(notice.delivered_at.is_some()), rows)?;
            }
        }
        Ok(())
    }

    /// An issue of the round by its number.
    fn issue(&self, number: i64) -> Option<&Issue> {
        let place = self.issues.binary_search_by_key(&number, |issue| issue.id).ok()?;
        self.issues.get(place)
    }

    /// Earlier rounds against this one and against each other.
    pub(super) fn check_before(&self) -> Result<(), Imbalance> {
        let name = self.round.name;
        if let Some(previous) = &self.previous {
            agree("previous.name", name.previous().to_string().as_str(), &previous.name.to_string(), Vec::new)?;
            let line = self.earlier.iter().find(|line| line.name == previous.name);
            self.check_carried("previous", previous, line.map(|line| self.round.as_of > line.as_of))?;
            if let Some(line) = line {
                let rows = |wanted: fn(&PreviousIssue) -> bool| {
                    previous
                        .issues
                        .iter()
                        .filter(|i| stood(i) && wanted(i))
                        .map(|i| RowId::Issue(i.id))
                        .collect::<Vec<_>>()
                };
                let (all, closed) = (rows(|_| true), rows(|i| i.status == IssueStatus::Closed));
                agree(&format!("earlier[{}].standing", line.name), &all.len(), &line.standing, || all.clone())?;
                agree(&format!("earlier[{}].closed", line.name), &closed.len(), &line.closed, || closed.clone())?;
            }
        }
        let halves = |quarter: RoundName| match (name, quarter) {
            (RoundName::Half(year, half), RoundName::Quarter(of, quarter)) => year == of && quarter.div_ceil(2) == half,
            _ => false,
        };
        for quarter in &self.context.quarters {
            let path = format!("context.quarters[{}]", quarter.name);
            agree(&path, &Word::YES, &Word::holds(halves(quarter.name)), Vec::new)?;
            self.check_carried(&path, quarter, None)?;
        }
        let mut known = name;
        for line in &self.earlier {
            let is_before =
                line.name < known && line.name.kind() == name.kind() && line.as_of <= self.round.generated_at;
            agree(&format!("earlier[{}]", line.name), &Word::YES, &Word::holds(is_before), Vec::new)?;
            known = line.name;
            line.check()?;
        }
        Ok(())
    }

    /// The issues of an earlier round against those of this one that are the same.
    fn check_carried(&self, path: &str, round: &PreviousRound, is_later: Option<bool>) -> Result<(), Imbalance> {
        let mut again = is_later;
        let mut last = None;
        for issue in &round.issues {
            let itself = || vec![RowId::Issue(issue.id)];
            let name = format!("{path}.issues[{}]", issue.id);
            agree(&name, &Word::ONCE, &Word::times(last != Some(issue.id)), itself)?;
            agree(&format!("{path}.issues (order)"), &Word::YES, &Word::holds(last < Some(issue.id)), itself)?;
            last = Some(issue.id);
            let Some(now) = self.issue(issue.id) else {
                let found = issue.found_again && !has_fallen(issue.status);
                agree(&format!("{name}.found_again"), &Word::NO, &Word::holds(found), itself)?;
                continue;
            };
            agree(&format!("{name}.account"), now.account.as_str(), &issue.account, itself)?;
            agree(&format!("{name}.platform"), &now.platform, &issue.platform, itself)?;
            agree(&format!("{name}.unit"), now.unit.as_str(), &issue.unit, itself)?;
            let word = |(zh, en)| Word(zh, en);
            let both = [
                (
                    "indicator",
                    word((now.indicator.zh(), now.indicator.key())),
                    word((issue.indicator.zh(), issue.indicator.key())),
                ),
                ("class", word((now.class.zh(), now.class.key())), word((issue.class.zh(), issue.class.key()))),
                ("status", word((now.status.zh(), now.status.key())), word((issue.status.zh(), issue.status.key()))),
            ];
            for (field, now, then) in both {
                agree(&format!("{name}.{field}"), &now, &then, itself)?;
            }
            if !has_fallen(issue.status) {
                // Why one answer for all: it hangs on the two monitoring times alone.
                let expected = *again.get_or_insert(issue.found_again);
                let found = Word::holds(issue.found_again);
                agree(&format!("{name}.found_again"), &Word::holds(expected), &found, itself)?;
            }
        }
        Ok(())
    }
}

fn defect(issue: &Issue) -> Defect<'_> {
    (issue.indicator.family(), issue.subject.as_str())
}

/// Whether an issue of an earlier round is a problem that stands.
fn stood(issue: &PreviousIssue) -> bool {
    issue.class != Class::Advice && !has_fallen(issue.status)
}
