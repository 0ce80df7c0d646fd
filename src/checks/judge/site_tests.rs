//! Websites judged: every edge of the numbers, and what accuses nobody.

use chrono::{DateTime, FixedOffset, TimeDelta, Utc};

use super::*;
use crate::checks::judge::testing::{at, bench, rules};
use crate::checks::seen::Newest;
use crate::domain::site::{FooterMark, TlsFault};
use crate::fetch::{Ipv6Look, TlsLook};
use crate::sources::site::Front;

fn as_of() -> DateTime<Utc> {
    at("2026-11-23 09:00")
}

fn days_ago(days: i64) -> DateTime<FixedOffset> {
    (as_of() - TimeDelta::days(days)).with_timezone(&chrono_tz::Asia::Shanghai).fixed_offset()
}

fn front() -> Front {
    Front { marks: FooterMark::ALL.to_vec(), foot_seen: true, shown: 8, ..Front::default() }
}

fn seen(site: SiteSeen) -> Observed {
    let newest = Newest { at: Some(days_ago(3)), listed: 8, dated: 8, ..Newest::default() };
    Observed { site: Some(site), ..Observed::of_source(as_of(), Ok(newest), Evidence::default()) }
}

fn visits(failed: usize, counted: &[usize]) -> SiteSeen {
    let mut days: Vec<VisitedDay> =
        counted.iter().map(|n| VisitedDay { counted: *n, ..VisitedDay::default() }).collect();
    days[0].failed = failed;
    let failures = vec![];
    SiteSeen { visits: Some(VisitsSeen { days, failures, since_fix: None }), ..SiteSeen::default() }
}

fn of(site: SiteSeen, indicator: Indicator) -> Option<(Outcome, String)> {
    let rules = rules();
    let found = super::site(&bench(&rules), &seen(site)).into_iter().find(|f| f.indicator == indicator)?;
    assert!(!found.summary.is_empty());
    Some((found.outcome, found.reason))
}

#[test]
fn seven_of_a_hundred_and_forty_trip_the_rule_and_six_do_not() {
    let week = [20; 7];
    let of = |site| of(site, Indicator::SiteUnreachable).unwrap();
    assert_eq!(of(visits(7, &week)), (Outcome::Fail, "unreached".into()));
    assert_eq!(of(visits(6, &week)), (Outcome::Pass, "reached".into()));
    assert_eq!(of(visits(0, &week)).0, Outcome::Pass);
    assert_eq!(of(visits(20, &[20, 20, 20, 20, 20, 20, 19])), (Outcome::Unverified, "few_visits".into()));
    let uneven = [30, 20, 20, 20, 20, 20, 10];
    assert_eq!(of(visits(6, &uneven)).0, Outcome::Pass);
    assert_eq!(of(visits(7, &uneven)), (Outcome::Suspected, "uneven_visits".into()));
}

/// What cannot be told apart counts neither way; where the verdict hangs on it there is none.
#[test]
fn unclear_visits_convict_nobody_and_pass_nobody() {
    let week = |failed: usize, opened: usize, unclear: usize| {
        let mut site = visits(failed, &[20; 7]);
        let days = &mut site.visits.as_mut().unwrap().days;
        days[0].counted = failed + opened;
        days[0].unclear = unclear;
        let made = days.iter().map(|day| day.made()).sum::<usize>();
        (made, of(site, Indicator::SiteUnreachable).unwrap())
    };
    let unclear = || (140, (Outcome::Unverified, "unclear_visits".to_owned()));
    assert_eq!(week(7, 13, 0), (140, (Outcome::Fail, "unreached".into())));
    assert_eq!(week(6, 14, 0), (140, (Outcome::Pass, "reached".into())));
    // Six and one that may be the seventh; seven unclear ones alone; and six, which could not make seven.
    assert_eq!(week(6, 13, 1), unclear());
    assert_eq!(week(0, 13, 7), unclear());
    assert_eq!(week(0, 14, 6), (140, (Outcome::Pass, "reached".into())));
    assert_eq!(week(3, 14, 3), (140, (Outcome::Pass, "reached".into())));
    // Seven that failed for certain are seven of 140 whatever the others were.
    assert_eq!(week(7, 0, 13), (140, (Outcome::Fail, "unreached".into())));
    // One more visit, and seven are fewer than five in a hundred, unless the unclear one failed too.
    assert_eq!(week(7, 14, 0), (141, (Outcome::Pass, "reached".into())));
    assert_eq!(week(7, 13, 1).1, unclear().1);
    let rules = rules();
    let fixed = |counted, failed, unclear| {
        reached_since_fix(&bench(&rules), VisitedDay { counted, failed, unclear, ..VisitedDay::default() }).0
    };
    assert_eq!((fixed(11, 0, 1), fixed(39, 0, 1), fixed(11, 1, 1)), (None, Some(true), Some(false)));
}

