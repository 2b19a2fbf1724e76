//! Which ServiceAccounts are an operator's, and which rights make it one.

use std::collections::BTreeSet;

use opsec_facts::Facts;
use opsec_operators::namespaces_of_others;

use crate::harness::{find, snapshot};
use crate::manifests::{
    account, accounts, cluster_role, cluster_role_binding, definition, deployment, of, only,
    operators, role_binding, workload,
};

#[test]
fn an_account_that_a_binding_names_is_the_operators_when_it_is_in_the_files_or_absent_in_its_namespace()
 {
    let base = deployment("o", "controller") + &account("o", "controller");
    for (bound, expected) in [
        // In the files, without a workload.
        (
            account("o", "helper") + &cluster_role_binding("view", &[("o", "helper")]),
            vec!["o/controller", "(o/helper)"],
        ),
        (
            account("far", "helper") + &cluster_role_binding("view", &[("far", "helper")]),
            vec!["(far/helper)", "o/controller"],
        ),
        // Absent, in the operator's namespace.
        (
            cluster_role_binding("view", &[("o", "ghost")]),
            vec!["o/controller", "(o/ghost?)"],
        ),
        (
            role_binding("shop", "view", &[("o", "default")]),
            vec!["o/controller", "(o/default)"],
        ),
        // Absent, elsewhere: somebody else's.
        (
            role_binding("o", "view", &[("openshift-monitoring", "prometheus-k8s")]),
            vec!["o/controller"],
        ),
        // The API server's own.
        (
            cluster_role_binding("view", &[("kube-system", "horizontal-pod-autoscaler")]),
            vec!["o/controller"],
        ),
        // In the files, but no binding names it.
        (account("o", "idle"), vec!["o/controller"]),
    ] {
        assert_eq!(
            accounts(&only(&format!("{base}{bound}"))),
            expected,
            "{bound}"
        );
    }
}

#[test]
fn a_subject_may_name_an_account_by_its_user_name() {
    let text = deployment("o", "controller")
        + "
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: b}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}
subjects: [{apiGroup: rbac.authorization.k8s.io, kind: User, name: 'system:serviceaccount:o:ghost'}]
---";
    assert_eq!(accounts(&only(&text)), ["o/controller?", "(o/ghost?)"]);
}

#[test]
fn an_account_that_another_installation_runs_as_stays_that_ones() {
    let text = deployment("m", "a")
        + &deployment("o", "b")
        + &account("m", "a")
        + &account("o", "b")
        + &role_binding("m", "view", &[("o", "b")])
        + &cluster_role_binding("view", &[("m", "a")]);
    let found = of(&text);
    let accounts: Vec<_> = found.iter().map(accounts).collect();
    assert_eq!(accounts, [["m/a"], ["o/b"]]);
}

#[test]
fn an_installation_without_workloads_is_its_accounts() {
    let absent = only(&cluster_role_binding(
        "cluster-admin",
        &[("system", "manager")],
    ));
    assert_eq!(accounts(&absent), ["(system/manager?)"]);
    assert_eq!(absent.namespaces, BTreeSet::from(["system".to_owned()]));
    assert!(absent.components.is_empty());
    let there = only(&account("tools", "robot"));
    assert_eq!(accounts(&there), ["(tools/robot)"]);
    // A role alone is no installation, nor is a definition.
    assert!(of(&cluster_role("r", "''", "pods", "get")).is_empty());
    assert!(of(&definition("things", "example.com", "Thing", "")).is_empty());
    // A file of its own beside an operator elsewhere.
    let found = operators(&[
        ("a.yaml", &deployment("o", "controller")),
        (
            "b.yaml",
            &(account("tools", "robot") + &cluster_role_binding("view", &[("tools", "robot")])),
        ),
    ]);
    assert_eq!(found.len(), 2);
    // Bindings in a file of their own are those of the workloads whose accounts they name.
    let found = operators(&[
        ("deployment.yaml", &deployment("o", "controller")),
        (
            "rbac.yaml",
            &cluster_role_binding("view", &[("o", "controller"), ("o", "ghost")]),
        ),
    ]);
    assert_eq!(found.len(), 1);
    assert_eq!(accounts(&found[0]), ["o/controller?", "(o/ghost?)"]);
}

#[test]
fn it_is_an_operator_when_an_account_may_watch_a_kind_outside_the_built_in_groups() {
    for (groups, resources, verbs, expected) in [
        ("example.com", "things", "watch", true),
        ("example.com", "'*'", "watch", true),
        ("'*'", "'*'", "'*'", true),
        ("'*'", "things", "watch", true),
        ("gateway.networking.k8s.io", "httproutes", "watch", true),
        ("example.com", "things", "'get, list'", false),
        ("example.com", "things/status", "watch", false),
        ("'', apps, extensions", "'*'", "watch", false),
        ("'*'", "pods", "watch", false),
    ] {
        let text = deployment("o", "controller")
            + &account("o", "controller")
            + &cluster_role("r", groups, resources, verbs)
            + &cluster_role_binding("r", &[("o", "controller")]);
        let operator = only(&text);
        assert_eq!(
            operator.is_operator, expected,
            "{groups} {resources} {verbs}"
        );
        assert_eq!(operator.why.contains("may watch a kind outside"), !expected);
    }
    let named = deployment("o", "controller")
        + &cluster_role("r", "example.com", "things", "watch")
        + &role_binding("o", "r", &[("o", "controller")]);
    assert_eq!(
        only(&named).why,
        "ServiceAccount o/controller may watch things.example.com"
    );
}

#[test]
fn another_operators_namespaces_are_those_of_operators_and_of_guardians() {
    let watcher = |namespace: &str, name: &str| {
        deployment(namespace, name) + &cluster_role_binding("w", &[(namespace, name)])
    };
    let text = cluster_role("w", "example.com", "things", "watch")
        + &watcher("mine", "me")
        // An application is no operator.
        + &deployment("shop", "cart")
        + &deployment("flux-system", "source-controller")
        + &workload("DaemonSet", "kube-system", "cilium", "", "");
    let other = watcher("theirs", "them").replace("metadata: {name: w}", "metadata: {name: w2}");
    let snapshot = snapshot(&[("a.yaml", &text), ("b.yaml", &other)]);
    let found = find(&snapshot);
    let mine = found.iter().find(|operator| operator.name == "me").unwrap();
    let namespaces = namespaces_of_others(&Facts::new(&snapshot), &found, mine);
    let expected = ["flux-system", "kube-system", "theirs"].map(str::to_owned);
    assert_eq!(namespaces, BTreeSet::from(expected));
}
