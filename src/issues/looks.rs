//! The looks behind an issue: what was asked again before it was believed (复核记录).

use serde::{Deserialize, Serialize};

use crate::domain::finding::Outcome;
use crate::domain::time::LocalTime;
use crate::office::Office;
use crate::store::{EventRow, StoreError, Tx};

/// The kind of event that a look is.
pub const LOOKED: &str = "looked";

/// One look at what an issue is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Look {
    /// When.
    pub at: LocalTime,
    /// What it saw.
    pub note: String,
    /// The same for programs.
    #[serde(flatten)]
    pub result: LookResult,
}

/// What a look came to, as its event keeps it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct LookResult {
    /// The verdict on it alone.
    pub outcome: Option<Outcome>,
    /// Why, a stable key.
    pub reason: String,
    /// HTTP status, where there was an answer.
    pub status: Option<u16>,
    /// SHA-256 of the pages kept of it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub copies: Vec<String>,
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
    let look = |event: EventRow| {
        let result = serde_json::from_str(&event.data_json).unwrap_or_default();
        Look { at: office.local(event.at()), note: event.note, result }
    };
    Ok(looked.map(look).collect())
}