#[test]
fn a_site_never_visited_has_no_verdict_unless_the_rules_ask_for_one() {
    assert_eq!(of(SiteSeen::default(), Indicator::SiteUnreachable), None);
    let mut rules = rules();
    rules.site.visits_required = true;
    let found = super::site(&bench(&rules), &seen(SiteSeen::default()));
    assert_eq!((found[0].outcome, found[0].reason.as_str()), (Outcome::Unverified, "no_visits"));
}

#[test]
fn after_rectification_a_dozen_visits_say_whether_it_helped() {
    let rules = rules();
    let of =
        |counted, failed| reached_since_fix(&bench(&rules), VisitedDay { counted, failed, ..VisitedDay::default() }).0;
    assert_eq!(of(11, 11), None);
    assert_eq!(of(12, 0), Some(true));
    assert_eq!(of(12, 1), Some(false));
    assert_eq!(of(40, 1), Some(true));
}

fn home_of(newest: Result<Newest, Unread>, site: SiteSeen) -> (Outcome, String) {
    let rules = rules();
    let found = home(&bench(&rules), &Observed { source: newest, ..seen(site) });
    (found.outcome, found.reason)
}

fn home_of_newest(newest: Newest, site: SiteSeen) -> (Outcome, String) {
    home_of(Ok(newest), site)
}

fn newest(days: i64, coverage: Coverage) -> Newest {
    Newest { at: Some(days_ago(days)), listed: 4, dated: 4, coverage, ..Newest::default() }
}

fn unread(reason: &str) -> Result<Newest, Unread> {
    Err(Unread { reason: reason.to_owned(), sentence: "没有找到带日期的文章".to_owned() })
}

#[test]
fn a_home_page_is_stale_after_two_weeks_where_its_dates_are_shown() {
    let with_front = || SiteSeen { front: Some(front()), ..SiteSeen::default() };
    assert_eq!(home_of_newest(newest(14, Coverage::Whole), with_front()).0, Outcome::Pass);
    assert_eq!(home_of_newest(newest(15, Coverage::Whole), with_front()), (Outcome::Fail, "silent".into()));
    assert_eq!(home_of_newest(newest(3, Coverage::Part), with_front()).0, Outcome::Pass);
    assert_eq!(
        home_of_newest(newest(15, Coverage::Part), with_front()),
        (Outcome::Suspected, "home_partly_dated".into())
    );
    let paths = SiteSeen { front: Some(Front { shown: 0, ..front() }), ..SiteSeen::default() };
    assert_eq!(home_of_newest(newest(15, Coverage::Part), paths), (Outcome::Unverified, "home_undated".into()));
    assert_eq!(home_of(unread("no_dates"), with_front()), (Outcome::Unverified, "no_dates".into()));
    assert_eq!(home_of(unread("timeout"), SiteSeen::default()), (Outcome::Unverified, "timeout".into()));
}

fn look(kind: ColumnKind, days_old: i64, listed: bool) -> ColumnLook {
    let state = ColumnState::Dated { newest: Some(days_ago(days_old)), day_only: false, shown: true };
    ColumnLook {
        name: "栏目".into(),
        url: "http://www.yunxi.example/l/".into(),
        kind,
        days: None,
        listed,
        state,
        page: None,
    }
}

