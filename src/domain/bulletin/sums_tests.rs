//! Properties: any round sums, whichever way it is told apart, and whatever is done to it is refused.

use proptest::prelude::*;

use super::tests::{Planted, example, round};
use super::*;
use crate::domain::account::{Platform, UnitTier};
use crate::domain::round::RoundName;

fn any_plants() -> impl Strategy<Value = Vec<(Platform, Option<UnitTier>, Vec<Planted>)>> {
    let planted = (
        prop::sample::select(Indicator::ALL),
        prop::sample::select(Class::ALL),
        prop::sample::select(Outcome::ALL),
        prop::sample::select(&["", "https://example.test/a"][..]),
    );
    let tier = prop::option::of(prop::sample::select(UnitTier::ALL));
    prop::collection::vec((prop::sample::select(Platform::ALL), tier, prop::collection::vec(planted, 0..4)), 0..40)
}

/// Adds one to the `nth` number of a JSON tree; `None` when there are fewer.
fn bump(value: &mut serde_json::Value, nth: &mut usize) -> bool {
    use serde_json::Value;
    match value {
        Value::Number(number) if *nth == 0 => {
            *value = number.as_u64().map_or_else(|| Value::from(1.0), |n| Value::from(n + 1));
            true
        }
        Value::Number(_) => {
            *nth -= 1;
            false
        }
        Value::Array(all) => all.iter_mut().any(|v| bump(v, nth)),
        Value::Object(all) => all.values_mut().any(|v| bump(v, nth)),
        _ => false,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Whatever was found: every way of telling it apart comes to the same totals, and the file says so again.
    #[test]
    fn any_round_sums_and_comes_back_from_json(
        plants in any_plants(),
        statuses in prop::collection::vec(prop::sample::select(IssueStatus::ALL), 1..5),
        before in prop::collection::vec((prop::sample::select(IssueStatus::ALL), prop::sample::select(Class::ALL)), 0..12),
        is_half in any::<bool>(),
    ) {
        let mut facts = round(&plants, &statuses);
        let earlier = |name| PreviousRound { name, issues: before.iter().enumerate().map(|(n, (status, class))| PreviousIssue {
            id: 900 + n as i64,
            account: "云溪县示例账号".to_owned(),
            platform: Platform::Weibo,
            unit: "云溪县示例单位".to_owned(),
            indicator: Indicator::Stale,
            class: *class,
            status: *status,
            found_again: false,
        }).collect() };
        let mut prefixes = vec!["previous".to_owned()];
        if is_half {
            facts.round.name = RoundName::Half(2026, 2);
            facts.round.kind = facts.round.name.kind();
            facts.context.quarters = vec![earlier(RoundName::Quarter(2026, 3)), earlier(RoundName::Quarter(2026, 4))];
            prefixes.extend(facts.context.quarters.iter().map(|quarter| format!("quarter.{}", quarter.name)));
        }
        facts.previous = Some(earlier(facts.round.name.previous()));
        super::settle::settle(&mut facts);
        let dataset = Dataset::build(facts).unwrap();
        let count = |name: String| dataset.count(&name);
        let sum = |names: Vec<String>| names.into_iter().map(count).sum::<usize>();
        let results: Vec<&str> = AccountResult::ALL.iter().map(|result| result.key()).collect();
        // Results make up the drawn; platforms, tiers, reasons and units make up each result and the whole.
        let tables = &dataset.breakdowns;
        for column in [&results[..], &["drawn"]].concat() {
            for (by, lines) in [("platform", &tables.platform), ("unit_tier", &tables.unit_tier), ("reason", &tables.reason)] {
                let parts = lines.iter().map(|line| format!("{by}.{}.{column}", line.key)).collect();
                prop_assert_eq!(sum(parts), count(format!("total.{column}")), "{} {}", by, column);
            }
        }
        prop_assert_eq!(sum(results.iter().map(|result| format!("total.{result}")).collect()), count("total.drawn".into()));
        prop_assert_eq!(sum(Age::ALL.iter().map(|age| format!("silence.{age}")).collect()), count("total.drawn".into()));
        let units = dataset.units();
        prop_assert_eq!(units.iter().map(|unit| unit.drawn).sum::<usize>(), count("total.drawn".into()));
        prop_assert_eq!(units.iter().map(|unit| unit.frame).sum::<usize>(), count("total.frame".into()));
        prop_assert_eq!(units.iter().map(|unit| unit.problems).sum::<usize>(), count("issues.problems".into()));
        // Issues by class, by state, by both, by indicator; those that stand and those that fell.
        let crossed = |class: &'static Class| IssueStatus::ALL.iter().map(move |s| format!("issues.class_status.{class}.{s}"));
        for class in Class::ALL {
            prop_assert_eq!(sum(crossed(class).collect()), count(format!("issues.class.{class}")));
        }
        for parts in [
            Class::ALL.iter().flat_map(crossed).collect::<Vec<_>>(),
            IssueStatus::ALL.iter().map(|s| format!("issues.status.{s}")).collect(),
            Indicator::ALL.iter().map(|i| format!("issues.indicator.{i}")).collect(),
            ["problems", "advice", "fallen"].map(|what| format!("issues.{what}")).to_vec(),
        ] {
            prop_assert_eq!(sum(parts), count("issues.total".into()));
        }
        prop_assert_eq!(sum(Indicator::ALL.iter().map(|i| format!("findings.{i}.total")).collect()), count("findings.total".into()));
        for indicator in Indicator::ALL {
            let outcomes = Outcome::ALL.iter().map(|outcome| format!("findings.{indicator}.{outcome}")).collect();
            prop_assert_eq!(sum(outcomes), count(format!("findings.{indicator}.total")));
        }
        // What became of earlier rounds, and of the quarters of a half year.
        for prefix in prefixes {
            let parts = ["closed", "fallen", "live"].map(|what| format!("{prefix}.{what}")).to_vec();
            let problems = before.iter().filter(|(_, class)| *class != Class::Advice).count();
            prop_assert_eq!((sum(parts), count(format!("{prefix}.total"))), (problems, problems), "{}", prefix);
        }
        let back: Dataset = serde_json::from_str(&serde_json::to_string(&dataset).unwrap()).unwrap();
        prop_assert_eq!(back.check(), Ok(()));
        prop_assert_eq!(back, dataset);
    }

    #[test]
    fn any_tampered_figure_is_refused(plants in any_plants(), nth in 0_usize..4000, table in any::<bool>()) {
        let dataset = Dataset::build(round(&plants, &[])).unwrap();
        let mut json = serde_json::to_value(&dataset).unwrap();
        let part = &mut json[if table { "breakdowns" } else { "figures" }];
        let numbers = {
            let (mut count, mut probe) = (0, part.clone());
            while bump(&mut probe, &mut { count }) { count += 1; }
            count
        };
        prop_assume!(numbers > 0);
        prop_assert!(bump(part, &mut (nth % numbers)));
        let tampered: Dataset = serde_json::from_value(json).unwrap();
        prop_assert!(tampered.check().is_err());
    }

    /// Whatever is done to the rows after they were counted, the dataset is refused and says which.
    #[test]
    fn any_tampered_row_is_refused_and_named(nth in 0_usize..1000, how in 0_usize..7) {
        let mut dataset = Dataset::build(example()).unwrap();
        let members: Vec<usize> =
            (0..dataset.accounts.len()).filter(|n| dataset.accounts[*n].facts.member.is_some()).collect();
        let place = members[nth % members.len()];
        let name = AccountId::new(dataset.accounts[place].facts.account_id.as_str());
        let issue = nth % dataset.issues.len();
        match how {
            0 => drop(dataset.accounts.remove(place)),
            1 => {
                let again = dataset.accounts[place].clone();
                dataset.accounts.insert(place, again);
            }
            2 => {
                let row = &mut dataset.accounts[place];
                let other = AccountResult::ALL.iter().find(|r| Some(**r) != row.result);
                row.result = other.copied();
            }
            3 => {
                let verdicts = &mut dataset.accounts[place].facts.member.as_mut().unwrap().verdicts;
                let outcome = verdicts[0].outcome;
                verdicts[0].outcome = if outcome == Outcome::Fail { Outcome::Pass } else { Outcome::Fail };
            }
            4 => drop(dataset.issues.remove(issue)),
            5 => {
                let again = dataset.issues[issue].clone();
                dataset.issues.push(again);
            }
            _ => {
                let row = &mut dataset.issues[issue];
                row.status = if row.status == IssueStatus::Closed { IssueStatus::Overdue } else { IssueStatus::Closed };
            }
        }
        let error = dataset.check().unwrap_err();
        prop_assert!(!error.rows.is_empty(), "{}", error);
        if (1..3).contains(&how) {
            prop_assert_eq!(&error.rows[..], &[RowId::Account(name)], "{}", error);
        }
    }

    #[test]
    fn any_tampered_table_names_the_rows_it_was_counted_from(nth in 0_usize..4000) {
        let dataset = Dataset::build(example()).unwrap();
        let mut json = serde_json::to_value(&dataset).unwrap();
        let cells = {
            let (mut count, mut probe) = (0, json["breakdowns"].clone());
            while bump(&mut probe, &mut { count }) { count += 1; }
            count
        };
        bump(&mut json["breakdowns"], &mut (nth % cells));
        let error = serde_json::from_value::<Dataset>(json).unwrap().check().unwrap_err();
        // A number inside a word (IPv6) counts nothing.
        let counted = error.expected.split(|c: char| !c.is_alphanumeric()).any(|n| n.parse().is_ok_and(|n: u64| n > 0));
        prop_assert!(!error.rows.is_empty() || !counted, "{}", error);
    }
}
