//! Guards the schema: both engines have the same versions, tables and columns, and every version
//! is applied over data of the one before.
#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a guard that cannot migrate fails")]

#[path = "it/world/db.rs"]
mod db;

use std::collections::BTreeSet;
use std::path::Path;

use db::Database;
use sqlx::Connection as _;
use sqlx::migrate::Migrator;

static SQLITE: Migrator = sqlx::migrate!("migrations/sqlite");
static POSTGRES: Migrator = sqlx::migrate!("migrations/postgres");

/// A row of every table as a version leaves it, for the version after to find: version, statement.
const SAMPLES: &[(i64, &str)] = &[
    (1, "INSERT INTO meta (key, value) VALUES ('created_at', '1795395600000')"),
    (
        1,
        "INSERT INTO account (account_id, name, platform, unit, represents_government, status, source_options_json,
             service_links_json, extra_json, registered_at, updated_at)
         VALUES ('A1', '云溪水务', 'wechat', '云溪区水务局', FALSE, 'running', '{}', '[]', '{}', 1, 1)",
    ),
    (1, "INSERT INTO review (account_id, match_key, title, imported_at) VALUES ('A1', 'k', '标题', 1)"),
    (
        1,
        "INSERT INTO round (id, name, kind, state, as_of, ratio, strata_json, frame_size, frame_sha256, rehearsal,
             notify, frozen_at)
         VALUES (1, '2026Q4', 'quarterly', 'open', 1, '0.25', '[]', 1, '00', FALSE, TRUE, 1)",
    ),
    (1, "INSERT INTO frame (round_id, account_id, stratum, drawn_this_year) VALUES (1, 'A1', 'wechat/-', FALSE)"),
    (
        1,
        "INSERT INTO member (id, round_id, account_id, stratum, reason, ticket)
         VALUES (1, 1, 'A1', 'wechat/-', 'random', '00')",
    ),
    (
        1,
        "INSERT INTO event (at, actor, subject_kind, subject_id, kind, note, data_json, prev_hash, hash)
         VALUES (1, 'cli', 'round', '2026Q4', 'opened', '', '', '', '00')",
    ),
    (
        1,
        "INSERT INTO chat (id, channel, address, is_group, lang, next_send_at)
         VALUES (1, 'telegram', '1', FALSE, 'zh', 0)",
    ),
    (
        1,
        "INSERT INTO notice (id, number, kind, body_json, urgent, dedup_key, created_at)
         VALUES (1, '2026-0001', 'alert', '{}', FALSE, 'k', 1)",
    ),
    (1, "INSERT INTO delivery (id, notice_id, chat_id, status, due_at, attempts) VALUES (1, 1, 1, 'queued', 1, 0)"),
    (
        2,
        "INSERT INTO visit (account_id, at, url, outcome, reason, elapsed_ms)
         VALUES ('A1', 1, 'http://www.yunxi.example/', 'opened', 'opened', 30)",
    ),
    (
        3,
        "INSERT INTO hand_look (round_id, account_id, item, day_only, note, checked_by, checked_at, recorded_at)
         VALUES (1, 'A1', 'interaction', FALSE, '', '虚构', 1, 1)",
    ),
    (
        3,
        "INSERT INTO source_health (account_id, state, reason, sentence, since, looked_at)
         VALUES ('A1', 'working', '', '', 1, 1)",
    ),
    (
        4,
        "INSERT INTO finding (id, round_id, account_id, indicator, subject, class, outcome, reason, summary, as_of,
             observed_at, rule_json, evidence_json, looks, decided_at, decided_by)
         VALUES (2, 1, 'A1', 'identity', '', 'advice', 'pass', 'subject_differs', '', 1, 1, '{}', '{}', 1, 2, '虚构')",
    ),
    (
        5,
        "INSERT INTO self_report (round_id, account_id, newest_at, day_only, content_url, said_by, said_at)
         VALUES (1, 'A1', '2026-11-20T00:00:00+08:00', TRUE, 'https://mp.weixin.qq.com/s/a', '虚构', 1)",
    ),
    (
        6,
        "INSERT INTO approval (kind, subject_id, note, asked_by, asked_key, asked_at, expires_at)
         VALUES ('close', 1, '', '虚构', 'telegram:1', 1, 2)",
    ),
    (
        7,
        "INSERT INTO pass (id, notice_id, chat_id, unit, nonce, token_sha256, made_at, expires_at)
         VALUES (1, 1, 1, '云溪区水务局', '00', '00', 1, 2)",
    ),
    (8, "INSERT INTO attempt (id, delivery_id, started_at) VALUES (1, 1, 1)"),
    (
        9,
        "INSERT INTO page_copy (sha256, url, media, size, is_cut, gzip, for_good, kept_at)
         VALUES ('00', 'http://www.yunxi.example/', 'html', 1, FALSE, '', TRUE, 1)",
    ),
    (10, "INSERT INTO cited_rule (rule_json) VALUES ('{\"clause\":\"\"}')"),
    (
        11,
        "INSERT INTO finding (id, round_id, account_id, indicator, subject, class, outcome, reason, summary, as_of,
             observed_at, newest_at, rule_id, evidence_json, looks)
         VALUES (1001, 1, 'A1', 'stale', '', 'veto', 'fail', 'silent', '连续20天未更新', 1, 1, 1, 1, '{}', 1)",
    ),
];

