//! What convicts is kept: the page behind each violation and suspicion, masked; and the packet that holds it.

use std::io::{Cursor, Read as _};

use chrono::TimeDelta;
use chrono_tz::Asia::Shanghai;
use sha2::{Digest as _, Sha256};
use xuncha::checks::decide::decide_finding;
use xuncha::checks::recheck::recheck;
use xuncha::domain::account::Account;
use xuncha::domain::finding::Outcome;
use xuncha::domain::issue::Action;
use xuncha::domain::material::Material;
use xuncha::domain::rule::Indicator;
use xuncha::issues::{Scope, act, evidence, packet};
use xuncha::office::Office;
use xuncha::schedule::prune::{Pruned, prune};
use xuncha::store::Store;

use crate::world::both::on_both;
use crate::world::cli::Cli;
use crate::world::db::Database;
use crate::world::site::Site;
use crate::world::{account, at, fed, fetcher, findings, inspect, issues, office, register};

/// Made up: it only checks.
const ID: &str = "510107199001019995";
const MASKED: &str = "510***********9995";
const UNIT: &str = "云溪区虚构局";

fn leaking_feed(site: &Site, office: &Office) -> String {
    leaking(site, office, &format!("<p>章虚构，{ID}。</p>"))
}

/// A feed with one post of this text.
fn leaking(site: &Site, office: &Office, text: &str) -> String {
    let date = (office.now() - TimeDelta::hours(5)).with_timezone(&Shanghai).to_rfc2822();
    let post = site.url("/post/1");
    site.data(
        "/leak",
        &format!(
            "<?xml version=\"1.0\"?><rss version=\"2.0\"><channel><title>虚构</title><item><title>公示</title>\
             <link>{post}</link><guid>{post}</guid><pubDate>{date}</pubDate>\
             <description><![CDATA[{text}]]></description></item></channel></rss>"
        ),
    )
}

/// The names in a packet with what stands under each.
fn opened(packet: &[u8]) -> Vec<(String, String)> {
    let mut zip = zip::ZipArchive::new(Cursor::new(packet)).unwrap();
    let names: Vec<String> = zip.file_names().map(|name| name.unwrap().into_owned()).collect();
    let mut text = |name: &String| {
        let mut text = String::new();
        zip.by_name(name).unwrap().read_to_string(&mut text).unwrap();
        text
    };
    names.iter().map(|name| (name.clone(), text(name))).collect()
}

async fn packed(office: &Office, id: i64) -> Vec<(String, String)> {
    let mut file = Cursor::new(Vec::new());
    packet::write(office, id, &Scope::All, &mut file).await.unwrap();
    opened(file.get_ref())
}

fn under<'p>(packet: &'p [(String, String)], name: &str) -> &'p str {
    packet.iter().find(|(own, _)| own == name).map_or_else(|| panic!("{name}"), |(_, text)| text.as_str())
}

