//! The real binary, run in a folder of the test's own with nothing inherited from the environment.

use std::path::{Path, PathBuf};
use std::process::{Command as Process, Stdio};
use std::time::Duration;

use serde_json::Value;

/// Where the commands of a test run.
pub(crate) struct Cli {
    folder: PathBuf,
    vars: Vec<(String, String)>,
}

/// What a command came to.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Cli {
    /// Commands on a database, in a folder, that may look at loopback.
    pub(crate) fn new(folder: &Path, database: &str) -> Self {
        let cli = Self { folder: folder.to_owned(), vars: Vec::new() };
        cli.with("XUNCHA__DATABASE__URL", database).with("XUNCHA__HTTP__ALLOW_PRIVATE", "true")
    }

    /// Commands without any setting.
    pub(crate) fn bare(folder: &Path) -> Self {
        Self { folder: folder.to_owned(), vars: Vec::new() }
    }

    /// The same with a variable set.
    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.vars.push((name.to_owned(), value.to_owned()));
        self
    }

    /// A process ready to be started, for those that are not waited for.
    pub(crate) fn process(&self, args: &[&str]) -> Process {
        let mut process = Process::new(env!("CARGO_BIN_EXE_xuncha"));
        process.args(args).current_dir(&self.folder).env_clear().envs(self.vars.iter().cloned()).stdin(Stdio::null());
        process
    }

    /// Runs a command to its end.
    pub(crate) fn run(&self, args: &[&str]) -> Ended {
        self.feed(args, "")
    }

    /// Runs a command that reads standard input.
    pub(crate) fn feed(&self, args: &[&str], input: &str) -> Ended {
        let output = assert_cmd::Command::new(env!("CARGO_BIN_EXE_xuncha"))
            .args(args)
            .current_dir(&self.folder)
            .env_clear()
            .envs(self.vars.iter().cloned())
            .timeout(Duration::from_mins(1))
            .write_stdin(input)
            .output()
            .unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        Ended { code: output.status.code().unwrap_or(-1), stdout: text(output.stdout), stderr: text(output.stderr) }
    }

    /// Runs a command that has to succeed; its one JSON document.
    pub(crate) fn json(&self, args: &[&str]) -> Value {
        let ended = self.run(&[args, &["--format", "json"]].concat());
        assert_eq!(ended.code, 0, "{args:?}: {ended:?}");
        serde_json::from_str(&ended.stdout).unwrap_or_else(|error| panic!("{args:?}: {error}: {}", ended.stdout))
    }

    /// Writes a file into the folder; its name.
    pub(crate) fn file(&self, name: &str, content: impl AsRef<[u8]>) -> String {
        std::fs::write(self.folder.join(name), content).unwrap();
        name.to_owned()
    }

    /// A path in the folder.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }
}

impl Ended {
    /// It ended with this code, printed no result, and said one sentence that holds all of these.
    pub(crate) fn refused(&self, code: i32, words: &[&str]) {
        assert_eq!(self.code, code, "{self:?}");
        assert!(self.stdout.is_empty(), "{self:?}");
        for word in words {
            assert!(self.stderr.contains(word), "`{word}` is not in: {}", self.stderr);
        }
        for trace in ["panicked", "RUST_BACKTRACE", "stack backtrace", "Error {"] {
            assert!(!self.stderr.contains(trace), "{}", self.stderr);
        }
    }
}

/// The sorted field names of a JSON object.
pub(crate) fn fields(value: &Value) -> Vec<&str> {
    let mut names: Vec<&str> = value.as_object().unwrap().keys().map(String::as_str).collect();
    names.sort_unstable();
    names
}
