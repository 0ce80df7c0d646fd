//! What a figure's name means in words, and which names lie near a mistyped one.

use super::{AccountResult, Age, Dataset};
use crate::domain::Lang;
use crate::domain::account::{Platform, UnitTier};
use crate::domain::finding::Outcome;
use crate::domain::issue::IssueStatus;
use crate::domain::rule::{Class, Indicator};
use crate::domain::sample::Reason;

/// A figure's name in words: `platform.weibo.failed` is `微博：不合格账号`.
///
/// A part that no vocabulary knows stays as it is.
#[must_use]
pub fn describe(name: &str, lang: Lang) -> String {
    let words = Words(lang);
    let parts: Vec<&str> = name.split('.').collect();
    match parts[..] {
        ["total", column] => words.column(column),
        ["platform", key, column] => words.pair(&known(Platform::parse(key).map(|p| p.name(lang)), key), column),
        ["kind", "media", column] => words.pair(words.pick("政务新媒体", "New media"), column),
        ["kind", "website", column] => words.pair(words.pick("政府网站", "Websites"), column),
        ["unit_tier", "-", column] => words.pair(words.pick("单位层级未登记", "Unit tier not registered"), column),
        ["unit_tier", key, column] => words.pair(&known(UnitTier::parse(key).map(|t| t.name(lang)), key), column),
        ["reason", key, column] => words.pair(&known(Reason::parse(key).map(|r| r.name(lang)), key), column),
        ["silence", key] => {
            let age = known(Age::parse(key).map(|a| a.name(lang)), key);
            words.join(words.pick("最后更新距监测时间点", "Last post before the monitoring time"), &age)
        }
        ["findings", "total"] => words.pick("检查项合计", "All findings").to_owned(),
        ["findings", key, outcome] => {
            let indicator = known(Indicator::parse(key).map(|i| i.name(lang)), key);
            let total = words.pick("检查项", "findings");
            let outcome = if outcome == "total" { Some(total) } else { Outcome::parse(outcome).map(|o| o.name(lang)) };
            words.join(&indicator, &known(outcome, key))
        }
        ["issues", "class", key] => words.issues(Class::parse(key).map(|c| c.name(lang)), key),
        ["issues", "indicator", key] => words.issues(Indicator::parse(key).map(|i| i.name(lang)), key),
        ["issues", "status", key] => words.issues(IssueStatus::parse(key).map(|s| s.name(lang)), key),
        ["issues", "class_status", class, status] => {
            let status = known(IssueStatus::parse(status).map(|s| s.name(lang)), status);
            words.join(&words.issues(Class::parse(class).map(|c| c.name(lang)), class), &status)
        }
        ["issues", "class_standing", key] => {
            let stands = words.pick("撤销和排除的不计", "standing");
            words.join(&words.issues(Class::parse(key).map(|c| c.name(lang)), key), stands)
        }
        ["issues", "indicator_problems", key] => {
            let indicator = known(Indicator::parse(key).map(|i| i.name(lang)), key);
            words.join(words.pick("认定问题", "Problems that stand"), &indicator)
        }
        ["quarter", quarter, what] => words.join(quarter, &words.single(&format!("previous.{what}"), what)),
        ["issues" | "previous" | "notices" | "warnings", what] => words.single(name, what),
        _ => name.to_owned(),
    }
}

/// What a refusal calls the thing at a path of the file, in Chinese: `breakdowns.platform.weibo.failed` is
/// `分类表：微博：不合格账号`.
pub(super) fn title(path: &str) -> String {
    // Why: between brackets stands the row, whose own name may hold dots.
    let (mut bare, mut depth) = (String::new(), 0);
    for c in path.chars() {
        depth -= i32::from(c == ']');
        if depth == 0 {
            bare.push(c);
        }
        depth += i32::from(c == '[');
    }
    let bare = bare.replace("context.quarters[].issues", "previous.issues");
    if let Some((_, word)) = NAMES.iter().find(|(name, _)| *name == bare) {
        return (*word).to_owned();
    }
    let words = describe(path, Lang::Zh);
    if words != path {
        return words;
    }
    let parts: Vec<&str> = path.split('.').collect();
    let table = |figure: &str| format!("分类表：{}", describe(figure, Lang::Zh));
    match parts[..] {
        ["breakdowns", .., "key" | "label" | "indicator"] => "分类表行名".to_owned(),
        ["breakdowns", _, "issues"] => "分类表各行之和：问题".to_owned(),
        ["breakdowns", "total", column] => table(&format!("total.{column}")),
        ["breakdowns", by @ ("platform" | "unit_tier" | "reason"), key, column] => {
            table(&format!("{by}.{key}.{column}"))
        }
        ["breakdowns", "indicators", key, column] => table(&format!("findings.{key}.{column}")),
        ["breakdowns", "classes", key, _] => table(&format!("issues.class.{key}")),
        ["breakdowns", "issue_indicators", key, _] => table(&format!("issues.indicator.{key}")),
        ["breakdowns", "statuses", key, _] => table(&format!("issues.status.{key}")),
        ["breakdowns", _, column] => format!("分类表各行之和：{}", Words(Lang::Zh).column(column)),
        ["breakdowns", _] => "分类表行数".to_owned(),
        _ => "数据".to_owned(),
    }
}

