//! What is made, from which fields, on which lines.

use opsec_model::objects::WatchedNamespaces;
use opsec_model::{Evidence, InstallMode, Kind, ObjectRef};

use super::{CLUSTER_PERMISSIONS, HEAD, PERMISSIONS, expand, expand_as, names, object_names};

fn whole() -> String {
    format!("{HEAD}{PERMISSIONS}{CLUSTER_PERMISSIONS}")
}

#[test]
fn everything_that_olm_creates_is_there() {
    assert_eq!(
        names(&expand(&whole())),
        [
            "ClusterRole/shop-operator.v1.2.3-helper-cluster",
            "ClusterRole/shop-operator.v1.2.3-manager",
            "ClusterRole/shop-operator.v1.2.3-manager-cluster",
            "ClusterRoleBinding/shop-operator.v1.2.3-helper-cluster",
            "ClusterRoleBinding/shop-operator.v1.2.3-manager",
            "ClusterRoleBinding/shop-operator.v1.2.3-manager-cluster",
            "ClusterServiceVersion/operators/shop-operator.v1.2.3",
            "Deployment/operators/manager",
            "OperatorGroup/operators/global-operators",
            "Role/operators/shop-operator.v1.2.3",
            "RoleBinding/operators/shop-operator.v1.2.3",
            "ServiceAccount/operators/helper",
            "ServiceAccount/operators/manager",
        ]
    );
}

#[test]
fn a_deployment_has_olms_labels_its_own_and_the_namespaces_that_it_is_for() {
    let snapshot = expand(&whole()).snapshot;
    let [deployment] = snapshot.workloads.as_slice() else {
        panic!("{:?}", snapshot.workloads);
    };
    let label = |key| deployment.metadata.label(key);
    assert_eq!(label("olm.owner"), Some("shop-operator.v1.2.3"));
    assert_eq!(label("tier"), Some("control"));
    assert_eq!(
        label("operators.coreos.com/shop-operator.operators"),
        Some("")
    );
    assert_eq!(
        deployment.metadata.owner_references[0].kind,
        "ClusterServiceVersion"
    );
    assert_eq!(
        deployment.watch_settings[0].namespaces,
        WatchedNamespaces::All
    );
    let single = expand_as(&whole(), InstallMode::SingleNamespace, &["blog"]);
    let watched = &single.workloads[0].watch_settings[0].namespaces;
    assert_eq!(*watched, WatchedNamespaces::Named(vec!["blog".into()]));
    assert_eq!(single.operator_groups[0].spec.target_namespaces, ["blog"]);
}

#[test]
fn permissions_are_granted_where_it_runs_and_where_it_is_for() {
    for (mode, targets, expected) in [
        (InstallMode::OwnNamespace, &[][..], &["shop-operator"][..]),
        (
            InstallMode::SingleNamespace,
            &["blog"],
            &["blog", "shop-operator"],
        ),
        (
            InstallMode::MultiNamespace,
            &["blog", "wiki"],
            &["blog", "shop-operator", "wiki"],
        ),
    ] {
        let snapshot = expand_as(&format!("{HEAD}{PERMISSIONS}"), mode, targets);
        assert_eq!(snapshot.cluster_roles, [], "{mode}");
        assert_eq!(snapshot.cluster_role_bindings, [], "{mode}");
        let granted = snapshot
            .role_bindings
            .iter()
            .filter(|binding| binding.metadata.name == "shop-operator.v1.2.3-manager");
        let namespaces: Vec<&str> = granted.clone().map(|b| b.metadata.namespace()).collect();
        assert_eq!(namespaces, expected, "{mode}");
        for binding in granted {
            assert_eq!(binding.role_ref.kind, "Role");
            let subject = &binding.subjects[0];
            assert_eq!(subject.name, "manager");
            assert_eq!(subject.namespace.as_deref(), Some("shop-operator"));
        }
    }
}

