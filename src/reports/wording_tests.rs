//! Sentences as a reader meets them: one mark at the end, the right measure word, the right noun, lines that can break.

use std::io::{Cursor, Read as _};

use super::bulletin::draft;
use super::*;
use crate::domain::account::Platform;
use crate::domain::bulletin::settle::settle;
use crate::domain::bulletin::tests::example;
use crate::domain::bulletin::{Facts, Form};
use crate::domain::issue::IssueStatus;
use crate::domain::rule::Class;

fn dataset(change: impl FnOnce(&mut Facts)) -> Dataset {
    let mut facts = example();
    change(&mut facts);
    settle(&mut facts);
    Dataset::build(facts).unwrap()
}

fn document(docx: &[u8]) -> String {
    let mut text = String::new();
    let mut parts = zip::ZipArchive::new(Cursor::new(docx)).unwrap();
    parts.by_name("word/document.xml").unwrap().read_to_string(&mut text).unwrap();
    text
}

#[test]
fn advice_that_asks_ends_with_one_mark_and_is_counted_by_its_own_word() {
    let dataset = dataset(|facts| {
        for issue in &mut facts.issues {
            (issue.class, issue.status) = (Class::Advice, IssueStatus::Open);
            issue.summary = "is more than one needed?".to_owned();
        }
    });
    let english = document(&draft(&dataset, Lang::En, Form::List, None).unwrap());
    assert!(english.contains("needed?") && !english.contains("needed?."), "{english}");
    let chinese = document(&draft(&dataset, Lang::Zh, Form::List, None).unwrap());
    let (_, after) = chinese.split_once("工作建议（").unwrap();
    let (_, first) = after.split_once("，共").unwrap();
    assert_eq!(first.trim_start_matches(|c: char| c.is_ascii_digit()).chars().next(), Some('条'), "{first}");
}

#[test]
fn a_line_may_break_between_a_rate_and_what_it_was_counted_from() {
    let dataset = dataset(|_| {});
    let text = document(&bulletin::render(&dataset).unwrap());
    let rate = dataset.figure("total.coverage").with_parts(Lang::Zh);
    assert!(rate.contains("%（") && !text.contains(&format!("占比{rate}")), "no line can break in {rate}");
    assert!(text.contains(&rate.replace("%（", "%\u{200b}（")), "{text}");
}

/// The platform of the account of that number.
type OfAccount = fn(usize) -> Platform;

#[test]
fn a_website_is_no_account_on_the_page_and_the_certificate() {
    let of = |platform: fn(usize) -> Platform| {
        let dataset = dataset(|facts| {
            for (n, account) in facts.accounts.iter_mut().enumerate() {
                account.platform = platform(n);
            }
        });
        let mut page = Cursor::new(Vec::new());
        page::render(&dataset, Lang::Zh, &mut page).unwrap();
        let page = String::from_utf8(page.into_inner()).unwrap();
        let certificate = String::from_utf8(certificate::render(&dataset).unwrap()).unwrap();
        let frame = dataset.count("total.frame");
        (frame, page, certificate)
    };
    let cases: [(OfAccount, &str); 3] = [
        (|_| Platform::Website, "网站"),
        (|_| Platform::Weibo, "账号"),
        (|n| if n % 7 == 0 { Platform::Website } else { Platform::Weibo }, "网站和账号"),
    ];
    for (platform, noun) in cases {
        let (frame, page, certificate) = of(platform);
        let counted = format!("{frame}个{noun}");
        assert!(page.contains(&counted) && certificate.contains(&counted), "{counted}");
        if noun != "账号" {
            assert!(!page.contains("个账号") && !certificate.contains("个账号"), "{noun}");
        }
    }
}

#[test]
fn a_figure_can_be_tapped_and_says_its_name_without_a_mouse() {
    let mut page = Cursor::new(Vec::new());
    page::render(&dataset(|_| {}), Lang::Zh, &mut page).unwrap();
    let page = String::from_utf8(page.into_inner()).unwrap();
    assert!(page.contains("min-width: 44px") && page.contains("id=\"figure\"") && !page.contains("悬停"));
    for table in page.split("<div class=\"wide\"").skip(1) {
        let (head, _) = table.split_once("<table").unwrap();
        assert!(head.contains("tabindex=\"0\"") || table.starts_with("><table class=\"cards\""), "{head}");
    }
}
