//! Putting a universe into the API server, and knowing when it is in force.
//!
//! The authoriser reads from four caches, one of each RBAC kind, that follow the store at their own
//! pace. Within one kind changes arrive in their order, so marks that are written last, one of each
//! kind, tell that everything before them has arrived. Aggregated roles are filled by a controller:
//! marks count only if they came after the last of its changes. It may also fill one that is gone,
//! which makes it again, or makes another of that name what the old one was: so no name of a
//! ClusterRole is used twice, and what comes back is taken away.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use opsec_model::objects::ClusterRole;
use opsec_model::{Snapshot, SourceKind};
use opsec_rbac::Policy;
use serde_json::{Value, json};

use super::kinds::{HERE, KINDS, NAMESPACES, definitions};
use super::universe::Universe;
use crate::error::ProveError;
use crate::server::{Ask, Server, eventually};

const RBAC: &str = "/apis/rbac.authorization.k8s.io/v1";
/// A role without rules, which requests bind.
pub(crate) const NOTHING: &str = "nothing";
const MARKS: &str = "marks.example.com";
/// How long a controller that is behind may take to write what it still has to.
const SETTLING: Duration = Duration::from_secs(1);
pub(crate) const REVIEWS: &str = "/apis/authorization.k8s.io/v1/subjectaccessreviews";

/// What is in the API server.
#[derive(Debug)]
pub(crate) struct Force<'s> {
    server: &'s Server,
    loaded: Vec<Value>,
}

impl<'s> Force<'s> {
    /// An API server with the namespaces, kinds and objects that requests are about.
    pub(crate) fn prepare(server: &'s Server) -> Result<Self, ProveError> {
        let post = |path: String, body: Value| Ask::new("POST", path, body);
        // Another sample may have been here before.
        let there = server.one(&Ask::new("GET", "/api/v1/namespaces/ops", Value::Null))?;
        if there.code == 404 {
            let namespaces = NAMESPACES.iter().map(|name| {
                post(
                    "/api/v1/namespaces".to_owned(),
                    json!({"metadata": {"name": name}}),
                )
            });
            let crds = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
            let own = definitions()
                .into_iter()
                .map(|own| post(crds.to_owned(), own));
            let nothing = json!({"metadata": {"name": NOTHING}, "rules": []});
            let nothing = post(format!("{RBAC}/clusterroles"), nothing);
            let all: Vec<Ask> = namespaces.chain(own).chain([nothing]).collect();
            server.must(&all)?;
            for kind in KINDS.iter().filter(|kind| kind.seeded) {
                let namespaces: &[&str] = if kind.namespaced { &NAMESPACES } else { &[""] };
                for namespace in namespaces {
                    let ask = post(kind.path(namespace), kind.object(namespace, HERE));
                    eventually(kind.plural, || Ok(server.one(&ask)?.is_ok()))?;
                }
            }
        }
        Ok(Self {
            server,
            loaded: Vec::new(),
        })
    }

    /// Replaces what is loaded by a universe, and waits until it is in force. Gives the marks: they
    /// are roles and bindings like all others.
    pub(crate) fn load(&mut self, universe: &Universe) -> Result<Vec<Value>, ProveError> {
        self.clear()?;
        self.put(renamed(&universe.objects))?;
        self.aggregated()?;
        let marks = self.mark()?;
        Ok(marks)
    }

    /// Waits until what is loaded is in force, once more.
    pub(crate) fn settle(&mut self) -> Result<(), ProveError> {
        std::thread::sleep(SETTLING);
        self.aggregated()?;
        self.mark()?;
        Ok(())
    }

    /// Takes away what is loaded.
    pub(crate) fn clear(&mut self) -> Result<(), ProveError> {
        let deletions: Vec<Ask> = std::mem::take(&mut self.loaded)
            .iter()
            .map(|object| {
                let name = text(object, "/metadata/name");
                Ask::new("DELETE", format!("{}/{name}", path(object)), Value::Null)
            })
            .collect();
        self.server.must(&deletions)
    }

    fn put(&mut self, objects: Vec<Value>) -> Result<(), ProveError> {
        let creations: Vec<Ask> = objects
            .iter()
            .map(|object| Ask::new("POST", path(object), object.clone()))
            .collect();
        self.loaded.extend(objects);
        self.server.must(&creations)
    }

    /// Waits until every aggregated role is what it gathers.
    fn aggregated(&self) -> Result<(), ProveError> {
        let list = Ask::new("GET", format!("{RBAC}/clusterroles"), Value::Null);
        eventually("aggregated role that is filled", || {
            let reply = self.server.one(&list)?;
            let roles = roles(&reply.body)?;
            let returned = self.returned(&roles);
            if !returned.is_empty() {
                self.server.all(&returned)?;
                return Ok(false);
            }
            let mut live = Snapshot {
                cluster_roles: roles,
                ..Snapshot::default()
            };
            live.source.kind = SourceKind::Cluster;
            Ok(Policy::from_snapshot(&live)
                .aggregation_differences()
                .is_empty())
        })
    }

