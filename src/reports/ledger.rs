//! 监管台账, `ledger.xlsx`: every account of the frame, a line each.
//!
//! Internal to the office, and still without contacts: those stay in the registry.

use rust_xlsxwriter::XlsxError;

use super::ReportError;
use super::sheet::{Cell, Column, add_notes, add_table, workbook};
use super::wording::{doubts, problems, rectification, rehearsal, stands, stratum};
use crate::domain::bulletin::{AccountRow, Dataset};
use crate::domain::sample::Always;

const COLUMNS: [Column; 27] = [
    ("序号", 5.0),
    ("主办单位", 17.0),
    ("主管单位", 16.0),
    ("单位层级", 8.0),
    ("平台", 11.0),
    ("账号名称", 18.0),
    ("账号编号", 10.0),
    ("认证主体", 14.0),
    ("认证状态", 8.0),
    ("代表主体", 6.0),
    ("粉丝数", 8.0),
    ("备案编号", 10.0),
    ("备案日期", 11.0),
    ("运维方式", 8.0),
    ("运维单位", 11.0),
    ("抽样层", 12.0),
    ("是否列入重点关注", 8.0),
    ("本期是否抽中", 7.0),
    ("入选原因", 9.0),
    ("检查时间", 15.5),
    ("最后更新时间", 15.5),
    ("结果", 9.0),
    ("存在问题", 28.0),
    ("问题数", 6.0),
    ("整改状态", 12.0),
    ("疑似及无法判定", 20.0),
    ("备注", 9.0),
];

pub(super) fn render(dataset: &Dataset) -> Result<Vec<u8>, ReportError> {
    write(dataset).map_err(ReportError::document("ledger.xlsx"))
}

fn write(dataset: &Dataset) -> Result<Vec<u8>, XlsxError> {
    let title = format!("{}政务新媒体监管台账{}", dataset.round.name.zh(), rehearsal(dataset));
    let mut book = workbook(dataset, "政务新媒体监管台账");
    let rows = dataset.accounts.iter().enumerate().map(|(n, row)| cells(dataset, n + 1, row));
    add_table(&mut book, "监管台账", &title, &COLUMNS, rows)?;
    add_notes(
        &mut book,
        dataset,
        &["疑似问题须经人工核实后方可认定，不得对外通报。", "联系人等个人信息不列入本表，见基本信息库。"],
    )?;
    book.save_to_buffer()
}

fn cells(dataset: &Dataset, number: usize, row: &AccountRow) -> Vec<Cell> {
    let account = &row.facts;
    let member = account.member.as_ref();
    let yes = |value: bool| Cell::text(if value { "是" } else { "否" });
    let extra = |heading: &str| Cell::maybe(account.extra.get(heading).map(String::as_str));
    let mut remarks = Vec::new();
    if account.newcomer {
        remarks.push("冻结后新开设");
    }
    if !row.overturned.is_empty() {
        remarks.push("有问题经申诉或核实后撤销");
    }
    vec![
        Cell::Number(number as u64),
        Cell::text(&account.unit),
        Cell::maybe(account.supervising_unit.as_deref()),
        Cell::maybe(account.unit_tier.map(crate::domain::account::UnitTier::zh)),
        Cell::text(account.platform.zh()),
        Cell::text(&account.name),
        Cell::text(account.account_id.as_str()),
        Cell::maybe(account.certified_subject.as_deref()),
        extra("认证状态"),
        yes(account.represents_government),
        account.followers.map_or(Cell::Time(None), Cell::Number),
        Cell::maybe(account.filing_no.as_deref()),
        extra("备案日期"),
        extra("运维方式"),
        extra("运维单位"),
        Cell::text(stratum(&account.stratum)),
        yes(account.always == Some(Always::WatchList)),
        yes(member.is_some()),
        Cell::maybe(member.map(|m| m.reason.zh())),
        Cell::Time(member.and_then(|m| m.looked_at)),
        Cell::Time(member.and_then(|m| m.newest_at)),
        Cell::maybe(row.result.map(crate::domain::bulletin::AccountResult::zh)),
        Cell::text(problems(row)),
        Cell::Number(row.issues.iter().filter(|id| stands(dataset, **id)).count() as u64),
        Cell::text(rectification(dataset, row)),
        Cell::text(doubts(row)),
        Cell::text(remarks.join("；")),
    ]
}
