//! `audit`: the event history, and the proof that nobody changed it.

use clap::Subcommand;
use serde::Serialize;

use super::output::Column;
use super::{CheckFailed, Context, Usage};
use crate::domain::Lang;
use crate::domain::time::{LocalTime, in_zone};
use crate::store::{EventQuery, Fault};

const PAGE: usize = 1000;

#[derive(Debug, Subcommand)]
pub(super) enum AuditCommand {
    /// 核对事件链及问题状态，发现改动时退出码为1 Check the chain of events and the issues' states
    Verify {
        /// 此前记下的校验值，须仍在链中 A hash noted down earlier
        #[arg(long, value_name = "HASH")]
        head: Option<String>,
    },
    /// 列出事件 List events
    List {
        /// 对象类别：issue、account、round、finding、person…… Kind of subject
        #[arg(long, value_name = "KIND")]
        subject: Option<String>,
        /// 对象编号 Which one
        #[arg(long, value_name = "ID", requires = "subject")]
        id: Option<String>,
        /// 起始日期 From this day on
        #[arg(long, value_name = "DATE")]
        since: Option<chrono::NaiveDate>,
    },
}

pub(super) async fn run(context: &mut Context, command: AuditCommand) -> anyhow::Result<()> {
    match command {
        AuditCommand::Verify { head } => verify(context, head.as_deref()).await,
        AuditCommand::List { subject, id, since } => list(context, subject, id, since).await,
    }
}

async fn verify(context: &mut Context, head: Option<&str>) -> anyhow::Result<()> {
    if head.is_some_and(|head| head.len() != 64 || !head.bytes().all(|b| b.is_ascii_hexdigit())) {
        let zh = "--head 应为64位十六进制校验值，即此前 audit verify 输出的 head".to_owned();
        let en = "--head has to be 64 hex digits, as audit verify printed them".to_owned();
        return Err(Usage { zh, en }.into());
    }
    let office = context.office().await?;
    let mut tx = office.store.read().await?;
    let bar = context.out.bar(tx.event_count().await? as u64, "核对事件", "Checking events");
    let found = tx.audit(head, |events| bar.set_position(events as u64)).await?;
    bar.finish_and_clear();
    let out = &mut context.out;
    let lines = [
        (out.pick("事件", "events"), found.events.to_string()),
        (out.pick("问题", "issues"), found.issues.to_string()),
        (out.pick("末尾校验值", "head"), found.head.clone()),
        (out.pick("不符", "faults"), found.fault_count.to_string()),
    ];
    out.one(&found, &lines)?;
    for fault in &found.faults {
        let (zh, en) = words(fault);
        out.note(&format!("✗ {zh}"), &format!("✗ {en}"));
    }
    if found.fault_count == 0 {
        return Ok(());
    }
    let zh = format!("历史记录有{}处不符；数据库可能在程序之外被改动，请与备份核对", found.fault_count);
    let en = format!(
        "{} faults in the history; the database may have been changed from outside, compare it with a backup",
        found.fault_count
    );
    Err(CheckFailed { zh, en }.into())
}

fn words(fault: &Fault) -> (String, String) {
    match fault {
        Fault::EventChanged { event } => {
            (format!("事件{event}的内容与其校验值不符"), format!("event {event} is not what its hash was made of"))
        }
        Fault::ChainBroken { event } => (
            format!("事件{event}与前一事件不相接，其间有记录被删除或插入"),
            format!("event {event} does not follow the one before: something was removed or put in"),
        ),
        Fault::HeadMissing { head } => {
            (format!("校验值{head}不在链中，此后的记录曾被删改"), format!("the hash {head} is no longer in the chain"))
        }
        Fault::IssueState { issue, status } => (
            format!("问题{issue}的状态“{}”与其事件不符", status.zh()),
            format!("issue {issue} is `{status}`, where its events do not lead"),
        ),
    }
}

/// An event as scripts see it.
#[derive(Serialize)]
struct View {
    id: i64,
    at: LocalTime,
    actor: String,
    subject_kind: String,
    subject_id: String,
    kind: String,
    note: String,
    hash: String,
}

async fn list(
    context: &mut Context,
    subject: Option<String>,
    id: Option<String>,
    since: Option<chrono::NaiveDate>,
) -> anyhow::Result<()> {
    const COLUMNS: &[Column<'_, View>] = &[
        Column("序号", "no.", |e, _| e.id.to_string()),
        Column("时间", "at", |e, _| e.at.minute()),
        Column("操作人", "actor", |e, lang| match (e.actor.as_str(), lang) {
            ("" | crate::ACTOR, Lang::Zh) => "系统".to_owned(),
            ("", Lang::En) => crate::ACTOR.to_owned(),
            (actor, _) => actor.to_owned(),
        }),
        Column("对象", "subject", |e, _| format!("{} {}", e.subject_kind, e.subject_id)),
        Column("事项", "what", |e, _| e.kind.clone()),
        Column("说明", "note", |e, _| e.note.clone()),
    ];
    let office = context.office().await?;
    let midnight = since.and_then(|day| day.and_hms_opt(0, 0, 0)).and_then(|day| in_zone(day, office.zone()));
    let query = EventQuery { subject_kind: subject, subject_id: id, since: midnight };
    let mut tx = office.store.read().await?;
    let mut list = context.out.list(COLUMNS)?;
    let mut after = 0;
    loop {
        let page = tx.events_page(&query, after, PAGE).await?;
        let Some(last) = page.last() else { break };
        after = last.id;
        for event in page {
            let view = View {
                id: event.id,
                at: office.local(event.at()),
                actor: event.actor,
                subject_kind: event.subject_kind,
                subject_id: event.subject_id,
                kind: event.kind,
                note: event.note,
                hash: event.hash,
            };
            context.out.row(&mut list, &view)?;
        }
    }
    context.out.end(list)
}
