//! The status follows what changes.

use std::time::Duration;

use k8s_openapi::api::events::v1::Event;
use kube::Api;
use kube::api::ListParams;
use opsec_crd::ConditionStatus::{False, True};
use serde_json::{Value, json};

use crate::cluster::{Cluster, cluster, runtime};
use crate::operator::Operator;
use crate::process::Controller;

/// How many changes are made.
const CHANGES: usize = 200;
/// Within which time 99 of 100 are to be seen.
const AIM: Duration = Duration::from_secs(2);

/// What a change does: it adds rights, and its reverse takes them away.
struct Pair {
    widen: Box<dyn Fn(&Cluster)>,
    narrow: Box<dyn Fn(&Cluster)>,
}

fn put_and_delete(object: Value) -> Pair {
    let gone = object.clone();
    Pair {
        widen: Box::new(move |cluster| cluster.apply(object.clone())),
        narrow: Box::new(move |cluster| cluster.delete(&gone)),
    }
}

fn pairs(operator: &Operator<'_>) -> Vec<Pair> {
    let wide = operator.cluster_role(&["get", "list"]);
    let narrow = operator.cluster_role(&["get"]);
    let group = json!({"apiGroup": "rbac.authorization.k8s.io", "kind": "Group",
        "name": format!("system:serviceaccounts:{}", operator.name)});
    let role = |verbs: Value| {
        json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role",
            "metadata": {"name": "more", "namespace": "default"},
            "rules": [{"apiGroups": [""], "resources": ["pods"], "verbs": verbs}]})
    };
    let binding = json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding",
        "metadata": {"name": "more", "namespace": "default"},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "more"},
        "subjects": [operator.account()]});
    let (made, gone) = (role(json!(["get"])), role(json!(["get"])));
    let aggregated = json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole",
        "metadata": {"name": "gathered", "labels": {"opsec-test/gather": "true"}},
        "rules": [{"apiGroups": ["apps"], "resources": ["deployments"], "verbs": ["get"]}]});
    vec![
        Pair {
            widen: Box::new(move |cluster| cluster.apply(wide.clone())),
            narrow: Box::new(move |cluster| cluster.apply(narrow.clone())),
        },
        put_and_delete(operator.cluster_role_binding("more", &operator.account())),
        put_and_delete(operator.cluster_role_binding("more-of-group", &group)),
        Pair {
            widen: Box::new(move |cluster| cluster.apply_all(vec![made.clone(), binding.clone()])),
            // A binding without its role grants nothing.
            narrow: Box::new(move |cluster| cluster.delete(&gone)),
        },
        put_and_delete(aggregated),
    ]
}

/// A role that gathers by a label, which kube-controller-manager fills, bound to the operator.
fn gathering(operator: &Operator<'_>) -> Vec<Value> {
    let selector = json!({"matchLabels": {"opsec-test/gather": "true"}});
    let mut binding = operator.cluster_role_binding("gathers", &operator.account());
    binding["roleRef"]["name"] = json!("gathers");
    vec![
        json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole",
            "metadata": {"name": "gathers"}, "rules": [],
            "aggregationRule": {"clusterRoleSelectors": [selector]}}),
        binding,
    ]
}

#[test]
fn conditions_follow_two_hundred_changes_within_two_seconds() {
    let cluster = cluster();
    let operator = Operator::install(&cluster, "cart");
    cluster.apply_all(gathering(&operator));
    let controller = Controller::leading(&cluster);
    let said = || controller.text();
    operator.becomes("Excess", False, &said);
    operator.becomes("Validated", True, &said);
    let pairs = pairs(&operator);
    let mut took = Vec::new();
    for pair in pairs.iter().cycle().take(CHANGES / 2) {
        (pair.widen)(&cluster);
        took.push(operator.becomes("Excess", True, &said));
        (pair.narrow)(&cluster);
        took.push(operator.becomes("Excess", False, &said));
    }
    took.sort();
    let at = |share: usize| took[(took.len() * share / 100).min(took.len() - 1)];
    println!(
        "{} changes: p50 {:?}, p99 {:?}, longest {:?}",
        took.len(),
        at(50),
        at(99),
        at(100)
    );
    assert!(at(99) < AIM, "{took:?}");
    for object in gathering(&operator) {
        cluster.delete(&object);
    }
    // What changed is told in Events, where the API server takes those of objects without a namespace.
    let events: Api<Event> = Api::namespaced(cluster.client(), "default");
    let events = runtime()
        .block_on(events.list(&ListParams::default()))
        .unwrap();
    let reasons: Vec<&str> = events
        .items
        .iter()
        .filter(|event| {
            let regarding = event.regarding.as_ref();
            regarding.and_then(|it| it.name.as_deref()) == Some("cart")
        })
        .filter_map(|event| event.reason.as_deref())
        .collect();
    for reason in [
        "RightsExceedDeclaration",
        "RightsWithinDeclaration",
        "RightsCompared",
    ] {
        assert!(reasons.contains(&reason), "{reasons:?}");
    }
    assert!(controller.said("event_failed").is_empty(), "{}", said());
}

#[test]
fn a_declaration_is_followed_too_and_an_operator_that_comes_and_goes() {
    let cluster = cluster();
    let controller = Controller::leading(&cluster);
    let said = || controller.text();
    let operator = Operator::install(&cluster, "wander");
    operator.becomes("Excess", False, &said);
    let mut less = operator.declaration();
    less["spec"]["rights"] = json!([]);
    cluster.apply(less);
    operator.becomes("Excess", True, &said);
    assert!(operator.message("Excess").contains("wander/wander"));
    cluster.apply(operator.declaration());
    operator.becomes("Excess", False, &said);
    let declared = operator.declared();
    let status = declared.status.unwrap();
    assert_eq!(status.observed_generation, declared.metadata.generation);

    // A second account that the operator runs as, with rights that nobody declared.
    let metadata = json!({"name": "second", "namespace": "wander"});
    let account = json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata});
    let subject = json!({"kind": "ServiceAccount", "name": "second", "namespace": "wander"});
    let bound = operator.cluster_role_binding("wander-second", &subject);
    cluster.apply_all(vec![account.clone(), bound.clone()]);
    std::thread::sleep(Duration::from_secs(1));
    assert_eq!(operator.condition("Excess"), Some(False), "{}", said());
    let metadata = json!({"name": "wander", "namespace": "wander"});
    let runs_as = |account: &str| {
        json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": {
            "selector": {"matchLabels": {"app": "wander"}},
            "template": {"metadata": {"labels": {"app": "wander"}}, "spec": {
                "serviceAccountName": account, "containers": [{"name": "a", "image": "a"}]}}}})
    };
    cluster.apply(runs_as("second"));
    operator.becomes("Excess", True, &said);
    assert!(operator.message("Excess").contains("wander/second"));
    cluster.apply(runs_as("wander"));
    operator.becomes("Excess", False, &said);
    cluster.delete(&bound);
    cluster.delete(&account);
}
