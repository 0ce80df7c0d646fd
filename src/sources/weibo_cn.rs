//! Pages of the old weibo.cn, which office bridges still read: one `div.c` a post.

use std::sync::LazyLock;

use scraper::{ElementRef, Html, Selector};
use url::Url;

use super::json::{self, Found, Rest};
use super::{Block, ReadContext, Unreadable, dates, markup, skim};
use crate::domain::account::SourceKind;
use crate::domain::post::{Post, Profile, Reading};

/// Where the labels of an information page end.
const LONGEST_VALUE: usize = 500;

struct Selectors {
    post: Selector,
    pinned: Selector,
    body: Selector,
    time: Selector,
    link: Selector,
}

static SELECTORS: LazyLock<Option<Selectors>> = LazyLock::new(|| {
    let selector = |text: &str| Selector::parse(text).ok();
    Some(Selectors {
        post: selector("div.c[id^='M_']")?,
        pinned: selector("span.kt, span.top")?,
        body: selector("span.ctt")?,
        time: selector("span.ct")?,
        link: selector("a[href]")?,
    })
});

pub(super) fn read(url: &str, html: &str, own: Option<String>, context: &ReadContext) -> Result<Reading, Unreadable> {
    let seen = skim::skim(html, 4000);
    let unknown = Unreadable::UnknownShape(SourceKind::Weibo);
    if ["登录", "Sign in", "Login"].iter().any(|word| seen.title.contains(word)) {
        return Err(Unreadable::Blocked(Block::Login));
    }
    if markup::is_hostile(html) {
        return Err(unknown);
    }
    let Some(selectors) = SELECTORS.as_ref() else { return Err(unknown) };
    let document = Html::parse_document(html);
    let base = Url::parse(url).ok();
    let profile = profile(&seen, &document, selectors);
    let posts: Vec<Found> = document
        .select(&selectors.post)
        .map(|element| post(element, selectors, base.as_ref(), context).unwrap_or_else(Found::strange))
        .collect();
    if posts.is_empty() {
        return profile.map(json::profile_only).ok_or(unknown);
    }
    // A page about one post is no list, and a list may be a later page or only the originals.
    let is_list = seen.title.ends_with("的微博");
    let part = !is_list
        || json::is_later_page(url, &["page"])
        || json::is_search(url, &["filter", "keyword", "hasori", "haspic", "starttime", "endtime"]);
    json::finish(SourceKind::Weibo, posts, Rest { profile, own, part, ..Rest::default() })
}

/// Where a link through weibo's own redirector leads.
pub(super) fn unwrap_link(link: &str) -> String {
    let is_wrapped = link.contains("weibo.cn/sinaurl") || link.contains("weibo.com/sinaurl");
    let target = is_wrapped.then(|| json::query(link, "u").or_else(|| json::query(link, "toasturl"))).flatten();
    target.and_then(|target| markup::absolute(&target, None)).unwrap_or_else(|| link.to_owned())
}

fn profile(seen: &skim::Skim, document: &Html, selectors: &Selectors) -> Option<Profile> {
    let labelled = |label: &str| {
        let found = seen.visible.lines().find_map(|line| {
            let value = line.trim().strip_prefix(label)?.trim_start_matches([':', '：']).trim();
            (!value.is_empty()).then(|| value.chars().take(LONGEST_VALUE).collect::<String>())
        });
        found.map(|value| markup::fold(&value))
    };
    let titled = ["的微博", "的资料"].iter().find_map(|suffix| seen.title.strip_suffix(suffix));
    let name = titled.map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned).or_else(|| labelled("昵称"))?;
    let followers = document
        .select(&selectors.link)
        .filter(|link| link.attr("href").is_some_and(|href| href.trim_end_matches('/').ends_with("/fans")))
        .find_map(|link| {
            let text: String = link.text().collect();
            let digits: String = text.chars().filter(char::is_ascii_digit).collect();
            digits.parse().ok()
        });
    let certified_subject = json::subject(labelled("认证"));
    Some(Profile { name: Some(name), description: labelled("简介"), certified_subject, followers })
}

fn post(element: ElementRef<'_>, selectors: &Selectors, base: Option<&Url>, context: &ReadContext) -> Option<Found> {
    let id = element.attr("id")?.strip_prefix("M_").filter(|id| !id.is_empty())?;
    // A post whose time is not shown is a post all the same.
    let time: String = element.select(&selectors.time).last().map(|time| time.text().collect()).unwrap_or_default();
    let time = time.replace('\u{A0}', " ");
    let time = time.split("来自").next().unwrap_or_default().trim();
    let first = element.select(&selectors.body).next().map(|body| json::body(&body.inner_html(), base));
    let (text, links) = reading_text(element, base);
    let title = json::headline(&first.map_or_else(|| text.clone(), |(text, _)| text));
    let pinned = element.select(&selectors.pinned).any(|mark| mark.text().any(|text| text.contains("置顶")));
    let post = Post {
        id: id.to_owned(),
        url: Some(format!("https://weibo.cn/comment/{id}")),
        title,
        published_at: dates::parse(time, context),
        pinned,
        text,
        links,
    };
    Some(Found { post, authors: Vec::new() })
}