#[test]
fn for_all_namespaces_permissions_are_lifted_and_namespaces_are_seen() {
    let snapshot = expand(&format!("{HEAD}{PERMISSIONS}")).snapshot;
    let [role] = snapshot.cluster_roles.as_slice() else {
        panic!("{:?}", snapshot.cluster_roles);
    };
    let resources: Vec<&str> = role.rules.iter().map(|r| r.resources[0].as_str()).collect();
    assert_eq!(resources, ["secrets", "pods", "namespaces"]);
    assert_eq!(role.rules[2].verbs, ["get", "list", "watch"]);
    assert_eq!(
        snapshot.cluster_role_bindings[0].role_ref.kind,
        "ClusterRole"
    );
    assert_eq!(
        object_names(&snapshot.roles),
        ["Role/operators/shop-operator.v1.2.3"]
    );
}

#[test]
fn its_own_condition_may_be_written_by_every_account_that_is_granted_something() {
    let snapshot = expand(&whole()).snapshot;
    let role = &snapshot.roles[0];
    let resources: Vec<&String> = role.rules.iter().flat_map(|rule| &rule.resources).collect();
    assert_eq!(
        resources,
        ["operatorconditions", "operatorconditions/status"]
    );
    for rule in &role.rules {
        assert_eq!(rule.resource_names, ["shop-operator.v1.2.3"]);
        assert_eq!(rule.verbs, ["get", "update", "patch"]);
    }
    let subjects = &snapshot.role_bindings[0].subjects;
    let accounts: Vec<&str> = subjects
        .iter()
        .map(|subject| subject.name.as_str())
        .collect();
    assert_eq!(accounts, ["manager", "helper"]);
    let alone = expand(HEAD).snapshot;
    assert_eq!(alone.role_bindings[0].subjects[0].name, "default");
}

#[test]
fn kinds_that_it_owns_and_needs_and_olms_own_are_served() {
    let snapshot = expand(HEAD).snapshot;
    let installation = &snapshot.source.olm_installations[0];
    assert_eq!(
        installation.owned_kinds,
        [Kind::new("shops", "shop.example.com")]
    );
    for kind in [
        Kind::new("shops", "shop.example.com"),
        Kind::new("tills", "till.example.com"),
        Kind::new("subscriptions", "operators.coreos.com"),
    ] {
        assert!(snapshot.served.contains(&kind), "{kind}");
    }
}

#[test]
fn evidence_names_the_field_of_the_version_and_its_line() {
    let text = whole();
    let manifests = expand(&text);
    let line = |wanted: &str| {
        let found = text.lines().position(|line| line.contains(wanted));
        u32::try_from(found.unwrap()).unwrap() + 1
    };
    for (object, field, expected, wanted) in [
        (
            ObjectRef::cluster("ClusterRole", "shop-operator.v1.2.3-manager"),
            "rules[1].verbs",
            "spec.install.spec.permissions[0].rules[1].verbs",
            "resources: [pods]",
        ),
        (
            // What OLM adds is nowhere in the version but for the permissions that it lifts.
            ObjectRef::cluster("ClusterRole", "shop-operator.v1.2.3-manager"),
            "rules[2].verbs",
            "spec.install.spec.permissions[0]",
            "permissions:",
        ),
        (
            ObjectRef::cluster("ClusterRole", "shop-operator.v1.2.3-helper-cluster"),
            "rules[0].resources",
            "spec.install.spec.clusterPermissions[1].rules[0].resources",
            "verbs: [list]",
        ),
        (
            ObjectRef::cluster("ClusterRoleBinding", "shop-operator.v1.2.3-helper-cluster"),
            "subjects[0]",
            "spec.install.spec.clusterPermissions[1]",
            "serviceAccountName: helper",
        ),
        (
            ObjectRef::namespaced("Deployment", "operators", "manager"),
            "spec.template.spec.containers[0].securityContext",
            "spec.install.spec.deployments[0].spec.template.spec.containers[0].securityContext",
            "- name: manager\n",
        ),
    ] {
        let mut evidence = Evidence::new(object, field);
        manifests.sources.place(&mut evidence);
        let source = evidence.source.unwrap();
        assert_eq!(source.file, "csv.yaml");
        if !wanted.ends_with('\n') {
            assert!(
                source.line.abs_diff(line(wanted)) <= 1,
                "{field}: line {} and not {}",
                source.line,
                line(wanted)
            );
        }
        assert_eq!(evidence.field, expected, "{field}");
    }
}
