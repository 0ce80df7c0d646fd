//! What is wrong with a row, where, and what to do.

use std::path::PathBuf;

use super::sent::SentKind;
use super::table::CellFault;
use crate::domain::Lang;
use crate::domain::options::OptionFault;

/// More problems than this are counted, not listed.
const MOST_LISTED: usize = 10_000;

/// What a file held: good rows, each with its line, and problems.
#[derive(Debug, Clone, PartialEq)]
pub struct Sheet<T> {
    /// Rows without a problem, by line.
    pub rows: Vec<(usize, T)>,
    /// What is wrong, by line; at most ten thousand.
    pub problems: Vec<Problem>,
    /// Problems beyond those listed.
    pub unlisted: usize,
    /// What its heading row lacks, and what it has beside.
    pub headings: Headings,
}

/// The heading row of a file against the columns that its kind knows.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Headings {
    /// Columns that the file does not have, by key and in the order of export.
    pub absent: Vec<&'static str>,
    /// Headings that the program does not know.
    pub unknown: Vec<String>,
}

impl<T> Sheet<T> {
    pub(super) fn new() -> Self {
        Self { rows: Vec::new(), problems: Vec::new(), unlisted: 0, headings: Headings::default() }
    }

    /// Whether the whole file may be used.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.problems.is_empty()
    }

    pub(super) fn note(&mut self, problem: Problem) {
        if self.problems.len() < MOST_LISTED {
            self.problems.push(problem);
        } else {
            self.unlisted += 1;
        }
    }
}

/// One thing to correct in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The file.
    pub file: PathBuf,
    /// The line (CSV) or the row of the sheet (XLSX), from 1.
    pub line: usize,
    /// The column's heading as the file writes it; empty where the whole row is meant.
    pub column: String,
    /// The value as written, shortened; `***` for personal data, empty where there is none.
    pub value: String,
    /// What is wrong with it.
    pub kind: ProblemKind,
}

/// What is wrong with a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProblemKind {
    /// Headings that must be there are not.
    MissingHeadings {
        /// Those missing; of each group one would do.
        missing: Vec<Vec<&'static str>>,
        /// The headings there are, shortened.
        found: Vec<String>,
        /// The kind of file that this seems to be instead.
        looks_like: Option<SentKind>,
    },
    /// A heading that is none, and was probably meant to be this one.
    MisnamedHeading(&'static str),
    /// Two columns mean the same.
    DuplicateHeading,
    /// A value in a column without a heading.
    NoHeading,
    /// A value that must be there is not.
    Missing,
    /// A review record without both link and title.
    NoPost,
    /// The same id stands in an earlier line, or in an earlier file of the same import.
    DuplicateId {
        /// That line.
        first: usize,
        /// That file, when it is another one.
        file: Option<PathBuf>,
    },
    /// A word that the closed vocabulary does not know.
    UnknownWord {
        /// What may be written, in Chinese.
        zh: String,
        /// What may be written, as keys.
        en: String,
    },
    /// No date, or one that does not exist.
    BadDate,
    /// No time, or one that does not exist.
    BadTime,
    /// Neither yes nor no.
    BadFlag,
    /// Not a whole number.
    BadNumber,
    /// Not a JSON object.
    BadOptions,
    /// An option that the adapter does not know, or that holds what it must not.
    BadOption(OptionFault),
    /// Not an http(s) address.
    BadUrl,
    /// A line break or an invisible character.
    Control,
    /// Longer than this many characters.
    TooLong(usize),
    /// More than this many links.
    TooMany(usize),
    /// A formula, at this address of the sheet.
    Formula(String),
    /// An error value, at this address of the sheet.
    ErrorValue(String),
    /// A value that this kind of row has no use for.
    NotForThisRow,
    /// A verdict that has to say what was seen.
    NoteMissing,
    /// Seen before it was published.
    CheckedTooEarly,
    /// A number of which the workbook kept only 15 digits, at this address of the sheet.
    LostDigits(String),
}

impl From<CellFault> for ProblemKind {
    fn from(fault: CellFault) -> Self {
        match fault {
            CellFault::Formula(at) => Self::Formula(at),
            CellFault::ErrorValue(at) => Self::ErrorValue(at),
            CellFault::LostDigits(at) => Self::LostDigits(at),
            CellFault::TooLong => Self::TooLong(super::table::LONGEST_CELL),
        }
    }
}

impl Problem {
    /// One sentence: file, line, column, value, what is wrong, the way out.
    #[must_use]
    pub fn text(&self, lang: Lang) -> String {
        let Self { line, column, value, .. } = self;
        let file = self.file.display();
        let (zh, en) = self.kind.text();
        if column.is_empty() {
            return match lang {
                Lang::Zh => format!("{file}: 第 {line} 行{zh}"),
                Lang::En => format!("{file}: line {line}: {en}"),
            };
        }
        match (lang, value.is_empty()) {
            (Lang::Zh, true) => format!("{file}: 第 {line} 行“{column}”{zh}"),
            (Lang::Zh, false) => format!("{file}: 第 {line} 行“{column}”：“{value}”{zh}"),
            (Lang::En, true) => format!("{file}: line {line}, {column}: {en}"),
            (Lang::En, false) => format!("{file}: line {line}, {column}: `{value}` {en}"),
        }
    }
}

