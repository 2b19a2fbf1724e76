//! A draft of a baseline accepts what is there once a person has said why, and nothing before.
#![expect(clippy::unwrap_used, reason = "a helper that fails fails the test")]

use std::collections::BTreeSet;
use std::path::PathBuf;

use opsec_corpus::corpus;
use opsec_manifests::{Input, Options, read};
use opsec_model::report::FindingStatus;
use opsec_model::{Baseline, EffectiveBaseline, Report, Severity, Snapshot, Status};
use opsec_practices::{CheckOptions, Prepared, SelectedBaseline};
use opsec_remedies::{Captured, Capturing, capture};

fn snapshot(name: &str, bytes: Vec<u8>) -> Snapshot {
    let name = name.to_owned();
    let input = Input { name, bytes };
    read([input], &Options::default()).unwrap().snapshot
}

fn captured(prepared: &Prepared<'_>, operator: &str) -> Captured {
    let asked = Capturing {
        operator: Some(operator),
        intended: &[],
        now: "2026-11-01T00:00:00Z".parse().unwrap(),
    };
    capture(prepared, &asked).unwrap()
}

/// What it comes to by the built-in baseline.
fn before(prepared: &Prepared<'_>, operator: &str) -> Report {
    let options = CheckOptions {
        operator: Some(operator.to_owned()),
        all: false,
        half: None,
        fail_on: None,
        now: "2026-11-01T00:00:00Z".parse().unwrap(),
    };
    let builtin = EffectiveBaseline::builtin().unwrap();
    let choose = |_: &opsec_model::OperatorSummary| SelectedBaseline {
        baseline: builtin.clone(),
        notices: Vec::new(),
    };
    prepared.check(&options, &choose).unwrap().remove(0)
}

/// High and critical rights that are findings, by account.
fn grave(report: &Report) -> BTreeSet<(String, String)> {
    let findings = report
        .findings()
        .filter(|finding| finding.severity >= Severity::High);
    findings
        .filter_map(|finding| {
            let account = finding.service_accounts.first()?.to_string();
            Some((finding.right.clone()?, account))
        })
        .collect()
}

fn is_captured(name: &str, snapshot: &Snapshot) {
    let prepared = Prepared::new(snapshot);
    for operator in prepared.list_operators() {
        let place = operator.namespaces.first().cloned().unwrap_or_default();
        let operator = format!("{place}~{}", operator.name);
        let (before, captured) = (before(&prepared, &operator), captured(&prepared, &operator));
        let failing: Vec<String> = captured
            .report
            .findings()
            .filter(|finding| finding.status == FindingStatus::Fail)
            .map(|finding| format!("{} {:?} {}", finding.rule, finding.right, finding.title))
            .collect();
        assert!(failing.is_empty(), "{name}: {failing:#?}");
        assert_ne!(captured.report.status, Status::Fail, "{name}");
        // What was grave is a finding still, and one that somebody has to accept.
        let accepted: BTreeSet<(String, String)> = captured
            .baseline
            .spec
            .exemptions
            .iter()
            .flatten()
            .filter_map(|it| Some((it.scope.right.clone()?, it.scope.service_account.clone()?)))
            .collect();
        for right in grave(&before) {
            assert!(
                accepted.contains(&right),
                "{name}: {right:?} is accepted silently"
            );
        }
        let exemptions = captured.baseline.spec.exemptions.as_deref();
        let read = Baseline::from_value(captured.document.clone());
        if exemptions.unwrap_or_default().is_empty() {
            read.unwrap();
        } else {
            let error = read.unwrap_err().to_string();
            assert!(error.contains("spec.exemptions[0]"), "{name}: {error}");
        }
    }
}

#[test]
fn nothing_grave_of_the_corpus_is_accepted_silently() {
    let Some(folder) = corpus("nothing_grave_of_the_corpus_is_accepted_silently") else {
        return;
    };
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder.join("operators"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    assert!(files.len() >= 24);
    for file in files {
        let name = file.file_stem().unwrap().to_string_lossy().into_owned();
        is_captured(&name, &snapshot(&name, std::fs::read(&file).unwrap()));
    }
}

#[test]
fn the_demo_operator_is_captured() {
    let demo = include_str!("../../../deploy/demo/as-shipped.yaml");
    is_captured("demo", &snapshot("demo", demo.as_bytes().to_vec()));
}
