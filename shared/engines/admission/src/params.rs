//! The parameter objects of a binding, found as the API server finds them.

use opsec_facts::Facts;
use opsec_model::ObjectRef;
use opsec_model::objects::{
    ConfigMap, CustomObject, CustomResourceDefinition, Metadata, Object as _, ParamKind, ParamRef,
};
use serde_json::{Value, json};

use crate::request::AdmissionRequest;

/// A parameter object, whole.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Param {
    /// Its name.
    pub(crate) object: ObjectRef,
    /// What it says, as the API server holds it.
    pub(crate) body: Value,
}

/// What a binding gives to its policy.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Params {
    /// The policy is evaluated once, and `params` is null.
    Null,
    /// The policy is evaluated with each; none at all is no evaluation.
    Objects(Vec<Param>),
    /// A configuration error, which failurePolicy Fail turns into a denial.
    Error(String),
    /// Not known, and why.
    Unknown(String),
}

/// The parameters of a policy under a binding, for a request.
pub(crate) fn collect(
    facts: &Facts<'_>,
    kind: Option<&ParamKind>,
    reference: Option<&ParamRef>,
    request: &AdmissionRequest,
) -> Params {
    let Some(kind) = kind else {
        return Params::Null;
    };
    let store = match (store(facts, kind), reference) {
        (Ok(store), _) => store,
        // A built-in kind is served, whether its objects are kept or not.
        (Err(Params::Unknown(_)), None) if is_built_in(kind) => return Params::Null,
        (Err(refused), _) => return refused,
    };
    let Some(reference) = reference else {
        return Params::Null;
    };
    let namespace = match namespace(&store, reference, request) {
        Ok(namespace) => namespace,
        Err(message) => return Params::Error(message.to_owned()),
    };
    if let Some(reason) = store.missing {
        return Params::Unknown(reason);
    }
    let in_namespace = store
        .objects
        .into_iter()
        .filter(|candidate| candidate.metadata.namespace.as_deref() == namespace);
    let chosen: Vec<Candidate<'_>> = match (&reference.name, &reference.selector) {
        (Some(name), None) => in_namespace
            .filter(|candidate| candidate.metadata.name == *name)
            .collect(),
        (None, Some(selector)) => in_namespace
            .filter(|candidate| selector.matches(&candidate.metadata.labels))
            .collect(),
        _ => {
            return Params::Error(
                "one of paramRef.name and paramRef.selector is needed".to_owned(),
            );
        }
    };
    if chosen.is_empty() && reference.parameter_not_found_action.as_deref() == Some("Deny") {
        return Params::Error(not_found(kind, reference, namespace));
    }
    let bodies: Option<Vec<Param>> = chosen.into_iter().map(Candidate::whole).collect();
    bodies.map_or_else(
        || {
            Params::Unknown(format!(
                "the body of a parameter of kind {} is not there",
                kind.kind
            ))
        },
        Params::Objects,
    )
}

/// The objects of a parameter kind.
struct Store<'a> {
    namespaced: bool,
    objects: Vec<Candidate<'a>>,
    missing: Option<String>,
}

struct Candidate<'a> {
    metadata: &'a Metadata,
    content: Content<'a>,
}

enum Content<'a> {
    ConfigMap(&'a ConfigMap),
    Custom(&'a CustomObject),
}

impl Candidate<'_> {
    fn whole(self) -> Option<Param> {
        match self.content {
            Content::ConfigMap(config_map) => Some(Param {
                object: config_map.object_ref(),
                body: config_map_body(config_map),
            }),
            Content::Custom(object) => (!object.body.is_null()).then(|| Param {
                object: object.object_ref(),
                body: object.body.clone(),
            }),
        }
    }
}

/// Why the kind of a policy's parameters is not served, or may not be. That is an error of the
/// policy, whatever its bindings are for.
pub(crate) fn unserved(facts: &Facts<'_>, kind: Option<&ParamKind>) -> Option<Params> {
    let kind = kind.filter(|kind| !is_built_in(kind))?;
    store(facts, kind).err()
}

fn store<'a>(facts: &Facts<'a>, kind: &ParamKind) -> Result<Store<'a>, Params> {
    let (group, version) = kind
        .api_version
        .split_once('/')
        .unwrap_or(("", &kind.api_version));
    if group.is_empty() && version == "v1" && kind.kind == "ConfigMap" {
        return Ok(Store {
            namespaced: true,
            missing: facts.missing("configmaps", ""),
            objects: facts
                .snapshot()
                .config_maps
                .iter()
                .map(|config_map| Candidate {
                    metadata: &config_map.metadata,
                    content: Content::ConfigMap(config_map),
                })
                .collect(),
        });
    }
    let definition = definition(facts, group, &kind.kind);
    match definition {
        Some(definition) => custom(facts, definition, version, kind),
        None if is_built_in(kind) => Err(Params::Unknown(format!(
            "objects of the parameter kind {} {} are not kept whole",
            kind.api_version, kind.kind
        ))),
        None => Err(undefined(facts, group, kind)),
    }
}

