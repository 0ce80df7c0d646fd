//! What a person must look at in a round, and what becomes of what the person saw.
//!
//! A person's sight is stored apart from the verdict made of it, so that other rules can judge it
//! again. On updates the person sees and the rule counts; on everything else the verdict is the
//! person's, is marked as such, and only a person closes the issue that rests on it.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, TimeDelta, Utc};

use super::asked::Asked;
use super::judge::{Bench, by_hand, is_a_verdict, newer_sight};
use super::run::bench;
use super::self_report::spot_checks;
use super::words_by_hand::{self as words, Fault};
use crate::domain::Lang;
use crate::domain::account::{Account, AccountId, Platform};
use crate::domain::by_hand::{FilledRow, HandItem, HandLook, HandOrigin, HandTask};
use crate::domain::finding::Outcome;
use crate::domain::issue::Action;
use crate::domain::privacy::mask_address;
use crate::domain::round::{RoundKind, RoundName, RoundState};
use crate::domain::rule::Indicator;
use crate::domain::sample::Reason;
use crate::domain::time::LocalTime;
use crate::issues::open::{open_late, write_notices};
use crate::issues::{self, IssueError, Scope};
use crate::office::Office;
use crate::sources;
use crate::store::{FindingQuery, NewEvent, NewFinding, Round, StoreError, StoredFinding, Tx};

/// Why nothing was recorded.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// The round is closed: its record stands.
    #[error("round {0} is closed; nothing can be recorded for it any more")]
    Closed(RoundName),
    /// Nothing was drawn yet.
    #[error("round {0} is not drawn yet; run: xuncha round open {0}")]
    NotDrawn(RoundName),
    /// Rows that are wrong, a sentence each.
    #[error("{} rows are wrong; nothing was recorded", .0.len())]
    Rows(Vec<String>),
    /// An issue could not be opened.
    #[error(transparent)]
    Issue(#[from] IssueError),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What recording a worksheet came to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct Recorded {
    /// Rows that were filled in.
    pub rows: usize,
    /// Answers recorded for the first time.
    pub recorded: usize,
    /// Answers that differ from those recorded before, or whose verdict was lost.
    pub changed: usize,
    /// Answers known already.
    pub unchanged: usize,
    /// Rows not filled in yet.
    pub blank: usize,
    /// Violations among the new and changed answers.
    pub violations: usize,
    /// Notices written at once, where the round was judged before.
    pub notices: usize,
    /// Nothing was written.
    pub dry_run: bool,
}

const PAGE: usize = 500;
/// So far the clocks of two machines may differ.
const CLOCKS_DIFFER: TimeDelta = TimeDelta::minutes(5);

/// Everything a person must look at in a round, by account, answered or not.
pub async fn tasks(office: &Office, round: &Round) -> Result<Vec<HandTask>, StoreError> {
    let mut tasks = Vec::new();
    walk(office, round, |account, item, why, answer| {
        tasks.push(HandTask {
            account_id: account.account_id.clone(),
            name: account.name.clone(),
            platform: account.platform,
            unit: account.unit.clone(),
            address: account.source_url.clone(),
            item,
            why: words::asks(office.lang(), item, why.as_deref()),
            answer,
        });
    })
    .await?;
    Ok(tasks)
}

/// Shows `visit` every account and item of a round that a person must look at, or has looked at.
async fn walk(
    office: &Office,
    round: &Round,
    mut visit: impl FnMut(&Account, HandItem, Option<String>, Option<HandLook>),
) -> Result<(), StoreError> {
    let mut tx = office.store.read().await?;
    let members: HashMap<AccountId, Reason> =
        tx.members(round.id).await?.into_iter().map(|member| (member.account_id, member.reason)).collect();
    let mut answers: BTreeMap<(AccountId, HandItem), HandLook> =
        tx.hand_looks(round.id).await?.into_iter().map(|look| ((look.account_id.clone(), look.item), look)).collect();
    let unseen = unseen(&mut tx, office, round).await?;
    let reports = tx.self_reports(round.id).await?;
    let picked = spot_checks(round.name, &reports);
    let mut after: Option<AccountId> = None;
    loop {
        let page = tx.frame_accounts_page(round.id, after.as_ref(), PAGE).await?;
        let Some(last) = page.last() else { return Ok(()) };
        after = Some(last.account_id.clone());
        for account in page {
            let Some(reason) = members.get(&account.account_id) else { continue };
            for item in HandItem::ALL {
                let answer = answers.remove(&(account.account_id.clone(), *item));
                if answer.as_ref().is_some_and(|answer| answer.origin == HandOrigin::SelfReport) {
                    // A unit's word stands in for the look, but where it is looked into.
                    let report = reports.iter().find(|report| report.account_id == account.account_id);
                    if let Some(report) = report.filter(|_| picked.contains(&account.account_id)) {
                        visit(&account, *item, Some(words::spot_check(office.lang(), report)), None);
                    }
                    continue;
                }
                let why = wanted(office, round, &account, *reason, *item, unseen.get(&account.account_id));
                if why.is_some() || answer.is_some() {
                    visit(&account, *item, why.flatten(), answer);
                }
            }
        }
    }
}

