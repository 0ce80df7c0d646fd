//! xuncha 巡查 — supervision of government new-media accounts.
//!
//! # The map
//!
//! The order is the order of dependency: a module uses those above it.
//!
//! - [`domain`] the vocabulary and the decisions: pure
//! - [`clock`] the only source of now

pub mod app;
pub mod chat;
pub mod checks;
pub mod cli;
pub mod clock;
pub mod config;
pub mod demo;
pub mod domain;
pub mod fetch;
pub mod intake;
pub mod issues;
pub mod ledger;
pub mod notify;
pub mod office;
pub mod people;
pub mod registry;
pub mod reports;
pub mod sampling;
pub mod schedule;
pub mod sources;
pub mod store;
pub mod web;

/// Who the history says did what no person did.
pub const ACTOR: &str = "xuncha";
