//! A gateway that answers for everybody, and looks that saw nothing: nobody is accused, no doubt is lost.

use std::time::Duration;

use chrono::TimeDelta;
use xuncha::checks::run::{self, Ran, Wishes};
use xuncha::checks::second_look::look_again;
use xuncha::domain::account::Account;
use xuncha::domain::finding::Outcome;
use xuncha::domain::round::RoundState;
use xuncha::fetch::{Fetcher, Settings};
use xuncha::issues::looks;
use xuncha::office::Office;
use xuncha::sampling;

use crate::world::both::on_both;
use crate::world::site::Site;
use crate::world::{account, fetcher, findings, inspect, issues, notices, office, register, round};

const ROUND: &str = "2026H2";
const CONTROL: &str = "http://control.example/up";

/// A client whose every request goes through `site`, whatever host it is for.
fn behind(site: &Site, control: &[&str]) -> Fetcher {
    let settings = Settings {
        proxy: Some(site.url("")),
        per_host_interval: Duration::ZERO,
        retries: 0,
        control_urls: control.iter().map(|url| (*url).to_owned()).collect(),
        ..Settings::default()
    };
    Fetcher::new(settings).unwrap()
}

fn linking(n: usize, link: String) -> Account {
    Account { service_links: vec![link], ..account(&format!("A{n:03}"), &format!("云溪区第{}局", n % 5)) }
}

/// Twelve accounts, each with a link on a host of its own.
async fn twelve_hosts(office: &Office) {
    let accounts: Vec<_> = (0..12).map(|n| linking(n, format!("http://h{n}.example/service"))).collect();
    register(office, &accounts).await;
    sampling::open(office, round(ROUND), &sampling::Wishes::default()).await.unwrap();
}

async fn go_on(office: &Office, fetcher: &Fetcher) -> Ran {
    run::run(office, fetcher, round(ROUND), Wishes::default(), |_| {}).await.unwrap()
}

async fn reasons(office: &Office, outcome: Outcome) -> Vec<String> {
    let found = findings(office, ROUND, Some(outcome)).await;
    found.into_iter().filter(|f| f.indicator.key() == "link").map(|f| f.reason).collect()
}

