//! A made-up year: its counts, its proposals, and what is refused.

use super::*;
use crate::domain::bulletin::tests::at;

/// A made-up year: two rounds, a unit twice on WeChat, an account that stays silent.
pub(crate) fn example() -> YearFacts {
    let (first, second) = (RoundName::Quarter(2026, 3), RoundName::Quarter(2026, 4));
    let (earlier, as_of) = (at("2026-08-10T01:00:00Z"), at("2026-11-10T01:00:00Z"));
    let look = |round, result, silent: Option<Indicator>| YearLook {
        round,
        result,
        newest_at: Some(as_of),
        silent: silent.map(|indicator| Silent { indicator, finding_id: 1 }),
    };
    let account = |id: &str, name: &str, unit: &str, platform, looks| YearAccount {
        account_id: AccountId::new(id),
        name: name.to_owned(),
        platform,
        unit: unit.to_owned(),
        unit_tier: Some(UnitTier::Department),
        status: AccountStatus::Running,
        followers: Some(5000),
        looks,
    };
    let (wechat, weibo) = (Platform::Wechat, Platform::Weibo);
    let accounts = vec![
        account("A1", "云溪教育", "云溪县教育局", wechat, vec![look(first, AccountResult::Qualified, None)]),
        account("A2", "云溪教育发布", "云溪县教育局", wechat, vec![look(second, AccountResult::Problem, None)]),
        account(
            "A3",
            "云溪水务",
            "云溪县水务局",
            weibo,
            vec![
                look(first, AccountResult::Failed, Some(Indicator::Stale)),
                look(second, AccountResult::Failed, Some(Indicator::Stale)),
            ],
        ),
        YearAccount {
            followers: Some(12),
            ..account(
                "A4",
                "云溪教育微信",
                "云溪县教育考试中心",
                wechat,
                vec![look(second, AccountResult::Unjudged, None)],
            )
        },
    ];
    let issue = |id, account: &YearAccount, class, indicator, status| YearIssue {
        id,
        account_id: account.account_id.clone(),
        account: account.name.clone(),
        platform: account.platform,
        unit: account.unit.clone(),
        indicator,
        class,
        status,
        opened_at: as_of,
        due_at: None,
        closed_at: None,
        overdue: id == 2,
        escalated: false,
        appealed: id == 3,
        extended: false,
        rejected: false,
    };
    let [a1, _, a3, _] = &accounts[..] else { unreachable!() };
    let issues = vec![
        issue(1, a3, Class::Veto, Indicator::Expression, IssueStatus::Closed),
        issue(2, a3, Class::Ordinary, Indicator::Link, IssueStatus::Overdue),
        issue(3, a1, Class::Ordinary, Indicator::Link, IssueStatus::Revoked),
        issue(4, a1, Class::Advice, Indicator::LowUse, IssueStatus::Open),
    ];
    let round = |name, as_of, drawn| YearRound { name, as_of, frame: 4, drawn };
    YearFacts {
        office: "云溪县人民政府办公室".to_owned(),
        year: 2026,
        generated_at: at("2026-12-31T01:00:00Z"),
        rounds: vec![round(first, earlier, 2), round(second, as_of, 3)],
        accounts,
        issues,
        few_followers: 1000,
    }
}

#[test]
fn a_year_is_counted_by_unit_and_sums_to_the_whole() {
    let year = Year::build(example()).unwrap();
    let units: Vec<&str> = year.units.iter().map(|unit| unit.unit.as_str()).collect();
    assert_eq!(units, ["云溪县教育局", "云溪县教育考试中心", "云溪县水务局"], "by name, never by result");
    let water = &year.units[2];
    assert_eq!(
        (water.looks, water.failed, water.problems, water.closed, water.live, water.overdue),
        (2, 2, 2, 1, 1, 1)
    );
    let education = &year.units[0];
    assert_eq!((education.problems, education.fallen, education.appealed, education.advice), (0, 1, 1, 1));
    assert_eq!(year.total.looks, 5);
}

#[test]
fn proposals_name_the_rows_behind_them() {
    let year = Year::build(example()).unwrap();
    let whys: Vec<(Why, usize)> = year.merge.iter().map(|p| (p.why, p.evidence.len())).collect();
    assert_eq!(
        whys,
        [(Why::SameUnit, 2), (Why::SimilarName, 3), (Why::FewFollowers, 1), (Why::LowUse, 1)],
        "{:#?}",
        year.merge
    );
    assert_eq!(year.close.len(), 1);
    assert_eq!(year.close[0].evidence.iter().filter_map(|row| row.round).count(), 2);
}

