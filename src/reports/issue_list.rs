//! 问题清单, `issues.xlsx`: every issue found, or found again, in the round; the evidence of each on
//! a sheet of its own, so that the list itself fits a printed page; a summary with charts; notes.

use rust_xlsxwriter::XlsxError;

use super::sheet::{Cell, Column, add_table, column, workbook};
use super::subject::Subject;
use super::wording::{clip, last};
use super::words::{Tone, Words};
use super::{ReportError, Sink, summary};
use crate::domain::Lang;
use crate::domain::bulletin::{Dataset, Verdict, has_fallen};
use crate::domain::finding::Outcome;
use crate::domain::issue::{EventKind, Issue, IssueStatus};
use crate::domain::privacy::NumberKind;
use crate::domain::rule::Class;

const COLUMNS: [Column; 26] = [
    column("编号", "No.", 5.0),
    column("发现批次", "Round", 7.5).folded(),
    column("发现时间", "Found on", 8.8),
    column("监测时间点", "Monitoring time", 13.5).folded(),
    column("账号名称", "Account", 14.0),
    column("账号编号", "Account id", 8.5).folded(),
    column("平台", "Platform", 8.8),
    column("主办单位", "Unit", 14.0),
    column("问题类别", "Indicator", 10.0),
    column("性质", "Class", 9.5).toned(class_tones),
    column("依据", "Basis", 22.0),
    column("问题描述", "Description", 25.0),
    column("证据", "Proof", 5.5),
    column("核验人", "Verified by", 7.5).filled(),
    column("通知时间", "Notified on", 8.8),
    column("签收时间", "Receipt on", 8.8),
    column("整改时限", "Due on", 8.8),
    column("时限是否暂定", "Not final", 5.0),
    column("整改措施", "What was done", 17.0).filled(),
    column("整改完成时间", "Rectified on", 8.8).dated(),
    column("复查时间", "Rechecked on", 8.8).dated(),
    column("复查结论", "Recheck", 8.0).choice(|w| verdicts(w).to_vec()),
    column("申诉", "Appeal", 12.0),
    column("销号时间", "Closed on", 8.8).dated(),
    column("状态", "Status", 10.0)
        .choice(|w| IssueStatus::ALL.iter().map(|s| s.name(w.0)).collect())
        .toned(status_tones),
    column("备注", "Remarks", 15.0).filled(),
];

const EVIDENCE: [Column; 10] = [
    column("编号", "No.", 6.0),
    column("账号名称", "Account", 18.0),
    column("主办单位", "Unit", 18.0),
    column("问题类别", "Indicator", 12.0),
    column("问题对象", "Subject", 36.0),
    column("证据链接", "Evidence", 40.0),
    column("应答", "Answer", 7.0),
    column("页面摘录", "Excerpt", 40.0),
    column("取证时间", "Fetched", 14.0),
    column("证据哈希", "SHA-256", 50.0),
];

fn verdicts(words: Words) -> [&'static str; 3] {
    [words.pick("通过", "Passed"), words.pick("未通过", "Failed"), words.pick("已复查", "Looked at")]
}

fn class_tones(words: Words) -> Vec<(&'static str, Tone)> {
    vec![(Class::Veto.name(words.0), Tone::Bad), (Class::Prominent.name(words.0), Tone::Watch)]
}

fn status_tones(words: Words) -> Vec<(&'static str, Tone)> {
    IssueStatus::ALL.iter().map(|status| (status.name(words.0), Tone::of_status(*status))).collect()
}

pub(super) fn render(dataset: &Dataset, lang: Lang, out: &mut dyn Sink) -> Result<(), ReportError> {
    write(dataset, Words(lang), out).map_err(ReportError::document("issues.xlsx"))
}

