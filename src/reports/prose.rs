//! A check's sentence as a paper prints it: findings keep a short form that tables and chat share.
//!
//! Only the writing changes: `2026-11-05` becomes `2026年11月5日`, `15天0小时` becomes `15天`, and in English
//! `1 identity number(s)` becomes `1 identity number`. What is quoted (titles, wording, names, addresses) stays as it is.

use std::sync::LazyLock;

use chrono::{Datelike as _, NaiveDate};
use regex::{Captures, Regex};

use crate::domain::Lang;

/// Quoted parts and addresses, then what is written anew.
fn pattern(own: &str) -> Option<Regex> {
    Regex::new(&format!(
        r#"(?<kept>《[^》]*》|【[^】]*】|“[^”]*”|"[^"]*"|https?://[[:graph:]]*)|(?<day>(?-u:\b)[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}})(?: (?<time>[0-9]{{2}}:[0-9]{{2}}))?|{own}"#
    ))
    .ok()
}

static ZH: LazyLock<Option<Regex>> = LazyLock::new(|| pattern(r"(?<days>[1-9][0-9]*天)0小时"));
static EN: LazyLock<Option<Regex>> = LazyLock::new(|| {
    pattern(r"\b(?<days>[0-9]+) d (?<hours>[0-9]+) h\b|\b(?<count>[0-9]+) (?<what>[a-z ]+)\(s\)|`(?<ticked>[^`]*)`")
});

/// The sentence as running text of a paper has it.
pub(super) fn prose(text: &str, lang: Lang) -> String {
    let Some(pattern) = (match lang {
        Lang::Zh => ZH.as_ref(),
        Lang::En => EN.as_ref(),
    }) else {
        return text.to_owned();
    };
    let said = pattern.replace_all(text, |found: &Captures<'_>| written(found, lang));
    if lang == Lang::Zh { inner_brackets(&said) } else { said.into_owned() }
}

fn written(found: &Captures<'_>, lang: Lang) -> String {
    let part = |name: &str| found.name(name).map(|part| part.as_str());
    let whole = || found.get(0).map_or("", |whole| whole.as_str()).to_owned();
    if let Some(day) = part("day") {
        let Ok(date) = day.parse::<NaiveDate>() else { return whole() };
        let time = part("time").and_then(|time| time.split_once(':'));
        return match (lang, time) {
            (Lang::Zh, None) => format!("{}年{}月{}日", date.year(), date.month(), date.day()),
            (Lang::Zh, Some((hour, minute))) => {
                let hour = hour.strip_prefix('0').unwrap_or(hour);
                format!("{}年{}月{}日{hour}时{minute}分", date.year(), date.month(), date.day())
            }
            (Lang::En, None) => date.format("%-d %B %Y").to_string(),
            (Lang::En, Some((hour, minute))) => format!("{}, {hour}:{minute}", date.format("%-d %B %Y")),
        };
    }
    let plural = |count: &str| if count == "1" { "" } else { "s" };
    match (lang, part("days"), part("hours")) {
        (Lang::Zh, Some(days), _) => return days.to_owned(),
        (Lang::En, Some(days), Some("0")) if days != "0" => return format!("{days} day{}", plural(days)),
        (Lang::En, Some(days), Some(hours)) => {
            return format!("{days} day{} {hours} hour{}", plural(days), plural(hours));
        }
        _ => {}
    }
    if let (Some(count), Some(what)) = (part("count"), part("what")) {
        return format!("{count} {what}{}", plural(count));
    }
    part("ticked").map_or_else(whole, |ticked| format!("\"{ticked}\""))
}

/// Brackets within brackets as 〔〕: `（页面不存在〔404〕，复查相同）`.
fn inner_brackets(text: &str) -> String {
    let mut depth = 0_usize;
    text.chars()
        .map(|c| match c {
            '（' => {
                depth += 1;
                if depth > 1 { '〔' } else { c }
            }
            '）' => {
                depth = depth.saturating_sub(1);
                if depth > 0 { '〕' } else { c }
            }
            _ => c,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finding_reads_in_a_paper_as_a_clerk_would_write_it() {
        for (short, written) in [
            (
                "最新内容发布于2026-10-06 09:00，距监测时间点15天0小时，超过14天",
                "最新内容发布于2026年10月6日9时00分，距监测时间点15天，超过14天",
            ),
            ("距监测时间点0天0小时", "距监测时间点0天0小时"),
            ("距监测时间点10天10小时", "距监测时间点10天10小时"),
            ("《2026-11-05工作动态》（2026-11-05，无审核记录）", "《2026-11-05工作动态》（2026年11月5日，无审核记录）"),
            (
                "https://a.test/2026-11-05（页面不存在（404），复查相同）",
                "https://a.test/2026-11-05（页面不存在〔404〕，复查相同）",
            ),
            ("编号2026-99-99", "编号2026-99-99"),
        ] {
            assert_eq!(prose(short, Lang::Zh), written);
        }
        for (short, written) in [
            (
                "newest post 2026-10-06 09:00, 15 d 0 h before the monitoring time",
                "newest post 6 October 2026, 09:00, 15 days before the monitoring time",
            ),
            ("141 d 1 h before", "141 days 1 hour before"),
            ("text: 1 identity number(s), 2 mobile number(s)", "text: 1 identity number, 2 mobile numbers"),
            ("\"2026-11-05 (s)\" the unit is `甲`", "\"2026-11-05 (s)\" the unit is \"甲\""),
        ] {
            assert_eq!(prose(short, Lang::En), written);
        }
    }

    proptest::proptest! {
        #[test]
        fn no_text_panics_and_none_without_dates_loses_a_letter(text in "[《》“”（）`a-c甲乙 ]{0,60}") {
            let said = prose(&text, Lang::Zh);
            proptest::prop_assert_eq!(said.chars().count(), text.chars().count());
            let _ = prose(&text, Lang::En);
        }
    }
}
