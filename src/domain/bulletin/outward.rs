//! What a finding says outside the office: personal data by kind and count, and no accusation that fell.

use std::borrow::Cow;

use super::{MemberFacts, Verdict, has_fallen};
use crate::domain::finding::Outcome;
use crate::domain::issue::{EventKind, Issue};
use crate::domain::privacy::{NumberKind, mask, numbers};
use crate::domain::rule::Indicator;

/// Longest run of digits and signs of masking that may stay in what is said of personal data.
const SHORT: usize = 4;

/// What people typed and pages showed without their numbers, and people by their family name.
pub(super) fn without_persons(issue: &mut Issue) {
    hide(&mut issue.summary);
    issue.evidence.snippet.iter_mut().for_each(hide);
    let leaks = issue.indicator == Indicator::Privacy;
    issue.subject = subject(&issue.subject, leaks);
    let evidence = &mut issue.evidence;
    let fetched = evidence.fetched.iter_mut().flat_map(|page| {
        let steps = page.chain.iter_mut().map(|step| &mut step.url);
        steps.chain([&mut page.url])
    });
    let steps = evidence.chain.iter_mut().map(|step| &mut step.url).chain(fetched);
    steps.chain(&mut evidence.url).for_each(|url| *url = address(url, leaks));
    hide_leak(issue);
    if has_fallen(issue.status) {
        withdraw_issue(issue);
    }
    for event in &mut issue.events {
        hide(&mut event.note);
        if !matches!(event.actor.as_str(), "xuncha" | "cli") {
            let family = event.actor.chars().next().filter(|first| *first != '＊');
            if let Some(first) = family {
                event.actor = format!("{first}＊");
            }
        }
    }
}

/// The same for the verdicts on a member; what fell is withdrawn.
pub(super) fn member_without_persons(member: &mut MemberFacts, overturned: &[i64]) {
    for verdict in &mut member.verdicts {
        hide(&mut verdict.summary);
        let leaks = verdict.indicator == Indicator::Privacy;
        verdict.subject = subject(&verdict.subject, leaks);
        if leaks {
            let is_found = matches!(verdict.outcome, Outcome::Fail | Outcome::Suspected);
            let is_said = is_found || has_leak(&verdict.summary);
            verdict.summary = if is_said { said_of_a_leak(&verdict.summary) } else { plain(&verdict.summary) };
        }
        if overturned.contains(&verdict.finding_id) {
            withdraw(verdict);
        }
    }
}

/// Masks the personal numbers of a text in place, those in its addresses too.
fn hide(text: &mut String) {
    if let Cow::Owned(masked) = mask(text) {
        *text = masked;
    }
    if text.contains("://") {
        *text = address(text, false);
    }
}

/// What a finding is on, as it is told outside.
fn subject(text: &str, leaks: bool) -> String {
    if leaks && !text.contains("://") { plain(text) } else { address(text, leaks) }
}

/// An address without the personal data that it holds itself: identity numbers always; mobile and card
/// numbers, and words in Chinese (nothing tells a name from another), where the post is said to leak.
fn address(text: &str, leaks: bool) -> String {
    let Some((scheme, rest)) = text.split_once("://") else { return text.to_owned() };
    let ends = ['/', '?', '#'];
    let host = rest.split(ends).next().unwrap_or_default();
    let mut out = format!("{scheme}://{host}");
    let mut part = String::new();
    for c in rest.chars().skip(host.chars().count()) {
        if ends.contains(&c) || matches!(c, '&' | '=' | ';' | ',' | ' ' | '“' | '”') {
            out.push_str(&part_of_address(&part, leaks));
            out.push(c);
            part.clear();
        } else {
            part.push(c);
        }
    }
    out.push_str(&part_of_address(&part, leaks));
    out
}

fn part_of_address(part: &str, leaks: bool) -> String {
    let is_personal = |text: &str| {
        numbers(text).iter().any(|number| match number.kind {
            NumberKind::IdCard => true,
            NumberKind::Mobile => leaks,
            // Why: the numbers of posts are as long as card numbers; those of UnionPay begin with 62.
            NumberKind::BankCard => leaks && text.trim_start_matches(|c: char| !c.is_ascii_digit()).starts_with("62"),
        })
    };
    let (mut out, mut run) = (String::with_capacity(part.len()), String::new());
    let keep = |out: &mut String, run: &mut String| {
        out.push_str(if is_personal(run) { "…" } else { run });
        run.clear();
    };
    // Why run by run first: letters that touch a number hide it from a reader of sentences.
    for c in part.chars() {
        let is_last = matches!(c, 'x' | 'X') && run.len() == 17;
        if c.is_ascii_digit() || is_last {
            run.push(c);
        } else {
            keep(&mut out, &mut run);
            out.push(c);
        }
    }
    keep(&mut out, &mut run);
    let read = decoded(part);
    let is_hidden = (leaks && !read.is_ascii()) || is_personal(&decoded(&out));
    if is_hidden { "…".to_owned() } else { out }
}

