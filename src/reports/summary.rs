//! The sheets 汇总 (tables of the dataset's figures with charts over them) and 说明 (which round, how counted).

use std::collections::BTreeMap;

use rust_xlsxwriter::{ChartType, Workbook, XlsxError};

use page::{BAD, NONE, OK, Page, Paint, RATE, WATCH};

pub(super) use notes::add_notes;

use super::certificate::looks_at_all;
use super::words::{Tone, Words};
use crate::domain::bulletin::{Age, Dataset, Figure, has_fallen, is_problem};
use crate::domain::issue::IssueStatus;
use crate::domain::round::RoundName;
use crate::domain::rule::{Class, Indicator};

mod notes;
mod page;

/// Headings of a breakdown of accounts after the first.
const COLUMNS: [(&str, &str); 9] = [
    ("抽样框", "Frame"),
    ("检查", "Drawn"),
    ("已判定", "Judged"),
    ("合格", "Qualified"),
    ("存在问题", "Problems"),
    ("不合格", "Failed"),
    ("无法判定", "Not judged"),
    ("尚未检查", "Pending"),
    ("合格率", "Pass rate"),
];

/// The summary of the ledger: accounts by platform, tier, reason, silence and indicator.
pub(super) fn add_accounts(book: &mut Workbook, dataset: &Dataset, words: Words) -> Result<(), XlsxError> {
    let mut page = Page::new(book, dataset, words, &[8.0, 8.0, 8.0, 8.0, 8.0, 8.0, 8.0, 8.0, 16.0])?;
    let tables = &dataset.breakdowns;
    page.tallies(words, "total", words.pick("总体", "Overall"), std::slice::from_ref(&tables.total))?;
    let platform = page.tallies(words, "platform", words.pick("平台", "Platform"), &tables.platform)?;
    let tier = page.tallies(words, "unit_tier", words.pick("单位层级", "Unit tier"), &tables.unit_tier)?;
    if !looks_at_all(dataset) {
        page.tallies(words, "reason", words.pick("入选原因", "Why drawn"), &tables.reason)?;
    }
    let ages: Vec<(String, Vec<usize>)> = Age::ALL
        .iter()
        .map(|age| (age.name(words.0).to_owned(), vec![dataset.count(&format!("silence.{age}"))]))
        .collect();
    let silence = words.pick("最后更新距监测时间点", "Newest post before the monitoring time");
    let results = [
        (words.pick("合格", "Qualified"), 4, OK),
        (words.pick("存在问题", "Problems"), 5, WATCH),
        (words.pick("不合格", "Failed"), 6, BAD),
        (words.pick("无法判定", "Not judged"), 7, NONE),
        (words.pick("尚未检查", "Pending"), 8, Paint::plain(0x00E7_EAEE)),
    ];
    page.chart(ChartType::BarStacked, words.pick("各平台检查结果（个）", "Results by platform"), &platform, &results)?;
    page.chart(ChartType::BarStacked, words.pick("各层级单位检查结果（个）", "Results by unit tier"), &tier, &results)?;
    let accounts = words.pick("账号", "Accounts");
    let ages = page.table(&[silence, accounts], &ages, 1)?;
    page.gap()?;
    page.chart(ChartType::Column, silence, &ages, &[(accounts, 1, OK)])?;
    let heading = [
        words.pick("检查指标（检查项）", "Indicator (findings)"),
        words.pick("合计", "Total"),
        words.pick("合规", "Compliant"),
        words.pick("违规", "Violation"),
        words.pick("疑似", "Suspected"),
        words.pick("无法判定", "Not judged"),
    ];
    let looked = tables.indicators.iter().filter(|t| t.total > 0);
    let rows: Vec<_> = looked
        .map(|t| (t.indicator.name(words.0).to_owned(), vec![t.total, t.pass, t.fail, t.suspected, t.unverified]))
        .collect();
    page.table(&heading, &rows, 1)?;
    page.gap()?;
    add_trend(&mut page, dataset, words)?;
    page.finish()
}

