//! What a recheck (复查) measures: the problem alone, at this moment's monitoring time.
//!
//! Decisions:
//! - Three answers: gone, still there, and that it cannot be said. What would be explained by our own outage, by a
//!   refusal meant for robots or by a bridge that stands still is no answer.
//! - The pages that say "still there", or leave it in doubt, are copied as those of a round are.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};

use super::bridge::Bridges;
use super::canary::Canaries;
use super::judge::{
    app, duplicate, home, identity, judge, reached_since_fix, registration, review, review_faults, silence,
};
use super::known::{RecordsOnce, load};
use super::link::{self, LinkOutcome, LinkReason};
use super::link_site::Sites;
use super::observe::{Aids, Scope as Look, observe};
use super::page_copy;
use super::run::bench;
use super::seen::Observed;
use super::texts_again::still_there;
use super::visits;
use super::wechat_api;
use super::words::Words;
use crate::domain::account::{Account, SourceKind};
use crate::domain::finding::Outcome;
use crate::domain::normal::normalise_url;
use crate::domain::page_copy::PageCopy;
use crate::domain::rule::Indicator;
use crate::fetch::Fetcher;
use crate::office::Office;
use crate::store::{NewFinding, StoreError, StoredIssue};

/// What a recheck saw.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Measured {
    /// `Some(true)`: the problem is gone; `Some(false)`: it is still there; `None`: it cannot be said.
    pub passed: Option<bool>,
    /// One plain sentence.
    pub sentence: String,
}

/// What rechecks that follow one another share.
#[derive(Default)]
pub(super) struct Shared {
    records: RecordsOnce,
    bridges: Bridges,
}

/// What was seen, with the pages that say so.
pub(super) struct Proof {
    pub(super) measured: Measured,
    pub(super) copies: Vec<Arc<PageCopy>>,
}

impl Proof {
    fn of(passed: Option<bool>, sentence: String) -> Self {
        Self { measured: Measured { passed, sentence }, copies: Vec::new() }
    }

    fn unjudged(office: &Office, why: &str) -> Self {
        Self::of(None, Words(office.lang()).unjudged(why))
    }

    /// What a verdict says, with what it rests on; `passed` where it says it in another way.
    async fn judged(seen: &mut Observed, finding: NewFinding, passed: Option<bool>) -> Self {
        let copies = page_copy::behind(seen, std::slice::from_ref(&finding)).await;
        let copies = if passed == Some(true) { Vec::new() } else { copies };
        Self { copies, ..Self::of(passed, finding.summary) }
    }
}

const fn passed(outcome: Outcome) -> Option<bool> {
    match outcome {
        Outcome::Pass => Some(true),
        Outcome::Fail => Some(false),
        Outcome::Suspected | Outcome::Unverified => None,
    }
}

