//! 通报, `bulletin.docx`: a draft in GB/T 9704 layout; 文号, 主送机关, 署名 and 成文日期 stay blank.
//!
//! Only what is certain is named: suspected findings appear as a count, and what could not
//! be judged is listed as such, never as passed.

use std::fmt::Write as _;

use super::ReportError;
use super::docx::Paper;
use super::sheet::numbers;
use super::wording::{
    by_indicator, day, doubts, inspection, issue_label, label, minute, problems, rehearsal, standing, unjudged,
};
use crate::domain::bulletin::{AccountResult, Dataset, PreviousRound, Tally, quantifier};
use crate::domain::round::{RoundKind, RoundState};
use crate::domain::rule::Class;
use crate::domain::time::LocalTime;

/// Accounts named in a sentence before it refers to the annex.
const NAMED: usize = 20;
/// Lines of an annex before it refers to the spreadsheet.
const LISTED: usize = 2000;

const CHINESE: [&str; 10] = ["一", "二", "三", "四", "五", "六", "七", "八", "九", "十"];

pub(super) fn render(dataset: &Dataset) -> Result<Vec<u8>, ReportError> {
    let mut paper = Paper::new(dataset.round.generated_at);
    opening(&mut paper, dataset);
    previous(&mut paper, dataset);
    overview(&mut paper, dataset);
    found(&mut paper, dataset);
    demands(&mut paper, dataset);
    closing(&mut paper);
    annexes(&mut paper, dataset);
    paper.pack().map_err(ReportError::document("bulletin.docx"))
}

fn opening(paper: &mut Paper, d: &Dataset) {
    let period = d.round.name.zh();
    paper.centred("〔　　　　〕〔　　　　〕　　号");
    paper.blank();
    paper.blank();
    let about = format!("关于{period}政务新媒体");
    let rest = format!("{}情况的通报{}", inspection(d), rehearsal(d));
    paper.title(&[&d.office, &about, &rest]);
    paper.blank();
    paper.addressee("〔主送机关〕：");
    let basis = match d.round.rule_documents.as_slice() {
        [] => "按照政务新媒体监管工作要求".to_owned(),
        documents => format!("根据{}等要求", documents.join("、")),
    };
    paper.body(&format!("{basis}，{}组织开展了{period}政务新媒体{}，现将有关情况通报如下。", d.office, inspection(d)));
}

fn previous(paper: &mut Paper, d: &Dataset) {
    paper.heading("一、上期问题整改情况");
    let Some(PreviousRound { name, issues }) = d.previous.as_ref() else {
        paper.body("本期之前没有同类检查批次，无上期问题。");
        return;
    };
    if issues.is_empty() {
        paper.body(&format!("{}检查未发现问题。", name.zh()));
        return;
    }
    let count = |what: &str| d.count(&format!("previous.{what}"));
    let mut text = format!(
        "{}检查共发现问题{}个。截至{}，已销号{}个，销号率{}",
        name.zh(),
        count("total"),
        day(d.round.generated_at),
        count("closed"),
        d.figure("previous.closed_rate").with_parts(),
    );
    if count("fallen") > 0 {
        let _ = write!(text, "，另有{}个经申诉或核实后撤销，不计入销号率", count("fallen"));
    }
    let _ = write!(text, "；尚未办结{}个", count("live"));
    if count("overdue") > 0 {
        let _ = write!(text, "，其中逾期或已督办{}个", count("overdue"));
    }
    text.push('。');
    if count("found_again") > 0 {
        let again: Vec<_> = issues
            .iter()
            .filter(|i| i.found_again)
            .map(|i| super::wording::clip(&format!("{}（{}）", i.account, i.platform.zh()), 120))
            .collect();
        let _ = write!(text, "本期检查再次发现{}个：{}。", count("found_again"), name_some(again));
    }
    paper.body(&text);
}

