//! The fixed requests that ask whether CRD creation is denied: own and foreign group, with and
//! without labels, Namespaced and Cluster, POST and apply. Nothing is denied unless all are.

use serde_json::{Value, json};

use crate::request::{AdmissionRequest, Operation, OptionsKind, UserInfo};

/// The group of the probes that no operator owns.
pub const FOREIGN_GROUP: &str = "foreign.opsec-probe.example.com";

/// Whose group a probe's CRD is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum GroupKind {
    /// One that the operator owns.
    Own,
    /// One that it does not.
    Foreign,
}

/// A request and what it is.
#[derive(Debug, Clone, PartialEq)]
pub struct Probe {
    /// What it is, as in `POST of a Namespaced CRD in foreign.example.com without labels`.
    pub description: String,
    /// The request.
    pub request: AdmissionRequest,
    /// Whose group its CRD is in.
    pub group_kind: GroupKind,
    /// That group.
    pub group: String,
}

/// The CRD creations that a user is asked about.
pub fn crd_creations(user: &UserInfo, own_groups: &[&str]) -> Vec<Probe> {
    let groups = own_groups
        .iter()
        .map(|group| (GroupKind::Own, *group))
        .chain([(GroupKind::Foreign, FOREIGN_GROUP)]);
    let mut probes = Vec::new();
    for (group_kind, group) in groups {
        for (labels, labelled) in [(false, "without labels"), (true, "with labels")] {
            for scope in ["Namespaced", "Cluster"] {
                for method in ["POST", "apply"] {
                    probes.push(Probe {
                        description: format!("{method} of a {scope} CRD in {group} {labelled}"),
                        request: creation(user, definition(group, scope, labels)),
                        group_kind,
                        group: group.to_owned(),
                    });
                }
            }
        }
    }
    probes
}

/// The creation of a CRD. An apply of an absent name is the same to admission: its options
/// become CreateOptions, and a POST's name is the object's.
pub fn creation(user: &UserInfo, definition: Value) -> AdmissionRequest {
    let name = definition
        .pointer("/metadata/name")
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_owned();
    AdmissionRequest {
        operation: Operation::Create,
        group: "apiextensions.k8s.io".to_owned(),
        version: "v1".to_owned(),
        resource: "customresourcedefinitions".to_owned(),
        subresource: None,
        kind: "CustomResourceDefinition".to_owned(),
        name,
        namespace: None,
        object: definition,
        old_object: None,
        user: user.clone(),
        dry_run: false,
        options: OptionsKind::CreateOptions,
    }
}

/// A CRD as the API server validates it, its defaults filled in.
fn definition(group: &str, scope: &str, labels: bool) -> Value {
    let mut definition = json!({
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": format!("opsecprobes.{group}"), "generation": 1},
        "spec": {
            "group": group,
            "names": {
                "plural": "opsecprobes",
                "singular": "opsecprobe",
                "kind": "OpsecProbe",
                "listKind": "OpsecProbeList",
            },
            "scope": scope,
            "versions": [{
                "name": "v1",
                "served": true,
                "storage": true,
                "schema": {"openAPIV3Schema": {"type": "object"}},
            }],
            "conversion": {"strategy": "None"},
        },
    });
    let metadata = definition
        .pointer_mut("/metadata")
        .and_then(Value::as_object_mut);
    if let (true, Some(metadata)) = (labels, metadata) {
        let labels = json!({"app.kubernetes.io/name": "opsec-probe", "opsec-probe": "true"});
        metadata.insert("labels".to_owned(), labels);
    }
    definition
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_combination_is_asked_once() {
        let probes = crd_creations(&UserInfo::default(), &["own.example.com"]);
        assert_eq!(probes.len(), 16);
        let descriptions: std::collections::BTreeSet<_> =
            probes.iter().map(|probe| &probe.description).collect();
        assert_eq!(descriptions.len(), 16);
        assert!(probes.iter().all(|probe| {
            probe.request.name == format!("opsecprobes.{}", probe.group)
                && probe.request.operation == Operation::Create
        }));
        assert_eq!(crd_creations(&UserInfo::default(), &[]).len(), 8);
    }
}
