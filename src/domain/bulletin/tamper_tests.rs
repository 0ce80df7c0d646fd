//! Whatever number of a valid dataset is changed by one, the dataset is refused and says which.

use std::collections::BTreeSet;

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::settle::settle;
use super::tests::{at, example};
use super::*;
use crate::domain::finding::ChainStep;
use crate::domain::notice::Bilingual;
use crate::domain::round::RoundName;
use crate::domain::rule::Class;
use crate::domain::sample::{Reason, ticket};

/// Numbers that are facts in themselves: nothing else in the file speaks of them, so nothing can disagree.
const RAW: [(&str, &str); 10] = [
    ("accounts[].followers", "as the registry has it"),
    ("accounts[].member.verdicts[].finding_id", "a number given by the database; only a second use of it shows"),
    (
        "accounts[].top_up",
        "two top-ups of one account each draw as many as one of both may; who won in each is checked",
    ),
    (
        "context.quarters[].issues[].id",
        "the rows stand in the quarter's own dataset; only an issue of this round shows",
    ),
    ("context.sent[].issues[]", "a notice not delivered has left no trace in the history of the issue"),
    ("context.working_days.*", "a setting of the office"),
    ("earlier[].closed", "the rows stand in that round's own dataset; of the round before they are here"),
    ("earlier[].standing", "likewise"),
    ("issues[].evidence.chain[].status", "what a server answered"),
    ("issues[].evidence.status", "what a server answered"),
];

/// Places of [`RAW`] of which some survive and others are caught.
const PREVIOUS: (&str, &str) = ("previous.issues[].id", "the rows stand in that round's own dataset");

/// A round in which every field of the format is filled.
pub(super) fn full() -> Facts {
    let mut facts = example();
    facts.accounts.truncate(30);
    let kept: BTreeSet<AccountId> = facts.accounts.iter().map(|account| account.account_id.clone()).collect();
    facts.issues.retain(|issue| kept.contains(&issue.account_id));
    let frame: Vec<_> = facts.accounts.iter().map(frame_row).collect();
    redraw(&mut facts, &frame);
    // What a round has seldom: an issue that fell, a unit by another name, newcomers, a notice still waiting.
    facts.issues[1].status = IssueStatus::Revoked;
    facts.issues[2].unit = "云溪县旧名单位".to_owned();
    let verdict = |number| Verdict {
        finding_id: number,
        indicator: Indicator::Stale,
        class: Class::Veto,
        outcome: Outcome::Pass,
        subject: String::new(),
        summary: "已更新".to_owned(),
        reason: "updated".to_owned(),
        decided: true,
    };
    for n in 0..2 {
        let mut account = facts.accounts[0].clone();
        account.account_id = AccountId::new(format!("N{n:03}"));
        (account.newcomer, account.always, account.drawn_this_year) = (true, None, Some(false));
        (account.top_up, account.member) = (Some(1), None);
        facts.accounts.push(account);
    }
    let layer = facts.accounts[0].stratum.clone();
    let stratum = facts.round.strata.iter().find(|stratum| stratum.key == layer).unwrap();
    let owed = facts.round.ratio.quota(stratum.size + 2) - stratum.quota;
    let (name, seed) = (facts.round.name, facts.round.seed.clone().unwrap());
    let mut newcomers: Vec<_> = facts.accounts.iter_mut().filter(|account| account.newcomer).collect();
    newcomers.sort_by_key(|account| ticket(&seed, name, &account.account_id));
    for account in newcomers.into_iter().take(owed) {
        account.member = Some(MemberFacts {
            reason: Reason::TopUp,
            ticket: ticket(&seed, name, &account.account_id),
            looked_at: Some(facts.round.as_of),
            newest_at: Some(facts.round.as_of),
            verdicts: vec![verdict(7000)],
        });
    }
    let issue = &mut facts.issues[0];
    issue.evidence.status = Some(404);
    issue.evidence.chain = vec![ChainStep { url: "https://example.test/old".into(), status: 302 }];
    issue.evidence.numbers = vec!["id_card:510***9995×1".into()];
    (issue.events[2].passed, issue.evidence.snippet) = (true, Some("示例".into()));
    (issue.acknowledged_at, issue.rectified_at, issue.closed_at) = (issue.due_at, issue.due_at, issue.due_at);
    facts.previous.as_mut().unwrap().issues.retain(|issue| issue.id >= 900);
    let now = &facts.issues[3];
    facts.previous.as_mut().unwrap().issues.push(PreviousIssue {
        id: now.id,
        account: now.account.clone(),
        platform: now.platform,
        unit: now.unit.clone(),
        indicator: now.indicator,
        class: now.class,
        status: now.status,
        found_again: true,
    });
    let both = |text: &str| Bilingual { zh: text.to_owned(), en: text.to_owned() };
    facts.context.remedies.insert(Indicator::Stale, Remedy { remedy: both("更新"), recheck: both("复查") });
    facts.context.working_days = Class::ALL.iter().map(|class| (*class, 5)).collect();
    facts.context.vetoes = vec![Indicator::Stale];
    for (n, issue) in facts.issues.iter_mut().enumerate() {
        let number = format!("2026-{n:04}");
        let delivered_at = (n % 3 != 2).then_some(at("2026-11-23T03:00:00Z"));
        issue.events[1].note = if delivered_at.is_some() { number.clone() } else { String::new() };
        facts.context.sent.push(SentNotice {
            number,
            unit: issue.unit.clone(),
            written_at: at("2026-11-23T02:00:00Z"),
            delivered_at,
            issues: vec![issue.id],
        });
    }
    settle(&mut facts);
    facts
}

