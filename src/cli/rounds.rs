//! `round`.

use std::path::Path;

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::args::RoundCommand;
use super::output::Column;
use super::{CheckFailed, Context, Usage};
use crate::app;
use crate::checks::{by_hand, run};
use crate::domain::finding::Outcome;
use crate::domain::ratio::Ratio;
use crate::domain::round::{RoundKind, RoundName, RoundState};
use crate::domain::rule::Indicator;
use crate::domain::sample::{Draw, Rotation, Stratum};
use crate::domain::time::{LocalTime, parse_local};
use crate::office::Office;
use crate::sampling::{self, Wishes};
use crate::store::Round;

/// A round as scripts see it.
#[derive(Debug, Serialize)]
struct RoundView {
    round: RoundName,
    kind: RoundKind,
    state: RoundState,
    as_of: LocalTime,
    ratio: Ratio,
    rotation: Option<Rotation>,
    seed: Option<String>,
    frame_size: usize,
    frame_sha256: String,
    strata: Vec<Stratum>,
    members: i64,
    looked_at: i64,
    rehearsal: bool,
    notify: bool,
    frozen_at: LocalTime,
    opened_at: Option<LocalTime>,
    judged_at: Option<LocalTime>,
    closed_at: Option<LocalTime>,
    #[serde(skip_serializing_if = "Option::is_none")]
    findings: Option<Vec<Found>>,
    /// Rows of the worksheet that wait for a person.
    #[serde(skip_serializing_if = "Option::is_none")]
    by_hand: Option<usize>,
}

#[derive(Debug, Serialize)]
struct Found {
    indicator: Indicator,
    outcome: Outcome,
    count: i64,
}

pub(super) async fn run(context: &mut Context, command: RoundCommand) -> anyhow::Result<()> {
    if let RoundCommand::Verify { what } = &command {
        return verify(context, what).await;
    }
    let office = context.office().await?;
    match command {
        RoundCommand::Freeze { round, as_of, ratio } => {
            let wishes = Wishes { as_of: time(&office, as_of)?, ratio, ..Wishes::default() };
            let (frozen, new) = sampling::freeze(&office, round, &wishes).await?;
            if !new {
                context.out.note(
                    &format!("批次{round}此前已冻结，未作更改"),
                    &format!("round {round} was frozen before; nothing was changed"),
                );
            }
            note_late(context, &office, &frozen);
            show(context, &office, &frozen).await
        }
        RoundCommand::Open { round, as_of, ratio, seed, rotation, notify } => {
            let wishes = Wishes { as_of: time(&office, as_of)?, ratio, seed, rotation, notify };
            let (opened, new) = sampling::open(&office, round, &wishes).await?;
            if !new {
                context.out.note(
                    &format!("批次{round}此前已抽取，未作更改"),
                    &format!("round {round} was drawn before; nothing was changed"),
                );
            } else if opened.rehearsal && !opened.notify {
                context.out.note(
                    "监测时间点早于今日7天以上，按演练处理，不发通知（需要发送请加 --notify）",
                    "the monitoring time lies over 7 days back: a rehearsal, no notices (add --notify to send them)",
                );
            }
            note_late(context, &office, &opened);
            show(context, &office, &opened).await
        }
        RoundCommand::Run { round, as_of, limit } => {
            let wishes = run::Wishes { as_of: time(&office, as_of)?, limit };
            run_round(context, &office, round, wishes).await
        }
        RoundCommand::Status { round } => {
            let found = office.store.read().await?.require_round(round).await?;
            status(context, &office, &found).await
        }
        RoundCommand::List => list(context, &office).await,
        RoundCommand::Export { round, file } => export(context, &office, round, &file).await,
        RoundCommand::Worksheet { round, file } => super::worksheet::write(context, &office, round, &file).await,
        RoundCommand::Record { round, file, dry_run } => {
            super::worksheet::record(context, &office, round, &file, dry_run).await
        }
        RoundCommand::Judge { round, rules, dry_run } => {
            super::judge::run(context, &office, round, rules, dry_run).await
        }
        RoundCommand::Close { round } => {
            let standing = office.store.read().await?.require_round(round).await?;
            let waiting = by_hand::waiting(&office, &standing).await?;
            let (closed, new) = sampling::close(&office, round).await?;
            if new && waiting > 0 {
                context.out.note(
                    &format!("注意：人工核查表尚有{waiting}行未填，这些项目按“无法判定”计入，批次关闭后不能再补录"),
                    &format!(
                        "note: {waiting} rows of the worksheet were never filled in; they stay “could not be judged”"
                    ),
                );
            }
            if !new {
                context.out.note("此前已关闭，未作更改", "it was closed before; nothing was changed");
            }
            show(context, &office, &closed).await
        }
        RoundCommand::Verify { .. } => Ok(()),
    }
}

