//! The word to the supervisors, the same day, that a round suspects what only a person can decide at once.

use chrono::{DateTime, Utc};

use crate::domain::notice::{Alert, NoticeBody, SuspicionLine};
use crate::domain::rule::Indicator;
use crate::notify::{self, Draft, Reader};
use crate::office::Office;
use crate::store::{Round, StoreError, Tx};

/// Suspicions that one message lists.
const LISTED: usize = 10;

/// Tells the supervisors of new suspicions about texts: one message a round, quiet hours or not.
pub(super) async fn tell(tx: &mut Tx, office: &Office, round: &Round, now: DateTime<Utc>) -> Result<(), StoreError> {
    let found = tx.new_text_suspicions(round.id, office.zone()).await?;
    if found.is_empty() {
        return Ok(());
    }
    let count = |indicator| found.iter().filter(|f| f.finding.indicator == indicator).count() as i64;
    let lines = found.iter().take(LISTED).map(|found| SuspicionLine {
        finding: found.finding.id,
        account: found.finding.account.clone(),
        indicator: found.finding.indicator,
        summary: found.finding.summary.clone(),
    });
    let alert = Alert::TextsSuspected {
        round: round.name,
        privacy: count(Indicator::Privacy),
        expression: count(Indicator::Expression),
        lines: lines.collect(),
    };
    // A round that was topped up is finished again; what it found then is new.
    let last = found.iter().map(|found| found.finding.id).max().unwrap_or_default();
    let dedup_key = format!("texts:{}:{last}:{}", round.id, found.len());
    let body = NoticeBody::Alert(alert);
    let draft = Draft {
        reader: Reader::Supervisors,
        round_id: Some(round.id),
        body: &body,
        issues: &[],
        urgent: true,
        dedup_key: &dedup_key,
    };
    notify::write(tx, office, draft, now).await?;
    Ok(())
}
