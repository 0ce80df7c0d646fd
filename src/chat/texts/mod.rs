//! Every text a reader sees, in one place per language: pure functions from values to messages.
//!
//! `zh` and `en` say the same things in the same order; a text that only one of them knows
//! is a bug. Layout, cutting and escaping are the page's business, wording is theirs.

mod en;
mod en_replies;
mod page;
mod press;
mod zh;
mod zh_replies;

use chrono::NaiveDate;

pub use page::{Button, Message};
pub(in crate::chat) use page::{Line, Sheet, Style};
pub use press::{Press, Why};

use super::commands::Verb;
use crate::domain::Lang;
use crate::domain::finding::Finding;
use crate::domain::finding::Outcome;
use crate::domain::issue::{Issue, IssueState, IssueStatus, Refusal};
use crate::domain::notice::{Alert, NoticeBody};
use crate::domain::person::Role;
use crate::domain::round::{RoundName, RoundState};
use crate::domain::rule::{Class, Indicator};
use crate::domain::time::LocalTime;
use crate::store::{Person, StoredIssue};

/// A notice with more issues than this has one button for all of them.
pub const MOST_ROWS: usize = 8;

/// The day a class of problem is due, and whether that is 暂定.
pub type Due<'a> = &'a dyn Fn(Class) -> (NaiveDate, bool);

/// The message of a notice; `due` knows the deadline a delivery now would give each class.
#[must_use]
pub fn render(body: &NoticeBody, number: &str, unit: Option<&str>, lang: Lang, due: Due<'_>) -> Message {
    let buttons = notice_buttons(body, lang);
    match lang {
        Lang::Zh => zh::notice(body, number, unit, due, buttons),
        Lang::En => en::notice(body, number, unit, due, buttons),
    }
}

/// How the reader of a notice may answer it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::chat) enum Way {
    /// With the buttons below it, or by a command.
    Here,
    /// By the link below it.
    Link,
    /// Not here: a group robot hears nothing.
    Elsewhere,
}

/// The whole of a notice, for a channel without buttons; `by_link` when a link is put below it.
#[must_use]
pub(in crate::chat) fn sheet(
    body: &NoticeBody,
    number: &str,
    unit: Option<&str>,
    lang: Lang,
    due: Due<'_>,
    by_link: bool,
) -> Sheet {
    let way = if by_link { Way::Link } else { Way::Elsewhere };
    match lang {
        Lang::Zh => zh::page(body, number, unit, due, way).sheet(),
        Lang::En => en::page(body, number, unit, due, way).sheet(),
    }
}

/// The words of the link below a notice, and what is put behind the number of a part.
pub(in crate::chat) fn link_label(lang: Lang) -> &'static str {
    match lang {
        Lang::Zh => "打开办理页面",
        Lang::En => "Open the page of this notice",
    }
}

/// `（2/3）`: which part of a message this is.
pub(in crate::chat) fn part_mark(part: usize, of: usize, lang: Lang) -> String {
    match lang {
        Lang::Zh => format!("（{part}/{of}）"),
        Lang::En => format!(" ({part}/{of})"),
    }
}

/// How far a round has come, for `/status`.
#[derive(Debug, Clone, PartialEq)]
pub struct Progress {
    /// Which round.
    pub round: RoundName,
    /// How far.
    pub state: RoundState,
    /// 监测时间点.
    pub as_of: LocalTime,
    /// Accounts drawn.
    pub members: i64,
    /// Accounts looked at.
    pub looked_at: i64,
    /// Findings by indicator and verdict.
    pub findings: Vec<(Indicator, Outcome, i64)>,
    /// Findings of any round that wait for a person.
    pub doubtful: i64,
    /// Issues of any round by state.
    pub issues: Vec<(IssueStatus, i64)>,
}

/// Why a code did not bind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BindRefusal {
    /// No such code.
    Unknown,
    /// Too old.
    Expired,
    /// Used before.
    Used,
    /// Too many wrong codes from this person.
    TooManyTries,
}

