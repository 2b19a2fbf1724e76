//! Practice 4: Leave Pod Security, network policies and admission to administrators.

mod rules {
    //! One file a rule.

    pub(crate) mod changes_admission;
    pub(crate) mod changes_namespaces;
    pub(crate) mod network_policies_of_others;
    pub(crate) mod security_context_constraints;
}

use crate::contract::Practice;

/// Practice 4.
pub(crate) const PRACTICE: Practice = Practice {
    number: 4,
    name: "Pod security is the admins'",
    doc: "Leave Pod Security, network policies and admission to administrators.",
    rules: &[
        &rules::security_context_constraints::RULE,
        &rules::changes_namespaces::RULE,
        &rules::changes_admission::RULE,
        &rules::network_policies_of_others::RULE,
    ],
};
