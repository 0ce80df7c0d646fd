//! `report.html`: one self-contained page for a screen, a telephone or a printer.
//!
//! Every figure leads to the rows behind it: a small script in the page filters the tables; without it the
//! link still leads to the table. Readers are units and leaders, so what is only suspected is named nowhere,
//! and an account that waits for a person's decision has no row.

use askama::Template;

use super::chart::{Bars, Columns, Plot};
use super::page_figures::{Breakdown, Number, Tile, View};
use super::page_rows::{AccountLine, IssueLine, PreviousLine};
use super::subject::Subject;
use super::tongue::capital;
use super::wording::inspection;
use super::words::{Tone, Words};
use super::{ReportError, Sink, chart};
use crate::domain::Lang;
use crate::domain::bulletin::{AccountResult, AccountRow, Dataset};
use crate::domain::finding::Outcome;
use crate::domain::rule::Class;

/// Rows of a table before it refers to the spreadsheet.
const ACCOUNTS: usize = 2000;
const ISSUES: usize = 1000;
const PREVIOUS: usize = 500;

#[derive(Template)]
#[template(path = "report.html", config = "reports/askama.toml")]
struct Page<'a> {
    w: Words,
    lang: &'static str,
    /// What is counted, and the heading of the column that names it.
    noun: &'static str,
    named: &'static str,
    /// What the cells of a row are called where a telephone shows it as a card: table, column, word.
    labels: Vec<(&'static str, usize, &'static str)>,
    round: String,
    title: String,
    office: &'a str,
    rehearsal: bool,
    facts: Vec<(&'static str, String)>,
    tiles: Vec<Tile>,
    notes: Vec<String>,
    coverage: Vec<Tile>,
    breakdowns: Vec<Breakdown>,
    silence: Bars,
    indicators: Vec<(&'static str, [Number; 5])>,
    classes: Bars,
    progress: Option<Plot>,
    trend: Option<Columns>,
    accounts: Vec<AccountLine>,
    accounts_more: usize,
    undecided: usize,
    issues: Vec<IssueLine>,
    issues_more: usize,
    previous: Vec<PreviousLine>,
    previous_more: usize,
    previous_figures: Vec<Tile>,
    previous_name: String,
    generated_at: String,
}

pub(super) fn render(d: &Dataset, lang: Lang, out: &mut dyn Sink) -> Result<(), ReportError> {
    let w = Words(lang);
    let view = View { d, w };
    let mut rows: Vec<&AccountRow> = d.accounts.iter().filter(|row| !waits(row)).collect();
    let undecided = d.accounts.len() - rows.len();
    rows.sort_by_key(|row| order(row.result));
    let (what, subject) = (Subject::of(d), Subject::of(d).name(lang));
    let previous = d.previous.as_ref().map_or(&[][..], |previous| &previous.issues);
    let page = Page {
        w,
        lang: w.pick("zh-CN", "en"),
        noun: what.noun(lang),
        named: what.heading(lang),
        labels: labels(w),
        round: d.round.name.to_string(),
        title: match lang {
            Lang::Zh => w.title(d, &format!("{subject}{}情况", inspection(d)), ""),
            Lang::En => w.title(d, "", &capital(subject)),
        },
        office: &d.office,
        rehearsal: d.round.rehearsal,
        facts: view.facts(),
        tiles: view.tiles(),
        notes: view.notes(),
        coverage: view.coverage(),
        breakdowns: view.breakdowns(),
        silence: view.silence(),
        indicators: view.indicators(),
        classes: view.classes(),
        progress: chart::progress(d, w),
        trend: chart::trend(d, w),
        accounts_more: rows.len().saturating_sub(ACCOUNTS),
        accounts: rows.into_iter().take(ACCOUNTS).map(|row| view.account(row)).collect(),
        undecided,
        issues_more: d.issues.len().saturating_sub(ISSUES),
        issues: d.issues.iter().take(ISSUES).map(|issue| view.issue(issue)).collect(),
        previous_more: previous.len().saturating_sub(PREVIOUS),
        previous: previous.iter().take(PREVIOUS).map(|issue| view.previous(issue)).collect(),
        previous_figures: view.previous_figures(),
        previous_name: d.previous.as_ref().map_or(String::new(), |p| w.round(p.name)),
        generated_at: w.minute(d.round.generated_at),
    };
    page.write_into(out).map_err(ReportError::document("report.html"))
}

fn labels(w: Words) -> Vec<(&'static str, usize, &'static str)> {
    let unit = w.pick("主办单位", "Unit");
    let (account, indicator, class) =
        (w.pick("名称", "Name"), w.pick("问题类别", "Indicator"), w.pick("性质", "Class"));
    let accounts = [
        unit,
        w.pick("单位层级", "Tier"),
        w.pick("结果", "Result"),
        w.pick("存在问题", "Problems"),
        w.pick("最后更新", "Newest post"),
        w.pick("问题编号", "Issues"),
    ];
    let issues = [
        account,
        unit,
        indicator,
        class,
        w.pick("问题描述", "Description"),
        w.pick("整改时限", "Due on"),
        w.pick("状态", "Status"),
    ];
    let previous = [account, unit, indicator, class, w.pick("现状态", "Status now"), w.pick("再次发现", "Found again")];
    let tables = [("accounts", &accounts[..]), ("issues", &issues[..]), ("previous", &previous[..])];
    let name = |(table, words): (&'static str, &[&'static str])| {
        words.iter().enumerate().map(|(n, word)| (table, n + 2, *word)).collect::<Vec<_>>()
    };
    tables.into_iter().flat_map(name).collect()
}

/// Whether an account waits for a person to decide what may be a veto: it is counted and never named.
fn waits(row: &AccountRow) -> bool {
    row.result == Some(AccountResult::Unjudged)
        && row.verdicts(Outcome::Suspected).any(|v| v.class == Class::Veto || v.indicator.is_update())
}

/// What needs attention comes first.
fn order(result: Option<AccountResult>) -> u8 {
    match result {
        Some(AccountResult::Failed) => 0,
        Some(AccountResult::Problem) => 1,
        Some(AccountResult::Unjudged) => 2,
        Some(AccountResult::Pending) => 3,
        Some(AccountResult::Qualified) => 4,
        None => 5,
    }
}

/// The class that colours a tone.
pub(super) const fn class_of(tone: Tone) -> &'static str {
    match tone {
        Tone::Good => "ok",
        Tone::Watch => "warn",
        Tone::Bad => "bad",
        Tone::Unknown => "none",
    }
}

pub(super) const fn tone_of(result: Option<AccountResult>) -> &'static str {
    match result {
        Some(AccountResult::Qualified) => "ok",
        Some(AccountResult::Problem) => "warn",
        Some(AccountResult::Failed) => "bad",
        _ => "none",
    }
}
