//! What an operator deploys, and where it is meant to work.

use std::collections::BTreeSet;

use opsec_facts::Facts;

use crate::harness::{find, snapshot};
use crate::manifests::{
    MANAGED_BY, components, definition, deployment, only, owned_by, role_binding, workload,
};

#[test]
fn payload_is_what_a_custom_resource_of_an_owned_kind_owns() {
    let things = definition("things", "example.com", "Thing", "");
    let install = deployment("o", "controller") + &things;
    let names = |text: &str| {
        let snapshot = snapshot(&[("a.yaml", text)]);
        let found = find(&snapshot);
        assert_eq!(components(&found)[0], ["o/controller"], "{text}");
        let payload = found[0].payload_workloads(&Facts::new(&snapshot));
        let names = payload
            .into_iter()
            .map(|workload| workload.metadata.name.clone());
        (found.len(), names.collect::<Vec<_>>())
    };
    let payload = |metadata: &str, namespace: &str| {
        format!(
            "{install}{}",
            workload("StatefulSet", namespace, "db", metadata, "")
        )
    };
    // In the operator's namespace as elsewhere; what is deployed is no operator.
    for namespace in ["o", "shop"] {
        let text = payload(&owned_by("Thing", "example.com"), namespace);
        assert_eq!(names(&text), (1, vec!["db".to_owned()]));
        let managed = format!(", labels: {{{MANAGED_BY}: controller}}");
        assert_eq!(
            names(&payload(&managed, namespace)),
            (1, vec!["db".to_owned()])
        );
    }
    // A kind of nobody, an installer, an owner that is not there.
    for metadata in [
        owned_by("Thing", "example.org"),
        format!(", labels: {{{MANAGED_BY}: Helm}}"),
        format!(", labels: {{{MANAGED_BY}: kustomize}}"),
        owned_by("Deployment", "apps"),
    ] {
        assert_eq!(
            names(&payload(&metadata, "shop")).1,
            Vec::<String>::new(),
            "{metadata}"
        );
    }
    // A custom resource in files does not invent pods.
    let resource = "
apiVersion: example.com/v1
kind: Thing
metadata: {name: it, namespace: shop}
---";
    assert_eq!(names(&format!("{install}{resource}")), (1, vec![]));
}

#[test]
fn what_components_and_payload_made_follows_them() {
    let owner = |kind: &str, version: &str, name: &str| {
        format!(
            ", ownerReferences: [{{apiVersion: {version}, kind: {kind}, name: {name}, uid: u, controller: true}}]"
        )
    };
    let text = deployment("o", "controller")
        + &definition("things", "example.com", "Thing", "")
        + &workload("ReplicaSet", "o", "controller-1", &owner("Deployment", "apps/v1", "controller"), "")
        + &workload("StatefulSet", "o", "db", &owned_by("Thing", "example.com"), "")
        + "
apiVersion: v1
kind: Pod
metadata: {name: db-0, namespace: o, ownerReferences: [{apiVersion: apps/v1, kind: StatefulSet, name: db, uid: u, controller: true}]}
spec: {containers: [{name: main, image: a}]}
---";
    let snapshot = snapshot(&[("a.yaml", &text)]);
    let found = find(&snapshot);
    assert_eq!(components(&found), [["o/controller"]]);
    let payload = found[0].payload_workloads(&Facts::new(&snapshot));
    let names: BTreeSet<&str> = payload.iter().map(|w| w.metadata.name.as_str()).collect();
    assert_eq!(names, BTreeSet::from(["db", "db-0"]));
}

/// A workload with an environment variable `WATCH_NAMESPACE`.
fn watching(value: &str) -> String {
    format!(
        "
apiVersion: apps/v1
kind: Deployment
metadata: {{name: controller, namespace: o}}
spec:
  selector: {{matchLabels: {{app: a}}}}
  template:
    metadata: {{labels: {{app: a}}}}
    spec:
      serviceAccountName: controller
      containers: [{{name: main, image: a, env: [{{name: WATCH_NAMESPACE, {value}}}]}}]
---"
    )
}

#[test]
fn intended_namespaces_come_from_watch_settings_payload_and_role_bindings() {
    let base = deployment("o", "controller");
    let bound = role_binding("shop", "edit", &[("o", "controller")]);
    let somebody_elses = role_binding("shop", "edit", &[("x", "z")]);
    let payload = definition("things", "example.com", "Thing", "")
        + &workload(
            "StatefulSet",
            "shop",
            "db",
            &owned_by("Thing", "example.com"),
            "",
        );
    for (text, namespaces, all, unknown) in [
        (watching("value: 'a, b'"), "a b", false, false),
        (watching("value: ''"), "", true, false),
        (watching("value: '*'"), "", true, false),
        (
            watching("valueFrom: {fieldRef: {fieldPath: metadata.namespace}}"),
            "o",
            false,
            false,
        ),
        (
            watching("valueFrom: {configMapKeyRef: {name: c, key: k}}"),
            "",
            false,
            true,
        ),
        (format!("{base}{bound}"), "shop", false, false),
        // Watching all is said of the watch settings alone.
        (watching("value: ''") + &bound, "shop", true, false),
        (format!("{base}{somebody_elses}"), "", false, false),
        (format!("{base}{payload}"), "shop", false, false),
    ] {
        let intended = only(&text).intended;
        let found: Vec<&str> = intended.namespaces.iter().map(String::as_str).collect();
        let found = (found.join(" "), intended.all, intended.unknown);
        assert_eq!(found, (namespaces.to_owned(), all, unknown), "{text}");
    }
}

#[test]
fn an_operator_groups_targets_are_intended() {
    let group = |spec: &str| {
        format!(
            "{}
apiVersion: operators.coreos.com/v1
kind: OperatorGroup
metadata: {{name: g, namespace: o}}
spec: {spec}
---",
            deployment("o", "controller")
        )
    };
    let named = only(&group("{targetNamespaces: [a, b]}")).intended;
    assert_eq!(
        named.namespaces,
        BTreeSet::from(["a".to_owned(), "b".to_owned()])
    );
    assert!(!named.all);
    let all = only(&group("{}")).intended;
    assert!(all.all && all.namespaces.is_empty());
}
