//! Buttons: which stand under a message, what they say, and how a question is recognised.

use super::page::Button;
use super::press::{List, Press, Why};
use super::{Doubt, MOST_ROWS};
use crate::chat::commands::Verb;
use crate::domain::Lang;
use crate::domain::issue::{EventKind, Issue, IssueState, IssueStatus};
use crate::domain::notice::{Alert, IssueLine, NoticeBody, NoticeItem, SecondFor, Undone};
use crate::domain::person::Role;
use crate::domain::rule::Class;
use crate::store::StoredIssue;

/// The mark at the head of a question by which its reply is recognised, in either language.
///
/// Anywhere else it is somebody's words, which the bot quotes: a unit's appeal must not put a
/// command into its supervisor's mouth.
#[must_use]
pub fn asked(question: &str) -> Option<Press> {
    let (mark, _) = question.trim_start().strip_prefix('〔')?.split_once('〕')?;
    let (word, id) = mark.rsplit_once(' ')?;
    let id = id.parse().ok().filter(|id| *id >= 0)?;
    match word {
        "排除" | "dismiss" => return Some(Press::DismissWords(id)),
        "属实" | "confirm" => return Some(Press::ConfirmWords(id)),
        _ => {}
    }
    let verb = Verb::ALL.iter().copied().find(|v| v.zh() == word || v.key() == word)?;
    let asks = matches!(verb, Verb::Fix | Verb::Appeal | Verb::Extend | Verb::Reject | Verb::Revoke | Verb::Refuse);
    asks.then_some(Press::Do(verb, id))
}

/// The date that stands in a question for a reason, in either language.
#[must_use]
pub fn asked_date(question: &str) -> Option<chrono::NaiveDate> {
    let (_, rest) = question.trim_start().strip_prefix('〔')?.split_once('〕')?;
    let rest = rest.trim_start();
    let rest = rest.strip_prefix("〔至 ").or_else(|| rest.strip_prefix("〔until "))?;
    rest.split_once('〕')?.0.parse().ok()
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
        (Press::DismissWords(_), Lang::Zh) => "其他理由".into(),
        (Press::DismissWords(_), Lang::En) => "Another reason".into(),
        (Press::ConfirmWords(id), Lang::Zh) => format!("属实并说明 {id}"),
        (Press::ConfirmWords(id), Lang::En) => format!("Confirm with a note {id}"),
        (Press::Open(List::Queue), Lang::Zh) => "处理待核实事项".into(),
        (Press::Open(List::Queue), Lang::En) => "Decide the doubtful ones".into(),
        (Press::Open(list), lang) => list.name(lang).into(),
        (Press::Back(List::Queue, _), Lang::Zh) => "‹ 上一条".into(),
        (Press::Next(List::Queue, _), Lang::Zh) => "下一条 ›".into(),
        (Press::Back(..), Lang::Zh) => "‹ 上一页".into(),
        (Press::Next(..), Lang::Zh) => "下一页 ›".into(),
        (Press::Back(..), Lang::En) => "‹ Back".into(),
        (Press::Next(..), Lang::En) => "Next ›".into(),
    }
}

/// What a person in `role` may sensibly do next with an issue.
#[must_use]
pub fn steps(role: Role, state: &IssueState) -> Vec<Verb> {
    use IssueStatus as S;
    match (role, state.status) {
        // What no notice has told of yet may be read, no more.
        (Role::UnitAdmin, S::Notified | S::Acknowledged | S::Overdue | S::Escalated) => {
            let receipt = state.acknowledged_at.is_none().then_some(Verb::Ack);
            let time = (state.due_at.is_some() && state.requested_until.is_none()).then_some(Verb::Extend);
            receipt.into_iter().chain([Verb::Fix, Verb::Appeal]).chain(time).collect()
        }
        (Role::Supervisor, S::Appealed) => vec![Verb::Uphold, Verb::Revoke],
        (Role::Supervisor, S::Rectified) => vec![Verb::Close, Verb::Reject],
        (Role::Supervisor, status) if !status.is_final() && state.requested_until.is_some() => {
            vec![Verb::Grant, Verb::Refuse]
        }
        (Role::Supervisor, S::Overdue) => vec![Verb::Escalate, Verb::Hold, Verb::Close],
        (Role::Supervisor, S::Escalated) => vec![Verb::Close],
        (Role::Supervisor, S::Notified | S::Acknowledged) => vec![Verb::Recheck, Verb::Close],
        _ => Vec::new(),
    }
}

/// After which decisions the unit still has to rectify.
const fn goes_on(what: EventKind) -> bool {
    use EventKind as E;
    matches!(what, E::Rejected | E::Extended | E::ExtensionRefused | E::Upheld | E::Escalated)
}

fn row(verbs: &[Verb], id: i64) -> Vec<Press> {
    verbs.iter().map(|verb| Press::Do(*verb, id)).collect()
}

