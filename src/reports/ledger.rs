//! 监管台账, `ledger.xlsx`: every account of the frame, a line each; a summary with charts; notes.
//!
//! Internal to the office, and still without contacts: those stay in the registry.

use rust_xlsxwriter::XlsxError;

use super::certificate::looks_at_all;
use super::sheet::{Cell, Column, add_table, column, workbook};
use super::subject::Subject;
use super::wording::{accuses, advises};
use super::words::{Tone, Words};
use super::{ReportError, Sink, summary};
use crate::domain::Lang;
use crate::domain::bulletin::{AccountResult, AccountRow, Dataset};
use crate::domain::sample::{Always, Reason};

const COLUMNS: [Column; 27] = [
    column("序号", "No.", 4.5),
    column("主办单位", "Unit", 16.0),
    column("主管单位", "Supervising unit", 15.0),
    column("单位层级", "Tier", 7.5),
    column("平台", "Platform", 9.5),
    column("账号名称", "Account", 16.0),
    column("账号编号", "Account id", 8.5),
    column("认证主体", "Certified subject", 13.0),
    column("代表主体", "Represents the government", 5.5),
    column("备案编号", "Filing no.", 9.5),
    column("粉丝数", "Followers", 7.5).folded(),
    column("认证状态", "Certification", 7.5)
        .folded()
        .choice(|w| vec![w.pick("已认证", "Certified"), w.pick("未认证", "Not certified")]),
    column("备案日期", "Filed on", 9.5).folded(),
    column("运维方式", "Run by", 7.5)
        .folded()
        .choice(|w| vec![w.pick("自运维", "The unit"), w.pick("委托运维", "A contractor")]),
    column("运维单位", "Operator", 11.0).folded(),
    column("抽样层", "Stratum", 11.0).folded(),
    column("是否列入重点关注", "Watch list", 6.5).choice(|w| vec![w.yes(true), w.yes(false)]),
    column("本期是否抽中", "Drawn", 5.5),
    column("入选原因", "Why drawn", 8.0),
    column("检查时间", "Looked at", 13.5),
    column("最后更新时间", "Newest post", 13.5),
    column("结果", "Result", 9.5).toned(result_tones),
    column("存在问题", "Problems", 30.0),
    column("问题数", "Issues", 5.0),
    column("整改状态", "Rectification", 11.0),
    column("疑似及无法判定", "Doubtful", 20.0),
    column("备注", "Remarks", 10.0).filled(),
];

/// The results in the office's language with their tones.
fn result_tones(words: Words) -> Vec<(&'static str, Tone)> {
    AccountResult::ALL.iter().map(|result| (result.name(words.0), Tone::of_result(*result))).collect()
}

pub(super) fn render(dataset: &Dataset, lang: Lang, out: &mut dyn Sink) -> Result<(), ReportError> {
    write(dataset, Words(lang), out).map_err(ReportError::document("ledger.xlsx"))
}

fn write(dataset: &Dataset, words: Words, out: &mut dyn Sink) -> Result<(), XlsxError> {
    let subject = Subject::of(dataset).name(words.0);
    let title = words.title(dataset, &format!("{subject}监管台账"), &format!("Ledger of {subject}"));
    let mut book = workbook(dataset, &title);
    let rows = dataset.accounts.iter().enumerate().map(|(n, row)| cells(dataset, words, n + 1, row));
    add_table(&mut book, words.pick("监管台账", "Ledger"), &title, words, &COLUMNS, rows)?;
    summary::add_accounts(&mut book, dataset, words)?;
    let remarks = [
        (
            "疑似问题须经人工核实后方可认定，不得对外通报。",
            "What is suspected is decided by a person and published by nobody before.",
        ),
        ("联系人等个人信息不列入本表，见基本信息库。", "Contacts are not listed here; they stay in the registry."),
    ];
    summary::add_notes(&mut book, dataset, words, &remarks)?;
    book.save_to_writer(out)
}

fn cells(dataset: &Dataset, words: Words, number: usize, row: &AccountRow) -> Vec<Cell> {
    let account = &row.facts;
    let member = account.member.as_ref();
    let extra = |heading: &str| Cell::maybe(account.extra.get(heading).map(String::as_str));
    let mut remarks = Vec::new();
    if account.newcomer {
        remarks.push(words.pick("冻结后新开设", "Opened after the freeze").to_owned());
    }
    if !row.overturned.is_empty() {
        remarks.push(words.pick("有问题经申诉或核实后撤销", "A finding fell on appeal or review").to_owned());
    }
    let advice = row.issues.iter().filter(|id| advises(dataset, **id)).count();
    if advice > 0 {
        remarks.push(match words.0 {
            Lang::Zh => format!("另有工作建议{advice}条"),
            Lang::En => format!("{advice} pieces of advice besides"),
        });
    }
    vec![
        Cell::Number(number as u64),
        Cell::text(&account.unit),
        Cell::maybe(account.supervising_unit.as_deref()),
        Cell::maybe(account.unit_tier.map(|tier| tier.name(words.0))),
        Cell::Word(account.platform.name(words.0)),
        Cell::text(&account.name),
        Cell::text(account.account_id.as_str()),
        Cell::maybe(account.certified_subject.as_deref()),
        Cell::Word(words.yes(account.represents_government)),
        Cell::maybe(account.filing_no.as_deref()),
        account.followers.map_or(Cell::Time(None), Cell::Number),
        extra("认证状态"),
        extra("备案日期"),
        extra("运维方式"),
        extra("运维单位"),
        Cell::text(words.stratum(&account.stratum)),
        Cell::Word(words.yes(account.always == Some(Always::WatchList))),
        Cell::Word(words.yes(member.is_some())),
        Cell::Word(match member.map(|m| m.reason) {
            // Why: a round that looks at every account draws nobody.
            Some(Reason::Random) if looks_at_all(dataset) => words.pick("全部检查", "Every account"),
            reason => reason.map_or("", |reason| reason.name(words.0)),
        }),
        Cell::Time(member.and_then(|m| m.looked_at)),
        Cell::Time(member.and_then(|m| m.newest_at)),
        Cell::Word(row.result.map_or("", |result| result.name(words.0))),
        Cell::text(words.problems(row)),
        Cell::Number(row.issues.iter().filter(|id| accuses(dataset, **id)).count() as u64),
        Cell::text(words.rectification(dataset, row)),
        Cell::text(words.doubts(row)),
        Cell::text(words.list(&remarks)),
    ]
}
