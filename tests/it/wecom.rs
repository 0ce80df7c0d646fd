//! WeCom's long connection as officials live with it, against a strict server on loopback.

use std::time::Duration;

use secrecy::SecretString;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use xuncha::chat::deliver::{Channels, Delivered, deliver_due, next_due};
use xuncha::chat::wecom::{self, Bot, Settings};
use xuncha::domain::issue::IssueStatus;
use xuncha::domain::person::Role;
use xuncha::office::Office;
use xuncha::people;

use crate::world::both::on_both;
use crate::world::wecom::{FakeWecom, Fault};
use crate::world::{eventually, fetcher, history, inspect, issues, notices, office, register, unfiled};

const WATER: &str = "云溪区水务局";
const PATIENCE: Duration = Duration::from_secs(10);

/// A WeCom with the office's bot connected to it.
struct World {
    fake: FakeWecom,
    bot: Bot,
    ready: watch::Receiver<bool>,
    stop: watch::Sender<bool>,
    running: JoinHandle<()>,
}

impl World {
    async fn start(office: &Office) -> Self {
        Self::start_with(office, FakeWecom::start().await, FakeWecom::secret())
    }

    fn start_with(office: &Office, fake: FakeWecom, secret: &str) -> Self {
        Self::start_by(office, fake, secret, Duration::from_mins(1))
    }

    /// With a minute of this length.
    fn start_by(office: &Office, fake: FakeWecom, secret: &str, minute: Duration) -> Self {
        let secret = SecretString::from(secret.to_owned());
        let settings = Settings {
            heartbeat: Duration::from_millis(200),
            patience: Duration::from_secs(2),
            first_pause: Duration::from_millis(20),
            minute,
            ..Settings::new(FakeWecom::bot_id().to_owned(), secret, fake.url().parse().unwrap())
        };
        let (bot, session) = wecom::open(settings);
        let (stop, stopped) = watch::channel(false);
        let (up, ready) = watch::channel(false);
        let running = tokio::spawn(wecom::run(office.clone(), session, stopped, up));
        Self { fake, bot, ready, stop, running }
    }

    async fn connected(&self) {
        self.ready.clone().wait_for(|up| *up).await.unwrap();
    }

    /// The texts a chat shows, once there are `count`.
    async fn texts(&self, chat: &str, count: usize) -> Vec<String> {
        eventually(&format!("{count} messages in {chat}"), PATIENCE, || async { self.fake.shown(chat).len() >= count })
            .await;
        self.fake.shown(chat).into_iter().map(|shown| shown.text).collect()
    }

    /// A person writes and reads the answer.
    async fn ask(&self, user: &str, text: &str) -> String {
        let before = self.fake.shown(user).len();
        self.fake.say(user, text);
        self.texts(user, before + 1).await.pop().unwrap()
    }

    async fn deliver(&self, office: &Office) -> Delivered {
        deliver_due(office, Channels { wecom: Some(&self.bot), ..Channels::default() }, 100).await.unwrap()
    }

    /// Stops the bot, which has to obey within two seconds; nothing may have been refused.
    async fn close(self) {
        self.stop.send(true).unwrap();
        tokio::time::timeout(Duration::from_secs(2), self.running).await.unwrap().unwrap();
        assert_eq!(self.fake.violations(), Vec::<String>::new());
    }
}

/// A unit with one problem, and its administrator bound by what they typed.
async fn bound(db: &crate::world::db::Database) -> (Office, World) {
    let office = office(db, "2026-11-23 10:00").await;
    register(&office, &[unfiled("A1", WATER)]).await;
    inspect(&office, &fetcher(), "2026H2").await;
    let world = World::start(&office).await;
    world.connected().await;
    assert_eq!(world.deliver(&office).await.sent, 0, "nobody is bound");
    let code = people::invite(&office, Role::UnitAdmin, Some(WATER)).await.unwrap().code;
    let answer = world.ask("lin", &format!("/bind {code}")).await;
    assert!(answer.contains("绑定成功") && answer.contains(WATER), "{answer}");
    (office, world)
}

