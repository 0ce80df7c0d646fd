//! 年度汇总: `annual.docx`, `annual.xlsx` and `annual.json` out of one [`Year`].
//!
//! Facts and counts a unit, and proposals with their evidence. Nobody is scored or ranked, and nothing is
//! decided here.
//!
//! Decision: no red head, no 发文字号, no 签发 and no 版记. A 汇总 is none of the fifteen kinds of official paper
//! (《党政机关公文处理工作条例》 article 8) and goes to nobody by itself: it is material for the performance
//! assessment, and goes along with a letter or report that has all these. What makes it one of the office's own
//! papers stays: layout of GB/T 9704, 署名, room for the seal, date.

use std::fs;
use std::path::{Path, PathBuf};

use super::docx::{Look, Paper};
use super::subject::Subject;
use super::tongue::{Tongue, capital, many};
use super::{ReportError, annual_book, pdf, write_whole};
use crate::domain::Lang;
use crate::domain::account::AccountStatus;
use crate::domain::annual::{EvidenceRow, Proposal, UNIT_COLUMNS, UnitYear, Why, Year};

/// Lines of an annex before it refers to the workbook.
const LISTED: usize = 2000;

/// Checks the year and writes its documents into `out`, which is created where missing.
///
/// Each file appears whole or not at all; files of an earlier run are replaced. Errors: an
/// imbalance comes before anything is written; a PDF that cannot be made comes after the rest is.
pub fn write_year(year: &Year, out: &Path, lang: Lang, with_pdf: bool) -> Result<Vec<PathBuf>, ReportError> {
    year.check()?;
    let mut json = serde_json::to_vec_pretty(year).map_err(ReportError::document("annual.json"))?;
    json.push(b'\n');
    let files = [
        ("annual.docx", render(year, lang)?),
        ("annual.xlsx", annual_book::render(year, lang)?),
        ("annual.json", json),
    ];
    fs::create_dir_all(out).map_err(|source| ReportError::File { path: out.to_owned(), source })?;
    let mut written = Vec::with_capacity(files.len());
    for (name, bytes) in files {
        let path = out.join(name);
        write_whole(&path, &bytes)?;
        written.push(path);
    }
    if with_pdf {
        written.extend(pdf::convert(&[out.join("annual.docx")], out)?);
    }
    Ok(written)
}

/// The columns of the unit tables on paper; the workbook has them all in one.
const LOOKS: [&str; 6] = ["accounts", "looks", "qualified", "problem", "failed", "unjudged"];
const PROBLEMS: [&str; 7] = ["problems", "veto", "closed", "live", "overdue", "fallen", "advice"];

/// What an annex holds.
#[derive(Clone, Copy)]
enum Annex {
    Units,
    Merge,
    Close,
}

fn render(year: &Year, lang: Lang) -> Result<Vec<u8>, ReportError> {
    let t = Tongue(lang);
    let mut paper = Paper::new(year.generated_at, Look { lang, internal: false });
    opening(&mut paper, year, t);
    overall(&mut paper, year, t);
    proposals(&mut paper, year, t);
    let annexes = annexes(year);
    let title = |annex: Annex| match annex {
        Annex::Units => t.pick("各单位年度情况", "The year by unit"),
        Annex::Merge => t.pick("建议整合账号及依据", "Accounts proposed for merging, with evidence"),
        Annex::Close => t.pick("建议关停账号及依据", "Accounts proposed for closing, with evidence"),
    };
    paper.enclosures(&annexes.iter().map(|annex| title(*annex).to_owned()).collect::<Vec<_>>());
    paper.seal();
    paper.signature(
        t.pick("〔　　署　　名　　〕", "[issuing office]"),
        t.pick("〔　　　　〕年〔　　〕月〔　　〕日", "[date]"),
    );
    for (place, annex) in annexes.into_iter().enumerate() {
        paper.annex(place + 1, title(annex));
        match annex {
            Annex::Units => units(&mut paper, year, t),
            Annex::Merge => evidence(&mut paper, &year.merge, t),
            Annex::Close => evidence(&mut paper, &year.close, t),
        }
    }
    paper.pack().map_err(ReportError::document("annual.docx"))
}

/// The annexes that hold anything.
fn annexes(year: &Year) -> Vec<Annex> {
    let mut annexes = vec![Annex::Units];
    annexes.extend((!year.merge.is_empty()).then_some(Annex::Merge));
    annexes.extend((!year.close.is_empty()).then_some(Annex::Close));
    annexes
}

