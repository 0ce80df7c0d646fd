//! The notations of registry files: dates, yes and no, words with several names, links.

use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use url::Url;

use super::problem::ProblemKind;
use crate::domain::account::{AccountStatus, Platform, SourceKind, UnitTier};
use crate::domain::workday::instant;

/// What makes a spreadsheet program read a CSV cell as a formula when it stands first.
const FORMULA_STARTS: &[char] = &['=', '+', '-', '@', '\t'];

/// Whether a CSV cell reads as a formula, possibly behind apostrophes of our own.
fn reads_as_formula(text: &str) -> bool {
    text.trim_start_matches('\'').starts_with(FORMULA_STARTS)
}

/// A CSV cell that no spreadsheet program runs as a formula.
pub(super) fn protect(text: &str) -> String {
    if reads_as_formula(text) { format!("'{text}") } else { text.to_owned() }
}

/// Takes off exactly the apostrophe that [`protect`] put on.
pub(super) fn unprotect(text: &str) -> &str {
    text.strip_prefix('\'').filter(|rest| reads_as_formula(rest)).unwrap_or(text)
}

/// `A`, `Z`, `AA` …
pub(super) fn column_letters(column: usize) -> String {
    let mut letters = Vec::new();
    let mut rest = column + 1;
    while rest > 0 {
        letters.push(char::from(b'A' + u8::try_from((rest - 1) % 26).unwrap_or_default()));
        rest = (rest - 1) / 26;
    }
    letters.iter().rev().collect()
}

/// Whether a single-line field may hold this character. Zero-width joiners belong to emoji.
pub(super) fn is_invisible(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}' | '\u{200c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2028}' | '\u{2029}' | '\u{2060}'..='\u{2064}' | '\u{feff}')
}

/// `2026-11-20`, `2026/11/20`, `2026.11.20`, `2026年11月20日`; a midnight behind it is ignored.
pub(super) fn date(text: &str) -> Result<NaiveDate, ProblemKind> {
    let text = text.strip_suffix("00:00:00").or_else(|| text.strip_suffix("0:00:00")).unwrap_or(text).trim_end();
    ["%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%Y年%m月%d日"]
        .iter()
        .find_map(|format| NaiveDate::parse_from_str(text, format).ok())
        .filter(|date| (1990..=2100).contains(&date.year()))
        .ok_or(ProblemKind::BadDate)
}

/// `2026-11-20 09:30`, `2026/11/20 9:30:05`, `2026年11月20日 9时30分`, RFC 3339. Without an offset the office's zone counts.
/// A date alone is read as its first minute, so that a day's granularity never accuses.
pub(super) fn time(text: &str, zone: Tz) -> Result<DateTime<Utc>, ProblemKind> {
    if let Ok(at) = DateTime::parse_from_rfc3339(text) {
        return plausible(at.to_utc());
    }
    let text = text.replace(['T', 't', ' '], " ");
    // The day's own mark ends it: 2026年11月20日9时30分.
    let parts = text.split_once(' ').or_else(|| Some(text.split_at(text.find('日')? + '日'.len_utf8())));
    let local = parts.and_then(|(day, clock)| {
        let day = date(day).ok()?;
        let clock = clock_of(clock);
        ["%H:%M:%S%.f", "%H:%M"].iter().find_map(|format| {
            NaiveDateTime::parse_from_str(&format!("{day} {clock}"), &format!("%Y-%m-%d {format}")).ok()
        })
    });
    let local = local.or_else(|| date(&text).ok().map(|day| day.and_time(chrono::NaiveTime::MIN)));
    local.map(|local| instant(local, zone)).ok_or(ProblemKind::BadTime).and_then(plausible)
}

