//! Three layers of raw values, later ones on top: defaults, file, environment.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::problem::{Place, Problem, line_column};

/// Tables of which there may be any number, with their keys, all text.
const TABLES: &[(&str, &[&str])] = &[
    ("channel", &["kind", "webhook_file", "secret_file", "for", "proxy"]),
    ("canary", &["platform", "source", "url", "options", "max_age"]),
];

/// The keys of such a table; `None` for an ordinary section.
fn table_keys(kind: &str) -> Option<&'static [&'static str]> {
    TABLES.iter().find(|(name, _)| *name == kind).map(|(_, keys)| *keys)
}

/// Values that may carry a password: never repeated in a message.
pub(super) const CONCEALED_KEYS: &[&str] = &["database.url", "http.proxy", "telegram.proxy"];

/// A value before anything is known of its meaning.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Raw {
    Text(String),
    Integer(i64),
    /// Exact decimal text.
    Decimal(String),
    Flag(bool),
    List(Vec<String>),
}

impl Raw {
    fn kind(&self) -> (&'static str, &'static str) {
        match self {
            Self::Text(_) => ("文字（加引号）", "text in quotes"),
            Self::Integer(_) => ("整数", "a whole number"),
            Self::Decimal(_) => ("小数", "a decimal number"),
            Self::Flag(_) => ("true 或 false", "true or false"),
            Self::List(_) => ("文字列表", "a list of texts"),
        }
    }

    /// What an environment variable says, read as the default's type.
    fn from_env(like: &Self, text: &str) -> Option<Self> {
        let text = text.trim();
        Some(match like {
            Self::Text(_) => Self::Text(text.to_owned()),
            Self::Integer(_) => Self::Integer(text.parse().ok()?),
            Self::Decimal(_) => Self::Decimal(text.to_owned()),
            Self::Flag(_) if ["true", "1", "yes", "on", "是"].contains(&text.to_lowercase().as_str()) => {
                Self::Flag(true)
            }
            Self::Flag(_) if ["false", "0", "no", "off", "否"].contains(&text.to_lowercase().as_str()) => {
                Self::Flag(false)
            }
            Self::Flag(_) => return None,
            Self::List(_) => Self::List(
                text.split([',', '\u{ff0c}']).map(str::trim).filter(|t| !t.is_empty()).map(str::to_owned).collect(),
            ),
        })
    }

    /// What the file says, if it can stand where the default stands.
    fn from_toml(like: &Self, value: &DeValue<'_>) -> Option<Self> {
        Some(match (like, value) {
            (Self::Text(_), DeValue::String(text)) => Self::Text(text.to_string()),
            // A bare date is as good as one in quotes.
            (Self::Text(_), DeValue::Datetime(at)) => Self::Text(at.to_string()),
            (Self::Integer(_), DeValue::Integer(number)) => {
                Self::Integer(i64::from_str_radix(number.as_str(), number.radix()).ok()?)
            }
            (Self::Decimal(_), DeValue::Float(number)) => Self::Decimal(number.as_str().to_owned()),
            (Self::Decimal(_), DeValue::Integer(number)) if number.radix() == 10 => {
                Self::Decimal(number.as_str().to_owned())
            }
            (Self::Decimal(_), DeValue::String(text)) => Self::Decimal(text.to_string()),
            (Self::Flag(_), DeValue::Boolean(flag)) => Self::Flag(*flag),
            (Self::List(_), DeValue::Array(items)) => {
                Self::List(items.iter().map(|item| item.get_ref().as_str().map(str::to_owned)).collect::<Option<_>>()?)
            }
            _ => return None,
        })
    }
}

/// A value and where it was written.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) raw: Raw,
    pub(super) place: Place,
}

/// All values by `section.key`, and `channel.N.key`.
#[derive(Debug)]
pub(super) struct Layers {
    pub(super) entries: BTreeMap<String, Entry>,
    /// Channels and canaries by kind and number, with the place of each.
    pub(super) tables: BTreeMap<(String, usize), Place>,
    pub(super) token: Option<String>,
    pub(super) wecom_secret: Option<String>,
    /// The folder that relative paths of the file start at; empty for the working directory.
    pub(super) folder: PathBuf,
    pub(super) problems: Vec<Problem>,
}

