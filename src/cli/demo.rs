//! `demo`.

use std::path::PathBuf;

use indicatif::ProgressBar;
use serde::Serialize;

use super::args::{DemoArgs, Format};
use super::{CheckFailed, Context, Usage};
use crate::demo::compare::Comparison;
use crate::demo::rehearsal::{Rehearsed, Told, Wish, rehearse, show_line};
use crate::demo::setting::RehearsalError;
use crate::demo::telegram::Line;
use crate::domain::Lang;

/// The demo's outcome, as scripts see it.
#[derive(Serialize)]
struct View<'a> {
    comparison: &'a Comparison,
    agrees: bool,
    messages: usize,
    files: &'a [PathBuf],
}

/// Messages shown of each chat; the whole talk is in `transcript.txt`.
const SHOWN_CHATS: usize = 7;
const SHOWN_A_CHAT: usize = 14;

pub(super) async fn run(context: &mut Context, args: DemoArgs) -> anyhow::Result<()> {
    if args.seed.trim().is_empty() || !args.seed.bytes().all(|b| b.is_ascii_hexdigit()) {
        return Err(Usage {
            zh: format!("--seed：“{}”应为十六进制数字", args.seed),
            en: format!("--seed: `{}` is not hexadecimal", args.seed),
        }
        .into());
    }
    let out = args.out.unwrap_or_else(free_directory);
    let lang = context.out.lang;
    let wish = Wish { out: out.clone(), accounts: args.accounts as usize, seed: args.seed, lang };
    let mut bar = ProgressBar::hidden();
    let mut number = 0;
    let mut name = String::new();
    let table = context.out.format != Format::Json;
    let result = {
        let out = &mut context.out;
        Box::pin(rehearse(&wish, &mut |told| match told {
            Told::Stage { zh, en, total } => {
                number += 1;
                out.pick(zh, en).clone_into(&mut name);
                bar = out.bar(total, zh, en);
            }
            Told::Step(step) => bar.set_position(step),
            Told::Done { zh, en } => {
                bar.finish_and_clear();
                let came = out.pick(&zh, &en);
                let line = format!("{number:>2}. {name}{}{came}", out.pick("：", ": "));
                if table {
                    let _ = out.line(&line);
                    let _ = out.finish();
                } else {
                    out.note(&line, &line);
                }
            }
        }))
        .await
    };
    let rehearsed = match result {
        Err(error @ RehearsalError::NotEmpty(_)) => {
            let path = out.display();
            return Err(Usage {
                zh: format!("--out：{path} 不是空目录，请指定新目录"), en: error.to_string()
            }
            .into());
        }
        other => other?,
    };
    show(context, &out, &rehearsed)?;
    if rehearsed.comparison.agrees() && rehearsed.violations.is_empty() {
        return Ok(());
    }
    for violation in &rehearsed.violations {
        context.out.note(violation, violation);
    }
    let (missed, invented) = (rehearsed.comparison.missed.len(), rehearsed.comparison.invented.len());
    Err(CheckFailed {
        zh: format!("发现与预设不符：漏{missed}、多{invented}"),
        en: format!("found is not what was planted: {missed} missed, {invented} invented"),
    }
    .into())
}

/// `xuncha-demo`, or the first free name behind it.
fn free_directory() -> PathBuf {
    let names = std::iter::once("xuncha-demo".to_owned()).chain((2..).map(|n| format!("xuncha-demo-{n}")));
    names.map(PathBuf::from).find(|path| !path.exists()).unwrap_or_default()
}

fn show(context: &mut Context, out: &std::path::Path, rehearsed: &Rehearsed) -> anyhow::Result<()> {
    let comparison = &rehearsed.comparison;
    if context.out.format == Format::Json {
        let view = View {
            comparison,
            agrees: comparison.agrees(),
            messages: rehearsed.transcript.len(),
            files: &rehearsed.files,
        };
        return context.out.json(&view);
    }
    let lang = context.out.lang;
    let say = |zh: &'static str, en: &'static str| if lang == Lang::Zh { zh } else { en };
    context.out.line(&format!("\n{}", say("聊天摘录", "From the chats")))?;
    for line in excerpt(&rehearsed.transcript) {
        let text = show_line(line);
        context.out.line(text.trim_end())?;
    }
    context.out.line(&format!("\n{}", say("预设与发现", "Planted against found")))?;
    let mut table = comfy_table::Table::new();
    table.load_style(comfy_table::presets::UTF8_FULL_CONDENSED);
    table.set_header([
        say("预设情形", "planted"),
        say("指标", "indicator"),
        say("应得", "expected"),
        say("预设", "n"),
        say("发现", "found"),
        "",
    ]);
    for row in &comparison.rows {
        let expected = match row.expected {
            "fail" => say("违规", "violation"),
            "suspected" => say("疑似，由人判定", "suspected, for a person"),
            "unverified" => say("无法判定", "not judged"),
            "recovers" => say("先疑似后恢复", "suspected, then recovers"),
            _ => say("合规", "passes"),
        };
        let note = if lang == Lang::Zh { row.note_zh } else { row.note_en };
        let mark = if row.planted == row.found { "✓" } else { "✗" };
        table.add_row([note, row.indicator, expected, &row.planted.to_string(), &row.found.to_string(), mark]);
    }
    context.out.line(&table.to_string())?;
    let (missed, invented) = (comparison.missed.len(), comparison.invented.len());
    context.out.line(&match lang {
        Lang::Zh => format!("漏报{missed}，凭空{invented}"),
        Lang::En => format!("{missed} missed, {invented} invented"),
    })?;
    for line in comparison.missed.iter().chain(&comparison.invented) {
        context.out.line(&format!("  ✗ {line}"))?;
    }
    context.out.line(&format!("\n{}", say("文件", "Files")))?;
    for file in &rehearsed.files {
        context.out.line(&format!("  {}", file.display()))?;
    }
    let config = out.join("xuncha.toml");
    let config = config.display();
    context.out.line(&format!("\n{}", say("接下来可以", "Try next")))?;
    context.out.line(&format!("  xuncha --config {config} issues list"))?;
    context.out.line(&format!("  xuncha --config {config} issues show 1"))?;
    context.out.line(&format!("  xuncha round verify {}", out.join("draw-2026Q4.json").display()))?;
    context.out.line("  xuncha init && xuncha accounts import accounts.csv")
}

/// The first chats, and of each the first messages.
fn excerpt(transcript: &[Line]) -> Vec<&Line> {
    let mut chats: Vec<(&str, Vec<&Line>)> = Vec::new();
    for line in transcript {
        match chats.iter_mut().find(|(title, _)| *title == line.chat_title) {
            Some((_, lines)) => lines.push(line),
            None => chats.push((&line.chat_title, vec![line])),
        }
    }
    chats.into_iter().take(SHOWN_CHATS).flat_map(|(_, lines)| lines.into_iter().take(SHOWN_A_CHAT)).collect()
}
