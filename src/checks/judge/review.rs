//! `review`: posts against the review records handed in.
//!
//! - A record vouches for one post: first by URL, then, among those left, by title. A
//!   column runs under one title week after week, and last week's record says nothing of this week's.
//!   A title that its source cut short is matched by what is left of it, after all whole ones.
//! - Every doubt of a clock is the unit's: times are compared by the minute, by the day where a
//!   file or a source gives the day alone.
//! - A sign-off line (文末署名) stands in for a record that was not handed in, where the office
//!   switched it on; its time cannot be compared.

use std::collections::{BTreeSet, HashMap, HashSet};

use chrono::{DateTime, NaiveTime, Utc};
use chrono_tz::Tz;

use super::Bench;
use crate::checks::seen::{Observed, PostSeen, SignOff};
use crate::config::ReviewRequired;
use crate::domain::account::{Account, Platform};
use crate::domain::finding::Outcome;
use crate::domain::keyed::keyed_enum;
use crate::domain::naming::{may_be_anybody, people};
use crate::domain::normal::{cut_title, match_title, match_url};
use crate::domain::privacy::mask;
use crate::domain::review::ReviewRecord;
use crate::domain::rule::Indicator;
use crate::store::NewFinding;

keyed_enum! {
    /// What is wrong with the review of one post, the gravest first.
    ReviewFault {
        Missing = "missing", "无审核记录", "no review record";
        Incomplete = "incomplete", "三审不全", "a review stage is missing";
        SamePerson = "same_person", "同一人担任两个环节", "one person in two stages";
        Late = "late", "发布后才终审", "final review after publication";
        Disordered = "disordered", "后一环节早于前一环节", "a stage was reviewed before an earlier one";
    }
}

impl ReviewFault {
    /// Whether a unit can still set it right: what was done too late, or in the wrong order, cannot
    /// be undone, and nobody is to be tempted to write another time into a record.
    #[must_use]
    pub const fn can_be_mended(self) -> bool {
        !matches!(self, Self::Late | Self::Disordered)
    }
}

/// What a unit handed in for an account.
#[derive(Debug, Clone, Default)]
pub struct Reviews {
    /// The account's records.
    pub records: Vec<ReviewRecord>,
    /// The unit handed in a record for any of its accounts, ever.
    pub unit_takes_part: bool,
}

/// What the posts of a window came to.
#[derive(Debug, Default, PartialEq)]
pub(in crate::checks) struct Compared<'p> {
    /// The posts whose review is not as it should be, with the gravest fault of each.
    pub(in crate::checks) faults: Vec<(&'p PostSeen, ReviewFault)>,
    /// Posts that a sign-off line alone vouches for.
    pub(in crate::checks) by_sign_off: usize,
}

/// 有发布无审核: every post of the window against the records handed in; one verdict an account.
///
/// Source: 国办发〔2018〕123号, 分级分类审核、先审后发. 三审中任何两个环节不能同时由一人担任 is a
/// rule of local texts that this set adopts.
pub(in crate::checks) fn review(
    bench: &Bench<'_>,
    account: &Account,
    seen: &Observed,
    reviews: &Reviews,
) -> Option<NewFinding> {
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
    let Compared { mut faults, by_sign_off } = review_faults(bench, account, &posts, &reviews.records);
    if !reviews.unit_takes_part && bench.review_required == ReviewRequired::WhenImported {
        // What a sign-off says against its own article stands; what was never asked for is no fault.
        let unknown = faults.iter().any(|(_, fault)| *fault == ReviewFault::Missing);
        faults.retain(|(_, fault)| *fault != ReviewFault::Missing);
        if unknown && faults.is_empty() {
            let summary = words.unjudged(&words.never_handed_in());
            return Some(bench.verdict(Indicator::Review, Outcome::Unverified, "never_handed_in", summary, seen.at));
        }
    }
    let left_out = words.posts_left_out(seen.left_out.posts);
    let finding = if faults.is_empty() {
        let reason = if by_sign_off > 0 { "signed_off" } else { "reviewed" };
        let summary = words.reviewed(posts.len(), by_sign_off) + &left_out;
        bench.verdict(Indicator::Review, Outcome::Pass, reason, summary, seen.at)
    } else {
        let reason = faults.first().map_or("missing", |fault| fault.1.key());
        let listed: Vec<_> = faults
            .iter()
            .map(|(post, fault)| {
                let at = bench.local(post.published_at.with_timezone(&Utc));
                (post.title.chars().take(60).collect::<String>(), at, *fault)
            })
            .collect();
        let summary = words.review_faults(posts.len(), &listed) + &left_out;
        bench.verdict(Indicator::Review, Outcome::Fail, reason, summary, seen.at)
    };
    Some(NewFinding { evidence: seen.evidence.clone(), ..finding })
}

