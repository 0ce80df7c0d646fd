//! What the worksheet asks, and how a person's sight reads in a finding; both languages.

use crate::domain::Lang;
use crate::domain::by_hand::HandItem;
use crate::domain::finding::Outcome;
use crate::domain::time::LocalTime;

/// The machine's sentence on what a person saw.
pub(super) fn seen(lang: Lang, summary: &str, at: LocalTime) -> String {
    match lang {
        Lang::Zh => format!("{summary}（{}人工查看）", at.minute()),
        Lang::En => format!("{summary} (seen by a person at {})", at.minute()),
    }
}

/// A person's verdict.
pub(super) fn verdict(lang: Lang, item: HandItem, outcome: Outcome, note: &str, at: LocalTime) -> String {
    let note = note.trim().trim_end_matches(['。', '.']);
    let said = match (lang, item, outcome) {
        (Lang::Zh, HandItem::Update, Outcome::Fail) => "人工查看认定未按要求更新",
        (Lang::Zh, HandItem::Interaction, Outcome::Fail) => "人工试用认定互动功能不可用或未有效回应",
        (Lang::Zh, HandItem::App, Outcome::Fail) => "人工试用认定无法下载或使用",
        (Lang::Zh, HandItem::Update, Outcome::Pass) => "人工查看更新正常",
        (Lang::Zh, HandItem::Interaction, Outcome::Pass) => "人工试用互动功能正常",
        (Lang::Zh, HandItem::App, Outcome::Pass) => "人工试用可以下载和使用",
        (Lang::Zh, ..) => "人工查看后仍无法判定",
        (Lang::En, HandItem::Update, Outcome::Fail) => "a person found it not updated",
        (Lang::En, HandItem::Interaction, Outcome::Fail) => "a person found no working interaction",
        (Lang::En, HandItem::App, Outcome::Fail) => "a person could not download or use it",
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
