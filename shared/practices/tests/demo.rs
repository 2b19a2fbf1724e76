//! The demo operator, end to end under the built-in baseline: hardened it passes all six
//! practices in both halves and nothing is to be said; as shipped it does not.

#![cfg(test)]

use std::path::Path;

use opsec_manifests::{Input, Options, read};
use opsec_model::{EffectiveBaseline, FindingStatus, Half, NoticeCode, Report, Severity, Status};
use opsec_practices::{CheckOptions, SelectedBaseline, check};

fn text(file: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../deploy/demo")
        .join(file);
    std::fs::read_to_string(path).unwrap()
}

fn judge(text: &str) -> Report {
    let input = Input {
        name: "demo.yaml".into(),
        bytes: text.as_bytes().to_vec(),
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
    let report = judge(&text("hardened.yaml"));
    assert_eq!(report.practices.len(), 6);
    assert_eq!(report.status, Status::Pass, "{}", explain(&report));
    for practice in &report.practices {
        assert_eq!(practice.status, Status::Pass, "{}", explain(&report));
        for (half, status) in [
            (Half::Operator, practice.halves.operator),
            (Half::Cluster, practice.halves.cluster),
        ] {
            // A half without a rule of the practice has nothing to say.
            let has_rules = practice.rules.iter().any(|rule| rule.half == half);
            let expected = if has_rules {
                Status::Pass
            } else {
                Status::NotApplicable
            };
            assert_eq!(status, expected, "practice {}, {half:?}", practice.number);
        }
    }
}

#[test]
fn nothing_is_to_be_said_about_the_hardened_demo() {
    let report = judge(&text("hardened.yaml"));
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
fn intended_namespaces_that_the_declaration_does_not_say_are_told() {
    let hardened = text("hardened.yaml");
    let said = "  intendedNamespaces:\n    names: [caches]\n";
    for instead in ["", "  intendedNamespaces:\n    names: [others]\n"] {
        let other = hardened.replace(said, instead);
        assert_ne!(other, hardened);
        let told: Vec<NoticeCode> = judge(&other)
            .notices
            .iter()
            .map(|notice| notice.code)
            .collect();
        assert_eq!(told, [NoticeCode::InferredIntendedNamespaces], "{instead}");
    }
}

#[test]
fn the_demo_as_shipped_fails_every_practice() {
    let report = judge(&text("as-shipped.yaml"));
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
