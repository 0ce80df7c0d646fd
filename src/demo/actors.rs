//! The people of the rehearsal: unit administrators by their scripts, and one supervisor.
//!
//! They act through chat alone, as people would; what they do next follows from where their
//! issues stand, so that the same seed tells the same story.

use std::collections::HashSet;

use chrono::{DateTime, Datelike, TimeDelta, Timelike, Utc};

use super::setting::RehearsalError;
use super::telegram::{FakeTelegram, Person, Shown};
use super::world::{Behaviour, Said, UnitScript, World};
use crate::domain::Lang;
use crate::domain::issue::{EventKind, IssueStatus};
use crate::domain::person::Role;
use crate::intake::put_hand_in;
use crate::issues::{self, Scope};
use crate::office::Office;
use crate::people;
use crate::store::{IssueQuery, StoredIssue};

/// A unit administrator with a phone.
pub(super) struct UnitAdmin {
    pub(super) person: Person,
    pub(super) script: UnitScript,
    /// Issues this person has already claimed to have repaired without doing so.
    claimed: HashSet<i64>,
}

/// The supervisor with a phone.
pub(super) struct Supervisor {
    pub(super) person: Person,
}

/// The stage they act on.
pub(super) struct Stage<'a> {
    pub(super) office: &'a Office,
    pub(super) world: &'a World,
    pub(super) telegram: &'a FakeTelegram,
    pub(super) codes: &'a mut Vec<String>,
}

impl Stage<'_> {
    /// Invites a person and lets them bind.
    async fn bind(&mut self, person: &Person, role: Role, unit: Option<&str>) -> Result<(), RehearsalError> {
        let invite = people::invite(self.office, role, unit).await?;
        self.codes.push(invite.code.clone());
        self.say(person, &format!("/bind {}", invite.code)).await
    }

    fn pick(&self, zh: &'static str, en: &'static str) -> &'static str {
        match self.office.lang() {
            Lang::Zh => zh,
            Lang::En => en,
        }
    }

    /// What is said and done about an issue's account.
    fn said(&self, found: &StoredIssue) -> Said {
        let plain = Said { behaviour: Behaviour::AckAndFix, done: [""; 2], why: [""; 2] };
        self.world.said_of(&found.issue.account_id).unwrap_or(plain)
    }

    fn done(&self, found: &StoredIssue) -> &'static str {
        let [zh, en] = self.said(found).done;
        self.pick(zh, en)
    }

    fn why(&self, found: &StoredIssue) -> &'static str {
        let [zh, en] = self.said(found).why;
        self.pick(zh, en)
    }

    async fn say(&self, person: &Person, text: &str) -> Result<(), RehearsalError> {
        Ok(self.telegram.say(person.chat_id, person, text).await?)
    }

    async fn live_issues(&self, unit: Option<&str>) -> Result<Vec<StoredIssue>, RehearsalError> {
        let query = IssueQuery { unit: unit.map(str::to_owned), live: true, ..IssueQuery::default() };
        let (mut all, mut after) = (Vec::new(), 0);
        loop {
            let page = issues::list(self.office, &query, &Scope::All, after, 200).await?;
            let Some(last) = page.last() else { return Ok(all) };
            after = last.issue.id;
            all.extend(page);
        }
    }

    /// Makes the fault behind an issue go away, and hands in what goes with it.
    async fn repair(&self, found: &StoredIssue) -> Result<(), RehearsalError> {
        let issue = &found.issue;
        let Ok(repair) = self.world.repair(&issue.account_id, issue.indicator.key()) else { return Ok(()) };
        put_hand_in(self.office, repair.account.as_ref(), &repair.reviews).await?;
        Ok(())
    }
}

impl UnitAdmin {
    pub(super) async fn join(stage: &mut Stage<'_>, script: UnitScript) -> Result<Self, RehearsalError> {
        let person = stage.telegram.person(&script.admin_name);
        stage.bind(&person, Role::UnitAdmin, Some(&script.unit)).await?;
        Ok(Self { person, script, claimed: HashSet::new() })
    }

