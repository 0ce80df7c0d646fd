//! Everything in a database, into one file and back: backup, restore, and the move to another engine.
//!
//! A backup is a SQLite database whatever engine it was made on, so that an office that outgrows
//! one machine takes its history along: back up from SQLite, restore into PostgreSQL.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use futures::TryStreamExt as _;
use serde::Serialize;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, Row as _};

use super::engine::{TxEngine, insert_rows, sql};
use super::{Store, StoreError, Tx};
use crate::disk::Unfinished;

/// Values bound to one statement: below the least any SQLite was built with.
const BINDS: usize = 30_000;
/// `application_id` of a backup: `xunb`.
const BACKUP: i64 = 0x7875_6e62;
/// Bytes written with one statement.
const BATCH_BYTES: usize = 4 << 20;

/// What was copied.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Copied {
    /// Tables.
    pub tables: usize,
    /// Rows in all of them.
    pub rows: u64,
    /// Size of the backup file, bytes.
    pub bytes: u64,
}

/// Why there is no backup, or nothing was restored.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    /// The file to be written is there and is no backup.
    #[error("{0} exists and is no backup; name another file")]
    Occupied(PathBuf),
    /// The file to be read is no backup.
    #[error("{0} is no backup of xuncha")]
    NotABackup(PathBuf),
    /// The database to restore into is in use.
    #[error("the database {0} already holds data; restore into a new one ([database] url)")]
    NotEmpty(String),
    /// A file.
    #[error("{path}: {source}")]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<sqlx::Error> for CopyError {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}

/// A value of any column: text, numbers, booleans and bytes are all there are.
enum Cell {
    Number(Option<i64>),
    Flag(Option<bool>),
    Text(Option<String>),
    Bytes(Option<Vec<u8>>),
}

struct Table {
    name: String,
    columns: Vec<(String, Kind)>,
}

#[derive(Clone, Copy)]
enum Kind {
    Number,
    Flag,
    Text,
    Bytes,
}

impl Store {
    /// Writes everything into `file`, as it stands at one moment, while others go on working.
    ///
    /// The file appears whole or not at all; only an earlier backup is replaced. It holds contact
    /// data and is readable by its owner alone.
    pub async fn back_up(&self, file: &Path, now: DateTime<Utc>) -> Result<Copied, CopyError> {
        if file.exists() && !matches!(what_is(file).await, Some(Found { marked: true })) {
            return Err(CopyError::Occupied(file.to_owned()));
        }
        let failed = |source| CopyError::File { path: file.to_owned(), source };
        let unfinished = Unfinished::new(file).map_err(failed)?;
        let collected = beside(unfinished.part(), ".db");
        let copied = self.write_backup(unfinished.part(), &collected, now).await;
        for suffix in ["", "-wal", "-shm", "-journal", ".lock"] {
            let _ = fs::remove_file(beside(&collected, suffix));
        }
        let copied = copied?;
        unfinished.finish().map_err(failed)?;
        Ok(copied)
    }

    async fn write_backup(&self, unfinished: &Path, collected: &Path, now: DateTime<Utc>) -> Result<Copied, CopyError> {
        // Why first an empty file: it gets its rights before it gets its content.
        keep_private(unfinished)?;
        let (tables, rows) = if self.is_sqlite() {
            let mut tx = self.read().await?;
            let sums = tx.sums().await?;
            drop(tx);
            self.vacuum_into(unfinished).await?;
            sums
        } else {
            keep_private(collected)?;
            let target = Self::open(&format!("sqlite://{}", collected.display()), now).await?;
            let mut from = self.read().await?;
            let mut into = target.write().await?;
            let tables = into.tables().await?;
            let rows = copy_tables(&tables, &mut from, &mut into).await?;
            into.commit().await?;
            target.vacuum_into(unfinished).await?;
            target.close().await;
            (tables.len(), rows)
        };
        mark(unfinished).await?;
        let bytes =
            fs::metadata(unfinished).map_err(|source| CopyError::File { path: unfinished.to_owned(), source })?.len();
        Ok(Copied { tables, rows, bytes })
    }

