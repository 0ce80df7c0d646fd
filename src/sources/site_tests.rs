//! Home pages: lists, pinned items, paths, feet, columns.

use super::*;
use crate::domain::account::SourceKind;
use crate::sources::tests::{context, read_as};

const HOME: &str = "<html><head><title>云溪区人民政府</title></head><body>
<div class=top>今天是2026年8月3日 星期一 <a href=/wza>无障碍浏览</a></div>
<nav><a href=/>首页</a><a href=/ywdt/>云溪要闻</a><a href=/bmdt/>部门动态</a><a href=/tzgg/>通知公告</a>
<a href=http://www.other.example/zcwj/>政策文件</a><a href=/ywdt/#x>要闻</a></nav>
<ul class=news><li><a href=/a/1.html>【置顶】区政府召开第一次全体会议部署全年工作</a><span>2024-01-02</span></li>
<li><a href=/a/2.html>云溪区召开防汛工作视频调度会议</a><span>07-31</span></li></ul>
<ul class=notice><li><a href=/a/3.html>关于2026年中秋节放假安排的通知</a><span>2026-06-01</span></li>
<li><a href=/a/4.html>关于开展安全生产检查的通知公告</a><span>2026-05-01</span></li>
<li><a href=/a/5.html>关于公布行政规范性文件清单的公告</a><span>2026-04-01</span></li></ul>
<footer>主办单位：云溪区人民政府办公室 联系电话：000-0000000 网站标识码：0000000018 <a href=/wzdt/>网站地图</a>
 虚ICP备00000000号 虚公网安备00000000000000号
<a href=https://bszs.conac.cn/sitename?x>标识</a><script id=\"_jiucuo_\" sitecode=0000000018 src=//zfwzgl.www.gov.cn/exposure/jiucuo.js></script></footer></body></html>";

const URL: &str = "http://www.yunxi.example/";

fn page(html: &str) -> Page {
    Page::from_bytes(URL, Some("text/html; charset=utf-8"), html.to_owned())
}

#[test]
fn every_list_of_the_home_page_counts_and_the_clock_in_its_header_does_not() {
    let reading = read_as(SourceKind::Site, URL, HOME).unwrap();
    assert_eq!(reading.posts.len(), 5, "{:?}", reading.posts);
    assert_eq!(reading.coverage, Coverage::Whole);
    assert_eq!(reading.newest_until(context().as_of).unwrap().to_rfc3339(), "2026-07-31T00:00:00+08:00");
    assert_eq!(reading.profile.unwrap().name.as_deref(), Some("云溪区人民政府"));
}

#[test]
fn dates_that_stand_in_paths_alone_prove_no_silence() {
    let item = |n: u8| format!("<li><a href=/zwgk/202601/t2026010{n}_{n}.html>关于做好某项重点工作的通知{n}</a></li>");
    let items = (1..6).map(item).collect::<Vec<_>>().concat();
    let reading = read_as(SourceKind::Site, URL, &format!("<ul>{items}</ul>")).unwrap();
    assert_eq!((reading.posts.len(), reading.coverage), (5, Coverage::Part));
}

/// A list that shows its dates, all of them old.
fn dated_list(items: usize) -> String {
    let item = |n| format!("<li><a href=/{n}.html>关于公布第{n}批清单的公告</a><span>2026-01-{n:02}</span></li>");
    format!("<ul>{}</ul>", (1..=items).rev().map(item).collect::<Vec<_>>().concat())
}

const SCRIPT: &str = "<script src=/js/news.js></script>";

#[test]
fn what_a_script_will_draw_may_be_newer_than_what_is_there() {
    let coverage = |html: &str| read_as(SourceKind::Site, URL, html).unwrap().coverage;
    let old = dated_list(6);
    for empty in [
        "<div id=newsList></div>",
        "<ul class='zx-list'> </ul>",
        "<ul id=xw>加载中...</ul>",
        "<div class=col><ul></ul></div>",
        "<div id=app><p>{{ item.title }}</p></div>",
    ] {
        assert_eq!(coverage(&format!("{empty}{old}{SCRIPT}")), Coverage::Part, "{empty}");
        assert_eq!(coverage(&format!("{empty}{old}<script>var a = 1</script>")), Coverage::Whole, "{empty}");
    }
    for ornament in [
        "<div></div>",
        "<div class=clear></div>",
        "<div class='blank10 clearfix'></div>",
        "<div id=page></div>",
        "<div class=pic><img src=/1.png></div>",
        "<span class=news></span>",
    ] {
        assert_eq!(coverage(&format!("{ornament}{old}{SCRIPT}")), Coverage::Whole, "{ornament}");
    }
    assert_eq!(coverage(&dated_list(4)), Coverage::Part, "a handful of dates is no home page");
}

