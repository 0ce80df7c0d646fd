//! Review records (发布审核记录) from a unit's file.

use std::path::Path;

use chrono_tz::Tz;

use super::columns::{Cells, Column, read_sheet, shown_heading};
use super::problem::{Headings, ProblemKind, Sheet};
use super::sent::SentKind;
use super::table::{FileError, Limits};
use super::values;
use crate::domain::Lang;
use crate::domain::account::{AccountId, Personal};
use crate::domain::keyed::keyed_enum;
use crate::domain::privacy::mask;
use crate::domain::review::{ReviewRecord, ReviewStage};

const LONGEST_NAME: usize = 200;
const LONGEST_TITLE: usize = 500;
const LONGEST_URL: usize = 2_048;

keyed_enum! {
    /// A column of the review file.
    ReviewColumn {
        AccountId = "account_id", "账号编号", "Account id";
        PostUrl = "post_url", "文章链接", "Post URL";
        Title = "title", "标题", "Title";
        FirstReviewer = "first_reviewer", "初审人", "First reviewer";
        FirstAt = "first_at", "初审时间", "First review at";
        SecondReviewer = "second_reviewer", "复审人", "Second reviewer";
        SecondAt = "second_at", "复审时间", "Second review at";
        FinalReviewer = "final_reviewer", "终审人", "Final reviewer";
        FinalAt = "final_at", "终审时间", "Final review at";
    }
}

/// What the stages are called otherwise, with the columns that they have here.
const STAGES: [(&[&str], ReviewColumn, ReviewColumn); 3] = [
    (&["初审", "一审", "first"], ReviewColumn::FirstReviewer, ReviewColumn::FirstAt),
    (&["复审", "二审", "second"], ReviewColumn::SecondReviewer, ReviewColumn::SecondAt),
    (&["终审", "三审", "final"], ReviewColumn::FinalReviewer, ReviewColumn::FinalAt),
];

/// Without one column of each group a file holds no review records. One stage may do: that the
/// others are missing is for the check to say, and for the import to warn of.
const REQUIRED: &[&[ReviewColumn]] = &[
    &[ReviewColumn::AccountId],
    &[ReviewColumn::PostUrl, ReviewColumn::Title],
    &[
        ReviewColumn::FirstReviewer,
        ReviewColumn::FirstAt,
        ReviewColumn::SecondReviewer,
        ReviewColumn::SecondAt,
        ReviewColumn::FinalReviewer,
        ReviewColumn::FinalAt,
    ],
];

impl Column for ReviewColumn {
    const KIND: SentKind = SentKind::Reviews;
    const COLUMNS: &'static [Self] = Self::ALL;

    fn parse(heading: &str) -> Option<Self> {
        Self::parse(heading)
    }

    fn resembling(heading: &str) -> Option<Self> {
        let heading = heading.to_lowercase();
        let has = |words: &[&str]| words.iter().any(|word| heading.contains(word));
        let stage = STAGES.iter().find(|(words, ..)| has(words));
        match stage {
            Some((_, _, at)) if has(&["时间", "日期", "time", "date", "_at"]) => Some(*at),
            Some((words, reviewer, _)) => {
                let is_bare = words.contains(&heading.as_str());
                (is_bare || has(&["人", "员", "者", "签", "name", "reviewer"])).then_some(*reviewer)
            }
            None if has(&["网址", "链接", "url", "link"]) => Some(Self::PostUrl),
            None if has(&["标题", "题目", "title"]) => Some(Self::Title),
            None if heading == "账号" || has(&["账号编", "账号id", "account"]) => Some(Self::AccountId),
            None => None,
        }
    }

    fn key(self) -> &'static str {
        self.key()
    }

    fn heading(self) -> &'static str {
        self.zh()
    }

    fn is_personal(self) -> bool {
        matches!(self, Self::FirstReviewer | Self::SecondReviewer | Self::FinalReviewer)
    }

    fn is_free_text(self) -> bool {
        matches!(self, Self::Title)
    }
}

/// Reads a review file (CSV or XLSX) with every problem it has; times without an offset are the
/// office's, a date alone is its first minute.
///
/// A missing reviewer or time is no problem of the file: it is what the review check looks for. A
/// heading that only looks like a known one is, and so is a file without any stage: what a person
/// wrote under it must not vanish.
pub fn read_reviews(path: &Path, zone: Tz) -> Result<Sheet<ReviewRecord>, FileError> {
    read_reviews_within(path, zone, Limits::OFFICE)
}

/// [`read_reviews`] of a file that holds no more than `limits`.
pub fn read_reviews_within(path: &Path, zone: Tz, limits: Limits) -> Result<Sheet<ReviewRecord>, FileError> {
    read_sheet(path, limits, REQUIRED, |cells| read_record(cells, zone))
}

/// What a person has to know of a file whose heading row lacks a reviewer or a time, or has more than is read.
#[must_use]
pub fn heading_warnings(headings: &Headings, file: &Path, lang: Lang) -> Vec<String> {
    use ReviewColumn as C;
    let file = file.display();
    let mut warnings = Vec::new();
    let absent = headings.absent.iter().filter_map(|key| C::parse(key));
    let absent: Vec<&str> = absent
        .filter(|column| !matches!(column, C::PostUrl | C::Title))
        .map(|column| if lang == Lang::Zh { column.zh() } else { ReviewColumn::key(column) })
        .collect();
    if !absent.is_empty() {
        warnings.push(match lang {
            Lang::Zh => {
                let list = absent.join("、");
                format!("{file}：没有这些列：{list}；按未填写核对，相应文章会判为审核不全，如实际有审核请补列后重新导入")
            }
            Lang::En => {
                let list = absent.join(", ");
                format!("{file}: has no {list}; they count as not filled in, and the posts as not fully reviewed: add the columns and import it again where reviews took place")
            }
        });
    }
    if !headings.unknown.is_empty() {
        let list = |and| headings.unknown.iter().map(|name| shown_heading(name)).collect::<Vec<_>>().join(and);
        warnings.push(match lang {
            Lang::Zh => format!("{file}：这些列无法识别，其内容未导入：{}", list("、")),
            Lang::En => format!("{file}: these columns are not known and were not read: {}", list(", ")),
        });
    }
    warnings
}

fn read_record(cells: &mut Cells<'_, ReviewColumn>, zone: Tz) -> Option<ReviewRecord> {
    use ReviewColumn as C;
    let account_id = cells.required(C::AccountId, LONGEST_NAME);
    let before = cells.problem_count();
    let post_url = cells.parsed(C::PostUrl, LONGEST_URL, values::address);
    let title = cells.text(C::Title, LONGEST_TITLE).map(|title| mask(&title).into_owned());
    if post_url.is_none() && title.is_none() && cells.problem_count() == before {
        cells.note(C::PostUrl, ProblemKind::NoPost);
    }
    let mut stage = |reviewer, at| ReviewStage {
        reviewer: cells.text(reviewer, LONGEST_NAME).map(Personal::new),
        at: cells.parsed(at, LONGEST_NAME, |text| values::time_or_serial(text, zone)),
    };
    let first = stage(C::FirstReviewer, C::FirstAt);
    let second = stage(C::SecondReviewer, C::SecondAt);
    let last = stage(C::FinalReviewer, C::FinalAt);
    Some(ReviewRecord { account_id: AccountId::new(account_id?), post_url, title, first, second, last })
}
