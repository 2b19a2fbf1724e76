//! Random RBAC: roles, bindings and what they grant, each a small world of its own.

use std::collections::BTreeMap;

use opsec_manifests::{Input, Options, read};
use opsec_model::Snapshot;
use opsec_model::objects::LabelSelector;
use serde_json::{Value, json};

use super::kinds::{KINDS, NAMESPACES, OWN_GROUP, definitions};
use crate::chance::Chance;
use crate::error::ProveError;

const RBAC: &str = "rbac.authorization.k8s.io";
const API_VERSION: &str = "rbac.authorization.k8s.io/v1";

pub(crate) const VERBS: [&str; 14] = [
    "get",
    "list",
    "watch",
    "create",
    "update",
    "patch",
    "delete",
    "deletecollection",
    "*",
    "bind",
    "escalate",
    "impersonate",
    "use",
    "approve",
];
pub(crate) const GROUPS: [&str; 9] = [
    "",
    "apps",
    RBAC,
    OWN_GROUP,
    "coordination.k8s.io",
    "storage.k8s.io",
    "node.k8s.io",
    "*",
    "ghost.example.com",
];
pub(crate) const RESOURCES: [&str; 34] = [
    "configmaps",
    "secrets",
    "pods",
    "serviceaccounts",
    "services",
    "endpoints",
    "limitranges",
    "namespaces",
    "nodes",
    "deployments",
    "leases",
    "runtimeclasses",
    "roles",
    "rolebindings",
    "clusterroles",
    "clusterrolebindings",
    "storageclasses",
    "networkpolicies",
    "carts",
    "regions",
    "pods/log",
    "pods/exec",
    "pods/status",
    "pods/*",
    "deployments/scale",
    "serviceaccounts/token",
    "namespaces/status",
    "namespaces/finalize",
    "*",
    "*/status",
    "*/scale",
    "*/exec",
    "*/*",
    "relics",
];
const RULE_NAMES: [&str; 8] = ["here", "alpha", "beta", "*", "", "ops", "blue", "gamma"];
pub(crate) const URLS: [&str; 11] = [
    "/logs",
    "/logs/",
    "/logs/*",
    "/pre*",
    "/prefix",
    "*",
    "*x",
    "/a/*/b",
    "/healthz",
    "/metrics/*",
    "/*",
];
pub(crate) const USERS: [&str; 4] = ["jane", "joe", "system:anonymous", "system:kube-scheduler"];
pub(crate) const ACCOUNTS: [&str; 3] = ["operator", "worker", "default"];
const ROLE_NAMES: [&str; 5] = ["one", "two", "three", "four", "five"];
/// Roles that a binding may name; the last three of ClusterRoles are the API server's own.
const BOUND: [&str; 9] = [
    "one", "two", "three", "four", "five", "ghost", "view", "edit", "admin",
];
const LABELS: [(&str, &str); 5] = [
    ("to", "one"),
    ("to", "two"),
    ("tier", "low"),
    ("tier", "high"),
    (TO_VIEW, "true"),
];
/// By this label `view` gathers a role, and `edit` and `admin` after it.
const TO_VIEW: &str = "rbac.authorization.k8s.io/aggregate-to-view";
/// A label of each aggregated role of the API server's own, where it has one.
const OF_THE_SERVER: [(&str, &str); 3] = [
    ("rbac.authorization.k8s.io/aggregate-to-edit", "true"),
    ("rbac.authorization.k8s.io/aggregate-to-admin", "true"),
    ("kubernetes.io/bootstrapping", "rbac-defaults"),
];

/// A small world of roles and bindings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Universe {
    /// Roles, ClusterRoles, RoleBindings and ClusterRoleBindings.
    pub(crate) objects: Vec<Value>,
}

