//! What the namespaces of the operator and of its payload enforce of the Pod Security Standards.

use std::collections::BTreeMap;

use opsec_model::ServiceAccountRef;
use opsec_model::baseline::PodSecurityLevel;
use opsec_model::objects::Workload;
use opsec_pod_security::enforced;
use opsec_rbac::{Reaching, Request};

use crate::context::Context;

/// Kinds that make pods, by group, and the verbs that put a pod of one's choice there.
const MAKES_PODS: [(&str, &str, &[&str]); 8] = [
    ("", "pods", &["create"]),
    ("", "replicationcontrollers", WRITE),
    ("apps", "deployments", WRITE),
    ("apps", "statefulsets", WRITE),
    ("apps", "daemonsets", WRITE),
    ("apps", "replicasets", WRITE),
    ("batch", "jobs", WRITE),
    ("batch", "cronjobs", WRITE),
];

const WRITE: &[&str] = &["create", "update", "patch"];

/// The level that a namespace enforces; privileged when no label says any. None when its labels
/// could not be read.
pub(crate) fn level(context: &Context<'_>, namespace: &str) -> Option<PodSecurityLevel> {
    let facts = context.facts;
    if facts.namespace(namespace).is_none() && facts.missing("namespaces", "").is_some() {
        return None;
    }
    let labels = facts.namespace_labels(namespace);
    Some(enforced(&labels).unwrap_or(PodSecurityLevel::Privileged))
}

/// The level that is asked of each namespace with components or payload; of one with both the
/// stricter.
pub(crate) fn asked(context: &Context<'_>) -> BTreeMap<String, PodSecurityLevel> {
    let components = context.components();
    let operator = components
        .iter()
        .map(|workload| (workload.namespace(), context.baseline.operator_level()));
    let payload = context.payload();
    let payload = payload
        .iter()
        .map(|workload| (workload.namespace(), context.baseline.payload_level()));
    let mut asked: BTreeMap<String, PodSecurityLevel> = BTreeMap::new();
    for (namespace, level) in operator.chain(payload) {
        let known = asked.entry(namespace.to_owned()).or_insert(level);
        *known = level.max(*known);
    }
    asked
}

/// The payload by namespace.
pub(crate) fn payload<'a>(context: &Context<'a>) -> BTreeMap<String, Vec<&'a Workload>> {
    let mut payload: BTreeMap<String, Vec<&Workload>> = BTreeMap::new();
    for workload in context.payload() {
        payload
            .entry(workload.namespace().to_owned())
            .or_default()
            .push(workload);
    }
    payload
}

/// The operator's accounts that can put a pod into a namespace, directly or through a workload.
pub(crate) fn pod_creators(context: &Context<'_>, namespace: &str) -> Vec<ServiceAccountRef> {
    let accounts = context
        .operator
        .accounts
        .iter()
        .map(|account| &account.account);
    accounts
        .filter(|account| {
            context.effective(account).is_some_and(|rights| {
                MAKES_PODS.iter().any(|(group, resource, verbs)| {
                    verbs.iter().any(|verb| {
                        rights
                            .held(&Request::new(verb, group, resource))
                            .iter()
                            .any(|held| match &held.scope {
                                Reaching::Cluster => true,
                                Reaching::Namespace(reached) => reached == namespace,
                            })
                    })
                })
            })
        })
        .cloned()
        .collect()
}
