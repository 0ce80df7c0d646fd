//! `annual.xlsx`: the year by unit, proposals with their evidence, the rows behind the counts, and what
//! each count means.

use rust_xlsxwriter::XlsxError;

use super::ReportError;
use super::annual::fact;
use super::sheet::{Cell, Column, add_notes, add_summed, add_table, column, workbook_of};
use super::subject::Subject;
use super::tongue::{Tongue, capital};
use super::words::{Tone, Words};
use crate::domain::Lang;
use crate::domain::annual::{Proposal, UNIT_COLUMNS, UnitYear, Year};
use crate::domain::bulletin::AccountResult;
use crate::domain::issue::IssueStatus;
use crate::domain::rule::Class;

const PROPOSALS: [Column; 8] = [
    column("项", "No.", 5.0),
    column("理由", "Why", 34.0),
    column("账号编号", "Account id", 11.0),
    column("账号名称", "Account", 24.0),
    column("平台", "Platform", 11.0),
    column("主办单位", "Unit", 26.0),
    column("依据", "Evidence", 44.0),
    column("研究意见", "Decision", 22.0).filled(),
];

const LOOKS: [Column; 7] = [
    column("账号编号", "Account id", 11.0),
    column("账号名称", "Account", 26.0),
    column("平台", "Platform", 12.0),
    column("主办单位", "Unit", 30.0),
    column("批次", "Round", 10.0),
    column("结果", "Result", 12.0).toned(results),
    column("最后更新时间", "Newest post", 16.0),
];

const ISSUES: [Column; 15] = [
    column("编号", "No.", 6.0),
    column("账号名称", "Account", 22.0),
    column("平台", "Platform", 11.0),
    column("主办单位", "Unit", 24.0),
    column("问题类别", "Problem", 18.0),
    column("性质", "Class", 12.0),
    column("状态", "Status", 13.0).toned(statuses),
    column("立案", "Opened", 10.5),
    column("时限", "Due", 10.5),
    column("办结", "Ended", 10.5),
    column("曾逾期", "Was overdue", 8.5),
    column("曾督办", "Escalated", 8.5),
    column("申诉", "Appealed", 8.5),
    column("曾延期", "Extended", 8.5),
    column("曾退回", "Rejected", 8.5),
];

fn results(words: Words) -> Vec<(&'static str, Tone)> {
    AccountResult::ALL.iter().map(|result| (result.name(words.0), Tone::of_result(*result))).collect()
}

fn statuses(words: Words) -> Vec<(&'static str, Tone)> {
    IssueStatus::ALL.iter().map(|status| (status.name(words.0), Tone::of_status(*status))).collect()
}

pub(super) fn render(year: &Year, lang: Lang) -> Result<Vec<u8>, ReportError> {
    book(year, Tongue(lang)).map_err(ReportError::document("annual.xlsx"))
}

