//! Who is granted what: subjects, roles, the API server's own objects.

#![expect(clippy::too_many_lines, reason = "tables of cases")]

mod cluster;

use cluster::{
    account_subject, asks, binding, cluster_binding, cluster_role, held, operator, rights,
    rights_of, role, rule, snapshot,
};
use opsec_model::{ServiceAccountRef, Snapshot};
use opsec_rbac::{Policy, SubjectVia, User};
use serde_json::{Value, json};

fn secrets() -> Value {
    rule("get", "core", "secrets", "")
}

fn granted(subject: Value, in_namespace: Option<&str>) -> Snapshot {
    granted_to(&[subject], in_namespace)
}

fn granted_to(subjects: &[Value], in_namespace: Option<&str>) -> Snapshot {
    let (mut cluster, mut namespaced) = (Vec::new(), Vec::new());
    match in_namespace {
        Some(namespace) => {
            namespaced.push(binding(namespace, "b", ("ClusterRole", "r"), subjects));
        }
        None => cluster.push(cluster_binding("b", "r", subjects)),
    }
    snapshot(json!({
        "clusterRoles": [cluster_role("r", &[secrets()])],
        "clusterRoleBindings": cluster, "roleBindings": namespaced,
    }))
}

#[test]
fn a_subject_names_the_account_as_itself_as_user_and_by_its_groups() {
    let user = |name: &str| json!({"kind": "User", "name": name});
    let group = |name: &str| json!({"kind": "Group", "name": name});
    for (sentence, subject, namespace, expected) in [
        (
            "itself",
            account_subject("ops", "operator"),
            None,
            "cluster all",
        ),
        (
            "itself in a namespace",
            account_subject("ops", "operator"),
            Some("a"),
            "a all",
        ),
        (
            "another namespace's",
            account_subject("a", "operator"),
            None,
            "-",
        ),
        ("another name", account_subject("ops", "other"), None, "-"),
        (
            "no namespace in a RoleBinding is the binding's",
            json!({"kind": "ServiceAccount", "name": "operator"}),
            Some("ops"),
            "ops all",
        ),
        (
            "an empty one too",
            account_subject("", "operator"),
            Some("ops"),
            "ops all",
        ),
        (
            "of another's binding",
            json!({"kind": "ServiceAccount", "name": "operator"}),
            Some("a"),
            "-",
        ),
        (
            "no namespace in a ClusterRoleBinding is no one",
            json!({"kind": "ServiceAccount", "name": "operator"}),
            None,
            "-",
        ),
        (
            "its user name",
            user("system:serviceaccount:ops:operator"),
            None,
            "cluster all",
        ),
        (
            "its user name in a namespace",
            user("system:serviceaccount:ops:operator"),
            Some("a"),
            "a all",
        ),
        ("its bare name", user("operator"), None, "-"),
        ("a star is a literal", user("*"), None, "-"),
        (
            "all accounts",
            group("system:serviceaccounts"),
            None,
            "cluster all",
        ),
        (
            "accounts of its namespace",
            group("system:serviceaccounts:ops"),
            None,
            "cluster all",
        ),
        (
            "accounts of another",
            group("system:serviceaccounts:a"),
            None,
            "-",
        ),
        (
            "all who are authenticated",
            group("system:authenticated"),
            None,
            "cluster all",
        ),
        (
            "those who are not",
            group("system:unauthenticated"),
            None,
            "-",
        ),
        (
            "a group called like its user",
            group("system:serviceaccount:ops:operator"),
            None,
            "-",
        ),
        (
            "a user called like its group",
            user("system:serviceaccounts"),
            None,
            "-",
        ),
        (
            "a subject with an API group is refused",
            json!({"kind": "ServiceAccount", "namespace": "ops", "name": "operator", "apiGroup": "rbac.authorization.k8s.io"}),
            None,
            "-",
        ),
        (
            "an unknown kind",
            json!({"kind": "Robot", "namespace": "ops", "name": "operator"}),
            None,
            "-",
        ),
    ] {
        let snapshot = granted(subject, namespace);
        assert_eq!(
            held(&snapshot, "get", "", "secrets"),
            expected,
            "{sentence}"
        );
    }
}

#[test]
fn the_order_of_subjects_and_their_repetition_do_not_matter() {
    let subjects = [
        json!({"kind": "Group", "name": "system:serviceaccounts"}),
        json!({"kind": "User", "name": "system:serviceaccount:ops:operator"}),
        account_subject("ops", "operator"),
        account_subject("ops", "operator"),
        account_subject("a", "other"),
    ];
    let mut reversed = subjects.clone();
    reversed.reverse();
    let one = rights(&granted_to(&subjects, None));
    let other = rights(&granted_to(&reversed, None));
    assert_eq!(one.grants(), other.grants());
    let own: Vec<SubjectVia> = one
        .grants()
        .iter()
        .filter(|grant| !grant.bootstrap)
        .map(|grant| grant.via)
        .collect();
    assert_eq!(
        own,
        [
            SubjectVia::Group,
            SubjectVia::ServiceAccount,
            SubjectVia::User
        ]
    );
}

