//! Plan a round, observe, judge, record.
//!
//! ```text
//! member ─► observe (source, texts, links, site) ─► judge (pure) ─► findings ┐ one transaction
//!    │                                                          observation ┘
//!    └─► worksheet ─► a person ─► record ─► the same judge
//!
//! last member ─► is it us? ─► issues + notices, one transaction
//! ```
//!
//! Decisions that bind this module:
//! - No data is never no update: what could not be read is `unverified`, with the reason.
//! - What a subject does wrong is a value; a look never fails the run.
//! - Our own outage is nobody's finding: such looks are handed back and made again, and a
//!   platform whose canary is silent convicts nobody, nor does a host behind which most accounts end
//!   on one day.
//! - What a person decided of a doubt is not asked again while it says the same.
//!
//! Where to start: [`run`] for a round, [`observe`] for one look, [`judge`] for its verdicts.

mod articles;
mod asked;
mod bridge;
pub mod by_hand;
mod canary;
pub mod decide;
pub mod health;
pub mod judge;
mod known;
pub mod link;
mod link_book;
mod link_judge;
mod link_site;
mod measure;
pub mod observe;
mod outage;
mod page_copy;
pub mod recheck;
mod recheck_told;
pub mod rejudge;
pub mod run;
pub mod second_look;
pub mod seen;
pub mod self_report;
mod sign_off;
mod site_look;
pub mod site_seen;
mod site_words;
mod soft404;
mod soft404_numbers;
mod soft404_words;
mod standstill;
mod suspicions;
mod tables;
mod text_words;
pub mod texts;
mod texts_again;
pub mod visits;
pub mod warn;
mod wechat_api;
pub(crate) mod wire;
mod words;
mod words_advice;
mod words_by_hand;
#[cfg(test)]
mod words_tests;
