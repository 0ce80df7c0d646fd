//! Where the rehearsal takes place: its directory, its settings, and what can go wrong with them.

use std::path::{Path, PathBuf};

use super::telegram::TelegramError;
use crate::chat::telegram::MessengerError;
use crate::checks::run::RunError;
use crate::config::{Config, ConfigError};
use crate::domain::Lang;
use crate::intake::IntakeError;
use crate::issues::IssueError;
use crate::ledger::LedgerError;
use crate::people::InviteError;
use crate::registry::ExportError;
use crate::reports::ReportError;
use crate::sampling::RoundError;
use crate::schedule::JobError;
use crate::store::StoreError;

/// Why the rehearsal broke off.
#[derive(Debug, thiserror::Error)]
pub enum RehearsalError {
    /// The output directory holds something.
    #[error("{0} is not empty; name a new directory with --out")]
    NotEmpty(PathBuf),
    /// A file or socket.
    #[error("{what}: {source}")]
    Io {
        /// Which.
        what: String,
        /// Why.
        source: std::io::Error,
    },
    /// The loopback Telegram.
    #[error(transparent)]
    Telegram(#[from] TelegramError),
    /// The bot.
    #[error(transparent)]
    Messenger(#[from] MessengerError),
    /// The settings it writes for itself.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The HTTP client.
    #[error(transparent)]
    Fetcher(#[from] crate::fetch::FetcherError),
    /// The rules.
    #[error(transparent)]
    Rules(#[from] crate::app::RulesError),
    /// A registry file.
    #[error(transparent)]
    Export(#[from] ExportError),
    /// An import.
    #[error(transparent)]
    Intake(#[from] IntakeError),
    /// A round.
    #[error(transparent)]
    Round(#[from] RoundError),
    /// A worksheet that came back.
    #[error(transparent)]
    Worksheet(#[from] crate::registry::FileError),
    /// What it recorded.
    #[error(transparent)]
    Record(#[from] crate::checks::by_hand::RecordError),
    /// A run.
    #[error(transparent)]
    Run(#[from] RunError),
    /// The replay of a draw disagreed.
    #[error("the exported draw does not replay: {0}")]
    Replay(crate::domain::sample::Mismatch),
    /// An invitation.
    #[error(transparent)]
    Invite(#[from] InviteError),
    /// An issue.
    #[error(transparent)]
    Issue(#[from] IssueError),
    /// A scheduled job.
    #[error(transparent)]
    Job(#[from] JobError),
    /// The dataset.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// A document.
    #[error(transparent)]
    Report(#[from] ReportError),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

pub(super) fn io(what: impl Into<String>) -> impl FnOnce(std::io::Error) -> RehearsalError {
    let what = what.into();
    move |source| RehearsalError::Io { what, source }
}

pub(super) fn prepare_directory(out: &Path) -> Result<(), RehearsalError> {
    std::fs::create_dir_all(out).map_err(io(out.display().to_string()))?;
    let mut entries = std::fs::read_dir(out).map_err(io(out.display().to_string()))?;
    if entries.next().is_some() { Err(RehearsalError::NotEmpty(out.to_owned())) } else { Ok(()) }
}

/// The settings of the rehearsal, left behind so that its database can be looked into.
pub(super) fn write_config(out: &Path, lang: Lang) -> Result<Config, RehearsalError> {
    let path = out.join("xuncha.toml");
    let locale = match lang {
        Lang::Zh => "zh-CN",
        Lang::En => "en",
    };
    let text = format!("{SETTINGS}[office]\nname = \"云溪区人民政府办公室\"\nlocale = \"{locale}\"\n");
    std::fs::write(&path, text).map_err(io(path.display().to_string()))?;
    Ok(Config::load(Some(&path), std::iter::empty())?.config)
}

const SETTINGS: &str = r#"# Settings of the rehearsal. 演练所用的配置
[database]
url = "sqlite://xuncha.db"
[schedule]
# The rehearsal opens its rounds itself. 批次由演练自行打开
quarterly = ""
half_year = ""
patrol = ""
[http]
allow_private = true   # the embedded world lives on loopback 虚构区在本机
concurrency = 64
per_host_concurrency = 64
per_host_interval = "0ms"
retries = 0
[review]
since = "2026-10-01"
"#;