/// `9：30`, `9时30分`, `9点`, `9时30分05秒` with the marks of a clock.
fn clock_of(text: &str) -> String {
    let clock: String = text
        .chars()
        .filter(|c| !c.is_whitespace() && *c != '秒')
        .map(|c| if matches!(c, '\u{ff1a}' | '时' | '點' | '点' | '分') { ':' } else { c })
        .collect();
    let ends_in_mark = text.trim_end().ends_with(['时', '點', '点', '分']);
    match (ends_in_mark, clock.matches(':').count()) {
        (true, 1) => clock + "00",
        (true, _) => clock.trim_end_matches(':').to_owned(),
        _ => clock,
    }
}

/// [`time`], or the days since the end of 1899 as which a spreadsheet keeps a time (46346.375): what
/// is left where a column lost its format.
pub(super) fn time_or_serial(text: &str, zone: Tz) -> Result<DateTime<Utc>, ProblemKind> {
    /// The years 2000 to 2099: any other number is more likely something else.
    const SERIALS: std::ops::Range<f64> = 36_526.0..73_051.0;
    let is_number = text.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    let serial = text.parse::<f64>().ok().filter(|serial| is_number && SERIALS.contains(serial));
    let Some(serial) = serial else { return time(text, zone) };
    let seconds = (serial * 86_400.0).round();
    NaiveDate::from_ymd_opt(1899, 12, 30)
        .and_then(|first| first.and_time(chrono::NaiveTime::MIN).checked_add_signed(TimeDelta::seconds(seconds as i64)))
        .map(|local| instant(local, zone))
        .ok_or(ProblemKind::BadTime)
}

fn plausible(at: DateTime<Utc>) -> Result<DateTime<Utc>, ProblemKind> {
    if (1990..=2100).contains(&at.year()) { Ok(at) } else { Err(ProblemKind::BadTime) }
}

/// 是 or 否, and what people write instead.
pub(super) fn flag(text: &str) -> Result<bool, ProblemKind> {
    match text.to_lowercase().as_str() {
        "是" | "true" | "yes" | "y" | "1" | "√" | "有" => Ok(true),
        "否" | "false" | "no" | "n" | "0" | "×" | "无" => Ok(false),
        _ => Err(ProblemKind::BadFlag),
    }
}

/// A whole number; thousands may be set apart by commas.
pub(super) fn count(text: &str) -> Result<u64, ProblemKind> {
    let digits = text.replace([',', '\u{ff0c}'], "");
    let only_digits = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
    digits.parse().ok().filter(|_| only_digits).ok_or(ProblemKind::BadNumber)
}

/// A JSON object.
pub(super) fn options(text: &str) -> Result<serde_json::Map<String, serde_json::Value>, ProblemKind> {
    serde_json::from_str(text).map_err(|_| ProblemKind::BadOptions)
}

/// An http(s) address, as written.
pub(super) fn address(text: &str) -> Result<String, ProblemKind> {
    let url = Url::parse(text).map_err(|_| ProblemKind::BadUrl)?;
    let web = matches!(url.scheme(), "http" | "https") && url.has_host();
    if web && !text.contains(char::is_whitespace) { Ok(text.to_owned()) } else { Err(ProblemKind::BadUrl) }
}

/// Addresses separated by white space or `|`, each once.
pub(super) fn addresses(text: &str) -> Result<Vec<String>, ProblemKind> {
    const MOST: usize = 200;
    let mut found: Vec<String> = Vec::new();
    for part in text.split(|c: char| c.is_whitespace() || matches!(c, '|' | '\u{ff5c}')).filter(|part| !part.is_empty())
    {
        let link = address(part)?;
        if !found.contains(&link) {
            found.push(link);
        }
        if found.len() > MOST {
            return Err(ProblemKind::TooMany(MOST));
        }
    }
    Ok(found)
}