/// Paths that are no figures, with what stands between brackets left out.
const NAMES: [(&str, &str); 55] = [
    ("year", "年度"),
    ("rounds (order)", "批次排列顺序"),
    ("accounts[].top_up", "账号所属补充抽取批次"),
    ("accounts[].looks", "账号的受检记录"),
    ("units (lines)", "单位行数"),
    ("units (order)", "单位排列顺序"),
    ("merge[]", "整合建议"),
    ("close[]", "关停建议"),
    ("format", "数据集格式"),
    ("round.kind", "批次类型"),
    ("round.frame_size", "抽样框账号数"),
    ("round.frame_sha256", "抽样框校验值"),
    ("round.strata[].size", "抽样层账号数"),
    ("round.strata[].quota", "抽样层随机抽取名额"),
    ("round.strata[].top_up", "抽样层补充抽取名额"),
    ("round.strata[].top_ups[]", "抽样层补充抽取名额（分次）"),
    ("accounts[]", "账号记录"),
    ("accounts (order)", "账号排列顺序"),
    ("accounts[].result", "账号检查结果"),
    ("accounts[].issues", "账号的问题编号"),
    ("accounts[].overturned", "撤销认定的检查发现"),
    ("accounts[].member", "账号抽取情况"),
    ("accounts[].member.reason", "账号抽取方式"),
    ("accounts[].member.ticket", "账号抽签值"),
    ("findings[]", "检查发现记录"),
    ("findings[].outcome", "违规认定仍然成立"),
    ("findings[].issue", "违规发现对应的问题"),
    ("issues[]", "问题记录"),
    ("issues (order)", "问题排列顺序"),
    ("issues[].account_id", "问题所属账号"),
    ("issues[].account", "问题的账号名称"),
    ("issues[].platform", "问题的平台"),
    ("issues[].unit", "问题的主办单位"),
    ("issues[].finding", "问题对应的检查发现"),
    ("context.sent[]", "整改通知记录"),
    ("context.sent[].issues", "整改通知所列问题"),
    ("context.sent[].unit", "整改通知的主送单位"),
    ("context.sent[].delivered_at", "整改通知送达时间"),
    ("previous.name", "上期批次"),
    ("earlier[]", "历次批次"),
    ("earlier[].drawn", "历次批次：检查账号"),
    ("earlier[].pass_rate", "历次批次：合格率"),
    ("earlier[].random_pass_rate", "历次批次：随机抽取账号合格率"),
    ("earlier[].standing", "历次批次：认定问题"),
    ("earlier[].closed", "历次批次：已销号问题"),
    ("context.quarters[]", "所含季度批次"),
    ("previous.issues[]", "上期问题记录"),
    ("previous.issues (order)", "上期问题排列顺序"),
    ("previous.issues[].account", "上期问题的账号名称"),
    ("previous.issues[].platform", "上期问题的平台"),
    ("previous.issues[].unit", "上期问题的主办单位"),
    ("previous.issues[].indicator", "上期问题的检查指标"),
    ("previous.issues[].class", "上期问题的性质"),
    ("previous.issues[].status", "上期问题的办理状态"),
    ("previous.issues[].found_again", "上期问题本期再次发现"),
];

/// The word where a vocabulary has one, else the key as it stands.
fn known(word: Option<&str>, key: &str) -> String {
    word.unwrap_or(key).to_owned()
}

struct Words(Lang);

impl Words {
    fn pick<'t>(&self, zh: &'t str, en: &'t str) -> &'t str {
        match self.0 {
            Lang::Zh => zh,
            Lang::En => en,
        }
    }

    fn join(&self, one: &str, two: &str) -> String {
        match self.0 {
            Lang::Zh => format!("{one}：{two}"),
            Lang::En => format!("{one}: {two}"),
        }
    }

    fn pair(&self, group: &str, column: &str) -> String {
        self.join(group, &self.column(column))
    }

    fn issues(&self, word: Option<&str>, key: &str) -> String {
        self.join(self.pick("问题", "Issues"), word.unwrap_or(key))
    }

    fn column(&self, column: &str) -> String {
        let text = match column {
            "frame" => self.pick("抽样框账号", "accounts of the frame"),
            "drawn" => self.pick("检查账号", "accounts drawn"),
            "judged" => self.pick("已判定账号", "accounts judged"),
            "pass_rate" => self.pick("合格率", "pass rate"),
            "coverage" => self.pick("检查覆盖率", "coverage"),
            key => match AccountResult::parse(key) {
                Some(result) => {
                    return self.pick("", "accounts: ").to_owned() + result.name(self.0) + self.pick("账号", "");
                }
                None => key,
            },
        };
        text.to_owned()
    }

