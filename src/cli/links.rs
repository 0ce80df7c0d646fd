//! `links`: verifies URLs, one a line, one look each, in the order they are answered. Needs no database.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use futures::stream::FuturesUnordered;
use futures::{FutureExt as _, StreamExt as _};
use serde::Serialize;
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::args::Format;
use super::{CheckFailed, Context};
use crate::app;
use crate::checks::link::{LinkLook, LinkOutcome, LinkReason, verdict};
use crate::clock::Clock;

#[derive(Serialize)]
struct View<'a> {
    url: &'a str,
    outcome: LinkOutcome,
    status: Option<u16>,
    reason: LinkReason,
    final_url: Option<&'a str>,
    attempts: u32,
    elapsed_ms: u64,
}

/// Looks begun, in times of those that may ask at once: many may be resting between their requests.
const BEGUN: usize = 4;

/// Looks written out together, when so many are ready.
const WRITTEN_TOGETHER: u64 = 256;

/// URLs lined up beforehand, so that those of one host find one another.
const LINED_UP: usize = 16 * 1024;

/// Lines handed on together, when so many are there.
const READ_TOGETHER: usize = 256;

/// Longest line that is read, in bytes; no URL is longer.
const LONGEST_LINE: u64 = 64 * 1024;

pub(super) async fn run(context: &mut Context, file: &Path) -> anyhow::Result<()> {
    let config = context.config()?;
    let fetcher = app::open_fetcher(&config)?.for_run();
    let source: Box<dyn Read + Send> = if file == Path::new("-") {
        Box::new(std::io::stdin())
    } else {
        Box::new(File::open(file).map_err(|error| CheckFailed {
            zh: format!("{}：无法读取（{error}）", file.display()),
            en: format!("{}: cannot be read ({error})", file.display()),
        })?)
    };
    let (sender, mut lines) = mpsc::channel::<Vec<String>>(4);
    let reader = tokio::task::spawn_blocking(move || read_lines(source, &sender));
    let clock = Clock::system();
    let bar = context.out.bar(0, "核验", "verifying");
    if context.out.format == Format::Csv {
        context.out.line("url,outcome,status,reason,final_url,attempts,elapsed_ms")?;
    }
    let mut counts = [0_u64; 4];
    let mut lineup = fetcher.lineup();
    let mut looks = FuturesUnordered::new();
    let mut reading = true;
    let at_once = fetcher.at_once();
    loop {
        let now = Instant::now();
        // Why no more of those that ask: each host begun keeps a connection open until its last link.
        while looks.len() < at_once.saturating_mul(BEGUN) && looks.len().saturating_sub(fetcher.resting()) < at_once {
            let Some(next) = lineup.next(now) else { break };
            // Why not while few lines are here: the next ones may be of the same host.
            let last = next.last && (!reading || lineup.waiting() >= LINED_UP / 4);
            let (fetcher, clock) = (&fetcher, &clock);
            looks.push(async move { verdict(fetcher, &next.url, clock.now(), last).await });
        }
        let wakes = lineup.next_at().filter(|_| looks.len() < at_once);
        let first = tokio::select! {
            biased;
            more = lines.recv(), if reading && lineup.waiting() < LINED_UP => {
                reading = more.is_some();
                more.into_iter().flatten().for_each(|url| lineup.push(url));
                continue;
            }
            Some(look) = looks.next() => look,
            () = tokio::time::sleep_until(wakes.unwrap_or(now)), if wakes.is_some() => continue,
            else => break,
        };
        let (mut ready, mut written) = (Some(first), 0);
        while let Some(look) = ready {
            write(context, &look)?;
            lineup.done(&look.url);
            let at = LinkOutcome::ALL.iter().position(|outcome| *outcome == look.outcome);
            if let Some(count) = at.and_then(|at| counts.get_mut(at)) {
                *count += 1;
            }
            written += 1;
            ready = if written < WRITTEN_TOGETHER { looks.next().now_or_never().flatten() } else { None };
        }
        bar.inc(written);
        context.out.finish()?;
    }
    drop(looks);
    bar.finish_and_clear();
    reader.await??;
    let [ok, broken, suspected, unverified] = counts;
    context.out.note(
        &format!("有效{ok}，失效{broken}，疑似{suspected}，无法核实{unverified}"),
        &format!("{ok} ok, {broken} broken, {suspected} suspected, {unverified} unverified"),
    );
    Ok(())
}

