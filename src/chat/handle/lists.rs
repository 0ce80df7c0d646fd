//! Lists: a page at a time, turned by editing; a long one comes as a file besides.

use super::{Desk, Document, Outcome, findings, issues};
use crate::chat::commands::Verb;
use crate::chat::texts::{List, MOST_ROWS, Message, Reply};
use crate::domain::Lang;
use crate::domain::person::Role;
use crate::reports;
use crate::store::{StoreError, StoredIssue};

/// A list with more entries than this comes as a file besides: three pages are turned, not thirty.
const MOST_TURNED: usize = 3 * MOST_ROWS;

/// The command behind a list.
pub(super) fn verb(list: List) -> Verb {
    match list {
        List::Issues => Verb::Issues,
        List::Overdue => Verb::Overdue,
        List::Queue => Verb::Queue,
    }
}

/// The first page of a list, and all of it as a file where it is long.
pub(super) async fn open(desk: &Desk<'_>, list: List) -> Result<Outcome, StoreError> {
    if list == List::Queue {
        return Ok(findings::page(desk, 0, None).await?.into());
    }
    let found = issues::list(desk, verb(list)).await?;
    let mut outcome = Outcome::from(shown(desk, list, &found, 0));
    if found.len() > MOST_TURNED {
        let rows: Vec<_> = found.into_iter().map(|stored| stored.issue).collect();
        let title = match desk.lang {
            Lang::Zh => format!("{}（{}）", list.zh(), desk.office.date(desk.office.now())),
            Lang::En => format!("{} ({})", list.en(), desk.office.date(desk.office.now())),
        };
        let (heading, lang) = (title.clone(), desk.lang);
        match tokio::task::spawn_blocking(move || reports::issue_table(&heading, &rows, lang)).await {
            Ok(Ok(content)) => {
                let name = format!("{}-{}.xlsx", list.key(), desk.office.date(desk.office.now()));
                outcome.documents.push(Document { name, content, caption: title });
            }
            Ok(Err(error)) => tracing::error!(%error, "a list could not be made into a file"),
            Err(error) => tracing::error!(%error, "a list could not be made into a file"),
        }
    }
    Ok(outcome)
}

/// The page of a list that begins with entry `from`, or the last one where there are fewer by now.
pub(super) async fn turn(desk: &Desk<'_>, list: List, from: i64) -> Result<Message, StoreError> {
    if list == List::Queue {
        return findings::page(desk, from, None).await;
    }
    let found = issues::list(desk, verb(list)).await?;
    Ok(shown(desk, list, &found, usize::try_from(from).unwrap_or_default()))
}

fn shown(desk: &Desk<'_>, list: List, found: &[StoredIssue], from: usize) -> Message {
    let from = from.min(found.len().saturating_sub(1)) / MOST_ROWS * MOST_ROWS;
    let page = found.get(from..(from + MOST_ROWS).min(found.len())).unwrap_or_default();
    let with_unit = desk.role() != Role::UnitAdmin;
    desk.say(&Reply::Issues { list, issues: page, from, total: found.len(), with_unit })
}
