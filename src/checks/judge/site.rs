//! Websites: reached, updated, marked, on IPv6, with a sound certificate.
//!
//! Source of the numbers: 国办秘函〔2019〕19号, website indicators, 单项否决. What was registered and
//! is shown is judged; what the program found or inferred by itself is at most suspected.

use chrono::{Months, TimeDelta, Utc};

use super::Bench;
use super::silence::{age, doubt, latest};
use crate::checks::seen::{Observed, Unread};
use crate::checks::site_seen::{ColumnLook, ColumnState, ColumnsSeen, SiteSeen, VisitedDay, VisitsSeen};
use crate::domain::finding::{Evidence, Outcome};
use crate::domain::post::Coverage;
use crate::domain::rule::Indicator;
use crate::domain::site::{ColumnKind, FooterMark};
use crate::domain::time::LocalTime;
use crate::fetch::{Https, Ipv6};
use crate::store::NewFinding;

/// Characters of an excerpt.
const SNIPPET: usize = 200;

/// Every verdict on a website but `home_stale`.
pub(super) fn site(bench: &Bench<'_>, seen: &Observed) -> Vec<NewFinding> {
    let Some(site) = &seen.site else { return Vec::new() };
    let mut findings = Vec::new();
    findings.extend(reached(bench, seen, site.visits.as_ref()));
    // Why: a website that another adapter reads is not looked at as a whole.
    if bench.full && (site.columns.is_some() || site.front.is_some() || site.ipv6.is_some() || site.tls.is_some()) {
        findings.extend(columns(bench, seen));
        findings.push(foot(bench, seen));
        findings.extend(ipv6(bench, seen));
        findings.extend(tls(bench, seen));
    }
    findings
}

/// Whether the failed visits are too many; `None`: it hangs on those that cannot be told apart.
fn is_too_many(bench: &Bench<'_>, sums: VisitedDay) -> Option<bool> {
    let are_too_many = |failed: usize| failed > 0 && failed * 100 >= sums.made() * bench.rules.site.failed_percent;
    let (at_least, at_most) = (are_too_many(sums.failed), are_too_many(sums.failed + sums.unclear));
    (at_least == at_most).then_some(at_least)
}

/// 站点无法访问: a week of visits, 20 a day or more, of which 5 % or more failed.
fn reached(bench: &Bench<'_>, seen: &Observed, visits: Option<&VisitsSeen>) -> Option<NewFinding> {
    let (rule, words) = (&bench.rules.site, bench.words());
    let verdict = |outcome, reason: &str, summary| {
        let finding = bench.verdict(Indicator::SiteUnreachable, outcome, reason, summary, seen.at);
        let failures = visits.map_or(&[][..], |visits| visits.failures.as_slice());
        let said: Vec<String> =
            failures.iter().map(|failed| format!("{} {}", bench.local(failed.at).minute(), failed.reason)).collect();
        let evidence = Evidence {
            url: seen.evidence.url.clone(),
            snippet: (!said.is_empty()).then(|| said.join("; ").chars().take(SNIPPET).collect()),
            ..Evidence::default()
        };
        NewFinding { evidence, ..finding }
    };
    let Some(visits) = visits else {
        let summary = words.unjudged(&words.no_visits());
        return rule.visits_required.then(|| verdict(Outcome::Unverified, "no_visits", summary));
    };
    let sums = visits.sums();
    let visited = words.visited(rule, sums);
    if sums.made() < rule.visits_a_day * rule.days {
        let summary = words.unjudged(&words.few_visits(rule, sums));
        return Some(verdict(Outcome::Unverified, "few_visits", summary));
    }
    match is_too_many(bench, sums) {
        Some(true) => {}
        Some(false) => return Some(verdict(Outcome::Pass, "reached", visited)),
        None => {
            let summary = words.unjudged(&words.unclear_visits(&visited));
            return Some(verdict(Outcome::Unverified, "unclear_visits", summary));
        }
    }
    // Why: 每天20次以上 is part of the measure; a day with fewer leaves the accusation to a person.
    let even = visits.days.iter().all(|day| day.made() >= rule.visits_a_day);
    Some(if even {
        verdict(Outcome::Fail, "unreached", visited)
    } else {
        verdict(Outcome::Suspected, "uneven_visits", words.uneven_visits(&visited))
    })
}

