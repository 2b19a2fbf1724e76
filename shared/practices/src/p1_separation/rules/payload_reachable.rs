//! OPSEC104: payload can be reached from other namespaces.

use opsec_model::objects::{Object as _, Workload};
use opsec_model::{Half, Severity};
use opsec_network::{AddressSet, AllowedPeer, Direction, Peer};

use crate::context::Context;
use crate::contract::{Draft, Judgement, Rule, RuleDoc};
use crate::p1_separation::neighbours::{no_payload, payload, perhaps_payload, target};
use crate::p1_separation::openings::{
    Cause, Opening, describe, onto_workloads, openings, payload_pods,
};
use crate::p2_api_quarantine::accepted::covers_ingress;
use crate::p2_api_quarantine::egress::metadata_severity;
use crate::shell::quote;

/// OPSEC104.
pub(crate) const RULE: Rule = Rule {
    id: "OPSEC104",
    slug: "payload-reachable",
    summary: "pods of other namespaces may reach payload, and the baseline does not say so",
    half: Half::Cluster,
    doc: RuleDoc {
        what: "Whether NetworkPolicies hold every payload pod for ingress and let in no pods of other namespaces but the baseline's ingress peers, the operator's included. An address block counts when it holds a whole private range, since many network plugins let pods in by their addresses. A payload pod of the host network is held by no policy: that one cause also fails OPSEC203 and OPSEC204.",
        why: "A taken pod of one tenant should not reach what the operator runs for another.",
        severity: "medium",
        bad: "kind: NetworkPolicy\nspec: {podSelector: {}, ingress: [{from: [{namespaceSelector: {}}]}]}",
        good: "kind: NetworkPolicy\nspec: {podSelector: {}, ingress: [{from: [{podSelector: {}}]}]}",
        fix: "Add a NetworkPolicy to each payload namespace that allows ingress from that namespace, and say in the baseline's network.ingress who else must connect.",
        references: &["https://kubernetes.io/docs/concepts/services-networking/network-policies/"],
    },
    needs: &[("networkpolicies", "networking.k8s.io")],
    judge,
};

fn judge(context: &Context<'_>) -> Judgement {
    let payload = payload(context);
    if payload.is_empty() {
        return no_payload(context);
    }
    let found = openings(context, &payload, Direction::Ingress, |workload, peer| {
        !peer.ports.is_empty()
            && lets_other_namespaces_in(workload, peer)
            && !covers_ingress(context, peer)
    });
    let on_hosts: Vec<&Workload> = payload
        .iter()
        .copied()
        .filter(|workload| workload.template.spec.host_network)
        .collect();
    let mut findings: Vec<Draft> = found
        .found
        .iter()
        .map(|opening| finding(context, opening))
        .collect();
    if !on_hosts.is_empty() {
        findings.push(on_the_host_network(context, &on_hosts));
    }
    Judgement {
        subjects: payload.len(),
        findings,
        unknown: [found.unknown, perhaps_payload(context)].concat(),
        nothing: None,
    }
}

/// Address ranges that pods commonly have.
const PRIVATE: [&str; 5] = [
    "10.0.0.0/8",
    "100.64.0.0/10",
    "172.16.0.0/12",
    "192.168.0.0/16",
    "fd00::/8",
];

fn lets_other_namespaces_in(workload: &Workload, peer: &AllowedPeer) -> bool {
    match &peer.peer {
        Peer::Everyone => true,
        Peer::Pods { namespaces, .. } => namespaces.only() != Some(workload.namespace()),
        Peer::Addresses { addresses, .. } => PRIVATE
            .iter()
            .filter_map(|block| AddressSet::from_cidr(block))
            .any(|range| addresses.includes(&range)),
    }
}

fn finding(context: &Context<'_>, opening: &Opening<'_>) -> Draft {
    let pods = payload_pods(&opening.workloads);
    let says = opening.says(context, Direction::Ingress, &pods);
    let (title, remedy) = match &opening.cause {
        Cause::NoPolicy(_) => (
            format!("{says}: pods of every namespace may connect"),
            "add a NetworkPolicy that selects them and allows ingress from their own namespace",
        ),
        Cause::Open { .. } => (
            format!("{says}: pods of every namespace may connect"),
            "name the peers that must connect",
        ),
        Cause::Peer(peer) => (
            format!(
                "{pods} may be reached by {}: NetworkPolicy {}",
                describe(peer),
                peer.policy
                    .as_ref()
                    .map_or("", |policy| policy.name.as_str()),
            ),
            "narrow that peer to the payload's own namespace, or accept it in the baseline's network.ingress",
        ),
    };
    let gain = "a taken pod of another namespace attacks what the operator runs for this one";
    let draft = Draft::new(Severity::Medium, title, gain, remedy);
    opening.onto(context, Direction::Ingress, draft)
}

fn on_the_host_network(context: &Context<'_>, workloads: &[&Workload]) -> Draft {
    let title = format!(
        "{} on the host network, where no NetworkPolicy holds",
        if workloads.len() == 1 {
            "a payload pod is".to_owned()
        } else {
            format!("{} payload pods are", workloads.len())
        }
    );
    let mut draft = onto_workloads(
        context,
        workloads,
        Draft::new(
            metadata_severity(context),
            title,
            "a taken payload pod has the node's address: it reaches the API server, the metadata service and what listens on the node",
            "set hostNetwork: false in what the operator deploys",
        )
        .also(["OPSEC203", "OPSEC204"]),
    );
    let mut shown = Vec::new();
    for workload in workloads {
        let field = format!("{}.hostNetwork", workload.kind.pod_spec_path());
        shown.push(format!(
            "kubectl get {} -n {} -o jsonpath='{{.{field}}}' | grep -qx true",
            target(workload),
            quote(workload.namespace())
        ));
        draft = draft.evidence(workload.object_ref(), field);
    }
    draft.confirm(shown.join(" || "))
}
