//! `wechat` 微信接口: answers of the official interface, lists of mass-sent articles, article pages.
//!
//! The official interface leaves out what was sent to all followers, and an article page shows
//! one article: both prove activity and never silence.
//!
//! Decisions:
//! - The official list names no time of publication. Documented is `update_time` of an item (图文消息更新时间), which
//!   some answers have in `content` alone; undocumented is the `create_time` that stands there too. An article was
//!   published after it was put down and not after its last change, so the later time is told, and only where the
//!   two agree: a draft that waited long, and an old article that was changed lately, look alike.
//!   Source: developers.weixin.qq.com, `api_freepublish_batchget`; that fields stand elsewhere than documented, a
//!   thread there of 2021-11-08 (获取成功发布列表返回数据里面的`update_time`).
//! - The lists of the platform's own pages name `update_time` for publication too. Their `create_time`, when a draft
//!   was begun, is never read in its place: it makes an account look silent, and a review look late.

use chrono::{DateTime, FixedOffset, TimeDelta};
use serde_json::Value;
use url::Url;

use super::json::{self, Found, Rest};
use super::wechat_page;
use super::{Block, ReadContext, Unreadable, markup};
use crate::domain::account::SourceKind;
use crate::domain::keyed::keyed_enum;
use crate::domain::oddity::Oddity;
use crate::domain::post::{Post, Reading};

keyed_enum! {
    /// How an article or account is gone from the platform (无法查看的原因).
    Gone {
        Deleted = "article_deleted", "该文章已被发布者删除", "the article was deleted by its author";
        Violating = "article_violating", "该文章因违规被平台屏蔽，无法查看", "the platform removed the article for a violation";
        Unavailable = "article_unavailable", "该文章暂时无法查看", "the article cannot be viewed at present";
        SendFailed = "article_send_failed", "该文章发送失败，无法查看", "the article failed to be sent and cannot be viewed";
        Expired = "link_expired", "该文章链接为临时链接，已过期", "the link to the article was temporary and has expired";
        Migrated = "account_migrated", "该公众号已迁移", "the account has moved to another one";
        Cancelled = "account_cancelled", "该公众号已自主注销", "the account was cancelled by its owner";
        Reclaimed = "account_reclaimed", "该公众号已被系统注销或回收", "the account was cancelled or reclaimed by the system";
        Banned = "account_banned", "该公众号已被屏蔽或停止使用", "the account was blocked or suspended";
    }
}

/// As far apart an article's two times may lie for the later one to be its publication: half of the two weeks after
/// which an account is silent, so that who seems to have published lately has published within them.
const MOST_APART: TimeDelta = TimeDelta::days(7);

/// Parameters that name a later page.
const PAGING: &[&str] = &["offset", "begin"];

pub(super) fn read(url: &str, text: &str, context: &ReadContext) -> Result<Reading, Unreadable> {
    if text.trim_start().starts_with('<') {
        return wechat_page::read(url, text, context);
    }
    let answer = json::parse(text)?;
    check(&answer)?;
    let part = json::is_later_page(url, PAGING) || json::is_search(url, &["query"]);
    if answer["total_count"].is_number() || answer["item_count"].is_number() {
        return official(&answer, context);
    }
    if let Some(list) = json::nested(&answer["general_msg_list"]) {
        let complete = json::is_no(&answer["can_msg_continue"]);
        return sent(&list, url, Rest { part, complete, ..Rest::default() }, context);
    }
    if let Some(list) = json::list(&answer["app_msg_list"]) {
        let kept: Vec<&Value> = list.iter().filter(|item| !json::is_set(&item["is_deleted"])).collect();
        let warnings = deleted(list.len() - kept.len());
        let found = json::each(SourceKind::Wechat, kept, |item| listed(item, context))?;
        return json::finish(SourceKind::Wechat, found, Rest { part, warnings, ..Rest::default() });
    }
    if let Some(page) = json::nested(&answer["publish_page"]) {
        return published(&page, part, context);
    }
    Err(Unreadable::UnknownShape(SourceKind::Wechat))
}

