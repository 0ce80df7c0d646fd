//! What comes as a photo or a file: whether it is wanted, and what becomes of it.

use super::{Incoming, What};
use crate::chat::commands::{Read, Verb, read};
use crate::chat::texts::{self, Press};
use crate::office::Office;
use crate::people;
use crate::store::StoreError;

/// Whether the content of what came with an update is wanted, so that it is worth fetching.
///
/// Nothing is fetched for strangers, for forwarded and anonymous messages, for what was handled
/// before, and for words that no file belongs to.
pub async fn wants(office: &Office, bot: &str, incoming: &Incoming) -> Result<bool, StoreError> {
    let What::Text { text, reply_to, attachments, forwarded } = &incoming.what else { return Ok(false) };
    if attachments.is_empty() || *forwarded || incoming.sender.anonymous {
        return Ok(false);
    }
    let asked = reply_to.as_deref().and_then(texts::asked);
    let for_us = match (asked, read(text, bot)) {
        (_, Read::NotForUs | Read::Unknown) => false,
        (Some(Press::Do(verb, _)), Read::Words) => takes_files(verb),
        (_, Read::Command(typed)) => takes_files(typed.verb),
        (_, Read::Words) => !incoming.is_group || attachments.album.is_some(),
    };
    if !for_us || people::known(office, &incoming.sender.key).await?.is_empty() {
        return Ok(false);
    }
    // Looks, and lets the mark go with the transaction.
    Ok(office.store.write_rows().await?.see_update(incoming.update_id, office.now()).await?)
}

/// Whether a photo or file may come with a command.
const fn takes_files(verb: Verb) -> bool {
    matches!(verb, Verb::Fix)
}
