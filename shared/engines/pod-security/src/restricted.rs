//! The checks that the level restricted adds to those of baseline. What baseline forbids too is
//! left to it, so that a field is named once.

use opsec_model::baseline::PodSecurityLevel;
use opsec_model::objects::{Capabilities, PodTemplate, SecurityContext, Volume};

use crate::baseline::{self, CAPABILITIES, quoted};
use crate::pod::Pod;
use crate::{Version, Violation};

/// The one capability that a container may add.
const ADDABLE: &str = "NET_BIND_SERVICE";

/// The kinds of volumes that a pod may have. `image` is allowed at every version, as the API
/// server does since 1.33.
const VOLUMES: [&str; 9] = [
    "configMap",
    "csi",
    "downwardAPI",
    "emptyDir",
    "ephemeral",
    "image",
    "persistentVolumeClaim",
    "projected",
    "secret",
];

/// What the pod does that only restricted forbids.
pub(crate) fn violations(template: &PodTemplate, version: Version) -> Vec<Violation> {
    let mut pod = Pod::new(template, version, PodSecurityLevel::Restricted);
    volumes(&mut pod);
    privilege_escalation(&mut pod);
    run_as_non_root(&mut pod);
    run_as_user(&mut pod);
    seccomp(&mut pod);
    capabilities(&mut pod);
    proc_mount(&mut pod);
    pod.found()
}

fn volumes(pod: &mut Pod<'_>) {
    for (index, volume) in pod.spec().volumes.iter().enumerate() {
        if let Some(source) = forbidden_source(volume) {
            pod.report(
                "restrictedVolumes",
                format!("volumes[{index}].{source}"),
                format!("volume `{}` is of the kind `{source}`", volume.name),
            );
        }
    }
}

/// The source of a volume, when only restricted forbids it.
fn forbidden_source(volume: &Volume) -> Option<&str> {
    let known = volume.host_path.is_some()
        || volume.projected.is_some()
        || volume.persistent_volume_claim.is_some()
        || volume.secret.is_some();
    let source = volume.other_source.as_str();
    (!known && !source.is_empty() && !VOLUMES.contains(&source)).then_some(source)
}

fn privilege_escalation(pod: &mut Pod<'_>) {
    if !pod.version.since(8) || is_exempt(pod) {
        return;
    }
    for (path, container) in pod.containers() {
        let context = container.security_context.as_ref();
        if context.and_then(|context| context.allow_privilege_escalation) != Some(false) {
            pod.report(
                "allowPrivilegeEscalation",
                format!("{path}.securityContext.allowPrivilegeEscalation"),
                format!("container `{}` may gain privileges", container.name),
            );
        }
    }
}

fn run_as_non_root(pod: &mut Pod<'_>) {
    const CHECK: &str = "runAsNonRoot";
    if pod.relaxed_by_user_namespace() {
        return;
    }
    let context = pod.spec().security_context.as_ref();
    let of_pod = context.and_then(|context| context.run_as_non_root);
    if of_pod == Some(false) {
        pod.report(
            CHECK,
            "securityContext.runAsNonRoot".to_owned(),
            "the pod may run as root".to_owned(),
        );
    }
    for (path, container) in pod.containers() {
        let context = container.security_context.as_ref();
        let of_container = context.and_then(|context| context.run_as_non_root);
        // A container that says nothing has the pod's word, which is reported above.
        if of_container == Some(false) || (of_container.is_none() && of_pod.is_none()) {
            pod.report(
                CHECK,
                format!("{path}.securityContext.runAsNonRoot"),
                format!("container `{}` may run as root", container.name),
            );
        }
    }
}

fn run_as_user(pod: &mut Pod<'_>) {
    const CHECK: &str = "runAsUser";
    if !pod.version.since(23) || pod.relaxed_by_user_namespace() {
        return;
    }
    let context = pod.spec().security_context.as_ref();
    if context.and_then(|context| context.run_as_user) == Some(0) {
        pod.report(
            CHECK,
            "securityContext.runAsUser".to_owned(),
            "the pod runs as root".to_owned(),
        );
    }
    for (path, name, context) in pod.contexts() {
        if context.run_as_user == Some(0) {
            pod.report(
                CHECK,
                format!("{path}.securityContext.runAsUser"),
                format!("container `{name}` runs as root"),
            );
        }
    }
}

/// Only a profile that is missing: one that does not confine is baseline's.
fn seccomp(pod: &mut Pod<'_>) {
    if !pod.version.since(19) || is_exempt(pod) {
        return;
    }
    let context = pod.spec().security_context.as_ref();
    if context.is_some_and(|context| context.seccomp_profile.is_some()) {
        return;
    }
    for (path, container) in pod.containers() {
        let context = container.security_context.as_ref();
        if context.is_none_or(|context| context.seccomp_profile.is_none()) {
            pod.report(
                "seccompProfile_restricted",
                format!("{path}.securityContext.seccompProfile.type"),
                format!(
                    "neither the pod nor container `{}` has a seccomp profile",
                    container.name
                ),
            );
        }
    }
}

