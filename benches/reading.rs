//! How long it takes to read what accounts publish.
#![allow(missing_docs, reason = "the macro of the benchmark library makes public functions")]
#![expect(clippy::unwrap_used, clippy::format_collect, reason = "a benchmark that cannot read fails")]

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use xuncha::domain::account::SourceKind;
use xuncha::fetch::Page;
use xuncha::sources::{ReadContext, read};

fn feed(posts: usize) -> String {
    let items: String = (0..posts)
        .map(|n| {
            format!(
                "<item><title>云溪区第{n}号工作动态</title><link>https://a.example/p/{n}</link>\
                 <pubDate>Mon, 23 Nov 2026 0{}:00:00 +0800</pubDate>\
                 <description>&lt;p&gt;办事指南见&lt;a href=\"https://b.example/{n}\"&gt;这里&lt;/a&gt;&lt;/p&gt;</description></item>",
                n % 10
            )
        })
        .collect();
    format!("<?xml version=\"1.0\"?><rss version=\"2.0\"><channel><title>云溪发布</title>{items}</channel></rss>")
}

fn list(posts: usize) -> String {
    let items: String = (0..posts)
        .map(|n| {
            format!("<li><a href=\"/p/{n}.html\">云溪区第{n}号工作动态</a><span>2026-11-{:02}</span></li>", n % 22 + 1)
        })
        .collect();
    format!(
        "<html><head><meta charset=\"utf-8\"></head><body><div class=nav><a href=/>首页</a></div><ul>{items}</ul></body></html>"
    )
}

fn reading(c: &mut Criterion) {
    let context = ReadContext::at("2026-11-23T01:00:00Z".parse().unwrap(), chrono_tz::Asia::Shanghai);
    let options = serde_json::Map::new();
    let rss = Page::from_bytes("https://a.example/rss", Some("application/rss+xml"), feed(50).into_bytes());
    c.bench_function("read a feed of 50 posts", |b| {
        b.iter(|| read(SourceKind::Feed, black_box(&rss), &options, &context).unwrap());
    });
    let html = Page::from_bytes("https://a.example/list/", Some("text/html"), list(50).into_bytes());
    c.bench_function("read a list page of 50 posts", |b| {
        b.iter(|| read(SourceKind::Html, black_box(&html), &options, &context).unwrap());
    });
}

criterion_group!(benches, reading);
criterion_main!(benches);
