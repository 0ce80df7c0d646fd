//! One file per adapter: bytes to posts; pure parsing, no requests.
//!
//! [`read`] is the one way in. An adapter that cannot read what it got says so with an
//! [`Unreadable`]; "no posts" is said only of a source that was understood and has none.

pub mod blocked;
pub mod dates;
pub mod skim;

mod feed;
mod html;
mod markup;
#[cfg(test)]
mod tests;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use serde_json::{Map, Value};

use crate::domain::Lang;
use crate::domain::account::SourceKind;
use crate::domain::post::Reading;
use crate::fetch::Page;

pub use blocked::Block;

/// What a reading depends on beside the bytes.
#[derive(Debug, Clone, Copy)]
pub struct ReadContext {
    /// The monitoring time: "15小时前" and dates without a year are read against it.
    pub as_of: DateTime<Utc>,
    /// The office's zone, for times that state none.
    pub timezone: Tz,
}

/// Why a source could not be read. It never means that an account has posted nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// The adapter is known but not built; nothing was looked at.
    #[error("the adapter `{0}` is not built yet")]
    NotBuilt(SourceKind),
    /// A captcha, a login or a script challenge stands in front of the content.
    #[error("{}", .0.en())]
    Blocked(Block),
    /// The answer's status is not a success.
    #[error("the source answered with status {0}")]
    BadStatus(u16),
    /// The answer is no RSS, Atom or JSON feed.
    #[error("the answer is not a feed")]
    NotAFeed,
    /// The answer begins like the right format and breaks it.
    #[error("the source is malformed: {0}")]
    Malformed(String),
    /// Items were found, but none with a date that can be read.
    #[error("no list of dated items was found on the page")]
    NoDates,
    /// The given selectors match nothing on the page.
    #[error("the selector `{0}` matches nothing on the page")]
    NothingSelected(String),
    /// An option of the source is not usable.
    #[error("source option `{option}`: {problem}")]
    BadOption {
        /// Which option.
        option: &'static str,
        /// What is wrong with it.
        problem: String,
    },
    /// The answer has no body.
    #[error("the answer is empty")]
    Empty,
}

impl Unreadable {
    /// The stable key of the reason.
    #[must_use]
    pub const fn key(&self) -> &'static str {
        match self {
            Self::NotBuilt(_) => "not_built",
            Self::Blocked(_) => "blocked",
            Self::BadStatus(_) => "bad_status",
            Self::NotAFeed => "not_a_feed",
            Self::Malformed(_) => "malformed",
            Self::NoDates => "no_dates",
            Self::NothingSelected(_) => "nothing_selected",
            Self::BadOption { .. } => "bad_option",
            Self::Empty => "empty",
        }
    }

    /// One plain sentence for the reader.
    #[must_use]
    pub fn sentence(&self, lang: Lang) -> String {
        match (lang, self) {
            (Lang::En, _) => self.to_string(),
            (Lang::Zh, Self::NotBuilt(SourceKind::Manual)) => "该账号须人工查看".to_owned(),
            (Lang::Zh, Self::NotBuilt(kind)) => format!("“{}”采集方式尚未开通", kind.zh()),
            (Lang::Zh, Self::Blocked(block)) => block.zh().to_owned(),
            (Lang::Zh, Self::BadStatus(status)) => format!("采集地址返回状态码 {status}"),
            (Lang::Zh, Self::NotAFeed) => "采集地址返回的不是订阅源".to_owned(),
            (Lang::Zh, Self::Malformed(detail)) => malformed_zh(detail),
            (Lang::Zh, Self::NoDates) => "没有找到带日期的文章".to_owned(),
            (Lang::Zh, Self::NothingSelected(selector)) => format!("选择器 {selector} 在页面上没有匹配到内容"),
            (Lang::Zh, Self::BadOption { option, problem }) => format!("采集参数 {option} 有误：{problem}"),
            (Lang::Zh, Self::Empty) => "采集地址返回的内容为空".to_owned(),
        }
    }
}

/// A reader of reports is told the line; the parser's own words stay with the English sentence.
fn malformed_zh(detail: &str) -> String {
    match detail.strip_prefix("line ").and_then(|rest| rest.split_once(':')) {
        Some((line, _)) => format!("采集内容格式有误（第{line}行）"),
        None => "采集内容格式有误".to_owned(),
    }
}

/// Whether an adapter reads anything yet.
#[must_use]
pub const fn is_built(kind: SourceKind) -> bool {
    matches!(kind, SourceKind::Feed | SourceKind::Html)
}

/// Reads what a source answered.
///
/// `options` are the account's 采集参数; an adapter ignores options it does not know.
pub fn read(
    kind: SourceKind,
    page: &Page,
    options: &Map<String, Value>,
    context: &ReadContext,
) -> Result<Reading, Unreadable> {
    if !is_built(kind) {
        return Err(Unreadable::NotBuilt(kind));
    }
    let text = page.text();
    if let Some(block) = blocked::recognise(page.status, &text) {
        return Err(Unreadable::Blocked(block));
    }
    if !page.is_success() {
        return Err(Unreadable::BadStatus(page.status));
    }
    if text.trim().is_empty() {
        return Err(Unreadable::Empty);
    }
    let mut reading = match kind {
        SourceKind::Feed => feed::read(&page.url, &text, context),
        SourceKind::Html => html::read(&page.url, &text, options, context),
        _ => Err(Unreadable::NotBuilt(kind)),
    }?;
    if page.truncated {
        reading.warnings.push("the page was longer than the limit and was read up to it".to_owned());
    }
    Ok(reading)
}