/// A part of an address as it is read: `%E6%9D%8E` is 李.
fn decoded(part: &str) -> Cow<'_, str> {
    if !part.contains('%') {
        return Cow::Borrowed(part);
    }
    let mut bytes = Vec::with_capacity(part.len());
    let mut rest = part.bytes();
    while let Some(byte) = rest.next() {
        let digit = |byte: Option<u8>| char::from(byte?).to_digit(16);
        let mut ahead = rest.clone();
        match (byte, digit(ahead.next()), digit(ahead.next())) {
            (b'%', Some(high), Some(low)) => {
                bytes.push((high * 16 + low) as u8);
                rest = ahead;
            }
            _ => bytes.push(byte),
        }
    }
    Cow::Owned(String::from_utf8_lossy(&bytes).into_owned())
}

/// Takes excerpts, masked numbers and places out of what is said of personal data.
fn hide_leak(issue: &mut Issue) {
    if issue.indicator != Indicator::Privacy {
        return;
    }
    issue.summary = said_of_a_leak(&issue.summary);
    issue.evidence.snippet = None;
    for number in &mut issue.evidence.numbers {
        // `id_card:510***9995×1`: the kind and how many.
        if let Some((kind, rest)) = number.split_once(':') {
            let count = rest.rsplit_once('×').map_or("", |(_, count)| count);
            *number = format!("{kind}×{count}");
        }
    }
    // Why not of a delivery: it names the notice.
    let said = |event: &&mut crate::domain::issue::Event| !event.note.is_empty() && event.kind != EventKind::Notified;
    for event in issue.events.iter_mut().filter(said) {
        event.note = if has_leak(&event.note) { said_of_a_leak(&event.note) } else { plain(&event.note) };
    }
}

/// What stands in the place of a verdict that fell.
fn withdraw(verdict: &mut Verdict) {
    verdict.summary = withdrawn(&verdict.summary);
}

/// The same for an issue, with what the machine said when it found it.
fn withdraw_issue(issue: &mut Issue) {
    issue.summary = withdrawn(&issue.summary);
    let said = |kind| matches!(kind, EventKind::Opened | EventKind::FoundAgain | EventKind::Reopened);
    issue.events.iter_mut().filter(|event| said(event.kind)).for_each(|event| event.note.clear());
}

/// In the language in which the sentence was written.
fn withdrawn(text: &str) -> String {
    let is_english = !text.is_empty() && text.is_ascii();
    if is_english { "withdrawn" } else { "原认定已撤销" }.to_owned()
}

fn has_leak(text: &str) -> bool {
    ["原文：", "It reads: ", "出现个人信息：", ": personal data: "].iter().any(|mark| text.contains(mark))
}

/// `《…》正文出现身份证号1个`: post, kind and count of what a check or a person said of personal data.
#[must_use]
pub fn said_of_a_leak(text: &str) -> String {
    let before = |text: &'_ str, mark: &str| text.split(mark).next().unwrap_or_default().to_owned();
    let text = before(&before(text, "原文："), "It reads: ");
    let text = text.trim_end().trim_end_matches(['。', '.']);
    if let Some((place, kinds)) = text.rsplit_once("出现个人信息：") {
        let place = place.trim_end_matches(['字', '行']).trim_end_matches(|c: char| c.is_ascii_digit());
        let place = place.trim_end_matches('第');
        // Why: where the title itself leaks, it is the excerpt.
        let leaks = place.ends_with("》标题") || plain(place) != place;
        let part = place.rsplit_once('》').map_or(place, |(_, part)| part);
        let place = if leaks { format!("一篇内容的{part}") } else { place.to_owned() };
        return format!("{place}出现{}", plain(&without(kinds, "（如", "）")));
    }
    if let Some((place, kinds)) = text.rsplit_once(": personal data: ") {
        let place = [", character ", ", row "].iter().find_map(|mark| place.rsplit_once(mark)).map_or(place, |p| p.0);
        let leaks = place.ends_with("\", title") || plain(place) != place;
        let part = place.rsplit_once("\", ").map_or(place, |(_, part)| part);
        let place = if leaks { format!("the {part} of a post") } else { place.to_owned() };
        let kinds: Vec<&str> =
            kinds.split(", ").filter(|part| !part.starts_with("such as ") && !part.is_empty()).collect();
        return format!("{place}: {}", plain(&kinds.join(", ")));
    }
    // Why: in a sentence of another form nothing tells a name from a word.
    let title = text.split_once('《').and_then(|(_, rest)| rest.split_once('》')).map(|(title, _)| plain(title));
    match title {
        Some(title) => format!("《{title}》出现个人信息"),
        None if !text.is_empty() && text.is_ascii() => "personal data was published".to_owned(),
        None => "所发内容出现个人信息".to_owned(),
    }
}

