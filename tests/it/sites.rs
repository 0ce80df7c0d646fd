//! Websites: a week of visits, home pages, columns, the foot, certificates.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use serde_json::json;
use xuncha::checks::recheck::recheck;
use xuncha::checks::visits::{Visited, Visitor, visit_all};
use xuncha::domain::account::{Account, AccountId, AccountStatus, Platform, SourceKind};
use xuncha::domain::finding::{Finding, Outcome};
use xuncha::domain::issue::{Action, IssueStatus};
use xuncha::domain::rule::Indicator::{self, ColumnsStale, Footer, HomeStale, Ipv6, Tls};
use xuncha::fetch::{Fetcher, install_tls};
use xuncha::issues::{Scope, act};
use xuncha::office::Office;
use xuncha::schedule::run_visits;

use crate::world::both::on_both;
use crate::world::cli::Cli;
use crate::world::site::Site;
use crate::world::{
    account, at, config, fetcher, fetcher_with, findings, inspect, issues, office, office_with, register,
};

const UNIT: &str = "云溪区数据局";

/// A website that is looked at as a whole.
fn website(id: &str, url: String) -> Account {
    Account { platform: Platform::Website, source: Some(SourceKind::Site), source_url: Some(url), ..account(id, UNIT) }
}

fn day(at: DateTime<Utc>) -> String {
    at.with_timezone(&chrono_tz::Asia::Shanghai).format("%Y-%m-%d").to_string()
}

fn list(dates: &[String]) -> String {
    let item = |(n, date): (usize, &String)| {
        format!("<li><a href=/a/{n}.html>云溪区召开第{n}次重点工作推进会议</a><span>{date}</span></li>")
    };
    format!("<ul class=list>{}</ul>", dates.iter().enumerate().map(item).collect::<Vec<_>>().concat())
}

const FOOT: &str = "<footer>主办单位：云溪区数据局 联系电话：000-0000000 网站标识码：0000000018 \
    <a href=/wzdt/>网站地图</a> 虚ICP备00000000号 虚公网安备00000000000000号 \
    <a href=https://bszs.conac.cn/sitename>标识</a><a href=https://zfwzgl.www.gov.cn/exposure/>找错</a></footer>";

fn home(dates: &[String], foot: &str) -> String {
    format!("<html><head><title>云溪区数据局</title></head><body>{}{foot}</body></html>", list(dates))
}

async fn verdict(office: &Office, round: &str, id: &str, indicator: Indicator) -> Finding {
    let all = findings(office, round, None).await;
    let found = all.into_iter().find(|f| f.account_id.as_str() == id && f.indicator == indicator);
    found.unwrap_or_else(|| panic!("{id} has no verdict on {indicator}"))
}

/// Visits every site once.
async fn visit(office: &Office, fetcher: &Fetcher) -> Visited {
    visit_all(office, &Visitor::new(office, fetcher).unwrap()).await.unwrap()
}

/// Visits over and over at this pace; the numbers of the turns at which `path` fails.
async fn visit_often(office: &Office, site: &Site, turns: usize, minutes: i64, failing: &[(&str, usize)]) {
    let visitor = Visitor::new(office, &fetcher()).unwrap();
    for turn in 0..turns {
        office.clock.advance(TimeDelta::minutes(minutes));
        for (path, count) in failing {
            // Once a day, at its end; from the eighth on twice.
            let day = turn / 20;
            let fails = (turn % 20 == 19 && day < *count) || (turn % 20 == 18 && day + 7 < *count);
            site.page(path, if fails { 503 } else { 200 });
        }
        assert_eq!(visit_all(office, &visitor).await.unwrap().not_counted, 0);
    }
}

