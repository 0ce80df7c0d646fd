//! How the command line meets wrong settings, wrong usage and what is missing: in a sentence, with the right code.

use serde_json::{Value, json};
use xuncha::clock::Clock;
use xuncha::demo::telegram::FakeTelegram;

use crate::world::cli::Cli;
use crate::world::db::Database;

#[test]
fn settings_that_are_wrong_are_named_with_file_line_and_key() {
    let place = Database::sqlite();
    let cli = Cli::bare(place.folder.path());
    cli.file("xuncha.toml", "[office]\nname = \"x\"\n\n[sampling]\nratio = 0.25\nratoi = 0.3\n");
    cli.run(&["accounts", "list"]).refused(2, &["xuncha.toml:6", "sampling.ratoi"]);
    cli.file("xuncha.toml", "[http]\ntimeout = \"soon\"\n");
    cli.run(&["accounts", "list"]).refused(2, &["xuncha.toml:2", "http.timeout", "soon"]);
    cli.file("xuncha.toml", "[http\n");
    cli.run(&["accounts", "list"]).refused(2, &["xuncha.toml:1"]);
    cli.run(&["accounts", "list", "--config", "elsewhere.toml"]).refused(2, &["elsewhere.toml"]);
    std::fs::remove_file(cli.path("xuncha.toml")).unwrap();
    let cli = cli.with("XUNCHA__SAMPLING__RATOI", "0.3");
    cli.run(&["accounts", "list"]).refused(2, &["XUNCHA__SAMPLING__RATOI"]);
    assert_eq!(std::fs::read_dir(place.folder.path()).unwrap().count(), 0, "no database was made");
}

