//! Group robots: a unit that has nothing else reads its notice there and answers by the link in it.

use std::net::SocketAddr;

use chrono::TimeDelta;
use tokio::sync::watch;
use xuncha::chat::deliver::next_due;
use xuncha::chat::robot::bind::{Synced, sync};
use xuncha::checks::recheck::recheck_due;
use xuncha::config::{ChannelKind, ChannelReader, Config};
use xuncha::domain::issue::IssueStatus;
use xuncha::domain::person::Role;
use xuncha::office::Office;
use xuncha::web::{self, Health};

use crate::world::both::on_both;
use crate::world::db::Database;
use crate::world::robot::{FakeRobot, Instead, link_in};
use crate::world::{
    Chat, account, at, config, fetcher, history, inspect, issues, notices, office_with, open, register, unfiled,
};

const WATER: &str = "云溪区水务局";
const ARCHIVE: &str = "云溪区档案馆";
const KINDS: [ChannelKind; 3] = [ChannelKind::Wecom, ChannelKind::Dingtalk, ChannelKind::Feishu];

fn to_water() -> ChannelReader {
    ChannelReader::Unit(WATER.to_owned())
}

/// An office with one robot, and its pages where `public_url` says.
async fn with_robot(db: &Database, kind: ChannelKind, reader: ChannelReader) -> (Office, FakeRobot, Chat) {
    let clock = xuncha::clock::Clock::set_at(at("2026-11-23 10:00"));
    let robot = FakeRobot::start(kind, clock.clone()).await;
    let config = Config { channels: vec![robot.channel(db.folder.path(), reader)], ..linked() };
    let office = open(&db.url, clock, config).await;
    let chat = Chat::start(&office).await;
    assert_eq!(sync(&office, true).await.unwrap(), Synced { bound: 1, ..Synced::default() });
    (office, robot, chat)
}

fn linked() -> Config {
    let mut config = config();
    config.web.public_url = Some("https://xuncha.example.gov.cn".to_owned());
    config
}

/// Delivers with the clock moving on until nothing has been due for a while; how often the office tried.
async fn deliver_all(office: &Office, chat: &Chat) {
    for _ in 0..400 {
        chat.deliver(office).await;
        let Some(due) = next_due(office).await.unwrap() else { return };
        if due > office.now() + TimeDelta::hours(6) {
            return;
        }
        office.clock.advance_to(due.max(office.now() + TimeDelta::milliseconds(100)));
    }
    panic!("the outbox never empties");
}

/// The pages of an office, and a browser that follows nothing by itself.
struct Pages {
    address: SocketAddr,
    browser: reqwest::Client,
    _stop: watch::Sender<bool>,
}

impl Pages {
    async fn of(office: &Office) -> Self {
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopping) = watch::channel(false);
        tokio::spawn(web::serve(listener, office.clone(), Health::default(), stopping));
        let browser =
            reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy().build().unwrap();
        Self { address, browser, _stop: stop }
    }

    async fn look(&self, link: &str) -> (u16, String) {
        let response = self.browser.get(format!("http://{}{link}", self.address)).send().await.unwrap();
        let headers = response.headers();
        let said = |name: &str| headers.get(name).and_then(|v| v.to_str().ok()).unwrap_or_default().to_owned();
        assert_eq!((said("cache-control"), said("referrer-policy")), ("no-store".into(), "no-referrer".into()));
        assert_eq!((said("x-frame-options"), said("x-content-type-options")), ("DENY".into(), "nosniff".into()));
        assert!(said("content-security-policy").starts_with("default-src 'none'; style-src 'sha256-"));
        (response.status().as_u16(), response.text().await.unwrap())
    }

    async fn post(&self, link: &str, issue: &str, act: &str, text: &str) -> (u16, String) {
        let form = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs([("issue", issue), ("act", act), ("text", text)])
            .finish();
        let request = self.browser.post(format!("http://{}{link}", self.address)).body(form);
        let response = request.header("content-type", "application/x-www-form-urlencoded").send().await.unwrap();
        let status = response.status().as_u16();
        let location = response.headers().get("location").map(|v| v.to_str().unwrap().to_owned());
        (status, location.unwrap_or(response.text().await.unwrap()))
    }
}

