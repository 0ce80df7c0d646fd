//! How sources are doing: an authorised WeChat account, a source that goes blind and sees again, canaries.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use xuncha::checks::recheck::recheck;
use xuncha::checks::second_look::look_again;
use xuncha::config::{CanaryConfig, Config};
use xuncha::domain::account::{Account, AccountId, Personal, Platform, SourceKind};
use xuncha::domain::finding::{Finding, Outcome};
use xuncha::domain::health::{SourceHealth, SourceState};
use xuncha::domain::issue::{Action, IssueStatus};
use xuncha::domain::notice::NoticeKind;
use xuncha::domain::review::{ReviewRecord, ReviewStage};
use xuncha::issues::{Scope, act};
use xuncha::office::Office;

use crate::world::both::on_both;
use crate::world::db::Database;
use crate::world::site::Site;
use crate::world::wechat::{APP_ID, FakeWechat, SECRET};
use crate::world::{
    account, config, fed, fetcher, findings, hand_in, inspect, issues, notices, office, office_with, register,
};

const UNIT: &str = "云溪区水务局";

async fn of(office: &Office, round: &str, id: &str, indicator: &str) -> Finding {
    let all = findings(office, round, None).await;
    let found = all.into_iter().find(|f| f.account_id.as_str() == id && f.indicator.key() == indicator);
    found.unwrap_or_else(|| panic!("{id} has no {indicator} in {round}"))
}

async fn health(office: &Office) -> BTreeMap<String, SourceHealth> {
    let page = office.store.read().await.unwrap().sources_page(None, None, 1000, office.zone()).await.unwrap();
    page.into_iter().map(|health| (health.account_id.to_string(), health)).collect()
}

/// An office that has a file of credentials.
fn authorised(db: &Database) -> Config {
    let mut config = config();
    config.wechat.credentials_file = Some(db.folder.path().join("wechat.toml"));
    config
}

/// Writes the credentials of account A1, whose interface is the fake one.
fn authorise(db: &Database, fake: &FakeWechat) {
    let (folder, api) = (db.folder.path(), &fake.base);
    std::fs::write(folder.join("a1.secret"), SECRET).unwrap();
    let text = format!("[A1]\napp_id = \"{APP_ID}\"\nsecret_file = \"a1.secret\"\napi = \"{api}\"\n");
    std::fs::write(folder.join("wechat.toml"), text).unwrap();
}

fn official(id: &str, base: Option<&str>) -> Account {
    Account { source: Some(SourceKind::Wechat), source_url: base.map(str::to_owned), ..account(id, UNIT) }
}

fn days_ago(office: &Office, days: i64) -> DateTime<Utc> {
    office.now() - TimeDelta::days(days)
}

fn watched(canary: &str) -> Config {
    let mut config = config();
    config.canaries = vec![CanaryConfig {
        platform: Platform::Wechat,
        source: SourceKind::Feed,
        url: canary.to_owned(),
        options: serde_json::Map::new(),
        max_age: Duration::from_hours(36),
    }];
    config
}

