//! List pages with and without selectors.

use super::*;

const URL: &str = "https://www.example.cn/zwgk/tz/index.html";

fn context() -> ReadContext {
    ReadContext::at("2026-08-03T04:00:00Z".parse().unwrap(), chrono_tz::Asia::Shanghai)
}

fn options(pairs: &[(&str, &str)]) -> Map<String, Value> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), Value::from(*value))).collect()
}

fn detect(body: &str) -> Result<Reading, Unreadable> {
    let text = format!("<html><head><title>通知公告</title></head><body>{body}</body></html>");
    read(URL, &text, &Map::new(), &context())
}

fn newest(reading: &Reading) -> String {
    reading.posts.iter().filter_map(|post| post.published_at).max().unwrap().date_naive().to_string()
}

fn rows(count: u32, row: impl Fn(u32) -> String) -> String {
    (1..=count).map(row).collect::<Vec<_>>().concat()
}

#[test]
fn lists_of_every_make_are_found() {
    for (make, row) in [
        ("date behind", "<li><a href='./U.html'>关于第N项工作的通知</a><span>D</span></li>"),
        ("date before", "<li><span>[D]</span><a href='./U.html'>关于第N项工作的通知</a></li>"),
        ("date in the link", "<li><a href='./U.html'>关于第N项工作的通知<em>D</em></a></li>"),
        ("date in the words", "<li><a href='./U.html'>关于第N项工作的通知</a> D</li>"),
        ("table", "<tr><td>N</td><td><a href='./U.html'>关于第N项工作的通知</a></td><td>D</td></tr>"),
        ("definition list", "<dl><dt><a href='./U.html'>关于第N项工作的通知</a></dt><dd>D</dd></dl>"),
        (
            "cards",
            "<div class=card><h3><a href='./U.html'>关于第N项工作的通知</a></h3><p>摘要。</p><time datetime='D'>x</time></div>",
        ),
        ("column link first", "<li><a href='/c'>要闻</a><a href='./U.html'>关于第N项工作的通知</a><i>D</i></li>"),
    ] {
        let rows: String = [("1", "2026-07-30"), ("2", "2026-07-31"), ("3", "2026-07-01")]
            .iter()
            .map(|(n, date)| row.replace('N', n).replace('U', &format!("t{n}")).replace('D', date))
            .collect();
        let body = if make == "table" { format!("<table>{rows}</table>") } else { format!("<ul>{rows}</ul>") };
        let reading = detect(&body).unwrap_or_else(|error| panic!("{make}: {error}"));
        assert_eq!(reading.posts.len(), 3, "{make}");
        assert_eq!(newest(&reading), "2026-07-31", "{make}");
        assert_eq!(reading.posts[0].title, "关于第1项工作的通知", "{make}");
        assert_eq!(reading.posts[0].url.as_deref(), Some("https://www.example.cn/zwgk/tz/t1.html"), "{make}");
    }
}

#[test]
fn a_newer_link_outside_the_list_that_was_read_leaves_its_silence_unproven() {
    let old = rows(8, |n| {
        format!("<li><a href=/r/{n}.html>热门推荐之关于第{n}批重点惠民项目的长篇报道</a><i>2025-03-0{n}</i></li>")
    });
    let aside = format!("<ul class=hot>{old}</ul>");
    let main = |date: &str| rows(3, |n| format!("<p><a href=/a/{n}.html>第{n}号公告</a><span>{date}</span></p>"));
    let coverage = |body: String| detect(&body).unwrap().coverage;
    assert_eq!(coverage(format!("<div class=main>{}</div>{aside}", main("2026-08-01"))), Coverage::Part);
    let by_path = "<p><a href=/zwgk/202608/t20260801_1.html>关于道路施工的公告</a></p>";
    assert_eq!(coverage(format!("{by_path}{aside}")), Coverage::Part);
    // What is older, still to come, or the day of the visit hides nothing.
    assert_eq!(coverage(format!("<div class=main>{}</div>{aside}", main("2025-01-01"))), Coverage::Whole);
    assert_eq!(coverage(format!("<div class=main>{}</div>{aside}", main("2026-12-01"))), Coverage::Whole);
    assert_eq!(
        coverage(format!("<p><a href=/x>无障碍浏览与长者模式</a>今天是2026年8月3日 星期一</p>{aside}")),
        Coverage::Whole
    );
}

