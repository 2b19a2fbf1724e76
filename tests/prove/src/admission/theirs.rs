//! What the API server says: many cases are put there at once, each for its own names, and the
//! creations are tried dry as the accounts.
//!
//! The API server takes policies up about once a second, and parameters as it hears of them. Marks
//! that are written last, one for each kind of parameters, tell that everything before is in force.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::generate::{Case, Request, name_of, parameter_path};
use super::world;
use crate::error::ProveError;
use crate::server::{Ask, Reply, Server, eventually};

const API: &str = "/apis/admissionregistration.k8s.io/v1";
const POLICIES: &str = "validatingadmissionpolicies";
const BINDINGS: &str = "validatingadmissionpolicybindings";
const DEFINITIONS: &str = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
/// What a mark says when it is in force.
const FOUND: &str = "the mark is found";
/// The label of what goes once it was tried, and of what stays.
const PASSING: &str = "admission";
const KEPT: &str = "kept";
/// Kinds of parameters, each of which has its own cache.
const MARKS: [(&str, &str); 3] = [
    ("v1", "ConfigMap"),
    ("parameters.example.com/v1", "Limit"),
    ("parameters.example.com/v1", "Quota"),
];

/// What the API server says to a case.
#[derive(Debug, Clone, Default)]
pub(super) struct Said {
    /// Whether it admits each request, and what it says besides.
    pub(super) answers: Vec<(bool, String)>,
    /// Names of policies and bindings that it refuses.
    pub(super) refused: BTreeSet<String>,
}

/// An API server with everything that cases need, put there once.
pub(super) fn prepare(server: &Server) -> Result<(), ProveError> {
    let quotas = format!("/apis/{}/v1/quotas", world::PARAMETERS);
    let there = |path: &str| server.one(&Ask::new("GET", path, Value::Null));
    if there(&quotas)?.is_ok() {
        return Ok(());
    }
    let objects = world::objects().into_iter();
    let posts: Vec<Ask> = objects
        .map(|(path, object)| Ask::new("POST", path, object))
        .collect();
    server.must(&posts)?;
    let limits = format!("/apis/{}/v1/limits", world::PARAMETERS);
    eventually("kind of parameters", || {
        Ok(there(&quotas)?.is_ok() && there(&limits)?.is_ok())
    })?;
    // Once no policy has ConfigMaps as parameters any more, this release stops following them for
    // good: a later policy finds those alone that were there before. So one of each kind stays.
    in_force(server, KEPT, KEPT)
}

/// What it says to cases; `number` is new with each call.
pub(super) fn say(server: &Server, cases: &[Case], number: &str) -> Result<Vec<Said>, ProveError> {
    let parameters = cases.iter().flat_map(|case| &case.parameters);
    let posts: Vec<Ask> = parameters
        .map(|object| Ask::new("POST", parameter_path(object), object.clone()))
        .collect();
    server.must(&posts)?;
    let mut said = vec![Said::default(); cases.len()];
    let policies = cases.iter().map(|case| vec![case.policy.clone()]);
    post(server, POLICIES, policies, &mut said)?;
    let bindings = cases.iter().map(|case| case.bindings.clone());
    post(server, BINDINGS, bindings, &mut said)?;
    let replies = tried(server, cases, number);
    // Whatever came of it, nothing of it stays in force.
    for resource in [BINDINGS, POLICIES] {
        let path = format!("{API}/{resource}?labelSelector=proof%3D{PASSING}");
        server.must(&[Ask::new("DELETE", path, Value::Null)])?;
    }
    let mut replies = replies?.into_iter();
    for (case, said) in cases.iter().zip(&mut said) {
        for (request, reply) in case.requests.iter().zip(&mut replies) {
            said.answers.push(heard(request, &reply)?);
        }
    }
    Ok(said)
}

/// What is answered to the creations of cases once they are in force.
fn tried(server: &Server, cases: &[Case], number: &str) -> Result<Vec<Reply>, ProveError> {
    in_force(server, number, PASSING)?;
    let asks: Vec<Ask> = cases
        .iter()
        .flat_map(|case| &case.requests)
        .map(ask)
        .collect();
    server.all(&asks)
}

/// Posts objects of each case; those that are refused as invalid are noted.
fn post(
    server: &Server,
    resource: &str,
    objects: impl Iterator<Item = Vec<Value>>,
    said: &mut [Said],
) -> Result<(), ProveError> {
    let owned: Vec<(usize, Value)> = objects
        .enumerate()
        .flat_map(|(place, objects)| objects.into_iter().map(move |object| (place, object)))
        .collect();
    let path = format!("{API}/{resource}");
    let posts: Vec<Ask> = owned
        .iter()
        .map(|(_, object)| Ask::new("POST", path.clone(), object.clone()))
        .collect();
    for ((place, object), reply) in owned.iter().zip(server.all(&posts)?) {
        match (reply.code, said.get_mut(*place)) {
            (422, Some(said)) => {
                said.refused.insert(name_of(object).to_owned());
            }
            _ if reply.is_ok() => {}
            _ => return Err(refused(resource, object, &reply)),
        }
    }
    Ok(())
}

