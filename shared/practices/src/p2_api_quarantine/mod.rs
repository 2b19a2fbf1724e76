//! Practice 2: Let the operator reach the API server and what it needs, and nothing else; keep payload away from the API.

mod rules {
    //! One file a rule.
}

use crate::contract::Practice;

/// Practice 2.
pub(crate) const PRACTICE: Practice = Practice {
    number: 2,
    name: "API is quarantined",
    doc: "Let the operator reach the API server and what it needs, and nothing else; keep payload away from the API.",
    rules: &[],
};
