//! Reading the small notations of the configuration: durations, sizes, cron lines.

use std::str::FromStr;
use std::time::Duration;

use chrono::DateTime;
use cron::Schedule;

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
    fn durations_and_sizes_need_their_unit() {
        assert_eq!(duration("200ms"), Some(Duration::from_millis(200)));
        assert_eq!(duration("2m"), Some(Duration::from_mins(2)));
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
            let _ = (duration(&text), size(&text), cron(&text));
        }
    }
}
