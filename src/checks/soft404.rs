//! Pages that answer with success and say that there is nothing: by their words, not their status.

use std::borrow::Cow;

use url::Url;

use super::soft404_numbers::{ASP_ERROR, ERRORS, FOR_SALE, NUMBERED, SERVER_PAGES, WAYS_BACK};
use super::soft404_words::{
    ABOUT_THE_PAGE, ANSWERS, DELETED, DELETION_FILLERS, DOCUMENT, FILLERS, KINDS_OF_FAULT, PLATFORM_DELETIONS,
    PLATFORM_HOSTS, SAID, SAYINGS, SITE_FOOT, UNSERVED, WECHAT_NOTICES, WITHHELD, bare,
};
use crate::sources::skim::Skim;

/// Characters that may be left over once sayings and fillers are taken away: 如何处理页面不存在 is an article.
const LEFT_OVER: usize = 2;

/// A page this short is nothing but its message.
const MESSAGE_PAGE: usize = 160;

/// A page this short may carry its message among navigation.
const SHORT_PAGE: usize = 1200;

/// A platform's page in place of a post is no longer than this.
const DELETION_PAGE: usize = 800;

/// A page that shows no more characters beside its number shows nothing.
const NEXT_TO_NOTHING: usize = 40;

/// A page that is nothing but its alert has no more of them.
const FEW_ALERTS: usize = 4;

/// A sentence with so many letters is told to a reader, whatever the page is called.
const PROSE: usize = 12;

/// Who says that a post was deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Deletion {
    /// The platform itself, on a page of its own: final.
    Platform,
    /// A page elsewhere that says nothing else, or one of the platform that shows more: doubtful.
    Elsewhere,
}

/// A page that is nothing but a platform's sentence about a post that is no longer there.
///
/// A unit announces that its account was cancelled, a help page explains what readers see, and a
/// post stands although the one it passes on is gone: such a sentence counts where a line, the title
/// or the heading says nothing else. It is final on the platform's own host alone, and there where
/// title or heading says it, where nothing else is shown, or where an article of 微信 would stand.
pub(super) fn deletion(at: &str, text: &str, seen: &Skim) -> Option<Deletion> {
    if !seen.is_short(DELETION_PAGE) || !(DELETED.are_in(&seen.visible) || DELETED.are_in(&seen.title)) {
        return None;
    }
    let is_named = parts(&seen.title).chain([seen.heading.as_str()]).any(is_deletion_alone);
    let is_line = || seen.visible.lines().any(is_deletion_alone);
    let at = Url::parse(at).ok();
    if at.as_ref().is_some_and(is_on_platform) {
        let is_all = || seen.visible.lines().all(|line| is_deletion_alone(line) || says_nothing(line));
        let is_in_place = || at.as_ref().is_some_and(is_wechat_article) || is_all();
        return match (is_article(text), is_named || is_line()) {
            (true, _) | (false, false) => None,
            (false, true) if is_named || is_in_place() => Some(Deletion::Platform),
            (false, true) => Some(Deletion::Elsewhere),
        };
    }
    let is_all = || seen.is_short(MESSAGE_PAGE) && is_line();
    ((is_named || is_all()) && !is_told(seen) && !is_document(seen)).then_some(Deletion::Elsewhere)
}

/// A notice of 微信 where an article would stand that does not say whether it comes back.
pub(super) fn is_wechat_notice(at: &str, text: &str, seen: &Skim) -> bool {
    let is_notice = |line: &str| {
        let line = bare(line);
        WECHAT_NOTICES.iter().any(|notice| line.contains(notice))
            && is_all_of(&line, WECHAT_NOTICES.iter().chain(DELETION_FILLERS).chain(FILLERS).copied())
    };
    let is_there = Url::parse(at).is_ok_and(|at| is_wechat_article(&at));
    is_there && seen.is_short(DELETION_PAGE) && !is_article(text) && seen.visible.lines().any(is_notice)
}