#[test]
fn what_a_frame_shows_may_be_newer_than_what_is_there() {
    let old = dated_list(6);
    let coverage = |kind: SourceKind, frame: &str| read_as(kind, URL, &format!("{frame}{old}")).unwrap().coverage;
    for kind in [SourceKind::Site, SourceKind::Html] {
        for own in
            ["<iframe src=/zwdt/list.html></iframe>", "<iframe src='http://yunxi.example/xw/' width=600></iframe>"]
        {
            assert_eq!(coverage(kind, own), Coverage::Part, "{own}");
        }
        for other in [
            "<iframe src='https://tianqi.example.com/' width=200></iframe>",
            "<iframe src=/count.html width=0 height=0></iframe>",
            "<iframe src=/login.html style='display: none'></iframe>",
            "<iframe src=/inc/header.html></iframe><iframe src=/inc/foot2.html></iframe>",
            "<iframe name=post></iframe>",
            "<iframe src='javascript:void(0)'></iframe>",
        ] {
            assert_eq!(coverage(kind, other), Coverage::Whole, "{other}");
        }
    }
}

#[test]
fn newer_dates_that_no_link_bears_prove_that_the_list_is_not_all() {
    let old = dated_list(6);
    let record =
        "<record><![CDATA[<li><a href='/n/1.html'>区领导调研重点项目建设</a><i>2026-08-01</i></li>]]></record>";
    let row = |tag: &str| format!("<li{tag}<span>2026-08-01</span></li><li{tag}<span>2026-07-31</span></li>");
    for kind in [SourceKind::Site, SourceKind::Html] {
        let nav = "<div><a href=/>首页</a></div>";
        let coverage = |beside: &str| read_as(kind, URL, &format!("{nav}<ul>{beside}</ul>{old}")).unwrap().coverage;
        for newer in [
            format!("<script type='text/xml'><datastore>{record}</datastore></script>"),
            "<script>document.write('<li><a href=/n/1.html>区领导调研</a>2026-08-01</li>')</script>".to_owned(),
            "<script>var rows = [{t:'区领导调研',d:'2026-08-01'},{t:'防汛调度',d:'2026-07-31'}]</script>".to_owned(),
            format!("<textarea style='display:none'>{}</textarea>", record.replace('<', "&lt;")),
            row(" onclick=go(1)>区领导调研重点项目建设"),
            row("><a href='javascript:go(1)'>区领导调研重点项目建设</a>"),
            row("><a href='#/detail/1'>区领导调研重点项目建设</a>"),
            row("><a>区领导调研重点项目建设</a>"),
        ] {
            assert_eq!(coverage(&newer), Coverage::Part, "{newer}");
        }
        for other in [
            "<script>var now = '2026-08-03 12:00:00'; document.title</script>".to_owned(),
            format!("<script>{}</script>", record.replace("2026-08-01", "2025-08-01")),
            "<p>今天是<span>2026年8月3日</span> 星期一</p>".to_owned(),
            "<p>更新时间：<span>2026-08-02</span></p>".to_owned(),
        ] {
            assert_eq!(coverage(&other), Coverage::Whole, "{other}");
        }
    }
}

