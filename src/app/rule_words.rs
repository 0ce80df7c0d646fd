//! What the reader of a rule set finds wrong, in Chinese: the parser itself speaks English alone.

/// `said` by the parser of the place `start` of `text`.
pub(super) fn in_chinese(text: &str, start: usize, said: &str) -> String {
    let before = text.get(..start).unwrap_or_default();
    let at = before.matches('\n').count();
    let line = text.lines().nth(at).unwrap_or_default();
    let header = |line: &str| line.trim().strip_prefix('[').and_then(|rest| rest.split(']').next()).map(str::to_owned);
    let table = header(line).or_else(|| before.lines().rev().find_map(header));
    let named = |key: &str| match &table {
        Some(table) => format!("{table}.{key}"),
        None => key.to_owned(),
    };
    let table_name = table.as_deref().unwrap_or("规则集");
    if let Some((key, expected)) = said.strip_prefix("unknown field `").and_then(|rest| rest.split_once('`')) {
        let known = quoted(expected).join("、");
        return format!("{table_name} 没有“{key}”这个键，可用：{known}");
    }
    if let Some(key) = said.strip_prefix("missing field `").and_then(|rest| rest.strip_suffix('`')) {
        return format!("{table_name} 缺少“{key}”这个键，请补上");
    }
    let key = line.split_once('=').map(|(key, _)| key.trim()).filter(|_| header(line).is_none());
    let place = key.map_or_else(|| table_name.to_owned(), named);
    let typed = said.strip_prefix("invalid type: ").or_else(|| said.strip_prefix("invalid value: "));
    if let Some((given, expected)) = typed.and_then(|rest| rest.rsplit_once(", expected ")) {
        return format!("{place} 应为{}，现为{}", kind(expected), kind(given));
    }
    if said.starts_with("duplicate key") {
        return format!("{place} 重复，请只留一处");
    }
    if said.contains(crate::domain::rule::NO_DAY) {
        return format!("{place} 应为日期，如 2026-01-01");
    }
    format!("{place} 无法识别（{said}）")
}

/// The words between backquotes.
fn quoted(text: &str) -> Vec<&str> {
    text.split('`').skip(1).step_by(2).collect()
}

/// A kind of value, as the parser calls it.
fn kind(said: &str) -> &str {
    const KINDS: &[(&str, &str)] = &[
        ("string", "文字（加引号）"),
        ("a string", "文字（加引号）"),
        ("integer", "整数"),
        ("i64", "整数"),
        ("u64", "非负整数"),
        ("u32", "非负整数"),
        ("usize", "非负整数"),
        ("a boolean", "true 或 false"),
        ("boolean", "true 或 false"),
        ("floating point", "小数"),
        ("f64", "小数"),
        ("a sequence", "列表（方括号）"),
        ("sequence", "列表（方括号）"),
        ("a map", "一节"),
        ("map", "一节"),
        ("struct", "一节"),
        ("datetime", "日期"),
    ];
    KINDS.iter().find(|(start, _)| said.starts_with(start)).map_or(said, |(_, chinese)| chinese)
}

#[cfg(test)]
mod tests {
    use crate::app::{RulesError, load_rules};

    fn zh(from: &str, to: &str) -> (usize, String) {
        let text = crate::app::BUILT_IN_RULES.replacen(from, to, 1);
        assert_ne!(text, crate::app::BUILT_IN_RULES, "{from}");
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("r.toml");
        std::fs::write(&path, text).unwrap();
        match load_rules(Some(&path)) {
            Err(RulesError::Invalid { line, zh, .. }) => (line, zh),
            other => panic!("{to}: {other:?}"),
        }
    }

    #[test]
    fn what_is_wrong_in_a_rule_set_is_told_in_chinese_with_its_line() {
        let line_of = |text: &str| {
            let before = crate::app::BUILT_IN_RULES.split(text).next().unwrap();
            before.matches('\n').count() + 1
        };
        let (line, said) = zh("stale_days = 14", "stale_dyas = 14");
        assert_eq!(line, line_of("stale_days = 14"));
        assert_eq!(said, "silence 没有“stale_dyas”这个键，可用：stale_days、zombie_days、remind_days、platforms");
        let (line, said) = zh("stale_days = 14", "stale_days = \"14\"");
        assert_eq!(
            (line, said.as_str()),
            (line_of("stale_days = 14"), "silence.stale_days 应为整数，现为文字（加引号）")
        );
        let (line, said) = zh("zombie_days = 90", "");
        assert_eq!((line, said.as_str()), (line_of("[silence]"), "silence 缺少“zombie_days”这个键，请补上"));
    }

    #[test]
    fn the_first_day_may_be_written_with_quotes_or_without() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("r.toml");
        let built_in = load_rules(None).unwrap();
        let day = built_in.valid_from.to_string();
        let bare = crate::app::BUILT_IN_RULES.replacen(&format!("\"{day}\""), &day, 1);
        assert_ne!(bare, crate::app::BUILT_IN_RULES);
        std::fs::write(&path, bare).unwrap();
        assert_eq!(load_rules(Some(&path)).unwrap().valid_from, built_in.valid_from);
        let (_, said) = zh(&format!("\"{day}\""), "5");
        assert_eq!(said, "valid_from 应为日期，如 2026-01-01");
    }
}
