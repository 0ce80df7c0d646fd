//! `expression` and `privacy`: what was found in the texts, put to a person.
//!
//! - One finding for each post and word (for personal data: each post or table), under a subject
//!   that stays the same when it is found again.
//! - The machine suspects, a person decides; and is not asked again about what was decided. A
//!   decision on personal data covers the numbers it was made on: another number is another doubt.

use std::collections::BTreeMap;

use super::{Bench, Known};
use crate::checks::seen::Observed;
use crate::checks::text_words::TextWords;
use crate::checks::texts::{Part, TextHit, TextsRead};
use crate::domain::finding::{Evidence, FetchedPage, Outcome, TITLES_ONLY};
use crate::domain::rule::Indicator;
use crate::store::NewFinding;

/// Sources that nobody registered, or that only people look at: the worksheet asks a person.
const NO_TEXTS: &[&str] = &["no_source", "no_source_url", "by_hand"];

/// What the texts of an account amount to, for both indicators.
pub(super) fn texts(bench: &Bench<'_>, seen: &Observed, known: &Known) -> Vec<NewFinding> {
    let words = TextWords(bench.lang);
    let indicators = [Indicator::Expression, Indicator::Privacy];
    if let Err(unread) = &seen.source {
        // A patrol asks nobody: there nothing is said of them.
        if NO_TEXTS.contains(&unread.reason.as_str()) && !bench.full {
            return Vec::new();
        }
        let unjudged = |indicator| {
            let summary = bench.words().unjudged(&unread.sentence);
            let finding = bench.verdict(indicator, Outcome::Unverified, &unread.reason, summary, seen.at);
            NewFinding { evidence: seen.evidence.clone(), ..finding }
        };
        return indicators.into_iter().map(unjudged).collect();
    }
    let Some(read) = seen.texts.as_ref().filter(|read| read.posts + read.tables > 0) else { return Vec::new() };
    indicators.into_iter().flat_map(|indicator| findings(bench, seen, read, known, indicator, words)).collect()
}

fn findings(
    bench: &Bench<'_>,
    seen: &Observed,
    read: &TextsRead,
    known: &Known,
    indicator: Indicator,
    words: TextWords,
) -> Vec<NewFinding> {
    let (most, mut more) = match indicator {
        Indicator::Privacy => (bench.rules.privacy.per_account, read.more_personal),
        _ => (bench.rules.expression.per_account, read.more),
    };
    let mut by_subject = BTreeMap::<String, Vec<&TextHit>>::new();
    let mut order = Vec::new();
    let kinds = &bench.rules.privacy.kinds;
    let is_asked = |hit: &TextHit| hit.kind.number().is_none_or(|kind| kinds.contains(&kind));
    for hit in seen.hits.iter().filter(|hit| hit.indicator == indicator && is_asked(hit)) {
        let subject = subject_of(hit);
        let hits = by_subject.entry(subject.clone()).or_default();
        if hits.is_empty() {
            order.push(subject);
        }
        hits.push(hit);
    }
    let mut findings = Vec::new();
    let mut dismissed = 0;
    for subject in order {
        let Some(hits) = by_subject.get(&subject) else { continue };
        let Some(first) = hits.first() else { continue };
        let numbers = numbers_of(hits);
        let before = known.decided.get(&(indicator, subject.clone()));
        let before = before.filter(|decided| decided.numbers == numbers).map(|decided| decided.outcome);
        if before == Some(Outcome::Pass) {
            dismissed += 1;
            continue;
        }
        if findings.len() >= most {
            more += 1;
            continue;
        }
        // What a person confirmed and still stands there is the same defect, not a new doubt.
        let outcome = if before == Some(Outcome::Fail) { Outcome::Fail } else { Outcome::Suspected };
        let (status, sha256) = seen.page_of(first);
        findings.push(NewFinding {
            subject,
            evidence: Evidence {
                url: first.url.clone().or_else(|| seen.evidence.url.clone()),
                snippet: Some(first.sentence.clone()),
                status,
                sha256: sha256.map(str::to_owned),
                fetched_at: Some(bench.local(seen.at)),
                numbers,
                fetched: read_from(bench, seen, first),
                ..Evidence::default()
            },
            ..bench.verdict(indicator, outcome, first.kind.key(), words.found(hits), seen.at)
        });
    }
    if let (Some(last), true) = (findings.last_mut(), more > 0) {
        last.summary.push_str(&words.and_more(more));
    }
    if findings.is_empty() {
        let clean = words.clean(indicator, read, dismissed);
        // What nobody read through passes for nobody: titles alone are hardly read, and personal data
        // stands in the tables.
        let unread = match indicator {
            _ if read.posts > 0 && read.with_text == 0 => Some(TITLES_ONLY),
            Indicator::Privacy if read.tables_unread + read.tables_left_out > 0 => Some("tables_unread"),
            _ => None,
        };
        let finding = match unread {
            Some(reason) => {
                bench.verdict(indicator, Outcome::Unverified, reason, bench.words().unjudged(&clean), seen.at)
            }
            None => bench.verdict(indicator, Outcome::Pass, "read", clean, seen.at),
        };
        findings.push(NewFinding { evidence: seen.evidence.clone(), ..finding });
    }
    findings
}

