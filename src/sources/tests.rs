//! No source makes an adapter panic.

use proptest::prelude::*;

use super::*;

fn context() -> ReadContext {
    ReadContext { as_of: "2026-08-03T04:00:00Z".parse().unwrap(), timezone: chrono_tz::Asia::Shanghai }
}

fn page(body: &str) -> Page {
    Page::from_bytes("https://www.example.cn/list/", Some("text/html"), body.to_owned())
}

#[test]
fn an_adapter_that_is_not_built_says_so() {
    let built: Vec<_> = SourceKind::ALL.iter().copied().filter(|kind| is_built(*kind)).collect();
    assert_eq!(built, [SourceKind::Feed, SourceKind::Html]);
    let answer = read(SourceKind::Weibo, &page("{}"), &Map::new(), &context());
    assert_eq!(answer, Err(Unreadable::NotBuilt(SourceKind::Weibo)));
}

#[test]
fn what_stands_in_front_is_not_taken_for_silence() {
    let empty = Map::new();
    let captcha = page("<title>安全验证</title><p>请完成安全验证</p>");
    assert_eq!(read(SourceKind::Html, &captcha, &empty, &context()), Err(Unreadable::Blocked(Block::Captcha)));
    let mut challenge = page("<script>document.cookie='x=1';location.reload()</script>");
    challenge.status = 521;
    assert_eq!(read(SourceKind::Feed, &challenge, &empty, &context()), Err(Unreadable::Blocked(Block::Challenge)));
    let mut missing = page("<p>x</p>");
    missing.status = 404;
    assert_eq!(read(SourceKind::Feed, &missing, &empty, &context()), Err(Unreadable::BadStatus(404)));
    assert_eq!(read(SourceKind::Feed, &page(" \n"), &empty, &context()), Err(Unreadable::Empty));
}

#[test]
fn every_refusal_has_a_sentence_in_both_languages() {
    for refusal in [
        Unreadable::NotBuilt(SourceKind::Weibo),
        Unreadable::Blocked(Block::Captcha),
        Unreadable::BadStatus(500),
        Unreadable::NotAFeed,
        Unreadable::Malformed("x".to_owned()),
        Unreadable::NoDates,
        Unreadable::NothingSelected("li".to_owned()),
        Unreadable::BadOption { option: "item", problem: "x".to_owned() },
        Unreadable::Empty,
    ] {
        assert!(!refusal.sentence(Lang::Zh).is_ascii());
        assert!(refusal.sentence(Lang::En).is_ascii());
    }
}

const FEED: &str = "<?xml version=\"1.0\"?><rss version=\"2.0\"><channel><title>例</title><item><title>一</title>\
                    <pubDate>Fri, 31 Jul 2026 10:00:00 +0800</pubDate><description><![CDATA[<a href='x'>y</a>]]></description></item></channel></rss>";
const LIST: &str = "<ul><li><a href='a'>关于道路施工的公告</a><span>2026-07-31</span></li><li><a href='b'>关于停水的公告</a><span>昨天</span></li></ul>";

/// A document with a few bytes overwritten, a piece repeated, and the end cut off.
fn mutated() -> impl Strategy<Value = Vec<u8>> {
    let whole = prop_oneof![Just(FEED.as_bytes()), Just(LIST.as_bytes())];
    let edits = prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..12);
    (whole, edits, any::<prop::sample::Index>(), any::<prop::sample::Index>(), 0usize..4).prop_map(
        |(whole, edits, from, cut, times)| {
            let mut bytes = whole.to_vec();
            for (at, byte) in edits {
                let at = at.index(bytes.len());
                bytes[at] = byte;
            }
            let from = from.index(bytes.len());
            let piece = bytes[from..].to_vec();
            bytes.extend(piece.repeat(times));
            let keep = cut.index(bytes.len() * 2).min(bytes.len());
            bytes.truncate(keep);
            bytes
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn no_input_makes_an_adapter_panic(body in mutated()) {
        for kind in [SourceKind::Feed, SourceKind::Html] {
            let page = Page::from_bytes("https://www.example.cn/list/", None, body.clone());
            let _ = read(kind, &page, &Map::new(), &context());
        }
    }

    #[test]
    fn no_text_makes_the_date_reader_panic(text in "\\PC{0,40}") {
        let context = context();
        let _ = (dates::parse(&text, &context), dates::parse_feed(&text, &context), dates::find_full(&text, &context), dates::in_href(&text, &context));
    }

    #[test]
    fn near_dates_do_not_panic_either(text in "[0-9 年月日天小时前:./+TZ昨今-]{0,24}") {
        let context = context();
        let _ = (dates::parse(&text, &context), dates::parse_feed(&text, &context), dates::find_full(&text, &context));
    }
}
