//! A check's sentence said again in the other language.
//!
//! Findings keep one sentence, in the office's language; a paper in the other one says it anew from the same facts.
//! The checks write their sentences themselves: a test there holds every one of them against the table here. What a
//! person typed is nobody's to translate: [`in_language`] knows no such sentence, and says so.

use table::{SENTENCES, WORDS};

use super::Lang;
use super::account::Platform;

mod table;

/// Places tried before a text is taken for no sentence of ours.
const FUEL: usize = 20_000;
/// Sentences within sentences.
const DEPTH: usize = 3;
/// Longest sentence looked at, in bytes.
const LONGEST: usize = 8_000;

/// The sentence in that language; `None` where it is none that a check says.
///
/// A sentence that is in the language already is given back as it is.
#[must_use]
pub fn in_language(text: &str, lang: Lang) -> Option<String> {
    let text = text.trim();
    if text.is_empty() || text.len() > LONGEST {
        return None;
    }
    let mut fuel = FUEL;
    Reader { to: lang, fuel: &mut fuel }.sentence(text, 0)
}

/// Whether a text holds a Chinese character.
#[must_use]
pub fn has_han(text: &str) -> bool {
    text.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c))
}

/// What stands in a template: text, or a slot with its number and kind.
enum Piece<'t> {
    Text(&'t str),
    Slot(usize, char),
}

fn pieces(template: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut rest = template;
    while let Some((before, from)) = rest.split_once('{') {
        let Some((slot, after)) = from.split_once('}') else { break };
        if !before.is_empty() {
            pieces.push(Piece::Text(before));
        }
        let (number, kind) = slot.split_once(':').unwrap_or((slot, ""));
        pieces.push(Piece::Slot(number.parse().unwrap_or_default(), kind.chars().next().unwrap_or(' ')));
        rest = after;
    }
    if !rest.is_empty() {
        pieces.push(Piece::Text(rest));
    }
    pieces
}

/// Reads a sentence of one language and says it in the other.
struct Reader<'f> {
    to: Lang,
    fuel: &'f mut usize,
}

impl Reader<'_> {
    fn pick<'t>(&self, zh: &'t str, en: &'t str) -> &'t str {
        if self.to == Lang::Zh { zh } else { en }
    }

    /// The mark that parts what is read, and what is said.
    fn marks(&self, zh: &'static str, en: &'static str) -> (&'static str, &'static str) {
        if self.to == Lang::Zh { (en, zh) } else { (zh, en) }
    }

    fn sentence(&mut self, text: &str, depth: usize) -> Option<String> {
        if depth > DEPTH {
            return None;
        }
        let text = text.trim_end_matches(['。', '.']);
        // Why first: what stands at the end of a sentence would take the next one for its own.
        let (mark, joint) = self.marks("；", "; ");
        if text.contains(mark) {
            let parts: Option<Vec<String>> = text.split(mark).map(|part| self.sentence(part, depth + 1)).collect();
            if let Some(parts) = parts {
                return Some(parts.join(joint));
            }
        }
        for (zh, en) in SENTENCES {
            let (from, to) = if self.to == Lang::Zh { (en, zh) } else { (zh, en) };
            let mut filled = Vec::new();
            if self.fits(&pieces(from), text, depth, &mut filled) {
                return Some(fill(to, &filled));
            }
        }
        None
    }

    /// Whether the pieces make up the text; the slots are filled in the language to speak.
    fn fits(&mut self, pieces: &[Piece<'_>], text: &str, depth: usize, filled: &mut Vec<(usize, String)>) -> bool {
        let Some((first, rest)) = pieces.split_first() else { return text.is_empty() };
        match first {
            Piece::Text(literal) => text.strip_prefix(literal).is_some_and(|text| self.fits(rest, text, depth, filled)),
            Piece::Slot(number, kind) => {
                let next = match rest.first() {
                    Some(Piece::Text(literal)) => *literal,
                    _ => "",
                };
                let ends: Vec<usize> = if next.is_empty() {
                    vec![text.len()]
                } else {
                    text.match_indices(next).map(|(at, _)| at).collect()
                };
                for end in ends {
                    let Some(left) = self.fuel.checked_sub(1) else { return false };
                    *self.fuel = left;
                    let Some((inside, after)) = text.split_at_checked(end) else { continue };
                    let Some(said) = self.slot(*kind, inside, depth) else { continue };
                    let before = filled.len();
                    filled.push((*number, said));
                    if self.fits(rest, after, depth, filled) {
                        return true;
                    }
                    filled.truncate(before);
                }
                false
            }
        }
    }

    fn slot(&mut self, kind: char, text: &str, depth: usize) -> Option<String> {
        if text.is_empty() {
            return None;
        }
        match kind {
            'w' => self.word(text),
            'l' => {
                let (mark, joint) = self.marks("、", ", ");
                let words: Option<Vec<String>> = text.split(mark).map(|word| self.word(word)).collect();
                words.map(|words| words.join(joint))
            }
            'x' => {
                let (mark, joint) = self.marks("、", ", ");
                let (rest, others) = self.marks("等", " and others");
                let (names, cut) = text.strip_suffix(rest).map_or((text, ""), |names| (names, others));
                Some(names.split(mark).collect::<Vec<_>>().join(joint) + cut)
            }
            'n' => self.numbers(text),
            'f' => self.faults(text),
            's' => self.sentence(text, depth + 1),
            'q' => Some(match self.to {
                Lang::Zh => format!("“{text}”"),
                Lang::En => format!("\"{text}\""),
            }),
            _ => Some(text.to_owned()),
        }
    }

    /// A word of a closed vocabulary.
    fn word(&self, text: &str) -> Option<String> {
        let platforms = Platform::ALL.iter().map(|platform| (platform.zh(), platform.en()));
        let mut all = WORDS.into_iter().chain(platforms);
        let found = all.find(|(zh, en)| self.pick(en, zh) == text)?;
        Some(self.pick(found.0, found.1).to_owned())
    }

    /// `身份证号1个（如510***）、手机号码2个`; `1 identity number(s), such as 510***, 2 mobile number(s)`.
    fn numbers(&self, text: &str) -> Option<String> {
        let mut said: Vec<String> = Vec::new();
        if self.to == Lang::En {
            for part in text.split('、') {
                let (what, example) = match part.split_once("（如") {
                    Some((what, example)) => (what, Some(example.strip_suffix('）')?)),
                    None => (part, None),
                };
                let kind = what.strip_suffix('个')?.trim_end_matches(|c: char| c.is_ascii_digit());
                let count = what.strip_prefix(kind)?.strip_suffix('个')?;
                said.push(format!("{count} {}(s)", self.word(kind)?));
                said.extend(example.map(|example| format!("such as {example}")));
            }
            return Some(said.join(", "));
        }
        for part in text.split(", ") {
            if let Some(example) = part.strip_prefix("such as ") {
                let last = said.last_mut()?;
                *last = format!("{last}（如{example}）");
                continue;
            }
            let (count, kind) = part.strip_suffix("(s)")?.split_once(' ')?;
            said.push(format!("{}{count}个", self.word(kind)?));
        }
        Some(said.join("、"))
    }

    /// `《甲》（2026-11-05，无审核记录）、《乙》（…）等`; `"甲" (2026-11-05, no review record), …, and others`.
    fn faults(&self, text: &str) -> Option<String> {
        let ((open, mid), (to_open, to_mid)) = match self.to {
            Lang::En => (("《", "》（"), ("\"", "\" (")),
            Lang::Zh => (("\"", "\" ("), ("《", "》（")),
        };
        let (comma, to_comma) = self.marks("，", ", ");
        let (close, to_close) = self.marks("）", ")");
        let (mark, joint) = self.marks("、", ", ");
        let (more, to_more) = self.marks("等", "and others");
        let mut said = Vec::new();
        let mut rest = text;
        loop {
            if rest == more {
                said.push(to_more.to_owned());
                return Some(said.join(joint));
            }
            let (title, after) = rest.strip_prefix(open)?.split_once(mid)?;
            let (day, after) = after.split_once(comma)?;
            let (fault, after) = after.split_once(close)?;
            said.push(format!("{to_open}{title}{to_mid}{day}{to_comma}{}{to_close}", self.word(fault)?));
            if after.is_empty() {
                return Some(said.join(joint));
            }
            rest = after.strip_prefix(mark)?;
        }
    }
}

