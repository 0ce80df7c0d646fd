//! Rechecks (复查): the machine measures an issue again at this moment's monitoring time.

use std::panic::AssertUnwindSafe;

use chrono::{DateTime, TimeDelta, Utc};
use futures::FutureExt as _;

use super::canary::Canaries;
use super::judge::{
    app, duplicate, home, identity, judge, reached_since_fix, registration, review, review_faults, silence,
};
use super::known::{RecordsOnce, load};
use super::link::{self, LinkOutcome, LinkReason};
use super::link_site::Sites;
use super::observe::{Aids, Scope as Look, observe};
use super::recheck_told;
use super::run::bench;
use super::visits;
use super::wechat_api;
use super::words::Words;
use crate::domain::account::{Account, SourceKind};
use crate::domain::finding::Outcome;
use crate::domain::issue::{Action, EventKind, IssueStatus};
use crate::domain::normal::normalise_url;
use crate::domain::rule::Indicator;
use crate::fetch::Fetcher;
use crate::issues::{self, Acted, IssueError, Scope};
use crate::office::Office;
use crate::store::{NewEvent, StoreError, StoredIssue, Tx};

/// What a recheck saw.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Measured {
    /// `Some(true)`: the problem is gone; `Some(false)`: it is still there; `None`: it cannot be said.
    pub passed: Option<bool>,
    /// One plain sentence.
    pub sentence: String,
}

/// What an event carries when a recheck has seen that the problem is gone.
const PASSED: &str = r#"{"passed":true}"#;
/// Hours until a recheck that saw nothing is tried again.
const AGAIN_AFTER_HOURS: i64 = 6;
/// Minutes until one that failed by itself is made again.
const MINUTES_AFTER_TROUBLE: i64 = 10;
/// After so many rechecks that saw nothing a person is asked instead.
const LOOKS_IN_VAIN: usize = 4;

/// Rechecks every issue that is due. Gives how many were closed, and how many looked at.
pub async fn recheck_due(office: &Office, fetcher: &Fetcher) -> Result<(usize, usize), IssueError> {
    let due = office.store.read().await?.issues_to_recheck(office.now()).await?;
    let mut closed = 0;
    let mut records = RecordsOnce::default();
    for id in &due {
        let look = recheck_with(office, fetcher, *id, crate::ACTOR, &Scope::All, &mut records);
        if let Some((acted, _)) = bounded(office, *id, look).await? {
            closed += usize::from(acted.changed && acted.issue.state.status == IssueStatus::Closed);
        }
    }
    Ok((closed, due.len()))
}

/// Makes a look at an issue that must not keep all the others from theirs: one that fails is made again
/// soon; one that made the program stumble has seen nothing, and counts as such.
pub async fn bounded<T>(
    office: &Office,
    id: i64,
    look: impl Future<Output = Result<T, IssueError>>,
) -> Result<Option<T>, IssueError> {
    match AssertUnwindSafe(look).catch_unwind().await {
        Ok(Ok(looked)) => return Ok(Some(looked)),
        Ok(Err(error)) => tracing::error!(issue = id, %error, "a recheck failed and is made later"),
        Err(_) => match stumbled(office, id).await {
            Ok(()) => {
                tracing::error!(issue = id, "a recheck stumbled");
                return Ok(None);
            }
            Err(error) => tracing::error!(issue = id, %error, "a recheck stumbled and is made later"),
        },
    }
    let mut tx = office.store.write_rows().await?;
    tx.plan_recheck(id, Some(office.now() + TimeDelta::minutes(MINUTES_AFTER_TROUBLE))).await?;
    tx.commit().await?;
    Ok(None)
}

