//! `registration`: who answers for the account.

use chrono::{DateTime, Utc};

use super::{Bench, Known};
use crate::domain::account::Account;
use crate::domain::finding::Outcome;
use crate::domain::rule::Indicator;
use crate::store::NewFinding;

/// 有账号无监管: supervising unit, administrator and filing, as the registry has them.
///
/// A column that no account fills is one the office does not keep here (yet): it convicts nobody.
pub(in crate::checks) fn registration(
    bench: &Bench<'_>,
    account: &Account,
    known: &Known,
    seen_at: DateTime<Utc>,
) -> NewFinding {
    let there = [account.supervising_unit.is_some(), account.admin.is_some(), account.filing_no.is_some()];
    let kept = known.registry.kept;
    let words = bench.words();
    let lacking = |n: usize| !there[n] && kept[n];
    let (outcome, reason, summary) = if there == [true; 3] {
        (Outcome::Pass, "registered", words.registered())
    } else if (0..3).any(lacking) {
        let [supervising, admin, filing] = [0, 1, 2].map(|n| !lacking(n));
        (Outcome::Fail, "incomplete", words.unregistered(supervising, admin, filing))
    } else {
        (Outcome::Unverified, "column_not_kept", words.unjudged(&words.column_not_kept(there)))
    };
    bench.verdict(Indicator::Registration, outcome, reason, summary, seen_at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::judge::RegistryKnown;
    use crate::checks::judge::testing::{account, bench, rules};
    use crate::domain::account::Personal;

    #[test]
    fn a_column_nobody_fills_convicts_nobody() {
        let rules = rules();
        let bench = bench(&rules);
        let text = |there: bool| there.then(|| "有".to_owned());
        for (there, kept, outcome, reason) in [
            ([true; 3], [true; 3], Outcome::Pass, "registered"),
            ([true, true, false], [true; 3], Outcome::Fail, "incomplete"),
            ([true, true, false], [true, true, false], Outcome::Unverified, "column_not_kept"),
            ([false; 3], [false; 3], Outcome::Unverified, "column_not_kept"),
            ([false, true, false], [true, true, false], Outcome::Fail, "incomplete"),
        ] {
            let [supervising, admin, filing] = there;
            let account = Account {
                supervising_unit: text(supervising),
                admin: text(admin).map(Personal::new),
                filing_no: text(filing),
                ..account()
            };
            let known = Known { registry: RegistryKnown { kept, ..RegistryKnown::default() }, ..Known::default() };
            let finding = registration(&bench, &account, &known, bench.as_of);
            assert_eq!((finding.outcome, finding.reason.as_str()), (outcome, reason), "{there:?} {kept:?}");
            let names_filing = !filing && (outcome == Outcome::Unverified || kept[2]);
            assert!(outcome == Outcome::Pass || finding.summary.contains("备案编号") == names_filing);
        }
    }
}
