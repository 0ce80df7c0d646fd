//! `accounts` and `reviews`.

use std::path::Path;

use serde::Serialize;
use serde_json::json;

use super::args::{AccountsCommand, ReviewsCommand};
use super::output::Column;
use super::{CheckFailed, Context};
use crate::domain::account::{Account, AccountId, UnitTier};
use crate::domain::review::ReviewRecord;
use crate::domain::time::LocalTime;
use crate::intake::{self, Imported, Wishes};
use crate::office::Office;
use crate::registry::{AccountColumn, LintLine, lint, write_accounts};
use crate::store::{AccountQuery, StoreError};

const PAGE: usize = 500;

pub(super) async fn run(context: &mut Context, command: AccountsCommand) -> anyhow::Result<()> {
    let office = context.office().await?;
    match command {
        AccountsCommand::Import { files, dry_run, skip_bad } => {
            let done = intake::import_accounts(&office, &files, Wishes { dry_run, skip_bad }).await?;
            imported(context, &done)?;
            note_absent(context, &done);
            Ok(())
        }
        AccountsCommand::List { unit } => list(context, &office, unit).await,
        AccountsCommand::Show { id } => show(context, &office, AccountId::new(id)).await,
        AccountsCommand::Export { file } => export(context, &office, &file).await,
        AccountsCommand::Lint => run_lint(context, &office).await,
    }
}

pub(super) async fn run_reviews(context: &mut Context, command: ReviewsCommand) -> anyhow::Result<()> {
    let office = context.office().await?;
    match command {
        ReviewsCommand::Import { files, dry_run } => {
            let done = intake::import_reviews(&office, &files, Wishes { dry_run, skip_bad: false }).await?;
            imported(context, &done)
        }
        ReviewsCommand::List => list_reviews(context, &office).await,
    }
}

fn imported(context: &mut Context, done: &Imported) -> anyhow::Result<()> {
    for problem in &done.problems {
        context.out.note(problem, problem);
    }
    let name = |zh, en| context.out.pick(zh, en);
    let lines = [
        (name("读取", "rows"), done.rows.to_string()),
        (name("新增", "added"), done.added.to_string()),
        (name("变更", "changed"), done.changed.to_string()),
        (name("未变", "unchanged"), done.unchanged.to_string()),
        (name("跳过", "skipped"), done.skipped.to_string()),
    ];
    context.out.one(done, &lines)?;
    for (from, to) in &done.renamed_units {
        context.out.note(
            &format!("主办单位更名：{from} → {to}，绑定人员和未办结问题已随之变更"),
            &format!("unit renamed: {from} → {to}; its bindings and live issues went along"),
        );
    }
    for warning in &done.warnings {
        context.out.note(&format!("注意：{warning}"), &format!("note: {warning}"));
    }
    if done.dry_run {
        context.out.note("仅检查，未写入", "dry run: nothing was written");
    }
    Ok(())
}

/// Says of each registry file which columns it lacks, and what that means.
fn note_absent(context: &Context, done: &Imported) {
    for of in done.files.iter().filter(|of| !of.absent_columns.is_empty()) {
        let file = of.file.display();
        let name = |key: &&'static str| AccountColumn::parse(key).map_or(*key, AccountColumn::zh);
        let zh = of.absent_columns.iter().map(name).collect::<Vec<_>>().join("、");
        let en = of.absent_columns.join(", ");
        context.out.note(
            &format!("{file}：没有这些列：{zh}；已登记账号的相应内容保持不变，新账号按缺省值登记"),
            &format!("{file}: has no {en}; what is known of them stays, new accounts get the defaults"),
        );
    }
}

/// An account as listings show it: contact data masked.
#[derive(Serialize)]
struct Row {
    #[serde(flatten)]
    account: Account,
    #[serde(skip)]
    contact_known: bool,
}

