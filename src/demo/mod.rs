//! The embedded world of the demo: accounts with planted faults, and a strict Telegram on loopback.
//!
//! Both stand on the other side of a socket: the product meets them through the same HTTP
//! client, adapters and bot library as the real ones, and nothing in it knows of them.
//! The stories of the integration tests drive the same two.

pub mod telegram;
pub mod world;
