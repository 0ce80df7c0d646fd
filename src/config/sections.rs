//! The sections of the configuration, and how each is read.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use chrono::NaiveDate;
use chrono_tz::Tz;
use cron::Schedule;
use url::Url;

use super::Config;
use super::reader::Reader;
use super::secret::{Concealed, SecretSource};
use crate::domain::Lang;
use crate::domain::account::{Platform, SourceKind};
use crate::domain::allow::AllowedHosts;
use crate::domain::bulletin::Form;
use crate::domain::keyed::keyed_enum;
use crate::domain::quiet::QuietHours;
use crate::domain::ratio::Ratio;
use crate::domain::sample::Rotation;

/// `[office]`: the supervising office (主管单位).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OfficeConfig {
    /// Its name; empty until it is set.
    pub name: String,
    /// The language of messages and reports.
    pub locale: Lang,
    /// Where it is: civil dates, quiet hours and cron lines are read here.
    pub timezone: Tz,
}

/// `[database]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DatabaseConfig {
    /// `sqlite://…` (the path already resolved) or `postgres://…`.
    pub url: Concealed,
    /// Days for which what patrols saw is kept; findings are kept for good.
    pub keep_patrols: u32,
}

keyed_enum! {
    /// What an account is put into a stratum (层) by.
    StratumField {
        Platform = "platform", "平台", "Platform";
        UnitTier = "unit_tier", "单位层级", "Unit tier";
        Unit = "unit", "主办单位", "Unit";
        SupervisingUnit = "supervising_unit", "主管单位", "Supervising unit";
        Source = "source", "采集方式", "Source";
    }
}

/// `[sampling]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SamplingConfig {
    /// Share drawn at random from every stratum.
    pub ratio: Ratio,
    /// What makes a stratum, at least one field.
    pub strata: Vec<StratumField>,
    /// Whether accounts not drawn yet this year come first.
    pub rotation: Rotation,
}

/// `[schedule]`: in the office's time zone; `None` is switched off.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScheduleConfig {
    /// 季度抽查.
    pub quarterly: Option<Schedule>,
    /// 半年检查.
    pub half_year: Option<Schedule>,
    /// 日常巡查.
    pub patrol: Option<Schedule>,
    /// Reminders to units.
    pub reminders: Option<Schedule>,
    /// The supervisors' digest.
    pub digest: Option<Schedule>,
    /// 网站访问监测: visits to every registered site.
    pub visits: Option<Schedule>,
    /// Throwing away what is no longer needed.
    pub prune: Option<Schedule>,
}

/// `[http]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpConfig {
    /// Requests at once, in all.
    pub concurrency: usize,
    /// Requests at once to one host.
    pub per_host_concurrency: usize,
    /// Pause between two requests to one host.
    pub per_host_interval: Duration,
    /// For one request, from connecting to the last byte.
    pub timeout: Duration,
    /// For connecting.
    pub connect_timeout: Duration,
    /// Bytes of a body that are read, after decompression.
    pub max_body: usize,
    /// Redirects followed.
    pub max_redirects: usize,
    /// Further tries after the first.
    pub retries: u32,
    /// Whether private addresses may be fetched.
    pub allow_private: bool,
    /// What may be fetched although it is private.
    pub allow_hosts: AllowedHosts,
    /// Proxy for everything.
    pub proxy: Option<Concealed>,
    /// The `User-Agent` header.
    pub user_agent: String,
    /// Asked when looks fail, to know whether we are online.
    pub control_urls: Vec<String>,
}

/// `[rules]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RulesConfig {
    /// A rule set instead of the built-in one.
    pub file: Option<PathBuf>,
    /// The office's own lexicon (词库), added to the built-in one.
    pub lexicon: Option<PathBuf>,
}

keyed_enum! {
    /// What becomes of accounts whose unit never handed in review records.
    ReviewRequired {
        WhenImported = "when_imported", "报送后核对", "When imported";
        Always = "always", "一律核对", "Always";
    }
}

/// `[review]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReviewConfig {
    /// Posts from this day on; `None`: since the round's window began.
    pub since: Option<NaiveDate>,
    /// Whether a unit without any record is an issue.
    pub required: ReviewRequired,
    /// A sign-off line at an article's end (文末署名) stands in for a record.
    pub sign_off: bool,
}

/// `[calendar]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CalendarConfig {
    /// Holidays and worked weekends, added to the built-in years.
    pub file: Option<PathBuf>,
}

