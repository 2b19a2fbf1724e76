//! Stronger, `†`, names, latent kinds, products' own kinds, ghosts, combinations, folding and
//! gains, as the page has them.

use opsec_model::Gain;
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

#[test]
fn inside_the_rows_of_303_go_to_their_second_rule() {
    let world = World::new()
        .granting_nothing()
        .in_namespace("app", "create serviceaccounts/token");
    assert_eq!(world.judge().find("ESC-TOKENREQ").unwrap().rule, "OPSEC309");
    let world = World::new()
        .granting_nothing()
        .in_namespace("shop", "create serviceaccounts/token");
    let outcome = world.judge();
    let right = outcome.find("ESC-TOKENREQ").unwrap();
    assert_eq!(right.rule, "OPSEC303");
    assert!(right.also.contains("OPSEC309"));
}

#[test]
fn pods_in_the_own_namespace_alone_are_practice_one() {
    assert_eq!(
        own("create pods").judge().find("RUN-POD").unwrap().rule,
        "OPSEC105"
    );
    let both = own("create pods").everywhere("create pods").judge();
    assert_eq!(both.ids(), ["RUN-POD"]);
    assert_eq!(both.rights[0].rule, "OPSEC307");
}

#[test]
fn what_the_baseline_grants_at_that_reach_is_no_finding() {
    let grant = |scope: &str, rule: &str| {
        format!(
            "{{intendedNamespaces: {{names: [tenant]}}, rights: [{{serviceAccount: app/op, scope: {scope}, rules: [{rule}]}}]}}"
        )
    };
    let secrets = "{apiGroups: [\"\"], resources: [secrets], verbs: [get]}";
    let read = World::new().everywhere("get secrets");
    let granted = |world: &World, baseline: String, id: &str| {
        world
            .clone()
            .baseline(&baseline)
            .judge()
            .find(id)
            .unwrap()
            .granted
    };
    assert!(granted(&read, grant("cluster", secrets), "ESC-SECRET-READ"));
    assert!(!granted(
        &read,
        grant("intended", secrets),
        "ESC-SECRET-READ"
    ));
    assert!(!granted(
        &read,
        grant("{namespaces: [shop]}", secrets),
        "ESC-SECRET-READ"
    ));
    let list = World::new().everywhere("get,list secrets");
    assert!(!granted(
        &list,
        grant("cluster", secrets),
        "ESC-SECRET-READ"
    ));
    let inside = World::new().in_namespace("tenant", "get secrets");
    assert!(granted(
        &inside,
        grant("intended", secrets),
        "ESC-SECRET-READ"
    ));
    let own = own("get secrets");
    assert!(granted(&own, grant("own", secrets), "ESC-SECRET-READ"));
    assert!(!granted(
        &own,
        grant("intended", secrets),
        "ESC-SECRET-READ"
    ));
    let paths = World::new().everywhere("get path:/metrics");
    let path = "{nonResourceURLs: [/metrics], verbs: [get]}";
    assert!(granted(&paths, grant("cluster", path), "INF-NONRES"));
    let subresources = World::new().everywhere("patch namespaces/status");
    let status = "{apiGroups: [\"*\"], resources: [\"*/status\"], verbs: [patch]}";
    assert!(granted(
        &subresources,
        grant("cluster", status),
        "GRD-NS-SUB"
    ));
}

#[test]
fn what_the_baseline_grants_is_still_a_gain() {
    let spec = "{rights: [{serviceAccount: app/op, scope: cluster, rules: [{apiGroups: [\"\"], resources: [secrets], verbs: [get]}]}]}";
    let outcome = World::new()
        .everywhere("get secrets")
        .baseline(spec)
        .judge();
    assert!(outcome.find("ESC-SECRET-READ").unwrap().granted);
    assert_eq!(
        outcome.gains().into_iter().collect::<Vec<_>>(),
        [Gain::Secrets]
    );
}

#[test]
fn the_rest_decides_how_grave_a_right_is_that_is_granted_in_part() {
    let world = World::new()
        .in_namespace("tenant", "get secrets")
        .in_namespace("shop", "get secrets")
        .baseline("{intendedNamespaces: {names: [tenant]}, rights: [{serviceAccount: app/op, scope: {namespaces: [shop]}, rules: [{apiGroups: [\"\"], resources: [secrets], verbs: [get]}]}]}");
    let outcome = world.judge();
    let right = outcome.find("ESC-SECRET-READ").unwrap();
    assert_eq!(
        (right.granted, right.severity, right.reach),
        (false, Medium, Reach::Intended)
    );
}

