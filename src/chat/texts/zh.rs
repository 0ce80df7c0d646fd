//! 通知 in Chinese.

use super::page::{Button, Line, Message, Page, clip};
use super::{Due, Way, ends, who};
use crate::domain::Lang;
use crate::domain::issue::EventKind;
use crate::domain::notice::{
    Alert, BlindLine, IssueLine, NoticeBody, NoticeItem, SecondFor, SilentSoon, SuspicionLine, UndeliveredLine, Undone,
};
use crate::domain::round::RoundName;
use crate::domain::rule::Class;
use crate::domain::time::LocalTime;

/// What of a text somebody typed is repeated in a notice.
const SAID: usize = 400;

pub(super) fn notice(
    body: &NoticeBody,
    number: &str,
    unit: Option<&str>,
    due: Due<'_>,
    buttons: Vec<Vec<Button>>,
) -> Message {
    page(body, number, unit, due, Way::Here).buttons(buttons).finish(more)
}

pub(super) fn page(body: &NoticeBody, number: &str, unit: Option<&str>, due: Due<'_>, way: Way) -> Page {
    let advice = matches!(body, NoticeBody::Rectification { items, .. } if items.iter().all(is_advice));
    let kind = if advice { "工作提示" } else { body.kind().zh() };
    let page = Page::of(Line::strong(format!("【{kind}】")).text(format!("编号 {number}")));
    let page = match unit {
        // A farewell is to a person.
        Some(unit) if !matches!(body, NoticeBody::Farewell { .. }) => page.head(Line::of(unit).text("：")),
        _ => page,
    };
    let page = match body {
        NoticeBody::Rectification { round, as_of, items } => {
            let found = format!("{}（监测时间点 {}）", round_name(*round), as_of.minute());
            rectifications(page.loose(), &found, items, due, way)
        }
        NoticeBody::Warning { accounts } => page
            .head(Line::of("以下账号临近更新时限，请及时发布内容。本提醒不计入检查结果。"))
            .items(accounts.iter().map(silent_soon)),
        NoticeBody::Reminder { lines, last_day } => page
            .head(Line::of(if *last_day {
                "以下问题中有今日到期的，请尽快完成整改并反馈；确需延期的，请今日内申请。"
            } else {
                "以下问题整改时限已过半，请抓紧整改并反馈。"
            }))
            .items(lines.iter().map(|line| vec![issue_line(line, false)])),
        NoticeBody::Decision { line, what, note } => {
            // A recheck that failed says what it saw just now: the old finding beside it would only confuse.
            let old = *what != EventKind::Rejected || note.trim().is_empty();
            let page = page
                .head(if old { subject(line, false) } else { account(line) })
                .head(Line::of("处理结果：").bold(decision(*what)));
            let said = if old { "说明：" } else { "退回原因：" };
            let page = if note.trim().is_empty() { page } else { page.head(Line::of(said).text(clip(note, SAID))) };
            match line.due_at {
                Some(at)
                    if matches!(
                        what,
                        EventKind::Upheld | EventKind::Extended | EventKind::ExtensionRefused | EventKind::Rejected
                    ) =>
                {
                    page.head(Line::of("整改时限：").text(day(at, line.due_provisional)))
                }
                _ => page,
            }
        }
        NoticeBody::Alert(alert) => self::alert(page, alert),
        NoticeBody::Digest { .. } => digest(page, body),
        NoticeBody::Farewell { name, role, unit } => page
            .head(Line::of(format!("{name}：")))
            .head(Line::of(format!(
                "您的{}{}绑定已收回，今后不再通过本会话向您发送通知。您此前办理的事项已记录在案，感谢您的支持。",
                unit.as_deref().unwrap_or_default(),
                role.zh()
            )))
            .head(Line::of("如有疑问或仍需办理，请联系主管单位。")),
    };
    match way {
        Way::Here => page,
        Way::Link => page.tail(Line::of("办理链接仅供贵单位使用，请勿转发。本群机器人不能接收回复。")),
        Way::Elsewhere if unit.is_some() => page.tail(Line::of("本群机器人不能接收回复。")),
        Way::Elsewhere => page.tail(Line::of("本群机器人不能接收命令，请在巡查机器人的会话中处理。")),
    }
}

fn is_advice(item: &NoticeItem) -> bool {
    item.class == Class::Advice
}

