//! Every text a reader sees, in one place per language: pure functions from values to messages.
//!
//! `zh` and `en` say the same things in the same order; a text that only one of them knows
//! is a bug. Layout, cutting and escaping are the page's business, wording is theirs.

mod en;
mod en_lists;
mod en_replies;
mod files;
mod keyboard;
mod page;
mod press;
mod zh;
mod zh_lists;
mod zh_replies;

use chrono::NaiveDate;

pub use files::{FileReply, MOST_PROBLEMS, file_reply, problem_list, with_files, without_files};
pub use keyboard::{asked, asked_date, buttons, steps};
pub use page::{Button, Message};
pub(in crate::chat) use page::{Line, Sheet, Style};
pub use press::{List, Press, Why};

use keyboard::notice_buttons;

use super::commands::Verb;
use crate::domain::Lang;
use crate::domain::account::Platform;
use crate::domain::finding::Finding;
use crate::domain::finding::Outcome;
use crate::domain::issue::{EventKind, IssueStatus, Refusal};
use crate::domain::notice::{NoticeBody, NoticeItem};
use crate::domain::person::Role;
use crate::domain::round::{RoundName, RoundState};
use crate::domain::rule::{Class, Indicator};
use crate::domain::time::LocalTime;
pub use crate::issues::approval::Answered as RequestAnswer;
use crate::store::{Person, StoredIssue};

/// A notice with more issues than this has one button for all of them; a list shows so many on a page.
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

/// A finding that waits for a person, with what is needed to decide it.
#[derive(Debug, Clone, PartialEq)]
pub struct Doubt {
    /// The finding.
    pub finding: Finding,
    /// 主办单位.
    pub unit: String,
    /// The platform.
    pub platform: Platform,
    /// How many looks stand behind it.
    pub looks: u32,
    /// The looks themselves, oldest first, where there was more than one.
    pub seen: Vec<SeenBefore>,
    /// How many wait before it.
    pub from: i64,
    /// How many wait in all.
    pub total: i64,
    /// What was decided just now.
    pub before: Option<Finding>,
}

/// A look behind a doubt, or behind an issue that was one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeenBefore {
    /// When.
    pub at: LocalTime,
    /// What it saw, in the reader's language.
    pub what: String,
}

/// Most looks told of in one line, the latest.
const MOST_LOOKS: usize = 3;
/// Characters told of one look, in UTF-16 units.
const LONGEST_LOOK: usize = 60;

/// How often it was looked at again, and what the latest looks saw; `None` where once was all.
fn looks_told(looks: &[SeenBefore], joint: &str) -> Option<(usize, String)> {
    let again = looks.len().checked_sub(1).filter(|again| *again > 0)?;
    let (left_out, told) = looks.split_at(looks.len().saturating_sub(MOST_LOOKS));
    let begin = (!left_out.is_empty()).then(|| "…".to_owned());
    let told = told.iter().map(|look| format!("{} {}", look.at.minute(), page::clip(&look.what, LONGEST_LOOK)));
    Some((again, begin.into_iter().chain(told).collect::<Vec<_>>().join(joint)))
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
    /// Too many wrong codes from this person, or in this chat.
    TooManyTries,
}

/// What the bot answers.
#[derive(Debug)]
pub enum Reply<'a> {
    /// To somebody the office does not know.
    Welcome,
    /// The commands a person has; empty roles: a stranger.
    Help(&'a [Role]),
    /// To somebody whose role was taken back.
    Revoked,
    /// Bound now; whether notices wait for them.
    Bound(&'a Person, bool),
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
    /// No such finding.
    NoFinding(i64),
    /// Somebody decided the finding before.
    DecidedBefore {
        /// The finding as it stands.
        finding: &'a Finding,
        /// Who.
        by: &'a str,
        /// When.
        at: LocalTime,
    },
    /// No such round.
    NoRound,
    /// No account of that unit is registered.
    NoUnit(&'a str),
    /// The workflow refuses; the issue as it stands says what happened meanwhile.
    Refused(i64, &'a Refusal, Option<&'a StoredIssue>),
    /// How a command is written.
    Usage(Verb),
    /// No such command.
    Unknown,
    /// Asks for the words an action needs.
    Ask(Verb, i64),
    /// Asks for the date of an extension that could not be read, or for the reason beside this one.
    AskDate(i64, Option<NaiveDate>),
    /// Several numbers came with a command that takes one.
    OneNumber(Verb),
    /// The unit has not been told of the issue yet.
    NotTold(i64),
    /// Asks why a finding is set aside, with ready-made reasons.
    AskWhy(i64),
    /// Asks for the words in which a finding is set aside.
    AskWhyWords(i64),
    /// Asks for the note with which a finding is confirmed.
    AskNote(i64),
    /// An action had its effect, or had it before.
    Done {
        /// What was done.
        verb: Verb,
        /// It changed something now.
        changed: bool,
        /// The issue as it stands.
        issue: &'a StoredIssue,
    },
    /// Another supervisor has to agree first.
    AwaitsSecond {
        /// The issue to be closed.
        issue: i64,
        /// Number of the request.
        request: i64,
        /// Whether anybody could agree.
        others: bool,
    },
    /// A word on a colleague's request.
    Request(i64, &'a RequestAnswer),
    /// So many issues were acknowledged.
    AckedAll(usize),
    /// One issue in full.
    Issue {
        /// The issue.
        issue: &'a StoredIssue,
        /// What the reader may do next.
        steps: &'a [Verb],
        /// What has to be done, and how it will be looked at again.
        item: &'a NoticeItem,
        /// Until when an extension was asked for.
        until: Option<LocalTime>,
        /// The reader's unit has not been told of it yet.
        untold: bool,
        /// The looks behind it, for whoever decides; none for a unit.
        looks: &'a [SeenBefore],
    },
    /// One page of a list of issues.
    Issues {
        /// Which list.
        list: List,
        /// The issues of the page.
        issues: &'a [StoredIssue],
        /// How many stand before them.
        from: usize,
        /// How many there are in all.
        total: usize,
        /// The unit's name stands on every line.
        with_unit: bool,
    },
    /// A finding that waits for a person.
    Queue(&'a Doubt),
    /// Nothing waits for a person; what was decided just now, if anything.
    QueueEmpty(Option<&'a Finding>),
    /// A finding was decided.
    Decided(&'a Finding),
    /// The documents of a round follow.
    Report(RoundName),
    /// A round's documents cannot be made: its figures do not sum.
    NoReport(RoundName),
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

/// Whether nothing more is expected of anyone after an event, so that nothing is asked for anew.
const fn ends(kind: EventKind) -> bool {
    matches!(kind, EventKind::Closed | EventKind::Revoked | EventKind::Dismissed)
}

/// Who acted, as readers know them: the machine and the command line have no names of their own.
#[must_use]
pub fn who(actor: &str, lang: Lang) -> &str {
    match (actor, lang) {
        ("xuncha", Lang::Zh) => "系统",
        ("xuncha", Lang::En) => "the system",
        ("cli", Lang::Zh) => "主管单位",
        ("cli", Lang::En) => "the supervising office",
        (name, _) => name,
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

/// A file's name for its reader, under the file.
#[must_use]
pub fn caption(file: &str, round: RoundName, lang: Lang) -> String {
    match lang {
        Lang::Zh => zh_lists::caption(file, round),
        Lang::En => en_lists::caption(file, round),
    }
}

/// The commands of a person's roles, in the order of declaration.
#[must_use]
pub fn commands_of(roles: &[Role]) -> Vec<Verb> {
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
