//! Short ways to write roles and bindings.

#![allow(
    dead_code,
    clippy::allow_attributes,
    clippy::unwrap_used,
    reason = "each test file uses its part of these, and a test may unwrap"
)]

use opsec_model::objects::PolicyRule;
use opsec_model::{ServiceAccountRef, Snapshot};
use opsec_rbac::{Attributes, EffectiveRights, Held, Kinds, Names, Policy, Reaching, Request};
use serde_json::{Value, json};

/// A snapshot from its lists.
pub(crate) fn snapshot(lists: Value) -> Snapshot {
    serde_json::from_value(lists).unwrap()
}

/// A rule from comma-separated lists; `core` is the core group, no names is an empty string.
pub(crate) fn rule(verbs: &str, groups: &str, resources: &str, names: &str) -> Value {
    let list = |text: &str| -> Vec<String> {
        let items = text.split(',').filter(|_| !text.is_empty());
        items
            .map(|item| {
                if item == "core" || item == "''" {
                    ""
                } else {
                    item
                }
                .to_owned()
            })
            .collect()
    };
    json!({
        "verbs": list(verbs), "apiGroups": list(groups),
        "resources": list(resources), "resourceNames": list(names),
    })
}

/// The same as a rule of the model.
pub(crate) fn policy_rule(verbs: &str, groups: &str, resources: &str, names: &str) -> PolicyRule {
    serde_json::from_value(rule(verbs, groups, resources, names)).unwrap()
}

pub(crate) fn paths(verbs: &str, urls: &[&str]) -> Value {
    json!({"verbs": verbs.split(',').collect::<Vec<_>>(), "nonResourceURLs": urls})
}

pub(crate) fn cluster_role(name: &str, rules: &[Value]) -> Value {
    json!({"metadata": {"name": name}, "rules": rules})
}

pub(crate) fn role(namespace: &str, name: &str, rules: &[Value]) -> Value {
    json!({"metadata": {"name": name, "namespace": namespace}, "rules": rules})
}

pub(crate) fn account_subject(namespace: &str, name: &str) -> Value {
    json!({"kind": "ServiceAccount", "namespace": namespace, "name": name})
}

pub(crate) fn cluster_binding(name: &str, role: &str, subjects: &[Value]) -> Value {
    json!({
        "metadata": {"name": name}, "subjects": subjects,
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": role},
    })
}

pub(crate) fn binding(
    namespace: &str,
    name: &str,
    (kind, role): (&str, &str),
    subjects: &[Value],
) -> Value {
    json!({
        "metadata": {"name": name, "namespace": namespace}, "subjects": subjects,
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": kind, "name": role},
    })
}

/// The account that most tests judge.
pub(crate) fn operator() -> ServiceAccountRef {
    ServiceAccountRef::new("ops", "operator")
}

/// The operator holds these rules by a ClusterRoleBinding.
pub(crate) fn everywhere(rules: &[Value]) -> Snapshot {
    snapshot(json!({
        "clusterRoles": [cluster_role("r", rules)],
        "clusterRoleBindings": [cluster_binding("b", "r", &[account_subject("ops", "operator")])],
        "customResourceDefinitions": definitions(),
    }))
}

/// The operator holds these rules by a RoleBinding to a ClusterRole.
pub(crate) fn within(namespace: &str, rules: &[Value]) -> Snapshot {
    let subjects = [account_subject("ops", "operator")];
    snapshot(json!({
        "clusterRoles": [cluster_role("r", rules)],
        "roleBindings": [binding(namespace, "b", ("ClusterRole", "r"), &subjects)],
        "customResourceDefinitions": definitions(),
    }))
}

/// One namespaced and one cluster-scoped kind of a custom group, and one that is not served.
pub(crate) fn definitions() -> Value {
    let definition = |plural: &str, scope: &str, served: bool| {
        json!({"metadata": {"name": plural}, "spec": {
            "group": "shop.example", "scope": scope, "names": {"plural": plural, "kind": plural},
            "versions": [{"name": "v1", "served": served}],
        }})
    };
    json!([
        definition("carts", "Namespaced", true),
        definition("regions", "Cluster", true),
        definition("relics", "Namespaced", false),
    ])
}

pub(crate) fn rights(snapshot: &Snapshot) -> EffectiveRights {
    rights_of(snapshot, &operator())
}

pub(crate) fn rights_of(snapshot: &Snapshot, account: &ServiceAccountRef) -> EffectiveRights {
    let policy = Policy::from_snapshot(snapshot);
    EffectiveRights::of(&policy, &Kinds::from_snapshot(snapshot), account)
}

/// What is held, in words: `cluster *`, `ops a,b`; several joined by `; `, none is `-`.
pub(crate) fn held(snapshot: &Snapshot, verb: &str, group: &str, resource: &str) -> String {
    let rights = rights(snapshot);
    in_words(&rights.held(&Request::new(verb, group, resource)))
}

pub(crate) fn in_words(held: &[Held]) -> String {
    if held.is_empty() {
        return "-".to_owned();
    }
    let words = held.iter().map(|held| {
        let scope = match &held.scope {
            Reaching::Cluster => "cluster",
            Reaching::Namespace(namespace) => namespace,
        };
        let names = match &held.names {
            Names::All => "all".to_owned(),
            Names::Only(names) => names.iter().cloned().collect::<Vec<_>>().join(","),
        };
        format!("{scope} {names}")
    });
    words.collect::<Vec<_>>().join("; ")
}

/// The attributes of a request to the resource API; the resource may be `pods/exec`.
pub(crate) fn asks(
    verb: &str,
    group: &str,
    resource: &str,
    namespace: &str,
    name: &str,
) -> Attributes {
    let (resource, subresource) = resource.split_once('/').unwrap_or((resource, ""));
    Attributes::Resource {
        verb: verb.into(),
        group: group.into(),
        resource: resource.into(),
        subresource: subresource.into(),
        name: name.into(),
        namespace: namespace.into(),
    }
}
