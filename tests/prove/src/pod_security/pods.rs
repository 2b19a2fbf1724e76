//! Random pods: one that meets a standard, with a few fields changed.

use serde_json::{Map, Value, json};

use crate::chance::Chance;

/// Capabilities, of which some may be added.
const CAPABILITIES: [&str; 10] = [
    "NET_BIND_SERVICE",
    "CHOWN",
    "KILL",
    "SETFCAP",
    "SYS_CHROOT",
    "NET_RAW",
    "SYS_ADMIN",
    "NET_ADMIN",
    "ALL",
    "chown",
];
const SYSCTLS: [&str; 10] = [
    "kernel.shm_rmid_forced",
    "net.ipv4.ip_local_port_range",
    "net.ipv4.tcp_syncookies",
    "net.ipv4.ping_group_range",
    "net.ipv4.ip_local_reserved_ports",
    "net.ipv4.tcp_keepalive_time",
    "net.ipv4.tcp_fin_timeout",
    "net.ipv4.tcp_rmem",
    "net.ipv4.tcp_wmem",
    "kernel.msgmax",
];
const SE_LINUX_TYPES: [&str; 5] = [
    "container_t",
    "container_init_t",
    "container_kvm_t",
    "container_engine_t",
    "spc_t",
];
const APP_ARMOR: &str = "container.apparmor.security.beta.kubernetes.io/";
const SECCOMP_POD: &str = "seccomp.security.alpha.kubernetes.io/pod";
const SECCOMP_CONTAINER: &str = "container.seccomp.security.alpha.kubernetes.io/";
const PROFILES: [&str; 6] = [
    "runtime/default",
    "unconfined",
    "localhost/x",
    "docker/default",
    "",
    "Unconfined",
];

/// A change to a pod.
type Change = fn(&mut Value, &mut Chance);

/// What may be changed.
const CHANGES: [Change; 20] = [
    host_namespaces,
    privileged,
    capabilities_added,
    capabilities_dropped,
    volumes,
    volumes,
    host_ports,
    app_armor,
    app_armor_annotation,
    se_linux,
    proc_mount,
    seccomp,
    seccomp_annotation,
    sysctls,
    windows_host_process,
    probes,
    privilege_escalation,
    run_as_non_root,
    run_as_user,
    host_users,
];

/// Any pod.
pub(crate) fn any(chance: &mut Chance) -> Value {
    let mut pod = match chance.below(10) {
        0..=5 => hardened(chance),
        6 => windows(),
        _ => plain(chance),
    };
    for _ in 0..chance.below(4) {
        if let Some(change) = chance.pick(&CHANGES) {
            change(&mut pod, chance);
        }
    }
    pod
}

fn pod(spec: Value) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {"name": "any", "annotations": {}}, "spec": spec,
    })
}

fn plain(chance: &mut Chance) -> Value {
    let mut spec = json!({"containers": [container("a")]});
    if chance.percent(40) {
        set(&mut spec, &["initContainers"], json!([container("b")]));
    }
    pod(spec)
}

/// A pod that meets restricted, its settings in the pod or in its containers.
fn hardened(chance: &mut Chance) -> Value {
    let mut pod = plain(chance);
    let of_pod = chance.percent(50);
    if of_pod {
        let context = json!({"runAsNonRoot": true, "seccompProfile": {"type": "RuntimeDefault"}});
        set(&mut pod, &["spec", "securityContext"], context);
    }
    for list in ["containers", "initContainers"] {
        let containers = pod
            .pointer_mut(&format!("/spec/{list}"))
            .and_then(Value::as_array_mut);
        for container in containers.into_iter().flatten() {
            let mut context = json!({
                "allowPrivilegeEscalation": false, "capabilities": {"drop": ["ALL"]},
            });
            if !of_pod {
                set(&mut context, &["runAsNonRoot"], json!(true));
                set(
                    &mut context,
                    &["seccompProfile"],
                    json!({"type": "RuntimeDefault"}),
                );
            }
            set(container, &["securityContext"], context);
        }
    }
    pod
}

fn windows() -> Value {
    pod(json!({
        "os": {"name": "windows"}, "containers": [container("a")],
        "securityContext": {"runAsNonRoot": true},
    }))
}

fn container(name: &str) -> Value {
    json!({"name": name, "image": "none.example.com/none", "securityContext": {}})
}

/// Sets a field, and the objects that it lies in.
fn set(value: &mut Value, path: &[&str], to: Value) {
    let Some((first, rest)) = path.split_first() else {
        *value = to;
        return;
    };
    if !value.is_object() {
        *value = Value::Object(Map::new());
    }
    if let Some(fields) = value.as_object_mut() {
        let inner = fields.entry((*first).to_owned()).or_insert(Value::Null);
        set(inner, rest, to);
    }
}

