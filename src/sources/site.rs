//! `site` 网站巡检: the home page of a government website.
//!
//! A home page holds many lists, and any of them updates it: every dated link is read, the
//! newest counts. Dates that are shown prove how old a page is; dates that stand in paths
//! alone, or beside an article without any, or where a script or a frame shows part of the page, prove only
//! that it is fresh. Beside the posts the
//! page is read for the marks at its foot ([`examine`]) and for the columns of its navigation.

use std::collections::HashSet;
use std::sync::LazyLock;

use regex::Regex;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use unicode_normalization::UnicodeNormalization as _;
use url::Url;

use super::skim::skim;
use super::{OptionProblem, ReadContext, Unreadable, html};
use crate::domain::oddity::Oddity;
use crate::domain::post::{Coverage, Profile, Reading};
use crate::domain::site::{ColumnKind, FooterMark, SiteRule};
use crate::fetch::Page;

/// So many links without a date beside the list of a column may hide a newer one.
const MANY_UNDATED: usize = 5;
/// So few dates that are shown may be those of a notice beside what a script draws.
const FEW_SHOWN: usize = 5;
/// A home page with fewer links that read like articles is a way to columns and nothing else.
const FEW_ARTICLES: usize = 3;
/// Visible characters looked at; the foot of a page comes last.
const LOOKED_AT: usize = 200_000;
/// Visible characters of the foot itself.
const FOOT: usize = 600;
/// A page with fewer visible characters is drawn by script.
const BARE: usize = 120;

/// A column of a site (栏目).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// Its page.
    pub url: String,
    /// What kind.
    pub kind: ColumnKind,
    /// Days within which the office wants it updated, where that is not the rule's number.
    pub days: Option<i64>,
    /// The registry lists it; else it was found on the home page by its name.
    pub listed: bool,
    /// How its page is read, as for the adapter `html`.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub options: Map<String, Value>,
}

/// What a home page shows beside its posts.
#[expect(clippy::struct_excessive_bools, reason = "each is an observation of its own, stored by its name")]
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Front {
    /// The marks at its foot, in the order of [`FooterMark`].
    pub marks: Vec<FooterMark>,
    /// The foot was read: enough of its own words are there.
    pub foot_seen: bool,
    /// Part of the foot comes by script or frame.
    pub foot_scripted: bool,
    /// The page loads scripts, which may draw anything.
    #[serde(default)]
    pub loads_scripts: bool,
    /// The page shows almost nothing without its scripts.
    pub scripted: bool,
    /// Hardly a link reads like an article: the page only leads to columns.
    pub navigation: bool,
    /// Links that show their date.
    #[serde(default)]
    pub shown: usize,
}

pub(super) fn read(
    url: &str,
    text: &str,
    options: &Map<String, Value>,
    context: &ReadContext,
) -> Result<Reading, Unreadable> {
    if options.contains_key("item") {
        return html::read(url, text, options, context);
    }
    let lists = html::lists(url, text, context)?;
    if lists.posts.is_empty() {
        return Err(Unreadable::NoDates);
    }
    let mut warnings = Vec::new();
    let by_path = lists.shown == 0;
    if by_path {
        warnings.push(Oddity::DatesInPaths);
    }
    if lists.undated > 0 {
        warnings.push(Oddity::UndatedLinks(lists.undated));
    }
    warnings.extend(lists.unread_part);
    // Why one is enough: the headline of the day, set apart from the lists, often bears no date.
    let partly = lists.shown < FEW_SHOWN || lists.unread_part.is_some() || lists.undated > 0;
    let coverage = if partly { Coverage::Part } else { Coverage::Whole };
    let profile = lists.title.map(|title| Profile { name: Some(title), ..Profile::default() });
    Ok(Reading { profile, posts: lists.posts, coverage, warnings, ..Reading::default() })
}

/// What the page shows beside its posts.
#[must_use]
pub fn examine(page: &Page, context: &ReadContext) -> Front {
    let text = page.text();
    let visible = skim(&text, LOOKED_AT);
    let marks = marks(&text, &visible.visible);
    let own_words = [FooterMark::Icp, FooterMark::SiteCode, FooterMark::Police, FooterMark::Host];
    // Of a page that was cut off the foot was not seen.
    let foot_seen = !page.truncated && own_words.iter().filter(|mark| marks.contains(mark)).count() >= 2;
    let scripted = visible.is_short(BARE);
    let foot_scripted = is_match(&FOOT_SCRIPT, &text);
    let loads_scripts = is_match(&ANY_SCRIPT, &text);
    let lists = html::lists(&page.url, &text, context).ok();
    let navigation = !scripted
        && lists
            .as_ref()
            .is_some_and(|lists| lists.posts.len() + lists.undated < FEW_ARTICLES && !lists.short.is_empty());
    let shown = lists.map_or(0, |lists| lists.shown);
    Front { marks, foot_seen, foot_scripted, loads_scripts, scripted, navigation, shown }
}

type Pattern = LazyLock<Option<Regex>>;

