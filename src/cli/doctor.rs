//! `doctor`: a line each, ✓ or ✗ with the cure.

use std::collections::BTreeSet;

use chrono::{Datelike, TimeDelta};
use serde::Serialize;

use super::args::Format;
use super::errors::{describe, in_chinese};
use super::output::Column;
use super::rules::named;
use super::{CheckFailed, Context};
use crate::app::{self, CalendarError, LexiconError, RulesError};
use crate::clock::Clock;
use crate::config::{from_process, read_credentials};
use crate::domain::Lang;
use crate::domain::account::{AccountId, Platform};
use crate::domain::health::SourceState;
use crate::fetch::Connectivity;

mod channels;

/// One thing looked at.
#[derive(Serialize)]
struct Line {
    check: &'static str,
    name: &'static str,
    ok: bool,
    detail: String,
}

struct Lines {
    lang: Lang,
    lines: Vec<Line>,
}

impl Lines {
    fn note(&mut self, name: (&'static str, &'static str), ok: bool, zh: impl Into<String>, en: impl Into<String>) {
        let check = name.1;
        let (name, detail) = match self.lang {
            Lang::Zh => (name.0, in_chinese(zh.into())),
            Lang::En => (name.1, en.into()),
        };
        self.lines.push(Line { check, name, ok, detail });
    }

    fn pick(&self, zh: &'static str, en: &'static str) -> &'static str {
        match self.lang {
            Lang::Zh => zh,
            Lang::En => en,
        }
    }

    /// The same sentence as the command that failed would print.
    fn failed(&mut self, name: (&'static str, &'static str), error: &anyhow::Error) {
        let (text, _) = describe(error, self.lang);
        self.note(name, false, text.clone(), text);
    }
}

pub(super) async fn run(context: &mut Context) -> anyhow::Result<()> {
    let loaded = from_process(context.config_path.as_deref());
    let mut lines = Lines { lang: context.out.lang, lines: Vec::new() };
    match loaded {
        Err(error) => {
            let text = error.text(lines.lang);
            lines.note(("配置", "configuration"), false, text.clone(), text);
        }
        Ok(loaded) => {
            let config = context.config()?;
            lines.lang = context.out.lang;
            match &loaded.file {
                Some(file) => {
                    let file = file.display().to_string();
                    lines.note(("配置", "configuration"), true, file.clone(), file);
                }
                None => lines.note(
                    ("配置", "configuration"),
                    true,
                    "未找到 xuncha.toml，使用默认值；xuncha init 可生成",
                    "no xuncha.toml found, defaults are used; xuncha init writes one",
                ),
            }
            Box::pin(look(&mut lines, config)).await;
        }
    }
    let failed = lines.lines.iter().filter(|line| !line.ok).count();
    match context.out.format {
        Format::Json => context.out.json(&lines.lines)?,
        Format::Csv => {
            let columns = [
                Column::<Line>("项目", "check", |line, _| line.name.to_owned()),
                Column("结果", "ok", |line, _| line.ok.to_string()),
                Column("说明", "detail", |line, _| line.detail.clone()),
            ];
            let mut list = context.out.list(&columns)?;
            for line in &lines.lines {
                context.out.row(&mut list, line)?;
            }
            context.out.end(list)?;
        }
        Format::Table => {
            let colon = context.out.pick("：", ": ");
            for line in &lines.lines {
                context.out.line(&format!(
                    "{} {}{colon}{}",
                    if line.ok { "✓" } else { "✗" },
                    line.name,
                    line.detail
                ))?;
            }
        }
    }
    if failed == 0 {
        return Ok(());
    }
    Err(CheckFailed { zh: format!("{failed}项需要处理"), en: format!("{failed} to settle") }.into())
}

