//! Practice 3: Give each ServiceAccount of the operator the rights that it uses, where it uses them.

pub(crate) mod pod_fields;

mod rules {
    //! One file a rule.

    pub(crate) mod cloud_identity;
    pub(crate) mod code_in_others_pods;
    pub(crate) mod default_service_account;
    pub(crate) mod drives_a_stronger_controller;
    pub(crate) mod long_lived_tokens;
    pub(crate) mod nodes_volumes_and_fates_of_pods;
    pub(crate) mod other_dangerous_rights;
    pub(crate) mod pod_security_unmet;
    pub(crate) mod pods_beyond_intended_namespaces;
    pub(crate) mod rbac_and_identity_rights;
    pub(crate) mod rights_beyond_the_baseline;
    pub(crate) mod rights_of_a_cluster_admin;
    pub(crate) mod rights_of_every_account;
    pub(crate) mod secrets_beyond_intended_namespaces;
    pub(crate) mod shared_service_account;
    pub(crate) mod tokens_and_certificates_of_others;
    pub(crate) mod traffic_of_others;
    pub(crate) mod wildcards;
}

use crate::contract::Practice;

/// Practice 3.
pub(crate) const PRACTICE: Practice = Practice {
    number: 3,
    name: "Service account is minimal",
    doc: "Give each ServiceAccount of the operator the rights that it uses, where it uses them.",
    why: "Whoever takes the operator's pod holds what its ServiceAccount holds, in every namespace that it reaches.",
    example: "OPSEC306",
    rules: &[
        &rules::default_service_account::RULE,
        &rules::shared_service_account::RULE,
        &rules::rights_of_a_cluster_admin::RULE,
        &rules::wildcards::RULE,
        &rules::rbac_and_identity_rights::RULE,
        &rules::secrets_beyond_intended_namespaces::RULE,
        &rules::pods_beyond_intended_namespaces::RULE,
        &rules::code_in_others_pods::RULE,
        &rules::tokens_and_certificates_of_others::RULE,
        &rules::nodes_volumes_and_fates_of_pods::RULE,
        &rules::rights_beyond_the_baseline::RULE,
        &rules::rights_of_every_account::RULE,
        &rules::long_lived_tokens::RULE,
        &rules::pod_security_unmet::RULE,
        &rules::traffic_of_others::RULE,
        &rules::drives_a_stronger_controller::RULE,
        &rules::cloud_identity::RULE,
        &rules::other_dangerous_rights::RULE,
    ],
};
