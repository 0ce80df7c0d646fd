//! Sentences and cells that several documents share.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::Lang;
use crate::domain::account::{Platform, UnitTier};
use crate::domain::bulletin::{AccountResult, AccountRow, Dataset, Verdict, is_problem};
use crate::domain::finding::Outcome;
use crate::domain::issue::{EventKind, Issue, IssueStatus};
use crate::domain::privacy::mask;
use crate::domain::round::RoundKind;
use crate::domain::rule::{Class, Indicator};
use crate::domain::time::LocalTime;

/// Text as every format can hold it: no control characters, none that turn the writing
/// direction around, at most `most` characters.
pub(super) fn clip(text: &str, most: usize) -> String {
    let unfit = |c: char| {
        (c.is_control() && c != '\n')
            || matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{FFFE}' | '\u{FFFF}')
    };
    let mut kept = text.chars().filter(|c| !unfit(*c));
    let mut short: String = kept.by_ref().take(most).collect();
    if kept.next().is_some() {
        short.push('…');
    }
    short
}

/// How wide text is, in half-width columns.
pub(super) fn width_of(text: &str) -> usize {
    unicode_width::UnicodeWidthStr::width(text)
}

/// Text whose addresses are cut in the middle where they would tear a table; the whole one stands in the spreadsheet.
pub(super) fn short_links(text: &str) -> String {
    const LONGEST: usize = 44;
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = ["http://", "https://"].iter().filter_map(|s| rest.find(s)).min() {
        let (before, from) = rest.split_at(at);
        out.push_str(before);
        let end = from.find(|c: char| !c.is_ascii_graphic()).unwrap_or(from.len());
        let (link, after) = from.split_at(end);
        let count = link.chars().count();
        if count > LONGEST {
            out.extend(link.chars().take(LONGEST - 12));
            out.push('…');
            out.extend(link.chars().skip(count - 11));
        } else {
            out.push_str(link);
        }
        rest = after;
    }
    out.push_str(rest);
    out
}

/// A stratum's key in words: `微信公众号/镇街`; parts no vocabulary knows stay as they are.
pub(super) fn stratum(key: &str) -> String {
    let word = |part: &str| match part {
        "-" => "未登记".to_owned(),
        part => Platform::parse(part)
            .map(Platform::zh)
            .or_else(|| UnitTier::parse(part).map(UnitTier::zh))
            .map_or_else(|| clip(part, 60), str::to_owned),
    };
    key.split('/').map(word).collect::<Vec<_>>().join("/")
}

/// [`clip`] at the length of a long cell.
pub(super) fn clean(text: &str) -> String {
    clip(text, 2000)
}

/// `2026年11月23日`.
pub(super) fn day(at: LocalTime) -> String {
    use chrono::Datelike as _;
    let at = at.fixed();
    format!("{}年{}月{}日", at.year(), at.month(), at.day())
}

/// `2026年11月23日9时00分`.
pub(super) fn minute(at: LocalTime) -> String {
    use chrono::Timelike as _;
    let time = at.fixed();
    format!("{}{}时{:02}分", day(at), time.hour(), time.minute())
}

/// What a round of this kind is called in a title.
pub(super) fn inspection(dataset: &Dataset) -> &'static str {
    if dataset.round.kind == RoundKind::Patrol { "日常巡查" } else { "检查" }
}

/// `(演练)` where the round is one.
pub(super) fn rehearsal(dataset: &Dataset) -> &'static str {
    if dataset.round.rehearsal { "（演练）" } else { "" }
}

/// Issues that stand: neither revoked nor dismissed.
pub(super) fn standing(dataset: &Dataset) -> impl Iterator<Item = &Issue> + Clone {
    dataset.issues.iter().filter(|i| !matches!(i.status, IssueStatus::Revoked | IssueStatus::Dismissed))
}

