//! The figures of the page, each with the way to the rows behind it.

use super::certificate::percent;
use super::chart::{self, Bars};
use super::page::class_of;
use super::subject::Subject;
use super::wording::unjudged;
use super::words::{Tone, Words};
use crate::domain::Lang;
use crate::domain::bulletin::{AccountResult, Age, Dataset, Tally, describe};
use crate::domain::issue::IssueStatus;
use crate::domain::round::RoundKind;
use crate::domain::rule::Class;

/// A figure with the way to its rows: the table, and the tokens its rows carry.
pub(super) struct Number {
    pub(super) text: String,
    pub(super) to: &'static str,
    pub(super) query: String,
    pub(super) name: String,
    pub(super) meaning: String,
}

/// A number at the head of the page.
pub(super) struct Tile {
    pub(super) name: String,
    pub(super) number: Number,
    pub(super) parts: String,
}

/// One breakdown of accounts, as bars and as a table.
pub(super) struct Breakdown {
    pub(super) bars: Bars,
    pub(super) first: &'static str,
    pub(super) lines: Vec<(String, Vec<Number>)>,
}

/// The dataset as one reader sees it.
pub(super) struct View<'d> {
    pub(super) d: &'d Dataset,
    pub(super) w: Words,
}

impl View<'_> {
    /// A figure of the dataset, leading to the rows of a table that carry all the tokens.
    fn number(&self, name: &str, to: &'static str, query: &str) -> Number {
        Number {
            text: self.d.figure(name).text(),
            to,
            query: query.to_owned(),
            name: name.to_owned(),
            meaning: describe(name, self.w.0),
        }
    }

    fn tile(&self, title: &str, name: &str, to: &'static str, query: &str, parts: &str) -> Tile {
        let figure = self.d.figure(name);
        let parts = figure.denominator.map_or(parts.to_owned(), |of| format!("{} / {of}", figure.numerator));
        Tile { name: title.to_owned(), number: self.number(name, to, query), parts }
    }

    /// `个账号`, ` accounts`: what is counted, websites among them or not.
    fn counted(&self, subject: Subject) -> String {
        let noun = subject.noun(self.w.0);
        match self.w.0 {
            Lang::Zh => format!("个{noun}"),
            Lang::En => format!(" {noun}"),
        }
    }

    pub(super) fn facts(&self) -> Vec<(&'static str, String)> {
        let (round, w) = (&self.d.round, self.w);
        let window = [w.minute(round.window_from), w.minute(round.as_of)].join(w.pick("至", " to "));
        let kinds = [round.name.to_string(), round.kind.name(w.0).to_owned(), round.state.name(w.0).to_owned()];
        let mut facts = vec![
            (w.pick("批次", "Round"), kinds.join(w.pick("　", ", "))),
            (w.pick("监测时间点", "Monitoring time"), w.minute(round.as_of)),
            (w.pick("检查窗口", "Window"), window),
            (
                w.pick("抽样框", "Frame"),
                [
                    format!("{}{}", round.frame_size, self.counted(Subject::of_frame(self.d))),
                    format!("SHA-256 {}", round.frame_sha256),
                ]
                .join(w.pick("，", ", ")),
            ),
        ];
        if round.kind == RoundKind::Quarterly {
            let rotation = round.rotation.name(w.0);
            facts.push((w.pick("抽查比例", "Ratio"), w.list(&[percent(round.ratio), rotation.to_owned()])));
        }
        let documents = w.list(&round.rule_documents);
        facts.push((w.pick("规则", "Rules"), format!("{}{}{documents}", round.rule_version, w.pick("；", "; "))));
        facts
    }

    pub(super) fn tiles(&self) -> Vec<Tile> {
        let w = self.w;
        let mut tiles = vec![self.tile(w.pick("合格率", "Pass rate"), "total.pass_rate", "accounts", "judged", "")];
        if self.d.round.kind == RoundKind::Quarterly {
            let title = w.pick("随机抽取部分合格率", "Pass rate, random sample");
            tiles.push(self.tile(title, "reason.random.pass_rate", "accounts", "judged reason=random", ""));
        }
        let results = [
            (AccountResult::Failed, w.pick("个，触发单项否决", "a veto applies")),
            (AccountResult::Problem, w.pick("个，未触发单项否决", "no veto, other violations")),
            (AccountResult::Unjudged, w.pick("个，不计入合格率", "outside the pass rate")),
        ];
        for (result, parts) in results {
            let title = format!("{}{}", result.name(w.0), w.pick(Subject::of(self.d).noun(w.0), ""));
            tiles.push(self.tile(&title, &format!("total.{result}"), "accounts", &format!("result={result}"), parts));
        }
        let advice = w.pick("个，不含工作建议，撤销的不计", "advice and revoked ones left out");
        let problems = [
            ("issues.problems", w.pick("认定问题", "Problems that stand"), "problem", advice),
            ("issues.problems_live", w.pick("未办结问题", "Still open"), "problem live", w.pick("个", "problems")),
            ("issues.closed_rate", w.pick("问题销号率", "Problems closed"), "problem status=closed", ""),
        ];
        tiles.extend(problems.map(|(name, title, query, parts)| self.tile(title, name, "issues", query, parts)));
        let apart = [
            ("advice", w.pick("工作建议", "Advice"), w.pick("条，不作为问题", "no problems")),
            ("fallen", w.pick("撤销和排除", "Withdrawn"), w.pick("个，不计入认定问题", "not counted")),
        ];
        for (what, title, parts) in apart {
            let name = format!("issues.{what}");
            if self.d.count(&name) > 0 {
                tiles.push(self.tile(title, &name, "issues", what, parts));
            }
        }
        tiles
    }

    pub(super) fn notes(&self) -> Vec<String> {
        let (d, w) = (self.d, self.w);
        let (delivered, undelivered) = (d.notices.delivered, d.notices.undelivered);
        match w.0 {
            Lang::Zh => vec![
                format!("发出更新提醒{}份；整改通知已送达{delivered}份，未送达{undelivered}份。", d.warnings_sent),
                "合格率＝（合格＋存在问题）÷已判定。疑似问题核实前不点名、不计入。".to_owned(),
            ],
            Lang::En => vec![
                format!(
                    "{} reminders sent before a violation; {delivered} notices delivered, {undelivered} not delivered.",
                    d.warnings_sent
                ),
                "Pass rate = (qualified + problems) ÷ judged. What is only suspected is neither named nor counted."
                    .to_owned(),
            ],
        }
    }

    /// From the frame to what was judged, and why the rest was not.
    pub(super) fn coverage(&self) -> Vec<Tile> {
        let w = self.w;
        let (frame, counted) = (self.counted(Subject::of_frame(self.d)), self.counted(Subject::of(self.d)));
        let (frame, counted) = (frame.trim_start(), counted.trim_start());
        let mut tiles = vec![
            self.tile(w.pick("抽样框", "Frame"), "total.frame", "accounts", "", frame),
            self.tile(w.pick("本期检查", "Drawn"), "total.drawn", "accounts", "drawn", counted),
            self.tile(w.pick("检查覆盖率", "Coverage"), "total.coverage", "accounts", "drawn", ""),
            self.tile(w.pick("已判定", "Judged"), "total.judged", "accounts", "judged", counted),
        ];
        let total = &self.d.breakdowns.total;
        if total.unjudged > 0 {
            let doubtful = unjudged(self.d);
            let mut whys: Vec<String> = match w.0 {
                Lang::Zh => doubtful.reasons.iter().map(|(why, count)| format!("{why}{count}个")).collect(),
                Lang::En => vec![format!("{} not readable by a machine", doubtful.unverified.len())],
            };
            if doubtful.undecided > 0 {
                whys.push(match w.0 {
                    Lang::Zh => format!("待人工核实{}个", doubtful.undecided),
                    Lang::En => format!("{} wait for a person", doubtful.undecided),
                });
            }
            let name = w.pick("无法判定", "Could not be judged");
            tiles.push(self.tile(
                name,
                "total.unjudged",
                "accounts",
                "result=unjudged",
                &whys.join(w.pick("，", ", ")),
            ));
        }
        if total.pending > 0 {
            let name = w.pick("尚未检查", "Pending");
            tiles.push(self.tile(name, "total.pending", "accounts", "result=pending", counted));
        }
        tiles
    }

    pub(super) fn breakdowns(&self) -> Vec<Breakdown> {
        let (tables, w) = (&self.d.breakdowns, self.w);
        let mut all = vec![
            self.breakdown("platform", w.pick("各平台", "By platform"), w.pick("平台", "Platform"), &tables.platform),
            self.breakdown(
                "unit_tier",
                w.pick("各单位层级", "By unit tier"),
                w.pick("单位层级", "Tier"),
                &tables.unit_tier,
            ),
        ];
        // Why: a round that looks at every account selects nobody.
        if self.d.round.kind == RoundKind::Quarterly {
            let title = w.pick("随机抽取与必查", "Random sample and always included");
            all.push(self.breakdown("reason", title, w.pick("入选原因", "Why drawn"), &tables.reason));
        }
        all
    }

    fn breakdown(&self, by: &'static str, title: &'static str, first: &'static str, tallies: &[Tally]) -> Breakdown {
        const CELLS: [(&str, &str); 8] = [
            ("drawn", "drawn"),
            ("judged", "judged"),
            ("qualified", "result=qualified"),
            ("problem", "result=problem"),
            ("failed", "result=failed"),
            ("unjudged", "result=unjudged"),
            ("pending", "result=pending"),
            ("pass_rate", "judged"),
        ];
        let line = |label: String, prefix: &str, group: &str| {
            let cell = |(column, query): &(&str, &str)| {
                let name = format!("{prefix}.{column}");
                let mut number = self.number(&name, "accounts", format!("{query} {group}").trim());
                number.text = self.d.figure(&name).with_parts(self.w.0);
                number
            };
            (label, CELLS.iter().map(cell).collect())
        };
        let mut lines: Vec<_> = tallies
            .iter()
            .map(|t| line(self.w.tally(by, t), &format!("{by}.{}", t.key), &format!("{by}={}", t.key)))
            .collect();
        lines.push(line(self.w.pick("合计", "Total").to_owned(), "total", ""));
        Breakdown { bars: chart::results(self.w, by, title, tallies), first, lines }
    }

    pub(super) fn silence(&self) -> Bars {
        let line = |age: &Age| {
            let tone = match age {
                Age::Within3 | Age::Within7 => "ok",
                Age::Within14 => "warn",
                Age::Unknown => "none",
                Age::Within30 | Age::Within90 | Age::Over90 => "bad",
            };
            let number = self.number(&format!("silence.{age}"), "accounts", &format!("silence={age}"));
            let count = self.d.count(&format!("silence.{age}"));
            (age.name(self.w.0).to_owned(), number, vec![(count, tone)])
        };
        let title = self.w.pick("最后更新距监测时间点", "Newest post before the monitoring time");
        Bars::of(title, Age::ALL.iter().map(line).collect(), Vec::new())
    }

    pub(super) fn indicators(&self) -> Vec<(&'static str, [Number; 5])> {
        let looked = self.d.breakdowns.indicators.iter().filter(|t| t.total > 0);
        let line = |indicator: crate::domain::rule::Indicator| {
            let cell = |what: &str| self.number(&format!("findings.{indicator}.{what}"), "explain", "");
            let of = |what: &str| {
                let query = format!("{indicator}:{what}");
                self.number(&format!("findings.{indicator}.{what}"), "accounts", &query)
            };
            let cells = [cell("total"), cell("pass"), of("fail"), cell("suspected"), of("unverified")];
            (indicator.name(self.w.0), cells)
        };
        looked.map(|tally| line(tally.indicator)).collect()
    }

    pub(super) fn classes(&self) -> Bars {
        let order = [
            IssueStatus::Closed,
            IssueStatus::Rectified,
            IssueStatus::Acknowledged,
            IssueStatus::Notified,
            IssueStatus::Appealed,
            IssueStatus::Open,
            IssueStatus::Overdue,
            IssueStatus::Escalated,
        ];
        let present: Vec<IssueStatus> =
            order.into_iter().filter(|s| self.d.count(&format!("issues.status.{s}")) > 0).collect();
        let fallen = self.d.count("issues.fallen");
        let shade = |status: &IssueStatus| -> &'static str {
            match status {
                IssueStatus::Acknowledged => "warn2",
                IssueStatus::Notified => "warn3",
                IssueStatus::Escalated => "bad2",
                IssueStatus::Appealed => "other",
                other => class_of(Tone::of_status(*other)),
            }
        };
        let line = |class: &Class| {
            let parts: Vec<_> =
                present.iter().map(|s| (self.d.count(&format!("issues.class_status.{class}.{s}")), shade(s))).collect();
            let name = format!("issues.class_standing.{class}");
            let number = self.number(&name, "issues", &format!("class={class} stands"));
            (class.name(self.w.0).to_owned(), number, parts)
        };
        let mut legend: Vec<_> = present.iter().map(|s| (shade(s), s.name(self.w.0).to_owned())).collect();
        let mut lines: Vec<_> = Class::ALL.iter().map(line).collect();
        if fallen > 0 {
            let name = self.w.pick("撤销和排除", "Withdrawn").to_owned();
            lines.push((name.clone(), self.number("issues.fallen", "issues", "fallen"), vec![(fallen, "void")]));
            legend.push(("void", name));
        }
        let title = self.w.pick("各类问题整改状态", "Issues by class and state");
        Bars::of(title, lines, legend)
    }

    pub(super) fn previous_figures(&self) -> Vec<Tile> {
        let w = self.w;
        if self.d.previous.is_none() {
            return Vec::new();
        }
        let lines = [
            ("total", "problem", w.pick("上期问题", "Problems then")),
            ("closed", "problem status=closed", w.pick("已销号", "Closed")),
            ("closed_rate", "problem status=closed", w.pick("销号率", "Share closed")),
            ("fallen", "problem fallen", w.pick("撤销或排除", "Revoked or dismissed")),
            ("live", "problem live", w.pick("尚未办结", "Still open")),
            ("overdue", "problem late", w.pick("逾期或已督办", "Overdue or escalated")),
            ("found_again", "problem again", w.pick("本期再次发现", "Found again now")),
        ];
        lines
            .into_iter()
            .map(|(what, query, title)| self.tile(title, &format!("previous.{what}"), "previous", query, ""))
            .collect()
    }
}
