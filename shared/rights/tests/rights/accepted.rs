//! The baseline, gains, and what only some snapshots have, as the page has them.

use opsec_model::Gain;
use opsec_model::Reach;
use opsec_model::Severity::{Critical, High, Info, Low, Medium};

use crate::world::World;

fn own(rules: &str) -> World {
    World::new().in_namespace("app", rules)
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
