//! Every parser of what comes from outside, as a function of bytes that must return.
//!
//! `tests/fuzz.rs` runs each over a few hundred mutated examples in the suite; by hand as many
//! as wanted, there or under libFuzzer (`libfuzzer.rs`).

use std::path::PathBuf;
use std::sync::LazyLock;

use chrono_tz::Asia::Shanghai;
use serde_json::{Map, Value};
use xuncha::checks::link::judge_answer;
use xuncha::checks::texts::{Part, look_through};
use xuncha::domain::Lang;
use xuncha::domain::account::SourceKind;
use xuncha::domain::rule::RuleSet;
use xuncha::fetch::Page;
use xuncha::sources::{self, ReadContext, blocked, dates, skim};

pub(crate) type Target = fn(&[u8]);

/// Each by its name.
pub(crate) const TARGETS: &[(&str, Target)] = &[
    ("feed", |data| source(SourceKind::Feed, "https://www.example.cn/feed.xml", data)),
    ("html", |data| source(SourceKind::Html, "https://www.example.cn/list/", data)),
    ("weibo", |data| source(SourceKind::Weibo, "https://m.weibo.cn/api/container/getIndex?value=7000000001", data)),
    ("wechat", |data| source(SourceKind::Wechat, "https://mp.weixin.qq.com/s/x", data)),
    ("douyin", |data| source(SourceKind::Douyin, "https://www.douyin.com/aweme/v1/web/aweme/post/", data)),
    ("kuaishou", |data| source(SourceKind::Kuaishou, "https://www.kuaishou.com/graphql", data)),
    ("bilibili", |data| source(SourceKind::Bilibili, "https://api.bilibili.com/x/space/wbi/arc/search?mid=7", data)),
    ("toutiao", |data| source(SourceKind::Toutiao, "https://www.toutiao.com/api/pc/list/feed", data)),
    ("app", |data| source(SourceKind::App, "https://itunes.apple.com/lookup?id=7", data)),
    ("menu", menu),
    ("selectors", selectors),
    ("site", site),
    ("attachment", attachment),
    ("text", text),
    ("dates", read_dates),
    ("skim", skim_page),
    ("charset", charset),
    ("url", url),
    ("title", title),
    ("registry", registry),
    ("reviews", reviews),
    ("lexicon", lexicon),
    ("worksheet", worksheet),
    ("rules", rules),
    ("config", config),
    ("draw", draw),
    ("chat", chat),
];

fn context() -> ReadContext {
    ReadContext::at(chrono::DateTime::from_timestamp(1_785_729_600, 0).unwrap(), Shanghai)
}

/// An adapter; every reason it gives has a sentence.
fn source(kind: SourceKind, url: &str, data: &[u8]) {
    let page = Page::from_bytes(url, None, data.to_vec());
    match sources::read(kind, &page, &Map::new(), &context()) {
        Ok(reading) => drop(reading.newest_until(context().as_of)),
        Err(why) => assert!(!why.sentence(Lang::Zh).is_empty() && !why.sentence(Lang::En).is_empty()),
    }
}

/// A custom menu of a 公众号, as its interface tells it.
fn menu(data: &[u8]) {
    let Ok(answer) = serde_json::from_slice(data) else { return };
    if let Ok(menu) = sources::wechat_menu::read(&answer) {
        menu.links.iter().for_each(|link| url(link.as_bytes()));
    }
}

/// The first line holds the options of an `html` source, the rest is the page.
fn selectors(data: &[u8]) {
    let at = data.iter().position(|byte| *byte == b'\n').unwrap_or(data.len());
    let (line, page) = data.split_at(at);
    let Ok(Value::Object(options)) = serde_json::from_slice(line) else { return };
    let page = Page::from_bytes("https://www.example.cn/list/", None, page.to_vec());
    let _ = sources::read(SourceKind::Html, &page, &options, &context());
}

static RULES: LazyLock<RuleSet> = LazyLock::new(|| xuncha::app::load_rules(None).unwrap());

/// The first line holds the options of a `site` source, the rest is its home page.
fn site(data: &[u8]) {
    let at = data.iter().position(|byte| *byte == b'\n').unwrap_or(0);
    let (line, home) = data.split_at(at);
    let page = Page::from_bytes("https://www.example.cn/", None, home.to_vec());
    let _ = sources::site::examine(&page, &context());
    let mut columns = sources::site::found_columns(&page, &RULES.site, &context());
    if let Ok(Value::Object(options)) = serde_json::from_slice(line) {
        columns.extend(sources::site::listed_columns(&options, "https://www.example.cn/").unwrap_or_default());
    }
    for column in columns.iter().take(3) {
        let _ = sources::site::read_column(&page, column, &context());
    }
}

