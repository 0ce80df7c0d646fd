//! Date texts as feeds and list pages write them.
//!
//! Three questions: [`parse`] a text that is nothing but a date, [`find_full`] a date with a
//! year within other text, [`in_href`] the date a content system put into a path. A time that
//! states no offset is office time; a date without a time is its midnight. What leaves out the
//! year, or counts back ("15小时前"), was written when the answer was made: it is read against the
//! time of the look. No account is older than the year 2000: what says so stands for a missing date.

mod within;

use std::sync::LazyLock;

use chrono::{DateTime, Datelike, Duration, FixedOffset, NaiveDate, NaiveDateTime, NaiveTime, TimeZone};
use regex::{Captures, Regex};
use unicode_normalization::UnicodeNormalization;

use super::ReadContext;

pub use within::find_full;
pub(super) use within::{bare_title, beside, every_full, in_title, is_foreign_label, is_published_label};

type Pattern = LazyLock<Option<Regex>>;

const fn pattern(source: fn() -> Option<Regex>) -> Pattern {
    LazyLock::new(source)
}

/// 2026-07-31, 2026/7/31, 2026.07.31, 2026年7月31日, each with an optional time and offset.
static YEAR_FIRST: Pattern = pattern(|| {
    Regex::new(
        r"(?xi)(?P<pre>^|[^\d.])(?P<y>(?:19|20)\d{2})\s?(?:[-/.]|年)\s?(?P<m>\d{1,2})\s?(?:[-/.]|月)\s?(?P<d>\d{1,2})
          (?:\s?[日号])?
          (?:(?:\s*[T,]\s*|\s+|\s*(?:星期|周)[一二三四五六日天]\s*)?(?P<half>上午|下午|晚上|中午|凌晨)?\s*
             (?P<h>\d{1,2})\s?[:时点]\s?(?P<min>\d{1,2})(?:\s?[:分]\s?(?P<s>\d{1,2}))?(?:\.\d+)?\s?[分秒]?(?:\s*(?P<noon>am|pm)\b)?
             \s*(?P<zone>Z\b|UTC\b|GMT\b|[+-]\d{2}:?\d{2}|[+-]\d{2}\b)?)?",
    )
    .ok()
});

/// 31 2026-07 and 2026-07 31: day and month set apart by the page's layout.
static SPLIT: Pattern = pattern(|| {
    Regex::new(r"^(?:(?P<d1>\d{1,2})日?\s+)?(?P<y>20\d{2})\s?[-/.年]\s?(?P<m>\d{1,2})月?(?:\s+(?P<d2>\d{1,2})日?)?$")
        .ok()
});

/// 07-31, 7月31日, with an optional time.
static NO_YEAR: Pattern = pattern(|| {
    Regex::new(
        r"^(?:(?P<m>\d{1,2})\s?月\s?(?P<d>\d{1,2})\s?[日号]|(?P<m2>\d{2})[-/.](?P<d2>\d{2}))(?:\s+(?P<h>\d{1,2}):(?P<min>\d{2})(?::(?P<s>\d{2}))?)?$",
    )
    .ok()
});

/// 今天 10:30, 昨天, 今天上午, 10:30.
static NEAR: Pattern = pattern(|| {
    Regex::new(
        r"(?x)^(?P<day>今天|今日|今|昨天|昨日|昨|前天|today|yesterday)?[\s,]*(?P<half>凌晨|清晨|早上|早晨|早|晨|上午|中午|下午|傍晚|晚上|晚|夜里|夜)?
          \s*(?:(?P<h>\d{1,2}):(?P<min>\d{2})(?::(?P<s>\d{2}))?)?$",
    )
    .ok()
});

/// 15小时前, 3 hours ago.
static AGO: Pattern = pattern(|| {
    Regex::new(
        r"^(?P<n>\d{1,6}|半|[一二两三四五六七八九十]|an?)\s?个?(?P<unit>秒钟?|分钟?|小时|天|日|周|星期|礼拜|月|年|seconds?|minutes?|mins?|hours?|days?|weeks?|months?|years?)\s?(?:[之以]?前|ago)$",
    )
    .ok()
});