fn with_columns(looks: Vec<ColumnLook>) -> SiteSeen {
    let columns = ColumnsSeen { looks, ..ColumnsSeen::default() };
    SiteSeen { columns: Some(columns), front: Some(front()), ..SiteSeen::default() }
}

#[test]
fn where_the_home_page_only_leads_on_the_second_level_is_the_measure() {
    let leading = |declared, looks| SiteSeen {
        front: Some(Front { navigation: true, shown: 0, ..front() }),
        declared_navigation: declared,
        ..with_columns(looks)
    };
    let old = || vec![look(ColumnKind::News, 20, true), look(ColumnKind::Policy, 200, true)];
    let fresh = vec![look(ColumnKind::News, 20, true), look(ColumnKind::Policy, 2, true)];
    assert_eq!(home_of(unread("no_dates"), leading(false, fresh)).0, Outcome::Pass);
    assert_eq!(home_of(unread("no_dates"), leading(false, old())).0, Outcome::Suspected);
    assert_eq!(home_of(unread("no_dates"), leading(true, old())).0, Outcome::Fail);
    let mut some = old();
    some[1].state = ColumnState::Unread("timeout".into());
    assert_eq!(home_of(unread("no_dates"), leading(true, some)), (Outcome::Unverified, "second_level_unread".into()));
    // A page that holds articles without dates is no mere way to its columns.
    let holding = with_columns(old());
    assert_eq!(home_of(unread("no_dates"), holding).0, Outcome::Unverified);
}

fn columns_of(looks: Vec<ColumnLook>) -> (Outcome, String) {
    of(with_columns(looks), Indicator::ColumnsStale).unwrap()
}

fn many(count: usize, look: &ColumnLook) -> Vec<ColumnLook> {
    vec![look.clone(); count]
}

#[test]
fn five_columns_not_in_time_are_a_violation_and_four_are_not() {
    let stale = look(ColumnKind::News, 15, true);
    let policy = look(ColumnKind::Policy, 200, true);
    let fresh = [look(ColumnKind::News, 14, true), look(ColumnKind::Policy, 180, true)];
    let mut four = many(2, &stale);
    four.extend(many(2, &policy));
    four.extend(fresh.clone());
    assert_eq!(columns_of(four.clone()), (Outcome::Pass, "columns_updated".into()));
    four.push(policy);
    assert_eq!(columns_of(four), (Outcome::Fail, "columns_silent".into()));
    // Found by its name: a person decides.
    assert_eq!(columns_of(many(5, &look(ColumnKind::News, 15, false))).0, Outcome::Suspected);
    let mut by_path = look(ColumnKind::News, 15, true);
    by_path.state = ColumnState::Dated { newest: Some(days_ago(15)), day_only: false, shown: false };
    assert_eq!(columns_of(many(5, &by_path)).0, Outcome::Suspected);
    let mut unseen = many(4, &stale);
    unseen.extend(many(1, &ColumnLook { state: ColumnState::Unread("timeout".into()), ..stale.clone() }));
    assert_eq!(columns_of(unseen), (Outcome::Unverified, "columns_unread".into()));
    assert_eq!(columns_of(Vec::new()), (Outcome::Unverified, "no_columns".into()));
}

#[test]
fn ten_columns_long_not_updated_and_five_blank_ones_count() {
    let other = look(ColumnKind::Other, 400, true);
    let within = ColumnLook { days: Some(90), ..other.clone() };
    assert_eq!(columns_of(many(10, &within)).0, Outcome::Fail);
    assert_eq!(columns_of(many(9, &within)).0, Outcome::Pass);
    assert_eq!(columns_of(many(10, &other)).0, Outcome::Suspected, "nobody said when it should be updated");
    assert_eq!(columns_of(many(10, &look(ColumnKind::Other, 300, true))).0, Outcome::Pass);
    let blank = ColumnLook { state: ColumnState::Blank, ..other };
    assert_eq!(columns_of(many(5, &blank)).0, Outcome::Suspected);
    assert_eq!(columns_of(many(4, &blank)).0, Outcome::Pass);
}

