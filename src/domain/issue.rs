//! An issue (问题) and its workflow: every change is decided here, as a pure function.
//!
//! ```text
//! open ─► notified ─► acknowledged ─► rectified ─► closed
//!            │  ▲          │   ▲          │
//!            │  └─ uphold ─┤   └─ reject ─┘            appealed ─► revoked
//!            └─────────────┴─► overdue ─► escalated    (from any live state)
//! ```
//!
//! Decisions that bind this module:
//! - An overdue issue stays overdue when it is acknowledged late: lateness is a fact.
//!   Reporting the rectification moves it on.
//! - An appeal stops the clock; upholding gives back the time that was left.
//! - The machine closes what it can measure again; a person closes the rest.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::account::{AccountId, Platform};
use super::finding::{Evidence, conceal};
use super::keyed::keyed_enum;
use super::round::RoundName;
use super::rule::{Class, Indicator, RuleRef};
use super::time::LocalTime;

keyed_enum! {
    /// Where an issue stands.
    IssueStatus {
        Open = "open", "待通知", "Open";
        Notified = "notified", "已通知", "Notified";
        Acknowledged = "acknowledged", "已签收", "Acknowledged";
        Rectified = "rectified", "已整改待复查", "Rectified, to be rechecked";
        Overdue = "overdue", "逾期", "Overdue";
        Escalated = "escalated", "已督办", "Escalated";
        Appealed = "appealed", "申诉中", "Under appeal";
        Closed = "closed", "已销号", "Closed";
        Revoked = "revoked", "已撤销", "Revoked";
        Dismissed = "dismissed", "已排除", "Dismissed";
    }
}

impl IssueStatus {
    /// Whether nothing more is expected of anyone.
    #[must_use]
    pub const fn is_final(self) -> bool {
        matches!(self, Self::Closed | Self::Revoked | Self::Dismissed)
    }
}

keyed_enum! {
    /// What happened to an issue.
    EventKind {
        Opened = "opened", "立案", "Opened";
        FoundAgain = "found_again", "再次发现", "Found again";
        Reopened = "reopened", "重新立案", "Reopened";
        Notified = "notified", "通知送达", "Notice delivered";
        Acknowledged = "acknowledged", "签收", "Acknowledged";
        Rectified = "rectified", "整改反馈", "Rectification reported";
        FilesAdded = "files_added", "补充材料", "Files added";
        Rechecked = "rechecked", "复查", "Rechecked";
        RecheckRequested = "recheck_requested", "要求复查", "Recheck requested";
        Rejected = "rejected", "退回", "Rejected";
        Appealed = "appealed", "申诉", "Appealed";
        Upheld = "upheld", "维持", "Upheld";
        Revoked = "revoked", "撤销", "Revoked";
        ExtensionRequested = "extension_requested", "申请延期", "Extension requested";
        Extended = "extended", "准予延期", "Extended";
        ExtensionRefused = "extension_refused", "不予延期", "Extension refused";
        Reminded = "reminded", "提醒", "Reminded";
        Overdue = "overdue", "逾期", "Overdue";
        Escalated = "escalated", "督办", "Escalated";
        NotEscalated = "not_escalated", "暂不督办", "Not escalated for now";
        CloseRequested = "close_requested", "申请销号", "Closing requested";
        CloseDeclined = "close_declined", "不同意销号", "Closing declined";
        CloseLapsed = "close_lapsed", "销号申请失效", "Request to close lapsed";
        RevokeRequested = "revoke_requested", "申请撤销", "Revoking requested";
        RevokeDeclined = "revoke_declined", "不同意撤销", "Revoking declined";
        RevokeLapsed = "revoke_lapsed", "撤销申请失效", "Request to revoke lapsed";
        Closed = "closed", "销号", "Closed";
        Dismissed = "dismissed", "排除", "Dismissed";
    }
}

/// One appended event; never changed, never removed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// When.
    pub at: LocalTime,
    /// Who: a person's display name, `xuncha` for the machine, `cli` for the command line.
    pub actor: String,
    /// What.
    pub kind: EventKind,
    /// In their own words; empty when nothing was said.
    pub note: String,
    /// A recheck that saw the defect gone, though a person has to say so.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub passed: bool,
}

