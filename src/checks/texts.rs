//! Looking through what accounts publish: wrong wording and personal data, as hits that may be stored.
//!
//! The texts themselves are never stored, and what is stored of them is masked: a hit carries its
//! own sentence and nothing else of the text.

use std::collections::HashSet;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::seen::PageSeen;
use crate::domain::fold::sentence;
use crate::domain::keyed::keyed_enum;
use crate::domain::lexicon::RowKind;
use crate::domain::page_copy::PageCopy;
use crate::domain::post::Post;
use crate::domain::privacy::{Number, NumberKind, mask, suspects};
use crate::domain::rule::{Indicator, RuleSet};

keyed_enum! {
    /// What kind of thing a hit is.
    HitKind {
        WrongWord = "wrong_word", "错词", "wrong word";
        WrongName = "wrong_name", "名称错误", "wrong name";
        Wording = "wording", "表述不规范", "wording to be avoided";
        WrongTitle = "wrong_title", "职务与人名不符", "title of somebody else";
        WrongOrder = "wrong_order", "排序错误", "wrong order";
        IdCard = "id_card", "身份证号", "identity number";
        BankCard = "bank_card", "银行卡号", "bank card number";
        Mobile = "mobile", "手机号码", "mobile number";
    }
}

impl HitKind {
    /// The kind of personal number it is; `None` for wording.
    #[must_use]
    pub const fn number(self) -> Option<NumberKind> {
        match self {
            Self::IdCard => Some(NumberKind::IdCard),
            Self::BankCard => Some(NumberKind::BankCard),
            Self::Mobile => Some(NumberKind::Mobile),
            Self::WrongWord | Self::WrongName | Self::Wording | Self::WrongTitle | Self::WrongOrder => None,
        }
    }
}

keyed_enum! {
    /// In which part of a post a hit stands.
    Part {
        Title = "title", "标题", "title";
        Text = "text", "正文", "text";
        Table = "table", "附件", "linked table";
    }
}

/// Something suspect in a text, once for each word or kind of number and text.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TextHit {
    /// `expression` or `privacy`.
    pub indicator: Indicator,
    /// What it is.
    pub kind: HitKind,
    /// Address of the post, or of the linked table; none where the source names none.
    pub url: Option<String>,
    /// Title of the post, masked.
    pub title: String,
    /// Where in the post.
    pub part: Part,
    /// Line of the text, from 1.
    pub line: usize,
    /// First character of the word within the text or title, from 1; within its line for a table.
    pub position: usize,
    /// Its length in characters.
    pub length: usize,
    /// The wrong word; a number masked.
    pub word: String,
    /// What is right; empty for numbers.
    pub suggestion: String,
    /// On what the row of the lexicon rests; empty for numbers.
    pub basis: String,
    /// Its sentence, masked, the word between 【 and 】.
    pub sentence: String,
    /// How often it stands in this text; different numbers of the kind.
    pub count: usize,
    /// The linked table as it was fetched; a post is read from its source.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub page: Option<PageSeen>,
}

/// What was looked through.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TextsRead {
    /// Posts of the window.
    pub posts: usize,
    /// Of these, posts whose text the source carries; of the others the title alone was read.
    pub with_text: usize,
    /// Linked tables that were read.
    pub tables: usize,
    /// Linked tables that could not be read.
    pub tables_unread: usize,
    /// Linked tables that were not asked for: more than the rule set reads of one account, or of a kind that
    /// cannot be read.
    #[serde(default, skip_serializing_if = "is_none")]
    pub tables_left_out: usize,
    /// Linked documents and archives, which are not read (PDF, DOC, ZIP …).
    #[serde(default, skip_serializing_if = "is_none")]
    pub documents: usize,
    /// Hits beyond those kept: wrong wording.
    pub more: usize,
    /// Likewise personal data.
    #[serde(default, skip_serializing_if = "is_none")]
    pub more_personal: usize,
    /// The lexicon they were looked through with.
    pub lexicon: String,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