/// Sets a field of the security context of the pod or of one of its containers.
fn set_context(pod: &mut Value, field: &[&str], to: Value, chance: &mut Chance) {
    if chance.percent(40) {
        let path: Vec<&str> = ["spec", "securityContext"]
            .iter()
            .chain(field)
            .copied()
            .collect();
        set(pod, &path, to);
    } else {
        let path: Vec<&str> = ["securityContext"].iter().chain(field).copied().collect();
        in_container(pod, chance, |container, _| {
            set(container, &path, to.clone());
        });
    }
}

fn in_container(
    pod: &mut Value,
    chance: &mut Chance,
    mut alter: impl FnMut(&mut Value, &mut Chance),
) {
    let init = chance.percent(40);
    let lists: &[&str] = if init {
        &["/spec/initContainers/0", "/spec/containers/0"]
    } else {
        &["/spec/containers/0"]
    };
    for list in lists {
        if let Some(container) = pod.pointer_mut(list) {
            alter(container, chance);
            return;
        }
    }
}

fn remove(container: &mut Value, field: &str) {
    let context = container
        .get_mut("securityContext")
        .and_then(Value::as_object_mut);
    if let Some(context) = context {
        context.remove(field);
    }
}

fn host_namespaces(pod: &mut Value, chance: &mut Chance) {
    let field = chance.word(&["hostNetwork", "hostPID", "hostIPC"]);
    set(pod, &["spec", field], json!(chance.percent(80)));
}

fn privileged(pod: &mut Value, chance: &mut Chance) {
    in_container(pod, chance, |container, chance| {
        let on = chance.percent(70);
        set(container, &["securityContext", "privileged"], json!(on));
        if on {
            // A privileged container may not say that it gains no privileges.
            remove(container, "allowPrivilegeEscalation");
        }
    });
}

fn capabilities_added(pod: &mut Value, chance: &mut Chance) {
    in_container(pod, chance, |container, chance| {
        let added = chance.words(&CAPABILITIES, 2);
        if added.contains(&"SYS_ADMIN") {
            remove(container, "allowPrivilegeEscalation");
        }
        set(
            container,
            &["securityContext", "capabilities", "add"],
            json!(added),
        );
    });
}

fn capabilities_dropped(pod: &mut Value, chance: &mut Chance) {
    in_container(pod, chance, |container, chance| {
        let dropped: &[&str] = match chance.below(4) {
            0 => &[],
            1 => &["all"],
            2 => &["NET_RAW", "ALL"],
            _ => &["NET_RAW"],
        };
        set(
            container,
            &["securityContext", "capabilities", "drop"],
            json!(dropped),
        );
    });
}

fn volumes(pod: &mut Value, chance: &mut Chance) {
    let sources = [
        json!({"hostPath": {"path": "/srv"}}),
        json!({"nfs": {"server": "none.example.com", "path": "/"}}),
        json!({"emptyDir": {}}),
        json!({"configMap": {"name": "x"}}),
        json!({"secret": {"secretName": "x"}}),
        json!({"downwardAPI": {}}),
        json!({"projected": {"sources": [{"serviceAccountToken": {"path": "t"}}]}}),
        json!({"csi": {"driver": "none.example.com"}}),
        json!({"persistentVolumeClaim": {"claimName": "x"}}),
        json!({"image": {"reference": "none.example.com/none"}}),
        json!({"iscsi": {"targetPortal": "1.2.3.4", "iqn": "iqn.2001-04.com.example:x", "lun": 0}}),
        json!({"cephfs": {"monitors": ["1.2.3.4"]}}),
        json!({"fc": {"targetWWNs": ["x"], "lun": 0}}),
        json!({"ephemeral": {"volumeClaimTemplate": {"spec": {
            "accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}},
        }}}}),
    ];
    let mut volumes = Vec::new();
    for number in 0..=chance.below(3) {
        let mut volume = chance.pick(&sources).cloned().unwrap_or_default();
        set(&mut volume, &["name"], json!(format!("v{number}")));
        volumes.push(volume);
    }
    set(pod, &["spec", "volumes"], json!(volumes));
}

fn host_ports(pod: &mut Value, chance: &mut Chance) {
    let host = if chance.percent(60) { 80 } else { 0 };
    in_container(pod, chance, |container, _| {
        set(
            container,
            &["ports"],
            json!([{"containerPort": 80, "hostPort": host}]),
        );
    });
}

