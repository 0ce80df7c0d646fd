//! The looks behind an issue: what was asked again before it was believed (复核记录).

use serde::Serialize;

use crate::domain::time::LocalTime;
use crate::office::Office;
use crate::store::{StoreError, Tx};

/// The kind of event that a look is.
pub const LOOKED: &str = "looked";

/// One look at what an issue is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Look {
    /// When.
    pub at: LocalTime,
    /// What it saw.
    pub note: String,
}

/// The looks at what an issue rests on, oldest first; none where there was but one.
pub async fn behind(tx: &mut Tx, office: &Office, issue: i64) -> Result<Vec<Look>, StoreError> {
    let Some(found) = tx.latest_finding_of(issue, office.zone()).await? else { return Ok(Vec::new()) };
    of(tx, office, found.finding.id).await
}

/// The looks that a finding was given, oldest first, once there was more than one.
pub async fn of(tx: &mut Tx, office: &Office, finding: i64) -> Result<Vec<Look>, StoreError> {
    let events = tx.events_of("finding", &finding.to_string()).await?;
    let looked = events.into_iter().filter(|event| event.kind == LOOKED);
    Ok(looked.map(|event| Look { at: office.local(event.at()), note: event.note }).collect())
}