/// What people recorded for a round, by account.
pub(super) async fn looks(office: &Office, round: i64) -> Result<HashMap<AccountId, Vec<HandLook>>, StoreError> {
    let mut looks = HashMap::<AccountId, Vec<HandLook>>::new();
    for look in office.store.read().await?.hand_looks(round).await? {
        looks.entry(look.account_id.clone()).or_default().push(look);
    }
    Ok(looks)
}

/// How many of them nobody has answered yet.
pub async fn waiting(office: &Office, round: &Round) -> Result<usize, StoreError> {
    if matches!(round.state, RoundState::Frozen | RoundState::Closed) {
        return Ok(0);
    }
    let mut waiting = 0;
    walk(office, round, |_, _, _, answer| waiting += usize::from(answer.is_none())).await?;
    Ok(waiting)
}

/// Accounts whose update no machine could see, with the sentence that says why.
async fn unseen(tx: &mut Tx, office: &Office, round: &Round) -> Result<HashMap<AccountId, String>, StoreError> {
    let mut unseen = HashMap::new();
    for indicator in [Indicator::Stale, Indicator::HomeStale] {
        let query = FindingQuery {
            round: Some(round.name),
            outcome: Some(Outcome::Unverified),
            indicator: Some(indicator),
            ..FindingQuery::default()
        };
        let mut after = 0;
        loop {
            let page = tx.findings_page(&query, after, PAGE, office.zone()).await?;
            let Some(last) = page.last() else { break };
            after = last.finding.id;
            unseen.extend(page.into_iter().map(|found| (found.finding.account_id, found.finding.summary)));
        }
    }
    Ok(unseen)
}

/// Whether a person has to look; inside, why no machine can, where that is the reason.
#[expect(clippy::option_option, reason = "not asked for; asked without a reason; asked for a reason")]
fn wanted(
    office: &Office,
    round: &Round,
    account: &Account,
    reason: Reason,
    item: HandItem,
    unseen: Option<&String>,
) -> Option<Option<String>> {
    let rules = &office.rules;
    if !rules.checks(item.indicator(account)) {
        return None;
    }
    let full = round.kind != RoundKind::Patrol;
    match item {
        HandItem::Update => match (account.source.filter(|kind| sources::is_read_by_machine(*kind)), unseen) {
            (_, Some(why)) => Some(Some(why.clone())),
            (None, None) => Some(None),
            (Some(_), None) => None,
        },
        HandItem::Interaction => {
            let platforms = &rules.by_hand.interaction_platforms;
            let drawn = matches!(reason, Reason::Random | Reason::TopUp);
            let asked = (platforms.is_empty() || platforms.contains(&account.platform))
                && (drawn || !rules.by_hand.interaction_drawn_only);
            (full && asked).then_some(None)
        }
        HandItem::App => (full && account.platform == Platform::App).then_some(None),
        HandItem::Expression | HandItem::Privacy => {
            let by_machine = account.source.is_some_and(sources::is_read_by_machine);
            let nowhere = account.source_url.is_none() && unseen.is_some();
            (full && (!by_machine || nowhere)).then_some(None)
        }
    }
}

