//! `sources`.

use super::Context;
use super::args::SourcesCommand;
use super::output::Column;
use crate::domain::health::SourceHealth;

const PAGE: usize = 500;

pub(super) async fn run(context: &mut Context, command: SourcesCommand) -> anyhow::Result<()> {
    let office = context.office().await?;
    let SourcesCommand::List { state } = command;
    let columns = [
        Column::<SourceHealth>("账号", "account", |s, _| format!("{} {}", s.account_id, s.account)),
        Column("平台", "platform", |s, lang| s.platform.name(lang).to_owned()),
        Column("主办单位", "unit", |s, _| s.unit.clone()),
        Column("采集方式", "source", |s, lang| s.source.name(lang).to_owned()),
        Column("状态", "state", |s, lang| s.state.name(lang).to_owned()),
        Column("自", "since", |s, _| s.since.minute()),
        Column("最近查看", "looked_at", |s, _| s.looked_at.minute()),
        Column("原因", "why", |s, _| s.sentence.clone()),
    ];
    let mut list = context.out.list(&columns)?;
    let mut after = None;
    loop {
        let page = office.store.read().await?.sources_page(state, after.as_ref(), PAGE, office.zone()).await?;
        let Some(last) = page.last() else { break };
        after = Some(last.account_id.clone());
        for source in &page {
            context.out.row(&mut list, source)?;
        }
    }
    context.out.end(list)
}