fn time(office: &Office, text: Option<String>) -> anyhow::Result<Option<DateTime<Utc>>> {
    let Some(text) = text else { return Ok(None) };
    match parse_local(&text, office.zone()) {
        Some(at) => Ok(Some(at)),
        None => Err(Usage {
            zh: format!("--as-of：“{text}”不是时间，请写成 2026-11-23T09:00:00+08:00 或 '2026-11-23 09:00'"),
            en: format!("--as-of: `{text}` is no time; write 2026-11-23T09:00:00+08:00 or '2026-11-23 09:00'"),
        }
        .into()),
    }
}

async fn view(office: &Office, round: &Round) -> anyhow::Result<RoundView> {
    let counts = office.store.read().await?.member_counts(round.id).await?;
    let local = |at: Option<DateTime<Utc>>| at.map(|at| office.local(at));
    Ok(RoundView {
        round: round.name,
        kind: round.kind,
        state: round.state,
        as_of: office.local(round.as_of),
        ratio: round.ratio,
        rotation: round.rotation,
        seed: round.seed.clone(),
        frame_size: round.frame_size,
        frame_sha256: round.frame_sha256.clone(),
        strata: round.strata.clone(),
        members: counts.members,
        looked_at: counts.looked_at,
        rehearsal: round.rehearsal,
        notify: round.notify,
        frozen_at: office.local(round.frozen_at),
        opened_at: local(round.opened_at),
        judged_at: local(round.judged_at),
        closed_at: local(round.closed_at),
        findings: None,
        by_hand: None,
    })
}

fn lines(context: &Context, view: &RoundView) -> Vec<(&'static str, String)> {
    let name = |zh: &'static str, en: &'static str| match context.out.lang {
        crate::domain::Lang::Zh => zh,
        crate::domain::Lang::En => en,
    };
    let lang = context.out.lang;
    let mut lines = vec![
        (name("批次", "round"), format!("{}  {}", view.round, view.kind.name(lang))),
        (name("状态", "state"), view.state.name(lang).to_owned()),
        (name("监测时间点", "as of"), view.as_of.minute()),
        (name("抽样框", "frame"), view.frame_size.to_string()),
        (name("抽样框SHA-256", "frame SHA-256"), view.frame_sha256.clone()),
        (name("抽查比例", "ratio"), view.ratio.to_string()),
    ];
    if let (Some(seed), Some(rotation)) = (&view.seed, view.rotation) {
        lines.push((name("种子", "seed"), seed.clone()));
        lines.push((name("轮换", "rotation"), rotation.name(lang).to_owned()));
        lines.push((name("成员", "members"), view.members.to_string()));
        lines.push((name("已检查", "looked at"), view.looked_at.to_string()));
    }
    for stratum in &view.strata {
        lines.push((name("层", "stratum"), format!("{}  {}/{}", stratum.key, stratum.quota, stratum.size)));
    }
    lines
}

async fn show(context: &mut Context, office: &Office, round: &Round) -> anyhow::Result<()> {
    let view = view(office, round).await?;
    let lines = lines(context, &view);
    context.out.one(&view, &lines)
}

async fn status(context: &mut Context, office: &Office, round: &Round) -> anyhow::Result<()> {
    let mut view = view(office, round).await?;
    let counts = office.store.read().await?.finding_counts(round.id).await?;
    let lang = context.out.lang;
    let mut lines = lines(context, &view);
    lines.retain(|(name, _)| !matches!(*name, "层" | "stratum"));
    let mut found: Vec<(String, String)> = Vec::new();
    for (indicator, outcome, count) in &counts {
        found.push((indicator.name(lang).to_owned(), format!("{} {count}", outcome.name(lang))));
    }
    lines.extend(found.iter().map(|(name, text)| (name.as_str(), text.clone())));
    let waiting = by_hand::waiting(office, round).await?;
    lines.push((context.out.pick("待人工查看", "by hand"), waiting.to_string()));
    view.by_hand = Some(waiting);
    view.findings =
        Some(counts.into_iter().map(|(indicator, outcome, count)| Found { indicator, outcome, count }).collect());
    context.out.one(&view, &lines)
}

