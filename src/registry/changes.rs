//! What a new version of an account's entry means for its life (开设、变更、关停、注销).

use std::borrow::Cow;
use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::domain::Lang;
use crate::domain::account::{Account, AccountStatus};
use crate::domain::keyed::keyed_enum;
use crate::domain::privacy::mask;

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
        UnitTier = "unit_tier", "单位层级", "Unit tier";
        RepresentsGovernment = "represents_government", "代表主体", "Represents the government";
        FilingNo = "filing_no", "备案编号", "Filing number";
        OpenedOn = "opened_on", "开设日期", "Opened on";
        Admin = "admin", "管理员", "Administrator";
        AdminContact = "admin_contact", "联系方式", "Contact";
        Source = "source", "采集方式", "Source";
        SourceUrl = "source_url", "采集地址", "Source URL";
        SourceOptions = "source_options", "采集参数", "Source options";
        ServiceLinks = "service_links", "服务链接", "Service links";
        Extra = "extra", "其他列", "Other columns";
    }
}

/// A value is kept in an event with at most this many characters.
const KEPT: usize = 300;
/// What an event keeps of a person.
const HIDDEN: &str = "***";

impl ChangedField {
    /// Whether a filing has to stand behind a change of it: who the account is, whose, and in what state.
    #[must_use]
    pub const fn is_of_life(self) -> bool {
        matches!(
            self,
            Self::Name | Self::Platform | Self::Unit | Self::SupervisingUnit | Self::CertifiedSubject | Self::Status
        )
    }

    const fn holds_addresses(self) -> bool {
        matches!(self, Self::SourceUrl | Self::SourceOptions | Self::ServiceLinks)
    }
}

/// One lifecycle event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// What happened.
    pub kind: ChangeKind,
    /// To which field.
    pub field: ChangedField,
    /// Its value before, as a person reads it; for a status its key. Empty for a new account,
    /// `***` for a person's, nothing but the headings for other columns.
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
            (Lang::Zh, _) if self.from == HIDDEN && self.to == HIDDEN => format!("{kind}：{field}已更换"),
            (Lang::En, _) if self.from == HIDDEN && self.to == HIDDEN => format!("{kind}: {field} replaced"),
            (Lang::Zh, _) if self.to == HIDDEN => format!("{kind}：已登记{field}"),
            (Lang::En, _) if self.to == HIDDEN => format!("{kind}: {field} entered"),
            (Lang::Zh, _) if self.from == HIDDEN => format!("{kind}：{field}已清空"),
            (Lang::En, _) if self.from == HIDDEN => format!("{kind}: {field} emptied"),
            (Lang::Zh, _) if self.field == ChangedField::Extra => format!("{kind}：{field}（{to}）"),
            (Lang::En, _) if self.field == ChangedField::Extra => format!("{kind}: {field} ({to})"),
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

