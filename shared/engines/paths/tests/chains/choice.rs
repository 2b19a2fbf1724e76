//! Which chain is shown of several, and that the search comes to an end.

use opsec_model::PathEnd::{ClusterAdmin, Guards, Node, Secrets};
use opsec_model::Severity;

use crate::world::World;

#[test]
fn the_shortest_of_equal_chains_is_shown() {
    // As `core/root` in two hops, or at once.
    let world = World::new()
        .everywhere("create serviceaccounts/token")
        .everywhere("* *.*");
    assert_eq!(world.line(ClusterAdmin), "ESC-WILDCARD cluster-admin");
}

#[test]
fn a_longer_chain_that_nothing_cuts_is_shown_before_a_shorter_one_that_is() {
    let world = World::new()
        .within("shop", "create pods")
        .within("core", "create serviceaccounts/token step")
        .running("core/step", "")
        .granted("core/step", None, "get nodes/proxy");
    assert_eq!(
        world.line(Node),
        "ESC-TOKENREQ core/step, RUN-NODEPROXY node"
    );
    assert!(!world.chain(Node).unwrap().cut);
}

#[test]
fn the_worst_of_chains_to_one_end_is_shown() {
    let of = |rules: &str| World::new().everywhere(rules).chain(Guards).unwrap();
    let lesser = "patch networkpolicies.networking.k8s.io";
    let worse = "patch mutatingwebhookconfigurations.admissionregistration.k8s.io";
    assert_eq!(of(lesser).severity, Severity::High);
    for both in [format!("{lesser}; {worse}"), format!("{worse}; {lesser}")] {
        let shown = of(&both);
        assert_eq!(shown.severity, Severity::Critical);
        assert_eq!(shown.hops[0].right.as_deref(), Some("GRD-WEBHOOK"));
    }
}

#[test]
fn accounts_that_may_become_each_other_end_the_search() {
    let world = World::new()
        .within("shop", "create serviceaccounts/token web")
        .granted("shop/web", Some("shop"), "create serviceaccounts/token a")
        .running("shop/a", "")
        .granted("shop/a", Some("shop"), "create serviceaccounts/token web,b")
        .granted("shop/a", Some("app"), "create serviceaccounts/token op")
        .running("shop/b", "")
        .granted("shop/b", None, "get secrets")
        .granted("shop/b", Some("shop"), "create serviceaccounts/token a");
    assert_eq!(
        world.line(Secrets),
        "ESC-TOKENREQ shop/web, ESC-TOKENREQ shop/a, ESC-TOKENREQ shop/b, ESC-SECRET-READ secret"
    );
}

#[test]
fn nobody_is_twice_in_one_chain() {
    let world = World::new()
        .within("shop", "create serviceaccounts/token,pods,pods/exec")
        .granted(
            "shop/web",
            None,
            "create serviceaccounts/token,pods,pods/exec,secrets; get secrets,nodes/proxy",
        );
    for chain in world.chains() {
        let mut actors: Vec<_> = chain.hops.iter().map(|hop| &hop.from).collect();
        let all = actors.len();
        actors.sort();
        actors.dedup();
        assert_eq!(actors.len(), all, "{chain:?}");
    }
}

#[test]
fn hops_follow_one_another() {
    let world = World::new()
        .within("shop", "create serviceaccounts/token")
        .granted("shop/web", None, "get nodes/proxy");
    let chain = world.chain(ClusterAdmin).unwrap();
    assert_eq!(chain.hops.len(), 4);
    for pair in chain.hops.windows(2) {
        assert_eq!(pair[0].to, pair[1].from);
    }
}

#[test]
fn who_holds_nothing_has_no_chain() {
    assert!(World::new().chains().is_empty());
}

#[test]
fn the_order_of_objects_changes_nothing() {
    let first = "create serviceaccounts/token,pods,pods/exec";
    let second = "get secrets,nodes/proxy";
    let one = World::new()
        .running("shop/z", "")
        .running("shop/a", "")
        .granted("shop/z", None, second)
        .granted("shop/a", None, second)
        .within("shop", first);
    let other = World::new()
        .running("shop/a", "")
        .running("shop/z", "")
        .granted("shop/a", None, second)
        .granted("shop/z", None, second)
        .within("shop", first);
    let lines = |world: &World| {
        let chains = world.chains();
        chains.iter().map(crate::world::line).collect::<Vec<_>>()
    };
    assert!(!lines(&one).is_empty());
    assert_eq!(lines(&one), lines(&other));
}