/// `[deadlines]`: working days for rectification.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadlinesConfig {
    /// 单项否决.
    pub veto: u32,
    /// 突出问题.
    pub prominent: u32,
    /// 一般问题.
    pub ordinary: u32,
}

/// `[report]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportConfig {
    /// The form of bulletins; `None`: what fits the number of accounts.
    pub form: Option<Form>,
    /// An account with fewer followers is proposed for merging in the summary of a year, where their number is known.
    pub few_followers: u64,
}

/// `[quiet]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QuietConfig {
    /// When no message goes out, days off included; `None`: messages may go out at any time.
    pub hours: Option<QuietHours>,
    /// What a person confirms within this time goes out as one notice a unit.
    pub gather: Duration,
}

/// `[approval]`: what takes two supervisors (双人复核).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ApprovalConfig {
    /// Closing an issue that no recheck has passed takes a second supervisor.
    pub close_without_recheck: bool,
    /// Notices of one round to more units than this take two supervisors; 0: any number goes out.
    pub notices_over: usize,
}

keyed_enum! {
    /// How updates reach the bot.
    TelegramMode {
        Polling = "polling", "轮询", "Polling";
    }
}

/// `[telegram]`.
#[derive(Debug, Clone, PartialEq)]
pub struct TelegramConfig {
    /// Where the bot's token comes from; `None` when there is no bot.
    pub token: Option<SecretSource>,
    /// The Bot API's address.
    pub api_url: String,
    /// Proxy for the bot alone.
    pub proxy: Option<Concealed>,
    /// How updates come.
    pub mode: TelegramMode,
}

/// `[wecom]`: the bot over WeCom's long connection.
#[derive(Debug, Clone, PartialEq)]
pub struct WecomConfig {
    /// The bot's identifier.
    pub bot_id: String,
    /// Its secret.
    pub secret: SecretSource,
    /// Where WeCom listens.
    pub url: Url,
}

keyed_enum! {
    /// A chat product's group robot (群机器人).
    ChannelKind {
        Wecom = "wecom", "企业微信", "WeCom";
        Dingtalk = "dingtalk", "钉钉", "DingTalk";
        Feishu = "feishu", "飞书", "Feishu";
    }
}

/// Whose notices a group robot brings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChannelReader {
    /// The supervisors' digests and alerts.
    Supervisors,
    /// One unit's notices, by the unit's name.
    Unit(String),
}

/// `[[channel]]`: a group robot.
#[derive(Debug, Clone, PartialEq)]
pub struct ChannelConfig {
    /// Which product.
    pub kind: ChannelKind,
    /// The robot's address, itself a secret.
    pub webhook: SecretSource,
    /// The signing secret.
    pub secret: Option<SecretSource>,
    /// A proxy for this robot alone.
    pub proxy: Option<Concealed>,
    /// Whose notices.
    pub reader: ChannelReader,
}

/// `[wechat]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WechatConfig {
    /// The credentials of accounts that authorised the office; see [`super::read_credentials`].
    pub credentials_file: Option<PathBuf>,
}

/// `[[canary]]`: an account known to post daily; while it is silent its platform is judged silent in nobody.
#[derive(Debug, Clone, PartialEq)]
pub struct CanaryConfig {
    /// Whose sources it watches over.
    pub platform: Platform,
    /// The adapter it is read by.
    pub source: SourceKind,
    /// Its address.
    pub url: String,
    /// Its 采集参数.
    pub options: serde_json::Map<String, serde_json::Value>,
    /// Older than this its newest post is silence.
    pub max_age: Duration,
}

/// `[web]`.
#[derive(Debug, Clone, PartialEq)]
pub struct WebConfig {
    /// Where health, metrics and pages listen.
    pub listen: SocketAddr,
    /// The address under which units reach the pages, without a slash at its end; `None`: no links are made.
    pub public_url: Option<String>,
    /// The key that signs links; `None`: one is made and kept in the database.
    pub link_key: Option<SecretSource>,
}

