//! `issues`: the same operations the bot offers, by the same code.

use chrono::NaiveTime;

use super::args::{Act, IssuesCommand};
use super::output::Column;
use super::{ACTOR, Context, Usage, evidence, packet};
use crate::app;
use crate::checks::recheck::recheck;
use crate::domain::issue::{Action, Issue};
use crate::domain::time::{LocalTime, in_zone};
use crate::issues::packet::IssueAndAll;
use crate::issues::{self, Scope, looks};
use crate::office::Office;
use crate::store::IssueQuery;

const PAGE: usize = 500;

pub(super) async fn run(context: &mut Context, command: IssuesCommand) -> anyhow::Result<()> {
    refuse_stray_date(&command)?;
    let office = context.office().await?;
    let (act, action) = match command {
        IssuesCommand::List { round, unit, status, overdue } => {
            if let Some(name) = round {
                office.store.read().await?.require_round(name).await?;
            }
            let query = IssueQuery { round, unit, status, overdue, ..IssueQuery::default() };
            return list(context, &office, &query).await;
        }
        IssuesCommand::Show { id } => {
            let found = issues::find(&office, id, &Scope::All).await?;
            return show(context, &office, found.issue).await;
        }
        IssuesCommand::Recheck(act) => return run_recheck(context, &office, &act).await,
        IssuesCommand::Extend(act) => {
            let action = extend(&office, &act)?;
            (act, action)
        }
        IssuesCommand::Ack(act) => (act, Action::Acknowledge),
        IssuesCommand::Fix { act, file } => {
            let (issue, changed) = evidence::fix(&office, act.id, &act.why, &file).await?;
            note_unchanged(context, changed);
            return show(context, &office, issue.issue).await;
        }
        IssuesCommand::Evidence { id, out } => return evidence::run(context, &office, id, out.as_deref()).await,
        IssuesCommand::Packet { id, file } => return packet::run(context, &office, id, &file).await,
        IssuesCommand::Close(act) => (act, Action::Close),
        IssuesCommand::Reject(act) => (act, Action::Reject),
        IssuesCommand::Appeal(act) => (act, Action::Appeal),
        IssuesCommand::Uphold(act) => (act, Action::Uphold),
        IssuesCommand::Revoke(act) => (act, Action::Revoke),
        IssuesCommand::Escalate(act) => (act, Action::Escalate),
    };
    let acted = issues::act(&office, act.id, action, &act.why, ACTOR, &Scope::All).await?;
    note_unchanged(context, acted.changed);
    show(context, &office, acted.issue.issue).await
}

fn note_unchanged(context: &Context, changed: bool) {
    if !changed {
        context.out.note("该问题已处于此状态，未作更改", "the issue stood so already; nothing was changed");
    }
}

/// `--until` is `extend`'s alone.
fn refuse_stray_date(command: &IssuesCommand) -> Result<(), Usage> {
    use IssuesCommand::{Ack, Appeal, Close, Escalate, Fix, Recheck, Reject, Revoke, Uphold};
    match command {
        Ack(act)
        | Fix { act, .. }
        | Recheck(act)
        | Close(act)
        | Reject(act)
        | Appeal(act)
        | Uphold(act)
        | Revoke(act)
        | Escalate(act)
            if act.until.is_some() =>
        {
            Err(Usage {
                zh: "--until 只用于 issues extend".into(),
                en: "--until belongs to issues extend alone".into(),
            })
        }
        _ => Ok(()),
    }
}

fn extend(office: &Office, act: &Act) -> anyhow::Result<Action> {
    let Some(day) = act.until else { return Ok(Action::Extend(None)) };
    let last_second = NaiveTime::from_hms_opt(23, 59, 59).unwrap_or_default();
    match in_zone(day.and_time(last_second), office.zone()) {
        Some(until) => Ok(Action::Extend(Some(until))),
        None => {
            Err(Usage { zh: format!("--until：{day} 无效"), en: format!("--until: {day} does not exist here") }.into())
        }
    }
}

async fn run_recheck(context: &mut Context, office: &Office, act: &Act) -> anyhow::Result<()> {
    let fetcher = app::open_fetcher(&office.config)?;
    let (acted, measured) = recheck(office, &fetcher, act.id, ACTOR, &Scope::All).await?;
    context.out.note(&measured.sentence, &measured.sentence);
    show(context, office, acted.issue.issue).await
}