/// Records what people saw, in one transaction; `rows` with their lines in the file at `place`.
///
/// Nothing is recorded where a row is wrong. An answer known already changes nothing. After the
/// round was judged a violation opens its issue at once, and an answer that takes one back ends it.
pub async fn record(
    office: &Office,
    name: RoundName,
    place: &str,
    rows: &[(usize, FilledRow)],
    actor: &str,
    dry_run: bool,
) -> Result<Recorded, RecordError> {
    let now = office.now();
    let mut tx = office.store.write().await?;
    let round = tx.require_round(name).await?;
    match round.state {
        RoundState::Closed => return Err(RecordError::Closed(name)),
        RoundState::Frozen => return Err(RecordError::NotDrawn(name)),
        RoundState::Open | RoundState::Judged => {}
    }
    tx.lock_hand_looks(round.id).await?;
    let known: BTreeMap<(AccountId, HandItem), HandLook> =
        tx.hand_looks(round.id).await?.into_iter().map(|look| ((look.account_id.clone(), look.item), look)).collect();
    let asked = Asked::read(&mut tx, office, &round, rows).await?;
    let bench = bench(office, round.as_of, round.name.window_from(office.zone()), round.kind != RoundKind::Patrol);
    let mut recorded = Recorded { rows: rows.len(), dry_run, ..Recorded::default() };
    let mut problems = Vec::new();
    let mut good = Vec::new();
    for (line, row) in rows {
        let look = &row.look;
        let (account, member) = match check(&asked, office, &bench, &round, row, now) {
            Ok(found) => found,
            Err(fault) => {
                problems.push(fault.text(place, *line, office.lang()));
                continue;
            }
        };
        match known.get(&(look.account_id.clone(), look.item)) {
            Some(before) if before == look && stands(&bench, account, asked.verdicts(account), look) => {
                recorded.unchanged += 1;
                continue;
            }
            Some(before) if before.origin == HandOrigin::Inspector => recorded.changed += 1,
            Some(_) | None => recorded.recorded += 1,
        }
        good.push((account, member, look));
    }
    if !problems.is_empty() {
        return Err(RecordError::Rows(problems));
    }
    let judged = round.state == RoundState::Judged;
    for (account, member, look) in good {
        tx.put_hand_look(round.id, look, now).await?;
        let earlier = known.get(&(look.account_id.clone(), look.item));
        let before = asked.verdicts(account);
        let verdict = put_verdict(&mut tx, office, &bench, &round, account, member, look, earlier, before, now).await?;
        recorded.violations += usize::from(verdict == Outcome::Fail);
        tell(&mut tx, office, &round, look, verdict, actor, now).await?;
    }
    if judged && round.notify {
        recorded.notices = write_notices(&mut tx, office, &round, now).await?;
    }
    if !dry_run {
        tx.commit().await?;
    }
    Ok(recorded)
}

fn check<'a>(
    asked: &'a Asked,
    office: &Office,
    bench: &Bench<'_>,
    round: &Round,
    row: &FilledRow,
    now: DateTime<Utc>,
) -> Result<(&'a Account, i64), Fault> {
    let look = &row.look;
    if let Some(given) = row.round.filter(|given| *given != round.name) {
        return Err(Fault::OtherRound(given, round.name));
    }
    let Some((account, member)) = asked.member(&look.account_id) else {
        return Err(Fault::NoMember(look.account_id.clone()));
    };
    let not_asked = !office.rules.checks(look.item.indicator(account))
        || (look.item == HandItem::App && account.platform != Platform::App);
    if not_asked {
        return Err(Fault::NotAsked);
    }
    if look.newest_at.is_some_and(|at| at > round.as_of) {
        return Err(Fault::AfterMonitoring(office.local(round.as_of).minute()));
    }
    let today_or_before = office.date(look.checked_at) <= office.date(now);
    if look.checked_at > now + CLOCKS_DIFFER && !(today_or_before && is_end_of_day(office, look.checked_at)) {
        return Err(Fault::InFuture);
    }
    if let Some(said) = look.verdict.filter(|_| !is_a_verdict(look)) {
        let counted = by_hand(bench, account, look);
        if counted.outcome != said {
            return Err(Fault::Differs { said, counted: counted.outcome, summary: counted.summary });
        }
    }
    Ok((account, member))
}

/// Where the day alone was written down it is read as its last second.
fn is_end_of_day(office: &Office, at: DateTime<Utc>) -> bool {
    office.date(at) != office.date(at + TimeDelta::seconds(1))
}

