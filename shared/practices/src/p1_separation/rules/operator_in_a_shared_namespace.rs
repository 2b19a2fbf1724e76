//! OPSEC103: the operator runs in a namespace that is not its own.

use std::collections::BTreeSet;

use opsec_model::objects::{Object as _, Workload};
use opsec_model::snapshot::PlacementReason;
use opsec_model::{Half, Severity};

use crate::context::Context;
use crate::contract::{Draft, Judgement, Rule, RuleDoc};
use crate::p1_separation::neighbours::{any_is_there, payload};
use crate::p1_separation::openings::onto_workloads;

/// OPSEC103.
pub(crate) const RULE: Rule = Rule {
    id: "OPSEC103",
    slug: "operator-in-a-shared-namespace",
    summary: "the operator runs in a payload namespace, default, kube-system or kube-public",
    half: Half::Operator,
    doc: RuleDoc {
        what: "Whether a component runs in a namespace that holds payload (filed under OPSEC101, which is the same cause), or in default, kube-system or kube-public. In files that name no namespace and are judged in default because nothing says where, default is nobody's choice and is not judged.",
        why: "default is where everything goes that says nothing; kube-system holds the cluster's own ServiceAccounts and Secrets, so rights that are meant for the operator's namespace reach these.",
        severity: "medium; kube-system high",
        bad: "kind: Deployment\nmetadata: {name: db-operator, namespace: kube-system}",
        good: "kind: Deployment\nmetadata: {name: db-operator, namespace: db-operator}",
        fix: "Give the operator a namespace of its own.",
        references: &[
            "https://kubernetes.io/docs/concepts/overview/working-with-objects/namespaces/",
        ],
    },
    needs: &[],
    judge,
};

fn judge(context: &Context<'_>) -> Judgement {
    let components = context.components();
    if components.is_empty() {
        return Judgement::nothing("no workload");
    }
    // A payload namespace among these is found by OPSEC101, whose finding fails this rule too.
    let has_payload = !payload(context).is_empty();
    let namespaces: BTreeSet<&str> = components.iter().map(|own| own.namespace()).collect();
    let chosen: Vec<&str> = namespaces
        .into_iter()
        .filter(|name| *name != "default" || !is_placed(context))
        .collect();
    if chosen.is_empty() && !has_payload {
        return Judgement::nothing("no namespace is named");
    }
    let mut judgement = Judgement::of(chosen.len().max(1));
    for namespace in chosen {
        let inside: Vec<&Workload> = components
            .iter()
            .copied()
            .filter(|own| own.namespace() == namespace)
            .collect();
        judgement
            .findings
            .extend(finding(context, namespace, &inside));
    }
    judgement
}

/// Whether objects are in default only because nothing says where.
fn is_placed(context: &Context<'_>) -> bool {
    context.facts.snapshot().placements.iter().any(|placement| {
        placement.reason == PlacementReason::Default && placement.namespace == "default"
    })
}

fn finding(context: &Context<'_>, namespace: &str, inside: &[&Workload]) -> Option<Draft> {
    let (severity, why, gain) = match namespace {
        "kube-system" => (
            Severity::High,
            "where the cluster's own components live",
            "what the operator may do in its own namespace it may do to the cluster's own ServiceAccounts and Secrets",
        ),
        "default" => (
            Severity::Medium,
            "where everything goes that names no namespace",
            "whatever is put there without thought stands beside the operator's ServiceAccount and Secrets",
        ),
        "kube-public" => (
            Severity::Medium,
            "which everyone may read by convention",
            "what the operator keeps there is meant to be read by everyone",
        ),
        _ => return None,
    };
    let remedy = "run the operator in a namespace of its own";
    let title = format!("runs in {namespace}, {why}");
    let mut draft = onto_workloads(context, inside, Draft::new(severity, title, gain, remedy));
    for workload in inside {
        draft = draft.evidence(workload.object_ref(), "metadata.namespace");
    }
    Some(draft.confirm(any_is_there(namespace, inside)))
}
