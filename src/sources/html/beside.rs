//! What stands beside the list that was read, and may hold what is newer than its newest.

use std::collections::{HashMap, HashSet};

use ego_tree::NodeId;
use scraper::ElementRef;
use url::Url;

use super::super::markup;
use super::{Found, MOST_DATES, Page, SHORTEST_LIST, is_item, links_in, make_of, title_of};

/// A link of fewer characters belongs to a menu.
const ARTICLE_TITLE: usize = 8;

/// How what stands in a menu of an office ends, however long it is.
const MENU: &[&str] = &[
    "指南",
    "年报",
    "年度报告",
    "制度",
    "目录",
    "平台",
    "网站",
    "网",
    "系统",
    "热线",
    "地图",
    "声明",
    "查询",
    "服务",
    "大厅",
    "频道",
    "专栏",
    "专题",
    "信箱",
    "入口",
    "机构",
    "中心",
    "委员会",
    "政府",
    "办公室",
    "模式",
    "阅读",
    "规定",
    "条例",
    "政策",
    "文件",
    "公开",
    "申请",
    "公示",
    "意见箱",
    "意见征集",
    "举报",
    "登录",
    "注册",
    "版",
];

/// How pages that list other pages are called.
const LISTING: &[&str] = &["index", "list", "default", "main", "node", "col", "column", "channel", "more"];

/// Whether a page's name, in small letters, is that of a page that lists others: `index_2.html`, `col1234`,
/// `list_tzgg.shtml`.
///
/// A word that only begins so is another (`college.htm`), and so is one that goes on in words
/// (`more-1500-jobs.html`): an article taken for a list is not missed where something newer than the list is looked for.
pub(super) fn is_listing(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or_default();
    LISTING.iter().filter_map(|listing| stem.strip_prefix(listing)).any(|rest| {
        let more = rest.split(|c: char| !c.is_ascii_alphabetic()).filter(|word| !word.is_empty()).count();
        let is_plain = rest.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'));
        is_plain && (more == 0 || (more == 1 && rest.starts_with('_')))
    })
}

impl<'p> Page<'p> {
    /// Whether articles without dates stand together outside `list`: they may be newer than any of it.
    ///
    /// `dated` are the links whose date is known. A menu has short titles or leads to columns, and
    /// what leads to other hosts than the list does is nobody's news.
    pub(super) fn has_undated_list(&self, root: ElementRef<'p>, list: &[Found<'p>], dated: &HashSet<NodeId>) -> bool {
        let address = |link: ElementRef| link.attr("href").and_then(|href| markup::absolute(href, self.base));
        let listed: HashSet<String> = list.iter().filter_map(|hit| address(hit.link)).collect();
        let host = |url: &str| Url::parse(url).ok().and_then(|url| url.host_str().map(str::to_owned));
        let mut hosts: HashSet<String> = listed.iter().filter_map(|url| host(url)).collect();
        hosts.extend(self.base.and_then(|base| base.host_str().map(str::to_owned)));
        // Of each make: how many links it has, and the articles among them.
        let mut makes = HashMap::<String, (usize, HashSet<String>)>::new();
        for link in links_in(root).take(MOST_DATES).filter(|link| !dated.contains(&link.id())) {
            let title = title_of(link);
            let Some(to) = address(link).filter(|to| !title.is_empty() && !listed.contains(to)) else { continue };
            let item = link.ancestors().filter_map(ElementRef::wrap).find(|element| is_item(*element)).unwrap_or(link);
            let (all, articles) = makes.entry(make_of(item)).or_default();
            *all += 1;
            let is_menu = title.chars().count() < ARTICLE_TITLE || MENU.iter().any(|end| title.ends_with(end));
            if !is_menu && is_article(&to) && host(&to).is_some_and(|host| hosts.contains(&host)) {
                articles.insert(to);
            }
        }
        makes.values().any(|(all, articles)| articles.len() >= SHORTEST_LIST && articles.len() * 2 >= *all)
    }
}

/// Whether an address is that of one page, not of a list of pages.
fn is_article(to: &str) -> bool {
    let Ok(to) = Url::parse(to) else { return false };
    let name = to.path().rsplit('/').next().unwrap_or_default().to_ascii_lowercase();
    let is_page = !name.is_empty() && !is_listing(&name);
    is_page || to.query().is_some_and(|query| query.contains("id="))
}
