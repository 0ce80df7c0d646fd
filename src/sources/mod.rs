//! One file per adapter: bytes to posts; pure parsing, no requests.
//!
//! [`read`] is the one way in. An adapter that cannot read what it got says so with an
//! [`Unreadable`]; "no posts" is said only of a source that was understood and has none.

pub mod attachment;
pub mod blocked;
pub mod dates;
pub mod site;
pub mod skim;
pub mod wechat_menu;

mod app;
mod article;
mod bilibili;
mod douyin;
mod feed;
mod html;
mod json;
mod kuaishou;
mod markup;
pub(crate) mod phrases;
#[cfg(test)]
mod tests;
mod tidy;
mod toutiao;
mod wechat;
mod wechat_page;
mod weibo;
mod weibo_cn;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use serde_json::{Map, Value};

use crate::domain::Lang;
use crate::domain::account::SourceKind;
use crate::domain::oddity::Oddity;
use crate::domain::options::OptionFault;
use crate::domain::post::{Coverage, Reading};
use crate::fetch::Page;

pub use blocked::Block;
pub use wechat::Gone;

/// What a reading depends on beside the bytes.
#[derive(Debug, Clone, Copy)]
pub struct ReadContext {
    /// The monitoring time: what came later does not count.
    pub as_of: DateTime<Utc>,
    /// When the answer came: "15小时前" and dates without a year were written then.
    pub seen_at: DateTime<Utc>,
    /// The office's zone, for times that state none.
    pub timezone: Tz,
}

impl ReadContext {
    /// A look that is made at the monitoring time.
    #[must_use]
    pub const fn at(time: DateTime<Utc>, timezone: Tz) -> Self {
        Self { as_of: time, seen_at: time, timezone }
    }
}

/// Why a source could not be read. It never means that an account has posted nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// No machine may see it; nothing was looked at.
    #[error("this account is looked at by a person")]
    ByHand,
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
    #[error("source option `{option}`: {}", .problem.en())]
    BadOption {
        /// Which option.
        option: &'static str,
        /// What is wrong with it.
        problem: OptionProblem,
    },
    /// An option that the adapter does not know, or that holds what it must not.
    #[error("source options: {0}")]
    Options(OptionFault),
    /// The answer has no body.
    #[error("the answer is empty")]
    Empty,
    /// A web page came where data was asked for.
    #[error("the answer is a web page or plain text, not data")]
    NotData,
    /// Data, but of no form the adapter knows.
    #[error("the answer is of no form known of `{0}`")]
    UnknownShape(SourceKind),
    /// The platform answered with an error of its own, in its own words.
    #[error("the platform answered with an error: {0}")]
    Refused(String),
    /// Everything listed belongs to other accounts.
    #[error("everything listed belongs to other accounts")]
    OtherAccount,
    /// The store has no such app: taken down, a wrong id, or another country's.
    #[error("the store has no such app")]
    NoSuchApp,
    /// The store's or download page says that it no longer offers the app.
    #[error("the store or download page says that it no longer offers the app")]
    AppRemoved,
    /// The official interface lists nothing; it leaves out what was sent to all followers.
    #[error("the official interface lists nothing, and it leaves out mass-sent articles")]
    MassSentUnseen,
    /// The article or account is gone, and the platform says how.
    #[error("{}", .0.en())]
    Gone(Gone),
}

/// What is wrong with the value of an option.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OptionProblem {
    /// It must be a text.
    NoText,
    /// It must be a list.
    NoList,
    /// It is no JSON.
    NoJson,
    /// It is no CSS selector.
    NoSelector(String),
    /// It is needed when other selectors are given.
    Needed,
    /// Entry number so and so is no object.
    NoObject(usize),
    /// Entry number so and so names no address.
    NoUrl(usize),
    /// The address of an entry is none.
    BadUrl(usize, String),
    /// The kind of an entry is none.
    BadKind(usize, String),
}

impl OptionProblem {
    fn zh(&self) -> String {
        match self {
            Self::NoText => "应为文本".to_owned(),
            Self::NoList => "应为列表".to_owned(),
            Self::NoJson => "不是有效的 JSON".to_owned(),
            Self::NoSelector(text) => format!("“{text}”不是有效的 CSS 选择器"),
            Self::Needed => "填写其他选择器时须同时填写".to_owned(),
            Self::NoObject(at) => format!("第{at}项不是对象"),
            Self::NoUrl(at) => format!("第{at}项缺少 url"),
            Self::BadUrl(at, text) => format!("第{at}项的“{text}”不是有效的网址"),
            Self::BadKind(at, text) => format!("第{at}项的“{text}”不是栏目类别"),
        }
    }

    fn en(&self) -> String {
        match self {
            Self::NoText => "must be a text".to_owned(),
            Self::NoList => "must be a list".to_owned(),
            Self::NoJson => "is no JSON".to_owned(),
            Self::NoSelector(text) => format!("`{text}` is no CSS selector"),
            Self::Needed => "is needed when other selectors are given".to_owned(),
            Self::NoObject(at) => format!("entry {at} is no object"),
            Self::NoUrl(at) => format!("entry {at} has no `url`"),
            Self::BadUrl(at, text) => format!("entry {at}: `{text}` is no address"),
            Self::BadKind(at, text) => format!("entry {at}: `{text}` is no kind of column"),
        }
    }
}

