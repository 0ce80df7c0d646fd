//! Takes typed values out of the layers and collects what is wrong with them.

use std::net::SocketAddr;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use chrono::NaiveDate;
use chrono_tz::Tz;
use cron::Schedule;
use url::Url;

use super::layers::{CONCEALED_KEYS, Entry, Layers, Raw};
use super::problem::{Place, Problem};
use super::secret::{Concealed, SecretSource};
use super::values::{self, CronProblem};
use crate::domain::allow::AllowedHosts;
use crate::domain::ratio::Ratio;

/// Every method takes a key of `defaults.toml`; on a bad value it notes the problem and hands back
/// a harmless stand-in, since the configuration is refused as a whole at the end.
pub(super) struct Reader {
    layers: Layers,
    problems: Vec<Problem>,
}

impl Reader {
    pub(super) fn new(mut layers: Layers) -> Self {
        let problems = std::mem::take(&mut layers.problems);
        Self { layers, problems }
    }

    pub(super) fn into_problems(self) -> Vec<Problem> {
        self.problems
    }

    fn entry(&self, key: &str) -> Entry {
        let missing = || Entry { raw: Raw::Text(String::new()), place: Place::Default };
        self.layers.entries.get(key).cloned().unwrap_or_else(missing)
    }

    pub(super) fn problem(&mut self, key: &str, zh: impl Into<String>, en: impl Into<String>) {
        let place = match self.layers.entries.get(key) {
            Some(entry) => entry.place.clone(),
            None => self.table_place(key),
        };
        self.problems.push(Problem::new(place, Some(key), zh.into(), en.into()));
    }

    /// A channel's or canary's missing key is reported where its table begins.
    fn table_place(&self, key: &str) -> Place {
        let mut parts = key.split('.');
        let (kind, number) = (parts.next().unwrap_or_default(), parts.next().and_then(|n| n.parse::<usize>().ok()));
        let place = number.and_then(|n| self.layers.tables.get(&(kind.to_owned(), n)));
        place.cloned().unwrap_or(Place::Default)
    }

    /// Text without surrounding white space; empty where nothing is set.
    pub(super) fn text(&mut self, key: &str) -> String {
        match self.entry(key).raw {
            Raw::Text(text) => text.trim().to_owned(),
            _ => String::new(),
        }
    }

    fn optional(&mut self, key: &str) -> Option<String> {
        Some(self.text(key)).filter(|text| !text.is_empty())
    }

    /// Reads text by `read`; `zh` and `en` say what it should have been.
    fn read<T>(&mut self, key: &str, read: impl Fn(&str) -> Option<T>, zh: &str, en: &str) -> Option<T> {
        let text = self.text(key);
        let value = read(&text);
        if value.is_none() {
            let shown = shown(key, &text);
            self.problem(key, format!("“{shown}”无效，应为{zh}"), format!("`{shown}` is not {en}"));
        }
        value
    }

    pub(super) fn flag(&mut self, key: &str) -> bool {
        matches!(self.entry(key).raw, Raw::Flag(true))
    }

    pub(super) fn list(&mut self, key: &str) -> Vec<String> {
        match self.entry(key).raw {
            Raw::List(items) => items,
            _ => Vec::new(),
        }
    }

    pub(super) fn number<T: TryFrom<i64> + Default>(&mut self, key: &str, allowed: RangeInclusive<i64>) -> T {
        let number = match self.entry(key).raw {
            Raw::Integer(number) => number,
            _ => *allowed.start(),
        };
        if !allowed.contains(&number) {
            let (low, high) = allowed.clone().into_inner();
            self.problem(
                key,
                format!("{number} 超出范围，应在 {low} 到 {high} 之间"),
                format!("{number} is out of range; choose {low} to {high}"),
            );
        }
        T::try_from(number).unwrap_or_default()
    }

    pub(super) fn ratio(&mut self, key: &str) -> Ratio {
        let text = match self.entry(key).raw {
            Raw::Decimal(text) => text,
            _ => String::new(),
        };
        text.parse().unwrap_or_else(|_| {
            self.problem(
                key,
                format!("“{text}”无效，应为大于 0、不超过 1 的小数，如 0.25"),
                format!("`{text}` is not a decimal above 0 and up to 1, like 0.25"),
            );
            Ratio::ALL
        })
    }

    pub(super) fn duration(&mut self, key: &str, low: Duration, high: Duration) -> Duration {
        let within = |text: &str| values::duration(text).filter(|d| (low..=high).contains(d));
        let zh = format!("{low:?} 到 {high:?} 之间的时长，如 \"15s\" \"200ms\" \"2m\"");
        let en = format!("a duration from {low:?} to {high:?}, like \"15s\", \"200ms\" or \"2m\"");
        self.read(key, within, &zh, &en).unwrap_or_default()
    }