const fn is_none(count: &usize) -> bool {
    *count == 0
}

/// Hits kept of one account for each indicator.
const MOST_HITS: usize = 200;
/// Characters of a sentence that are kept.
const LONGEST_SENTENCE: usize = 200;

/// What was found in an account's texts.
#[derive(Debug, Default, Clone)]
pub(super) struct Texts {
    pub(super) hits: Vec<TextHit>,
    pub(super) read: TextsRead,
    /// Copies of the tables in which something was found.
    pub(super) copies: Vec<Arc<PageCopy>>,
}

impl Texts {
    /// Looks through posts: titles, and texts where the source carries them.
    pub(super) fn of_posts<'p>(rules: &RuleSet, posts: impl Iterator<Item = &'p Post>) -> Self {
        let mut texts = Self::default();
        rules.lexicon.version().clone_into(&mut texts.read.lexicon);
        let mut seen = HashSet::new();
        for post in posts {
            // A feed may list a post twice.
            if post.url.as_ref().is_some_and(|url| !seen.insert((url.clone(), post.title.clone()))) {
                continue;
            }
            texts.read.posts += 1;
            texts.read.with_text += usize::from(!post.text.trim().is_empty());
            let title = mask(&post.title).into_owned();
            // Short posts have their own beginning as a title.
            let parts = if post.text.starts_with(&post.title) {
                vec![(Part::Text, &post.text)]
            } else {
                vec![(Part::Title, &post.title), (Part::Text, &post.text)]
            };
            let mut own = Vec::<TextHit>::new();
            for (part, text) in parts {
                for hit in look_through(rules, text, part) {
                    let same =
                        |other: &&mut TextHit| other.kind == hit.kind && (!is_word(&hit) || other.word == hit.word);
                    match own.iter_mut().find(same) {
                        Some(known) => known.count += hit.count,
                        None => own.push(TextHit { url: post.url.clone(), title: title.clone(), ..hit }),
                    }
                }
            }
            texts.keep(own);
        }
        texts
    }

    /// Looks through the rows of a linked table for personal data; whether there is any.
    pub(super) fn add_table(&mut self, rules: &RuleSet, page: &PageSeen, rows: &str) -> bool {
        self.read.tables += 1;
        let hits = personal(rules, rows, Part::Table);
        let found = !hits.is_empty();
        self.keep(hits.into_iter().map(|hit| TextHit { page: Some(page.clone()), ..hit }).collect());
        found
    }

    /// Adds what was found in another text.
    pub(super) fn join(&mut self, other: Self) {
        self.read.tables += other.read.tables;
        self.read.more += other.read.more;
        self.copies.extend(other.copies);
        self.read.more_personal += other.read.more_personal;
        self.keep(other.hits);
    }

    fn keep(&mut self, hits: Vec<TextHit>) {
        for hit in hits {
            // Why apart: wrong words in every post must not hide the one number that was leaked.
            let alike = self.hits.iter().filter(|known| known.indicator == hit.indicator).count();
            match hit.indicator {
                _ if alike < MOST_HITS => self.hits.push(hit),
                Indicator::Privacy => self.read.more_personal += 1,
                _ => self.read.more += 1,
            }
        }
    }
}

fn is_word(hit: &TextHit) -> bool {
    hit.indicator == Indicator::Expression
}

/// Everything suspect in one text, by the rules in force: one hit a word or kind of number.
#[must_use]
pub fn look_through(rules: &RuleSet, text: &str, part: Part) -> Vec<TextHit> {
    let mut hits = if rules.checks(Indicator::Expression) { wording(rules, text, part) } else { Vec::new() };
    if rules.checks(Indicator::Privacy) {
        hits.extend(personal(rules, text, part));
    }
    hits
}