    /// Fills this database, which must be new, from a backup of this or an earlier version.
    pub async fn restore(&self, file: &Path, now: DateTime<Utc>) -> Result<Copied, CopyError> {
        let read = |source| CopyError::File { path: file.to_owned(), source };
        let bytes = fs::metadata(file).map_err(read)?.len();
        if what_is(file).await.is_none() {
            return Err(CopyError::NotABackup(file.to_owned()));
        }
        // Why a copy: opening brings the schema up to date, and the backup is left as it is.
        let folder = tempfile::Builder::new().prefix("xuncha-restore-").tempdir().map_err(read)?;
        let copy = folder.path().join("backup.db");
        fs::copy(file, &copy).map_err(read)?;
        let source = Self::open(&format!("sqlite://{}", copy.display()), now).await?;
        let mut from = source.read().await?;
        let mut into = self.write().await?;
        if into.holds_data().await? {
            return Err(CopyError::NotEmpty(self.place().to_owned()));
        }
        sql!(into, execute, "DELETE FROM meta")?;
        let tables = from.tables().await?;
        let rows = copy_tables(&tables, &mut from, &mut into).await?;
        into.set_identities(&tables).await?;
        into.commit().await?;
        drop(from);
        source.close().await;
        Ok(Copied { tables: tables.len(), rows, bytes })
    }
}

/// A database of this program.
struct Found {
    /// It was written as a backup; a live database is not, and is never replaced.
    marked: bool,
}

/// What a file is; `None`: no database of this program.
async fn what_is(file: &Path) -> Option<Found> {
    let options = SqliteConnectOptions::new().filename(file).read_only(true).immutable(true);
    let mut connection = options.connect().await.ok()?;
    sqlx::query_scalar::<_, String>("SELECT value FROM meta WHERE key = 'created_at'")
        .fetch_optional(&mut connection)
        .await
        .ok()??;
    let mark: i64 = sqlx::query_scalar("PRAGMA application_id").fetch_one(&mut connection).await.ok()?;
    Some(Found { marked: mark == BACKUP })
}

/// Marks a finished copy as a backup.
async fn mark(file: &Path) -> Result<(), StoreError> {
    let mut connection = SqliteConnectOptions::new().filename(file).connect().await?;
    sqlx::raw_sql(AssertSqlSafe(format!("PRAGMA application_id = {BACKUP}"))).execute(&mut connection).await?;
    Ok(connection.close().await?)
}

