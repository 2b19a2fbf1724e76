//! The Pod Security Standards, by version: what a pod does that a standard forbids, what a
//! namespace enforces, and which pods reach their node.
//!
//! The checks are those of the Pod Security admission plugin of Kubernetes 1.36, each under the
//! id that it has there. A version of the standards is what a namespace pins with
//! `pod-security.kubernetes.io/enforce-version`.
//! <https://kubernetes.io/docs/concepts/security/pod-security-standards/>

mod baseline;
mod labels;
mod node_access;
mod pod;
mod restricted;
mod version;

use opsec_facts::Facts;
use opsec_model::baseline::PodSecurityLevel;
use opsec_model::objects::{PodTemplate, WorkloadKind};

pub use labels::{
    ENFORCE_LABEL, ENFORCE_VERSION_LABEL, Enforcement, enforced, enforced_version, enforcement,
};
pub use node_access::{NodeAccess, node_access};
pub use version::Version;

/// A field of a pod that a standard forbids, or that it asks for and the pod lacks.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Violation {
    /// The lowest level that forbids it.
    pub level: PodSecurityLevel,
    /// The field inside the pod's spec, as in `containers[0].securityContext.privileged`; that
    /// of an annotation begins with `metadata.`. See [`Violation::path`].
    pub field: String,
    /// The check's id in Kubernetes, as in `hostPathVolumes`.
    pub check: &'static str,
    /// What is wrong, for a person.
    pub message: String,
}

impl Violation {
    /// The field inside an object of that kind, as in
    /// `spec.template.spec.containers[0].securityContext.privileged`.
    pub fn path(&self, kind: WorkloadKind) -> String {
        object_path(kind, &self.field)
    }
}

/// The version of the standards that `latest` means to the API server that facts are of.
pub fn latest(facts: &Facts<'_>) -> Version {
    Version::latest_of(&facts.snapshot().kubernetes_version)
}

/// What a pod does that the latest standards forbid: one for each field, sorted by level and
/// field. A field that both levels forbid stands once, under baseline.
///
/// A pod that says it runs Windows is exempt from what only Linux has, as upstream; the API
/// server refuses the Linux fields of such a pod before its standard is looked at.
pub fn violations(template: &PodTemplate) -> Vec<Violation> {
    violations_at(template, Version::LATEST)
}

/// What a pod does that the standards of a version forbid.
pub fn violations_at(template: &PodTemplate, version: Version) -> Vec<Violation> {
    let mut found = baseline::violations(template, version);
    found.extend(restricted::violations(template, version));
    found.sort();
    found.dedup();
    found
}

/// Whether a pod meets a level of the latest standards.
pub fn allows(level: PodSecurityLevel, template: &PodTemplate) -> bool {
    allows_at(level, Version::LATEST, template)
}

/// Whether a pod meets a level of the standards of a version.
pub fn allows_at(level: PodSecurityLevel, version: Version, template: &PodTemplate) -> bool {
    violations_at(template, version)
        .iter()
        .all(|violation| violation.level > level)
}

/// The strictest level of the latest standards that a pod meets.
pub fn strictest(template: &PodTemplate) -> PodSecurityLevel {
    strictest_at(template, Version::LATEST)
}

/// The strictest level of the standards of a version that a pod meets.
pub fn strictest_at(template: &PodTemplate, version: Version) -> PodSecurityLevel {
    let lowest = violations_at(template, version)
        .into_iter()
        .map(|violation| violation.level)
        .min();
    match lowest {
        None => PodSecurityLevel::Restricted,
        Some(PodSecurityLevel::Restricted) => PodSecurityLevel::Baseline,
        Some(_) => PodSecurityLevel::Privileged,
    }
}

/// A field of a pod as a field of the object that makes it.
fn object_path(kind: WorkloadKind, field: &str) -> String {
    let spec = kind.pod_spec_path();
    if !field.starts_with("metadata.") {
        return format!("{spec}.{field}");
    }
    // A pod's metadata stands beside its spec.
    match spec.strip_suffix(".spec") {
        Some(template) => format!("{template}.{field}"),
        None => field.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pod::tests::pod;

    #[test]
    fn a_field_is_named_where_it_stands_in_the_object() {
        for (kind, field, path) in [
            (WorkloadKind::Pod, "hostPID", "spec.hostPID"),
            (
                WorkloadKind::Deployment,
                "hostPID",
                "spec.template.spec.hostPID",
            ),
            (
                WorkloadKind::CronJob,
                "hostPID",
                "spec.jobTemplate.spec.template.spec.hostPID",
            ),
            (
                WorkloadKind::Pod,
                "metadata.annotations[a]",
                "metadata.annotations[a]",
            ),
            (
                WorkloadKind::CronJob,
                "metadata.annotations[a]",
                "spec.jobTemplate.spec.template.metadata.annotations[a]",
            ),
        ] {
            assert_eq!(object_path(kind, field), path);
        }
    }

    #[test]
    fn the_strictest_level_is_the_one_below_the_lowest_that_is_broken() {
        let hardened = r#"{"spec": {"securityContext": {"runAsNonRoot": true,
            "seccompProfile": {"type": "RuntimeDefault"}}, "containers": [{"name": "a",
            "securityContext": {"allowPrivilegeEscalation": false,
            "capabilities": {"drop": ["ALL"]}}}]}}"#;
        let plain = r#"{"spec": {"containers": [{"name": "a"}]}}"#;
        let host = r#"{"spec": {"hostNetwork": true, "containers": [{"name": "a"}]}}"#;
        for (text, level) in [
            (hardened, PodSecurityLevel::Restricted),
            (plain, PodSecurityLevel::Baseline),
            (host, PodSecurityLevel::Privileged),
        ] {
            let template = pod(text);
            assert_eq!(strictest(&template), level, "{text}");
            assert!(allows(level, &template), "{text}");
            assert!(
                allows(PodSecurityLevel::Privileged, &template),
                "privileged allows all"
            );
        }
        assert!(!allows(PodSecurityLevel::Restricted, &pod(plain)));
        assert!(!allows(PodSecurityLevel::Baseline, &pod(host)));
    }

    #[test]
    fn a_field_that_both_levels_forbid_stands_once() {
        let template = pod(r#"{"spec": {"securityContext": {"runAsNonRoot": true,
            "seccompProfile": {"type": "Unconfined"}}, "volumes": [{"name": "v",
            "hostPath": {"path": "/srv"}}], "containers": [{"name": "a", "securityContext": {
            "procMount": "Unmasked", "allowPrivilegeEscalation": false,
            "seccompProfile": {"type": "RuntimeDefault"},
            "capabilities": {"add": ["NET_RAW", "CHOWN"], "drop": ["ALL"]}}}]}}"#);
        let found: Vec<_> = violations(&template)
            .into_iter()
            .map(|violation| (violation.level, violation.check, violation.field))
            .collect();
        let at = |level, check, field: &str| (level, check, field.to_owned());
        let capabilities = "containers[0].securityContext.capabilities.add";
        assert_eq!(
            found,
            [
                at(
                    PodSecurityLevel::Baseline,
                    "capabilities_baseline",
                    capabilities
                ),
                at(
                    PodSecurityLevel::Baseline,
                    "procMount",
                    "containers[0].securityContext.procMount"
                ),
                at(
                    PodSecurityLevel::Baseline,
                    "seccompProfile_baseline",
                    "securityContext.seccompProfile.type"
                ),
                at(
                    PodSecurityLevel::Baseline,
                    "hostPathVolumes",
                    "volumes[0].hostPath"
                ),
            ]
        );
    }
}
