//! The words of pages that say that there is nothing, and how words are compared.

use std::sync::LazyLock;

use crate::sources::phrases::Phrases;

/// What platforms show in place of a post that was deleted or withdrawn.
///
/// A general 该内容已删除 is a soft 404, wherever it stands.
pub(super) const PLATFORM_DELETIONS: &[&str] = &[
    "该内容已被发布者删除",
    "此内容已被发布者删除",
    "此内容因违规无法查看",
    "此内容被投诉且经审核涉嫌侵权",
    "此内容发送失败无法查看",
    "此内容因涉嫌违反相关法律法规和政策发送失败",
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
pub(super) const SAYINGS: &[&str] = &[
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
    "微博不存在或暂无查看权限",
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

pub(super) static SAID: LazyLock<Phrases> = LazyLock::new(|| {
    let marks =
        ["不存在", "找到", "找不到", "删除", "不见", "丢失", "走丢", "迷路", "失效", "下线", "过期", "关闭", "停用"];
    Phrases::new(SAYINGS, &marks)
});

pub(super) static DELETED: LazyLock<Phrases> = LazyLock::new(|| {
    let marks = ["删除", "发送失败", "无法查看", "注销", "回收", "屏蔽", "不存在", "去哪了", "荒原", "涉嫌侵权"];
    Phrases::new(PLATFORM_DELETIONS, &marks)
});

/// What 微信 says of an article that may yet come back, or whose address it does not know; bare.
pub(super) const WECHAT_NOTICES: &[&str] =
    &["该内容暂时无法查看", "此内容暂时无法查看", "内容暂时无法查看", "参数错误"];

/// The platforms' own hosts, with all below them.
pub(super) const PLATFORM_HOSTS: &[&str] = &[
    "weixin.qq.com",
    "weibo.com",
    "weibo.cn",
    "douyin.com",
    "iesdouyin.com",
    "kuaishou.com",
    "bilibili.com",
    "b23.tv",
    "toutiao.com",
    "toutiaocdn.com",
    "xiaohongshu.com",
    "zhihu.com",
];

/// What platforms add to such a sentence.
pub(super) const DELETION_FILLERS: &[&str] = &[
    "内容无法查看",
    "无法查看",
    "暂无查看权限",
    "由用户投诉并经平台审核",
    "涉嫌违反相关法律法规和政策",
    "查看对应规则",
    "查看帮助",
    "查看详情",
    "网页链接",
    "微信公众平台运营中心",
    "你似乎来到了",
    "返回首页",
    "返回",
    "呀",
];

/// What whoever connects a site shows in its place, and the words around it.
pub(super) const UNSERVED: &[&str] = &[
    "该网站未备案",
    "网站未备案",
    "域名未备案",
    "域名没有备案",
    "未完成备案",
    "未备案或备案信息不合规",
    "未根据工信部相关法规进行备案",
    "网站暂时无法访问",
    "暂时无法访问",
    "无法访问",
    "停止访问",
    "已被封禁",
    "已被阻断",
    "域名",
];

/// A sentence with one of these is about the page itself, or says what to do instead.
pub(super) const ABOUT_THE_PAGE: &[&str] = &[
    "抱歉",
    "对不起",
    "您访问",
    "你访问",
    "您要",
    "你要",
    "您请求",
    "您查看",
    "您输入",
    "请检查",
    "请确认",
    "请尝试",
    "网址",
    "回首页",
    "到首页",
    "站首页",
    "返回",
    "后退",
    "刷新",
    "跳转",
    "重试",
    "稍后",
    "管理员",
    "该页",
    "此页",
    "本页",
    "浏览器",
    "可能",
    "拼写",
    "书签",
    "收藏夹",
];

/// A page with one of these offers kinds of faults to choose from, or counts them.
pub(super) const KINDS_OF_FAULT: &[&str] = &["问题类型", "错误类型", "问题分类"];

/// A sentence with one of these stands at the foot of every page of a site.
pub(super) const SITE_FOOT: &[&str] = &[
    "主办单位",
    "承办单位",
    "主办：",
    "承办：",
    "版权所有",
    "备案",
    "ICP",
    "公网安备",
    "标识码",
    "Copyright",
    "技术支持",
    "联系电话",
    "联系地址",
    "通信地址",
    "邮编",
    "分辨率",
];

/// A line that begins so belongs to a letter and its answer.
pub(super) const ANSWERS: &[&str] = &[
    "答复",
    "回复",
    "答",
    "答复内容",
    "回复内容",
    "答复时间",
    "回复时间",
    "答复单位",
    "回复单位",
    "答复部门",
    "回复部门",
    "办理结果",
    "处理结果",
    "办理情况",
    "留言内容",
    "来信内容",
    "信件内容",
    "留言时间",
    "来信时间",
    "咨询内容",
];

/// What stands over or under an article alone.
pub(super) const DOCUMENT: &[&str] = &[
    "发布时间",
    "发布日期",
    "发布单位",
    "发布机构",
    "信息来源",
    "来源：",
    "来源:",
    "字号",
    "浏览次数",
    "浏览量",
    "阅读量",
    "责任编辑",
    "作者：",
];

pub(super) static WITHHELD: LazyLock<Phrases> = LazyLock::new(|| {
    let said = ["未备案", "没有备案", "未完成备案", "相关法规进行备案"];
    Phrases::new(&said, &["备案"])
});

/// Words around the sayings that carry nothing of their own.
pub(super) const FILLERS: &[&str] = &[
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

/// Letters, digits and characters alone, in lower case.
pub(super) fn bare(text: &str) -> String {
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

#[cfg(test)]
mod tests {
    use super::*;

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
}
