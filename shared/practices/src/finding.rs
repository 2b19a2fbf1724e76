//! Parts of findings that several rules share.

use std::collections::BTreeSet;

use opsec_model::GrantedBy;
use opsec_rbac::{Grant, Reaching};
use opsec_rights::{GradedRight, Hit};

use crate::context::Context;

/// Every grant that gives a right, the worst first, each once.
pub(crate) fn granted_by(context: &Context<'_>, right: &GradedRight) -> Vec<GrantedBy> {
    let Some(rights) = context.effective(&right.account) else {
        return Vec::new();
    };
    let mut grants: Vec<GrantedBy> = Vec::new();
    let mut known = BTreeSet::new();
    for graded in right
        .hits
        .iter()
        .filter(|graded| right.granted || !graded.granted)
    {
        for &index in &graded.hit.grants {
            let Some(grant) = rights.grants().get(index) else {
                continue;
            };
            if known.insert((&grant.binding, &grant.source_role, grant.source_rule_index)) {
                grants.push(one(grant, &describe(&graded.hit, grant)));
            }
        }
    }
    grants
}

/// One grant, with what of it counts.
pub(crate) fn one(grant: &Grant, right: &str) -> GrantedBy {
    GrantedBy {
        subject: (*grant.subject).clone(),
        binding: (*grant.binding).clone(),
        role: (*grant.source_role).clone(),
        rule: format!("rules[{}]", grant.source_rule_index),
        right: right.to_owned(),
        source: None,
    }
}

/// What of a hit one grant gives: `create pods`.
fn describe(hit: &Hit, grant: &Grant) -> String {
    let given: Vec<String> = hit
        .atoms
        .iter()
        .filter(|atom| {
            let has = |list: &[String], wanted: &str| {
                list.iter().any(|entry| entry == "*" || entry == wanted)
            };
            has(&grant.rule.verbs, &atom.verb)
                && (has(&grant.rule.resources, &atom.resource)
                    || has(&grant.rule.non_resource_urls, &atom.resource))
        })
        .map(opsec_rights::Atom::describe)
        .collect();
    if given.is_empty() {
        hit.atoms
            .iter()
            .map(opsec_rights::Atom::describe)
            .collect::<Vec<_>>()
            .join(", ")
    } else {
        given.join(", ")
    }
}

/// `in every namespace`, `in kube-system`, or nothing for a cluster-scoped kind.
pub(crate) fn where_it_holds(hit: &Hit) -> String {
    match &hit.scope {
        Reaching::Namespace(namespace) => format!("in {namespace}"),
        Reaching::Cluster if namespaced(hit) => "in every namespace".to_owned(),
        Reaching::Cluster => String::new(),
    }
}

fn namespaced(hit: &Hit) -> bool {
    hit.atoms.iter().any(|atom| {
        let resource = atom.resource.split('/').next().unwrap_or_default();
        opsec_kubernetes::find(&atom.group, resource)
            .is_some_and(|kind| kind.scope == opsec_kubernetes::Scope::Namespaced)
    })
}
