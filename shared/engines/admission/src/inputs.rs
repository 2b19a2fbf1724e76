//! What expressions are evaluated over: the request as Kubernetes shows it to CEL. Fields that
//! are empty are absent, as in the API server's JSON.

use std::rc::Rc;

use opsec_facts::Facts;
use opsec_rbac::User;
use serde_json::Value as Json;

use crate::admission::Admission;
use crate::cel::{Authorizer, REQUEST_RESOURCE, Value};
use crate::params::Param;
use crate::request::{AdmissionRequest, Operation, UserInfo};

/// The values of the names at the root.
#[derive(Debug, Clone)]
pub(crate) struct Inputs<'a> {
    object: Value,
    old_object: Value,
    request: Value,
    namespace_object: Value,
    params: Value,
    /// What `authorizer` is made of, when it is asked for.
    admission: &'a Admission<'a>,
    asked: &'a AdmissionRequest,
}

impl Inputs<'_> {
    /// The value of a name.
    pub(crate) fn value(&self, name: &str) -> Option<Value> {
        Some(match name {
            "object" => self.object.clone(),
            "oldObject" => self.old_object.clone(),
            "request" => self.request.clone(),
            "namespaceObject" => self.namespace_object.clone(),
            "params" => self.params.clone(),
            "authorizer" => self.authorizer().value(),
            REQUEST_RESOURCE => self.request_resource(),
            _ => return None,
        })
    }

    /// `authorizer`, about the asking user.
    fn authorizer(&self) -> Authorizer {
        let user = &self.asked.user;
        Authorizer {
            authority: self.admission.authority(),
            user: Rc::new(User {
                name: user.username.clone(),
                groups: user.groups.clone(),
            }),
        }
    }

    fn request_resource(&self) -> Value {
        let request = self.asked;
        self.authorizer().request_resource([
            &request.group,
            &request.resource,
            request.subresource.as_deref().unwrap_or_default(),
            request.attribute_namespace(),
            &request.name,
        ])
    }

    /// The same as match conditions see it: there `namespaceObject` is always null.
    pub(crate) fn for_conditions(&self) -> Self {
        Self {
            namespace_object: Value::Null,
            ..self.clone()
        }
    }

    /// The same where it is not known which parameters there are.
    pub(crate) fn with_unknown_params(self) -> Self {
        Self {
            params: Value::unknown("the policy's parameters"),
            ..self
        }
    }
}

/// What a policy sees of a request.
pub(crate) fn of<'a>(
    admission: &'a Admission<'a>,
    request: &'a AdmissionRequest,
    param: Option<&Param>,
) -> Inputs<'a> {
    let facts = admission.facts;
    Inputs {
        admission,
        asked: request,
        object: object(request),
        old_object: request
            .old_object
            .as_ref()
            .map_or(Value::Null, Value::from_json),
        request: request_value(request),
        namespace_object: namespace_object(facts, request),
        params: param.map_or(Value::Null, |param| Value::from_json(&param.body)),
    }
}

/// What match conditions of a webhook see.
pub(crate) fn without_namespace<'a>(
    admission: &'a Admission<'a>,
    request: &'a AdmissionRequest,
) -> Inputs<'a> {
    of(admission, request, None).for_conditions()
}

/// The object; of a new one the API server has filled in what nobody knows before.
fn object(request: &AdmissionRequest) -> Value {
    let Json::Object(members) = &*request.object else {
        return Value::from_json(&request.object);
    };
    let new = request.operation == Operation::Create;
    let definition =
        request.group == "apiextensions.k8s.io" && request.kind == "CustomResourceDefinition";
    let mut fields: Vec<(String, Value)> = members
        .iter()
        .map(|(name, member)| match (name.as_str(), member) {
            ("metadata", Json::Object(metadata)) if new => (name.clone(), new_metadata(metadata)),
            _ => (name.clone(), Value::from_json(member)),
        })
        .collect();
    if new && definition && !members.contains_key("status") {
        fields.push((
            "status".to_owned(),
            Value::unknown("the status of a new definition"),
        ));
    }
    Value::object(fields)
}

const FILLED_IN: [&str; 3] = ["uid", "creationTimestamp", "managedFields"];

fn new_metadata(metadata: &serde_json::Map<String, Json>) -> Value {
    let given = metadata
        .iter()
        .map(|(name, member)| (name.clone(), Value::from_json(member)));
    let filled = FILLED_IN
        .into_iter()
        .filter(|name| !metadata.contains_key(*name))
        .map(|name| {
            let reason = format!("the `{name}` of a new object");
            (name.to_owned(), Value::unknown(&reason))
        });
    Value::object(given.chain(filled))
}