async fn status(office: &Office) -> IssueStatus {
    issues(office).await[0].status
}

on_both! {
    /// Bind, notice, 签收 by the button, 整改 by its question, appeal in words.
    async fn a_unit_does_all_of_its_work_in_wecom(db) {
        let (office, world) = bound(db).await;
        assert_eq!(world.deliver(&office).await.sent, 1);
        let shown = world.fake.shown("lin");
        let [.., notice, card] = shown.as_slice() else { panic!("{shown:#?}") };
        assert!(notice.kind == "markdown" && notice.text.contains("整改通知"), "{}", notice.text);
        assert_eq!(card.buttons.iter().map(|(label, _)| label.as_str()).collect::<Vec<_>>(), ["签收 1", "整改 1", "申诉 1"]);
        assert_eq!(issues(&office).await[0].due_at.unwrap().date(), "2026-11-26");
        world.fake.press("lin", "签收 1");
        eventually("the card says what came of it", PATIENCE, || async {
            world.fake.shown("lin").iter().any(|card| card.text.contains("已签收") && card.kind == "template_card")
        })
        .await;
        assert_eq!(status(&office).await, IssueStatus::Acknowledged);
        let card = world.fake.shown("lin").into_iter().rfind(|shown| !shown.buttons.is_empty()).unwrap();
        assert!(card.buttons.iter().all(|(label, _)| label != "签收 1"), "{card:?}");
        // The question cannot force a reply: it names the command, and quoting it does too.
        world.fake.press("lin", "整改 1");
        eventually("the question comes", PATIENCE, || async {
            world.fake.shown("lin").last().unwrap().text.contains("可直接发送：`整改 1 整改情况`")
        })
        .await;
        let question = world.fake.shown("lin").pop().unwrap().text;
        let before = world.fake.shown("lin").len();
        world.fake.say_quoting("lin", "已补备案", Some(&question));
        assert!(world.texts("lin", before + 1).await.pop().unwrap().contains("已收到整改反馈"));
        let answer = world.ask("lin", "申诉 1 账号系下属单位开设").await;
        assert!(answer.contains("已受理申诉"), "{answer}");
        assert_eq!(history(&office, 1).await, ["opened", "notified", "acknowledged", "rectified", "appealed"]);
        world.close().await;
    }

    /// Typed instead of pressed; a stranger, a greeting and another unit's number are answered courteously.
    async fn words_do_as_well_as_buttons(db) {
        let (office, world) = bound(db).await;
        world.deliver(&office).await;
        let answer = world.ask("lin", "签收 1").await;
        assert!(answer.contains("已签收"), "{answer}");
        assert!(world.ask("stranger", "签收 1").await.contains("/bind"));
        world.fake.enter("newcomer");
        let greeting = world.texts("newcomer", 1).await.pop().unwrap();
        assert!(greeting.contains("/bind"), "{greeting}");
        assert!(world.ask("lin", "申诉 99 不是本单位").await.contains("没有"));
        assert_eq!(status(&office).await, IssueStatus::Acknowledged);
        world.close().await;
    }

    /// In a group the mention is not part of the words, and the group is what is bound.
    async fn a_group_is_bound_by_a_mention_and_gets_the_notice(db) {
        let office = office(db, "2026-11-23 10:00").await;
        register(&office, &[unfiled("A1", WATER)]).await;
        inspect(&office, &fetcher(), "2026H2").await;
        let world = World::start(&office).await;
        world.connected().await;
        let code = people::invite(&office, Role::UnitAdmin, Some(WATER)).await.unwrap().code;
        world.fake.say_in("group-1", "lin", &format!("绑定 {code}"));
        assert!(world.texts("group-1", 1).await[0].contains("绑定成功"));
        assert_eq!(world.deliver(&office).await.sent, 1);
        world.texts("group-1", 3).await;
        world.fake.say_in("group-1", "lin", "签收 1");
        assert!(world.texts("group-1", 4).await.pop().unwrap().contains("已签收"));
        // What was not meant as a command is left alone.
        world.fake.say_in("group-1", "lin", "大家好");
        world.fake.say_in("group-1", "zhou", "签收 1");
        assert!(world.texts("group-1", 5).await.pop().unwrap().contains("/bind"));
        assert_eq!(world.fake.shown("group-1").len(), 5);
        world.close().await;
    }

    /// WeCom delivers a message twice, also by another connection: it is handled once.
    async fn a_message_that_comes_twice_is_handled_once(db) {
        let (office, world) = bound(db).await;
        world.deliver(&office).await;
        let before = world.fake.shown("lin").len();
        let frame = world.fake.say("lin", "签收 1");
        world.fake.again(&frame);
        world.texts("lin", before + 1).await;
        world.fake.go_down(true);
        world.fake.go_down(false);
        eventually("the bot is back", PATIENCE, || async { world.fake.subscribed() == 2 }).await;
        world.fake.again(&frame);
        // Whatever the repeats said would stand before this.
        let answer = world.ask("lin", "签收 1").await;
        assert!(answer.contains("此前已签收"), "{answer}");
        assert_eq!(world.fake.shown("lin").len(), before + 2);
        assert_eq!(history(&office, 1).await, ["opened", "notified", "acknowledged"]);
        world.close().await;
    }

    /// Lost before it was taken, lost after, refused for a time: the notice comes, and repeats only where nobody knew.
    async fn a_lost_connection_loses_no_notice(db) {
        for (fault, copies) in [(Fault::HangUpBefore, 1), (Fault::HangUpAfter, 2), (Fault::Code(-1), 1), (Fault::Code(846_607), 1)] {
            let (office, world) = bound(db).await;
            world.fake.fail_next("lin", fault);
            let first = world.deliver(&office).await;
            assert_eq!(first.sent, 0, "{fault:?} {first:?}");
            world.connected().await;
            world.fake.go_down(true);
            office.clock.advance(chrono::TimeDelta::minutes(2));
            assert_eq!(world.deliver(&office).await.sent, 0);
            world.fake.go_down(false);
            eventually("the bot is back", PATIENCE, || async { world.fake.is_connected() && *world.ready.borrow() }).await;
            office.clock.advance(chrono::TimeDelta::minutes(5));
            assert_eq!(world.deliver(&office).await.sent, 1, "{fault:?}");
            let number = notices(&office).await.into_iter().find(|notice| notice.unit.is_some()).unwrap().number;
            let seen = world.fake.shown("lin").into_iter().filter(|s| s.kind == "markdown" && s.text.contains(&number)).count();
            assert_eq!(seen, copies, "{fault:?}");
            assert_eq!(next_due(&office).await.unwrap(), None);
            world.close().await;
            wipe(db).await;
        }
    }

    /// A chat that is gone is retired; the notice waits for the next who is bound.
    async fn a_chat_that_is_gone_is_retired(db) {
        let (office, world) = bound(db).await;
        world.fake.fail_next("lin", Fault::Code(93_006));
        assert_eq!(world.deliver(&office).await.failed, 1);
        let chat = office.store.read().await.unwrap().chat_at(wecom::CHANNEL, "lin").await.unwrap().unwrap();
        assert_eq!(chat.retired_why.as_deref(), Some("WeCom 93006 as asked"));
        let code = people::invite(&office, Role::UnitAdmin, Some(WATER)).await.unwrap().code;
        world.ask("zhou", &format!("/bind {code}")).await;
        assert_eq!(world.deliver(&office).await.sent, 1);
        world.close().await;
    }
}

