//! 年度汇总: `annual.docx`, `annual.xlsx` and `annual.json` out of one [`Year`].
//!
//! A draft like the bulletin: facts and counts a unit, and proposals with their evidence. Nobody is
//! scored or ranked, and nothing is decided here.

use std::fs;
use std::path::{Path, PathBuf};

use super::docx::{Look, Paper};
use super::tongue::Tongue;
use super::{ReportError, annual_book, pdf, write_whole};
use crate::domain::Lang;
use crate::domain::annual::{EvidenceRow, Proposal, UNIT_COLUMNS, UnitYear, Why, Year};
use crate::domain::time::LocalTime;

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

/// The columns of the unit table on paper; the workbook has them all.
const PRINTED: [&str; 13] = [
    "accounts",
    "looks",
    "qualified",
    "problem",
    "failed",
    "unjudged",
    "problems",
    "veto",
    "closed",
    "live",
    "overdue",
    "fallen",
    "advice",
];

fn render(year: &Year, lang: Lang) -> Result<Vec<u8>, ReportError> {
    let t = Tongue(lang);
    let mut paper = Paper::new(year.generated_at, Look { lang, internal: false });
    opening(&mut paper, year, t);
    overall(&mut paper, year, t);
    proposals(&mut paper, year, t);
    paper.enclosures(&annexes(t));
    paper.seal();
    paper.signature(t.pick("〔　　署　　名　　〕", "[issuing office]"));
    paper.signature(t.pick("〔　　　　〕年〔　　〕月〔　　〕日", "[date]"));
    let titles = annexes(t);
    for (place, title) in titles.iter().enumerate() {
        paper.annex(place + 1, title);
        match place {
            0 => units(&mut paper, year, t),
            1 => evidence(&mut paper, &year.merge, t),
            _ => evidence(&mut paper, &year.close, t),
        }
    }
    paper.pack().map_err(ReportError::document("annual.docx"))
}

fn annexes(t: Tongue) -> Vec<String> {
    [
        t.pick("各单位年度情况", "The year by unit"),
        t.pick("建议整合账号及依据", "Accounts proposed for merging, with evidence"),
        t.pick("建议关停账号及依据", "Accounts proposed for closing, with evidence"),
    ]
    .map(str::to_owned)
    .to_vec()
}

