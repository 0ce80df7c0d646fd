//! Nobody is accused by what is old, foreign, unreadable, or has been taken back by a person.

use chrono::TimeDelta;
use xuncha::checks::decide::decide_finding;
use xuncha::checks::second_look::look_again;
use xuncha::domain::account::Account;
use xuncha::domain::finding::Outcome;

use crate::world::db::on_both;
use crate::world::site::Site;
use crate::world::{account, fetcher, findings, inspect, issues, office, register};

const UNIT: &str = "云溪区水务局";

/// An account with one service link.
fn linking(id: &str, link: String) -> Account {
    Account { service_links: vec![link], ..account(id, UNIT) }
}

on_both! {
    /// A look takes its time; what a person decides meanwhile stands.
    async fn a_finding_dismissed_while_it_is_looked_at_again_opens_no_issue(db) {
        let site = Site::start().await;
        let office = office(db, "2026-11-23 10:00").await;
        let fetcher = fetcher();
        register(&office, &[linking("A1", site.page("/service", 503))]).await;
        inspect(&office, &fetcher, "2026H2").await;
        let doubtful = findings(&office, "2026H2", Some(Outcome::Suspected)).await;
        assert_eq!(doubtful.len(), 1);
        site.slow_page("/service", 404, std::time::Duration::from_millis(600));
        office.clock.advance(TimeDelta::hours(7));
        let decide = async {
            tokio::time::sleep(std::time::Duration::from_millis(200)).await;
            decide_finding(&office, doubtful[0].id, false, "改版中，入口已撤下", "监管员").await.unwrap();
        };
        let (looked, ()) = tokio::join!(look_again(&office, &fetcher), decide);
        assert_eq!(looked.unwrap().failed, 0);
        assert!(issues(&office).await.is_empty());
        assert!(findings(&office, "2026H2", Some(Outcome::Fail)).await.is_empty());
    }
}