/// The page that a hit was read from: the linked table itself, else the account's source.
fn read_from(bench: &Bench<'_>, seen: &Observed, hit: &TextHit) -> Vec<FetchedPage> {
    let source = || {
        let Evidence { url, status, chain, sha256, fetched_at, .. } = seen.evidence.clone();
        Some(FetchedPage { url: url.filter(|_| status.is_some())?, status, chain, sha256, fetched_at })
    };
    let page = match (&hit.page, &hit.url) {
        (Some(page), Some(url)) => Some(bench.fetched(url, page)),
        (None, Some(url)) if let Some(article) = seen.articles.iter().find(|article| article.url == *url) => {
            Some(FetchedPage {
                url: url.clone(),
                status: Some(article.status),
                chain: Vec::new(),
                sha256: Some(article.sha256.clone()),
                fetched_at: Some(bench.local(seen.at)),
            })
        }
        _ if hit.part == Part::Table => None,
        _ => source(),
    };
    page.into_iter().collect()
}

/// The personal numbers of a subject, as a decision on them is remembered; none for a word.
fn numbers_of(hits: &[&TextHit]) -> Vec<String> {
    let personal = hits.iter().filter(|hit| hit.indicator == Indicator::Privacy);
    let mut numbers: Vec<_> = personal.map(|hit| format!("{}:{}×{}", hit.kind.key(), hit.word, hit.count)).collect();
    numbers.sort();
    numbers
}

/// What a hit's finding is on: the post by its address, else by its title; and the word, which
/// for personal data is left out.
pub(in crate::checks) fn subject_of(hit: &TextHit) -> String {
    let place = hit.url.clone().unwrap_or_else(|| format!("《{}》", hit.title.chars().take(60).collect::<String>()));
    match hit.indicator {
        Indicator::Privacy => place,
        _ => format!("{place} “{}”", hit.word),
    }
}

