//! Settings right and wrong: where each problem is said to be.

use chrono::NaiveDate;
use proptest::prelude::*;
use secrecy::ExposeSecret;

use super::*;
use crate::domain::Lang;

fn load(text: &str, env: &[(&str, &str)]) -> Result<Config, ConfigError> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("xuncha.toml");
    std::fs::write(&path, text).unwrap();
    let env = env.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Config::load(Some(&path), env).map(|loaded| loaded.config)
}

fn problems(text: &str, env: &[(&str, &str)]) -> Vec<String> {
    let error = load(text, env).unwrap_err();
    let name = |problem: &Problem| {
        let text = problem.text(Lang::En);
        text.split_once("xuncha.toml:").map_or(text.clone(), |(_, rest)| rest.to_owned())
    };
    error.problems().iter().map(name).collect()
}

#[test]
fn the_defaults_are_the_contract() {
    let config = Config::default();
    assert_eq!(config.office.locale, Lang::Zh);
    assert_eq!(config.office.timezone, chrono_tz::Asia::Shanghai);
    assert_eq!(config.database.url.reveal(), "sqlite://xuncha.db");
    assert_eq!(config.sampling.ratio.to_string(), "0.25");
    assert_eq!(config.sampling.strata, [StratumField::Platform, StratumField::UnitTier]);
    assert_eq!(config.schedule.quarterly.as_ref().unwrap().to_string(), "0 0 9 10 2,5,8,11 *");
    assert_eq!(config.http.timeout.as_secs(), 15);
    assert_eq!(config.http.max_body, 4 << 20);
    assert_eq!((config.deadlines.veto, config.deadlines.prominent, config.deadlines.ordinary), (3, 3, 5));
    assert!(config.quiet.hours.unwrap().workdays_only);
    assert!(config.telegram.token.is_none());
    assert!(config.channels.is_empty());
    assert_eq!(config.web.listen.to_string(), "127.0.0.1:8600");
}

#[test]
fn the_template_reads_as_the_defaults() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("xuncha.toml");
    std::fs::write(&path, TEMPLATE).unwrap();
    let mut loaded = Config::load(Some(&path), std::iter::empty()).unwrap();
    assert_eq!(loaded.file.as_deref(), Some(path.as_path()));
    assert_eq!(loaded.config.database.url.reveal(), format!("sqlite://{}", dir.path().join("xuncha.db").display()));
    loaded.config.database = Config::default().database;
    assert_eq!(loaded.config, Config::default());
}

#[test]
fn the_commented_channel_of_the_template_is_valid_when_uncommented() {
    let commented = TEMPLATE.lines().skip_while(|line| !line.starts_with("# [[channel]]"));
    let text = commented.map(|line| line.trim_start_matches("# ")).collect::<Vec<_>>().join("\n");
    let config = load(&text, &[]).unwrap();
    assert_eq!(config.channels[0].kind, ChannelKind::Wecom);
    assert_eq!(config.channels[0].reader, ChannelReader::Supervisors);
}

