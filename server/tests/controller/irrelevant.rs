//! What has nothing to do with a declaration leaves it alone.

use std::time::Duration;

use opsec_crd::ConditionStatus::False;
use serde_json::{Value, json};

use crate::cluster::cluster;
use crate::operator::Operator;
use crate::process::Controller;

/// Changes of others, and changes of the operator's own objects that grant nothing.
fn changes(operator: &Operator<'_>, number: usize) -> Vec<Value> {
    let name = format!("other-{number}");
    let namespaced = json!({"name": name, "namespace": "default"});
    let metadata = json!({"name": operator.name, "namespace": operator.name});
    let labels = json!({"app": operator.name});
    let image = format!("a:{number}");
    let pod =
        json!({"serviceAccountName": operator.name, "containers": [{"name": "a", "image": image}]});
    let rbac = "rbac.authorization.k8s.io/v1";
    let mut own = operator.cluster_role(&["get"]);
    own["metadata"]["annotations"] = json!({"touched": image});
    vec![
        json!({"apiVersion": rbac, "kind": "ClusterRole", "metadata": {"name": name},
            "rules": [{"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}]}),
        json!({"apiVersion": rbac, "kind": "Role", "metadata": namespaced,
            "rules": [{"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}]}),
        json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": namespaced}),
        json!({"apiVersion": rbac, "kind": "RoleBinding", "metadata": namespaced,
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": name},
            "subjects": [{"kind": "ServiceAccount", "name": name, "namespace": "default"}]}),
        json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": namespaced}),
        own,
        // A new image is no new account.
        json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": {
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": pod}}}),
    ]
}

#[test]
fn what_touches_no_declaration_validates_and_writes_none() {
    let cluster = cluster();
    let operator = Operator::install(&cluster, "quiet");
    let controller = Controller::leading(&cluster);
    let said = || controller.text();
    operator.becomes("Excess", False, &said);
    std::thread::sleep(Duration::from_secs(1));
    let (version, validations) = (operator.resource_version(), controller.validations());
    let writes = controller.said("written").len();
    for number in 0..20 {
        for object in changes(&operator, number) {
            cluster.apply(object);
        }
    }
    std::thread::sleep(Duration::from_secs(2));
    assert_eq!(operator.resource_version(), version, "{}", said());
    assert_eq!(controller.validations(), validations, "{}", said());
    assert_eq!(controller.said("written").len(), writes, "{}", said());
    for number in 0..20 {
        for object in changes(&operator, number).into_iter().take(5) {
            cluster.delete(&object);
        }
    }
}
