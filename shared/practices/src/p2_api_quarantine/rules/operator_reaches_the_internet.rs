//! OPSEC202: an isolated operator pod may reach the internet.

use opsec_model::{Half, Severity};
use opsec_network::Direction;

use crate::context::Context;
use crate::contract::{Draft, Judgement, Rule, RuleDoc};
use crate::p1_separation::openings::{Opening, describe, its_pods, openings};
use crate::p2_api_quarantine::accepted::{opens_internet, opens_metadata};
use crate::p2_api_quarantine::egress::{gain, severity};

/// OPSEC202.
pub(crate) const RULE: Rule = Rule {
    id: "OPSEC202",
    slug: "operator-reaches-the-internet",
    summary: "an operator pod may reach the internet",
    half: Half::Cluster,
    doc: RuleDoc {
        what: "Whether a pod of the operator may connect to an address of the internet on any port that the baseline's egress blocks, and the API server's own addresses, do not account for. The internet is every public unicast address: no private, shared, link-local, documentation or multicast range. A pod that is not isolated at all is OPSEC201, one of the host network OPSEC207; both fail this rule too.",
        why: "What leaves the cluster cannot be called back, and a taken operator fetches its tools there.",
        severity: "medium",
        bad: "kind: NetworkPolicy\nspec: {podSelector: {}, policyTypes: [Egress], egress: [{to: [{ipBlock: {cidr: 0.0.0.0/0}}], ports: [{port: 443}]}]}",
        good: "kind: NetworkPolicy\nspec: {podSelector: {}, policyTypes: [Egress], egress: [{to: [{ipBlock: {cidr: 10.0.0.0/8}}], ports: [{port: 443}]}]}",
        fix: "Allow only the addresses that the operator needs, through an egress proxy when they change, or accept them in the baseline's network.egress with a reason.",
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
    let found = openings(context, &components, Direction::Egress, |_, peer| {
        opens_internet(context, peer)
    });
    Judgement {
        subjects: components.len(),
        findings: found
            .found
            .iter()
            .filter_map(|opening| finding(context, opening))
            .collect(),
        unknown: found.unknown,
        nothing: None,
    }
}

/// None for pods that are not isolated: that is one cause, found by OPSEC201.
fn finding(context: &Context<'_>, opening: &Opening<'_>) -> Option<Draft> {
    let peer = opening.cause.peer()?;
    let also: &[&'static str] = if opens_metadata(context, peer) {
        &["OPSEC203"]
    } else {
        &[]
    };
    let pods = its_pods(context, &opening.workloads);
    let says = opening.says(context, Direction::Egress, &pods);
    let metadata = if also.is_empty() {
        ""
    } else {
        " and the metadata service"
    };
    let severity = if also.is_empty() {
        Severity::Medium
    } else {
        severity(context, also)
    };
    let draft = Draft::new(
        severity,
        format!("{says} reach the internet{metadata}: {}", describe(peer)),
        gain(context, also),
        "allow only the addresses that they need, or accept the block in the baseline's network.egress",
    )
    .also(also.iter().copied());
    Some(opening.onto(context, Direction::Egress, draft))
}