/// Reads every section.
pub(super) fn read(r: &mut Reader) -> Config {
    let millis = Duration::from_millis;
    let ten_minutes = Duration::from_mins(10);
    let locales = [("zh-CN", Lang::Zh), ("en", Lang::En)];
    let workdays_only = r.flag("quiet.workdays_only");
    Config {
        office: OfficeConfig {
            name: r.text("office.name"),
            locale: r.word("office.locale", &locales, |(word, _)| word).map_or(Lang::Zh, |(_, lang)| lang),
            timezone: r.zone("office.timezone"),
        },
        database: DatabaseConfig {
            url: r.database_url("database.url"),
            keep_patrols: r.number("database.keep_patrols", 31..=36_500),
        },
        sampling: SamplingConfig {
            ratio: r.ratio("sampling.ratio"),
            strata: r.words("sampling.strata", StratumField::ALL, |field| field.key()),
            rotation: r.word("sampling.rotation", Rotation::ALL, |word| word.key()).unwrap_or(Rotation::Annual),
        },
        schedule: ScheduleConfig {
            quarterly: r.cron("schedule.quarterly"),
            half_year: r.cron("schedule.half_year"),
            patrol: r.cron("schedule.patrol"),
            reminders: r.cron("schedule.reminders"),
            digest: r.cron("schedule.digest"),
            visits: r.cron("schedule.visits"),
            prune: r.cron("schedule.prune"),
        },
        http: HttpConfig {
            concurrency: r.number("http.concurrency", 1..=1_000),
            per_host_concurrency: r.number("http.per_host_concurrency", 1..=100),
            per_host_interval: r.duration("http.per_host_interval", Duration::ZERO, ten_minutes),
            timeout: r.duration("http.timeout", millis(10), ten_minutes),
            connect_timeout: r.duration("http.connect_timeout", millis(10), ten_minutes),
            max_body: r.size("http.max_body"),
            max_redirects: r.number("http.max_redirects", 0..=50),
            retries: r.number("http.retries", 0..=10),
            allow_private: r.flag("http.allow_private"),
            allow_hosts: r.allowed_hosts("http.allow_hosts"),
            proxy: r.proxy("http.proxy"),
            user_agent: r
                .parsed(
                    "http.user_agent",
                    |text| text.bytes().all(|b| (0x20..0x7f).contains(&b)).then(|| text.to_owned()),
                    "一行 ASCII 文字",
                    "one line of ASCII",
                )
                .unwrap_or_else(|| "xuncha".to_owned()),
            control_urls: r.http_urls("http.control_urls"),
        },
        rules: RulesConfig { file: r.path("rules.file"), lexicon: r.path("rules.lexicon") },
        review: ReviewConfig {
            since: r.date("review.since"),
            required: r
                .word("review.required", ReviewRequired::ALL, |word| word.key())
                .unwrap_or(ReviewRequired::WhenImported),
            sign_off: r.flag("review.sign_off"),
        },
        calendar: CalendarConfig { file: r.path("calendar.file") },
        deadlines: DeadlinesConfig {
            veto: r.number("deadlines.veto", 1..=365),
            prominent: r.number("deadlines.prominent", 1..=365),
            ordinary: r.number("deadlines.ordinary", 1..=365),
        },
        report: ReportConfig {
            form: r.parsed("report.form", Form::parse, "brief、statistics 或 list", "brief, statistics or list"),
            few_followers: r.number("report.few_followers", 0..=1_000_000_000),
        },
        quiet: QuietConfig {
            hours: r.parsed(
                "quiet.hours",
                |text| QuietHours::parse(text, workdays_only).ok(),
                "起止时间不同的时段，如 18:00-09:00",
                "hours like 18:00-09:00, with two different times",
            ),
            gather: r.duration("quiet.gather", Duration::ZERO, Duration::from_hours(1)),
        },
        approval: ApprovalConfig {
            close_without_recheck: r.flag("approval.close_without_recheck"),
            notices_over: r.number("approval.notices_over", 0..=1_000_000),
        },
        telegram: TelegramConfig {
            token: r.token("telegram.token_file"),
            api_url: r.http_url("telegram.api_url"),
            proxy: r.proxy("telegram.proxy"),
            mode: r.word("telegram.mode", TelegramMode::ALL, |word| word.key()).unwrap_or(TelegramMode::Polling),
        },
        wecom: read_wecom(r),
        channels: r.numbers("channel").into_iter().filter_map(|number| read_channel(r, number)).collect(),
        wechat: WechatConfig { credentials_file: r.path("wechat.credentials_file") },
        canaries: r.numbers("canary").into_iter().filter_map(|number| read_canary(r, number)).collect(),
        web: WebConfig {
            listen: r.address("web.listen"),
            public_url: r.parsed(
                "web.public_url",
                public_url,
                "http(s) 网址，不带问号和井号，不超过 200 个字符，如 https://xuncha.example.gov.cn",
                "an http(s) address of at most 200 characters, without ? and #, like https://xuncha.example.gov.cn",
            ),
            link_key: r.secret_file("web.link_key_file"),
        },
    }
}

