//! `explain`: the rows behind a figure of a round or a year, or every figure with its value.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use serde::Serialize;

use super::output::Column;
use super::report::Period;
use super::{Context, Usage, report};
use crate::domain::Lang;
use crate::domain::annual;
use crate::domain::bulletin::{AccountResult, AccountRow, Dataset, Figure, RowId, describe};
use crate::domain::finding::Outcome;
use crate::domain::privacy::mask;
use crate::domain::round::RoundName;
use crate::reports::Figures;

mod year;

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
    // Why: beside a file the round may be left out, and no figure is named like a round or a year.
    let period = match words.first().map(|word| word.parse::<Period>()) {
        Some(Ok(period)) => {
            words.remove(0);
            Some(period)
        }
        Some(Err(error)) if from.is_none() => {
            return Err(Usage {
                zh: format!("“{}”不是批次或年份：请写 2026Q4、2026H2、日期或 2026", error.0),
                en: format!("{error}; or a year such as 2026"),
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
    let named = words.first().map(String::as_str);
    match (report::figures(context, period, from).await?, named) {
        (Figures::Round(dataset), Some(name)) => figure(context, &dataset, name),
        (Figures::Round(dataset), None) => list(context, &dataset.figures, describe),
        (Figures::Year(year), Some(name)) => year::figure(context, &year, name),
        (Figures::Year(year), None) => list(context, &year.figures(), annual::describe),
    }
}

/// Every figure with its value.
fn list(
    context: &mut Context,
    figures: &BTreeMap<String, Figure>,
    describe: fn(&str, Lang) -> String,
) -> anyhow::Result<()> {
    const COLUMNS: [Column<'_, Line>; 4] = [
        Column("数字", "figure", |line, _| line.name.clone()),
        Column("含义", "meaning", |line, _| line.label.clone()),
        Column("数值", "value", |line, _| line.figure.text()),
        Column("分子/分母", "from", |line, _| parts(&line.figure)),
    ];
    let lang = context.out.lang;
    let mut list = context.out.list(&COLUMNS)?;
    for (name, figure) in figures {
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
    let Some(behind) = dataset.behind(name) else {
        let (near, round) = (dataset.near(name), dataset.round.name);
        return Err(
            unknown(name, &round.to_string(), &[&format!("批次{round}"), &format!("round {round}")], &near).into()
        );
    };
    let lang = context.out.lang;
    let rows = rows(dataset, &behind.numerator, behind.denominator.as_deref(), lang);
    let label = describe(name, lang);
    if context.out.format == super::args::Format::Json {
        let round = dataset.round.name;
        return context.out.json(&Explained { round, name, label, figure: &behind.figure, rows });
    }
    let elsewhere = [
        "该数字由系统直接统计，数据集中没有对应的记录；xuncha notices list 可查看通知",
        "the database counts it itself; see xuncha notices list for the notices",
    ];
    tell(context, name, &label, &behind.figure, elsewhere, &COLUMNS, &rows)
}

/// Prints a figure and its rows, or `elsewhere`: where to look for those that the file does not hold.
fn tell<R: Serialize>(
    context: &mut Context,
    name: &str,
    label: &str,
    figure: &Figure,
    elsewhere: [&str; 2],
    columns: &[Column<'_, R>],
    rows: &[R],
) -> anyhow::Result<()> {
    let value = figure.with_parts(context.out.lang);
    context.out.note(&format!("{name}（{label}）＝{value}"), &format!("{name} ({label}) = {value}"));
    if rows.is_empty() && figure.numerator > 0 {
        let [zh, en] = elsewhere;
        context.out.note(zh, en);
    }
    let mut list = context.out.list(columns)?;
    for row in rows {
        context.out.row(&mut list, row)?;
    }
    context.out.end(list)
}

/// No figure of that name; `of`: round or year as a command names it, `said`: in both languages.
fn unknown(name: &str, of: &str, said: &[&str; 2], near: &[&str]) -> Usage {
    let (zh, en) = if near.is_empty() {
        (format!("xuncha explain {of} 可列出全部数字"), format!("xuncha explain {of} lists every figure"))
    } else {
        (format!("是否指 {}？", near.join("、")), format!("did you mean {}?", near.join(", ")))
    };
    Usage {
        zh: format!("{}没有名为“{name}”的数字；{zh}", said[0]),
        en: format!("{} has no figure `{name}`; {en}", said[1]),
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
            RowId::Notice(number) => self.notice(number, counted, &kind("通知", "notice", number), lang)?,
            RowId::Stratum(_) => return None,
        })
    }

    fn notice(&self, number: &str, counted: bool, word: &str, lang: Lang) -> Option<Row> {
        let notice = self.dataset.context.sent.iter().find(|notice| notice.number == number)?;
        let (key, status) = match (notice.delivered_at, lang) {
            (Some(_), Lang::Zh) => ("delivered", "已送达"),
            (Some(_), Lang::En) => ("delivered", "Delivered"),
            (None, Lang::Zh) => ("undelivered", "未送达"),
            (None, Lang::En) => ("undelivered", "Not delivered"),
        };
        let issues: Vec<String> = notice.issues.iter().map(ToString::to_string).collect();
        Some(Row {
            counted,
            kind: "notice",
            id: number.to_owned(),
            account_id: None,
            account: String::new(),
            platform: None,
            unit: notice.unit.clone(),
            result: key.to_owned(),
            detail: match lang {
                Lang::Zh => format!("问题{}", issues.join("、")),
                Lang::En => format!("issues {}", issues.join(", ")),
            },
            words: [word.to_owned(), status.to_owned()],
        })
    }

    /// An issue of this round, else one of the rounds before.
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
        let before = self.dataset.previous.iter().chain(&self.dataset.context.quarters);
        let issue = before.flat_map(|round| &round.issues).find(|issue| issue.id == number)?;
        Some(Row {
            result: format!("{} {}", issue.indicator, issue.status),
            words: [word.to_owned(), format!("{} {}", issue.indicator.name(lang), issue.status.name(lang))],
            ..base(issue.platform, &issue.unit, &issue.account)
        })
    }
}
