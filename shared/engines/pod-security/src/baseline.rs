//! The checks of the level baseline.

use opsec_model::baseline::PodSecurityLevel;
use opsec_model::objects::{PodTemplate, Profile, SeLinuxOptions};

use crate::pod::Pod;
use crate::{Version, Violation};

/// The prefix of the annotation that names a container's AppArmor profile.
const APP_ARMOR_PREFIX: &str = "container.apparmor.security.beta.kubernetes.io/";
/// The annotations that named seccomp profiles before 1.19.
const SECCOMP_POD: &str = "seccomp.security.alpha.kubernetes.io/pod";
const SECCOMP_CONTAINER_PREFIX: &str = "container.seccomp.security.alpha.kubernetes.io/";

/// Capabilities that a container may add.
pub(crate) const CAPABILITIES: [&str; 13] = [
    "AUDIT_WRITE",
    "CHOWN",
    "DAC_OVERRIDE",
    "FOWNER",
    "FSETID",
    "KILL",
    "MKNOD",
    "NET_BIND_SERVICE",
    "SETFCAP",
    "SETGID",
    "SETPCAP",
    "SETUID",
    "SYS_CHROOT",
];

/// SELinux types that may be set, and since which release.
const SE_LINUX_TYPES: [(&str, u32); 4] = [
    ("container_t", 0),
    ("container_init_t", 0),
    ("container_kvm_t", 0),
    ("container_engine_t", 31),
];

/// Sysctls that may be set, and since which release.
const SYSCTLS: [(&str, u32); 12] = [
    ("kernel.shm_rmid_forced", 0),
    ("net.ipv4.ip_local_port_range", 0),
    ("net.ipv4.tcp_syncookies", 0),
    ("net.ipv4.ping_group_range", 0),
    ("net.ipv4.ip_unprivileged_port_start", 0),
    ("net.ipv4.ip_local_reserved_ports", 27),
    ("net.ipv4.tcp_keepalive_time", 29),
    ("net.ipv4.tcp_fin_timeout", 29),
    ("net.ipv4.tcp_keepalive_intvl", 29),
    ("net.ipv4.tcp_keepalive_probes", 29),
    ("net.ipv4.tcp_rmem", 32),
    ("net.ipv4.tcp_wmem", 32),
];

/// What the pod does that baseline forbids.
pub(crate) fn violations(template: &PodTemplate, version: Version) -> Vec<Violation> {
    let mut pod = Pod::new(template, version, PodSecurityLevel::Baseline);
    host_namespaces(&mut pod);
    privileged(&mut pod);
    capabilities(&mut pod);
    host_path_volumes(&mut pod);
    host_ports(&mut pod);
    app_armor(&mut pod);
    se_linux(&mut pod);
    proc_mount(&mut pod);
    seccomp(&mut pod);
    sysctls(&mut pod);
    windows_host_process(&mut pod);
    probe_hosts(&mut pod);
    pod.found()
}

/// Whether a seccomp or AppArmor profile confines.
pub(crate) fn confines(profile: &Profile) -> bool {
    matches!(profile.kind.as_str(), "RuntimeDefault" | "Localhost")
}

fn host_namespaces(pod: &mut Pod<'_>) {
    let spec = pod.spec();
    for (set, field, what) in [
        (spec.host_network, "hostNetwork", "network"),
        (spec.host_pid, "hostPID", "processes"),
        (spec.host_ipc, "hostIPC", "IPC"),
    ] {
        if set {
            let message = format!("the pod shares the node's {what}");
            pod.report("hostNamespaces", field.to_owned(), message);
        }
    }
}

fn privileged(pod: &mut Pod<'_>) {
    for (path, name, context) in pod.contexts() {
        if context.privileged == Some(true) {
            pod.report(
                "privileged",
                format!("{path}.securityContext.privileged"),
                format!("container `{name}` is privileged"),
            );
        }
    }
}