on_both! {
    /// 站点无法访问: 20 visits a day for a week, 5 % or more failed. Seven of 140 trip it, six do not.
    async fn a_week_of_visits_decides_whether_a_site_can_be_reached(db) {
        let site = Site::start().await;
        let office = office(db, "2026-11-16 09:00").await;
        let sites = ["W6", "W7", "W14"].map(|id| website(id, site.page(&format!("/{id}"), 200)));
        register(&office, &sites).await;
        // The first day alone says nothing yet.
        visit_often(&office, &site, 20, 72, &[]).await;
        inspect(&office, &fetcher(), "2026-11-17").await;
        let early = verdict(&office, "2026-11-17", "W7", Indicator::SiteUnreachable).await;
        assert_eq!((early.outcome, early.reason.as_str()), (Outcome::Unverified, "few_visits"));
        visit_often(&office, &site, 140, 72, &[("/W6", 6), ("/W7", 7), ("/W14", 14)]).await;
        assert_eq!(office.now(), at("2026-11-24 09:00"));
        inspect(&office, &fetcher(), "2026-11-24").await;
        let six = verdict(&office, "2026-11-24", "W6", Indicator::SiteUnreachable).await;
        assert_eq!(six.outcome, Outcome::Pass, "{}", six.summary);
        let seven = verdict(&office, "2026-11-24", "W7", Indicator::SiteUnreachable).await;
        assert_eq!(seven.outcome, Outcome::Fail, "{}", seven.summary);
        assert!(seven.summary.contains("计140次访问，7次") && seven.summary.contains("5.0%"), "{}", seven.summary);
        assert!(seven.evidence.snippet.unwrap().contains("http_5xx"));
        // Rectified, and visited a dozen times since.
        let id = issues(&office).await.iter().find(|i| i.account_id.as_str() == "W14").unwrap().id;
        act(&office, id, Action::Fix, "已扩容", "管理员", &Scope::All).await.unwrap();
        let (_, early) = recheck(&office, &fetcher(), id, "xuncha", &Scope::All).await.unwrap();
        assert_eq!(early.passed, None, "{}", early.sentence);
        visit_often(&office, &site, 12, 60, &[("/W14", 0)]).await;
        let (acted, _) = recheck(&office, &fetcher(), id, "xuncha", &Scope::All).await.unwrap();
        assert_eq!(acted.issue.state.status, IssueStatus::Closed);
        // The failures of last week are settled; the week that still holds them opens nothing anew.
        inspect(&office, &fetcher(), "2026H2").await;
        let again = verdict(&office, "2026H2", "W14", Indicator::SiteUnreachable).await;
        assert_eq!(again.outcome, Outcome::Fail, "{}", again.summary);
        let status = issues(&office).await.iter().find(|i| i.id == id).unwrap().status;
        assert_eq!(status, IssueStatus::Closed);
    }

    /// While the control addresses fail, what failed is kept and charged to nobody; what answered counts.
    async fn our_own_outage_is_not_counted(db) {
        let site = Site::start().await;
        let office = office(db, "2026-11-23 09:00").await;
        let closed = {
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
            format!("http://{}/", listener.local_addr().unwrap())
        };
        let closed_at = closed.clone();
        register(&office, &[website("W1", closed.clone()), website("W2", site.page("/w2", 200))]).await;
        let cut_off = fetcher_with(vec![closed]);
        let came = visit(&office, &cut_off).await;
        assert_eq!(came, Visited { sites: 2, opened: 1, not_counted: 1, ..Visited::default() });
        office.clock.advance(TimeDelta::hours(1));
        let online = fetcher_with(vec![site.page("/control", 200)]);
        assert_eq!(visit(&office, &online).await.failed, 1);
        let mut tx = office.store.read().await.unwrap();
        let visits = tx.visits_between(&AccountId::new("W1"), &closed_at, at("2026-11-22 09:00"), office.now()).await.unwrap();
        let said: Vec<_> = visits.iter().map(|v| (v.outcome.key(), v.reason.as_str())).collect();
        assert_eq!(said, [("not_counted", "our_outage"), ("failed", "refused")]);
        // What failed at an address that is no longer registered is not the new one's.
        drop(tx);
        register(&office, &[website("W1", site.page("/moved", 200))]).await;
        office.clock.advance(TimeDelta::hours(1));
        assert_eq!(visit(&office, &online).await.failed, 0);
        let mut tx = office.store.read().await.unwrap();
        let from = at("2026-11-22 09:00");
        let moved = tx.sites_to_visit().await.unwrap().remove(0);
        let sums = tx.visit_sums(&moved.account_id, &moved.url, from).await.unwrap();
        assert_eq!((sums.counted, sums.failed, sums.not_counted), (1, 0, 0));
        assert_eq!(tx.visits_between(&moved.account_id, &moved.url, from, office.now()).await.unwrap().len(), 1);
        drop(tx);
        let mut rules = (*office.rules).clone();
        (rules.site.visits_a_day, rules.site.days) = (1, 1);
        let judged = Office { rules: Arc::new(rules), ..office };
        inspect(&judged, &online, "2026-11-23").await;
        let found = verdict(&judged, "2026-11-23", "W1", Indicator::SiteUnreachable).await;
        assert_eq!(found.outcome, Outcome::Pass, "{}", found.summary);
    }

    /// Fifteen seconds, here one: the whole page has to be there in time, whatever `http.timeout` says.
    async fn a_page_that_is_not_whole_in_time_counts_as_failed(db) {
        let site = Site::start().await;
        let mut office = office(db, "2026-11-23 09:00").await;
        let mut rules = (*office.rules).clone();
        rules.site.slow_seconds = 1;
        office.rules = Arc::new(rules);
        let slow = site.slow_page("/slow", 200, std::time::Duration::from_millis(1300));
        let closed = Account { status: AccountStatus::Closed, ..website("W3", site.page("/w3", 200)) };
        let listed = Account { source: Some(SourceKind::Html), ..website("W2", site.page("/w2", 503)) };
        site.page("/", 200);
        // What a bridge makes of a site says nothing of the site.
        let bridged = Account { source: Some(SourceKind::Feed), ..website("W4", site.page("/w4", 503)) };
        register(&office, &[website("W1", slow), listed, bridged, closed, account("A1", UNIT)]).await;
        let came = visit(&office, &fetcher()).await;
        assert_eq!((came.sites, came.opened, came.failed), (2, 1, 1));
        assert_eq!(["/", "/w2", "/w3", "/w4"].map(|path| site.asked(path)), [1, 0, 0, 0]);
        // A month later the visit is forgotten.
        site.page("/slow", 200);
        office.clock.advance(TimeDelta::days(31));
        visit(&office, &fetcher()).await;
        assert_eq!(db.number("SELECT COUNT(*) FROM visit").await, 2);
    }

    /// A slot an hour; what was missed is made up once; "" switches it off.
    async fn the_scheduler_visits_every_hour(db) {
        let site = Site::start().await;
        let office = office(db, "2026-11-23 09:00").await;
        register(&office, &[website("W1", site.page("/w1", 200))]).await;
        for (moment, visits) in [("09:16", 0), ("09:17", 1), ("09:18", 1), ("10:17", 2), ("14:30", 3)] {
            office.clock.advance_to(at(&format!("2026-11-23 {moment}")));
            run_visits(&office, &fetcher()).await.unwrap();
            assert_eq!(site.asked("/w1"), visits, "{moment}");
        }
        let mut config = config();
        config.schedule.visits = None;
        let off = office_with(db, "2026-11-24 10:00", config).await;
        assert!(run_visits(&off, &fetcher()).await.unwrap().is_empty());
        assert_eq!(site.asked("/w1"), 3);
    }

    /// Home page, columns and foot of several sites, in one half-year round.
    async fn a_site_is_judged_by_what_its_pages_show(db) {
        let site = Site::start().await;
        let office = office(db, "2026-11-23 09:00").await;
        let ago = |days| day(office.now() - TimeDelta::days(days));
        let columns = |name: &str, stale: usize| {
            let entry = |n: usize| {
                let old = if n < stale { 20 } else { 3 };
                let url = site.html(&format!("/{name}/{n}/"), &home(&[ago(old), ago(old + 5)], ""));
                json!({"name": format!("栏目{n}"), "url": url, "kind": "news"})
            };
            json!({"columns": (0..6).map(entry).collect::<Vec<_>>()}).as_object().unwrap().clone()
        };
        let with = |id: &str, html: &str, stale| {
            let url = site.html(&format!("/{id}"), html);
            Account { source_options: columns(id, stale), ..website(id, url) }
        };
        let pinned = ["2023-01-05".to_owned(), ago(2), ago(9)];
        let police = "虚公网安备00000000000000号";
        let script = "<div id=app></div><script src=/app.js></script>";
        register(&office, &[
            with("FRESH", &home(&pinned, FOOT), 4),
            with("STALE", &home(&[16, 20, 24, 27, 30].map(ago), &FOOT.replace(police, "")), 5),
            website("SCRIPT", site.html("/script", script)),
            website("GONE", site.page("/gone", 404)),
        ])
        .await;
        inspect(&office, &fetcher(), "2026H2").await;
        let of = async |id: &str, indicator| {
            let found = verdict(&office, "2026H2", id, indicator).await;
            assert!(found.evidence.url.is_some(), "{found:?}");
            (found.outcome, found.reason)
        };
        assert_eq!(of("FRESH", HomeStale).await.0, Outcome::Pass);
        assert_eq!(of("FRESH", ColumnsStale).await.0, Outcome::Pass);
        assert_eq!(of("FRESH", Footer).await.0, Outcome::Pass);
        assert_eq!(of("FRESH", Tls).await, (Outcome::Pass, "http_only".into()));
        assert_eq!(of("FRESH", Ipv6).await, (Outcome::Unverified, "literal_address".into()));
        assert_eq!(of("STALE", HomeStale).await, (Outcome::Fail, "silent".into()));
        assert_eq!(of("STALE", ColumnsStale).await, (Outcome::Fail, "columns_silent".into()));
        assert_eq!(of("STALE", Footer).await, (Outcome::Fail, "foot_missing".into()));
        let foot = verdict(&office, "2026H2", "STALE", Footer).await;
        assert_eq!(foot.summary, "网站底部未见：公安机关备案标识");
        assert_eq!(of("SCRIPT", HomeStale).await.0, Outcome::Unverified);
        assert_eq!(of("SCRIPT", Footer).await, (Outcome::Unverified, "no_footer".into()));
        assert_eq!(of("SCRIPT", ColumnsStale).await.0, Outcome::Unverified);
        for indicator in [HomeStale, Footer, ColumnsStale] {
            assert_eq!(of("GONE", indicator).await, (Outcome::Unverified, "bad_status".into()));
        }
        let all = findings(&office, "2026H2", None).await;
        assert!(all.iter().all(|f| !matches!(f.indicator.key(), "stale" | "zombie" | "review" | "site_unreachable")));
        // A patrol asks for the home page alone.
        let before = site.asked("/STALE/0/");
        inspect(&office, &fetcher(), "2026-11-23").await;
        assert_eq!(site.asked("/STALE/0/"), before);
        // What was repaired is measured again and closed.
        site.html("/STALE", &home(&[ago(0), ago(1)], FOOT));
        site.html("/STALE/0/", &home(&[ago(0), ago(1)], ""));
        office.clock.advance(TimeDelta::hours(1));
        for issue in issues(&office).await {
            let (acted, measured) = recheck(&office, &fetcher(), issue.id, "xuncha", &Scope::All).await.unwrap();
            assert_eq!(acted.issue.state.status, IssueStatus::Closed, "{}: {}", issue.indicator, measured.sentence);
        }
    }

    /// Where nobody listed the columns they are found by their names, and a person decides.
    async fn columns_that_were_found_by_name_are_only_suspected(db) {
        let site = Site::start().await;
        let office = office(db, "2026-11-23 09:00").await;
        let ago = |days| day(office.now() - TimeDelta::days(days));
        let names = ["云溪要闻", "部门动态", "街镇动态", "图片新闻", "通知公告", "政策文件"];
        let link = |(n, name): (usize, &&str)| {
            site.html(&format!("/c/{n}/"), &home(&[ago(400), ago(401)], ""));
            format!("<a href=/c/{n}/>{name}</a>")
        };
        let menu = names.iter().enumerate().map(link).collect::<Vec<_>>().concat();
        let body = format!("<nav>{menu}</nav>{}", home(&[ago(1), ago(2)], FOOT));
        register(&office, &[website("W1", site.html("/", &body))]).await;
        inspect(&office, &fetcher(), "2026H2").await;
        let found = verdict(&office, "2026H2", "W1", Indicator::ColumnsStale).await;
        assert_eq!(found.outcome, Outcome::Suspected, "{}", found.summary);
        let pages = &found.evidence.fetched;
        assert!(pages.len() == 6 && pages.iter().all(|page| page.status == Some(200) && page.sha256.is_some()), "{pages:#?}");
        assert!(found.summary.contains("6个栏目未按时更新") && found.summary.contains("通知公告"), "{}", found.summary);
        assert!(issues(&office).await.is_empty());
    }

    /// Certificates on real servers: expired, for another name, self-signed.
    async fn a_bad_certificate_is_named(db) {
        let office = office(db, "2026-11-23 09:00").await;
        let own = serve_tls("localhost", 2025, 2027).await;
        let expired = serve_tls("localhost", 2020, 2021).await;
        let foreign = serve_tls("www.yunxi.example", 2025, 2027).await;
        register(&office, &[website("OWN", own), website("EXPIRED", expired), website("FOREIGN", foreign)]).await;
        inspect(&office, &fetcher(), "2026H2").await;
        for (id, reason, word) in [
            ("OWN", "self_signed", "自签名"),
            ("EXPIRED", "expired", "已过期"),
            ("FOREIGN", "wrong_name", "与域名不符"),
        ] {
            let found = verdict(&office, "2026H2", id, Indicator::Tls).await;
            assert_eq!((found.outcome, found.reason.as_str()), (Outcome::Fail, reason), "{}", found.summary);
            assert!(found.summary.contains(word), "{}", found.summary);
            assert!(found.evidence.sha256.is_some());
            // What stands behind it was not seen, and is not judged.
            let home = verdict(&office, "2026H2", id, Indicator::HomeStale).await;
            assert_eq!((home.outcome, home.reason.as_str()), (Outcome::Unverified, "tls"));
            let six = verdict(&office, "2026H2", id, Indicator::Ipv6).await;
            assert_eq!((six.outcome, six.reason.as_str()), (Outcome::Suspected, "ipv6_unreachable"));
        }
        // A bad certificate is no failed visit.
        assert_eq!(visit(&office, &fetcher()).await.not_counted, 3);
    }

    /// `sites visit` for offices that use cron, `sites list` for whoever asks.
    async fn visits_can_be_made_and_read_by_command(db) {
        let site = Site::start().await;
        let office = office(db, "2026-11-23 09:00").await;
        register(&office, &[website("W1", site.page("/w1", 200)), website("W2", site.page("/w2", 500))]).await;
        let folder = tempfile::tempdir().unwrap();
        let cli = Cli::new(folder.path(), &db.url);
        let came = cli.json(&["sites", "visit"]);
        assert_eq!((&came["sites"], &came["opened"], &came["failed"]), (&json!(2), &json!(1), &json!(1)));
        let listed = cli.json(&["sites", "list"]);
        assert_eq!(listed.as_array().unwrap().len(), 2);
        assert_eq!((&listed[1]["account_id"], &listed[1]["failed"]), (&json!("W2"), &json!(1)));
        assert_eq!((&listed[1]["wanted"], &listed[1]["failed_percent"]), (&json!(140), &json!(100.0)));
        assert!(cli.run(&["sites", "list"]).stdout.contains("100.0%"));
        let help = cli.run(&["sites", "--help"]);
        assert!(help.stdout.contains("xuncha sites visit"), "{help:?}");
        let home = site.html("/home", &home(&["2026-11-20".into(), "2026-11-01".into()], FOOT));
        let probed = cli.json(&["probe", "site", &home]);
        assert_eq!(probed["posts"].as_array().unwrap().len(), 2);
        assert_eq!(probed["site"]["missing_marks"], json!([]));
    }
}

/// Serves HTTPS with a self-signed certificate; its address.
async fn serve_tls(name: &str, from: i32, until: i32) -> String {
    install_tls();
    let mut params = rcgen::CertificateParams::new(vec![name.to_owned()]).unwrap();
    params.not_before = rcgen::date_time_ymd(from, 1, 1);
    params.not_after = rcgen::date_time_ymd(until, 1, 1);
    let key = rcgen::KeyPair::generate().unwrap();
    let certificate = params.self_signed(&key).unwrap();
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let config = rustls::ServerConfig::builder().with_no_client_auth();
    let config = config.with_single_cert(vec![certificate.der().clone()], key).unwrap();
    let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move { acceptor.accept(stream).await });
        }
    });
    format!("https://localhost:{port}/")
}
