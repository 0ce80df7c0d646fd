//! `weibo` 微博接口: containers of m.weibo.cn, lists of weibo.com/ajax and of the open interface;
//! what is no JSON is read as a page of the old weibo.cn.

use serde_json::{Map, Value};
use url::Url;

use super::json::{self, Found, Rest};
use super::{Block, ReadContext, Unreadable, markup, weibo_cn};
use crate::domain::account::SourceKind;
use crate::domain::post::{Post, Profile, Reading};

/// Cards hold groups of cards; deeper than this is nobody's answer.
const DEEPEST: usize = 4;

/// Parameters that list some of the posts alone: a kind, a word, a span of time.
const SEARCHES: &[&str] =
    &["feature", "q", "keyword", "hasori", "haspic", "hasvideo", "starttime", "endtime", "curmonth", "stat_date"];

/// Parameters that name a later page.
const PAGING: &[&str] = &["page", "since_id", "max_id"];

pub(super) fn read(
    url: &str,
    text: &str,
    options: &Map<String, Value>,
    context: &ReadContext,
) -> Result<Reading, Unreadable> {
    let own = json::own(url, options, &["uid"]).or_else(|| own_of(url));
    if text.trim_start().starts_with('<') {
        return weibo_cn::read(url, text, own, context);
    }
    let answer = json::parse(text)?;
    check(&answer)?;
    let data = &answer["data"];
    let user = [&data["userInfo"], &data["user"], &answer["user"]].into_iter().find(|user| user.is_object());
    let mut profile = user.and_then(profile);
    // `None`: an item that stands for a post and is in no known form.
    let mut statuses: Vec<Option<&Value>> = Vec::new();
    // Why `feature`: anything but 0 lists originals, pictures or videos alone.
    let mut part = json::is_later_page(url, PAGING) || json::is_search(url, SEARCHES) || is_of_a_kind(url);
    if let Some(cards) = json::list(&data["cards"]) {
        collect(cards, DEEPEST, &mut statuses);
        if !statuses.iter().flatten().any(|status| is_status(status)) && !cards.is_empty() {
            return profile.map(json::profile_only).ok_or(Unreadable::UnknownShape(SourceKind::Weibo));
        }
    } else if let Some(list) = json::list(&data["list"]).or_else(|| json::list(&answer["statuses"])) {
        statuses.extend(list.iter().map(|status| Some(status).filter(|status| is_listed(status))));
        if !statuses.iter().flatten().any(|status| is_status(status)) && !list.is_empty() {
            return Err(Unreadable::UnknownShape(SourceKind::Weibo));
        }
    } else if let Some(single) = [data, &answer].into_iter().find(|single| is_status(single) && has_words(single)) {
        statuses.push(Some(single));
        part = true;
    } else {
        return profile.map(json::profile_only).ok_or(Unreadable::UnknownShape(SourceKind::Weibo));
    }
    if profile.is_none() {
        let is_own = |user: &&Value| own.as_ref().is_none_or(|own| json::words(user, &["id", "idstr"]).contains(own));
        profile = statuses.iter().flatten().map(|status| &status["user"]).find(is_own).and_then(self::profile);
    }
    let total = [&data["cardlistInfo"]["total"], &data["total"]].into_iter().find_map(json::count);
    let complete = total == Some(statuses.len() as u64);
    let statuses = statuses.into_iter().filter(|status| !status.is_some_and(is_liked));
    let found = statuses.map(|status| status.map_or_else(Found::strange, |status| post(status, context))).collect();
    json::finish(SourceKind::Weibo, found, Rest { profile, own, part, complete, ..Rest::default() })
}

/// Containers of originals, pictures, films or what is read most.
fn is_of_a_kind(url: &str) -> bool {
    let kinds = ["_ORI", "_PIC", "_VIDEO", "_ARTICAL", "_HOT"];
    json::query(url, "containerid").is_some_and(|id| kinds.iter().any(|kind| id.to_ascii_uppercase().contains(kind)))
}

