//! From the database to the one dataset of a round, out of which every document is made.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};

use crate::domain::account::AccountId;
use crate::domain::bulletin::{
    AccountFacts, Context, Dataset, EarlierRound, Facts, Imbalance, MemberFacts, NoticeFacts, PreviousIssue,
    PreviousRound, Remedy, RoundFacts, SentNotice, Verdict, has_fallen,
};
use crate::domain::issue::Issue;
use crate::domain::notice::Bilingual;
use crate::domain::round::{RoundKind, RoundName};
use crate::domain::rule::Class;
use crate::domain::sample::{FrameRow, Rotation};
use crate::office::Office;
use crate::store::{FindingQuery, IssueQuery, Round, StoreError, Tx};

mod annual;

pub use annual::{contacts, year};

/// Why there is no dataset.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// The breakdowns do not sum; nothing is written.
    #[error(transparent)]
    Imbalance(#[from] Imbalance),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

const PAGE: usize = 1000;

/// The dataset of a round as it stands now, from one consistent state of the database.
pub async fn dataset(office: &Office, name: RoundName) -> Result<Dataset, LedgerError> {
    let mut tx = office.store.read().await?;
    let round = tx.require_round(name).await?;
    let issues = issues(&mut tx, office, name).await?;
    // Why first: what earlier rounds fill is given back before this round fills its own.
    let (earlier, previous) = earlier(&mut tx, office, &round, &issues).await?;
    let context = context(&mut tx, office, &round, &issues).await?;
    let facts = Facts { previous, earlier, context, ..facts(&mut tx, office, &round, issues).await? };
    Ok(Dataset::build(facts)?)
}

/// The rows of one round, without what went before it.
async fn facts(tx: &mut Tx, office: &Office, round: &Round, issues: Vec<Issue>) -> Result<Facts, StoreError> {
    let name = round.name;
    let (written, delivered, warnings) = tx.notice_totals(round.id).await?;
    let mut documents: Vec<String> = office.rules.indicators.values().map(|rule| rule.document.clone()).collect();
    documents.sort();
    documents.dedup();
    Ok(Facts {
        office: office.config.office.name.clone(),
        round: RoundFacts {
            name,
            kind: round.kind,
            state: round.state,
            as_of: office.local(round.as_of),
            window_from: office.local(name.window_from(office.zone())),
            opened_at: round.opened_at.map(|at| office.local(at)),
            generated_at: office.local(office.now()),
            seed: round.seed.clone(),
            ratio: round.ratio,
            rotation: round.rotation.unwrap_or(Rotation::None),
            frame_size: round.frame_size,
            frame_sha256: round.frame_sha256.clone(),
            strata: round.strata.clone(),
            rehearsal: round.rehearsal,
            rule_version: office.rules.version.clone(),
            rule_documents: documents,
        },
        accounts: accounts(tx, office, round).await?,
        previous: None,
        earlier: Vec::new(),
        issues,
        warnings_sent: count(warnings),
        notices: NoticeFacts { delivered: count(delivered), undelivered: count(written - delivered) },
        context: Context::default(),
    })
}

/// What documents say beside the rows: the quarters of a half year, what the rules ask for, the notices by number.
async fn context(tx: &mut Tx, office: &Office, round: &Round, current: &[Issue]) -> Result<Context, StoreError> {
    let mut context = Context::default();
    if let RoundName::Half(year, half) = round.name {
        let current: HashSet<i64> = current.iter().map(|issue| issue.id).collect();
        for name in [half * 2 - 1, half * 2].map(|quarter| RoundName::Quarter(year, quarter)) {
            if let Some(quarter) = tx.round(name).await?.filter(|quarter| quarter.judged_at.is_some()) {
                let is_later = round.as_of > quarter.as_of;
                let issues = what_became(issues(tx, office, name).await?, &current, is_later);
                context.quarters.push(PreviousRound { name, issues });
            }
        }
    }
    for (indicator, rule) in &office.rules.indicators {
        let both = |zh: &str, en: &str| Bilingual { zh: zh.to_owned(), en: en.to_owned() };
        let remedy = Remedy {
            remedy: both(&rule.remedy_zh, &rule.remedy_en),
            recheck: both(&rule.recheck_zh, &rule.recheck_en),
        };
        context.remedies.insert(*indicator, remedy);
        if rule.class == Class::Veto {
            context.vetoes.push(*indicator);
        }
    }
    context.working_days = Class::ALL.iter().map(|class| (*class, office.working_days(*class))).collect();
    for (id, number, unit, written_at, delivered_at) in tx.rectification_notices(round.id).await? {
        context.sent.push(SentNotice {
            number,
            unit,
            written_at: office.local(written_at),
            delivered_at: delivered_at.map(|at| office.local(at)),
            issues: tx.issues_of_notice(id).await?,
        });
    }
    Ok(context)
}

fn count(n: i64) -> usize {
    usize::try_from(n).unwrap_or_default()
}

async fn issues(tx: &mut Tx, office: &Office, name: RoundName) -> Result<Vec<Issue>, StoreError> {
    let query = IssueQuery { round: Some(name), ..IssueQuery::default() };
    let (mut issues, mut after) = (Vec::new(), 0);
    loop {
        let page = tx.issues_page(&query, after, PAGE, office.zone()).await?;
        let Some(last) = page.last() else { return Ok(issues) };
        after = last.issue.id;
        issues.extend(page.into_iter().map(|found| found.issue));
    }
}

async fn accounts(tx: &mut Tx, office: &Office, round: &Round) -> Result<Vec<AccountFacts>, StoreError> {
    let mut frame: HashMap<AccountId, (FrameRow, Option<u32>)> = HashMap::new();
    let mut put = |rows: Vec<FrameRow>, top_up| {
        frame.extend(rows.into_iter().map(|row| (row.account_id.clone(), (row, top_up))));
    };
    put(tx.frame(round.id, None).await?, None);
    for (number, _, _) in tx.top_ups(round.id).await? {
        put(tx.frame(round.id, Some(number)).await?, Some(u32::try_from(number).unwrap_or(u32::MAX)));
    }
    let mut members = members(tx, office, round, Words::Kept).await?;
    let mut facts = Vec::with_capacity(frame.len());
    let mut after: Option<AccountId> = None;
    loop {
        let page = tx.frame_accounts_page(round.id, after.as_ref(), PAGE).await?;
        let Some(last) = page.last() else { break };
        after = Some(last.account_id.clone());
        for account in page {
            let Some((row, top_up)) = frame.remove(&account.account_id) else { continue };
            facts.push(AccountFacts {
                member: members.remove(&account.account_id),
                account_id: account.account_id,
                name: account.name,
                platform: account.platform,
                unit: account.unit,
                unit_tier: account.unit_tier,
                supervising_unit: account.supervising_unit,
                filing_no: account.filing_no,
                represents_government: account.represents_government,
                certified_subject: account.certified_subject,
                followers: account.followers,
                extra: account.extra,
                stratum: row.stratum,
                drawn_this_year: Some(row.drawn_this_year),
                always: row.always,
                newcomer: top_up.is_some(),
                top_up,
            });
        }
    }
    if let Some(id) = frame.keys().next() {
        return Err(StoreError::Missing { kind: "account", id: id.to_string() });
    }
    Ok(facts)
}

/// Whether what was said of each verdict is read along; nine tenths of a round's memory are such sentences.
#[derive(Clone, Copy, PartialEq)]
enum Words {
    Kept,
    /// For counting alone.
    Left,
}

async fn members(
    tx: &mut Tx,
    office: &Office,
    round: &Round,
    words: Words,
) -> Result<HashMap<AccountId, MemberFacts>, StoreError> {
    let said = |text: String| if words == Words::Kept { text } else { String::new() };
    let local = |at: Option<DateTime<Utc>>| at.map(|at| office.local(at));
    let looks: HashMap<AccountId, _> =
        tx.looks(round.id).await?.into_iter().map(|(account, looked, newest)| (account, (looked, newest))).collect();
    let mut members = HashMap::new();
    for member in tx.members(round.id).await? {
        let (looked_at, newest_at) = looks.get(&member.account_id).copied().unwrap_or_default();
        let facts = MemberFacts {
            reason: member.reason,
            ticket: member.ticket,
            looked_at: local(looked_at),
            newest_at: local(newest_at),
            verdicts: Vec::new(),
        };
        members.insert(member.account_id, facts);
    }
    let query = FindingQuery { round: Some(round.name), ..FindingQuery::default() };
    let mut after = 0;
    loop {
        let page = tx.findings_page(&query, after, PAGE, office.zone()).await?;
        let Some(last) = page.last() else { break };
        after = last.finding.id;
        for found in page {
            let decided = found.decided_at.is_some();
            let finding = found.finding;
            if let Some(member) = members.get_mut(&finding.account_id) {
                member.verdicts.push(Verdict {
                    finding_id: finding.id,
                    indicator: finding.indicator,
                    class: finding.class,
                    outcome: finding.outcome,
                    subject: finding.subject,
                    summary: said(finding.summary),
                    reason: said(finding.reason),
                    decided,
                });
            }
        }
    }
    for member in members.values_mut() {
        member.verdicts.shrink_to_fit();
    }
    Ok(members)
}

/// Rounds a trend looks back on.
const LOOKED_BACK: usize = 3;

/// What the rounds before came to, and what became of the issues of the last of them, where
/// they were judged.
async fn earlier(
    tx: &mut Tx,
    office: &Office,
    round: &Round,
    current: &[Issue],
) -> Result<(Vec<EarlierRound>, Option<PreviousRound>), StoreError> {
    let (mut rounds, mut previous) = (Vec::new(), None);
    if round.kind == RoundKind::Patrol {
        return Ok((rounds, previous));
    }
    let current: HashSet<i64> = current.iter().map(|issue| issue.id).collect();
    let mut name = round.name;
    for back in 0..LOOKED_BACK {
        name = name.previous();
        let Some(before) = tx.round(name).await?.filter(|before| before.judged_at.is_some()) else { continue };
        let issues = issues(tx, office, name).await?;
        let members = members(tx, office, &before, Words::Left).await?;
        rounds.push(EarlierRound::of(name, office.local(before.as_of), members, &issues));
        if back == 0 {
            previous = Some(PreviousRound { name, issues: what_became(issues, &current, round.as_of > before.as_of) });
        }
    }
    Ok((rounds, previous))
}

/// The issues of an earlier round as they stand now. One is found again by a look that came later
/// (`is_later`): two rounds of one monitoring time saw the same thing once. What fell was never found.
fn what_became(issues: Vec<Issue>, current: &HashSet<i64>, is_later: bool) -> Vec<PreviousIssue> {
    let row = |issue: Issue| PreviousIssue {
        found_again: is_later && current.contains(&issue.id) && !has_fallen(issue.status),
        id: issue.id,
        account: issue.account,
        platform: issue.platform,
        unit: issue.unit,
        indicator: issue.indicator,
        class: issue.class,
        status: issue.status,
    };
    issues.into_iter().map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::bulletin::tests::example;
    use crate::domain::issue::IssueStatus;

    #[test]
    fn an_issue_is_found_again_only_by_a_later_look_and_never_when_it_fell() {
        let again = |status, is_later| {
            let issue = Issue { status, ..example().issues.remove(0) };
            let current = HashSet::from([issue.id]);
            what_became(vec![issue], &current, is_later)[0].found_again
        };
        assert!(again(IssueStatus::Overdue, true) && again(IssueStatus::Closed, true));
        for status in IssueStatus::ALL {
            assert!(!again(*status, false), "{status}: both rounds have the same monitoring time");
        }
        assert!(!again(IssueStatus::Revoked, true) && !again(IssueStatus::Dismissed, true));
    }
}