/// The most rounds of the trend.
const ROUNDS: usize = 12;

/// The rounds of the same kind up to this one with their pass rates; nothing where it is the only one.
fn add_trend(page: &mut Page, dataset: &Dataset, words: Words) -> Result<(), XlsxError> {
    let all = rounds(dataset);
    let rounds = all.get(all.len().saturating_sub(ROUNDS)..).unwrap_or_default();
    if rounds.len() < 2 {
        return Ok(());
    }
    let heading = [
        words.pick("近期各批次", "Round by round"),
        words.pick("检查", "Drawn"),
        words.pick("已判定", "Judged"),
        words.pick("计入合格", "Passed"),
        words.pick("认定问题", "Problems"),
        words.pick("已销号", "Closed"),
        words.pick("合格率", "Pass rate"),
    ];
    let lines: Vec<_> = rounds
        .iter()
        .map(|line| {
            let judged = line.pass_rate.denominator.unwrap_or_default();
            let numbers = [line.drawn, judged, line.pass_rate.numerator, line.standing, line.closed];
            (words.round(line.name), numbers, &line.pass_rate)
        })
        .collect();
    let of = page.rated(&heading, &lines)?;
    let title = words.pick("近期各批次合格率", "Pass rate, round by round");
    page.chart(ChartType::Column, title, &of, &[(heading[6], 6, RATE)])
}

/// A round among those that came before it, in the numbers that are compared.
pub(super) struct RoundLine {
    pub(super) name: RoundName,
    pub(super) drawn: usize,
    pub(super) pass_rate: Figure,
    pub(super) standing: usize,
    pub(super) closed: usize,
}

/// The earlier rounds of the same kind, oldest first, and the present one last.
pub(super) fn rounds(dataset: &Dataset) -> Vec<RoundLine> {
    let now = RoundLine {
        name: dataset.round.name,
        drawn: dataset.breakdowns.total.drawn,
        pass_rate: dataset.figure("total.pass_rate"),
        standing: dataset.count("issues.problems"),
        closed: dataset.count("issues.problems_closed"),
    };
    let earlier = dataset.earlier.iter().rev().map(|line| RoundLine {
        name: line.name,
        drawn: line.drawn,
        pass_rate: line.pass_rate.clone(),
        standing: line.standing,
        closed: line.closed,
    });
    earlier.chain([now]).collect()
}

