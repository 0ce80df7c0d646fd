//! Working days (工作日): Monday to Friday, corrected by the State Council's yearly notice on
//! holidays (节假日) and worked weekends (调休).
//!
//! The notice for a year comes out in the November before it. A deadline that runs into a year
//! whose table is not loaded is an estimate and says so (暂定).

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, Datelike, Duration, NaiveDate, NaiveDateTime, TimeZone, Utc, Weekday};
use chrono_tz::Tz;

use super::Lang;
use super::keyed::keyed_enum;

/// The tables that come with the program, as `date,kind,name` rows.
const BUILT_IN: &str = include_str!("../../accounts/calendar.csv");

/// A year counts as loaded from this many days off on: every notice since 2014 lists more, and a
/// single local holiday added to an empty year must not pass for the year's table.
const HOLIDAYS_OF_A_LOADED_YEAR: u32 = 11;

/// Days off with a fixed date by law (全国年节及纪念日放假办法), as (month, day): what may be
/// assumed of a year without a table.
const FIXED_HOLIDAYS: &[(u32, u32)] = &[(1, 1), (5, 1), (5, 2), (10, 1), (10, 2), (10, 3)];

/// Deadlines are counted day by day; more working days than this are not counted.
const LONGEST_DEADLINE: u32 = 3_650;

keyed_enum! {
    /// What a row of the calendar says of its date.
    DayKind {
        Holiday = "holiday", "休", "Day off";
        Workday = "workday", "班", "Worked weekend";
    }
}

/// A row of a calendar file that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CalendarProblem {
    /// Line of the file, from 1.
    pub line: usize,
    /// The row as written, shortened.
    pub row: String,
}

impl CalendarProblem {
    /// One sentence: what is wrong and what a row looks like.
    #[must_use]
    pub fn text(&self, lang: Lang) -> String {
        let Self { line, row } = self;
        match lang {
            Lang::Zh => format!("第 {line} 行“{row}”无法识别，应为“2027-01-01,holiday,元旦”（holiday 休，workday 班）"),
            Lang::En => {
                format!("line {line}: `{row}` is not a row like `2027-01-01,holiday,元旦` (holiday or workday)")
            }
        }
    }
}

/// A due day (办理期限).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deadline {
    /// The last day on which the work may be handed in.
    pub on: NaiveDate,
    /// 暂定: the count ran through a year whose holiday table is not loaded.
    pub provisional: bool,
}

/// Which days are worked.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Calendar {
    days: HashMap<NaiveDate, DayKind>,
    holidays_per_year: BTreeMap<i32, u32>,
}

impl Calendar {
    /// The years that come with the program (2024–2026).
    #[must_use]
    pub fn built_in() -> Self {
        let mut calendar = Self::default();
        // The embedded file is ours; a test proves that it has no bad row.
        let _ = calendar.add(BUILT_IN);
        calendar
    }

    /// Adds rows `date,kind,name` (heading row, empty lines and `#` comments allowed); a later row
    /// for the same date replaces the earlier one. Nothing is added from a text with a bad row.
    pub fn add(&mut self, text: &str) -> Result<(), Vec<CalendarProblem>> {
        let mut days = Vec::new();
        let mut problems = Vec::new();
        for (index, raw) in text.trim_start_matches('\u{feff}').lines().enumerate() {
            let row = raw.trim();
            let heading = index == 0 && (row.starts_with("date") || row.starts_with("日期"));
            if row.is_empty() || row.starts_with('#') || heading {
                continue;
            }
            match read_row(row) {
                Some(day) => days.push(day),
                None => problems.push(CalendarProblem { line: index + 1, row: row.chars().take(60).collect() }),
            }
        }
        if !problems.is_empty() {
            return Err(problems);
        }
        for (date, kind) in days {
            let before = self.days.insert(date, kind);
            let count = self.holidays_per_year.entry(date.year()).or_default();
            *count += u32::from(kind == DayKind::Holiday);
            *count -= u32::from(before == Some(DayKind::Holiday));
        }
        Ok(())
    }

