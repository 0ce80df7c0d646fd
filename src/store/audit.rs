//! Proof that the event history is whole, and that the issues stand where it says.

use std::collections::HashMap;

use serde::Serialize;

use super::engine::sql;
use super::{EventQuery, StoreError, Tx, word};
use crate::domain::issue::{EventKind, IssueStatus};
use crate::domain::replay::{Standing, replay};

/// Events read at once.
const PAGE: usize = 5_000;
/// Faults named one by one; the rest are counted.
const NAMED: usize = 100;

/// What was found about the history.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Audited {
    /// Events in the chain.
    pub events: i64,
    /// Hash of the last one: whoever notes it down can prove later that nothing before it was changed.
    pub head: String,
    /// Issues compared with their events.
    pub issues: i64,
    /// Faults in all.
    pub fault_count: usize,
    /// The first hundred.
    pub faults: Vec<Fault>,
}

/// Something that does not agree.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "fault", rename_all = "snake_case")]
pub enum Fault {
    /// An event's content is not what its hash was made of.
    EventChanged {
        /// Its number.
        event: i64,
    },
    /// The event before this one is missing, or something was put between.
    ChainBroken {
        /// Number of the event that does not follow the one before.
        event: i64,
    },
    /// A hash that was noted down is not in the chain.
    HeadMissing {
        /// The hash.
        head: String,
    },
    /// An issue stands where its events do not lead.
    IssueState {
        /// Its number.
        issue: i64,
        /// Where it stands.
        status: IssueStatus,
    },
}

impl Audited {
    fn fault(&mut self, fault: Fault) {
        self.fault_count += 1;
        if self.faults.len() < NAMED {
            self.faults.push(fault);
        }
    }
}

impl Tx {
    /// Checks every event against its hash and the one before, and every issue against its events.
    ///
    /// `head` is a hash noted down earlier, which must still be in the chain: without one, events
    /// cut off at the end leave no trace in the rest. `progress` hears the events read.
    pub async fn audit(&mut self, head: Option<&str>, progress: impl Fn(i64)) -> Result<Audited, StoreError> {
        let mut found = Audited::default();
        let mut head_seen = head.is_none();
        let mut after = 0;
        loop {
            let page = self.events_page(&EventQuery::default(), after, PAGE).await?;
            for event in &page {
                found.events += 1;
                if event.prev_hash != found.head {
                    found.fault(Fault::ChainBroken { event: event.id });
                }
                if !event.is_genuine() {
                    found.fault(Fault::EventChanged { event: event.id });
                }
                head_seen |= head.is_some_and(|head| head.eq_ignore_ascii_case(&event.hash));
                found.head.clone_from(&event.hash);
                after = event.id;
            }
            progress(found.events);
            if page.len() < PAGE {
                break;
            }
        }
        if let Some(head) = head.filter(|_| !head_seen) {
            found.fault(Fault::HeadMissing { head: head.to_owned() });
        }
        self.audit_issues(&mut found).await?;
        Ok(found)
    }

    async fn audit_issues(&mut self, found: &mut Audited) -> Result<(), StoreError> {
        let mut after = 0;
        loop {
            let issues = sql!(
                self,
                all(i64, String),
                "SELECT id, status FROM issue WHERE id > $1 ORDER BY id LIMIT $2",
                after,
                PAGE as i64
            )?;
            let (Some((first, _)), Some((last, _))) = (issues.first(), issues.last()) else { return Ok(()) };
            let (first, last) = (*first, *last);
            let mut standings = HashMap::<i64, Standing>::new();
            for (issue, events) in self.events_of_issues(first, last).await? {
                let kinds = events.iter().filter_map(|event| event.kind.parse::<EventKind>().ok());
                standings.extend(replay(kinds).map(|standing| (issue, standing)));
            }
            for (issue, status) in issues {
                found.issues += 1;
                let status: IssueStatus = word(&status)?;
                if !standings.get(&issue).is_some_and(|standing| standing.admits(status)) {
                    found.fault(Fault::IssueState { issue, status });
                }
            }
            after = last;
        }
    }
}
