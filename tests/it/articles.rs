//! Articles behind a list of titles: opened in full rounds for their words and links, a few, on the list's own host.

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Asia::Shanghai;
use xuncha::checks::decide::decide_finding;
use xuncha::checks::recheck::recheck;
use xuncha::domain::account::{Account, Platform, SourceKind};
use xuncha::domain::finding::{Finding, Outcome, TITLES_ONLY};
use xuncha::domain::issue::Action;
use xuncha::domain::rule::Indicator;
use xuncha::issues::{self, Scope};
use xuncha::office::Office;

use crate::world::both::on_both;
use crate::world::site::Site;
use crate::world::{account, at, fetcher, findings, inspect, issues as all_issues, office, register};

/// Made up: it only checks.
const ID: &str = "510107199001019995";
const UNIT: &str = "云溪区虚构局";
const NOTICE: &str = "为保障供水安全，计划对城区管网进行检修，请沿线用户提前储水，给您带来不便敬请谅解。";

/// A list of articles, newest first; its URL. Addresses that begin with `http` stand as they are.
fn list(site: &Site, path: &str, articles: &[(&str, DateTime<Utc>)]) -> String {
    let row = |(n, (url, at)): (usize, &(&str, DateTime<Utc>))| {
        let day = at.with_timezone(&Shanghai).format("%Y-%m-%d");
        format!("<li><a href=\"{url}\">关于开展第{n}次管网检修工作的通知</a><span>{day}</span></li>")
    };
    let rows: String = articles.iter().enumerate().map(row).collect();
    site.html(path, &format!("<html><head><title>通知公告</title></head><body><ul>{rows}</ul></body></html>"))
}

fn article(site: &Site, path: &str, body: &str) -> String {
    let foot = "<div class=foot>主办单位：虚构局 联系电话：13800001234</div>";
    site.html(path, &format!("<html><head><title>通知</title></head><body><div>{body}</div>{foot}</body></html>"))
}

fn listed(id: &str, url: String) -> Account {
    Account { source: Some(SourceKind::Html), source_url: Some(url), platform: Platform::Other, ..account(id, UNIT) }
}

async fn of(office: &Office, round: &str, indicator: Indicator) -> Vec<Finding> {
    findings(office, round, None).await.into_iter().filter(|f| f.indicator == indicator).collect()
}