impl Layers {
    pub(super) fn defaults() -> Self {
        let mut layers = Self {
            entries: BTreeMap::new(),
            tables: BTreeMap::new(),
            token: None,
            wecom_secret: None,
            folder: PathBuf::new(),
            problems: Vec::new(),
        };
        let (root, _) = DeTable::parse_recoverable(super::TEMPLATE);
        for (section, table) in root.get_ref() {
            for (key, value) in table.get_ref().as_table().into_iter().flatten() {
                let raw = match value.get_ref() {
                    DeValue::String(text) => Raw::Text(text.to_string()),
                    DeValue::Integer(number) => Raw::Integer(number.as_str().parse().unwrap_or_default()),
                    DeValue::Float(number) => Raw::Decimal(number.as_str().to_owned()),
                    DeValue::Boolean(flag) => Raw::Flag(*flag),
                    DeValue::Array(items) => {
                        Raw::List(items.iter().filter_map(|item| item.get_ref().as_str().map(str::to_owned)).collect())
                    }
                    DeValue::Datetime(_) | DeValue::Table(_) => continue,
                };
                let name = format!("{}.{}", section.get_ref(), key.get_ref());
                layers.entries.insert(name, Entry { raw, place: Place::Default });
            }
        }
        layers
    }

    pub(super) fn lay_file(&mut self, path: &Path, text: &str) {
        self.folder = path.parent().map(Path::to_owned).unwrap_or_default();
        // A mark at the start, as some editors write it, is not part of the first key.
        let text = text.trim_start_matches('\u{feff}');
        let at = |span: std::ops::Range<usize>| {
            let (line, column) = line_column(text, span.start);
            Place::File { path: path.to_owned(), line, column }
        };
        let (root, errors) = DeTable::parse_recoverable(text);
        for error in errors {
            let message = error.message().replace('\n', " ");
            self.problems.push(Problem::new(
                at(error.span().unwrap_or_default()),
                None,
                format!("不符合 TOML 语法（{message}），请检查引号、括号和等号"),
                format!("not valid TOML ({message}); check quotes, brackets and the equals sign"),
            ));
        }
        let mut sections: Vec<_> = root.get_ref().iter().collect();
        sections.sort_by_key(|(name, _)| name.span().start);
        for (section, value) in sections {
            match (section.get_ref().as_ref(), value.get_ref()) {
                (kind, DeValue::Array(items)) if table_keys(kind).is_some() => {
                    for (number, item) in items.iter().enumerate() {
                        self.lay_table(kind, number, item, &at);
                    }
                }
                (name, DeValue::Table(table)) if self.keys_of(name).next().is_some() => {
                    self.lay_section(name, table, &at);
                }
                (name, _) => {
                    let known = self.section_names().join(", ");
                    self.problems.push(Problem::new(
                        at(section.span()),
                        Some(name),
                        format!("没有这一节，可用的有：{known}, [[channel]], [[canary]]"),
                        format!("there is no such section; there are: {known}, [[channel]], [[canary]]"),
                    ));
                }
            }
        }
    }

    fn lay_section(&mut self, section: &str, table: &DeTable<'_>, at: &dyn Fn(std::ops::Range<usize>) -> Place) {
        let mut keys: Vec<_> = table.iter().collect();
        keys.sort_by_key(|(key, _)| key.span().start);
        for (key, value) in keys {
            let name = format!("{section}.{}", key.get_ref());
            match self.entries.get_mut(&name) {
                None => self.unknown_key(at(key.span()), &name),
                Some(entry) => {
                    if let Some(raw) = Raw::from_toml(&entry.raw, value.get_ref()) {
                        *entry = Entry { raw, place: at(value.span()) };
                    } else {
                        let kind = entry.raw.kind();
                        self.wrong_type(at(value.span()), &name, kind, value.get_ref().type_str());
                    }
                }
            }
        }
    }

    fn lay_table(
        &mut self,
        kind: &str,
        number: usize,
        item: &Spanned<DeValue<'_>>,
        at: &dyn Fn(std::ops::Range<usize>) -> Place,
    ) {
        let keys_of_kind = table_keys(kind).unwrap_or_default();
        self.tables.insert((kind.to_owned(), number), at(item.span()));
        let mut keys: Vec<_> = item.get_ref().as_table().into_iter().flatten().collect();
        keys.sort_by_key(|(key, _)| key.span().start);
        for (key, value) in keys {
            let name = format!("{kind}.{number}.{}", key.get_ref());
            if !keys_of_kind.contains(&key.get_ref().as_ref()) {
                self.unknown_key(at(key.span()), &name);
            } else if let Some(text) = value.get_ref().as_str() {
                self.entries.insert(name, Entry { raw: Raw::Text(text.to_owned()), place: at(value.span()) });
            } else {
                let found = value.get_ref().type_str();
                self.wrong_type(at(value.span()), &name, Raw::Text(String::new()).kind(), found);
            }
        }
    }

