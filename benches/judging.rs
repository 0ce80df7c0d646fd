//! How long it takes to judge what a link answered.
#![allow(missing_docs, reason = "the macro of the benchmark library makes public functions")]
#![expect(clippy::format_collect, reason = "pages are made once")]

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use xuncha::checks::link::{LinkOutcome, judge_answer};
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

criterion_group!(benches, links);
criterion_main!(benches);
