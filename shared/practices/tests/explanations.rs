//! The YAML of an explanation is judged: of a right, the bad one is found by its row, and the good
//! one is not, or weighs less; of a rule, both are YAML.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a helper that fails fails the test"
)]

use opsec_manifests::{Input, Options, read};
use opsec_model::{Explained, Finding, Severity};
use opsec_practices::{CheckOptions, SelectedBaseline, check, explain, topics};

/// What an example leaves out: the operator that holds the role.
const OPERATOR: &str = "
apiVersion: v1
kind: Namespace
metadata: {name: example}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: example, namespace: example}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: example, namespace: example}
spec:
  selector: {matchLabels: {app: example}}
  template:
    metadata: {labels: {app: example}}
    spec: {serviceAccountName: example, containers: [{name: example, image: example}]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: KINDBinding
metadata: {name: bound, namespace: example}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: KIND, name: example}
subjects: [{kind: ServiceAccount, name: example, namespace: example}]
---
";

/// The findings about a right when an operator holds the role of an example.
fn severity(id: &str, yaml: &str) -> Option<Severity> {
    let kind = if yaml.starts_with("kind: Role\n") {
        "Role"
    } else {
        "ClusterRole"
    };
    let yaml: String = yaml
        .lines()
        .map(|line| {
            if line.starts_with("kind: ") {
                format!("apiVersion: rbac.authorization.k8s.io/v1\n{line}\n")
            } else {
                format!("{line}\n")
            }
        })
        .collect();
    let document = OPERATOR.replace("KIND", kind) + &yaml;
    let input = Input {
        name: "example.yaml".to_owned(),
        bytes: document.clone().into_bytes(),
    };
    let manifests =
        read(&[input], &Options::default()).unwrap_or_else(|e| panic!("{id}: {e}\n{document}"));
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
    let reports = check(&manifests.snapshot, &options, &no_baseline).unwrap();
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
