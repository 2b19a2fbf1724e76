//! What must be known before a rule may say PASS. Finding the operator rests on workloads,
//! accounts, bindings, CRDs and namespaces, so every rule needs these; each adds its own.

use opsec_model::Completeness;
use opsec_model::objects::WorkloadKind;

use crate::context::Context;
use crate::contract::Rule;

const RBAC: &str = "rbac.authorization.k8s.io";

/// What finding the operator and its rights rests on.
pub(crate) fn base() -> impl Iterator<Item = (&'static str, &'static str)> {
    WorkloadKind::ALL
        .into_iter()
        .map(WorkloadKind::resource)
        .chain([
            ("namespaces", ""),
            ("serviceaccounts", ""),
            ("roles", RBAC),
            ("clusterroles", RBAC),
            ("rolebindings", RBAC),
            ("clusterrolebindings", RBAC),
            ("customresourcedefinitions", "apiextensions.k8s.io"),
        ])
}

/// Why facts that a rule needs are missing, each a clause.
pub(crate) fn missing(context: &Context<'_>, rule: &Rule) -> Vec<String> {
    base()
        .chain(rule.needs.iter().copied())
        .filter(|(resource, group)| !left_out(context, resource, group))
        .filter_map(|(resource, group)| context.facts.missing(resource, group))
        .collect()
}

/// Secrets are listed only where that is asked for; a notice says that they were not, and what
/// can be judged without them is.
fn left_out(context: &Context<'_>, resource: &str, group: &str) -> bool {
    (resource, group) == ("secrets", "")
        && *context.facts.completeness(resource, group) == Completeness::OutOfScope
}