/// Whether an issue was neither revoked nor dismissed.
pub(super) fn stands(dataset: &Dataset, id: i64) -> bool {
    issue(dataset, id).is_some_and(|issue| !matches!(issue.status, IssueStatus::Revoked | IssueStatus::Dismissed))
}

/// Whether an issue is a problem that stands; advice is none.
pub(super) fn accuses(dataset: &Dataset, id: i64) -> bool {
    issue(dataset, id).is_some_and(is_problem)
}

/// Whether an issue is advice that stands.
pub(super) fn advises(dataset: &Dataset, id: i64) -> bool {
    stands(dataset, id) && !accuses(dataset, id)
}

/// An issue by its number.
fn issue(dataset: &Dataset, id: i64) -> Option<&Issue> {
    let place = dataset.issues.binary_search_by_key(&id, |issue| issue.id).ok()?;
    dataset.issues.get(place)
}

/// `内容不更新：…`, the indicator said once and no full stop before the next one.
pub(super) fn said(indicator: Indicator, summary: &str, lang: Lang) -> String {
    let name = indicator.name(lang);
    let text = clip(summary, 200);
    let text = text.trim_end_matches(['。', '.']);
    let rest = text.strip_prefix(name).or_else(|| without_head(text, name)).unwrap_or(text);
    let rest = rest.trim_start_matches(['：', ':', '，', ',']);
    match (rest.trim(), lang) {
        ("", _) => name.to_owned(),
        (rest, Lang::Zh) => format!("{name}：{rest}"),
        (rest, Lang::En) => format!("{name}: {rest}"),
    }
}

/// The sentence without a heading that says no more than the indicator's name: `链接失效：` under 服务链接失效.
fn without_head<'t>(text: &'t str, name: &str) -> Option<&'t str> {
    let (head, rest) = text.split_once('：').or_else(|| text.split_once(": "))?;
    let name = name.to_lowercase();
    head.to_lowercase().split_whitespace().all(|word| name.contains(word)).then_some(rest)
}

/// What was found on an account, for the ledger and the annex, advice apart; empty where nothing was.
pub(super) fn problems(row: &AccountRow) -> String {
    problems_in(row, Lang::Zh)
}

/// [`problems`] in a language.
pub(super) fn problems_in(row: &AccountRow, lang: Lang) -> String {
    let mut seen = BTreeSet::new();
    let said = |verdict: &Verdict| said(verdict.indicator, &verdict.summary, lang);
    let wrong = row.verdicts(Outcome::Fail).filter(|verdict| verdict.class != Class::Advice);
    let parts: Vec<_> = wrong.map(said).filter(|s| seen.insert(s.clone())).collect();
    parts.join(if lang == Lang::Zh { "；" } else { "; " })
}

/// Why an account could not be judged, for the office's own ledger: unverified first, then what waits for a person.
pub(super) fn doubts(row: &AccountRow) -> String {
    const LANG: Lang = Lang::Zh;
    let mut whys: Vec<(String, Vec<&str>)> = Vec::new();
    for verdict in row.verdicts(Outcome::Unverified) {
        let said = said(verdict.indicator, &verdict.summary, LANG);
        let name = verdict.indicator.name(LANG);
        let bare = |text: &str| text.trim_start_matches(['：', ':', ' ']).to_owned();
        let why = bare(said.strip_prefix(name).unwrap_or(&said));
        let why = bare(why.strip_prefix(Outcome::Unverified.name(LANG)).unwrap_or(&why));
        match whys.iter_mut().find(|(known, _)| *known == why) {
            Some((_, names)) => names.push(name),
            None => whys.push((why, vec![name])),
        }
    }
    let mut parts: Vec<String> = whys.into_iter().map(|(why, names)| format!("{}：{why}", names.join("、"))).collect();
    let suspected = row.verdicts(Outcome::Suspected).count();
    if suspected > 0 {
        parts.push(format!("疑似问题{suspected}项，待人工核实"));
    }
    parts.join("；")
}