#[test]
fn the_day_of_the_visit_updates_no_home_page() {
    let old = dated_list(6);
    let newest = |html: &str| {
        let reading = read_as(SourceKind::Site, URL, html).unwrap();
        (reading.newest_until(context().as_of).unwrap().date_naive().to_string(), reading.coverage)
    };
    for today in [
        "<div><span>2026年8月3日</span><a href=/>欢迎访问云溪区人民政府门户网站</a></div>",
        "<div><span>2026年8月3日</span><a href=/index.html>欢迎访问云溪区人民政府门户网站</a></div>",
        "<p>最后更新时间：<span>2026-08-03</span></p><p><a href='https://beian.miit.gov.cn/'>虚ICP备00000000号-1</a></p>",
        "<div>主办：<a href='http://office.example.cn'>云溪区人民政府办公室</a> 更新日期：<em>2026-08-03</em></div>",
    ] {
        for html in [format!("{today}{old}"), format!("{old}<div>{today}</div>")] {
            assert_eq!(newest(&html), ("2026-01-06".to_owned(), Coverage::Whole), "{html}");
        }
    }
    // What stands alone and leads elsewhere may be the weather, or a headline.
    let elsewhere = |day: &str| {
        format!("<div><span>{day}</span><a href='https://news.example.cn/1.html'>云溪区 多云 26-33℃ 查看详情</a></div>")
    };
    assert_eq!(newest(&format!("{}{old}", elsewhere("08-03"))), ("2026-01-06".to_owned(), Coverage::Part));
    assert_eq!(newest(&format!("{}{old}", elsewhere("2025-08-03"))), ("2026-01-06".to_owned(), Coverage::Whole));
    let headline = "<div><span>2026-08-02</span><a href=/n/1.html>云溪区召开防汛工作视频调度会议</a></div>";
    assert_eq!(newest(&format!("{headline}{old}")).0, "2026-08-02");
}

#[test]
fn the_head_of_a_table_says_what_its_dates_are() {
    let row = |n: u8| {
        format!(
            "<tr><td><a href=/{n}.html>关于征求第{n}号办法意见的公告</a></td><td>2026-06-0{n}</td><td>2026-08-0{n}</td></tr>"
        )
    };
    let table = |head: &str| format!("<table>{head}{}{}</table>", row(2), row(1));
    let newest = |html: &str| {
        let reading = read_as(SourceKind::Html, URL, html).unwrap();
        reading.newest_until(context().as_of).unwrap().date_naive().to_string()
    };
    assert_eq!(newest(&table("<tr><th>标题</th><th>发布日期</th><th>截止日期</th></tr>")), "2026-06-02");
    assert_eq!(newest(&table("<tr><th>标题</th><th>发布日期</th><th>修改</th></tr>")), "2026-06-02");
    assert_eq!(newest(&table("<tr><td>标题</td><td>发布日期</td><td>截止日期</td></tr>")), "2026-08-02");
}

#[test]
fn a_column_beside_what_a_script_draws_is_not_certainly_old() {
    let mut column = found_columns(&page(HOME), &SiteRule::default(), &context()).remove(0);
    let shown = |column: &Column, html: &str| match read_column(&page(html), column, &context()) {
        Ok(ColumnPage::Dated(reading, shown)) => {
            (reading.newest_until(context().as_of).unwrap().date_naive().to_string(), shown)
        }
        other => panic!("{other:?}"),
    };
    let old = dated_list(3);
    let drawn = format!("<ul id=list></ul>{old}{SCRIPT}");
    assert_eq!(shown(&column, &old), ("2026-01-03".to_owned(), true));
    assert_eq!(shown(&column, &drawn), ("2026-01-03".to_owned(), false));
    let item = |n: u8| format!("<p><a href=/x/{n}.html>区领导深入一线调研重点项目建设{n}</a></p>");
    let undated = (0..5).map(item).collect::<Vec<_>>().concat();
    assert_eq!(shown(&column, &format!("{undated}{old}")), ("2026-01-03".to_owned(), false));
    let newer = "<p><a href=/n.html>区领导调研重点项目建设</a><i>2026-08-01</i></p>";
    assert_eq!(shown(&column, &format!("{newer}{old}")), ("2026-08-01".to_owned(), false));
    column.options.insert("item".to_owned(), "li".into());
    assert!(shown(&column, &drawn).1, "the registry says where the list is");
}

