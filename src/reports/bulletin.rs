//! 通报, `bulletin.docx`: a draft in GB/T 9704 layout; 文号, 签发, 主送机关, 署名, 印章, 成文日期 and 版记 stay blank.
//! A circular has the red head of the office (红头); a brief has its own (报头), and neither addressee nor seal.
//!
//! Only what is certain is named: suspected findings appear as a count, and what could not
//! be judged is listed as such, never as passed. What fell on appeal or by a person's decision
//! is a count too. Advice is no problem and stands apart. Three forms ([`Form`]) say the same
//! with the same figures; they differ in how much of it stands in the body.

use std::collections::BTreeSet;

use super::ReportError;
use super::docx::{Look, Paper};
use super::subject::Subject;
use super::tongue::{Tongue, capital};
use super::wording::standing;
use crate::domain::Lang;
use crate::domain::bulletin::{Contacts, Dataset, Form, PreviousIssue, PreviousRound, has_fallen};
use crate::domain::issue::IssueStatus;
use crate::domain::rule::Class;

mod annexes;
mod found;
mod overview;

/// How a bulletin is drafted.
pub(super) struct Draft<'a> {
    d: &'a Dataset,
    form: Form,
    tongue: Tongue,
    subject: Subject,
    contacts: Option<&'a Contacts>,
}

/// The bulletin in the form that fits.
pub(super) fn render_in(dataset: &Dataset, lang: Lang) -> Result<Vec<u8>, ReportError> {
    draft(dataset, lang, Form::fitting(dataset.breakdowns.total.frame), None)
}

#[cfg(test)]
pub(super) fn render(dataset: &Dataset) -> Result<Vec<u8>, ReportError> {
    render_in(dataset, Lang::Zh)
}

/// The bulletin in a form; with contacts it is the internal version.
pub(super) fn draft(d: &Dataset, lang: Lang, form: Form, contacts: Option<&Contacts>) -> Result<Vec<u8>, ReportError> {
    let mut paper = Paper::new(d.round.generated_at, Look { lang, internal: contacts.is_some() });
    let draft = Draft { d, form, tongue: Tongue(lang), subject: Subject::of(d), contacts };
    draft.opening(&mut paper);
    draft.previous(&mut paper);
    draft.overview(&mut paper);
    draft.found(&mut paper);
    draft.demands(&mut paper);
    draft.closing(&mut paper);
    draft.annexes(&mut paper);
    draft.imprint(&mut paper);
    paper.pack().map_err(ReportError::document("bulletin.docx"))
}