#[test]
fn closing_is_proposed_for_two_silences_that_last_and_not_for_one_seen_twice() {
    let closing = |change: &dyn Fn(&mut YearFacts)| {
        let mut facts = example();
        change(&mut facts);
        Year::build(facts).unwrap().close.len()
    };
    assert_eq!(closing(&|_| {}), 1);
    assert_eq!(closing(&|facts| facts.rounds[0].as_of = facts.rounds[1].as_of), 0, "one monitoring time is one look");
    let near = at("2026-11-03T01:00:00Z");
    assert_eq!(closing(&|facts| facts.rounds[0].as_of = near), 0, "a week apart, the same newest post");
    let another = |facts: &mut YearFacts| {
        facts.rounds[0].as_of = near;
        facts.accounts[2].looks[0].newest_at = Some(at("2026-09-01T01:00:00Z"));
    };
    assert_eq!(closing(&another), 1, "it fell silent again");
    let closed = |facts: &mut YearFacts| {
        (facts.issues[0].indicator, facts.issues[0].closed_at) = (Indicator::Stale, Some(at("2026-12-01T01:00:00Z")));
    };
    assert_eq!(closing(&closed), 0, "closed since");
    let reopened = |facts: &mut YearFacts| {
        closed(facts);
        facts.issues[1].indicator = Indicator::Stale;
    };
    assert_eq!(closing(&reopened), 1, "another is open");
}

#[test]
fn a_year_that_does_not_add_up_is_refused() {
    let good = Year::build(example()).unwrap();
    let mut bad = good.clone();
    bad.units[0].closed += 1;
    assert!(bad.check().unwrap_err().figure.contains("closed"));
    let mut bad = good.clone();
    bad.total.looks = 6;
    assert_eq!(bad.check().unwrap_err().figure, "total.looks");
    let mut bad = good.clone();
    bad.close.clear();
    let error = bad.check().unwrap_err();
    assert_eq!((error.figure.as_str(), error.rows.len()), ("close[0]", 1));
    assert!(
        error.zh().starts_with("“关停建议”（close[0]）前后不一致") && error.zh().contains("账号A3"),
        "{}",
        error.zh()
    );
    let json = serde_json::to_string(&good).unwrap();
    assert_eq!(serde_json::from_str::<Year>(&json).unwrap(), good);
    let mut facts = example();
    facts.rounds[0].drawn = 7;
    assert!(Year::build(facts).is_err());
}

#[test]
fn every_figure_of_a_year_names_its_rows_and_is_called_something() {
    use crate::domain::Lang;
    let year = Year::build(example()).unwrap();
    let figures = year.figures();
    assert_eq!(figures.len(), (year.units.len() + 1) * UNIT_COLUMNS.len() + year.rounds.len() * 2 + Why::ALL.len());
    for (name, figure) in &figures {
        let behind = year.behind(name).unwrap();
        let is_proposal = name.starts_with("merge.") || name.starts_with("close.");
        let counted = if is_proposal { behind.rows.len().min(figure.numerator) } else { behind.rows.len() };
        if name.rsplit('.').next() != Some("frame") {
            assert_eq!(counted, figure.numerator, "{name}");
        }
        for lang in [Lang::Zh, Lang::En] {
            let words = describe(name, lang);
            assert!(words != *name && !words.contains('_'), "{name}: {words}");
        }
    }
    assert_eq!(describe("unit.云溪县教育局.closed", Lang::Zh), "云溪县教育局：已销号");
    assert_eq!(year.behind("unit.云溪县水务局.failed").unwrap().rows, [YearRow::Look(2, 0), YearRow::Look(2, 1)]);
    assert_eq!(year.behind("total.overdue").unwrap().rows, [YearRow::Issue(1)]);
    assert!(year.behind("total.passrate").is_none() && year.near("total.fail").contains(&"total.failed".to_owned()));
}

/// Numbers of a year that are facts in themselves.
const RAW: [(&str, &str); 5] = [
    ("accounts[].followers", "as the registry has it; where a proposal rests on it, it is caught"),
    ("accounts[].looks[].silent.finding_id", "a number given by the database; in a proposal it is caught"),
    ("few_followers", "a setting of the office, unless an account lies between"),
    ("issues[].id", "a number given by the database; a second use of it, and in a proposal, is caught"),
    ("rounds[].frame", "the rows stand in the round's own dataset"),
];

#[test]
fn any_number_of_a_year_changed_by_one_is_refused_unless_it_is_a_fact_in_itself() {
    use crate::domain::bulletin::tamper_tests::survivors;
    let mut facts = example();
    // An account that no proposal names, an issue apart from its neighbours, a threshold that no account is near.
    facts.accounts.push(YearAccount {
        account_id: AccountId::new("A9"),
        name: "云溪气象".to_owned(),
        unit: "云溪县气象局".to_owned(),
        looks: Vec::new(),
        ..facts.accounts[2].clone()
    });
    let look = &mut facts.accounts[0].looks[0];
    (look.result, look.silent) = (AccountResult::Failed, Some(Silent { indicator: Indicator::Stale, finding_id: 5 }));
    facts.rounds.iter_mut().for_each(|round| round.frame = 9);
    facts.issues[3].id = 40;
    let year = Year::build(facts).unwrap();
    let survived = survivors(&year, 1, Year::check, &["year", "round."]);
    assert_eq!(survived, RAW.map(|(path, _)| path.to_owned()).into());
}