/// What has to be rectified, and what is no more than advice; only the first is counted.
fn rectifications(page: Page, found: &str, items: &[NoticeItem], due: Due<'_>, way: Way) -> Page {
    let (advice, problems): (Vec<_>, Vec<_>) = items.iter().partition(|item| is_advice(item));
    let repeat = "本通知可能重复送达，编号相同的为同一通知。";
    if problems.is_empty() {
        let n = advice.len();
        return page
            .head(Line::of(format!("{found}有以下 {n} 项情况，供贵单位研究，不作为问题通报，不设整改时限。")))
            .items(advice.into_iter().map(suggestion))
            .tail(Line::of("收到后请签收；有意见或已办理的，可直接反馈。"))
            .tail(Line::of(repeat));
    }
    let page = page.head(Line::of(format!(
        "{found}发现贵单位存在以下 {} 项问题，请按时限整改并反馈。{}",
        problems.len(),
        if advice.is_empty() {
            String::new()
        } else {
            format!("另附 {} 项工作提示，供研究。", advice.len())
        }
    )));
    page.items(problems.into_iter().map(|item| rectification(item, due)))
        .items(advice.into_iter().map(suggestion))
        .tail(Line::of(match way {
            Way::Here => "收到后请签收，整改后请反馈；对认定有异议的，可以申诉；确需延期的，请在时限内申请。可用下方按钮，也可直接回复：签收 编号、整改 编号 整改情况、申诉 编号 理由、延期 编号 日期 理由。",
            Way::Link => "收到后请打开办理页面签收，整改后请在页面反馈；对认定有异议的，可以在页面申诉。",
            Way::Elsewhere => "收到后请联系监管人员登记签收，整改后请书面反馈；对认定有异议的，可以书面申诉。",
        }))
        .tail(Line::of(repeat))
}

fn suggestion(item: &NoticeItem) -> Vec<Line> {
    vec![
        Line::strong(format!("{} 号　{}（{}）", item.issue, item.account, item.platform.zh())),
        Line::of(format!("工作提示：{}", item.indicator.zh())),
        Line::of("情况：").text(&item.summary),
        Line::of("依据：").text(&item.basis),
        Line::of("建议：").text(&item.remedy.zh),
    ]
}

fn rectification(item: &NoticeItem, due: Due<'_>) -> Vec<Line> {
    let (on, provisional) = due(item.class);
    vec![
        Line::strong(format!("{} 号　{}（{}）", item.issue, item.account, item.platform.zh())),
        Line::of(format!("指标：{}〔{}〕", item.indicator.zh(), item.class.zh())),
        Line::of("情况：").text(&item.summary),
        Line::of("依据：").text(&item.basis),
        Line::of("要求：").text(&item.remedy.zh),
        Line::of("时限：").bold(on.to_string()).text(format!(
            "（{} 个工作日{}）",
            item.working_days,
            if provisional { "，暂定" } else { "" }
        )),
        Line::of("复查：").text(&item.recheck.zh),
    ]
}

fn silent_soon(account: &SilentSoon) -> Vec<Line> {
    vec![
        Line::of("· ")
            .bold(format!("{}（{}）", account.account, account.platform.zh()))
            .text(format!("：最近更新 {}，已 {} 天；", account.newest_at.minute(), account.days))
            .text(format!("{} 前未更新即构成违规", account.violation_at.minute())),
    ]
}

/// `12 号　账号(平台)`.
fn account(line: &IssueLine) -> Line {
    Line::strong(format!("{} 号", line.issue)).text(format!("　{}（{}）", line.account, line.platform.zh()))
}

/// `12 号　账号(平台)：情况`.
fn subject(line: &IssueLine, with_unit: bool) -> Line {
    let text = Line::strong(format!("{} 号", line.issue)).text("　");
    let text = if with_unit { text.text(&line.unit).text(" · ") } else { text };
    text.text(format!("{}（{}）：", line.account, line.platform.zh())).text(&line.summary)
}

/// The same and the date.
fn issue_line(line: &IssueLine, with_unit: bool) -> Line {
    let text = subject(line, with_unit);
    match line.due_at {
        Some(at) => text.text(format!("（时限 {}）", day(at, line.due_provisional))),
        None => text,
    }
}

fn suspicion(line: &SuspicionLine) -> Line {
    let text = Line::strong(format!("发现 {}", line.finding)).text(" ").text(&line.account);
    text.text(format!("（{}）：", line.indicator.zh())).text(clip(&line.summary, SAID))
}