#[test]
fn many_links_without_a_date_may_hide_a_newer_one() {
    let item = |n: u8| format!("<p><a href=/x/{n}.html>区领导深入一线调研重点项目建设{n}</a></p>");
    let undated = (0..8).map(item).collect::<Vec<_>>().concat();
    let dated = dated_list(5);
    assert_eq!(read_as(SourceKind::Site, URL, &format!("{dated}{undated}")).unwrap().coverage, Coverage::Part);
    assert_eq!(read_as(SourceKind::Site, URL, &dated).unwrap().coverage, Coverage::Whole);
    // One is enough to hide it: the headline of the day often bears no date. One that a list dates hides nothing.
    let headline = |to: &str| format!("<h2><a href={to}>区委区政府召开经济工作会议部署重点任务</a></h2>{dated}");
    let picture = |to: &str| format!("<a href={to}><img src=/1.jpg></a>{dated}");
    for hides in [headline("/a/99.html"), headline("/a/99.html#top"), picture("/a/99.html")] {
        assert_eq!(read_as(SourceKind::Site, URL, &hides).unwrap().coverage, Coverage::Part, "{hides}");
    }
    for shows in [headline("/5.html#top"), headline("/zt/gzhy/index.html"), picture("/5.html"), picture("/")] {
        assert_eq!(read_as(SourceKind::Site, URL, &shows).unwrap().coverage, Coverage::Whole, "{shows}");
    }
    // A word that begins like the name of a list is none, and neither is a sentence.
    for article in [
        "/a/college.htm",
        "/listening-to-the-people.htm",
        "/a/indexing.html",
        "/a/more-1500-jobs.html",
        "/a/nodes2.htm",
    ] {
        assert_eq!(read_as(SourceKind::Site, URL, &headline(article)).unwrap().coverage, Coverage::Part, "{article}");
    }
    for list in [
        "/col/col1234/index.html",
        "/gk/col_123.htm",
        "/gk/list_tzgg.html",
        "/gk/channel_-1.htm",
        "/gk/column.html",
        "/gk/INDEX-2.htm",
    ] {
        assert_eq!(read_as(SourceKind::Site, URL, &headline(list)).unwrap().coverage, Coverage::Whole, "{list}");
    }
    // Links to other offices hide nothing.
    let elsewhere = undated.replace("=/x/", "=http://www.other.example/x/");
    assert_eq!(read_as(SourceKind::Site, URL, &format!("{dated}{elsewhere}")).unwrap().coverage, Coverage::Whole);
    assert_eq!(read_as(SourceKind::Site, URL, &undated), Err(Unreadable::NoDates));
}

#[test]
fn a_whole_foot_shows_every_mark_and_a_missing_one_is_missed() {
    let front = examine(&page(HOME), &context());
    assert_eq!(front.marks, FooterMark::ALL);
    assert!(front.foot_seen && !front.scripted && !front.navigation && !front.foot_scripted);
    let without = HOME.replace("虚公网安备00000000000000号", "");
    let front = examine(&page(&without), &context());
    let missing: Vec<_> = FooterMark::ALL.iter().filter(|mark| !front.marks.contains(mark)).collect();
    assert_eq!(missing, [&FooterMark::Police]);
    assert!(front.foot_seen);
}

#[test]
fn a_page_drawn_by_script_has_no_foot_to_judge() {
    let front = examine(&page("<div id=app></div><script src=/app.js></script>"), &context());
    assert!(front.scripted && !front.foot_seen && front.marks.is_empty());
    let framed = HOME.replace("<footer>", "<script src='/js/footer.js'></script><footer>");
    assert!(examine(&page(&framed), &context()).foot_scripted);
}

#[test]
fn site_codes_are_ten_digits_or_those_of_a_ministry() {
    for (text, seen) in [
        ("网站标识码：1101020002", true),
        ("政府网站标识码 bm07000001", true),
        ("网站标识码：12345", false),
        ("网站标识码:12010000521", false),
        ("<meta name=\"SiteIDCode\" content=\"5109030018\">", true),
        ("服务热线 1101020002", false),
        ("政府网站标识码（5101320001）", true),
        ("网站标识码:【5101320001】", true),
        ("网站标识码（51013200015）", false),
    ] {
        let front = examine(&page(text), &context());
        assert_eq!(front.marks.contains(&FooterMark::SiteCode), seen, "{text}");
    }
}

