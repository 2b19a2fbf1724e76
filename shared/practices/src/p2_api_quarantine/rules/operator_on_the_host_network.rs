//! OPSEC207: an operator pod uses the host network.

use opsec_model::Half;
use opsec_model::objects::{Object as _, Workload};

use crate::context::Context;
use crate::contract::{Draft, Judgement, Rule, RuleDoc};
use crate::p1_separation::neighbours::target;
use crate::p1_separation::openings::{its_pods, onto_workloads};
use crate::p2_api_quarantine::egress::{also_reached, severity};
use crate::shell::quote;

/// OPSEC207.
pub(crate) const RULE: Rule = Rule {
    id: "OPSEC207",
    slug: "operator-on-the-host-network",
    summary: "an operator pod uses the host network, which no NetworkPolicy holds",
    half: Half::Operator,
    doc: RuleDoc {
        what: "Whether a component's pods set hostNetwork: true. No NetworkPolicy holds such a pod, so the same cause fails OPSEC102, OPSEC201, OPSEC202 and OPSEC203.",
        why: "The pod has the node's address: it reaches whatever the node reaches, the metadata service and what listens on the node's loopback included, and is reached like the node.",
        severity: "medium",
        bad: "spec: {template: {spec: {hostNetwork: true}}}",
        good: "spec: {template: {spec: {hostNetwork: false}}}",
        fix: "Run the component in a network of its own; split off what needs the node's into a component without rights.",
        references: &["https://kubernetes.io/docs/concepts/services-networking/network-policies/"],
    },
    needs: &[],
    judge,
};

fn judge(context: &Context<'_>) -> Judgement {
    let components = context.components();
    if components.is_empty() {
        return Judgement::nothing("no workload");
    }
    let mut judgement = Judgement::of(components.len());
    let on_hosts: Vec<&Workload> = components
        .into_iter()
        .filter(|component| component.template.spec.host_network)
        .collect();
    if !on_hosts.is_empty() {
        judgement.findings.push(finding(context, &on_hosts));
    }
    judgement
}

fn finding(context: &Context<'_>, workloads: &[&Workload]) -> Draft {
    let mut also = also_reached(context, workloads);
    also.extend(["OPSEC102", "OPSEC201"]);
    let uses = if workloads.len() == 1 { "uses" } else { "use" };
    let title = format!(
        "{} {uses} the host network, where no NetworkPolicy holds",
        its_pods(context, workloads)
    );
    let mut draft = onto_workloads(
        context,
        workloads,
        Draft::new(
            severity(context, &also),
            title,
            "a taken operator has the node's address: it reaches the internet, the metadata service and what listens on the node",
            "set hostNetwork: false",
        )
        .also(also),
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
