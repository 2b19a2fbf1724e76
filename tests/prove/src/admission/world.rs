//! What every case finds there: namespaces, accounts and what they may do, and kinds of parameters.

use serde_json::{Value, json};

/// Namespaces of the accounts that ask and of objects, with a label.
pub(super) const NAMESPACES: [(&str, &str); 2] = [("team-a", "prod"), ("team-b", "dev")];
/// Accounts of each of them.
pub(super) const ACCOUNTS: [&str; 3] = ["operator", "sibling", "other"];
/// The group of the kinds of parameters.
pub(super) const PARAMETERS: &str = "parameters.example.com";

/// The objects of the world, each of which a path takes.
pub(super) fn objects() -> Vec<(String, Value)> {
    let mut objects = Vec::new();
    for (name, environment) in NAMESPACES {
        objects.push((
            "/api/v1/namespaces".to_owned(),
            json!({
                "apiVersion": "v1", "kind": "Namespace",
                "metadata": {
                    "name": name,
                    "labels": {"environment": environment, "kubernetes.io/metadata.name": name},
                    "annotations": {"team": name},
                },
            }),
        ));
    }
    for (plural, kind, scope) in [
        ("limits", "Limit", "Namespaced"),
        ("quotas", "Quota", "Cluster"),
    ] {
        objects.push((
            "/apis/apiextensions.k8s.io/v1/customresourcedefinitions".to_owned(),
            definition(PARAMETERS, plural, kind, scope),
        ));
    }
    let subjects: Vec<Value> = NAMESPACES
        .iter()
        .map(|(name, _)| {
            json!({
                "kind": "Group", "apiGroup": "rbac.authorization.k8s.io",
                "name": format!("system:serviceaccounts:{name}"),
            })
        })
        .collect();
    let may_create = json!([
        {
            "apiGroups": ["apiextensions.k8s.io"], "resources": ["customresourcedefinitions"],
            "verbs": ["create", "patch"],
        },
        {"apiGroups": [""], "resources": ["configmaps", "namespaces"], "verbs": ["create", "patch"]},
    ]);
    objects.extend(granted(
        "admission-creators",
        may_create,
        Value::Array(subjects),
    ));
    let publishes = json!([
        {"apiGroups": ["guard.example.com"], "resources": ["definitions"], "verbs": ["publish"]},
        {"nonResourceURLs": ["/guard/*"], "verbs": ["get"]},
    ]);
    let operators = NAMESPACES
        .map(|(name, _)| json!({"kind": "ServiceAccount", "name": "operator", "namespace": name}));
    objects.extend(granted("admission-publishers", publishes, json!(operators)));
    objects
}

fn granted(name: &str, rules: Value, subjects: Value) -> [(String, Value); 2] {
    let path = "/apis/rbac.authorization.k8s.io/v1";
    let of = "rbac.authorization.k8s.io";
    let role = json!({
        "apiVersion": format!("{of}/v1"), "kind": "ClusterRole",
        "metadata": {"name": name}, "rules": rules,
    });
    let binding = json!({
        "apiVersion": format!("{of}/v1"), "kind": "ClusterRoleBinding",
        "metadata": {"name": name}, "subjects": subjects,
        "roleRef": {"apiGroup": of, "kind": "ClusterRole", "name": name},
    });
    [
        (format!("{path}/clusterroles"), role),
        (format!("{path}/clusterrolebindings"), binding),
    ]
}

/// A definition with everything that the API server would fill in.
pub(super) fn definition(group: &str, plural: &str, kind: &str, scope: &str) -> Value {
    json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": format!("{plural}.{group}")},
        "spec": {
            "group": group,
            "names": {
                "plural": plural, "singular": kind.to_lowercase(), "kind": kind,
                "listKind": format!("{kind}List"),
            },
            "scope": scope,
            "versions": [{
                "name": "v1", "served": true, "storage": true,
                "schema": {"openAPIV3Schema": {
                    "type": "object", "x-kubernetes-preserve-unknown-fields": true,
                }},
            }],
            "conversion": {"strategy": "None"},
        },
    })
}