/// Whether visits since rectification show that a site can be reached again; `None`: too few of them.
pub(in crate::checks) fn reached_since_fix(bench: &Bench<'_>, sums: VisitedDay) -> (Option<bool>, String) {
    let (words, wanted) = (bench.words(), bench.rules.site.recheck_visits);
    if sums.made() < wanted {
        return (None, words.unjudged(&words.few_visits_since_fix(sums, wanted)));
    }
    let said = words.visits_since_fix(sums);
    match is_too_many(bench, sums) {
        Some(too_many) => (Some(!too_many), said),
        None => (None, words.unjudged(&words.unclear_visits(&said))),
    }
}

/// 首页不更新: nothing new on the home page for two weeks; where it only leads on, on any second-level page.
pub(in crate::checks) fn home(bench: &Bench<'_>, seen: &Observed) -> NewFinding {
    let words = bench.words();
    let verdict = |outcome, reason: &str, summary| {
        let finding = bench.verdict(Indicator::HomeStale, outcome, reason, summary, seen.at);
        NewFinding { evidence: seen.evidence.clone(), ..finding }
    };
    let unjudged = |reason: &str, sentence: &str| verdict(Outcome::Unverified, reason, words.unjudged(sentence));
    let site = seen.site.as_ref();
    let newest = match &seen.source {
        Err(Unread { reason, sentence }) => {
            let second = (reason == "no_dates").then(|| second_level(bench, seen)).flatten();
            return second.unwrap_or_else(|| unjudged(reason, sentence));
        }
        Ok(newest) => newest,
    };
    let Some(at) = newest.at else {
        return second_level(bench, seen).unwrap_or_else(|| unjudged("only_later_posts", &words.only_later_posts()));
    };
    let newest_at = at.with_timezone(&Utc);
    let days = bench.rules.site.home_days;
    let age = age(bench, at, newest.day_only);
    let (local, dated) = (bench.local(newest_at), NewFinding { newest_at: Some(newest_at), ..unjudged("", "") });
    let with_date = |finding: NewFinding| NewFinding { newest_at: dated.newest_at, ..finding };
    if age <= TimeDelta::days(days) {
        return with_date(verdict(Outcome::Pass, "updated", words.updated(local, newest.day_only, age)));
    }
    if let Some(doubt) = doubt(newest, words) {
        return with_date(unjudged(&doubt.reason, &doubt.sentence));
    }
    let silent = words.silent(local, newest.day_only, age, days);
    if newest.coverage == Coverage::Whole {
        return with_date(verdict(Outcome::Fail, "silent", silent));
    }
    let front = site.and_then(|site| site.front.as_ref());
    if front.is_some_and(|front| front.shown > 0) {
        return with_date(verdict(Outcome::Suspected, "home_partly_dated", words.home_partly_dated(&silent)));
    }
    second_level(bench, seen).unwrap_or_else(|| with_date(unjudged("home_undated", &words.home_undated())))
}

/// The verdict from second-level pages; `None` where the home page is more than a way to them.
fn second_level(bench: &Bench<'_>, seen: &Observed) -> Option<NewFinding> {
    let site: &SiteSeen = seen.site.as_ref()?;
    let front = site.front.as_ref()?;
    let looks = &site.columns.as_ref()?.looks;
    if !(front.navigation || site.declared_navigation) || looks.is_empty() {
        return None;
    }
    let words = bench.words();
    let dated = |look: &ColumnLook| match look.state {
        ColumnState::Dated { newest: Some(at), day_only, .. } => Some((at, day_only)),
        _ => None,
    };
    let newest = looks.iter().filter_map(dated).max_by_key(|(at, day_only)| latest(*at, *day_only));
    let verdict = |outcome, reason: &str, summary: String, newest_at| {
        let finding = bench.verdict(Indicator::HomeStale, outcome, reason, summary, seen.at);
        NewFinding { evidence: seen.evidence.clone(), newest_at, ..finding }
    };
    let unread = || {
        let summary = words.unjudged(&words.second_level_unread());
        verdict(Outcome::Unverified, "second_level_unread", summary, None)
    };
    let Some((at, day_only)) = newest else { return Some(unread()) };
    let (days, age) = (bench.rules.site.home_days, age(bench, at, day_only));
    let newest_at = at.with_timezone(&Utc);
    let local = bench.local(newest_at);
    if age <= TimeDelta::days(days) {
        let summary = words.second_level(&words.updated(local, day_only, age));
        return Some(verdict(Outcome::Pass, "updated", summary, Some(newest_at)));
    }
    let is_shown = |look: &ColumnLook| matches!(look.state, ColumnState::Dated { shown: true, newest: Some(_), .. });
    if !looks.iter().all(is_shown) || site.columns.as_ref().is_some_and(|columns| columns.left_out > 0) {
        return Some(unread());
    }
    let summary = words.second_level(&words.silent(local, day_only, age, days));
    let certain = site.declared_navigation && looks.iter().all(|look| look.listed);
    let outcome = if certain { Outcome::Fail } else { Outcome::Suspected };
    Some(verdict(outcome, "silent", summary, Some(newest_at)))
}

