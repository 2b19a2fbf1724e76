//! OPSEC406: payload could run under a stricter standard than its namespace enforces.

use opsec_model::baseline::PodSecurityLevel;
use opsec_model::objects::{Object as _, Workload};
use opsec_model::{Half, ObjectRef, Severity};
use opsec_pod_security::{ENFORCE_LABEL, allows_at, latest, strictest_at};

use crate::context::Context;
use crate::contract::{Draft, Judgement, Rule, RuleDoc};
use crate::p1_separation::neighbours::{no_payload, perhaps_payload};
use crate::p4_admins_guards::enforced;
use crate::shell::quote;

/// OPSEC406.
pub(crate) const RULE: Rule = Rule {
    id: "OPSEC406",
    slug: "payload-could-be-stricter",
    summary: "payload could run under a stricter standard than its namespace enforces",
    half: Half::Cluster,
    doc: RuleDoc {
        what: "Whether all payload pods of a namespace meet a stricter Pod Security Standard than the namespace enforces.",
        why: "What the payload does not need is open to whoever can create a pod there.",
        severity: "low",
        bad: "kind: Namespace\nmetadata: {name: shop, labels: {pod-security.kubernetes.io/enforce: baseline}}",
        good: "kind: Namespace\nmetadata: {name: shop, labels: {pod-security.kubernetes.io/enforce: restricted}}",
        fix: "Raise the label to the level that the payload meets already.",
        references: &["https://kubernetes.io/docs/concepts/security/pod-security-standards/"],
    },
    needs: &[("namespaces", "")],
    judge,
};

fn judge(context: &Context<'_>) -> Judgement {
    let payload = enforced::payload(context);
    if payload.is_empty() {
        return no_payload(context);
    }
    let mut judgement = Judgement {
        unknown: perhaps_payload(context),
        ..Judgement::of(payload.len())
    };
    for (namespace, workloads) in &payload {
        let Some(enforces) = enforced::level(context, namespace) else {
            continue;
        };
        let meets = workloads
            .iter()
            .map(|workload| strictest_at(&workload.template, latest(context.facts)))
            .min()
            .unwrap_or(PodSecurityLevel::Privileged);
        if meets > enforces {
            judgement
                .findings
                .push(finding(context, namespace, workloads, (enforces, meets)));
        }
    }
    judgement
}

fn finding(
    context: &Context<'_>,
    namespace: &str,
    payload: &[&Workload],
    (enforces, meets): (PodSecurityLevel, PodSecurityLevel),
) -> Draft {
    let level = meets.as_str();
    // Others of the namespace may need what the payload does not.
    let alone = context
        .facts
        .workloads_in(namespace)
        .iter()
        .all(|workload| allows_at(meets, latest(context.facts), &workload.template));
    let remedy = if alone {
        format!("label namespace {namespace} {ENFORCE_LABEL}={level}")
    } else {
        format!("let the payload run in a namespace of its own that enforces {level}")
    };
    let mut draft = Draft::new(
        Severity::Low,
        format!(
            "the payload in {namespace} meets {level}, and the namespace enforces {}",
            match enforces {
                PodSecurityLevel::Privileged => "nothing",
                other => other.as_str(),
            }
        ),
        "whoever can create a pod there gets what the payload does not need",
        remedy,
    )
    .evidence(
        ObjectRef::cluster("Namespace", namespace),
        format!("metadata.labels.{ENFORCE_LABEL}"),
    );
    for workload in payload {
        draft = draft.evidence(workload.object_ref(), workload.kind.pod_spec_path());
    }
    // The payload's pods: a dry run of the label warns of those that would not meet it.
    let names: Vec<String> = payload
        .iter()
        .map(|workload| quote(&workload.metadata.name))
        .collect();
    let refused = format!(" -e {}", names.join(" -e "));
    draft.confirm(format!(
        "l=$(kubectl get namespace {name} -o jsonpath='{{.metadata.labels.pod-security\\.kubernetes\\.io/enforce}}') && ! echo \"$l\" | grep -qxE {} && w=$(kubectl label --dry-run=server --overwrite namespace {name} {ENFORCE_LABEL}={level} 2>&1) && ! echo \"$w\" | grep '^Warning: ' | grep -vF ' in namespace ' | grep -qF{refused}",
        quote(match meets {
            PodSecurityLevel::Restricted => "restricted",
            _ => "(baseline|restricted)",
        }),
        name = quote(namespace),
    ))
}