fn write(dataset: &Dataset, words: Words, out: &mut dyn Sink) -> Result<(), XlsxError> {
    let subject = Subject::of(dataset).name(words.0);
    let title = words.title(dataset, &format!("{subject}问题清单"), &format!("Issues of {subject}"));
    let mut book = workbook(dataset, &title);
    let rows = dataset.issues.iter().map(|issue| cells(dataset, words, issue));
    add_table(&mut book, words.pick("问题清单", "Issues"), &title, words, &COLUMNS, rows)?;
    let rows = dataset.issues.iter().map(|issue| evidence(words, issue));
    let proof = words.title(dataset, &format!("{subject}问题证据"), "Evidence of the issues");
    add_table(&mut book, words.pick("证据", "Evidence"), &proof, words, &EVIDENCE, rows)?;
    summary::add_issues(&mut book, dataset, words)?;
    let remarks = [
        (
            "时限标注暂定的，系该时限跨入法定节假日安排尚未公布的年度，公布后重新核定。",
            "A provisional deadline runs into a year whose holidays are not announced yet.",
        ),
        (
            "发现批次、监测时间点、账号编号三栏已折叠，点击列标上方的“＋”展开；证据全文见“证据”表。",
            "Round, monitoring time and account id are folded: press + above the columns. The evidence has a sheet of its own.",
        ),
    ];
    summary::add_notes(&mut book, dataset, words, &remarks)?;
    book.save_to_writer(out)
}

fn cells(dataset: &Dataset, words: Words, issue: &Issue) -> Vec<Cell> {
    let verifier = verifier(dataset, words, issue);
    let notified = last(issue, &[EventKind::Notified]).map(|(at, ..)| at);
    let measures = last(issue, &[EventKind::Rectified]).map_or(String::new(), |(_, _, note)| note);
    let recheck = last(issue, &RECHECKS);
    let mut remarks = Vec::new();
    if let Some((_, _, note)) = recheck.as_ref().filter(|(.., note)| !note.is_empty()) {
        remarks.push(format!("{}{note}", words.pick("复查：", "Recheck: ")));
    }
    let verdict = verdict(words, issue);
    if dataset.is_found_again(issue) {
        remarks.insert(0, words.pick("本期再次发现", "Found again in this round").to_owned());
    } else if issue.round != dataset.round.name && !has_fallen(issue.status) {
        let round = words.round(issue.round);
        remarks.insert(
            0,
            match words.0 {
                Lang::Zh => format!("与{round}检查发现的为同一问题"),
                Lang::En => format!("The same problem as in {round}"),
            },
        );
    }
    vec![
        Cell::Number(u64::try_from(issue.id).unwrap_or_default()),
        Cell::text(issue.round.to_string()),
        Cell::Day(Some(issue.opened_at)),
        Cell::Time(Some(issue.as_of)),
        Cell::text(&issue.account),
        Cell::text(issue.account_id.as_str()),
        Cell::Word(issue.platform.name(words.0)),
        Cell::text(&issue.unit),
        Cell::Word(issue.indicator.name(words.0)),
        Cell::Word(issue.class.name(words.0)),
        Cell::text(format!("{} {}", issue.rule.document, issue.rule.clause).trim()),
        Cell::text(if has_fallen(issue.status) {
            words.pick("原认定已撤销", "withdrawn")
        } else {
            &issue.summary
        }),
        Cell::Link(issue.evidence.url.clone(), Some(words.pick("打开", "Open"))),
        Cell::text(verifier),
        Cell::Day(notified),
        Cell::Day(issue.acknowledged_at),
        Cell::Day(issue.due_at),
        Cell::Word(if issue.due_provisional { words.pick("暂定", "Yes") } else { "" }),
        Cell::text(measures),
        Cell::Day(issue.rectified_at),
        Cell::Day(recheck.as_ref().map(|(at, ..)| *at)),
        Cell::Word(verdict),
        Cell::text(appeal(words, issue)),
        Cell::Day(issue.closed_at),
        Cell::Word(issue.status.name(words.0)),
        Cell::text(words.list(&remarks)),
    ]
}

/// What counts as a recheck.
const RECHECKS: [EventKind; 3] = [EventKind::Rechecked, EventKind::Rejected, EventKind::Closed];

