//! Delivery against a strict Telegram on loopback.

use super::*;
use crate::chat::testing::{HEALTH, PARKS, World};
use crate::demo::telegram::{Fault, Refusal};
use crate::domain::person::Role;
use crate::store::NoticeQuery;

async fn statuses(world: &World) -> Vec<(String, String)> {
    let mut tx = world.office.store.read().await.unwrap();
    let rows = tx.notices_page(&NoticeQuery::default(), 0, 100).await.unwrap();
    rows.into_iter().map(|row| (row.number, row.status)).collect()
}

async fn two_units() -> (World, crate::demo::telegram::Person, crate::demo::telegram::Person) {
    let world = World::new().await;
    world.account("A1", HEALTH).await;
    world.account("B1", PARKS).await;
    let health = world.bound("林测试", Role::UnitAdmin, Some(HEALTH)).await;
    let parks = world.bound("周测试", Role::UnitAdmin, Some(PARKS)).await;
    world.judge(&["A1", "B1"], &[]).await;
    (world, health, parks)
}

#[tokio::test]
async fn a_delivered_notice_starts_the_clock_of_its_issues() {
    let (world, health, parks) = two_units().await;
    let done = deliver_due(&world.office, &world.messenger, 100).await.unwrap();
    assert_eq!(done, Delivered { sent: 2, ..Delivered::default() });
    let shown = world.telegram.inbox(health.chat_id);
    assert_eq!(shown.len(), 1);
    assert!(
        shown[0].text.contains("整改通知") && shown[0].text.contains("2026-11-30（5 个工作日）"),
        "{}",
        shown[0].text
    );
    assert_eq!(world.telegram.inbox(parks.chat_id).len(), 1);
    let issue = world.office.store.read().await.unwrap().issue(1, world.office.zone()).await.unwrap();
    assert_eq!(issue.issue.due_at.unwrap().date(), "2026-11-30");
    assert_eq!(deliver_due(&world.office, &world.messenger, 100).await.unwrap(), Delivered::default());
    assert!(world.close().await.is_empty());
}

#[tokio::test]
async fn a_throttled_chat_waits_alone() {
    let (world, health, parks) = two_units().await;
    world.telegram.fail_next(health.chat_id, Fault::TooManyRequests { retry_after: Some(17) });
    let done = deliver_due(&world.office, &world.messenger, 100).await.unwrap();
    assert_eq!((done.sent, done.later), (1, 1));
    assert_eq!(world.telegram.inbox(parks.chat_id).len(), 1);
    let due = next_due(&world.office).await.unwrap().unwrap();
    assert_eq!(due, world.office.now() + TimeDelta::seconds(17));
    world.office.clock.advance_to(due);
    assert_eq!(deliver_due(&world.office, &world.messenger, 100).await.unwrap().sent, 1);
    assert_eq!(world.telegram.inbox(health.chat_id).len(), 1);
    world.telegram.fail_next(health.chat_id, Fault::TooManyRequests { retry_after: None });
    assert!(world.close().await.is_empty());
}

#[tokio::test]
async fn a_chat_that_refuses_for_good_is_retired_and_the_supervisors_are_told() {
    let (world, health, _parks) = two_units().await;
    let chief = world.bound("陈测试", Role::Supervisor, None).await;
    world.telegram.refuse(health.chat_id, Refusal::BlockedByUser);
    let done = deliver_due(&world.office, &world.messenger, 100).await.unwrap();
    assert_eq!(done.failed, 1);
    world.office.clock.advance(TimeDelta::seconds(5));
    while deliver_due(&world.office, &world.messenger, 100).await.unwrap() != Delivered::default() {
        world.office.clock.advance(TimeDelta::seconds(5));
    }
    let told = world.telegram.inbox(chief.chat_id);
    let alert = told.iter().find(|shown| shown.text.contains("无法送达")).unwrap();
    assert!(alert.text.contains(HEALTH) && alert.text.contains("blocked by the user"), "{}", alert.text);
    let chat = world.office.store.read().await.unwrap().chat_at("telegram", &health.chat_id.to_string()).await.unwrap();
    assert!(chat.unwrap().retired_why.is_some());
    world.telegram.accept(health.chat_id);
    world.bind(&health, health.chat_id, Role::UnitAdmin, Some(HEALTH)).await;
    assert_eq!(deliver_due(&world.office, &world.messenger, 100).await.unwrap().sent, 1);
    assert!(world.telegram.inbox(health.chat_id)[0].text.contains("整改通知"));
}

#[tokio::test]
async fn a_send_of_unknown_outcome_is_repeated_under_its_number() {
    for fault in [Fault::HangUpAfter, Fault::NullResult] {
        let (world, health, _) = two_units().await;
        world.telegram.fail_next(health.chat_id, fault);
        let done = deliver_due(&world.office, &world.messenger, 100).await.unwrap();
        assert_eq!((done.sent, done.unknown), (1, 1));
        assert_eq!(deliver_due(&world.office, &world.messenger, 100).await.unwrap(), Delivered::default());
        world.office.clock.advance(UNKNOWN_AGAIN);
        assert_eq!(deliver_due(&world.office, &world.messenger, 100).await.unwrap().sent, 1);
        let texts: Vec<String> = world.telegram.inbox(health.chat_id).into_iter().map(|shown| shown.text).collect();
        assert_eq!(texts.len(), 2);
        assert_eq!(texts[0], texts[1]);
        assert!(texts[0].contains(&statuses(&world).await[0].0));
    }
}

