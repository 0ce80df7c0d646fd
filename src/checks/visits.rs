//! Visits to websites (网站访问监测): the scheduler's round of calls, and what they add up to.
//!
//! The rule asks for 20 visits a day over a week and takes a site as failed that is not there
//! whole within 15 seconds. A visit never charges a site with our own outage: while control
//! addresses fail, or most sites of one turn fail alike, the visits that failed are kept but
//! do not count. Nor does a firewall that turns the robot away, or a bad certificate, which is
//! another indicator's business.
//!
//! What a citizen's browser shows is the measure. An answer that breaks off or that our client cannot
//! read may be shown by a browser, whole or in part, or not at all, and a proxy between may have
//! garbled it: such a visit is neither opened nor failed, and where the verdict hangs on it there is none.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::site_seen::{FailedVisit, VisitedDay, VisitsSeen};
use crate::domain::account::AccountId;
use crate::domain::site::{SiteRule, VisitOutcome, visited_at};
use crate::fetch::{Ask, Connectivity, Failure, FailureKind, Fetcher, FetcherError, Page, Settings};
use crate::office::Office;
use crate::sources::blocked;
use crate::store::{SiteToVisit, StoreError, Visit};

/// What one turn of visits came to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Visited {
    /// Websites visited.
    pub sites: usize,
    /// Those that opened in time.
    pub opened: usize,
    /// Those that failed.
    pub failed: usize,
    /// Those that cannot be told apart.
    pub unclear: usize,
    /// Visits that do not count.
    pub not_counted: usize,
}