/// Fri, 31 Jul 2026 10:00:00 +0800, 31-Jul-26, 周五, 31 7月 2026 10:00:00 +0800.
static DAY_FIRST: Pattern = pattern(|| {
    Regex::new(
        r"(?xi)^(?:[a-z]{3,9}\.?,?\s+|(?:周|星期)[一二三四五六日天],?\s+)?(?P<d>\d{1,2})(?:st|nd|rd|th)?[\s-]+
          (?P<mon>[a-z]{3,9}|\d{1,2}月|[一二三四五六七八九十]{1,2}月)\.?,?[\s-]+(?P<y>\d{4}|\d{2})
          (?:[,\sT]+(?P<h>\d{1,2}):(?P<min>\d{1,2})(?::(?P<s>\d{1,2}))?(?:\.\d+)?\s*(?P<zone>[a-z]{1,5}|[+-]\d{1,2}:?\d{2})?)?",
    )
    .ok()
});

/// Fri Jul 31 10:00:00 CST 2026; Jul 31, 2026 10:00.
static MONTH_FIRST: Pattern = pattern(|| {
    Regex::new(
        r"(?xi)^(?:[a-z]{3,9}\.?,?\s+)?(?P<mon>[a-z]{3,9})\.?\s+(?P<d>\d{1,2})(?:st|nd|rd|th)?,?\s+
          (?:(?P<h>\d{1,2}):(?P<min>\d{1,2})(?::(?P<s>\d{1,2}))?\s*(?P<zone>[a-z]{1,5}|[+-]\d{1,2}:?\d{2})?\s+(?P<y>\d{4})
           |(?P<y2>\d{4})(?:[,\s]+(?P<h2>\d{1,2}):(?P<min2>\d{2})(?::(?P<s2>\d{2}))?\s*(?P<zone2>[a-z]{1,5}|[+-]\d{1,2}:?\d{2})?)?)",
    )
    .ok()
});

/// 31/07/2026, 07/31/2026 10:00: which is the month has to be plain.
static YEAR_LAST: Pattern = pattern(|| {
    Regex::new(r"^(?P<a>\d{1,2})[-/.](?P<b>\d{1,2})[-/.](?P<y>20\d{2})(?:[\s,]+(?P<h>\d{1,2}):(?P<min>\d{2})(?::(?P<s>\d{2}))?(?:\s*(?P<noon>am|pm))?)?$").ok()
});

/// 26-07-31: where it can be nothing else.
static SHORT_YEAR: Pattern = pattern(|| {
    Regex::new(
        r"^(?P<a>\d{2})[-/.](?P<b>\d{1,2})[-/.](?P<c>\d{2})(?:\s+(?P<h>\d{1,2}):(?P<min>\d{2})(?::(?P<s>\d{2}))?)?$",
    )
    .ok()
});

/// A day of the week before or behind a date, in brackets or not.
static WEEKDAY: Pattern = pattern(|| {
    Regex::new(r"^(?:周|星期|礼拜)[一二三四五六日天][\s,]+|\s*\(?(?:周|星期|礼拜)[一二三四五六日天]\)?$").ok()
});

/// 20260731, 20260731100000.
static COMPACT: Pattern = pattern(|| {
    Regex::new(r"(?i)^(?P<y>(?:19|20)\d{2})(?P<m>\d{2})(?P<d>\d{2})(?:T?(?P<h>\d{2}):?(?P<min>\d{2}):?(?:(?P<s>\d{2})(?:\.\d+)?)?(?P<zone>Z|[+-]\d{2}:?\d{2})?)?$").ok()
});

/// A year and month alone, as W3C dates allow: the first of the month.
static YEAR_MONTH: Pattern = pattern(|| Regex::new(r"^(?P<y>(?:19|20)\d{2})-(?P<m>\d{2})$").ok());

/// `t20260731_123.html`, `/20260731/`, `/2026/07/31/`, `/2026-07/31/`, `/202607/31/`.
static IN_PATH: Pattern = pattern(|| {
    Regex::new(
        r"(?:[/_.-][a-z]{0,3}(?P<y>20\d{2})(?P<m>0[1-9]|1[0-2])(?P<d>0[1-9]|[12]\d|3[01])(?:[/_.-]|\d{6}\D|$)|/(?P<y2>20\d{2})[/-]?(?P<m2>0?[1-9]|1[0-2])[/-](?P<d2>0?[1-9]|[12]\d|3[01])(?:[/_.-]|$))",
    )
    .ok()
});