/// Compares posts, oldest first, with the records of the account.
pub(in crate::checks) fn review_faults<'p>(
    bench: &Bench<'_>,
    account: &Account,
    posts: &[&'p PostSeen],
    records: &[ReviewRecord],
) -> Compared<'p> {
    let own: Vec<&ReviewRecord> = records.iter().filter(|record| record.account_id == account.account_id).collect();
    let (mut by_url, mut by_title) = (HashMap::<String, Vec<usize>>::new(), HashMap::<String, Vec<usize>>::new());
    for (n, record) in own.iter().enumerate() {
        if let Some(key) = record.post_url.as_deref().and_then(match_url) {
            by_url.entry(key).or_default().push(n);
        }
        // Why: a post's title is kept masked, so a record's is compared masked.
        let title = record.title.as_deref().map(|title| match_title(&mask(title)));
        if let Some(title) = title.filter(|title| !title.is_empty()) {
            by_title.entry(title).or_default().push(n);
        }
    }
    let named: Vec<Option<usize>> = posts
        .iter()
        .map(|post| {
            let url = post.url.as_deref().filter(|_| !by_url.is_empty())?;
            // One address may be handed in under two forms.
            let (n, _) = choose(bench.zone, post, by_url.get(&match_url(url)?)?, &own, &HashSet::new())?;
            Some(n)
        })
        .collect();
    let mut spent: HashSet<usize> = named.iter().flatten().copied().collect();
    // A post that a source lists twice is one post.
    let key = |post: &PostSeen| (match_title(&post.title), minute(post.published_at.with_timezone(&Utc)));
    // Why none: most accounts hand nothing in, and a title takes longer to read than the rest.
    let keys: Vec<_> = posts.iter().filter(|_| !own.is_empty()).map(|post| key(post)).collect();
    let mut told = HashMap::<(String, i64), Option<ReviewFault>>::new();
    // What fits goes first, so that no record is spent on a post it comes too late for.
    let mut passes = vec![(Fit::Whole, true), (Fit::Whole, false), (Fit::Cut, true), (Fit::Cut, false)];
    if has_no_titles(account.platform) {
        passes.extend([(Fit::Begun, true), (Fit::Begun, false)]);
    }
    for (fit, sound_only) in passes {
        for ((post, _), key) in posts.iter().zip(&named).zip(&keys).filter(|((_, named), _)| named.is_none()) {
            if told.contains_key(key) {
                continue;
            }
            let those = |fits: &dyn Fn(&str) -> bool| {
                by_title.iter().filter(|(title, _)| fits(title)).flat_map(|(_, n)| n).copied().collect()
            };
            let same_title: Vec<usize> = match fit {
                Fit::Whole => by_title.get(&key.0).cloned().unwrap_or_default(),
                Fit::Cut => {
                    let Some(beginning) = cut_title(&post.title) else { continue };
                    those(&|title| title.starts_with(&beginning))
                }
                Fit::Begun => those(&|title| title.chars().count() >= FEWEST_BEGUN && key.0.starts_with(title)),
            };
            if let Some((n, fault)) = choose(bench.zone, post, &same_title, &own, &spent)
                && (fault.is_none() || !sound_only)
            {
                spent.insert(n);
                told.insert(key.clone(), fault);
            }
        }
    }
    let mut compared = Compared::default();
    for (at, (post, named)) in posts.iter().zip(named).enumerate() {
        let told = keys.get(at).and_then(|key| told.get(key));
        let fault = match (named.and_then(|n| own.get(n)), told, post.sign_off) {
            (Some(record), ..) => review_fault(bench.zone, post, record),
            (None, Some(fault), _) => *fault,
            (None, None, Some(sign_off)) if bench.sign_off => {
                let fault = sign_off_fault(sign_off);
                compared.by_sign_off += usize::from(fault.is_none());
                fault
            }
            (None, None, _) => Some(ReviewFault::Missing),
        };
        compared.faults.extend(fault.map(|fault| (*post, fault)));
    }
    compared
}

