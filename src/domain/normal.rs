//! Normal forms: when two URLs, or two titles, are the same to the office.

use std::net::Ipv4Addr;

use unicode_normalization::UnicodeNormalization;
use url::Url;

/// Query parameters that say how a reader came, not what is read.
const TRACKING: &[&str] = &[
    "spm",
    "from",
    "isappinstalled",
    "scene",
    "subscene",
    "chksm",
    "ascene",
    "devicetype",
    "version",
    "nettype",
    "abtest_cookie",
    "lang",
    "pass_ticket",
    "wx_header",
    "sessionid",
    "clicktime",
    "enterid",
    "exportkey",
    "acctmode",
    "srcid",
    "share_token",
    "share_source",
    "share_medium",
    "share_plat",
    "share_tag",
    "share_session_id",
    "share_from",
    "share_app_id",
    "share_iid",
    "share_link_id",
    "share_author_id",
    "sharefrom",
    "shareid",
    "timestamp",
    "unique_k",
    "vd_source",
    "from_source",
    "from_spmid",
    "spm_id_from",
    "bbid",
    "refer_flag",
    "wfr",
    "gclid",
    "fbclid",
    "msclkid",
    "yclid",
    "dclid",
    "igshid",
    "mc_cid",
    "mc_eid",
    "_ga",
    "_gl",
    "hmsr",
    "hmpl",
    "hmcu",
    "hmkw",
    "hmci",
    "bd_vid",
    "nsukey",
    "tdsourcetag",
    "weibo_id",
];

/// Families of such parameters, by how their names begin.
const TRACKING_FAMILIES: &[&str] = &["utm_", "sharer_", "pk_", "mtm_", "hsa_"];

/// Parameters too general to drop everywhere: dropped only where a platform uses them so.
const GENERAL: &[&str] = &[
    "version",
    "lang",
    "sessionid",
    "timestamp",
    "scene",
    "srcid",
    "weibo_id",
    "abtest_cookie",
    "from",
    "shareid",
    "unique_k",
    "bbid",
];

/// What 微信 writes into `from` when it hands a page of any site on; elsewhere `from` may name what is read.
const SHARED_FROM: &[&str] = &["timeline", "singlemessage", "groupmessage"];

/// What names an article in a link of 微信公众平台.
const WECHAT_ARTICLE: &[&str] = &["__biz", "mid", "idx", "sn"];

/// Without one of these the whole query does: `?src=…&signature=…`, `?tempkey=…`.
const WECHAT_NAMED_BY: &[&str] = &["__biz", "mid", "sn"];

/// The URL as it is compared: `None` for anything that is not an absolute http(s) URL.
///
/// Host in lower case and punycode, default port, fragment and tracking parameters dropped,
/// order kept. An article of 微信公众平台 keeps only what names the article.
#[must_use]
pub fn normalise_url(text: &str) -> Option<String> {
    if is_normal(text) {
        return Some(text.to_owned());
    }
    let mut url = Url::parse(text.trim()).ok()?;
    if !matches!(url.scheme(), "http" | "https") {
        return None;
    }
    url.set_fragment(None);
    let host = url.host_str()?.trim_end_matches('.').to_owned();
    if host.is_empty() {
        return None;
    }
    if url.host_str() != Some(host.as_str()) {
        url.set_host(Some(&host)).ok()?;
    }
    if host == "mp.weixin.qq.com" && is_wechat_article(url.path()) {
        // The article is the same over either scheme.
        let _ = url.set_scheme("https");
        let in_query = url.path().trim_end_matches('/') == "/s";
        let named = url.query_pairs().any(|(name, _)| WECHAT_NAMED_BY.contains(&&*name));
        if named || !in_query {
            keep_pairs(&mut url, |name, _| in_query && WECHAT_ARTICLE.contains(&name));
        }
    } else {
        let platform = PLATFORM_HOSTS.iter().any(|p| is_of(&host, p));
        keep_pairs(&mut url, |name, value| !is_tracking(name, value, platform));
    }
    Some(url.into())
}

