//! What the worksheet asks, and how a person's sight reads in a finding; both languages.

use crate::domain::Lang;
use crate::domain::account::AccountId;
use crate::domain::by_hand::HandItem;
use crate::domain::finding::Outcome;
use crate::domain::round::RoundName;
use crate::domain::time::LocalTime;
use crate::store::SelfReport;

/// The machine's sentence on what a person saw.
pub(super) fn seen(lang: Lang, summary: &str, at: LocalTime) -> String {
    match lang {
        Lang::Zh => format!("{summary}（{}人工查看）", at.minute()),
        Lang::En => format!("{summary} (seen by a person at {})", at.minute()),
    }
}

/// What a unit's own statement comes to.
pub(super) fn stated(lang: Lang, summary: &str, updated: bool, at: LocalTime) -> String {
    let at = at.minute();
    match (lang, updated) {
        (Lang::Zh, true) => format!("{summary}（依据单位自查报告，{at}报送）"),
        (Lang::Zh, false) => format!("无法判定：单位自查报告（{at}报送）不足以证明按要求更新"),
        (Lang::En, true) => format!("{summary} (by the unit's own report of {at})"),
        (Lang::En, false) => {
            format!("could not be judged: the unit's own report of {at} does not prove that it is updated")
        }
    }
}

/// What the worksheet asks where a unit's statement is looked into.
pub(super) fn spot_check(lang: Lang, report: &SelfReport) -> String {
    let (day, url) = (report.newest_at.format("%Y-%m-%d"), &report.content_url);
    match lang {
        Lang::Zh => format!("抽查单位自查报告：称 {day} 有更新（{url}），请核实"),
        Lang::En => format!("look into the unit's own report: updated on {day} ({url})"),
    }
}

/// A person's verdict.
pub(super) fn verdict(lang: Lang, item: HandItem, outcome: Outcome, note: &str, at: LocalTime) -> String {
    let note = note.trim().trim_end_matches(['。', '.']);
    let said = match (lang, item, outcome) {
        (Lang::Zh, HandItem::Update, Outcome::Fail) => "人工查看认定未按要求更新",
        (Lang::Zh, HandItem::Interaction, Outcome::Fail) => "人工试用认定互动功能不可用或未有效回应",
        (Lang::Zh, HandItem::App, Outcome::Fail) => "人工试用认定无法下载或使用",
        (Lang::Zh, HandItem::Expression, Outcome::Fail) => "人工查看发现表述错误",
        (Lang::Zh, HandItem::Privacy, Outcome::Fail) => "人工查看发现公开个人信息",
        (Lang::Zh, HandItem::Expression, Outcome::Pass) => "人工查看未见表述错误",
        (Lang::Zh, HandItem::Privacy, Outcome::Pass) => "人工查看未见公开个人信息",
        (Lang::Zh, HandItem::Update, Outcome::Pass) => "人工查看更新正常",
        (Lang::Zh, HandItem::Interaction, Outcome::Pass) => "人工试用互动功能正常",
        (Lang::Zh, HandItem::App, Outcome::Pass) => "人工试用可以下载和使用",
        (Lang::Zh, ..) => "人工查看后仍无法判定",
        (Lang::En, HandItem::Update, Outcome::Fail) => "a person found it not updated",
        (Lang::En, HandItem::Interaction, Outcome::Fail) => "a person found no working interaction",
        (Lang::En, HandItem::App, Outcome::Fail) => "a person could not download or use it",
        (Lang::En, HandItem::Expression, Outcome::Fail) => "a person found wrong wording",
        (Lang::En, HandItem::Privacy, Outcome::Fail) => "a person found personal data published",
        (Lang::En, HandItem::Expression, Outcome::Pass) => "a person found no wrong wording",
        (Lang::En, HandItem::Privacy, Outcome::Pass) => "a person found no personal data published",
        (Lang::En, HandItem::Update, Outcome::Pass) => "a person found it updated",
        (Lang::En, HandItem::Interaction, Outcome::Pass) => "a person found the interaction working",
        (Lang::En, HandItem::App, Outcome::Pass) => "a person could download and use it",
        (Lang::En, ..) => "a person could not judge it either",
    };
    let at = at.minute();
    match (lang, note.is_empty()) {
        (Lang::Zh, true) => format!("{said}（{at}）"),
        (Lang::Zh, false) => format!("{said}：{note}（{at}）"),
        (Lang::En, true) => format!("{said} ({at})"),
        (Lang::En, false) => format!("{said}: {note} ({at})"),
    }
}

