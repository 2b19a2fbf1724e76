//! Practice 4: Leave Pod Security, network policies and admission to administrators.

pub(crate) mod backend;
mod enforced;
mod seen;
mod rules {
    //! One file a rule.

    pub(crate) mod changes_admission;
    pub(crate) mod changes_namespaces;
    pub(crate) mod in_the_path_of_others_objects;
    pub(crate) mod network_policies_of_others;
    pub(crate) mod payload_could_be_stricter;
    pub(crate) mod pod_security_not_enforced;
    pub(crate) mod security_context_constraints;
}

use crate::contract::Practice;

/// Practice 4.
pub(crate) const PRACTICE: Practice = Practice {
    number: 4,
    name: "Pod security is the admins'",
    doc: "Leave Pod Security, network policies and admission to administrators.",
    why: "Guards that the guarded may lift hold nobody: the operator would take them away first.",
    example: "OPSEC403",
    rules: &[
        &rules::security_context_constraints::RULE,
        &rules::changes_namespaces::RULE,
        &rules::changes_admission::RULE,
        &rules::network_policies_of_others::RULE,
        &rules::pod_security_not_enforced::RULE,
        &rules::payload_could_be_stricter::RULE,
        &rules::in_the_path_of_others_objects::RULE,
    ],
};