/// What could not be looked at on an account and why, for its unit: in plain words, and no reproach.
///
/// Nothing of what is only suspected is said here.
pub(super) fn unseen_in(row: &AccountRow, lang: Lang) -> String {
    let mut whys: Vec<(String, Vec<&str>)> = Vec::new();
    for verdict in row.verdicts(Outcome::Unverified) {
        let (zh, en) = reason(&verdict.reason);
        let why = match (lang, is_of_unit(&verdict.reason)) {
            (Lang::Zh, true) => zh.to_owned(),
            (Lang::Zh, false) => format!("{zh}（非单位责任）"),
            (Lang::En, true) => en.to_owned(),
            (Lang::En, false) => format!("{en} (not the unit's doing)"),
        };
        let name = looked_at(verdict.indicator, lang);
        match whys.iter_mut().find(|(known, _)| *known == why) {
            Some((_, names)) if names.contains(&name) => {}
            Some((_, names)) => names.push(name),
            None => whys.push((why, vec![name])),
        }
    }
    let say = |(why, names): (String, Vec<&str>)| match lang {
        Lang::Zh => format!("未能检查：{}；原因：{why}", names.join("、")),
        Lang::En => format!("not looked at: {}; reason: {why}", names.join(", ")),
    };
    let parts: Vec<String> = whys.into_iter().map(say).collect();
    match (parts.is_empty(), lang) {
        (false, _) => parts.join(if lang == Lang::Zh { "。" } else { ". " }),
        (true, Lang::Zh) => "未能检查：内容更新；原因：没有取得更新情况（非单位责任）".to_owned(),
        (true, Lang::En) => {
            "not looked at: updates; reason: no publication time was seen (not the unit's doing)".to_owned()
        }
    }
}

/// What an indicator looks at, said without its reproach.
const fn looked_at(indicator: Indicator, lang: Lang) -> &'static str {
    use Indicator as I;
    let (zh, en) = match indicator {
        I::Stale | I::Zombie => ("内容更新", "updates"),
        I::AppUnavailable => ("移动客户端下载和使用", "download and use of the app"),
        I::Interaction => ("互动回应", "interaction"),
        I::Expression => ("内容表述", "wording"),
        I::SiteUnreachable => ("网站访问", "access to the website"),
        I::HomeStale => ("首页更新", "updates of the home page"),
        I::ColumnsStale => ("栏目更新", "updates of the columns"),
        I::Privacy => ("个人信息保护", "protection of personal data"),
        I::Link => ("服务链接", "service links"),
        I::Review => ("审核记录", "review records"),
        I::Registration => ("账号登记", "registration"),
        I::Footer => ("网站标识", "footer marks"),
        I::Ipv6 => ("IPv6支持", "IPv6"),
        I::Tls => ("安全证书", "certificate"),
        I::Duplicate => ("同平台开设情况", "accounts on the platform"),
        I::Identity => ("名称和认证主体", "name and certified subject"),
        I::LowUse => ("利用情况", "use"),
    };
    match lang {
        Lang::Zh => zh,
        Lang::En => en,
    }
}

/// Whether it lies with the unit that something could not be looked at.
fn is_of_unit(key: &str) -> bool {
    matches!(
        key,
        "self_report"
            | "never_handed_in"
            | "unreachable"
            | "bad_status"
            | "timeout"
            | "dns"
            | "tls"
            | "refused"
            | "http_5xx"
            | "no_such_app"
            | "app_removed"
    )
}

/// Accounts that could not be judged because a machine could not see, by why; those that
/// wait for a person's decision stand apart and are never named.
pub(super) struct Unjudged<'a> {
    pub(super) unverified: Vec<&'a AccountRow>,
    pub(super) reasons: Vec<(String, usize)>,
    pub(super) undecided: usize,
}