/// One issue with its history, as every output shows it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Issue {
    /// Number.
    pub id: i64,
    /// The round that found it first.
    pub round: RoundName,
    /// The account.
    pub account_id: AccountId,
    /// The account's name.
    pub account: String,
    /// The platform.
    pub platform: Platform,
    /// 主办单位 at the time it was found.
    pub unit: String,
    /// The indicator.
    pub indicator: Indicator,
    /// How grave.
    pub class: Class,
    /// Where it stands.
    pub status: IssueStatus,
    /// A URL for `link`, else empty.
    pub subject: String,
    /// One plain sentence.
    pub summary: String,
    /// When it was opened.
    pub opened_at: LocalTime,
    /// The monitoring time of the look that found it.
    pub as_of: LocalTime,
    /// By when it has to be rectified; `None` until a notice was delivered.
    pub due_at: Option<LocalTime>,
    /// The deadline runs into a year whose holidays are not announced (暂定).
    pub due_provisional: bool,
    /// 签收.
    pub acknowledged_at: Option<LocalTime>,
    /// 整改反馈.
    pub rectified_at: Option<LocalTime>,
    /// 销号, 撤销 or 排除.
    pub closed_at: Option<LocalTime>,
    /// The rule that judged it.
    pub rule: RuleRef,
    /// What was seen.
    pub evidence: Evidence,
    /// Everything that happened, oldest first.
    pub events: Vec<Event>,
}

impl Issue {
    /// As it may be shown: personal numbers masked, in addresses too.
    #[must_use]
    pub fn shown(mut self) -> Self {
        [&mut self.subject, &mut self.summary].into_iter().for_each(conceal);
        self.events.iter_mut().for_each(|event| conceal(&mut event.note));
        Self { evidence: self.evidence.shown(), ..self }
    }
}

/// What somebody wants to do with an issue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// 签收.
    Acknowledge,
    /// 整改反馈, with what was done.
    Fix,
    /// 申诉, with the reason.
    Appeal,
    /// 维持.
    Uphold,
    /// 撤销.
    Revoke,
    /// 申请延期 until an instant.
    RequestExtension(DateTime<Utc>),
    /// 准予延期 until an instant (`None`: as requested).
    Extend(Option<DateTime<Utc>>),
    /// 不予延期.
    RefuseExtension,
    /// 退回.
    Reject,
    /// A recheck passed or failed; `true` closes what the machine may close.
    Recheck {
        /// The problem is gone.
        passed: bool,
    },
    /// 销号 by a person.
    Close,
    /// 督办.
    Escalate,
    /// 暂不督办: the proposal is dropped until something changes.
    HoldOff,
    /// The deadline has passed.
    PassDeadline,
    /// 排除: the finding behind it was dismissed.
    Dismiss,
}

impl Action {
    /// Whether the action is nothing without a reason.
    #[must_use]
    pub const fn wants_note(&self) -> bool {
        matches!(
            self,
            Self::Fix
                | Self::Appeal
                | Self::Revoke
                | Self::RequestExtension(_)
                | Self::Reject
                | Self::Dismiss
                | Self::RefuseExtension
        )
    }
}

impl Issue {
    /// Whether a person dropped the proposal to escalate and nothing has changed since.
    #[must_use]
    pub fn is_held_off(&self) -> bool {
        let told = |kind| {
            use EventKind as E;
            matches!(
                kind,
                E::FoundAgain | E::Rechecked | E::RecheckRequested | E::Reminded | E::CloseLapsed | E::RevokeLapsed
            )
        };
        let last = self.events.iter().rev().find(|event| !told(event.kind));
        last.is_some_and(|event| event.kind == EventKind::NotEscalated)
    }
}

/// The part of an issue that decisions look at.
#[derive(Debug, Clone, PartialEq)]
pub struct IssueState {
    /// Where it stands.
    pub status: IssueStatus,
    /// Its deadline.
    pub due_at: Option<DateTime<Utc>>,
    /// Where it stood before the appeal.
    pub before_appeal: Option<IssueStatus>,
    /// When the clock was stopped.
    pub stopped_at: Option<DateTime<Utc>>,
    /// What extension was asked for and not yet answered.
    pub requested_until: Option<DateTime<Utc>>,
    /// 签收.
    pub acknowledged_at: Option<DateTime<Utc>>,
    /// 整改反馈.
    pub rectified_at: Option<DateTime<Utc>>,
    /// The end.
    pub closed_at: Option<DateTime<Utc>>,
}