/// The events that lead from `old` to `new`, one for each field that changed.
///
/// The followers leave none: a count that comes with every import is no act of anybody's.
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
    let mut details = |field: ChangedField, from: &str, to: &str| {
        if from != to {
            // Why masked: an address may hold somebody's number, and an event is there for good.
            let kept = |text: &str| {
                let told = if field.holds_addresses() { mask(text) } else { Cow::Borrowed(text) };
                told.chars().take(KEPT).collect()
            };
            let filed = if field == ChangedField::FilingNo { new.filing_no.is_some() } else { refiled };
            changes.push(Change { kind: ChangeKind::Changed, field, from: kept(from), to: kept(to), filed });
        }
    };
    let tier = |account: &Account| account.unit_tier.map_or("", |tier| tier.zh());
    details(ChangedField::UnitTier, tier(old), tier(new));
    let flag = |account: &Account| if account.represents_government { "是" } else { "否" };
    details(ChangedField::RepresentsGovernment, flag(old), flag(new));
    details(ChangedField::FilingNo, &optional(&old.filing_no), &optional(&new.filing_no));
    let day = |account: &Account| account.opened_on.map_or_else(String::new, |day| day.to_string());
    details(ChangedField::OpenedOn, &day(old), &day(new));
    let source = |account: &Account| account.source.map_or("", |source| source.zh());
    details(ChangedField::Source, source(old), source(new));
    details(ChangedField::SourceUrl, &optional(&old.source_url), &optional(&new.source_url));
    let options = |account: &Account| {
        let options = &account.source_options;
        if options.is_empty() { String::new() } else { serde_json::Value::Object(options.clone()).to_string() }
    };
    details(ChangedField::SourceOptions, &options(old), &options(new));
    details(ChangedField::ServiceLinks, &old.service_links.join(" "), &new.service_links.join(" "));
    let mut hidden = |field, was_there: bool, is_there: bool| {
        let shown = |there| if there { HIDDEN.to_owned() } else { String::new() };
        let (kind, from, to) = (ChangeKind::Changed, shown(was_there), shown(is_there));
        changes.push(Change { kind, field, from, to, filed: refiled });
    };
    if old.admin != new.admin {
        hidden(ChangedField::Admin, old.admin.is_some(), new.admin.is_some());
    }
    if old.admin_contact != new.admin_contact {
        hidden(ChangedField::AdminContact, old.admin_contact.is_some(), new.admin_contact.is_some());
    }
    if old.extra != new.extra {
        let names: BTreeSet<&String> = old.extra.keys().chain(new.extra.keys()).collect();
        let changed = names.into_iter().filter(|name| old.extra.get(*name) != new.extra.get(*name));
        let to: String = changed.map(String::as_str).collect::<Vec<_>>().join("、").chars().take(KEPT).collect();
        let (kind, field) = (ChangeKind::Changed, ChangedField::Extra);
        changes.push(Change { kind, field, from: String::new(), to, filed: refiled });
    }
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
    use crate::domain::account::Personal;
    use crate::registry::tests::account;

    #[test]
    fn nothing_changed_is_no_event_and_neither_are_new_followers() {
        let old = account("YX-001", "云溪发布");
        let new = Account { followers: Some(9), ..old.clone() };
        assert!(compare(&old, &new).is_empty());
    }

    #[test]
    fn every_other_field_leaves_its_event_and_no_person_stands_in_it() {
        let old = account("YX-001", "云溪发布");
        let new = Account {
            filing_no: None,
            opened_on: None,
            admin: Some(Personal::new("李示例")),
            admin_contact: None,
            source: None,
            source_url: None,
            service_links: Vec::new(),
            unit_tier: None,
            represents_government: true,
            source_options: serde_json::Map::from_iter([("user".to_owned(), "1".into())]),
            extra: [("手机".to_owned(), "000-0000002".to_owned())].into(),
            ..old.clone()
        };
        let changes = compare(&old, &new);
        assert_eq!(changes.len(), 11);
        assert!(changes.iter().all(|change| !change.field.is_of_life() && !change.filed), "{changes:?}");
        let texts: Vec<String> = changes.iter().map(|change| change.text(Lang::Zh)).collect();
        let has = |text: &str| assert!(texts.iter().any(|t| t == text), "{texts:?}");
        has("变更：备案编号由“云备2026001”改为“—”");
        has("变更：采集方式由“订阅源”改为“—”");
        has("变更：管理员已更换");
        has("变更：联系方式已清空");
        has("变更：其他列（手机）");
        let whole = serde_json::to_string(&changes).unwrap();
        for personal in ["张示例", "李示例", "000-0000001", "000-0000002"] {
            assert!(!whole.contains(personal), "{whole}");
        }
    }

    #[test]
    fn a_number_in_an_address_is_masked_in_its_event_and_a_new_one_is_an_event() {
        let link = |number: &str| vec![format!("https://a.example.cn/q?idcard={number}&tel=13800001234")];
        let old = Account { service_links: link("510107199001019995"), ..account("YX-001", "云溪发布") };
        let new = Account { service_links: link("510107198001019990"), ..old.clone() };
        let changes = compare(&old, &new);
        assert_eq!(changes.len(), 1, "{changes:?}");
        assert_eq!(changes[0].from, "https://a.example.cn/q?idcard=510***********9995&tel=138****1234");
        assert!(!serde_json::to_string(&changes).unwrap().contains("19800101"), "{changes:?}");
    }

    #[test]
    fn a_new_name_without_a_new_filing_number_is_not_filed() {
        let old = Account { filing_no: Some("云备1".to_owned()), ..account("YX-001", "云溪发布") };
        let renamed = Account { name: "云溪融媒".to_owned(), ..old.clone() };
        let changes = compare(&old, &renamed);
        assert_eq!((changes.len(), changes[0].kind, changes[0].filed), (1, ChangeKind::Renamed, false));
        assert_eq!(changes[0].text(Lang::Zh), "更名：账号名称由“云溪发布”改为“云溪融媒”");
        let filed = Account { filing_no: Some("云备2".to_owned()), ..renamed };
        assert!(compare(&old, &filed).iter().all(|change| change.filed));
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