fn overview(paper: &mut Paper, d: &Dataset) {
    let round = &d.round;
    let total = &d.breakdowns.total;
    paper.heading("二、总体情况");
    paper.subheading("（一）抽取情况");
    let how = match round.kind {
        RoundKind::Quarterly => "按平台、单位层级等分层随机抽取",
        RoundKind::HalfYear | RoundKind::Patrol => "对全部在运行账号开展检查",
    };
    let reasons: Vec<_> = d.breakdowns.reason.iter().map(|t| format!("{}{}个", t.label, t.drawn)).collect();
    let mut text = format!(
        "以{}为监测时间点，纳入监管的在运行政务新媒体账号{}个，{how}，共检查{}个，占比{}。",
        minute(round.as_of),
        total.frame,
        total.drawn,
        d.figure("total.coverage").with_parts(),
    );
    if total.drawn > 0 && round.kind == RoundKind::Quarterly {
        let _ = write!(text, "其中，{}。", reasons.join("、"));
    }
    let _ = write!(text, "检查窗口为{}至{}。", day(round.window_from), day(round.as_of));
    text.push_str("抽样框、种子及复现方法见抽取公证单。");
    paper.body(&text);

    paper.subheading("（二）检查结果");
    paper.body(&result(d));
    let doubtful = unjudged(d);
    if total.unjudged > 0 {
        let mut text = format!("无法判定的{}个账号，不计入合格率的分子和分母。", total.unjudged);
        if !doubtful.reasons.is_empty() {
            let reasons: Vec<_> = doubtful.reasons.iter().map(|(why, count)| format!("{why}{count}个")).collect();
            let _ = write!(text, "其中，{}。", reasons.join("、"));
        }
        if doubtful.undecided > 0 {
            let _ = write!(text, "另有{}个账号的情况待人工核实，核实前不作认定。", doubtful.undecided);
        }
        paper.body(&text);
    }
    if total.pending > 0 {
        paper.body(&format!("截至{}，尚有{}个账号未完成检查。", day(round.generated_at), total.pending));
    }
    breakdown(paper, "表1　按平台", "平台", &d.breakdowns.platform, total);
    breakdown(paper, "表2　按单位层级", "单位层级", &d.breakdowns.unit_tier, total);
    // Why: a round that looks at every account selects nobody.
    if round.kind == RoundKind::Quarterly {
        breakdown(paper, "表3　按入选原因", "入选原因", &d.breakdowns.reason, total);
    }

    paper.subheading("（三）提醒和通知情况");
    paper.body(&format!(
        "检查期间发出更新提醒{}份；整改通知已送达{}份，未送达{}份。",
        d.warnings_sent, d.notices.delivered, d.notices.undelivered
    ));
}

fn result(d: &Dataset) -> String {
    let total = &d.breakdowns.total;
    let mut text = format!(
        "检查的{}个账号中，已判定{}个：合格{}个，存在问题{}个，不合格{}个；无法判定{}个",
        total.drawn, total.judged, total.qualified, total.problem, total.failed, total.unjudged
    );
    if total.pending > 0 {
        let _ = write!(text, "，尚未检查{}个", total.pending);
    }
    text.push_str("。触发单项否决的为不合格；未触发单项否决但发现其他问题的为存在问题，计入合格率。");
    let rate = d.figure("total.pass_rate");
    if total.judged > 0 {
        let _ = write!(text, "合格率{}", rate.with_parts());
        let random = d.figure("reason.random.pass_rate");
        if d.breakdowns.reason.len() > 1 && random.denominator.unwrap_or_default() > 0 {
            let _ = write!(
                text,
                "；其中随机抽取部分合格率{}，可反映总体情况，代表主体、重点关注等必查账号不参与推断",
                random.with_parts()
            );
        }
        text.push('。');
    }
    text
}