fn opening(paper: &mut Paper, year: &Year, t: Tongue) {
    let (office, number) = (t.office(&year.office), year.year);
    let subject = Subject::of_platforms(year.accounts.iter().map(|account| account.platform)).name(t.0);
    paper.title_of(
        &[&office],
        &t.say(format!("{number}年度{subject}"), capital(subject)),
        &t.say("监管情况汇总", format!(" in {number}: the year by unit")),
    );
    paper.centred(t.pick("（年度绩效考核参考材料）", "(material for the performance assessment)"));
    paper.blank();
    paper.body(&t.say(
        format!("现将{number}年度{subject}监管情况按单位汇总如下，供年度绩效考核参考。本汇总只列事实和数量，不计分、不排名，单位排列不分先后。"),
        format!("The supervision of {number} by unit, for the performance assessment. It states facts and counts: no score, no ranking; the order of the units means nothing."),
    ));
}

fn overall(paper: &mut Paper, year: &Year, t: Tongue) {
    paper.heading(&t.heading(0, "总体情况", "Overall"));
    let round = |round: &crate::domain::annual::YearRound| {
        let (name, as_of, frame, drawn) = (t.period(round.name), t.day(round.as_of), round.frame, round.drawn);
        t.say(
            format!("{name}（监测时间点{as_of}，检查{drawn}/{frame}个）"),
            format!("{name} (as of {as_of}, {drawn}/{frame} accounts)"),
        )
    };
    let rounds: Vec<String> = year.rounds.iter().map(round).collect();
    let count = rounds.len();
    paper.body(&if count == 0 {
        t.say("本年度没有已判定的季度抽查和半年检查。", "No quarterly or half-year round of the year was judged.")
    } else {
        let named = t.list(&rounds);
        t.say(
            format!("本年度开展季度抽查和半年检查{count}次：{named}。"),
            format!("{count} rounds were held: {named}."),
        )
    });
    let UnitYear { accounts, looks, qualified, problem, failed, unjudged, pending, .. } = year.total;
    let units = year.units.len();
    let closed: Vec<_> = year.accounts.iter().filter(|account| account.status == AccountStatus::Closed).collect();
    let of_closed: usize = closed.iter().map(|account| account.looks.len()).sum();
    let closed = match (closed.len(), of_closed) {
        (0, _) => String::new(),
        (n, 0) => t.say(
            format!("（另有{n}个已关停，不计入在册）"),
            format!(" (not counted: {})", many(n, "closed one", "closed ones")),
        ),
        (n, looks) => t.say(
            format!("（另有{n}个已关停，不计入在册，关停前受检{looks}个次仍计入受检）"),
            format!(
                " (not counted: {}; the {} before that {})",
                many(n, "closed one", "closed ones"),
                many(looks, "look", "looks"),
                if looks == 1 { "is" } else { "are" }
            ),
        ),
    };
    let results = [
        (qualified, "合格", "qualified"),
        (problem, "存在问题", "had problems"),
        (failed, "不合格", "failed"),
        (unjudged, "无法判定", "could not be judged"),
    ];
    let results = t.list(&results.map(|(n, zh, en)| t.say(format!("{zh}{n}个次"), format!("{n} {en}"))));
    let mut text = t.say(
        format!("涉及单位{units}个、在册账号{accounts}个{closed}，受检{looks}个次（一个账号在一次检查中受检，计1个次）：{results}"),
        format!("{units} units have {accounts} accounts{closed}. Of {looks} looks (one account in one round is one look) {results}"),
    );
    if pending > 0 {
        text += &t.say(format!("，尚未检查{pending}个次"), format!(", {pending} are to come"));
    }
    paper.body(
        &(text
            + t.pick(
                "。无法判定的不作为考核依据。",
                ". What could not be judged counts for nobody and against nobody.",
            )),
    );
    paper.body(&problems_of(&year.total, t));
}

