//! A run that is cut off resumes; runs beside each other share the work; our own outage accuses nobody.

use std::collections::BTreeMap;
use std::time::Duration;

use xuncha::checks::run::{self, Wishes};
use xuncha::domain::account::AccountId;
use xuncha::domain::finding::Outcome;
use xuncha::domain::round::RoundState;
use xuncha::domain::rule::{Indicator, RuleRef};
use xuncha::fetch::Fetcher;
use xuncha::office::Office;
use xuncha::sampling;
use xuncha::store::{EndedLook, FindingQuery, NewFinding};

use crate::world::both::on_both;
use crate::world::site::Site;
use crate::world::{
    at, config, eventually, fed, fetcher, fetcher_with, findings, inspect, issues, office, open, register, round,
};

const ACCOUNTS: usize = 48;

/// Accounts with a feed each that answers after `delay`; every eighth is silent.
async fn stage(office: &Office, site: &Site, delay: Duration) {
    let accounts: Vec<_> = (0..ACCOUNTS)
        .map(|n| {
            let newest = if n % 8 == 0 { at("2026-10-20 08:00") } else { at("2026-11-20 08:00") };
            let feed = site.slow_feed(&format!("/{n}"), &[newest], delay);
            fed(&format!("A{n:03}"), &format!("云溪区第{}局", n % 5), feed)
        })
        .collect();
    register(office, &accounts).await;
    sampling::open(office, round("2026H2"), &sampling::Wishes::default()).await.unwrap();
}

async fn finish(office: &Office, fetcher: &Fetcher) -> run::Ran {
    run::run(office, fetcher, round("2026H2"), Wishes::default(), |_| {}).await.unwrap()
}

async fn looked_at(office: &Office) -> i64 {
    let mut tx = office.store.read().await.unwrap();
    let id = tx.require_round(round("2026H2")).await.unwrap().id;
    tx.member_counts(id).await.unwrap().looked_at
}

/// Every member has one verdict on each indicator, and the six silent ones are the only failures.
async fn nothing_is_lost_or_doubled(office: &Office) {
    let mut by_account = BTreeMap::<String, Vec<&str>>::new();
    let all = findings(office, "2026H2", None).await;
    for finding in &all {
        by_account.entry(finding.account_id.to_string()).or_default().push(finding.indicator.key());
    }
    assert_eq!(by_account.len(), ACCOUNTS);
    for (account, mut indicators) in by_account {
        indicators.sort_unstable();
        indicators.dedup();
        assert!(indicators.contains(&"registration") && indicators.contains(&"stale"), "{account}: {indicators:?}");
    }
    let failed = all.iter().filter(|f| f.outcome == Outcome::Fail).count();
    assert_eq!(failed, ACCOUNTS / 8);
    assert_eq!(issues(office).await.len(), ACCOUNTS / 8);
}

/// Accounts of which nothing could be read.
async fn not_seen(office: &Office) -> usize {
    let unverified = findings(office, "2026H2", Some(Outcome::Unverified)).await;
    unverified.iter().filter(|finding| finding.indicator.key() == "stale").count()
}

