//! `findings`.

use super::Context;
use super::args::FindingsCommand;
use super::output::Column;
use crate::checks::decide::decide_finding;
use crate::domain::account::AccountId;
use crate::domain::finding::Finding;
use crate::domain::time::LocalTime;
use crate::store::{FindingQuery, StoredFinding};

const PAGE: usize = 500;

pub(super) async fn run(context: &mut Context, command: FindingsCommand) -> anyhow::Result<()> {
    let office = context.office().await?;
    let decided = match command {
        FindingsCommand::Confirm { id, why } => decide_finding(&office, id, true, &why, super::ACTOR).await?,
        FindingsCommand::Dismiss { id, why } => decide_finding(&office, id, false, &why, super::ACTOR).await?,
        FindingsCommand::List { round, account, outcome } => {
            if let Some(name) = round {
                office.store.read().await?.require_round(name).await?;
            }
            let account = account.map(AccountId::new);
            let query = FindingQuery { round, account, outcome, ..FindingQuery::default() };
            return list(context, &office, &query).await;
        }
    };
    show(context, &decided)
}

fn show(context: &mut Context, decided: &StoredFinding) -> anyhow::Result<()> {
    let finding = &decided.finding.clone().shown();
    let lang = context.out.lang;
    let lines = [
        (context.out.pick("发现", "finding"), finding.id.to_string()),
        (context.out.pick("账号", "account"), format!("{} {}", finding.account_id, finding.account)),
        (context.out.pick("指标", "indicator"), finding.indicator.name(lang).to_owned()),
        (context.out.pick("判定", "outcome"), finding.outcome.name(lang).to_owned()),
        (context.out.pick("说明", "summary"), finding.summary.clone()),
    ];
    context.out.one(finding, &lines)
}

async fn list(context: &mut Context, office: &crate::office::Office, query: &FindingQuery) -> anyhow::Result<()> {
    let columns = [
        Column::<Finding>("编号", "id", |f, _| f.id.to_string()),
        Column("批次", "round", |f, _| f.round.to_string()),
        Column("账号", "account", |f, _| format!("{} {}", f.account_id, f.account)),
        Column("指标", "indicator", |f, lang| f.indicator.name(lang).to_owned()),
        Column("判定", "outcome", |f, lang| f.outcome.name(lang).to_owned()),
        Column("说明", "summary", |f, _| f.summary.clone()),
        Column("监测时间点", "as_of", |f, _| LocalTime::minute(f.as_of)),
    ];
    let mut list = context.out.list(&columns)?;
    let mut after = 0;
    loop {
        let page = office.store.read().await?.findings_page(query, after, PAGE, office.zone()).await?;
        let Some(last) = page.last() else { break };
        after = last.finding.id;
        for found in page {
            context.out.row(&mut list, &found.finding.shown())?;
        }
    }
    context.out.end(list)
}