    /// The years whose table is loaded, ascending.
    pub fn years(&self) -> impl Iterator<Item = i32> + '_ {
        self.holidays_per_year.keys().copied().filter(|year| self.covers(*year))
    }

    /// Whether the year's table is loaded.
    #[must_use]
    pub fn covers(&self, year: i32) -> bool {
        self.holidays_per_year.get(&year).is_some_and(|days| *days >= HOLIDAYS_OF_A_LOADED_YEAR)
    }

    /// Whether the day is worked; in a year without a table, weekends and the holidays with a
    /// fixed date are taken as off.
    #[must_use]
    pub fn is_workday(&self, date: NaiveDate) -> bool {
        match self.days.get(&date) {
            Some(kind) => *kind == DayKind::Workday,
            None if matches!(date.weekday(), Weekday::Sat | Weekday::Sun) => false,
            None => self.covers(date.year()) || !FIXED_HOLIDAYS.contains(&(date.month(), date.day())),
        }
    }

    /// The day on which `working_days` working days are over, the first being the first working
    /// day after `from`; `from` itself for none.
    #[must_use]
    pub fn deadline(&self, from: NaiveDate, working_days: u32) -> Deadline {
        let mut due = Deadline { on: from, provisional: false };
        let mut left = working_days.min(LONGEST_DEADLINE);
        while left > 0 {
            let Some(next) = due.on.succ_opt() else { break };
            due.on = next;
            due.provisional |= !self.covers(next.year());
            left -= u32::from(self.is_workday(next));
        }
        due
    }

    /// The first working day after `date`.
    #[must_use]
    pub fn next_workday(&self, date: NaiveDate) -> NaiveDate {
        self.deadline(date, 1).on
    }

    /// The last working day before `date`.
    #[must_use]
    pub fn previous_workday(&self, date: NaiveDate) -> NaiveDate {
        date.iter_days().rev().skip(1).find(|day| self.is_workday(*day)).unwrap_or(date)
    }

    /// Working days after `from` up to and including `to`; 0 when `to` is not later.
    #[must_use]
    pub fn workdays_between(&self, from: NaiveDate, to: NaiveDate) -> u32 {
        from.iter_days().skip(1).take_while(|day| *day <= to).map(|day| u32::from(self.is_workday(day))).sum()
    }

    /// The working day by which half of the time from `from` to `due` is used up: day 2 of 3,
    /// day 3 of 5. The half-time reminder goes out on it.
    #[must_use]
    pub fn half_way(&self, from: NaiveDate, due: NaiveDate) -> NaiveDate {
        self.deadline(from, self.workdays_between(from, due).div_ceil(2)).on
    }
}

/// The instant at which a deadline has passed: 23:59:59 of its day where the office is.
#[must_use]
pub fn due_at(deadline: Deadline, zone: Tz) -> DateTime<Utc> {
    instant(deadline.on.and_hms_opt(23, 59, 59).unwrap_or_default(), zone)
}

/// The instant at which clocks in `zone` show `local`: the earlier one where it comes twice, an
/// hour later where daylight saving skips it.
#[must_use]
pub fn instant(local: NaiveDateTime, zone: Tz) -> DateTime<Utc> {
    zone.from_local_datetime(&local)
        .earliest()
        .or_else(|| zone.from_local_datetime(&local.checked_add_signed(Duration::hours(1))?).earliest())
        .map_or_else(|| local.and_utc(), |at| at.to_utc())
}

