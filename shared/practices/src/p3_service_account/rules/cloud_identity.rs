//! OPSEC317: a ServiceAccount carries a cloud identity.

use opsec_model::objects::Object as _;
use opsec_model::{Half, Severity};

use crate::context::Context;
use crate::contract::{Draft, Judgement, Rule, RuleDoc};
use crate::shell::quote;

/// Annotations that give a ServiceAccount an identity of a cloud.
const ANNOTATIONS: [&str; 3] = [
    "eks.amazonaws.com/role-arn",
    "iam.gke.io/gcp-service-account",
    "azure.workload.identity/client-id",
];

/// OPSEC317.
pub(crate) const RULE: Rule = Rule {
    id: "OPSEC317",
    slug: "cloud-identity",
    summary: "a ServiceAccount carries a cloud identity",
    half: Half::Operator,
    doc: RuleDoc {
        what: "Whether a ServiceAccount of the operator carries the annotation of a cloud identity (AWS, Google Cloud, Azure).",
        why: "What the identity may do in the cloud is beyond what the cluster can judge.",
        severity: "info: the cluster cannot judge it, the reader must know",
        bad: "kind: ServiceAccount\nmetadata: {annotations: {iam.gke.io/gcp-service-account: a@b.iam.gserviceaccount.com}}",
        good: "kind: ServiceAccount\nmetadata: {name: operator}",
        fix: "Look at what the identity may do, and give it the least.",
        references: &["https://kubernetes.io/docs/concepts/security/service-accounts/"],
    },
    needs: &[],
    judge,
};

fn judge(context: &Context<'_>) -> Judgement {
    let accounts: Vec<_> = context
        .operator
        .accounts
        .iter()
        .filter_map(|account| context.facts.service_account(&account.account))
        .collect();
    let mut judgement = Judgement::of(accounts.len());
    if accounts.is_empty() {
        judgement.nothing = Some("no ServiceAccount object");
    }
    for (account, owner) in accounts.iter().flat_map(|account| {
        context
            .operator
            .accounts
            .iter()
            .filter(|owner| owner.account.object() == account.object_ref())
            .map(move |owner| (account, owner))
    }) {
        for annotation in ANNOTATIONS {
            let Some(identity) = account.metadata.annotation(annotation) else {
                continue;
            };
            judgement.findings.push(
                Draft::new(
                    Severity::Info,
                    format!("{} carries the cloud identity {identity}", owner.account),
                    "it acts in the cloud as that identity, which the cluster cannot judge",
                    "look at what the identity may do in the cloud, and give it the least",
                )
                .accounts([owner.account.clone()])
                .evidence(account.object_ref(), format!("metadata.annotations.{annotation}"))
                .confirm(format!(
                    "kubectl get serviceaccount {} -n {} -o jsonpath='{{.metadata.annotations}}' | grep -qF {}",
                    quote(&owner.account.name),
                    quote(&owner.account.namespace),
                    quote(annotation),
                )),
            );
        }
    }
    judgement
}
