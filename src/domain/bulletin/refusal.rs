//! How two values that should be one are refused: by figure, by what the rows give, and by the rows themselves.

use super::naming::title;
use super::{AccountResult, Figure, RowId};
use crate::domain::Lang;
use crate::domain::account::Platform;
use crate::domain::round::RoundKind;

/// Rows an imbalance names at most.
pub(super) const NAMED: usize = 20;

/// Numbers that do not agree; nothing is written while there is one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{figure}` does not agree: {expected} by the rows, {found} stated{}", named(.rows))]
pub struct Imbalance {
    /// The figure, table cell or row, by its path in the file.
    pub figure: String,
    /// Its Chinese name.
    pub title: String,
    /// What the rows give.
    pub expected: String,
    /// What is stated.
    pub found: String,
    /// Both in Chinese.
    pub(in crate::domain) in_zh: [String; 2],
    /// The rows that disagree or were counted, twenty at most.
    pub rows: Vec<RowId>,
}

impl Imbalance {
    /// The sentence in Chinese; the path stands in brackets as it is in the file.
    #[must_use]
    pub fn zh(&self) -> String {
        let rows: Vec<_> = self.rows.iter().map(RowId::zh).collect();
        let rows = if rows.is_empty() { String::new() } else { format!("，涉及{}", rows.join("、")) };
        let [expected, found] = &self.in_zh;
        format!("“{}”（{}）前后不一致：按记录应为{expected}，文件中为{found}{rows}", self.title, self.figure)
    }
}

fn named(rows: &[RowId]) -> String {
    if rows.is_empty() {
        return String::new();
    }
    format!(" ({})", rows.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "))
}

/// A value as a refusal prints it.
pub(in crate::domain) trait Stated: PartialEq {
    /// In words of that language, or the figures themselves.
    fn text(&self, lang: Lang) -> String;
}

impl Stated for usize {
    fn text(&self, _: Lang) -> String {
        self.to_string()
    }
}

impl Stated for str {
    fn text(&self, lang: Lang) -> String {
        match (self.is_empty(), lang) {
            (true, Lang::Zh) => "空".to_owned(),
            (true, Lang::En) => "empty".to_owned(),
            (false, Lang::Zh) => format!("“{self}”"),
            (false, Lang::En) => self.to_owned(),
        }
    }
}

impl Stated for Platform {
    fn text(&self, lang: Lang) -> String {
        self.name(lang).to_owned()
    }
}

impl Stated for RoundKind {
    fn text(&self, lang: Lang) -> String {
        self.name(lang).to_owned()
    }
}

impl Stated for Figure {
    fn text(&self, lang: Lang) -> String {
        let value = self.value.map_or("—".to_owned(), |value| value.to_string());
        let unit = self.unit.name(lang);
        match (lang, self.denominator) {
            (Lang::En, Some(of)) => format!("{value} {unit} ({}/{of})", self.numerator),
            (Lang::En, None) => format!("{value} {unit} ({})", self.numerator),
            (Lang::Zh, Some(of)) => format!("{value}{unit}（{}/{of}）", self.numerator),
            (Lang::Zh, None) => format!("{value}{unit}（{}）", self.numerator),
        }
    }
}

/// A fact in a word: Chinese, English.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::domain) struct Word(pub(in crate::domain) &'static str, pub(in crate::domain) &'static str);

impl Word {
    pub(in crate::domain) const ONCE: Self = Self("只有一次", "once");
    pub(in crate::domain) const TWICE: Self = Self("出现两次", "twice");
    pub(in crate::domain) const NOTHING: Self = Self("没有", "nothing");
    pub(in crate::domain) const THERE: Self = Self("有", "there");
    pub(in crate::domain) const YES: Self = Self("是", "true");
    pub(in crate::domain) const NO: Self = Self("否", "false");

    /// Whether something occurs once or more often.
    pub(in crate::domain) const fn times(is_new: bool) -> Self {
        if is_new { Self::ONCE } else { Self::TWICE }
    }

    /// Whether something is there.
    pub(in crate::domain) const fn there(is: bool) -> Self {
        if is { Self::THERE } else { Self::NOTHING }
    }

    /// Whether something holds.
    pub(in crate::domain) const fn holds(is: bool) -> Self {
        if is { Self::YES } else { Self::NO }
    }

    /// The result of an account, drawn or not.
    pub(super) fn result(result: Option<AccountResult>) -> Self {
        result.map_or(Self("未抽中", "not drawn"), |result| Self(result.zh(), result.key()))
    }
}

impl Stated for Word {
    fn text(&self, lang: Lang) -> String {
        match lang {
            Lang::Zh => self.0,
            Lang::En => self.1,
        }
        .to_owned()
    }
}

/// Refuses two values that should be one, naming the rows behind them.
pub(in crate::domain) fn agree<T: Stated + ?Sized>(
    figure: &str,
    expected: &T,
    found: &T,
    rows: impl FnOnce() -> Vec<RowId>,
) -> Result<(), Imbalance> {
    if expected == found {
        return Ok(());
    }
    let mut rows = rows();
    rows.truncate(NAMED);
    Err(Imbalance {
        figure: figure.to_owned(),
        title: title(figure),
        expected: expected.text(Lang::En),
        found: found.text(Lang::En),
        in_zh: [expected.text(Lang::Zh), found.text(Lang::Zh)],
        rows,
    })
}