fn alert(page: Page, alert: &Alert) -> Page {
    match alert {
        Alert::RoundJudged { round, looked_at, issues, vetoes, veto_count, doubtful, unverified } => {
            let page = page
                .head(Line::of(format!("{}已判定。", round_name(*round))))
                .head(Line::of(format!(
                    "检查账号 {looked_at} 个；问题 {issues} 项，其中单项否决 {veto_count} 项；待人工核实 {doubtful} 项；无法判定账号 {unverified} 个。"
                )))
                .items(vetoes.iter().map(|line| vec![issue_line(line, true)]));
            if *doubtful > 0 { page.tail(Line::of("待核实事项请发送 /queue 处理。")) } else { page }
        }
        Alert::TextsSuspected { round, privacy, expression, lines } => page
            .head(Line::of(format!(
                "{}新发现疑似个人信息泄露 {privacy} 处、疑似错误表述 {expression} 处，请当日核实。",
                round_name(*round)
            )))
            .items(lines.iter().map(|line| vec![suspicion(line)]))
            .tail(Line::of("请发送 /queue 逐条认定或排除；认定后立即通知主办单位。")),
        Alert::Appealed { line, why, by, files } => page
            .head(Line::of(format!("{}（{}）提出申诉，时限已停止计算，请处理。", line.unit, who(by, Lang::Zh))))
            .head(subject(line, false))
            .head(Line::of("理由：").text(clip(why, SAID)))
            .heads((*files > 0).then(|| Line::of(format!("所附材料：{files} 份")))),
        Alert::ExtensionRequested { line, until, why, by } => page
            .head(Line::of(format!("{}（{}）申请延期至 {}，请审批。", line.unit, who(by, Lang::Zh), until.date())))
            .head(issue_line(line, false))
            .head(Line::of("理由：").text(clip(why, SAID))),
        Alert::Rectified { line, what, by, .. } => page
            .head(Line::of(format!("{}（{}）反馈已整改，须人工复查。", line.unit, who(by, Lang::Zh))))
            .head(issue_line(line, false))
            .head(Line::of("整改情况：").text(clip(what, SAID))),
        Alert::Rechecked { line, passed, closed, what, asked_by, .. } => {
            let result = match (passed, closed) {
                (Some(true), true) => "合格，已销号",
                (Some(true), false) => "合格，请确认销号",
                (Some(false), _) => "仍不合格",
                (None, _) => "未能判定，须人工复查",
            };
            let page = match asked_by.as_str() {
                "" => page,
                by => page.head(Line::of(format!("{by}要求的复查已完成。"))),
            };
            page.head(issue_line(line, true))
                .head(Line::of("机器复查结果：").bold(result))
                .head(Line::of("复查情况：").text(clip(what, SAID)))
        }
        Alert::Veto { line, by } => page
            .head(Line::of(format!("{}认定一项单项否决问题，已立案，将通知主办单位。", who(by, Lang::Zh))))
            .head(issue_line(line, true)),
        Alert::SecondWanted { request, what, note, by, until } => {
            let page = match what {
                SecondFor::Close { line } => page
                    .head(Line::of(format!("{}申请对以下问题销号；该问题未经复查通过，须另一名监管人员同意（申请 {request}）。", who(by, Lang::Zh))))
                    .head(issue_line(line, true)),
                SecondFor::Revoke { line } => page
                    .head(Line::of(format!("{}申请撤销以下问题；该问题不在申诉中，须另一名监管人员同意（申请 {request}）。", who(by, Lang::Zh))))
                    .head(issue_line(line, true)),
                SecondFor::Notices { round, units, issues } => page.head(Line::of(format!(
                    "{}拟向 {units} 个单位发出整改通知，涉及问题 {issues} 项，须两名监管人员同意后发出（申请 {request}）。",
                    round_name(*round)
                ))),
            };
            let page =
                if note.trim().is_empty() { page } else { page.head(Line::of("说明：").text(clip(note, SAID))) };
            let page = page.head(Line::of(format!(
                "请于 {} 前答复，也可发送：/approve {request} 或 /decline {request}",
                until.minute()
            )));
            if by.is_empty() { page } else { page.head(Line::of("申请人本人不能答复同意。")) }
        }
        Alert::SecondLapsed { request, what, since } => {
            let why = match since {
                Some(kind) => format!("提出申请后，该问题已有新的办理情况（{}）", kind.zh()),
                None => "规定时间内未获所需的同意".to_owned(),
            };
            let (what, line) = match what {
                Undone::Close { line } => ("对以下问题销号", line),
                Undone::Revoke { line } => ("撤销以下问题", line),
            };
            let page = page
                .head(Line::of(format!("申请 {request}（{what}）已失效，未予办理：{why}。")))
                .head(issue_line(line, true));
            if since.is_some_and(ends) { page } else { page.head(Line::of("如仍需办理，请重新提出。")) }
        }
        Alert::Feedback { unit, text, by } => page
            .head(Line::of(format!("{}（{}）的意见：", unit.as_deref().unwrap_or("未绑定单位"), who(by, Lang::Zh))))
            .head(Line::of(clip(text, 1_000))),
        Alert::RobotRefuses { robot, unit, why } => page
            .head(Line::of(format!(
                "{}群机器人（接收对象：{}）拒收消息，消息已保留，将自动重发。",
                robot.zh,
                unit.as_deref().unwrap_or("监管人员")
            )))
            .head(Line::of("渠道答复：").text(clip(why, SAID)))
            .head(Line::of("请核对该机器人的安全设置（关键词、加签密钥、IP 白名单）与配置文件；关键词可设为“编号”。")),
        Alert::Undeliverable { unit, number, why } => page
            .head(Line::of(format!("通知 {number} 无法送达{}。", unit.as_deref().unwrap_or("监管人员"))))
            .head(Line::of("渠道答复：").text(clip(why, SAID)))
            .head(Line::of("请联系对方重新绑定：发送 /invite 单位名称 可生成新的绑定码。")),
    }
}

