//! What a source adapter reads: posts, and a profile where the source has one.

use chrono::{DateTime, FixedOffset, Utc};
use serde::{Deserialize, Serialize};

use super::oddity::Oddity;

/// One published item of an account.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Post {
    /// The source's own identifier of the item (guid, article id), else its URL.
    pub id: String,
    /// Absolute URL, where the source names one.
    pub url: Option<String>,
    /// Plain text, white space folded.
    pub title: String,
    /// Publication time with the offset the source stated (office time where it stated none);
    /// `None` when the source names no readable time.
    pub published_at: Option<DateTime<FixedOffset>>,
    /// Pinned by the source (置顶): its time says nothing about freshness order.
    pub pinned: bool,
    /// Plain text of the body as far as the source carries it.
    pub text: String,
    /// Absolute http(s) links found in the body, in order, without repeats.
    pub links: Vec<String>,
}

/// What the source says of the account itself.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Profile {
    /// Display name.
    pub name: Option<String>,
    /// Description or signature.
    pub description: Option<String>,
    /// Verified subject (认证主体).
    pub certified_subject: Option<String>,
    /// Followers (粉丝数).
    pub followers: Option<u64>,
}

/// How much of an account's posts a reading shows (内容范围).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Coverage {
    /// The account's posts from the newest on.
    #[default]
    Whole,
    /// Some posts, perhaps not the newest: a recent one proves activity, an old one proves nothing.
    Part,
    /// Posts of several accounts: they prove nothing of this one.
    Mixed,
}

/// Everything one look at a source yields.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Reading {
    /// The account as the source shows it, where it does.
    pub profile: Option<Profile>,
    /// Posts in the order of the source.
    pub posts: Vec<Post>,
    /// How much of the account's posts these are.
    #[serde(default)]
    pub coverage: Coverage,
    /// The source says itself that these are all the posts there are.
    #[serde(default)]
    pub complete: bool,
    /// What was odd but did not stop the reading.
    #[serde(default)]
    pub warnings: Vec<Oddity>,
}

impl Reading {
    /// The newest publication time not after `as_of`.
    ///
    /// A post that came after the monitoring time says nothing of the time before it. Whether this
    /// one proves silence is another question: see [`Self::unplaced`], [`Self::ends_later`],
    /// [`Self::is_ahead_of`], [`Self::is_oldest_first`], [`Self::is_unsorted`] and
    /// [`Self::is_only_pinned`].
    #[must_use]
    pub fn newest_until(&self, as_of: DateTime<Utc>) -> Option<DateTime<FixedOffset>> {
        self.posts.iter().filter_map(|p| p.published_at).filter(|at| *at <= as_of).max()
    }

    /// Listed posts whose date cannot be read and that may be newer than [`Self::newest_until`].
    ///
    /// Behind a dated post of a list that runs from new to old, a post is older than that one; what
    /// is pinned says nothing of the order.
    #[must_use]
    pub fn unplaced(&self, as_of: DateTime<Utc>) -> usize {
        let is_ordered = self.runs(|before, after| before >= after);
        let mut is_older = false;
        let mut unplaced = 0;
        for post in self.posts.iter().filter(|post| !post.pinned) {
            match post.published_at {
                Some(at) => is_older |= is_ordered && at <= as_of,
                None => unplaced += usize::from(!is_older),
            }
        }
        unplaced
    }

    /// Whether posts from after `as_of` fill the list, so that those before it may not be shown.
    ///
    /// A list reaches back where a post from before stands behind them; a pinned one proves nothing.
    #[must_use]
    pub fn ends_later(&self, as_of: DateTime<Utc>) -> bool {
        let mut dates = self.posts.iter().filter(|post| !post.pinned).filter_map(|post| post.published_at);
        dates.next_back().is_some_and(|last| last > as_of)
    }

    /// Whether a post is dated after `now`: the source's dates are wrong, or they are no dates of publication.
    #[must_use]
    pub fn is_ahead_of(&self, now: DateTime<Utc>) -> bool {
        self.posts.iter().filter_map(|post| post.published_at).any(|at| at > now)
    }

    /// Whether the list runs from old to new: the newest may stand on a page that was not seen.
    #[must_use]
    pub fn is_oldest_first(&self) -> bool {
        !self.complete
            && self.posts.iter().filter(|post| !post.pinned).count() >= LONG_LIST
            && self.runs(|before, after| before <= after)
    }

    /// Whether a long list is in no order of time: the newest may stand on a page that was not seen.
    ///
    /// In order is what leads with its newest post, apart from a few that nobody marked as pinned,
    /// and runs from new to old behind it, apart from a few that were dated back or put in later.
    #[must_use]
    pub fn is_unsorted(&self) -> bool {
        let dates = self.dates();
        let Some(newest) = dates.iter().max().filter(|_| !self.complete && dates.len() >= LONG_LIST) else {
            return false;
        };
        let place = dates.iter().position(|at| at == newest).unwrap_or_default();
        let pairs = dates.iter().zip(dates.iter().skip(1)).skip(place);
        let (all, later) =
            pairs.fold((0, 0), |(all, later), (before, after)| (all + 1, later + usize::from(after > before)));
        place > (dates.len() / LONG_LIST).clamp(1, MOST_LEADING) || later * 4 > all
    }

    /// Whether nothing is listed but what is pinned: where are the others?
    #[must_use]
    pub fn is_only_pinned(&self) -> bool {
        !self.complete && !self.posts.is_empty() && self.posts.iter().all(|post| post.pinned)
    }

