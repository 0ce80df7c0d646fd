//! No source makes an adapter panic.

use proptest::prelude::*;

use super::*;

pub(super) fn context() -> ReadContext {
    ReadContext::at("2026-08-03T04:00:00Z".parse().unwrap(), chrono_tz::Asia::Shanghai)
}

fn page(body: &str) -> Page {
    Page::from_bytes("https://www.example.cn/list/", Some("text/html"), body.to_owned())
}

/// Reads `text` as what `url` answered, without options.
pub(super) fn read_as(kind: SourceKind, url: &str, text: &str) -> Result<Reading, Unreadable> {
    read(kind, &Page::from_bytes(url, None, text.to_owned()), &Map::new(), &context())
}

/// Feeds an adapter its own answers with a few bytes overwritten, pieces repeated, and the end cut off.
pub(super) fn survives(kind: SourceKind, answers: &[&str]) {
    let answers: Vec<Vec<u8>> = answers.iter().map(|answer| answer.as_bytes().to_vec()).collect();
    proptest!(ProptestConfig::with_cases(300), |(body in mutated(answers), by_value in any::<u64>())| {
        let page = Page::from_bytes("https://www.example.cn/list?uid=7", None, body);
        let _ = read(kind, &page, &Map::new(), &context());
        let _ = json_mutations(&page.text(), by_value).map(|text| read_as(kind, "https://www.example.cn/", &text));
    });
}

#[test]
fn an_option_that_the_adapter_does_not_know_is_a_reason_not_to_judge() {
    let page = Page::from_bytes("https://a.example/", None, "<ul><li>2026-11-20 通知</li></ul>".to_owned());
    let options = Map::from_iter([("itm".to_owned(), Value::from("li"))]);
    let refused = read(SourceKind::Html, &page, &options, &context()).unwrap_err();
    assert_eq!(refused.key(), "bad_option");
    assert!(refused.sentence(Lang::Zh).contains("html 没有参数“itm”"));
}

/// The answer with one of its values exchanged for another kind of value.
fn json_mutations(text: &str, choice: u64) -> Option<String> {
    fn exchange(value: &mut Value, left: &mut u64, new: &Value) -> bool {
        if *left == 0 {
            *value = new.clone();
            return true;
        }
        *left -= 1;
        match value {
            Value::Array(items) => items.iter_mut().any(|item| exchange(item, left, new)),
            Value::Object(fields) => fields.values_mut().any(|field| exchange(field, left, new)),
            _ => false,
        }
    }
    let odd =
        [Value::Null, (-1).into(), u64::MAX.into(), "\u{0}字".into(), Value::Array(vec![Value::Null]), 1e308.into()];
    let mut value: Value = serde_json::from_str(text).ok()?;
    exchange(&mut value, &mut (choice % 60), &odd[(choice / 60 % 6) as usize]);
    Some(value.to_string())
}

#[test]
fn what_a_person_looks_at_is_read_by_no_machine() {
    let blind: Vec<_> = SourceKind::ALL.iter().copied().filter(|kind| !is_read_by_machine(*kind)).collect();
    assert_eq!(blind, [SourceKind::Manual]);
    let answer = read(SourceKind::Manual, &page("{}"), &Map::new(), &context());
    assert_eq!(answer, Err(Unreadable::ByHand));
}

#[test]
fn what_was_cut_off_may_be_the_newest() {
    use crate::domain::post::Coverage;

    let rows = "<li><a href='/a'>关于停水检修的公告一</a><span>2024-03-02</span></li>\
                <li><a href='/b'>关于停水检修的公告二</a><span>2024-03-01</span></li>";
    let mut list = page(&format!("<ul>{rows}</ul>"));
    let coverage = |list: &Page| read(SourceKind::Html, list, &Map::new(), &context()).unwrap().coverage;
    assert_eq!(coverage(&list), Coverage::Whole);
    list.truncated = true;
    assert_eq!(coverage(&list), Coverage::Part);
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
        Unreadable::ByHand,
        Unreadable::Blocked(Block::Captcha),
        Unreadable::BadStatus(500),
        Unreadable::NotAFeed,
        Unreadable::Malformed("x".to_owned()),
        Unreadable::NoDates,
        Unreadable::NothingSelected("li".to_owned()),
        Unreadable::BadOption { option: "item", problem: OptionProblem::Needed },
        Unreadable::Options(crate::domain::options::OptionFault {
            kind: SourceKind::Html,
            key: "itm".to_owned(),
            known: Some(SourceKind::Html.option_keys()),
        }),
        Unreadable::Empty,
        Unreadable::NotData,
        Unreadable::UnknownShape(SourceKind::Weibo),
        Unreadable::Refused("-1".to_owned()),
        Unreadable::OtherAccount,
        Unreadable::NoSuchApp,
        Unreadable::MassSentUnseen,
        Unreadable::Gone(Gone::Deleted),
    ] {
        assert!(!refusal.sentence(Lang::Zh).is_ascii());
        assert!(refusal.sentence(Lang::En).is_ascii());
    }
}

const FEED: &str = "<?xml version=\"1.0\"?><rss version=\"2.0\"><channel><title>例</title><item><title>一</title>\
                    <pubDate>Fri, 31 Jul 2026 10:00:00 +0800</pubDate><description><![CDATA[<a href='x'>y</a>]]></description></item></channel></rss>";
const LIST: &str = "<ul><li><a href='a'>关于道路施工的公告</a><span>2026-07-31</span></li><li><a href='b'>关于停水的公告</a><span>昨天</span></li></ul>";

/// A document with a few bytes overwritten, a piece repeated, and the end cut off.
fn mutated(originals: Vec<Vec<u8>>) -> impl Strategy<Value = Vec<u8>> {
    let whole = prop::sample::select(originals);
    let edits = prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..12);
    (whole, edits, any::<prop::sample::Index>(), any::<prop::sample::Index>(), 0usize..4).prop_map(
        |(whole, edits, from, cut, times)| {
            let mut bytes = whole;
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
    fn no_input_makes_an_adapter_panic(body in mutated(vec![FEED.into(), LIST.into()])) {
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
