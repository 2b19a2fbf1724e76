//! What is shipped keeps an operator from its own declaration, and the controller from its own.

use std::time::{Duration, Instant};

use kube::Api;
use kube::api::{DeleteParams, Patch, PatchParams};
use opsec_crd::OperatorRights;
use serde_json::{Value, json};

use crate::cluster::{PATIENCE, cluster, runtime, try_apply};
use crate::operator::Operator;
use crate::process::Controller;

fn everything(subject: &Value) -> Value {
    json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding",
        "metadata": {"name": "everything"},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "cluster-admin"},
        "subjects": [subject]})
}

/// The policy denies it, and not RBAC.
fn refused(answer: Result<(), kube::Error>, by: &str) {
    match answer {
        Err(kube::Error::Api(status)) => {
            assert!(status.message.contains(by), "{}", status.message);
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_operator_that_may_do_everything_does_not_change_its_own_declaration() {
    let cluster = cluster();
    let operator = Operator::install(&cluster, "selfish");
    let bystander = Operator::install(&cluster, "bystander");
    let binding = everything(&operator.account());
    cluster.apply(binding.clone());
    let client = cluster.client_of("selfish", "selfish");
    let api: Api<OperatorRights> = Api::all(client.clone());
    let policy = "operators-do-not-declare-themselves";
    let parameters = PatchParams::default();
    let merge = |patch: &Value| {
        let patch = Patch::Merge(patch);
        let patched = api.patch("selfish", &parameters, &patch);
        runtime().block_on(patched).map(|_| ())
    };
    // A policy that was applied a moment ago holds a moment later.
    let began = Instant::now();
    while merge(&json!({"spec": {"mode": "Audit"}})).is_ok() {
        assert!(began.elapsed() < PATIENCE, "the policy does not hold");
        std::thread::sleep(Duration::from_millis(100));
    }
    for rights in [
        json!([]),
        json!(null),
        operator.declaration()["spec"]["rights"].clone(),
    ] {
        refused(
            merge(&json!({"spec": {"mode": "Enforce", "rights": rights}})),
            policy,
        );
    }
    let status = Patch::Merge(json!({"status": {"conditions": []}}));
    let patched = api.patch_status("selfish", &parameters, &status);
    refused(runtime().block_on(patched).map(|_| ()), policy);
    let delete = DeleteParams::default();
    let deleted = api.delete("selfish", &delete);
    refused(runtime().block_on(deleted).map(|_| ()), policy);
    let mut more = operator.declaration();
    more["metadata"]["name"] = json!("selfish-more");
    refused(try_apply(&client, &more), policy);
    // It is not kept from what is others', and others are not kept from anything.
    let mut theirs = bystander.declaration();
    theirs["spec"]["mode"] = json!("Enforce");
    try_apply(&client, &theirs).unwrap();
    cluster.apply(operator.declaration());
    cluster.delete(&binding);
}

#[test]
fn the_controller_does_not_say_of_itself_that_it_is_well() {
    let cluster = cluster();
    let controller = Controller::leading(&cluster);
    let said = controller.says("write_failed", "opsec-controller");
    let by = [
        "operators-do-not-declare-themselves",
        "opsec-controller-writes-statuses-alone",
    ];
    let message = said["message"].as_str().unwrap();
    assert!(
        by.iter().any(|policy| message.contains(policy)),
        "{message}"
    );
    // It is told once, and not asked for again and again.
    std::thread::sleep(std::time::Duration::from_secs(3));
    assert_eq!(
        controller.said("write_failed").len(),
        1,
        "{}",
        controller.text()
    );
}