fn attachment(data: &[u8]) {
    let page = Page::from_bytes("https://www.example.cn/a.xlsx", None, data.to_vec());
    let _ = sources::attachment::lines(&page);
}

/// Hits lie in the text and are shown in a sentence of it.
fn text(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let _ = look_through(&RULES, &text, Part::Text);
}

fn read_dates(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let context = context();
    let _ = (dates::parse(&text, &context), dates::parse_feed(&text, &context));
    let _ = (dates::find_full(&text, &context), dates::in_href(&text, &context));
}

/// The first byte chooses the status.
fn skim_page(data: &[u8]) {
    let Some((first, page)) = data.split_first() else { return };
    let text = String::from_utf8_lossy(page);
    let status = [200, 200, 202, 403, 404, 412, 503, 521][usize::from(*first % 8)];
    let seen = skim::skim(&text, 1600);
    assert!(seen.snippet(200).chars().count() <= 200);
    let _ = (blocked::recognise(status, &text), blocked::recognise_skimmed(status, &text, &seen));
    let at = ["https://www.example.cn/a.html", "https://mp.weixin.qq.com/s/x"][usize::from(*first / 128)];
    let answer = Page { status, ..Page::from_bytes(at, Some("text/html"), page.to_vec()) };
    let _ = judge_answer(&answer);
}

/// The first line is the `Content-Type`.
fn charset(data: &[u8]) {
    let at = data.iter().position(|byte| *byte == b'\n').unwrap_or(0);
    let (line, page) = data.split_at(at);
    let kind = String::from_utf8_lossy(line);
    let _ = Page::from_bytes("https://www.example.cn/", (at > 0).then_some(&*kind), page.to_vec()).text();
}

/// A URL in normal form stays as it is.
fn url(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Some(once) = xuncha::domain::normal::normalise_url(text) {
        assert_eq!(xuncha::domain::normal::normalise_url(&once).as_deref(), Some(&*once), "{text}");
        assert!(xuncha::domain::normal::match_url(&once).is_some(), "{text}");
    }
}

fn title(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let _ = (xuncha::domain::normal::normalise_title(&text), xuncha::domain::normal::match_title(&text));
    let _ = xuncha::domain::normal::cut_title(&text);
}

/// Puts `data` where a command would find it.
fn file(name: &str, data: &[u8]) -> PathBuf {
    static FOLDER: LazyLock<PathBuf> = LazyLock::new(|| {
        let shared = PathBuf::from("/dev/shm");
        let base = if shared.is_dir() { shared } else { std::env::temp_dir() };
        let folder = base.join(format!("xuncha-fuzz-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        folder
    });
    let path = FOLDER.join(name);
    std::fs::write(&path, data).unwrap();
    path
}

/// A workbook where it begins like one.
fn table(data: &[u8]) -> PathBuf {
    file(if data.starts_with(b"PK") { "table.xlsx" } else { "table.csv" }, data)
}

fn registry(data: &[u8]) {
    match xuncha::registry::read_accounts(&table(data)) {
        Ok(sheet) => sheet.problems.iter().for_each(|problem| drop(problem.text(Lang::Zh))),
        Err(error) => drop(error.text(Lang::Zh)),
    }
}

fn reviews(data: &[u8]) {
    let _ = xuncha::registry::read_reviews(&table(data), Shanghai);
}

fn lexicon(data: &[u8]) {
    if let Err(error) = xuncha::registry::read_lexicon(Some(&table(data))) {
        let _ = (error.text(Lang::Zh), error.text(Lang::En));
    }
}

fn worksheet(data: &[u8]) {
    let _ = xuncha::registry::read_worksheet(&table(data), Shanghai);
}

fn rules(data: &[u8]) {
    let _ = xuncha::app::load_rules(Some(&file("rules.toml", data)));
}

fn config(data: &[u8]) {
    if let Err(error) = xuncha::config::Config::load(Some(&file("xuncha.toml", data)), std::iter::empty()) {
        let _ = (error.text(Lang::Zh), error.text(Lang::En));
    }
}

fn draw(data: &[u8]) {
    if let Ok(draw) = serde_json::from_slice::<xuncha::domain::sample::Draw>(data) {
        let _ = draw.verify().map_err(|mismatch| mismatch.text(Lang::Zh));
    }
}

fn chat(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let _ = (xuncha::chat::commands::read(&text, "xuncha_bot"), xuncha::chat::commands::take_date(&text));
}
