//! The documents of a round, sent as files.

use tokio::sync::Semaphore;

use super::{Desk, Document, Outcome};
use crate::chat::texts::{self, Reply};
use crate::domain::round::{RoundKind, RoundName, RoundState};
use crate::ledger::{self, LedgerError};
use crate::reports;
use crate::store::{Round, StoreError};

/// What is sent; figures for programs stay at home.
const SENT: [&str; 5] = ["ledger.xlsx", "issues.xlsx", "bulletin.docx", "report.html", "certificate.html"];

/// Rounds whose documents are made at the same time; each takes a processor and its memory.
static MAKING: Semaphore = Semaphore::const_new(2);

/// Makes and sends the documents of the round named, else of the latest judged one.
pub(super) async fn send(desk: &Desk<'_>, wanted: &str) -> Result<Outcome, StoreError> {
    let Some(round) = round(desk, wanted).await? else { return Ok(desk.say(&Reply::NoRound).into()) };
    let turn = MAKING.acquire().await;
    let dataset = match ledger::dataset(desk.office, round).await {
        Ok(dataset) => dataset,
        Err(LedgerError::Store(error)) => return Err(error),
        Err(LedgerError::Imbalance(error)) => {
            tracing::error!(%round, %error, "a report is refused");
            return Ok(desk.say(&Reply::NoReport(round)).into());
        }
    };
    let lang = desk.lang;
    let made = tokio::task::spawn_blocking(move || {
        // Why here: it goes on when nobody waits for it any longer.
        let _turn = turn;
        reports::render_all(&dataset, lang)
    })
    .await;
    let files = match made {
        Ok(Ok(files)) => files,
        Ok(Err(error)) => {
            tracing::error!(%round, %error, "the documents of a round could not be made");
            return Ok(desk.say(&Reply::NoReport(round)).into());
        }
        Err(error) => {
            tracing::error!(%round, %error, "the documents of a round could not be made");
            return Ok(desk.say(&Reply::Trouble).into());
        }
    };
    let documents = files
        .into_iter()
        .filter(|(name, _)| SENT.contains(name))
        .map(|(name, content)| Document {
            name: format!("{round}-{name}"),
            content,
            caption: texts::caption(name, round, desk.lang),
        })
        .collect();
    Ok(Outcome { messages: vec![desk.say(&Reply::Report(round))], documents, ..Outcome::default() })
}

async fn round(desk: &Desk<'_>, wanted: &str) -> Result<Option<RoundName>, StoreError> {
    let mut tx = desk.office.store.read().await?;
    if !wanted.is_empty() {
        let Ok(name) = wanted.parse::<RoundName>() else { return Ok(None) };
        return Ok(tx.round(name).await?.map(|round| round.name));
    }
    let rounds = tx.rounds().await?;
    let judged = |round: &&Round| matches!(round.state, RoundState::Judged | RoundState::Closed);
    let sample = rounds.iter().rev().filter(judged).find(|round| round.kind != RoundKind::Patrol);
    Ok(sample.or_else(|| rounds.iter().rev().find(judged)).map(|round| round.name))
}