/// An empty database again, for the next turn of a story.
async fn wipe(db: &crate::world::db::Database) {
    if db.is_postgres() {
        db.sql("DROP SCHEMA public CASCADE; CREATE SCHEMA public").await.unwrap();
    } else {
        for ending in ["", "-wal", "-shm"] {
            let _ = std::fs::remove_file(db.folder.path().join(format!("xuncha.db{ending}")));
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bot_whose_place_was_taken_does_not_fight_for_it() {
    let db = crate::world::db::Database::sqlite();
    let (office, world) = bound(&db).await;
    world.fake.evict();
    let mut ready = world.ready.clone();
    ready.wait_for(|up| !*up).await.unwrap();
    tokio::time::sleep(Duration::from_millis(400)).await;
    assert_eq!((world.fake.subscribed(), world.fake.is_connected()), (1, false));
    // Notices wait and say why.
    let done = world.deliver(&office).await;
    assert_eq!((done.sent, done.later), (0, 1));
    let why = notices(&office).await.into_iter().find_map(|notice| notice.last_error).unwrap();
    assert!(why.contains("taken this WeCom bot over"), "{why}");
    world.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_whose_heartbeat_is_not_answered_is_made_anew() {
    let db = crate::world::db::Database::sqlite();
    let (_office, world) = bound(&db).await;
    eventually("heartbeats", PATIENCE, || async { world.fake.pings() >= 3 }).await;
    assert_eq!(world.fake.subscribed(), 1, "answered heartbeats keep it");
    world.fake.ignore_pings(true);
    eventually("a new connection", PATIENCE, || async { world.fake.subscribed() >= 2 }).await;
    world.fake.ignore_pings(false);
    world.connected().await;
    assert!(world.ask("lin", "/help").await.contains("可用命令"));
    world.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_service_starts_without_wecom_and_is_there_when_wecom_is() {
    let db = crate::world::db::Database::sqlite();
    let office = office(&db, "2026-11-23 10:00").await;
    let fake = FakeWecom::start().await;
    fake.go_down(true);
    let world = World::start_with(&office, fake, FakeWecom::secret());
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert!(!*world.ready.borrow());
    world.fake.go_down(false);
    world.connected().await;
    world.close().await;
    // A wrong secret is no reason to end either, and is never listening.
    let world = World::start_with(&office, FakeWecom::start().await, "wrong");
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert!(!*world.ready.borrow() && world.fake.subscribed() == 0);
    world.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_chat_is_never_written_to_more_often_than_wecom_allows() {
    let db = crate::world::db::Database::sqlite();
    let (_office, world) = bound(&db).await;
    for _ in 0..60 {
        world.fake.say("lin", "/help");
    }
    world.texts("lin", 30).await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(world.fake.shown("lin").len(), 30);
    // Another chat has its own share.
    assert!(world.ask("zhou", "/help").await.contains("/bind"));
    world.close().await;
}

/// Who sends more commands than may be answered in a minute is answered in the next.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_over_the_rate_waits_and_is_not_lost() {
    let db = crate::world::db::Database::sqlite();
    let office = office(&db, "2026-11-23 10:00").await;
    let minute = Duration::from_secs(2);
    let fake = FakeWecom::start().await;
    fake.count_by(minute);
    // A little longer on our side: the two do not start to count at the same instant.
    let world = World::start_by(&office, fake, FakeWecom::secret(), minute + Duration::from_millis(300));
    world.connected().await;
    for _ in 0..40 {
        world.fake.say("lin", "/help");
    }
    assert_eq!(world.texts("lin", 40).await.len(), 40);
    world.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_goes_up_in_pieces_and_into_the_chat() {
    use xuncha::chat::handle::Document;
    let db = crate::world::db::Database::sqlite();
    let (_office, world) = bound(&db).await;
    let content: Vec<u8> = (0..1_300_000_u32).map(|n| (n % 251) as u8).collect();
    let file = Document { name: "问题清单.xlsx".into(), content, caption: String::new() };
    world.bot.send_file("lin", false, &file).await.unwrap();
    let shown = world.fake.shown("lin").pop().unwrap();
    assert_eq!((shown.kind.as_str(), shown.text.as_str()), ("file", "问题清单.xlsx"));
    let huge = Document { content: vec![0; 30_000_000], ..file };
    assert!(world.bot.send_file("lin", false, &huge).await.is_err());
    world.close().await;
}