fn mask(mut account: Account) -> Row {
    let contact_known = account.admin_contact.is_some();
    account.admin_contact = account.admin_contact.map(|_| crate::domain::account::Personal::new("***"));
    Row { account, contact_known }
}

async fn list(context: &mut Context, office: &Office, unit: Option<String>) -> anyhow::Result<()> {
    let columns = [
        Column::<Row>("账号编号", "account_id", |r, _| r.account.account_id.to_string()),
        Column("账号名称", "name", |r, _| r.account.name.clone()),
        Column("平台", "platform", |r, lang| r.account.platform.name(lang).to_owned()),
        Column("主办单位", "unit", |r, _| r.account.unit.clone()),
        Column("单位层级", "unit_tier", |r, lang| {
            r.account.unit_tier.map(|tier: UnitTier| tier.name(lang)).unwrap_or_default().to_owned()
        }),
        Column("状态", "status", |r, lang| r.account.status.name(lang).to_owned()),
        Column("备案编号", "filing_no", |r, _| r.account.filing_no.clone().unwrap_or_default()),
    ];
    let query = AccountQuery { unit, ..AccountQuery::default() };
    let mut list = context.out.list(&columns)?;
    let mut after: Option<AccountId> = None;
    loop {
        let page = office.store.read().await?.accounts_page(&query, after.as_ref(), PAGE).await?;
        let Some(last) = page.last() else { break };
        after = Some(last.account_id.clone());
        for account in page {
            context.out.row(&mut list, &mask(account))?;
        }
    }
    context.out.end(list)
}

async fn show(context: &mut Context, office: &Office, id: AccountId) -> anyhow::Result<()> {
    let mut tx = office.store.read().await?;
    let account = tx.account(&id).await?.ok_or_else(|| StoreError::Missing { kind: "account", id: id.to_string() })?;
    let events = tx.events_of("account", id.as_str()).await?;
    let row = mask(account);
    let a = &row.account;
    let text = |value: &Option<String>| value.clone().unwrap_or_else(|| "—".to_owned());
    let name = |zh, en| context.out.pick(zh, en);
    let lang = context.out.lang;
    let mut lines = vec![
        (name("账号编号", "account_id"), a.account_id.to_string()),
        (name("账号名称", "name"), a.name.clone()),
        (name("平台", "platform"), a.platform.name(lang).to_owned()),
        (name("主办单位", "unit"), a.unit.clone()),
        (name("主管单位", "supervising_unit"), text(&a.supervising_unit)),
        (name("状态", "status"), a.status.name(lang).to_owned()),
        (name("备案编号", "filing_no"), text(&a.filing_no)),
        (name("认证主体", "certified_subject"), text(&a.certified_subject)),
        (
            name("联系方式", "contact"),
            name(if row.contact_known { "已登记" } else { "—" }, if row.contact_known { "on record" } else { "—" })
                .to_owned(),
        ),
        (name("采集方式", "source"), a.source.map_or_else(|| "—".to_owned(), |s| s.name(lang).to_owned())),
        (name("采集地址", "source_url"), text(&a.source_url)),
        (name("服务链接", "service_links"), a.service_links.join(" ")),
    ];
    let history: Vec<_> =
        events.iter().map(|e| json!({"at": office.local(e.at()), "kind": e.kind, "note": e.note})).collect();
    for event in &events {
        lines.push((name("变动", "event"), format!("{}  {}", office.local(event.at()).minute(), event.note)));
    }
    let mut value = serde_json::to_value(&row)?;
    if let Some(object) = value.as_object_mut() {
        object.insert("events".to_owned(), json!(history));
    }
    context.out.one(&value, &lines)
}

