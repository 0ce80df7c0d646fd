//! `explain`: the rows behind a figure, or every figure with its value.

use std::collections::HashMap;
use std::path::Path;

use serde::Serialize;

use super::output::Column;
use super::{Context, Usage, report};
use crate::domain::Lang;
use crate::domain::bulletin::{AccountResult, AccountRow, Dataset, Figure, RowId, describe};
use crate::domain::finding::Outcome;
use crate::domain::privacy::mask;
use crate::domain::round::RoundName;

/// One figure of the list.
#[derive(Serialize)]
struct Line {
    name: String,
    label: String,
    #[serde(flatten)]
    figure: Figure,
}

/// One figure with its rows.
#[derive(Serialize)]
struct Explained<'a> {
    round: RoundName,
    name: &'a str,
    label: String,
    #[serde(flatten)]
    figure: &'a Figure,
    rows: Vec<Row>,
}

/// A row as a reader finds it again: `counted` says whether it is in the numerator.
#[derive(Serialize)]
struct Row {
    counted: bool,
    #[serde(rename = "row")]
    kind: &'static str,
    id: String,
    account_id: Option<String>,
    account: String,
    platform: Option<&'static str>,
    unit: String,
    result: String,
    detail: String,
    #[serde(skip)]
    words: [String; 2],
}

pub(super) async fn run(context: &mut Context, mut words: Vec<String>, from: Option<&Path>) -> anyhow::Result<()> {
    // Why: beside a file the round may be left out, and no figure is named like a round.
    let round = match words.first().map(|word| word.parse::<RoundName>()) {
        Some(Ok(round)) => {
            words.remove(0);
            Some(round)
        }
        Some(Err(error)) if from.is_none() => {
            return Err(Usage {
                zh: format!("“{}”不是批次：请写 2026Q4、2026H2 或日期", error.0),
                en: error.to_string(),
            }
            .into());
        }
        _ => None,
    };
    if let Some(surplus) = words.get(1) {
        return Err(Usage {
            zh: format!("一次只能查看一个数字，“{surplus}”多余"),
            en: format!("one figure at a time: `{surplus}` is too many"),
        }
        .into());
    }
    let dataset = report::dataset(context, round, from).await?;
    match words.first() {
        Some(name) => figure(context, &dataset, name),
        None => figures(context, &dataset),
    }
}

fn figures(context: &mut Context, dataset: &Dataset) -> anyhow::Result<()> {
    const COLUMNS: [Column<'_, Line>; 4] = [
        Column("数字", "figure", |line, _| line.name.clone()),
        Column("含义", "meaning", |line, _| line.label.clone()),
        Column("数值", "value", |line, _| line.figure.text()),
        Column("分子/分母", "from", |line, _| parts(&line.figure)),
    ];
    let lang = context.out.lang;
    let mut list = context.out.list(&COLUMNS)?;
    for (name, figure) in &dataset.figures {
        context
            .out
            .row(&mut list, &Line { name: name.clone(), label: describe(name, lang), figure: figure.clone() })?;
    }
    context.out.end(list)
}

fn parts(figure: &Figure) -> String {
    figure.denominator.map_or(String::new(), |of| format!("{}/{of}", figure.numerator))
}

fn figure(context: &mut Context, dataset: &Dataset, name: &str) -> anyhow::Result<()> {
    const COLUMNS: [Column<'_, Row>; 7] = [
        Column("计入", "counted", |row, _| if row.counted { "✓" } else { "" }.to_owned()),
        Column("记录", "row", |row, _| row.words[0].clone()),
        Column("账号编号", "account id", |row, _| row.account_id.clone().unwrap_or_default()),
        Column("账号", "account", |row, _| row.account.clone()),
        Column("主办单位", "unit", |row, _| row.unit.clone()),
        Column("结果", "result", |row, _| row.words[1].clone()),
        Column("说明", "detail", |row, _| row.detail.clone()),
    ];
    let Some(behind) = dataset.behind(name) else { return Err(unknown(dataset, name).into()) };
    let lang = context.out.lang;
    let rows = rows(dataset, &behind.numerator, behind.denominator.as_deref(), lang);
    let label = describe(name, lang);
    if context.out.format == super::args::Format::Json {
        let round = dataset.round.name;
        return context.out.json(&Explained { round, name, label, figure: &behind.figure, rows });
    }
    let value = behind.figure.with_parts(lang);
    context.out.note(&format!("{name}（{label}）＝{value}"), &format!("{name} ({label}) = {value}"));
    if rows.is_empty() && behind.figure.numerator > 0 {
        let zh = "该数字由系统直接统计，数据集中没有对应的记录；xuncha notices list 可查看通知";
        context.out.note(zh, "the database counts it itself; see xuncha notices list for the notices");
    }
    let mut list = context.out.list(&COLUMNS)?;
    for row in &rows {
        context.out.row(&mut list, row)?;
    }
    context.out.end(list)
}

fn unknown(dataset: &Dataset, name: &str) -> Usage {
    let near = dataset.near(name);
    let round = dataset.round.name;
    let (zh, en) = if near.is_empty() {
        (format!("xuncha explain {round} 可列出全部数字"), format!("xuncha explain {round} lists every figure"))
    } else {
        (format!("是否指 {}？", near.join("、")), format!("did you mean {}?", near.join(", ")))
    };
    Usage {
        zh: format!("批次{round}没有名为“{name}”的数字；{zh}"),
        en: format!("round {round} has no figure `{name}`; {en}"),
    }
}

