//! What is wrong with a configuration, where, and what to do.

use std::fmt;
use std::path::PathBuf;

use crate::domain::Lang;

/// Where a value was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// In the built-in defaults.
    Default,
    /// In the configuration file; line 0 means the file as a whole.
    File {
        /// The file.
        path: PathBuf,
        /// From 1.
        line: usize,
        /// In characters, from 1.
        column: usize,
    },
    /// In an environment variable.
    Env(String),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("defaults.toml"),
            Self::File { path, line: 0, .. } => write!(f, "{}", path.display()),
            Self::File { path, line, column } => write!(f, "{}:{line}:{column}", path.display()),
            Self::Env(name) => f.write_str(name),
        }
    }
}

/// One thing to correct.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Where it stands.
    pub place: Place,
    /// The key as `section.key`, when it is about one.
    pub key: Option<String>,
    zh: String,
    en: String,
}

impl Problem {
    pub(super) fn new(place: Place, key: Option<&str>, zh: String, en: String) -> Self {
        Self { place, key: key.map(str::to_owned), zh, en }
    }

    /// Tables of one kind are counted from 1 as a reader of the file counts them; a variable has its own number.
    fn key_shown(&self, key: &str, lang: Lang) -> String {
        let mut parts = key.splitn(3, '.');
        let (Some(kind @ ("canary" | "channel")), Some(number), Some(name)) =
            (parts.next(), parts.next().and_then(|number| number.parse::<usize>().ok()), parts.next())
        else {
            return key.to_owned();
        };
        let number = number.saturating_add(1);
        match (&self.place, lang) {
            (Place::Env(_), _) => key.to_owned(),
            (_, Lang::Zh) => format!("第{number}个 [[{kind}]] {name}"),
            (_, Lang::En) => format!("[[{kind}]] {number}, {name}"),
        }
    }

    /// Place, key, what is wrong and what to do, on one line.
    #[must_use]
    pub fn text(&self, lang: Lang) -> String {
        let what = match lang {
            Lang::Zh => &self.zh,
            Lang::En => &self.en,
        };
        match &self.key {
            Some(key) => format!("{}: {}: {what}", self.place, self.key_shown(key, lang)),
            None => format!("{}: {what}", self.place),
        }
    }
}

/// Everything that is wrong with a configuration; never empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigError {
    problems: Vec<Problem>,
}

impl ConfigError {
    pub(super) fn new(problems: Vec<Problem>) -> Self {
        Self { problems }
    }

    /// Each problem: first those of form (file, then environment), then those of value.
    #[must_use]
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }

    /// All problems, a line each.
    #[must_use]
    pub fn text(&self, lang: Lang) -> String {
        self.problems.iter().map(|problem| problem.text(lang)).collect::<Vec<_>>().join("\n")
    }
}

impl fmt::Display for ConfigError {
    /// In the default language.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text(Lang::Zh))
    }
}

impl std::error::Error for ConfigError {}

/// Line and column (in characters), from 1, of the byte `offset` of `text`.
pub(super) fn line_column(text: &str, offset: usize) -> (usize, usize) {
    let before = text.char_indices().take_while(|(at, _)| *at < offset).map(|(_, c)| c);
    before.fold((1, 1), |(line, column), c| if c == '\n' { (line + 1, 1) } else { (line, column + 1) })
}
