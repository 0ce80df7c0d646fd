//! What the registry itself shows to be wrong (基本信息核查), without looking at any account.

use std::collections::BTreeMap;

use serde::Serialize;

use super::changes::Change;
use crate::domain::Lang;
use crate::domain::account::{Account, AccountId, AccountStatus, Platform};
use crate::domain::keyed::keyed_enum;
use crate::domain::naming::{Named, Twins, listed, plain, same_body};

keyed_enum! {
    /// What is wrong with an entry.
    LintKind {
        NoSupervisingUnit = "no_supervising_unit", "有账号无监管：缺主管单位", "No supervising unit";
        NoAdmin = "no_admin", "有账号无监管：缺管理员", "No administrator";
        NoFiling = "no_filing", "有账号无监管：未备案", "No filing";
        UnfiledChange = "unfiled_change", "变动未备案", "Change without a filing";
        Duplicate = "duplicate", "同平台重复开设", "Several accounts of a unit on one platform";
        SameName = "same_name", "同平台账号重名", "Same name on one platform";
        Identity = "identity", "认证主体与主办单位不一致", "Certified subject is not the unit";
        NoSource = "no_source", "未设置采集方式", "No source";
    }
}

/// One line of the lint.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LintLine {
    /// The entry.
    pub account_id: AccountId,
    /// What is wrong with it.
    pub kind: LintKind,
    detail_zh: String,
    detail_en: String,
}

impl LintLine {
    /// What exactly, and what to do.
    #[must_use]
    pub fn detail(&self, lang: Lang) -> &str {
        match lang {
            Lang::Zh => &self.detail_zh,
            Lang::En => &self.detail_en,
        }
    }
}

/// Checks every account that is not closed, and lists lifecycle events that no filing stands
/// behind; lines in the order of the accounts, then of the events.
#[must_use]
pub fn lint(accounts: &[Account], unfiled: &[(AccountId, Change)]) -> Vec<LintLine> {
    let mut lines = Vec::new();
    let twins = Twins::of(accounts);
    let names = by_name(accounts);
    for account in accounts.iter().filter(|account| account.status != AccountStatus::Closed) {
        let mut note = |kind, detail_zh: String, detail_en: String| {
            lines.push(LintLine { account_id: account.account_id.clone(), kind, detail_zh, detail_en });
        };
        let label = account.label();
        let running = account.status == AccountStatus::Running;
        if account.supervising_unit.is_none() {
            note(
                LintKind::NoSupervisingUnit,
                format!("{label}未填写主管单位，请补填"),
                format!("{label} has no supervising unit; enter it"),
            );
        }
        if account.admin.is_none() {
            note(
                LintKind::NoAdmin,
                format!("{label}未填写管理员，请补填"),
                format!("{label} has no administrator; enter one"),
            );
        }
        if account.filing_no.is_none() && account.status != AccountStatus::Proposed {
            note(
                LintKind::NoFiling,
                format!("{label}没有备案编号，请备案后补填"),
                format!("{label} has no filing number; file it and enter the number"),
            );
        }
        if let Some(others) = listed(&twins.others(account)) {
            note(
                LintKind::Duplicate,
                format!("{}在{}上还有{others}，请确认是否整合", account.unit, account.platform.zh()),
                format!("{} also runs {others} on {}; consider merging them", account.unit, account.platform.en()),
            );
        }
        if let Some(others) = namesakes(&names, account) {
            note(
                LintKind::SameName,
                format!("{label}与{others}重名，请核对是否重复登记"),
                format!("{label} has the same name as {others}; check that it is not entered twice"),
            );
        }
        if let Some(subject) = account.certified_subject.as_ref().filter(|subject| !same_body(subject, &account.unit)) {
            note(
                LintKind::Identity,
                format!("{label}的认证主体“{subject}”与主办单位“{}”不一致，请核对", account.unit),
                format!("{label} is certified for `{subject}`, its unit is `{}`; check which is right", account.unit),
            );
        }
        if running && account.source.is_none() {
            note(
                LintKind::NoSource,
                format!("{label}未设置采集方式，无法自动检查；无法自动采集的请填“人工查看”"),
                format!("{label} has no source and cannot be checked; enter `manual` where no machine can see it"),
            );
        }
    }
    for (account_id, change) in unfiled.iter().filter(|(_, change)| !change.filed) {
        lines.push(LintLine {
            account_id: account_id.clone(),
            kind: LintKind::UnfiledChange,
            detail_zh: format!("{}，尚未备案，请备案后更新备案编号", change.text(Lang::Zh)),
            detail_en: format!("{}; file it and enter the new number", change.text(Lang::En)),
        });
    }
    lines
}