/// The template with its slots filled.
fn fill(template: &str, filled: &[(usize, String)]) -> String {
    let mut out = String::new();
    for piece in pieces(template) {
        match piece {
            Piece::Text(text) => out.push_str(text),
            Piece::Slot(number, _) => {
                let said = filled.iter().find(|(known, _)| *known == number);
                out.push_str(said.map_or("", |(_, said)| said));
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_is_said_again_and_what_a_person_typed_is_not() {
        let en = |text: &str| in_language(text, Lang::En);
        assert_eq!(
            en("最新内容发布于2026-10-21 09:00，距监测时间点20天0小时，超过14天（2026-11-10 09:00人工查看）")
                .as_deref(),
            Some(
                "newest post 2026-10-21 09:00, 20 d 0 h before the monitoring time, over 14 days (seen by a person at 2026-11-10 09:00)"
            )
        );
        assert_eq!(
            en("《博物馆组织业务培训》正文出现身份证号1个").as_deref(),
            Some("\"博物馆组织业务培训\", text: 1 identity number(s)")
        );
        assert_eq!(en("已修复链接，现可正常访问"), None);
        assert_eq!(
            in_language("broken link: https://a.test/x (not found (404), asked twice)", Lang::Zh).as_deref(),
            Some("链接失效：https://a.test/x（页面不存在（404），复查相同）")
        );
    }

    #[test]
    fn both_sides_of_a_sentence_have_the_same_slots() {
        let slots = |template: &str| {
            let mut slots: Vec<(usize, char)> = pieces(template)
                .iter()
                .filter_map(|piece| if let Piece::Slot(number, kind) = piece { Some((*number, *kind)) } else { None })
                .collect();
            slots.sort_unstable();
            slots
        };
        for (zh, en) in SENTENCES {
            assert_eq!(slots(zh), slots(en), "{zh}");
            assert!(en.is_ascii() && has_han(zh), "{en}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_text_panics_or_takes_long(text in "[《》（），、；：“”等个篇0-9a-c天 第字所查监测]{0,300}") {
            let _ = (in_language(&text, Lang::En), in_language(&text, Lang::Zh));
        }
    }
}