fn digest(page: Page, body: &NoticeBody) -> Page {
    let NoticeBody::Digest {
        on,
        opened,
        live,
        overdue,
        escalated,
        held_off,
        requests,
        held,
        overdue_count,
        doubtful,
        appeals,
        extensions,
        undelivered,
        blind_count,
        blind,
    } = body
    else {
        return page;
    };
    let mut page =
        page.head(Line::of(format!("{on}　新增问题 {opened} 项，未办结 {live} 项，逾期 {overdue_count} 项。")));
    let settled: Vec<String> = [(*escalated, "已督办"), (*held_off, "暂不督办")]
        .iter()
        .filter(|(n, _)| *n > 0)
        .map(|(n, what)| format!("{what} {n} 项"))
        .collect();
    if !settled.is_empty() {
        page = page.head(Line::of(format!("逾期问题中{}，不再列出。", settled.join("、"))));
    }
    if !requests.is_empty() {
        let numbers: Vec<String> = requests.iter().map(ToString::to_string).collect();
        page = page.head(Line::of(format!(
            "待双人复核的申请：{}，请发送 /approve 或 /decline 加申请编号。",
            numbers.join("、")
        )));
    }
    if !held.is_empty() {
        let numbers: Vec<String> = held.iter().map(ToString::to_string).collect();
        page = page.head(Line::of(format!(
            "整改通知仍未发出（申请 {}）：如须发出，请两名监管人员先后发送 /approve 加申请编号。",
            numbers.join("、")
        )));
    }
    if *doubtful > 0 {
        page = page.head(Line::of(format!("待人工核实 {doubtful} 项，请发送 /queue 处理。")));
    }
    let titled = |title: &str, lines: &[IssueLine]| -> Vec<Vec<Line>> {
        let heading = (!lines.is_empty()).then(|| vec![Line::strong(title)]);
        heading.into_iter().chain(lines.iter().map(|line| vec![issue_line(line, true)])).collect()
    };
    page = page
        .items(titled("逾期，建议督办（是否督办请逐项选择）", overdue))
        .items(titled("待处理申诉", appeals))
        .items(titled("待审批延期", extensions));
    if !undelivered.is_empty() {
        page = page.items([vec![Line::strong("未送达清单")]]).items(undelivered.iter().map(undelivered_line));
    }
    if *blind_count > 0 {
        let title = format!("采集渠道读不到 {blind_count} 个");
        page = page.items([vec![Line::strong(title)]]).items(blind.iter().map(blind_line));
    }
    page
}

fn blind_line(line: &BlindLine) -> Vec<Line> {
    vec![
        Line::of(format!(
            "· {}（{}）：{}，自 {} 起；",
            line.account,
            line.platform.zh(),
            line.state.zh(),
            line.since.minute()
        ))
        .text(&line.why),
    ]
}

fn undelivered_line(line: &UndeliveredLine) -> Vec<Line> {
    vec![
        Line::of(format!("{}　{}：", line.number, line.unit.as_deref().unwrap_or("监管人员")))
            .text(line.why.as_deref().unwrap_or("尚无绑定人员")),
    ]
}

fn decision(what: EventKind) -> &'static str {
    match what {
        EventKind::Upheld => "维持原认定，时限继续计算",
        EventKind::Revoked => "撤销，该问题不再计入",
        EventKind::Rejected => "退回，请继续整改",
        EventKind::Rechecked => "已复查，情况如下",
        EventKind::Closed => "予以销号",
        EventKind::Dismissed => "经核实排除，该问题不再计入",
        EventKind::Extended => "准予延期",
        EventKind::ExtensionRefused => "不予延期",
        EventKind::Overdue => "已超过整改时限",
        EventKind::Escalated => "已转督办，请立即整改",
        other => other.zh(),
    }
}

/// `2026年第四季度抽查`.
pub(super) fn round_name(round: RoundName) -> String {
    match round {
        RoundName::Quarter(..) => format!("{}抽查", round.zh()),
        RoundName::Half(..) => format!("{}检查", round.zh()),
        RoundName::Day(_) => format!("{}日常巡查", round.zh()),
    }
}

pub(super) fn day(at: LocalTime, provisional: bool) -> String {
    format!("{}{}", at.date(), if provisional { "（暂定）" } else { "" })
}

pub(super) fn more(cut: usize) -> Line {
    Line::of(format!("……另有 {cut} 项未列出，请发送 /issues 查看。"))
}
