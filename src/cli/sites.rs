//! `sites`: visits to websites.

use chrono::TimeDelta;
use serde::Serialize;
use serde_json::json;

use super::Context;
use super::args::SitesCommand;
use super::output::Column;
use crate::app;
use crate::checks::visits::{Visitor, visit_all};
use crate::domain::time::LocalTime;
use crate::office::Office;

#[derive(Serialize)]
struct View {
    account_id: String,
    account: String,
    unit: String,
    url: String,
    days: usize,
    wanted: usize,
    visits: i64,
    failed: i64,
    unclear: i64,
    not_counted: i64,
    failed_percent: Option<f64>,
    last_at: Option<LocalTime>,
}

pub(super) async fn run(context: &mut Context, command: &SitesCommand) -> anyhow::Result<()> {
    let office = context.office().await?;
    match command {
        SitesCommand::Visit => visit(context, &office).await,
        SitesCommand::List => list(context, &office).await,
    }
}

async fn visit(context: &mut Context, office: &Office) -> anyhow::Result<()> {
    let at = office.local(office.now());
    let came = visit_all(office, &Visitor::new(office, &app::open_fetcher(&office.config)?)?).await?;
    if came.sites == 0 {
        context.out.note(
            "没有登记采集地址的正常运行网站，未访问",
            "no running website with an address is registered; nothing was visited",
        );
    }
    let lines = [
        (context.out.pick("时间", "at"), at.minute()),
        (context.out.pick("网站", "sites"), came.sites.to_string()),
        (context.out.pick("正常打开", "opened"), came.opened.to_string()),
        (context.out.pick("打不开", "failed"), came.failed.to_string()),
        (context.out.pick("无法判断", "unclear"), came.unclear.to_string()),
        (context.out.pick("不计入", "not counted"), came.not_counted.to_string()),
    ];
    let view = json!({
        "at": at, "sites": came.sites, "opened": came.opened, "failed": came.failed, "unclear": came.unclear,
        "not_counted": came.not_counted,
    });
    context.out.one(&view, &lines)
}

async fn list(context: &mut Context, office: &Office) -> anyhow::Result<()> {
    let columns = [
        Column::<View>("账号", "account", |v, _| format!("{} {}", v.account_id, v.account)),
        Column("主办单位", "unit", |v, _| v.unit.clone()),
        Column("网址", "url", |v, _| v.url.clone()),
        Column("计入次数", "visits", |v, _| format!("{}/{}", v.visits, v.wanted)),
        Column("打不开", "failed", |v, _| v.failed.to_string()),
        Column("占比", "share", |v, _| {
            v.failed_percent.map_or_else(|| "—".to_owned(), |share| format!("{share:.1}%"))
        }),
        Column("无法判断", "unclear", |v, _| v.unclear.to_string()),
        Column("不计入", "not_counted", |v, _| v.not_counted.to_string()),
        Column("最近访问", "last", |v, _| v.last_at.map_or_else(|| "—".to_owned(), LocalTime::minute)),
    ];
    let rule = &office.rules.site;
    let from = office.now() - TimeDelta::days(rule.days as i64);
    let mut tx = office.store.read().await?;
    let sites = tx.sites_to_visit().await?;
    let mut list = context.out.list(&columns)?;
    for site in sites {
        let sums = tx.visit_sums(&site.account_id, &site.url, from).await?;
        let made = sums.counted + sums.unclear;
        let share = (made > 0).then(|| ((sums.failed * 1000) as f64 / made as f64).round() / 10.0);
        let view = View {
            account_id: site.account_id.to_string(),
            account: site.name,
            unit: site.unit,
            url: site.url,
            days: rule.days,
            wanted: rule.days * rule.visits_a_day,
            visits: made,
            failed: sums.failed,
            unclear: sums.unclear,
            not_counted: sums.not_counted,
            failed_percent: share,
            last_at: sums.last_at.map(|at| office.local(at)),
        };
        context.out.row(&mut list, &view)?;
    }
    context.out.end(list)
}
