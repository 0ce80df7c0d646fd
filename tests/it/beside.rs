//! Several writers at once: nobody is refused, nobody decides on a state that is just changing.

use futures::future::join_all;
use xuncha::domain::issue::Action;
use xuncha::domain::person::Role;
use xuncha::issues::{self as workflow, Scope};
use xuncha::people;
use xuncha::sampling::{self, Wishes};

use crate::world::both::on_both;
use crate::world::{account, at, fetcher, history, inspect, issues, office, open, register, round, unfiled};

const UNIT: &str = "云溪区水务局";

on_both! {
    /// Two processes write to many issues in opposite orders: neither is thrown out of its transaction.
    async fn changes_to_many_issues_in_opposite_orders_do_not_meet_in_a_deadlock(db) {
        let one = office(db, "2026-11-23 10:00").await;
        let other = open(&db.url, one.clock.clone(), (*one.config).clone()).await;
        let accounts: Vec<_> = (0..20).map(|n| unfiled(&format!("A{n:02}"), UNIT)).collect();
        register(&one, &accounts).await;
        inspect(&one, &fetcher(), "2026H2").await;
        let ids: Vec<i64> = issues(&one).await.iter().map(|issue| issue.id).collect();
        assert_eq!(ids.len(), 20);
        let all = |office: xuncha::office::Office, ids: Vec<i64>, action: Action| async move {
            let mut tx = office.store.write().await.unwrap();
            for id in ids {
                workflow::act_in(&mut tx, &office, id, action.clone(), "已补办", "水务局", &Scope::All).await.unwrap();
                tokio::task::yield_now().await;
            }
            tx.commit().await.unwrap();
        };
        let backwards = ids.iter().rev().copied().collect();
        tokio::join!(
            all(one.clone(), ids.clone(), Action::Acknowledge),
            all(other, backwards, Action::Fix),
        );
        for id in ids {
            let told = history(&one, id).await;
            assert!(told == ["opened", "acknowledged", "rectified"] || told == ["opened", "rectified"], "{told:?}");
        }
    }

    /// The same round opened twice at once is drawn once; the same code binds one person.
    async fn the_same_thing_done_twice_at_once_is_done_once(db) {
        let one = office(db, "2026-11-23 10:00").await;
        let other = open(&db.url, one.clock.clone(), (*one.config).clone()).await;
        register(&one, &[account("A1", UNIT), account("A2", UNIT)]).await;
        let wishes = Wishes { as_of: Some(at("2026-11-23 09:00")), ..Wishes::default() };
        let opened = join_all([&one, &other, &one, &other].map(|o| sampling::open(o, round("2026Q4"), &wishes))).await;
        assert_eq!(opened.into_iter().filter(|opened| opened.as_ref().unwrap().1).count(), 1);
        let code = people::invite(&one, Role::UnitAdmin, Some(UNIT)).await.unwrap().code;
        let bound = join_all([(&one, "1"), (&other, "2")].map(|(o, key)| {
            people::bind(o, &code, key, "管理员", "telegram", key, false, xuncha::domain::Lang::Zh)
        }))
        .await;
        assert_eq!(bound.iter().filter(|bound| bound.is_ok()).count(), 1, "{bound:?}");
    }
}
