//! Listing one kind, page by page. A list whose place was forgotten (410) begins again, whole.

use std::time::Duration;

use opsec_manifests::LiveObjects;
use opsec_model::{Completeness, Kind};
use serde_json::Value;

use super::OnProgress;
use super::connect::Connection;
use super::error::ClusterError;
use super::page::{Page, escape};
use super::retry::{Refusal, get_and_read};

const JSON: &str = "application/json";
const METADATA_ONLY: &str = "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io";

/// What is listed.
#[derive(Debug, Clone)]
pub(super) struct Query {
    pub(super) group: String,
    pub(super) version: String,
    pub(super) resource: String,
    pub(super) kind: String,
    pub(super) namespace: Option<String>,
    pub(super) field_selector: Option<String>,
    pub(super) label_selector: Option<String>,
    /// Whether the API server sends metadata alone.
    pub(super) metadata_only: bool,
    /// How many objects a page holds.
    pub(super) page: usize,
    /// Of Secrets, the type that all of them have.
    pub(super) secret_type: Option<&'static str>,
    /// Whether the objects are parameters of admission policies, which are kept whole.
    pub(super) parameters: bool,
}

impl Query {
    /// Every object of a kind.
    pub(super) fn all(group: &str, version: &str, resource: &str, kind: &str) -> Self {
        Self {
            group: group.to_owned(),
            version: version.to_owned(),
            resource: resource.to_owned(),
            kind: kind.to_owned(),
            namespace: None,
            field_selector: None,
            label_selector: None,
            metadata_only: false,
            secret_type: None,
            page: 500,
            parameters: false,
        }
    }

    fn path(&self, limit: bool, next: Option<&str>) -> String {
        let mut path = collection(
            &self.group,
            &self.version,
            self.namespace.as_deref(),
            &self.resource,
        );
        let limit = limit.then(|| self.page.to_string());
        let parameters = [
            ("limit", limit.as_deref()),
            ("continue", next),
            ("fieldSelector", self.field_selector.as_deref()),
            ("labelSelector", self.label_selector.as_deref()),
        ];
        let mut separator = '?';
        for (name, value) in parameters {
            if let Some(value) = value {
                path.push(separator);
                path.push_str(name);
                path.push('=');
                path.push_str(&escape(value));
                separator = '&';
            }
        }
        path
    }

    /// The kind as it is called in what is missing.
    pub(super) fn named(&self) -> Kind {
        Kind::new(self.resource.clone(), self.group.clone())
    }

    fn permission(&self) -> String {
        match &self.namespace {
            Some(namespace) => format!("list {} in {namespace}", self.named()),
            None => format!("list {}", self.named()),
        }
    }
}

/// The path of a collection.
pub(super) fn collection(
    group: &str,
    version: &str,
    namespace: Option<&str>,
    resource: &str,
) -> String {
    let root = if group.is_empty() {
        format!("/api/{version}")
    } else {
        format!("/apis/{group}/{version}")
    };
    match namespace {
        Some(namespace) => format!("{root}/namespaces/{namespace}/{resource}"),
        None => format!("{root}/{resource}"),
    }
}

/// Lists, and keeps what a verdict may rest on.
pub(super) async fn list(
    connection: &Connection,
    query: &Query,
    timeout: Duration,
    progress: &OnProgress,
) -> Result<(LiveObjects, Completeness), ClusterError> {
    match pages(connection, query, timeout, progress, true).await {
        Err(Refusal::Expired) => {
            let whole = pages(connection, query, timeout, progress, false).await;
            whole.or_else(|refusal| refused(query, refusal))
        }
        Err(refusal) => refused(query, refusal),
        Ok(listed) => Ok(listed),
    }
}

