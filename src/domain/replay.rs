//! Where the events of an issue lead: its state computed a second time, for the audit.

use super::issue::{EventKind, IssueStatus};

/// Where an issue stands by its events alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    status: IssueStatus,
    /// A rejection after the deadline leaves an issue overdue, one before it acknowledged; the
    /// events alone do not tell which.
    or_overdue: bool,
    acknowledged: bool,
    before_appeal: (IssueStatus, bool),
}

impl Standing {
    /// Whether an issue with these events may stand at `status`.
    #[must_use]
    pub fn admits(&self, status: IssueStatus) -> bool {
        self.status == status || self.or_overdue && status == IssueStatus::Overdue
    }

    fn set(&mut self, status: IssueStatus) {
        self.status = status;
        self.or_overdue = false;
    }
}

/// Plays the events of an issue, oldest first; `None` where none of them opened it.
#[must_use]
pub fn replay(kinds: impl IntoIterator<Item = EventKind>) -> Option<Standing> {
    use IssueStatus as S;
    let mut standing: Option<Standing> = None;
    for kind in kinds {
        if matches!(kind, EventKind::Opened | EventKind::Reopened) {
            let opened = S::Open;
            standing = Some(Standing {
                status: opened,
                or_overdue: false,
                acknowledged: false,
                before_appeal: (opened, false),
            });
            continue;
        }
        let at = standing.as_mut()?;
        match kind {
            EventKind::Notified if at.status == S::Open => at.set(S::Notified),
            EventKind::Acknowledged => {
                at.acknowledged = true;
                if matches!(at.status, S::Open | S::Notified) {
                    at.set(S::Acknowledged);
                }
            }
            EventKind::Rectified => {
                at.acknowledged = true;
                at.set(S::Rectified);
            }
            EventKind::Rejected => {
                at.set(S::Acknowledged);
                at.or_overdue = true;
            }
            EventKind::Appealed => {
                at.before_appeal = (at.status, at.or_overdue);
                at.set(S::Appealed);
            }
            EventKind::Upheld => (at.status, at.or_overdue) = at.before_appeal,
            EventKind::Extended if at.admits(S::Overdue) || at.status == S::Escalated => {
                at.set(if at.acknowledged { S::Acknowledged } else { S::Notified });
            }
            EventKind::Overdue => at.set(S::Overdue),
            EventKind::Escalated => at.set(S::Escalated),
            EventKind::Closed => at.set(S::Closed),
            EventKind::Revoked => at.set(S::Revoked),
            EventKind::Dismissed => at.set(S::Dismissed),
            _ => {}
        }
    }
    standing
}

#[cfg(test)]
mod tests {
    use super::EventKind as K;
    use super::*;

    #[test]
    fn events_lead_to_the_state_the_workflow_gives() {
        for (kinds, status) in [
            (vec![K::Opened], IssueStatus::Open),
            (vec![K::Opened, K::Notified, K::Acknowledged, K::Notified], IssueStatus::Acknowledged),
            (vec![K::Opened, K::Notified, K::Overdue, K::Acknowledged], IssueStatus::Overdue),
            (vec![K::Opened, K::Notified, K::Overdue, K::Extended], IssueStatus::Notified),
            (vec![K::Opened, K::Rectified, K::Rejected], IssueStatus::Overdue),
            (vec![K::Opened, K::Rectified, K::Rejected, K::Extended], IssueStatus::Acknowledged),
            (vec![K::Opened, K::Rectified, K::Appealed, K::Upheld], IssueStatus::Rectified),
            (vec![K::Opened, K::Overdue, K::Escalated, K::Appealed, K::Upheld], IssueStatus::Escalated),
            (vec![K::Opened, K::Closed, K::Reopened, K::FoundAgain], IssueStatus::Open),
        ] {
            assert!(replay(kinds.clone()).is_some_and(|at| at.admits(status)), "{kinds:?}");
        }
        assert_eq!(replay([K::Closed]), None, "what was never opened");
        assert!(!replay([K::Opened, K::Notified]).unwrap().admits(IssueStatus::Closed));
    }
}
