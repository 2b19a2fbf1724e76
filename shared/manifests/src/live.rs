//! Objects as an API server answers them, into a snapshot. Nothing is placed, checked or counted
//! twice: the server has done that.

use std::collections::{BTreeMap, BTreeSet};

use opsec_model::objects::{LabelSelector, Metadata};
use opsec_model::{FieldLines, Snapshot, SourceLine};
use serde_json::Value;

use crate::alike::Alike;
use crate::decode;
use crate::memory::Memory;
use crate::node::Node;
use crate::object::{KindRef, RawObject, drop_nulls};
use crate::read::sort;
use crate::typed::{self, Typed};

/// An object of a kind that is read could not be understood, so the kind is not complete.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{name}: {reason}")]
pub struct NotUnderstood {
    /// The object, as `namespace/name` or `name`.
    pub name: String,
    /// The field and what is wrong with it.
    pub reason: String,
}

/// Gathers objects of a cluster, of whatever kinds and in any order.
#[derive(Debug, Default)]
pub struct LiveObjects {
    snapshot: Snapshot,
    pods: Alike,
}

/// Objects that a binding of an admission policy takes as parameters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParameterQuery {
    /// The group of their kind, empty for the core group.
    pub group: String,
    /// The version of their kind.
    pub version: String,
    /// Their kind.
    pub kind: String,
    /// Where they are; absent is every namespace, or the cluster.
    pub namespace: Option<String>,
    /// Which one; absent is what the selector selects.
    pub name: Option<String>,
    /// Which ones, when no name is given; everything when it is empty.
    pub selector: LabelSelector,
}

impl LiveObjects {
    /// Nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Reduces an object of that kind to what a verdict may rest on, and keeps that.
    ///
    /// # Errors
    /// When it is not as the kind's definition has it: the kind is then not complete.
    pub fn add(
        &mut self,
        group: &str,
        version: &str,
        kind: &str,
        object: Value,
    ) -> Result<(), NotUnderstood> {
        let typed = Self::decode(group, version, kind, object)?.1;
        match typed {
            Typed::Workload(workload) => self.pods.push(*workload, &mut self.snapshot.workloads),
            other => other.push_to(&mut self.snapshot),
        }
        Ok(())
    }

    /// Keeps an object whole that an admission policy takes as parameter. A Secret never is.
    ///
    /// # Errors
    /// As [`Self::add`].
    pub fn add_parameter(
        &mut self,
        group: &str,
        version: &str,
        kind: &str,
        object: Value,
    ) -> Result<(), NotUnderstood> {
        let (raw, mut typed) = Self::decode(group, version, kind, object)?;
        let memory = unbounded();
        match &mut typed {
            Typed::ConfigMap(map) => {
                map.data = crate::invalid::decode_part(&raw.value, "data", &memory)
                    .map_err(|invalid| not_understood(&raw, &invalid))?;
            }
            Typed::CustomObject(custom) => {
                custom.body = decode::body(&raw.value, &memory).unwrap_or_default();
            }
            _ => return Ok(()),
        }
        typed.push_to(&mut self.snapshot);
        Ok(())
    }

    /// The parameters that the admission policies so far ask for; Secrets are not among them.
    pub fn parameters(&self) -> Vec<ParameterQuery> {
        let snapshot = &self.snapshot;
        let mut queries = Vec::new();
        for binding in &snapshot.validating_admission_policy_bindings {
            let Some(reference) = &binding.spec.param_ref else {
                continue;
            };
            let policies = snapshot.validating_admission_policies.iter();
            let kinds = policies
                .filter(|policy| policy.metadata.name == binding.spec.policy_name)
                .filter_map(|policy| policy.spec.param_kind.as_ref());
            for kind in kinds {
                let parsed = KindRef::new(&kind.api_version, &kind.kind);
                if parsed.is("", "Secret") {
                    continue;
                }
                let given = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
                queries.push(ParameterQuery {
                    group: parsed.group,
                    version: parsed.version,
                    kind: parsed.kind,
                    namespace: given(&reference.namespace),
                    name: given(&reference.name),
                    selector: reference.selector.clone().unwrap_or_default(),
                });
            }
        }
        queries.dedup();
        queries
    }

    /// What is kept so far.
    pub fn snapshot(&self) -> &Snapshot {
        &self.snapshot
    }

    /// Adds what others gathered, as lists that are read side by side.
    pub fn append(&mut self, mut other: Self) {
        for workload in std::mem::take(&mut other.snapshot.workloads) {
            self.pods.push(workload, &mut self.snapshot.workloads);
        }
        typed::append(other.snapshot, &mut self.snapshot);
    }

    /// The snapshot: lists sorted, of equal objects one.
    pub fn finish(self) -> Snapshot {
        let mut snapshot = self.snapshot;
        typed::sort_lists(&mut snapshot);
        sort(&mut snapshot);
        unique_config_maps(&mut snapshot);
        snapshot
    }