/// Accounts of one name on one platform, in the order of the file.
fn by_name(accounts: &[Account]) -> BTreeMap<(Platform, String), Vec<Named>> {
    let mut names = BTreeMap::<_, Vec<Named>>::new();
    for named in accounts.iter().filter_map(Named::of) {
        names.entry((named.platform, plain(&named.name))).or_default().push(named);
    }
    names
}

fn namesakes(names: &BTreeMap<(Platform, String), Vec<Named>>, account: &Account) -> Option<String> {
    let group = names.get(&(account.platform, plain(&account.name))).map_or(&[][..], Vec::as_slice);
    listed(&group.iter().filter(|other| other.account_id != account.account_id).collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::changes::compare;
    use crate::registry::tests::account;

    fn kinds(lines: &[LintLine]) -> Vec<(&str, LintKind)> {
        lines.iter().map(|line| (line.account_id.as_str(), line.kind)).collect()
    }

    #[test]
    fn a_complete_entry_has_no_line() {
        assert_eq!(lint(&[account("YX-001", "云溪发布")], &[]), []);
    }

    #[test]
    fn an_account_without_supervision_is_listed_three_times_over() {
        let bare = Account {
            supervising_unit: None,
            admin: None,
            filing_no: None,
            source: None,
            ..account("YX-001", "云溪发布")
        };
        let found = lint(std::slice::from_ref(&bare), &[]);
        let expected = [LintKind::NoSupervisingUnit, LintKind::NoAdmin, LintKind::NoFiling, LintKind::NoSource];
        assert_eq!(kinds(&found), expected.map(|kind| ("YX-001", kind)));
        assert!(found[0].detail(Lang::Zh).starts_with("云溪发布（微信公众号）未填写主管单位"));
        let proposed = Account { status: AccountStatus::Proposed, ..bare.clone() };
        assert_eq!(lint(&[proposed], &[]).len(), 2, "nothing to file or to check yet");
        let closed = Account { status: AccountStatus::Closed, ..bare };
        assert_eq!(lint(&[closed], &[]), []);
    }

    #[test]
    fn two_accounts_of_a_unit_on_one_platform_name_each_other() {
        let other = |name: &str| Account { unit: " 云溪区 政府办公室".to_owned(), ..account("YX-002", name) };
        let found = lint(&[account("YX-001", "云溪发布"), other("云溪政务")], &[]);
        assert_eq!(kinds(&found), [("YX-001", LintKind::Duplicate), ("YX-002", LintKind::Duplicate)]);
        assert!(found[0].detail(Lang::Zh).contains("云溪政务(YX-002)"));
        let site = |id: &str| Account { platform: Platform::Website, ..account(id, id) };
        assert_eq!(lint(&[site("YX-003"), site("YX-004")], &[]), []);
    }

    #[test]
    fn the_same_name_twice_on_one_platform_is_listed() {
        let other = Account { unit: "云溪区民政局".to_owned(), ..account("YX-002", "云溪发布") };
        let found = lint(&[account("YX-001", "云溪发布"), other], &[]);
        assert!(kinds(&found).contains(&("YX-002", LintKind::SameName)), "{found:?}");
    }

    #[test]
    fn a_certified_subject_may_spell_out_the_city_but_not_be_another() {
        let with = |subject: &str| Account {
            certified_subject: Some(subject.to_owned()),
            ..account("YX-001", "云溪发布")
        };
        assert_eq!(lint(&[with("江州市云溪区政府办公室")], &[]), []);
        assert_eq!(kinds(&lint(&[with("云溪文化传媒有限公司")], &[])), [("YX-001", LintKind::Identity)]);
    }

    #[test]
    fn unfiled_changes_are_passed_in() {
        let old = account("YX-001", "云溪发布");
        let new = Account { name: "云溪融媒".to_owned(), ..old.clone() };
        let changes: Vec<_> = compare(&old, &new).into_iter().map(|change| (new.account_id.clone(), change)).collect();
        assert_eq!(kinds(&lint(&[new], &changes)), [("YX-001", LintKind::UnfiledChange)]);
    }
}
