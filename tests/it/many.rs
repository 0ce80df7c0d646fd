//! A round that finds much at once: every issue once, in its order, and to every unit its own.

use std::collections::HashMap;

use chrono::TimeDelta;
use xuncha::domain::account::Account;
use xuncha::domain::notice::NoticeBody;
use xuncha::domain::person::Role;
use xuncha::store::EventQuery;

use crate::world::both::on_both;
use crate::world::{Chat, account, fetcher, history, inspect, issues, notices, office, register, unfiled};

/// More than the rows of one statement, and than the units whose issues are read together.
const UNITS: usize = 203;

fn unit(n: usize) -> String {
    format!("云溪区第{n:03}街道办事处")
}

on_both! {
    async fn many_issues_are_opened_together_and_each_unit_hears_of_its_own(db) {
        let office = office(db, "2026-11-23 10:00").await;
        let chat = Chat::start(&office).await;
        let of = |n: usize| [unfiled(&format!("A{n:03}"), &unit(n)), unfiled(&format!("B{n:03}"), &unit(n))];
        let mut accounts: Vec<Account> = (0..UNITS).flat_map(of).collect();
        register(&office, &accounts).await;
        let mut people = Vec::new();
        for n in [0, 1, UNITS - 1] {
            people.push((n, chat.bind(&office, "管理员", Role::UnitAdmin, Some(&unit(n))).await));
        }
        let first = inspect(&office, &fetcher(), "2026H1").await.opened.unwrap();
        assert_eq!((first.opened, first.notices), (2 * UNITS, UNITS));

        let found = issues(&office).await;
        assert_eq!(found.len(), 2 * UNITS);
        let mut told = HashMap::new();
        for notice in notices(&office).await {
            let NoticeBody::Rectification { items, .. } = notice.body else { continue };
            let unit = notice.unit.unwrap();
            told.insert(unit, (notice.number, items.iter().map(|item| item.issue).collect::<Vec<_>>()));
        }
        for issue in &found {
            assert_eq!(history(&office, issue.id).await, ["opened"]);
            assert!(told[&issue.unit].1.contains(&issue.id), "{}", issue.account);
        }
        assert!(told.values().all(|(_, items)| items.len() == 2));
        let mut numbers: Vec<&String> = told.values().map(|(number, _)| number).collect();
        numbers.sort();
        numbers.dedup();
        assert_eq!(numbers.len(), UNITS);
        while chat.deliver(&office).await.sent > 0 {}
        for (n, person) in &people {
            let inbox = chat.telegram.inbox(person.chat_id);
            let of_unit: Vec<_> = inbox.iter().filter(|message| message.text.contains("整改通知")).collect();
            assert_eq!(of_unit.len(), 1);
            assert!(of_unit[0].text.contains(&format!("A{n:03}")) && of_unit[0].text.contains(&format!("B{n:03}")));
        }

        // Found again and new, mixed on the same page.
        office.clock.advance(TimeDelta::days(40));
        accounts.iter_mut().step_by(4).for_each(|filed| *filed = account(filed.account_id.as_str(), &filed.unit));
        accounts.push(unfiled("C000", &unit(0)));
        accounts.push(unfiled("A000-2", &unit(1)));
        register(&office, &accounts).await;
        let second = inspect(&office, &fetcher(), "2026H2").await.opened.unwrap();
        let again = 2 * UNITS - (2 * UNITS).div_ceil(4);
        assert_eq!((second.opened, second.found_again, second.reopened, second.notices), (2, again, 0, 2));
        let whole = office.store.read().await.unwrap().audit(None, |_| {}).await.unwrap();
        assert!(whole.faults.is_empty(), "{:?}", whole.faults);
        let query = EventQuery { subject_kind: Some("issue".into()), ..EventQuery::default() };
        let events = office.store.read().await.unwrap().events_page(&query, 0, 10_000).await.unwrap();
        let opened: Vec<i64> =
            events.iter().filter(|e| e.kind == "opened").map(|e| e.subject_id.parse().unwrap()).collect();
        assert!(opened.is_sorted(), "issues are opened in their order");
    }
}
