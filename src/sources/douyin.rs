//! `douyin` 抖音接口: lists of works (`aweme_list`), one work, the open platform's video list, a user.

use serde_json::{Map, Value};

use super::json::{self, Found, Rest};
use super::{Block, ReadContext, Unreadable};
use crate::domain::account::SourceKind;
use crate::domain::oddity::Oddity;
use crate::domain::post::{Post, Profile, Reading};

pub(super) fn read(
    url: &str,
    text: &str,
    options: &Map<String, Value>,
    context: &ReadContext,
) -> Result<Reading, Unreadable> {
    let answer = json::parse(text)?;
    check(&answer)?;
    let own = json::own(url, options, &["sec_user_id", "sec_uid", "user_id"]);
    let data = &answer["data"];
    let user = [&answer["user"], &answer["user_info"], &data["user"]].into_iter().find(|user| user.is_object());
    let mut profile = user.and_then(profile);
    // A collection (合集) holds what was put into it.
    let mut part =
        json::is_later_page(url, &["max_cursor", "cursor"]) || json::is_search(url, &["mix_id", "series_id"]);
    let lists = [&answer["aweme_list"], &data["aweme_list"], &data["list"], &answer["item_list"]];
    let items = match lists.into_iter().find_map(json::list) {
        Some(items) => items,
        None if answer["aweme_detail"].is_object() => {
            part = true;
            std::slice::from_ref(&answer["aweme_detail"])
        }
        None => return profile.map(json::profile_only).ok_or(Unreadable::UnknownShape(SourceKind::Douyin)),
    };
    let mut by_id = 0usize;
    let found = json::each(SourceKind::Douyin, items, |item| work(item, context, &mut by_id))?;
    if profile.is_none() {
        let is_own = |item: &&Value| own.as_ref().is_none_or(|own| authors(&item["author"]).contains(own));
        profile = items.iter().find(is_own).and_then(|item| self::profile(&item["author"]));
    }
    let mut warnings = Vec::new();
    if by_id > 0 {
        warnings.push(Oddity::ById(by_id));
    }
    let complete = [&answer["has_more"], &data["has_more"]].into_iter().any(json::is_no);
    json::finish(SourceKind::Douyin, found, Rest { profile, own, part, complete, warnings })
}

/// `status_code`, or the open platform's `error_code`, other than 0 is a reason.
fn check(answer: &Value) -> Result<(), Unreadable> {
    let places = [
        (&answer["status_code"], json::first(answer, &["status_msg", "message"])),
        (&answer["data"]["error_code"], json::word(&answer["data"]["description"])),
        (&answer["extra"]["error_code"], json::word(&answer["extra"]["description"])),
        (&answer["err_no"], json::first(answer, &["err_msg", "err_tips"])),
    ];
    for (code, message) in places {
        match json::word(code).as_deref() {
            None | Some("0") => {}
            // The site's own codes for "not logged in" come without words.
            Some("8" | "2483" | "2154") if message.is_none() => return Err(Unreadable::Blocked(Block::Login)),
            Some(_) => return Err(json::refusal(code, message)),
        }
    }
    Ok(())
}

fn authors(author: &Value) -> Vec<String> {
    json::words(author, &["uid", "sec_uid", "unique_id", "short_id"])
}

fn profile(user: &Value) -> Option<Profile> {
    Some(Profile {
        name: Some(json::word(&user["nickname"])?),
        description: json::word(&user["signature"]),
        certified_subject: json::subject(json::first(user, &["enterprise_verify_reason", "custom_verify"])),
        followers: json::count(&user["follower_count"]).or_else(|| json::count(&user["mplatform_followers_count"])),
    })
}