    /// Does what the script says is due; once an hour, in working hours.
    pub(super) async fn act(&mut self, stage: &Stage<'_>) -> Result<(), RehearsalError> {
        if self.script.behaviour == Behaviour::Silent {
            return Ok(());
        }
        let now = stage.office.now();
        for found in stage.live_issues(Some(&self.script.unit)).await? {
            match found.state.status {
                IssueStatus::Notified if Self::wants_to_appeal(stage, &found) && hours(found.notified_at, now) >= 3 => {
                    self.tell(stage, "/appeal", &found, stage.why(&found)).await?;
                }
                IssueStatus::Notified if hours(found.notified_at, now) >= 1 => self.acknowledge(stage, &found).await?,
                IssueStatus::Acknowledged => self.work(stage, &found, now).await?,
                _ => {}
            }
        }
        Ok(())
    }

    fn wants_to_appeal(stage: &Stage<'_>, found: &StoredIssue) -> bool {
        matches!(stage.said(found).behaviour, Behaviour::AppealGranted | Behaviour::AppealUpheld)
            && last(found, EventKind::Upheld).is_none()
    }

    /// Presses the notice's button where it still hangs there, else types the command.
    async fn acknowledge(&self, stage: &Stage<'_>, found: &StoredIssue) -> Result<(), RehearsalError> {
        if Self::wants_to_appeal(stage, found) {
            return Ok(());
        }
        let id = found.issue.id;
        let label = |shown: &Shown| {
            shown
                .buttons
                .iter()
                .find(|b| (b.contains("签收") || b.contains("Acknowledge")) && b.ends_with(&format!(" {id}")))
                .cloned()
        };
        let chat = self.person.chat_id;
        let inbox = stage.telegram.inbox(chat);
        match inbox.iter().rev().find_map(|shown| Some((shown.message_id, label(shown)?))) {
            Some((message, button)) => Ok(stage.telegram.press(chat, &self.person, message, &button).await?),
            None => stage.say(&self.person, &format!("/ack {id}")).await,
        }
    }

    async fn work(&mut self, stage: &Stage<'_>, found: &StoredIssue, now: DateTime<Utc>) -> Result<(), RehearsalError> {
        let id = found.issue.id;
        let since_acknowledged = hours(found.state.acknowledged_at, now);
        let since_rejected = last(found, EventKind::Rejected).map(|at| (now - at).num_hours());
        match stage.said(found).behaviour {
            Behaviour::ClaimThenFix if !self.claimed.contains(&id) => {
                if since_acknowledged < 4 {
                    return Ok(());
                }
                self.claimed.insert(id);
                self.tell(stage, "/fix", found, stage.done(found)).await?;
            }
            Behaviour::ClaimThenFix if since_rejected.is_none_or(|hours| hours < 16) => {}
            Behaviour::AsksExtension if last(found, EventKind::ExtensionRequested).is_none() => {
                if since_acknowledged >= 20
                    && let Some(due) = found.issue.due_at
                {
                    let until = stage.office.date(due.utc() + TimeDelta::days(7));
                    let text = format!("/extend {id} {until} {}", stage.why(found));
                    stage.say(&self.person, &text).await?;
                }
            }
            Behaviour::AsksExtension
                if last(found, EventKind::Extended).is_none_or(|at| (now - at).num_hours() < 90) => {}
            _ if since_acknowledged >= 20 => self.fix(stage, found).await?,
            _ => {}
        }
        Ok(())
    }

    async fn fix(&self, stage: &Stage<'_>, found: &StoredIssue) -> Result<(), RehearsalError> {
        stage.repair(found).await?;
        self.tell(stage, "/fix", found, stage.done(found)).await
    }

