//! Stronger, `†`, names, latent kinds and products' own kinds, as the page has them.

use opsec_model::Reach;
use opsec_model::Severity::{self, Critical, High, Info, Low, Medium};

use crate::world::World;

const RBAC: &str = "rbac.authorization.k8s.io";

fn own(rules: &str) -> World {
    World::new().in_namespace("app", rules)
}

#[test]
fn a_stronger_account_in_the_own_namespace_raises_what_reaches_it() {
    for (rules, id) in [
        ("create serviceaccounts/token", "ESC-TOKENREQ"),
        ("impersonate serviceaccounts", "ESC-IMPERSONATE-SA"),
        ("get secrets", "ESC-SECRET-READ"),
        ("patch secrets", "ESC-SECRET-REVEAL"),
        ("create,get secrets", "ESC-SECRET-WRITE"),
        ("update secrets", "ESC-SECRET-MOD"),
        ("create pods/exec", "RUN-EXEC"),
    ] {
        assert_eq!(own(rules).judge().severity(id), Some(Info), "{id}");
        let beside = own(rules).strong_account("app/strong");
        assert_eq!(beside.judge().severity(id), Some(Medium), "{id}");
        let elsewhere = own(rules).strong_account("far/strong");
        assert_eq!(elsewhere.judge().severity(id), Some(Info), "{id}");
    }
}

#[test]
fn an_account_with_no_more_than_the_holder_is_not_stronger() {
    let world = own("create pods/exec; get secrets")
        .everywhere("get secrets; create pods/exec")
        .strong_account("app/strong")
        .in_namespace("app", "create serviceaccounts/token");
    assert_eq!(world.judge().severity("ESC-TOKENREQ"), Some(Info));
}

#[test]
fn a_pod_that_takes_its_node_is_stronger_for_rights_over_pods_alone() {
    let world = own("create pods/exec; get secrets").node_pod_in("app");
    assert_eq!(world.judge().severity("RUN-EXEC"), Some(Medium));
    assert_eq!(world.judge().severity("ESC-SECRET-READ"), Some(Info));
}

/// Severity of creating pods in a namespace that is labelled so.
fn pods(namespace: &str, level: Option<&str>, live: bool) -> Option<Severity> {
    let mut world = World::new()
        .granting_nothing()
        .in_namespace(namespace, "create pods")
        .namespace(namespace, level);
    if live {
        world = world.live();
    }
    world.judge().severity("RUN-POD")
}

#[test]
fn from_files_only_privileged_written_there_raises() {
    for namespace in ["shop", "tenant", "app"] {
        let plain = if namespace == "shop" { High } else { Medium };
        for level in [None, Some("baseline"), Some("restricted")] {
            assert_eq!(
                pods(namespace, level, false),
                Some(plain),
                "{namespace} {level:?}"
            );
        }
        assert_eq!(
            pods(namespace, Some("privileged"), false),
            Some(plain.raised())
        );
    }
}

#[test]
fn live_the_labels_decide_and_the_own_namespace_must_be_restricted() {
    for (namespace, level, expected) in [
        ("shop", None, Critical),
        ("shop", Some("privileged"), Critical),
        ("shop", Some("baseline"), High),
        ("shop", Some("restricted"), High),
        ("tenant", None, High),
        ("tenant", Some("baseline"), Medium),
        ("app", None, High),
        ("app", Some("baseline"), High),
        ("app", Some("restricted"), Medium),
    ] {
        assert_eq!(
            pods(namespace, level, true),
            Some(expected),
            "{namespace} {level:?}"
        );
    }
}

#[test]
fn names_that_can_do_everything_are_not_lowered() {
    let bind =
        |name: &str| format!("bind clusterroles.{RBAC} {name}; create clusterrolebindings.{RBAC}");
    for (name, expected) in [
        ("cluster-admin", Critical),
        ("admin", Critical),
        ("edit", Critical),
        ("system:node", Critical),
        ("view", High),
        ("view,edit", Critical),
        // A `*` among the names is a literal.
        ("*", High),
    ] {
        let outcome = World::new().everywhere(&bind(name)).judge();
        assert_eq!(outcome.severity("ESC-BIND"), Some(expected), "{name}");
    }
    for (rules, expected) in [
        ("impersonate users admin", Critical),
        ("impersonate users system:kube-controller-manager", Critical),
        ("impersonate users bob", High),
    ] {
        let outcome = World::new().everywhere(rules).judge();
        assert_eq!(
            outcome.severity("ESC-IMPERSONATE"),
            Some(expected),
            "{rules}"
        );
    }
}

#[test]
fn a_named_role_that_holds_a_high_right_is_not_lowered_bound_or_not() {
    let role = |rules: &str| {
        format!(
            "apiVersion: {RBAC}/v1\nkind: ClusterRole\nmetadata: {{name: chosen}}\nrules: [{rules}]\n"
        )
    };
    let bind = format!("bind clusterroles.{RBAC} chosen; create clusterrolebindings.{RBAC}");
    let world = World::new().everywhere(&bind);
    let strong = role("{apiGroups: [\"\"], resources: [secrets], verbs: [get]}");
    let weak = role("{apiGroups: [\"\"], resources: [pods], verbs: [get]}");
    assert_eq!(
        world.clone().with(&strong).judge().severity("ESC-BIND"),
        Some(Critical)
    );
    assert_eq!(world.with(&weak).judge().severity("ESC-BIND"), Some(High));
}

