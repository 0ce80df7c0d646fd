//! What the office knows of an account besides what a look sees.

use std::collections::{HashMap, HashSet};

use super::judge::{Decisions, Known, RegistryKnown};
use crate::domain::account::{Account, AccountId};
use crate::domain::naming::Twins;
use crate::domain::review::ReviewRecord;
use crate::office::Office;
use crate::store::StoreError;

/// What every look of a run needs of the registry as a whole and of past decisions, read once.
pub(super) struct Records {
    kept: [bool; 3],
    twins: Twins,
    decided: HashMap<AccountId, Decisions>,
}

impl Records {
    /// Reads them; without `twins` an account is taken for the only one of its unit.
    pub(super) async fn read(office: &Office, twins: bool) -> Result<Self, StoreError> {
        const PAGE: usize = 5000;
        let kept = office.store.read().await?.kept_columns().await?;
        let decided = office.store.read().await?.decided_by_people().await?;
        let mut found = Twins::default();
        // Two passes: a number an account first, then the names of those alone that share a unit.
        for second in [false, true].into_iter().filter(|_| twins) {
            let mut after = None;
            loop {
                let page = office.store.read().await?.named_accounts_page(after.as_ref(), PAGE).await?;
                let Some(last) = page.last() else { break };
                after = Some(last.account_id.clone());
                for named in page {
                    if second { found.keep(named) } else { found.count(&named) }
                }
            }
        }
        found.settle();
        Ok(Self { kept, twins: found, decided })
    }

    fn of(&self, account: &Account) -> Known {
        Known {
            registry: RegistryKnown::of(&self.twins, self.kept, account),
            decided: self.decided.get(&account.account_id).cloned().unwrap_or_default(),
            ..Known::default()
        }
    }
}

/// Records read when they are first needed, for rechecks that follow one another.
#[derive(Default)]
pub(super) struct RecordsOnce {
    records: Option<Records>,
    with_twins: bool,
}

impl RecordsOnce {
    /// What was read before, where it holds as much as is asked for.
    pub(super) async fn read(&mut self, office: &Office, twins: bool) -> Result<&Records, StoreError> {
        let known = if let Some(known) = self.records.take().filter(|_| self.with_twins || !twins) {
            known
        } else {
            self.with_twins = twins;
            Records::read(office, twins).await?
        };
        Ok(self.records.insert(known))
    }
}

/// An account with what the office knows of it.
pub(super) async fn load(
    office: &Office,
    records: &Records,
    id: &AccountId,
    with_reviews: bool,
) -> Result<(Account, Known), StoreError> {
    let mut found = load_all(office, records, &[id], with_reviews).await?;
    found.pop().ok_or_else(|| StoreError::Missing { kind: "account", id: id.to_string() })
}

/// These accounts, as far as they exist, with what the office knows of them.
pub(super) async fn load_all(
    office: &Office,
    records: &Records,
    ids: &[&AccountId],
    with_reviews: bool,
) -> Result<Vec<(Account, Known)>, StoreError> {
    let mut tx = office.store.read().await?;
    let accounts = tx.accounts_of(ids).await?;
    let mut reviews = HashMap::<AccountId, Vec<ReviewRecord>>::new();
    let mut taking_part = HashSet::new();
    if with_reviews {
        for review in tx.reviews_of(ids).await? {
            reviews.entry(review.account_id.clone()).or_default().push(review);
        }
        let units: Vec<&str> = accounts.iter().map(|account| account.unit.as_str()).collect();
        taking_part = tx.units_with_reviews(&units).await?;
    }
    let known = accounts.into_iter().map(|account| {
        let mut known = records.of(&account);
        known.reviews.records = reviews.remove(&account.account_id).unwrap_or_default();
        known.reviews.unit_takes_part = taking_part.contains(&account.unit);
        (account, known)
    });
    Ok(known.collect())
}
