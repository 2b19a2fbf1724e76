//! The names that a request carries, and those it never does.

#![expect(clippy::too_many_lines, reason = "tables of cases")]

mod cluster;

use cluster::{
    account_subject, binding, cluster_binding, cluster_role, everywhere, held, rights, role, rule,
    snapshot,
};
use opsec_model::Snapshot;
use opsec_rbac::{Names, Request};
use serde_json::{Value, json};

const RBAC: &str = "rbac.authorization.k8s.io";
const CRDS: &str = "apiextensions.k8s.io";

type Case<'a> = (&'a str, Vec<Value>, (&'a str, &'a str, &'a str), &'a str);

fn judge(make: impl Fn(&[Value]) -> Snapshot, cases: Vec<Case<'_>>) {
    for (sentence, rules, (verb, group, resource), expected) in cases {
        let found = held(&make(&rules), verb, group, resource);
        assert_eq!(found, expected, "{sentence}: {verb} {resource}.{group}");
    }
}

#[test]
fn a_post_never_carries_a_name_but_apply_and_put_do() {
    let named = |verbs: &str, group: &str, resource: &str| rule(verbs, group, resource, "x");
    judge(
        everywhere,
        vec![
            (
                "a name does not authorise POST",
                vec![named("create", "core", "configmaps")],
                ("create", "", "configmaps"),
                "-",
            ),
            (
                "no name does",
                vec![rule("create", "core", "configmaps", "")],
                ("create", "", "configmaps"),
                "cluster all",
            ),
            (
                "apply needs patch and create",
                vec![named("create,patch", CRDS, "customresourcedefinitions")],
                ("create", CRDS, "customresourcedefinitions"),
                "cluster x",
            ),
            (
                "a patch of every name will do",
                vec![
                    named("create", CRDS, "customresourcedefinitions"),
                    rule("patch", CRDS, "customresourcedefinitions", ""),
                ],
                ("create", CRDS, "customresourcedefinitions"),
                "cluster x",
            ),
            (
                "a patch of another name will not",
                vec![
                    named("create", CRDS, "customresourcedefinitions"),
                    rule("patch", CRDS, "customresourcedefinitions", "y"),
                ],
                ("create", CRDS, "customresourcedefinitions"),
                "-",
            ),
            (
                "a patch of a subresource will not",
                vec![
                    named("create", CRDS, "customresourcedefinitions"),
                    rule("patch", CRDS, "customresourcedefinitions/status", ""),
                ],
                ("create", CRDS, "customresourcedefinitions"),
                "-",
            ),
            (
                "PUT creates clusterrolebindings",
                vec![named("create,update", RBAC, "clusterrolebindings")],
                ("create", RBAC, "clusterrolebindings"),
                "cluster x",
            ),
            (
                "PUT creates leases",
                vec![named("create,update", "coordination.k8s.io", "leases")],
                ("create", "coordination.k8s.io", "leases"),
                "cluster x",
            ),
            (
                "PUT does not create configmaps",
                vec![named("create,update", "core", "configmaps")],
                ("create", "", "configmaps"),
                "-",
            ),
            (
                "PUT does not create CRDs",
                vec![named("create,update", CRDS, "customresourcedefinitions")],
                ("create", CRDS, "customresourcedefinitions"),
                "-",
            ),
            (
                "all verbs on one name are apply too",
                vec![named("*", "core", "secrets")],
                ("create", "", "secrets"),
                "cluster x",
            ),
            (
                "a review cannot be applied",
                vec![named("*", "authentication.k8s.io", "tokenreviews")],
                ("create", "authentication.k8s.io", "tokenreviews"),
                "-",
            ),
            (
                "create on a named subresource carries the name",
                vec![named("create", "core", "serviceaccounts/token")],
                ("create", "", "serviceaccounts/token"),
                "cluster x",
            ),
            (
                "so does exec",
                vec![named("create", "core", "pods/exec")],
                ("create", "", "pods/exec"),
                "cluster x",
            ),
            (
                "and eviction",
                vec![named("create", "core", "pods/eviction")],
                ("create", "", "pods/eviction"),
                "cluster x",
            ),
            (
                "custom resources can be applied",
                vec![named("create,patch", "shop.example", "carts")],
                ("create", "shop.example", "carts"),
                "cluster x",
            ),
            (
                "escalate keeps its name",
                vec![named("escalate", RBAC, "clusterroles")],
                ("escalate", RBAC, "clusterroles"),
                "cluster x",
            ),
        ],
    );
}

