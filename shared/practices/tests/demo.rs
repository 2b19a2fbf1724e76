//! The demo operator, end to end under the built-in baseline: hardened it passes all six
//! practices in both halves and nothing is to be said; as shipped it does not.

use std::path::Path;

use opsec_manifests::{Input, Options, read};
use opsec_model::{EffectiveBaseline, FindingStatus, Report, Severity, Status};
use opsec_practices::{CheckOptions, SelectedBaseline, check};

fn judge(file: &str) -> Report {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../deploy/demo")
        .join(file);
    let input = Input {
        name: file.into(),
        bytes: std::fs::read(path).unwrap(),
    };
    let snapshot = read(&[input], &Options::default()).unwrap().snapshot;
    let options = CheckOptions {
        operator: Some("cache-operator".to_owned()),
        all: false,
        half: None,
        fail_on: None,
        now: "2026-06-01T00:00:00Z".parse().unwrap(),
    };
    let builtin = |_: &_| SelectedBaseline {
        baseline: EffectiveBaseline::builtin().unwrap(),
        notices: Vec::new(),
    };
    check(&snapshot, &options, &builtin).unwrap().remove(0)
}

/// What is wrong, for a person who reads a failed test.
fn explain(report: &Report) -> String {
    let findings = report.findings().map(|finding| {
        format!(
            "{} {} {:?}: {}\n",
            finding.rule, finding.severity, finding.status, finding.title
        )
    });
    let rules = report
        .practices
        .iter()
        .flat_map(|practice| &practice.rules)
        .filter(|rule| rule.status >= Status::Unknown)
        .map(|rule| format!("{} {} {:?}\n", rule.id, rule.status, rule.reason));
    findings.chain(rules).collect()
}

#[test]
fn the_hardened_demo_passes_all_six_practices_in_both_halves() {
    let report = judge("hardened.yaml");
    for practice in &report.practices {
        let statuses = [
            practice.status,
            practice.halves.operator,
            practice.halves.cluster,
        ];
        assert_eq!(
            statuses,
            [Status::Pass; 3],
            "practice {}:\n{}",
            practice.number,
            explain(&report)
        );
    }
    assert_eq!(report.practices.len(), 6);
    assert_eq!(report.status, Status::Pass);
}

#[test]
fn nothing_is_to_be_said_about_the_hardened_demo() {
    let report = judge("hardened.yaml");
    let told: Vec<_> = report
        .notices
        .iter()
        .map(|notice| &notice.message)
        .collect();
    assert!(told.is_empty(), "{told:#?}");
    assert!(report.gains.is_empty(), "{:?}", report.gains);
    let weighty: Vec<_> = report
        .findings()
        .filter(|finding| finding.severity > Severity::Low)
        .map(|finding| &finding.title)
        .collect();
    assert!(weighty.is_empty(), "{weighty:#?}");
}

#[test]
fn the_demo_as_shipped_fails_every_practice() {
    let report = judge("as-shipped.yaml");
    let failed: Vec<u8> = report
        .practices
        .iter()
        .filter(|practice| practice.status == Status::Fail)
        .map(|practice| practice.number)
        .collect();
    assert_eq!(failed, [1, 2, 3, 4, 5, 6], "{}", explain(&report));
    let rules: Vec<&str> = report
        .findings()
        .filter(|finding| finding.status == FindingStatus::Fail)
        .map(|finding| finding.rule.as_str())
        .collect();
    for rule in [
        "OPSEC102", "OPSEC201", "OPSEC307", "OPSEC403", "OPSEC405", "OPSEC407", "OPSEC501",
        "OPSEC503", "OPSEC601",
    ] {
        assert!(rules.contains(&rule), "{rule}:\n{}", explain(&report));
    }
    assert!(!report.gains.is_empty());
}
