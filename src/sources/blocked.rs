//! Pages that stand in front of the content: captchas, script challenges, firewalls, logins.
//!
//! Such a page says nothing about the content behind it, so nobody is judged by it.

use std::sync::LazyLock;

use super::phrases::Phrases;
use super::skim::{Skim, skim};
use crate::domain::keyed::keyed_enum;

keyed_enum! {
    /// What stands in front of the content (拦截方式).
    Block {
        Captcha = "captcha", "对方要求输入验证码或人机验证，未能看到内容", "a captcha stands in front of the content";
        Challenge = "challenge", "对方以脚本验证浏览器，未能看到内容", "a script challenge stands in front of the content";
        Firewall = "firewall", "对方防火墙拦截了自动访问，未能看到内容", "a firewall turned the robot away";
        Login = "login", "对方要求登录，未能看到内容", "a login stands in front of the content";
        WechatOnly = "wechat_only", "对方要求在微信中打开，未能看到内容", "the page wants to be opened in WeChat";
    }
}

/// Visible characters looked at.
const LOOKED_AT: usize = 600;

/// A page with so few letters shows nothing.
const BARE: usize = 40;

/// Longer pages than this are not read for what their scripts say.
const SCRIPT_PAGE: usize = 64 * 1024;

/// Marks that challenge scripts leave in the page.
const CHALLENGE_MARKS: &[&str] = &[
    "$_ts=",
    "$_ts.",
    "__jsl_clearance",
    "acw_sc__v2",
    "acw_sc__v3",
    "_cf_chl_opt",
    "/cdn-cgi/challenge-platform",
    "cf-browser-verification",
    "wzws-waf-cgi",
    "wzwsconfirm",
    "EO_Bot_Ssid",
    "aliyunwaf_",
    "_waf_bd8ce2ce37",
    "Sina Visitor System",
    "visitor.passport.weibo",
    "byted_acrawler.init",
    "__ac_nonce",
    "yunsuo_session",
    "_Incapsula_Resource",
    "SafeLineChallenge",
];

const CHALLENGE_WORDS: &[&str] = &[
    "just a moment",
    "checking your browser",
    "sina visitor system",
    "正在检测您的浏览器",
    "浏览器安全检查",
    "浏览器安全检测",
    "正在进行安全检测",
    "please enable javascript and cookies",
    "ddos-guard",
    "正在验证您的浏览器",
    "please wait while we verify",
];

const CAPTCHA_WORDS: &[&str] = &[
    "环境异常",
    "完成验证后即可继续访问",
    "请完成安全验证",
    "请完成下列验证",
    "请完成验证",
    "完成下方验证",
    "拖动滑块",
    "滑动验证",
    "滑块验证",
    "人机验证",
    "安全验证",
    "访问验证",
    "图形验证码",
    "请输入验证码继续",
    "自动程序",
    "异常流量",
    "访问过于频繁",
    "访问频率过高",
    "访问太频繁",
    "操作过于频繁",
    "请求过于频繁",
    "verify you are human",
    "are you a robot",
    "unusual traffic",
    "complete the captcha",
    "security check to access",
];

/// What a firewall says of the request itself.
const TURNED_AWAY: &[&str] = &[
    "访问被阻断",
    "访问被拦截",
    "访问已被拦截",
    "请求已被拦截",
    "请求被拦截",
    "请求已被阻断",
    "请求存在威胁",
    "可能存在威胁",
    "疑似攻击",
    "疑似黑客",
    "存在安全风险,已被",
    "带有不合法参数",
    "设置拦截",
    "危险的攻击请求",
    "ip已被封",
    "ip被封禁",
    "ip地址已被",
    "拦截了您的",
    "you have been blocked",
    "request blocked",
    "request has been blocked",
    "the request is blocked",
    "attention required! | cloudflare",
    "blocked by security policy",
    "access denied by security",
    "the requested url was rejected",
    "your request was blocked",
    "incapsula incident id",
];

/// How a firewall's sentence about a request begins, what it says was done with what, and on what ground; each has a
/// wording of its own.
const TOLD_TO: &[&str] =
    &["您", "你", "抱歉", "很抱歉", "非常抱歉", "对不起", "当前", "请求", "访问", "本次", "该请求", "由于您"];
