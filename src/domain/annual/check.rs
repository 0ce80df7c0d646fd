//! The proof that a year's counts and proposals are what its rows give, and that the units sum to the whole.

use std::collections::{BTreeMap, BTreeSet};

use super::{FORMAT, Proposal, UNIT_COLUMNS, Year, YearAccount, YearRow, describe, understands};
use crate::domain::Lang;
use crate::domain::account::AccountId;
use crate::domain::bulletin::{Imbalance, RowId, Word, agree};

impl Year {
    /// Proves that the units sum to the whole, and that counts and proposals are what the rows give.
    ///
    /// Errors: the first disagreement, with the rows that disagree or were counted.
    pub fn check(&self) -> Result<(), Imbalance> {
        if !understands(&self.format) {
            agree("format", FORMAT, &self.format, Vec::new)?;
        }
        let accounts = self.check_accounts()?;
        self.check_issues(&accounts)?;
        self.check_rounds()?;
        let whole = self.whole();
        for (key, _, _, value) in UNIT_COLUMNS {
            let name = format!("total.{key}");
            self.number(&name, value(&whole), value(&self.total), None, key)?;
            self.number(&name, value(&whole), self.units.iter().map(value).sum(), None, key)?;
        }
        let units = self.by_unit();
        agree("units (lines)", &units.len(), &self.units.len(), Vec::new)?;
        for (want, have) in units.iter().zip(&self.units) {
            agree("units (order)", want.unit.as_str(), have.unit.as_str(), Vec::new)?;
            for (key, _, _, value) in UNIT_COLUMNS {
                self.number(&format!("unit.{}.{key}", want.unit), value(want), value(have), Some(&want.unit), key)?;
            }
        }
        for unit in self.units.iter().chain([&self.total]) {
            let name = |key: &str| match unit.unit.as_str() {
                "" => format!("total.{key}"),
                unit => format!("unit.{unit}.{key}"),
            };
            let of = (!unit.unit.is_empty()).then_some(unit.unit.as_str());
            let results = unit.qualified + unit.problem + unit.failed + unit.unjudged + unit.pending;
            self.number(&name("looks"), results, unit.looks, of, "looks")?;
            let classes = unit.veto + unit.prominent + unit.ordinary;
            self.number(&name("problems"), classes, unit.problems, of, "problems")?;
            self.number(&name("problems"), unit.closed + unit.live, unit.problems, of, "problems")?;
        }
        let (merge, close) = self.proposals();
        same("merge", &merge, &self.merge)?;
        same("close", &close, &self.close)
    }

    fn check_accounts(&self) -> Result<BTreeMap<&AccountId, &YearAccount>, Imbalance> {
        let rounds: BTreeSet<_> = self.rounds.iter().map(|round| round.name).collect();
        let mut before = None;
        for account in &self.accounts {
            let id = &account.account_id;
            let itself = || vec![RowId::Account(id.clone())];
            agree(&format!("accounts[{id}]"), &Word::ONCE, &Word::times(before != Some(id)), itself)?;
            agree("accounts (order)", &Word::YES, &Word::holds(before < Some(id)), itself)?;
            before = Some(id);
            let mut seen = BTreeSet::new();
            for look in &account.looks {
                let name = format!("accounts[{id}].looks");
                agree(&name, &Word::ONCE, &Word::times(seen.insert(look.round)), itself)?;
                agree(&name, &Word::THERE, &Word::there(rounds.contains(&look.round)), itself)?;
            }
        }
        Ok(self.accounts.iter().map(|account| (&account.account_id, account)).collect())
    }

    fn check_issues(&self, accounts: &BTreeMap<&AccountId, &YearAccount>) -> Result<(), Imbalance> {
        let mut before = None;
        for issue in &self.issues {
            let itself = || vec![RowId::Issue(issue.id), RowId::Account(issue.account_id.clone())];
            let name = format!("issues[{}]", issue.id);
            agree(&name, &Word::ONCE, &Word::times(before != Some(issue.id)), itself)?;
            agree("issues (order)", &Word::YES, &Word::holds(before < Some(issue.id)), itself)?;
            before = Some(issue.id);
            let Some(account) = accounts.get(&issue.account_id) else {
                let (known, unknown) = (Word("已登记的账号", "registered"), Word("未登记的账号", "unknown"));
                return agree(&format!("{name}.account_id"), &known, &unknown, itself);
            };
            agree(&format!("{name}.account"), account.name.as_str(), &issue.account, itself)?;
            agree(&format!("{name}.platform"), &account.platform, &issue.platform, itself)?;
        }
        Ok(())
    }

    fn check_rounds(&self) -> Result<(), Imbalance> {
        let mut before = None;
        for round in &self.rounds {
            let name = |what: &str| format!("round.{}.{what}", round.name);
            let place = Some((round.as_of, round.name));
            agree("rounds (order)", &Word::YES, &Word::holds(before < place), Vec::new)?;
            before = place;
            agree(
                "year",
                &usize::try_from(round.name.year()).unwrap_or(0),
                &usize::try_from(self.year).unwrap_or(0),
                Vec::new,
            )?;
            let looks = self.looks(None, |look| look.round == round.name);
            let rows = || self.named(&looks);
            agree(&name("drawn"), &looks.len(), &round.drawn, rows).map_err(titled)?;
            agree(&name("frame"), &round.frame.max(round.drawn), &round.frame, rows).map_err(titled)?;
        }
        Ok(())
    }

    fn number(&self, figure: &str, want: usize, have: usize, unit: Option<&str>, key: &str) -> Result<(), Imbalance> {
        agree(figure, &want, &have, || self.named(&self.rows(unit, key))).map_err(titled)
    }

    /// Rows by what they are called; of a look its account.
    fn named(&self, rows: &[YearRow]) -> Vec<RowId> {
        let account = |n: usize| Some(RowId::Account(self.accounts.get(n)?.account_id.clone()));
        let mut named: Vec<RowId> = rows
            .iter()
            .filter_map(|row| match *row {
                YearRow::Account(n) | YearRow::Look(n, _) => account(n),
                YearRow::Issue(n) => Some(RowId::Issue(self.issues.get(n)?.id)),
            })
            .collect();
        named.dedup();
        named
    }
}

fn titled(error: Imbalance) -> Imbalance {
    Imbalance { title: describe(&error.figure, Lang::Zh), ..error }
}

/// Proposals against those that the rows give; the first that differs is named with its accounts.
fn same(list: &str, want: &[Proposal], have: &[Proposal]) -> Result<(), Imbalance> {
    let longest = want.len().max(have.len());
    let Some(place) = (0..longest).find(|n| want.get(*n) != have.get(*n)) else { return Ok(()) };
    let rows = || {
        let both = want.get(place).into_iter().chain(have.get(place)).flat_map(|proposal| &proposal.evidence);
        let mut rows: Vec<RowId> = both.map(|row| RowId::Account(row.account_id.clone())).collect();
        rows.dedup();
        rows
    };
    let (theirs, others) = (Word("各行得出的建议", "what the rows give"), Word("另一项建议", "another"));
    agree(&format!("{list}[{place}]"), &theirs, &others, rows)
}