impl Universe {
    /// Any.
    pub(crate) fn any(chance: &mut Chance) -> Self {
        let mut objects = Vec::new();
        for name in ROLE_NAMES {
            objects.push(cluster_role(name, chance));
        }
        for namespace in NAMESPACES {
            for name in ROLE_NAMES {
                if chance.percent(45) {
                    objects.push(role(namespace, name, chance));
                }
            }
        }
        for number in 0..2 + chance.below(3) {
            objects.push(binding(None, number, chance));
        }
        for number in 0..4 + chance.below(6) {
            let namespace = chance.word(&NAMESPACES);
            objects.push(binding(Some(namespace), number, chance));
        }
        let mut universe = Self { objects };
        universe.cut_circles();
        universe
    }

    /// What the engines are given: the objects as they would be read from a file, with the
    /// definitions of the custom kinds and the objects that tell what is in force.
    pub(crate) fn snapshot(&self, besides: &[Value]) -> Result<Snapshot, ProveError> {
        let definitions = definitions();
        let all: Vec<&Value> = self
            .objects
            .iter()
            .chain(&definitions)
            .chain(besides)
            .collect();
        let list = json!({"apiVersion": "v1", "kind": "List", "items": all});
        let input = Input {
            name: "universe.json".to_owned(),
            bytes: list.to_string().into_bytes(),
        };
        let read = read(&[input], &Options::default());
        let read = read.map_err(|error| ProveError::Read(error.to_string()))?;
        Ok(read.snapshot)
    }

    /// Takes the aggregation from roles that could gather each other in a circle: there the
    /// server's result hangs on which of them its controller fills first. An aggregated role keeps
    /// to aggregated ones that come before it, and to the API server's own unless those gather it.
    fn cut_circles(&mut self) {
        for place in 0..self.objects.len() {
            let Some(role) = self.objects.get(place) else {
                continue;
            };
            let Some(selectors) = selectors(role) else {
                continue;
            };
            let later = self.objects.iter().skip(place + 1);
            let mut aggregated = later.filter(|other| selectors_of(other).is_some());
            let ahead = aggregated.any(|other| is_selected(&selectors, &labels(other)));
            let own = OF_THE_SERVER.iter().any(|(key, value)| {
                is_selected(
                    &selectors,
                    &[((*key).to_owned(), (*value).to_owned())].into(),
                )
            });
            let gathered = labels(role).contains_key(TO_VIEW);
            if (ahead || own && gathered)
                && let Some(fields) = self.objects.get_mut(place).and_then(Value::as_object_mut)
            {
                fields.remove("aggregationRule");
            }
        }
    }
}

fn selectors_of(object: &Value) -> Option<&Value> {
    object.pointer("/aggregationRule/clusterRoleSelectors")
}

fn selectors(object: &Value) -> Option<Vec<LabelSelector>> {
    serde_json::from_value(selectors_of(object)?.clone()).ok()
}

fn labels(object: &Value) -> BTreeMap<String, String> {
    let labels = object.pointer("/metadata/labels").cloned();
    serde_json::from_value(labels.unwrap_or_default()).unwrap_or_default()
}

fn is_selected(selectors: &[LabelSelector], labels: &BTreeMap<String, String>) -> bool {
    selectors.iter().any(|selector| selector.matches(labels))
}

fn rule(chance: &mut Chance, cluster: bool) -> Value {
    if cluster && chance.percent(18) {
        let verbs = chance.words(&["get", "post", "head", "*"], 2);
        return json!({"verbs": verbs, "nonResourceURLs": chance.words(&URLS, 2)});
    }
    let mut groups = chance.words(&GROUPS, 3);
    let mut resources = chance.words(&RESOURCES, 4);
    if let Some(kind) = chance.pick(&KINDS)
        && chance.percent(55)
    {
        // Most words at random are of no kind together.
        groups.push(kind.group);
        resources.push(kind.plural);
    }
    let mut rule = json!({
        "verbs": chance.words(&VERBS, 5), "apiGroups": groups, "resources": resources,
    });
    if chance.percent(35)
        && let Some(fields) = rule.as_object_mut()
    {
        fields.insert(
            "resourceNames".to_owned(),
            json!(chance.words(&RULE_NAMES, 3)),
        );
    }
    rule
}

fn rules(chance: &mut Chance, cluster: bool) -> Vec<Value> {
    (0..chance.below(4))
        .map(|_| rule(chance, cluster))
        .collect()
}