#[tokio::test]
async fn a_group_that_moved_is_followed() {
    let world = World::new().await;
    world.account("A1", HEALTH).await;
    let clerk = world.telegram.person("林测试");
    let group = world.telegram.group("测试区卫生局新媒体组", std::slice::from_ref(&clerk));
    world.bind(&clerk, group, Role::UnitAdmin, Some(HEALTH)).await;
    world.judge(&["A1"], &[]).await;
    let moved = -1_001_234_567_890;
    world.telegram.fail_next(group, Fault::Migrate { to: moved });
    let done = deliver_due(&world.office, &world.messenger, 100).await.unwrap();
    assert_eq!((done.later, done.sent), (1, 1));
    assert_eq!(world.telegram.inbox(moved).len(), 1);
}

#[tokio::test]
async fn the_limits_of_telegram_are_kept_on_the_offices_clock() {
    let world = World::new().await;
    world.telegram.enforce_limits(true);
    let chief = world.bound("陈测试", Role::Supervisor, None).await;
    let mut tx = world.office.store.write().await.unwrap();
    for n in 0..5 {
        let alert = Alert::Feedback { unit: None, text: format!("第 {n} 条"), by: "林测试".into() };
        notify::alert(&mut tx, &world.office, alert, &format!("f{n}"), world.office.now()).await.unwrap();
    }
    tx.commit().await.unwrap();
    let (mut sent, start) = (0, world.office.now());
    while let Some(due) = next_due(&world.office).await.unwrap() {
        world.office.clock.advance_to(due);
        let done = deliver_due(&world.office, &world.messenger, 100).await.unwrap();
        assert_eq!(done.later, 0);
        sent += done.sent;
    }
    assert_eq!((sent, world.office.now() - start), (5, TimeDelta::seconds(4)));
    let texts: Vec<String> = world.telegram.inbox(chief.chat_id).into_iter().map(|shown| shown.text).collect();
    assert!(texts.iter().enumerate().all(|(n, text)| text.contains(&format!("第 {n} 条"))), "{texts:?}");
    assert!(world.close().await.is_empty());
}

#[tokio::test]
async fn without_telegram_everything_is_put_off_and_nothing_is_lost() {
    let (world, health, _) = two_units().await;
    world.telegram.go_down(true);
    let done = deliver_due(&world.office, &world.messenger, 100).await.unwrap();
    assert_eq!((done.sent, done.later + done.unknown), (0, 2));
    world.telegram.go_down(false);
    world.office.clock.advance(TimeDelta::minutes(5));
    assert_eq!(deliver_due(&world.office, &world.messenger, 100).await.unwrap().sent, 2);
    assert_eq!(world.telegram.inbox(health.chat_id).len(), 1);
}

#[test]
fn back_off_grows_to_an_hour_and_spreads() {
    assert!(back_off(1, 1) >= TimeDelta::seconds(5) && back_off(1, 1) < TimeDelta::seconds(8));
    assert!(back_off(1, 40) >= TimeDelta::hours(1) && back_off(1, 40) <= TimeDelta::minutes(90));
    assert_ne!(back_off(1, 3), back_off(2, 3));
}

#[tokio::test]
async fn a_service_that_is_stopped_finishes_what_it_is_sending() {
    let (world, health, parks) = two_units().await;
    for chat in [health.chat_id, parks.chat_id] {
        world.telegram.fail_next(chat, Fault::Slow(Duration::from_millis(300)));
    }
    let (stop, stopping) = tokio::sync::watch::channel(false);
    let running = tokio::spawn(run(world.office.clone(), Some(world.messenger.clone()), None, stopping));
    world.telegram.await_message(health.chat_id, "整改通知").await.unwrap();
    stop.send(true).unwrap();
    tokio::time::timeout(Duration::from_secs(5), running).await.unwrap().unwrap();
    assert!(statuses(&world).await.iter().any(|(_, status)| status == "sent"));
    let due = next_due(&world.office).await.unwrap();
    assert!(due.is_none_or(|due| due <= world.office.now()), "nothing is left under way: {due:?}");
}

#[tokio::test]
async fn notices_give_way_to_answers() {
    let (world, health, _) = two_units().await;
    for _ in 0..PER_SECOND {
        world.messenger.pace().count("1", true, world.office.now());
    }
    assert_eq!(deliver_due(&world.office, &world.messenger, 100).await.unwrap(), Delivered::default());
    world.office.clock.advance(PAUSE);
    assert_eq!(deliver_due(&world.office, &world.messenger, 100).await.unwrap().sent, 2);
    assert_eq!(world.telegram.inbox(health.chat_id).len(), 1);
}