impl Draft<'_> {
    fn opening(&self, paper: &mut Paper) {
        let (d, t) = (self.d, self.tongue);
        let period = t.period(d.round.name);
        self.head(paper);
        paper.blank();
        paper.blank();
        let (office, subject) = (t.office(&d.office), self.subject.name(t.0));
        let (inspection, rehearsal) = (t.inspection(d), t.rehearsal(d));
        let about = t.say(format!("关于{period}{subject}"), "Circular on the inspection of".to_owned());
        let rest = t.say(format!("{inspection}情况的通报{rehearsal}"), format!("{subject},"));
        // Why: an English title is longer, and its year would stand alone on a line.
        let when = format!("{}{rehearsal}", period.trim_start_matches("the "));
        let lines = [office.as_str(), about.as_str(), rest.as_str(), when.as_str()];
        paper.title(lines.get(..t.of(3, 4)).unwrap_or_default());
        paper.blank();
        // Why: a brief goes to everybody whom its foot names.
        if self.form != Form::Brief {
            paper.addressee(t.pick("〔主送机关〕：", "To: [addressees]"));
        }
        let documents = &d.round.rule_documents;
        let named = t.list(documents);
        let basis = match documents.as_slice() {
            [] => t.say(format!("按照{subject}监管工作要求"), format!("As the supervision of {subject} requires")),
            _ => t.say(format!("根据{named}等要求"), format!("On the basis of {named}")),
        };
        // Why: without a name the sentence does without its subject rather than with an empty one.
        let who = if d.office.trim().is_empty() { String::new() } else { t.office(&d.office) };
        let zh_who = if who.is_empty() { "近期".to_owned() } else { who.clone() };
        let en_who = if who.is_empty() { "this office".to_owned() } else { who };
        paper.body(&t.say(
            format!("{basis}，{zh_who}组织开展了{period}{subject}{inspection}，现将有关情况通报如下。"),
            format!(
                "{basis}, {en_who} carried out the {inspection} of {subject} of {period}. The results are as follows."
            ),
        ));
    }

    /// 版头: red head of a circular, or 报头 of a brief.
    fn head(&self, paper: &mut Paper) {
        let (d, t) = (self.d, self.tongue);
        let office = t.office(&d.office);
        let signed = t.pick("签发：〔　　　　〕", "Signed off by: [        ]");
        if self.form != Form::Brief {
            paper.red_head(&office, t.pick("〔　　　　〕〔　　　　〕　　号", "[document number]"), signed);
            return;
        }
        let subject = self.subject.name(t.0);
        let name = t.say(format!("{subject}监管简报"), capital(&format!("{subject}: brief")));
        paper.brief_head(
            &name,
            t.pick("第〔　　〕期", "No. [    ]"),
            signed,
            &t.say(format!("{office}编印"), office.clone()),
            t.pick("〔　　　〕年〔　〕月〔　〕日", "[date]"),
        );
    }

    /// What became of the issues of the rounds before: of the same kind, and for a half year of its quarters.
    fn previous(&self, paper: &mut Paper) {
        let (d, t) = (self.d, self.tongue);
        let quarters: Vec<_> = d.context.quarters.iter().map(|q| (format!("quarter.{}", q.name), q)).collect();
        let zh = match (&d.previous, quarters.is_empty()) {
            (_, true) => "上期问题整改情况",
            (None, false) => "本半年各季度检查问题整改情况",
            (Some(_), false) => "上期及本半年各季度检查问题整改情况",
        };
        paper.heading(&t.heading(0, zh, "What became of the problems found before"));
        if let Some(previous) = &d.previous {
            paper.body(&self.rechecked("previous", previous));
        } else if quarters.is_empty() {
            paper.body(t.pick(
                "本期之前没有同类检查批次，无上期问题。",
                "There was no round of this kind before; nothing is left over from one.",
            ));
        }
        for (prefix, quarter) in quarters {
            paper.body(&self.rechecked(&prefix, quarter));
        }
    }

    fn rechecked(&self, prefix: &str, earlier: &PreviousRound) -> String {
        let (d, t) = (self.d, self.tongue);
        let period = t.period(earlier.name);
        let count = |what: &str| d.count(&format!("{prefix}.{what}"));
        if count("total") == 0 {
            return t
                .say(format!("{period}检查未发现问题。"), format!("The inspection of {period} found no problems."));
        }
        let (total, closed, fallen) = (count("total"), count("closed"), count("fallen"));
        let (live, overdue, again) = (count("live"), count("overdue"), count("found_again"));
        let rate = d.figure(&format!("{prefix}.closed_rate")).with_parts(t.0);
        let today = t.day(d.round.generated_at);
        let mut text = t.say(
            format!("{period}检查共发现问题{total}个。截至{today}，已销号{closed}个，销号率{rate}"),
            format!("The inspection of {period} found {total} problems. By {today}, {closed} were closed: {rate}"),
        );
        if fallen > 0 {
            text += &t.say(
                format!("，另有{fallen}个经申诉或核实后撤销，不计入销号率"),
                format!(", not counting {fallen} that fell on appeal or review"),
            );
        }
        if live > 0 {
            text += &t.say(format!("；尚未办结{live}个"), format!("; {live} are still open"));
        }
        if overdue > 0 {
            text +=
                &t.say(format!("，其中逾期或已督办{overdue}个"), format!(", {overdue} of them overdue or escalated"));
        }
        text += t.pick("。", ".");
        if again > 0 {
            let is_again = |i: &&PreviousIssue| i.found_again && i.class != Class::Advice && !has_fallen(i.status);
            let rows = earlier.issues.iter().filter(is_again);
            let mut names: Vec<String> = rows.map(|i| t.named(&i.account, i.platform)).collect();
            names.dedup();
            let named = t.some(&names, self.examples());
            text +=
                &t.say(format!("本期检查再次发现{again}个：{named}。"), format!(" {again} were found again: {named}."));
        }
        let current: BTreeSet<i64> = d.issues.iter().map(|issue| issue.id).collect();
        let same = |i: &&PreviousIssue| current.contains(&i.id) && !i.found_again && !has_fallen(i.status);
        let mut names: Vec<String> =
            earlier.issues.iter().filter(same).map(|i| t.named(&i.account, i.platform)).collect();
        names.dedup();
        if !names.is_empty() {
            let named = t.some(&names, self.examples());
            text += &t.say(
                format!("本期所列以下账号的有关问题与{period}检查发现的为同一问题，不属再次发现：{named}。"),
                format!(" Problems of these accounts are the same as in {period}, not found a second time: {named}."),
            );
        }
        text
    }

    /// Accounts named in a sentence before it refers to the annex.
    const fn examples(&self) -> usize {
        match self.form {
            Form::Brief => 5,
            Form::Statistics => 20,
            Form::List => 60,
        }
    }

    fn demands(&self, paper: &mut Paper) {
        let (d, t) = (self.d, self.tongue);
        paper.heading(&t.heading(3, "工作要求", "What is required"));
        let live = standing(d).filter(|issue| !issue.status.is_final() && issue.class != Class::Advice);
        // Why: a day that has passed is no deadline to announce.
        let ahead = live.clone().filter(|issue| issue.due_at.is_some_and(|due| due >= d.round.generated_at));
        let provisional = ahead.clone().any(|issue| issue.due_provisional);
        let last = ahead.filter_map(|issue| issue.due_at).max();
        let office = t.office(&d.office);
        let contact = t.pick("（联系人及电话：〔　　　　　　〕）", " Contact: [name and telephone].");
        let is_open = live.clone().next().is_some();
        // Why: it can be that nothing was notified yet, and so nothing is late.
        let all_late = is_open && last.is_none() && live.clone().any(|issue| issue.due_at.is_some());
        // Why: what is escalated already cannot be threatened with it.
        let is_escalated = live.clone().all(|issue| issue.status == IssueStatus::Escalated);
        let (then, then_en) =
            if is_escalated { ("继续督办", "stays escalated") } else { ("予以督办", "is escalated") };
        if all_late {
            paper.led(
                t.pick("（一）限期整改。", "(1) Rectify at once. "),
                &t.say(
                    format!("整改时限已过的问题，有关单位要立即整改，请于〔　　〕月〔　　〕日前将整改结果书面反馈至{office}。届时仍未整改的，{then}。{contact}"),
                    format!("Every deadline has passed: the units concerned rectify at once and report to {office} in writing by [date]. What is open then {then_en}.{contact}"),
                ),
            );
        } else if is_open {
            let by = match last {
                Some(due) => {
                    let mark = if provisional { t.pick("（暂定）", " (provisional)") } else { "" };
                    let day = t.day(due);
                    t.say(format!("最迟不超过{day}{mark}"), format!("at the latest by {day}{mark}"))
                }
                None => t.say("并于〔　　　　〕年〔　　〕月〔　　〕日前反馈", "and reported by [date]"),
            };
            paper.led(
                t.pick("（一）限期整改。", "(1) Rectify in time. "),
                &t.say(
                    format!("有关单位要按照整改通知载明的时限完成整改，{by}，整改结果反馈至{office}。逾期未整改的，予以督办。{contact}"),
                    format!("The units concerned rectify within the time named in their notices, {by}, and report to {office}. What is late is escalated.{contact}"),
                ),
            );
        } else if d.count("issues.problems") > 0 {
            paper.led(
                t.pick("（一）巩固成效。", "(1) Keep it so. "),
                t.pick(
                    "本期发现的问题均已办结，有关单位要防止同类问题再次发生。",
                    "All problems of this round are settled; the units concerned see to it that they do not come back.",
                ),
            );
        } else {
            paper.led(
                t.pick("（一）保持成效。", "(1) Keep it so. "),
                t.pick(
                    "本期未认定问题，各主办单位要继续落实日常管理要求。",
                    "No problem was confirmed; the units keep up what they do.",
                ),
            );
        }
        let further = t.pick(
            "各主办单位要对照问题清单全面自查，及时更新内容，核验服务链接，严格执行先审后发，确属无力维护的账号按程序关停注销。",
            "Every unit checks itself against the list of problems, keeps its content up to date, verifies its service links, publishes nothing before it is reviewed, and closes by the filing procedure what it cannot keep up.",
        );
        let lead = t.pick("（二）举一反三。", "(2) Look further. ");
        // Why: an appeal is made within the time for rectification; without any there is none to make.
        if !is_open || all_late {
            paper.last(lead, further);
            return;
        }
        paper.led(lead, further);
        paper.last(
            t.pick("（三）依规申诉。", "(3) Appeals. "),
            t.pick(
                "对检查结论有异议的，可在整改时限内提出申诉并说明理由，申诉期间整改时限中止计算。",
                "Whoever disagrees with a conclusion may appeal with reasons within the time for rectification; the clock stands still until the appeal is decided.",
            ),
        );
    }

    fn closing(&self, paper: &mut Paper) {
        let t = self.tongue;
        paper.enclosures(&self.annex_titles());
        // Why: a brief is printed by the office that its head names, and bears no seal.
        if self.form == Form::Brief {
            return;
        }
        paper.seal();
        paper.signature(
            t.pick("〔　　署　　名　　〕", "[issuing office]"),
            t.pick("〔　　　　〕年〔　　〕月〔　　〕日", "[date]"),
        );
    }

    fn imprint(&self, paper: &mut Paper) {
        let t = self.tongue;
        let copies = t.pick("抄送：〔　　　　　　　　〕。", "Copies to: [            ]");
        let printed =
            (t.pick("〔印发机关〕", "[printed by]"), t.pick("〔　　　〕年〔　〕月〔　〕日印发", "[date of printing]"));
        if self.form == Form::Brief {
            let to = (t.pick("报：〔　　　　　　　　〕。", "To: [            ]"), "");
            let sent = (t.pick("送：〔　　　　　　　　〕。", "Copies to: [            ]"), "");
            let given = (
                t.pick("发：〔　　　　　　　　〕。", "For action: [            ]"),
                t.pick("（共印〔　　〕份）", "([    ] printed)"),
            );
            paper.imprint(&[to, sent, given]);
        } else {
            paper.imprint(&[(copies, ""), printed]);
        }
    }
}
