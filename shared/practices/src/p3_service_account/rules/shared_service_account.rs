//! OPSEC302: its ServiceAccount is used by a workload that is not the operator's.

use opsec_model::objects::{Object as _, Workload};
use opsec_model::{Half, ServiceAccountRef, Severity};

use crate::context::Context;
use crate::contract::{Draft, Judgement, Rule, RuleDoc};
use crate::p1_separation::neighbours::roots;
use crate::shell::quote;

/// OPSEC302.
pub(crate) const RULE: Rule = Rule {
    id: "OPSEC302",
    slug: "shared-service-account",
    summary: "its ServiceAccount is used by a workload that is not the operator's",
    half: Half::Operator,
    doc: RuleDoc {
        what: "Whether a workload that is not the operator's runs as one of its ServiceAccounts.",
        why: "Whoever takes that workload holds the operator's rights.",
        severity: "medium; high when it holds a high or critical right",
        bad: "kind: Deployment\nmetadata: {name: other}\nspec: {template: {spec: {serviceAccountName: operator}}}",
        good: "kind: Deployment\nmetadata: {name: other}\nspec: {template: {spec: {serviceAccountName: other}}}",
        fix: "Give the other workload a ServiceAccount of its own.",
        references: &["https://kubernetes.io/docs/concepts/security/service-accounts/"],
    },
    needs: &[],
    judge,
};

fn judge(context: &Context<'_>) -> Judgement {
    let mut judgement = Judgement::of(context.operator.accounts.len());
    if judgement.subjects == 0 {
        judgement.nothing = Some("no ServiceAccount");
    }
    for account in &context.operator.accounts {
        let others = context
            .facts
            .workloads_of(&account.account)
            .into_iter()
            .filter(|workload| !context.is_operators_own(workload))
            // A test that a package manager runs is of the installation, and gone after it.
            .filter(|workload| workload.hook.is_none())
            .collect();
        let others = roots(context, others);
        if !others.is_empty() {
            judgement
                .findings
                .push(finding(context, &account.account, &others));
        }
    }
    judgement
}

fn finding(context: &Context<'_>, account: &ServiceAccountRef, others: &[&Workload]) -> Draft {
    let strong = context.holds_high(account);
    let mut draft = Draft::new(
        if strong {
            Severity::High
        } else {
            Severity::Medium
        },
        format!(
            "{} {account}",
            match others.len() {
                1 => "1 workload that is not the operator's runs as".to_owned(),
                many => format!("{many} workloads that are not the operator's run as"),
            }
        ),
        "whoever takes one of them holds the operator's rights",
        "give each of them a ServiceAccount of its own",
    )
    .accounts([account.clone()]);
    for workload in others {
        let field = format!("{}.serviceAccountName", workload.kind.pod_spec_path());
        draft = draft.evidence(workload.object_ref(), field);
    }
    if let Some(workload) = others.first() {
        draft = draft.confirm(format!(
            "test \"$(kubectl get {}/{} -n {} -o jsonpath='{{.{}.serviceAccountName}}')\" = {}",
            workload.kind().to_ascii_lowercase(),
            quote(&workload.metadata.name),
            quote(workload.namespace()),
            workload.kind.pod_spec_path(),
            quote(&account.name),
        ));
    }
    draft
}