    /// `XUNCHA__SECTION__KEY` for every key, and what may stand in the environment alone.
    pub(super) fn lay_env(&mut self, env: &[(String, String)]) {
        for (variable, value) in env {
            if variable == "XUNCHA_TELEGRAM_TOKEN" {
                self.token = Some(value.trim().to_owned()).filter(|token| !token.is_empty());
            }
            if variable == "XUNCHA_WECOM_SECRET" {
                self.wecom_secret = Some(value.trim().to_owned()).filter(|secret| !secret.is_empty());
            }
            let Some(path) = variable.strip_prefix("XUNCHA__") else { continue };
            let place = Place::Env(variable.clone());
            let name = path.to_lowercase().replace("__", ".");
            let table =
                name.split_once('.').and_then(|(kind, rest)| Some((kind, table_keys(kind)?, rest.split_once('.')?)));
            if let Some((kind, keys, (number, key))) = table {
                match number.parse::<usize>().ok().filter(|n| *n < 100 && keys.contains(&key)) {
                    Some(number) => {
                        self.tables.entry((kind.to_owned(), number)).or_insert_with(|| place.clone());
                        self.entries.insert(
                            format!("{kind}.{number}.{key}"),
                            Entry { raw: Raw::Text(value.trim().to_owned()), place },
                        );
                    }
                    None => self.unknown_key(place, &name),
                }
                continue;
            }
            match self.entries.get_mut(&name) {
                None => self.unknown_key(place, &name),
                Some(entry) => {
                    if let Some(raw) = Raw::from_env(&entry.raw, value) {
                        *entry = Entry { raw, place };
                    } else {
                        let kind = entry.raw.kind();
                        self.wrong_type(place, &name, kind, "text");
                    }
                }
            }
        }
    }

    fn unknown_key(&mut self, place: Place, name: &str) {
        let section = name.split('.').next().unwrap_or_default();
        let (mut zh, mut en) = if name == "telegram.token" {
            (
                "令牌不能写在这里，请用环境变量 XUNCHA_TELEGRAM_TOKEN 或 telegram.token_file".to_owned(),
                "the token cannot stand here; use XUNCHA_TELEGRAM_TOKEN or telegram.token_file".to_owned(),
            )
        } else if name == "wecom.secret" {
            (
                "密钥不能写在这里，请用环境变量 XUNCHA_WECOM_SECRET 或 wecom.secret_file".to_owned(),
                "the secret cannot stand here; use XUNCHA_WECOM_SECRET or wecom.secret_file".to_owned(),
            )
        } else {
            ("没有这个键".to_owned(), "there is no such key".to_owned())
        };
        let known: Vec<&str> = table_keys(section).map_or_else(|| self.keys_of(section).collect(), <[_]>::to_vec);
        if name != "telegram.token" && name != "wecom.secret" {
            let (known, sections) = (known.join(", "), self.section_names().join(", "));
            if known.is_empty() {
                zh = format!("没有这一节，可用的有：{sections}, channel, canary");
                en = format!("there is no such section; there are: {sections}, channel, canary");
            } else {
                zh = format!("{zh}，{section} 下可用的有：{known}");
                en = format!("{en}; {section} has: {known}");
            }
        }
        self.problems.push(Problem::new(place, Some(name), zh, en));
    }

    fn wrong_type(&mut self, place: Place, name: &str, needed: (&str, &str), found: &str) {
        self.problems.push(Problem::new(
            place,
            Some(name),
            format!("应为{}", needed.0),
            format!("needs {}, not {found}", needed.1),
        ));
    }

    fn keys_of(&self, section: &str) -> impl Iterator<Item = &str> {
        self.entries.keys().filter_map(move |name| name.strip_prefix(section)?.strip_prefix('.'))
    }

    fn section_names(&self) -> Vec<&str> {
        let mut names: Vec<&str> = self.entries.keys().filter_map(|name| name.split('.').next()).collect();
        names.retain(|name| table_keys(name).is_none());
        names.dedup();
        names
    }
}
