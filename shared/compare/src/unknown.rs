//! Why more may be gained than is known.

use opsec_model::Status;
use opsec_network::Network;
use opsec_practices::invalid_rbac;

use crate::known::Known;

/// Kinds that a comparison rests on.
const KINDS: [(&str, &str); 15] = [
    ("roles", "rbac.authorization.k8s.io"),
    ("clusterroles", "rbac.authorization.k8s.io"),
    ("rolebindings", "rbac.authorization.k8s.io"),
    ("clusterrolebindings", "rbac.authorization.k8s.io"),
    ("serviceaccounts", ""),
    ("namespaces", ""),
    ("pods", ""),
    ("deployments", "apps"),
    ("statefulsets", "apps"),
    ("daemonsets", "apps"),
    ("networkpolicies", "networking.k8s.io"),
    ("customresourcedefinitions", "apiextensions.k8s.io"),
    (
        "validatingwebhookconfigurations",
        "admissionregistration.k8s.io",
    ),
    (
        "mutatingwebhookconfigurations",
        "admissionregistration.k8s.io",
    ),
    ("apiservices", "apiregistration.k8s.io"),
];

/// Of equal facts everything is known: they differ in nothing.
pub(crate) fn of_two(before: &Known<'_>, after: &Known<'_>) -> Vec<String> {
    if before.report.snapshot_digest == after.report.snapshot_digest {
        return Vec::new();
    }
    let (mine, theirs) = (of_one(before), of_one(after));
    let mut all: Vec<String> = mine.iter().map(|why| format!("before: {why}")).collect();
    all.extend(theirs.iter().map(|why| format!("after: {why}")));
    all.extend(rules(before, after));
    all
}

/// What could not be had of one state.
pub(crate) fn of_one(known: &Known<'_>) -> Vec<String> {
    let facts = known.prepared.facts();
    let missing = KINDS
        .iter()
        .filter_map(|(resource, group)| facts.missing(resource, group));
    let unread = Network::new(facts).all_unknowns().into_iter();
    let mut all: Vec<String> = missing
        .chain(invalid_rbac(facts))
        .chain(unread.map(|unknown| unknown.reason))
        .collect();
    all.sort();
    all.dedup();
    all
}

/// Rules that were known to be met and are no more.
fn rules(before: &Known<'_>, after: &Known<'_>) -> Vec<String> {
    let rules = |known: &Known<'_>| {
        let practices = known.report.practices.clone().into_iter();
        practices
            .flat_map(|practice| practice.rules)
            .collect::<Vec<_>>()
    };
    let known = rules(before);
    let mut found = Vec::new();
    for rule in rules(after) {
        let was = known.iter().find(|it| it.id == rule.id);
        let was = was.map_or(Status::NotApplicable, |it| it.status);
        if rule.status == Status::Unknown && was < Status::Unknown {
            let why = rule.reason.map(|reason| format!(": {reason}"));
            let why = why.unwrap_or_default();
            found.push(format!("after: {} is UNKNOWN{why}", rule.id));
        }
    }
    found
}