impl Unreadable {
    /// The stable key of the reason.
    #[must_use]
    pub const fn key(&self) -> &'static str {
        match self {
            Self::ByHand => "by_hand",
            Self::Blocked(_) => "blocked",
            Self::BadStatus(_) => "bad_status",
            Self::NotAFeed => "not_a_feed",
            Self::Malformed(_) => "malformed",
            Self::NoDates => "no_dates",
            Self::NothingSelected(_) => "nothing_selected",
            Self::BadOption { .. } | Self::Options(_) => "bad_option",
            Self::Empty => "empty",
            Self::NotData => "not_data",
            Self::UnknownShape(_) => "unknown_shape",
            Self::Refused(_) => "platform_refused",
            Self::OtherAccount => "other_account",
            Self::NoSuchApp => "no_such_app",
            Self::AppRemoved => "app_removed",
            Self::MassSentUnseen => "mass_sent_unseen",
            Self::Gone(gone) => gone.key(),
        }
    }

    /// One plain sentence for the reader.
    #[must_use]
    pub fn sentence(&self, lang: Lang) -> String {
        match (lang, self) {
            (Lang::En, _) => self.to_string(),
            (Lang::Zh, Self::ByHand) => "该账号须人工查看".to_owned(),
            (Lang::Zh, Self::Blocked(block)) => block.zh().to_owned(),
            (Lang::Zh, Self::BadStatus(status)) => format!("采集地址返回状态码 {status}"),
            (Lang::Zh, Self::NotAFeed) => "采集地址返回的不是订阅源".to_owned(),
            (Lang::Zh, Self::Malformed(detail)) => malformed_zh(detail),
            (Lang::Zh, Self::NoDates) => "没有找到带日期的文章".to_owned(),
            (Lang::Zh, Self::NothingSelected(selector)) => format!("选择器 {selector} 在页面上没有匹配到内容"),
            (Lang::Zh, Self::BadOption { option, problem }) => format!("采集参数 {option} 有误：{}", problem.zh()),
            (Lang::Zh, Self::Options(fault)) => format!("采集参数有误：{}", fault.zh()),
            (Lang::Zh, Self::Empty) => "采集地址返回的内容为空".to_owned(),
            (Lang::Zh, Self::NotData) => "采集地址返回的是网页或纯文本，不是接口数据".to_owned(),
            (Lang::Zh, Self::UnknownShape(kind)) => format!("采集内容不是“{}”已知的格式", kind.zh()),
            (Lang::Zh, Self::Refused(detail)) => format!("平台接口返回错误：{detail}"),
            (Lang::Zh, Self::OtherAccount) => "采集到的内容均属于其他账号".to_owned(),
            (Lang::Zh, Self::NoSuchApp) => "应用商店查无此应用（可能已下架、编号有误或未在该地区上架）".to_owned(),
            (Lang::Zh, Self::AppRemoved) => "应用商店或下载页面提示该应用已下架或停止服务".to_owned(),
            (Lang::Zh, Self::MassSentUnseen) => {
                "官方接口返回的列表为空；该接口不含群发文章，不能据此认定账号未更新".to_owned()
            }
            (Lang::Zh, Self::Gone(gone)) => gone.zh().to_owned(),
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

/// The words and outbound links of an article that a list of kind `html` or `site` names; `None` where there
/// are hardly any words to read.
#[must_use]
pub fn read_article(page: &Page) -> Option<(String, Vec<String>)> {
    article::words(&page.url, &page.text_cow())
}

/// Whether a machine reads accounts of this kind; else a person looks at them.
#[must_use]
pub const fn is_read_by_machine(kind: SourceKind) -> bool {
    !matches!(kind, SourceKind::Manual)
}

/// Reads what a source answered.
///
/// `options` are the account's 采集参数; one that the adapter does not know is refused.
pub fn read(
    kind: SourceKind,
    page: &Page,
    options: &Map<String, Value>,
    context: &ReadContext,
) -> Result<Reading, Unreadable> {
    if !is_read_by_machine(kind) {
        return Err(Unreadable::ByHand);
    }
    kind.check_options(options).map_err(Unreadable::Options)?;
    let text = page.text();
    if let Some(block) = blocked::recognise(page.status, &text) {
        return Err(Unreadable::Blocked(block));
    }
    // A store answers so for what it does not have.
    if kind == SourceKind::App && matches!(page.status, 404 | 410) {
        return Err(Unreadable::NoSuchApp);
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
        SourceKind::Weibo => weibo::read(&page.url, &text, options, context),
        SourceKind::Wechat => wechat::read(&page.url, &text, context),
        SourceKind::Douyin => douyin::read(&page.url, &text, options, context),
        SourceKind::Kuaishou => kuaishou::read(&page.url, &text, options, context),
        SourceKind::Bilibili => bilibili::read(&page.url, &text, options, context),
        SourceKind::Toutiao => toutiao::read(&page.url, &text, options, context),
        SourceKind::App => app::read(&page.url, &text, options, context),
        SourceKind::Site => site::read(&page.url, &text, options, context),
        SourceKind::Manual => Err(Unreadable::ByHand),
    }?;
    if page.truncated {
        reading.warnings.push(Oddity::CutOff);
        reading.complete = false;
        // What was cut off may be the newest.
        if reading.coverage == Coverage::Whole {
            reading.coverage = Coverage::Part;
        }
    }
    if kind != SourceKind::Site && reading.coverage != Coverage::Mixed {
        let oddities = [
            (reading.is_oldest_first(), Oddity::OldestFirst),
            (!reading.is_oldest_first() && reading.is_unsorted(), Oddity::Unsorted),
            (reading.is_only_pinned(), Oddity::OnlyPinned),
        ];
        reading.warnings.extend(oddities.into_iter().filter(|(is_so, _)| *is_so).map(|(_, oddity)| oddity));
    }
    if reading.coverage == Coverage::Part && !reading.posts.is_empty() {
        reading.warnings.push(Oddity::Part);
    }
    Ok(reading)
}
