//! What an import does not say, what an output file stands on, and which rounds there can be.

use serde_json::{Value, json};
use xuncha::registry::Change;

use crate::world::both::on_both;
use crate::world::cli::Cli;

const HEAD: &str = "账号编号,账号名称,平台,主办单位,单位层级,主管单位,代表主体,状态,备案编号,开设日期,粉丝数,认证主体,管理员,联系方式,采集方式,采集地址,采集参数,服务链接,科室\n";
const ROWS: &str = "A1,云溪发布,微信公众号,云溪区政府办公室,政府,云溪区府办,是,正常运行,云备1,2020-03-01,1200,云溪区政府办公室,张示例,000-0000001,网页列表,https://a.example/,\"{\"\"item\"\":\"\"li\"\"}\",https://a.example/ban,宣传科\n\
    A2,云溪水务,微博,云溪区水务局,部门,云溪区府办,否,已注销,云备2,2019-05-01,90,云溪区水务局,李示例,000-0000002,人工查看,,,,\n";

/// The first columns of every line.
fn cut(text: &str, columns: usize) -> String {
    text.lines().map(|line| line.split(',').take(columns).collect::<Vec<_>>().join(",") + "\n").collect()
}

on_both! {
    /// A file that lacks columns says nothing of them; an empty cell does.
    async fn an_absent_column_leaves_what_is_known_and_an_empty_cell_empties_it(db) {
        let cli = Cli::new(db.folder.path(), &db.url);
        let whole = format!("{HEAD}{ROWS}");
        cli.file("a.csv", &whole);
        cli.json(&["accounts", "import", "a.csv"]);
        let before = cli.json(&["accounts", "list"]);

        cli.file("p4.csv", cut(&whole, 4) + "A3,云溪档案,微博,云溪区档案馆\n");
        let ended = cli.run(&["accounts", "import", "p4.csv", "--format", "json"]);
        assert!(ended.stderr.contains("p4.csv：没有这些列：单位层级、主管单位、代表主体、状态、"), "{}", ended.stderr);
        let done: Value = serde_json::from_str(&ended.stdout).unwrap();
        assert_eq!((&done["added"], &done["changed"], &done["unchanged"]), (&json!(1), &json!(0), &json!(2)));
        assert_eq!(done["files"][0]["absent_columns"].as_array().unwrap().len(), 14);
        let after = cli.json(&["accounts", "list"]);
        assert_eq!(after.as_array().unwrap()[..2], before.as_array().unwrap()[..]);
        assert_eq!((&after[2]["status"], &after[2]["represents_government"]), (&json!("running"), &json!(false)));

        // One column more, one cell of it empty, another changed: that, and nothing else.
        cli.file("p5.csv", "account_id,name,platform,unit,filing_no,admin,source,科室\n\
            A1,云溪发布,wechat,云溪区政府办公室,云备9,王示例,html,\nA2,云溪水务,weibo,云溪区水务局,,李示例,manual,\n");
        let done = cli.json(&["accounts", "import", "p5.csv"]);
        assert_eq!((&done["changed"], &done["events"]), (&json!(2), &json!(4)));
        let (one, two) = (cli.json(&["accounts", "show", "A1"]), cli.json(&["accounts", "show", "A2"]));
        assert_eq!((&one["filing_no"], &one["extra"], &one["source_url"]), (&json!("云备9"), &json!({}), &json!("https://a.example/")));
        assert_eq!((&two["filing_no"], &two["status"]), (&Value::Null, &json!("closed")));
        let notes: Vec<&str> = one["events"].as_array().unwrap().iter().map(|e| e["note"].as_str().unwrap()).collect();
        assert_eq!(notes, ["变更：备案编号由“云备1”改为“云备9”", "变更：管理员已更换", "变更：其他列（科室）"]);

        // What is kept has to fit what comes: a list's selectors are nothing to a feed.
        cli.file("misfit.csv", "账号编号,账号名称,平台,主办单位,采集方式\nA1,云溪发布,wechat,云溪区政府办公室,订阅源\n");
        cli.run(&["accounts", "import", "misfit.csv"]).refused(1, &["misfit.csv", "第 2 行", "采集参数", "item"]);
        assert_eq!(cli.json(&["accounts", "show", "A1"])["source"], "html");
        // No filing is owed for a new administrator: the lint speaks of the account's life alone.
        let lint = cli.run(&["accounts", "lint"]);
        assert!(!lint.stdout.contains("管理员已更换"), "{}", lint.stdout);
        assert!(serde_json::from_str::<Change>(r#"{"kind":"changed","field":"admin","from":"***","to":"***","filed":false}"#).is_ok());
    }

    /// A review file that is none, or not read as its writer meant, is not passed over in silence.
    async fn review_files_are_refused_or_warned_of_by_their_headings(db) {
        let cli = Cli::new(db.folder.path(), &db.url);
        let whole = format!("{HEAD}{ROWS}");
        cli.file("a.csv", &whole);
        cli.json(&["accounts", "import", "a.csv"]);
        let import = |name: &str| cli.run(&["reviews", "import", name]);
        cli.file("wrong.csv", "账号编号,文章网址,文章标题,初审\nA1,https://a.example/1,甲,李示例\n");
        import("wrong.csv").refused(1, &["wrong.csv", "第 1 行", "“文章网址”", "“文章链接”", "“初审人”", "现有：账号编号、"]);
        import("a.csv").refused(1, &["a.csv", "基本信息库", "accounts import"]);
        cli.run(&["accounts", "import", "wrong.csv"]).refused(1, &["账号名称、平台、主办单位"]);
        cli.file("one.csv", "账号编号,标题,初审人,初审时间,备注\nA1,甲,李示例,2026-11-20 09:00,好\n");
        let ended = cli.run(&["reviews", "import", "one.csv", "--format", "json"]);
        assert_eq!(ended.code, 0, "{ended:?}");
        assert!(ended.stderr.contains("没有这些列：复审人、复审时间、终审人、终审时间") && ended.stderr.contains("备注"), "{ended:?}");
        let done: Value = serde_json::from_str(&ended.stdout).unwrap();
        assert_eq!((&done["added"], &done["files"][0]["unknown_columns"]), (&json!(1), &json!(["备注"])));
        assert_eq!(done["warnings"].as_array().unwrap().len(), 2);
    }

    /// Windows that begin after they end, or years before; and a folder that bears a round's name.
    async fn a_round_is_opened_for_a_time_that_says_something_of_its_period(db) {
        let cli = Cli::new(db.folder.path(), &db.url);
        cli.file("a.csv", format!("{HEAD}{ROWS}"));
        cli.json(&["accounts", "import", "a.csv"]);
        let refused = |args: &[&str], words: &[&str]| cli.run(&[&["round"], args].concat()).refused(2, words);
        refused(&["open", "9998Q1"], &["9998Q1", "9998-01-01"]);
        refused(&["freeze", "2026Q4", "--as-of", "2026-09-30 23:59"], &["2026Q4", "2026-10-01"]);
        refused(&["open", "2024Q1"], &["2024Q1", "2024-01-01", "--as-of"]);
        refused(&["open", "2026Q1", "--as-of", "2027-01-01 09:00"], &["2026Q1", "2026-06-28"]);
        refused(&["open", "9998Q1", "--as-of", "9998-02-01 09:00"], &["尚未到来"]);
        assert_eq!(cli.json(&["round", "list"]), json!([]));
        // Announced before it is held: the frame of a public draw may be frozen ahead, and drawn.
        assert_eq!(cli.json(&["round", "freeze", "9998Q1", "--as-of", "9998-02-01 09:00"])["state"], "frozen");
        assert_eq!(cli.json(&["round", "open", "9998Q1", "--seed", "4 2 6 1"])["state"], "open");
        let late = cli.run(&["round", "open", "2025H2", "--as-of", "2026-01-15 09:00"]);
        assert!(late.code == 0 && late.stderr.contains("2025-12-31"), "{late:?}");

        // The round goes before a folder, and before a file, of its name.
        std::fs::create_dir(cli.path("2025H2")).unwrap();
        assert_eq!(cli.json(&["round", "verify", "2025H2"])["ok"], true);
        cli.file("9998Q1", "no draw at all");
        assert_eq!(cli.json(&["round", "verify", "9998Q1"])["members"], 1);
        cli.run(&["round", "verify", "./9998Q1"]).refused(1, &["./9998Q1", "xuncha-draw/1"]);
        cli.file("2025Q4", "no draw at all");
        cli.run(&["round", "verify", "2025Q4"]).refused(1, &["2025Q4", "xuncha-draw/1"]);
        // What stands at the target stays what it is.
        let to_stdout = cli.run(&["round", "export", "2025H2", "/dev/stdout"]);
        assert!(to_stdout.stdout.starts_with("{\n") && to_stdout.stdout.ends_with("}\n"), "{to_stdout:?}");
        std::os::unix::fs::symlink("real.csv", cli.path("link.csv")).unwrap();
        assert_eq!(cli.run(&["accounts", "export", "link.csv"]).code, 0);
        assert!(cli.path("link.csv").is_symlink() && cli.path("real.csv").is_file());
        cli.run(&["round", "export", "2025H2", "2025H2"]).refused(1, &["2025H2"]);
    }

    /// What a dry run lists is what the sending would send: robots of the configuration are readers.
    async fn a_dry_run_knows_the_robots_that_the_sending_would_bind(db) {
        let cli = Cli::new(db.folder.path(), &db.url).with("XUNCHA__QUIET__HOURS", "").with("XUNCHA__QUIET__WORKDAYS_ONLY", "false");
        cli.file("a.csv", "账号编号,账号名称,平台,主办单位\nA1,云溪档案,微博,云溪区档案馆\n");
        cli.json(&["accounts", "import", "a.csv"]);
        cli.json(&["round", "open", "2026H2", "--as-of", "2026-11-23T09:00:00+08:00", "--notify"]);
        assert_eq!(cli.json(&["round", "run", "2026H2"])["opened"]["notices"], 1);
        assert_eq!(cli.json(&["notices", "send", "--dry-run"]), json!([]));
        cli.file("webhook", "https://robot.example/cgi-bin/webhook/send?key=0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9");
        cli.file("xuncha.toml", "[[channel]]\nkind = \"wecom\"\nwebhook_file = \"webhook\"\nfor = \"云溪区档案馆\"\n");
        for _ in 0..2 {
            let due = cli.json(&["notices", "send", "--dry-run"]);
            assert_eq!(due.as_array().unwrap().len(), 1, "{due}");
        }
        assert_eq!(cli.json(&["users", "list"]), json!([]), "nobody was bound");
        assert_eq!(cli.json(&["notices", "list", "--status", "waiting"]).as_array().unwrap().len(), 1);
    }
}
