//! What a worksheet that comes back speaks of, read many accounts at a time.

use std::collections::{BTreeSet, HashMap};

use crate::domain::account::{Account, AccountId};
use crate::domain::by_hand::FilledRow;
use crate::office::Office;
use crate::store::{Round, StoreError, StoredFinding, Tx};

/// Accounts read by one statement.
const PAGE: usize = 500;

/// What is stored of the accounts a worksheet speaks of, read before the first row is looked at.
#[derive(Default)]
pub(super) struct Asked {
    members: HashMap<AccountId, (Account, i64)>,
    verdicts: HashMap<AccountId, Vec<StoredFinding>>,
}

impl Asked {
    pub(super) async fn read(
        tx: &mut Tx,
        office: &Office,
        round: &Round,
        rows: &[(usize, FilledRow)],
    ) -> Result<Self, StoreError> {
        let accounts: BTreeSet<&AccountId> = rows.iter().map(|(_, row)| &row.look.account_id).collect();
        let accounts: Vec<&AccountId> = accounts.into_iter().collect();
        let mut asked = Self::default();
        for page in accounts.chunks(PAGE) {
            let mut members: HashMap<AccountId, i64> = tx.members_of(round.id, page).await?.into_iter().collect();
            for account in tx.accounts_of(page).await? {
                if let Some(member) = members.remove(&account.account_id) {
                    asked.members.insert(account.account_id.clone(), (account, member));
                }
            }
            for found in tx.whole_findings_of(round.id, page, office.zone()).await? {
                asked.verdicts.entry(found.finding.account_id.clone()).or_default().push(found);
            }
        }
        Ok(asked)
    }

    /// A member of the round, with its row.
    pub(super) fn member(&self, account: &AccountId) -> Option<(&Account, i64)> {
        self.members.get(account).map(|(account, member)| (account, *member))
    }

    /// The verdicts on an account as a whole.
    pub(super) fn verdicts(&self, account: &Account) -> &[StoredFinding] {
        self.verdicts.get(&account.account_id).map_or(&[], Vec::as_slice)
    }
}