/// What an article of 微信 quotes is the article's.
fn is_article(text: &str) -> bool {
    text.contains("id=\"js_content\"") || text.contains("id=\"activity-name\"")
}

fn is_on_platform(at: &Url) -> bool {
    let Some(host) = at.host_str() else { return false };
    PLATFORM_HOSTS.iter().any(|own| host.strip_suffix(own).is_some_and(|sub| sub.is_empty() || sub.ends_with('.')))
}

fn is_wechat_article(at: &Url) -> bool {
    at.host_str() == Some("mp.weixin.qq.com") && (at.path() == "/s" || at.path().starts_with("/s/"))
}

/// A line of nothing but what stands around a platform's sentence.
fn says_nothing(line: &str) -> bool {
    is_all_of(&bare(line), DELETION_FILLERS.iter().chain(FILLERS).copied())
}

fn is_deletion_alone(line: &str) -> bool {
    if !DELETED.are_in(line) {
        return false;
    }
    let line = bare(line);
    let sentences: Vec<String> = PLATFORM_DELETIONS.iter().map(|sentence| bare(sentence)).collect();
    let words = sentences.iter().map(String::as_str).chain(DELETION_FILLERS.iter().copied());
    line.chars().count() <= 100 && is_all_of(&line, words.chain(FILLERS.iter().copied()))
}

/// A success that says "not found", by title, heading or the wording of a short page.
pub(super) fn says_not_found(seen: &Skim) -> bool {
    let title = name_of(&seen.title);
    let heading = if seen.heading == seen.title { Name::Other } else { name_of(&seen.heading) };
    match (title, heading) {
        // Why: a letter to the mayor is called by what it is about.
        (Name::Missing, _) | (_, Name::Missing) => return !is_document(seen),
        (Name::Error, _) | (_, Name::Error) => return !is_told(seen) && !is_document(seen),
        // Why: a number may be the name of anything: a bus, a room, a work of art.
        (Name::Number, _) | (_, Name::Number) => return speaks_of_error(seen) && !is_told(seen) && !is_document(seen),
        (Name::Other, Name::Other) => {}
    }
    if !seen.is_short(SHORT_PAGE) {
        return false;
    }
    // Why: asked of the page as a whole first, as no line says what the page does not.
    if !says(&bare(&seen.visible)) {
        return false;
    }
    let in_short = seen.is_short(MESSAGE_PAGE);
    let is_message = |line: &str| is_nothing_but(&bare(line)) || (in_short && clauses(line).any(is_clause_missing));
    // Why not beside a day: 链接失效 2026-11-01 is a row of somebody's letters.
    let is_of_a_row = |next: Option<&&str>| next.is_some_and(|next| is_day(next));
    let lines: Vec<&str> = seen.visible.lines().collect();
    let says_so = lines.iter().enumerate().any(|(at, line)| is_message(line) && !is_of_a_row(lines.get(at + 1)));
    says_so && !KINDS_OF_FAULT.iter().any(|kinds| seen.visible.contains(kinds)) && !is_told(seen) && !is_document(seen)
}

/// A cell that holds a day, and perhaps a time, and nothing else.
fn is_day(cell: &str) -> bool {
    let figures = cell.chars().filter(char::is_ascii_digit).count();
    figures >= 4
        && cell.contains(['-', '/', '.', '月'])
        && !cell.contains(|c: char| !c.is_ascii_digit() && !"-/.: 年月日".contains(c))
}

/// A page that shows nothing, and whose script tells its reader so: `alert("信息不存在！"); history.back();`.
pub(super) fn alerts_not_found(text: &str, seen: &Skim) -> bool {
    // A page that loads a script may be filled by it.
    if !seen.is_short(NEXT_TO_NOTHING) || text.contains("src=") {
        return false;
    }
    let told = text.split("alert(").skip(1).filter_map(|rest| {
        let rest = rest.trim_start();
        let quote = rest.chars().next().filter(|c| matches!(c, '"' | '\''))?;
        rest.get(1..)?.split_once(quote).map(|(told, _)| told)
    });
    told.take(FEW_ALERTS).any(|told| clauses(told).any(is_clause_missing))
}

