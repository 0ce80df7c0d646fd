//! `toutiao` 头条接口: lists of articles and short posts, one article.

use serde_json::{Map, Value};

use super::json::{self, Found, Rest};
use super::{ReadContext, Unreadable};
use crate::domain::account::SourceKind;
use crate::domain::post::{Post, Profile, Reading};

/// Where a time is looked for: `behot_time` orders the list, and is not always the publication.
const TIMES: &[&str] = &["publish_time", "publishTime", "create_time", "behot_time", "datetime"];

pub(super) fn read(
    url: &str,
    text: &str,
    options: &Map<String, Value>,
    context: &ReadContext,
) -> Result<Reading, Unreadable> {
    let answer = json::parse(text)?;
    check(&answer)?;
    let own = json::own(url, options, &["user_id", "visit_user_id"]);
    let data = &answer["data"];
    // `pc_profile_article` and its like list one kind of post.
    let of_a_kind = json::query(url, "category").is_some_and(|of| of.contains("profile_") && !of.contains("all"));
    let mut part = json::is_later_page(url, &["max_behot_time", "offset", "page"]) || of_a_kind;
    let unknown = || Unreadable::UnknownShape(SourceKind::Toutiao);
    let lists = [data, &data["list"], &data["data"], &answer["items"], &answer["articles"]];
    let items = match lists.into_iter().find_map(json::list) {
        Some(items) => items,
        None if data["content"].is_string() || data["title"].is_string() => {
            part = true;
            std::slice::from_ref(data)
        }
        None => return profile(data).map(json::profile_only).ok_or_else(unknown),
    };
    let mut profile = None;
    let mut found = Vec::new();
    for item in items {
        // The app's interface wraps each item into text.
        let inner = item["content"].as_str().filter(|text| text.trim_start().starts_with('{'));
        let inner: Option<Value> = inner.and_then(|text| serde_json::from_str(text).ok());
        let item = inner.as_ref().unwrap_or(item);
        let Some(read) = article(item, context) else {
            // What advertises is no post.
            if !json::is_set(&item["ad_id"]) {
                found.push(Found::strange());
            }
            continue;
        };
        let is_own = own.as_ref().is_none_or(|own| read.authors.contains(own));
        if profile.is_none() && is_own {
            profile = ["user_info", "media_info", "user"].iter().find_map(|name| self::profile(&item[*name]));
        }
        found.push(read);
    }
    if found.is_empty() && !items.is_empty() {
        return Err(unknown());
    }
    let found = json::known(SourceKind::Toutiao, found)?;
    let complete = [&answer["has_more"], &data["has_more"]].into_iter().any(json::is_no);
    json::finish(SourceKind::Toutiao, found, Rest { profile, own, part, complete, ..Rest::default() })
}

/// `message` other than success, or a code other than 0, is a reason.
fn check(answer: &Value) -> Result<(), Unreadable> {
    let message = json::first(answer, &["message", "msg", "err_tips", "reason"]);
    if message.as_deref() == Some("error") {
        return Err(json::refusal(&answer["code"], json::first(&answer["data"], &["message", "msg"]).or(message)));
    }
    let code = [&answer["err_no"], &answer["code"], &answer["error_code"]].into_iter().find_map(json::word);
    match code.as_deref() {
        None | Some("0" | "200") => Ok(()),
        Some(code) => Err(json::refusal(&Value::from(code), message)),
    }
}

fn profile(user: &Value) -> Option<Profile> {
    Some(Profile {
        name: Some(json::first(user, &["name", "screen_name"])?),
        description: json::first(user, &["description", "desc"]),
        certified_subject: json::subject(json::first(user, &["verified_content", "auth_info"])),
        followers: json::count(&user["followers_count"]).or_else(|| json::count(&user["fans"])),
    })
}

