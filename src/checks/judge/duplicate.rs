//! `duplicate`: one unit, one platform, more than one account (同平台重复开设).
//!
//! The finding stands on the accounts that came later, each naming the others: the first of a unit
//! is the one it may keep, and a pair is put to a person once. 原则上 makes it a matter for a
//! person; the machine only proposes.

use chrono::{DateTime, Utc};

use super::{Bench, Known};
use crate::domain::account::{Account, AccountStatus};
use crate::domain::finding::Outcome;
use crate::domain::naming::is_one_a_unit;
use crate::domain::rule::Indicator;
use crate::store::NewFinding;

/// Source: 国办发〔2018〕123号, 一个单位原则上在同一平台只开设一个账号. `None` on platforms the rule
/// does not speak of, and for the first of several.
pub(in crate::checks) fn duplicate(
    bench: &Bench<'_>,
    account: &Account,
    known: &Known,
    seen_at: DateTime<Utc>,
) -> Option<NewFinding> {
    if !is_one_a_unit(account.platform) || account.status == AccountStatus::Closed {
        return None;
    }
    let words = bench.words();
    let (outcome, reason, summary) = match &known.registry.others {
        None => (Outcome::Pass, "only_account", words.only_account(&account.unit, account.platform)),
        Some(_) if known.registry.is_first => return None,
        Some(others) => {
            (Outcome::Suspected, "more_accounts", words.more_accounts(&account.unit, account.platform, others))
        }
    };
    Some(bench.verdict(Indicator::Duplicate, outcome, reason, summary, seen_at))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::judge::RegistryKnown;
    use crate::checks::judge::testing::{account, bench, rules};
    use crate::domain::account::{AccountId, Platform};
    use crate::domain::naming::Twins;

    #[test]
    fn what_a_person_dismissed_is_not_asked_again_while_it_says_the_same() {
        use crate::store::Decided;
        let rules = rules();
        let bench = bench(&rules);
        let known = |others: &str, said: Option<(Outcome, String)>| Known {
            registry: RegistryKnown { others: Some(others.to_owned()), is_first: false, kept: [true; 3] },
            decided: said
                .map(|(outcome, summary)| {
                    ((Indicator::Duplicate, String::new()), Decided { outcome, summary, numbers: Vec::new() })
                })
                .into_iter()
                .collect(),
            ..Known::default()
        };
        let judged = |known: &Known| {
            let all = crate::checks::judge::judge(&bench, &account(), &crate::checks::judge::testing::seen(), known);
            all.into_iter().find(|finding| finding.indicator == Indicator::Duplicate).unwrap()
        };
        let first = judged(&known("云溪水务A2(A2)", None));
        assert_eq!(first.outcome, Outcome::Suspected);
        for decision in [Outcome::Pass, Outcome::Fail] {
            let said = Some((decision, first.summary.clone()));
            assert_eq!(judged(&known("云溪水务A2(A2)", said.clone())).outcome, decision);
            assert_eq!(judged(&known("云溪水务A2(A2)、云溪水务A3(A3)", said)).outcome, Outcome::Suspected);
        }
    }

    #[test]
    fn of_several_the_later_ones_are_put_to_a_person() {
        let rules = rules();
        let bench = bench(&rules);
        let named = |id: &str, opened: Option<&str>| Account {
            account_id: AccountId::new(id),
            name: format!("云溪水务{id}"),
            opened_on: opened.map(|day| day.parse().unwrap()),
            ..account()
        };
        let mut registry = vec![
            named("A1", None),
            named("A2", Some("2020-01-01")),
            Account { platform: Platform::Weibo, ..named("A3", None) },
            Account { unit: " 云溪区　水务局".to_owned(), ..named("A4", Some("2021-01-01")) },
            Account { status: AccountStatus::Closed, ..named("A5", Some("2010-01-01")) },
            Account { platform: Platform::Website, ..named("A6", None) },
        ];
        registry.push(Account { unit: "云溪区教育局".to_owned(), ..named("A7", None) });
        let twins = Twins::of(&registry);
        let found: Vec<_> = registry
            .iter()
            .map(|account| {
                let known = Known { registry: RegistryKnown::of(&twins, [true; 3], account), ..Known::default() };
                duplicate(&bench, account, &known, bench.as_of).map(|finding| (finding.outcome, finding.summary))
            })
            .collect();
        let outcomes: Vec<_> = found.iter().map(|found| found.as_ref().map(|found| found.0)).collect();
        let (doubt, fine) = (Some(Outcome::Suspected), Some(Outcome::Pass));
        // A5 is closed and in no frame: nothing is said of it.
        assert_eq!(outcomes, [doubt, None, fine, doubt, None, None, fine]);
        assert!(found[0].as_ref().unwrap().1.contains("云溪水务A2(A2)、云溪水务A4(A4)"));
    }
}
