//! The outbox at the edges of the day, and between chats and channels that come and go.

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use xuncha::chat::deliver::{Channels, Delivered, next_due, next_due_by};
use xuncha::chat::robot::bind;
use xuncha::config::{ChannelConfig, ChannelKind, ChannelReader, SecretSource};
use xuncha::demo::telegram::{Fault, Refusal};
use xuncha::domain::Lang;
use xuncha::domain::notice::{Alert, NoticeBody};
use xuncha::domain::person::Role;
use xuncha::notify::{self, Draft, Reader};
use xuncha::office::Office;
use xuncha::people;
use xuncha::store::{NewNotice, NoticeQuery};

use crate::world::both::on_both;
use crate::world::{Chat, account, at, office, register};

const WATER: &str = "云溪区水务局";
const PARKS: &str = "云溪区园林局";

async fn tell(office: &Office, unit: &str, text: &str, urgent: bool) -> i64 {
    let body = NoticeBody::Alert(Alert::Feedback { unit: None, text: text.to_owned(), by: "虚构".into() });
    let draft = Draft { reader: Reader::Unit(unit), round_id: None, body: &body, issues: &[], urgent, dedup_key: text };
    let mut tx = office.store.write().await.unwrap();
    let id = notify::write(&mut tx, office, draft, office.now()).await.unwrap().unwrap();
    tx.commit().await.unwrap();
    id
}

async fn bind_at(office: &Office, unit: &str, user: &str, channel: &str, address: &str, is_group: bool) {
    let code = people::invite(office, Role::UnitAdmin, Some(unit)).await.unwrap().code;
    people::bind(office, &code, user, unit, channel, address, is_group, Lang::Zh).await.unwrap();
}

