//! 二、总体情况: the draw, the result, what could not be judged, and the change on the round before.

use std::collections::BTreeSet;

use super::Draft;
use crate::domain::Lang;
use crate::domain::account::Platform;
use crate::domain::bulletin::{Amount, Dataset, Form, IndicatorTally, Tally};
use crate::domain::round::{RoundKind, RoundName};
use crate::domain::rule::Indicator;
use crate::reports::docx::Paper;
use crate::reports::sheet::numbers;
use crate::reports::subject::{Subject, by_kind, media, rates};
use crate::reports::tongue::Tongue;
use crate::reports::wording::unjudged_in;

impl Draft<'_> {
    pub(super) fn overview(&self, paper: &mut Paper) {
        let t = self.tongue;
        paper.heading(&t.heading(1, "总体情况", "Overall"));
        if self.form == Form::Statistics {
            paper.subheading(&t.say("（一）抽取情况", "(1) The draw"));
            paper.body(&self.drawn());
            paper.subheading(&t.say("（二）检查结果", "(2) The result"));
        } else {
            paper.body(&self.drawn());
        }
        paper.body(&self.result());
        for text in self.doubt() {
            paper.body(&text);
        }
        if self.form == Form::Statistics {
            self.tables(paper);
            paper.blank();
            paper.subheading(&t.say("（三）提醒和通知情况", "(3) Reminders and notices"));
        }
        let d = self.d;
        let (warnings, delivered, undelivered) = (d.warnings_sent, d.notices.delivered, d.notices.undelivered);
        let mut told = Vec::new();
        if warnings > 0 {
            told.push(t.say(format!("发出更新提醒{warnings}份"), format!("{warnings} early warnings were sent")));
        }
        if delivered > 0 {
            told.push(t.say(
                format!("整改通知已送达{delivered}份"),
                format!("{delivered} rectification notices were delivered"),
            ));
        }
        if undelivered > 0 {
            told.push(t.say(
                format!("整改通知未送达{undelivered}份"),
                format!("{undelivered} rectification notices were not delivered"),
            ));
        }
        if told.is_empty() {
            if self.form == Form::Statistics {
                paper.body(
                    t.pick("检查期间未发出提醒和通知。", "No reminder or notice was sent during the inspection."),
                );
            }
            return;
        }
        let told = t.clauses(&told);
        paper.body(&t.say(format!("检查期间{told}。"), format!("During the inspection {told}.")));
    }

    /// 抽取: frame, how, how many, which share, over which window.
    fn drawn(&self) -> String {
        let (d, t) = (self.d, self.tongue);
        let total = &d.breakdowns.total;
        let quarterly = d.round.kind == RoundKind::Quarterly;
        let noun = self.subject.noun(t.0);
        let how = if quarterly {
            t.say("按平台、单位层级等分层随机抽取", "drawn at random by strata such as platform and unit tier")
        } else {
            t.say(format!("对全部在运行{noun}开展检查"), "every running one being looked at")
        };
        let (as_of, frame, members) = (t.minute(d.round.as_of), total.frame, total.drawn);
        let coverage = d.figure("total.coverage").with_parts(t.0);
        let apart = |column: &str| {
            let parts = by_kind(d, column, t);
            parts.map_or(String::new(), |parts| t.say(format!("（{parts}）"), format!(" ({parts})")))
        };
        let (of_frame, of_members) = (apart("frame"), apart("drawn"));
        let running = match self.subject {
            Subject::Media => t.say("在运行政务新媒体账号", "running accounts"),
            other => t.say(format!("在运行{}", other.name(t.0)), format!("running {noun}")),
        };
        let mut text = t.say(
            format!("以{as_of}为监测时间点，纳入监管的{running}{frame}个{of_frame}，{how}，共检查{members}个{of_members}，占比{coverage}。"),
            format!("With {as_of} as the monitoring time, {frame} {running}{of_frame} are under supervision; {members}{of_members} were looked at, {coverage}, {how}."),
        );
        if members > 0 && quarterly {
            let reason = |tally: &Tally| {
                let (name, n) = (t.line(tally), tally.drawn);
                t.say(format!("{name}{n}个"), format!("{name} {n}"))
            };
            // Why: one reason for all of them is said already.
            let reasons: Vec<_> = d.breakdowns.reason.iter().filter(|tally| tally.drawn > 0).collect();
            if reasons.len() > 1 {
                let reasons = t.list(&reasons.into_iter().map(reason).collect::<Vec<_>>());
                text += &t.say(format!("其中，{reasons}。"), format!(" By reason: {reasons}."));
            }
        }
        let (from, to) = (t.day(d.round.window_from), t.day(d.round.as_of));
        let certificate = if quarterly {
            t.pick(
                "抽样框、种子及复现方法见抽取公证单。",
                " Frame, seed and the way to replay the draw stand in the certificate.",
            )
        } else {
            t.pick(
                "检查范围及复核方法见检查范围确认单。",
                " The accounts and how to check them stand in the certificate.",
            )
        };
        text + &t.say(
            format!("检查窗口为{from}至{to}。{certificate}"),
            format!(" The window runs from {from} to {to}.{certificate}"),
        )
    }

    fn result(&self) -> String {
        let (d, t) = (self.d, self.tongue);
        let noun = self.subject.noun(t.0);
        let Tally { drawn, judged, qualified, problem, failed, unjudged, pending, .. } = d.breakdowns.total;
        let mut text = t.say(
            format!("检查的{drawn}个{noun}中，已判定{judged}个：合格{qualified}个，存在问题{problem}个，不合格{failed}个；无法判定{unjudged}个"),
            format!("Of the {drawn} {noun} looked at, {judged} were judged: {qualified} qualified, {problem} with problems, {failed} failed; {unjudged} could not be judged"),
        );
        if pending > 0 {
            text += &t.say(format!("，尚未检查{pending}个"), format!(", {pending} are still to be looked at"));
        }
        text += t.pick(
            "。触发单项否决的为不合格；未触发单项否决但发现其他问题的为存在问题，计入合格率。",
            ". A veto fails; what has other problems alone counts as passed.",
        );
        if judged == 0 {
            return text;
        }
        let rate = d.figure("total.pass_rate");
        let parts = rate.with_parts(t.0);
        text += &t.say(format!("合格率{parts}"), format!(" The pass rate is {parts}"));
        if let Some(change) = self.change(rate.value) {
            text += &change;
        }
        if let Some(rates) = rates(d) {
            let [site, media] = rates.map(|rate| rate.with_parts(t.0));
            text += &t.say(
                format!("；其中，政府网站{site}，政务新媒体{media}"),
                format!("; that of the websites is {site}, that of the new media {media}"),
            );
        }
        let random = d.figure("reason.random.pass_rate");
        let added: usize =
            d.breakdowns.reason.iter().filter(|tally| tally.key != "random").map(|tally| tally.drawn).sum();
        if d.round.kind == RoundKind::Quarterly && added > 0 && random.denominator.unwrap_or_default() > 0 {
            let random = random.with_parts(t.0);
            text += &t.say(
                format!("；随机抽取部分合格率{random}，可反映总体情况，代表主体、重点关注等必查账号不参与推断"),
                format!("; that of the random sample, which speaks for all accounts, is {random}; those that are always looked at do not enter it"),
            );
        }
        text + t.pick("。", ".")
    }

    /// How the pass rate moved since the round before of the same kind.
    fn change(&self, now: Option<Amount>) -> Option<String> {
        let t = self.tongue;
        let (name, then, parts) = last_rate(self.d, t.0)?;
        let (now, then) = (now?.hundredths(), then?.hundredths());
        let period = t.period(name);
        let points = now.abs_diff(then);
        let points = format!("{}.{:02}", points / 100, points % 100);
        Some(match now.cmp(&then) {
            std::cmp::Ordering::Equal => {
                t.say(format!("，与{period}的{parts}持平"), format!(", as in {period}: {parts}"))
            }
            std::cmp::Ordering::Greater => t.say(
                format!("，较{period}的{parts}提高{points}个百分点"),
                format!(", up by {points} percentage points on {period}: {parts}"),
            ),
            std::cmp::Ordering::Less => t.say(
                format!("，较{period}的{parts}下降{points}个百分点"),
                format!(", down by {points} percentage points on {period}: {parts}"),
            ),
        })
    }

    /// What could not be judged and why, what waits for a person, what is still to come.
    fn doubt(&self) -> Vec<String> {
        let (d, t) = (self.d, self.tongue);
        let (total, noun) = (&d.breakdowns.total, self.subject.noun(t.0));
        let mut texts = Vec::new();
        if total.unjudged > 0 {
            let (doubtful, count) = (unjudged_in(d, t.0), total.unjudged);
            let mut text = t.say(
                format!("无法判定的{count}个{noun}，不计入合格率的分子和分母。"),
                format!("The {count} {noun} that could not be judged enter neither part of the pass rate."),
            );
            if !doubtful.reasons.is_empty() {
                let reason = |(why, n): &(String, usize)| t.say(format!("{why}{n}个"), format!("{why}: {n}"));
                let reasons = doubtful.reasons.iter().map(reason).collect::<Vec<_>>();
                text += &t.say(format!("其中，{}。", t.list(&reasons)), format!(" Why: {}.", t.clauses(&reasons)));
            }
            if doubtful.undecided > 0 {
                let n = doubtful.undecided;
                text += &t.say(
                    format!("另有{n}个{noun}的情况待人工核实，核实前不作认定。"),
                    format!(" {n} wait for a person; nothing is held of them before."),
                );
            }
            texts.push(text);
        }
        let n = d.accounts.iter().filter(|row| row.lacks_records()).count();
        if n > 0 {
            texts.push(t.say(
                format!("{n}个账号所属单位未报送审核记录，未能核验先审后发。"),
                format!("The units of {n} accounts handed in no review records; whether these review before they publish could not be verified."),
            ));
        }
        let unseen = self.unseen();
        if !unseen.is_empty() && total.drawn > total.pending {
            let named = t.list(&unseen);
            let these = if unseen.len() == 1 { "该项" } else { "上述各项" };
            texts.push(t.say(
                format!("单项否决指标中，{named}本期未检查，检查结果不含{these}。"),
                format!("Of the vetoes, these were not examined in this round, and the results say nothing of them: {named}."),
            ));
        }
        if total.pending > 0 {
            let (day, n) = (t.day(d.round.generated_at), total.pending);
            texts.push(t.say(
                format!("截至{day}，尚有{n}个{noun}未完成检查。"),
                format!("On {day}, {n} {noun} were still to be looked at."),
            ));
        }
        texts
    }

    /// Vetoes that nothing was said of in the whole round, though there are accounts they concern.
    fn unseen(&self) -> Vec<&'static str> {
        let d = self.d;
        let drawn: BTreeSet<Platform> =
            d.accounts.iter().filter(|row| row.result.is_some()).map(|row| row.facts.platform).collect();
        let concerns = |indicator: Indicator| match indicator {
            Indicator::AppUnavailable => drawn.contains(&Platform::App),
            Indicator::SiteUnreachable | Indicator::HomeStale | Indicator::ColumnsStale => {
                drawn.contains(&Platform::Website)
            }
            _ => drawn.iter().any(|platform| *platform != Platform::Website),
        };
        let is_seen = |indicator: Indicator| {
            let of = |tally: &IndicatorTally| tally.indicator.family() == indicator.family();
            d.breakdowns.indicators.iter().any(|tally| of(tally) && tally.total > 0)
        };
        let unseen = d.context.vetoes.iter().filter(|indicator| concerns(**indicator) && !is_seen(**indicator));
        unseen.map(|indicator| indicator.name(self.tongue.0)).collect()
    }

    /// The breakdowns by platform, unit tier and reason.
    pub(super) fn tables(&self, paper: &mut Paper) {
        let (tables, t) = (&self.d.breakdowns, self.tongue);
        let total = &tables.total;
        let mut number = 0;
        let mut put = |zh: &str, en: &str, lines: &[Tally], by_reason: bool| {
            number += 1;
            breakdown(paper, t, (number, zh, en), lines, total, by_reason);
        };
        match media(self.d, t) {
            // Why: the lines above it make up the one, and it and the website the total.
            Some(media) => {
                let is_site = |tally: &&Tally| tally.key == Platform::Website.key();
                let (sites, mut lines): (Vec<_>, Vec<_>) = tables.platform.iter().partition(is_site);
                lines.push(&media);
                lines.extend(sites);
                put("平台", "Platform", &lines.into_iter().cloned().collect::<Vec<_>>(), false);
            }
            None => put("平台", "Platform", &tables.platform, false),
        }
        put("单位层级", "Unit tier", &tables.unit_tier, false);
        // Why: a round that looks at every account selects nobody, and one reason is the total again.
        if self.d.round.kind == RoundKind::Quarterly && tables.reason.len() > 1 {
            put("入选原因", "Reason", &tables.reason, true);
        }
    }
}