/// What the last recheck came to: one that could not see says neither.
fn verdict(words: Words, issue: &Issue) -> &'static str {
    const BLIND: [&str; 8] = [
        "无法判定",
        "须由人工",
        "链接无法核实",
        "链接异常",
        "could not be judged",
        "a person has to",
        "link not verified",
        "link in trouble",
    ];
    let [passed, failed, looked] = verdicts(words);
    let Some(event) = issue.events.iter().rev().find(|event| RECHECKS.contains(&event.kind)) else { return "" };
    let blind = event.note.trim().is_empty() || BLIND.iter().any(|head| event.note.contains(head));
    match event.kind {
        EventKind::Closed => passed,
        EventKind::Rejected => failed,
        _ if event.passed => passed,
        _ if blind => looked,
        _ => failed,
    }
}

/// Whether a person saw it; the machine's rule on what a person saw says so in its sentence.
fn is_by_hand(verdict: &Verdict) -> bool {
    verdict.reason == "by_hand" || ["人工查看", "seen by a person"].iter().any(|mark| verdict.summary.contains(mark))
}

/// Whose word stands behind an issue: a person who looked, a person who confirmed, the unit itself, or the machine.
fn verifier(dataset: &Dataset, words: Words, issue: &Issue) -> String {
    let rows = dataset.accounts.binary_search_by(|row| row.facts.account_id.cmp(&issue.account_id));
    let row = rows.ok().and_then(|place| dataset.accounts.get(place));
    let mut verdicts = row.into_iter().flat_map(|row| row.verdicts(Outcome::Fail));
    let verdict = verdicts.find(|verdict| verdict.indicator == issue.indicator && verdict.subject == issue.subject);
    match verdict {
        Some(verdict) if verdict.decided => words.pick("人工认定", "a person confirmed").to_owned(),
        Some(verdict) if is_by_hand(verdict) => words.pick("人工核查", "a person looked").to_owned(),
        Some(verdict) if verdict.reason == "self_report" => words.pick("单位自查", "the unit itself").to_owned(),
        _ => match issue.events.iter().find(|event| event.kind == EventKind::Opened) {
            Some(event) if event.actor != crate::ACTOR => event.actor.clone(),
            Some(_) => words.pick("系统判定", "the machine").to_owned(),
            None => String::new(),
        },
    }
}

fn evidence(words: Words, issue: &Issue) -> Vec<Cell> {
    let seen = &issue.evidence;
    let mut excerpt: Vec<String> = seen.snippet.iter().cloned().collect();
    excerpt.extend(seen.numbers.iter().map(|number| in_words(words, number)));
    vec![
        Cell::Number(u64::try_from(issue.id).unwrap_or_default()),
        Cell::text(words.label(&issue.account, issue.platform)),
        Cell::text(&issue.unit),
        Cell::Word(issue.indicator.name(words.0)),
        Cell::text(&issue.subject),
        Cell::Link(seen.url.clone(), None),
        seen.status.map_or(Cell::Time(None), |status| Cell::Number(u64::from(status))),
        Cell::text(words.list(&excerpt)),
        Cell::Time(seen.fetched_at),
        Cell::Code(clip(seen.sha256.as_deref().unwrap_or_default(), 64)),
    ]
}

/// `id_card:510***002X×1` as `身份证号：510***002X×1`.
fn in_words(words: Words, number: &str) -> String {
    let key = number.split([':', '×']).next().unwrap_or_default();
    match NumberKind::parse(key) {
        Some(kind) => number.replacen(key, kind.name(words.0), 1).replacen(':', words.pick("：", ": "), 1),
        None => number.to_owned(),
    }
}

/// The last appeal and what became of it.
fn appeal(words: Words, issue: &Issue) -> String {
    let Some((at, _, why)) = last(issue, &[EventKind::Appealed]) else { return String::new() };
    let outcome = issue
        .events
        .iter()
        .rev()
        .take_while(|event| event.kind != EventKind::Appealed)
        .find(|event| matches!(event.kind, EventKind::Upheld | EventKind::Revoked))
        .map_or(words.pick("待裁定", "pending"), |event| event.kind.name(words.0));
    match words.0 {
        Lang::Zh => format!("{}：{why}（{outcome}）", at.date()),
        Lang::En => format!("{}: {why} ({outcome})", at.date()),
    }
}
