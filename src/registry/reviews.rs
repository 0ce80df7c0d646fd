//! Review records (发布审核记录) from a unit's file.

use std::path::Path;

use chrono_tz::Tz;

use super::columns::{Cells, Column, read_sheet};
use super::problem::{ProblemKind, Sheet};
use super::table::{FileError, Limits};
use super::values;
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

impl Column for ReviewColumn {
    fn parse(heading: &str) -> Option<Self> {
        Self::parse(heading)
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
/// A missing reviewer or time is no problem of the file: it is what the review check looks for.
pub fn read_reviews(path: &Path, zone: Tz) -> Result<Sheet<ReviewRecord>, FileError> {
    read_reviews_within(path, zone, Limits::OFFICE)
}

/// [`read_reviews`] of a file that holds no more than `limits`.
pub fn read_reviews_within(path: &Path, zone: Tz, limits: Limits) -> Result<Sheet<ReviewRecord>, FileError> {
    read_sheet(path, limits, &[ReviewColumn::AccountId], |cells| read_record(cells, zone))
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
