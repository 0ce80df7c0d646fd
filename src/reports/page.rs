//! `report.html`: one self-contained page for a screen, a telephone or a printer; no script.

use askama::Template;

use super::ReportError;
use super::wording::{
    by_indicator, clip, inspection, issue_label, label, minute, problems, rehearsal, standing, unjudged,
};
use crate::domain::bulletin::{AccountResult, Dataset, Tally};
use crate::domain::round::RoundKind;
use crate::domain::rule::Class;
use crate::domain::time::LocalTime;

/// Lines of a list before it refers to the spreadsheet.
const LISTED: usize = 500;

#[derive(Template)]
#[template(path = "report.html", config = "reports/askama.toml")]
struct Page<'a> {
    title: String,
    office: &'a str,
    rehearsal: bool,
    facts: Vec<(&'static str, String)>,
    tiles: Vec<Tile>,
    notes: Vec<String>,
    groups: Vec<Group>,
    indicators: Vec<[String; 6]>,
    classes: Vec<ClassPart>,
    statuses: Vec<(String, usize)>,
    failed: Vec<[String; 5]>,
    failed_more: usize,
    issues: Vec<IssueLine>,
    issues_more: usize,
    previous: Option<String>,
    generated_at: String,
}

/// A number at the head of the page.
struct Tile {
    name: &'static str,
    value: String,
    parts: String,
}

/// One breakdown of accounts, as bars and as a table.
struct Group {
    title: &'static str,
    first: &'static str,
    lines: Vec<Line>,
}

