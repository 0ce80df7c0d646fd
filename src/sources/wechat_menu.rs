//! The custom menu of a WeChat account (自定义菜单), as `get_current_selfmenu_info` tells it.
//!
//! A menu is where an account keeps its services. Pages can be looked at; a mini-program runs in WeChat
//! alone, and a button that answers with pictures leads nowhere. An answer in words may hold links
//! (`<a href="…">`), which readers press as they press a button. A bare address among words is none: where it ends
//! is anybody's guess, and a wrong guess would be a broken link.

use scraper::{ElementRef, Html};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use url::Url;

use super::{Unreadable, json, markup};
use crate::domain::account::SourceKind;

/// What a menu leads to.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Menu {
    /// Readers are shown it.
    pub is_open: bool,
    /// Pages that its buttons open, or that their answers link to, in their order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub links: Vec<String>,
    /// Buttons, and links in answers, that open a mini-program.
    #[serde(default, skip_serializing_if = "is_none")]
    pub miniprograms: usize,
    /// Buttons of an unknown kind, and those that should open a page and name none.
    #[serde(default, skip_serializing_if = "is_none")]
    pub others: usize,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands out references")]
const fn is_none(count: &usize) -> bool {
    *count == 0
}

/// Buttons that answer in the chat, and lead nowhere as far as can be seen.
const ANSWERS: &[&str] = &[
    "click",
    "img",
    "photo",
    "voice",
    "video",
    "media_id",
    "scancode_push",
    "scancode_waitmsg",
    "pic_sysphoto",
    "pic_photo_or_album",
    "pic_weixin",
    "location_select",
];

/// Reads the interface's answer, which holds no error of its own.
pub fn read(answer: &Value) -> Result<Menu, Unreadable> {
    let unknown = Unreadable::UnknownShape(SourceKind::Wechat);
    let open = &answer["is_menu_open"];
    if json::is_no(open) {
        // What is set up and not shown is offered to nobody.
        return Ok(Menu::default());
    }
    let buttons = json::list(&answer["selfmenu_info"]["button"]).filter(|_| json::is_set(open));
    let Some(buttons) = buttons else { return Err(unknown) };
    let mut menu = Menu { is_open: true, ..Menu::default() };
    let known = buttons.iter().filter(|button| menu.take(button)).count();
    if known == 0 && !buttons.is_empty() { Err(unknown) } else { Ok(menu) }
}

impl Menu {
    /// Takes a button and those beneath it. Whether it is of a form that is known.
    fn take(&mut self, button: &Value) -> bool {
        let beneath = &button["sub_button"];
        let beneath = json::list(&beneath["list"]).or_else(|| json::list(beneath)).unwrap_or_default();
        if !beneath.is_empty() {
            return beneath.iter().filter(|button| self.take(button)).count() > 0;
        }
        match json::word(&button["type"]).as_deref() {
            Some("view") => self.take_link(button["url"].as_str()),
            Some("news") => {
                let articles = json::list(&button["news_info"]["list"]).unwrap_or_default();
                for article in articles {
                    self.take_link(article["content_url"].as_str().map(|url| url.replace("&amp;", "&")).as_deref());
                }
            }
            Some("miniprogram") => self.miniprograms += 1,
            Some("text") => self.take_words(button["value"].as_str().unwrap_or_default()),
            Some(kind) if ANSWERS.contains(&kind) => {}
            // A heading whose buttons are still to come.
            None if json::word(&button["name"]).is_some() => {}
            Some(_) => self.others += 1,
            None => {
                self.others += 1;
                return false;
            }
        }
        true
    }

    /// What an answer in words links to. A link to a mini-program has a page only for clients that know none; a
    /// telephone number or a command of the chat is no page.
    fn take_words(&mut self, words: &str) {
        if !words.contains('<') {
            return;
        }
        if markup::is_hostile(words) {
            self.others += 1;
            return;
        }
        let words = Html::parse_fragment(words);
        let elements = words.tree.nodes().filter_map(ElementRef::wrap);
        for link in elements.filter(|element| element.value().name() == "a") {
            if link.attr("data-miniprogram-appid").is_some() {
                self.miniprograms += 1;
            } else {
                self.links.extend(link.attr("href").and_then(|href| markup::absolute(href, None)));
            }
        }
    }

