//! A real database for every test, on both engines.
//!
//! The run starts its own PostgreSQL server: once a binary, in a temporary folder, on a Unix
//! socket, and gone with the process however that ends. `TEST_DATABASE_URL` names a running one
//! instead. A machine without the server's binaries fails the tests; nothing is skipped.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use sqlx::{Connection as _, PgConnection};
use tempfile::TempDir;

/// An empty database, removed with the test.
pub(crate) struct Database {
    pub(crate) url: String,
    /// A folder of the test's own.
    pub(crate) folder: TempDir,
}

static NUMBER: AtomicU32 = AtomicU32::new(1);

impl Database {
    pub(crate) fn sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}", folder.path().join("xuncha.db").display());
        Self { url, folder }
    }

    pub(crate) async fn postgres() -> Self {
        let name = format!("xuncha_test_{}_{}", std::process::id(), NUMBER.fetch_add(1, Ordering::SeqCst));
        let server = server().await;
        let mut connection = PgConnection::connect(server).await.expect(server);
        let create = format!("CREATE DATABASE {name}");
        sqlx::raw_sql(sqlx::AssertSqlSafe(create)).execute(&mut connection).await.unwrap();
        connection.close().await.unwrap();
        Self { url: with_name(server, &name), folder: tempfile::tempdir().unwrap() }
    }

    pub(crate) fn is_postgres(&self) -> bool {
        self.url.starts_with("postgres")
    }

    /// Runs a statement behind the program's back; gives what the database says against it.
    pub(crate) async fn sql(&self, text: &str) -> Result<u64, sqlx::Error> {
        let text = sqlx::AssertSqlSafe(text.to_owned());
        if self.is_postgres() {
            let mut connection = PgConnection::connect(&self.url).await?;
            Ok(sqlx::raw_sql(text).execute(&mut connection).await?.rows_affected())
        } else {
            let mut connection = sqlx::SqliteConnection::connect(&self.url).await?;
            Ok(sqlx::raw_sql(text).execute(&mut connection).await?.rows_affected())
        }
    }

    /// The first column of the first row of a query, a number.
    pub(crate) async fn number(&self, text: &str) -> i64 {
        let text = sqlx::AssertSqlSafe(text.to_owned());
        if self.is_postgres() {
            let mut connection = PgConnection::connect(&self.url).await.unwrap();
            sqlx::query_scalar(text).fetch_one(&mut connection).await.unwrap()
        } else {
            let mut connection = sqlx::SqliteConnection::connect(&self.url).await.unwrap();
            sqlx::query_scalar(text).fetch_one(&mut connection).await.unwrap()
        }
    }

    /// Drops a PostgreSQL database; a server of the run's own would go with it anyway.
    pub(crate) async fn remove(self) {
        let name = self.url.split('?').next().and_then(|url| url.rsplit('/').next()).unwrap_or_default().to_owned();
        let mut connection = PgConnection::connect(server().await).await.unwrap();
        let drop = sqlx::AssertSqlSafe(format!("DROP DATABASE {name} WITH (FORCE)"));
        sqlx::raw_sql(drop).execute(&mut connection).await.unwrap();
    }
}

/// The server's URL with another database.
fn with_name(server: &str, name: &str) -> String {
    let (url, options) = server.split_once('?').map_or((server, ""), |(url, options)| (url, options));
    let base = url.rsplit_once('/').map_or(url, |(base, _)| base);
    if options.is_empty() { format!("{base}/{name}") } else { format!("{base}/{name}?{options}") }
}

async fn server() -> &'static str {
    static SERVER: OnceLock<String> = OnceLock::new();
    static WATCHER: OnceLock<Child> = OnceLock::new();
    static READY: tokio::sync::OnceCell<()> = tokio::sync::OnceCell::const_new();
    let url = SERVER.get_or_init(|| {
        if let Ok(url) = std::env::var("TEST_DATABASE_URL") {
            return url;
        }
        let (url, watcher) = start();
        // The child is never waited for: it ends by itself when this process is gone.
        let _ = WATCHER.set(watcher);
        url
    });
    READY
        .get_or_init(|| async {
            let patience = Instant::now() + Duration::from_mins(1);
            loop {
                match PgConnection::connect(url).await {
                    Ok(connection) => return connection.close().await.unwrap(),
                    Err(error) if Instant::now() > patience => panic!("{url} does not answer: {error}"),
                    Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
                }
            }
        })
        .await;
    url
}

/// Starts a server that dies with this process: its watcher reads a pipe that only this process holds open.
fn start() -> (String, Child) {
    let bin = binaries().unwrap_or_else(|| {
        panic!(
            "these tests need a PostgreSQL server: `apt-get install postgresql`, \
             or name a running one in TEST_DATABASE_URL=postgres://USER@HOST/postgres"
        )
    });
    let folder = tempfile::Builder::new().prefix("xuncha-pg-").tempdir().unwrap().keep();
    std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o755)).unwrap();
    let script = r#"
trap '' INT TERM HUP
cd "$1"
as=''
if [ "$(id -u)" = 0 ]; then
    chown postgres "$1"
    as='setpriv --reuid=postgres --regid=postgres --clear-groups'
fi
$as "$2/initdb" -D "$1/data" -U postgres -A trust -E UTF8 --locale=C -N >"$1/initdb.log" 2>&1 || exit 1
$as "$2/postgres" -D "$1/data" -k "$1" -c listen_addresses= -c fsync=off -c synchronous_commit=off \
    -c full_page_writes=off -c max_connections=300 -c shared_buffers=32MB >"$1/log" 2>&1 &
cat >/dev/null
# Again and again: a server that is just starting does not hear the first one.
while kill -INT $! 2>/dev/null; do sleep 0.2; done
rm -rf "$1"
"#;
    let watcher = Command::new("sh")
        .args(["-c", script, "sh"])
        .args([&folder, &bin])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    (format!("postgres://postgres@localhost/postgres?host={}", folder.display()), watcher)
}

/// Where `initdb` and `postgres` lie: the newest packaged version, else the `PATH`.
fn binaries() -> Option<PathBuf> {
    let whole = |dir: &Path| dir.join("initdb").is_file() && dir.join("postgres").is_file();
    let version = |dir: &Path| {
        dir.parent().and_then(Path::file_name).and_then(|name| name.to_str()?.parse::<u32>().ok()).unwrap_or(0)
    };
    let mut packaged: Vec<PathBuf> = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path().join("bin"))
        .filter(|dir| whole(dir))
        .collect();
    packaged.sort_by_key(|dir| version(dir));
    packaged.pop().or_else(|| std::env::split_paths(&std::env::var_os("PATH")?).find(|dir| whole(dir)))
}
