//! How long it takes to judge what a link answered, and a quarter's posts against their review records.
#![allow(missing_docs, reason = "the macro of the benchmark library makes public functions")]
#![expect(
    clippy::format_collect,
    clippy::unwrap_used,
    reason = "pages are made once, and a benchmark that cannot begin fails"
)]

use std::hint::black_box;

use chrono::{DateTime, TimeDelta, Utc};
use criterion::{Criterion, criterion_group, criterion_main};
use xuncha::checks::judge::{Bench, Known, Reviews, judge};
use xuncha::checks::link::{LinkOutcome, judge_answer};
use xuncha::checks::seen::{Newest, Observed, PostSeen};
use xuncha::config::ReviewRequired;
use xuncha::domain::Lang;
use xuncha::domain::account::{Account, AccountId, AccountStatus, Personal, Platform};
use xuncha::domain::finding::Evidence;
use xuncha::domain::review::{ReviewRecord, ReviewStage};
use xuncha::domain::rule::RuleSet;
use xuncha::fetch::Page;

/// A page like an office's: styles, a script, a menu, `paragraphs` of text.
fn page(title: &str, paragraphs: usize) -> String {
    let style: String = (0..60).map(|n| format!(".c{n}{{margin:{n}px;color:#333}}")).collect();
    let menu: String = (0..20).map(|n| format!("<li><a href=\"/menu/{n}.html\">政务栏目{n}</a></li>")).collect();
    let text = "<p>云溪区（示例）今日公布便民服务事项调整安排，办理地点、时间和所需材料见附件。</p>".repeat(paragraphs);
    format!(
        "<!DOCTYPE html><html><head><meta charset=utf-8><title>{title}</title><style>{style}</style>\
         <script>var a = 1 < 2;</script></head><body><ul>{menu}</ul><div>{text}</div></body></html>"
    )
}

fn links(c: &mut Criterion) {
    let mut group = c.benchmark_group("judge a link");
    for (name, html, wanted) in [
        ("an article", page("关于供暖的通知", 30), LinkOutcome::Ok),
        ("a short page", page("办事指南", 3), LinkOutcome::Ok),
        ("a soft 404", page("页面不存在 - 云溪区政府网", 1), LinkOutcome::Suspected),
    ] {
        let gbk = encoding_rs::GBK.encode(&html.replace("utf-8", "gb2312")).0.into_owned();
        let utf8 = Page::from_bytes("https://a.example/1.html", Some("text/html; charset=utf-8"), html.into_bytes());
        let gbk = Page::from_bytes("https://a.example/1.html", Some("text/html"), gbk);
        for (charset, page) in [("UTF-8", utf8), ("GBK", gbk)] {
            assert_eq!(judge_answer(&page).0, wanted);
            group.bench_function(format!("{name}, {charset}"), |b| b.iter(|| judge_answer(black_box(&page))));
        }
    }
    group.finish();
}

const NOW: &str = "2026-11-23T01:00:00Z";

fn account() -> Account {
    Account {
        account_id: AccountId::new("A1"),
        name: "云溪水务（示例）".to_owned(),
        platform: Platform::Wechat,
        unit: "云溪区水务局（示例）".to_owned(),
        unit_tier: None,
        supervising_unit: None,
        represents_government: false,
        status: AccountStatus::Running,
        filing_no: None,
        opened_on: None,
        followers: None,
        certified_subject: None,
        admin: None,
        admin_contact: None,
        source: None,
        source_url: None,
        source_options: serde_json::Map::new(),
        service_links: Vec::new(),
        extra: std::collections::BTreeMap::new(),
    }
}

/// Post `n`, and its record: by URL, by title, or by a title of which the source shows the beginning alone.
fn reviewed(n: usize, now: DateTime<Utc>) -> (PostSeen, ReviewRecord) {
    let published = now - TimeDelta::hours(n as i64 + 1);
    let title = format!("云溪区第{n}号工作动态：便民服务事项办理地点和所需材料的说明");
    let stage = |name: &str, hours: i64| ReviewStage {
        reviewer: Some(Personal::new(name)),
        at: Some(published - TimeDelta::hours(hours)),
    };
    let url = n.is_multiple_of(3).then(|| format!("https://a.example/p/{n}?from=list"));
    let shown = if n % 3 == 1 { title.clone() } else { format!("{}…", title.chars().take(14).collect::<String>()) };
    let post = PostSeen {
        url: url.clone(),
        title: shown,
        published_at: published.fixed_offset(),
        day_only: false,
        sign_off: None,
    };
    let record = ReviewRecord {
        account_id: AccountId::new("A1"),
        post_url: url,
        title: Some(title),
        first: stage("示例甲", 3),
        second: stage("示例乙", 2),
        last: stage("示例丙", 1),
    };
    (post, record)
}

fn reviews(c: &mut Criterion) {
    let rules: RuleSet = toml::from_str(include_str!("../accounts/rules/2019-19.toml")).unwrap();
    let now: DateTime<Utc> = NOW.parse().unwrap();
    let bench = Bench {
        rules: &rules,
        lang: Lang::Zh,
        zone: chrono_tz::Asia::Shanghai,
        as_of: now,
        window_from: now - TimeDelta::days(90),
        full: true,
        review_since: now - TimeDelta::days(90),
        review_required: ReviewRequired::Always,
        sign_off: false,
    };
    let account = account();
    let mut group = c.benchmark_group("judge an account");
    for (posts, handed_in) in [(10, false), (10, true), (500, true)] {
        let (mut posts_seen, records): (Vec<_>, Vec<_>) = (0..posts).map(|n| reviewed(n, now)).unzip();
        posts_seen.sort_by_key(|post| post.published_at);
        let mut seen = Observed::of_source(now, Ok(Newest::default()), Evidence::default());
        seen.posts = posts_seen;
        let records = if handed_in { records } else { Vec::new() };
        let known = Known { reviews: Reviews { records, unit_takes_part: handed_in }, ..Known::default() };
        let name = format!("{posts} posts, {} review records", known.reviews.records.len());
        group.bench_function(name, |b| b.iter(|| judge(&bench, black_box(&account), &seen, &known)));
    }
    group.finish();
}

criterion_group!(benches, links, reviews);
criterion_main!(benches);
