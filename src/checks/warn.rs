//! Early warnings (临期提醒): to the unit alone, before an account falls silent, counted against nobody.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};

use super::canary::CANARY_SILENT;
use super::judge::NOT_FORETOLD;
use crate::domain::finding::Outcome;
use crate::domain::notice::{NoticeBody, SilentSoon};
use crate::domain::rule::Indicator;
use crate::notify::{self, Draft, Reader};
use crate::office::Office;
use crate::store::{FindingQuery, NewEvent, Round, StoreError, Tx};

const PAGE: usize = 500;

/// Warns the units of accounts that have reached one of the ages of `silence.remind_days`.
///
/// Once an age and newest post; one message a unit. Gives the number of messages.
pub async fn write(tx: &mut Tx, office: &Office, round: &Round, now: DateTime<Utc>) -> Result<usize, StoreError> {
    let mut by_unit = Warnings::new();
    for indicator in [Indicator::Stale, Indicator::HomeStale] {
        collect(tx, office, round, indicator, now, &mut by_unit).await?;
    }
    let mut written = 0;
    for (unit, (accounts, keys)) in by_unit {
        let body = NoticeBody::Warning { accounts };
        // A round that is topped up is judged again: what it says then is not what it said before.
        let dedup_key = format!("warning:{}:{unit}:{keys:?}", round.id);
        let draft = Draft {
            reader: Reader::Unit(&unit),
            round_id: Some(round.id),
            body: &body,
            issues: &[],
            urgent: false,
            dedup_key: &dedup_key,
        };
        written += usize::from(notify::write(tx, office, draft, now).await?.is_some());
    }
    Ok(written)
}

/// Units by name, with the accounts to warn them of and what makes the message unique.
type Warnings = BTreeMap<String, (Vec<SilentSoon>, Vec<String>)>;

async fn collect(
    tx: &mut Tx,
    office: &Office,
    round: &Round,
    indicator: Indicator,
    now: DateTime<Utc>,
    by_unit: &mut Warnings,
) -> Result<(), StoreError> {
    let silence = &office.rules.silence;
    let Some(first) = silence.remind_days.iter().min() else { return Ok(()) };
    let query = FindingQuery {
        round: Some(round.name),
        outcome: Some(Outcome::Pass),
        indicator: Some(indicator),
        silent_for: Some(TimeDelta::days(*first)),
        ..FindingQuery::default()
    };
    let mut after = 0;
    loop {
        let page = tx.findings_page(&query, after, PAGE, office.zone()).await?;
        let Some(last) = page.last() else { break };
        after = last.finding.id;
        for found in page {
            // From a source that may be blind no silence is foretold.
            if [CANARY_SILENT, NOT_FORETOLD].contains(&found.finding.reason.as_str()) {
                continue;
            }
            let Some(newest) = found.finding.newest_at else { continue };
            let days = (found.finding.as_of.utc() - newest.utc()).num_days();
            let Some(reached) = silence.remind_days.iter().filter(|d| **d <= days).max() else { continue };
            let id = found.finding.account_id.as_str();
            let note = format!("{}:{reached}", newest.utc().timestamp());
            if tx.has_event("account", id, "warned", &note).await? {
                continue;
            }
            let Some(account) = tx.account(&found.finding.account_id).await? else { continue };
            let allowed = match indicator {
                Indicator::HomeStale => office.rules.site.home_days,
                _ => silence.stale_days_for(account.platform),
            };
            let violation_at = newest.utc() + TimeDelta::days(allowed);
            if violation_at <= now {
                // No time is left to be warned in.
                continue;
            }
            tx.append_event(NewEvent {
                at: now,
                actor: crate::ACTOR,
                subject_kind: "account",
                subject_id: id,
                kind: "warned",
                note: &note,
                data: "",
            })
            .await?;
            let (accounts, keys) = by_unit.entry(account.unit).or_default();
            keys.push(format!("{id}:{note}"));
            accounts.push(SilentSoon {
                account: account.name,
                platform: account.platform,
                newest_at: newest,
                days,
                violation_at: office.local(violation_at),
            });
        }
    }
    Ok(())
}
