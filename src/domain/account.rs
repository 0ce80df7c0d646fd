//! The account (账号) as the basic information registry (基本信息库) knows it.

use std::collections::BTreeMap;
use std::fmt;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::keyed::keyed_enum;

/// The registry's stable, unique identifier of an account (账号编号).
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AccountId(String);

impl AccountId {
    /// Wraps an identifier that the registry has already accepted.
    pub fn new(id: impl Into<String>) -> Self {
        Self(id.into())
    }

    /// The identifier as text; draws order accounts by the bytes of this.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

keyed_enum! {
    /// Where an account lives (平台).
    Platform {
        Wechat = "wechat", "微信公众号", "WeChat";
        Channels = "channels", "视频号", "WeChat Channels";
        Weibo = "weibo", "微博", "Weibo";
        Douyin = "douyin", "抖音", "Douyin";
        Kuaishou = "kuaishou", "快手", "Kuaishou";
        Toutiao = "toutiao", "今日头条", "Toutiao";
        Bilibili = "bilibili", "哔哩哔哩", "Bilibili";
        Xiaohongshu = "xiaohongshu", "小红书", "Xiaohongshu";
        App = "app", "移动客户端", "App";
        Miniprogram = "miniprogram", "小程序", "Mini-program";
        Website = "website", "网站", "Website";
        Other = "other", "其他", "Other";
    }
}

keyed_enum! {
    /// The level of the unit that runs an account (单位层级).
    UnitTier {
        Government = "government", "政府", "Government";
        Department = "department", "部门", "Department";
        Town = "town", "镇街", "Town or street office";
        Institution = "institution", "事业单位", "Public institution";
    }
}

keyed_enum! {
    /// The account's state in its life (状态).
    AccountStatus {
        Running = "running", "正常运行", "Running";
        Proposed = "proposed", "拟开设", "Proposed";
        Closing = "closing", "关停中", "Closing";
        Closed = "closed", "已注销", "Closed";
    }
}

keyed_enum! {
    /// The adapter that sees an account (采集方式).
    SourceKind {
        Feed = "feed", "订阅源", "Feed";
        Html = "html", "网页列表", "HTML list";
        Weibo = "weibo", "微博接口", "Weibo";
        Wechat = "wechat", "微信接口", "WeChat";
        Douyin = "douyin", "抖音接口", "Douyin";
        Kuaishou = "kuaishou", "快手接口", "Kuaishou";
        Bilibili = "bilibili", "哔哩哔哩接口", "Bilibili";
        Toutiao = "toutiao", "头条接口", "Toutiao";
        App = "app", "应用商店", "App store";
        Site = "site", "网站巡检", "Website";
        Manual = "manual", "人工查看", "By hand";
    }
}

/// Personal data: readable where the work needs it, never in `Debug` output or logs.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Personal(String);

impl Personal {
    /// Wraps personal data.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The data itself, for the registry's own table and export only.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Personal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Personal(***)")
    }
}

/// One registered account.
///
/// Every field is what the office wrote down, not what a platform says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Account {
    /// 账号编号.
    pub account_id: AccountId,
    /// 账号名称.
    pub name: String,
    /// 平台.
    pub platform: Platform,
    /// 主办单位: the unit that opened the account and answers for it.
    pub unit: String,
    /// 单位层级.
    pub unit_tier: Option<UnitTier>,
    /// 主管单位.
    pub supervising_unit: Option<String>,
    /// 代表主体: the account speaks for the government itself and is always looked at.
    pub represents_government: bool,
    /// 状态.
    pub status: AccountStatus,
    /// 备案编号.
    pub filing_no: Option<String>,
    /// 开设日期; an account without one belongs to every frame.
    pub opened_on: Option<NaiveDate>,
    /// 粉丝数.
    pub followers: Option<u64>,
    /// 认证主体.
    pub certified_subject: Option<String>,
    /// 管理员.
    pub admin: Option<Personal>,
    /// 联系方式.
    pub admin_contact: Option<Personal>,
    /// 采集方式.
    pub source: Option<SourceKind>,
    /// 采集地址.
    pub source_url: Option<String>,
    /// 采集参数, a JSON object.
    pub source_options: serde_json::Map<String, serde_json::Value>,
    /// 服务链接.
    pub service_links: Vec<String>,
    /// Columns the registry file had beside the known ones, by heading.
    pub extra: BTreeMap<String, String>,
}

impl Account {
    /// The name as bulletins print it: 账号名(平台).
    #[must_use]
    pub fn label(&self) -> String {
        format!("{}（{}）", self.name, self.platform.zh())
    }
}