/// What stands before a date and is not part of it.
const LABELS: &[&str] = &[
    "发布时间",
    "发布日期",
    "更新时间",
    "更新日期",
    "发表时间",
    "发文日期",
    "成文日期",
    "公开日期",
    "发文时间",
    "时间",
    "日期",
    "发布于",
    "发表于",
    "更新于",
    "编辑于",
    "posted on",
    "published",
];

/// What stands behind a date and is not part of it.
const TAILS: &[&str] = &["更新", "发布", "发表", "发出"];

/// How long ago "刚刚" may be.
const JUST_NOW: Duration = Duration::minutes(5);

/// A month that began so long ago is old on each of its days.
const RECENT_MONTHS: Duration = Duration::days(125);

/// Longest text taken for a date.
const LONGEST: usize = 48;

/// Reads a text that is nothing but a date, apart from brackets and a label.
#[must_use]
pub fn parse(text: &str, context: &ReadContext) -> Option<DateTime<FixedOffset>> {
    if text.trim().chars().count() > LONGEST {
        return None;
    }
    let folded: String = text.nfkc().flat_map(char::to_lowercase).collect();
    let text = strip_frame(&folded);
    if text.is_empty() {
        return None;
    }
    let day = |text: &str| {
        whole(&YEAR_FIRST, text)
            .and_then(|found| year_first(&found, context))
            .or_else(|| split(text, context))
            .or_else(|| without_year(text, context))
            .or_else(|| year_last(text, context))
            .or_else(|| short_year(text, context))
            .or_else(|| near(text, context))
            .or_else(|| ago(text, context))
            .or_else(|| english(text, context))
            .or_else(|| compact(text, context))
    };
    let bare = |text: &str| WEEKDAY.as_ref().map(|weekday| weekday.replace(text, "").trim().to_owned());
    day(text).or_else(|| bare(text).filter(|bare| !bare.is_empty()).and_then(|bare| day(&bare))).filter(is_credible)
}

/// Whether an account can have published then: what lies before stands for a date that is missing.
fn is_credible(at: &DateTime<FixedOffset>) -> bool {
    (2000..2100).contains(&at.year())
}

/// The date a content system wrote into a path.
#[must_use]
pub fn in_href(href: &str, context: &ReadContext) -> Option<DateTime<FixedOffset>> {
    let path = href.split(['?', '#']).next()?;
    let found = IN_PATH.as_ref()?.captures(path)?;
    let number = |a: &str, b: &str| found.name(a).or_else(|| found.name(b))?.as_str().parse::<u32>().ok();
    let date = NaiveDate::from_ymd_opt(number("y", "y2")? as i32, number("m", "m2")?, number("d", "d2")?)?;
    office_time(date.and_time(NaiveTime::MIN), context)
}

/// Reads a date as feeds write it: also seconds since 1970.
#[must_use]
pub fn parse_feed(text: &str, context: &ReadContext) -> Option<DateTime<FixedOffset>> {
    let text = text.trim();
    if let Some(at) = DateTime::parse_from_rfc3339(text).ok().or_else(|| DateTime::parse_from_rfc2822(text).ok())
        // Why: RFC 2822 reads CST as North America's; generators here mean China's.
        && !text.ends_with("CST")
    {
        return Some(at).filter(is_credible);
    }
    if text.len() >= 9 && text.chars().all(|c| c.is_ascii_digit()) && text.len() != 14 {
        let number: i64 = text.parse().ok()?;
        let millis = if text.len() <= 10 { number.checked_mul(1000)? } else { number };
        let at = DateTime::from_timestamp_millis(millis)?;
        return Some(at.with_timezone(&context.timezone).fixed_offset()).filter(is_credible);
    }
    parse(text, context)
        .or_else(|| year_month(text, context))
        .or_else(|| text.chars().count().le(&LONGEST).then(|| find_full(text, context)).flatten())
}

fn whole<'t>(pattern: &Pattern, text: &'t str) -> Option<Captures<'t>> {
    let found = pattern.as_ref()?.captures(text)?;
    (found.get(0)?.as_str() == text).then_some(found)
}