/// `errcode`, `ret` or `base_resp.ret` other than 0 is a reason.
fn check(answer: &Value) -> Result<(), Unreadable> {
    let base = &answer["base_resp"];
    let message = || json::first(answer, &["errmsg"]).or_else(|| json::first(base, &["err_msg", "errmsg"]));
    for code in [&answer["errcode"], &answer["ret"], &base["ret"]] {
        match json::word(code).as_deref() {
            None | Some("0") => {}
            // The session of whoever opened this interface is over; too many requests.
            Some("-3" | "-6" | "200003") => return Err(Unreadable::Blocked(Block::Login)),
            Some("200013") => return Err(Unreadable::Blocked(Block::Firewall)),
            Some(_) => return Err(json::refusal(code, message())),
        }
    }
    Ok(())
}

/// `freepublish/batchget`.
fn official(answer: &Value, context: &ReadContext) -> Result<Reading, Unreadable> {
    let items = json::list(&answer["item"]).ok_or(Unreadable::UnknownShape(SourceKind::Wechat))?;
    let mut found = Vec::new();
    let mut deleted = 0usize;
    let mut strange = 0usize;
    for item in items {
        let content = &item["content"];
        let changed = [&item["update_time"], &content["update_time"]];
        let changed = changed.into_iter().filter_map(|time| json::instant(time, context)).max();
        let at = published_at(json::instant(&content["create_time"], context), changed);
        let Some(news) = json::list(&content["news_item"]) else {
            strange += 1;
            continue;
        };
        for (place, article) in news.iter().enumerate() {
            if json::is_set(&article["is_deleted"]) || json::is_set(&article["is_delete"]) {
                deleted += 1;
                continue;
            }
            let url = json::word(&article["url"]);
            let base = url.as_deref().and_then(|url| Url::parse(url).ok());
            let html = json::first(article, &["content", "digest"]).unwrap_or_default();
            let (text, links) = json::body(&html, base.as_ref());
            let id = json::word(&item["article_id"]).unwrap_or_default();
            let title = article["title"].as_str().map(|title| markup::fold(&markup::read(title, None).0));
            let title = title.filter(|title| !title.is_empty()).unwrap_or_else(|| json::headline(&text));
            let post = Post { id: format!("{id}#{place}"), url, title, published_at: at, pinned: false, text, links };
            found.push(Found { post, authors: Vec::new() });
        }
    }
    if found.is_empty() {
        let unknown = strange > 0 && deleted == 0;
        return Err(if unknown { Unreadable::UnknownShape(SourceKind::Wechat) } else { Unreadable::MassSentUnseen });
    }
    let mut warnings = vec![Oddity::MassSentLeftOut];
    if deleted > 0 {
        warnings.push(Oddity::Deleted(deleted));
    }
    json::finish(SourceKind::Wechat, found, Rest { part: true, warnings, ..Rest::default() })
}

/// When an article of the official list was published, as far as its times tell: see the decisions above.
fn published_at(
    created: Option<DateTime<FixedOffset>>,
    changed: Option<DateTime<FixedOffset>>,
) -> Option<DateTime<FixedOffset>> {
    changed.filter(|changed| created.is_none_or(|created| (*changed - created).abs() <= MOST_APART))
}

/// The list of mass-sent messages: each holds one article or several.
pub(super) fn sent(list: &Value, url: &str, rest: Rest, context: &ReadContext) -> Result<Reading, Unreadable> {
    let messages = json::list(&list["list"]).ok_or(Unreadable::UnknownShape(SourceKind::Wechat))?;
    let base = Url::parse(url).ok().or_else(|| Url::parse("https://mp.weixin.qq.com/").ok());
    let mut found = Vec::new();
    for message in messages {
        let head = &message["comm_msg_info"];
        let at = json::instant(&head["datetime"], context);
        let first = &message["app_msg_ext_info"];
        let more = json::list(&first["multi_app_msg_item_list"]).unwrap_or_default();
        let id = json::first(head, &["id", "datetime"]).unwrap_or_default();
        let said = json::word(&head["content"]).filter(|_| first["title"].is_null());
        let articles = std::iter::once(first).chain(more).filter_map(|article| {
            let title = json::word(&article["title"])?;
            Some((title, json::word(&article["digest"]).unwrap_or_default(), json::word(&article["content_url"])))
        });
        let texts = said.map(|text| (json::headline(&text), text, None));
        let before = found.len();
        for (place, (title, text, link)) in articles.chain(texts).enumerate() {
            let url = link.and_then(|link| markup::absolute(&link.replace("&amp;", "&"), base.as_ref()));
            let (text, links) = json::body(&text, None);
            let post = Post { id: format!("{id}#{place}"), url, title, published_at: at, pinned: false, text, links };
            found.push(Found { post, authors: Vec::new() });
        }
        if found.len() == before {
            // A picture, a recording or a film has no title and was sent all the same.
            let mut wordless = Found::strange();
            if !head["type"].is_null() && !id.is_empty() {
                (wordless.post.id, wordless.post.published_at) = (id, at);
            }
            found.push(wordless);
        }
    }
    json::finish(SourceKind::Wechat, json::known(SourceKind::Wechat, found)?, rest)
}

