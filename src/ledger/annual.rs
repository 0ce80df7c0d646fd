//! A year out of the database: its rounds, every registered account, the issues of the year.

use std::collections::HashMap;

use chrono::Datelike as _;

use super::{LedgerError, PAGE, facts};
use crate::domain::account::AccountId;
use crate::domain::annual::{Silent, Year, YearAccount, YearFacts, YearIssue, YearLook, YearRound};
use crate::domain::bulletin::{Contact, Contacts, Dataset};
use crate::domain::finding::Outcome;
use crate::domain::issue::{EventKind, Issue};
use crate::domain::round::{RoundKind, RoundName};
use crate::office::Office;
use crate::store::{AccountQuery, IssueQuery, StoreError, Tx};

/// The year as it stands now, from one consistent state of the database.
///
/// An account with fewer followers than `few_followers` has little attention, where their number is known.
pub async fn year(office: &Office, year: i32, few_followers: u64) -> Result<Year, LedgerError> {
    let mut tx = office.store.read().await?;
    let mut rounds = Vec::new();
    let mut looks = HashMap::<AccountId, Vec<YearLook>>::new();
    for round in tx.rounds().await? {
        let counts = round.kind != RoundKind::Patrol && round.name.year() == year && !round.rehearsal;
        if !counts || round.judged_at.is_none() {
            continue;
        }
        let found = super::issues(&mut tx, office, round.name).await?;
        let dataset = Dataset::build(facts(&mut tx, office, &round, found).await?)?;
        let total = &dataset.breakdowns.total;
        rounds.push(YearRound { name: round.name, as_of: dataset.round.as_of, frame: total.frame, drawn: total.drawn });
        for row in dataset.accounts {
            let Some(result) = row.result else { continue };
            let silent = row.verdicts(Outcome::Fail).find(|verdict| verdict.indicator.is_update());
            let silent = silent.map(|v| Silent { indicator: v.indicator, finding_id: v.finding_id });
            let newest_at = row.facts.member.as_ref().and_then(|member| member.newest_at);
            let look = YearLook { round: round.name, result, newest_at, silent };
            looks.entry(row.facts.account_id).or_default().push(look);
        }
    }
    let facts = YearFacts {
        office: office.config.office.name.clone(),
        year,
        generated_at: office.local(office.now()),
        rounds,
        accounts: accounts(&mut tx, looks).await?,
        issues: issues(&mut tx, office, year).await?,
        few_followers,
    };
    Ok(Year::build(facts)?)
}

async fn accounts(tx: &mut Tx, mut looks: HashMap<AccountId, Vec<YearLook>>) -> Result<Vec<YearAccount>, StoreError> {
    let (mut accounts, mut after) = (Vec::new(), None);
    loop {
        let page = tx.accounts_page(&AccountQuery::default(), after.as_ref(), PAGE).await?;
        let Some(last) = page.last() else { return Ok(accounts) };
        after = Some(last.account_id.clone());
        accounts.extend(page.into_iter().map(|account| YearAccount {
            looks: looks.remove(&account.account_id).unwrap_or_default(),
            account_id: account.account_id,
            name: account.name,
            platform: account.platform,
            unit: account.unit,
            unit_tier: account.unit_tier,
            status: account.status,
            followers: account.followers,
        }));
    }
}

/// Issues that were opened, re-opened or found again in the year, by the office's calendar; what
/// rehearsals alone found counts against nobody.
async fn issues(tx: &mut Tx, office: &Office, year: i32) -> Result<Vec<YearIssue>, StoreError> {
    let earnest = tx.issues_in_earnest().await?;
    let (mut issues, mut after) = (Vec::new(), 0);
    loop {
        let page = tx.issues_page(&IssueQuery::default(), after, PAGE, office.zone()).await?;
        let Some(last) = page.last() else { return Ok(issues) };
        after = last.issue.id;
        issues.extend(
            page.into_iter()
                .map(|found| found.issue)
                .filter(|issue| earnest.contains(&issue.id) && is_of(issue, year))
                .map(|issue| of_year(issue, year)),
        );
    }
}

fn is_of(issue: &Issue, year: i32) -> bool {
    issue.events.iter().any(|event| {
        matches!(event.kind, EventKind::Opened | EventKind::Reopened | EventKind::FoundAgain)
            && event.at.fixed().year() == year
    })
}

fn of_year(issue: Issue, year: i32) -> YearIssue {
    let happened = |kind| issue.events.iter().any(|event| event.kind == kind && event.at.fixed().year() == year);
    YearIssue {
        overdue: happened(EventKind::Overdue),
        escalated: happened(EventKind::Escalated),
        appealed: happened(EventKind::Appealed),
        extended: happened(EventKind::Extended),
        rejected: happened(EventKind::Rejected),
        id: issue.id,
        account_id: issue.account_id,
        account: issue.account,
        platform: issue.platform,
        unit: issue.unit,
        indicator: issue.indicator,
        class: issue.class,
        status: issue.status,
        opened_at: issue.opened_at,
        due_at: issue.due_at,
        closed_at: issue.closed_at,
    }
}

/// The people behind the accounts of a round, for the version that stays in the office.
pub async fn contacts(office: &Office, round: RoundName) -> Result<Contacts, LedgerError> {
    let mut tx = office.store.read().await?;
    let round = tx.require_round(round).await?;
    let (mut contacts, mut after) = (Contacts::new(), None);
    loop {
        let page = tx.frame_accounts_page(round.id, after.as_ref(), PAGE).await?;
        let Some(last) = page.last() else { return Ok(contacts) };
        after = Some(last.account_id.clone());
        contacts.extend(
            page.into_iter()
                .map(|account| (account.account_id, Contact { admin: account.admin, contact: account.admin_contact })),
        );
    }
}
