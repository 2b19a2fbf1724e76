//! Practice 2: Let the operator reach the API server and what it needs, and nothing else; keep payload away from the API.

pub(crate) mod accepted;
pub(crate) mod egress;
mod selectors;

mod rules {
    //! One file a rule.

    pub(crate) mod metadata_service_reachable;
    pub(crate) mod operator_egress_open;
    pub(crate) mod operator_exposed;
    pub(crate) mod operator_on_the_host_network;
    pub(crate) mod operator_reaches_the_internet;
    pub(crate) mod payload_mounts_a_token;
    pub(crate) mod payload_reaches_the_api;
    pub(crate) mod quarantine_in_its_own_hands;
}

use crate::contract::Practice;

/// Practice 2.
pub(crate) const PRACTICE: Practice = Practice {
    number: 2,
    name: "API is quarantined",
    doc: "Let the operator reach the API server and what it needs, and nothing else; keep payload away from the API.",
    why: "A stolen token is of use only where the API server, or a place to send the token to, can be reached.",
    example: "OPSEC201",
    rules: &[
        &rules::operator_egress_open::RULE,
        &rules::operator_reaches_the_internet::RULE,
        &rules::metadata_service_reachable::RULE,
        &rules::payload_reaches_the_api::RULE,
        &rules::payload_mounts_a_token::RULE,
        &rules::operator_exposed::RULE,
        &rules::operator_on_the_host_network::RULE,
        &rules::quarantine_in_its_own_hands::RULE,
    ],
};
