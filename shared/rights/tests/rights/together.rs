//! Ghosts, combinations and folding, as the page has them.

use opsec_model::Gain;
use opsec_model::Reach;
use opsec_model::Severity::{Critical, High, Low, Medium};

use crate::world::World;

const RBAC: &str = "rbac.authorization.k8s.io";

fn own(rules: &str) -> World {
    World::new().in_namespace("app", rules)
}

#[test]
fn a_ghost_inherits_what_its_binding_grants() {
    let door = "create serviceaccounts; create serviceaccounts/token";
    let ghost = own(door).everywhere_for("app/gone", "* *.*");
    let outcome = ghost.judge();
    assert_eq!(outcome.severity("ESC-GHOST"), Some(Critical));
    assert_eq!(outcome.reach("ESC-GHOST"), Some(Reach::Cluster));
    assert_eq!(outcome.find("ESC-GHOST").unwrap().rule, "OPSEC305");
    assert!(outcome.gains().contains(&Gain::Identities));
    let weaker = own(door).everywhere_for("app/gone", "create services");
    assert_eq!(weaker.judge().severity("ESC-GHOST"), Some(Medium));
    // Its own namespace is what it is seen from.
    let home = own(door).in_namespace_for("app/gone", "app", "get secrets");
    assert_eq!(home.judge().severity("ESC-GHOST"), None);
}

#[test]
fn no_ghost_where_the_account_is_there_or_cannot_be_made_or_used() {
    let gone = |world: World| world.everywhere_for("app/gone", "* *.*").judge();
    let door = "create serviceaccounts; create serviceaccounts/token";
    assert_eq!(
        gone(own(door).account("app/gone")).severity("ESC-GHOST"),
        None
    );
    assert_eq!(
        gone(own("create serviceaccounts/token")).severity("ESC-GHOST"),
        None
    );
    assert_eq!(
        gone(own("create serviceaccounts")).severity("ESC-GHOST"),
        None
    );
    let elsewhere = World::new().in_namespace("shop", door);
    assert_eq!(gone(elsewhere).severity("ESC-GHOST"), None);
    // A `default` account always exists.
    let default = own(door).everywhere_for("app/default", "* *.*");
    assert_eq!(default.judge().severity("ESC-GHOST"), None);
}

#[test]
fn combinations_raise_a_part_in_its_own_rule() {
    for (rules, id, expected, rule) in [
        (
            "get secrets; create pods",
            "ESC-SECRET-READ",
            Critical,
            "OPSEC306",
        ),
        (
            "patch secrets; create jobs.batch",
            "ESC-SECRET-REVEAL",
            Critical,
            "OPSEC306",
        ),
        (
            "create persistentvolumes,persistentvolumeclaims,pods",
            "RUN-PV",
            Critical,
            "OPSEC310",
        ),
        (
            "patch namespaces; create pods",
            "GRD-NS-PATCH",
            Critical,
            "OPSEC402",
        ),
        (
            "patch namespaces/status; patch pods/ephemeralcontainers",
            "GRD-NS-SUB",
            Critical,
            "OPSEC402",
        ),
        (
            "create namespaces; create deployments.apps",
            "GRD-NS-CREATE",
            Critical,
            "OPSEC402",
        ),
        (
            "delete pods; patch nodes",
            "RUN-DELETE-POD",
            High,
            "OPSEC310",
        ),
        (
            "create pods/eviction; patch nodes/status",
            "RUN-NODE-STATUS",
            High,
            "OPSEC310",
        ),
    ] {
        let outcome = World::new().everywhere(rules).judge();
        assert_eq!(outcome.severity(id), Some(expected), "{rules}");
        assert_eq!(outcome.find(id).unwrap().rule, rule, "{rules}");
    }
}

#[test]
fn combinations_need_both_parts_where_they_meet() {
    let apart = |a: &str, b: &str| World::new().everywhere(a).in_namespace("app", b).judge();
    assert_eq!(
        apart("get secrets", "create pods").severity("ESC-SECRET-READ"),
        Some(High)
    );
    assert_eq!(
        apart("create namespaces", "create pods").severity("GRD-NS-CREATE"),
        Some(Medium)
    );
    // The pod and the claim must be in one namespace; a PersistentVolume has none.
    let volume = apart(
        "create persistentvolumes",
        "create persistentvolumeclaims,pods",
    );
    assert_eq!(volume.severity("RUN-PV"), Some(Critical));
    let claims = World::new()
        .everywhere("create persistentvolumes")
        .in_namespace("shop", "create persistentvolumeclaims")
        .in_namespace("app", "create pods");
    assert_eq!(claims.judge().severity("RUN-PV"), Some(High));
    // In its own namespace alone the namespace write and the pods are high.
    let own = own("patch namespaces; create pods");
    assert_eq!(own.judge().severity("GRD-NS-PATCH"), Some(High));
    let other = World::new()
        .granting_nothing()
        .in_namespace("app", "patch namespaces")
        .in_namespace("shop", "create pods");
    assert_eq!(other.judge().severity("GRD-NS-PATCH"), Some(Medium));
}

