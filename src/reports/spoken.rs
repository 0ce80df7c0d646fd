//! The dataset in the language of a paper: findings keep their sentence in the office's language.

use std::borrow::Cow;

use crate::domain::Lang;
use crate::domain::bulletin::Dataset;
use crate::domain::sentences::{has_han, in_language};

/// The dataset whose stored sentences are in that language; figures and rows are the same.
///
/// What no check says stays in the language in which it was written, and is marked `[original]` in an English paper.
pub(super) fn spoken(dataset: &Dataset, lang: Lang) -> Cow<'_, Dataset> {
    if !texts(dataset).any(|text| is_foreign(text, lang)) {
        return Cow::Borrowed(dataset);
    }
    let mut said = dataset.clone();
    let verdicts =
        said.accounts.iter_mut().filter_map(|row| row.facts.member.as_mut()).flat_map(|member| &mut member.verdicts);
    verdicts.for_each(|verdict| say(&mut verdict.summary, lang));
    for issue in &mut said.issues {
        say(&mut issue.summary, lang);
        issue.events.iter_mut().for_each(|event| say(&mut event.note, lang));
    }
    Cow::Owned(said)
}

fn texts(dataset: &Dataset) -> impl Iterator<Item = &String> {
    let members = dataset.accounts.iter().filter_map(|row| row.facts.member.as_ref());
    let issues = dataset.issues.iter();
    let notes = issues.flat_map(|issue| issue.events.iter().map(|event| &event.note).chain([&issue.summary]));
    members.flat_map(|member| member.verdicts.iter().map(|verdict| &verdict.summary)).chain(notes)
}

/// Whether a text may be in the other language.
fn is_foreign(text: &str, lang: Lang) -> bool {
    match lang {
        Lang::En => has_han(text),
        Lang::Zh => text.contains(' ') && text.starts_with(|c: char| c.is_ascii()),
    }
}

fn say(text: &mut String, lang: Lang) {
    if !is_foreign(text, lang) {
        return;
    }
    if let Some(said) = in_language(text, lang) {
        *text = said;
    } else if lang == Lang::En && in_language(text, Lang::Zh).is_none() {
        *text = format!("[original] {text}");
    }
}