/// A profile of seccomp or AppArmor.
fn profile(chance: &mut Chance) -> Value {
    match chance.below(3) {
        0 => json!({"type": "Unconfined"}),
        1 => json!({"type": "RuntimeDefault"}),
        _ => json!({"type": "Localhost", "localhostProfile": "x"}),
    }
}

fn app_armor(pod: &mut Value, chance: &mut Chance) {
    let profile = profile(chance);
    set_context(pod, &["appArmorProfile"], profile, chance);
}

fn app_armor_annotation(pod: &mut Value, chance: &mut Chance) {
    let key = format!("{APP_ARMOR}a");
    set(
        pod,
        &["metadata", "annotations", &key],
        json!(chance.word(&PROFILES)),
    );
}

fn seccomp(pod: &mut Value, chance: &mut Chance) {
    let profile = profile(chance);
    set_context(pod, &["seccompProfile"], profile, chance);
}

fn seccomp_annotation(pod: &mut Value, chance: &mut Chance) {
    let key = if chance.percent(50) {
        SECCOMP_POD.to_owned()
    } else {
        format!("{SECCOMP_CONTAINER}a")
    };
    set(
        pod,
        &["metadata", "annotations", &key],
        json!(chance.word(&PROFILES)),
    );
}

fn se_linux(pod: &mut Value, chance: &mut Chance) {
    let options = match chance.below(4) {
        0 => json!({"user": "system_u"}),
        1 => json!({"role": "system_r"}),
        2 => json!({"level": "s0:c1,c2"}),
        _ => json!({"type": chance.word(&SE_LINUX_TYPES)}),
    };
    set_context(pod, &["seLinuxOptions"], options, chance);
}

fn proc_mount(pod: &mut Value, chance: &mut Chance) {
    let kind = chance.word(&["Default", "Unmasked"]);
    if kind == "Unmasked" {
        // Without its own users the API server takes no such pod.
        set(pod, &["spec", "hostUsers"], json!(false));
    }
    in_container(pod, chance, |container, _| {
        set(container, &["securityContext", "procMount"], json!(kind));
    });
}

fn sysctls(pod: &mut Value, chance: &mut Chance) {
    let names = chance.words(&SYSCTLS, 2);
    let sysctls: Vec<Value> = names
        .iter()
        .map(|name| json!({"name": name, "value": "1"}))
        .collect();
    set(pod, &["spec", "securityContext", "sysctls"], json!(sysctls));
}

/// A pod either runs on the Windows node itself, network and all, or not at all.
fn windows_host_process(pod: &mut Value, chance: &mut Chance) {
    let windows = pod.pointer("/spec/os").is_some();
    if windows && chance.percent(70) {
        set(pod, &["spec", "hostNetwork"], json!(true));
        let options = json!({"hostProcess": true, "runAsUserName": "NT AUTHORITY\\SYSTEM"});
        set(pod, &["spec", "securityContext", "windowsOptions"], options);
    } else {
        let options = json!({"hostProcess": false});
        set_context(pod, &["windowsOptions"], options, chance);
    }
}

fn probes(pod: &mut Value, chance: &mut Chance) {
    let host = chance.word(&["", "10.0.0.1", "localhost"]);
    let handler = match chance.below(3) {
        0 => json!({"tcpSocket": {"port": 80, "host": host}}),
        1 => json!({"httpGet": {"port": 80, "host": host}}),
        _ => json!({"exec": {"command": ["true"]}}),
    };
    let field: &[&str] = match chance.below(5) {
        0 => &["livenessProbe"],
        1 => &["readinessProbe"],
        2 => &["startupProbe"],
        3 => &["lifecycle", "postStart"],
        _ => &["lifecycle", "preStop"],
    };
    if let Some(container) = pod.pointer_mut("/spec/containers/0") {
        set(container, field, handler);
    }
}

fn privilege_escalation(pod: &mut Value, chance: &mut Chance) {
    in_container(pod, chance, |container, chance| {
        remove(container, "allowPrivilegeEscalation");
        if chance.percent(40) {
            set(
                container,
                &["securityContext", "allowPrivilegeEscalation"],
                json!(true),
            );
        }
    });
}

fn run_as_non_root(pod: &mut Value, chance: &mut Chance) {
    let to = match chance.below(3) {
        0 => Value::Null,
        1 => json!(false),
        _ => json!(true),
    };
    set_context(pod, &["runAsNonRoot"], to, chance);
}

fn run_as_user(pod: &mut Value, chance: &mut Chance) {
    let user = if chance.percent(60) { 0 } else { 1000 };
    set_context(pod, &["runAsUser"], json!(user), chance);
}

fn host_users(pod: &mut Value, chance: &mut Chance) {
    set(pod, &["spec", "hostUsers"], json!(chance.percent(30)));
}