on_both! {
    async fn what_convicts_is_kept_masked_and_a_packet_holds_it(db) {
        let site = Site::start().await;
        let office = office(db, "2026-11-23 10:00").await;
        let gone = site.page("/gone", 404);
        let silent = site.feed("/silent", &[at("2026-10-20 09:00")]);
        let leaking = leaking_feed(&site, &office);
        let alive = site.feed("/alive", &[at("2026-11-22 09:00")]);
        let sound = Account { service_links: vec![site.page("/works", 200)], ..fed("A4", UNIT, alive.clone()) };
        let broken = |id: &str| Account { service_links: vec![gone.clone()], ..fed(id, UNIT, alive.clone()) };
        register(
            &office,
            &[broken("A1"), fed("A2", UNIT, silent.clone()), fed("A3", UNIT, leaking.clone()), sound, broken("A5")],
        )
        .await;
        inspect(&office, &fetcher(), "2026H2").await;

        // Of what convicts or accuses a copy, once; of what is sound none.
        let accused: std::collections::BTreeSet<String> = findings(&office, "2026H2", None)
            .await
            .into_iter()
            .filter(|finding| matches!(finding.outcome, Outcome::Fail | Outcome::Suspected))
            .filter_map(|finding| finding.evidence.sha256)
            .collect();
        assert_eq!(accused.len(), 3, "{accused:?}");
        assert_eq!(db.number("SELECT COUNT(*) FROM page_copy").await, 3);
        let mut tx = office.store.read().await.unwrap();
        for sha256 in &accused {
            let kept = tx.page_copy(sha256, office.zone()).await.unwrap().unwrap();
            let text = kept.copy.text().unwrap();
            assert!(!text.contains(ID) && !kept.copy.is_cut && kept.copy.size > 0, "{text}");
        }
        drop(tx);

        let found = findings(&office, "2026H2", Some(Outcome::Suspected)).await;
        let leak = found.iter().find(|finding| finding.indicator == Indicator::Privacy).unwrap();
        decide_finding(&office, leak.id, true, "", "测试").await.unwrap();
        let all = issues(&office).await;
        let of = |indicator| all.iter().find(|issue| issue.indicator == indicator).unwrap();

        // The broken link, with what the unit handed in.
        let link = of(Indicator::Link);
        let file = Material::take(Some("整改 说明.txt"), "链接已恢复".as_bytes().into()).unwrap();
        evidence::fix(&office, link.id, "已恢复", &[file], None, "单位", &Scope::All).await.unwrap();
        let packet = packed(&office, link.id).await;
        let sha256 = link.evidence.sha256.clone().unwrap();
        assert!(under(&packet, &format!("copies/{sha256}.html")).contains("办事服务 404"));
        // No number stood in it: the copy is the very body.
        let body = under(&packet, &format!("copies/{sha256}.html"));
        assert_eq!(hex(&Sha256::digest(body)), sha256);
        assert!(packet.iter().any(|(name, text)| name.starts_with("files/") && text == "链接已恢复"), "{packet:?}");
        let shown: serde_json::Value = serde_json::from_str(under(&packet, "issue.json")).unwrap();
        assert_eq!(shown["id"], link.id);
        assert_eq!(shown["attachments"].as_array().unwrap().len(), 1);
        let read_me = under(&packet, "说明.txt");
        assert!(read_me.contains(&sha256) && read_me.contains(&gone) && read_me.contains("SHA-256"), "{read_me}");

        // Each event's hash is made of what the packet says of it.
        let events: serde_json::Value = serde_json::from_str(under(&packet, "events.json")).unwrap();
        let events = events.as_array().unwrap();
        assert!(events.len() >= 2 && under(&packet, "history.txt").lines().count() == events.len());
        for event in events {
            let mut hash = Sha256::new();
            let at = event["at_ms"].to_string();
            let text = |key: &str| event[key].as_str().unwrap().to_owned();
            let rest = ["actor", "subject_kind", "subject_id", "kind", "note", "data"].map(text);
            for part in [text("prev_hash"), at].into_iter().chain(rest) {
                hash.update((part.len() as u64).to_le_bytes());
                hash.update(part);
            }
            assert_eq!(hex(&hash.finalize()), text("hash"));
        }

        // The feed that fell silent, and the article with a number.
        let silence = of(Indicator::Stale);
        let packet = packed(&office, silence.id).await;
        let sha256 = silence.evidence.sha256.as_ref().unwrap();
        assert!(under(&packet, &format!("copies/{sha256}.xml")).contains("工作动态"));
        let privacy = of(Indicator::Privacy);
        let packet = packed(&office, privacy.id).await;
        let sha256 = privacy.evidence.sha256.as_ref().unwrap();
        let copy = under(&packet, &format!("copies/{sha256}.xml"));
        assert!(copy.contains(MASKED) && copy.contains("章虚构"), "{copy}");
        assert!(packet.iter().all(|(_, text)| !text.contains(ID)));
        assert!(under(&packet, "events.json").contains("\"finding\""), "who confirmed it is told");

        // A backup carries them, also to the other engine.
        let backup = db.folder.path().join("backup.db");
        office.store.back_up(&backup, office.now()).await.unwrap();
        let fresh = Database::sqlite();
        let restored = Store::open(&fresh.url, office.now()).await.unwrap();
        restored.restore(&backup, office.now()).await.unwrap();
        assert_eq!(fresh.number("SELECT COUNT(*) FROM page_copy").await, 3);
        let mut tx = restored.read().await.unwrap();
        let kept = tx.page_copy(sha256, office.zone()).await.unwrap().unwrap();
        assert!(kept.copy.text().unwrap().contains(MASKED));
    }

    /// A linked table is kept as the rows that were read; the page of a recheck that still fails is kept with the first.
    async fn tables_and_rechecks_leave_their_copies(db) {
        let site = Site::start().await;
        let office = office(db, "2026-11-23 10:00").await;
        let table = site.data("/list.csv", &format!("姓名,身份证号\n章虚构,{ID}\n"));
        let feed = leaking(&site, &office, &format!("<p>详见<a href=\"{table}\">名单</a>。</p>"));
        let gone = site.page("/gone", 404);
        register(&office, &[Account { service_links: vec![gone], ..fed("A1", UNIT, feed) }]).await;
        let fetcher = fetcher();
        inspect(&office, &fetcher, "2026H2").await;
        let found = findings(&office, "2026H2", Some(Outcome::Suspected)).await;
        assert_eq!((found.len(), found[0].subject.as_str()), (1, table.as_str()), "{found:#?}");
        decide_finding(&office, found[0].id, true, "", "测试").await.unwrap();
        let of = async |indicator| issues(&office).await.into_iter().find(|issue| issue.indicator == indicator).unwrap();
        let privacy = of(Indicator::Privacy).await;
        let packet = packed(&office, privacy.id).await;
        let sha256 = privacy.evidence.sha256.as_ref().unwrap();
        let rows = under(&packet, &format!("copies/{sha256}.rows.txt"));
        assert_eq!(rows, format!("姓名\t身份证号\n章虚构\t{MASKED}"));
        assert!(under(&packet, "说明.txt").contains("附件提取文字"));

        // Reported and not done: at its own address the table is read again.
        act(&office, privacy.id, Action::Fix, "已撤下", "单位", &Scope::All).await.unwrap();
        site.data("/list.csv", &format!("姓名,身份证号\n章虚构,{ID}\n合计,1\n"));
        let (_, measured) = recheck(&office, &fetcher, privacy.id, "测试", &Scope::All).await.unwrap();
        assert_eq!(measured.passed, Some(false));
        let packet = packed(&office, privacy.id).await;
        let copies = packet.iter().filter(|(name, _)| name.ends_with(".rows.txt")).collect::<Vec<_>>();
        assert!(copies.len() == 2 && copies.iter().any(|(_, text)| text.ends_with("合计\t1")), "{copies:?}");

        let link = of(Indicator::Link).await;
        act(&office, link.id, Action::Fix, "已恢复", "单位", &Scope::All).await.unwrap();
        site.page("/gone", 410);
        let (_, measured) = recheck(&office, &fetcher, link.id, "测试", &Scope::All).await.unwrap();
        assert_eq!(measured.passed, Some(false));
        // A doubt rejects nothing, and is kept all the same; what works again leaves no copy.
        act(&office, link.id, Action::Fix, "已恢复", "单位", &Scope::All).await.unwrap();
        site.page("/gone", 503);
        let (_, measured) = recheck(&office, &fetcher, link.id, "测试", &Scope::All).await.unwrap();
        assert_eq!(measured.passed, None);
        site.page("/gone", 200);
        let (_, measured) = recheck(&office, &fetcher, link.id, "测试", &Scope::All).await.unwrap();
        assert_eq!(measured.passed, Some(true));
        let packet = packed(&office, link.id).await;
        let copies = packet.iter().filter(|(name, _)| name.starts_with("copies/")).map(|(_, text)| text);
        let copies = copies.collect::<Vec<_>>();
        assert_eq!(copies.len(), 3, "{copies:?}");
        for status in ["404", "410", "503"] {
            assert!(copies.iter().any(|text| text.contains(&format!("办事服务 {status}"))), "{status}: {copies:?}");
        }
        assert!(packet.iter().all(|(_, text)| !text.contains(ID)));
    }

    async fn copies_of_patrols_go_with_their_observations_and_those_of_issues_stay(db) {
        let site = Site::start().await;
        let office = office(db, "2026-11-23 10:00").await;
        let silent = site.feed("/silent", &[at("2026-10-20 09:00")]);
        register(&office, &[fed("A1", UNIT, silent), fed("A2", UNIT, leaking_feed(&site, &office))]).await;
        inspect(&office, &fetcher(), "2026-11-23").await;
        assert_eq!(db.number("SELECT COUNT(*) FROM page_copy").await, 2);
        assert_eq!(issues(&office).await.len(), 1);
        office.clock.advance(TimeDelta::days(401));
        // The suspicion that nobody confirmed is let go; what an issue rests on is not.
        let gone = prune(&office).await.unwrap();
        assert_eq!((gone.copies, gone.observations), (1, 2));
        assert_eq!(prune(&office).await.unwrap(), Pruned::default());
        let issue = &issues(&office).await[0];
        let mut kept = office.store.read().await.unwrap();
        let sha256 = issue.evidence.sha256.as_ref().unwrap();
        assert!(kept.page_copy(sha256, office.zone()).await.unwrap().is_some());
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[tokio::test]
async fn the_command_writes_a_packet_whole_or_not_at_all() {
    let db = Database::sqlite();
    let office = office(&db, "2026-11-23 10:00").await;
    register(&office, &[Account { filing_no: None, ..account("A1", UNIT) }]).await;
    inspect(&office, &fetcher(), "2026H2").await;
    let id = issues(&office).await[0].id.to_string();
    let cli = Cli::new(db.folder.path(), &db.url);
    let done = cli.run(&["issues", "packet", &id, "包.zip", "--format", "json"]);
    assert_eq!(done.code, 0, "{done:?}");
    let told: serde_json::Value = serde_json::from_str(&done.stdout).unwrap();
    assert_eq!((&told["file"], &told["copies"]), (&"包.zip".into(), &0.into()));
    let packet = opened(&std::fs::read(db.folder.path().join("包.zip")).unwrap());
    assert!(under(&packet, "说明.txt").contains("不由网页内容认定"));
    // What is in it is what `show` prints.
    let shown = cli.run(&["issues", "show", &id, "--format", "json"]);
    let shown: serde_json::Value = serde_json::from_str(&shown.stdout).unwrap();
    assert_eq!(serde_json::from_str::<serde_json::Value>(under(&packet, "issue.json")).unwrap(), shown);
    let english = cli.run(&["issues", "packet", &id, "packet.zip", "--lang", "en"]);
    assert_eq!(english.code, 0, "{english:?}");
    let packet = opened(&std::fs::read(db.folder.path().join("packet.zip")).unwrap());
    assert!(under(&packet, "README.txt").contains("no page decided"));
    cli.run(&["issues", "packet", "999", "none.zip"]).refused(1, &["999"]);
    assert!(!db.folder.path().join("none.zip").exists());
    cli.run(&["issues", "packet", &id, "no/such/folder/x.zip"]).refused(1, &["no/such/folder/x.zip", "无法写入"]);
}
