//! A small made-up round that the tests of every document share, and what is counted from it.

use super::*;
use crate::domain::account::{Platform, UnitTier};
use crate::domain::finding::Evidence;
use crate::domain::issue::{Event, EventKind};
use crate::domain::round::{RoundName, RoundState};
use crate::domain::rule::RuleRef;
use crate::domain::sample::{self, Always, FrameRow, Reason, Rotation};
use crate::domain::time::LocalTime;

pub(crate) fn at(text: &str) -> LocalTime {
    LocalTime::new(text.parse().unwrap(), chrono_tz::Asia::Shanghai)
}

/// What to plant on an account: indicator, class, outcome, subject.
pub(super) type Planted = (Indicator, Class, Outcome, &'static str);

const OK: Planted = (Indicator::Stale, Class::Veto, Outcome::Pass, "");

/// Builds a consistent round: accounts with plants, drawn as a real round draws.
pub(crate) fn round(plants: &[(Platform, Option<UnitTier>, Vec<Planted>)], statuses: &[IssueStatus]) -> Facts {
    let name = RoundName::Quarter(2026, 4);
    let id = |n: usize| AccountId::new(format!("A{n:03}"));
    let stratum = |n: usize| {
        let (platform, tier, _) = &plants[n];
        format!("{platform}/{}", tier.map_or("-", UnitTier::key))
    };
    let mut frame: Vec<FrameRow> = (0..plants.len())
        .map(|n| FrameRow {
            account_id: id(n),
            stratum: stratum(n),
            drawn_this_year: n % 5 == 0,
            always: (n % 7 == 0).then_some(if n % 2 == 0 { Always::RepresentsGovernment } else { Always::WatchList }),
        })
        .collect();
    sample::sort_frame(&mut frame);
    let ratio = "0.5".parse().unwrap();
    let strata = sample::allocate(&frame, ratio);
    let members = sample::draw(name, "骰子 4 2 6", Rotation::Annual, &frame, &strata, Reason::Random);
    let as_of = at("2026-11-23T01:00:00Z");
    let mut issues = Vec::new();
    let mut finding_id = 0;
    let accounts = (0..plants.len())
        .map(|n| {
            let (platform, unit_tier, plants) = &plants[n];
            let drawn = members.iter().find(|m| m.account_id == id(n));
            let member = drawn.map(|m| MemberFacts {
                reason: m.reason,
                ticket: m.ticket.clone(),
                looked_at: Some(as_of),
                newest_at: Some(at("2026-10-30T02:30:00Z")),
                verdicts: plants
                    .iter()
                    .map(|&(indicator, class, outcome, subject)| {
                        finding_id += 1;
                        // One issue for a defect, as the database has it.
                        let known = |i: &Issue| {
                            i.account_id == id(n) && i.indicator.family() == indicator.family() && i.subject == subject
                        };
                        if outcome == Outcome::Fail && !issues.iter().any(known) {
                            let status = statuses.get(issues.len() % statuses.len().max(1));
                            issues.push(issue(issues.len(), n, *platform, indicator, class, subject, status));
                        }
                        Verdict {
                            finding_id,
                            indicator,
                            class,
                            outcome,
                            subject: subject.to_owned(),
                            summary: format!("{}:示例说明", indicator.zh()),
                            reason: if outcome == Outcome::Unverified { "blocked" } else { "seen" }.to_owned(),
                            decided: false,
                        }
                    })
                    .collect(),
            });
            AccountFacts {
                account_id: id(n),
                name: format!("云溪县示例账号{n}"),
                platform: *platform,
                unit: format!("云溪县示例单位{}", n % 9),
                unit_tier: *unit_tier,
                supervising_unit: Some("云溪县人民政府办公室".to_owned()),
                filing_no: Some(format!("YX-{n:04}")),
                represents_government: n % 7 == 0,
                certified_subject: None,
                followers: Some(1000 + n as u64),
                extra: BTreeMap::from([
                    ("认证状态".to_owned(), "已认证".to_owned()),
                    ("分管领导".to_owned(), "某人".to_owned()),
                ]),
                stratum: stratum(n),
                drawn_this_year: Some(n % 5 == 0),
                always: frame.iter().find(|row| row.account_id == id(n)).and_then(|row| row.always),
                newcomer: false,
                top_up: None,
                member,
            }
        })
        .collect();
    let again = issues.iter().find(|issue| issue.status == IssueStatus::Overdue).cloned();
    let mut facts = Facts {
        office: "云溪县人民政府办公室".to_owned(),
        round: RoundFacts {
            name,
            kind: name.kind(),
            state: RoundState::Judged,
            as_of,
            window_from: at("2026-09-30T16:00:00Z"),
            opened_at: Some(at("2026-11-10T01:00:00Z")),
            generated_at: at("2026-11-24T02:00:00Z"),
            seed: Some("骰子 4 2 6".to_owned()),
            ratio,
            rotation: Rotation::Annual,
            frame_size: frame.len(),
            frame_sha256: sample::frame_sha256(&frame),
            strata,
            rehearsal: false,
            rule_version: "2026.1".to_owned(),
            rule_documents: vec![
                "《政府网站与政务新媒体检查指标》(国办秘函〔2019〕19号)".to_owned(),
                "《关于推进政务新媒体健康有序发展的意见》(国办发〔2018〕123号)".to_owned(),
            ],
        },
        accounts,
        issues,
        previous: Some(PreviousRound {
            name: name.previous(),
            issues: [IssueStatus::Closed, IssueStatus::Closed, IssueStatus::Revoked]
                .into_iter()
                .enumerate()
                .map(|(n, status)| PreviousIssue {
                    id: 900 + n as i64,
                    account: format!("云溪县示例账号{n}"),
                    platform: Platform::Weibo,
                    unit: "云溪县示例单位".to_owned(),
                    indicator: Indicator::Stale,
                    class: Class::Veto,
                    status,
                    found_again: false,
                })
                .chain(again.map(|issue| PreviousIssue {
                    id: issue.id,
                    account: issue.account,
                    platform: issue.platform,
                    unit: issue.unit,
                    indicator: issue.indicator,
                    class: issue.class,
                    status: issue.status,
                    found_again: true,
                }))
                .collect(),
        }),
        earlier: (1..3)
            .map(|n| {
                let name = if n == 1 { name.previous() } else { name.previous().previous() };
                EarlierRound {
                    name,
                    as_of: at("2026-08-24T01:00:00Z"),
                    drawn: 20 * n,
                    qualified: 12 * n,
                    problem: 3 * n,
                    failed: 4 * n,
                    unjudged: n,
                    pending: 0,
                    pass_rate: Figure::rate(15 * n, 19 * n),
                    random_pass_rate: Figure::rate(9 * n, 12 * n),
                    standing: 3 * n,
                    closed: 2 * n,
                }
            })
            .collect(),
        warnings_sent: 12,
        notices: NoticeFacts { delivered: 7, undelivered: 2 },
        context: Context::default(),
    };
    super::settle::settle(&mut facts);
    facts
}

fn issue(
    n: usize,
    account: usize,
    platform: Platform,
    indicator: Indicator,
    class: Class,
    subject: &str,
    status: Option<&IssueStatus>,
) -> Issue {
    let (opened_at, event) = (at("2026-11-23T02:00:00Z"), |kind, note: &str| Event {
        at: at("2026-11-23T03:00:00Z"),
        actor: "xuncha".to_owned(),
        kind,
        note: note.to_owned(),
        passed: false,
    });
    Issue {
        id: n as i64 + 1,
        round: RoundName::Quarter(2026, 4),
        account_id: AccountId::new(format!("A{account:03}")),
        account: format!("云溪县示例账号{account}"),
        platform,
        unit: format!("云溪县示例单位{}", account % 9),
        indicator,
        class,
        status: status.copied().unwrap_or(IssueStatus::Notified),
        subject: subject.to_owned(),
        summary: format!("{},最近一次更新为2026-10-30 10:30。", indicator.zh()),
        opened_at,
        as_of: at("2026-11-23T01:00:00Z"),
        due_at: Some(at("2026-11-26T15:59:59Z")),
        due_provisional: false,
        acknowledged_at: None,
        rectified_at: None,
        closed_at: None,
        rule: RuleRef {
            version: "2026.1".into(),
            document: "国办秘函〔2019〕19号".into(),
            clause: "政务新媒体单项否决二".into(),
        },
        evidence: Evidence {
            url: Some("https://example.test/list?a=1&b=2".into()),
            sha256: Some("ab".repeat(32)),
            fetched_at: Some(opened_at),
            ..Evidence::default()
        },
        events: vec![
            event(EventKind::Opened, ""),
            event(EventKind::Notified, "送达"),
            event(EventKind::Rectified, "已更新"),
        ],
    }
}

/// A round with something of everything in it.
pub(crate) fn example() -> Facts {
    let fail = |i, class| (i, class, Outcome::Fail, "");
    let plants: Vec<_> = (0..60)
        .map(|n| {
            let platform = [Platform::Wechat, Platform::Weibo, Platform::Douyin][n % 3];
            let tier = [Some(UnitTier::Government), Some(UnitTier::Department), Some(UnitTier::Town), None][n % 4];
            let planted = match n % 11 {
                1 => vec![fail(Indicator::Stale, Class::Veto)],
                2 => vec![OK, (Indicator::Link, Class::Ordinary, Outcome::Fail, "https://example.test/x")],
                3 => vec![OK, (Indicator::Link, Class::Ordinary, Outcome::Suspected, "https://example.test/疑")],
                4 => vec![(Indicator::Stale, Class::Veto, Outcome::Unverified, "")],
                5 => vec![OK, fail(Indicator::Registration, Class::Prominent)],
                6 => vec![fail(Indicator::Zombie, Class::Veto), fail(Indicator::Review, Class::Ordinary)],
                _ => vec![OK],
            };
            (platform, tier, planted)
        })
        .collect();
    round(&plants, &[IssueStatus::Notified, IssueStatus::Closed, IssueStatus::Overdue, IssueStatus::Acknowledged])
}

#[test]
fn the_four_results_are_told_apart() {
    let judge = |verdicts: &[Planted]| {
        let facts = round(&[(Platform::Weibo, None, verdicts.to_vec())], &[]);
        Dataset::build(facts).unwrap().accounts[0].result
    };
    let link = |outcome| (Indicator::Link, Class::Ordinary, outcome, "u");
    let unverified = (Indicator::Stale, Class::Veto, Outcome::Unverified, "");
    assert_eq!(judge(&[OK]), Some(AccountResult::Qualified));
    assert_eq!(judge(&[OK, link(Outcome::Suspected)]), Some(AccountResult::Qualified));
    assert_eq!(judge(&[OK, link(Outcome::Fail)]), Some(AccountResult::Problem));
    assert_eq!(judge(&[(Indicator::Stale, Class::Veto, Outcome::Fail, "")]), Some(AccountResult::Failed));
    assert_eq!(judge(&[unverified]), Some(AccountResult::Unjudged));
    assert_eq!(judge(&[unverified, link(Outcome::Fail)]), Some(AccountResult::Unjudged));
    assert_eq!(judge(&[link(Outcome::Pass)]), Some(AccountResult::Unjudged));
}

#[test]
fn a_source_that_shows_titles_alone_leaves_the_texts_unjudged_and_not_the_account() {
    let titles = (Indicator::Expression, Class::Veto, Outcome::Unverified, "");
    let mut facts = round(&[(Platform::Weibo, None, vec![OK, titles])], &[]);
    assert_eq!(Dataset::build(facts.clone()).unwrap().accounts[0].result, Some(AccountResult::Unjudged));
    for verdict in facts.accounts.iter_mut().filter_map(|a| a.member.as_mut()).flat_map(|m| &mut m.verdicts) {
        if verdict.outcome == Outcome::Unverified {
            verdict.reason = TITLES_ONLY.to_owned();
        }
    }
    assert_eq!(Dataset::build(facts).unwrap().accounts[0].result, Some(AccountResult::Qualified));
}

#[test]
fn what_could_not_be_judged_leaves_both_sides_of_the_pass_rate() {
    let plants = [
        (Platform::Weibo, None, vec![OK]),
        (Platform::Weibo, None, vec![(Indicator::Stale, Class::Veto, Outcome::Unverified, "")]),
    ];
    let mut facts = round(&plants, &[]);
    facts.round.ratio = crate::domain::ratio::Ratio::ALL;
    let spare = facts.accounts.iter().find_map(|a| a.member.clone()).unwrap();
    for (n, account) in facts.accounts.iter_mut().enumerate() {
        account.member.get_or_insert_with(|| MemberFacts { verdicts: Vec::new(), ..spare.clone() }).reason =
            Reason::Random;
        if let Some(member) = &mut account.member {
            member.verdicts = vec![Verdict {
                finding_id: n as i64,
                indicator: Indicator::Stale,
                class: Class::Veto,
                outcome: if n == 0 { Outcome::Pass } else { Outcome::Unverified },
                subject: String::new(),
                summary: String::new(),
                reason: String::new(),
                decided: false,
            }];
        }
    }
    facts.round.strata[0].quota = 2;
    let dataset = Dataset::build(facts).unwrap();
    assert_eq!(dataset.figure("total.pass_rate").with_parts(crate::domain::Lang::Zh), "100.00%（1/1）");
    assert_eq!((dataset.count("total.drawn"), dataset.count("total.unjudged")), (2, 1));
}

#[test]
fn a_revoked_issue_takes_its_finding_with_it() {
    let plants = [(Platform::Weibo, None, vec![(Indicator::Stale, Class::Veto, Outcome::Fail, "")])];
    let dataset = Dataset::build(round(&plants, &[IssueStatus::Revoked])).unwrap();
    assert_eq!(dataset.accounts[0].result, Some(AccountResult::Qualified));
    assert_eq!(dataset.accounts[0].overturned, [1]);
}

#[test]
fn columns_that_may_be_personal_stay_out() {
    let dataset = Dataset::build(example()).unwrap();
    let json = serde_json::to_string(&dataset).unwrap();
    assert!(json.contains("认证状态") && !json.contains("分管领导"));
}

#[test]
fn a_figure_names_its_rows() {
    let dataset = Dataset::build(example()).unwrap();
    let behind = dataset.behind("total.pass_rate").unwrap();
    assert_eq!(behind.numerator.len(), behind.figure.numerator);
    assert_eq!(behind.denominator.map(|d| d.len()), behind.figure.denominator);
    assert!(dataset.behind("total.passrate").is_none());
    for name in dataset.figures.keys() {
        assert!(dataset.behind(name).is_some(), "{name}");
    }
}

#[test]
fn contradicting_facts_are_refused_with_their_rows() {
    let mut twice = example();
    let again = twice.accounts[3].clone();
    twice.accounts.push(again);
    let error = Dataset::build(twice).unwrap_err();
    assert_eq!((error.figure.as_str(), error.rows.len()), ("accounts[A003]", 1));

    let mut stranger = example();
    stranger.issues[0].account_id = AccountId::new("Z");
    assert!(Dataset::build(stranger).unwrap_err().figure.starts_with("issues[1]"));

    let mut short = example();
    short.round.strata[0].quota += 1;
    assert!(Dataset::build(short).unwrap_err().figure.contains("].quota"));

    let mut smaller = example();
    smaller.accounts.retain(|a| a.member.is_some());
    assert!(Dataset::build(smaller).unwrap_err().figure.ends_with("].size"));
}

#[test]
fn a_changed_row_is_found_by_what_it_no_longer_gives() {
    let mut dataset = Dataset::build(example()).unwrap();
    let failed = dataset.accounts.iter().position(|a| a.result == Some(AccountResult::Failed)).unwrap();
    dataset.accounts[failed].result = Some(AccountResult::Qualified);
    let error = dataset.check().unwrap_err();
    assert!(error.figure.contains("].result") && error.expected == "failed", "{error}");
}
