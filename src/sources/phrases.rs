//! Phrases looked for in a page: most pages hold none of them, and there are many pages.

use aho_corasick::{AhoCorasick, packed};

/// Many phrases, found in one pass; letters in either case.
///
/// Each phrase holds one of a few short marks, or enough Latin letters to be counted. A page
/// without them, which is nearly every page, is passed over many bytes at a time.
#[derive(Debug)]
pub(crate) struct Phrases {
    all: Option<AhoCorasick>,
    marks: Option<packed::Searcher>,
}

/// So many Latin letters every phrase has that holds no mark.
const FEWEST_LETTERS: usize = 8;

impl Phrases {
    /// `marks` are parts of phrases that hold no Latin letter.
    pub(crate) fn new(phrases: &[&str], marks: &[&str]) -> Self {
        Self {
            all: AhoCorasick::builder().ascii_case_insensitive(true).build(phrases).ok(),
            marks: packed::Searcher::new(marks),
        }
    }

    /// Whether `text` holds one of the phrases.
    pub(crate) fn are_in(&self, text: &str) -> bool {
        self.may_be_in(text) && self.all.as_ref().is_some_and(|all| all.is_match(text))
    }

    fn may_be_in(&self, text: &str) -> bool {
        let letters = || text.bytes().filter(u8::is_ascii_alphabetic).count();
        self.marks.as_ref().is_none_or(|marks| marks.find(text).is_some()) || letters() >= FEWEST_LETTERS
    }

    /// The phrases that could be overlooked for want of a mark.
    #[cfg(test)]
    pub(crate) fn overlooked<'p>(&self, phrases: &[&'p str]) -> Vec<&'p str> {
        phrases.iter().filter(|phrase| !self.may_be_in(phrase)).copied().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phrases_are_found_in_either_case_and_only_whole() {
        let phrases = Phrases::new(&["内容已删除", "Not Found Here"], &["删除"]);
        assert!(phrases.are_in("提示：内容已删除。") && phrases.are_in("nOT fOUND hERE"));
        assert!(!phrases.are_in("内容未删除") && !phrases.are_in("今日天气") && !phrases.are_in(""));
        assert_eq!(phrases.overlooked(&["内容已删除", "not found here", "已注销", "short"]), ["已注销", "short"]);
    }
}
