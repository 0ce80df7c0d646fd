//! Makes a doctored round of the tests agree with itself again where the test does not care.

use std::collections::BTreeSet;

use super::{Facts, NoticeFacts, PreviousIssue, has_fallen};
use crate::domain::finding::Outcome;
use crate::domain::issue::IssueStatus;
use crate::domain::rule::Class;
use crate::domain::sample::{frame_sha256_of, ticket};

/// Mends what a real round could not say: names of accounts in issues, tickets, counts of notices, earlier rounds.
pub(crate) fn settle(facts: &mut Facts) {
    for issue in &mut facts.issues {
        let Some(account) = facts.accounts.iter_mut().find(|a| a.account_id == issue.account_id) else { continue };
        issue.account.clone_from(&account.name);
        issue.platform = account.platform;
        let verdicts = account.member.iter_mut().flat_map(|member| &mut member.verdicts);
        let mut of_issue: Vec<_> = verdicts.filter(|v| v.outcome == Outcome::Fail).collect();
        let same =
            |v: &&mut super::Verdict| v.indicator.family() == issue.indicator.family() && v.subject == issue.subject;
        if !of_issue.iter().any(same)
            && let Some(verdict) = of_issue.first_mut()
        {
            verdict.indicator = issue.indicator;
            verdict.subject.clone_from(&issue.subject);
        }
    }
    if let Some(seed) = &facts.round.seed {
        let mut moved = false;
        for account in &mut facts.accounts {
            let Some(member) = &mut account.member else { continue };
            let own = ticket(seed, facts.round.name, &account.account_id);
            moved |= member.ticket != own;
            member.ticket = own;
        }
        if moved {
            // As a file of the first version has it: nobody can say who should have won.
            facts.accounts.iter_mut().for_each(|account| account.drawn_this_year = None);
        }
    }
    facts.accounts.sort_by(|a, b| a.account_id.cmp(&b.account_id));
    let frozen = facts.accounts.iter().filter(|account| !account.newcomer);
    let frame: Option<Vec<_>> = frozen.map(|a| Some((&a.account_id, a.stratum.as_str(), a.drawn_this_year?))).collect();
    if let Some(frame) = frame {
        facts.round.frame_sha256 = frame_sha256_of(frame);
    }
    if facts.context.is_told() {
        let delivered = facts.context.sent.iter().filter(|notice| notice.delivered_at.is_some()).count();
        facts.notices = NoticeFacts { delivered, undelivered: facts.context.sent.len() - delivered };
    }
    let current = facts.issues.clone();
    for (place, issue) in facts.context.quarters.iter_mut().flat_map(|quarter| &mut quarter.issues).enumerate() {
        let same = |i: &&crate::domain::issue::Issue| {
            (i.status, i.indicator, i.class) == (issue.status, issue.indicator, issue.class)
        };
        match current.iter().find(same).filter(|_| issue.found_again && !has_fallen(issue.status)) {
            Some(now) => {
                issue.id = now.id;
                (issue.account, issue.platform, issue.unit) = (now.account.clone(), now.platform, now.unit.clone());
            }
            None => issue.id = 9000 + place as i64,
        }
    }
    for issue in facts.previous.iter_mut().flat_map(|previous| &mut previous.issues) {
        match current.iter().find(|now| now.id == issue.id) {
            Some(now) => {
                (issue.account, issue.platform, issue.unit) = (now.account.clone(), now.platform, now.unit.clone());
                (issue.indicator, issue.class, issue.status) = (now.indicator, now.class, now.status);
            }
            None => issue.found_again = false,
        }
    }
    for earlier in facts.previous.iter_mut().chain(&mut facts.context.quarters) {
        earlier.issues.sort_by_key(|issue| issue.id);
    }
    facts.earlier.retain(|line| line.name.kind() == facts.round.name.kind());
    let mut known = BTreeSet::new();
    facts.earlier.retain(|line| known.insert(line.name) && line.name < facts.round.name);
    if let Some(previous) = &facts.previous {
        let stood = |i: &&PreviousIssue| i.class != Class::Advice && !has_fallen(i.status);
        for line in facts.earlier.iter_mut().filter(|line| line.name == previous.name) {
            line.standing = previous.issues.iter().filter(stood).count();
            let closed = previous.issues.iter().filter(stood).filter(|i| i.status == IssueStatus::Closed);
            line.closed = closed.count();
        }
    }
}
