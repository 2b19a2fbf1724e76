//! What must hold of every input: missing facts never make anything green, order and repetition
//! change nothing, and the same input gives the same bytes.
#![cfg(test)]

use std::collections::BTreeMap;

use opsec_e2e::{corpus, demo, files, judge_snapshot, kinds, snapshot, without};
use opsec_manifests::Input;
use opsec_model::{Half, Report, Severity, SourceKind, Status};
use proptest::prelude::*;

/// Small operators of every sort: with and without NetworkPolicies, CRDs, webhooks, namespaces.
const SMALL: [&str; 5] = [
    "crossplane",
    "external-secrets",
    "flink-kubernetes-operator",
    "metallb",
    "longhorn",
];

fn operators(test: &str, names: &[&str]) -> Vec<Input> {
    let mut inputs = demo().unwrap();
    if let Some(folder) = corpus(test) {
        let all = files(&folder.join("operators")).unwrap();
        let wanted = |input: &Input| names.contains(&input.name.trim_end_matches(".yaml"));
        inputs.extend(all.into_iter().filter(wanted));
    }
    inputs
}

/// Every verdict of a report, by what it is about.
fn verdicts(report: &Report) -> BTreeMap<String, Status> {
    let mut verdicts = BTreeMap::from([("all".to_owned(), report.status)]);
    for practice in &report.practices {
        let number = practice.number;
        verdicts.insert(format!("practice {number}"), practice.status);
        for (half, status) in [
            (Half::Operator, practice.halves.operator),
            (Half::Cluster, practice.halves.cluster),
        ] {
            verdicts.insert(format!("practice {number}, {half} half"), status);
        }
        for rule in &practice.rules {
            verdicts.insert(rule.id.clone(), rule.status);
        }
    }
    verdicts
}

/// FAIL and UNKNOWN never become PASS, nor FAIL NOT_APPLICABLE.
fn greener(before: Status, after: Status) -> bool {
    match after {
        Status::Pass => before >= Status::Unknown,
        Status::NotApplicable => before == Status::Fail,
        Status::Unknown | Status::Fail => false,
    }
}

/// Whatever the source, and whether none of a kind was read or only a part.
#[test]
fn what_is_not_gathered_never_makes_anything_green() {
    let mut wrong = Vec::new();
    for input in operators("what_is_not_gathered_never_makes_anything_green", &SMALL) {
        let name = input.name.clone();
        let mut whole = snapshot(&[input]).unwrap();
        for source in [SourceKind::Files, SourceKind::Cluster] {
            whole.source.kind = source;
            let before = verdicts(&judge_snapshot(&whole, None).unwrap());
            for kind in kinds() {
                let none = without(&whole, &kind).unwrap();
                let mut part = whole.clone();
                part.incomplete = none.incomplete.clone();
                for (word, less) in [("without", none), ("with a part of", part)] {
                    // Where nothing is left to be judged, that is said, and is no verdict.
                    let Ok(after) = judge_snapshot(&less, None) else {
                        continue;
                    };
                    let turned = verdicts(&after)
                        .into_iter()
                        .filter(|(what, status)| greener(before[what], *status))
                        .map(|(what, status)| format!("{what} {} -> {status}", before[&what]));
                    let turned: Vec<String> = turned.collect();
                    if !turned.is_empty() {
                        wrong.push(format!(
                            "{name} {word} {kind}, {source:?}: {}",
                            turned.join(", ")
                        ));
                    }
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}\n{}", wrong.len(), wrong.join("\n"));
}

/// A verdict that is UNKNOWN says what is missing.
#[test]
fn unknown_always_says_why() {
    for input in operators("unknown_always_says_why", &["metallb"]) {
        let whole = snapshot(&[input]).unwrap();
        for kind in kinds() {
            let Ok(report) = judge_snapshot(&without(&whole, &kind).unwrap(), None) else {
                continue;
            };
            for rule in report.practices.iter().flat_map(|practice| &practice.rules) {
                let silent = rule.reason.as_deref().is_none_or(str::is_empty);
                assert!(
                    rule.status != Status::Unknown || !silent,
                    "{} without {kind}",
                    rule.id
                );
            }
        }
    }
}

/// The documents of a file, as kubectl splits them.
fn documents(input: &Input) -> Vec<String> {
    let text = String::from_utf8(input.bytes.clone()).unwrap();
    text.split("\n---\n")
        .map(|document| document.trim_start_matches("---\n").to_owned())
        .filter(|document| {
            document
                .lines()
                .any(|line| !line.is_empty() && !line.starts_with('#'))
        })
        .collect()
}

/// Statuses, severities and counts: what order and repetition must not change.
fn essence(report: &Report) -> String {
    let mut findings: Vec<(String, Severity, String)> = report
        .findings()
        .map(|f| {
            (
                f.rule.clone(),
                f.severity,
                format!("{:?} {:?} {:?} {:?}", f.status, f.right, f.reach, f.also),
            )
        })
        .collect();
    findings.sort();
    format!(
        "{:?}\n{:?}\n{:?}\n{findings:#?}",
        verdicts(report),
        report.gains,
        report.counts
    )
}

fn assemble(name: &str, documents: &[&String]) -> Input {
    let text: Vec<&str> = documents.iter().map(|document| document.as_str()).collect();
    Input {
        name: name.to_owned(),
        bytes: text.join("\n---\n").into_bytes(),
    }
}

/// Documents of the first operators that a corpus or, without one, the demo has.
fn shuffled() -> impl Strategy<Value = (String, Vec<String>, Vec<String>, Vec<usize>)> {
    let inputs = operators("order_and_repetition_change_nothing", &SMALL);
    proptest::sample::select(inputs).prop_flat_map(|input| {
        let before = documents(&input);
        let count = before.len();
        (
            Just(input.name.clone()),
            Just(before.clone()),
            Just(before).prop_shuffle(),
            proptest::collection::vec(0..count, 0..6),
        )
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn order_and_repetition_change_nothing((name, before, after, repeated) in shuffled()) {
        let original: Vec<&String> = before.iter().collect();
        let mut changed: Vec<&String> = after.iter().collect();
        for index in repeated {
            changed.push(&before[index]);
        }
        let judged = |documents: &[&String]| {
            judge_snapshot(&snapshot(&[assemble(&name, documents)]).unwrap(), None).unwrap()
        };
        prop_assert_eq!(essence(&judged(&original)), essence(&judged(&changed)));
    }
}

/// In several files as in one: which document is in which file decides nothing but the places of
/// objects without a namespace, and these have one.
#[test]
fn the_same_input_gives_the_same_bytes() {
    for input in operators("the_same_input_gives_the_same_bytes", &SMALL) {
        let bytes = || {
            let report = judge_snapshot(&snapshot(std::slice::from_ref(&input)).unwrap(), None);
            serde_json::to_vec_pretty(&report.unwrap()).unwrap()
        };
        let first = bytes();
        assert_eq!(first, bytes(), "{}", input.name);
        let parsed: Report = serde_json::from_slice(&first).unwrap();
        assert_eq!(
            serde_json::to_vec_pretty(&parsed).unwrap(),
            first,
            "{}",
            input.name
        );
    }
}
