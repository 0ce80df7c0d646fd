//! 整改通知书: a letter (信函格式) a unit, with its problems, their basis, what to do, by when and how to answer.
//!
//! A letter names live issues alone: what is closed or has fallen asks nothing of anybody. 文号,
//! 署名, 印章 and 成文日期 stay blank; the number of the notice is the one its reader got in chat.

use std::collections::{BTreeMap, BTreeSet};

use super::ReportError;
use super::docx::{Look, Paper};
use super::prose::prose;
use super::subject::Subject;
use super::tongue::{Tongue, capital};
use super::wording::{clip, said, standing};
use crate::domain::Lang;
use crate::domain::bulletin::Dataset;
use crate::domain::issue::{Issue, IssueStatus};
use crate::domain::rule::{Class, Indicator};

/// The letters of a round: file name and bytes, by unit.
pub(super) fn letters(d: &Dataset, lang: Lang) -> Result<Vec<(String, Vec<u8>)>, ReportError> {
    let mut units = BTreeMap::<&str, Vec<&Issue>>::new();
    for issue in standing(d).filter(|issue| !issue.status.is_final()) {
        units.entry(&issue.unit).or_default().push(issue);
    }
    let mut names = BTreeSet::new();
    let mut letters = Vec::with_capacity(units.len());
    for (unit, issues) in units {
        let letter = Letter { d, tongue: Tongue(lang), unit, issues };
        letters.push((file_name(unit, lang, &mut names), letter.write()?));
    }
    Ok(letters)
}

/// A file name no system stumbles over, told apart from those before it.
fn file_name(unit: &str, lang: Lang, taken: &mut BTreeSet<String>) -> String {
    let safe: String = unit.chars().map(|c| if c.is_alphanumeric() { c } else { '_' }).take(60).collect();
    let safe = if safe.trim_matches('_').is_empty() { "_".to_owned() } else { safe };
    let head = Tongue(lang).pick("整改通知书", "notice");
    let mut name = format!("{head}-{safe}.docx");
    let mut number = 1;
    while !taken.insert(name.to_lowercase()) {
        number += 1;
        name = format!("{head}-{safe}-{number}.docx");
    }
    name
}

struct Letter<'a> {
    d: &'a Dataset,
    tongue: Tongue,
    unit: &'a str,
    issues: Vec<&'a Issue>,
}