fn read_row(row: &str) -> Option<(NaiveDate, DayKind)> {
    let mut cells = row.split(',').map(str::trim);
    let date = NaiveDate::parse_from_str(cells.next()?, "%Y-%m-%d").ok()?;
    // Deadlines are only ever counted in these; a year 20266 is a slip of the pen.
    if !(2000..=2200).contains(&date.year()) {
        return None;
    }
    Some((date, DayKind::parse(cells.next()?)?))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn every_built_in_row_is_read() {
        let calendar = Calendar::built_in();
        assert_eq!(calendar.days.len(), BUILT_IN.lines().count() - 1);
        assert_eq!(calendar.years().collect::<Vec<_>>(), [2024, 2025, 2026]);
        for (year, working_days) in [(2024, 251), (2025, 248), (2026, 248)] {
            let last = |y: i32| NaiveDate::from_ymd_opt(y, 12, 31).unwrap();
            assert_eq!(calendar.workdays_between(last(year - 1), last(year)), working_days, "{year}");
        }
    }

    #[test]
    fn the_national_day_week_is_not_counted_and_the_worked_saturday_is() {
        let calendar = Calendar::built_in();
        let due = |days| calendar.deadline(day("2026-09-29"), days);
        assert_eq!(due(3), Deadline { on: day("2026-10-09"), provisional: false });
        assert_eq!(due(5), Deadline { on: day("2026-10-12"), provisional: false });
        assert_eq!(due(0).on, day("2026-09-29"));
        assert_eq!(calendar.next_workday(day("2026-10-09")), day("2026-10-10"));
        assert_eq!(calendar.previous_workday(day("2026-10-08")), day("2026-09-30"));
    }

    #[test]
    fn a_deadline_into_a_year_without_a_table_is_provisional() {
        let calendar = Calendar::built_in();
        let due = calendar.deadline(day("2026-12-30"), 3);
        assert_eq!(due, Deadline { on: day("2027-01-05"), provisional: true }, "1 January is off by law");
        assert!(!calendar.deadline(day("2026-12-28"), 3).provisional);
    }

    #[test]
    fn one_local_holiday_does_not_load_a_year() {
        let mut calendar = Calendar::built_in();
        calendar.add("日期,类型,名称\n2027-04-09,休,三月三\n").unwrap();
        assert!(!calendar.covers(2027));
        assert!(!calendar.is_workday(day("2027-04-09")));
        assert!(calendar.deadline(day("2026-12-30"), 3).provisional);
    }

    #[test]
    fn bad_rows_are_named_and_nothing_is_added() {
        let mut calendar = Calendar::built_in();
        let problems = calendar.add("date,kind,name\n2027-01-01,holiday,元旦\n2027-02-30,holiday,\n2027-01-04,off,\n");
        let problems = problems.unwrap_err();
        assert_eq!(problems.iter().map(|p| p.line).collect::<Vec<_>>(), [3, 4]);
        assert!(problems[0].text(Lang::Zh).contains("第 3 行“2027-02-30"));
        assert_eq!(calendar, Calendar::built_in());
    }

    #[test]
    fn half_time_is_a_working_day() {
        let calendar = Calendar::built_in();
        assert_eq!(calendar.half_way(day("2026-11-20"), day("2026-11-25")), day("2026-11-24"), "day 2 of 3");
        assert_eq!(calendar.half_way(day("2026-11-20"), day("2026-11-27")), day("2026-11-25"), "day 3 of 5");
    }

    #[test]
    fn a_deadline_passes_at_the_end_of_its_day_in_the_office() {
        let deadline = Deadline { on: day("2026-11-25"), provisional: false };
        assert_eq!(due_at(deadline, Tz::Asia__Shanghai).to_rfc3339(), "2026-11-25T15:59:59+00:00");
    }

    #[test]
    fn an_hour_that_daylight_saving_skips_is_read_an_hour_later() {
        let skipped = day("2026-03-29").and_hms_opt(2, 30, 0).unwrap();
        assert_eq!(instant(skipped, Tz::Europe__Berlin).to_rfc3339(), "2026-03-29T01:30:00+00:00");
    }

    proptest! {
        #[test]
        fn deadlines_fall_on_working_days_and_count_back(offset in 0_i64..1500, days in 1_u32..60) {
            let calendar = Calendar::built_in();
            let from = day("2024-01-01") + Duration::days(offset);
            let due = calendar.deadline(from, days);
            prop_assert!(calendar.is_workday(due.on));
            prop_assert_eq!(calendar.workdays_between(from, due.on), days);
        }

        #[test]
        fn reading_a_calendar_never_panics(text in "\\PC{0,80}") {
            let _ = Calendar::default().add(&text);
        }
    }
}
