//! Freeze, open, export, verify, top up, rotate: a draw anybody can replay.

use std::collections::{BTreeMap, BTreeSet};

use sha2::{Digest as _, Sha256};
use xuncha::checks::run;
use xuncha::domain::account::{Account, AccountId, Platform, UnitTier};
use xuncha::domain::sample::{Draw, Reason};
use xuncha::sampling::{self, RoundError, Wishes};

use crate::world::both::on_both;
use crate::world::{account, at, fetcher, inspect, office, register, round, unfiled};

/// `count` accounts on two platforms and two tiers.
fn frame(prefix: &str, count: usize) -> Vec<Account> {
    (1..=count)
        .map(|n| {
            let mut account = account(&format!("{prefix}{n:03}"), &format!("云溪区第{}局", n % 7));
            account.platform = if n % 3 == 0 { Platform::Weibo } else { Platform::Wechat };
            account.unit_tier = (n % 4 != 0).then_some(if n % 2 == 0 { UnitTier::Town } else { UnitTier::Department });
            account
        })
        .collect()
}

fn seeded(seed: &str) -> Wishes {
    Wishes { seed: Some(seed.to_owned()), ..Wishes::default() }
}

/// The draw worked out anew, by nothing but what the exported file says and the published formula.
fn replay(draw: &Draw) -> BTreeSet<(String, String)> {
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let ticket = |id: &str| hex(&Sha256::digest(format!("{}\n{}\n{id}", draw.seed, draw.round).as_bytes()));
    let text: String = draw
        .frame
        .iter()
        .map(|row| format!("{}\t{}\t{}\n", row.account_id, row.stratum, u8::from(row.drawn_this_year)))
        .collect();
    assert_eq!(draw.frame_sha256, hex(&Sha256::digest(text.as_bytes())), "the frame's hash");
    let mut strata = BTreeMap::<&str, Vec<(bool, String, &str)>>::new();
    for row in &draw.frame {
        let id = row.account_id.as_str();
        strata.entry(&row.stratum).or_default().push((row.drawn_this_year, ticket(id), id));
    }
    let mut drawn = BTreeSet::new();
    for (key, mut rows) in strata {
        // A quarter, rounded up, without floating point.
        let quota = rows.len().div_ceil(4);
        assert_eq!(draw.strata.iter().find(|s| s.key == key).unwrap().quota, quota, "{key}");
        rows.sort_unstable();
        drawn.extend(rows.into_iter().take(quota).map(|(_, ticket, id)| (id.to_owned(), ticket)));
    }
    let always = draw.frame.iter().filter(|row| row.always.is_some()).map(|row| row.account_id.as_str());
    drawn.extend(always.map(|id| (id.to_owned(), ticket(id))));
    drawn
}

