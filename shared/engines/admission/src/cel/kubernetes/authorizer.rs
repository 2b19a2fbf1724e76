//! `authorizer`: asks RBAC about the asking user, or about a ServiceAccount.
//! <https://kubernetes.io/docs/reference/using-api/cel/#kubernetes-authorizer-library>

use std::rc::Rc;

use opsec_model::ServiceAccountRef;
use opsec_rbac::{Attributes, Policy, User};

use super::super::evaluate::{Evaluated, Failure};
use super::super::types::Abstract;
use super::super::value::Value;
use super::named_format::{is_account_name, is_namespace_name};
use super::{Opaque, opaque};

/// Who decides: the roles and bindings of a snapshot.
#[derive(Debug)]
pub(crate) struct Authority {
    /// The roles and bindings.
    pub(crate) policy: Policy,
    /// Why they may not be all, as a clause.
    pub(crate) missing: Option<String>,
}

/// An authority and whom it is asked about.
#[derive(Debug, Clone)]
pub(crate) struct Authorizer {
    /// Who decides.
    pub(crate) authority: Rc<Authority>,
    /// Whom it is about.
    pub(crate) user: Rc<User>,
}

/// A question in the making, and its answer.
#[derive(Debug, Clone)]
pub(crate) enum Stage {
    Authorizer(Authorizer),
    Path(Authorizer, String),
    Group(Authorizer, String),
    Resource(Authorizer, Box<Resource>),
    Decision(Authorizer, Box<Attributes>),
}

/// A resource that is asked about.
#[derive(Debug, Clone)]
pub(crate) struct Resource {
    group: String,
    plural: String,
    subresource: String,
    namespace: String,
    name: String,
}

impl Stage {
    pub(super) fn of_type(&self) -> Abstract {
        match self {
            Self::Authorizer(_) => Abstract::Authorizer,
            Self::Path(..) => Abstract::PathCheck,
            Self::Group(..) => Abstract::GroupCheck,
            Self::Resource(..) => Abstract::ResourceCheck,
            Self::Decision(..) => Abstract::Decision,
        }
    }
}

impl Authorizer {
    /// `authorizer`.
    pub(crate) fn value(self) -> Value {
        staged(Stage::Authorizer(self))
    }

    /// `authorizer.requestResource`: group, resource, subresource, namespace and name of the
    /// request.
    pub(crate) fn request_resource(self, parts: [&str; 5]) -> Value {
        let [group, plural, subresource, namespace, name] = parts.map(str::to_owned);
        let asked = Resource {
            group,
            plural,
            subresource,
            namespace,
            name,
        };
        staged(Stage::Resource(self, Box::new(asked)))
    }

    /// The same about a ServiceAccount; it has no group but those of all ServiceAccounts.
    fn about(&self, namespace: &str, name: &str) -> Result<Value, Failure> {
        if !is_account_name(name) {
            return Failure::error("Invalid service account name");
        }
        if !is_namespace_name(namespace) {
            return Failure::error("Invalid service account namespace");
        }
        let account = ServiceAccountRef::new(namespace, name);
        let user = User {
            name: account.user_name(),
            groups: vec![
                "system:serviceaccounts".to_owned(),
                format!("system:serviceaccounts:{namespace}"),
            ],
        };
        Ok(staged(Stage::Authorizer(Self {
            authority: Rc::clone(&self.authority),
            user: Rc::new(user),
        })))
    }

    fn allows(&self, attributes: &Attributes) -> Evaluated {
        let authority = &self.authority;
        if authority.policy.authorize(&self.user, attributes).allowed {
            return Ok(Value::Bool(true));
        }
        match &authority.missing {
            Some(reason) => Failure::unknown(format!("what `authorizer` answers, since {reason}")),
            None => Ok(Value::Bool(false)),
        }
    }
}

fn staged(stage: Stage) -> Value {
    opaque(Opaque::Authorization(stage))
}

/// A member function of a stage.
pub(super) fn member(name: &str, stage: &Stage, rest: &[Value]) -> Option<Evaluated> {
    let mut texts = Vec::with_capacity(rest.len());
    for value in rest {
        let Value::String(text) = value else {
            return None;
        };
        texts.push(text.as_ref());
    }
    match (stage, name, texts.as_slice()) {
        (Stage::Authorizer(asked), "path", [path]) => {
            Some(filled("path", path).map(|path| staged(Stage::Path(asked.clone(), path))))
        }
        (Stage::Authorizer(asked), "group", [group]) => {
            Some(Ok(staged(Stage::Group(asked.clone(), (*group).to_owned()))))
        }
        (Stage::Authorizer(asked), "serviceAccount", [namespace, name]) => {
            Some(asked.about(namespace, name))
        }
        (Stage::Group(asked, group), "resource", [resource]) => {
            let parts = [group, *resource, "", "", ""];
            Some(filled("resource", resource).map(|_| asked.clone().request_resource(parts)))
        }
        (Stage::Path(asked, path), "check", [verb]) => {
            let attributes = Attributes::Path {
                verb: (*verb).to_owned(),
                path: path.clone(),
            };
            Some(Ok(decided(asked, attributes)))
        }
        (Stage::Resource(asked, resource), "check", [verb]) => {
            Some(Ok(decided(asked, resource.attributes(verb))))
        }
        (Stage::Resource(asked, resource), _, [text]) => narrowed(name, asked, resource, text),
        (Stage::Decision(asked, attributes), _, []) => answer(name, asked, attributes),
        _ => None,
    }
}

fn filled(what: &str, text: &str) -> Result<String, Failure> {
    if text.trim().is_empty() {
        return Failure::error(format!("{what} must not be empty"));
    }
    Ok(text.to_owned())
}

fn decided(asked: &Authorizer, attributes: Attributes) -> Value {
    staged(Stage::Decision(asked.clone(), Box::new(attributes)))
}

/// A resource with one part more. RBAC looks at no selector.
fn narrowed(name: &str, asked: &Authorizer, resource: &Resource, text: &str) -> Option<Evaluated> {
    let mut narrowed = resource.clone();
    let part = match name {
        "subresource" => &mut narrowed.subresource,
        "namespace" => &mut narrowed.namespace,
        "name" => &mut narrowed.name,
        "fieldSelector" | "labelSelector" => &mut String::new(),
        _ => return None,
    };
    text.clone_into(part);
    Some(Ok(staged(Stage::Resource(
        asked.clone(),
        Box::new(narrowed),
    ))))
}

/// RBAC never errs: what it cannot resolve it does not allow.
fn answer(name: &str, asked: &Authorizer, attributes: &Attributes) -> Option<Evaluated> {
    Some(match name {
        "allowed" => asked.allows(attributes),
        "errored" => Ok(Value::Bool(false)),
        "error" => Ok(Value::text("")),
        "reason" => Failure::unknown("`reason` of a decision of `authorizer`"),
        _ => return None,
    })
}

impl Resource {
    fn attributes(&self, verb: &str) -> Attributes {
        Attributes::Resource {
            verb: verb.to_owned(),
            group: self.group.clone(),
            resource: self.plural.clone(),
            subresource: self.subresource.clone(),
            name: self.name.clone(),
            namespace: self.namespace.clone(),
        }
    }
}
