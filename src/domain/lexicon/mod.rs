//! The lexicon (词库): wrong forms of set phrases, names, titles and wording rules; pure.
//!
//! Decisions:
//! - Data, not code: the built-in rows are a file, the office's own file adds to them, allows
//!   phrases, or switches rows off.
//! - The longest match decides: a wrong form inside an allowed phrase, or inside the right form
//!   of any row, is none.
//! - A form is exact. What depends on its surroundings names the words that must stand in the
//!   same sentence.
//! - Who writes about a mistake ("应为…") does not make it.
//! - Places are characters of the text as it was written.

mod find;
mod row;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, LazyLock};

use aho_corasick::AhoCorasick;
use sha2::{Digest, Sha256};

use super::fold::fold_word;
use super::sample::hex;

pub use find::Hit;
pub use row::{Column, LexiconProblem, LexiconProblemKind, Row, RowKind};

use row::Rule;

const BUILT_IN: &str = include_str!("../../../accounts/lexicon/builtin.csv");
/// Of the built-in rows; grows with them.
const BUILT_IN_VERSION: &str = "2026.11/3";

/// What a matched pattern stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    /// A wrong form of this rule.
    Wrong(usize),
    /// An allowed phrase.
    Allowed,
    /// A name of this rule, before which only certain titles may stand.
    Person(usize),
    /// A title some rule speaks of.
    Title,
    /// An item of this order, and its rank.
    Item(usize, usize),
}

/// A lexicon ready to be looked up in.
#[derive(Debug, Clone)]
pub struct Lexicon {
    version: String,
    rules: Vec<Rule>,
    automaton: Option<AhoCorasick>,
    roles: Vec<Vec<Role>>,
    /// Folded context words of each rule.
    contexts: Vec<Vec<String>>,
    /// Folded titles allowed for each rule of titles.
    titles: HashMap<usize, BTreeSet<String>>,
}

impl PartialEq for Lexicon {
    fn eq(&self, other: &Self) -> bool {
        self.version == other.version && self.rules == other.rules
    }
}

impl Lexicon {
    /// The rows that come with the program.
    #[must_use]
    pub fn built_in() -> Arc<Self> {
        static LEXICON: LazyLock<Arc<Lexicon>> = LazyLock::new(|| {
            let rules = row::read(&built_in_rows()).unwrap_or_default();
            Arc::new(Lexicon::build(BUILT_IN_VERSION.to_owned(), rules))
        });
        Arc::clone(&LEXICON)
    }

    /// The built-in rows with the office's own on top of them, the heading row first.
    pub fn with_rows(rows: &[Row]) -> Result<Self, Vec<LexiconProblem>> {
        let own = row::read(rows)?;
        let mut rules = Self::built_in().rules.clone();
        let mut problems = Vec::new();
        for off in own.iter().filter(|rule| rule.kind == RowKind::Off) {
            for form in &off.find {
                if !switch_off(&mut rules, form) {
                    let kind = LexiconProblemKind::NothingToSwitchOff;
                    problems.push(LexiconProblem { line: off.line, column: Column::Find, value: form.clone(), kind });
                }
            }
        }
        if !problems.is_empty() {
            return Err(problems);
        }
        let mut digest = Sha256::new();
        for row in rows {
            digest.update(row.cells.join("\t").as_bytes());
            digest.update(b"\n");
        }
        let own_version: String = hex(&digest.finalize()).chars().take(8).collect();
        rules.extend(own.into_iter().filter(|rule| rule.kind != RowKind::Off));
        Ok(Self::build(format!("{BUILT_IN_VERSION}+{own_version}"), rules))
    }

    /// Which rows these are: the built-in ones, and a digest of the office's own.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.version
    }

    /// How many rows there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rules.len()
    }

    /// Whether there is no row at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    fn build(version: String, rules: Vec<Rule>) -> Self {
        let mut patterns = BTreeMap::<String, Vec<Role>>::new();
        let mut add = |form: &str, role: Role| {
            let form = fold_word(form);
            if !form.is_empty() {
                let roles = patterns.entry(form).or_default();
                if !roles.contains(&role) {
                    roles.push(role);
                }
            }
        };
        let mut contexts = Vec::new();
        let mut titles = HashMap::new();
        for (number, rule) in rules.iter().enumerate() {
            contexts.push(rule.context.iter().map(|word| fold_word(word)).collect());
            match rule.kind {
                RowKind::Word | RowKind::Name | RowKind::Wording => {
                    for form in &rule.find {
                        add(form, Role::Wrong(number));
                    }
                    // A right form may hold a wrong one; whoever writes it is right.
                    for form in row::forms(&rule.right) {
                        add(&form, Role::Allowed);
                    }
                }
                RowKind::Allow => {
                    for form in &rule.find {
                        add(form, Role::Allowed);
                    }
                }
                RowKind::Title => {
                    for form in &rule.find {
                        add(form, Role::Person(number));
                    }
                    let allowed = row::forms(&rule.right);
                    for title in &allowed {
                        add(title, Role::Title);
                    }
                    titles.insert(number, allowed.iter().map(|title| fold_word(title)).collect());
                }
                RowKind::Order => {
                    for (rank, item) in rule.find.iter().enumerate() {
                        add(item, Role::Item(number, rank));
                    }
                }
                RowKind::Off => {}
            }
        }
        let (patterns, roles): (Vec<String>, Vec<Vec<Role>>) = patterns.into_iter().unzip();
        // Patterns are bounded in number and length, so the automaton can be built.
        let automaton = AhoCorasick::new(&patterns).ok();
        Self { version, rules, automaton, roles, contexts, titles }
    }
}

/// Takes a form out of the rules; `false` when none has it.
fn switch_off(rules: &mut Vec<Rule>, form: &str) -> bool {
    let form = fold_word(form);
    let mut found = false;
    for rule in rules.iter_mut() {
        let before = rule.find.len();
        rule.find.retain(|own| fold_word(own) != form);
        found |= rule.find.len() != before;
    }
    // An order that lost an item is another order; two items still are one.
    rules.retain(|rule| !rule.find.is_empty() && (rule.kind != RowKind::Order || rule.find.len() > 1));
    found
}

/// The built-in file has no quoted cells: a comma always separates.
fn built_in_rows() -> Vec<Row> {
    BUILT_IN
        .lines()
        .enumerate()
        .filter(|(_, line)| !line.trim().is_empty() && !line.starts_with('#'))
        .map(|(at, line)| Row { line: at + 1, cells: line.split(',').map(str::to_owned).collect() })
        .collect()
}

#[cfg(test)]
mod tests;