on_both! {
    async fn what_an_article_says_and_links_to_is_found_behind_its_title(db) {
        let site = Site::start().await;
        let elsewhere = Site::start().await;
        let office = office(db, "2026-11-23 10:00").await;
        let gone = site.page("/gone", 404);
        let leak = article(&site, "/t/1.html", &format!(
            "<p>{NOTICE}</p><p>区攻府公示：章虚构，{ID}。</p><p><a href=\"{gone}\">查看原文</a></p>"
        ));
        article(&site, "/t/2.html", &format!("<p>{NOTICE}</p>"));
        let foreign = article(&elsewhere, "/t/3.html", &format!("<p>{NOTICE}{ID}</p>"));
        let url = list(&site, "/list/", &[
            ("/t/1.html", at("2026-11-20 09:00")),
            ("/t/2.html", at("2026-11-18 09:00")),
            (&foreign, at("2026-11-17 09:00")),
            ("/t/missing.html", at("2026-11-16 09:00")),
            ("/t/before.html", at("2025-11-16 09:00")),
        ]);
        register(&office, &[listed("A1", url)]).await;

        // A patrol opens nothing, and says that it read titles.
        inspect(&office, &fetcher(), "2026-11-23").await;
        assert_eq!(site.asked("/t/1.html"), 0);
        let before = of(&office, "2026-11-23", Indicator::Privacy).await;
        assert_eq!((before[0].outcome, before[0].reason.as_str()), (Outcome::Unverified, TITLES_ONLY));

        inspect(&office, &fetcher(), "2026H2").await;
        assert_eq!((site.asked("/t/1.html"), site.asked("/t/2.html"), site.asked("/t/before.html")), (1, 1, 0));
        assert_eq!(elsewhere.asked("/t/3.html"), 0, "somebody else's article is not opened");
        let personal = of(&office, "2026H2", Indicator::Privacy).await;
        assert_eq!(personal.len(), 1, "{personal:#?}");
        assert_eq!((personal[0].outcome, &personal[0].subject), (Outcome::Suspected, &leak));
        assert_eq!(personal[0].evidence.status, Some(200));
        let wording = of(&office, "2026H2", Indicator::Expression).await;
        assert_eq!(wording.iter().map(|f| f.outcome).collect::<Vec<_>>(), [Outcome::Suspected]);
        let links = of(&office, "2026H2", Indicator::Link).await;
        assert_eq!(links.iter().map(|f| (f.outcome, &f.subject)).collect::<Vec<_>>(), [(Outcome::Fail, &gone)]);

        // The copy is the article's, not the list's, and masked.
        let sha256 = personal[0].evidence.sha256.as_ref().unwrap();
        let kept = office.store.read().await.unwrap().page_copy(sha256, office.zone()).await.unwrap().unwrap();
        let text = kept.copy.text().unwrap();
        assert!(kept.copy.url == leak && text.contains("章虚构") && !text.contains(ID), "{text}");

        // That a list shows no text says nothing of the text: the recheck reads the article.
        decide_finding(&office, personal[0].id, true, "", "测试").await.unwrap();
        let issue = all_issues(&office).await.into_iter().find(|i| i.indicator == Indicator::Privacy).unwrap();
        issues::act(&office, issue.id, Action::Fix, "已撤下", "单位", &Scope::All).await.unwrap();
        let (_, measured) = recheck(&office, &fetcher(), issue.id, "测试", &Scope::All).await.unwrap();
        assert_eq!(measured.passed, Some(false), "{measured:?}");
        article(&site, "/t/1.html", &format!("<p>{NOTICE}</p>"));
        issues::act(&office, issue.id, Action::Fix, "已更正", "单位", &Scope::All).await.unwrap();
        let (_, measured) = recheck(&office, &fetcher(), issue.id, "测试", &Scope::All).await.unwrap();
        assert_eq!(measured.passed, Some(true), "{measured:?}");
    }

    async fn a_few_are_opened_and_what_gives_no_words_stays_unread(db) {
        let site = Site::start().await;
        let office = office(db, "2026-11-23 10:00").await;
        let paths: Vec<String> = (0..14).map(|n| format!("/m/{n}.html")).collect();
        for path in &paths {
            article(&site, path, &format!("<p>{NOTICE}</p>"));
        }
        let newest = at("2026-11-22 09:00");
        let dated = |(n, path): (usize, &'static str)| (path, newest - TimeDelta::days(n as i64));
        let many: Vec<&'static str> = paths.iter().map(|path| &*path.clone().leak()).collect();
        let many: Vec<_> = many.into_iter().enumerate().map(dated).collect();
        // A captcha, a page that says it is gone, one that a script fills.
        site.html("/b/1.html", "<html><body><div id=captcha class=captcha><p>访问过于频繁，请完成下方验证码后继续访问。</p><form action=/verify><input name=captcha placeholder=请输入验证码></form></div></body></html>");
        site.html("/b/2.html", "<html><head><title>页面不存在</title></head><body><h1>页面不存在</h1><p>您访问的页面不存在或已被删除。</p></body></html>");
        site.html("/b/3.html", "<html><body><div id=app></div><script src=/app.js></script></body></html>");
        let blind: Vec<_> = ["/b/1.html", "/b/2.html", "/b/3.html"].into_iter().enumerate().map(dated).collect();
        register(
            &office,
            &[listed("A1", list(&site, "/many/", &many)), listed("A2", list(&site, "/blind/", &blind))],
        )
        .await;
        inspect(&office, &fetcher(), "2026H2").await;
        assert_eq!(paths.iter().filter(|path| site.asked(path) > 0).count(), 10);
        assert_eq!((site.asked("/m/9.html"), site.asked("/m/10.html")), (1, 0), "the newest are opened");
        for indicator in [Indicator::Privacy, Indicator::Expression] {
            let found = of(&office, "2026H2", indicator).await;
            let by = |id: &str| found.iter().find(|f| f.account_id.as_str() == id).unwrap();
            assert_eq!(by("A1").outcome, Outcome::Pass);
            assert!(by("A1").summary.contains("其中4篇未取得正文，仅核对标题"), "{}", by("A1").summary);
            assert_eq!((by("A2").outcome, by("A2").reason.as_str()), (Outcome::Unverified, TITLES_ONLY));
        }
        assert!(all_issues(&office).await.is_empty(), "{:#?}", all_issues(&office).await);
    }

    /// A dead link is mended by making it work, and by taking it out of the post that has it.
    async fn a_link_that_no_post_has_any_more_is_not_held_against_a_repair(db) {
        let site = Site::start().await;
        let office = office(db, "2026-11-23 10:00").await;
        let gone = site.page("/gone", 404);
        let link = format!("<p>{NOTICE}<a href=\"{gone}\">查看原文</a></p>");
        article(&site, "/t/1.html", &link);
        article(&site, "/t/2.html", &format!("<p>{NOTICE}</p>"));
        let rows = [("/t/1.html", at("2026-11-22 09:00")), ("/t/2.html", at("2026-11-21 09:00"))];
        register(&office, &[listed("A1", list(&site, "/list/", &rows))]).await;
        inspect(&office, &fetcher(), "2026H2").await;
        let issue = all_issues(&office).await.into_iter().find(|issue| issue.indicator == Indicator::Link).unwrap();
        assert_eq!(issue.subject, gone);
        let look = async || recheck(&office, &fetcher(), issue.id, "测试", &Scope::All).await.unwrap().1;
        let stands = look().await;
        assert_eq!(stands.passed, Some(false), "{}", stands.sentence);
        article(&site, "/t/1.html", &format!("<p>{NOTICE}</p>"));
        let taken_out = look().await;
        assert_eq!(taken_out.passed, None, "{}", taken_out.sentence);
        assert!(taken_out.sentence.contains("未再见到该链接"), "{}", taken_out.sentence);
        // What the registry names stands, whatever posts say.
        register(&office, &[Account { service_links: vec![gone.clone()], ..listed("A1", list(&site, "/list/", &rows)) }]).await;
        assert_eq!(look().await.passed, Some(false));
        site.page("/gone", 200);
        assert_eq!(look().await.passed, Some(true));
    }

    /// A home page's articles are read too; whose review is whose business is not known there.
    async fn articles_of_a_website_are_read_and_not_reviewed(db) {
        let site = Site::start().await;
        let office = office(db, "2026-11-23 10:00").await;
        let gone = site.page("/gone", 404);
        article(&site, "/t/1.html", &format!("<p>{NOTICE}{ID}</p><a href=\"{gone}\">查看原文</a>"));
        article(&site, "/t/2.html", &format!("<p>{NOTICE}</p>"));
        let url = list(&site, "/", &[("/t/1.html", at("2026-11-22 09:00")), ("/t/2.html", at("2026-11-21 09:00"))]);
        let website = Account {
            source: Some(SourceKind::Site),
            source_url: Some(url),
            platform: Platform::Website,
            ..account("W1", UNIT)
        };
        register(&office, &[website]).await;
        inspect(&office, &fetcher(), "2026H2").await;
        let personal = of(&office, "2026H2", Indicator::Privacy).await;
        assert_eq!(personal.iter().map(|f| f.outcome).collect::<Vec<_>>(), [Outcome::Suspected], "{personal:#?}");
        let links = of(&office, "2026H2", Indicator::Link).await;
        assert_eq!(links.iter().map(|f| (f.outcome, &f.subject)).collect::<Vec<_>>(), [(Outcome::Fail, &gone)]);
        assert!(of(&office, "2026H2", Indicator::Review).await.is_empty());
    }
}
