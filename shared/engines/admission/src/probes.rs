//! The fixed requests that ask whether CRD creation is denied: own and foreign group, with and
//! without labels, Namespaced and Cluster, POST and apply. Nothing is denied unless all are.

use std::collections::BTreeMap;
use std::sync::Arc;

use opsec_model::{CrdCreation, CreationMethod};
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
    /// What it is.
    pub creation: Arc<CrdCreation>,
    /// The same in words, as in `POST of a Namespaced CRD in foreign.example.com without labels`.
    pub description: Arc<str>,
    /// The request.
    pub request: AdmissionRequest,
    /// Whose group its CRD is in.
    pub group_kind: GroupKind,
    /// That group.
    pub group: Arc<str>,
}

/// The CRD creations that users are asked about, made once for all of them.
#[derive(Debug)]
pub struct CrdCreations {
    /// By nobody.
    probes: Vec<Probe>,
}

impl CrdCreations {
    /// Those in the operator's own groups and in a foreign one.
    pub fn new(own_groups: &[&str]) -> Self {
        let groups = own_groups
            .iter()
            .map(|group| (GroupKind::Own, *group))
            .chain([(GroupKind::Foreign, FOREIGN_GROUP)]);
        let nobody = Arc::default();
        let mut probes = Vec::new();
        for (group_kind, group) in groups {
            let in_group: Arc<str> = group.into();
            for labelled in [false, true] {
                for scope in ["Namespaced", "Cluster"] {
                    let definition = Arc::new(definition(group, scope, labelled));
                    for method in [CreationMethod::Post, CreationMethod::Apply] {
                        let asked = CrdCreation {
                            group: group.to_owned(),
                            labelled,
                            scope: scope.to_owned(),
                            method,
                        };
                        probes.push(Probe {
                            description: asked.to_string().into(),
                            creation: Arc::new(asked),
                            request: creation(&nobody, &definition),
                            group_kind,
                            group: Arc::clone(&in_group),
                        });
                    }
                }
            }
        }
        Self { probes }
    }

    /// The creations by nobody in particular.
    pub fn by_nobody(&self) -> &[Probe] {
        &self.probes
    }

    /// The creations by a user.
    pub fn by(&self, user: UserInfo) -> impl Iterator<Item = Probe> {
        let user = Arc::new(user);
        self.probes.iter().map(move |probe| {
            let mut probe = probe.clone();
            probe.request.user = Arc::clone(&user);
            probe
        })
    }
}

impl Probe {
    /// The request as a dry run on behalf of a ServiceAccount brings it to admission: neither UID
    /// nor what a token adds, which impersonation leaves empty, and marked as dry.
    #[must_use]
    pub fn as_tried(&self) -> AdmissionRequest {
        let mut request = self.request.clone();
        request.dry_run = true;
        request.user = Arc::new(UserInfo {
            uid: Some(String::new()),
            extra: Some(BTreeMap::new()),
            ..UserInfo::clone(&request.user)
        });
        request
    }
}

/// The creation of a CRD. An apply of an absent name is the same to admission: its options
/// become CreateOptions, and a POST's name is the object's.
pub fn creation(user: &Arc<UserInfo>, definition: &Arc<Value>) -> AdmissionRequest {
    let name = definition
        .pointer("/metadata/name")
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_owned();
    AdmissionRequest {
        operation: Operation::Create,
        group: "apiextensions.k8s.io".into(),
        version: "v1".into(),
        resource: "customresourcedefinitions".into(),
        subresource: None,
        kind: "CustomResourceDefinition".into(),
        name,
        namespace: None,
        object: Arc::clone(definition),
        old_object: None,
        user: Arc::clone(user),
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
        let asked = |groups: &[&str]| -> Vec<Probe> {
            let user = UserInfo::default();
            CrdCreations::new(groups).by(user).collect()
        };
        let probes = asked(&["own.example.com"]);
        assert_eq!(probes.len(), 16);
        let descriptions: std::collections::BTreeSet<_> =
            probes.iter().map(|probe| &probe.description).collect();
        assert_eq!(descriptions.len(), 16);
        assert!(probes.iter().all(|probe| {
            probe.request.name == format!("opsecprobes.{}", probe.group)
                && probe.request.operation == Operation::Create
        }));
        assert_eq!(asked(&[]).len(), 8);
    }
}
