//! OPSEC102: an operator pod can be reached by more than the baseline accepts.

use std::collections::{BTreeMap, BTreeSet};

use opsec_model::objects::{Object as _, Workload};
use opsec_model::{Half, Severity};
use opsec_network::{AllowedPeer, Direction, Peer};

use crate::context::Context;
use crate::contract::{Draft, Judgement, Rule, RuleDoc};
use crate::p1_separation::neighbours::payload;
use crate::p1_separation::openings::{
    Cause, Opening, describe, its_pods, onto_workloads, openings,
};
use crate::p2_api_quarantine::accepted::covers_ingress;

/// OPSEC102.
pub(crate) const RULE: Rule = Rule {
    id: "OPSEC102",
    slug: "operator-reachable",
    summary: "an operator pod is not isolated for ingress, or more than the baseline gets in",
    half: Half::Cluster,
    doc: RuleDoc {
        what: "Whether NetworkPolicies hold every pod of the operator for ingress, and let in nobody but the baseline's ingress peers and the API server at its addresses (it calls webhooks). A policy that lets everyone in isolates nothing. It is low when only pods of the same namespace get in and none of them is payload. Pods of the host network are OPSEC207.",
        why: "Metrics, webhooks and debug endpoints are code that answers whoever connects; a taken payload pod should not be able to.",
        severity: "medium; low when only peers of the same namespace, none of them payload, get in",
        bad: "kind: NetworkPolicy\nspec: {podSelector: {}, policyTypes: [Ingress], ingress: [{}]}",
        good: "kind: NetworkPolicy\nspec: {podSelector: {}, policyTypes: [Ingress]}",
        fix: "Add a NetworkPolicy that selects the operator's pods and allows ingress from what must connect, and say in the baseline's network.ingress who that is.",
        references: &["https://kubernetes.io/docs/concepts/services-networking/network-policies/"],
    },
    needs: &[("networkpolicies", "networking.k8s.io")],
    judge,
};

fn judge(context: &Context<'_>) -> Judgement {
    let components = context.components();
    if components.is_empty() {
        return Judgement::nothing("no workload");
    }
    let found = openings(context, &components, Direction::Ingress, |_, peer| {
        comes_in(context, peer)
    });
    let (near, far): (Vec<_>, Vec<_>) = found
        .found
        .iter()
        .partition(|opening| is_near(context, opening));
    let mut findings: Vec<Draft> = far
        .into_iter()
        .map(|opening| finding(context, opening))
        .collect();
    findings.extend(neighbours(context, &near));
    Judgement {
        subjects: components.len(),
        findings,
        unknown: found.unknown,
        nothing: None,
    }
}

/// Whether a peer lets somebody in whom the baseline does not.
fn comes_in(context: &Context<'_>, peer: &AllowedPeer) -> bool {
    !peer.ports.is_empty() && !covers_ingress(context, peer)
}

/// Whether policies hold a component's pods so that this rule passes: nobody comes in, or only
/// neighbours at severity low.
pub(crate) fn is_held(context: &Context<'_>, component: &Workload) -> bool {
    context
        .network
        .isolation(component, Direction::Ingress)
        .is_isolated()
        && context
            .network
            .allowed(component, Direction::Ingress)
            .iter()
            .all(|peer| !comes_in(context, peer) || only_neighbours(context, component, peer))
}

/// Whether a peer is pods of the component's own namespace, none of them payload.
fn only_neighbours(context: &Context<'_>, component: &Workload, peer: &AllowedPeer) -> bool {
    let Peer::Pods { namespaces, .. } = &peer.peer else {
        return false;
    };
    namespaces.only() == Some(component.namespace())
        && !payload(context)
            .iter()
            .any(|workload| gets_in(context, workload, component, peer))
}

fn gets_in(
    context: &Context<'_>,
    workload: &Workload,
    component: &Workload,
    peer: &AllowedPeer,
) -> bool {
    let namespace = workload.namespace();
    let labels = context.facts.namespace_labels(namespace);
    peer.peer
        .matches_pod(namespace, &labels, &workload.template.metadata.labels)
        && !context.network.connection(workload, component).is_empty()
}

