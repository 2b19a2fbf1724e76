//! Practice 1: Keep what an operator deploys away from the operator: in other namespaces, and out of reach of its pods.

mod rules {
    //! One file a rule.

    pub(crate) mod pods_in_its_own_namespace;
}

use crate::contract::Practice;

/// Practice 1.
pub(crate) const PRACTICE: Practice = Practice {
    number: 1,
    name: "Payload and operator are separate",
    doc: "Keep what an operator deploys away from the operator: in other namespaces, and out of reach of its pods.",
    rules: &[&rules::pods_in_its_own_namespace::RULE],
};