    fn decode(
        group: &str,
        version: &str,
        kind: &str,
        value: Value,
    ) -> Result<(RawObject, Typed), NotUnderstood> {
        let kind = KindRef {
            group: group.to_owned(),
            version: version.to_owned(),
            kind: kind.to_owned(),
        };
        let mut value = Node::on_line(0, value);
        drop_nulls(&mut value, kind.is("", "Service"));
        let raw = RawObject::live(kind, value);
        match decode::object(&raw, &unbounded()) {
            // A name or label that it finds misspelt was right for the server that holds it.
            Ok((mut typed, _)) => {
                typed.metadata_mut().input_file = None;
                Ok((raw, typed))
            }
            Err(invalid) => Err(not_understood(&raw, &invalid)),
        }
    }
}

impl RawObject {
    /// An object that no file holds.
    fn live(kind: KindRef, value: Node) -> Self {
        let namespace = value
            .pointer("/metadata/namespace")
            .and_then(Node::as_str)
            .map(ToOwned::to_owned);
        Self {
            input: 0,
            start: SourceLine {
                file: String::new(),
                document: 0,
                line: 0,
            },
            kind,
            value,
            lines: FieldLines::default(),
            namespace,
            placed: false,
            made_from: BTreeMap::new(),
        }
    }
}

/// What a server holds it has bounded itself.
fn unbounded() -> Memory {
    Memory::new(u64::MAX)
}

fn not_understood(raw: &RawObject, invalid: &crate::invalid::Invalid) -> NotUnderstood {
    let name = raw.name().unwrap_or_default();
    NotUnderstood {
        name: match &raw.namespace {
            Some(namespace) => format!("{namespace}/{name}"),
            None => name.to_owned(),
        },
        reason: if invalid.field.is_empty() {
            invalid.reason.clone()
        } else {
            format!("{}: {}", invalid.field, invalid.reason)
        },
    }
}

/// A ConfigMap that is read by its name may be a parameter as well: the one with data stays.
fn unique_config_maps(snapshot: &mut Snapshot) {
    let key = |metadata: &Metadata| (metadata.namespace.clone(), metadata.name.clone());
    let with_data: BTreeSet<_> = snapshot
        .config_maps
        .iter()
        .filter(|map| !map.data.is_empty())
        .map(|map| key(&map.metadata))
        .collect();
    snapshot
        .config_maps
        .retain(|map| !map.data.is_empty() || !with_data.contains(&key(&map.metadata)));
    snapshot.config_maps.dedup_by_key(|map| key(&map.metadata));
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn add(objects: &mut LiveObjects, group: &str, kind: &str, value: Value) {
        objects.add(group, "v1", kind, value).unwrap();
    }

    #[test]
    fn objects_are_reduced_and_sorted() {
        let mut objects = LiveObjects::new();
        for name in ["b", "a"] {
            let metadata =
                json!({"name": name, "uid": "u", "labels": {"x": "y"}, "managedFields": []});
            add(
                &mut objects,
                "",
                "Namespace",
                json!({"metadata": metadata, "spec": {}}),
            );
        }
        let snapshot = objects.finish();
        let names: Vec<&str> = snapshot
            .namespaces
            .iter()
            .map(|n| n.metadata.name.as_str())
            .collect();
        assert_eq!(names, ["a", "b"]);
        assert_eq!(snapshot.namespaces[0].metadata.uid, "u");
        assert_eq!(snapshot.namespaces[0].metadata.input_file, None);
    }

    #[test]
    fn a_null_list_is_an_empty_one() {
        let mut objects = LiveObjects::new();
        let role = json!({"metadata": {"name": "r", "namespace": "n"}, "rules": null});
        add(&mut objects, "rbac.authorization.k8s.io", "Role", role);
        assert!(objects.finish().roles[0].rules.is_empty());
    }

    #[test]
    fn what_is_not_understood_is_named() {
        let mut objects = LiveObjects::new();
        let role = json!({"metadata": {"name": "r", "namespace": "n"}, "rules": "all"});
        let error = objects
            .add("rbac.authorization.k8s.io", "v1", "Role", role)
            .unwrap_err();
        assert!(error.to_string().starts_with("n/r: rules"), "{error}");
    }

    #[test]
    fn parameters_are_asked_for_and_kept_whole_but_never_secrets() {
        let group = "admissionregistration.k8s.io";
        let mut objects = LiveObjects::new();
        for kind in ["ConfigMap", "Secret"] {
            let policy = json!({"metadata": {"name": kind.to_lowercase()}, "spec": {"paramKind": {"apiVersion": "v1", "kind": kind}}});
            add(&mut objects, group, "ValidatingAdmissionPolicy", policy);
            let binding = json!({"metadata": {"name": kind.to_lowercase()}, "spec": {
                "policyName": kind.to_lowercase(), "paramRef": {"name": "p", "namespace": "n"},
            }});
            add(
                &mut objects,
                group,
                "ValidatingAdmissionPolicyBinding",
                binding,
            );
        }
        let queries = objects.parameters();
        assert_eq!(queries.len(), 1);
        assert_eq!(
            (queries[0].kind.as_str(), queries[0].name.as_deref()),
            ("ConfigMap", Some("p"))
        );
        let map = json!({"metadata": {"name": "p", "namespace": "n"}, "data": {"a": "b"}});
        add(&mut objects, "", "ConfigMap", map.clone());
        objects.add_parameter("", "v1", "ConfigMap", map).unwrap();
        let snapshot = objects.finish();
        assert_eq!(snapshot.config_maps.len(), 1);
        assert_eq!(snapshot.config_maps[0].data["a"], "b");
    }
}