/// What is put off for longer than this is not put off but dropped; a year mistyped lies further.
const LONGEST_EXTENSION: TimeDelta = TimeDelta::days(2 * 366);

/// The outcome of a decision.
#[derive(Debug, Clone, PartialEq)]
pub enum Decision {
    /// The new state and the event to append.
    Change(IssueState, EventKind),
    /// The state is what the action asks for already; nothing is written.
    Already,
}

/// The action does not fit where the issue stands.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The status does not allow it.
    #[error("an issue that is {} cannot be {}", .status.en().to_lowercase(), .what)]
    WrongStatus {
        /// Where the issue stands.
        status: IssueStatus,
        /// What was wanted, English participle.
        what: &'static str,
        /// What was wanted, Chinese verb.
        what_zh: &'static str,
    },
    /// A reason is required.
    #[error("say why (--why TEXT)")]
    NoteMissing,
    /// The requested date does not lie after the present deadline.
    #[error("the new date has to lie after the present deadline and after now")]
    NotLater,
    /// The requested date lies further ahead than anybody plans.
    #[error("the new date lies more than two years ahead; name an earlier one")]
    TooFar,
    /// Nobody asked for an extension.
    #[error("no extension was asked for; name the date (--until DATE)")]
    NothingRequested,
    /// There is no deadline yet, so there is nothing to extend.
    #[error("the issue has no deadline yet: its notice has not been delivered")]
    NoDeadline,
}

impl Refusal {
    /// The refusal as the bot words it.
    #[must_use]
    pub fn zh(&self) -> String {
        match self {
            Self::WrongStatus { status, what_zh, .. } => format!("该问题当前为“{}”，不能{what_zh}。", status.zh()),
            Self::NoteMissing => "请说明理由。".into(),
            Self::NotLater => "延期日期须晚于现有整改时限和当前日期。".into(),
            Self::TooFar => "延期日期距今超过两年，请改为更早的日期。".into(),
            Self::NothingRequested => "该问题没有待审批的延期申请。".into(),
            Self::NoDeadline => "该问题的通知尚未送达，还没有整改时限。".into(),
        }
    }
}

