//! `link`: what the looks at an account's links amount to.

use chrono::TimeDelta;

use super::Bench;
use crate::checks::link::{LinkLook, LinkOutcome};
use crate::checks::seen::{Observed, chain};
use crate::domain::finding::{Evidence, Outcome};
use crate::domain::privacy::mask;
use crate::domain::rule::Indicator;
use crate::store::NewFinding;

pub(super) fn links(bench: &Bench<'_>, seen: &Observed) -> Vec<NewFinding> {
    let mut findings: Vec<NewFinding> =
        seen.links.iter().filter(|look| look.outcome != LinkOutcome::Ok).map(|look| link(bench, look, 1)).collect();
    if findings.is_empty() && !seen.links.is_empty() {
        let summary = bench.words().links_sound(seen.links.len()) + &bench.words().links_left_out(seen.left_out.links);
        findings.push(bench.verdict(Indicator::Link, Outcome::Pass, "answered", summary, seen.at));
    }
    findings
}

fn masked(text: &str) -> String {
    mask(text).into_owned()
}

/// The verdict on one look at a link; `looks` counts it and those before it.
pub(in crate::checks) fn link(bench: &Bench<'_>, look: &LinkLook, looks: u32) -> NewFinding {
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
            // Why masked: it is the subject that is asked again.
            url: Some(masked(look.final_url.as_ref().unwrap_or(&look.url))),
            status: look.status,
            chain: chain(&look.chain),
            snippet: (!look.snippet.is_empty()).then(|| masked(&look.snippet)),
            sha256: look.sha256.clone(),
            fetched_at: Some(bench.local(look.fetched_at)),
            ..Evidence::default()
        },
        looks,
        next_look_at: doubtful.then(|| look.fetched_at + TimeDelta::hours(bench.rules.link.hours_between)),
        ..bench.verdict(Indicator::Link, outcome, look.reason.key(), bench.words().link(look), look.fetched_at)
    }
}
