//! `bilibili` 哔哩哔哩接口: the space's works, its dynamics (both forms), its articles, the account.
//!
//! The dynamics show whatever an account publishes; works and articles are kinds of it, and prove no silence.

use serde_json::{Map, Value};

use super::json::{self, Found, Rest};
use super::{Block, ReadContext, Unreadable};
use crate::domain::account::SourceKind;
use crate::domain::post::{Post, Profile, Reading};

/// Reads one item of a list.
type Read = fn(&Value, &ReadContext) -> Option<Found>;

pub(super) fn read(
    url: &str,
    text: &str,
    options: &Map<String, Value>,
    context: &ReadContext,
) -> Result<Reading, Unreadable> {
    let answer = json::parse(text)?;
    match answer["code"].as_i64() {
        None | Some(0) => {}
        Some(-101) => return Err(Unreadable::Blocked(Block::Login)),
        // 风控校验失败, 请求被拦截, 请求过于频繁.
        Some(-352 | -412 | -799 | -401) => return Err(Unreadable::Blocked(Block::Firewall)),
        Some(_) => return Err(json::refusal(&answer["code"], json::first(&answer, &["message", "msg"]))),
    }
    let data = &answer["data"];
    let own = json::own(url, options, &["mid", "host_mid", "host_uid", "vmid", "uid"]);
    let mut part = json::is_later_page(url, &["pn", "page", "offset", "offset_dynamic_id"])
        || json::query(url, "order").is_some_and(|order| !matches!(order.as_str(), "pubdate" | "publish_time"))
        || json::query(url, "tid").is_some_and(|tid| tid != "0")
        || json::query(url, "keyword").is_some();
    let mut profile = profile(data);
    let works = [&data["list"]["vlist"], &data["archives"], &data["vlist"], &data["item"]];
    let (items, read): (&[Value], Read) = if let Some(items) = json::list(&data["items"]) {
        (items, dynamic)
    } else if let Some(items) = works.into_iter().find_map(json::list) {
        // Why: films alone, or columns alone; an account that has neither lately may post words and pictures.
        part = true;
        (items, work)
    } else if let Some(items) = json::list(&data["articles"]) {
        part = true;
        (items, article)
    } else if let Some(items) = json::list(&data["cards"]) {
        (items, old_dynamic)
    } else if let Some(user) = searched(data, own.as_deref()) {
        // A search shows three works of each account it finds, in no order.
        part = true;
        profile = self::profile(user);
        (json::list(&user["res"]).unwrap_or_default(), work)
    } else {
        return profile.map(json::profile_only).ok_or(Unreadable::UnknownShape(SourceKind::Bilibili));
    };
    let found = json::each(SourceKind::Bilibili, items, |item| read(item, context))?;
    let complete = json::is_no(&data["has_more"]) || data["page"]["count"].as_u64() == Some(items.len() as u64);
    json::finish(SourceKind::Bilibili, found, Rest { profile, own, part, complete, ..Rest::default() })
}

/// The account among those a search found: the one asked for, else the only one.
fn searched<'a>(data: &'a Value, own: Option<&str>) -> Option<&'a Value> {
    let users = json::list(&data["result"])?;
    let found = match own {
        Some(own) => users.iter().find(|user| json::word(&user["mid"]).as_deref() == Some(own)),
        None => users.first().filter(|_| users.len() == 1),
    };
    found.filter(|user| user["uname"].is_string())
}

fn profile(data: &Value) -> Option<Profile> {
    let user = if data["card"].is_object() { &data["card"] } else { data };
    json::word(&user["mid"])?;
    // Type 1 is a unit; beside a person's type stands what the person is known for.
    let official = ["official", "Official", "official_verify"].into_iter().map(|name| &user[name]);
    let certified =
        official.filter(|of| of["type"].as_i64() == Some(1)).find_map(|of| json::first(of, &["title", "desc"]));
    Some(Profile {
        name: Some(json::first(user, &["name", "uname"])?),
        description: json::first(user, &["sign", "usign"]),
        certified_subject: json::subject(certified),
        followers: ["fans", "follower"].iter().find_map(|name| json::count(&user[*name])),
    })
}

