//! From what was seen to verdicts: pure, so that they can be computed again under other rules.

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;

use super::link::{LinkLook, LinkOutcome};
use super::observe::{Observed, PostSeen, Unread, chain};
use super::words::Words;
use crate::config::ReviewRequired;
use crate::domain::Lang;
use crate::domain::account::Account;
use crate::domain::finding::{Evidence, Outcome};
use crate::domain::keyed::keyed_enum;
use crate::domain::normal::{normalise_title, normalise_url};
use crate::domain::post::Coverage;
use crate::domain::review::ReviewRecord;
use crate::domain::rule::{Indicator, RuleSet};
use crate::domain::time::LocalTime;
use crate::store::NewFinding;

keyed_enum! {
    /// What is wrong with the review of one post.
    ReviewFault {
        Missing = "missing", "无审核记录", "no review record";
        Incomplete = "incomplete", "三审不全", "a review stage is missing";
        Late = "late", "发布后才终审", "final review after publication";
        SamePerson = "same_person", "同一人担任两个环节", "one person in two stages";
    }
}

/// What verdicts are made against.
#[derive(Debug, Clone, Copy)]
pub struct Bench<'a> {
    /// The rules.
    pub rules: &'a RuleSet,
    /// The language findings are worded in.
    pub lang: Lang,
    /// The office's zone.
    pub zone: Tz,
    /// 监测时间点.
    pub as_of: DateTime<Utc>,
    /// Links and reviews are judged too (a patrol does not).
    pub full: bool,
    /// Posts before this instant need no review record.
    pub review_since: DateTime<Utc>,
    /// What a unit that never handed in records is charged with.
    pub review_required: ReviewRequired,
}

/// What a unit handed in for an account.
#[derive(Debug, Clone, Default)]
pub struct Reviews {
    /// The account's records.
    pub records: Vec<ReviewRecord>,
    /// The unit handed in a record for any of its accounts, ever.
    pub unit_takes_part: bool,
}

/// Judges everything seen of an account.
#[must_use]
pub fn judge(bench: &Bench<'_>, account: &Account, seen: &Observed, reviews: &Reviews) -> Vec<NewFinding> {
    let mut findings = vec![silence(bench, account, seen), registration(bench, account, seen.at)];
    if bench.full {
        findings.extend(links(bench, seen));
        findings.extend(review(bench, account, seen, reviews));
    }
    findings
}

impl Bench<'_> {
    fn words(&self) -> Words {
        Words(self.lang)
    }

    fn local(&self, at: DateTime<Utc>) -> LocalTime {
        LocalTime::new(at, self.zone)
    }

    fn verdict(
        &self,
        indicator: Indicator,
        outcome: Outcome,
        reason: &str,
        summary: String,
        seen_at: DateTime<Utc>,
    ) -> NewFinding {
        NewFinding {
            indicator,
            subject: String::new(),
            class: self.rules.class(indicator),
            outcome,
            reason: reason.to_owned(),
            summary,
            as_of: self.as_of,
            observed_at: seen_at,
            newest_at: None,
            rule: self.rules.reference(indicator),
            evidence: Evidence::default(),
            looks: 1,
            next_look_at: None,
        }
    }
}