#[test]
fn every_problem_is_reported_at_once_with_its_place() {
    let text = "[office]\ntimezone = \"Mars/Olympus\"\nlang = \"zh\"\n\n[sampling]\nratio = 1.5\n\n[http]\ntimeout = \"15\"\n\
                retries = \"two\"\n[schedule]\npatrol = \"0 0 9 * * 1-5\"\n[nonsense]\na = 1\n[[channel]]\nkind = \"slack\"\n";
    assert_eq!(
        problems(
            text,
            &[("XUNCHA__HTTP__CONCURRENCY", "0"), ("XUNCHA__HTPP__X", "1"), ("XUNCHA__QUIET__HOURS", "9-18")]
        ),
        [
            "3:1: office.lang: there is no such key; office has: locale, name, timezone",
            "10:11: http.retries: needs a whole number, not string",
            "13:2: nonsense: there is no such section; there are: approval, calendar, database, deadlines, http, office, quiet, \
             report, review, rules, sampling, schedule, telegram, web, wechat, wecom, [[channel]], [[canary]]",
            "XUNCHA__HTPP__X: htpp.x: there is no such section; there are: approval, calendar, database, deadlines, http, office, \
             quiet, report, review, rules, sampling, schedule, telegram, web, wechat, wecom, channel, canary",
            "2:12: office.timezone: `Mars/Olympus` is not a time zone like Asia/Shanghai",
            "6:9: sampling.ratio: `1.5` is not a decimal above 0 and up to 1, like 0.25",
            "12:10: schedule.patrol: `0 0 9 * * 1-5` write weekdays by name (Mon-Fri): 1 is Monday in crontab but Sunday here",
            "XUNCHA__HTTP__CONCURRENCY: http.concurrency: 0 is out of range; choose 1 to 1000",
            "9:11: http.timeout: `15` is not a duration from 10ms to 600s, like \"15s\", \"200ms\" or \"2m\"",
            "XUNCHA__QUIET__HOURS: quiet.hours: `9-18` is not hours like 18:00-09:00, with two different times",
            "16:8: [[channel]] 1, kind: `slack` is not one of: wecom, dingtalk, feishu",
            "15:1: [[channel]] 1, webhook_file: needs the file that holds the robot's address",
            "15:1: [[channel]] 1, for: needs its readers: supervisors, or a unit's name",
        ]
    );
}

#[test]
fn a_syntax_error_names_line_and_column() {
    let found = problems("[office]\nname = \"未闭合\n[web]\n", &[]);
    assert!(found[0].starts_with("2:"), "{found:?}");
    let zh = load("[office\n", &[]).unwrap_err().to_string();
    assert!(zh.contains("不符合 TOML 语法"), "{zh}");
}

#[test]
fn the_environment_wins_and_is_typed_by_the_default() {
    let config = load(
        "[http]\ntimeout = \"20s\"\n",
        &[
            ("XUNCHA__HTTP__TIMEOUT", "30s"),
            ("XUNCHA__SAMPLING__RATIO", "0.5"),
            ("XUNCHA__HTTP__ALLOW_PRIVATE", "true"),
            ("XUNCHA__HTTP__CONTROL_URLS", "https://a.example/, https://b.example/"),
            ("XUNCHA__SCHEDULE__PATROL", ""),
            ("XUNCHA__CHANNEL__0__KIND", "feishu"),
            ("XUNCHA__CHANNEL__0__WEBHOOK_FILE", "hook"),
            ("XUNCHA__CHANNEL__0__FOR", "云溪区民政局"),
            ("PATH", "/bin"),
        ],
    )
    .unwrap();
    assert_eq!(config.http.timeout.as_secs(), 30);
    assert_eq!(config.sampling.ratio.to_string(), "0.5");
    assert!(config.http.allow_private);
    assert_eq!(config.http.control_urls.len(), 2);
    assert_eq!(config.schedule.patrol, None);
    assert_eq!(config.channels[0].reader, ChannelReader::Unit("云溪区民政局".to_owned()));
    assert_eq!(config.channels[0].webhook, SecretSource::File("hook".into()), "from the working directory");
}

#[test]
fn the_token_comes_from_the_environment_before_the_file_and_is_never_shown() {
    let text = "[telegram]\ntoken_file = \"token\"\n";
    let config = load(text, &[("XUNCHA_TELEGRAM_TOKEN", "123:abc")]).unwrap();
    assert_eq!(config.telegram.token.as_ref().unwrap().read().unwrap().expose_secret(), "123:abc");
    assert!(!format!("{config:?}").contains("123:abc"));
    let config = load(text, &[("XUNCHA_TELEGRAM_TOKEN", " ")]).unwrap();
    assert!(matches!(config.telegram.token, Some(SecretSource::File(path)) if path.is_absolute()));
    let found = problems("[telegram]\ntoken = \"123:abc\"\n", &[]);
    assert!(found[0].contains("XUNCHA_TELEGRAM_TOKEN") && !found[0].contains("abc"), "{found:?}");
}

