//! The proof of the draw: strata, quotas, tickets and winners are what seed, ratio and frame give.

use std::collections::BTreeMap;

use super::refusal::{NAMED, Word, agree};
use super::{AccountRow, Dataset, Imbalance, RowId};
use crate::domain::account::AccountId;
use crate::domain::round::RoundState;
use crate::domain::sample::{Reason, Rotation, frame_sha256_of, ticket};

/// What a stratum's rows say.
#[derive(Default)]
struct Layer {
    frozen: usize,
    random: usize,
    newcomers: usize,
    top_up: usize,
}

/// An account's place in the order of winning: drawn this year, ticket, id.
type Place<'d> = (bool, String, &'d AccountId);

impl Dataset {
    pub(super) fn check_draw(&self) -> Result<(), Imbalance> {
        agree("round.kind", &self.round.name.kind(), &self.round.kind, Vec::new)?;
        let is_drawn = self.round.state != RoundState::Frozen;
        let mut layers = BTreeMap::<&str, Layer>::new();
        for row in &self.accounts {
            let layer = layers.entry(&row.facts.stratum).or_default();
            let reason = row.facts.member.as_ref().map(|member| member.reason);
            if row.facts.newcomer {
                layer.newcomers += 1;
                layer.top_up += usize::from(reason == Some(Reason::TopUp));
            } else {
                layer.frozen += 1;
                layer.random += usize::from(reason == Some(Reason::Random));
            }
            check_reason(row, is_drawn)?;
        }
        for stratum in &self.round.strata {
            let key = stratum.key.as_str();
            let layer = layers.remove(key).unwrap_or_default();
            let itself = || self.stratum_rows(key);
            agree(&format!("round.strata[{key}].size"), &layer.frozen, &stratum.size, itself)?;
            let quota = format!("round.strata[{key}].quota");
            agree(&quota, &self.round.ratio.quota(stratum.size), &stratum.quota, itself)?;
            if is_drawn {
                agree(&quota, &layer.random, &stratum.quota, itself)?;
            }
            self.check_top_up(key, &layer, stratum.quota)?;
        }
        for (key, layer) in layers {
            agree(&format!("round.strata[{key}].size"), &layer.frozen, &0, || self.stratum_rows(key))?;
            self.check_top_up(key, &layer, 0)?;
        }
        let frozen = self.accounts.iter().filter(|row| !row.facts.newcomer).count();
        agree("round.frame_size", &frozen, &self.round.frame_size, Vec::new)?;
        self.check_frame_hash()?;
        self.check_top_ups()?;
        self.check_winners()
    }

    /// Each top-up drew what its stratum owed when it came.
    fn check_top_ups(&self) -> Result<(), Imbalance> {
        let mut batches = BTreeMap::<(&str, u32), (usize, usize)>::new();
        for row in &self.accounts {
            let id = &row.facts.account_id;
            let fits = if row.facts.newcomer { row.facts.top_up != Some(0) } else { row.facts.top_up.is_none() };
            let itself = || vec![RowId::Account(id.clone())];
            agree(&format!("accounts[{id}].top_up"), &Word::YES, &Word::holds(fits), itself)?;
        }
        for row in &self.accounts {
            let Some(batch) = batch_of(row) else { return Ok(()) };
            let won = if batch == 0 { Reason::Random } else { Reason::TopUp };
            let (size, members) = batches.entry((&row.facts.stratum, batch)).or_default();
            *size += 1;
            *members += usize::from(row.facts.member.as_ref().is_some_and(|member| member.reason == won));
        }
        let mut before = ("", 0, 0);
        for ((key, batch), (size, members)) in batches {
            let (_, there, drawn) = if before.0 == key { before } else { (key, 0, 0) };
            if batch > 0 {
                let owed = self.round.ratio.quota(there + size).saturating_sub(drawn).min(size);
                let name = format!("round.strata[{key}].top_ups[{batch}]");
                agree(&name, &owed, &members, || self.stratum_rows(key))?;
            }
            before = (key, there + size, drawn + members);
        }
        Ok(())
    }

    /// Newcomers bring a stratum to the ratio of all its accounts, exactly.
    fn check_top_up(&self, key: &str, layer: &Layer, quota: usize) -> Result<(), Imbalance> {
        if layer.newcomers == 0 {
            return Ok(());
        }
        let owed = self.round.ratio.quota(layer.frozen + layer.newcomers).saturating_sub(quota);
        agree(&format!("round.strata[{key}].top_up"), &owed, &layer.top_up, || self.stratum_rows(key))
    }