fn wording(rules: &RuleSet, text: &str, part: Part) -> Vec<TextHit> {
    let found = rules.lexicon.find(text);
    if found.is_empty() {
        return Vec::new();
    }
    let chars: Vec<char> = mask(text).chars().collect();
    let mut hits = Vec::<TextHit>::new();
    for hit in found {
        let kind = match hit.kind {
            RowKind::Name => HitKind::WrongName,
            RowKind::Wording => HitKind::Wording,
            RowKind::Title => HitKind::WrongTitle,
            RowKind::Order => HitKind::WrongOrder,
            RowKind::Word | RowKind::Allow | RowKind::Off => HitKind::WrongWord,
        };
        if let Some(known) = hits.iter_mut().find(|known| known.word == hit.word) {
            known.count += 1;
            continue;
        }
        hits.push(TextHit {
            word: hit.word,
            suggestion: hit.right,
            basis: hit.note,
            ..new(Indicator::Expression, kind, part, &chars, hit.chars)
        });
    }
    hits
}

fn personal(rules: &RuleSet, text: &str, part: Part) -> Vec<TextHit> {
    let mut found = suspects(text, rules.privacy.mobiles_from);
    found.retain(|number| rules.privacy.kinds.contains(&number.kind));
    if found.is_empty() {
        return Vec::new();
    }
    let chars: Vec<char> = mask(text).chars().collect();
    let mut hits = Vec::new();
    for kind in NumberKind::ALL {
        let own: Vec<&Number> = found.iter().filter(|number| number.kind == *kind).collect();
        let Some(first) = own.first() else { continue };
        let hit_kind = match kind {
            NumberKind::IdCard => HitKind::IdCard,
            NumberKind::BankCard => HitKind::BankCard,
            NumberKind::Mobile => HitKind::Mobile,
        };
        let hit = new(Indicator::Privacy, hit_kind, part, &chars, first.chars.clone());
        hits.push(TextHit { word: first.masked.clone(), count: Number::different(&own), ..hit });
    }
    hits
}

/// A hit at a place of a masked text.
fn new(indicator: Indicator, kind: HitKind, part: Part, chars: &[char], range: std::ops::Range<usize>) -> TextHit {
    let before = chars.get(..range.start).unwrap_or_default();
    let in_line = before.iter().rev().take_while(|c| **c != '\n').count();
    TextHit {
        indicator,
        kind,
        url: None,
        title: String::new(),
        part,
        line: before.iter().filter(|c| **c == '\n').count() + 1,
        position: if part == Part::Table { in_line } else { range.start } + 1,
        length: range.len(),
        word: String::new(),
        suggestion: String::new(),
        basis: String::new(),
        sentence: sentence(chars, range).chars().take(LONGEST_SENTENCE).collect(),
        count: 1,
        page: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An office whose lexicon finds something in every post still learns of the number in the last.
    #[test]
    fn many_hits_of_one_indicator_crowd_out_none_of_the_other() {
        let post = |n: usize, text: &str| Post {
            id: n.to_string(),
            url: Some(format!("https://a.example.cn/{n}")),
            title: format!("通知{n}"),
            published_at: None,
            pinned: false,
            text: text.to_owned(),
            links: Vec::new(),
        };
        let mut posts: Vec<Post> = (0..MOST_HITS + 5).map(|n| post(n, "请到区攻府办理。")).collect();
        posts.push(post(999, "章虚构，510107199001019995。"));
        let rules: RuleSet = toml::from_str(include_str!("../../accounts/rules/2019-19.toml")).unwrap();
        let texts = Texts::of_posts(&rules, posts.iter());
        let count = |indicator| texts.hits.iter().filter(|hit| hit.indicator == indicator).count();
        assert_eq!((count(Indicator::Expression), count(Indicator::Privacy)), (MOST_HITS, 1));
        assert_eq!((texts.read.more, texts.read.more_personal), (5, 0));
    }
}