/// The account in the address: `containerid=107603…`, `value=…`, `/u/…`, `/…/profile`.
fn own_of(url: &str) -> Option<String> {
    let is_id = |id: &str| id.len() >= 5 && id.chars().all(|c| c.is_ascii_digit());
    let contained = json::query(url, "containerid").and_then(|id| {
        let user = ["107603", "100505", "230413"].iter().find_map(|prefix| id.strip_prefix(prefix))?;
        let user = user.split('_').next().unwrap_or_default();
        is_id(user).then(|| user.to_owned())
    });
    let named = || json::query(url, "value").filter(|value| is_id(value));
    let in_path = || {
        let url = Url::parse(url).ok()?;
        let host = url.host_str()?;
        let is_weibo = ["weibo.cn", "weibo.com"].iter().any(|own| host == *own || host.ends_with(&format!(".{own}")));
        let mut segments = url.path_segments()?.filter(|segment| *segment != "u");
        segments.next().filter(|first| is_weibo && is_id(first)).map(str::to_owned)
    };
    contained.or_else(named).or_else(in_path)
}

/// An error answer is a reason: `ok` 0 or less, `error_code`, a code that is not success.
fn check(answer: &Value) -> Result<(), Unreadable> {
    let message = || json::first(answer, &["msg", "message", "error", "errmsg"]);
    let ok = &answer["ok"];
    let asks_login = ok.as_i64() == Some(-100)
        || json::first(answer, &["url", "login_url"])
            .is_some_and(|url| url.contains("passport.weibo") || url.contains("login.sina"));
    if asks_login {
        return Err(Unreadable::Blocked(Block::Login));
    }
    if !ok.is_null() && !json::is_set(ok) {
        return Err(json::refusal(ok, message()));
    }
    let code = [&answer["error_code"], &answer["errno"], &answer["code"]].into_iter().find_map(json::word);
    match code.as_deref() {
        None | Some("0" | "100000" | "200") => Ok(()),
        Some(code) => Err(json::refusal(&Value::from(code), message())),
    }
}

/// Whether it is a post, beyond doubt.
fn is_status(value: &Value) -> bool {
    let has_time = value["created_at"].is_string() || value["created_at"].is_number();
    has_time && (has_words(value) || has_id(value))
}

fn has_words(value: &Value) -> bool {
    value["text"].is_string() || value["text_raw"].is_string()
}

/// Whether it stands in a list of posts as one of them, with a time and words or without.
fn is_listed(value: &Value) -> bool {
    is_status(value) || has_id(value)
}

fn has_id(value: &Value) -> bool {
    json::first(value, &["idstr", "id", "mid", "bid", "mblogid"]).is_some()
}

/// The type of the card that holds a post; others are ornaments.
const POST_CARD: i64 = 9;

fn collect<'a>(cards: &'a [Value], depth: usize, statuses: &mut Vec<Option<&'a Value>>) {
    for card in cards {
        let status = &card["mblog"];
        if is_listed(status) {
            statuses.push(Some(status));
        } else if let Some(group) = json::list(&card["card_group"]) {
            match depth.checked_sub(1) {
                Some(depth) => collect(group, depth, statuses),
                None => statuses.push(None),
            }
        } else if !status.is_null() || card["card_type"].as_i64() == Some(POST_CARD) {
            statuses.push(None);
        }
    }
}

/// Posts of others that the account only liked stand among its own.
fn is_liked(status: &Value) -> bool {
    status["title"]["text"].as_str().is_some_and(|title| title.contains("赞过"))
}

fn profile(user: &Value) -> Option<Profile> {
    let name = json::first(user, &["screen_name", "name"])?;
    // Type 0 is a person; a reason beside it names no unit.
    let verified = json::is_set(&user["verified"]) && user["verified_type"].as_i64() != Some(0);
    Some(Profile {
        name: Some(name),
        description: json::word(&user["description"]),
        certified_subject: json::subject(json::word(&user["verified_reason"]).filter(|_| verified)),
        followers: json::count(&user["followers_count"]),
    })
}

/// Puts where the links of a post lead in the place of weibo's own short links and redirector.
///
/// The text may hold the short link as bare words; what it leads to stands beside it, in `url_struct`.
fn unfold(status: &Value, links: &mut Vec<String>) {
    for link in &mut *links {
        *link = weibo_cn::unwrap_link(link);
    }
    for entry in json::list(&status["url_struct"]).unwrap_or_default() {
        // Topics and places lead into the app.
        let leads_to = ["long_url", "ori_url"].iter().filter_map(|key| entry[key].as_str());
        let mut pages = leads_to.filter_map(|to| markup::absolute(&weibo_cn::unwrap_link(to), None));
        let Some(target) = pages.next() else { continue };
        if let Some(short) = entry["short_url"].as_str() {
            links.retain(|link| bare(link) != bare(short));
        }
        if !links.contains(&target) {
            links.push(target);
        }
    }
}

