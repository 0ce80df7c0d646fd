//! What was odd about an answer but did not stop its reading.

use serde::{Deserialize, Serialize};

use super::Lang;

/// Something a person who keeps a source should know of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Oddity {
    /// Of so many items (the second) so many have no readable date.
    Undated(usize, usize),
    /// Of so many items (the second) so many are in no form that is known.
    Strange(usize, usize),
    /// Of so many items (the second) so many belong to other accounts.
    OfOthers(usize, usize),
    /// The list holds posts of so many accounts.
    Mixed(usize),
    /// So many items state no time; it is taken from their ids.
    ById(usize),
    /// So many articles are deleted.
    Deleted(usize),
    /// So many links have no readable date.
    UndatedLinks(usize),
    /// The answer describes the account and lists no posts.
    NoList,
    /// The official interface leaves out what was sent to all.
    MassSentLeftOut,
    /// No date is shown; those in paths are taken.
    DatesInPaths,
    /// A script draws part of the page.
    ByScript,
    /// A frame shows another page of the site within this one.
    InFrame,
    /// A newer dated link stands outside the list.
    NewerBeside,
    /// A list without dates stands beside the one that was read.
    UndatedBeside,
    /// There were more items than are read.
    TooMany,
    /// A download page shows no versions.
    NoVersions,
    /// The page was cut off at the limit.
    CutOff,
    /// The list runs from old to new.
    OldestFirst,
    /// The list is long and in no order of time.
    Unsorted,
    /// Nothing is listed but what is pinned.
    OnlyPinned,
    /// Only some of the account's posts are shown.
    Part,
}

impl Oddity {
    /// In the reader's language.
    #[must_use]
    pub fn sentence(self, lang: Lang) -> String {
        match lang {
            Lang::Zh => self.zh(),
            Lang::En => self.en(),
        }
    }

    fn zh(self) -> String {
        match self {
            Self::Undated(some, all) => format!("{all}条内容中有{some}条的发布时间无法识别"),
            Self::Strange(some, all) => format!("{all}条内容中有{some}条的格式无法识别，按时间不明处理"),
            Self::OfOthers(some, all) => format!("{all}条内容中有{some}条属于其他账号，未计入"),
            Self::Mixed(accounts) => format!("列表含{accounts}个账号的内容"),
            Self::ById(some) => format!("有{some}条内容未标注发布时间，按其编号推算"),
            Self::Deleted(some) => format!("有{some}篇文章已删除，未计入"),
            Self::UndatedLinks(some) => format!("有{some}个链接没有可识别的日期"),
            Self::NoList => "返回内容只介绍账号，未列出所发布的内容".to_owned(),
            Self::MassSentLeftOut => "官方接口不含群发文章".to_owned(),
            Self::DatesInPaths => "页面未显示日期，日期取自链接路径".to_owned(),
            Self::ByScript => "页面部分内容由脚本生成，未能读取".to_owned(),
            Self::InFrame => "页面内嵌有本站的其他页面，未能读取".to_owned(),
            Self::NewerBeside => "所读列表以外还有日期更近的链接".to_owned(),
            Self::UndatedBeside => "所读列表以外还有未标注日期的文章列表".to_owned(),
            Self::TooMany => "内容过多，只读取了前一部分".to_owned(),
            Self::NoVersions => "下载页不显示版本，只能说明应用仍可下载".to_owned(),
            Self::CutOff => "页面超过读取上限，只读到上限为止".to_owned(),
            Self::OldestFirst => "列表从旧到新排列，最新内容可能在未采集的后页".to_owned(),
            Self::Unsorted => "列表未按时间排列，最新内容可能在未采集的其他页".to_owned(),
            Self::OnlyPinned => "采集到的内容均为置顶内容，其余内容未列出".to_owned(),
            Self::Part => "该采集地址只显示账号的部分内容，未见近期发布不能说明账号未更新".to_owned(),
        }
    }

    fn en(self) -> String {
        match self {
            Self::Undated(some, all) => format!("{some} of {all} items have no readable date"),
            Self::Strange(some, all) => format!("{some} of {all} items are in no known form: their time is unknown"),
            Self::OfOthers(some, all) => format!("{some} of {all} items belong to other accounts and were left out"),
            Self::Mixed(accounts) => format!("the list holds posts of {accounts} accounts"),
            Self::ById(some) => format!("{some} items state no time; theirs is taken from their ids"),
            Self::Deleted(some) => format!("{some} deleted articles were left out"),
            Self::UndatedLinks(some) => format!("{some} links have no readable date"),
            Self::NoList => "the answer describes the account and lists no posts".to_owned(),
            Self::MassSentLeftOut => "the official interface leaves out mass-sent articles".to_owned(),
            Self::DatesInPaths => "no date is shown; dates are taken from paths".to_owned(),
            Self::ByScript => "part of the page is drawn by script and was not read".to_owned(),
            Self::InFrame => "a frame shows another page of the site, which was not read".to_owned(),
            Self::NewerBeside => "a newer dated link stands outside the list that was read".to_owned(),
            Self::UndatedBeside => "a list of articles without dates stands beside the list that was read".to_owned(),
            Self::TooMany => "there were more items than are read; the first of them were".to_owned(),
            Self::NoVersions => "a download page shows no versions: it says only that the app is offered".to_owned(),
            Self::CutOff => "the page was longer than the limit and was read up to it".to_owned(),
            Self::OldestFirst => "the list runs from old to new: the newest may stand on another page".to_owned(),
            Self::Unsorted => "the list is in no order of time: the newest may stand on another page".to_owned(),
            Self::OnlyPinned => "nothing but pinned posts is listed".to_owned(),
            Self::Part => {
                "the answer shows only some of the account's posts: an old newest one proves nothing".to_owned()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_is_odd_is_told_in_both_languages() {
        use Oddity as O;
        for odd in [
            O::Undated(1, 2),
            O::Strange(1, 2),
            O::OfOthers(1, 2),
            O::Mixed(3),
            O::ById(4),
            O::Deleted(5),
            O::UndatedLinks(6),
            O::NoList,
            O::MassSentLeftOut,
            O::DatesInPaths,
            O::ByScript,
            O::InFrame,
            O::NewerBeside,
            O::UndatedBeside,
            O::TooMany,
            O::NoVersions,
            O::CutOff,
            O::OldestFirst,
            O::Unsorted,
            O::OnlyPinned,
            O::Part,
        ] {
            assert!(!odd.sentence(Lang::Zh).is_ascii() && odd.sentence(Lang::En).is_ascii(), "{odd:?}");
        }
    }
}
