//! Properties of any file: what is written is read again, and no bytes make a reader panic.

use proptest::prelude::*;

use super::tests::{Folder, account, texts};
use super::*;
use crate::domain::Lang;
use crate::domain::account::{Account, AccountStatus, Personal, Platform, SourceKind};

fn any_account() -> impl Strategy<Value = Account> {
    let text = "[='+@\\-a-z云溪,\"| ]{0,8}[云a]";
    let extra = proptest::collection::btree_map("备注[一二三]", text, 0..3);
    (("[A-Z=@']{1,3}[0-9]{1,3}", text, text), proptest::option::of(text), any::<bool>(), 0_usize..12, extra).prop_map(
        |((id, name, unit), optional, flag, pick, extra)| {
            let trimmed = |text: &String| text.trim().to_owned();
            let optional = optional.as_ref().map(trimmed);
            let source = SourceKind::ALL.get(pick).copied();
            let keys = source.map_or(&[][..], SourceKind::option_keys);
            let option = keys.iter().find(|key| !["columns", "home"].contains(key));
            Account {
                name: trimmed(&name),
                unit: trimmed(&unit),
                platform: Platform::ALL[pick],
                source,
                represents_government: flag,
                status: AccountStatus::ALL[pick % 4],
                admin: optional.clone().map(Personal::new),
                filing_no: optional.clone(),
                certified_subject: optional,
                followers: flag.then_some(pick as u64),
                source_options: option.map(|key| ((*key).to_owned(), "li, =a".into())).into_iter().collect(),
                service_links: vec!["https://a.example/1".to_owned(), "https://a.example/2".to_owned()],
                extra: extra.iter().map(|(name, text)| (name.clone(), trimmed(text))).collect(),
                ..account(&id, "")
            }
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn what_is_exported_is_imported(accounts in proptest::collection::vec(any_account(), 1..5)) {
        let folder = Folder::new();
        let mut accounts = accounts;
        accounts.sort_by(|a, b| a.account_id.cmp(&b.account_id));
        accounts.dedup_by(|a, b| a.account_id == b.account_id);
        for name in ["a.csv", "a.xlsx"] {
            let path = folder.0.path().join(name);
            write_accounts(&path, &accounts).unwrap();
            let sheet = read_accounts(&path).unwrap();
            prop_assert_eq!(texts(&sheet, Lang::En), Vec::<String>::new());
            prop_assert_eq!(sheet.rows.into_iter().map(|(_, account)| account).collect::<Vec<_>>(), accounts.clone());
        }
    }

    #[test]
    fn reading_a_mutated_csv_never_panics(at in 0_usize..4000, junk in proptest::collection::vec(any::<u8>(), 0..8)) {
        let mut bytes = std::fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/accounts/registry.example.csv")).unwrap();
        let at = at.min(bytes.len());
        bytes.splice(at..at, junk);
        let folder = Folder::new();
        let path = folder.file("a.csv", bytes);
        let _ = read_accounts(&path).map(|sheet| texts(&sheet, Lang::Zh));
        let _ = read_reviews(&path, chrono_tz::Asia::Shanghai);
    }

    #[test]
    fn reading_a_mutated_workbook_never_panics(at in 0_usize..6000, junk in proptest::collection::vec(any::<u8>(), 1..8)) {
        let folder = Folder::new();
        let path = folder.0.path().join("a.xlsx");
        write_accounts(&path, &[account("A1", "云溪发布")]).unwrap();
        let mut bytes = std::fs::read(&path).unwrap();
        let at = at % bytes.len();
        let end = (at + junk.len()).min(bytes.len());
        bytes.splice(at..end, junk);
        let _ = read_accounts(&folder.file("b.xlsx", bytes)).map(|sheet| texts(&sheet, Lang::Zh));
    }
}