on_both! {
    /// Cut off in the middle, like a process that is killed: its claims run out, the rest is done once.
    async fn a_run_that_is_cut_off_resumes_where_it_stopped(db) {
        let site = Site::start().await;
        let office = office(db, "2026-11-23 09:00").await;
        stage(&office, &site, Duration::from_millis(120)).await;
        let cut = {
            let office = office.clone();
            tokio::spawn(async move { finish(&office, &fetcher()).await })
        };
        eventually("some members are looked at", Duration::from_secs(20), || async { looked_at(&office).await > 8 }).await;
        cut.abort();
        assert!(cut.await.unwrap_err().is_cancelled());
        let before = looked_at(&office).await;
        assert!(before < ACCOUNTS as i64, "cut off too late to prove anything");
        assert!(issues(&office).await.is_empty(), "nothing is opened before the last look");

        office.clock.advance(chrono::TimeDelta::minutes(5));
        let ran = finish(&office, &fetcher()).await;
        // A chunk whose commit was under way when the run was cut off may have been kept all the same.
        assert!(ran.looked_at > 0 && ran.looked_at as i64 <= ACCOUNTS as i64 - before);
        assert_eq!(db.number("SELECT COUNT(*) FROM observation").await, ACCOUNTS as i64, "one kept look each");
        assert_eq!(ran.round.state, RoundState::Judged);
        assert!(ran.opened.is_some());
        nothing_is_lost_or_doubled(&office).await;
        // A further run has nothing to do.
        let again = finish(&office, &fetcher()).await;
        assert_eq!((again.looked_at, again.opened), (0, None));
        nothing_is_lost_or_doubled(&office).await;
    }

    /// Two processes on one round.
    async fn runs_beside_each_other_share_the_work_and_finish_once(db) {
        let site = Site::start().await;
        let first = office(db, "2026-11-23 09:00").await;
        stage(&first, &site, Duration::from_millis(20)).await;
        let second = open(&db.url, first.clock.clone(), config()).await;
        let (clients, other) = (fetcher(), fetcher());
        let (a, b) = tokio::join!(finish(&first, &clients), finish(&second, &other));
        assert_eq!(a.looked_at + b.looked_at, ACCOUNTS);
        assert!(a.looked_at > 0 && b.looked_at > 0, "{} + {}", a.looked_at, b.looked_at);
        assert_eq!(usize::from(a.opened.is_some()) + usize::from(b.opened.is_some()), 1, "{a:?} {b:?}");
        for n in 0..ACCOUNTS {
            assert_eq!(site.asked(&format!("/{n}")), 1, "each source is asked once");
        }
        nothing_is_lost_or_doubled(&first).await;
        let mut tx = first.store.read().await.unwrap();
        let judged = tx.events_of("round", "2026H2").await.unwrap().into_iter().filter(|e| e.kind == "judged").count();
        assert_eq!(judged, 1);
    }

    /// `--limit` leaves the batch open, even when it looks at the last one.
    async fn a_limited_run_leaves_the_batch_open(db) {
        let site = Site::start().await;
        let office = office(db, "2026-11-23 09:00").await;
        stage(&office, &site, Duration::ZERO).await;
        let wishes = |limit| Wishes { limit: Some(limit), as_of: None };
        let ran = run::run(&office, &fetcher(), round("2026H2"), wishes(10), |_| {}).await.unwrap();
        assert_eq!((ran.looked_at, ran.round.state, ran.opened), (10, RoundState::Open, None));
        let ran = run::run(&office, &fetcher(), round("2026H2"), wishes(1000), |_| {}).await.unwrap();
        assert_eq!((ran.looked_at, ran.round.state, ran.opened), (ACCOUNTS - 10, RoundState::Open, None));
        let ran = finish(&office, &fetcher()).await;
        assert_eq!((ran.looked_at, ran.round.state), (0, RoundState::Judged));
        nothing_is_lost_or_doubled(&office).await;
    }

    /// A dead control address: the looks that failed are made again, what answered is judged.
    async fn while_the_control_addresses_fail_nobody_is_judged_by_a_failed_look(db) {
        let site = Site::start().await;
        let office = office(db, "2026-11-23 09:00").await;
        // Names that cannot be resolved look like our own broken network.
        let mut accounts: Vec<_> =
            (0..12).map(|n| fed(&format!("N{n:02}"), "云溪区水务局", format!("http://gone{n}.invalid/feed"))).collect();
        accounts.push(fed("A1", "云溪区水务局", site.feed("/a1", &[at("2026-10-20 08:00")])));
        register(&office, &accounts).await;
        let ran = inspect(&office, &fetcher_with(vec!["http://control.invalid/".to_owned()]), "2026H2").await;
        let held = ran.held.expect("held back");
        assert_eq!((held.reason.as_str(), held.members), ("offline", 12));
        assert_eq!(ran.round.state, RoundState::Open);
        assert!(ran.opened.is_none());
        assert!(issues(&office).await.is_empty());
        // The network is back: the round ends, and only what was seen accuses anybody.
        let online = fetcher_with(vec![site.page("/up", 200)]);
        let ran = finish(&office, &online).await;
        assert_eq!(ran.round.state, RoundState::Judged);
        let failed = findings(&office, "2026H2", Some(Outcome::Fail)).await;
        assert_eq!(failed.len(), 1);
        assert_eq!(failed[0].account_id.as_str(), "A1");
        assert_eq!(not_seen(&office).await, 12);
        assert_eq!(site.asked("/a1"), 1);
    }

    /// Most of a round fails alike without any control address: made again once, then accepted.
    async fn a_round_that_mostly_fails_alike_is_held_back_once(db) {
        let site = Site::start().await;
        let office = office(db, "2026-11-23 09:00").await;
        let mut accounts: Vec<_> =
            (0..12).map(|n| fed(&format!("N{n:02}"), "云溪区水务局", format!("http://gone{n}.invalid/feed"))).collect();
        accounts.push(fed("A1", "云溪区水务局", site.feed("/a1", &[at("2026-11-20 08:00")])));
        register(&office, &accounts).await;
        let ran = inspect(&office, &fetcher(), "2026H2").await;
        assert_eq!(ran.held.expect("held back").members, 12);
        assert_eq!(ran.counts.looked_at, 1);
        let ran = finish(&office, &fetcher()).await;
        assert_eq!(ran.held, None);
        assert_eq!(ran.round.state, RoundState::Judged);
        assert!(findings(&office, "2026H2", Some(Outcome::Fail)).await.is_empty());
        assert_eq!(not_seen(&office).await, 12);
    }

    /// Runs that are the first to cite the same rules, met in another order; and a lease that is renewed while looks are
    /// written.
    async fn what_is_written_side_by_side_never_waits_in_a_circle(db) {
        let site = Site::start().await;
        let office = office(db, "2026-11-23 09:00").await;
        stage(&office, &site, Duration::ZERO).await;
        inspect(&office, &fetcher(), "2026-11-23").await;
        let mut tx = office.store.read().await.unwrap();
        let found = tx.findings_page(&FindingQuery::default(), 0, 1000, office.zone()).await.unwrap();
        let members = tx.require_round(round("2026H2")).await.unwrap().id;
        drop(tx);
        let (first, last) = (found.first().unwrap(), found.last().unwrap());
        let cites = |n: usize| NewFinding {
            indicator: Indicator::Link,
            subject: format!("https://a.example/{n}"),
            rule: RuleRef { clause: format!("第{n}条"), ..RuleRef::default() },
            ..first.as_new()
        };
        let write = async |member: i64, account: &AccountId, findings: Vec<NewFinding>| {
            let mut tx = office.store.write_rows().await?;
            tx.put_findings(first.round_id, member, account, &findings).await?;
            tx.commit().await
        };
        let (up, down) = ((0..40).map(cites).collect(), (0..40).rev().map(cites).collect());
        let (one, other) = (&first.finding.account_id, &last.finding.account_id);
        assert_ne!(one, other);
        let (up, down) = tokio::join!(write(5000, one, up), write(5001, other, down));
        assert!(up.is_ok() && down.is_ok(), "{up:?} {down:?}");
        assert_eq!(db.number("SELECT COUNT(*) FROM cited_rule WHERE rule_json LIKE '%第%条\"}'").await, 40);

        // SQLite writes one after the other.
        if db.is_postgres() {
            let (now, until) = (office.now(), office.now() + chrono::TimeDelta::seconds(20));
            let mut tx = office.store.write_rows().await.unwrap();
            let claimed = tx.claim_members(members, "me", now, until, 10).await.unwrap();
            tx.commit().await.unwrap();
            let mut ends = office.store.write_rows().await.unwrap();
            let ended = EndedLook { member: claimed[3].id, at: now, newest_at: None };
            assert_eq!(ends.finish_members("me", &[ended]).await.unwrap().len(), 1);
            let mut renews = office.store.write_rows().await.unwrap();
            let renewed = renews.renew_claims(members, "me", until + chrono::TimeDelta::seconds(20));
            tokio::time::timeout(Duration::from_secs(5), renewed).await.expect("nobody waits").unwrap();
            renews.commit().await.unwrap();
            ends.commit().await.unwrap();
            let held = "SELECT COUNT(*) FROM member WHERE owner = 'me' AND lease_until IS NOT NULL";
            assert_eq!(db.number(held).await, 9);
        }
    }
}
