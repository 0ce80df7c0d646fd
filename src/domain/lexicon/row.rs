//! Rows of a lexicon file: what they may say, and what is wrong with those that do not.

use crate::domain::Lang;
use crate::domain::keyed::keyed_enum;

keyed_enum! {
    /// What a row of the lexicon (词库) is about.
    RowKind {
        Word = "word", "错词", "wrong word";
        Name = "name", "名称", "name";
        Wording = "wording", "规范用语", "wording";
        Title = "title", "职务", "title";
        Order = "order", "排序", "order";
        Allow = "allow", "放行", "allowed";
        Off = "off", "停用", "switched off";
    }
}

/// One row as it stands in a file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Row {
    /// Line of the file, from 1.
    pub line: usize,
    /// The cells.
    pub cells: Vec<String>,
}

/// A row that can be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Rule {
    pub(super) line: usize,
    pub(super) kind: RowKind,
    /// What is looked for: wrong forms; for a title the names, for an order the items.
    pub(super) find: Vec<String>,
    /// The right form; for a title those that may stand before the name.
    pub(super) right: String,
    /// One of these has to stand in the same sentence; empty: anywhere.
    pub(super) context: Vec<String>,
    pub(super) note: String,
}

keyed_enum! {
    /// A column of a lexicon file.
    Column {
        Kind = "kind", "类别", "kind";
        Find = "find", "写法", "find";
        Right = "right", "规范写法", "right";
        Context = "context", "语境", "context";
        Note = "note", "依据", "note";
    }
}

/// What is wrong with one row of a lexicon.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LexiconProblem {
    /// Line of the file, from 1.
    pub line: usize,
    /// Which column.
    pub column: Column,
    /// What stands there, shortened.
    pub value: String,
    /// What is wrong.
    pub kind: LexiconProblemKind,
}

/// What can be wrong with a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LexiconProblemKind {
    /// The heading row lacks the column.
    NoColumn,
    /// A heading that is none of the columns.
    UnknownColumn,
    /// A kind that is not known.
    UnknownKind,
    /// Nothing is to be looked for.
    Missing,
    /// A form of a single character would be found everywhere.
    TooShort,
    /// Longer than a phrase.
    TooLong,
    /// The right form is missing.
    NoRight,
    /// The right form is the wrong one.
    SameAsRight,
    /// An order of fewer than two items.
    TooFew,
    /// Nothing in the built-in lexicon answers to it.
    NothingToSwitchOff,
    /// More rows than a lexicon may have.
    TooMany,
}

impl LexiconProblem {
    /// One sentence: line, column, what is wrong, the way out.
    #[must_use]
    pub fn text(&self, lang: Lang) -> String {
        use LexiconProblemKind as K;
        let Self { line, value, .. } = self;
        let kinds = || RowKind::ALL.iter().map(|k| format!("{}（{}）", k.key(), k.zh())).collect::<Vec<_>>().join("、");
        let (zh, en) = match self.kind {
            K::NoColumn => (
                "缺少这一列，请在表头中补上".to_owned(),
                "this column is missing; add it to the heading row".to_owned(),
            ),
            K::UnknownColumn => (
                "不是词库的列名，请改用 kind、find、right、context、note".to_owned(),
                "is no column of a lexicon; the columns are kind, find, right, context, note".to_owned(),
            ),
            K::UnknownKind => (
                format!("无法识别，请填写：{}", kinds()),
                format!("is not one of: {}", RowKind::ALL.iter().map(|k| k.key()).collect::<Vec<_>>().join(", ")),
            ),
            K::Missing => ("不能为空，请填写".to_owned(), "must not be empty; fill it in".to_owned()),
            K::TooShort => (
                "只有一个字，会处处命中，请写成词语".to_owned(),
                "is a single character and would be found everywhere; write a phrase".to_owned(),
            ),
            K::TooLong => (
                "过长，最多 60 个字，多个写法用“|”分隔".to_owned(),
                "is over 60 characters; separate several forms by `|`".to_owned(),
            ),
            K::NoRight => (
                "不能为空，请填写规范写法，或把类别改为放行、停用".to_owned(),
                "must not be empty: give the right form, or make the row `allow` or `off`".to_owned(),
            ),
            K::SameAsRight => (
                "与规范写法相同，请更正其中一个".to_owned(),
                "is the same as the right form; correct one of the two".to_owned(),
            ),
            K::TooFew => (
                "排序至少要有两项，用“|”分隔，先者在前".to_owned(),
                "an order has at least two items, separated by `|`, the first one first".to_owned(),
            ),
            K::NothingToSwitchOff => (
                "在内置词库中没有，请核对写法，或删除此行".to_owned(),
                "is not in the built-in lexicon; check how it is written, or remove the row".to_owned(),
            ),
            K::TooMany => ("行数过多，请精简词库".to_owned(), "is one row too many; keep the lexicon short".to_owned()),
        };
        let (column_zh, column_en) = (self.column.zh(), self.column.key());
        match (lang, value.is_empty()) {
            (Lang::Zh, true) => format!("第 {line} 行“{column_zh}”{zh}"),
            (Lang::Zh, false) => format!("第 {line} 行“{column_zh}”：“{value}”{zh}"),
            (Lang::En, true) => format!("line {line}, {column_en}: {en}"),
            (Lang::En, false) => format!("line {line}, {column_en}: `{value}` {en}"),
        }
    }
}

