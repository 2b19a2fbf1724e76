//! The words of a verdict, and the one way in which they combine: [`Status::join`].

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a rule, a half or a practice comes to.
///
/// The order of the variants is the order of [`Status::join`]: a later one wins.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Status {
    /// Nothing was there to judge.
    NotApplicable,
    /// A subject was judged and met the rule.
    Pass,
    /// A needed fact could not be had.
    Unknown,
    /// A certain finding at or above the bar, not exempted.
    Fail,
}

impl Status {
    /// The worse of two statuses. Commutative, associative and idempotent; FAIL never improves
    /// and UNKNOWN never becomes PASS.
    #[must_use]
    pub fn join(self, other: Self) -> Self {
        self.max(other)
    }

    /// The word as it is printed: `PASS`, `FAIL`, `UNKNOWN`, `NOT_APPLICABLE`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NotApplicable => "NOT_APPLICABLE",
            Self::Pass => "PASS",
            Self::Unknown => "UNKNOWN",
            Self::Fail => "FAIL",
        }
    }
}

/// How grave a finding is; the order of the variants is the order of gravity.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The reader must know; nothing is wrong by itself.
    Info,
    /// Little by itself.
    Low,
    /// Worth mending.
    Medium,
    /// Other namespaces' secrets or workloads.
    High,
    /// The cluster or a node.
    Critical,
}

impl Severity {
    /// All severities, the least first.
    pub const ALL: [Self; 5] = [
        Self::Info,
        Self::Low,
        Self::Medium,
        Self::High,
        Self::Critical,
    ];

    /// One step graver; critical stays critical. Info stays info, as the table of rights has it.
    #[must_use]
    pub fn raised(self) -> Self {
        match self {
            Self::Info => Self::Info,
            Self::Low => Self::Medium,
            Self::Medium => Self::High,
            Self::High | Self::Critical => Self::Critical,
        }
    }

    /// One step lighter, never below low; info stays info.
    #[must_use]
    pub fn lowered(self) -> Self {
        match self {
            Self::Info => Self::Info,
            Self::Low | Self::Medium => Self::Low,
            Self::High => Self::Medium,
            Self::Critical => Self::High,
        }
    }

    /// The word as it is printed.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }
}

impl std::str::FromStr for Severity {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|severity| severity.as_str() == text)
            .ok_or_else(|| {
                format!("`{text}` is not a severity (info, low, medium, high or critical)")
            })
    }
}

/// How far a right reaches, seen from the ServiceAccount that holds it; a later variant is
/// further.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Reach {
    /// The namespace of the ServiceAccount that holds it.
    Own,
    /// A namespace that the operator is meant to work in.
    Intended,
    /// Another namespace.
    Foreign,
    /// A namespace whose workloads carry the cluster.
    Protected,
    /// Every namespace, or a cluster-scoped kind.
    Cluster,
}

impl Reach {
    /// The word as it is printed.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Own => "own",
            Self::Intended => "intended",
            Self::Foreign => "foreign",
            Self::Protected => "protected",
            Self::Cluster => "cluster",
        }
    }
}

/// Whose a rule is to mend.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Half {
    /// What the installation asks for; its author can change it.
    Operator,
    /// What the cluster has put round it; its administrator can change it.
    Cluster,
}

impl Half {
    /// The word as it is printed.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Operator => "operator",
            Self::Cluster => "cluster",
        }
    }
}

/// What whoever takes an operator gains, in eight words.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Gain {
    /// Becomes any ServiceAccount or user.
    Identities,
    /// Reads Secrets everywhere.
    Secrets,
    /// Starts pods everywhere.
    Pods,
    /// Runs code in others' pods.
    Code,
    /// Takes nodes.
    Nodes,
    /// Switches off or rewrites the cluster's guards.
    Guards,
    /// Changes CustomResourceDefinitions.
    Crds,
    /// Redirects others' traffic.
    Traffic,
}

impl Gain {
    /// All gains, in the order in which they are printed.
    pub const ALL: [Self; 8] = [
        Self::Identities,
        Self::Secrets,
        Self::Pods,
        Self::Code,
        Self::Nodes,
        Self::Guards,
        Self::Crds,
        Self::Traffic,
    ];

    /// The word as it is printed.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Identities => "identities",
            Self::Secrets => "secrets",
            Self::Pods => "pods",
            Self::Code => "code",
            Self::Nodes => "nodes",
            Self::Guards => "guards",
            Self::Crds => "crds",
            Self::Traffic => "traffic",
        }
    }
}

macro_rules! display_as_str {
    ($($name:ty),+) => {$(
        impl std::fmt::Display for $name {
            fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.pad(self.as_str())
            }
        }
    )+};
}
display_as_str!(Status, Severity, Reach, Half, Gain);

#[cfg(test)]
mod tests {
    use super::*;

    const STATUSES: [Status; 4] = [
        Status::NotApplicable,
        Status::Pass,
        Status::Unknown,
        Status::Fail,
    ];

    #[test]
    fn join_is_commutative_associative_and_idempotent() {
        for a in STATUSES {
            assert_eq!(a.join(a), a);
            for b in STATUSES {
                assert_eq!(a.join(b), b.join(a));
                for c in STATUSES {
                    assert_eq!(a.join(b).join(c), a.join(b.join(c)));
                }
            }
        }
    }

    #[test]
    fn fail_never_improves_and_unknown_never_becomes_pass() {
        for other in STATUSES {
            assert_eq!(Status::Fail.join(other), Status::Fail);
            assert_ne!(Status::Unknown.join(other), Status::Pass);
        }
    }

    #[test]
    fn steps_stay_between_low_and_critical_and_leave_info_alone() {
        assert_eq!(Severity::Info.raised(), Severity::Info);
        assert_eq!(Severity::Info.lowered(), Severity::Info);
        assert_eq!(Severity::Low.lowered(), Severity::Low);
        assert_eq!(Severity::Critical.raised(), Severity::Critical);
        assert_eq!(Severity::High.lowered().raised(), Severity::High);
    }
}
