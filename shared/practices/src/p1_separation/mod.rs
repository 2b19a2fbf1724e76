//! Practice 1: Keep what an operator deploys away from the operator: in other namespaces, and out of reach of its pods.

mod confirm;
pub(crate) mod neighbours;
pub(crate) mod openings;

pub(crate) mod rules {
    //! One file a rule.

    pub(crate) mod operator_in_a_shared_namespace;
    pub(crate) mod operator_reachable;
    pub(crate) mod payload_beside_the_operator;
    pub(crate) mod payload_reachable;
    pub(crate) mod pods_in_its_own_namespace;
}

use crate::contract::Practice;

/// Practice 1.
pub(crate) const PRACTICE: Practice = Practice {
    number: 1,
    name: "Payload and operator are separate",
    doc: "Keep what an operator deploys away from the operator: in other namespaces, and out of reach of its pods.",
    why: "Whoever takes a payload pod beside the operator is one step from its ServiceAccount, and payload is what users and the internet talk to.",
    example: "OPSEC103",
    rules: &[
        &rules::payload_beside_the_operator::RULE,
        &rules::operator_reachable::RULE,
        &rules::operator_in_a_shared_namespace::RULE,
        &rules::payload_reachable::RULE,
        &rules::pods_in_its_own_namespace::RULE,
    ],
};
