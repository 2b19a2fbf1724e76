//! OPSEC301: a component runs as the default ServiceAccount.

use std::collections::BTreeMap;

use opsec_model::objects::{Object as _, Workload};
use opsec_model::{Half, ServiceAccountRef, Severity};

use crate::context::Context;
use crate::contract::{Draft, Judgement, Rule, RuleDoc};
use crate::shell::quote;

/// OPSEC301.
pub(crate) const RULE: Rule = Rule {
    id: "OPSEC301",
    slug: "default-service-account",
    summary: "a component runs as the default ServiceAccount",
    half: Half::Operator,
    doc: RuleDoc {
        what: "Whether a component of the operator runs as the ServiceAccount `default` of its namespace.",
        why: "Every pod of the namespace that names no ServiceAccount then shares its rights.",
        severity: "medium; high when default holds a right of medium or more",
        bad: "spec: {template: {spec: {containers: [{name: operator}]}}}",
        good: "spec: {template: {spec: {serviceAccountName: operator}}}",
        fix: "Give the component a ServiceAccount of its own.",
        references: &["https://kubernetes.io/docs/concepts/security/service-accounts/"],
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
    let mut sharing: BTreeMap<ServiceAccountRef, Vec<&Workload>> = BTreeMap::new();
    for component in components {
        let account = context.account_of(component);
        if account.name == "default" {
            sharing.entry(account).or_default().push(component);
        }
    }
    judgement.findings = sharing
        .into_iter()
        .map(|(account, workloads)| finding(context, account, &workloads))
        .collect();
    judgement
}

fn finding(context: &Context<'_>, account: ServiceAccountRef, workloads: &[&Workload]) -> Draft {
    let rights = context.rights_with_folded(&account);
    let powerful = rights
        .iter()
        .any(|right| right.severity >= Severity::Medium);
    let severity = if powerful {
        Severity::High
    } else {
        Severity::Medium
    };
    let gain = if powerful {
        "every pod of the namespace that names no ServiceAccount holds the operator's rights"
    } else {
        "whatever is once granted to it, every pod of the namespace holds"
    };
    let mut draft = Draft::new(
        severity,
        format!(
            "runs as the ServiceAccount default of {}",
            account.namespace
        ),
        gain,
        "give the component a ServiceAccount of its own and bind its roles to that",
    );
    for workload in workloads {
        let path = workload.kind.pod_spec_path();
        let field = format!("{path}.serviceAccountName");
        draft = draft
            .components([workload.object_ref()])
            .evidence(workload.object_ref(), field);
    }
    if let Some(workload) = workloads.first() {
        let path = workload.kind.pod_spec_path();
        draft = draft.confirm(format!(
            "s=$(kubectl get {}/{} -n {} -o jsonpath='{{.{path}.serviceAccountName}}') && test \"${{s:-default}}\" = default",
            workload.kind().to_ascii_lowercase(),
            quote(&workload.metadata.name),
            quote(workload.namespace()),
        ));
    }
    draft.accounts([account])
}