/// Whether a URL is plainly what taking it apart and putting it together again would give: most are, and a round
/// compares hundreds of thousands.
fn is_normal(text: &str) -> bool {
    let Some(rest) = text.strip_prefix("http://").or_else(|| text.strip_prefix("https://")) else { return false };
    let Some((host, path)) = rest.split_once('/') else { return false };
    let (host, port) = host.split_once(':').map_or((host, None), |(host, port)| (host, Some(port)));
    let is_port =
        |port: &str| port.parse::<u16>().is_ok_and(|number| !matches!(number, 80 | 443) && number.to_string() == port);
    let label = |label: &str| {
        let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        label.bytes().next().is_some_and(|byte| byte.is_ascii_lowercase()) && label.bytes().all(is_plain)
    };
    // Labels that begin with digits may make an address, and `xn--` may be no name at all.
    let is_name = host.contains('.') && host.split('.').all(label) && !host.contains("--");
    let segment = |segment: &str| {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
        !matches!(segment, "." | "..") && segment.bytes().all(is_plain)
    };
    let is_host = (is_name || host.parse::<Ipv4Addr>().is_ok()) && host != "mp.weixin.qq.com";
    is_host && port.is_none_or(is_port) && path.split('/').all(segment)
}

/// The address as a post and its review record are matched by: [`normalise_url`] without what names no other page, the
/// scheme, `www.` or `m.` before the host and a slash at the end; a post of 微博 by its own name, as a telephone and a
/// browser show it under different addresses.
#[must_use]
pub fn match_url(text: &str) -> Option<String> {
    let normal = normalise_url(text)?;
    let (_, rest) = normal.split_once("://")?;
    let (host, path) = rest.split_once('/')?;
    if ["weibo.com", "weibo.cn"].iter().any(|own| is_of(host, own))
        && let Some(name) = weibo_name(path)
    {
        return Some(format!("weibo.com/{name}"));
    }
    let host = ["www.", "m."].iter().find_map(|prefix| host.strip_prefix(prefix)).unwrap_or(host);
    Some(format!("{host}/{}", path.trim_end_matches('/')))
}

/// What a post of 微博 is called in the path of its address: `7000000001/Ma1b2c3d4`, `status/…`, `detail/5012345678901234`.
///
/// Its number and its short name say the same: seven figures are four characters of an alphabet of 62.
fn weibo_name(path: &str) -> Option<String> {
    const SHORT: &[u8; 62] = b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    let path = path.split('?').next()?;
    let (whose, name) = path.split_once('/')?;
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let is_post = matches!(whose, "status" | "detail" | "comment") || is_number(whose);
    if !is_post || !(8..=20).contains(&name.len()) || !name.bytes().all(|b| b.is_ascii_alphanumeric()) {
        return None;
    }
    if !is_number(name) || name.len() < 15 {
        return Some(name.to_owned());
    }
    let mut reversed = Vec::new();
    let mut number = name.parse::<u128>().ok()?;
    while number > 0 {
        let mut group = (number % 10_000_000) as usize;
        number /= 10_000_000;
        // The first group alone has no zeros before it.
        let mut left = 4;
        while left > 0 && (number > 0 || group > 0) {
            reversed.push(*SHORT.get(group % 62)?);
            group /= 62;
            left -= 1;
        }
    }
    reversed.reverse();
    String::from_utf8(reversed).ok()
}

/// Whether `host` is `domain`, or below it.
fn is_of(host: &str, domain: &str) -> bool {
    host.strip_suffix(domain).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}

/// Hosts that put general words into tracking parameters.
const PLATFORM_HOSTS: &[&str] = &[
    "qq.com",
    "weibo.com",
    "weibo.cn",
    "douyin.com",
    "iesdouyin.com",
    "kuaishou.com",
    "toutiao.com",
    "bilibili.com",
    "xiaohongshu.com",
];

fn is_wechat_article(path: &str) -> bool {
    path == "/s" || path.starts_with("/s/")
}

