//! Practice 6: Declare what the operator may do in a custom resource, and validate it.

mod rules {
    //! One file a rule.
}

use crate::contract::Practice;

/// Practice 6.
pub(crate) const PRACTICE: Practice = Practice {
    number: 6,
    name: "Rights are declared and validated",
    doc: "Declare what the operator may do in a custom resource, and validate it.",
    rules: &[],
};