async fn list(context: &mut Context, office: &Office) -> anyhow::Result<()> {
    let columns = [
        Column::<RoundView>("批次", "round", |r, _| r.round.to_string()),
        Column("类别", "kind", |r, lang| r.kind.name(lang).to_owned()),
        Column("状态", "state", |r, lang| r.state.name(lang).to_owned()),
        Column("监测时间点", "as_of", |r, _| r.as_of.minute()),
        Column("抽样框", "frame_size", |r, _| r.frame_size.to_string()),
        Column("成员", "members", |r, _| r.members.to_string()),
        Column("已检查", "looked_at", |r, _| r.looked_at.to_string()),
    ];
    let rounds = office.store.read().await?.rounds().await?;
    let mut list = context.out.list(&columns)?;
    for round in &rounds {
        let view = view(office, round).await?;
        context.out.row(&mut list, &view)?;
    }
    context.out.end(list)
}

/// What a run came to, as scripts see it.
#[derive(Serialize)]
struct RanView {
    round: RoundName,
    state: RoundState,
    looked_at: usize,
    members: i64,
    remaining: i64,
    opened: Option<OpenedView>,
    held: Option<HeldView>,
}

#[derive(Serialize)]
struct OpenedView {
    opened: usize,
    reopened: usize,
    found_again: usize,
    notices: usize,
}

#[derive(Serialize)]
struct HeldView {
    reason: String,
    members: usize,
}

async fn run_round(context: &mut Context, office: &Office, name: RoundName, wishes: run::Wishes) -> anyhow::Result<()> {
    let fetcher = app::open_fetcher(&office.config)?;
    let bar = context.out.bar(0, "检查", "looking");
    let ran = run::run(office, &fetcher, name, wishes, |counts| {
        bar.set_length(counts.members.unsigned_abs());
        bar.set_position(counts.looked_at.unsigned_abs());
    })
    .await?;
    bar.finish_and_clear();
    let remaining = ran.counts.members - ran.counts.looked_at;
    let view = RanView {
        round: name,
        state: ran.round.state,
        looked_at: ran.looked_at,
        members: ran.counts.members,
        remaining,
        opened: ran.opened.map(|o| OpenedView {
            opened: o.opened,
            reopened: o.reopened,
            found_again: o.found_again,
            notices: o.notices,
        }),
        held: ran.held.clone().map(|h| HeldView { reason: h.reason, members: h.members }),
    };
    let out = &context.out;
    let mut lines = vec![
        (out.pick("本次检查", "looked at"), ran.looked_at.to_string()),
        (out.pick("成员", "members"), ran.counts.members.to_string()),
        (out.pick("尚未检查", "remaining"), remaining.to_string()),
    ];
    if let Some(opened) = &ran.opened {
        lines.push((out.pick("新立问题", "issues opened"), opened.opened.to_string()));
        lines.push((out.pick("重新立案", "issues reopened"), opened.reopened.to_string()));
        lines.push((out.pick("再次发现", "found again"), opened.found_again.to_string()));
        lines.push((out.pick("通知", "notices"), opened.notices.to_string()));
    }
    context.out.one(&view, &lines)?;
    if let Some(held) = ran.held {
        let (count, reason) = (held.members, held.reason);
        return Err(CheckFailed {
            zh: format!("{count}个账号的检查受本机网络影响（{reason}），未作判定；请确认网络后再次执行 xuncha round run {name}"),
            en: format!("{count} looks failed in a way our own network explains ({reason}) and were not judged; check it and run xuncha round run {name} again"),
        }
        .into());
    }
    if ran.round.state == RoundState::Open && remaining == 0 {
        context.out.note(
            "全部成员已检查，批次仍打开；不带 --limit 再执行一次即可判定并立案",
            "every member was looked at and the batch is still open; run again without --limit to judge it",
        );
    }
    Ok(())
}