/// Writes the verdict on one answer and does what follows from it in a judged round.
#[expect(clippy::too_many_arguments, reason = "one step of one use case")]
pub(super) async fn put_verdict(
    tx: &mut Tx,
    office: &Office,
    bench: &Bench<'_>,
    round: &Round,
    account: &Account,
    member: i64,
    look: &HandLook,
    earlier: Option<&HandLook>,
    before: &[StoredFinding],
    now: DateTime<Utc>,
) -> Result<Outcome, RecordError> {
    let person = by_hand(bench, account, look);
    let said = person.outcome;
    let before = verdict_on(person.indicator, before);
    let new = match before {
        Some(stored) => match weighed(stored, person, look, earlier) {
            Some(new) => new,
            // What the machine saw stands, with its issue.
            None if said == Outcome::Unverified => return Ok(said),
            None => return Ok(stored.finding.outcome),
        },
        None => person,
    };
    if let Some(before) = before {
        tx.free_finding(round.id, &account.account_id, before.finding.indicator, new.indicator).await?;
    }
    let (outcome, indicator) = (new.outcome, new.indicator);
    let judged = round.state == RoundState::Judged;
    let decides = is_a_verdict(look) && outcome != Outcome::Unverified;
    tx.put_findings(round.id, member, &account.account_id, &[new]).await?;
    if !judged && !decides {
        return Ok(outcome);
    }
    let stored = tx.whole_finding(round.id, &account.account_id, indicator, office.zone()).await?;
    let Some(mut stored) = stored else { return Ok(outcome) };
    if decides {
        tx.mark_decided(stored.finding.id, &look.checked_by, now).await?;
        (stored.decided_at, stored.next_look_at) = (Some(now), None);
    }
    if !judged {
        return Ok(outcome);
    }
    let live = tx.issue_on(&stored.finding, office.zone()).await?.filter(|issue| !issue.state.status.is_final());
    let rests_on = match &live {
        Some(issue) => tx.latest_finding_of(issue.issue.id, office.zone()).await?.map(|found| found.finding.id),
        None => None,
    };
    match live.filter(|_| rests_on == Some(stored.finding.id)) {
        Some(issue) if outcome == Outcome::Fail => tx.renew_issue(issue.issue.id, &stored.finding, None).await?,
        // A pass, or a person who takes back their own violation: nothing else accuses the account.
        Some(issue) => {
            let why = &stored.finding.summary;
            issues::act_in(tx, office, issue.issue.id, Action::Dismiss, why, &look.checked_by, &Scope::All).await?;
        }
        None if outcome == Outcome::Fail => open_late(tx, office, round, &stored, now).await?,
        None => {}
    }
    Ok(outcome)
}

/// Whether what is stored is still the verdict on an answer recorded before, or a person's decision since.
fn stands(bench: &Bench<'_>, account: &Account, stored: &[StoredFinding], look: &HandLook) -> bool {
    let person = by_hand(bench, account, look);
    let Some(stored) = verdict_on(person.indicator, stored) else { return false };
    let finding = &stored.finding;
    let verdict = (finding.indicator, finding.outcome, finding.newest_at.map(LocalTime::utc));
    stored.decided_at.is_some()
        || weighed(stored, person, look, Some(look))
            .is_none_or(|new| verdict == (new.indicator, new.outcome, new.newest_at))
}

fn verdict_on(indicator: Indicator, stored: &[StoredFinding]) -> Option<&StoredFinding> {
    stored.iter().find(|found| found.finding.indicator.family() == indicator.family())
}

/// What a person saw, unless what the machine saw stands; `earlier`: what was recorded on it before.
fn weighed(
    stored: &StoredFinding,
    person: NewFinding,
    look: &HandLook,
    earlier: Option<&HandLook>,
) -> Option<NewFinding> {
    let finding = &stored.finding;
    // Why: an earlier answer of a person does not compete; it has no hash, and the time the person wrote.
    let machines = finding.evidence.sha256.is_some()
        || earlier.is_none_or(|earlier| finding.observed_at.utc() != earlier.checked_at);
    let competes = machines && (look.item == HandItem::Update || person.outcome == Outcome::Unverified);
    if !competes {
        return Some(person);
    }
    let machine = stored.as_new();
    let new = newer_sight(machine.clone(), person, is_a_verdict(look));
    (new != machine).then_some(new)
}

/// The history tells of every answer, the changed ones too.
async fn tell(
    tx: &mut Tx,
    office: &Office,
    round: &Round,
    look: &HandLook,
    verdict: Outcome,
    actor: &str,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let data = serde_json::json!({
        "round": round.name.to_string(),
        "item": look.item.key(),
        "newest_at": look.newest_at.map(|at| at.to_rfc3339()),
        "content_url": look.content_url.as_deref().map(mask_address),
        "verdict": look.verdict.map(Outcome::key),
        "note": look.note,
        "checked_at": look.checked_at.to_rfc3339(),
    });
    let lang = office.lang();
    let (item, verdict) = (look.item.name(lang), verdict.name(lang));
    let note = match lang {
        Lang::Zh => format!("{}人工查看{item}：{verdict}", round.name),
        Lang::En => format!("{}, {item} seen by a person: {verdict}", round.name),
    };
    tx.append_event(NewEvent {
        at: now,
        actor,
        subject_kind: "account",
        subject_id: look.account_id.as_str(),
        kind: "seen_by_hand",
        note: &note,
        data: &data.to_string(),
    })
    .await
}