/// What one look at a column amounts to.
enum Column {
    Updated,
    /// Not updated in time, and whether that is certain.
    Stale(bool),
    /// Not updated for long, likewise.
    Long(bool),
    Blank,
    Unknown,
}

fn column(bench: &Bench<'_>, look: &ColumnLook) -> Column {
    let rule = &bench.rules.site;
    let (at, day_only, shown) = match look.state {
        ColumnState::Blank => return Column::Blank,
        ColumnState::Dated { newest: Some(at), day_only, shown } => (at, day_only, shown),
        ColumnState::Dated { newest: None, .. } | ColumnState::Unread(_) => return Column::Unknown,
    };
    let since = match (look.days, look.kind) {
        (Some(days), _) => Some(bench.as_of - TimeDelta::days(days)),
        (None, ColumnKind::News) => Some(bench.as_of - TimeDelta::days(rule.news_days)),
        (None, ColumnKind::Policy) => bench.as_of.checked_sub_months(Months::new(rule.policy_months)),
        (None, ColumnKind::Other) => Some(bench.as_of - TimeDelta::days(rule.long_days)),
    };
    if since.is_none_or(|since| latest(at, day_only) >= since) {
        return Column::Updated;
    }
    let certain = look.listed && shown;
    match look.kind {
        ColumnKind::News | ColumnKind::Policy => Column::Stale(certain),
        // Why: no text says when a column of another kind should be updated; the office may, in `days`.
        ColumnKind::Other => Column::Long(certain && look.days.is_some()),
    }
}

fn looks_of<'l>(lists: [&[(&'l ColumnLook, Option<LocalTime>)]; 2]) -> Vec<&'l ColumnLook> {
    lists.into_iter().flatten().map(|(look, _)| *look).collect()
}