fn work(item: &Value, context: &ReadContext, by_id: &mut usize) -> Option<Found> {
    let id = json::first(item, &["aweme_id", "item_id", "video_id"])?;
    let mut published_at = json::instant(&item["create_time"], context);
    if published_at.is_none() {
        // The upper half of a work's id is the second it was made in.
        let second = json::word(&item["aweme_id"]).and_then(|id| id.parse::<u64>().ok()).map(|id| id >> 32);
        published_at = second.and_then(|second| json::instant(&Value::from(second), context));
        *by_id += usize::from(published_at.is_some());
    }
    let (text, links) = json::body(&json::first(item, &["desc", "title"]).unwrap_or_default(), None);
    let post = Post {
        url: match &item["share_url"] {
            Value::String(url) => Some(url.clone()),
            _ => Some(format!("https://www.douyin.com/video/{id}")).filter(|_| item["aweme_id"].is_string()),
        },
        id,
        title: json::headline(&text),
        published_at,
        pinned: json::is_set(&item["is_top"]),
        text,
        links,
    };
    Some(Found { post, authors: authors(&item["author"]) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::post::Coverage;
    use crate::sources::tests::{context, read_as};

    const ADDRESS: &str = "https://www.douyin.com/aweme/v1/web/aweme/post/?sec_user_id=MS4A&max_cursor=0";

    /// 1785463200 is 2026-07-31 10:00; the second id is that second shifted by 32 bits, plus some.
    const WORKS: &str = r#"{"status_code":0,"max_cursor":1780000000000,"has_more":1,"aweme_list":[
      {"aweme_id":"6800000000000000001","desc":"欢迎关注","create_time":1583241216,"is_top":1,"author":{"uid":"7","sec_uid":"MS4A","nickname":"某某区发布","follower_count":5}},
      {"aweme_id":"7668506051588112483","desc":"停水通知","author":{"uid":"7","sec_uid":"MS4A"}},
      {"aweme_id":"7600000000000000001","desc":"无","create_time":"1785376800","author":{"uid":"7","sec_uid":"MS4A"}}]}"#;

    #[test]
    fn works_without_a_time_take_it_from_their_ids() {
        let reading = read_as(SourceKind::Douyin, ADDRESS, WORKS).unwrap();
        assert!(reading.posts[0].pinned);
        assert_eq!(reading.posts[1].published_at.unwrap().timestamp(), 7_668_506_051_588_112_483_i64 >> 32);
        assert_eq!(reading.posts[2].published_at.unwrap().to_rfc3339(), "2026-07-30T10:00:00+08:00");
        assert_eq!(reading.coverage, Coverage::Whole);
        assert_eq!(reading.warnings.len(), 1);
        assert_eq!(reading.profile.unwrap().name.as_deref(), Some("某某区发布"));
        assert!(context().as_of.timestamp() > 7_668_506_051_588_112_483_i64 >> 32);
    }

    #[test]
    fn errors_and_users_without_works_are_no_silence() {
        let read = |text: &str| read_as(SourceKind::Douyin, ADDRESS, text);
        assert_eq!(read(r#"{"status_code":2483}"#), Err(Unreadable::Blocked(Block::Login)));
        assert_eq!(read(r#"{"status_code":8,"status_msg":"用户未登录"}"#), Err(Unreadable::Blocked(Block::Login)));
        assert_eq!(read(r#"{"status_code":5,"status_msg":"x"}"#), Err(Unreadable::Refused("5 x".to_owned())));
        assert!(matches!(
            read(r#"{"data":{"error_code":2190008,"description":"access_token过期"}}"#),
            Err(Unreadable::Refused(_))
        ));
        assert_eq!(read(r#"{"status_code":0,"aweme_list":null}"#), Err(Unreadable::UnknownShape(SourceKind::Douyin)));
        assert_eq!(read(r#"{"status_code":0,"aweme_list":[{}]}"#), Err(Unreadable::UnknownShape(SourceKind::Douyin)));
        let user = read(r#"{"status_code":0,"user":{"nickname":"某某区发布","follower_count":12}}"#).unwrap();
        assert_eq!((user.coverage, user.profile.unwrap().followers), (Coverage::Part, Some(12)));
        let later = read_as(SourceKind::Douyin, &ADDRESS.replace("cursor=0", "cursor=1589725669000"), WORKS);
        assert_eq!(later.unwrap().coverage, Coverage::Part);
    }

    #[test]
    fn a_work_in_no_known_form_may_be_the_newest_and_a_list_that_ends_is_whole() {
        let strange = WORKS.replacen(r#"{"aweme_id":"6800000000000000001","desc":"欢迎关注","#, r#"{"desc":"新","#, 1);
        let reading = read_as(SourceKind::Douyin, ADDRESS, &strange).unwrap();
        assert_eq!((reading.posts.len(), reading.unplaced(context().as_of)), (3, 1));
        assert!(!reading.complete);
        let ended = read_as(SourceKind::Douyin, ADDRESS, &WORKS.replace(r#""has_more":1"#, r#""has_more":0"#)).unwrap();
        assert!(ended.complete);
    }

    #[test]
    fn the_open_platform_lists_the_account_itself() {
        let list = r#"{"data":{"error_code":0,"list":[{"item_id":"@8hx","title":"公告","create_time":1785463200,"is_top":false,"share_url":"https://www.example.cn/v"}]}}"#;
        let reading = read_as(SourceKind::Douyin, "https://open.example/video/list", list).unwrap();
        assert_eq!(reading.posts[0].url.as_deref(), Some("https://www.example.cn/v"));
        assert_eq!(reading.posts[0].published_at.unwrap().to_rfc3339(), "2026-07-31T10:00:00+08:00");
    }

    #[test]
    fn no_mutation_makes_it_panic() {
        crate::sources::tests::survives(SourceKind::Douyin, &[WORKS]);
    }
}
