//! Objects into the model's types. Decoding is the redaction: a field that the type lacks is gone.

mod network;
mod pod;
mod rbac;
mod resources;
mod workload;

use std::ops::Deref;

use opsec_model::objects as model;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::invalid::{Invalid, decode, decode_part};
use crate::memory::{Memory, TooMuch};
use crate::node::Node;
use crate::object::{KindRef, RawObject};
use crate::scope::{is_gateway_route, is_other_network_policy};
use crate::typed::Typed;
use crate::validate::names;

/// The annotation in which `kubectl apply` keeps the whole object.
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// Kinds of the core group that have a type of their own, workloads aside.
const WITH_TYPE: [&str; 6] = [
    "Namespace",
    "ServiceAccount",
    "Secret",
    "ConfigMap",
    "Node",
    "Service",
];

/// An object that is decoded, and the room for what that comes to.
#[derive(Clone, Copy)]
struct Source<'a> {
    raw: &'a RawObject,
    memory: &'a Memory,
}

impl Deref for Source<'_> {
    type Target = RawObject;

    fn deref(&self) -> &RawObject {
        self.raw
    }
}

/// Decodes and checks an object whose kind is served. What there is no room for is invalid too;
/// `memory` tells.
///
/// A workload whose name or labels the API server refuses is judged all the same, and what is
/// wrong comes with it: what its pods ask for is plain, and must not vanish behind a misspelling.
pub(crate) fn object(
    raw: &RawObject,
    memory: &Memory,
) -> Result<(Typed, Option<Invalid>), Invalid> {
    let raw = Source { raw, memory };
    let metadata = metadata(raw)?;
    names::required(&metadata)?;
    let misspelt = names::spelling(&raw.kind, &metadata).err();
    let is_workload = workload::kind(&raw.kind.group, &raw.kind.kind).is_some();
    let misspelt = match misspelt {
        Some(invalid) if !is_workload => return Err(invalid),
        misspelt => misspelt,
    };
    let mut typed = typed(raw, &metadata)?;
    *typed.metadata_mut() = metadata;
    if let Typed::Secret(secret) = &mut typed {
        resources::redact(&mut secret.metadata);
    }
    Ok((typed, misspelt))
}

fn metadata(raw: Source<'_>) -> Result<model::Metadata, Invalid> {
    let mut metadata: model::Metadata = decode_part(&raw.value, "metadata", raw.memory)?;
    raw.name()
        .unwrap_or_default()
        .clone_into(&mut metadata.name);
    metadata.namespace.clone_from(&raw.namespace);
    metadata.input_file = Some(raw.start.file.clone());
    metadata.annotations.remove(LAST_APPLIED);
    Ok(metadata)
}

fn typed(raw: Source<'_>, metadata: &model::Metadata) -> Result<Typed, Invalid> {
    let kind = &raw.kind;
    match (kind.group.as_str(), kind.kind.as_str()) {
        ("", "Namespace") => boxed(raw).map(Typed::Namespace),
        ("", "ServiceAccount") => boxed(raw).map(Typed::ServiceAccount),
        ("", "Secret") => boxed(raw).map(Typed::Secret),
        ("", "ConfigMap") => Ok(Typed::ConfigMap(Box::default())),
        ("", "Node") => resources::node(raw),
        ("", "Service") => boxed(raw).map(Typed::Service),
        ("rbac.authorization.k8s.io", _) => rbac::object(raw),
        ("networking.k8s.io", "NetworkPolicy") => network::policy(raw),
        ("networking.k8s.io", "Ingress") => Ok(network::ingress(raw)),
        ("discovery.k8s.io", "EndpointSlice") => Ok(network::endpoint_slice(raw)),
        ("apiextensions.k8s.io", "CustomResourceDefinition") => resources::definition(raw),
        ("apiregistration.k8s.io", "APIService") => boxed(raw).map(Typed::APIService),
        ("admissionregistration.k8s.io", name) => admission(raw, name),
        ("operators.coreos.com", "OperatorGroup") => boxed(raw).map(Typed::OperatorGroup),
        ("kubectl-opsec.dev", "OperatorRights") => boxed(raw).map(Typed::OperatorRights),
        (group, name) if is_gateway_route(group, name) => Ok(network::gateway_route(raw, metadata)),
        (group, name) if is_other_network_policy(group, name) => Ok(network::other(raw)),
        (group, name) => match workload::kind(group, name) {
            Some(workload) => workload::object(raw, workload, metadata),
            None => Ok(custom(raw)),
        },
    }
}

fn admission(raw: Source<'_>, kind: &str) -> Result<Typed, Invalid> {
    match kind {
        "ValidatingAdmissionPolicy" => boxed(raw).map(Typed::ValidatingAdmissionPolicy),
        "ValidatingAdmissionPolicyBinding" => {
            boxed(raw).map(Typed::ValidatingAdmissionPolicyBinding)
        }
        "MutatingAdmissionPolicy" => boxed(raw).map(Typed::MutatingAdmissionPolicy),
        "MutatingAdmissionPolicyBinding" => boxed(raw).map(Typed::MutatingAdmissionPolicyBinding),
        "ValidatingWebhookConfiguration" => boxed(raw).map(Typed::ValidatingWebhookConfiguration),
        "MutatingWebhookConfiguration" => boxed(raw).map(Typed::MutatingWebhookConfiguration),
        _ => Ok(custom(raw)),
    }
}

/// Whether a kind of Kubernetes' own has a type in the model.
pub(crate) fn has_type(kind: &KindRef) -> bool {
    match (kind.group.as_str(), kind.kind.as_str()) {
        ("", name) if WITH_TYPE.contains(&name) => true,
        ("networking.k8s.io", name) => matches!(name, "NetworkPolicy" | "Ingress"),
        ("discovery.k8s.io", name) => name == "EndpointSlice",
        (
            "rbac.authorization.k8s.io"
            | "admissionregistration.k8s.io"
            | "apiextensions.k8s.io"
            | "apiregistration.k8s.io",
            _,
        ) => true,
        (group, name) => workload::kind(group, name).is_some(),
    }
}

/// An object as an admission policy's parameter: without the copy that `kubectl apply` keeps.
pub(crate) fn body(value: &Node, memory: &Memory) -> Result<Value, TooMuch> {
    memory.take_tree(value)?;
    let mut body = value.to_value();
    if let Some(annotations) = body
        .pointer_mut("/metadata/annotations")
        .and_then(Value::as_object_mut)
    {
        annotations.remove(LAST_APPLIED);
    }
    Ok(body)
}

/// An object of a kind that no type is for: that it is there.
fn custom(raw: Source<'_>) -> Typed {
    Typed::CustomObject(Box::new(model::CustomObject {
        group: raw.kind.group.clone(),
        version: raw.kind.version.clone(),
        kind: raw.kind.kind.clone(),
        ..model::CustomObject::default()
    }))
}

fn boxed<T: DeserializeOwned>(raw: Source<'_>) -> Result<Box<T>, Invalid> {
    decode(&raw.value, "", raw.memory).map(Box::new)
}

/// A string at a JSON pointer of the value.
fn text<'a>(value: &'a Node, pointer: &str) -> Option<&'a str> {
    value.pointer(pointer)?.as_str()
}

/// The items of a list that is a member of the value; none when there is no such list.
fn items<'a>(value: &'a Node, pointer: &str) -> impl Iterator<Item = &'a Node> + use<'a> {
    value
        .pointer(pointer)
        .and_then(Node::as_list)
        .into_iter()
        .flatten()
}