async fn look(lines: &mut Lines, config: crate::config::Config) {
    let clock = Clock::system();
    let now = clock.now();
    let proxied = config.http.proxy.is_some();
    let ratio_low = config.sampling.ratio.as_f64() < 0.25;
    if ratio_low {
        let ratio = config.sampling.ratio;
        lines.note(
            ("抽查比例", "ratio"),
            false,
            format!("{ratio} 低于25%，请调整 [sampling] ratio"),
            format!("{ratio} is under 25 %; raise [sampling] ratio"),
        );
    }
    channels::chat(lines, &config).await;
    match app::open_fetcher(&config) {
        Err(error) => lines.failed(("网络", "network"), &error),
        Ok(fetcher) => match fetcher.online().await {
            Connectivity::Online => lines.note(("网络", "network"), true, "对照地址可达", "a control address answers"),
            Connectivity::Offline => lines.note(
                ("网络", "network"),
                false,
                "对照地址均不可达，请检查网络或 [http] control_urls",
                "no control address answers; check the network or [http] control_urls",
            ),
            Connectivity::Untested => lines.note(
                ("网络", "network"),
                true,
                "未配置 [http] control_urls，无法自行判断断网",
                "no [http] control_urls: our own outage cannot be told",
            ),
        },
    }
    if proxied {
        lines.note(
            ("代理", "proxy"),
            true,
            "由代理解析域名，内网防护只检查直接写出的地址",
            "the proxy resolves names: the address guard checks literals alone",
        );
    }
    match app::open_office(config, clock).await {
        Err(error) => {
            let name = if error.is::<RulesError>() {
                ("规则集", "rules")
            } else if error.is::<LexiconError>() {
                ("词库", "lexicon")
            } else if error.is::<CalendarError>() {
                ("工作日历", "calendar")
            } else {
                ("数据库", "database")
            };
            lines.failed(name, &error);
        }
        Ok(office) => {
            let place = office.store.place().to_owned();
            lines.note(("数据库", "database"), true, place.clone(), place);
            lines.note(("数据库结构", "migrations"), true, "已是最新", "up to date");
            rules(lines, &office.rules, office.date(now));
            let lexicon = &office.rules.lexicon;
            let (version, rows) = (lexicon.version(), lexicon.len());
            lines.note(("词库", "lexicon"), true, format!("{version}，{rows}条"), format!("{version}, {rows} rows"));
            let created = office.store.created_at().await.unwrap_or(now);
            if created > now + TimeDelta::minutes(1) {
                lines.note(
                    ("时钟", "clock"),
                    false,
                    "本机时间早于数据库建立时间，请校准系统时钟",
                    "this machine's clock is behind the database; set it right",
                );
            } else {
                let shown = office.local(now).minute();
                lines.note(("时钟", "clock"), true, shown.clone(), shown);
            }
            calendar(lines, &office);
            wechat(lines, &office).await;
            canaries(lines, &office).await;
            sources(lines, &office).await;
            lint(lines, &office).await;
            channels::bindings(lines, &office).await;
            channels::readers(lines, &office).await;
        }
    }
}

/// The set in force, and what it leaves open.
fn rules(lines: &mut Lines, rules: &crate::domain::rule::RuleSet, today: chrono::NaiveDate) {
    let (version, from) = (&rules.version, rules.valid_from);
    if today < from {
        lines.note(
            ("规则集", "rules"),
            false,
            format!("{version} 自{from}起用，此前不能据以判定，请用 [rules] file 另行指定"),
            format!("{version} may be used from {from} on and judges nobody before; name another by [rules] file"),
        );
        return;
    }
    let (unchecked, unconfirmed) = (rules.unchecked(), rules.unconfirmed());
    let said = |lang: Lang, words: [&str; 2]| {
        let open = words.into_iter().zip([&unchecked, &unconfirmed]).filter(|(_, open)| !open.is_empty());
        open.fold(rules.version.clone(), |text, (word, open)| text + word + &named(open, lang))
    };
    let zh = said(Lang::Zh, ["；不检查：", "；依据未核原文："]);
    let en = said(Lang::En, ["; does not check: ", "; clause not read in the original: "]);
    lines.note(("规则集", "rules"), true, zh, en);
}

fn calendar(lines: &mut Lines, office: &crate::office::Office) {
    let year = office.date(office.now()).year();
    let years: Vec<String> = office.calendar.years().map(|year| year.to_string()).collect();
    let years = years.join(match lines.lang {
        Lang::Zh => "、",
        Lang::En => ", ",
    });
    let ok = office.calendar.covers(year);
    if ok {
        let next = office.calendar.covers(year + 1);
        let (zh, en) = if next {
            (format!("已载入 {years}"), format!("loaded: {years}"))
        } else {
            (
                format!("已载入 {years}；{}年节假日安排公布后请用 [calendar] file 载入，跨年时限标为暂定", year + 1),
                format!(
                    "loaded: {years}; load {} by [calendar] file once announced, deadlines into it are provisional",
                    year + 1
                ),
            )
        };
        lines.note(("工作日历", "calendar"), true, zh, en);
    } else {
        lines.note(
            ("工作日历", "calendar"),
            false,
            format!("缺少{year}年节假日安排，请用 [calendar] file 载入"),
            format!("the holidays of {year} are missing; load them by [calendar] file"),
        );
    }
}

/// The credentials of WeChat accounts; nothing where the office has none.
async fn wechat(lines: &mut Lines, office: &crate::office::Office) {
    let Some(file) = &office.config.wechat.credentials_file else { return };
    let name = ("公众号凭据", "wechat");
    match read_credentials(file, office.config.http.allow_private) {
        Err(error) => {
            let text = error.text(lines.lang);
            lines.note(name, false, text.clone(), text);
        }
        Ok(found) => {
            let unreadable = found.values().find_map(|credential| credential.secret.read().err());
            let count = found.len();
            match unreadable {
                Some(error) => {
                    let text = error.text(lines.lang);
                    lines.note(name, false, text.clone(), text);
                }
                None => match unregistered(office, found.keys()).await {
                    Err(error) => lines.failed(name, &anyhow::Error::from(error)),
                    Ok(missing) if missing.is_empty() => {
                        lines.note(name, true, format!("{count}个账号"), format!("{count} accounts"));
                    }
                    Ok(missing) => lines.note(
                        name,
                        false,
                        format!("{}未登记，请核对凭据文件中的账号编号", missing.join("、")),
                        format!("{} not registered; check the account ids of the file", missing.join(", ")),
                    ),
                },
            }
        }
    }
}