/// How the titles of a post and of a record fit.
#[derive(Clone, Copy)]
enum Fit {
    /// They are the same.
    Whole,
    /// The source cut that of the post short.
    Cut,
    /// The post has none but its first words, with which that of the record begins and ends.
    Begun,
}

/// A post begins with a title of so many characters by no chance.
const FEWEST_BEGUN: usize = 4;

/// Where posts have no title: whoever hands a record in makes one of their first words.
const fn has_no_titles(platform: Platform) -> bool {
    matches!(platform, Platform::Weibo | Platform::Douyin | Platform::Kuaishou | Platform::Channels)
}

/// Of the records left under a post's title the one without a fault that was finished last, else
/// the one nearest in time.
fn choose(
    zone: Tz,
    post: &PostSeen,
    same_title: &[usize],
    own: &[&ReviewRecord],
    spent: &HashSet<usize>,
) -> Option<(usize, Option<ReviewFault>)> {
    let left = same_title.iter().filter(|n| !spent.contains(n)).filter_map(|n| Some((*n, *own.get(*n)?)));
    let published = post.published_at.with_timezone(&Utc);
    left.map(|(n, record)| {
        let apart = record.last.at.map_or(i64::MAX, |at| (published - at).num_seconds().abs());
        (n, review_fault(zone, post, record), apart)
    })
    .min_by_key(|(n, fault, apart)| (fault.is_some(), *apart, *n))
    .map(|(n, fault, _)| (n, fault))
}

fn sign_off_fault(sign_off: SignOff) -> Option<ReviewFault> {
    if sign_off.stages < 3 {
        Some(ReviewFault::Incomplete)
    } else {
        sign_off.one_person_twice.then_some(ReviewFault::SamePerson)
    }
}

fn review_fault(zone: Tz, post: &PostSeen, record: &ReviewRecord) -> Option<ReviewFault> {
    let stages = [&record.first, &record.second, &record.last];
    let names: Vec<_> = stages
        .iter()
        .filter_map(|stage| stage.reviewer.as_ref())
        .map(|reviewer| people(reviewer.reveal()))
        .filter(|people| !people.is_empty())
        .collect();
    let times: Vec<DateTime<Utc>> = stages.iter().filter_map(|stage| stage.at).collect();
    let ([first, second, last], [first_at, second_at, last_at]) = (names.as_slice(), times.as_slice()) else {
        return Some(ReviewFault::Incomplete);
    };
    // 任何两个环节不能同时由一人担任: several may stand in a stage, and none of them in another. An office that stands
    // in two may have sent two people.
    let share = |one: &BTreeSet<String>, other| one.intersection(other).any(|name| !may_be_anybody(name));
    if share(first, second) || share(second, last) || share(first, last) {
        return Some(ReviewFault::SamePerson);
    }
    // Why: neither clock is finer than what is shown; the minute, or the day, is the account's.
    // A day may be written in another zone: the office's midnight in UTC is the day before.
    let late = if post.day_only {
        let published = post.published_at.date_naive().max(post.published_at.with_timezone(&zone).date_naive());
        last_at.with_timezone(&zone).date_naive() > published
    } else {
        minute(*last_at) > minute(post.published_at.with_timezone(&Utc))
    };
    if late {
        return Some(ReviewFault::Late);
    }
    (is_after(zone, *first_at, *second_at) || is_after(zone, *second_at, *last_at)).then_some(ReviewFault::Disordered)
}

fn minute(at: DateTime<Utc>) -> i64 {
    at.timestamp().div_euclid(60)
}

/// Whether `one` certainly lies after `other`; a file that names a day alone yields its first minute.
fn is_after(zone: Tz, one: DateTime<Utc>, other: DateTime<Utc>) -> bool {
    let (one_here, other_here) = (one.with_timezone(&zone), other.with_timezone(&zone));
    if one_here.time() == NaiveTime::MIN || other_here.time() == NaiveTime::MIN {
        one_here.date_naive() > other_here.date_naive()
    } else {
        minute(one) > minute(other)
    }
}

#[cfg(test)]
#[path = "review_tests.rs"]
mod tests;
