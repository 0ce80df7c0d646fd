//! Wrong wording and personal data: suspected, masked everywhere, decided by a person, and told at once.

use chrono::TimeDelta;
use chrono_tz::Asia::Shanghai;
use xuncha::checks::decide::decide_finding;
use xuncha::checks::recheck::recheck;
use xuncha::domain::finding::{Finding, Outcome};
use xuncha::domain::issue::{Action, IssueStatus};
use xuncha::domain::notice::{Alert, NoticeBody, NoticeKind};
use xuncha::domain::rule::Indicator;
use xuncha::issues::{self, Scope};
use xuncha::office::Office;

use crate::world::both::on_both;
use crate::world::cli::Cli;
use crate::world::db::Database;
use crate::world::site::Site;
use crate::world::{
    at, config, fed, fetcher, findings, inspect, issues as all_issues, notices, office, office_with, register,
};

/// Made up: it only checks.
const ID: &str = "510107199001019995";
const MOBILES: [&str; 3] = ["13800001234", "13900002345", "15000003456"];
const UNIT: &str = "云溪区虚构局";

/// A feed with one post; its text as given.
fn feed(site: &Site, title: &str, text: &str, at: chrono::DateTime<chrono::Utc>) -> String {
    let (post, date) = (site.url("/post/1"), at.with_timezone(&Shanghai).to_rfc2822());
    let item = format!(
        "<item><title>{title}</title><link>{post}</link><guid>{post}</guid><pubDate>{date}</pubDate><description><![CDATA[{text}]]></description></item>"
    );
    site.data(
        "/feed",
        &format!("<?xml version=\"1.0\"?><rss version=\"2.0\"><channel><title>虚构</title>{item}</channel></rss>"),
    )
}

/// Rows of the whole database in which `text` stands.
async fn kept(db: &Database, text: &str) -> i64 {
    if db.is_postgres() {
        let mut rows = 0;
        for table in [
            "account",
            "review",
            "round",
            "member",
            "observation",
            "finding",
            "issue",
            "event",
            "notice",
            "delivery",
            "attempt",
        ] {
            rows += db.number(&format!("SELECT COUNT(*) FROM {table} t WHERE CAST(t AS TEXT) LIKE '%{text}%'")).await;
        }
        return rows;
    }
    let path = db.url.strip_prefix("sqlite://").unwrap();
    let mut rows = 0;
    for end in ["", "-wal"] {
        let bytes = std::fs::read(format!("{path}{end}")).unwrap_or_default();
        rows += bytes.windows(text.len()).filter(|window| *window == text.as_bytes()).count() as i64;
    }
    rows
}

async fn of(office: &Office, round: &str, indicator: Indicator) -> Vec<Finding> {
    findings(office, round, None).await.into_iter().filter(|f| f.indicator == indicator).collect()
}

async fn alerts(office: &Office) -> usize {
    let suspected = |body: &NoticeBody| matches!(body, NoticeBody::Alert(Alert::TextsSuspected { .. }));
    notices(office).await.iter().filter(|notice| suspected(&notice.body)).count()
}