/// One look, one line.
fn write(context: &mut Context, look: &LinkLook) -> anyhow::Result<()> {
    let view = View {
        url: &look.url,
        outcome: look.outcome,
        status: look.status,
        reason: look.reason,
        final_url: look.final_url.as_deref(),
        attempts: look.attempts,
        elapsed_ms: look.elapsed_ms,
    };
    match context.out.format {
        Format::Json => {
            serde_json::to_writer(context.out.writer(), &view)?;
            context.out.line("")?;
        }
        Format::Csv => {
            let mut csv = csv::Writer::from_writer(Vec::new());
            csv.write_record([
                view.url,
                view.outcome.key(),
                &view.status.map(|s| s.to_string()).unwrap_or_default(),
                view.reason.key(),
                view.final_url.unwrap_or_default(),
                &view.attempts.to_string(),
                &view.elapsed_ms.to_string(),
            ])?;
            let line = String::from_utf8(csv.into_inner().map_err(csv::IntoInnerError::into_error)?)?;
            context.out.line(line.trim_end())?;
        }
        Format::Table => {
            let lang = context.out.lang;
            let status = view.status.map_or_else(|| "—".to_owned(), |s| s.to_string());
            let text = format!("{}\t{status}\t{}\t{}", view.outcome.name(lang), view.reason.name(lang), view.url);
            context.out.line(&text)?;
        }
    }
    Ok(())
}

/// Hands on every line that is not blank: as it comes, and together what came together.
fn read_lines(source: Box<dyn Read + Send>, sender: &mpsc::Sender<Vec<String>>) -> std::io::Result<()> {
    let mut source = BufReader::new(source);
    let mut line = Vec::new();
    let mut ready = Vec::new();
    let mut goes_on = false;
    loop {
        line.clear();
        let read = source.by_ref().take(LONGEST_LINE).read_until(b'\n', &mut line)?;
        // Why read on: the rest of a line too long is no URL of its own.
        let is_rest = std::mem::replace(&mut goes_on, read as u64 == LONGEST_LINE && !line.ends_with(b"\n"));
        if is_rest {
            continue;
        }
        let text = String::from_utf8_lossy(&line);
        let text = text.trim().trim_start_matches('\u{feff}');
        if !text.is_empty() {
            ready.push(text.to_owned());
        }
        let waits = source.buffer().is_empty() || ready.len() >= READ_TOGETHER;
        if waits && !ready.is_empty() && sender.blocking_send(std::mem::take(&mut ready)).is_err() {
            return Ok(());
        }
        if read == 0 {
            return Ok(());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_line_too_long_is_one_line_and_the_next_is_read() {
        let long = "x".repeat(3 * LONGEST_LINE as usize + 5);
        let text = format!("http://a.example/\n{long}\n\n http://b.example/ \n{long}");
        let (sender, mut lines) = mpsc::channel(4);
        let reader = tokio::task::spawn_blocking(move || read_lines(Box::new(std::io::Cursor::new(text)), &sender));
        let mut found = Vec::new();
        while let Some(more) = lines.recv().await {
            found.extend(more);
        }
        reader.await.unwrap().unwrap();
        let short: Vec<&str> = found.iter().map(|line| line.get(..17).unwrap_or(line)).collect();
        let begun = "x".repeat(17);
        assert_eq!(short, ["http://a.example/", &begun, "http://b.example/", &begun]);
        assert!(found.iter().all(|line| line.len() as u64 <= LONGEST_LINE));
    }
}
