//! A cluster as a large company has it, made over the API.

use std::fmt;
use std::path::Path;

use kube::api::{DynamicObject, Patch, PatchParams, PostParams};
use kube::core::GroupVersionKind;
use kube::{Api, Client, Discovery};
use opsec_manifests::{Input, Limits, read_documents};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::say;

/// How many requests are under way at once.
const AT_ONCE: usize = 24;

/// How large.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Size {
    namespaces: usize,
    /// Roles, and as many bindings, in each namespace.
    roles: usize,
    /// Of one workload in each namespace.
    pods: usize,
    /// Whether each workload is an installation of its own, by its labels.
    apart: bool,
}

impl Size {
    /// 5,000 namespaces, 20,000 RBAC objects, 50,000 pods.
    pub(crate) const LARGE: Self = Self {
        namespaces: 5_000,
        roles: 2,
        pods: 10,
        apart: false,
    };

    /// 5,000 namespaces with an installation each, 20,000 RBAC objects.
    pub(crate) const DECLARED: Self = Self {
        namespaces: 5_000,
        roles: 2,
        pods: 0,
        apart: true,
    };
}

impl fmt::Display for Size {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "{} namespaces, {} RBAC objects, {} pods",
            self.namespaces,
            self.namespaces * self.roles * 2,
            self.namespaces * self.pods
        )
    }
}

/// Makes everything, and says how far it is.
///
/// # Errors
/// When the API server refuses an object.
pub(crate) async fn fill(client: &Client, size: Size) -> Result<(), String> {
    let mut tasks = JoinSet::new();
    for number in 0..size.namespaces {
        if tasks.len() == AT_ONCE {
            ended(tasks.join_next().await)?;
        }
        if number % 500 == 0 {
            say(&format!("   {number} of {} namespaces", size.namespaces));
        }
        tasks.spawn(namespace(client.clone(), number, size));
    }
    while let Some(done) = tasks.join_next().await {
        ended(Some(done))?;
    }
    Ok(())
}

fn ended(done: Option<Result<Result<(), String>, tokio::task::JoinError>>) -> Result<(), String> {
    match done {
        Some(Ok(outcome)) => outcome,
        Some(Err(error)) => Err(error.to_string()),
        None => Ok(()),
    }
}

/// A namespace and all that is in it.
async fn namespace(client: Client, number: usize, size: Size) -> Result<(), String> {
    let name = format!("team-{number:04}");
    let level = if number.is_multiple_of(2) {
        "baseline"
    } else {
        "restricted"
    };
    let create = Create {
        client: &client,
        namespace: &name,
    };
    create
        .cluster(
            "/api/v1/namespaces",
            json!({
                "apiVersion": "v1", "kind": "Namespace",
                "metadata": {"name": name, "labels": {
                    "team": name, "pod-security.kubernetes.io/enforce": level}},
            }),
        )
        .await?;
    create
        .namespaced(
            "/api/v1",
            "serviceaccounts",
            json!({
                "apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "app"},
            }),
        )
        .await?;
    for role in 0..size.roles {
        rbac(&create, role).await?;
    }
    let instance = if size.apart { &name } else { "app" };
    workload(&create, &labels(instance), size.pods).await
}

/// A Deployment, and what its controllers would make of it.
async fn workload(create: &Create<'_>, labels: &Value, pods: usize) -> Result<(), String> {
    let deployment = create
        .namespaced(
            "/apis/apps/v1",
            "deployments",
            json!({
                "apiVersion": "apps/v1", "kind": "Deployment",
                "metadata": {"name": "app", "labels": labels},
                "spec": {"replicas": pods, "selector": {"matchLabels": labels},
                    "template": {"metadata": {"labels": labels}, "spec": pod_spec()}},
            }),
        )
        .await?;
    if pods == 0 {
        return Ok(());
    }
    let mut hashed = labels.clone();
    hashed["pod-template-hash"] = json!("5d9c7b8f6");
    let replica_set = create
        .namespaced(
            "/apis/apps/v1",
            "replicasets",
            json!({
                "apiVersion": "apps/v1", "kind": "ReplicaSet",
                "metadata": {"name": "app-5d9c7b8f6", "labels": hashed,
                    "ownerReferences": [owner("apps/v1", "Deployment", "app", &deployment)]},
                "spec": {"replicas": pods, "selector": {"matchLabels": hashed},
                    "template": {"metadata": {"labels": hashed}, "spec": pod_spec()}},
            }),
        )
        .await?;
    for pod in 0..pods {
        create
            .namespaced(
                "/api/v1",
                "pods",
                json!({
                    "apiVersion": "v1", "kind": "Pod",
                    "metadata": {"name": format!("app-5d9c7b8f6-{pod:05}"), "labels": hashed,
                        "ownerReferences": [
                            owner("apps/v1", "ReplicaSet", "app-5d9c7b8f6", &replica_set)]},
                    "spec": pod_spec(),
                }),
            )
            .await?;
    }
    Ok(())
}

