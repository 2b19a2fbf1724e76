//! Objects into a cluster as `kubectl apply --server-side` puts them there, and what controllers
//! make of them.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use kube::api::{ApiResource, DynamicObject, ListParams, Patch, PatchParams};
use kube::core::GroupVersionKind;
use kube::discovery::{Scope, pinned_kind};
use kube::{Api, Client};
use opsec_manifests::{Input, Limits, read_documents};
use serde_json::{Value, json};

use crate::operators::Shipped;

/// How long a cluster may take for what it does by itself.
const PATIENCE: Duration = Duration::from_mins(1);
const PAUSE: Duration = Duration::from_millis(100);

/// A cluster that objects are applied to.
#[derive(Clone)]
pub(crate) struct Applied {
    client: Client,
    kinds: BTreeMap<(String, String), (ApiResource, Scope)>,
    /// By kind, namespace and name: what owner references must say.
    uids: BTreeMap<(String, String, String), String>,
    /// Objects that the API server refused, with its words.
    pub(crate) refused: Vec<String>,
}

/// What must be there before others: definitions before the kinds that they define, and webhooks
/// last, since nothing answers them here.
fn order(object: &Value) -> u8 {
    match object["kind"].as_str().unwrap() {
        "CustomResourceDefinition" => 0,
        "Namespace" => 1,
        "PriorityClass" | "ServiceAccount" => 2,
        "ValidatingWebhookConfiguration" | "MutatingWebhookConfiguration" | "APIService" => 4,
        _ => 3,
    }
}

impl Applied {
    pub(crate) fn new(client: Client) -> Self {
        Self {
            client,
            kinds: BTreeMap::new(),
            uids: BTreeMap::new(),
            refused: Vec::new(),
        }
    }

    /// Applies every object of all operators.
    pub(crate) async fn all(&mut self, inputs: &[(&Shipped, Vec<Input>)]) {
        let mut objects: Vec<(&str, Value)> = Vec::new();
        for (shipped, inputs) in inputs {
            let name = shipped.namespace;
            objects.push((
                name,
                json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}),
            ));
            for input in inputs {
                let documents = read_documents(input, &Limits::default()).unwrap();
                objects.extend(documents.into_iter().map(|d| (name, d.value)));
            }
        }
        objects.sort_by_key(|(_, object)| order(object));
        let definitions = objects.partition_point(|(_, object)| order(object) == 0);
        for (index, (namespace, object)) in objects.into_iter().enumerate() {
            if index == definitions {
                self.definitions_are_established().await;
            }
            self.one(object, namespace).await;
        }
    }

    /// Applies an object.
    pub(crate) async fn one(&mut self, mut object: Value, namespace: &str) {
        let (resource, scope) = self.kind(&object).await;
        let given = object["metadata"]["namespace"].as_str();
        let namespace = given.unwrap_or(namespace).to_owned();
        self.own(&mut object, &namespace);
        let name = object["metadata"]["name"].as_str().unwrap().to_owned();
        let api: Api<DynamicObject> = match scope {
            Scope::Cluster => Api::all_with(self.client.clone(), &resource),
            Scope::Namespaced => Api::namespaced_with(self.client.clone(), &namespace, &resource),
        };
        let parameters = PatchParams::apply("kubectl").force();
        match api.patch(&name, &parameters, &Patch::Apply(&object)).await {
            Ok(applied) => {
                let key = (resource.kind, namespace, name);
                self.uids.insert(key, applied.metadata.uid.unwrap());
            }
            Err(error) => {
                self.refused
                    .push(format!("{} {name}: {error}", resource.kind));
            }
        }
    }

    /// Writes the status of an object of the cluster's, as its controller would.
    pub(crate) async fn status(&mut self, object: &Value) {
        let (resource, _) = self.kind(object).await;
        let api: Api<DynamicObject> = Api::all_with(self.client.clone(), &resource);
        let name = object["metadata"]["name"].as_str().unwrap();
        let parameters = PatchParams::apply("controller").force();
        let patch = Patch::Apply(object);
        api.patch_status(name, &parameters, &patch).await.unwrap();
    }

    /// Fills in the uids of owners.
    fn own(&self, object: &mut Value, namespace: &str) {
        let Some(owners) = object["metadata"]["ownerReferences"].as_array_mut() else {
            return;
        };
        for owner in owners {
            let word = |field: &str| owner[field].as_str().unwrap().to_owned();
            let key = (word("kind"), namespace.to_owned(), word("name"));
            owner["uid"] = json!(
                self.uids
                    .get(&key)
                    .unwrap_or_else(|| panic!("{key:?}: {:?}", self.refused))
            );
        }
    }

    async fn kind(&mut self, object: &Value) -> (ApiResource, Scope) {
        let word = |field: &str| object[field].as_str().unwrap().to_owned();
        let key = (word("apiVersion"), word("kind"));
        if let Some(known) = self.kinds.get(&key) {
            return known.clone();
        }
        let (group, version) = key.0.split_once('/').unwrap_or(("", &key.0));
        let kind = GroupVersionKind::gvk(group, version, &key.1);
        let (resource, capabilities) = pinned_kind(&self.client, &kind)
            .await
            .unwrap_or_else(|error| panic!("{kind:?}: {error}"));
        let known = (resource, capabilities.scope);
        self.kinds.insert(key, known.clone());
        known
    }

    /// Waits until the kinds that were defined are served.
    pub(crate) async fn definitions_are_established(&self) {
        let kind = GroupVersionKind::gvk("apiextensions.k8s.io", "v1", "CustomResourceDefinition");
        self.until("definitions", &kind, |definition| {
            let conditions = definition["status"]["conditions"].as_array();
            conditions.is_some_and(|conditions| {
                conditions
                    .iter()
                    .any(|c| c["type"] == "Established" && c["status"] == "True")
            })
        })
        .await;
    }

    /// Waits until the controllers have made what Deployments and StatefulSets ask for.
    pub(crate) async fn pods_are_made(&self) {
        for kind in ["Deployment", "StatefulSet"] {
            let gvk = GroupVersionKind::gvk("apps", "v1", kind);
            self.until(kind, &gvk, |workload| {
                let replicas = |value: &Value| value.as_u64();
                replicas(&workload["status"]["replicas"]).unwrap_or(0)
                    >= replicas(&workload["spec"]["replicas"]).unwrap_or(1)
            })
            .await;
        }
    }

    async fn until(&self, what: &str, kind: &GroupVersionKind, ready: impl Fn(&Value) -> bool) {
        let api: Api<DynamicObject> =
            Api::all_with(self.client.clone(), &ApiResource::from_gvk(kind));
        let start = Instant::now();
        loop {
            let list = api.list(&ListParams::default()).await.unwrap();
            let waiting: Vec<String> = list
                .items
                .iter()
                .filter(|object| !ready(&object.data))
                .map(|object| object.metadata.name.clone().unwrap())
                .collect();
            if waiting.is_empty() {
                return;
            }
            assert!(
                start.elapsed() < PATIENCE,
                "{what}: {waiting:?} {:?}",
                self.refused
            );
            tokio::time::sleep(PAUSE).await;
        }
    }
}
