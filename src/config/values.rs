//! Reading the small notations of the configuration: durations, sizes, shares, cron lines.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use chrono::DateTime;
use cron::Schedule;

/// A share of a whole, 0 < r ≤ 1, kept as exact decimal text so that quotas can be computed exactly.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ratio(String);

impl Ratio {
    /// Reads `0.25`, `1` or `1.0`: digits with at most nine after the point.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim().replace('_', "");
        let (whole, fraction) = text.split_once('.').unwrap_or((&text, "0"));
        let digits = |part: &str| !part.is_empty() && part.len() <= 9 && part.bytes().all(|b| b.is_ascii_digit());
        if !digits(whole) || !digits(fraction) {
            return None;
        }
        let zero = |part: &str| part.bytes().all(|b| b == b'0');
        let one = whole.trim_start_matches('0') == "1" && zero(fraction);
        let below_one = zero(whole) && !zero(fraction);
        (one || below_one).then(|| {
            let fraction = fraction.trim_end_matches('0');
            Self(if one { "1".to_owned() } else { format!("0.{fraction}") })
        })
    }

    /// All of it.
    pub(super) fn whole() -> Self {
        Self("1".to_owned())
    }

    /// The canonical decimal text: `0.25`, `1`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The share as numerator and denominator (a power of ten): 0.25 is (25, 100).
    #[must_use]
    pub fn as_fraction(&self) -> (u64, u64) {
        let fraction = self.0.strip_prefix("0.").unwrap_or("");
        let power = u32::try_from(fraction.len()).unwrap_or_default();
        fraction.parse().map_or((1, 1), |numerator| (numerator, 10_u64.pow(power)))
    }
}

impl fmt::Display for Ratio {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// `200ms`, `15s`, `2m`, `1h`.
pub(super) fn duration(text: &str) -> Option<Duration> {
    let (number, unit) = number_and_unit(text)?;
    let millis = match unit.as_str() {
        "ms" => 1,
        "s" => 1_000,
        "m" | "min" => 60_000,
        "h" => 3_600_000,
        _ => return None,
    };
    number.checked_mul(millis).map(Duration::from_millis)
}

/// `500B`, `512KiB`, `4MiB`, `1GiB`.
pub(super) fn size(text: &str) -> Option<usize> {
    let (number, unit) = number_and_unit(text)?;
    let bytes: u64 = match unit.as_str() {
        "b" => 1,
        "kib" => 1 << 10,
        "mib" => 1 << 20,
        "gib" => 1 << 30,
        _ => return None,
    };
    number.checked_mul(bytes).and_then(|bytes| usize::try_from(bytes).ok())
}

fn number_and_unit(text: &str) -> Option<(u64, String)> {
    let text = text.trim();
    let digits: String = text.chars().take_while(char::is_ascii_digit).collect();
    let unit = text.strip_prefix(digits.as_str())?.trim().to_ascii_lowercase();
    Some((digits.parse().ok()?, unit))
}

/// What keeps a cron line from being one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CronProblem {
    Fields(usize),
    WeekdayNumber,
    Syntax,
    NeverFires,
}

/// A cron line with seconds first; weekdays by name only.
pub(super) fn cron(text: &str) -> Result<Schedule, CronProblem> {
    let fields: Vec<&str> = text.split_whitespace().collect();
    if !text.trim_start().starts_with('@') {
        if fields.len() != 6 && fields.len() != 7 {
            return Err(CronProblem::Fields(fields.len()));
        }
        // Why: the cron crate counts Sunday as 1, crontab counts Monday as 1. A number here would
        // run the job on another day than its writer meant.
        let numbered =
            |part: &str| part.split('/').next().is_some_and(|days| days.contains(|c: char| c.is_ascii_digit()));
        if fields.get(5).is_some_and(|weekday| weekday.split(',').any(numbered)) {
            return Err(CronProblem::WeekdayNumber);
        }
    }
    let schedule = Schedule::from_str(text.trim()).map_err(|_| CronProblem::Syntax)?;
    if schedule.after(&DateTime::UNIX_EPOCH).next().is_none() {
        return Err(CronProblem::NeverFires);
    }
    Ok(schedule)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_ratio_is_exact() {
        for (text, canonical, fraction) in
            [("0.25", "0.25", (25, 100)), ("1", "1", (1, 1)), ("1.000", "1", (1, 1)), ("00.30", "0.3", (3, 10))]
        {
            let ratio = Ratio::parse(text).unwrap();
            assert_eq!((ratio.as_str(), ratio.as_fraction()), (canonical, fraction));
        }
        for bad in ["0", "0.0", "1.1", "-0.5", "25%", ".5", "1e-1", "", "2", "0.1234567891"] {
            assert_eq!(Ratio::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn durations_and_sizes_need_their_unit() {
        assert_eq!(duration("200ms"), Some(Duration::from_millis(200)));
        assert_eq!(duration("2m"), Some(Duration::from_secs(120)));
        assert_eq!(size("4MiB"), Some(4 << 20));
        assert_eq!(size("512 KiB"), Some(512 << 10));
        for bad in ["", "15", "s", "1.5s", "-1s", "15秒", "99999999999999999999s"] {
            assert_eq!(duration(bad), None, "{bad}");
        }
        assert_eq!(size("4MB"), None, "4MB may mean either");
    }

    #[test]
    fn cron_lines_are_refused_with_their_reason() {
        assert!(cron("0 0 9 10 2,5,8,11 *").is_ok());
        assert!(cron("0 30 8 * * Mon-Fri").is_ok());
        assert!(cron("0 30 8 * * */2").is_ok());
        assert!(cron("0 0 9 * * Mon 2026").is_ok());
        assert_eq!(cron("0 9 * * 1-5"), Err(CronProblem::Fields(5)));
        assert_eq!(cron("0 0 9 * * 1-5"), Err(CronProblem::WeekdayNumber));
        assert_eq!(cron("0 0 9 * * Mon,3"), Err(CronProblem::WeekdayNumber));
        assert_eq!(cron("0 0 25 * * *"), Err(CronProblem::Syntax));
        assert_eq!(cron("0 0 9 31 2 *"), Err(CronProblem::NeverFires));
    }

    proptest! {
        #[test]
        fn reading_values_never_panics(text in "\\PC{0,40}") {
            let _ = (Ratio::parse(&text), duration(&text), size(&text), cron(&text));
        }
    }
}