on_both! {
    /// The frame is published first, the seed is named after, the file alone replays it.
    async fn a_frozen_round_is_drawn_with_a_named_seed_and_replayed_from_its_file(db) {
        let office = office(db, "2026-11-10 09:00").await;
        register(&office, &frame("A", 83)).await;
        let (frozen, new) = sampling::freeze(&office, round("2026Q4"), &Wishes::default()).await.unwrap();
        assert!(new && frozen.seed.is_none() && frozen.frame_size == 83);
        let published = (frozen.frame_sha256.clone(), frozen.strata.clone());
        let too_early = sampling::export(&office, round("2026Q4")).await;
        assert!(matches!(too_early, Err(RoundError::NotDrawn(_))), "{too_early:?}");

        // What comes between freeze and seed changes neither frame nor quotas.
        register(&office, &frame("LATE", 9)).await;
        office.clock.advance_to(at("2026-11-11 10:00"));
        let (opened, new) = sampling::open(&office, round("2026Q4"), &seeded("4 2 6 1 体彩排列三")).await.unwrap();
        assert!(new);
        assert_eq!((opened.frame_sha256.clone(), opened.strata.clone()), published);
        assert_eq!(opened.seed.as_deref(), Some("4 2 6 1 体彩排列三"));

        let draw = sampling::export(&office, round("2026Q4")).await.unwrap();
        let file = serde_json::to_string_pretty(&draw).unwrap();
        let read: Draw = serde_json::from_str(&file).unwrap();
        read.verify().unwrap();
        let members: BTreeSet<_> =
            read.members.iter().map(|m| (m.account_id.to_string(), m.ticket.clone())).collect();
        assert_eq!(members, replay(&read));
        assert!(members.len() * 4 >= 83);

        let mut forged = read.clone();
        forged.members.pop();
        assert!(forged.verify().is_err());
        let mut forged = read.clone();
        "4 2 6 2".clone_into(&mut forged.seed);
        assert!(forged.verify().is_err());
        let mut forged = read;
        "wechat/government".clone_into(&mut forged.frame[0].stratum);
        assert!(forged.verify().is_err());
    }

    /// Opening twice is one opening.
    async fn a_second_opening_changes_nothing_and_other_wishes_are_refused(db) {
        let office = office(db, "2026-11-10 09:00").await;
        register(&office, &frame("A", 40)).await;
        let name = round("2026Q4");
        let (first, new) = sampling::open(&office, name, &seeded("one")).await.unwrap();
        assert!(new);
        office.clock.advance_to(at("2026-11-12 09:00"));
        let (second, new) = sampling::open(&office, name, &seeded("two")).await.unwrap();
        assert!(!new);
        assert_eq!(first, second);
        let later = Wishes { as_of: Some(at("2026-11-12 09:00")), ..Wishes::default() };
        let error = sampling::open(&office, name, &later).await.unwrap_err();
        assert!(error.is_usage() && error.to_string().contains("--as-of"), "{error}");
        let more = Wishes { ratio: Some("0.5".parse().unwrap()), ..Wishes::default() };
        let error = sampling::open(&office, name, &more).await.unwrap_err();
        assert!(error.is_usage() && error.to_string().contains("--ratio"), "{error}");
        let same = Wishes { as_of: Some(first.as_of), ratio: Some("0.250".parse().unwrap()), ..Wishes::default() };
        assert!(!sampling::open(&office, name, &same).await.unwrap().1);
        for seed in ["", "  ", "two\nlines", "two\rlines"] {
            assert!(matches!(sampling::open(&office, name, &seeded(seed)).await, Err(RoundError::BadSeed)));
        }
    }

    /// Nothing to draw from is said, not drawn.
    async fn a_round_without_accounts_is_refused(db) {
        let office = office(db, "2026-11-10 09:00").await;
        let mut closed = account("A1", "云溪区水务局");
        closed.status = xuncha::domain::account::AccountStatus::Closed;
        let mut unborn = account("A2", "云溪区水务局");
        unborn.opened_on = Some("2026-11-11".parse().unwrap());
        register(&office, &[closed, unborn]).await;
        let error = sampling::open(&office, round("2026Q4"), &Wishes::default()).await.unwrap_err();
        assert!(matches!(error, RoundError::EmptyFrame(_)), "{error}");
        assert!(sampling::export(&office, round("2026Q4")).await.is_err());
    }

    /// Accounts that come after the draw are drawn from too, and the file still replays.
    async fn a_top_up_keeps_the_ratio_in_every_stratum(db) {
        let office = office(db, "2026-11-10 09:00").await;
        register(&office, &frame("A", 41)).await;
        let name = round("2026Q4");
        sampling::open(&office, name, &seeded("top-up")).await.unwrap();
        for (day, prefix, count) in [("2026-11-20 09:00", "B", 23), ("2026-12-20 09:00", "C", 5)] {
            office.clock.advance_to(at(day));
            register(&office, &frame(prefix, count)).await;
            sampling::top_up(&office, name).await.unwrap();
            assert_eq!(sampling::top_up(&office, name).await.unwrap(), 0, "a second top-up has nothing to do");
        }
        let draw = sampling::export(&office, name).await.unwrap();
        draw.verify().unwrap();
        assert_eq!(draw.top_ups.len(), 2);
        let mut sizes = BTreeMap::<String, (usize, usize)>::new();
        for row in draw.frame.iter().chain(draw.top_ups.iter().flat_map(|t| &t.frame)) {
            sizes.entry(row.stratum.clone()).or_default().0 += 1;
        }
        for member in draw.members.iter().filter(|m| matches!(m.reason, Reason::Random | Reason::TopUp)) {
            sizes.get_mut(&member.stratum).unwrap().1 += 1;
        }
        for (stratum, (size, drawn)) in sizes {
            assert_eq!(drawn, size.div_ceil(4), "{stratum}");
        }
        // A forged top-up is found.
        let mut forged = draw;
        forged.top_ups[0].frame.pop();
        assert!(forged.verify().is_err());
    }

    /// Four quarters at 25 % reach everybody where the rotation is annual.
    async fn four_quarters_of_rotation_reach_every_account(db) {
        let office = office(db, "2026-02-10 09:00").await;
        let accounts = frame("A", 97);
        register(&office, &accounts).await;
        let mut drawn = BTreeSet::<AccountId>::new();
        for (name, day) in
            [("2026Q1", "2026-02-10 09:00"), ("2026Q2", "2026-05-10 09:00"), ("2026Q3", "2026-08-10 09:00"), ("2026Q4", "2026-11-10 09:00")]
        {
            office.clock.advance_to(at(day));
            sampling::open(&office, round(name), &Wishes::default()).await.unwrap();
            let draw = sampling::export(&office, round(name)).await.unwrap();
            draw.verify().unwrap();
            for row in &draw.frame {
                assert_eq!(row.drawn_this_year, drawn.contains(&row.account_id), "{name} {}", row.account_id);
            }
            drawn.extend(draw.members.into_iter().map(|member| member.account_id));
        }
        assert_eq!(drawn.len(), accounts.len());
        // A new year begins afresh.
        office.clock.advance_to(at("2027-02-10 09:00"));
        sampling::open(&office, round("2027Q1"), &Wishes::default()).await.unwrap();
        let draw = sampling::export(&office, round("2027Q1")).await.unwrap();
        assert!(draw.frame.iter().all(|row| !row.drawn_this_year));
    }

    /// Who speaks for the government, and who failed last time, is always looked at.
    async fn the_government_s_own_accounts_and_the_watch_list_are_always_added(db) {
        let office = office(db, "2026-11-10 09:00").await;
        let mut accounts = frame("A", 40);
        accounts[7].represents_government = true;
        let lame: Vec<_> = (1..=6).map(|n| unfiled(&format!("W{n}"), "云溪区水务局")).collect();
        register(&office, &accounts).await;
        register(&office, &lame).await;
        // A half-year inspection looks at everything and finds them.
        let ran = inspect(&office, &fetcher(), "2026H2").await;
        assert_eq!(ran.opened.unwrap().opened, 6);
        office.clock.advance_to(at("2026-11-12 09:00"));
        sampling::open(&office, round("2026Q4"), &seeded("watch")).await.unwrap();
        let draw = sampling::export(&office, round("2026Q4")).await.unwrap();
        draw.verify().unwrap();
        let members: BTreeSet<_> = draw.members.iter().map(|m| m.account_id.as_str()).collect();
        assert!(members.contains("A008"));
        for account in &lame {
            assert!(members.contains(account.account_id.as_str()));
        }
        let always: Vec<_> = draw.frame.iter().filter(|row| row.always.is_some()).collect();
        assert_eq!(always.len(), 7);
        // The random part is drawn from the whole frame first: it does not know of the list.
        for stratum in &draw.strata {
            let random = draw.members.iter().filter(|m| m.stratum == stratum.key && m.reason == Reason::Random);
            assert_eq!(random.count(), stratum.quota);
        }
        let unique: BTreeSet<_> = members.iter().collect();
        assert_eq!(unique.len(), draw.members.len());
    }

    /// A round that is run again in the next quarter draws nobody of that quarter; a rehearsal watches nobody.
    async fn what_comes_after_the_quarter_and_what_is_rehearsed_stay_out_of_the_draw(db) {
        let office = office(db, "2026-09-20 10:00").await;
        let fetcher = fetcher();
        register(&office, &[account("A1", "云溪区水务局")]).await;
        inspect(&office, &fetcher, "2026Q3").await;
        office.clock.advance_to(at("2026-10-20 10:00"));
        register(&office, &[account("A2", "云溪区水务局"), unfiled("A3", "云溪区水务局")]).await;
        assert_eq!(sampling::top_up(&office, round("2026Q3")).await.unwrap(), 0);
        let long_ago = Wishes { as_of: Some(at("2026-08-01 10:00")), ..Wishes::default() };
        sampling::open(&office, round("2026H1"), &long_ago).await.unwrap();
        run::run(&office, &fetcher, round("2026H1"), run::Wishes::default(), |_| {}).await.unwrap();
        assert!(office.store.read().await.unwrap().watch_list().await.unwrap().is_empty());
    }
}
