//! Looking a text up: every match of every pattern in one pass, then who covers whom.

use std::ops::Range;

use super::row::RowKind;
use super::{Lexicon, Role};
use crate::domain::fold::{Folded, ends_sentence};

/// A wrong form in a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hit {
    /// Where it stands: characters of the text as it was written, from 0.
    pub chars: Range<usize>,
    /// The wrong form, folded.
    pub word: String,
    /// What is right.
    pub right: String,
    /// What the row is about.
    pub kind: RowKind,
    /// On what the row rests.
    pub note: String,
}

/// How far a sentence is followed on either side, in bytes of folded text.
const SENTENCE: usize = 600;
/// Hits one text can have; a text with more is not a text.
const MOST: usize = 1_000;
/// Matches one text can have before it is given up as hostile.
const MOST_MATCHES: usize = 1_000_000;

/// A match: bytes of the folded text.
#[derive(Debug, Clone, Copy)]
struct Match {
    start: usize,
    end: usize,
    role: Role,
}

impl Lexicon {
    /// The wrong forms in a text, in the order in which they stand.
    #[must_use]
    pub fn find(&self, text: &str) -> Vec<Hit> {
        let Some(automaton) = &self.automaton else { return Vec::new() };
        let folded = Folded::new(text);
        let text = folded.text();
        let mut matches = Vec::new();
        for found in automaton.find_overlapping_iter(text).take(MOST_MATCHES) {
            for role in self.roles.get(found.pattern().as_usize()).into_iter().flatten() {
                matches.push(Match { start: found.start(), end: found.end(), role: *role });
            }
        }
        if matches.iter().all(|m| matches!(m.role, Role::Allowed | Role::Title)) {
            return Vec::new();
        }
        matches.sort_by_key(|m| (m.start, std::cmp::Reverse(m.end)));
        let allowed = Allowed::new(&matches);
        let mut hits = Vec::<(Range<usize>, usize, String)>::new();
        for m in &matches {
            if let Role::Wrong(rule) = m.role
                && is_whole(text, m.start..m.end)
                && !allowed.covers(m.start..m.end)
                && self.fits_context(text, m, rule)
                && !is_mentioned(text, m.start..m.end)
            {
                hits.push((m.start..m.end, rule, self.right_of(rule)));
            }
        }
        self.find_titles(text, &matches, &mut hits);
        Self::find_orders(text, &matches, &mut hits);
        // Leftmost, and of those that begin together the longest.
        hits.sort_by_key(|(range, rule, _)| (range.start, std::cmp::Reverse(range.end), *rule));
        let mut after = 0;
        let mut kept = Vec::new();
        for (range, rule, right) in hits {
            if range.start < after || kept.len() >= MOST {
                continue;
            }
            let Some(rule) = self.rules.get(rule) else { continue };
            after = range.end;
            kept.push(Hit {
                word: text.get(range.clone()).unwrap_or_default().to_owned(),
                chars: folded.original(range),
                right,
                kind: rule.kind,
                note: rule.note.clone(),
            });
        }
        kept
    }

    fn right_of(&self, rule: usize) -> String {
        self.rules.get(rule).map(|rule| rule.right.replace(['|', '｜'], "、")).unwrap_or_default()
    }

    fn fits_context(&self, text: &str, m: &Match, rule: usize) -> bool {
        let Some(context) = self.contexts.get(rule).filter(|context| !context.is_empty()) else { return true };
        let (before, after) = around(text, m.start..m.end);
        context.iter().any(|word| before.contains(word.as_str()) || after.contains(word.as_str()))
    }

    /// Names before which another title stands than theirs.
    fn find_titles(&self, text: &str, matches: &[Match], hits: &mut Vec<(Range<usize>, usize, String)>) {
        let titles: Vec<&Match> = matches.iter().filter(|m| m.role == Role::Title).collect();
        if titles.is_empty() {
            return;
        }
        for name in matches {
            let Role::Person(rule) = name.role else { continue };
            // The longest title that ends where the name begins; they are sorted by their start.
            let near = titles.partition_point(|t| t.start + SENTENCE < name.start);
            let longest = titles.iter().skip(near).take_while(|t| t.start < name.start).find(|t| t.end == name.start);
            let Some(title) = longest else { continue };
            let word = text.get(title.start..title.end).unwrap_or_default();
            if self.titles.get(&rule).is_some_and(|allowed| allowed.contains(word)) {
                continue;
            }
            let before = text.get(..title.start).unwrap_or_default();
            if FORMER.iter().any(|former| before.ends_with(former)) || is_mentioned(text, title.start..name.end) {
                continue;
            }
            let person = text.get(name.start..name.end).unwrap_or_default();
            hits.push((title.start..name.end, rule, format!("{}{person}", self.right_of(rule))));
        }
    }