fn refused(what: &str, object: &Value, reply: &Reply) -> ProveError {
    ProveError::Refused {
        what: format!("{what} {object}"),
        code: reply.code,
        message: reply.message().to_owned(),
    }
}

/// Waits until what was written before is in force.
fn in_force(server: &Server, number: &str, label: &str) -> Result<(), ProveError> {
    let (mut parameters, mut policies, mut bindings) = (Vec::new(), Vec::new(), Vec::new());
    let mut probes = Vec::new();
    for (version, kind) in MARKS {
        let name = format!("mark-{}-{number}", kind.to_lowercase());
        let mut parameter =
            json!({"apiVersion": version, "kind": kind, "metadata": {"name": name}});
        let mut reference = json!({"name": name, "parameterNotFoundAction": "Allow"});
        if kind != "Quota" {
            parameter["metadata"]["namespace"] = "team-a".into();
            reference["namespace"] = "team-a".into();
        }
        parameters.push(Ask::new("POST", parameter_path(&parameter), parameter));
        let (policy, binding) = mark(&name, label, (version, kind), reference);
        policies.push(Ask::new("POST", format!("{API}/{POLICIES}"), policy));
        bindings.push(Ask::new("POST", format!("{API}/{BINDINGS}"), binding));
        let definition = world::definition(&format!("{name}.org"), "marks", "Mark", "Cluster");
        probes.push(Ask::new(
            "POST",
            format!("{DEFINITIONS}?dryRun=All"),
            definition,
        ));
    }
    server.must(&parameters)?;
    server.must(&policies)?;
    server.must(&bindings)?;
    eventually("policy that is in force", || {
        let replies = server.all(&probes)?;
        Ok(replies.iter().all(|reply| reply.message().contains(FOUND)))
    })
}

fn mark(
    name: &str,
    label: &str,
    (version, kind): (&str, &str),
    reference: Value,
) -> (Value, Value) {
    let of = "admissionregistration.k8s.io/v1";
    let metadata = json!({"name": name, "labels": {"proof": label}});
    let rule = json!({
        "apiGroups": ["apiextensions.k8s.io"], "apiVersions": ["v1"], "operations": ["CREATE"],
        "resources": ["customresourcedefinitions"], "resourceNames": [format!("marks.{name}.org")],
    });
    let policy = json!({
        "apiVersion": of, "kind": "ValidatingAdmissionPolicy", "metadata": metadata,
        "spec": {
            "paramKind": {"apiVersion": version, "kind": kind},
            "matchConstraints": {"resourceRules": [rule]},
            "validations": [{"expression": "params == null", "message": FOUND}],
        },
    });
    let binding = json!({
        "apiVersion": of, "kind": "ValidatingAdmissionPolicyBinding", "metadata": metadata,
        "spec": {"policyName": name, "validationActions": ["Deny"], "paramRef": reference},
    });
    (policy, binding)
}

/// The creation, dry, as the account.
fn ask(request: &Request) -> Ask {
    let text = |pointer: &str| request.object.pointer(pointer).and_then(Value::as_str);
    let path = match text("/kind") {
        Some("ConfigMap") => parameter_path(&request.object),
        Some("Namespace") => "/api/v1/namespaces".to_owned(),
        _ => DEFINITIONS.to_owned(),
    };
    let (namespace, account) = &request.account;
    let user = format!("system:serviceaccount:{namespace}:{account}");
    let mut ask = Ask::new("POST", format!("{path}?dryRun=All"), request.object.clone());
    if request.apply {
        let name = name_of(&request.object);
        ask.method = "PATCH";
        ask.path = format!("{path}/{name}?dryRun=All&fieldManager=proof&force=true");
        ask.content_type = "application/apply-patch+yaml";
    }
    ask.of(&user)
}

/// Whether a request was admitted; an error where something else refused it.
fn heard(request: &Request, reply: &Reply) -> Result<(bool, String), ProveError> {
    if reply.is_ok() {
        return Ok((true, String::new()));
    }
    if reply.message().contains("ValidatingAdmissionPolicy '") {
        return Ok((false, reply.message().to_owned()));
    }
    Err(refused("a creation", &request.object, reply))
}
