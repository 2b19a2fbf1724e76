//! Operators as they install: what is found in each file of the corpus, reviewed by hand.

#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests fail by panicking, and say what did not run"
)]

mod harness;

use std::fmt::Write as _;

use harness::{find, snapshot};
use opsec_corpus::corpus;
use opsec_facts::Facts;
use opsec_operators::{Operator, resolve};

/// Name and content of every operator's file, by name.
fn files(folder: &std::path::Path) -> Vec<(String, String)> {
    let mut files: Vec<(String, String)> = std::fs::read_dir(folder.join("operators"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            (name, std::fs::read_to_string(&path).unwrap())
        })
        .collect();
    files.sort();
    files
}

#[test]
fn what_is_found_in_each_file() {
    let Some(folder) = corpus("what_is_found_in_each_file") else {
        return;
    };
    let mut text = String::new();
    for (name, content) in files(&folder) {
        writeln!(text, "## {name}").unwrap();
        let snapshot = snapshot(&[(&name, &content)]);
        for operator in find(&snapshot) {
            describe(&mut text, &operator);
        }
        text.push('\n');
    }
    insta::assert_snapshot!(text);
}

fn describe(text: &mut String, operator: &Operator) {
    let join = |items: &mut dyn Iterator<Item = &String>| {
        items.map(String::as_str).collect::<Vec<_>>().join(", ")
    };
    let namespaces = join(&mut operator.namespaces.iter());
    let is = if operator.is_operator {
        "operator"
    } else {
        "no operator"
    };
    writeln!(
        text,
        "{} in {namespaces}: {is}; {}",
        operator.name, operator.why
    )
    .unwrap();
    for component in &operator.components {
        let hook = if component.hook { " (hook)" } else { "" };
        writeln!(
            text,
            "  {}{hook} as {}",
            component.object, component.account
        )
        .unwrap();
    }
    for account in operator.accounts.iter().filter(|account| !account.workload) {
        let absent = if account.exists { "" } else { ", absent" };
        writeln!(text, "  {} (no workload here{absent})", account.account).unwrap();
    }
    let groups: Vec<&str> = operator.own_groups().into_iter().collect();
    let owned = operator.owned_kinds.len();
    writeln!(text, "  owns {owned} kinds in [{}]", groups.join(", ")).unwrap();
    let presumed = join(&mut operator.presumed_own_groups.iter());
    writeln!(text, "  presumed own [{presumed}]").unwrap();
    let intended = &operator.intended;
    writeln!(
        text,
        "  candidates [{}]{}{} by [{}]",
        join(&mut intended.namespaces.iter()),
        if intended.all { ", watches all" } else { "" },
        if intended.unknown {
            ", watches what is not known"
        } else {
            ""
        },
        intended.sources.join(", ")
    )
    .unwrap();
    let payload = operator.payload.len();
    if payload > 0 {
        writeln!(text, "  payload {payload}").unwrap();
    }
}

#[test]
fn each_file_is_one_operator_and_resolves_by_its_name() {
    let Some(folder) = corpus("each_file_is_one_operator_and_resolves_by_its_name") else {
        return;
    };
    let files = files(&folder);
    assert_eq!(files.len(), 24);
    for (name, content) in &files {
        let snapshot = snapshot(&[(name, content)]);
        let facts = Facts::new(&snapshot);
        let operators = find(&snapshot);
        assert_eq!(operators.len(), 1, "{name}");
        assert!(operators[0].is_operator, "{name}");
        let stem = name.trim_end_matches(".yaml");
        assert!(resolve(&operators, &facts, Some(stem)).is_ok(), "{name}");
        assert!(resolve(&operators, &facts, None).is_ok(), "{name}");
    }
}

#[test]
fn several_files_together_are_as_many_operators() {
    let Some(folder) = corpus("several_files_together_are_as_many_operators") else {
        return;
    };
    // Two that share the namespace `default` and say no labels are one, so only one of them.
    let chosen = [
        "cert-manager.yaml",
        "keda.yaml",
        "metallb.yaml",
        "strimzi-kafka-operator.yaml",
    ];
    let files = files(&folder);
    let chosen: Vec<(&str, &str)> = files
        .iter()
        .filter(|(name, _)| chosen.contains(&name.as_str()))
        .map(|(name, content)| (name.as_str(), content.as_str()))
        .collect();
    let together = snapshot(&chosen);
    let found = find(&together);
    assert_eq!(found.len(), 4);
    for (name, content) in chosen {
        let alone = find(&snapshot(&[(name, content)])).remove(0);
        let same = resolve(&found, &Facts::new(&together), Some(&alone.name)).unwrap();
        assert_eq!(same.accounts, alone.accounts, "{name}");
        assert_eq!(same.owned_kinds, alone.owned_kinds, "{name}");
        assert_eq!(same.intended, alone.intended, "{name}");
    }
}

#[test]
fn a_file_of_only_bindings_is_an_installation_of_only_accounts() {
    let Some(folder) = corpus("a_file_of_only_bindings_is_an_installation_of_only_accounts") else {
        return;
    };
    let mut seen = 0;
    for entry in std::fs::read_dir(folder.join("badrobot")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if !name.starts_with("crb-") {
            continue;
        }
        seen += 1;
        let content = std::fs::read_to_string(&path).unwrap();
        let found = find(&snapshot(&[(&name, &content)]));
        assert_eq!(found.len(), 1, "{name}");
        assert!(found[0].components.is_empty(), "{name}");
        assert_eq!(found[0].accounts.len(), 1, "{name}");
        assert!(!found[0].accounts[0].workload, "{name}");
    }
    assert_eq!(seen, 7);
}
