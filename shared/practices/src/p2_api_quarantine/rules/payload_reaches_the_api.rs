//! OPSEC204: payload may reach the API server over the network.

use opsec_model::{Half, Severity};
use opsec_network::Direction;

use super::metadata_service_reachable::certainly_leads_to;
use crate::context::Context;
use crate::contract::{Draft, Judgement, Rule, RuleDoc};
use crate::p1_separation::neighbours::{no_payload, payload, perhaps_payload};
use crate::p1_separation::openings::{Opening, describe, openings, payload_pods};
use crate::p2_api_quarantine::egress::{ApiServer, leads_to_metadata};

/// OPSEC204.
pub(crate) const RULE: Rule = Rule {
    id: "OPSEC204",
    slug: "payload-reaches-the-api",
    summary: "payload may reach the API server over the network",
    half: Half::Cluster,
    doc: RuleDoc {
        what: "Whether a payload pod may connect to the API server. Where that is, a live cluster says by the EndpointSlices of default/kubernetes (policies see addresses after Service translation, so the cluster IP alone neither allows nor denies), else the baseline's network.apiServer; when neither says, any address on any TCP port may be it. Payload that no policy holds reaches a metadata address too: one cause, filed under OPSEC203, or under OPSEC104 on the host network.",
        why: "Payload seldom needs the API. Without a way to it a stolen token is of no use in the pod, and no flaw of the API server can be tried from there.",
        severity: "medium",
        bad: "kind: NetworkPolicy\nspec: {podSelector: {}, policyTypes: [Egress], egress: [{to: [{ipBlock: {cidr: 10.0.0.0/8}}]}]}",
        good: "kind: NetworkPolicy\nspec: {podSelector: {}, policyTypes: [Egress], egress: [{to: [{podSelector: {}}]}]}",
        fix: "Allow the payload egress to pods by selectors, and to addresses only where the API server is not.",
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
    let api = ApiServer::of(context);
    let found = openings(context, &payload, Direction::Egress, |_, peer| {
        // What leads to a metadata address as well is one finding, OPSEC203's.
        let elsewhere = leads_to_metadata(peer) && certainly_leads_to(&api, peer);
        api.is_behind(peer) && !elsewhere
    });
    Judgement {
        subjects: payload.len(),
        findings: found
            .found
            .iter()
            .filter_map(|opening| finding(context, &api, opening))
            .collect(),
        unknown: [found.unknown, perhaps_payload(context)].concat(),
        nothing: None,
    }
}

/// None for pods that are not isolated: that is one cause, found by OPSEC203.
fn finding(context: &Context<'_>, api: &ApiServer, opening: &Opening<'_>) -> Option<Draft> {
    let peer = opening.cause.peer()?;
    let says = opening.says(
        context,
        Direction::Egress,
        &payload_pods(&opening.workloads),
    );
    let draft = Draft::new(
        Severity::Medium,
        format!("{says} reach the API server: {}", describe(peer)),
        "a taken payload pod talks to the API server, with its own token or one that it has stolen",
        "narrow that block to what the payload needs, without the API server's addresses",
    );
    let mut draft = opening.onto(context, Direction::Egress, draft);
    draft.uncertain = api
        .uncertain
        .as_ref()
        .map(|missing| format!("where the API server is, is not known: {missing}"));
    Some(draft)
}