struct Line {
    label: String,
    cells: [usize; 7],
    rate: String,
    /// Start and width of the bar's parts in thousandths, with the class that colours each.
    bar: Vec<(usize, usize, &'static str)>,
}

struct ClassPart {
    name: &'static str,
    count: usize,
    groups: Vec<(String, usize, Vec<String>)>,
}

struct IssueLine {
    id: i64,
    account: String,
    unit: String,
    indicator: &'static str,
    class: &'static str,
    summary: String,
    due: String,
    status: &'static str,
    tone: &'static str,
}

pub(super) fn render(d: &Dataset) -> Result<Vec<u8>, ReportError> {
    let total = &d.breakdowns.total;
    let failed: Vec<_> = d.accounts.iter().filter(|row| row.result == Some(AccountResult::Failed)).collect();
    let page = Page {
        title: format!("{}政务新媒体{}情况{}", d.round.name.zh(), inspection(d), rehearsal(d)),
        office: &d.office,
        rehearsal: d.round.rehearsal,
        facts: facts(d),
        tiles: tiles(d),
        notes: notes(d),
        groups: groups(d, total),
        indicators: d
            .breakdowns
            .indicators
            .iter()
            // What a round did not look at is no row of noughts.
            .filter(|t| t.total > 0)
            .map(|t| {
                let counts = [t.total, t.pass, t.fail, t.suspected, t.unverified].map(|n| n.to_string());
                let [total, pass, fail, suspected, unverified] = counts;
                [t.indicator.zh().to_owned(), total, pass, fail, suspected, unverified]
            })
            .collect(),
        classes: classes(d),
        statuses: d.breakdowns.statuses.iter().filter(|t| t.issues > 0).map(|t| (t.label.clone(), t.issues)).collect(),
        failed_more: failed.len().saturating_sub(LISTED),
        failed: failed
            .into_iter()
            .take(LISTED)
            .map(|row| {
                let newest = row.facts.member.as_ref().and_then(|m| m.newest_at);
                [
                    label(row),
                    clip(&row.facts.unit, 120),
                    problems(row),
                    d.round.as_of.minute(),
                    newest.map_or("—".to_owned(), LocalTime::minute),
                ]
            })
            .collect(),
        issues_more: standing(d).count().saturating_sub(LISTED),
        issues: issues(d),
        previous: previous(d),
        generated_at: minute(d.round.generated_at),
    };
    page.render().map(String::into_bytes).map_err(ReportError::document("report.html"))
}

fn groups(d: &Dataset, total: &Tally) -> Vec<Group> {
    let mut groups = vec![
        group("按平台", "平台", &d.breakdowns.platform, total),
        group("按单位层级", "单位层级", &d.breakdowns.unit_tier, total),
    ];
    // Why: a round that looks at every account selects nobody.
    if d.round.kind == RoundKind::Quarterly {
        groups.push(group("按入选原因", "入选原因", &d.breakdowns.reason, total));
    }
    groups
}

fn facts(d: &Dataset) -> Vec<(&'static str, String)> {
    let round = &d.round;
    let sampled = round.kind == RoundKind::Quarterly;
    let mut facts = vec![
        ("批次", format!("{}　{}　{}", round.name, round.kind.zh(), round.state.zh())),
        ("监测时间点", minute(round.as_of)),
        ("检查窗口", format!("{}至{}", minute(round.window_from), minute(round.as_of))),
        ("抽样框", format!("{}个账号，SHA-256 {}", round.frame_size, round.frame_sha256)),
    ];
    if sampled {
        facts.push(("抽查比例", format!("{}（{}）", round.ratio, round.rotation.zh())));
    }
    facts.push(("规则", format!("版本 {}；{}", round.rule_version, round.rule_documents.join("；"))));
    facts
}

fn tiles(d: &Dataset) -> Vec<Tile> {
    let rate = |name, figure: &str| {
        let figure = d.figure(figure);
        let parts = figure.denominator.map_or(String::new(), |of| format!("{} / {of}", figure.numerator));
        Tile { name, value: figure.text(), parts }
    };
    let count =
        |name, figure: &str, parts: &str| Tile { name, value: d.count(figure).to_string(), parts: parts.to_owned() };
    let mut tiles = vec![rate("合格率", "total.pass_rate")];
    if d.round.kind == RoundKind::Quarterly {
        tiles.push(rate("随机抽取部分合格率", "reason.random.pass_rate"));
    }
    tiles.extend([
        rate("检查覆盖", "total.coverage"),
        count("不合格账号", "total.failed", "个，触发单项否决"),
        count("存在问题账号", "total.problem", "个，未触发单项否决"),
        count("无法判定账号", "total.unjudged", "个，不计入合格率"),
        count("认定问题", "issues.standing", "个，撤销的不计"),
        rate("问题销号率", "issues.closed_rate"),
    ]);
    tiles
}

fn notes(d: &Dataset) -> Vec<String> {
    let total = &d.breakdowns.total;
    let doubtful = unjudged(d);
    let mut notes = Vec::new();
    if total.unjudged > 0 {
        let mut reasons: Vec<_> = doubtful.reasons.iter().map(|(why, count)| format!("{why}{count}个")).collect();
        if doubtful.undecided > 0 {
            reasons.push(format!("待人工核实{}个", doubtful.undecided));
        }
        notes.push(format!("无法判定{}个：{}。", total.unjudged, reasons.join("、")));
    }
    if total.pending > 0 {
        notes.push(format!("尚未检查{}个。", total.pending));
    }
    notes.push(format!(
        "发出更新提醒{}份；整改通知已送达{}份，未送达{}份。",
        d.warnings_sent, d.notices.delivered, d.notices.undelivered
    ));
    notes.push("合格率＝（合格＋存在问题）÷已判定。疑似问题核实前不点名、不计入。".to_owned());
    notes
}

fn group(title: &'static str, first: &'static str, tallies: &[Tally], total: &Tally) -> Group {
    let most = tallies.iter().map(|t| t.drawn).max().unwrap_or_default().max(1);
    let line = |tally: &Tally, with_bar: bool| {
        let parts = [
            (tally.qualified, "ok"),
            (tally.problem, "warn"),
            (tally.failed, "bad"),
            (tally.unjudged + tally.pending, "none"),
        ];
        let mut bar = Vec::new();
        let mut done = 0;
        for (count, class) in parts.into_iter().filter(|(count, _)| with_bar && *count > 0) {
            // Why: edges, not widths, are rounded, so that the parts meet and end at the total.
            let (start, end) = (done * 1000 / most, (done + count) * 1000 / most);
            bar.push((start, end - start, class));
            done += count;
        }
        Line {
            label: tally.label.clone(),
            cells: [
                tally.drawn,
                tally.judged,
                tally.qualified,
                tally.problem,
                tally.failed,
                tally.unjudged,
                tally.pending,
            ],
            rate: tally.pass_rate.with_parts(),
            bar,
        }
    };
    let mut lines: Vec<_> = tallies.iter().map(|tally| line(tally, true)).collect();
    lines.push(line(total, false));
    Group { title, first, lines }
}

fn classes(d: &Dataset) -> Vec<ClassPart> {
    let part = |class: &Class| {
        let groups = by_indicator(d, *class);
        let count = groups.iter().map(|(_, issues, _)| issues).sum();
        let groups = groups.into_iter().map(|(indicator, issues, mut names)| {
            let accounts = names.len();
            if accounts > 50 {
                names.truncate(50);
                names.push(format!("等{accounts}个账号"));
            }
            (format!("{}（{issues}个，涉及{accounts}个账号）", indicator.zh()), issues, names)
        });
        ClassPart { name: class.zh(), count, groups: groups.collect() }
    };
    Class::ALL.iter().map(part).filter(|part| part.count > 0).collect()
}

fn issues(d: &Dataset) -> Vec<IssueLine> {
    use crate::domain::issue::IssueStatus as S;
    let line = |issue: &crate::domain::issue::Issue| IssueLine {
        id: issue.id,
        account: issue_label(issue),
        unit: clip(&issue.unit, 120),
        indicator: issue.indicator.zh(),
        class: issue.class.zh(),
        summary: clip(&issue.summary, 300),
        due: issue.due_at.map_or("—".to_owned(), |at| {
            format!("{}{}", at.date(), if issue.due_provisional { "（暂定）" } else { "" })
        }),
        status: issue.status.zh(),
        tone: match issue.status {
            S::Closed => "ok",
            S::Overdue | S::Escalated => "bad",
            S::Rectified | S::Acknowledged => "warn",
            _ => "none",
        },
    };
    standing(d).take(LISTED).map(line).collect()
}

fn previous(d: &Dataset) -> Option<String> {
    let before = d.previous.as_ref()?;
    let count = |what: &str| d.count(&format!("previous.{what}"));
    Some(format!(
        "{}发现问题{}个：已销号{}个（销号率{}），撤销或排除{}个，尚未办结{}个（其中逾期或已督办{}个）；本期再次发现{}个。",
        before.name.zh(),
        count("total"),
        count("closed"),
        d.figure("previous.closed_rate").with_parts(),
        count("fallen"),
        count("live"),
        count("overdue"),
        count("found_again"),
    ))
}
