//! The bytes the world serves: feeds, list pages, articles, and the pages of trouble.

use std::fmt::Write as _;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use serde_json::json;

use super::posts::WorldPost;

/// What every form of a list needs.
pub(super) struct Listing {
    pub(super) base: String,
    pub(super) account: usize,
    pub(super) name: String,
    pub(super) tz: Tz,
    pub(super) posts: Vec<WorldPost>,
}

impl Listing {
    pub(super) fn post_url(&self, post: &WorldPost) -> String {
        format!("{}/p/{}/{}", self.base, self.account, post.key)
    }

    fn home(&self) -> String {
        format!("{}/h/{}", self.base, self.account)
    }

    fn body(&self, post: &WorldPost) -> String {
        body(&self.base, post)
    }

    pub(super) fn rss(&self) -> String {
        let mut out = format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<rss version=\"2.0\"><channel><title>{}</title><link>{}</link>\
             <description>{}的动态</description>\n",
            escape(&self.name),
            self.home(),
            escape(&self.name)
        );
        for post in &self.posts {
            let url = self.post_url(post);
            // Infallible: writing to a String.
            let _ = writeln!(
                out,
                "<item><title>{}</title><link>{url}</link><guid isPermaLink=\"true\">{url}</guid><pubDate>{}</pubDate>\
                 <description>{}</description></item>",
                escape(&post.title),
                post.at.with_timezone(&self.tz).to_rfc2822(),
                escape(&self.body(post))
            );
        }
        out.push_str("</channel></rss>\n");
        out
    }

    pub(super) fn atom(&self) -> String {
        let updated = self.posts.first().map(|p| p.at).unwrap_or_default();
        let mut out = format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<feed xmlns=\"http://www.w3.org/2005/Atom\"><title>{}</title>\
             <id>{}</id><link href=\"{}\"/><updated>{}</updated>\n",
            escape(&self.name),
            self.home(),
            self.home(),
            self.stamp(updated)
        );
        for post in &self.posts {
            let (url, at) = (self.post_url(post), self.stamp(post.at));
            let _ = writeln!(
                out,
                "<entry><title>{}</title><id>{url}</id><link rel=\"alternate\" href=\"{url}\"/><published>{at}</published>\
                 <updated>{at}</updated><content type=\"html\">{}</content></entry>",
                escape(&post.title),
                escape(&self.body(post))
            );
        }
        out.push_str("</feed>\n");
        out
    }

    pub(super) fn json_feed(&self) -> String {
        let items: Vec<_> = self
            .posts
            .iter()
            .map(|post| {
                let url = self.post_url(post);
                json!({ "id": url, "url": url, "title": post.title, "content_html": self.body(post),
                    "date_published": self.stamp(post.at) })
            })
            .collect();
        json!({ "version": "https://jsonfeed.org/version/1.1", "title": self.name, "home_page_url": self.home(), "items": items })
            .to_string()
    }

    /// A list page whose head declares `charset`; the caller encodes it as it likes.
    pub(super) fn html(&self, charset: &str) -> String {
        let mut items = String::new();
        for post in &self.posts {
            let at = post.at.with_timezone(&self.tz).format("%Y-%m-%d %H:%M");
            let _ = writeln!(
                items,
                "<li><a href=\"/p/{}/{}\" title=\"{title}\">{title}</a><span class=\"date\">{at}</span></li>",
                self.account,
                post.key,
                title = escape(&post.title)
            );
        }
        page(
            charset,
            &self.name,
            &format!(
                "<div class=\"nav\"><a href=\"/h/{0}\">首页</a> <a href=\"/h/{0}?about\">关于我们</a></div>\n<h1>{1}</h1>\n\
                 <ul class=\"list\">\n{items}</ul>\n<div class=\"footer\">版权所有 {1}</div>",
                self.account,
                escape(&self.name)
            ),
        )
    }

    /// The home page of a website; `marked`: the mark of party and government bodies stands at its foot.
    pub(super) fn site(&self, marked: bool) -> String {
        let mut items = String::new();
        for post in &self.posts {
            let at = post.at.with_timezone(&self.tz).format("%Y-%m-%d");
            let title = escape(&post.title);
            let _ = writeln!(
                items,
                "<li><a href=\"/p/{}/{}\" title=\"{title}\">{title}</a><span>{at}</span></li>",
                self.account, post.key
            );
        }
        let mark = if marked { "<a href=\"https://bszs.conac.cn/sitename\">党政机关</a> " } else { "" };
        page(
            "utf-8",
            &self.name,
            &format!(
                "<h1>{0}</h1>\n<ul class=\"list\">\n{items}</ul>\n<footer>{mark}主办单位：{0} 联系电话：000-0000000 \
                 网站标识码：0000000018 <a href=\"/w/{1}/map\">网站地图</a> 虚ICP备00000000号 虚公网安备00000000000000号 \
                 <a href=\"https://zfwzgl.www.gov.cn/exposure/\">我为政府网站找错</a></footer>",
                escape(&self.name),
                self.account
            ),
        )
    }

    fn stamp(&self, at: DateTime<Utc>) -> String {
        at.with_timezone(&self.tz).to_rfc3339()
    }
}