#[test]
fn a_password_in_a_bad_address_is_not_repeated() {
    let found = problems("[database]\nurl = \"mysql://a:hunter2@db/x\"\n[http]\nproxy = \"ftp://a:hunter2@p\"\n", &[]);
    assert_eq!(found.len(), 2);
    assert!(!found.concat().contains("hunter2"), "{found:?}");
}

#[test]
fn hosts_to_allow_are_read_strictly() {
    let text = "[http]\nallow_hosts = [\"10.1.2.0/24\", \"intranet.example\"]\n";
    assert!(load(text, &[]).unwrap().http.allow_hosts.has_address([10, 1, 2, 3].into()));
    let config = load("", &[("XUNCHA__HTTP__ALLOW_HOSTS", "10.1.2.0/24, intranet.example")]).unwrap();
    assert!(config.http.allow_hosts.has_name("intranet.example"));
    let found = problems("[http]\nallow_hosts = [\"10.1.2.3/24\", \"http://a.example\"]\n", &[]);
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(found[0].starts_with("2:") && found[0].contains("10.1.2.0/24"), "{found:?}");
    assert!(problems("[http]\nallow_hosts = \"10.1.2.3\"\n", &[])[0].contains("a list of texts"));
}

#[test]
fn values_have_more_than_one_spelling_where_toml_has() {
    let config = load("[sampling]\nratio = \"0.30\"\n[review]\nsince = 2026-10-01\n", &[]).unwrap();
    assert_eq!(config.sampling.ratio.to_string(), "0.3");
    assert_eq!(config.review.since, NaiveDate::from_ymd_opt(2026, 10, 1));
    let config = load("sampling.ratio = 1\nquiet.hours = \"\"\n", &[]).unwrap();
    assert_eq!(config.quiet.hours, None);
}

#[test]
fn a_named_file_must_exist_and_be_utf8() {
    let none = std::iter::empty;
    let error = Config::load(Some(Path::new("/nowhere/x.toml")), none()).unwrap_err();
    assert!(error.text(Lang::En).contains("/nowhere/x.toml"), "{error}");
    let env = [("XUNCHA_CONFIG".to_owned(), "/nowhere/y.toml".to_owned())];
    assert!(Config::load(None, env.into_iter()).unwrap_err().to_string().contains("/nowhere/y.toml"));
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("gbk.toml");
    std::fs::write(&path, b"[office]\nname = \"\xd4\xc6\"\n").unwrap();
    let error = Config::load(Some(&path), none()).unwrap_err();
    assert!(error.text(Lang::En).contains("gbk.toml:2:9: the file is not UTF-8"), "{error}");
}

proptest! {
    #[test]
    fn reading_a_mutated_file_never_panics(at in 0_usize..6000, junk in "\\PC{0,6}", cut in 0_usize..40) {
        let mut text: Vec<char> = TEMPLATE.chars().collect();
        let at = at.min(text.len());
        text.splice(at..(at + cut).min(text.len()), junk.chars());
        let mut layers = Layers::defaults();
        layers.lay_file(Path::new("xuncha.toml"), &text.into_iter().collect::<String>());
        let _ = sections::read(&mut Reader::new(layers));
    }
}