fn beside(file: &Path, suffix: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

/// Makes an empty file that only its owner may read.
fn keep_private(path: &Path) -> Result<(), CopyError> {
    let _ = fs::remove_file(path);
    let mut options = fs::OpenOptions::new();
    options.create_new(true).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map(|_| ()).map_err(|source| CopyError::File { path: path.to_owned(), source })
}

async fn copy_tables(tables: &[Table], from: &mut Tx, into: &mut Tx) -> Result<u64, CopyError> {
    let mut rows = 0;
    for table in tables {
        if table.name == "meta" {
            sql!(into, execute, "DELETE FROM meta")?;
        }
        rows += copy_table(table, from, into).await?;
    }
    Ok(rows)
}

async fn copy_table(table: &Table, from: &mut Tx, into: &mut Tx) -> Result<u64, CopyError> {
    let names: Vec<&str> = table.columns.iter().map(|(name, _)| name.as_str()).collect();
    let names = names.join(", ");
    let order = if table.columns.iter().any(|(name, _)| name == "id") { " ORDER BY id" } else { "" };
    let read = format!("SELECT {names} FROM {}{order}", table.name);
    let head = format!("INSERT INTO {} ({names}) ", table.name);
    let together = (BINDS / table.columns.len().max(1)).max(1);
    let (mut rows, mut batch, mut bytes) = (0, Vec::new(), 0);
    macro_rules! pour {
        ($connection:expr) => {{
            let mut stream = sqlx::query(AssertSqlSafe(read)).fetch(&mut **$connection);
            while let Some(row) = stream.try_next().await? {
                let mut cells = Vec::with_capacity(table.columns.len());
                for (n, (_, kind)) in table.columns.iter().enumerate() {
                    let cell = match kind {
                        Kind::Number => Cell::Number(row.try_get(n)?),
                        Kind::Flag => Cell::Flag(row.try_get(n)?),
                        Kind::Text => Cell::Text(row.try_get(n)?),
                        Kind::Bytes => Cell::Bytes(row.try_get(n)?),
                    };
                    bytes += cell.size();
                    cells.push(cell);
                }
                batch.push(cells);
                rows += 1;
                if batch.len() == together || bytes >= BATCH_BYTES {
                    write_batch(into, &head, std::mem::take(&mut batch)).await?;
                    bytes = 0;
                }
            }
        }};
    }
    match &mut from.engine {
        TxEngine::Sqlite(connection) => pour!(connection),
        TxEngine::Postgres(connection) => pour!(connection),
    }
    write_batch(into, &head, batch).await?;
    Ok(rows)
}

impl Cell {
    fn size(&self) -> usize {
        match self {
            Self::Number(_) | Self::Flag(_) => 8,
            Self::Text(text) => text.as_ref().map_or(0, String::len),
            Self::Bytes(bytes) => bytes.as_ref().map_or(0, Vec::len),
        }
    }
}

async fn write_batch(into: &mut Tx, head: &str, batch: Vec<Vec<Cell>>) -> Result<(), StoreError> {
    if batch.is_empty() {
        return Ok(());
    }
    insert_rows!(into, head, batch, "", |values, row| {
        for cell in row {
            match cell {
                Cell::Number(value) => values.push_bind(value),
                Cell::Flag(value) => values.push_bind(value),
                Cell::Text(value) => values.push_bind(value),
                Cell::Bytes(value) => values.push_bind(value),
            };
        }
    })?;
    Ok(())
}

impl Tx {
    /// The tables of a SQLite database with their columns, each after those it refers to.
    async fn tables(&mut self) -> Result<Vec<Table>, StoreError> {
        let mut names = sql!(
            self,
            scalars String,
            "SELECT name FROM sqlite_master
             WHERE type = 'table' AND name NOT LIKE 'sqlite%' AND name NOT LIKE '\\_sqlx%' ESCAPE '\\' ORDER BY name"
        )?;
        let mut tables: Vec<Table> = Vec::with_capacity(names.len());
        while !names.is_empty() {
            let mut left = Vec::new();
            for name in names.drain(..) {
                let wanted = sql!(self, scalars String, "SELECT \"table\" FROM pragma_foreign_key_list($1)", &name)?;
                let is_there = |wanted: &String| *wanted == name || tables.iter().any(|table| table.name == *wanted);
                if wanted.iter().all(is_there) {
                    let columns = sql!(
                        self,
                        all(String, String),
                        "SELECT name, type FROM pragma_table_info($1) ORDER BY cid",
                        &name
                    )?;
                    let columns = columns.into_iter().map(|(column, kind)| (column, Kind::of(&kind))).collect();
                    tables.push(Table { name, columns });
                } else {
                    left.push(name);
                }
            }
            names = left;
        }
        Ok(tables)
    }

    async fn sums(&mut self) -> Result<(usize, u64), StoreError> {
        let tables = self.tables().await?;
        let mut rows = 0;
        for table in &tables {
            rows += self.count(&table.name).await?;
        }
        Ok((tables.len(), rows))
    }

    async fn count(&mut self, table: &str) -> Result<u64, StoreError> {
        let count = sql!(self, scalar i64, AssertSqlSafe(format!("SELECT COUNT(*) FROM {table}")))?;
        Ok(count as u64)
    }

    /// Whether anything was ever done in this database.
    async fn holds_data(&mut self) -> Result<bool, StoreError> {
        for table in ["event", "account", "round", "person", "invite"] {
            if self.count(table).await? > 0 {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// On PostgreSQL the next number of a table follows the highest that was copied.
    async fn set_identities(&mut self, tables: &[Table]) -> Result<(), StoreError> {
        if !self.locks_rows() {
            return Ok(());
        }
        for table in tables.iter().filter(|table| table.columns.iter().any(|(name, _)| name == "id")) {
            let name = &table.name;
            let text = format!(
                "SELECT setval(pg_get_serial_sequence('{name}', 'id'), COALESCE(MAX(id), 1), MAX(id) IS NOT NULL)
                 FROM {name}"
            );
            sql!(self, execute, AssertSqlSafe(text))?;
        }
        Ok(())
    }
}

impl Kind {
    fn of(declared: &str) -> Self {
        match declared {
            "BOOLEAN" => Self::Flag,
            "TEXT" => Self::Text,
            "BLOB" | "BYTEA" => Self::Bytes,
            _ => Self::Number,
        }
    }
}