/// The pass rate of the round before of the same kind, where it was judged.
fn last_rate(d: &Dataset, lang: Lang) -> Option<(RoundName, Option<Amount>, String)> {
    let last = d.earlier.first().filter(|earlier| earlier.name == d.round.name.previous())?;
    Some((last.name, last.pass_rate.value, last.pass_rate.with_parts(lang)))
}

fn breakdown(
    paper: &mut Paper,
    t: Tongue,
    (number, zh, en): (usize, &str, &str),
    lines: &[Tally],
    total: &Tally,
    by_reason: bool,
) {
    if lines.is_empty() {
        return;
    }
    // Why: the column of accounts still to come stands only while there are some.
    let pending = usize::from(total.pending > 0);
    let (counts, rate) = (645 + 95 * pending, 175);
    let mut columns = vec![
        (t.of(zh, en), 1000 - counts - rate),
        (t.pick("总数", "All"), 75),
        (t.pick("检查", "Seen"), 75),
        (t.pick("已判定", "Judged"), 95),
        (t.pick("合格", "Qualified"), 75),
        (t.pick("存在问题", "Problems"), 115),
        (t.pick("不合格", "Failed"), 95),
        (t.pick("无法判定", "Not judged"), 115),
    ];
    if pending == 1 {
        columns.push((t.pick("未检查", "To come"), 95));
    }
    columns.push((t.pick("合格率", "Pass rate"), rate));
    let line = |tally: &Tally| {
        let counts = numbers(tally).map(|n| n.to_string());
        let mut cells = vec![t.line(tally)];
        cells.extend(counts.into_iter().take(7 + pending));
        if by_reason && let Some(frame) = cells.get_mut(1) {
            "—".clone_into(frame);
        }
        cells.push(tally.pass_rate.with_parts(t.0));
        cells
    };
    let rows: Vec<_> = lines.iter().chain([total]).map(line).collect();
    // Why not after it: an empty line behind a table that fills its page makes a page of its own.
    if number > 1 {
        paper.blank();
    }
    paper.caption(&t.say(format!("表{number}　按{zh}"), format!("Table {number}. By {}", en.to_lowercase())));
    paper.table(&columns, &rows);
}