async fn pages(
    connection: &Connection,
    query: &Query,
    timeout: Duration,
    progress: &OnProgress,
    limited: bool,
) -> Result<(LiveObjects, Completeness), Refusal> {
    let mut objects = LiveObjects::new();
    let mut completeness = Completeness::Complete;
    let mut next: Option<String> = None;
    let mut count = 0;
    let accept = if query.metadata_only {
        METADATA_ONLY
    } else {
        JSON
    };
    loop {
        let path = query.path(limited, next.as_deref());
        let read = |body: &[u8]| {
            let mut kept = Kept::default();
            let page = Page::read(body, |item| kept.keep(query, item))?;
            Ok((page, kept))
        };
        let (page, kept) = get_and_read(connection, &path, accept, timeout, read).await?;
        if !page.is_list() {
            let message = "what the server answers is no list".to_owned();
            return Err(Refusal::Other(message));
        }
        count += kept.count;
        objects.append(kept.objects);
        if let Some(message) = kept.not_understood {
            completeness = Completeness::Failed { message };
        }
        let last = next;
        next = page.metadata.next.filter(|next| !next.is_empty());
        if next.is_some() && next == last {
            let message = "the server begins the same page again".to_owned();
            return Err(Refusal::Other(message));
        }
        if next.is_none() {
            return Ok((objects, completeness));
        }
        progress(format!("listing {} {}", query.resource, thousands(count)));
    }
}

/// What is kept of a page.
#[derive(Default)]
struct Kept {
    objects: LiveObjects,
    count: usize,
    /// An object that is not as its kind has it.
    not_understood: Option<String>,
}

impl Kept {
    fn keep(&mut self, query: &Query, mut item: Value) {
        self.count += 1;
        let (group, version, kind) = (&query.group, &query.version, &query.kind);
        if let (Some(of_type), Some(secret)) = (query.secret_type, item.as_object_mut()) {
            secret.insert("type".to_owned(), Value::from(of_type));
        }
        let kept = if query.parameters {
            self.objects.add_parameter(group, version, kind, item)
        } else {
            self.objects.add(group, version, kind, item)
        };
        if let Err(error) = kept {
            self.not_understood = Some(error.to_string());
        }
    }
}

/// A refusal makes the kind incomplete; only what cannot be gone on from is an error.
fn refused(query: &Query, refusal: Refusal) -> Result<(LiveObjects, Completeness), ClusterError> {
    let completeness = match refusal {
        Refusal::Fatal(error) => return Err(error),
        Refusal::Forbidden(_) => Completeness::Forbidden {
            missing: query.permission(),
        },
        // It was served a moment ago. That it is gone does not say what was there.
        Refusal::NotFound => Completeness::Failed {
            message: "it was served a moment ago and is not found now; check again".to_owned(),
        },
        Refusal::Expired => Completeness::Failed {
            message: "the list changed faster than it could be read".to_owned(),
        },
        Refusal::Unable(message) | Refusal::Other(message) => Completeness::Failed { message },
    };
    Ok((LiveObjects::new(), completeness))
}

/// A number as people read it: `12,500`.
fn thousands(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_those_of_the_api() {
        let mut query = Query::all("", "v1", "pods", "Pod");
        assert_eq!(query.path(true, None), "/api/v1/pods?limit=500");
        query.namespace = Some("n".to_owned());
        query.field_selector = Some("type=a/b".to_owned());
        assert_eq!(
            query.path(false, Some("x y")),
            "/api/v1/namespaces/n/pods?continue=x%20y&fieldSelector=type%3Da%2Fb"
        );
        let query = Query::all("apps", "v1", "deployments", "Deployment");
        assert_eq!(query.path(false, None), "/apis/apps/v1/deployments");
    }

    #[test]
    fn numbers_have_separators() {
        for (number, text) in [
            (0, "0"),
            (999, "999"),
            (1000, "1,000"),
            (1_234_567, "1,234,567"),
        ] {
            assert_eq!(thousands(number), text);
        }
    }

    #[test]
    fn a_list_that_is_not_allowed_names_the_permission() {
        let query = Query::all(
            "networking.k8s.io",
            "v1",
            "networkpolicies",
            "NetworkPolicy",
        );
        let (_, completeness) = refused(&query, Refusal::Forbidden("no".to_owned())).unwrap();
        assert_eq!(
            completeness.reason(&query.named()),
            "may not list networkpolicies.networking.k8s.io"
        );
    }
}