#[test]
fn equal_names_in_two_namespaces_are_two_roles() {
    let subjects = [account_subject("ops", "operator")];
    let snapshot = snapshot(json!({
        "roles": [role("a", "r", &[secrets()]), role("b", "r", &[rule("get", "core", "pods", "")])],
        "clusterRoles": [cluster_role("r", &[rule("get", "core", "services", "")])],
        "roleBindings": [
            binding("a", "r", ("Role", "r"), &subjects),
            binding("b", "r", ("Role", "r"), &subjects),
            binding("c", "r", ("Role", "r"), &subjects),
            binding("d", "r", ("ClusterRole", "r"), &subjects),
        ],
    }));
    for (resource, expected) in [
        ("secrets", "a all"),
        ("pods", "b all"),
        ("services", "d all"),
    ] {
        assert_eq!(held(&snapshot, "get", "", resource), expected);
    }
    let dangling: Vec<String> = Policy::from_snapshot(&snapshot)
        .dangling_role_refs()
        .map(|found| format!("{} {}", found.binding, found.role))
        .collect();
    assert_eq!(dangling, ["RoleBinding/c/r Role/c/r"]);
}

#[test]
fn a_dangling_role_grants_nothing_and_a_bootstrap_role_does_not_dangle() {
    let bound = |role: &str| {
        snapshot(json!({
            "clusterRoleBindings": [cluster_binding("b", role, &[account_subject("ops", "operator")])],
        }))
    };
    assert_eq!(held(&bound("missing"), "get", "", "pods"), "-");
    let policy = Policy::from_snapshot(&bound("missing"));
    assert_eq!(policy.dangling_role_refs().count(), 1);
    for (role, pods, secrets) in [
        ("cluster-admin", "cluster all", "cluster all"),
        ("view", "cluster all", "-"),
        ("edit", "cluster all", "cluster all"),
    ] {
        let snapshot = bound(role);
        assert_eq!(
            Policy::from_snapshot(&snapshot)
                .dangling_role_refs()
                .count(),
            0
        );
        // `edit` gathers pods from `view` and from its own part.
        let words = held(&snapshot, "get", "", "pods");
        assert!(words.split("; ").all(|one| one == pods), "{role}: {words}");
        assert_eq!(held(&snapshot, "get", "", "secrets"), secrets, "{role}");
    }
    let crb_to_role = snapshot(json!({
        "roles": [role("ops", "r", &[secrets()])],
        "clusterRoleBindings": [{
            "metadata": {"name": "b"}, "subjects": [account_subject("ops", "operator")],
            "roleRef": {"kind": "Role", "name": "r"},
        }],
    }));
    assert_eq!(held(&crb_to_role, "get", "", "secrets"), "-");
}

#[test]
fn an_account_without_bindings_holds_bootstrap_group_rights_alone() {
    let rights = rights_of(&Snapshot::default(), &operator());
    assert!(!rights.grants().is_empty());
    for grant in rights.grants() {
        assert!(grant.bootstrap && grant.via_group(), "{grant:?}");
    }
    let roles: std::collections::BTreeSet<&str> = rights
        .grants()
        .iter()
        .map(|grant| grant.role.name.as_str())
        .collect();
    let expected = [
        "system:basic-user",
        "system:discovery",
        "system:public-info-viewer",
        "system:service-account-issuer-discovery",
    ];
    assert_eq!(roles.into_iter().collect::<Vec<_>>(), expected);
}

#[test]
fn the_input_wins_over_a_bootstrap_object_of_the_same_name() {
    let snapshot = snapshot(json!({
        "clusterRoles": [cluster_role("system:basic-user", &[secrets()])],
    }));
    let rights = rights(&snapshot);
    assert_eq!(held(&snapshot, "get", "", "secrets"), "cluster all");
    assert_eq!(
        held(
            &snapshot,
            "create",
            "authorization.k8s.io",
            "selfsubjectaccessreviews"
        ),
        "-"
    );
    let grant = rights
        .grants()
        .iter()
        .find(|grant| grant.role.name == "system:basic-user");
    assert!(!grant.unwrap().bootstrap);
}

