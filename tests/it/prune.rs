//! What patrols saw does not pile up for ever; what may be judged again is kept.

use chrono::TimeDelta;
use xuncha::schedule::prune::{Pruned, prune};

use crate::world::both::on_both;
use crate::world::{account, at, config, fetcher, inspect, office_with, register};

on_both! {
    /// Four hundred days on: the patrol's observations are gone, its findings and the round's observations are not.
    async fn old_observations_of_patrols_are_thrown_away_and_nothing_else(db) {
        let office = office_with(db, "2026-11-23 09:00", config()).await;
        register(&office, &[account("A1", "云溪区甲局"), account("A2", "云溪区乙局")]).await;
        inspect(&office, &fetcher(), "2026-11-23").await;
        inspect(&office, &fetcher(), "2026H2").await;
        let mut tx = office.store.write().await.unwrap();
        assert!(tx.see_update(1, office.now()).await.unwrap());
        tx.commit().await.unwrap();
        assert_eq!(prune(&office).await.unwrap(), Pruned::default());
        let findings = db.number("SELECT COUNT(*) FROM finding").await;
        office.clock.advance(TimeDelta::days(8));
        assert_eq!(prune(&office).await.unwrap(), Pruned { updates: 1, ..Pruned::default() });
        office.clock.advance_to(at("2027-12-29 09:00"));
        inspect(&office, &fetcher(), "2027-12-29").await;
        assert_eq!(db.number("SELECT COUNT(*) FROM observation").await, 6);
        assert_eq!(prune(&office).await.unwrap(), Pruned { observations: 2, ..Pruned::default() });
        assert_eq!(prune(&office).await.unwrap(), Pruned::default());
        let kept = "SELECT COUNT(*) FROM observation o JOIN round r ON r.id = o.round_id WHERE r.name = ";
        for (name, count) in [("2026-11-23", 0), ("2026H2", 2), ("2027-12-29", 2)] {
            assert_eq!(db.number(&format!("{kept}'{name}'")).await, count, "{name}");
        }
        assert!(db.number("SELECT COUNT(*) FROM finding").await > findings);
    }
}
