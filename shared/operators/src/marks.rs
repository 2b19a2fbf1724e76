//! What marks an object as part of an installation: labels, the Helm release, the OLM owner.

use std::collections::BTreeSet;

use opsec_model::objects::{Metadata, Workload};

const PART_OF: &str = "app.kubernetes.io/part-of";
const INSTANCE: &str = "app.kubernetes.io/instance";
const NAME: &str = "app.kubernetes.io/name";
const MANAGED_BY: &str = "app.kubernetes.io/managed-by";
const HELM_RELEASE: &str = "meta.helm.sh/release-name";
const HELM_NAMESPACE: &str = "meta.helm.sh/release-namespace";
const OLM_OWNER: &str = "olm.owner";
const OLM_PACKAGE: &str = "operators.coreos.com/";

/// Tools that put things into a cluster for people: what they manage is nobody's payload.
const INSTALLERS: [&str; 3] = ["helm", "kustomize", "tiller"];

/// The marks of an object, or of all objects of an installation together.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Marks {
    /// Values of `app.kubernetes.io/part-of`.
    pub part_of: BTreeSet<String>,
    /// Values of `app.kubernetes.io/instance`.
    pub instance: BTreeSet<String>,
    /// Values of `app.kubernetes.io/name`.
    pub name: BTreeSet<String>,
    /// Helm releases as `namespace/name`.
    pub helm_releases: BTreeSet<String>,
    /// Names of OLM ClusterServiceVersions.
    pub cluster_service_versions: BTreeSet<String>,
    /// OLM packages as `package.namespace`.
    pub olm_packages: BTreeSet<String>,
}

impl Marks {
    /// The marks of an object.
    pub(crate) fn of(metadata: &Metadata) -> Self {
        let label = |key| metadata.label(key).filter(|value| !value.is_empty());
        let set = |value: Option<&str>| value.map(str::to_owned).into_iter().collect();
        let release = metadata.annotation(HELM_RELEASE).map(|release| {
            let namespace = metadata.annotation(HELM_NAMESPACE).unwrap_or_default();
            format!("{namespace}/{release}")
        });
        let owning_versions = metadata
            .owner_references
            .iter()
            .filter(|owner| owner.kind == "ClusterServiceVersion")
            .map(|owner| owner.name.clone());
        Self {
            part_of: set(label(PART_OF)),
            instance: set(label(INSTANCE)),
            name: set(label(NAME)),
            helm_releases: release.into_iter().collect(),
            cluster_service_versions: label(OLM_OWNER)
                .map(str::to_owned)
                .into_iter()
                .chain(owning_versions)
                .collect(),
            olm_packages: metadata
                .labels
                .keys()
                .filter_map(|key| key.strip_prefix(OLM_PACKAGE))
                .map(str::to_owned)
                .collect(),
        }
    }

    /// The marks of a workload; a label that it lacks is taken from its pods.
    pub(crate) fn of_workload(workload: &Workload) -> Self {
        let mut marks = Self::of(&workload.metadata);
        let pods = Self::of(&workload.template.metadata);
        for (own, of_pods) in [
            (&mut marks.part_of, pods.part_of),
            (&mut marks.instance, pods.instance),
            (&mut marks.name, pods.name),
        ] {
            if own.is_empty() {
                *own = of_pods;
            }
        }
        marks
    }

    /// Adds the marks of another object.
    pub(crate) fn join(&mut self, other: &Self) {
        self.part_of.extend(other.part_of.iter().cloned());
        self.instance.extend(other.instance.iter().cloned());
        self.name.extend(other.name.iter().cloned());
        self.helm_releases
            .extend(other.helm_releases.iter().cloned());
        self.cluster_service_versions
            .extend(other.cluster_service_versions.iter().cloned());
        self.olm_packages.extend(other.olm_packages.iter().cloned());
    }

    /// Whether both say what they are part of, or which instance, and say otherwise.
    pub(crate) fn differ(&self, other: &Self) -> bool {
        differs(&self.part_of, &other.part_of) || differs(&self.instance, &other.instance)
    }

    /// Whether one of the two labels is the same.
    pub(crate) fn share_label(&self, other: &Self) -> bool {
        meets(&self.part_of, &other.part_of) || meets(&self.instance, &other.instance)
    }

    /// Whether a label, the Helm release or the OLM owner is the same.
    pub(crate) fn share(&self, other: &Self) -> bool {
        self.share_label(other)
            || meets(&self.helm_releases, &other.helm_releases)
            || meets(
                &self.cluster_service_versions,
                &other.cluster_service_versions,
            )
            || meets(&self.olm_packages, &other.olm_packages)
    }

    /// Part-of and instance of a single object.
    pub(crate) fn key(&self) -> (Option<&str>, Option<&str>) {
        (
            self.part_of.first().map(String::as_str),
            self.instance.first().map(String::as_str),
        )
    }
}

/// What `app.kubernetes.io/managed-by` says, unless it is a tool that installs for people.
pub(crate) fn managed_by(workload: &Workload) -> Option<&str> {
    [&workload.metadata, &workload.template.metadata]
        .into_iter()
        .find_map(|metadata| metadata.label(MANAGED_BY))
        .filter(|value| !value.is_empty())
        .filter(|value| !INSTALLERS.contains(&value.to_ascii_lowercase().as_str()))
}

fn meets(a: &BTreeSet<String>, b: &BTreeSet<String>) -> bool {
    !a.is_disjoint(b)
}

fn differs(a: &BTreeSet<String>, b: &BTreeSet<String>) -> bool {
    !a.is_empty() && !b.is_empty() && a.is_disjoint(b)
}
