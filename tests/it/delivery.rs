//! The outbox under everything that can happen to it: restarts, faults, limits, a server that is none.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use tokio::sync::watch;
use xuncha::chat::bot;
use xuncha::chat::deliver::{Delivered, deliver_due, next_due};
use xuncha::demo::telegram::{Fault, Refusal};
use xuncha::domain::Lang;
use xuncha::domain::notice::{Alert, NoticeBody};
use xuncha::domain::person::Role;
use xuncha::notify::{self, Draft, Reader};
use xuncha::office::Office;
use xuncha::people;

use crate::world::both::on_both;
use crate::world::cli::Cli;
use crate::world::db::Database;
use crate::world::wrong::WrongServer;
use crate::world::{Chat, account, config, eventually, notices, office, open, register};

const WATER: &str = "云溪区水务局";

/// Writes a notice to a unit for each of these words.
async fn write(office: &Office, told: &[(String, String)]) {
    let mut tx = office.store.write().await.unwrap();
    for (unit, text) in told {
        let body = NoticeBody::Alert(Alert::Feedback { unit: None, text: text.clone(), by: "虚构".into() });
        let reader = Reader::Unit(unit);
        let draft = Draft { reader, round_id: None, body: &body, issues: &[], urgent: false, dedup_key: text };
        notify::write(&mut tx, office, draft, office.now()).await.unwrap();
    }
    tx.commit().await.unwrap();
}

async fn tell(office: &Office, unit: &str, text: &str) {
    write(office, &[(unit.to_owned(), text.to_owned())]).await;
}

/// The same office in a process of its own, after whatever held it before is gone.
async fn restarted(office: Office, db: &Database) -> Office {
    let clock = office.clock.clone();
    office.store.close().await;
    drop(office);
    open(&db.url, clock, config()).await
}

/// Delivers in a task of its own and kills it as soon as `reached`.
async fn killed_when<F, Fut>(office: &Office, chat: &Chat, reached: F)
where
    F: Fn() -> Fut,
    Fut: Future<Output = bool>,
{
    let (office, bot) = (office.clone(), chat.bot.clone());
    let sending = tokio::spawn(async move { deliver_due(&office, &bot, 1).await });
    eventually("the send is under way", Duration::from_secs(20), reached).await;
    sending.abort();
    assert!(sending.await.unwrap_err().is_cancelled());
}

/// Registers an account of each of these units, so that somebody can be bound for it.
async fn known(office: &Office, units: &[String]) {
    let accounts: Vec<_> = units.iter().enumerate().map(|(n, unit)| account(&format!("A{n}"), unit)).collect();
    register(office, &accounts).await;
}

/// Binds a group of one as a unit's administrator.
async fn bind_group(chat: &Chat, office: &Office, unit: &str) -> i64 {
    let person = chat.telegram.person(unit);
    let group = chat.telegram.group(unit, std::slice::from_ref(&person));
    bind(office, unit, person.user_id, group).await;
    group
}

async fn bind(office: &Office, unit: &str, user: i64, chat: i64) {
    let invite = people::invite(office, Role::UnitAdmin, Some(unit)).await.unwrap();
    let (key, address) = (format!("telegram:{user}"), chat.to_string());
    people::bind(office, &invite.code, &key, unit, "telegram", &address, chat < 0, Lang::Zh).await.unwrap();
}

/// Delivers until nothing is queued, moving the clock to whenever something is due.
async fn deliver_all(office: &Office, chat: &Chat) -> Delivered {
    let mut sum = Delivered::default();
    for _ in 0..5_000 {
        let Some(due) = next_due(office).await.unwrap() else { return sum };
        office.clock.advance_to(due);
        let done = chat.deliver(office).await;
        sum.sent += done.sent;
        sum.later += done.later;
        sum.failed += done.failed;
        sum.unknown += done.unknown;
    }
    panic!("the outbox does not become empty: {sum:?}");
}

