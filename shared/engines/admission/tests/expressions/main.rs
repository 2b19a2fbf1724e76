//! Expressions over Kubernetes' libraries, and what `k8s.io/apiserver` makes of each as a
//! validation: none may come to anything else here, and what is not known is named. The oracle in
//! `tests/oracles/` asks Kubernetes again.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "these are parts of a test"
)]

use std::collections::BTreeMap;

use opsec_admission::{AdmissionRequest, Cause, Decision, UserInfo, decide, probes};
use opsec_facts::Facts;
use opsec_model::Snapshot;
use serde_json::{Value, json};

const CASES: &str = include_str!("cases.txt");
const REQUEST: &str = include_str!("request.json");

/// The features that Kubernetes has and this has not, as the reasons name them, and how many of
/// the expressions need one. A number that grows is a feature that was lost.
const NOT_KNOWN: &[(&str, usize)] = &[
    ("`duration`", 3),
    ("`reason` of a decision of `authorizer`", 2),
    ("`sortBy` of what is an error", 2),
    ("`timestamp`", 2),
    ("a URL that is no UTF-8", 1),
    ("a comprehension over an empty literal", 11),
    ("a map key of type kubernetes.Quantity", 1),
    ("a point or a length of time", 1),
    ("a version with a number of more than 63 bits", 1),
    ("an index of an empty literal", 2),
    ("how a named format words its complaint", 1),
    ("the name `kubernetes`", 1),
    ("the name `net`", 3),
    ("the name `optional_type`", 2),
    ("the order of a number that is none", 1),
    ("the regular expression `(`", 1),
    ("the regular expression `[`", 1),
    ("the regular expression `own.example.com(`", 1),
    ("the sum of an empty list", 1),
];

fn policies() -> (Vec<Value>, Vec<Value>) {
    let rule = json!({
        "apiGroups": ["apiextensions.k8s.io"],
        "apiVersions": ["v1"],
        "operations": ["CREATE"],
        "resources": ["customresourcedefinitions"],
    });
    let each = CASES.lines().enumerate().map(|(place, line)| {
        let (_, expression) = line.split_once('\t').unwrap();
        let name = place.to_string();
        let policy = json!({
            "metadata": {"name": name},
            "spec": {
                "paramKind": {"apiVersion": "v1", "kind": "ConfigMap"},
                "matchConstraints": {"resourceRules": [rule]},
                "validations": [{"expression": expression}],
            },
        });
        let binding = json!({
            "metadata": {"name": name},
            "spec": {
                "policyName": name,
                "validationActions": ["Deny"],
                "paramRef": {
                    "name": "settings",
                    "namespace": "guard",
                    "parameterNotFoundAction": "Deny",
                },
            },
        });
        (policy, binding)
    });
    each.unzip()
}

/// What the request allows, each as a role of its own.
fn roles(allowed: &[Value]) -> (Vec<Value>, Vec<Value>) {
    let each = allowed.iter().enumerate().map(|(place, allowed)| {
        let text = |key: &str| allowed[key].as_str().unwrap_or_default().to_owned();
        let resource = match text("subresource") {
            sub if sub.is_empty() => text("resource"),
            sub => format!("{}/{sub}", text("resource")),
        };
        let granted = if text("path").is_empty() {
            let names: Vec<String> = Some(text("name"))
                .filter(|it| !it.is_empty())
                .into_iter()
                .collect();
            json!({
                "verbs": [text("verb")],
                "apiGroups": [text("group")],
                "resources": [resource],
                "resourceNames": names,
            })
        } else {
            json!({"verbs": [text("verb")], "nonResourceURLs": [text("path")]})
        };
        let mut metadata = json!({"name": place.to_string()});
        let kind = if text("namespace").is_empty() {
            "ClusterRole"
        } else {
            metadata["namespace"] = text("namespace").into();
            "Role"
        };
        let role = json!({"metadata": metadata, "rules": [granted]});
        let binding = json!({
            "metadata": metadata,
            "roleRef": {
                "apiGroup": "rbac.authorization.k8s.io",
                "kind": kind,
                "name": place.to_string(),
            },
            "subjects": [{
                "apiGroup": "rbac.authorization.k8s.io",
                "kind": "User",
                "name": text("user"),
            }],
        });
        (role, binding)
    });
    each.unzip()
}