/// Rows a lexicon may have.
const MOST_ROWS: usize = 100_000;
/// Characters a form may have.
const LONGEST: usize = 60;
/// Problems that are listed.
const LISTED: usize = 100;

/// Reads rows, the heading row first.
pub(super) fn read(rows: &[Row]) -> Result<Vec<Rule>, Vec<LexiconProblem>> {
    let mut problems = Vec::new();
    let Some((heading, rows)) = rows.split_first() else { return Ok(Vec::new()) };
    let mut columns: Vec<Option<Column>> = Vec::new();
    for cell in &heading.cells {
        let name = cell.trim().trim_start_matches('\u{feff}').to_lowercase();
        let column = Column::ALL.iter().copied().find(|c| c.key() == name || c.zh() == name);
        if column.is_none() && !name.is_empty() {
            problems.push(problem(heading.line, Column::Kind, cell, LexiconProblemKind::UnknownColumn));
        }
        columns.push(column);
    }
    for needed in [Column::Kind, Column::Find] {
        if !columns.contains(&Some(needed)) {
            problems.push(problem(heading.line, needed, "", LexiconProblemKind::NoColumn));
        }
    }
    if !problems.is_empty() {
        return Err(problems);
    }
    let mut rules = Vec::new();
    for row in rows {
        if row.cells.iter().all(|cell| cell.trim().is_empty()) || row.cells.first().is_some_and(|c| c.starts_with('#'))
        {
            continue;
        }
        if rules.len() >= MOST_ROWS {
            problems.push(problem(row.line, Column::Kind, "", LexiconProblemKind::TooMany));
            break;
        }
        match read_row(row, &columns) {
            Ok(rule) => rules.push(rule),
            Err(found) => problems.push(found),
        }
        if problems.len() >= LISTED {
            break;
        }
    }
    if problems.is_empty() { Ok(rules) } else { Err(problems) }
}

fn read_row(row: &Row, columns: &[Option<Column>]) -> Result<Rule, LexiconProblem> {
    use LexiconProblemKind as K;
    let cell = |wanted: Column| {
        let at = columns.iter().position(|column| *column == Some(wanted));
        at.and_then(|at| row.cells.get(at)).map_or("", |cell| cell.trim())
    };
    let wrong = |column: Column, value: &str, kind: K| problem(row.line, column, value, kind);
    let word = cell(Column::Kind).to_lowercase();
    let kind = RowKind::ALL
        .iter()
        .copied()
        .find(|k| k.key() == word || k.zh() == word || (word.is_empty() && *k == RowKind::Word));
    let kind = kind.ok_or_else(|| wrong(Column::Kind, &word, K::UnknownKind))?;
    let find = forms(cell(Column::Find));
    let right = cell(Column::Right).to_owned();
    let context = forms(cell(Column::Context));
    if find.is_empty() {
        return Err(wrong(Column::Find, "", K::Missing));
    }
    for (column, form) in
        find.iter().map(|form| (Column::Find, form)).chain(context.iter().map(|form| (Column::Context, form)))
    {
        let length = super::fold_word(form).chars().count();
        if length < 2 {
            return Err(wrong(column, form, K::TooShort));
        }
        if length > LONGEST {
            return Err(wrong(column, form, K::TooLong));
        }
    }
    match kind {
        RowKind::Word | RowKind::Name | RowKind::Wording | RowKind::Title if right.is_empty() => {
            return Err(wrong(Column::Right, "", K::NoRight));
        }
        RowKind::Word | RowKind::Name | RowKind::Wording => {
            let right = super::fold_word(&right);
            if let Some(same) = find.iter().find(|form| super::fold_word(form) == right) {
                return Err(wrong(Column::Find, same, K::SameAsRight));
            }
        }
        RowKind::Order if find.len() < 2 => return Err(wrong(Column::Find, cell(Column::Find), K::TooFew)),
        _ => {}
    }
    Ok(Rule { line: row.line, kind, find, right, context, note: cell(Column::Note).to_owned() })
}

/// The forms of a cell, separated by `|`.
pub(super) fn forms(cell: &str) -> Vec<String> {
    cell.split(['|', '｜']).map(str::trim).filter(|form| !form.is_empty()).map(str::to_owned).collect()
}

fn problem(line: usize, column: Column, value: &str, kind: LexiconProblemKind) -> LexiconProblem {
    LexiconProblem { line, column, value: value.chars().take(40).collect(), kind }
}
