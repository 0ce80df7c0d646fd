//! The vocabulary and the decisions: pure values and functions.
//!
//! No I/O, no async, no clock, no randomness; it knows no other module of the crate.

mod joined;
pub(crate) mod keyed;

pub mod account;
pub mod allow;
pub mod annual;
pub mod bulletin;
pub mod by_hand;
pub mod finding;
pub mod fold;
pub mod health;
pub mod issue;
pub mod lexicon;
pub mod material;
pub mod naming;
pub mod normal;
pub mod notice;
pub mod oddity;
pub mod options;
pub mod page_copy;
pub mod person;
pub mod post;
pub mod privacy;
pub mod quiet;
pub mod ratio;
pub mod replay;
pub mod review;
pub mod round;
pub mod rule;
pub mod sample;
pub mod sentences;
pub mod site;
pub mod time;
pub mod workday;

use keyed::keyed_enum;

keyed_enum! {
    /// The language a reader wants.
    Lang {
        Zh = "zh", "中文", "Chinese";
        En = "en", "英文", "English";
    }
}

/// A word that a closed vocabulary does not know.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{given}` is not one of: {allowed}")]
pub struct UnknownKey {
    /// What was written.
    pub given: String,
    /// What may be written, separated by commas.
    pub allowed: String,
}
