//! OPSEC203: an operator or payload pod may reach a metadata address.

use opsec_model::Half;
use opsec_model::objects::Workload;
use opsec_network::{AllowedPeer, Direction};

use crate::context::Context;
use crate::contract::{Draft, Judgement, Rule, RuleDoc};
use crate::p1_separation::neighbours::{payload, perhaps_payload};
use crate::p1_separation::openings::{Cause, Opening, describe, its_pods, openings, payload_pods};
use crate::p2_api_quarantine::accepted::{opens_internet, opens_metadata};
use crate::p2_api_quarantine::egress::{ApiServer, leads_to_metadata, metadata_severity};

/// OPSEC203.
pub(crate) const RULE: Rule = Rule {
    id: "OPSEC203",
    slug: "metadata-service-reachable",
    summary: "an operator or payload pod may reach a metadata address",
    half: Half::Cluster,
    doc: RuleDoc {
        what: "Whether a pod of the operator or of its payload may connect to 169.254.169.254, 169.254.170.2, 169.254.170.23, fd00:ec2::254 or fd00:ec2::23. Live it is high when a node's providerID is a cloud's. The baseline accepts it for the operator by an egress block without any address of the internet; 0.0.0.0/0 does not. Pods that are not isolated, or whose policy opens the internet with it, are one cause with OPSEC201, OPSEC202 or OPSEC207; payload that nothing holds also fails OPSEC204.",
        why: "There a cloud answers any pod of a node with the node's credentials, and with what the node was started with.",
        severity: "medium; high live when a node's providerID is a cloud's",
        bad: "kind: NetworkPolicy\nspec: {podSelector: {}, policyTypes: [Egress], egress: [{to: [{ipBlock: {cidr: 169.254.0.0/16}}]}]}",
        good: "kind: NetworkPolicy\nspec: {podSelector: {}, policyTypes: [Egress], egress: [{to: [{ipBlock: {cidr: 0.0.0.0/0, except: [169.254.0.0/16]}}]}]}",
        fix: "Leave the metadata addresses out of what egress allows (`except`), and let the cloud answer pods by workload identity alone.",
        references: &[
            "https://kubernetes.io/docs/concepts/services-networking/network-policies/",
            "https://kubernetes.io/docs/concepts/security/security-checklist/",
        ],
    },
    needs: &[("networkpolicies", "networking.k8s.io")],
    judge,
};

fn judge(context: &Context<'_>) -> Judgement {
    let (components, payload) = (context.components(), payload(context));
    if components.is_empty() && payload.is_empty() {
        return Judgement::nothing("no workload");
    }
    let own = openings(context, &components, Direction::Egress, |_, peer| {
        opens_metadata(context, peer) && !opens_internet(context, peer)
    });
    let deployed = openings(context, &payload, Direction::Egress, |_, peer| {
        leads_to_metadata(peer)
    });
    let mut judgement = Judgement::of(components.len() + payload.len());
    judgement.findings.extend(
        own.found
            .iter()
            .filter_map(|opening| of_own(context, opening)),
    );
    let api = ApiServer::of(context);
    judgement.findings.extend(
        deployed
            .found
            .iter()
            .map(|opening| of_payload(context, &api, opening)),
    );
    judgement.unknown = own.unknown;
    judgement.unknown.extend(perhaps_payload(context));
    judgement.unknown.extend(deployed.unknown);
    judgement
        .unknown
        .extend(severity_unknown(context, &components, &payload));
    judgement
}

/// How grave it is rests on the nodes; that they may not be read counts only where it matters.
fn severity_unknown(
    context: &Context<'_>,
    components: &[&Workload],
    payload: &[&Workload],
) -> Option<String> {
    let reaches = |workload: &Workload, opens: &dyn Fn(&AllowedPeer) -> bool| {
        context
            .network
            .allowed(workload, Direction::Egress)
            .iter()
            .any(opens)
    };
    let some = components
        .iter()
        .any(|own| reaches(own, &|peer| opens_metadata(context, peer)))
        || payload
            .iter()
            .any(|workload| reaches(workload, &leads_to_metadata));
    let missing = context.facts.missing("nodes", "")?;
    (some && !context.facts.from_files()).then_some(missing)
}

const GAIN: &str = "a taken pod asks the metadata service for the node's credentials";

/// None for pods that are not isolated: that is one cause, found by OPSEC201.
fn of_own(context: &Context<'_>, opening: &Opening<'_>) -> Option<Draft> {
    let peer = opening.cause.peer()?;
    let says = opening.says(
        context,
        Direction::Egress,
        &its_pods(context, &opening.workloads),
    );
    let draft = Draft::new(
        metadata_severity(context),
        format!("{says} reach a metadata service: {}", describe(peer)),
        GAIN,
        "leave the metadata addresses out of that block by except",
    );
    Some(opening.onto(context, Direction::Egress, draft))
}

fn of_payload(context: &Context<'_>, api: &ApiServer, opening: &Opening<'_>) -> Draft {
    let pods = payload_pods(&opening.workloads);
    let says = opening.says(context, Direction::Egress, &pods);
    let (title, remedy, also) = match &opening.cause {
        Cause::Peer(peer) => (
            format!("{says} reach a metadata service: {}", describe(peer)),
            "leave the metadata addresses out of that block by except",
            certainly_leads_to(api, peer),
        ),
        _ => (
            format!("{says}: metadata service and API server are open"),
            "add a NetworkPolicy that selects them and allows egress to what they need",
            true,
        ),
    };
    let gain = if also {
        "a taken payload pod asks the metadata service for the node's credentials and talks to the API server"
    } else {
        GAIN
    };
    let draft = Draft::new(metadata_severity(context), title, gain, remedy)
        .also(also.then_some("OPSEC204"));
    opening.onto(context, Direction::Egress, draft)
}

/// Whether a peer of payload certainly leads to the API server too, so that one finding is both.
pub(crate) fn certainly_leads_to(api: &ApiServer, peer: &AllowedPeer) -> bool {
    api.uncertain.is_none() && api.is_behind(peer)
}