fn finding(context: &Context<'_>, opening: &Opening<'_>) -> Draft {
    let pods = its_pods(context, &opening.workloads);
    let says = opening.says(context, Direction::Ingress, &pods);
    let (severity, title, remedy) = match &opening.cause {
        Cause::NoPolicy(_) => (
            Severity::Medium,
            format!("{says}: anyone may connect"),
            "add a NetworkPolicy that selects them and allows ingress from what must connect"
                .to_owned(),
        ),
        Cause::Open { why, .. } => (
            Severity::Medium,
            format!("{says}: anyone may connect"),
            format!("name the peers that must connect: {why}"),
        ),
        Cause::Peer(peer) => (
            Severity::Medium,
            format!(
                "{pods} may be reached by {}: NetworkPolicy {}",
                describe(peer),
                peer.policy
                    .as_ref()
                    .map_or("", |policy| policy.name.as_str()),
            ),
            "narrow that peer, or accept it in the baseline's network.ingress".to_owned(),
        ),
    };
    let gain = match payload_that_gets_in(context, opening) {
        Some(name) => format!("a taken payload pod ({name}) attacks what the operator serves"),
        None => "whoever takes such a peer attacks what the operator serves: metrics, webhooks, debug endpoints".to_owned(),
    };
    opening.onto(
        context,
        Direction::Ingress,
        Draft::new(severity, title, gain, remedy),
    )
}

/// Whether an opening is a peer that lets neighbours in and nobody else.
fn is_near(context: &Context<'_>, opening: &Opening<'_>) -> bool {
    opening.cause.peer().is_some_and(|peer| {
        opening
            .workloads
            .iter()
            .all(|component| only_neighbours(context, component, peer))
    })
}

/// One finding for each namespace whose own pods get in, whichever policies say so.
fn neighbours(context: &Context<'_>, near: &[&Opening<'_>]) -> Vec<Draft> {
    let mut by_namespace: BTreeMap<&str, Vec<&Opening<'_>>> = BTreeMap::new();
    for &opening in near {
        if let Some(first) = opening.workloads.first() {
            by_namespace
                .entry(first.namespace())
                .or_default()
                .push(opening);
        }
    }
    by_namespace
        .into_values()
        .map(|openings| of_neighbours(context, &openings))
        .collect()
}

fn of_neighbours(context: &Context<'_>, openings: &[&Opening<'_>]) -> Draft {
    let mut known = BTreeSet::new();
    let workloads: Vec<&Workload> = openings
        .iter()
        .flat_map(|opening| &opening.workloads)
        .copied()
        .filter(|workload| known.insert(workload.object_ref()))
        .collect();
    let draft = Draft::new(
        Severity::Low,
        format!(
            "pods of the same namespace may connect to {}",
            its_pods(context, &workloads)
        ),
        "a taken pod beside the operator attacks what it serves",
        "name the ports and labels of the pods that must connect, and accept them in the baseline's network.ingress",
    );
    let mut draft = onto_workloads(context, &workloads, draft);
    let mut shown = Vec::new();
    // There may be as many as peers, so each is put onto nothing, and what it shows is moved.
    for opening in openings {
        let one = opening.onto(
            context,
            Direction::Ingress,
            Draft::new(Severity::Low, "", "", ""),
        );
        draft.evidence.extend(one.evidence);
        shown.extend(one.confirm);
    }
    draft.confirm(shown.join(" || "))
}

fn payload_that_gets_in(context: &Context<'_>, opening: &Opening<'_>) -> Option<String> {
    let found = payload(context).into_iter().find(|workload| {
        opening
            .workloads
            .iter()
            .any(|component| match &opening.cause {
                Cause::Peer(peer) => gets_in(context, workload, component, peer),
                _ => !context.network.connection(workload, component).is_empty(),
            })
    })?;
    Some(format!("{}/{}", found.namespace(), found.metadata.name))
}
