//! What a look saw, as it is stored: enough to judge it again under other rules.

use std::sync::Arc;

use chrono::{DateTime, FixedOffset, NaiveTime, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::link::LinkLook;
use super::site_seen::SiteSeen;
use super::texts::{Part, TextHit, TextsRead};
use crate::domain::finding::{ChainStep, Evidence};
use crate::domain::page_copy::PageCopy;
use crate::domain::post::{Coverage, Profile, Reading};
use crate::domain::privacy::mask;
use crate::domain::sample::hex;
use crate::fetch::{Hop, Page};
use crate::sources::wechat_menu::Menu;

/// A post as far as verdicts need it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PostSeen {
    /// Its address.
    pub url: Option<String>,
    /// Its title.
    pub title: String,
    /// When it was published.
    pub published_at: DateTime<FixedOffset>,
    /// The source shows the day alone.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub day_only: bool,
    /// What its end says of its review; no names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sign_off: Option<SignOff>,
}

/// An article that was opened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ArticleSeen {
    /// Its address in the list.
    pub url: String,
    /// HTTP status of its answer.
    pub status: u16,
    /// SHA-256 of its body, hex.
    pub sha256: String,
}

/// The sign-off at an article's end (文末署名), without the names: they are personal data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignOff {
    /// Stages with a person named, at most three.
    pub stages: u8,
    /// One person stands in two of them.
    pub one_person_twice: bool,
}

/// A page that was fetched beside the source, as evidence names it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PageSeen {
    /// HTTP status.
    pub status: u16,
    /// The redirects that led there.
    pub chain: Vec<ChainStep>,
    /// SHA-256 of the body, hex.
    pub sha256: String,
    /// When.
    pub at: DateTime<Utc>,
}

impl PageSeen {
    pub(super) fn of(page: &Page, at: DateTime<Utc>) -> Self {
        let sha256 = hex(&Sha256::digest(&page.body));
        Self { status: page.status, chain: chain(&page.chain), sha256, at }
    }
}

/// Redirects as evidence keeps them: nobody asks for these addresses again.
pub(in crate::checks) fn chain(hops: &[Hop]) -> Vec<ChainStep> {
    hops.iter().map(|hop| ChainStep { url: mask(&hop.url).into_owned(), status: hop.status }).collect()
}

/// Why a source said nothing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Unread {
    /// A stable key.
    pub reason: String,
    /// In the office's language.
    pub sentence: String,
}

/// What was seen of an account.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Observed {
    /// When.
    pub at: DateTime<Utc>,
    /// The source's answer: the newest post and how many dated ones there were, or why there is none.
    pub source: Result<Newest, Unread>,
    /// The account as the source shows it, where it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub profile: Option<Profile>,
    /// Posts of the window, newest last; empty where the source could not be read.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub posts: Vec<PostSeen>,
    /// Articles of the window that were opened for their text, where the source shows titles alone.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub articles: Vec<ArticleSeen>,
    /// Wrong wording and personal data in the window's posts; the texts themselves are not kept.
    #[serde(default)]
    pub hits: Vec<TextHit>,
    /// What was looked through for them; `None`: no text was at hand.
    #[serde(default)]
    pub texts: Option<TextsRead>,
    /// What stands behind the source's answer.
    pub evidence: Evidence,
    /// The links looked at, each once.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub links: Vec<LinkLook>,
    /// The account's custom menu, or why it could not be read; its links are those looked at that stand there
    /// alone. `None`: nobody is shown its menu by any means we have.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub menu: Option<Result<Menu, Unread>>,
    /// What was left out for being too much.
    #[serde(default, skip_serializing_if = "LeftOut::is_nothing")]
    pub left_out: LeftOut,
    /// How asking the source went, for the guard; `None`: it was not asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_try: Option<Try>,
    /// We are known to be offline: nothing here says anything about anybody.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub offline: bool,
    /// The website as a whole, where the account is one.
    #[serde(default)]
    pub site: Option<SiteSeen>,
    /// Why the platform's canary says that its sources cannot be trusted just now, in the office's
    /// language; `None`: it sings, or there is none.
    #[serde(default)]
    pub canary: Option<String>,
    /// The pages that verdicts may rest on, until those are made; what convicts is copied, none of it stored here.
    #[serde(skip)]
    pub pages: Vec<Page>,
    /// Copies of linked tables in which something was found, which were made when those were read.
    #[serde(skip)]
    pub(super) copies: Vec<Arc<PageCopy>>,
}

/// How much of an account lay beyond what one look covers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeftOut {
    /// Links that were not looked at: too many of the registry's, or too long.
    pub links: usize,
    /// The oldest posts of the window.
    pub posts: usize,
}

impl LeftOut {
    fn is_nothing(&self) -> bool {
        *self == Self::default()
    }
}

