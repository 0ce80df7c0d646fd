//! What an operator does beside the daily work: audit, backup, restore, a further worker.

use std::time::Duration;

use serde_json::Value;
use xuncha::app;
use xuncha::domain::issue::Action;
use xuncha::domain::round::RoundState;
use xuncha::issues::{self as workflow, Scope};
use xuncha::office::Office;
use xuncha::sampling::{self, Wishes};

use crate::world::both::on_both;
use crate::world::cli::Cli;
use crate::world::db::Database;
use crate::world::site::Site;
use crate::world::{
    account, at, config, eventually, fed, fetcher, inspect, issues, notices, office, open, register, round, unfiled,
};

const UNIT: &str = "云溪区水务局";

/// A judged round with four issues, one of each further state.
async fn history(office: &Office) {
    let accounts: Vec<_> = (0..4).map(|n| unfiled(&format!("A{n}"), UNIT)).collect();
    register(office, &accounts).await;
    inspect(office, &fetcher(), "2026H2").await;
    let ids: Vec<i64> = issues(office).await.iter().map(|issue| issue.id).collect();
    for (id, actions) in ids.iter().zip([
        vec![Action::Acknowledge],
        vec![Action::Acknowledge, Action::Fix, Action::Reject],
        vec![Action::Fix, Action::Appeal, Action::Uphold],
        vec![Action::Fix, Action::Close],
    ]) {
        for action in actions {
            workflow::act(office, *id, action, "已补办备案", "水务局", &Scope::All).await.unwrap();
        }
    }
}

fn audit(cli: &Cli) -> (i32, Value) {
    let ended = cli.run(&["audit", "verify", "--format", "json"]);
    (ended.code, serde_json::from_str(&ended.stdout).unwrap_or_else(|error| panic!("{error}: {ended:?}")))
}

/// What has to be the same in a database and in one restored from its backup.
async fn told(office: &Office) -> (Vec<xuncha::domain::issue::Issue>, usize, String) {
    let mut tx = office.store.read().await.unwrap();
    let audited = tx.audit(None, |_| {}).await.unwrap();
    assert_eq!(audited.fault_count, 0, "{audited:?}");
    (issues(office).await, notices(office).await.len(), audited.head)
}

