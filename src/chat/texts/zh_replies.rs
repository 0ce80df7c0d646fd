//! 答复 in Chinese.

use super::keyboard::{step_buttons, why_buttons};
use super::page::{Line, Message, Page, clip};
use super::zh::{day, more, round_name};
use super::{BindRefusal, Progress, Reply, RequestAnswer, commands_of, who, zh_lists};
use crate::chat::commands::Verb;
use crate::domain::Lang;
use crate::domain::finding::Outcome;
use crate::domain::issue::{Event, EventKind, IssueStatus, Refusal};
use crate::domain::notice::NoticeItem;
use crate::domain::person::Role;
use crate::domain::rule::Class;
use crate::domain::time::LocalTime;
use crate::store::{Person, StoredIssue};

pub(super) fn reply(reply: &Reply<'_>) -> Message {
    page(reply).finish(more)
}

fn page(reply: &Reply<'_>) -> Page {
    match reply {
        Reply::Welcome => Page::of(Line::of("您好。本机器人用于政务新媒体检查问题的通知与整改反馈。"))
            .head(Line::of("请发送 ").code("/bind 绑定码").text(" 完成绑定；绑定码请向主管单位索取。")),
        Reply::Help(roles) => help(roles),
        Reply::Revoked => say("您的绑定已收回，不能继续办理。如仍需办理，请向主管单位索取新的绑定码。"),
        Reply::Bound(person, waits) => bound(person, *waits),
        Reply::NotBound(why) => say(match why {
            BindRefusal::Unknown => "绑定码不正确，请核对后重新发送。",
            BindRefusal::Expired => "绑定码已过期，请向主管单位重新索取。",
            BindRefusal::Used => "绑定码已被使用，请向主管单位重新索取。",
            BindRefusal::TooManyTries => "绑定码错误次数过多，请 15 分钟后再试。",
        }),
        Reply::Anonymous => say("您正以群组匿名身份发言，无法确认办理人。请关闭匿名后重新发送。"),
        Reply::Forwarded => say("转发的消息不作为办理依据，请由办理人直接发送。"),
        Reply::NotYours => say("您没有办理此事项的权限。可发送 /help 查看可用命令。"),
        Reply::PrivateOnly => say("此事项不宜在本群显示，请在与本机器人的私聊中办理。"),
        Reply::NoIssue(id) => say(&format!("没有编号为 {id} 的问题。可发送 /issues 查看问题清单。")),
        Reply::NoFinding(id) => say(&format!("没有编号为 {id} 的待核实事项。可发送 /queue 查看。")),
        Reply::DecidedBefore { finding, by, at } => say(&format!(
            "{} 号已由 {} 于 {} {}，无需重复办理。",
            finding.id,
            who(by, Lang::Zh),
            at.minute(),
            if finding.outcome == Outcome::Fail { "确认属实" } else { "排除" }
        )),
        Reply::NoRound => say("没有这一检查批次。批次写法：2026Q4、2026H2 或 2026-11-23。"),
        Reply::NoUnit(unit) => {
            Page::of(Line::of("台账中没有主办单位“").text(clip(unit, 100)).text("”，请核对单位全称。"))
        }
        Reply::Refused(id, refusal, issue) => {
            let page = Page::of(Line::strong(format!("{id} 号　")).text(refusal.zh()));
            match issue {
                Some(stored) if matches!(refusal, Refusal::WrongStatus { .. } | Refusal::NothingRequested) => {
                    meanwhile(page, stored, matches!(refusal, Refusal::NothingRequested))
                }
                _ => page,
            }
        }
        Reply::Usage(verb) => {
            let (arguments, about) = about(*verb);
            Page::of(Line::of(about)).head(Line::of("写法：").code(format!("/{verb} {arguments}").trim()))
        }
        Reply::Unknown => say("未能识别您的消息。可发送 /help 查看可用命令。"),
        Reply::Ask(verb, id) => Page::of(Line::strong(format!("〔{} {id}〕", verb.zh())).text(match verb {
            Verb::Fix => "请回复本条消息，说明整改情况。",
            Verb::Appeal => "请回复本条消息，说明申诉理由。",
            Verb::Extend => "请回复本条消息，写明延期至何日及理由，例如：2026-12-01 系统升级。",
            _ => "请回复本条消息，说明理由。",
        }))
        .ask(),
        Reply::AskDate(id, date) => {
            let page = Line::strong(format!("〔延期 {id}〕"));
            Page::of(match date {
                Some(date) => page.text(format!("〔至 {date}〕请回复本条消息，说明申请延期的理由。")),
                None => page.text(
                    "日期未能识别。请回复本条消息，日期请写作 2026-12-01，并写明理由，例如：2026-12-01 系统升级。",
                ),
            })
            .ask()
        }
        Reply::OneNumber(Verb::Ack) => say("一次最多签收 30 项，本次未作任何更改，请分次发送。"),
        Reply::OneNumber(verb) => say(&format!("“{}”一次只能办理一个编号，本次未作任何更改。请逐项发送。", verb.zh())),
        Reply::NotTold(id) => Page::of(
            Line::strong(format!("{id} 号　")).text("该问题的通知尚未发出，暂不能办理。请待收到通知后再办理。"),
        ),
        Reply::AskWhy(id) => {
            Page::of(Line::strong(format!("〔排除 {id}〕")).text("请选择理由，或回复本条消息说明理由。"))
                .buttons(why_buttons(*id, Lang::Zh))
        }
        Reply::AskWhyWords(id) => {
            Page::of(Line::strong(format!("〔排除 {id}〕")).text("请回复本条消息，说明排除的理由。")).ask()
        }
        Reply::AskNote(id) => {
            Page::of(Line::strong(format!("〔属实 {id}〕")).text("请回复本条消息，写明核实情况；回复后即确认属实。"))
                .ask()
        }
        Reply::AwaitsSecond { issue, request, others } => {
            Page::of(Line::strong(format!("{issue} 号　")).text(format!(
                "未经复查通过的销号、没有申诉的撤销，须另一名监管人员同意（申请 {request}）。{}",
                if *others {
                    "已提请其他监管人员，同意后即办理。"
                } else {
                    "目前没有其他监管人员绑定，请先邀请。"
                }
            )))
        }
        Reply::Request(id, answer) => say(&request(*id, answer)),
        Reply::Done { verb, changed, issue } => done(*verb, *changed, issue),
        Reply::AckedAll(0) => say("没有需要签收的问题。"),
        Reply::AckedAll(count) => say(&format!("已签收 {count} 项问题。可发送 /issues 查看时限。")),
        Reply::Issue { issue, steps, item, until, untold, looks } => issue_in_full(issue, item, *until, *untold)
            .heads(zh_lists::looks(looks))
            .buttons(step_buttons(steps, &issue.issue, Lang::Zh)),
        Reply::Issues { list, issues, from, total, with_unit } => {
            zh_lists::issues(*list, issues, *from, *total, *with_unit)
        }
        Reply::Queue(doubt) => zh_lists::doubt(doubt),
        Reply::QueueEmpty(before) => zh_lists::queue_empty(*before),
        Reply::Decided(finding) => zh_lists::decided_apart(finding),
        Reply::Report(round) => zh_lists::report(*round),
        Reply::NoReport(round) => {
            say(&format!("{}的分项数据合计不符，未生成报告，请联系系统管理员。", round_name(*round)))
        }
        Reply::Status(progress) => status(progress),
        Reply::Invite { code, unit, expires_at } => Page::of(Line::of(format!("{unit}管理员的绑定码：")).code(code))
            .head(Line::of(format!("有效期至 {}，仅可使用一次。", expires_at.minute())))
            .head(Line::of("请对方向本机器人发送：").code(format!("/bind {code}"))),
        Reply::LangSet => say("已切换为中文。"),
        Reply::Thanks => say("已转交主管单位，谢谢。"),
        Reply::Trouble => say("系统暂时无法处理，请稍后重试。"),
    }
}

