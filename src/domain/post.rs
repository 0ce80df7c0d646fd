//! What a source adapter reads: posts, and a profile where the source has one.

use chrono::{DateTime, FixedOffset};
use serde::{Deserialize, Serialize};

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
    /// What was odd but did not stop the reading, in plain English for operators.
    pub warnings: Vec<String>,
}

impl Reading {
    /// The newest publication time not after `as_of`.
    ///
    /// A source that dates a post after the monitoring time (a scheduled post, a clock
    /// that runs ahead) must not hide how old the posts before it are.
    #[must_use]
    pub fn newest_until(&self, as_of: DateTime<chrono::Utc>) -> Option<DateTime<FixedOffset>> {
        self.posts.iter().filter_map(|p| p.published_at).filter(|at| *at <= as_of).max()
    }
}
