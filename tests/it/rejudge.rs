//! A round judged again under other rules: the differences, and nothing else.

use chrono::TimeDelta;
use serde_json::Value;
use xuncha::checks::decide::decide_finding;
use xuncha::checks::rejudge::{Change, Difference, Rejudge, Totals};
use xuncha::checks::second_look::look_again;
use xuncha::domain::account::Account;
use xuncha::domain::finding::Outcome;
use xuncha::domain::rule::{Indicator, RuleSet};
use xuncha::office::Office;

use crate::world::both::on_both;
use crate::world::cli::{Cli, fields};
use crate::world::db::Database;
use crate::world::site::Site;
use crate::world::{account, at, fed, fetcher, findings, inspect, office, register, round};

const UNIT: &str = "云溪区水务局";
const BUILT_IN: &str = include_str!("../../accounts/rules/2019-19.toml");

/// The built-in set under another version: seven days, and no registration.
fn strict() -> String {
    let text = BUILT_IN
        .replace("version = \"2019-19/2\"", "version = \"local/7\"")
        .replace("stale_days = 14", "stale_days = 7")
        .replace("remind_days = [10, 12]", "remind_days = [5, 6]");
    let (before, rest) = text.split_once("[indicators.registration]").unwrap();
    let (_, after) = rest.split_once("[indicators.app_unavailable]").unwrap();
    format!("{before}[indicators.app_unavailable]{after}")
}

async fn judged(office: &Office, rules: &RuleSet, name: &str) -> (Vec<Difference>, Totals, bool) {
    let mut rejudge = Rejudge::begin(office, round(name), rules).await.unwrap();
    let mut all = Vec::new();
    while let Some(page) = rejudge.next_page().await.unwrap() {
        all.extend(page);
    }
    (all, rejudge.totals(), rejudge.same_version_differs())
}

/// Everything a run leaves in the database, counted.
async fn rows(db: &Database) -> Vec<i64> {
    let mut rows = Vec::new();
    for table in ["finding", "issue", "event", "notice", "observation", "member"] {
        rows.push(db.number(&format!("SELECT COUNT(*) FROM {table}")).await);
    }
    rows.push(db.number("SELECT CAST(COALESCE(SUM(rule_id + LENGTH(summary)), 0) AS BIGINT) FROM finding").await);
    rows
}

fn told(difference: &Difference) -> (&str, &str, Change, Option<Outcome>, Option<Outcome>) {
    let outcome = |side: &Option<xuncha::checks::rejudge::Side>| side.as_ref().map(|side| side.outcome);
    let (id, indicator) = (difference.account_id.as_str(), difference.indicator.key());
    (id, indicator, difference.change, outcome(&difference.before), outcome(&difference.after))
}

