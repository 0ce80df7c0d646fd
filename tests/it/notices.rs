//! The outbox: written with its cause, one a unit and batch, held in quiet hours, never lost.

use chrono::TimeDelta;
use xuncha::chat::deliver::next_due;
use xuncha::demo::telegram::{Fault, Refusal};
use xuncha::domain::issue::{Action, IssueStatus};
use xuncha::domain::person::Role;
use xuncha::issues::{Scope, act_in};

use crate::world::both::on_both;
use crate::world::{Chat, account, at, fetcher, history, inspect, issues, notices, office, register, unfiled};

const WATER: &str = "云溪区水务局";
const ARCHIVE: &str = "云溪区档案馆";

/// Every shown message that carries the number of a notice.
fn with_number(messages: &[xuncha::demo::telegram::Shown], number: &str) -> usize {
    messages.iter().filter(|message| message.text.contains(number)).count()
}

on_both! {
    /// A transaction that ends before its commit leaves no state, no event and no notice.
    async fn what_is_not_committed_has_not_happened(db) {
        let office = office(db, "2026-11-23 10:00").await;
        register(&office, &[unfiled("A1", WATER)]).await;
        inspect(&office, &fetcher(), "2026H2").await;
        let before = (issues(&office).await, notices(&office).await);
        let id = before.0[0].id;
        let mut tx = office.store.write().await.unwrap();
        let acted = act_in(&mut tx, &office, id, Action::Close, "", "监管员", &Scope::All).await.unwrap();
        assert!(acted.changed);
        drop(tx);
        assert_eq!((issues(&office).await, notices(&office).await), before);
        // The same, committed, writes all three.
        let mut tx = office.store.write().await.unwrap();
        act_in(&mut tx, &office, id, Action::Close, "", "监管员", &Scope::All).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(issues(&office).await[0].status, IssueStatus::Closed);
        assert_eq!(history(&office, id).await, ["opened", "closed"]);
        assert_eq!(notices(&office).await.len(), before.1.len() + 1);
    }

    /// Three problems, one message; the other unit has its own; nobody else gets any.
    async fn a_unit_gets_one_notice_a_batch(db) {
        let office = office(db, "2026-11-23 10:00").await;
        let chat = Chat::start(&office).await;
        register(&office, &[unfiled("A1", WATER), unfiled("A2", WATER), unfiled("A3", WATER)]).await;
        register(&office, &[unfiled("B1", ARCHIVE), account("C1", "云溪区文化馆")]).await;
        let water = chat.bind(&office, "水务局管理员", Role::UnitAdmin, Some(WATER)).await;
        let archive = chat.bind(&office, "档案馆管理员", Role::UnitAdmin, Some(ARCHIVE)).await;
        let culture = chat.bind(&office, "文化馆管理员", Role::UnitAdmin, Some("云溪区文化馆")).await;
        let ran = inspect(&office, &fetcher(), "2026H2").await;
        assert_eq!(ran.opened.unwrap().notices, 2);
        assert_eq!(chat.deliver(&office).await.sent, 2);
        let inbox = chat.telegram.inbox(water.chat_id);
        assert_eq!(inbox.len(), 1);
        for id in ["A1", "A2", "A3"] {
            assert!(inbox[0].text.contains(&format!("{WATER}发布{id}")), "{}", inbox[0].text);
        }
        assert!(!inbox[0].text.contains(ARCHIVE));
        assert_eq!(chat.telegram.inbox(archive.chat_id).len(), 1);
        assert!(chat.telegram.inbox(culture.chat_id).is_empty());
        assert!(issues(&office).await.iter().all(|issue| issue.status == IssueStatus::Notified));
        assert_eq!(chat.telegram.violations(), Vec::<String>::new());
    }

    /// Nobody is bound: the notice waits, the clock does not run; /bind lets it out.
    async fn a_notice_without_a_reader_waits_until_one_is_bound(db) {
        let office = office(db, "2026-11-23 10:00").await;
        let chat = Chat::start(&office).await;
        register(&office, &[unfiled("A1", WATER)]).await;
        inspect(&office, &fetcher(), "2026H2").await;
        assert_eq!(chat.deliver(&office).await.sent, 0);
        let waiting: Vec<_> = notices(&office).await.into_iter().filter(|n| n.unit.is_some()).collect();
        assert_eq!(waiting.len(), 1);
        assert_eq!(waiting[0].status, "waiting");
        office.clock.advance_to(at("2026-12-07 10:00"));
        assert_eq!(issues(&office).await[0].due_at, None);
        let person = chat.bind(&office, "水务局管理员", Role::UnitAdmin, Some(WATER)).await;
        assert_eq!(chat.deliver(&office).await.sent, 1);
        assert_eq!(with_number(&chat.telegram.inbox(person.chat_id), &waiting[0].number), 1);
        let due = issues(&office).await[0].due_at.unwrap();
        assert_eq!(due.date(), "2026-12-10");
    }

    /// Friday evening's notice goes out on Monday at nine.
    async fn quiet_hours_hold_a_notice_until_the_next_working_morning(db) {
        let office = office(db, "2026-11-20 18:30").await;
        let chat = Chat::start(&office).await;
        register(&office, &[unfiled("A1", WATER)]).await;
        chat.bind(&office, "水务局管理员", Role::UnitAdmin, Some(WATER)).await;
        inspect(&office, &fetcher(), "2026H2").await;
        assert_eq!(next_due(&office).await.unwrap(), Some(at("2026-11-23 09:00")));
        for moment in ["2026-11-20 18:30", "2026-11-21 12:00", "2026-11-22 12:00", "2026-11-23 08:59"] {
            office.clock.advance_to(at(moment));
            assert_eq!(chat.deliver(&office).await.sent, 0, "{moment}");
        }
        office.clock.advance_to(at("2026-11-23 09:00"));
        assert_eq!(chat.deliver(&office).await.sent, 1);
        assert_eq!(issues(&office).await[0].due_at.unwrap().date(), "2026-11-26");
    }

    /// Nobody knows whether it went out: it goes out again under the same number, and starts one clock.
    async fn a_notice_of_unknown_outcome_is_repeated_under_its_number(db) {
        let office = office(db, "2026-11-23 10:00").await;
        let chat = Chat::start(&office).await;
        register(&office, &[unfiled("A1", WATER)]).await;
        let person = chat.bind(&office, "水务局管理员", Role::UnitAdmin, Some(WATER)).await;
        inspect(&office, &fetcher(), "2026H2").await;
        chat.telegram.fail_next(person.chat_id, Fault::HangUpAfter);
        let came = chat.deliver(&office).await;
        assert_eq!((came.sent, came.unknown), (0, 1));
        assert_eq!(issues(&office).await[0].status, IssueStatus::Open);
        assert_eq!(chat.deliver(&office).await.sent, 0, "not at once");
        office.clock.advance(TimeDelta::minutes(2));
        assert_eq!(chat.deliver(&office).await.sent, 1);
        let number = notices(&office).await.iter().find(|n| n.unit.is_some()).unwrap().number.clone();
        let inbox = chat.telegram.inbox(person.chat_id);
        assert_eq!(with_number(&inbox, &number), 2);
        assert_eq!(inbox[0].text, inbox[1].text);
        assert_eq!(history(&office, issues(&office).await[0].id).await, ["opened", "notified"]);
    }

    /// The process dies between the claim and the answer: the lease runs out, the notice goes out again.
    async fn a_delivery_that_was_cut_off_is_made_again(db) {
        let office = office(db, "2026-11-23 10:00").await;
        let chat = Chat::start(&office).await;
        register(&office, &[unfiled("A1", WATER)]).await;
        chat.bind(&office, "水务局管理员", Role::UnitAdmin, Some(WATER)).await;
        inspect(&office, &fetcher(), "2026H2").await;
        let mut tx = office.store.write().await.unwrap();
        let lease = office.now() + TimeDelta::seconds(90);
        assert!(tx.claim_delivery(office.now(), lease, ["", ""]).await.unwrap().is_some());
        tx.commit().await.unwrap();
        assert_eq!(chat.deliver(&office).await.sent, 0, "somebody else holds it");
        office.clock.advance(TimeDelta::seconds(91));
        assert_eq!(chat.deliver(&office).await.sent, 1);
        assert_eq!(chat.deliver(&office).await.sent, 0);
    }

    /// Two administrators read it; the first acceptance starts the one clock both are told of.
    async fn a_second_reader_does_not_start_the_clock_again(db) {
        let office = office(db, "2026-11-23 10:00").await;
        let chat = Chat::start(&office).await;
        register(&office, &[unfiled("A1", WATER)]).await;
        let first = chat.bind(&office, "甲", Role::UnitAdmin, Some(WATER)).await;
        let second = chat.bind(&office, "乙", Role::UnitAdmin, Some(WATER)).await;
        inspect(&office, &fetcher(), "2026H2").await;
        chat.telegram.fail_next(second.chat_id, Fault::TooManyRequests { retry_after: Some(172_800) });
        let came = chat.deliver(&office).await;
        assert_eq!((came.sent, came.later), (1, 1));
        let due = issues(&office).await[0].due_at.unwrap();
        office.clock.advance_to(at("2026-11-24 17:00"));
        assert_eq!(chat.deliver(&office).await.sent, 1, "no longer than a day is waited");
        assert_eq!(issues(&office).await[0].due_at.unwrap(), due);
        assert_eq!(history(&office, issues(&office).await[0].id).await, ["opened", "notified"]);
        let texts = [chat.telegram.inbox(first.chat_id), chat.telegram.inbox(second.chat_id)];
        assert_eq!(texts[0][0].text, texts[1][0].text, "both read the same date");
    }

    /// 403: the chat is given up, the supervisors are told, and who binds next gets what waited.
    async fn a_chat_that_refuses_for_good_is_given_up_and_reported(db) {
        let office = office(db, "2026-11-23 10:00").await;
        let chat = Chat::start(&office).await;
        register(&office, &[unfiled("A1", WATER)]).await;
        let gone = chat.bind(&office, "甲", Role::UnitAdmin, Some(WATER)).await;
        chat.telegram.refuse(gone.chat_id, Refusal::BlockedByUser);
        inspect(&office, &fetcher(), "2026H2").await;
        assert_eq!(chat.deliver(&office).await.failed, 1);
        let notice = notices(&office).await.into_iter().find(|n| n.unit.is_some()).unwrap();
        assert_eq!(notice.status, "failed");
        let mut tx = office.store.read().await.unwrap();
        let list = tx.undelivered(office.now() + TimeDelta::seconds(1)).await.unwrap();
        drop(tx);
        assert!(list.iter().any(|line| line.number == notice.number && line.last_error.is_some()), "{list:?}");
        assert!(notices(&office).await.iter().any(|n| n.unit.is_none()), "the supervisors are told");
        let next = chat.bind(&office, "乙", Role::UnitAdmin, Some(WATER)).await;
        assert_eq!(chat.deliver(&office).await.sent, 1);
        assert_eq!(with_number(&chat.telegram.inbox(next.chat_id), &notice.number), 1);
    }

    /// Telegram fails on the first of two messages: the second does not overtake it.
    async fn messages_of_one_chat_keep_their_order(db) {
        let office = office(db, "2026-11-23 10:00").await;
        let chat = Chat::start(&office).await;
        register(&office, &[unfiled("A1", WATER)]).await;
        let person = chat.bind(&office, "甲", Role::UnitAdmin, Some(WATER)).await;
        inspect(&office, &fetcher(), "2026H2").await;
        let id = issues(&office).await[0].id;
        xuncha::issues::act(&office, id, Action::Revoke, "登记有误", "监管员", &Scope::All).await.unwrap();
        chat.telegram.fail_next(person.chat_id, Fault::HangUpBefore);
        for _ in 0..40 {
            chat.deliver(&office).await;
            office.clock.advance(TimeDelta::seconds(10));
        }
        let numbers: Vec<_> =
            notices(&office).await.into_iter().filter(|n| n.unit.is_some()).map(|n| n.number).collect();
        assert_eq!(numbers.len(), 2);
        let inbox = chat.telegram.inbox(person.chat_id);
        assert_eq!(inbox.len(), 2);
        for (message, number) in inbox.iter().zip(&numbers) {
            assert!(message.text.contains(number.as_str()), "{number} is not in: {}", message.text);
        }
    }

    /// Telegram is away for an hour: nothing is lost, nothing comes twice.
    async fn an_outage_of_telegram_loses_nothing(db) {
        let office = office(db, "2026-11-23 10:00").await;
        let chat = Chat::start(&office).await;
        let units: Vec<String> = (0..8).map(|n| format!("云溪区第{n}局")).collect();
        let accounts: Vec<_> = units.iter().enumerate().map(|(n, unit)| unfiled(&format!("A{n}"), unit)).collect();
        register(&office, &accounts).await;
        let mut people = Vec::new();
        for unit in &units {
            people.push(chat.bind(&office, unit, Role::UnitAdmin, Some(unit)).await);
        }
        chat.telegram.go_down(true);
        inspect(&office, &fetcher(), "2026H2").await;
        for _ in 0..6 {
            assert_eq!(chat.deliver(&office).await.sent, 0);
            office.clock.advance(TimeDelta::minutes(10));
        }
        chat.telegram.go_down(false);
        for _ in 0..12 {
            chat.deliver(&office).await;
            office.clock.advance(TimeDelta::minutes(10));
        }
        for person in &people {
            assert_eq!(chat.telegram.inbox(person.chat_id).len(), 1, "{}", person.name);
        }
    }

    /// The administrator leaves while the notice waits for the morning: it goes to the successor, and to nobody else.
    async fn what_waits_for_a_revoked_reader_goes_to_the_next(db) {
        let office = office(db, "2026-11-23 19:00").await;
        let chat = Chat::start(&office).await;
        register(&office, &[unfiled("A1", WATER)]).await;
        let old = chat.bind(&office, "前任管理员", Role::UnitAdmin, Some(WATER)).await;
        inspect(&office, &fetcher(), "2026H2").await;
        let people = office.store.read().await.unwrap().people().await.unwrap();
        assert!(xuncha::people::revoke(&office, people[0].id, "监管员").await.unwrap());
        office.clock.advance_to(at("2026-11-24 09:00"));
        assert_eq!(chat.deliver(&office).await.sent, 1, "the farewell");
        let new = chat.bind(&office, "现任管理员", Role::UnitAdmin, Some(WATER)).await;
        assert_eq!(chat.deliver(&office).await.sent, 1);
        let last = chat.telegram.inbox(old.chat_id);
        assert!(last.len() == 1 && last[0].text.contains("绑定已收回"), "{last:?}");
        assert_eq!(chat.telegram.inbox(new.chat_id).len(), 1);
        assert_eq!(issues(&office).await[0].status, IssueStatus::Notified);
    }

    /// Dismissed in the evening, told in the morning: the unit also hears that it is void.
    async fn what_is_dismissed_while_its_notice_waits_is_taken_back_in_words(db) {
        let office = office(db, "2026-11-23 19:00").await;
        let chat = Chat::start(&office).await;
        register(&office, &[unfiled("A1", WATER)]).await;
        let water = chat.bind(&office, "水务局管理员", Role::UnitAdmin, Some(WATER)).await;
        inspect(&office, &fetcher(), "2026H2").await;
        let id = issues(&office).await[0].id;
        xuncha::issues::act(&office, id, Action::Dismiss, "备案在省级平台", "监管员", &Scope::All).await.unwrap();
        for minute in 0..2 {
            office.clock.advance_to(at(&format!("2026-11-24 09:0{minute}")));
            chat.deliver(&office).await;
        }
        let inbox = chat.telegram.inbox(water.chat_id);
        assert_eq!(inbox.len(), 2);
        assert!(inbox[1].text.contains("备案在省级平台"), "{}", inbox[1].text);
    }

    /// A message that has to be repeated is not overtaken by the next to the same chat.
    async fn a_message_that_is_repeated_is_not_overtaken(db) {
        let office = office(db, "2026-11-23 10:00").await;
        let chat = Chat::start(&office).await;
        register(&office, &[unfiled("A1", WATER)]).await;
        let water = chat.bind(&office, "水务局管理员", Role::UnitAdmin, Some(WATER)).await;
        inspect(&office, &fetcher(), "2026H2").await;
        let id = issues(&office).await[0].id;
        chat.telegram.fail_next(water.chat_id, Fault::HangUpBefore);
        assert_eq!(chat.deliver(&office).await.sent, 0);
        xuncha::issues::act(&office, id, Action::Revoke, "属实", "监管员", &Scope::All).await.unwrap();
        for _ in 0..30 {
            office.clock.advance(TimeDelta::seconds(5));
            chat.deliver(&office).await;
        }
        let inbox = chat.telegram.inbox(water.chat_id);
        assert_eq!(inbox.len(), 2);
        assert!(inbox[1].text.contains("属实"), "{}", inbox[1].text);
    }
}
