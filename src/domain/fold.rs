//! Text as words are looked up in it: width folded, gaps inside words closed; every place still
//! leads back to the text as it was written.

use std::ops::Range;

use unicode_normalization::UnicodeNormalization;

use super::normal::is_invisible;

/// A text in the form in which words are compared.
///
/// Compatibility forms and case are folded, invisible characters dropped, and white space kept
/// only between two words of letters: Chinese is set with and without. A line break stays one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Folded {
    text: String,
    /// For each character: where it begins in `text`, and which character of the original it is.
    places: Vec<(usize, usize)>,
    chars: usize,
}

impl Folded {
    /// Folds a text.
    #[must_use]
    pub fn new(original: &str) -> Self {
        // A character of Chinese is three bytes, one of English a single one: room for either, and growing seldom.
        let places = Vec::with_capacity(original.len() / 2);
        let mut folded = Self { text: String::with_capacity(original.len()), places, chars: 0 };
        let mut gap = None;
        for (at, c) in original.chars().enumerate() {
            folded.chars = at + 1;
            if ('\u{4e00}'..='\u{9fff}').contains(&c) {
                // Why first: most of a text, and its own folded form.
                gap = None;
                folded.push(c, at);
            } else if matches!(c, '\n' | '\r' | '\u{2028}' | '\u{2029}') {
                folded.push('\n', at);
                gap = None;
            } else if c.is_whitespace() {
                gap.get_or_insert(at);
            } else if !is_invisible(c) && !c.is_control() {
                for c in std::iter::once(c).nfkc().flat_map(char::to_lowercase) {
                    let between_words = c.is_ascii_alphanumeric()
                        && folded.text.chars().next_back().is_some_and(|p| p.is_ascii_alphanumeric());
                    if let (Some(space), true) = (gap.take(), between_words) {
                        folded.push(' ', space);
                    }
                    if !c.is_whitespace() {
                        folded.push(c, at);
                    }
                }
            }
        }
        folded
    }

    fn push(&mut self, c: char, at: usize) {
        self.places.push((self.text.len(), at));
        self.text.push(c);
    }

    /// The folded text.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The characters of the original that a range of bytes of the folded text stands for.
    #[must_use]
    pub fn original(&self, bytes: Range<usize>) -> Range<usize> {
        let from = self.places.partition_point(|(byte, _)| *byte < bytes.start);
        let to = self.places.partition_point(|(byte, _)| *byte < bytes.end);
        let start = self.places.get(from).map_or(self.chars, |(_, at)| *at);
        let end = to.checked_sub(1).and_then(|last| self.places.get(last)).map_or(start, |(_, at)| *at + 1);
        start..end.max(start)
    }
}

/// A word in the form in which it is looked up.
#[must_use]
pub fn fold_word(word: &str) -> String {
    Folded::new(word).text
}

/// Ends a sentence, folded or not.
pub(crate) const fn ends_sentence(c: char) -> bool {
    matches!(c, '。' | '！' | '？' | '；' | '!' | '?' | ';' | '\n' | '\r' | '\u{2028}' | '\u{2029}')
}

/// How much of a sentence is shown on either side of what is meant.
const SHOWN: usize = 40;

/// The sentence around `range` (characters) of a text, with what is meant between 【 and 】.
#[must_use]
pub fn sentence(chars: &[char], range: Range<usize>) -> String {
    let (start, end) = (range.start.min(chars.len()), range.end.min(chars.len()).max(range.start.min(chars.len())));
    let before = chars.get(..start).unwrap_or_default();
    let after = chars.get(end..).unwrap_or_default();
    let left = before.iter().rev().take(SHOWN).take_while(|c| !ends_sentence(**c)).count();
    let right = after.iter().take(SHOWN).take_while(|c| !ends_sentence(**c)).count();
    let cut_left = left == SHOWN && before.len() > SHOWN;
    let cut_right = right == SHOWN && after.len() > SHOWN;
    let mut shown = String::new();
    shown.push_str(if cut_left { "…" } else { "" });
    let put = |part: &[char], shown: &mut String| {
        shown.extend(part.iter().map(|c| if c.is_whitespace() { ' ' } else { *c }).filter(|c| !c.is_control()));
    };
    put(before.get(start - left..).unwrap_or_default(), &mut shown);
    shown.push('【');
    put(chars.get(start..end).unwrap_or_default(), &mut shown);
    shown.push('】');
    put(after.get(..right).unwrap_or_default(), &mut shown);
    match after.get(right) {
        Some(c) if !cut_right && ends_sentence(*c) && !c.is_control() => shown.push(*c),
        _ => {}
    }
    shown.push_str(if cut_right { "…" } else { "" });
    shown.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn an_ideograph_is_its_own_folded_form() {
        for c in '\u{4e00}'..='\u{9fff}' {
            assert!(std::iter::once(c).nfkc().flat_map(char::to_lowercase).eq([c]) && !is_invisible(c), "{c}");
        }
        let folded = Folded::new("攻 a 攻 b c");
        assert_eq!(folded.text(), "攻a攻b c");
        assert_eq!(folded.original(3..4), 2..3);
    }

    #[test]
    fn what_is_written_apart_or_wide_is_found_where_it_stands() {
        for (text, word, range) in [
            ("区攻府办", "攻府", 1..3),
            ("区 攻\u{3000}府 办", "攻府", 2..5),
            ("区攻\u{200B}府", "攻府", 1..4),
            ("ＮＯＲＴＨ　Ｋｏｒｅａ", "north korea", 0..11),
            ("Ａ㎏攻府", "kg攻府", 1..4),
        ] {
            let folded = Folded::new(text);
            let at = folded.text().find(word).unwrap();
            assert_eq!(folded.original(at..at + word.len()), range, "{text}");
        }
        assert!(!Folded::new("攻\n府").text().contains("攻府"));
    }

    #[test]
    fn a_sentence_is_cut_out_with_its_word_marked() {
        let chars: Vec<char> = "前一句。现就工作部置如下！后一句".chars().collect();
        assert_eq!(sentence(&chars, 8..10), "现就工作【部置】如下！");
        let long: Vec<char> = "长".repeat(200).chars().collect();
        assert_eq!(sentence(&long, 100..101), format!("…{0}【长】{0}…", "长".repeat(40)));
        assert_eq!(sentence(&[], 3..9), "【】");
    }

    proptest! {
        #[test]
        fn every_place_lies_in_the_text_and_nothing_panics(text in "\\PC*|[0-9Ａ-ｚ攻府 \n\u{200B}①㎏ﬁ]*", a in 0usize..60, b in 0usize..60) {
            let folded = Folded::new(&text);
            let count = text.chars().count();
            for (byte, c) in folded.text().char_indices() {
                let range = folded.original(byte..byte + c.len_utf8());
                prop_assert!(range.start < range.end && range.end <= count);
            }
            let chars: Vec<char> = text.chars().collect();
            let _ = sentence(&chars, a..b);
            prop_assert_eq!(&fold_word(folded.text()), folded.text());
        }
    }
}
