//! 问题清单, `issues.xlsx`: every issue found, or found again, in the round.

use rust_xlsxwriter::XlsxError;

use super::ReportError;
use super::sheet::{Cell, Column, add_notes, add_table, workbook};
use super::wording::{clip, last, minute, rehearsal};
use crate::domain::bulletin::Dataset;
use crate::domain::issue::{EventKind, Issue};

const COLUMNS: [Column; 29] = [
    ("编号", 6.0),
    ("发现批次", 8.0),
    ("发现时间", 10.5),
    ("监测时间点", 15.5),
    ("账号名称", 17.0),
    ("账号编号", 10.0),
    ("平台", 11.0),
    ("主办单位", 16.0),
    ("问题类别", 12.0),
    ("性质", 9.0),
    ("依据", 20.0),
    ("问题描述", 26.0),
    ("问题对象", 15.0),
    ("证据链接", 16.0),
    ("证据哈希", 10.0),
    ("取证时间", 15.5),
    ("核验人", 8.0),
    ("通知时间", 10.5),
    ("签收时间", 10.5),
    ("整改时限", 10.5),
    ("时限是否暂定", 6.0),
    ("整改措施", 16.0),
    ("整改完成时间", 10.5),
    ("复查时间", 10.5),
    ("复查结论", 11.0),
    ("申诉", 13.0),
    ("销号时间", 10.5),
    ("状态", 9.0),
    ("备注", 7.0),
];

pub(super) fn render(dataset: &Dataset) -> Result<Vec<u8>, ReportError> {
    write(dataset).map_err(ReportError::document("issues.xlsx"))
}

fn write(dataset: &Dataset) -> Result<Vec<u8>, XlsxError> {
    let title = format!("{}政务新媒体问题清单{}", dataset.round.name.zh(), rehearsal(dataset));
    let mut book = workbook(dataset, "政务新媒体问题清单");
    add_table(&mut book, "问题清单", &title, &COLUMNS, dataset.issues.iter().map(|issue| cells(dataset, issue)))?;
    add_notes(&mut book, dataset, &["时限标注暂定的，系该时限跨入法定节假日安排尚未公布的年度，公布后重新核定。"])?;
    book.save_to_buffer()
}

fn cells(dataset: &Dataset, issue: &Issue) -> Vec<Cell> {
    let verifier = last(issue, &[EventKind::Opened])
        .and_then(|_| issue.events.iter().find(|event| event.kind == EventKind::Opened))
        .map_or("", |event| if event.actor == "xuncha" { "系统判定" } else { &event.actor });
    let notified = last(issue, &[EventKind::Notified]).map(|(at, ..)| at);
    let measures = last(issue, &[EventKind::Rectified]).map_or(String::new(), |(_, _, note)| note);
    let recheck = last(issue, &[EventKind::Rechecked, EventKind::Rejected, EventKind::Closed]);
    let verdict = recheck.as_ref().map_or(String::new(), |(_, kind, note)| {
        let word = match kind {
            EventKind::Closed => "通过",
            EventKind::Rejected => "未通过，退回",
            _ => "已复查",
        };
        if note.is_empty() { word.to_owned() } else { format!("{word}：{note}") }
    });
    let again = issue.round != dataset.round.name;
    vec![
        Cell::Number(u64::try_from(issue.id).unwrap_or_default()),
        Cell::text(issue.round.to_string()),
        Cell::Day(Some(issue.opened_at)),
        Cell::Time(Some(issue.as_of)),
        Cell::text(&issue.account),
        Cell::text(issue.account_id.as_str()),
        Cell::text(issue.platform.zh()),
        Cell::text(&issue.unit),
        Cell::text(issue.indicator.zh()),
        Cell::text(issue.class.zh()),
        Cell::text(format!("{} {}", issue.rule.document, issue.rule.clause).trim()),
        Cell::text(&issue.summary),
        Cell::text(&issue.subject),
        Cell::Link(issue.evidence.url.clone()),
        Cell::Code(clip(issue.evidence.sha256.as_deref().unwrap_or_default(), 64)),
        Cell::Time(issue.evidence.fetched_at),
        Cell::text(verifier),
        Cell::Day(notified),
        Cell::Day(issue.acknowledged_at),
        Cell::Day(issue.due_at),
        Cell::text(if issue.due_provisional { "暂定" } else { "" }),
        Cell::text(measures),
        Cell::Day(issue.rectified_at),
        Cell::Day(recheck.map(|(at, ..)| at)),
        Cell::text(verdict),
        Cell::text(appeal(issue)),
        Cell::Day(issue.closed_at),
        Cell::text(issue.status.zh()),
        Cell::text(if again { "本期再次发现" } else { "" }),
    ]
}

/// The last appeal and what became of it.
fn appeal(issue: &Issue) -> String {
    let Some((at, _, why)) = last(issue, &[EventKind::Appealed]) else { return String::new() };
    let outcome = issue
        .events
        .iter()
        .rev()
        .take_while(|event| event.kind != EventKind::Appealed)
        .find(|event| matches!(event.kind, EventKind::Upheld | EventKind::Revoked))
        .map_or("待裁定", |event| event.kind.zh());
    format!("{}申诉：{why}（{outcome}）", minute(at))
}