    async fn tell(
        &self,
        stage: &Stage<'_>,
        command: &str,
        found: &StoredIssue,
        words: &str,
    ) -> Result<(), RehearsalError> {
        let words = if words.is_empty() { stage.pick("已按要求办理", "done as asked") } else { words };
        stage.say(&self.person, &format!("{command} {} {words}", found.issue.id)).await
    }
}

impl Supervisor {
    pub(super) async fn join(stage: &mut Stage<'_>, name: &str) -> Result<Self, RehearsalError> {
        let person = stage.telegram.person(name);
        stage.bind(&person, Role::Supervisor, None).await?;
        Ok(Self { person })
    }

    /// Settles what waits; twice a day, in working hours.
    pub(super) async fn act(&self, stage: &Stage<'_>) -> Result<(), RehearsalError> {
        let now = stage.office.now();
        for found in stage.live_issues(None).await? {
            let id = found.issue.id;
            match found.state.status {
                IssueStatus::Appealed
                    if last(&found, EventKind::Appealed).is_some_and(|at| (now - at).num_hours() >= 16) =>
                {
                    if stage.said(&found).behaviour == Behaviour::AppealGranted {
                        stage.repair(&found).await?;
                        stage
                            .say(
                                &self.person,
                                &format!(
                                    "/revoke {id} {}",
                                    stage.pick("停电情况属实，予以撤销", "the power cut is borne out")
                                ),
                            )
                            .await?;
                    } else {
                        stage.say(&self.person, &format!("/uphold {id}")).await?;
                    }
                }
                _ if found.state.requested_until.is_some() => stage.say(&self.person, &format!("/grant {id}")).await?,
                IssueStatus::Rectified if last(&found, EventKind::Rechecked).is_some() => {
                    stage.say(&self.person, &format!("/close {id}")).await?;
                }
                IssueStatus::Overdue
                    if last(&found, EventKind::Overdue).is_some_and(|at| (now - at).num_hours() >= 24) =>
                {
                    stage.say(&self.person, &format!("/escalate {id}")).await?;
                }
                _ => {}
            }
        }
        self.settle_queue(stage).await
    }

    /// Looks at the doubtful findings and confirms them by button.
    async fn settle_queue(&self, stage: &Stage<'_>) -> Result<(), RehearsalError> {
        let chat = self.person.chat_id;
        let mut before = i64::MAX;
        loop {
            let waiting = stage.office.store.read().await?.doubtful_count().await?;
            if waiting == 0 || waiting >= before {
                return Ok(());
            }
            before = waiting;
            let _ = stage.telegram.inbox(chat);
            stage.say(&self.person, "/queue").await?;
            for shown in stage.telegram.inbox(chat) {
                let mut message = Some(shown);
                while let Some(label) = message.as_ref().and_then(confirming) {
                    let id = message.map(|shown| shown.message_id).unwrap_or_default();
                    stage.telegram.press(chat, &self.person, id, &label).await?;
                    message = stage.telegram.message(chat, id);
                }
            }
        }
    }
}

/// The first button that confirms a doubtful finding.
fn confirming(shown: &Shown) -> Option<String> {
    shown.buttons.iter().find(|label| label.contains("属实") || label.contains("Confirm")).cloned()
}

/// Whole hours since an instant; none when it has not come.
fn hours(since: Option<DateTime<Utc>>, now: DateTime<Utc>) -> i64 {
    since.map_or(-1, |at| (now - at).num_hours())
}

/// When an event of a kind last happened to an issue.
fn last(found: &StoredIssue, kind: EventKind) -> Option<DateTime<Utc>> {
    found.issue.events.iter().rev().find(|event| event.kind == kind).map(|event| event.at.utc())
}

/// Whether people are at their desks.
pub(super) fn at_work(office: &Office) -> bool {
    let local = office.now().with_timezone(&office.zone());
    (9..18).contains(&local.hour()) && office.calendar.is_workday(local.date_naive()) && local.year() > 0
}
