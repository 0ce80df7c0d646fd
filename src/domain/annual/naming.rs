//! What the figures of a year are called.

use super::{UNIT_COLUMNS, Why};
use crate::domain::Lang;

/// A figure's name in words: `unit.云溪县教育局.closed` is `云溪县教育局：已销号`.
///
/// A part that no vocabulary knows stays as it is.
#[must_use]
pub fn describe(name: &str, lang: Lang) -> String {
    let pick = |zh: &'static str, en: &'static str| if lang == Lang::Zh { zh } else { en };
    let join = |one: &str, two: &str| match lang {
        Lang::Zh => format!("{one}：{two}"),
        Lang::En => format!("{one}: {two}"),
    };
    let column = |key: &str| {
        let known = UNIT_COLUMNS.iter().find(|(name, ..)| *name == key);
        known.map_or_else(|| key.to_owned(), |(_, zh, en, _)| pick(zh, en).to_owned())
    };
    let why = |key: &str| Why::parse(key).map_or_else(|| key.to_owned(), |why| why.name(lang).to_owned());
    match name.split_once('.') {
        Some(("total", key)) => join(pick("全部单位", "All units"), &column(key)),
        Some(("unit", rest)) => rest.rsplit_once('.').map_or(name.to_owned(), |(unit, key)| join(unit, &column(key))),
        Some(("round", rest)) => match rest.split_once('.') {
            Some((round, "frame")) => join(round, pick("抽样框账号", "accounts of the frame")),
            Some((round, "drawn")) => join(round, pick("检查账号", "accounts drawn")),
            _ => name.to_owned(),
        },
        Some(("merge", key)) => join(pick("建议整合", "Proposed for merging"), &why(key)),
        Some(("close", key)) => join(pick("建议关停", "Proposed for closing"), &why(key)),
        _ => name.to_owned(),
    }
}
