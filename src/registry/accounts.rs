//! Accounts from a registry file.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use super::columns::{Cells, Column, read_sheet};
use super::problem::{Headings, Problem, ProblemKind, Sheet};
use super::sent::SentKind;
use super::table::{FileError, Limits};
use super::values;
use crate::domain::account::{Account, AccountId, AccountStatus, Personal};
use crate::domain::keyed::keyed_enum;

/// Longest name, unit, number or id, in characters.
const LONGEST_NAME: usize = 200;
const LONGEST_ID: usize = 64;
const LONGEST_URL: usize = 2_048;
const LONGEST_OPTIONS: usize = 16_000;

keyed_enum! {
    /// A column of the registry file, in the order of export.
    AccountColumn {
        AccountId = "account_id", "账号编号", "Account id";
        Name = "name", "账号名称", "Name";
        Platform = "platform", "平台", "Platform";
        Unit = "unit", "主办单位", "Unit";
        UnitTier = "unit_tier", "单位层级", "Unit tier";
        SupervisingUnit = "supervising_unit", "主管单位", "Supervising unit";
        RepresentsGovernment = "represents_government", "代表主体", "Represents the government";
        Status = "status", "状态", "Status";
        FilingNo = "filing_no", "备案编号", "Filing number";
        OpenedOn = "opened_on", "开设日期", "Opened on";
        Followers = "followers", "粉丝数", "Followers";
        CertifiedSubject = "certified_subject", "认证主体", "Certified subject";
        Admin = "admin", "管理员", "Administrator";
        AdminContact = "admin_contact", "联系方式", "Contact";
        Source = "source", "采集方式", "Source";
        SourceUrl = "source_url", "采集地址", "Source URL";
        SourceOptions = "source_options", "采集参数", "Source options";
        ServiceLinks = "service_links", "服务链接", "Service links";
    }
}

impl Column for AccountColumn {
    const KIND: SentKind = SentKind::Accounts;
    const COLUMNS: &'static [Self] = Self::ALL;

    fn parse(heading: &str) -> Option<Self> {
        Self::parse(heading)
    }

    fn key(self) -> &'static str {
        self.key()
    }

    fn heading(self) -> &'static str {
        self.zh()
    }

    fn is_personal(self) -> bool {
        matches!(self, Self::Admin | Self::AdminContact)
    }

    fn is_free_text(self) -> bool {
        matches!(self, Self::SourceOptions | Self::ServiceLinks)
    }
}

/// The columns without which a file is not a registry.
const REQUIRED: &[&[AccountColumn]] =
    &[&[AccountColumn::AccountId], &[AccountColumn::Name], &[AccountColumn::Platform], &[AccountColumn::Unit]];

/// Reads a registry file (CSV or XLSX) with every problem it has.
///
/// Of two rows with one id the first is kept.
pub fn read_accounts(path: &Path) -> Result<Sheet<Account>, FileError> {
    read_one(path, &mut HashMap::new())
}

/// Reads several files as one import: an id may stand in one of them only. A sheet a file.
pub fn read_all_accounts(paths: &[PathBuf]) -> Result<Vec<Sheet<Account>>, FileError> {
    let mut seen = HashMap::new();
    paths.iter().map(|path| read_one(path, &mut seen)).collect()
}

/// Where an id was seen first.
type Seen<'a> = HashMap<String, (&'a Path, usize)>;

fn read_one<'a>(path: &'a Path, seen: &mut Seen<'a>) -> Result<Sheet<Account>, FileError> {
    read_sheet(path, Limits::OFFICE, REQUIRED, |cells| {
        let account = read_account(cells);
        let (id, here) = (cells.raw(AccountColumn::AccountId), (path, cells.line()));
        let first = if id.is_empty() { here } else { *seen.entry(id.to_owned()).or_insert(here) };
        if first != here {
            let file = (first.0 != path).then(|| first.0.to_owned());
            cells.note(AccountColumn::AccountId, ProblemKind::DuplicateId { first: first.1, file });
        }
        account
    })
}