fn breakdown(paper: &mut Paper, caption: &str, heading: &str, lines: &[Tally], total: &Tally) {
    if lines.is_empty() {
        return;
    }
    // Why: the column of accounts still to come stands only while there are some.
    let pending = usize::from(total.pending > 0);
    let mut columns = vec![
        (heading, 160 - 20 * pending),
        ("总数", 75),
        ("检查", 75),
        ("已判定", 95),
        ("合格", 75),
        ("存在问题", 115),
        ("不合格", 95),
        ("无法判定", 115),
        ("未检查", 95),
        ("合格率", 195 - 75 * pending),
    ];
    if pending == 0 {
        columns.retain(|(heading, _)| *heading != "未检查");
    }
    let by_reason = heading == "入选原因";
    let line = |tally: &Tally| {
        let counts = numbers(tally).map(|n| n.to_string());
        let mut cells = vec![tally.label.clone()];
        cells.extend(counts.into_iter().take(7 + pending));
        if by_reason && let Some(frame) = cells.get_mut(1) {
            "—".clone_into(frame);
        }
        cells.push(tally.pass_rate.with_parts());
        cells
    };
    let rows: Vec<_> = lines.iter().chain([total]).map(line).collect();
    paper.caption(caption);
    paper.table(&columns, &rows);
    paper.blank();
}

fn found(paper: &mut Paper, d: &Dataset) {
    paper.heading("三、发现的主要问题");
    let all = standing(d).count();
    let is_complete = matches!(d.round.state, RoundState::Judged | RoundState::Closed);
    if all == 0 {
        paper.body(if is_complete {
            "本期检查未发现问题。"
        } else {
            "检查尚未全部完成，暂无已认定的问题。"
        });
        return;
    }
    let live = standing(d).filter(|issue| !issue.status.is_final()).count();
    let mut text = format!("共认定问题{all}个，已销号{}个，尚未办结{live}个。", all - live);
    let fallen = d.issues.len() - all;
    if fallen > 0 {
        let _ = write!(text, "另有{fallen}个经申诉或核实后撤销，不计在内。");
    }
    paper.body(&text);
    let classes = Class::ALL.iter().map(|class| (*class, by_indicator(d, *class))).filter(|(_, g)| !g.is_empty());
    for (number, (class, groups)) in classes.enumerate() {
        let sum: usize = groups.iter().map(|(_, issues, _)| issues).sum();
        let ordinal = CHINESE.get(number).copied().unwrap_or_default();
        paper.subheading(&format!("（{ordinal}）{}（{sum}个）", heading_of(class)));
        for (place, (indicator, issues, names)) in groups.into_iter().enumerate() {
            let word = quantifier(names.len(), d.breakdowns.total.drawn);
            let accounts = names.len();
            paper.body(&format!(
                "{}.{}。{word}账号（{accounts}/{}）存在此类问题，共{issues}个：{}。",
                place + 1,
                indicator.zh(),
                d.breakdowns.total.drawn,
                name_some(names),
            ));
        }
    }
}

const fn heading_of(class: Class) -> &'static str {
    match class {
        Class::Veto => "出现单项否决情形",
        Class::Prominent => "存在突出问题",
        Class::Ordinary => "存在一般问题",
        Class::Advice => "工作建议",
    }
}

/// Names joined by 、, the first ones only where there are many.
fn name_some(names: Vec<String>) -> String {
    let count = names.len();
    let text = names.into_iter().take(NAMED).collect::<Vec<_>>().join("、");
    if count > NAMED { format!("{text}等{count}个账号，详见附件") } else { text }
}

fn demands(paper: &mut Paper, d: &Dataset) {
    paper.heading("四、工作要求");
    let live = standing(d).filter(|issue| !issue.status.is_final());
    // Why: a day that has passed is no deadline to announce.
    let ahead = live.clone().filter(|issue| issue.due_at.is_some_and(|due| due >= d.round.generated_at));
    let provisional = ahead.clone().any(|issue| issue.due_provisional);
    let by = match ahead.filter_map(|issue| issue.due_at).max() {
        Some(due) if provisional => format!("最迟不超过{}（暂定）", day(due)),
        Some(due) => format!("最迟不超过{}", day(due)),
        None if live.clone().any(|issue| issue.due_at.is_some()) => "已逾期的立即整改".to_owned(),
        None => "并于〔　　　　〕年〔　　〕月〔　　〕日前反馈".to_owned(),
    };
    paper.body(&format!(
        "（一）限期整改。有关单位要按照整改通知载明的时限完成整改，{by}，整改结果反馈至{}。逾期未整改的，予以督办。",
        d.office
    ));
    paper.body("（二）举一反三。各主办单位要对照问题清单全面自查，及时更新内容，核验服务链接，严格执行先审后发，确属无力维护的账号按程序关停注销。");
    paper.body("（三）依规申诉。对检查结论有异议的，可在整改时限内提出申诉并说明理由，申诉期间整改时限中止计算。");
}

