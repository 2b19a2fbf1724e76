//! Of several replicas one writes, and another takes over.

use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use opsec_crd::ConditionStatus::{False, True};
use serde_json::json;

use crate::cluster::cluster;
use crate::operator::Operator;
use crate::process::Controller;

/// How long the Lease is believed of one that was killed, and until another tries.
const TAKEN_OVER: Duration = Duration::from_secs(6);

#[test]
fn another_replica_takes_over_when_the_leader_is_killed_and_at_once_when_it_ends() {
    let cluster = cluster();
    let operator = Operator::install(&cluster, "twin");
    let first = Controller::leading(&cluster);
    let second = Controller::start(&cluster);
    second.says("ready", "");
    let both = || format!("{}\n--\n{}", first.text(), second.text());
    operator.becomes("Excess", False, &both);
    assert!(second.said("leading").is_empty(), "{}", both());
    assert!(second.said("looked").is_empty(), "{}", both());

    first.signal(Signal::SIGKILL);
    cluster.apply(operator.cluster_role(&["get", "list"]));
    let killed = Instant::now();
    operator.becomes("Excess", True, &both);
    println!("taken over {:?} after a kill", killed.elapsed());
    assert!(killed.elapsed() < TAKEN_OVER, "{}", both());

    let third = Controller::start(&cluster);
    third.says("ready", "");
    second.signal(Signal::SIGTERM);
    cluster.apply(operator.cluster_role(&["get"]));
    let ended = Instant::now();
    operator.becomes("Excess", False, &both);
    println!("taken over {:?} after an end", ended.elapsed());
    assert!(ended.elapsed() < Duration::from_secs(3), "{}", third.text());
    assert!(!second.said("lease_released").is_empty(), "{}", both());
}

#[test]
fn who_loses_the_lease_stops_at_once_and_goes_on_when_nobody_renews_it() {
    let cluster = cluster();
    let operator = Operator::install(&cluster, "robbed");
    let controller = Controller::leading(&cluster);
    let text = || controller.text();
    operator.becomes("Excess", False, &text);
    let led = controller.said("leading").len();
    // Someone else holds it, and does not renew it.
    cluster.apply(json!({
        "apiVersion": "coordination.k8s.io/v1", "kind": "Lease",
        "metadata": {"name": "opsec-controller", "namespace": "opsec-controller"},
        "spec": {"holderIdentity": "another", "leaseDurationSeconds": 5},
    }));
    controller.says("following", "");
    let looked = controller.said("looked").len();
    cluster.apply(operator.cluster_role(&["get", "list"]));
    std::thread::sleep(Duration::from_secs(3));
    assert_eq!(controller.said("looked").len(), looked, "{}", text());
    assert_eq!(controller.said("leading").len(), led, "{}", text());
    operator.becomes("Excess", True, &text);
    assert_eq!(controller.said("leading").len(), led + 1, "{}", text());
}