/// The same as a half year with its quarters.
fn half() -> Facts {
    let mut facts = full();
    facts.round.name = RoundName::Half(2026, 2);
    facts.round.kind = facts.round.name.kind();
    let issues = facts.previous.take().unwrap().issues;
    facts.context.quarters = vec![PreviousRound { name: RoundName::Quarter(2026, 3), issues }];
    settle(&mut facts);
    facts
}

fn frame_row(account: &AccountFacts) -> crate::domain::sample::FrameRow {
    crate::domain::sample::FrameRow {
        account_id: account.account_id.clone(),
        stratum: account.stratum.clone(),
        drawn_this_year: account.drawn_this_year.unwrap(),
        always: account.always,
    }
}

/// Draws again from fewer accounts.
fn redraw(facts: &mut Facts, frame: &[crate::domain::sample::FrameRow]) {
    use crate::domain::sample::{allocate, draw, frame_sha256};
    let round = &mut facts.round;
    round.strata = allocate(frame, round.ratio);
    (round.frame_size, round.frame_sha256) = (frame.len(), frame_sha256(frame));
    let seed = round.seed.as_deref().unwrap();
    let members = draw(round.name, seed, round.rotation, frame, &round.strata, Reason::Random);
    for account in &mut facts.accounts {
        let drawn = members.iter().find(|member| member.account_id == account.account_id);
        let before = account.member.take();
        account.member = drawn.map(|member| MemberFacts {
            reason: member.reason,
            ticket: member.ticket.clone(),
            looked_at: Some(round.as_of),
            newest_at: before.as_ref().and_then(|before| before.newest_at),
            verdicts: before.map(|before| before.verdicts).unwrap_or_default(),
        });
    }
    let drawn: BTreeSet<&AccountId> =
        facts.accounts.iter().filter(|a| a.member.is_some()).map(|a| &a.account_id).collect();
    facts.issues.retain(|issue| drawn.contains(&issue.account_id));
}

/// Every number of a tree by its pointer, with the path in which rows and keys are left out.
fn numbers(value: &Value, pointer: &str, path: &str, found: &mut Vec<(String, String)>) {
    match value {
        Value::Number(_) => found.push((pointer.to_owned(), path.to_owned())),
        Value::Array(all) => {
            for (n, value) in all.iter().enumerate() {
                numbers(value, &format!("{pointer}/{n}"), &format!("{path}[]"), found);
            }
        }
        Value::Object(all) => {
            for (key, value) in all {
                let is_map = matches!(path, "figures" | "context.working_days" | "context.remedies");
                let name = if is_map { "*" } else { key.as_str() };
                let path = if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
                numbers(value, &format!("{pointer}/{}", key.replace('~', "~0").replace('/', "~1")), &path, found);
            }
        }
        _ => {}
    }
}

/// What comes of a number that is one more or one less.
enum Changed {
    Survives,
    Unreadable,
    Refused(Imbalance),
}

fn change<T: DeserializeOwned>(json: &mut Value, pointer: &str, more: bool, check: Check<T>) -> Changed {
    let place = json.pointer_mut(pointer).unwrap();
    let before = place.clone();
    *place = match before.as_i64() {
        Some(n) => Value::from(if more { n + 1 } else { n - 1 }),
        None => Value::from(before.as_f64().unwrap() + if more { 1.0 } else { -1.0 }),
    };
    let read = T::deserialize(&*json);
    *json.pointer_mut(pointer).unwrap() = before;
    match read {
        Err(_) => Changed::Unreadable,
        Ok(value) => check(&value).err().map_or(Changed::Survives, Changed::Refused),
    }
}

/// How a file is checked.
type Check<T> = fn(&T) -> Result<(), Imbalance>;

/// Whether a Chinese sentence is one: no word or key in Latin letters outside quotation marks.
fn is_chinese(text: &str) -> bool {
    let (mut run, mut quoted) = (0, false);
    for c in text.chars() {
        quoted = (quoted || c == '“') && c != '”';
        run = if c.is_ascii_lowercase() && !quoted { run + 1 } else { 0 };
        if run > 1 || (c == '_' && !quoted) {
            return false;
        }
    }
    true
}