/// The summary of the issue list: by class and state, by indicator, day by day.
pub(super) fn add_issues(book: &mut Workbook, dataset: &Dataset, words: Words) -> Result<(), XlsxError> {
    let statuses: Vec<IssueStatus> = IssueStatus::ALL
        .iter()
        .copied()
        .filter(|status| !has_fallen(*status) && dataset.count(&format!("issues.status.{status}")) > 0)
        .collect();
    let mut page = Page::new(book, dataset, words, &vec![8.5; statuses.len().max(3) + 1])?;
    let mut heading = vec![words.pick("性质", "Class"), words.pick("合计", "Total")];
    heading.extend(statuses.iter().map(|status| status.name(words.0)));
    let line = |class: &Class| {
        let mut numbers = vec![dataset.count(&format!("issues.class_standing.{class}"))];
        let cell = |status: &IssueStatus| dataset.count(&format!("issues.class_status.{class}.{status}"));
        numbers.extend(statuses.iter().map(cell));
        (class.name(words.0).to_owned(), numbers)
    };
    let mut rows: Vec<_> = Class::ALL.iter().filter(|class| **class != Class::Advice).map(line).collect();
    let classes = page.table(&heading, &rows, 4)?;
    // Beneath, outside the chart: the total of the problems, and what is none.
    let mut totals = vec![dataset.count("issues.problems")];
    totals.extend((0..statuses.len()).map(|n| rows.iter().filter_map(|(_, cells)| cells.get(n + 1)).sum::<usize>()));
    page.row(words.pick("认定问题合计", "Problems in all"), &totals)?;
    let (name, cells) = line(&Class::Advice);
    page.row(&format!("{name}{}", words.pick("（不计入问题）", " (no problems)")), &cells)?;
    page.row(words.pick("撤销和排除（不计入问题）", "Withdrawn (not counted)"), &[dataset.count("issues.fallen")])?;
    page.gap()?;
    let series: Vec<(&str, u16, Paint)> =
        statuses.iter().enumerate().map(|(n, status)| (status.name(words.0), n as u16 + 2, shade(*status))).collect();
    page.chart(
        ChartType::BarStacked,
        words.pick("各类问题整改状态（个）", "Issues by class and state"),
        &classes,
        &series,
    )?;
    let by_indicator = |indicator: &Indicator| {
        let count = dataset.count(&format!("issues.indicator_problems.{indicator}"));
        (count > 0).then(|| (indicator.name(words.0).to_owned(), vec![count]))
    };
    rows = Indicator::ALL.iter().filter_map(by_indicator).collect();
    rows.sort_by(|a, b| b.1.cmp(&a.1));
    let issues = words.pick("问题", "Problems");
    let indicators = page.table(&[words.pick("问题类别", "Indicator"), issues], &rows, 1)?;
    page.gap()?;
    page.chart(
        ChartType::Bar,
        words.pick("各类别问题数（个）", "Issues by indicator"),
        &indicators,
        &[(issues, 1, OK)],
    )?;
    let kinds = [words.pick("发现", "Found"), words.pick("已整改", "Rectified"), words.pick("已销号", "Closed")];
    let days = over_time(dataset);
    let rows: Vec<_> = days.iter().map(|(day, counts)| (day.clone(), counts.to_vec())).collect();
    let heading = [words.pick("截至日期（累计）", "By the end of (cumulative)"), kinds[0], kinds[1], kinds[2]];
    let days = page.table(&heading, &rows, 1)?;
    let lines = [(kinds[0], 1, BAD), (kinds[1], 2, WATCH), (kinds[2], 3, OK)];
    page.chart(
        ChartType::Line,
        words.pick("整改进度（累计，个）", "Rectification over time (cumulative)"),
        &days,
        &lines,
    )?;
    page.finish()
}

/// A colour of its own for each state, in the family of its tone.
const fn shade(status: IssueStatus) -> Paint {
    match status {
        IssueStatus::Acknowledged => Paint::plain(0x00F7_DD97),
        IssueStatus::Notified => Paint::plain(0x00FB_EFCB),
        IssueStatus::Escalated => Paint::plain(0x007A_1D0C),
        IssueStatus::Appealed => Paint::plain(0x008A_6FB0),
        IssueStatus::Open => Paint::plain(0x00E7_EAEE),
        IssueStatus::Dismissed => Paint::plain(0x008D_96A2),
        other => Paint::of(Tone::of_status(other)),
    }
}

/// Problems found, rectified and closed by the end of each day on which one of them changed.
pub(super) fn over_time(dataset: &Dataset) -> Vec<(String, [usize; 3])> {
    let mut days = BTreeMap::<String, [usize; 3]>::new();
    for issue in dataset.issues.iter().filter(|issue| is_problem(issue)) {
        let closed = issue.closed_at.filter(|_| issue.status == IssueStatus::Closed);
        // Why: what was closed without a report was rectified all the same.
        for (place, at) in [Some(issue.opened_at), issue.rectified_at.or(closed), closed].into_iter().enumerate() {
            let day = at.map(|at| days.entry(at.date()).or_default());
            if let Some(count) = day.and_then(|counts| counts.get_mut(place)) {
                *count += 1;
            }
        }
    }
    let mut sum = [0; 3];
    let add = |(day, counts): (String, [usize; 3])| {
        for (total, count) in sum.iter_mut().zip(counts) {
            *total += count;
        }
        (day, sum)
    };
    days.into_iter().map(add).collect()
}