/// The problems of the year; what is zero is left out.
fn problems_of(total: &UnitYear, t: Tongue) -> String {
    let UnitYear { problems, closed, closed_in_time, fallen, advice, .. } = *total;
    let some = |parts: &[(usize, &str, &str)]| {
        let part =
            |(n, zh, en): &(usize, &str, &str)| (*n > 0).then(|| t.say(format!("{zh}{n}个"), format!("{n} {en}")));
        t.list(&parts.iter().filter_map(part).collect::<Vec<_>>())
    };
    let mut text = if problems == 0 {
        t.say("全年未认定问题。", "No problems were confirmed.")
    } else {
        let classes = some(&[
            (total.veto, "单项否决", "vetoes"),
            (total.prominent, "突出问题", "prominent"),
            (total.ordinary, "一般问题", "ordinary"),
        ]);
        let in_time = if closed > 0 {
            t.say(format!("（其中按期{closed_in_time}个）"), format!(" ({closed_in_time} in time)"))
        } else {
            String::new()
        };
        let live = total.live;
        let mut text = t.say(
            format!("全年认定问题{problems}个，其中{classes}；已销号{closed}个{in_time}，未办结{live}个"),
            format!("{problems} problems were confirmed: {classes}. {closed} are closed{in_time}, {live} are open"),
        );
        let late = some(&[
            (total.overdue, "曾逾期", "were overdue"),
            (total.escalated, "曾督办", "were escalated"),
            (total.extended, "准予延期", "had more time granted"),
        ]);
        if !late.is_empty() {
            text += &t.say(format!("；{late}"), format!("; {late}"));
        }
        text + t.pick("。", ".")
    };
    let fell =
        some(&[(total.appealed, "申诉", "were appealed"), (fallen, "经申诉或核实后撤销", "fell on appeal or review")]);
    if !fell.is_empty() {
        let out = if fallen > 0 { t.pick("，撤销的不计在内", "; what fell is not counted") } else { "" };
        text += &t.say(format!("{fell}{out}。"), format!(" {fell}{out}."));
    }
    if advice > 0 {
        text += &t.say(
            format!("另提出工作建议{advice}条。"),
            format!(" Besides, {} given.", many(advice, "piece of advice was", "pieces of advice were")),
        );
    }
    text
}

fn proposals(paper: &mut Paper, year: &Year, t: Tongue) {
    paper.heading(&t.heading(1, "清理整合建议", "Merging and closing"));
    let line = |all: &[Proposal]| {
        let part = |why: &Why| {
            let count = all.iter().filter(|proposal| proposal.why == *why).count();
            let reason = reason(*why, t);
            (count > 0).then(|| t.say(format!("{reason}{count}项"), format!("{count} {}", reason.to_lowercase())))
        };
        t.clauses(&Why::ALL.iter().filter_map(part).collect::<Vec<_>>())
    };
    let (merge, close, few) = (year.merge.len(), year.close.len(), year.few_followers);
    if merge + close == 0 {
        paper.last("", &t.say(
            format!("按登记和检查记录，未提出整合或关停建议（粉丝数低于{few}的列为关注度低，未登记粉丝数的不列）。"),
            format!("Registry and rounds speak for merging or closing nothing (little attention: fewer than {few} followers, where known)."),
        ));
        return;
    }
    let said = line(&year.merge);
    paper.body(&match merge {
        0 => t.say("（一）整合：没有建议整合的账号。", "(1) Merging: nothing is proposed."),
        _ => t.say(
            format!("（一）整合：提出建议{merge}项，理由为{said}。粉丝数低于{few}的列为关注度低，未登记粉丝数的不列。"),
            format!("(1) Merging: {} ({said}). Little attention means fewer than {few} followers, where their number is known.", many(merge, "proposal", "proposals")),
        ),
    });
    let said = line(&year.close);
    paper.body(&match close {
        0 => t.say("（二）关停：没有建议关停的账号。", "(2) Closing: nothing is proposed."),
        _ => t.say(
            format!("（二）关停：提出建议{close}项，理由为{said}。"),
            format!("(2) Closing: {} ({said}).", many(close, "proposal", "proposals")),
        ),
    });
    paper.last("", t.pick(
        "以上建议由系统按登记和检查记录提出，依据见附件，是否整合、关停由主管单位会同主办单位研究决定，并按程序备案。",
        "The proposals follow from the registry and the rounds; the evidence is annexed. Whether to merge or close is for the supervising office and the unit to decide, with the filings that go with it.",
    ));
}

/// `无力维护（僵尸账号，或两次以上检查内容不更新）`: a reason inside a sentence.
fn reason(why: Why, t: Tongue) -> String {
    let name = why.name(t.0);
    match name.split_once(t.pick("：", ": ")) {
        Some((head, rest)) => t.say(format!("{head}（{rest}）"), format!("{head} ({rest})")),
        None => name.replace(t.pick("：", ": "), t.pick("，", ", ")),
    }
}

