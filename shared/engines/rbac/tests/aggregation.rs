//! What aggregated ClusterRoles gather.

#![expect(clippy::too_many_lines, reason = "tables of cases")]

mod cluster;

use cluster::{account_subject, cluster_binding, cluster_role, held, rights, rule, snapshot};
use opsec_rbac::Policy;
use serde_json::{Value, json};

fn secrets() -> Value {
    rule("get", "core", "secrets", "")
}

fn labelled(name: &str, label: &str, rules: &[Value]) -> Value {
    json!({"metadata": {"name": name, "labels": {label: "true"}}, "rules": rules})
}

fn gathers(name: &str, labels: Value, selectors: Value, rules: &[Value]) -> Value {
    json!({
        "metadata": {"name": name, "labels": labels}, "rules": rules,
        "aggregationRule": {"clusterRoleSelectors": selectors},
    })
}

const TO_VIEW: &str = "rbac.authorization.k8s.io/aggregate-to-view";

#[test]
fn view_gathers_what_the_input_labels_and_so_do_edit_and_admin() {
    let carts = labelled(
        "carts-view",
        TO_VIEW,
        &[rule("get", "shop.example", "carts", "")],
    );
    for role in ["view", "edit", "admin"] {
        let snapshot = snapshot(json!({
            "clusterRoles": [carts],
            "clusterRoleBindings": [cluster_binding("b", role, &[account_subject("ops", "operator")])],
        }));
        assert_eq!(
            held(&snapshot, "get", "shop.example", "carts"),
            "cluster all",
            "{role}"
        );
        let rights = rights(&snapshot);
        let found = rights
            .grants()
            .iter()
            .find(|grant| grant.source_role.name == "carts-view");
        let grant = found.unwrap();
        assert!(!grant.bootstrap && !grant.source_bootstrap && grant.is_aggregated());
        assert_eq!(
            (grant.role.name.as_str(), grant.source_rule_index),
            (role, 0)
        );
        let own = rights
            .grants()
            .iter()
            .find(|grant| grant.source_role.name == "system:aggregate-to-view");
        assert!(own.unwrap().source_bootstrap && !own.unwrap().bootstrap);
    }
}

#[test]
fn a_role_gathered_into_a_bootstrap_group_binding_is_not_bootstrap() {
    let snapshot = snapshot(json!({
        "clusterRoles": [
            labelled("extra", TO_VIEW, &[secrets()]),
        ],
        "clusterRoleBindings": [cluster_binding("b", "view", &[json!({"kind": "Group", "name": "system:authenticated"})])],
    }));
    let rights = rights(&snapshot);
    assert_eq!(held(&snapshot, "get", "", "secrets"), "cluster all");
    let grant = rights
        .grants()
        .iter()
        .find(|grant| grant.source_role.name == "extra")
        .unwrap();
    assert!(!grant.bootstrap && grant.via_group());
}

#[test]
fn aggregation_replaces_own_rules_unless_nothing_is_gathered() {
    let select = |key: &str| json!([{"matchLabels": {key: "true"}}]);
    let pods = rule("get", "core", "pods", "");
    let services = rule("get", "core", "services", "");
    let part = || labelled("part", "part", &[secrets()]);
    for (sentence, roles, expected) in [
        (
            "own rules are replaced",
            json!([
                gathers("r", json!({}), select("part"), std::slice::from_ref(&pods)),
                part()
            ]),
            ["cluster all", "-", "-"],
        ),
        (
            "nothing gathered, own rules stay",
            json!([
                gathers("r", json!({}), select("none"), std::slice::from_ref(&pods)),
                part()
            ]),
            ["-", "cluster all", "-"],
        ),
        (
            "no selector, own rules stay",
            json!([
                gathers("r", json!({}), json!([]), std::slice::from_ref(&pods)),
                part()
            ]),
            ["-", "cluster all", "-"],
        ),
        (
            "a part without rules is nothing",
            json!([
                gathers("r", json!({}), select("part"), std::slice::from_ref(&pods)),
                labelled("part", "part", &[])
            ]),
            ["-", "cluster all", "-"],
        ),
        (
            "itself is excepted",
            json!([
                gathers(
                    "r",
                    json!({"part": "true"}),
                    select("part"),
                    std::slice::from_ref(&pods)
                ),
                part()
            ]),
            ["cluster all", "-", "-"],
        ),
        (
            "nested",
            json!([
                gathers(
                    "r",
                    json!({}),
                    select("middle"),
                    std::slice::from_ref(&pods)
                ),
                gathers(
                    "m",
                    json!({"middle": "true"}),
                    select("part"),
                    std::slice::from_ref(&services)
                ),
                part()
            ]),
            ["cluster all", "-", "-"],
        ),
        (
            "nested, the middle gathers nothing",
            json!([
                gathers(
                    "r",
                    json!({}),
                    select("middle"),
                    std::slice::from_ref(&pods)
                ),
                gathers(
                    "m",
                    json!({"middle": "true"}),
                    select("none"),
                    std::slice::from_ref(&services)
                ),
                part()
            ]),
            ["-", "-", "cluster all"],
        ),
        (
            "a circle counts all it may hold",
            json!([
                gathers(
                    "r",
                    json!({"left": "true"}),
                    select("right"),
                    std::slice::from_ref(&pods)
                ),
                gathers(
                    "m",
                    json!({"right": "true"}),
                    select("left"),
                    std::slice::from_ref(&services)
                ),
                part()
            ]),
            ["-", "cluster all", "cluster all"],
        ),
        (
            "without the label it is not gathered",
            json!([
                gathers("r", json!({}), select("part"), &[]),
                cluster_role("part", &[secrets()])
            ]),
            ["-", "-", "-"],
        ),
    ] {
        let snapshot = snapshot(json!({
            "clusterRoles": roles,
            "clusterRoleBindings": [cluster_binding("b", "r", &[account_subject("ops", "operator")])],
        }));
        let found = ["secrets", "pods", "services"].map(|kind| held(&snapshot, "get", "", kind));
        assert_eq!(found, expected, "{sentence}");
    }
}