async fn stumbled(office: &Office, id: i64) -> Result<(), StoreError> {
    let now = office.now();
    let words = Words(office.lang());
    let measured = Measured { passed: None, sentence: words.unjudged(&words.stumbled()) };
    let mut tx = office.store.write().await?;
    let found = tx.issue(id, office.zone()).await?;
    tx.plan_recheck(id, None).await?;
    if !found.state.status.is_final() {
        let by_person = tx.person_judged(id).await?;
        let (after, for_a_person) = note(&mut tx, office, &found, &measured, crate::ACTOR, by_person, now).await?;
        let asked = recheck_told::asked(&found.issue);
        let seen = recheck_told::Seen { measured: &measured, for_a_person, asked };
        recheck_told::tell(&mut tx, office, &after, &seen, now).await?;
    }
    tx.commit().await
}

/// Asks the scheduler to recheck an issue at its next turn; `actor` hears what it saw.
pub async fn ask(office: &Office, id: i64, scope: &Scope, actor: &str) -> Result<StoredIssue, IssueError> {
    let found = issues::find(office, id, scope).await?;
    if !found.state.status.is_final() {
        let now = office.now();
        let mut tx = office.store.write().await?;
        tx.plan_recheck(id, Some(now)).await?;
        if !recheck_told::asked(&found.issue).iter().any(|event| event.actor == actor) {
            // A unit asks in its own name: it is the one that is answered.
            let note = if let Scope::Unit(unit) = scope { unit } else { "" };
            issues::append(&mut tx, id, now, actor, EventKind::RecheckRequested, note).await?;
        }
        tx.commit().await?;
    }
    Ok(found)
}

/// Measures one issue again and does what follows: closed, rejected, or neither.
pub async fn recheck(
    office: &Office,
    fetcher: &Fetcher,
    id: i64,
    actor: &str,
    scope: &Scope,
) -> Result<(Acted, Measured), IssueError> {
    recheck_with(office, fetcher, id, actor, scope, &mut RecordsOnce::default()).await
}

async fn recheck_with(
    office: &Office,
    fetcher: &Fetcher,
    id: i64,
    actor: &str,
    scope: &Scope,
    records: &mut RecordsOnce,
) -> Result<(Acted, Measured), IssueError> {
    let found = issues::find(office, id, scope).await?;
    if found.state.status.is_final() {
        let sentence = found.issue.status.name(office.lang()).to_owned();
        let mut tx = office.store.write().await?;
        tx.plan_recheck(id, None).await?;
        tx.commit().await?;
        return Ok((Acted { issue: found, changed: false }, Measured { passed: None, sentence }));
    }
    let began = office.now();
    let by_person = office.store.read().await?.person_judged(id).await?;
    let measured = Box::pin(measure(office, &fetcher.for_run(), &found, by_person, records)).await?;
    let now = office.now();
    let mut tx = office.store.write().await?;
    // The look took its time: what was done meanwhile is measured by the recheck it planned itself.
    let found = tx.issue(id, office.zone()).await?;
    let newer = found.state.rectified_at.is_some_and(|at| at > began);
    if found.state.status.is_final() || newer {
        return Ok((Acted { issue: found, changed: false }, measured));
    }
    // The look that was planned has been made; what follows may plan another.
    tx.plan_recheck(id, None).await?;
    let action = match measured.passed {
        Some(passed) if !by_person || !passed => Some(Action::Recheck { passed }),
        _ => None,
    };
    let mut for_a_person = false;
    let acted = if let (Some(action), true) = (action, found.state.status != IssueStatus::Appealed) {
        let acted = issues::act_in(&mut tx, office, id, action, &measured.sentence, actor, scope).await?;
        // A rejection has planned both anew; else the deadline has not moved, and the reminders stand.
        if let Some(due) = acted.issue.state.due_at
            && measured.passed == Some(false)
            && found.state.status != IssueStatus::Rectified
        {
            issues::clock::plan_recheck(&mut tx, office, id, due, now).await?;
        }
        acted
    } else {
        let (issue, person) = note(&mut tx, office, &found, &measured, actor, by_person, now).await?;
        for_a_person = person;
        Acted { issue, changed: true }
    };
    let outcome = recheck_told::Seen { measured: &measured, for_a_person, asked: recheck_told::asked(&found.issue) };
    recheck_told::tell(&mut tx, office, &acted.issue, &outcome, now).await?;
    tx.commit().await?;
    Ok((acted, measured))
}