fn capabilities(pod: &mut Pod<'_>) {
    const CHECK: &str = "capabilities_restricted";
    if !pod.version.since(22) || is_exempt(pod) {
        return;
    }
    for (path, container) in pod.containers() {
        let name = &container.name;
        let Capabilities { add, drop } = container
            .security_context
            .as_ref()
            .and_then(|context: &SecurityContext| context.capabilities.clone())
            .unwrap_or_default();
        if !drop.iter().any(|capability| capability == "ALL") {
            pod.report(
                CHECK,
                format!("{path}.securityContext.capabilities.drop"),
                format!("container `{name}` does not drop `ALL` capabilities"),
            );
        }
        let reported = |capability: &String| !CAPABILITIES.contains(&capability.as_str());
        let forbidden = quoted(add.iter().filter(|capability| *capability != ADDABLE));
        if !forbidden.is_empty() && !add.iter().any(reported) {
            pod.report(
                CHECK,
                format!("{path}.securityContext.capabilities.add"),
                format!("container `{name}` adds the capabilities {forbidden}"),
            );
        }
    }
}

/// Only where a user namespace satisfies baseline.
fn proc_mount(pod: &mut Pod<'_>) {
    if pod.relaxed_by_user_namespace() {
        baseline::report_proc_mount(pod, "procMount_restricted");
    }
}

/// Whether the pod runs Windows, and the version asks nothing of it that only Linux has.
fn is_exempt(pod: &Pod<'_>) -> bool {
    pod.version.since(25) && pod.is_windows()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pod::tests::{found, pod};

    /// What a container needs to be restricted, without the security context's braces.
    const HARDENED: &str = r#""runAsNonRoot": true, "allowPrivilegeEscalation": false,
        "seccompProfile": {"type": "RuntimeDefault"}, "capabilities": {"drop": ["ALL"]}"#;

    fn at(spec: &str, minor: u32) -> Vec<String> {
        let template = pod(&format!(r#"{{"spec": {{{spec}}}}}"#));
        found(violations(&template, Version::minor(minor)))
    }

    #[test]
    fn a_bare_container_lacks_four_things() {
        let lacking = [
            "allowPrivilegeEscalation containers[0].securityContext.allowPrivilegeEscalation",
            "capabilities_restricted containers[0].securityContext.capabilities.drop",
            "runAsNonRoot containers[0].securityContext.runAsNonRoot",
            "seccompProfile_restricted containers[0].securityContext.seccompProfile.type",
        ];
        let bare = r#""containers": [{"name": "a"}]"#;
        assert_eq!(at(bare, 36), lacking);
        let windows = r#""os": {"name": "windows"}, "containers": [{"name": "a"}]"#;
        assert_eq!(at(windows, 24), lacking);
        assert_eq!(at(windows, 25), lacking[2..3]);
        assert_eq!(at(bare, 18), [lacking[0], lacking[2]]);
        let own_users = r#""hostUsers": false, "containers": [{"name": "a"}]"#;
        assert_eq!(at(own_users, 34), lacking);
        assert_eq!(at(own_users, 35), [lacking[0], lacking[1], lacking[3]]);
    }

    #[test]
    fn every_check_names_its_field() {
        let context =
            |more: &str| format!(r#""containers": [{{"securityContext": {{{HARDENED}{more}}}}}]"#);
        for (spec, expected) in [
            (context(""), None),
            (
                context(r#", "runAsUser": 0"#),
                Some("runAsUser containers[0].securityContext.runAsUser"),
            ),
            (
                format!(r#""securityContext": {{"runAsUser": 0}}, {}"#, context("")),
                Some("runAsUser securityContext.runAsUser"),
            ),
            (
                format!(r#""securityContext": {{"runAsNonRoot": false}}, {}"#, context("")),
                Some("runAsNonRoot securityContext.runAsNonRoot"),
            ),
            (
                r#""securityContext": {"runAsNonRoot": false, "seccompProfile": {"type": "Localhost"}},
                "containers": [{"securityContext": {"allowPrivilegeEscalation": false,
                "capabilities": {"drop": ["ALL"]}}}]"#
                    .to_owned(),
                Some("runAsNonRoot securityContext.runAsNonRoot"),
            ),
            (
                context("").replace(r#""drop": ["ALL"]"#, r#""drop": ["all", "NET_RAW"]"#),
                Some("capabilities_restricted containers[0].securityContext.capabilities.drop"),
            ),
            (
                context("").replace(r#""drop""#, r#""add": ["NET_BIND_SERVICE"], "drop""#),
                None,
            ),
            (
                context("").replace(r#""drop""#, r#""add": ["CHOWN"], "drop""#),
                Some("capabilities_restricted containers[0].securityContext.capabilities.add"),
            ),
            (
                format!(
                    r#""volumes": [{{"name": "a", "otherSource": "emptyDir"}},
                    {{"name": "b", "otherSource": "nfs"}}, {{"name": "c", "secret": {{}}}},
                    {{"name": "d", "otherSource": "image"}}], {}"#,
                    context("")
                ),
                Some("restrictedVolumes volumes[1].nfs"),
            ),
            (
                format!(r#""hostUsers": false, {}"#, context(r#", "procMount": "Unmasked""#)),
                Some("procMount_restricted containers[0].securityContext.procMount"),
            ),
        ] {
            let expected: Vec<&str> = expected.into_iter().collect();
            assert_eq!(at(&spec, 36), expected, "{spec}");
        }
    }
}
