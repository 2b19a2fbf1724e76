//! Changes that are tried on the API server and not made: every request says `dryRun=All`, so that
//! defaulting, validation, admission and RBAC speak, and nothing is written.

use std::collections::BTreeSet;
use std::sync::Arc;

use opsec_model::ObjectRef;
use serde_json::Value;
use tokio::sync::Semaphore;

use super::connect::Connection;
use super::error::ClusterError;
use super::page::escape;
use super::probe::{Asking, Dry, MANAGER, Said};
use super::{ClusterOptions, OnProgress};

/// What is done to an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rehearsed {
    /// It is applied, whole.
    Applied,
    /// It is patched, as kubectl's strategic merge does.
    Patched,
    /// It is deleted.
    Deleted,
}

/// A change of one object, to be tried.
#[derive(Debug, Clone)]
pub struct Rehearsal {
    /// What is done.
    pub done: Rehearsed,
    /// The object.
    pub object: ObjectRef,
    /// The object, or the patch.
    pub document: Value,
}

/// What the API server says of a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reception {
    /// It would make it.
    Accepted,
    /// It refuses it, in these words.
    Refused(String),
    /// It cannot be tried before another change of the same is made, which is named.
    Untried(String),
}

/// Tries each change, in order, and says what becomes of it.
///
/// # Errors
/// When it takes longer than the deadline.
pub async fn rehearse(
    connection: &Connection,
    changes: &[Rehearsal],
    options: &ClusterOptions,
    progress: OnProgress,
) -> Result<Vec<Reception>, ClusterError> {
    let asking = Asking {
        connection: connection.clone(),
        timeout: options.request_timeout,
        permits: Arc::new(Semaphore::new(1)),
    };
    let work = async {
        let mut received = Vec::new();
        for (number, change) in changes.iter().enumerate() {
            progress(format!("trying change {} of {}", number + 1, changes.len()));
            let said = asking.ask(&request(change)).await;
            received.push(reception(said, change, changes));
        }
        received
    };
    let late = |_| ClusterError::Deadline {
        server: connection.server.clone(),
        deadline: options.deadline,
        trouble: connection.last_trouble(),
    };
    let received = tokio::time::timeout(options.deadline, work).await;
    received.map_err(late)
}

fn request(change: &Rehearsal) -> Dry {
    let (method, content, query) = match change.done {
        Rehearsed::Applied => (
            http::Method::PATCH,
            "application/apply-patch+yaml",
            format!("?dryRun=All&force=true&fieldManager={MANAGER}"),
        ),
        Rehearsed::Patched => (
            http::Method::PATCH,
            "application/strategic-merge-patch+json",
            format!("?dryRun=All&fieldManager={MANAGER}"),
        ),
        Rehearsed::Deleted => (
            http::Method::DELETE,
            "application/json",
            "?dryRun=All".to_owned(),
        ),
    };
    let body = match change.done {
        Rehearsed::Deleted => Vec::new(),
        _ => change.document.to_string().into_bytes(),
    };
    Dry {
        method,
        path: format!("{}{query}", path(change)),
        content,
        user: None,
        body,
    }
}

/// Where the object is: `/apis/apps/v1/namespaces/shop/deployments/cart`.
fn path(change: &Rehearsal) -> String {
    let object = &change.object;
    let version = change.document.pointer("/apiVersion");
    let version = version.and_then(Value::as_str).unwrap_or("v1");
    let root = if version.contains('/') { "apis" } else { "api" };
    let namespace = match &object.namespace {
        Some(namespace) => format!("/namespaces/{}", escape(namespace)),
        None => String::new(),
    };
    let (plural, name) = (plural(&object.kind), escape(&object.name));
    format!("/{root}/{version}{namespace}/{plural}/{name}")
}

