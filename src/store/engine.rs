//! Two engines behind one type: connecting, migrating, transactions.

use std::fs::OpenOptions;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use chrono::{DateTime, Utc};
use sqlx::migrate::Migrator;
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{Connection as _, PgConnection, Postgres, Sqlite, Transaction};

static SQLITE: Migrator = sqlx::migrate!("migrations/sqlite");
/// How many migrations a database has seen; one that is new has no such table.
const APPLIED: &str = "SELECT COUNT(*) FROM _sqlx_migrations WHERE success";
/// Memory for the writer's pages, as a negative number of KiB: what a round stores touches every index all over.
const WRITER_CACHE: &str = "-16384";
/// Rows the thread of a connection reads ahead of who takes them.
const ROWS_HANDED_OVER: usize = 512;
/// Pages of the log before it is moved into the file: a round writes the same pages again and again.
const LOG_PAGES: &str = "8192";
static POSTGRES: Migrator = sqlx::migrate!("migrations/postgres");

/// What the database refused, and what the reader can do about it.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The URL is neither `sqlite://…` nor `postgres://…`.
    #[error("database.url: `{0}` is neither sqlite://FILE nor postgres://USER@HOST/NAME")]
    Url(String),
    /// The server or file cannot be reached or opened.
    #[error("the database {place} cannot be opened: {source}")]
    Open {
        /// File or server, without password.
        place: String,
        /// Why.
        source: sqlx::Error,
    },
    /// The lock file beside a SQLite database cannot be taken.
    #[error("{path}: the lock file beside the database cannot be written: {source}")]
    Lock {
        /// The lock file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The schema could not be brought up to date.
    #[error("the database {place} could not be migrated: {source}")]
    Migrate {
        /// File or server.
        place: String,
        /// Why.
        source: sqlx::migrate::MigrateError,
    },
    /// A statement failed.
    #[error("the database refused a statement: {0}")]
    Sql(#[from] sqlx::Error),
    /// JSON in a column is not what this version writes.
    #[error("the database holds a value this version cannot read: {0}")]
    Json(serde_json::Error),
    /// A word in a column is not what this version writes.
    #[error("the database holds a word this version does not know: {0}")]
    Word(crate::domain::UnknownKey),
    /// Something with a name is not there.
    #[error("there is no {kind} {id}")]
    Missing {
        /// What was looked for.
        kind: &'static str,
        /// By which name.
        id: String,
    },
    /// The row is no longer in the state the change was decided on.
    #[error("{kind} {id} was changed by somebody else meanwhile; try again")]
    Changed {
        /// What was to be changed.
        kind: &'static str,
        /// Which one.
        id: String,
    },
}

impl StoreError {
    /// Somebody else has been writing for longer than this process was willing to wait.
    #[must_use]
    pub fn is_busy(&self) -> bool {
        matches!(self, Self::Sql(sqlx::Error::Database(refusal)) if refusal.message().contains("is locked"))
    }
}

/// A database, either engine; cheap to clone.
#[derive(Debug, Clone)]
pub struct Store {
    engine: Engine,
    place: String,
    is_new_schema: bool,
}

#[derive(Debug, Clone)]
enum Engine {
    Sqlite { writer: SqlitePool, reader: SqlitePool },
    Postgres(PgPool),
}

/// A transaction on either engine; rolled back unless committed.
#[derive(Debug)]
pub struct Tx {
    pub(super) engine: TxEngine,
    /// Hash of the last event this transaction knows of.
    pub(super) last_hash: Option<String>,
    /// Row of the next notice, once this transaction has asked.
    pub(super) next_notice: Option<i64>,
}

#[derive(Debug)]
pub(super) enum TxEngine {
    Sqlite(Transaction<'static, Sqlite>),
    Postgres(Transaction<'static, Postgres>),
}

/// Runs one statement on whichever engine the transaction is on.
///
/// `sql!(tx, execute, TEXT, binds…)` gives the rows touched; `one`/`opt`/`all` with a row type
/// give rows; `scalar`/`scalar_opt`/`scalars` with a type give the first column.
macro_rules! sql {
    ($tx:expr, execute, $text:expr $(, $bind:expr)* $(,)?) => {
        match &mut $tx.engine {
            $crate::store::engine::TxEngine::Sqlite(c) => sqlx::query($text)$(.bind($bind))*.execute(&mut **c).await.map(|r| r.rows_affected()),
            $crate::store::engine::TxEngine::Postgres(c) => sqlx::query($text)$(.bind($bind))*.execute(&mut **c).await.map(|r| r.rows_affected()),
        }
    };
    ($tx:expr, one $row:ty, $text:expr $(, $bind:expr)* $(,)?) => { $crate::store::engine::sql!(@as $tx, $row, fetch_one, $text $(, $bind)*) };
    ($tx:expr, opt $row:ty, $text:expr $(, $bind:expr)* $(,)?) => { $crate::store::engine::sql!(@as $tx, $row, fetch_optional, $text $(, $bind)*) };
    ($tx:expr, all $row:ty, $text:expr $(, $bind:expr)* $(,)?) => { $crate::store::engine::sql!(@as $tx, $row, fetch_all, $text $(, $bind)*) };
    ($tx:expr, scalar $ty:ty, $text:expr $(, $bind:expr)* $(,)?) => { $crate::store::engine::sql!(@scalar $tx, $ty, fetch_one, $text $(, $bind)*) };
    ($tx:expr, scalar_opt $ty:ty, $text:expr $(, $bind:expr)* $(,)?) => { $crate::store::engine::sql!(@scalar $tx, $ty, fetch_optional, $text $(, $bind)*) };
    ($tx:expr, scalars $ty:ty, $text:expr $(, $bind:expr)* $(,)?) => { $crate::store::engine::sql!(@scalar $tx, $ty, fetch_all, $text $(, $bind)*) };
    (@as $tx:expr, $row:ty, $fetch:ident, $text:expr $(, $bind:expr)*) => {
        match &mut $tx.engine {
            $crate::store::engine::TxEngine::Sqlite(c) => sqlx::query_as::<_, $row>($text)$(.bind($bind))*.$fetch(&mut **c).await,
            $crate::store::engine::TxEngine::Postgres(c) => sqlx::query_as::<_, $row>($text)$(.bind($bind))*.$fetch(&mut **c).await,
        }
    };
    (@scalar $tx:expr, $ty:ty, $fetch:ident, $text:expr $(, $bind:expr)*) => {
        match &mut $tx.engine {
            $crate::store::engine::TxEngine::Sqlite(c) => sqlx::query_scalar::<_, $ty>($text)$(.bind($bind))*.$fetch(&mut **c).await,
            $crate::store::engine::TxEngine::Postgres(c) => sqlx::query_scalar::<_, $ty>($text)$(.bind($bind))*.$fetch(&mut **c).await,
        }
    };
}
pub(super) use sql;

/// Inserts many rows with one statement on whichever engine the transaction is on.
///
/// `insert_rows!(tx, "INSERT INTO … (…) ", rows, " ON CONFLICT …", |values, row| { values.push_bind(…); })`.
macro_rules! insert_rows {
    ($tx:expr, $head:expr, $rows:expr, $tail:expr, |$values:ident, $row:pat_param| $bind:block) => {{
        // Why: a statement of as many rows as are left over is another each time; kept, it pushes out one that comes again.
        let comes_again = $rows.len() == $crate::store::engine::ROWS_AT_ONCE;
        match &mut $tx.engine {
            $crate::store::engine::TxEngine::Sqlite(c) => {
                let mut insert = sqlx::QueryBuilder::<sqlx::Sqlite>::new($head);
                insert.push_values($rows, |mut $values, $row| $bind).push($tail);
                insert.build().persistent(comes_again).execute(&mut **c).await.map(|done| done.rows_affected())
            }
            $crate::store::engine::TxEngine::Postgres(c) => {
                let mut insert = sqlx::QueryBuilder::<sqlx::Postgres>::new($head);
                insert.push_values($rows, |mut $values, $row| $bind).push($tail);
                insert.build().persistent(comes_again).execute(&mut **c).await.map(|done| done.rows_affected())
            }
        }
    }};
}
pub(super) use insert_rows;

/// Rows written by one statement: far below the values either engine takes at once.
pub(super) const ROWS_AT_ONCE: usize = 100;

impl Store {
    /// Opens the database at `url`, creating a SQLite file, and brings its schema up to date.
    ///
    /// `now` is recorded as the moment the database was created, the first time.
    pub async fn open(url: &str, now: DateTime<Utc>) -> Result<Self, StoreError> {
        let store = if let Some(path) = url.strip_prefix("sqlite:") {
            Self::open_sqlite(Path::new(path.strip_prefix("//").unwrap_or(path))).await?
        } else if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            Self::open_postgres(url).await?
        } else {
            return Err(StoreError::Url(url.to_owned()));
        };
        // Why read first: a command that only reads need not wait for one that writes.
        let created = "SELECT value FROM meta WHERE key = 'created_at'";
        if sql!(store.read().await?, scalar_opt String, created)?.is_none() {
            let mut tx = store.write().await?;
            sql!(
                tx,
                execute,
                "INSERT INTO meta (key, value) VALUES ('created_at', $1) ON CONFLICT (key) DO NOTHING",
                now.timestamp_millis().to_string()
            )?;
            tx.commit().await?;
        }
        Ok(store)
    }

    async fn open_sqlite(path: &Path) -> Result<Self, StoreError> {
        let place = path.display().to_string();
        let open = |source| StoreError::Open { place: place.clone(), source };
        // Why: the migrator of this engine takes no lock, and several processes may start at once.
        let lock_path = PathBuf::from(format!("{place}.lock"));
        let refused = |source| StoreError::Lock { path: lock_path.clone(), source };
        let lock = OpenOptions::new().create(true).truncate(false).write(true).open(&lock_path).map_err(refused)?;
        let lock = tokio::task::spawn_blocking(move || lock.lock().map(|()| lock))
            .await
            .map_err(std::io::Error::other)
            .flatten()
            .map_err(refused)?;
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Normal)
            .busy_timeout(Duration::from_mins(1))
            .row_buffer_size(ROWS_HANDED_OVER)
            .foreign_keys(true);
        let writing = options
            .clone()
            .pragma("cache_size", WRITER_CACHE)
            .pragma("wal_autocheckpoint", LOG_PAGES)
            // Why: what a statement of many rows could have to undo is else written to a file, page by page.
            .pragma("temp_store", "MEMORY");
        let writer = SqlitePoolOptions::new()
            .max_connections(1)
            .acquire_timeout(Duration::from_mins(2))
            .connect_with(writing)
            .await
            .map_err(open)?;
        let done = sqlx::query_scalar::<_, i64>(APPLIED).fetch_one(&writer).await.unwrap_or_default();
        SQLITE.run(&writer).await.map_err(|source| StoreError::Migrate { place: place.clone(), source })?;
        drop(lock);
        let reader = SqlitePoolOptions::new()
            .max_connections(4)
            .acquire_timeout(Duration::from_mins(2))
            .connect_with(options.pragma("query_only", "ON"))
            .await
            .map_err(open)?;
        Ok(Self {
            engine: Engine::Sqlite { writer, reader },
            place,
            is_new_schema: done < SQLITE.iter().count() as i64,
        })
    }

    async fn open_postgres(url: &str) -> Result<Self, StoreError> {
        let options = PgConnectOptions::from_str(url)
            .map_err(|source| StoreError::Open { place: "(postgres)".into(), source })?;
        let place =
            format!("{}:{}/{}", options.get_host(), options.get_port(), options.get_database().unwrap_or_default());
        let pool = PgPoolOptions::new().max_connections(8).acquire_timeout(Duration::from_secs(15));
        let pool = match pool.connect_with(options.clone()).await {
            Ok(pool) => pool,
            Err(mut source) => {
                // Why: the pool says only that its patience ended; one plain attempt says what is wrong.
                if matches!(source, sqlx::Error::PoolTimedOut)
                    && let Err(cause) = PgConnection::connect_with(&options).await
                {
                    source = cause;
                }
                return Err(StoreError::Open { place, source });
            }
        };
        let done = sqlx::query_scalar::<_, i64>(APPLIED).fetch_one(&pool).await.unwrap_or_default();
        POSTGRES.run(&pool).await.map_err(|source| StoreError::Migrate { place: place.clone(), source })?;
        Ok(Self { engine: Engine::Postgres(pool), place, is_new_schema: done < POSTGRES.iter().count() as i64 })
    }

    /// Whether opening it brought its schema up to date.
    #[must_use]
    pub const fn was_migrated(&self) -> bool {
        self.is_new_schema
    }

    /// File or server, for people; never a password.
    #[must_use]
    pub fn place(&self) -> &str {
        &self.place
    }

    /// Begins a transaction that may write, one at a time over all processes.
    ///
    /// Why: almost every change appends an event, and events are chained, so writers meet there
    /// anyway. Meeting at the start, before any row is locked, they can neither deadlock nor decide
    /// on a state that another is just changing; SQLite knows no other way.
    pub async fn write(&self) -> Result<Tx, StoreError> {
        let mut tx = self.write_rows().await?;
        tx.lock_chain().await?;
        Ok(tx)
    }

    /// Begins a transaction for work that appends no event (claims, leases, what a look saw): on
    /// PostgreSQL many run side by side, and their statements have to guard themselves.
    pub async fn write_rows(&self) -> Result<Tx, StoreError> {
        let engine = match &self.engine {
            Engine::Sqlite { writer, .. } => TxEngine::Sqlite(writer.begin_with("BEGIN IMMEDIATE").await?),
            Engine::Postgres(pool) => TxEngine::Postgres(pool.begin().await?),
        };
        Ok(Tx { engine, last_hash: None, next_notice: None })
    }

    /// Begins a transaction that only reads, on one consistent state.
    pub async fn read(&self) -> Result<Tx, StoreError> {
        let engine = match &self.engine {
            Engine::Sqlite { reader, .. } => TxEngine::Sqlite(reader.begin().await?),
            Engine::Postgres(pool) => {
                TxEngine::Postgres(pool.begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await?)
            }
        };
        Ok(Tx { engine, last_hash: None, next_notice: None })
    }

    /// When the database was created.
    pub async fn created_at(&self) -> Result<DateTime<Utc>, StoreError> {
        let mut tx = self.read().await?;
        let text = sql!(tx, scalar String, "SELECT value FROM meta WHERE key = 'created_at'")?;
        Ok(super::instant(text.parse().unwrap_or_default()))
    }

    /// Whether the database is one file.
    pub(super) const fn is_sqlite(&self) -> bool {
        matches!(self.engine, Engine::Sqlite { .. })
    }

    /// Writes one consistent state of a SQLite database into an empty file, without the space of deleted rows.
    pub(super) async fn vacuum_into(&self, file: &Path) -> Result<(), StoreError> {
        if let Engine::Sqlite { writer, .. } = &self.engine {
            sqlx::query("VACUUM INTO $1").bind(file.display().to_string()).execute(writer).await?;
        }
        Ok(())
    }

    /// Closes every connection; what was committed stays.
    pub async fn close(&self) {
        match &self.engine {
            Engine::Sqlite { writer, reader } => {
                reader.close().await;
                writer.close().await;
            }
            Engine::Postgres(pool) => pool.close().await,
        }
    }
}

impl Tx {
    /// Makes the changes permanent.
    pub async fn commit(self) -> Result<(), StoreError> {
        match self.engine {
            TxEngine::Sqlite(tx) => tx.commit().await?,
            TxEngine::Postgres(tx) => tx.commit().await?,
        }
        Ok(())
    }

    /// Whether rows are locked one by one (PostgreSQL) rather than the whole file (SQLite).
    pub(super) fn locks_rows(&self) -> bool {
        matches!(self.engine, TxEngine::Postgres(_))
    }
}