    fn take_link(&mut self, url: Option<&str>) {
        let url = url.map(str::trim).unwrap_or_default();
        let is_page =
            Url::parse(url).is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.host_str().is_some());
        if is_page {
            self.links.push(url.to_owned());
        } else {
            self.others += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn sample() -> Value {
        json!({ "is_menu_open": 1, "selfmenu_info": { "button": [
            { "name": "办事", "sub_button": { "list": [
                { "type": "view", "name": "预约", "url": " https://www.example.gov.cn/yy?a=1 " },
                { "type": "miniprogram", "name": "掌上办", "url": "http://mp.weixin.qq.com", "appid": "wx0", "pagepath": "p" },
                { "type": "view", "name": "空", "url": "" },
                { "type": "view", "name": "脚本", "url": "javascript:void(0)" },
                { "type": "view", "name": "电话", "url": "tel:12345" },
                { "name": "再下一层", "sub_button": [{ "type": "view", "name": "深", "url": "http://deep.example.cn/" }] }
            ]}},
            { "type": "news", "name": "公开", "value": "m1", "news_info": { "list": [
                { "title": "一", "content_url": "http://mp.weixin.qq.com/s?__biz=a&amp;mid=1#rd" },
                { "title": "二" }
            ]}},
            { "type": "text", "name": "电话", "value": "请拨打12345 https://not.a.button.example/" },
            { "type": "text", "name": "办理", "value": concat!(
                "您好！1 <5：<a href=\"https://www.example.gov.cn/bs?a=1&amp;b=2\">办事</a>\n<A HREF='http://answer.example.cn/'>查询</A>",
                "<a href=\"http://old.example.cn/\" data-miniprogram-appid=\"wx0\" data-miniprogram-path=\"p\">掌上办</a>",
                "<a href=\"weixin://bizmsgmenu?msgmenucontent=1\">菜单</a><a href=\"tel:12345\">热线</a><a>无</a>"
            ) },
            { "type": "text", "name": "空" },
            { "type": "video", "name": "片", "value": "http://61.0.0.1/v.mp4" },
            { "type": "click", "name": "咨询", "key": "K" },
            { "type": "hologram", "name": "新" },
            { "name": "只有名称", "sub_button": { "list": [] } }
        ]}})
    }

    #[test]
    fn pages_are_links_at_any_depth_and_the_rest_is_counted() {
        let menu = read(&sample()).unwrap();
        assert_eq!(
            menu.links,
            [
                "https://www.example.gov.cn/yy?a=1",
                "http://deep.example.cn/",
                "http://mp.weixin.qq.com/s?__biz=a&mid=1#rd",
                "https://www.example.gov.cn/bs?a=1&b=2",
                "http://answer.example.cn/"
            ]
        );
        assert_eq!((menu.is_open, menu.miniprograms, menu.others), (true, 2, 5));
    }

    #[test]
    fn a_closed_menu_offers_nothing_and_a_strange_answer_is_no_menu() {
        let mut closed = sample();
        closed["is_menu_open"] = json!(0);
        assert_eq!(read(&closed), Ok(Menu::default()));
        let empty = json!({ "is_menu_open": 1, "selfmenu_info": { "button": [] } });
        assert_eq!(read(&empty), Ok(Menu { is_open: true, ..Menu::default() }));
        for strange in [
            json!({}),
            json!([]),
            json!({ "is_menu_open": 1 }),
            json!({ "is_menu_open": "?", "selfmenu_info": { "button": [] } }),
            json!({ "is_menu_open": 1, "selfmenu_info": { "button": "x" } }),
            json!({ "is_menu_open": 1, "selfmenu_info": { "button": [1, null, {}] } }),
        ] {
            assert_eq!(read(&strange), Err(Unreadable::UnknownShape(SourceKind::Wechat)), "{strange}");
        }
    }

    fn value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            "(view|news|text|miniprogram|click|http://a.cn/|https://\\[|javascript:1|<a href=http://a.cn/|<a href='//b'>|\\PC{0,12})".prop_map(Value::from),
        ];
        leaf.prop_recursive(6, 64, 6, |inner| {
            let key = "(is_menu_open|selfmenu_info|button|sub_button|list|type|url|value|news_info|content_url|name)";
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
                proptest::collection::vec((key, inner), 0..6).prop_map(|fields| fields.into_iter().collect()),
            ]
        })
    }

    proptest! {
        /// Whatever stands in it: nothing makes it stumble, and every link is an address that can be asked for.
        #[test]
        fn no_answer_makes_the_reader_panic(buttons in value(), whole in value()) {
            let framed = json!({ "is_menu_open": 1, "selfmenu_info": { "button": buttons } });
            for answer in [framed, whole] {
                for link in read(&answer).map(|menu| menu.links).unwrap_or_default() {
                    prop_assert!(Url::parse(&link).is_ok_and(|url| url.host_str().is_some()), "{}", link);
                }
            }
        }
    }
}