fn say(text: &str) -> Page {
    Page::of(Line::of(text))
}

fn help(roles: &[Role]) -> Page {
    let page = Page::of(Line::strong("可用命令")).items(commands_of(roles).into_iter().map(|verb| {
        let (arguments, about) = about(verb);
        vec![Line::default().code(format!("/{verb} {arguments}").trim()).text(format!("　{about}"))]
    }));
    if roles.is_empty() {
        return page;
    }
    page.tail(Line::of("也可直接用中文：问题、签收 编号、整改 编号 情况、申诉 编号 理由、延期 编号 日期 理由。"))
}

fn bound(person: &Person, waits: bool) -> Page {
    let unit = person.unit.as_deref().unwrap_or_default();
    let page = Page::of(Line::of("绑定成功：").bold(format!("{unit}{}", person.role.zh())).text("。"));
    match person.role {
        Role::UnitAdmin => {
            let page = if waits { page.head(Line::of("此前未送达的通知将随后发来。")) } else { page };
            page.head(Line::of("可发送 /issues 查看本单位问题，/help 查看命令。"))
        }
        Role::Supervisor | Role::Auditor => page.head(Line::of("可发送 /help 查看命令。")),
    }
}

fn done(verb: Verb, changed: bool, stored: &StoredIssue) -> Page {
    let issue = &stored.issue;
    let what = match (verb, changed) {
        (Verb::Ack, true) => "已签收",
        (Verb::Ack, false) => "此前已签收",
        (Verb::Fix, _) if issue.class == Class::Advice => "已收到反馈",
        (Verb::Close, true) if issue.class == Class::Advice => "已办结",
        (Verb::Fix, true) => "已收到整改反馈，将安排复查",
        (Verb::Fix, false) => "此前已收到整改反馈，正待复查",
        (Verb::Appeal, true) => "已受理申诉，处理期间时限停止计算",
        (Verb::Appeal, false) => "申诉正在处理中",
        (Verb::Extend, true) => "已提交延期申请，请等候审批；审批前时限不变",
        (Verb::Extend, false) => "该延期申请此前已提交",
        (Verb::Uphold, _) => "已维持原认定，时限继续计算",
        (Verb::Revoke, true) => "已撤销",
        (Verb::Reject, _) => "已退回",
        (Verb::Recheck, _) => "已安排复查",
        (Verb::Grant, true) => "已准予延期",
        (Verb::Refuse, _) => "已答复不予延期",
        (Verb::Escalate, true) => "已转督办",
        (Verb::Close, true) => "已销号",
        (Verb::Hold, true) => "已记录暂不督办，情况变化前不再提示",
        _ => "此前已办理，无需重复操作",
    };
    let line = Line::strong(format!("{} 号　", issue.id)).text(what).text("。");
    let line = match issue.due_at {
        Some(at) if !issue.status.is_final() && !matches!(issue.status, IssueStatus::Appealed) => {
            line.text(format!("整改时限 {}。", day(at, issue.due_provisional)))
        }
        _ => line,
    };
    let page = Page::of(line);
    if changed || verb == Verb::Recheck { page } else { meanwhile(page, stored, false) }
}