#[test]
fn a_named_account_that_holds_a_high_right_is_not_lowered() {
    let rules = "impersonate serviceaccounts strong";
    let lone = World::new().in_namespace("kube-system", rules);
    assert_eq!(lone.judge().severity("ESC-IMPERSONATE-SA"), Some(High));
    let there = lone.strong_account("kube-system/strong");
    assert_eq!(there.judge().severity("ESC-IMPERSONATE-SA"), Some(Critical));
}

#[test]
fn an_own_name_whose_account_is_stronger_counts_as_intended() {
    let token = own("create serviceaccounts/token op-server");
    assert_eq!(
        token
            .clone()
            .account("app/op-server")
            .judge()
            .severity("ESC-TOKENREQ"),
        Some(Info)
    );
    let stronger = token.strong_account("app/op-server").judge();
    assert_eq!(stronger.severity("ESC-TOKENREQ"), Some(Medium));
}

#[test]
fn an_own_name_is_one_in_the_input_or_named_after_the_installation() {
    let read = |name: &str| World::new().in_namespace("shop", &format!("get secrets {name}"));
    for name in ["op", "op-tls"] {
        let world = read(name).granting_nothing();
        assert_eq!(
            world.judge().severity("ESC-SECRET-READ"),
            Some(Info),
            "{name}"
        );
    }
    for name in ["operational", "ca-key"] {
        let world = read(name).granting_nothing();
        assert_eq!(
            world.judge().severity("ESC-SECRET-READ"),
            Some(Medium),
            "{name}"
        );
    }
    // An object of the installation in its own namespace is not the one of that name elsewhere.
    let secret = "apiVersion: v1\nkind: Secret\nmetadata: {name: ca-key, namespace: app}\n";
    let world = read("ca-key").granting_nothing().with(secret);
    assert_eq!(world.judge().severity("ESC-SECRET-READ"), Some(Medium));
    let world = own("get secrets ca-key").granting_nothing().with(secret);
    assert_eq!(world.judge().severity("ESC-SECRET-READ"), Some(Info));
}

#[test]
fn at_cluster_reach_an_own_name_of_a_namespaced_kind_is_a_name_in_every_namespace() {
    for (rules, id, expected) in [
        ("get secrets op-tls", "ESC-SECRET-READ", Medium),
        ("create pods/exec op", "RUN-EXEC", High),
        (
            "update networkpolicies.networking.k8s.io op",
            "GRD-NP",
            Medium,
        ),
        // A cluster-scoped kind has the one of that name.
        (
            "update storageclasses.storage.k8s.io op",
            "RUN-STORAGE",
            Info,
        ),
    ] {
        assert_eq!(
            World::new().everywhere(rules).judge().severity(id),
            Some(expected),
            "{rules}"
        );
    }
}

#[test]
fn a_kind_that_nobody_serves_is_latent_low_and_never_by_a_wildcard() {
    let named = World::new()
        .everywhere("create applications.argoproj.io")
        .judge();
    assert_eq!(named.severity("ESC-DEPUTY"), Some(Low));
    assert!(named.find("ESC-DEPUTY").unwrap().latent());
    assert!(named.gains().is_empty());
    for rules in [
        "create *.argoproj.io",
        "create *.*",
        "create applications.*",
    ] {
        assert_eq!(
            World::new()
                .everywhere(rules)
                .judge()
                .severity("ESC-DEPUTY"),
            None,
            "{rules}"
        );
    }
    let policies = World::new()
        .everywhere("create podsecuritypolicies.policy")
        .judge();
    assert_eq!(policies.severity("GRD-PSP"), Some(Low));
}

#[test]
fn the_product_that_owns_a_kind_is_not_its_deputy() {
    let owner = World::new()
        .owning("applications.argoproj.io")
        .everywhere("create applications.argoproj.io");
    assert_eq!(owner.judge().severity("ESC-DEPUTY"), Some(Info));
    // But a weaker account of it drives a stronger sibling.
    let sibling = owner.strong_account("app/controller");
    assert_eq!(sibling.judge().severity("ESC-DEPUTY"), Some(Medium));
    let other = World::new()
        .defined("applications.argoproj.io")
        .everywhere("create applications.argoproj.io");
    assert_eq!(other.judge().severity("ESC-DEPUTY"), Some(Critical));
}

#[test]
fn a_namespace_with_an_account_that_is_critical_everywhere_is_protected() {
    let world = World::new()
        .granting_nothing()
        .in_namespace("shop", "get secrets");
    assert_eq!(world.judge().reach("ESC-SECRET-READ"), Some(Reach::Foreign));
    let guarded = world.beside(
        "apiVersion: v1
kind: ServiceAccount
metadata: {name: root, namespace: shop}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: root}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: cluster-admin}
subjects: [{kind: ServiceAccount, name: root, namespace: shop}]
",
    );
    assert_eq!(
        guarded.judge().reach("ESC-SECRET-READ"),
        Some(Reach::Protected)
    );
}