fn book(year: &Year, t: Tongue) -> Result<Vec<u8>, XlsxError> {
    let (number, words) = (year.year, Words(t.0));
    let subject = Subject::of_platforms(year.accounts.iter().map(|account| account.platform)).name(t.0);
    let title = |zh: &str, en: &str| t.say(format!("{number}年度{subject}{zh}"), format!("{number}: {en}"));
    let whole = t.say(
        format!("{number}年度{subject}监管情况汇总"),
        capital(&format!("{subject} in {number}: the year by unit")),
    );
    let mut book = workbook_of(&year.office, year.generated_at, &whole);
    let mut columns =
        vec![column("单位", "Unit", 30.0), column("单位层级", "Tier", if t.0 == Lang::Zh { 9.0 } else { 20.0 })];
    columns.extend(UNIT_COLUMNS.iter().map(|(_, zh, en, _)| column(zh, en, if t.0 == Lang::Zh { 7.0 } else { 9.5 })));
    let row = |unit: &UnitYear, name: &str| {
        let tier = unit.unit_tier.map_or("", |tier| tier.name(t.0));
        let mut cells = vec![Cell::text(name), Cell::Word(tier)];
        cells.extend(UNIT_COLUMNS.iter().map(|(.., value)| Cell::Number(value(unit) as u64)));
        cells
    };
    let total = row(&year.total, t.pick("合计", "Total"));
    let rows = year.units.iter().map(|unit| row(unit, &unit.unit));
    add_summed(&mut book, t.pick("各单位年度情况", "By unit"), &whole, words, &columns, rows, Some(total))?;
    let merging = title("建议整合账号及依据", "accounts proposed for merging, with evidence");
    proposals(&mut book, t.pick("整合建议", "Merging"), &merging, &year.merge, t)?;
    let closing = title("建议关停账号及依据", "accounts proposed for closing, with evidence");
    proposals(&mut book, t.pick("关停建议", "Closing"), &closing, &year.close, t)?;
    let rows = year.accounts.iter().flat_map(|a| a.looks.iter().map(move |look| (a, look))).map(|(a, look)| {
        vec![
            Cell::text(a.account_id.as_str()),
            Cell::text(&a.name),
            Cell::Word(a.platform.name(t.0)),
            Cell::text(&a.unit),
            Cell::text(look.round.to_string()),
            Cell::Word(look.result.name(t.0)),
            Cell::Time(look.newest_at),
        ]
    });
    let looked = title("受检明细", "every look");
    add_table(&mut book, t.pick("受检明细", "Looks"), &looked, words, &LOOKS, rows)?;
    issues(&mut book, &title("问题明细", "every issue"), year, t)?;
    add_notes(&mut book, words, &facts(year, t), &notes(year, t))?;
    book.save_to_buffer()
}

fn proposals(
    book: &mut rust_xlsxwriter::Workbook,
    name: &str,
    title: &str,
    all: &[Proposal],
    t: Tongue,
) -> Result<(), XlsxError> {
    let rows = all.iter().enumerate().flat_map(|(n, p)| p.evidence.iter().map(move |row| (n + 1, p.why, row))).map(
        |(n, why, row)| {
            vec![
                Cell::Number(n as u64),
                Cell::Word(why.name(t.0)),
                Cell::text(row.account_id.as_str()),
                Cell::text(&row.account),
                Cell::Word(row.platform.name(t.0)),
                Cell::text(&row.unit),
                Cell::text(fact(row, why, t)),
                Cell::Word(""),
            ]
        },
    );
    // Why: an empty sheet leaves open whether anything was looked for.
    let none = all.is_empty().then(|| {
        let said = Cell::Word(t.pick("未提出建议", "Nothing is proposed"));
        let mut cells = vec![Cell::Word(""), said];
        cells.extend((2..PROPOSALS.len()).map(|_| Cell::Word("")));
        cells
    });
    add_table(book, name, title, Words(t.0), &PROPOSALS, rows.chain(none))
}

fn issues(book: &mut rust_xlsxwriter::Workbook, title: &str, year: &Year, t: Tongue) -> Result<(), XlsxError> {
    let yes = |is: bool| Cell::Word(if is { t.pick("是", "yes") } else { "" });
    let rows = year.issues.iter().map(|i| {
        vec![
            Cell::Number(u64::try_from(i.id).unwrap_or_default()),
            Cell::text(&i.account),
            Cell::Word(i.platform.name(t.0)),
            Cell::text(&i.unit),
            Cell::Word(i.indicator.name(t.0)),
            Cell::Word(i.class.name(t.0)),
            Cell::Word(i.status.name(t.0)),
            Cell::Day(Some(i.opened_at)),
            Cell::Day(i.due_at),
            Cell::Day(i.closed_at),
            yes(i.overdue),
            yes(i.escalated),
            yes(i.appealed),
            yes(i.extended),
            yes(i.rejected),
        ]
    });
    add_table(book, t.pick("问题明细", "Issues"), title, Words(t.0), &ISSUES, rows)
}

