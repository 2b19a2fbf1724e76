//! The facts as they would be if listing a kind had been refused.

use opsec_model::{Completeness, Kind, Snapshot};
use serde_json::Value;

use crate::judge::E2eError;

/// Workloads share one list of the snapshot.
const WORKLOADS: [&str; 8] = [
    "pods",
    "deployments",
    "statefulsets",
    "daemonsets",
    "replicasets",
    "jobs",
    "cronjobs",
    "replicationcontrollers",
];

/// The kinds that rules read, by group.
const READ: [(&str, &[&str]); 12] = [
    (
        "",
        &[
            "pods",
            "replicationcontrollers",
            "namespaces",
            "nodes",
            "serviceaccounts",
            "secrets",
            "configmaps",
            "services",
        ],
    ),
    (
        "apps",
        &["deployments", "statefulsets", "daemonsets", "replicasets"],
    ),
    ("batch", &["jobs", "cronjobs"]),
    (
        "rbac.authorization.k8s.io",
        &[
            "roles",
            "clusterroles",
            "rolebindings",
            "clusterrolebindings",
        ],
    ),
    ("networking.k8s.io", &["networkpolicies", "ingresses"]),
    ("discovery.k8s.io", &["endpointslices"]),
    ("apiextensions.k8s.io", &["customresourcedefinitions"]),
    ("apiregistration.k8s.io", &["apiservices"]),
    (
        "admissionregistration.k8s.io",
        &[
            "validatingadmissionpolicies",
            "validatingadmissionpolicybindings",
            "mutatingadmissionpolicies",
            "mutatingadmissionpolicybindings",
            "validatingwebhookconfigurations",
            "mutatingwebhookconfigurations",
        ],
    ),
    ("gateway.networking.k8s.io", &["httproutes", "tcproutes"]),
    ("operators.coreos.com", &["operatorgroups"]),
    ("operatorrights.kubectl-opsec.dev", &["operatorrights"]),
];

/// Every kind that rules read, as the snapshot names them.
pub fn kinds() -> Vec<Kind> {
    READ.iter()
        .flat_map(|(group, resources)| resources.iter().map(|plural| Kind::new(*plural, *group)))
        .collect()
}

/// The facts without the objects of a kind, and with the reason.
///
/// # Errors
/// When the snapshot has no JSON form.
pub fn without(snapshot: &Snapshot, kind: &Kind) -> Result<Snapshot, E2eError> {
    let setting = |error: serde_json::Error| E2eError::Setting(error.to_string());
    let mut value = serde_json::to_value(snapshot).map_err(setting)?;
    if let Some(lists) = value.as_object_mut() {
        if WORKLOADS.contains(&kind.resource.as_str()) {
            retain_other_kinds(lists.get_mut("workloads"), kind);
        } else if kind.group == "gateway.networking.k8s.io" {
            retain_other_kinds(lists.get_mut("gatewayRoutes"), kind);
        } else {
            lists.retain(|name, _| name.to_lowercase() != kind.resource);
        }
    }
    let mut snapshot: Snapshot = serde_json::from_value(value).map_err(setting)?;
    let missing = format!("list {kind}");
    snapshot
        .incomplete
        .insert(kind.clone(), Completeness::Forbidden { missing });
    Ok(snapshot)
}

/// Takes the objects of a kind out of a list of several kinds.
fn retain_other_kinds(list: Option<&mut Value>, kind: &Kind) {
    let singular = kind.resource.trim_end_matches('s');
    if let Some(list) = list.and_then(Value::as_array_mut) {
        list.retain(|object| {
            let found = object.get("kind").and_then(Value::as_str);
            found.is_none_or(|found| found.to_lowercase() != singular)
        });
    }
}
