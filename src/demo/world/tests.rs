//! The district seen from outside.

use std::collections::BTreeSet;

use chrono::TimeZone;
use chrono_tz::Asia::Shanghai;

use super::*;
use crate::domain::account::UnitTier;

fn as_of() -> DateTime<Utc> {
    Shanghai.with_ymd_and_hms(2026, 11, 23, 9, 0, 0).unwrap().to_utc()
}

fn planned(accounts: usize) -> Arc<World> {
    Arc::new(World::plan("云溪", accounts, as_of(), Shanghai))
}

async fn served(accounts: usize) -> (Arc<World>, Clock, reqwest::Client) {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let (world, clock) = (planned(accounts), Clock::set_at(as_of()));
    world.clone().serve(clock.clone()).await.unwrap();
    (world, clock, reqwest::Client::new())
}

#[test]
fn the_same_seed_makes_the_same_world_and_another_does_not() {
    let (one, two) = (planned(60), planned(60));
    assert_eq!((one.accounts(), one.reviews(), one.planted()), (two.accounts(), two.reviews(), two.planted()));
    assert_eq!(one.script(), two.script());
    assert_ne!(one.planted(), World::plan("青竹", 60, as_of(), Shanghai).planted());
}

#[test]
fn a_district_of_any_size_has_every_tier_platform_and_fault_and_no_duplicates() {
    for (accounts, seed) in [(60, "a"), (60, "b"), (61, "c"), (200, "d"), (5000, "e")] {
        let world = World::plan(seed, accounts, as_of(), Shanghai);
        let all = world.accounts();
        assert_eq!(all.len(), accounts);
        assert!(world.units() >= 12);
        let tiers: BTreeSet<_> = all.iter().filter_map(|a| a.unit_tier).collect();
        assert_eq!(tiers.len(), UnitTier::ALL.len());
        assert!(all.iter().map(|a| a.platform).collect::<BTreeSet<_>>().len() >= 6);
        assert_eq!(all.iter().map(|a| (&a.unit, a.platform)).collect::<BTreeSet<_>>().len(), accounts - 1);
        // But for the second account that is planted.
        assert_eq!(all.iter().map(|a| (&a.name, a.platform)).collect::<BTreeSet<_>>().len(), accounts - 1);
        let kinds: BTreeSet<_> = world.planted().iter().map(|p| p.kind).collect();
        assert_eq!(kinds.len(), 34, "{seed} {accounts}: {kinds:?}");
        let faulty: Vec<_> = world.planted().into_iter().map(|p| p.account_id).collect();
        assert_eq!(faulty.iter().collect::<BTreeSet<_>>().len(), faulty.len());
        let behaviours: BTreeSet<_> = world.script().iter().map(|s| s.behaviour).collect();
        assert_eq!(behaviours.len(), 6, "{seed} {accounts}: {behaviours:?}");
    }
}

#[test]
fn the_supervising_office_itself_is_never_notified() {
    let world = planned(60);
    assert!(world.script().iter().all(|s| s.unit != "云溪区人民政府办公室"));
    assert!(world.accounts().iter().any(|a| a.represents_government));
}

#[test]
fn clean_accounts_are_fresh_registered_and_reviewed_before_publication_by_three_people() {
    let world = planned(200);
    let faulty: BTreeSet<_> = world.planted().into_iter().map(|p| p.account_id).collect();
    let window = Shanghai.from_local_datetime(&world.plan.window_start().and_time(chrono::NaiveTime::MIN)).unwrap();
    for (index, account) in world.accounts().iter().enumerate().filter(|(_, a)| !faulty.contains(&a.account_id)) {
        assert!(account.supervising_unit.is_some() && account.filing_no.is_some() && account.admin.is_some());
        let posts = world.posts(index);
        assert!(posts.is_sorted_by(|a, b| a.at > b.at));
        assert!(posts[0].at < as_of() && as_of() - posts[0].at < Duration::days(10));
        assert_eq!(posts.iter().map(|p| &p.title).collect::<BTreeSet<_>>().len(), posts.len());
        let inside = posts.iter().filter(|p| p.at >= window).count();
        assert!((6..=12).contains(&inside), "{inside}");
        let records = world.reviews_of(index);
        assert_eq!(records.len(), posts.len());
        for (post, record) in posts.iter().zip(records) {
            let [first, second, last] = [&record.first, &record.second, &record.last].map(|s| s.at.unwrap());
            assert!(first < second && second < last && last < post.at);
            let people: BTreeSet<_> = [&record.first, &record.second, &record.last]
                .map(|s| s.reviewer.as_ref().unwrap().reveal().to_owned())
                .into();
            assert_eq!(people.len(), 3);
        }
    }
}

struct Look {
    status: u16,
    kind: String,
    body: Vec<u8>,
}