/// Which year, from which rounds.
fn facts(year: &Year, t: Tongue) -> Vec<(&'static str, String)> {
    let rounds: Vec<String> = year
        .rounds
        .iter()
        .map(|round| {
            let (name, as_of, frame, drawn) = (t.period(round.name), t.minute(round.as_of), round.frame, round.drawn);
            t.say(
                format!("{name}：监测时间点{as_of}，检查{drawn}/{frame}个"),
                format!("{name}: as of {as_of}, {drawn}/{frame} accounts"),
            )
        })
        .collect();
    vec![
        (t.pick("单位", "Office"), t.office(&year.office)),
        (t.pick("年度", "Year"), year.year.to_string()),
        (t.pick("批次", "Rounds"), rounds.join("\n")),
        (t.pick("关注度低的粉丝数", "Followers of little attention"), {
            let few = year.few_followers;
            t.say(format!("低于{few}（未登记粉丝数的不列）"), format!("fewer than {few}, where known"))
        }),
        (t.pick("生成时间", "Made at"), t.minute(year.generated_at)),
    ]
}

/// What each count means and which rows it is counted from.
fn notes(year: &Year, t: Tongue) -> Vec<String> {
    const TEXTS: [(&str, &str); 12] = [
        (
            "本表只列事实和数量，不计分、不排名；单位按名称排列，先后没有含义。",
            "Facts and counts alone: no score, no ranking; units stand by name, and the order means nothing.",
        ),
        (
            "账号数：生成时登记在册且未关停的账号，出自基本信息库。",
            "Accounts: registered and not closed when this was made; from the registry.",
        ),
        (
            "受检个次：一个账号在一个批次受检，计1个次，出自“受检明细”表，关停前的受检一并计入。",
            "Looks: an account in a round counts once; from the sheet Looks, accounts closed since included.",
        ),
        (
            "合格、存在问题、不合格、无法判定、尚未检查：受检个次按结果分列，五项之和等于受检个次。触发单项否决的为不合格；未触发单项否决但有其他问题的为存在问题，计入合格率。",
            "Qualified, with problems, failed, unjudged, to come: the looks by result; the five sum to the looks. A veto fails; other problems alone pass.",
        ),
        ("无法判定的不作为考核依据。", "What could not be judged counts for nobody and against nobody."),
        (
            "认定问题：本年度各批次认定且未撤销的问题，不含工作建议，出自“问题明细”表；等于单项否决、突出问题、一般问题之和，也等于已销号与未办结之和。",
            "Problems: confirmed in the rounds of the year and not withdrawn, advice apart; from the sheet Issues. They are vetoes, prominent and ordinary ones together, and closed and open ones together.",
        ),
        ("其中按期：已销号的问题中从未逾期的。", "In time: closed problems that were never overdue."),
        (
            "曾逾期、曾督办、曾退回、曾延期：认定问题办理过程中出现过该情形的，一个问题可计入多项；退回指整改反馈经复查不予通过，延期指经批准延长时限。",
            "Were overdue, escalated, rejected, extended: problems to which it happened at some time; one can count in several. Rejected: a rectification did not pass the recheck; extended: more time was granted.",
        ),
        (
            "申诉：提出过申诉的，不论结果。撤销排除：经申诉或核实后撤销、排除的，不计入认定问题。",
            "Appealed: whatever came of it. Fallen: withdrawn on appeal or review; no problems of the year.",
        ),
        ("工作建议：不作为问题，不计入认定问题。", "Advice: no problem, and not counted as one."),
        (
            "整合、关停建议由系统按登记和检查记录提出，“研究意见”栏由主管单位会同主办单位填写，按程序备案后办理。",
            "Proposals follow from registry and rounds; the column Decision is for the supervising office and the unit, with the filings that go with it.",
        ),
        (
            "合计行等于各单位之和，不参与筛选和排序。每个数字对应的记录可用 xuncha explain 年份 查看。",
            "The total is the sum of the units and stands outside filter and sorting. `xuncha explain YEAR` lists the rows behind every count.",
        ),
    ];
    let zombie = t.say(
        format!("无力维护：僵尸账号，或{}年度两次以上检查内容不更新。", year.year),
        format!("Not kept up: a zombie, or silent in two rounds or more of {}.", year.year),
    );
    let classes: Vec<&str> = Class::ALL.iter().map(|class| class.name(t.0)).collect();
    let class = t.say(
        format!("性质依据规则分为{}。", classes.join("、")),
        format!("Classes, by the rules: {}.", classes.join(", ")),
    );
    TEXTS.iter().map(|(zh, en)| t.pick(zh, en).to_owned()).chain([zombie, class]).collect()
}
