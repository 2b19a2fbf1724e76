//! What the engine says: the objects of a case are read as manifests are, and the request is judged
//! as admission sees it.

use std::collections::{BTreeMap, BTreeSet};

use opsec_admission::{Admission, AdmissionRequest, Operation, OptionsKind, UserInfo};
use opsec_facts::Facts;
use opsec_manifests::{Input, Options, read};
use opsec_model::{ServiceAccountRef, Snapshot};
use serde_json::{Value, json};

use super::generate::{Case, Request, name_of};
use super::world;
use crate::error::ProveError;

/// What the engine says to a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Answer {
    Admits,
    Denies,
    /// It does not know, for these reasons.
    Unknown(BTreeSet<String>),
}

/// What the engine says to a case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Said {
    /// To each request.
    pub(super) answers: Vec<Answer>,
    /// Names of policies and bindings that the API server refuses, it says.
    pub(super) refused: BTreeSet<String>,
}

/// What the engine says to the requests of a case.
pub(super) fn say(case: &Case) -> Result<Said, ProveError> {
    let snapshot = snapshot(case)?;
    let facts = Facts::new(&snapshot);
    let admission = Admission::new(&facts);
    let mut said = Said {
        answers: Vec::new(),
        refused: BTreeSet::new(),
    };
    for request in &case.requests {
        let decision = admission.decide(&admission_request(request));
        let refused = decision.invalid.iter();
        said.refused
            .extend(refused.map(|one| one.policy.name.clone()));
        said.answers.push(if decision.is_denied() {
            Answer::Denies
        } else if decision.is_admitted() {
            Answer::Admits
        } else {
            let reasons = decision.unknown.iter().map(|one| feature(&one.reason));
            Answer::Unknown(reasons.chain(decision.missing.iter().cloned()).collect())
        });
    }
    Ok(said)
}

/// The feature in a reason, as in `spec.validations[0] needs FEATURE`.
fn feature(reason: &str) -> String {
    reason
        .split_once(" needs ")
        .map_or(reason, |(_, feature)| feature)
        .to_owned()
}

fn snapshot(case: &Case) -> Result<Snapshot, ProveError> {
    let shared = world::objects().into_iter().map(|(_, object)| object);
    let items: Vec<Value> = shared
        .chain([case.policy.clone()])
        .chain(case.bindings.iter().cloned())
        .chain(case.parameters.iter().cloned())
        .collect();
    let list = json!({"apiVersion": "v1", "kind": "List", "items": items});
    let input = Input {
        name: "case.json".to_owned(),
        bytes: list.to_string().into_bytes(),
    };
    let read = read(&[input], &Options::default());
    let read = read.map_err(|error| ProveError::Read(error.to_string()))?;
    Ok(read.snapshot)
}

fn admission_request(request: &Request) -> AdmissionRequest {
    let text = |pointer: &str| request.object.pointer(pointer).and_then(Value::as_str);
    let (group, resource) = match text("/kind") {
        Some("ConfigMap") => ("", "configmaps"),
        Some("Namespace") => ("", "namespaces"),
        _ => ("apiextensions.k8s.io", "customresourcedefinitions"),
    };
    let kind = text("/kind").unwrap_or_default().to_owned();
    let mut object = request.object.clone();
    // As the API server fills it in before it validates.
    if resource == "customresourcedefinitions" {
        object["metadata"]["generation"] = 1.into();
    }
    if resource == "namespaces" {
        object["spec"] = json!({"finalizers": ["kubernetes"]});
        object["status"] = json!({"phase": "Active"});
    }
    let (namespace, name) = &request.account;
    let user = UserInfo {
        uid: Some(String::new()),
        extra: Some(BTreeMap::new()),
        ..UserInfo::service_account(&ServiceAccountRef::new(namespace, name))
    };
    AdmissionRequest {
        operation: Operation::Create,
        group: group.into(),
        version: "v1".into(),
        resource: resource.into(),
        subresource: None,
        kind: kind.into(),
        name: name_of(&request.object).to_owned(),
        namespace: text("/metadata/namespace").map(str::to_owned),
        object: object.into(),
        old_object: None,
        user: user.into(),
        dry_run: true,
        options: OptionsKind::CreateOptions,
    }
}