fn work(item: &Value, context: &ReadContext) -> Option<Found> {
    let id = json::first(item, &["bvid", "aid", "param"])?;
    let (text, links) = json::body(&json::first(item, &["description", "desc", "intro"]).unwrap_or_default(), None);
    let title = json::word(&item["title"]).unwrap_or_else(|| json::headline(&text));
    let post = Post {
        url: Some(match id.strip_prefix("BV") {
            Some(_) => format!("https://www.bilibili.com/video/{id}"),
            None => format!("https://www.bilibili.com/video/av{id}"),
        }),
        id,
        title,
        published_at: json::first_instant(item, &["pubdate", "created", "ctime"], context),
        pinned: false,
        text,
        links,
    };
    let mut authors = json::words(item, &["mid"]);
    authors.extend(json::words(&item["owner"], &["mid"]));
    Some(Found { post, authors })
}

fn article(item: &Value, context: &ReadContext) -> Option<Found> {
    let id = json::word(&item["id"])?;
    let (text, links) = json::body(&json::word(&item["summary"]).unwrap_or_default(), None);
    let post = Post {
        url: Some(format!("https://www.bilibili.com/read/cv{id}")),
        id: format!("cv{id}"),
        title: json::word(&item["title"]).unwrap_or_else(|| json::headline(&text)),
        published_at: json::first_instant(item, &["publish_time", "ctime"], context),
        pinned: false,
        text,
        links,
    };
    Some(Found { post, authors: json::words(&item["author"], &["mid"]) })
}

fn dynamic(item: &Value, context: &ReadContext) -> Option<Found> {
    let id = json::first(item, &["id_str", "id"])?;
    let modules = &item["modules"];
    let author = &modules["module_author"];
    let content = &modules["module_dynamic"];
    let major = &content["major"];
    let shown = [&major["archive"], &major["opus"], &major["article"], &major["common"], &major["live"]];
    let shown = shown.into_iter().find(|shown| shown.is_object());
    let word = |value: Option<&Value>| value.and_then(|value| value.as_str()).map(str::to_owned);
    let said = word(Some(&content["desc"]["text"])).or_else(|| word(shown.map(|shown| &shown["summary"]["text"])));
    let shown_text = shown.and_then(|shown| json::word(&shown["desc"]));
    let body = [said, shown_text].into_iter().flatten().collect::<Vec<_>>().join("\n");
    let (text, links) = json::body(&body, None);
    let titled = shown.and_then(|shown| json::word(&shown["title"]));
    let post = Post {
        url: Some(format!("https://t.bilibili.com/{id}")),
        id,
        title: titled.unwrap_or_else(|| json::headline(&text)),
        published_at: json::first_instant(author, &["pub_ts", "pub_time"], context),
        pinned: modules["module_tag"]["text"].as_str().is_some_and(|tag| tag.contains("置顶")),
        text,
        links,
    };
    Some(Found { post, authors: json::words(author, &["mid"]) })
}