#[test]
fn a_missing_mark_is_a_fault_only_where_the_foot_was_seen() {
    let of = |front: Front| of(SiteSeen { front: Some(front), ..SiteSeen::default() }, Indicator::Footer).unwrap();
    assert_eq!(of(front()).0, Outcome::Pass);
    let mut lacking = front();
    lacking.marks.retain(|mark| *mark != FooterMark::Police);
    assert_eq!(of(lacking.clone()), (Outcome::Fail, "foot_missing".into()));
    assert_eq!(of(Front { foot_scripted: true, ..lacking.clone() }).0, Outcome::Suspected);
    // A script of any name may draw the one that is missing, not two others than those often drawn so.
    assert_eq!(of(Front { loads_scripts: true, ..lacking.clone() }).0, Outcome::Suspected);
    let mut two = lacking.clone();
    two.marks.retain(|mark| *mark != FooterMark::SiteMap);
    assert_eq!(of(Front { loads_scripts: true, ..two }).0, Outcome::Fail);
    let mut drawn = front();
    drawn.marks.retain(|mark| !matches!(mark, FooterMark::PartyMark | FooterMark::ReportError));
    assert_eq!(of(drawn.clone()).0, Outcome::Fail);
    assert_eq!(of(Front { loads_scripts: true, ..drawn.clone() }).0, Outcome::Suspected);
    drawn.marks.retain(|mark| *mark != FooterMark::Icp);
    assert_eq!(of(Front { loads_scripts: true, ..drawn }).0, Outcome::Fail);
    assert_eq!(of(Front { scripted: true, ..lacking.clone() }), (Outcome::Unverified, "no_footer".into()));
    assert_eq!(of(Front { foot_seen: false, ..lacking }).0, Outcome::Unverified);
}

#[test]
fn ipv6_is_charged_only_with_what_is_certain() {
    let with = |answer, others_have| {
        let look = Ipv6Look { host: "www.yunxi.example".into(), answer, addresses: Vec::new(), others_have };
        of(SiteSeen { ipv6: Some(look), ..SiteSeen::default() }, Indicator::Ipv6).unwrap().0
    };
    let of = |answer| with(answer, true);
    assert_eq!(with(Ipv6::NoRecord, false), Outcome::Suspected, "our name servers may withhold it");
    assert_eq!(of(Ipv6::Reachable), Outcome::Pass);
    assert_eq!(of(Ipv6::NoRecord), Outcome::Fail);
    assert_eq!(of(Ipv6::Unreachable), Outcome::Suspected);
    for unsure in [Ipv6::WeHaveNone, Ipv6::NotResolved, Ipv6::NoSuchName, Ipv6::Proxied, Ipv6::Guarded, Ipv6::Literal] {
        assert_eq!(of(unsure), Outcome::Unverified, "{unsure}");
    }
}

#[test]
fn what_a_person_decided_of_a_site_is_not_asked_again_while_it_says_the_same() {
    use crate::checks::judge::testing::account;
    use crate::checks::judge::{Known, judge};
    use crate::store::Decided;
    let rules = rules();
    let bench = bench(&rules);
    let look = Ipv6Look {
        host: "www.yunxi.example".into(),
        answer: Ipv6::Unreachable,
        addresses: Vec::new(),
        others_have: false,
    };
    let seen = seen(SiteSeen { ipv6: Some(look), ..SiteSeen::default() });
    let judged = |decided: Option<Decided>| {
        let decided = decided.map(|decided| ((Indicator::Ipv6, String::new()), decided)).into_iter().collect();
        let all = judge(&bench, &account(), &seen, &Known { decided, ..Known::default() });
        all.into_iter().find(|f| f.indicator == Indicator::Ipv6).unwrap()
    };
    let first = judged(None);
    assert_eq!(first.outcome, Outcome::Suspected);
    for outcome in [Outcome::Pass, Outcome::Fail] {
        let same = Decided { outcome, summary: first.summary.clone(), numbers: Vec::new() };
        assert_eq!(judged(Some(same.clone())).outcome, outcome);
        assert_eq!(judged(Some(Decided { summary: String::new(), ..same })).outcome, Outcome::Suspected);
    }
}

