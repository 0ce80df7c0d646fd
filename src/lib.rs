//! xuncha 巡查 — supervision of government new-media accounts.
//!
//! # The map
//!
//! The order is the order of dependency: a module uses those above it.
//!
//! - [`domain`] the vocabulary and the decisions: pure
//! - [`clock`] the only source of now
//! - [`config`] settings from defaults, `xuncha.toml` and the environment; the only reader of the environment
//! - [`disk`] files that appear whole or not at all
//! - [`store`] the only SQL, the same on `SQLite` and `PostgreSQL`
//! - [`office`] what every use case is handed: store, clock, settings, calendar, rules
//! - [`fetch`] the only client for other people's servers: politeness, address guard, evidence
//! - [`sources`] one adapter per way of seeing an account: bytes to posts
//! - [`registry`] registry files and review records: tables in, values and problems out
//! - [`intake`] those files into the database, whole or not at all
//! - [`sampling`] rounds: frame, draw, top-up, export, close
//! - [`notify`] notices written, never sent
//! - [`issues`] the workflow of an issue, its deadlines and reminders
//! - [`checks`] observe, judge, record; what a person sees and decides; second looks, rechecks, visits to websites, early warnings
//! - [`people`] invitations and bindings
//! - [`passes`] signed links by which a unit answers a notice without a bot
//! - [`ledger`] from the database to the one dataset of a round
//! - [`reports`] from that dataset to every document
//! - [`chat`] the bot: notices out, commands in, every text a reader sees
//! - [`schedule`] what is due by itself, one row a slot
//! - [`web`] health, metrics, and the pages behind those links
//! - [`app`] the composition root, and the loops of the service
//! - [`demo`] an embedded district, a strict Telegram, and the rehearsal that drives the program through both
//! - [`cli`] commands, output, exit codes
//!
//! [`intake`], [`sampling`], [`issues`], [`people`] and [`ledger`] do not know each other; what joins
//! them stands below. [`checks`] is the exception: a judged round opens issues in its own
//! transaction.
//!
//! # The way the data goes
//!
//! ```text
//! files ─► registry ─► intake ─┐
//!                              ▼
//!  cron ─► schedule ──┐     accounts ─► sampling ─► members
//!  chat ─► command ───┼─►                              │
//!  cli  ─► command ───┘     fetch ─► sources ─► checks ◄┘
//!                                                  │ findings
//!                                                  ▼
//!       channel ◄─ chat::deliver ◄─ outbox ◄─ issues, notify
//!                                                  │
//!                                                  ▼
//!                                   ledger ─► dataset ─► reports
//! ```
//!
//! # The rule of transactions
//!
//! Load, call a pure function that decides, write. Every change of state is one transaction of
//! three writes: the new state, guarded by the old one; the event that tells of it; and the
//! outbox rows it causes. Either all three are there after a crash or none. No HTTP call is made
//! inside a transaction: looks are made first and stored after; notices are stored first and
//! sent after.
//!
//! # Decisions
//!
//! - No data is never no update. What could not be judged is `unverified`, says why, and never
//!   counts as passed.
//! - What a subject does wrong is a value; an `Err` is our own trouble, and charged to nobody.
//! - The machine closes what the machine can measure again; a person closes what a person judged.
//! - Observations are stored apart from verdicts, so that other rules can judge them again.
//!   Rules are data ([`domain::rule`]), and so is the lexicon of wrong words ([`domain::lexicon`]).
//! - Personal data is masked before anything of a text is kept ([`domain::privacy`]).
//! - The page behind a violation, a suspicion or a recheck that does not pass is kept once by its hash,
//!   masked and compressed, of a linked file its rows ([`domain::page_copy`]); a page that accuses nobody is not.
//! - An event is appended, chained to the one before by its hash, and never changed.
//! - Time is handed in. Waiting is a due time in the database and a later tick, so that weeks
//!   pass in seconds in the demo, and a restart forgets nothing.
//! - Work is claimed under a lease: a killed process loses its claims, not its results.
//! - Messages are sent at least once and numbered. Sent twice is recognisable; lost is not.
//! - Numbers in documents are counted in one place ([`domain::bulletin`]), twice, and refused
//!   where they disagree.
//! - Fakes stand on the other side of a socket: nothing in the program knows that it is tested.
//! - Every text a reader sees exists in Chinese and English.
//!
//! # Walkthroughs
//!
//! **A round, from freeze to bulletin.** [`sampling`] takes the accounts running on the frame
//! date, stores the frame with its hash and quotas, and later, when a seed is named, lets
//! [`domain::sample`] draw; members are rows. [`checks`] claims members under a lease, looks
//! at each through [`fetch`] and [`sources`], has the pure judge make verdicts of what was seen,
//! and stores observation and findings together. When the last look is in it first asks whether
//! the failures were our own; if most looks failed alike they are handed
//! back. Otherwise one transaction marks the round as judged, opens an issue for each certain
//! finding and writes one notice a unit.
//! Doubtful links are looked at again on later ticks; what stays doubtful, and every suspicion about
//! a text, waits for a person and may still open an issue. What no machine may see goes out as a
//! worksheet, and what a person saw is judged with the rest. [`ledger`] reads the round into a dataset, [`domain::bulletin`] counts it
//! and proves that it sums, [`reports`] writes it down.
//!
//! **A unit presses 签收.** The long poll in [`chat`] receives the press and hands a plain value
//! to its handler, which finds the person's bindings and the issue within their scope; another
//! unit's issue is answered like one that does not exist. [`issues`] loads the issue,
//! [`domain::issue`] decides, and the change, its event and what others must be told are written
//! at once. The update is marked as handled, then answered, and the buttons under the notice are
//! drawn anew. A crash between the act and the mark acts again, which the decision turns into
//! “already”. `xuncha issues ack` runs the same function.
//!
//! **A message Telegram may or may not have accepted.** [`chat::deliver`] claims the oldest due row
//! of a chat and commits the claim with an attempt row, then calls Telegram. The connection breaks before the
//! answer comes. The attempt is settled as unknown and the row becomes due again a minute later;
//! if the process dies instead, the lease runs out with the same effect. Nothing overtakes it in that chat. The body was
//! frozen when it was written, so the repeat says the same under the same number, and the notice
//! tells its reader what that means. Deadlines begin with the attempt that was accepted.

pub mod app;
pub mod chat;
pub mod checks;
pub mod cli;
pub mod clock;
pub mod config;
pub mod demo;
pub mod disk;
pub mod domain;
pub mod fetch;
pub mod intake;
pub mod issues;
pub mod ledger;
pub mod notify;
pub mod office;
pub mod passes;
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
