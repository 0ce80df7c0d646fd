//! Pages of mp.weixin.qq.com: an article, a list of mass-sent articles, an account's profile,
//! or the notice that stands where an article was.
//!
//! An article states its facts in scripts, in three generations of the platform's pages.

use std::sync::LazyLock;

use regex::Regex;
use scraper::{Html, Selector};
use serde_json::Value;
use url::Url;

use super::json::{self, Rest};
use super::wechat::{self, Gone};
use super::{Block, ReadContext, Unreadable, markup, skim};
use crate::domain::account::SourceKind;
use crate::domain::post::{Coverage, Post, Profile, Reading};

/// A notice shows no more than this.
const LONGEST_NOTICE: usize = 800;

/// A body shorter than this may be only the frame of one.
const SHORT_BODY: usize = 100;

type Pattern = LazyLock<Option<Regex>>;

/// `ct`, `oriCreateTime`, `ori_create_time`: the second of publication.
static SECOND: Pattern =
    LazyLock::new(|| Regex::new(r#"(?:\bvar\s+ct|\boriCreateTime|\bori_create_time)\s*[:=]\s*['"](\d{10})['"]"#).ok());

/// `create_time: JsDecode('2026-07-31 10:00')`, `createTime = '…'`, `publish_time = "…"`.
static MINUTE: Pattern = LazyLock::new(|| {
    Regex::new(
        r#"\b(?:create_time|createTime|publish_time)\s*[:=]\s*(?:JsDecode\()?['"](\d{4}-\d{2}-\d{2}[ \d:]{0,9})['"]"#,
    )
    .ok()
});

static NAME: Pattern = LazyLock::new(|| {
    Regex::new(r#"\b(?:var\s+nickname|nick_name|nickname)\s*[:=]\s*(?:JsDecode\(|htmlDecode\()?(?:'((?:[^'\\\n]|\\.){1,200})'|"((?:[^"\\\n]|\\.){1,200})")"#).ok()
});

static TITLE: Pattern = LazyLock::new(|| {
    Regex::new(r#"(?:\bvar\s+msg_title\s*=|\btitle\s*:\s*JsDecode\(|\bwindow\.title\s*=)\s*(?:'((?:[^'\\\n]|\\.){1,500})'|"((?:[^"\\\n]|\\.){1,500})")"#).ok()
});

static SIGNATURE: Pattern =
    LazyLock::new(|| Regex::new(r"\bsignature\s*:\s*JsDecode\('((?:[^'\\\n]|\\.){1,500})'").ok());

static BODY: Pattern = LazyLock::new(|| Regex::new(r"\bcontent_noencode\s*:\s*JsDecode\('((?:[^'\\\n]|\\.)*)'").ok());

static LINK: Pattern =
    LazyLock::new(|| Regex::new(r#"property="og:url"\s+content="(https?://mp\.weixin\.qq\.com/s[^"]{1,2000})""#).ok());

static MOVED: Pattern = LazyLock::new(|| Regex::new(r#"\btransferTargetLink\s*=\s*['"]\s*http"#).ok());

static SENT: Pattern = LazyLock::new(|| Regex::new(r"\bvar\s+msgList\s*=\s*(\{.*\})\s*;").ok());

static ELEMENTS: LazyLock<Option<[Selector; 3]>> = LazyLock::new(|| {
    let selector = |text: &str| Selector::parse(text).ok();
    Some([selector("#js_content")?, selector("#activity-name")?, selector("#js_name, #profileBt a")?])
});

/// What notices say; 帐 is read as 账, letters as lower case.
const NOTICES: &[(Gone, &[&str])] = &[
    (Gone::Deleted, &["已被发布者删除", "已被作者删除", "deleted by the author", "deleted by its author"]),
    (
        Gone::Violating,
        &[
            "违规无法查看",
            "违规,无法查看",
            "违规，无法查看",
            "审核涉嫌侵权",
            "涉嫌违反相关法律",
            "violating relevant laws",
            "due to violation",
        ],
    ),
    (Gone::Migrated, &["公众号已迁移", "账号已迁移", "account has been migrated"]),
    (Gone::Cancelled, &["已自主注销"]),
    (Gone::Reclaimed, &["已系统注销", "已被系统回收", "已被系统注销"]),
    (Gone::Banned, &["账号已被屏蔽", "账号被屏蔽", "公众号已被屏蔽", "账号已停止使用", "已被停止使用", "账号已被封"]),
    (Gone::SendFailed, &["发送失败无法查看"]),
    (Gone::Expired, &["链接已过期", "link has expired"]),
    (Gone::Unavailable, &["暂时无法查看", "暂无法查看", "unable to view this content", "content is unavailable"]),
];

pub(super) fn read(url: &str, html: &str, context: &ReadContext) -> Result<Reading, Unreadable> {
    if let Some(reading) = article(url, html, context) {
        return Ok(reading);
    }
    let seen = skim::skim(html, LONGEST_NOTICE + 200);
    if let Some(gone) = notice(html, &seen) {
        return Err(Unreadable::Gone(gone));
    }
    if let Some(list) = first(&SENT, html).and_then(|json| serde_json::from_str::<Value>(&json).ok()) {
        let name = Some(seen.title.clone()).filter(|name| !name.is_empty());
        let profile = name.map(|name| Profile { name: Some(name), ..Profile::default() });
        return wechat::sent(&list, url, Rest { profile, ..Rest::default() }, context);
    }
    if ["环境异常", "去验证", "请输入验证码"].iter().any(|word| seen.visible.contains(word)) {
        return Err(Unreadable::Blocked(Block::Captcha));
    }
    profile(&seen).map(json::profile_only).ok_or(Unreadable::UnknownShape(SourceKind::Wechat))
}

/// The first thing a pattern captures.
fn first(pattern: &Pattern, html: &str) -> Option<String> {
    let found = pattern.as_ref()?.captures(html)?;
    found.iter().skip(1).flatten().next().map(|text| text.as_str().to_owned())
}

/// Text in a script: escapes, and character references within them.
fn said(pattern: &Pattern, html: &str) -> Option<String> {
    let text = markup::fold(&markup::read(&unescape(&first(pattern, html)?), None).0);
    (!text.is_empty()).then_some(text)
}

/// Undoes the escapes of a script's text.
fn unescape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        if c != '\\' {
            out.push(c);
            continue;
        }
        match chars.next() {
            Some('n' | 'r' | 't') => out.push('\n'),
            Some(kind @ ('x' | 'u')) => {
                let digits: String = chars.by_ref().take(if kind == 'x' { 2 } else { 4 }).collect();
                out.extend(u32::from_str_radix(&digits, 16).ok().and_then(char::from_u32));
            }
            Some(other) => out.push(other),
            None => {}
        }
    }
    out
}

/// An article says when it was published and what it is called; a notice does not.
fn article(url: &str, html: &str, context: &ReadContext) -> Option<Reading> {
    let published_at = first(&SECOND, html)
        .and_then(|second| json::instant(&Value::from(second), context))
        .or_else(|| first(&MINUTE, html).and_then(|minute| json::instant(&Value::from(minute), context)))?;
    let base = Url::parse(url).ok();
    let elements = ELEMENTS.as_ref()?;
    let document = (!markup::is_hostile(html)).then(|| Html::parse_document(html));
    let element = |selector: &Selector| document.as_ref().and_then(|document| document.select(selector).next());
    let [content, heading, owner] = elements;
    let text_of = |selector: &Selector| {
        element(selector).map(|found| markup::fold(&found.text().collect::<String>())).filter(|text| !text.is_empty())
    };
    let (mut text, mut links) =
        element(content).map(|content| json::body(&content.inner_html(), base.as_ref())).unwrap_or_default();
    // Short posts and picture posts are put together by script: the element holds next to nothing.
    if text.chars().count() < SHORT_BODY
        && let Some(carried) = first(&BODY, html).map(|body| json::body(&unescape(&body), base.as_ref()))
        && carried.0.len() > text.len()
    {
        (text, links) = carried;
    }
    let name = said(&NAME, html).or_else(|| text_of(owner));
    let title = said(&TITLE, html).or_else(|| text_of(heading));
    if title.is_none() && name.is_none() && text.is_empty() {
        return None;
    }
    let title = title.unwrap_or_else(|| json::headline(&text));
    let link = first(&LINK, html).map_or_else(|| url.to_owned(), |link| link.replace("&amp;", "&"));
    let post =
        Post { id: link.clone(), url: Some(link), title, published_at: Some(published_at), pinned: false, text, links };
    let profile =
        name.map(|name| Profile { name: Some(name), description: said(&SIGNATURE, html), ..Profile::default() });
    Some(Reading { profile, posts: vec![post], coverage: Coverage::Part, ..Reading::default() })
}

fn notice(html: &str, seen: &skim::Skim) -> Option<Gone> {
    if MOVED.as_ref().is_some_and(|moved| moved.is_match(html)) {
        return Some(Gone::Migrated);
    }
    if !seen.is_short(LONGEST_NOTICE) {
        return None;
    }
    let says = format!("{}\n{}", seen.title, seen.visible).replace('帐', "账").to_lowercase();
    NOTICES.iter().find(|(_, phrases)| phrases.iter().any(|phrase| says.contains(phrase))).map(|(gone, _)| *gone)
}

/// The page "about this account": labels and what follows them, line by line.
fn profile(seen: &skim::Skim) -> Option<Profile> {
    let lines: Vec<&str> = seen.visible.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let after = |labels: &[&str]| {
        let at = lines.iter().position(|line| labels.contains(line))?;
        lines.get(at + 1).map(|line| (*line).to_owned())
    };
    let description = after(&["公众号简介", "服务号简介", "订阅号简介", "功能介绍"]);
    let certified_subject = after(&["认证主体", "账号主体", "帐号主体"]);
    let found = description.is_some() || certified_subject.is_some();
    found.then_some(Profile { name: None, description, certified_subject, followers: None })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sources::tests::read_as;

    const FIRST: &str = r#"<html><head><meta property="og:url" content="https://mp.weixin.qq.com/s/Abc" /></head><body><h2 id="activity-name"> 停水通知 </h2>
      <div id="js_content"><p>请储水，<a href="https://www.example.cn/a">详情</a></p></div>
      <script>var nickname = "某某区发布"; var msg_title = '停水通知 &amp; 说明'.html(false); var ct = "1785463200"; var publish_time = "2026-07-31" || "";</script></body></html>"#;
    const LATEST: &str = r"<html><body><div id='js_article'></div><script>window.cgiDataNew = { nick_name: JsDecode('某某区发布'),
      title: JsDecode('公告\x26amp;说明'), content_noencode: JsDecode('一\x0a\x3ca href=\x22https://www.example.cn/b\x22\x3e二\x3c/a\x3e'),
      create_time: JsDecode('2026-07-31 10:00'), ori_create_time: '1785463200' * 1, signature: JsDecode('示例\'号'), };</script></body></html>";
    const HISTORY: &str = r#"<html><title>某某区发布</title><script>
      var msgList = {"list":[{"comm_msg_info":{"id":1,"datetime":1785463200},"app_msg_ext_info":{"title":"一","content_url":"/s?x=1"}}]};
      </script></html>"#;

    fn read(html: &str) -> Result<Reading, Unreadable> {
        read_as(SourceKind::Wechat, "https://mp.weixin.qq.com/s/Abc", html)
    }

    #[test]
    fn an_article_of_any_generation_is_one_post_and_proves_no_silence() {
        let first = read(FIRST).unwrap();
        assert_eq!(first.posts[0].title, "停水通知 & 说明");
        assert_eq!(first.posts[0].text, "请储水，详情");
        assert_eq!(first.posts[0].links, ["https://www.example.cn/a"]);
        let latest = read(LATEST).unwrap();
        assert_eq!(latest.posts[0].title, "公告&说明");
        assert_eq!(latest.posts[0].links, ["https://www.example.cn/b"]);
        for reading in [first, latest] {
            assert_eq!(reading.coverage, Coverage::Part);
            assert_eq!(reading.posts[0].published_at.unwrap().to_rfc3339(), "2026-07-31T10:00:00+08:00");
            assert_eq!(reading.posts[0].url.as_deref(), Some("https://mp.weixin.qq.com/s/Abc"));
            assert_eq!(reading.profile.unwrap().name.as_deref(), Some("某某区发布"));
        }
    }

    #[test]
    fn every_notice_has_a_reason_of_its_own() {
        for (says, gone) in [
            ("该内容已被发布者删除", Gone::Deleted),
            ("The content has been deleted by the author.", Gone::Deleted),
            ("此内容因违规无法查看 由用户投诉并经平台审核，涉嫌过度营销", Gone::Violating),
            ("由用户投诉并经平台审核，violating relevant laws and regulations，查看 对应规则", Gone::Violating),
            ("该公众号已迁移", Gone::Migrated),
            ("此帐号已自主注销，内容无法查看。", Gone::Cancelled),
            ("该帐号已系统注销", Gone::Reclaimed),
            ("帐号已被系统回收", Gone::Reclaimed),
            ("此内容发送失败无法查看", Gone::SendFailed),
            ("链接已过期", Gone::Expired),
            ("该内容暂时无法查看", Gone::Unavailable),
            ("此账号已被屏蔽, 内容无法查看", Gone::Banned),
        ] {
            let page = format!(
                "<html><body><div class='weui-msg'><h2>{says}</h2><p>微信公众平台运营中心</p></div></body></html>"
            );
            assert_eq!(read(&page), Err(Unreadable::Gone(gone)), "{says}");
        }
        let moved = "<script>var transferTargetLink = 'https://mp.weixin.qq.com/s/x';</script><p>已搬家</p>";
        assert_eq!(read(&format!("<html>{moved}</html>")), Err(Unreadable::Gone(Gone::Migrated)));
    }

    #[test]
    fn a_captcha_says_nothing_and_an_article_about_deletion_is_an_article() {
        let captcha = "<html><h2>环境异常</h2><p>当前环境异常，完成验证后即可继续访问。</p><a>去验证</a></html>";
        assert_eq!(read(captcha), Err(Unreadable::Blocked(Block::Captcha)));
        let about = FIRST.replace("请储水", "谣言文章已被发布者删除");
        assert_eq!(read(&about).unwrap().posts.len(), 1);
        assert_eq!(read("<html><p>x</p></html>"), Err(Unreadable::UnknownShape(SourceKind::Wechat)));
    }

    #[test]
    fn a_list_page_is_whole_and_a_profile_page_lists_nothing() {
        let history = read(HISTORY).unwrap();
        assert_eq!((history.posts.len(), history.coverage), (1, Coverage::Whole));
        let about = "<html><title>关于公众号</title><div>公众号简介</div><div>示例</div><div>认证主体</div><div>某某区总工会</div></html>";
        let reading = read(about).unwrap();
        assert_eq!((reading.posts.len(), reading.coverage), (0, Coverage::Part));
        assert_eq!(reading.profile.unwrap().certified_subject.as_deref(), Some("某某区总工会"));
    }

    #[test]
    fn no_mutation_makes_it_panic() {
        crate::sources::tests::survives(SourceKind::Wechat, &[FIRST, LATEST, HISTORY]);
    }
}
