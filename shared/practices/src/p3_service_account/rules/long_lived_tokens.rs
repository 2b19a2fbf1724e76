//! OPSEC313: a long-lived token exists for its ServiceAccount.

use opsec_facts::TokenMount;
use opsec_model::objects::Object as _;
use opsec_model::{Half, ServiceAccountRef, Severity};

use crate::context::Context;
use crate::contract::{Draft, Judgement, Rule, RuleDoc};
use crate::shell::quote;

/// Seconds of a day.
const DAY: i64 = 24 * 60 * 60;

/// OPSEC313.
pub(crate) const RULE: Rule = Rule {
    id: "OPSEC313",
    slug: "long-lived-tokens",
    summary: "a long-lived token exists for its ServiceAccount",
    half: Half::Operator,
    doc: RuleDoc {
        what: "Whether a Secret of type kubernetes.io/service-account-token exists for a ServiceAccount of the operator, or a projected API token asks for more than 24 hours.",
        why: "Such a token can be stolen once and used for long; the Secret's never expires.",
        severity: "medium, high when it holds a high or critical right; projected low",
        bad: "kind: Secret\ntype: kubernetes.io/service-account-token\nmetadata: {annotations: {kubernetes.io/service-account.name: operator}}",
        good: "spec: {serviceAccountName: operator}",
        fix: "Delete the Secret; let pods mount projected tokens of an hour.",
        references: &[
            "https://kubernetes.io/docs/concepts/configuration/secret/#serviceaccount-token-secrets",
        ],
    },
    needs: &[("secrets", "")],
    judge,
};

fn judge(context: &Context<'_>) -> Judgement {
    let mut judgement = Judgement::of(context.operator.accounts.len());
    if judgement.subjects == 0 {
        judgement.nothing = Some("no ServiceAccount");
    }
    for account in &context.operator.accounts {
        judgement
            .findings
            .extend(token_secrets(context, &account.account));
    }
    judgement.findings.extend(projected(context));
    judgement
}

fn token_secrets(context: &Context<'_>, account: &ServiceAccountRef) -> Vec<Draft> {
    let strong = context.holds_high(account);
    context
        .facts
        .snapshot()
        .secrets
        .iter()
        .filter(|secret| {
            secret.kind.as_deref() == Some("kubernetes.io/service-account-token")
                && secret.metadata.namespace() == account.namespace
                && secret.metadata.annotation("kubernetes.io/service-account.name")
                    == Some(account.name.as_str())
        })
        .map(|secret| {
            let name = &secret.metadata.name;
            Draft::new(
                if strong { Severity::High } else { Severity::Medium },
                format!("Secret {name} holds a token of {account} that never expires"),
                "whoever reads the Secret once is that account for good",
                "delete the Secret; pods get projected tokens without it",
            )
            .accounts([account.clone()])
            .evidence(secret.object_ref(), "type")
            .confirm(format!(
                "kubectl get secret {} -n {} -o jsonpath='{{.type}}' | grep -qx kubernetes.io/service-account-token",
                quote(name),
                quote(&account.namespace),
            ))
        })
        .collect()
}

fn projected(context: &Context<'_>) -> Vec<Draft> {
    let mut drafts = Vec::new();
    for workload in context.components() {
        let tokens = context.facts.mounted_tokens(workload);
        for token in tokens
            .into_iter()
            .filter(|token| token.mount == TokenMount::Projected && token.expiration_seconds > DAY)
        {
            let hours = token.expiration_seconds / 3600;
            drafts.push(
                Draft::new(
                    Severity::Low,
                    format!("a projected API token asks for {hours} hours"),
                    "a stolen token is of use for long",
                    "ask for an hour (expirationSeconds: 3600)",
                )
                .components([workload.object_ref()])
                .accounts([context.account_of(workload)])
                .evidence(workload.object_ref(), format!("{}.expirationSeconds", token.field))
                .confirm(format!(
                    "test \"$(kubectl get {}/{} -n {} -o jsonpath='{{.{}.expirationSeconds}}')\" -gt {DAY}",
                    workload.kind().to_ascii_lowercase(),
                    quote(&workload.metadata.name),
                    quote(workload.namespace()),
                    token.field,
                )),
            );
        }
    }
    drafts
}
