//! `notices`: the outbox.

use std::time::Duration;

use serde::Serialize;

use super::args::NoticesCommand;
use super::output::Column;
use super::{Context, Usage};
use crate::app;
use crate::chat::deliver::{Channels, deliver_due, next_due_by};
use crate::chat::telegram::Messenger;
use crate::config::Config;
use crate::domain::notice::{NoticeBody, NoticeKind};
use crate::domain::time::LocalTime;
use crate::fetch::Hooks;
use crate::office::Office;
use crate::store::NoticeQuery;

const PAGE: usize = 500;
/// Deliveries made before the outbox is asked again.
const AT_ONCE: usize = 50;
/// What is due later than this is not waited for.
const SOON: Duration = Duration::from_secs(4);
/// That many tries in vain, and the channel is in trouble.
const TROUBLE: usize = 8;
/// The least that is waited.
const BREATH: Duration = Duration::from_millis(50);

/// A notice as scripts see it.
#[derive(Serialize)]
struct View {
    id: i64,
    number: String,
    kind: NoticeKind,
    unit: Option<String>,
    status: String,
    urgent: bool,
    created_at: LocalTime,
    delivered_at: Option<LocalTime>,
    attempts: i64,
    last_error: Option<String>,
    body: NoticeBody,
}

/// The bot, which this command cannot do without.
pub(super) fn require_messenger(config: &Config) -> anyhow::Result<Messenger> {
    app::open_messenger(config)?.ok_or_else(|| {
        Usage {
            zh: "未配置机器人令牌：请设置环境变量 XUNCHA_TELEGRAM_TOKEN，或在 [telegram] 中填写 token_file".to_owned(),
            en: "no bot token: set XUNCHA_TELEGRAM_TOKEN, or token_file in [telegram]".to_owned(),
        }
        .into()
    })
}

pub(super) async fn run(context: &mut Context, command: NoticesCommand) -> anyhow::Result<()> {
    match command {
        NoticesCommand::List { status } => {
            let office = context.office().await?;
            list(context, &office, NoticeQuery { status }).await
        }
        NoticesCommand::Send { dry_run: true } => dry_run(context).await,
        NoticesCommand::Send { dry_run: false } => send(context).await,
    }
}

async fn list(context: &mut Context, office: &Office, query: NoticeQuery) -> anyhow::Result<()> {
    const STATES: [&str; 6] = ["waiting", "queued", "sending", "sent", "failed", "withdrawn"];
    if let Some(status) = query.status.as_deref().filter(|s| !STATES.contains(s)) {
        let states = STATES.join(", ");
        return Err(Usage {
            zh: format!("--status：“{status}”应为 {states} 之一"),
            en: format!("--status: `{status}` is not one of {states}"),
        }
        .into());
    }
    let columns = [
        Column::<View>("编号", "number", |n, _| n.number.clone()),
        Column("类别", "kind", |n, lang| n.kind.name(lang).to_owned()),
        Column("接收", "reader", |n, lang| {
            n.unit.clone().unwrap_or_else(|| crate::domain::person::Role::Supervisor.name(lang).to_owned())
        }),
        Column("状态", "status", |n, lang| status_name(&n.status, lang)),
        Column("写入", "created_at", |n, _| n.created_at.minute()),
        Column("送达", "delivered_at", |n, _| n.delivered_at.map(LocalTime::minute).unwrap_or_default()),
        Column("尝试", "attempts", |n, _| n.attempts.to_string()),
        Column("最近错误", "last_error", |n, _| n.last_error.clone().unwrap_or_default()),
    ];
    let mut list = context.out.list(&columns)?;
    let mut after = 0;
    loop {
        let page = office.store.read().await?.notices_page(&query, after, PAGE).await?;
        let Some(last) = page.last() else { break };
        after = last.id;
        for row in page {
            let view = View {
                id: row.id,
                number: row.number,
                kind: row.kind,
                unit: row.unit,
                status: row.status,
                urgent: row.urgent,
                created_at: office.local(row.created_at),
                delivered_at: row.delivered_at.map(|at| office.local(at)),
                attempts: row.attempts,
                last_error: row.last_error,
                body: row.body,
            };
            context.out.row(&mut list, &view)?;
        }
    }
    context.out.end(list)
}

fn status_name(status: &str, lang: crate::domain::Lang) -> String {
    use crate::store::DeliveryStatus;
    match (DeliveryStatus::parse(status), lang) {
        (Some(status), lang) => status.name(lang).to_owned(),
        (None, crate::domain::Lang::Zh) if status == "withdrawn" => "已撤回".to_owned(),
        (None, crate::domain::Lang::En) if status == "withdrawn" => "Withdrawn".to_owned(),
        (None, crate::domain::Lang::Zh) => "待绑定".to_owned(),
        (None, crate::domain::Lang::En) => "waiting for /bind".to_owned(),
    }
}

#[derive(Serialize)]
struct Due {
    notice: String,
    chat_id: i64,
}

async fn dry_run(context: &mut Context) -> anyhow::Result<()> {
    let office = context.office().await?;
    // Why a transaction for writing, never committed: robots of the configuration are bound by the
    // sending, and what waited for them goes out with it.
    let mut tx = office.store.write().await?;
    crate::chat::robot::bind::sync_in(&mut tx, &office, false).await?;
    let columns = [
        Column::<Due>("通知", "notice", |d, _| d.notice.clone()),
        Column("会话", "chat", |d, _| d.chat_id.to_string()),
    ];
    let mut list = context.out.list(&columns)?;
    for (notice, chat_id) in tx.due_deliveries(office.now()).await? {
        let notice = tx.notice(notice).await?.number;
        context.out.row(&mut list, &Due { notice, chat_id })?;
    }
    context.out.end(list)
}

#[derive(Serialize, Default)]
struct Tally {
    sent: usize,
    later: usize,
    failed: usize,
    unknown: usize,
}

async fn send(context: &mut Context) -> anyhow::Result<()> {
    let office = context.office().await?;
    let messenger = require_messenger(&office.config)?;
    crate::chat::robot::bind::sync(&office, false).await?;
    let hooks = Hooks::default();
    let channels = Channels { telegram: Some(&messenger), hooks: Some(&hooks), ..Channels::default() };
    let mut total = Tally::default();
    loop {
        let done = deliver_due(&office, channels, AT_ONCE).await?;
        total.sent += done.sent;
        total.later += done.later;
        total.failed += done.failed;
        total.unknown += done.unknown;
        if done.sent == 0 && done.later + done.unknown >= TROUBLE {
            break;
        }
        // What waits for its chat's rate is waited for; what is put off goes out with a later call or `serve`.
        let Some(due) = next_due_by(&office, channels).await? else { break };
        match (due - office.now()).to_std() {
            Ok(rest) if rest > SOON => break,
            rest => tokio::time::sleep(rest.unwrap_or(BREATH).max(BREATH)).await,
        }
    }
    let lines = [
        (context.out.pick("送达", "sent"), total.sent.to_string()),
        (context.out.pick("稍后再试", "to be tried again"), total.later.to_string()),
        (context.out.pick("结果不明", "outcome unknown"), total.unknown.to_string()),
        (context.out.pick("未送达", "refused"), total.failed.to_string()),
    ];
    context.out.one(&total, &lines)
}
