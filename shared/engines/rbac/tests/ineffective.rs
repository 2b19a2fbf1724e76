//! What is written in a role and grants nothing, and why.

mod cluster;

use cluster::{
    account_subject, binding, cluster_binding, cluster_role, everywhere, operator, paths, rights,
    role, rule, snapshot, within,
};
use opsec_model::Snapshot;
use opsec_rbac::Ineffective;
use serde_json::{Value, json};

/// What is said of the first rule that is not the API server's own.
fn of_first(snapshot: &Snapshot) -> Ineffective {
    let rights = rights(snapshot);
    let mut grants = rights.grants().iter();
    let place = grants.position(|grant| !grant.bootstrap);
    rights.ineffective(place.unwrap_or(usize::MAX))
}

fn is_unusable(snapshot: &Snapshot, reason: &str) {
    let said = of_first(snapshot);
    assert_eq!(said.reasons, [reason]);
    assert!(said.unusable, "{reason}");
}

fn is_partly_unusable(snapshot: &Snapshot, reason: &str) {
    let said = of_first(snapshot);
    assert_eq!(said.reasons, [reason]);
    assert!(!said.unusable, "{reason}");
}

fn is_effective(snapshot: &Snapshot) {
    assert_eq!(of_first(snapshot), Ineffective::default());
}

#[test]
fn a_rule_that_real_requests_use_is_effective() {
    for rules in [
        vec![rule(
            "get,list,watch",
            "core",
            "pods,pods/log,pods/exec",
            "",
        )],
        vec![rule("*", "*", "*", "")],
        vec![rule("create", "core", "*/exec", "")],
        vec![rule("get,update", "core", "secrets", "a,b")],
        vec![rule(
            "get",
            "shop.example",
            "carts,carts/status,regions",
            "",
        )],
        vec![rule(
            "bind,escalate",
            "rbac.authorization.k8s.io",
            "clusterroles",
            "a",
        )],
        vec![rule(
            "impersonate",
            "core",
            "users,groups,serviceaccounts",
            "",
        )],
        vec![rule(
            "approve",
            "certificates.k8s.io",
            "signers",
            "example.com/*",
        )],
        vec![rule("update", "apps", "deployments/finalizers", "")],
        vec![rule("get", "core", "nodes/metrics,nodes/proxy", "")],
        vec![paths("get,post", &["/metrics", "/logs/*"])],
        // A list of groups and one of resources of which not every pair exists.
        vec![rule("get", "core,apps", "pods,deployments", "")],
        // Kinds of others have verbs of their own.
        vec![rule("use", "shop.example", "carts", "")],
        vec![rule("list", "core", "*", "")],
    ] {
        is_effective(&everywhere(&rules));
    }
}

#[test]
fn a_rolebinding_grants_only_what_lives_in_its_namespace() {
    is_unusable(
        &within(
            "ops",
            &[rule("get,list", "core", "nodes,persistentvolumes", "")],
        ),
        "a RoleBinding grants nothing that lives in no namespace: nodes, persistentvolumes",
    );
    is_partly_unusable(
        &within(
            "ops",
            &[rule(
                "get",
                "core,storage.k8s.io",
                "pods,storageclasses",
                "",
            )],
        ),
        "a RoleBinding grants nothing that lives in no namespace: storageclasses.storage.k8s.io",
    );
    is_unusable(
        &within("ops", &[rule("get", "shop.example", "regions", "")]),
        "a RoleBinding grants nothing that lives in no namespace: regions.shop.example",
    );
    is_effective(&within("ops", &[rule("get,list", "core", "pods", "")]));
    is_effective(&within("ops", &[rule("get,list", "*", "*", "")]));
    is_effective(&within(
        "ops",
        &[rule(
            "bind",
            "rbac.authorization.k8s.io",
            "clusterroles",
            "admin",
        )],
    ));
}

#[test]
fn a_rolebinding_grants_of_namespaces_only_its_own() {
    is_effective(&within(
        "ops",
        &[rule("get,update,patch,delete", "core", "namespaces", "")],
    ));
    is_partly_unusable(
        &within("ops", &[rule("get,list,create", "core", "namespaces", "")]),
        "a RoleBinding grants get, update, patch and delete of its own Namespace alone, not create, list",
    );
    is_unusable(
        &within("ops", &[rule("get", "core", "namespaces", "other")]),
        "a RoleBinding grants get, update, patch and delete of its own Namespace alone, not get",
    );
}

#[test]
fn paths_count_only_through_a_clusterrolebinding_and_as_prefixes() {
    let reason = "paths are granted by ClusterRoleBindings alone: /metrics";
    is_unusable(&within("ops", &[paths("get", &["/metrics"])]), reason);
    let subjects = [account_subject("ops", "operator")];
    is_unusable(
        &snapshot(json!({
            "roles": [role("ops", "r", &[paths("get", &["/metrics"])])],
            "roleBindings": [binding("ops", "b", ("Role", "r"), &subjects)],
        })),
        reason,
    );
    is_effective(&everywhere(&[paths("get", &["*"])]));
    is_unusable(
        &everywhere(&[paths("get", &["healthz", "*x"])]),
        "every path begins with `/`: *x, healthz",
    );
    is_partly_unusable(
        &everywhere(&[paths("get", &["/a/*/b", "/c"])]),
        "only a trailing `*` is a wildcard: /a/*/b",
    );
}