async fn rbac(create: &Create<'_>, number: usize) -> Result<(), String> {
    const GROUP: &str = "rbac.authorization.k8s.io";
    let name = format!("role-{number}");
    let root = format!("/apis/{GROUP}/v1");
    create
        .namespaced(&root, "roles", json!({
            "apiVersion": format!("{GROUP}/v1"), "kind": "Role", "metadata": {"name": name},
            "rules": [
                {"apiGroups": [""], "resources": ["configmaps", "secrets"], "verbs": ["get", "list", "watch"]},
                {"apiGroups": ["apps"], "resources": ["deployments"], "verbs": ["get", "update", "patch"]},
                {"apiGroups": [""], "resources": ["pods", "pods/log"], "verbs": ["get", "list"]},
            ],
        }))
        .await?;
    create
        .namespaced(&root, "rolebindings", json!({
            "apiVersion": format!("{GROUP}/v1"), "kind": "RoleBinding", "metadata": {"name": name},
            "roleRef": {"apiGroup": GROUP, "kind": "Role", "name": name},
            "subjects": [
                {"kind": "ServiceAccount", "name": "app", "namespace": create.namespace},
                {"kind": "Group", "apiGroup": GROUP, "name": create.namespace},
            ],
        }))
        .await
        .map(drop)
}

fn labels(instance: &str) -> Value {
    json!({"app.kubernetes.io/name": "app", "app.kubernetes.io/instance": instance})
}

/// A pod as they mostly are: two containers, settings, a few volumes.
fn pod_spec() -> Value {
    let container = |name: &str| {
        json!({
            "name": name, "image": format!("registry.example.com/{name}:1.4.2"),
            "args": ["--config=/etc/app/config.yaml", "--log-level=info"],
            "ports": [{"name": "http", "containerPort": 8080}],
            "env": (0..8).map(|number| json!({
                "name": format!("SETTING_{number}"), "value": format!("value of {number}"),
            })).collect::<Vec<_>>(),
            "resources": {"requests": {"cpu": "100m", "memory": "128Mi"}, "limits": {"memory": "256Mi"}},
            "readinessProbe": {"httpGet": {"path": "/ready", "port": "http"}},
            "securityContext": {"allowPrivilegeEscalation": false, "runAsNonRoot": true,
                "capabilities": {"drop": ["ALL"]}, "seccompProfile": {"type": "RuntimeDefault"}},
            "volumeMounts": [{"name": "config", "mountPath": "/etc/app"}, {"name": "data", "mountPath": "/data"}],
        })
    };
    let mut proxy = container("proxy");
    proxy["ports"] = json!([{"name": "metrics", "containerPort": 9090}]);
    proxy["readinessProbe"] = json!({"httpGet": {"path": "/ready", "port": "metrics"}});
    json!({
        "serviceAccountName": "app",
        "containers": [container("app"), proxy],
        "volumes": [{"name": "config", "configMap": {"name": "app"}}, {"name": "data", "emptyDir": {}}],
    })
}

fn owner(version: &str, kind: &str, name: &str, of: &Value) -> Value {
    json!({"apiVersion": version, "kind": kind, "name": name, "controller": true,
        "uid": of["metadata"]["uid"]})
}

/// Creates objects in one namespace.
struct Create<'a> {
    client: &'a Client,
    namespace: &'a str,
}

impl Create<'_> {
    async fn namespaced(&self, root: &str, resource: &str, object: Value) -> Result<Value, String> {
        let path = format!("{root}/namespaces/{}/{resource}", self.namespace);
        self.cluster(&path, object).await
    }

    async fn cluster(&self, path: &str, object: Value) -> Result<Value, String> {
        let body = object.to_string().into_bytes();
        let request = kube::core::Request::new(path)
            .create(&PostParams::default(), body)
            .map_err(|error| format!("{path}: {error}"))?;
        let answer = self.client.request(request).await;
        answer.map_err(|error| format!("{path}: {error}"))
    }
}

/// Applies a file of objects, definitions and all, in the file's order.
///
/// # Errors
/// When the file cannot be read, or the API server refuses one of them.
pub(crate) async fn apply(client: &Client, file: &Path) -> Result<(), String> {
    let text = std::fs::read(file).map_err(|error| format!("`{}`: {error}", file.display()))?;
    for document in documents(&text)? {
        let object: DynamicObject =
            serde_json::from_value(document).map_err(|error| error.to_string())?;
        let types = object.types.clone().unwrap_or_default();
        let name = object.metadata.name.clone().unwrap_or_default();
        let kind = GroupVersionKind::try_from(&types).map_err(|error| error.to_string())?;
        let (resource, _) = kube::discovery::pinned_kind(client, &kind)
            .await
            .map_err(|error| format!("{}: {error}", types.kind))?;
        let api: Api<DynamicObject> = match &object.metadata.namespace {
            Some(namespace) => Api::namespaced_with(client.clone(), namespace, &resource),
            None => Api::all_with(client.clone(), &resource),
        };
        let parameters = PatchParams::apply("opsec-bench").force();
        api.patch(&name, &parameters, &Patch::Apply(&object))
            .await
            .map_err(|error| format!("{} {name}: {error}", types.kind))?;
    }
    Ok(())
}

/// The documents of a YAML text.
///
/// # Errors
/// When it is none.
pub(crate) fn documents(text: &[u8]) -> Result<Vec<Value>, String> {
    let input = Input {
        name: "-".to_owned(),
        bytes: text.to_vec(),
    };
    let read = read_documents(&input, &Limits::default()).map_err(|error| error.to_string())?;
    Ok(read.into_iter().map(|document| document.value).collect())
}

/// Whether the server serves a kind that can be listed.
///
/// # Errors
/// When the server does not answer.
pub(crate) async fn serves(client: &Client, group: &str, resource: &str) -> Result<bool, String> {
    let discovery = Discovery::new(client.clone())
        .filter(&[group])
        .run()
        .await
        .map_err(|error| error.to_string())?;
    let served = discovery.get(group).is_some_and(|found| {
        found
            .recommended_resources()
            .iter()
            .any(|(kind, _)| kind.plural == resource)
    });
    Ok(served)
}
