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
