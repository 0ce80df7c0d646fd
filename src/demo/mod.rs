//! The embedded world of the demo: accounts with planted faults, a strict Telegram on loopback,
//! and the rehearsal of a quarter that drives the real program through both.

mod actors;
pub mod compare;
pub mod rehearsal;
pub mod setting;
pub mod telegram;
pub mod world;
