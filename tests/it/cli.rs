//! The command line as scripts use it: fields, exit codes, one document on standard output, errors that name the place.

use chrono::{Datelike as _, SecondsFormat, TimeDelta, Utc};
use chrono_tz::Asia::Shanghai;
use rust_xlsxwriter::Workbook;
use serde_json::{Value, json};

use crate::world::at;
use crate::world::both::on_both;
use crate::world::cli::{Cli, fields};
use crate::world::db::Database;
use crate::world::site::Site;

const HEAD: &str = "account_id,name,platform,unit,supervising_unit,admin,admin_contact,filing_no,source,source_url,service_links,科室\n";

const ACCOUNT_FIELDS: [&str; 19] = [
    "account_id",
    "admin",
    "admin_contact",
    "certified_subject",
    "extra",
    "filing_no",
    "followers",
    "name",
    "opened_on",
    "platform",
    "represents_government",
    "service_links",
    "source",
    "source_options",
    "source_url",
    "status",
    "supervising_unit",
    "unit",
    "unit_tier",
];
const FINDING_FIELDS: [&str; 16] = [
    "account",
    "account_id",
    "as_of",
    "class",
    "evidence",
    "id",
    "indicator",
    "newest_at",
    "observed_at",
    "outcome",
    "reason",
    "round",
    "rule",
    "subject",
    "summary",
    "unit",
];
const ISSUE_FIELDS: [&str; 21] = [
    "account",
    "account_id",
    "acknowledged_at",
    "as_of",
    "class",
    "closed_at",
    "due_at",
    "due_provisional",
    "events",
    "evidence",
    "id",
    "indicator",
    "opened_at",
    "platform",
    "rectified_at",
    "round",
    "rule",
    "status",
    "subject",
    "summary",
    "unit",
];

/// A registry of three: one in order, one silent with a dead link, one without a filing.
fn registry(site: &Site) -> String {
    let fresh = site.feed("/fresh", &[Utc::now() - TimeDelta::days(1)]);
    let silent = site.feed("/silent", &[Utc::now() - TimeDelta::days(32)]);
    let (good, dead) = (site.page("/good", 200), site.page("/dead", 404));
    format!(
        "{HEAD}A1,云溪水务,wechat,云溪区水务局,云溪区府办,甲,13800000000,云备1,feed,{fresh},{good},办公室\n\
         A2,云溪水务,微博,云溪区水务局,云溪区府办,甲,,云备2,feed,{silent},{good} {dead},\n\
         A3,云溪档案,wechat,云溪区档案馆,云溪区府办,乙,,,,,,\n"
    )
}