/// `appmsgpublish`: three answers packed into one another as text.
fn published(page: &Value, part: bool, context: &ReadContext) -> Result<Reading, Unreadable> {
    let list = json::list(&page["publish_list"]).ok_or(Unreadable::UnknownShape(SourceKind::Wechat))?;
    let (mut found, mut gone) = (Vec::new(), 0);
    for entry in list {
        let info = json::nested(&entry["publish_info"]).unwrap_or_default();
        let articles = json::list(&info["appmsgex"]).unwrap_or_default();
        if articles.is_empty() {
            // A text or picture that was sent to all stands among the articles, without one.
            let mut wordless = Found::strange();
            wordless.post.published_at = json::instant(&info["sent_info"]["time"], context);
            found.push(wordless);
        }
        let kept: Vec<&Value> = articles.iter().filter(|article| !json::is_set(&article["is_deleted"])).collect();
        gone += articles.len() - kept.len();
        let sent_at = json::instant(&info["sent_info"]["time"], context);
        found.extend(kept.into_iter().map(|article| {
            let mut article = listed(article, context).unwrap_or_else(Found::strange);
            article.post.published_at = article.post.published_at.or(sent_at);
            article
        }));
    }
    let found = json::known(SourceKind::Wechat, found)?;
    json::finish(SourceKind::Wechat, found, Rest { part, warnings: deleted(gone), ..Rest::default() })
}

/// What the author deleted is no post, and is told of.
fn deleted(count: usize) -> Vec<Oddity> {
    if count > 0 { vec![Oddity::Deleted(count)] } else { Vec::new() }
}