/// Writes down a look that ends nothing, and plans the next; gives the issue, and whether a person has to go on.
async fn note(
    tx: &mut Tx,
    office: &Office,
    found: &StoredIssue,
    measured: &Measured,
    actor: &str,
    by_person: bool,
    now: DateTime<Utc>,
) -> Result<(StoredIssue, bool), StoreError> {
    let id = found.issue.id;
    let subject_id = id.to_string();
    let event = NewEvent {
        at: now,
        actor,
        subject_kind: "issue",
        subject_id: &subject_id,
        kind: EventKind::Rechecked.key(),
        note: &measured.sentence,
        // What a person closes afterwards has been seen to be gone.
        data: if measured.passed == Some(true) { PASSED } else { "" },
    };
    tx.append_event(event).await?;
    let blind = measured.passed.is_none() && found.state.status == IssueStatus::Rectified;
    let after = tx.issue(id, office.zone()).await?;
    let looks = after
        .issue
        .events
        .iter()
        .rev()
        .filter(|event| event.kind != EventKind::RecheckRequested)
        .take_while(|event| event.kind == EventKind::Rechecked)
        .count();
    if blind && looks < LOOKS_IN_VAIN {
        tx.plan_recheck(id, Some(now + TimeDelta::hours(AGAIN_AFTER_HOURS))).await?;
    } else if let Some(due) = after.state.due_at {
        // What somebody asked for in between takes nothing from the look before the deadline.
        issues::clock::plan_recheck(tx, office, id, due, now).await?;
    }
    // What the machine may not close, or cannot see, is put to a person, who has heard of their own cases before.
    let for_a_person = if by_person { measured.passed == Some(true) } else { blind && looks == LOOKS_IN_VAIN };
    Ok((after, for_a_person))
}