#[test]
fn canaries_are_read_as_strictly_as_the_other_sections() {
    let good = "[[canary]]\nplatform = \"weibo\"\nsource = \"weibo\"\nurl = \"http://127.0.0.1/feed\"\noptions = '{\"user\": \"1\"}'\nmax_age = \"24h\"\n";
    let config = load(&format!("{good}{good}"), &[("XUNCHA__CANARY__1__MAX_AGE", "2h")]).unwrap();
    assert_eq!(config.canaries.len(), 2);
    assert_eq!(config.canaries[0].max_age.as_secs(), 24 * 3600);
    assert_eq!(config.canaries[0].options["user"], "1");
    assert_eq!(config.canaries[1].max_age.as_secs(), 2 * 3600);
    let plain =
        load("[[canary]]\nplatform = \"weibo\"\nsource = \"weibo\"\nurl = \"https://m.weibo.cn/x\"\n", &[]).unwrap();
    assert_eq!((plain.canaries[0].max_age.as_secs(), plain.canaries[0].options.len()), (36 * 3600, 0));
    for (text, place) in [
        (good.replace("weibo", "myspace"), "2:12: [[canary]] 1, platform"),
        (good.replace("source = \"weibo\"", "source = \"manual\""), "3:10: [[canary]] 1, source"),
        (good.replace("source = \"weibo\"", "source = \"app\""), "3:10: [[canary]] 1, source"),
        (good.replace("source = \"weibo\"", "source = \"site\""), "3:10: [[canary]] 1, source"),
        (good.replace("user", "usr"), "5:11: [[canary]] 1, options"),
        (good.replace("\"24h\"", "\"5m\""), "a duration from 1 to 720 hours, like \"36h\""),
        (good.replace("24h", "24d"), "6:11: [[canary]] 1, max_age"),
        (good.replace("24h", "5m"), "6:11: [[canary]] 1, max_age"),
        (good.replace("'{\"user\": \"1\"}'", "'[1]'"), "5:11: [[canary]] 1, options"),
        (good.replace("http://127.0.0.1/feed", "feed"), "4:7: [[canary]] 1, url"),
        (good.replace("max_age", "age"), "6:1: [[canary]] 1, age"),
        ("[[canary]]\nplatform = \"weibo\"\nsource = \"feed\"\n".to_owned(), "[[canary]] 1, url"),
    ] {
        let found = problems(&text, &[]);
        assert!(found.iter().any(|problem| problem.contains(place)), "{text}: {found:?}");
    }
}

#[test]
fn the_commented_canary_of_the_template_is_valid_when_uncommented() {
    let commented = TEMPLATE.lines().skip_while(|line| !line.starts_with("# [[canary]]"));
    let table: Vec<&str> =
        commented.take_while(|line| line.starts_with('#')).map(|line| line.trim_start_matches("# ")).collect();
    let config = load(&table.join("\n"), &[]).unwrap();
    assert_eq!(config.canaries[0].platform, crate::domain::account::Platform::Weibo);
}

#[test]
fn the_credentials_of_wechat_accounts_lie_beside_the_configuration() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("xuncha.toml");
    std::fs::write(&path, "[wechat]\ncredentials_file = \"wechat.toml\"\n").unwrap();
    let config = Config::load(Some(&path), std::iter::empty()).unwrap().config;
    assert_eq!(config.wechat.credentials_file, Some(dir.path().join("wechat.toml")));
    assert_eq!(Config::default().wechat.credentials_file, None);
}

#[test]
fn the_wecom_bot_is_whole_or_not_at_all() {
    let text = "[wecom]\nbot_id = \"aib-test\"\n";
    let config = load(text, &[("XUNCHA_WECOM_SECRET", "s3cret")]).unwrap();
    let bot = config.wecom.as_ref().unwrap();
    assert_eq!(bot.secret.read().unwrap().expose_secret(), "s3cret");
    assert_eq!(bot.url.as_str(), "wss://openws.work.weixin.qq.com/");
    assert!(!format!("{config:?}").contains("s3cret"));
    assert_eq!(load("", &[]).unwrap().wecom, None);
    for (text, env, says) in [
        (text.to_owned(), None, "XUNCHA_WECOM_SECRET"),
        (String::new(), Some(("XUNCHA_WECOM_SECRET", "s3cret")), "no bot_id"),
        (format!("{text}url = \"ws://wecom.example\"\n"), Some(("XUNCHA_WECOM_SECRET", "s3cret")), "wss://"),
        ("[wecom]\nsecret = \"s3cret\"\n".to_owned(), None, "cannot stand here"),
    ] {
        let found = problems(&text, env.as_slice());
        assert!(found.len() == 1 && found[0].contains(says) && !found[0].contains("s3cret"), "{found:?}");
    }
}
