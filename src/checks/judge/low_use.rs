//! `low_use`: an account that publishes little and that few follow (利用率低).

use chrono::{TimeDelta, Utc};

use super::Bench;
use crate::checks::seen::Observed;
use crate::domain::account::{Account, Platform};
use crate::domain::finding::Outcome;
use crate::domain::post::Coverage;
use crate::domain::rule::Indicator;
use crate::store::NewFinding;

/// A quarter, for the share of it that a window covers.
const QUARTER: i64 = 91;
/// A window shorter than this says nothing of how much an account publishes.
const SHORTEST: TimeDelta = TimeDelta::days(30);

/// Source: 国办发〔2018〕123号, 对用户关注度和利用率低的进行清理整合. `None` unless the source shows
/// the whole window, and where the account is silent: that is a finding of its own.
pub(in crate::checks) fn low_use(bench: &Bench<'_>, account: &Account, seen: &Observed) -> Option<NewFinding> {
    let rule = bench.rules.low_use.as_ref()?;
    let newest = seen.source.as_ref().ok()?;
    let window = bench.as_of - bench.window_from;
    let opened_before = account.opened_on.is_none_or(|day| day < bench.local(bench.window_from).fixed().date_naive());
    let goes_back = newest.back_to.is_some_and(|at| at <= bench.window_from);
    let whole = newest.coverage == Coverage::Whole && newest.dated == newest.listed && goes_back && !newest.ahead;
    // Where the order is not that of time, an old last post does not say that all before it was seen.
    let whole = whole && !newest.unsorted && !newest.oldest_first && !newest.only_pinned;
    if !whole || !opened_before || window < SHORTEST || matches!(account.platform, Platform::App | Platform::Website) {
        return None;
    }
    let age = bench.as_of - newest.at?.with_timezone(&Utc);
    if age > TimeDelta::days(bench.rules.silence.stale_days_for(account.platform)) {
        return None;
    }
    let count = seen.posts.len();
    let expected = i64::from(rule.posts_per_quarter) * window.num_days() / QUARTER;
    let followers = seen.profile.as_ref().and_then(|profile| profile.followers).or(account.followers);
    let followed = followers.zip(rule.followers_below).is_some_and(|(has, below)| has >= below);
    let words = bench.words();
    let summary = words.output(count, window.num_days(), expected, followers);
    let (outcome, reason) = if (count as i64) < expected && !followed {
        (Outcome::Suspected, "little_output")
    } else {
        (Outcome::Pass, "in_use")
    };
    Some(NewFinding {
        evidence: seen.evidence.clone(),
        ..bench.verdict(Indicator::LowUse, outcome, reason, summary, seen.at)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::judge::testing::{account, bench, posts, rules, seen};
    use crate::checks::seen::Newest;
    use crate::domain::post::Profile;

    #[test]
    fn only_a_source_that_shows_the_whole_window_says_how_little_an_account_publishes() {
        let rules = rules();
        let bench = bench(&rules);
        let window = bench.window_from.fixed_offset();
        let newest = |count: usize| Newest {
            at: Some((bench.as_of - TimeDelta::days(2)).fixed_offset()),
            listed: count,
            dated: count,
            back_to: Some(window - TimeDelta::days(1)),
            ..Newest::default()
        };
        let with = |count: usize, newest: Newest, followers| Observed {
            source: Ok(newest),
            posts: posts(&bench, count),
            profile: Some(Profile { followers, ..Profile::default() }),
            ..seen()
        };
        let whole = newest(3);
        let doubt = Some((Outcome::Suspected, "little_output"));
        let pass = Some((Outcome::Pass, "in_use"));
        for (what, seen, expected) in [
            ("one post and few followers", with(1, whole, Some(12)), doubt),
            ("one post, followers unknown", with(1, whole, None), doubt),
            ("one post, many followers", with(1, whole, Some(1_000_000)), pass),
            ("posts enough", with(9, whole, Some(12)), pass),
            ("part of the posts", with(1, Newest { coverage: Coverage::Part, ..whole }, None), None),
            (
                "a list that ends inside the window",
                with(1, Newest { back_to: Some(window + TimeDelta::days(1)), ..whole }, None),
                None,
            ),
            ("a list without an end", with(1, Newest { back_to: None, ..whole }, None), None),
            ("an undated post", with(1, Newest { listed: 4, ..whole }, None), None),
            (
                "silent anyway",
                with(0, Newest { at: Some((bench.as_of - TimeDelta::days(15)).fixed_offset()), ..whole }, None),
                None,
            ),
        ] {
            let found = low_use(&bench, &account(), &seen);
            assert_eq!(found.as_ref().map(|f| (f.outcome, f.reason.as_str())), expected, "{what}");
        }
        let young = Account { opened_on: Some(bench.local(bench.window_from).fixed().date_naive()), ..account() };
        assert_eq!(low_use(&bench, &young, &with(1, whole, None)), None, "opened within the window");
        let short = Bench { window_from: bench.as_of - TimeDelta::days(29), ..bench };
        assert_eq!(low_use(&short, &account(), &with(1, whole, None)), None, "a month has to pass");
    }
}