#[test]
fn hosts_contacts_and_filings_are_known_however_they_are_set() {
    for (mark, text, seen) in [
        (FooterMark::Host, "主办：云溪区人民政府办公室", true),
        (FooterMark::Host, "云溪街道办事处主办", true),
        (FooterMark::Host, "云溪经济开发区管委会 主办", true),
        (FooterMark::Host, "云溪区不动产登记中心主办", true),
        (FooterMark::Host, "云溪镇政府主办", true),
        (FooterMark::Host, "主办　云溪区人民政府办公室　承办　区融媒体中心", true),
        (FooterMark::Host, "活动由多家企业主办", false),
        (FooterMark::Contact, "电话：000-0000000", true),
        (FooterMark::Contact, "电话 000-0000000", true),
        (FooterMark::Contact, "政务服务便民热线12345", true),
        (FooterMark::Contact, "邮箱 a@example.gov.cn", true),
        (FooterMark::Contact, "<a href=mailto:a@example.gov.cn>写信</a>", true),
        (FooterMark::Contact, "电话会议于昨日召开，热线开通", false),
        (FooterMark::Contact, "业务咨询 000-00000000", true),
        (FooterMark::Contact, "（000）0000000", true),
        (FooterMark::Contact, "2026-11-20 00000", false),
        (FooterMark::Police, "公安机关备案号：00000000000000", true),
        (FooterMark::Police, "公安备案办事指南", false),
        (FooterMark::Icp, "虚ICP备00000000号", true),
        (FooterMark::Icp, "虚ＩＣＰ备００００００００号", true),
        (FooterMark::Icp, "虚ICP备00000000", true),
        (FooterMark::Icp, "ICP备案办事指南", false),
        (FooterMark::SiteCode, "网站标识编码：5101320001", true),
    ] {
        assert_eq!(examine(&page(text), &context()).marks.contains(&mark), seen, "{mark:?} {text}");
    }
}

#[test]
fn columns_are_listed_by_the_registry_or_found_by_their_names() {
    let found = found_columns(&page(HOME), &SiteRule::default(), &context());
    let names: Vec<_> = found.iter().map(|c| (c.name.as_str(), c.url.as_str(), c.kind)).collect();
    assert_eq!(
        names,
        [
            ("云溪要闻", "http://www.yunxi.example/ywdt/", ColumnKind::News),
            ("部门动态", "http://www.yunxi.example/bmdt/", ColumnKind::News),
            ("通知公告", "http://www.yunxi.example/tzgg/", ColumnKind::Policy),
        ]
    );
    let options = serde_json::json!({"columns": [
        {"name": "要闻", "url": "/ywdt/", "kind": "news", "item": "li"},
        {"url": "http://www.yunxi.example/zcwj/", "kind": "policy", "days": 30},
    ]});
    let listed = listed_columns(options.as_object().unwrap(), URL).unwrap();
    assert_eq!(listed.len(), 2);
    assert_eq!((listed[0].url.as_str(), listed[0].options.len()), ("http://www.yunxi.example/ywdt/", 1));
    assert_eq!((listed[1].days, listed[1].kind), (Some(30), ColumnKind::Policy));
    let as_text = serde_json::json!({"columns": options["columns"].to_string()});
    assert_eq!(listed_columns(as_text.as_object().unwrap(), URL).unwrap(), listed);
    for bad in [r#"{"columns":3}"#, r#"{"columns":[{"name":"x"}]}"#, r#"{"columns":[{"url":"/x","kind":"y"}]}"#] {
        let options: Map<String, Value> = serde_json::from_str(bad).unwrap();
        assert!(listed_columns(&options, URL).is_err(), "{bad}");
    }
}

#[test]
fn a_column_is_blank_only_where_it_says_so() {
    let column = &found_columns(&page(HOME), &SiteRule::default(), &context())[0];
    let read = |html: &str| read_column(&page(html), column, &context());
    assert_eq!(read("<div class=list>暂无信息</div>"), Ok(ColumnPage::Blank));
    assert_eq!(read("<div class=list></div><p>首页</p>"), Err(Unreadable::NoDates));
    assert!(matches!(read(&dated_list(6)), Ok(ColumnPage::Dated(_, true))));
    // A newer link beside the list that was found leaves it open which of them is the column's own.
    assert!(matches!(read(HOME), Ok(ColumnPage::Dated(_, false))));
}

#[test]
fn no_mutation_makes_it_panic() {
    crate::sources::tests::survives(SourceKind::Site, &[HOME]);
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(300))]

    #[test]
    fn no_home_page_makes_the_look_beside_its_posts_panic(from in 0usize..400, until in 0usize..1600, times in 1usize..4) {
        let chars: Vec<char> = HOME.chars().collect();
        let piece: String = chars.iter().skip(from).take(until).collect();
        let page = page(&piece.repeat(times));
        let front = examine(&page, &context());
        proptest::prop_assert!(front.marks.len() <= FooterMark::ALL.len());
        for column in found_columns(&page, &SiteRule::default(), &context()) {
            let _ = read_column(&page, &column, &context());
        }
    }

    #[test]
    fn no_list_of_columns_panics(text in "\\PC{0,60}") {
        let options = serde_json::json!({"columns": text, "home": "navigation"});
        let _ = listed_columns(options.as_object().unwrap(), URL);
    }
}
