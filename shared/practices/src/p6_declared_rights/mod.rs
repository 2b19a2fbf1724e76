//! Practice 6: Declare what the operator may do in a custom resource, and validate it.

pub(crate) mod declaration;
mod denied;
mod rules {
    //! One file a rule.

    pub(crate) mod declaration_in_its_own_hands;
    pub(crate) mod declaration_not_valid;
    pub(crate) mod declared_rights_not_assigned;
    pub(crate) mod rights_beyond_the_declaration;
    pub(crate) mod rights_not_declared;
}

use crate::contract::Practice;

/// Practice 6.
pub(crate) const PRACTICE: Practice = Practice {
    number: 6,
    name: "Rights are declared and validated",
    doc: "Declare what the operator may do in a custom resource, and validate it.",
    why: "Rights that nobody wrote down are rights that nobody misses when they grow.",
    example: "OPSEC601",
    rules: &[
        &rules::rights_not_declared::RULE,
        &rules::rights_beyond_the_declaration::RULE,
        &rules::declared_rights_not_assigned::RULE,
        &rules::declaration_in_its_own_hands::RULE,
        &rules::declaration_not_valid::RULE,
    ],
};