#[test]
fn a_database_that_cannot_be_had_is_said_in_one_sentence() {
    let place = Database::sqlite();
    std::fs::write(place.folder.path().join("file"), "no folder").unwrap();
    std::fs::write(place.folder.path().join("other.db"), "this is no database at all, only some text").unwrap();
    for (url, place_named) in [
        ("sqlite://file/xuncha.db", "file/xuncha.db"),
        ("sqlite:///proc/no/xuncha.db", "/proc/no/xuncha.db"),
        ("mysql://root:secret@localhost/x", "XUNCHA__DATABASE__URL"),
        ("postgres://nobody:secret@127.0.0.1:1/none", "127.0.0.1:1/none"),
    ] {
        let ended = Cli::new(place.folder.path(), url).run(&["accounts", "list"]);
        ended.refused(2, &[place_named]);
        assert!(!ended.stderr.contains("secret"), "{}", ended.stderr);
        assert_eq!(ended.stderr.lines().count(), 1, "{}", ended.stderr);
    }
    let ended = Cli::new(place.folder.path(), "sqlite://other.db").run(&["accounts", "list"]);
    assert_ne!(ended.code, 0);
    ended.refused(ended.code, &["other.db"]);
    let text = std::fs::read_to_string(place.folder.path().join("other.db")).unwrap();
    assert!(text.starts_with("this is no database"), "what is not ours is left alone");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_is_asked_for_where_it_is_needed_and_never_shown() {
    let place = Database::sqlite();
    let cli = Cli::new(place.folder.path(), &place.url).with("XUNCHA__WEB__LISTEN", "127.0.0.1:0");
    for command in [["serve", "-q"].as_slice(), &["notices", "send"]] {
        cli.run(command).refused(2, &["XUNCHA_TELEGRAM_TOKEN"]);
    }
    assert_eq!(cli.json(&["notices", "list"]), json!([]));
    assert_eq!(cli.json(&["notices", "send", "--dry-run"]), json!([]));
    let telegram = FakeTelegram::start(Clock::system()).await.unwrap();
    let wrong = "123456:plainly-wrong-token";
    let cli = cli.with("XUNCHA__TELEGRAM__API_URL", &telegram.api_url()).with("XUNCHA_TELEGRAM_TOKEN", wrong);
    let ended = cli.run(&["doctor", "--format", "json"]);
    assert_eq!(ended.code, 1);
    let lines: Value = serde_json::from_str(&ended.stdout).unwrap();
    let bot = lines.as_array().unwrap().iter().find(|line| line["name"] == "机器人").unwrap();
    assert_eq!(bot["ok"], false, "{bot}");
    assert!(!format!("{ended:?}").contains("plainly-wrong-token"));
    let cli = cli.with("XUNCHA_TELEGRAM_TOKEN", &telegram.token());
    let ended = cli.run(&["doctor", "--format", "json"]);
    let lines: Value = serde_json::from_str(&ended.stdout).unwrap();
    let bot = lines.as_array().unwrap().iter().find(|line| line["name"] == "机器人").unwrap();
    assert_eq!(bot["ok"], true, "{bot}");
    assert!(!format!("{ended:?}").contains(&telegram.token()));
}

#[test]
fn usage_is_told_with_code_two_and_help_with_zero() {
    let place = Database::sqlite();
    let cli = Cli::new(place.folder.path(), &place.url);
    for wrong in [
        ["round", "open", "2026Q5"].as_slice(),
        &["round", "open", "2026Q4", "--ratio", "1.5"],
        &["nonsense"],
        &["round"],
        &["accounts", "import"],
        &["--format", "xml", "accounts", "list"],
        &["issues", "list", "--status", "lost"],
        &["notices", "list", "--status", "lost"],
        &["round", "open", "2026Q4", "--as-of", "yesterday"],
    ] {
        cli.run(wrong).refused(2, &[]);
    }
    let help = cli.run(&["--help"]);
    assert_eq!((help.code, help.stderr.as_str()), (0, ""));
    let version = cli.run(&["--version"]);
    assert_eq!((version.code, version.stdout.trim()), (0, concat!("xuncha ", env!("CARGO_PKG_VERSION"))));
    cli.run(&["round", "open", "2026Q4"]).refused(1, &["accounts import"]);
    cli.run(&["accounts", "show", "A1"]).refused(1, &["A1"]);
}

#[test]
fn init_writes_what_can_be_used_and_overwrites_nothing() {
    let place = Database::sqlite();
    let cli = Cli::bare(place.folder.path());
    assert_eq!(cli.run(&["init"]).code, 0);
    cli.file("accounts.csv", "account_id,name,platform,unit\nA1,云溪水务,wechat,云溪区水务局\n");
    assert_eq!(cli.run(&["init"]).code, 0);
    assert_eq!(cli.json(&["accounts", "import", "accounts.csv"])["added"], 1);
    assert_eq!(cli.json(&["reviews", "import", "reviews.csv"])["rows"], 0);
    assert!(cli.path("xuncha.db").exists());
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let place = Database::sqlite();
    let cli = Cli::new(place.folder.path(), &place.url);
    let rows: String = (0..3000).map(|n| format!("A{n},云溪{n},wechat,云溪区第{n}局\n")).collect();
    cli.file("accounts.csv", format!("account_id,name,platform,unit\n{rows}"));
    assert_eq!(cli.json(&["accounts", "import", "accounts.csv"])["added"], 3000);
    for format in ["table", "json", "csv"] {
        let script =
            format!("set -o pipefail; '{}' accounts list --format {format} | head -n 1", env!("CARGO_BIN_EXE_xuncha"));
        let output = std::process::Command::new("bash")
            .args(["-c", &script])
            .current_dir(place.folder.path())
            .env("XUNCHA__DATABASE__URL", &place.url)
            .output()
            .unwrap();
        assert!(output.status.success(), "{format}: {output:?}");
        assert!(!String::from_utf8_lossy(&output.stderr).contains("panicked"));
    }
    assert_eq!(cli.json(&["accounts", "list"]).as_array().unwrap().len(), 3000, "complete, never paged");
}

#[test]
fn what_was_not_done_is_not_said_to_be_done() {
    let place = Database::sqlite();
    let cli = Cli::new(place.folder.path(), &place.url);
    assert_eq!(cli.json(&["migrate"])["migrated"], true);
    assert_eq!(cli.json(&["migrate"])["migrated"], false);
    cli.file(
        "accounts.csv",
        "账号编号,账号名称,平台,主办单位,单位层级,代表主体,开设日期,粉丝数,采集方式,采集地址,采集参数,科室\n\
         A1,云溪发布,微信公众号,云溪区府办,镇街,是,2020-03-01,1200,网页列表,https://a.example/,\"{\"\"item\"\":\"\"li\"\"}\",宣传科\n",
    );
    cli.json(&["accounts", "import", "accounts.csv"]);
    let shown = cli.run(&["accounts", "show", "A1"]).stdout;
    for line in ["单位层级", "镇街", "代表主体", "2020-03-01", "1200", r#"{"item":"li"}"#, "宣传科"] {
        assert!(shown.contains(line), "{line} is not in: {shown}");
    }
    cli.run(&["report", "2025", "--out", "year"]).refused(1, &["2025", "round list"]);
    assert!(!cli.path("year").exists());
    cli.run(&["probe", "manual", "https://a.example/"]).refused(1, &["manual", "人工查看"]);
    cli.run(&["accounts", "list", "--config", "."]).refused(2, &["不是 1 MiB 以内的文件"]);
    cli.run(&["issues", "fix", "1", "--why", "已整改", "--file", "nope.png"])
        .refused(1, &["nope.png", "文件或文件夹不存在"]);
    // A robot of a unit that nobody registered, and a file that is not there, in Chinese.
    cli.file("webhook", "https://robot.example/cgi-bin/webhook/send?key=0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9");
    cli.file("xuncha.toml", "[[channel]]\nkind = \"wecom\"\nwebhook_file = \"webhook\"\nfor = \"无此单位\"\n");
    let ended = cli.run(&["doctor"]);
    assert!(ended.stdout.contains("无此单位没有登记账号"), "{}", ended.stdout);
    let ended = cli.run(&["doctor", "--config", "none.toml"]);
    assert!(ended.stdout.contains("文件或文件夹不存在") && !ended.stdout.contains("os error"), "{}", ended.stdout);
}
