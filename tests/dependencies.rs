//! Guards what the program is built from: licences, and one TLS provider.
#![expect(clippy::unwrap_used, reason = "a guard that cannot read the dependency graph fails")]

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use serde_json::Value;

/// Licences under which a dependency may come; any one of an `OR` will do.
const ALLOWED: &[&str] = &[
    "0BSD",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "CC0-1.0",
    "CDLA-Permissive-2.0",
    "ISC",
    "MIT",
    "MIT-0",
    "MPL-2.0",
    "Unicode-3.0",
    "Unlicense",
    "Zlib",
];

/// Second TLS or crypto stacks, and what would need a system library.
const UNWANTED: &[&str] = &["openssl", "openssl-sys", "native-tls", "aws-lc-sys", "aws-lc-rs", "libpq-sys"];

/// Whether an SPDX expression can be satisfied from the list.
fn is_allowed(expression: &str) -> bool {
    let expression = expression.replace('/', " OR ").replace(['(', ')'], " ");
    // Brackets are gone, so this is strict: an `AND` binds everything around it.
    expression.split(" AND ").all(|part| part.split(" OR ").any(|licence| ALLOWED.contains(&licence.trim())))
}

/// The dependency graph of this machine's platform.
fn graph() -> Value {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--locked", "--offline", "--filter-platform", &host()])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn host() -> String {
    let output = Command::new("rustc").arg("-vV").output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().find_map(|line| line.strip_prefix("host: ")).unwrap().to_owned()
}

/// Names of the packages the program itself is linked from: no development dependencies.
fn linked(graph: &Value) -> BTreeMap<String, String> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let nodes: BTreeMap<String, &Value> =
        graph["resolve"]["nodes"].as_array().unwrap().iter().map(|node| (text(&node["id"]), node)).collect();
    let mut seen = BTreeSet::new();
    let mut open = vec![text(&graph["resolve"]["root"])];
    while let Some(id) = open.pop() {
        let node = nodes[&id];
        if seen.insert(id) {
            for dep in node["deps"].as_array().unwrap() {
                if dep["dep_kinds"].as_array().unwrap().iter().any(|kind| kind["kind"] != "dev") {
                    open.push(text(&dep["pkg"]));
                }
            }
        }
    }
    let packages = graph["packages"].as_array().unwrap();
    packages
        .iter()
        .filter(|package| seen.contains(&text(&package["id"])))
        .map(|package| (text(&package["name"]), text(&package["license"])))
        .collect()
}

#[test]
fn every_dependency_has_a_licence_we_may_ship() {
    let linked = linked(&graph());
    assert!(linked.len() > 50, "the graph is read: {}", linked.len());
    let refused: Vec<_> = linked.iter().filter(|(_, licence)| !is_allowed(licence)).collect();
    assert!(refused.is_empty(), "{refused:#?}");
}

#[test]
fn there_is_one_tls_provider_and_no_system_library() {
    let linked = linked(&graph());
    let unwanted: Vec<_> = UNWANTED.iter().filter(|name| linked.contains_key(**name)).collect();
    assert!(unwanted.is_empty(), "{unwanted:?}");
    assert!(linked.contains_key("ring") && linked.contains_key("rustls"));
}

#[test]
fn licence_expressions_are_read_strictly() {
    for good in ["MIT", "MIT OR Apache-2.0", "MIT/Apache-2.0", "(MIT OR Apache-2.0) AND Unicode-3.0", "GPL-3.0 OR MIT"]
    {
        assert!(is_allowed(good), "{good}");
    }
    for bad in ["GPL-3.0", "", "MIT AND GPL-3.0", "AGPL-3.0-only", "LGPL-2.1 OR GPL-2.0"] {
        assert!(!is_allowed(bad), "{bad}");
    }
}