/// The root of the pages' public address: no query, no password, no slash at its end.
fn public_url(text: &str) -> Option<String> {
    let url = url::Url::parse(text).ok()?;
    let is_plain = url.query().is_none() && url.fragment().is_none() && url.username().is_empty();
    let fits = matches!(url.scheme(), "http" | "https") && url.has_host() && url.password().is_none() && is_plain;
    (fits && url.as_str().len() <= 200).then(|| url.as_str().trim_end_matches('/').to_owned())
}

/// Nothing is set where there is no such bot; half of it is a problem.
fn read_wecom(r: &mut Reader) -> Option<WecomConfig> {
    let bot_id = r.text("wecom.bot_id");
    let secret = r.wecom_secret("wecom.secret_file");
    let url = r.socket_url("wecom.url");
    match (bot_id.is_empty(), secret) {
        (true, None) => None,
        (true, Some(_)) => {
            r.problem("wecom.bot_id", "已给出密钥，缺少机器人的 bot_id", "there is a secret, but no bot_id");
            None
        }
        (false, None) => {
            r.problem(
                "wecom.secret_file",
                "缺少密钥：请设置环境变量 XUNCHA_WECOM_SECRET，或填写 secret_file",
                "needs the secret: set XUNCHA_WECOM_SECRET, or secret_file",
            );
            None
        }
        (false, Some(secret)) => Some(WecomConfig { bot_id, secret, url: url? }),
    }
}

fn read_channel(r: &mut Reader, number: usize) -> Option<ChannelConfig> {
    let key = |name: &str| format!("channel.{number}.{name}");
    let kind = r.word(&key("kind"), ChannelKind::ALL, |word| word.key());
    let webhook_key = key("webhook_file");
    r.required(&webhook_key, "缺少机器人地址文件", "needs the file that holds the robot's address");
    let reader = r.required(
        &key("for"),
        "缺少接收对象:supervisors 或主办单位名称",
        "needs its readers: supervisors, or a unit's name",
    );
    Some(ChannelConfig {
        kind: kind?,
        webhook: r.secret_file(&webhook_key)?,
        secret: r.secret_file(&key("secret_file")),
        proxy: r.proxy(&key("proxy")),
        reader: if reader == "supervisors" { ChannelReader::Supervisors } else { ChannelReader::Unit(reader) },
    })
}

fn read_canary(r: &mut Reader, number: usize) -> Option<CanaryConfig> {
    let key = |name: &str| format!("canary.{number}.{name}");
    let (hour, month) = (Duration::from_hours(1), Duration::from_hours(30 * 24));
    let platform = r.word(&key("platform"), Platform::ALL, |word| word.key());
    let source = r.word(&key("source"), SourceKind::ALL, |word| word.key());
    let url = r.http_url(&key("url"));
    let options_key = key("options");
    let given = !r.text(&options_key).is_empty();
    let options = r.parsed(
        &options_key,
        |text| serde_json::from_str(text).ok(),
        "JSON 对象，如 {\"user\": \"1\"}",
        "a JSON object like {\"user\": \"1\"}",
    );
    let max_age_key = key("max_age");
    let max_age =
        if r.text(&max_age_key).is_empty() { Duration::from_hours(36) } else { r.span(&max_age_key, hour, month) };
    let options = if given { options? } else { serde_json::Map::new() };
    let (platform, source) = (platform?, source?);
    // By hand there is nothing to look at; an app and a home page do not tell when the platform last answered.
    if matches!(source, SourceKind::Manual | SourceKind::App | SourceKind::Site) {
        r.problem(
            &key("source"),
            format!("“{source}”不能用于对照账号，应为能看到发布时间的采集方式，如 feed、html、weibo"),
            format!("`{source}` will not do for a canary; take an adapter that sees posts, like feed, html, weibo"),
        );
        return None;
    }
    if let Err(fault) = source.check_options(&options) {
        r.problem(&options_key, fault.zh(), fault.en());
        return None;
    }
    Some(CanaryConfig { platform, source, url, options, max_age })
}
