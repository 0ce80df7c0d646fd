//! Every sentence of the checks against the table by which papers say it in the other language.

use chrono::TimeDelta;

use super::judge::ReviewFault;
use super::link::{LinkLook, LinkOutcome, LinkReason};
use super::site_seen::VisitedDay;
use super::text_words::TextWords;
use super::texts::{HitKind, Part, TextHit, TextsRead};
use super::words::Words;
use super::words_by_hand;
use crate::domain::Lang;
use crate::domain::account::Platform;
use crate::domain::by_hand::HandItem;
use crate::domain::finding::Outcome;
use crate::domain::rule::Indicator;
use crate::domain::sentences::in_language;
use crate::domain::site::{FooterMark, SiteRule};
use crate::domain::time::LocalTime;

fn at() -> LocalTime {
    LocalTime::new("2026-11-10T01:00:00Z".parse().unwrap(), chrono_tz::Asia::Shanghai)
}

fn look(outcome: LinkOutcome, reason: LinkReason) -> LinkLook {
    LinkLook {
        url: "https://www.example.test/办事(1)".into(),
        outcome,
        status: None,
        reason,
        final_url: None,
        attempts: 1,
        elapsed_ms: 1,
        chain: Vec::new(),
        snippet: String::new(),
        sha256: None,
        fetched_at: at().utc(),
        copy: None,
    }
}

fn hit(kind: HitKind, part: Part, basis: &str, count: usize) -> TextHit {
    let privacy = matches!(kind, HitKind::IdCard | HitKind::BankCard | HitKind::Mobile);
    TextHit {
        indicator: if privacy { Indicator::Privacy } else { Indicator::Expression },
        kind,
        url: None,
        title: "答复（2026）选登".into(),
        part,
        line: 3,
        position: 4,
        length: 4,
        word: "领导小祖".into(),
        suggestion: "领导小组".into(),
        basis: basis.into(),
        sentence: "会上，【领导小祖】（办公室）：通报".into(),
        count,
        page: None,
    }
}

