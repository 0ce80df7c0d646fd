//! Silence from what was seen, and from what sources of every kind answered.

use super::*;
use crate::checks::judge::testing::{account, bench, rules, seen};
use crate::domain::account::SourceKind::{self, Bilibili, Douyin, Feed, Html, Kuaishou, Toutiao, Wechat, Weibo};
use crate::fetch::Page;
use crate::sources::{ReadContext, read};

type Make = fn(Newest) -> Newest;

#[test]
fn what_may_be_newer_leaves_silence_unjudged_and_a_recent_post_passes_all_the_same() {
    let rules = rules();
    let bench = bench(&rules);
    let listed = |days: i64| Newest {
        at: Some((bench.as_of - TimeDelta::days(days)).fixed_offset()),
        listed: 5,
        dated: 5,
        unplaced: Some(0),
        ..Newest::default()
    };
    let judged = |newest: Newest| {
        let found = silence(&bench, &account(), &Observed { source: Ok(newest), ..seen() });
        (found.indicator, found.outcome, found.reason)
    };
    let doubts: [(Make, &str); 9] = [
        (|n| Newest { unplaced: Some(2), dated: 3, ..n }, "undated_posts"),
        // A look that was stored before it was asked where they stand.
        (|n| Newest { unplaced: None, dated: 4, ..n }, "undated_posts"),
        (|n| Newest { ahead: true, ..n }, "dated_ahead"),
        (|n| Newest { ahead: true, coverage: Coverage::Part, ..n }, "dated_ahead"),
        (|n| Newest { ends_later: true, ..n }, "ends_later"),
        (|n| Newest { oldest_first: true, ..n }, "oldest_first"),
        (|n| Newest { unsorted: true, ..n }, "unsorted"),
        (|n| Newest { only_pinned: true, ..n }, "only_pinned"),
        (|n| Newest { coverage: Coverage::Part, unplaced: Some(1), ..n }, "partial_source"),
    ];
    for (make, reason) in doubts {
        for days in [15, 91] {
            let wanted = (Indicator::Stale, Outcome::Unverified, reason.to_owned());
            assert_eq!(judged(make(listed(days))), wanted, "{days}");
        }
        assert_eq!(judged(make(listed(2))), (Indicator::Stale, Outcome::Pass, "updated".to_owned()), "{reason}");
        let (_, outcome, old) = judged(make(listed(11)));
        assert_eq!((outcome, old.as_str()), (Outcome::Pass, NOT_FORETOLD), "{reason}");
    }
    assert_eq!(judged(listed(15)).1, Outcome::Fail);
    assert_eq!(judged(listed(91)).0, Indicator::Zombie);
    // Undated, and known to be older.
    assert_eq!(judged(Newest { dated: 4, ..listed(91) }).1, Outcome::Fail);
    assert_eq!(judged(listed(11)).2, "updated");
}

/// The reason of the verdict on an account whose source answered so; the look is made at the monitoring time.
fn verdict(kind: SourceKind, url: &str, body: &str) -> String {
    let rules = rules();
    let bench = bench(&rules);
    let page = Page::from_bytes(url, None, body.to_owned());
    let context = ReadContext::at(bench.as_of, bench.zone);
    let source = match read(kind, &page, &serde_json::Map::new(), &context) {
        Ok(reading) => Ok(Newest::of(&reading, bench.as_of, bench.as_of, bench.zone)),
        Err(unreadable) => Err(unread(unreadable.key(), unreadable.sentence(bench.lang))),
    };
    let found = silence(&bench, &account(), &Observed { source, ..seen() });
    assert_eq!(found.outcome == Outcome::Fail, found.reason == "silent", "{}", found.summary);
    found.reason
}

/// A list page; months are of 2026, `None` is a row without a date.
fn page(months: &[Option<u32>], beside: &str) -> String {
    let row = |(n, month): (usize, &Option<u32>)| {
        let date = month.map_or("最新".to_owned(), |month| format!("2026-{month:02}-01"));
        format!("<li><a href=/a/{n}.html>关于第{n}批项目的公告</a><span>{date}</span></li>")
    };
    format!("<ul class=main>{}</ul>{beside}", months.iter().enumerate().map(row).collect::<String>())
}

#[test]
fn no_answer_that_may_hide_a_newer_post_convicts_and_a_plain_old_one_does() {
    let some = |months: &[u32]| months.iter().copied().map(Some).collect::<Vec<_>>();
    let old = some(&[5, 4, 3, 2, 1]);
    let url = "https://www.example.cn/tzgg/";
    for (months, beside, wanted) in [
        (old.clone(), "", "silent"),
        (some(&[2, 1]), "", "silent"),
        (some(&[1, 5, 4, 3, 2]), "", "silent"),
        (
            old.clone(),
            "<ul class=nav><li><a href=/b/>政务公开</a></li><li><a href=/c/>办事服务</a></li></ul>",
            "silent",
        ),
        (vec![None, Some(5), Some(4)], "", "undated_posts"),
        (some(&[1, 2, 3, 4, 5]), "", "oldest_first"),
        (some(&[3, 1, 5, 2, 4, 1]), "", "unsorted"),
        (
            old.clone(),
            "<div class=new><p><a href=/n/1.html>我区召开防汛工作会议</a></p><p><a href=/n/2.html>关于停水检修的公告</a></p></div>",
            "partial_source",
        ),
        (old.clone(), "<p><a href=/n/t20261120_1.html>关于停水检修的公告</a></p>", "partial_source"),
        (old, "<div id=articleList></div><script src=/list.js></script>", "partial_source"),
    ] {
        assert_eq!(verdict(Html, url, &page(&months, beside)), wanted, "{months:?} {beside}");
    }
    let pinned = page(&some(&[2, 1]), "").replace("关于", "【置顶】关于");
    assert_eq!(verdict(Html, url, &pinned), "only_pinned");
}