#[test]
fn creating_secrets_and_reading_one_free_name_mints_a_token() {
    let rules = "create secrets; get secrets op-ca";
    let free = own(rules).strong_account("app/strong");
    assert_eq!(free.judge().severity("ESC-SECRET-WRITE"), Some(Medium));
    assert_eq!(
        free.judge().find("ESC-SECRET-WRITE").unwrap().rule,
        "OPSEC309"
    );
    let everywhere = World::new().everywhere(rules).judge();
    assert_eq!(everywhere.severity("ESC-SECRET-WRITE"), Some(Critical));
    assert_eq!(
        everywhere.find("ESC-SECRET-WRITE").unwrap().rule,
        "OPSEC303"
    );
    // A name that is taken cannot be created, and is no token.
    let taken =
        free.with("apiVersion: v1\nkind: Secret\nmetadata: {name: op-ca, namespace: app}\n");
    assert!(
        taken
            .judge()
            .severity("ESC-SECRET-WRITE")
            .is_none_or(|found| found <= Low)
    );
}

#[test]
fn a_token_secret_of_a_stronger_account_in_reach_makes_reading_critical() {
    let token = |namespace: &str| {
        format!(
            "apiVersion: v1\nkind: Secret\ntype: kubernetes.io/service-account-token\nmetadata: {{name: t, namespace: {namespace}, annotations: {{kubernetes.io/service-account.name: strong}}}}\n"
        )
    };
    let world = World::new().granting_nothing().everywhere("get secrets");
    let strong = |world: World, namespace: &str| {
        let account = format!("{namespace}/strong");
        world
            .account(&account)
            .everywhere_for(&account, "create pods/exec")
            .with(&token(namespace))
    };
    assert_eq!(
        strong(world, "kube-system")
            .judge()
            .severity("ESC-SECRET-READ"),
        Some(Critical)
    );
    let bootstrap = "apiVersion: v1\nkind: Secret\ntype: bootstrap.kubernetes.io/token\nmetadata: {name: b, namespace: kube-system}\n";
    let reach = World::new()
        .in_namespace("kube-system", "list secrets")
        .with(bootstrap);
    assert_eq!(reach.judge().severity("ESC-SECRET-READ"), Some(Critical));
    let foreign = World::new()
        .granting_nothing()
        .in_namespace("shop", "list secrets")
        .with(bootstrap);
    assert_eq!(foreign.judge().severity("ESC-SECRET-READ"), Some(High));
}

#[test]
fn pairs_are_one_finding_where_the_first_reaches_as_far() {
    for (rules, lesser, host) in [
        ("get,update secrets", "ESC-SECRET-MOD", "ESC-SECRET-READ"),
        (
            "patch,delete mutatingwebhookconfigurations.admissionregistration.k8s.io",
            "GRD-WEBHOOK-DEL",
            "GRD-WEBHOOK",
        ),
        (
            "patch,delete validatingwebhookconfigurations.admissionregistration.k8s.io",
            "GRD-WEBHOOK-DEL",
            "GRD-VWEBHOOK",
        ),
        (
            "patch namespaces,namespaces/status",
            "GRD-NS-SUB",
            "GRD-NS-PATCH",
        ),
        ("patch nodes,nodes/status", "RUN-NODE-STATUS", "RUN-NODE"),
        (
            "patch customresourcedefinitions,customresourcedefinitions/status.apiextensions.k8s.io",
            "GRD-CRD-STATUS",
            "GRD-CRD-UPDATE",
        ),
        (
            "create pods; create deployments.apps",
            "RUN-WORKLOAD",
            "RUN-POD",
        ),
        ("update configmaps", "NET-DNS", "ESC-AWSAUTH"),
    ] {
        let outcome = World::new().everywhere(rules).judge();
        assert!(
            !outcome.ids().contains(&lesser),
            "{rules}: {:?}",
            outcome.ids()
        );
        assert!(
            outcome.ids().contains(&host),
            "{rules}: {:?}",
            outcome.ids()
        );
        assert!(outcome.severity(lesser).is_some(), "{rules}");
    }
    let apart = World::new()
        .granting_nothing()
        .in_namespace("app", "get secrets")
        .everywhere("update secrets")
        .judge();
    assert!(apart.ids().contains(&"ESC-SECRET-MOD"), "{:?}", apart.ids());
}

#[test]
fn every_grant_of_an_id_is_one_finding_graded_by_the_worst() {
    let outcome = World::new()
        .granting_nothing()
        .in_namespace("shop", "get secrets")
        .in_namespace("kube-system", "get secrets")
        .in_namespace("tenant", "list secrets")
        .judge();
    assert_eq!(outcome.ids(), ["ESC-SECRET-READ"]);
    let right = outcome.find("ESC-SECRET-READ").unwrap();
    assert_eq!(
        (right.severity, right.reach, right.hits.len()),
        (High, Reach::Protected, 3)
    );
}

