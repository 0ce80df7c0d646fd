//! What a message tells its reader, before any language or channel.
//!
//! A body is frozen when a channel is first asked to take it (until then further issues of the
//! same unit and round may join it), so that a message repeated after an unknown outcome
//! says exactly what the first one said.

use serde::{Deserialize, Serialize};

use super::account::Platform;
use super::health::SourceState;
use super::issue::EventKind;
use super::keyed::keyed_enum;
use super::person::Role;
use super::round::RoundName;
use super::rule::{Class, Indicator};
use super::time::LocalTime;

keyed_enum! {
    /// What a notice is for.
    NoticeKind {
        Rectification = "rectification", "整改通知", "Rectification notice";
        Warning = "warning", "临期提醒", "Early warning";
        Reminder = "reminder", "整改提醒", "Reminder";
        Decision = "decision", "处理结果", "Decision";
        Alert = "alert", "即时提醒", "Alert";
        Digest = "digest", "每日摘要", "Daily digest";
        Farewell = "farewell", "绑定收回", "Binding taken back";
    }
}

/// One sentence in each language.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
pub struct Bilingual {
    /// Chinese.
    pub zh: String,
    /// English.
    pub en: String,
}

/// One issue as a notice tells it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NoticeItem {
    /// Number of the issue.
    pub issue: i64,
    /// The account's name.
    pub account: String,
    /// Its platform.
    pub platform: Platform,
    /// The indicator.
    pub indicator: Indicator,
    /// How grave.
    pub class: Class,
    /// What was found, in the office's language.
    pub summary: String,
    /// The document it rests on, and the clause.
    pub basis: String,
    /// What to do.
    pub remedy: Bilingual,
    /// How it will be checked again.
    pub recheck: Bilingual,
    /// Working days allowed, counted from the day after delivery.
    pub working_days: u32,
}

/// One issue as a short line.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct IssueLine {
    /// Number of the issue.
    pub issue: i64,
    /// The account's name.
    pub account: String,
    /// Its platform.
    pub platform: Platform,
    /// 主办单位.
    pub unit: String,
    /// What was found, in the office's language.
    pub summary: String,
    /// The deadline.
    pub due_at: Option<LocalTime>,
    /// The deadline is 暂定.
    pub due_provisional: bool,
    /// The unit has not acknowledged it yet.
    #[serde(default)]
    pub unacknowledged: bool,
}

/// One account that is about to fall silent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SilentSoon {
    /// The account's name.
    pub account: String,
    /// Its platform.
    pub platform: Platform,
    /// Its newest post.
    pub newest_at: LocalTime,
    /// Whole days since then.
    pub days: i64,
    /// When it becomes a violation.
    pub violation_at: LocalTime,
}

/// One suspicion that waits for a person; personal data in it is masked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SuspicionLine {
    /// Number of the finding.
    pub finding: i64,
    /// The account's name.
    pub account: String,
    /// The indicator.
    pub indicator: Indicator,
    /// What was found, in the office's language.
    pub summary: String,
}

/// What a supervisor is told at once.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "alert", rename_all = "snake_case")]
pub enum Alert {
    /// A round was judged; the veto-class problems it found.
    RoundJudged {
        /// Which round.
        round: RoundName,
        /// Accounts looked at.
        looked_at: i64,
        /// Issues opened or found again.
        issues: i64,
        /// Of these, veto-class ones, at most twenty.
        vetoes: Vec<IssueLine>,
        /// How many veto-class ones there are in all.
        veto_count: i64,
        /// Findings waiting for a person.
        doubtful: i64,
        /// Accounts that could not be judged.
        unverified: i64,
    },
    /// A round suspects wrong wording or personal data that no round before it did: to be decided the same day.
    TextsSuspected {
        /// Which round.
        round: RoundName,
        /// Posts and tables with personal data.
        privacy: i64,
        /// Wrong words, each counted once a post.
        expression: i64,
        /// The first of them, at most ten, personal data first.
        lines: Vec<SuspicionLine>,
    },
    /// A unit appeals.
    Appealed {
        /// The issue.
        line: IssueLine,
        /// Why.
        why: String,
        /// Who.
        by: String,
        /// How many files are kept with the issue.
        #[serde(default)]
        files: i64,
    },
    /// A unit asks for more time.
    ExtensionRequested {
        /// The issue.
        line: IssueLine,
        /// Until when.
        until: LocalTime,
        /// Why.
        why: String,
        /// Who.
        by: String,
    },
    /// A unit reports a rectification that only a person can check.
    Rectified {
        /// The issue.
        line: IssueLine,
        /// What was done.
        what: String,
        /// Who.
        by: String,
        /// How many files are kept with the issue.
        #[serde(default)]
        files: i64,
    },
    /// The machine has looked again at what somebody asked about, or what a person has to go on with.
    Rechecked {
        /// The issue.
        line: IssueLine,
        /// The problem is gone, still there, or it cannot be said.
        passed: Option<bool>,
        /// That closed it.
        closed: bool,
        /// What was seen.
        what: String,
        /// Who asked for it; empty where nobody did.
        asked_by: String,
        /// How many files are kept with the issue.
        files: i64,
    },
    /// A person confirmed a veto-class problem after its round was judged.
    Veto {
        /// The issue.
        line: IssueLine,
        /// Who.
        by: String,
    },
    /// A supervisor wants what takes two (双人复核).
    SecondWanted {
        /// Number of the request.
        request: i64,
        /// What for.
        what: SecondFor,
        /// The reason given.
        note: String,
        /// Who asks; empty where the machine does.
        by: String,
        /// Until when it may be answered.
        until: LocalTime,
    },
    /// To who asked for it: what takes two was not done, and will not be.
    SecondLapsed {
        /// Number of the request.
        request: i64,
        /// What for.
        what: Undone,
        /// What happened to the issue since; `None`: the word it needs did not come in time.
        since: Option<EventKind>,
    },
    /// A reader writes to the office.
    Feedback {
        /// Which unit, where known.
        unit: Option<String>,
        /// What.
        text: String,
        /// Who.
        by: String,
    },
    /// A group robot's settings do not let messages through; they wait until that is mended.
    RobotRefuses {
        /// The product's name.
        robot: Bilingual,
        /// Whose notices it brings; `None`: the supervisors'.
        unit: Option<String>,
        /// In the channel's words.
        why: String,
    },
    /// A channel refuses a reader for good.
    Undeliverable {
        /// The unit, where known.
        unit: Option<String>,
        /// Number of the notice.
        number: String,
        /// In the channel's words.
        why: String,
    },
}