/// Why visits could not be made.
#[derive(Debug, thiserror::Error)]
pub enum VisitError {
    /// No client could be built.
    #[error(transparent)]
    Fetcher(#[from] FetcherError),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// From so many sites on the turn itself shows an outage, though a control address answers.
const GUARD_FROM: usize = 10;
/// Failures kept as evidence.
const FAILURES_KEPT: usize = 50;

/// Pages up to so many bytes are read where they arrive.
const READ_AT_ONCE: usize = 64 * 1024;

/// One visit before it is known whether it counts.
struct Call {
    url: String,
    outcome: VisitOutcome,
    reason: &'static str,
    status: Option<u16>,
    elapsed: Duration,
    /// Our own outage would explain it.
    maybe_ours: bool,
    /// Loopback that the settings let us fetch: our outage explains nothing there.
    exempt: bool,
}

/// Who visits: a client with the rule's patience, whatever that of other looks is.
#[derive(Clone)]
pub struct Visitor(Fetcher);

impl Visitor {
    /// A visitor with the settings of `fetcher`.
    pub fn new(office: &Office, fetcher: &Fetcher) -> Result<Self, VisitError> {
        let patience = Duration::from_secs(office.rules.site.slow_seconds);
        let settings = fetcher.settings().clone();
        Ok(Self(Fetcher::new(Settings { timeout: patience, connect_timeout: patience, retries: 0, ..settings })?))
    }
}

/// Visits every registered website once, and forgets visits that are too old.
pub async fn visit_all(office: &Office, visitor: &Visitor) -> Result<Visited, VisitError> {
    let Visitor(fetcher) = visitor;
    let now = office.now();
    let rule = &office.rules.site;
    let sites = office.store.read().await?.sites_to_visit().await?;
    let mut by_url = BTreeMap::<String, Vec<SiteToVisit>>::new();
    for site in sites {
        by_url.entry(site.url.clone()).or_default().push(site);
    }
    let mut calls = call_all(fetcher, rule, by_url.keys()).await;
    let failed_ours = calls.iter().any(|call| call.maybe_ours);
    let online = if failed_ours { fetcher.online().await } else { Connectivity::Untested };
    excuse(&mut calls, online);
    let mut came = Visited::default();
    let mut tx = office.store.write_rows().await?;
    for call in calls {
        for site in by_url.remove(&call.url).unwrap_or_default() {
            came.sites += 1;
            match call.outcome {
                VisitOutcome::Opened => came.opened += 1,
                VisitOutcome::Failed => came.failed += 1,
                VisitOutcome::Unclear => came.unclear += 1,
                VisitOutcome::NotCounted => came.not_counted += 1,
            }
            tx.insert_visit(&Visit {
                account_id: site.account_id,
                at: now,
                url: call.url.clone(),
                outcome: call.outcome,
                reason: call.reason.to_owned(),
                status: call.status,
                elapsed_ms: u64::try_from(call.elapsed.as_millis()).unwrap_or(u64::MAX),
            })
            .await?;
        }
    }
    tx.prune_visits(now - TimeDelta::days(rule.keep_days)).await?;
    tx.commit().await?;
    Ok(came)
}

async fn call_all(fetcher: &Fetcher, rule: &SiteRule, urls: impl Iterator<Item = &String>) -> Vec<Call> {
    let slow = Duration::from_secs(rule.slow_seconds);
    let gate = Arc::new(Semaphore::new(fetcher.settings().concurrency.max(1)));
    let mut running = JoinSet::new();
    for url in urls {
        let (visitor, gate, url) = (fetcher.for_run(), Arc::clone(&gate), url.clone());
        running.spawn(async move {
            let _permit = gate.acquire().await;
            let max_body = visitor.settings().max_body;
            let answer = visitor.get_with(&url, Ask { fresh: true, ..Ask::once(max_body) }).await;
            let exempt = visitor.is_exempt_loopback(&url);
            let call = match answer {
                // Why: pages may be megabytes; reading one here would hold up every other visit, and be
                // taken for the slowness of their sites.
                Ok(page) if page.body.len() > READ_AT_ONCE => {
                    let read = tokio::task::spawn_blocking(move || classify(url, Ok(page), slow, exempt)).await;
                    read.ok()?
                }
                answer => classify(url, answer, slow, exempt),
            };
            Some(through_proxy(call, visitor.settings().proxy.is_some()))
        });
    }
    running.join_all().await.into_iter().flatten().collect()
}

fn classify(url: String, answer: Result<Page, Failure>, slow: Duration, exempt: bool) -> Call {
    use VisitOutcome as O;
    let call =
        |outcome, reason, status, elapsed| Call { url, outcome, reason, status, elapsed, maybe_ours: false, exempt };
    match answer {
        Ok(page) => {
            let (status, elapsed) = (Some(page.status), page.elapsed);
            if let Some(block) = blocked::recognise(page.status, &page.text()) {
                return call(O::NotCounted, block.key(), status, elapsed);
            }
            match page.status {
                500.. => call(O::Failed, "http_5xx", status, elapsed),
                404 | 410 => call(O::Failed, "http_404", status, elapsed),
                400.. => call(O::NotCounted, "http_4xx", status, elapsed),
                300.. | ..200 => call(O::NotCounted, "odd_status", status, elapsed),
                _ if elapsed >= slow => call(O::Failed, "slow", status, elapsed),
                _ => call(O::Opened, "opened", status, elapsed),
            }
        }
        Err(failure) => {
            use FailureKind as F;
            let elapsed = failure.elapsed;
            let outcome = match failure.kind {
                // A certificate fault is `tls`'s; what we did not ask, or had no connection left for, says nothing.
                // Why circles too: a site that leads a robot without scripts around often opens in a browser.
                F::Tls
                | F::BadUrl
                | F::IntoApp
                | F::Forbidden
                | F::HostResting
                | F::OurLimit
                | F::RedirectLoop
                | F::TooManyRedirects => O::NotCounted,
                // Why no failure: browsers show a page whose end is missing, and forgive more than our client does.
                F::Protocol | F::CutShort => O::Unclear,
                F::Dns | F::DnsTemporary | F::Refused | F::Unreachable | F::Reset | F::Timeout => O::Failed,
            };
            let maybe_ours = outcome != O::NotCounted && failure.kind.may_be_ours();
            Call { maybe_ours, ..call(outcome, failure.kind.key(), None, elapsed) }
        }
    }
}

/// Behind a proxy, "no answer from there" may be the proxy's own word.
fn through_proxy(call: Call, proxied: bool) -> Call {
    let maybe_ours = call.maybe_ours || (proxied && matches!(call.status, Some(502..=504)));
    Call { maybe_ours, ..call }
}

/// Takes out of the count what our own outage explains.
///
/// Certain while the control addresses fail. Without any, when over half of the hosts of the turn
/// failed alike, be it the only one; with them, when that many of ten or more did.
fn excuse(calls: &mut [Call], online: Connectivity) {
    let alike = {
        let asked = calls.iter().filter(|call| !call.exempt).count();
        let mut by_reason = HashMap::<&str, usize>::new();
        for call in calls.iter().filter(|call| call.maybe_ours && !call.exempt) {
            *by_reason.entry(call.reason).or_default() += 1;
        }
        let most = by_reason.into_values().max().unwrap_or(0);
        most * 2 > asked && (online == Connectivity::Untested || asked >= GUARD_FROM)
    };
    for call in calls.iter_mut().filter(|call| call.maybe_ours) {
        if online == Connectivity::Offline || (alike && !call.exempt) {
            (call.outcome, call.reason) = (VisitOutcome::NotCounted, "our_outage");
        }
    }
}

/// The visits to the address now registered before `as_of` that the rule looks at; `None` where
/// there was none at all.
pub(super) async fn seen_before(
    office: &Office,
    account: &AccountId,
    as_of: DateTime<Utc>,
    fixed_at: Option<DateTime<Utc>>,
) -> Result<Option<VisitsSeen>, StoreError> {
    let days = office.rules.site.days;
    let from = as_of - TimeDelta::days(days as i64);
    let mut tx = office.store.read().await?;
    let url = tx
        .account(account)
        .await?
        .and_then(|known| visited_at(known.platform, known.source?, known.source_url.as_deref()?));
    let Some(url) = url else { return Ok(None) };
    let visits = tx.visits_between(account, &url, from, as_of).await?;
    Ok((!visits.is_empty()).then(|| add_up(&visits, as_of, days, fixed_at)))
}

fn add_up(visits: &[Visit], as_of: DateTime<Utc>, days: usize, fixed_at: Option<DateTime<Utc>>) -> VisitsSeen {
    let mut seen = VisitsSeen {
        days: vec![VisitedDay::default(); days],
        failures: Vec::new(),
        since_fix: fixed_at.map(|_| VisitedDay::default()),
    };
    for visit in visits {
        let ago = usize::try_from((as_of - visit.at).num_days()).unwrap_or_default();
        let since_fix = fixed_at.is_some_and(|at| visit.at > at);
        for day in seen.days.get_mut(ago).into_iter().chain(seen.since_fix.as_mut().filter(|_| since_fix)) {
            match visit.outcome {
                VisitOutcome::NotCounted => day.not_counted += 1,
                VisitOutcome::Opened => day.counted += 1,
                VisitOutcome::Unclear => day.unclear += 1,
                VisitOutcome::Failed => {
                    day.counted += 1;
                    day.failed += 1;
                }
            }
        }
        let is_evidence = matches!(visit.outcome, VisitOutcome::Failed | VisitOutcome::Unclear);
        if is_evidence && seen.failures.len() < FAILURES_KEPT {
            seen.failures.push(FailedVisit { at: visit.at, reason: visit.reason.clone() });
        }
    }
    seen
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(reason: &'static str, maybe_ours: bool, exempt: bool) -> Call {
        Call {
            url: String::new(),
            outcome: if reason == "opened" { VisitOutcome::Opened } else { VisitOutcome::Failed },
            reason,
            status: None,
            elapsed: Duration::ZERO,
            maybe_ours,
            exempt,
        }
    }

    fn excused(mut calls: Vec<Call>, online: Connectivity) -> usize {
        excuse(&mut calls, online);
        calls.iter().filter(|call| call.outcome == VisitOutcome::NotCounted).count()
    }

    #[test]
    fn our_own_outage_is_nobodys_failure() {
        use Connectivity as C;
        let down = |exempt| call("timeout", true, exempt);
        let up = || call("opened", false, false);
        assert_eq!(excused(vec![down(false)], C::Untested), 1, "the only site, and nothing to compare with");
        assert_eq!(excused(vec![down(false)], C::Online), 0);
        assert_eq!(excused(vec![down(false), up()], C::Untested), 0);
        assert_eq!(excused(vec![down(false), down(false), up()], C::Untested), 2);
        assert_eq!(excused(vec![down(false), down(false), up()], C::Online), 0);
        assert_eq!(excused(vec![down(false), up(), up()], C::Offline), 1);
        assert_eq!(excused(vec![down(true)], C::Untested), 0, "loopback is no network of ours");
        assert_eq!(excused(vec![down(true)], C::Offline), 1);
        assert_eq!(excused(vec![call("http_5xx", false, false)], C::Offline), 0, "an answer is an answer");
        let many: Vec<Call> = (0..12).map(|n| if n < 8 { down(false) } else { up() }).collect();
        assert_eq!(excused(many, C::Online), 8);
        let unclear = Call { outcome: VisitOutcome::Unclear, ..call("cut_short", true, false) };
        assert_eq!(excused(vec![unclear], C::Offline), 1, "what our outage explains is not even unclear");
    }

    #[test]
    fn the_word_of_our_proxy_is_no_word_of_the_site() {
        let answered = |status, proxied| {
            let call = classify(String::new(), Ok(page(status, 1, "<p>x</p>")), Duration::from_secs(15), false);
            through_proxy(call, proxied)
        };
        let counted = |status, proxied| 1 - excused(vec![answered(status, proxied)], Connectivity::Offline);
        for status in [502, 503, 504] {
            assert_eq!((counted(status, true), counted(status, false)), (0, 1), "{status}");
        }
        assert_eq!((counted(500, true), counted(404, true)), (1, 1));
        assert_eq!(excused(vec![answered(503, true)], Connectivity::Online), 0, "others answer through it");
    }

    /// As servers really answer: what a browser may show in part, or forgives, is no failed visit; silence is one.
    #[tokio::test]
    async fn a_garbled_or_broken_answer_is_neither_opened_nor_failed() {
        use crate::fetch::world::{fetcher, raw_server, settings};
        let fetcher = fetcher(settings());
        for (answer, wanted) in [
            (&b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n<h1>half a page</h1>"[..], "unclear"),
            (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n<h1>a\r\nno size\r\n", "unclear"),
            (b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 5\r\n\r\nplain", "unclear"),
            (b"\x00\x01\x02 garbage", "unclear"),
            (b"", "failed"),
            (b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\npage", "opened"),
        ] {
            let url = format!("http://{}/", raw_server(answer).await);
            let calls = call_all(&fetcher, &SiteRule::default(), std::iter::once(&url)).await;
            assert_eq!(calls[0].outcome.key(), wanted, "{:?}", String::from_utf8_lossy(answer));
        }
    }

    fn page(status: u16, seconds: u64, body: &str) -> Page {
        let mut page = Page::from_bytes("http://www.yunxi.example/", Some("text/html"), body.to_owned());
        page.status = status;
        page.elapsed = Duration::from_secs(seconds);
        page
    }

    #[test]
    fn what_robots_or_we_cause_is_not_counted() {
        use FailureKind as F;
        let of = |kind| {
            let answer = Err(Failure::at_once(kind, String::new()));
            classify(String::new(), answer, Duration::from_secs(15), false).outcome.key()
        };
        for kind in [F::OurLimit, F::RedirectLoop, F::TooManyRedirects, F::Tls, F::HostResting] {
            assert_eq!(of(kind), "not_counted", "{kind:?}");
        }
        for kind in [F::Timeout, F::Refused, F::Dns, F::Reset] {
            assert_eq!(of(kind), "failed", "{kind:?}");
        }
        for kind in [F::Protocol, F::CutShort] {
            assert_eq!(of(kind), "unclear", "{kind:?}");
        }
    }

    #[test]
    fn fifteen_seconds_are_too_long_and_a_firewall_does_not_count() {
        let slow = Duration::from_secs(15);
        let of = |page| {
            let call = classify(String::new(), Ok(page), slow, false);
            (call.outcome.key(), call.reason)
        };
        assert_eq!(of(page(200, 14, "<p>首页</p>")), ("opened", "opened"));
        assert_eq!(of(page(200, 15, "<p>首页</p>")), ("failed", "slow"));
        assert_eq!(of(page(503, 1, "<p>维护</p>")), ("failed", "http_5xx"));
        assert_eq!(of(page(404, 1, "<p>404</p>")), ("failed", "http_404"));
        assert_eq!(of(page(403, 1, "<p>403</p>")), ("not_counted", "http_4xx"));
        assert_eq!(of(page(200, 1, "<title>安全验证</title><p>请完成安全验证</p>")), ("not_counted", "captcha"));
    }
}
