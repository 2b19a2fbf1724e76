//! Changes carried out on facts, so that the result can be judged before anything is applied.

use opsec_model::declared_rights::OperatorRights;
use opsec_model::objects::{Metadata, Workload};
use opsec_model::{ObjectRef, Snapshot};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::edit::{Action, Edit, Edits, merge};

/// The facts after the changes. Workloads are normalised facts and no objects: see
/// [`super::workloads`], which has carried out its own.
pub(crate) fn with(snapshot: &Snapshot, edits: &Edits) -> Snapshot {
    let mut after = snapshot.clone();
    for edit in edits.iter() {
        one(&mut after, edit);
    }
    sort(&mut after);
    after
}

fn one(after: &mut Snapshot, edit: &Edit) {
    macro_rules! kinds {
        ($($kind:literal => $list:ident,)+) => {
            match edit.object.kind.as_str() {
                $($kind => apply(&mut after.$list, edit, |it| &it.metadata),)+
                "OperatorRights" => declared(&mut after.operator_rights, edit),
                _ => workload(&mut after.workloads, edit),
            }
        };
    }
    kinds! {
        "Namespace" => namespaces,
        "ServiceAccount" => service_accounts,
        "Service" => services,
        "Ingress" => ingresses,
        "NetworkPolicy" => network_policies,
        "Role" => roles,
        "RoleBinding" => role_bindings,
        "ClusterRole" => cluster_roles,
        "ClusterRoleBinding" => cluster_role_bindings,
        "CustomResourceDefinition" => custom_resource_definitions,
        "ValidatingAdmissionPolicy" => validating_admission_policies,
        "ValidatingAdmissionPolicyBinding" => validating_admission_policy_bindings,
        "ValidatingWebhookConfiguration" => validating_webhook_configurations,
        "MutatingWebhookConfiguration" => mutating_webhook_configurations,
    }
}

/// Creates, merges into or removes an object of a list.
fn apply<T: Serialize + DeserializeOwned>(
    list: &mut Vec<T>,
    edit: &Edit,
    metadata: impl Fn(&T) -> &Metadata,
) {
    let found = list
        .iter()
        .position(|item| is(metadata(item), &edit.object));
    match (edit.action, found) {
        (Action::Delete, Some(place)) => {
            list.remove(place);
        }
        (Action::Patch, Some(place)) => {
            if let Some(item) = list.get_mut(place) {
                let merged = serde_json::to_value(&*item).ok().and_then(|mut value| {
                    if edit.object.kind.ends_with("Binding") {
                        merge(&mut value, &edit.document);
                    } else {
                        strategic(&mut value, &edit.document);
                    }
                    serde_json::from_value(value).ok()
                });
                if let Some(merged) = merged {
                    *item = merged;
                }
            }
        }
        (Action::Create, None) => {
            if let Ok(item) = serde_json::from_value(edit.document.clone()) {
                list.push(item);
            }
        }
        _ => {}
    }
}

fn is(metadata: &Metadata, object: &ObjectRef) -> bool {
    metadata.name == object.name && metadata.namespace == object.namespace
}

fn declared(list: &mut Vec<OperatorRights>, edit: &Edit) {
    list.retain(|it| it.metadata.name != edit.object.name);
    if let Ok(declared) = serde_json::from_value(edit.document.clone()) {
        list.push(declared);
    }
}