pub(super) fn notice_buttons(body: &NoticeBody, lang: Lang) -> Vec<Vec<Button>> {
    let rows: Vec<Vec<Press>> = match body {
        NoticeBody::Rectification { items, .. } if items.len() > MOST_ROWS => {
            let ids = items.iter().map(|item| item.issue);
            match (ids.clone().min(), ids.max()) {
                (Some(first), Some(last)) => vec![vec![Press::AckAll(first, last)]],
                _ => Vec::new(),
            }
        }
        NoticeBody::Rectification { items, .. } => {
            let offered = |item: &NoticeItem| match item.class {
                // Advice wants neither rectification nor appeal; who has something to say may say it.
                Class::Advice => row(&[Verb::Ack, Verb::Issue], item.issue),
                _ => row(&[Verb::Ack, Verb::Fix, Verb::Appeal], item.issue),
            };
            items.iter().map(offered).collect()
        }
        NoticeBody::Reminder { lines, .. } => {
            let verbs = |line: &IssueLine| {
                let receipt = line.unacknowledged.then_some(Verb::Ack);
                let verbs: Vec<Verb> = receipt.into_iter().chain([Verb::Fix, Verb::Extend]).collect();
                row(&verbs, line.issue)
            };
            lines.iter().take(MOST_ROWS).map(verbs).collect()
        }
        NoticeBody::Decision { line, what, .. } if goes_on(*what) => {
            vec![row(&[Verb::Fix, Verb::Issue], line.issue)]
        }
        NoticeBody::Decision { line, .. }
        | NoticeBody::Alert(
            Alert::Veto { line, .. }
            | Alert::SecondLapsed { what: Undone::Close { line } | Undone::Revoke { line }, .. },
        ) => {
            vec![row(&[Verb::Issue], line.issue)]
        }
        NoticeBody::Alert(Alert::Appealed { line, files, .. }) => {
            let mut rows = vec![row(&[Verb::Uphold, Verb::Revoke, Verb::Issue], line.issue)];
            if *files > 0 {
                rows.push(row(&[Verb::Evidence], line.issue));
            }
            rows
        }
        NoticeBody::Alert(Alert::ExtensionRequested { line, .. }) => {
            vec![row(&[Verb::Grant, Verb::Refuse, Verb::Issue], line.issue)]
        }
        NoticeBody::Alert(Alert::Rectified { line, files: 1.., .. }) => {
            vec![row(&[Verb::Close, Verb::Reject, Verb::Issue], line.issue), row(&[Verb::Evidence], line.issue)]
        }
        NoticeBody::Alert(Alert::Rectified { line, .. }) => {
            vec![row(&[Verb::Close, Verb::Reject, Verb::Issue], line.issue)]
        }
        NoticeBody::Alert(Alert::Rechecked { line, closed, files, .. }) => {
            let verbs: &[Verb] = if *closed { &[Verb::Issue] } else { &[Verb::Close, Verb::Issue] };
            let files = if *files > 0 { row(&[Verb::Evidence], line.issue) } else { Vec::new() };
            vec![row(verbs, line.issue), files]
        }
        NoticeBody::Alert(Alert::SecondWanted { request, what, .. }) => {
            let mut rows = vec![row(&[Verb::Approve, Verb::Decline], *request)];
            if let SecondFor::Close { line } | SecondFor::Revoke { line } = what {
                rows.push(row(&[Verb::Issue], line.issue));
            }
            rows
        }
        NoticeBody::Alert(Alert::TextsSuspected { .. }) => vec![vec![Press::Open(List::Queue)]],
        NoticeBody::Alert(Alert::RoundJudged { doubtful, .. }) if *doubtful > 0 => {
            vec![vec![Press::Open(List::Queue)]]
        }
        NoticeBody::Digest { overdue, doubtful, .. } => {
            let proposed = overdue.iter().take(MOST_ROWS);
            let queue = (*doubtful > 0).then(|| vec![Press::Open(List::Queue)]);
            proposed.map(|line| row(&[Verb::Escalate, Verb::Hold, Verb::Issue], line.issue)).chain(queue).collect()
        }
        NoticeBody::Warning { .. } | NoticeBody::Alert(_) | NoticeBody::Farewell { .. } => Vec::new(),
    };
    buttons(&rows, lang)
}

/// Buttons that show issues, four in a row, and those that turn the page.
pub(super) fn show_buttons(
    list: List,
    issues: &[StoredIssue],
    from: usize,
    total: usize,
    lang: Lang,
) -> Vec<Vec<Button>> {
    let presses: Vec<Press> =
        issues.iter().take(MOST_ROWS).map(|stored| Press::Do(Verb::Issue, stored.issue.id)).collect();
    let mut rows = presses.chunks(4).map(<[Press]>::to_vec).collect::<Vec<_>>();
    rows.push(turns(list, from as i64, MOST_ROWS as i64, total as i64));
    buttons(&rows, lang)
}

/// Buttons that turn a list whose page of `size` entries begins with entry `from`.
fn turns(list: List, from: i64, size: i64, total: i64) -> Vec<Press> {
    let back = (from > 0).then(|| Press::Back(list, (from - size).max(0)));
    let next = (from + size < total).then(|| Press::Next(list, from + size));
    back.into_iter().chain(next).collect()
}

/// Buttons under a doubtful finding.
pub(super) fn queue_buttons(doubt: &Doubt, lang: Lang) -> Vec<Vec<Button>> {
    let id = doubt.finding.id;
    let rows = [
        vec![Press::Confirm(id), Press::Dismiss(id)],
        vec![Press::ConfirmWords(id)],
        turns(List::Queue, doubt.from, 1, doubt.total),
    ];
    buttons(&rows, lang)
}

/// The button that opens the doubtful findings.
pub(super) fn open_queue(lang: Lang) -> Vec<Vec<Button>> {
    buttons(&[vec![Press::Open(List::Queue)]], lang)
}

/// Buttons of the ready-made reasons.
pub(super) fn why_buttons(finding: i64, lang: Lang) -> Vec<Vec<Button>> {
    let ready = Why::ALL.iter().map(|why| vec![Press::DismissFor(finding, *why)]);
    buttons(&ready.chain([vec![Press::DismissWords(finding)]]).collect::<Vec<_>>(), lang)
}

/// Buttons of what may be done next with one issue.
pub(super) fn step_buttons(steps: &[Verb], issue: &Issue, lang: Lang) -> Vec<Vec<Button>> {
    buttons(&[row(steps, issue.id)], lang)
}