/// Text and outbound links without the buttons beneath each post.
fn reading_text(element: ElementRef<'_>, base: Option<&Url>) -> (String, Vec<String>) {
    let mut parts = Vec::new();
    let mut links = Vec::new();
    for block in element.child_elements() {
        let (text, found) = json::body(&block.inner_html(), base);
        let buttons = ["赞[", "原图", "组图共"];
        let end = buttons.iter().filter_map(|button| text.find(button)).min();
        let kept = end.and_then(|end| text.get(..end)).unwrap_or(&text).trim();
        if !kept.is_empty() {
            parts.push(kept.to_owned());
        }
        links.extend(found.iter().map(|link| unwrap_link(link)).filter(|link| !is_button(link)));
    }
    (parts.join("\n"), links)
}

fn is_button(link: &str) -> bool {
    const BUTTONS: &[&str] = &["/attitude/", "/repost/", "/comment/", "/fav/", "/mblog/"];
    link.contains("://weibo.cn/") && BUTTONS.iter().any(|button| link.contains(button))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::post::Coverage;
    use crate::sources::tests::read_as;

    const PAGE: &str = r#"<?xml version="1.0" encoding="UTF-8"?><html><head><meta charset="utf-8"/><title>某某区发布的微博</title></head><body>
      <div class="u"><span class="ctt">某某区发布</span><br/><span class="ctt">认证：某某区政府新闻办公室官方微博</span>
      <div class="tip2"><a href="/7000000001/fans">粉丝[708]</a></div></div>
      <div class="c" id="M_Aa"><div><span class="kt">[置顶]</span><span class="ctt">欢迎关注</span></div><div><a href="https://weibo.cn/attitude/Aa/add">赞[1]</a>&nbsp;<span class="ct">2024-05-01 08:00:00&nbsp;来自网页</span></div></div>
      <div class="c" id="M_Ab"><div><span class="ctt">停水通知 <a href="https://weibo.cn/sinaurl?f=w&amp;u=https%3A%2F%2Fwww.example.cn%2Fa">网页</a></span></div><div>转发理由:请留意 <a href="https://weibo.cn/attitude/Ab/add">赞[1]</a>&nbsp;<span class="ct">今天 10:20&nbsp;来自客户端</span></div></div>
      <div class="c" id="M_Ac"><div><span class="ctt">三</span>&nbsp;<a href="https://weibo.cn/comment/Ac">评论[0]</a>&nbsp;<span class="ct">07月27日 17:39</span></div></div>
      <div class="c" id="M_Ad"><div><span class="ctt">四</span><span class="ct">5分钟前&nbsp;来自客户端</span></div></div></body></html>"#;

    #[test]
    fn a_profile_page_is_read_with_times_of_every_form() {
        let reading = read_as(SourceKind::Weibo, "https://weibo.cn/7000000001/profile", PAGE).unwrap();
        let times: Vec<_> = reading.posts.iter().map(|post| post.published_at.unwrap().to_rfc3339()).collect();
        let wanted = [
            "2024-05-01T08:00:00+08:00",
            "2026-08-03T10:20:00+08:00",
            "2026-07-27T17:39:00+08:00",
            "2026-08-03T11:55:00+08:00",
        ];
        assert_eq!(times, wanted);
        assert!(reading.posts[0].pinned && !reading.posts[1].pinned);
        assert_eq!(reading.posts[1].text, "停水通知 网页\n转发理由:请留意");
        assert_eq!(reading.posts[1].links, ["https://www.example.cn/a"]);
        assert_eq!(reading.coverage, Coverage::Whole);
        let profile = reading.profile.unwrap();
        assert_eq!(profile.followers, Some(708));
        assert_eq!(profile.certified_subject.as_deref(), Some("某某区政府新闻办公室"));
    }

    #[test]
    fn a_post_without_a_time_is_listed_all_the_same() {
        let page = PAGE.replacen("<span class=\"ct\">今天 10:20&nbsp;来自客户端</span>", "", 1);
        let reading = read_as(SourceKind::Weibo, "https://weibo.cn/7000000001/profile", &page).unwrap();
        assert_eq!(
            reading.posts.iter().map(|post| post.published_at.is_some()).collect::<Vec<_>>(),
            [true, false, true, true]
        );
    }

    #[test]
    fn a_gbk_page_reads_the_same() {
        let (gbk, ..) = encoding_rs::GBK.encode(PAGE);
        let page = crate::fetch::Page::from_bytes(
            "https://weibo.cn/u/7000000001",
            Some("text/html; charset=gbk"),
            gbk.into_owned(),
        );
        let reading =
            crate::sources::read(SourceKind::Weibo, &page, &serde_json::Map::new(), &crate::sources::tests::context());
        assert_eq!(reading.unwrap().posts.len(), 4);
    }

    #[test]
    fn later_pages_logins_and_strange_pages_prove_nothing() {
        let read = |url: &str, html: &str| read_as(SourceKind::Weibo, url, html);
        assert_eq!(read("https://weibo.cn/7000000001/profile?page=2", PAGE).unwrap().coverage, Coverage::Part);
        let login = "<html><title>登录 - 微博</title><form></form></html>";
        assert_eq!(read("https://weibo.cn/", login), Err(Unreadable::Blocked(Block::Login)));
        let strange = "<html><title>图片</title><div class='c'>x</div></html>";
        assert_eq!(read("https://weibo.cn/", strange), Err(Unreadable::UnknownShape(SourceKind::Weibo)));
        let bare = "<html><title>某某区发布的微博</title><p>x</p></html>";
        assert_eq!(read("https://weibo.cn/", bare).unwrap().coverage, Coverage::Part);
    }

    #[test]
    fn no_mutation_makes_it_panic() {
        crate::sources::tests::survives(SourceKind::Weibo, &[PAGE]);
    }
}
