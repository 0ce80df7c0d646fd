//! What a year's rows speak for: merging (整合) and closing (关停), each with the rows behind it.

use std::collections::{BTreeMap, BTreeSet};

use super::{EvidenceRow, Proposal, SILENT_ROUNDS, Why, Year, YearAccount};
use crate::domain::account::{AccountStatus, Platform};
use crate::domain::naming::{is_one_a_unit, plain};
use crate::domain::rule::Indicator;

impl Year {
    pub(super) fn proposals(&self) -> (Vec<Proposal>, Vec<Proposal>) {
        let running: Vec<&YearAccount> =
            self.accounts.iter().filter(|account| account.status == AccountStatus::Running).collect();
        let mut of_unit = BTreeMap::<(String, Platform), Vec<&YearAccount>>::new();
        let mut of_name = BTreeMap::<(String, Platform), Vec<&YearAccount>>::new();
        for account in running.iter().filter(|account| is_one_a_unit(account.platform)) {
            of_unit.entry((plain(&account.unit), account.platform)).or_default().push(account);
            let core = core(&account.name);
            if core.chars().count() >= 2 {
                of_name.entry((core, account.platform)).or_default().push(account);
            }
        }
        let group = |why, accounts: &[&YearAccount]| Proposal {
            why,
            evidence: accounts.iter().map(|account| EvidenceRow::of(account)).collect(),
        };
        let mut merge: Vec<Proposal> =
            of_unit.values().filter(|group| group.len() > 1).map(|accounts| group(Why::SameUnit, accounts)).collect();
        let several_units = |accounts: &&Vec<&YearAccount>| {
            accounts.iter().map(|account| plain(&account.unit)).collect::<BTreeSet<_>>().len() > 1
        };
        merge.extend(of_name.values().filter(several_units).map(|accounts| group(Why::SimilarName, accounts)));
        let few = running.iter().filter(|account| account.followers.is_some_and(|n| n < self.few_followers));
        merge.extend(few.map(|account| group(Why::FewFollowers, &[*account])));
        let of_id: BTreeMap<_, _> = running.iter().map(|account| (&account.account_id, *account)).collect();
        for issue in self.issues.iter().filter(|i| i.indicator == Indicator::LowUse && !i.fell()) {
            if let Some(account) = of_id.get(&issue.account_id) {
                let evidence = EvidenceRow {
                    issue_id: Some(issue.id),
                    indicator: Some(issue.indicator),
                    ..EvidenceRow::of(account)
                };
                merge.push(Proposal { why: Why::LowUse, evidence: vec![evidence] });
            }
        }
        let close = running.iter().filter_map(|account| silence(account)).collect();
        (merge, close)
    }
}

/// The proposal to close an account that was silent too often.
fn silence(account: &YearAccount) -> Option<Proposal> {
    let evidence: Vec<EvidenceRow> = account
        .looks
        .iter()
        .filter_map(|look| {
            let silent = look.silent.as_ref()?;
            Some(EvidenceRow {
                round: Some(look.round),
                indicator: Some(silent.indicator),
                finding_id: Some(silent.finding_id),
                newest_at: look.newest_at,
                ..EvidenceRow::of(account)
            })
        })
        .collect();
    let zombie = evidence.iter().any(|row| row.indicator == Some(Indicator::Zombie));
    (zombie || evidence.len() >= SILENT_ROUNDS).then_some(Proposal { why: Why::Silent, evidence })
}

/// The part of a name that says whose it is.
fn core(name: &str) -> String {
    const COMMON: [&str; 14] = [
        "官方微博",
        "微博",
        "微信",
        "公众号",
        "视频号",
        "官方",
        "政务",
        "发布",
        "在线",
        "之声",
        "之窗",
        "平台",
        "资讯",
        "号",
    ];
    let mut core = plain(name);
    for word in COMMON {
        core = core.replace(word, "");
    }
    core
}