async fn export(context: &mut Context, office: &Office, file: &Path) -> anyhow::Result<()> {
    let mut accounts = Vec::new();
    let mut after: Option<AccountId> = None;
    loop {
        let page = office.store.read().await?.accounts_page(&AccountQuery::default(), after.as_ref(), PAGE).await?;
        let Some(last) = page.last() else { break };
        after = Some(last.account_id.clone());
        accounts.extend(page);
    }
    write_accounts(file, &accounts)?;
    let (count, path) = (accounts.len(), file.display());
    context.out.note(
        &format!("{count}个账号写入 {path}（含联系方式，请妥善保管）"),
        &format!("{count} accounts written to {path} (contact data included: keep it safe)"),
    );
    context.out.json_only(&json!({ "accounts": count, "file": file }))
}

/// Everything `accounts lint` finds.
pub(super) async fn lint_lines(office: &Office) -> anyhow::Result<Vec<LintLine>> {
    let mut accounts = Vec::new();
    let mut after: Option<AccountId> = None;
    let mut tx = office.store.read().await?;
    loop {
        let page = tx.accounts_page(&AccountQuery::default(), after.as_ref(), PAGE).await?;
        let Some(last) = page.last() else { break };
        after = Some(last.account_id.clone());
        accounts.extend(page);
    }
    let unfiled = intake::unfiled_changes(&mut tx).await?;
    Ok(lint(&accounts, &unfiled))
}

#[derive(Serialize)]
struct LintRow {
    account_id: AccountId,
    kind: &'static str,
    name: String,
    detail: String,
}

async fn run_lint(context: &mut Context, office: &Office) -> anyhow::Result<()> {
    let lines = lint_lines(office).await?;
    let lang = context.out.lang;
    let columns = [
        Column::<LintRow>("账号编号", "account_id", |r, _| r.account_id.to_string()),
        Column("问题", "problem", |r, _| r.name.clone()),
        Column("说明", "detail", |r, _| r.detail.clone()),
    ];
    let mut list = context.out.list(&columns)?;
    for line in &lines {
        let row = LintRow {
            account_id: line.account_id.clone(),
            kind: line.kind.key(),
            name: line.kind.name(lang).to_owned(),
            detail: line.detail(lang).to_owned(),
        };
        context.out.row(&mut list, &row)?;
    }
    context.out.end(list)?;
    if lines.is_empty() {
        return Ok(());
    }
    let count = lines.len();
    Err(CheckFailed {
        zh: format!("基本信息库有{count}处需要处理"),
        en: format!("{count} things to settle in the registry"),
    }
    .into())
}

#[derive(Serialize)]
struct ReviewRow {
    account_id: AccountId,
    post_url: Option<String>,
    title: Option<String>,
    first_at: Option<LocalTime>,
    second_at: Option<LocalTime>,
    final_at: Option<LocalTime>,
}

async fn list_reviews(context: &mut Context, office: &Office) -> anyhow::Result<()> {
    let columns = [
        Column::<ReviewRow>("账号编号", "account_id", |r, _| r.account_id.to_string()),
        Column("标题", "title", |r, _| r.title.clone().unwrap_or_default()),
        Column("文章链接", "post_url", |r, _| r.post_url.clone().unwrap_or_default()),
        Column("初审时间", "first_at", |r, _| r.first_at.map(LocalTime::minute).unwrap_or_default()),
        Column("复审时间", "second_at", |r, _| r.second_at.map(LocalTime::minute).unwrap_or_default()),
        Column("终审时间", "final_at", |r, _| r.final_at.map(LocalTime::minute).unwrap_or_default()),
    ];
    let mut list = context.out.list(&columns)?;
    let mut after = None;
    loop {
        let (page, cursor) = office.store.read().await?.reviews_page(after.as_ref(), PAGE).await?;
        if cursor.is_none() {
            break;
        }
        after = cursor;
        for ReviewRecord { account_id, post_url, title, first, second, last } in page {
            let local = |at: Option<chrono::DateTime<chrono::Utc>>| at.map(|at| office.local(at));
            let row = ReviewRow {
                account_id,
                post_url,
                title,
                first_at: local(first.at),
                second_at: local(second.at),
                final_at: local(last.at),
            };
            context.out.row(&mut list, &row)?;
        }
    }
    context.out.end(list)
}