#[test]
fn everything_by_one_rule_is_one_finding_whatever_its_verbs() {
    for rules in [
        "* *.*",
        "get,patch,delete *.*",
        "create *.*",
        "get,list,watch *.*",
    ] {
        let outcome = World::new().everywhere(rules).judge();
        assert_eq!(outcome.rights.len(), 1, "{rules}: {:?}", outcome.ids());
        let host = &outcome.rights[0];
        assert!(host.container && host.also.contains("OPSEC304"), "{rules}");
        assert!(!host.folded.is_empty(), "{rules}");
    }
    let outcome = World::new().everywhere("get,patch,delete *.*").judge();
    for rule in ["OPSEC306", "OPSEC308", "OPSEC403", "OPSEC502"] {
        let host = &outcome.rights[0];
        assert!(
            host.rule == rule || host.also.contains(rule),
            "{rule}: {:?}",
            host.also
        );
    }
    // A wildcard of one side is not everything.
    for rules in ["* *", "get pods.*"] {
        let outcome = World::new().everywhere(rules).judge();
        assert!(
            outcome.rights.iter().all(|right| !right.container),
            "{rules}"
        );
    }
}

#[test]
fn what_the_same_role_gives_besides_is_folded_at_no_more_weight() {
    let outcome = World::new().everywhere("* *.*; get path:/debug/*").judge();
    assert_eq!(outcome.ids(), ["ESC-WILDCARD"]);
    let outcome = World::new()
        .everywhere("* *.*")
        .everywhere("get path:/debug/*")
        .judge();
    assert_eq!(outcome.ids(), ["ESC-WILDCARD", "INF-NONRES"]);
    // Listing everything is high; approving certificates by the same role weighs more.
    let outcome = World::new()
        .everywhere("list *.*; create serviceaccounts/token")
        .judge();
    assert!(
        outcome.ids().contains(&"ESC-TOKENREQ"),
        "{:?}",
        outcome.ids()
    );
}

#[test]
fn administrators_roles_are_one_finding_at_their_reach() {
    for (role, namespace, expected, reach) in [
        ("cluster-admin", None, Critical, Reach::Cluster),
        ("admin", None, Critical, Reach::Cluster),
        ("edit", None, Critical, Reach::Cluster),
        (
            "cluster-admin",
            Some("kube-system"),
            Critical,
            Reach::Protected,
        ),
        ("admin", Some("shop"), High, Reach::Foreign),
        ("edit", Some("tenant"), Medium, Reach::Intended),
        ("cluster-admin", Some("app"), Medium, Reach::Own),
    ] {
        // With a baseline that names no rights: the inner columns of 303 speak all the same.
        let outcome = World::new()
            .intending_tenant()
            .bound(role, namespace)
            .judge();
        assert_eq!(
            outcome.rights.len(),
            1,
            "{role} {namespace:?}: {:?}",
            outcome.ids()
        );
        let right = &outcome.rights[0];
        assert_eq!(
            (right.id, right.rule),
            ("ESC-ADMIN-BOUND", "OPSEC303"),
            "{role}"
        );
        assert_eq!(
            (right.severity, right.reach),
            (expected, reach),
            "{role} {namespace:?}"
        );
    }
}

#[test]
fn of_view_only_what_the_files_aggregate_into_it_counts() {
    let bare = World::new().bound("view", None).judge();
    assert_eq!(bare.ids(), ["BOUND-VIEW"]);
    assert_eq!(bare.severity("BOUND-VIEW"), Some(Low));
    assert_eq!(bare.find("BOUND-VIEW").unwrap().rule, "OPSEC318");
    let aggregated = World::new()
        .bound("view", None)
        .with(&format!(
            "apiVersion: {RBAC}/v1\nkind: ClusterRole\nmetadata: {{name: more, labels: {{rbac.authorization.k8s.io/aggregate-to-view: \"true\"}}}}\nrules: [{{apiGroups: [\"\"], resources: [secrets], verbs: [get]}}]\n"
        ))
        .judge();
    assert_eq!(aggregated.severity("ESC-SECRET-READ"), Some(High));
    assert_eq!(aggregated.severity("GRD-PODLOG"), None);
}

#[test]
fn handing_on_is_low_when_there_is_nothing_strong_to_hand_on() {
    let rules = format!("create rolebindings.{RBAC}");
    assert_eq!(
        World::new()
            .everywhere(&rules)
            .judge()
            .severity("ESC-RB-WRITE"),
        Some(Low)
    );
    let strong = World::new().everywhere(&rules).everywhere("get secrets");
    assert_eq!(strong.judge().severity("ESC-RB-WRITE"), Some(Medium));
}

#[test]
fn a_role_suffices_to_bind_cluster_roles_in_its_namespace() {
    let rules = format!("bind clusterroles.{RBAC}; create rolebindings.{RBAC}");
    let outcome = World::new().in_namespace("kube-system", &rules).judge();
    assert_eq!(outcome.severity("ESC-BIND"), Some(Critical));
    assert_eq!(outcome.reach("ESC-BIND"), Some(Reach::Protected));
    // ClusterRoleBindings are not written by it.
    let rules = format!("bind clusterroles.{RBAC}; create clusterrolebindings.{RBAC}");
    let outcome = World::new().in_namespace("kube-system", &rules).judge();
    assert_eq!(outcome.severity("ESC-BIND"), Some(Low));
}