/// What a finding rests on, where it was found again by a look, in posts that the look covers.
pub(in crate::checks) fn still_there_in<'s>(
    seen: &'s Observed,
    indicator: Indicator,
    subject: &str,
) -> Option<&'s TextHit> {
    seen.hits.iter().find(|hit| hit.indicator == indicator && subject_of(hit) == subject)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::judge::testing::{bench, rules, seen};
    use crate::checks::texts::HitKind;
    use crate::store::Decided;

    const POST: &str = "https://a.example.cn/1";

    fn hit(kind: HitKind, word: &str, count: usize) -> TextHit {
        TextHit {
            indicator: Indicator::Privacy,
            kind,
            url: Some(POST.to_owned()),
            title: "名单公示".to_owned(),
            part: Part::Text,
            line: 1,
            position: 3,
            length: 11,
            word: word.to_owned(),
            suggestion: String::new(),
            basis: String::new(),
            sentence: format!("【{word}】"),
            count,
            page: None,
        }
    }

    #[test]
    fn what_was_not_read_through_does_not_pass() {
        let rules = rules();
        let bench = bench(&rules);
        let judged = |read: TextsRead, hits: Vec<TextHit>| {
            let seen = Observed { hits, texts: Some(read), ..seen() };
            let found = texts(&bench, &seen, &Known::default());
            let of = |indicator| {
                let found = found.iter().find(|f| f.indicator == indicator).unwrap();
                (found.outcome, found.reason.clone(), found.summary.clone())
            };
            (of(Indicator::Expression), of(Indicator::Privacy))
        };
        let whole = TextsRead { posts: 3, with_text: 1, ..TextsRead::default() };
        let (wording, personal) = judged(whole.clone(), Vec::new());
        assert_eq!((wording.0, personal.0), (Outcome::Pass, Outcome::Pass));
        let titles = TextsRead { with_text: 0, ..whole.clone() };
        for (outcome, reason, summary) in <[_; 2]>::from(judged(titles.clone(), Vec::new())) {
            assert_eq!((outcome, reason.as_str()), (Outcome::Unverified, TITLES_ONLY));
            assert!(summary.starts_with("无法判定：") && summary.contains("仅核对标题"), "{summary}");
        }
        // What was found is found, however little was read.
        assert_eq!(judged(titles, vec![hit(HitKind::Mobile, "138****1234", 3)]).1.0, Outcome::Suspected);
        let (wording, personal) = judged(TextsRead { tables: 1, tables_unread: 1, ..whole }, Vec::new());
        assert_eq!((wording.0, personal.0, personal.1.as_str()), (Outcome::Pass, Outcome::Unverified, "tables_unread"));
        assert!(personal.2.contains("未能读取1个"), "{}", personal.2);
    }

    #[test]
    fn files_that_were_not_read_are_said_and_only_tables_leave_it_open() {
        let rules = rules();
        let bench = bench(&rules);
        let personal = |read: TextsRead| {
            let seen = Observed { texts: Some(TextsRead { posts: 3, with_text: 3, ..read }), ..seen() };
            let found = texts(&bench, &seen, &Known::default());
            let found = found.into_iter().find(|f| f.indicator == Indicator::Privacy).unwrap();
            (found.outcome, found.summary)
        };
        let (outcome, said) = personal(TextsRead { tables: 3, tables_left_out: 2, ..TextsRead::default() });
        assert!(outcome == Outcome::Unverified && said.contains("另有2个表格"), "{said}");
        let (outcome, said) = personal(TextsRead { documents: 4, ..TextsRead::default() });
        assert!(outcome == Outcome::Pass && said.contains("另有4个PDF、DOC等附件"), "{said}");
    }

    #[test]
    fn a_kind_that_is_not_asked_for_is_suspected_in_nobody() {
        let mut rules = rules();
        let judged = |rules: &crate::domain::rule::RuleSet| {
            let read = TextsRead { posts: 1, with_text: 1, ..TextsRead::default() };
            let hits = vec![hit(HitKind::Mobile, "138****1234", 3)];
            let seen = Observed { hits, texts: Some(read), ..seen() };
            let found = texts(&bench(rules), &seen, &Known::default());
            found.into_iter().find(|f| f.indicator == Indicator::Privacy).unwrap().outcome
        };
        assert_eq!(judged(&rules), Outcome::Suspected);
        rules.privacy.kinds = vec![crate::domain::privacy::NumberKind::IdCard];
        assert_eq!(judged(&rules), Outcome::Pass);
    }

    #[test]
    fn a_decision_on_personal_data_covers_the_numbers_it_was_made_on() {
        let rules = rules();
        let bench = bench(&rules);
        let mobiles = || hit(HitKind::Mobile, "138****1234", 3);
        let id_card = || hit(HitKind::IdCard, "510***********9995", 1);
        let judged = |hits: Vec<TextHit>, decided: Option<(Outcome, &NewFinding)>| {
            let read = TextsRead { posts: 1, with_text: 1, ..TextsRead::default() };
            let seen = Observed { hits, texts: Some(read), ..seen() };
            let decided = decided.map(|(outcome, before)| {
                let (summary, numbers) = (before.summary.clone(), before.evidence.numbers.clone());
                ((Indicator::Privacy, POST.to_owned()), Decided { outcome, summary, numbers })
            });
            let known = Known { decided: decided.into_iter().collect(), ..Known::default() };
            texts(&bench, &seen, &known).into_iter().find(|f| f.indicator == Indicator::Privacy).unwrap()
        };
        for decision in [Outcome::Pass, Outcome::Fail] {
            for (before, now) in [
                (vec![mobiles()], vec![mobiles(), id_card()]),
                (vec![id_card()], vec![mobiles()]),
                (vec![mobiles()], vec![hit(HitKind::Mobile, "138****1234", 4)]),
                (vec![id_card()], vec![hit(HitKind::IdCard, "510***********1111", 1)]),
            ] {
                let first = judged(before.clone(), None);
                assert_eq!(first.outcome, Outcome::Suspected);
                assert_eq!(judged(before, Some((decision, &first))).outcome, decision);
                assert_eq!(judged(now, Some((decision, &first))).outcome, Outcome::Suspected);
            }
            let first = judged(vec![mobiles(), id_card()], None);
            assert_eq!(judged(vec![id_card(), mobiles()], Some((decision, &first))).outcome, decision);
        }
    }
}