/// What the bot answers.
#[derive(Debug)]
pub enum Reply<'a> {
    /// To somebody the office does not know.
    Welcome,
    /// The commands a person has; empty roles: a stranger.
    Help(&'a [Role]),
    /// Bound now.
    Bound(&'a Person),
    /// The code did not bind.
    NotBound(BindRefusal),
    /// An anonymous group administrator cannot be told from another.
    Anonymous,
    /// A forwarded command is somebody else's words.
    Forwarded,
    /// The role does not allow the command.
    NotYours,
    /// What is confidential is not said in a group.
    PrivateOnly,
    /// No such issue, or another unit's.
    NoIssue(i64),
    /// No such finding, or it was decided before.
    NoFinding(i64),
    /// No such round.
    NoRound,
    /// No account of that unit is registered.
    NoUnit(&'a str),
    /// The workflow refuses.
    Refused(i64, &'a Refusal),
    /// How a command is written.
    Usage(Verb),
    /// No such command.
    Unknown,
    /// Asks for the words an action needs.
    Ask(Verb, i64),
    /// Asks why a finding is set aside.
    AskWhy(i64),
    /// An action had its effect, or had it before.
    Done {
        /// What was done.
        verb: Verb,
        /// It changed something now.
        changed: bool,
        /// The issue as it stands.
        issue: &'a StoredIssue,
    },
    /// So many issues were acknowledged.
    AckedAll(usize),
    /// One issue in full.
    Issue {
        /// The issue.
        issue: &'a StoredIssue,
        /// What the reader may do next.
        steps: &'a [Verb],
    },
    /// A list of issues.
    Issues {
        /// The issues.
        issues: &'a [StoredIssue],
        /// There are more than these.
        capped: bool,
        /// Only those past their deadline were asked for.
        overdue: bool,
        /// The unit's name stands on every line.
        with_unit: bool,
    },
    /// Findings that wait for a person.
    Queue {
        /// The first of them.
        findings: &'a [Finding],
        /// How many in all.
        total: i64,
    },
    /// A finding was decided.
    Decided(&'a Finding),
    /// How far a round has come.
    Status(&'a Progress),
    /// A one-time code.
    Invite {
        /// The code.
        code: &'a str,
        /// For which unit.
        unit: &'a str,
        /// Until when.
        expires_at: LocalTime,
    },
    /// The language was set.
    LangSet,
    /// Feedback was passed on.
    Thanks,
    /// Something of ours failed.
    Trouble,
}

/// The message of an answer.
#[must_use]
pub fn reply(reply: &Reply<'_>, lang: Lang) -> Message {
    match lang {
        Lang::Zh => zh_replies::reply(reply),
        Lang::En => en_replies::reply(reply),
    }
}

/// A command for the menu and the help: what follows it, and what it does.
#[must_use]
pub fn about(verb: Verb, lang: Lang) -> (&'static str, &'static str) {
    match lang {
        Lang::Zh => zh_replies::about(verb),
        Lang::En => en_replies::about(verb),
    }
}

/// The mark in a question by which its reply is recognised, in either language.
#[must_use]
pub fn asked(question: &str) -> Option<Press> {
    let (_, rest) = question.split_once('〔')?;
    let (mark, _) = rest.split_once('〕')?;
    let (word, id) = mark.rsplit_once(' ')?;
    let id = id.parse().ok().filter(|id| *id >= 0)?;
    if word == "排除" || word == "dismiss" {
        return Some(Press::Dismiss(id));
    }
    let verb = Verb::ALL.iter().copied().find(|v| v.zh() == word || v.key() == word)?;
    verb.takes_issue().then_some(Press::Do(verb, id))
}

/// Rows of buttons in a language.
#[must_use]
pub fn buttons(rows: &[Vec<Press>], lang: Lang) -> Vec<Vec<Button>> {
    let button = |press: &Press| Button { label: label(*press, lang), press: *press };
    rows.iter().filter(|row| !row.is_empty()).map(|row| row.iter().map(button).collect()).collect()
}

fn label(press: Press, lang: Lang) -> String {
    match (press, lang) {
        (Press::Do(verb, id), Lang::Zh) => format!("{} {id}", verb.zh()),
        (Press::Do(verb, id), Lang::En) => format!("{} {id}", verb.en()),
        (Press::AckAll(..), Lang::Zh) => "全部签收".into(),
        (Press::AckAll(..), Lang::En) => "Acknowledge all".into(),
        (Press::Confirm(id), Lang::Zh) => format!("属实 {id}"),
        (Press::Confirm(id), Lang::En) => format!("Confirm {id}"),
        (Press::Dismiss(id), Lang::Zh) => format!("排除 {id}"),
        (Press::Dismiss(id), Lang::En) => format!("Dismiss {id}"),
        (Press::DismissFor(_, why), lang) => why.name(lang).into(),
    }
}

/// What a person in `role` may sensibly do next with an issue.
#[must_use]
pub fn steps(role: Role, state: &IssueState) -> Vec<Verb> {
    use IssueStatus as S;
    match (role, state.status) {
        (Role::UnitAdmin, S::Open | S::Notified | S::Overdue | S::Escalated) if state.acknowledged_at.is_none() => {
            vec![Verb::Ack, Verb::Fix, Verb::Appeal]
        }
        (Role::UnitAdmin, S::Open | S::Notified | S::Acknowledged | S::Overdue | S::Escalated) => {
            vec![Verb::Fix, Verb::Appeal]
        }
        (Role::Supervisor, S::Appealed) => vec![Verb::Uphold, Verb::Revoke],
        (Role::Supervisor, S::Rectified) => vec![Verb::Close, Verb::Reject],
        (Role::Supervisor, status) if !status.is_final() && state.requested_until.is_some() => {
            vec![Verb::Grant, Verb::Refuse]
        }
        (Role::Supervisor, S::Overdue) => vec![Verb::Escalate, Verb::Close],
        (Role::Supervisor, S::Escalated) => vec![Verb::Close],
        _ => Vec::new(),
    }
}

fn row(verbs: &[Verb], id: i64) -> Vec<Press> {
    verbs.iter().map(|verb| Press::Do(*verb, id)).collect()
}

fn notice_buttons(body: &NoticeBody, lang: Lang) -> Vec<Vec<Button>> {
    let rows: Vec<Vec<Press>> = match body {
        NoticeBody::Rectification { items, .. } if items.len() > MOST_ROWS => {
            let ids = items.iter().map(|item| item.issue);
            match (ids.clone().min(), ids.max()) {
                (Some(first), Some(last)) => vec![vec![Press::AckAll(first, last)]],
                _ => Vec::new(),
            }
        }
        NoticeBody::Rectification { items, .. } => {
            items.iter().map(|item| row(&[Verb::Ack, Verb::Fix, Verb::Appeal], item.issue)).collect()
        }
        NoticeBody::Reminder { lines, .. } => {
            lines.iter().take(MOST_ROWS).map(|line| row(&[Verb::Fix, Verb::Extend], line.issue)).collect()
        }
        NoticeBody::Decision { line, .. } => vec![row(&[Verb::Issue], line.issue)],
        NoticeBody::Alert(Alert::Appealed { line, .. }) => {
            vec![row(&[Verb::Uphold, Verb::Revoke, Verb::Issue], line.issue)]
        }
        NoticeBody::Alert(Alert::ExtensionRequested { line, .. }) => {
            vec![row(&[Verb::Grant, Verb::Refuse, Verb::Issue], line.issue)]
        }
        NoticeBody::Alert(Alert::Rectified { line, .. }) => {
            vec![row(&[Verb::Close, Verb::Reject, Verb::Issue], line.issue)]
        }
        NoticeBody::Digest { overdue, .. } => {
            overdue.iter().take(MOST_ROWS).map(|line| row(&[Verb::Escalate, Verb::Issue], line.issue)).collect()
        }
        NoticeBody::Warning { .. } | NoticeBody::Alert(_) => Vec::new(),
    };
    buttons(&rows, lang)
}

/// Buttons that show issues, four in a row.
fn show_buttons(issues: &[StoredIssue], lang: Lang) -> Vec<Vec<Button>> {
    let presses: Vec<Press> =
        issues.iter().take(MOST_ROWS).map(|stored| Press::Do(Verb::Issue, stored.issue.id)).collect();
    buttons(&presses.chunks(4).map(<[Press]>::to_vec).collect::<Vec<_>>(), lang)
}

/// Buttons under the doubtful findings.
fn queue_buttons(findings: &[Finding], lang: Lang) -> Vec<Vec<Button>> {
    let rows: Vec<Vec<Press>> =
        findings.iter().take(MOST_ROWS).map(|f| vec![Press::Confirm(f.id), Press::Dismiss(f.id)]).collect();
    buttons(&rows, lang)
}

/// Buttons of the ready-made reasons.
fn why_buttons(finding: i64, lang: Lang) -> Vec<Vec<Button>> {
    buttons(&Why::ALL.iter().map(|why| vec![Press::DismissFor(finding, *why)]).collect::<Vec<_>>(), lang)
}

/// Buttons of what may be done next with one issue.
fn step_buttons(steps: &[Verb], issue: &Issue, lang: Lang) -> Vec<Vec<Button>> {
    buttons(&[row(steps, issue.id)], lang)
}

/// The commands of a person's roles, in the order of declaration.
fn commands_of(roles: &[Role]) -> Vec<Verb> {
    Verb::ALL
        .iter()
        .copied()
        .filter(|verb| match verb {
            Verb::Start => false,
            Verb::Bind | Verb::Help if roles.is_empty() => true,
            _ => roles.iter().any(|role| verb.is_for(*role)),
        })
        .collect()
}

#[cfg(test)]
mod tests;
