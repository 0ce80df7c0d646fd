//! Pages that answer with success and say that there is nothing: by their words, not their status.

use std::sync::LazyLock;

use crate::sources::phrases::Phrases;
use crate::sources::skim::Skim;

/// What platforms show in place of a post that was deleted or withdrawn. Final: the platform said so.
///
/// Only sentences that no other site uses; a general 该内容已删除 is a soft 404, and doubtful.
const PLATFORM_DELETIONS: &[&str] = &[
    "该内容已被发布者删除",
    "此内容已被发布者删除",
    "此内容因违规无法查看",
    "此内容被投诉且经审核涉嫌侵权",
    "此内容发送失败无法查看",
    "此帐号已自主注销",
    "该帐号已自主注销",
    "此账号已自主注销",
    "该账号已自主注销",
    "帐号已被系统回收",
    "账号已被系统回收",
    "该帐号已系统注销",
    "该账号已系统注销",
    "此帐号已被屏蔽",
    "此账号已被屏蔽",
    "此微博已被作者删除",
    "该微博已被作者删除",
    "该微博不存在",
    "此微博不存在",
    "你要观看的视频不存在",
    "您要观看的视频不存在",
    "视频去哪了呢",
    "没有知识存在的荒原",
    "the content has been deleted by the author",
    "this content has been deleted by the author",
    "unable to view this content because it violates regulation",
];

/// Sayings of pages that are not there; compared without spaces and marks, in lower case.
const SAYINGS: &[&str] = &[
    "页面不存在",
    "网页不存在",
    "页面未找到",
    "网页未找到",
    "未找到页面",
    "未找到网页",
    "未找到该页",
    "未找到您",
    "找不到页面",
    "找不到网页",
    "找不到该页",
    "找不到此页",
    "找不到您",
    "找不到你",
    "找不到相关页面",
    "没有找到页面",
    "没有找到网页",
    "没有找到该页",
    "没有找到您",
    "没有找到你",
    "没有找到相关页面",
    "页面没有找到",
    "页面找不到",
    "无法找到该页",
    "无法找到该网页",
    "无法找到页面",
    "无法找到网页",
    "无法找到您",
    "无法找到此页",
    "页面已删除",
    "页面已被删除",
    "页面已经删除",
    "页面不见",
    "页面丢失",
    "页面走丢",
    "页面迷路",
    "页面已失效",
    "页面已下线",
    "页面已过期",
    "链接已失效",
    "链接失效",
    "链接不存在",
    "链接已过期",
    "网址不存在",
    "地址不存在",
    "路径不存在",
    "文章不存在",
    "内容不存在",
    "信息不存在",
    "栏目不存在",
    "资源不存在",
    "文件不存在",
    "文件未找到",
    "文档不存在",
    "记录不存在",
    "数据不存在",
    "文章已删除",
    "文章已被删除",
    "内容已删除",
    "内容已被删除",
    "信息已删除",
    "信息已被删除",
    "不存在或已删除",
    "不存在或已被删除",
    "已被删除或",
    "已删除或",
    "视频不存在",
    "视频已被删除",
    "作品已被删除",
    "动态已被删除",
    "已被作者删除",
    "站点不存在",
    "网站不存在",
    "站点已关闭",
    "网站已关闭",
    "网站已下线",
    "网站已停用",
    "站点未找到",
    "没有找到站点",
    "域名已过期",
    "notfound",
    "doesnotexist",
    "doesntexist",
    "couldnotbefound",
    "couldntbefound",
    "cannotbefound",
    "cantbefound",
    "cannotfindthepage",
    "cantfindthepage",
    "nolongeravailable",
    "nolongerexists",
    "hasbeenremoved",
    "pageismissing",
];

static SAID: LazyLock<Phrases> = LazyLock::new(|| {
    let marks =
        ["不存在", "找到", "找不到", "删除", "不见", "丢失", "走丢", "迷路", "失效", "下线", "过期", "关闭", "停用"];
    Phrases::new(SAYINGS, &marks)
});

static DELETED: LazyLock<Phrases> = LazyLock::new(|| {
    let marks = ["删除", "无法查看", "注销", "回收", "屏蔽", "不存在", "去哪了", "荒原", "涉嫌侵权"];
    Phrases::new(PLATFORM_DELETIONS, &marks)
});