async fn status(office: &Office, id: i64) -> IssueStatus {
    issues(office).await.into_iter().find(|issue| issue.id == id).unwrap().status
}

on_both! {
    /// Notice to a robot, link, 签收, 整改, recheck, 销号 — and nobody ever bound anything.
    async fn a_unit_with_a_robot_alone_goes_the_whole_way_by_its_link(db) {
        let (office, robot, chat) = with_robot(db, ChannelKind::Wecom, to_water()).await;
        register(&office, &[unfiled("A1", WATER), unfiled("B1", ARCHIVE)]).await;
        inspect(&office, &fetcher(), "2026H2").await;
        chat.deliver(&office).await;
        let text = robot.texts().pop().unwrap();
        assert!(text.starts_with("**【整改通知】编号 2026-") && text.contains("打开办理页面"), "{text}");
        assert!(!text.contains("下方按钮") && text.contains("[打开办理页面](https://xuncha.example.gov.cn/a/"), "{text}");
        let all = issues(&office).await;
        let id = |unit: &str| all.iter().find(|issue| issue.unit == unit).unwrap().id;
        let (mine, others) = (id(WATER), id(ARCHIVE));
        assert_eq!(status(&office, mine).await, IssueStatus::Notified, "the robot's acceptance starts the clock");

        let (pages, link) = (Pages::of(&office).await, link_in(&text));
        // Servers that preview a link change nothing.
        for _ in 0..3 {
            let (code, page) = pages.look(&link).await;
            assert_eq!(code, 200);
            assert!(page.contains(WATER) && page.contains("整改通知") && !page.contains(ARCHIVE) && !page.contains("<script"));
        }
        assert!(pages.look(&format!("{link}?lang=en")).await.1.contains("Report rectification"));
        assert_eq!(history(&office, mine).await, ["opened", "notified"]);

        let (code, to) = pages.post(&link, &mine.to_string(), "ack", "").await;
        assert_eq!((code, to.as_str()), (303, &*format!("?lang=zh&done={mine}#i{mine}")));
        assert_eq!(status(&office, mine).await, IssueStatus::Acknowledged);
        let events = issues(&office).await.into_iter().find(|issue| issue.id == mine).unwrap().events;
        assert_eq!(events.last().unwrap().actor, format!("{WATER}（网页）"));
        assert!(pages.look(&format!("{link}?done={mine}")).await.1.contains("签收已登记"));
        let (code, page) = pages.post(&link, &mine.to_string(), "ack", "").await;
        assert!(code == 409 && page.contains("已通过本链接提交"), "{code} {page}");

        // Another unit's issue is none of this link's, by whatever form.
        for act in ["ack", "fix", "appeal"] {
            assert_eq!(pages.post(&link, &others.to_string(), act, "越权").await.0, 404);
        }
        for (issue, act, want) in [("all", "fix", 400), ("-1", "ack", 400), ("1 OR 1", "ack", 400), ("1", "close", 400)] {
            assert_eq!(pages.post(&link, issue, act, "x").await.0, want, "{issue} {act}");
        }
        assert_eq!(history(&office, others).await, ["opened"]);

        assert_eq!(pages.post(&link, &mine.to_string(), "fix", "  ").await.0, 422);
        assert_eq!(pages.post(&link, &mine.to_string(), "fix", &"长".repeat(1_001)).await.0, 422);
        assert_eq!(pages.post(&link, &mine.to_string(), "fix", "已补报备案 <script>").await.0, 303);
        assert_eq!(status(&office, mine).await, IssueStatus::Rectified);
        register(&office, &[account("A1", WATER)]).await;
        recheck_due(&office, &fetcher()).await.unwrap();
        assert_eq!(status(&office, mine).await, IssueStatus::Closed);
        deliver_all(&office, &chat).await;
        let decision = robot.texts().pop().unwrap();
        assert!(decision.contains("予以销号"), "{decision}");
        assert_ne!(link_in(&decision), link, "every notice has a link of its own");
        let (_, page) = pages.look(&link).await;
        assert!(page.contains("已销号") && page.contains("目前无须办理") && !page.contains("<script"), "{page}");
        assert_eq!(robot.faults(), Vec::<String>::new());
    }

    /// Forged, expired, of a robot that was taken out: each is refused, and none locks a good one out.
    async fn a_link_is_good_as_it_was_made_for_its_time_and_while_its_robot_is_there(db) {
        let (office, robot, chat) = with_robot(db, ChannelKind::Wecom, to_water()).await;
        register(&office, &[unfiled("A1", WATER)]).await;
        inspect(&office, &fetcher(), "2026H2").await;
        chat.deliver(&office).await;
        let (pages, link) = (Pages::of(&office).await, link_in(&robot.texts()[0]));
        let id = issues(&office).await[0].id.to_string();
        let forged: String = link.chars().enumerate().map(|(n, c)| if n == 9 { if c == 'A' { 'B' } else { 'A' } } else { c }).collect();
        for (n, wrong) in std::iter::repeat_n(["/a/x", &forged, "/a/%E7%AD%BE%E6%94%B6"], 25).flatten().enumerate() {
            let want = if n < 60 { 404 } else { 429 };
            assert_eq!(pages.post(wrong, &id, "ack", "").await.0, want, "{n}");
        }
        assert_eq!(pages.look(&link).await.0, 200, "guesses lock nobody out");
        // The token is nowhere in the database.
        let token = link.trim_start_matches("/a/");
        for (table, column) in [("pass", "nonce"), ("pass", "token_sha256"), ("notice", "body_json"), ("chat", "address"), ("attempt", "COALESCE(error, '')")] {
            let found = db.number(&format!("SELECT COUNT(*) FROM {table} WHERE {column} LIKE '%{token}%'")).await;
            assert_eq!(found, 0, "{table}.{column}");
        }
        assert_eq!(db.number("SELECT COUNT(*) FROM chat WHERE address LIKE '%0a1b2c3d%'").await, 0);

        office.clock.advance(TimeDelta::days(29));
        assert_eq!(pages.look(&link).await.0, 200);
        office.clock.advance(TimeDelta::days(2));
        assert_eq!(pages.look(&link).await.0, 410);
        assert_eq!(pages.post(&link, &id, "ack", "").await.0, 410);
        assert_eq!(status(&office, id.parse().unwrap()).await, IssueStatus::Notified);

        // A robot that leaves the configuration takes its links with it, and an event says so.
        xuncha::issues::act(&office, id.parse().unwrap(), xuncha::domain::issue::Action::Revoke, "登记有误", "监管员", &xuncha::issues::Scope::All).await.unwrap();
        deliver_all(&office, &chat).await;
        let link = link_in(robot.texts().last().unwrap());
        assert_eq!(pages.look(&link).await.0, 200);
        let without = open(&db.url, office.clock.clone(), linked()).await;
        assert_eq!(sync(&without, true).await.unwrap(), Synced { removed: 1, ..Synced::default() });
        assert_eq!(sync(&without, true).await.unwrap(), Synced::default());
        assert_eq!(pages.look(&link).await.0, 410);
        let events = without.store.read().await.unwrap().events_about("person").await.unwrap();
        assert!(events.iter().any(|event| event.kind == "revoked" && event.note.contains("configuration")));
        // And back again: what is written meanwhile waits for it.
        assert_eq!(sync(&office, true).await.unwrap().bound, 1);
    }

    /// One robot of two units: one leaves before its notice goes out, which then waits for whoever is bound; its old
    /// link opens nothing, and nobody is sent a new one there. The other unit's notice and link are untouched.
    async fn who_leaves_a_shared_robot_is_neither_told_nor_answered_for_there(db) {
        let clock = xuncha::clock::Clock::set_at(at("2026-11-23 10:00"));
        let robot = FakeRobot::start(ChannelKind::Wecom, clock.clone()).await;
        let for_units = |units: &[&str]| Config {
            channels: units.iter().map(|unit| robot.channel(db.folder.path(), ChannelReader::Unit((*unit).to_owned()))).collect(),
            ..linked()
        };
        let office = open(&db.url, clock.clone(), for_units(&[WATER, ARCHIVE])).await;
        let chat = Chat::start(&office).await;
        assert_eq!(sync(&office, true).await.unwrap().bound, 2);
        register(&office, &[unfiled("A1", WATER), unfiled("B1", ARCHIVE)]).await;
        inspect(&office, &fetcher(), "2026H2").await;
        deliver_all(&office, &chat).await;
        let pages = Pages::of(&office).await;
        let links: Vec<String> = [WATER, ARCHIVE]
            .map(|unit| link_in(robot.texts().iter().find(|text| text.contains(unit)).unwrap()))
            .into();
        let water = issues(&office).await.into_iter().find(|issue| issue.unit == WATER).unwrap().id;
        let act = async |id, action| {
            let scope = xuncha::issues::Scope::All;
            xuncha::issues::act(&office, id, action, "登记有误", "监管员", &scope).await.unwrap();
        };
        // At night: what is decided now waits for the morning.
        office.clock.advance_to(at("2026-11-23 20:00"));
        for issue in issues(&office).await {
            act(issue.id, xuncha::domain::issue::Action::Revoke).await;
        }
        let waiting = notices(&office).await.into_iter().rev().find(|notice| notice.unit.as_deref() == Some(WATER)).unwrap();
        let left = open(&db.url, clock.clone(), for_units(&[ARCHIVE])).await;
        assert_eq!(sync(&left, false).await.unwrap().removed, 1);
        assert_eq!(pages.look(&links[0]).await.0, 410);
        assert_eq!(pages.post(&links[0], &water.to_string(), "ack", "").await.0, 410);
        assert_eq!(pages.look(&links[1]).await.0, 200);
        let robots_chat = db.number("SELECT id FROM chat WHERE address LIKE 'robot:%'").await;
        assert_eq!(xuncha::passes::address(&left, &waiting, robots_chat).await.unwrap(), None);
        left.clock.advance_to(at("2026-11-24 10:00"));
        let before = robot.texts().len();
        deliver_all(&left, &chat).await;
        let texts = robot.texts().split_off(before);
        assert!(texts.len() == 1 && texts[0].contains(ARCHIVE) && !texts[0].contains(WATER), "{texts:?}");
        let person = chat.bind(&left, "水务局管理员", Role::UnitAdmin, Some(WATER)).await;
        deliver_all(&left, &chat).await;
        assert!(chat.telegram.inbox(person.chat_id).iter().any(|shown| shown.text.contains(&waiting.number)));
    }

    /// A binding that the office takes back by hand takes the links of its chat along.
    async fn a_link_ends_with_the_binding_of_its_chat(db) {
        let (office, robot, chat) = with_robot(db, ChannelKind::Wecom, to_water()).await;
        register(&office, &[unfiled("A1", WATER)]).await;
        inspect(&office, &fetcher(), "2026H2").await;
        chat.deliver(&office).await;
        let (pages, link) = (Pages::of(&office).await, link_in(&robot.texts()[0]));
        let id = issues(&office).await[0].id;
        let person = office.store.read().await.unwrap().people().await.unwrap()[0].id;
        assert_eq!(pages.look(&link).await.0, 200);
        assert!(xuncha::people::revoke(&office, person, "cli").await.unwrap());
        assert_eq!(pages.look(&link).await.0, 410);
        for act in ["ack", "fix", "appeal"] {
            assert_eq!(pages.post(&link, &id.to_string(), act, "越权").await.0, 410);
        }
        assert_eq!(status(&office, id).await, IssueStatus::Notified);
    }

    /// Sixty issues in parts; the answer to the third part is lost: that part alone comes twice.
    async fn sixty_issues_come_in_parts_and_a_break_repeats_one_part_alone(db) {
        let (office, robot, chat) = with_robot(db, ChannelKind::Wecom, to_water()).await;
        let accounts: Vec<_> = (1..=60).map(|n| unfiled(&format!("A{n:02}"), WATER)).collect();
        register(&office, &accounts).await;
        inspect(&office, &fetcher(), "2026H2").await;
        for part in 1..=2 {
            chat.deliver(&office).await;
            assert_eq!(robot.texts().len(), part);
            assert!(issues(&office).await.iter().all(|issue| issue.status == IssueStatus::Open), "not yet delivered");
            office.clock.advance(TimeDelta::seconds(4));
        }
        robot.next(Instead::Lost);
        chat.deliver(&office).await;
        // The process is another one now.
        let office = open(&db.url, office.clock.clone(), (*office.config).clone()).await;
        deliver_all(&office, &chat).await;
        let texts = robot.texts();
        let number = notices(&office).await.iter().find(|n| n.unit.is_some()).unwrap().number.clone();
        let of = texts.len() - 1;
        assert!(of > 5, "{of}");
        let marks: Vec<usize> = (0..texts.len()).map(|n| if n < 3 { n + 1 } else { n }).collect();
        for (text, mark) in texts.iter().zip(marks) {
            assert!(text.contains(&format!("编号 {number}（{mark}/{of}）")) && text.contains("/a/"), "{mark}: {text}");
        }
        assert_eq!(texts[2], texts[3], "the same part, word for word");
        let once = [&texts[..2], &texts[3..]].concat().concat();
        for n in 1..=60 {
            assert_eq!(once.matches(&format!("{WATER}发布A{n:02}（")).count(), 1, "{n}");
        }
        assert!(issues(&office).await.iter().all(|issue| issue.status == IssueStatus::Notified));
        assert_eq!(robot.faults(), Vec::<String>::new(), "twenty a minute are never exceeded");
        // One press for all of them.
        let (pages, link) = (Pages::of(&office).await, link_in(&texts[0]));
        assert!(pages.look(&link).await.1.contains("全部签收"));
        assert_eq!(pages.post(&link, "all", "ack", "").await, (303, "?lang=zh&done=all".to_owned()));
        assert!(issues(&office).await.iter().all(|issue| issue.status == IssueStatus::Acknowledged));
    }

    /// A code inside HTTP 200 is obeyed: who is too fast waits as long as that robot wants, and nothing is lost.
    async fn codes_inside_http_200_are_obeyed_and_lose_nothing(db) {
        let codes = [(45009, 60), (130_101, 600), (11232, 60)];
        let clock = xuncha::clock::Clock::set_at(at("2026-11-23 10:00"));
        let mut robots = Vec::new();
        let mut config = linked();
        for kind in KINDS {
            let robot = FakeRobot::start(kind, clock.clone()).await;
            let unit = format!("云溪区{}用户单位", kind.zh());
            config.channels.push(robot.channel(db.folder.path(), ChannelReader::Unit(unit.clone())));
            robots.push((robot, unit));
        }
        let office = open(&db.url, clock, config).await;
        let chat = Chat::start(&office).await;
        let supervisor = chat.bind(&office, "监管员", Role::Supervisor, None).await;
        assert_eq!(sync(&office, true).await.unwrap().bound, 3);
        let accounts: Vec<_> = robots.iter().enumerate().map(|(n, (_, unit))| unfiled(&format!("A{n}"), unit)).collect();
        register(&office, &accounts).await;
        for ((robot, _), (code, _)) in robots.iter().zip(codes) {
            robot.next(Instead::Code(code));
        }
        inspect(&office, &fetcher(), "2026H2").await;
        chat.deliver(&office).await;
        let began = office.now();
        for seconds in [59, 61, 599, 601] {
            office.clock.advance_to(began + TimeDelta::seconds(seconds));
            chat.deliver(&office).await;
            for ((robot, _), (code, rest)) in robots.iter().zip(codes) {
                assert_eq!(robot.texts().len(), usize::from(seconds > rest), "{code} after {seconds} s");
            }
        }
        // A keyword, a signature or a list that does not agree: the message waits, the supervisors are told once.
        let id = |unit: &str| {
            let unit = unit.to_owned();
            let office = office.clone();
            async move { issues(&office).await.into_iter().find(|issue| issue.unit == unit).unwrap().id }
        };
        for ((robot, unit), code) in robots.iter().zip([93008, 310_000, 19024]) {
            robot.next(Instead::Code(code));
            robot.next(Instead::Code(code));
            let (action, scope) = (xuncha::domain::issue::Action::Revoke, xuncha::issues::Scope::All);
            xuncha::issues::act(&office, id(unit).await, action, "登记有误", "监管员", &scope).await.unwrap();
        }
        deliver_all(&office, &chat).await;
        for (robot, _) in &robots {
            assert_eq!(robot.texts().len(), 2);
            assert!(robot.texts()[1].contains("登记有误"));
            assert_eq!(robot.faults(), Vec::<String>::new());
        }
        let told = chat.telegram.inbox(supervisor.chat_id).iter().filter(|m| m.text.contains("拒收消息")).count();
        assert_eq!(told, 3, "once a robot");
    }

    /// The robot is gone for good: the chat is retired, the supervisors are told; the next start tries it again.
    async fn a_robot_that_is_gone_is_reported_and_tried_again_at_the_next_start(db) {
        let (office, robot, chat) = with_robot(db, ChannelKind::Dingtalk, to_water()).await;
        let supervisor = chat.bind(&office, "监管员", Role::Supervisor, None).await;
        register(&office, &[unfiled("A1", WATER)]).await;
        robot.next(Instead::Code(300_001));
        inspect(&office, &fetcher(), "2026H2").await;
        for _ in 0..3 {
            chat.deliver(&office).await;
            office.clock.advance(TimeDelta::seconds(5));
        }
        assert!(robot.texts().is_empty());
        assert!(chat.telegram.inbox(supervisor.chat_id).iter().any(|m| m.text.contains("无法送达")));
        assert_eq!(sync(&office, false).await.unwrap(), Synced::default(), "a command does not try it again");
        assert_eq!(sync(&office, true).await.unwrap().bound, 1);
        deliver_all(&office, &chat).await;
        assert_eq!(robot.texts().len(), 1);
        assert_eq!(issues(&office).await[0].status, IssueStatus::Notified);
    }

    /// A person and a robot both read it; the supervisors' robot brings what is theirs, without a link.
    async fn a_robot_reads_beside_a_person_and_supervisors_have_one_too(db) {
        let clock = xuncha::clock::Clock::set_at(at("2026-11-23 10:00"));
        let mut config = linked();
        let mut robots = Vec::new();
        for (kind, reader) in [(ChannelKind::Feishu, to_water()), (ChannelKind::Dingtalk, ChannelReader::Supervisors)] {
            let robot = FakeRobot::start(kind, clock.clone()).await;
            config.channels.push(robot.channel(db.folder.path(), reader));
            robots.push(robot);
        }
        let office = office_with(db, "2026-11-23 10:00", config).await;
        let chat = Chat::start(&office).await;
        register(&office, &[unfiled("A1", WATER)]).await;
        let person = chat.bind(&office, "水务局管理员", Role::UnitAdmin, Some(WATER)).await;
        assert_eq!(sync(&office, true).await.unwrap().bound, 2);
        inspect(&office, &fetcher(), "2026H2").await;
        chat.deliver(&office).await;
        assert!(chat.telegram.inbox(person.chat_id)[0].text.contains("整改通知"));
        assert!(robots[0].texts()[0].contains("整改通知") && robots[0].texts()[0].contains("/a/"));
        let digest = robots[1].texts().concat();
        assert!(digest.contains("已判定") && digest.contains("不能接收命令") && !digest.contains("/a/"), "{digest}");
        for robot in &robots {
            assert_eq!(robot.faults(), Vec::<String>::new());
        }
    }
}
