//! The pretended outside world, and an office in it: a set clock, a real database, loopback web and Telegram.

pub(crate) mod both;
pub(crate) mod cli;
pub(crate) mod db;
pub(crate) mod robot;
pub(crate) mod site;
pub(crate) mod wechat;
pub(crate) mod wecom;
pub(crate) mod wrong;

use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::{DateTime, NaiveDateTime, Utc};
use chrono_tz::Asia::Shanghai;
use secrecy::SecretString;
use xuncha::chat::deliver::{Delivered, deliver_due};
use xuncha::chat::telegram::Messenger;
use xuncha::clock::Clock;
use xuncha::config::Config;
use xuncha::demo::telegram::{FakeTelegram, Person};
use xuncha::demo::world::World;
use xuncha::domain::Lang;
use xuncha::domain::account::{Account, AccountId, AccountStatus, Personal, Platform, SourceKind, UnitTier};
use xuncha::domain::finding::{Finding, Outcome};
use xuncha::domain::issue::Issue;
use xuncha::domain::person::Role;
use xuncha::domain::review::ReviewRecord;
use xuncha::domain::round::RoundName;
use xuncha::fetch::{Fetcher, Settings, install_tls};
use xuncha::office::Office;
use xuncha::people;
use xuncha::store::{FindingQuery, IssueQuery, NoticeQuery, NoticeRow, Store};

use db::Database;

/// An instant by the office's clocks: `2026-11-23 09:00`.
pub(crate) fn at(local: &str) -> DateTime<Utc> {
    let local = NaiveDateTime::parse_from_str(local, "%Y-%m-%d %H:%M").unwrap();
    local.and_local_timezone(Shanghai).unwrap().to_utc()
}

/// A round's name.
pub(crate) fn round(name: &str) -> RoundName {
    name.parse().unwrap()
}

/// The settings of a test: the defaults, and a web that may lie on loopback.
pub(crate) fn config() -> Config {
    let mut config = Config::default();
    config.http.allow_private = true;
    config
}

/// An office on a database, at an instant.
pub(crate) async fn office(db: &Database, now: &str) -> Office {
    office_with(db, now, config()).await
}

/// An office with its own settings.
pub(crate) async fn office_with(db: &Database, now: &str, config: Config) -> Office {
    open(&db.url, Clock::set_at(at(now)), config).await
}

/// A further process of an office: its own connections, the clock shared.
pub(crate) async fn open(url: &str, clock: Clock, config: Config) -> Office {
    install_tls();
    let store = Store::open(url, clock.now()).await.unwrap();
    let calendar = Arc::new(xuncha::registry::read_calendar(None).unwrap());
    let rules = Arc::new(xuncha::app::load_rules(None).unwrap());
    Office { store, clock, config: Arc::new(config), calendar, rules }
}

/// A client for loopback: no pauses, no second tries.
pub(crate) fn fetcher() -> Fetcher {
    fetcher_with(Vec::new())
}

/// A client that asks these addresses whether it is online.
pub(crate) fn fetcher_with(control_urls: Vec<String>) -> Fetcher {
    install_tls();
    let settings = Settings {
        concurrency: 16,
        per_host_concurrency: 16,
        per_host_interval: Duration::ZERO,
        timeout: Duration::from_secs(10),
        retries: 0,
        retry_wait: Duration::from_millis(10),
        allow_private: true,
        control_urls,
        ..Settings::default()
    };
    Fetcher::new(settings).unwrap()
}

/// A complete registry row that no machine looks at.
pub(crate) fn account(id: &str, unit: &str) -> Account {
    Account {
        account_id: AccountId::new(id),
        name: format!("{unit}发布{id}"),
        platform: Platform::Wechat,
        unit: unit.to_owned(),
        unit_tier: Some(UnitTier::Department),
        supervising_unit: Some("云溪区人民政府办公室".to_owned()),
        represents_government: false,
        status: AccountStatus::Running,
        filing_no: Some(format!("云溪备{id}")),
        opened_on: None,
        followers: None,
        certified_subject: Some(unit.to_owned()),
        admin: Some(Personal::new("虚构")),
        admin_contact: None,
        source: None,
        source_url: None,
        source_options: serde_json::Map::new(),
        service_links: Vec::new(),
        extra: std::collections::BTreeMap::new(),
    }
}

/// The same, with a feed.
pub(crate) fn fed(id: &str, unit: &str, feed: String) -> Account {
    Account { source: Some(SourceKind::Feed), source_url: Some(feed), ..account(id, unit) }
}

