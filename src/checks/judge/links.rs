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
    let in_menu = |url: &String| matches!(&seen.menu, Some(Ok(menu)) if menu.links.contains(url));
    let in_trouble = seen.links.iter().filter(|look| look.outcome != LinkOutcome::Ok);
    let mut findings: Vec<NewFinding> = in_trouble.map(|look| link(bench, look, 1, in_menu(&look.url))).collect();
    findings.extend(all(bench, seen, findings.is_empty()));
    findings
}

fn masked(text: &str) -> String {
    mask(text).into_owned()
}

/// The verdict on the links as a whole: sound, or part of them was not to be seen. What a menu holds and
/// cannot be opened here convicts nobody, and passes nobody where it is all there is.
fn all(bench: &Bench<'_>, seen: &Observed, sound: bool) -> Option<NewFinding> {
    let words = bench.words();
    let looked_at = (sound && !seen.links.is_empty())
        .then(|| words.links_sound(seen.links.len()) + &words.links_left_out(seen.left_out.links));
    let verdict = |outcome, reason: &str, summary| bench.verdict(Indicator::Link, outcome, reason, summary, seen.at);
    let (unseen, is_closed) = match &seen.menu {
        Some(Err(unread)) => {
            let why = [Some(words.unjudged(&words.menu_unread(&unread.sentence))), looked_at];
            let summary = words.one_after_another(why.into_iter().flatten());
            return Some(verdict(Outcome::Unverified, &unread.reason, summary));
        }
        Some(Ok(menu)) => (words.menu_unseen(menu.miniprograms, menu.others), !menu.is_open),
        None => (None, false),
    };
    let closed = is_closed.then(|| words.menu_closed());
    match (looked_at, unseen) {
        (Some(sound), unseen) => {
            let summary = words.one_after_another([Some(sound), unseen, closed].into_iter().flatten());
            Some(verdict(Outcome::Pass, "answered", summary))
        }
        (None, Some(unseen)) if seen.links.is_empty() => {
            Some(verdict(Outcome::Unverified, "menu_by_hand", words.unjudged(&unseen)))
        }
        (None, _) => None,
    }
}

/// The verdict on one look at a link; `looks` counts it and those before it.
pub(in crate::checks) fn link(bench: &Bench<'_>, look: &LinkLook, looks: u32, in_menu: bool) -> NewFinding {
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
            in_menu,
            ..Evidence::default()
        },
        looks,
        next_look_at: doubtful.then(|| look.fetched_at + TimeDelta::hours(bench.rules.link.hours_between)),
        ..bench.verdict(Indicator::Link, outcome, look.reason.key(), bench.words().link(look, in_menu), look.fetched_at)
    }
}