/// Sentences, each in both languages.
fn sentences() -> Vec<(String, String)> {
    let mut all: Vec<(String, String)> = Vec::new();
    let mut put = |say: &dyn Fn(Lang) -> String| all.push((say(Lang::Zh), say(Lang::En)));
    let plain: [fn(Words) -> String; 23] = [
        Words::no_source,
        Words::no_source_url,
        Words::for_a_person,
        Words::adapter_failed,
        Words::no_posts,
        Words::no_dated_posts,
        Words::dated_ahead,
        Words::only_later_posts,
        Words::partial_source,
        Words::mixed_source,
        Words::app_in_store,
        Words::registered,
        Words::never_handed_in,
        Words::registered_closed,
        Words::no_visits,
        Words::home_undated,
        Words::second_level_unread,
        Words::no_columns,
        Words::no_foot,
        Words::ends_later,
        Words::oldest_first,
        Words::unsorted,
        Words::only_pinned,
    ];
    for say in plain {
        put(&|lang| say(Words(lang)));
        put(&|lang| Words(lang).unjudged(&say(Words(lang))));
    }
    let age = TimeDelta::hours(485);
    put(&|lang| Words(lang).updated(at(), true, age));
    put(&|lang| Words(lang).silent(at(), false, age, 14));
    put(&|lang| words_by_hand::seen(lang, &Words(lang).silent(at(), false, age, 14), at()));
    for updated in [true, false] {
        put(&|lang| words_by_hand::stated(lang, &Words(lang).updated(at(), false, age), updated, at()));
    }
    for item in HandItem::ALL.iter().copied() {
        for outcome in [Outcome::Pass, Outcome::Fail, Outcome::Unverified] {
            put(&|lang| words_by_hand::verdict(lang, item, outcome, "", at()));
        }
    }
    put(&|lang| Words(lang).undated_posts(4));
    put(&|lang| Words(lang).unjudged(&Words(lang).stands_still("rss.example:8080", 12, 9, at())));
    put(&|lang| Words(lang).unjudged(&Words(lang).nothing_newer(None, 12, at())));
    put(&|lang| Words(lang).unjudged(&Words(lang).nothing_newer(Some("rss.example:8080"), 12, at())));
    put(&|lang| Words(lang).unjudged(&Words(lang).ran_out_later(at(), 14)));
    put(&|lang| Words(lang).links_sound(3));
    put(&|lang| Words(lang).links_sound(3) + &Words(lang).links_left_out(7));
    for (outcome, reason) in LinkOutcome::ALL.iter().flat_map(|o| LinkReason::ALL.iter().map(move |r| (*o, *r))) {
        for in_menu in [false, true] {
            put(&|lang| Words(lang).link(&look(outcome, reason), in_menu));
        }
    }
    put(&|lang| Words(lang).unjudged(&Words(lang).menu_unread(&Words(lang).no_source())));
    for (miniprograms, others) in [(2, 0), (0, 1), (2, 1)] {
        put(&|lang| Words(lang).menu_unseen(miniprograms, others).unwrap());
    }
    put(&|lang| Words(lang).menu_closed());
    put(&|lang| Words(lang).gone_from_menu("https://a.example/"));
    put(&|lang| Words(lang).unregistered(true, false, false));
    put(&|lang| Words(lang).column_not_kept([false, true, false]));
    put(&|lang| Words(lang).reviewed(9, 0));
    put(&|lang| Words(lang).reviewed(9, 2));
    put(&|lang| Words(lang).reviewed(500, 0) + &Words(lang).posts_left_out(7));
    let faults: Vec<_> =
        ReviewFault::ALL.iter().cycle().take(23).map(|fault| ("通报（一）、之二".to_owned(), at(), *fault)).collect();
    put(&|lang| Words(lang).review_faults(40, &faults));
    put(&|lang| Words(lang).review_faults(40, &faults[..1]));
    put(&|lang| Words(lang).review_faults(500, &faults[..1]) + &Words(lang).posts_left_out(7));
    put(&|lang| Words(lang).only_account("虚构局", Platform::Wechat));
    put(&|lang| Words(lang).more_accounts("虚构局", Platform::Weibo, "甲(YX1)、乙(YX2)"));
    put(&|lang| Words(lang).renamed("甲", "乙"));
    put(&|lang| Words(lang).certified_as("甲公司", "乙局"));
    put(&|lang| Words(lang).registered_as("甲公司", "乙局"));
    for is_shown in [true, false] {
        put(&|lang| Words(lang).identity_agrees(is_shown));
    }
    put(&|lang| Words(lang).joined(&[Words(lang).renamed("甲", "乙"), Words(lang).certified_as("甲公司", "乙局")]));
    put(&|lang| Words(lang).output(2, 30, 4, None));
    put(&|lang| Words(lang).output(2, 30, 4, Some(77)));
    let (rule, sums) = (SiteRule::default(), VisitedDay { counted: 140, failed: 7, not_counted: 3, unclear: 0 });
    put(&|lang| Words(lang).visited(&rule, sums));
    put(&|lang| Words(lang).uneven_visits(&Words(lang).visited(&rule, sums)));
    let unclear = VisitedDay { unclear: 4, ..sums };
    put(&|lang| Words(lang).unjudged(&Words(lang).unclear_visits(&Words(lang).visited(&rule, unclear))));
    put(&|lang| Words(lang).unjudged(&Words(lang).unclear_visits(&Words(lang).visits_since_fix(unclear))));
    put(&|lang| Words(lang).few_visits(&rule, sums));
    put(&|lang| Words(lang).visits_since_fix(sums));
    put(&|lang| Words(lang).few_visits_since_fix(sums, 20));
    put(&|lang| Words(lang).home_partly_dated(&Words(lang).updated(at(), true, age)));
    put(&|lang| Words(lang).second_level(&Words(lang).updated(at(), true, age)));
    for (stale, listed) in [(0, true), (0, false), (2, true), (2, false)] {
        put(&|lang| Words(lang).columns_updated(8, stale, listed));
    }
    put(&|lang| Words(lang).columns_unread(2, 8));
    put(&|lang| Words(lang).foot_whole(8));
    put(&|lang| Words(lang).foot_missing(FooterMark::ALL));
    put(&|lang| Words(lang).foot_scripted(&Words(lang).foot_missing(&FooterMark::ALL[..1])));
    for kind in HitKind::ALL {
        for (part, basis, count) in [(Part::Text, "机构名称", 1), (Part::Title, "", 2), (Part::Text, "甲", 3)] {
            let one = hit(*kind, part, basis, count);
            put(&|lang| TextWords(lang).found(&[&one]));
        }
    }
    let (id, mobile) = (hit(HitKind::IdCard, Part::Table, "", 2), hit(HitKind::Mobile, Part::Table, "", 1));
    put(&|lang| TextWords(lang).found(&[&id, &mobile]) + &TextWords(lang).and_more(4));
    for there in [true, false] {
        put(&|lang| TextWords(lang).again(there));
    }
    put(&|lang| TextWords(lang).not_readable());
    let read = TextsRead { posts: 12, with_text: 9, tables: 2, tables_unread: 1, ..TextsRead::default() };
    put(&|lang| TextWords(lang).clean(Indicator::Privacy, &read, 2));
    let more = TextsRead { tables_left_out: 4, documents: 9, ..read.clone() };
    put(&|lang| TextWords(lang).clean(Indicator::Privacy, &more, 0));
    put(&|lang| TextWords(lang).clean(Indicator::Expression, &TextsRead { with_text: 12, ..read.clone() }, 0));
    all
}

#[test]
fn what_the_checks_say_can_be_said_again_in_the_other_language() {
    for (zh, en) in sentences() {
        let plain = |text: &str| text.trim_end_matches(['。', '.']).replace("；其中", "，其中");
        assert_eq!(in_language(&zh, Lang::En).as_deref().map(plain), Some(plain(&en)), "{zh}");
        assert_eq!(in_language(&en, Lang::Zh).as_deref().map(plain), Some(plain(&zh)), "{en}");
    }
}