impl Observed {
    /// A look at a source and nothing else.
    #[must_use]
    pub fn of_source(at: DateTime<Utc>, source: Result<Newest, Unread>, evidence: Evidence) -> Self {
        Self {
            at,
            source,
            profile: None,
            posts: Vec::new(),
            articles: Vec::new(),
            hits: Vec::new(),
            texts: None,
            evidence,
            links: Vec::new(),
            menu: None,
            left_out: LeftOut::default(),
            source_try: None,
            offline: false,
            site: None,
            canary: None,
            pages: Vec::new(),
            copies: Vec::new(),
        }
    }
}

impl Observed {
    /// Status, where the hit's own page or table was opened, and hash of the body that a hit was read in.
    pub(super) fn page_of<'s>(&'s self, hit: &'s TextHit) -> (Option<u16>, Option<&'s str>) {
        match hit.part {
            Part::Table => hit.page.as_ref().map_or((None, None), |page| (Some(page.status), Some(&page.sha256))),
            Part::Text if let Some(article) = self.articles.iter().find(|a| hit.url.as_ref() == Some(&a.url)) => {
                (Some(article.status), Some(&article.sha256))
            }
            Part::Title | Part::Text => (None, self.evidence.sha256.as_deref()),
        }
    }
}

/// Whether asking over the network failed in a way that our own outage would explain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Try {
    /// How it failed, a stable key; `None`: it was answered, or failed in a way that is not ours.
    pub maybe_ours: Option<String>,
}

/// The newest post not after the monitoring time.
#[expect(clippy::struct_excessive_bools, reason = "each is an observation of its own, stored by its name")]
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Newest {
    /// When it was published; `None`: no dated post at or before the monitoring time.
    pub at: Option<DateTime<FixedOffset>>,
    /// The source shows the day alone.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub day_only: bool,
    /// Posts the source lists, dated or not.
    pub listed: usize,
    /// Posts with a readable date, those after the monitoring time included.
    #[serde(default)]
    pub dated: usize,
    /// A post is dated after the look itself: the source's dates are off.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub ahead: bool,
    /// Posts without a readable date that may be newer; `None` on looks that did not ask.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unplaced: Option<usize>,
    /// Posts from after the monitoring time fill the list.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub ends_later: bool,
    /// The list runs from old to new.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub oldest_first: bool,
    /// The list is long and in no order of time.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unsorted: bool,
    /// Nothing is listed but what is pinned.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub only_pinned: bool,
    /// How much of the account's posts the source shows.
    #[serde(default)]
    pub coverage: Coverage,
    /// How far back the list goes: its last post that is not pinned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub back_to: Option<DateTime<FixedOffset>>,
}

impl Newest {
    /// What a reading says of the newest post, and of what may be newer.
    pub(super) fn of(reading: &Reading, as_of: DateTime<Utc>, looked_at: DateTime<Utc>, zone: Tz) -> Self {
        let at = reading.newest_until(as_of);
        Self {
            at,
            day_only: at.is_some_and(|at| is_day_alone(at, zone)),
            listed: reading.posts.len(),
            dated: reading.posts.iter().filter(|post| post.published_at.is_some()).count(),
            ahead: reading.is_ahead_of(looked_at),
            unplaced: Some(reading.unplaced(as_of)),
            ends_later: reading.ends_later(as_of),
            oldest_first: reading.is_oldest_first(),
            unsorted: reading.is_unsorted(),
            only_pinned: reading.is_only_pinned(),
            coverage: reading.coverage,
            back_to: reading.posts.iter().rev().filter(|post| !post.pinned).find_map(|post| post.published_at),
        }
    }

    /// How many posts without a readable date may be newer than the newest dated one.
    #[must_use]
    pub fn unplaced(&self) -> usize {
        // A look that did not ask where they stand may have counted them: the doubt is the account's.
        let undated = if self.dated == 0 { 0 } else { self.listed.saturating_sub(self.dated) };
        self.unplaced.unwrap_or(undated)
    }
}

/// Whether a date names a day alone.
///
/// A source that shows days yields midnights, and so does a feed made from one. A bridge may
/// write the office's midnight in UTC: `16:00:00 GMT` is the next day in China.
pub(super) fn is_day_alone(at: DateTime<FixedOffset>, zone: Tz) -> bool {
    at.time() == NaiveTime::MIN || at.with_timezone(&zone).time() == NaiveTime::MIN
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn midnight_in_the_office_is_a_day_alone_however_it_is_written() {
        let of = |text: &str| is_day_alone(DateTime::parse_from_rfc3339(text).unwrap(), chrono_tz::Asia::Shanghai);
        assert!(of("2026-11-09T00:00:00+08:00"));
        assert!(of("2026-11-09T00:00:00Z"));
        assert!(of("2026-11-08T16:00:00Z"));
        assert!(!of("2026-11-08T16:01:00Z") && !of("2026-11-09T16:00:00+08:00"));
    }
}
