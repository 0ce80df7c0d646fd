//! The review record (发布审核记录) of one post: three stages, each with a person and a time.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::account::{AccountId, Personal};

/// One stage of a review (初审, 复审 or 终审); either half may be missing in a unit's file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct ReviewStage {
    /// Who reviewed; personal data.
    pub reviewer: Option<Personal>,
    /// When.
    pub at: Option<DateTime<Utc>>,
}

/// What a unit handed in about one post.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ReviewRecord {
    /// The account that published.
    pub account_id: AccountId,
    /// 文章链接.
    pub post_url: Option<String>,
    /// 标题.
    pub title: Option<String>,
    /// 初审.
    pub first: ReviewStage,
    /// 复审.
    pub second: ReviewStage,
    /// 终审.
    pub last: ReviewStage,
}