fn strip_frame(text: &str) -> &str {
    let framing = |c: char| c.is_whitespace() || "[](){}【】〔〕〖〗<>《》|·•:,-—_".contains(c);
    let mut text = text.trim_matches(framing);
    for label in LABELS {
        if let Some(rest) = text.strip_prefix(label) {
            text = rest.trim_matches(framing);
        }
    }
    for tail in TAILS {
        if let Some(rest) = text.strip_suffix(tail) {
            text = rest.trim_matches(framing);
        }
    }
    text
}

fn number(found: &Captures, name: &str) -> Option<u32> {
    found.name(name)?.as_str().parse().ok()
}

fn time_of(found: &Captures) -> Option<NaiveTime> {
    let Some(mut hour) = number(found, "h") else { return Some(NaiveTime::MIN) };
    let half = ["half", "noon"].iter().find_map(|name| found.name(name)).map_or("", |half| half.as_str());
    if matches!(half, "下午" | "傍晚" | "晚上" | "晚" | "夜里" | "夜" | "pm" | "PM") && (1..12).contains(&hour)
    {
        hour += 12;
    } else if matches!(half, "am" | "AM") && hour == 12 {
        hour = 0;
    }
    let second = number(found, "s").unwrap_or(0).min(59);
    // A clock that says 24:00 means the end of the day, to the second.
    if hour == 24 {
        return NaiveTime::from_hms_opt(23, 59, 59);
    }
    NaiveTime::from_hms_opt(hour, number(found, "min")?, second)
}

fn year_first(found: &Captures, context: &ReadContext) -> Option<DateTime<FixedOffset>> {
    let date = NaiveDate::from_ymd_opt(number(found, "y")? as i32, number(found, "m")?, number(found, "d")?)?;
    let at = date.and_time(time_of(found)?);
    zoned(at, found.name("zone").map(|zone| zone.as_str()), context)
}

fn split(text: &str, context: &ReadContext) -> Option<DateTime<FixedOffset>> {
    let found = whole(&SPLIT, text)?;
    let day = number(&found, "d1").or_else(|| number(&found, "d2"))?;
    let date = NaiveDate::from_ymd_opt(number(&found, "y")? as i32, number(&found, "m")?, day)?;
    office_time(date.and_time(NaiveTime::MIN), context)
}

fn year_month(text: &str, context: &ReadContext) -> Option<DateTime<FixedOffset>> {
    let found = whole(&YEAR_MONTH, text)?;
    let date = NaiveDate::from_ymd_opt(number(&found, "y")? as i32, number(&found, "m")?, 1)?;
    // Why: any day of the month may be meant, and of a recent one each means another verdict.
    let today = context.seen_at.with_timezone(&context.timezone).date_naive();
    (today - date > RECENT_MONTHS).then(|| office_time(date.and_time(NaiveTime::MIN), context)).flatten()
}

/// The latest such date that is not after the look.
fn without_year(text: &str, context: &ReadContext) -> Option<DateTime<FixedOffset>> {
    let found = whole(&NO_YEAR, text)?;
    let month = number(&found, "m").or_else(|| number(&found, "m2"))?;
    let day = number(&found, "d").or_else(|| number(&found, "d2"))?;
    let time = time_of(&found)?;
    let today = context.seen_at.with_timezone(&context.timezone).date_naive();
    // Eight years reach over every gap between leap days.
    (0..=8)
        .filter_map(|back| NaiveDate::from_ymd_opt(today.year() - back, month, day))
        .find(|date| *date <= today)
        .and_then(|date| office_time(date.and_time(time), context))
}

fn near(text: &str, context: &ReadContext) -> Option<DateTime<FixedOffset>> {
    let found = whole(&NEAR, text)?;
    let today = context.seen_at.with_timezone(&context.timezone).date_naive();
    let day = found.name("day").map(|day| day.as_str());
    // 今早 and 昨晚 are words; 今, 昨 or 上午 alone are none.
    let half = found.name("half").is_some();
    if !half && matches!(day, Some("今" | "昨")) || day.is_none() && found.name("h").is_none() {
        return None;
    }
    let back = match day {
        Some("昨天" | "昨日" | "昨" | "yesterday") => 1,
        Some("前天") => 2,
        _ => 0,
    };
    let at = office_time((today - Duration::days(back)).and_time(time_of(&found)?), context)?;
    // A bare clock time later than now is yesterday's.
    if day.is_none() && at > context.seen_at {
        return office_time((today - Duration::days(1)).and_time(time_of(&found)?), context);
    }
    Some(at)
}