/// What happened last, or how the last request for an extension ended, for a reader who comes too late.
fn meanwhile(page: Page, stored: &StoredIssue, extension: bool) -> Page {
    let answered = |event: &&Event| matches!(event.kind, EventKind::Extended | EventKind::ExtensionRefused);
    // What lapsed did so because somebody acted.
    let acted = |event: &&Event| !matches!(event.kind, EventKind::CloseLapsed | EventKind::RevokeLapsed);
    let mut events = stored.issue.events.iter().rev().filter(acted);
    match events.clone().find(answered).filter(|_| extension).or_else(|| events.next()) {
        Some(event) => page.head(Line::of(format!(
            "最近办理：{} {}（{}），现为“{}”。",
            event.at.minute(),
            event.kind.zh(),
            who(&event.actor, Lang::Zh),
            stored.issue.status.zh()
        ))),
        None => page,
    }
}

fn request(id: i64, answer: &RequestAnswer) -> String {
    match answer {
        RequestAnswer::Approved => format!("申请 {id}：已同意并办理。"),
        RequestAnswer::Declined => format!("申请 {id}：已答复不同意，未作办理。"),
        RequestAnswer::Noted => format!("申请 {id}：已记录您的同意，尚须另一名监管人员同意。"),
        RequestAnswer::Own => format!("申请 {id} 由您提出，须由另一名监管人员答复。"),
        RequestAnswer::Lapsed => format!("申请 {id} 已失效：已超过期限，或有关情况已经变化。"),
        RequestAnswer::Before(by, at, agreed) => {
            let by = who(by, Lang::Zh);
            format!("申请 {id} 已由 {by} 于 {} 答复{}。", at.minute(), if *agreed { "同意" } else { "不同意" })
        }
        RequestAnswer::Unknown => format!("没有编号为 {id} 的申请。"),
    }
}

fn issue_in_full(stored: &StoredIssue, item: &NoticeItem, until: Option<LocalTime>, untold: bool) -> Page {
    let issue = &stored.issue.clone().shown();
    let mut page = Page::of(
        Line::strong(format!("{} 号　{}（{}）", issue.id, issue.account, issue.platform.zh()))
            .text(format!("　{}", issue.status.zh())),
    )
    .head(Line::of("单位：").text(&issue.unit))
    .head(Line::of(format!("指标：{}〔{}〕", issue.indicator.zh(), issue.class.zh())))
    .head(Line::of("情况：").text(&issue.summary));
    if !issue.subject.is_empty() {
        page = page.head(Line::of("对象：").text(clip(&issue.subject, 300)));
    }
    page = page
        .head(Line::of(format!("依据：{} {}", issue.rule.document, issue.rule.clause)))
        .head(Line::of(if issue.class == Class::Advice { "建议：" } else { "要求：" }).text(&item.remedy.zh))
        .head(Line::of("复查：").text(&item.recheck.zh))
        .head(Line::of(format!("批次：{}（监测时间点 {}）", issue.round, issue.as_of.minute())))
        .head(match issue.due_at {
            Some(at) => Line::of("时限：").bold(day(at, issue.due_provisional)),
            None if issue.class == Class::Advice => Line::of("时限：工作提示，不设整改时限"),
            None => Line::of("时限：自通知送达次日起计算"),
        });
    if let Some(url) = issue.evidence.url.as_deref().filter(|url| *url != issue.subject) {
        page = page.head(Line::of("证据链接：").text(clip(url, 300)));
    }
    if let Some(until) = until {
        page = page.head(Line::of(format!("申请延期至：{}（待审批）", until.date())));
    }
    if untold {
        page = page.head(Line::strong("通知尚未发出，暂不能办理。"));
    }
    let recent = issue.events.len().saturating_sub(8);
    page.items(issue.events.iter().skip(recent).map(|event| {
        let line = Line::of(format!("{}　{}（{}）", event.at.minute(), event.kind.zh(), who(&event.actor, Lang::Zh)));
        vec![if event.note.trim().is_empty() { line } else { line.text("：").text(clip(&event.note, 200)) }]
    }))
}