#[test]
fn a_list_without_dates_beside_the_one_that_was_read_may_be_newer() {
    let old = rows(6, |n| format!("<li><a href=/r/{n}.html>关于第{n}批重点项目的公告</a><i>2025-03-0{n}</i></li>"));
    let coverage = |beside: &str| detect(&format!("<ul class=old>{old}</ul>{beside}")).unwrap().coverage;
    let two = |row: &str| format!("<div class=new>{}</div>", rows(3, |n| row.replace('N', &n.to_string())));
    for beside in [
        "<p><a href=/a/N.html>关于停水检修的公告第N号</a></p>",
        "<p><a href=/a/collegeN.html>关于停水检修的公告第N号</a></p>",
        "<p><a href='/detail?id=N'>我区召开第N次防汛工作会议</a><span>最新</span></p>",
        "<p><a href='https://www.example.cn/content/N'>我区召开第N次防汛工作会议</a></p>",
    ] {
        assert_eq!(coverage(&two(beside)), Coverage::Part, "{beside}");
    }
    // A menu, columns, other offices, a single link, and what the list has itself.
    for beside in [
        "<p><a href=/a/N.html>栏目N</a></p>",
        "<p><a href=/gkN/>政府信息公开工作专栏N</a></p>",
        "<p><a href=/gk/indexN.html>政府信息公开工作动态N</a></p>",
        "<p><a href=/gk/N.html>某某区政府信息公开指南</a></p>",
        "<p><a href=https://www.gov.example/N.html>某某市人民政府门户网站第N频道</a></p>",
        "<p><a href=/r/N.html>关于第N批重点项目的公告</a></p>",
    ] {
        assert_eq!(coverage(&two(beside)), Coverage::Whole, "{beside}");
    }
    assert_eq!(coverage("<p><a href=/a/1.html>关于进一步做好防汛工作的说明</a></p>"), Coverage::Whole);
}

#[test]
fn what_a_script_will_draw_may_be_newer() {
    let old = rows(6, |n| format!("<li><a href=/r/{n}.html>关于第{n}批重点项目的公告</a><i>2025-03-0{n}</i></li>"));
    let coverage = |beside: &str| detect(&format!("<ul class=old>{old}</ul>{beside}")).unwrap().coverage;
    assert_eq!(coverage("<ul id=newslist></ul><script src=/list.js></script>"), Coverage::Part);
    assert_eq!(coverage("<div class=clear></div><script src=/list.js></script>"), Coverage::Whole);
    assert_eq!(coverage("<ul id=newslist></ul>"), Coverage::Whole);
}

#[test]
fn a_row_that_was_selected_is_a_post_without_a_title_too() {
    let text = "<ul><li class=h>标题 日期</li><li><a href=a><img src=x></a></li>                <li><a href=b>关于停水的公告</a><span>2026-05-01</span></li></ul>";
    let reading = read(URL, text, &options(&[("item", "li")]), &context()).unwrap();
    let dated: Vec<_> = reading.posts.iter().map(|post| post.published_at.is_some()).collect();
    assert_eq!((dated, reading.unplaced(context().as_of)), (vec![false, true], 1));
}

#[test]
fn an_old_pinned_item_hides_nothing() {
    let reading = detect(
        "<ul><li><a href=a>【置顶】办事指南汇编</a><span>2020-01-01</span></li>\
         <li><a href=b>关于道路施工的公告</a><span>2026-08-01</span></li></ul>",
    )
    .unwrap();
    assert!(reading.posts[0].pinned && !reading.posts[1].pinned);
    assert_eq!(newest(&reading), "2026-08-01");
}

/// Titles with what dates them, as read.
fn shown(reading: &Reading) -> Vec<String> {
    let date = |post: &Post| post.published_at.map_or("-".to_owned(), |at| at.format("%m-%d").to_string());
    reading.posts.iter().map(|post| format!("{} {}", date(post), post.title)).collect()
}

