//! The rows behind a figure of a year.

use serde::Serialize;

use super::super::output::Column;
use super::{Context, tell, unknown};
use crate::domain::Lang;
use crate::domain::annual::{Year, YearAccount, YearRow, describe};
use crate::domain::bulletin::Figure;
use crate::domain::privacy::mask;
use crate::domain::time::LocalTime;

/// One figure with its rows.
#[derive(Serialize)]
struct Explained<'a> {
    year: i32,
    name: &'a str,
    label: String,
    #[serde(flatten)]
    figure: &'a Figure,
    rows: Vec<Row>,
}

/// A row as a reader finds it again.
#[derive(Serialize)]
struct Row {
    #[serde(rename = "row")]
    kind: &'static str,
    id: String,
    account_id: String,
    account: String,
    platform: &'static str,
    unit: String,
    round: Option<String>,
    result: String,
    at: Option<LocalTime>,
    #[serde(skip)]
    minute: String,
    #[serde(skip)]
    words: [String; 2],
}

pub(super) fn figure(context: &mut Context, year: &Year, name: &str) -> anyhow::Result<()> {
    const COLUMNS: [Column<'_, Row>; 7] = [
        Column("记录", "row", |row, _| row.words[0].clone()),
        Column("账号编号", "account id", |row, _| row.account_id.clone()),
        Column("账号", "account", |row, _| row.account.clone()),
        Column("主办单位", "unit", |row, _| row.unit.clone()),
        Column("批次", "round", |row, _| row.round.clone().unwrap_or_default()),
        Column("结果", "result", |row, _| row.words[1].clone()),
        Column("时间", "at", |row, _| row.minute.clone()),
    ];
    let lang = context.out.lang;
    let Some(behind) = year.behind(name) else {
        let (near, number) = (year.near(name), year.year);
        let near: Vec<&str> = near.iter().map(String::as_str).collect();
        let said = [&*format!("{number}年度"), &*format!("the year {number}")];
        return Err(unknown(name, &number.to_string(), &said, &near).into());
    };
    let rows: Vec<Row> = behind.rows.iter().filter_map(|row| row_of(year, *row, lang)).collect();
    let label = describe(name, lang);
    if context.out.format == super::super::args::Format::Json {
        return context.out.json(&Explained { year: year.year, name, label, figure: &behind.figure, rows });
    }
    let elsewhere = [
        "该数字取自批次的抽样框，逐个账号见该批次的 xuncha explain 批次 total.frame",
        "it is the round's own: see xuncha explain ROUND total.frame",
    ];
    tell(context, name, &label, &behind.figure, elsewhere, &COLUMNS, &rows)
}

fn row_of(year: &Year, row: YearRow, lang: Lang) -> Option<Row> {
    let word = |zh: &str, en: &str, id: &dyn std::fmt::Display| match lang {
        Lang::Zh => format!("{zh}{id}"),
        Lang::En => format!("{en} {id}"),
    };
    let of_account = |account: &YearAccount| Row {
        kind: "account",
        id: account.account_id.to_string(),
        account_id: account.account_id.to_string(),
        account: mask(&account.name).into_owned(),
        platform: account.platform.key(),
        unit: account.unit.clone(),
        round: None,
        result: account.status.key().to_owned(),
        at: None,
        minute: String::new(),
        words: [word("账号", "account", &account.account_id), account.status.name(lang).to_owned()],
    };
    Some(match row {
        YearRow::Account(n) => of_account(year.accounts.get(n)?),
        YearRow::Look(n, k) => {
            let account = year.accounts.get(n)?;
            let look = account.looks.get(k)?;
            let round = look.round.to_string();
            let at = year.rounds.iter().find(|r| r.name == look.round).map(|r| r.as_of);
            Row {
                kind: "look",
                id: format!("{}/{round}", account.account_id),
                result: look.result.key().to_owned(),
                minute: at.map_or_else(String::new, LocalTime::minute),
                at,
                words: [word("受检", "look", &account.account_id), look.result.name(lang).to_owned()],
                round: Some(round),
                ..of_account(account)
            }
        }
        YearRow::Issue(n) => {
            let issue = year.issues.get(n)?;
            Row {
                kind: "issue",
                id: issue.id.to_string(),
                account_id: issue.account_id.to_string(),
                account: mask(&issue.account).into_owned(),
                platform: issue.platform.key(),
                unit: issue.unit.clone(),
                round: None,
                result: format!("{} {}", issue.indicator, issue.status),
                at: Some(issue.opened_at),
                minute: issue.opened_at.minute(),
                words: [
                    word("问题", "issue", &issue.id),
                    format!("{} {}", issue.indicator.name(lang), issue.status.name(lang)),
                ],
            }
        }
    })
}