async fn show(context: &mut Context, office: &Office, issue: Issue) -> anyhow::Result<()> {
    let issue = &issue.shown();
    let attachments = issues::evidence::list(office, issue.id, &Scope::All).await?;
    let looks = looks::behind(&mut office.store.read().await?, office, issue.id).await?;
    let lang = context.out.lang;
    let name = |zh, en| context.out.pick(zh, en);
    let time = |at: Option<LocalTime>| at.map(LocalTime::minute);
    let mut lines = vec![
        (name("编号", "id"), issue.id.to_string()),
        (name("批次", "round"), issue.round.to_string()),
        (name("账号", "account"), format!("{} {}（{}）", issue.account_id, issue.account, issue.platform.name(lang))),
        (name("主办单位", "unit"), issue.unit.clone()),
        (name("指标", "indicator"), format!("{}（{}）", issue.indicator.name(lang), issue.class.name(lang))),
        (name("状态", "status"), issue.status.name(lang).to_owned()),
        (name("问题", "summary"), issue.summary.clone()),
        (name("依据", "basis"), format!("{} {} [{}]", issue.rule.document, issue.rule.clause, issue.rule.version)),
        (name("监测时间点", "as of"), issue.as_of.minute()),
    ];
    if let Some(due) = time(issue.due_at) {
        let provisional = if issue.due_provisional { name("（暂定）", " (provisional)") } else { "" };
        lines.push((name("整改时限", "due"), format!("{due}{provisional}")));
    }
    if let Some(url) = &issue.evidence.url {
        let status = issue.evidence.status.map(|s| format!("  HTTP {s}")).unwrap_or_default();
        lines.push((name("证据", "evidence"), format!("{url}{status}")));
    }
    if let Some(sha256) = &issue.evidence.sha256 {
        lines.push((name("内容SHA-256", "body SHA-256"), sha256.clone()));
    }
    for look in &looks {
        lines.push((name("查看", "look"), format!("{}  {}", look.at.minute(), look.note)));
    }
    for page in &issue.evidence.fetched {
        let status = page.status.map(|status| format!("  HTTP {status}")).unwrap_or_default();
        let hash = page.sha256.as_ref().map(|hash| format!("  SHA-256 {hash}")).unwrap_or_default();
        lines.push((name("采集页面", "fetched"), format!("{}{status}{hash}", page.url)));
    }
    for file in &attachments {
        lines.push((name("材料", "file"), format!("{}  {} B  {}", file.name, file.size, file.sha256)));
    }
    for event in &issue.events {
        let note = if event.note.is_empty() { String::new() } else { format!("  {}", event.note) };
        lines.push((
            name("经过", "event"),
            format!("{}  {}  {}{note}", event.at.minute(), event.kind.name(lang), event.actor),
        ));
    }
    context.out.one(&IssueAndAll { issue, looks: &looks, attachments: &attachments }, &lines)
}

async fn list(context: &mut Context, office: &Office, query: &IssueQuery) -> anyhow::Result<()> {
    let columns = [
        Column::<Issue>("编号", "id", |i, _| i.id.to_string()),
        Column("账号", "account", |i, lang| format!("{}（{}）", i.account, i.platform.name(lang))),
        Column("主办单位", "unit", |i, _| i.unit.clone()),
        Column("指标", "indicator", |i, lang| i.indicator.name(lang).to_owned()),
        Column("性质", "class", |i, lang| i.class.name(lang).to_owned()),
        Column("状态", "status", |i, lang| i.status.name(lang).to_owned()),
        Column("整改时限", "due_at", |i, _| i.due_at.map(LocalTime::date).unwrap_or_default()),
        Column("问题", "summary", |i, _| i.summary.clone()),
    ];
    let mut list = context.out.list(&columns)?;
    let mut after = 0;
    loop {
        let page = issues::list(office, query, &Scope::All, after, PAGE).await?;
        let Some(last) = page.last() else { break };
        after = last.issue.id;
        for found in page {
            context.out.row(&mut list, &found.issue.shown())?;
        }
    }
    context.out.end(list)
}