pub(super) fn unjudged(dataset: &Dataset) -> Unjudged<'_> {
    unjudged_in(dataset, Lang::Zh)
}

/// [`unjudged`] in a language.
pub(super) fn unjudged_in(dataset: &Dataset, lang: Lang) -> Unjudged<'_> {
    let mut unverified = Vec::new();
    let mut reasons = BTreeMap::<String, usize>::new();
    let mut undecided = 0;
    for row in dataset.accounts.iter().filter(|row| row.result == Some(AccountResult::Unjudged)) {
        let open = row.verdicts(Outcome::Suspected).any(|v| v.class == Class::Veto || v.indicator.is_update());
        let why = row.verdicts(Outcome::Unverified).find(|v| v.leaves_open());
        if open {
            undecided += 1;
            continue;
        }
        let (zh, en) = why.map_or(("没有取得更新情况", "no publication time was seen"), |v| reason(&v.reason));
        *reasons.entry(if lang == Lang::Zh { zh } else { en }.to_owned()).or_default() += 1;
        unverified.push(row);
    }
    let mut reasons: Vec<_> = reasons.into_iter().collect();
    reasons.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    Unjudged { unverified, reasons, undecided }
}

/// Why something could not be judged, for a sentence with counts.
pub(super) fn reason(key: &str) -> (&'static str, &'static str) {
    match key {
        "manual" | "by_hand" | "menu_by_hand" => ("须人工查看", "to be looked at by a person"),
        "self_report" => ("单位自查报告不足以证明更新", "the unit's own report does not prove it"),
        "blocked" | "captcha" | "forbidden" | "http_403" => ("平台限制访问", "the platform refused access"),
        "rate_limited" | "http_429" | "quota_exceeded" => ("平台限制访问频次", "the platform limits requests"),
        "offline" | "we_offline" | "our_outage" | "outage" | "our_limit" => {
            ("检查期间本系统网络异常", "this system was offline")
        }
        "no_source" | "unsupported" => ("采集渠道尚未开通", "no source is set up yet"),
        "bad_option" | "nothing_selected" | "mixed_source" | "other_account" => {
            ("采集参数待更正", "the source's options need mending")
        }
        "unreadable" | "no_dates" | "not_a_feed" | "malformed" | "empty" | "not_data" | "unknown_shape" => {
            ("采集内容无法识别", "what was read could not be understood")
        }
        "bad_status" | "timeout" | "dns" | "tls" | "refused" | "http_5xx" | "unreachable" => {
            ("采集地址暂不可达", "the source could not be reached")
        }
        "titles_only" => ("采集渠道只提供标题", "the source shows titles alone"),
        "tables_unread" => ("所附表格未能读取", "linked tables could not be read"),
        "source_stands_still" => ("采集渠道可能已停止更新", "the source itself may have stopped"),
        "undated_posts" => ("部分内容的发布时间无法识别", "the dates of some posts could not be read"),
        "dated_ahead" => ("采集渠道所示时间有误", "the source's dates are off"),
        "only_later_posts" | "ends_later" => {
            ("采集渠道未列出监测时间点之前的内容", "the source does not list what came before the monitoring time")
        }
        "partial_source" | "mass_sent_unseen" | "oldest_first" | "unsorted" | "only_pinned" => {
            ("采集渠道只显示部分内容", "the source shows a part only")
        }
        "platform_refused" => ("平台接口返回错误", "the platform's interface answered with an error"),
        "no_such_app" | "app_removed" => ("应用商店查无此应用", "the store does not have the app"),
        "unclear_visits" => {
            ("网站应答残缺，能否打开须人工核实", "the website's answers were damaged; a person has to look")
        }
        "few_visits" | "no_visits" => ("网站访问监测次数不足", "too few visits to the website"),
        "no_columns" | "columns_unread" | "second_level_unread" => {
            ("网站栏目未能全部读取", "not all columns of the website could be read")
        }
        "home_undated" => ("网站首页未显示日期", "the home page shows no date"),
        "never_handed_in" => ("单位尚未报送审核记录", "the unit has handed in no review records"),
        "column_not_kept" => ("基本信息库未登记该栏", "the registry does not keep that column"),
        "canary" | "canary_silent" => ("平台采集渠道异常", "the platform's canary is silent"),
        "unauthorized" | "wants_authorisation" | "ip_not_listed" | "bad_credentials" => {
            ("采集渠道待授权", "the source wants authorisation")
        }
        _ => ("采集未取得有效结果", "nothing usable was read"),
    }
}

