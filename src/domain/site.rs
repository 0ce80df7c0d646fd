//! Government websites (政府网站): what is measured of them, and the knobs of the rules.
//!
//! Sources: 国办秘函〔2019〕19号, website indicators, 单项否决 (站点无法访问, 首页不更新, 栏目不更新);
//! 国办发〔2017〕47号 (底部功能区, IPv6). What no text settles is a knob here, not a constant elsewhere.

use serde::Deserialize;
use url::Url;

use super::account::{Account, AccountStatus, Platform, SourceKind};
use super::keyed::keyed_enum;
use super::rule::Flaw;

keyed_enum! {
    /// What kind of column (栏目类别): each has a time of its own within which it is updated.
    ColumnKind {
        News = "news", "动态要闻", "News";
        Policy = "policy", "通知公告、政策文件", "Notices and policy";
        Other = "other", "其他栏目", "Other column";
    }
}

keyed_enum! {
    /// What the foot of a government site shows (底部功能区).
    FooterMark {
        PartyMark = "party_mark", "党政机关网站标识", "party and government site mark";
        ReportError = "report_error", "“我为政府网站找错”入口", "\"report an error\" entry";
        SiteCode = "site_code", "网站标识码", "site code";
        Host = "host", "主办单位", "host unit";
        Contact = "contact", "联系方式", "contact";
        Icp = "icp", "ICP备案编号", "ICP number";
        Police = "police", "公安机关备案标识", "public security number";
        SiteMap = "site_map", "站点地图", "site map";
    }
}

keyed_enum! {
    /// What is wrong with a certificate (证书问题).
    TlsFault {
        Expired = "expired", "证书已过期", "the certificate has expired";
        NotYetValid = "not_yet_valid", "证书尚未生效", "the certificate is not valid yet";
        WrongName = "wrong_name", "证书与域名不符", "the certificate is for another name";
        SelfSigned = "self_signed", "证书为自签名", "the certificate is self-signed";
        Untrusted = "untrusted", "证书链不受信任（可能缺少中间证书）", "the chain is not trusted (an intermediate may be missing)";
        Invalid = "invalid", "证书无效", "the certificate is not valid";
    }
}

impl TlsFault {
    /// Every client sees it; whether a chain is trusted depends on whose list of roots is asked.
    #[must_use]
    pub const fn is_certain(self) -> bool {
        matches!(self, Self::Expired | Self::NotYetValid | Self::WrongName | Self::SelfSigned)
    }
}

keyed_enum! {
    /// What one visit (访问监测) to a site came to. `Unclear`: an answer came that a browser may or may not show.
    VisitOutcome {
        Opened = "opened", "正常打开", "opened";
        Failed = "failed", "打不开", "failed";
        Unclear = "unclear", "无法判断", "unclear";
        NotCounted = "not_counted", "不计入", "not counted";
    }
}

/// The knobs of the website rules, section `[site]` of a rule set; every one has a default.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SiteRule {
    /// Visits each day that the measurement asks for (每天间隔性访问20次以上).
    pub visits_a_day: usize,
    /// Days of measurement, each 24 h, counted back from the monitoring time (监测1周).
    pub days: usize,
    /// A visit that takes so many seconds counts as failed (超过(含)15秒).
    pub slow_seconds: u64,
    /// Share of failed visits in percent that is a violation (超过(含)5%).
    pub failed_percent: usize,
    /// A site that was never visited is `unverified`; else nothing is said of it.
    pub visits_required: bool,
    /// Visits since rectification that a recheck needs.
    pub recheck_visits: usize,
    /// Visits are kept so many days.
    pub keep_days: i64,
    /// Newest information of the home page (首页) is no older than this.
    pub home_days: i64,
    /// Columns of news are updated within so many days.
    pub news_days: i64,
    /// Columns of notices and policy are updated within so many months.
    pub policy_months: u32,
    /// Other columns that have not been updated for so many days are looked at by a person.
    pub long_days: i64,
    /// So many news and policy columns not updated are a violation.
    pub stale_columns: usize,
    /// So many columns that should be updated and long were not are a violation.
    pub long_columns: usize,
    /// So many blank columns are a violation.
    pub blank_columns: usize,
    /// Columns of one site that are looked at.
    pub most_columns: usize,
    /// Words in the name of a column of news, where the registry lists no columns.
    pub news_names: Vec<String>,
    /// Words in the name of a column of notices and policy, likewise.
    pub policy_names: Vec<String>,
    /// What the foot of a site has to show.
    pub footer: Vec<FooterMark>,
    /// A site without HTTPS violates `tls`.
    pub https_required: bool,
    /// A certificate that ends within so many days is mentioned.
    pub certificate_days: i64,
}

