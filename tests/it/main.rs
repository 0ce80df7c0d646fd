//! Stories: the whole program against a pretended world, on both databases. A file a story.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::format_collect,
    reason = "a story that cannot go on fails; its helpers are tests too"
)]

mod usage;
mod world;

mod advice;
mod articles;
mod beside;
mod bridges;
mod by_hand;
mod checks;
mod cli;
mod crash;
mod delivery;
mod desk;
mod desk_order;
mod draw;
mod fairness;
mod files;
mod hostile;
mod issues;
mod lapse;
mod many;
mod notices;
mod outage;
mod outbox;
mod packet;
mod prune;
mod registry;
mod rejudge;
mod reports;
mod review;
mod robots;
mod schedule;
mod serve;
mod sites;
mod sources;
mod texts;
mod upkeep;
mod wecom;