#[test]
fn a_certificate_is_judged_by_what_every_client_sees() {
    let look = |https, faults: &[TlsFault], is_address| TlsLook {
        host: "www.yunxi.example".into(),
        is_address,
        https,
        faults: faults.to_vec(),
        not_before: None,
        not_after: Some(as_of() + TimeDelta::days(12)),
        subject: "CN=www.yunxi.example".into(),
        issuer: "CN=测试".into(),
        sha256: None,
    };
    let of = |look| {
        let site = SiteSeen { tls: Some(look), front: Some(front()), ..SiteSeen::default() };
        of(site, Indicator::Tls).unwrap()
    };
    assert_eq!(of(look(Https::Offered, &[], true)), (Outcome::Pass, "certificate_sound".into()));
    assert_eq!(of(look(Https::Offered, &[TlsFault::Expired], true)), (Outcome::Fail, "expired".into()));
    assert_eq!(of(look(Https::Offered, &[TlsFault::SelfSigned], true)).0, Outcome::Fail);
    assert_eq!(of(look(Https::Offered, &[TlsFault::Untrusted], true)).0, Outcome::Suspected);
    assert_eq!(of(look(Https::Offered, &[TlsFault::WrongName], false)).0, Outcome::Pass);
    assert_eq!(of(look(Https::NotOffered, &[], false)), (Outcome::Pass, "http_only".into()));
    assert_eq!(of(look(Https::NoHandshake, &[], true)).0, Outcome::Unverified);
    assert_eq!(of(look(Https::Unreachable, &[], false)).0, Outcome::Pass, "nobody asks for it");
    let mut strict = rules();
    strict.site.https_required = true;
    let unread = SiteSeen { tls: Some(look(Https::NotOffered, &[], false)), ..SiteSeen::default() };
    let said = super::site(&bench(&strict), &seen(unread.clone()));
    assert!(said.iter().any(|f| f.indicator == Indicator::Tls && f.outcome == Outcome::Unverified));
    for unsure in [Https::Unreachable, Https::NoHandshake] {
        let tls = Some(look(unsure, &[], false));
        let said = super::site(&bench(&strict), &seen(SiteSeen { tls, front: Some(front()), ..unread.clone() }));
        assert!(said.iter().any(|f| f.indicator == Indicator::Tls && f.outcome == Outcome::Unverified), "{unsure}");
    }
    let site = SiteSeen { front: Some(front()), ..unread };
    let found = super::site(&bench(&strict), &seen(site));
    assert!(found.iter().any(|f| f.indicator == Indicator::Tls && f.outcome == Outcome::Fail));
    let soon = super::site(
        &bench(&rules()),
        &seen(SiteSeen { tls: Some(look(Https::Offered, &[], true)), ..SiteSeen::default() }),
    )
    .into_iter()
    .find(|f| f.indicator == Indicator::Tls)
    .unwrap();
    assert!(soon.summary.contains("剩余12天"), "{}", soon.summary);
}

#[test]
fn a_patrol_judges_what_costs_no_further_request() {
    let rules = rules();
    let patrol = Bench { full: false, ..bench(&rules) };
    let site = SiteSeen { front: Some(front()), ..visits(7, &[20; 7]) };
    let found: Vec<_> = super::site(&patrol, &seen(site)).into_iter().map(|f| f.indicator).collect();
    assert_eq!(found, [Indicator::SiteUnreachable]);
}

#[test]
fn what_was_seen_can_be_judged_again() {
    let site = SiteSeen {
        front: Some(front()),
        columns: Some(ColumnsSeen { looks: vec![look(ColumnKind::News, 3, true)], ..ColumnsSeen::default() }),
        ..visits(3, &[20; 7])
    };
    let stored = serde_json::to_string(&seen(site.clone())).unwrap();
    let back: Observed = serde_json::from_str(&stored).unwrap();
    assert_eq!(back.site, Some(site));
    // What older versions stored says nothing of sites.
    let mut old: serde_json::Value = serde_json::from_str(&stored).unwrap();
    old.as_object_mut().unwrap().remove("site");
    assert_eq!(serde_json::from_value::<Observed>(old).unwrap().site, None);
}