/// `stale`, or `zombie` in its place.
///
/// Source: 国办秘函〔2019〕19号, account indicators, 单项否决 内容不更新. A violation begins when
/// the newest post is older than 14 × 24 h; exactly 14 × 24 h still passes.
pub(super) fn silence(bench: &Bench<'_>, account: &Account, seen: &Observed) -> NewFinding {
    let words = bench.words();
    let unjudged = |unread: &Unread| {
        let summary = words.unjudged(&unread.sentence);
        let finding = bench.verdict(Indicator::Stale, Outcome::Unverified, &unread.reason, summary, seen.at);
        NewFinding { evidence: seen.evidence.clone(), ..finding }
    };
    let newest = match &seen.source {
        Err(unread) => return unjudged(unread),
        Ok(newest) => newest,
    };
    let partial = || Unread { reason: "partial_source".to_owned(), sentence: words.partial_source() };
    let Some(at) = newest.at else {
        if newest.coverage == Coverage::Part {
            return unjudged(&partial());
        }
        let (reason, sentence) = match (newest.listed, newest.dated) {
            (0, _) => ("no_posts", words.no_posts()),
            (_, 0) => ("no_dates", words.no_dated_posts()),
            _ => ("only_later_posts", words.only_later_posts()),
        };
        return unjudged(&Unread { reason: reason.to_owned(), sentence });
    };
    // Why: a page that shows the day alone may mean any minute of it; the doubt is the account's.
    let latest = if newest.day_only { at + TimeDelta::days(1) - TimeDelta::seconds(1) } else { at };
    let age = (bench.as_of - latest.with_timezone(&Utc)).max(TimeDelta::zero());
    let newest_at = at.with_timezone(&Utc);
    let local = bench.local(newest_at);
    let stale_days = bench.rules.silence.stale_days_for(account.platform);
    let zombie_days = bench.rules.silence.zombie_days;
    if newest.ahead && age > TimeDelta::days(stale_days) {
        // Why: local time labelled as UTC puts fresh posts hours ahead of the look; they are not silence.
        return unjudged(&Unread { reason: "dated_ahead".to_owned(), sentence: words.dated_ahead() });
    }
    // Why: what the source leaves out may be newer; only a recent post proves anything.
    if newest.coverage == Coverage::Part && age > TimeDelta::days(stale_days.min(zombie_days)) {
        return NewFinding { newest_at: Some(newest_at), ..unjudged(&partial()) };
    }
    let (indicator, outcome, reason, summary) = if age > TimeDelta::days(zombie_days) {
        let summary = words.silent(local, newest.day_only, age, zombie_days);
        (Indicator::Zombie, Outcome::Fail, "silent", summary)
    } else if age > TimeDelta::days(stale_days) {
        (Indicator::Stale, Outcome::Fail, "silent", words.silent(local, newest.day_only, age, stale_days))
    } else {
        (Indicator::Stale, Outcome::Pass, "updated", words.updated(local, newest.day_only, age))
    };
    NewFinding {
        newest_at: Some(newest_at),
        evidence: seen.evidence.clone(),
        ..bench.verdict(indicator, outcome, reason, summary, seen.at)
    }
}

/// 有账号无监管: supervising unit, administrator and filing, as the registry has them.
pub(super) fn registration(bench: &Bench<'_>, account: &Account, seen_at: DateTime<Utc>) -> NewFinding {
    let there = [account.supervising_unit.is_some(), account.admin.is_some(), account.filing_no.is_some()];
    let [supervising, admin, filing] = there;
    let words = bench.words();
    let (outcome, reason, summary) = if there == [true; 3] {
        (Outcome::Pass, "registered", words.registered())
    } else {
        (Outcome::Fail, "incomplete", words.unregistered(supervising, admin, filing))
    };
    bench.verdict(Indicator::Registration, outcome, reason, summary, seen_at)
}

fn links(bench: &Bench<'_>, seen: &Observed) -> Vec<NewFinding> {
    let mut findings: Vec<NewFinding> =
        seen.links.iter().filter(|look| look.outcome != LinkOutcome::Ok).map(|look| link(bench, look, 1)).collect();
    if findings.is_empty() && !seen.links.is_empty() {
        let summary = bench.words().links_sound(seen.links.len());
        findings.push(bench.verdict(Indicator::Link, Outcome::Pass, "answered", summary, seen.at));
    }
    findings
}

/// The verdict on one look at a link; `looks` counts it and those before it.
pub(super) fn link(bench: &Bench<'_>, look: &LinkLook, looks: u32) -> NewFinding {
    let outcome = match look.outcome {
        LinkOutcome::Ok => Outcome::Pass,
        LinkOutcome::Broken => Outcome::Fail,
        LinkOutcome::Suspected => Outcome::Suspected,
        LinkOutcome::Unverified => Outcome::Unverified,
    };
    let doubtful = outcome == Outcome::Suspected && looks < bench.rules.link.looks;
    NewFinding {
        subject: look.url.clone(),
        evidence: Evidence {
            url: Some(look.final_url.clone().unwrap_or_else(|| look.url.clone())),
            status: look.status,
            chain: chain(&look.chain),
            snippet: (!look.snippet.is_empty()).then(|| look.snippet.clone()),
            sha256: look.sha256.clone(),
            fetched_at: Some(bench.local(look.fetched_at)),
        },
        looks,
        next_look_at: doubtful.then(|| look.fetched_at + TimeDelta::hours(bench.rules.link.hours_between)),
        ..bench.verdict(Indicator::Link, outcome, look.reason.key(), bench.words().link(look), look.fetched_at)
    }
}

