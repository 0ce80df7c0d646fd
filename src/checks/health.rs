//! From a look to the health of the source it was made through.

use super::seen::Observed;
use crate::domain::account::{Account, SourceKind};
use crate::domain::health::{Health, SourceState};

/// How the account's source is doing; `None` where no machine looks, or we were offline ourselves.
#[must_use]
pub fn health(account: &Account, seen: &Observed) -> Option<Health> {
    if seen.offline || matches!(account.source, None | Some(SourceKind::Manual)) {
        return None;
    }
    let Err(unread) = &seen.source else { return Some(working()) };
    let state = match unread.reason.as_str() {
        // The source did answer: what it says is about the account, or known to be a part.
        "mass_sent_unseen" | "no_such_app" | "app_removed" => return Some(working()),
        "wants_authorisation" | "ip_not_listed" | "bad_credentials" => SourceState::WantsAuthorisation,
        "blocked" | "quota_exceeded" | "rate_limited" => SourceState::Blocked,
        _ => SourceState::Blind,
    };
    Some(Health { state, reason: unread.reason.clone(), sentence: unread.sentence.clone() })
}

fn working() -> Health {
    Health { state: SourceState::Working, reason: String::new(), sentence: String::new() }
}