/// Measures an issue again.
pub(super) async fn measure(
    office: &Office,
    fetcher: &Fetcher,
    found: &StoredIssue,
    by_person: bool,
    shared: &mut Shared,
) -> Result<Proof, StoreError> {
    let now = office.now();
    let issue = &found.issue;
    // The window is that of the round the issue rests on now, which need not be the one that found it first.
    let rests_on = office.store.read().await?.latest_finding_of(issue.id, office.zone()).await?;
    let window_from = rests_on.as_ref().map_or(issue.round, |found| found.finding.round).window_from(office.zone());
    let bench = bench(office, now, window_from, true);
    let records = shared.records.read(office, issue.indicator == Indicator::Duplicate).await?;
    let (account, known) = load(office, records, &issue.account_id, issue.indicator == Indicator::Review).await?;
    let reported_at = found.state.rectified_at;
    Ok(match issue.indicator {
        Indicator::Link => {
            let (words, in_menu) = (Words(office.lang()), issue.evidence.in_menu);
            if in_menu && is_gone_from_menu(office, fetcher, &account, &issue.subject).await {
                return Ok(Proof::of(Some(true), words.gone_from_menu(&issue.subject)));
            }
            let look = link::verify_at(fetcher, &Sites::default(), &issue.subject, now).await;
            let confirmed = rests_on.as_ref().filter(|_| by_person).map(|found| &*found.finding.reason);
            let repaired = link_passed(look.outcome, look.reason, confirmed);
            let stands = matches!(look.outcome, LinkOutcome::Broken | LinkOutcome::Suspected);
            let copies = look.copy.clone().filter(|_| stands).into_iter().collect();
            let said = words.link(&look, in_menu);
            // Who takes a link out of a post has mended it as well; that none shows it is no proof of that.
            let is_linked = async || in_menu || is_linked(office, fetcher, &account, &issue.subject, window_from).await;
            if repaired == Some(false) && !is_linked().await {
                let said = words.one_after_another([said, words.not_linked_any_more()].into_iter());
                return Ok(Proof { copies, ..Proof::of(None, said) });
            }
            Proof { copies, ..Proof::of(repaired, said) }
        }
        Indicator::Registration => {
            let finding = registration(&bench, &account, &known, now);
            Proof::of(passed(finding.outcome), finding.summary)
        }
        Indicator::Stale | Indicator::Zombie => {
            let mut seen = look(office, fetcher, &account, now, window_from).await;
            let mut finding = silence(&bench, &account, &seen);
            if finding.outcome == Outcome::Fail {
                // No rectification is rejected by a source that may be blind.
                let canaries = Canaries::look_for(office, fetcher, account.platform).await;
                seen.canary = canaries.silent_on(account.platform).map(str::to_owned);
                finding = silence(&bench, &account, &seen);
            }
            let still = match finding.outcome {
                Outcome::Fail => shared.bridges.stands_still(office, fetcher, &account, reported_at, now).await?,
                _ => None,
            };
            if let Some(why) = still {
                Proof::unjudged(office, &why)
            } else {
                let said = passed(finding.outcome);
                Proof::judged(&mut seen, finding, said).await
            }
        }
        Indicator::AppUnavailable if account.source == Some(SourceKind::App) => {
            let mut seen = look(office, fetcher, &account, now, window_from).await;
            match app(&bench, &account, &seen, 1) {
                // A store that still has no such app has it no more than when a person confirmed that.
                Some(found) => {
                    let gone = by_person && found.outcome == Outcome::Suspected;
                    let said = if gone { Some(false) } else { passed(found.outcome) };
                    Proof::judged(&mut seen, found, said).await
                }
                None => Proof::of(None, Words(office.lang()).for_a_person()),
            }
        }
        Indicator::Review => {
            let mut seen = look(office, fetcher, &account, now, window_from).await;
            // Posts that came after the finding are the next round's business.
            seen.posts.retain(|post| post.published_at <= issue.as_of.utc());
            let posts: Vec<_> = seen.posts.iter().filter(|post| post.published_at >= bench.review_since).collect();
            let faults = review_faults(&bench, &account, &posts, &known.reviews.records).faults;
            // Why: lateness cannot be undone; a complete record handed in afterwards is what can be rectified.
            let open = faults.iter().any(|(_, fault)| fault.can_be_mended());
            let finding = review(&bench, &account, &seen, &known.reviews);
            match finding {
                Some(finding) if finding.outcome == Outcome::Unverified => Proof::of(None, finding.summary),
                Some(finding) => Proof::judged(&mut seen, finding, Some(!open)).await,
                // What is no longer listed cannot be compared.
                None => Proof::unjudged(office, &Words(office.lang()).only_later_posts()),
            }
        }
        Indicator::Duplicate => match duplicate(&bench, &account, &known, now) {
            Some(finding) => Proof::of(passed(finding.outcome), finding.summary),
            None => Proof::of(Some(true), Words(office.lang()).registered_closed()),
        },
        Indicator::Identity => {
            let mut seen = look(office, fetcher, &account, now, window_from).await;
            let finding = identity(&bench, &account, &seen);
            // The registry alone does not show that the platform's page was put right.
            if let Err(unread) = &seen.source {
                Proof::unjudged(office, &unread.sentence)
            } else if let Some(finding) = finding {
                let said = passed(finding.outcome);
                Proof::judged(&mut seen, finding, said).await
            } else {
                for_a_person(office)
            }
        }
        // A person confirmed it and a person closes it; here it is seen whether it still stands there.
        Indicator::Expression | Indicator::Privacy => {
            let seen = look(office, fetcher, &account, now, window_from).await;
            let words = super::text_words::TextWords(office.lang());
            let again = still_there(office, fetcher, &account, issue, &seen).await;
            let still = match &again {
                Some(again) if again.is_in_source => {
                    shared.bridges.stands_still(office, fetcher, &account, reported_at, now).await?
                }
                _ => None,
            };
            match (again, still) {
                (_, Some(why)) => Proof::unjudged(office, &why),
                (Some(again), None) => {
                    let copies = again.copy.map(Arc::new).into_iter().collect();
                    Proof { copies, ..Proof::of(Some(!again.there), words.again(again.there)) }
                }
                (None, None) => Proof::unjudged(office, &words.not_readable()),
            }
        }
        Indicator::HomeStale => {
            let mut seen = look(office, fetcher, &account, now, window_from).await;
            let finding = home(&bench, &seen);
            let said = passed(finding.outcome);
            Proof::judged(&mut seen, finding, said).await
        }
        Indicator::SiteUnreachable => {
            // Without a report of rectification the last day speaks.
            let since = found.state.rectified_at.unwrap_or(now - TimeDelta::days(1));
            let visits = visits::seen_before(office, &issue.account_id, now, Some(since)).await?;
            let sums = visits.and_then(|visits| visits.since_fix).unwrap_or_default();
            let (said, sentence) = reached_since_fix(&bench, sums);
            Proof::of(said, sentence)
        }
        Indicator::ColumnsStale | Indicator::Footer | Indicator::Ipv6 | Indicator::Tls => {
            let scope = Look { as_of: now, window_from, links: false, site: true };
            let mut seen = observe(office, fetcher, &Aids::for_one(office), &account, scope).await;
            let found = judge(&bench, &account, &seen, &known).into_iter().find(|f| f.indicator == issue.indicator);
            match found {
                Some(finding) => {
                    let said = passed(finding.outcome);
                    Proof::judged(&mut seen, finding, said).await
                }
                None => for_a_person(office),
            }
        }
        // What only a person can judge, a person looks at again.
        _ => for_a_person(office),
    })
}