/// Words around the sayings that carry nothing of their own.
const FILLERS: &[&str] = &[
    "对不起",
    "很抱歉",
    "非常抱歉",
    "真抱歉",
    "抱歉",
    "您好",
    "您所",
    "您要",
    "你要",
    "您正在",
    "您",
    "你",
    "所请求",
    "请求",
    "访问",
    "查看",
    "浏览",
    "查找",
    "寻找",
    "打开",
    "输入",
    "当前",
    "目标",
    "出错了",
    "出错啦",
    "出错",
    "错误",
    "提示",
    "信息",
    "系统",
    "温馨",
    "页面",
    "网页",
    "链接",
    "地址",
    "网址",
    "内容",
    "文章",
    "可能",
    "已经",
    "已被",
    "已",
    "被",
    "删除",
    "移动",
    "移除",
    "更名",
    "改名",
    "转移",
    "暂时",
    "不可用",
    "不存在",
    "失效",
    "过期",
    "或者",
    "或",
    "哎呀",
    "啊哦",
    "糟糕",
    "服务器",
    "站点",
    "网站",
    "该",
    "此",
    "的",
    "了",
    "啦",
    "呢",
    "哦",
    "啊",
    "要",
    "所",
    "正在",
    "是",
    "404",
    "410",
    "http",
    "error",
    "status",
    "sorry",
    "oops",
    "whoops",
    "page",
    "the",
    "this",
    "that",
    "requested",
    "request",
    "file",
    "url",
    "resource",
    "on",
    "server",
    "was",
    "is",
    "you",
    "are",
    "your",
    "looking",
    "for",
    "we",
    "it",
    "code",
    "or",
];

/// Characters that may be left over once sayings and fillers are taken away: 如何处理页面不存在 is an article.
const LEFT_OVER: usize = 2;

/// A page this short is nothing but its message.
const MESSAGE_PAGE: usize = 160;

/// A page this short may carry its message among navigation.
const SHORT_PAGE: usize = 1200;

/// The platform's own page in place of a post that is no longer there.
///
/// Only on short pages: an article may quote such a sentence.
pub(super) fn is_platform_deletion(seen: &Skim) -> bool {
    seen.is_short(800) && (DELETED.are_in(&seen.visible) || DELETED.are_in(&seen.title))
}

/// A success that says "not found", by title, heading or the wording of a short page.
pub(super) fn says_not_found(seen: &Skim) -> bool {
    if is_title(&seen.title) || (seen.heading != seen.title && is_title(&seen.heading)) {
        return true;
    }
    if !seen.is_short(SHORT_PAGE) {
        return false;
    }
    // Why: asked of the page as a whole first, as no line says what the page does not.
    if !says(&bare(&seen.visible)) {
        return false;
    }
    seen.is_short(MESSAGE_PAGE) || seen.visible.lines().any(|line| is_nothing_but(&bare(line)))
}

/// A title or heading, or one of its parts, that is nothing but "not found".
fn is_title(title: &str) -> bool {
    title.split(['-', '_', '|', '–', '—', '·', ':', ':']).map(bare).any(|part| {
        let is_number =
            matches!(part.as_str(), "404" | "404error" | "error404" | "404错误" | "404页面" | "404页" | "404提示");
        is_number || is_nothing_but(&part)
    })
}

/// Letters, digits and characters alone, in lower case.
fn bare(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        // Why whole runs: nearly every text is made of these, and they stay as they are.
        let mut end = at;
        while let Some(step) = stays(bytes, end) {
            end += step;
        }
        out.push_str(text.get(at..end).unwrap_or_default());
        let Some(c) = text.get(end..).and_then(|rest| rest.chars().next()) else { break };
        match c {
            // Why first: marks are frequent, and the tables are slow.
            '\u{3001}'..='\u{3003}' | '\u{3008}'..='\u{3020}' | '\u{ff01}'..='\u{ff0f}' | '\u{ff1a}'..='\u{ff20}' => {}
            _ if c.is_ascii() => out.extend(c.is_ascii_alphanumeric().then(|| c.to_ascii_lowercase())),
            _ if c.is_alphanumeric() => out.extend(c.to_lowercase()),
            _ => {}
        }
        at = end + c.len_utf8();
    }
    out
}