/// The rows named, those counted first.
fn rows(dataset: &Dataset, counted: &[RowId], of: Option<&[RowId]>, lang: Lang) -> Vec<Row> {
    let index = Index::of(dataset, counted.iter().chain(of.unwrap_or_default()));
    let mut rows: Vec<Row> = counted.iter().filter_map(|id| index.row(id, true, lang)).collect();
    let known: std::collections::HashSet<String> = counted.iter().map(ToString::to_string).collect();
    let rest = of.unwrap_or_default().iter().filter(|id| !known.contains(&id.to_string()));
    rows.extend(rest.filter_map(|id| index.row(id, false, lang)));
    rows
}

/// What was found on an account, else why it could not be judged.
fn seen(row: &AccountRow) -> String {
    let said = |outcome| row.verdicts(outcome).map(|v| mask(&v.summary).into_owned()).collect::<Vec<_>>();
    let fails = said(Outcome::Fail);
    let said =
        if fails.is_empty() && row.result == Some(AccountResult::Unjudged) { said(Outcome::Unverified) } else { fails };
    said.join("；")
}

/// Where the rows of a dataset stand.
struct Index<'d> {
    dataset: &'d Dataset,
    findings: HashMap<i64, &'d AccountRow>,
}

impl<'d> Index<'d> {
    fn of<'i>(dataset: &'d Dataset, mut ids: impl Iterator<Item = &'i RowId>) -> Self {
        let mut findings = HashMap::new();
        if ids.any(|id| matches!(id, RowId::Finding(_))) {
            for row in &dataset.accounts {
                let numbers = row.facts.member.iter().flat_map(|m| &m.verdicts).map(|v| v.finding_id);
                findings.extend(numbers.map(|number| (number, row)));
            }
        }
        Self { dataset, findings }
    }

    fn row(&self, id: &RowId, counted: bool, lang: Lang) -> Option<Row> {
        let kind = |zh: &str, en: &str, id: &dyn std::fmt::Display| match lang {
            Lang::Zh => format!("{zh}{id}"),
            Lang::En => format!("{en} {id}"),
        };
        let of_account = |row: &AccountRow| Row {
            counted,
            kind: "account",
            id: row.facts.account_id.to_string(),
            account_id: Some(row.facts.account_id.to_string()),
            account: mask(&row.facts.name).into_owned(),
            platform: Some(row.facts.platform.key()),
            unit: row.facts.unit.clone(),
            result: row.result.map_or("not_drawn", |r| r.key()).to_owned(),
            detail: seen(row),
            words: [
                kind("账号", "account", &row.facts.account_id),
                row.result.map_or(if lang == Lang::Zh { "未抽中" } else { "Not drawn" }, |r| r.name(lang)).to_owned(),
            ],
        };
        Some(match id {
            RowId::Account(id) => {
                let place = self.dataset.accounts.binary_search_by(|row| row.facts.account_id.cmp(id)).ok()?;
                of_account(self.dataset.accounts.get(place)?)
            }
            RowId::Finding(number) => {
                let row = self.findings.get(number)?;
                let verdict = row.facts.member.as_ref()?.verdicts.iter().find(|v| v.finding_id == *number)?;
                Row {
                    kind: "finding",
                    id: number.to_string(),
                    result: format!("{} {}", verdict.indicator, verdict.outcome),
                    detail: mask(&verdict.summary).into_owned(),
                    words: [
                        kind("发现", "finding", number),
                        format!("{} {}", verdict.indicator.name(lang), verdict.outcome.name(lang)),
                    ],
                    ..of_account(row)
                }
            }
            RowId::Issue(number) => self.issue(*number, counted, &kind("问题", "issue", number), lang)?,
            RowId::Stratum(_) => return None,
        })
    }

    /// An issue of this round, else one of the round before.
    fn issue(&self, number: i64, counted: bool, word: &str, lang: Lang) -> Option<Row> {
        let base = |platform: crate::domain::account::Platform, unit: &str, account: &str| Row {
            counted,
            kind: "issue",
            id: number.to_string(),
            account_id: None,
            account: mask(account).into_owned(),
            platform: Some(platform.key()),
            unit: unit.to_owned(),
            result: String::new(),
            detail: String::new(),
            words: [word.to_owned(), String::new()],
        };
        if let Ok(place) = self.dataset.issues.binary_search_by_key(&number, |issue| issue.id) {
            let issue = self.dataset.issues.get(place)?;
            return Some(Row {
                account_id: Some(issue.account_id.to_string()),
                result: format!("{} {}", issue.indicator, issue.status),
                detail: mask(&issue.summary).into_owned(),
                words: [word.to_owned(), format!("{} {}", issue.indicator.name(lang), issue.status.name(lang))],
                ..base(issue.platform, &issue.unit, &issue.account)
            });
        }
        let issue = self.dataset.previous.as_ref()?.issues.iter().find(|issue| issue.id == number)?;
        Some(Row {
            result: format!("{} {}", issue.indicator, issue.status),
            words: [word.to_owned(), format!("{} {}", issue.indicator.name(lang), issue.status.name(lang))],
            ..base(issue.platform, &issue.unit, &issue.account)
        })
    }
}