fn read_account(cells: &mut Cells<'_, AccountColumn>) -> Option<Account> {
    use AccountColumn as C;
    // Every column is read before the first missing one ends the row, so that all problems show.
    let account_id = cells.required(C::AccountId, LONGEST_ID);
    let name = cells.required(C::Name, LONGEST_NAME);
    let platform = cells.required(C::Platform, LONGEST_NAME);
    let platform = platform.and_then(|text| values::platform(&text).map_err(|kind| cells.note(C::Platform, kind)).ok());
    let unit = cells.required(C::Unit, LONGEST_NAME);
    let unit_tier = cells.parsed(C::UnitTier, LONGEST_NAME, values::tier);
    let supervising_unit = cells.text(C::SupervisingUnit, LONGEST_NAME);
    let represents_government = cells.parsed(C::RepresentsGovernment, LONGEST_NAME, values::flag);
    let status = cells.parsed(C::Status, LONGEST_NAME, values::status);
    let filing_no = cells.text(C::FilingNo, LONGEST_NAME);
    let opened_on = cells.parsed(C::OpenedOn, LONGEST_NAME, values::date);
    let followers = cells.parsed(C::Followers, LONGEST_NAME, values::count);
    let certified_subject = cells.text(C::CertifiedSubject, LONGEST_NAME);
    let admin = cells.text(C::Admin, LONGEST_NAME).map(Personal::new);
    let admin_contact = cells.text(C::AdminContact, LONGEST_NAME).map(Personal::new);
    let source = cells.parsed(C::Source, LONGEST_NAME, values::source);
    let source_url = cells.parsed(C::SourceUrl, LONGEST_URL, values::address);
    let source_options = cells.parsed(C::SourceOptions, LONGEST_OPTIONS, values::options);
    if let Some(Err(fault)) = source.zip(source_options.as_ref()).map(|(kind, options)| kind.check_options(options)) {
        cells.note(C::SourceOptions, ProblemKind::BadOption(fault));
    }
    let service_links = cells.parsed(C::ServiceLinks, usize::MAX, values::addresses);
    Some(Account {
        account_id: AccountId::new(account_id?),
        name: name?,
        platform: platform?,
        unit: unit?,
        unit_tier,
        supervising_unit,
        represents_government: represents_government.unwrap_or(false),
        status: status.unwrap_or(AccountStatus::Running),
        filing_no,
        opened_on,
        followers,
        certified_subject,
        admin,
        admin_contact,
        source,
        source_url,
        source_options: source_options.unwrap_or_default(),
        service_links: service_links.unwrap_or_default(),
        extra: cells.extra(),
    })
}

/// An account as its row and the registry say it together: a column that the file does not have
/// says nothing, and what is known stays; an empty cell of a column that it has empties the field.
#[must_use]
pub fn keep_unsaid(mut account: Account, known: &Account, headings: &Headings) -> Account {
    use AccountColumn as C;
    for column in headings.absent.iter().filter_map(|key| C::parse(key)) {
        match column {
            C::AccountId => {}
            C::Name => account.name.clone_from(&known.name),
            C::Platform => account.platform = known.platform,
            C::Unit => account.unit.clone_from(&known.unit),
            C::UnitTier => account.unit_tier = known.unit_tier,
            C::SupervisingUnit => account.supervising_unit.clone_from(&known.supervising_unit),
            C::RepresentsGovernment => account.represents_government = known.represents_government,
            C::Status => account.status = known.status,
            C::FilingNo => account.filing_no.clone_from(&known.filing_no),
            C::OpenedOn => account.opened_on = known.opened_on,
            C::Followers => account.followers = known.followers,
            C::CertifiedSubject => account.certified_subject.clone_from(&known.certified_subject),
            C::Admin => account.admin.clone_from(&known.admin),
            C::AdminContact => account.admin_contact.clone_from(&known.admin_contact),
            C::Source => account.source = known.source,
            C::SourceUrl => account.source_url.clone_from(&known.source_url),
            C::SourceOptions => account.source_options.clone_from(&known.source_options),
            C::ServiceLinks => account.service_links.clone_from(&known.service_links),
        }
    }
    for (heading, value) in known.extra.iter().filter(|(heading, _)| !headings.unknown.contains(heading)) {
        account.extra.insert(heading.clone(), value.clone());
    }
    account
}

/// Whether what was kept still fits what the row says: options belong to their adapter.
#[must_use]
pub fn misfit(account: &Account, file: &Path, line: usize) -> Option<Problem> {
    let fault = account.source?.check_options(&account.source_options).err()?;
    let column = AccountColumn::SourceOptions.zh().to_owned();
    let kind = ProblemKind::BadOption(fault);
    Some(Problem { file: file.to_owned(), line, column, value: String::new(), kind })
}