/// The bytes of the character at `at` if it is a small letter, a digit or one of the common Chinese characters.
fn stays(text: &[u8], at: usize) -> Option<usize> {
    match *text.get(at)? {
        b'a'..=b'z' | b'0'..=b'9' => Some(1),
        // U+4E00 to U+9FFF.
        0xE5..=0xE9 => Some(3),
        0xE4 if *text.get(at + 1)? >= 0xB8 => Some(3),
        _ => None,
    }
}

fn says(bare: &str) -> bool {
    SAID.are_in(bare)
}

fn is_nothing_but(bare: &str) -> bool {
    if bare.chars().count() > 60 || !says(bare) {
        return false;
    }
    let mut left = bare.to_owned();
    for word in SAYINGS.iter().chain(FILLERS) {
        if left.contains(word) {
            left = left.replace(word, "");
        }
    }
    left.chars().count() <= LEFT_OVER
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sources::skim::skim;

    fn not_found(page: &str) -> bool {
        says_not_found(&skim(page, 1600))
    }

    #[test]
    fn pages_that_say_not_found_are_heard() {
        for page in [
            "<title>404</title><p>x</p>",
            "<title>404 Not Found</title>",
            "<title>ERROR 404 您访问的页面不存在</title>",
            "<title>页面不存在 - 某某区人民政府</title><p>导航</p>",
            "<title>某某区</title><h1>抱歉,您访问的信息不存在!</h1>",
            "<title>某某区</title><p>:( 很抱歉,您访问的页面不存在!</p>",
            "<p>你访问的页面不存在或已删除</p>",
            "<title>Page not found | Example</title>",
            "<h1>啊~哦~ 您要查看的页面不存在或已删除!</h1><p>请检查您输入的网址是否正确,或者点击链接继续浏览网站.</p>",
        ] {
            assert!(not_found(page), "{page}");
        }
    }

    #[test]
    fn a_message_among_navigation_is_heard() {
        let nav = "<li>政务公开</li><li>办事服务</li><li>互动交流</li>".repeat(20);
        assert!(not_found(&format!("<title>某某区人民政府</title>{nav}<div>对不起,您访问的页面不存在!</div>")));
    }

    #[test]
    fn an_article_about_missing_pages_is_not_one() {
        let body = "<p>建设单位应当排查“页面不存在”等问题,及时修复失效链接。</p>".repeat(40);
        for title in
            ["关于整治网站页面不存在问题的通报", "404页面设计指南", "404路公交线路调整公告", "如何处理“找不到网页”"]
        {
            assert!(!not_found(&format!("<title>{title}_某某区</title><h1>{title}</h1>{body}")), "{title}");
        }
        assert!(!not_found(
            "<title>区政府</title><p>本站链接不存在商业广告,欢迎访问</p><p>更多内容请看公众号,每个工作日更新,并回应群众关切,联系电话请见页面底部,地址为某某路一号,邮编另行公布,网站标识码另行公布,主办单位为某某区人民政府办公室,承办单位为某某区大数据中心,技术支持为某某公司,备案编号另行公布,网站地图与无障碍浏览入口见页面顶部,感谢您的访问与支持,欢迎提出意见建议。</p>"
        ));
    }

    #[test]
    fn no_saying_is_overlooked_for_want_of_a_mark() {
        assert_eq!(SAID.overlooked(SAYINGS), [""; 0]);
        assert_eq!(DELETED.overlooked(PLATFORM_DELETIONS), [""; 0]);
    }

    #[test]
    fn letters_digits_and_characters_alone_are_left() {
        for c in (0..=0x2_0000).filter_map(char::from_u32) {
            let plain: String = [c].iter().filter(|c| c.is_alphanumeric()).flat_map(|c| c.to_lowercase()).collect();
            assert_eq!(bare(&c.to_string()), plain, "{:x}", u32::from(c));
        }
        assert_eq!(bare("页面 不存在!HTTP-404。a，B（C）"), "页面不存在http404abc");
    }

    #[test]
    fn platform_deletions_are_told_apart() {
        assert!(is_platform_deletion(&skim("<p>该内容已被发布者删除</p><p>微信公众平台运营中心</p>", 1600)));
        assert!(is_platform_deletion(&skim("<p>The content has been deleted by the author.</p>", 1600)));
        let article = format!("<p>打开后提示“该内容已被发布者删除”。{}</p>", "经查,".repeat(400));
        assert!(!is_platform_deletion(&skim(&article, 1600)));
    }
}