on_both! {
    /// No control address: made again once, then left in doubt, looked at on other days, put to a person.
    async fn a_gateway_that_answers_404_to_everything_convicts_nobody(db) {
        let site = Site::start().await;
        site.page("/service", 404);
        let office = office(db, "2026-11-23 09:00").await;
        twelve_hosts(&office).await;
        let held = go_on(&office, &behind(&site, &[])).await.held.expect("held back");
        assert_eq!((held.reason.as_str(), held.members), ("not_found", 12));
        let ran = go_on(&office, &behind(&site, &[])).await;
        assert_eq!((ran.held, ran.round.state), (None, RoundState::Judged));
        assert!(issues(&office).await.is_empty());
        assert_eq!(reasons(&office, Outcome::Suspected).await, ["not_found"; 12]);
        let mut for_a_person = 0;
        for _ in 0..2 {
            office.clock.advance(TimeDelta::hours(24));
            let came = look_again(&office, &behind(&site, &[])).await.unwrap();
            assert_eq!((came.looked_at, came.failed), (12, 0));
            for_a_person += came.for_a_person;
        }
        assert_eq!(for_a_person, 12);
        assert!(issues(&office).await.is_empty());
    }

    /// The gateway is gone at the next look: what opens recovers, what is missing still is charged.
    async fn what_was_left_in_doubt_is_settled_by_a_later_look(db) {
        let site = Site::start().await;
        site.page("/service", 404);
        let office = office(db, "2026-11-23 09:00").await;
        twelve_hosts(&office).await;
        go_on(&office, &behind(&site, &[])).await;
        go_on(&office, &behind(&site, &[])).await;
        site.page("/service", 200);
        office.clock.advance(TimeDelta::hours(7));
        assert_eq!(look_again(&office, &behind(&site, &[])).await.unwrap().recovered, 12);
        assert!(issues(&office).await.is_empty());
    }

    /// The control address gets the gateway's answer too: we are offline, as often as that is so.
    async fn a_control_address_that_is_refused_is_no_control_address_that_answers(db) {
        let site = Site::start().await;
        let office = office(db, "2026-11-23 09:00").await;
        twelve_hosts(&office).await;
        for status in [404, 403, 407, 410, 503] {
            site.page("/service", status);
            site.page("/up", status);
            let ran = go_on(&office, &behind(&site, &[CONTROL])).await;
            assert_eq!(ran.held.map(|held| held.reason).as_deref(), Some("offline"), "{status}");
            assert_eq!(ran.round.state, RoundState::Open);
        }
        site.page("/service", 200);
        site.page("/up", 200);
        let ran = go_on(&office, &behind(&site, &[CONTROL])).await;
        assert_eq!((ran.held, ran.round.state), (None, RoundState::Judged));
        assert_eq!(reasons(&office, Outcome::Pass).await.len(), 12);
    }

    /// One dead link that everybody names is one host's fault, and told to each.
    async fn a_dead_link_that_many_accounts_share_is_charged_at_once(db) {
        let site = Site::start().await;
        site.page("/dead", 404);
        let office = office(db, "2026-11-23 09:00").await;
        register(&office, &(0..12).map(|n| linking(n, "http://one.example/dead".to_owned())).collect::<Vec<_>>()).await;
        let ran = inspect(&office, &behind(&site, &[]), ROUND).await;
        assert_eq!(ran.held, None);
        assert_eq!(reasons(&office, Outcome::Fail).await, ["not_found"; 12]);
        assert_eq!(issues(&office).await.len(), 12);
        assert!(!notices(&office).await.is_empty());
    }

    /// Three accounts at a time: what failed alike shows in the whole round alone.
    async fn a_round_run_in_pieces_is_held_back_as_a_whole(db) {
        let site = Site::start().await;
        site.page("/service", 404);
        let office = office(db, "2026-11-23 09:00").await;
        twelve_hosts(&office).await;
        let mut held = Vec::new();
        for _ in 0..4 {
            let wishes = Wishes { limit: Some(3), as_of: None };
            let ran = run::run(&office, &behind(&site, &[]), round(ROUND), wishes, |_| {}).await.unwrap();
            held.push(ran.held.map(|held| held.members));
        }
        assert_eq!(held, [None, None, None, Some(12)]);
        assert_eq!(go_on(&office, &behind(&site, &[])).await.round.state, RoundState::Judged);
        assert!(issues(&office).await.is_empty());
        assert_eq!(reasons(&office, Outcome::Suspected).await, ["not_found"; 12]);
    }

    /// A look while we are offline neither counts nor replaces what was in doubt.
    async fn a_second_look_that_saw_nothing_leaves_the_doubt_as_it_was(db) {
        let site = Site::start().await;
        site.page("/service", 503);
        site.page("/up", 200);
        let office = office(db, "2026-11-23 09:00").await;
        register(&office, &[linking(0, "http://h0.example/service".to_owned())]).await;
        inspect(&office, &behind(&site, &[CONTROL]), ROUND).await;
        let doubt = findings(&office, ROUND, Some(Outcome::Suspected)).await;
        assert_eq!(doubt[0].reason, "server_error");
        let looks = "SELECT looks FROM finding WHERE outcome = 'suspected' AND next_look_at IS NOT NULL";
        site.page("/up", 503);
        for _ in 0..4 {
            office.clock.advance(TimeDelta::hours(7));
            assert_eq!(look_again(&office, &behind(&site, &[CONTROL])).await.unwrap().looked_at, 1);
        }
        assert_eq!(findings(&office, ROUND, Some(Outcome::Suspected)).await, doubt);
        assert_eq!(db.number(looks).await, 1);
        // A captcha says nothing of the page either, but it was an answer: the look counts.
        site.page("/up", 200);
        site.page("/service", 429);
        office.clock.advance(TimeDelta::hours(7));
        look_again(&office, &behind(&site, &[CONTROL])).await.unwrap();
        assert_eq!(findings(&office, ROUND, Some(Outcome::Suspected)).await, doubt);
        assert_eq!(db.number(looks).await, 2);
    }

    /// One URL, many findings: asked once, and each look is told of with its time and reason.
    async fn second_looks_at_one_url_are_one_request_and_each_is_written_down(db) {
        let site = Site::start().await;
        let link = site.page("/service", 503);
        let office = office(db, "2026-11-23 09:00").await;
        register(&office, &(0..20).map(|n| linking(n, link.clone())).collect::<Vec<_>>()).await;
        inspect(&office, &fetcher(), ROUND).await;
        let before = site.asked("/service");
        office.clock.advance(TimeDelta::hours(7));
        assert_eq!(look_again(&office, &fetcher()).await.unwrap().looked_at, 20);
        assert_eq!(site.asked("/service") - before, 1);
        site.page("/service", 403);
        office.clock.advance(TimeDelta::hours(24));
        assert_eq!(look_again(&office, &fetcher()).await.unwrap().for_a_person, 20);
        let id = findings(&office, ROUND, Some(Outcome::Suspected)).await[0].id;
        let looks = looks::of(&mut office.store.read().await.unwrap(), &office, id).await.unwrap();
        let days: Vec<_> = looks.iter().map(|look| office.date(look.at.utc()).to_string()).collect();
        assert_eq!(days, ["2026-11-23", "2026-11-23", "2026-11-24"]);
        assert!(looks[0].note.contains("5xx") && looks[1].note.contains("5xx") && looks[2].note.contains("403"), "{looks:?}");
    }
}