/// 栏目不更新: 5 news and policy columns not in time, 10 others long not, or 5 blank ones.
fn columns(bench: &Bench<'_>, seen: &Observed) -> Option<NewFinding> {
    let (rule, words) = (&bench.rules.site, bench.words());
    let verdict = |outcome, reason: &str, summary| {
        let finding = bench.verdict(Indicator::ColumnsStale, outcome, reason, summary, seen.at);
        NewFinding { evidence: seen.evidence.clone(), ..finding }
    };
    let unjudged = |reason: &str, sentence: &str| Some(verdict(Outcome::Unverified, reason, words.unjudged(sentence)));
    let site = seen.site.as_ref()?;
    let Some(ColumnsSeen { looks, left_out, bad_list }) = &site.columns else {
        // The home page itself was not read: nothing leads to its columns.
        let unread = seen.source.as_ref().err()?;
        return unjudged(&unread.reason, &unread.sentence);
    };
    if let Some(why) = bad_list {
        return unjudged("bad_option", why);
    }
    if looks.is_empty() {
        return unjudged("no_columns", &words.no_columns());
    }
    let newest = |look: &ColumnLook| match look.state {
        ColumnState::Dated { newest: Some(at), .. } => Some(bench.local(at.with_timezone(&Utc))),
        _ => None,
    };
    let (mut stale, mut long, mut blank) = (Vec::<(&ColumnLook, Option<LocalTime>)>::new(), Vec::new(), Vec::new());
    let (mut sure_stale, mut sure_long, mut unknown) = (Vec::new(), Vec::new(), *left_out);
    for look in looks {
        let dated = (look, newest(look));
        match column(bench, look) {
            Column::Updated => {}
            Column::Stale(certain) => {
                stale.push(dated);
                sure_stale.extend(certain.then_some(dated));
            }
            Column::Long(certain) => {
                long.push(dated);
                sure_long.extend(certain.then_some(dated));
            }
            Column::Blank => blank.push(look),
            Column::Unknown => unknown += 1,
        }
    }
    let too_many = |stale: usize, long: usize, blank: usize| {
        stale >= rule.stale_columns || long >= rule.long_columns || blank >= rule.blank_columns
    };
    // What counts against a site is on the pages of its columns, not on its home page.
    let resting_on = |finding: NewFinding, counted: Vec<&ColumnLook>| {
        let pages = counted.into_iter().filter_map(|look| Some(bench.fetched(&look.url, look.page.as_ref()?)));
        NewFinding { evidence: Evidence { fetched: pages.collect(), ..finding.evidence }, ..finding }
    };
    if too_many(sure_stale.len(), sure_long.len(), 0) {
        let listed = |many: bool, list| if many { list } else { Vec::new() };
        let stale = listed(sure_stale.len() >= rule.stale_columns, sure_stale);
        let long = listed(sure_long.len() >= rule.long_columns, sure_long);
        let summary = words.columns_stale(&stale, &long, &[]);
        return Some(resting_on(verdict(Outcome::Fail, "columns_silent", summary), looks_of([&stale, &long])));
    }
    if too_many(stale.len(), long.len(), blank.len()) {
        let summary = words.please_decide(&words.columns_stale(&stale, &long, &blank));
        let counted = looks_of([&stale, &long]).into_iter().chain(blank).collect();
        return Some(resting_on(verdict(Outcome::Suspected, "columns_silent", summary), counted));
    }
    if too_many(stale.len() + unknown, long.len() + unknown, blank.len() + unknown) {
        return unjudged("columns_unread", &words.columns_unread(unknown, looks.len() + left_out));
    }
    let listed = looks.iter().all(|look| look.listed);
    let summary =
        words.columns_updated(looks.len() - (unknown - left_out), stale.len() + long.len() + blank.len(), listed);
    Some(verdict(Outcome::Pass, "columns_updated", summary))
}

/// 网站标识不规范: what the foot of the home page shows.
fn foot(bench: &Bench<'_>, seen: &Observed) -> NewFinding {
    let words = bench.words();
    let verdict = |outcome, reason: &str, summary| {
        let finding = bench.verdict(Indicator::Footer, outcome, reason, summary, seen.at);
        NewFinding { evidence: Evidence { snippet: None, ..seen.evidence.clone() }, ..finding }
    };
    let unjudged = |reason: &str, sentence: &str| verdict(Outcome::Unverified, reason, words.unjudged(sentence));
    let Some(front) = seen.site.as_ref().and_then(|site| site.front.as_ref()) else {
        return match &seen.source {
            Err(unread) => unjudged(&unread.reason, &unread.sentence),
            Ok(_) => unjudged("no_footer", &words.no_foot()),
        };
    };
    let required = &bench.rules.site.footer;
    let missing: Vec<_> = required.iter().copied().filter(|mark| !front.marks.contains(mark)).collect();
    if missing.is_empty() {
        return verdict(Outcome::Pass, "foot_whole", words.foot_whole(required.len()));
    }
    if front.scripted || !front.foot_seen {
        return unjudged("no_footer", &words.no_foot());
    }
    let summary = words.foot_missing(&missing);
    // Why: the marks of 找错 and 党政机关网站 are often drawn by a script of any name. One mark alone, or
    // just these two, that is missing beside a whole foot may be such a one; others are no accident.
    let drawn = || missing.iter().all(|mark| matches!(mark, FooterMark::PartyMark | FooterMark::ReportError));
    if front.foot_scripted || (front.loads_scripts && (missing.len() == 1 || drawn())) {
        return verdict(Outcome::Suspected, "foot_missing", words.foot_scripted(&summary));
    }
    verdict(Outcome::Fail, "foot_missing", summary)
}

