//! What a new version of an account's entry means for its life (开设、变更、关停、注销).

use serde::{Deserialize, Serialize};

use crate::domain::Lang;
use crate::domain::account::{Account, AccountStatus};
use crate::domain::keyed::keyed_enum;

keyed_enum! {
    /// A lifecycle event (账号生命周期事件).
    ChangeKind {
        Opened = "opened", "开设", "Opened";
        Changed = "changed", "变更", "Changed";
        Renamed = "renamed", "更名", "Renamed";
        Closing = "closing", "关停", "Closing";
        Closed = "closed", "注销", "Closed";
        Reopened = "reopened", "恢复", "Reopened";
    }
}

keyed_enum! {
    /// The field that a change is about.
    ChangedField {
        Name = "name", "账号名称", "Name";
        Platform = "platform", "平台", "Platform";
        Unit = "unit", "主办单位", "Unit";
        SupervisingUnit = "supervising_unit", "主管单位", "Supervising unit";
        CertifiedSubject = "certified_subject", "认证主体", "Certified subject";
        Status = "status", "状态", "Status";
    }
}

/// One lifecycle event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// What happened.
    pub kind: ChangeKind,
    /// To which field.
    pub field: ChangedField,
    /// Its value before, as a person reads it; for a status its key. Empty for a new account.
    pub from: String,
    /// Its value now.
    pub to: String,
    /// 已备案: a filing stands behind it. For an opening any filing number counts, for everything
    /// else the entry must carry another number than before.
    pub filed: bool,
}

impl Change {
    /// One phrase in the reader's language.
    #[must_use]
    pub fn text(&self, lang: Lang) -> String {
        let (kind, field) = (self.kind.name(lang), self.field.name(lang));
        let shown = |value: &str| match AccountStatus::parse(value).filter(|_| self.field == ChangedField::Status) {
            Some(status) => status.name(lang).to_owned(),
            None if value.is_empty() => "—".to_owned(),
            None => value.to_owned(),
        };
        let (from, to) = (shown(&self.from), shown(&self.to));
        match (lang, self.kind) {
            (_, ChangeKind::Opened) => kind.to_owned(),
            (Lang::Zh, _) => format!("{kind}：{field}由“{from}”改为“{to}”"),
            (Lang::En, _) => format!("{kind}: {field} from `{from}` to `{to}`"),
        }
    }
}

/// The event of an account that the registry did not have.
#[must_use]
pub fn opening(new: &Account) -> Change {
    Change {
        kind: ChangeKind::Opened,
        field: ChangedField::Status,
        from: String::new(),
        to: new.status.key().to_owned(),
        filed: new.filing_no.is_some(),
    }
}

/// The events that lead from `old` to `new`; none when nothing of an account's life changed.
#[must_use]
pub fn compare(old: &Account, new: &Account) -> Vec<Change> {
    let refiled = new.filing_no.is_some() && new.filing_no != old.filing_no;
    let mut changes = Vec::new();
    let mut note = |kind, field, from: &str, to: &str| {
        if from != to {
            let filed = if kind == ChangeKind::Opened { new.filing_no.is_some() } else { refiled };
            changes.push(Change { kind, field, from: from.to_owned(), to: to.to_owned(), filed });
        }
    };
    let optional = |text: &Option<String>| text.clone().unwrap_or_default();
    note(ChangeKind::Renamed, ChangedField::Name, &old.name, &new.name);
    note(ChangeKind::Changed, ChangedField::Platform, old.platform.zh(), new.platform.zh());
    note(ChangeKind::Changed, ChangedField::Unit, &old.unit, &new.unit);
    let supervising = (optional(&old.supervising_unit), optional(&new.supervising_unit));
    note(ChangeKind::Changed, ChangedField::SupervisingUnit, &supervising.0, &supervising.1);
    let certified = (optional(&old.certified_subject), optional(&new.certified_subject));
    note(ChangeKind::Changed, ChangedField::CertifiedSubject, &certified.0, &certified.1);
    let kind = status_change(old.status, new.status);
    note(kind, ChangedField::Status, old.status.key(), new.status.key());
    changes
}

fn status_change(old: AccountStatus, new: AccountStatus) -> ChangeKind {
    match (old, new) {
        (_, AccountStatus::Closed) => ChangeKind::Closed,
        (AccountStatus::Closing | AccountStatus::Closed, AccountStatus::Running | AccountStatus::Proposed) => {
            ChangeKind::Reopened
        }
        (_, AccountStatus::Closing) => ChangeKind::Closing,
        (_, AccountStatus::Running) => ChangeKind::Opened,
        (_, AccountStatus::Proposed) => ChangeKind::Changed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::tests::account;

    #[test]
    fn nothing_changed_is_no_event_whatever_happens_to_the_sources() {
        let old = account("YX-001", "云溪发布");
        let new = Account { followers: Some(9), source_url: Some("https://a.example/".to_owned()), ..old.clone() };
        assert!(compare(&old, &new).is_empty());
    }

    #[test]
    fn a_new_name_without_a_new_filing_number_is_not_filed() {
        let old = Account { filing_no: Some("云备1".to_owned()), ..account("YX-001", "云溪发布") };
        let renamed = Account { name: "云溪融媒".to_owned(), ..old.clone() };
        let changes = compare(&old, &renamed);
        assert_eq!((changes.len(), changes[0].kind, changes[0].filed), (1, ChangeKind::Renamed, false));
        assert_eq!(changes[0].text(Lang::Zh), "更名：账号名称由“云溪发布”改为“云溪融媒”");
        let filed = Account { filing_no: Some("云备2".to_owned()), ..renamed };
        assert!(compare(&old, &filed)[0].filed);
    }

    #[test]
    fn every_change_of_status_has_its_event() {
        use AccountStatus as S;
        use ChangeKind as K;
        for (from, to, kind) in [
            (S::Proposed, S::Running, K::Opened),
            (S::Running, S::Closing, K::Closing),
            (S::Running, S::Closed, K::Closed),
            (S::Closing, S::Closed, K::Closed),
            (S::Closed, S::Running, K::Reopened),
            (S::Closing, S::Running, K::Reopened),
            (S::Closed, S::Closing, K::Closing),
        ] {
            let old = Account { status: from, ..account("YX-001", "云溪发布") };
            let new = Account { status: to, ..old.clone() };
            assert_eq!(compare(&old, &new).iter().map(|c| c.kind).collect::<Vec<_>>(), [kind], "{from} to {to}");
        }
    }

    #[test]
    fn an_opening_is_filed_by_any_number() {
        let new = Account { filing_no: Some("云备1".to_owned()), ..account("YX-001", "云溪发布") };
        assert!(opening(&new).filed);
        let proposed = Account { status: AccountStatus::Proposed, ..new.clone() };
        assert!(compare(&proposed, &new)[0].filed);
    }
}