fn opening(paper: &mut Paper, year: &Year, t: Tongue) {
    let (office, number) = (t.office(&year.office), year.year);
    paper.signing(
        t.pick("〔　　　　〕〔　　　　〕　　号", "[document number]"),
        t.pick("签发：〔　　　　　　〕", "Signed off by: [            ]"),
    );
    paper.blank();
    paper.title(&[
        &office,
        &t.say(
            format!("{number}年度政务新媒体监管情况汇总"),
            format!("Government new media in {number}: the year by unit"),
        ),
    ]);
    paper.blank();
    paper.body(&t.say(
        format!("现将{number}年度政务新媒体监管情况按单位汇总如下，供年度绩效考核参考。本汇总只列事实和数量，不计分、不排名，单位按名称排列。"),
        format!("The supervision of {number} by unit, for the performance assessment. It states facts and counts: no score, no ranking; units stand by name."),
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
    let mut text = t.say(
        format!("涉及单位{units}个、在册账号{accounts}个，受检{looks}账次：合格{qualified}账次，存在问题{problem}账次，不合格{failed}账次，无法判定{unjudged}账次"),
        format!("{units} units have {accounts} accounts. Of {looks} looks {qualified} qualified, {problem} had problems, {failed} failed, {unjudged} could not be judged"),
    );
    if pending > 0 {
        text += &t.say(format!("，尚未检查{pending}账次"), format!(", {pending} are to come"));
    }
    paper.body(
        &(text
            + t.pick(
                "。无法判定的不作为考核依据。",
                ". What could not be judged counts for nobody and against nobody.",
            )),
    );
    let UnitYear { problems, veto, prominent, ordinary, closed, closed_in_time, live, overdue, .. } = year.total;
    let UnitYear { appealed, fallen, advice, escalated, extended, .. } = year.total;
    paper.body(&t.say(
        format!("全年认定问题{problems}个，其中单项否决{veto}个、突出问题{prominent}个、一般问题{ordinary}个；已销号{closed}个（按期{closed_in_time}个），未办结{live}个；曾逾期{overdue}个，曾督办{escalated}个，准予延期{extended}个。申诉{appealed}个，经申诉或核实后撤销{fallen}个，不计在内。另提出工作建议{advice}条。"),
        format!("{problems} problems were confirmed: {veto} vetoes, {prominent} prominent, {ordinary} ordinary. {closed} are closed ({closed_in_time} in time), {live} open; {overdue} were overdue, {escalated} escalated, {extended} extended. {appealed} were appealed; {fallen} fell and are not counted. Besides, {advice} pieces of advice were given."),
    ));
}

fn proposals(paper: &mut Paper, year: &Year, t: Tongue) {
    paper.heading(&t.heading(1, "清理整合建议", "Merging and closing"));
    let line = |whys: &[Why], all: &[Proposal]| {
        let part = |why: &Why| {
            let count = all.iter().filter(|proposal| proposal.why == *why).count();
            let name = why.name(t.0);
            (count > 0).then(|| t.say(format!("{name}{count}项"), format!("{name}: {count}")))
        };
        t.clauses(&whys.iter().filter_map(part).collect::<Vec<_>>())
    };
    let (merging, closing): (Vec<Why>, Vec<Why>) = Why::ALL.iter().partition(|why| !why.is_closing());
    let (merge, close, few) = (year.merge.len(), year.close.len(), year.few_followers);
    let said = line(&merging, &year.merge);
    let said = if said.is_empty() { t.say("无", "none") } else { said };
    paper.body(&t.say(
        format!("（一）建议整合{merge}项：{said}（粉丝数设定值{few}，粉丝数未登记的不列）。"),
        format!(
            "(1) Proposed for merging, {merge}: {said} (threshold of followers: {few}; unknown numbers are left out)."
        ),
    ));
    let said = line(&closing, &year.close);
    let said = if said.is_empty() { t.say("无", "none") } else { said };
    paper.body(
        &t.say(format!("（二）建议关停{close}项：{said}。"), format!("(2) Proposed for closing, {close}: {said}.")),
    );
    paper.last("", t.pick(
        "以上建议由系统按登记和检查记录提出，依据见附件，是否整合、关停由主管单位会同主办单位研究决定，并按程序备案。",
        "The proposals follow from the registry and the rounds; the evidence is annexed. Whether to merge or close is for the supervising office and the unit to decide, with the filings that go with it.",
    ));
}

fn units(paper: &mut Paper, year: &Year, t: Tongue) {
    let columns: Vec<_> = UNIT_COLUMNS.iter().filter(|(key, ..)| PRINTED.contains(key)).collect();
    let mut heads = vec![(t.pick("单位", "Unit"), 220)];
    heads.extend(columns.iter().map(|(_, zh, en, _)| (t.of(*zh, *en), 60)));
    let cells = |unit: &UnitYear, name: &str| {
        let mut cells = vec![name.to_owned()];
        cells.extend(columns.iter().map(|(.., value)| value(unit).to_string()));
        cells
    };
    let mut rows: Vec<_> = year.units.iter().take(LISTED).map(|unit| cells(unit, &unit.unit)).collect();
    rows.push(cells(&year.total, t.pick("合计", "Total")));
    paper.table(&heads, &rows);
    rest(paper, t, year.units.len());
}

fn evidence(paper: &mut Paper, all: &[Proposal], t: Tongue) {
    if all.is_empty() {
        paper.body(t.pick("无。", "None."));
        return;
    }
    let rows: Vec<_> = all
        .iter()
        .enumerate()
        .flat_map(|(n, proposal)| proposal.evidence.iter().map(move |row| (n + 1, proposal.why, row)))
        .map(|(n, why, row)| {
            vec![
                n.to_string(),
                why.name(t.0).to_owned(),
                t.named(&row.account, row.platform),
                row.unit.clone(),
                fact(row, why, t),
            ]
        })
        .collect();
    let heads = [
        (t.pick("项", "No."), 60),
        (t.pick("理由", "Why"), 250),
        (t.pick("账号名称（平台）", "Account (platform)"), 230),
        (t.pick("主办单位", "Unit"), 200),
        (t.pick("依据", "Evidence"), 260),
    ];
    paper.table(&heads, rows.get(..LISTED.min(rows.len())).unwrap_or_default());
    rest(paper, t, rows.len());
}

/// The fact behind a row of a proposal in words.
pub(super) fn fact(row: &EvidenceRow, why: Why, t: Tongue) -> String {
    let id = &row.account_id;
    let mut parts = vec![t.say(format!("账号编号{id}"), format!("account {id}"))];
    if let (Some(round), Some(indicator)) = (row.round, row.indicator) {
        let (round, indicator) = (t.period(round), indicator.name(t.0));
        parts.push(t.say(format!("{round}{indicator}"), format!("{round}: {indicator}")));
    }
    if let Some(newest) = row.newest_at.map(LocalTime::minute) {
        parts.push(t.say(format!("最后更新{newest}"), format!("newest post {newest}")));
    }
    if let Some(finding) = row.finding_id {
        parts.push(t.say(format!("发现{finding}"), format!("finding {finding}")));
    }
    if let Some(issue) = row.issue_id {
        parts.push(t.say(format!("问题{issue}"), format!("issue {issue}")));
    }
    if let (Why::FewFollowers | Why::SameUnit | Why::SimilarName, Some(n)) = (why, row.followers) {
        parts.push(t.say(format!("粉丝{n}"), format!("{n} followers")));
    }
    t.clauses(&parts)
}

fn rest(paper: &mut Paper, t: Tongue, all: usize) {
    if all > LISTED {
        paper.body(&t.say(
            format!("以上列出{LISTED}行，共{all}行，其余见annual.xlsx。"),
            format!("{LISTED} of {all} lines; the others stand in annual.xlsx."),
        ));
    }
}