/// Changes every number of a valid file in turn by one; the paths of those that nobody noticed.
///
/// What is noticed has to be told in Chinese, and with rows unless it is among `rowless`. Of the tables of
/// a dataset, each counted again by one and the same loop, every `stride`th.
pub(in crate::domain) fn survivors<T: Serialize + DeserializeOwned>(
    valid: &T,
    stride: usize,
    check: Check<T>,
    rowless: &[&str],
) -> BTreeSet<String> {
    let mut json = serde_json::to_value(valid).unwrap();
    let mut found = Vec::new();
    numbers(&json, "", "", &mut found);
    let mut survived = BTreeSet::new();
    let mut tables = 0;
    for (pointer, path) in found {
        let is_table = path.starts_with("figures") || path.starts_with("breakdowns");
        tables += usize::from(is_table);
        if is_table && tables % stride != 0 {
            continue;
        }
        for more in [true, false] {
            match change(&mut json, &pointer, more, check) {
                Changed::Survives => drop(survived.insert(path.clone())),
                Changed::Unreadable => {}
                Changed::Refused(error) => {
                    let [expected, stated] = &error.in_zh;
                    for words in [&error.title, expected, stated] {
                        assert!(is_chinese(words) && words != "数据", "{path}: {}", error.zh());
                    }
                    let counted = error.expected.chars().any(|c| ('1'..='9').contains(&c));
                    let known = rowless.iter().any(|figure| error.figure.starts_with(figure));
                    assert!(!error.rows.is_empty() || !counted || known, "{path}: no row is named: {error}");
                }
            }
        }
    }
    survived
}

/// Of these no row is known: the size is that of all rows, reminders are counted by the database, the rounds
/// before stand in their own files.
const ROWLESS: [&str; 3] = ["round.frame_size", "warnings.sent", "earlier["];

#[test]
fn any_number_changed_by_one_is_refused_unless_it_is_a_fact_in_itself() {
    let mut survived = survivors(&Dataset::build(full()).unwrap(), 1, Dataset::check, &ROWLESS);
    survived.extend(survivors(&Dataset::build(half()).unwrap(), 40, Dataset::check, &ROWLESS));
    let raw = RAW.iter().chain([&PREVIOUS]).map(|(path, _)| (*path).to_owned()).collect();
    assert_eq!(survived, raw);
}

#[test]
fn a_top_up_won_by_another_than_the_replay_gives_is_refused() {
    let mut facts = full();
    let (name, seed) = (facts.round.name, facts.round.seed.clone().unwrap());
    let mut newcomers: Vec<_> = facts.accounts.iter_mut().filter(|account| account.newcomer).collect();
    newcomers.sort_by_key(|account| account.member.is_none());
    let [winner, .., loser] = newcomers.as_mut_slice() else { panic!("two newcomers") };
    assert!(winner.member.is_some() && loser.member.is_none());
    loser.member = winner.member.take();
    loser.member.as_mut().unwrap().ticket = ticket(&seed, name, &loser.account_id);
    let loser = loser.account_id.clone();
    let refused = |facts: &Facts| Dataset::build(facts.clone()).and_then(|dataset| dataset.check()).err();
    let error = refused(&facts).unwrap();
    assert!(error.figure.ends_with(".member") && error.rows.contains(&RowId::Account(loser)), "{error}");
    // A file of an earlier version does not say by which top-up they came: the counts alone are checked.
    facts.accounts.iter_mut().for_each(|account| account.top_up = None);
    assert!(refused(&facts).is_none());
}

/// The keys of every object, where they are names of fields.
fn keys(value: &Value, path: &str, found: &mut BTreeSet<String>) {
    match value {
        Value::Array(all) => all.iter().for_each(|value| keys(value, path, found)),
        Value::Object(all) => {
            let is_map = matches!(path, "figures" | "working_days" | "remedies" | "extra");
            for (key, value) in all {
                if !is_map {
                    found.insert(key.clone());
                }
                keys(value, key, found);
            }
        }
        _ => {}
    }
}

/// Whether a document names a field: between backquotes, alone or in a list.
fn names(document: &str) -> BTreeSet<&str> {
    let quoted = document.split('`').skip(1).step_by(2);
    quoted.flat_map(|text| text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_')).collect()
}

#[test]
fn every_field_of_a_dataset_is_documented() {
    let mut found = BTreeSet::new();
    for facts in [full(), half()] {
        keys(&serde_json::to_value(Dataset::build(facts).unwrap()).unwrap(), "", &mut found);
    }
    let year = super::super::annual::Year::build(super::super::annual::tests::example()).unwrap();
    keys(&serde_json::to_value(year).unwrap(), "", &mut found);
    assert!(found.len() > 120, "{}", found.len());
    let named = names(include_str!("../../../reports/dataset.md"));
    let missing: Vec<_> = found.iter().filter(|key| !named.contains(key.as_str())).collect();
    assert!(missing.is_empty(), "not in reports/dataset.md: {missing:?}");
}
