//! The composition root: settings in, a working office out; and the service that runs it.

mod rule_words;

use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use futures::FutureExt as _;
use tokio::sync::watch;

use crate::chat::telegram::Messenger;
use crate::chat::{bot, deliver, robot, wecom};
use crate::clock::Clock;
use crate::config::{Concealed, Config, HttpConfig};
use crate::domain::rule::RuleSet;
use crate::fetch::{Fetcher, Settings};
use crate::office::Office;
use crate::registry::{FileError, read_calendar, read_lexicon};
use crate::schedule;
use crate::store::Store;
use crate::web::{self, Health};

const BUILT_IN_RULES: &str = include_str!("../accounts/rules/2019-19.toml");

/// A rule set that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum RulesError {
    /// It cannot be read.
    #[error("{path}: the rule set cannot be read: {source}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// It is no rule set.
    #[error("{path}:{line}: the rule set is not valid: {en}")]
    Invalid {
        /// The file, or `built-in`.
        path: String,
        /// The line it lies in, from 1.
        line: usize,
        /// What is wrong, Chinese.
        zh: String,
        /// The same in English.
        en: String,
    },
}

/// The calendar of `[calendar] file` cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("[calendar] file: {0}")]
pub struct CalendarError(#[source] pub FileError);

/// The lexicon of `[rules] lexicon` cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("[rules] lexicon: {0}")]
pub struct LexiconError(#[source] pub FileError);

/// The rule set of `[rules]`, with the office's lexicon.
pub fn rules_of(config: &Config) -> Result<RuleSet> {
    let mut rules = load_rules(config.rules.file.as_deref())?;
    rules.lexicon = read_lexicon(config.rules.lexicon.as_deref()).map_err(LexiconError)?;
    Ok(rules)
}

/// Reads the rule set of `[rules] file`, or the built-in one.
pub fn load_rules(file: Option<&Path>) -> Result<RuleSet, RulesError> {
    let (path, text) = match file {
        None => ("built-in".to_owned(), BUILT_IN_RULES.to_owned()),
        Some(path) => {
            let text = std::fs::read_to_string(path)
                .map_err(|source| RulesError::Unreadable { path: path.to_owned(), source })?;
            (path.display().to_string(), text)
        }
    };
    let invalid = |line, zh: String, en: String| RulesError::Invalid { path: path.clone(), line, zh, en };
    let rules: RuleSet = toml::from_str(&text).map_err(|error| {
        let start = error.span().map_or(0, |span| span.start);
        let before = text.get(..start).unwrap_or_default();
        let said = error.message().trim().replace('\n', "; ");
        invalid(before.matches('\n').count() + 1, rule_words::in_chinese(&text, start, &said), said)
    })?;
    match rules.flaw() {
        Some(flaw) => {
            let begins = |line: &str| {
                let line = line.trim().trim_start_matches('[');
                line.strip_prefix(flaw.table).is_some_and(|rest| rest.starts_with([']', '.', ' ', '=']))
            };
            let line = text.lines().position(begins).map_or(1, |line| line + 1);
            Err(invalid(line, flaw.zh.to_owned(), flaw.en.to_owned()))
        }
        None => Ok(rules),
    }
}

/// The HTTP client's settings.
#[must_use]
pub fn fetch_settings(http: &HttpConfig) -> Settings {
    Settings {
        concurrency: http.concurrency,
        per_host_concurrency: http.per_host_concurrency,
        per_host_interval: http.per_host_interval,
        timeout: http.timeout,
        connect_timeout: http.connect_timeout,
        max_body: http.max_body,
        max_redirects: http.max_redirects,
        retries: http.retries,
        allow_private: http.allow_private,
        allow_hosts: http.allow_hosts.clone(),
        proxy: http.proxy.as_ref().map(|proxy| proxy.reveal().to_owned()),
        user_agent: http.user_agent.clone(),
        control_urls: http.control_urls.clone(),
        ..Settings::default()
    }
}

/// Opens the office's database, rules and calendar.
pub async fn open_office(config: Config, clock: Clock) -> Result<Office> {
    let rules = rules_of(&config)?;
    let calendar = read_calendar(config.calendar.file.as_deref()).map_err(CalendarError)?;
    let store = Store::open(config.database.url.reveal(), clock.now()).await?;
    Ok(Office { store, clock, config: Arc::new(config), calendar: Arc::new(calendar), rules: Arc::new(rules) })
}

/// The HTTP client of an office.
pub fn open_fetcher(config: &Config) -> Result<Fetcher> {
    Ok(Fetcher::new(fetch_settings(&config.http))?)
}

/// The bot of an office; `None` where no token is configured.
pub fn open_messenger(config: &Config) -> Result<Option<Messenger>> {
    let Some(source) = &config.telegram.token else { return Ok(None) };
    let token = source.read()?;
    let proxy = config.telegram.proxy.as_ref().map(Concealed::reveal);
    Ok(Some(Messenger::new(&token, &config.telegram.api_url, proxy)?))
}

/// The settings of an office's WeCom bot; `None` where none is configured.
pub fn wecom_settings(config: &Config) -> Result<Option<wecom::Settings>> {
    let Some(bot) = &config.wecom else { return Ok(None) };
    Ok(Some(wecom::Settings::new(bot.bot_id.clone(), bot.secret.read()?, bot.url.clone())))
}

/// The bots a service runs.
#[derive(Default)]
pub struct Bots {
    /// On Telegram.
    pub telegram: Option<Messenger>,
    /// On WeCom's long connection.
    pub wecom: Option<wecom::Settings>,
}

/// How long the loops rest when nothing is due.
const SHARING_PAUSE: Duration = Duration::from_secs(1);
const SCHEDULE_PAUSE: Duration = Duration::from_secs(5);
/// How long a stopping service waits for what is under way.
const GRACE: Duration = Duration::from_secs(8);

/// The pages cannot be offered at the address of the configuration.
#[derive(Debug, thiserror::Error)]
#[error("[web] listen = \"{listen}\" cannot be opened; another service may hold it")]
pub struct ListenError {
    /// The address.
    pub listen: std::net::SocketAddr,
    /// Why not.
    pub source: std::io::Error,
}

/// Runs scheduler, bot, delivery and web until `stop` completes; ends within ten seconds of it.
pub async fn serve(office: Office, fetcher: Fetcher, bots: Bots, stop: impl Future<Output = ()>) -> Result<()> {
    let listen = office.config.web.listen;
    let listener = tokio::net::TcpListener::bind(listen).await.map_err(|source| ListenError { listen, source })?;
    let robots = robot::bind::sync(&office, true).await?;
    if !office.config.channels.is_empty() {
        tracing::info!(robots.bound, robots.removed, robots.unreadable, "the group robots are as configured");
    }
    let (stopper, stopping) = watch::channel(false);
    let health = Health::default();
    let mut tasks = tokio::task::JoinSet::new();
    tasks.spawn(web::serve(listener, office.clone(), health.clone(), stopping.clone()));
    let telegram = bots.telegram;
    if let Some(messenger) = &telegram {
        tasks.spawn(bot::run(office.clone(), messenger.clone(), stopping.clone(), health.bot()));
    }
    let wecom = bots.wecom.map(|settings| {
        let (bot, session) = wecom::open(settings);
        tasks.spawn(wecom::run(office.clone(), session, stopping.clone(), health.bot()));
        bot
    });
    tasks.spawn(deliver::run(office.clone(), telegram, wecom, stopping.clone()));
    {
        let (office, fetcher) = (office.clone(), fetcher.clone());
        tasks.spawn(repeat(stopping.clone(), SCHEDULE_PAUSE, "follow-up", move || {
            let (office, fetcher) = (office.clone(), fetcher.clone());
            async move { schedule::follow_up(&office, &fetcher).await.map(|_| ()).map_err(anyhow::Error::from) }
        }));
    }
    {
        let (office, fetcher, health) = (office.clone(), fetcher.clone(), health.clone());
        tasks.spawn(repeat(stopping.clone(), SCHEDULE_PAUSE, "schedule", move || {
            let (office, fetcher, health) = (office.clone(), fetcher.clone(), health.clone());
            async move {
                health.set_scheduler(true);
                schedule::run_jobs(&office, &fetcher).await.map(|_| ()).map_err(anyhow::Error::from)
            }
        }));
    }
    {
        let (office, fetcher) = (office.clone(), fetcher.clone());
        tasks.spawn(repeat(stopping.clone(), SCHEDULE_PAUSE, "visits", move || {
            let (office, fetcher) = (office.clone(), fetcher.clone());
            async move { schedule::run_visits(&office, &fetcher).await.map(|_| ()).map_err(anyhow::Error::from) }
        }));
    }
    tracing::info!(%listen, database = office.store.place(), "xuncha is running");
    let broken = tokio::select! {
        () = stop => None,
        ended = tasks.join_next() => ended,
    };
    tracing::info!("stopping");
    stopper.send_replace(true);
    let ended = tokio::time::timeout(GRACE, async { while tasks.join_next().await.is_some() {} }).await;
    if ended.is_err() {
        // What is cut off here resumes under its lease: nothing is half-written.
        tasks.shutdown().await;
    }
    office.store.close().await;
    match broken {
        // Why: a service that has lost a part looks alive and does nothing; whoever runs it starts it anew.
        Some(ended) => Err(anyhow::anyhow!("a part of the service ended by itself: {ended:?}")),
        None => Ok(()),
    }
}

/// Joins every round that is being run elsewhere until `stop` completes.
pub async fn work(office: Office, fetcher: Fetcher, stop: impl Future<Output = ()>) -> Result<()> {
    let (stopper, stopping) = watch::channel(false);
    let store = office.store.clone();
    tracing::info!(database = store.place(), "the worker is waiting for rounds");
    let mut loops = tokio::task::JoinSet::new();
    loops.spawn(repeat(stopping, SHARING_PAUSE, "sharing", move || {
        let (office, fetcher) = (office.clone(), fetcher.clone());
        async move {
            schedule::share(&office, &fetcher).await?;
            Ok(())
        }
    }));
    stop.await;
    stopper.send_replace(true);
    if tokio::time::timeout(GRACE, loops.join_next()).await.is_err() {
        // What is cut off here is claimed by somebody else when the lease ends.
        loops.shutdown().await;
    }
    store.close().await;
    Ok(())
}

/// Runs `step` again and again until told to stop; an error, or a stumble, is logged and the next turn tries again.
async fn repeat<F, Fut>(mut stopping: watch::Receiver<bool>, pause: Duration, what: &'static str, step: F)
where
    F: Fn() -> Fut,
    Fut: Future<Output = Result<()>>,
{
    while !*stopping.borrow() {
        tokio::select! {
            done = AssertUnwindSafe(step()).catch_unwind() => match done {
                Ok(Ok(())) => {}
                Ok(Err(error)) => tracing::error!(error = format!("{error:#}"), what, "a turn failed and is tried again"),
                Err(_) => tracing::error!(what, "a turn stumbled and is tried again"),
            },
            _ = stopping.changed() => return,
        }
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            _ = stopping.changed() => return,
        }
    }
}