fn snapshot(given: &Value) -> Snapshot {
    let (policies, bindings) = policies();
    let (roles, role_bindings) = roles(given["allowed"].as_array().unwrap());
    let namespaced = |objects: &[Value], wanted: bool| -> Vec<Value> {
        let here = |object: &&Value| object["metadata"]["namespace"].is_string() == wanted;
        objects.iter().filter(here).cloned().collect()
    };
    let mut snapshot = serde_json::to_value(Snapshot::default()).unwrap();
    for (field, objects) in [
        ("validatingAdmissionPolicies", policies),
        ("validatingAdmissionPolicyBindings", bindings),
        ("configMaps", vec![given["params"].clone()]),
        ("roles", namespaced(&roles, true)),
        ("roleBindings", namespaced(&role_bindings, true)),
        ("clusterRoles", namespaced(&roles, false)),
        ("clusterRoleBindings", namespaced(&role_bindings, false)),
    ] {
        snapshot[field] = objects.into();
    }
    serde_json::from_value(snapshot).unwrap()
}

fn request(given: &Value) -> AdmissionRequest {
    let groups = given["groups"].as_array().unwrap();
    let user = UserInfo {
        username: given["user"].as_str().unwrap().to_owned(),
        groups: groups
            .iter()
            .map(|group| group.as_str().unwrap().to_owned())
            .collect(),
        uid: Some(String::new()),
        extra: Some(BTreeMap::new()),
    };
    probes::creation(&user.into(), &given["object"].clone().into())
}

/// What each policy comes to, by its place; one that is not here holds.
fn answers(decision: &Decision) -> BTreeMap<usize, (&'static str, &str)> {
    let place = |name: &str| -> usize { name.parse().unwrap() };
    let denied = decision.denials.iter().map(|denial| {
        let word = match denial.cause {
            Cause::Validation { .. } => "false",
            _ => "error",
        };
        (place(&denial.policy.name), (word, ""))
    });
    let invalid = decision.invalid.iter();
    let invalid = invalid.map(|refused| {
        (
            place(&refused.policy.name),
            ("invalid", refused.message.as_str()),
        )
    });
    let unknown = decision.unknown.iter();
    let unknown = unknown.map(|it| (place(&it.policy.name), ("unknown", it.reason.as_str())));
    denied.chain(invalid).chain(unknown).collect()
}

#[test]
fn expressions_come_to_what_kubernetes_makes_of_them_or_name_what_is_not_known() {
    let given: Value = serde_json::from_str(REQUEST).unwrap();
    let snapshot = snapshot(&given);
    let decision = decide(&Facts::new(&snapshot), &request(&given));
    let answers = answers(&decision);
    let mut wrong = Vec::new();
    let mut not_known: BTreeMap<&str, usize> = BTreeMap::new();
    for (place, line) in CASES.lines().enumerate() {
        let (expected, expression) = line.split_once('\t').unwrap();
        match answers.get(&place).copied().unwrap_or(("true", "")) {
            ("unknown", reason) => {
                let feature = reason.split_once(" needs ").map_or(reason, |(_, it)| it);
                *not_known.entry(feature).or_default() += 1;
            }
            (found, _) if found == expected => {}
            (found, why) => wrong.push(format!(
                "{expression}\n    is {expected}, came to {found} {why}"
            )),
        }
    }
    assert!(
        wrong.is_empty(),
        "{} wrong:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
    let found: Vec<(&str, usize)> = not_known.into_iter().collect();
    assert_eq!(found, NOT_KNOWN);
}