on_both! {
    /// Numbers stand in bulletins and are cited by units: none is given twice, and none is left out.
    async fn notices_written_together_are_numbered_one_after_another(db) {
        let office = office(db, "2026-11-23 10:00").await;
        register(&office, &[account("A1", WATER)]).await;
        let now = office.now();
        let body = NoticeBody::Alert(Alert::Feedback { unit: None, text: "〔示例〕".to_owned(), by: "虚构".into() });
        let new = |key: &str| NewNotice {
            year: 2026,
            unit: Some(WATER),
            round_id: None,
            body: &body,
            urgent: false,
            dedup_key: key.to_owned(),
            issues: &[],
            chats: &[],
            due_at: now,
        };
        let mut tx = office.store.write().await.unwrap();
        assert_eq!(tx.insert_notices(&[new("一")], now).await.unwrap().iter().flatten().count(), 1);
        let rows = tx.insert_notices(&[new("二"), new("一"), new("三"), new("二")], now).await.unwrap();
        assert_eq!(rows.iter().map(Option::is_some).collect::<Vec<_>>(), [true, false, true, false]);
        tx.commit().await.unwrap();
        let mut tx = office.store.write().await.unwrap();
        let rows = tx.insert_notices(&[new("三"), new("四")], now).await.unwrap();
        assert_eq!(rows.iter().map(Option::is_some).collect::<Vec<_>>(), [false, true]);
        tx.commit().await.unwrap();
        let listed = office.store.read().await.unwrap().notices_page(&NoticeQuery::default(), 0, 10).await.unwrap();
        let numbers: Vec<&str> = listed.iter().map(|notice| notice.number.as_str()).collect();
        assert_eq!(numbers, ["2026-0001", "2026-0002", "2026-0003", "2026-0004"]);
    }

    /// What is queued anew for the morning after it had failed lets an urgent notice pass at night.
    async fn an_old_notice_that_waits_for_the_morning_holds_no_urgent_one_up(db) {
        let office = office(db, "2026-11-23 10:00").await;
        let chat = Chat::start(&office).await;
        register(&office, &[account("A1", WATER)]).await;
        let admin = chat.bind(&office, "水务局管理员", Role::UnitAdmin, Some(WATER)).await;
        tell(&office, WATER, "〔旧〕", false).await;
        chat.telegram.refuse(admin.chat_id, Refusal::BlockedByUser);
        assert_eq!(chat.deliver(&office).await.failed, 1);
        chat.telegram.accept(admin.chat_id);
        office.clock.advance_to(at("2026-11-23 19:00"));
        let (user, address) = (format!("telegram:{}", admin.user_id), admin.chat_id.to_string());
        bind_at(&office, WATER, &user, "telegram", &address, false).await;
        assert_eq!(next_due(&office).await.unwrap(), Some(at("2026-11-24 09:00")));
        tell(&office, WATER, "〔急〕", true).await;
        assert_eq!(next_due(&office).await.unwrap(), Some(office.now()));
        assert_eq!(chat.deliver(&office).await, Delivered { sent: 1, ..Delivered::default() });
        assert!(chat.telegram.inbox(admin.chat_id)[0].text.contains("〔急〕"));
        office.clock.advance_to(at("2026-11-24 09:00"));
        assert_eq!(chat.deliver(&office).await.sent, 1);
    }

    /// Nothing ran from the afternoon on, or Telegram was down: at two at night only what is urgent goes out.
    async fn what_was_due_by_day_is_not_caught_up_with_at_night(db) {
        let office = office(db, "2026-11-23 17:50").await;
        let chat = Chat::start(&office).await;
        register(&office, &[account("A1", WATER), account("A2", PARKS)]).await;
        let water = chat.bind(&office, "水务局管理员", Role::UnitAdmin, Some(WATER)).await;
        let parks = chat.bind(&office, "园林局管理员", Role::UnitAdmin, Some(PARKS)).await;
        tell(&office, WATER, "〔重试〕", false).await;
        chat.telegram.fail_next(water.chat_id, Fault::ServerError(502));
        let tried = chat.deliver(&office).await;
        assert_eq!((tried.sent, tried.later + tried.unknown), (0, 1));
        tell(&office, PARKS, "〔未试〕", false).await;
        office.clock.advance_to(at("2026-11-24 02:00"));
        assert_eq!(chat.deliver(&office).await, Delivered::default());
        assert_eq!(next_due(&office).await.unwrap(), Some(at("2026-11-24 09:00")));
        tell(&office, WATER, "〔急〕", true).await;
        assert_eq!(chat.deliver(&office).await.sent, 1, "it passes what waits");
        assert!(chat.telegram.inbox(water.chat_id).iter().all(|shown| shown.text.contains("〔急〕")));
        office.clock.advance_to(at("2026-11-24 09:00"));
        assert_eq!(chat.deliver(&office).await.sent, 2);
        assert!(chat.telegram.inbox(parks.chat_id)[0].text.contains("〔未试〕"));
    }

    /// Quiet hours begin while another process is claiming: one waits for the other, neither for ever.
    async fn the_first_minute_of_quiet_hours_locks_nobody_out(db) {
        let office = office(db, "2026-11-23 17:59").await;
        let chat = Chat::start(&office).await;
        register(&office, &[account("A1", WATER)]).await;
        chat.bind(&office, "水务局管理员", Role::UnitAdmin, Some(WATER)).await;
        for text in ["〔一〕", "〔二〕"] {
            tell(&office, WATER, text, false).await;
        }
        let (now, lease) = (office.now(), office.now() + TimeDelta::seconds(90));
        let mut first = office.store.write_rows().await.unwrap();
        first.hold_quiet(now, at("2026-11-24 09:00")).await.unwrap();
        let other = office.clone();
        let second = tokio::spawn(async move {
            let mut second = other.store.write_rows().await?;
            let claimed = second.claim_delivery(now, lease, ["", ""]).await?;
            second.commit().await?;
            Ok::<_, xuncha::store::StoreError>(claimed.is_some())
        });
        tokio::time::sleep(Duration::from_millis(300)).await;
        assert!(first.claim_delivery(now, lease, ["", ""]).await.unwrap().is_none());
        first.commit().await.unwrap();
        assert!(!second.await.unwrap().unwrap(), "what was put off is not claimed");
    }

    /// A process without WeCom leaves what is for WeCom to the one that has it: no try, no back-off.
    async fn a_channel_that_does_not_run_here_is_left_to_whoever_has_it(db) {
        let office = office(db, "2026-11-23 10:00").await;
        let chat = Chat::start(&office).await;
        register(&office, &[account("A1", WATER), account("A2", PARKS)]).await;
        bind_at(&office, WATER, "wecom:lin", "wecom_bot", "lin", false).await;
        chat.bind(&office, "园林局管理员", Role::UnitAdmin, Some(PARKS)).await;
        tell(&office, WATER, "〔企业微信〕", false).await;
        tell(&office, PARKS, "〔电报〕", false).await;
        assert_eq!(chat.deliver(&office).await, Delivered { sent: 1, ..Delivered::default() });
        office.clock.advance(TimeDelta::minutes(5));
        assert_eq!(chat.deliver(&office).await, Delivered::default());
        assert_eq!(db.number("SELECT COUNT(*) FROM attempt").await, 1);
        assert_eq!(next_due_by(&office, Channels::from(&chat.bot)).await.unwrap(), None);
        assert!(next_due(&office).await.unwrap().is_some_and(|due| due <= office.now()), "it is due all the same");
    }

    /// The group was known at its new address too and had refused a notice there: the move tries it again.
    async fn a_notice_that_failed_at_the_new_address_is_not_lost_with_the_old_one(db) {
        let office = office(db, "2026-11-23 10:00").await;
        let chat = Chat::start(&office).await;
        register(&office, &[account("A1", WATER)]).await;
        let (old, new) = (chat.telegram.group("old", &[]), chat.telegram.group("new", &[]));
        for (user, group) in [("telegram:7000001", old), ("telegram:7000002", new)] {
            bind_at(&office, WATER, user, "telegram", &group.to_string(), true).await;
        }
        tell(&office, WATER, "〔迁移〕", false).await;
        let failed = format!("UPDATE delivery SET status = 'failed' WHERE chat_id = (SELECT id FROM chat WHERE address = '{new}')");
        db.sql(&failed).await.unwrap();
        chat.telegram.fail_next(old, Fault::Migrate { to: new });
        let mut sent = 0;
        while let Some(due) = next_due(&office).await.unwrap() {
            office.clock.advance_to(due);
            sent += chat.deliver(&office).await.sent;
        }
        let texts = chat.telegram.inbox(new);
        assert_eq!((sent, texts.len(), chat.telegram.inbox(old).len()), (1, 1, 0));
        assert!(texts[0].text.contains("〔迁移〕"));
    }

    /// One robot of two units: when one of them leaves, its links end and the other's go on.
    async fn a_unit_that_leaves_a_shared_robot_takes_its_links_with_it(db) {
        let office = office(db, "2026-11-23 10:00").await;
        register(&office, &[account("A1", WATER), account("A2", PARKS)]).await;
        let with = |units: &[&str]| {
            let mut config = (*office.config).clone();
            config.channels = units
                .iter()
                .map(|unit| ChannelConfig {
                    kind: ChannelKind::Wecom,
                    webhook: SecretSource::Given("https://robot.example/send?key=fictitious".to_owned().into()),
                    secret: None,
                    proxy: None,
                    reader: ChannelReader::Unit((*unit).to_owned()),
                })
                .collect();
            Office { config: Arc::new(config), ..office.clone() }
        };
        assert_eq!(bind::sync(&with(&[WATER, PARKS]), false).await.unwrap().bound, 2);
        let notices = [(WATER, tell(&office, WATER, "甲", false).await), (PARKS, tell(&office, PARKS, "乙", false).await)];
        let chat = db.number("SELECT id FROM chat").await;
        let (now, later) = (office.now(), office.now() + TimeDelta::days(30));
        let mut tx = office.store.write().await.unwrap();
        for (unit, notice) in notices {
            tx.insert_pass(notice, chat, unit, unit, unit, now, later).await.unwrap();
        }
        tx.commit().await.unwrap();
        let ends = async || {
            let mut tx = office.store.read().await.unwrap();
            let water = tx.pass_of(notices[0].1, chat).await.unwrap().unwrap().expires_at;
            (water, tx.pass_of(notices[1].1, chat).await.unwrap().unwrap().expires_at)
        };
        assert_eq!(bind::sync(&with(&[PARKS]), false).await.unwrap().removed, 1);
        assert_eq!(ends().await, (now, later));
        // Back in the configuration, what is sent there anew may be opened again.
        let mut tx = office.store.write().await.unwrap();
        tx.insert_pass(notices[0].1, chat, WATER, WATER, WATER, now, later).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(ends().await, (later, later));
    }
}