fn ago(text: &str, context: &ReadContext) -> Option<DateTime<FixedOffset>> {
    let now = context.seen_at.with_timezone(&context.timezone).fixed_offset();
    if matches!(text, "刚刚" | "刚才" | "just now") {
        // Words for the last few minutes: where the monitoring time lies in them, it is no later than that.
        let is_at_once = (Duration::zero()..=JUST_NOW).contains(&(context.seen_at - context.as_of));
        let at = if is_at_once { context.as_of } else { context.seen_at };
        return Some(at.with_timezone(&context.timezone).fixed_offset());
    }
    let found = whole(&AGO, text)?;
    let unit = found.name("unit")?.as_str();
    // Why: two weeks are any time from fourteen days to twenty, which is one verdict or the other.
    let n = found.name("n")?.as_str();
    if matches!((n, unit), ("2" | "两" | "二", "周" | "星期" | "礼拜" | "week" | "weeks") | ("半", "月")) {
        return None;
    }
    let seconds: i64 = match unit.chars().next()? {
        '秒' => 1,
        '分' => 60,
        '小' => 3600,
        '天' | '日' => 86_400,
        '周' | '星' | '礼' => 7 * 86_400,
        '月' => 30 * 86_400,
        '年' => 365 * 86_400,
        _ => match unit.trim_end_matches('s') {
            "second" => 1,
            "minute" | "min" => 60,
            "hour" => 3600,
            "day" => 86_400,
            "week" => 7 * 86_400,
            "month" => 30 * 86_400,
            _ => 365 * 86_400,
        },
    };
    let span = match n {
        "半" => seconds / 2,
        "a" | "an" => seconds,
        n => match "一二三四五六七八九十".chars().position(|digit| n.starts_with(digit)) {
            Some(index) => seconds * (index as i64 + 1),
            None if n == "两" => seconds * 2,
            None => seconds.checked_mul(n.parse().ok()?)?,
        },
    };
    now.checked_sub_signed(Duration::try_seconds(span)?)
}

/// A date that ends in its year, where one of its two other numbers can be no month.
fn year_last(text: &str, context: &ReadContext) -> Option<DateTime<FixedOffset>> {
    let found = whole(&YEAR_LAST, text)?;
    let (a, b) = (number(&found, "a")?, number(&found, "b")?);
    let (month, day) = match (a > 12, b > 12) {
        (true, false) => (b, a),
        (false, true) => (a, b),
        _ if a == b => (a, b),
        _ => return None,
    };
    let date = NaiveDate::from_ymd_opt(number(&found, "y")? as i32, month, day)?;
    office_time(date.and_time(time_of(&found)?), context)
}

/// A date that begins with two digits of its year, where no other reading of it has come yet.
fn short_year(text: &str, context: &ReadContext) -> Option<DateTime<FixedOffset>> {
    let found = whole(&SHORT_YEAR, text)?;
    let (a, b, c) = (number(&found, "a")?, number(&found, "b")?, number(&found, "c")?);
    let today = context.seen_at.with_timezone(&context.timezone).date_naive();
    let past = |y: u32, m: u32, d: u32| NaiveDate::from_ymd_opt(2000 + y as i32, m, d).filter(|date| *date <= today);
    let date = past(a, b, c)?;
    if [past(c, a, b), past(c, b, a)].into_iter().flatten().any(|other| other != date) {
        return None;
    }
    office_time(date.and_time(time_of(&found)?), context)
}