const STOPPED: &[&str] = &["拦截", "阻断"];
const ASKED: &[&str] = &["请求", "访问", "提交"];
const GROUNDS: &[&str] =
    &["安全", "威胁", "攻击", "waf", "防火墙", "管理员", "策略", "风险", "隐患", "危险", "恶意", "云防护", "非法"];

/// Longest such sentence.
const LONGEST_TOLD: usize = 80;

/// What firewalls call themselves; a page may name the one that guards it.
const FIREWALL_NAMES: &[&str] =
    &["网站防火墙", "应用防火墙", "安全防护系统", "创宇盾", "网站安全狗", "云锁", "web application firewall"];

const LOGIN_WORDS: &[&str] = &[
    "请先登录",
    "请登录后",
    "登录后查看",
    "登录后可见",
    "登录后即可",
    "登录后才能",
    "您尚未登录",
    "您还没有登录",
    "sign in to continue",
    "please log in",
    "log in to continue",
    "you must be logged in",
];

/// What a page says that shows its content in WeChat alone; its server knows no other reader.
const WECHAT_WORDS: &[&str] = &[
    "请在微信客户端打开",
    "请在微信客户端中打开",
    "请在微信中打开",
    "请在微信内打开",
    "请在微信浏览器打开",
    "请在微信浏览器中打开",
    "请在手机微信打开",
    "请在手机微信中打开",
    "请使用微信打开",
    "请使用微信客户端打开",
    "请使用微信浏览器打开",
    "请用微信打开",
    "请用微信客户端打开",
    "请用微信浏览器打开",
];

type Words = LazyLock<Phrases>;

static CHALLENGES: Words = LazyLock::new(|| Phrases::new(CHALLENGE_WORDS, &["浏览器", "安全检测"]));
static CAPTCHAS: Words = LazyLock::new(|| {
    let marks = ["验证", "环境异常", "滑块", "自动程序", "异常流量", "频繁", "频率过高"];
    Phrases::new(CAPTCHA_WORDS, &marks)
});
static REFUSALS: Words = LazyLock::new(|| {
    let marks = ["阻断", "拦截", "威胁", "疑似", "不合法参数", "攻击请求", "安全风险", "已被封", "被封禁", "地址已被"];
    Phrases::new(TURNED_AWAY, &marks)
});
static FIREWALLS: Words =
    LazyLock::new(|| Phrases::new(FIREWALL_NAMES, &["防火墙", "防护系统", "创宇盾", "安全狗", "云锁"]));
static LOGINS: Words = LazyLock::new(|| Phrases::new(LOGIN_WORDS, &["登录"]));

static WECHAT: Words = LazyLock::new(|| Phrases::new(WECHAT_WORDS, &["微信"]));

fn says(words: &Words, text: &str) -> bool {
    words.are_in(text)
}

/// Recognises what stands in front of the content; `None` when the page may be the content.
#[must_use]
pub fn recognise(status: u16, text: &str) -> Option<Block> {
    let start = text.trim_start();
    let is_data = ["<?xml", "<rss", "<feed", "<rdf", "{"].iter().any(|mark| start.starts_with(mark));
    if is_data && !start.contains("<html") {
        return None;
    }
    recognise_skimmed(status, text, &skim(text, LOOKED_AT))
}

/// [`recognise`] for a page already skimmed to at least 600 characters.
#[must_use]
pub fn recognise_skimmed(status: u16, text: &str, seen: &Skim) -> Option<Block> {
    let title = &seen.title;
    if says(&CHALLENGES, title) {
        return Some(Block::Challenge);
    }
    // Why a length for titles: a report about 人机验证 has a title of its own, not just the word.
    if title.chars().count() <= 16 && (says(&CAPTCHAS, title) || title.trim() == "验证码") {
        return Some(Block::Captcha);
    }
    if seen.is_short(LOOKED_AT) && (says(&FIREWALLS, title) || says(&REFUSALS, title)) {
        return Some(Block::Firewall);
    }
    if !seen.is_short(LOOKED_AT) {
        return None;
    }
    let visible = &seen.visible;
    if seen.chars <= 300 {
        if says(&CAPTCHAS, visible) || (seen.chars <= 60 && visible.contains("请输入验证码")) {
            return Some(Block::Captcha);
        }
        if says(&CHALLENGES, visible) {
            return Some(Block::Challenge);
        }
    }
    if seen.chars <= 200 && says(&WECHAT, visible) {
        return Some(Block::WechatOnly);
    }
    if says(&FIREWALLS, visible) || turns_away(status, text, seen) {
        return Some(Block::Firewall);
    }
    if seen.chars <= 200 && is_script_challenge(status, text, seen) {
        return Some(Block::Challenge);
    }
    (seen.chars <= 200 && says(&LOGINS, visible)).then_some(Block::Login)
}