/// The former form of a dynamic carries its content as JSON in text.
fn old_dynamic(card: &Value, context: &ReadContext) -> Option<Found> {
    let head = &card["desc"];
    let id = json::first(head, &["dynamic_id_str", "dynamic_id"])?;
    let content = json::nested(&card["card"]).unwrap_or_default();
    let said = [&content["item"]["content"], &content["item"]["description"], &content["dynamic"], &content["desc"]];
    let body = said.into_iter().filter_map(Value::as_str).find(|text| !text.trim().is_empty()).unwrap_or_default();
    let (text, links) = json::body(body, None);
    let post = Post {
        url: Some(format!("https://t.bilibili.com/{id}")),
        id,
        title: json::word(&content["title"]).unwrap_or_else(|| json::headline(&text)),
        published_at: json::instant(&head["timestamp"], context),
        pinned: json::is_set(&card["extra"]["is_space_top"]),
        text,
        links,
    };
    Some(Found { post, authors: json::words(head, &["uid"]) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::post::Coverage;
    use crate::sources::tests::{context, read_as};

    const WORKS: &str = r#"{"code":0,"message":"0","data":{"list":{"vlist":[
      {"bvid":"BV1a","mid":7,"title":"开放日","created":1785463200,"description":"见 https://www.example.cn/a"},
      {"bvid":"BV1b","mid":7,"title":"旧","created":1685463200,"description":"-"}]},"page":{"pn":1,"count":2}}}"#;
    const DYNAMICS: &str = r#"{"code":0,"data":{"has_more":true,"items":[
      {"id_str":"900","modules":{"module_tag":{"text":"置顶"},"module_author":{"mid":7,"pub_ts":1685463200},"module_dynamic":{"desc":{"text":"欢迎"}}}},
      {"id_str":"901","modules":{"module_author":{"mid":7,"pub_ts":"1785463200"},"module_dynamic":{"desc":null,"major":{"opus":{"title":"停水通知","summary":{"text":"请储水"}}}}}}]}}"#;
    const OLD: &str = r#"{"code":0,"data":{"cards":[{"desc":{"uid":7,"dynamic_id_str":"1","timestamp":1785463200},"card":"{\"item\":{\"content\":\"公告\"}}"}]}}"#;

    #[test]
    fn works_and_dynamics_are_read() {
        let url = "https://api.bilibili.com/x/space/wbi/arc/search?mid=7&order=pubdate&pn=1";
        let works = read_as(SourceKind::Bilibili, url, WORKS).unwrap();
        assert_eq!(works.newest_until(context().as_of).unwrap().to_rfc3339(), "2026-07-31T10:00:00+08:00");
        assert_eq!((works.posts[0].links.len(), works.coverage), (1, Coverage::Part));
        let dynamics = read_as(SourceKind::Bilibili, "https://api.bilibili.com/x/d?host_mid=7", DYNAMICS).unwrap();
        assert!(dynamics.posts[0].pinned && !dynamics.posts[1].pinned);
        assert_eq!(dynamics.coverage, Coverage::Whole);
        assert_eq!((dynamics.posts[1].title.as_str(), dynamics.posts[1].text.as_str()), ("停水通知", "请储水"));
        let old = read_as(SourceKind::Bilibili, "https://api.bilibili.com/x", OLD).unwrap();
        assert_eq!(old.posts[0].title, "公告");
    }

    #[test]
    fn an_account_is_a_profile_and_a_search_shows_part() {
        let read = |text: &str| read_as(SourceKind::Bilibili, "https://api.bilibili.com/x", text);
        let user = r#"{"code":0,"data":{"mid":7,"name":"某某区发布","sign":"示例","official":{"type":1,"title":"某某区政府新闻办公室官方账号"}}}"#;
        let reading = read(user).unwrap();
        assert_eq!((reading.posts.len(), reading.coverage), (0, Coverage::Part));
        assert_eq!(reading.profile.unwrap().certified_subject.as_deref(), Some("某某区政府新闻办公室"));
        let search = r#"{"code":0,"data":{"result":[{"mid":7,"uname":"某某区发布","fans":66,"res":[{"bvid":"BV1a","title":"一","pubdate":1785463200}]}]}}"#;
        assert_eq!(read(search).unwrap().coverage, Coverage::Part);
    }

    #[test]
    fn an_item_in_no_known_form_may_be_the_newest() {
        let url = "https://api.bilibili.com/x/space/wbi/arc/search?mid=7&order=pubdate&pn=1";
        for (from, to, dated) in [
            (r#""bvid":"BV1a","#, "", false),
            (r#""title":"开放日","#, "", true),
            (r#""created":1785463200,"#, "", false),
        ] {
            let reading = read_as(SourceKind::Bilibili, url, &WORKS.replacen(from, to, 1)).unwrap();
            assert_eq!((reading.posts.len(), reading.posts[0].published_at.is_some()), (2, dated), "{from}");
        }
        let dynamics = DYNAMICS.replacen(r#""id_str":"901","#, "", 1);
        let reading = read_as(SourceKind::Bilibili, "https://api.bilibili.com/x/d?host_mid=7", &dynamics).unwrap();
        assert_eq!((reading.unplaced(context().as_of), reading.complete), (1, false));
    }

    #[test]
    fn errors_are_reasons() {
        let read = |text: &str| read_as(SourceKind::Bilibili, "https://api.bilibili.com/x", text);
        assert_eq!(read(r#"{"code":-101,"message":"账号未登录"}"#), Err(Unreadable::Blocked(Block::Login)));
        assert_eq!(read(r#"{"code":-352,"message":"-352"}"#), Err(Unreadable::Blocked(Block::Firewall)));
        assert_eq!(read(r#"{"code":-404,"message":"啥都木有"}"#), Err(Unreadable::Refused("-404 啥都木有".to_owned())));
        assert_eq!(read(r#"{"code":0,"data":{}}"#), Err(Unreadable::UnknownShape(SourceKind::Bilibili)));
    }

    #[test]
    fn no_mutation_makes_it_panic() {
        crate::sources::tests::survives(SourceKind::Bilibili, &[WORKS, DYNAMICS, OLD]);
    }
}