on_both! {
    /// A token for all pages, kept until shortly before it ends, asked for anew once when it is refused.
    async fn an_authorised_account_is_read_through_its_official_interface(db) {
        let office = office_with(db, "2026-11-23 09:00", authorised(db)).await;
        let articles = (0..45).map(|n| office.now() - TimeDelta::hours(n * 20)).collect();
        let fake = FakeWechat::start(articles).await;
        authorise(db, &fake);
        // What a unit wrote into the registry is never told the secret.
        let elsewhere = FakeWechat::start(vec![]).await;
        register(&office, &[official("A1", Some(&elsewhere.base)), official("A2", None)]).await;
        let fetcher = fetcher();
        inspect(&office, &fetcher, "2026-11-23").await;
        let found = of(&office, "2026-11-23", "A1", "stale").await;
        assert_eq!((found.outcome, found.newest_at.unwrap().utc()), (Outcome::Pass, office.now()));
        assert_eq!(fake.asked(), (1, 3));
        assert_eq!(found.evidence.url, Some(format!("{}/cgi-bin/freepublish/batchget", fake.base)));
        let closed = of(&office, "2026-11-23", "A2", "stale").await;
        assert_eq!((closed.outcome, closed.reason.as_str()), (Outcome::Unverified, "wants_authorisation"));
        let states = health(&office).await;
        assert_eq!((states["A1"].state, states["A2"].state), (SourceState::Working, SourceState::WantsAuthorisation));
        // The next day the token has ended by the clock: another is asked for, without force.
        office.clock.advance(TimeDelta::days(1));
        inspect(&office, &fetcher, "2026-11-24").await;
        assert_eq!(fake.asked(), (2, 6));
        // A token that somebody else replaced: refused, asked for anew once, and read.
        fake.forget_token();
        office.clock.advance(TimeDelta::minutes(90));
        inspect(&office, &fetcher, "2026H2").await;
        assert_eq!(of(&office, "2026H2", "A1", "stale").await.outcome, Outcome::Pass);
        assert_eq!(fake.asked(), (3, 10));
        assert_eq!((elsewhere.asked(), elsewhere.faults()), ((0, 0), Vec::new()));
        assert_eq!(fake.faults(), Vec::<String>::new());
        // Neither the token nor the secret is anywhere in the database.
        for table in ["observation WHERE data_json", "finding WHERE evidence_json", "event WHERE data_json", "source_health WHERE sentence"] {
            for word in ["_Tok-en", SECRET, "access_token"] {
                assert_eq!(db.number(&format!("SELECT COUNT(*) FROM {table} LIKE '%{word}%'")).await, 0, "{table} {word}");
            }
        }
    }

    /// What the interface refuses is said in plain words, and convicts nobody.
    async fn what_the_official_interface_refuses_is_unverified_with_its_reason(db) {
        let office = office_with(db, "2026-11-23 09:00", authorised(db)).await;
        let fake = FakeWechat::start(vec![days_ago(&office, 60)]).await;
        authorise(db, &fake);
        register(&office, &[official("A1", None)]).await;
        let fetcher = fetcher();
        let mut day = 0;
        let mut look = async || {
            day += 1;
            office.clock.advance(TimeDelta::days(1));
            let name = office.date(office.now()).to_string();
            inspect(&office, &fetcher, &name).await;
            let found = of(&office, &name, "A1", "stale").await;
            assert_eq!(found.outcome, Outcome::Unverified, "{found:?}");
            assert!(!found.summary.contains(SECRET), "{}", found.summary);
            (found.reason, health(&office).await["A1"].state)
        };
        let part = ("partial_source".to_owned(), SourceState::Working);
        assert_eq!(look().await, part, "an old newest article proves nothing: mass-sent ones are left out");
        fake.refuse_tokens(Some(40164));
        assert_eq!(look().await, ("ip_not_listed".to_owned(), SourceState::WantsAuthorisation));
        fake.refuse_tokens(Some(40125));
        assert_eq!(look().await, ("wants_authorisation".to_owned(), SourceState::WantsAuthorisation));
        fake.refuse_tokens(None);
        fake.refuse_articles(Some(45009));
        assert_eq!(look().await, ("quota_exceeded".to_owned(), SourceState::Blocked));
        fake.refuse_articles(Some(48001));
        assert_eq!(look().await, ("wants_authorisation".to_owned(), SourceState::WantsAuthorisation));
        fake.refuse_articles(Some(40001));
        let before = fake.asked();
        assert_eq!(look().await, ("wants_authorisation".to_owned(), SourceState::WantsAuthorisation));
        let after = fake.asked();
        assert!(after.0 - before.0 <= 2 && after.1 - before.1 == 2, "refreshed once, not again and again");
        fake.refuse_articles(None);
        assert_eq!(look().await, part);
        assert_eq!(fake.faults(), Vec::<String>::new());
        assert!(issues(&office).await.is_empty());
    }

    /// Reviews lie between the draft and its publication: none of them came too late. What waited long has no time.
    async fn an_article_that_was_reviewed_as_a_draft_was_reviewed_in_time(db) {
        let office = office_with(db, "2026-11-23 09:00", authorised(db)).await;
        let fake = FakeWechat::start(Vec::new()).await;
        authorise(db, &fake);
        register(&office, &[official("A1", None)]).await;
        fake.publish_draft(days_ago(&office, 40), days_ago(&office, 1));
        let fetcher = fetcher();
        inspect(&office, &fetcher, "2026-11-23").await;
        let found = of(&office, "2026-11-23", "A1", "stale").await;
        assert_eq!((found.outcome, found.reason.as_str()), (Outcome::Unverified, "no_dates"), "{}", found.summary);
        // A page of such articles alone says nothing against the one before it.
        for _ in 0..19 {
            fake.publish(days_ago(&office, 200));
        }
        // Begun on Friday, reviewed at the weekend, published on Monday morning.
        fake.publish_draft(days_ago(&office, 3), office.now() - TimeDelta::hours(1));
        let stage = |name: &str, days| ReviewStage { reviewer: Some(Personal::new(name)), at: Some(days_ago(&office, days)) };
        let [first, second, last] = [stage("赵甲乙", 2), stage("钱丙丁", 2), stage("孙戊己", 1)];
        let title = Some("虚构通知0".to_owned());
        let record = ReviewRecord { account_id: AccountId::new("A1"), post_url: None, title, first, second, last };
        hand_in(&office, &[official("A1", None)], &[record]).await;
        inspect(&office, &fetcher, "2026H2").await;
        assert_eq!((of(&office, "2026H2", "A1", "stale").await.outcome, fake.asked().1), (Outcome::Pass, 3));
        let review = of(&office, "2026H2", "A1", "review").await;
        assert_eq!((review.outcome, review.reason.as_str()), (Outcome::Pass, "reviewed"), "{}", review.summary);
        assert!(issues(&office).await.is_empty());
    }

    /// Services live in the menu: its pages are looked at as service links, once, and what no program can open is said.
    async fn the_links_of_the_menu_are_looked_at_as_services(db) {
        let site = Site::start().await;
        let office = office_with(db, "2026-11-23 09:00", authorised(db)).await;
        let fake = FakeWechat::start(vec![days_ago(&office, 1)]).await;
        authorise(db, &fake);
        let (good, gone, both) = (site.page("/good", 200), site.page("/gone", 404), site.page("/both", 404));
        let in_words = site.page("/in-words", 404);
        let view = |name: &str, url: &str| json!({ "type": "view", "name": name, "url": url });
        let menu = |buttons: Value| json!({ "is_menu_open": 1, "selfmenu_info": { "button": buttons } });
        fake.menu(&menu(json!([
            { "name": "办事", "sub_button": { "list": [view("好", &good), view("坏", &gone), view("重", &format!("{both}#top"))] } },
            view("空", ""),
            { "type": "text", "name": "怎么办", "value": format!("请点<a href=\"{in_words}\">这里</a>办理，或打开{}", site.url("/bare")) },
            { "type": "miniprogram", "name": "掌上办", "url": "http://mp.weixin.qq.com", "appid": "wx0", "pagepath": "p" },
        ])));
        let account = Account { service_links: vec![both.clone()], ..official("A1", None) };
        register(&office, std::slice::from_ref(&account)).await;
        let fetcher = fetcher();
        // A patrol leaves links alone, and the menu with them.
        inspect(&office, &fetcher, "2026-11-23").await;
        assert_eq!(fake.menus(), 0);
        inspect(&office, &fetcher, "2026H2").await;
        assert_eq!((fake.menus(), site.asked("/good"), site.asked("/both")), (1, 1, 2), "broken ones are asked twice");
        let links: BTreeMap<String, Finding> = findings(&office, "2026H2", None)
            .await
            .into_iter()
            .filter(|found| found.indicator.key() == "link")
            .map(|found| (found.subject.clone(), found))
            .collect();
        assert_eq!(links.keys().collect::<Vec<_>>(), [&both, &gone, &in_words]);
        assert_eq!((links[&in_words].outcome, links[&in_words].evidence.in_menu), (Outcome::Fail, true));
        assert_eq!(site.asked("/bare"), 0);
        assert_eq!((links[&gone].outcome, links[&gone].evidence.in_menu), (Outcome::Fail, true));
        assert!(links[&gone].summary.ends_with("；位于公众号自定义菜单"), "{}", links[&gone].summary);
        assert!(!links[&both].evidence.in_menu && !links[&both].summary.contains("菜单"));
        // The button leads elsewhere now: that is how such a link is mended, though its old page stays away.
        let issue = issues(&office).await.into_iter().find(|issue| issue.subject == gone).unwrap();
        act(&office, issue.id, Action::Fix, "已更换菜单链接", "unit", &Scope::All).await.unwrap();
        fake.refuse_menu(Some(48001));
        let (_, measured) = recheck(&office, &fetcher, issue.id, "cli", &Scope::All).await.unwrap();
        assert_eq!(measured.passed, Some(false), "a menu that cannot be read excuses nothing");
        act(&office, issue.id, Action::Fix, "已更换菜单链接", "unit", &Scope::All).await.unwrap();
        fake.refuse_menu(None);
        fake.menu(&menu(json!([view("好", &good)])));
        let (acted, measured) = recheck(&office, &fetcher, issue.id, "cli", &Scope::All).await.unwrap();
        assert_eq!((measured.passed, acted.issue.state.status), (Some(true), IssueStatus::Closed));
        assert!(measured.sentence.contains("自定义菜单中已无该链接"), "{}", measured.sentence);
        assert_eq!(fake.faults(), Vec::<String>::new());
        for table in ["observation WHERE data_json", "finding WHERE evidence_json", "finding WHERE summary", "event WHERE data_json", "event WHERE note", "page_copy WHERE url"] {
            for word in ["_Tok-en", SECRET, "access_token"] {
                assert_eq!(db.number(&format!("SELECT COUNT(*) FROM {table} LIKE '%{word}%'")).await, 0, "{table} {word}");
            }
        }
    }

    /// A menu that cannot be read is said to be unverified, whatever is read besides; it convicts nobody.
    async fn a_menu_that_cannot_be_read_is_neither_passed_nor_charged(db) {
        let site = Site::start().await;
        let office = office_with(db, "2026-11-23 09:00", authorised(db)).await;
        let fake = FakeWechat::start(Vec::new()).await;
        authorise(db, &fake);
        let account = Account { service_links: vec![site.page("/good", 200)], ..official("A1", None) };
        register(&office, std::slice::from_ref(&account)).await;
        let fetcher = fetcher();
        let later = |days: i64| office.clock.advance(TimeDelta::days(days));
        let look = async |name: &str| {
            fake.publish(days_ago(&office, 1));
            inspect(&office, &fetcher, name).await;
            assert_eq!(of(&office, name, "A1", "stale").await.outcome, Outcome::Pass, "posts are read all the same");
            let link = of(&office, name, "A1", "link").await;
            assert_eq!(link.subject, "");
            assert!(link.summary.contains("所查1个链接均可打开"), "{}", link.summary);
            (link.outcome, link.reason, link.summary)
        };
        let (outcome, _, said) = look("2026Q4").await;
        assert_eq!(outcome, Outcome::Pass, "no menu, nothing to verify");
        assert!(said.ends_with("；自定义菜单未启用"), "{said}");
        fake.refuse_menu(Some(48001));
        let (outcome, reason, said) = look("2026H2").await;
        assert_eq!((outcome, reason.as_str()), (Outcome::Unverified, "wants_authorisation"));
        assert!(said.contains("自定义菜单未能读取") && said.contains("48001"), "{said}");
        fake.refuse_menu(None);
        later(70);
        fake.menu(&"菜单<".repeat(10_000));
        let (outcome, reason, _) = look("2027Q1").await;
        assert_eq!((outcome, reason.as_str()), (Outcome::Unverified, "not_data"));
        let closed = json!({ "is_menu_open": 0, "selfmenu_info": { "button": [{ "type": "view", "name": "坏", "url": site.page("/gone", 404) }] } });
        fake.menu(&closed);
        assert_eq!(look("2027H1").await.0, Outcome::Pass);
        assert_eq!(site.asked("/gone"), 0, "what is shown to nobody is offered to nobody");
        // Nothing but what a person has to try: that is no pass.
        later(70);
        register(&office, &[official("A1", None)]).await;
        fake.menu(&json!({ "is_menu_open": 1, "selfmenu_info": { "button": [{ "type": "miniprogram", "name": "办", "appid": "wx0" }] } }));
        inspect(&office, &fetcher, "2027Q2").await;
        let link = of(&office, "2027Q2", "A1", "link").await;
        assert_eq!((link.outcome, link.reason.as_str()), (Outcome::Unverified, "menu_by_hand"));
        // Posts cannot be read, the menu can.
        later(100);
        fake.refuse_articles(Some(48001));
        fake.menu(&json!({ "is_menu_open": 1, "selfmenu_info": { "button": [{ "type": "view", "name": "好", "url": site.url("/good") }] } }));
        inspect(&office, &fetcher, "2027Q3").await;
        assert_eq!(of(&office, "2027Q3", "A1", "stale").await.outcome, Outcome::Unverified);
        assert_eq!(of(&office, "2027Q3", "A1", "link").await.outcome, Outcome::Pass);
        assert!(issues(&office).await.iter().all(|issue| issue.indicator.key() != "link"));
        assert_eq!(fake.faults(), Vec::<String>::new());
    }

    /// Since when a source is blind stays while it is; one line of it stands in the morning's digest.
    async fn a_source_goes_blind_and_sees_again(db) {
        let site = Site::start().await;
        let office = office(db, "2026-11-23 09:00").await;
        let fresh = days_ago(&office, 1);
        register(&office, &[
            fed("A1", UNIT, site.feed("/a1", &[fresh])),
            fed("A2", UNIT, site.feed("/a2", &[fresh])),
            account("A3", UNIT),
        ])
        .await;
        let fetcher = fetcher();
        inspect(&office, &fetcher, "2026-11-23").await;
        let states = health(&office).await;
        assert_eq!(states.keys().collect::<Vec<_>>(), ["A1", "A2"], "no source, no health");
        assert!(states.values().all(|source| source.state == SourceState::Working && source.reason.is_empty()));
        let began = office.now();
        site.page("/a1", 503);
        site.data("/a2", "<html><title>安全验证</title><body>请完成安全验证</body></html>");
        office.clock.advance(TimeDelta::days(1));
        inspect(&office, &fetcher, "2026-11-24").await;
        let blind_since = office.now();
        let states = health(&office).await;
        assert_eq!((states["A1"].state, states["A1"].reason.as_str()), (SourceState::Blind, "bad_status"));
        assert_eq!((states["A2"].state, states["A1"].since.utc()), (SourceState::Blocked, blind_since));
        assert!(states["A1"].sentence.contains("503"));
        office.clock.advance(TimeDelta::days(1));
        inspect(&office, &fetcher, "2026-11-25").await;
        let states = health(&office).await;
        assert_eq!((states["A1"].since.utc(), states["A1"].looked_at.utc()), (blind_since, office.now()));
        let mut tx = office.store.read().await.unwrap();
        let listed = tx.troubled_sources(5, office.zone()).await.unwrap();
        assert_eq!(listed.iter().map(|source| source.account_id.as_str()).collect::<Vec<_>>(), ["A1", "A2"]);
        assert_eq!(tx.source_counts().await.unwrap(), [(SourceState::Blind, 1), (SourceState::Blocked, 1)]);
        drop(tx);
        site.feed("/a1", &[fresh]);
        office.clock.advance(TimeDelta::days(1));
        inspect(&office, &fetcher, "2026-11-26").await;
        let states = health(&office).await;
        assert_eq!((states["A1"].state, states["A1"].since.utc()), (SourceState::Working, office.now()));
        assert_eq!((states["A2"].state, states["A2"].since.utc()), (SourceState::Blocked, blind_since));
        assert!(began < blind_since);
    }

    /// While the canary is silent nobody of its platform is judged silent, warned, or refused a rectification.
    async fn while_a_canary_is_silent_nobody_is_judged_silent(db) {
        let site = Site::start().await;
        let canary = site.url("/canary");
        let office = office_with(db, "2026-11-23 09:00", watched(&canary)).await;
        let other = Account { platform: Platform::Weibo, ..fed("A4", UNIT, site.feed("/a4", &[days_ago(&office, 20)])) };
        register(&office, &[
            fed("A1", UNIT, site.feed("/a1", &[days_ago(&office, 20)])),
            fed("A2", UNIT, site.feed("/a2", &[days_ago(&office, 1)])),
            fed("A3", UNIT, site.feed("/a3", &[days_ago(&office, 11)])),
            other,
        ])
        .await;
        let fetcher = fetcher();
        let warnings = async || notices(&office).await.iter().filter(|notice| notice.body.kind() == NoticeKind::Warning).count();
        for broken in ["silent", "unreadable"] {
            if broken == "silent" {
                site.feed("/canary", &[days_ago(&office, 2)]);
            } else {
                site.page("/canary", 503);
            }
            let name = office.date(office.now()).to_string();
            let asked = site.asked("/canary");
            inspect(&office, &fetcher, &name).await;
            assert_eq!(site.asked("/canary"), asked + 1, "looked at once a run");
            let verdict = async |id| {
                let found = of(&office, &name, id, "stale").await;
                (found.outcome, found.reason)
            };
            assert_eq!(verdict("A1").await, (Outcome::Unverified, "canary_silent".to_owned()), "{broken}");
            assert_eq!(verdict("A2").await, (Outcome::Pass, "updated".to_owned()));
            assert_eq!(verdict("A3").await.0, Outcome::Pass);
            assert_eq!(verdict("A4").await.0, Outcome::Fail, "another platform is another matter");
            let said = of(&office, &name, "A1", "stale").await.summary;
            assert!(said.contains("对照账号"), "{said}");
            assert_eq!(warnings().await, 0);
            office.clock.advance(TimeDelta::days(1));
        }
        // It sings again: the silence is judged, and the next one is warned of.
        site.feed("/canary", &[office.now()]);
        inspect(&office, &fetcher, "2026-11-25").await;
        assert_eq!(of(&office, "2026-11-25", "A1", "stale").await.outcome, Outcome::Fail);
        assert_eq!(warnings().await, 1);
        // A rectification is reported while the source is blind: nothing is rejected.
        let issue = issues(&office).await.into_iter().find(|issue| issue.account_id.as_str() == "A1").unwrap();
        act(&office, issue.id, Action::Fix, "已恢复更新", "unit", &Scope::All).await.unwrap();
        site.page("/canary", 503);
        let (acted, measured) = recheck(&office, &fetcher, issue.id, "cli", &Scope::All).await.unwrap();
        assert_eq!((measured.passed, acted.issue.state.status), (None, IssueStatus::Rectified));
        site.feed("/canary", &[office.now()]);
        let (acted, measured) = recheck(&office, &fetcher, issue.id, "cli", &Scope::All).await.unwrap();
        assert_eq!(measured.passed, Some(false), "{measured:?}");
        assert_ne!(acted.issue.state.status, IssueStatus::Rectified);
    }

    /// An app that is looked after by hand from now on: the doubt waits for a person, not for a look.
    async fn a_doubt_that_can_no_longer_be_looked_at_is_put_to_a_person(db) {
        let site = Site::start().await;
        let office = office(db, "2026-11-23 09:00").await;
        let gone = site.data("/A1", r#"{"resultCount":0,"results":[]}"#);
        let app = Account { platform: Platform::App, source: Some(SourceKind::App), ..fed("A1", UNIT, gone) };
        register(&office, std::slice::from_ref(&app)).await;
        let fetcher = fetcher();
        inspect(&office, &fetcher, "2026H2").await;
        let doubt = of(&office, "2026H2", "A1", "app_unavailable").await;
        assert_eq!(doubt.outcome, Outcome::Suspected);
        register(&office, &[Account { source: Some(SourceKind::Manual), source_url: None, ..app }]).await;
        office.clock.advance(TimeDelta::hours(7));
        assert_eq!(look_again(&office, &fetcher).await.unwrap().for_a_person, 1);
        assert_eq!(look_again(&office, &fetcher).await.unwrap().looked_at, 0);
        let mut tx = office.store.read().await.unwrap();
        let kept = tx.finding(doubt.id, office.zone()).await.unwrap();
        assert_eq!((kept.finding.outcome, kept.next_look_at), (Outcome::Suspected, None));
    }

    /// What the database cannot give of one account costs no other finding its look.
    async fn a_look_that_fails_takes_no_other_with_it(db) {
        let site = Site::start().await;
        let office = office(db, "2026-11-23 09:00").await;
        let gone = r#"{"resultCount":0,"results":[]}"#;
        let app = |id: &str| Account {
            platform: Platform::App,
            source: Some(SourceKind::App),
            ..fed(id, UNIT, site.data(&format!("/{id}"), gone))
        };
        register(&office, &[app("A1"), app("A2")]).await;
        let fetcher = fetcher();
        inspect(&office, &fetcher, "2026H2").await;
        office.clock.advance(TimeDelta::hours(7));
        let before = of(&office, "2026H2", "A1", "app_unavailable").await;
        db.sql("UPDATE account SET extra_json = '?' WHERE account_id = 'A1'").await.unwrap();
        assert_eq!(look_again(&office, &fetcher).await.unwrap().looked_at, 1);
        db.sql("UPDATE account SET extra_json = '{}' WHERE account_id = 'A1'").await.unwrap();
        assert_eq!(of(&office, "2026H2", "A1", "app_unavailable").await, before, "it is still due");
        assert_eq!(look_again(&office, &fetcher).await.unwrap().looked_at, 1);
    }

    /// Three looks on two days, then a person; a store that has it again takes the doubt away.
    async fn an_app_the_store_no_longer_has_is_suspected_and_looked_at_again(db) {
        let site = Site::start().await;
        let office = office(db, "2026-11-23 09:00").await;
        let here = r#"{"resultCount":1,"results":[{"trackId":1,"trackName":"掌上云溪","version":"1.0","currentVersionReleaseDate":"2026-11-20T00:00:00Z"}]}"#;
        let gone = r#"{"resultCount":0,"results":[]}"#;
        let app = |id: &str, body: &str| Account {
            platform: Platform::App,
            source: Some(SourceKind::App),
            ..fed(id, UNIT, site.data(&format!("/{id}"), body))
        };
        register(&office, &[app("A1", here), app("A2", gone), app("A3", gone)]).await;
        let fetcher = fetcher();
        inspect(&office, &fetcher, "2026H2").await;
        let verdict = async |id| of(&office, "2026H2", id, "app_unavailable").await.outcome;
        assert_eq!(verdict("A1").await, Outcome::Pass);
        assert_eq!((verdict("A2").await, verdict("A3").await), (Outcome::Suspected, Outcome::Suspected));
        site.data("/A3", here);
        let (mut recovered, mut for_a_person, mut failed) = (0, 0, 0);
        for _ in 0..10 {
            office.clock.advance(TimeDelta::hours(6));
            let came = look_again(&office, &fetcher).await.unwrap();
            recovered += came.recovered;
            for_a_person += came.for_a_person;
            failed += came.failed;
        }
        assert_eq!((recovered, for_a_person, failed), (1, 1, 0));
        assert_eq!((verdict("A2").await, verdict("A3").await), (Outcome::Suspected, Outcome::Pass));
        assert!(issues(&office).await.iter().all(|issue| issue.indicator.key() != "app_unavailable"));
        let id = of(&office, "2026H2", "A2", "app_unavailable").await.id;
        xuncha::checks::decide::decide_finding(&office, id, true, "", "cli").await.unwrap();
        let issue = issues(&office).await.into_iter().find(|issue| issue.indicator.key() == "app_unavailable").unwrap();
        act(&office, issue.id, Action::Fix, "已重新上架", "unit", &Scope::All).await.unwrap();
        let (_, measured) = recheck(&office, &fetcher, issue.id, "cli", &Scope::All).await.unwrap();
        assert_eq!(measured.passed, Some(false));
        site.data("/A2", here);
        let (acted, measured) = recheck(&office, &fetcher, issue.id, "cli", &Scope::All).await.unwrap();
        assert_eq!(measured.passed, Some(true));
        assert_ne!(acted.issue.state.status, IssueStatus::Closed, "a person closes what a person judged");
    }
}