on_both! {
    /// Seven days instead of fourteen, registration left out: what changes, what stands, and nothing is written.
    async fn other_rules_list_what_they_would_change_and_change_nothing(db) {
        let site = Site::start().await;
        let office = office(db, "2026-11-23 09:00").await;
        register(&office, &[
            fed("A1", "云溪区甲局", site.feed("/a1", &[at("2026-11-22 08:00")])),
            fed("A2", "云溪区乙局", site.feed("/a2", &[at("2026-11-12 08:00")])),
            Account { filing_no: None, ..fed("A3", "云溪区丙局", site.feed("/a3", &[at("2026-11-01 08:00")])) },
        ])
        .await;
        inspect(&office, &fetcher(), "2026-11-23").await;
        // The silence of A3 was dismissed by a person; the machine would still see it.
        let failed = findings(&office, "2026-11-23", Some(Outcome::Fail)).await;
        let silent = failed.iter().find(|f| f.indicator == Indicator::Stale).unwrap();
        decide_finding(&office, silent.id, false, "系统维护", "监管员").await.unwrap();
        let before = rows(db).await;

        let rules: RuleSet = toml::from_str(&strict()).unwrap();
        let (differences, totals, warned) = judged(&office, &rules, "2026-11-23").await;
        let (pass, fail) = (Some(Outcome::Pass), Some(Outcome::Fail));
        assert_eq!(differences.iter().map(told).collect::<Vec<_>>(), [
            ("A1", "registration", Change::Dropped, pass, None),
            ("A2", "stale", Change::Changed, pass, fail),
            ("A2", "registration", Change::Dropped, pass, None),
            ("A3", "stale", Change::Kept, pass, fail),
            ("A3", "registration", Change::Dropped, fail, None),
        ]);
        let changed = differences.iter().find(|d| d.change == Change::Changed).unwrap();
        assert_eq!(changed.before.as_ref().unwrap().version, "2019-19/2");
        assert_eq!(changed.after.as_ref().unwrap().version, "local/7");
        assert_eq!((totals.accounts, totals.differences, totals.kept, totals.unchanged), (3, 4, 1, 7));
        assert!(!warned);
        // The set in force finds what it found; only the person's word differs.
        let (differences, totals, warned) = judged(&office, &office.rules, "2026-11-23").await;
        assert_eq!(differences.iter().map(told).collect::<Vec<_>>(), [("A3", "stale", Change::Kept, pass, fail)]);
        assert_eq!((totals.differences, totals.unchanged, warned), (0, 11, false));
        // The same version, another number in it.
        let other: RuleSet = toml::from_str(&BUILT_IN.replace("stale_days = 14", "stale_days = 13")).unwrap();
        assert!(judged(&office, &other, "2026-11-23").await.2);
        assert_eq!(rows(db).await, before);
    }

    /// A link is judged by its last look, the day after; the observation knows the first alone.
    async fn a_link_looked_at_again_is_judged_by_its_last_look(db) {
        let site = Site::start().await;
        let office = office(db, "2026-11-23 09:00").await;
        let fetcher = fetcher();
        let links = [site.page("/recovers", 503), site.page("/dies", 503), site.page("/stays", 503)];
        register(&office, &[Account { service_links: links.to_vec(), ..account("A1", UNIT) }]).await;
        inspect(&office, &fetcher, "2026H2").await;
        site.page("/recovers", 200);
        site.page("/dies", 404);
        office.clock.advance(TimeDelta::hours(7));
        assert_eq!(look_again(&office, &fetcher).await.unwrap().looked_at, 3);
        let (differences, totals, _) = judged(&office, &office.rules, "2026H2").await;
        assert_eq!(differences, [], "{totals:?}");
        let ordinary = BUILT_IN.replacen("version = \"2019-19/2\"", "version = \"x\"", 1);
        let (head, tail) = ordinary.split_once("[indicators.link]\nclass = \"ordinary\"").unwrap();
        let rules: RuleSet = toml::from_str(&format!("{head}[indicators.link]\nclass = \"prominent\"{tail}")).unwrap();
        let (differences, _, _) = judged(&office, &rules, "2026H2").await;
        let outcomes: Vec<_> = differences.iter().map(|d| told(d).4).collect();
        assert_eq!(outcomes, [Some(Outcome::Pass), Some(Outcome::Fail), Some(Outcome::Suspected)]);
    }

    /// What an older program stored lacks fields of today; what nobody can read is counted.
    async fn observations_of_older_programs_are_still_read(db) {
        let office = office(db, "2026-11-23 09:00").await;
        register(&office, &[account("A1", UNIT), account("A2", "云溪区教育局")]).await;
        inspect(&office, &fetcher(), "2026-11-23").await;
        let old = r#"{"at":"2026-11-23T01:00:00Z","source":{"Ok":{"at":"2026-11-22T08:00:00+08:00","day_only":false,"listed":1,"dated":1}},
            "posts":[{"url":null,"title":"通知","published_at":"2026-11-22T08:00:00+08:00","day_only":false}],
            "evidence":{"url":null,"status":null,"chain":[],"snippet":null,"sha256":null,"fetched_at":null},"links":[],
            "source_try":null,"link_try":null,"offline":false}"#;
        db.sql(&format!("UPDATE observation SET data_json = '{old}' WHERE account_id = 'A1'")).await.unwrap();
        db.sql("UPDATE observation SET data_json = '{}' WHERE account_id = 'A2'").await.unwrap();
        let (differences, totals, _) = judged(&office, &office.rules, "2026-11-23").await;
        assert_eq!((totals.accounts, totals.unreadable), (1, 1));
        let changed: Vec<_> = differences.iter().map(told).collect();
        assert_eq!(changed, [("A1", "stale", Change::Changed, Some(Outcome::Unverified), Some(Outcome::Pass))]);
        db.sql("DELETE FROM observation").await.unwrap();
        let (differences, totals, _) = judged(&office, &office.rules, "2026-11-23").await;
        assert_eq!((differences.len(), totals.accounts, totals.without_observation), (0, 0, 2));
    }

    /// At the command line: one document, a usage error without --dry-run, and a file that says where it is wrong.
    async fn the_commands_compare_and_check_rule_sets(db) {
        let site = Site::start().await;
        let office = office(db, "2026-11-23 09:00").await;
        register(&office, &[fed("A1", UNIT, site.feed("/a1", &[at("2026-11-12 08:00")]))]).await;
        inspect(&office, &fetcher(), "2026-11-23").await;
        let cli = Cli::new(db.folder.path(), &db.url);
        cli.file("strict.toml", strict());
        let judge = ["round", "judge", "2026-11-23", "--rules", "strict.toml"];
        cli.run(&judge).refused(2, &["--dry-run", "不再改写"]);
        cli.run(&["round", "judge", "2026-11-23", "--dry-run"]).refused(2, &["--rules"]);
        let said = cli.json(&[&judge[..], &["--dry-run"]].concat());
        let wanted =
            ["differences", "file", "judged_by", "not_judged_anew", "round", "rules", "same_version_differs", "totals"];
        assert_eq!(fields(&said), wanted);
        assert_eq!(said["not_judged_anew"], serde_json::json!([]));
        let changed: Vec<&Value> =
            said["differences"].as_array().unwrap().iter().filter(|d| d["change"] == "changed").collect();
        assert_eq!(changed.len(), 1);
        assert_eq!(changed[0]["before"]["outcome"], "pass");
        assert_eq!(changed[0]["after"]["outcome"], "fail");
        assert_eq!(said["totals"]["differences"], 2);
        let table = cli.run(&[&judge[..], &["--dry-run"]].concat());
        assert!(table.stdout.contains("改判") && table.stderr.contains("2019-19/2 → local/7"), "{table:?}");
        cli.run(&["round", "judge", "2026-11-24", "--rules", "strict.toml", "--dry-run"]).refused(1, &["2026-11-24"]);

        // What counts only while a look is made cannot be judged anew, and that is said.
        cli.file("more.toml", strict().replace("per_account = 20", "per_account = 40"));
        let more = cli.run(&["round", "judge", "2026-11-23", "--rules", "more.toml", "--dry-run"]);
        assert!(more.code == 0 && more.stderr.contains("link.per_account 只在查看时起作用"), "{more:?}");

        cli.file("same.toml", BUILT_IN.replace("stale_days = 14", "stale_days = 13"));
        let same = cli.run(&["round", "judge", "2026-11-23", "--rules", "same.toml", "--dry-run"]);
        assert!(same.code == 0 && same.stderr.contains("内容却不同"), "{same:?}");

        cli.file("typo.toml", BUILT_IN.replace("zombie_days", "zombi_days"));
        let line = BUILT_IN.lines().position(|line| line.starts_with("zombie_days")).unwrap() + 1;
        cli.run(&["rules", "check", "typo.toml"]).refused(1, &["typo.toml", &format!("第 {line} 行"), "zombi_days"]);
        cli.run(&["round", "judge", "2026-11-23", "--rules", "typo.toml", "--dry-run"]).refused(2, &["typo.toml"]);
        cli.file("flaw.toml", BUILT_IN.replace("stale_days = 14", "stale_days = 99"));
        let line = BUILT_IN.lines().position(|line| line == "[silence]").unwrap() + 1;
        cli.run(&["rules", "check", "flaw.toml"]).refused(1, &[&format!("第 {line} 行"), "stale_days < zombie_days"]);
        cli.run(&["rules", "check", "none.toml"]).refused(2, &["none.toml"]);
        let checked = cli.json(&["rules", "check", "strict.toml"]);
        assert_eq!(checked["unchecked"], serde_json::json!(["registration"]));
        assert_eq!(checked["version"], "local/7");
        let shown = cli.json(&["rules", "show", "--file", "strict.toml"]);
        assert_eq!(shown.as_array().unwrap().len(), Indicator::ALL.len());
        assert!(cli.run(&["rules", "show"]).stdout.contains("内容不更新"));
        let doctor = cli.with("XUNCHA__RULES__FILE", "strict.toml").run(&["doctor"]).stdout;
        assert!(doctor.contains("local/7；不检查：有账号无监管；依据未核原文：网站标识不规范"), "{doctor}");
    }
}
