//! The words beside a 404: of an error, or of a room, a bus or an exhibit that bears the number; and those of pages
//! that a server shows in place of a site.

/// What a page says that could not show what was asked for, beside its number.
pub(super) const ERRORS: &[&str] = &[
    "抱歉",
    "对不起",
    "哎呀",
    "糟糕",
    "出错",
    "错误",
    "无法访问",
    "打不开",
    "跳转",
    "您访问",
    "你访问",
    "请检查",
    "error",
    "not found",
    "sorry",
    "oops",
];

/// Ways on from a page that shows nothing.
pub(super) const WAYS_BACK: &[&str] =
    &["回首页", "到首页", "返回主页", "回到主页", "返回上一", "go home", "go back", "back to home", "homepage"];

/// What bears a number for a name.
pub(super) const NUMBERED: &[&str] = &[
    "展厅",
    "展品",
    "展览",
    "藏品",
    "馆藏",
    "典藏",
    "文物",
    "作品",
    "油画",
    "国画",
    "书画",
    "厘米",
    "cm",
    "毫米",
    "材质",
    "年代",
    "会议室",
    "房间",
    "教室",
    "病房",
    "诊室",
    "座位",
    "容纳",
    "楼层",
    "号楼",
    "室号",
    "公交",
    "线路",
    "首班",
    "末班",
    "站点",
    "途经",
    "国道",
    "省道",
    "路况",
    "车次",
    "航班",
    "标本",
    "地块",
    "泊位",
];

/// How what a server shows of itself is called, be it its first page or an error; bare.
pub(super) const SERVER_PAGES: &[&str] = &[
    "welcometonginx",
    "welcometoopenresty",
    "welcometotengine",
    "iiswindowsserver",
    "iis7",
    "iis8",
    "internetinformationservices",
    "apache2ubuntudefaultpage",
    "apache2debiandefaultpage",
    "apachehttpservertestpage",
    "testpageforthe",
    "apachetomcat",
    "itworks",
    "恭喜站点创建成功",
    "httpstatus5",
    "500internalservererror",
    "502badgateway",
    "503servicetemporarilyunavailable",
    "504gatewaytimeout",
    "errorestablishingadatabaseconnection",
    "系统发生错误",
    "数据库连接错误",
    "数据库连接失败",
];

/// How such a page of ASP.NET ends: “/”应用程序中的服务器错误。
pub(super) const ASP_ERROR: &str = "应用程序中的服务器错误";

/// What stands where a name is offered that nobody has any more; bare.
pub(super) const FOR_SALE: &[&str] = &[
    "域名出售",
    "域名正在出售",
    "域名待售",
    "域名转让",
    "thisdomainisforsale",
    "thisdomainmaybeforsale",
    "buythisdomain",
    "domainisforsale",
];
