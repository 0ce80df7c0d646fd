//! One story, both databases.

/// Makes a test on SQLite and one on PostgreSQL out of each story.
macro_rules! on_both {
    ($($(#[doc = $doc:literal])* async fn $name:ident($db:ident) $body:block)*) => { $(
        mod $name {
            use super::*;

            $(#[doc = $doc])*
            async fn story($db: &$crate::world::db::Database) $body

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn on_sqlite() {
                let db = $crate::world::db::Database::sqlite();
                Box::pin(story(&db)).await;
                $crate::world::both::every_round_adds_up(&db).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn on_postgres() {
                let db = $crate::world::db::Database::postgres().await;
                Box::pin(story(&db)).await;
                db.remove().await;
            }
        }
    )* };
}
pub(crate) use on_both;

/// Whatever a story did, the reports of its rounds can be written: no check of a dataset refuses what really happens.
pub(crate) async fn every_round_adds_up(db: &super::db::Database) {
    let office = super::office(db, "2027-12-31 09:00").await;
    let rounds = office.store.read().await.unwrap().rounds().await.unwrap();
    for round in rounds {
        if let Err(xuncha::ledger::LedgerError::Imbalance(error)) = xuncha::ledger::dataset(&office, round.name).await {
            panic!("the report of {} would be refused: {error}", round.name);
        }
    }
}
