//! How OLM installs an operator: what a ClusterServiceVersion was judged as.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::completeness::Kind;

/// Which namespaces an operator is installed for, the widest last.
///
/// <https://olm.operatorframework.io/docs/advanced-tasks/operator-scoping-with-operatorgroups/>
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
pub enum InstallMode {
    /// The namespace that it runs in.
    OwnNamespace,
    /// One other namespace.
    SingleNamespace,
    /// Several namespaces.
    MultiNamespace,
    /// Every namespace: OLM lifts what is granted in a namespace to the cluster.
    AllNamespaces,
}

impl InstallMode {
    /// Every mode, the widest first.
    pub const ALL: [Self; 4] = [
        Self::AllNamespaces,
        Self::MultiNamespace,
        Self::SingleNamespace,
        Self::OwnNamespace,
    ];

    /// The mode as OLM spells it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::AllNamespaces => "AllNamespaces",
            Self::MultiNamespace => "MultiNamespace",
            Self::SingleNamespace => "SingleNamespace",
            Self::OwnNamespace => "OwnNamespace",
        }
    }
}

impl fmt::Display for InstallMode {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// The modes in any case of letters.
impl FromStr for InstallMode {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        let found = Self::ALL
            .into_iter()
            .find(|mode| mode.as_str().eq_ignore_ascii_case(word));
        found.ok_or_else(|| {
            let modes = Self::ALL.map(Self::as_str).join(", ");
            format!("`{word}` is no install mode ({modes})")
        })
    }
}

/// A ClusterServiceVersion, and the installation that was judged: what OLM would make of it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct OlmInstallation {
    /// The name of the ClusterServiceVersion, as in `etcdoperator.v0.9.4`.
    pub cluster_service_version: String,
    /// The package that it is a version of.
    pub package: String,
    /// The mode.
    pub install_mode: InstallMode,
    /// The namespace that it is installed in.
    pub namespace: String,
    /// The namespaces that it is installed for; empty is all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub target_namespaces: Vec<String>,
    /// The kinds that it says it owns, as `plural.group`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(with = "Vec<String>")]
    pub owned_kinds: Vec<Kind>,
}

/// A ClusterServiceVersion's name without the version: `etcdoperator` of `etcdoperator.v0.9.4`.
pub fn package_of(name: &str) -> &str {
    let begins_with_a_number = |rest: &str| {
        rest.strip_prefix('v')
            .unwrap_or(rest)
            .starts_with(|letter: char| letter.is_ascii_digit())
    };
    name.match_indices('.')
        .find(|(dot, _)| *dot > 0 && name.get(dot + 1..).is_some_and(begins_with_a_number))
        .and_then(|(dot, _)| name.get(..dot))
        .unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modes_are_read_in_any_case_and_others_are_named() {
        assert_eq!("allnamespaces".parse(), Ok(InstallMode::AllNamespaces));
        assert_eq!(
            "Everywhere".parse::<InstallMode>().unwrap_err(),
            "`Everywhere` is no install mode (AllNamespaces, MultiNamespace, SingleNamespace, OwnNamespace)"
        );
    }

    #[test]
    fn the_widest_mode_is_the_greatest() {
        assert_eq!(InstallMode::ALL.iter().max(), InstallMode::ALL.first());
        assert!(InstallMode::ALL.is_sorted_by(|a, b| a > b));
    }

    #[test]
    fn a_version_is_taken_from_a_cluster_service_versions_name() {
        for (version, package) in [
            ("etcdoperator.v0.9.4-clusterwide", "etcdoperator"),
            ("syndesis-operator.1.12.0", "syndesis-operator"),
            ("thing.vendor.v1.2.3", "thing.vendor"),
            ("thing", "thing"),
            (".v1", ".v1"),
        ] {
            assert_eq!(package_of(version), package);
        }
    }
}