impl ProblemKind {
    fn text(&self) -> (String, String) {
        let (zh, en) = match self {
            Self::MissingHeadings { missing, found, looks_like } => {
                return missing_headings(missing, found, *looks_like);
            }
            Self::MisnamedHeading(meant) => {
                return (
                    format!("不是规定的列名，是否应为“{meant}”？请改正列名"),
                    format!("is no known heading; if `{meant}` is meant, correct it"),
                );
            }
            Self::DuplicateHeading => ("这一列出现了两次，请只留一列", "this column stands twice; keep one"),
            Self::NoHeading => (
                "所在列没有表头；请补表头，或检查是否有多余的逗号",
                "stands in a column without a heading; add one, or look for a comma too many",
            ),
            Self::Missing => {
                ("不能为空，请填写（合并的单元格请先拆分）", "must not be empty; fill it in (split merged cells first)")
            }
            Self::NoPost => ("与标题不能都为空，请至少填写一项", "and the title must not both be empty; fill in one"),
            Self::DuplicateId { first, file } => {
                let file = file.as_ref().map_or_else(|| " ".to_owned(), |file| format!(" {} ", file.display()));
                return (
                    format!("与{}第 {first} 行重复，编号必须唯一，请修改或删除其中一行", file.trim_end()),
                    format!("stands in{file}line {first} already; ids are unique, change or remove one of the two"),
                );
            }
            Self::UnknownWord { zh, en } => return (format!("无法识别，请填写：{zh}"), format!("is not one of: {en}")),
            Self::BadDate => {
                ("无法识别为真实存在的日期，请写作 2026-11-20", "cannot be read as a real date; write it as 2026-11-20")
            }
            Self::BadTime => (
                "无法识别为真实存在的时间，请写作 2026-11-20 09:30",
                "cannot be read as a real time; write it as 2026-11-20 09:30",
            ),
            Self::BadFlag => ("应为“是”或“否”", "must be yes or no (是, 否, true, false)"),
            Self::BadNumber => ("应为非负整数，如 12000", "must be a whole number like 12000"),
            Self::BadOptions => {
                (r#"应为 JSON 对象，如 {"item": "li.news"}"#, r#"must be a JSON object like {"item": "li.news"}"#)
            }
            Self::BadOption(fault) => return (format!("有误：{}", fault.zh()), format!("will not do: {}", fault.en())),
            Self::BadUrl => (
                "不是完整的网址，应以 http:// 或 https:// 开头",
                "is not a full address; it begins with http:// or https://",
            ),
            Self::Control => (
                "含有换行或不可见字符，请删除后重新填写（也可能是引号没有闭合）",
                "contains a line break or an invisible character; remove it (or close an open quotation mark)",
            ),
            Self::TooLong(limit) => {
                return (format!("过长，最多 {limit} 个字符"), format!("is too long; at most {limit} characters"));
            }
            Self::TooMany(limit) => {
                return (format!("链接过多，最多 {limit} 个"), format!("has too many links; at most {limit}"));
            }
            Self::NotForThisRow => ("只用于“内容更新”行，请删除", "is for rows on updates alone; remove it"),
            Self::NoteMissing => (
                "不能为空：结论为“违规”或“无法判定”时，请写明看到的情况",
                "must say what was seen where the verdict is a violation or could not be judged",
            ),
            Self::CheckedTooEarly => {
                ("早于最新发布时间，请核对两栏", "lies before the newest post; correct one of the two")
            }
            Self::Formula(at) => {
                return (
                    format!("单元格 {at} 是公式，请“选择性粘贴为数值”后再导入"),
                    format!("cell {at} is a formula; paste it as a value first"),
                );
            }
            Self::ErrorValue(at) => {
                return (format!("单元格 {at} 是错误值，请更正"), format!("cell {at} is an error value; correct it"));
            }
            Self::LostDigits(at) => {
                return (
                    format!("单元格 {at} 的数字超过 15 位，已被表格软件舍入，请设为文本格式后重新填写"),
                    format!(
                        "cell {at} holds a number of more than 15 digits, already rounded; format it as text and enter it again"
                    ),
                );
            }
        };
        (zh.to_owned(), en.to_owned())
    }
}

fn missing_headings(missing: &[Vec<&str>], found: &[String], looks_like: Option<SentKind>) -> (String, String) {
    let list = |or: &str, etc: &str, and: &str| {
        let name = |group: &Vec<&str>| match group.as_slice() {
            [one, _, _, ..] => format!("{one}{etc}"),
            few => few.join(or),
        };
        missing.iter().map(name).collect::<Vec<_>>().join(and)
    };
    let (zh_command, en_command) = match looks_like {
        Some(SentKind::Accounts) => (
            "这像是基本信息库，请用 xuncha accounts import 导入",
            "a registry, it seems: import it by xuncha accounts import",
        ),
        Some(SentKind::Reviews) => (
            "这像是审核记录，请用 xuncha reviews import 导入",
            "review records, it seems: import them by xuncha reviews import",
        ),
        Some(SentKind::Worksheet) => (
            "这像是人工核查表，请用 xuncha round record 导入",
            "a worksheet, it seems: import it by xuncha round record",
        ),
        Some(SentKind::Other) | None => {
            ("请补上所缺的列，或核对是否选错了文件", "add them, or look whether this is the right file")
        }
    };
    let zh = format!("表头缺少：{}；现有：{}。{zh_command}", list("或", "等", "、"), found.join("、"));
    let en =
        format!("the heading row lacks {}; it has {}. {en_command}", list(" or ", " etc.", ", "), found.join(", "));
    (zh, en)
}