fn closing(paper: &mut Paper) {
    paper.blank();
    paper.enclosures(&["不合格账号名单", "问题清单", "无法判定账号名单"]);
    paper.blank();
    paper.blank();
    paper.signature("〔　　署　　名　　〕");
    paper.signature("〔　　　　〕年〔　　〕月〔　　〕日");
}

fn annexes(paper: &mut Paper, d: &Dataset) {
    let newest = |row: &crate::domain::bulletin::AccountRow| {
        row.facts.member.as_ref().and_then(|m| m.newest_at).map_or("—".to_owned(), LocalTime::minute)
    };
    let failed: Vec<_> = d
        .accounts
        .iter()
        .filter(|row| row.result == Some(AccountResult::Failed))
        .enumerate()
        .map(|(n, row)| {
            vec![
                (n + 1).to_string(),
                label(row),
                row.facts.unit.clone(),
                problems(row),
                d.round.as_of.minute(),
                newest(row),
            ]
        })
        .collect();
    paper.annex(1, "不合格账号名单");
    let columns = [
        ("序号", 65),
        ("账号名称（平台）", 230),
        ("主办单位", 185),
        ("存在问题", 230),
        ("监测时间点", 140),
        ("最后更新时间", 150),
    ];
    list(paper, &columns, failed, "ledger.xlsx");

    let issues: Vec<_> = standing(d)
        .map(|issue| {
            vec![
                issue.id.to_string(),
                issue_label(issue),
                issue.unit.clone(),
                issue.indicator.zh().to_owned(),
                issue.class.zh().to_owned(),
                due(issue.due_at, issue.due_provisional),
                issue.status.zh().to_owned(),
            ]
        })
        .collect();
    paper.annex(2, "问题清单");
    let columns = [
        ("编号", 65),
        ("账号名称（平台）", 225),
        ("主办单位", 170),
        ("问题类别", 160),
        ("性质", 120),
        ("整改时限", 140),
        ("整改状态", 120),
    ];
    list(paper, &columns, issues, "issues.xlsx");

    let doubtful = unjudged(d);
    let rows: Vec<_> = doubtful
        .unverified
        .iter()
        .enumerate()
        .map(|(n, row)| vec![(n + 1).to_string(), label(row), row.facts.unit.clone(), doubts(row)])
        .collect();
    paper.annex(3, "无法判定账号名单");
    let columns = [("序号", 80), ("账号名称（平台）", 300), ("主办单位", 250), ("无法判定的原因", 370)];
    list(paper, &columns, rows, "ledger.xlsx");
    if doubtful.undecided > 0 {
        paper.body(&format!("另有{}个账号待人工核实，核实前不作认定，不在本表列出。", doubtful.undecided));
    }
}

fn due(at: Option<LocalTime>, provisional: bool) -> String {
    at.map_or("—".to_owned(), |at| format!("{}{}", at.date(), if provisional { "（暂定）" } else { "" }))
}

fn list(paper: &mut Paper, columns: &[(&str, usize)], mut rows: Vec<Vec<String>>, elsewhere: &str) {
    if rows.is_empty() {
        paper.body("无。");
        return;
    }
    let all = rows.len();
    rows.truncate(LISTED);
    paper.table(columns, &rows);
    if all > LISTED {
        paper.body(&format!("以上列出{LISTED}项，共{all}项，其余见{elsewhere}。"));
    }
}
