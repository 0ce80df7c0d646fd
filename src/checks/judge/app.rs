//! `app_unavailable`: whether the store, or the download page, still has the app.

use chrono::TimeDelta;

use super::Bench;
use crate::checks::seen::Observed;
use crate::domain::account::{Account, SourceKind};
use crate::domain::finding::Outcome;
use crate::domain::rule::Indicator;
use crate::store::NewFinding;

/// What a store or page says that no longer has the app.
const GONE: [&str; 2] = ["no_such_app", "app_removed"];

/// The verdict of one look; `looks` counts it and those before it. `None`: no store was asked.
///
/// Never certain by itself: a wrong id, another country's store or a store's own fault look alike.
pub(in crate::checks) fn app(bench: &Bench<'_>, account: &Account, seen: &Observed, looks: u32) -> Option<NewFinding> {
    if account.source != Some(SourceKind::App) {
        return None;
    }
    let words = bench.words();
    let (outcome, reason, summary) = match &seen.source {
        Ok(_) => (Outcome::Pass, "in_store", words.app_in_store()),
        Err(unread) if GONE.contains(&unread.reason.as_str()) => {
            (Outcome::Suspected, unread.reason.as_str(), words.app_gone(&unread.sentence))
        }
        Err(unread) => (Outcome::Unverified, unread.reason.as_str(), words.unjudged(&unread.sentence)),
    };
    let again = outcome == Outcome::Suspected && looks < bench.rules.link.looks;
    Some(NewFinding {
        evidence: seen.evidence.clone(),
        looks,
        next_look_at: again.then(|| seen.at + TimeDelta::hours(bench.rules.link.hours_between)),
        ..bench.verdict(Indicator::AppUnavailable, outcome, reason, summary, seen.at)
    })
}
