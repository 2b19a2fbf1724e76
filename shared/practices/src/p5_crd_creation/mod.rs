//! Practice 5: Deny the operator to create CustomResourceDefinitions, by admission and not only by RBAC.

mod answers;
pub(crate) mod asked;
mod chosen;
pub(crate) mod weakness;
mod rules {
    //! One file a rule.

    pub(crate) mod changes_crds;
    pub(crate) mod crd_creation_not_denied;
    pub(crate) mod creates_crds;
    pub(crate) mod weak_denial;
}

pub(crate) use asked::Asked;

use crate::contract::Practice;

/// Practice 5.
pub(crate) const PRACTICE: Practice = Practice {
    number: 5,
    name: "CRD creation is denied",
    doc: "Deny the operator to create CustomResourceDefinitions, by admission and not only by RBAC.",
    why: "Who defines kinds decides what is stored and which webhooks read it; RBAC changes, and a denial by admission stays.",
    example: "OPSEC503",
    rules: &[
        &rules::creates_crds::RULE,
        &rules::changes_crds::RULE,
        &rules::crd_creation_not_denied::RULE,
        &rules::weak_denial::RULE,
    ],
};