/// Those of `ids` that no registered account has.
async fn unregistered<'i>(
    office: &crate::office::Office,
    ids: impl Iterator<Item = &'i String>,
) -> Result<Vec<String>, crate::store::StoreError> {
    let mut tx = office.store.read().await?;
    let mut missing = Vec::new();
    for id in ids {
        if tx.account(&AccountId::new(id.as_str())).await?.is_none() {
            missing.push(id.clone());
        }
    }
    Ok(missing)
}

/// The platforms with a canary, and those without one that a bridge reads; nothing where there are neither.
async fn canaries(lines: &mut Lines, office: &crate::office::Office) {
    let name = ("对照账号", "canaries");
    let with: BTreeSet<Platform> = office.config.canaries.iter().map(|canary| canary.platform).collect();
    let bridged = match bridged(office).await {
        Ok(bridged) => bridged,
        Err(error) => return lines.failed(name, &anyhow::Error::from(error)),
    };
    let without: BTreeSet<Platform> = bridged.difference(&with).copied().collect();
    let named = |platforms: &BTreeSet<Platform>, lang: Lang| {
        let names: Vec<_> = platforms.iter().map(|platform| platform.name(lang)).collect();
        names.join(if lang == Lang::Zh { "、" } else { ", " })
    };
    let (mut zh, mut en) = (vec![named(&with, Lang::Zh)], vec![named(&with, Lang::En)]);
    if !without.is_empty() {
        let (in_zh, in_en) = (named(&without, Lang::Zh), named(&without, Lang::En));
        zh.push(format!("{in_zh}未配置对照账号，采集渠道自身停更时不易察觉，建议用 [[canary]] 配置"));
        en.push(format!("none for {in_en}: a source that stops by itself is hard to tell; name one by [[canary]]"));
    }
    zh.retain(|part| !part.is_empty());
    en.retain(|part| !part.is_empty());
    let (zh, en) = (zh.join("；"), en.join("; "));
    if !zh.is_empty() {
        lines.note(name, true, zh, en);
    }
}

/// The platforms whose running accounts a machine reads elsewhere than on the unit's own server.
async fn bridged(office: &crate::office::Office) -> Result<BTreeSet<Platform>, crate::store::StoreError> {
    const PAGE: usize = 1000;
    let mut tx = office.store.read().await?;
    let today = office.date(office.now());
    let (mut platforms, mut after) = (BTreeSet::new(), None::<AccountId>);
    loop {
        let page = tx.running_accounts_page(today, None, after.as_ref(), PAGE).await?;
        let Some(last) = page.last() else { return Ok(platforms) };
        after = Some(last.account_id.clone());
        let read = page.iter().filter(|account| {
            account.source.is_some_and(crate::sources::is_read_by_machine)
                && !matches!(account.platform, Platform::Website | Platform::App)
        });
        platforms.extend(read.map(|account| account.platform));
    }
}

async fn sources(lines: &mut Lines, office: &crate::office::Office) {
    let name = ("采集渠道", "sources");
    let counts = async { office.store.read().await?.source_counts().await };
    match counts.await {
        Err(error) => lines.failed(name, &anyhow::Error::from(error)),
        Ok(counts) if counts.is_empty() => lines.note(name, true, "尚未查看", "none looked at yet"),
        Ok(counts) => {
            let lang = lines.lang;
            let parts: Vec<String> =
                counts.iter().map(|(state, count)| format!("{} {count}", state.name(lang))).collect();
            let ok = counts.iter().all(|(state, _)| *state == SourceState::Working);
            let list = parts.join(lines.pick("、", ", "));
            let cure = if ok { "" } else { lines.pick("，详见 xuncha sources list", "; see xuncha sources list") };
            let text = format!("{list}{cure}");
            lines.note(name, ok, text.clone(), text);
        }
    }
}

async fn lint(lines: &mut Lines, office: &crate::office::Office) {
    let name = ("基本信息库", "registry");
    match super::accounts::lint_lines(office).await {
        Err(error) => lines.failed(name, &error),
        Ok(found) if found.is_empty() => lines.note(name, true, "未发现问题", "nothing to settle"),
        Ok(found) => {
            let count = found.len();
            lines.note(
                name,
                false,
                format!("{count}处需要处理，详见 xuncha accounts lint"),
                format!("{count} things to settle: xuncha accounts lint"),
            );
        }
    }
}
