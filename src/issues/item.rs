//! One issue as a notice tells it: what, on what basis, what to do, and how it will be looked at again.

use std::collections::HashMap;

use crate::domain::account::{AccountId, SourceKind};
use crate::domain::issue::Issue;
use crate::domain::notice::{Bilingual, NoticeItem};
use crate::domain::rule::{Class, Indicator};
use crate::office::Office;
use crate::store::{StoreError, StoredIssue, Tx};

/// The items of issues, in their order.
pub(super) async fn all(tx: &mut Tx, office: &Office, found: &[StoredIssue]) -> Result<Vec<NoticeItem>, StoreError> {
    let accounts: Vec<&AccountId> = found.iter().map(|found| &found.issue.account_id).collect();
    let sources: HashMap<AccountId, Option<SourceKind>> =
        tx.accounts_of(&accounts).await?.into_iter().map(|account| (account.account_id, account.source)).collect();
    let ids: Vec<i64> = found.iter().map(|found| found.issue.id).collect();
    let judged = tx.judged_by_people(&ids).await?;
    let items = found.iter().map(|found| {
        let source = sources.get(&found.issue.account_id).copied().flatten();
        of(office, &found.issue, source, judged.contains(&found.issue.id))
    });
    Ok(items.collect())
}

fn of(office: &Office, issue: &Issue, source: Option<SourceKind>, by_person: bool) -> NoticeItem {
    let rule = office.rules.indicators.get(&issue.indicator);
    let pair = |zh: Option<&String>, en: Option<&String>| Bilingual {
        zh: zh.cloned().unwrap_or_default(),
        en: en.cloned().unwrap_or_default(),
    };
    let by_machine = pair(rule.map(|r| &r.recheck_zh), rule.map(|r| &r.recheck_en));
    NoticeItem {
        issue: issue.id,
        account: issue.account.clone(),
        platform: issue.platform,
        indicator: issue.indicator,
        class: issue.class,
        summary: issue.summary.clone(),
        basis: format!("{} {}", issue.rule.document, issue.rule.clause).trim().to_owned(),
        remedy: pair(rule.map(|r| &r.remedy_zh), rule.map(|r| &r.remedy_en)),
        recheck: recheck(issue.indicator, source, by_person, by_machine),
        working_days: if issue.class == Class::Advice { 0 } else { office.working_days(issue.class) },
    }
}

/// How an issue will be looked at again: no machine is promised where a person will look.
fn recheck(indicator: Indicator, source: Option<SourceKind>, by_person: bool, rule: Bilingual) -> Bilingual {
    if is_by_hand(indicator, source) {
        return Bilingual {
            zh: "收到整改反馈后，由监管人员人工复查。".to_owned(),
            en: "A supervisor looks again by hand after rectification is reported.".to_owned(),
        };
    }
    let named = rule.zh.contains("人工");
    if by_person && !named {
        return Bilingual {
            zh: format!("{}复查结果由监管人员确认。", rule.zh),
            en: format!("{} A supervisor confirms the result.", rule.en).trim().to_owned(),
        };
    }
    rule
}

/// Whether nothing but a person can look again: the machine reads neither registry nor address for it.
fn is_by_hand(indicator: Indicator, source: Option<SourceKind>) -> bool {
    use Indicator as I;
    match indicator {
        I::Registration | I::Duplicate | I::Link | I::LowUse => false,
        I::Interaction => true,
        I::AppUnavailable => source != Some(SourceKind::App),
        I::Stale
        | I::Zombie
        | I::Expression
        | I::Privacy
        | I::Review
        | I::Identity
        | I::SiteUnreachable
        | I::HomeStale
        | I::ColumnsStale
        | I::Footer
        | I::Ipv6
        | I::Tls => source.is_none_or(|source| source == SourceKind::Manual),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule() -> Bilingual {
        Bilingual { zh: "收到整改反馈后自动读取。".into(), en: "Read again.".into() }
    }

    #[test]
    fn a_notice_promises_no_machine_where_a_person_looks() {
        let machine = recheck(Indicator::Stale, Some(SourceKind::Feed), false, rule());
        assert!(machine.zh.contains("自动") && !machine.zh.contains("监管人员"));
        for source in [None, Some(SourceKind::Manual)] {
            let by_hand = recheck(Indicator::Stale, source, false, rule());
            assert!(by_hand.zh.contains("人工复查") && !by_hand.zh.contains("自动"), "{}", by_hand.zh);
        }
        let judged = recheck(Indicator::Link, None, true, rule());
        assert!(judged.zh.contains("自动") && judged.zh.contains("由监管人员确认"), "{}", judged.zh);
    }
}