pub(super) fn platform(text: &str) -> Result<Platform, ProblemKind> {
    use Platform as P;
    let alias = |word: &str| {
        Some(match word {
            "微信" | "公众号" | "微信公众平台" | "微信订阅号" | "微信服务号" | "订阅号" | "服务号" | "政务微信" => {
                P::Wechat
            }
            "微信视频号" => P::Channels,
            "新浪微博" | "政务微博" | "腾讯微博" => P::Weibo,
            "抖音号" | "抖音短视频" | "政务抖音" => P::Douyin,
            "快手号" | "快手短视频" => P::Kuaishou,
            "头条" | "头条号" | "今日头条号" | "政务头条" => P::Toutiao,
            "b站" | "b站号" | "哔哩哔哩号" => P::Bilibili,
            "小红书号" => P::Xiaohongshu,
            "客户端" | "手机客户端" | "移动应用" | "政务app" | "手机app" => P::App,
            "微信小程序" | "政务小程序" => P::Miniprogram,
            "政府网站" | "门户网站" | "政府门户网站" | "官网" => P::Website,
            "其它" => P::Other,
            _ => return None,
        })
    };
    word(text, Platform::parse, alias, Platform::ALL, |p| (p.zh(), p.key()))
}

pub(super) fn tier(text: &str) -> Result<UnitTier, ProblemKind> {
    let alias = |word: &str| {
        Some(match word {
            "人民政府" | "区政府" | "县政府" | "市政府" | "区县政府" => UnitTier::Government,
            "区直部门" | "县直部门" | "市直部门" | "委办局" | "政府部门" => UnitTier::Department,
            "镇" | "乡" | "街道" | "乡镇" | "乡镇街道" | "镇街道" | "街道办" | "街道办事处" | "镇政府" => {
                UnitTier::Town
            }
            "事业" | "直属事业单位" => UnitTier::Institution,
            _ => return None,
        })
    };
    word(text, UnitTier::parse, alias, UnitTier::ALL, |t| (t.zh(), t.key()))
}

pub(super) fn status(text: &str) -> Result<AccountStatus, ProblemKind> {
    let alias = |word: &str| {
        Some(match word {
            "正常" | "运行" | "运行中" | "在用" | "已开设" => AccountStatus::Running,
            "拟开" | "待开设" | "筹备" => AccountStatus::Proposed,
            "拟关停" | "关停" | "待注销" => AccountStatus::Closing,
            "注销" | "已关停注销" => AccountStatus::Closed,
            _ => return None,
        })
    };
    word(text, AccountStatus::parse, alias, AccountStatus::ALL, |s| (s.zh(), s.key()))
}

pub(super) fn source(text: &str) -> Result<SourceKind, ProblemKind> {
    let alias = |word: &str| {
        Some(match word {
            "rss" | "atom" | "订阅" => SourceKind::Feed,
            "网页" | "列表页" => SourceKind::Html,
            "微博" => SourceKind::Weibo,
            "微信" | "公众号" | "微信公众号" => SourceKind::Wechat,
            "抖音" => SourceKind::Douyin,
            "快手" => SourceKind::Kuaishou,
            "哔哩哔哩" | "b站" => SourceKind::Bilibili,
            "头条" | "今日头条" => SourceKind::Toutiao,
            "客户端" => SourceKind::App,
            "网站" | "政府网站" => SourceKind::Site,
            "人工" | "人工检查" | "手工" => SourceKind::Manual,
            _ => return None,
        })
    };
    word(text, SourceKind::parse, alias, SourceKind::ALL, |s| (s.zh(), s.key()))
}