/// How an account's issues stand, for the ledger: `已全部销号`, `整改中2个（逾期1个）`.
pub(super) fn rectification(dataset: &Dataset, row: &AccountRow) -> String {
    let issues: Vec<&Issue> =
        row.issues.iter().filter_map(|id| issue(dataset, *id)).filter(|i| i.class != Class::Advice).collect();
    let count = |wanted: fn(IssueStatus) -> bool| issues.iter().filter(|i| wanted(i.status)).count();
    let live = count(|s| !s.is_final());
    let late = count(|s| matches!(s, IssueStatus::Overdue | IssueStatus::Escalated));
    match (issues.len(), live, late) {
        (0, ..) => String::new(),
        (_, 0, _) if count(|s| s == IssueStatus::Closed) > 0 => "已全部销号".to_owned(),
        (_, 0, _) => "已撤销或排除".to_owned(),
        (_, live, 0) => format!("整改中{live}个"),
        (_, live, late) => format!("整改中{live}个（逾期{late}个）"),
    }
}

/// The last event of a kind; what people typed into it is not fit for print with its numbers.
pub(super) fn last(issue: &Issue, kinds: &[EventKind]) -> Option<(LocalTime, EventKind, String)> {
    let event = issue.events.iter().rev().find(|event| kinds.contains(&event.kind))?;
    Some((event.at, event.kind, clean(&mask(&event.note))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_names_its_indicator_once() {
        let of = |summary: &str| said(Indicator::Stale, summary, Lang::Zh);
        assert_eq!(of("内容不更新：已18天。"), "内容不更新：已18天");
        assert_eq!(of("已18天未更新"), "内容不更新：已18天未更新");
        assert_eq!(of(""), "内容不更新");
        let link = |summary: &str, lang| said(Indicator::Link, summary, lang);
        assert_eq!(link("链接失效：https://a.test（404）", Lang::Zh), "服务链接失效：https://a.test（404）");
        assert_eq!(link("broken link: https://a.test (404)", Lang::En), "Broken service link: https://a.test (404)");
        assert_eq!(link("办事指南：打不开", Lang::Zh), "服务链接失效：办事指南：打不开");
    }

    #[test]
    fn a_stratum_is_read_in_words() {
        assert_eq!(stratum("wechat/town"), "微信公众号/镇街");
        assert_eq!(stratum("weibo/-/东片"), "微博/未登记/东片");
    }

    #[test]
    fn a_long_address_is_cut_in_the_middle_and_a_short_one_stays() {
        let long = format!("见https://www.example.test/{}/page.html，已失效", "a".repeat(200));
        let short = short_links(&long);
        assert!(short.starts_with("见https://www.example.test/a") && short.ends_with("/page.html，已失效"), "{short}");
        assert!(short.chars().count() < 60 && short.contains('…'), "{short}");
        assert_eq!(
            short_links("http://example.test/a 与 https://example.test"),
            "http://example.test/a 与 https://example.test"
        );
    }

    #[test]
    fn text_from_outside_loses_what_no_document_can_hold() {
        assert_eq!(clip("甲\u{0}乙\u{202e}丙\u{7}丁", 10), "甲乙丙丁");
        assert_eq!(clip("一二三四五", 3), "一二三…");
        assert_eq!(clip("一二三", 3), "一二三");
    }
}
