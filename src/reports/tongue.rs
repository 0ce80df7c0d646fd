//! The language of a document: words, dates and lists as Chinese and English write them.

use chrono::Datelike as _;

use super::wording::{self, clip};
use crate::domain::Lang;
use crate::domain::account::{Platform, UnitTier};
use crate::domain::bulletin::{AccountRow, Dataset, Tally, quantifier};
use crate::domain::issue::Issue;
use crate::domain::notice::Bilingual;
use crate::domain::round::{RoundKind, RoundName};
use crate::domain::sample::Reason;
use crate::domain::time::LocalTime;

/// The language a document speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Tongue(pub(super) Lang);

/// An English sentence with its first letter large.
pub(super) fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

/// `1 look`, `2 looks`.
pub(super) fn many(count: usize, one: &str, more: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { more })
}

impl Tongue {
    /// One of two values.
    pub(super) fn of<T>(self, zh: T, en: T) -> T {
        match self.0 {
            Lang::Zh => zh,
            Lang::En => en,
        }
    }

    /// One of two words.
    pub(super) fn pick(self, zh: &'static str, en: &'static str) -> &'static str {
        self.of(zh, en)
    }

    /// One of two sentences.
    pub(super) fn say(self, zh: impl Into<String>, en: impl Into<String>) -> String {
        match self.0 {
            Lang::Zh => zh.into(),
            Lang::En => en.into(),
        }
    }

    /// The sentence of this language.
    pub(super) fn both(self, text: &Bilingual) -> &str {
        self.of(&text.zh, &text.en)
    }

    /// The office, or a blank for its name.
    pub(super) fn office(self, name: &str) -> String {
        if name.trim().is_empty() {
            self.pick("〔发文机关〕", "[issuing office]").to_owned()
        } else {
            clip(name, 100)
        }
    }

    /// `2026年第四季度`; `the fourth quarter of 2026`.
    pub(super) fn period(self, name: RoundName) -> String {
        if self.0 == Lang::Zh {
            return name.zh();
        }
        let nth = |n: u32| ["first", "second", "third", "fourth"].get(n as usize - 1).copied().unwrap_or_default();
        match name {
            RoundName::Quarter(year, quarter) => format!("the {} quarter of {year}", nth(quarter)),
            RoundName::Half(year, half) => format!("the {} half of {year}", nth(half)),
            RoundName::Day(day) => format!("{} {}", day.day(), day.format("%B %Y")),
        }
    }

    /// `2026年11月23日`; `23 November 2026`.
    pub(super) fn day(self, at: LocalTime) -> String {
        self.say(wording::day(at), at.fixed().format("%-d %B %Y").to_string())
    }

    /// `2026年11月23日9时00分`; `23 November 2026, 09:00`.
    pub(super) fn minute(self, at: LocalTime) -> String {
        self.say(wording::minute(at), at.fixed().format("%-d %B %Y, %H:%M").to_string())
    }

    /// What a round is called in a sentence.
    pub(super) fn inspection(self, d: &Dataset) -> &'static str {
        match d.round.kind {
            RoundKind::Patrol => self.pick("日常巡查", "daily patrol"),
            _ => self.pick("检查", "inspection"),
        }
    }

    /// `(演练)` where the round is one.
    pub(super) fn rehearsal(self, d: &Dataset) -> &'static str {
        if d.round.rehearsal { self.pick("（演练）", " (rehearsal)") } else { "" }
    }

    /// 账号名(平台) of a name and a platform.
    pub(super) fn named(self, name: &str, platform: Platform) -> String {
        let platform = platform.name(self.0);
        clip(&self.say(format!("{name}（{platform}）"), format!("{name} ({platform})")), 120)
    }

    /// 账号名(平台) of a row.
    pub(super) fn label(self, row: &AccountRow) -> String {
        self.named(&row.facts.name, row.facts.platform)
    }

    /// 账号名(平台) of an issue.
    pub(super) fn issue_label(self, issue: &Issue) -> String {
        self.named(&issue.account, issue.platform)
    }

    /// Joined by 、 or a comma.
    pub(super) fn list<S: AsRef<str>>(self, parts: &[S]) -> String {
        parts.iter().map(AsRef::as_ref).collect::<Vec<&str>>().join(self.pick("、", ", "))
    }

    /// Joined by ； or a semicolon.
    pub(super) fn clauses<S: AsRef<str>>(self, parts: &[S]) -> String {
        parts.iter().map(AsRef::as_ref).collect::<Vec<&str>>().join(self.pick("；", "; "))
    }

    /// The first names, and how many there are where some are left out.
    pub(super) fn some(self, names: &[String], most: usize) -> String {
        let count = names.len();
        let listed = self.list(names.get(..most.min(count)).unwrap_or_default());
        if count > most {
            self.say(format!("{listed}等{count}个"), format!("{listed} and others, {count} in all"))
        } else {
            listed
        }
    }

    /// 个别, 部分, 多数 or 全部.
    pub(super) fn quantifier(self, part: usize, whole: usize) -> &'static str {
        let zh = if part == whole { "全部" } else { quantifier(part, whole) };
        let en = match zh {
            "个别" => "A few",
            "部分" => "Some",
            "全部" => "All",
            _ => "Most",
        };
        self.of(zh, en)
    }

    /// `（一）`, `(1)`.
    pub(super) fn ordinal(self, place: usize) -> String {
        const CHINESE: [&str; 10] = ["一", "二", "三", "四", "五", "六", "七", "八", "九", "十"];
        let zh = CHINESE.get(place).copied().unwrap_or_default();
        self.say(format!("（{zh}）"), format!("({}) ", place + 1))
    }

    /// `一、`, `I. `.
    pub(super) fn heading(self, place: usize, zh: &str, en: &str) -> String {
        const CHINESE: [&str; 6] = ["一", "二", "三", "四", "五", "六"];
        const ROMAN: [&str; 6] = ["I", "II", "III", "IV", "V", "VI"];
        let of = |numbers: [&'static str; 6]| numbers.get(place).copied().unwrap_or_default();
        self.say(format!("{}、{zh}", of(CHINESE)), format!("{}. {en}", of(ROMAN)))
    }

    /// The name of a line of a breakdown; the dataset keeps the Chinese one.
    pub(super) fn line(self, tally: &Tally) -> String {
        let en = || {
            let key = tally.key.as_str();
            match key {
                "total" => "Total",
                "media" => "New media",
                "-" => "Not registered",
                _ => Platform::parse(key)
                    .map(Platform::en)
                    .or_else(|| UnitTier::parse(key).map(UnitTier::en))
                    .or_else(|| Reason::parse(key).map(Reason::en))
                    .unwrap_or(key),
            }
            .to_owned()
        };
        if self.0 == Lang::Zh { tally.label.clone() } else { en() }
    }

    /// A stratum's key in words.
    pub(super) fn stratum(self, key: &str) -> String {
        if self.0 == Lang::Zh {
            return wording::stratum(key);
        }
        let word = |part: &str| match part {
            "-" => "not registered".to_owned(),
            part => Platform::parse(part)
                .map(Platform::en)
                .or_else(|| UnitTier::parse(part).map(UnitTier::en))
                .map_or_else(|| clip(part, 60), str::to_owned),
        };
        key.split('/').map(word).collect::<Vec<_>>().join(" / ")
    }

    /// A deadline as a table shows it.
    pub(super) fn due(self, at: Option<LocalTime>, provisional: bool) -> String {
        let mark = if provisional { self.pick("（暂定）", " (provisional)") } else { "" };
        at.map_or("—".to_owned(), |at| format!("{}{mark}", at.date()))
    }
}
