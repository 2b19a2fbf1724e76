//! Labels are written where a cluster would not know what belongs to an operator, and nowhere else.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a helper that fails fails the test"
)]

use std::fmt::Write as _;

use opsec_manifests::{Input, Options, read};
use opsec_model::EffectiveBaseline;
use opsec_remedies::harden::{Action, Hardened, Hardening, harden};

/// A Deployment with an account of its own and these labels.
fn workload(name: &str, labels: &str) -> String {
    format!(
        "apiVersion: v1
kind: ServiceAccount
metadata: {{name: {name}, namespace: cache-system}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {{name: {name}, namespace: cache-system, labels: {{{labels}}}}}
spec:
  selector: {{matchLabels: {{app: {name}}}}}
  template:
    metadata: {{labels: {{app: {name}}}}}
    spec:
      serviceAccountName: {name}
      containers: [{{name: main, image: example.com/{name}}}]
---
"
    )
}

/// A definition, and a role that lets an account watch its kind.
fn kind(plural: &str, labels: &str, account: &str, resources: &str) -> String {
    format!(
        "apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {{name: {plural}.example.com, labels: {{{labels}}}}}
spec:
  group: example.com
  scope: Namespaced
  names: {{plural: {plural}, kind: Kind{plural}}}
  versions: [{{name: v1, served: true, storage: true, schema: {{openAPIV3Schema: {{type: object}}}}}}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {{name: {account}-{plural}}}
rules: [{{apiGroups: [example.com], resources: [{resources}], verbs: [get, list, watch, update]}}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {{name: {account}-{plural}}}
roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: {account}-{plural}}}
subjects: [{{kind: ServiceAccount, name: {account}, namespace: cache-system}}]
---
"
    )
}

/// Both workloads may read every Secret.
const JOINED: &str = "apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: secrets}
rules: [{apiGroups: [''], resources: [secrets], verbs: [get, list]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: secrets}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: secrets}
subjects:
- {kind: ServiceAccount, name: cache-controller, namespace: cache-system}
- {kind: ServiceAccount, name: cache-server, namespace: cache-system}
---
";

fn hardened(yaml: &str, only: &[&str]) -> Hardened {
    let input = Input {
        name: "operator.yaml".to_owned(),
        bytes: yaml.as_bytes().to_vec(),
    };
    let snapshot = read([input], &Options::default()).unwrap().snapshot;
    let asked = Hardening {
        operator: None,
        only: &only.iter().map(|it| (*it).to_owned()).collect::<Vec<_>>(),
        intended: &["shop".to_owned()],
        keep: &[],
        baseline: &EffectiveBaseline::builtin().unwrap(),
        now: "2026-11-01T00:00:00Z".parse().unwrap(),
    };
    harden(&snapshot, &asked).unwrap()
}

/// Objects of the files that are labelled, with the value.
fn labelled(hardened: &Hardened) -> String {
    let mut told = String::new();
    let patches = hardened.edits.iter();
    for edit in patches.filter(|edit| edit.action == Action::Patch) {
        let labels = &edit.document["metadata"]["labels"];
        if let Some(value) = labels["app.kubernetes.io/part-of"].as_str() {
            let (kind, name) = (&edit.object.kind, &edit.object.name);
            writeln!(told, "{kind}/{name} {value}").unwrap();
        }
    }
    told
}

#[test]
fn what_a_cluster_would_not_know_is_labelled() {
    const BOTH: &str = "Deployment/cache-controller cache\nDeployment/cache-server cache\n";
    let status = "caches, caches/status";
    let pair =
        |labels: &str| workload("cache-controller", labels) + &workload("cache-server", labels);
    let watches = |account: &str, resources: &str| kind("caches", "", account, resources);
    for (case, yaml, expected) in [
        (
            "two workloads that nothing joins",
            pair("") + &watches("cache-controller", status),
            BOTH,
        ),
        (
            "two workloads of one instance",
            pair("app.kubernetes.io/instance: cache") + &watches("cache-controller", status),
            "",
        ),
        (
            "two workloads of which one is labelled",
            workload("cache-controller", "app.kubernetes.io/part-of: cache")
                + &workload("cache-server", "")
                + &watches("cache-controller", status),
            BOTH,
        ),
        (
            "two workloads that a binding joins until it is split",
            pair("") + &watches("cache-controller", status) + JOINED,
            BOTH,
        ),
        (
            "one workload that alone writes the status of its kind",
            workload("cache", "") + &watches("cache", status),
            "",
        ),
        (
            "one workload that does not write the status of its kind",
            workload("cache", "") + &watches("cache", "caches"),
            "Deployment/cache cache\nCustomResourceDefinition/caches.example.com cache\n",
        ),
    ] {
        let hardened = hardened(&yaml, &[]);
        let mut lines: Vec<String> = labelled(&hardened).lines().map(str::to_owned).collect();
        let mut expected: Vec<&str> = expected.lines().collect();
        lines.sort();
        expected.sort_unstable();
        assert_eq!(lines, expected, "{case}");
        assert!(
            !hardened.notes.iter().any(|note| note.contains("part-of")),
            "{case}: {:?}",
            hardened.notes
        );
    }
}

#[test]
fn a_name_that_is_no_label_is_told_and_not_written() {
    let name = "cache-".repeat(11) + "x";
    let yaml = workload(&name, "") + &kind("caches", "", &name, "caches");
    let hardened = hardened(&yaml, &[]);
    assert_eq!(labelled(&hardened), "");
    let told = hardened.notes.iter().filter(|note| note.contains(&name));
    assert_eq!(told.count(), 1, "{:?}", hardened.notes);
}

#[test]
fn a_label_is_written_for_the_rules_that_it_answers_alone() {
    let yaml = workload("cache-controller", "")
        + &workload("cache-server", "")
        + &kind("caches", "", "cache-controller", "caches, caches/status");
    assert_eq!(labelled(&hardened(&yaml, &["OPSEC405"])), "");
    let only = hardened(&yaml, &["OPSEC101"]);
    assert_eq!(labelled(&only).lines().count(), 2);
    let mut answers = only.edits.iter().flat_map(|edit| &edit.answers);
    assert!(answers.any(|rule| rule == "OPSEC101"));
}