    /// The deletions of roles that nobody put there.
    fn returned(&self, roles: &[ClusterRole]) -> Vec<Ask> {
        let is_loaded = |name: &str| {
            name == NOTHING
                || self.loaded.iter().any(|object| {
                    text(object, "/kind") == "ClusterRole" && text(object, "/metadata/name") == name
                })
        };
        let bootstrap = "kubernetes.io/bootstrapping";
        let names = roles
            .iter()
            .filter(|role| role.metadata.label(bootstrap).is_none());
        let names = names.map(|role| role.metadata.name.as_str());
        names
            .filter(|name| !is_loaded(name))
            .map(|name| Ask::new("DELETE", format!("{RBAC}/clusterroles/{name}"), Value::Null))
            .collect()
    }

    /// Writes marks, and waits until the authoriser knows them.
    fn mark(&mut self) -> Result<Vec<Value>, ProveError> {
        // No name is ever used again: a cache that is behind would still have the old one.
        static MARKS_MADE: AtomicUsize = AtomicUsize::new(0);
        let name = format!("mark-{}", MARKS_MADE.fetch_add(1, Ordering::Relaxed));
        let marks = marks(&name);
        self.put(marks.clone())?;
        let seen = |namespace: &str| {
            let asked = json!({
                "verb": "get", "group": MARKS, "resource": "marks", "namespace": namespace,
            });
            let spec = json!({"user": format!("{name}-{namespace}"), "resourceAttributes": asked});
            Ask::new("POST", REVIEWS, json!({"spec": spec}))
        };
        let asks: Vec<Ask> = ["", "ops"].map(seen).into();
        eventually("mark in force", || {
            let replies = self.server.all(&asks)?;
            let allowed = |body: &Value| body.pointer("/status/allowed") == Some(&json!(true));
            Ok(replies.iter().all(|reply| allowed(&reply.body)))
        })?;
        Ok(marks)
    }

    /// The API server.
    pub(crate) fn server(&self) -> &'s Server {
        self.server
    }
}

/// The objects with other names of their ClusterRoles. Nothing that is asked hangs on these names.
fn renamed(objects: &[Value]) -> Vec<Value> {
    static LOADS: AtomicUsize = AtomicUsize::new(0);
    let load = LOADS.fetch_add(1, Ordering::Relaxed);
    let own: BTreeSet<String> = objects
        .iter()
        .filter(|object| text(object, "/kind") == "ClusterRole")
        .map(|role| text(role, "/metadata/name").to_owned())
        .collect();
    let rename = |name: Option<&mut Value>| {
        if let Some(name) = name
            && name.as_str().is_some_and(|name| own.contains(name))
        {
            *name = json!(format!("{}-{load}", name.as_str().unwrap_or_default()));
        }
    };
    let mut objects = objects.to_vec();
    for object in &mut objects {
        if text(object, "/kind") == "ClusterRole" {
            rename(object.pointer_mut("/metadata/name"));
        } else if text(object, "/roleRef/kind") == "ClusterRole" {
            rename(object.pointer_mut("/roleRef/name"));
        }
    }
    objects
}

/// The ClusterRoles of a list.
fn roles(list: &Value) -> Result<Vec<ClusterRole>, ProveError> {
    let mut items = list.get("items").cloned().unwrap_or_default();
    for item in items.as_array_mut().into_iter().flatten() {
        // A role without rules says `null`.
        if let Some(fields) = item.as_object_mut() {
            fields.retain(|_, value| !value.is_null());
        }
    }
    serde_json::from_value(items).map_err(|error| ProveError::Read(error.to_string()))
}

/// A role and a binding of each kind, that grant to nobody else what nobody asks for.
fn marks(name: &str) -> Vec<Value> {
    let rules = json!([{"apiGroups": [MARKS], "resources": ["marks"], "verbs": ["get"]}]);
    let mut all = Vec::new();
    for (namespace, role, binding) in [
        ("", "ClusterRole", "ClusterRoleBinding"),
        ("ops", "Role", "RoleBinding"),
    ] {
        let mut metadata = json!({"name": name});
        if !namespace.is_empty()
            && let Some(fields) = metadata.as_object_mut()
        {
            fields.insert("namespace".to_owned(), json!(namespace));
        }
        let api = "rbac.authorization.k8s.io";
        let version = format!("{api}/v1");
        all.push(json!({
            "apiVersion": version, "kind": role, "metadata": metadata, "rules": rules,
        }));
        all.push(json!({
            "apiVersion": version, "kind": binding, "metadata": metadata,
            "subjects": [{"kind": "User", "apiGroup": api, "name": format!("{name}-{namespace}")}],
            "roleRef": {"apiGroup": api, "kind": role, "name": name},
        }));
    }
    all
}

fn text<'v>(object: &'v Value, pointer: &str) -> &'v str {
    object
        .pointer(pointer)
        .and_then(Value::as_str)
        .unwrap_or_default()
}

fn path(object: &Value) -> String {
    let plural = format!("{}s", text(object, "/kind").to_lowercase());
    match text(object, "/metadata/namespace") {
        "" => format!("{RBAC}/{plural}"),
        namespace => format!("{RBAC}/namespaces/{namespace}/{plural}"),
    }
}