/// Whether a link was repaired; `confirmed` is why a person judged it broken, where one did.
fn link_passed(outcome: LinkOutcome, reason: LinkReason, confirmed: Option<&str>) -> Option<bool> {
    match outcome {
        LinkOutcome::Ok => Some(true),
        LinkOutcome::Broken => Some(false),
        // What a person confirmed and still answers in the very same way has not been repaired.
        LinkOutcome::Suspected if reason.is_of_the_page() && confirmed == Some(reason.key()) => Some(false),
        // Silence may be our own, a refusal may be meant for robots; and a doubt rejects nobody's rectification.
        LinkOutcome::Suspected | LinkOutcome::Unverified => None,
    }
}

/// Whether the account's menu can be read and has the address no more: who changed a button has mended its link.
async fn is_gone_from_menu(office: &Office, fetcher: &Fetcher, account: &Account, url: &str) -> bool {
    let key = |url: &str| normalise_url(url).unwrap_or_else(|| url.to_owned());
    let menu = wechat_api::menu_now(office, fetcher, account).await;
    menu.is_some_and(|menu| !menu.links.iter().any(|link| key(link) == key(url)))
}

/// Whether the registry or a post of the account still has the address, as far as one look shows.
async fn is_linked(
    office: &Office,
    fetcher: &Fetcher,
    account: &Account,
    url: &str,
    window_from: DateTime<Utc>,
) -> bool {
    let key = |url: &str| normalise_url(url).unwrap_or_else(|| url.to_owned());
    let is_it = |link: &str| key(link) == key(url);
    if account.service_links.iter().any(|link| is_it(link)) {
        return true;
    }
    let scope = Look { as_of: office.now(), window_from, links: true, site: false };
    let seen = observe(office, fetcher, &Aids::for_one(office), account, scope).await;
    seen.links.iter().any(|look| is_it(&look.url))
}

fn for_a_person(office: &Office) -> Proof {
    Proof::unjudged(office, &Words(office.lang()).for_a_person())
}

async fn look(
    office: &Office,
    fetcher: &Fetcher,
    account: &Account,
    as_of: DateTime<Utc>,
    window_from: DateTime<Utc>,
) -> Observed {
    let scope = Look { as_of, window_from, links: false, site: false };
    observe(office, fetcher, &Aids::for_one(office), account, scope).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_is_rejected_for_what_was_confirmed_and_no_robot_s_refusal_is_that() {
        use LinkOutcome::{Broken, Ok, Suspected, Unverified};
        let soft = Some("soft_not_found");
        for (outcome, reason, confirmed, wanted) in [
            (Ok, LinkReason::Answered, soft, Some(true)),
            (Broken, LinkReason::NotFound, None, Some(false)),
            (Suspected, LinkReason::SoftNotFound, soft, Some(false)),
            (Suspected, LinkReason::SoftNotFound, None, None),
            (Suspected, LinkReason::ServerError, soft, None),
            (Suspected, LinkReason::AccessDenied, soft, None),
            (Suspected, LinkReason::AccessDenied, Some("access_denied"), None),
            (Suspected, LinkReason::PreconditionFailed, Some("precondition_failed"), None),
            (Suspected, LinkReason::Timeout, Some("timeout"), None),
            (Unverified, LinkReason::RateLimited, Some("rate_limited"), None),
            (Unverified, LinkReason::Captcha, soft, None),
        ] {
            assert_eq!(link_passed(outcome, reason, confirmed), wanted, "{reason:?} after {confirmed:?}");
        }
    }
}
