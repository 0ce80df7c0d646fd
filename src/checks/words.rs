//! The one plain sentence of each verdict, in both languages.

use chrono::TimeDelta;

use super::judge::ReviewFault;
use super::link::{LinkLook, LinkOutcome as O};
use crate::domain::Lang;
use crate::domain::privacy::mask_address;
use crate::domain::time::LocalTime;

/// The sentences in one language.
#[derive(Debug, Clone, Copy)]
pub(in crate::checks) struct Words(pub Lang);

/// Picks the sentence of the language.
macro_rules! say {
    ($self:expr, $zh:expr, $en:expr) => {
        match $self.0 {
            $crate::domain::Lang::Zh => $zh,
            $crate::domain::Lang::En => $en,
        }
    };
}

pub(in crate::checks) use say;

impl Words {
    pub(in crate::checks) fn no_source(self) -> String {
        say!(self, "未登记采集方式", "no source is registered").to_owned()
    }

    pub(in crate::checks) fn no_source_url(self) -> String {
        say!(self, "未登记采集地址", "no source address is registered").to_owned()
    }

    pub(in crate::checks) fn for_a_person(self) -> String {
        say!(self, "须由人工复查", "a person has to look again").to_owned()
    }

    pub(in crate::checks) fn stumbled(self) -> String {
        say!(self, "程序处理出错", "the program stumbled over it").to_owned()
    }

    pub(in crate::checks) fn adapter_failed(self) -> String {
        say!(self, "采集内容解析失败", "the source could not be parsed").to_owned()
    }

    pub(in crate::checks) fn no_posts(self) -> String {
        say!(self, "采集到的内容列表为空", "the source lists no posts").to_owned()
    }

    pub(in crate::checks) fn no_dated_posts(self) -> String {
        say!(self, "采集到的内容均无可识别的发布时间", "no post carries a readable publication time").to_owned()
    }

    pub(in crate::checks) fn dated_ahead(self) -> String {
        say!(
            self,
            "采集到的内容标注了尚未到来的时间，采集地址所示时间有误或不是发布时间",
            "posts are dated in the time to come: the source's dates are off, or not those of publication"
        )
        .to_owned()
    }

    pub(in crate::checks) fn only_later_posts(self) -> String {
        say!(
            self,
            "采集到的内容均发布于监测时间点之后",
            "every post the source lists was published after the monitoring time"
        )
        .to_owned()
    }

    pub(in crate::checks) fn ends_later(self) -> String {
        say!(
            self,
            "采集到的列表已被监测时间点之后的内容占满，此前的内容未列出",
            "posts from after the monitoring time fill the list: those before it are not shown"
        )
        .to_owned()
    }

    pub(in crate::checks) fn undated_posts(self, count: usize) -> String {
        say!(
            self,
            format!("列表中有{count}条内容的发布时间无法识别，可能是近期发布"),
            format!("{count} listed posts carry no readable publication time and may be recent")
        )
    }

    pub(in crate::checks) fn oldest_first(self) -> String {
        say!(
            self,
            "列表从旧到新排列，最新内容可能在未采集的后页",
            "the list runs from old to new: the newest may stand on a page that was not read"
        )
        .to_owned()
    }

    pub(in crate::checks) fn unsorted(self) -> String {
        say!(
            self,
            "列表未按时间排列，最新内容可能在未采集的其他页",
            "the list is in no order of time: the newest may stand on a page that was not read"
        )
        .to_owned()
    }

    pub(in crate::checks) fn only_pinned(self) -> String {
        say!(
            self,
            "采集到的内容均为置顶内容，其余内容未列出",
            "nothing but pinned posts is listed: the others are not shown"
        )
        .to_owned()
    }

    pub(in crate::checks) fn partial_source(self) -> String {
        say!(
            self,
            "该采集地址只显示账号的部分内容，未见近期发布不能说明账号未更新",
            "the source shows only some of the account's posts: no recent one among them proves nothing"
        )
        .to_owned()
    }

    pub(in crate::checks) fn mixed_source(self) -> String {
        say!(
            self,
            "采集到的列表含多个账号的内容，请改用本账号的采集地址，或在采集参数 user 中填写平台账号编号",
            "the list holds posts of several accounts: use the account's own address, or name its platform id in the option `user`"
        )
        .to_owned()
    }

    fn age(self, age: TimeDelta) -> String {
        let (days, hours) = (age.num_days(), age.num_hours() % 24);
        say!(self, format!("{days}天{hours}小时"), format!("{days} d {hours} h"))
    }

    fn shown(newest: LocalTime, day_only: bool) -> String {
        if day_only { newest.date() } else { newest.minute() }
    }

    pub(in crate::checks) fn updated(self, newest: LocalTime, day_only: bool, age: TimeDelta) -> String {
        let (newest, age) = (Self::shown(newest, day_only), self.age(age));
        say!(
            self,
            format!("最新内容发布于{newest}，距监测时间点{age}"),
            format!("newest post {newest}, {age} before the monitoring time")
        )
    }