    /// Items of an order that are listed the other way round.
    fn find_orders(text: &str, matches: &[Match], hits: &mut Vec<(Range<usize>, usize, String)>) {
        let items: Vec<(&Match, usize, usize)> = matches
            .iter()
            .filter_map(|m| match m.role {
                Role::Item(rule, rank) => Some((m, rule, rank)),
                _ => None,
            })
            .collect();
        for (at, (first, rule, rank)) in items.iter().enumerate() {
            for (second, other, next) in items.iter().skip(at + 1).take_while(|(s, ..)| s.start <= first.end + 6) {
                let between = text.get(first.end..second.start).unwrap_or_default();
                let joined = matches!(between, "、" | "和" | "及" | "与" | "," | "");
                if other != rule || next >= rank || !joined || (between.is_empty() && second.start != first.end) {
                    continue;
                }
                let after = text.get(second.end..).and_then(|rest| rest.chars().next());
                if after.is_none_or(|c| FOLLOWS.contains(c)) {
                    let right = format!(
                        "{}{between}{}",
                        text.get(second.start..second.end).unwrap_or_default(),
                        text.get(first.start..first.end).unwrap_or_default()
                    );
                    hits.push((first.start..second.end, *rule, right));
                }
            }
        }
    }
}

/// Before the title of somebody who held it once.
const FORMER: &[&str] = &["时任", "原", "前", "前任", "曾任", "已故"];
/// What may follow the last item of an enumeration without making another name of it.
const FOLLOWS: &str = "、，。；：,.;:!?！？）)”》\n和及与等的决批致授号召在联发对关领名向";

/// Allowed phrases: whether any of them covers a range.
struct Allowed {
    starts: Vec<usize>,
    /// The furthest end of those up to here.
    ends: Vec<usize>,
}

impl Allowed {
    /// Of matches sorted by their start.
    fn new(matches: &[Match]) -> Self {
        let mut allowed = Self { starts: Vec::new(), ends: Vec::new() };
        let mut furthest = 0;
        for m in matches.iter().filter(|m| m.role == Role::Allowed) {
            furthest = furthest.max(m.end);
            allowed.starts.push(m.start);
            allowed.ends.push(furthest);
        }
        allowed
    }

    fn covers(&self, range: Range<usize>) -> bool {
        let before = self.starts.partition_point(|start| *start <= range.start);
        before.checked_sub(1).and_then(|last| self.ends.get(last)).is_some_and(|end| *end >= range.end)
    }
}

/// Letters are matched as whole words; Chinese has no words to be whole.
fn is_whole(text: &str, range: Range<usize>) -> bool {
    let letter = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
    let word = text.get(range.clone()).unwrap_or_default();
    let before = text.get(..range.start).and_then(|text| text.chars().next_back());
    let after = text.get(range.end..).and_then(|text| text.chars().next());
    let runs_on = letter(word.chars().next()) && letter(before);
    let goes_on = letter(word.chars().next_back()) && letter(after);
    !runs_on && !goes_on
}

/// The sentence before and after a range.
fn around(text: &str, range: Range<usize>) -> (&str, &str) {
    let mut from = range.start.saturating_sub(SENTENCE);
    while !text.is_char_boundary(from) {
        from += 1;
    }
    let mut to = range.end.saturating_add(SENTENCE).min(text.len());
    while !text.is_char_boundary(to) {
        to -= 1;
    }
    let before = text.get(from..range.start).unwrap_or_default();
    let after = text.get(range.end..to).unwrap_or_default();
    let before = before.rsplit(ends_sentence).next().unwrap_or_default();
    (before, after.split(ends_sentence).next().unwrap_or_default())
}

/// Whether the sentence speaks of the mistake instead of making it: “攻府”应为“政府”.
fn is_mentioned(text: &str, range: Range<usize>) -> bool {
    const OPEN: &[char] = &['“', '‘', '"', '\'', '「', '『', '《'];
    const CLOSE: &[char] = &['”', '’', '"', '\'', '」', '』', '》'];
    const SPOKEN: &[&str] = &[
        "应为",
        "应写",
        "应当写",
        "应改",
        "改为",
        "更正",
        "误为",
        "误写",
        "误作",
        "误用",
        "写成",
        "错写",
        "错误表述",
        "笔误",
        "不使用",
        "不得使用",
        "不能使用",
        "不要使用",
        "不用",
    ];
    let before = text.get(..range.start).unwrap_or_default();
    let after = text.get(range.end..).unwrap_or_default();
    if !before.ends_with(OPEN) || !after.starts_with(CLOSE) {
        return false;
    }
    let (before, after) = around(text, range);
    SPOKEN.iter().any(|word| before.contains(word) || after.contains(word))
}
