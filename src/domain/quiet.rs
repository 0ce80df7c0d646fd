//! Quiet hours (免打扰时段): when no message goes out unless it is urgent.

use chrono::{DateTime, Duration, NaiveTime, Utc};
use chrono_tz::Tz;

use super::Lang;
use super::workday::{Calendar, instant};

/// Quiet hours that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{given}` is not quiet hours like `18:00-09:00`, with two different times")]
pub struct BadQuietHours {
    /// What was written.
    pub given: String,
}

impl BadQuietHours {
    /// One sentence in the reader's language.
    #[must_use]
    pub fn text(&self, lang: Lang) -> String {
        match lang {
            Lang::Zh => format!("“{}”不是免打扰时段，应写作“18:00-09:00”，起止时间不同", self.given),
            Lang::En => self.to_string(),
        }
    }
}

/// The daily quiet hours of the office, and whether days off are quiet as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QuietHours {
    /// First quiet minute.
    pub from: NaiveTime,
    /// First minute that is not quiet; earlier than `from` when the hours run over midnight.
    pub to: NaiveTime,
    /// Weekends and holidays are quiet all day.
    pub workdays_only: bool,
}

impl QuietHours {
    /// Reads `HH:MM-HH:MM`.
    pub fn parse(text: &str, workdays_only: bool) -> Result<Self, BadQuietHours> {
        let time = |part: &str| NaiveTime::parse_from_str(part.trim(), "%H:%M").ok();
        text.split_once('-')
            .and_then(|(from, to)| Some(Self { from: time(from)?, to: time(to)?, workdays_only }))
            .filter(|hours| hours.from != hours.to)
            .ok_or_else(|| BadQuietHours { given: text.to_owned() })
    }

    /// The first instant from `now` on at which a message may go out: `now` itself when that is
    /// not quiet, or when the message is urgent.
    #[must_use]
    pub fn next_allowed(&self, now: DateTime<Utc>, zone: Tz, calendar: &Calendar, urgent: bool) -> DateTime<Utc> {
        let mut at = now;
        // Each step passes the rest of a day or of the quiet hours; no run of days off is this long.
        for _ in 0..100 {
            match self.end_of_quiet(at, zone, calendar) {
                Some(later) if !urgent && later > at => at = later,
                _ => break,
            }
        }
        at
    }

    /// When the quiet stretch around `at` ends; `None` when `at` is not quiet.
    fn end_of_quiet(&self, at: DateTime<Utc>, zone: Tz, calendar: &Calendar) -> Option<DateTime<Utc>> {
        let local = at.with_timezone(&zone).naive_local();
        let (today, time) = (local.date(), local.time());
        let tomorrow = today.checked_add_signed(Duration::days(1))?;
        if self.workdays_only && !calendar.is_workday(today) {
            return Some(instant(tomorrow.and_time(NaiveTime::MIN), zone));
        }
        let over_midnight = self.to < self.from;
        let ends_on = match (time >= self.from, time < self.to) {
            (true, _) if over_midnight => tomorrow,
            (_, true) if over_midnight => today,
            (true, true) => today,
            _ => return None,
        };
        Some(instant(ends_on.and_time(self.to), zone))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn allowed(hours: &str, workdays_only: bool, local: &str, urgent: bool) -> String {
        let zone = Tz::Asia__Shanghai;
        let now = instant(local.parse().unwrap(), zone);
        let quiet = QuietHours::parse(hours, workdays_only).unwrap();
        let at = quiet.next_allowed(now, zone, &Calendar::built_in(), urgent);
        at.with_timezone(&zone).format("%FT%T").to_string()
    }

    #[test]
    fn messages_wait_for_the_morning_of_a_working_day() {
        for (local, expected) in [
            ("2026-11-23T10:00:00", "2026-11-23T10:00:00"), // Monday morning
            ("2026-11-23T09:00:00", "2026-11-23T09:00:00"), // the first minute
            ("2026-11-23T08:59:59", "2026-11-23T09:00:00"),
            ("2026-11-23T18:00:00", "2026-11-24T09:00:00"), // evening, over midnight
            ("2026-11-27T18:30:00", "2026-11-30T09:00:00"), // Friday evening to Monday
            ("2026-11-28T12:00:00", "2026-11-30T09:00:00"), // Saturday noon
            ("2026-10-10T12:00:00", "2026-10-10T12:00:00"), // a worked Saturday
            ("2026-09-30T20:00:00", "2026-10-08T09:00:00"), // the National Day week
        ] {
            assert_eq!(allowed("18:00-09:00", true, local, false), expected, "{local}");
        }
    }

    #[test]
    fn hours_within_one_day_and_weekends_without_the_working_day_rule() {
        assert_eq!(allowed("12:00-14:00", false, "2026-11-28T12:30:00", false), "2026-11-28T14:00:00");
        assert_eq!(allowed("12:00-14:00", false, "2026-11-28T14:00:00", false), "2026-11-28T14:00:00");
        assert_eq!(allowed("12:00-14:00", true, "2026-11-28T14:00:00", false), "2026-11-30T00:00:00");
    }

    #[test]
    fn an_urgent_message_waits_for_nothing() {
        assert_eq!(allowed("18:00-09:00", true, "2026-11-28T23:00:00", true), "2026-11-28T23:00:00");
    }

    #[test]
    fn hours_that_are_no_hours_are_refused() {
        for bad in ["", "18:00", "18-9", "25:00-09:00", "09:00-09:00", "9点-18点"] {
            assert!(QuietHours::parse(bad, true).is_err(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn what_is_allowed_is_never_earlier_and_never_quiet(minutes in 0_i64..1_500_000, from in 0_u32..1440, to in 0_u32..1440, workdays in any::<bool>()) {
            prop_assume!(from != to);
            let time = |m: u32| NaiveTime::from_hms_opt(m / 60, m % 60, 0).unwrap();
            let quiet = QuietHours { from: time(from), to: time(to), workdays_only: workdays };
            let now = DateTime::from_timestamp(1_704_067_200 + minutes * 60, 0).unwrap();
            for zone in [Tz::Asia__Shanghai, Tz::Europe__Berlin] {
                let calendar = Calendar::built_in();
                let at = quiet.next_allowed(now, zone, &calendar, false);
                prop_assert!(at >= now);
                prop_assert_eq!(quiet.next_allowed(at, zone, &calendar, false), at);
            }
        }
    }
}