async fn measure(
    office: &Office,
    fetcher: &Fetcher,
    found: &StoredIssue,
    by_person: bool,
    records: &mut RecordsOnce,
) -> Result<Measured, StoreError> {
    let now = office.now();
    let issue = &found.issue;
    // The window is that of the round the issue rests on now, which need not be the one that found it first.
    let rests_on = office.store.read().await?.latest_finding_of(issue.id, office.zone()).await?;
    let window_from = rests_on.as_ref().map_or(issue.round, |found| found.finding.round).window_from(office.zone());
    let bench = bench(office, now, window_from, true);
    let records = records.read(office, issue.indicator == Indicator::Duplicate).await?;
    let (account, known) = load(office, records, &issue.account_id, issue.indicator == Indicator::Review).await?;
    let outcome = |outcome: Outcome| match outcome {
        Outcome::Pass => Some(true),
        Outcome::Fail => Some(false),
        Outcome::Suspected | Outcome::Unverified => None,
    };
    Ok(match issue.indicator {
        Indicator::Link => {
            let words = Words(office.lang());
            if issue.evidence.in_menu && is_gone_from_menu(office, fetcher, &account, &issue.subject).await {
                return Ok(Measured { passed: Some(true), sentence: words.gone_from_menu(&issue.subject) });
            }
            let look = link::verify_at(fetcher, &Sites::default(), &issue.subject, now).await;
            let confirmed = rests_on.as_ref().filter(|_| by_person).map(|found| &*found.finding.reason);
            let passed = link_passed(look.outcome, look.reason, confirmed);
            Measured { passed, sentence: words.link(&look, issue.evidence.in_menu) }
        }
        Indicator::Registration => {
            let finding = registration(&bench, &account, &known, now);
            Measured { passed: outcome(finding.outcome), sentence: finding.summary }
        }
        Indicator::Stale | Indicator::Zombie => {
            let mut seen = look(office, fetcher, &account, now, window_from).await;
            let mut finding = silence(&bench, &account, &seen);
            if finding.outcome == Outcome::Fail {
                // No rectification is rejected by a source that may be blind.
                let canaries = Canaries::look_for(office, fetcher, account.platform).await;
                seen.canary = canaries.silent_on(account.platform).map(str::to_owned);
                finding = silence(&bench, &account, &seen);
            }
            Measured { passed: outcome(finding.outcome), sentence: finding.summary }
        }
        Indicator::AppUnavailable if account.source == Some(SourceKind::App) => {
            let seen = look(office, fetcher, &account, now, window_from).await;
            match app(&bench, &account, &seen, 1) {
                // A store that still has no such app has it no more than when a person confirmed that.
                Some(found) => {
                    let gone = by_person && found.outcome == Outcome::Suspected;
                    let passed = if gone { Some(false) } else { outcome(found.outcome) };
                    Measured { passed, sentence: found.summary }
                }
                None => Measured { passed: None, sentence: Words(office.lang()).for_a_person() },
            }
        }
        Indicator::Review => {
            let mut seen = look(office, fetcher, &account, now, window_from).await;
            // Posts that came after the finding are the next round's business.
            seen.posts.retain(|post| post.published_at <= issue.as_of.utc());
            let posts: Vec<_> = seen.posts.iter().filter(|post| post.published_at >= bench.review_since).collect();
            let faults = review_faults(&bench, &account, &posts, &known.reviews.records).faults;
            // Why: lateness cannot be undone; a complete record handed in afterwards is what can be rectified.
            let open = faults.iter().any(|(_, fault)| fault.can_be_mended());
            let finding = review(&bench, &account, &seen, &known.reviews);
            match finding {
                Some(finding) if finding.outcome == Outcome::Unverified => {
                    Measured { passed: None, sentence: finding.summary }
                }
                Some(finding) => Measured { passed: Some(!open), sentence: finding.summary },
                // What is no longer listed cannot be compared.
                None => {
                    let words = Words(office.lang());
                    Measured { passed: None, sentence: words.unjudged(&words.only_later_posts()) }
                }
            }
        }
        Indicator::Duplicate => {
            let gone = Measured { passed: Some(true), sentence: Words(office.lang()).registered_closed() };
            match duplicate(&bench, &account, &known, now) {
                Some(finding) => Measured { passed: outcome(finding.outcome), sentence: finding.summary },
                None => gone,
            }
        }
        Indicator::Identity => {
            let seen = look(office, fetcher, &account, now, window_from).await;
            match (&seen.source, identity(&bench, &account, &seen)) {
                // The registry alone does not show that the platform's page was put right.
                (Ok(_), Some(finding)) => Measured { passed: outcome(finding.outcome), sentence: finding.summary },
                (Err(unread), _) => {
                    Measured { passed: None, sentence: Words(office.lang()).unjudged(&unread.sentence) }
                }
                (Ok(_), None) => for_a_person(office),
            }
        }
        // A person confirmed it and a person closes it; here it is seen whether it still stands there.
        Indicator::Expression | Indicator::Privacy => {
            let seen = look(office, fetcher, &account, now, window_from).await;
            let words = super::text_words::TextWords(office.lang());
            match super::texts_again::still_there(office, fetcher, &account, issue, &seen).await {
                Some(there) => Measured { passed: Some(!there), sentence: words.again(there) },
                None => Measured { passed: None, sentence: Words(office.lang()).unjudged(&words.not_readable()) },
            }
        }
        Indicator::HomeStale => {
            let finding = home(&bench, &look(office, fetcher, &account, now, window_from).await);
            Measured { passed: outcome(finding.outcome), sentence: finding.summary }
        }
        Indicator::SiteUnreachable => {
            // Without a report of rectification the last day speaks.
            let since = found.state.rectified_at.unwrap_or(now - TimeDelta::days(1));
            let visits = visits::seen_before(office, &issue.account_id, now, Some(since)).await?;
            let sums = visits.and_then(|visits| visits.since_fix).unwrap_or_default();
            let (passed, sentence) = reached_since_fix(&bench, sums);
            Measured { passed, sentence }
        }
        Indicator::ColumnsStale | Indicator::Footer | Indicator::Ipv6 | Indicator::Tls => {
            let scope = Look { as_of: now, window_from, links: false, site: true };
            let seen = observe(office, fetcher, &Aids::for_one(office), &account, scope).await;
            let found = judge(&bench, &account, &seen, &known).into_iter().find(|f| f.indicator == issue.indicator);
            let words = Words(office.lang());
            found.map_or_else(
                || Measured { passed: None, sentence: words.unjudged(&words.for_a_person()) },
                |finding| Measured { passed: outcome(finding.outcome), sentence: finding.summary },
            )
        }
        // What only a person can judge, a person looks at again.
        _ => for_a_person(office),
    })
}