fn capabilities(pod: &mut Pod<'_>) {
    for (path, name, context) in pod.contexts() {
        let added = context.capabilities.iter().flat_map(|all| &all.add);
        let forbidden = quoted(added.filter(|name| !CAPABILITIES.contains(&name.as_str())));
        if !forbidden.is_empty() {
            pod.report(
                "capabilities_baseline",
                format!("{path}.securityContext.capabilities.add"),
                format!("container `{name}` adds the capabilities {forbidden}"),
            );
        }
    }
}

fn host_path_volumes(pod: &mut Pod<'_>) {
    for (index, volume) in pod.spec().volumes.iter().enumerate() {
        if let Some(host_path) = &volume.host_path {
            pod.report(
                "hostPathVolumes",
                format!("volumes[{index}].hostPath"),
                format!(
                    "volume `{}` is the node's path `{}`",
                    volume.name, host_path.path
                ),
            );
        }
    }
}

fn host_ports(pod: &mut Pod<'_>) {
    for (path, container) in pod.containers() {
        for (index, port) in container.ports.iter().enumerate() {
            if port.host_port != 0 {
                pod.report(
                    "hostPorts",
                    format!("{path}.ports[{index}].hostPort"),
                    format!(
                        "container `{}` takes the node's port {}",
                        container.name, port.host_port
                    ),
                );
            }
        }
    }
}

/// The fields are judged at every version, as the API server does since 1.30.
fn app_armor(pod: &mut Pod<'_>) {
    const CHECK: &str = "appArmorProfile";
    let pod_profile = pod.spec().security_context.as_ref();
    if let Some(profile) = pod_profile.and_then(|context| context.app_armor_profile.as_ref())
        && !confines(profile)
    {
        pod.report(
            CHECK,
            "securityContext.appArmorProfile.type".to_owned(),
            format!("the pod's AppArmor profile is `{}`", profile.kind),
        );
    }
    for (path, name, context) in pod.contexts() {
        if let Some(profile) = context.app_armor_profile.as_ref()
            && !confines(profile)
        {
            pod.report(
                CHECK,
                format!("{path}.securityContext.appArmorProfile.type"),
                format!(
                    "the AppArmor profile of container `{name}` is `{}`",
                    profile.kind
                ),
            );
        }
    }
    for (key, value) in &pod.template.metadata.annotations {
        let allowed =
            matches!(value.as_str(), "" | "runtime/default") || value.starts_with("localhost/");
        if key.starts_with(APP_ARMOR_PREFIX) && !allowed {
            pod.report(
                CHECK,
                format!("metadata.annotations[{key}]"),
                format!("an annotation sets the AppArmor profile `{value}`"),
            );
        }
    }
}

fn se_linux(pod: &mut Pod<'_>) {
    let context = pod.spec().security_context.as_ref();
    if let Some(options) = context.and_then(|context| context.se_linux_options.as_ref()) {
        se_linux_options(pod, "securityContext", "the pod", options);
    }
    for (path, name, context) in pod.contexts() {
        if let Some(options) = &context.se_linux_options {
            let owner = format!("container `{name}`");
            se_linux_options(pod, &format!("{path}.securityContext"), &owner, options);
        }
    }
}

fn se_linux_options(pod: &mut Pod<'_>, path: &str, owner: &str, options: &SeLinuxOptions) {
    let version = pod.version;
    let type_allowed = options.kind.is_empty()
        || SE_LINUX_TYPES
            .iter()
            .any(|(name, since)| *name == options.kind && version.since(*since));
    for (allowed, field, value) in [
        (type_allowed, "type", &options.kind),
        (options.user.is_empty(), "user", &options.user),
        (options.role.is_empty(), "role", &options.role),
    ] {
        if !allowed {
            pod.report(
                "seLinuxOptions",
                format!("{path}.seLinuxOptions.{field}"),
                format!("{owner} sets the SELinux {field} `{value}`"),
            );
        }
    }
}

fn proc_mount(pod: &mut Pod<'_>) {
    if !pod.relaxed_by_user_namespace() {
        report_proc_mount(pod, "procMount");
    }
}