fn is_tracking(name: &str, value: &str, platform: bool) -> bool {
    let name = name.to_ascii_lowercase();
    (name == "from" && SHARED_FROM.contains(&value))
        || TRACKING_FAMILIES.iter().any(|family| name.starts_with(family))
        || (TRACKING.contains(&name.as_str()) && (platform || !GENERAL.contains(&name.as_str())))
}

/// Drops the pairs that `keep` refuses, and leaves the others exactly as they were written.
fn keep_pairs(url: &mut Url, keep: impl Fn(&str, &str) -> bool) {
    let Some(query) = url.query() else { return };
    let is_kept = |pair: &&str| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        !pair.is_empty() && keep(name, value)
    };
    let kept: Vec<&str> = query.split('&').filter(is_kept).collect();
    let kept = kept.join("&");
    url.set_query(if kept.is_empty() { None } else { Some(&kept) });
}

/// The title as it is compared: width folded, white space and quotes evened out, lower case.
#[must_use]
pub fn normalise_title(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut gap = false;
    for c in text.nfkc().flat_map(char::to_lowercase) {
        if c.is_whitespace() {
            gap = true;
            continue;
        }
        if c.is_control() || is_invisible(c) {
            continue;
        }
        let c = fold_mark(c);
        // A space counts only between two words of letters: Chinese is set with and without.
        if gap && c.is_ascii_alphanumeric() && out.chars().next_back().is_some_and(|p| p.is_ascii_alphanumeric()) {
            out.push(' ');
        }
        gap = false;
        out.push(c);
    }
    out
}

/// The title as a post and its review record are matched by: [`normalise_title`] without what one writes and another
/// leaves out, which is all but letters, figures, and a mark between two figures: 3.5 is not 35.
#[must_use]
pub fn match_title(text: &str) -> String {
    let whole = normalise_title(text);
    let mut bare = String::with_capacity(whole.len());
    let mut between = None;
    for c in whole.chars().filter(|c| !is_emoji(*c)) {
        // Why not 丨: a stroke that is no word, and stands for the bar in headlines.
        if !c.is_alphanumeric() || c == '丨' {
            between = between.or(Some(c));
            continue;
        }
        let mark =
            between.take().filter(|_| c.is_ascii_digit() && bare.ends_with(|before: char| before.is_ascii_digit()));
        bare.extend(mark);
        bare.push(c);
    }
    if bare.is_empty() { whole } else { bare }
}

/// What is left of a title that its source cut short (标题以省略号结尾), as titles are matched; `None`
/// for a whole one, and where too little is left to tell one post from another.
#[must_use]
pub fn cut_title(text: &str) -> Option<String> {
    const FEWEST: usize = 8;
    let text = text.trim_end();
    let left = match_title(text);
    ((text.ends_with('…') || text.ends_with("...")) && left.chars().count() >= FEWEST).then_some(left)
}

fn is_emoji(c: char) -> bool {
    matches!(c, '\u{1F000}'..='\u{1FAFF}' | '\u{2600}'..='\u{27BF}' | '\u{2B00}'..='\u{2BFF}' | '\u{20E3}' | '\u{E0020}'..='\u{E007F}')
}

/// Joiners, marks of direction, variation selectors, byte order mark.
pub(crate) fn is_invisible(c: char) -> bool {
    matches!(c, '\u{00AD}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{2069}' | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}')
}