fn english(text: &str, context: &ReadContext) -> Option<DateTime<FixedOffset>> {
    let found = whole(&DAY_FIRST, text).or_else(|| whole(&MONTH_FIRST, text))?;
    let either = |a: &str, b: &str| found.name(a).or_else(|| found.name(b)).map(|part| part.as_str());
    let year = either("y", "y2")?;
    let year = match (year.len(), year.parse::<i32>().ok()?) {
        (2, short) if short < 70 => 2000 + short,
        (2, short) => 1900 + short,
        (_, full) => full,
    };
    let month = month_of(found.name("mon")?.as_str())?;
    let date = NaiveDate::from_ymd_opt(year, month, number(&found, "d")?)?;
    let part = |a: &str, b: &str| either(a, b).map_or(Some(0), |digits| digits.parse::<u32>().ok());
    let time = NaiveTime::from_hms_opt(part("h", "h2")?, part("min", "min2")?, part("s", "s2")?.min(59))?;
    zoned(date.and_time(time), either("zone", "zone2"), context)
}

fn month_of(name: &str) -> Option<u32> {
    const MONTHS: [&str; 12] = [
        "january",
        "february",
        "march",
        "april",
        "may",
        "june",
        "july",
        "august",
        "september",
        "october",
        "november",
        "december",
    ];
    if let Some(number) = name.strip_suffix('月') {
        let digit = |c: char| "一二三四五六七八九十".chars().position(|d| d == c).map(|n| n as u32 + 1);
        let mut chars = number.chars();
        return match (chars.next().and_then(digit), chars.next()) {
            (None, _) => number.parse().ok(),
            (first, None) => first,
            // 十一, 十二.
            (Some(10), Some(second)) => digit(second).map(|n| 10 + n),
            _ => None,
        };
    }
    MONTHS
        .iter()
        .position(|month| month.starts_with(name) || name == "sept" && *month == "september")
        .map(|n| n as u32 + 1)
}

fn compact(text: &str, context: &ReadContext) -> Option<DateTime<FixedOffset>> {
    let found = whole(&COMPACT, text)?;
    let date = NaiveDate::from_ymd_opt(number(&found, "y")? as i32, number(&found, "m")?, number(&found, "d")?)?;
    zoned(date.and_time(time_of(&found)?), found.name("zone").map(|zone| zone.as_str()), context)
}

/// `at` in the zone it names, else in office time.
fn zoned(at: NaiveDateTime, zone: Option<&str>, context: &ReadContext) -> Option<DateTime<FixedOffset>> {
    let Some(zone) = zone else { return office_time(at, context) };
    let office = office_time(at, context);
    let hours = match zone.to_ascii_lowercase().as_str() {
        "z" | "utc" | "gmt" | "ut" => 0,
        // Why: China Standard Time where the office keeps it, Central elsewhere.
        "cst" if office.is_some_and(|at| at.offset().local_minus_utc() == 8 * 3600) => 8,
        "cst" | "mdt" => -6,
        "cdt" | "est" => -5,
        "edt" => -4,
        "mst" | "pdt" => -7,
        "pst" => -8,
        "bst" | "cet" => 1,
        "cest" => 2,
        "hkt" | "sgt" => 8,
        "jst" | "kst" => 9,
        offset => return numeric_offset(offset).map_or(office, |offset| offset.from_local_datetime(&at).single()),
    };
    FixedOffset::east_opt(hours * 3600)?.from_local_datetime(&at).single()
}

fn numeric_offset(text: &str) -> Option<FixedOffset> {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => (-1, digits),
        None => (1, text.strip_prefix('+')?),
    };
    let digits: String = digits.chars().filter(char::is_ascii_digit).collect();
    let value: i32 = digits.parse().ok()?;
    let (hours, minutes) = if digits.len() <= 2 { (value, 0) } else { (value / 100, value % 100) };
    FixedOffset::east_opt(sign * (hours * 3600 + minutes * 60))
}

/// Wall-clock time at the office.
fn office_time(at: NaiveDateTime, context: &ReadContext) -> Option<DateTime<FixedOffset>> {
    let zone = context.timezone;
    // An hour that daylight saving skipped is read as the hour after it.
    let at = zone.from_local_datetime(&at).earliest().or_else(|| {
        let later = at.checked_add_signed(Duration::hours(1))?;
        zone.from_local_datetime(&later).earliest()
    })?;
    Some(at.fixed_offset())
}

#[cfg(test)]
#[path = "dates_tests.rs"]
mod tests;