/// Merges what a patch says of a workload's labels, and of its pods into its template, containers by
/// their names.
fn workload(list: &mut [Workload], edit: &Edit) {
    let found = list.iter_mut().find(|workload| {
        workload.kind.as_str() == edit.object.kind && is(&workload.metadata, &edit.object)
    });
    let Some(workload) = found else {
        return;
    };
    label(&mut workload.metadata, &edit.document);
    let pointer = format!("/{}", workload.kind.pod_spec_path().replace('.', "/"));
    let (Some(patch), Ok(mut spec)) = (
        edit.document.pointer(&pointer),
        serde_json::to_value(&workload.template.spec),
    ) else {
        return;
    };
    strategic(&mut spec, patch);
    if patch.get("securityContext").is_some() {
        // Hosts of probes are taken away with the rest.
        for list in ["containers", "initContainers"] {
            let containers = spec.get_mut(list).and_then(Value::as_array_mut);
            for fields in containers
                .into_iter()
                .flatten()
                .filter_map(Value::as_object_mut)
            {
                fields.remove("probeHosts");
            }
        }
    }
    let volumes = spec.get_mut("volumes").and_then(Value::as_array_mut);
    for volume in volumes.into_iter().flatten() {
        // The facts name a source that no rule looks into.
        if let Some(fields) = volume
            .as_object_mut()
            .filter(|it| it.contains_key("emptyDir"))
        {
            fields.insert("otherSource".to_owned(), Value::from("emptyDir"));
        }
    }
    if let Ok(spec) = serde_json::from_value(spec) {
        workload.template.spec = spec;
    }
}

/// Puts the labels of a patch on an object.
fn label(metadata: &mut Metadata, patch: &Value) {
    let labels = patch.pointer("/metadata/labels").and_then(Value::as_object);
    for (key, value) in labels.into_iter().flatten() {
        if let Some(value) = value.as_str() {
            metadata.labels.insert(key.clone(), value.to_owned());
        }
    }
}

/// A strategic merge, as far as it is used here: lists whose items have names are merged by them,
/// ports by their number, and null removes.
pub(crate) fn strategic(target: &mut Value, patch: &Value) {
    match (target, patch) {
        (Value::Object(members), Value::Object(fields)) => {
            for (key, field) in fields {
                if field.is_null() {
                    members.remove(key);
                    continue;
                }
                match members.get_mut(key) {
                    Some(member) => strategic(member, field),
                    None => {
                        members.insert(key.clone(), without_nulls(field));
                    }
                }
            }
        }
        (Value::Array(items), Value::Array(patches))
            if patches.iter().all(|patch| key_of(patch).is_some()) =>
        {
            for patch in patches {
                if patch.get("$patch").is_some() {
                    items.retain(|item| key_of(item) != key_of(patch));
                    continue;
                }
                let same = items.iter_mut().find(|item| key_of(item) == key_of(patch));
                match same {
                    Some(item) => strategic(item, patch),
                    None => items.push(without_nulls(patch)),
                }
            }
        }
        (target, patch) => *target = without_nulls(patch),
    }
}

/// What names an item of a list.
fn key_of(item: &Value) -> Option<&Value> {
    item.get("containerPort").or_else(|| item.get("name"))
}

fn without_nulls(value: &Value) -> Value {
    match value {
        Value::Object(members) => members
            .iter()
            .filter(|(_, member)| !member.is_null())
            .map(|(key, member)| (key.clone(), without_nulls(member)))
            .collect(),
        value => value.clone(),
    }
}

/// Lists of a snapshot are sorted by namespace and name.
fn sort(snapshot: &mut Snapshot) {
    fn by<T>(list: &mut [T], metadata: impl Fn(&T) -> &Metadata) {
        list.sort_by(|a, b| {
            let (a, b) = (metadata(a), metadata(b));
            (&a.namespace, &a.name).cmp(&(&b.namespace, &b.name))
        });
    }
    by(&mut snapshot.namespaces, |it| &it.metadata);
    by(&mut snapshot.service_accounts, |it| &it.metadata);
    by(&mut snapshot.network_policies, |it| &it.metadata);
    by(&mut snapshot.roles, |it| &it.metadata);
    by(&mut snapshot.role_bindings, |it| &it.metadata);
    by(&mut snapshot.cluster_roles, |it| &it.metadata);
    by(&mut snapshot.cluster_role_bindings, |it| &it.metadata);
    by(&mut snapshot.custom_resource_definitions, |it| &it.metadata);
}
