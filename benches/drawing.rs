//! How long it takes to draw from a country, and to match titles and addresses.
#![allow(missing_docs, reason = "the macro of the benchmark library makes public functions")]
#![expect(clippy::unwrap_used, reason = "a benchmark that cannot draw fails")]

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use xuncha::domain::account::AccountId;
use xuncha::domain::normal::{normalise_title, normalise_url};
use xuncha::domain::sample::{FrameRow, Reason, Rotation, allocate, draw, frame_sha256};

fn drawing(c: &mut Criterion) {
    let frame: Vec<FrameRow> = (0..1_000_000)
        .map(|n| FrameRow {
            account_id: AccountId::new(format!("A{n:07}")),
            stratum: format!("wechat/{}", n % 40),
            drawn_this_year: n % 4 == 0,
            always: None,
        })
        .collect();
    let round = "2026Q4".parse().unwrap();
    let ratio = "0.25".parse().unwrap();
    let mut group = c.benchmark_group("a million accounts");
    group.sample_size(10);
    group.bench_function("hash the frame", |b| b.iter(|| frame_sha256(black_box(&frame))));
    group.bench_function("draw a quarter", |b| {
        b.iter(|| {
            let strata = allocate(black_box(&frame), ratio);
            draw(round, "4 2 6 1", Rotation::Annual, &frame, &strata, Reason::Random)
        });
    });
    group.finish();
}

fn matching(c: &mut Criterion) {
    c.bench_function("normalise a title", |b| {
        b.iter(|| normalise_title(black_box("【云溪发布】关于２０２６年第四季度“一网通办”服务事项调整的公告（二）")));
    });
    c.bench_function("normalise a URL", |b| {
        b.iter(|| normalise_url(black_box("HTTP://www.yunxi.example:80/a/../b/%e4%ba%91?utm_source=x&id=1#top")));
    });
}

criterion_group!(benches, drawing, matching);
criterion_main!(benches);
