//! `registration`: who answers for the account.

use chrono::{DateTime, Utc};

use super::Bench;
use crate::domain::account::Account;
use crate::domain::finding::Outcome;
use crate::domain::rule::Indicator;
use crate::store::NewFinding;

/// 有账号无监管: supervising unit, administrator and filing, as the registry has them.
pub(in crate::checks) fn registration(bench: &Bench<'_>, account: &Account, seen_at: DateTime<Utc>) -> NewFinding {
    let there = [account.supervising_unit.is_some(), account.admin.is_some(), account.filing_no.is_some()];
    let [supervising, admin, filing] = there;
    let words = bench.words();
    let (outcome, reason, summary) = if there == [true; 3] {
        (Outcome::Pass, "registered", words.registered())
    } else {
        (Outcome::Fail, "incomplete", words.unregistered(supervising, admin, filing))
    };
    bench.verdict(Indicator::Registration, outcome, reason, summary, seen_at)
}