#[test]
fn an_item_in_no_known_form_convicts_nobody_whatever_the_platform() {
    // 1777600000 is 1 May 2026; `N` is what stands before the old one.
    for (kind, url, list, strange) in [
        (
            Douyin,
            "https://www.douyin.com/aweme/v1/web/aweme/post/?sec_user_id=MS4A",
            r#"{"status_code":0,"has_more":1,"aweme_list":[N{"aweme_id":"x1","desc":"旧","create_time":1777600000}]}"#,
            &[r#"{"desc":"新"},"#, r"{},", "null,", r#"{"card":{"id":1}},"#][..],
        ),
        (
            Kuaishou,
            "https://www.kuaishou.com/graphql",
            r#"{"result":1,"feeds":[N{"photoId":"1","caption":"旧","timestamp":1777600000000}]}"#,
            &[r#"{"caption":"新"},"#, r#"{"live":{}},"#],
        ),
        (
            Bilibili,
            "https://api.bilibili.com/x/space?host_mid=7",
            r#"{"code":0,"data":{"items":[N{"id_str":"1","modules":{"module_author":{"mid":7,"pub_ts":1777600000},"module_dynamic":{"desc":{"text":"旧"}}}}]}}"#,
            &[r#"{"modules":{}},"#, r#"{"id_str":"2","modules":{}},"#],
        ),
        (
            Toutiao,
            "https://www.toutiao.com/api/pc/list/feed",
            r#"{"message":"success","has_more":true,"data":[N{"group_id":"1","title":"旧","publish_time":1777600000}]}"#,
            &[r#"{"cell_type":32,"raw_data":{}},"#, r#"{"content":"{\"x\":1}"},"#],
        ),
        (
            Weibo,
            "https://m.weibo.cn/api/container/getIndex?containerid=1076037000000001",
            r#"{"ok":1,"data":{"cards":[N{"card_type":9,"mblog":{"id":"1","created_at":"2026-05-01","text":"旧","user":{"id":7000000001}}}]}}"#,
            &[r#"{"card_type":9,"mblog":{"words":"新"}},"#, r#"{"card_type":9,"status":{}},"#],
        ),
        (
            Weibo,
            "https://weibo.com/ajax/statuses/mymblog?uid=7000000001",
            r#"{"ok":1,"data":{"list":[N{"idstr":"1","created_at":"2026-05-01","text_raw":"旧","user":{"id":7000000001}}]}}"#,
            &[r#"{"text_raw":"新"},"#, r#"{"idstr":"2","created":"今天"},"#],
        ),
        (
            Wechat,
            "https://mp.weixin.qq.com/cgi-bin/appmsg",
            r#"{"app_msg_list":[N{"aid":"1","title":"旧","update_time":1777600000}]}"#,
            &[r#"{"name":"新"},"#, r#"{"aid":"2","title":"新"},"#],
        ),
        (
            Feed,
            "https://feeds.example.cn/1.xml",
            "<rss><channel>N<item><title>旧</title><pubDate>2026-05-01 08:00</pubDate></item></channel></rss>",
            &["<item><title>新</title></item>", "<item/>", "<item><title>新</title><pubDate>2026-10</pubDate></item>"],
        ),
    ] {
        assert_eq!(verdict(kind, url, &list.replace('N', "")), "silent", "{kind:?}");
        for strange in strange {
            assert_eq!(verdict(kind, url, &list.replace('N', strange)), "undated_posts", "{kind:?} {strange}");
        }
    }
}

#[test]
fn pinned_posts_alone_convict_only_where_the_answer_says_that_nothing_follows() {
    let list = |top: u8, more: u8| {
        format!(
            r#"{{"status_code":0,"has_more":{more},"aweme_list":[{{"aweme_id":"x1","desc":"旧","create_time":1777600000,"is_top":{top}}}]}}"#
        )
    };
    let url = "https://www.douyin.com/aweme/v1/web/aweme/post/?sec_user_id=MS4A";
    assert_eq!(verdict(Douyin, url, &list(1, 1)), "only_pinned");
    assert_eq!(verdict(Douyin, url, &list(1, 0)), "silent");
    assert_eq!(verdict(Douyin, url, &list(0, 1)), "silent");
    // Films alone, one kind of post alone, what a bridge let through: an old one proves nothing.
    let films = r#"{"code":0,"data":{"list":{"vlist":[{"bvid":"BV1a","mid":7,"title":"旧","created":1777600000}]}}}"#;
    assert_eq!(verdict(Bilibili, "https://api.bilibili.com/x/space/wbi/arc/search?mid=7", films), "partial_source");
    let articles = r#"{"message":"success","data":[{"group_id":"1","title":"旧","publish_time":1777600000}]}"#;
    let kind = "https://www.toutiao.com/api/pc/list/feed?category=pc_profile_article";
    assert_eq!(verdict(Toutiao, kind, articles), "partial_source");
    assert_eq!(verdict(Toutiao, "https://www.toutiao.com/api/pc/list/feed?category=profile_all", articles), "silent");
    let cards = |total: u32| {
        format!(
            r#"{{"ok":1,"data":{{"cardlistInfo":{{"total":{total}}},"cards":[{{"card_type":9,"mblog":{{"id":"1","isTop":1,"created_at":"2024-05-01","text":"旧"}}}}]}}}}"#
        )
    };
    let url = "https://m.weibo.cn/api/container/getIndex?containerid=1076037000000001";
    assert_eq!(
        (verdict(Weibo, url, &cards(900)).as_str(), verdict(Weibo, url, &cards(1)).as_str()),
        ("only_pinned", "silent")
    );
}
