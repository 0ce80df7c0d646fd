//! `review`: posts against the review records handed in.

use std::collections::HashMap;

use chrono::Utc;

use super::Bench;
use crate::checks::seen::{Observed, PostSeen};
use crate::config::ReviewRequired;
use crate::domain::account::Account;
use crate::domain::finding::Outcome;
use crate::domain::keyed::keyed_enum;
use crate::domain::normal::{normalise_title, normalise_url};
use crate::domain::review::ReviewRecord;
use crate::domain::rule::Indicator;
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

/// What a unit handed in for an account.
#[derive(Debug, Clone, Default)]
pub struct Reviews {
    /// The account's records.
    pub records: Vec<ReviewRecord>,
    /// The unit handed in a record for any of its accounts, ever.
    pub unit_takes_part: bool,
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
pub(in crate::checks) fn review_faults<'p>(
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