#[test]
fn live_only_what_the_api_server_ships_is_bootstrap_whatever_the_label() {
    let own = |name: &str, rules: &[Value]| json!({"metadata": {"name": name, "labels": {"kubernetes.io/bootstrapping": "rbac-defaults"}}, "rules": rules});
    let bind = |name: &str, role: &str, subjects: &[Value]| {
        let mut bound = cluster_binding(name, role, subjects);
        bound["metadata"]["labels"] = json!({"kubernetes.io/bootstrapping": "rbac-defaults"});
        bound
    };
    let authenticated = json!({"kind": "Group", "name": "system:authenticated", "apiGroup": "rbac.authorization.k8s.io"});
    let review = rule(
        "create",
        "authorization.k8s.io",
        "selfsubjectaccessreviews",
        "",
    );
    let snapshot = snapshot(json!({
        "source": {"kind": "cluster"},
        "clusterRoles": [
            own("system:basic-user", &[review, secrets()]),
            own("mine", &[rule("get", "core", "pods", "")]),
            own("cluster-admin", &[rule("*", "*", "*", "")]),
        ],
        "clusterRoleBindings": [
            bind("system:basic-user", "system:basic-user", std::slice::from_ref(&authenticated)),
            bind("mine", "mine", &[authenticated]),
            bind("cluster-admin", "cluster-admin", &[json!({"kind": "Group", "name": "system:masters"}), account_subject("ops", "operator")]),
        ],
    }));
    let rights = rights(&snapshot);
    let mut flags: Vec<(&str, &str, bool)> = rights
        .grants()
        .iter()
        .map(|grant| {
            (
                grant.role.name.as_str(),
                grant.rule.resources[0].as_str(),
                grant.bootstrap,
            )
        })
        .collect();
    flags.sort_unstable();
    assert_eq!(
        flags,
        [
            ("cluster-admin", "*", false),
            ("mine", "pods", false),
            ("system:basic-user", "secrets", false),
            ("system:basic-user", "selfsubjectaccessreviews", true),
        ]
    );
}

#[test]
fn every_account_that_a_binding_names_is_listed_whether_it_exists_or_not() {
    let snapshot = granted_to(
        &[
            account_subject("gone", "ghost"),
            json!({"kind": "User", "name": "system:serviceaccount:ops:operator"}),
            json!({"kind": "User", "name": "jane"}),
        ],
        None,
    );
    let policy = Policy::from_snapshot(&snapshot);
    let own: Vec<String> = policy
        .service_account_subjects()
        .filter(|named| !named.bootstrap)
        .map(|named| format!("{} {} {}", named.account, named.binding, named.role))
        .collect();
    assert_eq!(
        own,
        [
            "gone/ghost ClusterRoleBinding/b ClusterRole/r",
            "ops/operator ClusterRoleBinding/b ClusterRole/r",
        ]
    );
    let aggregator = ServiceAccountRef::new("kube-system", "clusterrole-aggregation-controller");
    let mut bootstrap = policy
        .service_account_subjects()
        .filter(|named| named.bootstrap);
    assert!(bootstrap.any(|named| named.account == aggregator));
}

#[test]
fn the_masters_are_let_pass_and_no_group_is_added_to_a_user() {
    let policy = Policy::from_snapshot(&snapshot(json!({"source": {"kind": "cluster"}})));
    let user = |groups: &[&str]| User {
        name: "jane".into(),
        groups: groups.iter().map(ToString::to_string).collect(),
    };
    let asked = asks("get", "", "secrets", "a", "x");
    assert!(policy.authorize(&user(&["system:masters"]), &asked).allowed);
    assert!(!policy.authorize(&user(&[]), &asked).allowed);
    let files = Policy::from_snapshot(&Snapshot::default());
    let review = asks(
        "create",
        "authorization.k8s.io",
        "selfsubjectaccessreviews",
        "",
        "",
    );
    assert!(!files.authorize(&user(&[]), &review).allowed);
    let decision = files.authorize(&user(&["system:authenticated"]), &review);
    assert_eq!(decision.grant.unwrap().role.name, "system:basic-user");
}

#[test]
fn a_review_knows_neither_scope_nor_which_requests_exist() {
    let subjects = [account_subject("ops", "operator")];
    let snapshot = snapshot(json!({
        "clusterRoles": [cluster_role("r", &[
            rule("list", "core", "nodes", ""),
            rule("create,deletecollection", "core", "configmaps", "x"),
        ])],
        "roleBindings": [binding("a", "b", ("ClusterRole", "r"), &subjects)],
    }));
    let policy = Policy::from_snapshot(&snapshot);
    let user = User::service_account(&operator());
    for (verb, resource, namespace, name, allowed, real) in [
        ("list", "nodes", "a", "", true, "-"),
        ("list", "nodes", "", "", false, "-"),
        ("create", "configmaps", "a", "x", true, "-"),
        ("create", "configmaps", "a", "", false, "-"),
        ("deletecollection", "configmaps", "a", "x", true, "-"),
        ("create", "configmaps", "b", "x", false, "-"),
    ] {
        let decision = policy.authorize(&user, &asks(verb, "", resource, namespace, name));
        assert_eq!(
            decision.allowed, allowed,
            "{verb} {resource} in {namespace:?}"
        );
        assert_eq!(decision.grant.is_some(), allowed);
        assert_eq!(held(&snapshot, verb, "", resource), real);
    }
}
