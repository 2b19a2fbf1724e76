//! Guards in admission: no ServiceAccount of the operator's namespaces creates kinds, lifts the
//! quarantine, relabels namespaces or rewrites declarations. By group, for a name would let its
//! siblings through; without an objectSelector, for its author chooses the labels; without params,
//! for one that is missing decides instead.

use std::collections::BTreeSet;

use opsec_model::ObjectRef;
use serde_json::{Value, json};

use super::Work;
use super::edit::Edits;
use crate::declare::name_of;

const CREATIONS: [&str; 2] = ["OPSEC503", "OPSEC504"];
const GUARDS: [&str; 3] = ["OPSEC208", "OPSEC402", "OPSEC604"];

pub(crate) fn write(work: &Work<'_>, failing: &dyn Fn(&str) -> bool, edits: &mut Edits) {
    let held = namespaces(work);
    if held.is_empty() {
        return;
    }
    let name = name_of(&work.operator.name);
    if work.answers(&CREATIONS) && CREATIONS.iter().any(|rule| failing(rule)) {
        let rules = json!([{
            "apiGroups": ["apiextensions.k8s.io"],
            "apiVersions": ["*"],
            "operations": ["CREATE", "UPDATE"],
            "resources": ["customresourcedefinitions"],
        }]);
        let what = "create or change kinds";
        let answers = CREATIONS.as_slice();
        policy(
            edits,
            &format!("{name}-creates-no-kinds"),
            (rules, what),
            &held,
            answers,
        );
    }
    if work.answers(&GUARDS) {
        let every = ["CREATE", "UPDATE", "DELETE"];
        let rules = json!([
            {"apiGroups": ["networking.k8s.io"], "apiVersions": ["*"], "operations": every, "resources": ["networkpolicies"]},
            {"apiGroups": [""], "apiVersions": ["*"], "operations": every, "resources": ["namespaces", "namespaces/*"]},
            {"apiGroups": ["kubectl-opsec.dev"], "apiVersions": ["*"], "operations": every, "resources": ["operatorrights", "operatorrights/*"]},
        ]);
        let what = "change NetworkPolicies, Namespaces or OperatorRights";
        let answers = GUARDS.as_slice();
        policy(
            edits,
            &format!("{name}-lifts-no-guard"),
            (rules, what),
            &held,
            answers,
        );
    }
}

/// Where its ServiceAccounts are, and where it may run pods as any ServiceAccount there.
fn namespaces(work: &Work<'_>) -> BTreeSet<String> {
    let accounts = work.operator.accounts.iter();
    let of_accounts = accounts.map(|account| account.account.namespace.clone());
    work.operator
        .namespaces
        .iter()
        .cloned()
        .chain(of_accounts)
        .chain(work.intended.iter().cloned())
        // The controllers of the cluster itself live there, and create what they must.
        .filter(|name| name != "kube-system")
        .collect()
}

fn policy(
    edits: &mut Edits,
    name: &str,
    (rules, what): (Value, &str),
    namespaces: &BTreeSet<String>,
    answers: &[&str],
) {
    let groups: Vec<String> = namespaces
        .iter()
        .map(|namespace| {
            format!("!(\"system:serviceaccounts:{namespace}\" in request.userInfo.groups)")
        })
        .collect();
    let listed: Vec<&str> = namespaces.iter().map(String::as_str).collect();
    let message = format!("ServiceAccounts of {} do not {what}", listed.join(", "));
    edits.create(
        ObjectRef::cluster("ValidatingAdmissionPolicy", name),
        json!({"spec": {
            "failurePolicy": "Fail",
            "matchConstraints": {"resourceRules": rules},
            "validations": [{
                "expression": groups.join(" && "),
                "message": message,
                "reason": "Forbidden",
            }],
        }}),
        answers,
    );
    edits.create(
        ObjectRef::cluster("ValidatingAdmissionPolicyBinding", name),
        json!({"spec": {"policyName": name, "validationActions": ["Deny"]}}),
        answers,
    );
}