#[test]
fn list_and_watch_carry_a_name_and_deletecollection_never_does() {
    judge(
        everywhere,
        vec![
            (
                "list by field selector",
                vec![rule("list", "core", "secrets", "x")],
                ("list", "", "secrets"),
                "cluster x",
            ),
            (
                "watch too",
                vec![rule("watch", "core", "secrets", "x")],
                ("watch", "", "secrets"),
                "cluster x",
            ),
            (
                "deletecollection with a name",
                vec![rule("deletecollection", "core", "secrets", "x")],
                ("deletecollection", "", "secrets"),
                "-",
            ),
            (
                "deletecollection without",
                vec![rule("deletecollection", "core", "secrets", "")],
                ("deletecollection", "", "secrets"),
                "cluster all",
            ),
            (
                "a star is a name like any",
                vec![rule("get", "core", "secrets", "*")],
                ("get", "", "secrets"),
                "cluster *",
            ),
            (
                "names stay literal for signers",
                vec![rule(
                    "approve",
                    "certificates.k8s.io",
                    "signers",
                    "issuers.example.io/*",
                )],
                ("approve", "certificates.k8s.io", "signers"),
                "cluster issuers.example.io/*",
            ),
            (
                "an empty name is asked by requests without one",
                vec![rule(
                    "list,create,deletecollection",
                    "core",
                    "secrets",
                    "''",
                )],
                ("deletecollection", "", "secrets"),
                "cluster all",
            ),
            (
                "so it authorises POST",
                vec![rule("create", "core", "secrets", "'',x")],
                ("create", "", "secrets"),
                "cluster all",
            ),
            (
                "and is no object's name",
                vec![rule("get", "core", "secrets", "''")],
                ("get", "", "secrets"),
                "-",
            ),
            (
                "beside another it is dropped",
                vec![rule("get", "core", "secrets", "'',x")],
                ("get", "", "secrets"),
                "cluster x",
            ),
        ],
    );
}

#[test]
fn a_domain_star_covers_the_signers_of_that_domain_and_a_bare_star_none() {
    let names = |list: &[&str]| Names::Only(list.iter().map(ToString::to_string).collect());
    for (names, signer, expected) in [
        (names(&["example.io/*"]), "example.io/web", true),
        (names(&["example.io/web"]), "example.io/web", true),
        (
            names(&["example.io/*"]),
            "kubernetes.io/kubelet-serving",
            false,
        ),
        (names(&["*"]), "kubernetes.io/kubelet-serving", false),
        (
            names(&["kubernetes.io/*"]),
            "kubernetes.io/kubelet-serving",
            true,
        ),
        (Names::All, "kubernetes.io/kubelet-serving", true),
    ] {
        assert_eq!(names.covers_signer(signer), expected, "{names:?} {signer}");
    }
}

#[test]
fn a_named_creation_holds_where_both_its_parts_do() {
    let subjects = [account_subject("ops", "operator")];
    let creator = |names: &str| {
        role(
            "a",
            "create",
            &[rule("create", "core", "configmaps", names)],
        )
    };
    let parts = |creation: Value, patch_in: Value| {
        snapshot(json!({
            "roles": [creation],
            "clusterRoles": [
                cluster_role("patch", &[rule("patch", "core", "configmaps", "x,z")]),
                cluster_role("create", &[rule("create", "core", "configmaps", "x,y")]),
            ],
            "roleBindings": patch_in["in"],
            "clusterRoleBindings": patch_in["everywhere"],
        }))
    };
    let here = |name: &str, kind: &str| binding("a", name, (kind, name), &subjects);
    let there = binding("b", "patch", ("ClusterRole", "patch"), &subjects);
    for (sentence, bindings, expected) in [
        (
            "both in a namespace",
            json!({"in": [here("create", "Role"), here("patch", "ClusterRole")], "everywhere": []}),
            "a x",
        ),
        (
            "in different ones",
            json!({"in": [here("create", "Role"), there], "everywhere": []}),
            "-",
        ),
        (
            "patch everywhere",
            json!({"in": [here("create", "Role")], "everywhere": [cluster_binding("p", "patch", &subjects)]}),
            "a x",
        ),
        (
            "create everywhere",
            json!({"in": [here("patch", "ClusterRole"), there], "everywhere": [cluster_binding("c", "create", &subjects)]}),
            "a x; b x",
        ),
        (
            "both everywhere",
            json!({"in": [here("patch", "ClusterRole")], "everywhere": [cluster_binding("c", "create", &subjects), cluster_binding("p", "patch", &subjects)]}),
            "cluster x",
        ),
    ] {
        let snapshot = parts(creator("x,y"), bindings);
        assert_eq!(
            held(&snapshot, "create", "", "configmaps"),
            expected,
            "{sentence}"
        );
    }
}

#[test]
fn a_named_creation_tells_the_grants_it_needs_besides() {
    let snapshot = everywhere(&[
        rule("create", "core", "configmaps", "x"),
        rule("patch", "core", "configmaps", "x"),
    ]);
    let rights = rights(&snapshot);
    let held = rights.held(&Request::new("create", "", "configmaps"));
    let places: Vec<usize> = held[0]
        .with
        .iter()
        .map(|&place| rights.grants()[place].rule_index)
        .collect();
    assert_eq!(places, [1]);
}
