//! What gathering a cluster must be allowed, for every rule to be judged: what finding operators and
//! grading rights rests on, what the rules say they need, and what probing needs.

use std::collections::{BTreeMap, BTreeSet};

use opsec_model::Need;

use crate::evaluate::base_needs;
use crate::registry::rules;

/// Kinds that no rule names, since what rests on them grades or explains what others found.
const BESIDE: [(&str, &str); 5] = [
    ("endpointslices", "discovery.k8s.io"),
    ("nodes", ""),
    ("operatorgroups", "operators.coreos.com"),
    ("operatorrights", "kubectl-opsec.dev"),
    // Network policies of any product that has its own under this group.
    ("*", "policy.networking.k8s.io"),
];

/// ConfigMaps whose names alone count: by them a right weighs more.
const CONFIG_MAPS: [&str; 2] = ["aws-auth", "coredns"];

/// The least that is enough in every namespace, by group.
///
/// The kinds that operators define are read, as metadata, only where they own a workload; which
/// these are no role can know beforehand.
pub fn needs() -> Vec<Need> {
    let mut by_group: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    let of_rules = rules().flat_map(|rule| rule.needs.iter().copied());
    for (resource, group) in base_needs().chain(of_rules).chain(BESIDE) {
        // Their names and types are listed only where that is asked for.
        if (resource, group) != ("secrets", "") {
            by_group.entry(group).or_default().insert(resource);
        }
    }
    let mut needs: Vec<Need> = by_group
        .into_iter()
        .map(|(group, resources)| need(group, &Vec::from_iter(resources), "list"))
        .collect();
    needs.push(Need {
        names: CONFIG_MAPS.map(ToOwned::to_owned).to_vec(),
        ..need("", &["configmaps"], "list")
    });
    needs.push(need("", &["secrets"], "list"));
    let for_probe = [
        need("", &["serviceaccounts"], "impersonate"),
        need("authorization.k8s.io", &["subjectaccessreviews"], "create"),
    ];
    needs.extend(for_probe.map(|need| Need {
        for_probe: true,
        ..need
    }));
    needs
}

fn need(group: &str, resources: &[&str], verb: &str) -> Need {
    Need {
        group: group.to_owned(),
        resources: resources.iter().map(ToString::to_string).collect(),
        verbs: vec![verb.to_owned()],
        ..Need::default()
    }
}
