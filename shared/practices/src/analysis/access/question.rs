//! What is asked, as it is and as a person writes it.

use opsec_kubernetes::{ResourceNames, Scope};
use opsec_model::AccessQuestion;
use opsec_rbac::{Attributes, Kinds};

/// What is asked.
#[derive(Debug, Clone)]
pub enum Asked {
    /// The attributes of a SubjectAccessReview, taken as they stand.
    Attributes(Attributes),
    /// What a person writes.
    Written(WrittenQuestion),
}

/// A question as a person writes it.
#[derive(Debug, Clone, Default)]
pub struct WrittenQuestion {
    /// The verb.
    pub verb: String,
    /// A kind by any of its names, with a subresource as in `pods/exec`; or a path.
    pub resource: String,
    /// The object's name, or empty.
    pub name: String,
    /// The namespace; empty is all. Absent is the account's own, as for kubectl in its pod.
    pub namespace: Option<String>,
}

impl Asked {
    /// The question as it is read; its namespace is absent where each account's own is meant.
    ///
    /// # Errors
    /// When it is none.
    pub(super) fn read(
        &self,
        names: &ResourceNames<'_>,
        kinds: &Kinds,
    ) -> Result<AccessQuestion, String> {
        let question = match self {
            Self::Attributes(attributes) => of_attributes(attributes),
            Self::Written(written) => of_written(written, names, kinds)?,
        };
        if question.verb.is_empty() {
            return Err("the verb is empty".to_owned());
        }
        if question.resource.is_empty() && question.path.is_empty() {
            return Err("neither a resource nor a path is asked for".to_owned());
        }
        Ok(question)
    }
}

/// What a question asks the authoriser; without a namespace it is about this one.
pub(crate) fn attributes(question: &AccessQuestion, home: &str) -> Attributes {
    let AccessQuestion {
        verb,
        group,
        resource,
        subresource,
        name,
        namespace,
        path,
    } = question.clone();
    if !path.is_empty() {
        return Attributes::Path { verb, path };
    }
    Attributes::Resource {
        verb,
        group,
        resource,
        subresource,
        name,
        namespace: namespace.unwrap_or_else(|| home.to_owned()),
    }
}

fn of_attributes(attributes: &Attributes) -> AccessQuestion {
    match attributes.clone() {
        Attributes::Resource {
            verb,
            group,
            resource,
            subresource,
            name,
            namespace,
        } => AccessQuestion {
            verb,
            group,
            resource,
            subresource,
            name,
            namespace: Some(namespace),
            path: String::new(),
        },
        Attributes::Path { verb, path } => AccessQuestion {
            verb,
            path,
            namespace: Some(String::new()),
            ..AccessQuestion::default()
        },
    }
}

fn of_written(
    written: &WrittenQuestion,
    names: &ResourceNames<'_>,
    kinds: &Kinds,
) -> Result<AccessQuestion, String> {
    let WrittenQuestion {
        verb,
        resource,
        name,
        namespace,
    } = written.clone();
    if resource.starts_with('/') {
        if !name.is_empty() {
            return Err("a path has no objects to name".to_owned());
        }
        return Ok(of_attributes(&Attributes::Path {
            verb,
            path: resource,
        }));
    }
    let (kind, subresource) = match resource.split_once('/') {
        Some((kind, subresource)) => (kind, subresource),
        None => (resource.as_str(), ""),
    };
    let found = names.resolve(kind);
    let in_no_namespace = kinds.scope(&found.group, &found.resource) == Some(Scope::Cluster);
    Ok(AccessQuestion {
        verb,
        group: found.group,
        resource: found.resource,
        subresource: subresource.to_owned(),
        name,
        namespace: match namespace {
            None if in_no_namespace => Some(String::new()),
            namespace => namespace,
        },
        path: String::new(),
    })
}