/// What a row of the worksheet asks; `why` says why no machine could answer.
pub(super) fn asks(lang: Lang, item: HandItem, why: Option<&str>) -> String {
    let asked = match (lang, item) {
        (Lang::Zh, HandItem::Update) => "查看监测时间点以前最新一条内容的发布时间",
        (Lang::Zh, HandItem::Interaction) => "试用留言、私信、菜单等互动功能，看是否可用、是否有回应",
        (Lang::Zh, HandItem::App) => "从应用商店或下载页面下载并打开，看能否使用",
        (Lang::Zh, HandItem::Expression) => "查看本期所发内容有无严重表述错误、错敏字；发现的，写明内容链接和错误原文",
        (Lang::Zh, HandItem::Privacy) => {
            "查看本期所发内容有无身份证号、银行卡号等个人信息；发现的，写明内容链接和出现之处，勿抄录号码"
        }
        (Lang::En, HandItem::Expression) => {
            "look through the period's posts for gravely wrong wording; say in which post and what it reads"
        }
        (Lang::En, HandItem::Privacy) => {
            "look through the period's posts for identity or card numbers; say where, and do not copy the number"
        }
        (Lang::En, HandItem::Update) => "see when the newest post before the monitoring time was published",
        (Lang::En, HandItem::Interaction) => "try messages, comments and menus: do they work, does anybody answer",
        (Lang::En, HandItem::App) => "download it from the store or its page and open it",
    };
    // The finding's sentence may be in the other language than the worksheet's.
    let heads = ["无法判定：", "could not be judged: "];
    let plain = |why| heads.iter().find_map(|head| str::strip_prefix(why, *head)).unwrap_or(why).trim_end_matches('。');
    match (lang, why.map(plain).filter(|why| !why.is_empty())) {
        (_, None) => asked.to_owned(),
        (Lang::Zh, Some(why)) => format!("{asked}（{why}）"),
        (Lang::En, Some(why)) => format!("{asked} ({why})"),
    }
}

/// What is wrong with a row, seen from the round.
pub(super) enum Fault {
    OtherRound(RoundName, RoundName),
    NoMember(AccountId),
    NotAsked,
    AfterMonitoring(String),
    InFuture,
    Differs { said: Outcome, counted: Outcome, summary: String },
}

impl Fault {
    pub(super) fn text(&self, place: &str, line: usize, lang: Lang) -> String {
        let (column, zh, en) = match self {
            Self::OtherRound(given, round) => (
                ("批次", "round"),
                format!("本行属于批次{given}，不是{round}，请用该批次的名称导入"),
                format!("the row belongs to round {given}, not {round}; record it under that round"),
            ),
            Self::NoMember(id) => (
                ("账号编号", "account_id"),
                format!("“{id}”不是本批次抽到的账号，请核对编号"),
                format!("`{id}` was not drawn in this round; correct the id"),
            ),
            Self::NotAsked => (
                ("查看事项", "item"),
                "本账号在本批次不需要查看这一项，请删除本行".to_owned(),
                "this is not looked at on this account in this round; remove the row".to_owned(),
            ),
            Self::AfterMonitoring(as_of) => (
                ("最新发布时间", "newest_at"),
                format!("晚于监测时间点 {as_of}，请填写该时间点以前最新一条的发布时间"),
                format!("lies after the monitoring time {as_of}; write the newest one before it"),
            ),
            Self::InFuture => (
                ("检查时间", "checked_at"),
                "尚未到来，请填写实际查看的时间".to_owned(),
                "has not come yet; write when it was looked at".to_owned(),
            ),
            Self::Differs { said, counted, summary } => (
                ("结论", "verdict"),
                format!(
                    "“{}”与最新发布时间不符：按规则为“{}”（{summary}），请更正其中一栏或将结论留空",
                    said.zh(),
                    counted.zh()
                ),
                format!(
                    "`{}` does not agree with the time: by the rules it is `{}` ({summary}); correct one of the two or leave the verdict empty",
                    said.en(),
                    counted.en()
                ),
            ),
        };
        match lang {
            Lang::Zh => format!("{place}: 第 {line} 行“{}”：{zh}", column.0),
            Lang::En => format!("{place}: line {line}, {}: {en}", column.1),
        }
    }
}