/// A page that speaks of something missing, in whatever words: one that answers 404 means it.
pub(super) fn mentions_missing(seen: &Skim) -> bool {
    let says_so = |text: &str| text.contains("404") || text.contains("410") || says(&bare(text));
    says_so(&seen.title) || says_so(&seen.visible)
}

/// What a server shows in place of a site: its own first page, its error, or the offer of the name.
pub(super) fn is_placeholder(seen: &Skim) -> bool {
    let is_server_s = |name: &str| {
        let name = bare(name);
        SERVER_PAGES.iter().any(|begin| name.starts_with(begin)) || name.ends_with(ASP_ERROR)
    };
    let is_offer = |line: &str| {
        let line = bare(line);
        FOR_SALE.iter().any(|offer| line.contains(offer)) && is_all_of(&line, FOR_SALE.iter().chain(FILLERS).copied())
    };
    let says_so = is_server_s(&seen.title)
        || is_server_s(&seen.heading)
        || (seen.is_short(MESSAGE_PAGE) && seen.visible.lines().chain([seen.title.as_str()]).any(is_offer));
    says_so && !is_told(seen) && !is_document(seen)
}

/// A short page of who connects the site: 该网站未备案，暂时无法访问.
pub(super) fn says_withheld(seen: &Skim) -> bool {
    if !seen.is_short(MESSAGE_PAGE * 2) || !(WITHHELD.are_in(&seen.visible) || WITHHELD.are_in(&seen.title)) {
        return false;
    }
    let is_all = |line: &str| {
        WITHHELD.are_in(line) && is_all_of(&bare(line), UNSERVED.iter().copied().chain(FILLERS.iter().copied()))
    };
    (is_all(&seen.title) || seen.visible.lines().any(is_all)) && !is_told(seen) && !is_document(seen)
}

/// What a title or a heading calls its page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Name {
    Other,
    /// 404 and nothing else, or one of its parts is.
    Number,
    /// 404错误, 404 Not Found, or one of its parts is.
    Error,
    /// 页面不存在, or one of its parts is.
    Missing,
}

fn name_of(title: &str) -> Name {
    let mut name = Name::Other;
    for part in parts(title).map(bare) {
        if is_nothing_but(&part) {
            return Name::Missing;
        }
        let words = || FILLERS.iter().copied().chain(["not", "found", "页"]);
        if part == "404" {
            name = name.max(Name::Number);
        } else if part.contains("404") && left_of(&part, words()) == 0 {
            // Nothing may be left over: 404室 is a room, 404路 a bus.
            name = name.max(Name::Error);
        }
    }
    name
}

fn parts(title: &str) -> impl Iterator<Item = &str> {
    title.split(['-', '_', '|', '–', '—', '·', ':', '：'])
}

fn clauses(line: &str) -> impl Iterator<Item = &str> {
    line.split(['，', '。', ',', '.', '！', '!', '？', '?', '；', ';', '：', ':', '…', '、', '"', '“', '”'])
}

/// Whether a page that is called by the number alone says more of an error, or says nothing at all.
///
/// A way back home stands on any page: it counts where nothing is shown that a number could name.
fn speaks_of_error(seen: &Skim) -> bool {
    let visible = seen.visible.to_lowercase();
    let has = |words: &[&str]| words.iter().any(|word| visible.contains(word));
    let shown: usize = seen.visible.lines().map(|line| left_of(&bare(line), FILLERS.iter().copied())).sum();
    has(ERRORS)
        || says(&bare(&seen.visible))
        || !has(NUMBERED) && (has(WAYS_BACK) || (seen.complete && shown <= NEXT_TO_NOTHING))
}

/// A sentence that is told to a reader and is not about the page itself.
fn is_told(seen: &Skim) -> bool {
    seen.visible.lines().any(|line| {
        let is_sentence = line.contains(['。', '；']) && line.chars().filter(|c| c.is_alphanumeric()).count() >= PROSE;
        let is_of = |words: &[&str]| words.iter().any(|word| line.contains(word));
        let is_message = || is_deletion_alone(line) || clauses(line).any(is_clause_missing);
        is_sentence && !is_of(ABOUT_THE_PAGE) && !is_of(SITE_FOOT) && !is_message()
    })
}

