//! Guards the map of `lib.rs`: who may use whom, and which library belongs to whom.
#![expect(clippy::unwrap_used, reason = "a guard that cannot read the sources fails")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Every module with those it may use, in the order of dependency: nobody reaches downward.
const MAP: &[(&str, &[&str])] = &[
    ("domain", &[]),
    ("clock", &[]),
    ("config", &["domain"]),
    ("disk", &[]),
    ("store", &["domain", "disk"]),
    ("office", &["domain", "clock", "config", "store"]),
    ("fetch", &["domain"]),
    ("sources", &["domain", "fetch"]),
    ("registry", &["domain", "disk"]),
    ("notify", &["domain", "store", "office"]),
    ("sampling", &["domain", "config", "store", "office"]),
    ("issues", &["domain", "store", "office", "notify"]),
    ("checks", &["domain", "config", "store", "office", "fetch", "sources", "notify", "sampling", "issues"]),
    ("people", &["domain", "store", "office", "notify"]),
    ("passes", &["domain", "config", "store", "office", "issues"]),
    ("intake", &["domain", "store", "office", "registry"]),
    ("ledger", &["domain", "store", "office"]),
    ("reports", &["domain", "disk"]),
    (
        "chat",
        &[
            "domain", "config", "store", "office", "fetch", "registry", "notify", "sampling", "issues", "checks",
            "people", "passes", "intake", "ledger", "reports",
        ],
    ),
    ("schedule", &["domain", "store", "office", "fetch", "notify", "sampling", "issues", "checks"]),
    ("web", &["domain", "store", "office", "issues", "passes"]),
    ("app", &["domain", "clock", "config", "store", "office", "fetch", "registry", "chat", "schedule", "web"]),
    ("demo", &["*"]),
    ("cli", &["*"]),
];

/// What only one module may touch.
const OWNED: &[(&str, &[&str])] = &[
    ("sqlx", &["store"]),
    ("reqwest", &["fetch"]),
    ("teloxide", &["chat"]),
    ("reqwest_of_teloxide", &["chat"]),
    ("clap", &["cli"]),
    ("clap_complete", &["cli"]),
    ("calamine", &["registry"]),
    ("rust_xlsxwriter", &["registry", "reports"]),
    ("docx_rs", &["reports"]),
    ("scraper", &["sources"]),
    ("cron", &["config", "schedule"]),
    ("axum", &["web", "demo"]),
    ("env::var", &["config"]),
    ("env::var_os", &["config"]),
    ("env::vars", &["config"]),
    ("env::vars_os", &["config"]),
    ("Utc::now", &["clock"]),
    ("Local::now", &[]),
    ("SystemTime::now", &["clock"]),
    ("println", &[]),
    ("process::exit", &[]),
];

/// One file of the program without its tests and comments.
struct Source {
    path: PathBuf,
    module: String,
    text: String,
}

fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { folders.push(path) } else { files.push(path) }
        }
    }
    files.retain(|path| {
        let name = path.file_stem().unwrap().to_string_lossy();
        path.extension().is_some_and(|kind| kind == "rs") && !is_test(&name)
    });
    files.sort();
    files
        .into_iter()
        .filter_map(|path| {
            let text = fs::read_to_string(&path).unwrap();
            let text = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
            let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
            let first = path.strip_prefix(&root).unwrap().components().next().unwrap();
            let module = first.as_os_str().to_string_lossy().trim_end_matches(".rs").to_owned();
            let source = Source { module, text: code.collect::<Vec<_>>().join("\n"), path };
            // `fetch::world` is the loopback world of the unit tests.
            (!source.path.ends_with("fetch/world.rs")).then_some(source)
        })
        .collect()
}

fn is_test(name: &str) -> bool {
    name == "tests" || name == "testing" || name.ends_with("_tests")
}

/// The names that follow `crate::`, groups in braces included.
fn used(text: &str) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let word = |text: &str| text.chars().take_while(|c| c.is_ascii_lowercase() || *c == '_').collect::<String>();
    for rest in text.split("crate::").skip(1) {
        match rest.strip_prefix('{') {
            None => drop(names.insert(word(rest))),
            Some(group) => {
                let mut depth = 0;
                let mut item = String::new();
                for c in group.chars() {
                    match c {
                        '{' => depth += 1,
                        '}' if depth == 0 => break,
                        '}' => depth -= 1,
                        ',' if depth == 0 => drop(names.insert(word(std::mem::take(&mut item).trim()))),
                        _ => item.push(c),
                    }
                }
                names.insert(word(item.trim()));
            }
        }
    }
    names.remove("");
    names
}

/// Whether `name` stands in the text as a word of its own.
fn mentions(text: &str, name: &str) -> bool {
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    text.match_indices(name).any(|(at, _)| {
        let (before, after) = text.split_at(at);
        let after = after.strip_prefix(name).unwrap_or_default();
        !before.ends_with(is_word) && (after.starts_with("::") || after.starts_with(['!', '(', ' ', ';', ',', '}']))
            // A path such as `crate::cron` would be our own.
            && !before.ends_with("crate::")
    })
}

#[test]
fn every_module_stands_on_the_map_and_uses_what_lies_above_it() {
    let order: Vec<&str> = MAP.iter().map(|(module, _)| *module).collect();
    for (at, (module, allowed)) in MAP.iter().enumerate() {
        for used in allowed.iter().filter(|used| **used != "*") {
            let above = order.iter().position(|m| m == used).unwrap();
            assert!(above < at, "{module} may not use {used}, which stands below it on the map");
        }
    }
    let mut wrong = Vec::new();
    for source in sources() {
        if source.module == "lib" {
            continue;
        }
        let from =
            if source.module == "main" { MAP.len() } else { order.iter().position(|m| *m == source.module).unwrap() };
        for name in used(&source.text) {
            let Some(to) = order.iter().position(|m| *m == name) else { continue };
            let allowed = match MAP.get(from) {
                None => name == "cli",
                Some((_, allowed)) => {
                    to == from || allowed.contains(&name.as_str()) || (allowed.contains(&"*") && to < from)
                }
            };
            if !allowed {
                wrong.push(format!("{} uses crate::{name}", source.path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn the_map_names_every_module_of_the_crate() {
    let lib = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/lib.rs")).unwrap();
    let declared: BTreeSet<&str> =
        lib.lines().filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';')).collect();
    let mapped: BTreeSet<&str> = MAP.iter().map(|(module, _)| *module).collect();
    assert_eq!(declared, mapped);
}

#[test]
fn a_library_is_used_by_the_module_it_belongs_to_and_by_no_other() {
    let mut wrong = Vec::new();
    for source in sources() {
        for (library, owners) in OWNED {
            if mentions(&source.text, library) && !owners.contains(&source.module.as_str()) {
                wrong.push(format!("{} mentions {library}", source.path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn no_file_grows_beyond_what_can_be_read_at_once() {
    for source in sources() {
        let lines = source.text.lines().count();
        assert!(lines <= 600, "{} has {lines} lines of code; split it", source.path.display());
    }
}

#[test]
fn the_guard_sees_what_it_guards_against() {
    let text = "use crate::{domain::x, store::{a, b}};\nlet x = crate::fetch::get();\nuse clap::Parser;";
    assert_eq!(used(text), ["domain", "fetch", "store"].map(str::to_owned).into());
    assert!(mentions(text, "clap") && !mentions(text, "cla") && !mentions("use crate::cron::x;", "cron"));
    assert!(sources().len() > 100);
}