/// What takes two supervisors.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum SecondFor {
    /// Closing an issue no recheck has passed.
    Close {
        /// The issue.
        line: IssueLine,
    },
    /// Revoking an issue that is not under appeal.
    Revoke {
        /// The issue.
        line: IssueLine,
    },
    /// Sending a round's notices to many units.
    Notices {
        /// The round.
        round: RoundName,
        /// To how many units.
        units: i64,
        /// Over how many issues.
        issues: i64,
    },
}

/// What a supervisor asked for and two did not agree to in time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum Undone {
    /// Closing an issue.
    Close {
        /// The issue.
        line: IssueLine,
    },
    /// Revoking one.
    Revoke {
        /// The issue.
        line: IssueLine,
    },
}

/// What a notice says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum NoticeBody {
    /// To a unit: what has to be rectified.
    Rectification {
        /// The round that found it.
        round: RoundName,
        /// 监测时间点.
        as_of: LocalTime,
        /// The issues.
        items: Vec<NoticeItem>,
    },
    /// To a unit: accounts that are about to fall silent; not counted against anyone.
    Warning {
        /// The accounts.
        accounts: Vec<SilentSoon>,
    },
    /// To a unit: deadlines that come near.
    Reminder {
        /// The issues.
        lines: Vec<IssueLine>,
        /// The last working day has come for at least one.
        last_day: bool,
    },
    /// To a unit: what was decided on one issue.
    Decision {
        /// The issue, with the deadline now in force.
        line: IssueLine,
        /// What was decided.
        what: EventKind,
        /// The reason given.
        note: String,
    },
    /// To the supervisors, at once.
    Alert(Alert),
    /// To the supervisors, every working morning.
    Digest {
        /// The day.
        on: chrono::NaiveDate,
        /// Opened since the last digest.
        opened: i64,
        /// Live issues in all.
        live: i64,
        /// Overdue issues, at most thirty; proposals to escalate.
        overdue: Vec<IssueLine>,
        /// Of the overdue ones, those that were escalated.
        #[serde(default)]
        escalated: i64,
        /// Of the overdue ones, those a person does not want to escalate for now.
        #[serde(default)]
        held_off: i64,
        /// Requests that wait for a second supervisor.
        #[serde(default)]
        requests: Vec<i64>,
        /// Requests that were declined or lapsed, whose notices are still held.
        #[serde(default)]
        held: Vec<i64>,
        /// How many are overdue in all.
        overdue_count: i64,
        /// Findings waiting for a person.
        doubtful: i64,
        /// Appeals waiting.
        appeals: Vec<IssueLine>,
        /// Extensions waiting.
        extensions: Vec<IssueLine>,
        /// 未送达清单: unit and reason.
        undelivered: Vec<UndeliveredLine>,
        /// Sources that cannot be read just now.
        #[serde(default)]
        blind_count: i64,
        /// Those that have been so longest.
        #[serde(default)]
        blind: Vec<BlindLine>,
    },
    /// To a person whose role was taken back: the last word.
    Farewell {
        /// Who.
        name: String,
        /// The role that was taken back.
        role: Role,
        /// The unit, for a unit administrator.
        unit: Option<String>,
    },
}

/// A source that cannot be read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BlindLine {
    /// The account's name.
    pub account: String,
    /// Its platform.
    pub platform: Platform,
    /// How the source is doing.
    pub state: SourceState,
    /// Since when.
    pub since: LocalTime,
    /// Why, in the office's language.
    pub why: String,
}

/// A line of the 未送达清单.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct UndeliveredLine {
    /// Number of the notice.
    pub number: String,
    /// The unit; `None`: the supervisors.
    pub unit: Option<String>,
    /// In the channel's words; `None`: nobody is bound.
    pub why: Option<String>,
}

impl NoticeBody {
    /// What it is for.
    #[must_use]
    pub const fn kind(&self) -> NoticeKind {
        match self {
            Self::Rectification { .. } => NoticeKind::Rectification,
            Self::Warning { .. } => NoticeKind::Warning,
            Self::Reminder { .. } => NoticeKind::Reminder,
            Self::Decision { .. } => NoticeKind::Decision,
            Self::Alert(_) => NoticeKind::Alert,
            Self::Digest { .. } => NoticeKind::Digest,
            Self::Farewell { .. } => NoticeKind::Farewell,
        }
    }
}
