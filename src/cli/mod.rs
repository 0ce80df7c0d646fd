//! Commands, output, exit codes: 0 done, 1 could not be done or found wrong, 2 usage or configuration.

mod accounts;
mod args;
mod audit;
mod backup;
mod check_text;
mod demo;
mod doctor;
mod errors;
mod evidence;
mod explain;
mod findings;
mod init;
mod issues;
mod judge;
mod links;
mod notices;
mod output;
mod packet;
mod probe;
mod report;
mod rounds;
mod rules;
mod serve;
mod sites;
mod sources;
mod usage;
mod users;
mod worksheet;

use std::io::{IsTerminal as _, Write as _};
use std::process::ExitCode;

use clap::{CommandFactory as _, FromArgMatches as _};

use crate::app;
use crate::clock::Clock;
use crate::config::{Config, from_process};
use crate::domain::Lang;
use crate::office::Office;
use args::{Cli, Command};
pub(crate) use errors::{CheckFailed, Usage};
use output::Out;

/// Who the history says acted at the command line.
const ACTOR: &str = "cli";

/// What every command is given.
struct Context {
    out: Out,
    config_path: Option<std::path::PathBuf>,
    lang: Option<Lang>,
}

impl Context {
    /// The settings, with the language of the command line over them.
    fn config(&mut self) -> anyhow::Result<Config> {
        let mut config = from_process(self.config_path.as_deref())?.config;
        if let Some(lang) = self.lang {
            config.office.locale = lang;
        }
        self.out.lang = config.office.locale;
        Ok(config)
    }

    /// The office with its database.
    async fn office(&mut self) -> anyhow::Result<Office> {
        let config = self.config()?;
        app::open_office(config, Clock::system()).await
    }
}

/// Threads for what would hold up the others: parsing, unpacking, writing documents.
const BESIDE: usize = 8;

/// Runs the program on this process's arguments.
#[must_use]
pub fn main() -> ExitCode {
    let matches = match Cli::command().try_get_matches() {
        Ok(matches) => matches,
        Err(error) => return ExitCode::from(usage::report(&error)),
    };
    let cli = match Cli::from_arg_matches(&matches) {
        Ok(cli) => cli,
        Err(error) => return ExitCode::from(usage::report(&error)),
    };
    trace(cli.verbose, cli.quiet, matches!(cli.command, Command::Serve | Command::Worker));
    crate::fetch::install_tls();
    crate::fetch::raise_open_files();
    // Why one thread: a request, or a row of the database, is a few microseconds of work, and handing
    // it from one thread to another costs more than doing it.
    let mut builder = match &cli.command {
        Command::Serve | Command::Worker | Command::Demo(_) => tokio::runtime::Builder::new_multi_thread(),
        _ => {
            let mut one = tokio::runtime::Builder::new_current_thread();
            // Why few: a thread that is busy reading pages need not be woken for the next.
            one.max_blocking_threads(BESIDE);
            one
        }
    };
    let runtime = match builder.enable_all().event_interval(crate::checks::wire::BEFORE_EVENTS).build() {
        Ok(runtime) => runtime,
        Err(error) => {
            tracing::error!(%error, "the runtime could not start");
            return ExitCode::from(1);
        }
    };
    let lang = cli.lang.unwrap_or(Lang::Zh);
    let mut context = Context { out: Out::new(cli.format, lang, cli.quiet), config_path: cli.config, lang: cli.lang };
    let done = runtime.block_on(run(&mut context, cli.command));
    let ended = match done.and_then(|()| context.out.finish()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => errors::report(&error, context.out.lang),
    };
    runtime.shutdown_timeout(std::time::Duration::from_secs(2));
    ended
}

async fn run(context: &mut Context, command: Command) -> anyhow::Result<()> {
    match command {
        Command::Init { dir } => init::run(context, &dir),
        Command::Demo(args) => Box::pin(demo::run(context, args)).await,
        Command::Doctor => Box::pin(doctor::run(context)).await,
        Command::Accounts(command) => accounts::run(context, command).await,
        Command::Reviews(command) => accounts::run_reviews(context, command).await,
        Command::Round(command) => rounds::run(context, command).await,
        Command::Rules(command) => rules::run(context, command),
        Command::Findings(command) => findings::run(context, command).await,
        Command::Sources(command) => sources::run(context, command).await,
        Command::Issues(command) => issues::run(context, command).await,
        Command::Sites(command) => sites::run(context, &command).await,
        Command::Notices(command) => notices::run(context, command).await,
        Command::Report { round, out, from, drafts } => {
            report::run(context, round, &out, from.as_deref(), &drafts).await
        }
        Command::Explain { words, from } => explain::run(context, words, from.as_deref()).await,
        Command::Users(command) => users::run(context, command).await,
        Command::Serve => serve::run(context).await,
        Command::Worker => serve::work(context).await,
        Command::Audit(command) => audit::run(context, command).await,
        Command::Backup { file } => backup::back_up(context, &file).await,
        Command::Restore { file } => backup::restore(context, &file).await,
        Command::Probe { kind, url, options } => probe::run(context, kind, &url, &options).await,
        Command::Links { file } => links::run(context, &file).await,
        Command::CheckText { file, lines } => check_text::run(context, &file, lines),
        Command::Migrate => {
            let office = context.office().await?;
            let place = office.store.place().to_owned();
            let migrated = office.store.was_migrated();
            if migrated {
                context.out.note(
                    &format!("{place}：结构已更新到最新"),
                    &format!("{place}: the schema was brought up to date"),
                );
            } else {
                context.out.note(&format!("{place}：结构已是最新"), &format!("{place}: the schema is up to date"));
            }
            context.out.json_only(&serde_json::json!({ "database": place, "migrated": migrated }))
        }
        Command::Completions { shell } => {
            // Why: the generator panics where writing fails, as it does into `| head`.
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Cli::command(), "xuncha", &mut script);
            Ok(context.out.writer().write_all(&script)?)
        }
    }
}

/// Logs go to standard error; `RUST_LOG` decides where it is set. A service tells of its work, a command does not.
fn trace(verbose: u8, quiet: bool, service: bool) {
    use tracing_subscriber::EnvFilter;
    let level = match (quiet, verbose) {
        (true, _) => "error",
        (false, 0) if service => "warn,xuncha=info,sqlx=error",
        (false, 0) => "warn,sqlx=error",
        (false, 1) => "info,xuncha=debug",
        (false, _) => "debug",
    };
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(level));
    let fmt = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_target(false);
    // Colours for people alone; `NO_COLOR` is honoured by the formatter itself.
    let _ = if std::io::stderr().is_terminal() { fmt.try_init() } else { fmt.with_ansi(false).try_init() };
}
