//! What was gathered of a kind, and why not more: a verdict that needs what is missing is UNKNOWN.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A kind of object as gathering names it: plural and group, as in `networkpolicies` and
/// `networking.k8s.io`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", from = "String")]
pub struct Kind {
    /// The plural, as in `networkpolicies`.
    pub resource: String,
    /// The API group, empty for the core group.
    pub group: String,
}

impl Kind {
    /// A kind by plural and group.
    pub fn new(resource: impl Into<String>, group: impl Into<String>) -> Self {
        Self {
            resource: resource.into(),
            group: group.into(),
        }
    }
}

/// `resource.group`, or `resource` in the core group: what `kubectl get` takes.
impl fmt::Display for Kind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.group.is_empty() {
            formatter.write_str(&self.resource)
        } else {
            write!(formatter, "{}.{}", self.resource, self.group)
        }
    }
}

impl From<Kind> for String {
    fn from(kind: Kind) -> Self {
        kind.to_string()
    }
}

impl From<String> for Kind {
    fn from(text: String) -> Self {
        match text.split_once('.') {
            Some((resource, group)) => Self::new(resource, group),
            None => Self::new(text, ""),
        }
    }
}

/// How much of a kind the snapshot holds.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", tag = "state")]
pub enum Completeness {
    /// All there is.
    #[default]
    Complete,
    /// Listing was refused.
    Forbidden {
        /// The permission that is missing, as in `list networkpolicies in cert-manager`.
        missing: String,
    },
    /// Not asked for.
    OutOfScope,
    /// Asked for, and it failed otherwise.
    Failed {
        /// What went wrong, for a person.
        message: String,
    },
}

impl Completeness {
    /// Whether all objects of the kind are there.
    pub fn is_complete(&self) -> bool {
        matches!(self, Self::Complete)
    }

    /// Why not all are there, as a clause a person reads: `may not list networkpolicies`.
    pub fn reason(&self, kind: &Kind) -> String {
        match self {
            Self::Complete => format!("{kind} are all there"),
            Self::Forbidden { missing } => format!("may not {missing}"),
            Self::OutOfScope => format!("{kind} were not gathered"),
            Self::Failed { message } => format!("{kind} could not be read: {message}"),
        }
    }
}
