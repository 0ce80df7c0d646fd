//! A small office for the tests of this module: a temporary database, a set clock, a strict Telegram.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use secrecy::SecretString;
use tokio::sync::watch;

use super::telegram::Messenger;
use crate::clock::Clock;
use crate::config::Config;
use crate::demo::telegram::{FakeTelegram, Person};
use crate::domain::Lang;
use crate::domain::account::{Account, AccountId, AccountStatus, Platform};
use crate::domain::finding::{Evidence, Outcome};
use crate::domain::person::Role;
use crate::domain::round::{RoundKind, RoundName, RoundState};
use crate::domain::rule::{Indicator, RuleSet};
use crate::domain::workday::Calendar;
use crate::issues::open::open_round;
use crate::office::Office;
use crate::people;
use crate::store::{NewFinding, Round, Store};

/// A fictitious unit.
pub(super) const HEALTH: &str = "测试区卫生局";
/// Another one.
pub(super) const PARKS: &str = "测试区园林局";

/// Monday, 2026-11-23 09:00 in Shanghai.
pub(super) fn monday() -> DateTime<Utc> {
    "2026-11-23T01:00:00Z".parse().unwrap()
}

pub(super) struct World {
    pub(super) office: Office,
    pub(super) telegram: FakeTelegram,
    pub(super) messenger: Messenger,
    _dir: tempfile::TempDir,
    bot: Option<(watch::Sender<bool>, tokio::task::JoinHandle<()>)>,
}

impl World {
    pub(super) async fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let clock = Clock::set_at(monday());
        let url = format!("sqlite://{}", dir.path().join("test.db").display());
        let store = Store::open(&url, clock.now()).await.unwrap();
        let rules: RuleSet = toml::from_str(include_str!("../../accounts/rules/2019-19.toml")).unwrap();
        let mut config = Config::default();
        config.quiet.hours = None;
        let office = Office {
            store,
            clock: clock.clone(),
            config: Arc::new(config),
            calendar: Arc::new(Calendar::built_in()),
            rules: Arc::new(rules),
        };
        let telegram = FakeTelegram::start(clock).await.unwrap();
        let token = SecretString::from(telegram.token());
        let messenger = Messenger::new(&token, &telegram.api_url(), None).unwrap();
        Self { office, telegram, messenger, _dir: dir, bot: None }
    }

    /// A person bound without the bot's help.
    pub(super) async fn bound(&self, name: &str, role: Role, unit: Option<&str>) -> Person {
        let person = self.telegram.person(name);
        self.bind(&person, person.chat_id, role, unit).await;
        person
    }

    pub(super) async fn bind(&self, person: &Person, chat: i64, role: Role, unit: Option<&str>) {
        let code = self.code(role, unit).await;
        let key = format!("telegram:{}", person.user_id);
        let address = chat.to_string();
        people::bind(&self.office, &code, &key, &person.name, "telegram", &address, chat < 0, Lang::Zh).await.unwrap();
    }

    pub(super) async fn code(&self, role: Role, unit: Option<&str>) -> String {
        people::invite(&self.office, role, unit).await.unwrap().code
    }

    /// Registers an account of a unit.
    pub(super) async fn account(&self, id: &str, unit: &str) {
        let account = Account {
            account_id: AccountId::new(id),
            name: format!("测试发布{id}"),
            platform: Platform::Wechat,
            unit: unit.to_owned(),
            unit_tier: None,
            supervising_unit: None,
            represents_government: false,
            status: AccountStatus::Running,
            filing_no: None,
            opened_on: None,
            followers: None,
            certified_subject: None,
            admin: None,
            admin_contact: None,
            source: None,
            source_url: None,
            source_options: serde_json::Map::default(),
            service_links: Vec::new(),
            extra: std::collections::BTreeMap::default(),
        };
        let mut tx = self.office.store.write().await.unwrap();
        tx.put_account(&account, monday()).await.unwrap();
        tx.commit().await.unwrap();
    }

    /// Judges a round: a broken link for every `fail`, a suspected one for every `suspected` account.
    pub(super) async fn judge(&self, fail: &[&str], suspected: &[&str]) {
        let now = self.office.now();
        let round = Round {
            id: 0,
            name: RoundName::Quarter(2026, 4),
            kind: RoundKind::Quarterly,
            state: RoundState::Judged,
            as_of: monday(),
            ratio: "0.25".parse().unwrap(),
            rotation: None,
            seed: None,
            strata: Vec::new(),
            frame_size: 0,
            frame_sha256: String::new(),
            rehearsal: false,
            notify: true,
            frozen_at: now,
            opened_at: Some(now),
            judged_at: Some(now),
            closed_at: None,
        };
        let mut tx = self.office.store.write().await.unwrap();
        let id = tx.insert_round(&round, &[]).await.unwrap();
        let outcomes = fail.iter().map(|a| (a, Outcome::Fail)).chain(suspected.iter().map(|a| (a, Outcome::Suspected)));
        for (member, (account, outcome)) in (1..).zip(outcomes) {
            let new = NewFinding {
                indicator: Indicator::Link,
                subject: format!("https://{}.example/办事", account.to_lowercase()),
                class: self.office.rules.class(Indicator::Link),
                outcome,
                reason: "http_404".into(),
                summary: "链接 <办事指南> & 预约 打不开（404）".into(),
                as_of: monday(),
                observed_at: now,
                newest_at: None,
                rule: self.office.rules.reference(Indicator::Link),
                evidence: Evidence::default(),
                looks: 3,
                next_look_at: None,
            };
            tx.put_findings(id, member, &AccountId::new(*account), &[new]).await.unwrap();
        }
        let round = Round { id, ..round };
        open_round(&mut tx, &self.office, &round, now).await.unwrap();
        tx.commit().await.unwrap();
    }

    /// Starts the bot.
    pub(super) fn listen(&mut self) -> watch::Receiver<bool> {
        let (stop, stopped) = watch::channel(false);
        let (ready, is_ready) = watch::channel(false);
        let bot = super::bot::run(self.office.clone(), self.messenger.clone(), stopped, ready);
        self.bot = Some((stop, tokio::spawn(bot)));
        is_ready
    }

    /// Stops the bot, which has to obey within two seconds, and lists what Telegram would have refused.
    pub(super) async fn close(mut self) -> Vec<String> {
        if let Some((stop, bot)) = self.bot.take() {
            stop.send(true).unwrap();
            tokio::time::timeout(std::time::Duration::from_secs(2), bot).await.unwrap().unwrap();
        }
        self.telegram.violations()
    }
}