on_both! {
    /// From a planted word and number to a closed issue, with nothing personal kept on the way.
    async fn suspicions_are_masked_everywhere_and_a_person_decides_them(db) {
        let site = Site::start().await;
        let office = office(db, "2026-11-23 22:00").await;
        let fetcher = fetcher();
        let table = site.data("/list.csv", &format!("姓名,电话\n甲,{}\n乙,{}\n丙,{}\n", MOBILES[0], MOBILES[1], MOBILES[2]));
        let text = format!(
            "<p>区攻府近日公示：章虚构，{ID}，{}。</p><p>详见<a href=\"{table}\">名单</a>。联系电话：0818-12345。</p>",
            MOBILES[0]
        );
        let published = office.now() - TimeDelta::hours(5);
        let url = feed(&site, &format!("公示：{} 章虚构", MOBILES[0]), &text, published);
        let url_of_feed = url.clone();
        register(&office, &[fed("A001", UNIT, url)]).await;
        inspect(&office, &fetcher, "2026H2").await;

        let wrong = of(&office, "2026H2", Indicator::Expression).await;
        assert_eq!(wrong.len(), 1, "{wrong:#?}");
        assert_eq!(wrong[0].outcome, Outcome::Suspected);
        assert_eq!(wrong[0].subject, format!("{} “攻府”", site.url("/post/1")));
        assert!(wrong[0].summary.contains("正文第2字") && wrong[0].summary.contains("政府"), "{}", wrong[0].summary);
        assert!(wrong[0].evidence.snippet.as_ref().unwrap().starts_with("区【攻府】近日公示"), "{wrong:#?}");
        let personal = of(&office, "2026H2", Indicator::Privacy).await;
        assert_eq!(personal.len(), 2, "{personal:#?}");
        assert!(personal.iter().all(|f| f.outcome == Outcome::Suspected));
        assert_eq!(personal[0].subject, site.url("/post/1"));
        // The page that was fetched is the feed, or the table; the post itself nobody asked for.
        for (found, page) in [(&personal[0], &url_of_feed), (&wrong[0], &url_of_feed), (&personal[1], &table)] {
            let fetched = &found.evidence.fetched;
            assert_eq!((fetched.len(), &fetched[0].url, fetched[0].status), (1, page, Some(200)), "{found:#?}");
            assert!(fetched[0].sha256.is_some() && fetched[0].fetched_at.is_some(), "{found:#?}");
            // Its own status has what was opened by itself.
            let status = (*page == table).then_some(200);
            assert_eq!((found.evidence.status, &found.evidence.sha256), (status, &fetched[0].sha256));
        }
        assert!(personal[0].summary.contains("510***********9995"), "{}", personal[0].summary);
        assert_eq!(personal[1].subject, table);
        assert!(personal[1].summary.contains("手机号码3个"), "{}", personal[1].summary);
        assert_eq!(office.store.read().await.unwrap().doubtful_count().await.unwrap(), 3);

        // The supervisors are told at once, once, at ten in the evening.
        assert_eq!(alerts(&office).await, 1);
        let told = notices(&office).await;
        assert!(told.iter().any(|n| n.urgent && n.kind == NoticeKind::Alert));

        // A person confirms the numbers and dismisses the word; the unit hears of it at once.
        decide_finding(&office, personal[0].id, true, "", "测试").await.unwrap();
        decide_finding(&office, wrong[0].id, false, "引用原文", "测试").await.unwrap();
        let issue = all_issues(&office).await.into_iter().find(|i| i.indicator == Indicator::Privacy).unwrap();
        let told = notices(&office).await;
        let notice = told.iter().find(|n| n.kind == NoticeKind::Rectification).unwrap();
        assert!(notice.urgent && notice.unit.as_deref() == Some(UNIT));

        // The next day's patrol asks nobody again.
        office.clock.advance_to(at("2026-11-24 06:30"));
        inspect(&office, &fetcher, "2026-11-24").await;
        let again = of(&office, "2026-11-24", Indicator::Expression).await;
        assert_eq!((again.len(), again[0].outcome), (1, Outcome::Pass));
        assert!(again[0].summary.contains("已由人工排除1处"), "{}", again[0].summary);
        let again = of(&office, "2026-11-24", Indicator::Privacy).await;
        assert_eq!(again.iter().map(|f| f.outcome).collect::<Vec<_>>(), [Outcome::Fail]);
        assert_eq!(alerts(&office).await, 1);
        assert_eq!(all_issues(&office).await.len(), 1);

        // Reported as rectified while it still stands there: rejected. Corrected: a person closes it.
        issues::act(&office, issue.id, Action::Fix, "已撤下", "单位", &Scope::All).await.unwrap();
        let (acted, measured) = recheck(&office, &fetcher, issue.id, "测试", &Scope::All).await.unwrap();
        assert_eq!(measured.passed, Some(false));
        assert_ne!(acted.issue.state.status, IssueStatus::Rectified);
        feed(&site, "公示", "<p>区政府近日公示。</p>", published);
        issues::act(&office, issue.id, Action::Fix, "已更正", "单位", &Scope::All).await.unwrap();
        let (acted, measured) = recheck(&office, &fetcher, issue.id, "测试", &Scope::All).await.unwrap();
        assert_eq!(measured.passed, Some(true));
        assert_eq!(acted.issue.state.status, IssueStatus::Rectified);

        // What leaked is shown in the notice that asks to take it down, and not with every later word.
        let lines: Vec<String> = notices(&office)
            .await
            .iter()
            .filter_map(|n| serde_json::to_value(&n.body).unwrap().pointer("/line/summary")?.as_str().map(str::to_owned))
            .collect();
        assert!(!lines.is_empty() && lines.iter().all(|line| !line.contains("章虚构") && !line.contains("510*")), "{lines:?}");

        for raw in [ID, MOBILES[0], MOBILES[1], MOBILES[2]] {
            assert_eq!(kept(db, raw).await, 0, "{raw} is kept");
        }
        assert!(kept(db, "510***********9995").await > 0, "the masked form is what is kept");
    }

    /// A table that two accounts link to is fetched once, and told of at each of them.
    async fn a_table_that_several_accounts_link_to_is_fetched_once(db) {
        let site = Site::start().await;
        let office = office(db, "2026-11-23 10:00").await;
        let [one, two, three] = MOBILES;
        let table = site.data("/list.csv", &format!("姓名,电话\n甲,{one}\n乙,{two}\n丙,{three}\n"));
        let text = format!("<p>详见<a href=\"{table}\">名单</a>。</p>");
        let url = feed(&site, "公示", &text, office.now() - TimeDelta::hours(5));
        register(&office, &[fed("A001", UNIT, url.clone()), fed("A002", "云溪区虚设局", url)]).await;
        inspect(&office, &fetcher(), "2026H2").await;
        let personal = of(&office, "2026H2", Indicator::Privacy).await;
        let mut found: Vec<_> =
            personal.iter().map(|f| (f.account_id.as_str(), f.subject.as_str(), f.outcome)).collect();
        found.sort_by_key(|f| f.0);
        let doubt = Outcome::Suspected;
        assert_eq!(found, [("A001", table.as_str(), doubt), ("A002", table.as_str(), doubt)], "{personal:#?}");
        assert!(personal.iter().all(|f| f.summary.contains("《公示》")), "{personal:#?}");
        // As a link and as a table at once.
        assert_eq!(site.asked("/list.csv"), 1);
        let links = of(&office, "2026H2", Indicator::Link).await;
        assert!(links.len() == 2 && links.iter().all(|found| found.outcome == Outcome::Pass), "{links:#?}");
    }

    /// What does not come as a table is judged as a link by itself, and accuses nobody of personal data.
    async fn a_table_that_is_missing_is_a_broken_link_and_an_unread_table(db) {
        let site = Site::start().await;
        let office = office(db, "2026-11-23 10:00").await;
        let (gone, busy) = (site.page("/gone.csv", 404), site.page("/busy.csv", 503));
        let text = format!("<p>详见<a href=\"{gone}\">名单</a>、<a href=\"{busy}\">名册</a>。</p>");
        let url = feed(&site, "公示", &text, office.now() - TimeDelta::hours(5));
        register(&office, &[fed("A001", UNIT, url)]).await;
        inspect(&office, &fetcher(), "2026H2").await;
        let links = of(&office, "2026H2", Indicator::Link).await;
        let mut judged: Vec<_> = links.iter().map(|f| (f.subject.as_str(), f.outcome, f.reason.as_str())).collect();
        judged.sort_by_key(|judged| judged.0);
        let busy = (busy.as_str(), Outcome::Suspected, "server_error");
        assert_eq!(judged, [busy, (gone.as_str(), Outcome::Fail, "not_found")]);
        assert_eq!(site.asked("/gone.csv"), 2, "a 404 is asked twice");
        let personal = of(&office, "2026H2", Indicator::Privacy).await;
        assert_eq!((personal.len(), personal[0].outcome), (1, Outcome::Unverified));
        assert!(personal[0].summary.contains("未能读取2个"), "{}", personal[0].summary);
    }

    /// 撤销: the word found again, at another place of the same post, is no new accusation.
    async fn a_revoked_accusation_is_not_raised_again_by_the_machine(db) {
        let site = Site::start().await;
        let office = office(db, "2026-11-23 10:00").await;
        let fetcher = fetcher();
        let published = office.now() - TimeDelta::hours(5);
        let url = feed(&site, "公示", "<p>区攻府近日公示。</p>", published);
        register(&office, &[fed("A001", UNIT, url)]).await;
        inspect(&office, &fetcher, "2026H2").await;
        let doubt = of(&office, "2026H2", Indicator::Expression).await;
        decide_finding(&office, doubt[0].id, true, "", "测试").await.unwrap();
        let issue = all_issues(&office).await.into_iter().find(|i| i.indicator == Indicator::Expression).unwrap();
        issues::act(&office, issue.id, Action::Revoke, "引用原文", "测试", &Scope::All).await.unwrap();
        feed(&site, "公示", "<p>经研究，区攻府近日公示。区攻府另行通知。</p>", published);
        office.clock.advance_to(at("2026-11-24 06:30"));
        inspect(&office, &fetcher, "2026-11-24").await;
        let again = of(&office, "2026-11-24", Indicator::Expression).await;
        assert_eq!(again.iter().map(|f| f.outcome).collect::<Vec<_>>(), [Outcome::Pass], "{again:#?}");
        let issue = all_issues(&office).await.into_iter().find(|i| i.indicator == Indicator::Expression).unwrap();
        assert_eq!(issue.status, IssueStatus::Revoked);
    }

    /// A source that shows titles alone, one that cannot be read, and a phrase the office allows.
    async fn what_was_looked_through_is_said_and_the_office_s_lexicon_counts(db) {
        let site = Site::start().await;
        let lexicon = db.folder.path().join("词库.csv");
        std::fs::write(&lexicon, "类别,写法,规范写法\n放行,攻府营村,\n错词,云溪曲,云溪区\n").unwrap();
        let mut config = config();
        config.rules.lexicon = Some(lexicon);
        let mut office = office_with(db, "2026-11-23 09:00", config).await;
        office.rules = std::sync::Arc::new(xuncha::app::rules_of(&office.config).unwrap());
        let recent = office.now() - TimeDelta::days(1);
        let allowed = site.titled_feed("/allowed", "攻府营村办实事", &[recent]);
        let wrong = site.titled_feed("/wrong", "云溪曲办实事", &[recent]);
        let unread = site.page("/unread", 503);
        register(&office, &[fed("A001", UNIT, allowed), fed("A002", UNIT, wrong), fed("A003", UNIT, unread)]).await;
        inspect(&office, &fetcher(), "2026H2").await;
        let found = of(&office, "2026H2", Indicator::Expression).await;
        let mut found = found;
        found.sort_by(|a, b| a.account_id.cmp(&b.account_id));
        let outcomes: Vec<_> = found.iter().map(|f| (f.account_id.as_str(), f.outcome)).collect();
        assert_eq!(
            outcomes,
            [("A001", Outcome::Unverified), ("A002", Outcome::Suspected), ("A003", Outcome::Unverified)],
            "{found:#?}"
        );
        assert_eq!((found[0].reason.as_str(), found[2].reason.as_str()), ("titles_only", "bad_status"));
        assert!(found[0].summary.contains("1篇未取得正文，仅核对标题"), "{}", found[0].summary);
        assert!(found[1].summary.contains("标题第1字") && found[1].summary.contains("云溪区"), "{}", found[1].summary);
        let personal = of(&office, "2026H2", Indicator::Privacy).await;
        assert!(personal.iter().all(|f| f.outcome != Outcome::Suspected), "{personal:#?}");
    }
}

