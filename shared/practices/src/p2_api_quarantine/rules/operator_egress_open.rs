//! OPSEC201: an operator pod is not isolated for egress.

use opsec_model::Half;
use opsec_network::Direction;

use crate::context::Context;
use crate::contract::{Draft, Judgement, Rule, RuleDoc};
use crate::p1_separation::openings::{Cause, Opening, its_pods, openings};
use crate::p2_api_quarantine::egress::{also_reached, gain, severity, what_is_open};

/// OPSEC201.
pub(crate) const RULE: Rule = Rule {
    id: "OPSEC201",
    slug: "operator-egress-open",
    summary: "an operator pod is not isolated for egress",
    half: Half::Cluster,
    doc: RuleDoc {
        what: "Whether a NetworkPolicy of type Egress holds every pod of the operator and allows less than everything. Being selected is not enough: `egress: [{}]`, and every address of a family on every port, isolate nothing. The same cause opens the internet (OPSEC202) and the metadata service (OPSEC203), which it fails too.",
        why: "An operator needs the API server, DNS and what its work is about. A taken one with open egress sends Secrets anywhere, fetches its tools and reaches every other pod.",
        severity: "medium",
        bad: "kind: NetworkPolicy\nspec: {podSelector: {}, policyTypes: [Egress], egress: [{}]}",
        good: "kind: NetworkPolicy\nspec:\n  podSelector: {}\n  policyTypes: [Egress]\n  egress:\n  - to: [{ipBlock: {cidr: 10.0.0.10/32}}]     # the API server\n    ports: [{port: 6443}]",
        fix: "Add a NetworkPolicy of type Egress that selects the operator's pods and allows the API server, DNS and what its work needs.",
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
    let found = openings(context, &components, Direction::Egress, |_, _| false);
    Judgement {
        subjects: components.len(),
        findings: found
            .found
            .iter()
            .map(|opening| finding(context, opening))
            .collect(),
        unknown: found.unknown,
        nothing: None,
    }
}

fn finding(context: &Context<'_>, opening: &Opening<'_>) -> Draft {
    let also = also_reached(context, &opening.workloads);
    let pods = its_pods(context, &opening.workloads);
    let says = opening.says(context, Direction::Egress, &pods);
    let remedy = match &opening.cause {
        Cause::Open { why, .. } => format!("name what they must reach: {why}"),
        _ => "add a NetworkPolicy that selects them and allows egress to the API server, DNS and what their work needs".to_owned(),
    };
    let title = format!("{says}: {}", what_is_open(&also));
    let draft = Draft::new(
        severity(context, &also),
        title,
        gain(context, &also),
        remedy,
    )
    .also(also);
    opening.onto(context, Direction::Egress, draft)
}
