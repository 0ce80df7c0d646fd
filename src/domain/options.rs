//! The options of a source (采集参数): which keys each adapter knows, and what they may hold.
//!
//! A key that is misspelt must not be passed over: the adapter would look elsewhere than it was told to.

use serde_json::{Map, Value};

use super::account::SourceKind;

/// CSS selectors of a list.
const SELECTORS: &[&str] = &["item", "title", "link", "date", "date_attr"];
/// A website takes a list's selectors, its columns, and what its home page is.
const SITE: &[&str] = &["columns", "home", "item", "title", "link", "date", "date_attr"];
/// What an entry of `columns` says beside the selectors of its page.
const COLUMN: &[&str] = &["name", "url", "kind", "days", "item", "title", "link", "date", "date_attr"];
/// The account's id on its platform.
const USER: &[&str] = &["user"];

/// An option that will not do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.en())]
pub struct OptionFault {
    /// Of which adapter.
    pub kind: SourceKind,
    /// The key as given.
    pub key: String,
    /// Keys that there are, where this one is none; else the key holds what it must not.
    pub known: Option<&'static [&'static str]>,
}

impl SourceKind {
    /// The keys of 采集参数 that this adapter knows.
    #[must_use]
    pub const fn option_keys(self) -> &'static [&'static str] {
        match self {
            Self::Html => SELECTORS,
            Self::Site => SITE,
            Self::Weibo | Self::Douyin | Self::Kuaishou | Self::Bilibili | Self::Toutiao | Self::App => USER,
            Self::Feed | Self::Wechat | Self::Manual => &[],
        }
    }

    /// Whether every option is known and holds what it must; the first that does not.
    pub fn check_options(self, options: &Map<String, Value>) -> Result<(), OptionFault> {
        let fault = |key: &str, known| OptionFault { kind: self, key: key.to_owned(), known };
        for (key, value) in options {
            if !self.option_keys().contains(&key.as_str()) {
                return Err(fault(key, Some(self.option_keys())));
            }
            let fits = match (key.as_str(), value) {
                (_, Value::Null) | ("user", Value::Number(_)) => true,
                ("columns", value) => {
                    let Some(entries) = columns(value) else { return Err(fault(key, None)) };
                    let unknown = entries.iter().flat_map(Map::keys).find(|key| !COLUMN.contains(&key.as_str()));
                    if let Some(unknown) = unknown {
                        return Err(fault(&format!("columns.{unknown}"), Some(COLUMN)));
                    }
                    true
                }
                ("home", value) => value == "navigation",
                (_, value) => value.is_string(),
            };
            if !fits {
                return Err(fault(key, None));
            }
        }
        Ok(())
    }
}

/// The entries of `columns`, which the command line hands over as text.
fn columns(value: &Value) -> Option<Vec<Map<String, Value>>> {
    match value {
        Value::String(text) => serde_json::from_str(text).ok(),
        Value::Array(entries) => entries.iter().map(|entry| entry.as_object().cloned()).collect(),
        _ => None,
    }
}

impl OptionFault {
    /// One sentence, Chinese.
    #[must_use]
    pub fn zh(&self) -> String {
        let (kind, key) = (self.kind.key(), &self.key);
        match self.known {
            Some([]) => format!("{kind} 没有参数“{key}”，也不需要参数"),
            Some(known) => format!("{kind} 没有参数“{key}”，可用：{}", known.join("、")),
            None => format!("{kind} 的参数“{key}”应为{}", wanted(key).0),
        }
    }

    /// The same in English.
    #[must_use]
    pub fn en(&self) -> String {
        let (kind, key) = (self.kind.key(), &self.key);
        match self.known {
            Some([]) => format!("{kind} has no option `{key}`, and takes none"),
            Some(known) => format!("{kind} has no option `{key}`; there are: {}", known.join(", ")),
            None => format!("the option `{key}` of {kind} must be {}", wanted(key).1),
        }
    }
}

/// What a key must hold, in both languages.
fn wanted(key: &str) -> (&'static str, &'static str) {
    match key {
        "columns" => (
            r#"栏目列表，如 [{"name":"工作动态","url":"/gzdt/"}]"#,
            r#"a list of columns like [{"name":"News","url":"/news/"}]"#,
        ),
        "home" => ("navigation（首页只有导航）", "`navigation` (the home page only leads on)"),
        "user" => ("平台账号编号", "the platform's id of the account"),
        _ => ("文字", "a text"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(kind: SourceKind, options: &str) -> Option<String> {
        kind.check_options(&serde_json::from_str(options).unwrap()).err().map(|fault| fault.zh())
    }

    #[test]
    fn an_option_that_no_adapter_reads_is_refused_with_those_it_reads() {
        assert_eq!(
            check(SourceKind::Html, r#"{"itm":"li"}"#).as_deref(),
            Some("html 没有参数“itm”，可用：item、title、link、date、date_attr")
        );
        assert_eq!(check(SourceKind::Feed, r#"{"user":"1"}"#).as_deref(), Some("feed 没有参数“user”，也不需要参数"));
        assert!(check(SourceKind::Html, r#"{"item":5}"#).is_some());
        assert!(check(SourceKind::Html, r#"{"columns":[]}"#).is_some());
        for bad in [r#"{"columns":"x"}"#, r#"{"columns":5}"#, r#"{"columns":["x"]}"#, r#"{"home":"nav"}"#] {
            assert!(check(SourceKind::Site, bad).is_some(), "{bad}");
        }
        let inner = check(SourceKind::Site, r#"{"columns":[{"url":"/a/","itm":"li"}]}"#);
        assert!(inner.unwrap().contains("没有参数“columns.itm”"));
    }

    #[test]
    fn options_that_are_read_are_accepted() {
        for (kind, options) in [
            (SourceKind::Html, r#"{"item":"li","date_attr":"data-t","title":null}"#),
            (SourceKind::Site, r#"{"columns":[{"name":"甲","url":"/a/","kind":"news","days":30,"item":"li"}]}"#),
            (SourceKind::Site, r#"{"columns":"[{\"url\":\"/a/\"}]","home":"navigation"}"#),
            (SourceKind::Weibo, r#"{"user":123}"#),
            (SourceKind::App, r#"{"user":"cn.gov.example"}"#),
            (SourceKind::Feed, "{}"),
        ] {
            assert_eq!(check(kind, options), None, "{options}");
        }
    }
}
