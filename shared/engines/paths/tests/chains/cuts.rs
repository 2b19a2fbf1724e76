//! What cuts a hop, and what does not.

use opsec_model::PathEnd::{ClusterAdmin, Guards, Node, Secrets, Workloads};
use opsec_model::Severity;

use crate::world::World;

#[test]
fn pod_security_cuts_the_way_to_a_node() {
    let world = World::new().within("shop", "create pods");
    let chain = world.chain(Node).unwrap();
    assert!(chain.cut);
    assert_eq!(world.line(Node), "RUN-POD node cut by 4");
    let reason = chain.hops[0].reason.as_deref();
    assert_eq!(reason, Some("namespace shop enforces restricted"));
}

#[test]
fn a_namespace_without_the_label_cuts_nothing_and_the_practice_is_named_all_the_same() {
    let world = World::new()
        .unlabelled("shop")
        .within("shop", "create pods");
    let chain = world.chain(Node).unwrap();
    assert!(!chain.cut);
    assert_eq!(chain.hops[0].practice, Some(4));
}

#[test]
fn of_all_namespaces_the_one_that_holds_the_least_decides() {
    let everywhere = World::without_administrator().everywhere("patch pods/ephemeralcontainers");
    assert_eq!(everywhere.line(Node), "RUN-EPHEMERAL node cut by 4");
    let one_open = everywhere.unlabelled("shop");
    assert_eq!(one_open.line(Node), "RUN-EPHEMERAL node");
}

#[test]
fn whoever_becomes_someone_that_may_lift_the_cut_is_not_cut() {
    // An administrator with a pod, and a controller of the API server by a pod of one's own.
    for (rules, expected) in [
        (
            "patch pods/ephemeralcontainers",
            "RUN-EPHEMERAL core/root, GRD-NS-PATCH namespace, ",
        ),
        ("create pods", "RUN-POD core/root, GRD-NS-PATCH namespace, "),
    ] {
        let found = World::new().everywhere(rules).line(Node);
        assert!(found.starts_with(expected), "{found}");
        assert!(!found.contains("cut"), "{found}");
    }
    let controller = World::without_administrator().within("kube-system", "create pods");
    let found = controller.line(Node);
    let expected = "RUN-POD kube-system/generic-garbage-collector, GRD-NS-PATCH namespace, ";
    assert!(found.starts_with(expected), "{found}");
}

#[test]
fn a_cut_that_the_operator_may_lift_is_none() {
    for (lifting, right) in [
        ("patch namespaces", "GRD-NS-PATCH"),
        ("patch namespaces/status", "GRD-NS-SUB"),
        ("patch namespaces shop", "GRD-NS-PATCH"),
    ] {
        let world = World::new()
            .within("shop", "create pods")
            .everywhere(lifting);
        let expected = format!("{right} namespace, RUN-POD node");
        let found = world.line(Node).replace("shop, RUN", "namespace, RUN");
        assert_eq!(found, expected, "{lifting}");
        assert!(!world.chain(Node).unwrap().cut, "{lifting}");
    }
}

#[test]
fn a_cut_of_another_namespace_than_may_be_changed_stays() {
    let world = World::new()
        .within("shop", "create pods")
        .everywhere("patch namespaces core");
    assert_eq!(world.line(Node), "RUN-POD node cut by 4");
}

#[test]
fn a_new_namespace_holds_no_pods_but_only_who_may_start_them_there_gains_by_it() {
    let anywhere = World::new().everywhere("create pods,namespaces");
    assert_eq!(anywhere.line(Node), "GRD-NS-CREATE namespace, RUN-POD node");
    let in_one = World::new()
        .within("shop", "create pods")
        .everywhere("create namespaces");
    assert_eq!(in_one.line(Node), "RUN-POD node cut by 4");
}

#[test]
fn pods_that_their_namespace_refuses_do_not_run() {
    let privileged = "containers: [{name: c, image: c, securityContext: {privileged: true}}]";
    assert_eq!(
        World::with_pods(privileged).line(Node),
        "OPSEC314 node cut by 4"
    );
}

#[test]
fn without_an_api_token_every_right_of_the_pod_is_cut_by_practice_two() {
    let world = World::new()
        .everywhere("get secrets,nodes/proxy; create serviceaccounts/token")
        .severed("its pods mount no API token");
    let chains = world.chains();
    assert!(!chains.is_empty());
    for chain in chains {
        assert!(chain.cut);
        assert!(chain.hops[0].cut);
        assert_eq!(chain.hops[0].practice, Some(2));
        assert!(chain.hops[1..].iter().all(|hop| !hop.cut));
    }
}

#[test]
fn without_an_api_token_what_the_pod_itself_reaches_is_not_cut() {
    let privileged = "containers: [{name: c, image: c, securityContext: {privileged: true}}]";
    let world = World::with_pods(privileged)
        .unlabelled("app")
        .severed("its pods mount no API token");
    assert!(!world.chain(Node).unwrap().cut);
}

#[test]
fn what_is_nobody_elses_is_cut_by_practice_three() {
    for (rules, end) in [("get secrets", Secrets), ("create pods/exec", Workloads)] {
        // Its own namespace, and one that its Role says it is meant to work in.
        for namespace in ["app", "shop"] {
            let found = World::new().within(namespace, rules).line(end);
            assert!(found.ends_with("cut by 3"), "{found}");
        }
        let foreign = World::new().within("shop", rules).meant_for("tenant");
        assert!(!foreign.chain(end).unwrap().cut, "{rules}");
    }
    // What guards the own namespace guards others from the operator.
    let own = World::new().within("app", "patch namespaces");
    let chain = own.chain(Guards).unwrap();
    assert!(!chain.cut);
    assert_eq!(chain.hops[0].right.as_deref(), Some("GRD-NS-PATCH"));
}

#[test]
fn a_granting_baseline_and_an_accepted_finding_cut_nothing() {
    let world = World::new().everywhere("create serviceaccounts/token");
    let expected = world.chains();
    assert!(!expected.is_empty());
    let granting = "{rights: [{serviceAccount: app/op, scope: cluster, rules: [{apiGroups: [''], resources: [serviceaccounts/token], verbs: [create]}]}]}";
    for spec in [
        granting,
        "{exemptions: [{rule: OPSEC303, reason: known, owner: someone, expires: '2999-01-01'}]}",
    ] {
        let found = world.clone().baseline(spec).chain(ClusterAdmin).unwrap();
        assert!(!found.cut, "{spec}");
        assert_eq!(found.severity, Severity::Critical);
        assert_eq!(found.hops, expected[0].hops, "{spec}");
    }
}

#[test]
fn a_node_whose_pods_hold_nothing_is_an_end_and_no_way_further() {
    let world = World::new()
        .within("shop", "create pods/exec")
        .running(
            "shop/agent",
            "hostPID: true, containers: [{name: c, image: c, securityContext: {privileged: true}}]",
        )
        .unlabelled("shop");
    assert_eq!(world.line(Node), "RUN-EXEC node");
}
