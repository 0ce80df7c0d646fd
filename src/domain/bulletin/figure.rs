//! Figures: a number, what it was counted from, and its exact decimal form.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::domain::Lang;
use crate::domain::keyed::keyed_enum;

keyed_enum! {
    /// What a figure counts.
    Unit {
        Accounts = "accounts", "个", "accounts";
        Findings = "findings", "项", "findings";
        Issues = "issues", "个", "issues";
        Messages = "messages", "份", "messages";
        Looks = "looks", "个次", "looks";
        Proposals = "proposals", "项", "proposals";
        Percent = "percent", "%", "%";
    }
}

/// A number with two decimals, kept in hundredths: JSON shows `91.84`, nothing is ever rounded twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Amount(u64);

impl Amount {
    /// A whole number.
    #[must_use]
    pub const fn whole(number: usize) -> Self {
        Self(number as u64 * 100)
    }

    /// `numerator ÷ denominator` in percent, half up; `None` where there is nothing to divide by.
    ///
    /// Never 100.00 while one is missing, never 0.00 while there is one: a reader takes
    /// those two for "all" and "none".
    #[must_use]
    pub fn percent(numerator: usize, denominator: usize) -> Option<Self> {
        let (part, whole) = (numerator as u128, denominator as u128);
        if whole == 0 {
            return None;
        }
        let rounded = (part * 20_000 + whole) / (2 * whole);
        let honest = match rounded {
            0 if part > 0 => 1,
            10_000 if part < whole => 9_999,
            other => other,
        };
        u64::try_from(honest).ok().map(Self)
    }

    /// The number in hundredths.
    #[must_use]
    pub const fn hundredths(self) -> u64 {
        self.0
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("{}.{:02}", self.0 / 100, self.0 % 100))
    }
}

impl Serialize for Amount {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        if self.0.is_multiple_of(100) { s.serialize_u64(self.0 / 100) } else { s.serialize_f64(self.0 as f64 / 100.0) }
    }
}

impl<'de> Deserialize<'de> for Amount {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let number = f64::deserialize(d)?;
        let hundredths = (number * 100.0).round();
        if (0.0..1e15).contains(&hundredths) && (number * 100.0 - hundredths).abs() < 1e-6 * hundredths.max(1.0) {
            Ok(Self(hundredths as u64))
        } else {
            Err(serde::de::Error::custom(format!("{number} is not a number with at most two decimals")))
        }
    }
}

/// One figure of the dataset.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Figure {
    /// The number printed; `None` for a rate of nothing.
    pub value: Option<Amount>,
    /// How many rows were counted.
    pub numerator: usize,
    /// Out of how many, for a rate.
    pub denominator: Option<usize>,
    /// What is counted.
    pub unit: Unit,
}

impl Default for Figure {
    fn default() -> Self {
        Self::rate(0, 0)
    }
}

impl Figure {
    /// A count.
    #[must_use]
    pub const fn count(number: usize, unit: Unit) -> Self {
        Self { value: Some(Amount::whole(number)), numerator: number, denominator: None, unit }
    }

    /// A rate in percent.
    #[must_use]
    pub fn rate(numerator: usize, denominator: usize) -> Self {
        Self {
            value: Amount::percent(numerator, denominator),
            numerator,
            denominator: Some(denominator),
            unit: Unit::Percent,
        }
    }

    /// The number as documents print it: `45`, `91.84%`, `—`.
    #[must_use]
    pub fn text(&self) -> String {
        match (self.value, self.unit) {
            (None, _) => "—".to_owned(),
            (Some(value), Unit::Percent) => format!("{value}%"),
            (Some(_), _) => self.numerator.to_string(),
        }
    }

    /// The same with what it was counted from: `91.84%（45/49）`, `91.84% (45/49)`.
    #[must_use]
    pub fn with_parts(&self, lang: Lang) -> String {
        match (self.denominator, lang) {
            (Some(denominator), Lang::Zh) => format!("{}（{}/{denominator}）", self.text(), self.numerator),
            (Some(denominator), Lang::En) => format!("{} ({}/{denominator})", self.text(), self.numerator),
            (None, _) => self.text(),
        }
    }
}

/// 个别, 部分 or 多数, by how many of how many: a tenth and a half are the borders.
#[must_use]
pub const fn quantifier(part: usize, whole: usize) -> &'static str {
    if part * 10 <= whole {
        "个别"
    } else if part * 2 <= whole {
        "部分"
    } else {
        "多数"
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn percentages_round_half_up_and_never_lie_at_the_ends() {
        let text = |n, d| Amount::percent(n, d).map(|a| a.to_string());
        assert_eq!(text(1, 3).as_deref(), Some("33.33"));
        assert_eq!(text(2, 3).as_deref(), Some("66.67"));
        assert_eq!(text(1, 800).as_deref(), Some("0.13"), "0.125 goes up");
        assert_eq!(text(9_999_999, 10_000_000).as_deref(), Some("99.99"));
        assert_eq!(text(1, 10_000_000).as_deref(), Some("0.01"));
        assert_eq!(text(7, 7).as_deref(), Some("100.00"));
        assert_eq!(text(0, 7).as_deref(), Some("0.00"));
        assert_eq!(text(0, 0), None);
    }

    #[test]
    fn words_follow_the_ratio() {
        assert_eq!([quantifier(1, 50), quantifier(20, 50), quantifier(30, 50)], ["个别", "部分", "多数"]);
    }

    proptest! {
        #[test]
        fn amounts_survive_json(part in 0_usize..2_000_000, more in 0_usize..2_000_000) {
            let figure = Figure::rate(part, part + more);
            let json = serde_json::to_string(&figure).unwrap();
            prop_assert_eq!(serde_json::from_str::<Figure>(&json).unwrap(), figure);
        }
    }
}
