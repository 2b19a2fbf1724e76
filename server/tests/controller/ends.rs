//! However it ends, it goes on from there.

use std::process::Command;

use nix::sys::signal::Signal;
use opsec_crd::ConditionStatus::{False, True};

use crate::cluster::cluster;
use crate::operator::Operator;
use crate::process::Controller;

#[test]
fn killed_in_the_middle_it_catches_up_and_writes_nothing_twice() {
    let cluster = cluster();
    let operator = Operator::install(&cluster, "phoenix");
    let first = Controller::leading(&cluster);
    operator.becomes("Excess", False, &|| first.text());
    cluster.apply(operator.cluster_role(&["get", "list"]));
    // Whatever it was about to do it does not do.
    first.signal(Signal::SIGKILL);
    let second = Controller::leading(&cluster);
    operator.becomes("Excess", True, &|| second.text());
    second.signal(Signal::SIGKILL);
    let before = operator.resource_version();
    let third = Controller::leading(&cluster);
    assert_eq!(operator.resource_version(), before, "{}", third.text());
    cluster.apply(operator.cluster_role(&["get"]));
    operator.becomes("Excess", False, &|| third.text());
}

#[test]
fn asked_to_end_it_says_so_and_ends_well() {
    let cluster = cluster();
    let mut controller = Controller::leading(&cluster);
    let address = controller.health();
    let serves = || {
        let server = format!("http://{address}");
        Command::new(env!("CARGO_BIN_EXE_opsec-server"))
            .args(["health", "--server", &server])
            .output()
            .unwrap()
    };
    let healthy = serves();
    assert!(healthy.status.success(), "{healthy:?}");
    controller.signal(Signal::SIGTERM);
    assert!(controller.end().success(), "{}", controller.text());
    assert!(!controller.said("lease_released").is_empty());
    assert!(!serves().status.success());
}

#[test]
fn health_is_told_on_loopback_alone() {
    let output = Command::new(env!("CARGO_BIN_EXE_opsec-server"))
        .args(["controller", "--health", "0.0.0.0:0"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(4), "{output:?}");
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("not on loopback"), "{said}");
}