/// Whether the kind is in a group that Kubernetes itself serves.
fn is_built_in(kind: &ParamKind) -> bool {
    let group = kind
        .api_version
        .split_once('/')
        .map_or("", |(group, _)| group);
    !group.contains('.') || group.ends_with(".k8s.io")
}

fn definition<'a>(
    facts: &Facts<'a>,
    group: &str,
    kind: &str,
) -> Option<&'a CustomResourceDefinition> {
    facts
        .snapshot()
        .custom_resource_definitions
        .iter()
        .find(|crd| crd.spec.group == group && crd.spec.names.kind == kind)
}

/// A kind that no CRD of the snapshot defines: the API server cannot find it either, unless the
/// CRDs are not all there or something else serves the group.
fn undefined(facts: &Facts<'_>, group: &str, kind: &ParamKind) -> Params {
    let incomplete = facts.missing("customresourcedefinitions", "apiextensions.k8s.io");
    let served = facts
        .snapshot()
        .served
        .iter()
        .any(|served| served.group == group);
    match incomplete {
        Some(reason) => Params::Unknown(reason),
        None if served => {
            Params::Unknown(format!("no CRD defines the parameter kind {}", kind.kind))
        }
        None => Params::Error(format!(
            "the parameter kind {} {} is not served",
            kind.api_version, kind.kind
        )),
    }
}

fn custom<'a>(
    facts: &Facts<'a>,
    definition: &CustomResourceDefinition,
    version: &str,
    kind: &ParamKind,
) -> Result<Store<'a>, Params> {
    let spec = &definition.spec;
    let served = spec
        .versions
        .iter()
        .any(|candidate| candidate.served && candidate.name == version);
    if !served {
        return Err(Params::Error(format!(
            "the parameter kind {} {} is not served",
            kind.api_version, kind.kind
        )));
    }
    let objects: Vec<&CustomObject> = facts
        .snapshot()
        .custom_objects
        .iter()
        .filter(|object| object.group == spec.group && object.kind == kind.kind)
        .collect();
    let converted = objects
        .iter()
        .any(|object| object.version != version)
        .then(|| format!("a parameter of kind {} is of another version", kind.kind));
    Ok(Store {
        namespaced: spec.scope == "Namespaced",
        missing: facts.missing(&spec.names.plural, &spec.group).or(converted),
        objects: objects
            .into_iter()
            .map(|object| Candidate {
                metadata: &object.metadata,
                content: Content::Custom(object),
            })
            .collect(),
    })
}

/// Where the parameters of a namespaced kind are looked for; none for a cluster-scoped kind.
fn namespace<'a>(
    store: &Store<'_>,
    reference: &'a ParamRef,
    request: &'a AdmissionRequest,
) -> Result<Option<&'a str>, &'static str> {
    let asked = reference
        .namespace
        .as_deref()
        .filter(|name| !name.is_empty());
    match (store.namespaced, asked) {
        (true, Some(namespace)) => Ok(Some(namespace)),
        (true, None) => {
            let own = request.attribute_namespace();
            if own.is_empty() {
                return Err(
                    "parameters of a namespaced kind without paramRef.namespace, and the request is cluster-scoped",
                );
            }
            Ok(Some(own))
        }
        (false, Some(_)) => Err("paramRef.namespace with a cluster-scoped parameter kind"),
        (false, None) => Ok(None),
    }
}

fn not_found(kind: &ParamKind, reference: &ParamRef, namespace: Option<&str>) -> String {
    let name = reference.name.as_deref().unwrap_or("of the selector");
    match namespace {
        Some(namespace) => format!("no {} {namespace}/{name}", kind.kind),
        None => format!("no {} {name}", kind.kind),
    }
}

fn config_map_body(config_map: &ConfigMap) -> Value {
    let metadata = &config_map.metadata;
    let mut body = json!({
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": metadata.name, "namespace": metadata.namespace},
    });
    if !metadata.labels.is_empty() {
        insert(&mut body, "/metadata", "labels", json!(metadata.labels));
    }
    if !metadata.annotations.is_empty() {
        insert(
            &mut body,
            "/metadata",
            "annotations",
            json!(metadata.annotations),
        );
    }
    if !config_map.data.is_empty() {
        insert(&mut body, "", "data", json!(config_map.data));
    }
    body
}

fn insert(body: &mut Value, pointer: &str, key: &str, value: Value) {
    if let Some(object) = body.pointer_mut(pointer).and_then(Value::as_object_mut) {
        object.insert(key.to_owned(), value);
    }
}