#[test]
fn names_are_carried_by_few_creations() {
    const SECRET: &str = "a creation carries a name only when it is applied, which needs patch \
                          for that name: create secrets";
    is_unusable(
        &everywhere(&[rule("create", "core", "secrets", "a")]),
        SECRET,
    );
    is_partly_unusable(
        &everywhere(&[rule("create,get", "core", "secrets", "a")]),
        SECRET,
    );
    is_effective(&everywhere(&[rule("create,patch", "core", "secrets", "a")]));
    // The patch may come from another rule, for the same name alone.
    is_effective(&everywhere(&[
        rule("create", "core", "secrets", "a"),
        rule("patch", "core", "secrets", "a,b"),
    ]));
    is_unusable(
        &everywhere(&[
            rule("create", "core", "secrets", "a"),
            rule("patch", "core", "secrets", "b"),
        ]),
        SECRET,
    );
    // A PUT of an absent name creates, for a few kinds.
    is_effective(&everywhere(&[rule(
        "create,update",
        "core",
        "services",
        "a",
    )]));
    is_partly_unusable(
        &everywhere(&[rule("create,update", "core", "secrets", "a")]),
        SECRET,
    );
    is_effective(&everywhere(&[rule(
        "create",
        "core",
        "serviceaccounts/token",
        "a",
    )]));
}

#[test]
fn a_deletion_of_a_collection_carries_no_name() {
    is_partly_unusable(
        &everywhere(&[rule("delete,deletecollection", "core", "secrets", "a")]),
        "a deletion of a collection carries no name: deletecollection secrets",
    );
    is_unusable(
        &everywhere(
            &[rule("get", "core", "secrets", "")].map(|mut rule: Value| {
                rule["resourceNames"] = json!([""]);
                rule
            }),
        ),
        "no object has an empty name: get secrets",
    );
}

#[test]
fn what_looks_like_a_wildcard_is_a_literal() {
    is_unusable(
        &everywhere(&[rule("get", "core", "pods/*,*/*,po*", "")]),
        "no wildcard, and no request asks for it: */*, po*, pods/*",
    );
    is_partly_unusable(
        &everywhere(&[rule("get", "core", "secrets", "*")]),
        "`*` among resourceNames is the object called `*`",
    );
    is_effective(&everywhere(&[rule("impersonate", "core", "groups", "*")]));
}

#[test]
fn a_kind_that_nothing_serves_cannot_be_asked_for() {
    is_unusable(
        &everywhere(&[rule("get", "absent.example", "things,things/status", "")]),
        "nothing here serves things.absent.example, things.absent.example/status",
    );
    // Defined, with no version served.
    is_unusable(
        &everywhere(&[rule("get", "shop.example", "relics", "")]),
        "nothing here serves relics.shop.example",
    );
    is_unusable(
        &everywhere(&[rule("get", "core,extensions", "deployments", "")]),
        "nothing here serves deployments, deployments.extensions",
    );
    is_partly_unusable(
        &everywhere(&[rule("get", "core", "pods,deployments", "")]),
        "nothing here serves deployments",
    );
    is_unusable(
        &everywhere(&[rule("get", "a.example", "a,b,c,d,e,f", "")]),
        "nothing here serves a.a.example, b.a.example, c.a.example, d.a.example and 2 more",
    );
}

#[test]
fn verbs_and_subresources_that_a_built_in_kind_has_not_are_never_asked_for() {
    is_unusable(
        &everywhere(&[rule("bind", "core", "bindings", "")]),
        "Kubernetes has no bind of bindings",
    );
    is_partly_unusable(
        &everywhere(&[rule(
            "get,escalate",
            "rbac.authorization.k8s.io",
            "rolebindings",
            "",
        )]),
        "Kubernetes has no escalate of rolebindings.rbac.authorization.k8s.io",
    );
    is_unusable(
        &everywhere(&[rule("get", "authentication.k8s.io", "tokenreviews", "")]),
        "Kubernetes has no get of tokenreviews.authentication.k8s.io",
    );
    is_partly_unusable(
        &everywhere(&[rule("get,impersonate", "core", "users", "")]),
        "Kubernetes has no get of users",
    );
    is_partly_unusable(
        &everywhere(&[rule("create", "core", "pods/exec,pods/shell", "")]),
        "Kubernetes has no subresource pods/shell",
    );
}

#[test]
fn a_list_that_is_left_out_covers_nothing() {
    is_unusable(
        &everywhere(&[rule("get", "", "pods", "")]),
        "a rule without apiGroups covers nothing",
    );
    is_unusable(
        &everywhere(&[rule("", "core", "pods", "")]),
        "a rule without verbs covers nothing",
    );
}

#[test]
fn each_grant_of_one_role_is_judged_where_it_is_bound() {
    let subjects = [account_subject("ops", "operator")];
    let snapshot = snapshot(json!({
        "clusterRoles": [cluster_role("r", &[rule("get", "core", "nodes", "")])],
        "clusterRoleBindings": [cluster_binding("b", "r", &subjects)],
        "roleBindings": [binding("ops", "b", ("ClusterRole", "r"), &subjects)],
    }));
    let rights = rights(&snapshot);
    assert_eq!(rights.account, operator());
    let said: Vec<(Option<&str>, bool)> = rights
        .grants()
        .iter()
        .enumerate()
        .filter(|(_, grant)| !grant.bootstrap)
        .map(|(place, grant)| (grant.scope.namespace(), rights.ineffective(place).unusable))
        .collect();
    assert_eq!(said, [(None, false), (Some("ops"), true)]);
}