async fn export(context: &mut Context, office: &Office, round: RoundName, file: &Path) -> anyhow::Result<()> {
    let draw = sampling::export(office, round).await?;
    let mut text = serde_json::to_string_pretty(&draw)?;
    text.push('\n');
    if file == Path::new("-") {
        return context.out.line(text.trim_end());
    }
    crate::reports::write_whole(file, text.as_bytes())?;
    let path = file.display();
    context.out.note(&format!("已写入 {path}"), &format!("written: {path}"));
    context.out.json_only(&serde_json::json!({ "round": round, "file": file }))
}

#[derive(Serialize)]
struct Verified {
    round: RoundName,
    frame_size: usize,
    frame_sha256: String,
    members: usize,
    ok: bool,
    difference: Option<String>,
}

async fn verify(context: &mut Context, what: &str) -> anyhow::Result<()> {
    let draw: Draw = match what.parse::<RoundName>() {
        Ok(name) => draw_of(context, name, what).await?,
        Err(_) => read_draw(what)?,
    };
    let difference = draw.verify().err().map(|mismatch| mismatch.text(context.out.lang));
    let view = Verified {
        round: draw.round,
        frame_size: draw.frame_size,
        frame_sha256: draw.frame_sha256.clone(),
        members: draw.members.len(),
        ok: difference.is_none(),
        difference: difference.clone(),
    };
    let name = |zh, en| context.out.pick(zh, en);
    let verdict = match &difference {
        None => name("复算一致 ✓", "the replay agrees ✓").to_owned(),
        Some(difference) => difference.clone(),
    };
    let lines = [
        (name("批次", "round"), draw.round.to_string()),
        (name("抽样框", "frame"), draw.frame_size.to_string()),
        (name("抽样框SHA-256", "frame SHA-256"), draw.frame_sha256.clone()),
        (name("成员", "members"), draw.members.len().to_string()),
        (name("结果", "result"), verdict),
    ];
    context.out.one(&view, &lines)?;
    match difference {
        None => Ok(()),
        Some(difference) => Err(CheckFailed {
            zh: format!("{what}：与复算不一致，首处差异：{difference}"),
            en: format!("{what}: the replay does not agree; first difference: {difference}"),
        }
        .into()),
    }
}

/// The round of this name; a file only where the database has no such round (`./2026Q4` is always the file).
async fn draw_of(context: &mut Context, name: RoundName, what: &str) -> anyhow::Result<Draw> {
    let is_file = Path::new(what).is_file();
    let office = match context.office().await {
        Err(_) if is_file => return read_draw(what),
        office => office?,
    };
    if is_file && office.store.read().await?.round(name).await?.is_none() {
        return read_draw(what);
    }
    Ok(sampling::export(&office, name).await?)
}

/// Says where a window ends after its period: that is allowed, and seldom meant.
fn note_late(context: &Context, office: &Office, round: &Round) {
    let (first, last) = (round.name.window_start(), round.name.last_day());
    let seen = office.date(round.as_of);
    if seen > last {
        context.out.note(
            &format!("注意：监测时间点在该批次期间（截至{last}）之后，本批次检查 {first} 至 {seen} 的情况"),
            &format!(
                "note: the monitoring time lies after the period (to {last}); the round looks at {first} to {seen}"
            ),
        );
    }
}

fn read_draw(path: &str) -> anyhow::Result<Draw> {
    let failed = |zh: String, en: String| -> anyhow::Error { CheckFailed { zh, en }.into() };
    let text = std::fs::read_to_string(path).map_err(|error| {
        failed(
            format!("{path}：既不是批次名，也无法作为文件读取（{error}）"),
            format!("{path}: neither the name of a round nor a file that can be read ({error})"),
        )
    })?;
    serde_json::from_str(&text).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        let whole = error.to_string();
        let what = whole.rsplit_once(" at line ").map_or(whole.as_str(), |(what, _)| what);
        failed(
            format!("{path}：不是 xuncha-draw/1 抽取文件（第{line}行第{column}列：{what}）"),
            format!("{path}: not an xuncha-draw/1 file (line {line}, column {column}: {what})"),
        )
    })
}