#[test]
fn a_row_without_a_readable_date_is_a_post_all_the_same() {
    for (make, row) in [
        ("list", "<li><a href='/N'>关于开展消防检查的通知N</a><span>D</span></li>"),
        ("boxes", "<div class=row><p><a href='/N'>关于开展消防检查的通知N</a><span>D</span></p></div>"),
    ] {
        let rows: String = [("1", "最新"), ("2", "2026-06-01"), ("3", "2026-05-20"), ("4", "NEW")]
            .iter()
            .map(|(n, date)| row.replace('N', n).replace('D', date))
            .collect();
        let reading = detect(&format!("<ul>{rows}<li><a href='/list_2'>下一页</a></li></ul>")).unwrap();
        let wanted = [
            "- 关于开展消防检查的通知1",
            "06-01 关于开展消防检查的通知2",
            "05-20 关于开展消防检查的通知3",
            "- 关于开展消防检查的通知4",
        ];
        assert_eq!(shown(&reading), wanted, "{make}");
    }
}

#[test]
fn in_a_box_without_rows_what_has_no_date_may_be_the_newest() {
    let flat = "<div><a href=a>关于开展消防检查的通知一</a>最新<br><a href=b>关于开展消防检查的通知二</a>2026-06-02<br>\
                <a href=c>关于开展消防检查的通知三</a>2026-06-01<br></div>";
    let reading = detect(flat).unwrap();
    let dates: Vec<_> = reading.posts.iter().map(|post| post.published_at.is_some()).collect();
    assert_eq!(dates, [false, true, true]);
}

#[test]
fn a_date_in_a_title_is_not_the_day_of_publication() {
    let row = |title: &str, date: &str| format!("<li><a href='/{date}'>{title}</a><span>{date}</span></li>");
    let list = format!(
        "<ul>{}{}{}</ul>",
        row("我区召开安全生产工作部署会议", "2026-07-20"),
        row("2026年8月2日空气质量日报", "2026-07-19"),
        row("关于2026年8月1日至5日停水检修的通知", "2026-07-18"),
    );
    let wanted = [
        "07-20 我区召开安全生产工作部署会议",
        "07-19 2026年8月2日空气质量日报",
        "07-18 关于2026年8月1日至5日停水检修的通知",
    ];
    assert_eq!(shown(&detect(&list).unwrap()), wanted);
    let selected = read(URL, &list, &options(&[("item", "li")]), &context()).unwrap();
    assert_eq!(shown(&selected), wanted);
    // In the words of the link, a date counts where it stands apart from them.
    let in_words = "<ul><li><a href=a>关于2026年8月2日举办招聘会的预告 2026-06-01</a></li>\
                    <li><a href=b>[2026-05-20] 关于停水检修的公告</a></li></ul>";
    let wanted = ["06-01 关于2026年8月2日举办招聘会的预告", "05-20 关于停水检修的公告"];
    assert_eq!(shown(&detect(in_words).unwrap()), wanted);
    let only = rows(3, |n| format!("<li><a href='/{n}'>关于2026年8月{n}日举办招聘会的预告</a></li>"));
    assert_eq!(detect(&format!("<ul>{only}</ul>")), Err(Unreadable::NoDates));
}

#[test]
fn a_row_has_one_date_and_an_end_is_none() {
    let rows = |cells: &str| {
        let row = |n: u32| {
            let cells = cells.replace('N', &n.to_string());
            format!("<tr><td><a href='/{n}'>关于某某项目招标的公告第{n}号</a></td>{cells}</tr>")
        };
        format!("<table>{}{}</table>", row(1), row(2))
    };
    for cells in [
        "<td>发布 2026-05-0N</td><td>截止 2026-08-0N</td>",
        "<td>截止日期：2026-08-0N</td><td>2026-05-0N</td>",
        "<td>公示期至</td><td>2026-08-0N</td><td>2026-05-0N</td>",
        "<td>2026-03-0N</td><td>2026-05-0N</td>",
        "<td>2026-05-0N</td><td>2026-09-0N</td>",
        "<td>发布日期</td><td>2026-05-0N</td><td>2026-08-01</td>",
        "<td><p>2026年8月1日，区长到现场调研，要求抓紧落实。</p></td><td>2026-05-0N</td>",
    ] {
        let reading = detect(&rows(cells)).unwrap();
        let wanted = ["05-01 关于某某项目招标的公告第1号", "05-02 关于某某项目招标的公告第2号"];
        assert_eq!(shown(&reading), wanted, "{cells}");
    }
    assert_eq!(detect(&rows("<td>截止日期：2026-07-0N</td>")), Err(Unreadable::NoDates));
}

