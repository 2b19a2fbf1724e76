//! Patches of the operator's own pods: what the Pod Security Standard asks of them, the node's
//! network, tokens, and a ServiceAccount of their own.

use opsec_facts::Facts;
use opsec_model::ObjectRef;
use opsec_model::objects::{Container, PodSpec, Workload};
use serde_json::{Map, Value, json};

use super::Work;
use super::edit::{Edits, merge};

pub(crate) fn write(
    work: &Work<'_>,
    facts: &Facts<'_>,
    failing: &dyn Fn(&str) -> bool,
    edits: &mut Edits,
) {
    let secured = failing("OPSEC314") && work.answers(&["OPSEC314"]);
    let off_the_host = failing("OPSEC207") && work.answers(&["OPSEC207"]);
    for workload in work.operator.workloads(facts) {
        let object = ObjectRef::namespaced(
            workload.kind.as_str(),
            workload.namespace(),
            &workload.metadata.name,
        );
        if secured {
            let fields = nested(workload, pod(&workload.template.spec));
            edits.patch(object.clone(), &fields, &["OPSEC314"]);
        }
        if off_the_host && workload.template.spec.host_network {
            let fields = nested(workload, json!({"hostNetwork": false}));
            edits.patch(object, &fields, &["OPSEC207"]);
        }
    }
}

/// Fields of a pod's spec where the workload has them.
fn nested(workload: &Workload, spec: Value) -> Value {
    let path = workload.kind.pod_spec_path();
    path.rsplit('.').fold(spec, |inner, key| {
        let mut outer = Map::new();
        outer.insert(key.to_owned(), inner);
        Value::Object(outer)
    })
}

/// What makes a pod restricted. What it says otherwise is taken back.
fn pod(spec: &PodSpec) -> Value {
    let mut context = json!({
        "runAsNonRoot": true,
        "seccompProfile": {"type": "RuntimeDefault"},
    });
    let said = spec.security_context.clone().unwrap_or_default();
    if said.run_as_user == Some(0) {
        set(&mut context, "runAsUser", Value::Null);
    }
    if said.app_armor_profile.is_some() {
        set(&mut context, "appArmorProfile", Value::Null);
    }
    if !said.sysctls.is_empty() {
        set(&mut context, "sysctls", Value::Null);
    }
    if said.se_linux_options.is_some() {
        set(&mut context, "seLinuxOptions", Value::Null);
    }
    let mut fields = json!({"securityContext": context});
    for (field, said) in [
        ("hostNetwork", spec.host_network),
        ("hostPID", spec.host_pid),
        ("hostIPC", spec.host_ipc),
    ] {
        if said {
            set(&mut fields, field, json!(false));
        }
    }
    for (field, containers) in [
        ("containers", &spec.containers),
        ("initContainers", &spec.init_containers),
    ] {
        if !containers.is_empty() {
            let patches: Vec<Value> = containers.iter().map(container).collect();
            set(&mut fields, field, json!(patches));
        }
    }
    let volumes: Vec<Value> = spec
        .volumes
        .iter()
        .filter(|volume| volume.host_path.is_some())
        .map(|volume| json!({"name": volume.name, "hostPath": null, "emptyDir": {}}))
        .collect();
    if !volumes.is_empty() {
        set(&mut fields, "volumes", json!(volumes));
    }
    fields
}

fn container(container: &Container) -> Value {
    let said = container.security_context.clone().unwrap_or_default();
    let capabilities = said.capabilities.clone().unwrap_or_default();
    let mut allowed = json!({"drop": ["ALL"]});
    if !capabilities.add.is_empty() {
        let bind: Vec<&String> = capabilities
            .add
            .iter()
            .filter(|name| *name == "NET_BIND_SERVICE")
            .collect();
        let kept = if bind.is_empty() {
            Value::Null
        } else {
            json!(bind)
        };
        set(&mut allowed, "add", kept);
    }
    let mut context = json!({
        "allowPrivilegeEscalation": false,
        "capabilities": allowed,
    });
    for (field, wrong) in [
        ("privileged", said.privileged == Some(true)),
        ("runAsUser", said.run_as_user == Some(0)),
        ("runAsNonRoot", said.run_as_non_root == Some(false)),
        ("procMount", said.proc_mount.is_some()),
        ("seLinuxOptions", said.se_linux_options.is_some()),
        ("appArmorProfile", said.app_armor_profile.is_some()),
        (
            "seccompProfile",
            said.seccomp_profile
                .is_some_and(|profile| profile.kind != "RuntimeDefault"),
        ),
    ] {
        if wrong {
            set(&mut context, field, Value::Null);
        }
    }
    let mut fields = json!({"name": container.name, "securityContext": context});
    let ports: Vec<Value> = container
        .ports
        .iter()
        .filter(|port| port.host_port != 0)
        .map(|port| json!({"containerPort": port.container_port, "hostPort": null}))
        .collect();
    if !ports.is_empty() {
        set(&mut fields, "ports", json!(ports));
    }
    for path in container.probe_hosts.keys() {
        let host = path
            .rsplit('.')
            .fold(Value::Null, |inner, key| json!({key: inner}));
        merge(&mut fields, &host);
    }
    fields
}

fn set(fields: &mut Value, key: &str, value: Value) {
    if let Value::Object(members) = fields {
        members.insert(key.to_owned(), value);
    }
}
