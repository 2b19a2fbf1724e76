//! What whoever verifies asks of a statement.

use std::collections::BTreeSet;

use jiff::SignedDuration;

/// What a statement is to be of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wanted {
    /// This operator on this cluster: a verdict about another one says nothing about it.
    Operator {
        /// UID of the cluster's namespace kube-system.
        cluster_uid: String,
        /// `NAMESPACE~NAME`, or the name alone.
        operator: String,
    },
    /// Whatever it is of, which the reader then looks at.
    Anything,
}

/// What whoever verifies asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifyPolicy {
    /// What it is to be of.
    pub wanted: Wanted,
    /// An image that must be among its subjects: `sha256:` and hex.
    pub image: Option<String>,
    /// How old its facts may be.
    pub max_age: Option<SignedDuration>,
    /// Only facts that the service itself collected.
    pub server_collected: bool,
    /// Practices that must each be there and PASS.
    pub practices: BTreeSet<u8>,
    /// Whether NOT_APPLICABLE does for these.
    pub allow_not_applicable: bool,
    /// Whether a bundle past its end does.
    pub allow_stale_bundle: bool,
    /// The least sequence of the bundle.
    pub min_sequence: Option<i64>,
}

impl VerifyPolicy {
    /// No more than that it is valid.
    pub fn of(wanted: Wanted) -> Self {
        Self {
            wanted,
            image: None,
            max_age: None,
            server_collected: false,
            practices: BTreeSet::new(),
            allow_not_applicable: false,
            allow_stale_bundle: false,
            min_sequence: None,
        }
    }
}