fn body(base: &str, post: &WorldPost) -> String {
    let link = post
        .outbound
        .as_ref()
        .map(|path| format!("<p>相关链接：<a href=\"{base}{path}\">查看原文</a></p>"))
        .unwrap_or_default();
    format!("<p>{}</p>{link}", post.sentence)
}

pub(super) fn article(base: &str, account: &str, tz: Tz, post: &WorldPost) -> String {
    let at = post.at.with_timezone(&tz).format("%Y-%m-%d %H:%M");
    let title = escape(&post.title);
    page(
        "utf-8",
        &title,
        &format!("<h1>{title}</h1>\n<p class=\"meta\">{at} 来源：{}</p>\n{}", escape(account), body(base, post)),
    )
}

pub(super) fn service(unit: &str) -> String {
    page(
        "utf-8",
        &format!("{unit}办事服务"),
        &format!("<h1>{unit}办事服务</h1>\n<p>在线查询、预约取号、进度跟踪。请按提示选择事项，准备材料后提交。</p>"),
    )
}

pub(super) fn notice() -> String {
    page("utf-8", "政策原文", "<h1>政策原文</h1>\n<p>为便利群众办事，现将有关事项公布如下，请各单位遵照执行。</p>")
}

/// Answers with status 404, or with 200 where the soft 404 is planted.
pub(super) fn missing() -> String {
    page("utf-8", "页面不存在", "<h1>页面不存在</h1>\n<p>您访问的页面不存在或已被删除。</p>")
}

/// What a robot sees where robots are unwelcome.
pub(super) fn challenge() -> String {
    page(
        "utf-8",
        "安全验证",
        "<div id=\"captcha\" class=\"captcha\"><h1>安全验证</h1><p>访问过于频繁，请完成下方验证码后继续访问。</p>\
         <form action=\"/verify\"><input name=\"captcha\" placeholder=\"请输入验证码\"></form></div>",
    )
}

pub(super) fn unavailable() -> String {
    page("utf-8", "503 Service Unavailable", "<h1>503 Service Unavailable</h1>")
}

/// A feed that stops being XML in its second element.
pub(super) fn malformed() -> String {
    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<rss version=\"2.0\"><channel><title>云溪</tittle><item><title>未完 & 待续".to_owned()
}

fn page(charset: &str, title: &str, body: &str) -> String {
    format!(
        "<!DOCTYPE html>\n<html lang=\"zh-CN\"><head><meta charset=\"{charset}\"><title>{title}</title></head>\n<body>\n{body}\n\
         </body></html>\n"
    )
}

/// Escapes text for HTML and XML.
fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