    pub(in crate::checks) fn silent(self, newest: LocalTime, day_only: bool, age: TimeDelta, limit: i64) -> String {
        let (newest, age) = (Self::shown(newest, day_only), self.age(age));
        say!(
            self,
            format!("最新内容发布于{newest}，距监测时间点{age}，超过{limit}天"),
            format!("newest post {newest}, {age} before the monitoring time, over {limit} days")
        )
    }

    pub(in crate::checks) fn unjudged(self, why: &str) -> String {
        say!(self, format!("无法判定：{why}"), format!("could not be judged: {why}"))
    }

    pub(in crate::checks) fn app_in_store(self) -> String {
        say!(self, "应用商店或下载页面可以找到该应用", "the store or the download page has the app").to_owned()
    }

    pub(in crate::checks) fn app_gone(self, why: &str) -> String {
        say!(self, format!("无法下载：{why}"), format!("cannot be downloaded: {why}"))
    }

    pub(in crate::checks) fn canary(self, why: &str) -> String {
        say!(
            self,
            format!("该平台采集渠道异常：{why}"),
            format!("the platform's sources cannot be trusted just now: {why}")
        )
    }

    pub(in crate::checks) fn links_sound(self, count: usize) -> String {
        say!(self, format!("所查{count}个链接均可打开"), format!("all {count} links looked at open"))
    }

    /// A host through which accounts are read may have stopped itself.
    pub(in crate::checks) fn stands_still(self, host: &str, read: usize, ended: usize, until: LocalTime) -> String {
        let until = until.minute();
        say!(
            self,
            format!("经{host}采集的{read}个账号中有{ended}个的最新内容同停在{until}以前一天内，采集渠道可能已停止更新"),
            format!(
                "of {read} accounts read through {host} {ended} end within the day before {until}: the source itself may have stopped"
            )
        )
    }

    /// The same, where none of them shows anything new. `host`: for the office alone; a unit reads what is said of its
    /// rectification, and the host through which it is read is the office's business.
    pub(in crate::checks) fn nothing_newer(self, host: Option<&str>, read: usize, until: LocalTime) -> String {
        let (until, host) = (until.minute(), host.unwrap_or(say!(self, "同一渠道", "the same host")));
        say!(
            self,
            format!("经{host}采集的{read}个账号均未见{until}以后发布的内容，采集渠道可能已停止更新"),
            format!(
                "none of {read} accounts read through {host} shows anything from after {until}: the source itself may have stopped"
            )
        )
    }

    /// Silence that was none yet when its source was last seen to move.
    pub(in crate::checks) fn ran_out_later(self, until: LocalTime, days: i64) -> String {
        let until = until.minute();
        say!(
            self,
            format!("采集渠道最近一次出现新内容是{until}，当时该账号未更新尚未超过{days}天，此后是否更新无法确认"),
            format!(
                "the source showed something new at {until} last, when this account had not been silent for {days} days yet: what came after cannot be told"
            )
        )
    }

    /// Links beyond what one look covers; nothing where there are none.
    pub(in crate::checks) fn links_left_out(self, count: usize) -> String {
        match count {
            0 => String::new(),
            n => say!(
                self,
                format!("；另有{n}个链接超出单个账号的查看上限或网址过长，未查看"),
                format!("; {n} more were not looked at: too many for one account, or too long")
            ),
        }
    }

    /// Likewise posts.
    pub(in crate::checks) fn posts_left_out(self, count: usize) -> String {
        match count {
            0 => String::new(),
            n => say!(
                self,
                format!("；较早的{n}篇超出单个账号的查看上限，未核对"),
                format!("; {n} older posts lie beyond what is looked at of one account and were not compared")
            ),
        }
    }

    /// Sentences in one, the empty ones left out.
    pub(in crate::checks) fn one_after_another(self, sentences: impl Iterator<Item = String>) -> String {
        sentences.collect::<Vec<_>>().join(say!(self, "；", "; "))
    }

    pub(in crate::checks) fn menu_unread(self, why: &str) -> String {
        say!(
            self,
            format!("自定义菜单未能读取，菜单中的服务链接未核实：{why}"),
            format!("the account's menu could not be read, and the services in it were not looked at: {why}")
        )
    }

    pub(in crate::checks) fn menu_closed(self) -> String {
        say!(self, "自定义菜单未启用", "the account shows no menu").to_owned()
    }

