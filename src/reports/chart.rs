//! The geometry of the page's charts: whole numbers in the units of an SVG's own box, no text of its own.

use std::fmt::Write as _;

use super::page_figures::Number;
use super::summary::{RoundLine, over_time, rounds};
use super::wording::width_of;
use super::words::Words;
use crate::domain::bulletin::{Dataset, Tally, describe};

/// Horizontal bars, each of one part or several.
pub(super) struct Bars {
    pub(super) title: &'static str,
    pub(super) lines: Vec<BarLine>,
    /// Colour class and meaning; empty where the labels say it.
    pub(super) legend: Vec<(&'static str, String)>,
}

pub(super) struct BarLine {
    pub(super) label: String,
    pub(super) number: Number,
    /// Start and width in thousandths of the longest bar, with the class that colours it.
    pub(super) parts: Vec<(usize, usize, &'static str)>,
    /// The same in words, for who cannot see it.
    pub(super) spoken: String,
}

/// A bar before it is drawn: its label, its figure, and its parts with the class that colours each.
type Counted = (String, Number, Vec<(usize, &'static str)>);

impl Bars {
    pub(super) fn of(title: &'static str, lines: Vec<Counted>, legend: Vec<(&'static str, String)>) -> Self {
        let most = lines.iter().map(|(_, _, parts)| parts.iter().map(|p| p.0).sum::<usize>()).max().unwrap_or(0).max(1);
        let line = |(label, number, parts): Counted| {
            let meaning = |class: &str| legend.iter().find(|(c, _)| *c == class).map_or("", |(_, name)| name);
            let counted = parts.iter().filter(|(count, _)| *count > 0);
            let said: Vec<String> = counted.clone().map(|(n, class)| format!("{} {n}", meaning(class))).collect();
            let mut done = 0;
            let parts = counted
                .map(|(count, class)| {
                    // Why: edges, not widths, are rounded, so that the parts meet and end at the total.
                    let (start, end) = (done * 1000 / most, (done + count) * 1000 / most);
                    done += count;
                    (start, (end - start).max(2), *class)
                })
                .collect();
            let spoken = format!("{label}: {}", said.join(", "));
            BarLine { label, number, parts, spoken }
        };
        let lines = lines.into_iter().map(line).collect();
        Self { title, lines, legend }
    }
}

/// Results by group, stacked.
pub(super) fn results(w: Words, by: &'static str, title: &'static str, tallies: &[Tally]) -> Bars {
    let line = |t: &Tally| {
        let name = format!("{by}.{}.pass_rate", t.key);
        let number = Number {
            text: t.pass_rate.text(),
            to: "accounts",
            query: format!("judged {by}={}", t.key),
            meaning: describe(&name, w.0),
            name,
        };
        let rest = t.unjudged + t.pending;
        (w.tally(by, t), number, vec![(t.qualified, "ok"), (t.problem, "warn"), (t.failed, "bad"), (rest, "none")])
    };
    let legend = [
        ("ok", w.pick("合格", "Qualified")),
        ("warn", w.pick("存在问题", "Problems found")),
        ("bad", w.pick("不合格", "Failed")),
        ("none", w.pick("无法判定或尚未检查", "Not judged or pending")),
    ];
    let legend = legend.into_iter().map(|(class, text)| (class, text.to_owned())).collect();
    Bars::of(title, tallies.iter().map(line).collect(), legend)
}

/// Lines over days; the box is 360 by 200.
pub(super) struct Plot {
    pub(super) lines: Vec<PlotLine>,
    /// Height and label of each line of the grid.
    pub(super) rungs: Vec<(usize, usize)>,
    pub(super) first: String,
    pub(super) last: String,
}

pub(super) struct PlotLine {
    pub(super) class: &'static str,
    pub(super) name: &'static str,
    pub(super) total: usize,
    pub(super) path: String,
}

const LEFT: usize = 30;
const RIGHT: usize = 345;
const TOP: usize = 12;
const FOOT: usize = 172;

/// Issues found, rectified and closed, day by day; nothing where there are none.
pub(super) fn progress(d: &Dataset, w: Words) -> Option<Plot> {
    let days = over_time(d);
    let (first, last) = (days.first()?.0.clone(), days.last()?.clone());
    let most = last.1.iter().copied().max().unwrap_or(0).max(1);
    let top = rounded(most);
    let day = |text: &str| text.parse::<chrono::NaiveDate>().ok();
    let from = day(&first)?;
    let span = (day(&last.0)? - from).num_days().max(1);
    let across = |text: &str| {
        day(text).map_or(LEFT, |at| LEFT + (RIGHT - LEFT) * (at - from).num_days() as usize / span as usize)
    };
    let up = |count: usize| FOOT - (FOOT - TOP) * count / top;
    let kinds =
        [("bad", w.pick("发现", "Found")), ("warn", w.pick("已整改", "Rectified")), ("ok", w.pick("已销号", "Closed"))];
    let line = |(place, (class, name)): (usize, (&'static str, &'static str))| {
        let at = |counts: &[usize; 3]| up(counts.get(place).copied().unwrap_or_default());
        let mut path = String::new();
        for (n, (text, counts)) in days.iter().enumerate() {
            // Why steps: between two days nothing happened.
            if n == 0 {
                let _ = write!(path, "M{} {}", across(text), at(counts));
            } else {
                let _ = write!(path, "H{}V{}", across(text), at(counts));
            }
        }
        let _ = write!(path, "H{RIGHT}");
        let total = last.1.get(place).copied().unwrap_or_default();
        PlotLine { class, name, total, path }
    };
    let lines = kinds.into_iter().enumerate().map(line).collect();
    let rungs = [0, top / 2, top].into_iter().map(|count| (up(count), count)).collect();
    Some(Plot { lines, rungs, first, last: last.0 })
}

/// The next of 2, 4, 10, 20, 40, 100 … that holds a number.
fn rounded(most: usize) -> usize {
    let mut unit = 1;
    loop {
        for step in [2, 4, 6, 10] {
            if step * unit >= most {
                return step * unit;
            }
        }
        unit *= 10;
    }
}

/// Columns, one a round; the box is 360 by 200.
pub(super) struct Columns {
    pub(super) columns: Vec<Column>,
}

pub(super) struct Column {
    pub(super) x: usize,
    pub(super) middle: usize,
    pub(super) y: usize,
    pub(super) height: usize,
    pub(super) label: String,
    pub(super) rate: String,
    pub(super) parts: String,
    pub(super) issues: String,
    pub(super) is_now: bool,
}

/// The most rounds that stand side by side, and the room a half-width character of a label takes.
const ROUNDS: usize = 8;
const LETTER: usize = 6;

/// Pass rates round by round, the present one last, as many as have room; nothing where it is the only one.
pub(super) fn trend(d: &Dataset, w: Words) -> Option<Columns> {
    let all = rounds(d);
    if all.len() < 2 {
        return None;
    }
    let widest = all.iter().map(|line| width_of(&line.name.to_string())).max().unwrap_or(1);
    let room = ((RIGHT - LEFT) / (widest * LETTER + LETTER)).clamp(2, ROUNDS);
    let rounds = all.get(all.len().saturating_sub(room)..).unwrap_or_default();
    let place = (RIGHT - LEFT) / rounds.len();
    let width = place.min(70) * 3 / 5;
    let column = |(n, line): (usize, &RoundLine)| {
        let RoundLine { name, pass_rate: rate, standing, closed, .. } = line;
        let height = (FOOT - TOP - 16) * rate.value.map_or(0, |value| value.hundredths() as usize) / 10_000;
        let middle = LEFT + place * n + place / 2;
        Column {
            x: middle - width / 2,
            middle,
            y: FOOT - height,
            height,
            label: name.to_string(),
            parts: rate.denominator.map_or(String::new(), |of| format!("{}/{of}", rate.numerator)),
            rate: rate.text(),
            issues: match w.0 {
                crate::domain::Lang::Zh => format!("认定问题{standing}个，已销号{closed}个"),
                crate::domain::Lang::En => format!("{standing} problems, {closed} closed"),
            },
            is_now: n + 1 == rounds.len(),
        }
    };
    Some(Columns { columns: rounds.iter().enumerate().map(column).collect() })
}