    /// A long duration, shown in hours: `low` and `high` are whole ones.
    pub(super) fn span(&mut self, key: &str, low: Duration, high: Duration) -> Duration {
        let within = |text: &str| values::duration(text).filter(|d| (low..=high).contains(d));
        let (low, high) = (low.as_secs() / 3600, high.as_secs() / 3600);
        let zh = format!("{low} 到 {high} 小时之间的时长，如 \"36h\"");
        let en = format!("a duration from {low} to {high} hours, like \"36h\"");
        self.read(key, within, &zh, &en).unwrap_or_default()
    }

    pub(super) fn size(&mut self, key: &str) -> usize {
        let within = |text: &str| values::size(text).filter(|bytes| (1024..=1 << 28).contains(bytes));
        self.read(key, within, "1KiB 到 256MiB 的大小，如 \"4MiB\"", "a size from 1KiB to 256MiB, like \"4MiB\"")
            .unwrap_or_default()
    }

    pub(super) fn zone(&mut self, key: &str) -> Tz {
        let read = |text: &str| Tz::from_str(text).ok();
        self.read(key, read, "时区名称，如 Asia/Shanghai", "a time zone like Asia/Shanghai").unwrap_or(Tz::UTC)
    }

    pub(super) fn date(&mut self, key: &str) -> Option<NaiveDate> {
        self.optional(key)?;
        let read = |text: &str| NaiveDate::parse_from_str(text, "%Y-%m-%d").ok();
        self.read(key, read, "真实存在的日期，如 2026-11-01", "a real date like 2026-11-01")
    }

    pub(super) fn address(&mut self, key: &str) -> SocketAddr {
        self.read(key, |text| text.parse().ok(), "IP:端口，如 127.0.0.1:8600", "IP:PORT like 127.0.0.1:8600")
            .unwrap_or_else(|| SocketAddr::from(([127, 0, 0, 1], 0)))
    }

