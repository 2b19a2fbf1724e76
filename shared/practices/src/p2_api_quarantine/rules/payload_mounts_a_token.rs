//! OPSEC205: a payload pod mounts an API token.

use std::collections::BTreeMap;

use opsec_facts::TokenMount;
use opsec_model::objects::{Object as _, Workload};
use opsec_model::{Half, ServiceAccountRef, Severity};

use crate::context::Context;
use crate::contract::{Draft, Judgement, Rule, RuleDoc};
use crate::p1_separation::neighbours::{no_payload, payload, perhaps_payload, target};
use crate::p1_separation::openings::{onto_workloads, payload_pods};
use crate::shell::quote;

/// OPSEC205.
pub(crate) const RULE: Rule = Rule {
    id: "OPSEC205",
    slug: "payload-mounts-a-token",
    summary: "a payload pod mounts an API token",
    half: Half::Operator,
    doc: RuleDoc {
        what: "Whether a payload pod mounts a token for the API server: because neither it nor its ServiceAccount sets automountServiceAccountToken: false, or by a projected volume. It is low when its ServiceAccount holds nothing beyond what the API server grants every ServiceAccount.",
        why: "Payload is what strangers talk to. Whoever takes such a pod has the token at once.",
        severity: "medium; low when its ServiceAccount holds nothing beyond bootstrap group rights",
        bad: "spec: {template: {spec: {containers: [{name: db}]}}}",
        good: "spec: {template: {spec: {automountServiceAccountToken: false, containers: [{name: db}]}}}",
        fix: "Set automountServiceAccountToken: false in the pods that the operator creates.",
        references: &[
            "https://kubernetes.io/docs/tasks/configure-pod-container/configure-service-account/",
        ],
    },
    needs: &[],
    judge,
};

fn judge(context: &Context<'_>) -> Judgement {
    let payload = payload(context);
    if payload.is_empty() {
        return no_payload(context);
    }
    let mut judgement = Judgement {
        unknown: perhaps_payload(context),
        ..Judgement::of(payload.len())
    };
    let mut mounting: BTreeMap<ServiceAccountRef, Vec<&Workload>> = BTreeMap::new();
    for workload in payload {
        if !context.facts.mounted_tokens(workload).is_empty() {
            mounting
                .entry(context.account_of(workload))
                .or_default()
                .push(workload);
        }
    }
    judgement.findings = mounting
        .iter()
        .map(|(account, workloads)| finding(context, account, workloads))
        .collect();
    judgement
}

fn finding(context: &Context<'_>, account: &ServiceAccountRef, workloads: &[&Workload]) -> Draft {
    let holds_something = context
        .policy
        .grants(account)
        .iter()
        .any(|grant| !grant.bootstrap);
    let (severity, gain) = if holds_something {
        (
            Severity::Medium,
            format!("whoever takes such a pod holds the rights of {account}"),
        )
    } else {
        (
            Severity::Low,
            format!(
                "whoever takes such a pod is {account}, which holds nothing until somebody binds a role to it"
            ),
        )
    };
    let mount = if workloads.len() == 1 {
        "mounts"
    } else {
        "mount"
    };
    let mut draft = onto_workloads(
        context,
        workloads,
        Draft::new(
            severity,
            format!("{} {mount} a token of {account}", payload_pods(workloads)),
            gain,
            "set automountServiceAccountToken: false in the pods that the operator creates",
        ),
    );
    for workload in workloads {
        for token in context.facts.mounted_tokens(workload) {
            draft = draft.evidence(workload.object_ref(), token.field);
        }
    }
    let shown: Vec<String> = workloads
        .iter()
        .filter_map(|workload| confirm(context, workload))
        .collect();
    draft.confirm(shown.join(" || "))
}

/// An automatic token is a volume of the pods themselves; a projected one stands in the workload.
fn confirm(context: &Context<'_>, workload: &Workload) -> Option<String> {
    let token = context.facts.mounted_tokens(workload).into_iter().next()?;
    let namespace = quote(workload.namespace());
    if token.mount == TokenMount::Projected {
        let at = target(workload);
        return Some(format!(
            "kubectl get {at} -n {namespace} -o jsonpath='{{.{}}}' | grep -q .",
            token.field
        ));
    }
    let labels = &workload.template.metadata.labels;
    let (what, volumes) = if labels.is_empty() || workload.kind.as_str() == "Pod" {
        (target(workload), "{.spec.volumes[*].name}")
    } else {
        let pairs: Vec<String> = labels
            .iter()
            .map(|(key, value)| format!("{key}={value}"))
            .collect();
        (
            format!("pods -l {}", quote(&pairs.join(","))),
            "{.items[*].spec.volumes[*].name}",
        )
    };
    Some(format!(
        "kubectl get {what} -n {namespace} -o jsonpath='{volumes}' | grep -q kube-api-access-"
    ))
}
