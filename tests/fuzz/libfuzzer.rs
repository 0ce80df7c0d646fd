//! The targets under libFuzzer, which follows what of the program an input reaches. By hand:
//!
//! ```sh
//! cargo install cargo-fuzz
//! XUNCHA_FUZZ=feed cargo fuzz run --fuzz-dir tests/fuzz --sanitizer none libfuzzer SEEDS -- -runs=1000000
//! ```
//!
//! `XUNCHA_FUZZ` names a target; `SEEDS` is a folder of example files, and new inputs are written
//! there. `-max_len=65536 -timeout=10 -rss_limit_mb=1024` make slowness and hunger findings too.
#![no_main]

mod targets;

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use targets::{TARGETS, Target};

static TARGET: LazyLock<Target> = LazyLock::new(|| {
    let wanted = std::env::var("XUNCHA_FUZZ").unwrap_or_default();
    let names = || TARGETS.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(" ");
    let found = TARGETS.iter().find(|(name, _)| *name == wanted);
    found.unwrap_or_else(|| panic!("XUNCHA_FUZZ is one of: {}", names())).1
});

fuzz_target!(|data: &[u8]| TARGET(data));
