//! What the office knows of an account besides what a look sees.

use std::collections::HashMap;

use super::judge::{Decisions, Known, RegistryKnown};
use crate::domain::account::{Account, AccountId};
use crate::domain::naming::Twins;
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
    let mut tx = office.store.read().await?;
    let account = tx.account(id).await?.ok_or_else(|| StoreError::Missing { kind: "account", id: id.to_string() })?;
    let mut known = records.of(&account);
    if with_reviews {
        known.reviews.records = tx.reviews_of(id).await?;
        known.reviews.unit_takes_part = !known.reviews.records.is_empty() || tx.unit_has_reviews(&account.unit).await?;
    }
    Ok((account, known))
}