on_both! {
    /// What was changed behind the program's back is found, named, and makes the command fail.
    async fn an_audit_finds_what_was_changed_from_outside(db) {
        let office = office(db, "2026-11-23 10:00").await;
        history(&office).await;
        let cli = Cli::new(db.folder.path(), &db.url);
        let (code, whole) = audit(&cli);
        assert_eq!((code, &whole["fault_count"], &whole["issues"]), (0, &0.into(), &4.into()), "{whole}");
        let head = whole["head"].as_str().unwrap().to_owned();
        assert_eq!(cli.run(&["audit", "verify", "--head", &head]).code, 0);
        cli.run(&["audit", "verify", "--head", "00"]).refused(2, &["64"]);
        let listed = cli.json(&["audit", "list", "--subject", "issue"]);
        assert!(listed.as_array().unwrap().len() >= 12 && listed[0]["kind"] == "opened", "{listed}");

        db.sql("UPDATE issue SET status = 'closed' WHERE status = 'acknowledged'").await.unwrap();
        let (code, found) = audit(&cli);
        assert_eq!((code, &found["faults"][0]["fault"]), (1, &"issue_state".into()), "{found}");
        db.sql("UPDATE issue SET status = 'acknowledged' WHERE status = 'closed' AND closed_at IS NULL").await.unwrap();
        assert_eq!(audit(&cli).0, 0);

        assert!(db.sql("UPDATE event SET note = '另一种说法'").await.is_err(), "the database itself refuses");
        let without_guard = if db.is_postgres() {
            "ALTER TABLE event DISABLE TRIGGER ALL"
        } else {
            "DROP TRIGGER event_is_never_updated; DROP TRIGGER event_is_never_deleted"
        };
        db.sql(without_guard).await.unwrap();
        db.sql("UPDATE event SET note = '另一种说法' WHERE id = 3").await.unwrap();
        let (code, found) = audit(&cli);
        assert_eq!((code, &found["faults"][0]["fault"], &found["faults"][0]["event"]), (1, &"event_changed".into(), &3.into()));
        db.sql("DELETE FROM event WHERE id = 3").await.unwrap();
        let (code, found) = audit(&cli);
        assert_eq!((code, &found["faults"][0]["fault"], &found["faults"][0]["event"]), (1, &"chain_broken".into(), &4.into()));
        // Cut off at the end, the rest is whole: only a hash noted down earlier tells.
        db.sql("DELETE FROM event WHERE id = (SELECT MAX(id) FROM event)").await.unwrap();
        let ended = cli.run(&["audit", "verify", "--head", &head, "--format", "json"]);
        assert!(ended.code == 1 && ended.stdout.contains("head_missing"), "{ended:?}");
    }

    /// Backed up while in use, restored into a new database of either engine: nothing differs, work goes on.
    async fn a_backup_moves_everything_to_either_engine(db) {
        let here = office(db, "2026-11-23 10:00").await;
        history(&here).await;
        let cli = Cli::new(db.folder.path(), &db.url);
        let made = cli.json(&["backup", "backup.db"]);
        assert!(made["rows"].as_u64().unwrap() > 40, "{made}");
        assert_eq!(cli.run(&["backup", "backup.db"]).code, 0, "an earlier backup is replaced");
        cli.file("letter.txt", "一封信");
        cli.run(&["backup", "letter.txt"]).refused(1, &["letter.txt"]);
        if !db.is_postgres() {
            cli.run(&["backup", "xuncha.db"]).refused(1, &["xuncha.db"]);
        }
        cli.run(&["restore", "letter.txt"]).refused(1, &["letter.txt"]);
        cli.run(&["restore", "backup.db"]).refused(1, &["已有数据"]);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = std::fs::metadata(cli.path("backup.db")).unwrap().permissions().mode();
            assert_eq!(mode & 0o077, 0, "it holds contact data");
        }
        let left: Vec<_> = std::fs::read_dir(db.folder.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter(|name| name.contains("part"))
            .collect();
        assert!(left.is_empty(), "{left:?}");
        let file = cli.path("backup.db");
        let before = told(&here).await;
        let postgres = Database::postgres().await;
        for other in [&Database::sqlite(), &postgres] {
            let moved = Cli::new(other.folder.path(), &other.url);
            let restored = moved.json(&["restore", file.to_str().unwrap()]);
            assert_eq!(restored["rows"], made["rows"]);
            let there = open(&other.url, here.clock.clone(), config()).await;
            assert_eq!(told(&there).await, before);
            // Numbers go on where they were.
            register(&there, &[account("B1", UNIT)]).await;
            let code = xuncha::people::invite(&there, xuncha::domain::person::Role::Supervisor, None).await.unwrap().code;
            let lang = xuncha::domain::Lang::Zh;
            xuncha::people::bind(&there, &code, "telegram:1", "监管员", "telegram", "1", false, lang).await.unwrap();
            let again = there.store.read().await.unwrap().audit(Some(&before.2), |_| {}).await.unwrap();
            assert_eq!(again.fault_count, 0, "{again:?}");
            there.store.close().await;
        }
        postgres.remove().await;
    }

    /// A worker joins a round that somebody runs whole, takes over what a dead run left, and leaves limited runs alone.
    async fn a_worker_joins_rounds_that_are_being_run(db) {
        let site = Site::start().await;
        let office = office(db, "2026-11-23 09:00").await;
        let accounts: Vec<_> =
            (0..12).map(|n| fed(&format!("A{n:02}"), UNIT, site.feed(&format!("/{n}"), &[at("2026-11-20 08:00")]))).collect();
        register(&office, &accounts).await;
        sampling::open(&office, round("2026H2"), &Wishes::default()).await.unwrap();
        let claim = async |owner: &str, seconds: i64| {
            let now = office.clock.now();
            let mut tx = office.store.write_rows().await.unwrap();
            let id = tx.require_round(round("2026H2")).await.unwrap().id;
            tx.claim_members(id, owner, now, now + chrono::TimeDelta::seconds(seconds), 1).await.unwrap();
            tx.commit().await.unwrap();
        };
        let looked_at = async || {
            let mut tx = office.store.read().await.unwrap();
            let id = tx.require_round(round("2026H2")).await.unwrap().id;
            tx.member_counts(id).await.unwrap().looked_at
        };
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        let colleague = open(&db.url, office.clock.clone(), config()).await;
        let worker = tokio::spawn(app::work(colleague, fetcher(), async {
            let _ = stopped.await;
        }));
        claim("1-limited", 60).await;
        tokio::time::sleep(Duration::from_millis(2500)).await;
        assert_eq!(looked_at().await, 0, "nobody runs the round whole");
        claim("all-2-whole", 60).await;
        eventually("the worker looks at the rest", Duration::from_secs(20), || async { looked_at().await == 10 }).await;
        office.clock.advance(chrono::TimeDelta::minutes(2));
        eventually("the round is judged", Duration::from_secs(20), || async {
            office.store.read().await.unwrap().require_round(round("2026H2")).await.unwrap().state == RoundState::Judged
        })
        .await;
        stop.send(()).unwrap();
        worker.await.unwrap().unwrap();
    }
}

#[test]
fn a_worker_wants_a_shared_database() {
    let folder = tempfile::tempdir().unwrap();
    let cli = Cli::new(folder.path(), "sqlite://x.db");
    cli.run(&["worker"]).refused(2, &["PostgreSQL"]);
}
