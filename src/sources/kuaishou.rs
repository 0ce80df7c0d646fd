//! `kuaishou` 快手接口: `feeds` of the app and of the site's queries, `list` of the live site,
//! `video_list` of the open platform, a user. Times are milliseconds.

use serde_json::{Map, Value};

use super::json::{self, Found, Rest};
use super::{Block, ReadContext, Unreadable};
use crate::domain::account::SourceKind;
use crate::domain::post::{Post, Profile, Reading};

pub(super) fn read(
    url: &str,
    text: &str,
    options: &Map<String, Value>,
    context: &ReadContext,
) -> Result<Reading, Unreadable> {
    let answer = json::parse(text)?;
    let data = &answer["data"];
    if let Some(error) = json::list(&answer["errors"]).and_then(<[Value]>::first) {
        return Err(json::refusal(&Value::Null, json::word(&error["message"])));
    }
    let queried = [&data["visionProfilePhotoList"], &data["publicFeeds"], &data["privateFeeds"]];
    let lists: Vec<&Value> = queried.into_iter().chain([data, &answer]).collect();
    for list in &lists {
        check(list)?;
    }
    let own = json::own(url, options, &["principalId", "userId", "user_id"]);
    let users = [&data["visionProfile"]["userProfile"], &answer["userProfile"], &data["userInfo"], &answer["user"]];
    let profile = users.into_iter().find_map(profile);
    let items = lists
        .iter()
        .find_map(|list| ["feeds", "list", "video_list", "photos"].iter().find_map(|name| json::list(&list[*name])));
    let Some(items) = items else {
        return profile.map(json::profile_only).ok_or(Unreadable::UnknownShape(SourceKind::Kuaishou));
    };
    let found = json::each(SourceKind::Kuaishou, items, |item| work(item, context))?;
    let part = json::is_later_page(url, &["pcursor", "cursor"]);
    let complete = lists.iter().any(|list| list["pcursor"].as_str() == Some("no_more"));
    json::finish(SourceKind::Kuaishou, found, Rest { profile, own, part, complete, ..Rest::default() })
}

/// `result` other than 1 is a reason.
fn check(answer: &Value) -> Result<(), Unreadable> {
    match answer["result"].as_i64() {
        None | Some(1) => Ok(()),
        Some(109) => Err(Unreadable::Blocked(Block::Login)),
        Some(400_002) => Err(Unreadable::Blocked(Block::Captcha)),
        Some(_) => Err(json::refusal(&answer["result"], json::first(answer, &["error_msg", "errorMsg", "message"]))),
    }
}

fn profile(user: &Value) -> Option<Profile> {
    let inner = if user["profile"].is_object() { &user["profile"] } else { user };
    Some(Profile {
        name: Some(json::first(inner, &["user_name", "userName", "name"])?),
        description: json::first(inner, &["user_text", "description"]),
        certified_subject: json::subject(json::word(&inner["verifiedDetail"]["description"])),
        followers: json::count(&user["ownerCount"]["fan"]).or_else(|| json::count(&inner["fan"])),
    })
}

fn work(item: &Value, context: &ReadContext) -> Option<Found> {
    // The site's queries put the work beside its author.
    let photo = if item["photo"].is_object() { &item["photo"] } else { item };
    let id = json::first(photo, &["photoId", "photo_id", "id"])?;
    let author = &item["author"];
    let mut authors = json::words(item, &["userId", "userEid", "user_id"]);
    authors.extend(json::words(author, &["id", "eid", "kwaiId"]));
    let (text, links) = json::body(&json::first(photo, &["caption", "title"]).unwrap_or_default(), None);
    let post = Post {
        url: Some(format!("https://www.kuaishou.com/short-video/{id}")),
        id,
        title: json::headline(&text),
        published_at: json::first_instant(photo, &["timestamp", "create_time", "createTime"], context),
        pinned: ["isTop", "is_top", "profilePagePinned", "top"]
            .iter()
            .any(|mark| json::is_set(&photo[*mark]) || json::is_set(&item[*mark])),
        text,
        links,
    };
    Some(Found { post, authors })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::post::Coverage;
    use crate::sources::tests::read_as;

    const QUERY: &str = r#"{"data":{"visionProfilePhotoList":{"result":1,"pcursor":"1","feeds":[
      {"author":{"id":"3xa","name":"某某区发布"},"photo":{"id":"p1","caption":"停水通知","timestamp":1785463200000}},
      {"author":{"id":"3xa"},"photo":{"id":"p2","caption":"旧","timestamp":1585463200000,"profilePagePinned":true}}]}}}"#;
    const FEEDS: &str = r#"{"result":1,"feeds":[{"photoId":"1","userId":11,"userEid":"3xa","userName":"甲","caption":"一","timestamp":1785463200123},
      {"photoId":"2","userId":12,"userEid":"3xb","userName":"乙","caption":"二","timestamp":1785376800000}]}"#;

    #[test]
    fn times_are_milliseconds_and_the_pinned_one_is_marked() {
        let reading = read_as(SourceKind::Kuaishou, "https://www.kuaishou.com/graphql", QUERY).unwrap();
        assert_eq!(reading.posts[0].published_at.unwrap().to_rfc3339(), "2026-07-31T10:00:00+08:00");
        assert!(reading.posts[1].pinned);
        assert_eq!(reading.coverage, Coverage::Whole);
    }

    #[test]
    fn a_list_of_many_accounts_proves_nothing_until_one_is_named() {
        let mixed = read_as(SourceKind::Kuaishou, "https://example.cn/feed", FEEDS).unwrap();
        assert_eq!((mixed.posts.len(), mixed.coverage), (2, Coverage::Mixed));
        let own = read_as(SourceKind::Kuaishou, "https://example.cn/feed?principalId=3xb", FEEDS).unwrap();
        assert_eq!((own.posts.len(), own.coverage), (1, Coverage::Whole));
        assert_eq!(own.warnings.len(), 1);
    }

    #[test]
    fn a_work_in_no_known_form_may_be_the_newest() {
        let strange = FEEDS.replacen(r#""photoId":"1","#, "", 1);
        let reading = read_as(SourceKind::Kuaishou, "https://example.cn/feed?principalId=3xb", &strange).unwrap();
        assert_eq!((reading.posts.len(), reading.posts[0].published_at), (2, None));
        let ended = QUERY.replace(r#""pcursor":"1""#, r#""pcursor":"no_more""#);
        assert!(read_as(SourceKind::Kuaishou, "https://www.kuaishou.com/graphql", &ended).unwrap().complete);
    }

    #[test]
    fn errors_are_reasons() {
        let read = |text: &str| read_as(SourceKind::Kuaishou, "https://example.cn/feed", text);
        assert_eq!(read(r#"{"result":109}"#), Err(Unreadable::Blocked(Block::Login)));
        assert_eq!(read(r#"{"data":{"result":400002}}"#), Err(Unreadable::Blocked(Block::Captcha)));
        assert_eq!(read(r#"{"result":2,"error_msg":"操作太快了"}"#), Err(Unreadable::Blocked(Block::Firewall)));
        assert!(matches!(read(r#"{"errors":[{"message":"x"}],"data":null}"#), Err(Unreadable::Refused(_))));
        assert_eq!(
            read(r#"{"result":1,"users":[{"user_name":"甲"}]}"#),
            Err(Unreadable::UnknownShape(SourceKind::Kuaishou))
        );
    }

    #[test]
    fn no_mutation_makes_it_panic() {
        crate::sources::tests::survives(SourceKind::Kuaishou, &[QUERY, FEEDS]);
    }
}
