//! Each permission that is shipped is needed: without it the controller says which is missing, and
//! nothing is validated that could not be read whole.

use opsec_crd::ConditionStatus::{False, True, Unknown};
use serde_json::{Value, json};

use crate::cluster::{Cluster, cluster, shipped};
use crate::operator::Operator;
use crate::process::Controller;

/// A permission of a shipped role.
struct Permission {
    role: Value,
    group: String,
    resource: String,
    verb: String,
}

/// Every permission of the shipped roles.
fn permissions() -> Vec<Permission> {
    let is_role =
        |object: &Value| ["ClusterRole", "Role"].contains(&object["kind"].as_str().unwrap());
    let words = |list: &Value| -> Vec<String> {
        let words = list.as_array().unwrap().iter();
        words
            .map(|word| word.as_str().unwrap().to_owned())
            .collect()
    };
    let mut all = Vec::new();
    for role in shipped().into_iter().filter(is_role) {
        for rule in role["rules"].as_array().unwrap() {
            for resource in words(&rule["resources"]) {
                for verb in words(&rule["verbs"]) {
                    all.push(Permission {
                        role: role.clone(),
                        group: words(&rule["apiGroups"])[0].clone(),
                        resource: resource.clone(),
                        verb,
                    });
                }
            }
        }
    }
    all
}

impl Permission {
    /// Its role without it.
    fn without(&self) -> Value {
        let mut role = self.role.clone();
        let mut rules = Vec::new();
        for rule in self.role["rules"].as_array().unwrap() {
            for resource in rule["resources"].as_array().unwrap() {
                let mut rest = rule.clone();
                rest["resources"] = json!([resource]);
                let group = rule["apiGroups"][0].as_str().unwrap();
                if group == self.group && resource == &json!(self.resource) {
                    let verbs = rest["verbs"].as_array_mut().unwrap();
                    verbs.retain(|verb| verb != &json!(self.verb));
                }
                if !rest["verbs"].as_array().unwrap().is_empty() {
                    rules.push(rest);
                }
            }
        }
        role["rules"] = json!(rules);
        role
    }

    /// As it is said to be missing.
    fn named(&self) -> String {
        if self.group.is_empty() {
            format!("{} {}", self.verb, self.resource)
        } else {
            format!("{} {}.{}", self.verb, self.resource, self.group)
        }
    }

    /// What says so.
    fn is_missed(&self, cluster: &Cluster, operator: &Operator<'_>) {
        match (self.resource.as_str(), self.verb.as_str()) {
            // Without the declarations there is none to write into.
            ("operatorrights", _) => {
                let controller = Controller::start(cluster);
                controller.says("not_known", &self.named());
            }
            (_, "list" | "watch") => {
                let controller = Controller::leading(cluster);
                let said = || controller.text();
                operator.says("Validated", &self.named(), &said);
                operator.becomes("Validated", Unknown, &said);
                operator.becomes("Excess", Unknown, &said);
            }
            ("operatorrights/status", _) => {
                widen_and_narrow(cluster, operator, &|controller| {
                    controller.says("write_failed", "operatorrights");
                });
            }
            ("leases", verb) => {
                if verb == "create" {
                    cluster.delete(
                        &json!({"apiVersion": "coordination.k8s.io/v1", "kind": "Lease",
                        "metadata": {"name": "opsec-controller", "namespace": "opsec-controller"}}),
                    );
                }
                let controller = Controller::start(cluster);
                let said = controller.says("lease_failed", "leases");
                assert!(
                    said["message"].as_str().unwrap().contains("cannot"),
                    "{said}"
                );
            }
            ("events", verb) => {
                let controller = Controller::leading(cluster);
                let said = || controller.text();
                // The second Event of a kind adds to the first.
                let times = if verb == "patch" { 2 } else { 1 };
                for _ in 0..times {
                    cluster.apply(operator.cluster_role(&["get", "list"]));
                    operator.becomes("Excess", True, &said);
                    cluster.apply(operator.cluster_role(&["get"]));
                    operator.becomes("Excess", False, &said);
                }
                controller.says("event_failed", "events");
            }
            (resource, verb) => panic!("{verb} {resource} is tried by no test"),
        }
    }
}

fn widen_and_narrow(cluster: &Cluster, operator: &Operator<'_>, seen: &dyn Fn(&Controller)) {
    cluster.apply(operator.cluster_role(&["get", "list"]));
    let controller = Controller::leading(cluster);
    seen(&controller);
    cluster.apply(operator.cluster_role(&["get"]));
}

#[test]
fn each_permission_is_needed_and_missed_by_its_name() {
    let cluster = cluster();
    let operator = Operator::install(&cluster, "needy");
    {
        let controller = Controller::leading(&cluster);
        operator.becomes("Validated", True, &|| controller.text());
    }
    let permissions = permissions();
    assert!(permissions.len() > 30, "{}", permissions.len());
    for permission in permissions {
        cluster.apply(permission.without());
        permission.is_missed(&cluster, &operator);
        cluster.apply(permission.role.clone());
    }
    // What is granted again is known again.
    let controller = Controller::leading(&cluster);
    operator.becomes("Validated", True, &|| controller.text());
    operator.becomes("Excess", False, &|| controller.text());
}