impl Letter<'_> {
    fn write(&self) -> Result<Vec<u8>, ReportError> {
        let (d, t) = (self.d, self.tongue);
        let look = Look { lang: t.0, internal: false };
        let mut paper = Paper::letter(d.round.generated_at, look, &t.office(&d.office));
        paper.right(t.pick("〔　　　　〕〔　　　　〕　　号", "[document number]"));
        paper.blank();
        let (rehearsal, subject) = (t.rehearsal(d), self.subject());
        paper.title(&[
            &t.say(format!("{}问题整改通知书{rehearsal}", subject.name(t.0)), format!("Notice to rectify{rehearsal}"))
        ]);
        paper.blank();
        let unit = clip(self.unit, 100);
        paper.addressee(&t.say(format!("{unit}："), format!("To: {unit}")));
        paper.body(&self.opening());
        paper.heading(&t.heading(0, "存在问题", "What was found"));
        self.table(&mut paper);
        paper.heading(&t.heading(1, "认定依据", "On what basis"));
        self.basis(&mut paper);
        paper.heading(&t.heading(2, "整改要求", "What to do"));
        self.remedies(&mut paper);
        paper.heading(&t.heading(3, "反馈方式", "How to answer"));
        self.answer(&mut paper);
        self.footnote(&mut paper);
        paper.seal();
        paper.signature(
            t.pick("〔　　署　　名　　〕", "[issuing office]"),
            t.pick("〔　　　　〕年〔　　〕月〔　　〕日", "[date]"),
        );
        paper.pack().map_err(ReportError::document("notice.docx"))
    }

    /// What this unit's issues are about.
    fn subject(&self) -> Subject {
        Subject::of_platforms(self.issues.iter().map(|issue| issue.platform))
    }

    fn problems(&self) -> impl Iterator<Item = &&Issue> {
        self.issues.iter().filter(|issue| issue.class != Class::Advice)
    }

    fn opening(&self) -> String {
        let (d, t) = (self.d, self.tongue);
        let (period, as_of) = (t.period(d.round.name), t.minute(d.round.as_of));
        let inspection = t.inspection(d);
        let (subject, noun) = (Subject::of(d).name(t.0), self.subject().noun(t.0));
        let problems = self.problems().count();
        let accounts = self.issues.iter().map(|issue| &issue.account_id).collect::<BTreeSet<_>>().len();
        let advice = self.issues.len() - problems;
        let mut text = t.say(
            format!("在{period}{subject}{inspection}（监测时间点：{as_of}）中，你单位主办的{accounts}个{noun}"),
            format!("The {inspection} of {period} (monitoring time: {as_of}) found "),
        );
        text += &match (problems, advice) {
            (0, _) => t.say(
                format!("有工作建议{advice}条"),
                format!("nothing wrong, but gives {advice} pieces of advice on {accounts} {noun} of your unit"),
            ),
            (_, 0) => {
                t.say(format!("存在问题{problems}个"), format!("{problems} problems on {accounts} {noun} of your unit"))
            }
            _ => t.say(
                format!("存在问题{problems}个，另有工作建议{advice}条"),
                format!("{problems} problems on {accounts} {noun} of your unit, and gives {advice} pieces of advice"),
            ),
        };
        text += t.pick("。现将有关事项通知如下。", ". The particulars are as follows.");
        text
    }

    /// Whether the deadline of an issue has passed and nothing stops its clock.
    fn is_late(&self, issue: &Issue) -> bool {
        match issue.status {
            IssueStatus::Overdue | IssueStatus::Escalated => true,
            IssueStatus::Appealed | IssueStatus::Rectified => false,
            _ => issue.due_at.is_some_and(|due| due < self.d.round.generated_at),
        }
    }

    /// The way of the bot, in small type: its notice number and what to send it.
    fn footnote(&self, paper: &mut Paper) {
        let t = self.tongue;
        let known: BTreeSet<i64> = self.issues.iter().map(|issue| issue.id).collect();
        let sent = self
            .d
            .context
            .sent
            .iter()
            .filter(|notice| notice.unit == self.unit && notice.issues.iter().any(|issue| known.contains(issue)));
        let numbers: Vec<&str> = sent.map(|notice| notice.number.as_str()).collect();
        let number = self.issues.first().map_or(0, |issue| issue.id);
        let told = if numbers.is_empty() {
            String::new()
        } else {
            let numbers = t.list(&numbers);
            t.say(format!("机器人通知编号：{numbers}。"), format!("Number of the notice in chat: {numbers}. "))
        };
        paper.remark(&t.say(
            format!("注：{told}也可在巡查机器人中办理：反馈整改发送 /fix 编号 整改情况（例：/fix {number} 已恢复更新，可附图片或文件）；申诉发送 /appeal 编号 理由；申请延期发送 /extend 编号 日期 理由。"),
            format!("Note: {told}The bot does the same: /fix NUMBER what was done (such as /fix {number} publishing again, with a photo or file); /appeal NUMBER why; /extend NUMBER DATE why."),
        ));
    }

    fn table(&self, paper: &mut Paper) {
        let t = self.tongue;
        let rows: Vec<_> = self
            .issues
            .iter()
            .map(|issue| {
                vec![
                    issue.id.to_string(),
                    t.issue_label(issue),
                    prose(&said(issue.indicator, &issue.summary, t.0), t.0),
                    issue.class.name(t.0).to_owned(),
                    self.due(issue),
                ]
            })
            .collect();
        let columns = [
            (t.pick("编号", "No."), 70),
            (self.subject().heading(t.0), 220),
            (t.pick("问题", "Problem"), 420),
            (t.pick("性质", "Class"), 120),
            (t.pick("整改时限", "Due"), 170),
        ];
        paper.table(&columns, &rows);
    }

    /// By when: the day, or how many working days after delivery, or why the clock stands still.
    fn due(&self, issue: &Issue) -> String {
        let t = self.tongue;
        let days = self.d.context.working_days.get(&issue.class).copied();
        match (issue.status, issue.due_at, days) {
            (IssueStatus::Appealed, ..) => t.say("申诉中，时限中止", "under appeal, clock stopped"),
            (IssueStatus::Rectified, ..) => t.say("已反馈，待复查", "reported, to be rechecked"),
            (status, Some(_), _) if self.is_late(issue) => {
                let day = t.due(issue.due_at, issue.due_provisional);
                if status == IssueStatus::Escalated {
                    t.say(format!("{day}（已逾期，已督办）"), format!("{day} (overdue, escalated)"))
                } else {
                    t.say(format!("{day}（已逾期）"), format!("{day} (overdue)"))
                }
            }
            (_, Some(_), _) => t.due(issue.due_at, issue.due_provisional),
            (_, None, Some(days)) => {
                t.say(format!("送达后{days}个工作日内"), format!("{days} working days after delivery"))
            }
            (_, None, None) => t.say("〔　　　　〕", "[date]"),
        }
    }

    fn basis(&self, paper: &mut Paper) {
        let t = self.tongue;
        let mut rules: Vec<((&str, &str), Vec<Indicator>)> = Vec::new();
        for issue in &self.issues {
            let rule = (issue.rule.document.as_str(), issue.rule.clause.as_str());
            match rules.iter_mut().find(|(known, _)| *known == rule) {
                Some((_, indicators)) if indicators.contains(&issue.indicator) => {}
                Some((_, indicators)) => indicators.push(issue.indicator),
                None => rules.push((rule, vec![issue.indicator])),
            }
        }
        for (place, ((document, clause), indicators)) in rules.into_iter().enumerate() {
            let names: Vec<_> = indicators.iter().map(|indicator| indicator.name(t.0)).collect();
            let (number, names) = (place + 1, t.list(&names));
            let clause =
                if clause.is_empty() { String::new() } else { t.say(format!("，{clause}"), format!(", {clause}")) };
            paper.body(&t.say(
                format!("{number}.{names}：{document}{clause}。"),
                format!("{number}. {names}: {document}{clause}."),
            ));
        }
    }

    fn remedies(&self, paper: &mut Paper) {
        let t = self.tongue;
        let mut indicators: Vec<Indicator> = Vec::new();
        for issue in &self.issues {
            if !indicators.contains(&issue.indicator) {
                indicators.push(issue.indicator);
            }
        }
        for (place, indicator) in indicators.into_iter().enumerate() {
            let (number, name) = (place + 1, indicator.name(t.0));
            let remedy = self.d.context.remedies.get(&indicator);
            let what = remedy.map_or("", |r| t.both(&r.remedy));
            let again = remedy.map_or("", |r| t.both(&r.recheck));
            let what =
                if what.is_empty() { t.pick("请按要求整改。", "Please mend it as required.") } else { what };
            let again = if again.is_empty() {
                String::new()
            } else {
                t.say(format!("复查方式：{again}"), format!(" Recheck: {again}"))
            };
            paper.body(&t.say(format!("{number}.{name}：{what}{again}"), format!("{number}. {name}: {what}{again}")));
        }
    }

    fn answer(&self, paper: &mut Paper) {
        let t = self.tongue;
        let office = t.office(&self.d.office);
        let escalated = self.problems().filter(|issue| issue.status == IssueStatus::Escalated).count();
        let last = self.problems().filter(|issue| !self.is_late(issue)).filter_map(|issue| issue.due_at).max();
        let late = self.problems().filter(|issue| self.is_late(issue)).count();
        let mut texts = Vec::new();
        if late > 0 {
            let mark = if escalated > 0 {
                t.say(format!("，其中已督办{escalated}个"), format!(", {escalated} of them escalated"))
            } else {
                String::new()
            };
            texts.push(t.say(
                format!("已逾期的问题{late}个{mark}，限于〔　　　　〕年〔　　〕月〔　　〕日前完成整改，并书面反馈至{office}。"),
                format!("{late} problems are overdue{mark}: they are to be mended by [date], with a written report to {office}."),
            ));
        }
        if late < self.problems().count() || late == 0 {
            let rest = if late > 0 { t.pick("其余问题", "the others: ") } else { "" };
            let by = match last.filter(|due| *due >= self.d.round.generated_at) {
                Some(due) => t.say(format!("最迟于{}前", t.day(due)), format!("at the latest by {}", t.day(due))),
                None => t.say("在整改时限内", "within the time given"),
            };
            texts.push(t.say(
                format!("{rest}{by}将整改情况书面反馈至{office}。"),
                format!("{rest}report what was done to {office} in writing {by}."),
            ));
        }
        // Why: where every deadline has passed there is no time left in which to appeal or to ask for more.
        if late < self.issues.len() {
            texts.push(t.say(
                "对认定有异议的，可在整改时限内书面提出申诉并说明理由，申诉期间整改时限中止计算。",
                "whoever disagrees may appeal in writing, with reasons, within the time given; the clock stands still until the appeal is decided.",
            ));
            texts.push(t.say(
                "确需延期的，在整改时限届满前书面申请，经同意后按新的时限整改。",
                "whoever needs more time asks for it in writing before the deadline; the new date counts once it is granted.",
            ));
        }
        // Why: what stands alone is no first of several.
        let is_one = texts.len() == 1;
        for (place, text) in texts.iter().enumerate() {
            let number = if is_one { String::new() } else { format!("{}.{}", place + 1, t.pick("", " ")) };
            paper.body(&t.say(format!("{number}{text}"), format!("{number}{}", capital(text))));
        }
        // Why: 署名 never stands on a page without text.
        paper.introduction(
            t.pick("联系人：〔　　　　〕，电话：〔　　　　　　〕。", "Contact: [name], telephone: [number]."),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_units_name_becomes_a_file_name_that_no_system_stumbles_over() {
        let mut taken = BTreeSet::new();
        let mut name = |unit: &str| file_name(unit, Lang::Zh, &mut taken);
        assert_eq!(name("云溪区教育局"), "整改通知书-云溪区教育局.docx");
        assert_eq!(name("../../etc/passwd"), "整改通知书-______etc_passwd.docx");
        assert_eq!(name("A/B"), "整改通知书-A_B.docx");
        assert_eq!(name("a:b"), "整改通知书-a_b-2.docx", "told apart where case does not count");
        assert_eq!(name(""), "整改通知书-_.docx");
        assert!(name(&"长".repeat(500)).len() < 255);
    }
}
