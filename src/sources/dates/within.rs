//! A date with its year within other words: whether it is the day of publication.
//!
//! A title names the days that it speaks of, and a row may say when something ends. Neither says
//! when it was published.

use std::ops::Range;

use chrono::{DateTime, FixedOffset};
use unicode_normalization::UnicodeNormalization;

use super::{YEAR_FIRST, is_credible, year_first};
use crate::sources::ReadContext;

type Instant = DateTime<FixedOffset>;

/// What a date is called that is not the day of publication.
const FOREIGN_LABELS: &[&str] = &[
    "截止",
    "截至",
    "截止日期",
    "截止时间",
    "截止至",
    "公示期",
    "公示期至",
    "公示时间",
    "公示日期",
    "公告期",
    "公告期至",
    "有效期",
    "有效期至",
    "报名时间",
    "报名日期",
    "报名截止",
    "活动时间",
    "会议时间",
    "举办时间",
    "考试时间",
    "开标时间",
    "开标日期",
    "开始时间",
    "结束时间",
    "开始日期",
    "结束日期",
    "施行日期",
    "实施日期",
    "生效日期",
    "失效日期",
    "废止日期",
];

/// How the day of publication is called.
const PUBLISHED_LABELS: &[&str] =
    &["发布时间", "发布日期", "发表时间", "发稿时间", "公开日期", "公开时间", "发布", "发布于", "发表于"];

/// Words beside a date, in characters, that make no sentence.
const BESIDE: usize = 60;

/// Whether `text` calls the date behind it the end of something, or another day that is not that of publication.
pub(in crate::sources) fn is_foreign_label(text: &str) -> bool {
    FOREIGN_LABELS.contains(&bare_label(text))
}

/// Whether `text` calls the date behind it the day of publication.
pub(in crate::sources) fn is_published_label(text: &str) -> bool {
    PUBLISHED_LABELS.contains(&bare_label(text))
}

fn bare_label(text: &str) -> &str {
    text.trim_matches(is_frame)
}

fn is_frame(c: char) -> bool {
    c.is_whitespace() || "[]()【】〔〕〖〗（）<>《》|·•:：,，;；-—_".contains(c)
}

/// Finds the first date that states its year within `text`.
#[must_use]
pub fn find_full(text: &str, context: &ReadContext) -> Option<DateTime<FixedOffset>> {
    let folded: String = text.nfkc().collect();
    spots(&folded, context).into_iter().next().map(|spot| spot.at)
}

/// Every date within `text` that states its year; of a text that holds very many, the first.
pub(in crate::sources) fn every_full(text: &str, context: &ReadContext) -> impl Iterator<Item = Instant> {
    const MOST: usize = 5000;
    let found = YEAR_FIRST.as_ref().map(|pattern| pattern.captures_iter(text).take(MOST)).into_iter().flatten();
    found.filter_map(|found| year_first(&found, context).filter(is_credible))
}

/// The day of publication among the words beside a link.
pub(in crate::sources) fn beside(text: &str, context: &ReadContext) -> Option<Instant> {
    let folded: String = text.nfkc().collect();
    let spots = own_spots(&folded, context);
    let is_sentence = || folded.chars().count() > BESIDE || folded.contains(['。', ';', '!', '?']);
    let labelled = || spots.iter().find(|spot| spot.labelled);
    let plain = || spots.iter().find(|spot| spot.apart || !is_sentence());
    labelled().or_else(plain).map(|spot| spot.at)
}

/// The day of publication within the words of a link: only where it stands apart from the title.
pub(in crate::sources) fn in_title(text: &str, context: &ReadContext) -> Option<Instant> {
    let folded: String = text.nfkc().collect();
    let spots = own_spots(&folded, context);
    spots.iter().find(|spot| spot.labelled).or_else(|| spots.iter().rev().find(|spot| spot.apart)).map(|spot| spot.at)
}

/// A title without the date that stands apart from it, as [`in_title`] found it; whatever the title says stays.
pub(in crate::sources) fn bare_title(text: &str, context: &ReadContext) -> String {
    let spots = own_spots(text, context);
    let found = spots.iter().find(|spot| spot.labelled).or_else(|| spots.iter().rev().find(|spot| spot.apart));
    let Some(Spot { range, .. }) = found else { return text.trim().to_owned() };
    let (before, after) = (text.get(..range.start).unwrap_or_default(), text.get(range.end..).unwrap_or_default());
    let opening = |c: char| c.is_whitespace() || "[(（【〔|·".contains(c);
    let closing = |c: char| c.is_whitespace() || "])）】〕|·".contains(c);
    let (before, after) = (before.trim_end_matches(opening), after.trim_start_matches(closing));
    let between = if before.is_empty() || after.is_empty() { "" } else { " " };
    format!("{before}{between}{after}").trim().to_owned()
}

/// A date and how it stands among the words around it.
struct Spot {
    at: Instant,
    range: Range<usize>,
    /// It is called the day of publication.
    labelled: bool,
    /// It stands before or behind the words, set off from them.
    apart: bool,
}

fn spots(text: &str, context: &ReadContext) -> Vec<Spot> {
    let Some(pattern) = YEAR_FIRST.as_ref() else { return Vec::new() };
    let found = pattern.captures_iter(text).take(20).filter_map(|found| {
        let at = year_first(&found, context).filter(is_credible)?;
        let range = found.name("y")?.start()..found.get(0)?.end();
        Some(Spot { at, range, labelled: false, apart: false })
    });
    found.collect()
}

/// The dates of `text` that may be the day of publication.
fn own_spots(text: &str, context: &ReadContext) -> Vec<Spot> {
    let mut spots = spots(text, context);
    let mut from = 0;
    let mut kept = Vec::new();
    for mut spot in spots.drain(..) {
        let before = text.get(from..spot.range.start).unwrap_or_default();
        let (all_before, after) =
            (text.get(..spot.range.start).unwrap_or_default(), text.get(spot.range.end..).unwrap_or_default());
        let is_behind_another = from > 0;
        from = spot.range.end;
        let label = before.trim_end_matches(is_frame);
        let ends_with = |labels: &[&str]| labels.iter().any(|known| label.ends_with(known));
        spot.labelled = ends_with(PUBLISHED_LABELS);
        let ends_span = label.ends_with(['至', '到', '止', '~']) || is_behind_another && is_dash(before);
        if !spot.labelled && (ends_with(FOREIGN_LABELS) || ends_span || begins_span(after)) {
            continue;
        }
        let written = text.get(spot.range.clone()).unwrap_or_default();
        let set_off = |beside: Option<char>| beside.is_none_or(is_frame) || !written.contains('年');
        let behind = after.trim_matches(is_frame).is_empty() && set_off(all_before.chars().last());
        let in_front = all_before.trim_matches(is_frame).is_empty() && after.chars().next().is_none_or(is_frame);
        spot.apart = behind || in_front;
        kept.push(spot);
    }
    kept
}

/// Whether what follows a date makes it the first day of several.
fn begins_span(after: &str) -> bool {
    let after = after.trim_start();
    let rest = after.trim_start_matches(['至', '到', '-', '—', '–', '~', '起', ' ']);
    rest.len() < after.len() && rest.chars().next().is_some_and(|c| c.is_ascii_digit())
}

/// Whether nothing but a dash stands between two dates.
fn is_dash(between: &str) -> bool {
    let bare = between.trim();
    !bare.is_empty() && bare.chars().all(|c| "-—–~".contains(c))
}