/// A short link without its scheme, which is written either way.
fn bare(link: &str) -> &str {
    link.split_once("://").map_or(link, |(_, rest)| rest)
}

fn post(status: &Value, context: &ReadContext) -> Found {
    let user = &status["user"];
    let authors = json::words(user, &["id", "idstr", "screen_name"]);
    let id = json::first(status, &["idstr", "id", "mid", "bid", "mblogid"]).unwrap_or_default();
    let short = json::first(status, &["bid", "mblogid"]);
    let base = Url::parse("https://weibo.com/").ok();
    let html = |status: &Value| {
        let long = &status["longText"]["longTextContent"];
        let html = [long, &status["text"], &status["text_raw"]].into_iter().find_map(Value::as_str);
        json::body(html.unwrap_or_default(), base.as_ref())
    };
    let (mut text, mut links) = html(status);
    unfold(status, &mut links);
    let title = json::headline(&text);
    let repeated = &status["retweeted_status"];
    if repeated.is_object() {
        let (original, mut more) = html(repeated);
        unfold(repeated, &mut more);
        let name = json::word(&repeated["user"]["screen_name"]).unwrap_or_default();
        text = format!("{text}\n//@{name}：{original}");
        links.extend(more.into_iter().filter(|link| !links.contains(link)).collect::<Vec<_>>());
    }
    let titled_top = status["title"]["text"].as_str().is_some_and(|title| title.contains("置顶"));
    let post = Post {
        url: match (authors.first(), short) {
            (Some(author), Some(short)) => Some(format!("https://weibo.com/{author}/{short}")),
            _ => (!id.is_empty()).then(|| format!("https://m.weibo.cn/detail/{id}")),
        },
        title,
        published_at: json::instant(&status["created_at"], context),
        pinned: titled_top || json::is_set(&status["isTop"]) || status["mblogtype"].as_i64() == Some(2),
        text,
        links,
        id,
    };
    Found { post, authors }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::post::Coverage;
    use crate::sources::tests::{context, read_as};

    const TIMELINE: &str = "https://m.weibo.cn/api/container/getIndex?containerid=1076037000000001";

    const CARDS: &str = r#"{"ok":1,"data":{"cardlistInfo":{"page":2},"userInfo":{"id":7000000001,"screen_name":"某某区发布","verified":true,
      "verified_reason":"某某区政府新闻办公室官方微博","description":"示例","followers_count":"12.5万"},"cards":[
      {"card_type":9,"mblog":{"created_at":"2024-05-01","id":"5001","bid":"Ma","isTop":1,"text":"欢迎关注","title":{"text":"置顶"},"user":{"id":7000000001}}},
      {"card_type":11,"card_group":[{"card_type":9,"mblog":{"created_at":"15小时前","id":"5002","bid":"Mb",
        "text":"停水通知<br />详见<a href=\"https://weibo.cn/sinaurl?u=https%3A%2F%2Fwww.example.cn%2Fa\">网页链接</a>","user":{"id":7000000001}}}]},
      {"card_type":9,"mblog":{"created_at":"07-27","id":"5003","text":"转发微博","user":{"id":7000000001},
        "retweeted_status":{"text":"原文","created_at":"07-01","user":{"screen_name":"某某市发布"}}}},
      {"card_type":9,"mblog":{"created_at":"刚刚","id":"5004","text":"别人的","title":{"text":"他赞过的微博"},"user":{"id":9}}},
      {"card_type":9,"mblog":{"created_at":"昨天 10:20","id":"5005","text":"推荐","user":{"id":8000000001}}}]}}"#;

    const LIST: &str = r#"{"ok":1,"data":{"since_id":"","list":[
      {"created_at":"Mon Dec 30 04:55:13 +0800 2019","idstr":"1","mblogid":"A","text":"旧","isTop":1,"mblogtype":2,"user":{"id":7000000001,"screen_name":"某某区发布"}},
      {"created_at":"Fri Jul 31 10:00:00 +0800 2026","idstr":"2","mblogid":"B","text_raw":"新","user":{"id":7000000001}}]}}"#;

    #[test]
    fn a_container_is_read_with_pinned_relative_and_yearless_times() {
        let reading = read_as(SourceKind::Weibo, TIMELINE, CARDS).unwrap();
        let times: Vec<_> = reading.posts.iter().map(|post| post.published_at.unwrap().to_rfc3339()).collect();
        assert_eq!(times, ["2024-05-01T00:00:00+08:00", "2026-08-02T21:00:00+08:00", "2026-07-27T00:00:00+08:00"]);
        assert_eq!(reading.posts.iter().map(|post| post.pinned).collect::<Vec<_>>(), [true, false, false]);
        assert_eq!(reading.posts[1].links, ["https://www.example.cn/a"]);
        assert_eq!(reading.posts[1].title, "停水通知");
        assert!(reading.posts[2].text.contains("//@某某市发布：原文"));
        assert_eq!(reading.coverage, Coverage::Whole);
        let profile = reading.profile.unwrap();
        assert_eq!(profile.certified_subject.as_deref(), Some("某某区政府新闻办公室"));
        assert_eq!(profile.followers, Some(125_000));
    }

    #[test]
    fn a_short_link_leads_where_its_structure_says() {
        let list = r#"{"ok":1,"data":{"list":[{"created_at":"Fri Jul 31 10:00:00 +0800 2026","idstr":"2","mblogid":"B",
          "text":"详见<a href=\"http://t.cn/A6abc\">网页链接</a><a href=\"http://t.cn/A6xyz\">网页链接</a>","user":{"id":7000000001},
          "url_struct":[
            {"short_url":"https://t.cn/A6abc","ori_url":"https://t.cn/A6abc","long_url":"https://www.example.cn/notice?id=1"},
            {"short_url":"http://t.cn/A6one","ori_url":"https://weibo.cn/sinaurl?u=https%3A%2F%2Fwww.example.cn%2Fb"},
            {"short_url":"停水","ori_url":"sinaweibo://searchall?q=1","long_url":""}],
          "retweeted_status":{"text_raw":"原文 http://t.cn/A6old","user":{"screen_name":"某某市发布"},
            "url_struct":[{"short_url":"http://t.cn/A6old","long_url":"https://www.example.cn/old"}]}}]}}"#;
        let reading = read_as(SourceKind::Weibo, TIMELINE, list).unwrap();
        let mut links = reading.posts[0].links.clone();
        links.sort();
        assert_eq!(
            links,
            [
                "http://t.cn/A6xyz",
                "https://www.example.cn/b",
                "https://www.example.cn/notice?id=1",
                "https://www.example.cn/old",
            ]
        );
    }

    #[test]
    fn the_newest_of_a_list_is_not_the_pinned_first() {
        let url = "https://weibo.com/ajax/statuses/mymblog?uid=7000000001&page=1&feature=0";
        let reading = read_as(SourceKind::Weibo, url, LIST).unwrap();
        assert!(reading.posts[0].pinned && !reading.posts[1].pinned);
        assert_eq!(reading.newest_until(context().as_of).unwrap().to_rfc3339(), "2026-07-31T10:00:00+08:00");
        assert_eq!(reading.posts[1].url.as_deref(), Some("https://weibo.com/7000000001/B"));
        let later = read_as(SourceKind::Weibo, &url.replace("page=1", "page=2"), LIST).unwrap();
        assert_eq!(later.coverage, Coverage::Part);
        for some in ["feature=1", "q=停水", "starttime=1785463200"] {
            let some = read_as(SourceKind::Weibo, &url.replace("feature=0", some), LIST).unwrap();
            assert_eq!(some.coverage, Coverage::Part);
        }
        let other = read_as(SourceKind::Weibo, "https://weibo.com/ajax/statuses/mymblog?uid=7000000009", LIST);
        assert_eq!(other, Err(Unreadable::OtherAccount));
    }

    #[test]
    fn a_post_without_words_or_with_another_time_is_listed_all_the_same() {
        let cards = |new: &str| {
            format!(
                r#"{{"ok":1,"data":{{"cards":[{{"card_type":9,"mblog":{{"id":"1",{new}"user":{{"id":7000000001}}}}}},
                {{"card_type":9,"mblog":{{"id":"2","created_at":"2026-05-01","text":"旧","user":{{"id":7000000001}}}}}}]}}}}"#
            )
        };
        for (new, wanted) in [
            (r#""created_at":1785463200,"text":"新","#, Some("2026-07-31T10:00:00+08:00")),
            (r#""created_at":"Fri Jul 31 10:00:00 +0800 2026","page_info":{},"#, Some("2026-07-31T10:00:00+08:00")),
            (r#""created_at":"不久前","text":"新","#, None),
            (r#""text":"新","#, None),
        ] {
            let reading = read_as(SourceKind::Weibo, TIMELINE, &cards(new)).unwrap();
            assert_eq!(reading.posts.len(), 2, "{new}");
            assert_eq!(reading.posts[0].published_at.map(|at| at.to_rfc3339()).as_deref(), wanted, "{new}");
        }
    }

    #[test]
    fn a_card_in_no_known_form_may_be_the_newest_and_an_ornament_is_none() {
        let read = |card: &str, total: u32| {
            let cards = format!(
                r#"{{"ok":1,"data":{{"cardlistInfo":{{"total":{total}}},"cards":[{card},
                {{"card_type":9,"mblog":{{"id":"2","created_at":"2026-05-01","text":"旧","user":{{"id":7000000001}}}}}}]}}}}"#
            );
            read_as(SourceKind::Weibo, TIMELINE, &cards).unwrap()
        };
        for card in [r#"{"card_type":9,"mblog":{"words":"新"}}"#, r#"{"card_type":9,"status":{}}"#, r#"{"mblog":[]}"#]
        {
            assert_eq!(read(card, 900).unplaced(context().as_of), 1, "{card}");
        }
        let ornament = r#"{"card_type":6,"desc":"粉丝"}"#;
        assert_eq!((read(ornament, 900).posts.len(), read(ornament, 900).complete), (1, false));
        assert!(read(ornament, 1).complete);
        let list = LIST.replacen(r#""idstr":"2","mblogid":"B","#, "", 1);
        let reading =
            read_as(SourceKind::Weibo, TIMELINE, &list.replacen(r#""created_at":"Fri"#, r#""x":"Fri"#, 1)).unwrap();
        assert_eq!((reading.posts.len(), reading.unplaced(context().as_of)), (2, 1));
    }

    #[test]
    fn errors_and_logins_are_reasons_and_not_emptiness() {
        let read = |text: &str| read_as(SourceKind::Weibo, TIMELINE, text);
        assert_eq!(read(r#"{"ok":-100,"errno":"-100","url":"x"}"#), Err(Unreadable::Blocked(Block::Login)));
        let refused = read(r#"{"ok":0,"msg":"这里还没有内容","data":{"cards":[]}}"#);
        assert_eq!(refused, Err(Unreadable::Refused("0 这里还没有内容".to_owned())));
        assert!(matches!(
            read(r#"{"error":"User requests out of rate limit!","error_code":10023}"#),
            Err(Unreadable::Refused(_))
        ));
        assert_eq!(read(r#"{"ok":1,"data":{"x":[]}}"#), Err(Unreadable::UnknownShape(SourceKind::Weibo)));
        assert_eq!(
            read(r#"{"ok":1,"data":{"cards":[{"card_type":6}]}}"#),
            Err(Unreadable::UnknownShape(SourceKind::Weibo))
        );
        assert_eq!(
            read(r#"{"ok":1,"data":{"list":[{"mblogid":"A"}]}}"#),
            Err(Unreadable::UnknownShape(SourceKind::Weibo))
        );
        let profile = read(r#"{"ok":1,"data":{"userInfo":{"id":7000000001,"screen_name":"某某区发布"}}}"#).unwrap();
        assert_eq!((profile.posts.len(), profile.coverage), (0, Coverage::Part));
    }

    #[test]
    fn no_mutation_makes_it_panic() {
        crate::sources::tests::survives(SourceKind::Weibo, &[CARDS, LIST]);
    }
}