fn is_match(pattern: &Pattern, text: &str) -> bool {
    pattern.as_ref().is_some_and(|pattern| pattern.is_match(text))
}

static SITE_CODE: Pattern =
    LazyLock::new(|| Regex::new(r"(?i)标识(?:编?码|号)[\s\u{3000}:：(（\[【]*(?:bm\d{4,10}|\d{10})(?:\D|$)").ok());
static SITE_CODE_IN_MARKUP: Pattern = LazyLock::new(|| {
    Regex::new(r#"(?i)(?:sitecode|siteidcode)["'\s]*(?:content)?\s*[=:]\s*["']?(?:bm\d{4,10}|\d{10})\b"#).ok()
});
static ICP: Pattern = LazyLock::new(|| Regex::new(r"(?i)ICP\s*备\s*\d{5,10}").ok());
static HOST: Pattern = LazyLock::new(|| {
    let body = "(?:政府|委员会|管委会|办公室|办事处|局|厅|院|中心)";
    Regex::new(&format!(r"主\s*办(?:\s*单\s*位)?\s*[:：]|主办单位|{body}\s*主\s*办|主\s*办\s+\p{{Han}}*?{body}")).ok()
});
static CONTACT: Pattern = LazyLock::new(|| {
    let named = r"(?:电\s*话|热\s*线|邮\s*箱|e-?mail|tel)\s*[:：]\s*[\w(（+]";
    let plain = r"(?:电\s*话|热\s*线)\s*[\d(（+]|邮\s*箱\s*[\w.+-]+@";
    Regex::new(&format!(r"(?i)联系(?:我们|方式|电话)|{named}|{plain}")).ok()
});
static POLICE: Pattern = LazyLock::new(|| Regex::new(r"公安(?:机关)?备案(?:编?号)?\s*[:：]?\s*\d{8}").ok());
/// A telephone with its area code, which needs no name to be known for one.
static TELEPHONE: Pattern = LazyLock::new(|| Regex::new(r"(?:^|\D)\(?0\d{2,3}[-)\s]{1,2}\d{7,8}(?:\D|$)").ok());
static FOOT_SCRIPT: Pattern = LazyLock::new(|| {
    Regex::new(r#"(?i)<(?:script|iframe|frame)\b[^>]*\bsrc\s*=\s*["']?[^"'>\s]*(?:foot|bottom|dibu|copyright|common_b)[^"'>\s]*"#).ok()
});

static ANY_SCRIPT: Pattern = LazyLock::new(|| Regex::new(r#"(?i)<script\b[^>]*\bsrc\s*=\s*["']?[^"'>\s]"#).ok());

/// The marks a page shows, in markup or words.
fn marks(text: &str, visible: &str) -> Vec<FooterMark> {
    let lower = text.to_ascii_lowercase();
    // Why: old sites set letters and figures in full width.
    let visible = &*visible.nfkc().collect::<String>();
    let foot = visible.char_indices().rev().nth(FOOT).and_then(|(at, _)| visible.get(at..)).unwrap_or(visible);
    let has = |marks: &[&str]| marks.iter().any(|mark| lower.contains(mark));
    FooterMark::ALL
        .iter()
        .copied()
        .filter(|mark| match mark {
            FooterMark::PartyMark => has(&["bszs.conac.cn", "dcs.conac.cn"]),
            FooterMark::ReportError => {
                has(&["zfwzgl.www.gov.cn", "pucha.kaipuyun.cn", "pucha.kpyun", "id=\"_jiucuo_\"", "政府网站找错"])
            }
            FooterMark::SiteCode => is_match(&SITE_CODE, visible) || is_match(&SITE_CODE_IN_MARKUP, text),
            FooterMark::Host => is_match(&HOST, visible) || has(&["主办单位"]),
            FooterMark::Contact => {
                is_match(&CONTACT, visible)
                    || is_match(&TELEPHONE, foot)
                    || has(&["href=mailto:", "href=\"mailto:", "href='mailto:"])
            }
            FooterMark::Icp => {
                is_match(&ICP, visible) || has(&["beian.miit.gov.cn", "miitbeian.gov.cn", "miibeian.gov.cn"])
            }
            FooterMark::Police => {
                visible.contains("公网安备")
                    || is_match(&POLICE, visible)
                    || has(&["beian.mps.gov.cn", "//www.beian.gov.cn", "//beian.gov.cn"])
            }
            FooterMark::SiteMap => {
                ["网站地图", "站点地图", "网站导航"].iter().any(|word| visible.contains(word))
                    || has(&["sitemap", "wzdt"])
            }
        })
        .collect()
}

/// The columns the registry lists: `{"columns":[{"name","url","kind","days"}]}`.
///
/// Other keys of an entry are read as the options of the adapter `html`.
pub fn listed_columns(options: &Map<String, Value>, home: &str) -> Result<Vec<Column>, Unreadable> {
    let bad = |problem| Unreadable::BadOption { option: "columns", problem };
    let given = match options.get("columns") {
        None | Some(Value::Null) => return Ok(Vec::new()),
        // `probe --option columns=[…]` hands everything over as text.
        Some(Value::String(text)) => serde_json::from_str(text).map_err(|_| bad(OptionProblem::NoJson))?,
        Some(given) => given.clone(),
    };
    let Value::Array(entries) = given else { return Err(bad(OptionProblem::NoList)) };
    let base = Url::parse(home).ok();
    let mut columns = Vec::new();
    for (at, entry) in (1..).zip(entries) {
        let Value::Object(mut entry) = entry else { return Err(bad(OptionProblem::NoObject(at))) };
        let mut word = |key: &str| match entry.remove(key) {
            Some(Value::String(text)) => Some(text.trim().to_owned()).filter(|text| !text.is_empty()),
            _ => None,
        };
        let url = word("url").ok_or_else(|| bad(OptionProblem::NoUrl(at)))?;
        let kind = match word("kind") {
            None => ColumnKind::Other,
            Some(text) => ColumnKind::parse(&text).ok_or_else(|| bad(OptionProblem::BadKind(at, text.clone())))?,
        };
        let url =
            super::markup::absolute(&url, base.as_ref()).ok_or_else(|| bad(OptionProblem::BadUrl(at, url.clone())))?;
        let name = word("name").unwrap_or_else(|| url.clone());
        let days = entry.remove("days").and_then(|days| days.as_i64()).filter(|days| (1..=36_500).contains(days));
        columns.push(Column { name, url, kind, days, listed: true, options: entry });
    }
    Ok(columns)
}

/// Columns found on a home page by the names of its links.
#[must_use]
pub fn found_columns(page: &Page, rule: &SiteRule, context: &ReadContext) -> Vec<Column> {
    let Ok(lists) = html::lists(&page.url, &page.text(), context) else { return Vec::new() };
    let Some(own) = Url::parse(&page.url).ok() else { return Vec::new() };
    let mut seen = HashSet::from([own.to_string()]);
    let mut columns = Vec::new();
    for (name, to) in lists.short {
        let named = |words: &[String]| words.iter().any(|word| !word.is_empty() && name.contains(word.as_str()));
        let kind = if named(&rule.policy_names) {
            ColumnKind::Policy
        } else if named(&rule.news_names) {
            ColumnKind::News
        } else {
            continue;
        };
        let Ok(mut url) = Url::parse(&to) else { continue };
        url.set_fragment(None);
        if !is_same_site(&own, &url) || super::dates::in_href(url.path(), context).is_some() {
            continue;
        }
        if seen.insert(url.to_string()) {
            columns.push(Column { name, url: url.into(), kind, days: None, listed: false, options: Map::new() });
        }
    }
    columns
}

/// The same host, `www.` aside.
fn is_same_site(own: &Url, other: &Url) -> bool {
    let bare = |url: &Url| url.host_str().map(|host| host.trim_start_matches("www.").to_owned());
    matches!((bare(own), bare(other)), (Some(own), Some(other)) if own == other)
}

/// How a column's page reads.
#[derive(Debug, Clone, PartialEq)]
pub enum ColumnPage {
    /// It lists dated items; whether they are all there is, with dates that are shown.
    Dated(Reading, bool),
    /// It says itself that it holds nothing.
    Blank,
}

/// Whether a list shows the newest that a column has, beyond doubt.
fn proves_silence(reading: &Reading, context: &ReadContext) -> bool {
    let out_of_order = reading.is_oldest_first() || reading.is_unsorted() || reading.is_only_pinned();
    reading.coverage == Coverage::Whole && reading.unplaced(context.as_of) == 0 && !out_of_order
}

/// Reads the page of a column.
pub fn read_column(page: &Page, column: &Column, context: &ReadContext) -> Result<ColumnPage, Unreadable> {
    use crate::domain::account::SourceKind;
    match super::read(SourceKind::Html, page, &column.options, context) {
        Ok(reading) if column.options.contains_key("item") => {
            let shown = proves_silence(&reading, context);
            Ok(ColumnPage::Dated(reading, shown))
        }
        Ok(mut reading) => {
            let Ok(lists) = html::lists(&page.url, &page.text(), context) else {
                return Ok(ColumnPage::Dated(reading, false));
            };
            let shown = proves_silence(&reading, context)
                && lists.shown > 0
                && lists.undated < MANY_UNDATED
                && lists.unread_part.is_none();
            // Why: the list that was found may be one beside the column's own.
            reading.posts.extend(lists.posts);
            Ok(ColumnPage::Dated(reading, shown))
        }
        Err(Unreadable::NoDates) => {
            let visible = skim(&page.text(), LOOKED_AT).visible;
            let says = ["暂无信息", "暂无数据", "暂无内容", "暂无相关", "没有相关信息", "栏目建设中", "正在建设中"];
            if says.iter().any(|word| visible.contains(word)) {
                Ok(ColumnPage::Blank)
            } else {
                Err(Unreadable::NoDates)
            }
        }
        Err(refused) => Err(refused),
    }
}

#[cfg(test)]
#[path = "site_tests.rs"]
mod tests;