async fn look(client: &reqwest::Client, url: &str) -> Look {
    let answer = client.get(url).send().await.unwrap();
    let kind = answer.headers().get("content-type").map(|v| v.to_str().unwrap().to_owned()).unwrap_or_default();
    Look { status: answer.status().as_u16(), kind, body: answer.bytes().await.unwrap().to_vec() }
}

/// Newest time a plain reader finds at the source.
async fn newest(client: &reqwest::Client, account: &Account) -> Option<DateTime<Utc>> {
    let seen = look(client, account.source_url.as_deref()?).await;
    if account.source == Some(SourceKind::Feed) {
        let page = crate::fetch::Page::from_bytes("http://world.invalid/", Some(&seen.kind), seen.body);
        let context = crate::sources::ReadContext::at(as_of(), Shanghai);
        let reading = crate::sources::read(SourceKind::Feed, &page, &serde_json::Map::new(), &context).ok()?;
        return reading.newest_until(as_of() + Duration::days(400)).map(|at| at.to_utc());
    }
    let text = if seen.body.windows(3).any(|w| w == b"gbk") {
        encoding_rs::GBK.decode(&seen.body).0.into_owned()
    } else {
        String::from_utf8(seen.body).ok()?
    };
    let page = scraper::Html::parse_document(&text);
    let dates = scraper::Selector::parse("li .date").unwrap();
    let parse = |text: String| chrono::NaiveDateTime::parse_from_str(&text, "%Y-%m-%d %H:%M").ok();
    let newest = page.select(&dates).filter_map(|d| parse(d.text().collect())).max()?;
    Shanghai.from_local_datetime(&newest).earliest().map(|t| t.to_utc())
}

#[tokio::test]
async fn every_planted_fault_can_be_seen_from_outside() {
    let (world, clock, client) = served(60).await;
    let (accounts, reviews) = (world.accounts(), world.reviews());
    for planted in world.planted() {
        use FaultKind as K;
        let account = accounts.iter().find(|a| a.account_id == planted.account_id).unwrap();
        let age = newest(&client, account).await.map(|at| as_of() - at);
        let subject = match &planted.subject {
            Some(url) if url.starts_with("http") && !url.contains(' ') => Some(look(&client, url).await),
            _ => None,
        };
        let status = subject.as_ref().map(|l| l.status);
        let text = subject.map(|l| String::from_utf8(l.body).unwrap()).unwrap_or_default();
        let record = reviews.iter().find(|r| r.post_url == planted.subject && planted.subject.is_some());
        let ok = match planted.kind {
            K::Stale => age == Some(Duration::days(15)),
            K::JustInside => age == Some(Duration::days(14) - Duration::minutes(1)),
            K::ExactlyFourteenDays => age == Some(Duration::days(14)),
            K::Zombie => age > Some(Duration::days(90)),
            K::Reminder => age.map(|a| a.num_days()) == Some(11),
            K::LinkGone | K::LinkCut => {
                status == Some(404) && account.service_links.contains(planted.subject.as_ref().unwrap())
            }
            K::LinkRecovers | K::LinkDown => status == Some(503),
            K::LinkSlow => status == Some(200),
            K::LinkSoft404 => status == Some(200) && text.contains("页面不存在"),
            K::LinkBlocked => status == Some(403) && text.contains("验证码"),
            K::PostLinkGone => {
                let feed = look(&client, account.source_url.as_deref().unwrap()).await;
                status == Some(404) && String::from_utf8(feed.body).unwrap().contains(planted.subject.as_ref().unwrap())
            }
            K::ReviewMissing => status == Some(200) && record.is_none(),
            K::ReviewLate => {
                let at = as_of() - age.unwrap();
                record.unwrap().last.at.unwrap() > at
            }
            K::ReviewSamePerson => record.is_some_and(|r| r.first.reviewer == r.second.reviewer),
            K::ReviewNever => {
                let unit: Vec<_> = accounts.iter().filter(|a| a.unit == account.unit).map(|a| &a.account_id).collect();
                reviews.iter().all(|r| !unit.contains(&&r.account_id))
            }
            K::NoSupervisor => account.supervising_unit.is_none(),
            K::NoAdmin => account.admin.is_none(),
            K::NoFiling => account.filing_no.is_none(),
            K::SourceMalformed | K::SourceCaptcha | K::SourceDown => age.is_none(),
            K::ByHand | K::ByHandSeen | K::ByHandSilent => {
                let seen = world.seen_by_hand(&account.account_id).map(|at| (as_of() - at).num_days());
                let expected = match planted.kind {
                    K::ByHandSeen => Some(2),
                    K::ByHandSilent => Some(20),
                    _ => None,
                };
                account.source == Some(SourceKind::Manual) && account.source_url.is_none() && seen == expected
            }
            K::WrongWord => {
                let feed = look(&client, account.source_url.as_deref().unwrap()).await;
                String::from_utf8(feed.body).unwrap().contains(posts::WRONG_WORD)
            }
            K::PersonalData => {
                let index = accounts.iter().position(|a| a.account_id == account.account_id).unwrap();
                let newest = world.posts(index).into_iter().max_by_key(|post| post.at).unwrap();
                let list = look(&client, account.source_url.as_deref().unwrap()).await;
                let article = look(&client, &format!("{}/p/{index}/{}", world.base(), newest.key)).await;
                let holds = |body: Vec<u8>| String::from_utf8(body).unwrap().contains("11010519491231002X");
                !holds(list.body) && holds(article.body)
            }
            K::ReviewDisordered => record.is_some_and(|r| r.second.at < r.first.at),
            K::OtherSubject => account.certified_subject.as_ref() != Some(&account.unit),
            K::SecondAccount => {
                let same = |a: &&Account| a.unit == account.unit && a.platform == account.platform;
                accounts.iter().filter(same).count() == 2
            }
            K::FooterMissing => {
                let home = look(&client, account.source_url.as_deref().unwrap()).await;
                !String::from_utf8(home.body).unwrap().contains("bszs.conac.cn")
            }
            K::GbkPage | K::WrongCharset => {
                let seen = look(&client, account.source_url.as_deref().unwrap()).await;
                seen.kind == "text/html" && age < Some(Duration::days(10))
            }
        };
        assert!(ok, "{planted:?}: age {age:?}, status {status:?}");
    }
    clock.advance_to(world.recovers_at());
    for planted in world.planted().into_iter().filter(|p| p.outcome == Expected::Recovers) {
        assert_eq!(look(&client, &planted.subject.unwrap()).await.status, 200);
    }
}

