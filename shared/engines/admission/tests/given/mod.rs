//! Snapshots, policies and requests for the tests.

#![allow(
    dead_code,
    clippy::allow_attributes,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "these are parts of tests, and each test binary uses some"
)]

use opsec_admission::probes;
use opsec_admission::{AdmissionRequest, Decision, InvalidPolicy, UserInfo, decide};
use opsec_facts::Facts;
use opsec_model::{ServiceAccountRef, Snapshot};
use serde_json::{Value, json};

/// The account that is asked about.
pub(crate) const OPERATOR: &str = "shop:operator";
/// Another of its namespace.
pub(crate) const SIBLING: &str = "shop:sibling";

/// A ServiceAccount, as `namespace:name`.
pub(crate) fn user(account: &str) -> UserInfo {
    let (namespace, name) = account.split_once(':').unwrap();
    UserInfo::service_account(&ServiceAccountRef::new(namespace, name))
}

/// An unlabelled CRD in an own group.
pub(crate) fn crd() -> Value {
    Value::clone(&probe(OPERATOR).object)
}

/// Its creation by an account.
pub(crate) fn probe(account: &str) -> AdmissionRequest {
    probes::CrdCreations::new(&["own.example.com"])
        .by(user(account))
        .next()
        .unwrap()
        .request
}

/// A snapshot with these fields.
pub(crate) fn snapshot(fields: &Value) -> Snapshot {
    let empty = serde_json::to_value(Snapshot::default()).unwrap();
    serde_json::from_value(with(empty, fields)).unwrap()
}

/// What a snapshot does with the operator's creation of a CRD.
pub(crate) fn decide_in(fields: &Value) -> Decision {
    let snapshot = snapshot(fields);
    decide(&Facts::new(&snapshot), &probe(OPERATOR))
}

/// The fields that are refused.
pub(crate) fn names(invalid: &[InvalidPolicy]) -> Vec<&str> {
    invalid
        .iter()
        .map(|refused| refused.field.as_str())
        .collect()
}

/// A binding of a policy that denies.
pub(crate) fn binding(policy: &str) -> Value {
    json!({
        "metadata": {"name": format!("{policy}-binding")},
        "spec": {"policyName": policy, "validationActions": ["Deny"]},
    })
}

/// A policy on CRD creation with one validation.
pub(crate) fn policy(expression: &str) -> Policy {
    Policy(json!({
        "metadata": {"name": "p"},
        "spec": {
            "matchConstraints": {"resourceRules": [rule()]},
            "validations": [{"expression": expression}],
        },
    }))
}

fn rule() -> Value {
    json!({
        "apiGroups": ["apiextensions.k8s.io"],
        "apiVersions": ["v1"],
        "operations": ["CREATE"],
        "resources": ["customresourcedefinitions"],
    })
}

/// A policy in the making.
#[derive(Debug, Clone)]
pub(crate) struct Policy(Value);

impl Policy {
    /// As JSON.
    pub(crate) fn json(self) -> Value {
        self.0
    }

    /// With a field of its spec.
    pub(crate) fn spec(mut self, field: &str, value: &Value) -> Self {
        self.0["spec"][field] = value.clone();
        self
    }

    /// With a field of its match constraints.
    pub(crate) fn constraint(mut self, field: &str, value: &Value) -> Self {
        self.0["spec"]["matchConstraints"][field] = value.clone();
        self
    }

    /// With fields of its rule replaced.
    pub(crate) fn rule(mut self, change: &Value) -> Self {
        self.0["spec"]["matchConstraints"]["resourceRules"] = json!([changed(change)]);
        self
    }

    /// With a rule for everything, and one that is left out.
    pub(crate) fn exclude(self, change: &Value) -> Self {
        let excluded = json!([changed(change)]);
        self.rule(&json!({"resources": ["*/*"]}))
            .constraint("excludeResourceRules", &excluded)
    }
}

fn changed(change: &Value) -> Value {
    with(rule(), change)
}

/// An object with members replaced.
pub(crate) fn with(mut object: Value, change: &Value) -> Value {
    for (key, value) in change.as_object().unwrap() {
        object[key] = value.clone();
    }
    object
}

/// The binding of a policy with a field of its spec.
pub(crate) fn binding_with(policy: &str, field: &str, value: &Value) -> Value {
    let mut bound = binding(policy);
    bound["spec"][field] = value.clone();
    bound
}
