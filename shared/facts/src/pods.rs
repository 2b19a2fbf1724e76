//! Running pods beside the templates that they were made from. They differ where a webhook changed
//! them, where a debugger joined them, and while a rollout is not finished; then both are judged.

use opsec_model::objects::{Container, Object as _, PodSpec, Volume, Workload, WorkloadKind};

use crate::Facts;

/// How the API server begins the name of the volume that it puts the token in.
const TOKEN_VOLUME: &str = "kube-api-access-";

impl<'a> Facts<'a> {
    /// The workload that made another in the end: the last of its owners that is here and is a
    /// workload, as the Deployment behind a ReplicaSet. None for what nobody made.
    pub fn maker(&self, workload: &'a Workload) -> Option<&'a Workload> {
        let beside = self.workloads_in(workload.namespace());
        self.owners(workload).into_iter().rev().find_map(|owner| {
            beside
                .iter()
                .copied()
                .find(|maker| maker.metadata.name == owner.name && maker.kind() == owner.kind)
        })
    }

    /// Whether it is a running pod that is not what its maker's template says, as far as a verdict
    /// may rest on it: its account, its containers, what it has of the node, its volumes.
    pub fn differs_from_its_template(&self, workload: &'a Workload) -> bool {
        workload.kind == WorkloadKind::Pod
            && self
                .maker(workload)
                .is_some_and(|maker| differs(&workload.template.spec, maker))
    }
}

fn differs(pod: &PodSpec, maker: &Workload) -> bool {
    let template = &maker.template.spec;
    let of_the_pod = |spec: &PodSpec| {
        (
            spec.automount_service_account_token,
            (spec.host_network, spec.host_pid, spec.host_ipc),
            spec.share_process_namespace.unwrap_or_default(),
            spec.host_users.unwrap_or(true),
        )
    };
    let lists = |spec: &'_ PodSpec| {
        [
            spec.init_containers.clone(),
            spec.containers.clone(),
            spec.ephemeral_containers.clone(),
        ]
        .map(|list| list.into_iter().map(comparable).collect::<Vec<_>>())
    };
    pod.service_account() != template.service_account()
        || of_the_pod(pod) != of_the_pod(template)
        || pod.os != template.os
        || pod.security_context.clone().unwrap_or_default()
            != template.security_context.clone().unwrap_or_default()
        || lists(pod) != lists(template)
        || volumes(pod, maker) != volumes(template, maker)
}

/// A container without what the API server fills in for pods and not for templates: the mount of
/// the token, the node's ports of a pod on the node's network, and empty for absent.
fn comparable(mut container: Container) -> Container {
    container
        .volume_mounts
        .retain(|mount| !mount.name.starts_with(TOKEN_VOLUME));
    for port in &mut container.ports {
        port.host_port = 0;
    }
    container.security_context.get_or_insert_default();
    container
}

/// The volumes but the token's and, of a StatefulSet, those of its claims.
fn volumes<'a>(spec: &'a PodSpec, maker: &Workload) -> Vec<&'a Volume> {
    let claims = maker.kind == WorkloadKind::StatefulSet;
    let volumes = spec.volumes.iter();
    volumes
        .filter(|volume| !volume.name.starts_with(TOKEN_VOLUME))
        .filter(|volume| !claims || volume.persistent_volume_claim.is_none())
        .collect()
}

#[cfg(test)]
mod tests {
    use opsec_model::Snapshot;
    use serde_json::{Value, json};

    use super::*;

    fn spec() -> Value {
        json!({"serviceAccountName": "op", "containers": [{"name": "m", "image": "m:1"}]})
    }

    fn workload(kind: &str, name: &str, owner: Option<(&str, &str)>, spec: Value) -> Value {
        let owners: Vec<Value> = owner
            .into_iter()
            .map(|(kind, name)| {
                json!({"apiVersion": "apps/v1", "kind": kind, "name": name, "controller": true})
            })
            .collect();
        json!({"kind": kind, "template": {"spec": spec}, "metadata":
            {"name": name, "namespace": "n", "ownerReferences": owners}})
    }

    /// Whether a pod of a Deployment with the usual template differs from it.
    fn differs(pod: Value, old: Value) -> bool {
        let workloads = json!([
            workload("Deployment", "op", None, spec()),
            workload("ReplicaSet", "op-1", Some(("Deployment", "op")), old),
            workload("Pod", "op-1-a", Some(("ReplicaSet", "op-1")), pod),
        ]);
        let snapshot: Snapshot = serde_json::from_value(json!({"workloads": workloads})).unwrap();
        let facts = Facts::new(&snapshot);
        let maker = facts.maker(&snapshot.workloads[2]).unwrap();
        assert_eq!(maker.metadata.name, "op");
        assert!(!facts.differs_from_its_template(&snapshot.workloads[1]));
        facts.differs_from_its_template(&snapshot.workloads[2])
    }

    #[test]
    fn what_the_api_server_fills_in_is_no_difference() {
        let mut pod = spec();
        assert!(!differs(pod.clone(), spec()));
        pod["serviceAccount"] = json!("op");
        pod["nodeName"] = json!("node");
        pod["securityContext"] = json!({});
        pod["volumes"] = json!([{"name": "kube-api-access-x", "projected": {"sources": []}}]);
        pod["containers"][0]["volumeMounts"] =
            json!([{"name": "kube-api-access-x", "mountPath": "/var/run/secrets"}]);
        pod["containers"][0]["securityContext"] = json!({});
        assert!(!differs(pod, spec()));
    }

    #[test]
    fn whatever_else_a_webhook_changes_is_one() {
        for (field, value) in [
            ("/serviceAccountName", json!("admin")),
            ("/hostNetwork", json!(true)),
            ("/hostPID", json!(true)),
            ("/automountServiceAccountToken", json!(true)),
            ("/securityContext", json!({"runAsUser": 0})),
            ("/containers/0/image", json!("other:1")),
            ("/containers/0/securityContext", json!({"privileged": true})),
            ("/containers/1", json!({"name": "sidecar", "image": "s"})),
            (
                "/ephemeralContainers",
                json!([{"name": "debug", "image": "d"}]),
            ),
            (
                "/volumes",
                json!([{"name": "root", "hostPath": {"path": "/"}}]),
            ),
        ] {
            let mut pod = spec();
            if field == "/containers/1" {
                pod["containers"].as_array_mut().unwrap().push(value);
            } else {
                let (parent, name) = field.rsplit_once('/').unwrap();
                pod.pointer_mut(parent).unwrap()[name] = value;
            }
            assert!(differs(pod, spec()), "{field}");
        }
    }

    #[test]
    fn a_pod_of_an_earlier_rollout_is_not_what_the_deployment_says_now() {
        let mut old = spec();
        old["containers"][0]["image"] = json!("m:0");
        assert!(differs(old.clone(), old));
    }
}
