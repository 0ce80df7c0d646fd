//! The lines of the page's tables, with the tokens by which its script finds them.

use super::page::{class_of, tone_of};
use super::page_figures::View;
use super::wording::clip;
use super::words::Tone;
use crate::domain::bulletin::{AccountResult, AccountRow, Age, PreviousIssue, has_fallen};
use crate::domain::finding::Outcome;
use crate::domain::issue::{Issue, IssueStatus};
use crate::domain::rule::Class;

pub(super) struct AccountLine {
    pub(super) tokens: String,
    pub(super) label: String,
    pub(super) unit: String,
    pub(super) tier: &'static str,
    pub(super) result: &'static str,
    pub(super) tone: &'static str,
    pub(super) problems: String,
    pub(super) newest: String,
    pub(super) issues: Vec<i64>,
}

pub(super) struct IssueLine {
    pub(super) tokens: String,
    pub(super) id: i64,
    pub(super) account: String,
    pub(super) unit: String,
    pub(super) indicator: &'static str,
    pub(super) class: &'static str,
    pub(super) summary: String,
    pub(super) due: String,
    pub(super) status: &'static str,
    pub(super) tone: &'static str,
}

pub(super) struct PreviousLine {
    pub(super) tokens: String,
    pub(super) id: i64,
    pub(super) account: String,
    pub(super) unit: String,
    pub(super) indicator: &'static str,
    pub(super) class: &'static str,
    pub(super) status: &'static str,
    pub(super) tone: &'static str,
    pub(super) found_again: &'static str,
}

impl View<'_> {
    pub(super) fn account(&self, row: &AccountRow) -> AccountLine {
        let (facts, w) = (&row.facts, self.w);
        let mut tokens = vec![
            format!("platform={}", facts.platform),
            format!("unit_tier={}", facts.unit_tier.map_or("-", crate::domain::account::UnitTier::key)),
        ];
        if let (Some(member), Some(result)) = (&facts.member, row.result) {
            tokens.extend(["drawn".to_owned(), format!("result={result}"), format!("reason={}", member.reason)]);
            tokens.push(format!("silence={}", Age::of(member, self.d.round.as_of)));
            if result.is_judged() {
                tokens.push("judged".to_owned());
            }
            for verdict in &member.verdicts {
                let token = format!("{}:{}", verdict.indicator, verdict.outcome);
                if matches!(verdict.outcome, Outcome::Fail | Outcome::Unverified) && !tokens.contains(&token) {
                    tokens.push(token);
                }
            }
        }
        let mut problems = w.problems(row);
        if row.result == Some(AccountResult::Unjudged) {
            let unseen = row.verdicts(Outcome::Unverified).find(|v| v.leaves_open());
            let why = unseen.map(|v| clip(&v.summary, 200)).filter(|why| !why.is_empty());
            problems = w.list(&why.into_iter().chain(Some(problems).filter(|p| !p.is_empty())).collect::<Vec<_>>());
        }
        AccountLine {
            tokens: tokens.join(" "),
            label: w.label(&facts.name, facts.platform),
            unit: clip(&facts.unit, 120),
            tier: w.tier(facts.unit_tier),
            result: row.result.map_or(w.pick("未抽中", "Not drawn"), |result| result.name(w.0)),
            tone: tone_of(row.result),
            problems,
            newest: facts
                .member
                .as_ref()
                .and_then(|m| m.newest_at)
                .map_or(String::new(), crate::domain::time::LocalTime::minute),
            issues: row.issues.iter().copied().filter(|id| super::wording::stands(self.d, *id)).collect(),
        }
    }

    pub(super) fn issue(&self, issue: &Issue) -> IssueLine {
        let w = self.w;
        let live = match issue.status {
            status if has_fallen(status) => " fallen",
            IssueStatus::Closed => " stands",
            _ => " stands live",
        };
        let kind = match issue.class {
            _ if has_fallen(issue.status) => "",
            Class::Advice => " advice",
            _ => " problem",
        };
        let provisional = if issue.due_provisional { w.pick("（暂定）", " (provisional)") } else { "" };
        IssueLine {
            tokens: format!(
                "id={} class={} status={} indicator={}{live}{kind}",
                issue.id, issue.class, issue.status, issue.indicator
            ),
            id: issue.id,
            account: w.label(&issue.account, issue.platform),
            unit: clip(&issue.unit, 120),
            indicator: issue.indicator.name(w.0),
            class: issue.class.name(w.0),
            summary: if has_fallen(issue.status) {
                w.pick("原认定已撤销", "withdrawn").to_owned()
            } else {
                clip(&issue.summary, 300)
            },
            due: issue.due_at.map_or(String::new(), |at| format!("{}{provisional}", at.date())),
            status: issue.status.name(w.0),
            tone: class_of(Tone::of_status(issue.status)),
        }
    }

    pub(super) fn previous(&self, issue: &PreviousIssue) -> PreviousLine {
        let w = self.w;
        let mut tokens = vec![format!("status={}", issue.status)];
        if issue.class != Class::Advice {
            tokens.push("problem".to_owned());
        }
        if !issue.status.is_final() {
            tokens.push("live".to_owned());
        }
        match issue.status {
            IssueStatus::Overdue | IssueStatus::Escalated => tokens.push("late".to_owned()),
            IssueStatus::Revoked | IssueStatus::Dismissed => tokens.push("fallen".to_owned()),
            _ => {}
        }
        let is_again = issue.found_again && !has_fallen(issue.status);
        if is_again {
            tokens.push("again".to_owned());
        }
        PreviousLine {
            tokens: tokens.join(" "),
            id: issue.id,
            account: w.label(&issue.account, issue.platform),
            unit: clip(&issue.unit, 120),
            indicator: issue.indicator.name(w.0),
            class: issue.class.name(w.0),
            status: issue.status.name(w.0),
            tone: class_of(Tone::of_status(issue.status)),
            found_again: if is_again { w.pick("是", "Yes") } else { "" },
        }
    }
}