/// Whether a link was repaired; `confirmed` is why a person judged it broken, where one did.
fn link_passed(outcome: LinkOutcome, reason: LinkReason, confirmed: Option<&str>) -> Option<bool> {
    match outcome {
        LinkOutcome::Ok => Some(true),
        LinkOutcome::Broken => Some(false),
        // What a person confirmed and still answers in the very same way has not been repaired.
        LinkOutcome::Suspected if reason.is_of_the_page() && confirmed == Some(reason.key()) => Some(false),
        // Silence may be our own, a refusal may be meant for robots; and a doubt rejects nobody's rectification.
        LinkOutcome::Suspected | LinkOutcome::Unverified => None,
    }
}

/// Whether the account's menu can be read and has the address no more: who changed a button has mended its link.
async fn is_gone_from_menu(office: &Office, fetcher: &Fetcher, account: &Account, url: &str) -> bool {
    let key = |url: &str| normalise_url(url).unwrap_or_else(|| url.to_owned());
    let menu = wechat_api::menu_now(office, fetcher, account).await;
    menu.is_some_and(|menu| !menu.links.iter().any(|link| key(link) == key(url)))
}

fn for_a_person(office: &Office) -> Measured {
    let words = Words(office.lang());
    Measured { passed: None, sentence: words.unjudged(&words.for_a_person()) }
}

async fn look(
    office: &Office,
    fetcher: &Fetcher,
    account: &Account,
    as_of: DateTime<Utc>,
    window_from: DateTime<Utc>,
) -> super::seen::Observed {
    let scope = Look { as_of, window_from, links: false, site: false };
    observe(office, fetcher, &Aids::for_one(office), account, scope).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_is_rejected_for_what_was_confirmed_and_no_robot_s_refusal_is_that() {
        use LinkOutcome::{Broken, Ok, Suspected, Unverified};
        let soft = Some("soft_not_found");
        for (outcome, reason, confirmed, wanted) in [
            (Ok, LinkReason::Answered, soft, Some(true)),
            (Broken, LinkReason::NotFound, None, Some(false)),
            (Suspected, LinkReason::SoftNotFound, soft, Some(false)),
            (Suspected, LinkReason::SoftNotFound, None, None),
            (Suspected, LinkReason::ServerError, soft, None),
            (Suspected, LinkReason::AccessDenied, soft, None),
            (Suspected, LinkReason::AccessDenied, Some("access_denied"), None),
            (Suspected, LinkReason::PreconditionFailed, Some("precondition_failed"), None),
            (Suspected, LinkReason::Timeout, Some("timeout"), None),
            (Unverified, LinkReason::RateLimited, Some("rate_limited"), None),
            (Unverified, LinkReason::Captcha, soft, None),
        ] {
            assert_eq!(link_passed(outcome, reason, confirmed), wanted, "{reason:?} after {confirmed:?}");
        }
    }
}