    fn single(&self, name: &str, what: &str) -> String {
        let text = match name {
            "issues.total" => {
                self.pick("全部记录（含工作建议、撤销和排除的）", "All issues, with advice and what fell")
            }
            "issues.standing" => self.pick("认定问题和工作建议（撤销和排除的不计）", "Problems and advice that stand"),
            "issues.live" => self.pick("未办结的问题和工作建议", "Problems and advice still open"),
            "issues.problems" => self.pick("认定问题（不含工作建议）", "Problems that stand, advice apart"),
            "issues.problems_closed" => self.pick("认定问题：已销号", "Problems that stand: closed"),
            "issues.problems_live" => self.pick("认定问题：未办结", "Problems that stand: still open"),
            "issues.fallen" => self.pick("撤销和排除的问题", "Issues revoked or dismissed"),
            "issues.advice" => self.pick("工作建议", "Pieces of advice"),
            "issues.closed_rate" => self.pick("认定问题销号率", "Share of the problems that stand closed"),
            "previous.total" => self.pick("上期问题（不含工作建议）", "Issues of the round before, advice apart"),
            "previous.closed" => self.pick("上期问题：已销号", "Issues of the round before: closed"),
            "previous.fallen" => self.pick("上期问题：撤销或排除", "Issues of the round before: revoked or dismissed"),
            "previous.live" => self.pick("上期问题：未办结", "Issues of the round before: still open"),
            "previous.overdue" => {
                self.pick("上期问题：逾期或已督办", "Issues of the round before: overdue or escalated")
            }
            "previous.found_again" => self.pick("上期问题：本期再次发现", "Issues of the round before: found again"),
            "previous.closed_rate" => self.pick("上期问题销号率", "Share of the round before's issues closed"),
            "notices.delivered" => self.pick("已送达的整改通知", "Notices delivered"),
            "notices.undelivered" => self.pick("未送达的整改通知", "Notices not delivered"),
            "warnings.sent" => self.pick("发出的更新提醒", "Reminders sent before a violation"),
            _ => what,
        };
        text.to_owned()
    }
}

impl Dataset {
    /// Names of figures that a mistyped name may have meant, nearest first, eight at most.
    #[must_use]
    pub fn near(&self, name: &str) -> Vec<&str> {
        near(self.figures.keys().map(String::as_str), name)
    }
}

/// Those of some names that a mistyped one may have meant, nearest first, eight at most.
pub(in crate::domain) fn near<'n>(names: impl Iterator<Item = &'n str>, name: &str) -> Vec<&'n str> {
    let wanted: Vec<char> = name.to_lowercase().chars().take(80).collect();
    let wanted_text: String = wanted.iter().collect();
    let mut ranked: Vec<(usize, &str)> = names
        .map(|key| {
            let far = distance(&wanted, &key.chars().collect::<Vec<_>>());
            let holds = wanted.len() > 2 && key.contains(&wanted_text);
            (if holds { far.min(2) } else { far }, key)
        })
        .filter(|(far, key)| *far <= 2 + key.chars().count() / 3)
        .collect();
    ranked.sort_by_key(|(far, key)| (*far, key.len()));
    ranked.into_iter().take(8).map(|(_, key)| key).collect()
}

/// How many characters have to be put in, taken out or changed.
fn distance(a: &[char], b: &[char]) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut corner = i;
        if let Some(first) = row.first_mut() {
            *first = i + 1;
        }
        for (j, y) in b.iter().enumerate() {
            let (Some(&left), Some(&above)) = (row.get(j), row.get(j + 1)) else { continue };
            let cost = (corner + usize::from(x != y)).min(left + 1).min(above + 1);
            corner = above;
            if let Some(cell) = row.get_mut(j + 1) {
                *cell = cost;
            }
        }
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::bulletin::tests::example;

    #[test]
    fn every_figure_has_a_name_in_words_in_both_languages() {
        let dataset = Dataset::build(example()).unwrap();
        for name in dataset.figures.keys() {
            let (zh, en) = (describe(name, Lang::Zh), describe(name, Lang::En));
            assert!(!zh.contains('_') && !zh.contains(name.as_str()), "{name}: {zh}");
            assert!(en.is_ascii() && !en.contains(name.as_str()), "{name}: {en}");
        }
        assert_eq!(describe("platform.weibo.failed", Lang::Zh), "微博：不合格账号");
    }

    #[test]
    fn a_mistyped_figure_finds_the_one_that_was_meant() {
        let dataset = Dataset::build(example()).unwrap();
        assert_eq!(dataset.near("total.passrate").first(), Some(&"total.pass_rate"));
        assert_eq!(dataset.near("platform.wiebo.failed").first(), Some(&"platform.weibo.failed"));
        assert!(dataset.near("coverage").iter().all(|name| name.contains("coverage")));
        assert!(dataset.near("随便什么名字都不会像的一个词").is_empty());
    }
}