/// Applies version after version, with data of each before the next.
async fn step_by_step(db: &Database, migrator: &Migrator) {
    for migration in migrator.iter() {
        db.sql(migration.sql.as_str()).await.unwrap_or_else(|error| panic!("{}: {error}", migration.version));
        for (_, sample) in SAMPLES.iter().filter(|(version, _)| *version == migration.version) {
            db.sql(sample).await.unwrap_or_else(|error| panic!("{sample}: {error}"));
        }
    }
    for table in ["meta", "account", "review", "round", "frame", "member", "event", "chat", "notice", "delivery"] {
        assert_eq!(db.number(&format!("SELECT COUNT(*) FROM {table}")).await, 1, "{table}");
    }
    let cited =
        "SELECT COUNT(*) FROM finding f JOIN cited_rule c ON c.id = f.rule_id WHERE f.id = 2 AND c.rule_json = '{}'";
    assert_eq!(db.number(cited).await, 1, "a finding keeps its rule");
}

/// Table and column of everything the program made.
async fn columns(db: &Database) -> BTreeSet<(String, String)> {
    let rows: Vec<(String, String)> = if db.is_postgres() {
        let mut connection = sqlx::PgConnection::connect(&db.url).await.unwrap();
        let text =
            "SELECT table_name::text, column_name::text FROM information_schema.columns WHERE table_schema = 'public'";
        sqlx::query_as(text).fetch_all(&mut connection).await.unwrap()
    } else {
        let mut connection = sqlx::SqliteConnection::connect(&db.url).await.unwrap();
        let text = "SELECT m.name, c.name FROM sqlite_master m JOIN pragma_table_info(m.name) c WHERE m.type = 'table'";
        sqlx::query_as(text).fetch_all(&mut connection).await.unwrap()
    };
    let own = |table: &str| !table.starts_with("sqlite_") && !table.starts_with("_sqlx");
    rows.into_iter().filter(|(table, _)| own(table)).collect()
}

/// An empty database of each engine, in files and on the run's own server.
async fn both() -> [Database; 2] {
    let sqlite = Database::sqlite();
    // Why: the file has to be there before a connection that may not create it.
    std::fs::File::create(sqlite.folder.path().join("xuncha.db")).unwrap();
    [sqlite, Database::postgres().await]
}

#[tokio::test]
async fn every_version_is_applied_over_data_of_the_one_before() {
    let [sqlite, postgres] = both().await;
    step_by_step(&sqlite, &SQLITE).await;
    step_by_step(&postgres, &POSTGRES).await;
    postgres.remove().await;
}

#[tokio::test]
async fn both_engines_have_the_same_tables_and_columns() {
    let [sqlite, postgres] = both().await;
    for db in [&sqlite, &postgres] {
        xuncha::store::Store::open(&db.url, xuncha::clock::Clock::system().now()).await.unwrap().close().await;
    }
    assert_eq!(columns(&sqlite).await, columns(&postgres).await);
    assert!(columns(&sqlite).await.len() > 150);
    postgres.remove().await;
}

#[test]
fn both_folders_hold_the_same_versions_without_a_gap() {
    let versions = |migrator: &Migrator| -> Vec<(i64, String)> {
        migrator.iter().map(|m| (m.version, m.description.to_string())).collect()
    };
    assert_eq!(versions(&SQLITE), versions(&POSTGRES));
    let numbers: Vec<i64> = SQLITE.iter().map(|m| m.version).collect();
    assert_eq!(numbers, (1..=numbers.len() as i64).collect::<Vec<_>>());
    for version in numbers {
        assert!(SAMPLES.iter().any(|(of, _)| *of == version), "version {version} has no sample data");
    }
    for engine in ["sqlite", "postgres"] {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations").join(engine);
        for entry in std::fs::read_dir(folder).expect(engine) {
            let path = entry.unwrap().path();
            let text = std::fs::read_to_string(&path).unwrap();
            assert!(text.starts_with("-- Why:"), "{} does not say why at its top", path.display());
        }
    }
}
