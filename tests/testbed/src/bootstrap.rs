//! What an empty API server says of itself: the source of `shared/kubernetes/data/`.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use k8s_openapi::api::rbac::v1::{ClusterRole, ClusterRoleBinding, Role, RoleBinding};
use kube::api::ListParams;
use kube::{Api, Client, Resource};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::error::TestbedError;

/// The roles and bindings of the API server's own, as a `List` with an item a line, sorted.
///
/// # Errors
/// When the API server does not answer.
pub async fn policy(client: &Client) -> Result<String, TestbedError> {
    let mut lines = items::<ClusterRole>(client, "ClusterRole").await?;
    lines.extend(items::<ClusterRoleBinding>(client, "ClusterRoleBinding").await?);
    lines.extend(items::<Role>(client, "Role").await?);
    lines.extend(items::<RoleBinding>(client, "RoleBinding").await?);
    Ok(document(
        "\"apiVersion\":\"v1\",\"kind\":\"List\",\"items\"",
        &lines,
    ))
}

/// The kinds that it serves, in all versions, a kind a line, sorted.
///
/// # Errors
/// When the API server does not answer.
pub async fn discovery(client: &Client) -> Result<String, TestbedError> {
    let mut kinds: BTreeMap<[String; 3], Value> = BTreeMap::new();
    for version in client.list_core_api_versions().await?.versions {
        let list = client.list_core_api_resources(&version).await?;
        collect("", &version, &list.resources, &mut kinds);
    }
    for group in client.list_api_groups().await?.groups {
        for version in &group.versions {
            let list = client
                .list_api_group_resources(&version.group_version)
                .await?;
            collect(&group.name, &version.version, &list.resources, &mut kinds);
        }
    }
    let version = client.apiserver_version().await?.git_version;
    let lines: Vec<String> = kinds.values().map(Value::to_string).collect();
    let head = format!("\"kubernetesVersion\":\"{version}\",\"resources\"");
    Ok(document(&head, &lines))
}

type ApiResource = k8s_openapi::apimachinery::pkg::apis::meta::v1::APIResource;

/// Joins resources and their subresources, which discovery lists side by side.
fn collect(
    group: &str,
    version: &str,
    resources: &[ApiResource],
    kinds: &mut BTreeMap<[String; 3], Value>,
) {
    let key = |name: &str| [group.to_owned(), version.to_owned(), name.to_owned()];
    for resource in resources
        .iter()
        .filter(|resource| !resource.name.contains('/'))
    {
        let below = format!("{}/", resource.name);
        let subresources: BTreeMap<&str, Value> = resources
            .iter()
            .filter_map(|other| Some((other.name.strip_prefix(&below)?, other)))
            .map(|(name, other)| {
                let verbs = sorted(&other.verbs);
                (
                    name,
                    json!({"name": name, "kind": other.kind, "verbs": verbs}),
                )
            })
            .collect();
        let scope = if resource.namespaced {
            "Namespaced"
        } else {
            "Cluster"
        };
        let kind = json!({
            "group": group,
            "version": version,
            "resource": resource.name,
            "kind": resource.kind,
            "scope": scope,
            "verbs": sorted(&resource.verbs),
            "shortNames": resource.short_names.clone().unwrap_or_default(),
            "categories": sorted(resource.categories.as_deref().unwrap_or_default()),
            "subresources": subresources.into_values().collect::<Vec<_>>(),
        });
        kinds.insert(key(&resource.name), kind);
    }
}

/// The objects of a kind that the API server made, each as a line: what a verdict may rest on, and
/// nothing that differs from one start to the next.
async fn items<K>(client: &Client, kind: &str) -> Result<Vec<String>, TestbedError>
where
    K: Resource<DynamicType = ()> + Clone + Serialize + DeserializeOwned + std::fmt::Debug,
{
    let api: Api<K> = Api::all(client.clone());
    let mut objects = BTreeMap::new();
    for object in api.list(&ListParams::default()).await? {
        let metadata = object.meta();
        let labels = metadata.labels.clone().unwrap_or_default();
        if !labels.contains_key("kubernetes.io/bootstrapping") {
            continue;
        }
        let name = metadata.name.clone().unwrap_or_default();
        let namespace = metadata.namespace.clone();
        let mut value = serde_json::to_value(&object).unwrap_or_default();
        let mut identity = json!({"name": name, "labels": labels});
        set(
            &mut identity,
            "namespace",
            namespace.as_deref().map(Value::from),
        );
        let mut item = json!({
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": kind,
            "metadata": identity,
        });
        for field in ["aggregationRule", "rules", "roleRef", "subjects"] {
            set(&mut item, field, value.get_mut(field).map(Value::take));
        }
        objects.insert((namespace, name), item.to_string());
    }
    Ok(objects.into_values().collect())
}

fn set(object: &mut Value, field: &str, value: Option<Value>) {
    if let (Some(object), Some(value)) = (object.as_object_mut(), value) {
        object.insert(field.to_owned(), value);
    }
}

fn sorted(words: &[String]) -> Value {
    let mut words = words.to_vec();
    words.sort();
    words.into()
}

fn document(head: &str, lines: &[String]) -> String {
    let mut text = format!("{{{head}:[\n");
    for (place, line) in lines.iter().enumerate() {
        let comma = if place + 1 < lines.len() { "," } else { "" };
        // Writing to a String does not fail.
        let _ = writeln!(text, "{line}{comma}");
    }
    text.push_str("]}\n");
    text
}