#[test]
fn an_empty_selector_gathers_every_cluster_role() {
    let snapshot = snapshot(json!({
        "clusterRoles": [
            gathers("r", json!({}), json!([{}]), &[]),
            cluster_role("other", &[rule("get", "shop.example", "carts", "")]),
        ],
        "clusterRoleBindings": [cluster_binding("b", "r", &[account_subject("ops", "operator")])],
    }));
    let rights = rights(&snapshot);
    let sources: std::collections::BTreeSet<&str> = rights
        .grants()
        .iter()
        .filter(|grant| grant.role.name == "r")
        .map(|grant| grant.source_role.name.as_str())
        .collect();
    assert!(
        sources.contains("other") && sources.contains("cluster-admin"),
        "{sources:?}"
    );
}

#[test]
fn many_roles_that_gather_each_other_are_resolved_in_time() {
    let roles: Vec<Value> = (0..150)
        .map(|number| {
            gathers(
                &format!("r{number}"),
                json!({}),
                json!([{}]),
                &[rule("get", "core", &format!("kind{number}"), "")],
            )
        })
        .collect();
    let snapshot = snapshot(json!({
        "clusterRoles": roles,
        "clusterRoleBindings": [cluster_binding("b", "r0", &[account_subject("ops", "operator")])],
    }));
    assert_eq!(held(&snapshot, "get", "", "kind149"), "cluster all");
}

#[test]
fn live_the_rules_are_the_truth_and_a_difference_is_told() {
    let snapshot = snapshot(json!({
        "source": {"kind": "cluster"},
        "clusterRoles": [
            gathers("r", json!({}), json!([{"matchLabels": {"part": "true"}}]), &[secrets(), rule("get", "core", "pods", "")]),
            labelled("part", "part", &[rule("get", "core", "pods", ""), rule("get", "core", "services", "")]),
            gathers("same", json!({}), json!([{"matchLabels": {"part": "true"}}]), &[rule("get", "core", "services", ""), rule("get", "core", "pods", "")]),
            gathers("nothing", json!({}), json!([{"matchLabels": {"none": "true"}}]), &[secrets()]),
        ],
        "clusterRoleBindings": [cluster_binding("b", "r", &[account_subject("ops", "operator")])],
    }));
    let policy = Policy::from_snapshot(&snapshot);
    let differences = policy.aggregation_differences();
    assert_eq!(differences.len(), 1);
    assert_eq!(differences[0].role.name, "r");
    assert_eq!(differences[0].missing[0].resources, ["services"]);
    assert_eq!(differences[0].surplus[0].resources, ["secrets"]);
    assert_eq!(held(&snapshot, "get", "", "services"), "-");
    let rights = rights(&snapshot);
    let sources: Vec<&str> = rights
        .grants()
        .iter()
        .map(|grant| grant.source_role.name.as_str())
        .collect();
    assert_eq!(sources, ["r", "part"]);
}
