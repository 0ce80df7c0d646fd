//! Guards the READMEs: every command they show exists, and what they quote is what the program says.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a guard that cannot read the README fails")]

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

const READMES: [&str; 2] = ["README.md", "README.zh-CN.md"];

fn read(name: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(name)).expect(name)
}

/// The fenced blocks of a language: what stands between the fences.
fn blocks(text: &str, language: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        if let Some(kind) = line.trim().strip_prefix("```") {
            let body: Vec<&str> = lines.by_ref().take_while(|line| !line.trim().starts_with("```")).collect();
            if kind.trim() == language {
                found.push(body.join("\n"));
            }
        }
    }
    found
}

/// What the program prints for `--help` of a command; nothing for one that does not exist.
fn help(words: &[&str]) -> Option<String> {
    let output = Command::new(env!("CARGO_BIN_EXE_xuncha")).args(words).arg("--help").env_clear().output().unwrap();
    output.status.success().then(|| String::from_utf8(output.stdout).unwrap())
}

/// The subcommands a help text lists.
fn subcommands(help: &str) -> BTreeSet<String> {
    let listed = help.lines().skip_while(|line| !line.starts_with("Commands:")).skip(1);
    let listed = listed.take_while(|line| line.starts_with("  "));
    listed.filter_map(|line| line.split_whitespace().next().map(str::to_owned)).collect()
}

/// The `xuncha …` command lines of the shell blocks, word by word.
fn shown(text: &str) -> Vec<Vec<String>> {
    let shell = ["console", "sh", "bash", "shell"];
    shell
        .iter()
        .flat_map(|language| blocks(text, language))
        .flat_map(|block| {
            let lines = block.lines().map(|line| line.trim().trim_start_matches("$ ").to_owned()).collect::<Vec<_>>();
            lines.into_iter().flat_map(|line| line.split("&&").map(str::to_owned).collect::<Vec<_>>())
        })
        .map(|command| command.split_whitespace().map(str::to_owned).collect::<Vec<_>>())
        .filter_map(|words| {
            let at = words.iter().position(|word| word == "xuncha" || word.ends_with("/xuncha"))?;
            let before = words.iter().take(at).all(|word| word.contains('=') || word == "sudo");
            before.then(|| words.into_iter().skip(at + 1).collect())
        })
        .collect()
}

#[test]
fn every_command_shown_exists_with_its_options() {
    for readme in READMES {
        let text = read(readme);
        let commands = shown(&text);
        assert!(!commands.is_empty(), "{readme} shows no command");
        for words in commands {
            let mut path: Vec<&str> = Vec::new();
            let mut known = subcommands(&help(&[]).unwrap());
            for word in &words {
                if !known.contains(word.as_str()) {
                    break;
                }
                path.push(word);
                known = subcommands(&help(&path).unwrap());
            }
            let options_alone = words.iter().all(|word| word.starts_with('-'));
            assert!(!path.is_empty() || options_alone, "{readme}: there is no command `xuncha {}`", words.join(" "));
            let help = help(&path).unwrap();
            for option in words.iter().filter(|word| word.starts_with("--")) {
                let name = option.split('=').next().unwrap();
                assert!(help.contains(name), "{readme}: `xuncha {}` has no {name}", words.join(" "));
            }
        }
    }
}

#[test]
fn every_command_of_the_program_is_named() {
    let known = subcommands(&help(&[]).unwrap());
    for readme in READMES {
        let text = read(readme);
        for command in known.iter().filter(|command| *command != "help") {
            assert!(
                text.contains(&format!("xuncha {command}")) || text.contains(&format!("`{command}")),
                "{readme}: {command}"
            );
        }
    }
}

#[test]
fn the_configuration_shown_has_no_key_the_program_lacks() {
    for readme in READMES {
        for block in blocks(&read(readme), "toml") {
            if block.contains("[dependencies]") {
                continue;
            }
            let shown: toml::Table = block.parse().expect(readme);
            let known: toml::Table = xuncha::config::TEMPLATE.parse().unwrap();
            for (section, keys) in &shown {
                if section == "channel" {
                    continue;
                }
                let known = known.get(section).and_then(toml::Value::as_table).expect(section);
                for key in keys.as_table().expect(section).keys() {
                    assert!(known.contains_key(key), "{readme}: there is no {section}.{key}");
                }
            }
        }
    }
}

#[test]
fn the_test_command_is_the_one_that_runs_here() {
    for readme in READMES {
        assert!(read(readme).contains("bash tests/run"), "{readme} names no test command");
    }
    assert!(read(".ci/run").contains("tests/run"));
}

/// Every excerpt of a README stands, line by line, in what `xuncha demo` prints; `…` stands for lines left out.
#[test]
fn every_excerpt_is_what_the_demo_prints() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("demo");
    let demo = Command::new(env!("CARGO_BIN_EXE_xuncha"))
        .args(["demo", "--quiet", "--out"])
        .arg(&out)
        .current_dir(&folder)
        .env_clear()
        .output()
        .unwrap();
    assert!(demo.status.success(), "{}", String::from_utf8_lossy(&demo.stderr));
    let printed = String::from_utf8(demo.stdout).unwrap();
    let printed: BTreeSet<&str> = printed.lines().map(str::trim).collect();
    let mut quoted = 0;
    for name in READMES {
        for block in blocks(&read(name), "text") {
            for line in block.lines().map(str::trim).filter(|line| !line.is_empty() && *line != "…") {
                assert!(printed.contains(line), "{name}: the demo does not print: {line}");
                quoted += 1;
            }
        }
    }
    assert!(quoted > 20, "the READMEs quote the demo");
}