#[test]
fn the_main_list_wins_over_the_side_column() {
    let main =
        rows(8, |n| format!("<li><a href='m{n}'>关于开展第{n}次专项检查工作的通知</a><span>2026-07-0{n}</span></li>"));
    let side = rows(8, |n| format!("<li><a href='s{n}'>热点{n}</a><span>08-0{n}</span></li>"));
    let reading =
        detect(&format!("<div class=side><ul>{side}</ul></div><div class=main><ul>{main}</ul></div>")).unwrap();
    assert_eq!(newest(&reading), "2026-07-08");
}

#[test]
fn short_and_split_dates_are_read() {
    let reading = detect(
        "<ul><li><a href=a>关于道路施工的公告</a><span>[07-31]</span></li>\
         <li><a href=b>关于停水检修的公告</a><span>昨天</span></li>\
         <li><a href=c>关于防汛值守的公告</a><span>15小时前</span></li></ul>",
    )
    .unwrap();
    assert_eq!(newest(&reading), "2026-08-02");
    let split = detect(
        "<ul><li><div class=d><b>31</b><i>2026-07</i></div><a href=a>关于道路施工的公告</a></li>\
         <li><div class=d><b>05</b><i>2026-07</i></div><a href=b>关于停水检修的公告</a></li></ul>",
    )
    .unwrap();
    assert_eq!(newest(&split), "2026-07-31");
}

#[test]
fn dates_in_paths_count_only_where_none_is_shown() {
    let links = rows(4, |n| format!("<li><a href='202607/t2026070{n}_1.html'>关于第{n}项工作的通知</a></li>"));
    assert_eq!(newest(&detect(&format!("<ul>{links}</ul>")).unwrap()), "2026-07-04");
    let shown = "<ul><li><a href='t20260716_1.html'>关于道路施工的公告</a><b>2026/07/17</b></li>\
                 <li><a href='t20260714_1.html'>关于停水检修的公告</a><b>2026/07/15</b></li></ul>";
    assert_eq!(newest(&detect(shown).unwrap()), "2026-07-17");
}

#[test]
fn a_page_without_a_dated_list_is_not_silence() {
    for body in [
        "",
        "<p>2026-07-31</p>",
        "<a href=x>首页</a>",
        "<div id=app></div>",
        "<p>欢迎</p><p>©2026-01-01 <a href=x>备案</a></p>",
    ] {
        assert_eq!(detect(body), Err(Unreadable::NoDates), "{body}");
    }
}

#[test]
fn selectors_are_followed() {
    let text = "<base href='/x/'><ul><li class=n><h4>标题一</h4><a class=u href='1.html'>全文</a><i data-t='1785463200'>x</i></li>\
                <li class=n><h4>标题二</h4><a class=u href='2.html'>全文</a><i data-t='bad'>x</i></li></ul>";
    let given = options(&[("item", "li.n"), ("title", "h4"), ("link", "a.u"), ("date", "i"), ("date_attr", "data-t")]);
    let reading = read(URL, text, &given, &context()).unwrap();
    assert_eq!(reading.posts[0].title, "标题一");
    assert_eq!(reading.posts[0].url.as_deref(), Some("https://www.example.cn/x/1.html"));
    assert_eq!(newest(&reading), "2026-07-31");
    assert_eq!(reading.warnings, [Oddity::Undated(1, 2)]);
}

#[test]
fn selectors_that_miss_or_do_not_parse_are_named() {
    let text = "<ul><li><a href=a>标题</a> 2026-07-31</li></ul>";
    let miss = read(URL, text, &options(&[("item", "tr")]), &context());
    assert_eq!(miss, Err(Unreadable::NothingSelected("tr".to_owned())));
    for given in [options(&[("item", "li[")]), options(&[("date", "span")])] {
        assert!(matches!(read(URL, text, &given, &context()), Err(Unreadable::BadOption { .. })));
    }
    let mut number = Map::new();
    number.insert("item".to_owned(), Value::from(3));
    assert!(matches!(read(URL, text, &number, &context()), Err(Unreadable::BadOption { option: "item", .. })));
}
