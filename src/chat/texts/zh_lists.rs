//! 清单、待核实事项与报告 in Chinese.

use super::keyboard::{open_queue, queue_buttons, show_buttons};
use super::page::{Line, Page, clip};
use super::press::List;
use super::zh::{day, round_name};
use super::{Doubt, SeenBefore, looks_told};
use crate::domain::Lang;
use crate::domain::finding::{Finding, Outcome};
use crate::domain::issue::Issue;
use crate::domain::round::RoundName;
use crate::store::StoredIssue;

/// One page of a list of issues.
pub(super) fn issues(list: List, issues: &[StoredIssue], from: usize, total: usize, with_unit: bool) -> Page {
    if issues.is_empty() {
        let none =
            if list == List::Overdue { "目前没有逾期的问题。" } else { "目前没有未办结的问题。" };
        return Page::of(Line::of(none));
    }
    let mut title = Line::strong(list.zh()).text(format!("　共 {total} 项"));
    if issues.len() < total {
        title = title.text(format!("，以下为第 {} 至 {} 项", from + 1, from + issues.len()));
    }
    Page::of(title)
        .items(issues.iter().map(|stored| vec![short(&stored.issue, with_unit)]))
        .tail(Line::of("查看详情请点击编号，或发送：问题 编号"))
        .buttons(show_buttons(list, issues, from, total, Lang::Zh))
}

fn short(issue: &Issue, with_unit: bool) -> Line {
    let line = Line::strong(format!("{} 号", issue.id)).text("　");
    let line = if with_unit { line.text(&issue.unit).text(" · ") } else { line };
    let line = line
        .text(format!(
            "{}（{}）　{}〔{}〕　",
            issue.account,
            issue.platform.zh(),
            issue.indicator.zh(),
            issue.class.zh()
        ))
        .text(issue.status.zh());
    match issue.due_at {
        Some(at) => line.text(format!("，时限 {}", day(at, issue.due_provisional))),
        None => line,
    }
}

/// A doubtful finding with what is needed to decide it.
pub(super) fn doubt(doubt: &Doubt) -> Page {
    let finding = &doubt.finding.clone().shown();
    let title = Line::strong(List::Queue.zh()).text(format!("　第 {} / {} 条", doubt.from + 1, doubt.total));
    let mut page = Page::of(title);
    if let Some(before) = &doubt.before {
        page = page.head(decided(before));
    }
    let mut lines = vec![
        Line::strong(format!("{} 号　{}（{}）", finding.id, finding.account, doubt.platform.zh())).text(format!(
            "　{}〔{}〕",
            finding.indicator.zh(),
            finding.class.zh()
        )),
        Line::of("单位：").text(&doubt.unit),
        Line::of("情况：").text(clip(&finding.summary, 500)),
    ];
    let seen = &finding.evidence;
    if let Some(snippet) = seen.snippet.as_ref().filter(|text| !finding.summary.contains(text.as_str())) {
        lines.push(Line::of("原文：").text(clip(snippet, 400)));
    }
    if let Some(url) = seen.url.as_deref().or(Some(finding.subject.as_str()).filter(|subject| subject.contains("://")))
    {
        lines.push(Line::of("链接：").text(clip(url, 500)));
    }
    let looks = looks(&doubt.seen);
    if let Some(evidence) = evidence(finding, if looks.is_none() { doubt.looks } else { 1 }) {
        lines.push(Line::of("证据：").text(evidence));
    }
    lines.extend(looks);
    lines.push(Line::of(format!("依据：{} {}", finding.rule.document, finding.rule.clause)));
    lines.push(Line::of(format!("批次：{}（监测时间点 {}）", finding.round, finding.as_of.minute())));
    page.loose()
        .items([lines])
        .tail(Line::of("请打开链接核实：属实的，即立案并通知主办单位；不属实的，请排除并说明理由。"))
        .buttons(queue_buttons(doubt, Lang::Zh))
}

/// What was seen each time; `None` where one look was all.
pub(super) fn looks(looks: &[SeenBefore]) -> Option<Line> {
    let (again, told) = looks_told(looks, "；")?;
    Some(Line::of(format!("已复看 {again} 次：")).text(told))
}

fn evidence(finding: &Finding, looks: u32) -> Option<String> {
    let seen = &finding.evidence;
    let mut parts = Vec::new();
    if let Some(status) = seen.status {
        parts.push(format!("HTTP {status}"));
    }
    if !seen.chain.is_empty() {
        parts.push(format!("跳转 {} 次", seen.chain.len()));
    }
    if let Some(at) = seen.fetched_at {
        parts.push(format!("{} 采集", at.minute()));
    }
    if looks > 1 {
        parts.push(format!("已查看 {looks} 次"));
    }
    if let Some(hash) = &seen.sha256 {
        parts.push(format!("SHA-256 {}", hash.chars().take(16).collect::<String>()));
    }
    (!parts.is_empty()).then(|| parts.join("，"))
}

/// What was decided of a finding.
pub(super) fn decided(finding: &Finding) -> Line {
    Line::strong(format!("{} 号　{}：", finding.id, finding.account)).text(match finding.outcome {
        Outcome::Fail => "已确认属实。",
        _ => "已排除。",
    })
}

/// Nothing is left to decide.
pub(super) fn queue_empty(before: Option<&Finding>) -> Page {
    let nothing = Line::of("目前没有待核实的事项。");
    match before {
        Some(finding) => Page::of(decided(finding)).head(nothing),
        None => Page::of(nothing),
    }
}

/// A decision that was taken outside the list.
pub(super) fn decided_apart(finding: &Finding) -> Page {
    Page::of(decided(finding)).buttons(open_queue(Lang::Zh))
}

/// The documents follow.
pub(super) fn report(round: RoundName) -> Page {
    Page::of(
        Line::strong(round_name(round)).text("的台账、问题清单、通报稿、检查报告和抽取公证单随后发送，请注意保密。"),
    )
}

/// Under a file.
pub(super) fn caption(file: &str, round: RoundName) -> String {
    let what = match file {
        "ledger.xlsx" => "监管台账",
        "issues.xlsx" => "问题清单",
        "bulletin.docx" => "通报稿",
        "report.html" => "检查报告",
        "certificate.html" => "抽取公证单",
        _ => "清单",
    };
    format!("{}　{what}", round_name(round))
}