    /// A word of a closed vocabulary; `None` after a problem.
    pub(super) fn word<T>(&mut self, key: &str, all: &[T], word: impl Fn(&T) -> &'static str) -> Option<T>
    where
        T: Copy,
    {
        let allowed = all.iter().map(&word).collect::<Vec<_>>().join(", ");
        let find = |text: &str| all.iter().copied().find(|value| word(value) == text);
        self.read(key, find, &allowed, &format!("one of: {allowed}"))
    }

    /// Words of a closed vocabulary, at least one, none twice.
    pub(super) fn words<T: Copy>(&mut self, key: &str, all: &[T], word: impl Fn(&T) -> &'static str) -> Vec<T> {
        let allowed = all.iter().map(&word).collect::<Vec<_>>().join(", ");
        let items = self.list(key);
        let distinct: std::collections::BTreeSet<&String> = items.iter().collect();
        let found: Vec<T> = items.iter().filter_map(|item| all.iter().copied().find(|v| word(v) == item)).collect();
        if found.is_empty() || found.len() != items.len() || distinct.len() != items.len() {
            let given = items.join(", ");
            self.problem(
                key,
                format!("“{given}”无效，应从下列各项中选取，至少一项，不重复：{allowed}"),
                format!("`{given}` will not do; choose at least one, none twice, of: {allowed}"),
            );
        }
        found
    }

    pub(super) fn http_url(&mut self, key: &str) -> String {
        self.read(key, |text| web_address(text, &["http", "https"]), "http(s) 网址", "an http(s) address")
            .unwrap_or_default()
    }

    pub(super) fn http_urls(&mut self, key: &str) -> Vec<String> {
        let items = self.list(key);
        for item in &items {
            if web_address(item, &["http", "https"]).is_none() {
                self.problem(key, format!("“{item}”不是 http(s) 网址"), format!("`{item}` is not an http(s) address"));
            }
        }
        items
    }

    /// Each entry that will not do is a problem of its own.
    pub(super) fn allowed_hosts(&mut self, key: &str) -> AllowedHosts {
        let mut hosts = AllowedHosts::default();
        for item in self.list(key) {
            if let Err(problem) = hosts.add(&item) {
                self.problem(key, format!("“{item}”{}", problem.zh()), format!("`{item}` {problem}"));
            }
        }
        hosts
    }

    pub(super) fn proxy(&mut self, key: &str) -> Option<Concealed> {
        self.optional(key)?;
        let read = |text: &str| web_address(text, &["http", "https", "socks5", "socks5h"]).map(Concealed::new);
        self.read(key, read, "http、https 或 socks5 代理地址", "the address of an http, https or socks5 proxy")
    }

    pub(super) fn cron(&mut self, key: &str) -> Option<Schedule> {
        let text = self.optional(key)?;
        let problem = match values::cron(&text) {
            Ok(schedule) => return Some(schedule),
            Err(problem) => problem,
        };
        let (zh, en) = match problem {
            CronProblem::Fields(n) => (
                format!("有 {n} 段，应有 6 或 7 段（秒 分 时 日 月 星期 [年]）"),
                format!("has {n} fields, needs 6 or 7 (second minute hour day month weekday [year])"),
            ),
            CronProblem::WeekdayNumber => (
                "星期请用英文缩写（Mon-Fri）：数字 1 在 crontab 中为周一，在此处为周日，容易出错".to_owned(),
                "write weekdays by name (Mon-Fri): 1 is Monday in crontab but Sunday here".to_owned(),
            ),
            CronProblem::Syntax => (
                "不是有效的时间表达式，如 0 30 8 * * Mon-Fri".to_owned(),
                "is not a cron line like `0 30 8 * * Mon-Fri`".to_owned(),
            ),
            CronProblem::NeverFires => {
                ("所写日期不存在，永远不会执行".to_owned(), "names a day that never comes".to_owned())
            }
        };
        self.problem(key, format!("“{text}”{zh}"), format!("`{text}` {en}"));
        None
    }

    /// A path, from the folder its layer starts at.
    pub(super) fn path(&mut self, key: &str) -> Option<PathBuf> {
        let text = self.optional(key)?;
        Some(self.folder_of(key).join(text))
    }

    pub(super) fn secret_file(&mut self, key: &str) -> Option<SecretSource> {
        self.path(key).map(SecretSource::File)
    }

    pub(super) fn token(&mut self, key: &str) -> Option<SecretSource> {
        let given = self.layers.token.clone().map(|token| SecretSource::Given(token.into()));
        given.or_else(|| self.secret_file(key))
    }

    pub(super) fn wecom_secret(&mut self, key: &str) -> Option<SecretSource> {
        let given = self.layers.wecom_secret.clone().map(|secret| SecretSource::Given(secret.into()));
        given.or_else(|| self.secret_file(key))
    }

    /// A `wss://` address; without TLS it must lie on this machine.
    pub(super) fn socket_url(&mut self, key: &str) -> Option<Url> {
        let read = |text: &str| {
            let url = Url::parse(text).ok().filter(Url::has_host)?;
            let is_here = match url.host()? {
                url::Host::Domain(name) => name == "localhost",
                url::Host::Ipv4(ip) => ip.is_loopback(),
                url::Host::Ipv6(ip) => ip.is_loopback(),
            };
            (url.scheme() == "wss" || (url.scheme() == "ws" && is_here)).then_some(url)
        };
        self.read(key, read, "wss:// 地址", "a wss:// address")
    }

    pub(super) fn database_url(&mut self, key: &str) -> Concealed {
        let folder = self.folder_of(key);
        let read = |text: &str| {
            if let Some(path) = text.strip_prefix("sqlite:") {
                return sqlite_url(path.strip_prefix("//").unwrap_or(path), &folder);
            }
            web_address(text, &["postgres", "postgresql"])
        };
        let url =
            self.read(key, read, "sqlite://文件 或 postgres://主机/库名", "sqlite://FILE or postgres://HOST/NAME");
        Concealed::new(url.unwrap_or_default())
    }

    fn folder_of(&self, key: &str) -> PathBuf {
        match self.entry(key).place {
            Place::Env(_) => PathBuf::new(),
            _ => self.layers.folder.clone(),
        }
    }

    /// The numbers of the tables of a kind (`channel`, `canary`), ascending.
    pub(super) fn numbers(&self, kind: &str) -> Vec<usize> {
        self.layers.tables.keys().filter(|(known, _)| known == kind).map(|(_, number)| *number).collect()
    }

    /// Quiet hours, or `None` for none at all.
    pub(super) fn parsed<T>(&mut self, key: &str, read: impl Fn(&str) -> Option<T>, zh: &str, en: &str) -> Option<T> {
        self.optional(key)?;
        self.read(key, read, zh, en)
    }

    /// Text that must be there.
    pub(super) fn required(&mut self, key: &str, zh: &str, en: &str) -> String {
        let text = self.text(key);
        if text.is_empty() {
            self.problem(key, zh, en);
        }
        text
    }
}

/// The text of a value as a message may show it.
fn shown(key: &str, text: &str) -> String {
    if CONCEALED_KEYS.contains(&key) || key.rsplit('.').next() == Some("proxy") {
        "***".to_owned()
    } else {
        text.chars().take(80).collect()
    }
}

fn web_address(text: &str, schemes: &[&str]) -> Option<String> {
    let url = Url::parse(text).ok()?;
    (schemes.contains(&url.scheme()) && url.has_host()).then(|| text.to_owned())
}

/// `sqlite://` with the file put into `folder` when it is relative.
fn sqlite_url(rest: &str, folder: &Path) -> Option<String> {
    let (file, query) = rest.split_once('?').map_or((rest, None), |(file, query)| (file, Some(query)));
    if file.is_empty() {
        return None;
    }
    let query = query.map(|query| format!("?{query}")).unwrap_or_default();
    if file == ":memory:" || Path::new(file).is_absolute() || folder.as_os_str().is_empty() {
        return Some(format!("sqlite://{file}{query}"));
    }
    // The driver decodes percent signs and cuts at a question mark.
    let folder = folder.to_str()?.replace('%', "%25").replace('?', "%3F");
    Some(format!("sqlite://{}{query}", Path::new(&folder).join(file).display()))
}
