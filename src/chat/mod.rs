//! Channels out, commands in.
//!
//! ```text
//! outbox row ─► deliver ─► texts ─► telegram, robot   (notices)
//! telegram ─► bot ─► handle ─► use case ─► texts ─► telegram   (commands and buttons)
//! ```
//!
//! - [`texts`] every text a reader sees; knows nothing of channels
//! - [`commands`] what a reader may ask for, and how it is read from what was typed
//! - [`telegram`] the only user of the bot library: values in, values out
//! - [`robot`] group robots of WeCom, DingTalk and Feishu: notices in parts, answered by links
//! - [`attachment`] photos and files that come with a message
//! - [`deliver`] empties the outbox, one step at a time, on the office's clock
//! - [`wecom`] the other two-way channel: WeCom's long connection
//! - [`handle`] one incoming update: who, what, which use case, what to answer
//! - [`bot`] the long poll around it
//!
//! Nothing here decides what may be done with an issue: that is `issues::act`. Nothing here
//! logs a message's text, a person's name or the token.

pub mod attachment;
pub mod bot;
pub mod commands;
pub mod deliver;
pub mod handle;
pub mod robot;
pub mod telegram;
pub mod texts;
pub mod wecom;

#[cfg(test)]
mod testing;