impl Default for SiteRule {
    fn default() -> Self {
        let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
        Self {
            visits_a_day: 20,
            days: 7,
            slow_seconds: 15,
            failed_percent: 5,
            visits_required: false,
            recheck_visits: 12,
            keep_days: 30,
            home_days: 14,
            news_days: 14,
            policy_months: 6,
            long_days: 365,
            stale_columns: 5,
            long_columns: 10,
            blank_columns: 5,
            most_columns: 40,
            news_names: words(&["要闻", "动态", "新闻"]),
            policy_names: words(&["通知公告", "公告公示", "公示公告", "通知公示", "政策文件", "规范性文件"]),
            footer: FooterMark::ALL.to_vec(),
            https_required: false,
            certificate_days: 30,
        }
    }
}

impl SiteRule {
    /// What keeps the knobs from being used; `None` when they are sound.
    #[must_use]
    pub fn flaw(&self) -> Option<Flaw> {
        let flaw = |zh, en| Some(Flaw { table: "site", zh, en });
        let counts = [self.visits_a_day, self.days, self.recheck_visits, self.stale_columns, self.long_columns];
        if counts.contains(&0) || self.blank_columns == 0 || self.slow_seconds == 0 {
            return flaw("site 的各项次数和个数至少为 1", "the counts of `site` are at least 1");
        }
        if !(1..=100).contains(&self.failed_percent) || self.visits_a_day > 1440 || self.days > 31 {
            return flaw(
                "site 须满足 1 ≤ failed_percent ≤ 100，visits_a_day ≤ 1440，days ≤ 31",
                "`site` needs failed_percent in 1..=100, visits_a_day up to 1440, days up to 31",
            );
        }
        if self.keep_days < self.days as i64 || self.keep_days > 3660 {
            return flaw(
                "site.keep_days 不得小于 site.days，且不超过 3660",
                "`site.keep_days` is at least `site.days`, and at most 3660",
            );
        }
        let days = [self.home_days, self.news_days, self.long_days];
        if days.iter().any(|days| !(1..=36_500).contains(days)) || !(1..=1200).contains(&self.policy_months) {
            return flaw("site 的各项天数至少为一天", "the ages of `site` are at least one day");
        }
        None
    }
}

/// Whether the account is a website that `site` looks at as a whole.
#[must_use]
pub fn is_site(account: &Account) -> bool {
    account.source == Some(SourceKind::Site)
}

/// The address visits go to: a running website's registered one; `None` for anything else.
///
/// A website that is read by a list page is visited at the root of that page's host. What another
/// adapter reads, such as a feed, may be no server of the unit's at all: nobody is visited there.
#[must_use]
pub fn visited_url(account: &Account) -> Option<String> {
    if account.status != AccountStatus::Running {
        return None;
    }
    visited_at(account.platform, account.source?, account.source_url.as_deref()?)
}

/// [`visited_url`] of a running account.
#[must_use]
pub fn visited_at(platform: Platform, source: SourceKind, source_url: &str) -> Option<String> {
    let url = Some(source_url.trim()).filter(|url| !url.is_empty())?;
    match (platform, source) {
        (_, SourceKind::Site) => Some(url.to_owned()),
        (Platform::Website, SourceKind::Html) => {
            Url::parse(url).ok().filter(Url::has_host)?.join("/").ok().map(String::from)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_are_the_rule_of_2019() {
        let rule = SiteRule::default();
        assert_eq!(rule.flaw(), None);
        assert_eq!(rule.visits_a_day * rule.days, 140);
        assert_eq!((rule.slow_seconds, rule.failed_percent), (15, 5));
        assert_eq!((rule.stale_columns, rule.long_columns, rule.blank_columns), (5, 10, 5));
        assert_eq!(rule.footer.len(), 8);
    }

    #[test]
    fn a_rule_set_may_change_a_knob_and_no_unknown_one() {
        let rule: SiteRule = toml::from_str("footer = [\"icp\", \"site_code\"]\nhttps_required = true").unwrap();
        assert_eq!(rule.footer, [FooterMark::Icp, FooterMark::SiteCode]);
        assert!(rule.https_required && rule.days == 7);
        assert!(toml::from_str::<SiteRule>("colour = 3").is_err());
        for bad in ["days = 0", "failed_percent = 0", "keep_days = 3", "home_days = 0", "blank_columns = 0"] {
            assert!(toml::from_str::<SiteRule>(bad).unwrap().flaw().is_some(), "{bad}");
        }
    }

    #[test]
    fn visits_go_to_the_units_own_server_and_to_no_bridge() {
        let url = "http://www.yunxi.example/zwgk/list.html?page=1";
        let at = |platform, source| visited_at(platform, source, &format!(" {url} "));
        assert_eq!(at(Platform::Website, SourceKind::Site).as_deref(), Some(url));
        assert_eq!(at(Platform::Other, SourceKind::Site).as_deref(), Some(url));
        assert_eq!(at(Platform::Website, SourceKind::Html).as_deref(), Some("http://www.yunxi.example/"));
        assert_eq!(at(Platform::Weibo, SourceKind::Html), None);
        assert_eq!(at(Platform::Website, SourceKind::Feed), None);
        assert_eq!(visited_at(Platform::Website, SourceKind::Site, "  "), None);
        assert_eq!(visited_at(Platform::Website, SourceKind::Html, "no address"), None);
    }
}