    /// The frame is the one whose hash was published before the seed.
    fn check_frame_hash(&self) -> Result<(), Imbalance> {
        let mut rows = Vec::with_capacity(self.round.frame_size);
        for row in self.accounts.iter().filter(|row| !row.facts.newcomer) {
            // Why: a file of an earlier version does not say who was drawn before in the year.
            let Some(drawn_this_year) = row.facts.drawn_this_year else { return Ok(()) };
            rows.push((&row.facts.account_id, row.facts.stratum.as_str(), drawn_this_year));
        }
        agree("round.frame_sha256", frame_sha256_of(rows).as_str(), &self.round.frame_sha256, Vec::new)
    }

    /// Every ticket is that of seed, round and account, and no account lost to one with a later ticket.
    fn check_winners(&self) -> Result<(), Imbalance> {
        let Some(seed) = &self.round.seed else { return Ok(()) };
        let mut borders = BTreeMap::<(&str, u32), (Option<Place<'_>>, Option<Place<'_>>)>::new();
        for row in &self.accounts {
            let id = &row.facts.account_id;
            let own = ticket(seed, self.round.name, id);
            let member = row.facts.member.as_ref();
            if let Some(member) = member {
                let rows = || vec![RowId::Account(id.clone())];
                agree(&format!("accounts[{id}].member.ticket"), own.as_str(), &member.ticket, rows)?;
            }
            let again = match self.round.rotation {
                Rotation::None => Some(false),
                Rotation::Annual => row.facts.drawn_this_year,
            };
            let (Some(again), Some(batch)) = (again, batch_of(row)) else { continue };
            let place = (again, own, id);
            let (last, first) = borders.entry((&row.facts.stratum, batch)).or_default();
            let won = if batch == 0 { Reason::Random } else { Reason::TopUp };
            if member.is_some_and(|member| member.reason == won) {
                *last = last.take().max(Some(place));
            } else if first.as_ref().is_none_or(|first| place < *first) {
                *first = Some(place);
            }
        }
        for (last, first) in borders.into_values() {
            let (Some(last), Some(first)) = (last, first) else { continue };
            let rows = || vec![RowId::Account(first.2.clone()), RowId::Account(last.2.clone())];
            let word = |is_before| if is_before { Word("抽中", "drawn") } else { Word("未抽中", "not drawn") };
            agree(&format!("accounts[{}].member", first.2), &word(first < last), &word(false), rows)?;
        }
        Ok(())
    }

    /// A stratum and the accounts that say they lie in it.
    fn stratum_rows(&self, key: &str) -> Vec<RowId> {
        let of_it = self.accounts.iter().filter(|row| row.facts.stratum == key);
        let accounts = of_it.map(|row| RowId::Account(row.facts.account_id.clone()));
        std::iter::once(RowId::Stratum(key.to_owned())).chain(accounts).take(NAMED).collect()
    }
}

/// Among whom an account was drawn: 0 for the frozen frame, else the number of the top-up; nothing where the file,
/// of an earlier version, does not tell.
const fn batch_of(row: &AccountRow) -> Option<u32> {
    match (row.facts.newcomer, row.facts.top_up) {
        (false, _) => Some(0),
        (true, batch) => batch,
    }
}

/// Why an account is a member fits what it is: newcomers come by a top-up, others by the draw, and
/// those that are always looked at in any case.
fn check_reason(row: &AccountRow, is_drawn: bool) -> Result<(), Imbalance> {
    let facts = &row.facts;
    let itself = || vec![RowId::Account(facts.account_id.clone())];
    let name = format!("accounts[{}].member", facts.account_id);
    let Some(member) = &facts.member else {
        let wanted = is_drawn && facts.always.is_some();
        return agree(&name, &Word::there(wanted), &Word::NOTHING, itself);
    };
    if !is_drawn {
        return agree(&name, &Word::NOTHING, &Word::THERE, itself);
    }
    let by_draw = if facts.newcomer { Reason::TopUp } else { Reason::Random };
    let by_rule = facts.always.map(Reason::from);
    if member.reason == by_draw || Some(member.reason) == by_rule {
        return Ok(());
    }
    let word = |reason: Reason| Word(reason.zh(), reason.key());
    agree(&format!("{name}.reason"), &word(by_rule.unwrap_or(by_draw)), &word(member.reason), itself)
}