fn article(item: &Value, context: &ReadContext) -> Option<Found> {
    let html = json::first(item, &["content", "abstract", "Abstract"]).unwrap_or_default();
    let (text, links) = json::body(item["content"].as_str().unwrap_or(&html), None);
    let title = json::first(item, &["title", "Title"]).unwrap_or_else(|| json::headline(&text));
    if title.is_empty() {
        return None;
    }
    let id = json::first(item, &["group_id", "item_id", "gid", "thread_id", "id"]);
    let base = url::Url::parse("https://www.toutiao.com/").ok();
    let linked = json::first(item, &["share_url", "article_url", "display_url", "url", "source_url"]);
    let authors = ["user_info", "media_info", "user"]
        .iter()
        .flat_map(|name| json::words(&item[*name], &["user_id", "media_id", "id", "token"]));
    let mut authors: Vec<String> = authors.collect();
    authors.extend(json::words(item, &["creator_uid", "media_id"]));
    let post = Post {
        url: linked
            .and_then(|linked| super::markup::absolute(&linked, base.as_ref()))
            .or_else(|| id.as_ref().map(|id| format!("https://www.toutiao.com/item/{id}/"))),
        id: id.unwrap_or_else(|| title.clone()),
        title,
        published_at: json::first_instant(item, TIMES, context),
        pinned: json::is_set(&item["is_stick"])
            || json::is_set(&item["stick_style"])
            || item["label"].as_str().is_some_and(|label| label.contains("置顶")),
        text,
        links,
    };
    Some(Found { post, authors })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::post::Coverage;
    use crate::sources::tests::{context, read_as};

    const FEED: &str = r#"{"message":"success","has_more":false,"data":[
      {"group_id":"71","title":"欢迎关注","behot_time":1685463200,"is_stick":true,"user_info":{"user_id":7,"name":"某某区发布"}},
      {"group_id":"72","title":"停水通知","publish_time":1785463200,"behot_time":1785463900,"display_url":"/group/72/","user_info":{"user_id":7}},
      {"content":"{\"item_id\":73,\"title\":\"公告\",\"publish_time\":1785376800000,\"user_info\":{\"user_id\":7}}"}]}"#;

    #[test]
    fn a_list_is_read_in_seconds_and_milliseconds() {
        let reading =
            read_as(SourceKind::Toutiao, "https://www.toutiao.com/api/pc/list/feed?max_behot_time=0", FEED).unwrap();
        let times: Vec<_> = reading.posts.iter().map(|post| post.published_at.unwrap().to_rfc3339()).collect();
        assert_eq!(times[1..], ["2026-07-31T10:00:00+08:00", "2026-07-30T10:00:00+08:00"]);
        assert!(reading.posts[0].pinned && !reading.posts[1].pinned);
        assert_eq!(reading.posts[1].url.as_deref(), Some("https://www.toutiao.com/group/72/"));
        assert_eq!(reading.coverage, Coverage::Whole);
        assert_eq!(reading.newest_until(context().as_of).unwrap().to_rfc3339(), times[1]);
    }

    #[test]
    fn one_article_is_part_of_what_there_is_and_errors_are_reasons() {
        let read = |text: &str| read_as(SourceKind::Toutiao, "https://www.toutiao.com/x", text);
        let article = r#"{"data":{"title":"公告","content":"<p>正文</p>","publish_time":1785463200}}"#;
        assert_eq!(read(article).unwrap().coverage, Coverage::Part);
        assert_eq!(read(r#"{"data":{"content":"<p>正文</p>"}}"#), Err(Unreadable::NoDates));
        assert!(matches!(read(r#"{"message":"error","data":{"message":"x"}}"#), Err(Unreadable::Refused(_))));
        assert_eq!(
            read(r#"{"message":"success","data":[{"ad_id":1}]}"#),
            Err(Unreadable::UnknownShape(SourceKind::Toutiao))
        );
        assert_eq!(read(r#"{"message":"success"}"#), Err(Unreadable::UnknownShape(SourceKind::Toutiao)));
    }

    #[test]
    fn an_item_in_no_known_form_may_be_the_newest_and_an_advertisement_is_none() {
        let read = |item: &str| {
            let feed = FEED.replacen(r#""data":["#, &format!(r#""data":[{item},"#), 1);
            read_as(SourceKind::Toutiao, "https://www.toutiao.com/x", &feed).unwrap()
        };
        assert_eq!(read(r#"{"cell_type":49,"raw_data":{}}"#).unplaced(context().as_of), 1);
        assert_eq!(read(r#"{"ad_id":12}"#).posts.len(), 3);
        assert!(read(r#"{"ad_id":12}"#).complete);
    }

    #[test]
    fn no_mutation_makes_it_panic() {
        crate::sources::tests::survives(SourceKind::Toutiao, &[FEED]);
    }
}
