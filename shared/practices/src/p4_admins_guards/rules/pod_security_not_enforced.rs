//! OPSEC405: an operator or payload namespace does not enforce a Pod Security Standard.

use opsec_model::baseline::PodSecurityLevel;
use opsec_model::objects::{Object as _, Workload};
use opsec_model::{Half, ObjectRef, Severity};
use opsec_pod_security::{ENFORCE_LABEL, allows_at, latest};

use crate::context::Context;
use crate::contract::{Draft, Judgement, Rule, RuleDoc};
use crate::p4_admins_guards::enforced;
use crate::shell::quote;

/// OPSEC405.
pub(crate) const RULE: Rule = Rule {
    id: "OPSEC405",
    slug: "pod-security-not-enforced",
    summary: "an operator or payload namespace does not enforce a Pod Security Standard",
    half: Half::Cluster,
    doc: RuleDoc {
        what: "Whether the namespaces of the operator and of its payload enforce the Pod Security Standard that the baseline asks of them: restricted for the operator and baseline for the payload unless it says otherwise. From files a namespace without a Namespace object enforces nothing.",
        why: "RBAC says who may create pods; only enforcement says which. Where the operator can create pods and nothing is enforced, whoever takes it starts a privileged pod and has the node.",
        severity: "medium; critical when the operator can create pods there and the namespace, live, enforces neither baseline nor restricted or, in the files, says privileged",
        bad: "kind: Namespace\nmetadata: {name: operator}",
        good: "kind: Namespace\nmetadata: {name: operator, labels: {pod-security.kubernetes.io/enforce: restricted}}",
        fix: "Label the namespace before you install; where pods of it cannot meet the level, accept a lower one in the baseline (podSecurity).",
        references: &["https://kubernetes.io/docs/concepts/security/pod-security-admission/"],
    },
    needs: &[("namespaces", "")],
    judge,
};

fn judge(context: &Context<'_>) -> Judgement {
    let asked = enforced::asked(context);
    if asked.is_empty() {
        return Judgement::nothing("no workload");
    }
    let mut judgement = Judgement::of(asked.len());
    // Namespaces that no object describes share the cause: nobody wrote them down.
    let mut absent: Vec<(&str, PodSecurityLevel)> = Vec::new();
    for (namespace, &level) in &asked {
        let Some(enforces) = enforced::level(context, namespace) else {
            continue;
        };
        if enforces >= level {
            continue;
        }
        if context.facts.from_files() && context.facts.namespace(namespace).is_none() {
            absent.push((namespace, level));
        } else {
            judgement
                .findings
                .push(unlabelled(context, namespace, level, enforces));
        }
    }
    if !absent.is_empty() {
        judgement.findings.push(unwritten(context, &absent));
    }
    judgement
}

/// A namespace that is there and enforces less than is asked.
fn unlabelled(
    context: &Context<'_>,
    namespace: &str,
    level: PodSecurityLevel,
    enforces: PodSecurityLevel,
) -> Draft {
    let labels = context.facts.namespace_labels(namespace);
    let written = labels.contains_key(ENFORCE_LABEL);
    let creators = enforced::pod_creators(context, namespace);
    // From files a label can still be added before anything is installed; only `privileged` is
    // a decision.
    let open = enforces == PodSecurityLevel::Privileged && (written || !context.facts.from_files());
    let critical = open && !creators.is_empty();
    let what = if written {
        format!(
            "enforces {}; {} is asked",
            enforces.as_str(),
            level.as_str()
        )
    } else {
        format!(
            "enforces no Pod Security Standard; {} is asked",
            level.as_str()
        )
    };
    let (severity, title, gain) = if critical {
        (
            Severity::Critical,
            format!("namespace {namespace} {what}, and the operator can create pods there"),
            "whoever takes the operator starts a privileged pod there and has its node",
        )
    } else {
        (
            Severity::Medium,
            format!("namespace {namespace} {what}"),
            "whoever can create a pod there chooses how far it reaches into its node",
        )
    };
    let draft = Draft::new(
        severity,
        title,
        gain,
        remedy(context, &[(namespace, level)]),
    )
    .evidence(
        ObjectRef::cluster("Namespace", namespace),
        format!("metadata.labels.{ENFORCE_LABEL}"),
    )
    .components(components_in(context, namespace))
    .confirm(confirm(namespace, level));
    if critical {
        draft.accounts(creators)
    } else {
        draft
    }
}

/// Namespaces that nothing in the files describes.
fn unwritten(context: &Context<'_>, absent: &[(&str, PodSecurityLevel)]) -> Draft {
    let names: Vec<&str> = absent.iter().map(|(name, _)| *name).collect();
    let mut draft = Draft::new(
        Severity::Medium,
        format!(
            "no Namespace object for {} in these files, so no Pod Security Standard is enforced there",
            names.join(", ")
        ),
        "whoever can create a pod there chooses how far it reaches into its node",
        remedy(context, absent),
    )
    .confirm(
        absent
            .iter()
            .map(|(name, level)| confirm(name, *level))
            .collect::<Vec<_>>()
            .join(" && "),
    );
    for name in names {
        draft = draft
            .evidence(
                ObjectRef::cluster("Namespace", name),
                format!("metadata.labels.{ENFORCE_LABEL}"),
            )
            .components(components_in(context, name));
    }
    draft
}

fn components_in(context: &Context<'_>, namespace: &str) -> Vec<ObjectRef> {
    context
        .components()
        .into_iter()
        .filter(|workload| workload.namespace() == namespace)
        .map(Workload::object_ref)
        .collect()
}

/// The label, with a word of warning where pods that are there would be refused by it.
fn remedy(context: &Context<'_>, namespaces: &[(&str, PodSecurityLevel)]) -> String {
    // The cluster's own pods in kube-system do not meet what is asked of an operator's.
    if let [(name @ "kube-system", level)] = namespaces {
        return format!(
            "move the operator's pods from {name} to a namespace that enforces {}; the label would refuse the cluster's own pods",
            level.as_str()
        );
    }
    let labels: Vec<String> = namespaces
        .iter()
        .map(|(name, level)| format!("namespace {name} {ENFORCE_LABEL}={}", level.as_str()))
        .collect();
    let refused = namespaces.iter().any(|(name, level)| {
        context
            .facts
            .workloads_in(name)
            .iter()
            .any(|workload| !allows_at(*level, latest(context.facts), &workload.template))
    });
    let first = if refused {
        "; first let its pods meet it (OPSEC314), or they are refused"
    } else if context.facts.from_files() {
        " before you install"
    } else {
        ""
    };
    format!("label {}{first}", labels.join(", "))
}

/// Holds while the namespace enforces no level that is strict enough.
fn confirm(namespace: &str, level: PodSecurityLevel) -> String {
    let enough = match level {
        PodSecurityLevel::Restricted => "restricted",
        _ => "(baseline|restricted)",
    };
    format!(
        "l=$(kubectl get namespace {} -o jsonpath='{{.metadata.labels.pod-security\\.kubernetes\\.io/enforce}}') && ! echo \"$l\" | grep -qxE {}",
        quote(namespace),
        quote(enough),
    )
}