/// Messages in the busiest window of this length.
fn busiest(times: &[DateTime<Utc>], window: TimeDelta) -> usize {
    times.iter().map(|end| times.iter().filter(|at| **at <= *end && **at > *end - window).count()).max().unwrap_or(0)
}

const CHATS: usize = 200;
const NOTICES: usize = 1_000;
/// 5 % of the sends.
const FAULTS: usize = 50;

on_both! {
    /// The process dies at every point of a send: nothing is lost, and only what was accepted and not
    /// yet written down comes twice.
    async fn a_restart_at_any_point_of_a_send_loses_nothing(db) {
        let mut office = office(db, "2026-11-23 10:00").await;
        let chat = Chat::start(&office).await;
        known(&office, &[WATER.to_owned()]).await;
        let id = chat.bind(&office, "水务局管理员", Role::UnitAdmin, Some(WATER)).await.chat_id;
        let lease = TimeDelta::seconds(91);
        let hour = Duration::from_hours(1);
        let seen = |text: &str| chat.telegram.inbox(id).iter().filter(|m| m.text.contains(text)).count();
        let under_way = || async { db.number("SELECT COUNT(*) FROM attempt WHERE ended_at IS NULL").await == 1 };

        tell(&office, WATER, "before the claim is committed").await;
        let mut tx = office.store.write_rows().await.unwrap();
        assert!(tx.claim_delivery(office.now(), office.now() + lease, ["", ""]).await.unwrap().is_some());
        drop(tx);
        office = restarted(office, db).await;
        assert_eq!(chat.deliver(&office).await.sent, 1);
        assert_eq!(seen("before the claim"), 1);

        office.clock.advance(lease);
        tell(&office, WATER, "behind the claim").await;
        chat.telegram.fail_next(id, Fault::Stall(hour));
        killed_when(&office, &chat, under_way).await;
        office = restarted(office, db).await;
        assert_eq!(chat.deliver(&office).await, Delivered::default(), "it may still be under way");
        // A stalled request that never reached Telegram leaves its fault behind.
        for _ in 0..2 {
            office.clock.advance(lease);
            let (office, bot) = (office.clone(), chat.bot.clone());
            let tried = tokio::time::timeout(Duration::from_secs(1), deliver_due(&office, &bot, 10)).await;
            if matches!(tried, Ok(Ok(Delivered { sent: 1, .. }))) { break }
        }
        assert_eq!(seen("behind the claim"), 1);

        office.clock.advance(lease);
        tell(&office, WATER, "behind the acceptance").await;
        chat.telegram.fail_next(id, Fault::Slow(hour));
        let accepted = || async { chat.telegram.transcript().iter().any(|line| line.text.contains("behind the acceptance")) };
        killed_when(&office, &chat, accepted).await;
        office = restarted(office, db).await;
        assert_eq!(chat.deliver(&office).await, Delivered::default());
        office.clock.advance(lease);
        assert_eq!(chat.deliver(&office).await.sent, 1);
        let inbox = chat.telegram.inbox(id);
        assert_eq!((inbox.len(), &inbox[0].text), (2, &inbox[1].text), "word for word, under its number");

        office.clock.advance(lease);
        tell(&office, WATER, "behind the settlement").await;
        assert_eq!(chat.deliver(&office).await.sent, 1);
        office = restarted(office, db).await;
        office.clock.advance(TimeDelta::days(1));
        assert_eq!(chat.deliver(&office).await, Delivered::default());
        assert_eq!(seen("behind the settlement"), 1);
        // Every try has a row, and every row an end.
        assert_eq!(db.number("SELECT COUNT(*) FROM attempt WHERE ended_at IS NULL").await, 0);
        assert!(db.number("SELECT COUNT(*) FROM attempt WHERE outcome = 'cut_off'").await >= 2);
        assert_eq!(db.number("SELECT COUNT(*) FROM attempt WHERE outcome = 'sent'").await, 4);
        assert_eq!(chat.telegram.violations(), Vec::<String>::new());
    }

    /// A thousand notices, two hundred chats, a fault in every twentieth send.
    async fn a_thousand_notices_reach_two_hundred_chats(db) {
        let office = office(db, "2026-11-23 09:00").await;
        let chat = Chat::start(&office).await;
        let started = Instant::now();
        chat.telegram.enforce_limits(true);
        let units: Vec<String> = (0..CHATS).map(|n| format!("云溪区第{n:03}办公室")).collect();
        known(&office, &units).await;
        let mut chats = Vec::new();
        for (n, unit) in units.iter().enumerate() {
            chats.push(match n % 5 {
                0 => bind_group(&chat, &office, unit).await,
                _ => chat.bind(&office, unit, Role::UnitAdmin, Some(unit)).await.chat_id,
            });
        }
        // One group has more to read than it takes in a minute.
        let unit = |n: usize| units[if n < 65 { 0 } else { n % CHATS }].clone();
        let told: Vec<_> = (0..NOTICES).map(|n| (unit(n), format!("〔{n:04}〕"))).collect();
        write(&office, &told).await;

        let mut planted = BTreeMap::<&str, usize>::new();
        let mut doubtful = BTreeSet::new();
        let mut gone = Vec::new();
        let kinds = [
            ("429 with a time", Fault::TooManyRequests { retry_after: Some(37) }),
            ("429 without", Fault::TooManyRequests { retry_after: None }),
            ("502 page", Fault::ServerError(502)),
            ("500", Fault::InternalError),
            ("hang-up before", Fault::HangUpBefore),
            ("hang-up after", Fault::HangUpAfter),
            ("null result", Fault::NullResult),
            ("torn answer", Fault::Torn),
            ("slow answer", Fault::Slow(Duration::from_millis(100))),
        ];
        for n in 0..FAULTS {
            // A half now, a half when some have gone out; each in a chat of its own.
            if n == FAULTS / 2 {
                while db.number("SELECT COUNT(*) FROM delivery WHERE status = 'sent'").await < 400 {
                    office.clock.advance_to(next_due(&office).await.unwrap().unwrap());
                    chat.deliver(&office).await;
                }
            }
            let at = (n * 37 + 11) % CHATS;
            let (name, fault) = if at.is_multiple_of(5) && planted.get("migration").is_none_or(|n| *n < 5) {
                ("migration", Fault::Migrate { to: -1_001_000_000_000 - i64::try_from(n).unwrap() })
            } else if at % 5 == 1 && gone.len() < 2 {
                chat.telegram.refuse(chats[at], Refusal::ALL[gone.len()]);
                gone.push(at);
                *planted.entry("403").or_default() += 1;
                continue;
            } else {
                kinds[n % kinds.len()].clone()
            };
            chat.telegram.fail_next(chats[at], fault.clone());
            *planted.entry(name).or_default() += 1;
            if matches!(fault, Fault::HangUpAfter | Fault::NullResult | Fault::Torn) {
                doubtful.insert(units[at].clone());
            }
        }
        deliver_all(&office, &chat).await;
        // Who blocked the bot comes back, and gets what waited.
        for at in &gone {
            chat.telegram.accept(chats[*at]);
            bind(&office, &units[*at], chats[*at], chats[*at]).await;
        }
        deliver_all(&office, &chat).await;
        let took = started.elapsed();

        let said: Vec<_> = chat.telegram.transcript().into_iter().filter(|line| line.who == "巡查").collect();
        let mut by_notice = BTreeMap::<String, usize>::new();
        let mut by_chat = BTreeMap::<String, Vec<DateTime<Utc>>>::new();
        let mut order = BTreeMap::<String, Vec<String>>::new();
        let mut repeats = Vec::new();
        for line in &said {
            let mark = line.text.split('〔').nth(1).unwrap().split('〕').next().unwrap().to_owned();
            by_chat.entry(line.chat_title.clone()).or_default().push(line.at);
            *by_notice.entry(mark.clone()).or_default() += 1;
            if by_notice[&mark] > 1 { repeats.push(line.chat_title.clone()) } else { order.entry(line.chat_title.clone()).or_default().push(mark) }
        }
        let all: Vec<_> = said.iter().map(|line| line.at).collect();
        let (second, minute) = (TimeDelta::seconds(1), TimeDelta::minutes(1));
        let groups = by_chat.iter().filter(|(title, _)| units.iter().position(|unit| unit == *title).unwrap() % 5 == 0);
        let per_group = groups.map(|(_, times)| busiest(times, minute)).max().unwrap();
        let per_chat = by_chat.values().map(|times| busiest(times, second)).max().unwrap();
        let overall = busiest(&all, second);
        let throttled = db.number("SELECT COUNT(*) FROM attempt WHERE outcome = 'throttled'").await;
        let lasted = *all.last().unwrap() - all[0];
        eprintln!(
            "{} notices to {} chats, {} messages; faults {planted:?}; repeats {}; most in a chat a second {per_chat}, in a \
             group a minute {per_group}, overall a second {overall}; {} s of the office's clock, {took:?} of ours",
            NOTICES, by_chat.len(), said.len(), repeats.len(), lasted.num_seconds()
        );
        assert_eq!(planted.values().sum::<usize>(), FAULTS);
        assert_eq!(by_notice.len(), NOTICES, "none is lost");
        assert_eq!(repeats.len(), doubtful.len(), "one each");
        assert_eq!(repeats.into_iter().collect::<BTreeSet<_>>(), doubtful, "only where nobody could know");
        assert!(order.values().all(|marks| marks.is_sorted()), "in order in every chat");
        assert!(per_chat <= 1 && per_group <= 20 && overall <= 30, "{per_chat} {per_group} {overall}");
        let asked = planted["429 with a time"] + planted["429 without"];
        assert_eq!(throttled, i64::try_from(asked).unwrap(), "no limit of Telegram's was ever reached");
        assert_eq!(notices(&office).await.iter().filter(|n| n.unit.is_some() && n.delivered_at.is_none()).count(), 0);
        assert_eq!(chat.telegram.violations(), Vec::<String>::new());
    }

    /// However Telegram words a 403, the chat is given up and the supervisors hear of it.
    async fn every_wording_of_a_refusal_retires_the_chat(db) {
        let office = office(db, "2026-11-23 10:00").await;
        let chat = Chat::start(&office).await;
        let chief = chat.bind(&office, "监管员", Role::Supervisor, None).await;
        let units: Vec<String> = (0..Refusal::ALL.len()).map(|n| format!("云溪区第{n}局")).collect();
        known(&office, &units).await;
        for (unit, refusal) in units.into_iter().zip(Refusal::ALL) {
            let id = bind_group(&chat, &office, &unit).await;
            chat.telegram.refuse(id, refusal);
            tell(&office, &unit, &format!("{refusal:?}")).await;
            let done = deliver_all(&office, &chat).await;
            assert_eq!((done.failed, done.sent), (1, 1), "{refusal:?}");
            let told = chat.telegram.inbox(chief.chat_id).pop().unwrap().text;
            assert!(told.contains(&unit) && told.contains("Forbidden: "), "{told}");
        }
    }

    /// The group was bound anew after it had become a supergroup: what waited for the old one goes there, once.
    async fn a_group_that_was_bound_at_its_new_address_too_gets_everything_once(db) {
        let office = office(db, "2026-11-23 10:00").await;
        let chat = Chat::start(&office).await;
        known(&office, &[WATER.to_owned()]).await;
        let old = bind_group(&chat, &office, WATER).await;
        tell(&office, WATER, "to the old address").await;
        let new = chat.telegram.group("new", &[]);
        bind(&office, WATER, 7_000_001, new).await;
        tell(&office, WATER, "to both").await;
        chat.telegram.fail_next(old, Fault::Migrate { to: new });
        let done = deliver_all(&office, &chat).await;
        assert_eq!((done.sent, done.failed), (2, 0));
        let texts: Vec<_> = chat.telegram.inbox(new).into_iter().map(|shown| shown.text).collect();
        for wanted in ["to the old address", "to both"] {
            assert_eq!(texts.iter().filter(|text| text.contains(wanted)).count(), 1, "{texts:?}");
        }
        assert!(chat.telegram.inbox(old).is_empty());
        tell(&office, WATER, "afterwards").await;
        assert_eq!(deliver_all(&office, &chat).await.sent, 1);
    }

    /// Updates backwards, twice, and again after a restart: each is acted upon once. An answer that a
    /// gateway swallowed comes all the same.
    async fn updates_in_any_order_and_number_are_handled_once(db) {
        let office = office(db, "2026-11-23 10:00").await;
        let chat = Chat::start(&office).await;
        known(&office, &[WATER.to_owned()]).await;
        let admin = chat.bind(&office, "水务局管理员", Role::UnitAdmin, Some(WATER)).await;
        chat.telegram.be_disorderly(true);
        chat.telegram.fail_next(admin.chat_id, Fault::ServerError(502));
        chat.telegram.say_together(admin.chat_id, &admin, &["/feedback 甲", "/feedback 乙", "/feedback 丙"]).unwrap();
        for _ in 0..2 {
            let (stop, stopped) = watch::channel(false);
            let running = tokio::spawn(bot::run(office.clone(), chat.bot.clone(), stopped, watch::channel(false).0));
            eventually("three answers", Duration::from_secs(30), || async {
                chat.telegram.transcript().iter().filter(|line| line.who == "巡查").count() >= 3
            })
            .await;
            stop.send(true).unwrap();
            running.await.unwrap();
        }
        assert_eq!(db.number("SELECT COUNT(*) FROM seen_update").await, 3);
        assert_eq!(chat.telegram.inbox(admin.chat_id).len(), 3, "one answer to each of the three");
        assert_eq!(chat.telegram.violations(), Vec::<String>::new());
    }

    /// Telegram takes long over one chat: who writes in another is answered all the same, and what hangs is handled once.
    async fn a_chat_that_hangs_keeps_no_other_waiting(db) {
        let office = office(db, "2026-11-23 10:00").await;
        let chat = Chat::start(&office).await;
        known(&office, &[WATER.to_owned(), "云溪区园林局".to_owned()]).await;
        let slow = chat.bind(&office, "水务局管理员", Role::UnitAdmin, Some(WATER)).await;
        let quick = chat.bind(&office, "园林局管理员", Role::UnitAdmin, Some("云溪区园林局")).await;
        let (stop, stopped) = watch::channel(false);
        let running = tokio::spawn(bot::run(office.clone(), chat.bot.clone(), stopped, watch::channel(false).0));
        chat.telegram.fail_next(slow.chat_id, Fault::Slow(Duration::from_secs(12)));
        chat.telegram.say_together(slow.chat_id, &slow, &["/feedback 甲", "/feedback 乙"]).unwrap();
        let answers = |id| chat.telegram.inbox(id).len();
        eventually("the slow chat is being answered", Duration::from_secs(10), || async { answers(slow.chat_id) > 0 }).await;
        for n in 0..3 {
            let asked = Instant::now();
            chat.telegram.say_together(quick.chat_id, &quick, &[&format!("/feedback 丙{n}")]).unwrap();
            eventually("the other chat is answered", Duration::from_secs(20), || async { answers(quick.chat_id) > 0 }).await;
            assert!(asked.elapsed() < Duration::from_secs(5), "{n}: {:?}", asked.elapsed());
        }
        eventually("the slow chat has its second answer", Duration::from_secs(30), || async { answers(slow.chat_id) > 0 }).await;
        stop.send(true).unwrap();
        running.await.unwrap();
        assert_eq!(db.number("SELECT COUNT(*) FROM seen_update").await, 5);
        let asked = db.number("SELECT COUNT(*) FROM notice WHERE body_json LIKE '%feedback%'").await;
        assert_eq!(asked, 5, "each once, however often it is fetched");
        assert_eq!(chat.telegram.violations(), Vec::<String>::new());
    }

    /// A server that is no Telegram: no panic, no spinning, nothing lost, and it is said.
    async fn a_server_that_answers_wrongly_costs_nothing_but_time(db) {
        let office = office(db, "2026-11-23 10:00").await;
        let right = Chat::start(&office).await;
        let wrong = WrongServer::start().await;
        let bot = wrong.messenger();
        let mut readers = Vec::new();
        let units: Vec<String> = (0..3).map(|n| format!("云溪区第{n}局")).collect();
        known(&office, &units).await;
        for unit in units {
            readers.push(right.bind(&office, &unit, Role::UnitAdmin, Some(&unit)).await);
            tell(&office, &unit, &format!("整改：{unit}")).await;
        }
        // getMe names no bot; then it does, and polls come back at once, empty or with what was confirmed.
        let said = bot.check().await.unwrap_err();
        assert!(said.to_string().contains("getMe") && said.zh().contains("不是 Telegram 服务器"), "{said} {}", said.zh());
        let (stop, stopped) = watch::channel(false);
        let running = tokio::spawn(bot::run(office.clone(), bot.clone(), stopped, watch::channel(false).0));
        eventually("getMe is asked again", Duration::from_secs(20), || async { wrong.asked("getme") >= 3 }).await;
        assert_eq!(wrong.asked("getupdates"), 0);
        wrong.name_a_bot();
        eventually("it polls", Duration::from_secs(20), || async { wrong.asked("getupdates") >= 3 }).await;
        let (before, since) = (wrong.asked("getupdates"), Instant::now());
        eventually("it goes on", Duration::from_secs(20), || async { wrong.asked("getupdates") >= before + 2 }).await;
        assert!(since.elapsed() >= Duration::from_secs(1), "it spins");
        assert!(wrong.asked("sendmessage") <= 1, "one answer to one command, however often it comes");
        stop.send(true).unwrap();
        running.await.unwrap();

        let before = wrong.asked("sendmessage");
        for _ in 0..360 {
            let done = deliver_due(&office, &bot, 100).await.unwrap();
            assert_eq!((done.sent, done.failed), (0, 0));
            office.clock.advance(TimeDelta::seconds(10));
        }
        let tries = wrong.asked("sendmessage") - before;
        assert!((9..60).contains(&tries), "{tries} tries of three notices in an hour");
        assert_eq!(deliver_all(&office, &right).await.sent, 3);
        for reader in &readers {
            assert_eq!(right.telegram.inbox(reader.chat_id).len(), 1);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn doctor_says_what_is_wrong_with_a_server() {
    let db = Database::sqlite();
    let wrong = WrongServer::start().await;
    let cli = Cli::new(db.folder.path(), &db.url)
        .with("XUNCHA__TELEGRAM__API_URL", &wrong.url)
        .with("XUNCHA_TELEGRAM_TOKEN", "1:plainly-fictitious");
    for (lang, words) in [("zh", ["✗ 机器人", "getMe", "api_url"]), ("en", ["✗ bot", "getMe", "api_url"])] {
        let ended = cli.run(&["doctor", "--lang", lang]);
        assert_eq!(ended.code, 1);
        for word in words {
            assert!(ended.stdout.contains(word), "{}", ended.stdout);
        }
    }
    wrong.name_a_bot();
    let ended = cli.run(&["doctor", "--lang", "en"]);
    assert!(ended.stdout.contains("✗ bot: a gateway answered"), "{}", ended.stdout);
}
