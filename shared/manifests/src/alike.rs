//! Pods of one owner that differ in nothing that counts become one: a cluster has ten times as many
//! pods as it has kinds of them, and what is said of one is said of all.

use std::collections::BTreeMap;

use opsec_model::objects::{AlikePod, PodSpec, Workload, WorkloadKind};

/// How many pods of one owner are compared with: pods that are alike are listed near each other, and
/// an owner whose pods all differ must not cost more than each.
const COMPARED: usize = 4;

/// How the API server begins the names of the volumes that it puts a pod's token in; the rest is
/// drawn.
const TOKEN_VOLUME: &str = "kube-api-access-";

/// The pods so far, by namespace and owner: where they stand among the workloads.
#[derive(Debug, Default)]
pub(crate) struct Alike {
    places: BTreeMap<(String, String), Vec<usize>>,
}

impl Alike {
    /// Adds a workload to others: to the pod that it is like, if there is one.
    pub(crate) fn push(&mut self, workload: Workload, workloads: &mut Vec<Workload>) {
        let Some(key) = key(&workload) else {
            workloads.push(workload);
            return;
        };
        let places = self.places.entry(key).or_default();
        for &place in places.iter().rev().take(COMPARED) {
            if let Some(kept) = workloads.get_mut(place)
                && is_like(&workload, kept)
            {
                kept.alike.push(AlikePod {
                    name: workload.metadata.name,
                    node_name: workload.template.spec.node_name,
                });
                kept.alike.extend(workload.alike);
                return;
            }
        }
        places.push(workloads.len());
        workloads.push(workload);
    }
}

/// Namespace and owner, of a pod that a controller made. A pod that nothing owns was named by
/// someone, and is by itself.
fn key(workload: &Workload) -> Option<(String, String)> {
    let mut owners = workload.metadata.owner_references.iter();
    let owner = owners.find(|owner| owner.controller && owner.kind != "Node")?;
    let pod = workload.kind == WorkloadKind::Pod;
    pod.then(|| (workload.namespace().to_owned(), owner.uid.clone()))
}

/// Whether a pod is another but for its name, its node, and what the API server drew for it.
fn is_like(pod: &Workload, kept: &Workload) -> bool {
    // Cheaper than what follows, and where pods of one owner differ they mostly differ here.
    if pod.metadata.labels != kept.metadata.labels {
        return false;
    }
    let mut likened = pod.clone();
    likened.alike.clone_from(&kept.alike);
    for (metadata, of) in [
        (&mut likened.metadata, &kept.metadata),
        (&mut likened.template.metadata, &kept.template.metadata),
    ] {
        metadata.name.clone_from(&of.name);
        metadata.uid.clone_from(&of.uid);
        metadata.generation = of.generation;
    }
    let spec = &mut likened.template.spec;
    spec.node_name.clone_from(&kept.template.spec.node_name);
    if let (Some(drawn), Some(as_kept)) = (token_volume(spec), token_volume(&kept.template.spec)) {
        rename_volume(spec, &drawn, &as_kept);
    }
    likened == *kept
}

/// The volume that the API server puts the token in; none where it is not the only one that is
/// called so.
fn token_volume(spec: &PodSpec) -> Option<String> {
    let mut names = spec.volumes.iter().map(|volume| &volume.name);
    let name = names.find(|name| name.starts_with(TOKEN_VOLUME))?;
    let another = names.any(|name| name.starts_with(TOKEN_VOLUME));
    (!another).then(|| name.clone())
}

fn rename_volume(spec: &mut PodSpec, from: &str, to: &str) {
    let lists = [
        &mut spec.containers,
        &mut spec.init_containers,
        &mut spec.ephemeral_containers,
    ];
    let mounts = lists
        .into_iter()
        .flatten()
        .flat_map(|container| &mut container.volume_mounts)
        .map(|mount| &mut mount.name);
    let volumes = spec.volumes.iter_mut().map(|volume| &mut volume.name);
    for name in mounts.chain(volumes) {
        if name == from {
            to.clone_into(name);
        }
    }
}

#[cfg(test)]
mod tests {
    use opsec_model::objects::Workload;
    use serde_json::{Value, json};

    use crate::LiveObjects;

    /// A pod of a ReplicaSet, as an API server answers it.
    fn pod(name: &str) -> Value {
        let volume = format!("kube-api-access-{name}");
        json!({
            "metadata": {"name": format!("app-{name}"), "namespace": "n", "uid": name,
                "labels": {"app": "a"},
                "ownerReferences": [{"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "app",
                    "uid": "r", "controller": true}]},
            "spec": {"nodeName": format!("node-{name}"), "serviceAccountName": "app",
                "containers": [{"name": "app", "image": "app:1",
                    "volumeMounts": [{"name": volume, "mountPath": "/var/run/secrets"}]}],
                "volumes": [{"name": volume, "projected": {"sources": [
                    {"serviceAccountToken": {"path": "token"}}]}}]},
        })
    }

    fn kept(pods: Vec<Value>) -> Vec<Workload> {
        let mut objects = LiveObjects::new();
        for pod in pods {
            objects.add("", "v1", "Pod", pod).unwrap();
        }
        objects.finish().workloads
    }

    #[test]
    fn pods_of_one_owner_that_differ_in_name_and_node_are_one_with_all_names_and_nodes() {
        let kept = kept(vec![pod("a"), pod("b"), pod("c")]);
        assert_eq!(kept.len(), 1);
        let names: Vec<&str> = kept[0].names().collect();
        assert_eq!(names, ["app-a", "app-b", "app-c"]);
        let nodes: Vec<&str> = kept[0].nodes().collect();
        assert_eq!(nodes, ["node-a", "node-b", "node-c"]);
    }

    #[test]
    fn pods_that_differ_in_what_counts_stay_apart() {
        let differences = [
            ("/spec/serviceAccountName", json!("admin")),
            ("/spec/containers/0/image", json!("app:2")),
            (
                "/spec/containers/0/securityContext",
                json!({"privileged": true}),
            ),
            ("/spec/hostNetwork", json!(true)),
            ("/metadata/labels/app", json!("b")),
            ("/metadata/annotations", json!({"a": "b"})),
            ("/metadata/namespace", json!("other")),
            ("/metadata/ownerReferences/0/uid", json!("another")),
            (
                "/spec/containers/0/volumeMounts/0/mountPath",
                json!("/else"),
            ),
        ];
        for (field, value) in differences {
            let mut other = pod("b");
            let (parent, name) = field.rsplit_once('/').unwrap();
            other.pointer_mut(parent).unwrap()[name] = value;
            assert_eq!(kept(vec![pod("a"), other]).len(), 2, "{field}");
        }
    }

    #[test]
    fn pods_that_nothing_owns_and_those_of_a_node_stay_apart() {
        for owners in [
            json!([]),
            json!([{"apiVersion": "v1", "kind": "Node", "name": "m", "uid": "m", "controller": true}]),
            json!([{"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "app", "uid": "r"}]),
        ] {
            let [one, other] = ["a", "b"].map(|name| {
                let mut pod = pod(name);
                pod["metadata"]["ownerReferences"] = owners.clone();
                pod
            });
            assert_eq!(kept(vec![one, other]).len(), 2, "{owners}");
        }
    }

    #[test]
    fn lists_that_were_read_apart_are_one_when_they_are_put_together() {
        let mut all = LiveObjects::new();
        for name in ["a", "b"] {
            let mut one = LiveObjects::new();
            one.add("", "v1", "Pod", pod(name)).unwrap();
            all.append(one);
        }
        assert_eq!(all.finish().workloads.len(), 1);
    }
}