#[test]
fn a_text_is_looked_through_before_it_is_published() {
    let folder = tempfile::tempdir().unwrap();
    let cli = Cli::bare(folder.path());
    let text = cli.file("稿件.txt", format!("区攻府公示\n章虚构，身份证号{ID}\n"));
    let found = cli.json(&["check-text", &text]);
    let found = found.as_array().unwrap();
    assert_eq!(found.len(), 2, "{found:#?}");
    assert_eq!(found[0]["word"], "攻府");
    assert_eq!((found[0]["position"].as_u64(), found[0]["length"].as_u64()), (Some(2), Some(2)));
    assert_eq!(found[0]["sentence"], "区【攻府】公示");
    assert_eq!(found[1]["word"], "510***********9995");
    assert_eq!(found[1]["line"], 2);
    let fed = cli.feed(&["check-text", "-", "--format", "csv"], "没有问题的一句话");
    assert_eq!((fed.code, fed.stdout.lines().count()), (0, 1), "{fed:?}");
    for format in ["table", "csv", "json"] {
        let ended = cli.run(&["check-text", &text, "--format", format]);
        assert!(!ended.stdout.contains(ID) && !ended.stderr.contains(ID), "{ended:?}");
    }
    cli.run(&["check-text", "没有.txt"]).refused(1, &["没有.txt"]);

    let lexicon = cli.file("词库.csv", "类别,写法,规范写法\n错词,攻府,攻府\n怪词,甲乙,丙\n");
    let cli = cli.with("XUNCHA__RULES__LEXICON", &lexicon);
    cli.run(&["check-text", &text])
        .refused(2, &["[rules] lexicon", "词库.csv", "第 2 行“写法”", "第 3 行“类别”", "停用"]);
}
