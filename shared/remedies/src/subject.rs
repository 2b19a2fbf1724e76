//! The operator that is mended, and what is known of its rights.

use std::collections::BTreeSet;

use opsec_model::baseline::BaselineSpec;
use opsec_model::{EffectiveBaseline, OperatorSummary, ServiceAccountRef};
use opsec_operators::Operator;
use opsec_practices::{Prepared, invalid_rbac};
use opsec_rbac::EffectiveRights;
use opsec_rights::{Grading, GradingInput, Namespaces};

/// The group of the kinds that grant rights.
const RBAC: &str = "rbac.authorization.k8s.io";
/// The kinds that grant rights, and those without which it is not known whose accounts are whose.
const RESTS_ON: [(&str, &str); 15] = [
    ("roles", RBAC),
    ("clusterroles", RBAC),
    ("rolebindings", RBAC),
    ("clusterrolebindings", RBAC),
    ("serviceaccounts", ""),
    ("namespaces", ""),
    ("customresourcedefinitions", "apiextensions.k8s.io"),
    ("deployments", "apps"),
    ("statefulsets", "apps"),
    ("daemonsets", "apps"),
    ("replicasets", "apps"),
    ("replicationcontrollers", ""),
    ("jobs", "batch"),
    ("cronjobs", "batch"),
    ("pods", ""),
];

/// An operator with its rights, whatever is accepted of it.
#[derive(Debug)]
pub(crate) struct Subject<'a> {
    pub(crate) operator: &'a Operator,
    pub(crate) namespaces: Namespaces,
    /// The rights of its accounts, in their order.
    pub(crate) rights: Vec<EffectiveRights>,
}

impl<'a> Subject<'a> {
    pub(crate) fn new(prepared: &'a Prepared<'a>, operator: &'a Operator) -> Self {
        let baseline = nothing_accepted();
        let grading = Grading::new(GradingInput {
            facts: prepared.facts(),
            holdings: prepared.holdings(),
            kinds: prepared.kinds(),
            operators: prepared.operators(),
            operator,
            baseline: &baseline,
            node_pods: prepared.node_pods(),
        });
        let rights = operator
            .accounts
            .iter()
            .map(|account| rights(prepared, &account.account))
            .collect();
        Self {
            operator,
            namespaces: grading.namespaces.clone(),
            rights,
        }
    }

    /// What it consists of.
    pub(crate) fn summary(&self, intended: &BTreeSet<String>) -> OperatorSummary {
        self.operator.summary(intended)
    }
}

/// What real requests of an account are granted.
pub(crate) fn rights(prepared: &Prepared<'_>, account: &ServiceAccountRef) -> EffectiveRights {
    EffectiveRights::of(prepared.policy(), prepared.kinds(), account)
}

/// Why rights may be others than they are known to be, or those of others.
pub fn unknown(prepared: &Prepared<'_>) -> Vec<String> {
    let facts = prepared.facts();
    let missing = RESTS_ON
        .iter()
        .filter_map(|(kind, group)| facts.missing(kind, group));
    missing.chain(invalid_rbac(facts)).collect()
}

/// A baseline that accepts nothing.
fn nothing_accepted() -> EffectiveBaseline {
    EffectiveBaseline {
        name: String::new(),
        revision: 0,
        digest: String::new(),
        inline: false,
        spec: BaselineSpec::default(),
    }
}