#[test]
fn gains_are_what_is_graded_high() {
    let admission = "admissionregistration.k8s.io";
    for (rules, expected) in [
        ("get secrets".to_owned(), vec![Gain::Secrets]),
        ("create pods".to_owned(), vec![Gain::Pods]),
        ("create pods/exec".to_owned(), vec![Gain::Code]),
        ("get nodes/proxy".to_owned(), vec![Gain::Code, Gain::Nodes]),
        ("create persistentvolumes".to_owned(), vec![Gain::Nodes]),
        (
            format!("patch mutatingwebhookconfigurations.{admission} op"),
            vec![Gain::Guards],
        ),
        (
            format!("patch validatingwebhookconfigurations.{admission}"),
            vec![Gain::Guards],
        ),
        (
            format!("patch validatingwebhookconfigurations.{admission} op"),
            vec![Gain::Secrets],
        ),
        (
            format!("patch validatingwebhookconfigurations.{admission} other"),
            vec![Gain::Guards],
        ),
        (
            "create customresourcedefinitions.apiextensions.k8s.io".to_owned(),
            vec![Gain::Crds],
        ),
        (
            "create ingresses.networking.k8s.io".to_owned(),
            vec![Gain::Traffic],
        ),
        (
            "create serviceaccounts/token".to_owned(),
            vec![Gain::Identities],
        ),
        // Medium and below earn no word.
        ("create namespaces".to_owned(), vec![]),
        ("create services".to_owned(), vec![]),
        ("get pods".to_owned(), vec![]),
    ] {
        let gains: Vec<Gain> = World::new()
            .everywhere(&rules)
            .judge()
            .gains()
            .into_iter()
            .collect();
        assert_eq!(gains, expected, "{rules}");
    }
}

#[test]
fn a_gain_needs_cluster_or_protected_reach() {
    let foreign = World::new()
        .granting_nothing()
        .in_namespace("shop", "get secrets");
    assert!(foreign.judge().gains().is_empty());
    let protected = World::new().in_namespace("kube-system", "get secrets");
    assert!(protected.judge().gains().contains(&Gain::Secrets));
}

#[test]
fn steering_config_maps_weigh_when_they_are_there_live() {
    let map = |name: &str| {
        format!(
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}, namespace: kube-system}}\n"
        )
    };
    let world = World::new().in_namespace("kube-system", "update configmaps");
    for (name, id) in [("coredns", "NET-DNS"), ("aws-auth", "ESC-AWSAUTH")] {
        let there = world.clone().with(&map(name));
        assert_eq!(there.judge().severity(id), Some(Low), "{id} from files");
        assert_eq!(there.live().judge().severity(id), Some(High), "{id} live");
    }
    let elsewhere = World::new()
        .granting_nothing()
        .in_namespace("shop", "update configmaps");
    assert_eq!(elsewhere.judge().severity("NET-DNS"), None);
}

#[test]
fn get_on_exec_is_exec_on_older_servers() {
    let world = World::new().everywhere("get pods/exec");
    assert_eq!(
        world
            .clone()
            .release("1.34.2")
            .live()
            .judge()
            .severity("RUN-EXEC"),
        Some(Critical)
    );
    assert_eq!(
        world
            .clone()
            .release("1.35.0")
            .live()
            .judge()
            .severity("RUN-EXEC"),
        None
    );
    assert_eq!(world.release("1.34.2").judge().severity("RUN-EXEC"), None);
}

#[test]
fn a_deputys_definition_makes_changing_it_critical() {
    let patch = "patch customresourcedefinitions.apiextensions.k8s.io";
    let world = World::new().defined("applications.argoproj.io");
    assert_eq!(
        world
            .clone()
            .everywhere(patch)
            .judge()
            .severity("GRD-CRD-UPDATE"),
        Some(Critical)
    );
    let named = world.everywhere(&format!("{patch} widgets.acme.example"));
    assert_eq!(named.judge().severity("GRD-CRD-UPDATE"), Some(Medium));
}

#[test]
fn a_backend_of_a_webhook_in_reach_makes_endpoints_high() {
    let webhook = "apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingWebhookConfiguration
metadata: {name: guard}
webhooks: [{name: a.b.c, clientConfig: {service: {namespace: guard, name: guard}}, sideEffects: None, admissionReviewVersions: [v1]}]
";
    let world = World::new().granting_nothing().with(webhook);
    let everywhere = world.clone().everywhere("update endpoints");
    assert_eq!(everywhere.judge().severity("NET-EP"), Some(High));
    assert!(everywhere.judge().gains().contains(&Gain::Traffic));
    let there = world.clone().in_namespace("guard", "update endpoints");
    assert_eq!(there.judge().severity("NET-EP"), Some(High));
    let elsewhere = world.in_namespace("shop", "update endpoints");
    assert_eq!(elsewhere.judge().severity("NET-EP"), Some(Medium));
}

#[test]
fn leader_election_in_kube_system_is_no_power() {
    let world = World::new().in_namespace(
        "kube-system",
        "get,update leases.coordination.k8s.io op-leader",
    );
    let outcome = world.judge();
    assert!(
        outcome.flat().iter().all(|right| right.severity == Info),
        "{:?}",
        outcome.ids()
    );
}
