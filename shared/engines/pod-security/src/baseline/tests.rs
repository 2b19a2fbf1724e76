//! Cases of every check of the level baseline.

use super::*;
use crate::pod::tests::{found, pod};

/// A setting inside a pod's spec, and the check and field that it is found under.
const FORBIDDEN: [(&str, &str); 20] = [
    (r#""hostNetwork": true"#, "hostNamespaces hostNetwork"),
    (r#""hostPID": true"#, "hostNamespaces hostPID"),
    (r#""hostIPC": true"#, "hostNamespaces hostIPC"),
    (
        r#""volumes": [{"name": "a"}, {"name": "b", "hostPath": {"path": "/a"}}]"#,
        "hostPathVolumes volumes[1].hostPath",
    ),
    (
        r#""containers": [{"name": "a", "securityContext": {"privileged": true}}]"#,
        "privileged containers[0].securityContext.privileged",
    ),
    (
        r#""initContainers": [{"securityContext": {"capabilities": {"add": ["NET_RAW"]}}}]"#,
        "capabilities_baseline initContainers[0].securityContext.capabilities.add",
    ),
    (
        r#""ephemeralContainers": [{"securityContext": {"capabilities": {"add": ["chown"]}}}]"#,
        "capabilities_baseline ephemeralContainers[0].securityContext.capabilities.add",
    ),
    (
        r#""containers": [{"ports": [{"containerPort": 1}, {"hostPort": 2}]}]"#,
        "hostPorts containers[0].ports[1].hostPort",
    ),
    (
        r#""securityContext": {"appArmorProfile": {"type": "Unconfined"}}"#,
        "appArmorProfile securityContext.appArmorProfile.type",
    ),
    (
        r#""containers": [{"securityContext": {"appArmorProfile": {"type": "Unconfined"}}}]"#,
        "appArmorProfile containers[0].securityContext.appArmorProfile.type",
    ),
    (
        r#""securityContext": {"seLinuxOptions": {"type": "spc_t"}}"#,
        "seLinuxOptions securityContext.seLinuxOptions.type",
    ),
    (
        r#""containers": [{"securityContext": {"seLinuxOptions": {"user": "root"}}}]"#,
        "seLinuxOptions containers[0].securityContext.seLinuxOptions.user",
    ),
    (
        r#""securityContext": {"seLinuxOptions": {"role": "sysadm_r"}}"#,
        "seLinuxOptions securityContext.seLinuxOptions.role",
    ),
    (
        r#""containers": [{"securityContext": {"procMount": "Unmasked"}}]"#,
        "procMount containers[0].securityContext.procMount",
    ),
    (
        r#""securityContext": {"seccompProfile": {"type": "Unconfined"}}"#,
        "seccompProfile_baseline securityContext.seccompProfile.type",
    ),
    (
        r#""containers": [{"securityContext": {"seccompProfile": {"type": "Unconfined"}}}]"#,
        "seccompProfile_baseline containers[0].securityContext.seccompProfile.type",
    ),
    (
        r#""securityContext": {"sysctls": [{"name": "net.ipv4.tcp_rmem"}, {"name": "kernel.msgmax"}]}"#,
        "sysctls securityContext.sysctls[1].name",
    ),
    (
        r#""securityContext": {"windowsOptions": {"hostProcess": true}}"#,
        "windowsHostProcess securityContext.windowsOptions.hostProcess",
    ),
    (
        r#""containers": [{"securityContext": {"windowsOptions": {"hostProcess": true}}}]"#,
        "windowsHostProcess containers[0].securityContext.windowsOptions.hostProcess",
    ),
    (
        r#""containers": [{"probeHosts": {"livenessProbe.httpGet.host": "10.0.0.1"}}]"#,
        "hostProbesAndHostLifecycle containers[0].livenessProbe.httpGet.host",
    ),
];

#[test]
fn every_check_names_its_field() {
    for (spec, expected) in FORBIDDEN {
        let template = pod(&format!(r#"{{"spec": {{{spec}}}}}"#));
        let found = found(violations(&template, Version::LATEST));
        assert_eq!(found, [expected], "{spec}");
    }
}

#[test]
fn what_is_allowed_is_not_named() {
    for spec in [
        r#""hostUsers": true, "os": {"name": "linux"}"#,
        r#""containers": [{"securityContext": {"privileged": false, "procMount": "Default"}}]"#,
        r#""containers": [{"securityContext": {"seccompProfile": {"type": "Localhost"}}}]"#,
        r#""containers": [{"probeHosts": {"readinessProbe.tcpSocket.host": ""}}]"#,
        r#""containers": [{"ports": [{"containerPort": 8080, "hostPort": 0}]}]"#,
        r#""securityContext": {"seLinuxOptions": {"type": "", "level": "s0:c1"}}"#,
        r#""securityContext": {"windowsOptions": {"hostProcess": false}}"#,
    ] {
        let template = pod(&format!(r#"{{"spec": {{{spec}}}}}"#));
        assert_eq!(violations(&template, Version::LATEST), [], "{spec}");
    }
}

#[test]
fn annotations_set_app_armor_at_every_version_and_seccomp_before_1_19() {
    let app_armor = "container.apparmor.security.beta.kubernetes.io/a";
    let seccomp = "container.seccomp.security.alpha.kubernetes.io/a";
    for (key, value, minor, forbidden) in [
        (app_armor, "unconfined", 36, true),
        (app_armor, "unconfined", 20, true),
        (app_armor, "runtime/default", 36, false),
        (app_armor, "localhost/own", 36, false),
        (app_armor, "", 36, false),
        (seccomp, "unconfined", 36, false),
        (seccomp, "unconfined", 18, true),
        (seccomp, "docker/default", 18, false),
        (SECCOMP_POD, "unconfined", 18, true),
        (SECCOMP_POD, "unconfined", 19, false),
    ] {
        let template = pod(&format!(
            r#"{{"metadata": {{"annotations": {{"{key}": "{value}"}}}},
            "spec": {{"containers": [{{"name": "a"}}]}}}}"#
        ));
        let found: Vec<String> = violations(&template, Version::minor(minor))
            .into_iter()
            .map(|violation| violation.field)
            .collect();
        let expected = if forbidden {
            vec![format!("metadata.annotations[{key}]")]
        } else {
            Vec::new()
        };
        assert_eq!(found, expected, "{key} {value} v1.{minor}");
    }
}

#[test]
fn versions_differ_where_the_standards_did() {
    let sysctl =
        |name: &str| format!(r#""securityContext": {{"sysctls": [{{"name": "{name}"}}]}}"#);
    let unmasked = r#""containers": [{"securityContext": {"procMount": "Unmasked"}}]"#;
    for (spec, since) in [
        (sysctl("net.ipv4.ip_local_reserved_ports"), 27),
        (sysctl("net.ipv4.tcp_keepalive_time"), 29),
        (sysctl("net.ipv4.tcp_wmem"), 32),
        (
            r#""securityContext": {"seLinuxOptions": {"type": "container_engine_t"}}"#.to_owned(),
            31,
        ),
        (format!(r#""hostUsers": false, {unmasked}"#), 35),
    ] {
        let template = pod(&format!(r#"{{"spec": {{{spec}}}}}"#));
        for (minor, forbidden) in [(since - 1, true), (since, false), (99, false)] {
            let found = violations(&template, Version::minor(minor));
            assert_eq!(!found.is_empty(), forbidden, "{spec} at v1.{minor}");
        }
    }
    let probe =
        pod(r#"{"spec": {"containers": [{"probeHosts": {"livenessProbe.tcpSocket.host": "a"}}]}}"#);
    assert_eq!(violations(&probe, Version::minor(33)), []);
    assert_eq!(violations(&probe, Version::minor(34)).len(), 1);
}
