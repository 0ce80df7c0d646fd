//! `stale` and `zombie`: when the newest post appeared.

use chrono::{DateTime, FixedOffset, TimeDelta, Utc};

use super::Bench;
use crate::checks::canary::CANARY_SILENT;
use crate::checks::seen::{Observed, Unread};
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
pub(super) fn latest(at: DateTime<FixedOffset>, day_only: bool) -> DateTime<Utc> {
    let latest = if day_only { at + TimeDelta::days(1) - TimeDelta::seconds(1) } else { at };
    latest.with_timezone(&Utc)
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
    let partial = || Unread { reason: "partial_source".to_owned(), sentence: words.partial_source() };
    let Some(at) = newest.at else {
        if newest.coverage == Coverage::Part {
            return unjudged(&partial());
        }
        let (reason, sentence) = match (newest.listed, newest.dated) {
            (0, _) => ("no_posts", words.no_posts()),
            (_, 0) => ("no_dates", words.no_dated_posts()),
            _ => ("only_later_posts", words.only_later_posts()),
        };
        return unjudged(&Unread { reason: reason.to_owned(), sentence });
    };
    let age = age(bench, at, newest.day_only);
    let newest_at = at.with_timezone(&Utc);
    let local = bench.local(newest_at);
    let stale_days = bench.rules.silence.stale_days_for(account.platform);
    let zombie_days = bench.rules.silence.zombie_days;
    if newest.ahead && age > TimeDelta::days(stale_days) {
        // Why: local time labelled as UTC puts fresh posts hours ahead of the look; they are not silence.
        return unjudged(&Unread { reason: "dated_ahead".to_owned(), sentence: words.dated_ahead() });
    }
    // Why: what the source leaves out may be newer; only a recent post proves anything.
    if newest.coverage == Coverage::Part && age > TimeDelta::days(stale_days.min(zombie_days)) {
        return NewFinding { newest_at: Some(newest_at), ..unjudged(&partial()) };
    }
    let (indicator, outcome, reason, summary) = if age > TimeDelta::days(zombie_days) {
        let summary = words.silent(local, newest.day_only, age, zombie_days);
        (Indicator::Zombie, Outcome::Fail, "silent", summary)
    } else if age > TimeDelta::days(stale_days) {
        (Indicator::Stale, Outcome::Fail, "silent", words.silent(local, newest.day_only, age, stale_days))
    } else {
        (Indicator::Stale, Outcome::Pass, "updated", words.updated(local, newest.day_only, age))
    };
    let (indicator, outcome, reason, summary) = match &seen.canary {
        Some(why) if outcome == Outcome::Fail => {
            return NewFinding { newest_at: Some(newest_at), ..unjudged(&Unread::canary(words.canary(why))) };
        }
        // What was seen stands; that nothing newer was seen does not: nobody is warned by it.
        Some(_) if bench.rules.silence.remind_days.iter().any(|days| age >= TimeDelta::days(*days)) => {
            (indicator, outcome, CANARY_SILENT, summary)
        }
        _ => (indicator, outcome, reason, summary),
    };
    NewFinding {
        newest_at: Some(newest_at),
        evidence: seen.evidence.clone(),
        ..bench.verdict(indicator, outcome, reason, summary, seen.at)
    }
}