/// A text without what stands between two marks, the marks included.
fn without(text: &str, from: &str, to: &str) -> String {
    let mut parts = text.split(from);
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        out.push_str(part.split_once(to).map_or("", |(_, rest)| rest));
    }
    out
}

/// A text without its longer runs of digits, masked or not.
fn plain(text: &str) -> String {
    let (mut out, mut run) = (String::with_capacity(text.len()), String::new());
    let keep = |out: &mut String, run: &mut String| {
        if run.chars().count() <= SHORT && !run.contains('*') {
            out.push_str(run);
        } else {
            out.push('…');
        }
        run.clear();
    };
    for c in text.chars() {
        if c.is_ascii_digit() || c == '*' {
            run.push(c);
            continue;
        }
        if !run.is_empty() {
            keep(&mut out, &mut run);
        }
        out.push(c);
    }
    if !run.is_empty() {
        keep(&mut out, &mut run);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An identity number that no person has: its region was never given out.
    fn made_up() -> String {
        let body = "51990119900101999";
        let weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
        let sum: u32 = body.chars().zip(weights).map(|(c, weight)| c.to_digit(10).unwrap() * weight).sum();
        format!("{body}{}", ["1", "0", "X", "9", "8", "7", "6", "5", "4", "3", "2"][sum as usize % 11])
    }

    #[test]
    fn an_address_that_holds_personal_data_leaves_without_it() {
        let id = made_up();
        let page = format!("https://www.yunxi.example/gs/{id}.html");
        assert_eq!(address(&page, true), "https://www.yunxi.example/gs/….html");
        assert_eq!(address(&page, false), "https://www.yunxi.example/gs/….html", "whatever it was found for");
        let query = format!("https://www.yunxi.example/q?id=a{id}&name=%E6%9D%8E%E6%9F%90&tel=13800138000&n=7");
        assert_eq!(address(&query, true), "https://www.yunxi.example/q?id=a…&name=…&tel=…&n=7");
        assert!(address(&query, false).contains("tel=13800138000"), "a number beside no leak is how one is reached");
        // What names a post stays.
        for post in [
            "https://mp.weixin.qq.com/s?__biz=MzA5&mid=2247483650&idx=1&sn=0f3c9a",
            "https://weibo.com/1234567890/4912345678901234",
            "https://云溪.example/post/20261123/t20261123_1732435200000.html",
        ] {
            assert_eq!(address(post, true), post);
        }
        let mut said = format!("见{page}，请删除");
        hide(&mut said);
        assert!(!said.contains("199001"), "{said}");
    }

    #[test]
    fn personal_data_is_told_by_post_kind_and_count() {
        let zh = "《补助名单公示》正文第21字出现个人信息：身份证号1个（如510***********9995）、手机号码3个（如138****1234）。原文：李某某，【510***********9995】";
        assert_eq!(said_of_a_leak(zh), "《补助名单公示》正文出现身份证号1个、手机号码3个");
        let table =
            "《名单》所附表格第3行出现个人信息：银行卡号2个（如6222********1234）。原文：【…】（另有3处未逐条列出）";
        assert_eq!(said_of_a_leak(table), "《名单》所附表格出现银行卡号2个");
        let title =
            "《李某某510***********9995》标题第4字出现个人信息：身份证号1个（如510***********9995）。原文：李某某";
        assert_eq!(said_of_a_leak(title), "一篇内容的标题出现身份证号1个");
        let en = "\"List\", text, character 3: personal data: 1 identity number(s), such as 510***9995, 2 mobile number(s), such as 138****1234. It reads: Li 138****1234";
        assert_eq!(said_of_a_leak(en), "\"List\", text: 1 identity number(s), 2 mobile number(s)");
        let both = "《公示：510***********9995 李某某》正文第6字出现个人信息：身份证号1个（如510***********9995）";
        assert_eq!(said_of_a_leak(both), "一篇内容的正文出现身份证号1个");
        assert_eq!(said_of_a_leak("某页面公示李某某的住址"), "所发内容出现个人信息");
        assert_eq!(said_of_a_leak("《名单》李某某"), "《名单》出现个人信息");
    }
}
