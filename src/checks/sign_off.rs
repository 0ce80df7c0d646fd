//! The sign-off at the end of an article (文末署名): who reviewed it, as it says itself.
//!
//! 「初审：… 复审：… 终审：…」, 「编辑：… 审核：… 签发：…」 and their like. No national text asks
//! for it, so it counts only where the office switches it on. Names are personal data: what is
//! kept is how many stages are named, and whether one person stands in two of them.

use std::collections::BTreeSet;

use unicode_normalization::UnicodeNormalization;

use super::seen::SignOff;
use crate::domain::naming::{is_name as is_sure_name, people};

/// What is read of an article's end, in characters.
const TAIL: usize = 400;
/// Longest name of a person, in characters.
const LONGEST_NAME: usize = 4;
/// The same for a name with a dot in it.
const LONGEST_DOTTED: usize = 15;

/// A word before a name: the stage it stands for, and whether it can mean nothing else.
struct Label(&'static str, usize, bool);

/// Longer words first: 初审人 is no 初审 of a person called 人.
const LABELS: &[Label] = &[
    Label("初审初校", 0, true),
    Label("一审一校", 0, true),
    Label("复审复校", 1, true),
    Label("二审二校", 1, true),
    Label("终审终校", 2, true),
    Label("三审三校", 2, true),
    Label("责任编辑", 0, false),
    Label("初审人", 0, true),
    Label("复审人", 1, true),
    Label("终审人", 2, true),
    Label("审核人", 1, false),
    Label("签发人", 2, false),
    Label("初审", 0, true),
    Label("一审", 0, true),
    Label("复审", 1, true),
    Label("二审", 1, true),
    Label("终审", 2, true),
    Label("三审", 2, true),
    Label("责编", 0, false),
    Label("编辑", 0, false),
    Label("采编", 0, false),
    Label("拟稿", 0, false),
    Label("审核", 1, false),
    Label("复核", 1, false),
    Label("签发", 2, false),
    Label("审签", 2, false),
    Label("审定", 2, false),
];

/// What ends a text that a source has cut off.
const CUT: &[&str] = &["…", "...", "[…]", "阅读全文", "查看全文", "查看更多", "展开", "详情"];

/// Endings of what is named in a person's place: a body, not a person.
const BODIES: &[&str] = &["局", "科", "室", "处", "厅", "股", "部", "办", "中心", "单位", "小组", "委员会", "人员"];

/// Every label holds one of these, which no other character is a form of: most texts hold none.
const SIGNS: [char; 5] = ['审', '编', '稿', '核', '签'];

/// Reads the sign-off of an article; `None` where it has none, or its end is cut off.
pub(super) fn read(text: &str) -> Option<SignOff> {
    let text = text.trim_end();
    if CUT.iter().any(|cut| text.ends_with(cut)) {
        return None;
    }
    let mut tail: Vec<char> = text.chars().rev().take(TAIL).collect();
    if !tail.iter().any(|c| SIGNS.contains(c)) {
        return None;
    }
    tail.reverse();
    let tail: Vec<char> = tail.into_iter().collect::<String>().nfkc().collect();
    // By stage: what certain words name, and what words name that may mean something else.
    let mut named: [[Option<BTreeSet<String>>; 2]; 3] = Default::default();
    let mut at = 0;
    while at < tail.len() {
        let Some((label, value_at)) = label_at(&tail, at) else {
            at += 1;
            continue;
        };
        let people = names_from(&tail, value_at);
        let slot = &mut named[label.1][usize::from(!label.2)];
        // The last line of a kind is the article's own; one before it may belong to a quotation.
        *slot = Some(people);
        at = value_at;
    }
    let certain = named.iter().filter(|stage| stage[0].is_some()).count();
    let any = named.iter().filter(|stage| stage.iter().any(Option::is_some)).count();
    if certain == 0 && any < 2 {
        return None;
    }
    let stages: Vec<BTreeSet<String>> = named
        .into_iter()
        .filter_map(|[certain, other]| certain.or(other))
        .filter(|people| !people.is_empty())
        .collect();
    let one_person_twice =
        stages.iter().enumerate().any(|(n, people)| stages.iter().take(n).any(|p| !p.is_disjoint(people)));
    Some(SignOff { stages: u8::try_from(stages.len()).unwrap_or(3), one_person_twice })
}

fn is_mark(c: char) -> bool {
    matches!(c, ':' | '/' | '|' | '丨' | ']' | '】' | '-' | '—')
}

/// The label that begins at `at`, and where its value begins.
fn label_at(tail: &[char], at: usize) -> Option<(&'static Label, usize)> {
    let before = at.checked_sub(1).and_then(|before| tail.get(before));
    if before.is_some_and(|c| c.is_alphanumeric() && *c != '丨') {
        return None;
    }
    let label = LABELS.iter().find(|label| {
        let mut rest = tail.iter().skip(at);
        label.0.chars().all(|c| rest.next() == Some(&c))
    })?;
    let mut value_at = at + label.0.chars().count();
    let after = tail.get(value_at)?;
    if !after.is_whitespace() && !is_mark(*after) {
        return None;
    }
    while tail.get(value_at).is_some_and(|c| (c.is_whitespace() && *c != '\n') || is_mark(*c)) {
        value_at += 1;
    }
    Some((label, value_at))
}

/// The people named from `at` on: names separated by 、 or a comma, up to anything else.
fn names_from(tail: &[char], at: usize) -> BTreeSet<String> {
    let rest = tail.get(at..).unwrap_or_default();
    let line: String = rest.iter().take_while(|c| **c != '\n').collect();
    let mut value = String::new();
    let mut words = line.split_whitespace().peekable();
    while let Some(word) = words.next() {
        let word: String =
            word.chars().take_while(|c| c.is_alphanumeric() && *c != '丨' || matches!(c, '、' | ',' | '·')).collect();
        value.push_str(&word);
        // 张三 李四: the next word is another person, not a label.
        let is_whole = word.chars().count() > 1 && words.peek().is_some_and(|next| is_sure_name(next));
        if is_whole && value.rsplit(['、', ',']).next().is_some_and(is_sure_name) {
            value.push('、');
            continue;
        }
        // 张 三 and 张 三丰 are names set wide.
        let goes_on = value.ends_with(['、', ','])
            || (value.chars().count() == 1
                && words.peek().is_some_and(|next| next.chars().count() <= 2 && is_han(next)));
        if !goes_on {
            break;
        }
    }
    people(&value).into_iter().filter(|name| is_name(name)).collect()
}

fn is_han(word: &str) -> bool {
    word.chars().all(|c| c == '·' || ('\u{4E00}'..='\u{9FFF}').contains(&c) || ('\u{3400}'..='\u{4DBF}').contains(&c))
}

/// Two to four characters of Chinese, more with a dot, that end like no body.
fn is_name(word: &str) -> bool {
    let count = word.chars().count();
    let most = if word.contains('·') { LONGEST_DOTTED } else { LONGEST_NAME };
    (2..=most).contains(&count)
        && is_han(word)
        && !BODIES.iter().any(|body| word.ends_with(body))
        && !LABELS.iter().any(|label| word.starts_with(label.0))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn sign_off(end: &str) -> Option<(u8, bool)> {
        read(&format!("云溪区水务局昨日召开会议，研究编辑、审核工作。\n{end}")).map(|s| (s.stages, s.one_person_twice))
    }

    #[test]
    fn no_label_is_overlooked_for_want_of_a_sign() {
        assert!(LABELS.iter().all(|label| label.0.contains(SIGNS)));
        for c in ('\0'..=char::MAX).filter(|c| !SIGNS.contains(c)) {
            assert!(!c.nfkc().any(|made| SIGNS.contains(&made)), "{:x}", u32::from(c));
        }
    }

    #[test]
    fn lines_of_every_custom_are_read() {
        for (end, expected) in [
            ("初审：甲一 复审：乙二 终审：丙三", Some((3, false))),
            ("编辑：甲一\n审核：乙二\n签发：丙三", Some((3, false))),
            ("编辑：甲一　校对：丁四　审核：乙二　签发：丙三", Some((3, false))),
            ("编辑丨甲一\n审核丨乙二\n审签丨丙三", Some((3, false))),
            ("一审一校：甲一 二审二校：乙二 三审三校：丙三", Some((3, false))),
            ("（责任编辑/甲一 复审/乙二 终审/丙三）", Some((3, false))),
            ("编辑 甲一 审核 乙二 签发 丙三", Some((3, false))),
            ("【初审】甲一 【复审】乙二 【终审】丙三", Some((3, false))),
            ("初审：甲 一 复审：甲一 终审：丙三", Some((3, true))),
            ("初审：赵 甲乙 复审：赵甲乙 终审：丙三", Some((3, true))),
            ("初审：甲一、丁四 复审：丁四、甲一 终审：丙三", Some((3, true))),
            ("初审：甲一、丁四 复审：丁四 终审：丙三", Some((3, true))),
            ("初审：阿依古丽·买买提 复审：乙二 终审：丙三", Some((3, false))),
            ("编辑：丁四 初审：甲一 复审：乙二 终审：丙三", Some((3, false))),
            ("初审：张三 李四 复审：王五 终审：李四", Some((3, true))),
            ("初审：张三和李四 复审：王五 终审：李四", Some((3, true))),
            ("初审：张三 李四 复审：王五 终审：赵六", Some((3, false))),
            ("编辑 张三 审核 王五 签发 赵六", Some((3, false))),
            ("编辑：甲一 审核：乙二", Some((2, false))),
            ("初审：甲一 复审： 终审：丙三", Some((2, false))),
            ("初审：办公室 复审：宣传科 终审：丙三", Some((1, false))),
            ("终审：丙三", Some((1, false))),
            ("编辑：甲一", None),
            ("供稿：区水务局", None),
            ("初审：甲一 复审：乙二 终…", None),
            ("初审工作由街道办理，复审由民政局办理。", None),
            ("", None),
        ] {
            assert_eq!(sign_off(end), expected, "{end}");
        }
    }

    #[test]
    fn what_stands_far_from_the_end_is_no_sign_off() {
        let text = format!("初审：甲一 复审：乙二 终审：丙三\n{}", "正文。".repeat(200));
        assert_eq!(read(&text), None);
    }

    proptest! {
        #[test]
        fn no_text_breaks_it(text in "(?s).{0,300}", glue in "[初审复终编辑：:丨/ 、\\n]{0,60}") {
            let found = read(&format!("{text}{glue}"));
            prop_assert!(found.is_none_or(|s| s.stages <= 3));
        }
    }
}