/// The same, without a filing: one certain problem of class 突出问题.
pub(crate) fn unfiled(id: &str, unit: &str) -> Account {
    Account { filing_no: None, ..account(id, unit) }
}

/// Registers accounts.
pub(crate) async fn register(office: &Office, accounts: &[Account]) {
    hand_in(office, accounts, &[]).await;
}

/// Registers accounts and review records.
pub(crate) async fn hand_in(office: &Office, accounts: &[Account], reviews: &[ReviewRecord]) {
    let mut tx = office.store.write().await.unwrap();
    // Why: a column that nobody fills convicts nobody; here somebody, long closed, has filled every one.
    let closed = Account { status: AccountStatus::Closed, ..account("A0-closed", "云溪区档案馆") };
    tx.put_account(&closed, office.now()).await.unwrap();
    for account in accounts {
        tx.put_account(account, office.now()).await.unwrap();
    }
    for review in reviews {
        tx.put_review(review, office.now()).await.unwrap();
    }
    tx.commit().await.unwrap();
}

/// Opens and runs a round to its end.
pub(crate) async fn inspect(office: &Office, fetcher: &Fetcher, name: &str) -> xuncha::checks::run::Ran {
    use xuncha::checks::run;
    xuncha::sampling::open(office, round(name), &xuncha::sampling::Wishes::default()).await.unwrap();
    run::run(office, fetcher, round(name), run::Wishes::default(), |_| {}).await.unwrap()
}

/// Every finding of a round.
pub(crate) async fn findings(office: &Office, name: &str, outcome: Option<Outcome>) -> Vec<Finding> {
    let query = FindingQuery { round: Some(round(name)), outcome, ..FindingQuery::default() };
    let mut tx = office.store.read().await.unwrap();
    let page = tx.findings_page(&query, 0, 100_000, office.zone()).await.unwrap();
    page.into_iter().map(|found| found.finding).collect()
}

/// Every issue.
pub(crate) async fn issues(office: &Office) -> Vec<Issue> {
    let mut tx = office.store.read().await.unwrap();
    let page = tx.issues_page(&IssueQuery::default(), 0, 100_000, office.zone()).await.unwrap();
    page.into_iter().map(|found| found.issue).collect()
}

/// Every notice.
pub(crate) async fn notices(office: &Office) -> Vec<NoticeRow> {
    office.store.read().await.unwrap().notices_page(&NoticeQuery::default(), 0, 100_000).await.unwrap()
}

/// The kinds of an issue's events, in order.
pub(crate) async fn history(office: &Office, id: i64) -> Vec<String> {
    let found = office.store.read().await.unwrap().issue(id, office.zone()).await.unwrap();
    found.issue.events.iter().map(|event| event.kind.key().to_owned()).collect()
}

/// Asks again and again until it is so.
pub(crate) async fn eventually<F, Fut>(what: &str, patience: Duration, is_so: F)
where
    F: Fn() -> Fut,
    Fut: Future<Output = bool>,
{
    let until = Instant::now() + patience;
    while !is_so().await {
        assert!(Instant::now() < until, "{what}: not within {patience:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// A Telegram with a bot, and who is bound there.
pub(crate) struct Chat {
    pub(crate) telegram: FakeTelegram,
    pub(crate) bot: Messenger,
}

impl Chat {
    pub(crate) async fn start(office: &Office) -> Self {
        install_tls();
        let telegram = FakeTelegram::start(office.clock.clone()).await.unwrap();
        let token = SecretString::from(telegram.token());
        let bot = Messenger::new(&token, &telegram.api_url(), None).unwrap();
        Self { telegram, bot }
    }

    /// A person who is bound to a role, as if by `/bind`.
    pub(crate) async fn bind(&self, office: &Office, name: &str, role: Role, unit: Option<&str>) -> Person {
        let person = self.telegram.person(name);
        let invite = people::invite(office, role, unit).await.unwrap();
        let (user, chat) = (format!("telegram:{}", person.user_id), person.chat_id.to_string());
        people::bind(office, &invite.code, &user, name, "telegram", &chat, false, Lang::Zh).await.unwrap();
        person
    }

    /// Empties the outbox as far as it is due.
    pub(crate) async fn deliver(&self, office: &Office) -> Delivered {
        deliver_due(office, &self.bot, 100).await.unwrap()
    }
}

/// The demo's district, served on loopback, with its registry and review records handed in.
pub(crate) async fn district(office: &Office) -> Arc<World> {
    let world = Arc::new(World::plan("stories", 72, office.now(), office.zone()));
    Arc::clone(&world).serve(office.clock.clone()).await.unwrap();
    hand_in(office, &world.accounts(), &world.reviews()).await;
    world
}
