//! What a finding says outside the office: personal data by kind and count, and no accusation that fell.

use super::{MemberFacts, Verdict};
use crate::domain::finding::Outcome;
use crate::domain::issue::{EventKind, Issue};
use crate::domain::rule::Indicator;

/// Longest run of digits and signs of masking that may stay in what is said of personal data.
const SHORT: usize = 4;

/// Takes excerpts, masked numbers and places out of what is said of personal data.
pub(super) fn hide_leak(issue: &mut Issue) {
    if issue.indicator != Indicator::Privacy {
        return;
    }
    issue.summary = said_of_a_leak(&issue.summary);
    issue.subject = if issue.subject.contains("://") { issue.subject.clone() } else { plain(&issue.subject) };
    issue.evidence.snippet = None;
    for number in &mut issue.evidence.numbers {
        // `id_card:510***9995×1`: the kind and how many.
        if let Some((kind, rest)) = number.split_once(':') {
            let count = rest.rsplit_once('×').map_or("", |(_, count)| count);
            *number = format!("{kind}×{count}");
        }
    }
    for event in issue.events.iter_mut().filter(|event| !event.note.is_empty()) {
        event.note = if has_leak(&event.note) { said_of_a_leak(&event.note) } else { plain(&event.note) };
    }
}

/// The same for the verdicts of a member.
pub(super) fn hide_leaks(member: &mut MemberFacts) {
    for verdict in member.verdicts.iter_mut().filter(|verdict| verdict.indicator == Indicator::Privacy) {
        let is_found = matches!(verdict.outcome, Outcome::Fail | Outcome::Suspected);
        verdict.summary = if is_found || has_leak(&verdict.summary) {
            said_of_a_leak(&verdict.summary)
        } else {
            plain(&verdict.summary)
        };
    }
}

/// What stands in the place of a verdict that fell.
pub(super) fn withdraw(verdict: &mut Verdict) {
    verdict.summary = withdrawn(&verdict.summary);
}

/// The same for an issue, with what the machine said when it found it.
pub(super) fn withdraw_issue(issue: &mut Issue) {
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