/// A letter with its answer, or an article that says when and by whom it was published and what.
fn is_document(seen: &Skim) -> bool {
    let begins = |labels: &[&str], line: &str| {
        let line = line.trim_start_matches(['【', '[', '·', ' ']);
        labels.iter().any(|label| {
            let rest = line.strip_prefix(label).map(|rest| rest.trim_start_matches(['】', ']', ' ']));
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with([':', '：']))
        })
    };
    let is_dated = || seen.visible.lines().any(|line| DOCUMENT.iter().any(|mark| line.contains(mark)));
    seen.visible.lines().any(|line| begins(ANSWERS, line)) || (is_told(seen) && is_dated())
}

fn says(bare: &str) -> bool {
    SAID.are_in(bare)
}

fn is_clause_missing(clause: &str) -> bool {
    is_nothing_but(&bare(clause))
}

fn is_nothing_but(bare: &str) -> bool {
    bare.chars().count() <= 60 && says(bare) && is_all_of(bare, SAYINGS.iter().chain(FILLERS).copied())
}

/// Whether next to nothing is left of a line once `words` are taken away.
fn is_all_of<'w>(bare: &str, words: impl Iterator<Item = &'w str>) -> bool {
    left_of(bare, words) <= LEFT_OVER
}

/// How many characters are left of a line once `words` are taken away.
fn left_of<'w>(bare: &str, words: impl Iterator<Item = &'w str>) -> usize {
    let mut left = Cow::Borrowed(bare);
    for word in words {
        if left.contains(word) {
            left = Cow::Owned(left.replace(word, ""));
        }
    }
    left.chars().count()
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
    fn what_a_script_tells_in_place_of_a_page_is_heard() {
        let told = |page: &str| alerts_not_found(page, &skim(page, 1600));
        for page in [
            "<script>alert('信息不存在或已删除！');history.back();</script>",
            "<html><script language=javascript>alert( \"对不起，该文章已被删除\");window.close();</script></html>",
        ] {
            assert!(told(page), "{page}");
        }
        for page in [
            "<script>alert('请先登录');</script>",
            "<script>function gone(){alert('信息不存在')}</script><h1>办事指南</h1><p>受理条件、办理材料、办理时限、办理地点、联系电话，以上内容以窗口公布的为准，请提前预约。</p>",
            "<div id=app></div><script>function gone(){alert('信息不存在')}</script><script src=/app.js></script>",
            "<script>alert(信息不存在)</script>",
            "<script>alert('",
        ] {
            assert!(!told(page), "{page}");
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
    fn a_number_may_be_the_name_of_a_room_a_road_or_an_exhibit() {
        let nav = "<ul><li>首页</li><li>展览</li><li>典藏</li><li>参观服务</li></ul>";
        for page in [
            "<title>404 - 云溪美术馆</title><h1>404</h1><p>布面油画</p><p>80×60厘米</p><p>云溪美术馆藏</p>",
            "<title>404-典藏-云溪博物馆</title><h1>404</h1><p>青花缠枝莲纹盘</p><p>清</p><a>返回首页</a>",
            "<title>会议室预约</title><h1>404</h1><p>容纳20人</p><p>投影、音响</p><a>预约</a>",
            "<title>404室 - 云溪区政务服务中心</title><h1>404室</h1><p>不动产登记</p><p>周一至周五</p>",
            "<title>404路_公交线路_云溪交通</title><h1>404路</h1><p>火车站</p><p>青石镇</p>",
            "<title>公交查询</title><h1>404</h1><p>首班 06:00</p><p>末班 21:30</p><p>途经站点 18个</p>",
            "<title>G404</title><h1>G404</h1><p>路况正常</p>",
        ] {
            assert!(!not_found(&format!("{nav}{page}<p>主办单位：云溪区文化馆</p>")), "{page}");
        }
        for page in [
            "<title>404</title>",
            "<title>404</title><h1>404</h1><a>返回首页</a>",
            "<title>云溪博物馆</title><h1>404</h1><p>抱歉</p>",
            "<title>404</title><p>5秒后自动跳转</p>",
            "<title>404错误</title><p>云溪博物馆 馆藏</p>",
        ] {
            let nav = nav.replace("展览", "规划计划").replace("典藏", "办事服务");
            assert!(not_found(&format!("{nav}{page}")), "{page}");
        }
    }

    #[test]
    fn a_row_or_a_choice_of_a_form_is_no_message() {
        let nav = "<ul><li>首页</li><li>政务公开</li></ul>";
        for page in [
            "<title>留言列表</title><table><tr><td>链接失效</td><td>2026-11-01</td></tr><tr><td>路灯不亮</td><td>2026-11-02</td></tr></table>",
            "<title>网站找错</title><label>问题类型</label><label>页面不存在</label><label>链接失效</label><label>错别字</label>",
            "<title>留言板</title><p>请填写</p><textarea>页面不存在</textarea>",
        ] {
            assert!(!not_found(&format!("{nav}{page}")), "{page}");
        }
        for page in [
            "<title>提示</title><p>页面不存在</p><p>404</p>",
            "<title>提示</title><p>链接已失效</p><p>我为政府网站找错</p>",
        ] {
            assert!(not_found(&format!("{nav}{page}")), "{page}");
        }
    }

    #[test]
    fn a_page_that_tells_something_is_no_message() {
        let nav = "<li>首页</li><li>政务公开</li><li>互动交流</li>";
        for page in [
            "<title>互动交流-留言详情</title><h1>领导信箱</h1><dl><dt>留言标题</dt><dd>页面不存在</dd><dt>留言内容</dt><dd>办事大厅里社保查询链接点进去打不开，请核查。</dd><dt>答复</dt><dd>已修复，感谢监督。</dd></dl>",
            "<title>页面不存在-领导信箱</title><h1>页面不存在</h1><p>答复：已修复。</p>",
            "<h1>您好，关于页面不存在的留言</h1><p>留言：网站办事指南提示页面不存在，无法打开。</p><p>回复：您好，已修复。</p>",
            "<title>关于网站改版的说明</title><p>原链接已失效</p><p>请从新首页进入各栏目查询，原有内容已全部迁移至新平台。</p>",
            "<title>404</title><h1>404</h1><p>数字艺术展《404》在云溪美术馆开展，展期至12月。</p>",
            "<title>404路公交线路调整公告</title><h1>404</h1><p>自11月1日起404路公交调整走向，请乘客注意。</p>",
            "<title>关于公布2026年补贴名单的公示</title><p>附件：名单.xlsx</p><p>信息不存在</p><p>根据有关规定，现将名单予以公示。</p>",
        ] {
            assert!(
                !not_found(&format!("<ul>{nav}</ul>{page}<div>主办单位:某某区人民政府办公室 网站标识码另行公布</div>")),
                "{page}"
            );
        }
        for page in [
            format!("<title>404错误页面 - 某某区</title><p>{}</p>", "正文".repeat(600)),
            "<title>某某区</title><p>抱歉,页面不存在,3秒后返回首页</p>".to_owned(),
            "{\"code\":404,\"msg\":\"页面不存在\"}".to_owned(),
            "<title>404</title><p>很抱歉，您要访问的页面已被删除、更名或暂时不可用。</p><p>请检查您输入的网址是否正确。</p>".to_owned(),
        ] {
            assert!(not_found(&page), "{page}");
        }
    }

    const WECHAT: &str = "https://mp.weixin.qq.com/s/Abc";
    const OFFICE: &str = "https://www.example.gov.cn/tzgg/1.html";

    fn deleted(at: &str, page: &str) -> Option<Deletion> {
        deletion(at, page, &skim(page, 1600))
    }

    #[test]
    fn a_platform_says_so_on_its_own_pages_alone() {
        for page in [
            "<p>该内容已被发布者删除</p><p>微信公众平台运营中心</p>",
            "<h2>The content has been deleted by the author.</h2><p>Weixin Official Accounts Platform</p>",
            "<div>此内容因违规无法查看</div><p>由用户投诉并经平台审核，涉嫌过度营销、骚扰用户，查看 <a>对应规则</a></p>",
            "<div>此帐号已被屏蔽, 内容无法查看</div>",
            "<div>此帐号已自主注销，内容无法查看。</div>",
            "<title>视频去哪了呢？_哔哩哔哩_bilibili</title><p>热门</p>",
            "<p>抱歉，此微博已被作者删除。查看帮助：<a>网页链接</a></p>",
        ] {
            assert_eq!(deleted(WECHAT, page), Some(Deletion::Platform), "{page}");
            assert_eq!(deleted(OFFICE, page), Some(Deletion::Elsewhere), "{page}");
            for host in ["https://mp.weixin.qq.com.example.cn/s/1", "https://myweibo.com/1", "http://127.0.0.1/s/1"] {
                assert_ne!(deleted(host, page), Some(Deletion::Platform), "{host}");
            }
        }
    }

    #[test]
    fn a_post_that_passes_on_what_was_deleted_stands_itself() {
        let weibo = "https://weibo.cn/comment/Mabc";
        for page in [
            "<title>微博</title><div>抱歉，此微博已被作者删除。查看帮助：<a>网页链接</a></div><div>返回</div>",
            "<title>该微博不存在</title><p>首页 消息 我</p>",
            "<h1>此微博已被作者删除</h1><p>热门微博</p>",
        ] {
            assert_eq!(deleted(weibo, page), Some(Deletion::Platform), "{page}");
        }
        let own = "<div>某某区发布</div><div>明日起停水，请提前储水。</div><div>抱歉，此微博已被作者删除。</div><div>赞[3]</div>";
        assert_eq!(deleted(weibo, own), Some(Deletion::Elsewhere));
    }

    #[test]
    fn a_page_that_quotes_a_platform_is_no_deletion() {
        for page in [
            "<title>关于关停“云溪文旅”微信公众号的公告</title><p>我局主办的微信公众号“云溪文旅”已于10月关停，该账号已自主注销，今后信息请关注“云溪发布”。特此公告。</p>",
            "<h1>公告</h1><p>我镇原微信公众号因长期未登录，账号已被系统回收，现启用新号“云溪青石镇”。</p>",
            "<h1>原账号已被系统回收</h1><p>我镇现启用新号“云溪青石镇”，欢迎关注。</p>",
            "<h1>问答</h1><p>问：为什么转发的文章打不开？</p><p>答：如提示“该内容已被发布者删除”，说明原作者已删除该文章。</p>",
        ] {
            assert_eq!(deleted(OFFICE, page), None, "{page}");
        }
        let quoted = "<p>为什么转发的文章打不开？</p><p>如提示“该内容已被发布者删除”，说明原作者已删除。</p>";
        assert_eq!(deleted(WECHAT, quoted), None);
        let article = "<h1 id=\"activity-name\">找回文章</h1><div id=\"js_content\"><p>该内容已被发布者删除</p><p>是什么意思</p></div>";
        assert_eq!(deleted(WECHAT, article), None);
        let long = format!("<p>该内容已被发布者删除</p><p>{}</p>", "经查,".repeat(400));
        assert_eq!((deleted(WECHAT, &long), deleted(OFFICE, &long)), (None, None));
    }

    #[test]
    fn a_site_without_a_filing_is_withheld_and_a_notice_about_such_sites_is_not() {
        let withheld = |page: &str| says_withheld(&skim(page, 1600));
        assert!(withheld("<title>TestPage</title><p>该网站未备案,暂时无法访问</p>"));
        assert!(!withheld(
            "<title>关于清理未备案网站的通知</title><p>对该网站未备案的，责令限期改正；逾期停止访问。</p>"
        ));
    }
}