#[tokio::test]
async fn every_address_of_a_clean_account_answers() {
    let (world, _, client) = served(60).await;
    let faulty: BTreeSet<_> = world.planted().into_iter().map(|p| p.account_id).collect();
    for (index, account) in world.accounts().iter().enumerate().filter(|(_, a)| !faulty.contains(&a.account_id)) {
        let articles = world.posts(index).into_iter().flat_map(|p| {
            let outbound = p.outbound.map(|path| format!("{}{path}", world.base()));
            [Some(format!("{}/p/{index}/{}", world.base(), p.key)), outbound]
        });
        for url in account.service_links.iter().cloned().chain(articles.flatten()) {
            assert_eq!(look(&client, &url).await.status, 200, "{url}");
        }
        let posts = world.posts(index);
        assert_eq!(newest(&client, account).await, Some(posts[0].at));
    }
    assert_eq!(look(&client, &world.control_url()).await.status, 200);
    assert_eq!(look(&client, &format!("{}/p/0/200001010000", world.base())).await.status, 404);
}

#[tokio::test]
async fn repairs_can_be_seen_from_outside() {
    let (world, clock, client) = served(60).await;
    clock.advance(Duration::days(2));
    for planted in world.planted() {
        let repaired = world.repair(&planted.account_id, planted.indicator);
        if matches!(planted.kind, FaultKind::ByHand | FaultKind::ByHandSeen) {
            assert!(repaired.is_err());
            continue;
        }
        if planted.kind == FaultKind::ByHandSilent {
            // No machine sees what was repaired there.
            assert!(repaired.is_ok());
            continue;
        }
        let repair = repaired.unwrap();
        let account = world.accounts().into_iter().find(|a| a.account_id == planted.account_id).unwrap();
        match (planted.indicator, planted.outcome) {
            ("stale" | "zombie", Expected::Fail) => {
                assert_eq!(newest(&client, &account).await, Some(clock.now()));
                let record = &repair.reviews[0];
                assert!(record.last.at.unwrap() < clock.now());
                assert_eq!(look(&client, record.post_url.as_deref().unwrap()).await.status, 200);
            }
            ("stale", _) => assert!(newest(&client, &account).await.is_some()),
            ("link", _) => {
                let seen = look(&client, planted.subject.as_deref().unwrap()).await;
                assert_eq!(seen.status, 200);
                assert!(!String::from_utf8(seen.body).unwrap().contains("不存在"));
            }
            ("review", _) => {
                assert!(!repair.reviews.is_empty());
                assert!(repair.reviews.iter().all(|r| world.reviews().contains(r)));
            }
            ("expression" | "privacy" | "footer", _) => {
                let page = look(&client, account.source_url.as_deref().unwrap()).await;
                let text = String::from_utf8(page.body).unwrap();
                assert!(!text.contains(posts::WRONG_WORD) && !text.contains("11010519491231002X"));
                assert!(planted.indicator != "footer" || text.contains("bszs.conac.cn"));
            }
            _ => {
                let row = repair.account.unwrap();
                assert!(row.supervising_unit.is_some() && row.filing_no.is_some() && row.admin.is_some());
                assert_eq!(row, account);
            }
        }
        assert_eq!(world.repair(&planted.account_id, "unknown"), world.repair(&planted.account_id, "unknown"));
    }
}
