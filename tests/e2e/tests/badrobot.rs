//! A peer's own test files: what its rule is about is found by ours, or the difference is argued.
#![cfg(test)]

#[path = "badrobot/table.rs"]
mod table;

use std::collections::BTreeSet;

use opsec_e2e::{corpus, files, judge, own_lines};
use opsec_manifests::{Input, Options, read};
use opsec_model::Severity;
use table::{BINDINGS, DEPLOYMENTS, ROLES, Row};

/// A role that nothing binds is judged as a ServiceAccount's.
const BOUND: &str = "
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: example-operator, namespace: system}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: example-operator}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: example-operator}
subjects: [{kind: ServiceAccount, name: example-operator, namespace: system}]
";

#[test]
fn every_file_is_found_as_its_name_says_or_the_difference_is_argued() {
    let Some(folder) = corpus("every_file_is_found_as_its_name_says_or_the_difference_is_argued")
    else {
        return;
    };
    let rows: Vec<&Row> = ROLES.iter().chain(BINDINGS).chain(DEPLOYMENTS).collect();
    let mut wrong = Vec::new();
    let mut seen = BTreeSet::new();
    for mut input in files(&folder.join("badrobot")).unwrap() {
        let name = input.name.clone();
        if name.starts_with("ns-") || name.starts_with("reg-") {
            continue;
        }
        if name.starts_with("cr-") {
            input.bytes.extend_from_slice(BOUND.as_bytes());
        }
        let Some(row) = rows.iter().find(|row| row.file == name) else {
            wrong.push(format!("{name}: no row"));
            continue;
        };
        seen.insert(row.file);
        let report = judge(&input, None).unwrap();
        let found = own_lines(&report, Severity::Medium);
        let mut expected: Vec<String> = row
            .findings
            .iter()
            .map(|finding| finding.replacen(' ', " OPSEC", 1))
            .collect();
        expected.sort();
        if found != expected {
            wrong.push(format!(
                "{name} ({}):\n  expected {expected:?}\n  found    {found:?}",
                row.because
            ));
        }
        let named = |word: &&&str| !report.findings().any(|f| f.title.contains(**word));
        for word in row.named.iter().filter(named) {
            wrong.push(format!("{name}: no finding names {word}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(seen.len(), rows.len(), "every row has its file");
}

/// A lone Namespace is no operator, and malformed input is refused with a place, or counted.
#[test]
fn what_is_no_operator_is_said_to_be_none() {
    let Some(folder) = corpus("what_is_no_operator_is_said_to_be_none") else {
        return;
    };
    let mut seen = 0;
    for input in files(&folder.join("badrobot")).unwrap() {
        let name = input.name.clone();
        if !name.starts_with("ns-") && !name.starts_with("reg-") {
            continue;
        }
        seen += 1;
        let error = judge(&input, None).unwrap_err().to_string();
        let expected = match name.as_str() {
            "reg-empty-json-file" => "document 1, line 1, column 1: the object has no `apiVersion`",
            _ => "no operator is here",
        };
        assert!(error.contains(expected), "{name}: {error}");
    }
    assert_eq!(seen, 7);
}

/// A kind that no API server serves is counted and said, not an error.
#[test]
fn an_unknown_kind_is_counted() {
    let Some(folder) = corpus("an_unknown_kind_is_counted") else {
        return;
    };
    for name in ["reg-invalid-kind.yaml", "reg-invalid-schema.yaml"] {
        let bytes = std::fs::read(folder.join("badrobot").join(name)).unwrap();
        let name = name.to_owned();
        let manifests = read(&[Input { name, bytes }], &Options::default()).unwrap();
        assert_eq!(manifests.objects, 1);
        assert!(manifests.snapshot.workloads.is_empty());
        let notices = &manifests.snapshot.notices;
        let told = notices.iter().any(|n| n.message.contains("Deployment2"));
        assert!(told, "{notices:?}");
    }
}
