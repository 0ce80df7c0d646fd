//! 三、发现的主要问题: by class and indicator, each account named as 账号名(平台).

use std::collections::{BTreeMap, BTreeSet};

use super::Draft;
use crate::domain::account::AccountId;
use crate::domain::bulletin::{AccountRow, Form};
use crate::domain::finding::Outcome;
use crate::domain::issue::Issue;
use crate::domain::round::RoundKind;
use crate::domain::round::RoundState;
use crate::domain::rule::{Class, Indicator};
use crate::reports::docx::Paper;
use crate::reports::prose::prose;
use crate::reports::subject::Subject;
use crate::reports::wording::{said, standing};

/// Lines of a list in the body before it refers to the annex.
const LINES: usize = 300;

/// The standing issues of one indicator, with the accounts in the order they come.
struct Group<'a> {
    indicator: Indicator,
    issues: Vec<&'a Issue>,
    names: Vec<String>,
}

impl Draft<'_> {
    pub(super) fn found(&self, paper: &mut Paper) {
        let (d, t) = (self.d, self.tongue);
        paper.heading(&t.heading(2, "发现的主要问题", "The problems found"));
        let (problems, advice) = (d.count("issues.problems"), d.count("issues.advice"));
        let fallen = d.count("issues.fallen");
        let is_complete = matches!(d.round.state, RoundState::Judged | RoundState::Closed);
        let mut text = match (problems, is_complete) {
            (0, true) => t.say("本期检查未发现问题。", "The inspection found no problems."),
            (0, false) => t.say(
                "检查尚未全部完成，暂无已认定的问题。",
                "The inspection is not complete; no problem is confirmed so far.",
            ),
            _ => {
                let (closed, live) = (d.count("issues.problems_closed"), d.count("issues.problems_live"));
                if problems > 1 && closed == problems {
                    t.say(
                        format!("共认定问题{problems}个，均已销号。"),
                        format!("{problems} problems were confirmed, and all are closed."),
                    )
                } else {
                    t.say(
                        format!("共认定问题{problems}个，已销号{closed}个，尚未办结{live}个。"),
                        format!("{problems} problems were confirmed; {closed} are closed, {live} still open."),
                    )
                }
            }
        };
        if fallen > 0 {
            text += &t.say(
                format!("另有{fallen}个经申诉或核实后撤销，不计在内。"),
                format!(" Not counted: {fallen} more that fell on appeal or review."),
            );
        }
        if advice > 0 {
            text += &t
                .say(format!("另提出工作建议{advice}条。"), format!(" Besides, {advice} pieces of advice are given."));
        }
        paper.body(&text);
        let mut place = 0;
        for class in Class::ALL {
            let groups = self.groups(*class);
            if groups.is_empty() {
                continue;
            }
            let sum: usize = groups.iter().map(|group| group.issues.len()).sum();
            let (zh, en) = heading_of(*class);
            let ordinal = t.ordinal(place);
            place += 1;
            let unit = if *class == Class::Advice { t.pick("条", "") } else { t.pick("个", "") };
            paper.subheading(&t.say(format!("{ordinal}{zh}（{sum}{unit}）"), format!("{ordinal}{en}: {sum}")));
            match self.form {
                Form::Brief => self.brief(paper, unit, &groups),
                Form::Statistics => self.statistics(paper, *class, &groups),
                Form::List => self.listed(paper, unit, &groups),
            }
        }
    }

    fn groups(&self, class: Class) -> Vec<Group<'_>> {
        let mut groups = BTreeMap::<Indicator, (Group<'_>, BTreeSet<&AccountId>)>::new();
        for issue in standing(self.d).filter(|issue| issue.class == class) {
            let empty =
                || (Group { indicator: issue.indicator, issues: Vec::new(), names: Vec::new() }, BTreeSet::new());
            let (group, seen) = groups.entry(issue.indicator).or_insert_with(empty);
            group.issues.push(issue);
            if seen.insert(&issue.account_id) {
                group.names.push(self.tongue.issue_label(issue));
            }
        }
        groups.into_values().map(|(group, _)| group).collect()
    }

    /// One paragraph: every indicator with its count and a few examples.
    fn brief(&self, paper: &mut Paper, unit: &str, groups: &[Group<'_>]) {
        let t = self.tongue;
        let part = |group: &Group<'_>| {
            let (name, issues) = (group.indicator.name(t.0), group.issues.len());
            let named = t.some(&group.names, self.examples());
            t.say(format!("{name}{issues}{unit}，涉及{named}"), format!("{name}, {issues}: {named}"))
        };
        paper.body(&(t.clauses(&groups.iter().map(part).collect::<Vec<_>>()) + t.pick("。", ".")));
    }

    /// A paragraph an indicator: how many of how many, and which.
    fn statistics(&self, paper: &mut Paper, class: Class, groups: &[Group<'_>]) {
        let t = self.tongue;
        for (place, group) in groups.iter().enumerate() {
            let (number, accounts, issues) = (place + 1, group.names.len(), group.issues.len());
            let judged = self.judged(group);
            let word = t.quantifier(accounts, judged);
            let noun = Subject::of_indicator(group.indicator, self.subject).noun(t.0);
            let name = group.indicator.name(t.0);
            let more = if accounts > self.examples() { t.pick("，详见附件", "; see the annex") } else { "" };
            let named = t.some(&group.names, self.examples()) + more;
            paper.body(&if class == Class::Advice {
                t.say(
                    format!("{number}.{name}。对{word}{noun}（{accounts}/{judged}）提出建议，共{issues}条：{named}。"),
                    format!("{number}. {name}. {word} {noun} ({accounts}/{judged}), {issues} in all: {named}."),
                )
            } else {
                t.say(
                    format!(
                        "{number}.{name}。{word}{noun}（{accounts}/{judged}）存在此类问题，共{issues}个：{named}。"
                    ),
                    format!("{number}. {name}. {word} {noun} ({accounts}/{judged}), {issues} problems: {named}."),
                )
            });
        }
    }

    /// A line an issue: account, unit, what was found.
    fn listed(&self, paper: &mut Paper, counted: &str, groups: &[Group<'_>]) {
        let t = self.tongue;
        for (place, group) in groups.iter().enumerate() {
            let (number, accounts, issues) = (place + 1, group.names.len(), group.issues.len());
            let name = group.indicator.name(t.0);
            let judged = self.judged(group);
            let word = t.quantifier(accounts, judged);
            let noun = Subject::of_indicator(group.indicator, self.subject).noun(t.0);
            paper.introduction(&t.say(
                format!("{number}.{name}，{word}{noun}（{accounts}/{judged}），共{issues}{counted}。"),
                format!("{number}. {name}: {} {noun} ({accounts}/{judged}), {issues} in all.", word.to_lowercase()),
            ));
            for (line, issue) in group.issues.iter().take(LINES).enumerate() {
                let (line, label) = (line + 1, t.issue_label(issue));
                let what = prose(&said(issue.indicator, &issue.summary, t.0), t.0);
                let what = what.strip_prefix(name).unwrap_or(&what).trim_start_matches(['：', ':', ' ']).to_owned();
                // Why: advice may ask, and one mark at the end is enough.
                let stop = if what.ends_with(['?', '？', '.', '。', '!', '！']) { "" } else { t.pick("。", ".") };
                let unit = &issue.unit;
                let text = if what.is_empty() {
                    t.say(format!("（{line}）{label}，{unit}。"), format!("({line}) {label}, {unit}."))
                } else {
                    t.say(
                        format!("（{line}）{label}，{unit}：{what}{stop}"),
                        format!("({line}) {label}, {unit}: {what}{stop}"),
                    )
                };
                paper.body(&super::super::wording::short_links(&text));
            }
            if group.issues.len() > LINES {
                let rest = group.issues.len() - LINES;
                paper.body(
                    &t.say(format!("其余{rest}{counted}见附件。"), format!("The other {rest} stand in the annex.")),
                );
            }
        }
    }

    /// Accounts that were judged on an indicator: what could not be judged is no account without the problem.
    fn judged(&self, group: &Group<'_>) -> usize {
        let decided = |row: &&AccountRow| {
            let verdicts = row.facts.member.iter().flat_map(|member| &member.verdicts);
            verdicts
                .filter(|v| matches!(v.outcome, Outcome::Pass | Outcome::Fail))
                .any(|v| v.indicator.family() == group.indicator.family())
        };
        self.d.accounts.iter().filter(decided).count().max(group.names.len())
    }

    /// Whether this round drew a sample.
    pub(super) fn is_sample(&self) -> bool {
        self.d.round.kind == RoundKind::Quarterly
    }
}

const fn heading_of(class: Class) -> (&'static str, &'static str) {
    match class {
        Class::Veto => ("出现单项否决情形", "Vetoes"),
        Class::Prominent => ("存在突出问题", "Prominent problems"),
        Class::Ordinary => ("存在一般问题", "Ordinary problems"),
        Class::Advice => ("工作建议", "Advice"),
    }
}