    /// What of a menu no program can open; `None` where there is nothing of the kind.
    pub(in crate::checks) fn menu_unseen(self, miniprograms: usize, others: usize) -> Option<String> {
        let miniprograms = (miniprograms > 0).then(|| {
            say!(
                self,
                format!("自定义菜单中的{miniprograms}个小程序按钮须由人工试用，未核实"),
                format!("{miniprograms} buttons of the menu open mini-programs, which a person has to try")
            )
        });
        let others = (others > 0).then(|| {
            say!(
                self,
                format!("自定义菜单中的{others}个按钮没有可访问的网址，未核实"),
                format!("{others} buttons of the menu lead to no page that could be looked at")
            )
        });
        let said: Vec<String> = miniprograms.into_iter().chain(others).collect();
        (!said.is_empty()).then(|| self.one_after_another(said.into_iter()))
    }

    /// A menu link that was broken, and that the menu names no more.
    pub(in crate::checks) fn gone_from_menu(self, url: &str) -> String {
        let url = mask_address(url);
        say!(
            self,
            format!("自定义菜单中已无该链接：{url}"),
            format!("the account's menu no longer has the link: {url}")
        )
    }

    /// Behind what a look at a link from a post saw: the post may have been put right.
    pub(in crate::checks) fn not_linked_any_more(self) -> String {
        say!(
            self,
            "账号现有内容中未再见到该链接，是否已撤下须由人工核实",
            "no post that is listed now has the link; whether it was taken out is for a person to see"
        )
        .to_owned()
    }

    /// What a look at a link saw; `in_menu`: it stands in the account's custom menu.
    pub(in crate::checks) fn link(self, look: &LinkLook, in_menu: bool) -> String {
        let place = say!(self, "位于公众号自定义菜单", "it stands in the account's menu");
        let said = std::iter::once(self.link_alone(look)).chain(in_menu.then(|| place.to_owned()));
        self.one_after_another(said)
    }

    fn link_alone(self, look: &LinkLook) -> String {
        // Why: an address may hold somebody's identity number; the finding's subject keeps it whole.
        let (url, why) = (mask_address(&look.url), look.reason.name(self.0));
        match look.outcome {
            O::Ok => say!(self, format!("链接可打开：{url}"), format!("the link opens: {url}")),
            O::Broken => say!(self, format!("链接失效：{url}（{why}）"), format!("broken link: {url} ({why})")),
            O::Suspected => {
                say!(self, format!("链接异常：{url}（{why}）"), format!("link in trouble: {url} ({why})"))
            }
            O::Unverified => {
                say!(self, format!("链接无法核实：{url}（{why}）"), format!("link not verified: {url} ({why})"))
            }
        }
    }

    pub(in crate::checks) fn registered(self) -> String {
        say!(self, "主管单位、管理员、备案编号齐全", "supervising unit, administrator and filing are on record")
            .to_owned()
    }

    pub(in crate::checks) fn unregistered(self, supervising: bool, admin: bool, filing: bool) -> String {
        let names =
            say!(self, ["主管单位", "管理员", "备案编号"], ["supervising unit", "administrator", "filing number"]);
        let missing: Vec<&str> = names
            .into_iter()
            .zip([supervising, admin, filing])
            .filter(|(_, there)| !there)
            .map(|(name, _)| name)
            .collect();
        say!(
            self,
            format!("基本信息库中缺少：{}", missing.join("、")),
            format!("missing in the registry: {}", missing.join(", "))
        )
    }

    pub(in crate::checks) fn reviewed(self, posts: usize, by_sign_off: usize) -> String {
        match by_sign_off {
            0 => say!(
                self,
                format!("所查{posts}篇内容均有发布前的三审记录"),
                format!("all {posts} posts looked at were reviewed in three stages before publication")
            ),
            n => say!(
                self,
                format!("所查{posts}篇内容均经三审，其中{n}篇以文末署名为据，审核时间无法核对"),
                format!(
                    "all {posts} posts looked at were reviewed in three stages; {n} of them by the sign-off at the article's end alone, whose time cannot be compared"
                )
            ),
        }
    }

    pub(in crate::checks) fn never_handed_in(self) -> String {
        say!(self, "该单位尚未报送审核记录", "the unit has never handed in review records").to_owned()
    }

    pub(in crate::checks) fn review_faults(self, posts: usize, faults: &[(String, LocalTime, ReviewFault)]) -> String {
        const LISTED: usize = 20;
        let mut lines: Vec<String> = faults
            .iter()
            .take(LISTED)
            .map(|(title, at, fault)| {
                let (at, fault) = (at.date(), fault.name(self.0));
                say!(self, format!("《{title}》（{at}，{fault}）"), format!("\"{title}\" ({at}, {fault})"))
            })
            .collect();
        if faults.len() > LISTED {
            lines.push(say!(self, "等".to_owned(), "and others".to_owned()));
        }
        let count = faults.len();
        say!(
            self,
            format!("所查{posts}篇内容中{count}篇审核记录不符合要求：{}", lines.join("、")),
            format!("{count} of {posts} posts looked at lack a proper review record: {}", lines.join(", "))
        )
    }
}