/// A short page of a firewall about the request; or a refusal whose words are put there by script.
#[must_use]
pub fn turns_away(status: u16, text: &str, seen: &Skim) -> bool {
    if !seen.is_short(LOOKED_AT) {
        return false;
    }
    let by_script = || status >= 400 && seen.chars <= 80 && text.len() <= SCRIPT_PAGE && says(&REFUSALS, text);
    says(&REFUSALS, &seen.title)
        || says(&REFUSALS, &seen.visible)
        || seen.visible.lines().any(is_told_of_a_stop)
        || by_script()
}

fn is_told_of_a_stop(line: &str) -> bool {
    let has = |words: &[&str]| words.iter().any(|word| line.contains(word));
    // Why first: nearly no line says so.
    if !has(STOPPED) || line.chars().count() > LONGEST_TOLD {
        return false;
    }
    let begins = TOLD_TO.iter().any(|word| line.trim_start().starts_with(word));
    begins && has(ASKED) && (has(GROUNDS) || line.contains("WAF"))
}

/// What stands in front of a page that answers 404, by what no site's own page for that looks like.
#[must_use]
pub fn recognise_certain(text: &str, seen: &Skim) -> Option<Block> {
    let title = &seen.title;
    if says(&CHALLENGES, title) || (seen.is_short(BARE) && has_challenge_mark(text)) {
        Some(Block::Challenge)
    } else if seen.is_short(300)
        && (says(&CAPTCHAS, title) && title.chars().count() <= 16 || says(&CAPTCHAS, &seen.visible))
    {
        Some(Block::Captcha)
    } else {
        (seen.is_short(LOOKED_AT) && says(&FIREWALLS, title)).then_some(Block::Firewall)
    }
}

/// Almost nothing to read, and a script that sets a cookie and comes back.
fn is_script_challenge(status: u16, text: &str, seen: &Skim) -> bool {
    if !has_script(text) {
        return false;
    }
    let comes_back = text.len() <= SCRIPT_PAGE
        && text.contains("document.cookie")
        && (text.contains("location") || text.contains(".reload("))
        && !fills_itself(text);
    has_challenge_mark(text)
        || (seen.chars <= BARE && comes_back)
        || (seen.chars <= 80 && matches!(status, 202 | 412 | 468 | 521))
}

fn has_script(text: &str) -> bool {
    text.contains("<script") || text.contains("<SCRIPT")
}

fn has_challenge_mark(text: &str) -> bool {
    has_script(text) && CHALLENGE_MARKS.iter().any(|mark| text.contains(mark))
}

/// A page that is nothing but scripts of its own address, in place of whatever was asked for: a challenge without a mark.
#[must_use]
pub fn is_bare_script(text: &str, seen: &Skim) -> bool {
    // Why not where it only leads away: many a page for what is missing does nothing but that.
    let is_bare = seen.chars == 0 && seen.title.is_empty() && text.contains("src=") && !text.contains("location");
    is_bare && has_script(text) && !fills_itself(text)
}