on_both! {
    /// From an empty folder to a report, with every shape scripts rely on.
    async fn a_round_from_import_to_report_in_the_shapes_of_the_contract(db) {
        let site = Site::start().await;
        // The program has no clock but the real one: an hour ago is no rehearsal.
        let hour_ago = (Utc::now() - TimeDelta::hours(1)).with_timezone(&Shanghai);
        let half = &format!("{}H{}", hour_ago.year(), if hour_ago.month() <= 6 { 1 } else { 2 });
        let year_name = &hour_ago.year().to_string();
        let [as_of, another] = [0, 1].map(|hours| {
            (hour_ago - TimeDelta::hours(hours)).to_rfc3339_opts(SecondsFormat::Secs, false)
        });
        let cli = Cli::new(db.folder.path(), &db.url);
        cli.file("accounts.csv", registry(&site));

        let dry = cli.json(&["accounts", "import", "accounts.csv", "--dry-run"]);
        assert_eq!((&dry["added"], &dry["dry_run"]), (&json!(3), &json!(true)));
        assert_eq!(cli.json(&["accounts", "list"]), json!([]));
        assert_eq!(cli.json(&["accounts", "import", "accounts.csv"])["added"], 3);
        let again = cli.json(&["accounts", "import", "accounts.csv"]);
        assert_eq!((&again["added"], &again["changed"], &again["unchanged"]), (&json!(0), &json!(0), &json!(3)));

        let accounts = cli.json(&["accounts", "list"]);
        assert_eq!(accounts.as_array().unwrap().len(), 3);
        assert_eq!(fields(&accounts[0]), ACCOUNT_FIELDS);
        assert_eq!(accounts[0]["extra"], json!({"科室": "办公室"}));
        assert_eq!(accounts[1]["platform"], "weibo");
        assert!(!accounts.to_string().contains("13800000000"), "contact data is masked");
        assert!(cli.json(&["accounts", "show", "A1"])["events"].is_array());
        let lint = cli.run(&["accounts", "lint", "--format", "json"]);
        assert_eq!(lint.code, 1);
        let lint: Value = serde_json::from_str(&lint.stdout).unwrap();
        assert!(lint.as_array().unwrap().iter().any(|line| line["account_id"] == "A3"));

        let frozen = cli.json(&["round", "freeze", half, "--as-of", &as_of]);
        assert_eq!((&frozen["state"], &frozen["seed"]), (&json!("frozen"), &Value::Null));
        let open = ["round", "open", half, "--seed", "4 2 6 1", "--notify"];
        let opened = cli.json(&open);
        assert_eq!((&opened["state"], &opened["seed"], &opened["members"]), (&json!("open"), &json!("4 2 6 1"), &json!(3)));
        assert_eq!(cli.json(&["round", "open", half])["seed"], "4 2 6 1");
        cli.run(&["round", "open", half, "--as-of", &another]).refused(2, &["--as-of", half]);
        cli.run(&["round", "open", half, "--ratio", "0.5"]).refused(2, &[half, "--ratio"]);

        let limited = cli.json(&["round", "run", half, "--limit", "1"]);
        assert_eq!((&limited["looked_at"], &limited["remaining"], &limited["state"]), (&json!(1), &json!(2), &json!("open")));
        let ran = cli.json(&["round", "run", half]);
        assert_eq!((&ran["looked_at"], &ran["state"], &ran["opened"]["notices"]), (&json!(2), &json!("judged"), &json!(2)));
        let status = cli.json(&["round", "status", half]);
        for field in ["round", "kind", "state", "as_of", "ratio", "rotation", "seed", "frame_size", "frame_sha256",
            "strata", "members", "looked_at", "findings"] {
            assert!(!status[field].is_null(), "{field} of {status}");
        }
        assert_eq!(status["as_of"], as_of);
        assert_eq!(cli.json(&["round", "list"]).as_array().unwrap().len(), 1);

        let findings = cli.json(&["findings", "list", "--round", half]);
        let listed: Vec<&str> = FINDING_FIELDS.into_iter().filter(|field| *field != "unit").collect();
        assert_eq!(fields(&findings[0]), listed);
        let failed = cli.json(&["findings", "list", "--outcome", "fail"]);
        let mut seen: Vec<_> = failed.as_array().unwrap().iter().map(|f| format!("{} {}", f["account_id"], f["indicator"])).collect();
        seen.sort();
        assert_eq!(seen, [r#""A2" "link""#, r#""A2" "stale""#, r#""A3" "registration""#]);
        let issues = cli.json(&["issues", "list", "--round", half]);
        assert_eq!(issues.as_array().unwrap().len(), 3);
        assert_eq!(fields(&issues[0]), ISSUE_FIELDS);
        assert_eq!(fields(&issues[0]["rule"]), ["clause", "document", "version"]);
        assert_eq!(fields(&issues[0]["evidence"]), ["chain", "fetched_at", "sha256", "snippet", "status", "url"]);
        assert_eq!(fields(&issues[0]["events"][0]), ["actor", "at", "kind", "note"]);
        assert_eq!(cli.json(&["issues", "list", "--unit", "云溪区档案馆"]).as_array().unwrap().len(), 1);
        assert_eq!(cli.json(&["issues", "list", "--overdue"]), json!([]));
        let id = issues[0]["id"].to_string();
        assert_eq!(cli.json(&["issues", "ack", &id])["status"], "acknowledged");
        assert_eq!(cli.json(&["issues", "ack", &id])["events"].as_array().unwrap().len(), 2, "twice is once");
        cli.run(&["issues", "fix", &id]).refused(2, &[&id]);
        cli.run(&["issues", "show", "999"]).refused(1, &["999"]);
        cli.run(&["issues", "list", "--round", "2025Q1"]).refused(1, &["2025Q1"]);
        let waiting = cli.json(&["notices", "list", "--status", "waiting"]);
        assert!(waiting.as_array().unwrap().len() >= 2, "{waiting}");

        assert_eq!(cli.run(&["round", "export", half, "draw.json"]).code, 0);
        assert_eq!(cli.json(&["round", "verify", half])["ok"], true);
        // The file alone, in an empty folder, without a database.
        let stranger = Database::sqlite();
        std::fs::copy(cli.path("draw.json"), stranger.folder.path().join("draw.json")).unwrap();
        assert_eq!(Cli::bare(stranger.folder.path()).json(&["round", "verify", "draw.json"])["ok"], true);
        assert_eq!(std::fs::read_dir(stranger.folder.path()).unwrap().count(), 1, "verify leaves nothing behind");
        let text = std::fs::read_to_string(cli.path("draw.json")).unwrap();
        cli.file("forged.json", text.replace("4 2 6 1", "4 2 6 2"));
        let forged = cli.run(&["round", "verify", "forged.json"]);
        assert_eq!(forged.code, 1, "{forged:?}");
        assert!(forged.stderr.contains("forged.json"));
        cli.file("nonsense.json", "{\"format\": \"xuncha-draw/1\"");
        cli.run(&["round", "verify", "nonsense.json"]).refused(1, &["nonsense.json", "第1行"]);

        assert_eq!(cli.run(&["report", half, "--out", "reports"]).code, 0);
        assert_eq!(std::fs::read_dir(cli.path("reports")).unwrap().count(), 6);
        // Beside them: a form, letters, the internal version; twice is once.
        for _ in 0..2 {
            let drafts = cli.json(&["report", half, "--out", "drafts", "--form", "statistics", "--notices", "--internal"]);
            assert_eq!(drafts["form"], "statistics");
            let letters = std::fs::read_dir(cli.path("drafts/notices")).unwrap().count();
            assert!(letters > 0);
            assert_eq!(drafts["files"].as_array().unwrap().len(), 7 + letters);
        }
        // Without LibreOffice the documents are there all the same, and the error says what to do.
        let alone = cli.with("PATH", "/nonexistent");
        alone.run(&["report", half, "--out", "pdf", "--pdf"]).refused(1, &["LibreOffice", "soffice"]);
        assert!(alone.path("pdf/bulletin.docx").exists() && !alone.path("pdf/certificate.docx").exists());
        let cli = alone;
        // A year by unit.
        let year = cli.json(&["report", year_name, "--out", "year"]);
        assert_eq!((&year["year"], year["files"].as_array().unwrap().len()), (&json!(year_name.parse::<i32>().unwrap()), 3));
        let annual: Value = serde_json::from_slice(&std::fs::read(cli.path("year/annual.json")).unwrap()).unwrap();
        assert_eq!((&annual["format"], annual["rounds"].as_array().unwrap().len()), (&json!("xuncha-annual/1"), 1));
        assert_eq!(annual["total"]["looks"], annual["rounds"][0]["drawn"]);
        assert!(!annual.to_string().contains("admin"));
        // Its figures name their rows.
        let looks = cli.json(&["explain", year_name, "total.looks"]);
        assert_eq!((&looks["year"], looks["rows"].as_array().unwrap().len() as u64), (&json!(year_name.parse::<i32>().unwrap()), annual["total"]["looks"].as_u64().unwrap()));
        cli.run(&["report", year_name, "--out", "year", "--notices"]).refused(2, &["--notices"]);
        cli.run(&["report", "2026Q9", "--out", "year"]).refused(2, &["2026Q9"]);
        cli.file("blocked", "a file");
        cli.run(&["report", half, "--out", "blocked/reports"]).refused(1, &["blocked/reports"]);
        cli.run(&["round", "export", half, "blocked/draw.json"]).refused(1, &["blocked/draw.json"]);
        cli.run(&["accounts", "export", "blocked/accounts.csv"]).refused(1, &["blocked/accounts.csv"]);
        assert_eq!(cli.json(&["round", "close", half])["state"], "closed");
        assert_eq!(cli.json(&["round", "close", half])["state"], "closed");
    }

    /// Codes are shown once, to the one who asked.
    async fn an_invitation_is_one_document(db) {
        let site = Site::start().await;
        let cli = Cli::new(db.folder.path(), &db.url);
        cli.file("accounts.csv", registry(&site));
        cli.json(&["accounts", "import", "accounts.csv"]);
        let invite = cli.json(&["users", "invite", "--role", "unit_admin", "--unit", "云溪区水务局"]);
        assert_eq!(fields(&invite), ["code", "expires_at", "role", "unit"]);
        assert_eq!((&invite["role"], &invite["unit"]), (&json!("unit_admin"), &json!("云溪区水务局")));
        let supervisor = cli.json(&["users", "invite", "--role", "supervisor"]);
        assert_eq!(supervisor["unit"], Value::Null);
        assert_ne!(supervisor["code"], invite["code"]);
        cli.run(&["users", "invite", "--role", "unit_admin"]).refused(2, &["--unit"]);
        cli.run(&["users", "invite", "--role", "supervisor", "--unit", "云溪区水务局"]).refused(2, &["--unit"]);
        cli.run(&["users", "invite", "--role", "unit_admin", "--unit", "没有的单位"]).refused(1, &["没有的单位"]);
        cli.run(&["users", "invite", "--role", "king"]).refused(2, &["king"]);
        cli.run(&["users", "revoke", "7"]).refused(1, &["7"]);
        assert_eq!(cli.json(&["users", "list"]), json!([]));
    }

    /// Every way a registry file can be wrong: which line, which field, and nothing of it is kept.
    async fn a_bad_registry_file_is_refused_as_a_whole_with_line_and_field(db) {
        let cli = Cli::new(db.folder.path(), &db.url);
        let good = "G1,云溪档案,wechat,云溪区档案馆\n";
        let head = "account_id,name,platform,unit,opened_on\n";
        let cases: Vec<(&str, Vec<u8>, Vec<&str>)> = vec![
            ("encoding.csv", [head.as_bytes(), b"G1,x,wechat,u,\nA2,\xff\xff\xff,wechat,u,\n"].concat(), vec!["第 3 行", "编码"]),
            ("heading.csv", format!("account_id,name,unit\n{good}").into(), vec!["第 1 行", "平台", "缺少"]),
            ("twice.csv", format!("{head}{good}G1,云溪水务,weibo,云溪区水务局,\n").into(), vec!["第 3 行", "account_id", "G1", "第 2 行重复"]),
            ("platform.csv", format!("{head}{good}A2,云溪水务,qzone,云溪区水务局,\n").into(), vec!["第 3 行", "platform", "qzone"]),
            ("date.csv", format!("{head}{good}A2,云溪水务,weibo,云溪区水务局,2026-02-30\n").into(), vec!["第 3 行", "opened_on", "2026-02-30"]),
            ("empty_name.csv", format!("{head}{good}A2,,weibo,云溪区水务局,\n").into(), vec!["第 3 行", "name", "不能为空"]),
            ("fake.xlsx", format!("{head}{good}").into(), vec!["XLSX"]),
            ("nothing.csv", Vec::new(), vec!["没有内容"]),
            ("book.csv", b"PK\x03\x04\0\0\0\0".to_vec(), vec![".xlsx"]),
        ];
        for (name, content, words) in cases {
            cli.file(name, content);
            let ended = cli.run(&["accounts", "import", name]);
            ended.refused(1, &[words.as_slice(), &[name]].concat());
        }
        let mut book = Workbook::new();
        let sheet = book.add_worksheet();
        for (column, text) in ["account_id", "name", "platform", "unit"].into_iter().enumerate() {
            sheet.write(0, column as u16, text).unwrap();
            sheet.write(1, column as u16, ["G1", "云溪档案", "wechat", "云溪区档案馆"][column]).unwrap();
        }
        sheet.write_formula(1, 1, "=A2&\"发布\"").unwrap();
        book.save(cli.path("formula.xlsx")).unwrap();
        cli.run(&["accounts", "import", "formula.xlsx"]).refused(1, &["formula.xlsx", "第 2 行", "name", "B2", "公式"]);
        cli.run(&["accounts", "import", "not-there.csv"]).refused(1, &["not-there.csv"]);
        // A good file beside a bad one is not imported either.
        cli.file("good.csv", format!("account_id,name,platform,unit\n{good}"));
        cli.run(&["accounts", "import", "good.csv", "platform.csv"]).refused(1, &["platform.csv"]);
        assert_eq!(cli.json(&["accounts", "list"]), json!([]));
        // Told to skip what is bad, the rest comes in and the bad rows are named.
        let ended = cli.run(&["accounts", "import", "platform.csv", "--skip-bad", "--format", "json"]);
        assert_eq!(ended.code, 0, "{ended:?}");
        assert!(ended.stderr.contains("qzone"));
        let done: Value = serde_json::from_str(&ended.stdout).unwrap();
        assert_eq!((&done["added"], &done["skipped"]), (&json!(1), &json!(1)));
        // GB18030 as spreadsheets write it, and Chinese headings, are at home.
        let text = "账号编号,账号名称,平台,主办单位,开设日期\nB1,云溪文旅,微信公众号,云溪区文旅局,2020/3/1\n";
        cli.file("gbk.csv", encoding_rs::GBK.encode(text).0);
        assert_eq!(cli.json(&["accounts", "import", "gbk.csv"])["added"], 1);
        assert_eq!(cli.json(&["accounts", "show", "B1"])["name"], "云溪文旅");
    }

    /// A record must belong to an account, and all of a file comes in or nothing.
    async fn review_records_of_unknown_accounts_are_refused(db) {
        let site = Site::start().await;
        let cli = Cli::new(db.folder.path(), &db.url);
        cli.file("accounts.csv", registry(&site));
        cli.json(&["accounts", "import", "accounts.csv"]);
        let head = "账号编号,文章链接,标题,初审人,初审时间,复审人,复审时间,终审人,终审时间\n";
        let row = |id: &str, key: u32| {
            format!("{id},https://a.example/{key},标题{key},甲,2026-11-20 08:00,乙,2026-11-20 08:10,丙,2026-11-20 08:20\n")
        };
        cli.file("bad.csv", format!("{head}{}{}", row("A1", 1), row("Z9", 2)));
        cli.run(&["reviews", "import", "bad.csv"]).refused(1, &["bad.csv", "第 3 行", "Z9"]);
        assert_eq!(cli.json(&["reviews", "list"]), json!([]));
        cli.file("time.csv", format!("{head}{}", row("A1", 1).replace("08:20", "25:20")));
        cli.run(&["reviews", "import", "time.csv"]).refused(1, &["time.csv", "第 2 行", "终审时间", "25:20"]);
        cli.file("good.csv", format!("{head}{}{}", row("A1", 1), row("A2", 2)));
        assert_eq!(cli.json(&["reviews", "import", "good.csv"])["added"], 2);
        assert_eq!(cli.json(&["reviews", "import", "good.csv"])["unchanged"], 2);
        let list = cli.json(&["reviews", "list"]);
        assert_eq!(list.as_array().unwrap().len(), 2);
        assert!(!list.to_string().contains('甲'), "reviewers are personal data");
    }

    /// Eight processes on one empty database: the schema is made once, everybody succeeds.
    async fn processes_that_start_at_once_all_succeed(db) {
        let cli = Cli::new(db.folder.path(), &db.url);
        let started: Vec<_> = (0..8).map(|_| cli.process(&["migrate", "-q"]).spawn().unwrap()).collect();
        for mut process in started {
            assert!(process.wait().unwrap().success());
        }
        // And write beside each other.
        let names: Vec<String> = (0..6).map(|n| cli.file(&format!("{n}.csv"), format!("account_id,name,platform,unit\nA{n},云溪{n},wechat,云溪区第{n}局\n"))).collect();
        let started: Vec<_> = names
            .iter()
            .map(|name| cli.process(&["accounts", "import", name]).stdout(std::process::Stdio::null()).spawn().unwrap())
            .collect();
        for mut process in started {
            assert!(process.wait().unwrap().success());
        }
        assert_eq!(cli.json(&["accounts", "list"]).as_array().unwrap().len(), 6);
        assert_eq!(db.number("SELECT COUNT(*) FROM meta").await, 1);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn links_are_json_lines_and_need_no_database() {
    let site = Site::start().await;
    let place = Database::sqlite();
    let cli = Cli::bare(place.folder.path())
        .with("XUNCHA__HTTP__ALLOW_PRIVATE", "true")
        .with("XUNCHA__HTTP__RETRIES", "0")
        .with("XUNCHA__DATABASE__URL", "postgres://nobody@127.0.0.1:1/none");
    let (good, gone) = (site.page("/good", 200), site.page("/gone", 404));
    let (down, denied) = (site.page("/down", 503), site.page("/denied", 403));
    let input = format!("\u{feff}{good}\r\n\r\n{gone}\n{down}\n{denied}\nnot a url\n");
    let ended = cli.feed(&["links", "-", "--format", "json"], &input);
    assert_eq!(ended.code, 0, "{ended:?}");
    let lines: Vec<Value> = ended.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 5);
    for line in &lines {
        assert_eq!(fields(line), ["attempts", "elapsed_ms", "final_url", "outcome", "reason", "status", "url"]);
    }
    let outcome = |url: &str| {
        let line = lines.iter().find(|line| line["url"] == url).unwrap();
        (line["outcome"].as_str().unwrap().to_owned(), line["status"].clone())
    };
    assert_eq!(outcome(&good), ("ok".to_owned(), json!(200)));
    assert_eq!(outcome(&gone), ("broken".to_owned(), json!(404)));
    assert_eq!(outcome(&down), ("suspected".to_owned(), json!(503)));
    assert_eq!(outcome(&denied), ("suspected".to_owned(), json!(403)));
    assert_eq!(site.asked("/gone"), 2, "asked again at once");
    cli.run(&["links", "not-there.txt"]).refused(1, &["not-there.txt"]);
    assert_eq!(std::fs::read_dir(place.folder.path()).unwrap().count(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn probe_shows_what_an_adapter_sees() {
    let site = Site::start().await;
    let place = Database::sqlite();
    let cli = Cli::bare(place.folder.path()).with("XUNCHA__HTTP__ALLOW_PRIVATE", "true");
    let feed = site.feed("/feed", &[at("2026-10-20 08:00"), at("2026-10-21 08:00")]);
    let seen = cli.json(&["probe", "feed", &feed]);
    assert_eq!(fields(&seen), ["kind", "newest", "posts", "profile", "url", "warnings"]);
    assert_eq!(fields(&seen["posts"][0]), ["id", "links", "published_at", "text_chars", "title", "url"]);
    assert_eq!((&seen["kind"], &seen["url"]), (&json!("feed"), &json!(feed)));
    assert!(seen["newest"].as_str().unwrap().starts_with("2026-10-21T08:00:00+08:00"));
    cli.run(&["probe", "feed", &site.page("/page", 200)]).refused(1, &["/page"]);
    cli.run(&["probe", "feed", &site.url("/none")]).refused(1, &["/none"]);
    cli.run(&["probe", "weibo", "https://weibo.example/u/1"]).refused(1, &[]);
    cli.run(&["probe", "nonsense", &feed]).refused(2, &["nonsense"]);
    cli.run(&["probe", "html", &feed, "--option", "novalue"]).refused(2, &["--option", "novalue"]);
    let guarded = Cli::bare(place.folder.path());
    guarded.run(&["probe", "feed", &feed]).refused(1, &[]);
    assert_eq!(site.asked("/feed"), 1, "a private address is not asked without leave");
}