/// A word by its key, its Chinese name or a common alias.
fn word<T: Copy>(
    text: &str,
    parse: impl Fn(&str) -> Option<T>,
    alias: impl Fn(&str) -> Option<T>,
    all: &[T],
    names: impl Fn(T) -> (&'static str, &'static str),
) -> Result<T, ProblemKind> {
    parse(text).or_else(|| alias(&text.to_lowercase())).ok_or_else(|| ProblemKind::UnknownWord {
        zh: all.iter().map(|value| names(*value).0).collect::<Vec<_>>().join("、"),
        en: all.iter().map(|value| names(*value).1).collect::<Vec<_>>().join(", "),
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn impossible_dates_are_refused_and_people_s_spellings_read() {
        for good in ["2026-11-20", "2026/11/20", "2026.11.20", "2026年11月20日", "2026-11-20 00:00:00"] {
            assert_eq!(date(good).unwrap().to_string(), "2026-11-20", "{good}");
        }
        for bad in ["2026-02-30", "2026-13-01", "20261120", "46000", "0026-11-20", "去年"] {
            assert_eq!(date(bad), Err(ProblemKind::BadDate), "{bad}");
        }
    }

    #[test]
    fn times_without_an_offset_are_the_offices() {
        let zone = Tz::Asia__Shanghai;
        for good in [
            "2026-11-20 09:30",
            "2026/11/20 9:30",
            "2026-11-20T09:30:00+08:00",
            "2026-11-20T01:30:00Z",
            "2026-11-20T09:30:00",
            "2026年11月20日 9:30",
            "2026年11月20日 9时30分",
            "2026年11月20日9时30分",
            "2026年11月20日 09时30分00秒",
            "2026-11-20 9点30分",
            "2026-11-20 9:30:00",
        ] {
            assert_eq!(time(good, zone).unwrap().to_rfc3339(), "2026-11-20T01:30:00+00:00", "{good}");
        }
        assert_eq!(time("2026-11-20", zone).unwrap().to_rfc3339(), "2026-11-19T16:00:00+00:00");
        assert_eq!(time("2026年11月20日 9时", zone).unwrap().to_rfc3339(), "2026-11-20T01:00:00+00:00");
        for bad in [
            "2026-02-30 09:30",
            "2026-11-20 25:00",
            "2026年11月20日 8时61分",
            "2026年11月20日 时",
            "46346.375",
            "上午九点",
            "09:30",
        ] {
            assert_eq!(time(bad, zone), Err(ProblemKind::BadTime), "{bad}");
        }
    }

    #[test]
    fn a_time_that_lost_its_format_is_read_as_the_spreadsheet_meant_it() {
        let zone = Tz::Asia__Shanghai;
        for (serial, wanted) in [
            ("46346.375", "2026-11-20T01:00:00+00:00"),
            ("46346.3958333333", "2026-11-20T01:30:00+00:00"),
            ("46346", "2026-11-19T16:00:00+00:00"),
            ("2026-11-20 09:30", "2026-11-20T01:30:00+00:00"),
        ] {
            assert_eq!(time_or_serial(serial, zone).unwrap().to_rfc3339(), wanted, "{serial}");
        }
        for bad in ["36525.9", "73051", "2026", "20261120", "-46346", "4.6e4", "1700000000", "46346.375.1", "inf"] {
            assert_eq!(time_or_serial(bad, zone), Err(ProblemKind::BadTime), "{bad}");
        }
    }

    #[test]
    fn common_names_of_platforms_are_known() {
        assert_eq!(platform("公众号"), Ok(Platform::Wechat));
        assert_eq!(platform("APP"), Ok(Platform::App));
        assert_eq!(platform("客户端"), Ok(Platform::App));
        assert_eq!(platform("新浪微博"), Ok(Platform::Weibo));
        assert_eq!(platform("抖音号"), Ok(Platform::Douyin));
        assert!(matches!(platform("人人网"), Err(ProblemKind::UnknownWord { .. })));
    }

    #[test]
    fn columns_are_lettered_as_spreadsheets_letter_them() {
        assert_eq!([0, 25, 26, 701, 702].map(column_letters), ["A", "Z", "AA", "ZZ", "AAA"]);
    }

    proptest! {
        #[test]
        fn protection_is_taken_off_exactly(text in "['=+@\t\\-a张]{0,6}") {
            let protected = protect(&text);
            prop_assert!(!protected.starts_with(FORMULA_STARTS));
            prop_assert_eq!(unprotect(&protected), text);
        }

        #[test]
        fn reading_values_never_panics(text in "\\PC{0,40}") {
            let _ = (date(&text), time(&text, Tz::Asia__Shanghai), flag(&text), count(&text), options(&text));
            let _ = (addresses(&text), platform(&text), tier(&text), status(&text), source(&text), unprotect(&text));
        }
    }
}