fn cluster_role(name: &str, chance: &mut Chance) -> Value {
    let mut labels = serde_json::Map::new();
    for _ in 0..chance.below(3) {
        if let Some((key, value)) = chance.pick(&LABELS) {
            labels.insert((*key).to_owned(), json!(value));
        }
    }
    let mut role = json!({
        "apiVersion": API_VERSION, "kind": "ClusterRole",
        "metadata": {"name": name, "labels": labels}, "rules": rules(chance, true),
    });
    if chance.percent(35)
        && let Some(fields) = role.as_object_mut()
    {
        let selectors: Vec<Value> = (0..=chance.below(2)).map(|_| selector(chance)).collect();
        fields.insert(
            "aggregationRule".to_owned(),
            json!({"clusterRoleSelectors": selectors}),
        );
    }
    role
}

fn selector(chance: &mut Chance) -> Value {
    let (key, value) = chance.pick(&LABELS).copied().unwrap_or_default();
    match chance.below(12) {
        0..=5 => json!({"matchLabels": {key: value}}),
        6 => json!({"matchExpressions": [{"key": key, "operator": "In", "values": [value, "x"]}]}),
        7 => json!({"matchExpressions": [{"key": key, "operator": "Exists"}]}),
        8 | 9 => json!({"matchExpressions": [
            {"key": key, "operator": "NotIn", "values": [value]},
            {"key": "tier", "operator": "Exists"},
        ]}),
        10 => json!({}),
        _ => json!({
            "matchLabels": {key: value},
            "matchExpressions": [{"key": "tier", "operator": "DoesNotExist"}],
        }),
    }
}

fn role(namespace: &str, name: &str, chance: &mut Chance) -> Value {
    json!({
        "apiVersion": API_VERSION, "kind": "Role",
        "metadata": {"name": name, "namespace": namespace}, "rules": rules(chance, false),
    })
}

fn binding(namespace: Option<&str>, number: usize, chance: &mut Chance) -> Value {
    let subjects: Vec<Value> = (0..=chance.below(3))
        .map(|_| subject(chance, namespace.is_some()))
        .collect();
    let (role, kind) = match namespace {
        Some(_) if chance.percent(50) => (chance.word(&ROLE_NAMES), "Role"),
        _ => (chance.word(&BOUND), "ClusterRole"),
    };
    let (kind_of_binding, metadata) = match namespace {
        Some(namespace) => (
            "RoleBinding",
            json!({"name": format!("binding-{number}"), "namespace": namespace}),
        ),
        None => (
            "ClusterRoleBinding",
            json!({"name": format!("binding-{number}")}),
        ),
    };
    json!({
        "apiVersion": API_VERSION, "kind": kind_of_binding, "metadata": metadata,
        "subjects": subjects, "roleRef": {"apiGroup": RBAC, "kind": kind, "name": role},
    })
}

fn subject(chance: &mut Chance, in_namespace: bool) -> Value {
    let namespace = chance.word(&NAMESPACES);
    let account = chance.word(&ACCOUNTS);
    match chance.below(10) {
        0..=3 => json!({"kind": "ServiceAccount", "name": account, "namespace": namespace}),
        4 if in_namespace => json!({"kind": "ServiceAccount", "name": account}),
        4 | 5 => {
            let name = format!("system:serviceaccount:{namespace}:{account}");
            json!({"kind": "User", "apiGroup": RBAC, "name": name})
        }
        // Without its apiGroup, which is defaulted.
        6 => json!({"kind": "User", "name": chance.word(&USERS)}),
        7 => json!({"kind": "Group", "apiGroup": RBAC, "name": "people"}),
        8 => {
            let name = format!("system:serviceaccounts:{namespace}");
            json!({"kind": "Group", "name": name})
        }
        _ => {
            let groups = [
                "system:serviceaccounts",
                "system:authenticated",
                "system:unauthenticated",
            ];
            json!({"kind": "Group", "apiGroup": RBAC, "name": chance.word(&groups)})
        }
    }
}