/// The plural of the kinds that hardening writes, which follow English but for our own.
fn plural(kind: &str) -> String {
    let word = kind.to_lowercase();
    match word.strip_suffix('y') {
        _ if word == "operatorrights" => word,
        Some(stem) => format!("{stem}ies"),
        None if word.ends_with('s') => format!("{word}es"),
        None => format!("{word}s"),
    }
}

fn reception(said: Said, change: &Rehearsal, changes: &[Rehearsal]) -> Reception {
    match said {
        Said::Done(_) => Reception::Accepted,
        Said::Nothing(message) => Reception::Refused(message),
        Said::Refused { code, message, .. } => match rests_on(change, changes) {
            Some(other) if code == 404 => Reception::Untried(other),
            _ => Reception::Refused(message),
        },
    }
}

/// What an object rests on that is made by the same changes: its namespace, or its kind.
fn rests_on(change: &Rehearsal, changes: &[Rehearsal]) -> Option<String> {
    let made: BTreeSet<(&str, &str)> = changes
        .iter()
        .filter(|other| other.done == Rehearsed::Applied)
        .map(|other| (other.object.kind.as_str(), other.object.name.as_str()))
        .collect();
    let namespace = change.object.namespace.as_deref();
    if let Some(namespace) = namespace.filter(|it| made.contains(&("Namespace", it))) {
        return Some(format!("Namespace/{namespace}"));
    }
    let plural = plural(&change.object.kind);
    made.into_iter()
        .filter(|(kind, _)| *kind == "CustomResourceDefinition")
        .find(|(_, name)| name.split('.').next() == Some(&plural))
        .map(|(kind, name)| format!("{kind}/{name}"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn applied(kind: &str, namespace: Option<&str>, name: &str, version: &str) -> Rehearsal {
        Rehearsal {
            done: Rehearsed::Applied,
            object: ObjectRef {
                kind: kind.to_owned(),
                namespace: namespace.map(ToOwned::to_owned),
                name: name.to_owned(),
                group: String::new(),
            },
            document: json!({"apiVersion": version}),
        }
    }

    #[test]
    fn an_object_is_found_where_its_kind_lives() {
        for (change, expected) in [
            (
                applied("NetworkPolicy", Some("shop"), "a", "networking.k8s.io/v1"),
                "/apis/networking.k8s.io/v1/namespaces/shop/networkpolicies/a",
            ),
            (
                applied("Namespace", None, "shop", "v1"),
                "/api/v1/namespaces/shop",
            ),
            (
                applied("Ingress", Some("shop"), "a", "networking.k8s.io/v1"),
                "/apis/networking.k8s.io/v1/namespaces/shop/ingresses/a",
            ),
            (
                applied("OperatorRights", None, "a", "kubectl-opsec.dev/v1alpha1"),
                "/apis/kubectl-opsec.dev/v1alpha1/operatorrights/a",
            ),
        ] {
            assert_eq!(path(&change), expected);
        }
    }

    #[test]
    fn whatever_is_tried_is_dry() {
        for done in [Rehearsed::Applied, Rehearsed::Patched, Rehearsed::Deleted] {
            let change = Rehearsal {
                done,
                ..applied("Service", Some("shop"), "a", "v1")
            };
            assert!(request(&change).path.contains("?dryRun=All"), "{done:?}");
        }
    }

    #[test]
    fn what_rests_on_another_change_is_not_refused() {
        let policy = applied("NetworkPolicy", Some("shop"), "a", "networking.k8s.io/v1");
        let namespace = applied("Namespace", None, "shop", "v1");
        let absent = || Said::Refused {
            code: 404,
            reason: "NotFound".to_owned(),
            message: "namespaces \"shop\" not found".to_owned(),
        };
        let both = [namespace, policy.clone()];
        let untried = Reception::Untried("Namespace/shop".to_owned());
        assert_eq!(reception(absent(), &policy, &both), untried);
        let alone = std::slice::from_ref(&policy);
        let refused = Reception::Refused("namespaces \"shop\" not found".to_owned());
        assert_eq!(reception(absent(), &policy, alone), refused);
    }
}