/// Decides what `action` does to an issue in `state` at `now`.
///
/// Repeating an action that has already had its effect is [`Decision::Already`], so that
/// a button pressed twice or a command sent again does no harm.
pub fn decide(state: &IssueState, action: &Action, note: &str, now: DateTime<Utc>) -> Result<Decision, Refusal> {
    use IssueStatus as S;
    if action.wants_note() && note.trim().is_empty() {
        return Err(Refusal::NoteMissing);
    }
    let status = state.status;
    let refuse = |what, what_zh| Err(Refusal::WrongStatus { status, what, what_zh });
    let mut next = state.clone();
    let late = state.due_at.is_some_and(|due| due < now);
    let kind = match action {
        Action::Acknowledge => match status {
            _ if state.acknowledged_at.is_some() && !status.is_final() => return Ok(Decision::Already),
            S::Open | S::Notified => {
                next.status = S::Acknowledged;
                next.acknowledged_at = Some(now);
                EventKind::Acknowledged
            }
            S::Overdue | S::Escalated => {
                next.acknowledged_at = Some(now);
                EventKind::Acknowledged
            }
            _ => return refuse("acknowledged", "签收"),
        },
        Action::Fix => match status {
            S::Rectified => return Ok(Decision::Already),
            S::Open | S::Notified | S::Acknowledged | S::Overdue | S::Escalated => {
                next.status = S::Rectified;
                next.acknowledged_at = state.acknowledged_at.or(Some(now));
                next.rectified_at = Some(now);
                EventKind::Rectified
            }
            _ => return refuse("reported as rectified", "提交整改反馈"),
        },
        Action::Appeal => match status {
            S::Appealed => return Ok(Decision::Already),
            S::Closed | S::Revoked | S::Dismissed => return refuse("appealed", "申诉"),
            _ => {
                next.before_appeal = Some(status);
                next.stopped_at = Some(now);
                next.status = S::Appealed;
                EventKind::Appealed
            }
        },
        Action::Uphold => match status {
            S::Appealed => {
                next.status = state.before_appeal.unwrap_or(S::Acknowledged);
                if let (Some(due), Some(stopped)) = (state.due_at, state.stopped_at) {
                    next.due_at = Some(due + (now - stopped));
                }
                next.before_appeal = None;
                next.stopped_at = None;
                EventKind::Upheld
            }
            _ => return refuse("upheld", "维持：没有待处理的申诉"),
        },
        Action::Revoke => match status {
            S::Revoked => return Ok(Decision::Already),
            S::Closed | S::Dismissed => return refuse("revoked", "撤销"),
            _ => {
                next.status = S::Revoked;
                next.closed_at = Some(now);
                EventKind::Revoked
            }
        },
        Action::RequestExtension(until) => match status {
            _ if status.is_final() || matches!(status, S::Appealed | S::Rectified) => {
                return refuse("extended", "申请延期");
            }
            _ if state.due_at.is_none() => return Err(Refusal::NoDeadline),
            _ if *until <= now || state.due_at.is_some_and(|due| *until <= due) => return Err(Refusal::NotLater),
            _ if *until - now > LONGEST_EXTENSION => return Err(Refusal::TooFar),
            _ if state.requested_until == Some(*until) => return Ok(Decision::Already),
            _ => {
                next.requested_until = Some(*until);
                EventKind::ExtensionRequested
            }
        },
        Action::Extend(until) => {
            if status.is_final() || status == S::Appealed {
                return refuse("extended", "延期");
            }
            let Some(until) = until.or(state.requested_until) else { return Err(Refusal::NothingRequested) };
            if state.due_at == Some(until) {
                return Ok(Decision::Already);
            }
            let Some(due) = state.due_at else { return Err(Refusal::NoDeadline) };
            if until <= now || until <= due {
                return Err(Refusal::NotLater);
            }
            if until - now > LONGEST_EXTENSION {
                return Err(Refusal::TooFar);
            }
            next.due_at = Some(until);
            next.requested_until = None;
            if matches!(status, S::Overdue | S::Escalated) {
                next.status = if state.acknowledged_at.is_some() { S::Acknowledged } else { S::Notified };
            }
            EventKind::Extended
        }
        Action::RefuseExtension => {
            if state.requested_until.is_none() || status.is_final() {
                return Err(Refusal::NothingRequested);
            }
            next.requested_until = None;
            EventKind::ExtensionRefused
        }
        Action::Reject | Action::Recheck { passed: false } => match status {
            S::Rectified => {
                next.status = if late { S::Overdue } else { S::Acknowledged };
                next.rectified_at = None;
                EventKind::Rejected
            }
            _ if *action == (Action::Recheck { passed: false }) && !status.is_final() => EventKind::Rechecked,
            _ => return refuse("rejected", "退回"),
        },
        Action::Recheck { passed: true } | Action::Close => match status {
            S::Closed => return Ok(Decision::Already),
            S::Revoked | S::Dismissed => return refuse("closed", "销号"),
            _ => {
                next.status = S::Closed;
                next.closed_at = Some(now);
                EventKind::Closed
            }
        },
        Action::Escalate => match status {
            S::Escalated => return Ok(Decision::Already),
            S::Overdue => {
                next.status = S::Escalated;
                EventKind::Escalated
            }
            _ => return refuse("escalated", "督办：只有逾期的问题可以督办"),
        },
        Action::HoldOff => match status {
            S::Overdue => EventKind::NotEscalated,
            _ => return refuse("held back from escalation", "暂不督办：只有逾期的问题才提议督办"),
        },
        Action::PassDeadline => match status {
            S::Notified | S::Acknowledged if late => {
                next.status = S::Overdue;
                EventKind::Overdue
            }
            _ => return Ok(Decision::Already),
        },
        Action::Dismiss => match status {
            S::Dismissed => return Ok(Decision::Already),
            S::Closed | S::Revoked => return refuse("dismissed", "排除"),
            _ => {
                next.status = S::Dismissed;
                next.closed_at = Some(now);
                EventKind::Dismissed
            }
        },
    };
    Ok(Decision::Change(next, kind))
}

#[cfg(test)]
mod tests;