fn request_value(request: &AdmissionRequest) -> Value {
    let group_version = |last: &str, value: &str| {
        Value::object([
            ("group".to_owned(), Value::text(&request.group)),
            ("version".to_owned(), Value::text(&request.version)),
            (last.to_owned(), Value::text(value)),
        ])
    };
    let kind = group_version("kind", &request.kind);
    let resource = group_version("resource", &request.resource);
    let mut fields = vec![
        ("kind", kind.clone()),
        ("requestKind", kind),
        ("resource", resource.clone()),
        ("requestResource", resource),
        ("operation", Value::text(request.operation.as_str())),
        ("userInfo", user_info(&request.user)),
        ("dryRun", Value::Bool(request.dry_run)),
        ("options", options(request)),
    ];
    let subresource = request.subresource.as_deref().unwrap_or_default();
    let texts = [
        ("name", request.name.as_str()),
        ("namespace", request.attribute_namespace()),
        ("subResource", subresource),
        ("requestSubResource", subresource),
    ];
    fields.extend(
        texts
            .into_iter()
            .filter(|(_, text)| !text.is_empty())
            .map(|(name, text)| (name, Value::text(text))),
    );
    named(fields)
}

fn user_info(user: &UserInfo) -> Value {
    let texts = |items: &[String]| Value::list(items.iter().map(Value::text).collect());
    let mut fields = Vec::new();
    if !user.username.is_empty() {
        fields.push(("username", Value::text(&user.username)));
    }
    if !user.groups.is_empty() {
        fields.push(("groups", texts(&user.groups)));
    }
    match user.uid.as_deref() {
        None => fields.push(("uid", Value::unknown("the user's UID"))),
        Some("") => {}
        Some(uid) => fields.push(("uid", Value::text(uid))),
    }
    match &user.extra {
        None => fields.push(("extra", Value::unknown("what the user's token adds"))),
        Some(extra) if extra.is_empty() => {}
        Some(extra) => {
            let members = extra
                .iter()
                .map(|(key, values)| (key.clone(), texts(values)));
            fields.push(("extra", Value::object(members)));
        }
    }
    named(fields)
}

/// The options; what a client sets of them is not known.
fn options(request: &AdmissionRequest) -> Value {
    let mut fields = vec![
        ("kind", Value::text(request.options.as_str())),
        ("apiVersion", Value::text("meta.k8s.io/v1")),
        ("fieldManager", Value::unknown("the client's field manager")),
        (
            "fieldValidation",
            Value::unknown("the client's field validation"),
        ),
    ];
    if request.dry_run {
        fields.push(("dryRun", Value::list(vec![Value::text("All")])));
    }
    named(fields)
}

/// The Namespace of a namespaced object; null for everything else.
fn namespace_object(facts: &Facts<'_>, request: &AdmissionRequest) -> Value {
    let Some(name) = request.object_namespace() else {
        return Value::Null;
    };
    let namespace = facts.namespace(name);
    if namespace.is_none() && facts.missing("namespaces", "").is_some() {
        return Value::unknown("the Namespace object");
    }
    let texts = |map: std::collections::BTreeMap<String, String>| {
        Value::object(
            map.into_iter()
                .map(|(key, value)| (key, Value::text(value))),
        )
    };
    let unknown = |field: &str| Value::unknown(&format!("the namespace's {field}"));
    let mut metadata = vec![
        ("name", Value::text(name)),
        ("labels", texts(facts.namespace_labels(name))),
        ("uid", unknown("UID")),
        ("UID", unknown("UID")),
        ("resourceVersion", unknown("resourceVersion")),
        ("creationTimestamp", unknown("creationTimestamp")),
        ("deletionTimestamp", unknown("deletionTimestamp")),
        ("generation", unknown("generation")),
    ];
    let annotations = namespace.map(|namespace| namespace.metadata.annotations.clone());
    if let Some(annotations) = annotations.filter(|annotations| !annotations.is_empty()) {
        metadata.push(("annotations", texts(annotations)));
    }
    named(vec![
        ("metadata", named(metadata)),
        ("spec", unknown("spec")),
        ("status", unknown("status")),
    ])
}

fn named(fields: Vec<(&str, Value)>) -> Value {
    Value::object(
        fields
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value)),
    )
}