/// `ipv6`: an AAAA record, and an answer there.
fn ipv6(bench: &Bench<'_>, seen: &Observed) -> Option<NewFinding> {
    let look = seen.site.as_ref()?.ipv6.as_ref()?;
    let outcome = match look.answer {
        Ipv6::Reachable => Outcome::Pass,
        Ipv6::NoRecord if look.others_have => Outcome::Fail,
        // Why: a name server that withholds AAAA records withholds those of every site, and many ways
        // of IPv6 are broken on our side of the wire: one look cannot tell.
        Ipv6::NoRecord | Ipv6::Unreachable => Outcome::Suspected,
        _ => Outcome::Unverified,
    };
    let said = look.answer.name(bench.lang);
    let summary = match (outcome, look.answer) {
        (Outcome::Unverified, _) => bench.words().unjudged(said),
        (Outcome::Suspected, Ipv6::NoRecord) => bench.words().ipv6_unsure(said),
        _ => said.to_owned(),
    };
    let addresses: Vec<String> = look.addresses.iter().map(ToString::to_string).collect();
    let evidence = Evidence {
        url: Some(look.host.clone()),
        snippet: (!addresses.is_empty()).then(|| format!("AAAA {}", addresses.join(" "))),
        fetched_at: Some(bench.local(seen.at)),
        ..Evidence::default()
    };
    Some(NewFinding { evidence, ..bench.verdict(Indicator::Ipv6, outcome, look.answer.key(), summary, seen.at) })
}

/// 安全证书异常: what any client would stop at.
fn tls(bench: &Bench<'_>, seen: &Observed) -> Option<NewFinding> {
    let look = seen.site.as_ref()?.tls.as_ref()?;
    let (rule, words) = (&bench.rules.site, bench.words());
    let days_left = look.not_after.map(|end| (end - seen.at).num_days());
    let was_read = seen.site.as_ref().is_some_and(|site| site.front.is_some());
    let (outcome, reason, summary) = match look.https {
        // Why: a host that answered nothing at all may be out of our reach.
        Https::NotOffered if !was_read => {
            let why = Https::Unreachable;
            (Outcome::Unverified, why.key(), words.unjudged(why.name(bench.lang)))
        }
        Https::NotOffered => {
            let outcome = if rule.https_required { Outcome::Fail } else { Outcome::Pass };
            (outcome, look.https.key(), words.certificate(look, rule, days_left))
        }
        Https::Offered => match look.faults.first() {
            None => (Outcome::Pass, "certificate_sound", words.certificate(look, rule, days_left)),
            // Nobody is sent to the port of an address that is not the registered one.
            Some(fault) if !look.is_address && !rule.https_required => {
                (Outcome::Pass, fault.key(), words.beside_https(look))
            }
            Some(fault) if look.faults.iter().any(|fault| fault.is_certain()) => {
                (Outcome::Fail, fault.key(), words.bad_certificate(look))
            }
            Some(fault) => (Outcome::Suspected, fault.key(), words.bad_certificate(look)),
        },
        // Nobody asks for HTTPS there, so nobody is left in doubt about it.
        other @ (Https::Unreachable | Https::NoHandshake) if !look.is_address && !rule.https_required => {
            (Outcome::Pass, other.key(), words.https_not_asked_for(other))
        }
        other => (Outcome::Unverified, other.key(), words.unjudged(other.name(bench.lang))),
    };
    let named = format!("{} / {}", look.subject, look.issuer);
    let evidence = Evidence {
        url: Some(format!("https://{}", look.host)),
        snippet: (!look.subject.is_empty()).then(|| named.chars().take(SNIPPET).collect()),
        sha256: look.sha256.clone(),
        fetched_at: Some(bench.local(seen.at)),
        ..Evidence::default()
    };
    Some(NewFinding { evidence, ..bench.verdict(Indicator::Tls, outcome, reason, summary, seen.at) })
}

#[cfg(test)]
#[path = "site_tests.rs"]
mod tests;
