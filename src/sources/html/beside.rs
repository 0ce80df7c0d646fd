//! What stands beside the list that was read, and may hold what is newer than its newest.

use std::collections::{HashMap, HashSet};

use chrono::Duration;
use ego_tree::NodeId;
use scraper::ElementRef;
use url::Url;

use super::super::{dates, markup};
use super::lists::{awaits_script, is_clock};
use super::{Found, Instant, MOST_DATES, Page, SHORTEST_LIST, is_item, links_in, make_of, title_of};
use crate::domain::oddity::Oddity;

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

/// What pages are called that a frame puts around the content, and not into it.
const FRAME_ORNAMENTS: &[&str] =
    &["head", "foot", "top", "bottom", "nav", "menu", "search", "login", "copyright", "weather", "tianqi", "count"];

/// A page whose newest is no older is not looked through for what it may hide.
const FRESH: Duration = Duration::days(7);

/// Bytes of one script that are looked through.
const SCRIPT: usize = 512 * 1024;

/// What a script holds that brings the rows of a list along.
const ROWS_IN_SCRIPT: &[&str] = &["<a", "<li", "href"];

impl<'p> Page<'p> {
    /// Why the newest of the page may not be the `newest` among its links: a script or a frame shows the rest, or
    /// rows that lead nowhere by themselves bear newer dates.
    pub(super) fn unread_part(&self, root: ElementRef<'p>, newest: Option<Instant>) -> Option<Oddity> {
        let is_old = newest.is_none_or(|newest| self.context.seen_at - newest.to_utc() > FRESH);
        if awaits_script(self.document) || (is_old && self.has_newer_in_script(newest)) {
            Some(Oddity::ByScript)
        } else if self.holds_frame() {
            Some(Oddity::InFrame)
        } else {
            (is_old && self.has_newer_unlinked(root, newest)).then_some(Oddity::NewerBeside)
        }
    }

    fn is_newer(&self, at: Instant, newest: Option<Instant>) -> bool {
        at <= self.context.as_of && newest.is_none_or(|newest| at > newest)
    }

    /// Whether a script of the page, or a text area that one reads, brings a list along with newer dates in it.
    fn has_newer_in_script(&self, newest: Option<Instant>) -> bool {
        let elements = self.document.tree.nodes().filter_map(ElementRef::wrap);
        let mut scripts = elements.filter(|e| matches!(e.value().name(), "script" | "textarea" | "template"));
        scripts.any(|script| {
            let text: String = script.text().collect();
            let text = text.get(..text.floor_char_boundary(SCRIPT)).unwrap_or_default();
            let newer: HashSet<Instant> =
                dates::every_full(text, self.context).filter(|at| self.is_newer(*at, newest)).collect();
            // Why two otherwise: a script may know the time of day.
            newer.len() >= 2 || (!newer.is_empty() && ROWS_IN_SCRIPT.iter().any(|mark| text.contains(mark)))
        })
    }

    /// Whether dates of one make, newer than any link's, stand in rows that a click opens by script.
    fn has_newer_unlinked(&self, root: ElementRef<'p>, newest: Option<Instant>) -> bool {
        let mut makes = HashMap::<String, usize>::new();
        for date in self.date_elements(root) {
            if date.own && self.is_newer(date.at, newest) && !is_clock(date.element) {
                *makes.entry(make_of(date.element)).or_default() += 1;
            }
        }
        makes.into_values().any(|dates| dates >= SHORTEST_LIST)
    }

    /// Takes out what stands alone with its date and leads to another site, and gives the newest of that: the weather of
    /// the day is no news, and a headline may stand elsewhere.
    pub(super) fn lone_elsewhere(&self, found: &mut Vec<Found<'p>>) -> Option<Instant> {
        let bare = |url: &Url| url.host_str().map(|host| host.trim_start_matches("www.").to_owned());
        let own = self.base.and_then(bare);
        let is_elsewhere = |hit: &Found<'_>| {
            let to = hit.link.attr("href").and_then(|href| markup::absolute(href, self.base));
            to.and_then(|to| Url::parse(&to).ok()).is_some_and(|to| bare(&to) != own)
        };
        let mut makes = HashMap::<String, usize>::new();
        for hit in found.iter() {
            *makes.entry(make_of(hit.item)).or_default() += 1;
        }
        let is_lone = |hit: &Found<'_>| makes.get(&make_of(hit.item)).is_none_or(|dates| *dates < SHORTEST_LIST);
        let (taken, kept) = std::mem::take(found).into_iter().partition(|hit| is_lone(hit) && is_elsewhere(hit));
        *found = kept;
        let taken: Vec<Found<'_>> = taken;
        taken.iter().map(|hit| hit.at).filter(|at| *at <= self.context.as_of).max()
    }

    /// Whether a frame that is to be seen shows another page of the same site.
    fn holds_frame(&self) -> bool {
        let bare = |url: &Url| url.host_str().map(|host| host.trim_start_matches("www.").to_owned());
        let is_own = |src: &str| {
            let to = markup::absolute(src, self.base).and_then(|to| Url::parse(&to).ok());
            let is_ornament = |to: &Url| {
                let name = to.path().rsplit('/').next().unwrap_or_default().to_ascii_lowercase();
                FRAME_ORNAMENTS.iter().any(|ornament| name.contains(ornament))
            };
            to.is_some_and(|to| self.base.and_then(bare) == bare(&to) && !is_ornament(&to))
        };
        let is_hidden = |frame: ElementRef| {
            let is_nothing = |size: &str| matches!(size.trim().trim_end_matches("px"), "0" | "1");
            let style = frame.attr("style").unwrap_or_default().replace(' ', "").to_ascii_lowercase();
            ["width", "height"].iter().any(|side| frame.attr(side).is_some_and(is_nothing))
                || frame.attr("hidden").is_some()
                || ["display:none", "visibility:hidden"].iter().any(|hides| style.contains(hides))
        };
        let mut frames = self.document.tree.nodes().filter_map(ElementRef::wrap);
        let is_frame = |e: ElementRef| matches!(e.value().name(), "iframe" | "frame");
        frames.any(|e| is_frame(e) && e.attr("src").is_some_and(is_own) && !is_hidden(e))
    }

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