    /// The dates of what is not pinned, in the order of the source.
    fn dates(&self) -> Vec<DateTime<FixedOffset>> {
        self.posts.iter().filter(|post| !post.pinned).filter_map(|post| post.published_at).collect()
    }

    /// Whether each dated post and the next one are in order, and not all of one time.
    fn runs(&self, in_order: fn(DateTime<FixedOffset>, DateTime<FixedOffset>) -> bool) -> bool {
        let dates = self.dates();
        let pairs = || dates.iter().zip(dates.iter().skip(1));
        pairs().all(|(before, after)| in_order(*before, *after)) && pairs().any(|(before, after)| before != after)
    }
}

/// From so many posts on the order of a list is no chance.
const LONG_LIST: usize = 5;

/// So many posts that stand before the newest are taken for pinned, marked or not.
const MOST_LEADING: usize = 3;

#[cfg(test)]
mod tests {
    use super::*;

    fn reading(posts: &[(&str, bool)]) -> Reading {
        let post = |(date, pinned): &(&str, bool)| Post {
            id: String::new(),
            url: None,
            title: String::new(),
            published_at: DateTime::parse_from_rfc3339(&format!("{date}T08:00:00+08:00")).ok(),
            pinned: *pinned,
            text: String::new(),
            links: Vec::new(),
        };
        Reading { posts: posts.iter().map(post).collect(), ..Reading::default() }
    }

    fn plain(dates: &[&str]) -> Reading {
        reading(&dates.iter().map(|date| (*date, false)).collect::<Vec<_>>())
    }

    #[test]
    fn a_post_without_a_date_is_older_only_behind_a_dated_one_of_a_list_in_order() {
        let as_of = "2026-11-23T00:00:00Z".parse().unwrap();
        for (dates, wanted) in [
            (vec!["2026-06-01", "2026-05-01"], 0),
            (vec!["?", "2026-06-01", "2026-05-01"], 1),
            (vec!["2026-06-01", "?", "2026-05-01", "?"], 0),
            (vec!["2026-05-01", "2026-06-01", "?"], 1),
            (vec!["2026-06-01", "?"], 1),
            (vec!["2026-06-01", "2026-06-01", "?"], 1),
            // Between a post from after the monitoring time and one from before it.
            (vec!["2026-11-24", "?", "2026-06-01"], 1),
        ] {
            assert_eq!(plain(&dates).unplaced(as_of), wanted, "{dates:?}");
        }
        assert_eq!(reading(&[("?", true), ("2026-06-01", false), ("2026-05-01", false)]).unplaced(as_of), 0);
    }

    #[test]
    fn a_list_filled_by_later_posts_shows_nothing_of_the_time_before() {
        let as_of = "2026-11-20T00:00:00Z".parse().unwrap();
        let (later, old) = (("2026-11-23", false), ("2024-01-01", false));
        assert!(!reading(&[later, later, old]).ends_later(as_of));
        assert!(reading(&[old, later, later]).ends_later(as_of));
        assert!(reading(&[later, later, ("2024-01-01", true)]).ends_later(as_of));
        assert!(!reading(&[old]).ends_later(as_of) && !Reading::default().ends_later(as_of));
    }

    #[test]
    fn a_list_in_no_order_may_go_on_and_a_few_out_of_place_are_no_disorder() {
        let of = |years: &[i32]| {
            plain(
                &years
                    .iter()
                    .map(|year| format!("{year}-05-01"))
                    .collect::<Vec<_>>()
                    .iter()
                    .map(String::as_str)
                    .collect::<Vec<_>>(),
            )
        };
        for shuffled in [
            &[2021, 2020, 2023, 2019, 2022][..],
            &[2019, 2018, 2017, 2016, 2023, 2022],
            &[2023, 2019, 2022, 2018, 2021],
        ] {
            assert!(of(shuffled).is_unsorted(), "{shuffled:?}");
            assert!(!Reading { complete: true, ..of(shuffled) }.is_unsorted(), "{shuffled:?}");
        }
        for sorted in [
            &[2023, 2022, 2021, 2020, 2019][..],
            &[2018, 2023, 2022, 2021, 2020],
            &[2018, 2017, 2019, 2023, 2022, 2021, 2020, 2019, 2018, 2017, 2016, 2015, 2014, 2013, 2012],
            &[2023, 2022, 2023, 2021, 2020, 2019, 2018],
            &[2020; 6],
            &[2020, 2023, 2021],
        ] {
            assert!(!of(sorted).is_unsorted(), "{sorted:?}");
        }
    }

    #[test]
    fn pinned_posts_alone_are_no_list() {
        let old = ("2020-01-01", true);
        assert!(reading(&[old]).is_only_pinned() && reading(&[old, old]).is_only_pinned());
        assert!(!reading(&[old, ("2020-01-01", false)]).is_only_pinned() && !Reading::default().is_only_pinned());
        assert!(!Reading { complete: true, ..reading(&[old]) }.is_only_pinned());
    }

    #[test]
    fn a_list_from_old_to_new_may_go_on() {
        assert!(plain(&["2020-01-01", "2020-02-01", "2020-02-01", "2020-03-01", "2020-04-01"]).is_oldest_first());
        assert!(!plain(&["2020-01-01"; 6]).is_oldest_first());
        assert!(!plain(&["2020-01-01", "2020-02-01", "2020-03-01", "2020-04-01", "2020-01-01"]).is_oldest_first());
    }
}