fn listed(item: &Value, context: &ReadContext) -> Option<Found> {
    let title = json::word(&item["title"])?;
    let url = json::word(&item["link"]);
    let (text, links) = json::body(&json::word(&item["digest"]).unwrap_or_default(), None);
    let post = Post {
        id: json::first(item, &["aid", "appmsgid"]).or_else(|| url.clone()).unwrap_or_else(|| title.clone()),
        url,
        title,
        published_at: json::instant(&item["update_time"], context),
        pinned: false,
        text,
        links,
    };
    Some(Found { post, authors: Vec::new() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::post::Coverage;
    use crate::sources::tests::{context, read_as};

    const ADDRESS: &str = "https://api.weixin.qq.com/cgi-bin/freepublish/batchget";
    const OFFICIAL: &str = r#"{"total_count":2,"item_count":2,"item":[
      {"article_id":"a1","update_time":1685463200,"content":{"news_item":[{"title":"旧闻","url":"https://mp.weixin.qq.com/s/1","is_deleted":false,"content":"<p>见<a href='https://www.example.cn/a'>此</a></p>"},{"title":"已删","is_delete":true}]}},
      {"article_id":"a2","update_time":1785463200,"content":{"create_time":1785463200,"update_time":1785463200,"news_item":[{"title":"停水通知","url":"https://mp.weixin.qq.com/s/2","digest":"请储水"}]}}]}"#;
    const SENT: &str = r#"{"ret":0,"errmsg":"ok","general_msg_list":"{\"list\":[{\"comm_msg_info\":{\"id\":1,\"datetime\":1785463200},\"app_msg_ext_info\":{\"title\":\"停水通知\",\"digest\":\"请储水\",\"content_url\":\"/s?a=1&amp;b=2\",\"multi_app_msg_item_list\":[{\"title\":\"次条\",\"content_url\":\"/s/2\"}]}}]}"}"#;
    const DRAFTED: &str = r#"{"base_resp":{"ret":0},"publish_page":"{\"publish_list\":[{\"publish_info\":\"{\\\"appmsgex\\\":[{\\\"aid\\\":\\\"1_1\\\",\\\"title\\\":\\\"公告\\\",\\\"link\\\":\\\"https://mp.weixin.qq.com/s/3\\\",\\\"update_time\\\":1785463200}]}\"}]}"}"#;

    #[test]
    fn the_official_list_is_unordered_and_only_a_part() {
        let reading = read_as(SourceKind::Wechat, ADDRESS, OFFICIAL).unwrap();
        assert_eq!(reading.coverage, Coverage::Part);
        assert_eq!(reading.posts.iter().map(|post| post.title.as_str()).collect::<Vec<_>>(), ["旧闻", "停水通知"]);
        assert_eq!(reading.newest_until(context().as_of).unwrap().to_rfc3339(), "2026-07-31T10:00:00+08:00");
        assert_eq!(reading.posts[0].links, ["https://www.example.cn/a"]);
        assert!(reading.warnings.contains(&Oddity::MassSentLeftOut));
    }

    #[test]
    fn an_article_of_the_official_list_has_the_time_that_both_of_its_times_allow() {
        let day = 86_400;
        let at = |created: Option<i64>, within: Option<i64>, beside: Option<i64>| {
            let content = serde_json::json!({ "news_item": [{ "title": "通知" }], "create_time": created, "update_time": within });
            let other =
                serde_json::json!({ "update_time": 1_685_463_200, "content": { "news_item": [{ "title": "旧" }] } });
            let item = serde_json::json!({ "article_id": "a1", "update_time": beside, "content": content });
            let answer = serde_json::json!({ "total_count": 2, "item": [item, other] }).to_string();
            let reading = read_as(SourceKind::Wechat, ADDRESS, &answer).unwrap();
            reading.posts[0].published_at.map(|at| at.timestamp())
        };
        let now = 1_785_463_200;
        for (created, within, beside, wanted) in [
            // Published at once; after reviews of some days; the time in one place alone.
            (Some(now), Some(now), Some(now), Some(now)),
            (Some(now - 5 * day), Some(now), Some(now), Some(now)),
            (Some(now - 5 * day), Some(now), None, Some(now)),
            (None, None, Some(now), Some(now)),
            (Some(now - day), Some(now - day), Some(now), Some(now)),
            // Drafted long ago and published now, or published long ago and changed now: who can tell?
            (Some(now - 60 * day), Some(now), Some(now), None),
            (Some(now), Some(now - 60 * day), None, None),
            // When it was put down says nothing by itself.
            (Some(now), None, None, None),
        ] {
            assert_eq!(at(created, within, beside), wanted, "{created:?} {within:?} {beside:?}");
        }
    }

    #[test]
    fn when_a_draft_was_begun_is_never_when_it_was_published() {
        let address = "https://mp.weixin.qq.com/cgi-bin/appmsgpublish";
        let published = |info: &str| {
            let list = serde_json::json!({ "publish_list": [{ "publish_info": info },
                { "publish_info": r#"{"appmsgex":[{"title":"旧","update_time":1685463200}]}"# }] });
            let answer = serde_json::json!({ "base_resp": { "ret": 0 }, "publish_page": list.to_string() }).to_string();
            let reading = read_as(SourceKind::Wechat, address, &answer).unwrap();
            reading.posts[0].published_at.map(|at| at.timestamp())
        };
        let drafted = |more: &str| format!(r#"{{"appmsgex":[{{"title":"公告","create_time":1685463200{more}}}]"#);
        assert_eq!(published(&(drafted(r#","update_time":1785463200"#) + "}")), Some(1_785_463_200));
        assert_eq!(published(&(drafted("") + r#","sent_info":{"time":1785463200}}"#)), Some(1_785_463_200));
        assert_eq!(published(&(drafted("") + "}")), None);
    }

    #[test]
    fn an_empty_official_list_is_not_idleness() {
        let read = |text: &str| read_as(SourceKind::Wechat, ADDRESS, text);
        assert_eq!(read(r#"{"item":[],"total_count":0,"item_count":0}"#), Err(Unreadable::MassSentUnseen));
        let deleted = r#"{"item":[{"content":{"news_item":[{"title":"x","is_deleted":true}]}}],"total_count":1}"#;
        assert_eq!(read(deleted), Err(Unreadable::MassSentUnseen));
        assert_eq!(read(r#"{"total_count":1,"item":[{}]}"#), Err(Unreadable::UnknownShape(SourceKind::Wechat)));
        assert_eq!(read(r#"{"total_count":1}"#), Err(Unreadable::UnknownShape(SourceKind::Wechat)));
    }

    #[test]
    fn errors_are_reasons() {
        let read = |text: &str| read_as(SourceKind::Wechat, ADDRESS, text);
        let unauthorised = read(r#"{"errcode":48001,"errmsg":"api unauthorized"}"#);
        assert_eq!(unauthorised, Err(Unreadable::Refused("48001 api unauthorized".to_owned())));
        assert_eq!(read(r#"{"ret":-3,"errmsg":"no session"}"#), Err(Unreadable::Blocked(Block::Login)));
        let busy = read(r#"{"base_resp":{"ret":200013,"err_msg":"freq control"}}"#);
        assert_eq!(busy, Err(Unreadable::Blocked(Block::Firewall)));
        assert_eq!(read("{}"), Err(Unreadable::UnknownShape(SourceKind::Wechat)));
    }

    #[test]
    fn lists_of_mass_sent_articles_are_whole() {
        let sent = read_as(SourceKind::Wechat, "https://mp.weixin.qq.com/mp/profile_ext?offset=0", SENT).unwrap();
        assert_eq!((sent.posts.len(), sent.coverage), (2, Coverage::Whole));
        assert_eq!(sent.posts[0].url.as_deref(), Some("https://mp.weixin.qq.com/s?a=1&b=2"));
        let later = read_as(SourceKind::Wechat, "https://mp.weixin.qq.com/mp/profile_ext?offset=10", SENT).unwrap();
        assert_eq!(later.coverage, Coverage::Part);
        let drafted = read_as(SourceKind::Wechat, "https://mp.weixin.qq.com/cgi-bin/appmsgpublish", DRAFTED).unwrap();
        assert_eq!(drafted.posts[0].published_at.unwrap().to_rfc3339(), "2026-07-31T10:00:00+08:00");
    }

    #[test]
    fn what_was_sent_without_a_title_or_in_no_known_form_is_listed_all_the_same() {
        let address = "https://mp.weixin.qq.com/mp/profile_ext?offset=0";
        let first = |message: &str| {
            let list = format!(
                r#"{{"list":[{message},{{"comm_msg_info":{{"id":1,"datetime":1685463200}},"app_msg_ext_info":{{"title":"旧"}}}}]}}"#
            );
            let sent = serde_json::json!({ "ret": 0, "can_msg_continue": 0, "general_msg_list": list }).to_string();
            let reading = read_as(SourceKind::Wechat, address, &sent).unwrap();
            assert!(reading.complete && reading.posts.len() == 2, "{message}");
            reading.posts[0].published_at.map(|at| at.to_rfc3339())
        };
        let picture = r#"{"comm_msg_info":{"id":2,"type":3,"datetime":1785463200},"image_msg_ext_info":{}}"#;
        assert_eq!(first(picture).as_deref(), Some("2026-07-31T10:00:00+08:00"));
        assert_eq!(first(r#"{"message":{"datetime":1785463200}}"#), None);
        let page = |info: &str| {
            let old = r#"{"appmsgex":[{"title":"旧","update_time":1685463200},{"title":"删","is_deleted":true,"update_time":1785463200}]}"#;
            let list = serde_json::json!({ "publish_list": [{ "publish_info": info }, { "publish_info": old }] });
            let answer = serde_json::json!({ "base_resp": { "ret": 0 }, "publish_page": list.to_string() }).to_string();
            let reading = read_as(SourceKind::Wechat, address, &answer).unwrap();
            assert_eq!(reading.posts.len(), 2, "{info}");
            reading.posts[0].published_at.is_some()
        };
        assert!(page(r#"{"type":9,"sent_info":{"time":1785463200},"appmsgex":[]}"#));
        assert!(!page("{}") && !page("?") && !page(r#"{"appmsgex":[{"name":"新"}]}"#));
    }

    #[test]
    fn no_mutation_makes_it_panic() {
        crate::sources::tests::survives(SourceKind::Wechat, &[OFFICIAL, SENT, DRAFTED]);
    }
}