/// Chinese marks to the ones compatibility folding leaves apart.
fn fold_mark(c: char) -> char {
    match c {
        '。' => '.',
        '、' => ',',
        '“' | '”' | '„' | '「' | '」' | '『' | '』' => '"',
        '‘' | '’' | '`' => '\'',
        '—' | '–' | '‐' | '―' | '─' | '−' => '-',
        '【' | '〔' | '〖' => '[',
        '】' | '〕' | '〗' => ']',
        '〈' | '《' => '<',
        '〉' | '》' => '>',
        '•' | '・' => '·',
        '～' | '〜' => '~',
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_is_plainly_normal_is_what_taking_it_apart_gives(
            url in "https?://([a-z][a-z0-9-]{0,3}|[0-9]{1,3})([.][a-z0-9-]{1,3}){1,3}(:[0-9]{1,5})?/[A-Za-z0-9./_-]{0,9}"
        ) {
            if is_normal(&url) {
                prop_assert_eq!(Url::parse(&url).unwrap().to_string(), url);
            }
        }
    }

    #[test]
    fn urls_fold_to_one_form() {
        for (given, wanted) in [
            ("HTTP://Www.Example.CN:80/A/b?x=1#top", "http://www.example.cn/A/b?x=1"),
            ("https://www.example.cn:443", "https://www.example.cn/"),
            ("https://例子.中国/通知", "https://xn--fsqu00a.xn--fiqs8s/%E9%80%9A%E7%9F%A5"),
            ("http://www.example.cn./a", "http://www.example.cn/a"),
            ("http://a.example/p?b=2&utm_source=x&a=1&spm=0.1&from=timeline", "http://a.example/p?b=2&a=1"),
            ("http://a.example/p?utm_medium=x", "http://a.example/p"),
            ("http://a.example/p?version=2&lang=zh", "http://a.example/p?version=2&lang=zh"),
            ("http://a.example/p?q=%E4%B8%AD&flag", "http://a.example/p?q=%E4%B8%AD&flag"),
            ("http://a.example/x/../y", "http://a.example/y"),
            (" http://a.example/ ", "http://a.example/"),
            (
                "http://mp.weixin.qq.com/s?__biz=MzA0MA==&mid=265&idx=1&sn=ab12&chksm=8e&scene=27#wechat_redirect",
                "https://mp.weixin.qq.com/s?__biz=MzA0MA==&mid=265&idx=1&sn=ab12",
            ),
            (
                "https://mp.weixin.qq.com/s?src=11&timestamp=17&ver=1&signature=a*b",
                "https://mp.weixin.qq.com/s?src=11&timestamp=17&ver=1&signature=a*b",
            ),
            (
                "http://mp.weixin.qq.com/s?tempkey=MTI%3D&chksm=8e#rd",
                "https://mp.weixin.qq.com/s?tempkey=MTI%3D&chksm=8e",
            ),
            ("https://pan.baidu.com/share/link?shareid=1&uk=5", "https://pan.baidu.com/share/link?shareid=1&uk=5"),
            (
                "http://a.example/mail?from=12345&bbid=6&unique_k=7",
                "http://a.example/mail?from=12345&bbid=6&unique_k=7",
            ),
            ("https://www.bilibili.com/video/BV1?from=search&unique_k=7", "https://www.bilibili.com/video/BV1"),
            ("https://mp.weixin.qq.com/s/AbC-d_1?scene=1&click_id=3", "https://mp.weixin.qq.com/s/AbC-d_1"),
            ("https://m.weibo.cn/status/1?from=page&lang=zh", "https://m.weibo.cn/status/1"),
        ] {
            assert_eq!(normalise_url(given).as_deref(), Some(wanted), "{given}");
        }
    }

    #[test]
    fn an_address_that_is_written_otherwise_is_of_the_same_post() {
        for (post, record) in [
            ("https://a.example/t/1.html", "http://a.example/t/1.html"),
            ("https://www.a.example/t/1.html", "https://a.example/t/1.html"),
            ("https://www.a.example/t/1.html", "https://m.a.example/t/1.html?utm_source=x"),
            ("https://a.example/t/1/", "https://a.example/t/1"),
            ("https://weibo.com/7000000001/MzVRA2E8G", "https://m.weibo.cn/status/MzVRA2E8G?from=page"),
            ("https://weibo.com/7000000001/MzVRA2E8G", "https://m.weibo.cn/detail/4885639100630954"),
            ("https://weibo.com/7000000001/HATy0b0sZ", "https://m.weibo.cn/7000000001/4387933362623405"),
            ("https://weibo.cn/comment/HATy0b0sZ", "https://weibo.com/7000000001/HATy0b0sZ"),
        ] {
            assert_eq!(match_url(post), match_url(record), "{post} {record}");
        }
        for (one, other) in [
            ("https://a.example/t/1.html", "https://a.example/t/2.html"),
            ("https://a.example/t?id=1", "https://a.example/t?id=2"),
            ("https://a.example/", "https://b.example/"),
            ("https://weibo.com/7000000001/MzVRA2E8G", "https://weibo.com/7000000001/HATy0b0sZ"),
        ] {
            assert_ne!(match_url(one), match_url(other), "{one} {other}");
        }
        assert_eq!(match_url("mailto:a@b.cn"), None);
    }

    #[test]
    fn what_is_not_http_has_no_form() {
        for given in
            ["", "#", "javascript:void(0)", "mailto:a@b.cn", "tel:12345", "ftp://a.cn/", "/a", "http://", "例子"]
        {
            assert_eq!(normalise_url(given), None, "{given}");
        }
    }

    #[test]
    fn normal_urls_stay_as_they_are() {
        for given in ["http://Www.Example.CN:80/A/b?x=1#top", "https://例子.中国/通知?utm_a=1&b=%20"] {
            let once = normalise_url(given).unwrap();
            assert_eq!(normalise_url(&once).as_deref(), Some(once.as_str()));
        }
    }

    #[test]
    fn titles_fold_to_one_form() {
        for (a, b) in [
            ("【通知】关于“五一”放假的公告", "[通知]关于\"五一\"放假的公告"),
            ("政务 新媒体\u{3000}季度通报！", "政务新媒体季度通报!"),
            ("ＡＢＣ　Ｄ１", "abc d1"),
            ("  Open   Data  ", "open data"),
            ("防汛\u{200B}提示—一图读懂", "防汛提示-一图读懂"),
        ] {
            assert_eq!(normalise_title(a), normalise_title(b), "{a}");
        }
        assert_ne!(normalise_title("第1期"), normalise_title("第11期"));
    }

    #[test]
    fn a_record_leaves_out_the_emoji_and_the_mark_at_the_end() {
        for (post, record) in [
            ("📢停水通知！", "停水通知"),
            ("停水通知。", "停水通知"),
            ("停水通知……", "停水通知"),
            ("防汛提示☔️ 注意安全～", "防汛提示注意安全"),
            ("Ｑ＆Ａ：怎么办？", "q&a:怎么办"),
        ] {
            assert_eq!(match_title(post), match_title(record), "{post}");
        }
        for (a, b) in
            [("增长3.5%", "增长35%"), ("第1期", "第11期"), ("一周要闻(上)", "一周要闻(下)"), ("停水通知", "停电通知")]
        {
            assert_ne!(match_title(a), match_title(b), "{a}");
        }
        for (post, record) in [
            ("喜报丨云溪获奖", "喜报|云溪获奖"),
            ("云溪——美丽家园", "云溪—美丽家园"),
            ("云溪……美丽家园", "云溪…美丽家园"),
            ("《云溪条例》公布", "云溪条例公布"),
            ("停水通知：请储水", "停水通知 请储水"),
            ("【提醒】停水", "提醒：停水"),
            ("2026——2027年规划", "2026-2027年规划"),
        ] {
            assert_eq!(match_title(post), match_title(record), "{post}");
        }
        assert_ne!(match_title("地铁1、2号线"), match_title("地铁12号线"));
        assert_eq!(match_title("🎉🎉"), "🎉🎉");
        assert_eq!(cut_title("我区召开安全生产工作… ").as_deref(), Some("我区召开安全生产工作"));
        assert_eq!(cut_title("我区召开安全生产工作...").as_deref(), Some("我区召开安全生产工作"));
        assert_eq!(cut_title("停水通知……"), None);
        assert_eq!(cut_title("我区召开安全生产工作会议"), None);
        assert_eq!(match_title("？！"), "?!");
    }
}