fn units(paper: &mut Paper, year: &Year, t: Tongue) {
    table_of(paper, year, &LOOKS, t.pick("表1　受检情况", "Table 1. Looks"), t);
    table_of(paper, year, &PROBLEMS, t.pick("表2　问题及整改情况", "Table 2. Problems"), t);
    rest(paper, t, year.units.len());
}

fn table_of(paper: &mut Paper, year: &Year, keys: &[&str], caption: &str, t: Tongue) {
    let columns: Vec<_> = UNIT_COLUMNS.iter().filter(|(key, ..)| keys.contains(key)).collect();
    let share = 98;
    let mut heads = vec![(t.pick("单位", "Unit"), 1000 - share * columns.len())];
    heads.extend(columns.iter().map(|(_, zh, en, _)| (t.of(*zh, *en), share)));
    let cells = |unit: &UnitYear, name: &str| {
        let mut cells = vec![name.to_owned()];
        cells.extend(columns.iter().map(|(.., value)| value(unit).to_string()));
        cells
    };
    let mut rows: Vec<_> = year.units.iter().take(LISTED).map(|unit| cells(unit, &unit.unit)).collect();
    rows.push(cells(&year.total, t.pick("合计", "Total")));
    paper.caption(caption);
    paper.table(&heads, &rows);
}

/// A line an account; number and reason stand once a proposal.
fn evidence(paper: &mut Paper, all: &[Proposal], t: Tongue) {
    let mut rows = Vec::new();
    for (place, proposal) in all.iter().enumerate() {
        let (mut number, mut why) = ((place + 1).to_string(), proposal.why.name(t.0).to_owned());
        for seen in proposal.evidence.chunk_by(|a, b| a.account_id == b.account_id) {
            let Some(first) = seen.first() else { continue };
            let mut facts: Vec<String> = Vec::new();
            for part in seen.iter().flat_map(|row| facts_of(row, proposal.why, t)) {
                if !facts.contains(&part) {
                    facts.push(part);
                }
            }
            rows.push(vec![
                std::mem::take(&mut number),
                std::mem::take(&mut why),
                t.named(&first.account, first.platform),
                first.unit.clone(),
                t.clauses(&facts),
            ]);
        }
    }
    let heads = [
        (t.pick("序号", "No."), 70),
        (t.pick("理由", "Why"), 240),
        (t.pick("账号名称（平台）", "Account (platform)"), 230),
        (t.pick("主办单位", "Unit"), 200),
        (t.pick("依据", "Evidence"), 260),
    ];
    paper.table(&heads, rows.get(..LISTED.min(rows.len())).unwrap_or_default());
    rest(paper, t, rows.len());
}

/// The fact behind a row of a proposal in words.
pub(super) fn fact(row: &EvidenceRow, why: Why, t: Tongue) -> String {
    t.clauses(&facts_of(row, why, t))
}

fn facts_of(row: &EvidenceRow, why: Why, t: Tongue) -> Vec<String> {
    let id = &row.account_id;
    let mut parts = vec![t.say(format!("账号编号{id}"), format!("account {id}"))];
    if let (Some(round), Some(indicator)) = (row.round, row.indicator) {
        let (round, indicator) = (t.period(round), indicator.name(t.0));
        parts.push(t.say(format!("{round}检查：{indicator}"), format!("{round}: {indicator}")));
    }
    if let Some(newest) = row.newest_at.map(|at| t.day(at)) {
        parts.push(t.say(format!("最后更新于{newest}"), format!("newest post {newest}")));
    }
    if let Some(issue) = row.issue_id {
        parts.push(t.say(format!("问题编号{issue}"), format!("issue {issue}")));
    }
    if let (Why::FewFollowers | Why::SameUnit | Why::SimilarName, Some(n)) = (why, row.followers) {
        parts.push(t.say(format!("粉丝数{n}"), format!("{n} followers")));
    }
    parts
}

fn rest(paper: &mut Paper, t: Tongue, all: usize) {
    if all > LISTED {
        paper.body(&t.say(
            format!("以上列出{LISTED}行，共{all}行，其余见annual.xlsx。"),
            format!("{LISTED} of {all} lines; the others stand in annual.xlsx."),
        ));
    }
}
