//! Settings: one struct per concern, from the built-in defaults, `xuncha.toml` and the environment.
//!
//! The only place that reads the process environment. Every problem is found and reported at
//! once, each with its place and its cure. Decisions:
//!
//! - `defaults.toml` is the one list of keys, the documentation, and what `init` writes.
//! - Relative paths (and a relative `SQLite` file) start at the configuration file's folder, also
//!   those the file leaves at their default; paths from the environment start at the working directory.
//! - Secrets are read when they are needed: a command that needs no token runs without one.
//! - Channels and canaries are numbered from 0 in the environment: `XUNCHA__CHANNEL__0__WEBHOOK_FILE`.

mod credentials;
mod layers;
mod problem;
mod reader;
mod secret;
mod sections;
mod values;

use std::ffi::OsString;
use std::path::{Path, PathBuf};

pub use credentials::{Credential, Credentials, read_credentials};
pub use problem::{ConfigError, Place, Problem};
pub use secret::{Concealed, SecretError, SecretSource};
pub use sections::{
    ApprovalConfig, CalendarConfig, CanaryConfig, ChannelConfig, ChannelKind, ChannelReader, DatabaseConfig,
    DeadlinesConfig, HttpConfig, OfficeConfig, QuietConfig, ReportConfig, ReviewConfig, ReviewRequired, RulesConfig,
    SamplingConfig, ScheduleConfig, StratumField, TelegramConfig, TelegramMode, WebConfig, WechatConfig, WecomConfig,
};

use layers::Layers;
use reader::Reader;

/// The commented file that `init` writes: every key with its default.
pub const TEMPLATE: &str = include_str!("defaults.toml");

/// A configuration file larger than this is not one.
const LARGEST_FILE: u64 = 1024 * 1024;

/// Everything that can be set.
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    /// The supervising office.
    pub office: OfficeConfig,
    /// Where everything is kept.
    pub database: DatabaseConfig,
    /// How accounts are drawn.
    pub sampling: SamplingConfig,
    /// When things run by themselves.
    pub schedule: ScheduleConfig,
    /// How the web is asked.
    pub http: HttpConfig,
    /// What is checked by.
    pub rules: RulesConfig,
    /// Review records.
    pub review: ReviewConfig,
    /// Working days.
    pub calendar: CalendarConfig,
    /// How documents are drafted.
    pub report: ReportConfig,
    /// Working days for rectification.
    pub deadlines: DeadlinesConfig,
    /// When no message goes out.
    pub quiet: QuietConfig,
    /// What takes two supervisors.
    pub approval: ApprovalConfig,
    /// The chat bot.
    pub telegram: TelegramConfig,
    /// The WeCom bot; `None` where there is none.
    pub wecom: Option<WecomConfig>,
    /// Group robots, in the order of the file.
    pub channels: Vec<ChannelConfig>,
    /// The official interface of WeChat accounts.
    pub wechat: WechatConfig,
    /// Accounts known to post daily, one or more a platform.
    pub canaries: Vec<CanaryConfig>,
    /// Health, metrics and pages.
    pub web: WebConfig,
}

/// A configuration and where it came from.
#[derive(Debug, Clone, PartialEq)]
pub struct Loaded {
    /// The settings.
    pub config: Config,
    /// The file they were read from; `None` when only defaults and the environment applied.
    pub file: Option<PathBuf>,
}

impl Config {
    /// Reads the file named by `cli_path`, else by `XUNCHA_CONFIG`, else `./xuncha.toml` where
    /// there is one, and lays the environment over it.
    pub fn load(cli_path: Option<&Path>, env: impl Iterator<Item = (String, String)>) -> Result<Loaded, ConfigError> {
        let mut env: Vec<(String, String)> = env.filter(|(name, _)| name.starts_with("XUNCHA_")).collect();
        env.sort();
        let mut layers = Layers::defaults();
        let (path, required) = find_file(cli_path, &env);
        let file = match read_file(&path) {
            Ok(text) => {
                layers.lay_file(&path, &text);
                Some(path)
            }
            Err(_) if !required && !path.exists() => None,
            Err(problem) => return Err(ConfigError::new(vec![problem])),
        };
        layers.lay_env(&env);
        let mut reader = Reader::new(layers);
        let config = sections::read(&mut reader);
        let problems = reader.into_problems();
        if problems.is_empty() { Ok(Loaded { config, file }) } else { Err(ConfigError::new(problems)) }
    }
}

/// [`Config::load`] with the environment of this process.
pub fn from_process(cli_path: Option<&Path>) -> Result<Loaded, ConfigError> {
    let text = |raw: OsString| raw.into_string().unwrap_or_else(|raw| raw.to_string_lossy().into_owned());
    Config::load(cli_path, std::env::vars_os().map(|(name, value)| (text(name), text(value))))
}

impl Default for Config {
    /// The built-in defaults.
    fn default() -> Self {
        sections::read(&mut Reader::new(Layers::defaults()))
    }
}

/// The file to read, and whether it must exist.
fn find_file(cli_path: Option<&Path>, env: &[(String, String)]) -> (PathBuf, bool) {
    if let Some(path) = cli_path {
        return (path.to_owned(), true);
    }
    let named = env.iter().find(|(name, value)| name == "XUNCHA_CONFIG" && !value.trim().is_empty());
    named.map_or_else(|| (PathBuf::from("xuncha.toml"), false), |(_, path)| (PathBuf::from(path), true))
}

/// The configuration itself.
fn read_file(path: &Path) -> Result<String, Problem> {
    let cure = ("，或用 xuncha init 生成一个", ", or write one with `xuncha init`");
    read_named(path, ("配置文件", "the configuration file"), cure)
}

/// A file that settings are read from: what it is called, and what else may be done where it is missing.
fn read_named(path: &Path, name: (&str, &str), cure: (&str, &str)) -> Result<String, Problem> {
    let at = || Place::File { path: path.to_owned(), line: 0, column: 0 };
    let cannot = |error: &dyn std::fmt::Display| {
        Problem::new(
            at(),
            None,
            format!("{}无法读取（{error}），请检查路径与权限{}", name.0, cure.0),
            format!("{} cannot be read ({error}); check path and permissions{}", name.1, cure.1),
        )
    };
    let meta = std::fs::metadata(path).map_err(|error| cannot(&error))?;
    if !meta.is_file() || meta.len() > LARGEST_FILE {
        return Err(cannot(&"not a file of at most 1 MiB"));
    }
    let bytes = std::fs::read(path).map_err(|error| cannot(&error))?;
    String::from_utf8(bytes).map_err(|error| {
        let valid = error.as_bytes().get(..error.utf8_error().valid_up_to()).unwrap_or_default();
        let (line, column) = problem::line_column(&String::from_utf8_lossy(valid), valid.len());
        Problem::new(
            Place::File { path: path.to_owned(), line, column },
            None,
            "文件不是 UTF-8 编码，请另存为 UTF-8".to_owned(),
            "the file is not UTF-8; save it as UTF-8".to_owned(),
        )
    })
}

#[cfg(test)]
mod tests;
