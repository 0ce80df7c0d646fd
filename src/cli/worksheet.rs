//! `round worksheet` and `round record`.

use std::path::Path;

use super::Context;
use crate::checks::by_hand::{self, RecordError};
use crate::domain::by_hand::HandItem;
use crate::domain::round::{RoundName, RoundState};
use crate::office::Office;
use crate::registry::{WorksheetHead, read_worksheet, write_worksheet};

pub(super) async fn write(context: &mut Context, office: &Office, name: RoundName, file: &Path) -> anyhow::Result<()> {
    let round = office.store.read().await?.require_round(name).await?;
    if round.state == RoundState::Frozen {
        return Err(RecordError::NotDrawn(name).into());
    }
    let tasks = by_hand::tasks(office, &round).await?;
    let head = WorksheetHead { round: name, as_of: round.as_of, zone: office.zone(), lang: office.lang() };
    let target = file.to_owned();
    let rows = tasks.len();
    let waiting = tasks.iter().filter(|task| task.answer.is_none()).count();
    let of = |item| tasks.iter().filter(|task| task.item == item).count();
    let counts = serde_json::json!({
        "round": name, "file": file, "rows": rows, "waiting": waiting,
        "update": of(HandItem::Update), "interaction": of(HandItem::Interaction), "app": of(HandItem::App),
        "expression": of(HandItem::Expression), "privacy": of(HandItem::Privacy),
    });
    tokio::task::spawn_blocking(move || write_worksheet(&target, head, &tasks)).await??;
    let path = file.display();
    context.out.note(
        &format!("已写入 {path}：{rows}行，其中{waiting}行待人工查看；填好后执行 xuncha round record {name} {path}"),
        &format!("written: {path}, {rows} rows, {waiting} to look at; then: xuncha round record {name} {path}"),
    );
    context.out.json_only(&counts)
}

pub(super) async fn record(
    context: &mut Context,
    office: &Office,
    name: RoundName,
    file: &Path,
    dry_run: bool,
) -> anyhow::Result<()> {
    let (source, zone) = (file.to_owned(), office.zone());
    let read = tokio::task::spawn_blocking(move || read_worksheet(&source, zone)).await??;
    if !read.sheet.is_clean() {
        let mut problems: Vec<String> = read.sheet.problems.iter().map(|problem| problem.text(office.lang())).collect();
        let unlisted = std::iter::repeat_n("…".to_owned(), read.sheet.unlisted);
        problems.extend(unlisted);
        return Err(RecordError::Rows(problems).into());
    }
    let mut recorded = by_hand::record(office, name, &read.place, &read.sheet.rows, super::ACTOR, dry_run).await?;
    recorded.blank = read.blank;
    let out = &context.out;
    let lines = [
        (out.pick("已填写", "filled in"), recorded.rows.to_string()),
        (out.pick("新记录", "recorded"), recorded.recorded.to_string()),
        (out.pick("已更正", "changed"), recorded.changed.to_string()),
        (out.pick("未变动", "unchanged"), recorded.unchanged.to_string()),
        (out.pick("尚未填写", "blank"), recorded.blank.to_string()),
        (out.pick("其中违规", "violations"), recorded.violations.to_string()),
        (out.pick("通知", "notices"), recorded.notices.to_string()),
    ];
    context.out.one(&recorded, &lines)?;
    if dry_run {
        context.out.note("仅检查，未写入", "checked only; nothing was written");
    }
    Ok(())
}