fn status(progress: &Progress) -> Page {
    let count = |outcome: Outcome| -> i64 {
        progress.findings.iter().filter(|(_, o, _)| *o == outcome).map(|(_, _, n)| n).sum()
    };
    let mut page = Page::of(Line::strong(round_name(progress.round)).text(format!("　{}", progress.state.zh())))
        .head(Line::of(format!("监测时间点 {}", progress.as_of.minute())))
        .head(Line::of(format!("已检查 {} / {} 个账号", progress.looked_at, progress.members)))
        .head(Line::of(format!(
            "检查结果：合规 {}，违规 {}，疑似 {}，无法判定 {}",
            count(Outcome::Pass),
            count(Outcome::Fail),
            count(Outcome::Suspected),
            count(Outcome::Unverified)
        )));
    for (indicator, outcome, number) in progress.findings.iter().filter(|(_, outcome, _)| *outcome == Outcome::Fail) {
        page = page.items([vec![Line::of(format!("· {}{} {number} 项", indicator.zh(), outcome.zh()))]]);
    }
    let issues: Vec<String> = progress.issues.iter().map(|(status, n)| format!("{} {n}", status.zh())).collect();
    let page = if issues.is_empty() { page } else { page.tail(Line::of("全部问题：").text(issues.join("，"))) };
    if progress.doubtful > 0 {
        page.tail(Line::of(format!("待人工核实 {} 项，请发送 /queue 处理。", progress.doubtful)))
    } else {
        page
    }
}

pub(super) fn about(verb: Verb) -> (&'static str, &'static str) {
    match verb {
        Verb::Start => ("", "开始使用"),
        Verb::Bind => ("绑定码", "绑定单位或角色"),
        Verb::Issues => ("", "未办结问题清单"),
        Verb::Issue => ("编号", "查看一项问题"),
        Verb::Ack => ("编号", "签收"),
        Verb::Fix => ("编号 整改情况", "反馈整改情况，可附图片或文件"),
        Verb::Appeal => ("编号 理由", "申诉，处理期间时限停止计算"),
        Verb::Extend => ("编号 日期 理由", "申请延期"),
        Verb::Evidence => ("编号", "查看整改材料"),
        Verb::Template => ("", "审核记录模板；填写后直接发回即可导入"),
        Verb::Selfreport => ("账号编号 日期 链接", "报告系统无法采集的账号的最新更新，可附截图"),
        Verb::Worksheet => ("批次", "人工核查表；填写后直接发回即可记录"),
        Verb::Feedback => ("内容", "向主管单位反映情况"),
        Verb::Status => ("批次", "检查进度，不写批次则为最近一批"),
        Verb::Queue => ("", "处理待核实事项"),
        Verb::Overdue => ("", "逾期问题"),
        Verb::Report => ("批次", "台账、问题清单和通报稿，不写批次则为最近一批"),
        Verb::Close => ("编号", "销号"),
        Verb::Reject => ("编号 理由", "退回整改反馈"),
        Verb::Uphold => ("编号", "维持原认定（答复申诉）"),
        Verb::Revoke => ("编号 理由", "撤销问题（答复申诉）"),
        Verb::Recheck => ("编号", "立即安排复查"),
        Verb::Escalate => ("编号", "督办逾期问题"),
        Verb::Hold => ("编号", "逾期问题暂不督办"),
        Verb::Approve => ("申请编号", "同意其他监管人员的申请"),
        Verb::Decline => ("申请编号", "不同意其他监管人员的申请"),
        Verb::Grant => ("编号", "准予延期"),
        Verb::Refuse => ("编号 理由", "不予延期"),
        Verb::Invite => ("单位名称", "为单位管理员生成绑定码"),
        Verb::Lang => ("zh|en", "切换语言"),
        Verb::Help => ("", "可用命令"),
    }
}
