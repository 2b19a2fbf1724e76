//! Which settings of a pod reach the node it runs on: whoever takes such a pod takes the node,
//! and with it what every other pod of the node holds.

use opsec_model::objects::{PodSpec, PodTemplate, Volume, WorkloadKind};

/// A setting of a pod that reaches its node.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct NodeAccess {
    /// The field inside the pod's spec, as in `volumes[0].hostPath`.
    pub field: String,
    /// How it reaches the node, for a person.
    pub reason: String,
}

impl NodeAccess {
    /// The field inside an object of that kind.
    pub fn path(&self, kind: WorkloadKind) -> String {
        crate::object_path(kind, &self.field)
    }
}

/// Paths of the node whose content gives the node away even to a reader.
const CRITICAL_PATHS: [&str; 7] = [
    "/etc",
    "/root",
    "/proc",
    "/sys",
    "/run",
    "/var/run",
    "/var/lib/kubelet",
];

/// Sockets and pipes of container runtimes, wherever they lie: who connects runs containers.
const RUNTIME_SOCKETS: [&str; 9] = [
    "docker.sock",
    "containerd.sock",
    "crio.sock",
    "cri-dockerd.sock",
    "dockershim.sock",
    "podman.sock",
    "buildkitd.sock",
    "docker_engine",
    "containerd-containerd",
];

/// Capabilities that reach the node.
const CAPABILITIES: [&str; 6] = [
    "ALL",
    "SYS_ADMIN",
    "SYS_PTRACE",
    "SYS_MODULE",
    "SYS_RAWIO",
    "DAC_READ_SEARCH",
];

/// The settings of a pod that reach its node, sorted by field: privileged (on Windows HostProcess,
/// which is its word for it), hostPID, capabilities, and paths of the node.
///
/// A path of the node counts when it gives the node away to a reader (`/`, `/etc`, `/run` …, what
/// lies under them, and what holds one of them, as `/var/lib` holds `/var/lib/kubelet`; a
/// runtime's socket wherever it lies), whether or not a container mounts it: an ephemeral
/// container may at any time. Another path counts when a container mounts it writable; a volume
/// that no container mounts is written by nobody.
pub fn node_access(template: &PodTemplate) -> Vec<NodeAccess> {
    let spec = &template.spec;
    let mut found = containers(spec);
    if spec.host_pid {
        found.push(access(
            "hostPID",
            "it sees and may enter the node's processes",
        ));
    }
    let context = spec.security_context.as_ref();
    let windows = context.and_then(|context| context.windows_options.as_ref());
    if windows.is_some_and(|options| options.host_process == Some(true)) {
        found.push(access(
            "securityContext.windowsOptions.hostProcess",
            "its containers are processes of the Windows node",
        ));
    }
    let volumes = spec.volumes.iter().enumerate();
    found.extend(volumes.filter_map(|(index, volume)| {
        let reason = host_path(spec, volume)?;
        Some(access(format!("volumes[{index}].hostPath"), reason))
    }));
    found.sort();
    found
}

fn access(field: impl Into<String>, reason: impl Into<String>) -> NodeAccess {
    NodeAccess {
        field: field.into(),
        reason: reason.into(),
    }
}

fn containers(spec: &PodSpec) -> Vec<NodeAccess> {
    let mut found = Vec::new();
    for (path, container) in spec.all_containers() {
        let Some(context) = &container.security_context else {
            continue;
        };
        let name = &container.name;
        if context.privileged == Some(true) {
            found.push(access(
                format!("{path}.securityContext.privileged"),
                format!("container `{name}` is privileged"),
            ));
        }
        let windows = context.windows_options.as_ref();
        if windows.is_some_and(|options| options.host_process == Some(true)) {
            found.push(access(
                format!("{path}.securityContext.windowsOptions.hostProcess"),
                format!("container `{name}` is a process of the Windows node"),
            ));
        }
        let added = context.capabilities.iter().flat_map(|all| &all.add);
        let reaching: Vec<String> = added
            .filter(|capability| reaches_node(capability))
            .map(|capability| format!("`{capability}`"))
            .collect();
        if !reaching.is_empty() {
            found.push(access(
                format!("{path}.securityContext.capabilities.add"),
                format!("container `{name}` adds {}", reaching.join(", ")),
            ));
        }
    }
    found
}

/// Runtimes take a capability's name in either case; some also with its prefix.
fn reaches_node(capability: &str) -> bool {
    let upper = capability.to_ascii_uppercase();
    let name = upper.strip_prefix("CAP_").unwrap_or(&upper);
    CAPABILITIES.contains(&name)
}

/// How a volume reaches the node; none when it does not.
fn host_path(spec: &PodSpec, volume: &Volume) -> Option<String> {
    let given = &volume.host_path.as_ref()?.path;
    let path = normalised(given);
    if let Some(critical) = CRITICAL_PATHS
        .iter()
        .find(|critical| holds(&path, critical) || holds(critical, &path))
    {
        return Some(if path == *critical || path == "/" {
            format!("it has the node's `{path}`")
        } else {
            format!("it has the node's `{path}`, which is part of or holds `{critical}`")
        });
    }
    if is_runtime_socket(&path) {
        return Some(format!("it has the container runtime's socket `{path}`"));
    }
    let writer = spec.all_containers().find(|(_, container)| {
        let mut mounts = container.volume_mounts.iter();
        mounts.any(|mount| mount.name == volume.name && !mount.read_only)
    });
    writer.map(|(_, container)| {
        let name = &container.name;
        format!("container `{name}` may write the node's `{path}`")
    })
}

