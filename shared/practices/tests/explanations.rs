//! The YAML of an explanation is judged: of a right, the bad one is found by its row, and the good
//! one is not, or weighs less; of a rule, both are YAML.

#![expect(clippy::unwrap_used, reason = "a helper that fails fails the test")]

mod operator;

use opsec_manifests::Input;
use opsec_model::{Explained, Finding, Severity};
use opsec_practices::{CheckOptions, SelectedBaseline, check, explain, topics};

/// The findings about a right when an operator holds the role of an example.
fn severity(id: &str, yaml: &str) -> Option<Severity> {
    let snapshot = operator::holding(id, yaml);
    let options = CheckOptions {
        operator: None,
        all: false,
        half: None,
        fail_on: None,
        now: jiff::Timestamp::UNIX_EPOCH,
    };
    let no_baseline = |_: &_| SelectedBaseline {
        baseline: opsec_model::EffectiveBaseline::builtin().unwrap(),
        notices: Vec::new(),
    };
    let reports = check(&snapshot, &options, &no_baseline).unwrap();
    let findings: Vec<&Finding> = reports
        .iter()
        .flat_map(|report| &report.practices)
        .flat_map(|practice| &practice.findings)
        .collect();
    findings
        .iter()
        .filter(|finding| finding.right.as_deref() == Some(id))
        .map(|finding| finding.severity)
        .max()
}

#[test]
fn the_bad_role_of_a_right_holds_it_and_the_good_one_weighs_less() {
    let mut wrong = Vec::new();
    for topic in topics()
        .into_iter()
        .filter(|topic| topic.explains == Explained::Right)
    {
        let told = explain(&topic.id).unwrap();
        let (bad, good) = (
            severity(&topic.id, &told.bad),
            severity(&topic.id, &told.good),
        );
        if bad.is_none() || good >= bad {
            wrong.push(format!(
                "{}: bad {bad:?}, good {good:?}\n{}\n{}",
                topic.id, told.bad, told.good
            ));
        }
    }
    assert!(
        wrong.is_empty(),
        "{} wrong\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

#[test]
fn what_a_rule_shows_is_yaml() {
    for topic in topics()
        .into_iter()
        .filter(|topic| topic.explains == Explained::Rule)
    {
        let told = explain(&topic.id).unwrap();
        for yaml in [told.bad, told.good] {
            let input = Input {
                name: topic.id.clone(),
                bytes: yaml.clone().into_bytes(),
            };
            let limits = opsec_manifests::Limits::default();
            let documents = opsec_manifests::read_documents(&input, &limits).unwrap();
            assert!(
                documents.iter().all(|document| document.value.is_object()),
                "{yaml}"
            );
        }
    }
}