/// A shell that its own scripts fill: it may set a cookie and send telephones elsewhere, and is a page.
fn fills_itself(text: &str) -> bool {
    const ROOTS: &[&str] = &["app", "root", "main", "container", "__next", "__nuxt", "wrapper", "page"];
    let has_root = text.split("id=").skip(1).any(|rest| {
        let id = rest.trim_start_matches(['"', '\'']);
        ROOTS.iter().any(|root| id.strip_prefix(root).is_some_and(|rest| rest.starts_with(['"', '\'', ' ', '>', '/'])))
    });
    // Why both: a challenge brings scripts of its own too, but builds nothing.
    has_root && text.contains("src=")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn captchas_challenges_firewalls_and_logins_are_recognised() {
        for (status, page, wanted) in [
            (200, "<title>请输入验证码</title><p>请输入验证码</p>", Block::Captcha),
            (200, "<h2>环境异常</h2><p>当前环境异常,完成验证后即可继续访问。</p><a>去验证</a>", Block::Captcha),
            (521, "<script>document.cookie='a=1';location.href='/';</script>", Block::Challenge),
            (412, "<html><meta id=x><script>$_ts=window['$_ts'];</script><body></body>", Block::Challenge),
            (
                405,
                "<title>405</title><div id=\"block_message\"></div><script>var m=\"很抱歉，由于您访问的URL有可能对网站造成安全威胁，您的访问被阻断。\";</script>",
                Block::Firewall,
            ),
            (200, "<script>document.cookie='a=1';location.reload()</script>", Block::Challenge),
            (202, "<script src=/c.js></script>", Block::Challenge),
            (503, "<title>Just a moment...</title><p>x</p>", Block::Challenge),
            (403, "<title>访问拦截</title><p>您的请求疑似攻击行为!</p>", Block::Firewall),
            (
                403,
                "<h1>很抱歉，您提交的请求可能对网站造成威胁，请求已被管理员设置的策略阻断。</h1><p>请求ID: 1</p>",
                Block::Firewall,
            ),
            (200, "<p>抱歉，您的访问可能对网站造成危险，已被云防护安全拦截</p>", Block::Firewall),
            (404, "<title>访问禁止</title><p>您的访问已被WAF拦截，事件编号123</p>", Block::Firewall),
            (567, "<title>Restricted Access</title><p>您的访问请求已被站点的安全策略拦截</p>", Block::Firewall),
            (
                200,
                "<title>Request Rejected</title>The requested URL was rejected. Please consult with your administrator.",
                Block::Firewall,
            ),
            (200, "<p>请先登录</p>", Block::Login),
            (200, "<title>抱歉，出错了</title><h4>请在微信客户端打开链接</h4>", Block::WechatOnly),
        ] {
            assert_eq!(recognise(status, page), Some(wanted), "{page}");
        }
    }

    #[test]
    fn no_words_are_overlooked_for_want_of_a_mark() {
        for (words, listed) in [
            (&CHALLENGES, CHALLENGE_WORDS),
            (&CAPTCHAS, CAPTCHA_WORDS),
            (&REFUSALS, TURNED_AWAY),
            (&FIREWALLS, FIREWALL_NAMES),
            (&LOGINS, LOGIN_WORDS),
            (&WECHAT, WECHAT_WORDS),
        ] {
            assert_eq!(words.overlooked(listed), [""; 0]);
        }
    }

    #[test]
    fn content_is_not_taken_for_a_block() {
        let long = "关于启用人机验证功能的公告".repeat(60);
        for (status, page) in [
            (412, "Precondition Failed".to_owned()),
            (200, "<h1>反诈提醒</h1><p>区公安分局成功拦截一起诈骗，提醒市民切勿访问不明网站，注意资金安全。</p>".to_owned()),
            (200, "<h1>公告</h1><p>请勿拦截执行任务的消防车辆。</p>".to_owned()),
            (403, "<h1>403 Forbidden</h1>".to_owned()),
            (200, format!("<title>关于启用人机验证功能的公告_区政务服务网</title><p>{long}</p>")),
            (200, "<title>办事进度查询</title><form>姓名 身份证号码 手机号码 请输入验证码 查询 重置 使用帮助 联系我们 网站地图 版权所有 某某区政务服务管理局 主办 技术支持 某某公司</form>".to_owned()),
            (200, "<div id=app></div><script src=/app.js></script>".to_owned()),
            (
                200,
                "<title>政务服务</title><div id=\"app\"></div><script>document.cookie='lang=zh';if(/mobile/i.test(navigator.userAgent)){location.href='/m/'}</script><script src=/js/app.js></script>".to_owned(),
            ),
            (200, "<?xml version='1.0'?><rss><channel><title>安全验证</title></channel></rss>".to_owned()),
        ] {
            assert_eq!(recognise(status, &page), None, "{page}");
        }
    }
}