/// Reports every container whose `/proc` is not the masked one.
pub(crate) fn report_proc_mount(pod: &mut Pod<'_>, check: &'static str) {
    for (path, name, context) in pod.contexts() {
        if let Some(kind) = context
            .proc_mount
            .as_deref()
            .filter(|kind| *kind != "Default")
        {
            pod.report(
                check,
                format!("{path}.securityContext.procMount"),
                format!("container `{name}` mounts /proc as `{kind}`"),
            );
        }
    }
}

fn seccomp(pod: &mut Pod<'_>) {
    const CHECK: &str = "seccompProfile_baseline";
    if !pod.version.since(19) {
        seccomp_annotations(pod, CHECK);
        return;
    }
    let context = pod.spec().security_context.as_ref();
    if let Some(profile) = context.and_then(|context| context.seccomp_profile.as_ref())
        && !confines(profile)
    {
        pod.report(
            CHECK,
            "securityContext.seccompProfile.type".to_owned(),
            format!("the pod's seccomp profile is `{}`", profile.kind),
        );
    }
    for (path, name, context) in pod.contexts() {
        if let Some(profile) = context.seccomp_profile.as_ref()
            && !confines(profile)
        {
            pod.report(
                CHECK,
                format!("{path}.securityContext.seccompProfile.type"),
                format!(
                    "the seccomp profile of container `{name}` is `{}`",
                    profile.kind
                ),
            );
        }
    }
}

fn seccomp_annotations(pod: &mut Pod<'_>, check: &'static str) {
    let containers = pod
        .containers()
        .map(|(_, container)| format!("{SECCOMP_CONTAINER_PREFIX}{}", container.name));
    for key in std::iter::once(SECCOMP_POD.to_owned()).chain(containers) {
        let Some(value) = pod.template.metadata.annotation(&key) else {
            continue;
        };
        let allowed = matches!(value, "runtime/default" | "docker/default")
            || value.starts_with("localhost/");
        if !allowed {
            let message = format!("an annotation sets the seccomp profile `{value}`");
            pod.report(check, format!("metadata.annotations[{key}]"), message);
        }
    }
}

fn sysctls(pod: &mut Pod<'_>) {
    let Some(context) = &pod.spec().security_context else {
        return;
    };
    for (index, sysctl) in context.sysctls.iter().enumerate() {
        let version = pod.version;
        let allowed = SYSCTLS
            .iter()
            .any(|(name, since)| *name == sysctl.name && version.since(*since));
        if !allowed {
            pod.report(
                "sysctls",
                format!("securityContext.sysctls[{index}].name"),
                format!("the pod sets the sysctl `{}`", sysctl.name),
            );
        }
    }
}

fn windows_host_process(pod: &mut Pod<'_>) {
    const CHECK: &str = "windowsHostProcess";
    let context = pod.spec().security_context.as_ref();
    let options = context.and_then(|context| context.windows_options.as_ref());
    if options.is_some_and(|options| options.host_process == Some(true)) {
        pod.report(
            CHECK,
            "securityContext.windowsOptions.hostProcess".to_owned(),
            "the pod runs on the Windows node itself".to_owned(),
        );
    }
    for (path, name, context) in pod.contexts() {
        let options = context.windows_options.as_ref();
        if options.is_some_and(|options| options.host_process == Some(true)) {
            pod.report(
                CHECK,
                format!("{path}.securityContext.windowsOptions.hostProcess"),
                format!("container `{name}` runs on the Windows node itself"),
            );
        }
    }
}

fn probe_hosts(pod: &mut Pod<'_>) {
    if !pod.version.since(34) {
        return;
    }
    for (path, container) in pod.containers() {
        for (field, host) in container
            .probe_hosts
            .iter()
            .filter(|(_, host)| !host.is_empty())
        {
            pod.report(
                "hostProbesAndHostLifecycle",
                format!("{path}.{field}"),
                format!(
                    "container `{}` has the kubelet connect to `{host}`",
                    container.name
                ),
            );
        }
    }
}

/// Names in backticks, separated by commas.
pub(crate) fn quoted<'a>(names: impl Iterator<Item = &'a String>) -> String {
    let quoted: Vec<String> = names.map(|name| format!("`{name}`")).collect();
    quoted.join(", ")
}

#[cfg(test)]
mod tests;