/// 有发布无审核: every post of the window against the records handed in; one verdict an account.
///
/// Source: 国办发〔2018〕123号, 分级分类审核、先审后发. 三审中任何两个环节不能同时由一人担任 is a
/// rule of local texts that this set adopts.
pub(super) fn review(bench: &Bench<'_>, account: &Account, seen: &Observed, reviews: &Reviews) -> Option<NewFinding> {
    let words = bench.words();
    if let Err(unread) = &seen.source {
        let summary = words.unjudged(&unread.sentence);
        let finding = bench.verdict(Indicator::Review, Outcome::Unverified, &unread.reason, summary, seen.at);
        return Some(NewFinding { evidence: seen.evidence.clone(), ..finding });
    }
    let posts: Vec<&PostSeen> = seen.posts.iter().filter(|post| post.published_at >= bench.review_since).collect();
    if posts.is_empty() {
        return None;
    }
    if !reviews.unit_takes_part && bench.review_required == ReviewRequired::WhenImported {
        let summary = words.unjudged(&words.never_handed_in());
        return Some(bench.verdict(Indicator::Review, Outcome::Unverified, "never_handed_in", summary, seen.at));
    }
    let faults = review_faults(account, &posts, &reviews.records);
    let finding = if faults.is_empty() {
        bench.verdict(Indicator::Review, Outcome::Pass, "reviewed", words.reviewed(posts.len()), seen.at)
    } else {
        let reason = faults.first().map_or("missing", |fault| fault.1.key());
        let listed: Vec<_> = faults
            .iter()
            .map(|(post, fault)| {
                let at = bench.local(post.published_at.with_timezone(&Utc));
                (post.title.chars().take(60).collect::<String>(), at, *fault)
            })
            .collect();
        let summary = words.review_faults(posts.len(), &listed);
        bench.verdict(Indicator::Review, Outcome::Fail, reason, summary, seen.at)
    };
    Some(NewFinding { evidence: seen.evidence.clone(), ..finding })
}

/// The posts whose review record is not as it should be, with the gravest fault of each.
pub(super) fn review_faults<'p>(
    account: &Account,
    posts: &[&'p PostSeen],
    records: &[ReviewRecord],
) -> Vec<(&'p PostSeen, ReviewFault)> {
    let own = records.iter().filter(|record| record.account_id == account.account_id);
    let (mut by_url, mut by_title) = (HashMap::new(), HashMap::<String, Vec<&ReviewRecord>>::new());
    for record in own {
        if let Some(key) = record.post_url.as_deref().and_then(normalise_url) {
            by_url.insert(key, record);
        }
        if let Some(title) = record.title.as_deref().map(normalise_title).filter(|title| !title.is_empty()) {
            by_title.entry(title).or_default().push(record);
        }
    }
    posts
        .iter()
        .filter_map(|post| {
            let by_url = post.url.as_deref().and_then(normalise_url).and_then(|key| by_url.get(&key));
            if let Some(record) = by_url {
                return Some((*post, review_fault(post, record)?));
            }
            // Why: a column runs under one title week after week; the record that fits is the post's.
            let same_title = by_title.get(&normalise_title(&post.title)).map_or(&[][..], Vec::as_slice);
            let mut faults = same_title.iter().rev().map(|record| review_fault(post, record)).peekable();
            let nearest = faults.peek().copied().unwrap_or(Some(ReviewFault::Missing));
            if faults.any(|fault| fault.is_none()) { None } else { Some((*post, nearest?)) }
        })
        .collect()
}

fn review_fault(post: &PostSeen, record: &ReviewRecord) -> Option<ReviewFault> {
    let stages = [&record.first, &record.second, &record.last];
    let names: Vec<&str> = stages.iter().filter_map(|s| s.reviewer.as_ref()).map(|r| r.reveal().trim()).collect();
    if names.len() < 3 || stages.iter().any(|stage| stage.at.is_none()) {
        return Some(ReviewFault::Incomplete);
    }
    if let [first, second, last] = names.as_slice()
        && (first == second || second == last || first == last)
    {
        return Some(ReviewFault::SamePerson);
    }
    let reviewed = record.last.at?.with_timezone(post.published_at.offset());
    // Why: neither clock is finer than what is shown; the minute, or the day, is the account's.
    let late = if post.day_only {
        reviewed.date_naive() > post.published_at.date_naive()
    } else {
        reviewed.timestamp().div_euclid(60) > post.published_at.timestamp().div_euclid(60)
    };
    late.then_some(ReviewFault::Late)
}
