//! A round (检查批次): what is looked at, when, over which window.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Datelike, Days, NaiveDate, Utc};
use chrono_tz::Tz;

use super::keyed::keyed_enum;
use super::time::in_zone;

keyed_enum! {
    /// The kind of a round.
    RoundKind {
        Quarterly = "quarterly", "季度抽查", "Quarterly sample";
        HalfYear = "half_year", "半年检查", "Half-year inspection";
        Patrol = "patrol", "日常巡查", "Daily patrol";
    }
}

keyed_enum! {
    /// How far a round has come.
    RoundState {
        Frozen = "frozen", "已冻结", "Frozen";
        Open = "open", "检查中", "Open";
        Judged = "judged", "已判定", "Judged";
        Closed = "closed", "已关闭", "Closed";
    }
}

/// The name of a round: `2026Q4`, `2026H2` or `2026-11-23`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum RoundName {
    /// A quarter (1 to 4) of a year.
    Quarter(i32, u32),
    /// A half (1 or 2) of a year.
    Half(i32, u32),
    /// A day's patrol.
    Day(NaiveDate),
}

/// Text that names no round.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` names no round: write 2026Q4, 2026H2 or a date such as 2026-11-23")]
pub struct NotARound(pub String);

impl RoundName {
    /// The kind this name stands for.
    #[must_use]
    pub const fn kind(self) -> RoundKind {
        match self {
            Self::Quarter(..) => RoundKind::Quarterly,
            Self::Half(..) => RoundKind::HalfYear,
            Self::Day(_) => RoundKind::Patrol,
        }
    }

    /// The calendar year, within which rotation counts.
    #[must_use]
    pub fn year(self) -> i32 {
        match self {
            Self::Quarter(year, _) | Self::Half(year, _) => year,
            Self::Day(day) => day.year(),
        }
    }

    /// The first day of the window: of the quarter, of the half year; for a patrol 30 days back.
    #[must_use]
    pub fn window_start(self) -> NaiveDate {
        let first = |year, month| NaiveDate::from_ymd_opt(year, month, 1).unwrap_or_default();
        match self {
            Self::Quarter(year, quarter) => first(year, (quarter - 1) * 3 + 1),
            Self::Half(year, half) => first(year, (half - 1) * 6 + 1),
            Self::Day(day) => day.checked_sub_days(Days::new(30)).unwrap_or(day),
        }
    }

    /// The last day of its period: of the quarter, of the half year; a patrol's own day.
    #[must_use]
    pub fn last_day(self) -> NaiveDate {
        let before = |day: NaiveDate| day.pred_opt().unwrap_or(day);
        match self {
            Self::Quarter(year, 4) => before(Self::Quarter(year + 1, 1).window_start()),
            Self::Quarter(year, quarter) => before(Self::Quarter(year, quarter + 1).window_start()),
            Self::Half(year, 1) => before(Self::Half(year, 2).window_start()),
            Self::Half(year, _) => before(Self::Half(year + 1, 1).window_start()),
            Self::Day(day) => day,
        }
    }

    /// The last day on which it may still be looked at: its period's length after the period's end.
    /// What is seen later says nothing of the period.
    #[must_use]
    pub fn latest_day(self) -> NaiveDate {
        let (first, last) = (self.window_start(), self.last_day());
        last.checked_add_signed(last - first).unwrap_or(last)
    }

    /// The instant at which the window begins in the office's zone.
    #[must_use]
    pub fn window_from(self, zone: Tz) -> DateTime<Utc> {
        self.window_start().and_hms_opt(0, 0, 0).and_then(|naive| in_zone(naive, zone)).unwrap_or_default()
    }

    /// The round before this one of the same kind.
    #[must_use]
    pub fn previous(self) -> Self {
        match self {
            Self::Quarter(year, 1) => Self::Quarter(year - 1, 4),
            Self::Quarter(year, quarter) => Self::Quarter(year, quarter - 1),
            Self::Half(year, 1) => Self::Half(year - 1, 2),
            Self::Half(year, half) => Self::Half(year, half - 1),
            Self::Day(day) => Self::Day(day.pred_opt().unwrap_or(day)),
        }
    }

    /// The quarter a day lies in.
    #[must_use]
    pub fn quarter_of(day: NaiveDate) -> Self {
        Self::Quarter(day.year(), day.month0() / 3 + 1)
    }

    /// The half year a day lies in.
    #[must_use]
    pub fn half_of(day: NaiveDate) -> Self {
        Self::Half(day.year(), day.month0() / 6 + 1)
    }

    /// `2026年第四季度`, `2026年下半年`, `2026年11月23日`.
    #[must_use]
    pub fn zh(self) -> String {
        match self {
            Self::Quarter(year, quarter) => {
                format!("{year}年第{}季度", ["一", "二", "三", "四"].get(quarter as usize - 1).unwrap_or(&""))
            }
            Self::Half(year, 1) => format!("{year}年上半年"),
            Self::Half(year, _) => format!("{year}年下半年"),
            Self::Day(day) => format!("{}年{}月{}日", day.year(), day.month(), day.day()),
        }
    }
}

impl fmt::Display for RoundName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Quarter(year, quarter) => f.pad(&format!("{year}Q{quarter}")),
            Self::Half(year, half) => f.pad(&format!("{year}H{half}")),
            Self::Day(day) => f.pad(&day.to_string()),
        }
    }
}

impl FromStr for RoundName {
    type Err = NotARound;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let refuse = || NotARound(text.to_owned());
        let upper = text.trim().to_ascii_uppercase();
        let part = |mark: char, most: u32| -> Option<(i32, u32)> {
            let (year, number) = upper.split_once(mark)?;
            let (year, number) = (year.parse().ok()?, number.parse().ok()?);
            ((1970..=9999).contains(&year) && (1..=most).contains(&number)).then_some((year, number))
        };
        if let Some((year, quarter)) = part('Q', 4) {
            return Ok(Self::Quarter(year, quarter));
        }
        if let Some((year, half)) = part('H', 2) {
            return Ok(Self::Half(year, half));
        }
        let day: NaiveDate = upper.parse().map_err(|_| refuse())?;
        if (1970..=9999).contains(&day.year()) { Ok(Self::Day(day)) } else { Err(refuse()) }
    }
}

impl serde::Serialize for RoundName {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl<'de> serde::Deserialize<'de> for RoundName {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str> as serde::Deserialize>::deserialize(d)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_period_ends_before_the_next_begins() {
        for (text, last, latest) in [
            ("2026Q4", "2026-12-31", "2027-04-01"),
            ("2026Q1", "2026-03-31", "2026-06-28"),
            ("2026H1", "2026-06-30", "2026-12-27"),
            ("2026H2", "2026-12-31", "2027-07-02"),
            ("2026-11-23", "2026-11-23", "2026-12-23"),
        ] {
            let name: RoundName = text.parse().unwrap();
            assert_eq!((name.last_day().to_string(), name.latest_day().to_string()), (last.into(), latest.into()));
        }
    }

    #[test]
    fn names_round_trip_and_know_their_window() {
        for (text, start) in
            [("2026Q4", "2026-10-01"), ("2026Q1", "2026-01-01"), ("2026H2", "2026-07-01"), ("2026-11-23", "2026-10-24")]
        {
            let name: RoundName = text.parse().unwrap();
            assert_eq!(name.to_string(), text);
            assert_eq!(name.window_start().to_string(), start);
        }
        for text in ["2026Q5", "Q4", "2026H3", "2026-13-01", "", "0Q1", "2026Q-1", "二〇二六"] {
            assert!(text.parse::<RoundName>().is_err(), "{text}");
        }
    }
}