/// Whether a path is another or an ancestor of it.
fn holds(ancestor: &str, path: &str) -> bool {
    ancestor == "/"
        || path
            .strip_prefix(ancestor)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

fn is_runtime_socket(path: &str) -> bool {
    path.rsplit(['/', '\\'])
        .next()
        .is_some_and(|name| RUNTIME_SOCKETS.contains(&name))
}

/// A path without doubled and trailing slashes, `.` and `..`. The API server refuses `..`, but
/// files are judged as they are.
fn normalised(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            other => parts.push(other),
        }
    }
    format!("/{}", parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pod::tests::pod;

    fn fields(template: &PodTemplate) -> Vec<String> {
        let found = node_access(template).into_iter();
        found.map(|access| access.field).collect()
    }

    /// A pod with a path of the node, mounted as said.
    fn with_path(path: &str, mount: &str) -> PodTemplate {
        pod(&format!(
            r#"{{"spec": {{"volumes": [{{"name": "v", "hostPath": {{"path": "{path}"}}}}],
            "containers": [{{"name": "a", "volumeMounts": [{mount}]}}]}}}}"#
        ))
    }

    const READ_ONLY: &str = r#"{"name": "v", "mountPath": "/m", "readOnly": true}"#;
    const WRITABLE: &str = r#"{"name": "v", "mountPath": "/m"}"#;
    const OTHER: &str = r#"{"name": "w", "mountPath": "/m"}"#;

    #[test]
    fn a_critical_path_reaches_the_node_even_read_only() {
        for path in [
            "/",
            "//",
            "/etc",
            "/etc/",
            "//etc",
            "/./etc",
            "/var/../etc",
            "/etc/kubernetes/pki",
            "/root/.ssh",
            "/proc",
            "/sys/fs/cgroup",
            "/run/containerd/containerd.sock",
            "/var/run",
            "/var/run/docker.sock",
            "/var/lib/kubelet/pods",
            "/var/lib",
            "/var",
            "/opt/runtime/containerd.sock",
            "/../../etc",
        ] {
            for mount in [READ_ONLY, WRITABLE, OTHER] {
                let found = fields(&with_path(path, mount));
                assert_eq!(found, ["volumes[0].hostPath"], "{path} {mount}");
            }
        }
    }

    #[test]
    fn another_path_reaches_the_node_only_when_a_container_may_write_it() {
        for path in [
            "/srv/data",
            "/etcd",
            "/var/log",
            "/var/lib/kubelet-x",
            "/rootfs",
            "/dev",
        ] {
            assert_eq!(fields(&with_path(path, READ_ONLY)), [""; 0], "{path}");
            assert_eq!(fields(&with_path(path, OTHER)), [""; 0], "{path}");
            let found = fields(&with_path(path, WRITABLE));
            assert_eq!(found, ["volumes[0].hostPath"], "{path}");
            let both = format!("{READ_ONLY}, {WRITABLE}");
            assert_eq!(fields(&with_path(path, &both)).len(), 1, "{path}");
        }
    }

    #[test]
    fn capabilities_reach_the_node_as_the_runtime_reads_their_names() {
        for (name, reaches) in [
            ("ALL", true),
            ("all", true),
            ("SYS_ADMIN", true),
            ("CAP_SYS_ADMIN", true),
            ("cap_sys_ptrace", true),
            ("SYS_MODULE", true),
            ("SYS_RAWIO", true),
            ("DAC_READ_SEARCH", true),
            ("DAC_OVERRIDE", false),
            ("NET_ADMIN", false),
            ("SYS_ADMIN_X", false),
        ] {
            let template = pod(&format!(
                r#"{{"spec": {{"initContainers": [{{"name": "a", "securityContext":
                {{"capabilities": {{"add": ["CHOWN", "{name}"]}}}}}}]}}}}"#
            ));
            let field = "initContainers[0].securityContext.capabilities.add".to_owned();
            let expected: Vec<String> = reaches.then_some(field).into_iter().collect();
            assert_eq!(fields(&template), expected, "{name}");
        }
    }

    #[test]
    fn other_settings_reach_the_node_too_and_a_network_of_the_node_does_not() {
        for (spec, expected) in [
            (r#""hostPID": true"#, Some("hostPID")),
            (r#""hostNetwork": true, "hostIPC": true"#, None),
            (
                r#""containers": [{"securityContext": {"privileged": true}}]"#,
                Some("containers[0].securityContext.privileged"),
            ),
            (
                r#""containers": [{"securityContext": {"privileged": false}}]"#,
                None,
            ),
            (
                r#""securityContext": {"windowsOptions": {"hostProcess": true}}"#,
                Some("securityContext.windowsOptions.hostProcess"),
            ),
        ] {
            let template = pod(&format!(r#"{{"spec": {{{spec}}}}}"#));
            let expected: Vec<&str> = expected.into_iter().collect();
            assert_eq!(fields(&template), expected, "{spec}");
        }
    }
}
