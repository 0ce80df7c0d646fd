//! `stale` and `zombie`: when the newest post appeared.

use chrono::{DateTime, FixedOffset, TimeDelta, Utc};

use super::Bench;
use crate::checks::canary::CANARY_SILENT;
use crate::checks::seen::{Newest, Observed, Unread};
use crate::checks::words::Words;
use crate::domain::account::Account;
use crate::domain::finding::Outcome;
use crate::domain::post::Coverage;
use crate::domain::rule::Indicator;
use crate::store::NewFinding;

/// How old something is at the monitoring time.
pub(super) fn age(bench: &Bench<'_>, at: DateTime<FixedOffset>, day_only: bool) -> TimeDelta {
    (bench.as_of - latest(at, day_only)).max(TimeDelta::zero())
}

/// The last instant a date may mean: one that names the day alone may mean any minute of it, and
/// the doubt is the account's.
pub(in crate::checks) fn latest(at: DateTime<FixedOffset>, day_only: bool) -> DateTime<Utc> {
    let latest = if day_only { at + TimeDelta::days(1) - TimeDelta::seconds(1) } else { at };
    latest.with_timezone(&Utc)
}

/// Stands on a pass whose silence to come is not foretold: newer posts may be there already.
pub(in crate::checks) const NOT_FORETOLD: &str = "updated_at_least";

/// Why the newest dated post may not be the newest; in the order in which it is said.
pub(super) fn doubt(newest: &Newest, words: Words) -> Option<Unread> {
    match newest.unplaced() {
        // Why: local time labelled as UTC puts fresh posts hours ahead of the look, and who dates a
        // post into next month may have dated the others wrongly too.
        _ if newest.ahead => Some(unread("dated_ahead", words.dated_ahead())),
        1.. => Some(unread("undated_posts", words.undated_posts(newest.unplaced()))),
        0 if newest.ends_later => Some(unread("ends_later", words.ends_later())),
        0 if newest.oldest_first => Some(unread("oldest_first", words.oldest_first())),
        0 if newest.unsorted => Some(unread("unsorted", words.unsorted())),
        0 if newest.only_pinned => Some(unread("only_pinned", words.only_pinned())),
        0 => None,
    }
}

fn unread(reason: &str, sentence: String) -> Unread {
    Unread { reason: reason.to_owned(), sentence }
}

/// `stale`, or `zombie` in its place.
///
/// Source: 国办秘函〔2019〕19号, account indicators, 单项否决 内容不更新. A violation begins when
/// the newest post is older than 14 × 24 h; exactly 14 × 24 h still passes.
pub(in crate::checks) fn silence(bench: &Bench<'_>, account: &Account, seen: &Observed) -> NewFinding {
    let words = bench.words();
    let unjudged = |unread: &Unread| {
        let summary = words.unjudged(&unread.sentence);
        let finding = bench.verdict(Indicator::Stale, Outcome::Unverified, &unread.reason, summary, seen.at);
        NewFinding { evidence: seen.evidence.clone(), ..finding }
    };
    let newest = match &seen.source {
        Err(unread) => return unjudged(unread),
        Ok(newest) => newest,
    };
    let Some(at) = newest.at else {
        if newest.coverage == Coverage::Part {
            return unjudged(&unread("partial_source", words.partial_source()));
        }
        let (reason, sentence) = match (newest.listed, newest.dated) {
            (0, _) => ("no_posts", words.no_posts()),
            (_, 0) => ("no_dates", words.no_dated_posts()),
            _ => ("only_later_posts", words.only_later_posts()),
        };
        return unjudged(&unread(reason, sentence));
    };
    let age = age(bench, at, newest.day_only);
    let newest_at = at.with_timezone(&Utc);
    let local = bench.local(newest_at);
    let stale_days = bench.rules.silence.stale_days_for(account.platform);
    let zombie_days = bench.rules.silence.zombie_days;
    let partial = newest.coverage == Coverage::Part && !newest.ahead;
    let doubt = if partial { Some(unread("partial_source", words.partial_source())) } else { doubt(newest, words) };
    // Why: what could not be dated, or is left out, may be newer; only a recent post proves anything.
    if let Some(doubt) = doubt.as_ref().filter(|_| age > TimeDelta::days(stale_days.min(zombie_days))) {
        return NewFinding { newest_at: Some(newest_at), ..unjudged(doubt) };
    }
    let (indicator, outcome, reason, summary) = if age > TimeDelta::days(zombie_days) {
        let summary = words.silent(local, newest.day_only, age, zombie_days);
        (Indicator::Zombie, Outcome::Fail, "silent", summary)
    } else if age > TimeDelta::days(stale_days) {
        (Indicator::Stale, Outcome::Fail, "silent", words.silent(local, newest.day_only, age, stale_days))
    } else {
        (Indicator::Stale, Outcome::Pass, "updated", words.updated(local, newest.day_only, age))
    };
    let foretells = || bench.rules.silence.remind_days.iter().any(|days| age >= TimeDelta::days(*days));
    let (indicator, outcome, reason, summary) = match &seen.canary {
        Some(why) if outcome == Outcome::Fail => {
            return NewFinding { newest_at: Some(newest_at), ..unjudged(&Unread::canary(words.canary(why))) };
        }
        // What was seen stands; that nothing newer was seen does not: nobody is warned by it.
        Some(_) if foretells() => (indicator, outcome, CANARY_SILENT, summary),
        None if doubt.is_some() && foretells() => (indicator, outcome, NOT_FORETOLD, summary),
        _ => (indicator, outcome, reason, summary),
    };
    NewFinding {
        newest_at: Some(newest_at),
        evidence: seen.evidence.clone(),
        ..bench.verdict(indicator, outcome, reason, summary, seen.at)
    }
}

#[cfg(test)]
#[path = "silence_tests.rs"]
mod tests;
